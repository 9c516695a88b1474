//! Mappings from files: what would change, shown before anything is written, and then written in one transaction.

use std::collections::{HashMap, HashSet};

use sakimori_domain::crosswalk::{MappingStatus, Relation};
use sakimori_domain::identity::Permission;
use sakimori_store::crosswalk::{self as store, Mapping};

use super::judge::{put, words};
use super::{Direction, Reading, create, view};
use crate::{Actor, App, Refusal, Result};

/// Most Mappings that one import takes.
pub const IMPORT_MAX: usize = 20_000;

/// A Mapping as a file has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedMapping {
    /// Number in the source's Edition.
    pub source: String,
    /// Number in the target's Edition; empty: no counterpart.
    pub target: String,
    pub relation: Relation,
    /// Confirmed or rejected; suggested ones are not kept.
    pub status: MappingStatus,
    pub rationale: String,
    /// The version that stood when the file was made or the preview shown, 0 where there was none; `None` writes over
    /// whatever stands.
    pub seen: Option<i64>,
}

/// One difference between a file and what stands.
#[derive(Debug, Clone)]
pub struct MappingChange {
    /// Place in the list that was given.
    pub index: usize,
    /// What stands, read in the direction of the file.
    pub now: Option<Reading>,
    pub new: ImportedMapping,
    /// Somebody has judged the pair since the file was made.
    pub conflict: bool,
}

/// Something of a file that cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappingProblem {
    /// Place in the list that was given.
    pub index: usize,
    /// Stable, kebab-case.
    pub code: &'static str,
    pub ja: String,
    pub en: String,
}

/// What an import would do.
#[derive(Debug, Default)]
pub struct MappingPreview {
    pub changes: Vec<MappingChange>,
    pub problems: Vec<MappingProblem>,
    /// Mappings that stand exactly so already.
    pub unchanged: usize,
}

/// What an import did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    pub crosswalk_id: String,
    /// How the file's source reads in that Crosswalk.
    pub direction: Direction,
    pub created: usize,
    pub changed: usize,
    pub unchanged: usize,
}

fn too_many() -> Refusal {
    Refusal::invalid(
        "crosswalk-import-size",
        format!("対応は一度に{IMPORT_MAX}件まで取り込めます。"),
        format!("At most {IMPORT_MAX} mappings can be imported at once."),
    )
    .next("ファイルを分けて取り込んでください。", "Split the file.")
}

/// Says what an import of Mappings between two Editions would change. Nothing is written; a pair that is not lined up yet
/// is compared with nothing.
///
/// # Errors
/// Too many Mappings, Editions that are not the actor's to read; a role that may not; a database error.
pub async fn preview_mappings(
    app: &App,
    actor: &Actor,
    source_edition: &str,
    target_edition: &str,
    mappings: &[ImportedMapping],
) -> Result<MappingPreview> {
    actor.require(Permission::EditCrosswalk)?;
    if mappings.len() > IMPORT_MAX {
        return Err(too_many().into());
    }
    let (now, numbers) = standing(app, actor, source_edition, target_edition).await?;
    let mut preview = MappingPreview::default();
    let mut seen: HashSet<(&str, &str)> = HashSet::new();
    for (index, new) in mappings.iter().enumerate() {
        if let Some((code, ja, en)) = fault(new, &numbers, &mut seen) {
            preview.problems.push(MappingProblem { index, code, ja, en });
            continue;
        }
        let reading = now.get(&(new.source.clone(), new.target.clone()));
        if reading.is_some_and(|r| says(r, new)) || (reading.is_none() && new.status == MappingStatus::Suggested) {
            preview.unchanged += 1;
            continue;
        }
        let version = reading.map_or(0, |r| r.mapping.version);
        preview.changes.push(MappingChange {
            index,
            conflict: new.seen.is_some_and(|seen| seen != version),
            now: reading.cloned(),
            new: new.clone(),
        });
    }
    Ok(preview)
}

type Standing = HashMap<(String, String), Reading>;

/// The Mappings that stand between two Editions, read in this direction, and the numbers of both.
async fn standing(
    app: &App,
    actor: &Actor,
    source: &str,
    target: &str,
) -> Result<(Standing, (HashSet<String>, HashSet<String>))> {
    let mut c = app.read().await?;
    let organisation_id = &actor.organisation_id;
    let mut numbers = Vec::new();
    for id in [source, target] {
        sakimori_store::edition::edition(&mut c, organisation_id, id).await?.ok_or_else(Refusal::not_found)?;
        let rows = sakimori_store::edition::outline(&mut c, organisation_id, id).await?;
        numbers.push(rows.into_iter().map(|row| row.number).collect::<HashSet<String>>());
    }
    let forward = store::crosswalk_between(&mut c, organisation_id, source, target).await?;
    let reverse = store::crosswalk_between(&mut c, organisation_id, target, source).await?;
    drop(c);
    let found = forward.map(|x| (x, Direction::Forward)).or(reverse.map(|x| (x, Direction::Reverse)));
    let readings = match found {
        Some((crosswalk, direction)) => view(app, actor, &crosswalk.id, direction).await?.readings,
        None => Vec::new(),
    };
    let by_pair = readings.into_iter().map(|r| ((r.own.clone(), r.other.clone()), r)).collect();
    let (targets, sources) = (numbers.pop().unwrap_or_default(), numbers.pop().unwrap_or_default());
    Ok((by_pair, (sources, targets)))
}

/// Whether a Mapping stands exactly so.
fn says(reading: &Reading, new: &ImportedMapping) -> bool {
    reading.mapping.status == new.status
        && (new.status == MappingStatus::Rejected || reading.relation == new.relation)
        && reading.mapping.rationale.trim() == new.rationale.trim()
}

fn fault<'a>(
    new: &'a ImportedMapping,
    (sources, targets): &(HashSet<String>, HashSet<String>),
    seen: &mut HashSet<(&'a str, &'a str)>,
) -> Option<(&'static str, String, String)> {
    let short = |number: &str| number.chars().take(60).collect::<String>();
    for (known, number, may_be_empty) in [(sources, &new.source, false), (targets, &new.target, true)] {
        if !(known.contains(number) || may_be_empty && number.is_empty()) {
            let number = short(number);
            return Some((
                "crosswalk-number",
                format!("番号「{number}」の項目はありません。"),
                format!("There is no item {number}."),
            ));
        }
    }
    let none = new.relation == Relation::None;
    if new.status == MappingStatus::Confirmed && none != new.target.is_empty() {
        return Some((
            "crosswalk-relation",
            "「対応なし」では相手の番号を空けます。ほかの関係には相手の番号が必要です。".to_owned(),
            "\"No counterpart\" has no target number; every other relation has one.".to_owned(),
        ));
    }
    if new.status == MappingStatus::Rejected && new.target.is_empty() {
        return Some((
            "crosswalk-relation",
            "却下には相手の番号が必要です。".to_owned(),
            "A rejection needs a target number.".to_owned(),
        ));
    }
    if words("理由", &new.rationale).is_err() {
        return Some((
            "crosswalk-words",
            "理由が長すぎるか、使えない文字があります。".to_owned(),
            "The rationale is too long or has control characters.".to_owned(),
        ));
    }
    if !seen.insert((&new.source, &new.target)) {
        return Some((
            "crosswalk-twice",
            format!("{} と {} の組が2回あります。", short(&new.source), short(&new.target)),
            format!("The pair {} and {} stands twice.", short(&new.source), short(&new.target)),
        ));
    }
    None
}

/// Takes Mappings over, all or none; the pair is lined up if it is not yet. Each is judged by `actor`, and its origin is
/// the import.
///
/// # Errors
/// As [`preview_mappings`]; the first problem of a list that has one; a conflict where `seen` is not what stands.
pub async fn import_mappings(
    app: &App,
    actor: &Actor,
    source_edition: &str,
    target_edition: &str,
    mappings: Vec<ImportedMapping>,
) -> Result<Imported> {
    let preview = preview_mappings(app, actor, source_edition, target_edition, &mappings).await?;
    if let Some(problem) = preview.problems.first() {
        let number = problem.index + 1;
        return Err(Refusal::invalid(
            problem.code,
            format!("{number}件目: {}", problem.ja),
            format!("Mapping {number}: {}", problem.en),
        )
        .next(
            "直してから取り込み直してください。まだ何も取り込んでいません。",
            "Correct it and import again; nothing was taken over.",
        )
        .into());
    }
    if preview.changes.iter().any(|change| change.conflict) {
        return Err(Refusal::conflict().into());
    }
    let (crosswalk_id, direction) = create(app, actor, source_edition, target_edition).await?;
    let mut done = Imported {
        crosswalk_id: crosswalk_id.clone(),
        direction,
        created: 0,
        changed: 0,
        unchanged: preview.unchanged,
    };
    if preview.changes.is_empty() {
        return Ok(done);
    }
    let mut op = app.operate(actor, Permission::EditCrosswalk).await?;
    for change in &preview.changes {
        let before = change.now.as_ref().map(|reading| reading.mapping.clone());
        let now = op.now.clone();
        let after = (change.new.status != MappingStatus::Suggested)
            .then(|| imported(app, actor, (&crosswalk_id, direction, &now), &change.new, before.as_ref()));
        put(&mut op, "mapping.import", before.as_ref(), after.as_ref()).await?;
        if before.is_some() { done.changed += 1 } else { done.created += 1 }
    }
    op.commit().await?;
    Ok(done)
}

fn imported(
    app: &App,
    actor: &Actor,
    (crosswalk_id, direction, now): (&str, Direction, &str),
    new: &ImportedMapping,
    before: Option<&Mapping>,
) -> Mapping {
    let (source, target, relation) = match direction {
        Direction::Forward => (&new.source, &new.target, new.relation),
        Direction::Reverse => (&new.target, &new.source, new.relation.reversed()),
    };
    Mapping {
        id: before.map_or_else(|| app.new_id(), |m| m.id.clone()),
        crosswalk_id: crosswalk_id.to_owned(),
        source_number: source.clone(),
        target_number: target.clone(),
        relation: if new.status == MappingStatus::Confirmed { relation } else { Relation::None },
        status: new.status,
        rationale: new.rationale.trim().to_owned(),
        origin: "import".to_owned(),
        decided_by: actor.account_id.clone(),
        decided_at: now.to_owned(),
        review: String::new(),
        review_note: String::new(),
        reviewed_by: String::new(),
        reviewed_at: String::new(),
        version: before.map_or(1, |m| m.version),
    }
}
