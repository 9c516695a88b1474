//! Tokens of programs that use the API for a person.

use crate::connection::params;
use crate::{Connection, Result, Row, Write};

/// A token; the token itself is not kept.
#[derive(Debug, Clone)]
pub struct ApiToken {
    pub id: String,
    pub account_id: String,
    pub organisation_id: String,
    pub name: String,
    /// Codes, separated by spaces.
    pub scopes: String,
    pub created_at: String,
    pub expires_at: String,
    /// Empty: never.
    pub used_at: String,
    pub used_address: String,
    /// Empty: not revoked.
    pub revoked_at: String,
    /// Login of the holder.
    pub login: String,
}

macro_rules! select_token {
    ($condition:literal) => {
        concat!(
            "SELECT t.id, t.account_id, t.organisation_id, t.name, t.scopes, t.created_at, t.expires_at, t.used_at, t.used_address,
                    t.revoked_at, a.login
             FROM api_token t JOIN account a ON a.id = t.account_id WHERE ",
            $condition
        )
    };
}

fn token(row: &Row) -> Result<ApiToken> {
    Ok(ApiToken {
        id: row.text(0)?,
        account_id: row.text(1)?,
        organisation_id: row.text(2)?,
        name: row.text(3)?,
        scopes: row.text(4)?,
        created_at: row.text(5)?,
        expires_at: row.text(6)?,
        used_at: row.text(7)?,
        used_address: row.text(8)?,
        revoked_at: row.text(9)?,
        login: row.text(10)?,
    })
}

/// Writes a new token.
pub async fn insert(w: &mut Write, t: &ApiToken, token_hash: &str) -> Result<()> {
    w.run(
        "INSERT INTO api_token (id, token_hash, account_id, organisation_id, name, scopes, created_at, expires_at, used_at, used_address, revoked_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '', '', '')",
        params![&t.id, token_hash, &t.account_id, &t.organisation_id, &t.name, &t.scopes, &t.created_at, &t.expires_at],
    )
    .await?;
    Ok(())
}

/// The token of a hash.
pub async fn by_hash(c: &mut Connection, token_hash: &str) -> Result<Option<ApiToken>> {
    let row = c.one(select_token!("t.token_hash = $1"), params![token_hash]).await?;
    row.as_ref().map(token).transpose()
}

/// A token of an organisation by its id.
pub async fn by_id(c: &mut Connection, organisation_id: &str, id: &str) -> Result<Option<ApiToken>> {
    let row = c.one(select_token!("t.organisation_id = $1 AND t.id = $2"), params![organisation_id, id]).await?;
    row.as_ref().map(token).transpose()
}

/// An organisation's tokens that may still be used: one person's, or everybody's (`account_id` empty).
pub async fn live(c: &mut Connection, organisation_id: &str, account_id: &str, now: &str) -> Result<Vec<ApiToken>> {
    let rows = c
        .all(
            select_token!(
                "t.organisation_id = $1 AND ($2 = '' OR t.account_id = $2) AND t.revoked_at = '' AND t.expires_at > $3
                 ORDER BY a.login, t.created_at"
            ),
            params![organisation_id, account_id, now],
        )
        .await?;
    rows.iter().map(token).collect()
}

/// Tokens of all organisations that end between two moments.
pub async fn ending(c: &mut Connection, after: &str, until: &str) -> Result<Vec<ApiToken>> {
    let rows = c
        .all(
            select_token!("t.revoked_at = '' AND t.expires_at > $1 AND t.expires_at <= $2 ORDER BY t.organisation_id"),
            params![after, until],
        )
        .await?;
    rows.iter().map(token).collect()
}

/// Notes that a token was used.
pub async fn touch(w: &mut Write, id: &str, at: &str, address: &str) -> Result<()> {
    w.run("UPDATE api_token SET used_at = $1, used_address = $2 WHERE id = $3", params![at, address, id]).await?;
    Ok(())
}

/// Ends a token; `false` when it had ended already.
pub async fn revoke(w: &mut Write, id: &str, at: &str) -> Result<bool> {
    let touched =
        w.run("UPDATE api_token SET revoked_at = $1 WHERE id = $2 AND revoked_at = ''", params![at, id]).await?;
    Ok(touched == 1)
}
