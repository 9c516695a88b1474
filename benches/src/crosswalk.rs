//! Suggestions between standards: how many of the experts' pairs they hold, and how long they take.

#[path = "../../crates/interop/tests/support/gold.rs"]
mod gold;

use std::path::Path;

use anyhow::Result;
use sakimori_domain::crosswalk::quality::{Quality, RECALL_AT, Share};
use sakimori_domain::crosswalk::suggest::{Suggester, Synonyms};
use sakimori_domain::standards::Provision;
use sakimori_interop::synonyms;

use crate::clock::{Durations, Watch};
use crate::figures::{Figure, Figures, Target};

/// Items of either side of the timed crosswalk.
const ITEMS: usize = 600;
const RUNS: usize = 15;

/// Measures quality and time.
///
/// # Errors
/// None of its own; documents that are missing end the run with what is needed.
pub fn run(figures: &mut Figures) -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let gold = gold::Gold::load(&root);
    gold.check();
    let table = Synonyms::from_groups(synonyms::built_in());
    let section = |number: &str| number.split('/').next().unwrap_or_default().to_owned();
    let items = "crosswalk 000 → 001, headings";
    told(figures, items, &gold.items(&table, |_, _| false), Some((0.85, 0.60)));
    told(figures, "  without the table of synonyms", &gold.items(&Synonyms::none(), |_, _| false), None);
    told(figures, "  other annexes judged", &gold.items(&table, |asked, other| section(asked) != section(other)), None);
    told(figures, "  all other items judged", &gold.items(&table, |asked, other| asked != other), None);
    hits(figures, "incident problem → item", &gold.incidents(&table), Some(0.75));
    hits(figures, "  without the table of synonyms", &gold.incidents(&Synonyms::none()), None);
    hits(figures, "quotation of another standard → item", &gold.excerpts(&table), None);
    time(figures, &root, &table);
    Ok(())
}

fn share(share: Share) -> String {
    format!("{:.3} ({:.2}–{:.2})", share.value, share.low, share.high)
}

fn told(figures: &mut Figures, name: &str, quality: &Quality, targets: Option<(f64, f64)>) {
    let recalls: Vec<String> = RECALL_AT.iter().map(|at| format!("@{at} {}", share(quality.recall(*at)))).collect();
    let (pairs, sources) = quality.counts();
    let note = format!("recall {}; {pairs} pairs", recalls.join(", "));
    let target = targets.map(|(recall, _)| Target::Above(recall));
    figures.add(Figure::single(format!("{name}: recall@10"), quality.recall(10).value, "", target).noted(note));
    let mean = quality.mean_reciprocal_rank();
    let target = targets.map(|(_, mean)| Target::Above(mean));
    let note = format!("95 % {:.2}–{:.2}, {sources} items", mean.low, mean.high);
    figures.add(Figure::single(format!("{name}: MRR"), mean.value, "", target).noted(note));
}

fn hits(figures: &mut Figures, name: &str, quality: &Quality, target: Option<f64>) {
    let all: Vec<String> = RECALL_AT.iter().map(|at| format!("@{at} {}", share(quality.hits(*at)))).collect();
    let note =
        format!("hits {}; MRR {}; {} texts", all.join(", "), share(quality.mean_reciprocal_rank()), quality.counts().1);
    let target = target.map(Target::Above);
    figures.add(Figure::single(format!("{name}: hit@10"), quality.hits(10).value, "", target).noted(note));
}

/// The real items of four documents as one list, looked up in itself from its first to its last 600.
fn time(figures: &mut Figures, root: &Path, table: &Synonyms) {
    let mut all: Vec<Provision> = Vec::new();
    for number in ["000", "001", "002", "004"] {
        for mut provision in gold::catalogue(root, number).provisions {
            provision.id = format!("{number}/{}", provision.id);
            provision.parent = provision.parent.map(|parent| format!("{number}/{parent}"));
            all.push(provision);
        }
    }
    let mut times = Durations::default();
    let mut found = 0;
    let (source, target) = (&all[..ITEMS.min(all.len())], &all[all.len().saturating_sub(ITEMS)..]);
    for _ in 0..RUNS {
        let watch = Watch::start();
        found = Suggester::new(source, target, table, &[]).all(10).iter().map(|(_, found)| found.len()).sum();
        times.add(watch.elapsed());
    }
    let note =
        format!("prepared and asked, one thread, {} × {} provisions, {found} candidates", source.len(), target.len());
    figures.add(Figure::median_ms("600 × 600 items suggested", &times, Some(Target::Below(150.0))).noted(note));
}
