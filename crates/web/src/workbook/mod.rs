//! Answers as a workbook: sending one out, taking one in.

mod mapping;
mod review;
pub mod saved;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use sakimori_app::Refusal;
use sakimori_app::workbook::import::{self, Stage};
use sakimori_app::workbook::{self as app, Export, Part, Scope};
use sakimori_interop::workbook::TextEncoding;
use serde::Deserialize;

use crate::assurance::told;
use crate::error::WebError;
use crate::forms::{PersonForm, PersonUpload};
use crate::identity::see_other;
use crate::page::{Page, Room, render};
use crate::person::Person;
use crate::report::{XLSX, download};
use crate::state::WebState;

pub use mapping::choose_mapping;
pub use review::apply;

/// Where the rows of a part are, for links.
struct Place {
    /// `/assessments/{id}` or `/requests/{id}`.
    base: String,
    title: String,
    /// `/assessments` or `/requests`.
    list: &'static str,
    list_ja: &'static str,
    list_en: &'static str,
}

impl Place {
    fn of(part: &Part) -> Self {
        match &part.request {
            Some(asked) => Self {
                base: format!("/requests/{}", asked.id),
                title: format!("{}（{}）", asked.assessment_title, asked.department_name),
                list: "/requests",
                list_ja: "回答依頼",
                list_en: "Requests",
            },
            None => Self {
                base: format!("/assessments/{}", part.assessment.id),
                title: part.assessment.title.clone(),
                list: "/assessments",
                list_ja: "自己点検",
                list_en: "Self-assessment",
            },
        }
    }
}

fn page(state: &WebState, person: &Person, part: &Part) -> (Page, Place) {
    let place = Place::of(part);
    let mut p = Page::new(state, person, Room::Assurance, place.list);
    p.marking.clone_from(&part.organisation.marking);
    (p, place)
}

fn sent(export: Export, media_type: &'static str) -> Result<Response, WebError> {
    download(&export.name, media_type, export.bytes, &export.checkpoint)
}

/// GET /assessments/{id}/workbook.xlsx
pub async fn assessment_xlsx(
    State(state): State<WebState>,
    person: Person,
    Path(id): Path<String>,
) -> Result<Response, WebError> {
    let scope = Scope::Assessment(id);
    let export = app::export_xlsx(&state.app, &person.actor, &scope).await.map_err(told(&person))?;
    sent(export, XLSX)
}

/// GET /requests/{id}/workbook.xlsx
pub async fn request_xlsx(
    State(state): State<WebState>,
    person: Person,
    Path(id): Path<String>,
) -> Result<Response, WebError> {
    let scope = Scope::Request(id);
    let export = app::export_xlsx(&state.app, &person.actor, &scope).await.map_err(told(&person))?;
    sent(export, XLSX)
}

/// What a CSV file is to be written in: `utf-8` (with a mark, as Excel likes it) or `shift_jis`.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct CsvQuery {
    encoding: String,
}

async fn csv(state: &WebState, person: &Person, scope: &Scope, query: &CsvQuery) -> Result<Response, WebError> {
    let (encoding, media_type) = match query.encoding.as_str() {
        "shift_jis" => (TextEncoding::ShiftJis, "text/csv; charset=Shift_JIS"),
        _ => (TextEncoding::Utf8, "text/csv; charset=utf-8"),
    };
    let export = app::export_csv(&state.app, &person.actor, scope, encoding).await.map_err(told(person))?;
    sent(export, media_type)
}

/// GET /assessments/{id}/workbook.csv
pub async fn assessment_csv(
    State(state): State<WebState>,
    person: Person,
    Path(id): Path<String>,
    Query(query): Query<CsvQuery>,
) -> Result<Response, WebError> {
    csv(&state, &person, &Scope::Assessment(id), &query).await
}

/// GET /requests/{id}/workbook.csv
pub async fn request_csv(
    State(state): State<WebState>,
    person: Person,
    Path(id): Path<String>,
    Query(query): Query<CsvQuery>,
) -> Result<Response, WebError> {
    csv(&state, &person, &Scope::Request(id), &query).await
}

/// What was taken over just before, if anything.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct DoneQuery {
    cells: Option<usize>,
    rows: Option<usize>,
}

#[derive(Template)]
#[template(path = "workbook/upload.html")]
struct UploadPage {
    p: Page,
    place: Place,
    rows: usize,
    may_import: bool,
    refusal: Option<Refusal>,
    done: Option<(usize, usize)>,
}

async fn upload_page(
    state: &WebState,
    person: &Person,
    scope: &Scope,
    done: Option<(usize, usize)>,
    refusal: Option<Refusal>,
) -> Result<Response, WebError> {
    let part = app::part(&state.app, &person.actor, scope).await.map_err(told(person))?;
    let (p, place) = page(state, person, &part);
    let status = if refusal.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let html = render(&UploadPage { p, place, rows: part.rows.len(), may_import: part.may_import, refusal, done })?;
    Ok((status, html).into_response())
}

/// GET /assessments/{id}/import
pub async fn assessment_import(
    State(state): State<WebState>,
    person: Person,
    Path(id): Path<String>,
    Query(done): Query<DoneQuery>,
) -> Result<Response, WebError> {
    upload_page(&state, &person, &Scope::Assessment(id), done.cells.zip(done.rows), None).await
}

/// GET /requests/{id}/import
pub async fn request_import(
    State(state): State<WebState>,
    person: Person,
    Path(id): Path<String>,
    Query(done): Query<DoneQuery>,
) -> Result<Response, WebError> {
    upload_page(&state, &person, &Scope::Request(id), done.cells.zip(done.rows), None).await
}

async fn upload(state: &WebState, sent: PersonUpload, scope: &Scope) -> Result<Response, WebError> {
    let person = &sent.person;
    let read = match sent.files.get("file") {
        Some(file) => import::upload(&state.app, &person.actor, scope, &file.name, &file.bytes).await,
        None => Err(Refusal::invalid("no-file", "ファイルが選ばれていません。", "No file was chosen.")
            .next("取り込むブックを選んでください。", "Choose the workbook to import.")
            .into()),
    };
    match read {
        Ok(id) => see_other(&format!("/imports/{id}"), None),
        Err(error) => match error.refusal() {
            // What is wrong with the file is said beside the field; what is wrong with the person's rights is not.
            Some(refusal)
                if matches!(refusal.kind, sakimori_app::RefusalKind::Invalid | sakimori_app::RefusalKind::Limit) =>
            {
                let refusal = refusal.clone();
                upload_page(state, person, scope, None, Some(refusal)).await
            }
            _ => Err(told(person)(error)),
        },
    }
}

/// POST /assessments/{id}/import
pub async fn upload_assessment(
    State(state): State<WebState>,
    Path(id): Path<String>,
    sent: PersonUpload,
) -> Result<Response, WebError> {
    upload(&state, sent, &Scope::Assessment(id)).await
}

/// POST /requests/{id}/import
pub async fn upload_request(
    State(state): State<WebState>,
    Path(id): Path<String>,
    sent: PersonUpload,
) -> Result<Response, WebError> {
    upload(&state, sent, &Scope::Request(id)).await
}

/// Which saved mapping to start from.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct ImportQuery {
    mapping: String,
}

/// GET /imports/{id}: the columns to be explained, or the changes to be confirmed.
pub async fn show(
    State(state): State<WebState>,
    person: Person,
    Path(id): Path<String>,
    Query(query): Query<ImportQuery>,
) -> Result<Response, WebError> {
    let found = import::look(&state.app, &person.actor, &id).await.map_err(told(&person))?;
    match found.stage {
        Stage::Ended => see_other(&format!("{}/import", Place::of(&found.part).base), None),
        Stage::Mapping(layout) => {
            mapping::show(&state, &person, &found.part, &found.id, &found.file_name, &layout, &query.mapping)
        }
        Stage::Review(review) => {
            review::show(&state, &person, &found.part, (&found.id, &found.file_name), &review, None, None)
        }
    }
}

/// POST /imports/{id}/drop
pub async fn drop_import(
    State(state): State<WebState>,
    Path(id): Path<String>,
    form: PersonForm,
) -> Result<Response, WebError> {
    let base = match import::give_up(&state.app, &form.person.actor, &id).await.map_err(told(&form.person))? {
        Scope::Assessment(id) => format!("/assessments/{id}"),
        Scope::Request(id) => format!("/requests/{id}"),
    };
    see_other(&format!("{base}/import"), None)
}

/// POST /imports/{id}/columns: the columns are to be explained anew.
pub async fn explain_again(
    State(state): State<WebState>,
    Path(id): Path<String>,
    form: PersonForm,
) -> Result<Response, WebError> {
    import::explain_again(&state.app, &form.person.actor, &id).await.map_err(told(&form.person))?;
    see_other(&format!("/imports/{id}"), None)
}
