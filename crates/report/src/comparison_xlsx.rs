//! 新旧対照表 as a workbook, changed parts underlined.

use crate::comparison::Comparison;
use crate::diff::Piece;
use crate::error::ReportError;
use crate::sheet::{Formats, finished, fit_row, print_setup, workbook, write_heads, write_text};
use crate::words::words;
use rust_xlsxwriter::{Format, FormatUnderline, Worksheet};

const HEAD_ROW: u32 = 2;
/// Most runs of a cell that are written one by one; beyond it the cell is plain, since Excel slows down.
const MOST_RUNS: usize = 200;

impl Comparison {
    /// The comparison as a workbook: new number, title, text, then old, kind, remark.
    ///
    /// # Errors
    /// [`ReportError`]: too many rows, or the workbook cannot be written.
    pub fn xlsx(&self) -> Result<Vec<u8>, ReportError> {
        self.check_size()?;
        let words = words(self.head.lang);
        let mut book = workbook(&self.head)?;
        let formats = Formats::new(self.head.lang);
        let sheet = book.add_worksheet();
        print_setup(sheet, &self.head, words.comparison, HEAD_ROW)?;
        let heads = [
            (words.new_number, 6.0),
            (words.new_title, 11.0),
            (words.new_text, 22.0),
            (words.old_number, 6.0),
            (words.old_title, 11.0),
            (words.old_text, 22.0),
            (words.kind, 4.0),
            (words.remark, 10.0),
        ];
        write_heads(sheet, HEAD_ROW, &heads, &formats)?;
        write_text(sheet, (0, 0), &format!("{}　{}", words.comparison, self.head.title), &formats, &formats.title)?;
        let editions = format!(
            "{}：{}　{}：{}　{}　（{}）",
            words.new,
            self.new_edition,
            words.old,
            self.old_edition,
            self.summary(),
            words.comparison_note,
        );
        write_text(sheet, (1, 0), &editions, &formats, &formats.note)?;
        let (marked, plain) = (Format::new().set_underline(FormatUnderline::Single), Format::new());
        for (at, row) in (HEAD_ROW + 1..).zip(&self.rows) {
            let (old_title, new_title) = row.title_pieces();
            let (old_text, new_text) = row.text_pieces();
            write_text(sheet, (at, 0), &row.new_number, &formats, &formats.text)?;
            write_text(sheet, (at, 3), &row.old_number, &formats, &formats.text)?;
            for (column, pieces) in [(1, &new_title), (2, &new_text), (4, &old_title), (5, &old_text)] {
                write_pieces(sheet, (at, column), pieces, &formats, (&plain, &marked))?;
            }
            write_text(sheet, (at, 6), row.kind.word(self.head.lang), &formats, &formats.centre)?;
            write_text(sheet, (at, 7), &row.remark, &formats, &formats.text)?;
            let texts = [&row.new_title, &row.new_text, &row.old_title, &row.old_text, &row.remark];
            let widths = [1, 2, 4, 5, 7].map(|column: usize| heads[column].1);
            fit_row(sheet, at, texts.map(String::as_str).into_iter().zip(widths))?;
        }
        finished(book, &self.head, &formats)
    }
}

fn write_pieces(
    sheet: &mut Worksheet,
    at: (u32, u16),
    pieces: &[Piece],
    formats: &Formats,
    (plain, marked): (&Format, &Format),
) -> Result<(), ReportError> {
    let text: String = pieces.iter().map(|piece| piece.text.as_str()).collect();
    let risky = text.starts_with(['=', '+', '-', '@']);
    if pieces.len() > MOST_RUNS || risky || !pieces.iter().any(|piece| piece.changed) {
        return write_text(sheet, at, &text, formats, &formats.text);
    }
    let runs: Vec<(&Format, &str)> = pieces
        .iter()
        .filter(|piece| !piece.text.is_empty())
        .map(|piece| (if piece.changed { marked } else { plain }, piece.text.as_str()))
        .collect();
    sheet.write_rich_string_with_format(at.0, at.1, &runs, &formats.text)?;
    Ok(())
}
