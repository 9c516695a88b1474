//! API トークン: one's own, and all of the organisation.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use sakimori_app::Refusal;
use sakimori_app::api_token::{self as app, NewToken};
use sakimori_domain::identity::TokenScope;
use sakimori_store::api_token::ApiToken;

use crate::error::WebError;
use crate::forms::{PersonForm, again, typed};
use crate::identity::see_other;
use crate::page::{Page, Room, render};
use crate::person::Person;
use crate::state::WebState;

#[derive(Template)]
#[template(path = "edge/tokens.html")]
struct TokensPage {
    p: Page,
    tokens: Vec<ApiToken>,
    possible: Vec<TokenScope>,
    /// A new token, shown this once.
    made: String,
    refusal: Option<Refusal>,
}

#[derive(Template)]
#[template(path = "edge/all_tokens.html")]
struct AllTokensPage {
    p: Page,
    tokens: Vec<ApiToken>,
}

/// The scopes of a token in words.
fn scope_words(token: &ApiToken, english: &bool) -> String {
    let words: Vec<&str> =
        app::scopes(token).iter().map(|scope| if *english { scope.en() } else { scope.ja() }).collect();
    words.join(if *english { ", " } else { "、" })
}

async fn page(state: &WebState, person: &Person, made: String, refusal: Option<Refusal>) -> Result<Response, WebError> {
    let tokens = app::own(&state.app, &person.actor).await?;
    let p = Page::new(state, person, Room::Administration, "/me/tokens");
    render(&TokensPage { p, tokens, possible: app::possible(&person.actor), made, refusal })
}

/// GET /me/tokens
pub async fn own(State(state): State<WebState>, person: Person) -> Result<Response, WebError> {
    page(&state, &person, String::new(), None).await
}

/// POST /me/tokens
pub async fn create(State(state): State<WebState>, form: PersonForm) -> Result<Response, WebError> {
    let scopes = form.fields.all("scope").iter().filter_map(|code| TokenScope::from_code(code)).collect();
    let new = NewToken {
        name: form.fields.get("name").to_owned(),
        scopes,
        days: form.fields.get("days").trim().parse().unwrap_or(0),
    };
    match typed(&form.person, app::create(&state.app, &form.person.actor, new).await)? {
        Ok(made) => page(&state, &form.person, made, None).await,
        Err(refusal) => Ok(again(page(&state, &form.person, String::new(), Some(refusal)).await?)),
    }
}

/// POST /me/tokens/{id}/revoke
pub async fn revoke(
    State(state): State<WebState>,
    Path(id): Path<String>,
    form: PersonForm,
) -> Result<Response, WebError> {
    app::revoke(&state.app, &form.person.actor, &id).await?;
    see_other("/me/tokens", None)
}

/// GET /administration/tokens
pub async fn all(State(state): State<WebState>, person: Person) -> Result<Response, WebError> {
    let tokens = app::all(&state.app, &person.actor).await?;
    let p = Page::new(&state, &person, Room::Administration, "/administration/tokens");
    render(&AllTokensPage { p, tokens })
}

/// POST /administration/tokens/{id}/revoke
pub async fn revoke_any(
    State(state): State<WebState>,
    Path(id): Path<String>,
    form: PersonForm,
) -> Result<Response, WebError> {
    app::revoke(&state.app, &form.person.actor, &id).await?;
    see_other("/administration/tokens", None)
}
