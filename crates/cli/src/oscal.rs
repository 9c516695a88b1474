//! `sakimori oscal`: catalogues, profiles and mappings in NIST's format.

mod check;

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
}

/// Runs one of the commands.
///
/// # Errors
/// Bad use or bad input, with the file, the place and the next step.
pub async fn run(args: OscalArgs) -> Result<ExitCode> {
    match args.command {
        OscalCommand::Validate(args) => check::validate(&args),
        OscalCommand::Resolve(args) => check::resolve(&args),
    }
}

/// The folder under which what a file refers to may be read: the file's own, unless another is named.
fn root_of(file: &std::path::Path, root: Option<&PathBuf>) -> PathBuf {
    let own = file.parent().filter(|parent| !parent.as_os_str().is_empty());
    root.cloned().or_else(|| own.map(PathBuf::from)).unwrap_or_else(|| PathBuf::from("."))
}
