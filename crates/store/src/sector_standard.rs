//! The register of sector standards (基準一覧): who issues them, how binding they are, when they are kept up, and what of a
//! guideline they need not have.

use sakimori_domain::revision::CycleStep;
use sakimori_domain::standards::AuthorityClass;

use crate::connection::params;
use crate::{Connection, Result, Row, StoreError, Write};

/// One Standard of a sector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SectorStandard {
    pub id: String,
    pub position: i64,
    pub sector: String,
    pub subsector: String,
    pub title: String,
    pub issuer: String,
    pub authority: AuthorityClass,
    /// Printed edition label, e.g. 第3版.
    pub label: String,
    /// Key of the loaded Edition; empty where none is loaded.
    pub edition_id: String,
    /// Id of the row that this is a supplement (追補版) of; empty where it stands alone.
    pub supplement_of: String,
    /// Months between revisions; 0 where none is set.
    pub cycle_months: i64,
    /// ISO dates, each may be empty.
    pub revised_on: String,
    pub next_review_on: String,
    pub valid_from: String,
    pub valid_to: String,
    pub note: String,
    /// Where it was taken from; empty: entered by hand.
    pub source: String,
    pub version: i64,
}

/// What is done with a Standard in a half-year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub id: String,
    /// Empty: the guideline that all of them follow.
    pub standard_id: String,
    pub fiscal_year: i64,
    /// 1: April to September, 2: October to March.
    pub half: i64,
    pub step: CycleStep,
    pub is_done: bool,
    pub version: i64,
}

/// An item of a guideline that a sector's Standard need not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exclusion {
    pub standard_id: String,
    pub edition_id: String,
    pub number: String,
    pub reason: String,
    pub decided_by: String,
    pub decided_at: String,
    pub version: i64,
}

fn standard_row(row: &Row) -> Result<SectorStandard> {
    let (id, authority) = (row.text(0)?, row.text(6)?);
    Ok(SectorStandard {
        position: row.int(1)?,
        sector: row.text(2)?,
        subsector: row.text(3)?,
        title: row.text(4)?,
        issuer: row.text(5)?,
        authority: AuthorityClass::from_code(&authority).ok_or_else(|| StoreError::Inconsistent {
            table: "sector_standard",
            key: id.clone(),
            what: format!("authority {authority}"),
        })?,
        label: row.text(7)?,
        edition_id: row.text(8)?,
        supplement_of: row.text(9)?,
        cycle_months: row.int(10)?,
        revised_on: row.text(11)?,
        next_review_on: row.text(12)?,
        valid_from: row.text(13)?,
        valid_to: row.text(14)?,
        note: row.text(15)?,
        source: row.text(16)?,
        version: row.int(17)?,
        id,
    })
}

/// Every row of an organisation, in order.
pub async fn standards(c: &mut Connection, organisation_id: &str) -> Result<Vec<SectorStandard>> {
    let rows = c
        .all(
            "SELECT id, position, sector, subsector, title, issuer, authority, label, edition_id, supplement_of, cycle_months,
                    revised_on, next_review_on, valid_from, valid_to, note, source, version
             FROM sector_standard WHERE organisation_id = $1 ORDER BY position, id",
            params![organisation_id],
        )
        .await?;
    rows.iter().map(standard_row).collect()
}

/// Writes a new row.
pub async fn insert_standard(w: &mut Write, organisation_id: &str, s: &SectorStandard) -> Result<()> {
    w.run(
        "INSERT INTO sector_standard (id, organisation_id, position, sector, subsector, title, issuer, authority, label,
             edition_id, supplement_of, cycle_months, revised_on, next_review_on, valid_from, valid_to, note, source, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)",
        params![
            &s.id, organisation_id, s.position, &s.sector, &s.subsector, &s.title, &s.issuer, s.authority.code(), &s.label,
            &s.edition_id, &s.supplement_of, s.cycle_months, &s.revised_on, &s.next_review_on, &s.valid_from, &s.valid_to,
            &s.note, &s.source, s.version
        ],
    )
    .await?;
    Ok(())
}

/// Writes a row over the version that was read; its place and where it came from stay.
///
/// # Errors
/// [`StoreError::Conflict`] when somebody was faster.
pub async fn update_standard(w: &mut Write, organisation_id: &str, s: &SectorStandard) -> Result<()> {
    let touched = w
        .run(
            "UPDATE sector_standard SET sector = $4, subsector = $5, title = $6, issuer = $7, authority = $8, label = $9,
                 edition_id = $10, supplement_of = $11, cycle_months = $12, revised_on = $13, next_review_on = $14,
                 valid_from = $15, valid_to = $16, note = $17, version = version + 1
             WHERE organisation_id = $1 AND id = $2 AND version = $3",
            params![
                organisation_id, &s.id, s.version, &s.sector, &s.subsector, &s.title, &s.issuer, s.authority.code(), &s.label,
                &s.edition_id, &s.supplement_of, s.cycle_months, &s.revised_on, &s.next_review_on, &s.valid_from, &s.valid_to,
                &s.note
            ],
        )
        .await?;
    if touched == 1 { Ok(()) } else { Err(StoreError::Conflict("sector_standard")) }
}

/// The calendar of an organisation.
pub async fn steps(c: &mut Connection, organisation_id: &str) -> Result<Vec<Step>> {
    let rows = c
        .all(
            "SELECT id, standard_id, fiscal_year, half, step, is_done, version FROM sector_standard_step
             WHERE organisation_id = $1 ORDER BY standard_id, fiscal_year, half, step",
            params![organisation_id],
        )
        .await?;
    rows.iter()
        .map(|row| {
            let (id, step) = (row.text(0)?, row.text(4)?);
            Ok(Step {
                standard_id: row.text(1)?,
                fiscal_year: row.int(2)?,
                half: row.int(3)?,
                step: CycleStep::from_code(&step).ok_or_else(|| StoreError::Inconsistent {
                    table: "sector_standard_step",
                    key: id.clone(),
                    what: format!("step {step}"),
                })?,
                is_done: row.flag(5)?,
                version: row.int(6)?,
                id,
            })
        })
        .collect()
}

/// Writes a step of a half-year, or whether it is done where it is there already.
pub async fn put_step(w: &mut Write, organisation_id: &str, s: &Step) -> Result<()> {
    w.run(
        "INSERT INTO sector_standard_step (id, organisation_id, standard_id, fiscal_year, half, step, is_done, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 1)
         ON CONFLICT (organisation_id, standard_id, fiscal_year, half, step) DO UPDATE SET is_done = excluded.is_done,
             version = sector_standard_step.version + 1",
        params![&s.id, organisation_id, &s.standard_id, s.fiscal_year, s.half, s.step.code(), s.is_done],
    )
    .await?;
    Ok(())
}

/// Takes a step out of the calendar.
///
/// # Errors
/// [`StoreError::Conflict`] when it is not there any more.
pub async fn delete_step(w: &mut Write, organisation_id: &str, id: &str) -> Result<()> {
    let touched = w
        .run("DELETE FROM sector_standard_step WHERE organisation_id = $1 AND id = $2", params![organisation_id, id])
        .await?;
    if touched == 1 { Ok(()) } else { Err(StoreError::Conflict("sector_standard_step")) }
}

/// Items that Standards need not have, of one Standard or of all where `standard_id` is empty.
pub async fn exclusions(c: &mut Connection, organisation_id: &str, standard_id: &str) -> Result<Vec<Exclusion>> {
    let rows = c
        .all(
            "SELECT standard_id, edition_id, number, reason, decided_by, decided_at, version FROM sector_standard_exclusion
             WHERE organisation_id = $1 AND ($2 = '' OR standard_id = $2) ORDER BY standard_id, edition_id, number",
            params![organisation_id, standard_id],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Exclusion {
                standard_id: row.text(0)?,
                edition_id: row.text(1)?,
                number: row.text(2)?,
                reason: row.text(3)?,
                decided_by: row.text(4)?,
                decided_at: row.text(5)?,
                version: row.int(6)?,
            })
        })
        .collect()
}

/// Writes why an item is not needed; the reason that stood there is replaced.
pub async fn put_exclusion(w: &mut Write, organisation_id: &str, e: &Exclusion) -> Result<()> {
    w.run(
        "INSERT INTO sector_standard_exclusion (standard_id, organisation_id, edition_id, number, reason, decided_by,
             decided_at, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 1)
         ON CONFLICT (standard_id, edition_id, number) DO UPDATE SET reason = excluded.reason,
             decided_by = excluded.decided_by, decided_at = excluded.decided_at,
             version = sector_standard_exclusion.version + 1",
        params![&e.standard_id, organisation_id, &e.edition_id, &e.number, &e.reason, &e.decided_by, &e.decided_at],
    )
    .await?;
    Ok(())
}
