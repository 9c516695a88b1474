//! Deputies (代理): who stands in for whom, and when.

use crate::connection::params;
use crate::{Connection, Result, Row, StoreError, Write};

/// One person standing in for another for some days.
#[derive(Debug, Clone)]
pub struct Deputy {
    pub id: String,
    pub organisation_id: String,
    pub principal_id: String,
    pub principal_name: String,
    pub deputy_id: String,
    pub deputy_name: String,
    /// Codes separated by spaces; empty for all of the principal's.
    pub permissions: String,
    /// First and last day, ISO.
    pub from_on: String,
    pub to_on: String,
    pub reason: String,
    pub named_by: String,
    pub named_at: String,
    /// Who ended it by hand, and when; empty otherwise.
    pub ended_by: String,
    pub ended_at: String,
    pub version: i64,
}

macro_rules! select_deputy {
    ($rest:literal) => {
        concat!(
            "SELECT d.id, d.organisation_id, d.principal_id, p.display_name, d.deputy_id, s.display_name, d.permissions,
                    d.from_on, d.to_on, d.reason, d.named_by, d.named_at, d.ended_by, d.ended_at, d.version
             FROM deputy d JOIN account p ON p.id = d.principal_id JOIN account s ON s.id = d.deputy_id WHERE ",
            $rest
        )
    };
}

fn deputy(row: &Row) -> Result<Deputy> {
    Ok(Deputy {
        id: row.text(0)?,
        organisation_id: row.text(1)?,
        principal_id: row.text(2)?,
        principal_name: row.text(3)?,
        deputy_id: row.text(4)?,
        deputy_name: row.text(5)?,
        permissions: row.text(6)?,
        from_on: row.text(7)?,
        to_on: row.text(8)?,
        reason: row.text(9)?,
        named_by: row.text(10)?,
        named_at: row.text(11)?,
        ended_by: row.text(12)?,
        ended_at: row.text(13)?,
        version: row.int(14)?,
    })
}

/// One of an organisation's.
pub async fn by_id(c: &mut Connection, organisation_id: &str, id: &str) -> Result<Option<Deputy>> {
    let row = c.one(select_deputy!("d.organisation_id = $1 AND d.id = $2"), params![organisation_id, id]).await?;
    row.as_ref().map(deputy).transpose()
}

/// Every one of an organisation, the newest first, at most 500.
pub async fn all(c: &mut Connection, organisation_id: &str) -> Result<Vec<Deputy>> {
    let rows = c
        .all(
            select_deputy!("d.organisation_id = $1 ORDER BY d.from_on DESC, d.id DESC LIMIT 500"),
            params![organisation_id],
        )
        .await?;
    rows.iter().map(deputy).collect()
}

/// Those in which an account takes part, on either side, the newest first.
pub async fn of_account(c: &mut Connection, organisation_id: &str, account_id: &str) -> Result<Vec<Deputy>> {
    let rows = c
        .all(
            select_deputy!(
                "d.organisation_id = $1 AND (d.principal_id = $2 OR d.deputy_id = $2) ORDER BY d.from_on DESC, d.id DESC LIMIT 100"
            ),
            params![organisation_id, account_id],
        )
        .await?;
    rows.iter().map(deputy).collect()
}

/// Writes a new one.
pub async fn insert(w: &mut Write, d: &Deputy) -> Result<()> {
    w.run(
        "INSERT INTO deputy (id, organisation_id, principal_id, deputy_id, permissions, from_on, to_on, reason, named_by, named_at, ended_by, ended_at, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        params![&d.id, &d.organisation_id, &d.principal_id, &d.deputy_id, &d.permissions, &d.from_on, &d.to_on, &d.reason, &d.named_by, &d.named_at, &d.ended_by, &d.ended_at, d.version],
    )
    .await?;
    Ok(())
}

/// Ends one over the version that was seen.
///
/// # Errors
/// [`StoreError::Conflict`] when somebody was faster.
pub async fn end(w: &mut Write, d: &Deputy) -> Result<()> {
    let touched = w
        .run(
            "UPDATE deputy SET ended_by = $1, ended_at = $2, version = version + 1
             WHERE organisation_id = $3 AND id = $4 AND version = $5 AND ended_at = ''",
            params![&d.ended_by, &d.ended_at, &d.organisation_id, &d.id, d.version],
        )
        .await?;
    if touched == 1 { Ok(()) } else { Err(StoreError::Conflict("deputy")) }
}
