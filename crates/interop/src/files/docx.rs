//! Word documents (.docx) as a stream: paragraphs with their automatic numbers, tables row by row, page breaks.
//!
//! Left out: headers and footers, deleted text of tracked changes, field codes, phonetic guides, and the second version
//! of drawings that Word keeps for old programs. Footnotes stand at the end, as their mark and their text.

mod lists;

use std::io::BufRead;

use self::lists::{Counters, Lists};
use super::container::Container;
use super::output::Lines;
use super::xml::{Element, Step, Xml};
use super::{FileError, Format, Limits, SourceText};

/// Reads a Word document.
pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<SourceText, FileError> {
    let mut container = Container::open(bytes, limits)?;
    let mut lists = Lists::default();
    if let Some(part) = container.part("word/numbering.xml")? {
        lists.read_numbering(&mut Xml::new(part, Format::Docx, limits))?;
    }
    if let Some(part) = container.part("word/styles.xml")? {
        lists.read_styles(&mut Xml::new(part, Format::Docx, limits))?;
    }
    let mut body = Body::new(lists, limits);
    let Some(part) = container.part("word/document.xml")? else {
        return Err(FileError::Damaged { format: Format::Docx, detail: "no word/document.xml".to_owned() });
    };
    body.read(&mut Xml::new(part, Format::Docx, limits))?;
    if let Some(part) = container.part("word/footnotes.xml")? {
        body.read(&mut Xml::new(part, Format::Docx, limits))?;
    }
    Ok(SourceText { format: Format::Docx, lines: body.lines.finish(), problems: Vec::new() })
}

/// A paragraph being read. Paragraphs nest, since a text box stands inside a paragraph.
#[derive(Default)]
struct Paragraph {
    text: String,
    style: Option<String>,
    number: Option<String>,
    level: Option<usize>,
}

struct Body<'a> {
    lines: Lines<'a>,
    lists: Lists,
    counters: Counters,
    open: Vec<Paragraph>,
    /// Rows being read: the cells of the row, for every open table row.
    rows: Vec<Vec<String>>,
    /// Depth of elements whose content is left out.
    skipping: usize,
    in_text: bool,
    /// Whether a page break came with no letter since, so that the mark Word leaves of its own break counts once.
    broken: bool,
    /// The mark of the footnote being read.
    note: Option<String>,
}

/// Elements whose content is not part of the text as printed.
const SKIPPED: [&str; 8] = ["Fallback", "rt", "instrText", "delText", "del", "moveFrom", "sdtPr", "pPrChange"];

impl<'a> Body<'a> {
    fn new(lists: Lists, limits: &'a Limits) -> Self {
        Self {
            lines: Lines::new(limits),
            lists,
            counters: Counters::default(),
            open: Vec::new(),
            rows: Vec::new(),
            skipping: 0,
            in_text: false,
            broken: false,
            note: None,
        }
    }

    fn read(&mut self, xml: &mut Xml<impl BufRead>) -> Result<(), FileError> {
        loop {
            match xml.next()? {
                Step::Eof => return Ok(()),
                Step::Start(element) if self.skipping > 0 || SKIPPED.contains(&element.name.as_str()) => {
                    self.skipping += 1;
                }
                Step::End(_) if self.skipping > 0 => self.skipping -= 1,
                Step::Start(element) => self.start(&element),
                Step::End(name) => self.end(&name)?,
                Step::Text(text) if self.in_text && self.skipping == 0 => self.push(&text)?,
                Step::Text(_) => {}
            }
        }
    }

    fn start(&mut self, element: &Element) {
        match element.name.as_str() {
            "p" => self.open.push(Paragraph::default()),
            "t" => self.in_text = true,
            "tab" if element.get("pos").is_none() && element.val().is_none() => self.mark("\t"),
            "cr" => self.mark("\n"),
            "br" if element.get("type") == Some("page") => self.page_break(),
            "br" => self.mark("\n"),
            "lastRenderedPageBreak" if !self.broken => self.page_break(),
            "noBreakHyphen" => self.mark("-"),
            "tr" => self.rows.push(Vec::new()),
            "tc" => {
                if let Some(row) = self.rows.last_mut() {
                    row.push(String::new());
                }
            }
            "footnoteReference" => {
                let mark = element.get("id").unwrap_or_default().to_owned();
                self.mark(&mark);
            }
            "footnote" => {
                self.note = element.get("type").is_none().then(|| element.get("id").unwrap_or_default().into())
            }
            "pStyle" => self.paragraph(|paragraph| paragraph.style = element.val().map(str::to_owned)),
            "numId" => self.paragraph(|paragraph| paragraph.number = element.val().map(str::to_owned)),
            "ilvl" => self.paragraph(|paragraph| paragraph.level = element.val().and_then(|level| level.parse().ok())),
            _ => {}
        }
    }

    fn end(&mut self, name: &str) -> Result<(), FileError> {
        match name {
            "t" => self.in_text = false,
            "p" => {
                if let Some(paragraph) = self.open.pop() {
                    self.finish(&paragraph)?;
                }
            }
            "tr" => {
                let cells = self.rows.pop().unwrap_or_default();
                let line = cells.join("\t");
                match self.rows.last_mut().and_then(|row| row.last_mut()) {
                    // A table inside a cell becomes text of that cell.
                    Some(outer) => join(outer, &line.replace('\t', " ")),
                    None if line.trim().is_empty() => {}
                    None => self.lines.push(&line)?,
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn paragraph(&mut self, set: impl FnOnce(&mut Paragraph)) {
        if let Some(paragraph) = self.open.last_mut() {
            set(paragraph);
        }
    }

    fn mark(&mut self, text: &str) {
        self.paragraph(|paragraph| paragraph.text.push_str(text));
    }

    fn push(&mut self, text: &str) -> Result<(), FileError> {
        self.broken = false;
        self.mark(text);
        self.open.last().map_or(Ok(()), |paragraph| self.lines.check_growing(&paragraph.text))
    }

    /// A break before the first letter of a paragraph puts the paragraph on the next page; a later one only what follows.
    fn page_break(&mut self) {
        self.broken = true;
        self.lines.next_page();
    }

    fn finish(&mut self, paragraph: &Paragraph) -> Result<(), FileError> {
        let number = self.lists.number(
            &mut self.counters,
            paragraph.style.as_deref(),
            paragraph.number.as_deref(),
            paragraph.level,
        );
        let note = match paragraph.text.trim().is_empty() {
            true => None,
            false => self.note.take().map(|mark| format!("{mark} ")),
        };
        let text = match paragraph.text.is_empty() {
            true => String::new(),
            false => format!("{}{}{}", note.unwrap_or_default(), number.unwrap_or_default(), paragraph.text),
        };
        match self.rows.last_mut().and_then(|row| row.last_mut()) {
            Some(cell) => {
                join(cell, text.replace(['\t', '\n'], " ").trim());
                self.lines.check_growing(cell)
            }
            None if text.trim().is_empty() => self.lines.blank(),
            None => self.lines.push(&text),
        }
    }
}

fn join(cell: &mut String, text: &str) {
    if !cell.is_empty() && !text.is_empty() {
        cell.push(' ');
    }
    cell.push_str(text);
}
