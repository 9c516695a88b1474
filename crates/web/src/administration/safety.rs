//! The safety of signing in: who uses their account, sessions, second factors, and the organisation's rules.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use sakimori_app::sign_in_policy::{self, LIMITS, Policy};
use sakimori_app::{AppError, Refusal, RefusalKind, account_care, issued_password, seats, second_factor};
use sakimori_domain::identity::Role;
use sakimori_store::sign_in::Member;

use crate::error::WebError;
use crate::forms::{Fields, PersonForm, again, typed};
use crate::identity::see_other;
use crate::page::{Page, Room, render};
use crate::person::Person;
use crate::state::WebState;

#[derive(Template)]
#[template(path = "administration/sign_in.html")]
struct AccountsPage {
    p: Page,
    members: Vec<(Member, bool)>,
    unused: usize,
    policy: Policy,
    refusal: Option<Refusal>,
}

async fn page(state: &WebState, person: &Person, refusal: Option<Refusal>) -> Result<Response, WebError> {
    let (members, policy) = account_care::members(&state.app, &person.actor).await?;
    let unused = members.iter().filter(|(_, unused)| *unused).count();
    let p = Page::new(state, person, Room::Administration, "/administration/sign-in");
    render(&AccountsPage { p, members, unused, policy, refusal })
}

/// The word of a role, by its code.
fn role_word(code: &str, p: &Page) -> String {
    Role::from_code(code).map_or(code, |role| if p.english { role.en() } else { role.ja() }).to_owned()
}

async fn done(state: &WebState, person: &Person, result: Result<(), AppError>) -> Result<Response, WebError> {
    match result {
        Ok(()) => see_other("/administration/sign-in", None),
        Err(AppError::Refused(refusal)) if matches!(refusal.kind, RefusalKind::Invalid | RefusalKind::Conflict) => {
            Ok(again(page(state, person, Some(*refusal)).await?))
        }
        Err(error) => Err(error.into()),
    }
}

/// GET /administration/sign-in
pub async fn accounts(State(state): State<WebState>, person: Person) -> Result<Response, WebError> {
    page(&state, &person, None).await
}

/// POST /administration/sign-in/suspend
pub async fn suspend(State(state): State<WebState>, form: PersonForm) -> Result<Response, WebError> {
    let result = account_care::suspend(&state.app, &form.person.actor, &form.fields.all("account")).await;
    done(&state, &form.person, result).await
}

/// POST /administration/sign-in/{id}/sessions
pub async fn end_sessions(
    State(state): State<WebState>,
    Path(id): Path<String>,
    form: PersonForm,
) -> Result<Response, WebError> {
    let result = account_care::end_sessions(&state.app, &form.person.actor, &id).await;
    done(&state, &form.person, result).await
}

/// POST /administration/sign-in/{id}/factor
pub async fn reset_factor(
    State(state): State<WebState>,
    Path(id): Path<String>,
    form: PersonForm,
) -> Result<Response, WebError> {
    let result = second_factor::reset(&state.app, &form.person.actor, &id).await;
    done(&state, &form.person, result).await
}

#[derive(Template)]
#[template(path = "administration/issued_password.html")]
struct IssuedPage {
    p: Page,
    member: Member,
    password: String,
}

/// POST /administration/sign-in/{id}/password
pub async fn issue_password(
    State(state): State<WebState>,
    Path(id): Path<String>,
    form: PersonForm,
) -> Result<Response, WebError> {
    let password = match issued_password::issue(&state.app, &form.person.actor, &id).await {
        Ok(password) => password,
        Err(error) => return done(&state, &form.person, Err(error)).await,
    };
    let (members, _) = account_care::members(&state.app, &form.person.actor).await?;
    let member = members.into_iter().map(|(member, _)| member).find(|member| member.account_id == id);
    let member = member.ok_or_else(Refusal::not_found)?;
    let p = Page::new(&state, &form.person, Room::Administration, "/administration/sign-in");
    render(&IssuedPage { p, member, password })
}

/// POST /administration/sign-in/{id}/keep
pub async fn keep(
    State(state): State<WebState>,
    Path(id): Path<String>,
    form: PersonForm,
) -> Result<Response, WebError> {
    let result = account_care::keep(&state.app, &form.person.actor, &id).await;
    done(&state, &form.person, result).await
}

#[derive(Template)]
#[template(path = "administration/sign_in_rules.html")]
struct RulesPage {
    p: Page,
    policy: Policy,
    version: i64,
    /// Roles that an organisation of this kind can have.
    roles: Vec<Role>,
    refusal: Option<Refusal>,
}

async fn rules_page(
    state: &WebState,
    person: &Person,
    kept: (Policy, i64),
    refusal: Option<Refusal>,
) -> Result<Response, WebError> {
    let p = Page::new(state, person, Room::Administration, "/administration/sign-in-rules");
    let roles = seats::roles_of(&mut state.app.read().await?, &person.actor.organisation_id).await?;
    render(&RulesPage { p, policy: kept.0, version: kept.1, roles, refusal })
}

/// GET /administration/sign-in-rules
pub async fn rules(State(state): State<WebState>, person: Person) -> Result<Response, WebError> {
    let kept = sign_in_policy::of(&mut state.app.read().await?, &person.actor.organisation_id).await?;
    rules_page(&state, &person, kept, None).await
}

fn number(fields: &Fields, code: &str) -> i64 {
    // What is no number is out of every bound.
    fields.get(code).trim().parse().unwrap_or(-1)
}

/// POST /administration/sign-in-rules
pub async fn change_rules(State(state): State<WebState>, form: PersonForm) -> Result<Response, WebError> {
    let f = &form.fields;
    let policy = Policy {
        second_factor_roles: f.all("second_factor"),
        idle_minutes: number(f, "idle_minutes"),
        session_hours: number(f, "session_hours"),
        password_days: number(f, "password_days"),
        unused_days: number(f, "unused_days"),
        suspend_days: number(f, "suspend_days"),
    };
    let version = number(f, "version");
    let changed = sign_in_policy::change(&state.app, &form.person.actor, &policy, version).await;
    match typed(&form.person, changed)? {
        Ok(()) => see_other("/administration/sign-in-rules", None),
        Err(refusal) => Ok(again(rules_page(&state, &form.person, (policy, version), Some(refusal)).await?)),
    }
}
