//! Recognises our own sheets in a workbook that came back: which sheets, which columns, which rows.
//!
//! Columns are known by their headers, rows by their hidden ids; order, inserted rows and blank lines do not matter.

use super::cells::{Cell, CellKind, SheetCells};
use super::layout::{Column, HEADER_SEARCH_ROWS, METADATA_SHEET, is_guide, own_column};
use super::mark::is_mark;
use super::row_id::RowId;
use sakimori_domain::assurance::AnswerField;
use std::collections::BTreeMap;

/// The filled cells of a sheet by row, then column.
pub type Grid<'a> = BTreeMap<u32, BTreeMap<u32, &'a Cell>>;

/// What was recognised in a workbook.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recognition {
    pub sheets: Vec<RecognisedSheet>,
    /// Visible sheets without a header of ours, by name: shown, not an error.
    pub skipped: Vec<String>,
    /// Key and text of the very hidden sheet, empty when it is gone.
    pub metadata: Vec<(String, String)>,
}

impl Recognition {
    /// Whether the workbook is one that we exported; if not, a column mapping is needed.
    pub fn is_ours(&self) -> bool {
        let has_id = |row: &RecognisedRow| matches!(row.identity, RowIdentity::Id(_));
        !self.metadata.is_empty() || self.sheets.iter().any(|sheet| sheet.rows.iter().any(has_id))
    }
}

/// A sheet with answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecognisedSheet {
    pub name: String,
    /// 0-based row of the headers.
    pub header_row: u32,
    /// Answer fields that have a column, with its 0-based place.
    pub fields: Vec<(AnswerField, u32)>,
    pub rows: Vec<RecognisedRow>,
}

/// A row with something in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecognisedRow {
    /// 0-based.
    pub row: u32,
    /// 0-based column where the identity stands, for messages.
    pub identity_col: u32,
    pub identity: RowIdentity,
    /// The number as it stands in the sheet.
    pub number: String,
    pub values: Vec<FieldCell>,
}

/// The cell of one answer field; a blank cell is an empty text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldCell {
    pub field: AnswerField,
    pub col: u32,
    pub text: String,
    pub kind: CellKind,
}

/// How a row says which answer it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowIdentity {
    /// A sound id of ours.
    Id(RowId),
    /// Something in the id column that is no id, or was edited.
    Broken(String),
    /// Key of an answer, found by number or title (foreign layouts).
    Key(String),
    /// No id: an inserted row.
    Absent,
}

/// The grid of a sheet; where a broken file has a cell twice the last one counts, as in Excel.
pub fn grid(sheet: &SheetCells) -> Grid<'_> {
    let mut rows = Grid::new();
    for cell in &sheet.cells {
        rows.entry(cell.row).or_default().insert(cell.col, cell);
    }
    rows
}

/// The header row of a grid: among the first rows the one with the most known headers (at least `least`). A header may
/// span two rows with merged cells: a column without a word of its own takes the word above.
pub fn find_header<C: Copy + PartialEq>(
    grid: &Grid<'_>,
    least: usize,
    known: impl Fn(&str) -> Option<C>,
) -> Option<(u32, Vec<(C, u32)>)> {
    let mut best: Option<(u32, Vec<(C, u32)>)> = None;
    for (row, cells) in grid.range(..HEADER_SEARCH_ROWS) {
        let mut found: Vec<(C, u32)> = Vec::new();
        let above = row.checked_sub(1).and_then(|above| grid.get(&above));
        let words = cells.iter().map(|(col, cell)| (*col, cell.text.as_str()));
        let inherited = above.into_iter().flatten().filter(|(col, _)| !cells.contains_key(col));
        for (col, text) in words.chain(inherited.map(|(col, cell)| (*col, cell.text.as_str()))) {
            match known(text) {
                Some(column) if !found.iter().any(|(c, _)| *c == column) => found.push((column, col)),
                _ => {}
            }
        }
        // Two words must stand in this very row: data under a header would inherit all of its words otherwise.
        let own = found.iter().filter(|(_, col)| cells.contains_key(col)).count();
        if found.len() >= least
            && own >= 2.min(least)
            && best.as_ref().is_none_or(|(_, columns)| found.len() > columns.len())
        {
            best = Some((*row, found));
        }
    }
    best
}

/// Recognises the sheets of our own layout.
pub fn read_workbook(sheets: &[SheetCells]) -> Recognition {
    let mut recognition = Recognition::default();
    for sheet in sheets {
        if sheet.name == METADATA_SHEET {
            recognition.metadata = read_metadata(sheet);
            continue;
        }
        let grid = grid(sheet);
        match find_header(&grid, 3, own_column) {
            Some((header_row, columns)) if columns.iter().any(|(column, _)| matches!(column, Column::Field(_))) => {
                recognition.sheets.push(read_sheet(sheet, &grid, header_row, &columns));
            }
            _ if sheet.hidden || is_guide(&sheet.name) || is_mark(&sheet.name) => {}
            _ => recognition.skipped.push(sheet.name.clone()),
        }
    }
    recognition
}

fn read_metadata(sheet: &SheetCells) -> Vec<(String, String)> {
    let text = |row: &BTreeMap<u32, &Cell>, col| row.get(&col).map(|cell| cell.text.clone());
    grid(sheet).values().filter_map(|row| Some((text(row, 0)?, text(row, 1).unwrap_or_default()))).collect()
}

fn read_sheet(sheet: &SheetCells, grid: &Grid<'_>, header_row: u32, columns: &[(Column, u32)]) -> RecognisedSheet {
    let col_of = |wanted| columns.iter().find(|(column, _)| *column == wanted).map(|(_, col)| *col);
    let (id_col, number_col) = (col_of(Column::RowId), col_of(Column::Number));
    let fields: Vec<_> = columns
        .iter()
        .filter_map(|(column, col)| if let Column::Field(field) = column { Some((*field, *col)) } else { None })
        .collect();
    let mut rows = Vec::new();
    for (row, cells) in grid.range(header_row + 1..) {
        let text = |col: Option<u32>| col.and_then(|col| cells.get(&col)).map_or("", |cell| cell.text.trim());
        let values = field_cells(cells, &fields);
        let (id, number) = (text(id_col), text(number_col));
        let identity = match (id, RowId::parse(id)) {
            ("", _) => RowIdentity::Absent,
            (_, Some(id)) => RowIdentity::Id(id),
            (text, None) => RowIdentity::Broken(text.to_owned()),
        };
        let blank = id.is_empty() && number.is_empty() && values.iter().all(|value| value.text.trim().is_empty());
        // Some people repeat the headers down the sheet.
        let repeated_header = || own_column(id) == Some(Column::RowId) || own_column(number) == Some(Column::Number);
        if blank || (!matches!(identity, RowIdentity::Id(_)) && repeated_header()) {
            continue;
        }
        let identity_col = if identity == RowIdentity::Absent { number_col.or(id_col) } else { id_col };
        rows.push(RecognisedRow {
            row: *row,
            identity_col: identity_col.unwrap_or(0),
            identity,
            number: number.to_owned(),
            values,
        });
    }
    RecognisedSheet { name: sheet.name.clone(), header_row, fields, rows }
}

/// The cells of the answer fields in a row.
pub fn field_cells(cells: &BTreeMap<u32, &Cell>, fields: &[(AnswerField, u32)]) -> Vec<FieldCell> {
    fields
        .iter()
        .map(|(field, col)| {
            let cell = cells.get(col);
            FieldCell {
                field: *field,
                col: *col,
                text: cell.map(|cell| cell.text.clone()).unwrap_or_default(),
                kind: cell.map_or(CellKind::Text, |cell| cell.kind),
            }
        })
        .collect()
}
