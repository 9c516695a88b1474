//! 起案 → 確認 → 承認: the one approval that everything uses. What is approved is the subject as it was when it was drafted:
//! its hash is kept, and a subject that has changed since makes the approval void.

mod subject;

use sakimori_domain::approval::{Fault, Kind, State, Step, after};
use sakimori_domain::identity::Role;
use sakimori_domain::identity::duties::Hand;
use sakimori_store::approval::{self as store, Approval, Taken};
use serde_json::json;

pub use subject::Subject;
pub(crate) use subject::hash_of;

use crate::notice::{self, Audience};
use crate::{Actor, App, Operation, Refusal, RefusalKind, Result, texts};

/// Longest note, in characters.
const NOTE_MAX: usize = 1000;

/// An approval with its history and what the actor can do with it.
pub struct View {
    pub approval: Approval,
    pub steps: Vec<Taken>,
    /// Where its subject is looked at.
    pub href: String,
    /// The subject is another one than was drafted.
    pub has_changed: bool,
    /// Steps that the actor may take now.
    pub may: Vec<Step>,
}

impl View {
    /// The last act of a kind in the running round, for the boxes 起案・確認・承認.
    pub fn stamped(&self, step: Step) -> Option<&Taken> {
        let begin = self.steps.iter().rposition(|taken| taken.step == Step::Draft).unwrap_or(0);
        let round = &self.steps[begin..];
        let sent_back = round.iter().any(|taken| matches!(taken.step, Step::SendBack | Step::Void | Step::Withdraw));
        round.iter().find(|taken| taken.step == step && (!sent_back || step == Step::Draft))
    }
}

fn hand(actor: &Actor) -> Hand<'_> {
    Hand { account_id: &actor.account_id, on_behalf_of: &actor.on_behalf_of.0 }
}

fn taken(step: &Taken) -> Hand<'_> {
    Hand { account_id: &step.account_id, on_behalf_of: &step.principal_id }
}

/// Everybody who drafted: by the steps, and whoever has the draft as a duty now.
fn drafters<'a>(approval: &'a Approval, steps: &'a [Taken]) -> Vec<Hand<'a>> {
    let mut out: Vec<Hand<'a>> = steps.iter().filter(|s| s.step == Step::Draft).map(taken).collect();
    out.push(Hand { account_id: &approval.drafted_by, on_behalf_of: &approval.drafted_for });
    out
}

fn may_take(actor: &Actor, kind: Kind, step: Step) -> bool {
    kind.takers(step).iter().any(|permission| actor.may(*permission))
}

/// Whether an actor may see approvals of a kind at all: whoever could take a step of it.
fn sees(actor: &Actor, kind: Kind) -> bool {
    Step::ALL.iter().any(|step| may_take(actor, kind, *step))
}

fn possible(actor: &Actor, approval: &Approval, steps: &[Taken]) -> Vec<Step> {
    let drafters = drafters(approval, steps);
    [Step::Draft, Step::Check, Step::Approve, Step::SendBack, Step::Withdraw]
        .into_iter()
        .filter(|step| may_take(actor, approval.kind, *step))
        .filter(|step| after(approval.state, *step, &hand(actor), &drafters).is_ok())
        .collect()
}

fn refusal_of(fault: Fault) -> Refusal {
    match fault {
        Fault::NotNow => Refusal::new(
            RefusalKind::Conflict,
            "approval-state",
            "いまの状態ではこの操作はできません。",
            "This cannot be done in the present state.",
        )
        .next("画面を開き直して、最新の状態を確かめてください。", "Open the page again and look at the present state."),
        Fault::OwnDraft => Refusal::new(
            RefusalKind::Forbidden,
            "approval-own-draft",
            "自分が起案したもの（代理を含む）は、確認も承認も差戻しもできません。",
            "What you drafted, yourself or through a deputy, you can neither check, approve nor send back.",
        )
        .next("別の人に確認・承認を依頼してください。", "Ask another person to check and approve it."),
        Fault::NotDrafter => Refusal::new(
            RefusalKind::Forbidden,
            "approval-not-drafter",
            "取り下げられるのは起案した人だけです。",
            "Only the person who drafted can withdraw.",
        )
        .next("差し戻すか、起案した人に依頼してください。", "Send it back, or ask the person who drafted."),
    }
}

fn checked_note(text: &str, needed: bool) -> Result<String> {
    let note = texts::text(("note", "コメント", "A note"), text, NOTE_MAX)?;
    if needed && note.trim().is_empty() {
        return Err(Refusal::invalid("reason", "差戻しの理由を入力してください。", "Say why it is sent back.").into());
    }
    Ok(note)
}

/// Drafts: the subject as it is now is put forward.
///
/// # Errors
/// No such subject, it is not ready, it is under way or approved already, or a role that may not.
pub async fn draft(app: &App, actor: &Actor, kind: Kind, subject_id: &str, note: &str) -> Result<String> {
    if !may_take(actor, kind, Step::Draft) {
        return Err(Refusal::forbidden().into());
    }
    let note = checked_note(note, false)?;
    let mut op = app.operate_as(actor).await?;
    subject::hold(&mut op, kind, subject_id).await?;
    let subject = subject::of(&mut op.write, &actor.organisation_id, kind, subject_id).await?;
    subject.require_ready()?;
    let present = store::of_subject(&mut op.write, &actor.organisation_id, kind, subject_id).await?;
    let in_the_way = present.iter().any(|a| a.state.is_running())
        || present.iter().any(|a| a.state == State::Approved && a.subject_hash == subject.hash);
    if in_the_way {
        return Err(Refusal::new(
            RefusalKind::Conflict,
            "approval-running",
            "すでに起案されているか、承認済みです。",
            "It is under way or approved already.",
        )
        .next("「承認」の一覧で状態を確かめてください。", "See its state in the list of approvals.")
        .into());
    }
    let approval = Approval {
        id: app.new_id(),
        organisation_id: actor.organisation_id.clone(),
        kind,
        subject_id: subject_id.to_owned(),
        subject_hash: subject.hash,
        title: subject.title,
        state: State::Drafted,
        drafted_by: actor.account_id.clone(),
        drafted_for: actor.on_behalf_of.0.clone(),
        drafted_at: op.now.clone(),
        version: 1,
    };
    store::insert(&mut op.write, &approval).await?;
    keep_step(&mut op, &approval, 0, Step::Draft, note).await?;
    op.trail_new("approval.draft", ("approval", &approval.id), &facts(&approval)).await?;
    tell(&mut op, &approval).await?;
    op.commit().await?;
    Ok(approval.id)
}

fn facts(a: &Approval) -> serde_json::Value {
    json!({ "kind": a.kind.code(), "subject": a.subject_id, "title": a.title, "state": a.state.code(), "hash": a.subject_hash })
}

async fn keep_step(op: &mut Operation<'_>, approval: &Approval, position: i64, step: Step, note: String) -> Result<()> {
    let taken = Taken {
        step,
        account_id: op.actor.account_id.clone(),
        account_name: op.actor.name.clone(),
        principal_id: op.actor.on_behalf_of.0.clone(),
        principal_name: op.actor.on_behalf_of.1.clone(),
        note,
        at: op.now.clone(),
    };
    Ok(store::append(&mut op.write, approval, position, &taken).await?)
}

/// Tells those whose turn it is.
async fn tell(op: &mut Operation<'_>, a: &Approval) -> Result<()> {
    let organisation_id = a.organisation_id.clone();
    let next = match a.state {
        State::Drafted => Some(Step::Check),
        State::Checked => Some(Step::Approve),
        _ => None,
    };
    let ja = format!("{}「{}」: {}", a.kind.ja(), a.title, a.state.ja());
    let en = format!("{} “{}”: {}", a.kind.en(), a.title, a.state.en());
    let (code, subject, text) = ("approval.turn", ("approval", a.id.as_str()), (ja.as_str(), en.as_str()));
    let Some(next) = next else {
        let drafter = Audience::Account(&a.drafted_by);
        return notice::tell(op, &organisation_id, drafter, code, subject, text).await;
    };
    let takers = a.kind.takers(next);
    for role in Role::ALL.iter().filter(|role| takers.iter().any(|p| role.may(*p))) {
        notice::tell(op, &organisation_id, Audience::Role(*role), code, subject, text).await?;
    }
    Ok(())
}

/// Takes a step over the version that the actor has seen. A subject that has changed since it was drafted makes the approval
/// void instead: that is written, and said.
///
/// # Errors
/// Not to be seen, not this person's to do, not in this state, the subject has changed, or somebody was faster.
pub async fn step(app: &App, actor: &Actor, id: &str, version: i64, step: Step, note: &str) -> Result<()> {
    let mut op = app.operate_as(actor).await?;
    let before = store::by_id(&mut op.write, &actor.organisation_id, id).await?;
    let before = before.filter(|a| sees(actor, a.kind)).ok_or_else(Refusal::not_found)?;
    if !may_take(actor, before.kind, step) {
        return Err(Refusal::forbidden().into());
    }
    let note = checked_note(note, step == Step::SendBack)?;
    let steps = store::steps(&mut op.write, &actor.organisation_id, id).await?;
    let state = after(before.state, step, &hand(actor), &drafters(&before, &steps)).map_err(refusal_of)?;
    subject::hold(&mut op, before.kind, &before.subject_id).await?;
    let subject = subject::of(&mut op.write, &actor.organisation_id, before.kind, &before.subject_id).await?;
    let changed = subject.hash != before.subject_hash && matches!(step, Step::Check | Step::Approve);
    let mut next = Approval { state, version, ..before.clone() };
    if changed {
        next.state = State::Void;
    } else if step == Step::Draft {
        subject.require_ready()?;
        next.subject_hash = subject.hash;
    }
    store::update(&mut op.write, &next).await?;
    let position = i64::try_from(steps.len()).unwrap_or(i64::MAX);
    let kept = if changed { Step::Void } else { step };
    keep_step(&mut op, &next, position, kept, note).await?;
    let action = format!("approval.{}", kept.code());
    op.trail(&action, ("approval", id), Some(&facts(&before)), Some(&facts(&next))).await?;
    if next.state == State::Approved {
        subject::approved(&mut op, &next).await?;
    }
    tell(&mut op, &next).await?;
    op.commit().await?;
    if changed {
        return Err(Refusal::new(
            RefusalKind::Conflict,
            "approval-void",
            "起案のあとに対象が変わったため、この起案は無効になりました。",
            "The subject has changed since it was drafted: this approval is void.",
        )
        .next("内容を確かめて、起案し直してください。", "Look at it again and draft anew.")
        .into());
    }
    Ok(())
}

/// One approval.
///
/// # Errors
/// Not of this organisation, or of a kind that the actor has no part in.
pub async fn view(app: &App, actor: &Actor, id: &str) -> Result<View> {
    let mut c = app.read().await?;
    let approval = store::by_id(&mut c, &actor.organisation_id, id).await?;
    let approval = approval.filter(|a| sees(actor, a.kind)).ok_or_else(Refusal::not_found)?;
    complete(&mut c, actor, approval).await
}

async fn complete(c: &mut sakimori_store::Connection, actor: &Actor, approval: Approval) -> Result<View> {
    let steps = store::steps(c, &actor.organisation_id, &approval.id).await?;
    let subject = subject::of(c, &actor.organisation_id, approval.kind, &approval.subject_id).await?;
    Ok(View {
        may: possible(actor, &approval, &steps),
        has_changed: subject.hash != approval.subject_hash,
        href: subject.href,
        steps,
        approval,
    })
}

/// A subject with its newest approval, for the page that drafts.
///
/// # Errors
/// No such subject, or a kind that the actor has no part in.
pub async fn of_subject(app: &App, actor: &Actor, kind: Kind, id: &str) -> Result<(Subject, Option<View>)> {
    if !sees(actor, kind) {
        return Err(Refusal::not_found().into());
    }
    let mut c = app.read().await?;
    let subject = subject::of(&mut c, &actor.organisation_id, kind, id).await?;
    let newest = store::of_subject(&mut c, &actor.organisation_id, kind, id).await?.into_iter().next();
    let view = match newest {
        Some(approval) => Some(complete(&mut c, actor, approval).await?),
        None => None,
    };
    Ok((subject, view))
}

/// The approval that speaks of a subject as it is now, under way or done: for what is printed of it. What was sent back,
/// withdrawn or has changed since says nothing.
///
/// # Errors
/// No such subject; a database error.
pub(crate) async fn standing(
    c: &mut sakimori_store::Connection,
    actor: &Actor,
    kind: Kind,
    id: &str,
) -> Result<Option<View>> {
    let newest = store::of_subject(c, &actor.organisation_id, kind, id).await?.into_iter().next();
    let speaks = |a: &Approval| match a.state {
        State::Approved => true,
        // What is under way is seen by those who have a part in it.
        State::Drafted | State::Checked => sees(actor, kind),
        _ => false,
    };
    let Some(approval) = newest.filter(speaks) else { return Ok(None) };
    Ok(Some(complete(c, actor, approval).await?).filter(|view| !view.has_changed))
}

/// An approval as the list shows it.
pub struct Entry {
    pub approval: Approval,
    pub drafter: String,
    /// It is the actor's turn.
    pub waits: bool,
}

/// The approvals that the actor has a part in: what waits for the actor first, then what is under way, then what is done.
///
/// # Errors
/// A database error.
pub async fn list(app: &App, actor: &Actor) -> Result<Vec<Entry>> {
    let mut entries = entries(app, actor, false).await?;
    entries.sort_by_key(|entry| (!entry.waits, !entry.approval.state.is_running()));
    Ok(entries)
}

/// What waits for the actor.
///
/// # Errors
/// A database error.
pub async fn waiting(app: &App, actor: &Actor) -> Result<Vec<Entry>> {
    Ok(entries(app, actor, true).await?.into_iter().filter(|entry| entry.waits).collect())
}

async fn entries(app: &App, actor: &Actor, only_running: bool) -> Result<Vec<Entry>> {
    if !Kind::ALL.iter().any(|kind| sees(actor, *kind)) {
        return Ok(Vec::new());
    }
    let mut c = app.read().await?;
    let mut entries = Vec::new();
    let all = store::all(&mut c, &actor.organisation_id).await?;
    for approval in all.into_iter().filter(|a| sees(actor, a.kind) && (!only_running || a.state.is_running())) {
        let steps = store::steps(&mut c, &actor.organisation_id, &approval.id).await?;
        let may = possible(actor, &approval, &steps);
        let waits = may.iter().any(|step| matches!(step, Step::Check | Step::Approve | Step::Draft));
        let drafter = steps.iter().rfind(|s| s.step == Step::Draft).map(|s| s.account_name.clone()).unwrap_or_default();
        entries.push(Entry { approval, drafter, waits });
    }
    Ok(entries)
}

/// Refuses to change what has been approved as it is.
pub(crate) async fn require_not_approved(op: &mut Operation<'_>, kind: Kind, subject_id: &str) -> Result<()> {
    let organisation_id = op.actor.organisation_id.clone();
    let approvals = store::of_subject(&mut op.write, &organisation_id, kind, subject_id).await?;
    if approvals.iter().all(|a| a.state != State::Approved) {
        return Ok(());
    }
    Err(Refusal::new(
        RefusalKind::Conflict,
        "approved-already",
        "承認により確定しているため、変更できません。",
        "It was approved as it is and cannot be changed.",
    )
    .next("変更が必要なときは、新しく作ってください。", "Make a new one where a change is needed.")
    .into())
}
