//! Prose with case studies: every accident, its causes, and the items of the standard that the causes fall under.
//!
//! Nothing here depends on blanks at the end of lines or on blank lines: file readers drop the former, other tools the latter.

use sakimori_domain::standards::ProvisionKind;
use unicode_normalization::UnicodeNormalization;

use super::flow::{join_line, squeeze, squeezed};
use super::spec::{self, Spec};
use super::{Out, Page};
use crate::source::SourceLine;

/// Where the reader is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Inside a heading that may go on.
    Heading,
    Prose,
    Table,
}

/// The citation that is being read: the steps of its path, then its text.
#[derive(Debug, Default)]
struct Citation {
    annex: String,
    part: String,
    chapter: String,
    group: String,
    letter: String,
    quoted: String,
    line: u32,
    /// The annex title goes on in the next line.
    open: bool,
}

impl Citation {
    fn path(&self) -> String {
        let steps = [&self.annex, &self.part, &self.chapter, &self.group, &self.letter];
        steps.into_iter().filter(|step| !step.is_empty()).map(String::as_str).collect::<Vec<_>>().join("/")
    }

    fn ended(&self) -> bool {
        self.quoted.ends_with('。') || self.quoted.ends_with("こと")
    }
}

struct Patterns {
    heading: regex::Regex,
    case: regex::Regex,
    header: regex::Regex,
    annex: regex::Regex,
    part: regex::Regex,
    chapter: regex::Regex,
    group: regex::Regex,
    letter: regex::Regex,
}

struct Reader<'r> {
    spec: &'r Spec,
    patterns: Patterns,
    state: State,
    section: String,
    case: String,
    accident: String,
    problem: String,
    citation: Citation,
}

/// Reads the prose and the case tables.
pub(crate) fn read(spec: &Spec, pages: &[&Page<'_>], out: &mut Out) {
    let patterns = Patterns {
        heading: spec::pattern(r"^([0-9]+(?:\.[0-9]+)+\s|[0-9]+\.)\s*(\D.*)$"),
        case: spec::pattern(&spec.incidents.case),
        header: spec::pattern(r"^事\s*故\s"),
        annex: spec::pattern(r"(?:^|\s)別表第([0-9]+)(?:\s+(.*))?$"),
        part: spec::pattern(r"^(第[0-9]+)\s+(.+)$"),
        chapter: spec::pattern(r"^([0-9]+)\s+(.+)$"),
        group: spec::pattern(r"^(\([0-9]+\))\s*(.+)$"),
        letter: spec::pattern(r"^([ア-ン])\s+(.+)$"),
    };
    let mut reader = Reader {
        spec,
        patterns,
        state: State::Prose,
        section: String::new(),
        case: String::new(),
        accident: String::new(),
        problem: String::new(),
        citation: Citation::default(),
    };
    for line in pages.iter().flat_map(|page| &page.raw) {
        let text = line.text.trim();
        if !text.is_empty() {
            reader.line(line, text, out);
        }
    }
    reader.flush(out);
}

impl Reader<'_> {
    fn line(&mut self, line: &SourceLine, text: &str, out: &mut Out) {
        let folded: String = text.nfkc().collect();
        if let Some(heading) = self.patterns.heading.captures(&folded) {
            self.flush(out);
            let (number, title) = (heading[1].trim_end_matches(['.', ' ']).to_owned(), printed_title(text));
            return self.heading(number, &title, line, out);
        }
        if self.state == State::Heading && !self.heading_goes_on(text, out) {
            self.state = State::Prose;
        }
        match self.state {
            State::Heading => self.title(text, out),
            State::Prose if self.patterns.header.is_match(&folded) => {
                self.state = State::Table;
                self.citation = Citation::default();
                self.problem.clear();
            }
            State::Prose => self.prose(line, text, out),
            State::Table => self.table(line, text, &folded, out),
        }
    }

    fn heading(&mut self, number: String, title: &str, line: &SourceLine, out: &mut Out) {
        let parent = number.rsplit_once('.').map(|(parent, _)| parent.to_owned());
        let node = out.node(&number, ProvisionKind::Clause);
        (node.parent, node.line, node.page) = (parent, line.line, line.page);
        node.title.clear();
        self.section = number;
        self.state = State::Heading;
        self.title(title, out);
    }

    /// A heading is wrapped where a bracket is open or the next line begins in the middle of a phrase.
    fn heading_goes_on(&self, text: &str, out: &mut Out) -> bool {
        let title = &out.node(&self.section, ProvisionKind::Clause).title;
        let count = |marks: &[char]| title.chars().filter(|c| marks.contains(c)).count();
        mid_phrase(text) || count(&['（', '「']) > count(&['）', '」'])
    }

    fn title(&mut self, text: &str, out: &mut Out) {
        let node = out.node(&self.section, ProvisionKind::Clause);
        join_line(&mut node.title, text);
        if let Some(case) = self.patterns.case.captures(&node.title.clone()) {
            node.kind = ProvisionKind::Case;
            node.title = case[1].trim().to_owned();
            let line = node.line;
            self.case.clone_from(&self.section);
            self.accident.clear();
            let (id, title, network) = (self.case.clone(), case[1].trim().to_owned(), case[2].trim().to_owned());
            out.record("case", line, vec![("case", id), ("title", title), ("network", network)]);
        }
    }

    fn prose(&mut self, line: &SourceLine, text: &str, out: &mut Out) {
        if self.section.is_empty() {
            let front = out.node("0", ProvisionKind::Note);
            if front.title.is_empty() {
                text.clone_into(&mut front.title);
                front.line = line.line;
                return;
            }
            self.section = "0".to_owned();
        }
        let node = out.node(&self.section, ProvisionKind::Clause);
        if node.text.ends_with(['。', '）']) {
            node.text.push('\n');
            node.text.push_str(text);
        } else {
            join_line(&mut node.text, text);
        }
    }

    fn table(&mut self, line: &SourceLine, text: &str, folded: &str, out: &mut Out) {
        if let Some(annex) = self.patterns.annex.captures(folded) {
            self.finish(out);
            let before = annex.get(0).map_or(0, |m| m.start());
            // The fold keeps the number of blanks, so the words in front are cut where the annex is printed.
            if before > 0 {
                let printed = text.rfind("別表第").map_or(text, |at| &text[..at]);
                self.cause(printed);
            }
            let id = format!("別表第{}", &annex[1]);
            let title = annex.get(2).map_or("", |m| m.as_str()).to_owned();
            let open = !title.is_empty();
            cite(&id, &title, out);
            self.citation = Citation { annex: id, line: line.line, open, ..Citation::default() };
            return;
        }
        if self.citation.annex.is_empty() {
            return self.cause(text);
        }
        if std::mem::take(&mut self.citation.open) && mid_phrase(text) {
            if let Some((_, title)) = out.cited.iter_mut().find(|(path, _)| *path == self.citation.annex) {
                join_line(title, text);
            }
            return;
        }
        self.step(line, text, folded, out);
    }

    /// A line of the citation column, or the first of the next cause.
    fn step(&mut self, line: &SourceLine, text: &str, folded: &str, out: &mut Out) {
        let quoting = !self.citation.quoted.is_empty();
        let mid = quoting && !self.citation.ended();
        let steps = [
            (0, &self.patterns.part),
            (1, &self.patterns.chapter),
            (2, &self.patterns.group),
            (3, &self.patterns.letter),
        ];
        let step = steps.into_iter().find_map(|(depth, pattern)| Some((depth, pattern.captures(folded)?)));
        if let Some((depth, found)) = step.filter(|(depth, _)| !mid && (!quoting || *depth >= 2)) {
            self.finish(out);
            let citation = &mut self.citation;
            citation.line = line.line;
            citation.letter.clear();
            let id = found[1].to_owned();
            match depth {
                0 => citation.part = id,
                1 => citation.chapter = id,
                2 => citation.group = id,
                _ => {
                    citation.letter = id;
                    citation.quoted = printed_title(text);
                    return;
                }
            }
            let path = self.citation.path();
            cite(&path, &found[2], out);
        } else if quoting && self.citation.ended() {
            self.finish(out);
            self.citation = Citation::default();
            self.problem.clear();
            self.cause(text);
        } else {
            join_line(&mut self.citation.quoted, text);
        }
    }

    /// A line of the cause column.
    fn cause(&mut self, text: &str) {
        if !self.citation.annex.is_empty() {
            self.problem.clear();
            self.citation = Citation::default();
        }
        let bullet = text.trim().starts_with('・') || text.trim().chars().nth(1) == Some(')');
        if bullet && !self.problem.is_empty() {
            self.problem.push('\n');
        }
        join_line(&mut self.problem, text);
    }

    /// Writes the citation that is complete.
    fn finish(&mut self, out: &mut Out) {
        if self.citation.quoted.is_empty() {
            return;
        }
        self.take_accident();
        let item = self.citation.path();
        out.record(
            "incident",
            self.citation.line,
            vec![
                ("case", self.case.clone()),
                ("accident", self.accident.clone()),
                ("problem", self.problem.trim().to_owned()),
                ("item", item),
                ("quoted", std::mem::take(&mut self.citation.quoted)),
            ],
        );
    }

    /// The accident column stands in front of the first cause: its words are known.
    fn take_accident(&mut self) {
        let mut first = true;
        loop {
            let text = self.problem.trim_start_matches(['・', '\n', ' ']);
            let Some(words) =
                self.spec.incidents.accidents.iter().find(|words| squeezed(text).starts_with(&squeezed(words)))
            else {
                return;
            };
            let mut left = squeeze(words).len();
            let mut cut = text.len();
            for (at, c) in text.char_indices() {
                if left == 0 {
                    cut = at;
                    break;
                }
                left -= std::iter::once(c).nfkc().filter(|c| !c.is_whitespace()).count().min(left);
            }
            let rest = text[cut..].to_owned();
            if first {
                self.accident.clear();
                first = false;
            } else {
                self.accident.push('・');
            }
            self.accident.push_str(words);
            self.problem = rest;
        }
    }

    fn flush(&mut self, out: &mut Out) {
        if self.state == State::Table {
            self.finish(out);
            self.citation = Citation::default();
            self.problem.clear();
        }
    }
}

/// Whether a line begins with hiragana, as the second half of a wrapped phrase does.
fn mid_phrase(text: &str) -> bool {
    text.chars().next().is_some_and(|c| ('ぁ'..='ん').contains(&c))
}

/// What stands behind the number or letter of a heading, as printed.
fn printed_title(text: &str) -> String {
    let marks = |c: char| c.is_ascii_digit() || ('０'..='９').contains(&c) || matches!(c, '.' | '．' | ' ' | '　');
    match text.chars().next() {
        Some(c) if ('ア'..='ン').contains(&c) => text[c.len_utf8()..].trim().to_owned(),
        _ => text.trim_start_matches(marks).to_owned(),
    }
}

fn cite(path: &str, title: &str, out: &mut Out) {
    let title = title.trim();
    if !title.is_empty() && out.cited.iter().all(|(other, _)| other != path) {
        out.cited.push((path.to_owned(), title.to_owned()));
    }
}
