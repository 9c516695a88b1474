//! A list as a workbook.

use crate::error::ReportError;
use crate::list::{Cell, ColumnKind, ListSheet};
use crate::sheet::{
    Formats, finished, fit_row, print_setup, workbook, write_date, write_heads, write_percent, write_text,
};
use rust_xlsxwriter::Worksheet;

/// Row of the headings when a title stands above them.
const HEAD_ROW: u32 = 2;

impl ListSheet {
    /// The list as a workbook: title, filter, headings (frozen, repeated in print, with filter buttons), rows.
    ///
    /// # Errors
    /// [`ReportError`]: too many rows, or the workbook cannot be written.
    pub fn xlsx(&self) -> Result<Vec<u8>, ReportError> {
        self.check_size()?;
        let mut book = workbook(&self.head)?;
        let formats = Formats::new(self.head.lang);
        let sheet = book.add_worksheet();
        print_setup(sheet, &self.head, &self.head.title, HEAD_ROW)?;
        let columns: Vec<(&str, f64)> = self.columns.iter().map(|c| (c.name.as_str(), c.width)).collect();
        write_heads(sheet, HEAD_ROW, &columns, &formats)?;
        write_text(sheet, (0, 0), &self.head.title, &formats, &formats.title)?;
        if !self.filter.is_empty() {
            write_text(sheet, (1, 0), &self.filter, &formats, &formats.note)?;
        }
        for (at, row) in (HEAD_ROW + 1..).zip(&self.rows) {
            self.write_row(sheet, at, row, &formats)?;
        }
        if let (Some(last), false) = (self.columns.len().checked_sub(1), self.rows.is_empty()) {
            let last = u16::try_from(last).unwrap_or(u16::MAX);
            let rows = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
            sheet.autofilter(HEAD_ROW, 0, HEAD_ROW + rows, last)?;
        }
        finished(book, &self.head, &formats)
    }

    fn write_row(&self, sheet: &mut Worksheet, row: u32, cells: &[Cell], formats: &Formats) -> Result<(), ReportError> {
        for ((at, column), cell) in
            (0_u16..).zip(&self.columns).zip(cells.iter().chain(std::iter::repeat(&Cell::Empty)))
        {
            let place = (row, at);
            match cell {
                Cell::Empty => _ = sheet.write_blank(row, at, &formats.text)?,
                Cell::Text(text) => {
                    let format = match column.kind {
                        ColumnKind::Sign | ColumnKind::Date => &formats.centre,
                        _ => &formats.text,
                    };
                    write_text(sheet, place, text, formats, format)?;
                }
                Cell::Number(share) if column.kind == ColumnKind::Percent => {
                    write_percent(sheet, place, Some(*share), formats)?;
                }
                Cell::Number(number) if number.is_finite() => {
                    _ = sheet.write_number_with_format(row, at, *number, &formats.number)?;
                }
                Cell::Number(_) => _ = sheet.write_blank(row, at, &formats.number)?,
                Cell::Date(date) => write_date(sheet, place, Some(*date), formats)?,
            }
        }
        let texts = self.columns.iter().zip(cells).filter_map(|(column, cell)| match cell {
            Cell::Text(text) if column.width.is_finite() => Some((text.as_str(), column.width)),
            _ => None,
        });
        fit_row(sheet, row, texts)
    }
}
