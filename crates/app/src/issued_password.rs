//! Passwords that somebody else knows: the first one, and the one that helps whoever forgot theirs. They work for a few
//! days, and the first thing that signing in with one asks for is a password of one's own (ASVS 5.0.0 6.4.1, 6.4.3).

use jiff::{SignedDuration, Timestamp};
use sakimori_domain::identity::Permission;
use sakimori_store::Write;
use sakimori_store::identity as accounts;
use sakimori_store::sign_in as store;
use serde_json::json;

use crate::identity::actor;
use crate::notice::{self, Audience};
use crate::sign_in::{Origin, Passed, SignedIn, Stage, advance, underway};
use crate::{Actor, App, Refusal, Result, passwords, seats};

/// An issued password works this long.
pub const ISSUED_DAYS: i64 = 7;

/// Notes that the account's password was chosen by somebody else.
///
/// # Errors
/// A database error.
pub(crate) async fn mark(write: &mut Write, account_id: &str, now: Timestamp) -> Result<()> {
    let until = (now + SignedDuration::from_hours(24 * ISSUED_DAYS)).to_string();
    Ok(store::set_issued_until(write, account_id, &until).await?)
}

/// Whether an issued password has run out.
pub(crate) fn has_run_out(issued_until: &str, now: Timestamp) -> bool {
    !issued_until.is_empty() && issued_until.parse::<Timestamp>().is_ok_and(|until| until < now)
}

/// Gives an account of the actor's organisation a new password, which is returned once and kept nowhere. Its second
/// factor stays; its sessions end.
///
/// # Errors
/// Not of this organisation, one's own account, a person who has seats elsewhere too, or a role that may not.
pub async fn issue(app: &App, actor: &Actor, account_id: &str) -> Result<String> {
    actor.require(Permission::ManageAccounts)?;
    if account_id == actor.account_id {
        return Err(Refusal::invalid(
            "own-account",
            "自分のパスワードは「自分の設定」で変更してください。",
            "Change your own password under My settings.",
        )
        .into());
    }
    let password = app.code(4, 5);
    let password_hash = app.hash_password(&password).await?;
    let mut op = app.operate(actor, Permission::ManageAccounts).await?;
    seats::of_this_organisation_alone(&mut op, account_id).await?;
    let account = accounts::account_held(&mut op.write, account_id).await?.ok_or_else(Refusal::not_found)?;
    passwords::put(&mut op, account, password_hash).await?;
    mark(&mut op.write, account_id, app.now()).await?;
    accounts::delete_sessions_of(&mut op.write, account_id).await?;
    op.trail_new("account.password-issue", ("account", account_id), &json!({ "days": ISSUED_DAYS })).await?;
    let (ja, en) = (
        format!("{}があなたのパスワードを新しくしました。心当たりがない場合はすぐに連絡してください。", actor.name),
        format!("{} gave you a new password. If you did not ask for it, tell them at once.", actor.name),
    );
    let to = Audience::Account(account_id);
    notice::tell(&mut op, &actor.organisation_id, to, "account.password-issue", ("account", account_id), (&ja, &en))
        .await?;
    op.commit().await?;
    Ok(password)
}

/// The step of signing in that replaces an issued password by one's own.
///
/// # Errors
/// A password that breaks a rule or was used before; another step.
pub async fn replace(app: &App, token: &str, new: &str, origin: impl Into<Origin<'_>>) -> Result<SignedIn> {
    let origin = origin.into();
    let u = underway(app, token, Stage::NewPassword).await?;
    let password_hash = passwords::chosen(app, &u.account, &u.seat, new).await?;
    let person = actor(&u.account, &u.seat, origin.address);
    let mut op = app.operate_as(&person).await?;
    passwords::put_own(&mut op, &u.account, password_hash).await?;
    advance(op, &u, origin, Passed::NewPassword).await
}
