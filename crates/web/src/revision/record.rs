//! One point: what it says, what was said of it, what was decided, what comes next.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use sakimori_app::Refusal;
use sakimori_app::revision::{self as app, IssueView, NoteInput, Step};
use sakimori_domain::revision::{ChangeKind, Decision, Direction, Stage};
use sakimori_domain::standards::NetworkClass;
use sakimori_report::{Piece, changed_pieces};
use sakimori_store::edition::ProvisionEntry;
use sakimori_store::trail::Event;

use super::words::{English, Look, meeting_name};
use crate::assurance::told;
use crate::error::WebError;
use crate::forms::{Fields, PersonForm, typed};
use crate::identity::see_other;
use crate::page::{Page, Room, render};
use crate::person::Person;
use crate::state::WebState;

#[derive(Template)]
#[template(path = "revision/record.html")]
struct RecordPage {
    p: Page,
    view: IssueView,
    old: Vec<Piece>,
    new: Vec<Piece>,
    refusal: Option<Refusal>,
    today: String,
}

impl RecordPage {
    fn meeting(&self, id: &str) -> String {
        let found = self.view.meetings.iter().find(|m| m.id == id);
        found.map_or(String::new(), |m| meeting_name(m, self.p.english))
    }

    fn level(&self, item: &ProvisionEntry, class: &NetworkClass) -> &'static str {
        let found = item.provision.levels.iter().find(|(of, _)| of == class);
        found.map_or("", |(_, level)| level.code())
    }

    fn has_levels(&self) -> bool {
        self.view.items.iter().any(|item| !item.provision.levels.is_empty())
    }

    fn word(&self, event: &Event) -> &'static str {
        crate::trail::words::action(&event.action, self.p.english)
    }

    /// The reason or decision that an event carries.
    fn detail(&self, event: &Event) -> String {
        let after: serde_json::Value = serde_json::from_str(&event.after).unwrap_or_default();
        after.get("text").and_then(|text| text.as_str()).unwrap_or("").to_owned()
    }

    fn may_edit(&self) -> bool {
        self.p.may("edit-revision")
    }
}

async fn page(state: &WebState, person: &Person, id: &str, refusal: Option<Refusal>) -> Result<Response, WebError> {
    let view = app::view(&state.app, &person.actor, id).await.map_err(told(person))?;
    let (present, next) = (view.present.clone(), view.issue.wording.new_text.clone());
    let (old, new) = tokio::task::spawn_blocking(move || changed_pieces(&present, &next))
        .await
        .map_err(|error| WebError::internal(format!("difference: {error}")))?;
    let p = Page::new(state, person, Room::Standards, "/revision");
    let today = p.today.to_string();
    let is_refused = refusal.is_some();
    let mut response = render(&RecordPage { p, view, old, new, refusal, today })?;
    if is_refused {
        *response.status_mut() = axum::http::StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(response)
}

/// GET /revision/{id}
pub async fn show(State(state): State<WebState>, person: Person, Path(id): Path<String>) -> Result<Response, WebError> {
    page(&state, &person, &id, None).await
}

fn step_of(fields: &Fields) -> Option<Step> {
    let direction = || Direction::from_code(fields.get("direction"));
    Some(match fields.get("step") {
        "propose" => Step::Propose(direction()?),
        "discuss" => Step::Discuss,
        "decide" => Step::Decide(
            direction().unwrap_or(Direction::Undecided),
            Decision {
                on: fields.get("on").to_owned(),
                by: fields.get("by").to_owned(),
                meeting_id: fields.get("meeting").to_owned(),
                text: fields.get("text").to_owned(),
            },
        ),
        "reopen" => Step::Reopen(fields.get("text").to_owned()),
        "withdraw" => Step::Withdraw(fields.get("text").to_owned()),
        _ => return None,
    })
}

/// The record after a write: the page itself with the refusal on it, or the record anew.
async fn done(
    state: &WebState,
    person: &Person,
    id: &str,
    result: sakimori_app::Result<()>,
) -> Result<Response, WebError> {
    match typed(person, result)? {
        Ok(()) => see_other(&format!("/revision/{id}"), None),
        Err(refusal) => page(state, person, id, Some(refusal)).await,
    }
}

/// POST /revision/{id}/step
pub async fn step(
    State(state): State<WebState>,
    Path(id): Path<String>,
    form: PersonForm,
) -> Result<Response, WebError> {
    let version = form.fields.get("version").parse().unwrap_or(0);
    let result = match step_of(&form.fields) {
        Some(step) => app::step(&state.app, &form.person.actor, &id, version, step).await,
        None => Err(Refusal::invalid("step", "操作を選び直してください。", "Choose what to do again.").into()),
    };
    done(&state, &form.person, &id, result).await
}

/// POST /revision/{id}/notes
pub async fn note(
    State(state): State<WebState>,
    Path(id): Path<String>,
    form: PersonForm,
) -> Result<Response, WebError> {
    let fields = &form.fields;
    let input = NoteInput {
        said_on: fields.get("on").to_owned(),
        meeting_id: fields.get("meeting").to_owned(),
        speaker: fields.get("speaker").to_owned(),
        text: fields.get("text").to_owned(),
    };
    let result = app::note(&state.app, &form.person.actor, &id, input).await;
    done(&state, &form.person, &id, result).await
}
