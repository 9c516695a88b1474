//! 新旧対照表: two Editions side by side, on the page, as PDF and as a workbook.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use sakimori_app::standards::{self as app, ComparedRow, ComparisonView};
use sakimori_domain::comparison::{Change, Side};
use sakimori_domain::trail_mark::TrailMark;
use sakimori_report::{ChangeKind, Comparison, ComparisonRow, Lang, Piece, PrintHead, changed_pieces};
use sakimori_store::edition::EditionEntry;
use serde::Deserialize;

use super::{edition_path, item_path};
use crate::error::WebError;
use crate::page::{Page, Room, render};
use crate::person::Person;
use crate::report::{XLSX, download, file_name};
use crate::state::WebState;

/// One side of a row as shown.
#[derive(Default)]
struct Shown {
    number: String,
    path: String,
    title: Vec<Piece>,
    text: Vec<Piece>,
}

struct Row {
    change: Change,
    new: Option<Shown>,
    old: Option<Shown>,
}

#[derive(Template)]
#[template(path = "standards/compare.html")]
struct ComparePage {
    p: Page,
    old: EditionEntry,
    new: EditionEntry,
    rows: Vec<Row>,
    /// Kind and number of rows.
    counts: Vec<(Change, usize)>,
    all: bool,
}

impl ComparePage {
    fn word(&self, change: &Change) -> &'static str {
        kind(*change).word(if self.p.english { Lang::En } else { Lang::Ja })
    }

    fn badge(&self, change: &Change) -> &'static str {
        match change {
            Change::Same => "badge--plain",
            Change::Changed => "badge--recommended",
            Change::New => "badge--good",
            Change::Dropped => "badge--late",
            Change::Renumbered => "badge--consider",
        }
    }

    fn here(&self, ending: &str) -> String {
        let new = edition_path(&self.new.id);
        format!("{}/compare/{}{ending}", edition_path(&self.old.id), new.trim_start_matches("/standards/"))
    }

    fn no_texts(&self) -> bool {
        self.old.texts == 0 || self.new.texts == 0
    }
}

const KINDS: [Change; 5] = [Change::New, Change::Changed, Change::Renumbered, Change::Dropped, Change::Same];

fn kind(change: Change) -> ChangeKind {
    match change {
        Change::Same => ChangeKind::Unchanged,
        Change::Changed => ChangeKind::Changed,
        Change::New => ChangeKind::Added,
        Change::Dropped => ChangeKind::Removed,
        Change::Renumbered => ChangeKind::Moved,
    }
}

/// What the page takes from its address.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct CompareQuery {
    all: String,
}

/// GET /standards/{id}/compare/{other}
pub async fn show(
    State(state): State<WebState>,
    person: Person,
    Path((id, other)): Path<(String, String)>,
    Query(query): Query<CompareQuery>,
) -> Result<Response, WebError> {
    let ComparisonView { old, new, rows } = app::compare(&state.app, &person.actor, &id, &other).await?;
    let counts =
        KINDS.iter().map(|change| (*change, rows.iter().filter(|row| row.change == *change).count())).collect();
    let all = !query.all.is_empty();
    let ids = (old.id.clone(), new.id.clone());
    let rows = tokio::task::spawn_blocking(move || {
        rows.iter().filter(|row| all || row.change != Change::Same).map(|row| shown(row, &ids.0, &ids.1)).collect()
    })
    .await
    .map_err(|error| WebError::internal(format!("comparison: {error}")))?;
    render(&ComparePage { p: Page::new(&state, &person, Room::Standards, ""), old, new, rows, counts, all })
}

fn shown(row: &ComparedRow, old_id: &str, new_id: &str) -> Row {
    let plain =
        |text: &str| if text.is_empty() { Vec::new() } else { vec![Piece { text: text.to_owned(), changed: false }] };
    let one = |side: &Side, id: &str| Shown {
        path: item_path(id, &side.number),
        number: side.number.clone(),
        title: plain(&side.title),
        text: plain(&side.text),
    };
    let (mut old, mut new) =
        (row.old.as_ref().map(|side| one(side, old_id)), row.new.as_ref().map(|side| one(side, new_id)));
    if let (Some(before), Some(after), Some(a), Some(b)) = (&row.old, &row.new, &mut old, &mut new)
        && row.change != Change::Same
    {
        (a.title, b.title) = changed_pieces(&before.title, &after.title);
        if !before.text.is_empty() && !after.text.is_empty() {
            (a.text, b.text) = changed_pieces(&before.text, &after.text);
        }
    }
    Row { change: row.change, new, old }
}

/// The comparison as the printed products take it.
async fn printed(state: &WebState, person: &Person, id: &str, other: &str) -> Result<Comparison, WebError> {
    let view = app::compare(&state.app, &person.actor, id, other).await?;
    let organisation = {
        let mut c = state.app.read().await?;
        sakimori_store::registry::organisation_by_id(&mut c, &person.actor.organisation_id).await?
    };
    let english = person.actor.language == "en";
    let name = |e: &EditionEntry| format!("{} {}", e.edition.short, e.edition.label);
    let row = |row: ComparedRow| {
        let kind = kind(row.change);
        let (old, new) = (row.old.unwrap_or_default(), row.new.unwrap_or_default());
        ComparisonRow {
            old_number: old.number,
            old_title: old.title,
            old_text: old.text,
            new_number: new.number,
            new_title: new.title,
            new_text: new.text,
            kind,
            remark: String::new(),
        }
    };
    Ok(Comparison {
        head: PrintHead {
            lang: if english { Lang::En } else { Lang::Ja },
            organisation: person.actor.organisation_name.clone(),
            title: view.new.edition.title.clone(),
            marking: organisation.map_or(String::new(), |organisation| organisation.marking),
            report_date: state.app.today(),
            checkpoint: TrailMark::default(),
        },
        old_edition: name(&view.old),
        new_edition: name(&view.new),
        rows: view.rows.into_iter().map(row).collect(),
    })
}

/// GET /standards/{id}/compare/{other}/table.pdf
pub async fn pdf(
    State(state): State<WebState>,
    person: Person,
    Path((id, other)): Path<(String, String)>,
) -> Result<Response, WebError> {
    let mut comparison = printed(&state, &person, &id, &other).await?;
    let mark = crate::report::printed(&state, &person.actor, ("edition", &id), "pdf").await?;
    comparison.head.checkpoint = mark.clone();
    let bytes = sakimori_app::report::comparison_pdf(&state.app, comparison).await?;
    download(&file_name("新旧対照表", state.app.today(), "pdf"), "application/pdf", bytes, &mark)
}

/// GET /standards/{id}/compare/{other}/table.xlsx
pub async fn xlsx(
    State(state): State<WebState>,
    person: Person,
    Path((id, other)): Path<(String, String)>,
) -> Result<Response, WebError> {
    let mut comparison = printed(&state, &person, &id, &other).await?;
    let mark = crate::report::printed(&state, &person.actor, ("edition", &id), "xlsx").await?;
    comparison.head.checkpoint = mark.clone();
    let bytes = sakimori_app::report::comparison_xlsx(comparison).await?;
    download(&file_name("新旧対照表", state.app.today(), "xlsx"), XLSX, bytes, &mark)
}
