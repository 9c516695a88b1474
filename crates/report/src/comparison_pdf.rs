//! 新旧対照表 on paper: A4 landscape, new edition left, changed parts underlined.

use crate::comparison::{ChangeKind, Comparison, ComparisonRow};
use crate::diff::{Piece, changed_pieces};
use crate::error::ReportError;
use crate::press::Press;
use crate::render::{Job, Template};
use crate::value::{array, dict, line, record, text};
use typst::foundations::{IntoValue, Value};

impl Comparison {
    /// The comparison as a tagged PDF.
    ///
    /// # Errors
    /// [`ReportError`]: no font, too many rows, or a fault of the template.
    pub fn pdf(&self, press: &Press) -> Result<Vec<u8>, ReportError> {
        self.check_size()?;
        let data = dict([
            ("old_edition", line(&self.old_edition)),
            ("new_edition", line(&self.new_edition)),
            ("summary", self.summary().into_value()),
            ("rows", array(self.rows.iter().map(|row| self.row(row)))),
        ]);
        press.print(Job::new(Template::Comparison, &self.head, data))
    }

    fn row(&self, row: &ComparisonRow) -> Value {
        let (old_title, new_title) = row.title_pieces();
        let (old_text, new_text) = row.text_pieces();
        record([
            ("new_number", line(&row.new_number)),
            ("new_title", pieces(&new_title)),
            ("new_text", pieces(&new_text)),
            ("old_number", line(&row.old_number)),
            ("old_title", pieces(&old_title)),
            ("old_text", pieces(&old_text)),
            ("kind", row.kind.word(self.head.lang).into_value()),
            ("remark", text(&row.remark)),
            ("long", row.is_long().into_value()),
        ])
    }
}

/// Bytes of a cell beyond which a row may break over pages: about a third of a page of Japanese.
const LONG_CELL: usize = 1_200;
/// Lines beyond which a row may break over pages.
const LONG_LINES: usize = 12;

impl ComparisonRow {
    /// Whether the row may be too long for one page.
    fn is_long(&self) -> bool {
        let long = |text: &str, share: usize| text.len() * share > LONG_CELL || text.lines().count() > LONG_LINES;
        // The column of remarks takes a third of the letters that the texts take.
        long(&self.old_text, 1) || long(&self.new_text, 1) || long(&self.remark, 3)
    }

    /// Old and new title as runs, old first.
    pub(crate) fn title_pieces(&self) -> (Vec<Piece>, Vec<Piece>) {
        self.pieces(&self.old_title, &self.new_title)
    }

    /// Old and new text as runs, old first.
    pub(crate) fn text_pieces(&self) -> (Vec<Piece>, Vec<Piece>) {
        self.pieces(&self.old_text, &self.new_text)
    }

    fn pieces(&self, old: &str, new: &str) -> (Vec<Piece>, Vec<Piece>) {
        match self.kind {
            // Underlining all of a new or removed item would say nothing that its kind does not.
            ChangeKind::Added | ChangeKind::Removed | ChangeKind::Unchanged => (whole(old), whole(new)),
            ChangeKind::Changed | ChangeKind::Moved => {
                changed_pieces(&crate::clean::clean(old), &crate::clean::clean(new))
            }
        }
    }
}

fn whole(text: &str) -> Vec<Piece> {
    if text.is_empty() { Vec::new() } else { vec![Piece { text: crate::clean::clean(text), changed: false }] }
}

/// Runs as strings, a changed one in an array of its own; the template underlines those.
fn pieces(runs: &[Piece]) -> Value {
    array(runs.iter().map(|run| {
        let string = text(&run.text);
        if run.changed { array([string]) } else { string }
    }))
}
