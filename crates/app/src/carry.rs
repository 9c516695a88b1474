//! 答えは一度: answers follow confirmed Mappings to other Provisions. Never silently: first a plan to look at, then one
//! transaction, every row with its source and waiting to be confirmed, and the whole of it can be undone.

mod plan;
mod review;

use std::collections::{BTreeMap, HashMap};

use sakimori_domain::assurance::{Answer, AnswerStatus};
use sakimori_domain::identity::Permission;
use sakimori_store::assessment::{self as assessments, SheetRow};
use sakimori_store::carry::{self as store, Application, AppliedRow, Before, Carried, CarriedSource, Deed};
use sakimori_store::edition;
use serde_json::json;

pub use plan::{Plan, PlanRow, PlanSource, is_empty, plan};
pub use review::{Decision, confirm_many, decide, to_review};

use crate::answers::{self, BULK_MAX, Change};
use crate::assessment::require_open;
use crate::context::japan_date;
use crate::{Actor, App, Operation, Refusal, Result};

/// A row that a person ticked in the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Take {
    pub answer_id: String,
    /// What the person saw: [`PlanRow::seen`].
    pub seen: String,
    /// The person asked for this row's own answer to be replaced.
    pub overwrite: bool,
}

/// What an undoing did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Undone {
    pub restored: usize,
    /// Numbers of rows that were written to since and keep what they say.
    pub left: Vec<String>,
}

/// An application with the names of what it came from.
#[derive(Debug, Clone)]
pub struct Entry {
    pub application: Application,
    /// Title of the source Assessment, or old and new Edition.
    pub title: String,
    /// Of one that was undone: numbers of the rows that had been written to and were left.
    pub left: Vec<String>,
}

/// The applications to an Assessment, newest first.
///
/// # Errors
/// No such Assessment; a role that may not read assessments.
pub async fn applications(app: &App, actor: &Actor, assessment_id: &str) -> Result<Vec<Entry>> {
    actor.require(Permission::ReadAssessments)?;
    let org = actor.organisation_id.as_str();
    let mut c = app.read().await?;
    assessments::assessment_by_id(&mut c, org, assessment_id).await?.ok_or_else(Refusal::not_found)?;
    let titles: HashMap<String, String> =
        assessments::assessments(&mut c, org).await?.into_iter().map(|a| (a.id, a.title)).collect();
    let editions: HashMap<String, String> = edition::editions(&mut c, org)
        .await?
        .into_iter()
        .map(|e| (e.id, format!("{} {}", e.edition.short, e.edition.label).trim().to_owned()))
        .collect();
    let name = |id: &String| editions.get(id).or_else(|| titles.get(id)).cloned().unwrap_or_default();
    let mut entries = Vec::new();
    for application in store::applications(&mut c, org, assessment_id).await? {
        let title = match application.kind.as_str() {
            "edition" => format!("{} → {}", name(&application.source), name(&application.target)),
            _ => name(&application.source),
        };
        let mut left = Vec::new();
        if !application.undone_at.is_empty() {
            let rows = store::rows_of(&mut c, org, &application.id).await?;
            let stands = |row: &AppliedRow| ["open", "confirmed", "left"].contains(&row.state.as_str());
            left.extend(rows.into_iter().filter(stands).map(|row| row.before.number));
        }
        entries.push(Entry { application, title, left });
    }
    Ok(entries)
}

fn stale() -> Refusal {
    Refusal::new(
        crate::RefusalKind::Conflict,
        "plan-stale",
        "確認の後に、元の回答か引き継ぎ先の回答が変わりました。何も書き込んでいません。",
        "An answer changed after you looked; nothing was written.",
    )
    .next("もう一度確認して、選び直してください。", "Look at the plan again and choose anew.")
}

/// Carries the ticked rows over, all or none. Returns the id of the application and the number of rows.
///
/// # Errors
/// No or too many rows, a row whose answer or sources changed since the person looked, an answer that was not asked to be
/// replaced, a closed Assessment, or a role that may not.
pub async fn apply(
    app: &App,
    actor: &Actor,
    assessment_id: &str,
    from: &str,
    takes: &[Take],
) -> Result<(String, usize)> {
    if takes.is_empty() || takes.len() > BULK_MAX {
        return Err(
            Refusal::invalid("selection", "引き継ぐ行を選んでください。", "Choose the rows to carry over.").into()
        );
    }
    let mut op = app.operate(actor, Permission::AnswerAll).await?;
    let plan = plan::plan_in(&mut op.write, actor, assessment_id, from).await?;
    require_open(&plan.assessment)?;
    let mut rows: BTreeMap<String, PlanRow> = plan.rows.into_iter().map(|row| (row.row.id.clone(), row)).collect();
    let mut chosen = Vec::with_capacity(takes.len());
    for take in takes {
        let row = rows.remove(&take.answer_id).filter(|row| row.seen() == take.seen).ok_or_else(stale)?;
        if !is_empty(&row.row) && !take.overwrite {
            return Err(overwrites(&row.row.number).into());
        }
        chosen.push(row);
    }
    let id = begin(&mut op, assessment_id, from, chosen.len()).await?;
    for row in chosen {
        let number = row.row.number.clone();
        carry_row(&mut op, &id, row, "open").await.map_err(|error| answers::at_row(error, &number))?;
    }
    let count = takes.len();
    op.commit().await?;
    Ok((id, count))
}

fn overwrites(number: &str) -> Refusal {
    Refusal::invalid(
        "overwrite",
        format!("{number}: すでに回答があります。置き換えるには、その行の「置き換える」を選んでください。"),
        format!("{number} has an answer already; choose to replace it in its row."),
    )
}

/// Opens an application; its trail event comes first, since it is the lock of the organisation's writes.
async fn begin(op: &mut Operation<'_>, assessment_id: &str, from: &str, rows: usize) -> Result<String> {
    let application = Application {
        id: op.app.new_id(),
        assessment_id: assessment_id.to_owned(),
        kind: "mapping".to_owned(),
        source: from.to_owned(),
        target: String::new(),
        made_by: op.actor.name.clone(),
        made_at: op.now.clone(),
        undone_by: String::new(),
        undone_at: String::new(),
        rows: 0,
        open: 0,
    };
    let after = json!({ "carry": application.id, "from": from, "rows": rows });
    op.trail_new("carry.apply", ("assessment", assessment_id), &after).await?;
    let org = op.actor.organisation_id.clone();
    store::insert_application(&mut op.write, &org, &application).await?;
    Ok(application.id)
}

/// Writes one row of a plan with what it came from.
async fn carry_row(op: &mut Operation<'_>, carry_id: &str, planned: PlanRow, state: &str) -> Result<()> {
    let org = op.actor.organisation_id.clone();
    let PlanRow { row, outcome, sources, .. } = planned;
    let before = before_of(&row);
    let mut answer = outcome.answer;
    if !row.answer.owner.is_empty() {
        answer.owner.clone_from(&row.answer.owner);
    }
    let after = write_answer(op, row, answer).await?;
    let applied = AppliedRow {
        answer_id: after.id.clone(),
        deed: Deed::Carry(outcome.how),
        why: outcome.why,
        before,
        version_after: after.version,
        state: state.to_owned(),
    };
    store::insert_row(&mut op.write, &org, carry_id, &applied).await?;
    let used = outcome.used.iter().filter_map(|at| sources.get(*at));
    let mut seen = std::collections::HashSet::new();
    let mut position = 0;
    for source in used {
        for given in source.rows.iter().filter(|given| seen.insert(given.id.clone())) {
            let kept = CarriedSource {
                answer_id: given.id.clone(),
                edition: source.edition.clone(),
                number: given.number.clone(),
                relation: source.relation,
                status: given.answer.status,
                answered_at: given.updated_at.clone(),
                answered_by: given.updated_by.clone(),
                seen_version: given.version,
                changed: false,
            };
            store::insert_source(&mut op.write, &org, (carry_id, &after.id, position), &kept).await?;
            position += 1;
        }
    }
    Ok(())
}

pub(crate) fn before_of(row: &SheetRow) -> Before {
    Before {
        edition_id: row.edition_id.clone(),
        number: row.number.clone(),
        position: row.position,
        former_edition: String::new(),
        former_number: String::new(),
        answer: row.answer.clone(),
    }
}

/// Makes a row say `answer` (its department stays), with the trail of an ordinary change.
pub(crate) async fn write_answer(op: &mut Operation<'_>, row: SheetRow, answer: Answer) -> Result<SheetRow> {
    let change = Change {
        status: Some(answer.status),
        maturity: Some(answer.maturity),
        na_reason: Some(answer.na_reason),
        current: Some(answer.current),
        plan: Some(answer.plan),
        due: Some(answer.due),
        owner: Some(answer.owner),
        department: None,
    }
    .without_same(&row);
    let versions = answers::field_versions(&row)?;
    Ok(answers::write(op, row, change, versions).await?.0)
}

/// Whether anybody has written to the answer itself after a version; giving the row to a department does not count.
pub(crate) fn written_since(row: &SheetRow, version: i64) -> Result<bool> {
    let fields = answers::field_versions(row)?;
    Ok(row.version > version && fields.iter().any(|(field, at)| field != "department" && *at > version))
}

/// Takes an application back. Rows that were written to since keep what they say and are listed.
///
/// # Errors
/// Not of this organisation, undone already, a closed Assessment, what [`crate::edition_change::undo`] refuses, or a role
/// that may not.
pub async fn undo(app: &App, actor: &Actor, carry_id: &str) -> Result<(Application, Undone)> {
    let mut op = app.operate(actor, Permission::AnswerAll).await?;
    let org = actor.organisation_id.as_str();
    let application = store::application_by_id(&mut op.write, org, carry_id).await?.ok_or_else(Refusal::not_found)?;
    let assessment = assessments::assessment_by_id(&mut op.write, org, &application.assessment_id).await?;
    require_open(&assessment.ok_or_else(Refusal::not_found)?)?;
    if !application.undone_at.is_empty() {
        return Err(Refusal::conflict().into());
    }
    let after = json!({ "carry": carry_id });
    op.trail_new("carry.undo", ("assessment", &application.assessment_id), &after).await?;
    let now = op.now.clone();
    store::undo_application(&mut op.write, org, carry_id, &actor.name, &now).await?;
    let undone = if application.kind == "edition" {
        actor.require(Permission::ManageAssessments)?;
        crate::edition_change::undo(&mut op, &application).await?
    } else {
        undo_rows(&mut op, &application).await?
    };
    op.commit().await?;
    Ok((application, undone))
}

async fn undo_rows(op: &mut Operation<'_>, application: &Application) -> Result<Undone> {
    let (org, now) = (op.actor.organisation_id.clone(), op.now.clone());
    let mut sheet: HashMap<String, SheetRow> = assessments::sheet(&mut op.write, &org, &application.assessment_id)
        .await?
        .into_iter()
        .map(|row| (row.id.clone(), row))
        .collect();
    let mut undone = Undone::default();
    for applied in store::rows_of(&mut op.write, &org, &application.id).await? {
        let Some(row) = sheet.remove(&applied.answer_id).filter(|_| applied.state != "replaced") else { continue };
        if written_since(&row, applied.version_after)? {
            undone.left.push(row.number);
            continue;
        }
        write_answer(op, row, applied.before.answer).await?;
        let by = op.actor.name.clone();
        store::set_state(&mut op.write, &org, (&application.id, &applied.answer_id), "undone", &by, &now).await?;
        undone.restored += 1;
    }
    Ok(undone)
}

/// Where a carried answer came from, in one line for sheets, papers and workbooks: how, whether confirmed, and each source
/// with Edition, number, mark, date and person.
pub fn source_line(carried: &Carried, english: bool) -> String {
    let how = if english { carried.how.en() } else { carried.how.ja() };
    let state = match (carried.source_changed(), carried.confirmed, english) {
        (true, _, false) => "元の回答が変わった",
        (true, _, true) => "source changed",
        (_, true, false) => "確認済み",
        (_, true, true) => "confirmed",
        (_, false, false) => "要確認",
        (_, false, true) => "to be confirmed",
    };
    let sources: Vec<String> = carried
        .sources
        .iter()
        .map(|s| {
            let day = s.answered_at.parse().map_or(String::new(), |at| japan_date(at).to_string());
            let parts = [s.edition.as_str(), &s.number, s.status.ja(), &day, &s.answered_by];
            parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
        })
        .collect();
    let (open, close, comma) = if english { (" (", "): ", ", ") } else { ("（", "）：", "、") };
    format!("{how}{open}{state}{close}{}", sources.join(comma))
}

/// A blank answer keeps nothing but the person in charge.
pub(crate) fn blank_of(answer: &Answer) -> Answer {
    Answer { status: AnswerStatus::Unanswered, owner: answer.owner.clone(), ..Answer::default() }
}
