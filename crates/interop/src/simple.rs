//! The catalogue as simple JSON: the public wire format of `ingest --format simple` (contract.md).

use sakimori_domain::standards::{
    Audience, Catalogue, Consideration, Disposition, Edition, Item, ItemKind, Level, Mandate, NetworkClass, Problem,
    Provision, ProvisionKind, Record, Strength,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Why a simple JSON catalogue was refused.
#[derive(Debug, thiserror::Error)]
pub enum SimpleError {
    #[error(
        "JSON として読めません（{0}）。カタログの書式を確かめてください。 / This is not a catalogue in simple JSON: {0}"
    )]
    Json(#[from] serde_json::Error),
    #[error("項目 {id} の {key} の値「{value}」は使えません。 / Node {id}: {key} has the unknown value \"{value}\"")]
    Value { id: String, key: &'static str, value: String },
    #[error("番号 {id} が二度現れます。 / The id {id} occurs twice")]
    Duplicate { id: String },
    #[error("項目 {id} の親 {parent} がありません。 / Node {id}: its parent {parent} does not exist")]
    Parent { id: String, parent: String },
    #[error("項目 {id} が自分の親の親になっています。 / Node {id} is above itself")]
    Cycle { id: String },
}

/// Largest catalogue accepted from outside.
pub const NODES_MAX: usize = 20_000;

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
enum Document {
    Whole(Box<Whole>),
    Nodes(Vec<Node>),
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Whole {
    #[serde(default)]
    edition: WireEdition,
    nodes: Vec<Node>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    records: Vec<WireRecord>,
    #[serde(default)]
    problems: Vec<WireProblem>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct WireEdition {
    id: String,
    standard: String,
    title: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    title_en: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    short: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    label: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    issuer: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    authority: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    valid_from: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    valid_to: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    profile: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Node {
    id: String,
    #[serde(default)]
    title: String,
    #[serde(default)]
    parent: Option<String>,
    kind: String,
    #[serde(default)]
    text: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    strength: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    disposition: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    consideration: Option<String>,
    #[serde(default)]
    items: Vec<WireItem>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    marks: Vec<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    levels: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    audience: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    references: Vec<String>,
    #[serde(default)]
    page: u32,
    #[serde(default)]
    line: u32,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct WireItem {
    #[serde(default)]
    label: String,
    #[serde(default)]
    text: String,
    kind: String,
    strength: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    marks: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    audience: Vec<String>,
    #[serde(default)]
    items: Vec<WireItem>,
    #[serde(default, skip_serializing_if = "is_zero")]
    line: u32,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct WireRecord {
    table: String,
    cells: Vec<(String, String)>,
    #[serde(default)]
    line: u32,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct WireProblem {
    line: u32,
    code: String,
    message: String,
}

fn is_zero(value: &u32) -> bool {
    *value == 0
}

/// The catalogue as simple JSON, indented, always the same bytes for the same catalogue.
pub fn to_simple_json(catalogue: &Catalogue) -> String {
    let whole = Whole {
        edition: edition_out(&catalogue.edition),
        nodes: catalogue.provisions.iter().map(node_out).collect(),
        records: catalogue.records.iter().map(record_out).collect(),
        problems: catalogue.problems.iter().map(problem_out).collect(),
    };
    serde_json::to_string_pretty(&whole).unwrap_or_default()
}

/// Reads simple JSON: the whole object, or the bare list of nodes. Ids are unique and parents exist afterwards.
pub fn from_simple_json(text: &str) -> Result<Catalogue, SimpleError> {
    let whole = match serde_json::from_str::<Document>(text) {
        Ok(Document::Whole(whole)) => *whole,
        Ok(Document::Nodes(nodes)) => Whole { nodes, ..Whole::default() },
        // The untagged enum hides where the fault is; asking again for the shape meant gives the line.
        Err(error) if text.trim_start().starts_with('[') => {
            return Err(serde_json::from_str::<Vec<Node>>(text).err().unwrap_or(error).into());
        }
        Err(error) => return Err(serde_json::from_str::<Whole>(text).err().unwrap_or(error).into()),
    };
    if whole.nodes.len() > NODES_MAX {
        let value = whole.nodes.len().to_string();
        return Err(SimpleError::Value { id: "*".to_owned(), key: "nodes", value });
    }
    let provisions = whole.nodes.into_iter().map(node_in).collect::<Result<Vec<_>, _>>()?;
    check_tree(&provisions)?;
    Ok(Catalogue {
        edition: edition_in(whole.edition),
        provisions,
        records: whole.records.into_iter().map(|r| Record { table: r.table, cells: r.cells, line: r.line }).collect(),
        problems: whole
            .problems
            .into_iter()
            .map(|p| Problem { line: p.line, code: p.code, message: p.message })
            .collect(),
    })
}

/// Ids are unique, parents exist, and nothing is above itself.
fn check_tree(provisions: &[Provision]) -> Result<(), SimpleError> {
    let mut parents: HashMap<&str, Option<&str>> = HashMap::new();
    for provision in provisions {
        if parents.insert(&provision.id, provision.parent.as_deref()).is_some() {
            return Err(SimpleError::Duplicate { id: provision.id.clone() });
        }
    }
    let mut rooted: HashSet<&str> = HashSet::new();
    for provision in provisions {
        let mut path = vec![provision.id.as_str()];
        let mut above = provision.parent.as_deref();
        while let Some(parent) = above.filter(|id| !rooted.contains(id)) {
            let Some(next) = parents.get(parent) else {
                let id = path.last().copied().unwrap_or_default().to_owned();
                return Err(SimpleError::Parent { id, parent: parent.to_owned() });
            };
            if path.len() > provisions.len() {
                return Err(SimpleError::Cycle { id: provision.id.clone() });
            }
            path.push(parent);
            above = *next;
        }
        rooted.extend(path);
    }
    Ok(())
}

fn node_out(provision: &Provision) -> Node {
    Node {
        id: provision.id.clone(),
        title: provision.title.clone(),
        parent: provision.parent.clone(),
        kind: provision.kind.code().to_owned(),
        text: provision.text.clone(),
        strength: match provision.strength {
            Strength::None => String::new(),
            strength => strength.code().to_owned(),
        },
        disposition: provision.disposition.map(|d| d.code().to_owned()),
        consideration: provision.consideration.map(|c| c.code().to_owned()),
        items: provision.items.iter().map(item_out).collect(),
        marks: provision.marks.iter().map(|m| m.code().to_owned()).collect(),
        levels: provision
            .levels
            .iter()
            .map(|(class, level)| (class.code().to_owned(), level.code().to_owned()))
            .collect(),
        audience: provision.audience.iter().map(|a| a.code().to_owned()).collect(),
        references: provision.references.clone(),
        page: provision.page,
        line: provision.line,
    }
}

fn item_out(item: &Item) -> WireItem {
    WireItem {
        label: item.label.clone(),
        text: item.text.clone(),
        kind: item.kind.code().to_owned(),
        strength: item.strength.code().to_owned(),
        marks: item.marks.iter().map(|m| m.code().to_owned()).collect(),
        audience: item.audience.iter().map(|a| a.code().to_owned()).collect(),
        items: item.items.iter().map(item_out).collect(),
        line: item.line,
    }
}

fn record_out(record: &Record) -> WireRecord {
    WireRecord { table: record.table.clone(), cells: record.cells.clone(), line: record.line }
}

fn problem_out(problem: &Problem) -> WireProblem {
    WireProblem { line: problem.line, code: problem.code.clone(), message: problem.message.clone() }
}

fn edition_out(edition: &Edition) -> WireEdition {
    let e = edition.clone();
    WireEdition {
        id: e.id,
        standard: e.standard,
        title: e.title,
        title_en: e.title_en,
        short: e.short,
        label: e.label,
        issuer: e.issuer,
        authority: e.authority,
        valid_from: e.valid_from,
        valid_to: e.valid_to,
        profile: e.profile,
    }
}

fn edition_in(e: WireEdition) -> Edition {
    Edition {
        id: e.id,
        standard: e.standard,
        title: e.title,
        title_en: e.title_en,
        short: e.short,
        label: e.label,
        issuer: e.issuer,
        authority: e.authority,
        valid_from: e.valid_from,
        valid_to: e.valid_to,
        profile: e.profile,
    }
}

/// Looks a code up, or says which node has which unknown value.
fn code<T>(id: &str, key: &'static str, value: &str, from: fn(&str) -> Option<T>) -> Result<T, SimpleError> {
    from(value).ok_or_else(|| SimpleError::Value { id: id.to_owned(), key, value: value.to_owned() })
}

fn codes<T>(
    id: &str,
    key: &'static str,
    values: &[String],
    from: fn(&str) -> Option<T>,
) -> Result<Vec<T>, SimpleError> {
    values.iter().map(|value| code(id, key, value, from)).collect()
}

fn node_in(node: Node) -> Result<Provision, SimpleError> {
    let id = node.id;
    let mut levels = node
        .levels
        .iter()
        .map(|(class, level)| {
            Ok((code(&id, "levels", class, NetworkClass::from_code)?, code(&id, "levels", level, Level::from_code)?))
        })
        .collect::<Result<Vec<_>, SimpleError>>()?;
    levels.sort_unstable();
    let strength = if node.strength.is_empty() { "none" } else { &node.strength };
    Ok(Provision {
        kind: code(&id, "kind", &node.kind, ProvisionKind::from_code)?,
        strength: code(&id, "strength", strength, Strength::from_code)?,
        disposition: node.disposition.map(|v| code(&id, "disposition", &v, Disposition::from_code)).transpose()?,
        consideration: node
            .consideration
            .map(|v| code(&id, "consideration", &v, Consideration::from_code))
            .transpose()?,
        items: node.items.into_iter().map(|item| item_in(&id, item, 0)).collect::<Result<_, _>>()?,
        marks: codes(&id, "marks", &node.marks, Mandate::from_code)?,
        audience: codes(&id, "audience", &node.audience, Audience::from_code)?,
        levels,
        title: node.title,
        parent: node.parent,
        text: node.text,
        references: node.references,
        page: node.page,
        line: node.line,
        id,
    })
}

/// Deepest nesting of items accepted from outside.
const DEPTH_MAX: u32 = 16;

fn item_in(id: &str, item: WireItem, depth: u32) -> Result<Item, SimpleError> {
    if depth >= DEPTH_MAX {
        return Err(SimpleError::Value { id: id.to_owned(), key: "items", value: item.label });
    }
    Ok(Item {
        kind: code(id, "items.kind", &item.kind, ItemKind::from_code)?,
        strength: code(id, "items.strength", &item.strength, Strength::from_code)?,
        marks: codes(id, "items.marks", &item.marks, Mandate::from_code)?,
        audience: codes(id, "items.audience", &item.audience, Audience::from_code)?,
        items: item.items.into_iter().map(|inner| item_in(id, inner, depth + 1)).collect::<Result<_, _>>()?,
        label: item.label,
        text: item.text,
        line: item.line,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTRACT: &str = r#"[{"id": "2", "title": "備え", "parent": null, "kind": "clause"},
        {"id": "2.1", "title": "舵", "parent": "2", "kind": "control", "text": "舵の話。", "disposition": "extended",
         "items": [{"label": "➢", "text": "確かめること。", "kind": "requirement", "strength": "required", "items": []}],
         "marks": ["全ての港"], "levels": {"事業": "◎", "その他": "◎", "自営": "◎＊", "ユーザ": "－"},
         "references": ["TEL.18.1.7"], "page": 12, "line": 318}]"#;

    #[test]
    fn the_list_of_the_contract_is_read_and_written_back_unchanged() {
        let read = from_simple_json(CONTRACT).expect("the contract's own example");
        let control = &read.provisions[1];
        assert_eq!((control.page, control.line, control.items[0].label.as_str()), (12, 318, "➢"));
        assert_eq!(control.levels.iter().map(|(class, _)| *class).collect::<Vec<_>>(), NetworkClass::ALL);
        assert_eq!(from_simple_json(&to_simple_json(&read)).expect("ours").provisions, read.provisions);
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_the_node() {
        let refused = |json: &str| from_simple_json(json).expect_err("must be refused").to_string();
        assert!(refused(r#"[{"id": "1", "kind": "chapter"}]"#).contains("\"chapter\""));
        assert!(refused(r#"[{"id": "1", "kind": "clause"}, {"id": "1", "kind": "clause"}]"#).contains("occurs twice"));
        assert!(refused(r#"[{"id": "1", "kind": "clause", "parent": "0"}]"#).contains("does not exist"));
        let circle = r#"[{"id": "1", "kind": "clause", "parent": "2"}, {"id": "2", "kind": "clause", "parent": "1"}]"#;
        assert!(refused(circle).contains("above itself"));
        assert!(refused("{").contains("JSON"));
        assert!(refused(r#"{"nodes": [{"id": 1}]}"#).contains("line 1"));
        let deep = "{\"label\":\"\",\"kind\":\"note\",\"strength\":\"none\",\"items\":[".repeat(20) + &"]}".repeat(20);
        assert!(refused(&format!("[{{\"id\": \"1\", \"kind\": \"clause\", \"items\": [{deep}]}}]")).contains("items"));
    }
}
