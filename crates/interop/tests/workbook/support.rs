//! What the workbook tests share: a made-up assessment, and edits of a workbook as a person would make them.

use jiff::civil::date;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
use sakimori_domain::assurance::*;
use sakimori_domain::trail_mark::TrailMark;
use sakimori_interop::workbook::*;
use std::collections::BTreeMap;

/// A sheet as rows of texts, cells by column.
pub type Rows = Vec<BTreeMap<u32, String>>;

pub fn answer(n: usize) -> Answer {
    match n % 5 {
        0 => Answer::default(),
        1 => Answer {
            status: AnswerStatus::Yes,
            maturity: Maturity::new(3),
            current: format!("手順書を整備\n二行目 {n}"),
            owner: "青木".into(),
            department: "運用課".into(),
            ..Answer::default()
        },
        2 => Answer {
            status: AnswerStatus::Partly,
            plan: "来期に更新\n\n機器を入れ替える".into(),
            due: Some(date(2027, 3, 31)),
            ..Answer::default()
        },
        3 => Answer {
            status: AnswerStatus::No,
            current: "=HYPERLINK(\"http://example.invalid\")".into(),
            ..Answer::default()
        },
        _ => {
            Answer {
                status: AnswerStatus::NotApplicable, na_reason: "該当する設備がない".into(), ..Answer::default()
            }
        }
    }
}

pub fn data(rows: usize) -> AssessmentSheetData {
    let row = |n: usize| SheetRow {
        key: format!("std-a/{}.{}", n / 10 + 1, n % 10 + 1),
        version: 1,
        number: format!("{}.{}", n / 10 + 1, n % 10 + 1),
        title: format!("点検する項目の{n}番目"),
        question: "外部との接続点を台帳に記し、毎年見直していますか。".into(),
        force: "強制要件".into(),
        reason: "強制要件（指定港: 名古屋港のため）".into(),
        answer: answer(n),
        last: Some(answer(n + 1)),
        source: String::new(),
    };
    AssessmentSheetData {
        organisation_id: "org-1".into(),
        organisation_name: "みなと荷役（架空）".into(),
        assessment_id: "as-2026".into(),
        assessment_name: "2026年度 自己点検".into(),
        language: Language::Ja,
        handling: "社外秘".into(),
        exported_at: date(2026, 11, 21).at(9, 0, 0, 0),
        checkpoint: TrailMark {
            line: "sakimori/test/o/org-1 12 AAEC".into(),
            note: "sakimori/test/o/org-1\n12\nAAEC\n\n— sakimori/test/o/org-1 Az3g\n".into(),
        },
        sheets: vec![StandardSheet {
            name: "架空基準".into(),
            title: "架空の安全基準".into(),
            rows: (0..rows).map(row).collect(),
        }],
    }
}

pub fn current(data: &AssessmentSheetData) -> Vec<CurrentAnswer> {
    let rows = data.sheets.iter().flat_map(|sheet| &sheet.rows);
    rows.map(|row| CurrentAnswer {
        organisation: data.organisation_id.clone(),
        assessment: data.assessment_id.clone(),
        key: row.key.clone(),
        version: row.version,
        provision: row.number.clone(),
        answer: row.answer.clone(),
    })
    .collect()
}

pub fn read(bytes: &[u8]) -> Vec<SheetCells> {
    read_cells(bytes, &CellLimits::default()).expect("our own workbook is readable")
}

/// The sheet with answers as rows.
pub fn rows_of(sheets: &[SheetCells], name: &str) -> Rows {
    let sheet = sheets.iter().find(|sheet| sheet.name == name).expect("the sheet is there");
    let last = sheet.cells.iter().map(|cell| cell.row).max().unwrap_or(0);
    let mut rows: Rows = vec![BTreeMap::new(); last as usize + 1];
    for cell in &sheet.cells {
        rows[cell.row as usize].insert(cell.col, cell.text.clone());
    }
    rows
}

/// A workbook with one sheet, as another program would save it: dates of the date column become serials.
pub fn save(name: &str, rows: &Rows) -> Vec<u8> {
    let mut book = Workbook::new();
    let day = Format::new().set_num_format("yyyy/m/d");
    let sheet = book.add_worksheet();
    sheet.set_name(name).unwrap();
    for (row, cells) in (0u32..).zip(rows) {
        for (col, text) in cells {
            let col = u16::try_from(*col).unwrap();
            match text.parse::<jiff::civil::Date>() {
                Ok(date) => {
                    let serial =
                        ExcelDateTime::from_ymd(date.year() as u16, date.month() as u8, date.day() as u8).unwrap();
                    sheet.write_datetime_with_format(row, col, serial, &day).unwrap();
                }
                Err(_) => {
                    sheet.write_string(row, col, text).unwrap();
                }
            }
        }
    }
    book.save_to_buffer().unwrap()
}

/// 0-based place of a column in our own layout.
pub fn col(header: &str) -> u32 {
    layout::COLUMNS.iter().position(|(_, ja, ..)| ja.starts_with(header)).expect("a header of ours") as u32
}

/// Exports, lets `edit` work on the rows below the header, saves, imports and compares with `now`.
pub fn round_trip(data: &AssessmentSheetData, now: &[CurrentAnswer], edit: impl FnOnce(&mut Rows)) -> ImportDiff {
    let name = &data.sheets[0].name;
    let exported = rows_of(&read(&write_workbook(data).unwrap()), name);
    let (head, body) = exported.split_at(layout::HEADER_ROW as usize + 1);
    let mut body = body.to_vec();
    edit(&mut body);
    let all: Rows = head.iter().cloned().chain(body).collect();
    diff(now, &read_workbook(&read(&save(name, &all))))
}

pub fn codes(diff: &ImportDiff) -> Vec<(&str, &str)> {
    diff.problems.iter().map(|problem| (problem.code.as_str(), problem.cell.as_str())).collect()
}
