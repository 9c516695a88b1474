//! The person of a request, taken from the session cookie.

use axum::extract::FromRequestParts;
use axum::http::Method;
use axum::http::header::{AUTHORIZATION, COOKIE, USER_AGENT};
use axum::http::request::Parts;
use sakimori_app::Actor;
use sakimori_app::identity::Stage;

use crate::edge::ClientAddress;
use crate::error::WebError;
use crate::state::WebState;

/// Name of the session cookie. `__Host-` binds it to this host and path and demands `Secure`.
pub fn cookie_name(secure: bool) -> &'static str {
    if secure { "__Host-sakimori" } else { "sakimori" }
}

/// A signed-in person. A handler that takes one is reached by signed-in people only.
#[derive(Clone)]
pub struct Person {
    pub actor: Actor,
    pub csrf: String,
    /// The session's token, for signing out.
    pub token: String,
    /// Notices not read yet, for the top bar.
    pub unread: i64,
    /// Newest checkpoint of the organisation's trail, in one line: it stands at the foot of what is printed.
    pub checkpoint: String,
    /// What is still missing of signing in.
    pub stage: Stage,
    /// Proved who they are so recently that a dangerous act needs no more.
    pub is_confirmed: bool,
    /// A program with a token rather than a browser with a session.
    pub is_token: bool,
    /// The address may reach the pages of administration.
    pub administers_here: bool,
    /// Path and query of the page that is asked for; empty for a request that writes.
    pub here: String,
}

/// Where a request that reads goes.
fn here(parts: &Parts) -> String {
    let path = parts.uri.path_and_query().filter(|_| parts.method == Method::GET);
    path.map_or_else(String::new, ToString::to_string)
}

impl FromRequestParts<WebState> for Person {
    type Rejection = WebError;

    async fn from_request_parts(parts: &mut Parts, state: &WebState) -> Result<Self, WebError> {
        if let Some(person) = parts.extensions.get::<Person>() {
            return Ok(person.clone());
        }
        if let Some(token) = bearer(parts) {
            return with_token(parts, state, &token).await;
        }
        let token = session_token(parts, state).ok_or_else(|| WebError::sign_in(parts))?;
        let address = address(parts);
        let signed = sakimori_app::identity::session(&state.app, &token, &address)
            .await
            .map_err(|error| WebError::app(error, parts))?
            .ok_or_else(|| WebError::sign_in(parts))?;
        state.gate.know(&token);
        let is_confirmed = signed.is_confirmed(state.app.now());
        let person = Person {
            actor: signed.actor,
            csrf: signed.csrf,
            token,
            unread: signed.unread,
            checkpoint: signed.checkpoint,
            stage: signed.stage,
            is_confirmed,
            is_token: false,
            administers_here: signed.administers_here,
            here: here(parts),
        };
        parts.extensions.insert(person.clone());
        Ok(person)
    }
}

/// The token of an `Authorization: Bearer` header; it may be anything.
pub fn bearer(parts: &Parts) -> Option<String> {
    let value = parts.headers.get(AUTHORIZATION)?.to_str().unwrap_or("");
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
}

/// The holder of a token, on the routes of the API alone. A cookie beside it is not looked at.
async fn with_token(parts: &mut Parts, state: &WebState, token: &str) -> Result<Person, WebError> {
    let refused = |parts: &Parts| WebError::sign_in(parts).in_json();
    if !parts.uri.path().starts_with("/api/v1/") {
        return Err(refused(parts));
    }
    let address = address(parts);
    let actor = sakimori_app::api_token::bearer(&state.app, token, &address)
        .await
        .map_err(|error| WebError::app(error, parts))?
        .ok_or_else(|| refused(parts))?;
    state.gate.know(token);
    let checkpoint = read_mark(state, &actor).await.map_err(|error| WebError::app(error, parts))?;
    let person = Person {
        actor,
        csrf: String::new(),
        token: String::new(),
        unread: 0,
        checkpoint,
        stage: Stage::Done,
        is_confirmed: false,
        is_token: true,
        administers_here: false,
        here: String::new(),
    };
    parts.extensions.insert(person.clone());
    Ok(person)
}

async fn read_mark(state: &WebState, actor: &Actor) -> sakimori_app::Result<String> {
    sakimori_app::trail::newest_line(&mut state.app.read().await?, &actor.organisation_id).await
}

/// The session's token as the browser sent it; it may be anything.
pub fn session_token(parts: &Parts, state: &WebState) -> Option<String> {
    let name = cookie_name(state.config.secure_cookies);
    cookie(parts, name).filter(|token| token.len() == 64)
}

/// The value of a cookie.
pub fn cookie(parts: &Parts, name: &str) -> Option<String> {
    parts
        .headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value.to_owned())
}

/// The address that the request came from, as the server or a trusted proxy sees it.
pub fn address(parts: &Parts) -> String {
    parts.extensions.get::<ClientAddress>().map_or_else(String::new, |client| client.0.to_string())
}

/// Browser and system of a request, in two words.
pub fn agent(parts: &Parts) -> String {
    let header = parts.headers.get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or("");
    sakimori_app::sign_in::family(header)
}
