//! The workbooks, read back with calamine: the same numbers as the data, texts as texts.

mod common;

use calamine::{Data, Reader, Xlsx, open_workbook_from_rs};
use sakimori_report::{GapReport, Lang};
use std::io::Cursor;

fn open(bytes: Vec<u8>) -> Xlsx<Cursor<Vec<u8>>> {
    open_workbook_from_rs(Cursor::new(bytes)).expect("a readable workbook")
}

fn rows(book: &mut Xlsx<Cursor<Vec<u8>>>, sheet: &str) -> Vec<Vec<Data>> {
    book.worksheet_range(sheet).expect("the sheet").rows().map(<[Data]>::to_vec).collect()
}

fn text(cell: &Data) -> String {
    cell.to_string()
}

#[test]
fn the_gap_workbook_has_its_sheets_and_the_same_numbers() {
    let report = common::report(Lang::Ja, 1_209, 30);
    let mut book = open(report.xlsx().expect("a workbook"));
    assert_eq!(book.sheet_names(), ["概要", "章別", "課題一覧", "対象外", "未回答", "引継ぎ", "記録との照合"]);
    let chapters = rows(&mut book, "章別");
    assert_eq!(chapters.len(), report.chapters.len() + 1);
    for (row, chapter) in chapters[1..].iter().zip(&report.chapters) {
        let counts: Vec<f64> = row[3..8].iter().map(|cell| cell.to_string().parse().expect("a count")).collect();
        assert_eq!(counts, chapter.counts.in_order().map(f64::from));
    }
    let gaps = rows(&mut book, "課題一覧");
    assert_eq!(gaps.len(), 1_210);
    assert!(gaps[1..].iter().all(|row| ["△", "×"].contains(&text(&row[5]).as_str())));
    let overview = rows(&mut book, "概要").concat();
    let total = f64::from(report.total().total());
    assert!(overview.contains(&Data::Float(total)), "the total {total} is on the first sheet");
    assert_eq!(rows(&mut book, "対象外").len(), 31);
    assert_eq!(rows(&mut book, "未回答").len(), 31);
    let carried = rows(&mut book, "引継ぎ");
    assert!(carried.len() == 31 && carried[1..].iter().all(|row| text(&row[4]).contains("JT-X1051 13.1.3")));
}

#[test]
fn a_report_without_carried_answers_says_nothing_of_them() {
    let report = GapReport { carried: Vec::new(), ..common::report(Lang::Ja, 2, 2) };
    assert!(!open(report.xlsx().expect("a workbook")).sheet_names().contains(&"引継ぎ".to_owned()));
}

#[test]
fn english_sheets_have_english_names() {
    let book = open(common::report(Lang::En, 3, 1).xlsx().expect("a workbook"));
    assert_eq!(
        book.sheet_names(),
        ["Overview", "Chapters", "Gaps", "Excluded", "Unanswered", "Carried over", "Trail checkpoint"]
    );
}

#[test]
fn formulas_typed_by_people_stay_text() {
    let mut book = open(common::report(Lang::Ja, 40, 0).xlsx().expect("a workbook"));
    let formulas = book.worksheet_formula("課題一覧").expect("the sheet");
    assert!(formulas.used_cells().next().is_none());
    let gaps = rows(&mut book, "課題一覧").concat();
    assert!(gaps.iter().any(|cell| matches!(cell, Data::String(text) if text.starts_with("=HYPERLINK"))));
}

#[test]
fn a_list_keeps_kinds_and_rows() {
    let list = common::list(Lang::Ja, 1_209);
    let mut book = open(list.xlsx().expect("a workbook"));
    let name = book.sheet_names().remove(0);
    let all = rows(&mut book, &name);
    assert_eq!(all.len(), 1_209 + 3);
    assert_eq!(text(&all[2][1]), "項目名");
    assert_eq!(all[4][4], Data::Float(1000.0));
    assert!(matches!(all[3][6], Data::DateTime(_)));
    assert_eq!(all[5][1], Data::String("=1+1".into()));
}

#[test]
fn the_comparison_keeps_whole_texts_under_their_underlining() {
    let comparison = common::comparison(Lang::Ja, 10);
    let mut book = open(comparison.xlsx().expect("a workbook"));
    let all = rows(&mut book, "新旧対照表");
    assert_eq!(text(&all[3][2]), comparison.rows[0].new_text);
    assert_eq!(text(&all[3][5]), comparison.rows[0].old_text);
    assert_eq!(text(&all[3][6]), "改正");
}

#[test]
fn print_setup_repeats_heads_and_carries_the_marking() {
    let bytes = common::list(Lang::Ja, 5).xlsx().expect("a workbook");
    let again = common::list(Lang::Ja, 5).xlsx().expect("the workbook again");
    assert!(bytes == again, "the same data must give the same file");
    let mut book = open(bytes);
    // Repeated rows are kept as a defined name of the sheet.
    assert!(book.defined_names().iter().any(|(name, range)| name.contains("Print_Titles") && range.contains("$3:$3")));
    assert!(book.worksheet_range_at(0).is_some());
}
