//! The relations of the demonstration: members of the sector bodies, and whom the ministry is in charge of.

use sakimori_domain::tenancy::{Relation, RelationKind, State, What};
use sakimori_store::tenancy::{self as store, RelationRow};
use serde_json::json;

use super::Body;
use crate::{Actor, App, Result};

/// The operator that shares its counts with its sector body; the others do not, so that both can be looked at.
const SHARES: &str = "mikawa-mirai";

pub(super) async fn seed(app: &App, bodies: &[Body]) -> Result<()> {
    for body in bodies {
        for upper in &body.member_of {
            let shares = if body.id == SHARES { vec![What::Totals] } else { Vec::new() };
            relate(app, RelationKind::SectorBody, (upper, &body.id), shares).await?;
        }
        for lower in &body.in_charge_of {
            relate(app, RelationKind::Supervision, (&body.id, lower), Vec::new()).await?;
        }
    }
    Ok(())
}

async fn relate(app: &App, kind: RelationKind, (upper, lower): (&str, &str), shares: Vec<What>) -> Result<()> {
    let system = Actor { name: "デモの準備".to_owned(), ..Actor::system(lower) };
    let mut op = app.operate_as(&system).await?;
    let row = RelationRow {
        id: app.new_id(),
        relation: Relation {
            kind,
            upper: upper.to_owned(),
            lower: lower.to_owned(),
            state: State::Active,
            shares,
            from: app.today(),
            until: None,
        },
        offered_by: upper.to_owned(),
        code_hash: String::new(),
        offer_until: op.now.clone(),
        offered_at: op.now.clone(),
        accepted_at: op.now.clone(),
        version: 1,
    };
    store::insert_relation(&mut op.write, &row).await?;
    let other = sakimori_store::registry::organisation_by_id(&mut op.write, upper).await?;
    let other = other.map_or_else(String::new, |organisation| organisation.name);
    op.trail_new("relation.accept", ("relation", &row.id), &json!({ "kind": kind.code(), "with": other })).await?;
    op.commit().await
}
