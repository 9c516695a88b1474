//! Other people's layouts, CSV, and the many ways to write a mark or a date.

use crate::support::*;
use jiff::civil::date;
use sakimori_domain::assurance::*;
use sakimori_interop::workbook::*;

fn known(data: &AssessmentSheetData) -> Vec<KnownRow> {
    let rows = data.sheets.iter().flat_map(|sheet| &sheet.rows);
    rows.map(|row| KnownRow { key: row.key.clone(), number: row.number.clone(), title: row.title.clone() }).collect()
}

fn sheet(rows: &[&[&str]]) -> Vec<u8> {
    let rows: Rows = rows
        .iter()
        .map(|row| {
            (0u32..)
                .zip(*row)
                .filter(|(_, text)| !text.is_empty())
                .map(|(col, text)| (col, (*text).to_owned()))
                .collect()
        })
        .collect();
    save("点検票", &rows)
}

#[test]
fn every_shape_of_a_mark_is_read() {
    use AnswerStatus::*;
    for (marks, status) in [
        (&["○", "〇", "◯", "o", "O", "ｏ", " ○ "][..], Yes),
        (&["△", "▲", "Δ"], Partly),
        (&["×", "✕", "✖", "x", "X", "ｘ", "☓"], No),
        (&["－", "-", "ー", "―", "—", "–", "−", "‐", "─", "対象外", "N/A"], NotApplicable),
        (&["", " ", "\u{3000}", "未回答"], Unanswered),
    ] {
        for mark in marks {
            assert_eq!(value::parse_status(mark), Some(status), "{mark:?}");
        }
    }
    for other in ["◎", "0", "1", "済", "○×", "はい"] {
        assert_eq!(value::parse_status(other), None, "{other}");
    }
}

#[test]
fn dates_of_both_calendars_and_serials_are_read() {
    let day = date(2026, 3, 31);
    for text in [
        "2026/3/31",
        "2026-03-31",
        "2026.3.31",
        "2026年3月31日",
        "２０２６年３月３１日",
        "20260331",
        "令和8年3月31日",
        "令和８年３月３１日",
        "R8.3.31",
        "r8/3/31",
        "Ｒ８．３．３１",
        "㋿8年3月31日",
        "2026-03-31 00:00:00",
        "2026-03-31T00:00:00",
        "2026/3/31(火)",
        "2026年3月31日（火）",
        " 2026 年 3 月 31 日 ",
    ] {
        assert_eq!(value::parse_date(text, CellKind::Text), Some(Some(day)), "{text}");
    }
    assert_eq!(value::parse_date("46112", CellKind::Number), Some(Some(day)));
    assert_eq!(value::parse_date("46112.75", CellKind::Number), Some(Some(day)));
    assert_eq!(value::parse_date("令和元年5月1日", CellKind::Text), Some(Some(date(2019, 5, 1))));
    assert_eq!(value::parse_date("H31.4.30", CellKind::Text), Some(Some(date(2019, 4, 30))));
    assert_eq!(value::parse_date("", CellKind::Text), Some(None));
    for text in
        ["3/31", "2026/2/30", "来年度末", "26/3/31", "令和8年", "2026/3/31/1", "R0.1.1", "2026//31", "１２", "-5"]
    {
        assert_eq!(value::parse_date(text, CellKind::Text), None, "{text}");
    }
    assert_eq!(value::parse_date("3", CellKind::Number), None);
}

#[test]
fn maturity_is_read_in_every_usual_form() {
    for (text, level) in
        [("3", 3), ("３", 3), ("3.0", 3), ("3：文書化し全体で実施", 3), ("レベル4", 4), ("Lv.2", 2), ("0", 0)]
    {
        assert_eq!(value::parse_maturity(text), Some(Maturity::new(level)), "{text}");
    }
    assert_eq!(value::parse_maturity(""), Some(None));
    for text in ["6", "3.5", "高", "-1", "33"] {
        assert_eq!(value::parse_maturity(text), None, "{text}");
    }
}

#[test]
fn cells_are_named_as_excel_names_them() {
    for (row, col, name) in
        [(0, 0, "A1"), (11, 3, "D12"), (0, 25, "Z1"), (0, 26, "AA1"), (1_048_575, 16_383, "XFD1048576")]
    {
        assert_eq!(value::cell_name(row, col), name);
    }
}

#[test]
fn a_ministry_layout_is_guessed_and_read() {
    let data = data(12);
    let bytes = sheet(&[
        &["令和8年度 点検票"],
        &["", "", "回答欄"],
        &["項番", "点検項目", "実施状況", "対策内容", "完了予定日", "担当者名"],
        &["第1章"],
        &["１．１", "", "済", "台帳を作成", "", "大野"],
        &["", "点検する項目の2番目", "一部対応", "", "R9.3.31", ""],
        &["1.4.", "", "対象外", "", "", ""],
        &["9.9", "", "未", "知らない項目", "", ""],
    ]);
    let sheets = read(&bytes);
    let mapping = guess_mapping(&sheets).expect("a layout with known words");
    assert_eq!(mapping.header_row, 2);
    assert_eq!(mapping.fields.get("status"), Some(&2));
    assert_eq!(mapping.translations["status"].get("済").map(String::as_str), Some("○"));
    // Saved and loaded again.
    let mapping: ColumnMapping = serde_json::from_str(&serde_json::to_string(&mapping).unwrap()).unwrap();
    let recognition = apply_mapping(&sheets, &mapping, &known(&data)).unwrap();
    let result = diff(&current(&data), &recognition);
    // Row 6 says what is known already.
    let shown: Vec<_> = result
        .changes
        .iter()
        .map(|c| (c.cell.as_str(), c.provision.as_str(), c.new.as_str(), c.conflict, c.blocked))
        .collect();
    assert_eq!(
        shown,
        [
            ("C5", "1.1", "○", false, false),
            ("D5", "1.1", "台帳を作成", false, false),
            ("F5", "1.1", "大野", false, false),
            ("C7", "1.4", "－", true, true),
        ]
    );
    assert_eq!(codes(&result), [("na-reason-missing", "A7"), ("row-without-id", "A8")]);
    assert_eq!(result.missing_rows.len(), 9);
}

#[test]
fn numbers_in_several_columns_are_joined() {
    let data = data(12);
    // The chapter is merged over its rows; the line without number is a remark.
    let bytes =
        sheet(&[&["章", "節", "評価"], &["2", "1", "A"], &["", "2", "A"], &["1"], &["", "1", "C"], &["", "", "A"]]);
    let mapping = ColumnMapping {
        name: "本社".into(),
        sheet: String::new(),
        header_row: 0,
        key_match: KeyMatch::Number,
        number_columns: vec![0, 1],
        title_column: None,
        fields: [("status".to_owned(), 2)].into(),
        translations: [("status".to_owned(), [("A".to_owned(), "○".to_owned()), ("C".into(), "×".into())].into())]
            .into(),
        headers: [(2, "評 価".to_owned())].into(),
    };
    let result = diff(&current(&data), &apply_mapping(&read(&bytes), &mapping, &known(&data)).unwrap());
    let shown: Vec<_> = result.changes.iter().map(|c| (c.provision.as_str(), c.new.as_str())).collect();
    assert_eq!(shown, [("2.1", "○"), ("1.1", "×")]);
    assert_eq!(codes(&result), [("row-without-id", "A6")]);
    assert_eq!(result.unchanged, 1, "2.2 was ○ before");
}

#[test]
fn a_mapping_that_does_not_fit_is_refused() {
    let data = data(3);
    let sheets = read(&sheet(&[&["番号", "回答"], &["1.1", "○"]]));
    let good = guess_mapping(&sheets).unwrap();
    assert!(apply_mapping(&sheets, &good, &known(&data)).is_ok());
    let other = read(&sheet(&[&["番号", "備考", "回答"], &["1.1", "x", "○"]]));
    assert!(
        matches!(apply_mapping(&other, &good, &known(&data)), Err(MappingError::OtherHeader { column, .. }) if column == "B")
    );
    let lost = ColumnMapping { sheet: "別の表".into(), ..good.clone() };
    assert_eq!(apply_mapping(&sheets, &lost, &known(&data)), Err(MappingError::NoSheet { sheet: "別の表".into() }));
    let no_key = ColumnMapping { number_columns: vec![], title_column: None, ..good.clone() };
    assert_eq!(no_key.check(), Err(MappingError::NoKeyColumn));
    let no_field = ColumnMapping { fields: Default::default(), ..good.clone() };
    assert_eq!(no_field.check(), Err(MappingError::NoFieldColumn));
    let odd = ColumnMapping { fields: [("colour".to_owned(), 1)].into(), ..good };
    assert_eq!(odd.check(), Err(MappingError::UnknownField { code: "colour".into() }));
    assert_eq!(guess_mapping(&read(&sheet(&[&["売上", "原価"], &["1", "2"]]))), None);
}

#[test]
fn a_header_over_two_rows_is_found() {
    let data = data(3);
    let bytes = sheet(&[
        &["行ID（変更しないでください）", "番号", "", ""],
        &["", "", "対応状況", "現状"],
        &["", "1.1", "○", "合わせた見出し"],
    ]);
    let result = diff(&current(&data), &read_workbook(&read(&bytes)));
    assert_eq!(result.changes.len(), 2, "{result:?}");
    assert_eq!(codes(&result), [("matched-by-number", "B3")]);
}

#[test]
fn csv_goes_out_and_comes_back_in_both_encodings() {
    let mut data = data(25);
    data.sheets[0].rows[1].answer.current = "髙橋組 〜 \"引用\", 改行\n😀 &#38; −".into();
    for encoding in [TextEncoding::Utf8, TextEncoding::ShiftJis] {
        let (bytes, lost) = write_delimited(&data, encoding);
        assert_eq!(lost, usize::from(encoding == TextEncoding::ShiftJis), "the emoji");
        let sheet = read_delimited(&bytes, "answers.csv", &CellLimits::default()).unwrap();
        assert!(!sheet.cells.iter().any(|cell| cell.text.starts_with('\'')));
        let result = diff(&current(&data), &read_workbook(&[sheet]));
        assert_eq!((result.changes.len(), result.unchanged), (0, 25), "{encoding:?} {:?}", result.changes);
        assert!(result.problems.is_empty());
    }
}

#[test]
fn csv_disarms_formulas() {
    let mut data = data(1);
    data.sheets[0].rows[0].answer.current = "=cmd|' /C calc'!A0".into();
    data.sheets[0].rows[0].answer.plan = "＝SUM(A1)".into();
    let (bytes, _) = write_delimited(&data, TextEncoding::Utf8);
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.contains("'=cmd") && text.contains("'＝SUM"));
}

#[test]
fn csv_in_no_known_encoding_or_over_the_limits_is_refused() {
    let limits = CellLimits::default();
    assert_eq!(read_delimited(b"", "x", &limits), Err(ReadError::Empty));
    assert!(matches!(read_delimited(b"\xFF\xFF\x80\xA0\xFD", "x", &limits), Err(ReadError::Damaged { .. })));
    assert!(matches!(read_delimited(b"a\0b,c", "x", &limits), Err(ReadError::Damaged { .. })));
    let few = CellLimits { rows: 1, ..limits };
    assert!(matches!(read_delimited(b"a\nb\n", "x", &few), Err(ReadError::TooMany { .. })));
    let tabs = read_delimited(b"a\tb\n", "x", &limits).unwrap();
    assert_eq!(tabs.cells.len(), 2);
}
