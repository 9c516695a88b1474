//! Single sign-on: the providers of organisations, whose subject an account is, and sign-ins under way.

use crate::connection::params;
use crate::{Connection, Result, Write};

/// A provider as it is kept: settings as JSON, the secret sealed.
#[derive(Debug, Clone)]
pub struct Provider {
    pub organisation_id: String,
    pub settings: String,
    pub secret: String,
}

/// The provider of an organisation.
pub async fn provider(c: &mut Connection, organisation_id: &str) -> Result<Option<Provider>> {
    let row = c
        .one("SELECT settings, secret FROM oidc_provider WHERE organisation_id = $1", params![organisation_id])
        .await?;
    row.map(|row| {
        Ok(Provider { organisation_id: organisation_id.to_owned(), settings: row.text(0)?, secret: row.text(1)? })
    })
    .transpose()
}

/// Every provider.
pub async fn providers(c: &mut Connection) -> Result<Vec<Provider>> {
    let rows = c
        .all("SELECT organisation_id, settings, secret FROM oidc_provider ORDER BY organisation_id", params![])
        .await?;
    rows.iter()
        .map(|row| Ok(Provider { organisation_id: row.text(0)?, settings: row.text(1)?, secret: row.text(2)? }))
        .collect()
}

/// Sets an organisation's provider, or puts another in its place.
pub async fn put_provider(w: &mut Write, p: &Provider) -> Result<()> {
    w.run(
        "INSERT INTO oidc_provider (organisation_id, settings, secret, version) VALUES ($1, $2, $3, 1)
         ON CONFLICT (organisation_id) DO UPDATE SET settings = excluded.settings, secret = excluded.secret,
             version = oidc_provider.version + 1",
        params![&p.organisation_id, &p.settings, &p.secret],
    )
    .await?;
    Ok(())
}

/// Takes an organisation's provider away.
pub async fn delete_provider(w: &mut Write, organisation_id: &str) -> Result<()> {
    w.run("DELETE FROM oidc_provider WHERE organisation_id = $1", params![organisation_id]).await?;
    Ok(())
}

/// Whose account a subject of an issuer is; empty for nobody's.
pub async fn account_of(c: &mut Connection, issuer: &str, subject: &str) -> Result<String> {
    let row = c
        .one("SELECT account_id FROM oidc_subject WHERE issuer = $1 AND subject = $2", params![issuer, subject])
        .await?;
    row.map_or(Ok(String::new()), |row| row.text(0))
}

/// Says whose account a subject is.
pub async fn link(w: &mut Write, issuer: &str, subject: &str, account_id: &str, at: &str) -> Result<()> {
    w.run(
        "INSERT INTO oidc_subject (issuer, subject, account_id, linked_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (issuer, subject) DO UPDATE SET account_id = excluded.account_id, linked_at = excluded.linked_at",
        params![issuer, subject, account_id, at],
    )
    .await?;
    Ok(())
}

/// The subject of an issuer that is an account, and since when; `None` where there is none.
pub async fn subject_of(c: &mut Connection, issuer: &str, account_id: &str) -> Result<Option<(String, String)>> {
    let row = c
        .one(
            "SELECT subject, linked_at FROM oidc_subject WHERE issuer = $1 AND account_id = $2 ORDER BY linked_at, subject",
            params![issuer, account_id],
        )
        .await?;
    row.map(|row| Ok((row.text(0)?, row.text(1)?))).transpose()
}

/// From now on no subject of an issuer is an account. Says how many were.
pub async fn unlink(w: &mut Write, issuer: &str, account_id: &str) -> Result<u64> {
    w.run("DELETE FROM oidc_subject WHERE issuer = $1 AND account_id = $2", params![issuer, account_id]).await
}

/// Notes a sign-in that leaves for the provider, and forgets those that never came back.
pub async fn insert_attempt(
    w: &mut Write,
    state_hash: &str,
    organisation_id: &str,
    sealed: &str,
    now: &str,
    expires_at: &str,
) -> Result<()> {
    w.run("DELETE FROM oidc_attempt WHERE expires_at < $1", params![now]).await?;
    w.run(
        "INSERT INTO oidc_attempt (state_hash, organisation_id, sealed, expires_at) VALUES ($1, $2, $3, $4)",
        params![state_hash, organisation_id, sealed, expires_at],
    )
    .await?;
    Ok(())
}

/// Takes a sign-in out that comes back: organisation and what was sealed. A second time there is nothing.
pub async fn take_attempt(w: &mut Write, state_hash: &str, now: &str) -> Result<Option<(String, String)>> {
    let row = w
        .one(
            "SELECT organisation_id, sealed FROM oidc_attempt WHERE state_hash = $1 AND expires_at > $2",
            params![state_hash, now],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    // Of two that come at once, one deletes the row.
    let taken = w.run("DELETE FROM oidc_attempt WHERE state_hash = $1", params![state_hash]).await?;
    if taken == 1 { Ok(Some((row.text(0)?, row.text(1)?))) } else { Ok(None) }
}
