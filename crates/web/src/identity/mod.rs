//! Signing in and out, one's own settings.

use askama::Template;
use axum::body::to_bytes;
use axum::extract::{Query, Request, State};
use axum::http::header::{LOCATION, SET_COOKIE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use sakimori_app::{Refusal, identity as app};
use serde::Deserialize;

use crate::error::WebError;
use crate::forms::{Fields, PersonForm, too_large};
use crate::page::{Page, Room, render};
use crate::person::{Person, address, cookie_name};
use crate::state::WebState;

#[derive(Template)]
#[template(path = "identity/sign_in.html")]
struct SignInPage {
    english: bool,
    demo: bool,
    login: String,
    next: String,
    refusal: Option<Refusal>,
}

/// What the sign-in page takes from its address.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct SignInQuery {
    next: String,
    lang: String,
}

/// GET /sign-in
pub async fn sign_in_page(
    State(state): State<WebState>,
    Query(query): Query<SignInQuery>,
) -> Result<Response, WebError> {
    render(&SignInPage {
        english: query.lang == "en",
        demo: state.config.demo,
        login: String::new(),
        next: query.next,
        refusal: None,
    })
}

/// Largest sign-in form, in bytes: anybody may send one.
const SIGN_IN_MAX: usize = 16 << 10;

/// POST /sign-in
pub async fn sign_in(State(state): State<WebState>, request: Request) -> Result<Response, WebError> {
    let (parts, body) = request.into_parts();
    let bytes = to_bytes(body, SIGN_IN_MAX).await.map_err(|_| WebError::from(too_large()))?;
    let fields = Fields::parse(&bytes);
    let address = address(&parts);
    let login = fields.get("login").to_owned();
    if let Err(refused) = state.gate.may_sign_in(&parts, state.app.now()) {
        return Ok(refused.answer(&parts));
    }
    match app::sign_in(&state.app, &login, fields.get("password"), &address).await {
        Ok(signed) => {
            let secure = state.config.secure_cookies;
            let cookie = session_cookie(secure, &signed.token, "");
            see_other(&local_path(fields.get("next")), Some(&cookie))
        }
        Err(error) => {
            let Some(refusal) = error.refusal().cloned() else { return Err(error.into()) };
            state.gate.sign_in_failed(&parts, state.app.now());
            let page = SignInPage {
                english: fields.get("lang") == "en",
                demo: state.config.demo,
                login,
                next: fields.get("next").to_owned(),
                refusal: Some(refusal),
            };
            Ok((StatusCode::UNAUTHORIZED, render(&page)?).into_response())
        }
    }
}

/// Only a path of this site: `//elsewhere` and `/\elsewhere` are another site to a browser.
pub fn local_path(next: &str) -> String {
    let is_local =
        next.starts_with('/') && !next.starts_with("//") && !next.contains('\\') && !next.chars().any(char::is_control);
    if is_local { next.to_owned() } else { "/".to_owned() }
}

fn session_cookie(secure: bool, token: &str, more: &str) -> String {
    let flag = if secure { "; Secure" } else { "" };
    format!("{}={token}; Path=/; HttpOnly; SameSite=Lax{flag}{more}", cookie_name(secure))
}

/// Sends the browser on after a write.
pub fn see_other(path: &str, cookie: Option<&str>) -> Result<Response, WebError> {
    let value = |text: &str| HeaderValue::from_str(text).map_err(|_| WebError::internal("header value"));
    let mut response = (StatusCode::SEE_OTHER, [(LOCATION, value(path)?)]).into_response();
    if let Some(cookie) = cookie {
        response.headers_mut().append(SET_COOKIE, value(cookie)?);
    }
    Ok(response)
}

/// POST /sign-out
pub async fn sign_out(State(state): State<WebState>, form: PersonForm) -> Result<Response, WebError> {
    app::sign_out(&state.app, &form.person.actor, &form.person.token).await?;
    see_other("/sign-in", Some(&session_cookie(state.config.secure_cookies, "", "; Max-Age=0")))
}

/// POST /language
pub async fn choose_language(State(state): State<WebState>, form: PersonForm) -> Result<Response, WebError> {
    app::choose_language(&state.app, &form.person.actor, form.fields.get("language")).await?;
    see_other(&local_path(form.fields.get("back")), None)
}

#[derive(Template)]
#[template(path = "identity/me.html")]
struct MePage {
    p: Page,
    refusal: Option<Refusal>,
}

/// GET /me
pub async fn me(State(state): State<WebState>, person: Person) -> Result<Response, WebError> {
    render(&MePage { p: Page::new(&state, &person, Room::Administration, "/me"), refusal: None })
}

/// POST /me/password
pub async fn change_password(State(state): State<WebState>, form: PersonForm) -> Result<Response, WebError> {
    let fields = &form.fields;
    match app::change_own_password(&state.app, &form.person.actor, fields.get("present"), fields.get("new")).await {
        Ok(()) => see_other("/sign-in", None),
        Err(error) => {
            let Some(refusal) = error.refusal().cloned() else { return Err(error.into()) };
            let p = Page::new(&state, &form.person, Room::Administration, "/me");
            Ok((StatusCode::UNPROCESSABLE_ENTITY, render(&MePage { p, refusal: Some(refusal) })?).into_response())
        }
    }
}
