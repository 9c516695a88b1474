//! 部署別回答依頼: which rows a department or system is asked to answer, by when.

use crate::connection::params;
use crate::{Connection, Result, Row, StoreError, Write};

/// A request to a department.
#[derive(Debug, Clone)]
pub struct AnswerRequest {
    pub id: String,
    pub organisation_id: String,
    pub assessment_id: String,
    pub assessment_title: String,
    pub department_id: String,
    pub department_name: String,
    /// The person to whom it was passed on inside the department; empty when nobody.
    pub delegate_id: String,
    pub delegate_name: String,
    pub message: String,
    /// ISO date.
    pub due: String,
    /// `asked`, `returned`, `accepted` or `withdrawn`.
    pub state: String,
    pub asked_by: String,
    pub asked_at: String,
    pub returned_at: String,
    pub reminded_at: String,
    pub version: i64,
    pub rows: i64,
    pub answered: i64,
}

macro_rules! select_request {
    ($rest:literal) => {
        concat!(
            "SELECT r.id, r.organisation_id, r.assessment_id, s.title, r.department_id, d.name, r.delegate_id, COALESCE(n.display_name, ''),
                    r.message, r.due, r.state, r.asked_by, r.asked_at, r.returned_at, r.reminded_at, r.version,
                    (SELECT COUNT(*) FROM answer_request_item i JOIN answer a ON a.id = i.answer_id
                     WHERE i.request_id = r.id AND a.withdrawn = ''),
                    (SELECT COUNT(*) FROM answer_request_item i JOIN answer a ON a.id = i.answer_id
                     WHERE i.request_id = r.id AND a.withdrawn = '' AND a.status <> 'blank')
             FROM answer_request r
             JOIN assessment s ON s.id = r.assessment_id
             JOIN department d ON d.id = r.department_id
             LEFT JOIN account n ON n.id = r.delegate_id
             WHERE r.organisation_id = $1 ",
            $rest
        )
    };
}

fn request(row: &Row) -> Result<AnswerRequest> {
    Ok(AnswerRequest {
        id: row.text(0)?,
        organisation_id: row.text(1)?,
        assessment_id: row.text(2)?,
        assessment_title: row.text(3)?,
        department_id: row.text(4)?,
        department_name: row.text(5)?,
        delegate_id: row.text(6)?,
        delegate_name: row.text(7)?,
        message: row.text(8)?,
        due: row.text(9)?,
        state: row.text(10)?,
        asked_by: row.text(11)?,
        asked_at: row.text(12)?,
        returned_at: row.text(13)?,
        reminded_at: row.text(14)?,
        version: row.int(15)?,
        rows: row.int(16)?,
        answered: row.int(17)?,
    })
}

/// Every request of an organisation, by deadline.
pub async fn requests(c: &mut Connection, organisation_id: &str) -> Result<Vec<AnswerRequest>> {
    let rows = c.all(select_request!("ORDER BY r.due, d.name"), params![organisation_id]).await?;
    rows.iter().map(request).collect()
}

/// Requests to one department, by deadline.
pub async fn requests_of_department(
    c: &mut Connection,
    organisation_id: &str,
    department_id: &str,
) -> Result<Vec<AnswerRequest>> {
    let rows = c
        .all(select_request!("AND r.department_id = $2 ORDER BY r.due"), params![organisation_id, department_id])
        .await?;
    rows.iter().map(request).collect()
}

/// One request.
pub async fn request_by_id(c: &mut Connection, organisation_id: &str, id: &str) -> Result<Option<AnswerRequest>> {
    let row = c.one(select_request!("AND r.id = $2"), params![organisation_id, id]).await?;
    row.as_ref().map(request).transpose()
}

/// Whether an answer was asked of a department in a request that is still open.
pub async fn is_asked_of(
    c: &mut Connection,
    organisation_id: &str,
    answer_id: &str,
    department_id: &str,
) -> Result<bool> {
    let row = c
        .one(
            "SELECT COUNT(*) FROM answer_request_item i JOIN answer_request r ON r.id = i.request_id
             WHERE r.organisation_id = $1 AND i.answer_id = $2 AND r.department_id = $3 AND r.state IN ('asked', 'returned', 'accepted')",
            params![organisation_id, answer_id, department_id],
        )
        .await?;
    Ok(row.map_or(Ok(0), |row| row.int(0))? > 0)
}

/// Whether an answer may still be changed by a department: a request for it is open.
pub async fn is_open_for(
    c: &mut Connection,
    organisation_id: &str,
    answer_id: &str,
    department_id: &str,
) -> Result<bool> {
    let row = c
        .one(
            "SELECT COUNT(*) FROM answer_request_item i JOIN answer_request r ON r.id = i.request_id
             WHERE r.organisation_id = $1 AND i.answer_id = $2 AND r.department_id = $3 AND r.state = 'asked'",
            params![organisation_id, answer_id, department_id],
        )
        .await?;
    Ok(row.map_or(Ok(0), |row| row.int(0))? > 0)
}

/// Writes a new request and its rows.
pub async fn insert_request(w: &mut Write, r: &AnswerRequest, answers: &[String]) -> Result<()> {
    w.run(
        "INSERT INTO answer_request (id, organisation_id, assessment_id, department_id, delegate_id, message, due, state, asked_by,
                                     asked_at, returned_at, reminded_at, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 1)",
        params![
            &r.id, &r.organisation_id, &r.assessment_id, &r.department_id, &r.delegate_id, &r.message, &r.due, &r.state, &r.asked_by,
            &r.asked_at, &r.returned_at, &r.reminded_at
        ],
    )
    .await?;
    for answer_id in answers {
        w.run("INSERT INTO answer_request_item (request_id, answer_id) VALUES ($1, $2)", params![&r.id, answer_id])
            .await?;
        w.run(
            "UPDATE answer SET department_id = $1 WHERE id = $2 AND organisation_id = $3",
            params![&r.department_id, answer_id, &r.organisation_id],
        )
        .await?;
    }
    Ok(())
}

/// Writes state, deadline, delegate and reminder of a request.
///
/// # Errors
/// [`StoreError::Conflict`] when somebody was faster.
pub async fn update_request(w: &mut Write, r: &AnswerRequest) -> Result<()> {
    let touched = w
        .run(
            "UPDATE answer_request SET delegate_id = $1, due = $2, state = $3, returned_at = $4, reminded_at = $5, message = $6,
                 version = version + 1
             WHERE id = $7 AND organisation_id = $8 AND version = $9",
            params![&r.delegate_id, &r.due, &r.state, &r.returned_at, &r.reminded_at, &r.message, &r.id, &r.organisation_id, r.version],
        )
        .await?;
    if touched == 1 { Ok(()) } else { Err(StoreError::Conflict("answer_request")) }
}

/// Until when the rows of an Assessment were asked for: answer id and the latest ISO date of a request not withdrawn.
pub async fn asked_until(
    c: &mut Connection,
    organisation_id: &str,
    assessment_id: &str,
) -> Result<Vec<(String, String)>> {
    let rows = c
        .all(
            "SELECT i.answer_id, MAX(r.due) FROM answer_request_item i JOIN answer_request r ON r.id = i.request_id
             WHERE r.organisation_id = $1 AND r.assessment_id = $2 AND r.state <> 'withdrawn' GROUP BY i.answer_id",
            params![organisation_id, assessment_id],
        )
        .await?;
    rows.iter().map(|row| Ok((row.text(0)?, row.text(1)?))).collect()
}
