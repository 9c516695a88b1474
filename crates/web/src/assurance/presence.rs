//! Who else is in a sheet just now: a courtesy, kept in memory only.

use std::collections::HashMap;
use std::sync::Mutex;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use jiff::{SignedDuration, Timestamp};
use sakimori_app::assessment;
use serde::{Deserialize, Serialize};

use crate::error::WebError;
use crate::forms::PersonJson;
use crate::state::WebState;

/// The script reports every 15 s; who has missed three reports has left.
const STAYS_SECONDS: i64 = 45;

struct Here {
    assessment_id: String,
    row: String,
    name: String,
    department_id: String,
    at: Timestamp,
}

/// Where people are, by account: one place each, so it is bounded by the number of accounts.
#[derive(Default)]
pub struct Presence(Mutex<HashMap<String, Here>>);

/// Where the caller is.
#[derive(Deserialize)]
pub struct Report {
    row: Option<String>,
}

#[derive(Serialize)]
struct Other {
    row: String,
    name: String,
}

/// PATCH /assessments/{id}/presence
pub async fn report(
    State(state): State<WebState>,
    Path(id): Path<String>,
    sent: PersonJson<Report>,
) -> Result<Response, WebError> {
    let actor = &sent.person.actor;
    assessment::may_open(&state.app, actor, &id).await.map_err(|error| WebError::from(error).in_json())?;
    let now = state.app.now();
    let row = sent.body.row.filter(|row| row.len() <= 64).unwrap_or_default();
    let here = Here {
        assessment_id: id.clone(),
        row,
        name: actor.name.clone(),
        department_id: actor.department_id.clone(),
        at: now,
    };
    let mut others = Vec::new();
    if let Ok(mut places) = state.presence.0.lock() {
        places.retain(|_, place| now.duration_since(place.at) < SignedDuration::from_secs(STAYS_SECONDS));
        places.insert(actor.account_id.clone(), here);
        let whole = actor.may(sakimori_domain::identity::Permission::ReadAssessments);
        others.extend(
            places
                .iter()
                .filter(|(account, place)| {
                    **account != actor.account_id && place.assessment_id == id && !place.row.is_empty()
                })
                // A department sees its own people only.
                .filter(|(_, place)| whole || place.department_id == actor.department_id)
                .map(|(_, place)| Other { row: place.row.clone(), name: place.name.clone() }),
        );
    }
    Ok(axum::Json(serde_json::json!({ "others": others })).into_response())
}
