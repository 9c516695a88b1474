//! Single sign-on: off to an organisation's provider, and back.

use axum::extract::{Path, Query, Request, State};
use axum::http::HeaderValue;
use axum::http::header::SET_COOKIE;
use axum::response::Response;
use sakimori_app::{RefusalKind, oidc as app};
use serde::Deserialize;

use crate::error::WebError;
use crate::identity::{local_path, on, see_other};
use crate::person::{address, cookie};
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
    let (parts, _) = request.into_parts();
    if let Err(refused) = state.gate.may_sign_in(&parts, state.app.now()) {
        return Ok(refused.answer(&parts));
    }
    let secure = state.config.secure_cookies;
    let browser = cookie(&parts, browser_cookie_name(secure)).unwrap_or_default();
    let finished = app::finish(&state.app, &query.state, &query.code, &browser, &address(&parts)).await;
    let (signed, next) = finished.inspect_err(|error| {
        // A database that is away is nobody's wrong answer.
        if error.refusal().is_some_and(|refusal| refusal.kind == RefusalKind::Forbidden) {
            state.gate.sign_in_failed(&parts, state.app.now());
        }
    })?;
    let mut response = on(&state, &signed, &next)?;
    let gone = HeaderValue::from_str(&browser_cookie(secure, "", 0)).map_err(|_| WebError::internal("cookie"))?;
    response.headers_mut().append(SET_COOKIE, gone);
    Ok(response)
}
