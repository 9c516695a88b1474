//! Standards, their editions and provisions.

use axum::extract::{Path, State};
use axum::response::Response;
use sakimori_app::{AppError, Refusal};
use sakimori_domain::identity::Permission;
use sakimori_domain::standards::Item;
use sakimori_store::edition::{self, EditionEntry, ProvisionEntry};
use serde::Serialize;
use utoipa::ToSchema;

use super::{ApiError, Refused, json};
use crate::person::Person;
use crate::state::WebState;

/// An edition of a standard.
#[derive(Serialize, ToSchema)]
struct EditionBody<'a> {
    id: &'a str,
    standard: &'a str,
    title: &'a str,
    title_en: &'a str,
    short: &'a str,
    label: &'a str,
    issuer: &'a str,
    authority: &'a str,
    valid_from: &'a str,
    valid_to: &'a str,
    /// `built-in` or `ingested`.
    origin: &'a str,
    provisions: i64,
    /// Provisions that are answered in an assessment.
    controls: i64,
    /// Provisions whose official text is loaded.
    texts: i64,
}

impl<'a> From<&'a EditionEntry> for EditionBody<'a> {
    fn from(e: &'a EditionEntry) -> Self {
        Self {
            id: &e.id,
            standard: &e.edition.standard,
            title: &e.edition.title,
            title_en: &e.edition.title_en,
            short: &e.edition.short,
            label: &e.edition.label,
            issuer: &e.edition.issuer,
            authority: &e.edition.authority,
            valid_from: &e.edition.valid_from,
            valid_to: &e.edition.valid_to,
            origin: &e.origin,
            provisions: e.provisions,
            controls: e.controls,
            texts: e.texts,
        }
    }
}

/// A provision with our question about it and, where the caller's organisation has loaded it, the official text.
#[derive(Serialize, ToSchema)]
struct ProvisionBody<'a> {
    id: &'a str,
    parent: Option<&'a str>,
    kind: &'a str,
    title: &'a str,
    title_en: &'a str,
    question: &'a str,
    question_en: &'a str,
    explanation: &'a str,
    explanation_en: &'a str,
    strength: &'a str,
    disposition: Option<&'a str>,
    consideration: Option<&'a str>,
    marks: Vec<&'a str>,
    /// Network class and level.
    levels: Vec<(&'a str, &'a str)>,
    audience: Vec<&'a str>,
    references: &'a [String],
    has_text: bool,
    text: &'a str,
    items: Vec<ItemBody<'a>>,
}

/// A list item of a provision.
#[derive(Serialize, ToSchema)]
struct ItemBody<'a> {
    label: &'a str,
    text: &'a str,
    kind: &'a str,
    strength: &'a str,
    marks: Vec<&'a str>,
    #[schema(no_recursion)]
    items: Vec<ItemBody<'a>>,
}

impl<'a> From<&'a Item> for ItemBody<'a> {
    fn from(i: &'a Item) -> Self {
        Self {
            label: &i.label,
            text: &i.text,
            kind: i.kind.code(),
            strength: i.strength.code(),
            marks: i.marks.iter().map(|m| m.code()).collect(),
            items: i.items.iter().map(Into::into).collect(),
        }
    }
}

impl<'a> From<&'a ProvisionEntry> for ProvisionBody<'a> {
    fn from(e: &'a ProvisionEntry) -> Self {
        let (p, g) = (&e.provision, &e.guide);
        Self {
            id: &p.id,
            parent: p.parent.as_deref(),
            kind: p.kind.code(),
            title: &p.title,
            title_en: &g.title_en,
            question: &g.question,
            question_en: &g.question_en,
            explanation: &g.explanation,
            explanation_en: &g.explanation_en,
            strength: p.strength.code(),
            disposition: p.disposition.map(|d| d.code()),
            consideration: p.consideration.map(|c| c.code()),
            marks: p.marks.iter().map(|m| m.code()).collect(),
            levels: p.levels.iter().map(|(class, level)| (class.code(), level.code())).collect(),
            audience: p.audience.iter().map(|a| a.code()).collect(),
            references: &p.references,
            has_text: e.has_text,
            text: &p.text,
            items: p.items.iter().map(Into::into).collect(),
        }
    }
}

async fn readable(state: &WebState, person: &Person, id: &str) -> Result<EditionEntry, AppError> {
    person.actor.require(Permission::ReadStandards)?;
    let mut c = state.app.read().await?;
    let found = edition::edition(&mut c, &person.actor.organisation_id, id).await?;
    Ok(found.ok_or_else(Refusal::not_found)?)
}

/// The editions that the organisation can read: those that ship and its own.
#[utoipa::path(get, path = "/api/v1/standards", responses((status = 200, body = [EditionBody]), (status = 401, body = Refused)))]
pub async fn standards(State(state): State<WebState>, person: Person) -> Result<Response, ApiError> {
    let refused = ApiError::of(&person.actor.language);
    person.actor.require(Permission::ReadStandards).map_err(&refused)?;
    let mut c = state.app.read().await.map_err(&refused)?;
    let all = edition::editions(&mut c, &person.actor.organisation_id).await.map_err(|e| refused(e.into()))?;
    let bodies: Vec<EditionBody<'_>> = all.iter().map(Into::into).collect();
    json(&bodies, 512 * bodies.len() + 16)
}

/// One edition.
#[utoipa::path(get, path = "/api/v1/standards/{id}", params(("id" = String, Path, description = "edition")),
    responses((status = 200, body = EditionBody), (status = 401, body = Refused), (status = 404, body = Refused)))]
pub async fn standard(
    State(state): State<WebState>,
    person: Person,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let entry = readable(&state, &person, &id).await.map_err(ApiError::of(&person.actor.language))?;
    json(&EditionBody::from(&entry), 512)
}

/// The provisions of an edition, in order.
#[utoipa::path(get, path = "/api/v1/standards/{id}/provisions", params(("id" = String, Path, description = "edition")),
    responses((status = 200, body = [ProvisionBody]), (status = 401, body = Refused), (status = 404, body = Refused)))]
pub async fn provisions(
    State(state): State<WebState>,
    person: Person,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let refused = ApiError::of(&person.actor.language);
    readable(&state, &person, &id).await.map_err(&refused)?;
    let mut c = state.app.read().await.map_err(&refused)?;
    let all = edition::provisions(&mut c, &person.actor.organisation_id, &id).await.map_err(|e| refused(e.into()))?;
    let bodies: Vec<ProvisionBody<'_>> = all.iter().map(Into::into).collect();
    json(&bodies, 1024 * bodies.len() + 16)
}
