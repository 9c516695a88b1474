//! Second factors: one-time codes, recovery codes, passkeys. Secrets come here sealed.

use crate::connection::params;
use crate::{Connection, Result, Row, Write};

/// The source of one-time codes of an account.
#[derive(Debug, Clone)]
pub struct Totp {
    /// Sealed.
    pub secret: String,
    /// Empty until a first code has come.
    pub confirmed_at: String,
    /// Step of the last code taken: none is taken twice.
    pub last_step: i64,
}

/// The source of an account.
pub async fn totp(c: &mut Connection, account_id: &str) -> Result<Option<Totp>> {
    let row =
        c.one("SELECT secret, confirmed_at, last_step FROM totp WHERE account_id = $1", params![account_id]).await?;
    row.map(|row| Ok(Totp { secret: row.text(0)?, confirmed_at: row.text(1)?, last_step: row.int(2)? })).transpose()
}

/// Keeps a new source that has yet to prove itself, instead of the present one.
pub async fn put_totp(w: &mut Write, account_id: &str, secret: &str, at: &str) -> Result<()> {
    w.run(
        "INSERT INTO totp (account_id, secret, confirmed_at, last_step, created_at) VALUES ($1, $2, '', 0, $3)
         ON CONFLICT (account_id) DO UPDATE SET secret = excluded.secret, confirmed_at = '', last_step = 0, created_at = excluded.created_at",
        params![account_id, secret, at],
    )
    .await?;
    Ok(())
}

/// Takes a code's step, once: false when that step or a later one was taken already.
pub async fn take_step(w: &mut Write, account_id: &str, step: i64, confirmed_at: &str) -> Result<bool> {
    let touched = w
        .run(
            "UPDATE totp SET last_step = $1, confirmed_at = CASE WHEN confirmed_at = '' THEN $2 ELSE confirmed_at END
             WHERE account_id = $3 AND last_step < $1",
            params![step, confirmed_at, account_id],
        )
        .await?;
    Ok(touched == 1)
}

/// Removes the source of codes.
pub async fn delete_totp(w: &mut Write, account_id: &str) -> Result<()> {
    w.run("DELETE FROM totp WHERE account_id = $1", params![account_id]).await?;
    Ok(())
}

/// Replaces the recovery codes; an empty list removes them.
pub async fn put_recovery_codes(w: &mut Write, account_id: &str, hashes: &[String]) -> Result<()> {
    w.run("DELETE FROM recovery_code WHERE account_id = $1", params![account_id]).await?;
    for hash in hashes {
        w.run(
            "INSERT INTO recovery_code (account_id, code_hash, used_at) VALUES ($1, $2, '')",
            params![account_id, hash],
        )
        .await?;
    }
    Ok(())
}

/// Uses a recovery code, once.
pub async fn use_recovery_code(w: &mut Write, account_id: &str, hash: &str, at: &str) -> Result<bool> {
    let touched = w
        .run(
            "UPDATE recovery_code SET used_at = $1 WHERE account_id = $2 AND code_hash = $3 AND used_at = ''",
            params![at, account_id, hash],
        )
        .await?;
    Ok(touched == 1)
}

/// How many recovery codes are left.
pub async fn recovery_codes_left(c: &mut Connection, account_id: &str) -> Result<i64> {
    let row =
        c.one("SELECT COUNT(*) FROM recovery_code WHERE account_id = $1 AND used_at = ''", params![account_id]).await?;
    row.map_or(Ok(0), |row| row.int(0))
}

/// A passkey of an account.
#[derive(Debug, Clone)]
pub struct Passkey {
    pub id: String,
    pub account_id: String,
    pub credential_id: String,
    /// What its owner calls it.
    pub name: String,
    /// The public half and its counter, as JSON.
    pub passkey: String,
    pub created_at: String,
    pub used_at: String,
}

fn passkey(row: &Row) -> Result<Passkey> {
    Ok(Passkey {
        id: row.text(0)?,
        account_id: row.text(1)?,
        credential_id: row.text(2)?,
        name: row.text(3)?,
        passkey: row.text(4)?,
        created_at: row.text(5)?,
        used_at: row.text(6)?,
    })
}

/// The passkeys of an account, the first added first.
pub async fn passkeys(c: &mut Connection, account_id: &str) -> Result<Vec<Passkey>> {
    let rows = c
        .all(
            "SELECT id, account_id, credential_id, name, passkey, created_at, used_at FROM passkey
             WHERE account_id = $1 ORDER BY created_at, id",
            params![account_id],
        )
        .await?;
    rows.iter().map(passkey).collect()
}

/// Keeps a new passkey. One that is kept already, whoever's it is, is refused by the table.
pub async fn insert_passkey(w: &mut Write, k: &Passkey) -> Result<()> {
    w.run(
        "INSERT INTO passkey (id, account_id, credential_id, name, passkey, created_at, used_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        params![&k.id, &k.account_id, &k.credential_id, &k.name, &k.passkey, &k.created_at, &k.used_at],
    )
    .await?;
    Ok(())
}

/// Notes a use, with the counter that it showed.
pub async fn update_passkey(w: &mut Write, id: &str, passkey: &str, used_at: &str) -> Result<()> {
    w.run("UPDATE passkey SET passkey = $1, used_at = $2 WHERE id = $3", params![passkey, used_at, id]).await?;
    Ok(())
}

/// Removes a passkey of an account.
pub async fn delete_passkey(w: &mut Write, account_id: &str, id: &str) -> Result<u64> {
    w.run("DELETE FROM passkey WHERE account_id = $1 AND id = $2", params![account_id, id]).await
}

/// Removes every passkey of an account.
pub async fn delete_passkeys(w: &mut Write, account_id: &str) -> Result<u64> {
    w.run("DELETE FROM passkey WHERE account_id = $1", params![account_id]).await
}

/// Whether an account has a second factor that works.
pub async fn has_any(c: &mut Connection, account_id: &str) -> Result<bool> {
    let row = c
        .one(
            "SELECT (SELECT COUNT(*) FROM totp WHERE account_id = $1 AND confirmed_at <> '')
                  + (SELECT COUNT(*) FROM passkey WHERE account_id = $1)",
            params![account_id],
        )
        .await?;
    row.map_or(Ok(false), |row| Ok(row.int(0)? > 0))
}
