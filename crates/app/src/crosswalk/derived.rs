//! Derived Mappings (導出): what A says of C because both were lined up with B. Offered, never taken for facts.

use sakimori_domain::crosswalk::{MappingStatus, Relation, compose};
use sakimori_store::Connection;
use sakimori_store::crosswalk::{self as store, Crosswalk};
use sakimori_store::edition;

use crate::Result;

/// A counterpart that follows from two confirmed Mappings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Derived {
    /// Number in the other Edition.
    pub other: String,
    /// As read from the own item; "intersects" means "share at least something".
    pub relation: Relation,
    /// Short name of the Edition between, its number, and the two relations of the way.
    pub through: String,
    pub between: String,
    pub first: Relation,
    pub second: Relation,
}

impl Derived {
    /// The way as it is shown: ⊂ JT-X1051 12.2.1 ⊂.
    pub fn way(&self) -> String {
        format!("{} {} {} {}", self.first.sign(), self.through, self.between, self.second.sign())
    }
}

/// How close a relation is; closer ways hide others to the same counterpart.
fn closeness(relation: Relation) -> u8 {
    match relation {
        Relation::Equal => 0,
        Relation::SubsetOf => 1,
        Relation::SupersetOf => 2,
        Relation::Intersects => 3,
        Relation::None => 4,
    }
}

/// What follows for one own item from the organisation's other Crosswalks; closest first.
pub(super) async fn derived(
    c: &mut Connection,
    organisation_id: &str,
    (own_edition, number): (&str, &str),
    other_edition: &str,
) -> Result<Vec<Derived>> {
    let all = store::crosswalks(c, organisation_id).await?;
    let between = |a: &Crosswalk, edition: &str| {
        (a.source_edition == edition)
            .then(|| a.target_edition.clone())
            .or_else(|| (a.target_edition == edition).then(|| a.source_edition.clone()))
    };
    // Only Editions that both sides were lined up with can lead across.
    let reach = |edition: &str| -> Vec<String> { all.iter().filter_map(|x| between(x, edition)).collect() };
    let (near, far) = (reach(own_edition), reach(other_edition));
    let bridges: Vec<String> =
        near.into_iter().filter(|b| far.contains(b) && b != other_edition && b != own_edition).collect();
    if bridges.is_empty() {
        return Ok(Vec::new());
    }
    let mut found: Vec<Derived> = Vec::new();
    for (bridge, middle, first) in store::neighbours(c, organisation_id, own_edition, number).await? {
        if !bridges.contains(&bridge) {
            continue;
        }
        let name = edition::edition(c, organisation_id, &bridge).await?.map_or(bridge.clone(), |e| e.edition.short);
        for (edition_id, other, second) in store::neighbours(c, organisation_id, &bridge, &middle).await? {
            if edition_id != other_edition {
                continue;
            }
            let Some(relation) = compose(first, second).filter(|relation| *relation != Relation::None) else {
                continue;
            };
            let way = Derived { other, relation, through: name.clone(), between: middle.clone(), first, second };
            match found.iter_mut().find(|known| known.other == way.other) {
                Some(known) if closeness(known.relation) > closeness(way.relation) => *known = way,
                Some(_) => {}
                None => found.push(way),
            }
        }
    }
    found.sort_by(|a, b| (closeness(a.relation), &a.other).cmp(&(closeness(b.relation), &b.other)));
    Ok(found)
}

/// A counterpart of a Provision in another standard, for the page of the item.
pub struct Neighbour {
    pub edition_id: String,
    pub edition: String,
    pub number: String,
    pub title: String,
    pub title_en: String,
    pub relation: Relation,
}

/// The counterparts of a Provision in every Edition that it was lined up with; and the Editions, by their short names,
/// that were found to have none.
pub(crate) async fn neighbours(
    c: &mut Connection,
    organisation_id: &str,
    edition_id: &str,
    number: &str,
) -> Result<(Vec<Neighbour>, Vec<String>)> {
    let mut names = std::collections::HashMap::new();
    for entry in edition::editions(c, organisation_id).await? {
        names.insert(entry.id.clone(), entry.edition.short);
    }
    let mut found = Vec::new();
    for (edition_id, number, relation) in store::neighbours(c, organisation_id, edition_id, number).await? {
        let Some(name) = names.get(&edition_id) else { continue };
        let Some(entry) = edition::provision(c, organisation_id, &edition_id, &number).await? else { continue };
        found.push(Neighbour {
            edition: name.clone(),
            edition_id,
            number,
            title: entry.provision.title,
            title_en: entry.guide.title_en,
            relation,
        });
    }
    let mut without = Vec::new();
    for crosswalk in store::crosswalks(c, organisation_id).await? {
        let other = match (crosswalk.source_edition == edition_id, crosswalk.target_edition == edition_id) {
            (true, _) => {
                let all = store::mappings_of(c, organisation_id, &crosswalk.id, number).await?;
                let none = all.iter().any(|m| m.target_number.is_empty() && m.status == MappingStatus::Confirmed);
                none.then_some(crosswalk.target_edition)
            }
            (_, true) => {
                let all = store::mappings_of(c, organisation_id, &crosswalk.id, "").await?;
                let none = all.iter().any(|m| m.target_number == number && m.status == MappingStatus::Confirmed);
                none.then_some(crosswalk.source_edition)
            }
            _ => None,
        };
        without.extend(other.and_then(|id| names.get(&id).cloned()));
    }
    Ok((found, without))
}
