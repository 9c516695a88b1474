//! What several pages of this room show alike: badges, marks, bars.

use sakimori_domain::assurance::applicability::Force;
use sakimori_domain::assurance::{AnswerStatus, Maturity, Tally};

/// Modifier of `.badge` for a force.
pub fn force_class(force: &Force) -> &'static str {
    match force {
        Force::Mandatory => "mandatory",
        Force::Should | Force::Required | Force::ShouldInStages => "required",
        Force::Recommended | Force::Desirable => "recommended",
        Force::MustConsider | Force::Consider => "consider",
        Force::Reference | Force::Info | Force::NotApplicable => "plain",
    }
}

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

/// Modifier of `.status`.
pub fn status_class(status: &AnswerStatus) -> &'static str {
    match status {
        AnswerStatus::Yes => "yes",
        AnswerStatus::Partly => "partly",
        AnswerStatus::No => "no",
        AnswerStatus::NotApplicable => "na",
        AnswerStatus::Unanswered => "blank",
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

/// The bar of a count, as SVG; contains numbers only, so it is safe as it stands.
pub fn bar(tally: &Tally) -> String {
    use std::fmt::Write as _;
    let share = |n: u32| 100.0 * f64::from(n) / f64::from(tally.total().max(1));
    let mut out = String::with_capacity(420);
    let _ = write!(
        out,
        "<svg class=\"bar\" viewBox=\"0 0 100 1\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"○ {}、△ {}、× {}、－ {} / {}\">",
        tally.yes,
        tally.partly,
        tally.no,
        tally.not_applicable,
        tally.total()
    );
    let mut x = 0.0;
    for (class, n) in [("yes", tally.yes), ("partly", tally.partly), ("no", tally.no), ("na", tally.not_applicable)] {
        let width = share(n);
        let _ = write!(out, "<rect class=\"bar__{class}\" x=\"{x:.2}\" width=\"{width:.2}\" height=\"1\"/>");
        x += width;
    }
    out.push_str("</svg>");
    out
}

/// A filter chip.
pub struct Chip {
    pub href: String,
    pub label: String,
    pub count: usize,
    pub on: bool,
}
