//! 新旧対照表 on paper: A4 landscape, new edition left, changed parts underlined.

use crate::comparison::{ChangeKind, Comparison, ComparisonRow};
use crate::diff::{Piece, changed_pieces};
use crate::error::ReportError;
use crate::fonts::FontSearch;
use crate::render::{Template, pdf};
use crate::value::{array, dict, line, record, text};
use typst::foundations::{IntoValue, Value};

impl Comparison {
    /// The comparison as a tagged PDF.
    ///
    /// # Errors
    /// [`ReportError`]: no font, too many rows, or a fault of the template.
    pub fn pdf(&self, fonts: &FontSearch) -> Result<Vec<u8>, ReportError> {
        self.check_size()?;
        let data = dict([
            ("old_edition", line(&self.old_edition)),
            ("new_edition", line(&self.new_edition)),
            ("summary", self.summary().into_value()),
            ("rows", array(self.rows.iter().map(|row| self.row(row)))),
        ]);
        pdf(Template::Comparison, &self.head, data, fonts)
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
        ])
    }
}

impl ComparisonRow {
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
    vec![Piece { text: crate::clean::clean(text), changed: false }]
}

/// Runs as strings, a changed one in an array of its own; the template underlines those.
fn pieces(runs: &[Piece]) -> Value {
    array(runs.iter().map(|run| {
        let string = text(&run.text);
        if run.changed { array([string]) } else { string }
    }))
}
