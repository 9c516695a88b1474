//! The 対照表 as a workbook and as CSV: the Mappings of two Editions, filled in offline and read back.
//!
//! A row is one pair; an item without a Mapping has a row with a blank counterpart. What a row means is in its visible
//! cells (both numbers, relation, status, rationale); the hidden key only tells which version of the pair was exported.

use jiff::civil::DateTime;
use rust_xlsxwriter::{
    Color, DataValidation, DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, Worksheet,
    XlsxError,
};
use sakimori_domain::crosswalk::{MappingStatus, Relation};
use sakimori_domain::text::number_id;
use sakimori_domain::trail_mark::TrailMark;

use super::cells::SheetCells;
use super::delimited::{TextEncoding, write_records};
use super::diff::{CellProblem, Severity};
use super::export::WriteError;
use super::import::{find_header, grid};
use super::mark;
use super::value::{cell_name, fold};

/// What goes into the workbook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappingBook {
    pub organisation: String,
    pub crosswalk_id: String,
    pub own_name: String,
    pub other_name: String,
    /// Printed on each page, e.g. 社外秘; empty for none.
    pub handling: String,
    /// Local time of the export.
    pub exported_at: DateTime,
    /// Checkpoint of the organisation's trail at the export.
    pub checkpoint: TrailMark,
    pub rows: Vec<MappingRow>,
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MappingRow {
    pub own: String,
    pub own_title: String,
    pub force: String,
    /// Empty: no counterpart, or not judged.
    pub other: String,
    pub other_title: String,
    pub relation: Option<Relation>,
    pub status: Option<MappingStatus>,
    pub rationale: String,
    pub decided_by: String,
    pub reviewed: String,
    /// Numbers of the best candidates, for who fills in.
    pub candidates: String,
    /// 0 where nothing is kept.
    pub version: i64,
}

/// A row as it came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadMapping {
    pub sheet: String,
    /// 0-based.
    pub row: u32,
    pub own: String,
    pub other: String,
    pub relation: Relation,
    /// Suggested: a row that was exported with a judgement and came back without one.
    pub status: MappingStatus,
    pub rationale: String,
    /// Version of the pair when it was exported; `None` for a row without a sound key.
    pub seen: Option<i64>,
    /// Cells of relation, status, rationale.
    pub cells: [String; 3],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Key,
    Own,
    OwnTitle,
    Force,
    Relation,
    Other,
    OtherTitle,
    Status,
    Rationale,
    DecidedBy,
    Reviewed,
    Candidates,
}

const COLUMNS: [(Column, &str, f64); 12] = [
    (Column::Key, "行キー（変更しないでください）", 10.0),
    (Column::Own, "番号", 22.0),
    (Column::OwnTitle, "項目", 30.0),
    (Column::Force, "強さ", 16.0),
    (Column::Relation, "関係", 18.0),
    (Column::Other, "相手の番号", 22.0),
    (Column::OtherTitle, "相手の項目", 30.0),
    (Column::Status, "状態", 8.0),
    (Column::Rationale, "理由・備考", 44.0),
    (Column::DecidedBy, "判定者", 16.0),
    (Column::Reviewed, "第二確認", 18.0),
    (Column::Candidates, "候補（上位3件）", 34.0),
];
const HEADER_ROW: u32 = 2;
const SHEET: &str = "対照表";
const KEY: &str = "skx1";
/// Rows below the table that have the drop-downs too, for rows that people add.
const SPARE_ROWS: u32 = 500;

/// The word of a relation in the drop-down.
pub fn relation_word(relation: Relation) -> String {
    format!("{} {}", relation.sign(), relation.ja())
}

fn key(book: &MappingBook, row: &MappingRow) -> String {
    format!("{KEY}|{}|{}|{}|{}", book.crosswalk_id, row.version, row.own, row.other)
}

fn text_of(column: Column, book: &MappingBook, row: &MappingRow) -> String {
    match column {
        Column::Key => key(book, row),
        Column::Own => row.own.clone(),
        Column::OwnTitle => row.own_title.clone(),
        Column::Force => row.force.clone(),
        Column::Relation => row.relation.map(relation_word).unwrap_or_default(),
        Column::Other => row.other.clone(),
        Column::OtherTitle => row.other_title.clone(),
        Column::Status => row.status.map_or("", |status| status.ja()).to_owned(),
        Column::Rationale => row.rationale.clone(),
        Column::DecidedBy => row.decided_by.clone(),
        Column::Reviewed => row.reviewed.clone(),
        Column::Candidates => row.candidates.clone(),
    }
}

/// The workbook: one sheet, drop-downs for relation and status, the key hidden.
///
/// # Errors
/// A text that no cell holds, or a workbook that cannot be written.
pub fn write_mappings(book: &MappingBook) -> Result<Vec<u8>, WriteError> {
    let mut out = Workbook::new();
    let at = book.exported_at;
    let created = ExcelDateTime::from_ymd(at.year() as u16, at.month() as u8, at.day() as u8)?.and_hms(
        at.hour() as u16,
        at.minute() as u8,
        at.second() as u8,
    )?;
    out.set_properties(
        &DocProperties::new()
            .set_title(SHEET)
            .set_company(&book.organisation)
            .set_comment(&book.checkpoint.line)
            .set_creation_datetime(&created),
    );
    let base = || {
        Format::new()
            .set_font_name("游ゴシック")
            .set_font_size(10)
            .set_align(FormatAlign::Top)
            .set_text_wrap()
            .set_border(FormatBorder::Thin)
            .set_border_color(Color::RGB(0xB3B3B3))
    };
    let (fill, fixed) = (base(), base().set_background_color(Color::RGB(0xF2F5FA)));
    let header = base().set_bold().set_align(FormatAlign::Center).set_background_color(Color::RGB(0xE8E8EB));
    let title = Format::new().set_font_name("游ゴシック").set_font_size(14).set_bold();
    let hint = Format::new().set_font_name("游ゴシック").set_font_size(9);
    let sheet = out.add_worksheet();
    sheet.set_name(SHEET)?;
    sheet.write_string_with_format(0, 1, format!("対照表　{} → {}", book.own_name, book.other_name), &title)?;
    let line = "白い欄に記入します。対応を足すときは行を挿入し、番号・相手の番号・関係を書きます。対応がない項目は相手の番号を空け、関係を「✕ 対応なし」にします。";
    sheet.write_string_with_format(1, 1, line, &hint)?;
    for (col, (_, name, width)) in (0_u16..).zip(COLUMNS) {
        sheet.write_string_with_format(HEADER_ROW, col, name, &header)?;
        sheet.set_column_width(col, width)?;
    }
    for (row, content) in (HEADER_ROW + 1..).zip(&book.rows) {
        for (col, (column, ..)) in (0_u16..).zip(COLUMNS) {
            let open = matches!(column, Column::Relation | Column::Other | Column::Status | Column::Rationale);
            let format = if open { &fill } else { &fixed };
            let text = text_of(column, book, content);
            let place = || format!("{SHEET} {}", content.own);
            let written = match text.is_empty() {
                true => sheet.write_blank(row, col, format),
                false => sheet.write_string_with_format(row, col, text, format),
            };
            written.map_err(|source| WriteError::Cell { place: place(), source })?;
        }
    }
    let last = HEADER_ROW + u32::try_from(book.rows.len()).unwrap_or(u32::MAX / 2);
    set_up(sheet, book, last)?;
    mark::write_sheet(&mut out, &book.checkpoint, false)?;
    Ok(out.save_to_buffer()?)
}

fn place(column: Column) -> u16 {
    COLUMNS.iter().position(|(c, ..)| *c == column).and_then(|at| u16::try_from(at).ok()).unwrap_or(u16::MAX)
}

fn set_up(sheet: &mut Worksheet, book: &MappingBook, last: u32) -> Result<(), XlsxError> {
    let relations: Vec<String> = Relation::ALL.iter().map(|relation| relation_word(*relation)).collect();
    let states = [MappingStatus::Confirmed.ja(), MappingStatus::Rejected.ja()];
    let relation = DataValidation::new()
        .allow_list_strings(&relations)?
        .set_input_title("関係")?
        .set_input_message("左の項目から見た関係を選びます。")?;
    let status = DataValidation::new().allow_list_strings(&states)?;
    for (column, validation) in [(Column::Relation, relation), (Column::Status, status)] {
        let col = place(column);
        sheet.add_data_validation(HEADER_ROW + 1, col, last + SPARE_ROWS, col, &validation)?;
    }
    sheet.set_column_hidden(place(Column::Key))?;
    sheet.set_freeze_panes(HEADER_ROW + 1, place(Column::Force))?;
    sheet.autofilter(HEADER_ROW, 0, last.max(HEADER_ROW + 1), place(Column::Candidates))?;
    sheet.set_landscape().set_paper_size(9).set_repeat_rows(HEADER_ROW, HEADER_ROW)?;
    sheet.set_print_fit_to_pages(1, 0);
    let clean = |text: &str| text.chars().take(60).collect::<String>().replace('&', "&&");
    sheet.set_header(format!("&L{} → {}&R{}", clean(&book.own_name), clean(&book.other_name), clean(&book.handling)));
    let mark = mark::footer(&book.checkpoint);
    sheet.set_footer(format!("&L{mark}{}&C&P / &N&R{}", clean(&book.organisation), clean(&book.handling)));
    Ok(())
}

/// The same rows as CSV, and how many letters the encoding could not hold.
pub fn mappings_csv(book: &MappingBook, encoding: TextEncoding) -> (Vec<u8>, usize) {
    let heads = COLUMNS.iter().map(|(_, name, _)| (*name).to_owned()).collect();
    let rows = book.rows.iter().map(|row| COLUMNS.iter().map(|(column, ..)| text_of(*column, book, row)).collect());
    write_records(std::iter::once(heads).chain(rows), encoding)
}

fn known(header: &str) -> Option<Column> {
    let folded = fold(header);
    COLUMNS.iter().find(|(_, name, _)| fold(name) == folded).map(|(column, ..)| *column)
}

fn relation_of(text: &str) -> Option<Relation> {
    let text = text.trim();
    Relation::ALL.iter().copied().find(|relation| {
        let words = [
            relation_word(*relation),
            relation.ja().to_owned(),
            relation.code().to_owned(),
            relation.sign().to_owned(),
        ];
        words.iter().any(|word| fold(word) == fold(text))
    })
}

fn status_of(text: &str) -> Option<MappingStatus> {
    MappingStatus::ALL.iter().copied().find(|status| fold(status.ja()) == fold(text) || status.code() == text.trim())
}

/// Reads the sheets of such a workbook; what cannot be understood is a problem with its cell. Rows that say nothing of a
/// pair are passed over. Empty when no sheet has the columns.
pub fn read_mappings(crosswalk_id: &str, sheets: &[SheetCells]) -> Option<(Vec<ReadMapping>, Vec<CellProblem>)> {
    let (mut rows, mut problems, mut any) = (Vec::new(), Vec::new(), false);
    for sheet in sheets.iter().filter(|sheet| !sheet.hidden) {
        let cells = grid(sheet);
        let Some((header, columns)) = find_header(&cells, 3, known) else { continue };
        let col = |column: Column| columns.iter().find(|(c, _)| *c == column).map(|(_, col)| *col);
        let (Some(own), Some(other), Some(relation)) = (col(Column::Own), col(Column::Other), col(Column::Relation))
        else {
            continue;
        };
        any = true;
        for (row, line) in cells.range(header + 1..) {
            let text = |col: Option<u32>| col.and_then(|col| line.get(&col)).map_or("", |cell| cell.text.trim());
            let raw = Raw {
                sheet: &sheet.name,
                row: *row,
                own: number_id(text(Some(own))),
                other: number_id(text(Some(other))),
                relation: text(Some(relation)),
                status: text(col(Column::Status)),
                rationale: text(col(Column::Rationale)),
                key: text(col(Column::Key)),
                cells: [Some(relation), col(Column::Status), col(Column::Rationale)]
                    .map(|col| col.map_or(String::new(), |col| cell_name(*row, col))),
            };
            match raw.read(crosswalk_id) {
                Ok(found) => rows.extend(found),
                Err(problem) => problems.push(*problem),
            }
        }
    }
    any.then_some((rows, problems))
}

struct Raw<'a> {
    sheet: &'a str,
    row: u32,
    own: String,
    other: String,
    relation: &'a str,
    status: &'a str,
    rationale: &'a str,
    key: &'a str,
    cells: [String; 3],
}

impl Raw<'_> {
    /// The version of the key, if it is a key of this very pair.
    fn seen(&self, crosswalk_id: &str) -> Option<i64> {
        let mut parts = self.key.splitn(5, '|');
        let (format, crosswalk) = (parts.next()?, parts.next()?);
        let version = parts.next()?.parse().ok()?;
        let same =
            format == KEY && crosswalk == crosswalk_id && parts.next()? == self.own && parts.next()? == self.other;
        same.then_some(version)
    }

    fn problem(&self, at: usize, code: &str, ja: String, en: String) -> Box<CellProblem> {
        Box::new(CellProblem {
            sheet: self.sheet.to_owned(),
            cell: self.cells.get(at).filter(|cell| !cell.is_empty()).cloned().unwrap_or_else(|| cell_name(self.row, 0)),
            code: code.to_owned(),
            severity: Severity::Error,
            message_ja: ja,
            message_en: en,
        })
    }

    fn read(&self, crosswalk_id: &str) -> Result<Option<ReadMapping>, Box<CellProblem>> {
        let seen = self.seen(crosswalk_id);
        let said = !self.relation.is_empty() || !self.status.is_empty();
        if self.own.is_empty() || !said && seen.unwrap_or(0) == 0 {
            // A counterpart without a relation says nothing that could be kept, and must not vanish unseen.
            if !self.own.is_empty() && !self.other.is_empty() && !said {
                let ja = "相手の番号に関係がありません。関係を選んでください。".to_owned();
                return Err(self.problem(
                    0,
                    "relation-missing",
                    ja,
                    "A counterpart without a relation: choose one.".to_owned(),
                ));
            }
            return Ok(None);
        }
        let status = match self.status {
            "" if !said => MappingStatus::Suggested,
            "" => MappingStatus::Confirmed,
            text => status_of(text).ok_or_else(|| {
                let ja = format!("状態「{}」は、確定・却下のどちらでもありません。", short(text));
                self.problem(1, "status-unknown", ja, format!("{} is neither 確定 nor 却下.", short(text)))
            })?,
        };
        let relation = match self.relation {
            "" if status == MappingStatus::Confirmed => {
                let ja = "確定には関係が必要です。".to_owned();
                return Err(self.problem(0, "relation-missing", ja, "A confirmed pair needs a relation.".to_owned()));
            }
            "" => Relation::None,
            text => relation_of(text).ok_or_else(|| {
                let ja = format!("関係「{}」を読み取れません。一覧から選んでください。", short(text));
                self.problem(
                    0,
                    "relation-unknown",
                    ja,
                    format!("{} is no relation: choose from the list.", short(text)),
                )
            })?,
        };
        Ok(Some(ReadMapping {
            sheet: self.sheet.to_owned(),
            row: self.row,
            own: self.own.clone(),
            other: self.other.clone(),
            relation,
            status,
            rationale: self.rationale.to_owned(),
            seen,
            cells: self.cells.clone(),
        }))
    }
}

fn short(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{CellLimits, read_cells, read_delimited};
    use super::*;

    fn book() -> MappingBook {
        let row = |own: &str, other: &str, relation, version| MappingRow {
            own: own.to_owned(),
            own_title: "題名".to_owned(),
            other: other.to_owned(),
            relation,
            status: relation.map(|_| MappingStatus::Confirmed),
            rationale: "=1+1 は式ではない".to_owned(),
            version,
            ..MappingRow::default()
        };
        MappingBook {
            organisation: "架空".to_owned(),
            crosswalk_id: "x".to_owned(),
            own_name: "A".to_owned(),
            other_name: "B".to_owned(),
            handling: "社外秘".to_owned(),
            exported_at: jiff::civil::date(2026, 11, 20).at(9, 0, 0, 0),
            checkpoint: TrailMark { line: "o 1 r".to_owned(), note: "o\n1\nr\n\n— o s\n".to_owned() },
            rows: vec![
                row("1/(1)", "A.1", Some(Relation::SubsetOf), 3),
                row("2", "", Some(Relation::None), 1),
                row("3", "", None, 0),
            ],
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        let book = book();
        let sheets = read_cells(&write_mappings(&book).expect("a workbook"), &CellLimits::default()).expect("cells");
        let csv = mappings_csv(&book, TextEncoding::Utf8).0;
        let csv = read_delimited(&csv, "a.csv", &CellLimits::default()).expect("CSV");
        for sheets in [sheets, vec![csv]] {
            let (rows, problems) = read_mappings("x", &sheets).expect("the columns are there");
            assert!(problems.is_empty(), "{problems:?}");
            let told: Vec<_> = rows.iter().map(|r| (r.own.as_str(), r.other.as_str(), r.relation, r.seen)).collect();
            assert_eq!(
                told,
                [("1/(1)", "A.1", Relation::SubsetOf, Some(3)), ("2", "", Relation::None, Some(1))],
                "the row that says nothing is passed over"
            );
            assert_eq!(rows[0].rationale, "=1+1 は式ではない");
            let foreign = read_mappings("y", &sheets).expect("the columns are there").0;
            assert!(foreign.iter().all(|row| row.seen.is_none()), "a key of another crosswalk is none of this one");
        }
    }

    #[test]
    fn words_that_are_no_relation_are_problems_with_their_cell() {
        let mut sheets =
            read_cells(&write_mappings(&book()).expect("a workbook"), &CellLimits::default()).expect("cells");
        for cell in sheets.iter_mut().flat_map(|sheet| &mut sheet.cells).filter(|cell| cell.row == 3 && cell.col == 4) {
            cell.text = "だいたい同じ".to_owned();
        }
        let (rows, problems) = read_mappings("x", &sheets).expect("the columns are there");
        assert_eq!(rows.len(), 1);
        assert_eq!((problems[0].code.as_str(), problems[0].cell.as_str()), ("relation-unknown", "E4"));
    }
}
