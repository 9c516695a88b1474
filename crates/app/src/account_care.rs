//! Looking after accounts: open sessions, history, who does not use theirs any more.

use jiff::SignedDuration;
use sakimori_domain::identity::{Permission, Role};
use sakimori_store::identity as accounts;
use sakimori_store::registry;
use sakimori_store::sign_in::{self as store, Attempt, Member, OpenSession};
use serde_json::json;

use crate::identity::token_hash;
use crate::notice::{self, Audience};
use crate::sign_in_policy::{self, Policy, older_than};
use crate::{Actor, App, Operation, Refusal, Result, seats};

/// The history of attempts is kept this long.
const HISTORY_DAYS: i64 = 400;
/// Attempts shown to their owner.
const HISTORY_SHOWN: i64 = 20;

/// What a person sees of their own signing in.
pub struct Own {
    pub sessions: Vec<OpenSession>,
    /// Id of the session that asks.
    pub this: String,
    pub attempts: Vec<Attempt>,
    pub password_at: String,
    pub contact: String,
}

/// One's own sessions and attempts.
///
/// # Errors
/// A database error.
pub async fn own(app: &App, actor: &Actor, token: &str) -> Result<Own> {
    let mut c = app.read().await?;
    let standing = store::standing(&mut c, &actor.account_id).await?;
    let (password_at, contact) = standing.map_or_else(Default::default, |s| (s.password_at, s.contact));
    Ok(Own {
        sessions: store::sessions_of(&mut c, &actor.account_id, &app.now().to_string()).await?,
        this: token_hash(token).chars().take(16).collect(),
        attempts: store::attempts_of(&mut c, &actor.account_id, HISTORY_SHOWN).await?,
        password_at,
        contact,
    })
}

/// The sign-in before the present one; `None` for the first.
///
/// # Errors
/// A database error.
pub async fn last_sign_in(app: &App, actor: &Actor) -> Result<Option<Attempt>> {
    let successes = store::successes_of(&mut app.read().await?, &actor.account_id, 2).await?;
    Ok(successes.into_iter().nth(1))
}

/// Ends one of one's own sessions by its id, or every one but the present (`id` empty).
///
/// # Errors
/// No such session; a database error.
pub async fn end_own(app: &App, actor: &Actor, token: &str, id: &str) -> Result<()> {
    let mut op = app.operate_as(actor).await?;
    let ended = match id {
        "" => store::end_other_sessions(&mut op.write, &actor.account_id, &token_hash(token)).await?,
        id => store::end_session(&mut op.write, &actor.account_id, id).await?,
    };
    if ended == 0 && !id.is_empty() {
        return Err(Refusal::not_found().into());
    }
    op.trail_new("session.end-own", ("account", &actor.account_id), &json!({ "rows": ended })).await?;
    op.commit().await
}

/// Everybody of the actor's organisation with last use, sessions and factors, and whether the account counts as unused.
///
/// # Errors
/// A role that may not; a database error.
pub async fn members(app: &App, actor: &Actor) -> Result<(Vec<(Member, bool)>, Policy)> {
    actor.require(Permission::ManageAccounts)?;
    let mut c = app.read().await?;
    let (policy, _) = sign_in_policy::of(&mut c, &actor.organisation_id).await?;
    let members = store::members(&mut c, &actor.organisation_id, &app.now().to_string()).await?;
    let judged = members.into_iter().map(|member| {
        let unused = member.state == "active" && policy.is_unused(&member.alive_at, app.now());
        (member, unused)
    });
    Ok((judged.collect(), policy))
}

async fn of_organisation(op: &mut Operation<'_>, account_id: &str) -> Result<()> {
    let organisation = op.actor.organisation_id.clone();
    if accounts::membership_of(&mut op.write, account_id, &organisation).await?.is_none() {
        return Err(Refusal::not_found().into());
    }
    Ok(())
}

/// Ends the sessions of an account in the actor's organisation.
///
/// # Errors
/// Not of this organisation, or a role that may not.
pub async fn end_sessions(app: &App, actor: &Actor, account_id: &str) -> Result<()> {
    let mut op = app.operate(actor, Permission::ManageAccounts).await?;
    of_organisation(&mut op, account_id).await?;
    let ended = store::end_sessions_in(&mut op.write, account_id, &actor.organisation_id).await?;
    op.trail_new("account.sessions-ended", ("account", account_id), &json!({ "rows": ended })).await?;
    let (ja, en) = (
        format!("{}があなたのサインインを終了させました。", actor.name),
        format!("{} ended your sessions.", actor.name),
    );
    let (to, subject) = (Audience::Account(account_id), ("account", account_id));
    notice::tell(&mut op, &actor.organisation_id, to, "account.sessions-ended", subject, (&ja, &en)).await?;
    op.commit().await
}

/// Lets an unused account in again without the confirmation after a long absence: the administrator knows who it is.
///
/// # Errors
/// Not of this organisation, or a role that may not.
pub async fn keep(app: &App, actor: &Actor, account_id: &str) -> Result<()> {
    let mut op = app.operate(actor, Permission::ManageAccounts).await?;
    of_organisation(&mut op, account_id).await?;
    let at = op.now.clone();
    store::set_kept_at(&mut op.write, account_id, &at).await?;
    op.trail_new("account.keep", ("account", account_id), &json!({})).await?;
    op.commit().await
}

/// Suspends several accounts of the actor's organisation at once: all or none.
///
/// # Errors
/// Nothing chosen, one that is not of this organisation or one's own; a role that may not.
pub async fn suspend(app: &App, actor: &Actor, account_ids: &[String]) -> Result<()> {
    if account_ids.is_empty() {
        return Err(Refusal::invalid("choose", "利用者を選んでください。", "Choose somebody.").into());
    }
    let mut op = app.operate(actor, Permission::ManageAccounts).await?;
    for id in account_ids {
        seats::not_oneself(actor, id)?;
        seats::suspend_or_restore(&mut op, id, false).await?;
    }
    op.commit().await
}

/// The nightly round: suspends what its organisation's policy calls unused for too long, and clears old history. The last
/// administrator of an organisation who may sign in stays: nobody could let anybody in again. Says how many were suspended.
///
/// # Errors
/// A database error.
pub async fn suspend_unused(app: &App) -> Result<usize> {
    let organisations = registry::organisations(&mut app.read().await?).await?;
    let mut suspended = 0;
    for organisation in organisations {
        suspended += suspend_unused_of(app, &organisation.id).await?;
    }
    let mut write = app.store().write().await?;
    let before = app.now() - SignedDuration::from_hours(24 * HISTORY_DAYS);
    store::delete_attempts_before(&mut write, &before.to_string()).await?;
    write.commit().await?;
    Ok(suspended)
}

async fn suspend_unused_of(app: &App, organisation_id: &str) -> Result<usize> {
    let now = app.now();
    let mut c = app.read().await?;
    let (policy, _) = sign_in_policy::of(&mut c, organisation_id).await?;
    if policy.suspend_days == 0 {
        return Ok(0);
    }
    let members = store::members(&mut c, organisation_id, &now.to_string()).await?;
    drop(c);
    let system = Actor::system(organisation_id);
    let mut suspended = 0;
    // The list begins with who was away longest, so of two administrators the one last used stays.
    for member in members.iter().filter(|m| m.state == "active" && older_than(&m.alive_at, policy.suspend_days, now)) {
        let mut op = app.operate_as(&system).await?;
        // Somebody may have signed in since the list was read.
        accounts::account_held(&mut op.write, &member.account_id).await?;
        let standing = store::standing(&mut op.write, &member.account_id).await?;
        if !standing.is_some_and(|s| older_than(&s.alive_at, policy.suspend_days, now)) {
            continue;
        }
        match seats::suspend_or_restore(&mut op, &member.account_id, false).await {
            Err(error) if error.refusal().is_some_and(|refusal| refusal.code == seats::LAST_ADMINISTRATOR) => continue,
            done => done?,
        }
        let (ja, en) = (
            format!("{}（{}）は長く使われていないため、利用を停止しました。", member.name, member.login),
            format!("{} ({}) was suspended: not used for long.", member.name, member.login),
        );
        let (to, subject) = (Audience::Role(Role::Administrator), ("account", member.account_id.as_str()));
        notice::tell(&mut op, organisation_id, to, "account.unused", subject, (&ja, &en)).await?;
        op.commit().await?;
        suspended += 1;
    }
    Ok(suspended)
}
