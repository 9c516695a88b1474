//! The cover of an Assessment's gap report, as a person chose it.

use crate::connection::params;
use crate::{Connection, Result, StoreError, Write};

/// A chosen cover.
#[derive(Debug, Clone)]
pub struct ReportCover {
    pub assessment_id: String,
    /// JSON of `sakimori-app`'s cover.
    pub cover: String,
    /// 0 for one that is not stored yet.
    pub version: i64,
}

/// The cover of an Assessment; `None` while nobody has chosen one.
pub async fn cover(c: &mut Connection, organisation_id: &str, assessment_id: &str) -> Result<Option<ReportCover>> {
    let row = c
        .one(
            "SELECT assessment_id, cover, version FROM report_cover WHERE organisation_id = $1 AND assessment_id = $2",
            params![organisation_id, assessment_id],
        )
        .await?;
    row.map(|row| Ok(ReportCover { assessment_id: row.text(0)?, cover: row.text(1)?, version: row.int(2)? }))
        .transpose()
}

/// Writes a cover over the version that the person saw.
///
/// # Errors
/// [`StoreError::Conflict`] when somebody was faster.
pub async fn put_cover(w: &mut Write, organisation_id: &str, r: &ReportCover) -> Result<()> {
    let touched = if r.version == 0 {
        w.run(
            "INSERT INTO report_cover (assessment_id, organisation_id, cover, version) VALUES ($1, $2, $3, 1)
             ON CONFLICT (assessment_id) DO NOTHING",
            params![&r.assessment_id, organisation_id, &r.cover],
        )
        .await?
    } else {
        w.run(
            "UPDATE report_cover SET cover = $1, version = version + 1
             WHERE organisation_id = $2 AND assessment_id = $3 AND version = $4",
            params![&r.cover, organisation_id, &r.assessment_id, r.version],
        )
        .await?
    };
    if touched == 1 { Ok(()) } else { Err(StoreError::Conflict("report_cover")) }
}
