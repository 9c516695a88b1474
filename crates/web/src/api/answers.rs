//! Assessments and answers.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use sakimori_app::answers::{self, Change, Saved, current_state, field_text};
use sakimori_app::{AppError, Refusal, assessment};
use sakimori_domain::assurance::{Answer, AnswerField, Tally};
use sakimori_store::assessment::SheetRow;
use sakimori_store::carry::{Carried, CarriedSource};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::kept::{Pieces, SheetKey};
use super::{ApiError, Refused, json, json_bytes, json_text};
use crate::forms::PersonJson;
use crate::person::Person;
use crate::state::WebState;

/// An assessment with its counts.
#[derive(Serialize, ToSchema)]
struct AssessmentEntry<'a> {
    id: &'a str,
    title: &'a str,
    /// The year in which the fiscal year begins (April).
    fiscal_year: i64,
    /// `open` or `closed`.
    state: &'a str,
    /// Empty for the first one.
    previous: &'a str,
    /// Short names of the editions.
    editions: &'a [String],
    counts: Counts,
    version: i64,
}

/// Answers by mark.
#[derive(Serialize, ToSchema)]
struct Counts {
    o: u32,
    triangle: u32,
    x: u32,
    na: u32,
    blank: u32,
}

impl From<Tally> for Counts {
    fn from(t: Tally) -> Self {
        Self { o: t.yes, triangle: t.partly, x: t.no, na: t.not_applicable, blank: t.unanswered }
    }
}

/// The assessments of the organisation, newest first.
#[utoipa::path(get, path = "/api/v1/assessments",
    responses((status = 200, body = [AssessmentEntry]), (status = 401, body = Refused), (status = 403, body = Refused)))]
pub async fn assessments(State(state): State<WebState>, person: Person) -> Result<Response, ApiError> {
    let list = assessment::list(&state.app, &person.actor).await.map_err(ApiError::of(&person.actor.language))?;
    let entries: Vec<_> = list
        .iter()
        .map(|s| AssessmentEntry {
            id: &s.assessment.id,
            title: &s.assessment.title,
            fiscal_year: s.assessment.fiscal_year,
            state: &s.assessment.state,
            previous: &s.assessment.previous_id,
            editions: &s.editions,
            counts: s.tally.into(),
            version: s.assessment.version,
        })
        .collect();
    json(&entries, 256 * entries.len() + 16)
}

/// A row of an assessment: the provision, what binds, this answer and the last one.
#[derive(Serialize, ToSchema)]
struct AnswerRow<'a> {
    id: &'a str,
    edition: &'a str,
    /// The document's own number.
    number: &'a str,
    title: &'a str,
    title_en: &'a str,
    question: &'a str,
    question_en: &'a str,
    /// Number of the heading above.
    parent: &'a str,
    binds: bool,
    /// Code of the force, strongest `mandatory`.
    force: &'a str,
    reason: &'a str,
    reason_en: &'a str,
    #[serde(flatten)]
    answer: AnswerFields<'a>,
    department_id: &'a str,
    /// The last assessment's answer to the same provision.
    last: Option<AnswerFields<'a>>,
    /// Number of pieces of evidence.
    evidence: i64,
    version: i64,
    /// UTC, RFC 3339; empty for a row that nobody has touched.
    updated_at: &'a str,
    updated_by: &'a str,
    /// Where the answer came from, if it was carried over from other provisions.
    carried: Option<CarriedFields<'a>>,
    /// The number under which it was answered before a new edition asked again.
    asked_again: Option<&'a str>,
}

/// An answer that was carried over.
#[derive(Serialize, ToSchema)]
struct CarriedFields<'a> {
    /// `carried` or `proposed`.
    how: &'a str,
    confirmed: bool,
    /// An answer that it came from has changed since somebody looked.
    source_changed: bool,
    /// UTC, RFC 3339.
    made_at: &'a str,
    made_by: &'a str,
    sources: Vec<SourceFields<'a>>,
}

/// An answer that another one came from, as it was then.
#[derive(Serialize, ToSchema)]
struct SourceFields<'a> {
    answer: &'a str,
    /// Short name.
    edition: &'a str,
    number: &'a str,
    /// `equal`, `subset-of`, `superset-of` or `intersects`, read from the row that the answer came to.
    relation: &'a str,
    /// `o`, `triangle`, `x` or `na`.
    status: &'a str,
    /// UTC, RFC 3339.
    answered_at: &'a str,
    answered_by: &'a str,
    changed: bool,
}

impl<'a> From<&'a Carried> for CarriedFields<'a> {
    fn from(c: &'a Carried) -> Self {
        let source = |s: &'a CarriedSource| SourceFields {
            answer: &s.answer_id,
            edition: &s.edition,
            number: &s.number,
            relation: s.relation.code(),
            status: s.status.code(),
            answered_at: &s.answered_at,
            answered_by: &s.answered_by,
            changed: s.changed,
        };
        Self {
            how: c.how.code(),
            confirmed: c.confirmed,
            source_changed: c.source_changed(),
            made_at: &c.made_at,
            made_by: &c.made_by,
            sources: c.sources.iter().map(source).collect(),
        }
    }
}

/// What a person fills in.
#[derive(Serialize, ToSchema)]
struct AnswerFields<'a> {
    /// `o`, `triangle`, `x`, `na` or `blank`.
    status: &'a str,
    /// 0 to 5.
    maturity: Option<u8>,
    na_reason: &'a str,
    current: &'a str,
    plan: &'a str,
    /// ISO date.
    due: Option<String>,
    owner: &'a str,
    /// Name of the department.
    department: &'a str,
}

impl<'a> From<&'a Answer> for AnswerFields<'a> {
    fn from(a: &'a Answer) -> Self {
        Self {
            status: a.status.code(),
            maturity: a.maturity.map(|m| m.level()),
            na_reason: &a.na_reason,
            current: &a.current,
            plan: &a.plan,
            due: a.due.map(|due| due.to_string()),
            owner: &a.owner,
            department: &a.department,
        }
    }
}

impl<'a> From<&'a SheetRow> for AnswerRow<'a> {
    fn from(r: &'a SheetRow) -> Self {
        Self {
            id: &r.id,
            edition: &r.edition_id,
            number: &r.number,
            title: &r.title,
            title_en: &r.title_en,
            question: &r.question,
            question_en: &r.question_en,
            parent: &r.parent,
            binds: r.binds,
            force: r.force.code(),
            reason: &r.reason,
            reason_en: &r.reason_en,
            answer: (&r.answer).into(),
            department_id: &r.department_id,
            last: r.last.as_ref().map(Into::into),
            evidence: r.evidence,
            version: r.version,
            updated_at: &r.updated_at,
            updated_by: &r.updated_by,
            carried: r.carried.as_deref().map(Into::into),
            asked_again: r.asked_again.as_deref(),
        }
    }
}

/// The rows of an assessment that the caller may see: all, or those asked of the caller's department.
#[utoipa::path(get, path = "/api/v1/assessments/{id}/answers", params(("id" = String, Path, description = "assessment")),
    responses((status = 200, body = [AnswerRow]), (status = 401, body = Refused), (status = 404, body = Refused)))]
pub async fn assessment_answers(
    State(state): State<WebState>,
    person: Person,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let actor = &person.actor;
    let refused = ApiError::of(&actor.language);
    let key = SheetKey {
        organisation_id: actor.organisation_id.clone(),
        assessment_id: id,
        view: assessment::view(actor).map_err(&refused)?,
    };
    let stamp = assessment::stamp(&state.app, actor).await.map_err(&refused)?;
    if let Some(bytes) = state.sheets.get(&key, stamp) {
        return Ok(json_text(bytes));
    }
    let pieces = match state.sheets.older(&key) {
        Some((kept_at, kept)) => {
            let since = assessment::rows_since(&state.app, actor, &key.assessment_id, (kept_at, stamp)).await;
            match since.map_err(&refused)? {
                Some(rows) => Some(kept.with(&written(&rows)?)),
                None => None,
            }
        }
        None => None,
    };
    let pieces = match pieces {
        Some(pieces) => pieces,
        None => {
            let (_, rows) = assessment::rows(&state.app, actor, &key.assessment_id).await.map_err(&refused)?;
            Pieces::of(&written(&rows)?)
        }
    };
    let bytes = pieces.bytes();
    state.sheets.put(key, stamp, pieces);
    Ok(json_text(bytes))
}

/// Each row as JSON, with its id.
fn written(rows: &[SheetRow]) -> Result<Vec<(&str, Bytes)>, ApiError> {
    rows.iter().map(|row| Ok((row.id.as_str(), json_bytes(&AnswerRow::from(row), 2048)?))).collect()
}

/// Fields to write over a version; what is left out stays as it is. Numbers may come as text, as forms send them.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerPatch {
    /// The version that the writer has seen.
    version: NumberOrText,
    status: Option<String>,
    /// 0 to 5; empty text for none.
    maturity: Option<NumberOrText>,
    na_reason: Option<String>,
    current: Option<String>,
    plan: Option<String>,
    /// ISO date; empty for none.
    due: Option<String>,
    owner: Option<String>,
    /// Id of a department; empty for none.
    department: Option<String>,
}

/// `3` or `"3"`.
#[derive(Deserialize, ToSchema)]
#[serde(untagged)]
enum NumberOrText {
    Number(i64),
    Text(String),
}

impl NumberOrText {
    fn text(&self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text.clone(),
        }
    }
}

impl AnswerPatch {
    fn change(&self) -> Result<Change, AppError> {
        let maturity = self.maturity.as_ref().map(NumberOrText::text);
        let fields = [
            (AnswerField::Status, &self.status),
            (AnswerField::Maturity, &maturity),
            (AnswerField::NaReason, &self.na_reason),
            (AnswerField::Current, &self.current),
            (AnswerField::Plan, &self.plan),
            (AnswerField::Due, &self.due),
            (AnswerField::Owner, &self.owner),
            (AnswerField::Department, &self.department),
        ];
        let mut change = Change::default();
        for (field, text) in fields {
            if let Some(text) = text {
                change.set(field, text)?;
            }
        }
        Ok(change)
    }
}

/// A save that went through.
#[derive(Serialize, ToSchema)]
struct SavedAnswer<'a> {
    version: i64,
    /// UTC, RFC 3339.
    saved_at: &'a str,
}

/// Two people changed the same field: nothing was written.
#[derive(Serialize, ToSchema)]
struct Conflict {
    code: &'static str,
    message: &'static str,
    version: i64,
    /// Every field as it is now, as text.
    #[schema(value_type = Object)]
    current: serde_json::Value,
    /// The fields in which the two differ.
    fields: Vec<&'static str>,
}

/// Saves fields of an answer. A save over an older version merges unless one of its own fields was changed since.
#[utoipa::path(patch, path = "/api/v1/answers/{id}", params(("id" = String, Path, description = "answer")), request_body = AnswerPatch,
    responses((status = 200, body = SavedAnswer), (status = 403, body = Refused), (status = 404, body = Refused),
              (status = 409, body = Conflict), (status = 422, body = Refused)))]
pub async fn patch_answer(
    State(state): State<WebState>,
    Path(id): Path<String>,
    sent: PersonJson<AnswerPatch>,
) -> Result<Response, ApiError> {
    let actor = &sent.person.actor;
    let refused = ApiError::of(&actor.language);
    let change = sent.body.change().map_err(&refused)?;
    let seen = sent.body.version.text().parse().map_err(|_| {
        refused(Refusal::invalid("version", "版の番号がありません。", "version: a number is needed.").into())
    })?;
    let saved = answers::save(&state.app, actor, &id, seen, change).await.map_err(&refused)?;
    match saved {
        Saved::Done { row, saved_at } => json(&SavedAnswer { version: row.version, saved_at: &saved_at }, 96),
        Saved::Conflict { row, fields } => {
            let body = Conflict {
                code: "conflict",
                message: if actor.language == "en" {
                    "Somebody else changed this first."
                } else {
                    "ほかの人が先に変更しました。"
                },
                version: row.version,
                current: current_state(&row),
                fields: fields.into_iter().map(answers::wire_name).collect(),
            };
            Ok((StatusCode::CONFLICT, axum::Json(json!(body))).into_response())
        }
    }
}

/// The last answer as the sheet's script takes it over; only what has been filled in.
pub fn previous_json(last: &Answer, row: &SheetRow) -> String {
    let shown = SheetRow { answer: last.clone(), department_id: String::new(), ..row.clone() };
    let fields: serde_json::Map<String, serde_json::Value> = AnswerField::ALL
        .iter()
        .filter(|field| **field != AnswerField::Department)
        .map(|field| (answers::wire_name(*field).to_owned(), field_text(&shown, *field)))
        .filter(|(_, text)| !text.is_empty())
        .map(|(name, text)| (name, text.into()))
        .collect();
    serde_json::Value::Object(fields).to_string()
}
