//! Answers: saving one so that nobody's words are lost, saving many at once, the detail of one.

use std::collections::BTreeMap;

use jiff::civil::Date;
use sakimori_domain::assurance::{Answer, AnswerField, AnswerStatus, Maturity, tidy_text};
use sakimori_domain::identity::Permission;
use sakimori_store::assessment::{self as store, Assessment, Evidence, SheetRow};
use sakimori_store::edition::{self, EditionEntry, ProvisionEntry};
use sakimori_store::trail::{self, Event};
use sakimori_store::{Connection, StoreError, registry};
use serde_json::{Map, Value, json};

use crate::assessment::{may_answer, may_see, require_open};
use crate::{Actor, App, AppError, Operation, Refusal, Result, again};

/// How often a save is tried again when another save of the same row came between. Each attempt needs somebody else to
/// have been faster, and each round lets one through: more than sixteen people in one row at one moment there are not.
const ATTEMPTS: usize = 16;
/// Rows that may be changed at once.
pub const BULK_MAX: usize = 2_000;

/// Fields to write; `None` leaves a field alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    pub status: Option<AnswerStatus>,
    /// `Some(None)` takes the level away.
    pub maturity: Option<Option<Maturity>>,
    pub na_reason: Option<String>,
    pub current: Option<String>,
    pub plan: Option<String>,
    pub due: Option<Option<Date>>,
    pub owner: Option<String>,
    /// Id of the department; empty for none.
    pub department: Option<String>,
}

/// What became of a save.
#[derive(Debug)]
pub enum Saved {
    /// Kept; the row as it is now, and when (UTC, RFC 3339).
    Done { row: Box<SheetRow>, saved_at: String },
    /// Somebody changed one of these fields since the version that the writer had seen. Nothing was written.
    Conflict { row: Box<SheetRow>, fields: Vec<AnswerField> },
}

/// The name of a field on the wire, in forms and in `field_versions`.
pub const fn wire_name(field: AnswerField) -> &'static str {
    match field {
        AnswerField::Status => "status",
        AnswerField::Maturity => "maturity",
        AnswerField::NaReason => "na_reason",
        AnswerField::Current => "current",
        AnswerField::Plan => "plan",
        AnswerField::Due => "due",
        AnswerField::Owner => "owner",
        AnswerField::Department => "department",
    }
}

/// A field of a row as text, the same on the wire, in forms and in the trail.
pub fn field_text(row: &SheetRow, field: AnswerField) -> String {
    let a = &row.answer;
    match field {
        AnswerField::Status => a.status.code().to_owned(),
        AnswerField::Maturity => a.maturity.map_or(String::new(), |m| m.level().to_string()),
        AnswerField::NaReason => a.na_reason.clone(),
        AnswerField::Current => a.current.clone(),
        AnswerField::Plan => a.plan.clone(),
        AnswerField::Due => a.due.map_or(String::new(), |due| due.to_string()),
        AnswerField::Owner => a.owner.clone(),
        AnswerField::Department => row.department_id.clone(),
    }
}

impl Change {
    /// The change that makes a field read `text`; the inverse of [`field_text`].
    ///
    /// # Errors
    /// A mark, level or date that does not exist.
    pub fn set(&mut self, field: AnswerField, text: &str) -> Result<()> {
        match field {
            AnswerField::Status => {
                let code = if text.is_empty() { AnswerStatus::Unanswered.code() } else { text };
                self.status = Some(AnswerStatus::from_code(code).ok_or_else(|| {
                    bad_value("対応状況は ○ △ × － から選んでください。", "status: one of o, triangle, x, na, blank.")
                })?);
            }
            AnswerField::Maturity => self.maturity = Some(maturity(text)?),
            AnswerField::Due => self.due = Some(due(text)?),
            AnswerField::NaReason => self.na_reason = Some(tidy_text(text)),
            AnswerField::Current => self.current = Some(tidy_text(text)),
            AnswerField::Plan => self.plan = Some(tidy_text(text)),
            AnswerField::Owner => self.owner = Some(tidy_text(text)),
            AnswerField::Department => self.department = Some(text.to_owned()),
        }
        Ok(())
    }

    /// Leaves only what differs from a row.
    pub(crate) fn without_same(mut self, row: &SheetRow) -> Self {
        let a = &row.answer;
        self.status = self.status.filter(|v| *v != a.status);
        self.maturity = self.maturity.filter(|v| *v != a.maturity);
        self.na_reason = self.na_reason.filter(|v| *v != a.na_reason);
        self.current = self.current.filter(|v| *v != a.current);
        self.plan = self.plan.filter(|v| *v != a.plan);
        self.due = self.due.filter(|v| *v != a.due);
        self.owner = self.owner.filter(|v| *v != a.owner);
        self.department = self.department.filter(|v| *v != row.department_id);
        self
    }

    /// The fields that it writes.
    pub fn fields(&self) -> Vec<AnswerField> {
        let present = [
            (AnswerField::Status, self.status.is_some()),
            (AnswerField::Maturity, self.maturity.is_some()),
            (AnswerField::NaReason, self.na_reason.is_some()),
            (AnswerField::Current, self.current.is_some()),
            (AnswerField::Plan, self.plan.is_some()),
            (AnswerField::Due, self.due.is_some()),
            (AnswerField::Owner, self.owner.is_some()),
            (AnswerField::Department, self.department.is_some()),
        ];
        present.into_iter().filter_map(|(field, is)| is.then_some(field)).collect()
    }

    fn apply(self, row: &mut SheetRow) {
        let a = &mut row.answer;
        a.status = self.status.unwrap_or(a.status);
        a.maturity = self.maturity.unwrap_or(a.maturity);
        a.due = self.due.unwrap_or(a.due);
        for (new, old) in [
            (self.na_reason, &mut a.na_reason),
            (self.current, &mut a.current),
            (self.plan, &mut a.plan),
            (self.owner, &mut a.owner),
        ] {
            if let Some(new) = new {
                *old = new;
            }
        }
        if let Some(department) = self.department {
            row.department_id = department;
        }
    }
}

fn bad_value(ja: &str, en: &str) -> AppError {
    Refusal::invalid("value", ja, en).into()
}

fn maturity(text: &str) -> Result<Option<Maturity>> {
    if text.is_empty() {
        return Ok(None);
    }
    let level = text.parse().ok().and_then(Maturity::new);
    level.map(Some).ok_or_else(|| bad_value("成熟度は0から5で入力してください。", "maturity: 0 to 5."))
}

fn due(text: &str) -> Result<Option<Date>> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let found = if text.len() == 10 { text.parse().ok() } else { None };
    found
        .map(Some)
        .ok_or_else(|| bad_value("期限は 2027-03-31 の形で入力してください。", "due: a date such as 2027-03-31."))
}

/// Saves fields of one answer over the version that the writer has seen.
///
/// Fields merge: a save on top of an older version goes through when nobody has changed one of *its* fields since, or has
/// changed it to the same value. Otherwise nothing is written and both states come back.
///
/// # Errors
/// Not to be seen or not to be changed by the actor, a closed Assessment, or an answer that may not be kept as it is.
pub async fn save(app: &App, actor: &Actor, answer_id: &str, seen: i64, change: Change) -> Result<Saved> {
    for _ in 0..ATTEMPTS {
        match again(app, || save_once(app, actor, answer_id, seen, change.clone())).await {
            Err(AppError::Store(StoreError::Conflict(_))) => {}
            other => return other,
        }
    }
    Err(Refusal::conflict().into())
}

async fn save_once(app: &App, actor: &Actor, answer_id: &str, seen: i64, change: Change) -> Result<Saved> {
    let mut op = app.operate_as(actor).await?;
    let row = changeable(&mut op, answer_id).await?;
    if seen < 1 || seen > row.version {
        return Err(Refusal::invalid("version", "保存の順番が合いません。", "This version does not exist.")
            .next("ページを開き直して、もう一度入力してください。", "Open the page again and repeat.")
            .into());
    }
    let change = change.without_same(&row);
    let versions = field_versions(&row)?;
    let fields: Vec<AnswerField> = change
        .fields()
        .into_iter()
        .filter(|field| versions.get(wire_name(*field)).is_some_and(|changed_at| *changed_at > seen))
        .collect();
    if !fields.is_empty() {
        return Ok(Saved::Conflict { row: Box::new(row), fields });
    }
    let saved_at = op.now.clone();
    match write(&mut op, row, change, versions).await? {
        (row, false) => Ok(Saved::Done { row: Box::new(row), saved_at }),
        (row, true) => {
            op.commit().await?;
            Ok(Saved::Done { row: Box::new(row), saved_at })
        }
    }
}

/// The row, if the actor may change it just now. What the actor may not see is not found.
pub(crate) async fn changeable(op: &mut Operation<'_>, answer_id: &str) -> Result<SheetRow> {
    let actor = op.actor;
    let found = store::sheet_row_by_id(&mut op.write, &actor.organisation_id, answer_id).await?;
    let (assessment_id, row) = found.ok_or_else(Refusal::not_found)?;
    if !may_see(&mut op.write, actor, answer_id).await? {
        return Err(Refusal::not_found().into());
    }
    let assessment = store::assessment_by_id(&mut op.write, &actor.organisation_id, &assessment_id)
        .await?
        .ok_or_else(Refusal::not_found)?;
    if !may_answer(&mut op.write, actor, answer_id).await? {
        let asked = actor.may(Permission::AnswerOwn);
        return Err(if asked { answer_closed() } else { Refusal::forbidden() }.into());
    }
    require_open(&assessment)?;
    Ok(row)
}

fn answer_closed() -> Refusal {
    Refusal::new(
        crate::RefusalKind::Forbidden,
        "request-closed",
        "この項目への回答は提出済みのため、変更できません。",
        "This part has been returned; it cannot be changed.",
    )
    .next(
        "直すところがあるときは、依頼した人に差戻しを頼んでください。",
        "Ask the person who sent the request to send it back.",
    )
}

/// Writes a change and its trail; the flag says whether there was anything to write.
pub(crate) async fn write(
    op: &mut Operation<'_>,
    row: SheetRow,
    change: Change,
    mut versions: BTreeMap<String, i64>,
) -> Result<(SheetRow, bool)> {
    let fields = change.fields();
    if fields.is_empty() {
        return Ok((row, false));
    }
    if let Some(department) = &change.department {
        known_department(op, department).await?;
    }
    let mut after = row.clone();
    change.apply(&mut after);
    after.answer = checked(after.answer)?;
    after.updated_at = op.now.clone();
    after.updated_by = op.actor.name.clone();
    for field in &fields {
        versions.insert(wire_name(*field).to_owned(), row.version + 1);
    }
    let kept = serde_json::to_string(&versions).map_err(|e| AppError::Internal(e.to_string()))?;
    let texts = |row: &SheetRow| -> Map<String, Value> {
        fields.iter().map(|f| (wire_name(*f).to_owned(), Value::String(field_text(row, *f)))).collect()
    };
    // The trail first: its head is the lock that every write of an organisation takes, so that writes of many rows
    // queue on PostgreSQL instead of waiting for each other in a circle.
    op.trail("answer.change", ("answer", &row.id), Some(&texts(&row)), Some(&texts(&after))).await?;
    store_update(op, &after, &kept).await?;
    after.version = row.version + 1;
    after.field_versions = kept;
    Ok((after, true))
}

/// As the store's, but a lost race stays what it is, so that [`save`] can try again.
async fn store_update(op: &mut Operation<'_>, row: &SheetRow, field_versions: &str) -> Result<()> {
    let org = op.actor.organisation_id.clone();
    store::update_answer(&mut op.write, &org, row, field_versions).await.map_err(AppError::Store)
}

fn checked(answer: Answer) -> Result<Answer> {
    answer.checked().map_err(|why| Refusal::invalid(why.code(), why.ja(), why.to_string()).into())
}

pub(crate) fn field_versions(row: &SheetRow) -> Result<BTreeMap<String, i64>> {
    serde_json::from_str(&row.field_versions)
        .map_err(|e| AppError::Internal(format!("answer {}: field_versions: {e}", row.id)))
}

/// Only who runs the Assessment gives rows to departments, and only to those of the organisation.
async fn known_department(op: &mut Operation<'_>, department_id: &str) -> Result<()> {
    op.actor.require(Permission::ManageAssessments)?;
    let org = op.actor.organisation_id.clone();
    let known = department_id.is_empty()
        || registry::departments(&mut op.write, &org).await?.iter().any(|d| d.id == department_id);
    if known { Ok(()) } else { Err(Refusal::not_found().into()) }
}

/// Changes the same fields of many rows of one Assessment, all or none. Returns how many rows changed.
///
/// # Errors
/// No or too many rows, a row that is not of this Assessment, a closed Assessment, an answer that may not be kept as it
/// is (the message names the row), or a role that may not.
pub async fn save_many(
    app: &App,
    actor: &Actor,
    assessment_id: &str,
    answer_ids: &[String],
    change: &Change,
) -> Result<usize> {
    if answer_ids.is_empty() || answer_ids.len() > BULK_MAX || change.fields().is_empty() {
        return Err(Refusal::invalid(
            "selection",
            "変更する行と内容を選んでください。",
            "Choose rows and what to change.",
        )
        .into());
    }
    let mut op = app.operate(actor, Permission::AnswerAll).await?;
    let org = actor.organisation_id.as_str();
    let assessment =
        store::assessment_by_id(&mut op.write, org, assessment_id).await?.ok_or_else(Refusal::not_found)?;
    require_open(&assessment)?;
    let mut changed = 0;
    let rows = store::sheet(&mut op.write, org, assessment_id).await?;
    let mut by_id: BTreeMap<String, SheetRow> = rows.into_iter().map(|row| (row.id.clone(), row)).collect();
    for id in answer_ids {
        let row = by_id.remove(id).ok_or_else(Refusal::not_found)?;
        let number = row.number.clone();
        let versions = field_versions(&row)?;
        let difference = change.clone().without_same(&row);
        let (_, wrote) = write(&mut op, row, difference, versions).await.map_err(|error| at_row(error, &number))?;
        changed += usize::from(wrote);
    }
    if changed > 0 {
        op.commit().await?;
    }
    Ok(changed)
}

/// The rows of running Assessments that name somebody as in charge, with the title of their Assessment.
pub(crate) async fn rows_of_owner(c: &mut Connection, org: &str, name: &str) -> Result<Vec<(String, SheetRow)>> {
    let mut rows = Vec::new();
    for assessment in store::assessments(c, org).await?.into_iter().filter(|a| a.state == "open") {
        let named = store::sheet(c, org, &assessment.id).await?.into_iter().filter(|row| row.answer.owner == name);
        rows.extend(named.map(|row| (assessment.title.clone(), row)));
    }
    Ok(rows)
}

/// Puts another name in charge of those rows, inside an operation. An answer that could not be kept as it stands today
/// stays as it is rather than hold up all the others.
pub(crate) async fn pass_to_owner(op: &mut Operation<'_>, from: &str, to: &str) -> Result<u64> {
    let (org, mut passed) = (op.actor.organisation_id.clone(), 0);
    for (_, row) in rows_of_owner(&mut op.write, &org, from).await? {
        if checked(row.answer.clone()).is_err() {
            continue;
        }
        let versions = field_versions(&row)?;
        let change = Change { owner: Some(to.to_owned()), ..Change::default() };
        let (_, wrote) = write(op, row, change, versions).await?;
        passed += u64::from(wrote);
    }
    Ok(passed)
}

pub(crate) fn at_row(error: AppError, number: &str) -> AppError {
    match error {
        AppError::Refused(mut refusal) => {
            refusal.ja = format!("{number}: {}", refusal.ja);
            refusal.en = format!("{number}: {}", refusal.en);
            AppError::Refused(refusal)
        }
        AppError::Store(StoreError::Conflict(_)) => Refusal::conflict().into(),
        other => other,
    }
}

/// Everything about one row.
pub struct Detail {
    pub assessment: Assessment,
    pub edition: EditionEntry,
    pub row: SheetRow,
    pub provision: ProvisionEntry,
    pub evidence: Vec<Evidence>,
    pub history: Vec<Event>,
    pub may_change: bool,
}

/// One row with its question, text, evidence and history.
///
/// # Errors
/// Not of this organisation, or not asked of the actor's department.
pub async fn detail(app: &App, actor: &Actor, answer_id: &str) -> Result<Detail> {
    let org = actor.organisation_id.as_str();
    let mut c = app.read().await?;
    let (assessment_id, row) = store::sheet_row_by_id(&mut c, org, answer_id).await?.ok_or_else(Refusal::not_found)?;
    if !may_see(&mut c, actor, answer_id).await? {
        return Err(Refusal::not_found().into());
    }
    let assessment = store::assessment_by_id(&mut c, org, &assessment_id).await?.ok_or_else(Refusal::not_found)?;
    let edition = edition::edition(&mut c, org, &row.edition_id).await?.ok_or_else(Refusal::not_found)?;
    let provision =
        edition::provision(&mut c, org, &row.edition_id, &row.number).await?.ok_or_else(Refusal::not_found)?;
    let may_change = assessment.state == "open" && may_answer(&mut c, actor, answer_id).await?;
    Ok(Detail {
        evidence: store::evidence_of(&mut c, org, answer_id).await?,
        history: trail::of_subject(&mut c, org, "answer", answer_id).await?,
        assessment,
        edition,
        row,
        provision,
        may_change,
    })
}

/// The row as JSON text fields, for a person who has to choose between two states.
pub fn current_state(row: &SheetRow) -> Value {
    let fields: Map<String, Value> =
        AnswerField::ALL.iter().map(|f| (wire_name(*f).to_owned(), Value::String(field_text(row, *f)))).collect();
    json!(fields)
}
