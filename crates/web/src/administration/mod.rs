//! 利用者と部署, behind the person's menu.

pub mod safety;
pub mod seat;
pub mod upkeep;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use sakimori_app::deputy::{self, Listed};
use sakimori_app::identity::{self as app, NewAccount};
use sakimori_app::{AppError, Refusal, seats};
use sakimori_domain::identity::{Permission, Role};
use sakimori_store::identity::{self, Membership};
use sakimori_store::registry::{self, Department};
use sakimori_store::seat::{self as offers, Invitation};

use crate::error::WebError;
use crate::forms::{PersonForm, again, typed};
use crate::identity::see_other;
use crate::page::{Page, Room, render};
use crate::person::Person;
use crate::state::WebState;

#[derive(Template)]
#[template(path = "administration/people.html")]
struct PeoplePage {
    p: Page,
    members: Vec<Membership>,
    departments: Vec<Department>,
    /// Roles that an organisation of this kind can have.
    roles: Vec<Role>,
    invitations: Vec<Invitation>,
    deputies: Vec<Listed>,
    /// The page's day, for seats that have ended.
    today: String,
    refusal: Option<Refusal>,
}

impl PeoplePage {
    fn has_ended(&self, seat: &Membership) -> bool {
        !seat.ends_on.is_empty() && seat.ends_on < self.today
    }
}

async fn page(state: &WebState, person: &Person, refusal: Option<Refusal>) -> Result<Response, WebError> {
    person.actor.require(Permission::ReadPeople)?;
    let deputies = deputy::list(&state.app, &person.actor).await?;
    let mut c = state.app.read().await?;
    let organisation_id = &person.actor.organisation_id;
    let members = identity::members(&mut c, organisation_id).await?;
    let departments = registry::departments(&mut c, organisation_id).await?;
    let roles = seats::roles_of(&mut c, organisation_id).await?;
    let invitations = offers::invitations_of(&mut c, organisation_id).await?;
    let p = Page::new(state, person, Room::Administration, "/administration");
    let today = p.today.to_string();
    render(&PeoplePage { p, members, departments, roles, invitations, deputies, today, refusal })
}

/// A refusal is shown above the forms; anything else is an error page.
async fn done<T>(state: &WebState, person: &Person, result: Result<T, AppError>) -> Result<Response, WebError> {
    match typed(person, result)? {
        Ok(_) => see_other("/administration", None),
        Err(refusal) => Ok(again(page(state, person, Some(refusal)).await?)),
    }
}

/// GET /administration
pub async fn people(State(state): State<WebState>, person: Person) -> Result<Response, WebError> {
    page(&state, &person, None).await
}

fn chosen_role(code: &str) -> Result<Role, AppError> {
    Role::from_code(code).ok_or_else(|| Refusal::invalid("role", "役割を選んでください。", "Choose a role.").into())
}

/// POST /administration/invitations
pub async fn invite(State(state): State<WebState>, form: PersonForm) -> Result<Response, WebError> {
    let (f, actor) = (&form.fields, &form.person.actor);
    let result = match chosen_role(f.get("role")) {
        Ok(role) => seats::invite(&state.app, actor, f.get("login"), role, f.get("department")).await,
        Err(refusal) => Err(refusal),
    };
    done(&state, &form.person, result).await
}

/// POST /administration/invitations/{login}/withdraw
pub async fn withdraw_invitation(
    State(state): State<WebState>,
    Path(login): Path<String>,
    form: PersonForm,
) -> Result<Response, WebError> {
    let result = seats::withdraw_invitation(&state.app, &form.person.actor, &login).await;
    done(&state, &form.person, result).await
}

/// POST /administration/accounts
pub async fn add_account(State(state): State<WebState>, form: PersonForm) -> Result<Response, WebError> {
    let f = &form.fields;
    let role = match chosen_role(f.get("role")) {
        Ok(role) => role,
        Err(refusal) => return done(&state, &form.person, Err::<(), _>(refusal)).await,
    };
    let new = NewAccount {
        login: f.get("login").to_owned(),
        name: f.get("name").to_owned(),
        password: f.get("password").to_owned(),
        role,
        department_id: f.get("department").to_owned(),
        is_issued: true,
    };
    let result = app::add_account(&state.app, &form.person.actor, new).await;
    done(&state, &form.person, result).await
}

/// POST /administration/accounts/{id}/state
pub async fn set_state(
    State(state): State<WebState>,
    Path(id): Path<String>,
    form: PersonForm,
) -> Result<Response, WebError> {
    let active = form.fields.get("state") == "active";
    let result = seats::set_state(&state.app, &form.person.actor, &id, active).await;
    done(&state, &form.person, result).await
}

/// POST /administration/departments
pub async fn add_department(State(state): State<WebState>, form: PersonForm) -> Result<Response, WebError> {
    let f = &form.fields;
    let result = app::add_department(&state.app, &form.person.actor, f.get("name"), f.get("kind")).await;
    done(&state, &form.person, result).await
}
