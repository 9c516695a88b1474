//! Second factors of an account: one-time codes (TOTP, RFC 6238), recovery codes, and who resets them.
//!
//! The secret is sealed at rest. It counts only after a first code has shown that it arrived; a code is taken once; the
//! step before and after the present one are taken too, for clocks that are a little off.

use sakimori_domain::identity::{Permission, Role};
use sakimori_store::second_factor as store;
use sakimori_store::{Connection, identity as accounts};
use serde_json::json;
use sha2::{Digest, Sha256};
use totp_rs::{Builder, Secret, Totp};

use crate::codes::LETTERS;
use crate::identity::hex;
use crate::notice::{self, Audience};
use crate::sign_in::wrong_code;
use crate::{Actor, App, AppError, Operation, Refusal, Result, seats, sign_in_policy};

/// Recovery codes at a time.
const RECOVERY_CODES: usize = 10;
/// Groups of a recovery code, and letters of a group.
const RECOVERY_CODE: (usize, usize) = (4, 4);
/// A one-time code is another after this long.
pub(crate) const STEP_SECONDS: i64 = 30;

/// What an app needs to show codes: shown only until the first code has come.
pub struct Pending {
    /// For entry by hand, in groups of four.
    pub secret: String,
    /// For the picture.
    pub uri: String,
}

/// The second factors of a person, for their page.
pub struct Factors {
    pub has_totp: bool,
    pub pending: Option<Pending>,
    pub codes_left: i64,
    pub passkeys: Vec<store::Passkey>,
    /// The role demands one.
    pub is_demanded: bool,
}

fn totp(secret: &[u8]) -> Result<Totp> {
    Builder::new()
        .with_secret(Secret::from(secret.to_vec()))
        .with_skew(1)
        .with_digits(6)
        .with_step_duration(STEP_SECONDS.unsigned_abs())
        .build()
        .map_err(|error| AppError::Internal(format!("one-time codes: {error:?}")))
}

/// Everything a person's page on second factors shows.
///
/// # Errors
/// A database error, or a secret that does not open.
pub async fn of(app: &App, actor: &Actor) -> Result<Factors> {
    let mut c = app.read().await?;
    let kept = store::totp(&mut c, &actor.account_id).await?;
    let pending = match &kept {
        Some(kept) if kept.confirmed_at.is_empty() => {
            Some(shown(&app.keys().unseal_text(&kept.secret)?, &actor.login)?)
        }
        _ => None,
    };
    let (policy, _) = sign_in_policy::of(&mut c, &actor.organisation_id).await?;
    Ok(Factors {
        has_totp: kept.is_some_and(|kept| !kept.confirmed_at.is_empty()),
        pending,
        codes_left: store::recovery_codes_left(&mut c, &actor.account_id).await?,
        passkeys: store::passkeys(&mut c, &actor.account_id).await?,
        is_demanded: policy.demands_factor(actor.role),
    })
}

fn shown(secret: &[u8], login: &str) -> Result<Pending> {
    let base32 = totp(secret)?.secret().to_base32();
    let base32 = base32.trim_end_matches('=');
    let groups: Vec<&str> = base32.as_bytes().chunks(4).filter_map(|four| std::str::from_utf8(four).ok()).collect();
    // A login has letters, digits and . _ - @ only: all of them stand in an address as they are.
    let uri =
        format!("otpauth://totp/Sakimori:{login}?secret={base32}&issuer=Sakimori&algorithm=SHA1&digits=6&period=30");
    Ok(Pending { secret: groups.join(" "), uri })
}

/// Whether an account has a second factor that works.
pub(crate) async fn has_any(c: &mut Connection, account_id: &str) -> Result<bool> {
    Ok(store::has_any(c, account_id).await?)
}

/// Whether an account has one-time codes or recovery codes.
///
/// # Errors
/// A database error.
pub async fn has_codes(c: &mut Connection, account_id: &str) -> Result<bool> {
    let confirmed = store::totp(c, account_id).await?.is_some_and(|kept| !kept.confirmed_at.is_empty());
    Ok(confirmed || store::recovery_codes_left(c, account_id).await? > 0)
}

/// Whether what somebody typed has the form of a one-time code or a recovery code.
pub(crate) fn is_code(typed: &str) -> bool {
    let tidy = tidy(typed);
    (tidy.len() == 6 && tidy.bytes().all(|b| b.is_ascii_digit()))
        || (tidy.len() == RECOVERY_CODE.0 * RECOVERY_CODE.1 && tidy.bytes().all(|b| LETTERS.contains(&b)))
}

fn tidy(typed: &str) -> String {
    typed.chars().filter(|c| !c.is_whitespace() && *c != '-').collect::<String>().to_lowercase()
}

fn code_hash(account_id: &str, code: &str) -> String {
    // 80 random bits: a slow hash would add nothing. The account's id keeps equal codes of two people apart.
    hex(&Sha256::digest(format!("{account_id} {code}").as_bytes()))
}

/// Whether a one-time code or a recovery code fits; it is used up by that. Call it with the account held.
pub(crate) async fn accepts(op: &mut Operation<'_>, account_id: &str, typed: &str) -> Result<bool> {
    let code = tidy(typed);
    if !is_code(typed) {
        return Ok(false);
    }
    if code.len() == 6 {
        let Some(kept) = store::totp(&mut op.write, account_id).await? else { return Ok(false) };
        return Ok(!kept.confirmed_at.is_empty() && takes(op, account_id, &kept, &code).await?);
    }
    let at = op.now.clone();
    if !store::use_recovery_code(&mut op.write, account_id, &code_hash(account_id, &code), &at).await? {
        return Ok(false);
    }
    let left = store::recovery_codes_left(&mut op.write, account_id).await?;
    op.trail_new("account.recovery-used", ("account", account_id), &json!({ "left": left })).await?;
    let (ja, en) = (
        format!("回復コードが1つ使われました。残りは{left}個です。心当たりがない場合は管理者に連絡してください。"),
        format!("One of your recovery codes was used; {left} are left. If this was not you, tell your administrator."),
    );
    let organisation = op.actor.organisation_id.clone();
    let to = Audience::Account(account_id);
    notice::tell(op, &organisation, to, "account.recovery-used", ("account", account_id), (&ja, &en)).await?;
    Ok(true)
}

async fn takes(op: &mut Operation<'_>, account_id: &str, kept: &store::Totp, code: &str) -> Result<bool> {
    let secret = op.app.keys().unseal_text(&kept.secret)?;
    let now = u64::try_from(op.app.now().as_second()).unwrap_or(0);
    let Some(step) = totp(&secret)?.check(code, now) else { return Ok(false) };
    let (step, at) = (i64::try_from(step).unwrap_or(i64::MAX), op.now.clone());
    Ok(store::take_step(&mut op.write, account_id, step, &at).await?)
}

/// Makes a new secret for an app. The factor counts when [`confirm_totp`] has seen a code of it.
///
/// # Errors
/// There is one that works already; a database error.
pub async fn begin_totp(app: &App, actor: &Actor) -> Result<()> {
    let secret: [u8; 20] = app.random();
    let sealed = app.keys().seal_text(&secret)?;
    let mut op = app.operate_as(actor).await?;
    accounts::account_held(&mut op.write, &actor.account_id).await?;
    let kept = store::totp(&mut op.write, &actor.account_id).await?;
    if kept.is_some_and(|kept| !kept.confirmed_at.is_empty()) {
        return Err(Refusal::invalid(
            "totp-present",
            "ワンタイムコードはすでに設定されています。設定し直すには、先に取り消してください。",
            "One-time codes are set up already; remove them first.",
        )
        .into());
    }
    let at = op.now.clone();
    store::put_totp(&mut op.write, &actor.account_id, &sealed, &at).await?;
    op.trail_new("account.factor-begin", ("account", &actor.account_id), &json!({ "kind": "totp" })).await?;
    op.commit().await
}

/// Takes the first code: from now on signing in asks for one. Gives the recovery codes, this once.
///
/// # Errors
/// A wrong code, nothing begun; a database error.
pub async fn confirm_totp(app: &App, actor: &Actor, code: &str) -> Result<Vec<String>> {
    let mut op = app.operate_as(actor).await?;
    accounts::account_held(&mut op.write, &actor.account_id).await?;
    let kept = store::totp(&mut op.write, &actor.account_id).await?.ok_or_else(no_factor)?;
    if !kept.confirmed_at.is_empty() || !takes(&mut op, &actor.account_id, &kept, &tidy(code)).await? {
        return Err(wrong_code().into());
    }
    let codes = fresh_codes(&mut op).await?;
    added(&mut op, "totp").await?;
    op.commit().await?;
    Ok(codes)
}

/// The trail event and the notice of a new factor.
pub(crate) async fn added(op: &mut Operation<'_>, kind: &str) -> Result<()> {
    let (id, organisation) = (op.actor.account_id.clone(), op.actor.organisation_id.clone());
    op.trail_new("account.factor-add", ("account", &id), &json!({ "kind": kind })).await?;
    let text = (
        "あなたのサインインに第二要素を追加しました。心当たりがない場合は管理者に連絡してください。",
        "A second factor was added to your sign-in. If this was not you, tell your administrator.",
    );
    notice::tell(op, &organisation, Audience::Account(&id), "account.factor", ("account", &id), text).await
}

/// New recovery codes instead of the present ones.
async fn fresh_codes(op: &mut Operation<'_>) -> Result<Vec<String>> {
    let id = op.actor.account_id.clone();
    let (groups, size) = RECOVERY_CODE;
    let codes: Vec<String> = (0..RECOVERY_CODES).map(|_| op.app.code(groups, size)).collect();
    let hashes: Vec<String> = codes.iter().map(|code| code_hash(&id, &tidy(code))).collect();
    store::put_recovery_codes(&mut op.write, &id, &hashes).await?;
    Ok(codes)
}

/// The recovery codes that come with a first passkey; none when there are some.
pub(crate) async fn codes_if_none(op: &mut Operation<'_>) -> Result<Vec<String>> {
    let id = op.actor.account_id.clone();
    if store::recovery_codes_left(&mut op.write, &id).await? > 0 { Ok(Vec::new()) } else { fresh_codes(op).await }
}

/// New recovery codes on demand; the present ones stop working.
///
/// # Errors
/// There is no second factor to recover from; a database error.
pub async fn renew_codes(app: &App, actor: &Actor) -> Result<Vec<String>> {
    let mut op = app.operate_as(actor).await?;
    if !has_any(&mut op.write, &actor.account_id).await? {
        return Err(no_factor().into());
    }
    let codes = fresh_codes(&mut op).await?;
    op.trail_new("account.recovery-renew", ("account", &actor.account_id), &json!({})).await?;
    op.commit().await?;
    Ok(codes)
}

fn no_factor() -> Refusal {
    Refusal::invalid(
        "factor-none",
        "第二要素がまだありません。先に設定してください。",
        "There is no second factor yet; set one up first.",
    )
}

/// Removes one of one's own factors: `totp`, or the id of a passkey.
///
/// # Errors
/// It is the last one and the role demands one; not found; a database error.
pub async fn remove(app: &App, actor: &Actor, which: &str) -> Result<()> {
    let mut op = app.operate_as(actor).await?;
    let id = actor.account_id.clone();
    accounts::account_held(&mut op.write, &id).await?;
    if which == "totp" {
        store::totp(&mut op.write, &id).await?.ok_or_else(no_factor)?;
        store::delete_totp(&mut op.write, &id).await?;
    } else if which.is_empty() {
        return Err(Refusal::invalid("choose", "取り消すものを選んでください。", "Choose what to remove.").into());
    } else if store::delete_passkey(&mut op.write, &id, which).await? == 0 {
        return Err(Refusal::not_found().into());
    }
    let (policy, _) = sign_in_policy::of(&mut op.write, &actor.organisation_id).await?;
    if !has_any(&mut op.write, &id).await? {
        if policy.demands_factor(actor.role) {
            return Err(Refusal::invalid(
                "factor-last",
                "あなたの役割には第二要素が必要です。別のものを設定してから取り消してください。",
                "Your role needs a second factor: set up another one before you remove this.",
            )
            .into());
        }
        store::put_recovery_codes(&mut op.write, &id, &[]).await?;
    }
    let kind = if which == "totp" { "totp" } else { "passkey" };
    op.trail("account.factor-remove", ("account", &id), Some(&json!({ "kind": kind })), None::<&()>).await?;
    let text = (
        "あなたのサインインから第二要素を1つ取り消しました。心当たりがない場合は管理者に連絡してください。",
        "A second factor was removed from your sign-in. If this was not you, tell your administrator.",
    );
    notice::tell(&mut op, &actor.organisation_id, Audience::Account(&id), "account.factor", ("account", &id), text)
        .await?;
    op.commit().await
}

/// Takes every second factor from somebody who lost them, and ends their sessions. They set up a new one when they sign in
/// next, if their role demands it.
///
/// # Errors
/// Not of this organisation, one's own, a person who has seats elsewhere too, or a role that may not.
pub async fn reset(app: &App, actor: &Actor, account_id: &str) -> Result<()> {
    let mut op = app.operate(actor, Permission::ManageAccounts).await?;
    let organisation = &actor.organisation_id;
    seats::of_this_organisation_alone(&mut op, account_id).await?;
    if account_id == actor.account_id {
        return Err(Refusal::invalid(
            "own-account",
            "自分の第二要素はここでは取り消せません。「自分の設定」で変更してください。",
            "Change your own second factor under My settings.",
        )
        .into());
    }
    if !has_any(&mut op.write, account_id).await? {
        return Err(no_factor().into());
    }
    store::delete_totp(&mut op.write, account_id).await?;
    let passkeys = store::delete_passkeys(&mut op.write, account_id).await?;
    store::put_recovery_codes(&mut op.write, account_id, &[]).await?;
    accounts::delete_sessions_of(&mut op.write, account_id).await?;
    op.trail_new("account.factor-reset", ("account", account_id), &json!({ "passkeys": passkeys })).await?;
    let (ja, en) = (
        format!("{}があなたの第二要素を取り消しました。心当たりがない場合はすぐに連絡してください。", actor.name),
        format!("{} reset your second factor. If you did not ask for it, tell them at once.", actor.name),
    );
    let subject = ("account", account_id);
    notice::tell(&mut op, organisation, Audience::Account(account_id), "account.factor-reset", subject, (&ja, &en))
        .await?;
    op.commit().await
}

/// Refuses to go on into an organisation whose rules demand a second factor that the actor has not.
pub(crate) async fn demand(op: &mut Operation<'_>, organisation_id: &str, role: Role) -> Result<()> {
    let (policy, _) = sign_in_policy::of(&mut op.write, organisation_id).await?;
    let id = op.actor.account_id.clone();
    if !policy.demands_factor(role) || has_any(&mut op.write, &id).await? {
        return Ok(());
    }
    Err(Refusal::invalid(
        "factor-demanded",
        "この組織では、あなたの役割に第二要素が必要です。",
        "Your role there needs a second factor.",
    )
    .next(
        "「自分の設定」で第二要素を設定してから、もう一度選んでください。",
        "Set one up under My settings and choose again.",
    )
    .into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_known_by_their_form() {
        assert!(is_code("123 456") && is_code("abcd-efgh-jkmn-pqrs"));
        for not in ["12345", "灯台と二艘の曳船と三日月", "abcdefghjkmnpqr", ""] {
            assert!(!is_code(not), "{not}");
        }
    }

    #[test]
    fn the_codes_of_rfc_6238() {
        // Appendix B, SHA-1, the last six of the eight digits.
        let source = totp(b"12345678901234567890").expect("a source");
        for (time, code) in [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924")] {
            assert_eq!(source.check(code, time), Some(time / 30));
        }
    }
}
