//! The evidence column of a comparison: which other document says something to an item, where, and what should become of it.

use sakimori_domain::standards::Consideration;
use unicode_normalization::UnicodeNormalization;

use super::Out;
use super::flow::{join_line, squeezed};
use super::spec::{self, Source, Spec};

/// A printed line of evidence with its place.
pub(crate) type Printed = (u32, String);

/// What one document says at one place.
#[derive(Debug, Default)]
struct Excerpt {
    source: String,
    path: Vec<String>,
    lines: Vec<Printed>,
    direction: String,
    point: String,
    line: u32,
}

/// A step of a citation: how deep it stands and as it is written in ids.
type Step = (u8, String);

/// The steps that a line begins with: `3.`, `(1)`, `ウ`, `(イ)`; empty for ordinary text.
fn steps(line: &str) -> Vec<Step> {
    let folded: Vec<char> = line.trim().nfkc().collect();
    let kana = |c: char| ('ア'..='ン').contains(&c);
    let mut at = 0;
    let mut found: Vec<Step> = Vec::new();
    loop {
        let rest = &folded[at.min(folded.len())..];
        let digits = rest.iter().take_while(|c| c.is_ascii_digit()).count();
        let step = match rest {
            _ if (1..=2).contains(&digits) && rest.get(digits) == Some(&'.') => Some((0, 0, digits, digits + 1)),
            ['(', c, ')', ..] if kana(*c) => Some((3, 0, 3, 3)),
            ['(', c, ')', ..] if c.is_ascii_digit() => Some((1, 0, 3, 3)),
            [c, next, ..] if kana(*c) && (*next == '(' || next.is_whitespace()) && !found.is_empty() => {
                Some((2, 0, 1, 1))
            }
            _ => None,
        };
        match step {
            Some((depth, from, to, skip)) if found.last().is_none_or(|(last, _)| *last < depth) => {
                found.push((depth, rest[from..to].iter().collect()));
                at += skip;
            }
            _ => return found,
        }
    }
}

/// Whether a line begins with a citation.
pub(crate) fn cites(line: &str) -> bool {
    !steps(line).is_empty()
}

/// The document that a block of lines names, and how many lines the name takes.
pub(crate) fn source_of<'s>(sources: &'s [Source], lines: &[Printed]) -> Option<(&'s Source, usize)> {
    let whole: String = lines.iter().map(|(_, text)| squeezed(text)).collect();
    let source = sources.iter().find(|source| whole.starts_with(&squeezed(&source.first)))?;
    let last = squeezed(&source.last);
    let mut name = String::new();
    for (index, (_, text)) in lines.iter().enumerate() {
        name.push_str(&squeezed(text));
        if name.ends_with(&last) {
            return Some((source, index + 1));
        }
    }
    None
}

/// Writes the evidence of one item as records and returns its citations in the document's own style.
pub(crate) fn read(spec: &Spec, item: &str, blocks: &[Vec<Printed>], out: &mut Out) -> Vec<String> {
    let point = spec::pattern(&spec.point);
    let mut excerpts: Vec<Excerpt> = Vec::new();
    let mut context: Vec<Step> = Vec::new();
    for block in blocks.iter().filter(|block| !block.is_empty()) {
        let joined = joined(block);
        let mark = joined.chars().next().unwrap_or(' ');
        if matches!(mark, '○' | '△') && point.is_match(&joined) {
            if excerpts.last().is_none_or(|last| !last.point.is_empty()) {
                excerpts.push(Excerpt { line: block[0].0, ..Excerpt::default() });
            }
            if let Some(last) = excerpts.last_mut() {
                last.direction = mark.to_string();
                last.point = joined.chars().skip(1).collect();
            }
            continue;
        }
        let mut rest = block.as_slice();
        if let Some((source, taken)) = source_of(&spec.sources, block) {
            excerpts.push(Excerpt { source: source.name.clone(), line: block[0].0, ..Excerpt::default() });
            context.clear();
            rest = &block[taken..];
        }
        for printed in rest {
            add_line(&mut excerpts, &mut context, printed);
        }
    }
    excerpts.iter().for_each(|excerpt| write(item, excerpt, out));
    excerpts.iter().filter(|e| !e.path.is_empty()).map(citation).collect()
}

fn add_line(excerpts: &mut Vec<Excerpt>, context: &mut Vec<Step>, printed: &Printed) {
    let found = steps(&printed.1);
    let open = excerpts
        .last()
        .map(|last| (last.source.clone(), last.path.is_empty() && last.lines.is_empty(), last.lines.len()));
    let (source, fresh, lines) = open.unwrap_or_default();
    if let Some((depth, _)) = found.first() {
        let deeper = context.last().is_some_and(|(last, _)| last < depth);
        context.retain(|(other, _)| other < depth);
        context.extend(found);
        // A heading directly above a deeper one names the same place.
        let same_place = fresh || (deeper && lines == 1);
        if !same_place || excerpts.is_empty() {
            excerpts.push(Excerpt { source, line: printed.0, ..Excerpt::default() });
        }
        if let Some(last) = excerpts.last_mut() {
            last.path = context.iter().map(|(_, step)| step.clone()).collect();
        }
    }
    if excerpts.is_empty() {
        excerpts.push(Excerpt { line: printed.0, ..Excerpt::default() });
    }
    if let Some(last) = excerpts.last_mut() {
        last.lines.push(printed.clone());
    }
}

/// The citation as the cited document writes it: `(1)ウ(イ)`, `3.(2)`.
fn citation(excerpt: &Excerpt) -> String {
    let dotted =
        |step: &String| if step.chars().all(|c| c.is_ascii_digit()) { format!("{step}.") } else { step.clone() };
    excerpt.path.iter().map(dotted).collect()
}

fn write(item: &str, excerpt: &Excerpt, out: &mut Out) {
    let contents = paragraphs(&excerpt.lines);
    let flat = squeezed(&contents);
    let consideration =
        [Consideration::Must, Consideration::Reference].into_iter().find(|c| flat.contains(&format!("【{}】", c.ja())));
    let marks: Vec<&str> = contents.lines().filter(|line| line.starts_with('○')).collect();
    out.record(
        "comparison",
        excerpt.line,
        vec![
            ("item", item.to_owned()),
            ("source", excerpt.source.clone()),
            ("citation", excerpt.path.join("/")),
            ("marks", marks.join(" ")),
            ("consideration", consideration.map_or("", Consideration::code).to_owned()),
            ("contents", contents.clone()),
            ("direction", excerpt.direction.clone()),
            ("point", excerpt.point.clone()),
        ],
    );
}

fn joined(lines: &[Printed]) -> String {
    let mut out = String::new();
    lines.iter().for_each(|(_, text)| join_line(&mut out, text));
    out
}

/// Wrapped lines joined, one line for each bullet.
fn paragraphs(lines: &[Printed]) -> String {
    let mut out = String::new();
    let mut tail = String::new();
    for (_, text) in lines {
        let text = text.trim();
        if !tail.is_empty() && (text.starts_with(['○', '・', '●']) || !steps(text).is_empty()) {
            out.push_str(&tail);
            out.push('\n');
            tail.clear();
        }
        join_line(&mut tail, text);
    }
    out.push_str(&tail);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(line: &str) -> String {
        steps(line).into_iter().map(|(_, step)| step).collect::<Vec<_>>().join("/")
    }

    #[test]
    fn a_citation_is_read_in_either_style() {
        assert_eq!(path("（１）ウ（イ）港の脅威"), "(1)/ウ/(イ)");
        assert_eq!(path("３．（２）攻撃の対策"), "3/(2)");
        assert_eq!(path("　（ウ）外からの点検"), "(ウ)");
        assert_eq!(path("（例）ふつうの文"), "");
    }
}
