//! From a library to catalogues and crosswalks.

use std::collections::{HashMap, HashSet};

use sakimori_domain::crosswalk::Relation;
use sakimori_domain::standards::{Catalogue, Edition, Item, ItemKind, Problem, Provision, ProvisionKind, Strength};
use sakimori_domain::text::number_id;

use super::{CisoError, Framework, Library, LibraryFile, MappingSet, Node, RequirementMapping, Translation};
use crate::oscal::convert::{MappedPair, MappedSet, MappedSide, MappingProblem};
use crate::simple::NODES_MAX;

/// Longest title that is made of a description, in characters.
const TITLE_MAX: usize = 60;

/// Everything in a library.
pub(super) fn library(mut file: LibraryFile) -> Result<Library, CisoError> {
    let mut objects = std::mem::take(&mut file.objects);
    let frameworks = objects.framework.take().into_iter().chain(objects.frameworks);
    let frameworks = frameworks.map(|one| framework(&file, one)).collect::<Result<Vec<_>, _>>()?;
    let sets = objects.requirement_mapping_set.take().into_iter().chain(objects.requirement_mapping_sets);
    let mappings: Vec<MappedSet> = sets.enumerate().map(|(at, set)| mapped(at, set)).collect();
    if frameworks.is_empty() && mappings.is_empty() {
        return Err(CisoError::Shape("neither a framework nor requirement mappings".to_owned()));
    }
    Ok(Library { frameworks, mappings })
}

fn framework(file: &LibraryFile, framework: Framework) -> Result<Catalogue, CisoError> {
    let nodes = &framework.requirement_nodes;
    if nodes.is_empty() {
        return Err(CisoError::Shape("a framework without requirement_nodes".to_owned()));
    }
    if nodes.len() > NODES_MAX {
        return Err(CisoError::Limit { line: 0, what: "requirement_nodes", limit: NODES_MAX });
    }
    let mut problems = Vec::new();
    let numbers = numbers(nodes, &mut problems)?;
    let mut provisions = Vec::with_capacity(nodes.len());
    for node in nodes {
        let urn = node.urn.clone().unwrap_or_default();
        let parent = node.parent_urn.as_deref().filter(|parent| !parent.is_empty());
        let parent = match parent {
            Some(parent) => Some(
                numbers
                    .get(parent)
                    .cloned()
                    .ok_or_else(|| CisoError::Parent { urn: urn.clone(), parent: parent.to_owned() })?,
            ),
            None => None,
        };
        provisions.push(provision(node, numbers.get(&urn).cloned().unwrap_or_default(), parent));
    }
    check_cycles(nodes)?;
    let text = |value: &Option<String>| value.clone().unwrap_or_default().trim().to_owned();
    let first =
        |values: [&Option<String>; 2]| values.into_iter().map(text).find(|text| !text.is_empty()).unwrap_or_default();
    let title = first([&framework.name, &file.name]);
    let ref_id = first([&framework.ref_id, &file.ref_id]);
    let id = slug(framework.urn.as_deref().and_then(|urn| urn.rsplit(':').next()).unwrap_or(&ref_id));
    let edition = Edition {
        id: id.clone(),
        standard: id,
        short: if ref_id.is_empty() { title.chars().take(40).collect() } else { ref_id },
        title,
        label: text(&file.version),
        issuer: text(&file.provider),
        valid_from: text(&file.publication_date).get(..10).unwrap_or_default().to_owned(),
        profile: "ciso-assistant".to_owned(),
        ..Edition::default()
    };
    Ok(Catalogue { edition, provisions, records: Vec::new(), problems })
}

/// The number of each node by its urn: its `ref_id` where that is alone, else the end of the urn.
fn numbers(nodes: &[Node], problems: &mut Vec<Problem>) -> Result<HashMap<String, String>, CisoError> {
    let mut numbers = HashMap::new();
    let mut used = HashSet::new();
    for (at, node) in nodes.iter().enumerate() {
        let urn = node.urn.clone().filter(|urn| !urn.is_empty());
        let Some(urn) = urn else {
            return Err(CisoError::Shape(format!("requirement_nodes/{at} has no urn")));
        };
        let own = number_id(node.ref_id.as_deref().unwrap_or_default());
        let tail = number_id(tail(&urn));
        let number =
            [own, tail, number_id(&urn)].into_iter().find(|number| !number.is_empty() && used.insert(number.clone()));
        let Some(number) = number else { return Err(CisoError::Twice { urn }) };
        if node.ref_id.as_deref().is_some_and(|own| !own.is_empty() && number_id(own) != number) {
            let message =
                format!("番号「{}」は他と重なるため「{number}」としました。", node.ref_id.clone().unwrap_or_default());
            problems.push(Problem { line: 0, code: "number-changed".to_owned(), message });
        }
        if numbers.insert(urn.clone(), number).is_some() {
            return Err(CisoError::Twice { urn });
        }
    }
    Ok(numbers)
}

/// What names a requirement at the end of its urn.
fn tail(urn: &str) -> &str {
    urn.rsplit(':').next().unwrap_or(urn)
}

fn check_cycles(nodes: &[Node]) -> Result<(), CisoError> {
    let parents: HashMap<&str, &str> = nodes
        .iter()
        .filter_map(|node| {
            Some((node.urn.as_deref()?, node.parent_urn.as_deref().filter(|parent| !parent.is_empty())?))
        })
        .collect();
    let mut rooted: HashSet<&str> = HashSet::new();
    for node in nodes {
        let mut path = vec![node.urn.as_deref().unwrap_or_default()];
        while let Some(parent) = path.last().and_then(|last| parents.get(last)) {
            if rooted.contains(parent) {
                break;
            }
            if path.len() > nodes.len() {
                return Err(CisoError::Cycle { urn: path[0].to_owned() });
            }
            path.push(parent);
        }
        rooted.extend(path);
    }
    Ok(())
}

fn provision(node: &Node, number: String, parent: Option<String>) -> Provision {
    let none = Translation::default();
    let japanese = node.translations.iter().find(|(locale, _)| locale.starts_with("ja")).map_or(&none, |(_, t)| t);
    let pick = |translated: &Option<String>, own: &Option<String>| {
        let text = translated.clone().filter(|text| !text.trim().is_empty()).or_else(|| own.clone());
        text.unwrap_or_default().trim().replace("\r\n", "\n")
    };
    let text = pick(&japanese.description, &node.description);
    let mut title = pick(&japanese.name, &node.name).replace('\n', " ");
    if title.is_empty() {
        title = beginning(&text);
    }
    let kind = if node.assessable { ProvisionKind::Control } else { ProvisionKind::Group };
    let mut provision = Provision::new(number, kind, title);
    provision.parent = parent;
    provision.text = text;
    let notes = [
        (ItemKind::Guidance, pick(&japanese.annotation, &node.annotation)),
        (ItemKind::Example, pick(&None, &node.typical_evidence)),
    ];
    provision.items =
        notes.into_iter().filter(|(_, text)| !text.is_empty()).map(|(kind, text)| note(kind, text)).collect();
    provision
}

fn note(kind: ItemKind, text: String) -> Item {
    let (marks, audience, items) = (Vec::new(), Vec::new(), Vec::new());
    Item { label: String::new(), text, kind, strength: Strength::None, marks, audience, items, line: 0 }
}

fn beginning(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default().trim();
    if line.chars().count() <= TITLE_MAX {
        return line.to_owned();
    }
    line.chars().take(TITLE_MAX).chain(['…']).collect()
}

/// An Edition's id out of any text.
fn slug(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            c if c.is_ascii_alphanumeric() => out.push(c.to_ascii_lowercase()),
            '.' | '_' if !out.is_empty() => out.push(c),
            _ if !out.is_empty() && !out.ends_with('-') => out.push('-'),
            _ => {}
        }
    }
    let short: String = out.chars().take(60).collect();
    let short = short.trim_matches('-');
    if short.is_empty() { "framework".to_owned() } else { short.to_owned() }
}

fn mapped(at: usize, set: MappingSet) -> MappedSet {
    let side = |urn: &Option<String>| {
        let urn = urn.clone().unwrap_or_default();
        MappedSide { edition: slug(tail(&urn)), title: set.name.clone().unwrap_or_default(), href: urn }
    };
    let (from, to) = (side(&set.source_framework_urn), side(&set.target_framework_urn));
    let (mut pairs, mut problems) = (Vec::new(), Vec::new());
    for (index, mapping) in set.requirement_mappings.iter().enumerate() {
        match pair(mapping) {
            Ok(pair) => pairs.push(pair),
            Err((code, ja, en)) => {
                let pointer = format!("/objects/requirement_mapping_sets/{at}/requirement_mappings/{index}");
                problems.push(MappingProblem { pointer, code, ja, en });
            }
        }
    }
    MappedSet { from, to, pairs, problems }
}

fn pair(mapping: &RequirementMapping) -> Result<MappedPair, (&'static str, String, String)> {
    let end = |urn: &Option<String>| urn.as_deref().map(|urn| number_id(tail(urn))).filter(|number| !number.is_empty());
    let (Some(source), Some(target)) = (end(&mapping.source_requirement_urn), end(&mapping.target_requirement_urn))
    else {
        return Err(("urn-missing", "元か先の urn がありません。".to_owned(), "A urn is missing.".to_owned()));
    };
    let word = mapping.relationship.as_deref().unwrap_or_default().trim();
    let relation = match word {
        "equal" => Relation::Equal,
        "subset" => Relation::SubsetOf,
        "superset" => Relation::SupersetOf,
        "intersect" => Relation::Intersects,
        "not_related" => Relation::None,
        other => {
            return Err((
                "relationship-unknown",
                format!("関係「{other}」は分かりません。"),
                format!("The relationship \"{other}\" is not known."),
            ));
        }
    };
    let rationale = mapping.annotation.clone().or_else(|| mapping.rationale.clone()).unwrap_or_default();
    let (status, person, at) = (String::new(), String::new(), String::new());
    Ok(MappedPair { source, target, relation, status, rationale, person, at })
}
