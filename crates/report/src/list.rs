//! Any list of the product as a workbook or on paper: the same columns and cells for both.

use crate::error::ReportError;
use crate::print::PrintHead;
use jiff::civil::Date;

/// Most rows of a list: Excel has room for more, people have not.
pub(crate) const MOST_ROWS: usize = 50_000;

/// How the cells of a column are aligned and formatted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ColumnKind {
    /// Left-aligned, wrapped.
    Text,
    /// Short sign or code (○ △ × －), centred.
    Sign,
    /// Right-aligned.
    Number,
    /// A share 0..=1, shown as percent, right-aligned.
    Percent,
    Date,
}

/// A column: heading, width in full-width characters, kind.
#[derive(Debug, Clone, PartialEq)]
pub struct ListColumn {
    pub name: String,
    pub width: f64,
    pub kind: ColumnKind,
}

/// The content of a cell; its own type decides how it is stored, the column's kind how it looks.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    Empty,
    Text(String),
    /// A count, an amount or a share.
    Number(f64),
    Date(Date),
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<u32> for Cell {
    fn from(number: u32) -> Self {
        Self::Number(f64::from(number))
    }
}

impl From<Option<Date>> for Cell {
    fn from(date: Option<Date>) -> Self {
        date.map_or(Self::Empty, Self::Date)
    }
}

/// A list to be exported. Rows shorter than the columns are filled with empty cells, longer ones are cut.
#[derive(Debug, Clone, PartialEq)]
pub struct ListSheet {
    /// `head.title` names the sheet.
    pub head: PrintHead,
    /// What the list was narrowed to, as the page's chips say it; printed under the title. Empty: everything.
    pub filter: String,
    pub columns: Vec<ListColumn>,
    pub rows: Vec<Vec<Cell>>,
}

impl ListSheet {
    pub(crate) fn check_size(&self) -> Result<(), ReportError> {
        crate::render::check_rows("the list", self.rows.len(), MOST_ROWS)
    }
}
