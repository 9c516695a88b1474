//! Crosswalks as mapping collections and back.

use std::collections::BTreeMap;

use sakimori_domain::crosswalk::Relation;
use serde_json::{Value, json};

use super::export::{head, resource};
use super::names::{self, own};
use super::prose::{line, multiline, plain, value};
use super::token::{number, token};
use crate::oscal::model::{
    BackMatter, Map, Mapping, MappingCollection, MappingItem, MappingProvenance, ResourceReference,
};
use crate::oscal::uuid;

/// One pair of a crosswalk: numbers of Provisions, in plain terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappedPair {
    pub source: String,
    /// Empty: the other Edition has no counterpart (with [`Relation::None`]).
    pub target: String,
    pub relation: Relation,
    /// `MappingStatus` code; empty where the document says none.
    pub status: String,
    pub rationale: String,
    /// Who judged it, and when (RFC 3339); empty where unknown.
    pub person: String,
    pub at: String,
}

/// One side of a crosswalk.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MappedSide {
    /// Id of the Edition; empty where the document says none.
    pub edition: String,
    pub title: String,
    /// Where the catalogue is: a file beside the collection.
    pub href: String,
}

/// A crosswalk in plain terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappedSet {
    pub from: MappedSide,
    pub to: MappedSide,
    pub pairs: Vec<MappedPair>,
    /// What was not understood, with the JSON pointer.
    pub problems: Vec<MappingProblem>,
}

/// Something of a mapping collection that was not taken, or not as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappingProblem {
    pub pointer: String,
    /// Stable, kebab-case.
    pub code: &'static str,
    pub ja: String,
    pub en: String,
}

const fn relationship(relation: Relation) -> &'static str {
    match relation {
        Relation::Equal => "equal-to",
        Relation::SubsetOf => "subset-of",
        Relation::SupersetOf => "superset-of",
        Relation::Intersects => "intersects-with",
        Relation::None => "no-relationship",
    }
}

fn relation_of(token: &str) -> Option<Relation> {
    Some(match token.trim() {
        "equal-to" | "equivalent-to" | "equal" => Relation::Equal,
        "subset-of" | "subset" => Relation::SubsetOf,
        "superset-of" | "superset" => Relation::SupersetOf,
        "intersects-with" | "intersects" | "intersection" => Relation::Intersects,
        "no-relationship" | "not-related" | "none" => Relation::None,
        _ => return None,
    })
}

/// The crosswalks as one mapping collection; `title` names the collection, `now` is RFC 3339.
pub fn to_mapping_collection(title: &str, sets: &[MappedSet], now: &str) -> MappingCollection {
    let mut collection = MappingCollection {
        metadata: head(title, "crosswalk", "1", now),
        provenance: Some(MappingProvenance {
            method: "human".to_owned(),
            matching_rationale: "semantic".to_owned(),
            status: Some("complete".to_owned()),
            mapping_description: line(title).or_else(|| Some("crosswalk".to_owned())),
            ..MappingProvenance::default()
        }),
        ..MappingCollection::default()
    };
    collection.metadata.props.push(own(names::FORMAT, names::FORMAT_MAPPING));
    let mut resources = Vec::new();
    for set in sets {
        let mut refer = |side: &MappedSide| {
            let resource = resource(&side.title, &side.href, "catalog");
            let props = value(&side.edition).map(|id| own(names::EDITION, &id)).into_iter().collect();
            let href = format!("#{}", resource.uuid);
            if !resources.contains(&resource) {
                resources.push(resource);
            }
            ResourceReference { kind: "catalog".to_owned(), href, props, ..ResourceReference::default() }
        };
        let (source_resource, target_resource) = (refer(&set.from), refer(&set.to));
        let key = format!("{}\u{1f}{}", set.from.edition, set.to.edition);
        let mut mapping = Mapping {
            uuid: uuid::of(&format!("mapping {key}")),
            source_resource,
            target_resource,
            ..Mapping::default()
        };
        for pair in &set.pairs {
            if pair.target.is_empty() { mapping.props.push(lonely(pair)) } else { mapping.maps.push(map(pair, &key)) }
        }
        gaps(&mut mapping, set, &key);
        // A mapping without maps is not OSCAL; what has no counterpart alone cannot be said.
        if !mapping.maps.is_empty() {
            collection.mappings.push(mapping);
        }
    }
    if !resources.is_empty() {
        collection.back_matter = Some(BackMatter { resources, ..BackMatter::default() });
    }
    let content = serde_json::to_string(&(title, &collection.mappings)).unwrap_or_default();
    collection.uuid = uuid::of(&content);
    collection
}

fn map(pair: &MappedPair, key: &str) -> Map {
    let item = |number: &str| {
        let props = value(number).map(|label| own(names::NUMBER, &label)).into_iter().collect();
        MappingItem { kind: "control".to_owned(), id_ref: token(number), props, ..MappingItem::default() }
    };
    let mut props = Vec::new();
    for (name, text) in [(names::STATUS, &pair.status), (names::PERSON, &pair.person), (names::MOMENT, &pair.at)] {
        props.extend(value(text).map(|text| own(name, &text)));
    }
    Map {
        uuid: uuid::of(&format!("map {key}\u{1f}{}\u{1f}{}", pair.source, pair.target)),
        relationship: Value::from(relationship(pair.relation)),
        sources: vec![item(&pair.source)],
        targets: vec![item(&pair.target)],
        props,
        remarks: (!pair.rationale.is_empty()).then(|| multiline(&pair.rationale)),
        ..Map::default()
    }
}

/// An item of the source without a counterpart: OSCAL's gap summary names it, our prop says why.
fn lonely(pair: &MappedPair) -> crate::oscal::model::Property {
    let mut prop = own(names::NO_COUNTERPART, &value(&pair.source).unwrap_or_else(|| "-".to_owned()));
    let words: Vec<(&str, &String)> = [("status", &pair.status), ("by", &pair.person), ("at", &pair.at)]
        .into_iter()
        .filter(|(_, text)| !text.is_empty())
        .collect();
    let mut remarks: String = words.iter().map(|(name, text)| format!("{name}: {}\n\n", multiline(text))).collect();
    remarks.push_str(&multiline(&pair.rationale));
    if !remarks.trim().is_empty() {
        prop.rest.insert("remarks".to_owned(), Value::from(remarks));
    }
    prop
}

fn gaps(mapping: &mut Mapping, set: &MappedSet, key: &str) {
    let ids: Vec<String> =
        set.pairs.iter().filter(|pair| pair.target.is_empty()).map(|pair| token(&pair.source)).collect();
    if !ids.is_empty() {
        let uuid = uuid::of(&format!("gap {key}"));
        let summary = json!({"uuid": uuid, "unmapped-controls": [{"with-ids": ids}]});
        mapping.rest.insert("source-gap-summary".to_owned(), summary);
    }
}

/// The pairs of a mapping collection. `known` gives the number of an OSCAL id for a side's href, where its catalogue is
/// at hand; an id of our own exports is its number anyway.
pub fn from_mapping_collection(
    collection: &MappingCollection,
    known: &BTreeMap<String, BTreeMap<String, String>>,
) -> Vec<MappedSet> {
    let mut sets = Vec::new();
    for (at, mapping) in collection.mappings.iter().enumerate() {
        let side = |reference: &ResourceReference| {
            let (title, href) = pointed_at(collection, reference);
            let edition = names::find(&reference.props, names::EDITION).unwrap_or_default().to_owned();
            MappedSide { edition, title, href }
        };
        let (from, to) = (side(&mapping.source_resource), side(&mapping.target_resource));
        let mut reader = PairReader {
            pointer: format!("/mapping-collection/mappings/{at}"),
            source: known.get(&from.href),
            target: known.get(&to.href),
            pairs: Vec::new(),
            problems: Vec::new(),
        };
        for (index, map) in mapping.maps.iter().enumerate() {
            reader.map(index, map);
        }
        reader.lonely(mapping);
        sets.push(MappedSet { from, to, pairs: reader.pairs, problems: reader.problems });
    }
    sets
}

/// Title and file of what a reference means.
fn pointed_at(collection: &MappingCollection, reference: &ResourceReference) -> (String, String) {
    let Some(uuid) = reference.href.strip_prefix('#') else { return (String::new(), reference.href.clone()) };
    let mut resources = collection.back_matter.iter().flat_map(|back| &back.resources);
    let found = resources.find(|resource| resource.uuid.eq_ignore_ascii_case(uuid));
    found.map_or_else(
        || (String::new(), reference.href.clone()),
        |resource| {
            let mut links = resource.rlinks.iter().map(|link| link.href.clone());
            let href = links.next().unwrap_or_else(|| reference.href.clone());
            (plain(resource.title.as_deref().unwrap_or_default()), href)
        },
    )
}

struct PairReader<'a> {
    pointer: String,
    source: Option<&'a BTreeMap<String, String>>,
    target: Option<&'a BTreeMap<String, String>>,
    pairs: Vec<MappedPair>,
    problems: Vec<MappingProblem>,
}

impl PairReader<'_> {
    fn problem(&mut self, index: usize, code: &'static str, ja: String, en: String) {
        self.problems.push(MappingProblem { pointer: format!("{}/maps/{index}", self.pointer), code, ja, en });
    }

    fn map(&mut self, index: usize, map: &Map) {
        // Some documents wrap the token in an object.
        let word = map.relationship.as_str().or_else(|| map.relationship.get("type").and_then(Value::as_str));
        let word = word.unwrap_or_default().to_owned();
        let Some(relation) = relation_of(&word) else {
            return self.problem(
                index,
                "relationship-unknown",
                format!("関係「{word}」は分からないため取り込みませんでした。"),
                format!("The relationship \"{word}\" is not known; the map was left out."),
            );
        };
        let (sources, targets) = (map.sources.len(), map.targets.len());
        let each = of_each(relation, sources, targets);
        if each != relation {
            self.problem(
                index,
                "relation-of-several",
                format!(
                    "{sources} 対 {targets} の関係「{word}」は、一対一では「{}」として取り込みました。",
                    relationship(each)
                ),
                format!(
                    "\"{word}\" between {sources} and {targets} items was taken as \"{}\" of each pair.",
                    relationship(each)
                ),
            );
        }
        let own = |name: &str| names::find(&map.props, name).unwrap_or_default().to_owned();
        for source in &map.sources {
            for target in &map.targets {
                self.pairs.push(MappedPair {
                    source: resolved(source, self.source),
                    target: resolved(target, self.target),
                    relation: each,
                    status: own(names::STATUS),
                    rationale: plain(map.remarks.as_deref().unwrap_or_default()),
                    person: own(names::PERSON),
                    at: own(names::MOMENT),
                });
            }
        }
    }

    /// What has no counterpart: of our prop with its reason, else of the gap summary.
    fn lonely(&mut self, mapping: &Mapping) {
        let mut seen = Vec::new();
        for prop in mapping.props.iter().filter(|prop| prop.name == names::NO_COUNTERPART) {
            let remarks = plain(prop.rest.get("remarks").and_then(Value::as_str).unwrap_or_default());
            let mut pair = empty_pair(prop.value.clone());
            let mut lines: Vec<&str> = remarks.split('\n').collect();
            for (name, slot) in [("status: ", 0), ("by: ", 1), ("at: ", 2)] {
                if let Some(text) = lines.first().and_then(|line| line.strip_prefix(name)) {
                    let text = text.to_owned();
                    match slot {
                        0 => pair.status = text,
                        1 => pair.person = text,
                        _ => pair.at = text,
                    }
                    lines.remove(0);
                }
            }
            pair.rationale = lines.join("\n");
            seen.push(pair.source.clone());
            self.pairs.push(pair);
        }
        let gaps = mapping.rest.get("source-gap-summary").and_then(|gaps| gaps.get("unmapped-controls"));
        for select in gaps.and_then(Value::as_array).into_iter().flatten() {
            for id in select.get("with-ids").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
                let number = number_of(id, self.source);
                if !seen.contains(&number) {
                    self.pairs.push(empty_pair(number));
                }
            }
        }
    }
}

fn empty_pair(source: String) -> MappedPair {
    let (target, status, rationale) = (String::new(), String::new(), String::new());
    let (person, at) = (String::new(), String::new());
    MappedPair { source, target, relation: Relation::None, status, rationale, person, at }
}

/// What a relation between several items says about each pair of them, and no more than that.
const fn of_each(relation: Relation, sources: usize, targets: usize) -> Relation {
    match (relation, sources, targets) {
        (relation, 0 | 1, 0 | 1) | (relation @ (Relation::None | Relation::Intersects), _, _) => relation,
        // One that is, or holds, several together holds each of them.
        (Relation::Equal | Relation::SupersetOf, 1, _) => Relation::SupersetOf,
        (Relation::Equal | Relation::SubsetOf, _, 1) => Relation::SubsetOf,
        _ => Relation::Intersects,
    }
}

fn resolved(item: &MappingItem, known: Option<&BTreeMap<String, String>>) -> String {
    let own = names::find(&item.props, names::NUMBER).map(str::to_owned);
    own.unwrap_or_else(|| number_of(&item.id_ref, known))
}

fn number_of(id: &str, known: Option<&BTreeMap<String, String>>) -> String {
    known.and_then(|known| known.get(id).cloned()).or_else(|| number(id)).unwrap_or_else(|| id.to_owned())
}
