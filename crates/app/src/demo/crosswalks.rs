//! Crosswalks of the demonstration, half judged, so that every page of the area shows something.

use sakimori_domain::crosswalk::{MappingStatus, Relation};
use sakimori_store::crosswalk::{self as store, Crosswalk, Mapping};
use sakimori_store::identity;
use serde::Deserialize;

use super::faulty;
use crate::{Operation, Result};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shipped {
    crosswalk: Vec<DemoCrosswalk>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DemoCrosswalk {
    organisation: String,
    source: String,
    target: String,
    by: String,
    second: String,
    /// Source, target, relation, rationale, review, note.
    mapping: Vec<[String; 6]>,
    /// Source, target.
    rejected: Vec<[String; 2]>,
}

/// Writes the crosswalks of an organisation whose people are there already.
pub(super) async fn seed(op: &mut Operation<'_>, organisation_id: &str) -> Result<()> {
    let shipped: Shipped = toml::from_str(include_str!("../../../../content/demo/crosswalks.toml")).map_err(faulty)?;
    for demo in shipped.crosswalk.iter().filter(|demo| demo.organisation == organisation_id) {
        let by = account(op, &demo.by).await?;
        let second = account(op, &demo.second).await?;
        let crosswalk = Crosswalk {
            id: format!("{organisation_id}-{}-{}", demo.source, demo.target),
            source_edition: demo.source.clone(),
            target_edition: demo.target.clone(),
            created_by: by.clone(),
            created_at: op.now.clone(),
        };
        store::insert_crosswalk(&mut op.write, organisation_id, &crosswalk).await?;
        for [source, target, relation, rationale, review, note] in &demo.mapping {
            let relation = Relation::from_code(relation).ok_or_else(|| faulty(relation))?;
            let mapping = Mapping {
                relation,
                status: MappingStatus::Confirmed,
                rationale: rationale.clone(),
                review: review.clone(),
                review_note: note.clone(),
                reviewed_by: if review.is_empty() { String::new() } else { second.clone() },
                reviewed_at: if review.is_empty() { String::new() } else { op.now.clone() },
                ..blank(op, &crosswalk.id, (source, target), &by)
            };
            store::insert_mapping(&mut op.write, organisation_id, &mapping).await?;
        }
        for [source, target] in &demo.rejected {
            let mapping = blank(op, &crosswalk.id, (source, target), &by);
            store::insert_mapping(&mut op.write, organisation_id, &mapping).await?;
        }
    }
    Ok(())
}

fn blank(op: &Operation<'_>, crosswalk_id: &str, (source, target): (&str, &str), by: &str) -> Mapping {
    Mapping {
        id: op.app.new_id(),
        crosswalk_id: crosswalk_id.to_owned(),
        source_number: source.to_owned(),
        target_number: target.to_owned(),
        relation: Relation::None,
        status: MappingStatus::Rejected,
        rationale: String::new(),
        origin: "person".to_owned(),
        decided_by: by.to_owned(),
        decided_at: op.now.clone(),
        review: String::new(),
        review_note: String::new(),
        reviewed_by: String::new(),
        reviewed_at: String::new(),
        version: 1,
    }
}

async fn account(op: &mut Operation<'_>, login: &str) -> Result<String> {
    let found = identity::account_by_login(&mut op.write, login).await?;
    Ok(found.ok_or_else(|| faulty(login))?.id)
}
