//! What keeps signing in safe: the steps of a session, attempts, past passwords, the organisation's policy, last use.

use crate::connection::params;
use crate::{Connection, Result, Row, StoreError, Write};

/// What a session knows beside who it is.
#[derive(Debug, Clone, Default)]
pub struct Safety {
    /// Empty when signing in is finished, else the step that is missing.
    pub stage: String,
    /// When the person last proved who they are in this session.
    pub confirmed_at: String,
    /// JSON of the organisation's policy; empty for the defaults.
    pub policy: String,
}

/// Step, last proof and policy of a session.
pub async fn safety(c: &mut Connection, token_hash: &str) -> Result<Safety> {
    let row = c
        .one(
            "SELECT s.stage, s.confirmed_at, COALESCE(p.policy, '') FROM session s
             LEFT JOIN sign_in_policy p ON p.organisation_id = s.organisation_id WHERE s.token_hash = $1",
            params![token_hash],
        )
        .await?;
    let Some(row) = row else { return Ok(Safety::default()) };
    Ok(Safety { stage: row.text(0)?, confirmed_at: row.text(1)?, policy: row.text(2)? })
}

/// Puts a new session on its step.
pub async fn set_stage(w: &mut Write, token_hash: &str, stage: &str, confirmed_at: &str, agent: &str) -> Result<()> {
    w.run(
        "UPDATE session SET stage = $1, confirmed_at = $2, agent = $3 WHERE token_hash = $4",
        params![stage, confirmed_at, agent, token_hash],
    )
    .await?;
    Ok(())
}

/// Notes that the person proved again who they are.
pub async fn confirm_session(w: &mut Write, token_hash: &str, at: &str) -> Result<()> {
    w.run("UPDATE session SET confirmed_at = $1 WHERE token_hash = $2", params![at, token_hash]).await?;
    Ok(())
}

/// Keeps the sealed state of a passkey ceremony with its session; empty ends it.
pub async fn set_challenge(w: &mut Write, token_hash: &str, sealed: &str, until: &str) -> Result<()> {
    w.run(
        "UPDATE session SET challenge = $1, challenge_until = $2 WHERE token_hash = $3",
        params![sealed, until, token_hash],
    )
    .await?;
    Ok(())
}

/// Takes the sealed state of a ceremony: it is used once, whoever asks first.
pub async fn take_challenge(w: &mut Write, token_hash: &str, now: &str) -> Result<Option<String>> {
    let row = w
        .one(
            "SELECT challenge FROM session WHERE token_hash = $1 AND challenge <> '' AND challenge_until > $2",
            params![token_hash, now],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    let sealed = row.text(0)?;
    let touched = w
        .run(
            "UPDATE session SET challenge = '', challenge_until = '' WHERE token_hash = $1 AND challenge = $2",
            params![token_hash, &sealed],
        )
        .await?;
    Ok((touched == 1).then_some(sealed))
}

/// A signed-in browser as its owner sees it.
#[derive(Debug, Clone)]
pub struct OpenSession {
    /// Beginning of the token's hash: names the session, opens nothing.
    pub id: String,
    pub address: String,
    pub agent: String,
    pub created_at: String,
    pub seen_at: String,
}

/// The sessions of an account that have not ended, the last used first.
pub async fn sessions_of(c: &mut Connection, account_id: &str, now: &str) -> Result<Vec<OpenSession>> {
    let rows = c
        .all(
            "SELECT substr(token_hash, 1, 16), address, agent, created_at, seen_at FROM session
             WHERE account_id = $1 AND expires_at > $2 AND stage = '' ORDER BY seen_at DESC",
            params![account_id, now],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(OpenSession {
                id: row.text(0)?,
                address: row.text(1)?,
                agent: row.text(2)?,
                created_at: row.text(3)?,
                seen_at: row.text(4)?,
            })
        })
        .collect()
}

/// Ends one session of an account by the beginning of its token's hash.
pub async fn end_session(w: &mut Write, account_id: &str, id: &str) -> Result<u64> {
    w.run("DELETE FROM session WHERE account_id = $1 AND substr(token_hash, 1, 16) = $2", params![account_id, id]).await
}

/// Ends every session of an account but one.
pub async fn end_other_sessions(w: &mut Write, account_id: &str, kept_hash: &str) -> Result<u64> {
    w.run("DELETE FROM session WHERE account_id = $1 AND token_hash <> $2", params![account_id, kept_hash]).await
}

/// Ends the sessions of an account in one organisation; those in others go on.
pub async fn end_sessions_in(w: &mut Write, account_id: &str, organisation_id: &str) -> Result<u64> {
    w.run("DELETE FROM session WHERE account_id = $1 AND organisation_id = $2", params![account_id, organisation_id])
        .await
}

/// One attempt to sign in.
#[derive(Debug, Clone)]
pub struct Attempt {
    pub id: String,
    /// Empty for a name that nobody has.
    pub account_id: String,
    pub at: String,
    pub address: String,
    /// The address without its last part, to tell a known place from a new one.
    pub network: String,
    pub agent: String,
    /// `success`, `wrong-password`, `wrong-factor`, `refused` or `unknown`.
    pub outcome: String,
}

/// Writes an attempt.
pub async fn insert_attempt(w: &mut Write, a: &Attempt) -> Result<()> {
    w.run(
        "INSERT INTO sign_in (id, account_id, at, address, network, agent, outcome) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        params![&a.id, &a.account_id, &a.at, &a.address, &a.network, &a.agent, &a.outcome],
    )
    .await?;
    Ok(())
}

/// The last attempts of an account, newest first.
pub async fn attempts_of(c: &mut Connection, account_id: &str, limit: i64) -> Result<Vec<Attempt>> {
    let rows = c
        .all(
            "SELECT id, account_id, at, address, network, agent, outcome FROM sign_in WHERE account_id = $1
             ORDER BY at DESC, id DESC LIMIT $2",
            params![account_id, limit],
        )
        .await?;
    rows.iter().map(attempt).collect()
}

/// The last successes of an account, newest first.
pub async fn successes_of(c: &mut Connection, account_id: &str, limit: i64) -> Result<Vec<Attempt>> {
    let rows = c
        .all(
            "SELECT id, account_id, at, address, network, agent, outcome FROM sign_in
             WHERE account_id = $1 AND outcome = 'success' ORDER BY at DESC, id DESC LIMIT $2",
            params![account_id, limit],
        )
        .await?;
    rows.iter().map(attempt).collect()
}

/// How many wrong codes an account has had since a moment.
pub async fn wrong_factors(c: &mut Connection, account_id: &str, since: &str) -> Result<i64> {
    let row = c
        .one(
            "SELECT COUNT(*) FROM sign_in WHERE account_id = $1 AND outcome = 'wrong-factor' AND at >= $2",
            params![account_id, since],
        )
        .await?;
    row.map_or(Ok(0), |row| row.int(0))
}

fn attempt(row: &Row) -> Result<Attempt> {
    Ok(Attempt {
        id: row.text(0)?,
        account_id: row.text(1)?,
        at: row.text(2)?,
        address: row.text(3)?,
        network: row.text(4)?,
        agent: row.text(5)?,
        outcome: row.text(6)?,
    })
}

/// Successes of an account: all of them, and those from a network since a moment.
pub async fn successes(c: &mut Connection, account_id: &str, network: &str, since: &str) -> Result<(i64, i64)> {
    let row = c
        .one(
            "SELECT COUNT(*), COUNT(CASE WHEN network = $2 AND at >= $3 THEN 1 END) FROM sign_in
             WHERE account_id = $1 AND outcome = 'success'",
            params![account_id, network, since],
        )
        .await?;
    row.map_or(Ok((0, 0)), |row| Ok((row.int(0)?, row.int(1)?)))
}

/// Clears attempts from before a moment.
pub async fn delete_attempts_before(w: &mut Write, before: &str) -> Result<u64> {
    w.run("DELETE FROM sign_in WHERE at < $1", params![before]).await
}

/// What is known of an account's use.
#[derive(Debug, Clone)]
pub struct Standing {
    pub contact: String,
    /// When the password was chosen.
    pub password_at: String,
    /// Last finished sign-in; empty for never.
    pub used_at: String,
    /// The last moment that shows that somebody answers for the account: made, used, or let in by the administrator.
    pub alive_at: String,
    /// Until when a password works that somebody else chose; empty for one's own.
    pub issued_until: String,
}

/// Last use and age of the password of an account.
pub async fn standing(c: &mut Connection, account_id: &str) -> Result<Option<Standing>> {
    let row = c
        .one(
            "SELECT contact, CASE WHEN password_at = '' THEN created_at ELSE password_at END, used_at, created_at, kept_at,
                    issued_until FROM account WHERE id = $1",
            params![account_id],
        )
        .await?;
    row.map(|row| {
        let (used_at, created_at, kept_at) = (row.text(2)?, row.text(3)?, row.text(4)?);
        let alive_at = used_at.clone().max(created_at).max(kept_at);
        Ok(Standing { contact: row.text(0)?, password_at: row.text(1)?, used_at, alive_at, issued_until: row.text(5)? })
    })
    .transpose()
}

/// Notes until when an issued password works; empty when the person has chosen one.
pub async fn set_issued_until(w: &mut Write, account_id: &str, until: &str) -> Result<()> {
    w.run("UPDATE account SET issued_until = $1 WHERE id = $2", params![until, account_id]).await?;
    Ok(())
}

/// Notes that a password was chosen.
pub async fn set_password_at(w: &mut Write, account_id: &str, at: &str) -> Result<()> {
    w.run("UPDATE account SET password_at = $1 WHERE id = $2", params![at, account_id]).await?;
    Ok(())
}

/// Notes a finished sign-in.
pub async fn set_used_at(w: &mut Write, account_id: &str, at: &str) -> Result<()> {
    w.run("UPDATE account SET used_at = $1 WHERE id = $2", params![at, account_id]).await?;
    Ok(())
}

/// Notes that the administrator looked after the account.
pub async fn set_kept_at(w: &mut Write, account_id: &str, at: &str) -> Result<()> {
    w.run("UPDATE account SET kept_at = $1 WHERE id = $2", params![at, account_id]).await?;
    Ok(())
}

/// Keeps how to reach somebody.
pub async fn set_contact(w: &mut Write, account_id: &str, contact: &str) -> Result<()> {
    w.run("UPDATE account SET contact = $1 WHERE id = $2", params![contact, account_id]).await?;
    Ok(())
}

/// Hashes of the last passwords, newest first.
pub async fn past_passwords(c: &mut Connection, account_id: &str, limit: i64) -> Result<Vec<String>> {
    let rows = c
        .all(
            "SELECT password_hash FROM past_password WHERE account_id = $1 ORDER BY at DESC LIMIT $2",
            params![account_id, limit],
        )
        .await?;
    rows.iter().map(|row| row.text(0)).collect()
}

/// Keeps the hash of a password that is used no more.
pub async fn insert_past_password(w: &mut Write, account_id: &str, at: &str, password_hash: &str) -> Result<()> {
    w.run(
        "INSERT INTO past_password (account_id, at, password_hash) VALUES ($1, $2, $3)",
        params![account_id, at, password_hash],
    )
    .await?;
    Ok(())
}

/// The policy of an organisation as JSON, and its version; `None` for the defaults.
pub async fn policy(c: &mut Connection, organisation_id: &str) -> Result<Option<(String, i64)>> {
    let row = c
        .one("SELECT policy, version FROM sign_in_policy WHERE organisation_id = $1", params![organisation_id])
        .await?;
    row.map(|row| Ok((row.text(0)?, row.int(1)?))).transpose()
}

/// Writes an organisation's policy over the version that was read; 0 for the first one.
///
/// # Errors
/// [`StoreError::Conflict`] when somebody else was faster.
pub async fn put_policy(w: &mut Write, organisation_id: &str, policy: &str, version: i64) -> Result<()> {
    let touched = w
        .run(
            "INSERT INTO sign_in_policy (organisation_id, policy, version) VALUES ($1, $2, 1)
             ON CONFLICT (organisation_id) DO UPDATE SET policy = excluded.policy, version = sign_in_policy.version + 1
             WHERE sign_in_policy.version = $3",
            params![organisation_id, policy, version],
        )
        .await?;
    if touched == 1 { Ok(()) } else { Err(StoreError::Conflict("sign_in_policy")) }
}

/// An account of an organisation as its administrator sees it.
#[derive(Debug, Clone)]
pub struct Member {
    pub account_id: String,
    pub login: String,
    pub name: String,
    pub role: String,
    pub state: String,
    pub used_at: String,
    pub alive_at: String,
    pub sessions: i64,
    pub has_totp: bool,
    pub passkeys: i64,
    pub contact: String,
}

/// Everybody of an organisation with last use, open sessions and second factors, the longest unused first.
pub async fn members(c: &mut Connection, organisation_id: &str, now: &str) -> Result<Vec<Member>> {
    let rows = c
        .all(
            "SELECT a.id, a.login, a.display_name, m.role, CASE WHEN a.state = 'active' THEN m.state ELSE a.state END, a.used_at, a.created_at, a.kept_at, a.contact,
                    (SELECT COUNT(*) FROM session s WHERE s.account_id = a.id AND s.organisation_id = m.organisation_id AND s.expires_at > $2),
                    (SELECT COUNT(*) FROM totp t WHERE t.account_id = a.id AND t.confirmed_at <> ''),
                    (SELECT COUNT(*) FROM passkey k WHERE k.account_id = a.id)
             FROM membership m JOIN account a ON a.id = m.account_id WHERE m.organisation_id = $1 ORDER BY a.used_at, a.login",
            params![organisation_id, now],
        )
        .await?;
    rows.iter()
        .map(|row| {
            let (used_at, created_at, kept_at) = (row.text(5)?, row.text(6)?, row.text(7)?);
            Ok(Member {
                account_id: row.text(0)?,
                login: row.text(1)?,
                name: row.text(2)?,
                role: row.text(3)?,
                state: row.text(4)?,
                alive_at: used_at.clone().max(created_at).max(kept_at),
                used_at,
                contact: row.text(8)?,
                sessions: row.int(9)?,
                has_totp: row.flag(10)?,
                passkeys: row.int(11)?,
            })
        })
        .collect()
}
