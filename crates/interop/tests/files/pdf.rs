//! PDF: fonts that are embedded or not, reading order, and what is refused.

use sakimori_interop::files::{FileError, FileProblem, Format};

use crate::make::{absent_font, page, stream, utf16_hex};
use crate::{lines, read, refusal};

/// Draws text at places, in the order given.
fn draw(parts: &[(f64, f64, f64, &str)]) -> String {
    let show =
        |(x, y, size, text): &(f64, f64, f64, &str)| format!("BT /F1 {size} Tf {x} {y} Td {} Tj ET\n", utf16_hex(text));
    parts.iter().map(show).collect()
}

const IMAGE: &str = "q 500 0 0 700 40 70 cm /Im Do Q";

fn image() -> Vec<u8> {
    stream("/Type /XObject /Subtype /Image /Width 1 /Height 1 /BitsPerComponent 8 /ColorSpace /DeviceGray", b"\x80")
}

#[test]
fn a_font_that_is_not_embedded_is_read_by_its_encoding() {
    let content = draw(&[(72.0, 700.0, 12.0, "点検の記録は、三年保管する。"), (72.0, 760.0, 16.0, "第１章　総則")]);
    let text = read(&page(&content, &absent_font("UniJIS-UTF16-H"), &[], "")).expect("readable");
    assert_eq!(text.format, Format::Pdf);
    assert_eq!(
        text.lines.iter().map(|line| (line.page, line.text.as_str())).collect::<Vec<_>>(),
        [(1, "第１章　総則"), (1, "点検の記録は、三年保管する。")]
    );

    let (sjis, _, _) = encoding_rs::SHIFT_JIS.encode("保守の手順");
    let digits: String = sjis.iter().map(|byte| format!("{byte:02X}")).collect();
    let content = format!("BT /F1 12 Tf 72 700 Td <{digits}> Tj ET");
    assert_eq!(lines(&page(&content, &absent_font("90ms-RKSJ-H"), &[], "")), ["保守の手順"]);
}

/// CIDs of Adobe-Japan1: 日 is 3284, あ is 843 (Adobe Technical Note 5078).
#[test]
fn identity_encoding_means_cids_of_the_collection() {
    let content = "BT /F1 12 Tf 72 700 Td <0CD4034B> Tj ET";
    assert_eq!(lines(&page(content, &absent_font("Identity-H"), &[], "")), ["日あ"]);
}

/// Old programs embed Japanese fonts without a Unicode map: the collection says what the identifiers mean, and a table
/// of the document may stand between them and the glyphs. The font program is one that comes with the PDF library.
#[test]
fn an_embedded_font_without_a_map_is_read_by_its_collection() {
    let (program, _) = hayro_interpret::font::StandardFont::Helvetica.get_font_data();
    let program = (*program).as_ref().to_vec();
    let mut table = vec![0; 2 * 4_000];
    for (cid, glyph) in [(3284_usize, 7_u8), (843, 9)] {
        table[2 * cid + 1] = glyph;
    }
    let font = |map: &str| {
        format!(
            "<< /Type /Font /Subtype /Type0 /BaseFont /ABCDEF+Old /Encoding /Identity-H /DescendantFonts [ \
             << /Type /Font /Subtype /CIDFontType2 /BaseFont /ABCDEF+Old /DW 1000 {map} \
             /CIDSystemInfo << /Registry (Adobe) /Ordering (Japan1) /Supplement 2 >> \
             /FontDescriptor << /Type /FontDescriptor /FontName /ABCDEF+Old /Flags 4 /FontFile3 6 0 R >> >> ] >>"
        )
    };
    let more = [stream("/Subtype /CIDFontType0C", &program), stream("", &table)];
    let content = "BT /F1 12 Tf 72 700 Td <0CD4034B> Tj ET";
    assert_eq!(lines(&page(content, &font("/CIDToGIDMap 7 0 R"), &more, "")), ["日あ"]);
    // Without the table, glyphs have the numbers of the identifiers: 34 and 35 are A and B.
    let content = "BT /F1 12 Tf 72 700 Td <00220023> Tj ET";
    assert_eq!(lines(&page(content, &font(""), &more, "")), ["AB"]);
}

#[test]
fn an_embedded_font_is_read_by_its_own_map() {
    let map = b"/CIDInit /ProcSet findresource begin begincmap 1 begincodespacerange <0000> <FFFF> endcodespacerange \
        2 beginbfchar <0001> <6E2F> <0002> <6E7E> endbfchar endcmap end";
    let font = "<< /Type /Font /Subtype /Type0 /BaseFont /ABCDEF+Own /Encoding /Identity-H /ToUnicode 6 0 R /DescendantFonts [ \
        << /Type /Font /Subtype /CIDFontType2 /BaseFont /ABCDEF+Own /DW 1000 \
        /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> >> ] >>";
    let content = "BT /F1 12 Tf 72 700 Td <00010002> Tj ET";
    assert_eq!(lines(&page(content, font, &[stream("", map)], "")), ["港湾"]);
}

#[test]
fn rows_cells_note_marks_and_double_printing_become_lines() {
    let content = draw(&[
        (300.0, 700.0, 10.5, "題名"),
        (72.0, 700.0, 10.5, "番号"),
        (300.0, 684.0, 10.5, "記録の保管"),
        (72.0, 684.0, 10.5, "2.1"),
        (72.0, 668.0, 10.5, "点検"),
        (72.3, 668.0, 10.5, "点検"),
        (93.0, 673.0, 5.0, "注"),
        (98.5, 668.0, 10.5, "を行う。"),
        (72.0, 600.0, 10.5, "離れた段落"),
    ]);
    assert_eq!(
        lines(&page(&content, &absent_font("UniJIS-UTF16-H"), &[], "")),
        ["番号\t題名", "2.1\t記録の保管", "点検注を行う。", "", "離れた段落"]
    );
}

#[test]
fn vertical_writing_runs_from_the_right() {
    let content = draw(&[(450.0, 760.0, 12.0, "左の行"), (500.0, 760.0, 12.0, "右の行")]);
    assert_eq!(lines(&page(&content, &absent_font("UniJIS-UTF16-V"), &[], ""))[0], "右の行");
}

#[test]
fn a_scan_is_told_from_a_page_with_a_picture() {
    assert_eq!(refusal(&page(IMAGE, &absent_font("UniJIS-UTF16-H"), &[image()], "")), "file.scanned-pdf");
    let stamped = format!("{IMAGE}\n{}", draw(&[(290.0, 30.0, 9.0, "- 1 -")]));
    assert_eq!(refusal(&page(&stamped, &absent_font("UniJIS-UTF16-H"), &[image()], "")), "file.scanned-pdf");
    let text = format!("{IMAGE}\n{}", draw(&[(72.0, 760.0, 12.0, "図の説明を次のとおり示す。")]));
    assert_eq!(lines(&page(&text, &absent_font("UniJIS-UTF16-H"), &[image()], "")), ["図の説明を次のとおり示す。"]);
}

#[test]
fn letters_without_a_meaning_are_counted_or_refused() {
    let font = "<< /Type /Font /Subtype /Type0 /BaseFont /Unknown /Encoding /Identity-H /DescendantFonts [ \
        << /Type /Font /Subtype /CIDFontType2 /BaseFont /Unknown /DW 1000 \
        /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> >> ] >>";
    let content = "BT /F1 12 Tf 72 700 Td <00010002> Tj ET";
    let refused = read(&page(content, font, &[], ""));
    assert_eq!(refused, Err(FileError::UnreadableFonts { unreadable: 2, letters: 2, page: 1 }));

    let content = draw(&[(72.0, 700.0, 12.0, "十分な長さの本文がここにある。"), (72.0, 680.0, 12.0, "\u{e000}")]);
    let text = read(&page(&content, &absent_font("UniJIS-UTF16-H"), &[], "")).expect("readable");
    assert!(
        text.problems.iter().all(|problem| matches!(problem, FileProblem::UnreadableLetters { page: 1, count: 1 }))
    );
}

#[test]
fn a_password_is_asked_for() {
    let encrypt = format!(
        "/Encrypt << /Filter /Standard /V 2 /R 3 /Length 128 /P -44 /O <{0}> /U <{0}> >> /ID [<00112233> <00112233>]",
        "5A".repeat(32)
    );
    let content = draw(&[(72.0, 700.0, 12.0, "秘密")]);
    assert_eq!(refusal(&page(&content, &absent_font("UniJIS-UTF16-H"), &[], &encrypt)), "file.password");
}

#[test]
fn a_cut_off_or_broken_file_is_refused() {
    let content = draw(&[(72.0, 700.0, 12.0, "本文")]);
    let whole = page(&content, &absent_font("UniJIS-UTF16-H"), &[], "");
    assert_eq!(refusal(&whole[..whole.len() / 2]), "file.truncated");
    assert_eq!(refusal(&whole[..whole.len() - 20]), "file.truncated");
    assert_eq!(refusal(b"%PDF-1.7\nnothing at all\n%%EOF\n"), "file.damaged");
}
