//! Cells of a foreign workbook, streamed under limits.
//!
//! calamine's `worksheet_range` allocates the bounding box: 1.5 kB with A1 and XFD1048576 asks for 512 GiB. Only its cell
//! reader is used here, after every entry of the archive has been unpacked once under a byte limit.

use calamine::{CellErrorType, DataRef, Reader, SheetVisible, Xlsx, XlsxError};
use serde::{Deserialize, Serialize};
use std::io::{Cursor, Read};

/// What a cell held before it became text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CellKind {
    Text,
    Number,
    Bool,
    /// `text` is `YYYY-MM-DD`.
    Date,
    /// `text` is the error as printed, e.g. `#REF!`.
    Error,
}

/// One filled cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    /// 0-based.
    pub row: u32,
    /// 0-based.
    pub col: u32,
    pub text: String,
    pub kind: CellKind,
    /// The text is the cached result of a formula.
    #[serde(default)]
    pub formula: bool,
}

/// One sheet, filled cells only, in the order of the file.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SheetCells {
    pub name: String,
    /// Hidden or very hidden.
    pub hidden: bool,
    pub cells: Vec<Cell>,
}

/// What a foreign workbook may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CellLimits {
    /// Bytes of the file.
    pub file_bytes: u64,
    /// Bytes of all archive entries together, unpacked.
    pub unpacked_bytes: u64,
    /// Entries of the archive.
    pub entries: usize,
    pub sheets: usize,
    /// Filled cells in all sheets together.
    pub cells: usize,
    /// Cells visited, empty ones with a format included: many sheets may point at one huge part.
    pub visited: usize,
    /// Bytes of cell text in all sheets together: one shared string may stand in a million cells.
    pub text_bytes: usize,
    /// Last row that may hold a cell, counted from 1.
    pub rows: u32,
    /// Last column that may hold a cell, counted from 1.
    pub columns: u32,
    /// Characters of one cell.
    pub cell_chars: usize,
}

impl Default for CellLimits {
    fn default() -> Self {
        Self {
            file_bytes: 20 << 20,
            unpacked_bytes: 100 << 20,
            entries: 2_000,
            sheets: 100,
            cells: 500_000,
            visited: 5_000_000,
            text_bytes: 100 << 20,
            rows: 50_000,
            columns: 500,
            cell_chars: 32_767,
        }
    }
}

/// Why a file is not read. Each message says the next step.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "code")]
pub enum ReadError {
    #[error("the file is empty: choose the workbook again")]
    Empty,
    #[error("the file has {bytes} bytes, at most {max} are read: remove pictures or split the workbook")]
    TooLarge { bytes: u64, max: u64 },
    #[error("the workbook is locked with a password, or in the old .xls format: save it as .xlsx without password")]
    PasswordOrOldFormat,
    #[error("the file is not an Excel workbook (.xlsx): save it as .xlsx and try again")]
    NotAWorkbook,
    #[error("the workbook contains macros (.xlsm): save it as .xlsx without macros")]
    Macros,
    #[error("the workbook is damaged or cut off ({detail}): open it in Excel, save it and try again")]
    Damaged { detail: String },
    #[error("the workbook unpacks to more than {max} bytes: remove pictures or split the workbook")]
    UnpacksTooLarge { max: u64 },
    #[error("the workbook has more than {max} {what} ({place}): delete what is not part of the sheet and try again")]
    TooMany { what: String, max: u64, place: String },
}

impl ReadError {
    /// Message of the Japanese pages.
    pub fn ja(&self) -> String {
        match self {
            Self::Empty => "ファイルが空です。ブックを選び直してください。".to_owned(),
            Self::TooLarge { bytes, max } => format!(
                "ファイルが{bytes}バイトあり、上限の{max}バイトを超えています。画像を除くか、ブックを分けてください。"
            ),
            Self::PasswordOrOldFormat => {
                "パスワード付きのブック、又は古い .xls 形式です。パスワードを外し、.xlsx 形式で保存してください。"
                    .to_owned()
            }
            Self::NotAWorkbook => {
                "Excelブック（.xlsx）ではありません。.xlsx 形式で保存してから選んでください。".to_owned()
            }
            Self::Macros => {
                "マクロ付きのブックは読み込めません。マクロなしの .xlsx 形式で保存してください。".to_owned()
            }
            Self::Damaged { detail } => {
                format!("ブックが壊れているか、途中で切れています（{detail}）。Excelで開いて保存し直してください。")
            }
            Self::UnpacksTooLarge { max } => {
                format!("ブックを展開すると上限の{max}バイトを超えます。画像を除くか、ブックを分けてください。")
            }
            Self::TooMany { what, max, place } => {
                format!("ブックの大きさが上限（{what} {max}）を超えています（{place}）。不要な部分を削除してください。")
            }
        }
    }
}

fn too_many(what: &str, max: usize, place: impl Into<String>) -> ReadError {
    ReadError::TooMany { what: what.to_owned(), max: max as u64, place: place.into() }
}

fn damaged(error: impl std::fmt::Display) -> ReadError {
    ReadError::Damaged { detail: error.to_string().chars().take(200).collect() }
}

/// Reads every worksheet of an .xlsx workbook, hidden ones included. Memory follows the filled cells, never the
/// addresses they claim.
pub fn read_cells(bytes: &[u8], limits: &CellLimits) -> Result<Vec<SheetCells>, ReadError> {
    check_archive(bytes, limits)?;
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(open_error)?;
    let sheets: Vec<_> = book
        .sheets_metadata()
        .iter()
        .filter(|sheet| sheet.typ == calamine::SheetType::WorkSheet)
        .map(|sheet| (sheet.name.clone(), sheet.visible != SheetVisible::Visible))
        .collect();
    if sheets.len() > limits.sheets {
        return Err(too_many("sheets", limits.sheets, "workbook"));
    }
    let mut spent = Spent::default();
    sheets.into_iter().map(|(name, hidden)| read_sheet(&mut book, name, hidden, limits, &mut spent)).collect()
}

#[derive(Default)]
struct Spent {
    visited: usize,
    cells: usize,
    text_bytes: usize,
}

fn open_error(error: XlsxError) -> ReadError {
    match error {
        XlsxError::Password => ReadError::PasswordOrOldFormat,
        XlsxError::FileNotFound(_) | XlsxError::RelationshipNotFound => ReadError::NotAWorkbook,
        other => damaged(other),
    }
}

/// Unpacks every entry once, counting: sizes declared in the archive are not trusted.
fn check_archive(bytes: &[u8], limits: &CellLimits) -> Result<(), ReadError> {
    match bytes {
        [] => return Err(ReadError::Empty),
        [0xD0, 0xCF, 0x11, 0xE0, ..] => return Err(ReadError::PasswordOrOldFormat),
        [b'P', b'K', ..] => {}
        _ => return Err(ReadError::NotAWorkbook),
    }
    if bytes.len() as u64 > limits.file_bytes {
        return Err(ReadError::TooLarge { bytes: bytes.len() as u64, max: limits.file_bytes });
    }
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(damaged)?;
    if archive.len() > limits.entries {
        return Err(too_many("entries", limits.entries, "archive"));
    }
    let mut left = limits.unpacked_bytes;
    let mut is_workbook = false;
    for place in 0..archive.len() {
        let entry = archive.by_index(place).map_err(|error| match error {
            zip::result::ZipError::UnsupportedArchive(zip::result::ZipError::PASSWORD_REQUIRED) => {
                ReadError::PasswordOrOldFormat
            }
            other => damaged(other),
        })?;
        let name = entry.name().map_err(damaged)?.to_ascii_lowercase();
        if name.ends_with("vbaproject.bin") {
            return Err(ReadError::Macros);
        }
        is_workbook |= name == "[content_types].xml";
        let unpacked = std::io::copy(&mut entry.take(left + 1), &mut std::io::sink()).map_err(damaged)?;
        left = left.checked_sub(unpacked).ok_or(ReadError::UnpacksTooLarge { max: limits.unpacked_bytes })?;
    }
    if is_workbook { Ok(()) } else { Err(ReadError::NotAWorkbook) }
}

fn read_sheet(
    book: &mut Xlsx<Cursor<&[u8]>>,
    name: String,
    hidden: bool,
    limits: &CellLimits,
    spent: &mut Spent,
) -> Result<SheetCells, ReadError> {
    let mut reader = book.worksheet_cells_reader(&name).map_err(damaged)?;
    let mut cells = Vec::new();
    while let Some(record) = reader.next_cell_with_formula_metadata().map_err(damaged)? {
        let (row, col) = record.pos;
        spent.visited += 1;
        if spent.visited > limits.visited {
            return Err(too_many(
                "formatted cells",
                limits.visited,
                format!("{name}!{}", super::value::cell_name(row, col)),
            ));
        }
        let Some((text, kind)) = text_of(&record.value) else { continue };
        let place = || format!("{name}!{}", super::value::cell_name(row, col));
        if row >= limits.rows {
            return Err(too_many("rows", limits.rows as usize, place()));
        }
        if col >= limits.columns {
            return Err(too_many("columns", limits.columns as usize, place()));
        }
        if text.chars().count() > limits.cell_chars {
            return Err(too_many("characters in a cell", limits.cell_chars, place()));
        }
        spent.cells += 1;
        spent.text_bytes += text.len();
        if spent.cells > limits.cells {
            return Err(too_many("cells", limits.cells, place()));
        }
        if spent.text_bytes > limits.text_bytes {
            return Err(too_many("bytes of text", limits.text_bytes, place()));
        }
        cells.push(Cell { row, col, text, kind, formula: record.formula.is_some() });
    }
    Ok(SheetCells { name, hidden, cells })
}

/// The text of a value; `None` for an empty cell.
fn text_of(value: &DataRef<'_>) -> Option<(String, CellKind)> {
    Some(match value {
        DataRef::Empty => return None,
        DataRef::String(text) if text.is_empty() => return None,
        DataRef::SharedString("") => return None,
        DataRef::String(text) => (text.clone(), CellKind::Text),
        DataRef::SharedString(text) => ((*text).to_owned(), CellKind::Text),
        DataRef::Int(number) => (number.to_string(), CellKind::Number),
        DataRef::Float(number) => (number.to_string(), CellKind::Number),
        DataRef::Bool(truth) => (if *truth { "TRUE" } else { "FALSE" }.to_owned(), CellKind::Bool),
        DataRef::DateTime(moment) if moment.is_datetime() && (1.0..2_958_466.0).contains(&moment.as_f64()) => {
            let (year, month, day, ..) = moment.to_ymd_hms_milli();
            (format!("{year:04}-{month:02}-{day:02}"), CellKind::Date)
        }
        DataRef::DateTime(moment) => (moment.as_f64().to_string(), CellKind::Number),
        DataRef::DateTimeIso(text) => (text.chars().take(10).collect(), CellKind::Date),
        DataRef::DurationIso(text) => (text.clone(), CellKind::Text),
        DataRef::Error(error) => (error_text(error).to_owned(), CellKind::Error),
    })
}

const fn error_text(error: &CellErrorType) -> &'static str {
    match error {
        CellErrorType::Div0 => "#DIV/0!",
        CellErrorType::NA => "#N/A",
        CellErrorType::Name => "#NAME?",
        CellErrorType::Null => "#NULL!",
        CellErrorType::Num => "#NUM!",
        CellErrorType::Ref => "#REF!",
        CellErrorType::Value => "#VALUE!",
        _ => "#ERROR!",
    }
}
