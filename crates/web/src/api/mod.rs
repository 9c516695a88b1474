//! The JSON API. Each handler's documentation is the OpenAPI description; a test compares its paths with the router's.

mod answers;
mod crosswalks;
pub mod kept;
mod standards;

use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use sakimori_app::AppError;
use serde::Serialize;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi, ToSchema};

pub use answers::{assessment_answers, assessments, patch_answer, previous_json};
pub use crosswalks::{crosswalks, mappings, suggestions};
pub use standards::{provisions, standard, standards};

use crate::error::WebError;

/// What is said when a call was refused.
#[derive(Serialize, ToSchema)]
pub struct Refused {
    /// Stable, kebab-case.
    code: String,
    /// What happened and why, in the person's language.
    message: String,
    /// What to do next.
    next: String,
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Sakimori",
        description = "重要インフラ事業者のためのセキュリティ管理 / Security management for critical infrastructure operators"
    ),
    paths(
        openapi,
        answers::assessments,
        answers::assessment_answers,
        answers::patch_answer,
        crosswalks::crosswalks,
        crosswalks::mappings,
        crosswalks::suggestions,
        standards::standards,
        standards::standard,
        standards::provisions,
    ),
    components(schemas(Refused)),
    modifiers(&Credentials),
    security(("token" = []), ("session" = []))
)]
struct Description;

/// How a caller shows who it is.
struct Credentials;

impl Modify for Credentials {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let components = openapi.components.get_or_insert_default();
        let token = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("sakimori_…")
            .description(Some("An API token: made under /me/tokens, with a scope and an end."))
            .build();
        components.add_security_scheme("token", SecurityScheme::Http(token));
        let session =
            ApiKeyValue::with_description("__Host-sakimori", "A browser's session; writes need x-csrf-token.");
        components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(session)));
    }
}

/// The OpenAPI description of this API, as JSON.
///
/// # Panics
/// Never: the description is made of constants (a test reads it).
pub fn description() -> String {
    Description::openapi().to_json().unwrap_or_default()
}

/// The description itself.
#[utoipa::path(get, path = "/api/v1/openapi.json", responses((status = 200, description = "OpenAPI 3.1")))]
pub async fn openapi() -> Response {
    static TEXT: std::sync::LazyLock<String> = std::sync::LazyLock::new(description);
    json_text(Bytes::from_static(TEXT.as_bytes()))
}

/// An answer in JSON, also when it is a refusal.
pub struct ApiError(WebError);

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        self.0.into_response()
    }
}

impl ApiError {
    /// A refusal in the language of a person.
    fn of(language: &str) -> impl Fn(AppError) -> Self {
        move |error| Self(WebError::from(error).in_json().in_language(language))
    }
}

impl From<WebError> for ApiError {
    fn from(error: WebError) -> Self {
        Self(error.in_json())
    }
}

fn json_text(bytes: Bytes) -> Response {
    ([(CONTENT_TYPE, "application/json")], bytes).into_response()
}

/// Serialises without an intermediate value.
fn json_bytes<T: Serialize>(value: &T, expected_bytes: usize) -> Result<Bytes, ApiError> {
    let mut bytes = Vec::with_capacity(expected_bytes);
    serde_json::to_writer(&mut bytes, value).map_err(|error| WebError::internal(format!("api: {error}")))?;
    Ok(bytes.into())
}

fn json<T: Serialize>(value: &T, expected_bytes: usize) -> Result<Response, ApiError> {
    Ok(json_text(json_bytes(value, expected_bytes)?))
}
