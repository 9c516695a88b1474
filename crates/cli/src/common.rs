//! What the commands share: where the data is, opening the application, ending with the right status.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::Args;
use sakimori_app::{App, AppConfig};
use sakimori_store::{Store, StoreConfig};

/// Where the data lives.
#[derive(Args, Clone)]
pub struct DataArgs {
    /// Folder of an embedded installation.
    #[arg(long, env = "SAKIMORI_DATA", default_value = "sakimori-data")]
    pub data: PathBuf,
    /// PostgreSQL instead of the embedded database.
    #[arg(long, env = "SAKIMORI_DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,
}

impl DataArgs {
    fn store_config(&self) -> StoreConfig {
        match &self.database_url {
            Some(url) => StoreConfig::Postgres(url.clone()),
            None => StoreConfig::Folder(self.data.clone()),
        }
    }
}

/// Opens the application and puts the shipped catalogues in.
///
/// # Errors
/// The data cannot be opened.
pub async fn open_app(data: &DataArgs) -> Result<Arc<App>> {
    let store = Store::open(&data.store_config()).await.context("データを開けません / the data cannot be opened")?;
    let mut seed = [0; 32];
    fill_random(&mut seed)?;
    let app = App::new(AppConfig {
        store,
        folder: data.data.clone(),
        program: std::env::current_exe().context("the program's own path is not known")?,
        clock: Arc::new(machine_clock),
        seed,
    });
    sakimori_app::content::seed(&app)
        .await
        .context("組み込みの基準を用意できません / the built-in catalogues could not be put in")?;
    Ok(Arc::new(app))
}

#[expect(clippy::disallowed_methods, reason = "the one place where the machine's clock enters")]
fn machine_clock() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

#[expect(clippy::disallowed_methods, reason = "the one place where the machine's randomness enters")]
fn fill_random(seed: &mut [u8; 32]) -> Result<()> {
    getrandom::fill(seed).context("the machine gives no random numbers")
}

/// Runs a command to its end and turns its answer into an exit status: 0 done, 1 the answer is no, 2 bad use or input.
pub fn run(command: impl Future<Output = Result<ExitCode>>) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .worker_threads(2)
        .max_blocking_threads(16)
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("sakimori: {error}");
            return ExitCode::from(2);
        }
    };
    match runtime.block_on(command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("sakimori: {error:#}");
            ExitCode::from(2)
        }
    }
}
