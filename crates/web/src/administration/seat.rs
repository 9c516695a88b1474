//! One person's seat: role, department, last day.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use sakimori_app::Refusal;
use sakimori_app::seats::{self, SeatChange};
use sakimori_domain::identity::{Permission, Role};
use sakimori_store::identity::Membership;
use sakimori_store::registry::{self, Department};

use crate::error::WebError;
use crate::forms::{PersonForm, again, typed};
use crate::identity::see_other;
use crate::page::{Page, Room, render};
use crate::person::Person;
use crate::state::WebState;

#[derive(Template)]
#[template(path = "administration/seat.html")]
struct SeatPage {
    p: Page,
    seat: Membership,
    departments: Vec<Department>,
    roles: Vec<Role>,
    refusal: Option<Refusal>,
}

impl SeatPage {
    fn is_own(&self) -> bool {
        self.seat.account_id == self.p.actor.account_id
    }

    /// What the role carries.
    fn permissions(&self) -> Vec<Permission> {
        Permission::ALL.iter().copied().filter(|permission| self.seat.role.may(*permission)).collect()
    }
}

async fn page(state: &WebState, person: &Person, id: &str, refusal: Option<Refusal>) -> Result<Response, WebError> {
    let seat = seats::seat(&state.app, &person.actor, id).await?;
    let mut c = state.app.read().await?;
    let departments = registry::departments(&mut c, &person.actor.organisation_id).await?;
    let roles = seats::roles_of(&mut c, &person.actor.organisation_id).await?;
    let p = Page::new(state, person, Room::Administration, "/administration");
    render(&SeatPage { p, seat, departments, roles, refusal })
}

/// GET /administration/accounts/{id}
pub async fn show(State(state): State<WebState>, Path(id): Path<String>, person: Person) -> Result<Response, WebError> {
    page(&state, &person, &id, None).await
}

/// POST /administration/accounts/{id}/seat
pub async fn change(
    State(state): State<WebState>,
    Path(id): Path<String>,
    form: PersonForm,
) -> Result<Response, WebError> {
    let f = &form.fields;
    let result = match super::chosen_role(f.get("role")) {
        Ok(role) => {
            let change = SeatChange {
                version: f.get("version").parse().unwrap_or(0),
                role,
                department_id: f.get("department").to_owned(),
                ends_on: f.get("ends_on").to_owned(),
            };
            seats::change_seat(&state.app, &form.person.actor, &id, change).await
        }
        Err(refusal) => Err(refusal),
    };
    match typed(&form.person, result)? {
        Ok(()) => see_other(&format!("/administration/accounts/{id}"), None),
        Err(refusal) => Ok(again(page(&state, &form.person, &id, Some(refusal)).await?)),
    }
}
