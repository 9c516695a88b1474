//! Printed products: plain data in, bytes of a PDF or an Excel workbook out.
//!
//! The only crate that knows typst. It has no clock (the report date comes with the data), opens no network connection and
//! reads nothing but font files. Texts typed by people reach typst as values of a fixed template, never as source, and reach
//! Excel as string cells, never as formulas.

mod clean;
mod comparison;
mod comparison_pdf;
mod comparison_xlsx;
mod date;
mod diff;
mod error;
mod fonts;
mod gap;
mod gap_pdf;
mod gap_xlsx;
mod issues;
mod issues_pdf;
mod issues_xlsx;
mod list;
mod list_pdf;
mod list_xlsx;
mod press;
mod print;
mod radar;
mod render;
mod sheet;
mod value;
mod words;

pub use comparison::{ChangeKind, Comparison, ComparisonRow};
pub use date::{fiscal_year_label, long_date, short_date};
pub use diff::{Piece, changed_pieces};
pub use error::ReportError;
pub use fonts::FontSearch;
pub use gap::{
    Approval, ApprovalRecord, ApprovalStep, CarriedLine, ChapterLine, Counts, ExclusionLine, ForceLine, GapLine,
    GapReport, Revision, StandardLine, Status, UnansweredLine,
};
pub use issues::{IssueEvidence, IssueItem, IssueRow, IssueTable};
pub use list::{Cell, ColumnKind, ListColumn, ListSheet};
pub use press::{Press, Worker, run_worker};
pub use print::{Lang, PrintHead};
pub use radar::{Point, RadarAxis, RadarChart, radar_points, radar_svg};
