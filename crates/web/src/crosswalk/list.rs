//! The crosswalks of the organisation, and starting one.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use sakimori_app::crosswalk::{self as app, Direction, ListEntry, Progress};
use sakimori_domain::identity::Permission;
use sakimori_store::edition::EditionEntry;

use super::page_path;
use crate::assurance::told;
use crate::error::WebError;
use crate::forms::PersonForm;
use crate::identity::see_other;
use crate::page::{Page, Room, render};
use crate::person::Person;
use crate::state::WebState;

#[derive(Template)]
#[template(path = "crosswalk/list.html")]
struct ListPage {
    p: Page,
    entries: Vec<ListEntry>,
    /// What can be lined up; empty for who may not.
    editions: Vec<EditionEntry>,
}

impl ListPage {
    fn path(&self, entry: &ListEntry, page: &str, reverse: bool) -> String {
        let direction = if reverse { Direction::Reverse } else { Direction::Forward };
        page_path(&entry.crosswalk.id, page, direction, &[])
    }
}

/// Widths of a progress bar's parts, in hundredths.
pub struct Parts {
    pub covered: usize,
    pub partly: usize,
    pub not: usize,
}

/// The parts of a bar.
pub fn parts(progress: &Progress) -> Parts {
    let share = |count: usize| count * 100 / progress.total().max(1);
    Parts { covered: share(progress.covered), partly: share(progress.partly), not: share(progress.not) }
}

/// GET /crosswalks
pub async fn show(State(state): State<WebState>, person: Person) -> Result<Response, WebError> {
    let entries = app::list(&state.app, &person.actor).await.map_err(told(&person))?;
    let editions = if person.actor.may(Permission::EditCrosswalk) {
        app::editions(&state.app, &person.actor).await.map_err(told(&person))?
    } else {
        Vec::new()
    };
    render(&ListPage { p: Page::new(&state, &person, Room::Standards, "/crosswalks"), entries, editions })
}

/// POST /crosswalks
pub async fn create(State(state): State<WebState>, form: PersonForm) -> Result<Response, WebError> {
    let PersonForm { person, fields } = form;
    let (source, target) = (fields.get("source"), fields.get("target"));
    let (id, direction) = app::create(&state.app, &person.actor, source, target).await.map_err(told(&person))?;
    see_other(&page_path(&id, "desk", direction, &[]), None)
}
