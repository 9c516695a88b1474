//! Slides with one theme each: the running head names the theme, glyphs mark its points, section heads part them.

use std::collections::BTreeMap;

use sakimori_domain::standards::{Item, ItemKind, ProvisionKind};
use unicode_normalization::UnicodeNormalization;

use super::flow::{join_line, squeezed};
use super::spec::{self, Section, Spec};
use super::{Out, Page, strength};
use crate::source::SourceLine;

/// Share of characters that must stand twice before a line counts as overprinted.
const OVERPRINTED: f64 = 0.35;
/// Share of the widest line of its kind from which a line counts as full, so that the next one continues it.
const FULL: f64 = 0.8;
/// Share below which a line with a blank line behind it ends its point in any case.
const SHORT: f64 = 0.75;
/// Glyphs of points.
const GLYPHS: &[char] = &['○', '・', '•', '→', '●'];

/// Undoes bold type that was made by printing twice: every longest run that stands twice in a row is kept once.
pub(crate) fn undouble(text: &str) -> String {
    let chars: Vec<char> = text.chars().filter(|c| !c.is_whitespace()).collect();
    let mut out = String::new();
    let mut at = 0;
    let mut dropped = 0;
    while at < chars.len() {
        let most = (chars.len() - at) / 2;
        let twice = (1..=most).rev().find(|&n| chars[at..at + n] == chars[at + n..at + 2 * n]).unwrap_or(0);
        let kept = twice.max(1);
        out.extend(&chars[at..at + kept]);
        dropped += twice;
        at += kept + twice;
    }
    #[expect(clippy::cast_precision_loss, reason = "lengths of lines")]
    let share = dropped as f64 / chars.len().max(1) as f64;
    if share < OVERPRINTED { text.trim().to_owned() } else { out }
}

/// A point of a theme as it is being read.
#[derive(Debug)]
struct Point {
    glyph: String,
    text: String,
    section: usize,
    line: u32,
    /// Width of its last printed line.
    width: usize,
    subs: Vec<(String, String, u32)>,
}

/// Everything that one theme's slides said.
#[derive(Debug, Default)]
struct Theme {
    group: String,
    mark: String,
    group_title: String,
    title: String,
    flagged: bool,
    points: Vec<Point>,
    pages: Vec<u32>,
    line: u32,
}

struct Reader<'r> {
    spec: &'r Spec,
    head: regex::Regex,
    finished: regex::Regex,
    asked: regex::Regex,
    sub: regex::Regex,
    sections: Vec<(regex::Regex, &'r Section)>,
    themes: BTreeMap<String, Theme>,
}

/// Reads the slides that no table of the profile has claimed.
pub(crate) fn read(spec: &Spec, pages: &[&Page<'_>], out: &mut Out) {
    let sections = spec.themes.sections.iter().map(|section| (spec::pattern(&section.pattern), section)).collect();
    let mut reader = Reader {
        spec,
        head: spec::pattern(&spec.themes.head),
        finished: spec::pattern(&spec.themes.finished),
        asked: spec::pattern(&spec.themes.asked),
        sub: spec::pattern(r"^([0-9]{1,2}\)|[ア-ン] )\s*(.*)$"),
        sections,
        themes: BTreeMap::new(),
    };
    for page in pages {
        reader.page(page, out);
    }
    let Reader { themes, .. } = reader;
    for (id, theme) in themes {
        write(spec, &id, theme, out);
    }
}

impl Reader<'_> {
    fn page(&mut self, page: &Page<'_>, out: &mut Out) {
        let lines: Vec<&&SourceLine> = page.lines.iter().filter(|line| !line.text.trim().is_empty()).collect();
        let heads = lines.iter().enumerate();
        let found = heads.filter_map(|(at, line)| self.head_of(&line.text).map(|head| (at, head))).next();
        let Some((head_at, (group, title, mark))) = found else {
            for line in &lines {
                out.problem(line.line, "unplaced", format!("どの論点のページか分かりません: {}", line.text.trim()));
            }
            return;
        };
        let id = if mark.is_empty() { group.clone() } else { format!("{group}/{mark}") };
        let mut theme = self.themes.remove(&id).unwrap_or_default();
        let head = lines[head_at];
        if theme.line == 0 {
            theme.line = head.line;
        }
        (theme.group, theme.group_title, theme.mark) = (group, title, mark);
        theme.pages.push(head.page);
        self.body(page, head.line, &mut theme);
        self.themes.insert(id, theme);
    }

    fn head_of(&self, text: &str) -> Option<(String, String, String)> {
        let clean: String = undouble(text).nfc().collect();
        let found = self.head.captures(&clean)?;
        let part = |name: &str| found.name(name).map_or_else(String::new, |m| m.as_str().to_owned());
        let (group, title, mark) = (part("group"), part("title"), part("mark"));
        if group.is_empty() { None } else { Some((squeezed(&group), title, mark)) }
    }

    fn body(&self, page: &Page<'_>, head: u32, theme: &mut Theme) {
        let widest = self.widest(page);
        let mut section = 0;
        let mut blank = false;
        let start = theme.points.len();
        for line in &page.lines {
            let text = line.text.trim();
            if text.is_empty() {
                blank = true;
                continue;
            }
            if line.line == head {
                continue;
            }
            if self.title(text, theme) {
                section = 0;
                continue;
            }
            if !self.spec.themes.question.is_empty() && text.starts_with(&self.spec.themes.question) {
                section = 0;
            }
            if let Some(at) = self.sections.iter().position(|(pattern, _)| pattern.is_match(&squeezed(text))) {
                section = at + 1;
                theme.points.push(point("【", text, section, line.line));
            } else {
                let most = widest.get(&line.line).copied().unwrap_or(0);
                self.point(text, line.line, section, (blank, start), most, theme);
            }
            blank = false;
        }
    }

    /// Whether the line is the theme's own title, or the flag beside it.
    fn title(&self, text: &str, theme: &mut Theme) -> bool {
        let clean = undouble(text);
        let flag = &self.spec.themes.flag;
        let (rest, flagged) = match text.split_once("【【") {
            _ if !flag.is_empty() && clean == *flag => (String::new(), true),
            Some((before, after)) if !flag.is_empty() => {
                let behind = after.rsplit_once("】】").map_or("", |(_, behind)| behind);
                (format!("{}{}", before.trim(), behind.trim()), true)
            }
            _ => (text.to_owned(), false),
        };
        theme.flagged |= flagged;
        if rest.is_empty() {
            return flagged;
        }
        match rest.strip_prefix(theme.mark.as_str()) {
            Some(title) if !theme.mark.is_empty() && theme.title.is_empty() && !title.starts_with(' ') => {
                title.trim().clone_into(&mut theme.title);
                true
            }
            _ => flagged,
        }
    }

    fn point(
        &self,
        text: &str,
        line: u32,
        section: usize,
        (blank, start): (bool, usize),
        most: usize,
        theme: &mut Theme,
    ) {
        let glyph = glyph(text);
        if !glyph.is_empty() {
            let mut new = point(&glyph, text[glyph.len()..].trim(), section, line);
            new.width = width(text);
            theme.points.push(new);
            return;
        }
        let opened = theme.points.len() > start;
        let Some(last) = theme.points.last_mut().filter(|_| opened) else {
            return theme.points.push(point("", text, section, line));
        };
        let folded: String = text.nfkc().collect();
        if let Some(sub) = self.sub.captures(&folded).filter(|_| last.glyph != "【" && !last.glyph.is_empty()) {
            let label = sub[1].trim().to_owned();
            let rest = text.chars().skip(sub[1].trim().chars().count()).collect::<String>();
            last.subs.push((label, rest.trim().to_owned(), line));
            return;
        }
        if last.glyph != "【" && self.continues(last, text, blank, most) {
            last.width = width(text);
            match last.subs.last_mut() {
                Some((_, sub, _)) => join_line(sub, text),
                None => join_line(&mut last.text, text),
            }
        } else {
            let mut new = point("", text, section, line);
            new.width = width(text);
            theme.points.push(new);
        }
    }

    /// Whether a line without a glyph goes on with the point before it.
    fn continues(&self, last: &Point, text: &str, blank: bool, most: usize) -> bool {
        let so_far = last.subs.last().map_or(&last.text, |(_, text, _)| text);
        let opens = |text: &str| {
            let count = |marks: &[char]| text.chars().filter(|c| marks.contains(c)).count();
            count(&['（', '「', '(']) > count(&['）', '」', ')'])
        };
        if opens(so_far) || so_far.ends_with(['、', '，']) {
            return true;
        }
        #[expect(clippy::cast_precision_loss, reason = "lengths of lines")]
        let share = last.width as f64 / most.max(1) as f64;
        if !last.glyph.is_empty() {
            let question_is_over = blank && last.glyph == self.spec.themes.question && share < SHORT;
            let something_else = self.asked.is_match(so_far) || text.starts_with("（※") || question_is_over;
            return !something_else;
        }
        if self.finished.is_match(so_far) {
            return false;
        }
        !blank || share >= FULL
    }

    /// For every line the width of the widest line of its segment: up to the next glyph or section head.
    fn widest(&self, page: &Page<'_>) -> BTreeMap<u32, usize> {
        let mut out = BTreeMap::new();
        let mut segment: Vec<u32> = Vec::new();
        let mut most = 0;
        for line in &page.lines {
            let text = line.text.trim();
            let title = text.contains("【【") || text.starts_with(|c: char| ('①'..='⑳').contains(&c));
            let opens = title
                || !glyph(text).is_empty()
                || text.starts_with('【')
                || self.sections.iter().any(|(p, _)| p.is_match(&squeezed(text)));
            if opens {
                out.extend(segment.drain(..).map(|line| (line, most)));
                most = 0;
            }
            segment.push(line.line);
            most = most.max(width(text));
        }
        out.extend(segment.into_iter().map(|line| (line, most)));
        out
    }
}

/// Printed width in half-width columns.
fn width(text: &str) -> usize {
    text.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum()
}

fn point(glyph: &str, text: &str, section: usize, line: u32) -> Point {
    Point { glyph: glyph.to_owned(), text: text.to_owned(), section, line, width: width(text), subs: Vec::new() }
}

fn glyph(text: &str) -> String {
    text.chars().next().filter(|c| GLYPHS.contains(c)).map(String::from).unwrap_or_default()
}

fn write(spec: &Spec, id: &str, theme: Theme, out: &mut Out) {
    if !theme.mark.is_empty() {
        let group = out.node(&theme.group, ProvisionKind::Group);
        if group.title.is_empty() {
            group.title.clone_from(&theme.group_title);
            group.line = theme.line;
            group.page = theme.pages.first().copied().unwrap_or(0);
        }
    }
    let title = if theme.title.is_empty() { theme.group_title.clone() } else { theme.title.clone() };
    let pages: Vec<String> = theme.pages.iter().map(|page| page.to_string()).collect();
    let flagged = if theme.flagged { spec.themes.flag.trim_matches(['【', '】']).to_owned() } else { String::new() };
    let cells = vec![("theme", id.to_owned()), ("title", title.clone()), ("flag", flagged), ("pages", pages.join(" "))];
    out.record("themes", theme.line, cells);
    let mut items = Vec::new();
    let mut text = String::new();
    for point in &theme.points {
        let section = point.section.checked_sub(1).and_then(|at| spec.themes.sections.get(at));
        let kind = section.and_then(|section| ItemKind::from_code(&section.kind));
        if point.glyph == "【" || (point.glyph.is_empty() && kind.is_none()) {
            text.push_str(&point.text);
            text.push('\n');
        } else {
            items.push(item(&point.glyph, &point.text, kind.unwrap_or(ItemKind::Note), point));
        }
        if point.glyph != "【" {
            let name = section.map_or("", |section| section.name.as_str());
            let cells = vec![
                ("theme", id.to_owned()),
                ("section", name.to_owned()),
                ("label", point.glyph.clone()),
                ("text", point.text.clone()),
            ];
            out.record("theme-points", point.line, cells);
        }
    }
    let node = out.node(id, ProvisionKind::Theme);
    (node.title, node.items) = (title, items);
    text.trim_end().clone_into(&mut node.text);
    (node.line, node.page) = (theme.line, theme.pages.first().copied().unwrap_or(0));
}

fn item(label: &str, text: &str, kind: ItemKind, point: &Point) -> Item {
    let subs = point.subs.iter().map(|(label, text, line)| leaf(label, text, kind, *line)).collect();
    Item { items: subs, ..leaf(label, text, kind, point.line) }
}

fn leaf(label: &str, text: &str, kind: ItemKind, line: u32) -> Item {
    Item {
        label: label.to_owned(),
        text: text.to_owned(),
        kind,
        strength: strength(text),
        marks: Vec::new(),
        audience: Vec::new(),
        items: Vec::new(),
        line,
    }
}

#[cfg(test)]
mod tests {
    use super::undouble;

    #[test]
    fn bold_type_printed_twice_is_kept_once() {
        assert_eq!(undouble("港の案（港の案（77--3 3 岸の備え岸の備え②）②）"), "港の案（7-3岸の備え②）");
        assert_eq!(undouble("77--77 岸の備え①）岸の備え①）"), "7-7岸の備え①）");
    }

    #[test]
    fn a_line_printed_once_stays_as_it_is() {
        assert_eq!(undouble("ＷＷＷの窓口 55 番"), "ＷＷＷの窓口 55 番");
    }
}
