//! The suggestions of crosswalks against what experts put side by side in document 000.
//!
//! The pairs stand in `expect/crosswalk-gold.toml`, with how they were made. The documents themselves are not in the
//! repository: `SAKIMORI_SEEDS` names their folder, else `../shared/seeds` beside the repository is taken.

use std::path::{Path, PathBuf};

use sakimori_domain::crosswalk::quality::Quality;
use sakimori_domain::crosswalk::suggest::{Judged, Suggester, Synonyms};
use sakimori_domain::standards::Catalogue;
use sakimori_interop::grammar::{Profile, read};
use sakimori_interop::source::lines_of;
use sakimori_interop::synonyms;
use serde::Deserialize;

#[derive(Deserialize)]
struct Gold {
    /// Item of 000, heading of 001.
    citations: Vec<(String, String)>,
    /// Line of the problem, items of 000.
    incidents: Vec<(u32, Vec<String>)>,
    /// Line of the quotation, items of 000.
    excerpts: Vec<(u32, Vec<String>)>,
}

fn gold() -> Gold {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/expect/crosswalk-gold.toml");
    toml::from_str(&std::fs::read_to_string(path).expect("the pairs")).expect("sound TOML")
}

fn catalogue(number: &str) -> Catalogue {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/seeds");
    let folder = std::env::var_os("SAKIMORI_SEEDS").map_or_else(beside, PathBuf::from);
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

fn table() -> Synonyms {
    Synonyms::from_groups(synonyms::built_in())
}

/// The text of a column of the record that begins at a line.
fn told(catalogue: &Catalogue, line: u32, column: &str) -> String {
    let cells = catalogue.records.iter().filter(|record| record.line == line).flat_map(|record| &record.cells);
    let text = cells.filter(|(name, _)| name == column).map(|(_, text)| text.clone()).next();
    text.unwrap_or_else(|| panic!("no {column} at line {line} of document 000"))
}

/// Every item of 000 that cites 001, looked up in it. `confirmed` are pairs that count as judged.
fn items(
    telecom: &Catalogue,
    guide: &Catalogue,
    synonyms: &Synonyms,
    confirmed: impl Fn(&str, &str) -> bool,
) -> Quality {
    let gold = gold();
    let mut quality = Quality::default();
    let mut sources: Vec<&str> = gold.citations.iter().map(|(source, _)| source.as_str()).collect();
    sources.dedup();
    for source in sources {
        let right: Vec<&str> =
            gold.citations.iter().filter(|(from, _)| from == source).map(|(_, to)| to.as_str()).collect();
        let pairs = gold.citations.iter().filter(|(from, _)| confirmed(source, from));
        let judged: Vec<Judged<'_>> =
            pairs.map(|(source, target)| Judged { source, target, confirmed: true }).collect();
        let suggester = Suggester::new(&telecom.provisions, &guide.provisions, synonyms, &judged);
        let found = suggester.candidates(source, 10);
        quality.add(&found.iter().map(|c| c.id.as_str()).collect::<Vec<_>>(), &right);
    }
    quality
}

/// Texts looked up among the items of 000.
fn texts(
    telecom: &Catalogue,
    guide: &Catalogue,
    rows: &[(u32, Vec<String>)],
    column: &str,
    synonyms: &Synonyms,
) -> Quality {
    let suggester = Suggester::new(&guide.provisions, &telecom.provisions, synonyms, &[]);
    let mut quality = Quality::default();
    for (line, right) in rows {
        let found = suggester.candidates_for_text(&told(telecom, *line, column), 10);
        let right: Vec<&str> = right.iter().map(String::as_str).collect();
        quality.add(&found.iter().map(|c| c.id.as_str()).collect::<Vec<_>>(), &right);
    }
    quality
}

fn tell(name: &str, quality: &Quality) {
    let share = |s: sakimori_domain::crosswalk::quality::Share| format!("{:.3} ({:.2}-{:.2})", s.value, s.low, s.high);
    let recall: Vec<String> = [1, 3, 5, 10].iter().map(|at| share(quality.recall(*at))).collect();
    println!(
        "{name} {:?}: recall {} | hit@10 {} | MRR {}",
        quality.counts(),
        recall.join(" "),
        share(quality.hits(10)),
        share(quality.mean_reciprocal_rank())
    );
}

#[test]
fn every_pair_of_the_experts_names_items_that_exist() {
    let (telecom, guide, gold) = (catalogue("000"), catalogue("001"), gold());
    let has = |catalogue: &Catalogue, id: &str| catalogue.provisions.iter().any(|p| p.id == id);
    assert_eq!(gold.citations.len(), 52);
    for (source, target) in &gold.citations {
        assert!(has(&telecom, source) && has(&guide, target), "{source} → {target}");
    }
    for (line, right) in &gold.incidents {
        assert!(!told(&telecom, *line, "problem").is_empty() && right.iter().all(|id| has(&telecom, id)), "{line}");
    }
    for (line, right) in &gold.excerpts {
        assert!(!told(&telecom, *line, "contents").is_empty() && right.iter().all(|id| has(&telecom, id)), "{line}");
    }
}

/// Floors a little below what is reached (docs/crosswalk.md has the figures and what was chosen by them).
#[test]
fn suggestions_hold_what_experts_put_side_by_side() {
    let (telecom, guide, table) = (catalogue("000"), catalogue("001"), table());
    let citations = items(&telecom, &guide, &table, |_, _| false);
    tell("items", &citations);
    let bare = items(&telecom, &guide, &Synonyms::none(), |_, _| false);
    tell("items, no synonyms", &bare);
    let section = |number: &str| number.split('/').next().unwrap_or_default().to_owned();
    let learned = items(&telecom, &guide, &table, |asked, from| section(asked) != section(from));
    tell("items, other annexes confirmed", &learned);
    let nearly = items(&telecom, &guide, &table, |asked, from| asked != from);
    tell("items, all others confirmed", &nearly);
    let incidents = texts(&telecom, &guide, &gold().incidents, "problem", &table);
    tell("incidents", &incidents);
    tell("incidents, no synonyms", &texts(&telecom, &guide, &gold().incidents, "problem", &Synonyms::none()));
    let excerpts = texts(&telecom, &guide, &gold().excerpts, "contents", &table);
    tell("excerpts", &excerpts);
    assert!(citations.recall(10).value >= 0.85, "{citations:?}");
    assert!(citations.mean_reciprocal_rank().value >= 0.60, "{citations:?}");
    assert!(incidents.hits(10).value >= 0.75, "{incidents:?}");
}
