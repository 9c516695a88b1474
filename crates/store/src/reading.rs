//! Corrections by hand (手直し) of the reading of documents, by organisation and Standard.

use crate::connection::params;
use crate::{Connection, Result, Row, Write};

/// What somebody has said of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CorrectionRow {
    pub id: String,
    /// Of which document: a Standard's id, or what its title says.
    pub standard: String,
    pub line_hash: String,
    /// Hash of the line before; empty: wherever the line stands.
    pub before_hash: String,
    pub line_text: String,
    /// `heading`, `text`, `joined`, `item` or `noise`.
    pub verdict: String,
    /// Level of a heading or depth of an item; 0 for the rest.
    pub level: i64,
    pub number: String,
    pub title: String,
    /// Number of the Provision that it belongs to; empty: where it stands.
    pub belongs_to: String,
    pub actor_name: String,
    pub at: String,
}

macro_rules! select_correction {
    ($rest:literal) => {
        concat!(
            "SELECT id, standard, line_hash, before_hash, line_text, verdict, level, number, title, belongs_to, actor_name, at
             FROM reading_correction WHERE organisation_id = $1 ",
            $rest
        )
    };
}

fn correction(row: &Row) -> Result<CorrectionRow> {
    Ok(CorrectionRow {
        id: row.text(0)?,
        standard: row.text(1)?,
        line_hash: row.text(2)?,
        before_hash: row.text(3)?,
        line_text: row.text(4)?,
        verdict: row.text(5)?,
        level: row.int(6)?,
        number: row.text(7)?,
        title: row.text(8)?,
        belongs_to: row.text(9)?,
        actor_name: row.text(10)?,
        at: row.text(11)?,
    })
}

/// The corrections of one Standard, oldest first.
pub async fn corrections(c: &mut Connection, organisation_id: &str, standard: &str) -> Result<Vec<CorrectionRow>> {
    let rows =
        c.all(select_correction!("AND standard = $2 ORDER BY at, id"), params![organisation_id, standard]).await?;
    rows.iter().map(correction).collect()
}

/// One correction.
pub async fn correction_by_id(c: &mut Connection, organisation_id: &str, id: &str) -> Result<Option<CorrectionRow>> {
    let row = c.one(select_correction!("AND id = $2"), params![organisation_id, id]).await?;
    row.as_ref().map(correction).transpose()
}

/// Keeps a correction in place of what was said of the same line before.
pub async fn put_correction(w: &mut Write, organisation_id: &str, row: &CorrectionRow) -> Result<()> {
    w.run(
        "DELETE FROM reading_correction
         WHERE organisation_id = $1 AND standard = $2 AND line_hash = $3 AND before_hash = $4",
        params![organisation_id, &row.standard, &row.line_hash, &row.before_hash],
    )
    .await?;
    w.run(
        "INSERT INTO reading_correction (id, organisation_id, standard, line_hash, before_hash, line_text, verdict, level,
                                         number, title, belongs_to, actor_name, at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        params![
            &row.id, organisation_id, &row.standard, &row.line_hash, &row.before_hash, &row.line_text, &row.verdict,
            row.level, &row.number, &row.title, &row.belongs_to, &row.actor_name, &row.at
        ],
    )
    .await?;
    Ok(())
}

/// Forgets a correction.
pub async fn remove_correction(w: &mut Write, organisation_id: &str, id: &str) -> Result<()> {
    w.run("DELETE FROM reading_correction WHERE organisation_id = $1 AND id = $2", params![organisation_id, id])
        .await?;
    Ok(())
}
