//! Drafts of next Editions out of what was accepted.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use sakimori_app::Refusal;
use sakimori_app::revision::{self as app, DraftView};
use sakimori_domain::revision::ChangeKind;

use super::words::English;
use crate::assurance::told;
use crate::error::WebError;
use crate::forms::{PersonForm, again, typed};
use crate::identity::see_other;
use crate::page::{Page, Room, render};
use crate::person::Person;
use crate::standards::edition_path;
use crate::state::WebState;

#[derive(Template)]
#[template(path = "revision/drafts.html")]
struct DraftsPage {
    p: Page,
    views: Vec<DraftView>,
    refusal: Option<Refusal>,
}

/// Where the base and its draft stand side by side.
fn comparison(old: &str, new: &str) -> String {
    format!("{}/compare/{}", edition_path(old), edition_path(new).trim_start_matches("/standards/"))
}

async fn page(state: &WebState, person: &Person) -> Result<DraftsPage, WebError> {
    let views = app::accepted(&state.app, &person.actor).await.map_err(told(person))?;
    Ok(DraftsPage { p: Page::new(state, person, Room::Standards, "/revision"), views, refusal: None })
}

/// GET /revision/drafts
pub async fn show(State(state): State<WebState>, person: Person) -> Result<Response, WebError> {
    render(&page(&state, &person).await?)
}

/// POST /revision/drafts
pub async fn make(State(state): State<WebState>, form: PersonForm) -> Result<Response, WebError> {
    let base = form.fields.get("edition");
    let done = app::make_draft(&state.app, &form.person.actor, base).await;
    match typed(&form.person, done)? {
        Ok(id) => see_other(&comparison(base, &id), None),
        Err(refusal) => {
            let page = DraftsPage { refusal: Some(refusal), ..page(&state, &form.person).await? };
            Ok(again(render(&page)?))
        }
    }
}
