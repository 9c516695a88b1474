//! The differences, cell by cell.

use std::collections::{HashMap, HashSet};

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use sakimori_app::Refusal;
use sakimori_app::workbook::Part;
use sakimori_app::workbook::import::{self, Review, Stage, Tick};
use sakimori_domain::assurance::{AnswerField, Maturity};
use sakimori_interop::workbook::{CellChange, CellProblem, Severity};
use sakimori_store::assessment::SheetRow;

use super::{Place, page};
use crate::assurance::told;
use crate::error::WebError;
use crate::forms::PersonForm;
use crate::identity::see_other;
use crate::page::{Page, render};
use crate::person::Person;
use crate::state::WebState;

/// Problems and rows that are listed one by one; beyond it their number is said.
const LISTED: usize = 200;

/// One cell of the table.
struct ChangeRow {
    tick: String,
    cell: CellChange,
    title: String,
    now: String,
    new: String,
    ticked: bool,
}

#[derive(Template)]
#[template(path = "workbook/review.html")]
struct ReviewPage {
    p: Page,
    place: Place,
    id: String,
    file_name: String,
    refusal: Option<Refusal>,
    errors: Vec<CellProblem>,
    notices: Vec<CellProblem>,
    /// How many more of each there are than are listed.
    errors_more: usize,
    notices_more: usize,
    changes: Vec<ChangeRow>,
    conflicts: usize,
    blocked: usize,
    rows: usize,
    unchanged: usize,
    missing: Vec<String>,
    missing_all: usize,
    unknown: Vec<String>,
    unknown_all: usize,
    mapped: bool,
}

/// A value as people read it.
fn shown(field: AnswerField, text: &str, p: &Page) -> String {
    match (field, text) {
        (AnswerField::Status, "") => p.t("未回答", "not answered").to_owned(),
        (AnswerField::Maturity, level) => match level.parse().ok().and_then(Maturity::new) {
            Some(level) => format!("{} {}", level.level(), p.t(level.ja(), level.en())),
            None => String::new(),
        },
        (AnswerField::Due, day) => p.date(day),
        (_, text) => text.to_owned(),
    }
}

fn listed(problems: Vec<&CellProblem>) -> (Vec<CellProblem>, usize) {
    let more = problems.len().saturating_sub(LISTED);
    (problems.into_iter().take(LISTED).cloned().collect(), more)
}

/// The page; `ticks` are those that a person had sent when the page is shown again.
pub fn show(
    state: &WebState,
    person: &Person,
    part: &Part,
    (id, file_name): (&str, &str),
    review: &Review,
    refusal: Option<Refusal>,
    ticks: Option<&HashSet<(String, AnswerField)>>,
) -> Result<Response, WebError> {
    let (p, place) = page(state, person, part);
    let by_key: HashMap<&str, &SheetRow> = part.rows.iter().map(|row| (row.id.as_str(), row)).collect();
    let title = |key: &str| by_key.get(key).map_or("", |row| p.t(&row.title, &row.title_en)).to_owned();
    let number = |key: &String| {
        by_key.get(key.as_str()).map_or_else(|| key.clone(), |row| format!("{} {}", row.number, title(key)))
    };
    let rows: HashSet<&str> = review.changes.iter().map(|change| change.row_id.as_str()).collect();
    let changes = review.changes.iter().map(|cell| ChangeRow {
        tick: Tick::of(cell).print(),
        title: title(&cell.row_id),
        now: shown(cell.field, &cell.now, &p),
        new: shown(cell.field, &cell.new, &p),
        ticked: match ticks {
            Some(ticks) => ticks.contains(&(cell.row_id.clone(), cell.field)) && !cell.conflict,
            None => !cell.conflict,
        } && !cell.blocked,
        cell: cell.clone(),
    });
    let of = |severity| review.problems.iter().filter(|problem| problem.severity == severity).collect();
    let ((errors, errors_more), (notices, notices_more)) = (listed(of(Severity::Error)), listed(of(Severity::Notice)));
    let status = refusal.as_ref().map_or(StatusCode::OK, |refusal| crate::error::status(refusal.kind));
    let html = render(&ReviewPage {
        id: id.to_owned(),
        file_name: file_name.to_owned(),
        refusal,
        errors,
        notices,
        errors_more,
        notices_more,
        conflicts: review.changes.iter().filter(|change| change.conflict).count(),
        blocked: review.changes.iter().filter(|change| change.blocked).count(),
        rows: rows.len(),
        changes: changes.collect(),
        unchanged: review.unchanged,
        missing: review.missing.iter().take(LISTED).map(number).collect(),
        missing_all: review.missing.len(),
        unknown: review.unknown.iter().take(LISTED).cloned().collect(),
        unknown_all: review.unknown.len(),
        mapped: review.mapped,
        place,
        p,
    })?;
    Ok((status, html).into_response())
}

/// POST /imports/{id}/apply
pub async fn apply(
    State(state): State<WebState>,
    Path(id): Path<String>,
    form: PersonForm,
) -> Result<Response, WebError> {
    let person = &form.person;
    let sent = form.fields.all("take");
    let ticks: Vec<Tick> = sent.iter().filter_map(|text| Tick::parse(text)).collect();
    if ticks.len() != sent.len() {
        return Err(Refusal::invalid("tick", "送信された内容が読み取れません。", "What was sent cannot be read.")
            .next("ページを開き直して、もう一度操作してください。", "Open the page again and repeat.")
            .into());
    }
    // Asked before, since an import that has ended no longer says where it belonged.
    let before = import::look(&state.app, &person.actor, &id).await.map_err(told(person))?;
    let base = Place::of(&before.part).base;
    let error = match import::apply(&state.app, &person.actor, &id, &ticks).await {
        Ok(applied) => return see_other(&format!("{base}/import?cells={}&rows={}", applied.cells, applied.rows), None),
        Err(error) => error,
    };
    let Some(refusal) = error.refusal().cloned() else { return Err(told(person)(error)) };
    // Shown again against the answers of this moment, with the ticks as they were.
    let now = import::look(&state.app, &person.actor, &id).await.map_err(told(person))?;
    let Stage::Review(review) = now.stage else { return Err(told(person)(error)) };
    let ticked: HashSet<(String, AnswerField)> = ticks.into_iter().map(|tick| (tick.key, tick.field)).collect();
    show(&state, person, &now.part, (&now.id, &now.file_name), &review, Some(refusal), Some(&ticked))
}
