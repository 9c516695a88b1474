//! Coming back from the provider: from a checked token to a session.

use sakimori_domain::identity::Role;
use sakimori_store::identity::{self as accounts, Account, Membership};
use sakimori_store::{oidc as store, registry, seat as seats};
use serde_json::json;

use super::client::{Said, redeem};
use super::{Attempt, Settings, load, refused};
use crate::identity::{checked_login, checked_name, hex, put_account, token_hash};
use crate::sign_in::{self, Origin, Passed, SignedIn, Stage};
use crate::{Actor, App, AppError, Operation, Result, allow_list};

/// What came of coming back.
pub enum Finished {
    /// A session, and where the person wanted to go.
    Entered(Box<SignedIn>, String),
    /// The subject is the person's account from now on; where they came from.
    Linked(String),
}

/// Finishes a sign-in, or the linking of one's own account. `person`: who is signed in with this browser already.
///
/// # Errors
/// One refusal for an unknown or used state, another browser, a token that does not hold, nobody that the rules let in; a
/// subject that is somebody else's already.
pub async fn finish(
    app: &App,
    (state, code): (&str, &str),
    browser: &str,
    address: &str,
    person: Option<&Actor>,
) -> Result<Finished> {
    let mut write = app.store().write().await?;
    let taken = store::take_attempt(&mut write, &token_hash(state), &app.now().to_string()).await?;
    write.commit().await?;
    let (organisation_id, sealed) = taken.ok_or_else(refused)?;
    let plain = app.keys().unseal_text(&sealed)?;
    let attempt: Attempt = serde_json::from_slice(&plain).map_err(|error| AppError::Internal(error.to_string()))?;
    if attempt.browser != token_hash(browser) || code.is_empty() {
        return Err(refused().into());
    }
    let (settings, secret) = load(app, &organisation_id).await?;
    let said = redeem(app, &settings, &secret, code, &attempt.nonce, &attempt.verifier).await?;
    if !allow_list::admits(&mut app.read().await?, &organisation_id, address).await?.members {
        return Err(refused().into());
    }
    if !attempt.link_to.is_empty() {
        // Whoever signed in with this browser in the meantime is not who asked.
        let same = |actor: &&Actor| actor.account_id == attempt.link_to && actor.organisation_id == organisation_id;
        let person = person.filter(same).ok_or_else(refused)?;
        super::own::link(app, person, &settings.issuer, &said).await?;
        return Ok(Finished::Linked(attempt.next));
    }
    let signed = enter(app, &organisation_id, &settings, &said, address).await?;
    Ok(Finished::Entered(Box::new(signed), attempt.next))
}

/// Role and department of the first rule that fits.
async fn ruled(app: &App, organisation_id: &str, settings: &Settings, said: &Said) -> Result<Option<(Role, String)>> {
    let Some(rule) = settings.rules.iter().find(|rule| said.roles.contains(&rule.value)) else { return Ok(None) };
    let Some(role) = Role::from_code(&rule.role) else { return Ok(None) };
    let mut c = app.read().await?;
    if !crate::seats::roles_of(&mut c, organisation_id).await?.contains(&role) {
        return Ok(None);
    }
    if rule.department.is_empty() {
        return Ok(Some((role, String::new())));
    }
    let all = registry::departments(&mut c, organisation_id).await?;
    Ok(all.into_iter().find(|d| d.name == rule.department).map(|d| (role, d.id)))
}

async fn enter(app: &App, organisation_id: &str, settings: &Settings, said: &Said, address: &str) -> Result<SignedIn> {
    let system = Actor { address: address.to_owned(), ..Actor::system(organisation_id) };
    let account_id = store::account_of(&mut app.read().await?, &settings.issuer, &said.subject).await?;
    let Some((role, department)) = ruled(app, organisation_id, settings, said).await? else {
        return turn_away(app, &system, said, "no rule").await;
    };
    let found = accounts::account_by_id(&mut app.read().await?, &account_id).await?;
    let account = match found {
        Some(account) => account,
        None if settings.create_accounts => match create(app, &system, settings, said, role, &department).await? {
            Some(account) => account,
            None => return turn_away(app, &system, said, "login taken").await,
        },
        None => return turn_away(app, &system, said, "no account").await,
    };
    let mut op = app.operate_as(&system).await?;
    let present = accounts::account_held(&mut op.write, &account.id).await?;
    let seat = accounts::membership_of(&mut op.write, &account.id, organisation_id).await?;
    let (Some(account), Some(seat)) = (present, seat) else {
        drop(op);
        return turn_away(app, &system, said, "no seat").await;
    };
    if account.state != "active" || !seat.is_active_on(app.today()) {
        drop(op);
        return turn_away(app, &system, said, "suspended").await;
    }
    let seat = follow_rule(&mut op, seat, role, &department).await?;
    op.trail_new("oidc.enter", ("account", &account.id), &json!({ "subject": said.subject, "role": role.code() }))
        .await?;
    // Who did not show a second factor there shows ours, where the organisation's rules or the account ask for one.
    let saw_factor = said.means.iter().any(|means| settings.second_factor.contains(means));
    let passed = if saw_factor { Passed::Factor } else { Passed::Password };
    let signed = sign_in::enter(&mut op, &account, &seat, Origin::from(address), passed).await?;
    // A provider speaks for its own organisation. Where the person has seats in others too, what it says proves nothing
    // there: the session counts as unproven until a password or factor of the person's own is shown.
    let seats = accounts::memberships_of_account(&mut op.write, &account.id).await?;
    if signed.stage == Stage::Done && seats.iter().any(|seat| seat.organisation_id != organisation_id) {
        sakimori_store::sign_in::confirm_session(&mut op.write, &token_hash(&signed.token), "").await?;
    }
    op.commit().await?;
    Ok(signed)
}

/// Nobody comes in; the trail says who would have.
async fn turn_away(app: &App, system: &Actor, said: &Said, why: &str) -> Result<SignedIn> {
    let mut op = app.operate_as(system).await?;
    let who = json!({ "subject": said.subject, "login": said.login, "reason": why });
    op.trail_new("oidc.refuse", ("organisation", &system.organisation_id), &who).await?;
    op.commit().await?;
    Err(refused().into())
}

/// An account of somebody who has none. Its login must be free: an account that is there is nobody else's by its name.
async fn create(
    app: &App,
    system: &Actor,
    settings: &Settings,
    said: &Said,
    role: Role,
    department: &str,
) -> Result<Option<Account>> {
    let Ok(login) = checked_login(&said.login) else { return Ok(None) };
    let name = checked_name(&said.name).unwrap_or_else(|_| login.clone());
    // Nobody knows this password: the provider is the only way in until an administrator sets one.
    let password_hash = app.hash_password(&hex(&app.random::<32>())).await?;
    let mut op = app.operate_as(system).await?;
    if accounts::account_by_login(&mut op.write, &login).await?.is_some() {
        return Ok(None);
    }
    let account = put_account(&mut op, (login, name, password_hash), role, department).await?;
    let now = op.now.clone();
    store::link(&mut op.write, &settings.issuer, &said.subject, &account.id, &now).await?;
    let after =
        json!({ "login": account.login, "name": account.display_name, "role": role.code(), "subject": said.subject });
    op.trail_new("account.add", ("account", &account.id), &after).await?;
    op.commit().await?;
    Ok(Some(account))
}

/// The seat follows the provider's word at every sign-in.
async fn follow_rule(op: &mut Operation<'_>, seat: Membership, role: Role, department: &str) -> Result<Membership> {
    if seat.role == role && seat.department_id == department {
        return Ok(seat);
    }
    // Two administrators whose roles change at the same moment come one after the other.
    seats::hold_seats(&mut op.write, &seat.organisation_id).await?;
    let after = Membership { role, department_id: department.to_owned(), ..seat.clone() };
    crate::seats::put(op, &seat, &after).await?;
    Ok(after)
}
