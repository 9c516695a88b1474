//! 人事異動: everything that a person holds is moved to a successor in one act, and the seat ends on a day.
//!
//! [`DUTIES`] is the one list of what can be held. A new column of the schema that holds an account id belongs either there or
//! to [`HISTORY`], with the reason why it is no duty; a test finds the ones that are in neither.

use sakimori_domain::identity::Permission;
use sakimori_store::assessment::SheetRow;
use sakimori_store::handover::{self as store, Handover, Held, Move};
use sakimori_store::identity::{self, Membership};
use sakimori_store::{Connection, seat};
use serde::{Deserialize, Serialize};

use crate::notice::{self, Audience};
use crate::{Actor, App, AppError, Operation, Refusal, Result, answers, seats, texts};

/// Longest reason, in characters.
const REASON_MAX: usize = 200;

/// What becomes of a kind of duty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It passes to the successor.
    Moved,
    /// It passes to the successor of the same department; to the whole department where the successor sits elsewhere.
    MovedInDepartment,
    /// It ends: it was a trust in this person.
    Ended,
}

/// A kind of duty that one account can hold.
pub struct Duty {
    pub code: &'static str,
    pub ja: &'static str,
    pub en: &'static str,
    pub fate: Fate,
    /// Table and column that hold the account.
    pub columns: &'static [(&'static str, &'static str)],
}

/// Every duty.
pub const DUTIES: &[Duty] = &[
    Duty {
        code: "request",
        ja: "担当している回答依頼",
        en: "Requests that lie with the person",
        fate: Fate::MovedInDepartment,
        columns: &[("answer_request", "delegate_id")],
    },
    Duty {
        code: "owner",
        ja: "担当として名前が書かれた回答（実施中の点検）",
        en: "Answers of open assessments that name the person as in charge",
        fate: Fate::Moved,
        columns: &[("answer", "owner")],
    },
    Duty {
        code: "draft",
        ja: "起案して承認を待っているもの",
        en: "Drafts that wait for approval",
        fate: Fate::Moved,
        columns: &[("approval", "drafted_by"), ("approval", "drafted_for")],
    },
    Duty {
        code: "deputy",
        ja: "代理（する側・される側）",
        en: "Deputies, on either side",
        fate: Fate::Ended,
        columns: &[("deputy", "principal_id"), ("deputy", "deputy_id")],
    },
    Duty {
        code: "token",
        ja: "プログラム用のトークン",
        en: "Tokens of programs",
        fate: Fate::Ended,
        columns: &[("api_token", "account_id")],
    },
    Duty {
        code: "notice",
        ja: "未読のお知らせ",
        en: "Notices not read yet",
        fate: Fate::Moved,
        columns: &[("notice", "audience")],
    },
];

/// Columns that hold an account, or the name of a person, and are no duty: table, column, why.
pub const HISTORY: &[(&str, &str, &str)] = &[
    ("access_review", "opened_by", "a name: who began it; any officer goes on with it"),
    ("access_review_seat", "account_id", "what was reviewed"),
    ("access_review_seat", "decided_by", "a name: who decided then"),
    ("answer", "updated_by", "a name: who wrote last"),
    ("answer_request", "asked_by", "a name: who asked; whoever runs assessments accepts"),
    ("approval_step", "account_id", "who took the step: never moves"),
    ("approval_step", "principal_id", "for whom the step was taken"),
    ("carried_answer", "decided_by", "a name: who decided then"),
    ("carried_source", "answered_by", "a name: who answered then"),
    ("carry", "made_by", "a name: who carried"),
    ("carry", "undone_by", "a name: who took it back"),
    ("crosswalk", "created_by", "a name: who began it; every officer judges"),
    ("crosswalk_place", "account_id", "where a person stopped reading: of no use to another"),
    ("deputy", "ended_by", "a name: who ended it"),
    ("deputy", "named_by", "a name: who named the deputy"),
    ("edition", "owner", "an organisation"),
    ("edition_record", "owner", "an organisation"),
    ("evidence", "added_by", "a name: who added it"),
    ("handover", "account_id", "who handed over"),
    ("handover", "made_by", "a name: who did it"),
    ("handover", "successor_id", "to whom it went"),
    ("incident_case", "created_by", "a name: who wrote it"),
    ("ingest", "owner", "an organisation"),
    ("invitation", "invited_by", "a name: who invited"),
    ("job", "owner", "a process, not a person"),
    ("mapping", "decided_by", "a name: who judged then"),
    ("mapping", "reviewed_by", "a name: who reviewed then"),
    ("membership", "account_id", "the seat itself: it ends on the day given"),
    ("notice_read", "account_id", "what was read"),
    ("oidc_subject", "account_id", "a means of signing in: it goes with the account"),
    ("organisation_relation", "offered_by", "an organisation"),
    ("passkey", "account_id", "a means of signing in: it goes with the account"),
    ("past_password", "account_id", "a means of signing in: it goes with the account"),
    ("presence", "account_id", "who looks at a sheet this minute"),
    ("problem_cover", "decided_by", "a name: who judged then"),
    ("provision_text", "owner", "an organisation"),
    ("recovery_code", "account_id", "a means of signing in: it goes with the account"),
    ("revision_issue", "created_by", "a name: who raised it"),
    ("revision_issue", "decided_by", "a name: who decided"),
    ("revision_issue", "updated_by", "a name: who wrote last"),
    ("revision_note", "written_by", "a name: who wrote it"),
    ("search_entry", "owner", "an organisation"),
    ("sector_standard_exclusion", "decided_by", "a name: who decided then"),
    ("session", "account_id", "ended by the handover"),
    ("sign_in", "account_id", "who signed in then"),
    ("tailoring", "decided_by", "a name: who decided then"),
    ("totp", "account_id", "a means of signing in: it goes with the account"),
    ("trail", "actor_id", "who acted: never moves"),
    ("trail", "on_behalf_of_id", "for whom it was done: never moves"),
    ("workbook_import", "created_by", "a name: who read it; a reading lies a day at most"),
];

/// The name under which a person stands in charge of answers, which is text; empty where two people share it, since nobody
/// can tell whose the answers are.
async fn own_name(c: &mut Connection, m: &Move<'_>, account_id: &str) -> Result<String> {
    let members = identity::members(c, m.organisation_id).await?;
    let name = members.iter().find(|seat| seat.account_id == account_id).map(|seat| seat.display_name.clone());
    let name = name.unwrap_or_default();
    let is_only = members.iter().filter(|seat| seat.display_name == name).count() == 1;
    Ok(if is_only { name } else { String::new() })
}

async fn answers_of(c: &mut Connection, m: &Move<'_>) -> Result<Held> {
    let name = own_name(c, m, m.from).await?;
    if name.is_empty() {
        return Ok(Held::new());
    }
    let rows = answers::rows_of_owner(c, m.organisation_id, &name).await?;
    let due = |row: &SheetRow| row.answer.due.map_or_else(String::new, |day| day.to_string());
    Ok(rows.into_iter().map(|(title, row)| (format!("{title} {}", row.number), due(&row))).collect())
}

async fn pass_answers(op: &mut Operation<'_>, m: &Move<'_>) -> Result<u64> {
    let from = own_name(&mut op.write, m, m.from).await?;
    let to = identity::membership_of(&mut op.write, m.to, m.organisation_id).await?;
    match to {
        Some(to) if !from.is_empty() => answers::pass_to_owner(op, &from, &to.display_name).await,
        _ => Ok(0),
    }
}

async fn held(c: &mut Connection, code: &str, m: &Move<'_>) -> Result<Held> {
    Ok(match code {
        "owner" => answers_of(c, m).await?,
        "request" => store::requests(c, m).await?,
        "draft" => store::drafts(c, m).await?,
        "deputy" => store::deputies(c, m).await?,
        "token" => store::tokens(c, m).await?,
        "notice" => store::notices(c, m).await?,
        other => return Err(AppError::Internal(format!("the duty {other} cannot be counted"))),
    })
}

async fn moved(op: &mut Operation<'_>, code: &str, m: &Move<'_>) -> Result<u64> {
    if code == "owner" {
        return pass_answers(op, m).await;
    }
    let w = &mut op.write;
    Ok(match code {
        "request" => store::move_requests(w, m).await?,
        "draft" => store::move_drafts(w, m).await?,
        "deputy" => store::end_deputies(w, m).await?,
        "token" => store::end_tokens(w, m).await?,
        "notice" => store::move_notices(w, m).await?,
        other => return Err(AppError::Internal(format!("the duty {other} cannot be moved"))),
    })
}

/// A line of the preview and of the 引継書.
pub struct Line {
    pub duty: &'static Duty,
    pub count: usize,
    /// What it is, for those who may read it: an administrator sees the count alone.
    pub things: Held,
}

/// What a person holds.
pub struct Preview {
    pub seat: Membership,
    pub lines: Vec<Line>,
    /// Who could take it over.
    pub successors: Vec<Membership>,
}

async fn lines(c: &mut Connection, organisation_id: &str, account_id: &str, in_words: bool) -> Result<Vec<Line>> {
    let m = Move { organisation_id, from: account_id, to: "", at: "" };
    let mut out = Vec::with_capacity(DUTIES.len());
    for duty in DUTIES {
        let things = held(c, duty.code, &m).await?;
        out.push(Line { duty, count: things.len(), things: if in_words { things } else { Vec::new() } });
    }
    Ok(out)
}

/// What a person of the organisation holds, before it is moved.
///
/// # Errors
/// Not of this organisation, or a role that may not.
pub async fn preview(app: &App, actor: &Actor, account_id: &str) -> Result<Preview> {
    actor.require(Permission::HandOver)?;
    let mut c = app.read().await?;
    let org = actor.organisation_id.as_str();
    let seat = identity::membership_of(&mut c, account_id, org).await?.ok_or_else(Refusal::not_found)?;
    let today = app.today();
    let members = identity::members(&mut c, org).await?;
    Ok(Preview {
        lines: lines(&mut c, org, account_id, false).await?,
        successors: members.into_iter().filter(|m| m.account_id != account_id && m.is_active_on(today)).collect(),
        seat,
    })
}

/// What the actor holds, in words: for one's own 引継書.
///
/// # Errors
/// A database error.
pub async fn mine(app: &App, actor: &Actor) -> Result<Vec<Line>> {
    lines(&mut app.read().await?, &actor.organisation_id, &actor.account_id, true).await
}

/// What is needed to hand over.
#[derive(Debug, Clone, Default)]
pub struct NewHandover {
    pub successor_id: String,
    /// Last day of the seat; empty where the person stays in the organisation.
    pub ends_on: String,
    pub reason: String,
    /// Version of the seat as it was shown.
    pub version: i64,
}

/// A line as it is kept with the handover.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Moved {
    pub code: String,
    pub count: u64,
}

/// Moves everything that a person holds to a successor, in one transaction: all of it or nothing.
///
/// # Errors
/// Not of this organisation, a successor that cannot be, a role that may not, or somebody was faster.
pub async fn hand_over(app: &App, actor: &Actor, account_id: &str, new: NewHandover) -> Result<String> {
    let ends_on = texts::day(("date", "最終日", "The last day"), &new.ends_on)?;
    let reason = texts::needed(("reason", "異動の事由", "The reason"), &new.reason, REASON_MAX)?;
    let mut op = app.operate(actor, Permission::HandOver).await?;
    let org = actor.organisation_id.clone();
    seat::hold_seats(&mut op.write, &org).await?;
    let leaving = identity::membership_of(&mut op.write, account_id, &org).await?.ok_or_else(Refusal::not_found)?;
    let successor = identity::membership_of(&mut op.write, &new.successor_id, &org).await?;
    let successor = successor.filter(|s| s.account_id != account_id && s.is_active_on(app.today()));
    let successor =
        successor.ok_or_else(|| Refusal::invalid("successor", "後任の人を選んでください。", "Choose a successor."))?;
    let same_department = successor.department_id == leaving.department_id;
    let at = op.now.clone();
    let mut counts = Vec::with_capacity(DUTIES.len());
    for duty in DUTIES {
        let to = if duty.fate == Fate::MovedInDepartment && !same_department { "" } else { &successor.account_id };
        let m = Move { organisation_id: &org, from: account_id, to, at: &at };
        let count = moved(&mut op, duty.code, &m).await?;
        if count > 0 {
            let facts = serde_json::json!({ "kind": duty.code, "rows": count, "name": leaving.display_name, "successor": successor.display_name });
            op.trail_new("handover.move", ("account", account_id), &facts).await?;
        }
        counts.push(Moved { code: duty.code.to_owned(), count });
    }
    let ended = Membership { ends_on: ends_on.clone(), version: new.version, ..leaving.clone() };
    seats::put(&mut op, &leaving, &ended).await?;
    sakimori_store::sign_in::end_sessions_in(&mut op.write, account_id, &org).await?;
    let record = Handover {
        id: app.new_id(),
        organisation_id: org.clone(),
        account_id: account_id.to_owned(),
        account_name: leaving.display_name.clone(),
        successor_id: successor.account_id.clone(),
        successor_name: successor.display_name.clone(),
        ends_on,
        reason,
        moved: serde_json::to_string(&counts).map_err(|error| AppError::Internal(format!("handover: {error}")))?,
        made_by: actor.name.clone(),
        made_at: at,
    };
    store::insert(&mut op.write, &record).await?;
    let facts = serde_json::json!({ "name": record.account_name, "successor": record.successor_name, "ends_on": record.ends_on, "justification": record.reason });
    op.trail_new("handover.make", ("handover", &record.id), &facts).await?;
    let ja = format!("{}さんの担当を引き継ぎました", record.account_name);
    let en = format!("You took over what {} held", record.account_name);
    let told = Audience::Account(&record.successor_id);
    notice::tell(&mut op, &org, told, "handover.make", ("handover", &record.id), (&ja, &en)).await?;
    op.commit().await?;
    Ok(record.id)
}

/// A handover with what was moved.
///
/// # Errors
/// Not of this organisation, or neither the two persons nor somebody who hands over.
pub async fn note(app: &App, actor: &Actor, id: &str) -> Result<(Handover, Vec<(&'static Duty, u64)>)> {
    let found = store::by_id(&mut app.read().await?, &actor.organisation_id, id).await?;
    let found = found
        .filter(|h| actor.may(Permission::HandOver) || [&h.account_id, &h.successor_id].contains(&&actor.account_id));
    let found = found.ok_or_else(Refusal::not_found)?;
    let counts: Vec<Moved> = serde_json::from_str(&found.moved)
        .map_err(|error| AppError::Internal(format!("handover {}: {error}", found.id)))?;
    let lines = DUTIES.iter().map(|duty| (duty, counts.iter().find(|m| m.code == duty.code).map_or(0, |m| m.count)));
    Ok((found, lines.collect()))
}

/// The handovers of the organisation, newest first.
///
/// # Errors
/// A role that may not.
pub async fn list(app: &App, actor: &Actor) -> Result<Vec<Handover>> {
    actor.require(Permission::HandOver)?;
    Ok(store::all(&mut app.read().await?, &actor.organisation_id).await?)
}
