//! Figures, their targets, the table and the JSON.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::clock::Durations;

/// What a figure is held against.
#[derive(Debug, Clone, Copy)]
pub enum Target {
    /// It should be below this.
    Below(f64),
    /// It should be above this.
    Above(f64),
}

/// One measured figure.
#[derive(Debug, Clone)]
pub struct Figure {
    pub name: String,
    /// Which value of many it is: `median`, `p95`, `mean`, or empty for a single one.
    pub of: &'static str,
    pub value: f64,
    pub unit: &'static str,
    pub target: Option<Target>,
    /// Other quantiles and counts, for the reader.
    pub note: String,
}

impl Figure {
    /// A single value.
    pub fn single(name: impl Into<String>, value: f64, unit: &'static str, target: Option<Target>) -> Self {
        Self { name: name.into(), of: "", value, unit, target, note: String::new() }
    }

    /// The median of durations; the note has the 95th percentile.
    pub fn median_ms(name: impl Into<String>, durations: &Durations, target: Option<Target>) -> Self {
        let note = format!("p95 {:.2} ms, n {}", durations.quantile_ms(0.95), durations.count());
        Self { name: name.into(), of: "median", value: durations.quantile_ms(0.5), unit: "ms", target, note }
    }

    /// The 95th percentile of durations; the note has the median.
    pub fn p95_ms(name: impl Into<String>, durations: &Durations, target: Option<Target>) -> Self {
        let note = format!("median {:.2} ms, n {}", durations.quantile_ms(0.5), durations.count());
        Self { name: name.into(), of: "p95", value: durations.quantile_ms(0.95), unit: "ms", target, note }
    }

    /// Adds to the note.
    pub fn noted(mut self, note: impl AsRef<str>) -> Self {
        if !self.note.is_empty() {
            self.note.push_str(", ");
        }
        self.note.push_str(note.as_ref());
        self
    }

    /// How much of the target is used up: 1.0 is just met, smaller is better.
    fn ratio(&self) -> Option<f64> {
        match self.target? {
            Target::Below(most) => Some(self.value / most),
            Target::Above(least) => Some(if self.value > 0.0 { least / self.value } else { f64::INFINITY }),
        }
    }
}

/// Everything measured in one run.
#[derive(Debug, Default)]
pub struct Figures(Vec<Figure>);

impl Figures {
    /// Keeps a figure and shows it.
    pub fn add(&mut self, figure: Figure) {
        println!("{}", line(&figure));
        self.0.push(figure);
    }

    /// How many figures miss their target.
    pub fn missed(&self) -> usize {
        self.0.iter().filter(|f| f.ratio().is_some_and(|ratio| ratio >= 1.0)).count()
    }

    /// Writes the figures as JSON.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write_json(&self, path: &Path) -> Result<()> {
        let figures: Vec<Value> = self.0.iter().map(figure_json).collect();
        let text = serde_json::to_string_pretty(&json!({ "figures": figures }))?;
        std::fs::write(path, text).with_context(|| format!("{}: cannot be written", path.display()))
    }
}

impl Figures {
    /// Writes the figures as the table of docs/performance.md.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write_markdown(&self, path: &Path) -> Result<()> {
        let mut text = String::from("| figure | measured | target | used | more |\n|---|---:|---:|---:|---|\n");
        for f in &self.0 {
            let used = f.ratio().map_or(String::new(), |ratio| format!("{ratio:.2}"));
            let name = format!("{}{}", f.name.trim_start(), of(f));
            let _ = writeln!(text, "| {name} | {} | {} | {used} | {} |", quantity(f.value, f.unit), target(f), f.note);
        }
        std::fs::write(path, text).with_context(|| format!("{}: cannot be written", path.display()))
    }
}

fn figure_json(f: &Figure) -> Value {
    let target = match f.target {
        None => Value::Null,
        Some(Target::Below(most)) => json!({ "below": most }),
        Some(Target::Above(least)) => json!({ "above": least }),
    };
    json!({ "name": f.name, "of": f.of, "value": f.value, "unit": f.unit, "target": target, "used": f.ratio(), "note": f.note })
}

/// Head of the table.
pub fn head() -> String {
    format!("{:<64} {:>14} {:>12} {:>7}  {}\n{}", "figure", "value", "target", "used", "more", "-".repeat(120))
}

fn line(f: &Figure) -> String {
    let mut out = format!("{:<64} {:>14}", format!("{}{}", f.name, of(f)), quantity(f.value, f.unit));
    let target = target(f);
    let used = f.ratio().map_or(String::new(), |ratio| format!("{ratio:.2}{}", if ratio < 1.0 { " " } else { "!" }));
    let _ = write!(out, " {target:>12} {used:>7}  {}", f.note);
    out
}

fn target(f: &Figure) -> String {
    match f.target {
        None => String::new(),
        Some(Target::Below(most)) => format!("< {}", quantity(most, f.unit)),
        Some(Target::Above(least)) => format!("> {}", quantity(least, f.unit)),
    }
}

fn of(f: &Figure) -> String {
    if f.of.is_empty() { String::new() } else { format!(" ({})", f.of) }
}

fn quantity(value: f64, unit: &str) -> String {
    let digits = if value >= 100.0 { 0 } else { 2 };
    format!("{value:.digits$} {unit}")
}
