//! Judging pairs: confirm with a relation, reject, take back, undo; and the second reviewer's word.

use sakimori_domain::crosswalk::{MappingStatus, Relation};
use sakimori_domain::identity::Permission;
use sakimori_store::crosswalk::{self as store, Mapping};
use sakimori_store::trail::{self, Event};
use sakimori_store::{Write, edition};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Direction;
use crate::{Actor, App, AppError, Operation, Refusal, Result};

/// Longest rationale or review note, in characters.
pub const RATIONALE_MAX: usize = 2000;
/// How far back in the organisation's trail an undo looks, in events.
const UNDO_EVENTS: i64 = 500;
/// Subject of the trail's events.
const SUBJECT: &str = "mapping";

/// What a person says of one pair.
#[derive(Debug, Clone)]
pub struct Judgement {
    pub direction: Direction,
    pub own: String,
    /// Empty: of "no counterpart".
    pub other: String,
    /// As read from the own side; `None` with a status other than confirmed.
    pub relation: Option<Relation>,
    /// Suggested: the pair is as if nobody had looked at it.
    pub status: MappingStatus,
    /// `None` leaves what is there.
    pub rationale: Option<String>,
    /// The version that the person saw; 0 where there was no Mapping yet.
    pub version: i64,
}

/// A Mapping as the trail notes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Facts {
    id: String,
    source: String,
    target: String,
    relation: String,
    status: String,
    rationale: String,
    origin: String,
    decided_by: String,
    decided_at: String,
    review: String,
    review_note: String,
    reviewed_by: String,
    reviewed_at: String,
    version: i64,
}

impl From<&Mapping> for Facts {
    fn from(m: &Mapping) -> Self {
        Self {
            id: m.id.clone(),
            source: m.source_number.clone(),
            target: m.target_number.clone(),
            relation: m.relation.code().to_owned(),
            status: m.status.code().to_owned(),
            rationale: m.rationale.clone(),
            origin: m.origin.clone(),
            decided_by: m.decided_by.clone(),
            decided_at: m.decided_at.clone(),
            review: m.review.clone(),
            review_note: m.review_note.clone(),
            reviewed_by: m.reviewed_by.clone(),
            reviewed_at: m.reviewed_at.clone(),
            version: m.version,
        }
    }
}

impl Facts {
    fn mapping(&self, crosswalk_id: &str) -> Option<Mapping> {
        Some(Mapping {
            id: self.id.clone(),
            crosswalk_id: crosswalk_id.to_owned(),
            source_number: self.source.clone(),
            target_number: self.target.clone(),
            relation: Relation::from_code(&self.relation)?,
            status: MappingStatus::from_code(&self.status)?,
            rationale: self.rationale.clone(),
            origin: self.origin.clone(),
            decided_by: self.decided_by.clone(),
            decided_at: self.decided_at.clone(),
            review: self.review.clone(),
            review_note: self.review_note.clone(),
            reviewed_by: self.reviewed_by.clone(),
            reviewed_at: self.reviewed_at.clone(),
            version: self.version,
        })
    }
}

/// The trail's subject of a source Provision: its history is that of all its pairs.
pub(super) fn subject(crosswalk_id: &str, source_number: &str) -> String {
    format!("{crosswalk_id}/{source_number}")
}

/// The history of the pairs of a source Provision, newest first.
pub(super) async fn history(app: &App, organisation_id: &str, crosswalk_id: &str, source: &str) -> Result<Vec<Event>> {
    Ok(trail::of_subject(&mut app.read().await?, organisation_id, SUBJECT, &subject(crosswalk_id, source)).await?)
}

/// Text of several lines: trimmed, without other control characters, bounded.
pub(super) fn words(what: &str, text: &str) -> Result<String> {
    let text = text.replace("\r\n", "\n").trim().to_owned();
    let strange = |c: char| c.is_control() && c != '\n' && c != '\t';
    if text.chars().count() > RATIONALE_MAX || text.chars().any(strange) {
        return Err(Refusal::invalid(
            "crosswalk-words",
            format!("{what}は{RATIONALE_MAX}文字以内で入力してください。"),
            format!("At most {RATIONALE_MAX} characters without control characters."),
        )
        .next("短くしてから保存してください。", "Shorten it and save again.")
        .into());
    }
    Ok(text)
}

async fn known(w: &mut Write, actor: &Actor, edition_id: &str, number: &str) -> Result<()> {
    let found = edition::provision(w, &actor.organisation_id, edition_id, number).await?;
    found.map(|_| ()).ok_or_else(|| {
        Refusal::invalid(
            "crosswalk-number",
            format!("番号「{}」の項目はありません。", number.chars().take(60).collect::<String>()),
            "There is no item of this number.",
        )
        .next("項目を選び直してください。", "Choose the item again.")
        .into()
    })
}

fn as_kept(j: &Judgement) -> (String, String, Option<Relation>) {
    match j.direction {
        Direction::Forward => (j.own.clone(), j.other.clone(), j.relation),
        Direction::Reverse => (j.other.clone(), j.own.clone(), j.relation.map(Relation::reversed)),
    }
}

/// Confirms, rejects or takes back one pair, and remembers the place.
///
/// # Errors
/// Numbers that are not there, a relation that does not fit, a rationale that is too long, somebody was faster; a role
/// that may not; a database error.
pub async fn judge(app: &App, actor: &Actor, crosswalk_id: &str, judgement: &Judgement) -> Result<()> {
    let rationale = judgement.rationale.as_deref().map(|text| words("理由", text)).transpose()?;
    let mut op = app.operate(actor, Permission::EditCrosswalk).await?;
    let organisation_id = &actor.organisation_id;
    let crosswalk =
        store::crosswalk(&mut op.write, organisation_id, crosswalk_id).await?.ok_or_else(Refusal::not_found)?;
    fits(judgement)?;
    let (source, target, relation) = as_kept(judgement);
    for (edition_id, number) in [(&crosswalk.source_edition, &source), (&crosswalk.target_edition, &target)] {
        if !number.is_empty() {
            known(&mut op.write, actor, edition_id, number).await?;
        }
    }
    let before = find(&mut op.write, organisation_id, crosswalk_id, &source, &target).await?;
    if before.as_ref().map_or(0, |m| m.version) != judgement.version {
        return Err(Refusal::conflict().into());
    }
    let after = (judgement.status != MappingStatus::Suggested).then(|| Mapping {
        id: before.as_ref().map_or_else(|| app.new_id(), |m| m.id.clone()),
        crosswalk_id: crosswalk_id.to_owned(),
        source_number: source.clone(),
        target_number: target.clone(),
        relation: relation.unwrap_or(Relation::None),
        status: judgement.status,
        rationale: rationale.unwrap_or_else(|| before.as_ref().map_or(String::new(), |m| m.rationale.clone())),
        origin: before.as_ref().map_or_else(|| "person".to_owned(), |m| m.origin.clone()),
        decided_by: actor.account_id.clone(),
        decided_at: op.now.clone(),
        // A new decision wants a new second look.
        review: String::new(),
        review_note: String::new(),
        reviewed_by: String::new(),
        reviewed_at: String::new(),
        version: before.as_ref().map_or(1, |m| m.version),
    });
    if before.is_none() && after.is_none() {
        return Ok(());
    }
    put(&mut op, "mapping.judge", before.as_ref(), after.as_ref()).await?;
    store::put_place(&mut op.write, crosswalk_id, &actor.account_id, &judgement.own).await?;
    op.commit().await
}

fn fits(j: &Judgement) -> Result<()> {
    let fine = match (j.status, j.relation) {
        (MappingStatus::Confirmed, Some(Relation::None)) => j.other.is_empty(),
        (MappingStatus::Confirmed, Some(_)) => !j.other.is_empty(),
        (MappingStatus::Confirmed, None) => false,
        (MappingStatus::Rejected, _) => !j.other.is_empty(),
        (MappingStatus::Suggested, _) => true,
    };
    if fine && !j.own.is_empty() {
        return Ok(());
    }
    Err(Refusal::invalid(
        "crosswalk-relation",
        "関係の指定が正しくありません。相手の項目を選んで ＝ ⊂ ⊃ ∩ のいずれかを付けるか、「対応なし」を選んでください。",
        "The relation does not fit: choose an item and one of = ⊂ ⊃ ∩, or \"no counterpart\".",
    )
    .next("画面を開き直して選び直してください。", "Open the page again and choose anew.")
    .into())
}

async fn find(
    w: &mut Write,
    organisation_id: &str,
    crosswalk_id: &str,
    source: &str,
    target: &str,
) -> Result<Option<Mapping>> {
    let all = store::mappings_of(w, organisation_id, crosswalk_id, source).await?;
    Ok(all.into_iter().find(|m| m.target_number == target))
}

/// Writes a Mapping in the place of another, with its event. `after.version` is the version that was read.
pub(super) async fn put(
    op: &mut Operation<'_>,
    action: &str,
    before: Option<&Mapping>,
    after: Option<&Mapping>,
) -> Result<()> {
    let Some(any) = after.or(before) else { return Ok(()) };
    let subject = subject(&any.crosswalk_id, &any.source_number);
    // What is kept afterwards: an update counts the version up.
    let noted = after.map(|m| Facts { version: m.version + i64::from(before.is_some()), ..Facts::from(m) });
    op.trail(action, (SUBJECT, &subject), before.map(Facts::from).as_ref(), noted.as_ref()).await?;
    let organisation_id = &op.actor.organisation_id;
    match (before, after) {
        (None, Some(m)) => store::insert_mapping(&mut op.write, organisation_id, m).await?,
        (Some(_), Some(m)) => store::update_mapping(&mut op.write, organisation_id, m).await?,
        (Some(m), None) => store::delete_mapping(&mut op.write, organisation_id, &m.id, m.version).await?,
        (None, None) => {}
    }
    Ok(())
}

/// Takes back what the actor did last in this Crosswalk, step by step; gives the own number it was about.
///
/// # Errors
/// Nothing to take back, or somebody has changed the pair since; a role that may not; a database error.
pub async fn undo(app: &App, actor: &Actor, crosswalk_id: &str, direction: Direction) -> Result<String> {
    let mut op = app.operate(actor, Permission::EditCrosswalk).await?;
    let organisation_id = &actor.organisation_id;
    store::crosswalk(&mut op.write, organisation_id, crosswalk_id).await?.ok_or_else(Refusal::not_found)?;
    let events = trail::newest(&mut op.write, organisation_id, i64::MAX, UNDO_EVENTS).await?;
    let event = last_step(&events, actor, crosswalk_id).ok_or_else(nothing_to_undo)?;
    let facts = |text: &str| -> Result<Option<Facts>> {
        if text.is_empty() {
            return Ok(None);
        }
        let broken = |error| AppError::Internal(format!("trail event {}: {error}", event.position));
        serde_json::from_str(text).map(Some).map_err(broken)
    };
    let (before, after) = (facts(&event.before)?, facts(&event.after)?);
    let any = after.as_ref().or(before.as_ref()).ok_or_else(nothing_to_undo)?.clone();
    let now = find(&mut op.write, organisation_id, crosswalk_id, &any.source, &any.target).await?;
    // Only what still is as it was left can be taken back; what others did meanwhile stays.
    if now.as_ref().map(Facts::from) != after {
        return Err(Refusal::conflict().into());
    }
    let version = now.as_ref().map_or(1, |m| m.version);
    let old = before.and_then(|facts| facts.mapping(crosswalk_id)).map(|m| Mapping { version, ..m });
    put(&mut op, "mapping.undo", now.as_ref(), old.as_ref()).await?;
    let own = if direction == Direction::Forward { any.source } else { any.target };
    store::put_place(&mut op.write, crosswalk_id, &actor.account_id, &own).await?;
    op.commit().await?;
    Ok(own)
}

fn nothing_to_undo() -> Refusal {
    Refusal::invalid("crosswalk-undo", "取り消せる判定がありません。", "There is no judgement of yours to take back.")
        .next("項目を開き、判定を付け直してください。", "Open the item and judge it anew.")
}

/// The newest step of a person that is not taken back yet: each undo covers one step before it.
fn last_step<'a>(events: &'a [Event], actor: &Actor, crosswalk_id: &str) -> Option<&'a Event> {
    let prefix = subject(crosswalk_id, "");
    let mut taken_back = 0_usize;
    events
        .iter()
        .filter(|e| e.actor_id == actor.account_id && e.subject_kind == SUBJECT && e.subject_id.starts_with(&prefix))
        .find(|e| match e.action.as_str() {
            "mapping.undo" => {
                taken_back += 1;
                false
            }
            "mapping.judge" if taken_back > 0 => {
                taken_back -= 1;
                false
            }
            action => action == "mapping.judge",
        })
}

/// The second reviewer agrees or disagrees with a judgement of somebody else.
///
/// # Errors
/// One's own judgement, a disagreement without a note, somebody was faster; a role that may not; a database error.
pub async fn review(
    app: &App,
    actor: &Actor,
    crosswalk_id: &str,
    (mapping_id, version): (&str, i64),
    agreed: bool,
    note: &str,
) -> Result<()> {
    let note = words("所見", note)?;
    if !agreed && note.is_empty() {
        return Err(Refusal::invalid(
            "crosswalk-review-note",
            "異論には所見が必要です。",
            "A disagreement needs a note.",
        )
        .next("どこが違うかを書いてから記録してください。", "Say what is wrong and record it again.")
        .into());
    }
    let mut op = app.operate(actor, Permission::EditCrosswalk).await?;
    let organisation_id = &actor.organisation_id;
    let before = store::mapping(&mut op.write, organisation_id, mapping_id)
        .await?
        .filter(|m| m.crosswalk_id == crosswalk_id)
        .ok_or_else(Refusal::not_found)?;
    if before.decided_by == actor.account_id {
        return Err(Refusal::invalid(
            "crosswalk-own-review",
            "自分の判定を自分で確認することはできません。",
            "Nobody reviews a judgement of their own.",
        )
        .next("別の人に確認を依頼してください。", "Ask somebody else to review it.")
        .into());
    }
    let after = Mapping {
        review: if agreed { "agreed" } else { "disagreed" }.to_owned(),
        review_note: note,
        reviewed_by: actor.account_id.clone(),
        reviewed_at: op.now.clone(),
        version,
        ..before.clone()
    };
    put(&mut op, "mapping.review", Some(&before), Some(&after)).await?;
    op.commit().await
}

/// What an event says, for the history: number on the other side, relation's code, status, rationale.
pub(super) fn told(event: &Event) -> Option<Value> {
    serde_json::from_str(if event.after.is_empty() { &event.before } else { &event.after }).ok()
}
