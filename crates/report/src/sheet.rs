//! What all workbooks share: properties, cell formats, print set-up.

use crate::clean::{clean, clean_line};
use crate::date::long_date;
use crate::error::ReportError;
use crate::print::{Lang, PrintHead};
use crate::words::words;
use jiff::civil::Date;
use rust_xlsxwriter::{Color, DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, Worksheet};
use sakimori_domain::trail_mark::TrailMark;

/// Excel's paper code of A4.
const A4: u8 = 9;
/// Excel's limit on header and footer text.
const LONGEST_FOOTER: usize = 200;
/// Longest line of a checkpoint in a footer, so that date and marking have room beside it.
const LONGEST_MARK: usize = 140;

/// The formats of one workbook, made once.
pub(crate) struct Formats {
    pub(crate) title: Format,
    pub(crate) note: Format,
    pub(crate) head: Format,
    pub(crate) text: Format,
    /// Text that begins like a formula: the quote keeps it text even when the cell is edited.
    pub(crate) quoted: Format,
    pub(crate) centre: Format,
    pub(crate) number: Format,
    pub(crate) percent: Format,
    pub(crate) date: Format,
}

impl Formats {
    pub(crate) fn new(lang: Lang) -> Self {
        let font = match lang {
            Lang::Ja => "游ゴシック",
            Lang::En => "Calibri",
        };
        let plain = Format::new().set_font_name(font).set_font_size(10).set_align(FormatAlign::Top);
        let cell = plain.clone().set_border(FormatBorder::Thin).set_border_color(Color::RGB(0x0094_9497));
        let text = cell.clone().set_text_wrap();
        Self {
            title: plain.clone().set_font_size(14).set_bold(),
            note: plain,
            head: text
                .clone()
                .set_bold()
                .set_align(FormatAlign::Center)
                .set_align(FormatAlign::VerticalCenter)
                .set_background_color(Color::RGB(0x00E8_E8EB)),
            quoted: text.clone().set_quote_prefix(),
            centre: text.clone().set_align(FormatAlign::Center),
            number: cell.clone().set_num_format("#,##0.##;-#,##0.##;0"),
            percent: cell.clone().set_num_format("0%"),
            date: cell.set_num_format("yyyy/mm/dd").set_align(FormatAlign::Center),
            text,
        }
    }
}

/// A new workbook with title, company and creation date set from the data, never from the machine.
pub(crate) fn workbook(head: &PrintHead) -> Result<Workbook, ReportError> {
    let mut book = Workbook::new();
    let mut properties = DocProperties::new()
        .set_title(clean_line(&head.title))
        .set_company(clean_line(&head.organisation))
        .set_status(clean_line(&head.marking))
        .set_comment(clean_line(&head.checkpoint.line))
        .set_author("Sakimori");
    if let Some(date) = excel_date(head.report_date) {
        properties = properties.set_creation_datetime(&date);
    }
    book.set_properties(&properties);
    Ok(book)
}

/// The bytes of the workbook, after a last sheet with the signed checkpoint: a line of it in each row, so that the column
/// can be copied out as it is.
pub(crate) fn finished(mut book: Workbook, head: &PrintHead, formats: &Formats) -> Result<Vec<u8>, ReportError> {
    if !head.checkpoint.is_empty() {
        let english = head.lang == Lang::En;
        let sheet = book.add_worksheet();
        print_setup(sheet, head, TrailMark::title(english), 0)?;
        sheet.set_freeze_panes(0, 0)?;
        sheet.set_column_width(0, 120)?;
        write_text(sheet, (0, 0), TrailMark::title(english), formats, &formats.title)?;
        write_text(sheet, (1, 0), TrailMark::hint(english), formats, &formats.note)?;
        for (row, line) in (3..).zip(head.checkpoint.note.lines()) {
            write_text(sheet, (row, 0), line, formats, &formats.note)?;
        }
    }
    Ok(book.save_to_buffer()?)
}

/// A4 landscape, one page wide, marking and page numbers in the footer, the rows up to `head_row` repeated and frozen.
pub(crate) fn print_setup(
    sheet: &mut Worksheet,
    head: &PrintHead,
    name: &str,
    head_row: u32,
) -> Result<(), ReportError> {
    sheet.set_name(sheet_name(name))?;
    sheet.set_paper_size(A4).set_landscape().set_print_fit_to_pages(1, 0);
    sheet.set_margins(0.5, 0.5, 0.7, 0.7, 0.3, 0.3);
    sheet.set_repeat_rows(head_row, head_row)?;
    sheet.set_freeze_panes(head_row + 1, 0)?;
    let short = |text: &str| footer_text(text);
    sheet.set_header(format!(
        "&L{}　{}&R&\"-,Bold\"{}",
        short(&head.organisation),
        short(&head.title),
        short(&head.marking)
    ));
    // Blanks end the sizes: a name may begin with a digit. Above the other line, and small: it is longer than a third of the page. One that does not fit stands on its sheet.
    let mark =
        Some(clean_line(&head.checkpoint.line)).filter(|line| (1..=LONGEST_MARK).contains(&line.chars().count()));
    let mark = mark.map_or(String::new(), |line| format!("&6 {}\n&10 ", line.replace('&', "&&")));
    sheet.set_footer(format!(
        "&L{mark}{} {}&C&P / &N&R&\"-,Bold\"{}",
        words(head.lang).report_date,
        long_date(head.report_date, head.lang),
        short(&head.marking),
    ));
    Ok(())
}

/// Text for a header or footer: `&` starts a code there and must be doubled; Excel takes 255 characters in all.
fn footer_text(text: &str) -> String {
    clean_line(text).chars().take(LONGEST_FOOTER / 4).collect::<String>().replace('&', "&&")
}

/// A sheet name that Excel accepts: at most 31 characters, none of `[]:*?/\`, no quote at the ends, not empty.
fn sheet_name(name: &str) -> String {
    let cleaned: String = clean_line(name)
        .chars()
        .map(|c| if "[]:*?/\\".contains(c) { '・' } else { c })
        .collect::<String>()
        .trim_matches('\'')
        .to_owned();
    let mut short = String::new();
    for c in cleaned.chars() {
        if short.encode_utf16().count() + c.len_utf16() > 31 {
            break;
        }
        short.push(c);
    }
    let short = short.trim_end_matches('\'').to_owned();
    if short.trim().is_empty() || short.eq_ignore_ascii_case("history") { "一覧".to_owned() } else { short }
}

/// Writes text as a string cell, whatever it begins with.
pub(crate) fn write_text(
    sheet: &mut Worksheet,
    at: (u32, u16),
    text: &str,
    formats: &Formats,
    format: &Format,
) -> Result<(), ReportError> {
    let text = clean(text);
    let format =
        if text.starts_with(['=', '+', '-', '@']) && text.chars().nth(1).is_some() { &formats.quoted } else { format };
    if text.is_empty() {
        sheet.write_blank(at.0, at.1, format)?;
    } else {
        sheet.write_string_with_format(at.0, at.1, text, format)?;
    }
    Ok(())
}

/// Writes a date as a date; one outside Excel's calendar as text.
pub(crate) fn write_date(
    sheet: &mut Worksheet,
    at: (u32, u16),
    date: Option<Date>,
    formats: &Formats,
) -> Result<(), ReportError> {
    match date.map(|date| (date, excel_date(date))) {
        None => sheet.write_blank(at.0, at.1, &formats.date)?,
        Some((_, Some(day))) => sheet.write_datetime_with_format(at.0, at.1, &day, &formats.date)?,
        Some((date, None)) => sheet.write_string_with_format(at.0, at.1, date.to_string(), &formats.date)?,
    };
    Ok(())
}

fn excel_date(date: Date) -> Option<ExcelDateTime> {
    let year = u16::try_from(date.year()).ok()?;
    ExcelDateTime::from_ymd(year, u8::try_from(date.month()).ok()?, u8::try_from(date.day()).ok()?).ok()
}

/// Writes a share as percent, `－` where there is none.
pub(crate) fn write_percent(
    sheet: &mut Worksheet,
    at: (u32, u16),
    share: Option<f64>,
    formats: &Formats,
) -> Result<(), ReportError> {
    match share.filter(|share| share.is_finite()) {
        Some(share) => sheet.write_number_with_format(at.0, at.1, share, &formats.percent)?,
        None => sheet.write_string_with_format(at.0, at.1, "－", &formats.centre)?,
    };
    Ok(())
}

/// Writes a row of headings and sets the widths, given in full-width characters.
pub(crate) fn write_heads(
    sheet: &mut Worksheet,
    row: u32,
    columns: &[(&str, f64)],
    formats: &Formats,
) -> Result<(), ReportError> {
    for (at, (name, width)) in (0_u16..).zip(columns) {
        write_text(sheet, (row, at), name, formats, &formats.head)?;
        let width = if width.is_finite() { width.clamp(2.0, 80.0) } else { 10.0 };
        sheet.set_column_width(at, width * 2.0 + 1.0)?;
    }
    Ok(())
}

/// Height of a line of the workbook's type, and of the tallest row that Excel takes, in points.
const LINE_POINTS: f64 = 14.0;
const TALLEST_ROW: f64 = 409.0;

/// Makes a row tall enough for its wrapped texts. `cells`: text and column width in full-width characters. Excel would find
/// the height by itself when it opens the file; other programs do not.
pub(crate) fn fit_row<'a>(
    sheet: &mut Worksheet,
    row: u32,
    cells: impl IntoIterator<Item = (&'a str, f64)>,
) -> Result<(), ReportError> {
    let lines = cells.into_iter().map(|(text, width)| wrapped_lines(text, width)).fold(1.0, f64::max);
    if lines > 1.0 {
        sheet.set_row_height(row, (lines * LINE_POINTS + 2.0).min(TALLEST_ROW))?;
    }
    Ok(())
}

fn wrapped_lines(text: &str, width: f64) -> f64 {
    let units = |line: &str| line.chars().map(|c| if c.is_ascii() { 0.5 } else { 1.0 }).sum::<f64>();
    text.lines().map(|line| (units(line) / width.clamp(2.0, 80.0)).ceil().max(1.0)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sheet_names_fit_excel() {
        assert_eq!(sheet_name("a/b:c[1]*?"), "a・b・c・1・・・");
        assert_eq!(sheet_name("''"), "一覧");
        assert_eq!(sheet_name("History"), "一覧");
        assert!(sheet_name(&"🗾".repeat(40)).encode_utf16().count() <= 31);
    }

    #[test]
    fn rows_grow_with_their_wrapped_texts() {
        assert_eq!(wrapped_lines("", 10.0), 0.0);
        assert_eq!(wrapped_lines(&"あ".repeat(21), 10.0), 3.0);
        assert_eq!(wrapped_lines("ab\n\ncd", 10.0), 3.0);
    }

    #[test]
    fn an_ampersand_in_a_footer_is_text() {
        assert_eq!(footer_text("A&B"), "A&&B");
    }
}
