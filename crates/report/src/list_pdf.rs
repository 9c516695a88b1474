//! A list on paper: A4, landscape if the columns need it.

use crate::date::short_date;
use crate::error::ReportError;
use crate::list::{Cell, ColumnKind, ListColumn, ListSheet};
use crate::press::Press;
use crate::render::{Job, Template};
use crate::value::{array, dict, line, percent, record, text};
use typst::foundations::{IntoValue, Value};

/// Full-width characters of print size that an A4 page takes upright.
const PORTRAIT_CHARACTERS: f64 = 56.0;

impl ListSheet {
    /// The list as a tagged PDF with marking, date and page number on every page.
    ///
    /// # Errors
    /// [`ReportError`]: no font, too many rows, or a fault of the template.
    pub fn pdf(&self, press: &Press) -> Result<Vec<u8>, ReportError> {
        self.check_size()?;
        let width: f64 = self.columns.iter().map(|column| column.width).sum();
        let cells = self
            .rows
            .iter()
            .flat_map(|row| self.columns.iter().enumerate().map(move |(at, column)| self.cell(row.get(at), column)));
        let data = dict([
            ("landscape", (width > PORTRAIT_CHARACTERS).into_value()),
            ("filter", line(&self.filter)),
            ("count", (self.rows.len() as i64).into_value()),
            ("columns", array(self.columns.iter().map(column_value))),
            ("cells", array(cells)),
        ]);
        press.print(Job::new(Template::List, &self.head, data))
    }

    fn cell(&self, cell: Option<&Cell>, column: &ListColumn) -> Value {
        match cell {
            None | Some(Cell::Empty) => "".into_value(),
            Some(Cell::Text(content)) => text(content),
            Some(Cell::Number(number)) if column.kind == ColumnKind::Percent => percent(Some(*number)).into_value(),
            Some(Cell::Number(number)) => grouped(*number).into_value(),
            Some(Cell::Date(date)) => short_date(*date, self.head.lang).into_value(),
        }
    }
}

fn column_value(column: &ListColumn) -> Value {
    let align = match column.kind {
        ColumnKind::Text => "left",
        ColumnKind::Sign | ColumnKind::Date => "center",
        ColumnKind::Number | ColumnKind::Percent => "right",
    };
    // A column without a sensible width still gets room for a few letters.
    let width = if column.width.is_finite() { column.width.clamp(2.0, 80.0) } else { 10.0 };
    record([("name", line(&column.name)), ("width", width.into_value()), ("align", align.into_value())])
}

/// A number with thousands separated, without needless decimals.
fn grouped(number: f64) -> String {
    let plain = format!("{number}");
    let (whole, fraction) = plain.split_once('.').map_or((plain.as_str(), ""), |(w, f)| (w, f));
    let digits = whole.trim_start_matches('-');
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return plain;
    }
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    let sign = if whole.starts_with('-') { "-" } else { "" };
    if fraction.is_empty() { format!("{sign}{out}") } else { format!("{sign}{out}.{fraction}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        for (number, printed) in [(1_234_567.0, "1,234,567"), (-1000.5, "-1,000.5"), (999.0, "999"), (f64::NAN, "NaN")]
        {
            assert_eq!(grouped(number), printed);
        }
    }
}
