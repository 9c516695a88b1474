//! Rust values as typst values: the only road by which data reaches a template.

use crate::clean::{clean, clean_line};
use typst::foundations::{Array, Dict, IntoValue, Str, Value};

/// Text of several lines, cleaned.
pub(crate) fn text(text: &str) -> Value {
    Value::Str(Str::from(clean(text)))
}

/// Text of one line, cleaned.
pub(crate) fn line(text: &str) -> Value {
    Value::Str(Str::from(clean_line(text)))
}

/// Anything iterable as an array.
pub(crate) fn array(values: impl IntoIterator<Item = Value>) -> Value {
    Value::Array(values.into_iter().collect::<Array>())
}

/// A dictionary from pairs.
pub(crate) fn dict<const N: usize>(pairs: [(&str, Value); N]) -> Dict {
    pairs.into_iter().map(|(key, value)| (Str::from(key), value)).collect()
}

/// A dictionary from pairs, as a value.
pub(crate) fn record<const N: usize>(pairs: [(&str, Value); N]) -> Value {
    dict(pairs).into_value()
}

/// A share as percent without decimals; `－` where there is none.
pub(crate) fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "－".to_owned(), |share| format!("{:.0}%", share * 100.0))
}

/// The change between two shares in points, with its sign; `－` where one is missing.
pub(crate) fn change(now: Option<f64>, last: Option<f64>) -> String {
    match (now, last) {
        (Some(now), Some(last)) => {
            // The difference of the printed figures, so that the row adds up for whoever checks it by hand.
            let points = (now * 100.0).round() - (last * 100.0).round();
            if points == 0.0 { "±0".to_owned() } else { format!("{points:+.0}") }
        }
        _ => "－".to_owned(),
    }
}
