//! 組織と代理: in which organisation the person acts, and for whom.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use sakimori_app::Refusal;
use sakimori_app::deputy::{self, Mine, NewDeputy};
use sakimori_app::seats::{self, Choices};
use sakimori_domain::identity::Permission;
use serde::Deserialize;

use crate::error::WebError;
use crate::forms::{PersonForm, again, typed};
use crate::identity::{local_path, see_other};
use crate::page::{Page, Room, render};
use crate::person::Person;
use crate::state::WebState;

#[derive(Template)]
#[template(path = "seats/choices.html")]
struct ChoicesPage {
    p: Page,
    choices: Choices,
    mine: Mine,
    /// Asked at the end of signing in: where to go then. Empty at any other time.
    begin: String,
    refusal: Option<Refusal>,
}

/// What the address of the page says.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct SeatsQuery {
    begin: String,
    next: String,
}

impl ChoicesPage {
    fn acts_for_somebody(&self) -> bool {
        !self.p.actor.on_behalf_of.0.is_empty()
    }

    /// What the person may do, to choose a part of it.
    fn permissions(&self) -> Vec<Permission> {
        Permission::ALL.iter().copied().filter(|permission| self.p.actor.may(*permission)).collect()
    }

    /// What a deputy may do, in words; empty for everything.
    fn named(&self, row: &sakimori_store::deputy::Deputy) -> String {
        let word = |p: Permission| self.p.t(p.ja(), p.en()).to_owned();
        let named = deputy::named(row).unwrap_or_default();
        named.into_iter().map(word).collect::<Vec<_>>().join(self.p.t("、", ", "))
    }
}

async fn page(
    state: &WebState,
    person: &Person,
    begin: String,
    refusal: Option<Refusal>,
) -> Result<Response, WebError> {
    let choices = seats::choices(&state.app, &person.actor).await?;
    let mine = deputy::mine(&state.app, &person.actor).await?;
    render(&ChoicesPage { p: Page::new(state, person, Room::Administration, "/seats"), choices, mine, begin, refusal })
}

/// GET /seats
pub async fn show(
    State(state): State<WebState>,
    person: Person,
    Query(query): Query<SeatsQuery>,
) -> Result<Response, WebError> {
    let begin = if query.begin.is_empty() { String::new() } else { local_path(&query.next) };
    page(&state, &person, begin, None).await
}

/// POST /seats/deputies
pub async fn name_deputy(State(state): State<WebState>, form: PersonForm) -> Result<Response, WebError> {
    let f = &form.fields;
    let new = NewDeputy {
        deputy_id: f.get("deputy").to_owned(),
        from_on: f.get("from").to_owned(),
        to_on: f.get("to").to_owned(),
        permissions: f.all("permission"),
        reason: f.get("reason").to_owned(),
    };
    match typed(&form.person, deputy::name(&state.app, &form.person.actor, new).await)? {
        Ok(_) => see_other("/seats", None),
        Err(refusal) => Ok(again(page(&state, &form.person, String::new(), Some(refusal)).await?)),
    }
}

/// POST /seats/deputies/{id}/act
pub async fn act(
    State(state): State<WebState>,
    Path(id): Path<String>,
    form: PersonForm,
) -> Result<Response, WebError> {
    deputy::act(&state.app, &form.person.actor, &form.person.token, &id).await?;
    see_other("/", None)
}

/// POST /seats/deputies/{id}/end
pub async fn end_deputy(
    State(state): State<WebState>,
    Path(id): Path<String>,
    form: PersonForm,
) -> Result<Response, WebError> {
    let f = &form.fields;
    deputy::end(&state.app, &form.person.actor, &id, f.get("version").parse().unwrap_or(0)).await?;
    see_other(if f.get("back") == "administration" { "/administration" } else { "/seats" }, None)
}

/// POST /seats/self
pub async fn act_for_oneself(State(state): State<WebState>, form: PersonForm) -> Result<Response, WebError> {
    deputy::act_for_oneself(&state.app, &form.person.actor, &form.person.token).await?;
    see_other("/seats", None)
}

/// POST /seats/{organisation}/choose
pub async fn choose(
    State(state): State<WebState>,
    Path(organisation): Path<String>,
    form: PersonForm,
) -> Result<Response, WebError> {
    let person = &form.person;
    seats::switch(&state.app, &person.actor, &person.token, &organisation).await?;
    see_other(&local_path(form.fields.get("next")), None)
}

/// POST /seats/{organisation}/invitation
pub async fn answer(
    State(state): State<WebState>,
    Path(organisation): Path<String>,
    form: PersonForm,
) -> Result<Response, WebError> {
    let accept = form.fields.get("answer") == "accept";
    seats::answer_invitation(&state.app, &form.person.actor, &organisation, accept).await?;
    see_other("/seats", None)
}
