//! What a person sees when something was refused or broke: what happened, why, what to do.

use askama::Template;
use axum::Extension;
use axum::http::header::{ACCEPT, ACCEPT_LANGUAGE, LOCATION, RETRY_AFTER};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use sakimori_app::{AppError, Refusal, RefusalKind};
use serde_json::json;

use crate::conflict::Plain;

/// An answer other than the page that was asked for.
pub struct WebError {
    kind: Kind,
    /// The caller reads JSON, not pages.
    json: bool,
    english: bool,
}

enum Kind {
    Refused(Box<Refusal>),
    /// Sent to the sign-in page and back here afterwards.
    SignIn {
        next: String,
    },
    Internal(String),
}

impl WebError {
    /// A fault of ours. The text goes to the log only.
    pub fn internal(what: impl Into<String>) -> Self {
        Self { kind: Kind::Internal(what.into()), json: false, english: false }
    }

    /// An operation's error, answered in the form that the request reads.
    pub fn app(error: AppError, parts: &Parts) -> Self {
        let mut this = Self::from(error);
        this.json = reads_json(parts);
        this.english = prefers_english(&parts.headers);
        this
    }

    /// Nobody is signed in.
    pub fn sign_in(parts: &Parts) -> Self {
        let next = parts.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        Self { kind: Kind::SignIn { next }, json: reads_json(parts), english: false }
    }

    /// Answers in JSON.
    #[must_use]
    pub fn in_json(mut self) -> Self {
        self.json = true;
        self
    }

    /// Answers in the person's language.
    #[must_use]
    pub fn in_language(mut self, language: &str) -> Self {
        self.english = language == "en";
        self
    }

    /// The refusal, if it is one: forms show it beside their fields.
    pub fn refusal(&self) -> Option<&Refusal> {
        match &self.kind {
            Kind::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }
}

/// Whether a browser asks for English first: all that is known of somebody who is not signed in.
pub fn prefers_english(headers: &HeaderMap) -> bool {
    let languages = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or("");
    languages.trim_start().get(..2).is_some_and(|first| first.eq_ignore_ascii_case("en"))
}

/// Whether a request reads JSON rather than pages.
pub fn reads_json(parts: &Parts) -> bool {
    let accepts = parts.headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or("");
    parts.uri.path().starts_with("/api/") || accepts.contains("application/json")
}

impl From<AppError> for WebError {
    fn from(error: AppError) -> Self {
        let kind = match error {
            AppError::Refused(refusal) => Kind::Refused(refusal),
            other => Kind::Internal(other.to_string()),
        };
        Self { kind, json: false, english: false }
    }
}

impl From<Refusal> for WebError {
    fn from(refusal: Refusal) -> Self {
        AppError::from(refusal).into()
    }
}

impl From<sakimori_store::StoreError> for WebError {
    fn from(error: sakimori_store::StoreError) -> Self {
        AppError::from(error).into()
    }
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    english: bool,
    status: u16,
    title: &'a str,
    what: &'a str,
    next: &'a str,
}

/// The HTTP status of a refusal.
pub(crate) fn status(kind: RefusalKind) -> StatusCode {
    match kind {
        RefusalKind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        RefusalKind::SignInNeeded => StatusCode::UNAUTHORIZED,
        RefusalKind::Forbidden => StatusCode::FORBIDDEN,
        RefusalKind::NotFound => StatusCode::NOT_FOUND,
        RefusalKind::Conflict => StatusCode::CONFLICT,
        RefusalKind::Limit => StatusCode::PAYLOAD_TOO_LARGE,
        RefusalKind::TooOften => StatusCode::TOO_MANY_REQUESTS,
        RefusalKind::Busy => StatusCode::SERVICE_UNAVAILABLE,
        RefusalKind::Storage => StatusCode::INSUFFICIENT_STORAGE,
    }
}

impl IntoResponse for WebError {
    fn into_response(self) -> Response {
        let refusal = match self.kind {
            Kind::Refused(refusal) => *refusal,
            Kind::SignIn { next } => return to_sign_in(&next, self.json),
            Kind::Internal(what) => {
                tracing::error!(error = %what, "request failed");
                let broken = Refusal::new(
                    RefusalKind::Invalid,
                    "internal",
                    "処理中に問題が起きました。入力した内容は保存されていません。",
                    "Something broke on our side; nothing was saved.",
                )
                .next(
                    "少し待ってからもう一度お試しください。続く場合は管理者に連絡してください。",
                    "Try again shortly; if it goes on, tell your administrator.",
                );
                return page(&broken, StatusCode::INTERNAL_SERVER_ERROR, self.json, self.english);
            }
        };
        let status = status(refusal.kind);
        let mut response = page(&refusal, status, self.json, self.english);
        if refusal.kind == RefusalKind::Busy {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("2"));
        }
        response
    }
}

/// A refusal as it was answered, for the layer that knows who reads it.
#[derive(Clone)]
struct Told {
    refusal: Refusal,
    as_json: bool,
    english: bool,
}

/// A refusal in the language of the person who gets it: handlers need not know it. Anything else stays as it is.
pub fn in_language_of(mut response: Response, language: &str) -> Response {
    let english = language == "en";
    let Some(told) = response.extensions_mut().remove::<Told>().filter(|told| told.english != english) else {
        return response;
    };
    let again = page(&told.refusal, response.status(), told.as_json, english);
    let (mut head, body) = again.into_parts();
    // What was added to the answer (when to come back, a cookie) stays.
    let (old, _) = response.into_parts();
    for (name, value) in old.headers {
        if let Some(name) = name.filter(|name| !head.headers.contains_key(name)) {
            head.headers.insert(name, value);
        }
    }
    Response::from_parts(head, body)
}

fn page(refusal: &Refusal, status: StatusCode, as_json: bool, english: bool) -> Response {
    let mut response = bare_page(refusal, status, as_json, english);
    response.extensions_mut().insert(Told { refusal: refusal.clone(), as_json, english });
    response
}

fn bare_page(refusal: &Refusal, status: StatusCode, as_json: bool, english: bool) -> Response {
    let (what, next) = if english { (&refusal.en, &refusal.next_en) } else { (&refusal.ja, &refusal.next_ja) };
    if as_json {
        let body = json!({ "code": refusal.code, "message": what, "next": next });
        return (status, axum::Json(body)).into_response();
    }
    let title = match (status, english) {
        (StatusCode::NOT_FOUND, false) => "見つかりません",
        (StatusCode::NOT_FOUND, true) => "Not found",
        (StatusCode::FORBIDDEN, false) => "権限がありません",
        (StatusCode::FORBIDDEN, true) => "Not allowed",
        (StatusCode::CONFLICT | StatusCode::INSUFFICIENT_STORAGE, false) => "保存していません",
        (StatusCode::CONFLICT | StatusCode::INSUFFICIENT_STORAGE, true) => "Not saved",
        (StatusCode::TOO_MANY_REQUESTS, false) => "少しお待ちください",
        (StatusCode::TOO_MANY_REQUESTS, true) => "Please wait",
        (_, false) => "処理できませんでした",
        (_, true) => "Not done",
    };
    let template = ErrorPage { english, status: status.as_u16(), title, what, next };
    match template.render() {
        Ok(html) => (status, Extension(Plain { english }), Html(html)).into_response(),
        Err(_) => (status, title.to_owned()).into_response(),
    }
}

fn to_sign_in(next: &str, json: bool) -> Response {
    if json {
        let body = json!({ "code": "sign-in-needed", "message": "サインインしてください。", "next": "/sign-in" });
        return (StatusCode::UNAUTHORIZED, axum::Json(body)).into_response();
    }
    let query: String = form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
    let location = if next == "/" { "/sign-in".to_owned() } else { format!("/sign-in?{query}") };
    match HeaderValue::from_str(&location) {
        Ok(value) => (StatusCode::SEE_OTHER, [(LOCATION, value)]).into_response(),
        Err(_) => StatusCode::UNAUTHORIZED.into_response(),
    }
}
