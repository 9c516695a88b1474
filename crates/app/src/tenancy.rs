//! 他組織との関係: offering a relation, accepting it with what is shared, ending it; and what one sees of others by it.
//!
//! Nobody can look organisations up: who offers hands a code over by hand, and who enters it has been given it. Both trails
//! tell of every step, the other side's without the name of the person.

use jiff::SignedDuration;
use jiff::civil::Date;
use sakimori_domain::assurance::{AnswerStatus, Tally};
use sakimori_domain::identity::Permission;
use sakimori_domain::tenancy::{self as rules, Relation, RelationKind, Side, State, What};
use sakimori_store::registry::{self, Organisation};
use sakimori_store::tenancy::{self as store, RelationRow};
use sakimori_store::{Connection, StoreError};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::identity::hex;
use crate::{Actor, App, AppError, Operation, Refusal, Result};

/// How long a code can be used, in days.
pub const OFFER_DAYS: i64 = 14;
/// Relations of one organisation, so that nobody fills the table.
const RELATIONS_MAX: usize = 2_000;

/// A relation as one of its sides sees it.
pub struct Standing {
    pub row: RelationRow,
    /// Which side one is oneself.
    pub side: Side,
    /// Name of the other; empty while nobody has accepted.
    pub other: String,
    /// What the other sees of us, as things stand.
    pub seen: Vec<What>,
    /// What we see of the other.
    pub sees: Vec<What>,
    /// The offer was not accepted in time.
    pub expired: bool,
}

/// An offer before its acceptance.
pub struct Offer {
    pub id: String,
    pub kind: RelationKind,
    /// Name of who offers.
    pub from: String,
    /// Which side one would be oneself.
    pub side: Side,
    pub version: i64,
}

/// An organisation below one's own, as far as it is visible.
pub struct Member {
    pub name: String,
    pub kind: RelationKind,
    /// `None` where no rule shows them.
    pub sectors: Option<Vec<String>>,
    /// Fiscal year and counts; `None` where they are not shared.
    pub totals: Option<(i64, Tally)>,
    /// First day of the relation.
    pub since: Date,
}

/// Whether the actor's organisation sees something of another: the one place that decides it.
///
/// # Errors
/// A database error.
pub async fn visible(app: &App, c: &mut Connection, actor: &Actor, organisation_id: &str, what: What) -> Result<bool> {
    let between = store::between(c, &actor.organisation_id, organisation_id).await?;
    Ok(shows(&between, (&actor.organisation_id, organisation_id), what, app.today()))
}

/// The same by relations that are read already; those between others show nothing.
fn shows(rows: &[RelationRow], (seer, seen): (&str, &str), what: What, today: Date) -> bool {
    rules::visible(rows.iter().map(|row| &row.relation), seer, seen, what, today)
}

async fn own(c: &mut Connection, actor: &Actor) -> Result<Organisation> {
    Ok(registry::organisation_by_id(c, &actor.organisation_id).await?.ok_or_else(Refusal::not_found)?)
}

/// Kinds that an organisation can offer, with the side that it would be on; none for who may not.
///
/// # Errors
/// A database error.
pub async fn offers_of(app: &App, actor: &Actor) -> Result<Vec<(RelationKind, Side)>> {
    if !actor.may(Permission::ManageRelations) {
        return Ok(Vec::new());
    }
    let kind = own(&mut app.read().await?, actor).await?.kind;
    let all = RelationKind::ALL.iter().flat_map(|relation| Side::ALL.iter().map(move |side| (*relation, *side)));
    Ok(all.filter(|(relation, side)| rules::fits(*relation, *side, &kind)).collect())
}

/// Every relation of the actor's organisation, newest first: who may see what of it. The auditor reads it too.
///
/// # Errors
/// A role that may not; a database error.
pub async fn list(app: &App, actor: &Actor) -> Result<Vec<Standing>> {
    if !actor.may(Permission::Audit) {
        actor.require(Permission::ManageRelations)?;
    }
    let (today, now) = (app.today(), app.now().to_string());
    let mut c = app.read().await?;
    let mut out = Vec::new();
    for row in store::relations(&mut c, &actor.organisation_id).await? {
        let Some(side) = row.relation.side(&actor.organisation_id) else { continue };
        let other_id = id_of(&row.relation, side.other()).to_owned();
        let name = match registry::organisation_by_id(&mut c, &other_id).await? {
            // An ended relation names the other still: it is our own history, and our trail says it too.
            Some(other) if row.relation.state != State::Offered => other.name,
            _ => String::new(),
        };
        let shown = |seer: &str, seen: &str| {
            What::ALL.iter().copied().filter(|what| row.relation.shows(seer, seen, *what, today)).collect::<Vec<_>>()
        };
        out.push(Standing {
            seen: shown(&other_id, &actor.organisation_id),
            sees: shown(&actor.organisation_id, &other_id),
            expired: row.relation.state == State::Offered && row.offer_until < now,
            other: name,
            side,
            row,
        });
    }
    Ok(out)
}

fn id_of(relation: &Relation, side: Side) -> &str {
    match side {
        Side::Upper => &relation.upper,
        Side::Lower => &relation.lower,
    }
}

fn hash(code: &str) -> String {
    // Typed by hand: letters of either case, with or without the dashes.
    let plain: String = code.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    hex(&Sha256::digest(format!("relation:{plain}").as_bytes()))
}

/// Offers a relation and returns the code to hand over; it is shown once and not kept.
///
/// # Errors
/// A kind or side that this organisation cannot have; too many relations; a role that may not.
pub async fn offer(app: &App, actor: &Actor, kind: &str, side: &str) -> Result<String> {
    let mut op = app.operate(actor, Permission::ManageRelations).await?;
    let organisation = own(&mut op.write, actor).await?;
    let kind_and_side = RelationKind::from_code(kind).zip(Side::from_code(side));
    let (kind, side) = kind_and_side.filter(|(k, s)| rules::fits(*k, *s, &organisation.kind)).ok_or_else(|| {
        Refusal::invalid("relation-kind", "関係の種類を選び直してください。", "Choose the kind of relation again.")
    })?;
    if store::relations(&mut op.write, &organisation.id).await?.len() >= RELATIONS_MAX {
        return Err(Refusal::invalid("too-many", "関係の数が多すぎます。", "There are too many relations.").into());
    }
    let code = app.code(5, 4);
    let (upper, lower) = match side {
        Side::Upper => (organisation.id.clone(), String::new()),
        Side::Lower => (String::new(), organisation.id.clone()),
    };
    let row = RelationRow {
        id: app.new_id(),
        relation: Relation {
            kind,
            upper,
            lower,
            state: State::Offered,
            shares: Vec::new(),
            from: app.today(),
            until: None,
        },
        offered_by: organisation.id.clone(),
        code_hash: hash(&code),
        offer_until: (app.now() + SignedDuration::from_hours(24 * OFFER_DAYS)).to_string(),
        offered_at: op.now.clone(),
        accepted_at: String::new(),
        version: 1,
    };
    store::insert_relation(&mut op.write, &row).await?;
    let after = json!({ "kind": kind.code(), "side": side.code(), "until": row.offer_until });
    op.trail_new("relation.offer", ("relation", &row.id), &after).await?;
    op.commit().await?;
    Ok(code)
}

/// One answer for a code that never was, was used, has expired, or does not fit: nobody learns which.
fn no_offer() -> Refusal {
    Refusal::invalid(
        "relation-code",
        "この申し入れコードは使えません（誤り・期限切れ・使用済み、または種類が合いません）。",
        "This code cannot be used: wrong, expired, used, or of another kind.",
    )
    .next("相手の組織に新しいコードを発行してもらってください。", "Ask the other organisation for a new code.")
}

async fn offered(app: &App, c: &mut Connection, actor: &Actor, code: &str) -> Result<(RelationRow, Side)> {
    let found = store::offer_by_code(c, &hash(code), &app.now().to_string()).await?;
    let organisation = own(c, actor).await?;
    let row = found.filter(|row| row.offered_by != actor.organisation_id).ok_or_else(no_offer)?;
    let side = if row.relation.upper.is_empty() { Side::Upper } else { Side::Lower };
    if !rules::fits(row.relation.kind, side, &organisation.kind) {
        return Err(no_offer().into());
    }
    Ok((row, side))
}

/// What an offer says, before it is accepted.
///
/// # Errors
/// A code that cannot be used; a role that may not.
pub async fn look(app: &App, actor: &Actor, code: &str) -> Result<Offer> {
    actor.require(Permission::ManageRelations)?;
    let mut c = app.read().await?;
    let (row, side) = offered(app, &mut c, actor, code).await?;
    let from = registry::organisation_by_id(&mut c, &row.offered_by).await?.ok_or_else(no_offer)?.name;
    Ok(Offer { id: row.id, kind: row.relation.kind, from, side, version: row.version })
}

/// What may be shared in a relation, of the codes that were ticked.
fn chosen(kind: RelationKind, codes: &[String]) -> Vec<What> {
    rules::shareable(kind).filter(|what| codes.iter().any(|code| code == what.code())).collect()
}

/// Accepts an offer. Only the lower side shares anything; the upper side's ticks say nothing.
///
/// # Errors
/// A code that cannot be used; somebody was faster; there is such a relation already; a role that may not.
pub async fn accept(app: &App, actor: &Actor, code: &str, shares: &[String]) -> Result<()> {
    let mut op = app.operate(actor, Permission::ManageRelations).await?;
    let (mut row, side) = offered(app, &mut op.write, actor, code).await?;
    let other = row.offered_by.clone();
    let there = store::between(&mut op.write, &actor.organisation_id, &other).await?;
    if there.iter().any(|r| r.relation.kind == row.relation.kind && r.relation.state == State::Active) {
        return Err(Refusal::invalid(
            "relation-there",
            "この組織とは、同じ種類の関係がすでにあります。",
            "There is such a relation with this organisation already.",
        )
        .into());
    }
    match side {
        Side::Upper => row.relation.upper = actor.organisation_id.clone(),
        Side::Lower => {
            row.relation.lower = actor.organisation_id.clone();
            row.relation.shares = chosen(row.relation.kind, shares);
        }
    }
    row.relation.state = State::Active;
    row.relation.from = app.today();
    row.code_hash = String::new();
    row.accepted_at = op.now.clone();
    store::update_relation(&mut op.write, &row).await?;
    tell_both(op, actor, &other, "relation.accept", &row).await
}

/// Changes what the lower side shares.
///
/// # Errors
/// No such relation, or one in which the actor's organisation shares nothing; somebody was faster; a role that may not.
pub async fn share(app: &App, actor: &Actor, id: &str, version: i64, shares: &[String]) -> Result<()> {
    let mut op = app.operate(actor, Permission::ManageRelations).await?;
    let row = store::relation_by_id(&mut op.write, &actor.organisation_id, id).await?;
    let mut row = row.ok_or_else(Refusal::not_found)?;
    let shares_here = row.relation.side(&actor.organisation_id) == Some(Side::Lower);
    if !shares_here || row.relation.state != State::Active {
        return Err(Refusal::not_found().into());
    }
    row.relation.shares = chosen(row.relation.kind, shares);
    row.version = version;
    store::update_relation(&mut op.write, &row).await?;
    let other = row.relation.upper.clone();
    tell_both(op, actor, &other, "relation.share", &row).await
}

/// Ends a relation, or takes an offer back. What the other saw is not seen any more from this moment on.
///
/// # Errors
/// No such relation, or one that has ended; somebody was faster; a role that may not.
pub async fn end(app: &App, actor: &Actor, id: &str, version: i64) -> Result<()> {
    let mut op = app.operate(actor, Permission::ManageRelations).await?;
    let row = store::relation_by_id(&mut op.write, &actor.organisation_id, id).await?;
    let mut row = row.filter(|row| row.relation.state != State::Ended).ok_or_else(Refusal::not_found)?;
    let side = row.relation.side(&actor.organisation_id).ok_or_else(Refusal::not_found)?;
    let other = id_of(&row.relation, side.other()).to_owned();
    row.relation.state = State::Ended;
    row.relation.until = Some(app.today());
    row.code_hash = String::new();
    row.version = version;
    store::update_relation(&mut op.write, &row).await?;
    tell_both(op, actor, &other, "relation.end", &row).await
}

/// The same event in both trails, and the end of the operation. The other side reads which organisation did it, not who.
async fn tell_both(mut op: Operation<'_>, actor: &Actor, other: &str, action: &str, row: &RelationRow) -> Result<()> {
    let shares: Vec<&str> = row.relation.shares.iter().map(|what| what.code()).collect();
    let name = own(&mut op.write, actor).await?.name;
    let other_name = registry::organisation_by_id(&mut op.write, other).await?.map_or(String::new(), |o| o.name);
    let said = |with: &str| json!({ "kind": row.relation.kind.code(), "state": row.relation.state.code(), "shares": shares, "with": with });
    op.trail_new(action, ("relation", &row.id), &said(&other_name)).await?;
    if other.is_empty() {
        return op.commit().await;
    }
    let for_them = Actor { name: name.clone(), address: String::new(), ..Actor::system(other) };
    let mut op = op;
    op.actor = &for_them;
    op.trail_new(action, ("relation", &row.id), &said(&name)).await?;
    op.commit().await
}

/// 傘下の状況: the organisations below the actor's own, with what each relation shows of them.
///
/// # Errors
/// A role that may not; a database error.
pub async fn members(app: &App, actor: &Actor) -> Result<Vec<Member>> {
    first_members(app, actor, usize::MAX).await
}

/// The first of them: a page that only gives an idea does not ask after thousands.
///
/// # Errors
/// A role that may not; a database error.
pub async fn first_members(app: &App, actor: &Actor, most: usize) -> Result<Vec<Member>> {
    actor.require(Permission::ReadMembers)?;
    let (today, org) = (app.today(), actor.organisation_id.as_str());
    let mut c = app.read().await?;
    let mut out = Vec::new();
    let rows = store::relations(&mut c, org).await?;
    let sees = |lower: &str, what| shows(&rows, (org, lower), what, today);
    for row in &rows {
        let lower = row.relation.lower.as_str();
        if out.len() == most {
            break;
        }
        if row.relation.side(org) != Some(Side::Upper) || !row.relation.holds(today) || !sees(lower, What::Name) {
            continue;
        }
        let Some(member) = registry::organisation_by_id(&mut c, lower).await? else { continue };
        let sectors = sees(lower, What::Sectors).then_some(member.profile.sectors);
        let totals = match sees(lower, What::Totals) {
            true => totals(&mut c, lower).await?,
            false => None,
        };
        out.push(Member { name: member.name, kind: row.relation.kind, sectors, totals, since: row.relation.from });
    }
    out.sort_by(|a, b| (a.kind, &a.name).cmp(&(b.kind, &b.name)));
    Ok(out)
}

async fn totals(c: &mut Connection, organisation_id: &str) -> Result<Option<(i64, Tally)>> {
    let (mut year, mut tally) = (0, Tally::default());
    for (of_year, code, count) in store::totals(c, organisation_id).await? {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        let status = AnswerStatus::from_code(&code).ok_or_else(|| {
            let what = format!("status {code}");
            AppError::from(StoreError::Inconsistent { table: "answer", key: organisation_id.to_owned(), what })
        })?;
        year = of_year;
        *match status {
            AnswerStatus::Yes => &mut tally.yes,
            AnswerStatus::Partly => &mut tally.partly,
            AnswerStatus::No => &mut tally.no,
            AnswerStatus::NotApplicable => &mut tally.not_applicable,
            AnswerStatus::Unanswered => &mut tally.unanswered,
        } = count;
    }
    Ok((tally.total() > 0).then_some((year, tally)))
}
