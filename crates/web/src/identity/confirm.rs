//! Proving anew who one is, before a dangerous act.
//!
//! A form that arrives without that is not lost: the page that asks for the password carries its fields along, and the
//! browser sends all of them on to where they were going (307 repeats the form as it was).

use askama::Template;
use axum::body::{Body, to_bytes};
use axum::extract::{Query, Request, State};
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use sakimori_app::{Refusal, RefusalKind, sign_in as app};

use super::steps::form_and_agent;
use super::{SignInQuery, came_from, local_path, see_other};
use crate::error::{WebError, reads_json};
use crate::forms::{Fields, again, typed};
use crate::page::{Page, Room, render};
use crate::person::Person;
use crate::state::WebState;

/// Largest form that is carried along, in bytes.
const CARRIED_MAX: usize = 64 << 10;
/// Fields of the page itself; all others are the waiting form's.
pub const SECRET: &str = "confirm-secret";
pub const NEXT: &str = "confirm-next";
pub const REPEAT: &str = "confirm-repeat";

#[derive(Template)]
#[template(path = "identity/confirm.html")]
struct ConfirmPage {
    p: Page,
    next: String,
    /// A form waits; else a page.
    repeats: bool,
    carried: Vec<(String, String)>,
    refusal: Option<Refusal>,
}

fn show(
    state: &WebState,
    person: &Person,
    next: String,
    carried: Option<Vec<(String, String)>>,
    refusal: Option<Refusal>,
) -> Result<Response, WebError> {
    let p = Page::new(state, person, Room::Administration, "/confirm");
    let repeats = carried.is_some();
    render(&ConfirmPage { p, next, repeats, carried: carried.unwrap_or_default(), refusal })
}

/// GET /confirm
pub async fn page(
    State(state): State<WebState>,
    person: Person,
    Query(query): Query<SignInQuery>,
) -> Result<Response, WebError> {
    show(&state, &person, local_path(&query.next), None, None)
}

/// POST /confirm
pub async fn confirm(State(state): State<WebState>, request: Request) -> Result<Response, WebError> {
    let (form, agent) = form_and_agent(request, &state).await?;
    let f = &form.fields;
    let next = local_path(f.get(NEXT));
    let repeats = f.get(REPEAT) == "1";
    let person = &form.person;
    let confirmed = app::confirm(&state.app, &person.actor, &person.token, f.get(SECRET), &agent).await;
    match typed(person, confirmed)? {
        Ok(()) if repeats => {
            let location = HeaderValue::from_str(&next).map_err(|_| WebError::internal("header value"))?;
            Ok((StatusCode::TEMPORARY_REDIRECT, [(LOCATION, location)]).into_response())
        }
        Ok(()) => see_other(&next, None),
        Err(refusal) => Ok(again(show(&state, person, next, repeats.then(|| waiting(f)), Some(refusal))?)),
    }
}

/// The fields of the waiting form.
fn waiting(fields: &Fields) -> Vec<(String, String)> {
    let own = ["csrf", SECRET, NEXT, REPEAT];
    let others = fields.iter().filter(|(name, _)| !own.contains(name));
    others.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// Holds a dangerous request until its sender has proved who they are: a page to read is asked for again afterwards, a
/// form is carried along, anything else has to be sent again.
///
/// # Errors
/// The answer that asks for the proof. `Ok` is a request that the handler refuses for another reason.
pub async fn hold(state: &WebState, person: Person, parts: Parts, body: Body) -> Result<Request, Box<Response>> {
    let answer = |result: Result<Response, WebError>| Box::new(result.unwrap_or_else(IntoResponse::into_response));
    let english = person.actor.language.clone();
    if reads_json(&parts) {
        return Err(Box::new(WebError::from(needed()).in_json().in_language(&english).into_response()));
    }
    let path = |path: &str| {
        let query: String = form_urlencoded::Serializer::new(String::new()).append_pair("next", path).finish();
        format!("/confirm?{query}")
    };
    if parts.method == Method::GET {
        let wanted = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        return Err(answer(see_other(&path(wanted), None)));
    }
    let media_type = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    if !media_type.starts_with("application/x-www-form-urlencoded") {
        return Err(answer(see_other(&path(&came_from(&parts.headers)), None)));
    }
    let Ok(bytes) = to_bytes(body, CARRIED_MAX).await else {
        return Err(answer(see_other(&path(&came_from(&parts.headers)), None)));
    };
    let fields = Fields::parse(&bytes);
    if fields.get("csrf") != person.csrf {
        // Not sent from a page of this session: the handler says so.
        return Ok(Request::from_parts(parts, Body::from(bytes)));
    }
    let page = show(state, &person, parts.uri.path().to_owned(), Some(waiting(&fields)), None);
    Err(answer(page.map(|page| (StatusCode::FORBIDDEN, page).into_response())))
}

fn needed() -> Refusal {
    Refusal::new(
        RefusalKind::Forbidden,
        "confirm-needed",
        "重要な操作のため、本人の確認が必要です。",
        "This act is dangerous: prove first who you are.",
    )
    .next("/confirm で確認してから、もう一度操作してください。", "Do so at /confirm and repeat.")
}
