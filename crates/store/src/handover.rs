//! 人事異動: what an account holds, how it is moved, and the record of it.

use crate::connection::params;
use crate::{Connection, Result, Row, Write};

/// What is moved from whom to whom, where.
#[derive(Debug, Clone, Copy)]
pub struct Move<'a> {
    pub organisation_id: &'a str,
    pub from: &'a str,
    /// Empty: to nobody in particular.
    pub to: &'a str,
    /// The moment of the act.
    pub at: &'a str,
}

/// One act of handing over.
#[derive(Debug, Clone)]
pub struct Handover {
    pub id: String,
    pub organisation_id: String,
    pub account_id: String,
    pub account_name: String,
    pub successor_id: String,
    pub successor_name: String,
    /// Last day of the seat; empty where it goes on.
    pub ends_on: String,
    pub reason: String,
    /// Lines of the 引継書 as JSON.
    pub moved: String,
    pub made_by: String,
    pub made_at: String,
}

/// A name for each thing held, with its date where it has one.
pub type Held = Vec<(String, String)>;

async fn held(c: &mut Connection, sql: &'static str, m: &Move<'_>) -> Result<Held> {
    let rows = c.all(sql, params![m.organisation_id, m.from]).await?;
    rows.iter().map(|row: &Row| Ok((row.text(0)?, row.text(1)?))).collect()
}

/// Requests that lie with the account.
pub async fn requests(c: &mut Connection, m: &Move<'_>) -> Result<Held> {
    held(
        c,
        "SELECT a.title, r.due FROM answer_request r JOIN assessment a ON a.id = r.assessment_id
         WHERE r.organisation_id = $1 AND r.delegate_id = $2 AND r.state IN ('asked', 'returned') ORDER BY r.due, r.id",
        m,
    )
    .await
}

/// Moves them.
pub async fn move_requests(w: &mut Write, m: &Move<'_>) -> Result<u64> {
    w.run(
        "UPDATE answer_request SET delegate_id = $1, version = version + 1
         WHERE organisation_id = $2 AND delegate_id = $3 AND state IN ('asked', 'returned')",
        params![m.to, m.organisation_id, m.from],
    )
    .await
}

/// Running approvals that the account drafted.
pub async fn drafts(c: &mut Connection, m: &Move<'_>) -> Result<Held> {
    held(
        c,
        "SELECT title, '' FROM approval WHERE organisation_id = $1 AND drafted_by = $2
         AND state IN ('drafted', 'checked', 'sent-back') ORDER BY drafted_at, id",
        m,
    )
    .await
}

/// Moves them; the steps keep who drafted.
pub async fn move_drafts(w: &mut Write, m: &Move<'_>) -> Result<u64> {
    w.run(
        "UPDATE approval SET drafted_by = $1, drafted_for = '', version = version + 1
         WHERE organisation_id = $2 AND drafted_by = $3 AND state IN ('drafted', 'checked', 'sent-back')",
        params![m.to, m.organisation_id, m.from],
    )
    .await
}

/// Deputies that have not been ended, on either side.
pub async fn deputies(c: &mut Connection, m: &Move<'_>) -> Result<Held> {
    held(
        c,
        "SELECT p.display_name || ' → ' || s.display_name, d.to_on FROM deputy d
         JOIN account p ON p.id = d.principal_id JOIN account s ON s.id = d.deputy_id
         WHERE d.organisation_id = $1 AND (d.principal_id = $2 OR d.deputy_id = $2) AND d.ended_at = '' ORDER BY d.to_on, d.id",
        m,
    )
    .await
}

/// Ends them: standing in is a trust in a person and passes to nobody.
pub async fn end_deputies(w: &mut Write, m: &Move<'_>) -> Result<u64> {
    w.run(
        "UPDATE deputy SET ended_by = 'handover', ended_at = $1, version = version + 1
         WHERE organisation_id = $2 AND (principal_id = $3 OR deputy_id = $3) AND ended_at = ''",
        params![m.at, m.organisation_id, m.from],
    )
    .await
}

/// Tokens of programs that act for the person.
pub async fn tokens(c: &mut Connection, m: &Move<'_>) -> Result<Held> {
    held(
        c,
        "SELECT name, expires_at FROM api_token
         WHERE organisation_id = $1 AND account_id = $2 AND revoked_at = '' ORDER BY expires_at, id",
        m,
    )
    .await
}

/// Revokes them: a program gets a token of its new holder.
pub async fn end_tokens(w: &mut Write, m: &Move<'_>) -> Result<u64> {
    w.run(
        "UPDATE api_token SET revoked_at = $1 WHERE organisation_id = $2 AND account_id = $3 AND revoked_at = ''",
        params![m.at, m.organisation_id, m.from],
    )
    .await
}

/// Notices to the account that it has not read.
pub async fn notices(c: &mut Connection, m: &Move<'_>) -> Result<Held> {
    held(
        c,
        "SELECT n.ja, n.at FROM notice n WHERE n.organisation_id = $1 AND n.audience_kind = 'account' AND n.audience = $2
         AND NOT EXISTS (SELECT 1 FROM notice_read r WHERE r.notice_id = n.id AND r.account_id = $2) ORDER BY n.at, n.id",
        m,
    )
    .await
}

/// Moves them.
pub async fn move_notices(w: &mut Write, m: &Move<'_>) -> Result<u64> {
    w.run(
        "UPDATE notice SET audience = $1 WHERE organisation_id = $2 AND audience_kind = 'account' AND audience = $3
         AND NOT EXISTS (SELECT 1 FROM notice_read r WHERE r.notice_id = notice.id AND r.account_id = $3)",
        params![m.to, m.organisation_id, m.from],
    )
    .await
}

/// Writes the record of a handover.
pub async fn insert(w: &mut Write, h: &Handover) -> Result<()> {
    w.run(
        "INSERT INTO handover (id, organisation_id, account_id, account_name, successor_id, successor_name, ends_on, reason, moved, made_by, made_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        params![&h.id, &h.organisation_id, &h.account_id, &h.account_name, &h.successor_id, &h.successor_name, &h.ends_on, &h.reason, &h.moved, &h.made_by, &h.made_at],
    )
    .await?;
    Ok(())
}

macro_rules! select_handover {
    ($rest:literal) => {
        concat!(
            "SELECT id, organisation_id, account_id, account_name, successor_id, successor_name, ends_on, reason, moved, made_by, made_at
             FROM handover WHERE ",
            $rest
        )
    };
}

fn handover(row: &Row) -> Result<Handover> {
    Ok(Handover {
        id: row.text(0)?,
        organisation_id: row.text(1)?,
        account_id: row.text(2)?,
        account_name: row.text(3)?,
        successor_id: row.text(4)?,
        successor_name: row.text(5)?,
        ends_on: row.text(6)?,
        reason: row.text(7)?,
        moved: row.text(8)?,
        made_by: row.text(9)?,
        made_at: row.text(10)?,
    })
}

/// The handovers of an organisation, newest first, at most 200.
pub async fn all(c: &mut Connection, organisation_id: &str) -> Result<Vec<Handover>> {
    let rows = c
        .all(
            select_handover!("organisation_id = $1 ORDER BY made_at DESC, id DESC LIMIT 200"),
            params![organisation_id],
        )
        .await?;
    rows.iter().map(handover).collect()
}

/// One of them.
pub async fn by_id(c: &mut Connection, organisation_id: &str, id: &str) -> Result<Option<Handover>> {
    let row = c.one(select_handover!("organisation_id = $1 AND id = $2"), params![organisation_id, id]).await?;
    row.as_ref().map(handover).transpose()
}

/// Every column of the schema, for the test that looks for account columns; SQLite only, since both folders have the same.
pub async fn columns(c: &mut Connection) -> Result<Vec<(String, String)>> {
    let rows = c
        .all(
            "SELECT t.name, i.name FROM sqlite_master t JOIN pragma_table_info(t.name) i WHERE t.type = 'table' ORDER BY 1, 2",
            params![],
        )
        .await?;
    rows.iter().map(|row| Ok((row.text(0)?, row.text(1)?))).collect()
}
