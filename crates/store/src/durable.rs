//! What keeps data from being lost: where sealed evidence lies, which keys seal, what upkeep found.
//!
//! Scrub, backup and rotation of keys go over the whole installation: the functions that say so are the only ones that
//! read evidence without an organisation in their WHERE clause, and no page calls them.

use crate::connection::params;
use crate::{Connection, Result, Row, Write};

/// Where the sealed bytes of a file of evidence lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedFile {
    pub organisation_id: String,
    /// SHA-256 of the file as it was uploaded.
    pub file_hash: String,
    /// SHA-256 of the sealed bytes, their name.
    pub sealed_hash: String,
    pub sealed_size: i64,
    /// Public half of the key that sealed it.
    pub key_id: String,
    pub sealed_at: String,
}

macro_rules! select_sealed {
    ($rest:literal) => {
        concat!(
            "SELECT organisation_id, file_hash, sealed_hash, sealed_size, key_id, sealed_at FROM evidence_file ",
            $rest
        )
    };
}

fn sealed(row: &Row) -> Result<SealedFile> {
    Ok(SealedFile {
        organisation_id: row.text(0)?,
        file_hash: row.text(1)?,
        sealed_hash: row.text(2)?,
        sealed_size: row.int(3)?,
        key_id: row.text(4)?,
        sealed_at: row.text(5)?,
    })
}

/// Where an organisation's file lies; none for one that an older program kept unsealed.
pub async fn sealed_file(c: &mut Connection, organisation_id: &str, file_hash: &str) -> Result<Option<SealedFile>> {
    let row = c
        .one(select_sealed!("WHERE organisation_id = $1 AND file_hash = $2"), params![organisation_id, file_hash])
        .await?;
    row.as_ref().map(sealed).transpose()
}

/// Names where a file lies, in place of where it lay.
pub async fn put_sealed_file(w: &mut Write, file: &SealedFile) -> Result<()> {
    w.run(
        "INSERT INTO evidence_file (organisation_id, file_hash, sealed_hash, sealed_size, key_id, sealed_at)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (organisation_id, file_hash) DO UPDATE SET
         sealed_hash = excluded.sealed_hash, sealed_size = excluded.sealed_size, key_id = excluded.key_id, sealed_at = excluded.sealed_at",
        params![&file.organisation_id, &file.file_hash, &file.sealed_hash, file.sealed_size, &file.key_id, &file.sealed_at],
    )
    .await?;
    Ok(())
}

/// Sealed files of the whole installation in the order of their names, after a name.
pub async fn all_sealed_files(c: &mut Connection, after: &str, limit: i64) -> Result<Vec<SealedFile>> {
    c.map(select_sealed!("WHERE sealed_hash > $1 ORDER BY sealed_hash LIMIT $2"), params![after, limit], sealed).await
}

/// Organisation and hash of every file of the whole installation that an older program kept unsealed.
pub async fn all_unsealed_files(c: &mut Connection) -> Result<Vec<(String, String)>> {
    c.map(
        "SELECT DISTINCT e.organisation_id, e.file_hash FROM evidence e
         LEFT JOIN evidence_file f ON f.organisation_id = e.organisation_id AND f.file_hash = e.file_hash
         WHERE e.kind = 'file' AND f.sealed_hash IS NULL ORDER BY 1, 2",
        params![],
        |row| Ok((row.text(0)?, row.text(1)?)),
    )
    .await
}

/// A key that sealed something in this database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealKey {
    pub key_id: String,
    pub check_value: String,
    /// `sealing`, `kept` (still needed to open) or `retired`.
    pub state: String,
    pub added_at: String,
}

/// The keys that sealed something here, oldest first.
pub async fn seal_keys(c: &mut Connection) -> Result<Vec<SealKey>> {
    c.map("SELECT key_id, check_value, state, added_at FROM seal_key ORDER BY added_at, key_id", params![], |row| {
        Ok(SealKey { key_id: row.text(0)?, check_value: row.text(1)?, state: row.text(2)?, added_at: row.text(3)? })
    })
    .await
}

/// Adds a key as the one that seals; those before it are kept.
pub async fn add_seal_key(w: &mut Write, key: &SealKey) -> Result<()> {
    w.run("UPDATE seal_key SET state = 'kept' WHERE state = 'sealing'", params![]).await?;
    w.run(
        "INSERT INTO seal_key (key_id, check_value, state, added_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (key_id) DO UPDATE SET state = excluded.state, check_value = excluded.check_value",
        params![&key.key_id, &key.check_value, &key.state, &key.added_at],
    )
    .await?;
    Ok(())
}

/// Marks a key as needed no longer.
pub async fn retire_seal_key(w: &mut Write, key_id: &str) -> Result<u64> {
    w.run("UPDATE seal_key SET state = 'retired' WHERE key_id = $1 AND state = 'kept'", params![key_id]).await
}

/// The sealed key that names the chunks of a backup folder.
pub async fn repository_name_key(c: &mut Connection, id: &str) -> Result<Option<String>> {
    let row = c.one("SELECT name_key FROM backup_repository WHERE id = $1", params![id]).await?;
    row.map(|row| row.text(0)).transpose()
}

/// Keeps the sealed key that names the chunks of a backup folder.
pub async fn put_repository(w: &mut Write, id: &str, name_key: &str, at: &str) -> Result<()> {
    w.run(
        "INSERT INTO backup_repository (id, name_key, made_at) VALUES ($1, $2, $3)
         ON CONFLICT (id) DO UPDATE SET name_key = excluded.name_key",
        params![id, name_key, at],
    )
    .await?;
    Ok(())
}

/// Ids of the folders that backups went to.
pub async fn repositories(c: &mut Connection) -> Result<Vec<String>> {
    c.map("SELECT id FROM backup_repository ORDER BY made_at, id", params![], |row| row.text(0)).await
}

/// One scrub, backup or rehearsal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpkeepRun {
    pub id: String,
    /// `scrub`, `backup`, `verify` or `rehearsal`.
    pub kind: String,
    pub started_at: String,
    pub ended_at: String,
    pub is_good: bool,
    /// Id of the backup folder; '' for a scrub.
    pub repository: String,
    /// Number of the generation; 0 for a scrub.
    pub sequence: i64,
    /// JSON.
    pub report: String,
}

/// Keeps the report of a run.
pub async fn insert_upkeep_run(w: &mut Write, run: &UpkeepRun) -> Result<()> {
    w.run(
        "INSERT INTO upkeep_run (id, kind, started_at, ended_at, is_good, repository, sequence, report)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        params![
            &run.id,
            &run.kind,
            &run.started_at,
            &run.ended_at,
            run.is_good,
            &run.repository,
            run.sequence,
            &run.report
        ],
    )
    .await?;
    Ok(())
}

/// The newest runs of a kind, newest first.
pub async fn upkeep_runs(c: &mut Connection, kind: &str, limit: i64) -> Result<Vec<UpkeepRun>> {
    c.map(
        "SELECT id, kind, started_at, ended_at, is_good, repository, sequence, report FROM upkeep_run
         WHERE kind = $1 ORDER BY ended_at DESC, id DESC LIMIT $2",
        params![kind, limit],
        |row| {
            Ok(UpkeepRun {
                id: row.text(0)?,
                kind: row.text(1)?,
                started_at: row.text(2)?,
                ended_at: row.text(3)?,
                is_good: row.flag(4)?,
                repository: row.text(5)?,
                sequence: row.int(6)?,
                report: row.text(7)?,
            })
        },
    )
    .await
}
