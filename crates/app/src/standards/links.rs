//! Where the citations in a text lead, so that pages link them right where they stand.

use std::collections::HashMap;

use sakimori_domain::citation::{self, Shelf};
use sakimori_domain::standards::{Item, Provision};
use sakimori_interop::Profile;
use sakimori_interop::grammar::citations;
use sakimori_store::Connection;
use sakimori_store::edition::{self as store, EditionEntry, OutlineRow};

use super::Citation;
use crate::{Actor, Result};

/// A run of a text, and the Provision that it cites.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    pub text: String,
    pub target: Option<OutlineRow>,
}

/// Citations resolved for one place of one Edition.
#[derive(Default)]
pub struct Links {
    /// The grammar of the Edition, if it ships with the product.
    profile: Option<&'static Profile>,
    /// By the spelling to resolve.
    targets: HashMap<String, OutlineRow>,
    /// Short names of the Editions that may be cited, by id.
    pub editions: HashMap<String, String>,
}

impl Links {
    /// The runs of a text that was given when the links were made; what leads nowhere stays text.
    pub fn runs(&self, text: &str) -> Vec<Run> {
        let mut runs = Vec::new();
        let mut at = 0;
        let mut push = |text: &str, target: Option<OutlineRow>| {
            if !text.is_empty() {
                runs.push(Run { text: text.to_owned(), target });
            }
        };
        if !self.targets.is_empty() {
            for (range, cited) in citations(self.profile, text) {
                let Some(target) = self.targets.get(&cited) else { continue };
                if let (Some(before), Some(printed)) = (text.get(at..range.start), text.get(range.clone())) {
                    push(before, None);
                    push(printed, Some(target.clone()));
                    at = range.end;
                }
            }
        }
        push(text.get(at..).unwrap_or_default(), None);
        runs
    }
}

fn item_texts<'a>(items: &'a [Item], texts: &mut Vec<&'a str>) {
    for item in items {
        texts.push(&item.text);
        item_texts(&item.items, texts);
    }
}

/// The texts of a Provision in which citations stand.
pub(super) fn texts(provision: &Provision) -> Vec<&str> {
    let mut texts = vec![provision.text.as_str()];
    item_texts(&provision.items, &mut texts);
    texts
}

/// Resolves the citations of `texts`, which stand in Provision `number` of an Edition, and those named in `references`.
pub(super) async fn resolve(
    c: &mut Connection,
    actor: &Actor,
    entry: &EditionEntry,
    number: &str,
    texts: &[&str],
    references: &[String],
) -> Result<(Links, Vec<Citation>)> {
    let profile = Profile::built_in().iter().find(|profile| profile.name() == entry.edition.profile);
    let mut cited: Vec<String> =
        texts.iter().flat_map(|text| citations(profile, text)).map(|(_, cited)| cited).collect();
    cited.sort_unstable();
    cited.dedup();
    if cited.is_empty() && references.is_empty() {
        return Ok((Links::default(), Vec::new()));
    }
    let editions = store::editions(c, &actor.organisation_id).await?;
    let outline = store::outline(c, &actor.organisation_id, "").await?;
    let shelves: Vec<Shelf<'_>> = editions
        .iter()
        .map(|e| {
            let names = [e.edition.short.as_str(), &e.edition.title, &e.edition.standard];
            let numbers = outline.iter().filter(|row| row.edition_id == e.id).map(|row| row.number.as_str());
            Shelf::new(&e.id, &e.edition.standard, &names, numbers)
        })
        .collect();
    let target = |printed: &str| {
        let (edition_id, found) = citation::resolve(printed, &entry.id, number, &shelves)?;
        outline.iter().find(|row| row.edition_id == edition_id && row.number == found).cloned()
    };
    let is_here = |row: &OutlineRow| row.edition_id == entry.id && row.number == number;
    let links = Links {
        profile,
        targets: cited
            .into_iter()
            .filter_map(|cited| target(&cited).filter(|row| !is_here(row)).map(|row| (cited, row)))
            .collect(),
        editions: editions.iter().map(|e| (e.id.clone(), e.edition.short.clone())).collect(),
    };
    let listed =
        references.iter().map(|printed| Citation { printed: printed.clone(), target: target(printed) }).collect();
    Ok((links, listed))
}
