//! `sakimori profile`: import grammars.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow};
use clap::{Args, Subcommand, ValueEnum};
use sakimori_app::sandbox::read_in_child;
use sakimori_interop::Profile;
use sakimori_interop::files::Limits;
use serde_json::json;

use crate::ingest::bytes_of;

#[derive(Args)]
pub struct ProfileArgs {
    #[command(subcommand)]
    command: ProfileCommand,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

#[derive(Subcommand)]
enum ProfileCommand {
    /// Is this import grammar sound? Exit status 1 and every fault with its line if it is not.
    #[command(after_help = "例: sakimori profile check my-guideline.toml")]
    Check {
        file: PathBuf,
        #[arg(long, value_enum, default_value = "text")]
        format: Format,
    },
    /// Write a first import grammar from a document, to standard output.
    #[command(after_help = "例: sakimori profile suggest 新しい指針.pdf > my-guideline.toml")]
    Suggest { file: PathBuf },
    /// The import grammars that ship with the product.
    #[command(after_help = "例: sakimori profile list --format json")]
    List {
        #[arg(long, value_enum, default_value = "text")]
        format: Format,
    },
}

/// Runs a `profile` command.
///
/// # Errors
/// A file that cannot be read.
pub async fn run(args: ProfileArgs) -> Result<ExitCode> {
    match args.command {
        ProfileCommand::Check { file, format } => check(&file, format),
        ProfileCommand::Suggest { file } => suggest(&file).await,
        ProfileCommand::List { format } => Ok(list(format)),
    }
}

fn check(file: &std::path::Path, format: Format) -> Result<ExitCode> {
    let name = file.display();
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("{name} を UTF-8 のテキストとして読めません / {name} cannot be read as UTF-8 text"))?;
    let faults = sakimori_interop::check(&text);
    if format == Format::Json {
        let faults: Vec<_> = faults
            .iter()
            .map(|f| json!({ "line": f.line, "key": f.key, "message": f.en, "message_ja": f.ja }))
            .collect();
        println!("{}", json!({ "file": name.to_string(), "sound": faults.is_empty(), "faults": faults }));
    } else if faults.is_empty() {
        println!("{name}: 誤りはありません / the grammar is sound");
    } else {
        for fault in &faults {
            println!("{name}:{fault}");
        }
    }
    Ok(if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

async fn suggest(file: &std::path::Path) -> Result<ExitCode> {
    let bytes = bytes_of(file)?;
    let name = file.display().to_string();
    let program = std::env::current_exe().context("the program's own path is not known")?;
    let text = read_in_child(&program, &name, &bytes, &Limits::default())
        .await
        .map_err(|error| anyhow!("{name}: {}{} / {error}", error.ja(), error.next_ja()))?;
    print!("{}", sakimori_interop::suggest(&text.lines));
    eprintln!("書き起こした文法を確かめるには / then: sakimori profile check, sakimori ingest {name} --profile …");
    Ok(ExitCode::SUCCESS)
}

fn list(format: Format) -> ExitCode {
    if format == Format::Json {
        let all: Vec<_> = Profile::built_in()
            .iter()
            .map(|p| json!({ "name": p.name(), "title": p.title(), "edition": p.edition().id }))
            .collect();
        println!("{}", json!(all));
    } else {
        for profile in Profile::built_in() {
            println!("{:<24} {}", profile.name(), profile.title());
        }
    }
    ExitCode::SUCCESS
}
