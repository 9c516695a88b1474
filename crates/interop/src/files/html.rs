//! HTML to lines. The document is read as a stream of tags, never as a tree, so that nesting costs nothing.
//!
//! Block elements start a line. A row of a table is one line with a tab between cells; a table that contains tables is
//! page layout, whose cells are blocks. Lists get the marks that a browser shows.

use html5gum::{DefaultEmitter, StartTag, StringReader, Token, Tokenizer};

use super::numbering::Style;
use super::output::Lines;
use super::{FileError, Format, Limits, SourceText};

/// Whether text begins like an HTML document.
pub(super) fn looks_like(text: &str) -> bool {
    let mut rest = text.trim_start_matches('\u{feff}').trim_start();
    // Comments and an XML declaration may precede the first tag.
    while rest.starts_with("<!--") || rest.starts_with("<?xml") {
        let end = if rest.starts_with("<!--") { "-->" } else { "?>" };
        match rest.find(end) {
            Some(at) => rest = rest[at + end.len()..].trim_start(),
            None => return false,
        }
    }
    let head: String = rest.chars().take(16).collect::<String>().to_ascii_lowercase();
    ["<!doctype html", "<html", "<head", "<body", "<meta", "<title"].iter().any(|tag| head.starts_with(tag))
}

/// Reads an HTML document.
pub(super) fn read(text: &str, limits: &Limits) -> Result<SourceText, FileError> {
    let tables = layout_tables(text);
    let mut page = Page { lines: Lines::new(limits), tables, ..Page::new(limits) };
    for token in tokens(text) {
        let Ok(token) = token;
        match token {
            Token::StartTag(tag) => page.start(&tag)?,
            Token::EndTag(tag) => page.end(&String::from_utf8_lossy(&tag.name))?,
            Token::String(text) => page.text(&String::from_utf8_lossy(&text))?,
            _ => {}
        }
    }
    page.flush()?;
    if let Some((name, _)) = page.skip {
        return Err(FileError::Truncated {
            format: Format::Html,
            detail: format!("the element <{name}> is not closed"),
        });
    }
    Ok(SourceText { format: Format::Html, lines: page.lines.finish(), problems: Vec::new() })
}

/// The tags and texts of a document. Scripts and styles are read as such, so that `a<b` in them is no tag.
fn tokens(text: &str) -> Tokenizer<StringReader<'_>, DefaultEmitter> {
    let mut emitter = DefaultEmitter::default();
    emitter.naively_switch_states(true);
    Tokenizer::new_with_emitter(text, emitter)
}

/// For every table in the order of their start tags: whether another table stands inside it.
fn layout_tables(text: &str) -> Vec<bool> {
    let (mut tables, mut open) = (Vec::new(), Vec::new());
    for token in tokens(text) {
        let Ok(token) = token;
        match token {
            Token::StartTag(tag) if &**tag.name == b"table" => {
                if let Some(outer) = open.last() {
                    tables[*outer] = true;
                }
                open.push(tables.len());
                tables.push(false);
            }
            Token::EndTag(tag) if &**tag.name == b"table" => {
                open.pop();
            }
            _ => {}
        }
    }
    tables
}

struct List {
    ordered: Option<Style>,
    next: i64,
}

struct Page<'a> {
    lines: Lines<'a>,
    line: String,
    /// Whether blanks seen since the last letter stand for one blank.
    space: bool,
    tables: Vec<bool>,
    /// Tables seen so far, and for the open ones whether they are page layout.
    seen: usize,
    open: Vec<bool>,
    cells: usize,
    lists: Vec<List>,
    /// The element whose content is skipped, and how often it is nested in itself.
    skip: Option<(String, usize)>,
    preformatted: usize,
}

const SKIPPED: [&str; 12] =
    ["script", "style", "template", "noscript", "title", "svg", "math", "iframe", "object", "select", "rt", "rp"];
const BLOCKS: [&str; 38] = [
    "address",
    "article",
    "aside",
    "blockquote",
    "body",
    "center",
    "caption",
    "dd",
    "details",
    "dialog",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "html",
    "legend",
    "li",
    "main",
    "nav",
    "ol",
    "p",
    "pre",
    "section",
    "summary",
    "table",
    "ul",
];

impl<'a> Page<'a> {
    fn new(limits: &'a Limits) -> Self {
        Self {
            lines: Lines::new(limits),
            line: String::new(),
            space: false,
            tables: Vec::new(),
            seen: 0,
            open: Vec::new(),
            cells: 0,
            lists: Vec::new(),
            skip: None,
            preformatted: 0,
        }
    }

    /// Inside a row of a table that holds data, blocks do not start lines.
    fn in_row(&self) -> bool {
        self.open.last() == Some(&false)
    }

    fn start(&mut self, tag: &StartTag<()>) -> Result<(), FileError> {
        let name = String::from_utf8_lossy(&tag.name).into_owned();
        if let Some((skipped, depth)) = &mut self.skip {
            // A second <rt> closes the first (HTML 4.6.1); all others nest.
            *depth += usize::from(*skipped == name && name != "rt" && name != "rp");
            return Ok(());
        }
        if SKIPPED.contains(&name.as_str()) && !tag.self_closing {
            self.skip = Some((name, 1));
            return Ok(());
        }
        match name.as_str() {
            "br" => self.break_line()?,
            "pre" => self.preformatted += 1,
            "table" => {
                self.flush()?;
                self.open.push(self.tables.get(self.seen).copied().unwrap_or(false));
                self.seen += 1;
                self.cells = 0;
            }
            "tr" => self.end_row()?,
            "td" | "th" => self.start_cell()?,
            "ol" | "ul" => self.start_list(tag, name == "ol")?,
            "li" => self.start_item(tag)?,
            block if BLOCKS.contains(&block) => self.break_line()?,
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, name: &str) -> Result<(), FileError> {
        if let Some((skipped, depth)) = &mut self.skip {
            let closes = skipped == name || (name == "ruby" && skipped.starts_with('r'));
            *depth -= usize::from(closes);
            if *depth == 0 {
                self.skip = None;
            }
            return Ok(());
        }
        match name {
            "table" => {
                self.end_row()?;
                self.open.pop();
            }
            "tr" => self.end_row()?,
            "ol" | "ul" => {
                self.break_line()?;
                self.lists.pop();
            }
            "pre" => {
                self.break_line()?;
                self.preformatted = self.preformatted.saturating_sub(1);
            }
            "td" | "th" if !self.in_row() => self.flush()?,
            block if BLOCKS.contains(&block) => self.break_line()?,
            _ => {}
        }
        Ok(())
    }

    fn start_cell(&mut self) -> Result<(), FileError> {
        if !self.in_row() {
            return self.flush();
        }
        if self.cells > 0 {
            self.line.push('\t');
        }
        self.space = false;
        self.cells += 1;
        Ok(())
    }

    fn end_row(&mut self) -> Result<(), FileError> {
        self.cells = 0;
        self.flush()
    }

    fn start_list(&mut self, tag: &StartTag<()>, ordered: bool) -> Result<(), FileError> {
        self.break_line()?;
        let style = match attribute(tag, b"type").as_deref() {
            Some("a") => Style::LowerLetter,
            Some("A") => Style::UpperLetter,
            Some("i") => Style::LowerRoman,
            Some("I") => Style::UpperRoman,
            _ => Style::Decimal,
        };
        let next = attribute(tag, b"start").and_then(|start| start.trim().parse().ok()).unwrap_or(1);
        self.lists.push(List { ordered: ordered.then_some(style), next });
        Ok(())
    }

    fn start_item(&mut self, tag: &StartTag<()>) -> Result<(), FileError> {
        self.break_line()?;
        let value = attribute(tag, b"value").and_then(|value| value.trim().parse().ok());
        let mark = match self.lists.last_mut() {
            Some(List { ordered: Some(style), next }) => {
                let number = value.unwrap_or(*next);
                *next = number.saturating_add(1);
                format!("{}. ", style.number(number))
            }
            _ => "・".to_owned(),
        };
        self.line.push_str(&mark);
        self.space = false;
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), FileError> {
        if self.skip.is_some() {
            return Ok(());
        }
        if self.preformatted > 0 && !self.in_row() {
            for (index, part) in text.split('\n').enumerate() {
                if index > 0 {
                    self.flush()?;
                }
                self.line.push_str(part);
            }
            return self.lines.check_growing(&self.line);
        }
        for c in text.chars() {
            // U+3000 is a letter of the text (indentation, spaced-out headings), not white space of the markup.
            if matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{c}') {
                self.space = true;
                continue;
            }
            if self.space && !self.line.is_empty() && !self.line.ends_with(['\t', ' ']) {
                self.line.push(' ');
            }
            self.space = false;
            self.line.push(if c == '\u{a0}' { ' ' } else { c });
        }
        self.lines.check_growing(&self.line)
    }

    /// Ends the line, or inside a table row leaves a blank.
    fn break_line(&mut self) -> Result<(), FileError> {
        if self.in_row() {
            self.space = true;
            return Ok(());
        }
        self.flush()
    }

    fn flush(&mut self) -> Result<(), FileError> {
        let line = std::mem::take(&mut self.line);
        self.space = false;
        match line.trim().is_empty() {
            true => Ok(()),
            false => self.lines.push(&line),
        }
    }
}

fn attribute(tag: &StartTag<()>, name: &[u8]) -> Option<String> {
    let (_, value) = tag.attributes.iter().find(|(key, _)| ***key == *name)?;
    Some(String::from_utf8_lossy(value).into_owned())
}
