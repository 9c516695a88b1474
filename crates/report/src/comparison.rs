//! 新旧対照表: two editions side by side.

use crate::error::ReportError;
use crate::print::{Lang, PrintHead};
use crate::words::words;

/// Most rows of a comparison.
pub(crate) const MOST_ROWS: usize = 10_000;

/// What happened to an item between the editions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChangeKind {
    /// 新設
    Added,
    /// 削除
    Removed,
    /// 改正
    Changed,
    /// 移動 (same text under another number)
    Moved,
    /// 変更なし
    Unchanged,
}

impl ChangeKind {
    /// The printed word.
    pub const fn word(self, lang: Lang) -> &'static str {
        let words = words(lang);
        match self {
            Self::Added => words.added,
            Self::Removed => words.removed,
            Self::Changed => words.changed,
            Self::Moved => words.moved,
            Self::Unchanged => words.unchanged,
        }
    }
}

/// One item in both editions; a side that does not exist is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComparisonRow {
    pub old_number: String,
    pub old_title: String,
    pub old_text: String,
    pub new_number: String,
    pub new_title: String,
    pub new_text: String,
    pub kind: ChangeKind,
    pub remark: String,
}

/// A table of two editions, new on the left as ministries print it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    pub head: PrintHead,
    /// Name and label of the old edition.
    pub old_edition: String,
    pub new_edition: String,
    pub rows: Vec<ComparisonRow>,
}

impl Comparison {
    pub(crate) fn check_size(&self) -> Result<(), ReportError> {
        crate::render::check_rows("the comparison", self.rows.len(), MOST_ROWS)
    }

    /// How many rows are of each kind, as one printed line.
    pub(crate) fn summary(&self) -> String {
        let kinds =
            [ChangeKind::Added, ChangeKind::Changed, ChangeKind::Moved, ChangeKind::Removed, ChangeKind::Unchanged];
        let count = |kind| self.rows.iter().filter(|row| row.kind == kind).count();
        let parts: Vec<String> =
            kinds.iter().map(|kind| format!("{} {}", kind.word(self.head.lang), count(*kind))).collect();
        parts.join(if self.head.lang == Lang::Ja { "、" } else { ", " })
    }
}
