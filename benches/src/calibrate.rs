//! What this machine can do just now, so that figures from different machines and hours can be read as ratios.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};

use crate::clock::Durations;
use crate::figures::{Figure, Figures};

/// Rounds of the processor loop: about 50 ms on a machine of 2024.
const ROUNDS: u64 = 20_000_000;

/// Measures one core and the disk.
///
/// # Errors
/// The folder cannot be written.
pub fn run(folder: &Path, figures: &mut Figures) -> Result<()> {
    let mut sum = 0_u64;
    let loops = Durations::of(9, || {
        sum = std::hint::black_box(mix_rounds(sum));
        Ok::<(), std::convert::Infallible>(())
    })?;
    figures.add(Figure::median_ms("calibration: fixed work on one core", &loops, None));
    let path = folder.join("fsync-probe");
    let mut file = File::create(&path).with_context(|| format!("{}: cannot be written", path.display()))?;
    let page = [0x5a_u8; 4096];
    let syncs = Durations::of(200, || {
        file.write_all(&page)?;
        file.sync_data()
    })?;
    figures.add(Figure::p95_ms("calibration: append 4 KiB and sync", &syncs, None));
    Ok(std::fs::remove_file(path)?)
}

/// SplitMix64, again and again: no memory, no branches, the same on every machine.
fn mix_rounds(seed: u64) -> u64 {
    let mut x = seed;
    for _ in 0..ROUNDS {
        let mut z = x.wrapping_add(0x9E37_79B9_7F4A_7C15);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        x = z ^ (z >> 31);
    }
    x
}
