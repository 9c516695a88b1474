//! `sakimori admin`: what who runs the machine does to the installation itself.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use sakimori_app::evidence::Shelf;
use sakimori_app::{backup, upkeep};
use sakimori_store::{Store, StoreConfig};

use crate::common::{DataArgs, open_app, told};
use crate::entrances::{self, AllowListCommand, EntranceArgs, OidcCommand, TokenCommand};
use crate::keys::{self, KeyCommand};
use crate::quota::{self, QuotaCommand};

#[derive(Args)]
pub struct AdminArgs {
    #[command(subcommand)]
    command: AdminCommand,
}

#[derive(Subcommand)]
enum AdminCommand {
    /// Keys of what is sealed at rest.
    #[command(subcommand)]
    Key(KeyCommand),
    /// Say that the machine's clock is right now, after it had been wrong.
    #[command(subcommand)]
    Clock(ClockCommand),
    /// Check the database and every file of evidence.
    #[command(after_help = "例: sakimori admin scrub --data ./sakimori-data")]
    Scrub(ScrubArgs),
    /// Move everything between the embedded database and PostgreSQL. Stop the server first.
    #[command(
        name = "move",
        after_help = "例: sakimori admin move --from ./sakimori-data --to postgres://…\n    sakimori admin move --from postgres://… --data ./sakimori-data --to ./new-data"
    )]
    Move(MoveArgs),
    /// How much evidence each organisation keeps and may keep.
    #[command(subcommand)]
    Quota(QuotaCommand),
    /// API tokens: list, revoke, create.
    Token(EntranceArgs<TokenCommand>),
    /// Networks from which people may come.
    AllowList(EntranceArgs<AllowListCommand>),
    /// Single sign-on with an organisation's OpenID Connect provider.
    Oidc(EntranceArgs<OidcCommand>),
}

#[derive(Subcommand)]
enum ClockCommand {
    /// Write again although the clock is behind what was written, and bring back locks and sessions made meanwhile.
    Accept(ClockArgs),
}

#[derive(Args)]
struct ClockArgs {
    #[command(flatten)]
    data: DataArgs,
}

#[derive(Args)]
struct ScrubArgs {
    #[arg(long, value_parser = ["text", "json"], default_value = "text")]
    format: String,
    #[command(flatten)]
    data: DataArgs,
}

#[derive(Args)]
struct MoveArgs {
    /// Data folder or postgres:// address to move from.
    #[arg(long)]
    from: String,
    /// Empty data folder or empty postgres:// database to move to.
    #[arg(long)]
    to: String,
    /// Folder with the evidence and the keys of the PostgreSQL side.
    #[arg(long, env = "SAKIMORI_DATA")]
    data: Option<PathBuf>,
}

/// Runs one of them.
///
/// # Errors
/// The data cannot be opened or changed.
pub async fn run(args: AdminArgs) -> Result<ExitCode> {
    match args.command {
        AdminCommand::Key(command) => keys::run(command).await,
        AdminCommand::Quota(args) => quota::run(args).await,
        AdminCommand::Clock(ClockCommand::Accept(args)) => {
            let app = open_app(&args.data).await?;
            let accepted = sakimori_app::clock::accept(&app).await;
            app.store().close().await;
            let back = accepted.map_err(told)?;
            println!("今の時刻で記録を続けます / recording goes on at the present time");
            println!(
                "先の時刻から戻したもの / brought back: 停止 / locks {}  サインイン / sessions {}  APIトークン / tokens {}  ワンタイムコード / codes {}  日時 / times {}",
                back.locks, back.sessions, back.tokens, back.codes, back.times
            );
            Ok(ExitCode::SUCCESS)
        }
        AdminCommand::Scrub(args) => scrub(args).await,
        AdminCommand::Move(args) => transfer(args).await,
        AdminCommand::Token(args) => entrances::token(args).await,
        AdminCommand::AllowList(args) => entrances::allow_list(args).await,
        AdminCommand::Oidc(args) => entrances::oidc(args).await,
    }
}

async fn scrub(args: ScrubArgs) -> Result<ExitCode> {
    let app = open_app(&args.data).await?;
    let found = upkeep::scrub(&app).await;
    app.store().close().await;
    let found = found.map_err(told)?;
    if args.format == "json" {
        println!("{}", serde_json::to_string_pretty(&found)?);
    } else {
        for fault in &found.database {
            println!("✗ データベース / database: {fault}");
        }
        for trail in &found.trails {
            println!("✗ 操作記録 / trail: {trail} (sakimori trail verify)");
        }
        for file in &found.damaged {
            println!("✗ 証跡 / evidence: {} {} ({})", file.organisation, file.file_hash, file.what);
        }
        println!(
            "証跡 / files {}  封印した / sealed {}  参照なし / orphans {}  片付けた / removed {}",
            found.files,
            found.sealed,
            found.orphans.len(),
            found.removed
        );
        if found.is_good() {
            println!("異常はありません。 / All is whole.");
        }
    }
    Ok(ExitCode::from(u8::from(!found.is_good())))
}

async fn transfer(args: MoveArgs) -> Result<ExitCode> {
    let place = |text: &str| match text.contains("://") {
        true => StoreConfig::Postgres(text.to_owned()),
        false => StoreConfig::Folder(PathBuf::from(text)),
    };
    let (from, to) = (place(&args.from), place(&args.to));
    let folder = |config: &StoreConfig| match config {
        StoreConfig::Folder(folder) => Some(folder.clone()),
        StoreConfig::Postgres(_) => args.data.clone(),
    };
    let (old, new) = (folder(&from), folder(&to));
    if let StoreConfig::Folder(folder) = &from
        && !folder.join("sakimori.db").exists()
    {
        bail!("{} にデータがありません / holds no data", folder.display());
    }
    if let StoreConfig::Folder(folder) = &to
        && std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some())
    {
        bail!("{} は空ではありません / is not empty", folder.display());
    }
    let store = Store::open(&from).await.context("データを開けません / the data cannot be opened")?;
    let shelves = match (&old, &new) {
        (Some(old), Some(new)) if old != new => {
            Some((Shelf::Folder(old.join("evidence")), Shelf::Folder(new.join("evidence"))))
        }
        _ => None,
    };
    let moved = backup::transfer(&store, &to, shelves.as_ref().map(|(old, new)| (old, new))).await;
    store.close().await;
    let moved = moved?;
    if let (Some(old), Some(new)) = (&old, &new)
        && old != new
    {
        for name in ["keys/seal.key", "keys/trail.key"] {
            if old.join(name).exists() {
                sakimori_app::durable::create_secret(&new.join(name), &std::fs::read(old.join(name))?)?;
            }
        }
    }
    println!(
        "移しました。すべての値を比べて同じです / moved, every value compared: {} → {}  表 / tables {}  行 / rows {}  証跡 / evidence {}",
        moved.from, moved.to, moved.tables, moved.rows, moved.evidence
    );
    if shelves.is_none() {
        println!("証跡と鍵は --data のフォルダーに残ります。 / Evidence and keys stay in the folder of --data.");
    }
    Ok(ExitCode::SUCCESS)
}
