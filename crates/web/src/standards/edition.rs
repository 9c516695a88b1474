//! The list of standards, and one Edition: its tree, tables and readings.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use sakimori_app::standards::{self as app, EditionView};
use sakimori_domain::standards::{AuthorityClass, Disposition, Provision, Record};
use sakimori_store::edition::{EditionEntry, Ingest, ProvisionEntry};
use serde::Deserialize;

use super::words::{English, column_title, table_title};
use super::{edition_path, item_path};
use crate::error::WebError;
use crate::page::{Page, Room, render};
use crate::person::Person;
use crate::report::lists::{self, FormatQuery};
use crate::state::WebState;

/// Most rows of one table of records that the page shows.
const ROWS_MAX: usize = 400;

#[derive(Template)]
#[template(path = "standards/list.html")]
struct ListPage {
    p: Page,
    editions: Vec<EditionEntry>,
}

impl ListPage {
    fn title<'a>(&'a self, e: &'a EditionEntry) -> &'a str {
        title(&self.p, e)
    }
}

/// The title in the page's language.
pub fn title<'a>(p: &'a Page, e: &'a EditionEntry) -> &'a str {
    p.t(&e.edition.title, &e.edition.title_en)
}

/// The authority class in the page's language; empty when the document is of none.
pub fn authority(p: &Page, e: &EditionEntry) -> &'static str {
    let class = AuthorityClass::from_code(&e.edition.authority);
    class.map_or("", |class| if p.english { class.en() } else { class.ja() })
}

/// Whole per cent, for the width of a bar.
pub fn share(part: &i64, whole: &i64) -> i64 {
    if *whole <= 0 { 0 } else { (part * 100 / whole).clamp(0, 100) }
}

/// GET /standards
pub async fn list(
    State(state): State<WebState>,
    person: Person,
    Query(format): Query<FormatQuery>,
) -> Result<Response, WebError> {
    let mut editions = app::list(&state.app, &person.actor).await?;
    editions
        .sort_by(|a, b| (!a.owner.is_empty(), &a.edition.standard).cmp(&(!b.owner.is_empty(), &b.edition.standard)));
    let p = Page::new(&state, &person, Room::Standards, "/standards");
    if format.is_xlsx() {
        return lists::standards(&state, &p, &editions).await;
    }
    render(&ListPage { p, editions })
}

/// A Provision in the tree with what is below it.
struct Node<'a> {
    entry: &'a ProvisionEntry,
    path: String,
    /// Answerable Provisions below it.
    controls: usize,
    children: Vec<Node<'a>>,
}

#[derive(Template)]
#[template(path = "standards/tree.html")]
struct Tree<'a> {
    p: &'a Page,
    nodes: &'a [Node<'a>],
}

impl Tree<'_> {
    fn below(&self, nodes: &[Node<'_>]) -> askama::Result<String> {
        Tree { p: self.p, nodes }.render()
    }
}

/// The tree of an Edition. A Provision whose parent is not there stands at the top, so that none is lost.
fn tree<'a>(edition_id: &str, entries: &'a [ProvisionEntry]) -> Vec<Node<'a>> {
    let known: HashMap<&str, usize> = entries.iter().enumerate().map(|(at, e)| (e.provision.id.as_str(), at)).collect();
    let mut below: HashMap<Option<usize>, Vec<usize>> = HashMap::new();
    for (at, entry) in entries.iter().enumerate() {
        // Parents come before their children; anything else would be a ring and stands at the top instead.
        let parent = entry
            .provision
            .parent
            .as_deref()
            .and_then(|parent| known.get(parent))
            .copied()
            .filter(|parent| *parent < at);
        below.entry(parent).or_default().push(at);
    }
    nodes(edition_id, entries, &below, None)
}

fn nodes<'a>(
    edition_id: &str,
    entries: &'a [ProvisionEntry],
    below: &HashMap<Option<usize>, Vec<usize>>,
    parent: Option<usize>,
) -> Vec<Node<'a>> {
    let of = below.get(&parent).map_or(&[][..], Vec::as_slice);
    of.iter()
        .filter_map(|at| Some((*at, entries.get(*at)?)))
        .map(|(at, entry)| {
            let children = nodes(edition_id, entries, below, Some(at));
            let own = |node: &Node<'_>| node.controls + usize::from(node.entry.provision.is_answerable());
            Node {
                entry,
                path: item_path(edition_id, &entry.provision.id),
                controls: children.iter().map(own).sum(),
                children,
            }
        })
        .collect()
}

/// A table of the document.
struct Table {
    title: String,
    columns: Vec<String>,
    rows: Vec<(u32, Vec<String>)>,
    /// Rows that are not shown.
    more: usize,
}

fn tables(records: &[Record], english: bool) -> Vec<Table> {
    let mut order: Vec<&str> = Vec::new();
    for record in records {
        if !order.contains(&record.table.as_str()) {
            order.push(&record.table);
        }
    }
    order.into_iter().map(|code| table(code, records, english)).collect()
}

fn table(code: &str, records: &[Record], english: bool) -> Table {
    let of: Vec<&Record> = records.iter().filter(|record| record.table == code).collect();
    let mut columns: Vec<&str> = Vec::new();
    for (column, _) in of.iter().flat_map(|record| &record.cells) {
        if !columns.contains(&column.as_str()) {
            columns.push(column);
        }
    }
    let cell = |record: &Record, column: &str| {
        let found = record.cells.iter().find(|(name, _)| name == column);
        found.map_or(String::new(), |(_, text)| text.clone())
    };
    let row = |record: &&Record| (record.line, columns.iter().map(|column| cell(record, column)).collect());
    Table {
        title: table_title(code, english).to_owned(),
        rows: of.iter().take(ROWS_MAX).map(row).collect(),
        more: of.len().saturating_sub(ROWS_MAX),
        columns: columns.iter().map(|column| column_title(column, english).to_owned()).collect(),
    }
}

#[derive(Template)]
#[template(path = "standards/edition.html")]
struct EditionPage {
    p: Page,
    entry: EditionEntry,
    tree: String,
    tables: Vec<Table>,
    /// Items without text although the document is loaded, because it takes another standard's control over.
    taken_over: usize,
    readings: Vec<Ingest>,
    without_place: Vec<Provision>,
    siblings: Vec<EditionEntry>,
    /// A reading has just been stored, or brought nothing new.
    done: &'static str,
}

impl EditionPage {
    fn problem(&self, problem: &sakimori_domain::standards::Problem) -> String {
        super::problems::problem_text(&self.p, problem)
    }

    fn compare_path(&self, other: &EditionEntry) -> String {
        // The newer one is the page's "new" side; without dates the one brought in later.
        let newer = |e: &EditionEntry| (e.edition.valid_from.clone(), e.created_at.clone());
        let (old, new) = if newer(other) <= newer(&self.entry) { (other, &self.entry) } else { (&self.entry, other) };
        format!("{}/compare/{}", edition_path(&old.id), edition_path(&new.id).trim_start_matches("/standards/"))
    }
}

/// What the page takes from its address.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct EditionQuery {
    done: String,
}

/// GET /standards/{id}
pub async fn show(
    State(state): State<WebState>,
    person: Person,
    Path(id): Path<String>,
    Query(query): Query<EditionQuery>,
) -> Result<Response, WebError> {
    let EditionView { entry, provisions, records, readings, without_place, siblings } =
        app::edition(&state.app, &person.actor, &id).await?;
    let p = Page::new(&state, &person, Room::Standards, "");
    let nodes = tree(&entry.id, &provisions);
    let tree =
        Tree { p: &p, nodes: &nodes }.render().map_err(|error| WebError::internal(format!("template: {error}")))?;
    let done = match query.done.as_str() {
        "stored" => "stored",
        "unchanged" => "unchanged",
        _ => "",
    };
    let is_taken_over = |e: &&ProvisionEntry| {
        !e.has_text && e.provision.disposition == Some(Disposition::ReferenceOnly) && entry.texts > 0
    };
    let taken_over = provisions.iter().filter(is_taken_over).count();
    let tables = tables(&records, p.english);
    render(&EditionPage { tables, taken_over, p, entry, tree, readings, without_place, siblings, done })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_a_table_have_all_columns_in_order() {
        let record = |table: &str, cells: &[(&str, &str)]| Record {
            table: table.to_owned(),
            cells: cells.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect(),
            line: 3,
        };
        let found = tables(&[record("t", &[("a", "1")]), record("u", &[]), record("t", &[("b", "2")])], true);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].columns, ["a", "b"]);
        assert_eq!(found[0].rows[1].1, ["", "2"]);
    }
}
