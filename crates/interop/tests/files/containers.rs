//! Word documents and workbooks.

use sakimori_interop::files::{Format, Limits, read_cells, read_file};

use crate::make::{docx, xlsx, zip};
use crate::{lines, read, refusal};

fn p(text: &str) -> String {
    format!("<w:p><w:r><w:t>{text}</w:t></w:r></w:p>")
}

fn numbered(level: usize, text: &str) -> String {
    format!(
        r#"<w:p><w:pPr><w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="7"/></w:numPr></w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"#
    )
}

const NUMBERING: &str = r#"<w:abstractNum w:abstractNumId="3">
    <w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1"/></w:lvl>
    <w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1.%2"/></w:lvl>
    <w:lvl w:ilvl="2"><w:start w:val="1"/><w:numFmt w:val="aiueoFullWidth"/><w:lvlText w:val="（%3）"/></w:lvl>
    </w:abstractNum><w:num w:numId="7"><w:abstractNumId w:val="3"/></w:num>"#;

#[test]
fn word_gives_numbers_rows_and_pages() {
    let body = [
        numbered(0, "総則"),
        numbered(1, "目的"),
        numbered(2, "甲"),
        numbered(2, "乙"),
        numbered(1, "範囲"),
        r#"<w:p><w:r><w:t>A &amp; B</w:t><w:tab/><w:t>C</w:t><w:br/><w:t>次の行</w:t></w:r></w:p>"#.to_owned(),
        r#"<w:p><w:r><w:br w:type="page"/></w:r><w:r><w:lastRenderedPageBreak/><w:t>二ページ目</w:t></w:r></w:p>"#.to_owned(),
        format!("<w:tbl><w:tr><w:tc>{}</w:tc><w:tc>{}{}</w:tc></w:tr></w:tbl>", p("番号"), p("題"), p("名")),
        r#"<w:p><w:del><w:r><w:delText>消した</w:delText></w:r></w:del><w:r><w:instrText>PAGE</w:instrText></w:r><w:r>
           <mc:AlternateContent><mc:Choice><w:t>残る</w:t></mc:Choice><mc:Fallback><w:t>二重</w:t></mc:Fallback></mc:AlternateContent></w:r></w:p>"#
            .to_owned(),
    ]
    .concat();
    let text = read(&docx(&body, NUMBERING)).expect("readable");
    assert_eq!(text.format, Format::Docx);
    let lines: Vec<(u32, &str)> = text.lines.iter().map(|line| (line.page, line.text.as_str())).collect();
    let expected = [
        (1, "1 総則"),
        (1, "1.1 目的"),
        (1, "（ア） 甲"),
        (1, "（イ） 乙"),
        (1, "1.2 範囲"),
        (1, "A & B\tC"),
        (1, "次の行"),
        (2, "二ページ目"),
        (2, "番号\t題 名"),
        (2, "残る"),
    ];
    assert_eq!(lines, expected);
}

#[test]
fn a_workbook_gives_rows() {
    let bytes = xlsx(
        r#"<row r="1"><c r="A1" t="inlineStr"><is><t>番号</t></is></c><c r="C1" t="inlineStr"><is><t>題&#10;名</t></is></c></row>
           <row r="3"><c r="A3"><v>1.5</v></c><c r="B3" t="b"><v>1</v></c><c r="C3"><v>2</v></c></row>"#,
    );
    let text = read(&bytes).expect("readable");
    assert_eq!(text.format, Format::Xlsx);
    assert_eq!(
        text.lines.iter().map(|line| (line.page, line.text.as_str())).collect::<Vec<_>>(),
        [(1, "番号\t\t題 名"), (1, "1.5\tTRUE\t2")]
    );
    let book = read_cells("book.xlsx", &bytes, &Limits::default()).expect("readable");
    assert_eq!(book.sheets[0].name, "一覧");
    let cell = &book.sheets[0].cells[1];
    assert_eq!((cell.reference().as_str(), cell.text.as_str()), ("C1", "題\n名"));
}

#[test]
fn dates_of_a_workbook_come_out_as_dates() {
    let mut book = rust_xlsxwriter::Workbook::new();
    let format = rust_xlsxwriter::Format::new().set_num_format("yyyy/m/d");
    let sheet = book.add_worksheet();
    sheet.write_with_format(0, 0, 46_112, &format).expect("written");
    sheet.write(0, 1, "令和８年").expect("written");
    assert_eq!(lines(&book.save_to_buffer().expect("saved")), ["2026-03-31\t令和８年"]);
}

#[test]
fn two_cells_at_the_ends_of_a_sheet_cost_two_cells() {
    let bytes = xlsx(r#"<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>2</v></c></row>"#);
    assert!(bytes.len() < 2_000);
    let book = read_cells("trap.xlsx", &bytes, &Limits::default()).expect("readable");
    let cells = &book.sheets[0].cells;
    assert_eq!((cells.len(), cells[1].reference().as_str()), (2, "XFD1048576"));
    assert_eq!(lines(&bytes), ["1", "2"]);
}

#[test]
fn too_many_cells_are_refused() {
    let row = r#"<row><c><v>1</v></c><c><v>2</v></c><c><v>3</v></c></row>"#.repeat(4);
    let limits = Limits { cells: 10, ..Limits::default() };
    assert_eq!(read_cells("many.xlsx", &xlsx(&row), &limits).expect_err("refused").code(), "file.too-many");
}

#[test]
fn bombs_are_refused_before_they_unpack() {
    let blanks = vec![b' '; 64 << 20];
    let bomb = zip(&[("word/document.xml", &blanks)]);
    assert!(bomb.len() < 100_000);
    assert_eq!(refusal(&bomb), "file.zip-bomb");
    let parts: Vec<(String, &[u8])> = (0..80).map(|n| (format!("xl/sheet{n}.xml"), &blanks[..4 << 20])).collect();
    let parts: Vec<(&str, &[u8])> = parts.iter().map(|(name, part)| (name.as_str(), *part)).collect();
    assert_eq!(refusal(&zip(&parts)), "file.zip-bomb");
    let limits = Limits { entries: 3, ..Limits::default() };
    let many = zip(&[("a", b""), ("b", b""), ("c", b""), ("d", b"")]);
    assert_eq!(read_file("many", &many, &limits).expect_err("refused").code(), "file.too-many");
}

#[test]
fn xml_attacks_are_refused() {
    let laughs = r#"<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><w:document><w:body><w:p><w:r><w:t>&b;</w:t></w:r></w:p></w:body></w:document>"#;
    assert_eq!(refusal(&zip(&[("word/document.xml", laughs.as_bytes())])), "file.damaged");
    let deep = format!("<a>{}{}</a>", "<b>".repeat(100_000), "</b>".repeat(100_000));
    assert_eq!(refusal(&zip(&[("word/document.xml", deep.as_bytes())])), "file.too-many");
}

#[test]
fn incomplete_protected_and_foreign_containers_are_told_apart() {
    let whole = docx(&p("本文"), "");
    assert_eq!(lines(&whole), ["本文"]);
    assert_eq!(refusal(&whole[..whole.len() - 40]), "file.truncated");
    let open = zip(&[("word/document.xml", b"<w:document><w:body><w:p><w:r><w:t>a</w:t></w:r>")]);
    assert_eq!(refusal(&open), "file.damaged");
    assert_eq!(refusal(&zip(&[("readme.txt", b"x")])), "file.unknown-format");

    let mut ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec();
    ole.extend([0; 600]);
    assert_eq!(refusal(&ole), "file.old-office");
    ole.extend("EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes));
    ole.extend([0; 64]);
    assert_eq!(refusal(&ole), "file.password");
    assert_eq!(read_cells("book.xlsx", &ole, &Limits::default()).expect_err("refused").code(), "file.password");
}
