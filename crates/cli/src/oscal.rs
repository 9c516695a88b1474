//! `sakimori oscal`: catalogues, profiles and mappings in NIST's format.

mod check;
mod exchange;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};

#[derive(Args)]
#[command(arg_required_else_help = true)]
pub struct OscalArgs {
    #[command(subcommand)]
    command: OscalCommand,
}

#[derive(Subcommand)]
enum OscalCommand {
    /// Is a catalogue, profile or mapping collection valid? Exit status 1: it is not.
    #[command(
        after_help = "例: sakimori oscal validate catalog.json\n    sakimori oscal validate profile.json --format json"
    )]
    Validate(check::ValidateArgs),
    /// Resolve a profile into the catalogue it stands for.
    #[command(after_help = "例: sakimori oscal resolve profile.json --out resolved.json")]
    Resolve(check::ResolveArgs),
    /// Take a catalogue or a mapping collection in.
    #[command(
        after_help = "例: sakimori oscal import catalog.json --into ./sakimori-data\n    sakimori oscal import mapping.json --format json"
    )]
    Import(exchange::ImportArgs),
    /// Write a catalogue, an organisation's profile, or a crosswalk as OSCAL.
    #[command(
        after_help = "例: sakimori oscal export catalog --edition jt-x1051-2018 --out jt-x1051.json\n    sakimori oscal export profile --edition jt-x1051-2018 --organisation mirai-mobile --out profile.json"
    )]
    Export(Box<exchange::ExportArgs>),
}

/// Runs one of the commands.
///
/// # Errors
/// Bad use or bad input, with the file, the place and the next step.
pub async fn run(args: OscalArgs) -> Result<ExitCode> {
    match args.command {
        OscalCommand::Validate(args) => check::validate(&args),
        OscalCommand::Resolve(args) => check::resolve(&args),
        OscalCommand::Import(args) => exchange::import(args).await,
        OscalCommand::Export(args) => exchange::export(*args).await,
    }
}

/// The folder under which what a file refers to may be read: the file's own, unless another is named.
fn root_of(file: &std::path::Path, root: Option<&PathBuf>) -> PathBuf {
    let own = file.parent().filter(|parent| !parent.as_os_str().is_empty());
    root.cloned().or_else(|| own.map(PathBuf::from)).unwrap_or_else(|| PathBuf::from("."))
}
