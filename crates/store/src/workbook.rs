//! Workbooks that were read but not yet taken over, and saved column mappings.

use crate::connection::params;
use crate::{Connection, Result, StoreError, Write};

/// A workbook that was read, waiting for its columns to be explained or its changes to be confirmed.
#[derive(Debug, Clone)]
pub struct WorkbookImport {
    pub id: String,
    pub assessment_id: String,
    pub file_name: String,
    /// `waiting`, `applied` or `dropped`.
    pub state: String,
    /// JSON of what was read. The difference is worked out anew at every look, so that it is never stale; empty once the
    /// import has ended.
    pub difference: String,
    /// Account of the person who sent the file; nobody else sees the import.
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

/// Replaces what was read of a waiting import (its columns were explained).
///
/// # Errors
/// [`StoreError::Conflict`] when it was ended before.
pub async fn update_import(w: &mut Write, organisation_id: &str, id: &str, difference: &str) -> Result<()> {
    let touched = w
        .run(
            "UPDATE workbook_import SET difference = $1 WHERE organisation_id = $2 AND id = $3 AND state = 'waiting'",
            params![difference, organisation_id, id],
        )
        .await?;
    if touched == 1 { Ok(()) } else { Err(StoreError::Conflict("workbook_import")) }
}

/// Drops a person's waiting imports into an Assessment: a newer file takes their place.
pub async fn drop_waiting(w: &mut Write, organisation_id: &str, assessment_id: &str, account_id: &str) -> Result<()> {
    w.run(
        "UPDATE workbook_import SET state = 'dropped', difference = ''
         WHERE organisation_id = $1 AND assessment_id = $2 AND created_by = $3 AND state = 'waiting'",
        params![organisation_id, assessment_id, account_id],
    )
    .await?;
    Ok(())
}

/// Ends a waiting import and lets go of what was read.
///
/// # Errors
/// [`StoreError::Conflict`] when it was ended before.
pub async fn end_import(w: &mut Write, organisation_id: &str, id: &str, state: &str) -> Result<()> {
    let touched = w
        .run(
            "UPDATE workbook_import SET state = $1, difference = ''
             WHERE organisation_id = $2 AND id = $3 AND state = 'waiting'",
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
        .map(|row| {
            Ok(SavedMapping { id: row.text(0)?, name: row.text(1)?, mapping: row.text(2)?, version: row.int(3)? })
        })
        .collect()
}

/// One saved column mapping.
pub async fn mapping_by_id(c: &mut Connection, organisation_id: &str, id: &str) -> Result<Option<SavedMapping>> {
    Ok(mappings(c, organisation_id).await?.into_iter().find(|mapping| mapping.id == id))
}

/// Writes a mapping anew over the version that the person saw.
///
/// # Errors
/// [`StoreError::Conflict`] when somebody was faster.
pub async fn update_mapping(w: &mut Write, organisation_id: &str, m: &SavedMapping) -> Result<()> {
    let touched = w
        .run(
            "UPDATE column_mapping SET name = $1, mapping = $2, version = version + 1
             WHERE organisation_id = $3 AND id = $4 AND version = $5",
            params![&m.name, &m.mapping, organisation_id, &m.id, m.version],
        )
        .await?;
    if touched == 1 { Ok(()) } else { Err(StoreError::Conflict("column_mapping")) }
}

/// Deletes a mapping, at the version that the person saw.
///
/// # Errors
/// [`StoreError::Conflict`] when somebody was faster.
pub async fn delete_mapping(w: &mut Write, organisation_id: &str, id: &str, version: i64) -> Result<()> {
    let touched = w
        .run(
            "DELETE FROM column_mapping WHERE organisation_id = $1 AND id = $2 AND version = $3",
            params![organisation_id, id, version],
        )
        .await?;
    if touched == 1 { Ok(()) } else { Err(StoreError::Conflict("column_mapping")) }
}
