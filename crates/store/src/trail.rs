//! The trail (操作記録): append-only, in the transaction of the write it speaks of.

pub mod tree;

use crate::connection::params;
use crate::{Connection, Result, Write};

/// What happened: who, when, from where, what, before and after.
#[derive(Debug, Clone)]
pub struct Event {
    pub position: i64,
    pub at: String,
    pub actor_id: String,
    pub actor_name: String,
    /// For whom a deputy acted; both empty when a person acted for themselves.
    pub on_behalf_of_id: String,
    pub on_behalf_of_name: String,
    pub address: String,
    /// Stable verb, e.g. `answer.change`.
    pub action: String,
    pub subject_kind: String,
    pub subject_id: String,
    /// JSON of what changed, before; empty for something new.
    pub before: String,
    /// JSON of what changed, after; empty for something gone.
    pub after: String,
}

/// What proves an event: see `sakimori_interop::trail::leaf`.
#[derive(Debug, Clone, Default)]
pub struct Seal {
    pub salt: String,
    pub kept: String,
    pub leaf: String,
    pub marks: String,
}

/// Takes the next position of the organisation's trail.
pub async fn next_position(w: &mut Write, organisation_id: &str) -> Result<i64> {
    // The head row is the lock: two writers of one organisation queue here on PostgreSQL until the first has committed,
    // so positions are given in the order of commits and without gaps.
    let row = w
        .one(
            "INSERT INTO trail_head (organisation_id, position) VALUES ($1, 1)
             ON CONFLICT (organisation_id) DO UPDATE SET position = trail_head.position + 1 RETURNING position",
            params![organisation_id],
        )
        .await?;
    row.ok_or_else(|| nothing(organisation_id))?.int(0)
}

/// Appends an event at the position that was taken for it.
pub async fn append(w: &mut Write, organisation_id: &str, e: &Event, seal: &Seal) -> Result<()> {
    w.run(
        "INSERT INTO trail (organisation_id, position, at, actor_id, actor_name, on_behalf_of_id, on_behalf_of_name, address,
                            action, subject_kind, subject_id, before, after, salt, kept, leaf, marks)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
        params![
            organisation_id,
            e.position,
            &e.at,
            &e.actor_id,
            &e.actor_name,
            &e.on_behalf_of_id,
            &e.on_behalf_of_name,
            &e.address,
            &e.action,
            &e.subject_kind,
            &e.subject_id,
            &e.before,
            &e.after,
            &seal.salt,
            &seal.kept,
            &seal.leaf,
            &seal.marks
        ],
    )
    .await?;
    Ok(())
}

fn nothing(organisation_id: &str) -> crate::StoreError {
    crate::StoreError::Inconsistent {
        table: "trail_head",
        key: organisation_id.to_owned(),
        what: "no row for a statement that always gives one".to_owned(),
    }
}

/// How far the trails have come of an organisation and of what the whole installation shares. Every write leaves its
/// event in its own transaction, so as long as this stays the same, so does everything that the organisation can read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    pub own: i64,
    pub shared: i64,
}

/// The present stamp of an organisation. Read it before what is to be kept under it.
pub async fn stamp(c: &mut Connection, organisation_id: &str) -> Result<Stamp> {
    let row = c
        .one(
            "SELECT COALESCE((SELECT position FROM trail_head WHERE organisation_id = $1), 0),
                    COALESCE((SELECT position FROM trail_head WHERE organisation_id = ''), 0)",
            params![organisation_id],
        )
        .await?;
    let row = row.ok_or_else(|| nothing(organisation_id))?;
    Ok(Stamp { own: row.int(0)?, shared: row.int(1)? })
}

/// What happened after one position, up to another: action, kind and id of the subject, oldest first.
pub async fn between(
    c: &mut Connection,
    organisation_id: &str,
    after: i64,
    up_to: i64,
) -> Result<Vec<(String, String, String)>> {
    let rows = c
        .all(
            "SELECT action, subject_kind, subject_id FROM trail
             WHERE organisation_id = $1 AND position > $2 AND position <= $3 ORDER BY position",
            params![organisation_id, after, up_to],
        )
        .await?;
    rows.iter().map(|row| Ok((row.text(0)?, row.text(1)?, row.text(2)?))).collect()
}

macro_rules! select_event {
    ($rest:literal) => {
        concat!(
            "SELECT position, at, actor_id, actor_name, on_behalf_of_id, on_behalf_of_name, address, action, subject_kind,
             subject_id, before, after, salt, kept, leaf, marks FROM trail ",
            $rest
        )
    };
}

use select_event;

fn event(row: &crate::Row) -> Result<Event> {
    Ok(Event {
        position: row.int(0)?,
        at: row.text(1)?,
        actor_id: row.text(2)?,
        actor_name: row.text(3)?,
        on_behalf_of_id: row.text(4)?,
        on_behalf_of_name: row.text(5)?,
        address: row.text(6)?,
        action: row.text(7)?,
        subject_kind: row.text(8)?,
        subject_id: row.text(9)?,
        before: row.text(10)?,
        after: row.text(11)?,
    })
}

fn sealed(row: &crate::Row) -> Result<(Event, Seal)> {
    Ok((event(row)?, Seal { salt: row.text(12)?, kept: row.text(13)?, leaf: row.text(14)?, marks: row.text(15)? }))
}

/// Events with what proves them, after a position, oldest first, at most `limit`.
pub async fn sealed_after(
    c: &mut Connection,
    organisation_id: &str,
    after: i64,
    limit: i64,
) -> Result<Vec<(Event, Seal)>> {
    c.map(
        select_event!("WHERE organisation_id = $1 AND position > $2 ORDER BY position LIMIT $3"),
        params![organisation_id, after, limit],
        sealed,
    )
    .await
}

/// One event with what proves it.
pub async fn sealed_at(c: &mut Connection, organisation_id: &str, position: i64) -> Result<Option<(Event, Seal)>> {
    let row = c
        .one(select_event!("WHERE organisation_id = $1 AND position = $2"), params![organisation_id, position])
        .await?;
    row.as_ref().map(sealed).transpose()
}

/// The newest events first, before `before_position` (`i64::MAX` for the newest), at most `limit`.
pub async fn newest(c: &mut Connection, organisation_id: &str, before_position: i64, limit: i64) -> Result<Vec<Event>> {
    let rows = c
        .all(
            select_event!("WHERE organisation_id = $1 AND position < $2 ORDER BY position DESC LIMIT $3"),
            params![organisation_id, before_position, limit],
        )
        .await?;
    rows.iter().map(event).collect()
}

/// The history of one subject, newest first, at most 200 events.
pub async fn of_subject(c: &mut Connection, organisation_id: &str, kind: &str, id: &str) -> Result<Vec<Event>> {
    let rows = c
        .all(
            select_event!(
                "WHERE organisation_id = $1 AND subject_kind = $2 AND subject_id = $3 ORDER BY position DESC LIMIT 200"
            ),
            params![organisation_id, kind, id],
        )
        .await?;
    rows.iter().map(event).collect()
}

/// Which events are wanted; what is empty lets every event through.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Account of the person.
    pub actor_id: String,
    /// First part of the action, e.g. `answer` of `answer.change`.
    pub kind: String,
    /// First moment, UTC, as the beginning of an RFC 3339 text.
    pub from: String,
    /// First moment that is too late.
    pub until: String,
}

/// The newest events that a filter lets through, before a position, at most `limit`.
pub async fn filtered(
    c: &mut Connection,
    organisation_id: &str,
    filter: &Filter,
    before_position: i64,
    limit: i64,
) -> Result<Vec<Event>> {
    let prefix = if filter.kind.is_empty() { String::new() } else { format!("{}.%", filter.kind) };
    let rows = c
        .all(
            select_event!(
                "WHERE organisation_id = $1 AND position < $2 AND ($3 = '' OR actor_id = $3) AND ($4 = '' OR action LIKE $4)
                 AND at >= $5 AND ($6 = '' OR at < $6) ORDER BY position DESC LIMIT $7"
            ),
            params![organisation_id, before_position, &filter.actor_id, &prefix, &filter.from, &filter.until, limit],
        )
        .await?;
    rows.iter().map(event).collect()
}

/// Everybody who stands in an organisation's trail: account and name as it was last.
pub async fn actors(c: &mut Connection, organisation_id: &str) -> Result<Vec<(String, String)>> {
    let rows = c
        .all(
            "SELECT actor_id, MAX(actor_name) FROM trail WHERE organisation_id = $1 GROUP BY actor_id ORDER BY 2",
            params![organisation_id],
        )
        .await?;
    rows.iter().map(|row| Ok((row.text(0)?, row.text(1)?))).collect()
}

/// Number of the item and short name of its standard, for every answer of an organisation.
pub async fn answer_labels(c: &mut Connection, organisation_id: &str) -> Result<Vec<(String, String)>> {
    let rows = c
        .all(
            "SELECT a.id, a.number, e.short FROM answer a JOIN edition e ON e.id = a.edition_id WHERE a.organisation_id = $1",
            params![organisation_id],
        )
        .await?;
    rows.iter().map(|row| Ok((row.text(0)?, format!("{} {}", row.text(2)?, row.text(1)?)))).collect()
}
