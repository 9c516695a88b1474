//! Who is in which sheet just now: a courtesy, of no record. On one database for all processes.

use crate::connection::params;
use crate::{Connection, Result, Write};

/// Where somebody is.
#[derive(Debug, Clone)]
pub struct Place {
    pub account_id: String,
    pub assessment_id: String,
    /// Answer of the row; empty: in none.
    pub answer_id: String,
    pub name: String,
    pub department_id: String,
    /// Milliseconds since 1970.
    pub at: i64,
}

/// Notes where somebody is.
pub async fn put(w: &mut Write, organisation_id: &str, p: &Place) -> Result<()> {
    w.run(
        "INSERT INTO presence (account_id, organisation_id, assessment_id, answer_id, name, department_id, at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (account_id) DO UPDATE SET organisation_id = excluded.organisation_id, assessment_id = excluded.assessment_id,
             answer_id = excluded.answer_id, name = excluded.name, department_id = excluded.department_id, at = excluded.at",
        params![&p.account_id, organisation_id, &p.assessment_id, &p.answer_id, &p.name, &p.department_id, p.at],
    )
    .await?;
    Ok(())
}

/// Everybody seen in a sheet since a moment, by name.
pub async fn since(c: &mut Connection, organisation_id: &str, assessment_id: &str, at: i64) -> Result<Vec<Place>> {
    let rows = c
        .all(
            "SELECT account_id, answer_id, name, department_id, at FROM presence
             WHERE organisation_id = $1 AND assessment_id = $2 AND at >= $3 ORDER BY name, account_id",
            params![organisation_id, assessment_id, at],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Place {
                account_id: row.text(0)?,
                assessment_id: assessment_id.to_owned(),
                answer_id: row.text(1)?,
                name: row.text(2)?,
                department_id: row.text(3)?,
                at: row.int(4)?,
            })
        })
        .collect()
}

/// Forgets who was seen before a moment.
pub async fn forget(w: &mut Write, before: i64) -> Result<u64> {
    w.run("DELETE FROM presence WHERE at < $1", params![before]).await
}
