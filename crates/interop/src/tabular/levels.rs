//! Tables of rows with a level for each network class, whose group titles stand beside the row or at the foot of the page.

use sakimori_domain::standards::{Level, NetworkClass, ProvisionKind};
use unicode_normalization::UnicodeNormalization;

use super::align::{self, Puzzle};
use super::evidence::{self, Printed};
use super::flow::{join_line, squeezed};
use super::spec::{self, Part, Spec};
use super::{Out, Page, strength};

/// The letters of rows in their order.
const LETTERS: &str = "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲン";

/// One row: an item with its levels and its evidence.
#[derive(Debug, Default)]
struct Row {
    letter: Option<char>,
    text: String,
    levels: Vec<(NetworkClass, Level)>,
    evidence: Vec<Vec<Printed>>,
    line: u32,
    page: u32,
}

/// Rows under one group title.
#[derive(Debug, Default)]
struct Run {
    /// The group title beside the first row.
    group: Option<(u32, String)>,
    rows: Vec<Row>,
    line: u32,
}

/// Titles displaced to the foot of a page.
#[derive(Debug, Default)]
struct Foot {
    part: Option<(String, String)>,
    chapters: Vec<(u32, String)>,
    groups: Vec<(u32, String)>,
}

/// What a printed line is.
enum Kind {
    Part(String, String),
    Chapter(u32, String),
    Group(u32, String, String),
    Row(char, String),
    Plain,
}

struct Patterns {
    part: regex::Regex,
    chapter: regex::Regex,
    group: regex::Regex,
    row: regex::Regex,
    levels: regex::Regex,
}

impl Patterns {
    fn new() -> Self {
        let level = "(◎＊|◎|○|－)";
        Self {
            part: spec::pattern(r"^(第[0-9０-９]+)[\s　]+(\S.*)$"),
            chapter: spec::pattern(r"^([0-9０-９]{1,2})(?:\.|　)[\s　]*(\S.*)$"),
            group: spec::pattern(r"^\(([0-9]{1,2})\)\s*(\S+)(?: +(\S.*))?$"),
            row: spec::pattern(r"^([ア-ン]) +(\S.*)$"),
            levels: spec::pattern(&format!(r"(?:^|\s){level}\s+{level}\s+{level}\s+{level}(?:\s+(.*))?$")),
        }
    }

    fn kind(&self, text: &str) -> Kind {
        let number = |digits: &str| squeezed(digits).parse().unwrap_or(0);
        if let Some(c) = self.part.captures(text) {
            return Kind::Part(squeezed(&c[1]), c[2].to_owned());
        }
        if let Some(c) = self.chapter.captures(text) {
            return Kind::Chapter(number(&c[1]), c[2].to_owned());
        }
        if let Some(c) = self.group.captures(text) {
            return Kind::Group(number(&c[1]), c[2].to_owned(), c.get(3).map_or("", |m| m.as_str()).to_owned());
        }
        match self.row.captures(text) {
            Some(c) => Kind::Row(c[1].chars().next().unwrap_or('ア'), c[2].to_owned()),
            None => Kind::Plain,
        }
    }
}

/// The state of reading one table over its pages.
struct Reader {
    patterns: Patterns,
    runs: Vec<Run>,
    /// The current row waits for its levels.
    in_text: bool,
    /// The next line opens a new block of evidence.
    new_block: bool,
}

/// Where the open group stands.
#[derive(Debug, Clone, Default)]
struct Open {
    part: String,
    chapter: String,
    number: Option<u32>,
}

/// Reads the pages of one annex with levels.
pub(crate) fn read(spec: &Spec, part: &Part, pages: &[&Page<'_>], out: &mut Out) {
    out.node(&part.id, ProvisionKind::Annex).title.clone_from(&part.title);
    let first = pages.first().and_then(|page| page.lines.first());
    let (line, page) = first.map_or((0, 0), |line| (line.line, line.page));
    let annex = out.node(&part.id, ProvisionKind::Annex);
    (annex.line, annex.page) = (line, page);
    let mut reader = Reader { patterns: Patterns::new(), runs: Vec::new(), in_text: false, new_block: false };
    let mut open = Open::default();
    let mut groups: Vec<String> = Vec::new();
    let mut waiting: Vec<(u32, String)> = Vec::new();
    for page in pages {
        let before = reader.runs.len();
        let mut foot = Foot { chapters: std::mem::take(&mut waiting), ..Foot::default() };
        reader.page(page, &mut foot, out);
        let line = page.lines.first().map_or(0, |line| line.line);
        waiting = seat(part, &reader.runs[before..], foot, &mut open, &mut groups, line, out);
    }
    for (path, run) in groups.iter().zip(&reader.runs) {
        write(spec, path, run, out);
    }
}

impl Reader {
    fn page(&mut self, page: &Page<'_>, foot: &mut Foot, out: &mut Out) {
        let mut blocks: Vec<Vec<(u32, u32, &str)>> = vec![Vec::new()];
        for line in &page.lines {
            let text = line.text.trim_matches(' ');
            if text.trim().is_empty() {
                blocks.push(Vec::new());
            } else if let Some(block) = blocks.last_mut() {
                block.push((line.line, line.page, text));
            }
        }
        blocks.retain(|block| !block.is_empty());
        for (index, block) in blocks.iter().enumerate() {
            self.new_block = true;
            let mut title: Option<(u32, String, u32)> = None;
            for (line, page, text) in block {
                self.line(*line, *page, text, &mut title, foot, out);
            }
            if let Some((number, title, line)) = title {
                if self.rows_follow(&blocks[index + 1..]) {
                    self.open_run(Some((number, title)), line);
                } else {
                    foot.groups.push((number, title));
                }
            }
        }
    }

    /// Whether the text behind a title on its own is its row: lettered, or unlettered with levels.
    fn rows_follow(&self, blocks: &[Vec<(u32, u32, &str)>]) -> bool {
        let Some(next) = blocks.first() else { return false };
        match self.patterns.kind(next[0].2) {
            Kind::Row(..) => true,
            Kind::Plain => {
                let levels = |block: &Vec<(u32, u32, &str)>| {
                    block.iter().any(|(_, _, text)| self.patterns.levels.is_match(text))
                };
                let heads = |block: &Vec<(u32, u32, &str)>| {
                    self.patterns.levels.find(block[0].2).is_some_and(|m| m.start() == 0)
                };
                levels(next) || blocks.get(1).is_some_and(heads)
            }
            _ => false,
        }
    }

    fn line(
        &mut self,
        line: u32,
        page: u32,
        text: &str,
        title: &mut Option<(u32, String, u32)>,
        foot: &mut Foot,
        out: &mut Out,
    ) {
        match self.patterns.kind(text) {
            Kind::Row(letter, rest) => self.row(line, page, Some(letter), &rest, out),
            Kind::Plain => match title {
                Some((_, title, _)) => join_line(title, text),
                None => self.plain(line, page, text, out),
            },
            _ if self.in_text => self.plain(line, page, text, out),
            Kind::Part(id, name) => foot.part = Some((id, name)),
            Kind::Chapter(number, name) => foot.chapters.push((number, name)),
            Kind::Group(number, name, rest) => {
                if let Some((number, title, _)) = title.take() {
                    foot.groups.push((number, title));
                }
                if rest.is_empty() {
                    *title = Some((number, name, line));
                    return;
                }
                self.open_run(Some((number, name)), line);
                match self.patterns.kind(&rest) {
                    Kind::Row(letter, rest) => self.row(line, page, Some(letter), &rest, out),
                    _ => self.row(line, page, None, &rest, out),
                }
            }
        }
    }

    fn open_run(&mut self, group: Option<(u32, String)>, line: u32) {
        self.runs.push(Run { group, rows: Vec::new(), line });
    }

    fn row(&mut self, line: u32, page: u32, letter: Option<char>, text: &str, out: &mut Out) {
        self.missing_levels(out);
        let last = self.runs.last().and_then(|run| run.rows.last()).and_then(|row| row.letter);
        let fresh = self.runs.last().is_some_and(|run| run.rows.is_empty());
        if !fresh && (letter == Some('ア') || self.runs.is_empty()) {
            self.open_run(None, line);
        } else if !fresh && letter != next_letter(last) {
            let letter = letter.map(String::from).unwrap_or_default();
            out.problem(line, "row-out-of-order", format!("行の記号「{letter}」が前の行に続きません。"));
        }
        if let Some(run) = self.runs.last_mut() {
            run.rows.push(Row { letter, line, page, ..Row::default() });
        }
        self.in_text = true;
        self.plain(line, page, text, out);
    }

    fn missing_levels(&mut self, out: &mut Out) {
        if self.in_text {
            let line = self.runs.last().and_then(|run| run.rows.last()).map_or(0, |row| row.line);
            out.problem(line, "levels-missing", "実施指針の印がない行です。");
            self.in_text = false;
        }
    }

    /// A line of the open row: its text up to the levels, evidence behind them.
    fn plain(&mut self, line: u32, page: u32, text: &str, out: &mut Out) {
        let waits = self.runs.last().is_some_and(|run| run.rows.is_empty());
        if waits && !self.in_text {
            return self.row(line, page, None, text, out);
        }
        let Some(row) = self.runs.last_mut().and_then(|run| run.rows.last_mut()) else {
            out.problem(line, "unplaced", format!("表のどの欄か分からない行です: {text}"));
            return;
        };
        if let Some(found) = self.patterns.levels.captures(text).filter(|_| self.in_text) {
            join_line(&mut row.text, &text[..found.get(0).map_or(0, |m| m.start())]);
            let marks = (1..=4).filter_map(|i| Level::from_code(&found[i]));
            row.levels = NetworkClass::ALL.iter().copied().zip(marks).collect();
            self.in_text = false;
            self.new_block = false;
            let rest = found.get(5).map_or("", |m| m.as_str()).trim();
            row.evidence.push(if rest.is_empty() { Vec::new() } else { vec![(line, rest.to_owned())] });
        } else if self.in_text {
            join_line(&mut row.text, text);
        } else {
            if self.new_block || row.evidence.is_empty() {
                row.evidence.push(Vec::new());
                self.new_block = false;
            }
            if let Some(block) = row.evidence.last_mut() {
                block.push((line, text.to_owned()));
            }
        }
    }
}

fn next_letter(letter: Option<char>) -> Option<char> {
    let Some(letter) = letter else { return Some('ア') };
    LETTERS.chars().skip_while(|c| *c != letter).nth(1)
}

/// Gives every run of a page its path and title; returns the chapter titles that wait for the next page.
fn seat(
    part: &Part,
    runs: &[Run],
    foot: Foot,
    open: &mut Open,
    groups: &mut Vec<String>,
    line: u32,
    out: &mut Out,
) -> Vec<(u32, String)> {
    let mut chapters: Vec<(u32, String)> = foot.chapters;
    chapters.sort_by_key(|(number, _)| *number);
    let numbers: Vec<Option<u32>> = runs.iter().map(|run| run.group.as_ref().map(|(number, _)| *number)).collect();
    let displaced: Vec<u32> = foot.groups.iter().map(|(number, _)| *number).collect();
    // A part without a chapter title on its page is a chapter of its own, completed from citations below.
    let alone = chapters.is_empty() && foot.part.is_some();
    let count = if alone { 1 } else { chapters.len() };
    let puzzle = Puzzle { before: open.number, runs: &numbers, displaced: &displaced, chapters: count };
    let Some(seats) = align::solve(&puzzle) else {
        out.problem(line, "titles-unassigned", "離れて印刷された群の題名と行の対応が決まりません。");
        groups.extend(runs.iter().map(|run| format!("{}/?{}", part.id, run.line)));
        return Vec::new();
    };
    let mut used = None;
    for (run, seat) in runs.iter().zip(seats) {
        if seat.chapter.is_some() && seat.chapter != used {
            used = seat.chapter;
            let chapter = seat.chapter.and_then(|i| chapters.get(i));
            enter(part, &foot.part, chapter, seat.number, open, run.line, out);
        }
        open.number = Some(seat.number);
        let title = match (seat.displaced, &run.group) {
            (Some(i), _) => foot.groups[i].1.clone(),
            (None, Some((_, title))) => title.clone(),
            _ => String::new(),
        };
        let path = format!("{}/({})", open.chapter, seat.number);
        let kind =
            if run.rows.iter().any(|row| row.letter.is_some()) { ProvisionKind::Group } else { ProvisionKind::Control };
        let node = out.node(&path, kind);
        node.title = title;
        (node.line, node.page) = (run.line, run.rows.first().map_or(0, |row| row.page));
        groups.push(path);
    }
    let first_unused = used.map_or(0, |used| used + 1);
    if alone { Vec::new() } else { chapters.into_iter().skip(first_unused).collect() }
}

/// Opens the part and the chapter that a run begins.
fn enter(
    annex: &Part,
    part: &Option<(String, String)>,
    chapter: Option<&(u32, String)>,
    number: u32,
    open: &mut Open,
    line: u32,
    out: &mut Out,
) {
    if let Some((id, title)) = part.as_ref().filter(|(id, _)| !open.part.ends_with(id.as_str())) {
        open.part = format!("{}/{id}", annex.id);
        let node = out.node(&open.part, ProvisionKind::Group);
        node.title.clone_from(title);
        node.line = line;
    }
    let above = if open.part.is_empty() { annex.id.clone() } else { open.part.clone() };
    let cited = || out_chapter(&above, number, out);
    let Some((number, title)) = chapter.cloned().or_else(cited) else {
        out.problem(line, "chapter-missing", "章の題名が見つかりません。");
        open.chapter = above;
        return;
    };
    open.chapter = format!("{above}/{number}");
    let node = out.node(&open.chapter, ProvisionKind::Group);
    node.title = title;
    node.line = line;
}

/// The chapter that the document itself cites a group under, where the table does not print it.
fn out_chapter(above: &str, group: u32, out: &Out) -> Option<(u32, String)> {
    out.cited.iter().find_map(|(path, title)| {
        let number = path.strip_prefix(above)?.strip_prefix('/')?.parse().ok()?;
        let wanted = format!("{path}/({group})");
        out.cited.iter().any(|(other, _)| *other == wanted).then(|| (number, title.clone()))
    })
}

fn write(spec: &Spec, path: &str, run: &Run, out: &mut Out) {
    for row in &run.rows {
        let id = row.letter.map_or_else(|| path.to_owned(), |letter| format!("{path}/{letter}"));
        let references = evidence::read(spec, &id, &row.evidence, out);
        let text: String = row.text.trim().to_owned();
        if row.levels.is_empty() {
            out.problem(row.line, "levels-missing", format!("{id} に実施指針の印がありません。"));
        }
        let node = out.node(&id, ProvisionKind::Control);
        node.strength = strength(&text.nfc().collect::<String>());
        node.text = text;
        node.levels.clone_from(&row.levels);
        node.references = references;
        (node.line, node.page) = (row.line, row.page);
    }
}
