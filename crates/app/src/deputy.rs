//! Deputies (代理): somebody of the organisation acts for another, for some days, with all or some of their rights. Who acts
//! stays who they are; for whom stands beside it in everything that is written.

use jiff::ToSpan;
use jiff::civil::Date;
use sakimori_domain::identity::Permission;
use sakimori_domain::identity::duties::{Exclusion, conflict};
use sakimori_store::Connection;
use sakimori_store::deputy::{self as store, Deputy};
use sakimori_store::identity::{self, Membership};
use serde_json::json;

use crate::identity::token_hash;
use crate::notice::{self, Audience};
use crate::{Actor, App, Refusal, Result, texts};

/// Longest time of standing in, in days.
const DAYS_MAX: i32 = 366;
/// Longest reason, in characters.
const REASON_MAX: usize = 200;

/// What is needed to name a deputy.
#[derive(Debug, Clone, Default)]
pub struct NewDeputy {
    pub deputy_id: String,
    pub from_on: String,
    pub to_on: String,
    /// Codes of permissions; none for all of one's own.
    pub permissions: Vec<String>,
    pub reason: String,
}

/// Whether a row gives rights on a day, as far as its own dates go.
pub fn is_running(d: &Deputy, today: Date) -> bool {
    let today = today.to_string();
    d.ended_at.is_empty() && d.from_on <= today && today <= d.to_on
}

/// Whether a row is running or will be.
pub fn is_coming_or_running(d: &Deputy, today: Date) -> bool {
    d.ended_at.is_empty() && today.to_string() <= d.to_on
}

/// The permissions that a row names; `None` for all of the principal's.
pub fn named(d: &Deputy) -> Option<Vec<Permission>> {
    if d.permissions.is_empty() {
        return None;
    }
    Some(d.permissions.split(' ').filter_map(Permission::from_code).collect())
}

/// Whether the principal's seat gives the deputy a permission.
fn gives(principal: &Membership, d: &Deputy, permission: Permission) -> bool {
    principal.role.may(permission) && named(d).is_none_or(|only| only.contains(&permission))
}

/// The pair of duties that a deputy would hold at once.
fn conflict_of(own: &Membership, principal: &Membership, d: &Deputy) -> Option<Exclusion> {
    conflict(|p| own.role.may(p), |p| gives(principal, d, p))
}

fn as_self_only() -> Refusal {
    Refusal::invalid(
        "deputy-passed-on",
        "代理として操作しているあいだは、代理を指名できません。",
        "While you act for somebody you cannot name deputies.",
    )
    .next("自分に戻ってから指名してください。", "Go back to yourself first.")
}

fn excluded(pair: Exclusion) -> Refusal {
    Refusal::invalid(
        "deputy-duties",
        format!("職務の分離により、この人は代理になれません。{}", pair.ja),
        format!("Separation of duties: this person cannot be the deputy. {}", pair.en),
    )
    .next("別の人を選ぶか、任せる権限を減らしてください。", "Choose another person, or hand over fewer permissions.")
}

/// Names a deputy for oneself.
///
/// # Errors
/// Not a member, oneself, dates that cannot be, duties that exclude each other, or while acting for somebody.
pub async fn name(app: &App, actor: &Actor, new: NewDeputy) -> Result<String> {
    if !actor.on_behalf_of.0.is_empty() {
        return Err(as_self_only().into());
    }
    let (from_on, to_on) = checked_days(app, &new)?;
    let reason = texts::line(("reason", "理由", "The reason"), &new.reason, REASON_MAX)?;
    let permissions: Vec<&str> =
        new.permissions.iter().filter_map(|code| Permission::from_code(code)).map(Permission::code).collect();
    if permissions.len() != new.permissions.len() {
        return Err(Refusal::not_found().into());
    }
    let mut op = app.operate_as(actor).await?;
    let org = actor.organisation_id.clone();
    let own = identity::membership_of(&mut op.write, &actor.account_id, &org).await?.ok_or_else(Refusal::not_found)?;
    let other = identity::membership_of(&mut op.write, &new.deputy_id, &org).await?;
    let other = other.filter(|seat| seat.is_active_on(app.today()) && seat.account_id != own.account_id);
    let other = other.ok_or_else(|| {
        Refusal::invalid("deputy", "代理にする人を選んでください。", "Choose who is to be the deputy.")
    })?;
    let row = Deputy {
        id: app.new_id(),
        organisation_id: org.clone(),
        principal_id: own.account_id.clone(),
        principal_name: own.display_name.clone(),
        deputy_id: other.account_id.clone(),
        deputy_name: other.display_name.clone(),
        permissions: permissions.join(" "),
        from_on,
        to_on,
        reason,
        named_by: actor.name.clone(),
        named_at: op.now.clone(),
        ended_by: String::new(),
        ended_at: String::new(),
        version: 1,
    };
    if let Some(pair) = conflict_of(&other, &own, &row) {
        return Err(excluded(pair).into());
    }
    store::insert(&mut op.write, &row).await?;
    op.trail_new("deputy.name", ("deputy", &row.id), &facts(&row)).await?;
    let ja = format!("{}さんの代理に指名されました（{} 〜 {}）", row.principal_name, row.from_on, row.to_on);
    let en = format!("You stand in for {} ({} to {})", row.principal_name, row.from_on, row.to_on);
    let told = Audience::Account(&row.deputy_id);
    notice::tell(&mut op, &org, told, "deputy.name", ("deputy", &row.id), (&ja, &en)).await?;
    op.commit().await?;
    Ok(row.id)
}

fn checked_days(app: &App, new: &NewDeputy) -> Result<(String, String)> {
    let from = texts::day(("date", "初日", "The first day"), &new.from_on)?;
    let to = texts::day(("date", "最終日", "The last day"), &new.to_on)?;
    let today = app.today();
    let parsed = from.parse::<Date>().ok().zip(to.parse::<Date>().ok());
    let fits = parsed.is_some_and(|(first, last)| {
        first <= last && last >= today && first.checked_add(DAYS_MAX.days()).is_ok_and(|end| last <= end)
    });
    if fits {
        return Ok((from, to));
    }
    Err(Refusal::invalid(
        "deputy-days",
        "期間は、今日以降に終わる1年以内の日付で入力してください。",
        "Enter a first and a last day: at most a year, ending today or later.",
    )
    .into())
}

fn facts(d: &Deputy) -> serde_json::Value {
    json!({ "principal": d.principal_name, "deputy": d.deputy_name, "from": d.from_on, "until": d.to_on,
            "permissions": d.permissions, "text": d.reason })
}

/// Ends a deputy's time by hand: the principal, the deputy, or who administers accounts.
///
/// # Errors
/// Not of this organisation or not this person's to end, ended already, or somebody was faster.
pub async fn end(app: &App, actor: &Actor, id: &str, version: i64) -> Result<()> {
    let mut op = app.operate_as(actor).await?;
    let row = store::by_id(&mut op.write, &actor.organisation_id, id).await?.ok_or_else(Refusal::not_found)?;
    let concerned = [&row.principal_id, &row.deputy_id].contains(&&actor.account_id);
    if !concerned && !actor.may(Permission::ManageAccounts) {
        return Err(Refusal::not_found().into());
    }
    let ended = Deputy { ended_by: actor.name.clone(), ended_at: op.now.clone(), version, ..row.clone() };
    store::end(&mut op.write, &ended).await?;
    op.trail("deputy.end", ("deputy", id), Some(&facts(&row)), None::<&()>).await?;
    op.commit().await
}

/// Begins to act for somebody, in this session.
///
/// # Errors
/// No such deputy of the actor's today, or the principal's role demands a second factor that the actor has not.
pub async fn act(app: &App, actor: &Actor, token: &str, id: &str) -> Result<()> {
    let mut c = app.read().await?;
    let row = store::by_id(&mut c, &actor.organisation_id, id).await?.ok_or_else(Refusal::not_found)?;
    let Some(acting) = acting(app, &mut c, actor, &row).await? else { return Err(Refusal::not_found().into()) };
    drop(c);
    let mut op = app.operate_as(&acting).await?;
    crate::second_factor::demand(&mut op, &actor.organisation_id, acting.role).await?;
    sakimori_store::seat::sit(&mut op.write, &token_hash(token), &actor.organisation_id, id).await?;
    op.trail_new("deputy.begin", ("deputy", id), &facts(&row)).await?;
    op.commit().await
}

/// Acts for oneself again.
///
/// # Errors
/// A database error.
pub async fn act_for_oneself(app: &App, actor: &Actor, token: &str) -> Result<()> {
    let mut op = app.operate_as(actor).await?;
    sakimori_store::seat::sit(&mut op.write, &token_hash(token), &actor.organisation_id, "").await?;
    op.trail_new("deputy.leave", ("account", &actor.account_id), &json!({ "principal": actor.on_behalf_of.1 })).await?;
    op.commit().await
}

/// The actor as a deputy under a row; `None` where the row gives nothing today: it is over, the principal's seat is, or
/// the roles have come to exclude each other.
async fn acting(app: &App, c: &mut Connection, own: &Actor, row: &Deputy) -> Result<Option<Actor>> {
    let today = app.today();
    if row.deputy_id != own.account_id || row.organisation_id != own.organisation_id || !is_running(row, today) {
        return Ok(None);
    }
    let principal = identity::membership_of(c, &row.principal_id, &row.organisation_id).await?;
    let Some(principal) = principal.filter(|seat| seat.is_active_on(today)) else { return Ok(None) };
    let seat = identity::membership_of(c, &own.account_id, &row.organisation_id).await?;
    if seat.is_none_or(|seat| conflict_of(&seat, &principal, row).is_some()) {
        return Ok(None);
    }
    Ok(Some(Actor {
        role: principal.role,
        department_id: principal.department_id,
        on_behalf_of: (principal.account_id, principal.display_name),
        only: named(row),
        ..own.clone()
    }))
}

/// The actor of a session that acts under a row; the person themself where the row gives nothing any more.
pub(crate) async fn actor_under(app: &App, c: &mut Connection, own: Actor, id: &str) -> Result<Actor> {
    let Some(row) = store::by_id(c, &own.organisation_id, id).await? else { return Ok(own) };
    Ok(acting(app, c, &own, &row).await?.unwrap_or(own))
}

/// What a person has to do with deputies, and the people who could be one.
pub struct Mine {
    /// For whom the person can act today.
    pub for_others: Vec<Deputy>,
    /// Who stands in for the person, running or coming.
    pub for_me: Vec<Deputy>,
    pub people: Vec<Membership>,
}

/// The actor's own side of deputies.
///
/// # Errors
/// A database error.
pub async fn mine(app: &App, actor: &Actor) -> Result<Mine> {
    let mut c = app.read().await?;
    let today = app.today();
    let rows = store::of_account(&mut c, &actor.organisation_id, &actor.account_id).await?;
    let (for_me, for_others): (Vec<_>, Vec<_>) = rows.into_iter().partition(|d| d.principal_id == actor.account_id);
    let members = identity::members(&mut c, &actor.organisation_id).await?;
    let own = members.iter().find(|m| m.account_id == actor.account_id).map(|m| m.role);
    let others = members.into_iter().filter(|m| m.is_active_on(today) && m.account_id != actor.account_id);
    let fits = |m: &Membership| {
        // Somebody whose duties exclude all of mine may still take a part of them.
        own.is_some_and(|own| {
            Permission::ALL.iter().any(|p| own.may(*p) && conflict(|q| m.role.may(q), |q| q == *p).is_none())
        })
    };
    Ok(Mine {
        for_others: for_others.into_iter().filter(|d| is_running(d, today)).collect(),
        for_me: for_me.into_iter().filter(|d| is_coming_or_running(d, today)).collect(),
        people: others.filter(fits).collect(),
    })
}

/// A deputy as the administration page lists it.
pub struct Listed {
    pub row: Deputy,
    pub running: bool,
    /// Running or coming.
    pub open: bool,
    /// Duties that exclude each other, since roles have changed: it gives no rights while this stands.
    pub conflict: Option<Exclusion>,
}

/// Every deputy of the organisation, newest first.
///
/// # Errors
/// A role that may not see people.
pub async fn list(app: &App, actor: &Actor) -> Result<Vec<Listed>> {
    actor.require(Permission::ReadPeople)?;
    let mut c = app.read().await?;
    let today = app.today();
    let members = identity::members(&mut c, &actor.organisation_id).await?;
    let seat = |id: &str| members.iter().find(|m| m.account_id == id);
    let listed = |row: Deputy| {
        let conflict = seat(&row.deputy_id).zip(seat(&row.principal_id)).and_then(|(own, p)| conflict_of(own, p, &row));
        Listed { running: is_running(&row, today), open: is_coming_or_running(&row, today), conflict, row }
    };
    Ok(store::all(&mut c, &actor.organisation_id).await?.into_iter().map(listed).collect())
}
