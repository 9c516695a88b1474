//! Reading the five real documents, each time in a process of its own: grammars and tables are built afresh, as for
//! somebody who calls the program once, and the memory is that of reading alone.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use sakimori_interop::grammar::{Profile, best_fit, read};
use sakimori_interop::source::lines_of;

use crate::clock::{Durations, Watch, milliseconds};
use crate::figures::{Figure, Figures, Target};
use crate::server::Memory;

/// The hidden first argument that makes this program the reader.
pub const CHILD: &str = "read-documents";

/// The folder of the real documents: `SAKIMORI_SEEDS`, else `../shared/seeds` beside the repository.
pub fn seeds() -> PathBuf {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/seeds");
    std::env::var_os("SAKIMORI_SEEDS").map_or_else(beside, PathBuf::from)
}

fn documents(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).with_context(|| {
        format!("{}: the five documents are not there; set SAKIMORI_SEEDS to their folder", folder.display())
    })?;
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "txt"));
    paths.sort();
    ensure!(paths.len() == 5, "{}: five text files are needed, there are {}", folder.display(), paths.len());
    Ok(paths)
}

/// The child: chooses the grammar of each document, reads it, and says time, memory and how much it found.
///
/// # Errors
/// The documents are not there.
pub fn child() -> Result<()> {
    let watch = Watch::start();
    let (mut provisions, mut records) = (0, 0);
    for path in documents(&seeds())? {
        let lines = lines_of(&std::fs::read_to_string(&path)?);
        let profiles = Profile::built_in();
        let best = best_fit(profiles, &lines).into_iter().next().context("a grammar")?;
        let profile = profiles.iter().find(|profile| profile.name() == best.0).context("the best grammar")?;
        let catalogue = read(profile, &lines).catalogue;
        provisions += catalogue.provisions.len();
        records += catalogue.records.len();
    }
    println!("{} {} {provisions} {records}", milliseconds(watch.elapsed()), Memory::of("/proc/self/status")?.highest);
    Ok(())
}

/// Measures [`child`], and the command line on the same files.
///
/// # Errors
/// The documents are not there or are not read.
pub fn run(program: &Path, figures: &mut Figures) -> Result<()> {
    let own = std::env::current_exe()?;
    let (mut times, mut memory, mut counts) = (Vec::new(), 0.0_f64, String::new());
    for _ in 0..5 {
        let output = Command::new(&own).arg(CHILD).output()?;
        ensure!(output.status.success(), "reading: {}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let mut fields = text.split_whitespace();
        let mut field = || fields.next().context("a figure of the child");
        times.push(field()?.parse::<f64>()?);
        memory = memory.max(field()?.parse()?);
        counts = format!("{} provisions, {} records, 5 processes", field()?, field()?);
    }
    times.sort_by(f64::total_cmp);
    let median = times.get(times.len() / 2).copied().unwrap_or_default();
    figures.add(
        Figure::single("reading the five documents, grammar chosen", median, "ms", Some(Target::Below(1000.0)))
            .noted(counts),
    );
    figures.add(Figure::single("  memory at its highest", memory, "MB", Some(Target::Below(100.0))));
    let files = documents(&seeds())?;
    let once = Durations::of(3, || {
        let output = Command::new(program).args(["ingest", "--dry-run"]).args(&files).output()?;
        ensure!(output.status.success(), "sakimori ingest --dry-run: {}", String::from_utf8_lossy(&output.stderr));
        Ok(())
    })?;
    figures.add(Figure::median_ms(
        "sakimori ingest --dry-run of the five files, whole command",
        &once,
        Some(Target::Below(1000.0)),
    ));
    Ok(())
}
