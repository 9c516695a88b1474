//! Signing in and out, accounts and departments.

use jiff::{SignedDuration, Timestamp};
use sakimori_domain::identity::{
    FAILURES_BEFORE_LOCK, LOCK_MINUTES, Permission, Role, SESSION_HOURS, SESSION_IDLE_MINUTES,
};
use sakimori_store::identity::{self as store, Account, Membership, Session};
use sakimori_store::registry::{self, Department};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::{Actor, App, Refusal, RefusalKind, Result, passwords};

/// What a browser gets when somebody has signed in.
pub struct SignedIn {
    /// Goes into the cookie; only its hash is kept.
    pub token: String,
    pub actor: Actor,
}

/// A request's session: who it is, and the token that its forms must carry.
pub struct Signed {
    pub actor: Actor,
    pub csrf: String,
    /// Notices not read yet.
    pub unread: i64,
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

/// The same words for an unknown name, a wrong password and a suspended account: nobody learns which names exist.
fn wrong() -> Refusal {
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

/// Signs somebody in to the first organisation of theirs.
///
/// # Errors
/// One refusal for every reason (see [`wrong`]); a database error.
pub async fn sign_in(app: &App, login: &str, password: &str, address: &str) -> Result<SignedIn> {
    let account = store::account_by_login(&mut app.read().await?, login.trim()).await?;
    let Some(account) = account else {
        // The same work as for a known name, so that time tells nothing either.
        app.hash_password(password).await?;
        return Err(wrong().into());
    };
    let fits = app.verify_password(password, &account.password_hash).await?;
    let seats = store::memberships_of_account(&mut app.read().await?, &account.id).await?;
    let seat = seats.into_iter().find(|seat| seat.is_active_on(app.today()));
    let Some(seat) = seat else { return Err(wrong().into()) };
    if !fits {
        count_failure(app, &account, &seat).await?;
        return Err(wrong().into());
    }
    let actor = actor(&account, &seat, address);
    let mut op = app.operate_as(&actor).await?;
    // Hashing takes a while: what was true before it may not be true any more.
    let present = store::account_held(&mut op.write, &account.id).await?;
    let may = |now: &Account| {
        !is_resting(now, app.now()) && now.state == "active" && now.password_hash == account.password_hash
    };
    if !present.is_some_and(|present| may(&present)) {
        return Err(wrong().into());
    }
    let token = hex(&app.random::<32>());
    let now = app.now();
    let session = Session {
        token_hash: token_hash(&token),
        account_id: account.id.clone(),
        organisation_id: seat.organisation_id.clone(),
        csrf: hex(&app.random::<16>()),
        address: address.to_owned(),
        created_at: now.to_string(),
        seen_at: now.to_string(),
        expires_at: (now + SignedDuration::from_hours(SESSION_HOURS)).to_string(),
        acting_under: String::new(),
    };
    store::delete_expired_sessions(&mut op.write, &now.to_string()).await?;
    store::insert_session(&mut op.write, &session).await?;
    store::record_failures(&mut op.write, &account.id, 0, "").await?;
    op.trail_new("session.start", ("account", &account.id), &json!({ "login": account.login })).await?;
    op.commit().await?;
    Ok(SignedIn { token, actor })
}

fn is_resting(account: &Account, now: Timestamp) -> bool {
    account.locked_until.parse::<Timestamp>().is_ok_and(|until| until > now)
}

async fn count_failure(app: &App, account: &Account, seat: &Membership) -> Result<()> {
    let system = Actor::system(&seat.organisation_id);
    let mut op = app.operate_as(&system).await?;
    let present = store::account_held(&mut op.write, &account.id).await?;
    let Some(present) = present.filter(|present| !is_resting(present, app.now())) else { return Ok(()) };
    let failures = present.failures + 1;
    let is_last = failures >= FAILURES_BEFORE_LOCK;
    let locked_until =
        if is_last { (app.now() + SignedDuration::from_mins(LOCK_MINUTES)).to_string() } else { String::new() };
    store::record_failures(&mut op.write, &account.id, if is_last { 0 } else { failures }, &locked_until).await?;
    let action = if is_last { "account.lock" } else { "session.refuse" };
    op.trail_new(action, ("account", &account.id), &json!({ "failures": failures, "until": locked_until })).await?;
    op.commit().await
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
    drop(c);
    let now = app.now();
    let seen: Timestamp = session.seen_at.parse().unwrap_or(Timestamp::UNIX_EPOCH);
    // The seat is read anew for every request: a role that was changed or a seat that was ended holds from the next one on.
    let alive = seat.is_active_on(app.today())
        && session.expires_at.parse::<Timestamp>().is_ok_and(|end| end > now)
        && now.duration_since(seen) < SignedDuration::from_mins(SESSION_IDLE_MINUTES);
    if !alive {
        return Ok(None);
    }
    // One write a minute is enough for the idle limit; a write per page would cost a disk sync per page.
    if now.duration_since(seen) > SignedDuration::from_mins(1) {
        let mut write = app.store().write().await?;
        store::touch_session(&mut write, &token_hash, &now.to_string()).await?;
        write.commit().await?;
    }
    let actor = actor(&account, &seat, address);
    let unread = crate::notice::unread(app, &actor).await?;
    Ok(Some(Signed { actor, csrf: session.csrf, unread }))
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
    passwords::check_rules(&new.password, &login, &name)?;
    let mut c = app.read().await?;
    if store::account_by_login(&mut c, &login).await?.is_some() {
        return Err(Refusal::invalid("login-taken", "このログイン名は使われています。", "This login is taken.").into());
    }
    known_department(&mut c, actor, &new.department_id).await?;
    crate::seats::fitting_role(&mut c, actor, new.role).await?;
    drop(c);
    let password_hash = app.hash_password(&new.password).await?;
    let mut op = app.operate(actor, Permission::ManageAccounts).await?;
    let account = Account {
        id: app.new_id(),
        login,
        display_name: name,
        password_hash,
        state: "active".to_owned(),
        failures: 0,
        locked_until: String::new(),
        language: "ja".to_owned(),
        created_at: op.now.clone(),
        version: 1,
    };
    store::insert_account(&mut op.write, &account).await?;
    store::put_membership(&mut op.write, &account.id, &actor.organisation_id, new.role, &new.department_id).await?;
    let after = json!({ "login": account.login, "name": account.display_name, "role": new.role.code(), "department": new.department_id });
    op.trail_new("account.add", ("account", &account.id), &after).await?;
    op.commit().await?;
    Ok(account.id)
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

/// Changes one's own password; every other session of the account ends.
///
/// # Errors
/// The present password is wrong, or the new one breaks a rule.
pub async fn change_own_password(app: &App, actor: &Actor, present: &str, new: &str) -> Result<()> {
    let account =
        store::account_by_id(&mut app.read().await?, &actor.account_id).await?.ok_or_else(Refusal::not_found)?;
    if !app.verify_password(present, &account.password_hash).await? {
        return Err(Refusal::invalid(
            "password-present",
            "現在のパスワードが違います。",
            "The present password is wrong.",
        )
        .into());
    }
    passwords::check_rules(new, &account.login, &account.display_name)?;
    let changed = Account { password_hash: app.hash_password(new).await?, ..account };
    let mut op = app.operate_as(actor).await?;
    store::update_account(&mut op.write, &changed).await?;
    store::delete_sessions_of(&mut op.write, &changed.id).await?;
    op.trail_new("account.password", ("account", &changed.id), &json!({})).await?;
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
