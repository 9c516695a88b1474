//! Writes the workbook that people fill in.

use super::layout::{COLUMNS, Column, FORMAT_VERSION, HEADER_ROW, METADATA_SHEET, place};
use super::mark;
use super::row_id::RowId;
use super::words::Language;
use jiff::civil::{Date, DateTime};
use rust_xlsxwriter::{
    Color, DataValidation, DataValidationErrorStyle, DataValidationRule, DocProperties, ExcelDateTime, Format,
    FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError,
};
use sakimori_domain::assurance::{Answer, AnswerField, AnswerStatus, DUE_FIRST, DUE_LAST, Maturity};
use sakimori_domain::trail_mark::TrailMark;
use std::collections::HashSet;

/// One Assessment (or a department's part of it) to be written.
#[derive(Debug, Clone, PartialEq)]
pub struct AssessmentSheetData {
    pub organisation_id: String,
    pub organisation_name: String,
    pub assessment_id: String,
    pub assessment_name: String,
    /// Of headers, instructions and drop-downs.
    pub language: Language,
    /// Printed on each page, e.g. 社外秘; empty for none.
    pub handling: String,
    /// Local time of the export.
    pub exported_at: DateTime,
    /// Checkpoint of the organisation's trail at the export.
    pub checkpoint: TrailMark,
    pub sheets: Vec<StandardSheet>,
}

/// The rows of one Standard: one sheet.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StandardSheet {
    /// Short name of the Edition; becomes the sheet's name.
    pub name: String,
    /// Full title of the Edition.
    pub title: String,
    pub rows: Vec<SheetRow>,
}

/// One Provision and its answer.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SheetRow {
    /// Key of the answer in the assessment.
    pub key: String,
    /// Version of the answer now.
    pub version: u64,
    pub number: String,
    pub title: String,
    /// Self-assessment question in our own words.
    pub question: String,
    /// Force as shown, e.g. 強制要件.
    pub force: String,
    pub reason: String,
    pub answer: Answer,
    /// The last assessment's answer.
    pub last: Option<Answer>,
    /// Where the answer was carried over from; empty where somebody wrote it here.
    pub source: String,
}

/// The workbook could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    #[error("{place}: {source}; shorten the text or export fewer rows")]
    Cell { place: String, source: XlsxError },
    #[error("the workbook cannot be written: {0}")]
    Book(#[from] XlsxError),
}

/// Formats are made once: making one per cell costs more than the rest of the export.
struct Formats {
    title: Format,
    hint: Format,
    header: Format,
    fixed: Format,
    fill: Format,
    mark: Format,
    date: Format,
    grey: Format,
}

impl Formats {
    fn new() -> Self {
        let base = || {
            Format::new()
                .set_font_name("游ゴシック")
                .set_font_size(10)
                .set_align(FormatAlign::Top)
                .set_text_wrap()
                .set_border(FormatBorder::Thin)
                .set_border_color(Color::RGB(0xB3B3B3))
        };
        Self {
            title: Format::new().set_font_name("游ゴシック").set_font_size(14).set_bold(),
            hint: Format::new().set_font_name("游ゴシック").set_font_size(9).set_font_color(Color::RGB(0x595959)),
            header: base()
                .set_bold()
                .set_align(FormatAlign::VerticalCenter)
                .set_align(FormatAlign::Center)
                .set_font_color(Color::White)
                .set_background_color(Color::RGB(0x1A3E6E)),
            fixed: base().set_background_color(Color::RGB(0xF2F5FA)),
            fill: base(),
            mark: base().set_align(FormatAlign::Center).set_font_size(12),
            date: base().set_num_format("yyyy/mm/dd").set_align(FormatAlign::Center),
            grey: base().set_font_color(Color::RGB(0x595959)).set_background_color(Color::RGB(0xE6E6E6)),
        }
    }
}

/// Writes the workbook: instructions, one sheet per Standard, and a very hidden sheet that says what it is.
/// Texts are written as strings only, so that `=…` in an answer stays a text.
pub fn write_workbook(data: &AssessmentSheetData) -> Result<Vec<u8>, WriteError> {
    let mut book = Workbook::new();
    book.set_properties(&properties(data)?);
    let formats = Formats::new();
    write_guide(book.add_worksheet(), data, &formats)?;
    let english = data.language == Language::En;
    let mark = TrailMark::title(english);
    let mut taken: HashSet<String> = [data.language.guide_sheet(), METADATA_SHEET, mark].map(str::to_lowercase).into();
    for sheet in &data.sheets {
        let name = sheet_name(&sheet.name, data.language, &mut taken);
        let worksheet = book.add_worksheet();
        worksheet.set_name(&name)?;
        write_standard(worksheet, data, sheet, &formats)?;
    }
    if let Ok(first) = book.worksheet_from_index(1) {
        first.set_active(true);
    }
    mark::write_sheet(&mut book, &data.checkpoint, english)?;
    write_metadata(book.add_worksheet(), data)?;
    Ok(book.save_to_buffer()?)
}

fn properties(data: &AssessmentSheetData) -> Result<DocProperties, XlsxError> {
    let at = data.exported_at;
    // The library would ask the clock; the export has one time, that of the metadata sheet.
    let created = excel_date(at.date())?.and_hms(at.hour() as u16, at.minute() as u8, at.second() as u8)?;
    Ok(DocProperties::new()
        .set_title(&data.assessment_name)
        .set_company(&data.organisation_name)
        .set_comment(&data.checkpoint.line)
        .set_creation_datetime(&created))
}

fn excel_date(day: Date) -> Result<ExcelDateTime, XlsxError> {
    ExcelDateTime::from_ymd(day.year() as u16, day.month() as u8, day.day() as u8)
}

/// A name that Excel accepts: at most 31 UTF-16 units, none of `[]:*?/\`, no quote at the ends, not taken.
fn sheet_name(wanted: &str, language: Language, taken: &mut HashSet<String>) -> String {
    let clean: String =
        wanted.chars().map(|c| if "[]:*?/\\".contains(c) || c.is_control() { '_' } else { c }).collect();
    let clean = clean.trim().trim_matches('\'');
    let base = if clean.is_empty() { language.t("点検表", "Sheet") } else { clean };
    for attempt in 1u32.. {
        let suffix = if attempt == 1 { String::new() } else { format!(" ({attempt})") };
        let mut units = 31 - suffix.len();
        let head: String = base
            .chars()
            .take_while(|c| units.checked_sub(c.len_utf16()).inspect(|left| units = *left).is_some())
            .collect();
        let name = format!("{head}{suffix}");
        if taken.insert(name.to_lowercase()) {
            return name;
        }
    }
    unreachable!("a free name comes up before the counter ends")
}

fn write_standard(
    sheet: &mut Worksheet,
    data: &AssessmentSheetData,
    standard: &StandardSheet,
    formats: &Formats,
) -> Result<(), WriteError> {
    let heading = if standard.title.is_empty() { &standard.name } else { &standard.title };
    let number = place(Column::Number);
    sheet.write_string_with_format(0, number, heading, &formats.title)?;
    let line = format!(
        "{}　{}　{} {}　{}",
        data.organisation_name,
        data.assessment_name,
        data.language.t("出力", "exported"),
        data.exported_at.strftime("%Y-%m-%d %H:%M"),
        data.language.sheet_hint()
    );
    sheet.write_string_with_format(1, number, line, &formats.hint)?;
    for (place, (_, ja, en, width)) in (0u16..).zip(COLUMNS) {
        sheet.write_string_with_format(HEADER_ROW, place, data.language.t(ja, en), &formats.header)?;
        sheet.set_column_width(place, *width)?;
    }
    sheet.set_row_height(HEADER_ROW, 30)?;
    for (row, content) in (HEADER_ROW + 1..).zip(&standard.rows) {
        write_row(sheet, row, data, content, formats)
            .map_err(|source| WriteError::Cell { place: format!("{heading} {}", content.number), source })?;
    }
    let last_row = HEADER_ROW + u32::try_from(standard.rows.len()).unwrap_or(u32::MAX - HEADER_ROW);
    add_validations(sheet, data.language, last_row.max(HEADER_ROW + 1))?;
    set_up_view(sheet, data, last_row)?;
    Ok(())
}

fn write_row(
    sheet: &mut Worksheet,
    row: u32,
    data: &AssessmentSheetData,
    content: &SheetRow,
    formats: &Formats,
) -> Result<(), XlsxError> {
    let id =
        RowId::of(&data.organisation_id, &data.assessment_id, &content.key, content.version, &content.answer).print();
    let blank = Answer::default();
    let last = content.last.as_ref().unwrap_or(&blank);
    for (col, (column, ..)) in (0u16..).zip(COLUMNS) {
        let (text, format) = match column {
            Column::RowId => (id.as_str(), &formats.fixed),
            Column::Number => (content.number.as_str(), &formats.fixed),
            Column::Title => (content.title.as_str(), &formats.fixed),
            Column::Question => (content.question.as_str(), &formats.fixed),
            Column::Force => (content.force.as_str(), &formats.fixed),
            Column::Reason => (content.reason.as_str(), &formats.fixed),
            Column::LastStatus => (last.status.ja(), &formats.grey),
            Column::LastCurrent => (last.current.as_str(), &formats.grey),
            Column::LastPlan => (last.plan.as_str(), &formats.grey),
            Column::Source => (content.source.as_str(), &formats.grey),
            Column::Field(field) => {
                write_field(sheet, (row, col), data.language, *field, &content.answer, formats)?;
                continue;
            }
        };
        write_text(sheet, row, col, text, format)?;
    }
    Ok(())
}

fn write_field(
    sheet: &mut Worksheet,
    (row, col): (u32, u16),
    language: Language,
    field: AnswerField,
    answer: &Answer,
    formats: &Formats,
) -> Result<(), XlsxError> {
    let text = match field {
        AnswerField::Status => return write_text(sheet, row, col, answer.status.ja(), &formats.mark),
        AnswerField::Maturity => {
            let text = answer.maturity.map(|level| language.maturity(level)).unwrap_or_default();
            return write_text(sheet, row, col, &text, &formats.fill);
        }
        AnswerField::Due => {
            return match answer.due {
                Some(due) => sheet.write_datetime_with_format(row, col, excel_date(due)?, &formats.date).map(|_| ()),
                None => sheet.write_blank(row, col, &formats.date).map(|_| ()),
            };
        }
        AnswerField::NaReason => &answer.na_reason,
        AnswerField::Current => &answer.current,
        AnswerField::Plan => &answer.plan,
        AnswerField::Owner => &answer.owner,
        AnswerField::Department => &answer.department,
    };
    write_text(sheet, row, col, text, &formats.fill)
}

fn write_text(sheet: &mut Worksheet, row: u32, col: u16, text: &str, format: &Format) -> Result<(), XlsxError> {
    if text.is_empty() {
        return sheet.write_blank(row, col, format).map(|_| ());
    }
    if text.contains('\r') {
        let unified = text.replace("\r\n", "\n").replace('\r', "\n");
        return sheet.write_string_with_format(row, col, unified, format).map(|_| ());
    }
    sheet.write_string_with_format(row, col, text, format).map(|_| ())
}

/// Drop-downs and date checks warn and let pass: the import explains better than a dialogue box, and pasted values
/// escape the check anyway.
fn add_validations(sheet: &mut Worksheet, language: Language, last_row: u32) -> Result<(), XlsxError> {
    let first = HEADER_ROW + 1;
    let title = |field: AnswerField| language.t(field.ja(), field.en());
    let marks: Vec<_> = AnswerStatus::ALL.iter().map(|s| s.ja()).filter(|mark| !mark.is_empty()).collect();
    let status = DataValidation::new()
        .allow_list_strings(&marks)?
        .set_input_title(title(AnswerField::Status))?
        .set_input_message(language.t(
            "○対応済み △一部対応 ×未対応 －対象外（理由を記入）",
            "○ done, △ partly, × not done, － not applicable (say why)",
        ))?
        .set_error_title(title(AnswerField::Status))?
        .set_error_message(language.t("○ △ × － から選んでください。", "Choose one of ○ △ × －."))?;
    let levels: Vec<_> = Maturity::all().map(|level| language.maturity(level)).collect();
    let maturity = DataValidation::new()
        .allow_list_strings(&levels)?
        .set_error_title(title(AnswerField::Maturity))?
        .set_error_message(language.t("0 から 5 の段階から選んでください。", "Choose a level from 0 to 5."))?;
    let due = DataValidation::new()
        .allow_date(DataValidationRule::Between(excel_date(DUE_FIRST)?, excel_date(DUE_LAST)?))
        .set_error_style(DataValidationErrorStyle::Warning)
        .set_error_title(title(AnswerField::Due))?
        .set_error_message(language.t(
            "日付（例 2026/3/31）を入力してください。令和8年3月31日 の形でも取り込めます。",
            "Enter a date such as 2026-03-31.",
        ))?;
    for (field, validation) in
        [(AnswerField::Status, status), (AnswerField::Maturity, maturity), (AnswerField::Due, due)]
    {
        let col = place(Column::Field(field));
        sheet.add_data_validation(first, col, last_row, col, &validation)?;
    }
    Ok(())
}

fn set_up_view(sheet: &mut Worksheet, data: &AssessmentSheetData, last_row: u32) -> Result<(), XlsxError> {
    let last_col = place(Column::Source);
    sheet.set_column_hidden(place(Column::RowId))?;
    sheet.set_freeze_panes(HEADER_ROW + 1, place(Column::Question))?;
    sheet.autofilter(HEADER_ROW, 0, last_row.max(HEADER_ROW + 1), last_col)?;
    sheet.set_landscape();
    sheet.set_paper_size(9);
    sheet.set_repeat_rows(HEADER_ROW, HEADER_ROW)?;
    // Two pages side by side, cut before 現状, with number and title on both: one page would print at 40 %.
    sheet.set_repeat_columns(place(Column::Number), place(Column::Title))?;
    sheet.set_vertical_page_breaks(&[u32::from(place(Column::Field(AnswerField::Current)))])?;
    sheet.set_print_area(0, place(Column::Number), last_row, place(Column::Field(AnswerField::Department)))?;
    sheet.set_print_scale(60);
    sheet.set_page_order(false);
    sheet.set_margins(0.4, 0.4, 0.6, 0.6, 0.3, 0.3);
    // `&` starts a code in headers and footers.
    let clean = |text: &str| text.replace('&', "&&");
    sheet.set_header(format!("&L{}&R{}", clean(&data.assessment_name), clean(&data.handling)));
    let mark = mark::footer(&data.checkpoint);
    sheet.set_footer(format!("&L{mark}{}&C&P / &N&R{}", clean(&data.organisation_name), clean(&data.handling)));
    Ok(())
}

fn write_guide(sheet: &mut Worksheet, data: &AssessmentSheetData, formats: &Formats) -> Result<(), WriteError> {
    let language = data.language;
    sheet.set_name(language.guide_sheet())?;
    sheet.set_column_width(0, 18)?;
    sheet.set_column_width(1, 90)?;
    let title = format!("{}　{}", data.assessment_name, language.guide_sheet());
    sheet.write_string_with_format(0, 0, title, &formats.title)?;
    let lines = language.guide();
    for (row, (head, text)) in (2u32..).zip(&lines) {
        sheet.write_string_with_format(row, 0, *head, &formats.fixed)?;
        sheet.write_string_with_format(row, 1, text, &formats.fill)?;
    }
    sheet.set_paper_size(9);
    sheet.set_landscape();
    sheet.set_print_fit_to_pages(1, 0);
    Ok(())
}

fn write_metadata(sheet: &mut Worksheet, data: &AssessmentSheetData) -> Result<(), WriteError> {
    sheet.set_name(METADATA_SHEET)?;
    let exported_at = data.exported_at.to_string();
    let lines = [
        ("format", FORMAT_VERSION),
        ("organisation", data.organisation_id.as_str()),
        ("assessment", data.assessment_id.as_str()),
        ("exported-at", exported_at.as_str()),
        ("language", data.language.t("ja", "en")),
    ];
    for (row, (key, text)) in (0u32..).zip(lines) {
        sheet.write_string(row, 0, key)?;
        sheet.write_string(row, 1, text)?;
    }
    sheet.set_very_hidden(true);
    Ok(())
}
