//! Relations between organisations. A relation belongs to two: every function takes one of them and finds only its own.

use jiff::civil::Date;
use sakimori_domain::tenancy::{Relation, RelationKind, State, What};

use crate::connection::params;
use crate::{Connection, Result, Row, StoreError, Write};

/// A relation as it is kept.
#[derive(Debug, Clone)]
pub struct RelationRow {
    pub id: String,
    pub relation: Relation,
    pub offered_by: String,
    /// SHA-256 of the code of an open offer; empty once it was used.
    pub code_hash: String,
    /// Until when the offer can be accepted, UTC.
    pub offer_until: String,
    pub offered_at: String,
    pub accepted_at: String,
    pub version: i64,
}

macro_rules! select_relation {
    ($condition:literal) => {
        concat!(
            "SELECT id, kind, upper_id, lower_id, offered_by, code_hash, offer_until, state, shares, valid_from, valid_to,
                    offered_at, accepted_at, version
             FROM organisation_relation WHERE ",
            $condition
        )
    };
}

fn relation(row: &Row) -> Result<RelationRow> {
    let id = row.text(0)?;
    let odd = |what: String| StoreError::Inconsistent { table: "organisation_relation", key: id.clone(), what };
    let (kind, state, shares) = (row.text(1)?, row.text(7)?, row.text(8)?);
    let day = |text: &str| text.parse::<Date>().map_err(|error| odd(error.to_string()));
    let (from, until) = (row.text(9)?, row.text(10)?);
    Ok(RelationRow {
        relation: Relation {
            kind: RelationKind::from_code(&kind).ok_or_else(|| odd(kind.clone()))?,
            upper: row.text(2)?,
            lower: row.text(3)?,
            state: State::from_code(&state).ok_or_else(|| odd(state.clone()))?,
            shares: shares
                .split_whitespace()
                .map(|code| What::from_code(code).ok_or_else(|| odd(code.to_owned())))
                .collect::<Result<_>>()?,
            from: day(&from)?,
            until: if until.is_empty() { None } else { Some(day(&until)?) },
        },
        offered_by: row.text(4)?,
        code_hash: row.text(5)?,
        offer_until: row.text(6)?,
        offered_at: row.text(11)?,
        accepted_at: row.text(12)?,
        version: row.int(13)?,
        id,
    })
}

/// Every relation of an organisation, on either side, newest first.
pub async fn relations(c: &mut Connection, organisation_id: &str) -> Result<Vec<RelationRow>> {
    let sql = select_relation!("(upper_id = $1 OR lower_id = $1) ORDER BY offered_at DESC, id DESC");
    c.all(sql, params![organisation_id]).await?.iter().map(relation).collect()
}

/// Relations between two organisations, in either direction.
pub async fn between(c: &mut Connection, one: &str, other: &str) -> Result<Vec<RelationRow>> {
    let sql = select_relation!("(upper_id = $1 AND lower_id = $2) OR (upper_id = $2 AND lower_id = $1)");
    c.all(sql, params![one, other]).await?.iter().map(relation).collect()
}

/// A relation of an organisation.
pub async fn relation_by_id(c: &mut Connection, organisation_id: &str, id: &str) -> Result<Option<RelationRow>> {
    let sql = select_relation!("id = $2 AND (upper_id = $1 OR lower_id = $1)");
    c.one(sql, params![organisation_id, id]).await?.as_ref().map(relation).transpose()
}

/// The open offer of a code. Who has the code has been given it: that is the permission.
pub async fn offer_by_code(c: &mut Connection, code_hash: &str, now: &str) -> Result<Option<RelationRow>> {
    let sql = select_relation!("code_hash = $1 AND state = 'offered' AND offer_until >= $2");
    c.one(sql, params![code_hash, now]).await?.as_ref().map(relation).transpose()
}

fn shares(r: &Relation) -> String {
    r.shares.iter().map(|what| what.code()).collect::<Vec<_>>().join(" ")
}

fn until(r: &Relation) -> String {
    r.until.map_or_else(String::new, |day| day.to_string())
}

/// Writes a new offer.
pub async fn insert_relation(w: &mut Write, r: &RelationRow) -> Result<()> {
    w.run(
        "INSERT INTO organisation_relation (id, kind, upper_id, lower_id, offered_by, code_hash, offer_until, state, shares,
             valid_from, valid_to, offered_at, accepted_at, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        params![
            &r.id,
            r.relation.kind.code(),
            &r.relation.upper,
            &r.relation.lower,
            &r.offered_by,
            &r.code_hash,
            &r.offer_until,
            r.relation.state.code(),
            shares(&r.relation),
            r.relation.from.to_string(),
            until(&r.relation),
            &r.offered_at,
            &r.accepted_at,
            r.version
        ],
    )
    .await?;
    Ok(())
}

/// Writes where a relation stands over the version that was read. Kind and who offered stay.
///
/// # Errors
/// [`StoreError::Conflict`] when somebody was faster.
pub async fn update_relation(w: &mut Write, r: &RelationRow) -> Result<()> {
    let touched = w
        .run(
            "UPDATE organisation_relation SET upper_id = $3, lower_id = $4, code_hash = $5, state = $6, shares = $7,
                 valid_from = $8, valid_to = $9, accepted_at = $10, version = version + 1
             WHERE id = $1 AND version = $2",
            params![
                &r.id,
                r.version,
                &r.relation.upper,
                &r.relation.lower,
                &r.code_hash,
                r.relation.state.code(),
                shares(&r.relation),
                r.relation.from.to_string(),
                until(&r.relation),
                &r.accepted_at
            ],
        )
        .await?;
    if touched == 1 { Ok(()) } else { Err(StoreError::Conflict("organisation_relation")) }
}

/// Counts of an organisation's answers of its newest year with an Assessment: the year, then status and number. Only for
/// who sees [`What::Totals`].
pub async fn totals(c: &mut Connection, organisation_id: &str) -> Result<Vec<(i64, String, i64)>> {
    let rows = c
        .all(
            "SELECT a.fiscal_year, r.status, COUNT(*) FROM assessment a
             JOIN answer r ON r.assessment_id = a.id AND r.organisation_id = a.organisation_id AND r.withdrawn = ''
             WHERE a.organisation_id = $1
               AND a.fiscal_year = (SELECT MAX(fiscal_year) FROM assessment WHERE organisation_id = $1)
             GROUP BY a.fiscal_year, r.status ORDER BY r.status",
            params![organisation_id],
        )
        .await?;
    rows.iter().map(|row| Ok((row.int(0)?, row.text(1)?, row.int(2)?))).collect()
}
