//! 台帳: the organisation's profile.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use sakimori_app::Refusal;
use sakimori_app::registry::{self as app, OperatorKind, ProfileChange, Sector};
use sakimori_domain::standards::{Audience, NetworkClass};
use serde::Deserialize;

use crate::error::WebError;
use crate::forms::PersonForm;
use crate::identity::see_other;
use crate::page::{Page, Room, render};
use crate::person::Person;
use crate::state::WebState;

/// What the page offers, for its template.
pub const NETWORK_CLASSES: &[NetworkClass] = NetworkClass::ALL;
/// See [`NETWORK_CLASSES`].
pub const AUDIENCES: &[Audience] = Audience::ALL;

/// Whether a code is among those chosen.
pub fn has(chosen: &[String], code: &str) -> bool {
    chosen.iter().any(|c| c == code)
}

#[derive(Template)]
#[template(path = "registry/organisation.html")]
struct OrganisationPage {
    p: Page,
    form: ProfileChange,
    ports: String,
    sectors: Vec<&'static Sector>,
    operator_kinds: &'static [OperatorKind],
    saved: bool,
    refusal: Option<Refusal>,
}

impl OrganisationPage {
    fn new(state: &WebState, person: &Person, form: ProfileChange) -> Result<Self, WebError> {
        Ok(Self {
            p: Page::new(state, person, Room::Registry, "/organisation"),
            ports: form.ports.join("\n"),
            form,
            sectors: app::sectors(state.app.today())?,
            operator_kinds: app::operator_kinds()?,
            saved: false,
            refusal: None,
        })
    }
}

/// What the page takes from its address.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct OrganisationQuery {
    saved: String,
}

/// GET /organisation
pub async fn organisation(
    State(state): State<WebState>,
    person: Person,
    Query(query): Query<OrganisationQuery>,
) -> Result<Response, WebError> {
    let o = app::own(&state.app, &person.actor).await?;
    let form = ProfileChange {
        version: o.version,
        name: o.name,
        sectors: o.profile.sectors,
        operator_kinds: o.profile.operator_kinds,
        network_classes: o.profile.network_classes.iter().map(|c| c.code().to_owned()).collect(),
        ports: o.profile.ports,
        audiences: o.profile.audiences.iter().map(|a| a.code().to_owned()).collect(),
        marking: o.marking,
    };
    let page = OrganisationPage::new(&state, &person, form)?;
    render(&OrganisationPage { saved: !query.saved.is_empty(), ..page })
}

/// POST /organisation
pub async fn change_organisation(State(state): State<WebState>, form: PersonForm) -> Result<Response, WebError> {
    let fields = &form.fields;
    let change = ProfileChange {
        version: fields.get("version").parse().unwrap_or(0),
        name: fields.get("name").to_owned(),
        sectors: fields.all("sector"),
        operator_kinds: fields.all("operator_kind"),
        network_classes: fields.all("network_class"),
        ports: fields
            .get("ports")
            .split(['\n', '、', ','])
            .map(|port| port.trim().to_owned())
            .filter(|port| !port.is_empty())
            .collect(),
        audiences: fields.all("audience"),
        marking: fields.get("marking").to_owned(),
    };
    match app::change_profile(&state.app, &form.person.actor, change.clone()).await {
        Ok(()) => see_other("/organisation?saved=1", None),
        Err(error) => {
            let Some(refusal) = error.refusal().cloned() else { return Err(error.into()) };
            if refusal.kind != sakimori_app::RefusalKind::Invalid {
                return Err(WebError::from(error).in_language(&form.person.actor.language));
            }
            let page = OrganisationPage::new(&state, &form.person, change)?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, render(&OrganisationPage { refusal: Some(refusal), ..page })?)
                .into_response())
        }
    }
}
