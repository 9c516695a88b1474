//! Wrong passwords and codes: counted, and after some of them the account rests.

use jiff::SignedDuration;
use sakimori_domain::identity::{FAILURES_BEFORE_LOCK, LOCK_MINUTES, Role};
use sakimori_store::identity::{self as accounts, Account, Membership};
use sakimori_store::sign_in as store;
use serde_json::json;

use super::{Origin, attempt, is_resting};
use crate::notice::{self, Audience};
use crate::{Actor, App, Operation, Result};

/// Counts a wrong password or code, and says whether the account rests now.
///
/// # Errors
/// A database error.
pub(crate) async fn count_failure(
    app: &App,
    account: &Account,
    seat: &Membership,
    origin: Origin<'_>,
    outcome: &str,
) -> Result<bool> {
    let system = Actor { address: origin.address.to_owned(), ..Actor::system(&seat.organisation_id) };
    let mut op = app.operate_as(&system).await?;
    let present = accounts::account_held(&mut op.write, &account.id).await?;
    store::insert_attempt(&mut op.write, &attempt(app, &account.id, origin, outcome)).await?;
    let Some(present) = present.filter(|present| !is_resting(present, app.now())) else {
        op.trail_new("session.refuse", ("account", &account.id), &json!({})).await?;
        op.commit().await?;
        return Ok(true);
    };
    let failures = present.failures + 1;
    let is_last = failures >= FAILURES_BEFORE_LOCK;
    let minutes = rest_minutes(&mut op, &account.id, outcome).await?;
    let locked_until =
        if is_last { (app.now() + SignedDuration::from_mins(minutes)).to_string() } else { String::new() };
    accounts::record_failures(&mut op.write, &account.id, if is_last { 0 } else { failures }, &locked_until).await?;
    let action = if is_last { "account.lock" } else { "session.refuse" };
    op.trail_new(action, ("account", &account.id), &json!({ "failures": failures, "until": locked_until })).await?;
    if is_last {
        tell_locked(&mut op, account, seat, origin, minutes).await?;
    }
    op.commit().await?;
    Ok(is_last)
}

/// How long an account rests. Whoever tries codes knows the password already, so nobody else is shut out by a rest that
/// doubles with every five wrong codes of a day; without that a patient thief would find one in a year.
async fn rest_minutes(op: &mut Operation<'_>, account_id: &str, outcome: &str) -> Result<i64> {
    if outcome != "wrong-factor" {
        return Ok(LOCK_MINUTES);
    }
    let since = (op.app.now() - SignedDuration::from_hours(24)).to_string();
    let wrong = store::wrong_factors(&mut op.write, account_id, &since).await?;
    let doublings = (wrong / FAILURES_BEFORE_LOCK - 1).clamp(0, 6);
    Ok(LOCK_MINUTES << doublings)
}

async fn tell_locked(
    op: &mut Operation<'_>,
    account: &Account,
    seat: &Membership,
    origin: Origin<'_>,
    minutes: i64,
) -> Result<()> {
    let subject = ("account", account.id.as_str());
    let (ja, en) = (
        format!(
            "{}（{}）のサインインが続けて失敗したため、{minutes}分間受け付けを止めました（{}）。",
            account.display_name, account.login, origin.address
        ),
        format!(
            "{} ({}) rests for {minutes} minutes after repeated failures to sign in ({}).",
            account.display_name, account.login, origin.address
        ),
    );
    let officer = Audience::Role(Role::SecurityOfficer);
    notice::tell(op, &seat.organisation_id, officer, "account.lock", subject, (&ja, &en)).await?;
    let (ja, en) = (
        format!(
            "あなたのサインインが続けて失敗し、{minutes}分間受け付けを止めました。心当たりがない場合は管理者に連絡してください。"
        ),
        format!(
            "Signing in to your account failed repeatedly and rests for {minutes} minutes. If this was not you, tell your administrator."
        ),
    );
    notice::tell(op, &seat.organisation_id, Audience::Account(&account.id), "account.lock", subject, (&ja, &en)).await
}
