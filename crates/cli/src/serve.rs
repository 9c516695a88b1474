//! `sakimori serve`.

mod connection;
mod settings;
mod telemetry;
mod tls;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use axum_server::Handle;
use axum_server::tls_rustls::RustlsAcceptor;
use clap::Args;
use hyper_util::rt::TokioTimer;
use sakimori_app::App;
use sakimori_app::evidence::quota::GIB;
use sakimori_store::StoreConfig;
use sakimori_web::{Limits, WebConfig, WebState, router};
use tokio::net::TcpListener;

use self::connection::Doorkeeper;
use self::settings::{Edge, EdgeArgs};
pub use self::telemetry::start as start_log;
use self::tls::Tls;
use crate::common::{DataArgs, open_app_with};

#[derive(Args)]
pub struct ServeArgs {
    /// Address and port to listen on [default: 127.0.0.1:8080].
    #[arg(long, env = "SAKIMORI_LISTEN")]
    pub listen: Option<SocketAddr>,
    #[command(flatten)]
    pub data: DataArgs,
    #[command(flatten)]
    pub edge: EdgeArgs,
    #[command(flatten)]
    pub sinks: crate::trail_sinks::SinkArgs,
    /// Address under which browsers reach us, e.g. https://sakimori.example.jp; passkeys are bound to it [default:
    /// `http://localhost:PORT` while listening on this machine only].
    #[arg(long, env = "SAKIMORI_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,
    /// Send cookies over plain HTTP too. For a trial in a closed room, never for work.
    #[arg(long, env = "SAKIMORI_INSECURE_COOKIES")]
    pub insecure_cookies: bool,
    /// Seconds to go on answering after being told to end, with /readyz saying no [default: 0; behind a load balancer: longer than its check].
    #[arg(long, env = "SAKIMORI_DRAIN_SECONDS", default_value_t = 0)]
    pub drain_seconds: u64,
    /// Make a backup in this folder every night, and let those go that the rule does not keep.
    #[arg(long, env = "SAKIMORI_BACKUP_TO")]
    pub backup_to: Option<PathBuf>,
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
    let edge = args.edge.settle(&settings)?;
    let public_url = args.public_url.or_else(|| settings.public_url.clone());
    if let Some(url) = &public_url {
        sakimori_app::passkeys::Site::new(url).map_err(|error| anyhow::anyhow!("--public-url {url}: {error}"))?;
    }
    if args.print_config {
        print_config(&args.data, address, insecure_cookies, &edge)?;
        return Ok(ExitCode::SUCCESS);
    }
    edge.check(address)?;
    let traces = telemetry::start(edge.otlp_endpoint.as_deref())?;
    let config = WebConfig {
        secure_cookies: !insecure_cookies,
        demo: false,
        limits: edge.limits,
        trusted_proxies: edge.trusted_proxies,
        metrics_from: edge.metrics_from,
        drain: Duration::from_secs(args.drain_seconds),
        public_url: public_url.unwrap_or_default(),
        ..WebConfig::default()
    };
    let tls = match edge.tls {
        Some((certificate, key)) => Some(Tls::open(certificate, key, config.certificate_until.clone())?),
        None => None,
    };
    let sinks = args.sinks.open(&settings.trail)?;
    let backup_to = args.backup_to.or(settings.backup_to);
    let app = open_app_with(&args.data, backup_to).await?;
    let listener = listen(address).await?;
    crate::trail_sinks::start(app.clone(), sinks);
    let ended = serve(app, config, listener, tls).await;
    // It waits for the collector, with the requests of this very runtime.
    tokio::task::spawn_blocking(move || traces.end()).await?;
    ended
}

/// What holds, as a settings file could say it; the database's address without its password.
fn print_config(data: &DataArgs, address: SocketAddr, insecure_cookies: bool, edge: &Edge) -> Result<()> {
    println!("listen = \"{address}\"");
    match data.store_config()? {
        StoreConfig::Postgres(_) => println!("# database-url = postgres://… (not shown)"),
        StoreConfig::Folder(folder) => println!("data = \"{}\"", folder.display()),
    }
    println!("insecure-cookies = {insecure_cookies}");
    println!("trail-key-file = \"{}\"", data.trail_key_path()?.display());
    let limit = data.evidence_limit()?;
    println!("evidence-gib = {}\nevidence-files = {}", limit.bytes / GIB, limit.files);
    print!("{}", edge.to_toml());
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

/// Serves until SIGINT or SIGTERM, for `drain` longer with `/readyz` saying no, then finishes the requests under way.
///
/// # Errors
/// The listener broke.
pub async fn serve(app: Arc<App>, mut config: WebConfig, listener: TcpListener, tls: Option<Tls>) -> Result<ExitCode> {
    let limits = config.limits;
    let at = listener.local_addr()?;
    if config.public_url.is_empty() && at.ip().to_canonical().is_loopback() {
        let scheme = if tls.is_some() { "https" } else { "http" };
        config.public_url = format!("{scheme}://localhost:{}", at.port());
    }
    let doorkeeper = Doorkeeper::new(&limits, &config.trusted_proxies);
    tracing::info!(address = %listener.local_addr()?, database = app.store().engine(), tls = tls.is_some(), "listening");
    let state = WebState::new(app.clone(), config);
    let service = router(state.clone()).into_make_service_with_connect_info::<SocketAddr>();
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let signer = tokio::spawn(crate::trail::sign_while_serving(app.clone(), stopped.clone()));
    let jobs = crate::jobs::start(app.clone(), stopped);
    let handle = Handle::new();
    let ending = tokio::spawn(end_when_told(handle.clone(), state));
    let server = axum_server::from_tcp(listener.into_std()?)?.handle(handle);
    match tls {
        Some(tls) => {
            let acceptor = RustlsAcceptor::new(tls.config()).acceptor(doorkeeper);
            let watching = tokio::spawn(tls.watch(app.clone()));
            bounded(server.acceptor(acceptor), &limits).serve(service).await?;
            watching.abort();
        }
        None => bounded(server.acceptor(doorkeeper), &limits).serve(service).await?,
    }
    ending.abort();
    let _ = stop.send(true);
    let _ = signer.await;
    // A job that takes longer is taken over by another process, or by this one at its next start.
    let _ = tokio::time::timeout(JOBS_END, jobs).await;
    app.store().close().await;
    tracing::info!("ended");
    Ok(ExitCode::SUCCESS)
}

/// HTTP/1.1 alone, with bounds on headers. After the acceptor, not before: setting that one makes axum-server forget the
/// version, and while it waits to learn a connection's version no clock runs.
fn bounded<A>(server: axum_server::Server<SocketAddr, A>, limits: &Limits) -> axum_server::Server<SocketAddr, A> {
    let mut server = server.http1_only();
    server
        .http_builder()
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(limits.header_seconds.into()))
        .max_headers(MAX_HEADERS)
        .max_buf_size((limits.header_kib as usize * 1024).max(8192));
    server
}

/// Headers of a request at most.
const MAX_HEADERS: usize = 64;
/// Requests under way when the program is told to end have this long.
const GRACE: Duration = Duration::from_secs(25);

async fn end_when_told(handle: Handle<SocketAddr>, state: WebState) {
    told_to_end().await;
    state.drain();
    // Until the load balancer has noticed, requests still come and are answered.
    tokio::time::sleep(state.config.drain).await;
    handle.graceful_shutdown(Some(GRACE));
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
