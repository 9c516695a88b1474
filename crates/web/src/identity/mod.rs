//! Signing in and out, one's own settings.

pub mod confirm;
pub mod factors;
pub mod passkey;
pub mod steps;

use askama::Template;
use axum::body::to_bytes;
use axum::extract::{Query, Request, State};
use axum::http::header::{LOCATION, REFERER, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use sakimori_app::identity::{self as app, Stage};
use sakimori_app::oidc::OwnLink;
use sakimori_app::sign_in_policy::Policy;
use sakimori_app::{AppError, Refusal, RefusalKind, account_care};
use serde::Deserialize;

use crate::error::{WebError, prefers_english, reads_json};
use crate::forms::{Fields, PersonForm, again, too_large, typed};
use crate::page::{Page, Room, render};
use crate::person::{Person, address, agent, cookie_name};
use crate::state::WebState;

#[derive(Template)]
#[template(path = "identity/sign_in.html")]
struct SignInPage {
    english: bool,
    demo: bool,
    login: String,
    next: String,
    refusal: Option<Refusal>,
    /// The same page in the other language.
    other: String,
    /// Single sign-on: organisation and words.
    providers: Vec<(String, String)>,
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
    headers: HeaderMap,
) -> Result<Response, WebError> {
    let english = query.lang == "en" || (query.lang.is_empty() && prefers_english(&headers));
    render(&SignInPage {
        english,
        other: other_language(english, &query.next),
        demo: state.config.demo,
        login: String::new(),
        next: query.next,
        refusal: None,
        providers: sakimori_app::oidc::buttons(&state.app).await?,
    })
}

fn other_language(english: bool, next: &str) -> String {
    let mut query = form_urlencoded::Serializer::for_suffix("/sign-in?".to_owned(), "/sign-in?".len());
    query.append_pair("lang", if english { "ja" } else { "en" });
    if !next.is_empty() {
        query.append_pair("next", &local_path(next));
    }
    query.finish()
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
    let attempt = match state.gate.sign_in_attempt(&parts, state.app.now()) {
        Ok(attempt) => attempt,
        Err(refused) => return Ok(refused.answer(&parts)),
    };
    let agent = agent(&parts);
    let origin = app::Origin { address: &address, agent: &agent };
    match app::sign_in(&state.app, &login, fields.get("password"), origin).await {
        Ok(signed) => {
            attempt.succeeded();
            on_asking(&state, &signed, fields.get("next")).await
        }
        Err(AppError::Refused(refusal)) if refusal.kind == RefusalKind::SignInNeeded => {
            let english = fields.get("lang") == "en";
            let page = SignInPage {
                english,
                other: other_language(english, fields.get("next")),
                demo: state.config.demo,
                login,
                next: fields.get("next").to_owned(),
                refusal: Some(*refusal),
                providers: sakimori_app::oidc::buttons(&state.app).await?,
            };
            Ok((StatusCode::UNAUTHORIZED, render(&page)?).into_response())
        }
        // A disk that is full, a clock that went back, a database that is away: nobody's wrong password.
        Err(error) => {
            attempt.succeeded();
            Err(WebError::from(error).in_language(fields.get("lang")))
        }
    }
}

/// Hands the browser the session of a step and sends it on: to the next step, or to where it wanted to go.
pub fn on(state: &WebState, signed: &app::SignedIn, next: &str) -> Result<Response, WebError> {
    let cookie = session_cookie(state.config.secure_cookies, &signed.token, "");
    see_other(&with_next(step_path(signed.stage), next), Some(&cookie))
}

/// The same; whoever belongs to several organisations is asked first in which of them they act, so that none is chosen
/// for them in silence.
pub async fn on_asking(state: &WebState, signed: &app::SignedIn, next: &str) -> Result<Response, WebError> {
    if signed.stage != Stage::Done || !sakimori_app::seats::has_several(&state.app, &signed.actor).await? {
        return on(state, signed, next);
    }
    let mut query = form_urlencoded::Serializer::for_suffix("/seats?".to_owned(), "/seats?".len());
    query.extend_pairs([("begin", "1"), ("next", &local_path(next))]);
    on(state, signed, &query.finish())
}

/// The page of a step; of a finished sign-in nothing.
fn step_path(stage: Stage) -> &'static str {
    match stage {
        Stage::Done => "",
        Stage::SecondFactor => "/sign-in/second-factor",
        Stage::Absence => "/sign-in/return",
        Stage::NewPassword => "/sign-in/new-password",
        Stage::SetUp => "/me/second-factor",
    }
}

fn with_next(path: &str, next: &str) -> String {
    let next = local_path(next);
    if path.is_empty() {
        return next;
    }
    let query: String = form_urlencoded::Serializer::new(String::new()).append_pair("next", &next).finish();
    if next == "/" { path.to_owned() } else { format!("{path}?{query}") }
}

/// Sends somebody who is not let in here to the step where they stand.
pub fn to_step(stage: Stage, parts: &Parts) -> Response {
    if reads_json(parts) {
        let refusal = Refusal::new(
            RefusalKind::SignInNeeded,
            "sign-in-unfinished",
            "サインインが終わっていません。",
            "Signing in is not finished.",
        );
        return WebError::from(refusal).in_json().into_response();
    }
    let wanted = if parts.method == axum::http::Method::GET { parts.uri.path() } else { "/" };
    let wanted = if stage == Stage::Done { "/" } else { wanted };
    see_other(&with_next(step_path(stage), wanted), None).unwrap_or_else(IntoResponse::into_response)
}

/// Only a path of this site: `//elsewhere` and `/\elsewhere` are another site to a browser, and `/..//elsewhere` to a
/// program that tidies paths first.
pub fn local_path(next: &str) -> String {
    let is_local =
        next.starts_with('/') && !next.contains("//") && !next.contains('\\') && !next.chars().any(char::is_control);
    if is_local { next.to_owned() } else { "/".to_owned() }
}

/// The page of ours that a form stood on.
pub fn came_from(headers: &HeaderMap) -> String {
    let referer = headers.get(REFERER).and_then(|value| value.to_str().ok()).unwrap_or("");
    let path = referer.split_once("://").and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..]));
    local_path(path.unwrap_or("/"))
}

/// The cookie of a session.
pub fn session_cookie(secure: bool, token: &str, more: &str) -> String {
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
    own: account_care::Own,
    has_factor: bool,
    /// How the account stands to the organisation's provider; `None` without one.
    single: Option<OwnLink>,
    policy: Policy,
}

async fn me_page(state: &WebState, person: &Person, refusal: Option<Refusal>) -> Result<Response, WebError> {
    let own = account_care::own(&state.app, &person.actor, &person.token).await?;
    let mut c = state.app.read().await?;
    let has_factor = sakimori_store::second_factor::has_any(&mut c, &person.actor.account_id).await?;
    let (policy, _) = sakimori_app::sign_in_policy::of(&mut c, &person.actor.organisation_id).await?;
    drop(c);
    let single = sakimori_app::oidc::own(&state.app, &person.actor).await?;
    let p = Page::new(state, person, Room::Administration, "/me");
    render(&MePage { p, refusal, own, has_factor, single, policy })
}

/// What became of an attempt, in words.
pub fn outcome(code: &str, p: &Page) -> &'static str {
    let (ja, en) = match code {
        "success" => ("サインインしました", "signed in"),
        "wrong-password" => ("パスワードが違いました", "wrong password"),
        "wrong-factor" => ("第二要素のコードが違いました", "wrong code"),
        _ => ("受け付けませんでした", "refused"),
    };
    if p.english { en } else { ja }
}

/// GET /me
pub async fn me(State(state): State<WebState>, person: Person) -> Result<Response, WebError> {
    me_page(&state, &person, None).await
}

/// POST /me/sessions/end
pub async fn end_session(State(state): State<WebState>, form: PersonForm) -> Result<Response, WebError> {
    account_care::end_own(&state.app, &form.person.actor, &form.person.token, form.fields.get("id")).await?;
    see_other("/me", None)
}

/// POST /me/password
pub async fn change_password(State(state): State<WebState>, form: PersonForm) -> Result<Response, WebError> {
    let fields = &form.fields;
    let (person, present, new) = (&form.person, fields.get("present"), fields.get("new"));
    match typed(person, app::change_own_password(&state.app, &person.actor, &person.token, present, new).await)? {
        Ok(()) => see_other("/sign-in", None),
        Err(refusal) => Ok(again(me_page(&state, person, Some(refusal)).await?)),
    }
}
