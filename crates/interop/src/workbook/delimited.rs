//! Answers as CSV, in UTF-8 or Shift_JIS, with the same columns as the workbook.

use super::cells::{Cell, CellKind, CellLimits, ReadError, SheetCells};
use super::export::{AssessmentSheetData, SheetRow};
use super::layout::{COLUMNS, Column};
use super::row_id::{RowId, field_text, same_letters};
use encoding_rs::{SHIFT_JIS, UTF_8};
use sakimori_domain::assurance::Answer;

/// Encoding of a CSV file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextEncoding {
    /// With a byte order mark, by which Excel knows it.
    Utf8,
    /// As Windows-31J; letters that it lacks become numeric character references and are counted.
    ShiftJis,
}

/// Records as the bytes of a CSV file, and how many letters the encoding could not hold. Records have one length.
pub fn write_records(records: impl IntoIterator<Item = Vec<String>>, encoding: TextEncoding) -> (Vec<u8>, usize) {
    let mut out = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let (mut lost, mut whole) = (0, true);
    for record in records {
        let record: Vec<Vec<u8>> = record.into_iter().map(|text| encode(&disarm(text), encoding, &mut lost)).collect();
        // A Vec takes every write and all records have the same length, so there is no error to meet.
        whole &= out.write_record(record).is_ok();
    }
    debug_assert!(whole, "records of one length are always written");
    let body = out.into_inner().unwrap_or_default();
    let bytes = match encoding {
        TextEncoding::Utf8 => [b"\xEF\xBB\xBF".as_slice(), &body].concat(),
        TextEncoding::ShiftJis => body,
    };
    (bytes, lost)
}

/// The bytes of a CSV file, and how many letters the encoding could not hold.
pub fn write_delimited(data: &AssessmentSheetData, encoding: TextEncoding) -> (Vec<u8>, usize) {
    let header = COLUMNS.iter().map(|(_, ja, en, _)| data.language.t(ja, en).to_owned()).collect();
    let rows = data.sheets.iter().flat_map(|sheet| &sheet.rows).map(|row| record(data, row));
    write_records(std::iter::once(header).chain(rows), encoding)
}

fn record(data: &AssessmentSheetData, row: &SheetRow) -> Vec<String> {
    let id = RowId::of(&data.organisation_id, &data.assessment_id, &row.key, row.version, &row.answer).print();
    let blank = Answer::default();
    let last = row.last.as_ref().unwrap_or(&blank);
    let text = |column: &Column| match column {
        Column::RowId => id.clone(),
        Column::Number => row.number.clone(),
        Column::Title => row.title.clone(),
        Column::Question => row.question.clone(),
        Column::Force => row.force.clone(),
        Column::Reason => row.reason.clone(),
        Column::Field(field) => field_text(&row.answer, *field),
        Column::LastStatus => last.status.ja().to_owned(),
        Column::LastCurrent => last.current.clone(),
        Column::LastPlan => last.plan.clone(),
        Column::Source => row.source.clone(),
    };
    COLUMNS.iter().map(|(column, ..)| text(column)).collect()
}

/// A text that a spreadsheet would take for a formula gets an apostrophe in front, half width or full width alike; a mark
/// alone (－) is none.
fn disarm(text: String) -> String {
    let mut letters = text.chars();
    let dangerous =
        letters.next().is_some_and(|c| matches!(c, '=' | '+' | '-' | '@' | '\t' | '\r' | '＝' | '＋' | '－' | '＠'));
    if dangerous && letters.next().is_some() || text.starts_with('\'') { format!("'{text}") } else { text }
}

/// Takes back what [`disarm`] put on.
fn rearm(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if rest.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠', '\'']) => rest,
        _ => text,
    }
}

fn encode(text: &str, encoding: TextEncoding, lost: &mut usize) -> Vec<u8> {
    match encoding {
        TextEncoding::Utf8 => text.as_bytes().to_vec(),
        TextEncoding::ShiftJis => {
            let text = &same_letters(text);
            *lost += text.chars().filter(|c| SHIFT_JIS.encode(c.encode_utf8(&mut [0; 4])).2).count();
            SHIFT_JIS.encode(text).0.into_owned()
        }
    }
}

/// Reads CSV (or tab separated text) as one sheet; UTF-8 with or without mark, UTF-16 with mark, else Shift_JIS.
pub fn read_delimited(bytes: &[u8], name: &str, limits: &CellLimits) -> Result<SheetCells, ReadError> {
    if bytes.is_empty() {
        return Err(ReadError::Empty);
    }
    if bytes.len() as u64 > limits.file_bytes {
        return Err(ReadError::TooLarge { bytes: bytes.len() as u64, max: limits.file_bytes });
    }
    let text = decode(bytes)?;
    let first_line = text.lines().next().unwrap_or_default();
    let delimiter = if first_line.contains('\t') && !first_line.contains(',') { b'\t' } else { b',' };
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(text.as_bytes());
    let mut cells = Vec::new();
    for (row, record) in reader.records().enumerate() {
        let record = record.map_err(|error| ReadError::Damaged { detail: error.to_string() })?;
        let too_many = |what: &str, max: usize| ReadError::TooMany {
            what: what.to_owned(),
            max: max as u64,
            place: format!("{name} {}", row + 1),
        };
        if row >= limits.rows as usize {
            return Err(too_many("rows", limits.rows as usize));
        }
        if record.len() > limits.columns as usize {
            return Err(too_many("columns", limits.columns as usize));
        }
        for (col, text) in record.iter().enumerate().filter(|(_, text)| !text.is_empty()) {
            if text.chars().count() > limits.cell_chars {
                return Err(too_many("characters in a cell", limits.cell_chars));
            }
            if cells.len() >= limits.cells {
                return Err(too_many("cells", limits.cells));
            }
            let text = rearm(text).to_owned();
            cells.push(Cell { row: row as u32, col: col as u32, text, kind: CellKind::Text, formula: false });
        }
    }
    Ok(SheetCells { name: name.to_owned(), hidden: false, cells })
}

fn decode(bytes: &[u8]) -> Result<String, ReadError> {
    if let Some((encoding, mark)) = encoding_rs::Encoding::for_bom(bytes) {
        let (text, broken) = encoding.decode_without_bom_handling(&bytes[mark..]);
        return if broken { Err(wrong_encoding()) } else { Ok(text.into_owned()) };
    }
    for encoding in [UTF_8, SHIFT_JIS] {
        if let Some(text) = encoding.decode_without_bom_handling_and_without_replacement(bytes)
            && !text.contains('\0')
        {
            return Ok(if encoding == UTF_8 { text.into_owned() } else { resolve_references(&text) });
        }
    }
    Err(wrong_encoding())
}

/// Takes back the numeric references that stand for letters Shift_JIS lacks, so that they survive the round trip.
fn resolve_references(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("&#") {
        let (before, tail) = rest.split_at(at);
        out.push_str(before);
        let end = tail.find(';').filter(|end| (3..=9).contains(end));
        let letter = end.and_then(|end| tail[2..end].parse().ok()).and_then(char::from_u32);
        match (end, letter.filter(|c| SHIFT_JIS.encode(c.encode_utf8(&mut [0; 4])).2)) {
            (Some(end), Some(letter)) => {
                out.push(letter);
                rest = &tail[end + 1..];
            }
            _ => {
                out.push_str("&#");
                rest = &tail[2..];
            }
        }
    }
    out + rest
}

fn wrong_encoding() -> ReadError {
    ReadError::Damaged {
        detail: "neither UTF-8 nor Shift_JIS / 文字コードが UTF-8 でも Shift_JIS でもありません".to_owned(),
    }
}
