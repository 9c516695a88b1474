//! 人事異動: what a person holds, moved to a successor in one act, and the 引継書 that prints it.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use sakimori_app::Refusal;
use sakimori_app::handover::{self as app, Duty, Fate, Line, NewHandover, Preview};
use sakimori_store::handover::Handover;

use crate::error::WebError;
use crate::forms::{PersonForm, again, typed};
use crate::identity::see_other;
use crate::page::{Page, Room, render};
use crate::person::Person;
use crate::state::WebState;

/// What becomes of a kind of duty, in words.
fn fate(fate: &Fate, english: &bool) -> &'static str {
    match (fate, english) {
        (Fate::Moved, false) => "後任に移る",
        (Fate::Moved, true) => "passes to the successor",
        (Fate::MovedInDepartment, false) => "同じ部署の後任に移る（別の部署なら部署全体の担当に戻る）",
        (Fate::MovedInDepartment, true) => {
            "passes to a successor of the same department, or back to the whole department"
        }
        (Fate::Ended, false) => "終了する",
        (Fate::Ended, true) => "ends",
    }
}

#[derive(Template)]
#[template(path = "handover/prepare.html")]
struct PreparePage {
    p: Page,
    preview: Preview,
    refusal: Option<Refusal>,
}

async fn prepare(state: &WebState, person: &Person, id: &str, refusal: Option<Refusal>) -> Result<Response, WebError> {
    let preview = app::preview(&state.app, &person.actor, id).await?;
    render(&PreparePage { p: Page::new(state, person, Room::Administration, "/administration"), preview, refusal })
}

/// GET /administration/accounts/{id}/handover
pub async fn show(State(state): State<WebState>, Path(id): Path<String>, person: Person) -> Result<Response, WebError> {
    prepare(&state, &person, &id, None).await
}

/// POST /administration/accounts/{id}/handover
pub async fn make(
    State(state): State<WebState>,
    Path(id): Path<String>,
    form: PersonForm,
) -> Result<Response, WebError> {
    let f = &form.fields;
    let new = NewHandover {
        successor_id: f.get("successor").to_owned(),
        ends_on: f.get("ends_on").to_owned(),
        reason: f.get("reason").to_owned(),
        version: f.get("version").parse().unwrap_or(0),
    };
    match typed(&form.person, app::hand_over(&state.app, &form.person.actor, &id, new).await)? {
        Ok(made) => see_other(&format!("/handovers/{made}"), None),
        Err(refusal) => Ok(again(prepare(&state, &form.person, &id, Some(refusal)).await?)),
    }
}

#[derive(Template)]
#[template(path = "handover/list.html")]
struct ListPage {
    p: Page,
    handovers: Vec<Handover>,
}

/// GET /handovers
pub async fn list(State(state): State<WebState>, person: Person) -> Result<Response, WebError> {
    let handovers = app::list(&state.app, &person.actor).await?;
    render(&ListPage { p: Page::new(&state, &person, Room::Administration, "/handovers"), handovers })
}

#[derive(Template)]
#[template(path = "handover/note.html")]
struct NotePage {
    p: Page,
    h: Handover,
    lines: Vec<(&'static Duty, u64)>,
}

/// GET /handovers/{id}
pub async fn note(State(state): State<WebState>, Path(id): Path<String>, person: Person) -> Result<Response, WebError> {
    let (h, lines) = app::note(&state.app, &person.actor, &id).await?;
    render(&NotePage { p: Page::printed(&state, &person, Room::Administration, "/handovers").await?, h, lines })
}

#[derive(Template)]
#[template(path = "handover/mine.html")]
struct MinePage {
    p: Page,
    lines: Vec<Line>,
}

/// GET /me/duties
pub async fn mine(State(state): State<WebState>, person: Person) -> Result<Response, WebError> {
    let lines = app::mine(&state.app, &person.actor).await?;
    render(&MinePage { p: Page::printed(&state, &person, Room::Administration, "/me/duties").await?, lines })
}
