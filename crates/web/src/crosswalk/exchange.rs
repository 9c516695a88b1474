//! The 対照表 out as a workbook or CSV and back in, with every change shown before it is taken.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use sakimori_app::Refusal;
use sakimori_app::crosswalk::{self as app, Direction, ImportedMapping, Reading};
use sakimori_domain::crosswalk::{MappingStatus, Relation};
use sakimori_domain::identity::Permission;
use sakimori_interop::workbook::CellProblem;
use serde::{Deserialize, Serialize};

use super::page_path;
use crate::assurance::told;
use crate::error::WebError;
use crate::forms::{PersonForm, PersonUpload};
use crate::identity::see_other;
use crate::page::{Page, Room, render};
use crate::person::Person;
use crate::report::{XLSX, download, file_name};
use crate::state::WebState;

/// Problems that are listed one by one.
const LISTED: usize = 200;

#[derive(Template)]
#[template(path = "crosswalk/import.html")]
struct ImportPage {
    p: Page,
    id: String,
    own_name: String,
    other_name: String,
    may_edit: bool,
    /// A file was read and this is what it would change.
    review: Option<Review>,
}

struct Review {
    file_name: String,
    changes: Vec<Change>,
    problems: Vec<CellProblem>,
    problems_more: usize,
    unchanged: usize,
}

struct Change {
    place: String,
    own: String,
    other: String,
    now: String,
    now_rationale: String,
    new: String,
    new_rationale: String,
    conflict: bool,
    /// The change itself, as the form sends it back.
    value: String,
}

/// A change as the form carries it: what was shown is what is taken.
#[derive(Serialize, Deserialize)]
struct Carried {
    s: String,
    t: String,
    r: String,
    k: String,
    w: String,
    v: i64,
}

impl Carried {
    fn mapping(self) -> Option<ImportedMapping> {
        Some(ImportedMapping {
            source: self.s,
            target: self.t,
            relation: Relation::from_code(&self.r)?,
            status: MappingStatus::from_code(&self.k)?,
            rationale: self.w,
            seen: Some(self.v),
        })
    }
}

async fn page(state: &WebState, person: &Person, id: String, review: Option<Review>) -> Result<Response, WebError> {
    let view = app::view(&state.app, &person.actor, &id, Direction::Forward).await.map_err(told(person))?;
    let p = Page::new(state, person, Room::Standards, "/crosswalks");
    render(&ImportPage {
        own_name: app::edition_name(&view.own.entry),
        other_name: app::edition_name(&view.other.entry),
        may_edit: p.actor.may(Permission::EditCrosswalk),
        p,
        id,
        review,
    })
}

/// GET /crosswalks/{id}/import
pub async fn form(State(state): State<WebState>, person: Person, Path(id): Path<String>) -> Result<Response, WebError> {
    page(&state, &person, id, None).await
}

/// GET /crosswalks/{id}/workbook.xlsx
pub async fn xlsx(State(state): State<WebState>, person: Person, Path(id): Path<String>) -> Result<Response, WebError> {
    let (bytes, mark) = app::workbook::xlsx(&state.app, &person.actor, &id).await.map_err(told(&person))?;
    download(&file_name("対照表（記入用）", state.app.today(), "xlsx"), XLSX, bytes, &mark)
}

/// GET /crosswalks/{id}/mappings.csv
pub async fn csv(State(state): State<WebState>, person: Person, Path(id): Path<String>) -> Result<Response, WebError> {
    let name = file_name("対応", state.app.today(), "csv");
    let (bytes, mark) = app::workbook::csv(&state.app, &person.actor, &id, &name).await.map_err(told(&person))?;
    download(&name, "text/csv; charset=utf-8", bytes, &mark)
}

/// GET /crosswalks/{id}/mapping.json: as an OSCAL mapping collection.
pub async fn oscal(
    State(state): State<WebState>,
    person: Person,
    Path(id): Path<String>,
) -> Result<Response, WebError> {
    let (text, mark) =
        sakimori_app::oscal::mapping_document(&state.app, &person.actor, &id).await.map_err(told(&person))?;
    download(&file_name("対応（OSCAL）", state.app.today(), "json"), "application/json", text.into_bytes(), &mark)
}

/// POST /crosswalks/{id}/import: reads the file and shows what it would change.
pub async fn upload(
    State(state): State<WebState>,
    Path(id): Path<String>,
    form: PersonUpload,
) -> Result<Response, WebError> {
    let PersonUpload { person, files, .. } = form;
    let file = files.get("file").ok_or_else(|| {
        WebError::from(
            Refusal::invalid("no-file", "ファイルが選ばれていません。", "No file was chosen.")
                .next("ブック（.xlsx）か CSV を選んでください。", "Choose a workbook (.xlsx) or CSV file."),
        )
        .in_language(&person.actor.language)
    })?;
    let read =
        app::workbook::preview(&state.app, &person.actor, &id, &file.name, &file.bytes).await.map_err(told(&person))?;
    let english = person.actor.language == "en";
    let changes = read
        .preview
        .changes
        .iter()
        .filter_map(|change| {
            let row = read.rows.get(change.index)?;
            let version = change.now.as_ref().map_or(0, |r| r.mapping.version);
            Some(Change {
                place: format!("{}!{}", row.sheet, row.cells.first().map_or("", String::as_str)),
                own: change.new.source.clone(),
                other: change.new.target.clone(),
                now: change.now.as_ref().map_or(String::new(), |r| standing(r, english)),
                now_rationale: change.now.as_ref().map_or(String::new(), |r| r.mapping.rationale.clone()),
                new: said(change.new.status, change.new.relation, english),
                new_rationale: change.new.rationale.clone(),
                conflict: change.conflict,
                value: carried(&change.new, version)?,
            })
        })
        .collect();
    let review = Review {
        file_name: file.name.clone(),
        changes,
        problems_more: read.problems.len().saturating_sub(LISTED),
        problems: read.problems.into_iter().take(LISTED).collect(),
        unchanged: read.preview.unchanged,
    };
    page(&state, &person, id, Some(review)).await
}

fn carried(new: &ImportedMapping, version: i64) -> Option<String> {
    serde_json::to_string(&Carried {
        s: new.source.clone(),
        t: new.target.clone(),
        r: new.relation.code().to_owned(),
        k: new.status.code().to_owned(),
        w: new.rationale.clone(),
        v: version,
    })
    .ok()
}

fn standing(reading: &Reading, english: bool) -> String {
    said(reading.mapping.status, reading.relation, english)
}

fn said(status: MappingStatus, relation: Relation, english: bool) -> String {
    match status {
        MappingStatus::Confirmed if english => format!("{} {}", relation.sign(), relation.en()),
        MappingStatus::Confirmed => format!("{} {}", relation.sign(), relation.ja()),
        MappingStatus::Rejected => if english { "rejected" } else { "却下" }.to_owned(),
        MappingStatus::Suggested => if english { "not judged" } else { "未判定にする" }.to_owned(),
    }
}

/// POST /crosswalks/{id}/import/apply
pub async fn apply(
    State(state): State<WebState>,
    Path(id): Path<String>,
    form: PersonForm,
) -> Result<Response, WebError> {
    let PersonForm { person, fields } = form;
    let view = app::view(&state.app, &person.actor, &id, Direction::Forward).await.map_err(told(&person))?;
    let mut mappings = Vec::new();
    for text in fields.all("take") {
        let mapping = serde_json::from_str::<Carried>(&text).ok().and_then(Carried::mapping).ok_or_else(|| {
            WebError::from(
                Refusal::invalid("crosswalk-import", "送られた内容を読み取れません。", "What was sent cannot be read.")
                    .next("ブックを選び直してください。", "Choose the workbook again."),
            )
        })?;
        mappings.push(mapping);
    }
    let (source, target) = (&view.crosswalk.source_edition, &view.crosswalk.target_edition);
    app::import_mappings(&state.app, &person.actor, source, target, mappings).await.map_err(told(&person))?;
    see_other(&page_path(&id, "coverage", Direction::Forward, &[]), None)
}
