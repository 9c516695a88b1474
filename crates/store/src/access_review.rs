//! The yearly access review: its seats as they were, and what is to become of them.

use crate::connection::params;
use crate::{Connection, Result, Row, StoreError, Write};

/// One review of a 年度.
#[derive(Debug, Clone)]
pub struct AccessReview {
    pub id: String,
    pub organisation_id: String,
    pub fiscal_year: i64,
    /// `open` or `closed`.
    pub state: String,
    pub due_on: String,
    pub opened_by: String,
    pub opened_at: String,
    pub closed_at: String,
    pub version: i64,
}

/// A seat in a review.
#[derive(Debug, Clone)]
pub struct ReviewedSeat {
    pub account_id: String,
    pub login: String,
    pub display_name: String,
    /// Code of the role as it was.
    pub role: String,
    pub department_id: String,
    /// Codes of what is odd, separated by spaces.
    pub marks: String,
    /// `keep`, `change`, `remove`; empty while open.
    pub decision: String,
    pub new_role: String,
    pub reason: String,
    pub decided_by: String,
    pub decided_at: String,
    pub version: i64,
}

macro_rules! select_review {
    ($rest:literal) => {
        concat!(
            "SELECT id, organisation_id, fiscal_year, state, due_on, opened_by, opened_at, closed_at, version FROM access_review WHERE ",
            $rest
        )
    };
}

fn review(row: &Row) -> Result<AccessReview> {
    Ok(AccessReview {
        id: row.text(0)?,
        organisation_id: row.text(1)?,
        fiscal_year: row.int(2)?,
        state: row.text(3)?,
        due_on: row.text(4)?,
        opened_by: row.text(5)?,
        opened_at: row.text(6)?,
        closed_at: row.text(7)?,
        version: row.int(8)?,
    })
}

/// The reviews of an organisation, newest first.
pub async fn all(c: &mut Connection, organisation_id: &str) -> Result<Vec<AccessReview>> {
    let rows =
        c.all(select_review!("organisation_id = $1 ORDER BY fiscal_year DESC"), params![organisation_id]).await?;
    rows.iter().map(review).collect()
}

/// One review.
pub async fn by_id(c: &mut Connection, organisation_id: &str, id: &str) -> Result<Option<AccessReview>> {
    let row = c.one(select_review!("organisation_id = $1 AND id = $2"), params![organisation_id, id]).await?;
    row.as_ref().map(review).transpose()
}

/// Writes a new review.
pub async fn insert(w: &mut Write, r: &AccessReview) -> Result<()> {
    w.run(
        "INSERT INTO access_review (id, organisation_id, fiscal_year, state, due_on, opened_by, opened_at, closed_at, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        params![&r.id, &r.organisation_id, r.fiscal_year, &r.state, &r.due_on, &r.opened_by, &r.opened_at, &r.closed_at, r.version],
    )
    .await?;
    Ok(())
}

/// Sets the day by which an open review is to be done.
///
/// # Errors
/// [`StoreError::Conflict`] when somebody was faster, or it is closed.
pub async fn set_due(w: &mut Write, r: &AccessReview) -> Result<()> {
    let touched = w
        .run(
            "UPDATE access_review SET due_on = $1, version = version + 1
             WHERE organisation_id = $2 AND id = $3 AND state = 'open' AND version = $4",
            params![&r.due_on, &r.organisation_id, &r.id, r.version],
        )
        .await?;
    if touched == 1 { Ok(()) } else { Err(StoreError::Conflict("access_review")) }
}

/// Closes a review that is open.
///
/// # Errors
/// [`StoreError::Conflict`] when it is closed already.
pub async fn close(w: &mut Write, organisation_id: &str, id: &str, at: &str) -> Result<()> {
    let touched = w
        .run(
            "UPDATE access_review SET state = 'closed', closed_at = $1, version = version + 1
             WHERE organisation_id = $2 AND id = $3 AND state = 'open'",
            params![at, organisation_id, id],
        )
        .await?;
    if touched == 1 { Ok(()) } else { Err(StoreError::Conflict("access_review")) }
}

/// Holds a review as it is until the transaction ends.
pub async fn hold(w: &mut Write, organisation_id: &str, id: &str) -> Result<()> {
    w.run(
        "UPDATE access_review SET state = state WHERE organisation_id = $1 AND id = $2",
        params![organisation_id, id],
    )
    .await?;
    Ok(())
}

/// Takes a seat into a review.
pub async fn insert_seat(w: &mut Write, organisation_id: &str, review_id: &str, s: &ReviewedSeat) -> Result<()> {
    w.run(
        "INSERT INTO access_review_seat (review_id, organisation_id, account_id, login, display_name, role, department_id, marks, decision, new_role, reason, decided_by, decided_at, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        params![review_id, organisation_id, &s.account_id, &s.login, &s.display_name, &s.role, &s.department_id, &s.marks, &s.decision, &s.new_role, &s.reason, &s.decided_by, &s.decided_at, s.version],
    )
    .await?;
    Ok(())
}

/// Writes what was decided of a seat over the version that was seen.
///
/// # Errors
/// [`StoreError::Conflict`] when somebody was faster.
pub async fn update_seat(w: &mut Write, organisation_id: &str, review_id: &str, s: &ReviewedSeat) -> Result<()> {
    let touched = w
        .run(
            "UPDATE access_review_seat SET decision = $1, new_role = $2, reason = $3, decided_by = $4, decided_at = $5, version = version + 1
             WHERE organisation_id = $6 AND review_id = $7 AND account_id = $8 AND version = $9",
            params![&s.decision, &s.new_role, &s.reason, &s.decided_by, &s.decided_at, organisation_id, review_id, &s.account_id, s.version],
        )
        .await?;
    if touched == 1 { Ok(()) } else { Err(StoreError::Conflict("access_review_seat")) }
}

/// The seats of a review, those with marks first.
pub async fn seats(c: &mut Connection, organisation_id: &str, review_id: &str) -> Result<Vec<ReviewedSeat>> {
    let rows = c
        .all(
            "SELECT account_id, login, display_name, role, department_id, marks, decision, new_role, reason, decided_by, decided_at, version
             FROM access_review_seat WHERE organisation_id = $1 AND review_id = $2
             ORDER BY CASE WHEN marks = '' THEN 1 ELSE 0 END, display_name, login",
            params![organisation_id, review_id],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(ReviewedSeat {
                account_id: row.text(0)?,
                login: row.text(1)?,
                display_name: row.text(2)?,
                role: row.text(3)?,
                department_id: row.text(4)?,
                marks: row.text(5)?,
                decision: row.text(6)?,
                new_role: row.text(7)?,
                reason: row.text(8)?,
                decided_by: row.text(9)?,
                decided_at: row.text(10)?,
                version: row.int(11)?,
            })
        })
        .collect()
}

/// How many organisations each account of an organisation has a seat in.
pub async fn seats_elsewhere(c: &mut Connection, organisation_id: &str) -> Result<Vec<(String, i64)>> {
    let rows = c
        .all(
            "SELECT m.account_id, COUNT(*) FROM membership m
             WHERE m.account_id IN (SELECT account_id FROM membership WHERE organisation_id = $1) GROUP BY m.account_id",
            params![organisation_id],
        )
        .await?;
    rows.iter().map(|row| Ok((row.text(0)?, row.int(1)?))).collect()
}
