//! `sakimori admin quota`: how much evidence each organisation keeps and may keep.

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Subcommand;
use sakimori_app::App;
use sakimori_app::evidence::quota::{self, Amount, GIB};
use sakimori_store::registry;

use crate::common::{DataArgs, open_app, told};

#[derive(Subcommand)]
pub enum QuotaCommand {
    /// What every organisation keeps and may keep, as tab-separated lines.
    List {
        #[command(flatten)]
        data: DataArgs,
    },
    /// Set the limit of one organisation; what is not named stays as it is.
    #[command(
        after_help = "例: sakimori admin quota set --organisation ID --gib 100 --files 50000 --data ./sakimori-data"
    )]
    Set {
        /// Id of the organisation, as `quota list` prints it.
        #[arg(long)]
        organisation: String,
        /// GiB of sealed files.
        #[arg(long)]
        gib: Option<u32>,
        #[arg(long)]
        files: Option<u32>,
        #[command(flatten)]
        data: DataArgs,
    },
    /// Let the installation's limit hold for an organisation again.
    Reset {
        #[arg(long)]
        organisation: String,
        #[command(flatten)]
        data: DataArgs,
    },
}

/// Runs one of them.
///
/// # Errors
/// The data cannot be opened, or the act is refused.
pub async fn run(command: QuotaCommand) -> Result<ExitCode> {
    let (QuotaCommand::List { data } | QuotaCommand::Set { data, .. } | QuotaCommand::Reset { data, .. }) = &command;
    let app = open_app(data).await?;
    let done = act(&app, command).await;
    app.store().close().await;
    done.map(|()| ExitCode::SUCCESS)
}

async fn act(app: &App, command: QuotaCommand) -> Result<()> {
    match command {
        QuotaCommand::List { .. } => {
            let mut c = app.read().await?;
            for organisation in registry::organisations(&mut c).await? {
                let room = quota::room(app, &mut c, &organisation.id).await.map_err(told)?;
                let own = if room.is_own { "個別 / own" } else { "既定 / default" };
                let (kept, limit) = (room.kept, room.limit);
                println!(
                    "{}\t{}\t{} / {}\t{} / {}\t{}%\t{own}",
                    organisation.id,
                    organisation.name,
                    quota::size(kept.bytes),
                    quota::size(limit.bytes),
                    kept.files,
                    limit.files,
                    room.percent()
                );
            }
        }
        QuotaCommand::Set { organisation, gib, files, .. } => {
            if gib.is_none() && files.is_none() {
                bail!("--gib か --files を指定してください / name --gib or --files");
            }
            let room = quota::room(app, &mut app.read().await?, &organisation).await.map_err(told)?;
            let limit = Amount {
                bytes: gib.map_or(room.limit.bytes, |gib| i64::from(gib) * GIB),
                files: files.map_or(room.limit.files, i64::from),
            };
            quota::set(app, &organisation, Some(limit)).await.map_err(told)?;
            println!("{}・{}件 / files", quota::size(limit.bytes), limit.files);
        }
        QuotaCommand::Reset { organisation, .. } => quota::set(app, &organisation, None).await.map_err(told)?,
    }
    Ok(())
}
