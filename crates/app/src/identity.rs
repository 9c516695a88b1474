//! Sessions, accounts and departments. The steps of signing in stand in [`crate::sign_in`].

use jiff::{SignedDuration, Timestamp};
use sakimori_domain::identity::{Permission, Role};
use sakimori_store::identity::{self as store, Account, Membership};
use sakimori_store::registry::{self, Department};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::sign_in::{CONFIRMED_MINUTES, is_resting};
use crate::sign_in_policy::Policy;
use crate::{Actor, App, Operation, Refusal, Result, allow_list, passwords};

pub use crate::account_care::suspend_unused;
pub use crate::sign_in::{Origin, SignedIn, Stage, sign_in};

/// A request's session: who it is, and the token that its forms must carry.
pub struct Signed {
    pub actor: Actor,
    pub csrf: String,
    /// Notices not read yet.
    pub unread: i64,
    /// The request's address may reach the pages of administration.
    pub administers_here: bool,
    /// Newest checkpoint of the organisation's trail, in one line.
    pub checkpoint: String,
    /// What is still missing of signing in.
    pub stage: Stage,
    /// When the person last proved who they are.
    confirmed_at: String,
}

impl Signed {
    /// Whether the person proved who they are so recently that a dangerous act needs no more.
    pub fn is_confirmed(&self, now: Timestamp) -> bool {
        let minutes = SignedDuration::from_mins(CONFIRMED_MINUTES);
        self.confirmed_at.parse::<Timestamp>().is_ok_and(|at| now.duration_since(at) <= minutes)
    }
}

pub(crate) fn token_hash(token: &str) -> String {
    hex(&Sha256::digest(token.as_bytes()))
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

pub(crate) fn actor(account: &Account, seat: &Membership, address: &str) -> Actor {
    Actor {
        account_id: account.id.clone(),
        login: account.login.clone(),
        name: account.display_name.clone(),
        organisation_id: seat.organisation_id.clone(),
        organisation_name: seat.organisation_name.clone(),
        role: seat.role,
        department_id: seat.department_id.clone(),
        address: address.to_owned(),
        on_behalf_of: (String::new(), String::new()),
        only: None,
        language: account.language.clone(),
    }
}

/// Who a session's token belongs to; `None` for an unknown, ended or idle one.
///
/// # Errors
/// A database error.
pub async fn session(app: &App, token: &str, address: &str) -> Result<Option<Signed>> {
    let token_hash = token_hash(token);
    let mut c = app.read().await?;
    let Some((session, account, seat)) = store::signed_in(&mut c, &token_hash).await? else { return Ok(None) };
    let safety = sakimori_store::sign_in::safety(&mut c, &token_hash).await?;
    let admitted = allow_list::admits(&mut c, &session.organisation_id, address).await?;
    let checkpoint = crate::trail::newest_line(&mut c, &seat.organisation_id).await?;
    drop(c);
    let policy = Policy::parse(&safety.policy);
    let idle = SignedDuration::from_mins(policy.idle_minutes);
    let now = app.now();
    let seen: Timestamp = session.seen_at.parse().unwrap_or(Timestamp::UNIX_EPOCH);
    // The seat is read anew for every request: a role that was changed or a seat that was ended holds from the next one on.
    let alive = admitted.members
        && seat.is_active_on(app.today())
        && session.expires_at.parse::<Timestamp>().is_ok_and(|end| end > now)
        && now.duration_since(seen) < idle;
    if !alive {
        return Ok(None);
    }
    // One write a minute is enough for the idle limit; a write per page would cost a disk sync per page.
    if now.duration_since(seen) > SignedDuration::from_mins(1) {
        let mut write = app.store().write().await?;
        store::touch_session(&mut write, &token_hash, &now.to_string()).await?;
        write.commit().await?;
    }
    let mut actor = actor(&account, &seat, address);
    if !session.acting_under.is_empty() {
        actor = crate::deputy::actor_under(app, &mut app.read().await?, actor, &session.acting_under).await?;
    }
    let unread = crate::notice::unread(app, &actor).await?;
    let mut stage = Stage::from_code(&safety.stage);
    // A rule or a role may have changed since the sign-in, and a deputy has the role of another: nobody uses a role that
    // demands a second factor without one.
    if stage == Stage::Done
        && policy.demands_factor(actor.role)
        && !crate::second_factor::has_any(&mut app.read().await?, &actor.account_id).await?
    {
        stage = Stage::SetUp;
    }
    Ok(Some(Signed {
        actor,
        csrf: session.csrf,
        unread,
        checkpoint,
        stage,
        confirmed_at: safety.confirmed_at,
        administers_here: admitted.administration,
    }))
}

/// Ends a session.
///
/// # Errors
/// A database error.
pub async fn sign_out(app: &App, actor: &Actor, token: &str) -> Result<()> {
    let mut op = app.operate_as(actor).await?;
    store::delete_session(&mut op.write, &token_hash(token)).await?;
    op.trail_new("session.end", ("account", &actor.account_id), &json!({})).await?;
    op.commit().await
}

/// What is needed for a new account.
pub struct NewAccount {
    pub login: String,
    pub name: String,
    pub password: String,
    pub role: Role,
    pub department_id: String,
    /// The administrator knows the password: it is to be replaced at the first sign-in.
    pub is_issued: bool,
}

/// A login as it is kept: small letters.
///
/// # Errors
/// Too short, too long, or with letters that a login cannot have.
pub(crate) fn checked_login(login: &str) -> Result<String> {
    let login = login.trim().to_lowercase();
    let well_formed =
        (3..=64).contains(&login.len()) && login.chars().all(|c| c.is_ascii_alphanumeric() || "._-@".contains(c));
    if well_formed {
        return Ok(login);
    }
    Err(Refusal::invalid(
        "login-form",
        "ログイン名は3〜64文字の英数字と . _ - @ で入力してください。",
        "A login has 3 to 64 letters, digits or . _ - @.",
    )
    .into())
}

/// A name of a person, a post or an organisation.
///
/// # Errors
/// Empty or too long.
pub(crate) fn checked_name(name: &str) -> Result<String> {
    let name = name.trim();
    if !name.is_empty() && name.chars().count() <= 100 && !name.chars().any(char::is_control) {
        return Ok(name.to_owned());
    }
    Err(Refusal::invalid(
        "name-form",
        "氏名・係名・組織名は100文字以内の1行で入力してください。",
        "A name is one line of at most 100 characters.",
    )
    .into())
}

/// Registers an account with a seat in the actor's organisation.
///
/// # Errors
/// A taken login, a bad password, an unknown department, or a role that may not.
pub async fn add_account(app: &App, actor: &Actor, new: NewAccount) -> Result<String> {
    actor.require(Permission::ManageAccounts)?;
    let login = checked_login(&new.login)?;
    let name = checked_name(&new.name)?;
    passwords::check_rules(&new.password, &[&login, &name, &actor.organisation_name])?;
    let mut c = app.read().await?;
    if store::account_by_login(&mut c, &login).await?.is_some() {
        return Err(Refusal::invalid("login-taken", "このログイン名は使われています。", "This login is taken.").into());
    }
    known_department(&mut c, actor, &new.department_id).await?;
    crate::seats::fitting_role(&mut c, actor, new.role).await?;
    drop(c);
    let password_hash = app.hash_password(&new.password).await?;
    let mut op = app.operate(actor, Permission::ManageAccounts).await?;
    let account = put_account(&mut op, (login, name, password_hash), new.role, &new.department_id).await?;
    if new.is_issued {
        crate::issued_password::mark(&mut op.write, &account.id, app.now()).await?;
    }
    let after = json!({ "login": account.login, "name": account.display_name, "role": new.role.code(), "department": new.department_id });
    op.trail_new("account.add", ("account", &account.id), &after).await?;
    op.commit().await?;
    Ok(account.id)
}

/// Writes a new account (login, name, hash of the password) with a seat in the operation's organisation.
pub(crate) async fn put_account(
    op: &mut Operation<'_>,
    (login, display_name, password_hash): (String, String, String),
    role: Role,
    department_id: &str,
) -> Result<Account> {
    let account = Account {
        id: op.app.new_id(),
        login,
        display_name,
        password_hash,
        state: "active".to_owned(),
        failures: 0,
        locked_until: String::new(),
        language: "ja".to_owned(),
        created_at: op.now.clone(),
        version: 1,
    };
    store::insert_account(&mut op.write, &account).await?;
    store::put_membership(&mut op.write, &account.id, &op.actor.organisation_id, role, department_id).await?;
    Ok(account)
}

pub(crate) async fn known_department(
    c: &mut sakimori_store::Connection,
    actor: &Actor,
    department_id: &str,
) -> Result<()> {
    let known = department_id.is_empty()
        || registry::departments(c, &actor.organisation_id).await?.iter().any(|d| d.id == department_id);
    if known { Ok(()) } else { Err(Refusal::not_found().into()) }
}

/// Changes one's own password; every session of the account ends.
///
/// # Errors
/// The present password is wrong (after the last attempt the session is gone), or the new one breaks a rule.
pub async fn change_own_password(app: &App, actor: &Actor, token: &str, present: &str, new: &str) -> Result<()> {
    let mut c = app.read().await?;
    let account = store::account_by_id(&mut c, &actor.account_id).await?.ok_or_else(Refusal::not_found)?;
    let seat = store::membership_of(&mut c, &actor.account_id, &actor.organisation_id).await?;
    let seat = seat.ok_or_else(Refusal::not_found)?;
    drop(c);
    let fits = app.verify_password(present, &account.password_hash).await?;
    if !fits || is_resting(&account, app.now()) {
        // Counted as at the door, and ended as there: a stolen session is no place to guess in either.
        let refusal =
            Refusal::invalid("password-present", "現在のパスワードが違います。", "The present password is wrong.");
        let (whose, session, origin) = ((&account, &seat), token_hash(token), actor.address.as_str().into());
        return crate::sign_in::failed(app, whose, &session, "wrong-password", refusal, origin).await;
    }
    let password_hash = passwords::chosen(app, &account, &seat, new).await?;
    let mut op = app.operate_as(actor).await?;
    passwords::put_own(&mut op, &account, password_hash).await?;
    store::delete_sessions_of(&mut op.write, &account.id).await?;
    let text = (
        "あなたのパスワードが変更されました。心当たりがない場合は管理者に連絡してください。",
        "Your password was changed. If this was not you, tell your administrator.",
    );
    let (to, subject) = (crate::notice::Audience::Account(&account.id), ("account", account.id.as_str()));
    crate::notice::tell(&mut op, &actor.organisation_id, to, "account.password", subject, text).await?;
    op.commit().await
}

/// Chooses the language of one's pages.
///
/// # Errors
/// Another language than `ja` or `en`.
pub async fn choose_language(app: &App, actor: &Actor, language: &str) -> Result<()> {
    if !["ja", "en"].contains(&language) {
        return Err(
            Refusal::invalid("language", "この言語には対応していません。", "This language is not available.").into()
        );
    }
    let account =
        store::account_by_id(&mut app.read().await?, &actor.account_id).await?.ok_or_else(Refusal::not_found)?;
    let before = account.language.clone();
    let changed = Account { language: language.to_owned(), ..account };
    let mut op = app.operate_as(actor).await?;
    store::update_account(&mut op.write, &changed).await?;
    op.trail("account.language", ("account", &changed.id), Some(&before), Some(&language)).await?;
    op.commit().await
}

/// Registers a department or system.
///
/// # Errors
/// A name that is empty, too long or taken, or a role that may not.
pub async fn add_department(app: &App, actor: &Actor, name: &str, kind: &str) -> Result<String> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 100 || !["department", "system"].contains(&kind) {
        return Err(Refusal::invalid(
            "department-form",
            "名称を100文字以内で入力してください。",
            "Enter a name of at most 100 characters.",
        )
        .into());
    }
    let mut op = app.operate(actor, Permission::ManageAccounts).await?;
    let present = registry::departments(&mut op.write, &actor.organisation_id).await?;
    if present.iter().any(|d| d.name == name) {
        return Err(Refusal::invalid(
            "department-taken",
            "同じ名称の部署があります。",
            "There is a department of this name.",
        )
        .into());
    }
    let department = Department {
        id: app.new_id(),
        name: name.to_owned(),
        kind: kind.to_owned(),
        position: i64::try_from(present.len()).unwrap_or(i64::MAX),
        version: 1,
    };
    registry::insert_department(&mut op.write, &actor.organisation_id, &department).await?;
    op.trail_new("department.add", ("department", &department.id), &json!({ "name": name, "kind": kind })).await?;
    op.commit().await?;
    Ok(department.id)
}
