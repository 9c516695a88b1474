//! Chores of the repository that are programs of their own: `./x tidy`, `./x content`.

mod content;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The top of the repository: the folder above this crate.
fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the repository").to_owned()
}

fn main() -> anyhow::Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("tidy") => {
            let problems = tidy::check(&repository())?;
            for problem in &problems {
                println!("{problem}");
            }
            println!("tidy: {} problems", problems.len());
            Ok(ExitCode::from(u8::from(!problems.is_empty())))
        }
        Some("content") => {
            content::write(&repository())?;
            Ok(ExitCode::SUCCESS)
        }
        _ => {
            eprintln!("usage: ./x tidy | ./x content");
            Ok(ExitCode::from(2))
        }
    }
}
