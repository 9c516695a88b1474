//! The catalogue without the document's sentences, as it ships.

use sakimori_domain::standards::{Catalogue, Item, Provision};

/// Letters from which on a title that reads as a sentence is taken for one.
const TITLE_SENTENCE_FROM: usize = 25;

/// The catalogue without any of the document's sentences: numbers, titles, structure, levels, marks, dispositions,
/// audiences and citations stay; texts go. Items keep their label, kind, strength and marks, so that their number shows.
pub fn facts_only(catalogue: &Catalogue) -> Catalogue {
    let provisions = catalogue.provisions.iter().map(provision).collect();
    Catalogue { edition: catalogue.edition.clone(), provisions, records: catalogue.records.clone(), problems: Vec::new() }
}

fn provision(full: &Provision) -> Provision {
    let mut facts = full.clone();
    facts.text.clear();
    if is_sentence(&facts.title) {
        facts.title.clear();
    }
    facts.items = full.items.iter().map(item).collect();
    facts
}

fn is_sentence(title: &str) -> bool {
    let letters = title.chars().filter(|c| !c.is_whitespace()).count();
    letters >= TITLE_SENTENCE_FROM && (title.contains('。') || letters >= 2 * TITLE_SENTENCE_FROM)
}

fn item(full: &Item) -> Item {
    Item { text: String::new(), items: full.items.iter().map(item).collect(), ..full.clone() }
}
