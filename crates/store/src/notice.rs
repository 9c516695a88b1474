//! お知らせ: what a role or one account of an organisation is told.

use crate::connection::params;
use crate::{Connection, Result, Row, Write};

/// One notice.
#[derive(Debug, Clone)]
pub struct Notice {
    pub id: String,
    pub organisation_id: String,
    /// `role` or `account`.
    pub audience_kind: String,
    /// Code of the role, or id of the account.
    pub audience: String,
    /// Stable, e.g. `account.lock`.
    pub code: String,
    pub subject_kind: String,
    pub subject_id: String,
    pub ja: String,
    pub en: String,
    pub at: String,
}

/// Who reads: only what is for their role or themselves, in the organisation they are signed in to.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    pub organisation_id: &'a str,
    pub account_id: &'a str,
    pub role: &'a str,
}

/// Writes a notice.
pub async fn insert(w: &mut Write, n: &Notice) -> Result<()> {
    w.run(
        "INSERT INTO notice (id, organisation_id, audience_kind, audience, code, subject_kind, subject_id, ja, en, at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        params![
            &n.id,
            &n.organisation_id,
            &n.audience_kind,
            &n.audience,
            &n.code,
            &n.subject_kind,
            &n.subject_id,
            &n.ja,
            &n.en,
            &n.at
        ],
    )
    .await?;
    Ok(())
}

/// What a reader's notices are, for every statement here.
macro_rules! of_reader {
    ($start:literal, $rest:literal) => {
        concat!(
            $start,
            " FROM notice n LEFT JOIN notice_read r ON r.notice_id = n.id AND r.account_id = $2
             WHERE n.organisation_id = $1
               AND ((n.audience_kind = 'account' AND n.audience = $2) OR (n.audience_kind = 'role' AND n.audience = $3)) ",
            $rest
        )
    };
}

/// How many a reader has not read.
pub async fn unread(c: &mut Connection, reader: Reader<'_>) -> Result<i64> {
    let row = c
        .one(
            of_reader!("SELECT COUNT(*)", "AND r.notice_id IS NULL"),
            params![reader.organisation_id, reader.account_id, reader.role],
        )
        .await?;
    row.map_or(Ok(0), |row| row.int(0))
}

/// A reader's notices with whether each was read: unread first, then the newest.
pub async fn list(c: &mut Connection, reader: Reader<'_>, limit: i64) -> Result<Vec<(Notice, bool)>> {
    let rows = c
        .all(
            of_reader!(
                "SELECT n.id, n.organisation_id, n.audience_kind, n.audience, n.code, n.subject_kind, n.subject_id, n.ja, n.en, n.at,
                        CAST(CASE WHEN r.notice_id IS NULL THEN 0 ELSE 1 END AS BIGINT)",
                "ORDER BY 11, n.at DESC, n.id DESC LIMIT $4"
            ),
            params![reader.organisation_id, reader.account_id, reader.role, limit],
        )
        .await?;
    rows.iter().map(|row| Ok((notice(row)?, row.flag(10)?))).collect()
}

fn notice(row: &Row) -> Result<Notice> {
    Ok(Notice {
        id: row.text(0)?,
        organisation_id: row.text(1)?,
        audience_kind: row.text(2)?,
        audience: row.text(3)?,
        code: row.text(4)?,
        subject_kind: row.text(5)?,
        subject_id: row.text(6)?,
        ja: row.text(7)?,
        en: row.text(8)?,
        at: row.text(9)?,
    })
}

/// Notes that a reader has read one notice, or every one (`id` empty), and says how many became read by that.
pub async fn mark_read(w: &mut Write, reader: Reader<'_>, id: &str, at: &str) -> Result<u64> {
    w.run(
        "INSERT INTO notice_read (notice_id, account_id, at)
         SELECT n.id, $2, $4 FROM notice n LEFT JOIN notice_read r ON r.notice_id = n.id AND r.account_id = $2
         WHERE n.organisation_id = $1
           AND ((n.audience_kind = 'account' AND n.audience = $2) OR (n.audience_kind = 'role' AND n.audience = $3))
           AND r.notice_id IS NULL AND ($5 = '' OR n.id = $5)
         ON CONFLICT (notice_id, account_id) DO NOTHING",
        params![reader.organisation_id, reader.account_id, reader.role, at, id],
    )
    .await
}

/// Whether the same was told to the same audience since a moment: what is noticed again every night is told once.
pub async fn told_since(c: &mut Connection, n: &Notice, since: &str) -> Result<bool> {
    let row = c
        .one(
            "SELECT COUNT(*) FROM notice WHERE organisation_id = $1 AND audience_kind = $2 AND audience = $3 AND code = $4
             AND subject_kind = $5 AND subject_id = $6 AND at >= $7",
            params![&n.organisation_id, &n.audience_kind, &n.audience, &n.code, &n.subject_kind, &n.subject_id, since],
        )
        .await?;
    row.map_or(Ok(false), |row| row.flag(0))
}
