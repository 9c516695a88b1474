//! `sakimori ingest`: documents of the user's own become catalogues.

use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow, bail};
use clap::{Args, ValueEnum};
use sakimori_app::ingest::{self, Grammar, Options, Outcome, Plan, Recognised};
use sakimori_app::{Actor, AppError};
use sakimori_interop::Profile;
use sakimori_interop::files::{FileError, Limits};
use sakimori_interop::grammar::{Correction, parse_corrections};
use sakimori_interop::oscal::convert::to_oscal;
use sakimori_interop::oscal::model::CatalogDocument;
use sakimori_interop::oscal::to_json;
use sakimori_interop::simple::to_simple_json;

use crate::common::{DataArgs, machine_clock, open_app};

/// Problems of one kind that the summary names.
const PLACES_SHOWN: usize = 3;

#[derive(Args)]
pub struct IngestArgs {
    /// Documents: text (UTF-8, Shift_JIS …), PDF, HTML, Word (.docx), Excel (.xlsx), OSCAL catalogue (.json), CISO Assistant library (.yaml, .xlsx).
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Import grammar: a name (`sakimori profile list`) or a TOML file. Default: the best fitting one.
    #[arg(long, value_name = "NAME|FILE")]
    profile: Option<String>,
    /// What you say of single lines, as TOML (docs/import-grammars.md).
    #[arg(long, value_name = "FILE")]
    corrections: Option<PathBuf>,
    /// Edition to read into, or the id of a new edition.
    #[arg(long, value_name = "ID")]
    edition: Option<String>,
    /// Installation to store into: its data folder, or postgres://…
    #[arg(long, value_name = "DIR|URL")]
    into: Option<String>,
    /// Store nothing; say what would happen.
    #[arg(long)]
    dry_run: bool,
    /// Replace loaded texts that differ.
    #[arg(long)]
    replace: bool,
    /// Write the catalogue here; for several documents a folder.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Format of the catalogue. Given without --out, the catalogue goes to standard output.
    #[arg(long, value_enum)]
    format: Option<CatalogueFormat>,
    /// List every problem with its line.
    #[arg(long)]
    problems: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum CatalogueFormat {
    /// Simple JSON.
    Simple,
    /// The same as simple.
    Json,
    /// NIST OSCAL.
    Oscal,
}

impl IngestArgs {
    /// As `oscal import` asks for one catalogue; with `format` it is printed as simple JSON.
    pub fn for_one(
        file: PathBuf,
        into: Option<String>,
        edition: Option<String>,
        dry_run: bool,
        replace: bool,
        format: Option<()>,
    ) -> Self {
        let format = format.map(|()| CatalogueFormat::Simple);
        Self {
            files: vec![file],
            profile: None,
            corrections: None,
            edition,
            into,
            dry_run,
            replace,
            out: None,
            format,
            problems: false,
        }
    }
}

/// Reads documents; stores them if `--into` says where.
///
/// # Errors
/// Bad use or a document that cannot be taken: then nothing is stored.
pub async fn run(args: IngestArgs) -> Result<ExitCode> {
    if args.files.len() > 1 && args.edition.is_some() {
        bail!("--edition は文書一つにだけ使えます / --edition goes with one document only");
    }
    let grammar = grammar(args.profile.as_deref())?;
    let corrections = corrections(args.corrections.as_deref())?;
    let program = std::env::current_exe().context("the program's own path is not known")?;
    let mut readings = Vec::with_capacity(args.files.len());
    let mut faults = Vec::new();
    for file in &args.files {
        match read(&program, file, &grammar, &corrections).await {
            Ok(recognised) => readings.push((file.as_path(), recognised)),
            Err(error) => faults.push(error),
        }
    }
    if !faults.is_empty() {
        let faults: Vec<String> = faults.iter().map(|error| format!("{error:#}")).collect();
        bail!("{}", faults.join("\nsakimori: "));
    }
    let plans = match &args.into {
        Some(into) => Some(keep_all(into, &readings, &args).await?),
        None => None,
    };
    let to_stdout = args.out.is_none() && args.format.is_some();
    for (at, (file, recognised)) in readings.iter().enumerate() {
        let outcome = plans.as_ref().and_then(|plans| plans.get(at));
        let summary = summary(file, recognised, outcome, &args);
        if to_stdout { eprint!("{summary}") } else { print!("{summary}") }
    }
    write_catalogues(&readings, &args)?;
    if args.into.is_none() && args.out.is_none() && args.format.is_none() && !args.dry_run {
        eprintln!(
            "読み取っただけで、保存していません。--into DIR で取り込み、--out FILE で書き出します / nothing was stored: --into DIR stores, --out FILE writes"
        );
    }
    Ok(ExitCode::SUCCESS)
}

/// The grammar that `--profile` names.
///
/// # Errors
/// An unknown name, or a file with faults: all of them.
fn grammar(profile: Option<&str>) -> Result<Grammar> {
    let Some(name) = profile else { return Ok(Grammar::BestFit) };
    let path = Path::new(name);
    if !path.is_file() {
        return ingest::grammar_of(name).map_err(|error| told(name, &error));
    }
    let text = std::fs::read_to_string(path).with_context(|| format!("{name} を読めません / cannot be read"))?;
    match Profile::parse(&text) {
        Ok(profile) => Ok(Grammar::Own(Box::new(profile))),
        Err(faults) => {
            let faults: Vec<String> = faults.iter().map(|fault| format!("  {fault}")).collect();
            bail!("取込文法 {name} に誤りがあります / the import grammar has faults:\n{}", faults.join("\n"))
        }
    }
}

/// The file's bytes, never more than the readers accept.
///
/// # Errors
/// A file that cannot be opened or is too large.
pub fn bytes_of(file: &Path) -> Result<Vec<u8>> {
    let name = file.display();
    let cannot = || {
        format!(
            "{name} を読めません。パスと権限を確かめてください / {name} cannot be read; check the path and permissions"
        )
    };
    let limit = Limits::default().bytes;
    let opened = std::fs::File::open(file).with_context(cannot)?;
    let size = opened.metadata().with_context(cannot)?.len();
    if size > limit {
        let error = FileError::TooLarge { bytes: size, limit };
        bail!("{name}: {}{} / {error}", error.ja(), error.next_ja());
    }
    let mut bytes = Vec::new();
    opened.take(limit + 1).read_to_end(&mut bytes).with_context(cannot)?;
    Ok(bytes)
}

/// What `--corrections` says of single lines.
///
/// # Errors
/// A file that cannot be read or has a fault.
fn corrections(file: Option<&Path>) -> Result<Vec<Correction>> {
    let Some(file) = file else { return Ok(Vec::new()) };
    let name = file.display();
    let text = std::fs::read_to_string(file).with_context(|| format!("{name} を読めません / cannot be read"))?;
    parse_corrections(&text).map_err(|fault| anyhow!("{name}: {fault}"))
}

async fn read(program: &Path, file: &Path, grammar: &Grammar, corrections: &[Correction]) -> Result<Recognised> {
    let bytes = bytes_of(file)?;
    let name = file.file_name().map_or_else(|| file.display().to_string(), |name| name.to_string_lossy().into_owned());
    let read = ingest::recognise(program, &name, &bytes, grammar, corrections).await;
    read.map_err(|error| told(&file.display().to_string(), &error))
}

/// A refusal as the one message of the command line: file, what happened, next step, in both languages.
fn told(file: &str, error: &AppError) -> anyhow::Error {
    match error.refusal() {
        Some(r) => anyhow!("{file}: {}{} / {} {}", r.ja, r.next_ja, r.en, r.next_en),
        None => anyhow!("{file}: {error}"),
    }
}

/// What became of one document.
enum Kept {
    Done(Outcome),
    Planned(Plan),
}

async fn keep_all(into: &str, readings: &[(&Path, Recognised)], args: &IngestArgs) -> Result<Vec<Kept>> {
    if into.starts_with("http://") || into.starts_with("https://") {
        bail!(
            "--into には data フォルダーか postgres://… を指定してください（動いているサーバーへは画面「本文の取り込み」から）/ --into takes the data folder or postgres://…; for a running server use its page"
        );
    }
    let is_url = into.contains("://");
    if args.dry_run && !is_url && !Path::new(into).exists() {
        bail!(
            "{into} はまだありません。--dry-run では作りません / {into} does not exist, and --dry-run does not create it"
        );
    }
    let app = open_app(&DataArgs::into(into)).await?;
    let system = Actor::system("");
    let options = Options { edition: args.edition.clone().unwrap_or_default(), replace: args.replace };
    let mut kept = Vec::with_capacity(readings.len());
    // Looked at first, so that one document that is refused stops all before anything is written.
    for (file, recognised) in readings {
        let mut c = app.read().await.map_err(|error| told(&file.display().to_string(), &error))?;
        let plan = ingest::plan(&mut c, "", &app.now().to_string(), recognised, &options).await;
        kept.push(Kept::Planned(plan.map_err(|error| told(&file.display().to_string(), &error))?));
    }
    if !args.dry_run {
        for (slot, (file, recognised)) in kept.iter_mut().zip(readings) {
            let outcome = ingest::keep(&app, &system, recognised, &options).await;
            *slot = Kept::Done(outcome.map_err(|error| told(&file.display().to_string(), &error))?);
        }
    }
    app.store().close().await;
    Ok(kept)
}

fn summary(file: &Path, read: &Recognised, kept: Option<&Kept>, args: &IngestArgs) -> String {
    let catalogue = &read.catalogue;
    let controls = catalogue.provisions.iter().filter(|p| p.is_answerable()).count();
    let plan = kept.map(|kept| match kept {
        Kept::Done(outcome) => outcome.plan(),
        Kept::Planned(plan) => plan,
    });
    let problems = plan.map_or(&catalogue.problems, |plan| &plan.problems);
    let mut out = format!(
        "{}: 文法/grammar {}, 適合/fit {}%, 項目/items {}, 管理策/controls {controls}, 表の行/records {}, 問題/problems {}\n",
        file.display(),
        read.profile,
        read.per_cent(),
        catalogue.provisions.len(),
        catalogue.records.len(),
        problems.len(),
    );
    if let Some(plan) = plan {
        let what = match kept {
            Some(Kept::Done(Outcome::Unchanged(_))) => "変更なし/unchanged",
            Some(Kept::Done(Outcome::Stored(_))) => "保存しました/stored",
            _ if plan.is_unchanged => "変更なし/would change nothing",
            _ if plan.is_conflict() => {
                "本文が違うため --edition か --replace が必要/texts differ: needs --edition or --replace"
            }
            _ => "保存できます（保存していません）/would be stored",
        };
        out.push_str(&format!(
            "  → {}: {what}, 目次と一致/placed {}, 目次にない番号/not in contents {}, 本文のない項目/without text {}\n",
            plan.target.entry().id,
            plan.placed,
            plan.without_place.len(),
            plan.without_text.len(),
        ));
    }
    if args.problems {
        for problem in problems {
            out.push_str(&format!("  {}:{}: {} {}\n", file.display(), problem.line, problem.code, problem.message));
        }
    } else {
        out.push_str(&problem_kinds(problems));
    }
    out
}

/// Problems by kind, with the first places.
fn problem_kinds(problems: &[sakimori_domain::standards::Problem]) -> String {
    let mut kinds: Vec<(&str, Vec<u32>)> = Vec::new();
    for problem in problems {
        match kinds.iter_mut().find(|(code, _)| *code == problem.code) {
            Some((_, lines)) => lines.push(problem.line),
            None => kinds.push((&problem.code, vec![problem.line])),
        }
    }
    kinds
        .iter()
        .map(|(code, lines)| {
            let places: Vec<String> =
                lines.iter().filter(|line| **line > 0).take(PLACES_SHOWN).map(u32::to_string).collect();
            let rest = if lines.len() > places.len() && !places.is_empty() { " …" } else { "" };
            let at = if places.is_empty() { String::new() } else { format!(" (line {}{rest})", places.join(", ")) };
            format!("  {code} ×{}{at}\n", lines.len())
        })
        .collect()
}

fn write_catalogues(readings: &[(&Path, Recognised)], args: &IngestArgs) -> Result<()> {
    let Some(out) = &args.out else {
        if args.format.is_some() {
            return print_catalogues(readings, args);
        }
        return Ok(());
    };
    if readings.len() == 1 && !out.is_dir() {
        return write(out, &json(&readings[0].1, args));
    }
    std::fs::create_dir_all(out).with_context(|| {
        format!("{} をフォルダーとして使えません。文書が複数のときはフォルダーを指定してください / --out must be a folder for several documents", out.display())
    })?;
    for (file, recognised) in readings {
        let stem = file.file_stem().map_or_else(|| "catalogue".into(), |stem| stem.to_string_lossy());
        write(&out.join(format!("{stem}.json")), &json(recognised, args))?;
    }
    Ok(())
}

fn json(recognised: &Recognised, args: &IngestArgs) -> String {
    let mut catalogue = recognised.catalogue.clone();
    if let Some(id) = &args.edition {
        catalogue.edition.id.clone_from(id);
    }
    if catalogue.edition.title.is_empty() {
        catalogue.edition.title.clone_from(&recognised.title);
    }
    if args.format == Some(CatalogueFormat::Oscal) {
        let catalog = to_oscal(&catalogue, &machine_clock().to_string());
        return to_json(&CatalogDocument { catalog }).trim_end().to_owned();
    }
    to_simple_json(&catalogue)
}

fn write(path: &Path, json: &str) -> Result<()> {
    std::fs::write(path, format!("{json}\n"))
        .with_context(|| format!("{} に書けません。場所と権限を確かめてください / cannot be written", path.display()))
}

/// One document: its catalogue. Several: a list of catalogues.
fn print_catalogues(readings: &[(&Path, Recognised)], args: &IngestArgs) -> Result<()> {
    use std::io::Write;
    let mut stdout = std::io::stdout().lock();
    let all: Vec<String> = readings.iter().map(|(_, recognised)| json(recognised, args)).collect();
    let text = if let [single] = all.as_slice() { single.clone() } else { format!("[\n{}\n]", all.join(",\n")) };
    match writeln!(stdout, "{text}") {
        // The reader of a pipe may stop early.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => {
            if std::io::stdout().is_terminal() {
                eprintln!("--out FILE でファイルに書けます / --out FILE writes a file");
            }
            Ok(other?)
        }
    }
}
