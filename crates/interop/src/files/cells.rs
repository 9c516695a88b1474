//! Workbooks (.xlsx), cell by cell.
//!
//! Never through calamine's `worksheet_range`: it allocates the rectangle that the cells span, so a 1.5 kB workbook with
//! cells A1 and XFD1048576 asks for 512 GiB.

use std::io::Cursor;

use calamine::{DataRef, ExcelDateTime, Reader, SheetType, SheetVisible, Xlsx, XlsxError};
use serde::{Deserialize, Serialize};

use super::container::Container;
use super::output::Lines;
use super::{Counted, FileError, Format, Kind, Limits, SourceText, check_size, ole_error, sniff};

/// The filled cells of a workbook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellBook {
    /// Sheets in the order of their tabs; charts and macros are left out.
    pub sheets: Vec<CellSheet>,
}

/// One sheet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellSheet {
    pub name: String,
    /// Whether the person cannot see it.
    pub hidden: bool,
    /// Filled cells by row, then column.
    pub cells: Vec<Cell>,
}

/// One filled cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    /// 0-based row: row 0 is printed as 1.
    pub row: u32,
    /// 0-based column: column 0 is A.
    pub col: u32,
    /// The value as text: numbers without a needless fraction, dates as `2026-03-31` or `2026-03-31T09:00:00`, truth
    /// values as TRUE and FALSE, faults as `#N/A`. Line breaks inside are `\n`.
    pub text: String,
}

impl Cell {
    /// The place as Excel prints it, e.g. `XFD1048576`.
    pub fn reference(&self) -> String {
        let (mut letters, mut rest) = (Vec::new(), self.col + 1);
        while rest > 0 {
            rest -= 1;
            letters.push(char::from(b'A' + (rest % 26) as u8));
            rest /= 26;
        }
        format!("{}{}", letters.iter().rev().collect::<String>(), self.row + 1)
    }
}

/// Reads the cells of a workbook.
///
/// # Errors
/// One [`FileError`]; a workbook with more cells, text or unpacked bytes than the limits is refused while it is read.
pub fn read_cells(name: &str, bytes: &[u8], limits: &Limits) -> Result<CellBook, FileError> {
    let _ = name;
    check_size(bytes, limits)?;
    match sniff(bytes) {
        Kind::Zip => {}
        Kind::Ole => return Err(ole_error(bytes)),
        _ => return Err(FileError::UnknownFormat { found: "not a workbook".to_owned() }),
    }
    if Container::open(bytes, limits)?.kind()? != Format::Xlsx {
        return Err(FileError::UnknownFormat { found: "a Word document, not a workbook".to_owned() });
    }
    read_book(bytes, limits)
}

/// Reads a workbook as a document: a sheet is a page, a row is a line with a tab between cells.
pub(super) fn read_lines(bytes: &[u8], limits: &Limits) -> Result<SourceText, FileError> {
    let book = read_book(bytes, limits)?;
    let mut lines = Lines::new(limits);
    for (index, sheet) in (1..).zip(&book.sheets).filter(|(_, sheet)| !sheet.hidden) {
        lines.set_page(index);
        let mut cells = sheet.cells.iter().peekable();
        while let Some(first) = cells.next() {
            let mut line = flat(&first.text);
            let mut column = first.col;
            while let Some(cell) = cells.next_if(|cell| cell.row == first.row) {
                // Empty cells between two filled ones keep their tabs, unless somebody wrote far away to fill memory.
                line.extend(std::iter::repeat_n('\t', (cell.col - column).clamp(1, 64) as usize));
                line.push_str(&flat(&cell.text));
                column = cell.col;
            }
            lines.push(&line)?;
        }
    }
    Ok(SourceText { format: Format::Xlsx, lines: lines.finish(), problems: Vec::new() })
}

fn flat(text: &str) -> String {
    text.replace(['\n', '\t'], " ")
}

fn read_book(bytes: &[u8], limits: &Limits) -> Result<CellBook, FileError> {
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(damaged)?;
    let tabs: Vec<_> =
        workbook.sheets_metadata().iter().filter(|sheet| sheet.typ == SheetType::WorkSheet).cloned().collect();
    let mut budget = Budget { limits, cells: 0, bytes: 0 };
    let mut sheets = Vec::new();
    for tab in tabs {
        let cells = read_sheet(&mut workbook, &tab.name, &mut budget)?;
        sheets.push(CellSheet { name: tab.name, hidden: tab.visible != SheetVisible::Visible, cells });
    }
    Ok(CellBook { sheets })
}

/// What all sheets together may hold.
struct Budget<'a> {
    limits: &'a Limits,
    cells: u64,
    bytes: u64,
}

impl Budget<'_> {
    fn spend(&mut self, text: &str) -> Result<(), FileError> {
        self.cells += 1;
        self.bytes += text.len() as u64;
        let over = |what, limit| Err(FileError::TooMany { what, limit, line: None });
        match () {
            () if self.cells > self.limits.cells => over(Counted::Cells, self.limits.cells),
            () if self.bytes > self.limits.text_bytes => over(Counted::TextBytes, self.limits.text_bytes),
            () => Ok(()),
        }
    }
}

fn read_sheet(workbook: &mut Xlsx<Cursor<&[u8]>>, name: &str, budget: &mut Budget<'_>) -> Result<Vec<Cell>, FileError> {
    let mut reader = workbook.worksheet_cells_reader(name).map_err(damaged)?;
    let mut cells = Vec::new();
    while let Some(cell) = reader.next_cell().map_err(damaged)? {
        let Some(text) = value(cell.get_value()) else { continue };
        budget.spend(&text)?;
        let (row, col) = cell.get_position();
        cells.push(Cell { row, col, text });
    }
    // A writer may leave out the positions or give them in any order.
    cells.sort_by_key(|cell| (cell.row, cell.col));
    Ok(cells)
}

fn value(value: &DataRef<'_>) -> Option<String> {
    let text = match value {
        DataRef::Empty => return None,
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => number.to_string(),
        DataRef::String(text) => text.replace("\r\n", "\n"),
        DataRef::SharedString(text) => text.replace("\r\n", "\n"),
        DataRef::Bool(truth) => if *truth { "TRUE" } else { "FALSE" }.to_owned(),
        DataRef::DateTime(time) => date(time),
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::Error(fault) => fault.to_string(),
    };
    (!text.is_empty()).then_some(text)
}

fn date(time: &ExcelDateTime) -> String {
    if !time.is_datetime() || time.as_f64() < 1.0 {
        return time.as_f64().to_string();
    }
    match time.to_ymd_hms_milli() {
        (year, month, day, 0, 0, 0, _) => format!("{year:04}-{month:02}-{day:02}"),
        (year, month, day, hour, minute, second, _) => {
            format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
        }
    }
}

fn damaged(error: XlsxError) -> FileError {
    match error {
        XlsxError::Password => FileError::Password { format: Format::Xlsx },
        other => FileError::Damaged { format: Format::Xlsx, detail: other.to_string() },
    }
}
