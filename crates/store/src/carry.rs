//! 答えは一度: answers carried over along Mappings, and what a new Edition did to the rows of an Assessment.

mod places;

use std::collections::HashMap;

use sakimori_domain::assurance::carry::{How, Reached, Why};
use sakimori_domain::assurance::{Answer, AnswerStatus, Maturity};
use sakimori_domain::crosswalk::Relation;
use serde::{Deserialize, Serialize};

use crate::assessment::SheetRow;
use crate::connection::params;
use crate::row::{from_json, to_json};
use crate::{Connection, Result, Row, StoreError, Write};

pub use places::{Place, delete_answer, is_used, move_row, places, replace_edition, withdraw_row};

/// One application: a carry along Mappings, or a new Edition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    pub id: String,
    pub assessment_id: String,
    /// `mapping` or `edition`.
    pub kind: String,
    /// Id of the Assessment that the answers came from, or of the old Edition.
    pub source: String,
    /// Id of the new Edition; empty for a carry along Mappings.
    pub target: String,
    pub made_by: String,
    pub made_at: String,
    /// Empty while it holds.
    pub undone_by: String,
    pub undone_at: String,
    /// Rows that it touched.
    pub rows: i64,
    /// Rows that nobody has confirmed yet.
    pub open: i64,
}

/// What an application did to a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    Carry(How),
    Reach(Reached),
}

impl Deed {
    const fn code(self) -> &'static str {
        match self {
            Deed::Carry(how) => how.code(),
            Deed::Reach(reached) => reached.code(),
        }
    }

    fn from_code(code: &str) -> Option<Self> {
        How::from_code(code).map(Deed::Carry).or_else(|| Reached::from_code(code).map(Deed::Reach))
    }
}

/// A row as it was before an application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Before {
    pub edition_id: String,
    pub number: String,
    pub position: i64,
    pub former_edition: String,
    pub former_number: String,
    pub answer: Answer,
}

/// A row of an application, for its undoing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppliedRow {
    pub answer_id: String,
    pub deed: Deed,
    pub why: Vec<Why>,
    pub before: Before,
    /// Version of the row after it; a higher one says that somebody has written since.
    pub version_after: i64,
    /// `open` or `confirmed` while it counts, `undone`, or `replaced` by a later application.
    pub state: String,
}

/// Where the answer of a row of the sheet came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carried {
    pub carry_id: String,
    pub how: How,
    pub why: Vec<Why>,
    /// Whether somebody has confirmed it.
    pub confirmed: bool,
    pub made_by: String,
    pub made_at: String,
    pub decided_by: String,
    pub decided_at: String,
    pub sources: Vec<CarriedSource>,
}

/// An answer that another one was carried over from, as it was then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CarriedSource {
    pub answer_id: String,
    /// Short name of the Edition.
    pub edition: String,
    pub number: String,
    /// Read from the row that the answer came to.
    pub relation: Relation,
    pub status: AnswerStatus,
    /// When and by whom it had been answered; empty where that is not known.
    pub answered_at: String,
    pub answered_by: String,
    pub seen_version: i64,
    /// Somebody has written to it since.
    pub changed: bool,
}

impl Carried {
    /// Whether an answer that it came from has changed since a person last looked at it.
    pub fn source_changed(&self) -> bool {
        self.sources.iter().any(|source| source.changed)
    }
}

#[derive(Serialize, Deserialize)]
struct BeforeRow {
    edition: String,
    number: String,
    position: i64,
    former_edition: String,
    former_number: String,
    status: String,
    maturity: Option<u8>,
    na_reason: String,
    current: String,
    plan: String,
    due: String,
    owner: String,
}

fn before_text(before: &Before) -> Result<String> {
    let a = &before.answer;
    let row = BeforeRow {
        edition: before.edition_id.clone(),
        number: before.number.clone(),
        position: before.position,
        former_edition: before.former_edition.clone(),
        former_number: before.former_number.clone(),
        status: a.status.code().to_owned(),
        maturity: a.maturity.map(Maturity::level),
        na_reason: a.na_reason.clone(),
        current: a.current.clone(),
        plan: a.plan.clone(),
        due: a.due.map_or(String::new(), |due| due.to_string()),
        owner: a.owner.clone(),
    };
    to_json("carried_answer", &row)
}

fn inconsistent(key: &str, what: String) -> StoreError {
    StoreError::Inconsistent { table: "carried_answer", key: key.to_owned(), what }
}

fn before(key: &str, text: &str) -> Result<Before> {
    let row: BeforeRow = from_json("carried_answer", key, text)?;
    let due = match row.due.as_str() {
        "" => None,
        due => Some(due.parse().map_err(|_| inconsistent(key, format!("due {due}")))?),
    };
    Ok(Before {
        edition_id: row.edition,
        number: row.number,
        position: row.position,
        former_edition: row.former_edition,
        former_number: row.former_number,
        answer: Answer {
            status: AnswerStatus::from_code(&row.status)
                .ok_or_else(|| inconsistent(key, format!("status {}", row.status)))?,
            maturity: row.maturity.and_then(Maturity::new),
            na_reason: row.na_reason,
            current: row.current,
            plan: row.plan,
            due,
            owner: row.owner,
            department: String::new(),
        },
    })
}

fn reasons(codes: &str) -> Vec<Why> {
    codes.split(' ').filter_map(Why::from_code).collect()
}

macro_rules! select_application {
    ($rest:literal) => {
        concat!(
            "SELECT k.id, k.assessment_id, k.kind, k.source, k.target, k.made_by, k.made_at, k.undone_by, k.undone_at,
                    (SELECT COUNT(*) FROM carried_answer c WHERE c.carry_id = k.id),
                    (SELECT COUNT(*) FROM carried_answer c WHERE c.carry_id = k.id AND c.state = 'open'
                        AND c.how IN ('carried', 'proposed'))
             FROM carry k WHERE k.organisation_id = $1 ",
            $rest
        )
    };
}

fn application(row: &Row) -> Result<Application> {
    Ok(Application {
        id: row.text(0)?,
        assessment_id: row.text(1)?,
        kind: row.text(2)?,
        source: row.text(3)?,
        target: row.text(4)?,
        made_by: row.text(5)?,
        made_at: row.text(6)?,
        undone_by: row.text(7)?,
        undone_at: row.text(8)?,
        rows: row.int(9)?,
        open: row.int(10)?,
    })
}

/// The applications to an Assessment, newest first.
pub async fn applications(c: &mut Connection, organisation_id: &str, assessment_id: &str) -> Result<Vec<Application>> {
    let rows = c
        .all(
            select_application!("AND k.assessment_id = $2 ORDER BY k.made_at DESC, k.id DESC"),
            params![organisation_id, assessment_id],
        )
        .await?;
    rows.iter().map(application).collect()
}

/// One application.
pub async fn application_by_id(c: &mut Connection, organisation_id: &str, id: &str) -> Result<Option<Application>> {
    let row = c.one(select_application!("AND k.id = $2"), params![organisation_id, id]).await?;
    row.as_ref().map(application).transpose()
}

/// Writes a new application.
pub async fn insert_application(w: &mut Write, organisation_id: &str, a: &Application) -> Result<()> {
    w.run(
        "INSERT INTO carry (id, organisation_id, assessment_id, kind, source, target, made_by, made_at, undone_by, undone_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '', '')",
        params![&a.id, organisation_id, &a.assessment_id, &a.kind, &a.source, &a.target, &a.made_by, &a.made_at],
    )
    .await?;
    Ok(())
}

/// Notes that an application was undone.
///
/// # Errors
/// [`StoreError::Conflict`] when it had been undone already.
pub async fn undo_application(w: &mut Write, organisation_id: &str, id: &str, by: &str, at: &str) -> Result<()> {
    let touched = w
        .run(
            "UPDATE carry SET undone_by = $3, undone_at = $4 WHERE organisation_id = $1 AND id = $2 AND undone_at = ''",
            params![organisation_id, id, by, at],
        )
        .await?;
    if touched == 1 { Ok(()) } else { Err(StoreError::Conflict("carry")) }
}

/// Writes what an application did to a row. An earlier carry to the same row gives way to a new answer or question.
pub async fn insert_row(w: &mut Write, organisation_id: &str, carry_id: &str, row: &AppliedRow) -> Result<()> {
    if matches!(row.deed, Deed::Carry(_) | Deed::Reach(Reached::AskedAgain)) {
        w.run(
            "UPDATE carried_answer SET state = 'replaced' WHERE organisation_id = $1 AND answer_id = $2
                 AND state IN ('open', 'confirmed') AND how IN ('carried', 'proposed')",
            params![organisation_id, &row.answer_id],
        )
        .await?;
    }
    let why: Vec<&str> = row.why.iter().map(|why| why.code()).collect();
    w.run(
        "INSERT INTO carried_answer (carry_id, answer_id, organisation_id, how, why, before, version_after, state, decided_by, decided_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '', '')",
        params![
            carry_id, &row.answer_id, organisation_id, row.deed.code(), why.join(" "), before_text(&row.before)?,
            row.version_after, &row.state
        ],
    )
    .await?;
    Ok(())
}

/// Writes an answer that a row was carried over from.
pub async fn insert_source(
    w: &mut Write,
    organisation_id: &str,
    (carry_id, answer_id, position): (&str, &str, i64),
    s: &CarriedSource,
) -> Result<()> {
    w.run(
        "INSERT INTO carried_source (carry_id, answer_id, source_answer_id, organisation_id, position, edition, number, relation,
                                     status, answered_at, answered_by, seen_version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        params![
            carry_id, answer_id, &s.answer_id, organisation_id, position, &s.edition, &s.number, s.relation.code(),
            s.status.code(), &s.answered_at, &s.answered_by, s.seen_version
        ],
    )
    .await?;
    Ok(())
}

/// The rows of an application, in the order of their places before it.
pub async fn rows_of(c: &mut Connection, organisation_id: &str, carry_id: &str) -> Result<Vec<AppliedRow>> {
    let rows = c
        .all(
            "SELECT answer_id, how, why, before, version_after, state FROM carried_answer
             WHERE organisation_id = $1 AND carry_id = $2 ORDER BY answer_id",
            params![organisation_id, carry_id],
        )
        .await?;
    let mut applied: Vec<AppliedRow> = rows
        .iter()
        .map(|row| {
            let (answer_id, code) = (row.text(0)?, row.text(1)?);
            Ok(AppliedRow {
                deed: Deed::from_code(&code).ok_or_else(|| inconsistent(&answer_id, format!("how {code}")))?,
                why: reasons(&row.text(2)?),
                before: before(&answer_id, &row.text(3)?)?,
                version_after: row.int(4)?,
                state: row.text(5)?,
                answer_id,
            })
        })
        .collect::<Result<_>>()?;
    applied.sort_by_key(|row| row.before.position);
    Ok(applied)
}

/// Writes the state of a row of an application, and who decided it.
pub async fn set_state(
    w: &mut Write,
    organisation_id: &str,
    (carry_id, answer_id): (&str, &str),
    state: &str,
    by: &str,
    at: &str,
) -> Result<()> {
    w.run(
        "UPDATE carried_answer SET state = $4, decided_by = $5, decided_at = $6
         WHERE organisation_id = $1 AND carry_id = $2 AND answer_id = $3",
        params![organisation_id, carry_id, answer_id, state, by, at],
    )
    .await?;
    Ok(())
}

/// Forgets the rows of an application whose answer is about to be deleted.
pub async fn delete_row(w: &mut Write, organisation_id: &str, carry_id: &str, answer_id: &str) -> Result<()> {
    w.run(
        "DELETE FROM carried_answer WHERE organisation_id = $1 AND carry_id = $2 AND answer_id = $3",
        params![organisation_id, carry_id, answer_id],
    )
    .await?;
    Ok(())
}

/// Notes that a person has seen the sources of a row as they are now: their versions, marks, dates and authors.
pub async fn see_sources(w: &mut Write, organisation_id: &str, carry_id: &str, answer_id: &str) -> Result<()> {
    w.run(
        "UPDATE carried_source SET
             seen_version = (SELECT x.version FROM answer x WHERE x.id = carried_source.source_answer_id),
             status = (SELECT x.status FROM answer x WHERE x.id = carried_source.source_answer_id),
             answered_at = (SELECT x.updated_at FROM answer x WHERE x.id = carried_source.source_answer_id),
             answered_by = (SELECT x.updated_by FROM answer x WHERE x.id = carried_source.source_answer_id)
         WHERE organisation_id = $1 AND carry_id = $2 AND answer_id = $3",
        params![organisation_id, carry_id, answer_id],
    )
    .await?;
    Ok(())
}

macro_rules! select_carried {
    ($condition:literal) => {
        concat!(
            "SELECT c.answer_id, c.carry_id, c.how, c.why, c.state, k.made_by, k.made_at, c.decided_by, c.decided_at, c.before
             FROM carried_answer c JOIN carry k ON k.id = c.carry_id
             WHERE c.organisation_id = $1 AND c.state IN ('open', 'confirmed') AND c.how IN ('carried', 'proposed', 'asked-again')
               AND ",
            $condition,
            " ORDER BY k.made_at, k.id"
        )
    };
}

macro_rules! select_source {
    ($condition:literal) => {
        concat!(
            "SELECT s.carry_id, s.answer_id, s.source_answer_id, s.edition, s.number, s.relation, s.status, s.answered_at, s.answered_by,
                    s.seen_version, x.version, x.field_versions, x.withdrawn
             FROM carried_source s
             JOIN carried_answer c ON c.carry_id = s.carry_id AND c.answer_id = s.answer_id
             JOIN carry k ON k.id = s.carry_id
             JOIN answer x ON x.id = s.source_answer_id
             WHERE s.organisation_id = $1 AND c.state IN ('open', 'confirmed') AND ",
            $condition,
            " ORDER BY s.answer_id, s.position"
        )
    };
}

/// Which rows of a sheet are looked at.
pub(crate) enum Rows<'a> {
    Assessment(&'a str),
    Request(&'a str),
    One(&'a str),
}

/// Puts beside each row of a sheet where its answer came from, and in the place of the last answer what a new Edition
/// asks again.
pub(crate) async fn attach(
    c: &mut Connection,
    organisation_id: &str,
    which: Rows<'_>,
    rows: &mut [SheetRow],
) -> Result<()> {
    let (carried, sources, key) = match which {
        Rows::Assessment(id) => (select_carried!("k.assessment_id = $2"), select_source!("k.assessment_id = $2"), id),
        Rows::Request(id) => (
            select_carried!("c.answer_id IN (SELECT answer_id FROM answer_request_item WHERE request_id = $2)"),
            select_source!("c.answer_id IN (SELECT answer_id FROM answer_request_item WHERE request_id = $2)"),
            id,
        ),
        Rows::One(id) => (select_carried!("c.answer_id = $2"), select_source!("c.answer_id = $2"), id),
    };
    let found = c.all(carried, params![organisation_id, key]).await?;
    if found.is_empty() {
        return Ok(());
    }
    let mut of_row: HashMap<(String, String), Vec<CarriedSource>> = HashMap::new();
    for row in c.all(sources, params![organisation_id, key]).await? {
        of_row.entry((row.text(0)?, row.text(1)?)).or_default().push(source(&row)?);
    }
    let mut places: HashMap<&str, usize> = HashMap::with_capacity(found.len());
    let ids: Vec<String> = rows.iter().map(|row| row.id.clone()).collect();
    places.extend(ids.iter().enumerate().map(|(at, id)| (id.as_str(), at)));
    for row in &found {
        let (answer_id, carry_id, code) = (row.text(0)?, row.text(1)?, row.text(2)?);
        let Some(at) = places.get(answer_id.as_str()) else { continue };
        match Deed::from_code(&code) {
            Some(Deed::Carry(how)) => {
                let sources = of_row.remove(&(carry_id.clone(), answer_id)).unwrap_or_default();
                rows[*at].carried = Some(Box::new(carried_row(row, carry_id, how, sources)?));
            }
            _ => {
                let before = before(&answer_id, &row.text(9)?)?;
                if before.answer.status != AnswerStatus::Unanswered {
                    rows[*at].last = Some(before.answer);
                }
                if rows[*at].answer.status == AnswerStatus::Unanswered {
                    rows[*at].asked_again = Some(before.number);
                }
            }
        }
    }
    Ok(())
}

fn carried_row(row: &Row, carry_id: String, how: How, sources: Vec<CarriedSource>) -> Result<Carried> {
    Ok(Carried {
        carry_id,
        how,
        why: reasons(&row.text(3)?),
        confirmed: row.text(4)? == "confirmed",
        made_by: row.text(5)?,
        made_at: row.text(6)?,
        decided_by: row.text(7)?,
        decided_at: row.text(8)?,
        sources,
    })
}

fn source(row: &Row) -> Result<CarriedSource> {
    let (answer_id, relation, status) = (row.text(2)?, row.text(5)?, row.text(6)?);
    let (seen_version, version) = (row.int(9)?, row.int(10)?);
    let changed = version > seen_version && {
        let fields: HashMap<String, i64> = from_json("answer", &answer_id, &row.text(11)?)?;
        // To whom a row was given says nothing about the answer.
        fields.iter().any(|(field, at)| field != "department" && *at > seen_version)
    };
    Ok(CarriedSource {
        edition: row.text(3)?,
        number: row.text(4)?,
        relation: Relation::from_code(&relation)
            .ok_or_else(|| inconsistent(&answer_id, format!("relation {relation}")))?,
        status: AnswerStatus::from_code(&status).ok_or_else(|| inconsistent(&answer_id, format!("status {status}")))?,
        answered_at: row.text(7)?,
        answered_by: row.text(8)?,
        seen_version,
        changed: changed || !row.text(12)?.is_empty(),
        answer_id,
    })
}

/// The rows of an Assessment that show something of one answer: the row itself, the one that has it as its last answer,
/// and those carried over from it.
pub async fn rows_showing(
    c: &mut Connection,
    organisation_id: &str,
    assessment_id: &str,
    answer_id: &str,
) -> Result<Vec<String>> {
    let rows = c
        .all(
            "SELECT a.id FROM answer a WHERE a.organisation_id = $1 AND a.assessment_id = $2 AND a.id = $3
             UNION
             SELECT a.id FROM answer x
             JOIN assessment s ON s.id = $2 AND s.previous_id = x.assessment_id
             JOIN answer a ON a.assessment_id = s.id AND a.edition_id = x.edition_id AND a.number = x.number
             WHERE x.organisation_id = $1 AND x.id = $3
             UNION
             SELECT a.id FROM answer x
             JOIN assessment s ON s.id = $2 AND s.previous_id = x.assessment_id
             JOIN answer a ON a.assessment_id = s.id AND a.former_edition = x.edition_id AND a.former_number = x.number
             WHERE x.organisation_id = $1 AND x.id = $3
             UNION
             SELECT a.id FROM carried_source s JOIN answer a ON a.id = s.answer_id
             WHERE s.organisation_id = $1 AND s.source_answer_id = $3 AND a.assessment_id = $2",
            params![organisation_id, assessment_id, answer_id],
        )
        .await?;
    rows.iter().map(|row| row.text(0)).collect()
}

/// How many rows of each open Assessment have a source that changed since: id and title of the Assessment, and the number.
pub async fn to_review(c: &mut Connection, organisation_id: &str) -> Result<Vec<(String, String, usize)>> {
    let rows = c
        .all(
            "SELECT s.carry_id, s.answer_id, s.source_answer_id, s.edition, s.number, s.relation, s.status, s.answered_at, s.answered_by,
                    s.seen_version, x.version, x.field_versions, x.withdrawn, a.id, a.title
             FROM carried_source s
             JOIN carried_answer c ON c.carry_id = s.carry_id AND c.answer_id = s.answer_id
             JOIN carry k ON k.id = s.carry_id
             JOIN assessment a ON a.id = k.assessment_id
             JOIN answer x ON x.id = s.source_answer_id
             WHERE s.organisation_id = $1 AND c.state IN ('open', 'confirmed') AND a.state = 'open'
               AND (x.version > s.seen_version OR x.withdrawn <> '')
             ORDER BY a.fiscal_year DESC, a.id, s.answer_id",
            params![organisation_id],
        )
        .await?;
    let mut out: Vec<(String, String, usize)> = Vec::new();
    let mut last = String::new();
    for row in &rows {
        let (answer_id, assessment_id) = (row.text(1)?, row.text(13)?);
        if !source(row)?.changed || answer_id == last {
            continue;
        }
        last = answer_id;
        match out.last_mut().filter(|(id, ..)| *id == assessment_id) {
            Some((.., count)) => *count += 1,
            None => out.push((assessment_id, row.text(14)?, 1)),
        }
    }
    Ok(out)
}
