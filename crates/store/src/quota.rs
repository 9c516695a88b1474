//! How much evidence an organisation keeps, and how much it may where that is not the installation's own limit.

use crate::connection::params;
use crate::{Connection, Result, Write};

/// Bytes on the disk and files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amount {
    pub bytes: i64,
    pub files: i64,
}

/// What an organisation keeps: the same file on several answers lies there once and counts once.
pub async fn kept(c: &mut Connection, organisation_id: &str) -> Result<Amount> {
    let row = c
        .one(
            "SELECT CAST(COALESCE(SUM(sealed_size), 0) AS BIGINT), COUNT(*) FROM evidence_file WHERE organisation_id = $1",
            params![organisation_id],
        )
        .await?;
    row.map_or(Ok(Amount { bytes: 0, files: 0 }), |row| Ok(Amount { bytes: row.int(0)?, files: row.int(1)? }))
}

/// The limit that was set for an organisation; none where the installation's holds.
pub async fn own_limit(c: &mut Connection, organisation_id: &str) -> Result<Option<Amount>> {
    let row =
        c.one("SELECT bytes, files FROM evidence_quota WHERE organisation_id = $1", params![organisation_id]).await?;
    row.map(|row| Ok(Amount { bytes: row.int(0)?, files: row.int(1)? })).transpose()
}

/// Sets the limit of an organisation.
pub async fn set_limit(w: &mut Write, organisation_id: &str, limit: Amount, at: &str) -> Result<()> {
    w.run(
        "INSERT INTO evidence_quota (organisation_id, bytes, files, set_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (organisation_id) DO UPDATE SET bytes = excluded.bytes, files = excluded.files, set_at = excluded.set_at",
        params![organisation_id, limit.bytes, limit.files, at],
    )
    .await?;
    Ok(())
}

/// Lets the installation's limit hold for an organisation again.
pub async fn clear_limit(w: &mut Write, organisation_id: &str) -> Result<u64> {
    w.run("DELETE FROM evidence_quota WHERE organisation_id = $1", params![organisation_id]).await
}
