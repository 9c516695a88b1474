//! First step of reading: pages, front matter, running heads, page numbers, footnotes and overprinting are recognised and
//! taken out. Everything taken out is a problem with its line, so that nothing is lost in silence.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use regex::Regex;
use sakimori_domain::standards::Problem;

use super::corrections::{Applied, Verdict};
use super::profile::{Joining, Rules};
use super::words::{ends_sentence, is_link, open_bracket, tidy, undouble, width};
use crate::source::SourceLine;

/// Most lines read, and longest line in bytes; the rest is cut off with a problem.
pub(crate) const LINES_MAX: usize = 100_000;
pub(crate) const LINE_BYTES_MAX: usize = 20_000;

/// Printed lines between a footnote and the word that its number is glued to, at most.
const FOOTNOTE_REACH: usize = 80;

/// A running head is one of the first or last so many lines of its page, and no longer than so many letters.
const RUNNING_HEAD_LINES: usize = 2;
const RUNNING_HEAD_MAX: usize = 50;

/// A printed line that is part of the document's own text.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    /// Without outer blanks.
    pub text: String,
    pub width: usize,
    /// Blank lines before it; `None` where noise or a page break stands between.
    pub gap: Option<usize>,
    pub page: u32,
    pub line: u32,
    /// Index of the source line.
    pub source: usize,
    /// A person has said that it is part of the text, so that nothing takes it out.
    pub kept: bool,
}

/// The lines to read and the facts about their layout.
#[derive(Debug, Default)]
pub(crate) struct Clean {
    pub lines: Vec<Line>,
    pub problems: Vec<Problem>,
    /// Columns of a full line of running text.
    pub margin: usize,
    /// Lines are cut by the typesetter and have to be joined.
    pub wrapped: bool,
    /// Blank lines that separate blocks (more than stand between any two lines).
    pub block_gap: usize,
}

impl Clean {
    pub(crate) fn problem(&mut self, line: u32, code: &str, message: String) {
        self.problems.push(Problem { line, code: code.to_owned(), message });
    }
}

/// Takes noise out of a document.
pub(crate) fn clean(rules: &Rules, source: &[SourceLine], corrections: &Applied<'_>) -> Clean {
    let mut clean = Clean::default();
    let mut lines = printed(rules, source, &mut clean);
    by_hand(corrections, &mut lines, &mut clean);
    front_and_back(rules, &mut lines, &mut clean);
    let spaced = double_spaced(&lines);
    clean.block_gap = if spaced { 3 } else { 1 };
    noise(rules, &mut lines, &mut clean);
    clean.margin = percentile(lines.iter().map(|line| line.width).collect(), 98);
    let wide = lines.iter().filter(|line| line.width * 100 >= clean.margin * 85).count();
    clean.wrapped = match rules.joining {
        Joining::Wrapped => true,
        Joining::Lines => false,
        Joining::Auto => clean.margin <= 140 && wide * 100 >= lines.len() * 15,
    };
    footnotes(rules, &mut lines, &mut clean);
    repeated_links(&mut lines, &mut clean);
    clean.lines = lines;
    clean
}

/// Takes out what a person has called noise, and notes what a person has said to be text.
fn by_hand(corrections: &Applied<'_>, lines: &mut Vec<Line>, clean: &mut Clean) {
    let mut drop = vec![false; lines.len()];
    for (line, drop) in lines.iter_mut().zip(&mut drop) {
        let Some(correction) = corrections.at(line.source) else { continue };
        *drop = correction.verdict == Verdict::Noise;
        line.kept = !*drop;
        if *drop {
            let message = format!("手直しにより本文でない行を外しました: {}", excerpt(&line.text));
            clean.problem(line.line, "removed-by-hand", message);
        }
    }
    remove(lines, &drop);
}

/// The non-blank lines with their page and the blank lines before them.
fn printed(rules: &Rules, source: &[SourceLine], clean: &mut Clean) -> Vec<Line> {
    if source.len() > LINES_MAX {
        let line = source.get(LINES_MAX).map_or(0, |l| l.line);
        clean.problem(line, "too-long", format!("{LINES_MAX} 行を超えた部分は読んでいません。文書を分けてください。"));
    }
    let mut lines = Vec::new();
    let mut gap = Some(0);
    let by_blanks = rules.pages_by_blank && is_spaced(source);
    let mut counted = u32::from(by_blanks);
    let mut page_before = source.first().map_or(0, |l| l.page);
    for (at, given) in source.iter().enumerate().take(LINES_MAX) {
        if given.text.trim().is_empty() {
            gap = gap.map(|g| g + 1);
            continue;
        }
        let mut text = given.text.as_str();
        if text.len() > LINE_BYTES_MAX {
            let cut = (0..=LINE_BYTES_MAX).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
            text = &text[..cut];
            clean.problem(given.line, "line-too-long", "長すぎる行の続きは読んでいません。".to_owned());
        }
        let leading = text.starts_with([' ', '\u{3000}', '\t']);
        let by_blank = by_blanks && leading && gap == Some(0) && !lines.is_empty();
        let starts_page = by_blank || given.page != page_before;
        counted += u32::from(by_blank);
        page_before = given.page;
        let mut text = text.trim().to_owned();
        if !rules.keep_doubled
            && let Some(single) = undouble(&text)
        {
            clean.problem(given.line, "overprint", "重ね刷りの文字を一つにしました。".to_owned());
            text = single;
        }
        lines.push(Line {
            width: width(&text),
            gap: if starts_page { None } else { gap },
            page: if given.page > 0 { given.page } else { counted },
            line: given.line,
            source: at,
            kept: false,
            text,
        });
        gap = Some(0);
    }
    lines
}

/// Whether nearly every other line is blank. Only then does a line right below another one start a page.
fn is_spaced(source: &[SourceLine]) -> bool {
    let blank = source.iter().filter(|line| line.text.trim().is_empty()).count();
    blank * 100 >= source.len() * 40
}

fn front_and_back(rules: &Rules, lines: &mut Vec<Line>, clean: &mut Clean) {
    if let Some(until) = &rules.front_until
        && let Some(at) = lines.iter().position(|line| until.is_match(&line.text))
        && at > 0
    {
        let first = lines.first().map_or(0, |line| line.line);
        clean.problem(first, "front-matter", format!("本文の前の {at} 行は前付けとして外しました。"));
        let mut index = 0;
        lines.retain(|line| {
            index += 1;
            index > at || line.kept
        });
    }
    if let Some(from) = &rules.back_from
        && let Some(at) = lines.iter().skip(1).position(|line| from.is_match(&line.text))
    {
        let line = lines.get(at + 1).map_or(0, |line| line.line);
        clean.problem(
            line,
            "back-matter",
            format!("本文の後の {} 行は奥付などとして外しました。", lines.len() - at - 1),
        );
        let mut index = 0;
        lines.retain(|line| {
            index += 1;
            index <= at + 1 || line.kept
        });
    }
}

/// Whether a blank line stands between any two lines, as some extraction tools print.
fn double_spaced(lines: &[Line]) -> bool {
    let known: Vec<usize> = lines.iter().skip(1).filter_map(|line| line.gap).collect();
    let single = known.iter().filter(|gap| **gap == 1).count();
    known.len() >= 8 && single * 100 >= known.len() * 60
}

fn noise(rules: &Rules, lines: &mut Vec<Line>, clean: &mut Clean) {
    static CONTENTS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"[.．・…‥\s]{6,}\s*[0-9０-９]{1,4}$").ok());
    let heads = running_heads(lines);
    let mut kept: Vec<Line> = Vec::with_capacity(lines.len());
    let mut cut = false;
    for mut line in lines.drain(..) {
        let of_profile =
            rules.noise.iter().find(|(_, regex)| regex.is_match(&line.text)).map(|(code, _)| code.as_str());
        let contents = CONTENTS
            .as_ref()
            .is_some_and(|regex| regex.is_match(&line.text) && line.text.contains(['.', '．', '・', '…', '‥']));
        let head = heads.contains(&line.line);
        let code = of_profile.or(contents.then_some("table-of-contents")).or(head.then_some("running-head"));
        if let Some(code) = code.filter(|_| !line.kept) {
            clean.problem(line.line, code, format!("本文でない行を外しました: {}", excerpt(&line.text)));
            cut = true;
            continue;
        }
        if std::mem::take(&mut cut) {
            line.gap = None;
        }
        kept.push(line);
    }
    *lines = kept;
}

/// Lines that stand at the edge of page after page, numbers aside. Needs pages; a heading or label does not come that often.
fn running_heads(lines: &[Line]) -> HashSet<u32> {
    let mut edges: HashMap<String, Vec<u32>> = HashMap::new();
    let mut pages = 0;
    for page in lines.chunk_by(|a, b| a.page == b.page) {
        pages += 1;
        let last = page.len().saturating_sub(RUNNING_HEAD_LINES);
        for (at, line) in page.iter().enumerate() {
            if (at < RUNNING_HEAD_LINES || at >= last) && line.text.chars().count() <= RUNNING_HEAD_MAX {
                let same: String = line.text.chars().filter(|c| !c.is_whitespace() && !c.is_numeric()).collect();
                edges.entry(same).or_default().push(line.line);
            }
        }
    }
    let often = |found: &Vec<u32>| found.len() >= 4 && found.len() * 100 >= pages * 40;
    edges.into_iter().filter(|(same, found)| !same.is_empty() && often(found)).flat_map(|(_, found)| found).collect()
}

/// At most thirty letters of a line, for a message.
fn excerpt(text: &str) -> String {
    text.chars().take(30).collect()
}

fn percentile(mut values: Vec<usize>, percent: usize) -> usize {
    values.sort_unstable();
    let at = (values.len().saturating_sub(1)) * percent / 100;
    values.get(at).copied().unwrap_or(0)
}

/// Columns of a full first line of each list of the grammar, as far as the document shows them.
pub(crate) fn list_margins(rules: &Rules, clean: &Clean) -> Vec<usize> {
    let mut widths: Vec<Vec<usize>> = vec![Vec::new(); rules.lists.len()];
    for line in &clean.lines {
        if let Some(index) = rules.lists.iter().position(|list| list.pattern.is_match(&line.text)) {
            widths[index].push(line.width);
        }
    }
    widths.into_iter().map(|list| if list.len() >= 6 { percentile(list, 96) } else { clean.margin }).collect()
}

/// Footnotes: a line whose number is glued to a word earlier on its page, and the lines that continue it. The glued digit
/// goes too.
fn footnotes(rules: &Rules, lines: &mut Vec<Line>, clean: &mut Clean) {
    let Some(pattern) = &rules.footnote else { return };
    let mut drop = vec![false; lines.len()];
    let mut page_from = 0;
    let mut index = 0;
    let mut last = (0, 0);
    while index < lines.len() {
        if lines[index].page != lines[page_from].page {
            page_from = index;
        }
        let page = lines[index].page;
        let printed = (!lines[index].kept).then_some(()).and_then(|()| {
            pattern.captures(&lines[index].text).and_then(|c| c.name("number").map(|m| m.as_str().to_owned()))
        });
        // Footnotes are numbered through, or anew on each page; a heading that looks like one is out of turn.
        let in_turn = printed.filter(|number| {
            let place = super::words::ordinal(number).unwrap_or(0);
            place == 1 && (last.0 == 0 || page != last.1)
                || last.0 > 0 && (1..=2).contains(&place.saturating_sub(last.0))
        });
        let from = page_from.max(index.saturating_sub(FOOTNOTE_REACH));
        let glued = in_turn.as_ref().and_then(|number| {
            (from..index)
                .rev()
                .filter(|at| !drop[*at])
                .find_map(|at| glued_digit(&lines[at].text, number).map(|span| (at, span)))
        });
        let (Some(number), Some((at, span))) = (in_turn, glued) else {
            index += 1;
            continue;
        };
        last = (super::words::ordinal(&number).unwrap_or(0), page);
        lines[at].text.replace_range(span, "");
        let end = footnote_end(pattern, lines, index, clean.margin);
        let text: Vec<&str> = lines[index..end].iter().map(|line| line.text.as_str()).collect();
        let message = format!(
            "脚注 {number} を本文から外しました: {}",
            tidy(&text.concat()).chars().take(400).collect::<String>()
        );
        clean.problem(lines[index].line, "footnote", message);
        drop[index..end].fill(true);
        index = end;
    }
    remove(lines, &drop);
}

/// The line after the last one of the footnote that starts at `start`.
fn footnote_end(pattern: &Regex, lines: &[Line], start: usize, margin: usize) -> usize {
    let mut end = start + 1;
    while let Some(line) = lines.get(end) {
        let before = &lines[end - 1];
        let same_page = line.page == before.page && line.gap.is_some();
        let unfinished = !ends_sentence(&before.text) && !is_link(&before.text) && before.width * 100 >= margin * 85
            || open_bracket(&before.text).is_some_and(|letters| letters < 200);
        if !same_page || line.kept || pattern.is_match(&line.text) || !(is_link(&line.text) || unfinished) {
            break;
        }
        end += 1;
    }
    end
}

/// The bytes of `number` printed as a footnote mark: glued to the word before it, and not counting what follows.
fn glued_digit(text: &str, number: &str) -> Option<std::ops::Range<usize>> {
    const COUNTED: &str =
        "年月日条章節項号回個件時分秒世代文字版つ桁割位台名者人階種点歳倍度本部以.．0123456789０１２３４５６７８９%％-";
    for (at, found) in text.match_indices(number) {
        let before = text[..at].chars().next_back();
        let after = text[at + found.len()..].chars().next();
        let glued = before
            .is_some_and(|c| !c.is_whitespace() && !c.is_ascii_digit() && !"第表図約.-/平成令和昭_=?&".contains(c));
        if glued && !after.is_some_and(|c| COUNTED.contains(c) || c.is_ascii_alphabetic()) {
            return Some(at..at + found.len());
        }
    }
    None
}

/// Link targets that an extraction tool prints again at the end of a page.
fn repeated_links(lines: &mut Vec<Line>, clean: &mut Clean) {
    let mut drop = vec![false; lines.len()];
    let footnotes: Vec<String> =
        clean.problems.iter().filter(|p| p.code == "footnote").map(|p| p.message.clone()).collect();
    for index in 0..lines.len() {
        let line = &lines[index];
        if line.kept || !is_link(&line.text) {
            continue;
        }
        let last = lines[index..].iter().take_while(|later| later.page == line.page).all(|later| is_link(&later.text));
        let seen = lines[..index]
            .iter()
            .rev()
            .take_while(|earlier| earlier.page == line.page)
            .any(|e| e.text.contains(&line.text));
        if last && (seen || footnotes.iter().any(|message| message.contains(&line.text))) {
            clean.problems.push(Problem {
                line: line.line,
                code: "link-target".to_owned(),
                message: "ページ末に重ねて印字されたリンク先を外しました。".to_owned(),
            });
            drop[index] = true;
        }
    }
    remove(lines, &drop);
}

/// Removes the marked lines; what follows a removed one has no known distance to what stands before.
fn remove(lines: &mut Vec<Line>, drop: &[bool]) {
    let mut index = 0;
    let mut cut = false;
    lines.retain_mut(|line| {
        let gone = drop.get(index).copied().unwrap_or(false);
        index += 1;
        if gone {
            cut = true;
        } else if std::mem::take(&mut cut) {
            line.gap = None;
        }
        !gone
    });
}
