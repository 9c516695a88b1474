//! English words beside the Japanese terms of revision, and how stages look.

use sakimori_domain::revision::{ChangeKind, CycleStep, Direction, Stage};
use sakimori_store::revision::Meeting;

/// The word of the English pages.
pub trait English {
    /// See the trait.
    fn en(self) -> &'static str;
}

impl English for Direction {
    fn en(self) -> &'static str {
        match self {
            Self::Undecided => "undecided",
            Self::Standard => "○ into the standard",
            Self::Commentary => "△ into the commentary",
            Self::NotTaken => "not taken",
        }
    }
}

impl English for Stage {
    fn en(self) -> &'static str {
        match self {
            Self::Raised => "raised",
            Self::Discussing => "under discussion",
            Self::Decided => "decided",
            Self::Withdrawn => "withdrawn",
        }
    }
}

impl English for ChangeKind {
    fn en(self) -> &'static str {
        match self {
            Self::Open => "not written yet",
            Self::Reword => "reword the item",
            Self::Add => "add an item",
            Self::Drop => "drop the item",
        }
    }
}

impl English for CycleStep {
    fn en(self) -> &'static str {
        match self {
            Self::Analyse => "analyse, verify",
            Self::Prepare => "prepare",
            Self::Review => "review",
            Self::Revise => "revise",
            Self::Publish => "make known",
            Self::Survey => "penetration survey",
            Self::Grasp => "take stock",
        }
    }
}

/// How a stage looks.
pub trait Look {
    /// Modifier of `.badge`.
    fn badge(self) -> &'static str;
}

impl Look for Stage {
    fn badge(self) -> &'static str {
        match self {
            Stage::Raised => "consider",
            Stage::Discussing => "recommended",
            Stage::Decided => "good",
            Stage::Withdrawn => "plain",
        }
    }
}

/// 第2回 … 検討会.
pub fn meeting_name(m: &Meeting, english: bool) -> String {
    if english { format!("{}, meeting {}", m.body, m.round) } else { format!("{} 第{}回", m.body, m.round) }
}
