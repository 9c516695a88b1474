//! Approvals and their steps.

use sakimori_domain::approval::{Kind, State, Step};

use crate::connection::params;
use crate::{Connection, Result, Row, StoreError, Write};

/// One approval.
#[derive(Debug, Clone)]
pub struct Approval {
    pub id: String,
    pub organisation_id: String,
    pub kind: Kind,
    pub subject_id: String,
    /// What the subject was when it was drafted.
    pub subject_hash: String,
    pub title: String,
    pub state: State,
    /// Whose duty the draft is: moved when people move, while the steps stay as they were.
    pub drafted_by: String,
    /// For whom it was drafted, when by a deputy.
    pub drafted_for: String,
    pub drafted_at: String,
    pub version: i64,
}

/// One act in an approval.
#[derive(Debug, Clone)]
pub struct Taken {
    pub step: Step,
    pub account_id: String,
    pub account_name: String,
    pub principal_id: String,
    pub principal_name: String,
    pub note: String,
    pub at: String,
}

macro_rules! select_approval {
    ($rest:literal) => {
        concat!(
            "SELECT id, organisation_id, kind, subject_id, subject_hash, title, state, drafted_by, drafted_for, drafted_at, version
             FROM approval WHERE ",
            $rest
        )
    };
}

fn unknown(key: &str, what: &str) -> StoreError {
    StoreError::Inconsistent { table: "approval", key: key.to_owned(), what: what.to_owned() }
}

fn approval(row: &Row) -> Result<Approval> {
    let id = row.text(0)?;
    let (kind, state) = (row.text(2)?, row.text(6)?);
    Ok(Approval {
        kind: Kind::from_code(&kind).ok_or_else(|| unknown(&id, &kind))?,
        state: State::from_code(&state).ok_or_else(|| unknown(&id, &state))?,
        organisation_id: row.text(1)?,
        subject_id: row.text(3)?,
        subject_hash: row.text(4)?,
        title: row.text(5)?,
        drafted_by: row.text(7)?,
        drafted_for: row.text(8)?,
        drafted_at: row.text(9)?,
        version: row.int(10)?,
        id,
    })
}

/// One approval.
pub async fn by_id(c: &mut Connection, organisation_id: &str, id: &str) -> Result<Option<Approval>> {
    let row = c.one(select_approval!("organisation_id = $1 AND id = $2"), params![organisation_id, id]).await?;
    row.as_ref().map(approval).transpose()
}

/// The approvals of an organisation, newest first, at most 500.
pub async fn all(c: &mut Connection, organisation_id: &str) -> Result<Vec<Approval>> {
    let rows = c
        .all(
            select_approval!("organisation_id = $1 ORDER BY drafted_at DESC, id DESC LIMIT 500"),
            params![organisation_id],
        )
        .await?;
    rows.iter().map(approval).collect()
}

/// The approvals of one subject, newest first.
pub async fn of_subject(
    c: &mut Connection,
    organisation_id: &str,
    kind: Kind,
    subject_id: &str,
) -> Result<Vec<Approval>> {
    let rows = c
        .all(
            select_approval!(
                "organisation_id = $1 AND kind = $2 AND subject_id = $3 ORDER BY drafted_at DESC, id DESC"
            ),
            params![organisation_id, kind.code(), subject_id],
        )
        .await?;
    rows.iter().map(approval).collect()
}

/// Writes a new approval. A second running one of the same subject breaks the unique index.
pub async fn insert(w: &mut Write, a: &Approval) -> Result<()> {
    w.run(
        "INSERT INTO approval (id, organisation_id, kind, subject_id, subject_hash, title, state, drafted_by, drafted_for, drafted_at, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        params![
            &a.id,
            &a.organisation_id,
            a.kind.code(),
            &a.subject_id,
            &a.subject_hash,
            &a.title,
            a.state.code(),
            &a.drafted_by,
            &a.drafted_for,
            &a.drafted_at,
            a.version
        ],
    )
    .await?;
    Ok(())
}

/// Writes state and hash over the version that was seen.
///
/// # Errors
/// [`StoreError::Conflict`] when somebody was faster.
pub async fn update(w: &mut Write, a: &Approval) -> Result<()> {
    let touched = w
        .run(
            "UPDATE approval SET state = $1, subject_hash = $2, version = version + 1
             WHERE organisation_id = $3 AND id = $4 AND version = $5",
            params![a.state.code(), &a.subject_hash, &a.organisation_id, &a.id, a.version],
        )
        .await?;
    if touched == 1 { Ok(()) } else { Err(StoreError::Conflict("approval")) }
}

/// Appends an act.
pub async fn append(w: &mut Write, a: &Approval, position: i64, t: &Taken) -> Result<()> {
    w.run(
        "INSERT INTO approval_step (approval_id, organisation_id, position, step, account_id, account_name, principal_id, principal_name, note, at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        params![
            &a.id,
            &a.organisation_id,
            position,
            t.step.code(),
            &t.account_id,
            &t.account_name,
            &t.principal_id,
            &t.principal_name,
            &t.note,
            &t.at
        ],
    )
    .await?;
    Ok(())
}

/// The acts of an approval, oldest first.
pub async fn steps(c: &mut Connection, organisation_id: &str, approval_id: &str) -> Result<Vec<Taken>> {
    let rows = c
        .all(
            "SELECT step, account_id, account_name, principal_id, principal_name, note, at
             FROM approval_step WHERE organisation_id = $1 AND approval_id = $2 ORDER BY position",
            params![organisation_id, approval_id],
        )
        .await?;
    rows.iter()
        .map(|row| {
            let step = row.text(0)?;
            Ok(Taken {
                step: Step::from_code(&step).ok_or_else(|| unknown(approval_id, &step))?,
                account_id: row.text(1)?,
                account_name: row.text(2)?,
                principal_id: row.text(3)?,
                principal_name: row.text(4)?,
                note: row.text(5)?,
                at: row.text(6)?,
            })
        })
        .collect()
}
