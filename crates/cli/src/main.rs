//! `sakimori`: the one binary. Every command line of the product is in [`Command`].

mod admin;
mod backup;
mod common;
mod crosswalk;
mod crosswalk_report;
mod database;
mod demo;
mod entrances;
mod ingest;
mod jobs;
mod keys;
mod oscal;
mod profile;
mod quota;
mod report;
mod serve;
mod setup;
mod trail;
mod trail_sinks;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Sakimori: one working system for the security guidelines of critical infrastructure.
#[derive(Parser)]
#[command(
    name = "sakimori",
    version,
    about,
    after_help = "例: sakimori demo\n    sakimori serve --data ./sakimori-data"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start with fictional operators; prints the address and the logins.
    #[command(after_help = "例: sakimori demo --listen 127.0.0.1:8080")]
    Demo(demo::DemoArgs),
    /// Start the server.
    #[command(after_help = "例: sakimori serve --data ./sakimori-data\n    sakimori serve --database-url postgres://…")]
    Serve(Box<serve::ServeArgs>),
    /// Make the first organisation and its administrator, once, before the first start.
    #[command(after_help = "例: sakimori setup --data ./sakimori-data --organisation 組織の名称 --login admin")]
    Setup(setup::SetupArgs),
    /// Write a report: PDF, Excel or JSON.
    Report(report::ReportArgs),
    /// Read documents (text, PDF, HTML, Word, Excel) into catalogues.
    #[command(
        after_help = "例: sakimori ingest 指針.pdf --into ./sakimori-data\n    sakimori ingest a.txt b.txt --dry-run\n    sakimori ingest 新しい指針.docx --profile my-guideline.toml --out 新しい指針.json"
    )]
    Ingest(ingest::IngestArgs),
    /// Line two standards up: suggestions, coverage.
    Crosswalk(crosswalk::CrosswalkArgs),
    /// Import grammars: check, suggest, list.
    #[command(
        after_help = "例: sakimori profile suggest 新しい指針.pdf > my-guideline.toml\n    sakimori profile check my-guideline.toml"
    )]
    Profile(profile::ProfileArgs),
    /// Catalogues, profiles and mappings in NIST's OSCAL: validate, resolve, import, export.
    #[command(
        after_help = "例: sakimori oscal validate catalog.json\n    sakimori oscal resolve profile.json --out resolved.json"
    )]
    Oscal(oscal::OscalArgs),
    /// The trail (操作記録): verify, export, its key, checkpoints and witnesses.
    #[command(
        after_help = "例: sakimori trail verify --data ./sakimori-data\n    sakimori trail verify trail.jsonl --key 'sakimori/…+…+…'\n    sakimori trail export --organisation minato --out trail.jsonl"
    )]
    Trail(trail::TrailArgs),
    /// Backups: make, check, put back, let old ones go.
    Backup(backup::BackupArgs),
    /// Keys, scrub, moving between databases, tokens, networks, single sign-on.
    Admin(admin::AdminArgs),
    /// The child that reads foreign files; started by Sakimori itself.
    #[command(hide = true, name = "read-foreign")]
    ReadForeign,
    /// The child that lays out one PDF; started by Sakimori itself.
    #[command(hide = true, name = sakimori_app::report::PRINT_SUBCOMMAND)]
    MakePdf,
}

fn main() -> ExitCode {
    match Cli::parse().command {
        Command::ReadForeign => sakimori_app::sandbox::child_main(),
        Command::MakePdf => report::make_pdf(),
        Command::Report(args) => common::run(report::run(args)),
        Command::Ingest(args) => common::run(ingest::run(args)),
        Command::Oscal(args) => common::run(oscal::run(args)),
        Command::Crosswalk(args) => common::run(crosswalk::run(args)),
        Command::Profile(args) => common::run(profile::run(args)),
        Command::Backup(args) => common::run(backup::run(args)),
        Command::Demo(args) => common::run(demo::run(args)),
        Command::Trail(args) => common::run(trail::run(args)),
        Command::Admin(args) => common::run(admin::run(args)),
        Command::Setup(args) => common::run(setup::run(args)),
        Command::Serve(args) => common::run(serve::run(*args)),
    }
}
