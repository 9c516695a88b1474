//! Incident cases (事例): what went wrong, why, and which items of a Standard cover the causes.

use sakimori_domain::crosswalk::MappingStatus;

use crate::connection::params;
use crate::{Connection, Result, Row, StoreError, Write};

/// An incident that Standards are checked against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    pub id: String,
    /// What people call it, e.g. `2.1`.
    pub label: String,
    pub title: String,
    /// As the source says it: a date, a month, a year, or nothing.
    pub happened_on: String,
    /// Kind of network or system that was hit.
    pub network: String,
    pub summary: String,
    /// Where it was taken from, e.g. `records:telecom-safety-review:2.1`; empty: entered by hand.
    pub source: String,
    pub created_by: String,
    pub created_at: String,
    pub version: i64,
}

/// One problem or cause of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub id: String,
    pub case_id: String,
    pub position: i64,
    /// What happened through it.
    pub accident: String,
    pub problem: String,
    pub version: i64,
}

/// What a person said of a problem and an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cover {
    pub problem_id: String,
    pub edition_id: String,
    /// Empty: no item of the Edition covers the problem.
    pub number: String,
    /// Confirmed or rejected; what is only suggested is not kept.
    pub status: MappingStatus,
    pub decided_by: String,
    pub decided_at: String,
    pub version: i64,
}

fn case_row(row: &Row) -> Result<Case> {
    Ok(Case {
        id: row.text(0)?,
        label: row.text(1)?,
        title: row.text(2)?,
        happened_on: row.text(3)?,
        network: row.text(4)?,
        summary: row.text(5)?,
        source: row.text(6)?,
        created_by: row.text(7)?,
        created_at: row.text(8)?,
        version: row.int(9)?,
    })
}

macro_rules! select_case {
    ($rest:literal) => {
        concat!(
            "SELECT id, label, title, happened_on, network, summary, source, created_by, created_at, version FROM incident_case
             WHERE organisation_id = $1 ",
            $rest
        )
    };
}

/// The cases of an organisation, in the order of their labels.
pub async fn cases(c: &mut Connection, organisation_id: &str) -> Result<Vec<Case>> {
    let rows = c.all(select_case!("ORDER BY label, created_at, id"), params![organisation_id]).await?;
    rows.iter().map(case_row).collect()
}

/// One case.
pub async fn case(c: &mut Connection, organisation_id: &str, id: &str) -> Result<Option<Case>> {
    let row = c.one(select_case!("AND id = $2"), params![organisation_id, id]).await?;
    row.as_ref().map(case_row).transpose()
}

/// Writes a new case.
pub async fn insert_case(w: &mut Write, organisation_id: &str, case: &Case) -> Result<()> {
    w.run(
        "INSERT INTO incident_case (id, organisation_id, label, title, happened_on, network, summary, source, created_by,
             created_at, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        params![
            &case.id, organisation_id, &case.label, &case.title, &case.happened_on, &case.network, &case.summary, &case.source,
            &case.created_by, &case.created_at, case.version
        ],
    )
    .await?;
    Ok(())
}

/// Writes a case over the version that was read; where it came from stays.
///
/// # Errors
/// [`StoreError::Conflict`] when somebody was faster.
pub async fn update_case(w: &mut Write, organisation_id: &str, case: &Case) -> Result<()> {
    let touched = w
        .run(
            "UPDATE incident_case SET label = $4, title = $5, happened_on = $6, network = $7, summary = $8, version = version + 1
             WHERE organisation_id = $1 AND id = $2 AND version = $3",
            params![
                organisation_id, &case.id, case.version, &case.label, &case.title, &case.happened_on, &case.network, &case.summary
            ],
        )
        .await?;
    if touched == 1 { Ok(()) } else { Err(StoreError::Conflict("incident_case")) }
}

fn problem_row(row: &Row) -> Result<Problem> {
    Ok(Problem {
        id: row.text(0)?,
        case_id: row.text(1)?,
        position: row.int(2)?,
        accident: row.text(3)?,
        problem: row.text(4)?,
        version: row.int(5)?,
    })
}

/// The problems of one case (of every case where `case_id` is empty), in their order.
pub async fn problems(c: &mut Connection, organisation_id: &str, case_id: &str) -> Result<Vec<Problem>> {
    let rows = c
        .all(
            "SELECT id, case_id, position, accident, problem, version FROM incident_problem
             WHERE organisation_id = $1 AND ($2 = '' OR case_id = $2) ORDER BY case_id, position",
            params![organisation_id, case_id],
        )
        .await?;
    rows.iter().map(problem_row).collect()
}

/// One problem.
pub async fn problem(c: &mut Connection, organisation_id: &str, id: &str) -> Result<Option<Problem>> {
    let row = c
        .one(
            "SELECT id, case_id, position, accident, problem, version FROM incident_problem
             WHERE organisation_id = $1 AND id = $2",
            params![organisation_id, id],
        )
        .await?;
    row.as_ref().map(problem_row).transpose()
}

/// Writes a new problem.
pub async fn insert_problem(w: &mut Write, organisation_id: &str, p: &Problem) -> Result<()> {
    w.run(
        "INSERT INTO incident_problem (id, organisation_id, case_id, position, accident, problem, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        params![&p.id, organisation_id, &p.case_id, p.position, &p.accident, &p.problem, p.version],
    )
    .await?;
    Ok(())
}

/// What has been said of every problem against one Edition.
pub async fn covers(c: &mut Connection, organisation_id: &str, edition_id: &str) -> Result<Vec<Cover>> {
    let rows = c
        .all(
            "SELECT problem_id, edition_id, number, status, decided_by, decided_at, version FROM problem_cover
             WHERE organisation_id = $1 AND edition_id = $2 ORDER BY problem_id, number",
            params![organisation_id, edition_id],
        )
        .await?;
    rows.iter()
        .map(|row| {
            let (problem_id, status) = (row.text(0)?, row.text(3)?);
            Ok(Cover {
                edition_id: row.text(1)?,
                number: row.text(2)?,
                status: MappingStatus::from_code(&status).ok_or_else(|| StoreError::Inconsistent {
                    table: "problem_cover",
                    key: problem_id.clone(),
                    what: format!("status {status}"),
                })?,
                decided_by: row.text(4)?,
                decided_at: row.text(5)?,
                version: row.int(6)?,
                problem_id,
            })
        })
        .collect()
}

/// Keys of the Editions against which anything has been said.
pub async fn judged_editions(c: &mut Connection, organisation_id: &str) -> Result<Vec<String>> {
    let rows = c
        .all(
            "SELECT DISTINCT edition_id FROM problem_cover WHERE organisation_id = $1 ORDER BY edition_id",
            params![organisation_id],
        )
        .await?;
    rows.iter().map(|row| row.text(0)).collect()
}

/// Writes what was said of a problem and an item: new where `cover.version` is 0, else over that version.
///
/// # Errors
/// [`StoreError::Conflict`] when somebody was faster.
pub async fn put_cover(w: &mut Write, organisation_id: &str, cover: &Cover) -> Result<()> {
    let touched = if cover.version == 0 {
        w.run(
            "INSERT INTO problem_cover (problem_id, organisation_id, edition_id, number, status, decided_by, decided_at, version)
             VALUES ($1, $2, $3, $4, $5, $6, $7, 1) ON CONFLICT (problem_id, edition_id, number) DO NOTHING",
            params![
                &cover.problem_id, organisation_id, &cover.edition_id, &cover.number, cover.status.code(), &cover.decided_by,
                &cover.decided_at
            ],
        )
        .await?
    } else {
        w.run(
            "UPDATE problem_cover SET status = $6, decided_by = $7, decided_at = $8, version = version + 1
             WHERE organisation_id = $1 AND problem_id = $2 AND edition_id = $3 AND number = $4 AND version = $5",
            params![
                organisation_id,
                &cover.problem_id,
                &cover.edition_id,
                &cover.number,
                cover.version,
                cover.status.code(),
                &cover.decided_by,
                &cover.decided_at
            ],
        )
        .await?
    };
    if touched == 1 { Ok(()) } else { Err(StoreError::Conflict("problem_cover")) }
}

/// Takes back what was said of a problem and an item.
///
/// # Errors
/// [`StoreError::Conflict`] when it is not there or somebody was faster.
pub async fn delete_cover(w: &mut Write, organisation_id: &str, cover: &Cover) -> Result<()> {
    let touched = w
        .run(
            "DELETE FROM problem_cover WHERE organisation_id = $1 AND problem_id = $2 AND edition_id = $3 AND number = $4
                AND version = $5",
            params![organisation_id, &cover.problem_id, &cover.edition_id, &cover.number, cover.version],
        )
        .await?;
    if touched == 1 { Ok(()) } else { Err(StoreError::Conflict("problem_cover")) }
}
