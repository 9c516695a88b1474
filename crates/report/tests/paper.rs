//! The PDFs, read back: marking, page numbers and table heads on every page, users' text as text.

mod common;

use sakimori_report::{FontSearch, GapReport, Lang, Press, ReportError};
use std::io::{Read, Write};
use std::process::{Command, Stdio};

fn press() -> Press {
    Press::here(FontSearch::from_environment())
}

/// The text of each page as poppler's `pdftotext` reads it, without blanks (spacing between letters is the reader's guess).
fn pages(pdf: Vec<u8>) -> Vec<String> {
    let mut child = Command::new("pdftotext")
        .args(["-enc", "UTF-8", "-layout", "-", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("pdftotext reads the printed pages back: install the package poppler-utils");
    let mut input = child.stdin.take().expect("a pipe");
    let writer = std::thread::spawn(move || input.write_all(&pdf));
    let mut text = String::new();
    child.stdout.take().expect("a pipe").read_to_string(&mut text).expect("UTF-8 text");
    writer.join().expect("the writing thread").expect("pdftotext takes the whole PDF");
    assert!(child.wait().expect("an end").success(), "pdftotext cannot read the PDF");
    let page = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect();
    text.trim_end_matches('\u{c}').split('\u{c}').map(page).collect()
}

fn contains_bytes(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

#[test]
fn every_page_of_the_gap_report_has_marking_date_and_page_number() {
    for (lang, marking, date) in [(Lang::Ja, "【社外秘】", "令和8年11月20日"), (Lang::En, "TLP:AMBER", "2026-11-20")]
    {
        let pages = pages(common::report(lang, 60, 10).pdf(&press()).expect("a report"));
        assert!(pages.len() > 8, "{} pages", pages.len());
        for (at, text) in pages.iter().enumerate() {
            let number = format!("{}/{}", at + 1, pages.len());
            assert!(text.contains(marking) && text.contains(&number) && text.contains(date), "page {}: {text}", at + 1);
        }
    }
}

#[test]
fn the_head_of_a_long_table_is_repeated_and_no_row_is_lost() {
    let pages = pages(common::list(Lang::Ja, 200).pdf(&press()).expect("a list"));
    assert!(pages.len() > 5);
    for text in &pages {
        assert!(text.contains("項目名") && text.contains("担当"), "{text}");
    }
    let all = pages.concat();
    for amount in (1..200).map(|at| if at == 0 { "0".to_owned() } else { format!("{at},000") }) {
        assert!(all.contains(&amount), "the row with {amount} is missing");
    }
}

#[test]
fn text_of_users_is_printed_and_not_interpreted() {
    let mut report = common::report(Lang::Ja, 4, 1);
    report.head.title = "#panic(\"x\") $a$ *b* _c_ @d <e> \\ `f`".into();
    for gap in &mut report.gaps {
        gap.plan = "#panic(\"x\")#image(\"/etc/passwd\")*太字*".into();
        gap.current = String::new();
    }
    let text = pages(report.pdf(&press()).expect("a report")).concat();
    assert!(text.contains("#panic(\"x\")#image"), "{text}");
    assert!(text.contains("*太字*") && text.contains("$a$*b*_c_"), "{text}");
}

#[test]
fn the_pdf_is_tagged_has_a_title_a_language_and_is_the_same_every_time() {
    let report = common::report(Lang::Ja, 8, 2);
    let pdf = report.pdf(&press()).expect("a report");
    for part in ["/StructTreeRoot", "/Lang", "/Title", "/Outlines", "(Sakimori)"] {
        assert!(contains_bytes(&pdf, part.as_bytes()), "{part}");
    }
    assert!(pdf == report.pdf(&press()).expect("the report again"));
}

#[test]
fn empty_and_extreme_reports_still_print() {
    let mut report = common::report(Lang::Ja, 0, 0);
    report.standards.clear();
    report.chapters.clear();
    report.forces.clear();
    report.revisions.clear();
    report.approvals.clear();
    report.last_fiscal_year = None;
    report.head.marking = String::new();
    assert!(pages(report.pdf(&press()).expect("an empty report")).len() >= 3);

    let mut long = common::report(Lang::Ja, 3, 0);
    long.gaps[0].current = "長い現状の説明。".repeat(1_500);
    long.gaps[1].plan = "行\n".repeat(300);
    long.gaps[2].title = "A".repeat(500);
    let pages = pages(long.pdf(&press()).expect("a report with long cells"));
    let printed: usize = pages.iter().map(|text| text.matches('長').count()).sum();
    assert_eq!(printed, 1_500, "a cell longer than a page must be printed to its end");
    assert!(pages.iter().map(|text| text.matches('行').count()).sum::<usize>() >= 300);
}

#[test]
fn the_comparison_has_both_sides_and_its_head_on_every_page() {
    let pages = pages(common::comparison(Lang::Ja, 60).pdf(&press()).expect("a comparison"));
    assert!(pages.len() >= 3);
    let (last, table) = pages.split_last().expect("pages");
    assert!(last.contains("記録との照合") && last.contains("【社外秘】"), "the checkpoint stands at the end: {last}");
    for text in table {
        assert!(
            text.contains("新（社内基準第3版") && text.contains("旧（社内基準第2版") && text.contains("【社外秘】"),
            "{text}"
        );
    }
    assert!(pages.concat().contains("改ざんできない形"));
}

#[test]
fn too_many_rows_are_refused_before_any_work() {
    let gap = common::report(Lang::Ja, 1, 0).gaps.remove(0);
    let report = GapReport { gaps: vec![gap; 20_001], ..common::report(Lang::Ja, 0, 0) };
    assert!(matches!(report.pdf(&press()), Err(ReportError::TooManyRows { .. })));
    assert!(matches!(report.xlsx(), Err(ReportError::TooManyRows { .. })));
}
