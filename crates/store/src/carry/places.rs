//! Where the rows of an Assessment stand, and how a new Edition moves them.

use crate::connection::params;
use crate::{Connection, Result, Write};

/// Where a row of an Assessment stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub answer_id: String,
    pub edition_id: String,
    pub number: String,
    pub position: i64,
    pub former_edition: String,
    pub former_number: String,
}

/// The places of the rows of a sheet, in order.
pub async fn places(c: &mut Connection, organisation_id: &str, assessment_id: &str) -> Result<Vec<Place>> {
    let rows = c
        .all(
            "SELECT id, edition_id, number, position, former_edition, former_number FROM answer
             WHERE organisation_id = $1 AND assessment_id = $2 AND withdrawn = '' ORDER BY position, id",
            params![organisation_id, assessment_id],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Place {
                answer_id: row.text(0)?,
                edition_id: row.text(1)?,
                number: row.text(2)?,
                position: row.int(3)?,
                former_edition: row.text(4)?,
                former_number: row.text(5)?,
            })
        })
        .collect()
}

/// Moves a row to its place.
pub async fn move_row(w: &mut Write, organisation_id: &str, place: &Place) -> Result<()> {
    w.run(
        "UPDATE answer SET edition_id = $3, number = $4, position = $5, former_edition = $6, former_number = $7
         WHERE organisation_id = $1 AND id = $2",
        params![
            organisation_id,
            &place.answer_id,
            &place.edition_id,
            &place.number,
            place.position,
            &place.former_edition,
            &place.former_number
        ],
    )
    .await?;
    Ok(())
}

/// Takes a row out of the sheet (`carry_id` names what did it), or puts it back (empty).
pub async fn withdraw_row(w: &mut Write, organisation_id: &str, answer_id: &str, carry_id: &str) -> Result<()> {
    w.run(
        "UPDATE answer SET withdrawn = $3, version = version + 1 WHERE organisation_id = $1 AND id = $2",
        params![organisation_id, answer_id, carry_id],
    )
    .await?;
    Ok(())
}

/// Whether anything hangs on a row: evidence, requests, or answers that were carried over from it.
pub async fn is_used(c: &mut Connection, organisation_id: &str, answer_id: &str) -> Result<bool> {
    let row = c
        .one(
            "SELECT (SELECT COUNT(*) FROM evidence WHERE organisation_id = $1 AND answer_id = $2)
                  + (SELECT COUNT(*) FROM answer_request_item WHERE answer_id = $2)
                  + (SELECT COUNT(*) FROM carried_source WHERE organisation_id = $1 AND (source_answer_id = $2 OR answer_id = $2))",
            params![organisation_id, answer_id],
        )
        .await?;
    Ok(row.map_or(Ok(0), |row| row.int(0))? > 0)
}

/// Deletes a row that a new Edition had brought and nobody has touched.
pub async fn delete_answer(w: &mut Write, organisation_id: &str, answer_id: &str) -> Result<()> {
    w.run("DELETE FROM answer WHERE organisation_id = $1 AND id = $2", params![organisation_id, answer_id]).await?;
    Ok(())
}

/// Puts one Edition of an Assessment in the place of another.
pub async fn replace_edition(
    w: &mut Write,
    organisation_id: &str,
    assessment_id: &str,
    old: &str,
    new: &str,
) -> Result<()> {
    w.run(
        "UPDATE assessment_edition SET edition_id = $4 WHERE assessment_id = $2 AND edition_id = $3
             AND EXISTS (SELECT 1 FROM assessment s WHERE s.id = $2 AND s.organisation_id = $1)",
        params![organisation_id, assessment_id, old, new],
    )
    .await?;
    Ok(())
}
