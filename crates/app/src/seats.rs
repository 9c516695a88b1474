//! Seats: in which organisation somebody acts with which role, and how that changes.

use jiff::{SignedDuration, Timestamp};
use sakimori_domain::identity::{Permission, Role};
use sakimori_domain::registry::OrganisationKind;
use sakimori_store::identity::{self, Membership};
use sakimori_store::seat::{self as store, Invitation};
use sakimori_store::sign_in as sign_in_store;
use sakimori_store::{Connection, registry};
use serde_json::json;

use crate::identity::{checked_login, known_department, token_hash};
use crate::{Actor, App, Operation, Refusal, RefusalKind, Result, allow_list, second_factor, sign_in_policy, texts};

/// Refuses a role that the actor's organisation cannot have.
pub(crate) async fn fitting_role(c: &mut Connection, actor: &Actor, role: Role) -> Result<()> {
    if roles_of(c, &actor.organisation_id).await?.contains(&role) {
        return Ok(());
    }
    Err(Refusal::invalid(
        "role-kind",
        format!("「{}」は、この種類の組織には置けません。", role.ja()),
        format!("An organisation of this kind has no {}.", role.en()),
    )
    .next("組織の種類に合う役割を選んでください。", "Choose a role that fits the kind of organisation.")
    .into())
}

/// The roles that an organisation can have, by its kind.
///
/// # Errors
/// A database error.
pub async fn roles_of(c: &mut Connection, organisation_id: &str) -> Result<Vec<Role>> {
    let organisation = registry::organisation_by_id(c, organisation_id).await?.ok_or_else(Refusal::not_found)?;
    // A kind that this program does not know has no desk: deny by default.
    let kind = OrganisationKind::from_code(&organisation.kind).unwrap_or(OrganisationKind::Operator);
    Ok(Role::ALL.iter().copied().filter(|role| role.fits(kind)).collect())
}

/// What a seat is to become.
#[derive(Debug, Clone)]
pub struct SeatChange {
    pub version: i64,
    pub role: Role,
    pub department_id: String,
    /// The last day, ISO; empty for none.
    pub ends_on: String,
}

/// One seat of the actor's organisation.
///
/// # Errors
/// Not of this organisation, or a role that may not see people.
pub async fn seat(app: &App, actor: &Actor, account_id: &str) -> Result<Membership> {
    actor.require(Permission::ReadPeople)?;
    let found = identity::membership_of(&mut app.read().await?, account_id, &actor.organisation_id).await?;
    Ok(found.ok_or_else(Refusal::not_found)?)
}

fn facts(seat: &Membership) -> serde_json::Value {
    json!({ "role": seat.role.code(), "department": seat.department_id, "state": seat.state, "ends_on": seat.ends_on })
}

/// Changes role, department or last day of somebody's seat. It holds from the next request of that person on.
///
/// # Errors
/// Not of this organisation, one's own seat, the last administrator, somebody was faster, or a role that may not.
pub async fn change_seat(app: &App, actor: &Actor, account_id: &str, change: SeatChange) -> Result<()> {
    actor.require(Permission::ManageAccounts)?;
    let ends_on = texts::day(("date", "最終日", "The last day"), &change.ends_on)?;
    let mut c = app.read().await?;
    fitting_role(&mut c, actor, change.role).await?;
    known_department(&mut c, actor, &change.department_id).await?;
    drop(c);
    let mut op = app.operate(actor, Permission::ManageAccounts).await?;
    store::hold_seats(&mut op.write, &actor.organisation_id).await?;
    let before = identity::membership_of(&mut op.write, account_id, &actor.organisation_id).await?;
    let before = before.ok_or_else(Refusal::not_found)?;
    not_oneself(actor, account_id)?;
    let after = Membership {
        role: change.role,
        department_id: change.department_id,
        ends_on,
        version: change.version,
        ..before.clone()
    };
    put(&mut op, &before, &after).await?;
    op.commit().await
}

/// Writes a changed seat inside an operation.
pub(crate) async fn put(op: &mut Operation<'_>, before: &Membership, after: &Membership) -> Result<()> {
    keeps_administrator(op, after).await?;
    store::update_seat(&mut op.write, after, &seat_state(before)).await?;
    op.trail("account.seat", ("account", &after.account_id), Some(&facts(before)), Some(&facts(after))).await
}

/// The seat's own state: a suspended account does not make its seats suspended for good.
fn seat_state(seat: &Membership) -> String {
    if seat.state == "active" { "active".to_owned() } else { "suspended".to_owned() }
}

/// Suspends somebody's seat in the actor's organisation, or gives it back. The account's seats elsewhere stay as they are,
/// and an account whose only seats are here is let in again as a whole.
///
/// # Errors
/// Not of this organisation, one's own seat, the last administrator, or a role that may not.
pub async fn set_state(app: &App, actor: &Actor, account_id: &str, active: bool) -> Result<()> {
    let mut op = app.operate(actor, Permission::ManageAccounts).await?;
    not_oneself(actor, account_id)?;
    suspend_or_restore(&mut op, account_id, active).await?;
    op.commit().await
}

/// The same inside an operation that does more.
pub(crate) async fn suspend_or_restore(op: &mut Operation<'_>, account_id: &str, active: bool) -> Result<()> {
    let organisation_id = op.actor.organisation_id.clone();
    store::hold_seats(&mut op.write, &organisation_id).await?;
    let before = identity::membership_of(&mut op.write, account_id, &organisation_id).await?;
    let before = before.ok_or_else(Refusal::not_found)?;
    let state = if active { "active" } else { "suspended" };
    let after = Membership {
        state: state.to_owned(),
        // A seat that has ended and is given back would end again at once.
        ends_on: if active { String::new() } else { before.ends_on.clone() },
        ..before.clone()
    };
    keeps_administrator(op, &after).await?;
    store::update_seat(&mut op.write, &after, state).await?;
    if active {
        // The administrator knows who it is: neither the nightly round nor the door asks again.
        let now = op.now.clone();
        sakimori_store::sign_in::set_kept_at(&mut op.write, account_id, &now).await?;
    }
    let seats = identity::memberships_of_account(&mut op.write, account_id).await?;
    let account = identity::account_by_id(&mut op.write, account_id).await?.ok_or_else(Refusal::not_found)?;
    if active && account.state != "active" && seats.iter().all(|seat| seat.organisation_id == organisation_id) {
        identity::update_account(&mut op.write, &identity::Account { state: state.to_owned(), ..account }).await?;
    }
    sakimori_store::sign_in::end_sessions_in(&mut op.write, account_id, &organisation_id).await?;
    op.trail("account.state", ("account", account_id), Some(&before.state), Some(&after.state)).await
}

/// Refuses to touch the password or the second factors of somebody who has a seat elsewhere too, or none here: with them
/// one signs in to every organisation of the person, and one administrator must not open another's.
pub(crate) async fn of_this_organisation_alone(op: &mut Operation<'_>, account_id: &str) -> Result<()> {
    let seats = identity::memberships_of_account(&mut op.write, account_id).await?;
    if !seats.iter().any(|seat| seat.organisation_id == op.actor.organisation_id) {
        return Err(Refusal::not_found().into());
    }
    let today = op.app.today();
    let elsewhere = |seat: &&Membership| seat.organisation_id != op.actor.organisation_id && seat.is_active_on(today);
    if !seats.iter().any(|seat| elsewhere(&seat)) {
        return Ok(());
    }
    Err(Refusal::new(
        RefusalKind::Conflict,
        "account-of-several",
        "ほかの組織にも所属する利用者のパスワードと第二要素は、この画面では新しくできません。",
        "This person has a seat in another organisation too; their password and second factors are not touched here.",
    )
    .next(
        "本人が回復コードで入れないときは、ほかの組織の所属を終えてもらってください。",
        "If they cannot come in with a recovery code, have their seats elsewhere ended first.",
    )
    .into())
}

pub(crate) fn not_oneself(actor: &Actor, account_id: &str) -> Result<()> {
    if account_id != actor.account_id && account_id != actor.on_behalf_of.0 {
        return Ok(());
    }
    Err(Refusal::invalid(
        "own-account",
        "自分の役割や利用の可否は変えられません。",
        "You cannot change your own role or suspend yourself.",
    )
    .next("ほかの管理者に依頼してください。", "Ask another administrator.")
    .into())
}

/// Code of the refusal that keeps an organisation's last administrator.
pub(crate) const LAST_ADMINISTRATOR: &str = "last-administrator";

/// An organisation without an administrator could let nobody in again.
async fn keeps_administrator(op: &mut Operation<'_>, after: &Membership) -> Result<()> {
    let stays =
        |seat: &Membership| seat.role == Role::Administrator && seat.state == "active" && seat.ends_on.is_empty();
    if stays(after) {
        return Ok(());
    }
    let members = identity::members(&mut op.write, &after.organisation_id).await?;
    let was = members.iter().any(|seat| seat.account_id == after.account_id && stays(seat));
    if !was || members.iter().any(|seat| seat.account_id != after.account_id && stays(seat)) {
        return Ok(());
    }
    Err(Refusal::invalid(
        LAST_ADMINISTRATOR,
        "最後の管理者です。停止や役割の変更はできません。",
        "This is the last administrator; it can neither be suspended nor given another role.",
    )
    .next("先に別の管理者を登録してください。", "Register another administrator first.")
    .into())
}

/// Offers a seat to a login of this installation. Whether there is such a login is not told.
///
/// # Errors
/// A login that cannot be, somebody who is a member already, a role that does not fit, or a role that may not.
pub async fn invite(app: &App, actor: &Actor, login: &str, role: Role, department_id: &str) -> Result<()> {
    actor.require(Permission::ManageAccounts)?;
    let login = checked_login(login)?;
    let mut c = app.read().await?;
    fitting_role(&mut c, actor, role).await?;
    known_department(&mut c, actor, department_id).await?;
    if identity::members(&mut c, &actor.organisation_id).await?.iter().any(|seat| seat.login == login) {
        return Err(Refusal::invalid(
            "member-already",
            "この利用者はすでに登録されています。",
            "This person is a member already.",
        )
        .into());
    }
    drop(c);
    let mut op = app.operate(actor, Permission::ManageAccounts).await?;
    let invitation = Invitation {
        organisation_id: actor.organisation_id.clone(),
        organisation_name: String::new(),
        login: login.clone(),
        role,
        department_id: department_id.to_owned(),
        invited_by: actor.name.clone(),
        invited_at: op.now.clone(),
    };
    store::put_invitation(&mut op.write, &invitation).await?;
    let after = json!({ "login": login, "role": role.code(), "department": department_id });
    op.trail_new("account.invite", ("invitation", &login), &after).await?;
    op.commit().await
}

/// Takes an offer back.
///
/// # Errors
/// There is none, or a role that may not.
pub async fn withdraw_invitation(app: &App, actor: &Actor, login: &str) -> Result<()> {
    let mut op = app.operate(actor, Permission::ManageAccounts).await?;
    if !store::delete_invitation(&mut op.write, &actor.organisation_id, login).await? {
        return Err(Refusal::not_found().into());
    }
    op.trail_new("account.invite-withdraw", ("invitation", login), &json!({ "login": login })).await?;
    op.commit().await
}

/// Where somebody can act: their seats of today and what they were offered.
pub struct Choices {
    pub seats: Vec<Membership>,
    pub invitations: Vec<Invitation>,
}

/// The actor's own seats and offers.
///
/// # Errors
/// A database error.
pub async fn choices(app: &App, actor: &Actor) -> Result<Choices> {
    let mut c = app.read().await?;
    let today = app.today();
    let seats = identity::memberships_of_account(&mut c, &actor.account_id).await?;
    Ok(Choices {
        seats: seats.into_iter().filter(|seat| seat.is_active_on(today)).collect(),
        invitations: store::invitations_to(&mut c, &actor.login).await?,
    })
}

/// Whether the actor can act in more than one organisation today.
///
/// # Errors
/// A database error.
pub async fn has_several(app: &App, actor: &Actor) -> Result<bool> {
    let seats = identity::memberships_of_account(&mut app.read().await?, &actor.account_id).await?;
    Ok(seats.iter().filter(|seat| seat.is_active_on(app.today())).count() > 1)
}

/// Takes an offered seat, or says no. The trail of the offering organisation says which.
///
/// # Errors
/// There is no such offer.
pub async fn answer_invitation(app: &App, actor: &Actor, organisation_id: &str, accept: bool) -> Result<()> {
    let found = store::invitations_to(&mut app.read().await?, &actor.login).await?;
    let found = found.into_iter().find(|i| i.organisation_id == organisation_id).ok_or_else(Refusal::not_found)?;
    // Written into the trail of the organisation whose seat it is.
    let there = Actor { organisation_id: organisation_id.to_owned(), ..actor.clone() };
    let mut op = app.operate_as(&there).await?;
    if !store::delete_invitation(&mut op.write, organisation_id, &actor.login).await? {
        return Err(Refusal::not_found().into());
    }
    let after = json!({ "login": actor.login, "role": found.role.code(), "department": found.department_id });
    if accept {
        identity::put_membership(&mut op.write, &actor.account_id, organisation_id, found.role, &found.department_id)
            .await?;
    }
    let action = if accept { "account.join" } else { "account.decline" };
    op.trail_new(action, ("account", &actor.account_id), &after).await?;
    op.commit().await
}

fn prove_first() -> Refusal {
    Refusal::new(
        RefusalKind::Forbidden,
        "switch-unproven",
        "シングルサインオンは、その組織の中だけで有効です。",
        "Single sign-on holds inside its own organisation only.",
    )
    .next(
        "/confirm で自分のパスワードかコードを入力してから、もう一度選んでください。",
        "Enter your own password or a code at /confirm and choose again.",
    )
}

/// Moves the present session to another of the actor's organisations. Both trails say so.
///
/// # Errors
/// No seat there today, not from this network, a second factor is demanded there, or a provider of another organisation is
/// all that vouches for the person.
pub async fn switch(app: &App, actor: &Actor, token: &str, organisation_id: &str) -> Result<()> {
    let seat = identity::membership_of(&mut app.read().await?, &actor.account_id, organisation_id).await?;
    let seat = seat.filter(|seat| seat.is_active_on(app.today())).ok_or_else(Refusal::not_found)?;
    let there = Actor {
        organisation_id: organisation_id.to_owned(),
        organisation_name: seat.organisation_name.clone(),
        role: seat.role,
        department_id: seat.department_id.clone(),
        on_behalf_of: (String::new(), String::new()),
        only: None,
        ..actor.clone()
    };
    let mut op = app.operate_as(&there).await?;
    if !allow_list::admits(&mut op.write, organisation_id, &actor.address).await?.members {
        return Err(Refusal::not_found().into());
    }
    let hash = token_hash(token);
    if sign_in_store::safety(&mut op.write, &hash).await?.confirmed_at.is_empty() {
        return Err(prove_first().into());
    }
    second_factor::demand(&mut op, organisation_id, seat.role).await?;
    store::sit(&mut op.write, &hash, organisation_id, "").await?;
    // The session is as old as it is: the limit of the organisation that it enters holds from its beginning on.
    let (policy, _) = sign_in_policy::of(&mut op.write, organisation_id).await?;
    if let Some((session, ..)) = identity::signed_in(&mut op.write, &hash).await?
        && let Ok(since) = session.created_at.parse::<Timestamp>()
    {
        let end = (since + SignedDuration::from_hours(policy.session_hours)).to_string();
        store::end_by(&mut op.write, &hash, &end).await?;
    }
    let role = json!({ "role": seat.role.code() });
    op.trail_new("session.enter", ("account", &actor.account_id), &role).await?;
    op.commit().await
}
