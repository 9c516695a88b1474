//! Files that want to hurt: each ends in one clear refusal.

use crate::support::*;
use rust_xlsxwriter::{Formula, Workbook};
use sakimori_interop::workbook::*;
use std::io::{Cursor, Write};
use zip::write::SimpleFileOptions;

fn refused(bytes: &[u8]) -> ReadError {
    read_cells(bytes, &CellLimits::default()).expect_err("refused")
}

fn repacked(bytes: &[u8], change: impl Fn(&str, Vec<u8>) -> Option<Vec<u8>>, more: &[(&str, &[u8])]) -> Vec<u8> {
    use std::io::Read;
    let mut from = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut to = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for place in 0..from.len() {
        let mut entry = from.by_index(place).unwrap();
        let name = entry.name().unwrap().to_string();
        let mut body = Vec::new();
        entry.read_to_end(&mut body).unwrap();
        if let Some(body) = change(&name, body) {
            to.start_file(name, SimpleFileOptions::default()).unwrap();
            to.write_all(&body).unwrap();
        }
    }
    for (name, body) in more {
        to.start_file(*name, SimpleFileOptions::default()).unwrap();
        to.write_all(body).unwrap();
    }
    to.finish().unwrap().into_inner()
}

#[test]
fn two_cells_in_opposite_corners_cost_two_cells() {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.write_string(0, 0, "a").unwrap();
    sheet.write_string(1_048_575, 16_383, "z").unwrap();
    let bytes = book.save_to_buffer().unwrap();
    assert!(matches!(refused(&bytes), ReadError::TooMany { what, .. } if what == "rows"));
    let wide = CellLimits { rows: u32::MAX, columns: u32::MAX, ..CellLimits::default() };
    let sheets = read_cells(&bytes, &wide).unwrap();
    assert_eq!(sheets[0].cells.len(), 2);
    assert_eq!((sheets[0].cells[1].row, sheets[0].cells[1].col), (1_048_575, 16_383));
}

#[test]
fn limits_hold_to_the_unit() {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (row, col) in [(0, 0), (1, 1), (2, 2)] {
        sheet.write_string(row, col, "あいう").unwrap();
    }
    let bytes = book.save_to_buffer().unwrap();
    let base = CellLimits { rows: 3, columns: 3, cells: 3, cell_chars: 3, text_bytes: 27, ..CellLimits::default() };
    assert!(read_cells(&bytes, &base).is_ok());
    for (what, limits) in [
        ("rows", CellLimits { rows: 2, ..base }),
        ("columns", CellLimits { columns: 2, ..base }),
        ("cells", CellLimits { cells: 2, ..base }),
        ("formatted cells", CellLimits { visited: 2, ..base }),
        ("characters in a cell", CellLimits { cell_chars: 2, ..base }),
        ("bytes of text", CellLimits { text_bytes: 26, ..base }),
        ("sheets", CellLimits { sheets: 0, ..base }),
        ("entries", CellLimits { entries: 3, ..base }),
    ] {
        let error = read_cells(&bytes, &limits).expect_err(what);
        assert!(matches!(&error, ReadError::TooMany { what: named, .. } if named == what), "{error}");
        assert!(!error.ja().is_empty());
    }
    let small = CellLimits { file_bytes: 100, ..base };
    assert!(matches!(read_cells(&bytes, &small), Err(ReadError::TooLarge { max: 100, .. })));
}

#[test]
fn a_zip_bomb_stops_at_the_limit_even_when_it_lies_about_its_size() {
    let good = write_workbook(&data(1)).unwrap();
    let zeros = vec![b' '; 4 << 20];
    let bomb = repacked(&good, |_, body| Some(body), &[("xl/media/x.bin", &zeros)]);
    let limits = CellLimits { unpacked_bytes: 1 << 20, ..CellLimits::default() };
    assert_eq!(read_cells(&bomb, &limits), Err(ReadError::UnpacksTooLarge { max: 1 << 20 }));
    // The declared size of the entry, little endian, made small wherever it stands.
    let (size, lie) = ((4u32 << 20).to_le_bytes(), 16u32.to_le_bytes());
    let mut liar = bomb.clone();
    for at in 0..liar.len() - 4 {
        if liar[at..at + 4] == size {
            liar[at..at + 4].copy_from_slice(&lie);
        }
    }
    assert_ne!(liar, bomb);
    assert!(read_cells(&liar, &limits).is_err());
}

#[test]
fn locked_old_macro_and_other_files_are_told_apart() {
    assert_eq!(refused(b""), ReadError::Empty);
    assert_eq!(refused(&[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1, 0, 0]), ReadError::PasswordOrOldFormat);
    assert_eq!(refused(b"%PDF-1.7"), ReadError::NotAWorkbook);
    let good = write_workbook(&data(2)).unwrap();
    let macros = repacked(&good, |_, body| Some(body), &[("xl/vbaProject.bin", b"x")]);
    assert_eq!(refused(&macros), ReadError::Macros);
    let no_types = repacked(&good, |name, body| (name != "[Content_Types].xml").then_some(body), &[]);
    assert_eq!(refused(&no_types), ReadError::NotAWorkbook);
    let word =
        repacked(&good, |name, body| (!name.starts_with("xl/")).then_some(body), &[("word/document.xml", b"<w/>")]);
    assert_eq!(refused(&word), ReadError::NotAWorkbook);
}

#[test]
fn a_file_cut_off_anywhere_is_refused_and_never_half_read() {
    let good = write_workbook(&data(3)).unwrap();
    for end in (4..good.len()).step_by(good.len() / 60) {
        let error = refused(&good[..end]);
        assert!(matches!(error, ReadError::Damaged { .. } | ReadError::NotAWorkbook), "{end}: {error}");
    }
    let cut_sheet = repacked(
        &good,
        |name, body| Some(if name == "xl/worksheets/sheet2.xml" { body[..body.len() / 2].to_vec() } else { body }),
        &[],
    );
    assert!(matches!(refused(&cut_sheet), ReadError::Damaged { .. }));
}

#[test]
fn flipped_bytes_never_panic() {
    let good = write_workbook(&data(3)).unwrap();
    for at in (0..good.len()).step_by(37) {
        let mut bad = good.clone();
        bad[at] ^= 0x55;
        if let Ok(sheets) = read_cells(&bad, &CellLimits::default()) {
            diff(&current(&data(3)), &read_workbook(&sheets));
        }
    }
}

#[test]
fn formulas_give_their_cached_value_and_errors_a_problem() {
    let data = data(3);
    let rows = rows_of(&read(&write_workbook(&data).unwrap()), "架空基準");
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (row, cells) in (0u32..).zip(&rows) {
        for (col, text) in cells {
            sheet.write_string(row, *col as u16, text).unwrap();
        }
    }
    sheet.write_formula(3, col("対応状況") as u16, Formula::new("=IF(TRUE,\"△\",\"\")").set_result("△")).unwrap();
    sheet.write_formula(3, col("現状") as u16, Formula::new("=A1/0").set_result("#DIV/0!")).unwrap();
    let result = diff(&current(&data), &read_workbook(&read(&book.save_to_buffer().unwrap())));
    assert_eq!(result.changes.len(), 1);
    assert_eq!(result.changes[0].new, "△");
    assert_eq!(codes(&result), [("formula-error", "J4")]);
}

#[test]
fn readings_and_fonts_inside_a_cell_are_not_text_of_their_own() {
    let data = data(3);
    let good = write_workbook(&data).unwrap();
    let edit = |name: &str, body: Vec<u8>| {
        let text = String::from_utf8(body).unwrap();
        let ruby = "<t>青木</t><rPh sb=\"0\" eb=\"2\"><t>アオキ</t></rPh>";
        let runs = "<r><rPr><b/></rPr><t>運用</t></r><r><t>課</t></r>";
        let changed = text.replace("<t>青木</t>", ruby).replace("<t>運用課</t>", runs);
        assert_eq!(name == "xl/sharedStrings.xml", changed != text);
        Some(changed.into_bytes())
    };
    let from_excel = repacked(&good, edit, &[]);
    let result = diff(&current(&data), &read_workbook(&read(&from_excel)));
    assert_eq!((result.changes.len(), result.unchanged), (0, 3), "{:?}", result.changes);
}
