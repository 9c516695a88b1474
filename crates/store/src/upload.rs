//! Files between their preview and their confirmation, in parts, so that no value grows large.

use crate::connection::params;
use crate::{Connection, Result, Write};

/// A waiting file without its bytes.
#[derive(Debug, Clone)]
pub struct Upload {
    pub id: String,
    /// JSON of what was chosen with it.
    pub choice: String,
    /// Milliseconds since 1970.
    pub at: i64,
}

/// Keeps a file.
pub async fn insert(w: &mut Write, organisation_id: &str, u: &Upload, parts: &[String]) -> Result<()> {
    let count = i64::try_from(parts.len()).unwrap_or(i64::MAX);
    w.run(
        "INSERT INTO upload (id, organisation_id, choice, parts, at) VALUES ($1, $2, $3, $4, $5)",
        params![&u.id, organisation_id, &u.choice, count, u.at],
    )
    .await?;
    for (part, content) in (0_i64..).zip(parts) {
        w.run("INSERT INTO upload_part (upload_id, part, content) VALUES ($1, $2, $3)", params![&u.id, part, content])
            .await?;
    }
    Ok(())
}

/// A file with its parts in order, if it came after a moment.
pub async fn by_id(
    c: &mut Connection,
    organisation_id: &str,
    id: &str,
    after: i64,
) -> Result<Option<(Upload, Vec<String>)>> {
    let row = c
        .one(
            "SELECT choice, at FROM upload WHERE organisation_id = $1 AND id = $2 AND at >= $3",
            params![organisation_id, id, after],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    let upload = Upload { id: id.to_owned(), choice: row.text(0)?, at: row.int(1)? };
    let parts = c
        .all(
            "SELECT p.content FROM upload_part p JOIN upload u ON u.id = p.upload_id
             WHERE u.organisation_id = $1 AND p.upload_id = $2 ORDER BY p.part",
            params![organisation_id, id],
        )
        .await?;
    Ok(Some((upload, parts.iter().map(|row| row.text(0)).collect::<Result<_>>()?)))
}

/// How many files of an organisation wait.
pub async fn waiting(c: &mut Connection, organisation_id: &str) -> Result<i64> {
    let row = c.one("SELECT COUNT(*) FROM upload WHERE organisation_id = $1", params![organisation_id]).await?;
    row.map_or(Ok(0), |row| row.int(0))
}

/// Forgets a file.
pub async fn delete(w: &mut Write, organisation_id: &str, id: &str) -> Result<()> {
    w.run(
        "DELETE FROM upload_part WHERE upload_id IN (SELECT id FROM upload WHERE organisation_id = $1 AND id = $2)",
        params![organisation_id, id],
    )
    .await?;
    w.run("DELETE FROM upload WHERE organisation_id = $1 AND id = $2", params![organisation_id, id]).await?;
    Ok(())
}

/// Forgets what came before a moment.
pub async fn forget(w: &mut Write, before: i64) -> Result<u64> {
    w.run("DELETE FROM upload_part WHERE upload_id IN (SELECT id FROM upload WHERE at < $1)", params![before]).await?;
    w.run("DELETE FROM upload WHERE at < $1", params![before]).await
}
