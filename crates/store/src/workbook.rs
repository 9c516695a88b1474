//! Workbooks that were read but not yet taken over, and saved column mappings.

use crate::connection::params;
use crate::{Connection, Result, StoreError, Write};

/// A compared workbook waiting for its confirmation.
#[derive(Debug, Clone)]
pub struct WorkbookImport {
    pub id: String,
    pub assessment_id: String,
    pub file_name: String,
    /// `waiting`, `applied` or `dropped`.
    pub state: String,
    /// JSON of the difference, as `sakimori-interop` computed it.
    pub difference: String,
    pub created_by: String,
    pub created_at: String,
}

/// A saved way of reading a foreign layout.
#[derive(Debug, Clone)]
pub struct SavedMapping {
    pub id: String,
    pub name: String,
    /// JSON of `sakimori-interop`'s column mapping.
    pub mapping: String,
    pub version: i64,
}

/// Writes a compared workbook.
pub async fn insert_import(w: &mut Write, organisation_id: &str, i: &WorkbookImport) -> Result<()> {
    w.run(
        "INSERT INTO workbook_import (id, organisation_id, assessment_id, file_name, state, difference, created_by, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        params![&i.id, organisation_id, &i.assessment_id, &i.file_name, &i.state, &i.difference, &i.created_by, &i.created_at],
    )
    .await?;
    Ok(())
}

/// One compared workbook.
pub async fn import_by_id(c: &mut Connection, organisation_id: &str, id: &str) -> Result<Option<WorkbookImport>> {
    let row = c
        .one(
            "SELECT id, assessment_id, file_name, state, difference, created_by, created_at FROM workbook_import
             WHERE organisation_id = $1 AND id = $2",
            params![organisation_id, id],
        )
        .await?;
    row.map(|row| {
        Ok(WorkbookImport {
            id: row.text(0)?,
            assessment_id: row.text(1)?,
            file_name: row.text(2)?,
            state: row.text(3)?,
            difference: row.text(4)?,
            created_by: row.text(5)?,
            created_at: row.text(6)?,
        })
    })
    .transpose()
}

/// Ends a waiting import.
///
/// # Errors
/// [`StoreError::Conflict`] when it was ended before.
pub async fn end_import(w: &mut Write, organisation_id: &str, id: &str, state: &str) -> Result<()> {
    let touched = w
        .run(
            "UPDATE workbook_import SET state = $1 WHERE organisation_id = $2 AND id = $3 AND state = 'waiting'",
            params![state, organisation_id, id],
        )
        .await?;
    if touched == 1 { Ok(()) } else { Err(StoreError::Conflict("workbook_import")) }
}

/// Saves a column mapping under its name.
pub async fn put_mapping(w: &mut Write, organisation_id: &str, m: &SavedMapping) -> Result<()> {
    w.run(
        "INSERT INTO column_mapping (id, organisation_id, name, mapping, version) VALUES ($1, $2, $3, $4, 1)
         ON CONFLICT (organisation_id, name) DO UPDATE SET mapping = excluded.mapping, version = column_mapping.version + 1",
        params![&m.id, organisation_id, &m.name, &m.mapping],
    )
    .await?;
    Ok(())
}

/// Saved column mappings, by name.
pub async fn mappings(c: &mut Connection, organisation_id: &str) -> Result<Vec<SavedMapping>> {
    let rows = c
        .all(
            "SELECT id, name, mapping, version FROM column_mapping WHERE organisation_id = $1 ORDER BY name",
            params![organisation_id],
        )
        .await?;
    rows.iter()
        .map(|row| Ok(SavedMapping { id: row.text(0)?, name: row.text(1)?, mapping: row.text(2)?, version: row.int(3)? }))
        .collect()
}
