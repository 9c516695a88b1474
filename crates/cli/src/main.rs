//! `sakimori`: the one binary. Every command line of the product is in [`Command`].

mod common;
mod demo;
mod serve;

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
    Serve(serve::ServeArgs),
    /// The child that reads foreign files; started by Sakimori itself.
    #[command(hide = true, name = "read-foreign")]
    ReadForeign,
}

fn main() -> ExitCode {
    match Cli::parse().command {
        Command::ReadForeign => sakimori_app::sandbox::child_main(),
        Command::Demo(args) => common::run(demo::run(args)),
        Command::Serve(args) => common::run(serve::run(args)),
    }
}
