//! Keeping a reading: everything in one transaction, with its trail.

use sakimori_domain::identity::Permission;
use sakimori_domain::standards::{Guide, Provision};
use sakimori_store::edition::{self as store, Ingest};
use sakimori_store::registry;
use serde_json::json;

use super::Recognised;
use super::join::{self, Options, Plan, Target, is_own_tree};
use crate::jobs::{self, APPLICABILITY};
use crate::{Actor, App, Operation, Refusal, RefusalKind, Result, applicability, content};

/// What keeping a reading did.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// It is there already, word for word.
    Unchanged(Plan),
    Stored(Plan),
}

impl Outcome {
    /// The plan that was carried out.
    pub fn plan(&self) -> &Plan {
        match self {
            Self::Unchanged(plan) | Self::Stored(plan) => plan,
        }
    }
}

/// Keeps a reading for the actor's organisation ('' is the whole installation).
///
/// # Errors
/// Texts that differ from what is loaded, unless `options.replace`; what [`join::plan`] refuses; a role that may not.
pub async fn keep(app: &App, actor: &Actor, read: &Recognised, options: &Options) -> Result<Outcome> {
    let mut op = app.operate(actor, Permission::LoadStandards).await?;
    let owner = actor.organisation_id.as_str();
    let now = op.now.clone();
    let plan = join::plan(&mut op.write, owner, &now, read, options).await?;
    if plan.is_unchanged {
        return Ok(Outcome::Unchanged(plan));
    }
    if plan.is_conflict() && !options.replace {
        return Err(differs(&plan).into());
    }
    write(&mut op, owner, read, &plan).await?;
    let entry = plan.target.entry();
    op.trail_new(
        "edition.ingest",
        ("edition", &entry.id),
        &json!({
            "file": read.file_name, "sha256": read.file_hash, "grammar": read.profile, "fit": read.per_cent(),
            "placed": plan.placed, "problems": plan.problems.len(), "replaced": plan.difference.changed.len(),
        }),
    )
    .await?;
    // With the reading itself: whatever happens after, every organisation gets its new applicability.
    if owner.is_empty() {
        jobs::ask(&mut op, APPLICABILITY.name, "", "").await?;
    }
    op.commit().await?;
    if owner.is_empty() {
        jobs::run_now(app, &APPLICABILITY, "").await?;
    }
    Ok(Outcome::Stored(plan))
}

async fn write(op: &mut Operation<'_>, owner: &str, read: &Recognised, plan: &Plan) -> Result<()> {
    let entry = plan.target.entry();
    let provisions = &read.catalogue.provisions;
    if is_own_tree(&plan.target, owner) {
        let mut guides = join::carried_guides(&mut op.write, owner, entry).await?;
        let guided: Vec<(Provision, Guide)> = provisions
            .iter()
            .map(|p| (p.clone(), guides.remove(&(p.id.clone(), p.title.clone())).unwrap_or_default()))
            .collect();
        if let Target::New(entry) = &plan.target {
            store::put_edition(&mut op.write, entry).await?;
        }
        store::put_provisions(&mut op.write, &entry.id, &guided).await?;
    }
    store::replace_texts(&mut op.write, &entry.id, owner, provisions).await?;
    if !read.catalogue.records.is_empty() {
        store::replace_records(&mut op.write, &entry.id, owner, &read.catalogue.records).await?;
    }
    let ingest = Ingest {
        id: op.app.new_id(),
        owner: owner.to_owned(),
        edition_id: entry.id.clone(),
        file_name: read.file_name.clone(),
        file_hash: read.file_hash.clone(),
        profile: read.profile.clone(),
        fit: read.per_cent(),
        matched: i64::try_from(plan.placed).unwrap_or(i64::MAX),
        problems: plan.problems.clone(),
        actor_name: op.actor.name.clone(),
        at: op.now.clone(),
    };
    store::insert_ingest(&mut op.write, owner, &ingest).await?;
    content::index_texts(&mut op.write, owner, &entry.id).await?;
    if let Some(organisation) = registry::organisation_by_id(&mut op.write, owner).await? {
        applicability::recompute_edition(op, &organisation, entry).await?;
    }
    Ok(())
}

/// How many numbers a message names before it only counts.
const NAMED: usize = 5;

fn differs(plan: &Plan) -> Refusal {
    let numbers: Vec<&str> =
        plan.difference.changed.iter().chain(&plan.difference.missing).map(String::as_str).take(NAMED).collect();
    let (changed, missing) = (plan.difference.changed.len(), plan.difference.missing.len());
    let entry = plan.target.entry();
    Refusal::new(
        RefusalKind::Conflict,
        "text-differs",
        format!("取り込み済みの「{}」と本文が違います（変更 {changed} 件、なくなる {missing} 件: {} など）。", entry.edition.short, numbers.join("、")),
        format!("The text differs from what is loaded of {} ({changed} changed, {missing} missing: {} …).", entry.id, numbers.join(", ")),
    )
    .next(
        "新しい版なら --edition 新しい識別子 で別の版として、同じ版の訂正なら --replace で置き換えて取り込んでください。",
        "If it is a new edition, load it with --edition NEW-ID; if it corrects the same one, use --replace.",
    )
}
