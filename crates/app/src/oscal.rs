//! OSCAL out of an installation: an Edition's catalogue, an organisation's tailoring, its crosswalks; crosswalks into it.

use std::collections::{BTreeMap, HashMap};

use sakimori_domain::crosswalk::{MappingStatus, Relation};
use sakimori_domain::identity::Permission;
use sakimori_domain::standards::Catalogue;
use sakimori_domain::trail_mark::TrailMark;
use sakimori_interop::oscal::convert::{
    MappedPair, MappedSet, MappedSide, TailoredItem, TailoredSet, from_mapping_collection, put_mark,
    to_mapping_collection,
};
use sakimori_interop::oscal::model::MappingDocument;
use sakimori_interop::oscal::{Document, to_json};
use sakimori_store::{crosswalk, edition};

use crate::crosswalk::{self as desk, Imported, ImportedMapping};
use crate::{Actor, App, Refusal, Result, applicability, standards, trail};

/// The catalogue of an Edition with the texts that the actor can read.
///
/// # Errors
/// An Edition that is not there or not the actor's to read; a database error.
pub async fn catalogue(app: &App, actor: &Actor, edition_id: &str) -> Result<Catalogue> {
    let view = standards::edition(app, actor, edition_id).await?;
    let provisions = view.provisions.into_iter().map(|entry| entry.provision).collect();
    Ok(Catalogue { edition: view.entry.edition, provisions, records: view.records, problems: Vec::new() })
}

/// What of an Edition holds for the actor's organisation, and why.
///
/// # Errors
/// An Edition that is not the actor's to read; a role that may not; a database error.
pub async fn tailoring(app: &App, actor: &Actor, edition_id: &str, href: &str) -> Result<TailoredSet> {
    let lines = applicability::list(app, actor, Some(edition_id)).await?;
    let found = lines.into_iter().find(|edition| edition.entry.id == edition_id).ok_or_else(Refusal::not_found)?;
    let items = found
        .lines
        .into_iter()
        .map(|line| {
            let tailored = line.tailoring;
            TailoredItem {
                number: line.number,
                binds: line.applicability.binds,
                force: line.applicability.force.code().to_owned(),
                reason: line.applicability.reason,
                decision: tailored.as_ref().map(|t| t.decision.clone()).unwrap_or_default(),
                justification: tailored.map(|t| t.justification).unwrap_or_default(),
            }
        })
        .collect();
    Ok(TailoredSet {
        organisation: actor.organisation_name.clone(),
        organisation_id: actor.organisation_id.clone(),
        edition: found.entry.edition.id,
        edition_title: found.entry.edition.title,
        href: href.to_owned(),
        items,
    })
}

/// The confirmed Mappings between two Editions in the direction asked for; without Editions every Crosswalk of the
/// organisation. `href` names the catalogue file of an Edition's id.
///
/// # Errors
/// Editions that are not lined up; a role that may not; a database error.
pub async fn crosswalks(
    app: &App,
    actor: &Actor,
    between: Option<(&str, &str)>,
    href: impl Fn(&str) -> String,
) -> Result<Vec<MappedSet>> {
    actor.require(Permission::ReadCrosswalk)?;
    let organisation = actor.organisation_id.as_str();
    let mut c = app.read().await?;
    let mut sets = Vec::new();
    for found in crosswalk::crosswalks(&mut c, organisation).await? {
        let (from, to) = (found.source_edition.as_str(), found.target_edition.as_str());
        let is_reversed = match between {
            Some(wanted) if wanted == (from, to) => false,
            Some(wanted) if wanted == (to, from) => true,
            Some(_) => continue,
            None => false,
        };
        let mut sides = Vec::new();
        for id in if is_reversed { [to, from] } else { [from, to] } {
            let entry = edition::edition(&mut c, organisation, id).await?.ok_or_else(Refusal::not_found)?;
            let href = href(&entry.edition.id);
            sides.push(MappedSide { edition: entry.edition.id, title: entry.edition.title, href });
        }
        let (Some(to), Some(from)) = (sides.pop(), sides.pop()) else { continue };
        let mappings = crosswalk::mappings(&mut c, organisation, &found.id).await?;
        let confirmed = mappings.into_iter().filter(|mapping| mapping.status == MappingStatus::Confirmed);
        let pairs = confirmed.filter_map(|mapping| pair(mapping, is_reversed)).collect();
        sets.push(MappedSet { from, to, pairs, problems: Vec::new() });
    }
    if sets.is_empty() {
        return Err(Refusal::invalid(
            "no-crosswalk",
            "この二つの版の照合がありません。",
            "These editions are not lined up.",
        )
        .next("先に照合を作り、対応を確定してください。", "Line them up and confirm mappings first.")
        .into());
    }
    Ok(sets)
}

/// A Mapping in the direction asked for; "no counterpart" can be said in its own direction only.
fn pair(mapping: crosswalk::Mapping, is_reversed: bool) -> Option<MappedPair> {
    let (mut source, mut target, mut relation) = (mapping.source_number, mapping.target_number, mapping.relation);
    if is_reversed {
        if target.is_empty() {
            return None;
        }
        std::mem::swap(&mut source, &mut target);
        relation = relation.reversed();
    }
    Some(MappedPair {
        source,
        target,
        relation,
        status: mapping.status.code().to_owned(),
        rationale: mapping.rationale,
        // Only this installation knows its accounts.
        person: String::new(),
        at: mapping.decided_at,
    })
}

/// One Crosswalk as an OSCAL mapping collection (JSON).
///
/// # Errors
/// A Crosswalk that is not the actor's, or without a confirmed counterpart; a role that may not; a database error.
pub async fn mapping_document(app: &App, actor: &Actor, crosswalk_id: &str) -> Result<(String, TrailMark)> {
    actor.require(Permission::ReadCrosswalk)?;
    let found = crosswalk::crosswalk(&mut app.read().await?, &actor.organisation_id, crosswalk_id).await?;
    let found = found.ok_or_else(Refusal::not_found)?;
    let between = (found.source_edition.as_str(), found.target_edition.as_str());
    let sets = crosswalks(app, actor, Some(between), |edition| format!("{edition}.json")).await?;
    if sets.iter().all(|set| set.pairs.iter().all(|pair| pair.target.is_empty())) {
        return Err(Refusal::invalid(
            "nothing-confirmed",
            "確定した対応がまだないため、書き出せません。",
            "There is no confirmed mapping to write yet.",
        )
        .next("対応を確定してから書き出してください。", "Confirm some mappings first.")
        .into());
    }
    let title = format!("照合 {}", actor.organisation_name);
    let mark = trail::take_along(app, actor, desk::workbook::EXPORT, ("crosswalk", crosswalk_id), &"oscal").await?;
    let mut mapping_collection = to_mapping_collection(&title, &sets, &app.now().to_string());
    put_mark(&mut mapping_collection.metadata, &mark);
    Ok((to_json(&MappingDocument { mapping_collection }), mark))
}

/// What a mapping collection says of two Editions, in either direction; `None` where the bytes are not JSON at all.
///
/// # Errors
/// JSON that is no mapping collection, or one that speaks of other Editions.
pub fn mapped_between(bytes: &[u8], source: &str, target: &str) -> Result<Option<(MappedSet, bool)>> {
    let is_json = bytes.iter().find(|byte| !byte.is_ascii_whitespace()).is_some_and(|byte| *byte == b'{');
    if !is_json {
        return Ok(None);
    }
    let refused = |ja: String, en: String| {
        Refusal::invalid("oscal-mapping", ja, en).next(
            "この二つの版の対応を書き出した OSCAL のファイルを選んでください。",
            "Choose an OSCAL mapping collection of these two editions.",
        )
    };
    let collection = match Document::read(bytes) {
        Ok(Document::MappingCollection(collection)) => collection,
        Ok(other) => {
            let kind = other.kind();
            return Err(refused(
                format!("これは対応表ではなく {} です。", kind.member()),
                format!("This is a {}.", kind.member()),
            )
            .into());
        }
        Err(error) => {
            return Err(refused(format!("OSCAL として読めません（{error}）。"), format!("Not OSCAL: {error}.")).into());
        }
    };
    let mut sets = from_mapping_collection(&collection, &BTreeMap::new());
    let speaks = |set: &MappedSet, from: &str, to: &str| set.from.edition == from && set.to.edition == to;
    let at = sets.iter().position(|set| speaks(set, source, target) || speaks(set, target, source));
    // A file of another tool does not name our editions: its only mapping is meant.
    let unnamed = || (sets.len() == 1 && sets[0].from.edition.is_empty() && sets[0].to.edition.is_empty()).then_some(0);
    let Some(at) = at.or_else(unnamed) else {
        let (ja, en) = ("この二つの版の対応がファイルにありません。", "The file says nothing of these two editions.");
        return Err(refused(ja.to_owned(), en.to_owned()).into());
    };
    let set = sets.swap_remove(at);
    let is_reversed = speaks(&set, target, source) && source != target;
    Ok(Some((set, is_reversed)))
}

/// Takes the pairs of a mapping document over as confirmed Mappings between two Editions, all or none. Ids that differ
/// from a number in case or in the way of counting enhancements only (`ac-2.1`, `AC-2(1)`) mean that number.
///
/// # Errors
/// As [`desk::import_mappings`].
pub async fn import_pairs(app: &App, actor: &Actor, editions: (&str, &str), set: &MappedSet) -> Result<Imported> {
    let mappings = numbered(app, actor, editions, set).await?;
    desk::import_mappings(app, actor, editions.0, editions.1, mappings).await
}

/// The pairs of a mapping document in the numbers of two Editions.
pub(crate) async fn numbered(
    app: &App,
    actor: &Actor,
    editions: (&str, &str),
    set: &MappedSet,
) -> Result<Vec<ImportedMapping>> {
    let (from, to) = (spellings(app, actor, editions.0).await?, spellings(app, actor, editions.1).await?);
    let number = |known: &HashMap<String, String>, id: &str| known.get(&plain(id)).cloned().unwrap_or(id.to_owned());
    let mappings = set.pairs.iter().map(|pair| {
        // That two items have nothing to do with each other is, between Editions, a rejected Mapping.
        let is_unrelated = pair.relation == Relation::None && !pair.target.is_empty();
        ImportedMapping {
            source: number(&from, &pair.source),
            target: number(&to, &pair.target),
            relation: pair.relation,
            status: if is_unrelated { MappingStatus::Rejected } else { MappingStatus::Confirmed },
            rationale: pair.rationale.clone(),
            seen: None,
        }
    });
    Ok(mappings.collect())
}

async fn spellings(app: &App, actor: &Actor, edition_id: &str) -> Result<HashMap<String, String>> {
    actor.require(Permission::ReadStandards)?;
    let rows = edition::outline(&mut app.read().await?, &actor.organisation_id, edition_id).await?;
    Ok(rows.into_iter().map(|row| (plain(&row.number), row.number)).collect())
}

fn plain(number: &str) -> String {
    number.to_lowercase().replace('(', ".").replace(')', "")
}
