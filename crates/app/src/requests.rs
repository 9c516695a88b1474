//! 部署別回答依頼: asking departments for their part, following it up, taking it back.

use std::collections::HashSet;

use jiff::civil::Date;
use sakimori_domain::assurance::AnswerStatus;
use sakimori_domain::identity::Permission;
use sakimori_store::assessment::{self, Assessment, SheetRow};
use sakimori_store::identity::{self, Membership};
use sakimori_store::registry;
use sakimori_store::request::{self as store, AnswerRequest};
use serde_json::json;

use crate::answers::BULK_MAX;
use crate::assessment::require_open;
use crate::{Actor, App, Operation, Refusal, Result};

/// Longest message to a department, in characters.
const MESSAGE_MAX: usize = 2_000;

/// Where a request stands, as people speak of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Past its date and not returned.
    Overdue,
    /// Nothing answered yet.
    Asked,
    /// Some rows answered.
    Answering,
    /// Handed back, to be looked at.
    Returned,
    Accepted,
    Withdrawn,
}

impl Stage {
    /// Every stage, in the order of the board.
    pub const ALL: [Stage; 6] =
        [Stage::Overdue, Stage::Asked, Stage::Answering, Stage::Returned, Stage::Accepted, Stage::Withdrawn];

    /// Stage of a request on a day.
    pub fn of(request: &AnswerRequest, today: Date) -> Self {
        match request.state.as_str() {
            "returned" => Self::Returned,
            "accepted" => Self::Accepted,
            "withdrawn" => Self::Withdrawn,
            _ if request.due < today.to_string() => Self::Overdue,
            _ if request.answered == 0 => Self::Asked,
            _ => Self::Answering,
        }
    }

    /// Code of URLs.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Overdue => "overdue",
            Self::Asked => "asked",
            Self::Answering => "answering",
            Self::Returned => "returned",
            Self::Accepted => "accepted",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// Japanese word.
    pub const fn ja(self) -> &'static str {
        match self {
            Self::Overdue => "期限超過",
            Self::Asked => "依頼済み",
            Self::Answering => "回答中",
            Self::Returned => "提出済み",
            Self::Accepted => "受領済み",
            Self::Withdrawn => "取下げ",
        }
    }

    /// English word.
    pub const fn en(self) -> &'static str {
        match self {
            Self::Overdue => "overdue",
            Self::Asked => "asked",
            Self::Answering => "answering",
            Self::Returned => "returned",
            Self::Accepted => "accepted",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// What is needed to ask a department.
#[derive(Debug, Clone, Default)]
pub struct NewRequest {
    pub assessment_id: String,
    /// Rows that are asked for.
    pub answers: Vec<String>,
    pub department_id: String,
    /// ISO date.
    pub due: String,
    pub message: String,
}

/// Sends a request to a department or system.
///
/// # Errors
/// No rows, a date that has passed, unknown rows or department, a closed Assessment, or a role that may not.
pub async fn ask(app: &App, actor: &Actor, new: NewRequest) -> Result<String> {
    let due = checked_due(app, &new.due)?;
    let message = checked_message(&new.message)?;
    let mut seen = HashSet::new();
    let mut answers = new.answers;
    answers.retain(|id| seen.insert(id.clone()));
    if answers.is_empty() || answers.len() > BULK_MAX {
        return Err(Refusal::invalid("selection", "依頼する行を選んでください。", "Choose the rows to ask for.").into());
    }
    let mut op = app.operate(actor, Permission::ManageAssessments).await?;
    let org = actor.organisation_id.clone();
    let assessment =
        assessment::assessment_by_id(&mut op.write, &org, &new.assessment_id).await?.ok_or_else(Refusal::not_found)?;
    require_open(&assessment)?;
    let departments = registry::departments(&mut op.write, &org).await?;
    if departments.iter().all(|d| d.id != new.department_id) {
        return Err(Refusal::invalid("department", "依頼先の部署を選んでください。", "Choose a department.").into());
    }
    let rows = assessment::sheet(&mut op.write, &org, &assessment.id).await?;
    let known: HashSet<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    if answers.iter().any(|id| !known.contains(id.as_str())) {
        return Err(Refusal::not_found().into());
    }
    let request = AnswerRequest {
        id: app.new_id(),
        organisation_id: org,
        assessment_id: assessment.id,
        assessment_title: assessment.title,
        department_id: new.department_id,
        department_name: String::new(),
        delegate_id: String::new(),
        delegate_name: String::new(),
        message,
        due,
        state: "asked".to_owned(),
        asked_by: actor.name.clone(),
        asked_at: op.now.clone(),
        returned_at: String::new(),
        reminded_at: String::new(),
        version: 1,
        rows: 0,
        answered: 0,
    };
    let after = json!({ "department": request.department_id, "due": request.due, "rows": answers });
    op.trail_new("request.ask", ("request", &request.id), &after).await?;
    store::insert_request(&mut op.write, &request, &answers).await?;
    op.commit().await?;
    Ok(request.id)
}

fn checked_due(app: &App, text: &str) -> Result<String> {
    let due = Some(text.trim()).filter(|t| t.len() == 10).and_then(|t| t.parse::<Date>().ok());
    match due {
        Some(due) if due >= app.today() && due.year() < 2100 => Ok(due.to_string()),
        _ => {
            Err(Refusal::invalid("due", "期限は今日以降の日付で入力してください。", "Enter a date from today on.")
                .into())
        }
    }
}

fn checked_message(text: &str) -> Result<String> {
    let text = sakimori_domain::assurance::tidy_text(text);
    if text.chars().count() <= MESSAGE_MAX && !text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
        return Ok(text);
    }
    Err(Refusal::invalid(
        "message",
        format!("連絡文は{MESSAGE_MAX}文字以内で入力してください。"),
        format!("A message has at most {MESSAGE_MAX} characters."),
    )
    .into())
}

/// The requests that an actor may see, by deadline: all of them, or those to the actor's department.
///
/// # Errors
/// A role that may see none.
pub async fn list(app: &App, actor: &Actor) -> Result<Vec<AnswerRequest>> {
    let mut c = app.read().await?;
    if actor.may(Permission::ReadAssessments) {
        return Ok(store::requests(&mut c, &actor.organisation_id).await?);
    }
    actor.require(Permission::ReadOwnRequests)?;
    let own = store::requests_of_department(&mut c, &actor.organisation_id, &actor.department_id).await?;
    Ok(own.into_iter().filter(|r| r.state != "withdrawn").collect())
}

/// A request with its rows and what the actor can do with it.
pub struct Desk {
    pub request: AnswerRequest,
    pub assessment: Assessment,
    pub rows: Vec<SheetRow>,
    /// People of the department, to pass it on to.
    pub people: Vec<Membership>,
    /// The actor belongs to the department and it is the department's turn.
    pub may_answer: bool,
    /// The actor runs the Assessment.
    pub may_manage: bool,
}

/// One request.
///
/// # Errors
/// Not of this organisation, or to another department than the actor's.
pub async fn desk(app: &App, actor: &Actor, id: &str) -> Result<Desk> {
    let org = actor.organisation_id.as_str();
    let mut c = app.read().await?;
    let request = store::request_by_id(&mut c, org, id).await?.ok_or_else(Refusal::not_found)?;
    if !sees(actor, &request) {
        return Err(Refusal::not_found().into());
    }
    let assessment =
        assessment::assessment_by_id(&mut c, org, &request.assessment_id).await?.ok_or_else(Refusal::not_found)?;
    let rows = assessment::sheet_of_request(&mut c, org, id).await?;
    let members = identity::members(&mut c, org).await?;
    let people =
        members.into_iter().filter(|m| m.department_id == request.department_id && m.state == "active").collect();
    let open = assessment.state == "open";
    let turn = open && request.state == "asked";
    Ok(Desk {
        may_answer: turn && (actor.may(Permission::AnswerAll) || is_own(actor, &request)),
        may_manage: open && actor.may(Permission::ManageAssessments),
        request,
        assessment,
        rows,
        people,
    })
}

fn is_own(actor: &Actor, request: &AnswerRequest) -> bool {
    actor.may(Permission::AnswerOwn) && !actor.department_id.is_empty() && actor.department_id == request.department_id
}

fn sees(actor: &Actor, request: &AnswerRequest) -> bool {
    actor.may(Permission::ReadAssessments) || (is_own(actor, request) && request.state != "withdrawn")
}

/// What can be done with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The department hands it back, complete.
    Return,
    /// The person who asked takes it.
    Accept,
    /// 差戻し: the department has to look again, by a new date.
    SendBack { reason: String, due: String },
    /// It is not needed any more.
    Withdraw,
    /// Another date.
    Postpone { due: String },
    /// Passed on to a person of the department; empty: to nobody in particular.
    Delegate { account_id: String },
}

impl Step {
    const fn verb(&self) -> &'static str {
        match self {
            Self::Return => "request.return",
            Self::Accept => "request.accept",
            Self::SendBack { .. } => "request.send-back",
            Self::Withdraw => "request.withdraw",
            Self::Postpone { .. } => "request.postpone",
            Self::Delegate { .. } => "request.delegate",
        }
    }
}

/// Takes a step with a request over the version that the actor has seen.
///
/// # Errors
/// Not to be seen, not the actor's to do, not possible in this state, or somebody was faster.
pub async fn step(app: &App, actor: &Actor, id: &str, version: i64, step: Step) -> Result<()> {
    let mut op = app.operate_as(actor).await?;
    let before =
        store::request_by_id(&mut op.write, &actor.organisation_id, id).await?.ok_or_else(Refusal::not_found)?;
    if !sees(actor, &before) {
        return Err(Refusal::not_found().into());
    }
    let own = is_own(actor, &before);
    let allowed = match step {
        Step::Return | Step::Delegate { .. } => own || actor.may(Permission::ManageAssessments),
        _ => actor.may(Permission::ManageAssessments),
    };
    if !allowed {
        return Err(Refusal::forbidden().into());
    }
    let assessment = assessment::assessment_by_id(&mut op.write, &actor.organisation_id, &before.assessment_id).await?;
    require_open(&assessment.ok_or_else(Refusal::not_found)?)?;
    let mut after = AnswerRequest { version, ..before.clone() };
    apply(&mut op, &mut after, &step).await?;
    op.trail(step.verb(), ("request", id), Some(&facts(&before)), Some(&facts(&after))).await?;
    store::update_request(&mut op.write, &after).await?;
    op.commit().await
}

fn facts(r: &AnswerRequest) -> serde_json::Value {
    json!({ "state": r.state, "due": r.due, "delegate": r.delegate_id, "message": r.message, "reminded_at": r.reminded_at })
}

fn not_now() -> Refusal {
    Refusal::invalid(
        "request-state",
        "いまの状態ではこの操作はできません。",
        "This cannot be done in the present state.",
    )
    .next("画面を開き直して、最新の状態を確かめてください。", "Open the page again and look at the present state.")
}

async fn apply(op: &mut Operation<'_>, r: &mut AnswerRequest, step: &Step) -> Result<()> {
    let from: &[&str] = match step {
        Step::Return | Step::Postpone { .. } | Step::Delegate { .. } => &["asked"],
        Step::Accept => &["returned"],
        Step::SendBack { .. } => &["returned", "accepted"],
        Step::Withdraw => &["asked", "returned"],
    };
    if !from.contains(&r.state.as_str()) {
        return Err(not_now().into());
    }
    match step {
        Step::Return => {
            require_complete(op, r).await?;
            "returned".clone_into(&mut r.state);
            r.returned_at = op.now.clone();
        }
        Step::Accept => "accepted".clone_into(&mut r.state),
        Step::Withdraw => "withdrawn".clone_into(&mut r.state),
        Step::Postpone { due } => r.due = checked_due(op.app, due)?,
        Step::SendBack { reason, due } => {
            let reason = checked_message(reason)?;
            if reason.is_empty() {
                return Err(
                    Refusal::invalid("reason", "差戻しの理由を入力してください。", "Say why it is sent back.").into()
                );
            }
            r.due = checked_due(op.app, due)?;
            // What was written first stays readable below.
            r.message = checked_message(&format!("【差戻し {}】{reason}\n\n{}", op.app.today(), r.message))?;
            r.returned_at = String::new();
            "asked".clone_into(&mut r.state);
        }
        Step::Delegate { account_id } => delegate(op, r, account_id).await?,
    }
    Ok(())
}

/// A department hands back a complete part: a blank row is a question nobody has looked at.
async fn require_complete(op: &mut Operation<'_>, r: &AnswerRequest) -> Result<()> {
    let rows = assessment::sheet_of_request(&mut op.write, &r.organisation_id, &r.id).await?;
    let blank: Vec<&str> = rows
        .iter()
        .filter(|row| row.answer.status == AnswerStatus::Unanswered)
        .map(|row| row.number.as_str())
        .collect();
    if blank.is_empty() {
        return Ok(());
    }
    let first = blank.iter().take(5).copied().collect::<Vec<_>>().join("、");
    Err(Refusal::invalid(
        "unanswered",
        format!("未回答が{}件あります（{first}{}）。", blank.len(), if blank.len() > 5 { " ほか" } else { "" }),
        format!("{} rows have no answer yet ({first}).", blank.len()),
    )
    .next(
        "分からない項目は × とし、現状に事情を書いてから提出してください。",
        "Where you cannot tell, set × and say why, then return it.",
    )
    .into())
}

async fn delegate(op: &mut Operation<'_>, r: &mut AnswerRequest, account_id: &str) -> Result<()> {
    r.delegate_name = String::new();
    if !account_id.is_empty() {
        let seat = identity::membership_of(&mut op.write, account_id, &r.organisation_id).await?;
        let seat = seat.filter(|s| s.department_id == r.department_id && s.state == "active").ok_or_else(|| {
            Refusal::invalid("delegate", "依頼先の部署の人を選んでください。", "Choose a person of the department.")
        })?;
        r.delegate_name = seat.display_name;
    }
    account_id.clone_into(&mut r.delegate_id);
    Ok(())
}

/// Notes that the departments of these requests have been reminded. Returns how many were open.
///
/// # Errors
/// A role that may not, or somebody was faster.
pub async fn remind(app: &App, actor: &Actor, ids: &[String]) -> Result<usize> {
    if ids.is_empty() || ids.len() > BULK_MAX {
        return Err(Refusal::invalid("selection", "督促した依頼を選んでください。", "Choose the requests.").into());
    }
    let mut op = app.operate(actor, Permission::ManageAssessments).await?;
    let mut reminded = 0;
    for id in ids {
        let before =
            store::request_by_id(&mut op.write, &actor.organisation_id, id).await?.ok_or_else(Refusal::not_found)?;
        if before.state != "asked" {
            continue;
        }
        let after = AnswerRequest { reminded_at: op.now.clone(), ..before.clone() };
        op.trail("request.remind", ("request", id), Some(&facts(&before)), Some(&facts(&after))).await?;
        store::update_request(&mut op.write, &after).await?;
        reminded += 1;
    }
    if reminded > 0 {
        op.commit().await?;
    }
    Ok(reminded)
}

/// 未回答一覧: the open requests with their blank rows, by deadline.
///
/// # Errors
/// A role that may not.
pub async fn unanswered(app: &App, actor: &Actor) -> Result<Vec<(AnswerRequest, Vec<SheetRow>)>> {
    actor.require(Permission::ReadAssessments)?;
    let mut c = app.read().await?;
    let mut out = Vec::new();
    for request in store::requests(&mut c, &actor.organisation_id).await? {
        if request.state == "asked" && request.answered < request.rows {
            let mut rows = assessment::sheet_of_request(&mut c, &actor.organisation_id, &request.id).await?;
            rows.retain(|row| row.answer.status == AnswerStatus::Unanswered);
            out.push((request, rows));
        }
    }
    Ok(out)
}
