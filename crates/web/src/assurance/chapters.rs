//! Saving without scripts: a form of many rows, and the same change of selected rows.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use sakimori_app::answers::{self, Change, Saved, field_text, wire_name};
use sakimori_app::{AppError, Refusal, RefusalKind};
use sakimori_domain::assurance::AnswerField;
use sakimori_domain::identity::Permission;
use sakimori_store::assessment::SheetRow;

use super::told;
use crate::error::WebError;
use crate::forms::{Fields, PersonForm};
use crate::identity::{local_path, see_other};
use crate::page::{Page, Room, render};
use crate::state::WebState;

/// The words of one field that were not saved, beside what is there.
struct Difference {
    label: &'static str,
    label_en: &'static str,
    name: &'static str,
    mine: String,
    theirs: String,
}

/// A row that was not saved.
struct Unsaved {
    id: String,
    number: String,
    title: String,
    /// Version to save over, now that the other state has been seen.
    version: i64,
    reason: Option<Refusal>,
    fields: Vec<Difference>,
}

#[derive(Template)]
#[template(path = "assurance/unsaved.html")]
struct UnsavedPage {
    p: Page,
    back: String,
    saved: usize,
    rows: Vec<Unsaved>,
}

/// POST /answers: every row whose `version.<id>` was sent. Rows are saved one by one; what could not be saved comes back
/// with the words that were sent.
pub async fn save(State(state): State<WebState>, form: PersonForm) -> Result<Response, WebError> {
    let actor = &form.person.actor;
    let by_row = by_row(&form.fields);
    if by_row.len() > answers::BULK_MAX {
        return Err(told(&form.person)(
            Refusal::invalid("selection", "一度に保存できる行数を超えています。", "Too many rows at once.").into(),
        ));
    }
    let (mut saved, mut rows) = (0, Vec::new());
    for (id, (version, fields)) in by_row {
        let outcome = match change(&fields) {
            Ok(change) => answers::save(&state.app, actor, id, version, change).await,
            Err(error) => Err(error),
        };
        match outcome {
            Ok(Saved::Done { .. }) => saved += 1,
            Ok(Saved::Conflict { row, fields: conflicting }) => {
                rows.push(unsaved(&row, &fields, None, |f| conflicting.contains(&f)))
            }
            Err(AppError::Refused(refusal)) if refusal.kind == RefusalKind::Invalid => {
                let detail = answers::detail(&state.app, actor, id).await.map_err(told(&form.person))?;
                rows.push(unsaved(&detail.row, &fields, Some(*refusal), |_| true));
            }
            Err(error) => return Err(told(&form.person)(error)),
        }
    }
    let back = local_path(form.fields.get("back"));
    if rows.is_empty() {
        return see_other(&back, None);
    }
    let page = UnsavedPage { p: Page::new(&state, &form.person, Room::Assurance, "/assessments"), back, saved, rows };
    Ok((StatusCode::CONFLICT, render(&page)?).into_response())
}

type RowFields<'a> = Vec<(AnswerField, &'a str)>;

/// `status.<id>` and the like, grouped by row.
fn by_row(fields: &Fields) -> BTreeMap<&str, (i64, RowFields<'_>)> {
    let mut out: BTreeMap<&str, (i64, RowFields<'_>)> = BTreeMap::new();
    for (name, value) in fields.iter() {
        let Some((field, id)) = name.split_once('.') else { continue };
        if field == "version" {
            out.entry(id).or_default().0 = value.parse().unwrap_or(0);
        } else if let Some(field) = AnswerField::ALL.iter().find(|f| wire_name(**f) == field) {
            out.entry(id).or_default().1.push((*field, value));
        }
    }
    out
}

fn change(fields: &RowFields<'_>) -> Result<Change, AppError> {
    let mut change = Change::default();
    for (field, text) in fields {
        change.set(*field, text)?;
    }
    Ok(change)
}

fn unsaved(
    row: &SheetRow,
    fields: &RowFields<'_>,
    reason: Option<Refusal>,
    shows: impl Fn(AnswerField) -> bool,
) -> Unsaved {
    Unsaved {
        id: row.id.clone(),
        number: row.number.clone(),
        title: row.title.clone(),
        version: row.version,
        reason,
        fields: fields
            .iter()
            .map(|(field, mine)| (*field, (*mine).to_owned(), field_text(row, *field)))
            .filter(|(field, mine, theirs)| shows(*field) && mine != theirs)
            .map(|(field, mine, theirs)| Difference {
                label: field.ja(),
                label_en: field.en(),
                name: wire_name(field),
                mine,
                theirs,
            })
            .collect(),
    }
}

/// POST /assessments/{id}/bulk
pub async fn bulk(
    State(state): State<WebState>,
    Path(id): Path<String>,
    form: PersonForm,
) -> Result<Response, WebError> {
    let told = told(&form.person);
    form.person.actor.require(Permission::ManageAssessments).map_err(&told)?;
    let mut change = Change::default();
    for field in
        [AnswerField::Status, AnswerField::NaReason, AnswerField::Due, AnswerField::Owner, AnswerField::Department]
    {
        let text = form.fields.get(wire_name(field));
        if !text.is_empty() {
            // "-" takes a row away from every department; an empty choice leaves it where it is.
            let text = if field == AnswerField::Department && text == "-" { "" } else { text };
            change.set(field, text).map_err(&told)?;
        }
    }
    answers::save_many(&state.app, &form.person.actor, &id, &form.fields.all("row"), &change).await.map_err(&told)?;
    see_other(&local_path(form.fields.get("back")), None)
}
