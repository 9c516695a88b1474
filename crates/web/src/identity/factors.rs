//! One's own second factors: setting one up, recovery codes, removing.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use qrcode::QrCode;
use qrcode::render::svg;
use sakimori_app::identity::Stage;
use sakimori_app::second_factor::{self as app, Factors};
use sakimori_app::{AppError, Refusal, sign_in};

use super::{SignInQuery, on, see_other};
use crate::error::WebError;
use crate::forms::{PersonForm, again, typed};
use crate::page::{Page, Room, render};
use crate::person::Person;
use crate::state::WebState;

#[derive(Template)]
#[template(path = "identity/factors.html")]
struct FactorsPage {
    p: Page,
    f: Factors,
    /// What passkeys are bound to; empty where there are none.
    origin: String,
    next: String,
    refusal: Option<Refusal>,
}

/// The same for somebody who is not let in further before a factor is set up.
#[derive(Template)]
#[template(path = "identity/factors_setup.html")]
struct SetUpPage {
    p: Page,
    f: Factors,
    /// What passkeys are bound to; empty where there are none.
    origin: String,
    next: String,
    refusal: Option<Refusal>,
}

async fn shown(state: &WebState, person: &Person, next: &str, refusal: Option<Refusal>) -> Result<Response, WebError> {
    let f = app::of(&state.app, &person.actor).await?;
    let must = person.stage == Stage::SetUp;
    let p = Page::new(state, person, Room::Administration, "/me/second-factor");
    let next = next.to_owned();
    let origin = state.site.as_ref().map_or_else(String::new, |site| site.origin.clone());
    if must {
        render(&SetUpPage { p, f, origin, next, refusal })
    } else {
        render(&FactorsPage { p, f, origin, next, refusal })
    }
}

pub(super) async fn refused<T>(
    state: &WebState,
    form: &PersonForm,
    result: Result<T, AppError>,
) -> Result<Result<T, Response>, WebError> {
    match typed(&form.person, result)? {
        Ok(value) => Ok(Ok(value)),
        Err(refusal) => Ok(Err(again(shown(state, &form.person, form.fields.get("next"), Some(refusal)).await?))),
    }
}

/// GET /me/second-factor
pub async fn show(
    State(state): State<WebState>,
    person: Person,
    Query(query): Query<SignInQuery>,
) -> Result<Response, WebError> {
    shown(&state, &person, &query.next, None).await
}

/// GET /me/second-factor/qr.svg
pub async fn picture(State(state): State<WebState>, person: Person) -> Result<Response, WebError> {
    let Some(pending) = app::of(&state.app, &person.actor).await?.pending else {
        return see_other("/me/second-factor", None);
    };
    let code = QrCode::new(pending.uri.as_bytes()).map_err(|error| WebError::internal(format!("QR: {error}")))?;
    let image = code.render::<svg::Color<'_>>().min_dimensions(220, 220).build();
    Ok(([(CONTENT_TYPE, "image/svg+xml")], image).into_response())
}

/// POST /me/second-factor/begin
pub async fn begin(State(state): State<WebState>, form: PersonForm) -> Result<Response, WebError> {
    let result = app::begin_totp(&state.app, &form.person.actor).await;
    match refused(&state, &form, result).await? {
        Ok(()) => see_other(&super::with_next("/me/second-factor", form.fields.get("next")), None),
        Err(page) => Ok(page),
    }
}

#[derive(Template)]
#[template(path = "identity/recovery.html")]
struct RecoveryPage {
    p: Page,
    codes: Vec<String>,
    next: String,
}

/// Shows recovery codes, this once. Whoever had to set a factor up is let in by the same answer.
pub(super) async fn codes_shown(
    state: &WebState,
    person: &Person,
    codes: Vec<String>,
    next: &str,
) -> Result<Response, WebError> {
    let next = super::local_path(next);
    let signed = match person.stage {
        Stage::SetUp => {
            let origin = sign_in::Origin { address: &person.actor.address, agent: "" };
            sign_in::set_up_done(&state.app, &person.token, origin).await?
        }
        _ => None,
    };
    if codes.is_empty() {
        return match signed {
            Some(signed) => on(state, &signed, &next),
            None => see_other("/me/second-factor", None),
        };
    }
    let p = Page::new(state, person, Room::Administration, "/me/second-factor");
    let mut page = render(&RecoveryPage { p, codes, next })?;
    if let Some(signed) = signed {
        let cookie = super::session_cookie(state.config.secure_cookies, &signed.token, "");
        let cookie = cookie.parse().map_err(|_| WebError::internal("header value"))?;
        page.headers_mut().append(axum::http::header::SET_COOKIE, cookie);
    }
    Ok(page)
}

/// POST /me/second-factor/code
pub async fn first_code(State(state): State<WebState>, form: PersonForm) -> Result<Response, WebError> {
    let result = app::confirm_totp(&state.app, &form.person.actor, form.fields.get("code")).await;
    match refused(&state, &form, result).await? {
        Ok(codes) => codes_shown(&state, &form.person, codes, form.fields.get("next")).await,
        Err(page) => Ok(page),
    }
}

/// POST /me/second-factor/recovery
pub async fn renew(State(state): State<WebState>, form: PersonForm) -> Result<Response, WebError> {
    let result = app::renew_codes(&state.app, &form.person.actor).await;
    match refused(&state, &form, result).await? {
        Ok(codes) => codes_shown(&state, &form.person, codes, "/me/second-factor").await,
        Err(page) => Ok(page),
    }
}

/// POST /me/second-factor/remove
pub async fn remove(State(state): State<WebState>, form: PersonForm) -> Result<Response, WebError> {
    let result = app::remove(&state.app, &form.person.actor, form.fields.get("which")).await;
    match refused(&state, &form, result).await? {
        Ok(()) => see_other("/me/second-factor", None),
        Err(page) => Ok(page),
    }
}
