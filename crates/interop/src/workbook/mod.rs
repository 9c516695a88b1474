//! The Excel round trip of answers: write a workbook, read what came back, show what would change.
//!
//! Pure: bytes and rows in, values out. Nothing here stores anything; [`diff::diff`] computes a proposal that a person
//! confirms. Foreign bytes are opened only by [`cells::read_cells`], which callers run in a process that may die.

pub mod cells;
pub mod delimited;
pub mod diff;
pub mod export;
pub mod import;
pub mod layout;
pub mod mapping;
pub mod mappings;
mod mark;
pub mod row_id;
pub mod value;
pub mod words;

pub use cells::{Cell, CellKind, CellLimits, ReadError, SheetCells, read_cells};
pub use delimited::{TextEncoding, read_delimited, write_delimited, write_records};
pub use diff::{CellChange, CellProblem, CurrentAnswer, ImportDiff, Severity, diff};
pub use export::{AssessmentSheetData, SheetRow, StandardSheet, WriteError, write_workbook};
pub use import::{RecognisedRow, RecognisedSheet, Recognition, RowIdentity, read_workbook};
pub use mapping::{ColumnMapping, KeyMatch, KnownRow, MappingError, apply_mapping, guess_mapping};
pub use mappings::{MappingBook, MappingRow, ReadMapping, mappings_csv, read_mappings, relation_word, write_mappings};
pub use words::Language;
