//! ホーム: what do I do now?

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use crate::error::WebError;
use crate::page::{Page, Room, render};
use crate::person::Person;
use crate::state::WebState;

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage {
    p: Page,
}

/// GET /
pub async fn show(State(state): State<WebState>, person: Person) -> Result<Response, WebError> {
    render(&HomePage { p: Page::new(&state, &person, Room::Home, "/") })
}
