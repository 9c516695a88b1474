//! 答えは一度: the plan of what follows from answers given elsewhere, its application, and the review of carried answers.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use sakimori_app::carry::{self as app, Decision, Entry, Plan, PlanRow, Take};
use sakimori_app::{AppError, Refusal, RefusalKind, assessment};
use sakimori_domain::assurance::carry::{How, Why};
use sakimori_domain::identity::Permission;
use sakimori_store::assessment::Assessment;
use serde::Deserialize;

use super::view::Chip;
use super::{query_string, told};
use crate::error::WebError;
use crate::forms::PersonForm;
use crate::identity::{local_path, see_other};
use crate::page::{Page, Room, render};
use crate::person::Person;
use crate::state::WebState;

/// What the page takes from its address.
#[derive(Deserialize, Default, Clone)]
#[serde(default)]
pub struct CarryQuery {
    /// Id of the Assessment that the answers come from.
    from: String,
    /// Code of one of [`SHOWS`].
    show: String,
    /// Rows just carried over, or brought back.
    done: String,
    undone: String,
}

const SHOWS: [(&str, &str, &str); 6] = [
    ("", "変わる行", "would change"),
    ("carried", "引継ぎ", "carried over"),
    ("proposed", "提案", "proposed"),
    ("conflict", "食い違い", "in conflict"),
    ("answered", "回答あり", "answered already"),
    ("same", "同じ回答", "same already"),
];

fn shows(row: &PlanRow, show: &str) -> bool {
    match show {
        "carried" => !row.same && row.outcome.how == How::Carried,
        "proposed" => !row.same && row.outcome.how == How::Proposed,
        "conflict" => !row.same && row.outcome.conflict,
        "answered" => !row.same && !app::is_empty(&row.row),
        "same" => row.same,
        _ => !row.same,
    }
}

/// A source to choose.
struct Choice {
    id: String,
    title: String,
    chosen: bool,
}

/// One line of the plan.
struct Line {
    row: PlanRow,
    /// Name of the Edition of the row.
    edition: String,
    answered: bool,
    /// Each reason once.
    why: Vec<Why>,
    tick: String,
}

#[derive(Template)]
#[template(path = "assurance/carry.html")]
struct CarryPage {
    p: Page,
    assessment: Assessment,
    refusal: Option<Refusal>,
    choices: Vec<Choice>,
    from: String,
    chips: Vec<Chip>,
    lines: Vec<Line>,
    /// Counts of rows: carried, proposed, in conflict, without anything that follows.
    figures: [usize; 4],
    mappings: usize,
    entries: Vec<Entry>,
    may_apply: bool,
    done: Option<u32>,
    undone: Option<u32>,
}

/// GET /assessments/{id}/carry
pub async fn show(
    State(state): State<WebState>,
    person: Person,
    Path(id): Path<String>,
    Query(query): Query<CarryQuery>,
) -> Result<Response, WebError> {
    render(&page(&state, &person, &id, &query, None).await?)
}

async fn page(
    state: &WebState,
    person: &Person,
    id: &str,
    query: &CarryQuery,
    refusal: Option<Refusal>,
) -> Result<CarryPage, WebError> {
    let told = told(person);
    let actor = &person.actor;
    let p = Page::printed(state, person, Room::Assurance, "/assessments").await?;
    let all = assessment::list(&state.app, actor).await.map_err(&told)?;
    let own = all.iter().find(|s| s.assessment.id == id).ok_or_else(Refusal::not_found).map_err(WebError::from)?;
    let from = match query.from.as_str() {
        // Standards beside each other in one Assessment are the likeliest source; else the newest other Assessment.
        "" if own.editions.len() > 1 => id.to_owned(),
        "" => all.iter().find(|s| s.assessment.id != id).map_or_else(|| id.to_owned(), |s| s.assessment.id.clone()),
        chosen => chosen.to_owned(),
    };
    let plan = app::plan(&state.app, actor, id, &from).await.map_err(&told)?;
    let names = {
        let rows: Vec<_> = plan.rows.iter().map(|line| line.row.clone()).collect();
        assessment::edition_names(&state.app, actor, &rows).await.map_err(&told)?
    };
    let choices = all
        .iter()
        .map(|s| Choice {
            id: s.assessment.id.clone(),
            title: match (s.assessment.id == id, p.english) {
                (true, false) => "この点検の中の別の基準".to_owned(),
                (true, true) => "other standards of this assessment".to_owned(),
                (false, _) => format!("{}（{}）", s.assessment.title, s.editions.join("、")),
            },
            chosen: s.assessment.id == from,
        })
        .collect();
    let entries = app::applications(&state.app, actor, id).await.map_err(&told)?;
    let count = |show| plan.rows.iter().filter(|row| shows(row, show)).count();
    let figures = [count("carried"), count("proposed"), count("conflict"), plan.all - plan.rows.len()];
    let chips = chips(id, &from, &query.show, &plan, p.english);
    let may_apply = plan.assessment.state == "open" && actor.may(Permission::AnswerAll);
    let line = |row: PlanRow| Line {
        edition: names.get(&row.row.edition_id).cloned().unwrap_or_default(),
        answered: !app::is_empty(&row.row),
        why: once(&row.outcome.why),
        tick: format!("{}|{}", row.row.id, row.seen()),
        row,
    };
    Ok(CarryPage {
        lines: plan.rows.into_iter().filter(|row| shows(row, &query.show)).map(line).collect(),
        assessment: plan.assessment,
        mappings: plan.mappings,
        done: query.done.parse().ok(),
        undone: query.undone.parse().ok(),
        refusal,
        choices,
        from,
        chips,
        figures,
        entries,
        may_apply,
        p,
    })
}

fn once(reasons: &[Why]) -> Vec<Why> {
    let mut out: Vec<Why> = Vec::new();
    for why in reasons {
        if !out.contains(why) {
            out.push(*why);
        }
    }
    out
}

fn address(id: &str, from: &str, show: &str) -> String {
    format!("/assessments/{id}/carry{}", query_string(&[("from", from), ("show", show)]))
}

fn chips(id: &str, from: &str, show: &str, plan: &Plan, english: bool) -> Vec<Chip> {
    SHOWS
        .iter()
        .map(|(code, ja, en)| Chip {
            href: address(id, from, if *code == show { "" } else { code }),
            label: if english { en } else { ja }.to_string(),
            count: plan.rows.iter().filter(|row| shows(row, code)).count(),
            on: *code == show,
        })
        .collect()
}

/// `<answer>|<seen>` of the ticked rows.
fn takes(form: &PersonForm) -> Vec<Take> {
    let of = |name: &str, overwrite: bool| {
        form.fields.all(name).into_iter().map(move |tick| {
            let (answer_id, seen) = tick.split_once('|').unwrap_or((tick.as_str(), ""));
            Take { answer_id: answer_id.to_owned(), seen: seen.to_owned(), overwrite }
        })
    };
    of("take", false).chain(of("replace", true)).collect()
}

/// POST /assessments/{id}/carry
pub async fn apply(
    State(state): State<WebState>,
    Path(id): Path<String>,
    form: PersonForm,
) -> Result<Response, WebError> {
    let from = form.fields.get("from").to_owned();
    match app::apply(&state.app, &form.person.actor, &id, &from, &takes(&form)).await {
        Ok((_, count)) => {
            let done = count.to_string();
            see_other(&format!("/assessments/{id}/carry{}", query_string(&[("from", &from), ("done", &done)])), None)
        }
        Err(AppError::Refused(refusal)) if matches!(refusal.kind, RefusalKind::Invalid | RefusalKind::Conflict) => {
            let status = match refusal.kind {
                RefusalKind::Conflict => StatusCode::CONFLICT,
                _ => StatusCode::UNPROCESSABLE_ENTITY,
            };
            let query = CarryQuery { from, ..CarryQuery::default() };
            Ok((status, render(&page(&state, &form.person, &id, &query, Some(*refusal)).await?)?).into_response())
        }
        Err(error) => Err(told(&form.person)(error)),
    }
}

/// POST /assessments/{id}/carry/confirm: the selected rows of the sheet.
pub async fn confirm(
    State(state): State<WebState>,
    Path(id): Path<String>,
    form: PersonForm,
) -> Result<Response, WebError> {
    app::confirm_many(&state.app, &form.person.actor, &id, &form.fields.all("row"))
        .await
        .map_err(told(&form.person))?;
    see_other(&local_path(form.fields.get("back")), None)
}

/// POST /carries/{id}/undo
pub async fn undo(
    State(state): State<WebState>,
    Path(id): Path<String>,
    form: PersonForm,
) -> Result<Response, WebError> {
    let (application, undone) = app::undo(&state.app, &form.person.actor, &id).await.map_err(told(&form.person))?;
    let page = if application.kind == "edition" { "edition-change" } else { "carry" };
    see_other(&format!("/assessments/{}/{page}?undone={}", application.assessment_id, undone.restored), None)
}

/// POST /answers/{id}/carried
pub async fn decide(
    State(state): State<WebState>,
    Path(id): Path<String>,
    form: PersonForm,
) -> Result<Response, WebError> {
    let told = told(&form.person);
    let decision = Decision::from_code(form.fields.get("decision")).ok_or_else(|| {
        told(Refusal::invalid("decision", "どうするかを選んでください。", "Choose what to do.").into())
    })?;
    app::decide(&state.app, &form.person.actor, &id, decision).await.map_err(&told)?;
    see_other(&local_path(form.fields.get("back")), None)
}
