//! What the commands share: where the data is, opening the application, ending with the right status.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::Args;
use sakimori_app::evidence::quota::{self, Amount};
use sakimori_app::evidence::{Bucket, Shelf};
use sakimori_app::keys::Keys;
use sakimori_app::trail::TrailKey;
use sakimori_app::{App, AppConfig};
use sakimori_store::{Store, StoreConfig};
use serde::Deserialize;

use crate::database::{DatabaseArgs, DatabaseSettings};

/// Where the data lives. Flags win over `SAKIMORI_*` variables, these over the settings file.
#[derive(Args, Clone, Default)]
pub struct DataArgs {
    /// Folder of an embedded installation [default: sakimori-data].
    #[arg(long, env = "SAKIMORI_DATA")]
    pub data: Option<PathBuf>,
    /// PostgreSQL instead of the embedded database.
    #[arg(long, env = "SAKIMORI_DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// Settings file (TOML).
    #[arg(long, env = "SAKIMORI_CONFIG")]
    pub config: Option<PathBuf>,
    /// File with the keys of what is sealed at rest [default: keys/seal.key in the data folder].
    #[arg(long, env = "SAKIMORI_KEY_FILE")]
    pub key_file: Option<PathBuf>,
    #[command(flatten)]
    pub database: DatabaseArgs,
    /// File with the key that signs the trail [default: keys/trail.key in the data folder].
    #[arg(long, env = "SAKIMORI_TRAIL_KEY_FILE")]
    pub trail_key_file: Option<PathBuf>,
    /// Name of the trail's log in its key, chosen once, at the first start [default: sakimori/ and a random number].
    #[arg(long, env = "SAKIMORI_TRAIL_ORIGIN")]
    pub trail_origin: Option<String>,
    /// Where sealed evidence lies: a folder, or s3://bucket/prefix [default: evidence in the data folder].
    #[arg(long, env = "SAKIMORI_EVIDENCE")]
    pub evidence: Option<String>,
    /// GiB of evidence that an organisation may keep; `admin quota` sets another for one of them [default: 20].
    #[arg(long, env = "SAKIMORI_EVIDENCE_GIB")]
    pub evidence_gib: Option<u32>,
    /// Files of evidence that an organisation may keep [default: 20000].
    #[arg(long, env = "SAKIMORI_EVIDENCE_FILES")]
    pub evidence_files: Option<u32>,
}

/// What a settings file may say. An unknown name is refused: a misspelt setting must not be silently without effect.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct SettingsFile {
    pub listen: Option<SocketAddr>,
    pub data: Option<PathBuf>,
    pub database_url: Option<String>,
    pub insecure_cookies: Option<bool>,
    pub public_url: Option<String>,
    pub key_file: Option<PathBuf>,
    pub evidence: Option<String>,
    pub evidence_gib: Option<u32>,
    pub evidence_files: Option<u32>,
    /// Address of an S3-compatible store; the access key comes from the environment alone.
    pub s3_endpoint: Option<String>,
    pub s3_region: Option<String>,
    pub backup_to: Option<PathBuf>,
    pub tls_certificate: Option<PathBuf>,
    pub tls_key: Option<PathBuf>,
    pub behind_proxy: Option<bool>,
    pub trusted_proxies: Vec<String>,
    pub metrics_from: Vec<String>,
    pub limits: std::collections::BTreeMap<String, u32>,
    pub otlp_endpoint: Option<String>,
    /// `[database]`
    pub database: DatabaseSettings,
    pub trail_key_file: Option<PathBuf>,
    pub trail_origin: Option<String>,
    /// `[trail]`
    pub trail: crate::trail_sinks::TrailSettings,
}

impl DataArgs {
    /// The installation that `--into` names: a data folder, or the address of a database.
    pub fn into(place: &str) -> Self {
        let is_url = place.contains("://");
        let database_url = is_url.then(|| place.to_owned());
        Self { data: (!is_url).then(|| PathBuf::from(place)), database_url, ..Self::default() }
    }

    /// The settings file, or an empty one.
    ///
    /// # Errors
    /// The file cannot be read or says something unknown.
    pub fn settings(&self) -> Result<SettingsFile> {
        let Some(path) = &self.config else { return Ok(SettingsFile::default()) };
        let text = std::fs::read_to_string(path).with_context(|| {
            format!("設定ファイル {} を読めません / the settings file cannot be read", path.display())
        })?;
        toml::from_str(&text).with_context(|| {
            format!("設定ファイル {} に誤りがあります / the settings file has a fault", path.display())
        })
    }

    /// Folder of the installation: the embedded database, evidence files.
    ///
    /// # Errors
    /// See [`DataArgs::settings`].
    pub fn folder(&self) -> Result<PathBuf> {
        let from_file = self.settings()?.data;
        Ok(self.data.clone().or(from_file).unwrap_or_else(|| PathBuf::from("sakimori-data")))
    }

    /// The keys of what is sealed at rest: from `SAKIMORI_KEY`, else from the key file, made at the first start only. A
    /// database that needs keys gets no new one.
    ///
    /// # Errors
    /// The key file cannot be read, made or understood; it is missing and the database needs it.
    pub fn keys(&self, needed: &[String]) -> Result<Keys> {
        if let Ok(text) = std::env::var("SAKIMORI_KEY") {
            return Keys::parse(&text).context("SAKIMORI_KEY が鍵ではありません / SAKIMORI_KEY holds no key");
        }
        let passphrase = std::env::var("SAKIMORI_KEY_PASSPHRASE").ok();
        let path = self.key_path()?;
        let opened = match Keys::open(&path, passphrase.as_deref()) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => match needed.first() {
                Some(key) => return Err(told(sakimori_app::key_check::wrong_key(key, &[]).into())),
                None => Keys::create(&path, passphrase.as_deref()),
            },
            other => other,
        };
        opened.with_context(|| format!("鍵ファイル {} を使えません / the key file cannot be used", path.display()))
    }

    /// Where evidence lies, if not in the data folder.
    ///
    /// # Errors
    /// A bucket without its access key, or with a wrong setting.
    pub fn shelf(&self) -> Result<Option<Shelf>> {
        let settings = self.settings()?;
        let Some(place) = self.evidence.clone().or(settings.evidence) else { return Ok(None) };
        let Some(rest) = place.strip_prefix("s3://") else { return Ok(Some(Shelf::Folder(PathBuf::from(place)))) };
        let (name, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let needed = |name: &str| {
            std::env::var(name).with_context(|| format!("環境変数 {name} を設定してください / set the variable {name}"))
        };
        let bucket = Bucket {
            name: name.to_owned(),
            prefix: prefix.to_owned(),
            endpoint: std::env::var("SAKIMORI_S3_ENDPOINT").ok().or(settings.s3_endpoint).unwrap_or_default(),
            region: std::env::var("SAKIMORI_S3_REGION").ok().or(settings.s3_region).unwrap_or_default(),
            access_key_id: needed("SAKIMORI_S3_ACCESS_KEY_ID")?,
            secret_access_key: needed("SAKIMORI_S3_SECRET_ACCESS_KEY")?,
        };
        Ok(Some(Shelf::bucket(&bucket).context("証跡の置き場所を使えません / the place for evidence cannot be used")?))
    }

    /// How much evidence an organisation may keep.
    ///
    /// # Errors
    /// See [`DataArgs::settings`].
    pub fn evidence_limit(&self) -> Result<Amount> {
        let settings = self.settings()?;
        let gib = self.evidence_gib.or(settings.evidence_gib);
        let files = self.evidence_files.or(settings.evidence_files);
        Ok(Amount {
            bytes: gib.map_or(quota::DEFAULT.bytes, |gib| i64::from(gib) * quota::GIB),
            files: files.map_or(quota::DEFAULT.files, i64::from),
        })
    }

    /// Where the key file is.
    ///
    /// # Errors
    /// See [`DataArgs::settings`].
    pub fn key_path(&self) -> Result<PathBuf> {
        let from_file = self.settings()?.key_file;
        match self.key_file.clone().or(from_file) {
            Some(path) => Ok(path),
            None => Ok(self.folder()?.join("keys/seal.key")),
        }
    }

    /// Where the key of the trail is.
    ///
    /// # Errors
    /// See [`DataArgs::settings`].
    pub fn trail_key_path(&self) -> Result<PathBuf> {
        let from_file = self.settings()?.trail_key_file;
        Ok(match self.trail_key_file.clone().or(from_file) {
            Some(path) => path,
            None => self.folder()?.join("keys/trail.key"),
        })
    }

    /// The key that signs the trail, made at the first start.
    ///
    /// # Errors
    /// The key file cannot be read, made or understood.
    pub fn trail_key(&self) -> Result<TrailKey> {
        let path = self.trail_key_path()?;
        let mut random = [0; 32];
        fill_random(&mut random)?;
        let number: String = random.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let chosen = self.trail_origin.clone().or(self.settings()?.trail_origin);
        let origin = chosen.unwrap_or_else(|| format!("sakimori/{number}"));
        fill_random(&mut random)?;
        TrailKey::open_or_create(&path, &origin, random)
            .with_context(|| format!("操作記録の鍵 {} を使えません / the trail's key cannot be used", path.display()))
    }

    /// The database in use.
    ///
    /// # Errors
    /// See [`DataArgs::settings`].
    pub fn store_config(&self) -> Result<StoreConfig> {
        let from_file = self.settings()?.database_url;
        // A folder named on the command line is meant, whatever database a file names.
        match self.database_url.clone().or(if self.data.is_some() { None } else { from_file }) {
            Some(url) => Ok(StoreConfig::Postgres(url)),
            None => Ok(StoreConfig::Folder(self.folder()?)),
        }
    }
}

/// Opens the application and puts the shipped catalogues in.
///
/// # Errors
/// The data cannot be opened.
pub async fn open_app(data: &DataArgs) -> Result<Arc<App>> {
    open_app_with(data, None).await
}

/// As [`open_app`], with a folder that gets a backup every night.
///
/// # Errors
/// The data cannot be opened.
pub async fn open_app_with(data: &DataArgs, backup_to: Option<PathBuf>) -> Result<Arc<App>> {
    let app = Arc::new(assemble(data).await?.with_backup_to(backup_to));
    // Before the first event: one with another key must not be written.
    sakimori_app::trail::begin(&app).await.map_err(told)?;
    sakimori_app::key_check::require(&app).await.map_err(told)?;
    sakimori_app::content::seed(&app)
        .await
        .context("組み込みの基準を用意できません / the built-in catalogues could not be put in")?;
    Ok(app)
}

/// Opens the application and changes nothing.
///
/// # Errors
/// The data cannot be opened.
pub async fn open_bare(data: &DataArgs) -> Result<Arc<App>> {
    Ok(Arc::new(assemble(data).await?))
}

async fn assemble(data: &DataArgs) -> Result<App> {
    let store_config = data.store_config()?;
    if let StoreConfig::Folder(folder) = &store_config {
        // What the database syncs inside it must not hang on an unsynced name.
        sakimori_app::durable::create_folder(folder)
            .with_context(|| format!("フォルダー {} を作れません / the folder cannot be made", folder.display()))?;
    }
    let tuning = data.database.tuning(&data.settings()?.database)?;
    let store =
        Store::open_with(&store_config, &tuning).await.context("データを開けません / the data cannot be opened")?;
    let needed = sakimori_app::key_check::needed(&store).await?;
    let mut seed = [0; 32];
    fill_random(&mut seed)?;
    let app = App::new(AppConfig {
        keys: data.keys(&needed)?,
        store,
        folder: data.folder()?,
        program: std::env::current_exe().context("the program's own path is not known")?,
        clock: Arc::new(machine_clock),
        trail_key: data.trail_key()?,
        seed,
    })
    .with_evidence_limit(data.evidence_limit()?);
    Ok(match data.shelf()? {
        Some(shelf) => app.with_shelf(shelf),
        None => app,
    })
}

/// A refusal in both languages, with its next step; another error as it is.
pub fn told(error: sakimori_app::AppError) -> anyhow::Error {
    match error.refusal() {
        Some(refusal) => {
            anyhow::anyhow!("{}{} / {} {}", refusal.ja, refusal.next_ja, refusal.en, refusal.next_en)
        }
        None => anyhow::anyhow!(error),
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place where the machine's clock enters")]
pub fn machine_clock() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

/// 32 random bytes.
///
/// # Errors
/// The machine gives none.
pub fn random() -> Result<[u8; 32]> {
    let mut bytes = [0; 32];
    fill_random(&mut bytes)?;
    Ok(bytes)
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
