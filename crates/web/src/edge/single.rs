//! Single sign-on: off to an organisation's provider, and back.

use askama::Template;
use axum::extract::{FromRequestParts as _, Path, Query, Request, State};
use axum::http::HeaderValue;
use axum::http::header::SET_COOKIE;
use axum::response::Response;
use sakimori_app::RefusalKind;
use sakimori_app::identity::Stage;
use sakimori_app::oidc::{self as app, Finished};
use serde::Deserialize;

use crate::assurance::told;
use crate::error::WebError;
use crate::forms::PersonForm;
use crate::identity::{local_path, on, see_other};
use crate::page::{Page, Room, render};
use crate::person::{Person, address, cookie};
use crate::state::WebState;

fn browser_cookie_name(secure: bool) -> &'static str {
    if secure { "__Host-sakimori-single" } else { "sakimori-single" }
}

/// Kept by the browser between leaving and coming back.
fn browser_cookie(secure: bool, value: &str, seconds: u32) -> String {
    let flag = if secure { "; Secure" } else { "" };
    let name = browser_cookie_name(secure);
    format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{flag}")
}

/// What the address of leaving may say.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct LeaveQuery {
    next: String,
}

/// GET /sign-in/single/{organisation}
pub async fn leave(
    State(state): State<WebState>,
    Path(organisation): Path<String>,
    Query(query): Query<LeaveQuery>,
) -> Result<Response, WebError> {
    let leaving = app::start(&state.app, &organisation, &local_path(&query.next)).await?;
    see_other(&leaving.url, Some(&browser_cookie(state.config.secure_cookies, &leaving.browser, 600)))
}

/// Where to go on to the provider: a form of ours may not lead elsewhere (the security policy says so), a link may.
#[derive(Template)]
#[template(path = "edge/single.html")]
struct LinkPage {
    p: Page,
    url: String,
}

/// POST /me/single
pub async fn begin_link(State(state): State<WebState>, form: PersonForm) -> Result<Response, WebError> {
    let leaving = app::begin_link(&state.app, &form.person.actor, "/me").await.map_err(told(&form.person))?;
    let p = Page::new(&state, &form.person, Room::Administration, "/me");
    let mut response = render(&LinkPage { p, url: leaving.url })?;
    let cookie = browser_cookie(state.config.secure_cookies, &leaving.browser, 600);
    let cookie = HeaderValue::from_str(&cookie).map_err(|_| WebError::internal("cookie"))?;
    response.headers_mut().append(SET_COOKIE, cookie);
    Ok(response)
}

/// POST /me/single/remove
pub async fn unlink(State(state): State<WebState>, form: PersonForm) -> Result<Response, WebError> {
    app::unlink_own(&state.app, &form.person.actor).await.map_err(told(&form.person))?;
    see_other("/me", None)
}

/// What the provider sends the browser back with.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct BackQuery {
    code: String,
    state: String,
}

/// GET /sign-in/single/back
pub async fn back(
    State(state): State<WebState>,
    Query(query): Query<BackQuery>,
    request: Request,
) -> Result<Response, WebError> {
    let (mut parts, _) = request.into_parts();
    let attempt = match state.gate.sign_in_attempt(&parts, state.app.now()) {
        Ok(attempt) => attempt,
        Err(refused) => return Ok(refused.answer(&parts)),
    };
    let secure = state.config.secure_cookies;
    let browser = cookie(&parts, browser_cookie_name(secure)).unwrap_or_default();
    // Nobody is signed in when this is a sign-in; somebody is when they link their own account.
    let person = Person::from_request_parts(&mut parts, &state).await.ok().filter(|p| p.stage == Stage::Done);
    let person = person.as_ref().map(|person| &person.actor);
    let asked = (query.state.as_str(), query.code.as_str());
    let finished = match app::finish(&state.app, asked, &browser, &address(&parts), person).await {
        Ok(finished) => finished,
        Err(error) => {
            // A database that is away is nobody's wrong answer.
            if error.refusal().is_none_or(|refusal| refusal.kind != RefusalKind::Forbidden) {
                attempt.succeeded();
            }
            return Err(error.into());
        }
    };
    attempt.succeeded();
    let mut response = match finished {
        Finished::Entered(signed, next) => on(&state, &signed, &next)?,
        Finished::Linked(next) => see_other(&next, None)?,
    };
    let gone = HeaderValue::from_str(&browser_cookie(secure, "", 0)).map_err(|_| WebError::internal("cookie"))?;
    response.headers_mut().append(SET_COOKIE, gone);
    Ok(response)
}
