//! The catalogue without the document's sentences, as it ships.

use sakimori_domain::standards::{Catalogue, Item, Provision, Record};

/// Letters from which on a title that reads as a sentence is taken for one.
const TITLE_SENTENCE_FROM: usize = 25;

/// Letters from which on any title is cut short.
const TITLE_CUT_FROM: usize = 30;

/// Letters from which on a cell of a table is prose.
const CELL_PROSE_FROM: usize = 28;

/// The catalogue without any of the document's sentences: numbers, titles, structure, levels, marks, dispositions,
/// audiences and citations stay; texts go. Items keep their label, kind, strength and marks, so that their number shows.
pub fn facts_only(catalogue: &Catalogue) -> Catalogue {
    let provisions = catalogue.provisions.iter().map(provision).collect();
    let records = catalogue.records.iter().map(record).collect();
    Catalogue { edition: catalogue.edition.clone(), provisions, records, problems: Vec::new() }
}

/// Cells that are names, classes and marks stay; prose goes.
fn record(full: &Record) -> Record {
    let kept = |cell: &str| if letters(cell) >= CELL_PROSE_FROM { String::new() } else { cell.to_owned() };
    Record {
        line: 0,
        cells: full.cells.iter().map(|(name, cell)| (name.clone(), kept(cell))).collect(),
        ..full.clone()
    }
}

fn letters(text: &str) -> usize {
    text.chars().filter(|c| !c.is_whitespace()).count()
}

fn provision(full: &Provision) -> Provision {
    Provision {
        title: title(&full.title),
        text: String::new(),
        items: full.items.iter().map(item).collect(),
        page: 0,
        line: 0,
        ..full.clone()
    }
}

/// A title that is a sentence goes; one that is merely long is cut.
fn title(full: &str) -> String {
    if full.contains('。') && letters(full) >= TITLE_SENTENCE_FROM {
        return String::new();
    }
    if letters(full) < TITLE_CUT_FROM {
        return full.to_owned();
    }
    let cut: String = full.chars().take(TITLE_SENTENCE_FROM).collect();
    format!("{}…", cut.trim_end())
}

fn item(full: &Item) -> Item {
    Item { text: String::new(), items: full.items.iter().map(item).collect(), line: 0, ..full.clone() }
}
