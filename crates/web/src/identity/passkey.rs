//! Passkeys: the two ceremonies. A script asks for the first half as JSON and puts the browser's answer into the form of
//! the second (`assets/src/js/70-passkey.js`).

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use sakimori_app::passkeys::{self as app, Site};
use sakimori_app::sign_in::Origin;
use sakimori_app::{AppError, Refusal};
use serde_json::Value;

use super::factors::{codes_shown, refused};
use super::on_asking;
use super::steps::{form_and_agent, second_answer};
use crate::error::WebError;
use crate::forms::{PersonForm, PersonJson, again, typed};
use crate::state::WebState;

/// The site's address, if it is one that a passkey can be bound to.
fn site(state: &WebState) -> Result<&Site, AppError> {
    state.site.as_deref().ok_or_else(|| {
        Refusal::invalid(
            "passkey-address",
            "パスキーを使うには、名前のある番地（--public-url）が必要です。",
            "Passkeys need an address with a name (--public-url).",
        )
        .into()
    })
}

/// POST /me/second-factor/passkey/begin
pub async fn begin(State(state): State<WebState>, form: PersonJson<Value>) -> Result<Response, WebError> {
    let begun = async { app::begin_adding(&state.app, site(&state)?, &form.person.actor, &form.person.token).await };
    Ok(Json(begun.await.map_err(|error| WebError::from(error).in_json())?).into_response())
}

/// POST /me/second-factor/passkey
pub async fn add(State(state): State<WebState>, form: PersonForm) -> Result<Response, WebError> {
    let f = &form.fields;
    let person = &form.person;
    let added = async {
        app::add(&state.app, site(&state)?, &person.actor, &person.token, f.get("name"), f.get("answer")).await
    };
    match refused(&state, &form, added.await).await? {
        Ok(codes) => codes_shown(&state, person, codes, f.get("next")).await,
        Err(page) => Ok(page),
    }
}

/// POST /sign-in/passkey/begin
pub async fn begin_step(State(state): State<WebState>, form: PersonJson<Value>) -> Result<Response, WebError> {
    let begun = async { app::begin_step(&state.app, site(&state)?, &form.person.actor, &form.person.token).await };
    Ok(Json(begun.await.map_err(|error| WebError::from(error).in_json())?).into_response())
}

/// POST /sign-in/passkey
pub async fn step(State(state): State<WebState>, request: Request) -> Result<Response, WebError> {
    let (form, agent) = form_and_agent(request, &state).await?;
    let origin = Origin { address: &form.person.actor.address, agent: &agent };
    let next = form.fields.get("next");
    let stepped =
        async { app::step(&state.app, site(&state)?, &form.person.token, form.fields.get("answer"), origin).await };
    match typed(&form.person, stepped.await)? {
        Ok(signed) => on_asking(&state, &signed, next).await,
        Err(refusal) => Ok(again(second_answer(&state, &form.person, next, Some(refusal)).await?)),
    }
}
