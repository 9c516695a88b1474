//! `sakimori admin key`: the keys of what is sealed at rest.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use sakimori_app::{App, backup, upkeep};

use crate::common::{DataArgs, open_app, told};

#[derive(Subcommand)]
pub enum KeyCommand {
    /// Which key seals, what still needs an older one, and which backups do.
    List(RingArgs),
    /// Put a new key on top and seal everything anew with it.
    Rotate(RingArgs),
    /// Print the keys, for the safe.
    Export(RingArgs),
    /// Take a key out that nothing needs. Older backups do not open without it.
    Retire {
        /// Public half of the key (age1…), as `key list` prints it.
        key: String,
        /// Do it although backups need the key: it is in the safe.
        #[arg(long)]
        kept_in_safe: bool,
        #[command(flatten)]
        args: RingArgs,
    },
}

#[derive(Args)]
pub struct RingArgs {
    /// Folder of the backups, to see which of them need a key.
    #[arg(long, env = "SAKIMORI_BACKUP_TO")]
    backups: Option<PathBuf>,
    #[command(flatten)]
    data: DataArgs,
}

/// Runs one of them.
///
/// # Errors
/// The data cannot be opened or changed, or the act is refused.
pub async fn run(command: KeyCommand) -> Result<ExitCode> {
    let (KeyCommand::List(args)
    | KeyCommand::Rotate(args)
    | KeyCommand::Export(args)
    | KeyCommand::Retire { args, .. }) = &command;
    let app = open_app(&args.data).await?;
    let done = act(&app, &command, args).await;
    app.store().close().await;
    done
}

async fn act(app: &App, command: &KeyCommand, args: &RingArgs) -> Result<ExitCode> {
    let backups = args.backups.clone().or(args.data.settings()?.backup_to);
    let state = match command {
        KeyCommand::Export(_) => {
            eprintln!(
                "この出力を金庫に保管してください。これがあれば、すべてを開けます。 / Keep this in the safe: it opens everything."
            );
            print!("{}", app.keys().to_text());
            return Ok(ExitCode::SUCCESS);
        }
        KeyCommand::List(_) => upkeep::reseal(app).await,
        KeyCommand::Rotate(_) => upkeep::rotate(app).await,
        KeyCommand::Retire { key, kept_in_safe, .. } => {
            let needing = needing(app, backups.clone(), key).await?;
            if let Some(needing) = needing.filter(|needing| !needing.is_empty() && !kept_in_safe) {
                bail!(
                    "鍵 {key} は控えの世代 {needing:?} に必要です。鍵が金庫にあることを確かめてから --kept-in-safe を付けてください / generations {needing:?} need this key; see that it is in the safe, then say --kept-in-safe"
                );
            }
            if backups.is_none() {
                println!("{}", unknown(app).await?);
            }
            upkeep::retire(app, key).await
        }
    };
    let state = state.map_err(told)?;
    println!("封印に使う鍵 / seals: {}", state.sealing);
    for (key, many) in &state.needed {
        println!("まだ必要 / still needed: {key}（{many}）");
    }
    for key in &state.free {
        println!("サーバーには不要 / not needed by the server: {key}");
        println!("  {}", in_backups(app, backups.clone(), key).await?);
    }
    if state.closed > 0 {
        println!("どの鍵でも開かないもの / opened by no key: {}", state.closed);
    }
    Ok(ExitCode::from(u8::from(state.closed > 0)))
}

/// The generations that need a key; none where the folder is not known.
async fn needing(app: &App, backups: Option<PathBuf>, key: &str) -> Result<Option<Vec<u64>>> {
    let Some(folder) = backups else { return Ok(None) };
    let (keys, key) = (app.keys().clone(), key.to_owned());
    Ok(Some(tokio::task::spawn_blocking(move || backup::needing(&folder, &keys, &key)).await??))
}

async fn in_backups(app: &App, backups: Option<PathBuf>, key: &str) -> Result<String> {
    Ok(match needing(app, backups, key).await? {
        Some(needing) if needing.is_empty() => {
            "この場所の控えにも不要です / no backup in this folder needs it".to_owned()
        }
        Some(needing) => format!("控えの世代 {needing:?} に必要です / generations {needing:?} need it"),
        None => unknown(app).await?,
    })
}

async fn unknown(app: &App) -> Result<String> {
    let many = backup::noted(app).await?;
    Ok(format!(
        "控えに必要かは分かりません（操作記録にある控えは{many}世代）。--backups で控えの場所を指定すると調べます。分からないうちは金庫に残してください / whether backups need it is not known (the trail has {many}); name their folder with --backups, and keep the key in the safe until then"
    ))
}
