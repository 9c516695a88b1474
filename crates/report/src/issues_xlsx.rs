//! 論点表 as a workbook in the layout of the printed one.

use crate::error::ReportError;
use crate::issues::{IssueRow, IssueTable, spans};
use crate::sheet::{Formats, finished, fit_row, print_setup, workbook, write_text};
use crate::words::words;
use rust_xlsxwriter::Worksheet;

/// Row of the lower headings.
const HEAD_ROW: u32 = 3;
/// Widths of number, item, measure, a level, document, content, sign and point, in full-width characters.
const WIDTHS: [f64; 8] = [3.0, 12.0, 20.0, 3.5, 12.0, 24.0, 3.0, 26.0];

/// A block of cells: upper left corner, rows, columns.
type Block = ((u32, u16), u32, u16);

impl IssueTable {
    /// The table as a workbook; cells that reach over several rows or columns are joined as on paper.
    ///
    /// # Errors
    /// [`ReportError`]: too many rows, or the workbook cannot be written.
    pub fn xlsx(&self) -> Result<Vec<u8>, ReportError> {
        self.check_size()?;
        let words = words(self.head.lang);
        let mut book = workbook(&self.head)?;
        let formats = Formats::new(self.head.lang);
        let sheet = book.add_worksheet();
        print_setup(sheet, &self.head, words.issues, HEAD_ROW)?;
        sheet.set_repeat_rows(HEAD_ROW - 1, HEAD_ROW)?;
        write_text(sheet, (0, 0), &format!("{}　{}", words.issues, self.head.title), &formats, &formats.title)?;
        write_text(sheet, (1, 0), words.issues_legend, &formats, &formats.note)?;
        self.heads(sheet, &formats)?;
        let mut at = HEAD_ROW + 1;
        for row in &self.rows {
            self.write(sheet, at, row, &formats)?;
            at += u32::try_from(row.height()).unwrap_or(1);
        }
        finished(book, &self.head, &formats)
    }

    fn levels(&self) -> u16 {
        u16::try_from(self.classes.len()).unwrap_or(0)
    }

    fn heads(&self, sheet: &mut Worksheet, formats: &Formats) -> Result<(), ReportError> {
        let (words, levels) = (words(self.head.lang), self.levels());
        let [number, item, measure, level, document, content, sign, point] = WIDTHS;
        let widths = [number, item, measure].into_iter().chain(self.classes.iter().map(|_| level));
        for (at, width) in (0_u16..).zip(widths.chain([document, content, sign, point])) {
            sheet.set_column_width(at, width * 2.0 + 1.0)?;
        }
        let mut head = |block: Block, text: &str| joined(sheet, block, text, formats, &formats.head);
        head(((HEAD_ROW - 1, 0), 2, 1), words.issue_number)?;
        head(((HEAD_ROW - 1, 1), 1, 2 + levels), &self.edition)?;
        head(((HEAD_ROW - 1, 3 + levels), 1, 2), words.issue_evidence)?;
        head(((HEAD_ROW - 1, 5 + levels), 2, 2), words.issue_point)?;
        let classes: Vec<String> = self.classes.iter().map(|c| format!("{}\n{c}", words.issue_level)).collect();
        let lower = [words.issue_item, words.issue_measure]
            .into_iter()
            .chain(classes.iter().map(String::as_str))
            .chain([words.issue_document, words.issue_content]);
        for (at, text) in (1_u16..).zip(lower) {
            head(((HEAD_ROW, at), 1, 1), text)?;
        }
        Ok(())
    }

    fn write(&self, sheet: &mut Worksheet, top: u32, row: &IssueRow, formats: &Formats) -> Result<(), ReportError> {
        let (height, levels) = (row.height(), self.levels());
        let rows = u32::try_from(height).unwrap_or(1);
        joined(sheet, ((top, 0), rows, 1), &row.number.to_string(), formats, &formats.centre)?;
        let mut at = top;
        for (index, span) in spans(row.items.len(), height).into_iter().enumerate() {
            let span = u32::try_from(span).unwrap_or(1);
            let item = row.items.get(index).cloned().unwrap_or_default();
            let name = format!("{}\n{}", item.number, item.title);
            joined(sheet, ((at, 1), span, 1), name.trim(), formats, &formats.text)?;
            joined(sheet, ((at, 2), span, 1), &item.text, formats, &formats.text)?;
            for level in 0..levels {
                let sign = item.levels.get(usize::from(level)).map_or("", String::as_str);
                joined(sheet, ((at, 3 + level), span, 1), sign, formats, &formats.centre)?;
            }
            at += span;
        }
        let mut at = top;
        for (index, span) in spans(row.evidence.len(), height).into_iter().enumerate() {
            let span = u32::try_from(span).unwrap_or(1);
            let document = row.evidence.get(index).cloned().unwrap_or_default();
            joined(sheet, ((at, 3 + levels), span, 1), &document.title, formats, &formats.text)?;
            joined(sheet, ((at, 4 + levels), span, 1), &document.content, formats, &formats.text)?;
            at += span;
        }
        joined(sheet, ((top, 5 + levels), rows, 1), &row.sign, formats, &formats.centre)?;
        joined(sheet, ((top, 6 + levels), rows, 1), &row.point, formats, &formats.text)?;
        self.fit(sheet, top, row)
    }

    /// Excel does not grow rows for joined cells: the height that the point needs is shared among its rows.
    fn fit(&self, sheet: &mut Worksheet, top: u32, row: &IssueRow) -> Result<(), ReportError> {
        let height = row.height();
        let share = |text: &str| {
            let letters = text.chars().count().div_ceil(height);
            text.chars().take(letters).collect::<String>()
        };
        let point = share(&row.point);
        for (at, index) in (top..).zip(0..height) {
            let item = row.items.get(index);
            let document = row.evidence.get(index);
            let texts = [
                (item.map_or("", |i| i.text.as_str()), WIDTHS[2]),
                (item.map_or("", |i| i.title.as_str()), WIDTHS[1]),
                (document.map_or("", |d| d.title.as_str()), WIDTHS[4]),
                (document.map_or("", |d| d.content.as_str()), WIDTHS[5]),
                (point.as_str(), WIDTHS[7]),
            ];
            fit_row(sheet, at, texts)?;
        }
        Ok(())
    }
}

/// Writes a text into a block of cells, joined where there are several.
fn joined(
    sheet: &mut Worksheet,
    ((row, column), rows, columns): Block,
    text: &str,
    formats: &Formats,
    format: &rust_xlsxwriter::Format,
) -> Result<(), ReportError> {
    if rows > 1 || columns > 1 {
        sheet.merge_range(row, column, row + rows - 1, column + columns - 1, "", format)?;
    }
    write_text(sheet, (row, column), text, formats, format)
}
