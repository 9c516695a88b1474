//! What waits for a person: carried answers to confirm, and those whose source has changed since.

use sakimori_domain::identity::Permission;
use sakimori_store::assessment as assessments;
use sakimori_store::carry as store;
use serde_json::json;

use super::{begin, carry_row, plan};
use crate::answers::{self, BULK_MAX};
use crate::assessment::require_open;
use crate::{Actor, App, Refusal, Result};

/// What a person decides about a carried answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It is right as it stands.
    Confirm,
    /// The source has changed, and the answer stays as it is.
    Keep,
    /// The source has changed, and what follows from it now takes the answer's place.
    Take,
}

impl Decision {
    /// The decision of a form's code.
    pub fn from_code(code: &str) -> Option<Self> {
        match code {
            "confirm" => Some(Self::Confirm),
            "keep" => Some(Self::Keep),
            "take" => Some(Self::Take),
            _ => None,
        }
    }
}

fn not_carried() -> Refusal {
    Refusal::invalid("not-carried", "この回答は引き継いだものではありません。", "This answer was not carried over.")
}

fn source_changed() -> Refusal {
    Refusal::invalid("source-changed", "元の回答が変わっています。", "The source has changed since.").next(
        "元の回答を見て、そのままにするか、新しい内容を取るかを選んでください。",
        "Look at the source and choose to keep the answer or to take the new one.",
    )
}

/// Decides about one carried answer.
///
/// # Errors
/// Not to be seen or changed by the actor, a closed Assessment, an answer that was not carried over, a source that changed
/// (confirm), or one from which nothing follows any more (take).
pub async fn decide(app: &App, actor: &Actor, answer_id: &str, decision: Decision) -> Result<()> {
    let mut op = app.operate_as(actor).await?;
    let row = answers::changeable(&mut op, answer_id).await?;
    let carried = row.carried.clone().ok_or_else(not_carried)?;
    let (org, by, now) = (actor.organisation_id.as_str(), actor.name.as_str(), op.now.clone());
    let key = (carried.carry_id.as_str(), answer_id);
    if decision == Decision::Confirm && carried.source_changed() {
        return Err(source_changed().into());
    }
    if decision == Decision::Take {
        actor.require(Permission::AnswerAll)?;
        let application = store::application_by_id(&mut op.write, org, &carried.carry_id).await?;
        let application = application.ok_or_else(Refusal::not_found)?;
        let found = plan::plan_in(&mut op.write, actor, &application.assessment_id, &application.source).await?;
        let planned = found.rows.into_iter().find(|planned| planned.row.id == answer_id);
        let planned = planned.ok_or_else(|| {
            Refusal::invalid(
                "nothing-follows",
                "元の回答からは、いまは何も引き継げません。",
                "Nothing follows from the source any more.",
            )
            .next("いまの回答をそのままにするか、書き直してください。", "Keep the answer, or write it anew.")
        })?;
        let id = begin(&mut op, &application.assessment_id, &application.source, 1).await?;
        carry_row(&mut op, &id, planned, "confirmed").await?;
        store::set_state(&mut op.write, org, (&id, answer_id), "confirmed", by, &now).await?;
        return op.commit().await;
    }
    let after = json!({ "carry": carried.carry_id, "keep": decision == Decision::Keep });
    op.trail_new("answer.carry-confirm", ("answer", answer_id), &after).await?;
    if decision == Decision::Keep {
        store::see_sources(&mut op.write, org, key.0, key.1).await?;
    }
    store::set_state(&mut op.write, org, key, "confirmed", by, &now).await?;
    op.commit().await
}

/// Confirms the carried ones among the rows of an Assessment whose sources have not changed; the others are left. Returns
/// how many were confirmed.
///
/// # Errors
/// No or too many rows, a closed Assessment, or a role that may not.
pub async fn confirm_many(app: &App, actor: &Actor, assessment_id: &str, answer_ids: &[String]) -> Result<usize> {
    if answer_ids.is_empty() || answer_ids.len() > BULK_MAX {
        return Err(Refusal::invalid("selection", "確認した行を選んでください。", "Choose the rows.").into());
    }
    let mut op = app.operate(actor, Permission::AnswerAll).await?;
    let (org, now) = (actor.organisation_id.as_str(), op.now.clone());
    let assessment =
        assessments::assessment_by_id(&mut op.write, org, assessment_id).await?.ok_or_else(Refusal::not_found)?;
    require_open(&assessment)?;
    let mut confirmed = 0;
    for row in assessments::sheet(&mut op.write, org, assessment_id).await? {
        let Some(carried) = row.carried.as_ref().filter(|c| !c.confirmed && !c.source_changed()) else { continue };
        if !answer_ids.contains(&row.id) {
            continue;
        }
        let after = json!({ "carry": carried.carry_id });
        op.trail_new("answer.carry-confirm", ("answer", &row.id), &after).await?;
        store::set_state(&mut op.write, org, (&carried.carry_id, &row.id), "confirmed", &actor.name, &now).await?;
        confirmed += 1;
    }
    if confirmed > 0 {
        op.commit().await?;
    }
    Ok(confirmed)
}

/// How many rows of each open Assessment came from an answer that has changed since: id, title, number.
///
/// # Errors
/// A database error.
pub async fn to_review(app: &App, actor: &Actor) -> Result<Vec<(String, String, usize)>> {
    if !actor.may(Permission::ReadAssessments) {
        return Ok(Vec::new());
    }
    Ok(store::to_review(&mut app.read().await?, &actor.organisation_id).await?)
}
