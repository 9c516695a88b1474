//! What A says of C when A→B and B→C are known. A derived Mapping is a suggestion, never a fact.

use super::Relation;

/// The relation of A to C that follows from A→B and B→C, read as sets of which none is empty; `None` where nothing
/// follows. `Intersects` then means "share at least something": they may be closer than that.
pub const fn compose(first: Relation, second: Relation) -> Option<Relation> {
    use Relation as R;
    match (first, second) {
        (R::Equal, known) | (known, R::Equal) => Some(known),
        (R::SubsetOf, R::SubsetOf) => Some(R::SubsetOf),
        (R::SupersetOf, R::SupersetOf) => Some(R::SupersetOf),
        // A holds B, and B lies in C or meets it: what they share is in A. Likewise where A meets B and B lies in C.
        (R::SupersetOf, R::SubsetOf | R::Intersects) | (R::Intersects, R::SubsetOf) => Some(R::Intersects),
        // A lies in B, which shares nothing with C; or A shares nothing with B, in which C lies.
        (R::SubsetOf, R::None) | (R::None, R::SupersetOf) => Some(R::None),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn relation(a: &BTreeSet<u8>, b: &BTreeSet<u8>) -> Relation {
        if a == b {
            Relation::Equal
        } else if a.is_subset(b) {
            Relation::SubsetOf
        } else if a.is_superset(b) {
            Relation::SupersetOf
        } else if a.is_disjoint(b) {
            Relation::None
        } else {
            Relation::Intersects
        }
    }

    /// Every three non-empty subsets of a set of four: what is composed must hold in all of them, and where several
    /// relations occur nothing closer may be claimed.
    #[test]
    fn what_is_composed_holds_for_all_sets() {
        let sets: Vec<BTreeSet<u8>> =
            (1_u8..16).map(|bits| (0..4).filter(|bit| bits & (1 << bit) != 0).collect()).collect();
        for first in Relation::ALL {
            for second in Relation::ALL {
                let mut seen = BTreeSet::new();
                for a in &sets {
                    for b in sets.iter().filter(|b| relation(a, b) == *first) {
                        seen.extend(sets.iter().filter(|c| relation(b, c) == *second).map(|c| relation(a, c)));
                    }
                }
                match compose(*first, *second) {
                    Some(Relation::Intersects) => assert!(!seen.contains(&Relation::None), "{first} {second}"),
                    Some(claimed) => assert_eq!(seen, BTreeSet::from([claimed]), "{first} {second}"),
                    None => assert!(seen.contains(&Relation::None) && seen.len() > 1, "{first} {second}: {seen:?}"),
                }
            }
        }
    }
}
