//! The meetings that discuss points.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use sakimori_app::Refusal;
use sakimori_app::revision::{self as app, Line, MeetingInput};
use sakimori_domain::revision::MeetingState;
use sakimori_store::revision::Meeting;

use super::words::meeting_name;
use crate::assurance::told;
use crate::error::WebError;
use crate::forms::{PersonForm, again, typed};
use crate::identity::see_other;
use crate::page::{Page, Room, render};
use crate::person::Person;
use crate::state::WebState;

#[derive(Template)]
#[template(path = "revision/meetings.html")]
struct MeetingsPage {
    p: Page,
    meetings: Vec<Meeting>,
    lines: Vec<Line>,
    refusal: Option<Refusal>,
    /// What was typed for a new one.
    typed: MeetingInput,
}

impl MeetingsPage {
    fn name(&self, m: &Meeting) -> String {
        meeting_name(m, self.p.english)
    }

    fn is_held(&self, m: &Meeting) -> bool {
        m.state == MeetingState::Held
    }

    /// Points of a meeting, and how many of them are decided.
    fn counts(&self, m: &Meeting) -> (usize, usize) {
        let own = || self.lines.iter().filter(|l| l.issue.meeting_id == m.id);
        (own().count(), own().filter(|l| l.issue.standing.decision().is_some()).count())
    }
}

async fn page(state: &WebState, person: &Person) -> Result<MeetingsPage, WebError> {
    let all = app::list(&state.app, &person.actor).await.map_err(told(person))?;
    let p = Page::new(state, person, Room::Standards, "/revision");
    let newest = all.meetings.first();
    let typed = MeetingInput {
        body: newest.map_or(String::new(), |m| m.body.clone()),
        round: newest.map_or(1, |m| m.round + 1).to_string(),
        ..MeetingInput::default()
    };
    Ok(MeetingsPage { p, meetings: all.meetings, lines: all.lines, refusal: None, typed })
}

/// GET /revision/meetings
pub async fn list(State(state): State<WebState>, person: Person) -> Result<Response, WebError> {
    render(&page(&state, &person).await?)
}

/// POST /revision/meetings
pub async fn keep(State(state): State<WebState>, form: PersonForm) -> Result<Response, WebError> {
    let fields = &form.fields;
    let input = MeetingInput {
        version: fields.get("version").parse().unwrap_or(0),
        body: fields.get("body").to_owned(),
        round: fields.get("round").to_owned(),
        held_on: fields.get("held_on").to_owned(),
        is_held: fields.get("state") == "held",
        minutes: fields.get("minutes").to_owned(),
    };
    let done = app::keep_meeting(&state.app, &form.person.actor, fields.get("id"), input.clone()).await;
    match typed(&form.person, done)? {
        Ok(_) => see_other("/revision/meetings", None),
        Err(refusal) => {
            let page = MeetingsPage { refusal: Some(refusal), typed: input, ..page(&state, &form.person).await? };
            Ok(again(render(&page)?))
        }
    }
}
