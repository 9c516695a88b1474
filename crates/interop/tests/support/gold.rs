//! What experts put side by side in document 000, and how much of it is suggested: for the test and for the benches.
//!
//! The pairs stand in `expect/crosswalk-gold.toml`, with how they were made. The documents themselves are not in the
//! repository: `SAKIMORI_SEEDS` names their folder, else `../shared/seeds` beside the repository is taken.

use std::path::{Path, PathBuf};

use sakimori_domain::crosswalk::quality::Quality;
use sakimori_domain::crosswalk::suggest::{Judged, Suggester, Synonyms};
use sakimori_domain::standards::Catalogue;
use sakimori_interop::grammar::{Profile, read};
use sakimori_interop::source::lines_of;
use serde::Deserialize;

#[derive(Deserialize)]
struct Pairs {
    /// Item of 000, heading of 001.
    citations: Vec<(String, String)>,
    /// Line of the problem, items of 000.
    incidents: Vec<(u32, Vec<String>)>,
    /// Line of the quotation, items of 000.
    excerpts: Vec<(u32, Vec<String>)>,
}

/// The pairs and the two documents.
pub struct Gold {
    pairs: Pairs,
    pub telecom: Catalogue,
    pub guide: Catalogue,
}

/// A real document as its grammar reads it. `root` is the folder of the repository.
///
/// # Panics
/// It is not there: a measurement without it would say nothing.
pub fn catalogue(root: &Path, number: &str) -> Catalogue {
    let folder = std::env::var_os("SAKIMORI_SEEDS").map_or_else(|| root.join("../shared/seeds"), PathBuf::from);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| {
        panic!("the source documents are needed: set SAKIMORI_SEEDS to their folder ({}: {error})", folder.display())
    });
    let path = entries
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(number)))
        .unwrap_or_else(|| panic!("document {number} is missing in {}", folder.display()));
    let text = std::fs::read_to_string(path).expect("the document is UTF-8");
    let profile = Profile::built_in().iter().find(|p| p.name().starts_with(number)).expect("a built-in grammar");
    read(profile, &lines_of(&text)).catalogue
}

impl Gold {
    /// Reads pairs and documents.
    pub fn load(root: &Path) -> Self {
        let path = root.join("crates/interop/tests/expect/crosswalk-gold.toml");
        let pairs = toml::from_str(&std::fs::read_to_string(path).expect("the pairs")).expect("sound TOML");
        Self { pairs, telecom: catalogue(root, "000"), guide: catalogue(root, "001") }
    }

    /// Every item of 000 that cites 001, looked up in it. Other items for which `judged` (asked item, other item) says so
    /// count as judged by people.
    pub fn items(&self, synonyms: &Synonyms, judged: impl Fn(&str, &str) -> bool) -> Quality {
        let mut quality = Quality::default();
        let mut sources: Vec<&str> = self.pairs.citations.iter().map(|(source, _)| source.as_str()).collect();
        sources.dedup();
        let suggester =
            |others: &[Judged<'_>]| Suggester::new(&self.telecom.provisions, &self.guide.provisions, synonyms, others);
        let unjudged = suggester(&[]);
        for source in sources {
            let (own, others): (Vec<_>, Vec<_>) = self.pairs.citations.iter().partition(|(from, _)| from == source);
            let others = others.iter().filter(|(from, _)| judged(source, from));
            let others: Vec<Judged<'_>> =
                others.map(|(source, target)| Judged { source, target, confirmed: true }).collect();
            let found = match others.as_slice() {
                [] => unjudged.candidates(source, 10),
                others => suggester(others).candidates(source, 10),
            };
            let right: Vec<&str> = own.iter().map(|(_, target)| target.as_str()).collect();
            quality.add(&found.iter().map(|c| c.id.as_str()).collect::<Vec<_>>(), &right);
        }
        quality
    }

    /// The problems of the incident tables, looked up among the items of 000.
    pub fn incidents(&self, synonyms: &Synonyms) -> Quality {
        self.texts(&self.pairs.incidents, "problem", synonyms)
    }

    /// The quotations of the second telecom standard, looked up among the items of 000.
    pub fn excerpts(&self, synonyms: &Synonyms) -> Quality {
        self.texts(&self.pairs.excerpts, "contents", synonyms)
    }

    fn texts(&self, rows: &[(u32, Vec<String>)], column: &str, synonyms: &Synonyms) -> Quality {
        let suggester = Suggester::new(&self.guide.provisions, &self.telecom.provisions, synonyms, &[]);
        let mut quality = Quality::default();
        for (line, right) in rows {
            let found = suggester.candidates_for_text(&self.told(*line, column), 10);
            let right: Vec<&str> = right.iter().map(String::as_str).collect();
            quality.add(&found.iter().map(|c| c.id.as_str()).collect::<Vec<_>>(), &right);
        }
        quality
    }

    /// The text of a column of the record that begins at a line.
    fn told(&self, line: u32, column: &str) -> String {
        let cells = self.telecom.records.iter().filter(|record| record.line == line).flat_map(|record| &record.cells);
        let text = cells.filter(|(name, text)| name == column && !text.is_empty()).map(|(_, text)| text.clone()).next();
        text.unwrap_or_else(|| panic!("no {column} at line {line} of document 000"))
    }

    /// Every pair names items that the documents have, and every row a text.
    ///
    /// # Panics
    /// One does not.
    pub fn check(&self) {
        let has = |catalogue: &Catalogue, id: &str| catalogue.provisions.iter().any(|p| p.id == id);
        assert_eq!(self.pairs.citations.len(), 52);
        for (source, target) in &self.pairs.citations {
            assert!(has(&self.telecom, source) && has(&self.guide, target), "{source} → {target}");
        }
        for (rows, column) in [(&self.pairs.incidents, "problem"), (&self.pairs.excerpts, "contents")] {
            for (line, right) in rows {
                let there = right.iter().all(|id| has(&self.telecom, id));
                assert!(!self.told(*line, column).is_empty() && !right.is_empty() && there, "line {line}");
            }
        }
    }
}
