//! 論点表: points for the next edition beside the items and the evidence they rest on, as ministries print it.

use crate::error::ReportError;
use crate::print::PrintHead;

/// Most points of a table.
pub(crate) const MOST_ROWS: usize = 5_000;

/// An item that a point is about.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IssueItem {
    pub number: String,
    pub title: String,
    /// What it says now; empty where no text is loaded.
    pub text: String,
    /// Level per class of [`IssueTable::classes`]; empty where it has none.
    pub levels: Vec<String>,
}

/// A document that a point rests on, and what it says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IssueEvidence {
    pub title: String,
    pub content: String,
}

/// One point.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IssueRow {
    pub number: u32,
    pub items: Vec<IssueItem>,
    pub evidence: Vec<IssueEvidence>,
    /// ○ △ －, or empty.
    pub sign: String,
    /// The point itself, then what was decided and the next wording, each a paragraph.
    pub point: String,
}

impl IssueRow {
    /// Printed rows that the point takes: items and documents stand below each other.
    pub(crate) fn height(&self) -> usize {
        self.items.len().max(self.evidence.len()).max(1)
    }
}

/// The table of one Edition's points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssueTable {
    pub head: PrintHead,
    /// Name of the edition under revision; heads the columns of items.
    pub edition: String,
    /// Short names of the classes for which levels are given; empty: no columns of levels.
    pub classes: Vec<String>,
    pub rows: Vec<IssueRow>,
}

impl IssueTable {
    pub(crate) fn check_size(&self) -> Result<(), ReportError> {
        let rows = self.rows.iter().map(IssueRow::height).sum();
        crate::render::check_rows("the table of points", rows, MOST_ROWS)
    }
}

/// Where the cells of a list stand in a point's rows: the last one fills what is left, nothing at all is one blank cell.
pub(crate) fn spans(cells: usize, height: usize) -> Vec<usize> {
    match cells {
        0 => vec![height],
        _ => (0..cells).map(|at| if at + 1 == cells { height - at } else { 1 }).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_fill_the_rows_of_their_point() {
        assert_eq!(spans(0, 3), [3]);
        assert_eq!(spans(1, 3), [3]);
        assert_eq!(spans(2, 3), [1, 2]);
        assert_eq!(spans(3, 3), [1, 1, 1]);
    }
}
