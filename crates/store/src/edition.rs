//! Editions, their Provisions, the official texts that users loaded, and the readings that brought them.

use std::collections::HashMap;

use sakimori_domain::standards::{Edition, Guide, Item, Provision, ProvisionKind, Record};

use crate::connection::params;
use crate::edition_rows::{self, BodyRow};
use crate::{Connection, Result, Row, Write};

/// An Edition as it is kept, with what the list shows beside it.
#[derive(Debug, Clone)]
pub struct EditionEntry {
    /// Key of the installation: the edition's own code, or `<organisation>~<code>` for an organisation's own document.
    pub id: String,
    /// Empty: shared by the whole installation. Else the organisation that brought it.
    pub owner: String,
    pub edition: Edition,
    /// `built-in`, `ingested` or [`DRAFT`].
    pub origin: String,
    pub content_hash: String,
    pub created_at: String,
    pub provisions: i64,
    pub controls: i64,
    /// Provisions whose official text this organisation can read.
    pub texts: i64,
}

/// Origin of a draft of the next Edition (改訂案).
pub const DRAFT: &str = "draft";

impl EditionEntry {
    /// Nobody has issued it yet: it binds nobody and is not assessed.
    pub fn is_draft(&self) -> bool {
        self.origin == DRAFT
    }
}

/// A Provision with our guide and, if somebody loaded it, the official text.
#[derive(Debug, Clone)]
pub struct ProvisionEntry {
    pub provision: Provision,
    pub guide: Guide,
    pub position: i64,
    /// 0 at the top of the tree.
    pub depth: i64,
    pub has_text: bool,
}

/// One reading of a file.
#[derive(Debug, Clone)]
pub struct Ingest {
    pub id: String,
    /// '' for the whole installation, else the organisation that read it.
    pub owner: String,
    pub edition_id: String,
    pub file_name: String,
    pub file_hash: String,
    pub profile: String,
    /// Per cent of the lines the grammar understood.
    pub fit: i64,
    pub matched: i64,
    pub problems: Vec<sakimori_domain::standards::Problem>,
    pub actor_name: String,
    pub at: String,
}

macro_rules! select_edition {
    ($rest:literal) => {
        concat!(
            "SELECT e.id, e.owner, e.code, e.standard, e.title, e.title_en, e.short, e.label, e.issuer, e.authority,
                    e.valid_from, e.valid_to, e.profile, e.origin, e.content_hash, e.created_at,
                    (SELECT COUNT(*) FROM provision p WHERE p.edition_id = e.id),
                    (SELECT COUNT(*) FROM provision p WHERE p.edition_id = e.id AND p.kind = 'control'),
                    (SELECT COUNT(*) FROM provision p WHERE p.edition_id = e.id AND EXISTS
                        (SELECT 1 FROM provision_text t
                         WHERE t.edition_id = e.id AND t.number = p.number AND t.owner IN ('', $1)))
             FROM edition e ",
            $rest
        )
    };
}

fn edition_entry(row: &Row) -> Result<EditionEntry> {
    Ok(EditionEntry {
        id: row.text(0)?,
        owner: row.text(1)?,
        edition: Edition {
            id: row.text(2)?,
            standard: row.text(3)?,
            title: row.text(4)?,
            title_en: row.text(5)?,
            short: row.text(6)?,
            label: row.text(7)?,
            issuer: row.text(8)?,
            authority: row.text(9)?,
            valid_from: row.text(10)?,
            valid_to: row.text(11)?,
            profile: row.text(12)?,
        },
        origin: row.text(13)?,
        content_hash: row.text(14)?,
        created_at: row.text(15)?,
        provisions: row.int(16)?,
        controls: row.int(17)?,
        texts: row.int(18)?,
    })
}

/// Every Edition that an organisation may read: the shared ones and its own.
pub async fn editions(c: &mut Connection, organisation_id: &str) -> Result<Vec<EditionEntry>> {
    let rows = c
        .all(
            select_edition!("WHERE e.owner IN ('', $1) ORDER BY e.owner, e.standard, e.valid_from, e.code"),
            params![organisation_id],
        )
        .await?;
    rows.iter().map(edition_entry).collect()
}

/// One Edition, if this organisation may read it.
pub async fn edition(c: &mut Connection, organisation_id: &str, id: &str) -> Result<Option<EditionEntry>> {
    let row = c.one(select_edition!("WHERE e.owner IN ('', $1) AND e.id = $2"), params![organisation_id, id]).await?;
    row.as_ref().map(edition_entry).transpose()
}

/// Holds an Edition of the organisation's own as it is until the transaction ends.
pub async fn hold_edition(w: &mut Write, organisation_id: &str, id: &str) -> Result<()> {
    w.run("UPDATE edition SET origin = origin WHERE owner = $1 AND id = $2", params![organisation_id, id]).await?;
    Ok(())
}

/// Writes an Edition, or what changed of it.
pub async fn put_edition(w: &mut Write, entry: &EditionEntry) -> Result<()> {
    let e = &entry.edition;
    w.run(
        "INSERT INTO edition (id, owner, code, standard, title, title_en, short, label, issuer, authority, valid_from, valid_to,
                              profile, origin, content_hash, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
         ON CONFLICT (id) DO UPDATE SET title = excluded.title, title_en = excluded.title_en, short = excluded.short,
             label = excluded.label, issuer = excluded.issuer, authority = excluded.authority,
             valid_from = excluded.valid_from, valid_to = excluded.valid_to, profile = excluded.profile,
             content_hash = excluded.content_hash",
        params![
            &entry.id, &entry.owner, &e.id, &e.standard, &e.title, &e.title_en, &e.short, &e.label, &e.issuer, &e.authority,
            &e.valid_from, &e.valid_to, &e.profile, &entry.origin, &entry.content_hash, &entry.created_at
        ],
    )
    .await?;
    Ok(())
}

/// Writes Provisions in their order; what was there under a number that is not given stays.
pub async fn put_provisions(w: &mut Write, edition_id: &str, provisions: &[(Provision, Guide)]) -> Result<()> {
    let depths = edition_rows::depths(provisions.iter().map(|(provision, _)| provision));
    for (position, ((p, guide), depth)) in provisions.iter().zip(depths).enumerate() {
        w.run(
            "INSERT INTO provision (edition_id, number, position, depth, parent, kind, title, title_en, question, question_en,
                                    explanation, explanation_en, facts)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
             ON CONFLICT (edition_id, number) DO UPDATE SET position = excluded.position, depth = excluded.depth,
                 parent = excluded.parent, kind = excluded.kind, title = excluded.title, title_en = excluded.title_en,
                 question = excluded.question, question_en = excluded.question_en, explanation = excluded.explanation,
                 explanation_en = excluded.explanation_en, facts = excluded.facts",
            params![
                edition_id, &p.id, position as i64, depth, p.parent.as_deref().unwrap_or(""), p.kind.code(), &p.title,
                &guide.title_en, &guide.question, &guide.question_en, &guide.explanation, &guide.explanation_en,
                edition_rows::facts_text(p)?
            ],
        )
        .await?;
    }
    Ok(())
}

/// Takes every Provision of an Edition away, so that it can be written anew.
pub async fn clear_provisions(w: &mut Write, edition_id: &str) -> Result<()> {
    w.run("DELETE FROM provision WHERE edition_id = $1", params![edition_id]).await?;
    Ok(())
}

fn provision_entry(row: &Row, edition_id: &str) -> Result<ProvisionEntry> {
    let number = row.text(0)?;
    let facts = edition_rows::facts(edition_id, &number, &row.text(10)?)?;
    let parent = row.text(3)?;
    let provision =
        facts.into_provision(number, row.text(4)?, &row.text(5)?, (!parent.is_empty()).then_some(parent))?;
    Ok(ProvisionEntry {
        provision,
        position: row.int(1)?,
        depth: row.int(2)?,
        guide: Guide {
            title_en: row.text(6)?,
            question: row.text(7)?,
            question_en: row.text(8)?,
            explanation: row.text(9)?,
            explanation_en: row.text(11)?,
        },
        has_text: false,
    })
}

macro_rules! select_provision {
    ($rest:literal) => {
        concat!(
            "SELECT number, position, depth, parent, title, kind, title_en, question, question_en, explanation, facts, explanation_en
             FROM provision WHERE edition_id = $1 ",
            $rest
        )
    };
}

/// The Provisions of an Edition in order, with the official text where this organisation has it.
/// The caller has made sure that the organisation may read the Edition.
pub async fn provisions(c: &mut Connection, organisation_id: &str, edition_id: &str) -> Result<Vec<ProvisionEntry>> {
    let rows = c.all(select_provision!("ORDER BY position"), params![edition_id]).await?;
    let mut entries: Vec<ProvisionEntry> =
        rows.iter().map(|row| provision_entry(row, edition_id)).collect::<Result<_>>()?;
    let mut bodies = bodies(c, organisation_id, edition_id).await?;
    for entry in &mut entries {
        if let Some(body) = bodies.remove(&entry.provision.id) {
            body.join(&mut entry.provision);
            entry.has_text = true;
        }
    }
    Ok(entries)
}

/// One Provision.
pub async fn provision(
    c: &mut Connection,
    organisation_id: &str,
    edition_id: &str,
    number: &str,
) -> Result<Option<ProvisionEntry>> {
    let Some(row) = c.one(select_provision!("AND number = $2"), params![edition_id, number]).await? else {
        return Ok(None);
    };
    let mut entry = provision_entry(&row, edition_id)?;
    let rows = c
        .all(
            "SELECT number, body, page, line FROM provision_text
             WHERE edition_id = $1 AND owner IN ('', $2) AND number = $3 ORDER BY owner DESC",
            params![edition_id, organisation_id, number],
        )
        .await?;
    if let Some(row) = rows.first() {
        edition_rows::body(row)?.1.join(&mut entry.provision);
        entry.has_text = true;
    }
    Ok(Some(entry))
}

/// A Provision as a line of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutlineRow {
    pub edition_id: String,
    pub number: String,
    /// Empty at the top of the tree.
    pub parent: String,
    pub kind: ProvisionKind,
    pub title: String,
    pub title_en: String,
    pub depth: i64,
}

/// Number, title and place of every Provision of the Editions that an organisation may read, in order; of one Edition
/// where `edition_id` is not empty.
pub async fn outline(c: &mut Connection, organisation_id: &str, edition_id: &str) -> Result<Vec<OutlineRow>> {
    let rows = c
        .all(
            "SELECT p.edition_id, p.number, p.parent, p.kind, p.title, p.title_en, p.depth
             FROM provision p JOIN edition e ON e.id = p.edition_id
             WHERE e.owner IN ('', $1) AND ($2 = '' OR e.id = $2) ORDER BY p.edition_id, p.position",
            params![organisation_id, edition_id],
        )
        .await?;
    rows.iter()
        .map(|row| {
            let (number, kind) = (row.text(1)?, row.text(3)?);
            let kind = ProvisionKind::from_code(&kind).ok_or_else(|| crate::StoreError::Inconsistent {
                table: "provision",
                key: number.clone(),
                what: format!("kind {kind}"),
            })?;
            Ok(OutlineRow {
                edition_id: row.text(0)?,
                number,
                parent: row.text(2)?,
                kind,
                title: row.text(4)?,
                title_en: row.text(5)?,
                depth: row.int(6)?,
            })
        })
        .collect()
}

/// How a reading differs from the texts that `owner` has of an Edition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TextDifference {
    /// Numbers whose text is another one.
    pub changed: Vec<String>,
    /// Numbers that had no text.
    pub added: Vec<String>,
    /// Numbers that had a text and are not in the reading.
    pub missing: Vec<String>,
    pub same: usize,
    /// Texts are the same, but stand on another page or line.
    pub moved: usize,
}

impl TextDifference {
    /// Nothing at all differs.
    pub fn is_none(&self) -> bool {
        !self.differs() && self.added.is_empty() && self.moved == 0
    }

    /// A text that is there would be replaced or lost.
    pub fn differs(&self) -> bool {
        !self.changed.is_empty() || !self.missing.is_empty()
    }
}

/// Compares a reading with what `owner` has of an Edition.
pub async fn text_difference(
    c: &mut Connection,
    edition_id: &str,
    owner: &str,
    provisions: &[Provision],
) -> Result<TextDifference> {
    let rows = c
        .all(
            "SELECT number, body, page, line FROM provision_text WHERE edition_id = $1 AND owner = $2",
            params![edition_id, owner],
        )
        .await?;
    let mut kept: HashMap<String, BodyRow> = rows.iter().map(edition_rows::body).collect::<Result<_>>()?;
    let mut difference = TextDifference::default();
    for p in provisions {
        match kept.remove(&p.id) {
            None => difference.added.push(p.id.clone()),
            Some(body) if !body.says_the_same(p)? => difference.changed.push(p.id.clone()),
            Some(body) => {
                difference.same += 1;
                difference.moved += usize::from(!body.stands_at(p)?);
            }
        }
    }
    difference.missing = kept.into_keys().collect();
    difference.missing.sort_unstable();
    Ok(difference)
}

/// Official texts whose number the Edition's tree does not have, in the order of the document: nothing that was read is
/// thrown away.
pub async fn texts_without_place(
    c: &mut Connection,
    organisation_id: &str,
    edition_id: &str,
) -> Result<Vec<Provision>> {
    let rows = c
        .all(
            "SELECT t.number, t.body, t.page, t.line FROM provision_text t
             WHERE t.edition_id = $1 AND t.owner IN ('', $2)
               AND NOT EXISTS (SELECT 1 FROM provision p WHERE p.edition_id = t.edition_id AND p.number = t.number)
             ORDER BY t.line, t.number",
            params![edition_id, organisation_id],
        )
        .await?;
    rows.iter()
        .map(|row| {
            let (number, body) = edition_rows::body(row)?;
            let mut provision = Provision::new(number, ProvisionKind::Note, "");
            body.join(&mut provision);
            Ok(provision)
        })
        .collect()
}

/// Official texts by number: the organisation's own copy wins over the installation's.
async fn bodies(c: &mut Connection, organisation_id: &str, edition_id: &str) -> Result<HashMap<String, BodyRow>> {
    let rows = c
        .all(
            "SELECT number, body, page, line FROM provision_text WHERE edition_id = $1 AND owner IN ('', $2) ORDER BY owner",
            params![edition_id, organisation_id],
        )
        .await?;
    rows.iter().map(edition_rows::body).collect()
}

/// Replaces the official texts that `owner` has of an Edition.
pub async fn replace_texts(w: &mut Write, edition_id: &str, owner: &str, provisions: &[Provision]) -> Result<()> {
    w.run("DELETE FROM provision_text WHERE edition_id = $1 AND owner = $2", params![edition_id, owner]).await?;
    for p in provisions {
        w.run(
            "INSERT INTO provision_text (edition_id, owner, number, body, page, line) VALUES ($1, $2, $3, $4, $5, $6)",
            params![edition_id, owner, &p.id, edition_rows::body_text(p)?, i64::from(p.page), i64::from(p.line)],
        )
        .await?;
    }
    Ok(())
}

/// Replaces the table rows that `owner`'s copy of an Edition holds.
pub async fn replace_records(w: &mut Write, edition_id: &str, owner: &str, records: &[Record]) -> Result<()> {
    w.run("DELETE FROM edition_record WHERE edition_id = $1 AND owner = $2", params![edition_id, owner]).await?;
    for (position, record) in records.iter().enumerate() {
        w.run(
            "INSERT INTO edition_record (edition_id, owner, position, record_table, cells, line) VALUES ($1, $2, $3, $4, $5, $6)",
            params![edition_id, owner, position as i64, &record.table, crate::row::to_json("edition_record", &record.cells)?, i64::from(record.line)],
        )
        .await?;
    }
    Ok(())
}

/// Table rows of an Edition: the organisation's own copy if it has one, else the installation's.
pub async fn records(c: &mut Connection, organisation_id: &str, edition_id: &str) -> Result<Vec<Record>> {
    let rows = c
        .all(
            "SELECT record_table, cells, line FROM edition_record
             WHERE edition_id = $1 AND owner = (SELECT MAX(owner) FROM edition_record WHERE edition_id = $1 AND owner IN ('', $2))
             ORDER BY position",
            params![edition_id, organisation_id],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Record {
                table: row.text(0)?,
                cells: crate::row::from_json("edition_record", edition_id, &row.text(1)?)?,
                line: u32::try_from(row.int(2)?).unwrap_or(0),
            })
        })
        .collect()
}

/// Notes a reading.
pub async fn insert_ingest(w: &mut Write, owner: &str, i: &Ingest) -> Result<()> {
    w.run(
        "INSERT INTO ingest (id, edition_id, owner, file_name, file_hash, profile, fit, matched, problems, actor_name, at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        params![
            &i.id, &i.edition_id, owner, &i.file_name, &i.file_hash, &i.profile, i.fit, i.matched,
            edition_rows::problems_text(&i.problems)?, &i.actor_name, &i.at
        ],
    )
    .await?;
    Ok(())
}

/// The readings of an Edition, newest first.
pub async fn ingests(c: &mut Connection, organisation_id: &str, edition_id: &str) -> Result<Vec<Ingest>> {
    let rows = c
        .all(
            "SELECT id, edition_id, file_name, file_hash, profile, fit, matched, problems, actor_name, at, owner FROM ingest
             WHERE edition_id = $1 AND owner IN ('', $2) ORDER BY at DESC, id DESC",
            params![edition_id, organisation_id],
        )
        .await?;
    rows.iter()
        .map(|row| {
            let id = row.text(0)?;
            Ok(Ingest {
                problems: edition_rows::problems(&id, &row.text(7)?)?,
                id,
                edition_id: row.text(1)?,
                file_name: row.text(2)?,
                file_hash: row.text(3)?,
                profile: row.text(4)?,
                fit: row.int(5)?,
                matched: row.int(6)?,
                actor_name: row.text(8)?,
                at: row.text(9)?,
                owner: row.text(10)?,
            })
        })
        .collect()
}

/// All text of a Provision's items, for search and comparison: nested items in reading order, one line each.
pub fn items_text(items: &[Item]) -> String {
    let mut out = String::new();
    for item in items {
        // A built-in catalogue has only the glyphs of items: nothing to find or to compare.
        if !item.text.is_empty() {
            out.push_str(&item.label);
            out.push(' ');
            out.push_str(&item.text);
            out.push('\n');
        }
        out.push_str(&items_text(&item.items));
    }
    out
}
