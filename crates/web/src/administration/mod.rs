//! 利用者と部署, behind the person's menu.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use sakimori_app::identity::{self as app, NewAccount};
use sakimori_app::{AppError, Refusal};
use sakimori_domain::identity::{Permission, Role};
use sakimori_store::identity::{self, Membership};
use sakimori_store::registry::{self, Department};

use crate::error::WebError;
use crate::forms::PersonForm;
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
    refusal: Option<Refusal>,
}

async fn page(state: &WebState, person: &Person, refusal: Option<Refusal>) -> Result<Response, WebError> {
    person.actor.require(Permission::ManageAccounts)?;
    let mut c = state.app.read().await?;
    let members = identity::members(&mut c, &person.actor.organisation_id).await?;
    let departments = registry::departments(&mut c, &person.actor.organisation_id).await?;
    let p = Page::new(state, person, Room::Administration, "/administration");
    render(&PeoplePage { p, members, departments, refusal })
}

/// A refusal is shown above the forms; anything else is an error page.
async fn done<T>(state: &WebState, person: &Person, result: Result<T, AppError>) -> Result<Response, WebError> {
    match result {
        Ok(_) => see_other("/administration", None),
        Err(AppError::Refused(refusal)) if refusal.kind == sakimori_app::RefusalKind::Invalid => {
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page(state, person, Some(*refusal)).await?).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

/// GET /administration
pub async fn people(State(state): State<WebState>, person: Person) -> Result<Response, WebError> {
    page(&state, &person, None).await
}

/// POST /administration/accounts
pub async fn add_account(State(state): State<WebState>, form: PersonForm) -> Result<Response, WebError> {
    let f = &form.fields;
    let Some(role) = Role::from_code(f.get("role")) else {
        let refusal = Refusal::invalid("role", "役割を選んでください。", "Choose a role.");
        return done(&state, &form.person, Err::<(), _>(refusal.into())).await;
    };
    let new = NewAccount {
        login: f.get("login").to_owned(),
        name: f.get("name").to_owned(),
        password: f.get("password").to_owned(),
        role,
        department_id: f.get("department").to_owned(),
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
    let result = app::set_account_state(&state.app, &form.person.actor, &id, active).await;
    done(&state, &form.person, result).await
}

/// POST /administration/departments
pub async fn add_department(State(state): State<WebState>, form: PersonForm) -> Result<Response, WebError> {
    let f = &form.fields;
    let result = app::add_department(&state.app, &form.person.actor, f.get("name"), f.get("kind")).await;
    done(&state, &form.person, result).await
}
