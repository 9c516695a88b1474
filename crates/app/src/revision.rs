//! 改訂: raising points for the next Edition, discussing and deciding them, and the meetings that do so.

mod draft;
mod view;

pub use draft::{DraftView, accepted, make_draft};
pub use view::{IssueView, Line, Overview, Surroundings, TableItem, list, prefill, surroundings, table_items, view};

use sakimori_domain::identity::Permission;
use sakimori_domain::revision::{
    ChangeKind, Decision, Direction, EvidenceDocument, MeetingState, Standing, StepError, Wording, WordingError,
};
use sakimori_store::revision::{self as store, Issue, Meeting, Note};
use sakimori_store::{Connection, edition};
use serde_json::{Value, json};

use crate::texts::{self, Field};
use crate::{Actor, App, Refusal, Result};

/// Longest title, in characters.
const TITLE_MAX: usize = 200;
/// Longest text of a point, of a document's content, of what was said, in characters.
const TEXT_MAX: usize = 4_000;
/// Longest wording of an item, in characters.
const WORDING_MAX: usize = 20_000;
/// Items and documents of one point.
const PARTS_MAX: usize = 20;
/// Points of one organisation.
const ISSUES_MAX: i64 = 5_000;

/// A point as a person entered it.
#[derive(Debug, Clone, Default)]
pub struct IssueInput {
    /// The version that the person saw; 0 for a new one.
    pub version: i64,
    pub edition_id: String,
    pub items: Vec<String>,
    pub title: String,
    pub point: String,
    pub evidence: Vec<EvidenceDocument>,
    /// Empty: no meeting yet.
    pub meeting_id: String,
    pub wording: Wording,
    /// Where it came from; empty: raised by hand.
    pub origin: String,
}

/// What a person does with a point.
#[derive(Debug, Clone)]
pub enum Step {
    Propose(Direction),
    Discuss,
    Decide(Direction, Decision),
    Reopen(String),
    Withdraw(String),
}

impl Step {
    const fn action(&self) -> &'static str {
        match self {
            Step::Propose(_) => "revision.propose",
            Step::Discuss => "revision.discuss",
            Step::Decide(..) => "revision.decide",
            Step::Reopen(_) => "revision.reopen",
            Step::Withdraw(_) => "revision.withdraw",
        }
    }

    fn reason(&self) -> &str {
        match self {
            Step::Reopen(reason) | Step::Withdraw(reason) => reason,
            Step::Decide(_, decision) => &decision.text,
            Step::Propose(_) | Step::Discuss => "",
        }
    }

    fn take(self, standing: Standing) -> Result<Standing, StepError> {
        match self {
            Step::Propose(direction) => standing.propose(direction),
            Step::Discuss => standing.discuss(),
            Step::Decide(direction, decision) => standing.decide(direction, decision),
            Step::Reopen(reason) => standing.reopen(&reason),
            Step::Withdraw(reason) => standing.withdraw(&reason),
        }
    }
}

const TITLE: Field = ("title", "件名", "The title");
const POINT: Field = ("point", "論点", "The point");
const CONTENT: Field = ("content", "根拠資料の内容", "What a document says");
const DOCUMENT: Field = ("document", "根拠資料", "An evidence document");
const PLACE: Field = ("place", "箇所", "The place in a document");
const OLD: Field = ("old-text", "現行の文言", "The present wording");
const NEW: Field = ("new-text", "次の版の文言", "The next wording");
const NUMBER: Field = ("number", "番号", "The number");
const REASON: Field = ("reason", "理由", "The reason");
const BY: Field = ("decided-by", "決めた人・会議", "Who decided");
const DECISION: Field = ("decision", "決定の内容", "The decision");

/// Raises a point and returns its id.
///
/// # Errors
/// An Edition, item or meeting that is not there; texts that are missing or too long; a role that may not.
pub async fn raise(app: &App, actor: &Actor, input: IssueInput) -> Result<String> {
    let mut op = app.operate(actor, Permission::EditRevision).await?;
    let now = op.now.clone();
    let id = app.new_id();
    // The event first: its row is the lock under which the next number is taken.
    op.trail_new(
        "revision.raise",
        ("revision-issue", &id),
        &json!({ "edition": input.edition_id, "items": input.items, "title": input.title, "origin": input.origin }),
    )
    .await?;
    let mut issue = Issue {
        id: id.clone(),
        number: store::last_number(&mut op.write, &actor.organisation_id).await? + 1,
        edition_id: input.edition_id.trim().to_owned(),
        items: Vec::new(),
        title: String::new(),
        point: String::new(),
        evidence: Vec::new(),
        standing: Standing::default(),
        meeting_id: String::new(),
        wording: Wording::default(),
        origin: texts::line(("origin", "出どころ", "The origin"), &input.origin, TITLE_MAX)?,
        created_by: actor.name.clone(),
        created_at: now.clone(),
        updated_by: actor.name.clone(),
        updated_at: now,
        version: 1,
    };
    if issue.number > ISSUES_MAX {
        return Err(Refusal::invalid(
            "too-many",
            format!("論点は{ISSUES_MAX}件までです。"),
            format!("At most {ISSUES_MAX} points."),
        )
        .into());
    }
    fill(&mut op.write, actor, &mut issue, input).await?;
    store::insert_issue(&mut op.write, &actor.organisation_id, &issue).await?;
    op.commit().await?;
    Ok(id)
}

/// Changes what a point says; its stage and direction are changed by [`step`].
///
/// # Errors
/// As [`raise`]; somebody was faster.
pub async fn change(app: &App, actor: &Actor, id: &str, input: IssueInput) -> Result<()> {
    let mut op = app.operate(actor, Permission::EditRevision).await?;
    let mut issue = of(&mut op.write, actor, id).await?;
    let before = said(&issue);
    issue.version = input.version;
    fill(&mut op.write, actor, &mut issue, input).await?;
    issue.updated_by.clone_from(&actor.name);
    issue.updated_at.clone_from(&op.now);
    let after = said(&issue);
    op.trail("revision.change", ("revision-issue", id), Some(&before), Some(&after)).await?;
    store::update_issue(&mut op.write, &actor.organisation_id, &issue).await?;
    op.commit().await
}

async fn of(c: &mut Connection, actor: &Actor, id: &str) -> Result<Issue> {
    Ok(store::issue(c, &actor.organisation_id, id).await?.ok_or_else(Refusal::not_found)?)
}

fn said(issue: &Issue) -> Value {
    json!({
        "items": issue.items, "title": issue.title, "point": issue.point, "meeting": issue.meeting_id,
        "evidence": issue.evidence.iter().map(|e| json!([e.title, e.place, e.content])).collect::<Vec<_>>(),
        "wording": [issue.wording.kind.code(), &issue.wording.number, &issue.wording.after, &issue.wording.title,
                    &issue.wording.old_text, &issue.wording.new_text],
    })
}

/// Writes the checked input into a point.
async fn fill(c: &mut Connection, actor: &Actor, issue: &mut Issue, input: IssueInput) -> Result<()> {
    let organisation_id = &actor.organisation_id;
    if edition::edition(c, organisation_id, &issue.edition_id).await?.is_none() {
        return Err(unknown_edition().into());
    }
    issue.title = texts::needed(TITLE, &input.title, TITLE_MAX)?;
    issue.point = texts::text(POINT, &input.point, TEXT_MAX)?;
    issue.items = checked_items(c, actor, &issue.edition_id, input.items).await?;
    issue.evidence = checked_evidence(input.evidence)?;
    let present = std::mem::take(&mut issue.meeting_id);
    issue.meeting_id =
        if issue.standing.is_open() { checked_meeting(c, actor, &input.meeting_id).await? } else { present };
    let w = input.wording;
    issue.wording = Wording {
        kind: w.kind,
        number: sakimori_domain::text::number_id(&texts::line(NUMBER, &w.number, TITLE_MAX)?),
        after: sakimori_domain::text::number_id(&texts::line(NUMBER, &w.after, TITLE_MAX)?),
        title: texts::line(TITLE, &w.title, TITLE_MAX)?,
        old_text: texts::text(OLD, &w.old_text, WORDING_MAX)?,
        new_text: texts::text(NEW, &w.new_text, WORDING_MAX)?,
    };
    issue.wording.check().map_err(|error| wording_refusal(error).into())
}

fn unknown_edition() -> Refusal {
    Refusal::invalid("edition", "改訂する基準の版を選んでください。", "Choose the edition to be revised.")
}

async fn checked_items(c: &mut Connection, actor: &Actor, edition_id: &str, items: Vec<String>) -> Result<Vec<String>> {
    let mut numbers: Vec<String> = Vec::new();
    for number in items.iter().map(|n| sakimori_domain::text::number_id(n)).filter(|n| !n.is_empty()) {
        if !numbers.contains(&number) {
            numbers.push(number);
        }
    }
    if numbers.len() > PARTS_MAX {
        return Err(too_many_parts().into());
    }
    for number in &numbers {
        if edition::provision(c, &actor.organisation_id, edition_id, number).await?.is_none() {
            let shown: String = number.chars().take(60).collect();
            return Err(Refusal::invalid(
                "item",
                format!("この版に「{shown}」という番号の項目はありません。"),
                format!("This edition has no item {shown}."),
            )
            .next(
                "項目の番号を確かめてください。新しい項目の番号は「次の版」の欄に書きます。",
                "Check the number; numbers of new items belong to the next wording.",
            )
            .into());
        }
    }
    Ok(numbers)
}

fn too_many_parts() -> Refusal {
    Refusal::invalid(
        "too-many-parts",
        format!("項目と根拠資料は、論点1件につき{PARTS_MAX}件までです。"),
        format!("A point may have {PARTS_MAX} items and {PARTS_MAX} documents."),
    )
}

fn checked_evidence(documents: Vec<EvidenceDocument>) -> Result<Vec<EvidenceDocument>> {
    let mut checked = Vec::new();
    for d in documents {
        let document = EvidenceDocument {
            title: texts::line(DOCUMENT, &d.title, TITLE_MAX)?,
            place: texts::line(PLACE, &d.place, TITLE_MAX)?,
            content: texts::text(CONTENT, &d.content, TEXT_MAX)?,
        };
        if document.title.is_empty() && !(document.place.is_empty() && document.content.is_empty()) {
            return Err(Refusal::invalid(
                "document",
                "根拠資料の名前を入力してください。",
                "Name the evidence document.",
            )
            .into());
        }
        if !document.title.is_empty() {
            checked.push(document);
        }
    }
    if checked.len() > PARTS_MAX { Err(too_many_parts().into()) } else { Ok(checked) }
}

async fn checked_meeting(c: &mut Connection, actor: &Actor, id: &str) -> Result<String> {
    let id = id.trim();
    if !id.is_empty() && store::meeting(c, &actor.organisation_id, id).await?.is_none() {
        return Err(Refusal::invalid("meeting", "会議を選び直してください。", "Choose the meeting again.").into());
    }
    Ok(id.to_owned())
}

fn wording_refusal(error: WordingError) -> Refusal {
    let (ja, en) = match error {
        WordingError::NoNumber => {
            ("次の版で変える項目の番号を入力してください。", "Give the number of the item to change.")
        }
        WordingError::NoText => ("次の版の文言か題名を入力してください。", "Give the next wording or title."),
        WordingError::NoPlace => {
            ("新しい項目を、どの項目の後に置くかを入力してください。", "Say behind which item the new one stands.")
        }
        WordingError::NoTitle => ("新しい項目の題名を入力してください。", "A new item needs a title."),
    };
    Refusal::invalid("wording", ja, en)
}

fn step_refusal(error: &StepError) -> Refusal {
    let (ja, en) = match error {
        StepError::Stage(stage) => {
            let (ja, code) = (stage.ja(), stage.code());
            return Refusal::invalid(
                "stage",
                format!("「{ja}」の論点には、この操作はできません。"),
                format!("This is not possible for a point that is {code}."),
            )
            .next(
                "決定した論点は、理由を書いて検討に戻せます。",
                "A decided point can be taken up again with a reason.",
            );
        }
        StepError::NoDirection => ("方向（○ △ 反映しない）を選んでください。", "Choose the direction."),
        StepError::NoDay => {
            ("決めた日を 2026-11-20 の形で入力してください。", "Give the day of the decision, such as 2026-11-20.")
        }
        StepError::Nobody => ("決めた人・会議を入力してください。", "Say who decided."),
        StepError::NoReason => ("理由を入力してください。", "A reason is needed."),
        StepError::Inconsistent(_) => ("保存されている状態が矛盾しています。", "The kept state contradicts itself."),
    };
    Refusal::invalid("step", ja, en)
}

/// Takes a step with a point.
///
/// # Errors
/// The step is not possible now; a meeting that is not there; somebody was faster; a role that may not.
pub async fn step(app: &App, actor: &Actor, id: &str, version: i64, step: Step) -> Result<()> {
    let mut op = app.operate(actor, Permission::EditRevision).await?;
    let mut issue = of(&mut op.write, actor, id).await?;
    let step = checked_step(&mut op.write, actor, app, step).await?;
    let state = |i: &Issue| json!({ "stage": i.standing.stage().code(), "direction": i.standing.direction().code() });
    let (before, action, reason) = (state(&issue), step.action(), step.reason().to_owned());
    if let Step::Decide(_, decision) = &step {
        issue.meeting_id.clone_from(&decision.meeting_id);
    }
    issue.standing = step.take(issue.standing.clone()).map_err(|error| step_refusal(&error))?;
    issue.version = version;
    issue.updated_by.clone_from(&actor.name);
    issue.updated_at.clone_from(&op.now);
    let mut after = state(&issue);
    if !reason.is_empty() {
        after["text"] = json!(reason);
    }
    op.trail(action, ("revision-issue", id), Some(&before), Some(&after)).await?;
    store::update_issue(&mut op.write, &actor.organisation_id, &issue).await?;
    op.commit().await
}

async fn checked_step(c: &mut Connection, actor: &Actor, app: &App, step: Step) -> Result<Step> {
    Ok(match step {
        Step::Decide(direction, decision) => {
            if decision.on > app.today().to_string() {
                return Err(Refusal::invalid(
                    "future",
                    "決めた日が先の日付になっています。",
                    "The day of the decision lies ahead.",
                )
                .into());
            }
            let decision = Decision {
                on: decision.on.trim().to_owned(),
                by: texts::line(BY, &decision.by, TITLE_MAX)?,
                meeting_id: checked_meeting(c, actor, &decision.meeting_id).await?,
                text: texts::text(DECISION, &decision.text, TEXT_MAX)?,
            };
            Step::Decide(direction, decision)
        }
        Step::Reopen(reason) => Step::Reopen(texts::text(REASON, &reason, TEXT_MAX)?),
        Step::Withdraw(reason) => Step::Withdraw(texts::text(REASON, &reason, TEXT_MAX)?),
        other => other,
    })
}

/// What was said of a point, as a person entered it.
#[derive(Debug, Clone, Default)]
pub struct NoteInput {
    pub said_on: String,
    pub meeting_id: String,
    pub speaker: String,
    pub text: String,
}

/// Notes what was said of a point; a raised point is under discussion from then on.
///
/// # Errors
/// No such point; texts or dates that cannot be taken; a role that may not.
pub async fn note(app: &App, actor: &Actor, id: &str, input: NoteInput) -> Result<()> {
    let mut op = app.operate(actor, Permission::EditRevision).await?;
    let mut issue = of(&mut op.write, actor, id).await?;
    let said_on = texts::day(("said-on", "発言の日", "The day"), &input.said_on)?;
    let note = Note {
        id: app.new_id(),
        issue_id: id.to_owned(),
        said_on: if said_on.is_empty() { app.today().to_string() } else { said_on },
        meeting_id: checked_meeting(&mut op.write, actor, &input.meeting_id).await?,
        speaker: texts::line(("speaker", "発言者", "The speaker"), &input.speaker, 100)?,
        text: texts::text(("text", "発言・検討の内容", "What was said"), &input.text, TEXT_MAX)?,
        written_by: actor.name.clone(),
        written_at: op.now.clone(),
    };
    if note.text.is_empty() {
        return Err(Refusal::invalid("text", "検討の内容を入力してください。", "Enter what was said.").into());
    }
    let after = json!({ "on": note.said_on, "speaker": note.speaker, "text": note.text });
    op.trail_new("revision.note", ("revision-issue", id), &after).await?;
    store::insert_note(&mut op.write, &actor.organisation_id, &note).await?;
    if issue.standing.stage() == sakimori_domain::revision::Stage::Raised {
        issue.standing = issue.standing.clone().discuss().map_err(|error| step_refusal(&error))?;
        store::update_issue(&mut op.write, &actor.organisation_id, &issue).await?;
    }
    op.commit().await
}

/// A meeting as a person entered it.
#[derive(Debug, Clone, Default)]
pub struct MeetingInput {
    /// The version that the person saw; 0 for a new one.
    pub version: i64,
    pub body: String,
    pub round: String,
    pub held_on: String,
    pub is_held: bool,
    pub minutes: String,
}

/// Writes a meeting (a new one where `id` is empty) and returns its id.
///
/// # Errors
/// Fields that are missing or cannot be taken; a body that has this round already; somebody was faster.
pub async fn keep_meeting(app: &App, actor: &Actor, id: &str, input: MeetingInput) -> Result<String> {
    let mut op = app.operate(actor, Permission::EditRevision).await?;
    let round: Option<i64> = input.round.trim().parse().ok().filter(|round| (1..=999).contains(round));
    let mut meeting = Meeting {
        id: id.to_owned(),
        body: texts::needed(("body", "会議の名前", "The name of the meeting"), &input.body, 100)?,
        round: round.ok_or_else(|| {
            Refusal::invalid("round", "回は1から999の数で入力してください。", "The round is a number from 1 to 999.")
        })?,
        held_on: texts::day(("held-on", "開催日", "The day"), &input.held_on)?,
        state: if input.is_held { MeetingState::Held } else { MeetingState::Planned },
        minutes: texts::text(("minutes", "議事の要点", "The minutes"), &input.minutes, TEXT_MAX)?,
        version: input.version.max(1),
    };
    let organisation_id = &actor.organisation_id;
    let taken = store::meetings(&mut op.write, organisation_id).await?;
    if taken.iter().any(|m| m.id != meeting.id && m.body == meeting.body && m.round == meeting.round) {
        return Err(Refusal::invalid(
            "round",
            "同じ会議の同じ回がすでにあります。",
            "This round of the meeting is there already.",
        )
        .into());
    }
    let after =
        json!({ "body": meeting.body, "round": meeting.round, "on": meeting.held_on, "state": meeting.state.code() });
    if id.is_empty() {
        meeting.id = app.new_id();
        op.trail_new("revision.meeting", ("review-meeting", &meeting.id), &after).await?;
        store::insert_meeting(&mut op.write, organisation_id, &meeting).await?;
    } else {
        let before = taken.iter().find(|m| m.id == id).ok_or_else(Refusal::not_found)?;
        let before =
            json!({ "body": before.body, "round": before.round, "on": before.held_on, "state": before.state.code() });
        op.trail("revision.meeting", ("review-meeting", id), Some(&before), Some(&after)).await?;
        store::update_meeting(&mut op.write, organisation_id, &meeting).await?;
    }
    op.commit().await?;
    Ok(meeting.id)
}

/// Whether a code of a form names a kind of change; anything else is none.
pub fn change_kind(code: &str) -> ChangeKind {
    ChangeKind::from_code(code).unwrap_or(ChangeKind::Open)
}
