//! The suggestions of crosswalks against what experts put side by side in document 000.

#[path = "support/gold.rs"]
mod gold;

use std::path::Path;

use gold::Gold;
use sakimori_domain::crosswalk::suggest::Synonyms;
use sakimori_interop::synonyms;

fn gold() -> Gold {
    Gold::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."))
}

#[test]
fn every_pair_of_the_experts_names_items_that_exist() {
    gold().check();
}

/// Floors a little below what is reached (docs/crosswalk.md has the figures and what was chosen by them).
#[test]
fn suggestions_hold_what_experts_put_side_by_side() {
    let (gold, table) = (gold(), Synonyms::from_groups(synonyms::built_in()));
    let items = gold.items(&table, |_, _| false);
    assert!(items.recall(10).value >= 0.85, "{items:?}");
    assert!(items.mean_reciprocal_rank().value >= 0.60, "{items:?}");
    let incidents = gold.incidents(&table);
    assert!(incidents.hits(10).value >= 0.75, "{incidents:?}");
    let excerpts = gold.excerpts(&table);
    assert!(excerpts.hits(10).value >= 0.30, "{excerpts:?}");
}

#[test]
fn synonyms_and_judgements_help() {
    let (gold, table) = (gold(), Synonyms::from_groups(synonyms::built_in()));
    let mean = |quality: &sakimori_domain::crosswalk::quality::Quality| quality.mean_reciprocal_rank().value;
    let (bare, with) = (gold.items(&Synonyms::none(), |_, _| false), gold.items(&table, |_, _| false));
    assert!(with.recall(10).value > bare.recall(10).value && mean(&with) > mean(&bare), "{bare:?} {with:?}");
    let judged = gold.items(&table, |asked, other| asked != other);
    assert!(mean(&judged) > mean(&with), "{judged:?}");
}
