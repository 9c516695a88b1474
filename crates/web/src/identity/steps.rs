//! The steps after the password: second factor, and the confirmation after a long absence.

use askama::Template;
use axum::extract::{FromRequest, Query, Request, State};
use axum::response::Response;
use sakimori_app::second_factor::has_codes;
use sakimori_app::sign_in::{self as app, Origin, Return};
use sakimori_app::{Refusal, issued_password};
use sakimori_store::second_factor;

use super::{SignInQuery, on_asking};
use crate::error::WebError;
use crate::forms::{PersonForm, again, typed};
use crate::page::{Page, Room, render};
use crate::person::{Person, agent};
use crate::state::WebState;

#[derive(Template)]
#[template(path = "identity/second_step.html")]
struct SecondPage {
    english: bool,
    csrf: String,
    next: String,
    has_codes: bool,
    has_passkeys: bool,
    /// What passkeys are bound to.
    origin: String,
    refusal: Option<Refusal>,
}

pub(super) async fn second_answer(
    state: &WebState,
    person: &Person,
    next: &str,
    refusal: Option<Refusal>,
) -> Result<Response, WebError> {
    let mut c = state.app.read().await?;
    let id = &person.actor.account_id;
    let page = SecondPage {
        english: person.actor.language == "en",
        csrf: person.csrf.clone(),
        next: next.to_owned(),
        has_codes: has_codes(&mut c, id).await?,
        origin: state.site.as_ref().map_or_else(String::new, |site| site.origin.clone()),
        has_passkeys: state.site.is_some() && !second_factor::passkeys(&mut c, id).await?.is_empty(),
        refusal,
    };
    drop(c);
    render(&page)
}

/// GET /sign-in/second-factor
pub async fn second_page(
    State(state): State<WebState>,
    person: Person,
    Query(query): Query<SignInQuery>,
) -> Result<Response, WebError> {
    second_answer(&state, &person, &query.next, None).await
}

/// A form with the family of the browser that sent it.
pub(super) async fn form_and_agent(request: Request, state: &WebState) -> Result<(PersonForm, String), WebError> {
    let (parts, body) = request.into_parts();
    let family = agent(&parts);
    let form = PersonForm::from_request(Request::from_parts(parts, body), state).await?;
    Ok((form, family))
}

/// POST /sign-in/second-factor
pub async fn second(State(state): State<WebState>, request: Request) -> Result<Response, WebError> {
    let (form, agent) = form_and_agent(request, &state).await?;
    let origin = Origin { address: &form.person.actor.address, agent: &agent };
    let next = form.fields.get("next");
    let stepped = app::second_step(&state.app, &form.person.token, form.fields.get("code"), origin).await;
    match typed(&form.person, stepped)? {
        Ok(signed) => on_asking(&state, &signed, next).await,
        Err(refusal) => Ok(again(second_answer(&state, &form.person, next, Some(refusal)).await?)),
    }
}

#[derive(Template)]
#[template(path = "identity/return.html")]
struct ReturnPage {
    p: Page,
    next: String,
    department: String,
    contact: String,
    used_at: String,
    changed: String,
    refusal: Option<Refusal>,
}

async fn returning(
    state: &WebState,
    person: &Person,
    fields: (&str, &str, Option<&str>),
    refusal: Option<Refusal>,
) -> Result<Response, WebError> {
    let known = app::returning(&state.app, &person.token).await?;
    let (next, changed, contact) = fields;
    render(&ReturnPage {
        p: Page::new(state, person, Room::Home, "/"),
        next: next.to_owned(),
        department: known.department,
        contact: contact.map_or(known.contact, ToOwned::to_owned),
        used_at: known.used_at,
        changed: changed.to_owned(),
        refusal,
    })
}

/// GET /sign-in/return
pub async fn return_page(
    State(state): State<WebState>,
    person: Person,
    Query(query): Query<SignInQuery>,
) -> Result<Response, WebError> {
    returning(&state, &person, (&query.next, "", None), None).await
}

/// POST /sign-in/return
pub async fn come_back(State(state): State<WebState>, request: Request) -> Result<Response, WebError> {
    let (form, agent) = form_and_agent(request, &state).await?;
    let f = &form.fields;
    let origin = Origin { address: &form.person.actor.address, agent: &agent };
    let back = Return { secret: f.get("secret"), contact: f.get("contact"), changed: f.get("changed") };
    let came = app::come_back(&state.app, &form.person.token, &back, origin).await;
    match typed(&form.person, came)? {
        Ok(signed) => on_asking(&state, &signed, f.get("next")).await,
        Err(refusal) => {
            let fields = (f.get("next"), f.get("changed"), Some(f.get("contact")));
            Ok(again(returning(&state, &form.person, fields, Some(refusal)).await?))
        }
    }
}

#[derive(Template)]
#[template(path = "identity/new_password.html")]
struct NewPasswordPage {
    p: Page,
    next: String,
    refusal: Option<Refusal>,
}

/// GET /sign-in/new-password
pub async fn new_password_page(
    State(state): State<WebState>,
    person: Person,
    Query(query): Query<SignInQuery>,
) -> Result<Response, WebError> {
    render(&NewPasswordPage { p: Page::new(&state, &person, Room::Home, "/"), next: query.next, refusal: None })
}

/// POST /sign-in/new-password
pub async fn new_password(State(state): State<WebState>, request: Request) -> Result<Response, WebError> {
    let (form, agent) = form_and_agent(request, &state).await?;
    let f = &form.fields;
    let origin = Origin { address: &form.person.actor.address, agent: &agent };
    let done = if f.get("new") == f.get("again") {
        issued_password::replace(&state.app, &form.person.token, f.get("new"), origin).await
    } else {
        Err(Refusal::invalid("password-again", "2つの入力が違います。", "The two entries differ.").into())
    };
    match typed(&form.person, done)? {
        Ok(signed) => on_asking(&state, &signed, f.get("next")).await,
        Err(refusal) => {
            let p = Page::new(&state, &form.person, Room::Home, "/");
            Ok(again(render(&NewPasswordPage { p, next: f.get("next").to_owned(), refusal: Some(refusal) })?))
        }
    }
}
