//! What every file reader hands to the grammars: the lines of a document with their place.

/// One printed line of a source document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceLine {
    /// The line as printed, without its line break. Blank lines are kept, since they separate blocks.
    pub text: String,
    /// 1-based page; 0 where the source has no pages.
    pub page: u32,
    /// 1-based line of the source file.
    pub line: u32,
}

/// Splits plain text into lines. A form feed starts the next page; without any, all lines are on page 0.
pub fn lines_of(text: &str) -> Vec<SourceLine> {
    let paged = text.contains('\u{c}');
    let mut page = u32::from(paged);
    let mut lines = Vec::new();
    for (index, raw) in text.split('\n').enumerate() {
        let breaks = u32::try_from(raw.matches('\u{c}').count()).unwrap_or(u32::MAX);
        page = page.saturating_add(breaks);
        let text = raw.trim_end_matches('\r').replace('\u{c}', "");
        lines.push(SourceLine { text, page, line: u32::try_from(index + 1).unwrap_or(u32::MAX) });
    }
    if lines.last().is_some_and(|line| line.text.is_empty()) {
        lines.pop();
    }
    lines
}
