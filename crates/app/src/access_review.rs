//! The yearly access review (利用者の棚卸し): every seat is kept, changed or removed with a reason, a second person signs it
//! off, and only then does it hold.

use jiff::SignedDuration;
use jiff::civil::Date;
use sakimori_domain::approval::Kind;
use sakimori_domain::assurance::fiscal_year;
use sakimori_domain::identity::{Permission, Role};
use sakimori_store::access_review::{self as store, AccessReview, ReviewedSeat};
use sakimori_store::identity::Membership;
use sakimori_store::{Connection, identity, seat};
use serde_json::json;

use crate::approval::{Subject, require_not_approved};
use crate::{Actor, App, Operation, Refusal, Result, deputy, seats, texts};

/// Not used for this long is odd.
const UNUSED_DAYS: i64 = 90;
/// The review of a 年度 is due on this day at the latest: the last of the year that begins in April.
const DUE: (i8, i8) = (3, 31);
/// Longest reason, in characters.
const REASON_MAX: usize = 200;

/// The review of a 年度 with its seats.
pub struct Review {
    pub review: AccessReview,
    pub seats: Vec<ReviewedSeat>,
    pub may_decide: bool,
}

fn sees(actor: &Actor) -> Result<()> {
    let may = [Permission::ReviewAccess, Permission::Audit, Permission::Approve, Permission::CheckDrafts];
    if may.iter().any(|p| actor.may(*p)) { Ok(()) } else { Err(Refusal::forbidden().into()) }
}

/// The reviews of the organisation, newest first.
///
/// # Errors
/// A role that may not.
pub async fn list(app: &App, actor: &Actor) -> Result<Vec<AccessReview>> {
    sees(actor)?;
    Ok(store::all(&mut app.read().await?, &actor.organisation_id).await?)
}

/// One review.
///
/// # Errors
/// Not of this organisation, or a role that may not.
pub async fn review(app: &App, actor: &Actor, id: &str) -> Result<Review> {
    sees(actor)?;
    let mut c = app.read().await?;
    let review = store::by_id(&mut c, &actor.organisation_id, id).await?.ok_or_else(Refusal::not_found)?;
    let seats = store::seats(&mut c, &actor.organisation_id, id).await?;
    Ok(Review { may_decide: actor.may(Permission::ReviewAccess) && review.state == "open", review, seats })
}

/// The last day of a 年度.
pub fn year_end(fiscal_year: i64) -> String {
    format!("{}-{:02}-{:02}", fiscal_year + 1, DUE.0, DUE.1)
}

/// The day by which a review of a 年度 is to be done: from today to the end of the year; the end where none is given.
fn checked_due(app: &App, fiscal_year: i64, typed: &str) -> Result<String> {
    let (last, today) = (year_end(fiscal_year), app.today().to_string());
    let due = texts::day(("due_on", "期限", "The day"), typed)?;
    let due = if due.is_empty() { last.clone() } else { due };
    if today <= due && due <= last {
        return Ok(due);
    }
    Err(Refusal::invalid(
        "review-due",
        "期限は、今日から年度末までの日付にしてください。",
        "The review is due between today and the end of the fiscal year.",
    )
    .into())
}

/// Begins the review of the running 年度 with every seat as it is now; without a day it is due at the end of the year.
///
/// # Errors
/// There is one already, a day that cannot be, or a role that may not.
pub async fn open(app: &App, actor: &Actor, due_on: &str) -> Result<String> {
    let due_on = checked_due(app, i64::from(fiscal_year(app.today())), due_on)?;
    let mut op = app.operate(actor, Permission::ReviewAccess).await?;
    let org = actor.organisation_id.clone();
    let year = i64::from(fiscal_year(app.today()));
    seat::hold_seats(&mut op.write, &org).await?;
    if store::all(&mut op.write, &org).await?.iter().any(|r| r.fiscal_year == year) {
        return Err(Refusal::invalid(
            "review-exists",
            "この年度の棚卸しはすでに始まっています。",
            "The review of this year has begun already.",
        )
        .into());
    }
    let review = AccessReview {
        id: app.new_id(),
        organisation_id: org.clone(),
        fiscal_year: year,
        state: "open".to_owned(),
        due_on: due_on.clone(),
        opened_by: actor.name.clone(),
        opened_at: op.now.clone(),
        closed_at: String::new(),
        version: 1,
    };
    store::insert(&mut op.write, &review).await?;
    let marks = Marks::read(app, &mut op.write, &org).await?;
    let members = identity::members(&mut op.write, &org).await?;
    for member in &members {
        let row = ReviewedSeat {
            account_id: member.account_id.clone(),
            login: member.login.clone(),
            display_name: member.display_name.clone(),
            role: member.role.code().to_owned(),
            department_id: member.department_id.clone(),
            marks: marks.of(member),
            decision: String::new(),
            new_role: String::new(),
            reason: String::new(),
            decided_by: String::new(),
            decided_at: String::new(),
            version: 1,
        };
        store::insert_seat(&mut op.write, &org, &review.id, &row).await?;
    }
    let after = json!({ "fiscal_year": year, "due": due_on, "rows": members.len() });
    op.trail_new("access-review.open", ("access-review", &review.id), &after).await?;
    op.commit().await?;
    Ok(review.id)
}

/// Puts the day by which an open review is to be done elsewhere.
///
/// # Errors
/// Not of this organisation, closed, a day that cannot be, somebody was faster, or a role that may not.
pub async fn set_due(app: &App, actor: &Actor, id: &str, due_on: &str, version: i64) -> Result<()> {
    let mut op = app.operate(actor, Permission::ReviewAccess).await?;
    let org = actor.organisation_id.clone();
    let before = store::by_id(&mut op.write, &org, id).await?.ok_or_else(Refusal::not_found)?;
    let after = AccessReview { due_on: checked_due(app, before.fiscal_year, due_on)?, version, ..before.clone() };
    store::set_due(&mut op.write, &after).await?;
    let due = |review: &AccessReview| json!({ "due": review.due_on });
    op.trail("access-review.due", ("access-review", id), Some(&due(&before)), Some(&due(&after))).await?;
    op.commit().await
}

/// What is odd about seats.
struct Marks {
    acts: Vec<(String, String)>,
    elsewhere: Vec<(String, i64)>,
    deputies: Vec<sakimori_store::deputy::Deputy>,
    today: Date,
    unused_before: String,
}

impl Marks {
    async fn read(app: &App, c: &mut Connection, org: &str) -> Result<Self> {
        Ok(Self {
            acts: seat::last_acts(c, org).await?,
            elsewhere: store::seats_elsewhere(c, org).await?,
            deputies: sakimori_store::deputy::all(c, org).await?,
            today: app.today(),
            unused_before: (app.now() - SignedDuration::from_hours(24 * UNUSED_DAYS)).to_string(),
        })
    }

    /// Codes, separated by spaces.
    fn of(&self, member: &Membership) -> String {
        let id = &member.account_id;
        let acted = self.acts.iter().any(|(actor, at)| actor == id && *at >= self.unused_before);
        let several = self.elsewhere.iter().any(|(account, seats)| account == id && *seats > 1);
        let over = |d: &&sakimori_store::deputy::Deputy| {
            d.deputy_id == *id && d.ended_at.is_empty() && !deputy::is_coming_or_running(d, self.today)
        };
        let running = self.deputies.iter().any(|d| d.deputy_id == *id && deputy::is_running(d, self.today));
        let marks = [
            (!acted, "unused"),
            (several, "several"),
            (running, "deputy"),
            (self.deputies.iter().any(|d| over(&d)), "deputy-over"),
            (!member.is_active_on(self.today), "ended"),
        ];
        marks.iter().filter(|(is, _)| *is).map(|(_, code)| *code).collect::<Vec<_>>().join(" ")
    }
}

/// What is to become of a seat.
#[derive(Debug, Clone)]
pub struct Decision {
    pub version: i64,
    /// `keep`, `change` or `remove`.
    pub decision: String,
    /// Code of a role, for `change`.
    pub new_role: String,
    pub reason: String,
}

/// Decides on a seat. It holds only when the review is signed off.
///
/// # Errors
/// The review is closed or signed off, one's own seat is to be more, no reason for a change, or a role that may not.
pub async fn decide(app: &App, actor: &Actor, id: &str, account_id: &str, d: Decision) -> Result<()> {
    let mut op = app.operate(actor, Permission::ReviewAccess).await?;
    let org = actor.organisation_id.clone();
    store::hold(&mut op.write, &org, id).await?;
    let review = store::by_id(&mut op.write, &org, id).await?.ok_or_else(Refusal::not_found)?;
    require_not_approved(&mut op, Kind::AccessReview, id).await?;
    let rows = store::seats(&mut op.write, &org, id).await?;
    let before = rows.into_iter().find(|row| row.account_id == account_id).ok_or_else(Refusal::not_found)?;
    if review.state != "open" {
        return Err(Refusal::conflict().into());
    }
    let reason = texts::line(("reason", "理由", "The reason"), &d.reason, REASON_MAX)?;
    if !["keep", "change", "remove"].contains(&d.decision.as_str()) {
        return Err(Refusal::invalid(
            "decision",
            "維持・変更・削除のいずれかを選んでください。",
            "Choose keep, change or remove.",
        )
        .into());
    }
    if d.decision != "keep" && reason.is_empty() {
        return Err(Refusal::invalid(
            "reason",
            "変更・削除の理由を入力してください。",
            "Say why it is changed or removed.",
        )
        .into());
    }
    let mut new_role = String::new();
    if d.decision == "change" {
        let role = Role::from_code(&d.new_role).filter(|role| role.code() != before.role);
        let role =
            role.ok_or_else(|| Refusal::invalid("role", "変更後の役割を選んでください。", "Choose another role."))?;
        seats::fitting_role(&mut op.write, actor, role).await?;
        role.code().clone_into(&mut new_role);
    }
    let after = ReviewedSeat {
        decision: d.decision,
        new_role,
        reason,
        decided_by: actor.name.clone(),
        decided_at: op.now.clone(),
        version: d.version,
        ..before.clone()
    };
    store::update_seat(&mut op.write, &org, id, &after).await?;
    let facts = |s: &ReviewedSeat| json!({ "name": s.display_name, "decision": s.decision, "role": s.new_role, "justification": s.reason });
    op.trail("access-review.decide", ("access-review", id), Some(&facts(&before)), Some(&facts(&after))).await?;
    op.commit().await
}

/// A review as the subject of an approval.
pub(crate) async fn subject(c: &mut Connection, org: &str, id: &str) -> Result<Subject> {
    let review = store::by_id(c, org, id).await?.ok_or_else(Refusal::not_found)?;
    let rows = store::seats(c, org, id).await?;
    let open = rows.iter().filter(|row| row.decision.is_empty()).count();
    let obstacle = (open > 0).then(|| {
        Refusal::invalid(
            "review-undecided",
            format!("判断していない利用者が{open}人います。"),
            format!("{open} people are not decided on yet."),
        )
        .next("全員について維持・変更・削除を選んでから起案してください。", "Decide on everybody first.")
    });
    let mut parts = vec![review.id.clone()];
    for row in &rows {
        parts.extend([
            row.account_id.clone(),
            row.role.clone(),
            row.decision.clone(),
            row.new_role.clone(),
            row.reason.clone(),
        ]);
    }
    Ok(Subject {
        title: format!("{}年度 利用者の棚卸し", review.fiscal_year),
        hash: crate::approval::hash_of(&parts),
        href: format!("/access-reviews/{id}"),
        obstacle,
    })
}

/// What was signed off comes to hold: seats are changed and removed at once. A seat that became another one in the meantime
/// is left alone and said so in the trail.
pub(crate) async fn apply(op: &mut Operation<'_>, id: &str) -> Result<()> {
    let org = op.actor.organisation_id.clone();
    seat::hold_seats(&mut op.write, &org).await?;
    for row in store::seats(&mut op.write, &org, id).await? {
        let Some(now) = identity::membership_of(&mut op.write, &row.account_id, &org).await? else { continue };
        let role = Role::from_code(&row.new_role);
        match (row.decision.as_str(), role) {
            _ if now.role.code() != row.role => {
                let what = json!({ "name": row.display_name, "role": now.role.code() });
                op.trail_new("access-review.skip", ("account", &row.account_id), &what).await?;
            }
            ("remove", _) if now.state == "active" => seats::suspend_or_restore(op, &row.account_id, false).await?,
            ("change", Some(role)) => {
                let after = Membership { role, ..now.clone() };
                seats::put(op, &now, &after).await?;
            }
            _ => {}
        }
    }
    let at = op.now.clone();
    store::close(&mut op.write, &org, id, &at).await?;
    op.trail_new("access-review.close", ("access-review", id), &json!({ "state": "closed" })).await
}
