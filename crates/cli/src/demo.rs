//! `sakimori demo`: fictional organisations, the same state at every start.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Args;
use sakimori_web::WebConfig;

use crate::common::{DataArgs, open_app};
use crate::serve;

#[derive(Args)]
pub struct DemoArgs {
    /// Address and port to listen on.
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Plain HTTP on an address that others reach, e.g. in a container. Its passwords are public: only in a closed room.
    #[arg(long, env = "SAKIMORI_PLAIN_HTTP")]
    plain_http: bool,
    /// Folder of the demonstration; it is emptied at every start.
    #[arg(long, default_value = "sakimori-demo")]
    data: PathBuf,
    /// PostgreSQL database of the demonstration; it must be empty.
    #[arg(long, env = "SAKIMORI_DATABASE_URL", hide_env_values = true)]
    database_url: Option<String>,
}

/// A file of ours in the folder says that it may be emptied.
const MARK: &str = ".sakimori-demo";

/// Seeds the demonstration and serves it.
///
/// # Errors
/// The folder holds something else, or the address is taken.
pub async fn run(args: DemoArgs) -> Result<ExitCode> {
    serve::start_log(None)?;
    if !args.plain_http && !args.listen.ip().to_canonical().is_loopback() {
        bail!(
            "{0} はほかの機械から届く番地です。デモのパスワードは公開されています。閉じた場所（コンテナーなど）で使うときは --plain-http を付けてください / {0} is reached by others, and the passwords of the demonstration are public; say --plain-http in a closed place, e.g. a container",
            args.listen
        );
    }
    let listener = serve::listen(args.listen).await?;
    if args.database_url.is_none() {
        fresh_folder(&args.data)?;
    }
    eprintln!("デモのデータを用意しています… / preparing the demonstration…");
    let app =
        open_app(&DataArgs { data: Some(args.data), database_url: args.database_url, ..DataArgs::default() }).await?;
    let logins = sakimori_app::demo::seed(&app)
        .await
        .context("デモのデータを用意できません / the demonstration could not be prepared")?;
    let address = listener.local_addr()?;
    println!("\nSakimori のデモを開始しました / the demonstration is running\n\n  http://{address}/\n");
    println!("  パスワードはすべて / every password: {}\n", sakimori_app::demo::PASSWORD);
    for login in logins {
        println!("  {:<28} {}（{}）", login.login, login.organisation, login.role);
    }
    println!("\n終了は Ctrl+C。次に始めると最初の状態に戻ります。 / Ctrl+C ends it; the next start begins afresh.\n");
    serve::serve(app, WebConfig { demo: true, ..WebConfig::default() }, listener, None).await
}

fn fresh_folder(folder: &std::path::Path) -> Result<()> {
    let mark = folder.join(MARK);
    if folder.exists() && !mark.exists() {
        let empty = std::fs::read_dir(folder)?.next().is_none();
        if !empty {
            bail!(
                "{} にはデモ以外のファイルがあります。--data で別のフォルダーを指定してください / holds other files; choose another folder with --data",
                folder.display()
            );
        }
    }
    if mark.exists() {
        std::fs::remove_dir_all(folder)
            .with_context(|| format!("{} を空にできません / cannot be emptied", folder.display()))?;
    }
    std::fs::create_dir_all(folder)?;
    std::fs::write(mark, "This folder belongs to `sakimori demo` and is emptied at every start.\n")?;
    Ok(())
}
