//! `sakimori trail`: verification, export, the key, checkpoints and witnesses, retention.

use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use clap::{Args, Subcommand, ValueEnum};
use sakimori_app::trail::verify::{Means, Outcome, TrailVerdict};
use sakimori_app::trail::{self as app, TrailKey};
use sakimori_app::{Actor, App};
use sakimori_interop::trail::export::{self, Demand};
use sakimori_interop::trail::{PublicKey, Remembered, SignedCheckpoint};
use sakimori_store::{Store, registry};

use crate::common::{DataArgs, open_app, open_bare, told};
use crate::report::refuse_missing_data;

#[derive(Args)]
pub struct TrailArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Is the trail what was written? Exit status 0 yes, 1 no (and which event), 2 bad use.
    #[command(
        after_help = "例: sakimori trail verify\n    sakimori trail verify --against 監査時のチェックポイント.txt\n    sakimori trail verify trail.jsonl --key 'sakimori/…+…+…'"
    )]
    Verify(VerifyArgs),
    /// Write an organisation's trail with its checkpoint, to be verified anywhere.
    #[command(after_help = "例: sakimori trail export --organisation minato --out trail.jsonl")]
    Export(ExportArgs),
    /// The public keys that verify the trail; give them to whoever audits.
    #[command(after_help = "例: sakimori trail key")]
    Key(KeyArgs),
    /// The newest signed checkpoint; with --old the request that a witness wants.
    #[command(after_help = "例: sakimori trail checkpoint --old 120 > request.txt")]
    Checkpoint(CheckpointArgs),
    /// Cosign another installation's checkpoint, when it continues the one seen last.
    #[command(after_help = "例: sakimori trail cosign request.txt --key 'sakimori/…+…+…' > cosigned.txt")]
    Cosign(CosignArgs),
    /// Take over a witness's cosignature for a checkpoint of ours.
    #[command(after_help = "例: sakimori trail add-cosignature cosigned.txt --witness 'sakimori/…+…+…'")]
    AddCosignature(AddArgs),
    /// Forget names, addresses and texts of old events; their proof stays.
    #[command(after_help = "例: sakimori trail expire --older-than 5y")]
    Expire(ExpireArgs),
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Text,
    Json,
}

#[derive(Args)]
struct VerifyArgs {
    /// An exported trail or a .tlog-proof; without it, the database.
    file: Option<PathBuf>,
    #[command(flatten)]
    data: DataArgs,
    /// Verifier key (name+hash+key) that must have signed [default: those of the key file].
    #[arg(long)]
    key: Vec<String>,
    /// A checkpoint that was given out before: a file, or the line that stands at the foot of a printed page. The trail
    /// must continue it. May be given several times.
    #[arg(long, value_name = "FILE|LINE")]
    against: Vec<String>,
    /// Verifier key of a witness that must have cosigned the newest checkpoint.
    #[arg(long)]
    witness: Vec<String>,
    /// Only the trail of this organisation; '' for what the installation shares.
    #[arg(long)]
    organisation: Option<String>,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Args)]
struct ExportArgs {
    /// File to write.
    #[arg(long)]
    out: PathBuf,
    #[command(flatten)]
    data: DataArgs,
    /// Id of the organisation; '' for what the installation shares. Not needed when there is only one.
    #[arg(long)]
    organisation: Option<String>,
}

#[derive(Args)]
struct KeyArgs {
    #[command(flatten)]
    data: DataArgs,
    /// Put a new key on top of the key file; the old ones go on verifying.
    #[arg(long, conflicts_with = "replace")]
    rotate: bool,
    /// The old key is lost: sign with the one of the key file from now on.
    #[arg(long)]
    replace: bool,
}

#[derive(Args)]
struct CheckpointArgs {
    #[command(flatten)]
    data: DataArgs,
    /// Id of the organisation; the installation's own tree when left out.
    #[arg(long)]
    organisation: Option<String>,
    /// Size that the witness saw last; 0 for the first time.
    #[arg(long)]
    old: Option<u64>,
}

#[derive(Args)]
struct CosignArgs {
    /// What `sakimori trail checkpoint --old` printed.
    request: PathBuf,
    /// Verifier key of the installation that asks.
    #[arg(long)]
    key: String,
    #[command(flatten)]
    data: DataArgs,
}

#[derive(Args)]
struct AddArgs {
    /// The checkpoint with the witness's line.
    note: PathBuf,
    /// Verifier key of the witness.
    #[arg(long)]
    witness: String,
    #[command(flatten)]
    data: DataArgs,
}

#[derive(Args)]
struct ExpireArgs {
    /// How long texts are kept, a year at least, e.g. 5y or 5y6mo.
    #[arg(long)]
    older_than: String,
    /// Only of this organisation.
    #[arg(long)]
    organisation: Option<String>,
    #[command(flatten)]
    data: DataArgs,
}

/// Runs `sakimori trail`.
///
/// # Errors
/// Bad use (exit status 2): no such file, data or key.
pub async fn run(args: TrailArgs) -> Result<ExitCode> {
    match args.what {
        What::Verify(args) => verify(args).await,
        What::Export(args) => export_to(args).await,
        What::Key(args) => key(args).await,
        What::Checkpoint(args) => checkpoint(args).await,
        What::Cosign(args) => cosign(args).await,
        What::AddCosignature(args) => add(args).await,
        What::Expire(args) => expire(args).await,
    }
}

/// Signs each second while something happens, and once more at the end.
pub async fn sign_while_serving(app: Arc<App>, mut stopped: tokio::sync::watch::Receiver<bool>) {
    let mut second = tokio::time::interval(Duration::from_secs(1));
    second.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let end = tokio::select! {
            _ = second.tick() => false,
            _ = stopped.changed() => true,
        };
        if let Err(error) = app::sign_what_is_new(&app).await {
            tracing::error!(%error, "the trail could not be signed");
        }
        if end {
            return;
        }
    }
}

fn public_key(text: &str) -> Result<PublicKey> {
    PublicKey::parse(text).map_err(|error| {
        anyhow!("{text}: 公開鍵は「名前+番号+鍵」の形です（sakimori trail key が示します） / {error}; `sakimori trail key` prints it")
    })
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("{} を読めません / cannot be read", path.display()))
}

fn note(path: &Path) -> Result<SignedCheckpoint> {
    SignedCheckpoint::parse(&read(path)?)
        .with_context(|| format!("{} はチェックポイント（C2SP 形式）ではありません / not a checkpoint", path.display()))
}

/// What was kept of a checkpoint: a file with the note or the line, or the line itself.
fn remembered(text: &str) -> Result<Remembered> {
    let path = Path::new(text);
    let found = if path.is_file() { Remembered::parse(&read(path)?) } else { Remembered::parse(text) };
    found.with_context(|| {
        format!("{text}: チェックポイントのファイルか、印刷された1行（出所 件数 値）を指定してください / name a checkpoint's file, or the line ORIGIN EVENTS ROOT that was printed")
    })
}

async fn verify(args: VerifyArgs) -> Result<ExitCode> {
    let mut keys = args.key.iter().map(|key| public_key(key)).collect::<Result<Vec<_>>>()?;
    let demand = Demand {
        key: keys.first().cloned(),
        against: args.against.iter().map(|text| remembered(text)).collect::<Result<_>>()?,
        witnesses: args.witness.iter().map(|key| public_key(key)).collect::<Result<_>>()?,
    };
    if let Some(path) = &args.file {
        if keys.is_empty() {
            bail!(
                "--key で公開鍵を指定してください。書き出した人からではなく、別に受け取ったものを使います / name the public key with --key; take it from elsewhere than the file"
            );
        }
        let file = File::open(path).with_context(|| format!("{} を読めません / cannot be read", path.display()))?;
        let verdict = export::verify(BufReader::new(file), &demand)
            .with_context(|| format!("{} を確かめられません / cannot be verified", path.display()))?;
        let unsigned = verdict.events.saturating_sub(verdict.checkpoint);
        let organisation = verdict.origin.clone();
        let valid = verdict.findings.is_empty();
        let trails = vec![TrailVerdict { organisation, unsigned, checkpoints: 1, verdict }];
        return answer(&Outcome { valid, trails }, args.format);
    }
    refuse_missing_data(&args.data)?;
    if keys.is_empty() {
        let path = args.data.trail_key_path()?;
        let key = TrailKey::open(&path).with_context(|| {
            format!("鍵ファイル {} を使えません。--key で公開鍵を指定することもできます / the key file cannot be used; a public key may be named with --key", path.display())
        })?;
        keys = key.publics();
    }
    let store =
        Store::open(&args.data.store_config()?).await.context("データを開けません / the data cannot be opened")?;
    let mut c = store.read().await?;
    let means = Means { keys: &keys, demand: &demand };
    let outcome = app::verify::verify(&mut c, &means, args.organisation.as_deref()).await.map_err(told)?;
    drop(c);
    store.close().await;
    answer(&outcome, args.format)
}

fn answer(outcome: &Outcome, format: Format) -> Result<ExitCode> {
    match format {
        Format::Json => println!("{}", serde_json::to_string_pretty(outcome)?),
        Format::Text => outcome.trails.iter().for_each(tell),
    }
    Ok(if outcome.valid { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn tell(trail: &TrailVerdict) {
    let v = &trail.verdict;
    let (ja, en) = if v.findings.is_empty() { ("正しい", "valid") } else { ("正しくない", "NOT VALID") };
    println!(
        "{}: {ja} / {en}　{}件 / events（署名 / signed {}、未署名 / unsigned {}、期限切れ / expired {}、照合 / checkpoints {}）{}",
        v.origin, v.events, v.checkpoint, trail.unsigned, v.expired, trail.checkpoints, v.root
    );
    for finding in &v.findings {
        println!("  {} / {}", finding.ja(), finding.en());
    }
    if v.more_findings > 0 {
        println!("  ほか{}件 / and {} more", v.more_findings, v.more_findings);
    }
}

/// The organisation that was named, or the only one.
async fn actor(app: &App, named: Option<&str>) -> Result<Actor> {
    if named == Some("") {
        return Ok(Actor::system(""));
    }
    let mut organisations = registry::organisations(&mut app.read().await?).await?;
    if let Some(id) = named {
        organisations.retain(|organisation| organisation.id == id);
    }
    let one = match organisations.as_slice() {
        [one] => one,
        [] => bail!("--organisation: そのような組織はありません / there is no such organisation"),
        more => {
            let ids: Vec<String> = more.iter().map(|o| format!("  {}  {}", o.id, o.name)).collect();
            bail!("--organisation で組織を選んでください / choose one with --organisation:\n{}", ids.join("\n"))
        }
    };
    Ok(Actor { organisation_name: one.name.clone(), ..Actor::system(&one.id) })
}

async fn export_to(args: ExportArgs) -> Result<ExitCode> {
    refuse_missing_data(&args.data)?;
    let app = open_app(&args.data).await?;
    let actor = actor(&app, args.organisation.as_deref()).await?;
    let file =
        File::create(&args.out).with_context(|| format!("{} に書けません / cannot be written", args.out.display()))?;
    let note = app::export(&app, &actor, BufWriter::new(file)).await.map_err(told)?;
    let head = &note.checkpoint;
    println!("{}: {}件 / events {} {}", args.out.display(), head.size, head.origin, head.short_root());
    app.store().close().await;
    Ok(ExitCode::SUCCESS)
}

async fn key(args: KeyArgs) -> Result<ExitCode> {
    if args.rotate {
        let path = args.data.trail_key_path()?;
        let old = TrailKey::open(&path).with_context(|| format!("{} を使えません / cannot be used", path.display()))?;
        let fresh = old.rotated(crate::common::random()?)?;
        sakimori_app::durable::write(&path, fresh.to_text().as_bytes())
            .with_context(|| format!("{} に書けません / cannot be written", path.display()))?;
    }
    refuse_missing_data(&args.data)?;
    let app = open_bare(&args.data).await?;
    if args.replace {
        app::replace_key(&app).await.map_err(told)?;
    }
    for key in app.trail_key().publics() {
        println!("{}", key.vkey());
    }
    eprintln!("立会人としての鍵 / as a witness: {}", app.trail_key().signing().public.witness_vkey());
    app.store().close().await;
    Ok(ExitCode::SUCCESS)
}

async fn checkpoint(args: CheckpointArgs) -> Result<ExitCode> {
    refuse_missing_data(&args.data)?;
    let app = open_app(&args.data).await?;
    app::sign_what_is_new(&app).await.map_err(told)?;
    let tree = args.organisation.as_deref().unwrap_or(sakimori_store::trail::tree::INSTALLATION);
    let request = app::request_of(&app, tree, args.old.unwrap_or(0)).await.map_err(told)?;
    print!("{}", if args.old.is_some() { request.to_text() } else { request.note.to_text() });
    app.store().close().await;
    Ok(ExitCode::SUCCESS)
}

async fn cosign(args: CosignArgs) -> Result<ExitCode> {
    refuse_missing_data(&args.data)?;
    let asked = app::asked(&read(&args.request)?).map_err(told)?;
    let key = public_key(&args.key)?;
    let app = open_app(&args.data).await?;
    let line = app::cosign(&app, &asked, &key).await.map_err(told)?;
    let mut note = asked.note;
    note.add(&line)?;
    print!("{}", note.to_text());
    app.store().close().await;
    Ok(ExitCode::SUCCESS)
}

async fn add(args: AddArgs) -> Result<ExitCode> {
    refuse_missing_data(&args.data)?;
    let note = note(&args.note)?;
    let witness = public_key(&args.witness)?;
    let app = open_app(&args.data).await?;
    let size = app::add_cosignatures(&app, &note, &witness).await.map_err(told)?;
    println!("{}: {size}", witness.name);
    app.store().close().await;
    Ok(ExitCode::SUCCESS)
}

async fn expire(args: ExpireArgs) -> Result<ExitCode> {
    refuse_missing_data(&args.data)?;
    let span: jiff::Span = args.older_than.parse().map_err(|error| {
        anyhow!("--older-than {}: 「5y」のように書いてください / write it like 5y: {error}", args.older_than)
    })?;
    let app = open_app(&args.data).await?;
    let expired = app::expire(&app, span, args.organisation.as_deref()).await.map_err(told)?;
    for one in &expired {
        println!(
            "{}: {}件の文面を消しました / texts of {} events forgotten",
            one.organisation_id, one.events, one.events
        );
    }
    if expired.is_empty() {
        println!("消す文面はありません / nothing is that old");
    }
    app.store().close().await;
    Ok(ExitCode::SUCCESS)
}
