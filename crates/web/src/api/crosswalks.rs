//! Crosswalks, their mappings, and the suggestions.

use axum::extract::{Path, Query, State};
use axum::response::Response;
use sakimori_app::crosswalk::{self as app, Direction};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{ApiError, Refused, json};
use crate::person::Person;
use crate::state::WebState;

/// Most candidates of one item.
const TOP_MAX: usize = 50;

/// Two editions lined up.
#[derive(Serialize, ToSchema)]
struct CrosswalkBody<'a> {
    id: &'a str,
    source_edition: &'a str,
    target_edition: &'a str,
    created_at: &'a str,
    /// Items of the source edition by what is known of them.
    covered: usize,
    partly: usize,
    not: usize,
    unjudged: usize,
    /// Mappings that the second reviewer disagreed with.
    disagreed: usize,
}

/// What somebody has said of a pair.
#[derive(Serialize, ToSchema)]
struct MappingBody<'a> {
    id: &'a str,
    /// Empty: the target has no counterpart.
    source: &'a str,
    /// Empty: the source has no counterpart.
    target: &'a str,
    /// equal, subset-of, superset-of, intersects, none: the source read as a set beside the target (NIST IR 8477).
    relation: &'a str,
    /// confirmed or rejected.
    status: &'a str,
    rationale: &'a str,
    /// person, import.
    origin: &'a str,
    decided_at: &'a str,
    /// Empty, agreed or disagreed.
    review: &'a str,
    review_note: &'a str,
    version: i64,
}

/// The candidates of every item.
#[derive(Serialize, ToSchema)]
struct SuggestionsBody {
    from: String,
    to: String,
    suggestions: Vec<SourceBody>,
}

/// The candidates of one item, best first.
#[derive(Serialize, ToSchema)]
struct SourceBody {
    source: String,
    targets: Vec<TargetBody>,
}

/// A candidate and why it is one.
#[derive(Serialize, ToSchema)]
struct TargetBody {
    id: String,
    /// 0 … 1.
    score: f64,
    /// Terms that both sides share.
    because: Vec<String>,
    /// The bullet that fits best.
    #[serde(skip_serializing_if = "Option::is_none")]
    item: Option<String>,
}

/// How many candidates, and from which side.
#[derive(Deserialize, IntoParams)]
#[serde(default)]
pub struct SuggestionsQuery {
    /// Candidates of each item, 1 to 50.
    top: usize,
    /// `reverse`: for the items of the target edition.
    direction: String,
}

impl Default for SuggestionsQuery {
    fn default() -> Self {
        Self { top: 10, direction: String::new() }
    }
}

/// The crosswalks of the organisation.
#[utoipa::path(get, path = "/api/v1/crosswalks",
    responses((status = 200, body = [CrosswalkBody]), (status = 403, body = Refused)))]
pub async fn crosswalks(State(state): State<WebState>, person: Person) -> Result<Response, ApiError> {
    let list = app::list(&state.app, &person.actor).await.map_err(ApiError::of(&person.actor.language))?;
    let bodies: Vec<CrosswalkBody<'_>> = list
        .iter()
        .map(|entry| CrosswalkBody {
            id: &entry.crosswalk.id,
            source_edition: &entry.crosswalk.source_edition,
            target_edition: &entry.crosswalk.target_edition,
            created_at: &entry.crosswalk.created_at,
            covered: entry.progress.covered,
            partly: entry.progress.partly,
            not: entry.progress.not,
            unjudged: entry.progress.unjudged,
            disagreed: entry.disagreed,
        })
        .collect();
    json(&bodies, 1 << 12)
}

/// The mappings of a crosswalk, in the order of their numbers.
#[utoipa::path(get, path = "/api/v1/crosswalks/{id}/mappings", params(("id" = String, Path)),
    responses((status = 200, body = [MappingBody]), (status = 404, body = Refused)))]
pub async fn mappings(
    State(state): State<WebState>,
    person: Person,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let view = app::view(&state.app, &person.actor, &id, Direction::Forward)
        .await
        .map_err(ApiError::of(&person.actor.language))?;
    let bodies: Vec<MappingBody<'_>> = view
        .readings
        .iter()
        .map(|reading| &reading.mapping)
        .map(|m| MappingBody {
            id: &m.id,
            source: &m.source_number,
            target: &m.target_number,
            relation: m.relation.code(),
            status: m.status.code(),
            rationale: &m.rationale,
            origin: &m.origin,
            decided_at: &m.decided_at,
            review: &m.review,
            review_note: &m.review_note,
            version: m.version,
        })
        .collect();
    json(&bodies, 1 << 16)
}

/// The candidates of every item, best first; the same answer for the same texts, synonyms and judgements.
#[utoipa::path(get, path = "/api/v1/crosswalks/{id}/suggestions", params(("id" = String, Path), SuggestionsQuery),
    responses((status = 200, body = SuggestionsBody), (status = 404, body = Refused)))]
pub async fn suggestions(
    State(state): State<WebState>,
    person: Person,
    Path(id): Path<String>,
    Query(query): Query<SuggestionsQuery>,
) -> Result<Response, ApiError> {
    let direction = Direction::from_code(&query.direction);
    let found = app::suggestions(&state.app, &person.actor, &id, direction, query.top.clamp(1, TOP_MAX))
        .await
        .map_err(ApiError::of(&person.actor.language))?;
    let suggestions = found
        .rows
        .into_iter()
        .map(|(source, candidates)| SourceBody {
            source,
            targets: candidates
                .into_iter()
                .map(|c| TargetBody { id: c.id, score: c.score, because: c.because, item: c.item })
                .collect(),
        })
        .collect();
    json(&SuggestionsBody { from: found.from, to: found.to, suggestions }, 1 << 18)
}
