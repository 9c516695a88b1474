//! What binds the organisation (適用判定): worked out from its profile, changed by tailoring, kept for every page.

use std::collections::HashMap;

use sakimori_domain::assurance::REASON_MAX_CHARS;
use sakimori_domain::assurance::applicability::{Applicability, Family, Force, applicability_of_all};
use sakimori_domain::identity::Permission;
use sakimori_store::Connection;
use sakimori_store::assessment::{self as store, Tailoring};
use sakimori_store::edition::{self, EditionEntry};
use sakimori_store::registry::{self, Organisation};
use serde_json::json;

use crate::{Actor, App, Operation, Refusal, Result, seen};

/// What a person decides about one Provision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Taken on although it does not bind.
    In,
    /// Left out although it binds.
    Out,
    /// As the profile says.
    AsProfile,
}

impl Decision {
    /// The decision of a form's code.
    pub fn from_code(code: &str) -> Option<Self> {
        match code {
            "in" => Some(Self::In),
            "out" => Some(Self::Out),
            "profile" => Some(Self::AsProfile),
            _ => None,
        }
    }

    /// The code that forms and the store use.
    pub const fn code(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
            Self::AsProfile => "profile",
        }
    }
}

/// One line of the list of what binds.
#[derive(Debug, Clone)]
pub struct Line {
    pub edition_id: String,
    pub number: String,
    pub title: String,
    pub title_en: String,
    pub applicability: Applicability,
    pub tailoring: Option<Tailoring>,
}

/// An Edition with its lines.
#[derive(Debug, Clone)]
pub struct EditionLines {
    pub entry: EditionEntry,
    pub lines: Vec<Line>,
}

/// Works out anew what binds an organisation, of every Edition that it can read, and keeps it. The caller has written
/// `organisation` in the same operation, or not changed it.
///
/// # Errors
/// A database error.
pub async fn recompute(op: &mut Operation<'_>, organisation: &Organisation) -> Result<()> {
    for entry in edition::editions(&mut op.write, &organisation.id).await? {
        recompute_edition(op, organisation, &entry).await?;
    }
    Ok(())
}

/// The same for one Edition: after a reading brought it, or after a tailoring.
///
/// # Errors
/// A database error.
pub async fn recompute_edition(
    op: &mut Operation<'_>,
    organisation: &Organisation,
    entry: &EditionEntry,
) -> Result<()> {
    let rows = decided(&mut op.write, organisation, entry).await?;
    store::replace_applicability(&mut op.write, &organisation.id, &entry.id, &rows).await?;
    Ok(())
}

/// Brings what is kept up to date for every organisation, e.g. after the shipped catalogues changed. Organisations whose
/// result is the same are not written.
///
/// # Errors
/// A database error.
pub async fn refresh(app: &App) -> Result<()> {
    let mut c = app.read().await?;
    for organisation in registry::organisations(&mut c).await? {
        let mut changed = Vec::new();
        for entry in edition::editions(&mut c, &organisation.id).await? {
            let mut now = decided(&mut c, &organisation, &entry).await?;
            let mut kept = store::applicability(&mut c, &organisation.id, &entry.id).await?;
            now.sort_unstable_by(|a, b| a.0.cmp(&b.0));
            kept.sort_unstable_by(|a, b| a.0.cmp(&b.0));
            if now != kept {
                changed.push(entry);
            }
        }
        if !changed.is_empty() {
            let system = Actor::system(&organisation.id);
            let mut op = app.operate_as(&system).await?;
            for entry in &changed {
                recompute_edition(&mut op, &organisation, entry).await?;
            }
            let ids: Vec<&str> = changed.iter().map(|entry| entry.id.as_str()).collect();
            op.trail_new("applicability.refresh", ("organisation", &organisation.id), &json!({ "editions": ids }))
                .await?;
            op.commit().await?;
        }
    }
    Ok(())
}

/// What the profile and the tailoring say together; nothing of a draft, which binds nobody yet.
pub(crate) async fn decided(
    c: &mut Connection,
    organisation: &Organisation,
    entry: &EditionEntry,
) -> Result<Vec<(String, Applicability)>> {
    if entry.is_draft() {
        return Ok(Vec::new());
    }
    let provisions: Vec<_> =
        edition::provisions(c, &organisation.id, &entry.id).await?.into_iter().map(|p| p.provision).collect();
    let tailorings: HashMap<String, Tailoring> =
        store::tailorings(c, &organisation.id, &entry.id).await?.into_iter().map(|t| (t.number.clone(), t)).collect();
    let family = Family::of_edition(&entry.edition.standard);
    let all = applicability_of_all(&organisation.profile, family, &provisions);
    Ok(provisions
        .into_iter()
        .zip(all)
        .map(|(provision, base)| {
            let decided = match tailorings.get(&provision.id) {
                Some(tailoring) => tailored(base, tailoring),
                None => base,
            };
            (provision.id, decided)
        })
        .collect())
}

fn tailored(base: Applicability, tailoring: &Tailoring) -> Applicability {
    let (binds, ja, en) = if tailoring.decision == Decision::In.code() {
        (true, "個別判断で適用", "taken on by decision")
    } else {
        (false, "個別判断で対象外", "left out by decision")
    };
    Applicability {
        binds,
        reason: format!("{ja}: {}（属性による判定: {}）", tailoring.justification, base.reason),
        reason_en: format!("{en}: {} (by profile: {})", tailoring.justification, base.reason_en),
        ..base
    }
}

/// Decides about one Provision otherwise than the profile does, or takes that back.
///
/// `seen`: [`tailoring_seen`] of what the person saw.
///
/// # Errors
/// An unknown Edition or number, a missing or too long justification, or a role that may not.
pub async fn tailor(
    app: &App,
    actor: &Actor,
    edition_id: &str,
    number: &str,
    decision: Decision,
    justification: &str,
    seen: Option<&str>,
) -> Result<()> {
    let justification = justification.trim();
    if decision != Decision::AsProfile && (justification.is_empty() || justification.chars().count() > REASON_MAX_CHARS)
    {
        return Err(Refusal::invalid(
            "justification",
            format!("理由を{REASON_MAX_CHARS}文字以内で入力してください。"),
            format!("Give a justification of at most {REASON_MAX_CHARS} characters."),
        )
        .next("監査のときに説明できる理由を書いてください。", "Write what you would tell an auditor.")
        .into());
    }
    let mut op = app.operate(actor, Permission::EditProfile).await?;
    let org = actor.organisation_id.as_str();
    let organisation = registry::organisation_by_id(&mut op.write, org).await?.ok_or_else(Refusal::not_found)?;
    let entry = edition::edition(&mut op.write, org, edition_id).await?.filter(|entry| !entry.is_draft());
    let entry = entry.ok_or_else(Refusal::not_found)?;
    let provision = edition::provision(&mut op.write, org, edition_id, number).await?.ok_or_else(Refusal::not_found)?;
    if !provision.provision.is_answerable() {
        return Err(Refusal::not_found().into());
    }
    let before = store::tailorings(&mut op.write, org, edition_id).await?.into_iter().find(|t| t.number == number);
    seen::require(&tailoring_seen(before.as_ref()), seen)?;
    if decision == Decision::AsProfile {
        store::delete_tailoring(&mut op.write, org, edition_id, number).await?;
    } else {
        let tailoring = Tailoring {
            edition_id: edition_id.to_owned(),
            number: number.to_owned(),
            decision: decision.code().to_owned(),
            justification: justification.to_owned(),
            decided_by: actor.name.clone(),
            decided_at: op.now.clone(),
            version: 1,
        };
        store::put_tailoring(&mut op.write, org, &tailoring).await?;
    }
    recompute_edition(&mut op, &organisation, &entry).await?;
    let before = before.map(|t| json!({ "decision": t.decision, "justification": t.justification }));
    let after = json!({ "decision": decision.code(), "justification": justification });
    op.trail("applicability.tailor", ("provision", &format!("{edition_id}/{number}")), before.as_ref(), Some(&after))
        .await?;
    op.commit().await
}

/// What a page showed of a decision.
pub fn tailoring_seen(tailoring: Option<&Tailoring>) -> String {
    seen::mark(tailoring.into_iter().flat_map(|t| [&t.decision, &t.justification, &t.decided_at]))
}

/// Everything answerable with what binds and why, Edition by Edition. With `only`, of one Edition.
///
/// # Errors
/// A role that may not, or an Edition that is not readable.
pub async fn list(app: &App, actor: &Actor, only: Option<&str>) -> Result<Vec<EditionLines>> {
    actor.require(Permission::ReadAssessments)?;
    let org = actor.organisation_id.as_str();
    let mut c = app.read().await?;
    let mut out = Vec::new();
    for entry in edition::editions(&mut c, org).await?.into_iter().filter(|entry| !entry.is_draft()) {
        let lines =
            if only.is_none_or(|id| id == entry.id) { lines(&mut c, org, &entry.id).await? } else { Vec::new() };
        out.push(EditionLines { entry, lines });
    }
    if only.is_some_and(|id| out.iter().all(|edition| edition.entry.id != id)) {
        return Err(Refusal::not_found().into());
    }
    Ok(out)
}

async fn lines(c: &mut Connection, organisation_id: &str, edition_id: &str) -> Result<Vec<Line>> {
    let mut kept: HashMap<String, Applicability> =
        store::applicability(c, organisation_id, edition_id).await?.into_iter().collect();
    let mut tailorings: HashMap<String, Tailoring> =
        store::tailorings(c, organisation_id, edition_id).await?.into_iter().map(|t| (t.number.clone(), t)).collect();
    let controls = store::controls(c, edition_id).await?;
    Ok(controls
        .into_iter()
        .map(|control| Line {
            edition_id: edition_id.to_owned(),
            applicability: kept.remove(&control.number).unwrap_or_else(unknown),
            tailoring: tailorings.remove(&control.number),
            number: control.number,
            title: control.title,
            title_en: control.title_en,
        })
        .collect())
}

/// Before the first computation nothing is claimed.
fn unknown() -> Applicability {
    Applicability {
        binds: false,
        force: Force::Info,
        reason: "未判定（組織の属性を保存すると判定します）".to_owned(),
        reason_en: "not worked out yet; save the profile".to_owned(),
    }
}
