//! Crosswalk (照合): Mappings (対応) between the Provisions of two Editions, and what follows from them.

mod compose;
mod contradiction;
mod coverage;
pub mod quality;
mod sides;
mod space;
pub mod suggest;
mod synonyms;
mod terms;

pub use compose::compose;
pub use contradiction::{Contradiction, contradictions};
pub use coverage::{Cover, coverage};

use crate::standards::terms;

terms! {
    /// How the source Provision relates to the target Provision as sets of what they ask (NIST IR 8477, section 4.3).
    Relation {
        /// Both ask the same.
        Equal = "equal", "同等";
        /// All that the source asks, the target asks too, and more.
        SubsetOf = "subset-of", "相手に含まれる";
        /// The source asks all that the target asks, and more.
        SupersetOf = "superset-of", "相手を含む";
        /// They share something; each asks something that the other does not.
        Intersects = "intersects", "一部重なる";
        /// They share nothing; without a target: the other Edition has no counterpart.
        None = "none", "対応なし";
    }
}

impl Relation {
    /// The relation read from the target's side.
    pub const fn reversed(self) -> Self {
        match self {
            Relation::SubsetOf => Relation::SupersetOf,
            Relation::SupersetOf => Relation::SubsetOf,
            same => same,
        }
    }

    /// Term of the English pages.
    pub const fn en(self) -> &'static str {
        match self {
            Relation::Equal => "asks the same",
            Relation::SubsetOf => "lies in it",
            Relation::SupersetOf => "holds it",
            Relation::Intersects => "overlaps",
            Relation::None => "no counterpart",
        }
    }

    /// The sign of the review desk and of printed tables.
    pub const fn sign(self) -> &'static str {
        match self {
            Relation::Equal => "＝",
            Relation::SubsetOf => "⊂",
            Relation::SupersetOf => "⊃",
            Relation::Intersects => "∩",
            Relation::None => "✕",
        }
    }
}

terms! {
    /// What a person has said of a Mapping. Only confirmed ones count as facts.
    MappingStatus {
        Suggested = "suggested", "候補";
        Confirmed = "confirmed", "確定";
        Rejected = "rejected", "却下";
    }
}

/// A confirmed Mapping as the rules below read it: numbers of the source's and of the target's Edition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link<'a> {
    pub source: &'a str,
    /// Empty with [`Relation::None`] where the whole other Edition has no counterpart.
    pub target: &'a str,
    pub relation: Relation,
}

impl<'a> Link<'a> {
    /// The same Mapping read from the other Edition; `None` for "no counterpart", which says nothing about any target.
    pub const fn reversed(self) -> Option<Link<'a>> {
        if self.target.is_empty() {
            return Option::None;
        }
        Some(Link { source: self.target, target: self.source, relation: self.relation.reversed() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mapping_reads_the_same_from_both_sides() {
        for relation in Relation::ALL {
            assert_eq!(relation.reversed().reversed(), *relation);
        }
        let link = Link { source: "1", target: "A", relation: Relation::SubsetOf };
        assert_eq!(link.reversed(), Some(Link { source: "A", target: "1", relation: Relation::SupersetOf }));
        assert_eq!(Link { source: "1", target: "", relation: Relation::None }.reversed(), None);
    }
}
