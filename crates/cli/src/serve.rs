//! `sakimori serve`.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;
use sakimori_app::App;
use sakimori_store::StoreConfig;
use sakimori_web::{WebConfig, WebState, router};
use tokio::net::TcpListener;

use crate::common::{DataArgs, open_app};

#[derive(Args)]
pub struct ServeArgs {
    /// Address and port to listen on [default: 127.0.0.1:8080].
    #[arg(long, env = "SAKIMORI_LISTEN")]
    pub listen: Option<SocketAddr>,
    #[command(flatten)]
    pub data: DataArgs,
    /// Send cookies over plain HTTP too. For a trial in a closed room, never for work.
    #[arg(long, env = "SAKIMORI_INSECURE_COOKIES")]
    pub insecure_cookies: bool,
    /// Show what holds and end.
    #[arg(long)]
    pub print_config: bool,
}

/// How long a job under way may take to end.
const JOBS_END: Duration = Duration::from_secs(10);

/// Starts the server and runs it until it is told to end.
///
/// # Errors
/// The data cannot be opened or the address cannot be used.
pub async fn run(args: ServeArgs) -> Result<ExitCode> {
    let settings = args.data.settings()?;
    let address = args.listen.or(settings.listen).unwrap_or(SocketAddr::from(([127, 0, 0, 1], 8080)));
    let insecure_cookies = args.insecure_cookies || settings.insecure_cookies.unwrap_or(false);
    if args.print_config {
        print_config(&args.data, address, insecure_cookies)?;
        return Ok(ExitCode::SUCCESS);
    }
    start_log();
    let app = open_app(&args.data).await?;
    let listener = listen(address).await?;
    serve(app, WebConfig { secure_cookies: !insecure_cookies, demo: false }, listener).await
}

/// What holds, as a settings file could say it; the database's address without its password.
fn print_config(data: &DataArgs, address: SocketAddr, insecure_cookies: bool) -> Result<()> {
    println!("listen = \"{address}\"");
    match data.store_config()? {
        StoreConfig::Postgres(_) => println!("# database-url = postgres://… (not shown)"),
        StoreConfig::Folder(folder) => println!("data = \"{}\"", folder.display()),
    }
    println!("insecure-cookies = {insecure_cookies}");
    Ok(())
}

/// Takes the address.
///
/// # Errors
/// Somebody else has it, or it is not this machine's.
pub async fn listen(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("{address} を使えません。--listen で別の番地を指定してください / {address} cannot be used; choose another with --listen"))
}

/// Serves until SIGINT or SIGTERM, then finishes the requests under way.
///
/// # Errors
/// The listener broke.
pub async fn serve(app: Arc<App>, config: WebConfig, listener: TcpListener) -> Result<ExitCode> {
    tracing::info!(address = %listener.local_addr()?, database = app.store().engine(), "listening");
    let service = router(WebState::new(app.clone(), config)).into_make_service_with_connect_info::<SocketAddr>();
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let jobs = crate::jobs::start(app.clone(), stopped);
    axum::serve(listener, service).with_graceful_shutdown(told_to_end()).await?;
    let _ = stop.send(true);
    // A job that takes longer is taken over by another process, or by this one at its next start.
    let _ = tokio::time::timeout(JOBS_END, jobs).await;
    app.store().close().await;
    tracing::info!("ended");
    Ok(ExitCode::SUCCESS)
}

async fn told_to_end() {
    let interrupt = tokio::signal::ctrl_c();
    let Ok(mut terminate) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) else {
        let _ = interrupt.await;
        return;
    };
    tokio::select! {
        _ = interrupt => {}
        _ = terminate.recv() => {}
    }
}

/// JSON lines on standard error; `SAKIMORI_LOG` chooses what (default: info).
pub fn start_log() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("SAKIMORI_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info,sqlx=warn"));
    tracing_subscriber::fmt().json().flatten_event(true).with_env_filter(filter).with_writer(std::io::stderr).init();
}
