//! A new Edition reaches a running Assessment: what asks the same keeps its answer, what asks something else is asked again
//! with the old answer beside it, rows follow their new numbers, and what is new or gone is listed. One transaction, and it
//! can be undone.

use std::collections::{HashMap, HashSet};

use sakimori_domain::assurance::Answer;
use sakimori_domain::assurance::carry::Reached;
use sakimori_domain::comparison::{Change, Side, says_the_same};
use sakimori_domain::identity::Permission;
use sakimori_store::assessment::{self as assessments, Assessment, NewAnswer, SheetRow};
use sakimori_store::carry::{self as store, Application, AppliedRow, Before, Deed, Place};
use sakimori_store::edition::{self, EditionEntry};
use sakimori_store::{Connection, registry};
use serde_json::json;

use crate::assessment::{make_decided, require_open};
use crate::carry::{Undone, blank_of, is_empty, write_answer, written_since};
use crate::{Actor, App, Operation, Refusal, RefusalKind, Result, applicability, standards};

/// An Edition of an Assessment that has a newer one.
#[derive(Debug, Clone)]
pub struct Successor {
    pub old: EditionEntry,
    pub new: EditionEntry,
}

/// What the new Edition does to one row.
#[derive(Debug, Clone)]
pub struct ReachedRow {
    pub reached: Reached,
    pub old: Option<Side>,
    pub new: Option<Side>,
    /// The row of the sheet; `None` for what is new.
    pub row: Option<SheetRow>,
}

/// What a new Edition would do to a sheet.
pub struct Preview {
    pub assessment: Assessment,
    pub old: EditionEntry,
    pub new: EditionEntry,
    /// In the order of the new Edition; what is dropped stands after what preceded it.
    pub rows: Vec<ReachedRow>,
}

impl Preview {
    /// How many rows are reached in a way.
    pub fn count(&self, reached: Reached) -> usize {
        self.rows.iter().filter(|row| row.reached == reached).count()
    }

    /// What a person has seen: the rows and their versions.
    pub fn seen(&self) -> String {
        let versions: i64 = self.rows.iter().filter_map(|row| row.row.as_ref()).map(|row| row.version).sum();
        format!("{}-{versions}", self.rows.len())
    }
}

/// The Editions of an Assessment of which the organisation has newer ones, each with every newer one, newest first.
///
/// # Errors
/// No such Assessment; a role that may not read assessments.
pub async fn successors(app: &App, actor: &Actor, assessment_id: &str) -> Result<(Assessment, Vec<Successor>)> {
    actor.require(Permission::ReadAssessments)?;
    successors_in(&mut app.read().await?, actor, assessment_id).await
}

async fn successors_in(c: &mut Connection, actor: &Actor, assessment_id: &str) -> Result<(Assessment, Vec<Successor>)> {
    let org = actor.organisation_id.as_str();
    let assessment = assessments::assessment_by_id(c, org, assessment_id).await?.ok_or_else(Refusal::not_found)?;
    let all = edition::editions(c, org).await?;
    let covered = assessments::assessment_editions(c, assessment_id).await?;
    let mut found = Vec::new();
    for old in covered.iter().filter_map(|id| all.iter().find(|e| e.id == *id)) {
        let mut newer: Vec<&EditionEntry> =
            all.iter().filter(|new| !covered.contains(&new.id) && is_newer(new, old)).collect();
        newer.sort_by(|a, b| age(b).cmp(&age(a)));
        found.extend(newer.into_iter().map(|new| Successor { old: old.clone(), new: new.clone() }));
    }
    Ok((assessment, found))
}

fn age(entry: &EditionEntry) -> (&str, &str) {
    (&entry.edition.valid_from, &entry.created_at)
}

/// By the day from which it holds; where one of the two has none, by the moment at which it was brought.
fn is_newer(new: &EditionEntry, old: &EditionEntry) -> bool {
    let (a, b) = (&new.edition, &old.edition);
    let dated = !a.valid_from.is_empty() && !b.valid_from.is_empty() && a.valid_from != b.valid_from;
    a.standard == b.standard
        && new.id != old.id
        && !new.is_draft()
        && if dated { a.valid_from > b.valid_from } else { new.created_at > old.created_at }
}

/// What a newer Edition would do to the sheet.
///
/// # Errors
/// No such Assessment, an Edition that is not its successor, or a role that may not.
pub async fn preview(app: &App, actor: &Actor, assessment_id: &str, old: &str, new: &str) -> Result<Preview> {
    let (assessment, found) = successors(app, actor, assessment_id).await?;
    let pair = found.into_iter().find(|pair| pair.old.id == old && pair.new.id == new);
    let pair = pair.ok_or_else(Refusal::not_found)?;
    let compared = standards::compare(app, actor, old, new).await?;
    let org = actor.organisation_id.as_str();
    let mut c = app.read().await?;
    let mut sheet: HashMap<String, SheetRow> = assessments::sheet(&mut c, org, assessment_id)
        .await?
        .into_iter()
        .filter(|row| row.edition_id == old)
        .map(|row| (row.number.clone(), row))
        .collect();
    let controls: HashSet<String> =
        assessments::controls(&mut c, new).await?.into_iter().map(|heading| heading.number).collect();
    let binding = binding(&mut c, org, &pair.new).await?;
    let rows = compared
        .rows
        .into_iter()
        .filter_map(|pair| {
            let row = pair.old.as_ref().and_then(|side| sheet.remove(&side.number));
            let new = pair.new.filter(|side| controls.contains(&side.number));
            let reached = match (&row, &pair.old, &new) {
                (Some(_), Some(old), Some(new)) => match pair.change {
                    Change::Same => Reached::Kept,
                    Change::Renumbered if says_the_same(old, new) => Reached::Renumbered,
                    _ => Reached::AskedAgain,
                },
                (Some(_), ..) => Reached::Dropped,
                (None, _, Some(new)) if binding.contains(&new.number) => Reached::New,
                (None, ..) => return None,
            };
            Some(ReachedRow { reached, old: pair.old, new, row })
        })
        .collect();
    Ok(Preview { assessment, old: pair.old, new: pair.new, rows })
}

/// The numbers of an Edition that bind the organisation, worked out where nobody has yet.
async fn binding(c: &mut Connection, org: &str, entry: &EditionEntry) -> Result<HashSet<String>> {
    let mut known = assessments::applicability(c, org, &entry.id).await?;
    if known.is_empty() {
        let organisation = registry::organisation_by_id(c, org).await?.ok_or_else(Refusal::not_found)?;
        known = applicability::decided(c, &organisation, entry).await?;
    }
    Ok(known.into_iter().filter_map(|(number, a)| a.binds.then_some(number)).collect())
}

fn stale() -> Refusal {
    Refusal::new(
        RefusalKind::Conflict,
        "preview-stale",
        "確認の後に回答か基準が変わったため、何も書き込んでいません。",
        "Answers or the standard changed after you looked; nothing was written.",
    )
    .next("もう一度確認してから反映してください。", "Look again, then apply.")
}

/// Brings the new Edition into the Assessment. Returns the id of the application.
///
/// # Errors
/// As [`preview`]; what the person saw is not what is there any more; a closed Assessment.
pub async fn apply(
    app: &App,
    actor: &Actor,
    assessment_id: &str,
    (old, new): (&str, &str),
    seen: &str,
) -> Result<String> {
    actor.require(Permission::ManageAssessments)?;
    let preview = preview(app, actor, assessment_id, old, new).await?;
    require_open(&preview.assessment)?;
    if preview.seen() != seen {
        return Err(stale().into());
    }
    let mut op = app.operate(actor, Permission::ManageAssessments).await?;
    let org = actor.organisation_id.as_str();
    let counts: HashMap<&str, usize> = Reached::ALL.iter().map(|r| (r.code(), preview.count(*r))).collect();
    let id = app.new_id();
    let after = json!({ "carry": id, "old": old, "new": new, "rows": counts });
    op.trail_new("carry.edition", ("assessment", assessment_id), &after).await?;
    let places = store::places(&mut op.write, org, assessment_id).await?;
    let rows = assessments::sheet(&mut op.write, org, assessment_id).await?;
    let now: HashMap<&str, i64> = rows.iter().map(|row| (row.id.as_str(), row.version)).collect();
    let unchanged =
        preview.rows.iter().filter_map(|r| r.row.as_ref()).all(|row| now.get(row.id.as_str()) == Some(&row.version));
    let reached = preview.rows.iter().filter(|r| r.row.is_some()).count();
    if !unchanged || reached != rows.iter().filter(|row| row.edition_id == old).count() {
        return Err(stale().into());
    }
    let application = Application {
        id: id.clone(),
        assessment_id: assessment_id.to_owned(),
        kind: "edition".to_owned(),
        source: old.to_owned(),
        target: new.to_owned(),
        made_by: actor.name.clone(),
        made_at: op.now.clone(),
        undone_by: String::new(),
        undone_at: String::new(),
        rows: 0,
        open: 0,
    };
    store::insert_application(&mut op.write, org, &application).await?;
    make_decided(&mut op, new).await?;
    store::replace_edition(&mut op.write, org, assessment_id, old, new).await?;
    let by_id: HashMap<&str, &Place> = places.iter().map(|place| (place.answer_id.as_str(), place)).collect();
    let mut moved = Vec::with_capacity(preview.rows.len());
    for row in preview.rows {
        let place = row.row.as_ref().and_then(|row| by_id.get(row.id.as_str()).copied());
        moved.extend(reach(&mut op, &application, row, place).await?);
    }
    arrange(&mut op, assessment_id, (old, new), &places, moved).await?;
    op.commit().await?;
    Ok(id)
}

/// Writes what becomes of one row; returns its place in the new Edition, if it has one.
async fn reach(
    op: &mut Operation<'_>,
    application: &Application,
    reached: ReachedRow,
    place: Option<&Place>,
) -> Result<Option<Place>> {
    let org = op.actor.organisation_id.clone();
    let (Some(row), Some(place)) = (reached.row, place) else {
        return brought(op, application, reached.new).await;
    };
    let before = Before {
        edition_id: place.edition_id.clone(),
        number: place.number.clone(),
        position: place.position,
        former_edition: place.former_edition.clone(),
        former_number: place.former_number.clone(),
        answer: row.answer.clone(),
    };
    let answer_id = row.id.clone();
    let (mut version_after, mut state) = (row.version, "applied");
    match reached.reached {
        Reached::Dropped => {
            store::withdraw_row(&mut op.write, &org, &answer_id, &application.id).await?;
            version_after += 1;
        }
        Reached::AskedAgain if !is_empty(&row) => {
            let blank = blank_of(&row.answer);
            version_after = write_answer(op, row, blank).await?.version;
            state = "open";
        }
        _ => {}
    }
    let applied = AppliedRow {
        answer_id: answer_id.clone(),
        deed: Deed::Reach(reached.reached),
        why: Vec::new(),
        before,
        version_after,
        state: state.to_owned(),
    };
    store::insert_row(&mut op.write, &org, &application.id, &applied).await?;
    let Some(new) = reached.new.filter(|_| reached.reached != Reached::Dropped) else { return Ok(None) };
    // Last time's answer stays where it was answered: under the old number, or an older one still.
    let (former_edition, former_number) = match place.former_edition.as_str() {
        "" => (place.edition_id.clone(), place.number.clone()),
        _ => (place.former_edition.clone(), place.former_number.clone()),
    };
    let edition_id = application.target.clone();
    Ok(Some(Place { answer_id, edition_id, number: new.number, position: 0, former_edition, former_number }))
}

/// A blank row for what the new Edition brings.
async fn brought(op: &mut Operation<'_>, application: &Application, new: Option<Side>) -> Result<Option<Place>> {
    let Some(new) = new else { return Ok(None) };
    let (org, id, blank) = (op.actor.organisation_id.clone(), op.app.new_id(), Answer::default());
    let row = NewAnswer {
        id: &id,
        edition_id: &application.target,
        number: &new.number,
        position: 0,
        department_id: "",
        answer: &blank,
        updated_at: "",
        updated_by: "",
    };
    assessments::insert_answer(&mut op.write, &application.assessment_id, &org, &row).await?;
    let place = Place {
        answer_id: id,
        edition_id: application.target.clone(),
        number: new.number,
        position: 0,
        former_edition: String::new(),
        former_number: String::new(),
    };
    let before = Before {
        edition_id: place.edition_id.clone(),
        number: place.number.clone(),
        position: 0,
        former_edition: String::new(),
        former_number: String::new(),
        answer: blank,
    };
    let applied = AppliedRow {
        answer_id: place.answer_id.clone(),
        deed: Deed::Reach(Reached::New),
        why: Vec::new(),
        before,
        version_after: 1,
        state: "applied".to_owned(),
    };
    store::insert_row(&mut op.write, &org, &application.id, &applied).await?;
    Ok(Some(place))
}

/// Puts the rows of one Edition in the place of another's, and counts the whole sheet through.
async fn arrange(
    op: &mut Operation<'_>,
    assessment_id: &str,
    (old, new): (&str, &str),
    places: &[Place],
    moved: Vec<Place>,
) -> Result<()> {
    let org = op.actor.organisation_id.clone();
    let mut position = 0;
    let mut moved = Some(moved);
    for edition_id in assessments::assessment_editions(&mut op.write, assessment_id).await? {
        let rows = if edition_id == new {
            moved.take().unwrap_or_default()
        } else {
            places.iter().filter(|p| p.edition_id == edition_id && p.edition_id != old).cloned().collect()
        };
        for row in rows {
            if row.edition_id == new || row.position != position {
                store::move_row(&mut op.write, &org, &Place { position, ..row }).await?;
            }
            position += 1;
        }
    }
    Ok(())
}

fn in_use(numbers: &[String]) -> Refusal {
    let first = numbers.iter().take(5).cloned().collect::<Vec<_>>().join("、");
    Refusal::invalid(
        "edition-in-use",
        format!("新しい版だけにある項目に、回答・証跡・依頼があります（{first}）。"),
        format!("Items that only the new edition has carry answers, evidence or requests ({first})."),
    )
    .next(
        "戻すには、その項目の回答を空にし、依頼を取り下げてください。証跡があるときは戻せません。",
        "To go back, clear these answers first; with evidence or requests it is no longer possible.",
    )
}

/// Takes a new Edition back out of an Assessment. Rows answered since keep what they say, under their old numbers.
///
/// # Errors
/// Something was written under items that the old Edition does not have.
pub(crate) async fn undo(op: &mut Operation<'_>, application: &Application) -> Result<Undone> {
    let (org, by, now) = (op.actor.organisation_id.clone(), op.actor.name.clone(), op.now.clone());
    let applied = store::rows_of(&mut op.write, &org, &application.id).await?;
    let places = store::places(&mut op.write, &org, &application.assessment_id).await?;
    let mut sheet: HashMap<String, SheetRow> = assessments::sheet(&mut op.write, &org, &application.assessment_id)
        .await?
        .into_iter()
        .map(|row| (row.id.clone(), row))
        .collect();
    let mut used = Vec::new();
    for row in applied.iter().filter(|row| row.deed == Deed::Reach(Reached::New)) {
        let answered = sheet.get(&row.answer_id).is_none_or(|row| !is_empty(row));
        if answered || store::is_used(&mut op.write, &org, &row.answer_id).await? {
            used.push(row.before.number.clone());
        }
    }
    if !used.is_empty() {
        return Err(in_use(&used).into());
    }
    let mut undone = Undone::default();
    let mut moved = Vec::with_capacity(applied.len());
    for row in applied {
        let key = (application.id.as_str(), row.answer_id.as_str());
        if row.deed == Deed::Reach(Reached::New) {
            store::delete_row(&mut op.write, &org, key.0, key.1).await?;
            store::delete_answer(&mut op.write, &org, key.1).await?;
            continue;
        }
        if row.deed == Deed::Reach(Reached::Dropped) {
            store::withdraw_row(&mut op.write, &org, key.1, "").await?;
        }
        let mut state = "undone";
        match sheet.remove(&row.answer_id) {
            Some(now) if written_since(&now, row.version_after)? => {
                undone.left.push(row.before.number.clone());
                state = "left";
            }
            Some(now) => {
                write_answer(op, now, row.before.answer.clone()).await?;
                undone.restored += 1;
            }
            None => undone.restored += 1,
        }
        store::set_state(&mut op.write, &org, key, state, &by, &now).await?;
        let b = row.before;
        moved.push(Place {
            answer_id: row.answer_id,
            edition_id: b.edition_id,
            number: b.number,
            position: b.position,
            former_edition: b.former_edition,
            former_number: b.former_number,
        });
    }
    store::replace_edition(&mut op.write, &org, &application.assessment_id, &application.target, &application.source)
        .await?;
    let pair = (application.target.as_str(), application.source.as_str());
    arrange(op, &application.assessment_id, pair, &places, moved).await?;
    Ok(undone)
}
