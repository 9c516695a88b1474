//! The steps of signing in: password, second factor, confirmation after a long absence, setting up a demanded factor.
//!
//! Nobody learns from outside which names exist: an unknown name, a wrong password, a resting and a suspended account get
//! the same words and cost the same work, a password hash and one durable write (ASVS 6.3.8). The step of the second
//! factor comes after a right password only, so it tells of an account to nobody but who knows its password already
//! (`docs/adr/0011-second-factors.md`). Wrong codes count as wrong passwords do, and the count goes back to nothing only
//! when signing in is finished: knowing the password gives no more guesses at the code.

mod failure;
mod origin;

use jiff::{SignedDuration, Timestamp};
use sakimori_domain::identity::Role;
use sakimori_store::identity::{self as accounts, Account, Membership, Session};
use sakimori_store::sign_in::{self as store, Attempt};
use serde_json::json;

use crate::identity::{actor, hex, token_hash};
use crate::notice::{self, Audience};
use crate::sign_in_policy::{self, Policy, older_than};
use crate::{Actor, App, AppError, Operation, Refusal, RefusalKind, Result, second_factor};

pub(crate) use failure::count_failure;
pub use origin::{Origin, family};

/// A dangerous act is allowed this long after the person last proved who they are.
pub const CONFIRMED_MINUTES: i64 = 15;
/// An unfinished sign-in ends after this long.
const STEP_MINUTES: i64 = 15;
/// A network counts as known for this long after the last sign-in from it.
const KNOWN_NETWORK_DAYS: i64 = 90;

/// The step of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Signed in.
    Done,
    /// The password was right; the second factor is missing.
    SecondFactor,
    /// The account was not used for long: who is it, and is what we know of them still right?
    Absence,
    /// The password was issued by somebody else: one's own is to be chosen.
    NewPassword,
    /// The role demands a second factor and the account has none.
    SetUp,
}

impl Stage {
    const fn code(self) -> &'static str {
        match self {
            Stage::Done => "",
            Stage::SecondFactor => "second-factor",
            Stage::Absence => "absence",
            Stage::NewPassword => "new-password",
            Stage::SetUp => "set-up",
        }
    }

    /// An unknown code is the first step: nobody is let in by a fault.
    pub(crate) fn from_code(code: &str) -> Self {
        match code {
            "" => Stage::Done,
            "absence" => Stage::Absence,
            "new-password" => Stage::NewPassword,
            "set-up" => Stage::SetUp,
            _ => Stage::SecondFactor,
        }
    }
}

/// What a person has shown so far, in the order of the steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
pub enum Passed {
    Password,
    /// A second factor, or a provider that vouches for one.
    Factor,
    /// That they are back and what has changed.
    Return,
    /// A password of one's own.
    NewPassword,
    /// That the demanded second factor is set up.
    SetUp,
}

/// What a browser gets for a step that was passed.
pub struct SignedIn {
    /// Goes into the cookie; only its hash is kept. Every step has a new one.
    pub token: String,
    pub actor: Actor,
    pub stage: Stage,
}

/// The same words for an unknown name, a wrong password and a suspended account: nobody learns which names exist.
pub(crate) fn wrong() -> Refusal {
    Refusal::new(
        RefusalKind::SignInNeeded,
        "sign-in-wrong",
        "ログイン名またはパスワードが違います。続けて5回間違えると15分間受け付けません。",
        "Name or password is wrong. After five wrong attempts the account rests for 15 minutes.",
    )
    .next(
        "入力を確かめてください。分からない場合は管理者に連絡してください。",
        "Check your entry, or ask your administrator.",
    )
}

/// Signs somebody in to the first organisation of theirs, as far as the password goes.
///
/// # Errors
/// One refusal for every reason (see [`wrong`]); a database error.
pub async fn sign_in(app: &App, login: &str, password: &str, origin: impl Into<Origin<'_>>) -> Result<SignedIn> {
    let origin = origin.into();
    let account = accounts::account_by_login(&mut app.read().await?, login.trim()).await?;
    let Some(account) = account else {
        // The same work as for a known name, so that time tells nothing either.
        app.hash_password(password).await?;
        return Err(refuse_unknown(app, origin).await);
    };
    let fits = app.verify_password(password, &account.password_hash).await?;
    let seats = accounts::memberships_of_account(&mut app.read().await?, &account.id).await?;
    let active = seats.iter().position(|seat| seat.is_active_on(app.today()));
    // A failure is noted with whichever seat there is; nobody is let in on one that has ended.
    let Some(seat) = seats.get(active.unwrap_or(0)) else { return Err(refuse_unknown(app, origin).await) };
    if !fits {
        count_failure(app, &account, seat, origin, "wrong-password").await?;
        return Err(wrong().into());
    }
    let actor = actor(&account, seat, origin.address);
    let mut op = app.operate_as(&actor).await?;
    // Hashing takes a while: what was true before it may not be true any more.
    let present = accounts::account_held(&mut op.write, &account.id).await?;
    let standing = store::standing(&mut op.write, &account.id).await?;
    let has_run_out = standing.is_some_and(|s| crate::issued_password::has_run_out(&s.issued_until, app.now()));
    let may = |now: Account| may_enter(&now, app.now()) && now.password_hash == account.password_hash && !has_run_out;
    // From elsewhere a right password gets the words of a wrong one.
    let admitted = crate::allow_list::admits(&mut op.write, &seat.organisation_id, origin.address).await?;
    if active.is_none() || !admitted.members || !present.is_some_and(may) {
        store::insert_attempt(&mut op.write, &attempt(app, &account.id, origin, "refused")).await?;
        op.trail_new("session.refuse", ("account", &account.id), &json!({})).await?;
        op.commit().await?;
        return Err(wrong().into());
    }
    let signed = enter(&mut op, &account, seat, origin, Passed::Password).await?;
    op.commit().await?;
    Ok(signed)
}

/// Refuses a name that nobody has, or that has no seat, with the work of a known one. The name itself is not kept: people
/// type passwords into that field.
async fn refuse_unknown(app: &App, origin: Origin<'_>) -> AppError {
    let note = async {
        let mut write = app.store().write().await?;
        store::insert_attempt(&mut write, &attempt(app, "", origin, "unknown")).await?;
        write.commit().await
    };
    match note.await {
        Ok(()) => wrong().into(),
        Err(error) => error.into(),
    }
}

pub(crate) fn is_resting(account: &Account, now: Timestamp) -> bool {
    account.locked_until.parse::<Timestamp>().is_ok_and(|until| until > now)
}

pub(crate) fn may_enter(account: &Account, now: Timestamp) -> bool {
    !is_resting(account, now) && account.state == "active"
}

/// Opens a session for what was passed; what is still missing is the session's step. The trail event is written here.
///
/// # Errors
/// A database error.
pub(crate) async fn enter(
    op: &mut Operation<'_>,
    account: &Account,
    seat: &Membership,
    origin: Origin<'_>,
    passed: Passed,
) -> Result<SignedIn> {
    let app = op.app;
    let (policy, _) = sign_in_policy::of(&mut op.write, &seat.organisation_id).await?;
    let stage = missing(op, account, seat.role, &policy, passed).await?;
    let token = hex(&app.random::<32>());
    let now = app.now();
    let lasts = match stage {
        Stage::Done => SignedDuration::from_hours(policy.session_hours),
        _ => SignedDuration::from_mins(STEP_MINUTES),
    };
    let session = Session {
        token_hash: token_hash(&token),
        account_id: account.id.clone(),
        organisation_id: seat.organisation_id.clone(),
        csrf: hex(&app.random::<16>()),
        address: origin.address.to_owned(),
        created_at: op.now.clone(),
        seen_at: op.now.clone(),
        expires_at: (now + lasts).to_string(),
        acting_under: String::new(),
    };
    accounts::delete_expired_sessions(&mut op.write, &op.now).await?;
    accounts::insert_session(&mut op.write, &session).await?;
    store::set_stage(&mut op.write, &session.token_hash, stage.code(), &op.now, origin.agent).await?;
    if stage == Stage::Done {
        finish(op, account, seat, origin, &policy).await?;
    } else {
        op.trail_new("session.step", ("account", &account.id), &json!({ "step": stage.code() })).await?;
    }
    let signed = actor(account, seat, origin.address);
    Ok(SignedIn { token, actor: signed, stage })
}

/// The first step that is still missing.
async fn missing(
    op: &mut Operation<'_>,
    account: &Account,
    role: Role,
    policy: &Policy,
    passed: Passed,
) -> Result<Stage> {
    let has_factor = second_factor::has_any(&mut op.write, &account.id).await?;
    if passed < Passed::Factor && has_factor {
        return Ok(Stage::SecondFactor);
    }
    let standing = store::standing(&mut op.write, &account.id).await?;
    if passed < Passed::Return && standing.as_ref().is_some_and(|s| policy.is_unused(&s.alive_at, op.app.now())) {
        return Ok(Stage::Absence);
    }
    if standing.is_some_and(|s| !s.issued_until.is_empty()) {
        return Ok(Stage::NewPassword);
    }
    if !has_factor && policy.demands_factor(role) {
        return Ok(Stage::SetUp);
    }
    Ok(Stage::Done)
}

/// Everything that a finished sign-in leaves behind: history, the count of failures, what the person should be told.
async fn finish(
    op: &mut Operation<'_>,
    account: &Account,
    seat: &Membership,
    origin: Origin<'_>,
    policy: &Policy,
) -> Result<()> {
    let app = op.app;
    let this = attempt(app, &account.id, origin, "success");
    let since = (app.now() - SignedDuration::from_hours(24 * KNOWN_NETWORK_DAYS)).to_string();
    let (all, from_here) = store::successes(&mut op.write, &account.id, &this.network, &since).await?;
    if all > 0 && from_here == 0 && !this.network.is_empty() {
        tell_unusual(op, account, seat, origin).await?;
    }
    let standing = store::standing(&mut op.write, &account.id).await?;
    if policy.password_days > 0 && standing.is_some_and(|s| older_than(&s.password_at, policy.password_days, app.now()))
    {
        let text = (
            "パスワードを決めてから長くたっています。ほかでも使っている、人に知られたおそれがある場合は変更してください。",
            "Your password is old. Change it if you use it elsewhere or somebody may know it.",
        );
        let to = Audience::Account(&account.id);
        let subject = ("account", account.id.as_str());
        notice::tell_once(op, &seat.organisation_id, to, "account.password-old", subject, text, 30).await?;
    }
    store::insert_attempt(&mut op.write, &this).await?;
    store::set_used_at(&mut op.write, &account.id, &op.now).await?;
    accounts::record_failures(&mut op.write, &account.id, 0, "").await?;
    op.trail_new("session.start", ("account", &account.id), &json!({ "login": account.login })).await
}

async fn tell_unusual(op: &mut Operation<'_>, account: &Account, seat: &Membership, origin: Origin<'_>) -> Result<()> {
    let subject = ("account", account.id.as_str());
    let (ja, en) = (
        format!(
            "いつもと違う場所（{}）からあなたのサインインがありました。心当たりがない場合は、パスワードを変更し、管理者に連絡してください。",
            origin.address
        ),
        format!(
            "You signed in from an unusual address ({}). If this was not you, change your password and tell your administrator.",
            origin.address
        ),
    );
    let own = Audience::Account(&account.id);
    notice::tell(op, &seat.organisation_id, own, "session.unusual", subject, (&ja, &en)).await?;
    let (ja, en) = (
        format!(
            "{}（{}）が、いつもと違う場所（{}）からサインインしました。",
            account.display_name, account.login, origin.address
        ),
        format!("{} ({}) signed in from an unusual address ({}).", account.display_name, account.login, origin.address),
    );
    let officer = Audience::Role(Role::SecurityOfficer);
    notice::tell(op, &seat.organisation_id, officer, "session.unusual", subject, (&ja, &en)).await
}

fn attempt(app: &App, account_id: &str, origin: Origin<'_>, outcome: &str) -> Attempt {
    Attempt {
        id: app.new_id(),
        account_id: account_id.to_owned(),
        at: app.now().to_string(),
        address: origin.address.to_owned(),
        network: origin::network(origin.address),
        agent: origin.agent.to_owned(),
        outcome: outcome.to_owned(),
    }
}

/// A session in the middle of signing in, and whose it is.
pub(crate) struct Underway {
    pub(crate) account: Account,
    pub(crate) seat: Membership,
    token_hash: String,
}

pub(crate) async fn underway(app: &App, token: &str, stage: Stage) -> Result<Underway> {
    Ok(at_step(app, token, stage).await?.ok_or_else(wrong)?)
}

async fn at_step(app: &App, token: &str, stage: Stage) -> Result<Option<Underway>> {
    let token_hash = token_hash(token);
    let mut c = app.read().await?;
    let found = accounts::signed_in(&mut c, &token_hash).await?;
    let safety = store::safety(&mut c, &token_hash).await?;
    let here = Stage::from_code(&safety.stage) == stage;
    let now = app.now();
    let found = found.filter(|(.., seat)| here && seat.is_active_on(app.today()));
    let found = found.filter(|(session, ..)| session.expires_at.parse::<Timestamp>().is_ok_and(|end| end > now));
    Ok(found.map(|(_, account, seat)| Underway { account, seat, token_hash }))
}

/// The refusal of a wrong code.
pub(crate) fn wrong_code() -> Refusal {
    Refusal::invalid("code-wrong", "コードが違うか、すでに使われています。", "The code is wrong or was used already.")
        .next("アプリに出ている新しいコードを入力してください。", "Enter the new code that your app shows.")
}

/// The second step: a one-time code or a recovery code.
///
/// # Errors
/// A wrong code; after the last attempt the words of [`wrong`], and the session is gone.
pub async fn second_step(app: &App, token: &str, code: &str, origin: impl Into<Origin<'_>>) -> Result<SignedIn> {
    let origin = origin.into();
    let u = underway(app, token, Stage::SecondFactor).await?;
    let person = actor(&u.account, &u.seat, origin.address);
    let mut op = app.operate_as(&person).await?;
    let present = accounts::account_held(&mut op.write, &u.account.id).await?;
    if present.is_some_and(|now| may_enter(&now, app.now()))
        && second_factor::accepts(&mut op, &u.account.id, code).await?
    {
        return advance(op, &u, origin, Passed::Factor).await;
    }
    drop(op);
    failed(app, (&u.account, &u.seat), &u.token_hash, "wrong-factor", wrong_code(), origin).await
}

/// Passes a step: the old session goes, a new one with another token comes.
pub(crate) async fn advance(
    mut op: Operation<'_>,
    u: &Underway,
    origin: Origin<'_>,
    passed: Passed,
) -> Result<SignedIn> {
    accounts::delete_session(&mut op.write, &u.token_hash).await?;
    let signed = enter(&mut op, &u.account, &u.seat, origin, passed).await?;
    op.commit().await?;
    Ok(signed)
}

/// The second step, passed with a passkey whose answer was verified. The account is looked at once more with the
/// transaction held.
///
/// # Errors
/// The account rests or is suspended meanwhile; a database error.
pub(crate) async fn passed_with_passkey(mut op: Operation<'_>, token: &str, origin: Origin<'_>) -> Result<SignedIn> {
    let u = underway(op.app, token, Stage::SecondFactor).await?;
    let present = accounts::account_held(&mut op.write, &u.account.id).await?;
    if !present.is_some_and(|now| may_enter(&now, op.app.now())) {
        return Err(wrong().into());
    }
    advance(op, &u, origin, Passed::Factor).await
}

/// Counts a failed second step that was no code, and refuses it.
///
/// # Errors
/// Always: `refusal`, or the words of [`wrong`] when the account rests now.
pub(crate) async fn failed_step(app: &App, token: &str, origin: Origin<'_>, refusal: Refusal) -> Result<SignedIn> {
    let u = underway(app, token, Stage::SecondFactor).await?;
    failed(app, (&u.account, &u.seat), &u.token_hash, "wrong-factor", refusal, origin).await
}

/// Counts a failure within a session: `refusal`, or the words of [`wrong`] and no session any more when the account rests.
pub(crate) async fn failed<T>(
    app: &App,
    (account, seat): (&Account, &Membership),
    session_hash: &str,
    outcome: &str,
    refusal: Refusal,
    origin: Origin<'_>,
) -> Result<T> {
    if !count_failure(app, account, seat, origin, outcome).await? {
        return Err(refusal.into());
    }
    let mut write = app.store().write().await?;
    accounts::delete_session(&mut write, session_hash).await?;
    write.commit().await?;
    Err(wrong().into())
}

/// What is known of somebody who comes back after long.
pub struct Returning {
    pub department: String,
    pub contact: String,
    pub used_at: String,
}

/// What somebody who comes back after long is asked to look at.
///
/// # Errors
/// The session is not at that step; a database error.
pub async fn returning(app: &App, token: &str) -> Result<Returning> {
    let u = underway(app, token, Stage::Absence).await?;
    let standing = store::standing(&mut app.read().await?, &u.account.id).await?;
    let (contact, used_at) = standing.map_or_else(Default::default, |s| (s.contact, s.used_at));
    Ok(Returning { department: u.seat.department_name, contact, used_at })
}

/// What somebody says who comes back after long.
pub struct Return<'a> {
    /// Password, or a one-time code.
    pub secret: &'a str,
    pub contact: &'a str,
    /// What of name and department is no longer right; empty when all is. The administrator is told; nobody gives
    /// themselves another department.
    pub changed: &'a str,
}

/// The step after a long absence: the person proves again who they are and says what has changed.
///
/// # Errors
/// A wrong password or code, no contact; a database error.
pub async fn come_back(app: &App, token: &str, back: &Return<'_>, origin: impl Into<Origin<'_>>) -> Result<SignedIn> {
    let origin = origin.into();
    let contact = crate::texts::line(("contact", "連絡先", "Contact"), back.contact, 100)?;
    if contact.is_empty() {
        return Err(Refusal::invalid("contact", "連絡先を入力してください。", "Enter how to reach you.").into());
    }
    let changed = crate::texts::text(("changed", "変わったこと", "What has changed"), back.changed, 500)?;
    let u = underway(app, token, Stage::Absence).await?;
    let person = actor(&u.account, &u.seat, origin.address);
    let mut op = proven(app, &person, &u.account, &u.seat, &u.token_hash, back.secret, origin).await?;
    store::set_contact(&mut op.write, &u.account.id, &contact).await?;
    let said = json!({ "contact_changed": true, "text": changed });
    op.trail_new("account.return", ("account", &u.account.id), &said).await?;
    if !changed.is_empty() {
        let (ja, en) = (
            format!(
                "久しぶりにサインインした{}から、登録内容の変更の申し出がありました: {changed}",
                u.account.display_name
            ),
            format!("{} came back after long and says what has changed: {changed}", u.account.display_name),
        );
        let to = Audience::Role(Role::Administrator);
        let subject = ("account", u.account.id.as_str());
        notice::tell(&mut op, &u.seat.organisation_id, to, "account.return", subject, (&ja, &en)).await?;
    }
    advance(op, &u, origin, Passed::Return).await
}

/// Passes the step of setting up a demanded factor, once there is one; on any other step nothing happens.
///
/// # Errors
/// A database error.
pub async fn set_up_done(app: &App, token: &str, origin: impl Into<Origin<'_>>) -> Result<Option<SignedIn>> {
    let Some(u) = at_step(app, token, Stage::SetUp).await? else { return Ok(None) };
    if !second_factor::has_any(&mut app.read().await?, &u.account.id).await? {
        return Ok(None);
    }
    let origin = origin.into();
    let person = actor(&u.account, &u.seat, origin.address);
    let op = app.operate_as(&person).await?;
    advance(op, &u, origin, Passed::SetUp).await.map(Some)
}

/// Opens an operation of a person who has just shown a password or a one-time code.
async fn proven<'a>(
    app: &'a App,
    person: &'a Actor,
    account: &Account,
    seat: &Membership,
    session_hash: &str,
    secret: &str,
    origin: Origin<'_>,
) -> Result<Operation<'a>> {
    let is_code =
        second_factor::is_code(secret) && second_factor::has_codes(&mut app.read().await?, &account.id).await?;
    let fits = is_code || app.verify_password(secret, &account.password_hash).await?;
    let mut op = app.operate_as(person).await?;
    let present = accounts::account_held(&mut op.write, &account.id).await?;
    let may = present
        .is_some_and(|now| may_enter(&now, app.now()) && (is_code || now.password_hash == account.password_hash));
    if fits && may && (!is_code || second_factor::accepts(&mut op, &account.id, secret).await?) {
        return Ok(op);
    }
    drop(op);
    let outcome = if is_code { "wrong-factor" } else { "wrong-password" };
    let refusal = Refusal::invalid(
        "confirm-wrong",
        "パスワードまたはコードが違います。続けて間違えるとサインアウトします。",
        "Password or code is wrong. Repeated failures sign you out.",
    );
    failed(app, (account, seat), session_hash, outcome, refusal, origin).await
}

/// Proves again who one is, before a dangerous act.
///
/// # Errors
/// A wrong password or code; after the last attempt the session is gone.
pub async fn confirm(app: &App, person: &Actor, token: &str, secret: &str, agent: &str) -> Result<()> {
    let hash = token_hash(token);
    let found = accounts::signed_in(&mut app.read().await?, &hash).await?;
    let (_, account, seat) = found.ok_or_else(wrong)?;
    let origin = Origin { address: &person.address, agent };
    let mut op = proven(app, person, &account, &seat, &hash, secret, origin).await?;
    store::confirm_session(&mut op.write, &hash, &op.now).await?;
    accounts::record_failures(&mut op.write, &account.id, 0, "").await?;
    op.trail_new("session.confirm", ("account", &account.id), &json!({})).await?;
    op.commit().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_step_lets_nobody_in() {
        for stage in [Stage::Done, Stage::SecondFactor, Stage::Absence, Stage::NewPassword, Stage::SetUp] {
            assert_eq!(Stage::from_code(stage.code()), stage);
        }
        assert_eq!(Stage::from_code("something"), Stage::SecondFactor);
    }
}
