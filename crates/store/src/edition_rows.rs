//! The kept shapes of a Provision: its facts, and the body that an official text adds.

use std::collections::HashMap;

use sakimori_domain::standards::{
    Audience, Consideration, Disposition, Item, ItemKind, Level, Mandate, NetworkClass, Problem, Provision,
    ProvisionKind, Strength,
};
use serde::{Deserialize, Serialize};

use crate::row::{from_json, to_json};
use crate::{Result, Row, StoreError};

/// Facts of a Provision beside number, title and place: codes of the domain's terms.
#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
pub(crate) struct FactsRow {
    strength: String,
    disposition: String,
    consideration: String,
    levels: Vec<(String, String)>,
    marks: Vec<String>,
    audience: Vec<String>,
    references: Vec<String>,
    items: Vec<ItemRow>,
}

/// What an official text adds to a Provision.
#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
pub(crate) struct BodyRow {
    text: String,
    items: Vec<ItemRow>,
    #[serde(skip)]
    page: u32,
    #[serde(skip)]
    line: u32,
}

#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
struct ItemRow {
    #[serde(rename = "l")]
    label: String,
    #[serde(rename = "t", skip_serializing_if = "String::is_empty")]
    text: String,
    #[serde(rename = "k")]
    kind: String,
    #[serde(rename = "s")]
    strength: String,
    #[serde(rename = "m", skip_serializing_if = "Vec::is_empty")]
    marks: Vec<String>,
    #[serde(rename = "a", skip_serializing_if = "Vec::is_empty")]
    audience: Vec<String>,
    #[serde(rename = "i", skip_serializing_if = "Vec::is_empty")]
    items: Vec<ItemRow>,
    #[serde(rename = "n")]
    line: u32,
}

#[derive(Serialize, Deserialize)]
struct ProblemRow {
    line: u32,
    code: String,
    message: String,
}

fn codes<T: Copy>(values: &[T], code: fn(T) -> &'static str) -> Vec<String> {
    values.iter().map(|value| code(*value).to_owned()).collect()
}

fn terms<T>(codes: &[String], from_code: fn(&str) -> Option<T>) -> Result<Vec<T>> {
    codes.iter().map(|code| term(code, from_code)).collect()
}

fn term<T>(code: &str, from_code: fn(&str) -> Option<T>) -> Result<T> {
    from_code(code).ok_or_else(|| StoreError::Inconsistent {
        table: "provision",
        key: String::new(),
        what: format!("unknown term {code}"),
    })
}

fn optional<T>(code: &str, from_code: fn(&str) -> Option<T>) -> Result<Option<T>> {
    if code.is_empty() { Ok(None) } else { term(code, from_code).map(Some) }
}

fn item_rows(items: &[Item]) -> Vec<ItemRow> {
    items
        .iter()
        .map(|item| ItemRow {
            label: item.label.clone(),
            text: item.text.clone(),
            kind: item.kind.code().to_owned(),
            strength: item.strength.code().to_owned(),
            marks: codes(&item.marks, Mandate::code),
            audience: codes(&item.audience, Audience::code),
            items: item_rows(&item.items),
            line: item.line,
        })
        .collect()
}

fn items(rows: Vec<ItemRow>) -> Result<Vec<Item>> {
    rows.into_iter()
        .map(|row| {
            Ok(Item {
                kind: term(&row.kind, ItemKind::from_code)?,
                strength: term(&row.strength, Strength::from_code)?,
                marks: terms(&row.marks, Mandate::from_code)?,
                audience: terms(&row.audience, Audience::from_code)?,
                items: items(row.items)?,
                label: row.label,
                text: row.text,
                line: row.line,
            })
        })
        .collect()
}

/// Facts as kept. The items' texts belong to the official text; their marks and labels are facts.
pub(crate) fn facts_text(p: &Provision) -> Result<String> {
    let mut skeleton = item_rows(&p.items);
    drop_texts(&mut skeleton);
    to_json(
        "provision",
        &FactsRow {
            strength: p.strength.code().to_owned(),
            disposition: p.disposition.map_or(String::new(), |d| d.code().to_owned()),
            consideration: p.consideration.map_or(String::new(), |c| c.code().to_owned()),
            levels: p.levels.iter().map(|(class, level)| (class.code().to_owned(), level.code().to_owned())).collect(),
            marks: codes(&p.marks, Mandate::code),
            audience: codes(&p.audience, Audience::code),
            references: p.references.clone(),
            items: skeleton,
        },
    )
}

fn drop_texts(rows: &mut [ItemRow]) {
    for row in rows {
        row.text.clear();
        row.line = 0;
        drop_texts(&mut row.items);
    }
}

pub(crate) fn facts(edition_id: &str, number: &str, text: &str) -> Result<FactsRow> {
    from_json("provision", &format!("{edition_id} {number}"), text)
}

impl FactsRow {
    pub(crate) fn into_provision(
        self,
        number: String,
        title: String,
        kind: &str,
        parent: Option<String>,
    ) -> Result<Provision> {
        let kind = term(kind, ProvisionKind::from_code)?;
        let mut provision = Provision::new(number, kind, title);
        provision.parent = parent;
        provision.strength = term(&self.strength, Strength::from_code)?;
        provision.disposition = optional(&self.disposition, Disposition::from_code)?;
        provision.consideration = optional(&self.consideration, Consideration::from_code)?;
        provision.levels = self
            .levels
            .iter()
            .map(|(class, level)| Ok((term(class, NetworkClass::from_code)?, term(level, Level::from_code)?)))
            .collect::<Result<_>>()?;
        provision.marks = terms(&self.marks, Mandate::from_code)?;
        provision.audience = terms(&self.audience, Audience::from_code)?;
        provision.references = self.references;
        provision.items = items(self.items)?;
        Ok(provision)
    }
}

pub(crate) fn body_text(p: &Provision) -> Result<String> {
    to_json("provision_text", &BodyRow::of(p))
}

fn to_value(body: &BodyRow) -> Result<serde_json::Value> {
    serde_json::to_value(body).map_err(|error| StoreError::Inconsistent {
        table: "provision_text",
        key: String::new(),
        what: error.to_string(),
    })
}

/// Takes the line numbers of items out: the same text may stand elsewhere in another file of the same document.
fn drop_lines(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Object(map) => {
            map.remove("n");
            map.values_mut().for_each(drop_lines);
        }
        serde_json::Value::Array(list) => list.iter_mut().for_each(drop_lines),
        _ => {}
    }
}

/// Number and body of a `SELECT number, body, page, line`.
pub(crate) fn body(row: &Row) -> Result<(String, BodyRow)> {
    let number = row.text(0)?;
    let mut body: BodyRow = from_json("provision_text", &number, &row.text(1)?)?;
    body.page = u32::try_from(row.int(2)?).unwrap_or(0);
    body.line = u32::try_from(row.int(3)?).unwrap_or(0);
    Ok((number, body))
}

impl BodyRow {
    /// Whether this is the text of `p`, wherever it stands.
    pub(crate) fn says_the_same(&self, p: &Provision) -> Result<bool> {
        let (mut kept, mut read) = (to_value(self)?, to_value(&Self::of(p))?);
        drop_lines(&mut kept);
        drop_lines(&mut read);
        Ok(kept == read)
    }

    /// Whether it stands on the page and lines where `p` has it.
    pub(crate) fn stands_at(&self, p: &Provision) -> Result<bool> {
        Ok(self.page == p.page && self.line == p.line && to_value(self)? == to_value(&Self::of(p))?)
    }

    fn of(p: &Provision) -> Self {
        Self { text: p.text.clone(), items: item_rows(&p.items), page: p.page, line: p.line }
    }

    /// Puts the official text into a Provision of facts. A body that does not read leaves the facts as they are.
    pub(crate) fn join(self, provision: &mut Provision) {
        if let Ok(read) = items(self.items) {
            provision.items = read;
        }
        provision.text = self.text;
        provision.page = self.page;
        provision.line = self.line;
    }
}

pub(crate) fn problems_text(problems: &[Problem]) -> Result<String> {
    let rows: Vec<ProblemRow> = problems
        .iter()
        .map(|p| ProblemRow { line: p.line, code: p.code.clone(), message: p.message.clone() })
        .collect();
    to_json("ingest", &rows)
}

pub(crate) fn problems(id: &str, text: &str) -> Result<Vec<Problem>> {
    let rows: Vec<ProblemRow> = from_json("ingest", id, text)?;
    Ok(rows.into_iter().map(|r| Problem { line: r.line, code: r.code, message: r.message }).collect())
}

/// Depth of each Provision in the tree that `parent` spans; parents come before their children.
pub(crate) fn depths<'a>(provisions: impl Iterator<Item = &'a Provision>) -> Vec<i64> {
    let mut known: HashMap<&str, i64> = HashMap::new();
    provisions
        .map(|p| {
            let depth = p.parent.as_deref().and_then(|parent| known.get(parent)).map_or(0, |depth| depth + 1);
            known.insert(&p.id, depth);
            depth
        })
        .collect()
}
