//! `sakimori setup`.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use sakimori_app::setup::{Founding, found};

use crate::common::{DataArgs, open_app, told};

#[derive(Args)]
pub struct SetupArgs {
    /// Name of the organisation.
    #[arg(long)]
    organisation: String,
    /// Login of its administrator.
    #[arg(long, default_value = "admin")]
    login: String,
    /// What the administrator is called, by post.
    #[arg(long, default_value = "システム管理者")]
    name: String,
    #[command(flatten)]
    data: DataArgs,
}

/// Makes the first organisation and prints its administrator's password, once.
///
/// # Errors
/// There is an organisation already, or a name that cannot be.
pub async fn run(args: SetupArgs) -> Result<ExitCode> {
    let app = open_app(&args.data).await?;
    let new = Founding { organisation: args.organisation, login: args.login, name: args.name };
    let founded = found(&app, new).await;
    app.store().close().await;
    let founded = founded.map_err(told)?;
    println!("ログイン名 / login: {}\nパスワード / password: {}", founded.login, founded.password);
    eprintln!("パスワードは二度と表示されません。 / The password is not shown again.");
    Ok(ExitCode::SUCCESS)
}
