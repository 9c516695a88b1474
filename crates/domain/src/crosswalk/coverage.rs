//! Coverage (カバー): what of one Edition another one asks too.

use std::collections::HashMap;

use super::{Link, Relation};
use crate::standards::terms;

terms! {
    /// How far the other Edition asks what a Provision asks.
    Cover {
        Covered = "covered", "カバー";
        Partly = "partly", "一部カバー";
        Not = "not", "カバーなし";
        Unjudged = "unjudged", "未判定";
    }
}

impl Cover {
    /// Term of the English pages.
    pub const fn en(self) -> &'static str {
        match self {
            Cover::Covered => "covered",
            Cover::Partly => "partly covered",
            Cover::Not => "not covered",
            Cover::Unjudged => "not judged",
        }
    }
}

/// Coverage of every node of a tree by the confirmed Mappings of its Provisions.
///
/// `tree` holds number and parent's number (empty at the top), parents before their children; the result has the same
/// order. A node without a judgement of its own takes over what was said of the nearest judged ancestor, if that was
/// "covered" or "not"; else it sums up its children. A node judged "partly" is covered when all its children are.
pub fn coverage(tree: &[(&str, &str)], confirmed: &[Link<'_>]) -> Vec<Cover> {
    let place: HashMap<&str, usize> = tree.iter().enumerate().map(|(at, (number, _))| (*number, at)).collect();
    let parents: Vec<Option<usize>> = tree.iter().map(|(_, parent)| place.get(parent).copied()).collect();
    let mut covers = judged(&place, tree.len(), confirmed);
    for at in 0..tree.len() {
        let above = parents[at].filter(|parent| *parent < at).map(|parent| covers[parent]);
        if let (Cover::Unjudged, Some(Cover::Covered | Cover::Not)) = (covers[at], above) {
            covers[at] = above.unwrap_or(Cover::Unjudged);
        }
    }
    let mut children: Vec<Vec<Cover>> = vec![Vec::new(); tree.len()];
    for at in (0..tree.len()).rev() {
        covers[at] = summed(covers[at], &children[at]);
        if let Some(parent) = parents[at].filter(|parent| *parent < at) {
            children[parent].push(covers[at]);
        }
    }
    covers
}

/// What was said of each node itself.
fn judged(place: &HashMap<&str, usize>, nodes: usize, confirmed: &[Link<'_>]) -> Vec<Cover> {
    let mut covers = vec![Cover::Unjudged; nodes];
    for link in confirmed {
        let Some(at) = place.get(link.source) else { continue };
        let said = match link.relation {
            Relation::Equal | Relation::SubsetOf => Cover::Covered,
            Relation::SupersetOf | Relation::Intersects => Cover::Partly,
            // Of one target it says nothing about the others.
            Relation::None if !link.target.is_empty() => continue,
            Relation::None => Cover::Not,
        };
        covers[*at] = covers[*at].min(said);
    }
    covers
}

fn summed(own: Cover, children: &[Cover]) -> Cover {
    let all = |cover: Cover| !children.is_empty() && children.iter().all(|child| *child == cover);
    match own {
        Cover::Covered | Cover::Not => own,
        Cover::Partly => {
            if all(Cover::Covered) {
                Cover::Covered
            } else {
                own
            }
        }
        Cover::Unjudged if all(Cover::Covered) => Cover::Covered,
        Cover::Unjudged if all(Cover::Not) => Cover::Not,
        Cover::Unjudged if children.iter().any(|child| matches!(child, Cover::Covered | Cover::Partly)) => {
            Cover::Partly
        }
        Cover::Unjudged => Cover::Unjudged,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TREE: [(&str, &str); 6] = [("1", ""), ("1.1", "1"), ("1.2", "1"), ("2", ""), ("2.1", "2"), ("2.2", "2")];

    fn link(source: &'static str, target: &'static str, relation: Relation) -> Link<'static> {
        Link { source, target, relation }
    }

    #[test]
    fn nothing_judged_is_not_a_gap() {
        assert_eq!(coverage(&TREE, &[]), [Cover::Unjudged; 6]);
    }

    #[test]
    fn a_covered_group_covers_what_is_in_it() {
        let covers = coverage(&TREE, &[link("1", "A", Relation::SubsetOf), link("1.2", "B", Relation::Intersects)]);
        assert_eq!(covers[..3], [Cover::Covered, Cover::Covered, Cover::Partly]);
    }

    #[test]
    fn a_group_sums_up_what_is_in_it() {
        let covered = [link("2.1", "A", Relation::Equal), link("2.2", "B", Relation::SubsetOf)];
        assert_eq!(coverage(&TREE, &covered)[3..], [Cover::Covered, Cover::Covered, Cover::Covered]);
        let half = [link("2.1", "A", Relation::Equal), link("2.2", "", Relation::None)];
        assert_eq!(coverage(&TREE, &half)[3..], [Cover::Partly, Cover::Covered, Cover::Not]);
        let partly = [link("2", "A", Relation::SupersetOf), covered[0], covered[1]];
        assert_eq!(coverage(&TREE, &partly)[3], Cover::Covered);
    }

    #[test]
    fn the_best_of_several_targets_counts_and_no_relation_to_one_says_nothing() {
        let several = [link("1.1", "A", Relation::None), link("1.1", "B", Relation::Intersects)];
        assert_eq!(coverage(&TREE, &several)[1], Cover::Partly);
        assert_eq!(coverage(&TREE, &several[..1])[1], Cover::Unjudged);
    }
}
