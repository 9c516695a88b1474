//! `oscal import` and `oscal export`: between files and an installation.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow, bail};
use clap::{Args, ValueEnum};
use sakimori_app::{Actor, App, trail};
use sakimori_domain::trail_mark::TrailMark;
use sakimori_interop::oscal::convert::{
    MappedSet, MappedSide, from_mapping_collection, numbers, put_mark, to_csv, to_mapping_collection, to_oscal,
    to_profile,
};
use sakimori_interop::oscal::model::{CatalogDocument, MappingCollection, MappingDocument, ProfileDocument};
use sakimori_interop::oscal::resolve::{Folder, ResolveError};
use sakimori_interop::oscal::{Document, Kind, ReadError, to_json};
use sakimori_store::registry::{self, Organisation};
use serde_json::{Value, json};

use super::check::AnswerFormat;
use super::root_of;
use crate::common::{DataArgs, machine_clock, open_app, told};
use crate::ingest::{self, IngestArgs, bytes_of};

#[derive(Args)]
pub struct ImportArgs {
    /// Catalogue or mapping collection (JSON), or a library in CISO Assistant's layout (YAML, Excel).
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Installation to store into: its data folder, or postgres://…
    #[arg(long, value_name = "DIR|URL")]
    into: Option<String>,
    /// Edition to read a catalogue into, or the id of a new edition; for mappings the source.
    #[arg(long, value_name = "ID")]
    edition: Option<String>,
    /// The target edition of mappings; where the document does not say it.
    #[arg(long, value_name = "ID")]
    to: Option<String>,
    /// Organisation whose crosswalk takes mappings; may be left out when there is only one.
    #[arg(long, value_name = "ID")]
    organisation: Option<String>,
    /// Store nothing; say what would happen.
    #[arg(long)]
    dry_run: bool,
    /// Replace loaded texts that differ.
    #[arg(long)]
    replace: bool,
    /// Folder under which the catalogues of a mapping collection may be read [default: the file's own].
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
    /// How the answer is printed.
    #[arg(long, value_enum, default_value = "text")]
    format: AnswerFormat,
}

#[derive(Args)]
pub struct ExportArgs {
    /// What is written.
    #[arg(value_enum, value_name = "KIND")]
    kind: ExportKind,
    /// Edition; for a mapping the source.
    #[arg(long, value_name = "ID")]
    edition: Option<String>,
    /// The target edition of a mapping. Without both, every crosswalk of the organisation.
    #[arg(long, value_name = "ID")]
    to: Option<String>,
    /// Organisation of a profile or mapping; may be left out when only one can be meant.
    #[arg(long, value_name = "ID")]
    organisation: Option<String>,
    /// Where the catalogue file is, as a profile refers to it [default: EDITION.json beside it].
    #[arg(long, value_name = "HREF")]
    catalogue: Option<String>,
    /// Where the document is written; a mapping as a table where the name ends with .csv.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    data: DataArgs,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ExportKind {
    /// An edition as a catalogue.
    Catalog,
    /// What of an edition holds for an organisation.
    Profile,
    /// Confirmed mappings between editions.
    Mapping,
}

/// Takes a document in.
///
/// # Errors
/// A document that cannot be taken: then nothing is stored.
pub async fn import(args: ImportArgs) -> Result<ExitCode> {
    let name = args.file.display().to_string();
    let bytes = bytes_of(&args.file)?;
    let program = std::env::current_exe().context("the program's own path is not known")?;
    let library = sakimori_app::ingest::library(&program, &name, &bytes).await;
    let library = library.map_err(|error| anyhow!("{name}: {}", told(error)))?;
    if let Some(library) = library {
        if !library.frameworks.is_empty() {
            return catalogue(args).await;
        }
        return mapping(&args, &name, &library.mappings).await;
    }
    let unreadable = |error: ReadError| {
        anyhow!(
            "{name}: OSCAL の文書として読めません（{error}）。sakimori oscal validate で場所を確かめてください / this cannot be read as OSCAL: {error}; `sakimori oscal validate` tells the place"
        )
    };
    match Document::kind_of(&bytes).map_err(unreadable)? {
        Kind::Catalog => {
            drop(bytes);
            catalogue(args).await
        }
        Kind::Profile => bail!(
            "{name}: プロファイルは取り込めません。sakimori oscal resolve で展開したカタログを取り込んでください / a profile is not imported: resolve it with `sakimori oscal resolve` and import the catalogue"
        ),
        Kind::MappingCollection => match Document::read(&bytes).map_err(unreadable)? {
            Document::MappingCollection(collection) => {
                let known = catalogues(&args, &collection)?;
                mapping(&args, &name, &from_mapping_collection(&collection, &known)).await
            }
            other => bail!("{name}: {}", other.kind()),
        },
    }
}

async fn catalogue(args: ImportArgs) -> Result<ExitCode> {
    let format = (args.format == AnswerFormat::Json).then_some(());
    ingest::run(IngestArgs::for_one(args.file, args.into, args.edition, args.dry_run, args.replace, format)).await
}

/// Shows what mappings were read; with `--into` stores them, all or none of each pair of editions.
async fn mapping(args: &ImportArgs, name: &str, sets: &[MappedSet]) -> Result<ExitCode> {
    let problems: usize = sets.iter().map(|set| set.problems.len()).sum();
    match args.format {
        AnswerFormat::Json => println!("{}", serde_json::to_string_pretty(&as_json(sets))?),
        AnswerFormat::Text => {
            for set in sets {
                println!("{name}: {} → {}: 対応/mappings {}", side(&set.from), side(&set.to), set.pairs.len());
                for problem in &set.problems {
                    println!("  {name}#{}: {}: {} / {}", problem.pointer, problem.code, problem.ja, problem.en);
                }
            }
        }
    }
    if let Some(into) = args.into.as_ref().filter(|_| !args.dry_run) {
        store(into, args, name, sets).await?;
    }
    Ok(if problems == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

async fn store(into: &str, args: &ImportArgs, name: &str, sets: &[MappedSet]) -> Result<()> {
    if sets.len() > 1 && (args.edition.is_some() || args.to.is_some()) {
        bail!(
            "{name}: 対応表が二つ以上あるため --edition と --to は使えません / --edition and --to go with one mapping only"
        );
    }
    let app = open_app(&DataArgs::into(into)).await?;
    let actor = actor_of(&organisation(&app, args.organisation.as_deref()).await?);
    for set in sets {
        let from = edition(&app, &actor, args.edition.as_deref().or(named(&set.from))).await?;
        let to = edition(&app, &actor, args.to.as_deref().or(named(&set.to))).await?;
        let done = sakimori_app::oscal::import_pairs(&app, &actor, (&from, &to), set).await;
        let done = done.map_err(|error| anyhow!("{name}: {}", told(error)))?;
        eprintln!(
            "{name}: {from} → {to}: 追加/created {}, 変更/changed {}, 変更なし/unchanged {}",
            done.created, done.changed, done.unchanged
        );
    }
    app.store().close().await;
    Ok(())
}

fn named(side: &MappedSide) -> Option<&str> {
    (!side.edition.is_empty()).then_some(side.edition.as_str())
}

fn side(side: &MappedSide) -> &str {
    if side.edition.is_empty() { &side.href } else { &side.edition }
}

fn as_json(sets: &[MappedSet]) -> Value {
    let sets = sets.iter().map(|set| {
        let pairs = set.pairs.iter().map(|pair| {
            json!({"source": pair.source, "target": pair.target, "relation": pair.relation.code(), "status": pair.status,
                   "rationale": pair.rationale, "by": pair.person, "at": pair.at})
        });
        let problems = set.problems.iter().map(|p| {
            json!({"pointer": p.pointer, "code": p.code, "message": p.en, "message-ja": p.ja})
        });
        json!({"from": side(&set.from), "to": side(&set.to), "mappings": pairs.collect::<Vec<_>>(),
               "problems": problems.collect::<Vec<_>>()})
    });
    Value::from(sets.collect::<Vec<_>>())
}

/// The numbers of the catalogues that the collection refers to, as far as they are at hand.
fn catalogues(args: &ImportArgs, collection: &MappingCollection) -> Result<BTreeMap<String, BTreeMap<String, String>>> {
    let root = root_of(&args.file, args.root.as_ref());
    let folder = Folder::new(&root).with_context(|| format!("{} を読めません / cannot be read", root.display()))?;
    let path = args.file.canonicalize()?;
    let mut known = BTreeMap::new();
    for set in from_mapping_collection(collection, &BTreeMap::new()) {
        for href in [set.from.href, set.to.href] {
            if known.contains_key(&href) {
                continue;
            }
            let read = || -> Result<Option<BTreeMap<String, String>>, ResolveError> {
                let bytes = folder.read(&folder.locate(&path, &href)?)?;
                Ok(match Document::read(&bytes) {
                    Ok(Document::Catalog(catalog)) => Some(numbers(&catalog)),
                    _ => None,
                })
            };
            // A catalogue that is not at hand leaves the ids as they are.
            if let Ok(Some(found)) = read() {
                known.insert(href, found);
            }
        }
    }
    Ok(known)
}

/// Writes a document.
///
/// # Errors
/// Nothing, or more than one thing, that can be meant; a place that cannot be written.
pub async fn export(args: ExportArgs) -> Result<ExitCode> {
    let app = open_app(&args.data).await?;
    let now = machine_clock().to_string();
    let (text, what) = match args.kind {
        ExportKind::Catalog => catalog(&app, &args, &now).await?,
        ExportKind::Profile => profile(&app, &args, &now).await?,
        ExportKind::Mapping => crosswalk(&app, &args, &now).await?,
    };
    app.store().close().await;
    std::fs::write(&args.out, text).with_context(|| {
        format!("{} に書けません。場所と権限を確かめてください / cannot be written", args.out.display())
    })?;
    println!("{}: {what}", args.out.display());
    Ok(ExitCode::SUCCESS)
}

async fn catalog(app: &App, args: &ExportArgs, now: &str) -> Result<(String, String)> {
    // An organisation's own documents are exported in its name.
    let actor = match &args.organisation {
        Some(id) => actor_of(&organisation(app, Some(id)).await?),
        None => Actor::system(""),
    };
    let edition = edition(app, &actor, args.edition.as_deref()).await?;
    let catalogue = sakimori_app::oscal::catalogue(app, &actor, &edition).await.map_err(told)?;
    let mut catalog = to_oscal(&catalogue, now);
    put_mark(&mut catalog.metadata, &taken_along(app, &actor, ("edition", &edition), "catalog").await?);
    let what = format!("{edition}: 項目/items {}", catalogue.provisions.len());
    Ok((to_json(&CatalogDocument { catalog }), what))
}

async fn profile(app: &App, args: &ExportArgs, now: &str) -> Result<(String, String)> {
    let organisation = organisation(app, args.organisation.as_deref()).await?;
    let actor = actor_of(&organisation);
    let edition = edition(app, &actor, args.edition.as_deref()).await?;
    let href = args.catalogue.clone().unwrap_or_else(|| format!("{edition}.json"));
    let set = sakimori_app::oscal::tailoring(app, &actor, &edition, &href).await.map_err(told)?;
    let bound = set.items.iter().filter(|item| item.binds).count();
    let what = format!("{edition}, {}: 適用/applicable {bound}/{}", organisation.id, set.items.len());
    let mut profile = to_profile(&set, now);
    put_mark(&mut profile.metadata, &taken_along(app, &actor, ("edition", &edition), "profile").await?);
    Ok((to_json(&ProfileDocument { profile }), what))
}

async fn crosswalk(app: &App, args: &ExportArgs, now: &str) -> Result<(String, String)> {
    let organisation = organisation(app, args.organisation.as_deref()).await?;
    let between = match (args.edition.as_deref(), args.to.as_deref()) {
        (Some(from), Some(to)) => Some((from, to)),
        (None, None) => None,
        _ => bail!(
            "対応表には --edition（元）と --to（先）の両方を指定するか、どちらも省いてください / give both --edition and --to, or neither"
        ),
    };
    let actor = actor_of(&organisation);
    let sets = sakimori_app::oscal::crosswalks(app, &actor, between, |edition| format!("{edition}.json")).await;
    let sets = sets.map_err(told)?;
    let pairs: usize = sets.iter().map(|set| set.pairs.len()).sum();
    if sets.iter().all(|set| set.pairs.iter().all(|pair| pair.target.is_empty())) {
        bail!(
            "確定した対応がまだありません。照合の画面で確定してから書き出してください / there is no confirmed mapping yet; confirm some on the crosswalk page first"
        );
    }
    let what = format!("{}: 対応/mappings {pairs}", organisation.id);
    if args.out.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv")) {
        let bytes = to_csv(&sets)?;
        let name = args.out.file_name().map_or(String::new(), |name| name.to_string_lossy().into_owned());
        let subject = ("crosswalk", "");
        trail::take_bytes_along(app, &actor, "crosswalk.export", subject, &name, &bytes).await.map_err(told)?;
        return Ok((String::from_utf8(bytes)?, what));
    }
    let title = format!("照合 {}", organisation.name);
    let mut mapping_collection = to_mapping_collection(&title, &sets, now);
    put_mark(&mut mapping_collection.metadata, &taken_along(app, &actor, ("crosswalk", ""), "mapping").await?);
    Ok((to_json(&MappingDocument { mapping_collection }), what))
}

/// The checkpoint over the event that says that a document was written.
async fn taken_along(app: &App, actor: &Actor, subject: (&str, &str), kind: &str) -> Result<TrailMark> {
    let what = json!({ "format": "oscal", "kind": kind });
    trail::take_along(app, actor, "oscal.export", subject, &what).await.map_err(told)
}

fn actor_of(organisation: &Organisation) -> Actor {
    Actor { organisation_name: organisation.name.clone(), ..Actor::system(&organisation.id) }
}

/// The organisation named, or the only one.
async fn organisation(app: &App, id: Option<&str>) -> Result<Organisation> {
    let all = registry::organisations(&mut app.read().await?).await?;
    let list =
        |all: &[Organisation]| all.iter().map(|o| format!("  {}  {}", o.id, o.name)).collect::<Vec<_>>().join("\n");
    match id {
        Some(id) => all.iter().find(|o| o.id == id).cloned().ok_or_else(|| {
            anyhow!("--organisation {id}: そのような組織はありません。次から選んでください / no such organisation; choose one of:\n{}", list(&all))
        }),
        None => match all.as_slice() {
            [only] => Ok(only.clone()),
            [] => bail!("組織がまだありません / there is no organisation yet"),
            many => bail!("--organisation で組織を選んでください / choose one with --organisation:\n{}", list(many)),
        },
    }
}

/// The Edition named; a list to choose from otherwise.
async fn edition(app: &App, actor: &Actor, id: Option<&str>) -> Result<String> {
    let all = sakimori_app::standards::list(app, actor).await.map_err(told)?;
    let list = || all.iter().map(|e| format!("  {}  {}", e.id, e.edition.short)).collect::<Vec<_>>().join("\n");
    match id {
        Some(id) => {
            let found = all.iter().find(|entry| entry.id == id || entry.edition.id == id).map(|entry| entry.id.clone());
            found.ok_or_else(|| {
                anyhow!("--edition {id}: そのような版はありません。次から選んでください / no such edition; choose one of:\n{}", list())
            })
        }
        None => bail!("--edition で版を選んでください / choose one with --edition:\n{}", list()),
    }
}
