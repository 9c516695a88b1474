//! The checkpoint of the trail in a workbook that comes back: a sheet without any column of ours, which every reader passes
//! over, and a line at the foot of the printed pages.

use rust_xlsxwriter::{Format, Workbook, XlsxError};
use sakimori_domain::trail_mark::TrailMark;

/// Longest line in a footer, of which Excel takes 255 characters in all.
const LONGEST: usize = 140;

/// Adds the sheet with the signed checkpoint, a line of it in each row.
pub(super) fn write_sheet(book: &mut Workbook, mark: &TrailMark, english: bool) -> Result<(), XlsxError> {
    if mark.is_empty() {
        return Ok(());
    }
    let plain = Format::new().set_font_name("游ゴシック").set_font_size(10);
    let title = plain.clone().set_font_size(14).set_bold();
    let sheet = book.add_worksheet();
    sheet.set_name(TrailMark::title(english))?;
    sheet.set_column_width(0, 120)?;
    sheet.write_string_with_format(0, 0, TrailMark::title(english), &title)?;
    sheet.write_string_with_format(1, 0, TrailMark::hint(english), &plain)?;
    for (row, line) in (3..).zip(mark.note.lines()) {
        if !line.is_empty() {
            sheet.write_string_with_format(row, 0, line, &plain)?;
        }
    }
    sheet.set_paper_size(9).set_landscape().set_print_fit_to_pages(1, 0);
    Ok(())
}

/// Whether a sheet is that sheet.
pub(super) fn is_mark(sheet: &str) -> bool {
    [false, true].iter().any(|english| sheet == TrailMark::title(*english))
}

/// What stands before the left part of a footer: the line, small, above it. Blanks end the sizes: a name may begin with a digit.
pub(super) fn footer(mark: &TrailMark) -> String {
    match mark.line.chars().count() {
        1..=LONGEST => format!("&6 {}\n&10 ", mark.line.replace('&', "&&")),
        _ => String::new(),
    }
}
