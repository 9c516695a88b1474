//! 組織と代理: in which organisation the person acts, and for whom.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use sakimori_app::seats::{self, Choices};

use crate::error::WebError;
use crate::forms::PersonForm;
use crate::identity::see_other;
use crate::page::{Page, Room, render};
use crate::person::Person;
use crate::state::WebState;

#[derive(Template)]
#[template(path = "seats/choices.html")]
struct ChoicesPage {
    p: Page,
    choices: Choices,
}

/// GET /seats
pub async fn show(State(state): State<WebState>, person: Person) -> Result<Response, WebError> {
    let choices = seats::choices(&state.app, &person.actor).await?;
    render(&ChoicesPage { p: Page::new(&state, &person, Room::Administration, "/seats"), choices })
}

/// POST /seats/{organisation}/choose
pub async fn choose(
    State(state): State<WebState>,
    Path(organisation): Path<String>,
    form: PersonForm,
) -> Result<Response, WebError> {
    let person = &form.person;
    seats::switch(&state.app, &person.actor, &person.token, &organisation).await?;
    see_other("/", None)
}

/// POST /seats/{organisation}/invitation
pub async fn answer(
    State(state): State<WebState>,
    Path(organisation): Path<String>,
    form: PersonForm,
) -> Result<Response, WebError> {
    let accept = form.fields.get("answer") == "accept";
    seats::answer_invitation(&state.app, &form.person.actor, &organisation, accept).await?;
    see_other("/seats", None)
}
