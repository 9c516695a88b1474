//! Words that mean the same: what ships, and the organisation's own.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use sakimori_app::crosswalk::{self as app, SynonymTable};
use sakimori_domain::identity::Permission;

use crate::assurance::told;
use crate::error::WebError;
use crate::forms::PersonForm;
use crate::identity::see_other;
use crate::page::{Page, Room, render};
use crate::person::Person;
use crate::state::WebState;

const PATH: &str = "/crosswalks/synonyms";

#[derive(Template)]
#[template(path = "crosswalk/synonyms.html")]
struct SynonymsPage {
    p: Page,
    table: SynonymTable,
    may_edit: bool,
}

/// GET /crosswalks/synonyms
pub async fn show(State(state): State<WebState>, person: Person) -> Result<Response, WebError> {
    let table = app::synonym_table(&state.app, &person.actor).await.map_err(told(&person))?;
    let may_edit = person.actor.may(Permission::EditCrosswalk);
    render(&SynonymsPage { p: Page::new(&state, &person, Room::Standards, "/crosswalks"), table, may_edit })
}

/// POST /crosswalks/synonyms: adds a group, changes or deletes one.
pub async fn change(State(state): State<WebState>, form: PersonForm) -> Result<Response, WebError> {
    let PersonForm { person, fields } = form;
    let (id, version) = (fields.get("id"), fields.get("version").parse().unwrap_or(0));
    if fields.get("do") == "delete" {
        app::delete_synonyms(&state.app, &person.actor, id, version).await.map_err(told(&person))?;
    } else {
        let words = fields.get("words");
        app::put_synonyms(&state.app, &person.actor, (id, version), words).await.map_err(told(&person))?;
    }
    see_other(PATH, None)
}
