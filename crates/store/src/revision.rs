//! Revision issues (論点), what was said of them, and the meetings that discuss them.

use sakimori_domain::revision::{
    ChangeKind, Decision, Direction, EvidenceDocument, MeetingState, Stage, Standing, Wording,
};
use serde::{Deserialize, Serialize};

use crate::connection::params;
use crate::row::{from_json, to_json};
use crate::{Connection, Result, Row, StoreError, Write};

/// One round of a body that discusses the revision of Standards (検討会・回).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meeting {
    pub id: String,
    /// Name of the body.
    pub body: String,
    /// Which time it meets, from 1.
    pub round: i64,
    /// ISO date.
    pub held_on: String,
    pub state: MeetingState,
    /// What was said beyond the single points.
    pub minutes: String,
    pub version: i64,
}

/// A point for the next Edition (論点).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    pub id: String,
    /// Counts from 1 in the organisation; what people call it.
    pub number: i64,
    pub edition_id: String,
    /// Numbers of the items concerned.
    pub items: Vec<String>,
    pub title: String,
    /// What should be considered, as the table of points prints it.
    pub point: String,
    pub evidence: Vec<EvidenceDocument>,
    pub standing: Standing,
    /// The meeting that is to discuss it, or has; empty for none yet.
    pub meeting_id: String,
    pub wording: Wording,
    /// Where it came from, e.g. `gap:nisc-measures-3:(1)ア`; empty: raised by hand.
    pub origin: String,
    pub created_by: String,
    pub created_at: String,
    pub updated_by: String,
    pub updated_at: String,
    pub version: i64,
}

/// One thing that was said of a point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    pub id: String,
    pub issue_id: String,
    /// ISO date.
    pub said_on: String,
    /// Empty: outside a meeting.
    pub meeting_id: String,
    /// Who said it, by office or role.
    pub speaker: String,
    pub text: String,
    pub written_by: String,
    pub written_at: String,
}

fn inconsistent(table: &'static str, key: &str, what: impl std::fmt::Display) -> StoreError {
    StoreError::Inconsistent { table, key: key.to_owned(), what: what.to_string() }
}

fn meeting_row(row: &Row) -> Result<Meeting> {
    let (id, state) = (row.text(0)?, row.text(4)?);
    Ok(Meeting {
        body: row.text(1)?,
        round: row.int(2)?,
        held_on: row.text(3)?,
        state: MeetingState::from_code(&state).ok_or_else(|| inconsistent("review_meeting", &id, &state))?,
        minutes: row.text(5)?,
        version: row.int(6)?,
        id,
    })
}

macro_rules! select_meeting {
    ($rest:literal) => {
        concat!(
            "SELECT id, body, round, held_on, state, minutes, version FROM review_meeting WHERE organisation_id = $1 ",
            $rest
        )
    };
}

/// The meetings of an organisation, newest first.
pub async fn meetings(c: &mut Connection, organisation_id: &str) -> Result<Vec<Meeting>> {
    let rows = c.all(select_meeting!("ORDER BY held_on DESC, body, round DESC"), params![organisation_id]).await?;
    rows.iter().map(meeting_row).collect()
}

/// One meeting.
pub async fn meeting(c: &mut Connection, organisation_id: &str, id: &str) -> Result<Option<Meeting>> {
    let row = c.one(select_meeting!("AND id = $2"), params![organisation_id, id]).await?;
    row.as_ref().map(meeting_row).transpose()
}

/// Writes a new meeting.
pub async fn insert_meeting(w: &mut Write, organisation_id: &str, m: &Meeting) -> Result<()> {
    w.run(
        "INSERT INTO review_meeting (id, organisation_id, body, round, held_on, state, minutes, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        params![&m.id, organisation_id, &m.body, m.round, &m.held_on, m.state.code(), &m.minutes, m.version],
    )
    .await?;
    Ok(())
}

/// Writes a meeting over the version that was read.
///
/// # Errors
/// [`StoreError::Conflict`] when somebody was faster.
pub async fn update_meeting(w: &mut Write, organisation_id: &str, m: &Meeting) -> Result<()> {
    let touched = w
        .run(
            "UPDATE review_meeting SET body = $4, round = $5, held_on = $6, state = $7, minutes = $8, version = version + 1
             WHERE organisation_id = $1 AND id = $2 AND version = $3",
            params![organisation_id, &m.id, m.version, &m.body, m.round, &m.held_on, m.state.code(), &m.minutes],
        )
        .await?;
    if touched == 1 { Ok(()) } else { Err(StoreError::Conflict("review_meeting")) }
}

/// How a document is kept.
#[derive(Serialize, Deserialize)]
struct EvidenceRow {
    title: String,
    place: String,
    content: String,
}

fn evidence_text(documents: &[EvidenceDocument]) -> Result<String> {
    let rows: Vec<EvidenceRow> = documents
        .iter()
        .map(|d| EvidenceRow { title: d.title.clone(), place: d.place.clone(), content: d.content.clone() })
        .collect();
    to_json("revision_issue.evidence", &rows)
}

fn evidence(id: &str, text: &str) -> Result<Vec<EvidenceDocument>> {
    let rows: Vec<EvidenceRow> = from_json("revision_issue", id, text)?;
    Ok(rows.into_iter().map(|r| EvidenceDocument { title: r.title, place: r.place, content: r.content }).collect())
}

fn standing(id: &str, row: &Row) -> Result<Standing> {
    let (stage, direction) = (row.text(7)?, row.text(8)?);
    let stage = Stage::from_code(&stage).ok_or_else(|| inconsistent("revision_issue", id, &stage))?;
    let direction = Direction::from_code(&direction).ok_or_else(|| inconsistent("revision_issue", id, &direction))?;
    let decision = Decision { meeting_id: row.text(9)?, on: row.text(10)?, by: row.text(11)?, text: row.text(12)? };
    let decision = (stage == Stage::Decided).then_some(decision);
    Standing::kept(stage, direction, decision).map_err(|error| inconsistent("revision_issue", id, error))
}

fn issue_row(row: &Row) -> Result<Issue> {
    let (id, kind) = (row.text(0)?, row.text(13)?);
    Ok(Issue {
        number: row.int(1)?,
        edition_id: row.text(2)?,
        items: from_json("revision_issue", &id, &row.text(3)?)?,
        title: row.text(4)?,
        point: row.text(5)?,
        evidence: evidence(&id, &row.text(6)?)?,
        standing: standing(&id, row)?,
        meeting_id: row.text(9)?,
        wording: Wording {
            kind: ChangeKind::from_code(&kind).ok_or_else(|| inconsistent("revision_issue", &id, &kind))?,
            number: row.text(14)?,
            after: row.text(15)?,
            title: row.text(16)?,
            old_text: row.text(17)?,
            new_text: row.text(18)?,
        },
        origin: row.text(19)?,
        created_by: row.text(20)?,
        created_at: row.text(21)?,
        updated_by: row.text(22)?,
        updated_at: row.text(23)?,
        version: row.int(24)?,
        id,
    })
}

macro_rules! select_issue {
    ($rest:literal) => {
        concat!(
            "SELECT id, number, edition_id, items, title, point, evidence, stage, direction, meeting_id, decided_on, decided_by,
                    decision, change_kind, change_number, change_after, change_title, old_text, new_text, origin, created_by,
                    created_at, updated_by, updated_at, version
             FROM revision_issue WHERE organisation_id = $1 ",
            $rest
        )
    };
}

/// Every point of an organisation, in the order of its numbers.
pub async fn issues(c: &mut Connection, organisation_id: &str) -> Result<Vec<Issue>> {
    let rows = c.all(select_issue!("ORDER BY number"), params![organisation_id]).await?;
    rows.iter().map(issue_row).collect()
}

/// One point.
pub async fn issue(c: &mut Connection, organisation_id: &str, id: &str) -> Result<Option<Issue>> {
    let row = c.one(select_issue!("AND id = $2"), params![organisation_id, id]).await?;
    row.as_ref().map(issue_row).transpose()
}

/// The highest number given so far; 0 for none.
pub async fn last_number(c: &mut Connection, organisation_id: &str) -> Result<i64> {
    let row = c
        .one("SELECT COALESCE(MAX(number), 0) FROM revision_issue WHERE organisation_id = $1", params![organisation_id])
        .await?;
    row.map_or(Ok(0), |row| row.int(0))
}

/// Writes a new point.
pub async fn insert_issue(w: &mut Write, organisation_id: &str, i: &Issue) -> Result<()> {
    let decision = i.standing.decision().cloned().unwrap_or_default();
    w.run(
        "INSERT INTO revision_issue (id, organisation_id, number, edition_id, items, title, point, evidence, stage, direction,
             meeting_id, decided_on, decided_by, decision, change_kind, change_number, change_after, change_title, old_text,
             new_text, origin, created_by, created_at, updated_by, updated_at, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24,
             $25, $26)",
        params![
            &i.id, organisation_id, i.number, &i.edition_id, to_json("revision_issue.items", &i.items)?, &i.title, &i.point,
            evidence_text(&i.evidence)?, i.standing.stage().code(), i.standing.direction().code(), &i.meeting_id,
            decision.on, decision.by, decision.text, i.wording.kind.code(), &i.wording.number, &i.wording.after,
            &i.wording.title, &i.wording.old_text, &i.wording.new_text, &i.origin, &i.created_by, &i.created_at,
            &i.updated_by, &i.updated_at, i.version
        ],
    )
    .await?;
    Ok(())
}

/// Writes a point over the version that was read; number, Edition and origin stay.
///
/// # Errors
/// [`StoreError::Conflict`] when somebody was faster.
pub async fn update_issue(w: &mut Write, organisation_id: &str, i: &Issue) -> Result<()> {
    let decision = i.standing.decision().cloned().unwrap_or_default();
    let touched = w
        .run(
            "UPDATE revision_issue SET items = $4, title = $5, point = $6, evidence = $7, stage = $8, direction = $9,
                 meeting_id = $10, decided_on = $11, decided_by = $12, decision = $13, change_kind = $14, change_number = $15,
                 change_after = $16, change_title = $17, old_text = $18, new_text = $19, updated_by = $20, updated_at = $21,
                 version = version + 1
             WHERE organisation_id = $1 AND id = $2 AND version = $3",
            params![
                organisation_id, &i.id, i.version, to_json("revision_issue.items", &i.items)?, &i.title, &i.point,
                evidence_text(&i.evidence)?, i.standing.stage().code(), i.standing.direction().code(), &i.meeting_id,
                decision.on, decision.by, decision.text, i.wording.kind.code(), &i.wording.number, &i.wording.after,
                &i.wording.title, &i.wording.old_text, &i.wording.new_text, &i.updated_by, &i.updated_at
            ],
        )
        .await?;
    if touched == 1 { Ok(()) } else { Err(StoreError::Conflict("revision_issue")) }
}

fn note_row(row: &Row) -> Result<Note> {
    Ok(Note {
        id: row.text(0)?,
        issue_id: row.text(1)?,
        said_on: row.text(2)?,
        meeting_id: row.text(3)?,
        speaker: row.text(4)?,
        text: row.text(5)?,
        written_by: row.text(6)?,
        written_at: row.text(7)?,
    })
}

/// What was said of one point (all points where `issue_id` is empty), oldest first.
pub async fn notes(c: &mut Connection, organisation_id: &str, issue_id: &str) -> Result<Vec<Note>> {
    let rows = c
        .all(
            "SELECT id, issue_id, said_on, meeting_id, speaker, text, written_by, written_at FROM revision_note
             WHERE organisation_id = $1 AND ($2 = '' OR issue_id = $2) ORDER BY issue_id, said_on, written_at, id",
            params![organisation_id, issue_id],
        )
        .await?;
    rows.iter().map(note_row).collect()
}

/// Writes what was said. Nothing that was said is changed or erased afterwards.
pub async fn insert_note(w: &mut Write, organisation_id: &str, n: &Note) -> Result<()> {
    w.run(
        "INSERT INTO revision_note (id, organisation_id, issue_id, said_on, meeting_id, speaker, text, written_by, written_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        params![
            &n.id, organisation_id, &n.issue_id, &n.said_on, &n.meeting_id, &n.speaker, &n.text, &n.written_by, &n.written_at
        ],
    )
    .await?;
    Ok(())
}
