//! Plain text and HTML.

use encoding_rs::{EUC_JP, ISO_2022_JP, SHIFT_JIS};
use sakimori_interop::files::{FileError, Format, Limits, TextEncoding, read_file};

use crate::{lines, read, refusal};

const SAMPLE: &str = "第１章　総則\n（１）点検の記録は、三年のあいだ保管する。\nサーバーの時計を合わせる。\n";

fn pages(bytes: &[u8]) -> Vec<(u32, String)> {
    read(bytes).expect("readable").lines.into_iter().map(|line| (line.page, line.text)).collect()
}

#[test]
fn the_same_text_comes_out_of_every_encoding() {
    let mut utf16 = b"\xff\xfe".to_vec();
    utf16.extend(SAMPLE.encode_utf16().flat_map(u16::to_le_bytes));
    let mut big = b"\xfe\xff".to_vec();
    big.extend(SAMPLE.encode_utf16().flat_map(u16::to_be_bytes));
    let cases = [
        (SAMPLE.as_bytes().to_vec(), TextEncoding::Utf8),
        (format!("\u{feff}{SAMPLE}").into_bytes(), TextEncoding::Utf8),
        (utf16, TextEncoding::Utf16Le),
        (big, TextEncoding::Utf16Be),
        (SHIFT_JIS.encode(SAMPLE).0.into_owned(), TextEncoding::ShiftJis),
        (EUC_JP.encode(SAMPLE).0.into_owned(), TextEncoding::EucJp),
        (ISO_2022_JP.encode(SAMPLE).0.into_owned(), TextEncoding::Iso2022Jp),
    ];
    for (bytes, encoding) in cases {
        let text = read(&bytes).unwrap_or_else(|error| panic!("{encoding}: {error}"));
        assert_eq!(text.format, Format::Text(encoding));
        let lines: Vec<&str> = text.lines.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(lines, SAMPLE.lines().collect::<Vec<_>>(), "{encoding}");
        assert!(text.lines.iter().all(|line| line.page == 0));
    }
}

#[test]
fn vendor_letters_of_cp932_survive() {
    let (bytes, _, lossy) = SHIFT_JIS.encode("①の装置は㈱が扱う。Ⅳ類とする。髙い所に置く。ｱﾗｰﾑを見る。");
    assert!(!lossy);
    assert_eq!(lines(&bytes), ["①の装置は㈱が扱う。Ⅳ類とする。髙い所に置く。ｱﾗｰﾑを見る。"]);
}

#[test]
fn a_form_feed_starts_a_page_and_every_line_break_counts() {
    assert_eq!(
        pages("表紙\r\n\u{c}本文\rつづき\n\u{c}\u{c}付録\n".as_bytes()),
        [(1, "表紙".to_owned()), (2, "本文".to_owned()), (2, "つづき".to_owned()), (4, "付録".to_owned())]
    );
}

#[test]
fn a_bad_byte_is_named_with_its_place() {
    let mut bytes = SHIFT_JIS.encode(&SAMPLE.repeat(3)).0.into_owned();
    let at = bytes.len();
    bytes.extend(b"\x81\x20");
    bytes.extend_from_slice(&SHIFT_JIS.encode(SAMPLE).0);
    assert_eq!(
        read(&bytes),
        Err(FileError::WrongEncoding { encoding: "Shift_JIS".to_owned(), offset: at as u64, line: 10 })
    );

    let mut bytes = SAMPLE.repeat(2).into_bytes();
    let at = bytes.len();
    bytes.push(0xff);
    bytes.extend(SAMPLE.bytes());
    assert_eq!(
        read(&bytes),
        Err(FileError::WrongEncoding { encoding: "UTF-8".to_owned(), offset: at as u64, line: 7 })
    );
}

#[test]
fn what_is_not_surely_japanese_text_is_refused() {
    assert_eq!(
        refusal(
            "Überprüfung der Anlagen für Störfälle, größere Maßnahmen"
                .chars()
                .map(|c| c as u8)
                .collect::<Vec<_>>()
                .as_slice()
        ),
        "file.unsure-encoding"
    );
    let chinese = encoding_rs::GBK.encode(&"应当定期检查服务器的运行情况并且保存记录".repeat(4)).0.into_owned();
    assert_eq!(refusal(&chinese), "file.unsure-encoding");
    let half = &SAMPLE.as_bytes()[..SAMPLE.len() - 2];
    assert_eq!(refusal(half), "file.truncated");
    assert_eq!(refusal(b"\x00\x01\x02\x03 data"), "file.unknown-format");
    assert_eq!(refusal(b"text with an escape \x1b[31m in it"), "file.unknown-format");
    assert_eq!(refusal(b"\x89PNG\r\n\x1a\n...."), "file.unknown-format");
    assert_eq!(refusal(b""), "file.empty");
    assert_eq!(refusal("　\n \n".as_bytes()), "file.empty");
}

#[test]
fn sizes_are_bounded() {
    let limits = Limits { bytes: 1_000, lines: 10, line_chars: 100, ..Limits::default() };
    let code = |text: String| read_file("f", text.as_bytes(), &limits).expect_err("refused").code();
    assert_eq!(code("あ".repeat(400)), "file.too-large");
    assert_eq!(code("あ\n".repeat(11)), "file.too-many");
    assert_eq!(code("あ".repeat(101)), "file.too-many");
    assert!(read_file("f", "あ".repeat(100).as_bytes(), &limits).is_ok());
}

#[test]
fn html_gives_its_blocks_rows_and_list_marks() {
    let html = "<!DOCTYPE html><html><head><title>題</title><style>p{}</style></head><body>\
        <h1>第１章&nbsp;総則</h1><p>点検は<b>毎月</b>行い、\n  記録する。<br>次の行</p><script>if (a<b) x()</script>\
        <ol><li>一つ目<ul><li>内訳</li></ul></li><li>二つ目</li></ol>\
        <table><tr><th>番号</th><th>題名</th></tr><tr><td>1</td><td><p>記録</p><p>保管</p></td></tr><tr><td></td><td>空</td></tr></table>\
        <p><ruby>点検<rp>(</rp><rt>てんけん</rt><rp>)</rp></ruby>する</p></body></html>";
    let expected = [
        "第１章 総則",
        "点検は毎月行い、 記録する。",
        "次の行",
        "1. 一つ目",
        "・内訳",
        "2. 二つ目",
        "番号\t題名",
        "1\t記録 保管",
        "\t空",
        "点検する",
    ];
    assert_eq!(lines(html.as_bytes()), expected);
    let sjis = html.replace("<head>", "<head><meta charset=\"Shift_JIS\">");
    let read = read(&SHIFT_JIS.encode(&sjis).0).expect("readable");
    assert_eq!(read.format, Format::Html);
    assert_eq!(read.lines.len(), expected.len());
}

#[test]
fn a_table_around_tables_is_layout() {
    let html = "<html><table><tr><td>左の欄</td><td><h2>見出し</h2><table><tr><td>甲</td><td>乙</td></tr></table>本文</td></tr></table>";
    assert_eq!(lines(html.as_bytes()), ["左の欄", "見出し", "甲\t乙", "本文"]);
}

#[test]
fn deeply_nested_html_costs_nothing() {
    let html = format!("<html>{}あ{}", "<div><table><tr><td>".repeat(100_000), "</div>".repeat(100_000));
    assert_eq!(lines(html.as_bytes()), ["あ"]);
}

/// The grammars are checked with `lines_of`; what people load comes through the file reader.
#[test]
fn a_text_file_has_the_lines_that_the_grammars_are_checked_with() {
    let folder = std::env::var("SAKIMORI_SEEDS").map_or_else(
        |_| std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/seeds"),
        std::path::PathBuf::from,
    );
    let documents = std::fs::read_dir(&folder).unwrap_or_else(|error| {
        panic!("the real documents are not at {} ({error}); set SAKIMORI_SEEDS", folder.display())
    });
    let mut seen = 0;
    for document in
        documents.filter_map(Result::ok).filter(|entry| entry.path().extension().is_some_and(|e| e == "txt"))
    {
        let bytes = std::fs::read(document.path()).expect("a readable document");
        let text = String::from_utf8(bytes.clone()).expect("UTF-8");
        let lines = read(&bytes).expect("readable").lines;
        let expected = sakimori_interop::source::lines_of(&text);
        assert!(expected.starts_with(&lines), "{:?}", document.file_name());
        assert!(expected[lines.len()..].iter().all(|line| line.text.trim().is_empty()));
        seen += 1;
    }
    assert_eq!(seen, 5, "the five real documents");
}
