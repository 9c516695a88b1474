//! Who else is in a sheet just now.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use crate::error::WebError;
use crate::forms::PersonJson;
use crate::state::WebState;

/// Where the caller is.
#[derive(Deserialize)]
pub struct Report {
    row: Option<String>,
}

/// PATCH /assessments/{id}/presence
pub async fn report(
    State(state): State<WebState>,
    Path(id): Path<String>,
    sent: PersonJson<Report>,
) -> Result<Response, WebError> {
    let row = sent.body.row.unwrap_or_default();
    let others = sakimori_app::presence::report(&state.app, &sent.person.actor, &id, &row)
        .await
        .map_err(|error| WebError::from(error).in_json())?;
    let others: Vec<_> =
        others.into_iter().map(|other| serde_json::json!({ "row": other.row, "name": other.name })).collect();
    Ok(axum::Json(serde_json::json!({ "others": others })).into_response())
}
