//! What a profile says about a document whose substance is in tables (`reader = "tables"`, docs/import-grammars.md).

use regex::Regex;
use serde::Deserialize;

/// Longest pattern accepted from a profile, in bytes; larger ones are refused before they are compiled.
const PATTERN_MAX: usize = 1_000;

/// Printed pages of a text that lost its form feeds.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Pages {
    /// Number printed on the first page.
    pub first: u32,
    /// Lines that start a page besides those with one blank in front directly behind another line.
    pub also: Option<String>,
    /// Lines that look like the first of a page and are not.
    pub never: Option<String>,
}

/// A document that the comparison table cites.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Source {
    pub name: String,
    /// First and last words of the name as printed in the table.
    pub first: String,
    pub last: String,
}

/// A node of an outline whose titles and texts stand apart.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct NodeSpec {
    pub id: String,
    #[serde(default)]
    pub title: String,
    /// The text as a cell; empty where the node has none.
    #[serde(default)]
    pub text: String,
    #[serde(default)]
    pub kind: String,
}

/// One table of records.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Table {
    pub name: String,
    pub columns: Vec<String>,
    pub rows: Vec<Vec<String>>,
    /// Why some cells are given by the profile and not by the text; reported as a problem of the page.
    pub inferred: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum PartKind {
    /// Prose with case studies and their tables of causes.
    Incidents,
    /// Rows with levels, group titles displaced.
    Levels,
    /// Nodes named by the profile, titles and texts displaced.
    Outline,
    /// Tables of records, cells named by the profile.
    Cells,
    /// Slides, one theme each.
    Themes,
}

/// A part of the document and how it is read.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Part {
    pub kind: PartKind,
    /// Squeezed start of the page that this part begins on; it runs to the next part with `from`.
    #[serde(default)]
    pub from: String,
    /// Squeezed text that a page of this part has.
    #[serde(default)]
    pub page: String,
    /// The page belongs to another part too: what is left over is that part's affair.
    #[serde(default)]
    pub shared: bool,
    #[serde(default)]
    pub id: String,
    #[serde(default)]
    pub title: String,
    #[serde(default)]
    pub nodes: Vec<NodeSpec>,
    #[serde(default)]
    pub tables: Vec<Table>,
    /// Nodes whose evidence has no label, in the order of the text.
    #[serde(default)]
    pub loose: Vec<String>,
    /// Squeezed pieces of a page that are decoration.
    #[serde(default)]
    pub decoration: Vec<String>,
}

/// Vocabulary of the case studies.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Incidents {
    /// Accidents as printed in the first column.
    pub accidents: Vec<String>,
    /// Heading of a case study: `id`, `title`.
    pub case: String,
}

/// Vocabulary of the theme slides.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Themes {
    /// Pattern of the cleaned running head: `group`, `title`, `mark`.
    pub head: String,
    /// Printed flag of a theme that has to be settled first.
    pub flag: String,
    /// Lines that open a section, and what its points are.
    pub sections: Vec<Section>,
    /// Glyph of a question, which ends the section before it.
    pub question: String,
    /// Last words of a finished point that has a glyph.
    pub asked: String,
    /// Last words of a finished line that has none.
    pub finished: String,
}

/// A section of a theme slide.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Section {
    pub pattern: String,
    /// Short name in records.
    pub name: String,
    /// Kind of its items; empty: its lines are text of the theme.
    #[serde(default)]
    pub kind: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Spec {
    pub pages: Pages,
    /// Running heads and other lines that are not content, squeezed.
    pub noise: Vec<String>,
    /// The same for whole blocks between blank lines, where a line alone could be content too.
    pub noise_blocks: Vec<String>,
    pub sources: Vec<Source>,
    /// Last words of a revision point.
    pub point: String,
    pub parts: Vec<Part>,
    pub incidents: Incidents,
    pub themes: Themes,
}

impl Spec {
    pub fn of(raw: &toml::Table) -> Result<Spec, String> {
        let tables = raw.get("tables").cloned().ok_or("the key `tables` is missing")?;
        let spec: Spec = tables.try_into().map_err(|e: toml::de::Error| e.message().to_owned())?;
        spec.check()?;
        Ok(spec)
    }

    /// Every pattern compiles and every row has its columns.
    fn check(&self) -> Result<(), String> {
        let patterns =
            self.noise.iter().chain(&self.noise_blocks).chain(self.pages.also.iter()).chain(self.pages.never.iter());
        let patterns = patterns.chain(self.themes.sections.iter().map(|s| &s.pattern));
        let more = [&self.point, &self.incidents.case, &self.themes.head, &self.themes.finished, &self.themes.asked];
        for pattern in patterns.chain(more) {
            compiled(pattern)?;
        }
        for part in &self.parts {
            compiled(&part.from)?;
            compiled(&part.page)?;
            for table in &part.tables {
                if let Some(row) = table.rows.iter().find(|row| row.len() != table.columns.len()) {
                    let (have, want) = (row.len(), table.columns.len());
                    return Err(format!("{}: a row has {have} cells, there are {want} columns", table.name));
                }
            }
        }
        Ok(())
    }
}

/// A pattern of the profile; an empty one never matches.
pub(crate) fn compiled(pattern: &str) -> Result<Regex, String> {
    if pattern.len() > PATTERN_MAX {
        return Err(format!("a pattern is longer than {PATTERN_MAX} bytes"));
    }
    let pattern = if pattern.is_empty() { "[^\\s\\S]" } else { pattern };
    Regex::new(pattern).map_err(|e| format!("pattern {pattern}: {e}"))
}

/// A pattern that [`Spec::check`] has compiled before, or one of this crate's own.
pub(crate) fn pattern(pattern: &str) -> Regex {
    compiled(pattern).unwrap_or_else(|_| never())
}

fn never() -> Regex {
    #[expect(clippy::unwrap_used, reason = "a constant pattern")]
    Regex::new("[^\\s\\S]").unwrap()
}
