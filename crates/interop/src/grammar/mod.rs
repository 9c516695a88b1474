//! Import grammars: how a document is read is data (`content/profiles/*.toml`, docs/import-grammars.md). The engine knows
//! Japanese typesetting; everything about a document or a family of documents stands in its grammar.

mod built_in;
mod citations;
mod clean;
mod corrections;
mod facts;
mod finish;
mod profile;
mod reader;
mod suggest;
mod trace;
mod wire;
mod words;

pub use citations::citations;
pub use corrections::{
    CORRECTIONS_MAX, Correction, CorrectionFault, DEPTH_MAX, LEVEL_MAX, NUMBER_MAX, TITLE_MAX, Verdict, line_key,
    parse_corrections, verdict_of,
};
pub use facts::facts_only;
pub use profile::{Profile, ProfileFault};
pub use suggest::suggest;
pub use trace::{LineRole, ReadLine};

use corrections::Applied;
use sakimori_domain::standards::{Catalogue, Problem};
use unicode_normalization::UnicodeNormalization;

use crate::source::SourceLine;

/// How well a grammar fits a document.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// 0.0 … 1.0: share of what the grammar expects that the document has.
    pub share: f64,
    /// Lines that have the form of a heading of the grammar.
    pub matched: usize,
    /// Strings that the grammar expects (`[detect] expect`) that were found, and how many it expects.
    pub found: usize,
    pub expected: usize,
}

/// What reading gave: the catalogue with its problems, and how well the grammar fitted.
#[derive(Debug, Clone)]
pub struct Reading {
    pub catalogue: Catalogue,
    pub fit: Fit,
    /// Every printed line and what it was read as.
    pub lines: Vec<ReadLine>,
}

/// Best share of a grammar that expects nothing in particular, so that any grammar made for the document beats it.
const SHARE_UNSPECIFIC: f64 = 0.35;
/// Headings from which on an unspecific grammar fits as well as it can.
const HEADINGS_UNSPECIFIC: usize = 10;

/// Reads a document with a grammar. Never fails: what was not understood is in `catalogue.problems`.
pub fn read(profile: &Profile, lines: &[SourceLine]) -> Reading {
    read_corrected(profile, lines, &[])
}

/// Reads a document with a grammar and what people have said of its lines. A table reader knows no lines: there only
/// lines that are not part of the text are taken out.
pub fn read_corrected(profile: &Profile, lines: &[SourceLine], corrections: &[Correction]) -> Reading {
    let applied = Applied::of(corrections, lines);
    let (mut catalogue, read) = match from_tables(profile, lines, &applied) {
        Some(read) => read,
        None => {
            let cleaned = clean::clean(&profile.rules, lines, &applied);
            let parts = reader::Reader::new(&profile.rules, &cleaned, &applied).run(&cleaned.lines);
            let read = trace::with_removed(lines, parts.lines, |at| applied.at(at).is_some());
            (Catalogue { provisions: parts.provisions, problems: parts.problems, ..Catalogue::default() }, read)
        }
    };
    for unused in &applied.unused {
        let message = format!("手直しした行がこの文書にありません: {}", unused.text);
        catalogue.problems.push(Problem { line: 0, code: "correction-unused".to_owned(), message });
    }
    catalogue.edition = profile.edition();
    Reading { catalogue, fit: fit(profile, lines), lines: read }
}

fn from_tables(profile: &Profile, lines: &[SourceLine], applied: &Applied<'_>) -> Option<(Catalogue, Vec<ReadLine>)> {
    let is_noise = |at: usize| applied.at(at).is_some_and(|correction| correction.verdict == Verdict::Noise);
    let is_any = (0..lines.len()).any(is_noise);
    // Blank instead of gone, so that line numbers and the distances between lines stay.
    let blanked = |(at, line): (usize, &SourceLine)| match is_noise(at) {
        true => SourceLine { text: String::new(), ..line.clone() },
        false => line.clone(),
    };
    let catalogue = if is_any {
        let blanked: Vec<SourceLine> = lines.iter().enumerate().map(blanked).collect();
        crate::tabular::read(profile, &blanked)?
    } else {
        crate::tabular::read(profile, lines)?
    };
    let read = trace::of_tables(lines, &catalogue, is_noise);
    Some((catalogue, read))
}

/// How well the grammar fits, without reading the whole structure.
pub fn fit(profile: &Profile, lines: &[SourceLine]) -> Fit {
    let folded: String = lines.iter().take(clean::LINES_MAX).map(|line| fold(&line.text)).collect();
    fit_folded(profile, lines, &folded)
}

fn fit_folded(profile: &Profile, lines: &[SourceLine], folded: &str) -> Fit {
    let expect = profile.expect();
    let found = expect.iter().filter(|text| folded.contains(&fold(text))).count();
    let headings = &profile.rules.headings;
    let short = |line: &&SourceLine| line.text.len() < 600;
    let matched = lines
        .iter()
        .take(clean::LINES_MAX)
        .filter(short)
        .filter(|line| headings.iter().any(|heading| heading.pattern.is_match(line.text.trim())))
        .count();
    let of = |have: usize, want: usize| if want == 0 { 1.0 } else { (have as f64 / want as f64).min(1.0) };
    let share = if expect.is_empty() {
        SHARE_UNSPECIFIC * of(matched, HEADINGS_UNSPECIFIC)
    } else {
        of(found, expect.len()) * (0.6 + 0.4 * of(matched, profile.headings_expected()))
    };
    Fit { share, matched, found, expected: expect.len() }
}

/// Letter widths and blanks do not matter for recognising a document.
fn fold(text: &str) -> String {
    text.nfkc().filter(|c| !c.is_whitespace()).map(sakimori_domain::text::fold_dash).collect()
}

/// Every grammar with its fit, best first; ties keep the order given.
pub fn best_fit(profiles: &[Profile], lines: &[SourceLine]) -> Vec<(String, Fit)> {
    let folded: String = lines.iter().take(clean::LINES_MAX).map(|line| fold(&line.text)).collect();
    let mut fits: Vec<_> =
        profiles.iter().map(|profile| (profile.name().to_owned(), fit_folded(profile, lines, &folded))).collect();
    fits.sort_by(|a, b| b.1.share.total_cmp(&a.1.share));
    fits
}

/// Faults of a grammar as written; empty when it is sound.
pub fn check(toml: &str) -> Vec<ProfileFault> {
    Profile::parse(toml).err().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_grammar_is_sound() {
        for (name, text) in built_in::SOURCES {
            let faults = check(text);
            assert!(
                faults.is_empty(),
                "{name}: {}",
                faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
            );
            assert!(
                Profile::built_in().iter().any(|profile| profile.name() == *name),
                "{name} names itself differently"
            );
        }
    }
}
