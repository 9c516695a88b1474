//! Crosswalks (照合): two Editions lined up, read from either side, judged item by item.
//!
//! A pair is kept once. Everything here takes a [`Direction`] and speaks of the "own" Edition (whose items are walked
//! through) and the "other" one; [`Reading`] is a Mapping turned accordingly.

mod coverage;
mod derived;
mod desk;
mod exchange;
mod judge;
mod kept;
mod synonyms;
mod table;
mod view;
pub mod workbook;

use sakimori_domain::crosswalk::Cover;
use sakimori_domain::identity::Permission;
use sakimori_store::crosswalk::{self as store, Crosswalk};
use sakimori_store::edition::{self, EditionEntry};
use serde_json::json;

use crate::{Actor, App, Refusal, Result};

pub use coverage::{Cell, Chapter, Coverage, Matrix, Row, asks_strongly, chapters, coverage, lies_in};
pub(crate) use derived::neighbours;
pub use derived::{Derived, Neighbour};
pub use desk::{CANDIDATES, Desk, DeskCandidate, DeskFilter, DeskQuery, desk};
pub use exchange::{
    IMPORT_MAX, Imported, ImportedMapping, MappingChange, MappingPreview, MappingProblem, import_mappings,
    preview_mappings,
};
pub use judge::{Judgement, RATIONALE_MAX, judge, review, undo};
pub use kept::{EditionText, Suggestion};
pub(crate) use kept::{Kept, synonyms};
pub use synonyms::{SynonymTable, delete_synonyms, put_synonyms, synonym_table};
pub use table::{RowFilter, as_json, contradiction_place, contradiction_words, edition_name, force_words, table};
pub use view::{Direction, Progress, Reading, View, view};

/// A Crosswalk in the list.
pub struct ListEntry {
    pub crosswalk: Crosswalk,
    pub source: EditionEntry,
    pub target: EditionEntry,
    /// How far the source's items are judged.
    pub progress: Progress,
    /// Mappings that the second reviewer disagreed with.
    pub disagreed: usize,
}

/// The Crosswalks of the actor's organisation, oldest first.
///
/// # Errors
/// A role that may not; a database error.
pub async fn list(app: &App, actor: &Actor) -> Result<Vec<ListEntry>> {
    actor.require(Permission::ReadCrosswalk)?;
    let all = store::crosswalks(&mut app.read().await?, &actor.organisation_id).await?;
    let mut entries = Vec::with_capacity(all.len());
    for crosswalk in all {
        let view = view(app, actor, &crosswalk.id, Direction::Forward).await?;
        entries.push(ListEntry {
            source: view.own.entry.clone(),
            target: view.other.entry.clone(),
            progress: view.progress(),
            disagreed: view.readings.iter().filter(|reading| reading.is_disputed()).count(),
            crosswalk,
        });
    }
    Ok(entries)
}

/// Starts lining two Editions up and gives the Crosswalk's id. Where the pair is lined up already, in whichever
/// direction, it gives that one and how it is to be read from `source_edition`.
///
/// # Errors
/// The same Edition twice, an Edition that is not the actor's to read; a role that may not; a database error.
pub async fn create(
    app: &App,
    actor: &Actor,
    source_edition: &str,
    target_edition: &str,
) -> Result<(String, Direction)> {
    actor.require(Permission::EditCrosswalk)?;
    if source_edition == target_edition {
        return Err(Refusal::invalid(
            "crosswalk-same-edition",
            "同じ版どうしは照合できません。",
            "An edition cannot be lined up with itself.",
        )
        .next("異なる版を2つ選んでください。", "Choose two different editions.")
        .into());
    }
    let mut op = app.operate(actor, Permission::EditCrosswalk).await?;
    let organisation_id = &actor.organisation_id;
    for id in [source_edition, target_edition] {
        edition::edition(&mut op.write, organisation_id, id).await?.ok_or_else(Refusal::not_found)?;
    }
    let id = app.new_id();
    // The event takes the organisation's lock, so that two people who start the same pair do not meet.
    let facts = json!({ "source": source_edition, "target": target_edition });
    op.trail_new("crosswalk.create", ("crosswalk", &id), &facts).await?;
    for (from, to, direction) in
        [(source_edition, target_edition, Direction::Forward), (target_edition, source_edition, Direction::Reverse)]
    {
        if let Some(there) = store::crosswalk_between(&mut op.write, organisation_id, from, to).await? {
            return Ok((there.id, direction));
        }
    }
    let crosswalk = Crosswalk {
        id: id.clone(),
        source_edition: source_edition.to_owned(),
        target_edition: target_edition.to_owned(),
        created_by: actor.account_id.clone(),
        created_at: op.now.clone(),
    };
    store::insert_crosswalk(&mut op.write, organisation_id, &crosswalk).await?;
    op.commit().await?;
    Ok((id, Direction::Forward))
}

/// Candidates of every item of an Edition.
pub struct Suggested {
    /// Keys of the two Editions in the direction that was asked for.
    pub from: String,
    pub to: String,
    /// Number and its candidates, best first.
    pub rows: Vec<(String, Vec<Suggestion>)>,
}

/// The candidates of every item, with everything that has been judged by now.
///
/// # Errors
/// A Crosswalk that is not the actor's; a role that may not; a database error.
pub async fn suggestions(app: &App, actor: &Actor, id: &str, direction: Direction, top: usize) -> Result<Suggested> {
    let view = view(app, actor, id, direction).await?;
    let suggester = view.suggestions(app).exact().await?;
    let rows = crate::workbook::blocking(move || suggester.all(top)).await?;
    Ok(Suggested { from: view.own.entry.id.clone(), to: view.other.entry.id.clone(), rows })
}

/// The Editions that can be lined up: those with Provisions.
///
/// # Errors
/// A role that may not; a database error.
pub async fn editions(app: &App, actor: &Actor) -> Result<Vec<EditionEntry>> {
    actor.require(Permission::EditCrosswalk)?;
    let mut all = edition::editions(&mut app.read().await?, &actor.organisation_id).await?;
    all.retain(|entry| entry.provisions > 0);
    Ok(all)
}

/// Style-free count of the four covers.
pub(crate) fn counted(covers: impl Iterator<Item = Cover>) -> Progress {
    let mut progress = Progress::default();
    for cover in covers {
        match cover {
            Cover::Covered => progress.covered += 1,
            Cover::Partly => progress.partly += 1,
            Cover::Not => progress.not += 1,
            Cover::Unjudged => progress.unjudged += 1,
        }
    }
    progress
}
