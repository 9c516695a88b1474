//! Our own workbook out and in again, edited in between as people do.

use crate::support::*;
use jiff::civil::date;
use sakimori_domain::assurance::*;
use sakimori_interop::workbook::*;

#[test]
fn an_untouched_workbook_changes_nothing() {
    let data = data(40);
    let bytes = write_workbook(&data).unwrap();
    let sheets = read(&bytes);
    let recognition = read_workbook(&sheets);
    assert!(recognition.skipped.is_empty(), "{:?}", recognition.skipped);
    assert!(recognition.metadata.contains(&("assessment".into(), "as-2026".into())));
    let result = diff(&current(&data), &recognition);
    assert_eq!((result.changes.len(), result.problems.len(), result.unchanged), (0, 0, 40), "{result:?}");
    assert!(result.missing_rows.is_empty() && result.unknown_rows.is_empty());
    assert!(sheets.iter().any(|sheet| sheet.name == layout::METADATA_SHEET && sheet.hidden));
    assert_eq!(write_workbook(&data).unwrap(), bytes, "the same data gives the same bytes");
}

#[test]
fn edits_come_back_with_their_cell_and_apply() {
    let data = data(10);
    let mut now = current(&data);
    let result = round_trip(&data, &now, |rows| {
        rows[0].insert(col("対応状況"), "〇".into());
        rows[0].insert(col("現状"), "一行目\r\n二行目".into());
        rows[2].insert(col("期限"), "令和9年4月30日".into());
        rows[2].insert(col("成熟度"), "2".into());
        rows[5].insert(col("期限"), "2027-06-30".into());
    });
    assert!(result.problems.is_empty(), "{:?}", result.problems);
    let shown: Vec<_> = result
        .changes
        .iter()
        .map(|c| (c.cell.as_str(), c.provision.as_str(), c.now.as_str(), c.new.as_str()))
        .collect();
    assert_eq!(
        shown,
        [
            ("G4", "1.1", "", "○"),
            ("J4", "1.1", "", "一行目\n二行目"),
            ("H6", "1.3", "", "2"),
            ("L6", "1.3", "2027-03-31", "2027-04-30"),
            ("L9", "1.6", "", "2027-06-30"),
        ]
    );
    assert_eq!((result.ready().count(), result.unchanged), (5, 7));
    for change in &result.changes {
        let answer = now.iter_mut().find(|a| a.key == change.row_id).unwrap();
        change.apply(&mut answer.answer);
    }
    assert_eq!(now[0].answer.current, "一行目\n二行目");
    assert_eq!(now[2].answer.due, Some(date(2027, 4, 30)));
    assert_eq!(now[2].answer.maturity, Maturity::new(2));
}

#[test]
fn sorted_inserted_deleted_and_blank_rows_do_not_matter() {
    let data = data(20);
    let result = round_trip(&data, &current(&data), |rows| {
        rows[4].insert(col("担当"), "井上".into());
        rows.reverse();
        rows.remove(0);
        rows.insert(3, Default::default());
        rows.insert(7, [(col("番号"), "（ここまで運用課）".to_owned())].into());
        rows.push([(col("現状"), "行き場のない文".to_owned())].into());
    });
    assert_eq!(result.changes.len(), 1);
    assert_eq!((result.changes[0].provision.as_str(), result.changes[0].new.as_str()), ("1.5", "井上"));
    assert_eq!(result.missing_rows, ["std-a/2.10"]);
    assert_eq!(result.unchanged, 18);
    assert_eq!(codes(&result), [("row-without-id", "B25")]);
    assert_eq!(result.unknown_rows.len(), 2);
}

#[test]
fn columns_may_be_moved_or_deleted() {
    let data = data(6);
    let bytes = write_workbook(&data).unwrap();
    let rows = rows_of(&read(&bytes), "架空基準");
    let moved: Rows = rows
        .iter()
        .map(|row| row.iter().filter(|(c, _)| **c != col("現状")).map(|(c, text)| (17 - c, text.clone())).collect())
        .collect();
    let mut moved = moved;
    moved[3].insert(17 - col("対応状況"), "×".into());
    let result = diff(&current(&data), &read_workbook(&read(&save("名前を変えた", &moved))));
    assert_eq!(result.changes.len(), 1, "{result:?}");
    assert_eq!(result.changes[0].new, "×");
    assert!(result.problems.is_empty());
}

#[test]
fn a_copied_row_is_a_problem_and_neither_copy_is_taken() {
    let data = data(5);
    let result = round_trip(&data, &current(&data), |rows| {
        let mut copy = rows[1].clone();
        copy.insert(col("現状"), "写し".into());
        rows.push(copy);
    });
    assert!(result.changes.is_empty());
    assert_eq!(codes(&result), [("duplicate-row", "A5"), ("duplicate-row", "A9")]);
    assert!(result.missing_rows.is_empty());
}

#[test]
fn edited_foreign_and_unknown_row_ids_are_problems() {
    let data = data(4);
    let mut now = current(&data);
    now[2].assessment = "as-2025".into();
    now.remove(3);
    let result = round_trip(&data, &now, |rows| {
        let id = rows[0][&col("行ID")].replace("1.1", "1.2");
        rows[0].insert(col("行ID"), id);
        rows.iter_mut().for_each(|row| drop(row.insert(col("担当"), "上田".into())));
    });
    assert_eq!(codes(&result), [("row-id-edited", "A4"), ("other-assessment", "A6"), ("row-unknown", "A7")]);
    assert_eq!(result.changes.len(), 1);
    assert_eq!(result.unknown_rows.len(), 3);
}

#[test]
fn a_lost_id_is_replaced_by_the_number_where_that_is_safe() {
    let data = data(4);
    let result = round_trip(&data, &current(&data), |rows| {
        rows[0].remove(&col("行ID"));
        rows[0].insert(col("現状"), "手書きの行".into());
    });
    assert_eq!(codes(&result), [("matched-by-number", "B4")]);
    assert_eq!(result.problems[0].severity, Severity::Notice);
    assert_eq!(result.changes.len(), 1);
    assert!(result.missing_rows.is_empty());
}

#[test]
fn somebody_elses_change_on_the_server_is_kept_or_shown_as_a_conflict() {
    let data = data(5);
    let mut now = current(&data);
    now[0].version = 2;
    now[0].answer.status = AnswerStatus::Partly;
    now[0].answer.owner = "江口".into();
    let result = round_trip(&data, &now, |rows| {
        rows[0].insert(col("対応状況"), "○".into());
        rows[0].insert(col("現状"), "書いた".into());
    });
    let shown: Vec<_> = result.changes.iter().map(|c| (c.field, c.new.as_str(), c.conflict)).collect();
    // The owner that the person never touched stays as the server has it.
    assert_eq!(shown, [(AnswerField::Status, "○", true), (AnswerField::Current, "書いた", false)]);
    assert_eq!(result.ready().count(), 1);
    assert_eq!(result.changes[0].version, 2);
    // Both chose the same: no change, no conflict.
    now[0].answer.status = AnswerStatus::Yes;
    let result = round_trip(&data, &now, |rows| drop(rows[0].insert(col("対応状況"), "○".into())));
    assert!(result.changes.is_empty());
}

#[test]
fn emptying_a_cell_is_a_change() {
    let data = data(5);
    let result = round_trip(&data, &current(&data), |rows| drop(rows[1].remove(&col("担当"))));
    let shown: Vec<_> = result.changes.iter().map(|c| (c.field, c.now.as_str(), c.new.as_str())).collect();
    assert_eq!(shown, [(AnswerField::Owner, "青木", "")]);
}

#[test]
fn unreadable_cells_and_forbidden_answers_are_problems_at_their_cell() {
    let data = data(10);
    let result = round_trip(&data, &current(&data), |rows| {
        rows[0].insert(col("対応状況"), "◎".into());
        rows[1].insert(col("成熟度"), "7".into());
        rows[2].insert(col("期限"), "3/31".into());
        rows[3].insert(col("対応状況"), "－".into());
        rows[6].insert(col("担当"), "あ".repeat(101));
        rows[7].insert(col("期限"), "1926/3/31".into());
    });
    assert_eq!(
        codes(&result),
        [
            ("status-unknown", "G4"),
            ("maturity-unknown", "H5"),
            ("date-unknown", "L6"),
            ("na-reason-missing", "I7"),
            ("text-too-long", "M10"),
            ("due-out-of-range", "L11"),
        ]
    );
    assert_eq!(result.changes.len(), 3);
    assert!(result.changes.iter().all(|change| change.blocked));
    assert_eq!(result.ready().count(), 0);
    assert!(result.problems.iter().all(|p| !p.message_ja.is_empty() && !p.message_en.is_empty()));
}

#[test]
fn texts_that_look_like_formulas_stay_texts() {
    let mut data = data(1);
    data.sheets[0].rows[0].answer.current = "=1+1".into();
    data.sheets[0].rows[0].title = "+cmd|' /C calc'!A0".into();
    let sheets = read(&write_workbook(&data).unwrap());
    let sheet = sheets.iter().find(|sheet| sheet.name == "架空基準").unwrap();
    assert!(sheet.cells.iter().all(|cell| !cell.formula));
    assert!(sheet.cells.iter().any(|cell| cell.text == "=1+1" && cell.kind == CellKind::Text));
}

#[test]
fn odd_texts_survive_the_trip() {
    let mut data = data(3);
    for (row, text) in
        data.sheets[0].rows.iter_mut().zip(["_x000D_ と & < > \" '", "𠮷野家 😀\n\tタブ", "前\u{301C}後 − ―"])
    {
        row.answer = Answer { status: AnswerStatus::Yes, current: text.into(), ..Answer::default() };
    }
    let result = diff(&current(&data), &read_workbook(&read(&write_workbook(&data).unwrap())));
    assert_eq!((result.changes.len(), result.unchanged), (0, 3), "{:?}", result.changes);
}

#[test]
fn sheet_names_are_made_acceptable_and_unique() {
    let mut data = data(1);
    let sheet = data.sheets[0].clone();
    let long = "とても長い名前の基準で三十一文字を超えるもの・その一（二〇二六年版）";
    for name in [long, long, "a/b:c?[d]*\\e", "", "記入要領", "'quoted'"] {
        data.sheets.push(StandardSheet { name: name.into(), ..sheet.clone() });
    }
    let sheets = read(&write_workbook(&data).unwrap());
    let names: std::collections::BTreeSet<_> = sheets.iter().map(|sheet| sheet.name.to_lowercase()).collect();
    assert_eq!(names.len(), 10, "seven standards, how to fill in, the checkpoint, what the program needs");
    assert!(sheets.iter().all(|sheet| sheet.name.encode_utf16().count() <= 31));
}

#[test]
fn the_file_has_what_people_expect_of_it() {
    use std::io::Read;
    let bytes = write_workbook(&data(12)).unwrap();
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let mut part = |name: &str| {
        let mut text = String::new();
        archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
        text
    };
    let sheet = part("xl/worksheets/sheet2.xml");
    for mark in [
        r#"<pane xSplit="3" ySplit="3""#,
        r#"state="frozen""#,
        r#"<formula1>"○,△,×,－"</formula1>"#,
        r#"type="date""#,
        r#"<autoFilter ref="A3:R15""#,
        r#"orientation="landscape""#,
        r#"paperSize="9""#,
        r#"hidden="1""#,
    ] {
        assert!(sheet.contains(mark), "{mark}");
    }
    let book = part("xl/workbook.xml");
    assert!(book.contains(r#"state="veryHidden""#) && book.contains("_xlnm.Print_Titles"));
}

/// A small generator with a seed, so that a failure can be repeated.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n
    }
}

#[test]
fn whatever_people_do_to_the_rows_exactly_their_edits_come_back() {
    for seed in 0..40 {
        let mut dice = Dice(seed);
        let data = data(15);
        let mut wanted = std::collections::BTreeMap::new();
        let mut gone = std::collections::BTreeSet::new();
        let result = round_trip(&data, &current(&data), |rows| {
            for edit in 0..dice.below(8) {
                let row = dice.below(rows.len());
                let number = rows[row][&col("番号")].clone();
                let (header, text) =
                    [("現状", format!("書換え\r\n{edit}")), ("担当", format!("担当{edit}"))][dice.below(2)].clone();
                rows[row].insert(col(header), text.clone());
                wanted.insert((number, header), text.replace("\r\n", "\n"));
            }
            for _ in 0..dice.below(4) {
                let number = rows.remove(dice.below(rows.len()))[&col("番号")].clone();
                wanted.retain(|(edited, _), _| *edited != number);
                gone.insert(number);
            }
            for place in (1..rows.len()).rev() {
                rows.swap(place, dice.below(place + 1));
            }
            for _ in 0..dice.below(4) {
                rows.insert(dice.below(rows.len()), Default::default());
            }
        });
        let found: std::collections::BTreeMap<_, _> =
            result.changes.iter().map(|c| ((c.provision.clone(), c.field.ja()), c.new.clone())).collect();
        assert_eq!(found, wanted, "seed {seed}");
        assert_eq!(result.missing_rows.len(), gone.len(), "seed {seed}");
        assert!(result.problems.is_empty() && result.unknown_rows.is_empty(), "seed {seed}");
    }
}

#[test]
fn the_language_of_the_headers_does_not_matter_on_the_way_back() {
    let japanese = data(10);
    let english = AssessmentSheetData { language: Language::En, ..japanese.clone() };
    let sheets = read(&write_workbook(&english).unwrap());
    let names: Vec<_> = sheets.iter().map(|sheet| sheet.name.as_str()).collect();
    assert_eq!(names, ["Instructions", "架空基準", "Trail checkpoint", layout::METADATA_SHEET]);
    let header = &rows_of(&sheets, "架空基準")[layout::HEADER_ROW as usize];
    assert!(["Item", "Status", "Why not applicable"].iter().all(|word| header.values().any(|text| text == word)));
    let is_japanese = |c: char| ('\u{3041}'..='\u{30ff}').contains(&c) || ('\u{4e00}'..='\u{9fff}').contains(&c);
    assert!(header.values().all(|text| !text.chars().any(is_japanese)), "{header:?}");
    let guide = rows_of(&sheets, "Instructions");
    // An example of a Japanese date is the one thing that stays.
    assert!(
        guide[2..]
            .iter()
            .flat_map(|row| row.values())
            .all(|text| text.contains("令和8年") || !text.chars().any(is_japanese))
    );

    let now = current(&japanese);
    let untouched = diff(&now, &read_workbook(&sheets));
    assert_eq!((untouched.changes.len(), untouched.problems.len(), untouched.unchanged), (0, 0, 10), "{untouched:?}");
    let edited = round_trip(&english, &now, |rows| {
        rows[0].insert(col("対応状況"), "△".into());
        rows[0].insert(col("成熟度"), Language::En.maturity(Maturity::new(4).unwrap()));
    });
    let shown: Vec<_> = edited.changes.iter().map(|c| (c.cell.as_str(), c.new.as_str())).collect();
    assert_eq!((shown, edited.problems.len()), (vec![("G4", "△"), ("H4", "4")], 0), "{:?}", edited.problems);
    // As CSV too.
    let (bytes, _) = write_delimited(&english, TextEncoding::Utf8);
    let sheet = read_delimited(&bytes, "answers.csv", &CellLimits::default()).unwrap();
    let result = diff(&now, &read_workbook(&[sheet]));
    assert_eq!((result.changes.len(), result.problems.len(), result.unchanged), (0, 0, 10), "{result:?}");
}
