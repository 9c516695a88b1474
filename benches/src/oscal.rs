//! OSCAL in one process: SP 800-53 rev 5 read, checked, taken in, and its HIGH baseline resolved.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use sakimori_interop::oscal::convert::from_oscal;
use sakimori_interop::oscal::resolve::{Folder, Reading, Settings, resolve};
use sakimori_interop::oscal::{Document, validate};

use crate::clock::{Watch, milliseconds};
use crate::figures::{Figure, Figures, Target};
use crate::server::{Memory, Scratch};

/// The hidden first argument that makes this program the reader.
pub const CHILD: &str = "read-oscal";
const RUNS: usize = 11;

/// The folder of NIST's files: `SAKIMORI_OSCAL_DATA`, else `../shared/data/oscal` beside the repository.
fn data() -> PathBuf {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/oscal");
    std::env::var_os("SAKIMORI_OSCAL_DATA").map_or_else(beside, PathBuf::from)
}

/// The child: prints milliseconds of taking in, checking, resolving, of all, its highest memory, and what was found.
///
/// # Errors
/// Files that are not there or not as expected.
pub fn child() -> Result<()> {
    let place = PathBuf::from(std::env::args().nth(2).context("the folder")?);
    let all = Watch::start();
    let bytes = std::fs::read(place.join("catalog.json"))?;
    let watch = Watch::start();
    let Document::Catalog(catalog) = Document::read(&bytes)? else { bail!("not a catalogue") };
    let taken = from_oscal(&catalog)?;
    let importing = milliseconds(watch.elapsed());
    drop(catalog);
    let watch = Watch::start();
    ensure!(validate(&bytes, None)?.is_valid(), "the catalogue is not valid");
    let checking = milliseconds(watch.elapsed());
    let provisions = taken.provisions.len();
    drop((bytes, taken));
    let watch = Watch::start();
    let settings = Settings { now: "2026-11-20T09:00:00Z".to_owned(), reading: Reading::Published };
    let resolved = resolve(&Folder::new(&place)?, &place.join("profile.json"), &settings)?;
    let resolving = milliseconds(watch.elapsed());
    let controls: usize = resolved.catalog.groups.iter().map(|group| group.controls.len()).sum();
    let memory = Memory::of("/proc/self/status")?.highest;
    let whole = milliseconds(all.elapsed());
    println!("{importing} {checking} {resolving} {whole} {memory} {provisions} {controls}");
    Ok(())
}

/// Measures in processes of their own.
///
/// # Errors
/// NIST's files are not there.
pub fn run(scratch: &Scratch, figures: &mut Figures) -> Result<()> {
    let (source, place) = (data().join("rev5.0.1"), scratch.join("oscal"));
    std::fs::create_dir_all(&place)?;
    let missing = || format!("{}: NIST's files are not there; set SAKIMORI_OSCAL_DATA", source.display());
    std::fs::copy(source.join("catalog.json"), place.join("catalog.json")).with_context(missing)?;
    let profile = std::fs::read_to_string(source.join("HIGH_profile.json")).with_context(missing)?;
    std::fs::write(place.join("profile.json"), profile.replace("NIST_SP-800-53_rev5_catalog.xml", "catalog.json"))?;
    let own = std::env::current_exe()?;
    let mut runs: Vec<Vec<f64>> = Vec::with_capacity(RUNS);
    for _ in 0..RUNS {
        let output = Command::new(&own).arg(CHILD).arg(&place).output()?;
        ensure!(output.status.success(), "OSCAL: {}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        runs.push(text.split_whitespace().map(str::parse).collect::<Result<_, _>>()?);
    }
    let median = |at: usize| -> Result<f64> {
        let mut values: Vec<f64> = runs.iter().filter_map(|run| run.get(at).copied()).collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied().context("a figure of the child")
    };
    let note = format!("{RUNS} processes, {} provisions, {} top controls", median(5)?, median(6)?);
    let mut add = |name: &str, value: f64, unit, limit| {
        figures.add(Figure::single(name, value, unit, Some(Target::Below(limit))).noted(&note));
    };
    add("SP 800-53 rev 5 taken in from OSCAL", median(0)?, "ms", 200.0);
    add("  checked against the schema and more", median(1)?, "ms", 200.0);
    add("  its HIGH baseline resolved", median(2)?, "ms", 200.0);
    add("taken in, checked and resolved in one process", median(3)?, "ms", 200.0);
    add("  highest memory of it", median(4)?, "MB", 60.0);
    Ok(())
}
