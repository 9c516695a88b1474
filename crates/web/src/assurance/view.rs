//! What several pages of this room show alike: badges, marks, bars.

use sakimori_domain::assurance::applicability::Force;
use sakimori_domain::assurance::{AnswerStatus, Maturity};
use sakimori_domain::crosswalk::Relation;
use sakimori_store::carry::Carried;

pub use sakimori_app::carry::source_line;

/// The word on a badge: short, since it stands in a narrow column.
pub fn force_word(force: &Force, english: &bool) -> &'static str {
    if *english {
        return force.en();
    }
    match force {
        Force::Mandatory => "強制",
        Force::Should => "◎ 実施",
        Force::Required => "必須",
        Force::ShouldInStages => "◎＊ 段階",
        Force::MustConsider => "要検討",
        Force::Recommended => "推奨",
        Force::Desirable => "○ 望ましい",
        Force::Consider => "検討",
        Force::Reference => "参考",
        Force::Info => "情報",
        Force::NotApplicable => "対象外",
    }
}

/// The four answers with their codes, in the order of the keys 1 to 4.
pub const MARKS: [(&str, &str); 4] = [("o", "○"), ("triangle", "△"), ("x", "×"), ("na", "－")];

/// Every level of maturity.
pub fn levels() -> impl Iterator<Item = Maturity> {
    Maturity::all()
}

/// Whether an answer has this level.
pub fn is_level(answer: &Option<Maturity>, level: &Maturity) -> bool {
    answer.as_ref() == Some(level)
}

/// The mark, or the word where there is none.
pub fn status_mark(status: &AnswerStatus, english: &bool) -> &'static str {
    match (status, english) {
        (AnswerStatus::Unanswered, false) => "未回答",
        (AnswerStatus::Unanswered, true) => "blank",
        (status, _) => status.ja(),
    }
}

/// ＝ ⊂ ⊃ ∩.
pub fn relation_sign(relation: &Relation) -> &'static str {
    relation.sign()
}

/// Whether a carried answer still waits for a person.
pub fn is_open(carried: &Carried) -> bool {
    !carried.confirmed || carried.source_changed()
}

/// A filter chip.
pub struct Chip {
    pub href: String,
    pub label: String,
    pub count: usize,
    pub on: bool,
}
