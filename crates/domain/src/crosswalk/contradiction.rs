//! Contradictions (矛盾) among confirmed Mappings: found and listed, never mended by the program.

use std::collections::{BTreeMap, BTreeSet};

use super::{Link, Relation};

/// Mappings of one pair of Editions that cannot all be true.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Contradiction {
    /// One Provision is equal to several others, which would then have to be equal to each other. `of_source` tells on
    /// which side the one stands.
    EqualToSeveral { of_source: bool, number: String, others: Vec<String> },
    /// "No counterpart", and yet a counterpart.
    NoneAndSome { source: String, targets: Vec<String> },
    /// Each lies in the next, and the last one properly in the first: numbers in the order of the circle, those of the
    /// source's Edition marked `true`.
    SubsetCycle { members: Vec<(bool, String)> },
}

/// Lists the contradictions of the confirmed Mappings between two Editions, in a fixed order.
pub fn contradictions(confirmed: &[Link<'_>]) -> Vec<Contradiction> {
    let mut found = equal_to_several(confirmed);
    found.extend(none_and_some(confirmed));
    found.extend(subset_cycles(confirmed));
    found.sort();
    found
}

fn equal_to_several(confirmed: &[Link<'_>]) -> Vec<Contradiction> {
    let mut sides: [BTreeMap<&str, BTreeSet<&str>>; 2] = [BTreeMap::new(), BTreeMap::new()];
    for link in confirmed.iter().filter(|link| link.relation == Relation::Equal) {
        sides[0].entry(link.source).or_default().insert(link.target);
        sides[1].entry(link.target).or_default().insert(link.source);
    }
    let listed = |of_source: bool, side: &BTreeMap<&str, BTreeSet<&str>>| -> Vec<Contradiction> {
        side.iter()
            .filter(|(_, others)| others.len() > 1)
            .map(|(number, others)| Contradiction::EqualToSeveral {
                of_source,
                number: (*number).to_owned(),
                others: others.iter().map(|other| (*other).to_owned()).collect(),
            })
            .collect()
    };
    let mut all = listed(true, &sides[0]);
    all.extend(listed(false, &sides[1]));
    all
}

fn none_and_some(confirmed: &[Link<'_>]) -> Vec<Contradiction> {
    let without: BTreeSet<&str> = confirmed
        .iter()
        .filter(|link| link.relation == Relation::None && link.target.is_empty())
        .map(|link| link.source)
        .collect();
    without
        .into_iter()
        .filter_map(|source| {
            let targets: Vec<String> = confirmed
                .iter()
                .filter(|link| link.source == source && link.relation != Relation::None)
                .map(|link| link.target.to_owned())
                .collect();
            (!targets.is_empty()).then(|| Contradiction::NoneAndSome { source: source.to_owned(), targets })
        })
        .collect()
}

type Node<'a> = (bool, &'a str);

/// Cycles through at least one proper subset, each component told once by a shortest circle.
fn subset_cycles(confirmed: &[Link<'_>]) -> Vec<Contradiction> {
    // An edge leads from the smaller to the larger set; equal sets lead to each other.
    let mut edges: BTreeMap<Node<'_>, BTreeSet<Node<'_>>> = BTreeMap::new();
    let mut proper: Vec<(Node<'_>, Node<'_>)> = Vec::new();
    for link in confirmed {
        let (source, target) = ((true, link.source), (false, link.target));
        match link.relation {
            Relation::SubsetOf => proper.push((source, target)),
            Relation::SupersetOf => proper.push((target, source)),
            Relation::Equal => {
                edges.entry(source).or_default().insert(target);
                edges.entry(target).or_default().insert(source);
            }
            Relation::Intersects | Relation::None => {}
        }
    }
    for (small, large) in &proper {
        edges.entry(*small).or_default().insert(*large);
    }
    let mut told: BTreeSet<BTreeSet<Node<'_>>> = BTreeSet::new();
    proper
        .iter()
        .filter_map(|(small, large)| {
            let way = shortest(&edges, *large, *small)?;
            told.insert(way.iter().copied().collect()).then(|| Contradiction::SubsetCycle {
                members: way.iter().map(|(side, number)| (*side, (*number).to_owned())).collect(),
            })
        })
        .collect()
}

/// The shortest way along the edges, both ends included.
fn shortest<'a>(edges: &BTreeMap<Node<'a>, BTreeSet<Node<'a>>>, from: Node<'a>, to: Node<'a>) -> Option<Vec<Node<'a>>> {
    let mut came_from: BTreeMap<Node<'a>, Node<'a>> = BTreeMap::new();
    let mut queue = std::collections::VecDeque::from([from]);
    while let Some(at) = queue.pop_front() {
        if at == to {
            let mut way = vec![at];
            while let Some(before) = way.last().filter(|last| **last != from).and_then(|last| came_from.get(last)) {
                way.push(*before);
            }
            way.reverse();
            return Some(way);
        }
        for next in edges.get(&at).into_iter().flatten() {
            if *next != from && !came_from.contains_key(next) {
                came_from.insert(*next, at);
                queue.push_back(*next);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(source: &'static str, relation: Relation, target: &'static str) -> Link<'static> {
        Link { source, target, relation }
    }

    #[test]
    fn nothing_wrong_is_nothing_listed() {
        let links =
            [link("1", Relation::SubsetOf, "A"), link("2", Relation::SubsetOf, "A"), link("3", Relation::None, "")];
        assert!(contradictions(&links).is_empty());
    }

    #[test]
    fn equal_to_two_different_things() {
        let found = contradictions(&[link("1", Relation::Equal, "A"), link("1", Relation::Equal, "B")]);
        assert_eq!(
            found,
            [Contradiction::EqualToSeveral {
                of_source: true,
                number: "1".to_owned(),
                others: vec!["A".to_owned(), "B".to_owned()]
            }]
        );
    }

    #[test]
    fn no_counterpart_and_a_counterpart() {
        let found = contradictions(&[link("1", Relation::None, ""), link("1", Relation::Intersects, "A")]);
        assert_eq!(found, [Contradiction::NoneAndSome { source: "1".to_owned(), targets: vec!["A".to_owned()] }]);
    }

    #[test]
    fn a_circle_of_subsets_is_told_once() {
        let links = [
            link("1", Relation::SubsetOf, "A"),
            link("2", Relation::SupersetOf, "A"),
            link("2", Relation::SubsetOf, "B"),
            link("1", Relation::Equal, "B"),
        ];
        let cycles: Vec<_> =
            contradictions(&links).into_iter().filter(|c| matches!(c, Contradiction::SubsetCycle { .. })).collect();
        assert_eq!(cycles.len(), 1, "{cycles:?}");
    }
}
