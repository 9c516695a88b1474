//! Reading the standards: the list, an Edition, one Provision with everything around it, search, two Editions compared.

mod links;

use sakimori_domain::assurance::applicability::Applicability;
use sakimori_domain::comparison::{self, Change, Side};
use sakimori_domain::identity::Permission;
use sakimori_domain::standards::{Provision, Record};
use sakimori_store::Connection;
use sakimori_store::assessment::{self, SheetRow};
use sakimori_store::edition::{self as store, EditionEntry, Ingest, OutlineRow, ProvisionEntry};
use sakimori_store::search::{self, SearchEntry};

pub use links::{Links, Run};

use crate::{Actor, App, Refusal, Result};

/// Most hits that one search shows.
pub const HITS_MAX: i64 = 300;
/// Longest query, in characters.
pub const QUERY_MAX: usize = 100;

/// An Edition with everything that belongs to it.
pub struct EditionView {
    pub entry: EditionEntry,
    pub provisions: Vec<ProvisionEntry>,
    pub records: Vec<Record>,
    pub readings: Vec<Ingest>,
    /// Texts whose number the tree does not have.
    pub without_place: Vec<Provision>,
    /// Other Editions of the same Standard.
    pub siblings: Vec<EditionEntry>,
}

/// A citation and where it leads; `None` when no loaded document has it.
pub struct Citation {
    pub printed: String,
    pub target: Option<OutlineRow>,
}

/// One Provision with what surrounds it.
pub struct ItemView {
    pub entry: EditionEntry,
    pub provision: ProvisionEntry,
    /// From the top of the tree down to the parent.
    pub ancestors: Vec<OutlineRow>,
    pub children: Vec<OutlineRow>,
    pub previous: Option<OutlineRow>,
    pub next: Option<OutlineRow>,
    pub applicability: Option<Applicability>,
    pub citations: Vec<Citation>,
    /// Where the citations in its texts lead.
    pub links: Links,
    /// The organisation's answers, newest first, with the Assessment's id and title; empty for who may not read them.
    pub answers: Vec<(String, String, SheetRow)>,
    /// Counterparts in other standards, and the standards that were found to have none; empty for who may not read them.
    pub neighbours: Vec<crate::crosswalk::Neighbour>,
    pub without_counterpart: Vec<String>,
}

/// Hits of one Edition.
pub struct HitGroup {
    pub entry: EditionEntry,
    pub hits: Vec<SearchEntry>,
}

/// Two Editions side by side.
pub struct ComparisonView {
    pub old: EditionEntry,
    pub new: EditionEntry,
    pub rows: Vec<ComparedRow>,
}

/// One row of a comparison; a side that does not exist is `None`.
pub struct ComparedRow {
    pub old: Option<Side>,
    pub new: Option<Side>,
    pub change: Change,
}

/// Every Edition that the actor may read.
///
/// # Errors
/// A role that may not; a database error.
pub async fn list(app: &App, actor: &Actor) -> Result<Vec<EditionEntry>> {
    actor.require(Permission::ReadStandards)?;
    Ok(store::editions(&mut app.read().await?, &actor.organisation_id).await?)
}

async fn readable(c: &mut Connection, actor: &Actor, edition_id: &str) -> Result<EditionEntry> {
    actor.require(Permission::ReadStandards)?;
    let entry = store::edition(c, &actor.organisation_id, edition_id).await?;
    entry.ok_or_else(|| Refusal::not_found().into())
}

/// One Edition.
///
/// # Errors
/// An Edition that is not there or not the actor's to read; a database error.
pub async fn edition(app: &App, actor: &Actor, edition_id: &str) -> Result<EditionView> {
    let mut c = app.read().await?;
    let entry = readable(&mut c, actor, edition_id).await?;
    let organisation_id = &actor.organisation_id;
    let siblings = store::editions(&mut c, organisation_id)
        .await?
        .into_iter()
        .filter(|other| other.id != entry.id && other.edition.standard == entry.edition.standard)
        .collect();
    Ok(EditionView {
        provisions: store::provisions(&mut c, organisation_id, &entry.id).await?,
        records: store::records(&mut c, organisation_id, &entry.id).await?,
        readings: store::ingests(&mut c, organisation_id, &entry.id).await?,
        without_place: store::texts_without_place(&mut c, organisation_id, &entry.id).await?,
        siblings,
        entry,
    })
}

/// One Provision.
///
/// # Errors
/// A number that is not there, an Edition that is not the actor's to read; a database error.
pub async fn item(app: &App, actor: &Actor, edition_id: &str, number: &str) -> Result<ItemView> {
    let mut c = app.read().await?;
    let entry = readable(&mut c, actor, edition_id).await?;
    let provision =
        store::provision(&mut c, &actor.organisation_id, &entry.id, number).await?.ok_or_else(Refusal::not_found)?;
    let outline = store::outline(&mut c, &actor.organisation_id, &entry.id).await?;
    let at = outline.iter().position(|row| row.number == number);
    let beside = |step: isize| at.and_then(|at| at.checked_add_signed(step)).and_then(|at| outline.get(at)).cloned();
    let of = &provision.provision;
    let (links, citations) = links::resolve(&mut c, actor, &entry, number, &links::texts(of), &of.references).await?;
    let all = assessment::applicability(&mut c, &actor.organisation_id, &entry.id).await?;
    let (neighbours, without_counterpart) = if actor.may(Permission::ReadCrosswalk) {
        crate::crosswalk::neighbours(&mut c, &actor.organisation_id, &entry.id, number).await?
    } else {
        (Vec::new(), Vec::new())
    };
    let applicability = all.into_iter().find(|(of, _)| of == number).map(|(_, applicability)| applicability);
    Ok(ItemView {
        ancestors: ancestors(&outline, provision.provision.parent.as_deref()),
        children: outline.iter().filter(|row| row.parent == number).cloned().collect(),
        previous: beside(-1),
        next: beside(1),
        applicability,
        citations,
        links,
        answers: answers(&mut c, actor, &entry.id, number).await?,
        neighbours,
        without_counterpart,
        provision,
        entry,
    })
}

fn ancestors(outline: &[OutlineRow], parent: Option<&str>) -> Vec<OutlineRow> {
    let mut found = Vec::new();
    let mut next = parent;
    // The depth of a tree bounds this, even if kept parents formed a ring.
    while let Some(row) =
        next.and_then(|number| outline.iter().find(|row| row.number == number)).filter(|_| found.len() < 32)
    {
        found.push(row.clone());
        next = (!row.parent.is_empty()).then_some(row.parent.as_str());
    }
    found.reverse();
    found
}

async fn answers(
    c: &mut Connection,
    actor: &Actor,
    edition_id: &str,
    number: &str,
) -> Result<Vec<(String, String, SheetRow)>> {
    if !actor.may(Permission::ReadAssessments) {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for (run, answer_id) in assessment::answers_to(c, &actor.organisation_id, edition_id, number).await? {
        if let Some((_, row)) = assessment::sheet_row_by_id(c, &actor.organisation_id, &answer_id).await? {
            found.push((run.id, run.title, row));
        }
    }
    Ok(found)
}

/// Full-text search over all Editions that the actor may read, grouped by Edition, and the number of hits.
///
/// # Errors
/// A query that is too long; a role that may not; a database error.
pub async fn search(app: &App, actor: &Actor, query: &str) -> Result<(Vec<HitGroup>, usize)> {
    actor.require(Permission::ReadStandards)?;
    if query.chars().count() > QUERY_MAX {
        return Err(Refusal::invalid(
            "query-too-long",
            format!("検索語が長すぎます（上限 {QUERY_MAX} 文字）。"),
            format!("The query is too long (at most {QUERY_MAX} characters)."),
        )
        .next("語を選んで短くしてください。", "Choose a few words.")
        .into());
    }
    let mut c = app.read().await?;
    let hits = search::find(&mut c, &actor.organisation_id, query, HITS_MAX).await?;
    let total = hits.len();
    if total == 0 {
        return Ok((Vec::new(), 0));
    }
    let mut groups: Vec<HitGroup> = store::editions(&mut c, &actor.organisation_id)
        .await?
        .into_iter()
        .map(|entry| HitGroup { entry, hits: Vec::new() })
        .collect();
    for hit in hits {
        if let Some(group) = groups.iter_mut().find(|group| group.entry.id == hit.scope) {
            group.hits.push(hit);
        }
    }
    groups.retain(|group| !group.hits.is_empty());
    groups.sort_by_key(|group| std::cmp::Reverse(group.hits.len()));
    Ok((groups, total))
}

/// Two Editions, Provision by Provision, in the order of the new one.
///
/// # Errors
/// An Edition that is not there or not the actor's to read; a database error.
pub async fn compare(app: &App, actor: &Actor, old_id: &str, new_id: &str) -> Result<ComparisonView> {
    let mut c = app.read().await?;
    let old = readable(&mut c, actor, old_id).await?;
    let new = readable(&mut c, actor, new_id).await?;
    let old_sides = sides(&mut c, actor, old_id).await?;
    let new_sides = sides(&mut c, actor, new_id).await?;
    // A draft has a text of its own only where it says something new.
    let says_more = |old: &Side, new: &Side| old.text.is_empty() && !new.text.is_empty();
    let is_draft = new.is_draft();
    let rows = tokio::task::spawn_blocking(move || {
        comparison::compare(&old_sides, &new_sides)
            .into_iter()
            .map(|pair| {
                let old = pair.old.and_then(|at| old_sides.get(at)).cloned();
                let new = pair.new.and_then(|at| new_sides.get(at)).cloned();
                let change = match (pair.change, &old, &new) {
                    (Change::Same, Some(old), Some(new)) if is_draft && says_more(old, new) => Change::Changed,
                    (change, ..) => change,
                };
                ComparedRow { old, new, change }
            })
            .collect()
    })
    .await
    .map_err(|error| crate::AppError::Internal(format!("comparison: {error}")))?;
    Ok(ComparisonView { old, new, rows })
}

async fn sides(c: &mut Connection, actor: &Actor, edition_id: &str) -> Result<Vec<Side>> {
    let entries = store::provisions(c, &actor.organisation_id, edition_id).await?;
    Ok(entries.into_iter().map(|e| side(&e)).collect())
}

fn side(entry: &ProvisionEntry) -> Side {
    let p = &entry.provision;
    let text = if entry.has_text { whole_text(p) } else { String::new() };
    Side { number: p.id.clone(), title: p.title.clone(), text }
}

/// Paragraphs and items, one per line.
pub fn whole_text(p: &Provision) -> String {
    let items = store::items_text(&p.items);
    let parts = [p.text.trim(), items.trim()];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n")
}
