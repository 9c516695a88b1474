//! Saved column mappings: a list with a name to change and a button to delete.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use sakimori_app::workbook::mappings::{self as app, Saved};
use sakimori_app::{AppError, Refusal, RefusalKind};
use sakimori_domain::assurance::AnswerField;
use sakimori_interop::workbook::ColumnMapping;
use sakimori_interop::workbook::value::cell_name;

use crate::assurance::told;
use crate::error::WebError;
use crate::forms::PersonForm;
use crate::identity::see_other;
use crate::page::{Page, Room, render};
use crate::person::Person;
use crate::state::WebState;

/// A column of a mapping: which of our fields, and what stands over the column.
struct Column {
    field: &'static str,
    letter: String,
    header: String,
}

struct Row {
    saved: Saved,
    sheet: String,
    columns: Vec<Column>,
    /// Their words and ours.
    words: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "workbook/mappings.html")]
struct MappingsPage {
    p: Page,
    rows: Vec<Row>,
    refusal: Option<Refusal>,
}

fn columns(mapping: &ColumnMapping, p: &Page) -> Vec<Column> {
    let column = |field: &'static str, col: u32| Column {
        field,
        letter: cell_name(0, col).trim_end_matches('1').to_owned(),
        header: mapping.headers.get(&col).cloned().unwrap_or_default(),
    };
    let numbers = mapping.number_columns.iter().map(|col| (p.t("番号", "Number"), *col));
    let title = mapping.title_column.iter().map(|col| (p.t("項目名", "Title"), *col));
    let fields = AnswerField::ALL
        .iter()
        .filter_map(|field| Some((p.t(field.ja(), field.en()), *mapping.fields.get(field.code())?)));
    numbers.chain(title).chain(fields).map(|(field, col)| column(field, col)).collect()
}

async fn page(state: &WebState, person: &Person, refusal: Option<Refusal>) -> Result<Response, WebError> {
    let p = Page::new(state, person, Room::Assurance, "/assessments");
    let list = app::list(&state.app, &person.actor).await.map_err(told(person))?;
    let row = |saved: Saved| {
        let mapping = saved.mapping.as_ref();
        Row {
            sheet: mapping.map_or(String::new(), |mapping| mapping.sheet.clone()),
            columns: mapping.map_or(Vec::new(), |mapping| columns(mapping, &p)),
            words: mapping
                .and_then(|mapping| mapping.translations.get(AnswerField::Status.code()))
                .map_or(Vec::new(), |words| words.iter().map(|(a, b)| (a.clone(), b.clone())).collect()),
            saved,
        }
    };
    let rows = list.into_iter().map(row).collect();
    let status = if refusal.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok((status, render(&MappingsPage { rows, refusal, p })?).into_response())
}

/// GET /column-mappings
pub async fn list(State(state): State<WebState>, person: Person) -> Result<Response, WebError> {
    page(&state, &person, None).await
}

async fn done(state: &WebState, person: &Person, outcome: Result<(), AppError>) -> Result<Response, WebError> {
    match outcome {
        Ok(()) => see_other("/column-mappings", None),
        Err(error) => match error.refusal().cloned() {
            Some(refusal) if refusal.kind == RefusalKind::Invalid => page(state, person, Some(refusal)).await,
            _ => Err(told(person)(error)),
        },
    }
}

/// POST /column-mappings/{id}/rename
pub async fn rename(
    State(state): State<WebState>,
    Path(id): Path<String>,
    form: PersonForm,
) -> Result<Response, WebError> {
    let version = form.fields.get("version").parse().unwrap_or(0);
    let outcome = app::rename(&state.app, &form.person.actor, &id, version, form.fields.get("name")).await;
    done(&state, &form.person, outcome).await
}

/// POST /column-mappings/{id}/delete
pub async fn delete(
    State(state): State<WebState>,
    Path(id): Path<String>,
    form: PersonForm,
) -> Result<Response, WebError> {
    let version = form.fields.get("version").parse().unwrap_or(0);
    let outcome = app::delete(&state.app, &form.person.actor, &id, version).await;
    done(&state, &form.person, outcome).await
}
