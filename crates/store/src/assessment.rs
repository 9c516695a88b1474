//! Applicability, tailoring, Assessments, answers and evidence.

use sakimori_domain::assurance::applicability::{Applicability, Force};
use sakimori_domain::assurance::{Answer, AnswerStatus, Maturity};

use crate::carry::{Carried, Rows, attach};
use crate::connection::params;
use crate::{Connection, Result, Row, StoreError, Write};

/// One run of answering.
#[derive(Debug, Clone)]
pub struct Assessment {
    pub id: String,
    pub organisation_id: String,
    pub title: String,
    /// The year in which the 年度 begins (April).
    pub fiscal_year: i64,
    /// `open` or `closed`.
    pub state: String,
    /// Empty for the first one.
    pub previous_id: String,
    pub created_at: String,
    pub version: i64,
}

/// One row of an assessment sheet: the Provision, what binds, this answer and the last one.
#[derive(Debug, Clone)]
pub struct SheetRow {
    pub id: String,
    pub edition_id: String,
    pub number: String,
    pub title: String,
    pub title_en: String,
    pub question: String,
    pub question_en: String,
    pub parent: String,
    pub position: i64,
    pub binds: bool,
    pub force: Force,
    pub reason: String,
    pub reason_en: String,
    pub answer: Answer,
    pub department_id: String,
    /// The last Assessment's answer to the same Provision.
    pub last: Option<Answer>,
    pub evidence: i64,
    pub field_versions: String,
    pub version: i64,
    pub updated_at: String,
    pub updated_by: String,
    /// Where the answer came from, if it was carried over from other Provisions.
    pub carried: Option<Box<Carried>>,
    /// Number under which a changed Provision was answered before a new Edition asked again; `last` then is that answer.
    pub asked_again: Option<String>,
}

/// A file, link or fact that supports an answer.
#[derive(Debug, Clone)]
pub struct Evidence {
    pub id: String,
    pub answer_id: String,
    /// `file` or `link`.
    pub kind: String,
    pub title: String,
    /// SHA-256 of the file, hex; empty for a link.
    pub file_hash: String,
    pub media_type: String,
    pub size: i64,
    pub url: String,
    pub added_by: String,
    pub added_at: String,
}

/// A person's departure from what the profile alone would say.
#[derive(Debug, Clone)]
pub struct Tailoring {
    pub edition_id: String,
    pub number: String,
    /// `in` (taken on although it does not bind) or `out` (left out although it binds).
    pub decision: String,
    pub justification: String,
    pub decided_by: String,
    pub decided_at: String,
    pub version: i64,
}

fn inconsistent(table: &'static str, key: &str, what: impl Into<String>) -> StoreError {
    StoreError::Inconsistent { table, key: key.to_owned(), what: what.into() }
}

fn force(key: &str, code: &str) -> Result<Force> {
    Force::from_code(code).ok_or_else(|| inconsistent("applicability", key, format!("force {code}")))
}

/// Replaces what binds an organisation of one Edition.
pub async fn replace_applicability(
    w: &mut Write,
    organisation_id: &str,
    edition_id: &str,
    rows: &[(String, Applicability)],
) -> Result<()> {
    w.run(
        "DELETE FROM applicability WHERE organisation_id = $1 AND edition_id = $2",
        params![organisation_id, edition_id],
    )
    .await?;
    for (number, a) in rows {
        w.run(
            "INSERT INTO applicability (organisation_id, edition_id, number, binds, force, reason, reason_en)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            params![organisation_id, edition_id, number, a.binds, a.force.code(), &a.reason, &a.reason_en],
        )
        .await?;
    }
    Ok(())
}

/// What binds an organisation of one Edition, by number.
pub async fn applicability(
    c: &mut Connection,
    organisation_id: &str,
    edition_id: &str,
) -> Result<Vec<(String, Applicability)>> {
    let rows = c
        .all(
            "SELECT number, binds, force, reason, reason_en FROM applicability WHERE organisation_id = $1 AND edition_id = $2",
            params![organisation_id, edition_id],
        )
        .await?;
    rows.iter()
        .map(|row| {
            let number = row.text(0)?;
            let force = force(&number, &row.text(2)?)?;
            Ok((number, Applicability { binds: row.flag(1)?, force, reason: row.text(3)?, reason_en: row.text(4)? }))
        })
        .collect()
}

/// Tailoring decisions of an organisation on one Edition.
pub async fn tailorings(c: &mut Connection, organisation_id: &str, edition_id: &str) -> Result<Vec<Tailoring>> {
    let rows = c
        .all(
            "SELECT edition_id, number, decision, justification, decided_by, decided_at, version FROM tailoring
             WHERE organisation_id = $1 AND edition_id = $2",
            params![organisation_id, edition_id],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Tailoring {
                edition_id: row.text(0)?,
                number: row.text(1)?,
                decision: row.text(2)?,
                justification: row.text(3)?,
                decided_by: row.text(4)?,
                decided_at: row.text(5)?,
                version: row.int(6)?,
            })
        })
        .collect()
}

/// Writes a tailoring decision.
pub async fn put_tailoring(w: &mut Write, organisation_id: &str, t: &Tailoring) -> Result<()> {
    w.run(
        "INSERT INTO tailoring (organisation_id, edition_id, number, decision, justification, decided_by, decided_at, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 1)
         ON CONFLICT (organisation_id, edition_id, number) DO UPDATE SET decision = excluded.decision,
             justification = excluded.justification, decided_by = excluded.decided_by, decided_at = excluded.decided_at,
             version = tailoring.version + 1",
        params![organisation_id, &t.edition_id, &t.number, &t.decision, &t.justification, &t.decided_by, &t.decided_at],
    )
    .await?;
    Ok(())
}

/// Takes a tailoring decision back.
pub async fn delete_tailoring(w: &mut Write, organisation_id: &str, edition_id: &str, number: &str) -> Result<()> {
    w.run(
        "DELETE FROM tailoring WHERE organisation_id = $1 AND edition_id = $2 AND number = $3",
        params![organisation_id, edition_id, number],
    )
    .await?;
    Ok(())
}

fn assessment(row: &Row) -> Result<Assessment> {
    Ok(Assessment {
        id: row.text(0)?,
        organisation_id: row.text(1)?,
        title: row.text(2)?,
        fiscal_year: row.int(3)?,
        state: row.text(4)?,
        previous_id: row.text(5)?,
        created_at: row.text(6)?,
        version: row.int(7)?,
    })
}

macro_rules! select_assessment {
    ($rest:literal) => {
        concat!(
            "SELECT id, organisation_id, title, fiscal_year, state, previous_id, created_at, version FROM assessment ",
            $rest
        )
    };
}

/// Assessments of an organisation, newest first.
pub async fn assessments(c: &mut Connection, organisation_id: &str) -> Result<Vec<Assessment>> {
    let rows = c
        .all(
            select_assessment!("WHERE organisation_id = $1 ORDER BY fiscal_year DESC, created_at DESC"),
            params![organisation_id],
        )
        .await?;
    rows.iter().map(assessment).collect()
}

/// One Assessment of an organisation.
pub async fn assessment_by_id(c: &mut Connection, organisation_id: &str, id: &str) -> Result<Option<Assessment>> {
    let row = c.one(select_assessment!("WHERE organisation_id = $1 AND id = $2"), params![organisation_id, id]).await?;
    row.as_ref().map(assessment).transpose()
}

/// Holds an Assessment as it is until the transaction ends.
pub async fn hold_assessment(w: &mut Write, organisation_id: &str, id: &str) -> Result<()> {
    w.run("UPDATE assessment SET state = state WHERE organisation_id = $1 AND id = $2", params![organisation_id, id])
        .await?;
    Ok(())
}

/// Writes a new Assessment and the Editions that it covers, in order.
pub async fn insert_assessment(w: &mut Write, a: &Assessment, editions: &[String]) -> Result<()> {
    w.run(
        "INSERT INTO assessment (id, organisation_id, title, fiscal_year, state, previous_id, created_at, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        params![&a.id, &a.organisation_id, &a.title, a.fiscal_year, &a.state, &a.previous_id, &a.created_at, a.version],
    )
    .await?;
    for (position, edition_id) in editions.iter().enumerate() {
        w.run(
            "INSERT INTO assessment_edition (assessment_id, edition_id, position) VALUES ($1, $2, $3)",
            params![&a.id, edition_id, position as i64],
        )
        .await?;
    }
    Ok(())
}

/// Opens or closes an Assessment, or renames it.
///
/// # Errors
/// [`StoreError::Conflict`] when somebody was faster.
pub async fn update_assessment(w: &mut Write, a: &Assessment) -> Result<()> {
    let touched = w
        .run(
            "UPDATE assessment SET title = $1, state = $2, version = version + 1 WHERE id = $3 AND organisation_id = $4 AND version = $5",
            params![&a.title, &a.state, &a.id, &a.organisation_id, a.version],
        )
        .await?;
    if touched == 1 { Ok(()) } else { Err(StoreError::Conflict("assessment")) }
}

/// The Editions that an Assessment covers, in order.
pub async fn assessment_editions(c: &mut Connection, assessment_id: &str) -> Result<Vec<String>> {
    let rows = c
        .all(
            "SELECT edition_id FROM assessment_edition WHERE assessment_id = $1 ORDER BY position",
            params![assessment_id],
        )
        .await?;
    rows.iter().map(|row| row.text(0)).collect()
}

macro_rules! select_sheet {
    ($condition:literal) => {
        concat!(
            "SELECT a.id, a.edition_id, a.number, p.title, p.title_en, p.question, p.question_en, p.parent, a.position,
                    COALESCE(f.binds, 1), COALESCE(f.force, 'info'), COALESCE(f.reason, ''), COALESCE(f.reason_en, ''),
                    a.status, a.maturity, a.na_reason, a.current_state, a.plan, a.due, a.owner, a.department_id, COALESCE(d.name, ''),
                    COALESCE(l.status, ''), COALESCE(l.maturity, -1), COALESCE(l.na_reason, ''), COALESCE(l.current_state, ''),
                    COALESCE(l.plan, ''), COALESCE(l.due, ''), COALESCE(l.owner, ''),
                    (SELECT COUNT(*) FROM evidence e WHERE e.answer_id = a.id),
                    a.field_versions, a.version, a.updated_at, a.updated_by
             FROM answer a
             JOIN provision p ON p.edition_id = a.edition_id AND p.number = a.number
             JOIN assessment s ON s.id = a.assessment_id
             LEFT JOIN applicability f ON f.organisation_id = a.organisation_id AND f.edition_id = a.edition_id AND f.number = a.number
             LEFT JOIN department d ON d.id = a.department_id
             LEFT JOIN answer l ON l.assessment_id = s.previous_id
                 AND l.edition_id = CASE a.former_edition WHEN '' THEN a.edition_id ELSE a.former_edition END
                 AND l.number = CASE a.former_edition WHEN '' THEN a.number ELSE a.former_number END
             WHERE a.organisation_id = $1 AND a.withdrawn = '' AND ",
            $condition
        )
    };
}

fn answer(row: &Row, key: &str, at: usize) -> Result<Answer> {
    let code = row.text(at)?;
    let maturity = row.int(at + 1)?;
    Ok(Answer {
        status: AnswerStatus::from_code(&code).ok_or_else(|| inconsistent("answer", key, format!("status {code}")))?,
        maturity: u8::try_from(maturity).ok().and_then(Maturity::new),
        na_reason: row.text(at + 2)?,
        current: row.text(at + 3)?,
        plan: row.text(at + 4)?,
        due: parse_due(key, &row.text(at + 5)?)?,
        owner: row.text(at + 6)?,
        department: String::new(),
    })
}

fn parse_due(key: &str, text: &str) -> Result<Option<jiff::civil::Date>> {
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| inconsistent("answer", key, format!("due {text}")))
}

fn sheet_row(row: &Row) -> Result<SheetRow> {
    let id = row.text(0)?;
    let mut this = answer(row, &id, 13)?;
    this.department = row.text(21)?;
    let last = if row.text(22)?.is_empty() { None } else { Some(answer(row, &id, 22)?) };
    Ok(SheetRow {
        edition_id: row.text(1)?,
        number: row.text(2)?,
        title: row.text(3)?,
        title_en: row.text(4)?,
        question: row.text(5)?,
        question_en: row.text(6)?,
        parent: row.text(7)?,
        position: row.int(8)?,
        binds: row.flag(9)?,
        force: force(&id, &row.text(10)?)?,
        reason: row.text(11)?,
        reason_en: row.text(12)?,
        answer: this,
        department_id: row.text(20)?,
        last,
        evidence: row.int(29)?,
        field_versions: row.text(30)?,
        version: row.int(31)?,
        updated_at: row.text(32)?,
        updated_by: row.text(33)?,
        carried: None,
        asked_again: None,
        id,
    })
}

/// Every row of an Assessment in order.
pub async fn sheet(c: &mut Connection, organisation_id: &str, assessment_id: &str) -> Result<Vec<SheetRow>> {
    let params = params![organisation_id, assessment_id];
    let mut rows = c.map(select_sheet!("a.assessment_id = $2 ORDER BY a.position"), params, sheet_row).await?;
    attach(c, organisation_id, Rows::Assessment(assessment_id), &mut rows).await?;
    Ok(rows)
}

/// The rows of one request, in order.
pub async fn sheet_of_request(c: &mut Connection, organisation_id: &str, request_id: &str) -> Result<Vec<SheetRow>> {
    let sql =
        select_sheet!("a.id IN (SELECT answer_id FROM answer_request_item WHERE request_id = $2) ORDER BY a.position");
    let mut rows = c.map(sql, params![organisation_id, request_id], sheet_row).await?;
    attach(c, organisation_id, Rows::Request(request_id), &mut rows).await?;
    Ok(rows)
}

/// The rows of an Assessment that were asked of one department in any request but a withdrawn one, in order.
pub async fn sheet_of_department(
    c: &mut Connection,
    organisation_id: &str,
    assessment_id: &str,
    department_id: &str,
) -> Result<Vec<SheetRow>> {
    let sql = select_sheet!(
        "a.assessment_id = $2 AND a.id IN (
            SELECT i.answer_id FROM answer_request_item i JOIN answer_request r ON r.id = i.request_id
            WHERE r.assessment_id = $2 AND r.department_id = $3 AND r.state <> 'withdrawn') ORDER BY a.position"
    );
    let mut rows = c.map(sql, params![organisation_id, assessment_id, department_id], sheet_row).await?;
    attach(c, organisation_id, Rows::Assessment(assessment_id), &mut rows).await?;
    Ok(rows)
}

/// Number, place and title of a Provision: what chapters and lists are made of.
#[derive(Debug, Clone)]
pub struct Heading {
    pub number: String,
    /// Empty at the top of the tree.
    pub parent: String,
    pub title: String,
    pub title_en: String,
}

fn heading(row: &Row) -> Result<Heading> {
    Ok(Heading { number: row.text(0)?, parent: row.text(1)?, title: row.text(2)?, title_en: row.text(3)? })
}

/// The Provisions of an Edition that people answer, in order.
pub async fn controls(c: &mut Connection, edition_id: &str) -> Result<Vec<Heading>> {
    let rows = c
        .all(
            "SELECT number, parent, title, title_en FROM provision WHERE edition_id = $1 AND kind = 'control' ORDER BY position",
            params![edition_id],
        )
        .await?;
    rows.iter().map(heading).collect()
}

/// The Provisions of an Edition that have others below them, in order.
pub async fn headings(c: &mut Connection, edition_id: &str) -> Result<Vec<Heading>> {
    let rows = c
        .all(
            "SELECT number, parent, title, title_en FROM provision
             WHERE edition_id = $1 AND number IN (SELECT parent FROM provision WHERE edition_id = $1) ORDER BY position",
            params![edition_id],
        )
        .await?;
    rows.iter().map(heading).collect()
}

/// One row.
pub async fn sheet_row_by_id(
    c: &mut Connection,
    organisation_id: &str,
    answer_id: &str,
) -> Result<Option<(String, SheetRow)>> {
    let Some(row) = sheet_row_alone(c, organisation_id, answer_id).await? else { return Ok(None) };
    let parent = c.one("SELECT assessment_id FROM answer WHERE id = $1", params![answer_id]).await?;
    let Some(parent) = parent else { return Ok(None) };
    Ok(Some((parent.text(0)?, row)))
}

/// The row alone, without its Assessment; for callers that know where it belongs.
pub async fn sheet_row_alone(c: &mut Connection, organisation_id: &str, answer_id: &str) -> Result<Option<SheetRow>> {
    let Some(row) = c.one(select_sheet!("a.id = $2"), params![organisation_id, answer_id]).await? else {
        return Ok(None);
    };
    let mut row = sheet_row(&row)?;
    attach(c, organisation_id, Rows::One(answer_id), std::slice::from_mut(&mut row)).await?;
    Ok(Some(row))
}

/// The newest answers of an organisation to one Provision: Assessment title, year, and row id.
pub async fn answers_to(
    c: &mut Connection,
    organisation_id: &str,
    edition_id: &str,
    number: &str,
) -> Result<Vec<(Assessment, String)>> {
    let rows = c
        .all(
            "SELECT s.id, s.organisation_id, s.title, s.fiscal_year, s.state, s.previous_id, s.created_at, s.version, a.id
             FROM answer a JOIN assessment s ON s.id = a.assessment_id
             WHERE a.organisation_id = $1 AND a.edition_id = $2 AND a.number = $3 AND a.withdrawn = '' ORDER BY s.fiscal_year DESC, s.created_at DESC",
            params![organisation_id, edition_id, number],
        )
        .await?;
    rows.iter().map(|row| Ok((assessment(row)?, row.text(8)?))).collect()
}

/// Counts of an Assessment by Edition, force and status: what the home page's bars and the report's tables show.
pub async fn counts(
    c: &mut Connection,
    organisation_id: &str,
    assessment_id: &str,
) -> Result<Vec<(String, Force, bool, AnswerStatus, i64)>> {
    let rows = c
        .all(
            "SELECT a.edition_id, COALESCE(f.force, 'info'), COALESCE(f.binds, 1), a.status, COUNT(*)
             FROM answer a
             LEFT JOIN applicability f ON f.organisation_id = a.organisation_id AND f.edition_id = a.edition_id AND f.number = a.number
             WHERE a.organisation_id = $1 AND a.assessment_id = $2 AND a.withdrawn = ''
             GROUP BY a.edition_id, COALESCE(f.force, 'info'), COALESCE(f.binds, 1), a.status",
            params![organisation_id, assessment_id],
        )
        .await?;
    rows.iter()
        .map(|row| {
            let code = row.text(3)?;
            let status = AnswerStatus::from_code(&code)
                .ok_or_else(|| inconsistent("answer", assessment_id, format!("status {code}")))?;
            Ok((row.text(0)?, force(assessment_id, &row.text(1)?)?, row.flag(2)?, status, row.int(4)?))
        })
        .collect()
}

/// Writes a new, still empty (or carried over) row.
pub async fn insert_answer(w: &mut Write, assessment_id: &str, organisation_id: &str, r: &NewAnswer<'_>) -> Result<()> {
    let a = r.answer;
    w.run(
        "INSERT INTO answer (id, organisation_id, assessment_id, edition_id, number, position, department_id, status, maturity, na_reason,
                             current_state, plan, due, owner, field_versions, version, updated_at, updated_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, '{}', 1, $15, $16)",
        params![
            r.id, organisation_id, assessment_id, r.edition_id, r.number, r.position, r.department_id, a.status.code(),
            maturity_int(a.maturity), &a.na_reason, &a.current, &a.plan, due_text(a.due), &a.owner, r.updated_at, r.updated_by
        ],
    )
    .await?;
    Ok(())
}

/// A row to insert.
pub struct NewAnswer<'a> {
    pub id: &'a str,
    pub edition_id: &'a str,
    pub number: &'a str,
    pub position: i64,
    pub department_id: &'a str,
    pub answer: &'a Answer,
    pub updated_at: &'a str,
    pub updated_by: &'a str,
}

fn maturity_int(m: Option<Maturity>) -> i64 {
    m.map_or(-1, |m| i64::from(m.level()))
}

fn due_text(due: Option<jiff::civil::Date>) -> String {
    due.map_or(String::new(), |date| date.to_string())
}

/// Writes an answer over the version that the writer has seen.
///
/// # Errors
/// [`StoreError::Conflict`] when the row has moved on since `row.version`.
pub async fn update_answer(w: &mut Write, organisation_id: &str, row: &SheetRow, field_versions: &str) -> Result<()> {
    let a = &row.answer;
    let touched = w
        .run(
            "UPDATE answer SET department_id = $1, status = $2, maturity = $3, na_reason = $4, current_state = $5, plan = $6, due = $7,
                 owner = $8, field_versions = $9, updated_at = $10, updated_by = $11, version = version + 1
             WHERE id = $12 AND organisation_id = $13 AND version = $14",
            params![
                &row.department_id, a.status.code(), maturity_int(a.maturity), &a.na_reason, &a.current, &a.plan, due_text(a.due),
                &a.owner, field_versions, &row.updated_at, &row.updated_by, &row.id, organisation_id, row.version
            ],
        )
        .await?;
    if touched == 1 { Ok(()) } else { Err(StoreError::Conflict("answer")) }
}

/// Evidence of one answer, oldest first.
pub async fn evidence_of(c: &mut Connection, organisation_id: &str, answer_id: &str) -> Result<Vec<Evidence>> {
    let rows = c
        .all(
            "SELECT id, answer_id, kind, title, file_hash, media_type, size, url, added_by, added_at FROM evidence
             WHERE organisation_id = $1 AND answer_id = $2 ORDER BY added_at, id",
            params![organisation_id, answer_id],
        )
        .await?;
    rows.iter().map(evidence).collect()
}

/// One piece of evidence.
pub async fn evidence_by_id(c: &mut Connection, organisation_id: &str, id: &str) -> Result<Option<Evidence>> {
    let row = c
        .one(
            "SELECT id, answer_id, kind, title, file_hash, media_type, size, url, added_by, added_at FROM evidence
             WHERE organisation_id = $1 AND id = $2",
            params![organisation_id, id],
        )
        .await?;
    row.as_ref().map(evidence).transpose()
}

fn evidence(row: &Row) -> Result<Evidence> {
    Ok(Evidence {
        id: row.text(0)?,
        answer_id: row.text(1)?,
        kind: row.text(2)?,
        title: row.text(3)?,
        file_hash: row.text(4)?,
        media_type: row.text(5)?,
        size: row.int(6)?,
        url: row.text(7)?,
        added_by: row.text(8)?,
        added_at: row.text(9)?,
    })
}

/// Writes a piece of evidence.
pub async fn insert_evidence(w: &mut Write, organisation_id: &str, e: &Evidence) -> Result<()> {
    w.run(
        "INSERT INTO evidence (id, organisation_id, answer_id, kind, title, file_hash, media_type, size, url, added_by, added_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        params![
            &e.id, organisation_id, &e.answer_id, &e.kind, &e.title, &e.file_hash, &e.media_type, e.size, &e.url, &e.added_by, &e.added_at
        ],
    )
    .await?;
    Ok(())
}
