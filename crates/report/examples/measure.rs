//! Writes one sample of every product into a directory and prints how long each took and how much memory is left in use.
//! `cargo run --release -p sakimori-report --example measure -- DIR`

#[path = "../tests/common/mod.rs"]
mod common;

use sakimori_report::{FontSearch, Lang, Press, Worker, radar_svg, run_worker};
use std::time::Instant;

fn resident_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap_or("");
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) / 1024
}

#[expect(clippy::disallowed_methods, reason = "this example measures time")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let directory = std::env::args().nth(1).ok_or("name a directory to write the samples into")?;
    if directory == "worker" {
        return Ok(run_worker(std::io::stdin(), std::io::stdout())?);
    }
    std::fs::create_dir_all(&directory)?;
    let press = Press::here(FontSearch::from_environment());
    let worker = Worker {
        program: std::env::current_exe()?,
        arguments: vec!["worker".into()],
        limit: std::time::Duration::from_secs(60),
    };
    let worker = Press::in_worker(FontSearch::from_environment(), worker);
    println!("{:<22} {:>9} {:>9} {:>8}", "product", "ms", "KiB", "RSS MiB");
    let measure = |name: &str, make: &dyn Fn() -> Result<Vec<u8>, sakimori_report::ReportError>| {
        let start = Instant::now();
        let bytes = make()?;
        let milliseconds = start.elapsed().as_millis();
        std::fs::write(std::path::Path::new(&directory).join(name), &bytes)?;
        println!("{name:<22} {milliseconds:>9} {:>9} {:>8}", bytes.len() / 1024, resident_mib());
        Ok::<_, Box<dyn std::error::Error>>(())
    };
    measure("radar.svg", &|| Ok(radar_svg(&common::report(Lang::Ja, 0, 0).radar("JT-X1051")).into_bytes()))?;
    measure("worker-gap-24.pdf", &|| common::report(Lang::Ja, 24, 8).pdf(&worker))?;
    measure("worker-gap-1209.pdf", &|| common::report(Lang::Ja, 1209, 60).pdf(&worker))?;
    measure("gap-ja.pdf", &|| common::report(Lang::Ja, 24, 8).pdf(&press))?;
    measure("gap-en.pdf", &|| common::report(Lang::En, 24, 8).pdf(&press))?;
    measure("gap-1209.pdf", &|| common::report(Lang::Ja, 1209, 60).pdf(&press))?;
    measure("gap-1209.xlsx", &|| common::report(Lang::Ja, 1209, 60).xlsx())?;
    measure("list-40.pdf", &|| common::list(Lang::Ja, 40).pdf(&press))?;
    measure("list-1209.pdf", &|| common::list(Lang::Ja, 1209).pdf(&press))?;
    measure("list-1209.xlsx", &|| common::list(Lang::Ja, 1209).xlsx())?;
    measure("comparison.pdf", &|| common::comparison(Lang::Ja, 40).pdf(&press))?;
    measure("comparison-300.pdf", &|| common::comparison(Lang::Ja, 300).pdf(&press))?;
    measure("comparison-300.xlsx", &|| common::comparison(Lang::Ja, 300).xlsx())?;
    Ok(())
}
