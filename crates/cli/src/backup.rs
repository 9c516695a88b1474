//! `sakimori backup`: make, check, put back.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use sakimori_app::backup::{self, Target};
use sakimori_app::keys::Keys;
use sakimori_store::StoreConfig;
use serde::Serialize;

use crate::common::{DataArgs, open_app};

#[derive(Args)]
pub struct BackupArgs {
    #[command(subcommand)]
    command: BackupCommand,
}

#[derive(Subcommand)]
enum BackupCommand {
    /// Make a generation in a folder while the server runs. What did not change since the last one is kept once.
    #[command(after_help = "例: sakimori backup create --data ./sakimori-data --to /控えの場所")]
    Create(CreateArgs),
    /// Check a folder of backups, or one generation of it; with the data also whether the trail knows them all.
    #[command(after_help = "例: sakimori backup verify /控えの場所 --data ./sakimori-data")]
    Verify(VerifyArgs),
    /// Put the newest generation (or the one named) into an empty place; with --rehearse only try it.
    #[command(
        after_help = "例: sakimori backup restore /控えの場所 --data ./sakimori-data --key-file seal.key\n    sakimori backup restore /控えの場所 --rehearse --data ./sakimori-data"
    )]
    Restore(RestoreArgs),
    /// Let generations go that the rule does not keep (7 newest, 4 weeks, 12 months).
    #[command(after_help = "例: sakimori backup prune --to /控えの場所 --data ./sakimori-data")]
    Prune(PruneArgs),
}

#[derive(Args)]
struct CreateArgs {
    /// Folder of the backups; made at the first one.
    #[arg(long, env = "SAKIMORI_BACKUP_TO")]
    to: PathBuf,
    /// Public key (age1…) that may open it too; its owner then holds everything, the installation's keys included.
    #[arg(long)]
    recipient: Vec<String>,
    /// Let generations go that the rule does not keep.
    #[arg(long)]
    prune: bool,
    /// Print JSON.
    #[arg(long, value_parser = ["text", "json"], default_value = "text")]
    format: String,
    #[command(flatten)]
    data: DataArgs,
}

#[derive(Args)]
struct VerifyArgs {
    /// Folder of the backups, or one generation in it.
    path: PathBuf,
    #[arg(long, value_parser = ["text", "json"], default_value = "text")]
    format: String,
    #[command(flatten)]
    data: DataArgs,
}

#[derive(Args)]
struct RestoreArgs {
    /// Folder of the backups, or one generation in it.
    path: PathBuf,
    /// Restore into a scratch folder, check everything, report, and take it away again.
    #[arg(long)]
    rehearse: bool,
    /// Where the scratch folder is made [default: the system's temporary folder].
    #[arg(long)]
    scratch: Option<PathBuf>,
    #[arg(long, value_parser = ["text", "json"], default_value = "text")]
    format: String,
    #[command(flatten)]
    data: DataArgs,
}

#[derive(Args)]
struct PruneArgs {
    /// Folder of the backups.
    #[arg(long, env = "SAKIMORI_BACKUP_TO")]
    to: PathBuf,
    #[command(flatten)]
    data: DataArgs,
}

/// Runs one of them.
///
/// # Errors
/// The data or the folder cannot be used, or the backup is damaged.
pub async fn run(args: BackupArgs) -> Result<ExitCode> {
    match args.command {
        BackupCommand::Create(args) => create(args).await,
        BackupCommand::Verify(args) => verify(args).await,
        BackupCommand::Restore(args) => restore(args).await,
        BackupCommand::Prune(args) => {
            let app = open_app(&args.data).await?;
            let choice = backup::prune(&app, &args.to).await;
            app.store().close().await;
            let choice = choice?;
            if choice.clock_leapt {
                println!(
                    "時計が飛んだため、今回は何も消していません。 / The clock leapt; nothing was let go this time."
                );
            }
            println!("整理した世代 / let go: {:?}", choice.goes);
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn print(format: &str, value: &impl Serialize, text: impl FnOnce()) -> Result<()> {
    if format == "json" {
        println!("{}", serde_json::to_string_pretty(value)?);
    } else {
        text();
    }
    Ok(())
}

async fn create(args: CreateArgs) -> Result<ExitCode> {
    let app = open_app(&args.data).await?;
    let created = backup::create(&app, &args.to, &args.recipient).await;
    let pruned = if args.prune && created.is_ok() { Some(backup::prune(&app, &args.to).await) } else { None };
    app.store().close().await;
    let created = created?;
    print(&args.format, &created, || {
        println!(
            "第{}世代を取りました（{}行、証跡{}件、増えた分 {} KB） / generation {} made",
            created.sequence,
            created.rows,
            created.evidence,
            created.new_bytes / 1024,
            created.sequence
        );
    })?;
    eprintln!(
        "鍵は控えに入っていません。鍵ファイルを別の場所（金庫など）に保管してください。 / The keys are not in the backup: keep the key file elsewhere (sakimori admin key export)."
    );
    if let Some(pruned) = pruned {
        pruned?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Whether there is an installation beside the backup.
fn is_there(data: &DataArgs) -> Result<bool> {
    Ok(match data.store_config()? {
        StoreConfig::Folder(folder) => folder.join("sakimori.db").exists(),
        StoreConfig::Postgres(_) => true,
    })
}

async fn verify(args: VerifyArgs) -> Result<ExitCode> {
    let mut found;
    if is_there(&args.data)? {
        let app = open_app(&args.data).await?;
        let (path, keys) = (args.path.clone(), app.keys().clone());
        found = tokio::task::spawn_blocking(move || backup::verify(&path, Some(&keys))).await??;
        let compared = match backup::verify_against(&app, &args.path, &mut found).await {
            Ok(()) => backup::note_verified(&app, &found).await,
            Err(error) => Err(error),
        };
        app.store().close().await;
        compared?;
    } else {
        let keys = args.data.key_file.as_deref().map(open_keys).transpose()?;
        let path = args.path.clone();
        found = tokio::task::spawn_blocking(move || backup::verify(&path, keys.as_ref())).await??;
    }
    print(&args.format, &found, || {
        for fault in &found.faults {
            println!("✗ {fault}");
        }
        println!("世代 / generations: {:?}  ファイル / files: {}", found.generations, found.files);
        if !found.opened {
            println!(
                "鍵がないので、中身は開いていません（--key-file）。 / Without the key only the files were checked."
            );
        }
        if !found.unopened.is_empty() {
            println!(
                "外した鍵で封印した世代 {0:?} は、中身を開いていません（ファイルと目録は元のとおり）。 / Generations {0:?} are sealed with a retired key: whole, not opened.",
                found.unopened
            );
        }
        if found.is_good() {
            println!("控えは揃っています。 / The backup is whole.");
        }
    })?;
    Ok(ExitCode::from(u8::from(!found.is_good())))
}

fn open_keys(path: &Path) -> Result<Keys> {
    let passphrase = std::env::var("SAKIMORI_KEY_PASSPHRASE").ok();
    Keys::open(path, passphrase.as_deref())
        .with_context(|| format!("鍵ファイル {} を使えません / the key file cannot be used", path.display()))
}

/// The keys that open the backup: given, or those of the installation beside it.
fn keys_for_restore(data: &DataArgs) -> Result<Keys> {
    if let Ok(text) = std::env::var("SAKIMORI_KEY") {
        return Keys::parse(&text).context("SAKIMORI_KEY が鍵ではありません / SAKIMORI_KEY holds no key");
    }
    let path = data.key_path()?;
    if !path.exists() {
        anyhow::bail!(
            "控えを開く鍵がありません。控えておいた鍵ファイルを --key-file で指定してください / no key to open the backup: name the key file that you kept with --key-file"
        );
    }
    open_keys(&path)
}

async fn restore(args: RestoreArgs) -> Result<ExitCode> {
    let keys = keys_for_restore(&args.data)?;
    let restored = if args.rehearse {
        let app = if is_there(&args.data)? { Some(open_app(&args.data).await?) } else { None };
        let scratch = args.scratch.clone().unwrap_or_else(std::env::temp_dir);
        let restored = backup::rehearse(app.as_deref(), &args.path, &keys, &scratch).await;
        if let Some(app) = app {
            app.store().close().await;
        }
        restored?
    } else {
        let folder = args.data.folder()?;
        let inside = args.data.key_path()?.starts_with(&folder);
        let target = Target {
            config: args.data.store_config()?,
            write_keys: !inside || !args.data.key_path()?.exists(),
            shelf: args.data.shelf()?,
            folder,
        };
        backup::restore(&args.path, &keys, &target).await?
    };
    print(&args.format, &restored, || {
        let what = if args.rehearse {
            "戻せることを確かめました / rehearsed"
        } else {
            "戻しました / restored"
        };
        println!("{what}: 第{}世代（{}）", restored.sequence, restored.made_at);
        println!(
            "表 / tables {}  行 / rows {}  証跡 / evidence {}（{}）",
            restored.tables, restored.rows, restored.evidence, restored.engine
        );
        if restored.evidence_unopened > 0 {
            println!(
                "証跡{}件は、手元の鍵では開けません。 / {} evidence files do not open with this key.",
                restored.evidence_unopened, restored.evidence_unopened
            );
        }
    })?;
    Ok(ExitCode::from(u8::from(restored.evidence_unopened > 0)))
}
