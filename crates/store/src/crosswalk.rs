//! Crosswalks, their Mappings, and an organisation's own synonyms.

use sakimori_domain::crosswalk::{Link, MappingStatus, Relation};

use crate::connection::params;
use crate::{Connection, Result, Row, StoreError, Write};

/// Two Editions that an organisation lines up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crosswalk {
    pub id: String,
    /// Key of the Edition whose Provisions are looked up …
    pub source_edition: String,
    /// … in this one.
    pub target_edition: String,
    pub created_by: String,
    pub created_at: String,
}

/// One Mapping, as seen from the Crosswalk's source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    pub id: String,
    pub crosswalk_id: String,
    /// Empty where the target has no counterpart in the whole source's Edition.
    pub source_number: String,
    /// Empty where the whole other Edition has no counterpart.
    pub target_number: String,
    pub relation: Relation,
    pub status: MappingStatus,
    pub rationale: String,
    /// `person`, `import` or `derived`: where it came from before somebody judged it.
    pub origin: String,
    pub decided_by: String,
    pub decided_at: String,
    /// What the second reviewer said: empty, `agreed` or `disagreed`.
    pub review: String,
    pub review_note: String,
    pub reviewed_by: String,
    pub reviewed_at: String,
    pub version: i64,
}

impl Mapping {
    /// The Mapping for the rules of `domain::crosswalk`, if it counts as a fact.
    pub fn confirmed(&self) -> Option<Link<'_>> {
        (self.status == MappingStatus::Confirmed).then_some(Link {
            source: &self.source_number,
            target: &self.target_number,
            relation: self.relation,
        })
    }
}

fn crosswalk_row(row: &Row) -> Result<Crosswalk> {
    Ok(Crosswalk {
        id: row.text(0)?,
        source_edition: row.text(1)?,
        target_edition: row.text(2)?,
        created_by: row.text(3)?,
        created_at: row.text(4)?,
    })
}

macro_rules! select_crosswalk {
    ($rest:literal) => {
        concat!(
            "SELECT id, source_edition, target_edition, created_by, created_at FROM crosswalk WHERE organisation_id = $1 ",
            $rest
        )
    };
}

/// The Crosswalks of an organisation, oldest first.
pub async fn crosswalks(c: &mut Connection, organisation_id: &str) -> Result<Vec<Crosswalk>> {
    let rows = c.all(select_crosswalk!("ORDER BY created_at, id"), params![organisation_id]).await?;
    rows.iter().map(crosswalk_row).collect()
}

/// One Crosswalk of an organisation.
pub async fn crosswalk(c: &mut Connection, organisation_id: &str, id: &str) -> Result<Option<Crosswalk>> {
    let row = c.one(select_crosswalk!("AND id = $2"), params![organisation_id, id]).await?;
    row.as_ref().map(crosswalk_row).transpose()
}

/// The Crosswalk of two Editions in this direction.
pub async fn crosswalk_between(
    c: &mut Connection,
    organisation_id: &str,
    source_edition: &str,
    target_edition: &str,
) -> Result<Option<Crosswalk>> {
    let row = c
        .one(
            select_crosswalk!("AND source_edition = $2 AND target_edition = $3"),
            params![organisation_id, source_edition, target_edition],
        )
        .await?;
    row.as_ref().map(crosswalk_row).transpose()
}

/// Writes a new Crosswalk.
pub async fn insert_crosswalk(w: &mut Write, organisation_id: &str, crosswalk: &Crosswalk) -> Result<()> {
    w.run(
        "INSERT INTO crosswalk (id, organisation_id, source_edition, target_edition, created_by, created_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
        params![
            &crosswalk.id,
            organisation_id,
            &crosswalk.source_edition,
            &crosswalk.target_edition,
            &crosswalk.created_by,
            &crosswalk.created_at
        ],
    )
    .await?;
    Ok(())
}

fn mapping_row(row: &Row) -> Result<Mapping> {
    let id = row.text(0)?;
    let unknown = |what: String| StoreError::Inconsistent { table: "mapping", key: id.clone(), what };
    let (relation, status) = (row.text(4)?, row.text(5)?);
    Ok(Mapping {
        crosswalk_id: row.text(1)?,
        source_number: row.text(2)?,
        target_number: row.text(3)?,
        relation: Relation::from_code(&relation).ok_or_else(|| unknown(format!("relation {relation}")))?,
        status: MappingStatus::from_code(&status).ok_or_else(|| unknown(format!("status {status}")))?,
        rationale: row.text(6)?,
        origin: row.text(7)?,
        decided_by: row.text(8)?,
        decided_at: row.text(9)?,
        review: row.text(10)?,
        review_note: row.text(11)?,
        reviewed_by: row.text(12)?,
        reviewed_at: row.text(13)?,
        version: row.int(14)?,
        id,
    })
}

macro_rules! select_mapping {
    ($rest:literal) => {
        concat!(
            "SELECT id, crosswalk_id, source_number, target_number, relation, status, rationale, origin, decided_by, decided_at,
                    review, review_note, reviewed_by, reviewed_at, version
             FROM mapping WHERE organisation_id = $1 ",
            $rest
        )
    };
}

/// All Mappings of a Crosswalk, in the order of their numbers as text.
pub async fn mappings(c: &mut Connection, organisation_id: &str, crosswalk_id: &str) -> Result<Vec<Mapping>> {
    let rows = c
        .all(
            select_mapping!("AND crosswalk_id = $2 ORDER BY source_number, target_number"),
            params![organisation_id, crosswalk_id],
        )
        .await?;
    rows.iter().map(mapping_row).collect()
}

/// The Mappings of one source Provision.
pub async fn mappings_of(
    c: &mut Connection,
    organisation_id: &str,
    crosswalk_id: &str,
    source_number: &str,
) -> Result<Vec<Mapping>> {
    let rows = c
        .all(
            select_mapping!("AND crosswalk_id = $2 AND source_number = $3 ORDER BY target_number"),
            params![organisation_id, crosswalk_id, source_number],
        )
        .await?;
    rows.iter().map(mapping_row).collect()
}

/// One Mapping.
pub async fn mapping(c: &mut Connection, organisation_id: &str, id: &str) -> Result<Option<Mapping>> {
    let row = c.one(select_mapping!("AND id = $2"), params![organisation_id, id]).await?;
    row.as_ref().map(mapping_row).transpose()
}

/// The confirmed Mappings that touch one Provision, in whichever direction they are kept: key of the other Edition, its
/// number (never empty) and the relation as read from the asked Provision.
pub async fn neighbours(
    c: &mut Connection,
    organisation_id: &str,
    edition_id: &str,
    number: &str,
) -> Result<Vec<(String, String, Relation)>> {
    let rows = c
        .all(
            "SELECT x.target_edition, m.target_number, m.relation, CAST(0 AS BIGINT) FROM mapping m JOIN crosswalk x ON x.id = m.crosswalk_id
             WHERE m.organisation_id = $1 AND x.source_edition = $2 AND m.source_number = $3 AND m.status = 'confirmed'
               AND m.target_number <> ''
             UNION ALL
             SELECT x.source_edition, m.source_number, m.relation, CAST(1 AS BIGINT) FROM mapping m JOIN crosswalk x ON x.id = m.crosswalk_id
             WHERE m.organisation_id = $1 AND x.target_edition = $2 AND m.target_number = $3 AND m.status = 'confirmed'
               AND m.source_number <> ''
             ORDER BY 1, 2",
            params![organisation_id, edition_id, number],
        )
        .await?;
    rows.iter()
        .map(|row| {
            let code = row.text(2)?;
            let relation = Relation::from_code(&code).ok_or_else(|| StoreError::Inconsistent {
                table: "mapping",
                key: number.to_owned(),
                what: format!("relation {code}"),
            })?;
            Ok((row.text(0)?, row.text(1)?, if row.flag(3)? { relation.reversed() } else { relation }))
        })
        .collect()
}

/// Writes a new Mapping.
///
/// # Errors
/// [`StoreError::Conflict`] when somebody else has judged the same pair in the meantime.
pub async fn insert_mapping(w: &mut Write, organisation_id: &str, m: &Mapping) -> Result<()> {
    let written = w.run(
        "INSERT INTO mapping (id, organisation_id, crosswalk_id, source_number, target_number, relation, status, rationale, origin,
                              decided_by, decided_at, review, review_note, reviewed_by, reviewed_at, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
         ON CONFLICT (crosswalk_id, source_number, target_number) DO NOTHING",
        params![
            &m.id, organisation_id, &m.crosswalk_id, &m.source_number, &m.target_number, m.relation.code(), m.status.code(),
            &m.rationale, &m.origin, &m.decided_by, &m.decided_at, &m.review, &m.review_note, &m.reviewed_by, &m.reviewed_at,
            m.version
        ],
    )
    .await?;
    if written == 1 { Ok(()) } else { Err(StoreError::Conflict("mapping")) }
}

/// Writes a Mapping over the version that was read (`m.version`), and counts the version up.
///
/// # Errors
/// [`StoreError::Conflict`] when somebody else changed it in the meantime.
pub async fn update_mapping(w: &mut Write, organisation_id: &str, m: &Mapping) -> Result<()> {
    let changed = w
        .run(
            "UPDATE mapping SET relation = $4, status = $5, rationale = $6, decided_by = $7, decided_at = $8, review = $9,
                 review_note = $10, reviewed_by = $11, reviewed_at = $12, version = version + 1
             WHERE organisation_id = $1 AND id = $2 AND version = $3",
            params![
                organisation_id, &m.id, m.version, m.relation.code(), m.status.code(), &m.rationale, &m.decided_by,
                &m.decided_at, &m.review, &m.review_note, &m.reviewed_by, &m.reviewed_at
            ],
        )
        .await?;
    if changed == 1 { Ok(()) } else { Err(StoreError::Conflict("mapping")) }
}

/// Takes a judgement back altogether: the pair is as if nobody had looked at it.
///
/// # Errors
/// [`StoreError::Conflict`] when somebody else changed it in the meantime.
pub async fn delete_mapping(w: &mut Write, organisation_id: &str, id: &str, version: i64) -> Result<()> {
    let changed = w
        .run(
            "DELETE FROM mapping WHERE organisation_id = $1 AND id = $2 AND version = $3",
            params![organisation_id, id, version],
        )
        .await?;
    if changed == 1 { Ok(()) } else { Err(StoreError::Conflict("mapping")) }
}

/// The source number at which a person stopped; empty at the beginning.
pub async fn place(c: &mut Connection, crosswalk_id: &str, account_id: &str) -> Result<String> {
    let row = c
        .one(
            "SELECT number FROM crosswalk_place WHERE crosswalk_id = $1 AND account_id = $2",
            params![crosswalk_id, account_id],
        )
        .await?;
    row.map_or(Ok(String::new()), |row| row.text(0))
}

/// Notes where a person stopped.
pub async fn put_place(w: &mut Write, crosswalk_id: &str, account_id: &str, number: &str) -> Result<()> {
    w.run(
        "INSERT INTO crosswalk_place (crosswalk_id, account_id, number) VALUES ($1, $2, $3)
         ON CONFLICT (crosswalk_id, account_id) DO UPDATE SET number = excluded.number",
        params![crosswalk_id, account_id, number],
    )
    .await?;
    Ok(())
}

/// Words that mean the same to an organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SynonymGroup {
    pub id: String,
    pub words: Vec<String>,
    pub version: i64,
}

/// An organisation's own groups of synonyms.
pub async fn synonym_groups(c: &mut Connection, organisation_id: &str) -> Result<Vec<SynonymGroup>> {
    let rows = c
        .all(
            "SELECT id, words, version FROM synonym_group WHERE organisation_id = $1 ORDER BY id",
            params![organisation_id],
        )
        .await?;
    rows.iter()
        .map(|row| {
            let id = row.text(0)?;
            Ok(SynonymGroup {
                words: crate::row::from_json("synonym_group", &id, &row.text(1)?)?,
                version: row.int(2)?,
                id,
            })
        })
        .collect()
}

/// Writes a new group of synonyms.
pub async fn insert_synonym_group(w: &mut Write, organisation_id: &str, group: &SynonymGroup) -> Result<()> {
    let words = crate::row::to_json("synonym_group", &group.words)?;
    w.run(
        "INSERT INTO synonym_group (id, organisation_id, words, version) VALUES ($1, $2, $3, $4)",
        params![&group.id, organisation_id, words, group.version],
    )
    .await?;
    Ok(())
}

/// Writes a group over the version that was read, and counts the version up.
///
/// # Errors
/// [`StoreError::Conflict`] when somebody else changed it in the meantime.
pub async fn update_synonym_group(w: &mut Write, organisation_id: &str, group: &SynonymGroup) -> Result<()> {
    let words = crate::row::to_json("synonym_group", &group.words)?;
    let changed = w
        .run(
            "UPDATE synonym_group SET words = $4, version = version + 1
             WHERE organisation_id = $1 AND id = $2 AND version = $3",
            params![organisation_id, &group.id, group.version, words],
        )
        .await?;
    if changed == 1 { Ok(()) } else { Err(StoreError::Conflict("synonym_group")) }
}

/// Deletes a group.
///
/// # Errors
/// [`StoreError::Conflict`] when somebody else changed it in the meantime.
pub async fn delete_synonym_group(w: &mut Write, organisation_id: &str, id: &str, version: i64) -> Result<()> {
    let changed = w
        .run(
            "DELETE FROM synonym_group WHERE organisation_id = $1 AND id = $2 AND version = $3",
            params![organisation_id, id, version],
        )
        .await?;
    if changed == 1 { Ok(()) } else { Err(StoreError::Conflict("synonym_group")) }
}
