//! `sakimori crosswalk`: two standards lined up, without a browser.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow, bail};
use clap::{Args, Subcommand, ValueEnum};
use sakimori_app::App;
use sakimori_domain::crosswalk::suggest::{Candidate, Judged, Suggester, Synonyms};
use sakimori_domain::crosswalk::{Cover, Link, MappingStatus, coverage};
use sakimori_domain::standards::Provision;
use sakimori_interop::{simple, synonyms};
use sakimori_store::crosswalk::{self as store, Mapping};
use sakimori_store::{Connection, StoreConfig, edition, registry};
use serde_json::{Value, json};

use crate::common::{DataArgs, open_app};

/// Largest catalogue file, in bytes.
const FILE_MAX: u64 = 64 << 20;
/// Most candidates of one item.
const TOP_MAX: u64 = 100;
/// Letters of an item that stands in a list for people.
const SHOWN: usize = 40;

#[derive(Args)]
pub struct CrosswalkArgs {
    #[command(subcommand)]
    command: CrosswalkCommand,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

#[derive(Subcommand)]
enum CrosswalkCommand {
    /// For every item of one standard the items of another that probably ask the same, best first.
    #[command(
        after_help = "例: sakimori crosswalk suggest telecom-safety-review nisc-measures-3 --top 10\n    sakimori crosswalk suggest 000.json 001.json --format json\n\nカタログファイルは sakimori ingest 文書 --out 000.json で作れます / catalogue files come from sakimori ingest --out"
    )]
    Suggest(SuggestArgs),
    /// What of one standard another one asks too, by the confirmed mappings. Exit status 1 when something is left open.
    #[command(
        after_help = "例: sakimori crosswalk coverage nisc-measures-3 telecom-safety-review --organisation soumu\n    sakimori crosswalk coverage nisc-measures-3 jt-x1051-2018 --format json"
    )]
    Coverage(CoverageArgs),
}

#[derive(Args)]
struct SuggestArgs {
    /// Standard whose items are looked up: an edition id of the installation, or a catalogue file (simple JSON).
    from: String,
    /// Standard in which they are looked up.
    to: String,
    /// Most candidates of one item.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=TOP_MAX))]
    top: u64,
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Organisation whose texts, synonyms and judgements count.
    #[arg(long)]
    organisation: Option<String>,
    /// Table of further synonyms: TOML with [[group]] and words = ["…", "…"].
    #[arg(long, value_name = "FILE")]
    synonyms: Option<PathBuf>,
    #[command(flatten)]
    data: DataArgs,
}

#[derive(Args)]
struct CoverageArgs {
    /// Edition id of the standard that is to be covered.
    from: String,
    /// Edition id of the standard that may cover it.
    to: String,
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Id of the organisation that judged; not needed when only one has lined these two up.
    #[arg(long)]
    organisation: Option<String>,
    #[command(flatten)]
    data: DataArgs,
}

/// Runs a `crosswalk` command.
///
/// # Errors
/// Bad use: a standard that is not there, a file that is no catalogue, no such organisation.
pub async fn run(args: CrosswalkArgs) -> Result<ExitCode> {
    match args.command {
        CrosswalkCommand::Suggest(args) => suggest(args).await,
        CrosswalkCommand::Coverage(args) => cover(args).await,
    }
}

async fn suggest(args: SuggestArgs) -> Result<ExitCode> {
    let mut groups = synonyms::built_in();
    if let Some(path) = &args.synonyms {
        let text = read_text(path)?;
        groups.extend(synonyms::parse(&text).map_err(|error| anyhow!("{}: {error}", path.display()))?);
    }
    let files = [Path::new(&args.from), Path::new(&args.to)].map(Path::is_file);
    let organisation = args.organisation.as_deref().unwrap_or_default();
    let mut judged = Vec::new();
    let (source, target) = if files == [true, true] && organisation.is_empty() {
        (catalogue(&args.from)?, catalogue(&args.to)?)
    } else {
        let app = open(&args.data, &args.from, &args.to).await?;
        let mut c = app.read().await?;
        if !organisation.is_empty() && registry::organisation_by_id(&mut c, organisation).await?.is_none() {
            bail!("--organisation {organisation}: そのような組織はありません / there is no such organisation");
        }
        let source = side(&mut c, organisation, &args.from).await?;
        let target = side(&mut c, organisation, &args.to).await?;
        groups.extend(store::synonym_groups(&mut c, organisation).await?.into_iter().map(|group| group.words));
        judged = between(&mut c, organisation, &args.from, &args.to).await?.unwrap_or_default();
        drop(c);
        app.store().close().await;
        (source, target)
    };
    let pairs: Vec<Judged<'_>> = judged.iter().filter_map(told).collect();
    let suggester = Suggester::new(&source, &target, &Synonyms::from_groups(groups), &pairs);
    let found = suggester.all(usize::try_from(args.top)?);
    if args.format == Format::Json {
        println!("{}", suggestions_json(&args.from, &args.to, &found));
    } else {
        print!("{}", suggestions_text(&source, &found));
    }
    Ok(ExitCode::SUCCESS)
}

/// A judged Mapping as the suggestions learn from it; "no counterpart at all" says nothing about a target.
fn told(mapping: &Mapping) -> Option<Judged<'_>> {
    let confirmed = match mapping.status {
        MappingStatus::Confirmed => mapping.relation != sakimori_domain::crosswalk::Relation::None,
        MappingStatus::Rejected => false,
        MappingStatus::Suggested => return None,
    };
    let pair = Judged { source: &mapping.source_number, target: &mapping.target_number, confirmed };
    (!mapping.target_number.is_empty()).then_some(pair)
}

/// The installation's data. Opening would make a new, empty installation where somebody mistyped a folder.
async fn open(data: &DataArgs, from: &str, to: &str) -> Result<std::sync::Arc<App>> {
    if let StoreConfig::Folder(folder) = data.store_config()?
        && !folder.join("sakimori.db").exists()
    {
        bail!(
            "{from}、{to}: カタログファイルがなく、{} にデータもありません。ファイル名を確かめるか、--data で場所を指定してください / no such catalogue files, and {} holds no data; check the names or name the folder with --data",
            folder.display(),
            folder.display()
        );
    }
    open_app(data).await
}

/// One standard: a catalogue file, or an Edition of the installation.
async fn side(c: &mut Connection, organisation: &str, named: &str) -> Result<Vec<Provision>> {
    if Path::new(named).is_file() {
        return catalogue(named);
    }
    stored(c, organisation, named).await
}

/// The Provisions of an Edition; our own question and explanation stand in for a text that is not loaded.
async fn stored(c: &mut Connection, organisation: &str, id: &str) -> Result<Vec<Provision>> {
    if edition::edition(c, organisation, id).await?.is_none() {
        let all = edition::editions(c, organisation).await?;
        let ids: Vec<String> = all.iter().map(|e| format!("  {}  {}", e.id, e.edition.title)).collect();
        bail!(
            "{id}: そのような版もファイルもありません。版は次のとおりです / there is no such edition or file; the editions are:\n{}",
            ids.join("\n")
        );
    }
    let entries = edition::provisions(c, organisation, id).await?;
    let compared = entries.into_iter().map(|entry| {
        let mut provision = entry.provision;
        if !entry.has_text {
            provision.text = format!("{}\n{}", entry.guide.question, entry.guide.explanation).trim().to_owned();
        }
        provision
    });
    Ok(compared.collect())
}

fn read_text(path: &Path) -> Result<String> {
    let name = path.display();
    let file = std::fs::File::open(path).with_context(|| format!("{name} を開けません / {name} cannot be opened"))?;
    let mut text = String::new();
    let read = file.take(FILE_MAX + 1).read_to_string(&mut text);
    read.with_context(|| format!("{name} を UTF-8 のテキストとして読めません / {name} cannot be read as UTF-8 text"))?;
    if text.len() as u64 > FILE_MAX {
        bail!("{name}: 大きすぎます（上限 64 MiB） / {name} is larger than 64 MiB");
    }
    Ok(text)
}

fn catalogue(named: &str) -> Result<Vec<Provision>> {
    let text = read_text(Path::new(named))?;
    let catalogue = simple::from_simple_json(&text).map_err(|error| anyhow!("{named}: {error}"))?;
    Ok(catalogue.provisions)
}

/// The Mappings between two Editions, read from the first; `None` when nobody has lined them up.
async fn between(c: &mut Connection, organisation: &str, from: &str, to: &str) -> Result<Option<Vec<Mapping>>> {
    if let Some(found) = store::crosswalk_between(c, organisation, from, to).await? {
        return Ok(Some(store::mappings(c, organisation, &found.id).await?));
    }
    let Some(found) = store::crosswalk_between(c, organisation, to, from).await? else { return Ok(None) };
    let turned = store::mappings(c, organisation, &found.id).await?.into_iter().map(|mut mapping| {
        std::mem::swap(&mut mapping.source_number, &mut mapping.target_number);
        mapping.relation = mapping.relation.reversed();
        mapping
    });
    Ok(Some(turned.filter(|mapping| !mapping.source_number.is_empty()).collect()))
}

fn suggestions_json(from: &str, to: &str, found: &[(String, Vec<Candidate>)]) -> Value {
    let target = |candidate: &Candidate| {
        let score = (candidate.score * 1_000.0).round() / 1_000.0;
        let mut told = json!({ "id": candidate.id, "score": score, "because": candidate.because });
        if let Some(item) = &candidate.item {
            told["item"] = json!(item);
        }
        told
    };
    let suggestions = found.iter().map(|(source, candidates)| {
        json!({ "source": source, "targets": candidates.iter().map(target).collect::<Vec<_>>() })
    });
    json!({ "from": from, "to": to, "suggestions": suggestions.collect::<Vec<_>>() })
}

fn suggestions_text(source: &[Provision], found: &[(String, Vec<Candidate>)]) -> String {
    let names: HashMap<&str, String> =
        source.iter().map(|provision| (provision.id.as_str(), name(provision))).collect();
    let mut told = String::new();
    for (number, candidates) in found {
        told += &format!("{number}  {}\n", names.get(number.as_str()).map_or("", String::as_str));
        for (at, candidate) in candidates.iter().enumerate() {
            let item = candidate.item.as_ref().map(|item| format!("  「{item}」")).unwrap_or_default();
            let because = candidate.because.join("・");
            told += &format!("  {:>2}. {:.2}  {}  [{because}]{item}\n", at + 1, candidate.score, candidate.id);
        }
        if candidates.is_empty() {
            told += "      候補なし / no candidate\n";
        }
    }
    told
}

/// The title, or where there is none the beginning of the text.
fn name(provision: &Provision) -> String {
    let told = if provision.title.is_empty() { &provision.text } else { &provision.title };
    told.lines().next().unwrap_or_default().chars().take(SHOWN).collect()
}

async fn cover(args: CoverageArgs) -> Result<ExitCode> {
    let app = open(&args.data, &args.from, &args.to).await?;
    let mut c = app.read().await?;
    let (organisation, mappings) = judged_by(&mut c, &args).await?;
    stored(&mut c, &organisation, &args.to).await?;
    let provisions = stored(&mut c, &organisation, &args.from).await?;
    drop(c);
    app.store().close().await;
    let links: Vec<Link<'_>> = mappings.iter().filter_map(Mapping::confirmed).collect();
    let tree: Vec<(&str, &str)> =
        provisions.iter().map(|p| (p.id.as_str(), p.parent.as_deref().unwrap_or_default())).collect();
    let covers = coverage(&tree, &links);
    let items = judged_items(&provisions);
    let mut counts: BTreeMap<Cover, usize> = Cover::ALL.iter().map(|cover| (*cover, 0)).collect();
    items.iter().for_each(|at| *counts.entry(covers[*at]).or_default() += 1);
    let open = items.len() - counts[&Cover::Covered];
    if args.format == Format::Json {
        let told = items.iter().map(|at| {
            let number = provisions[*at].id.as_str();
            let targets = links.iter().filter(|link| link.source == number && !link.target.is_empty());
            let targets = targets.map(|link| json!({ "id": link.target, "relation": link.relation.code() }));
            json!({ "source": number, "title": name(&provisions[*at]), "cover": covers[*at].code(),
                    "targets": targets.collect::<Vec<_>>() })
        });
        let counts: serde_json::Map<String, Value> =
            counts.iter().map(|(cover, count)| (cover.code().to_owned(), json!(count))).collect();
        let told = json!({ "from": args.from, "to": args.to, "organisation": organisation, "total": items.len(),
                           "counts": counts, "items": told.collect::<Vec<_>>() });
        println!("{told}");
    } else {
        for at in items.iter().filter(|at| covers[**at] != Cover::Covered) {
            println!("{}  {}  {}", covers[*at].ja(), provisions[*at].id, name(&provisions[*at]));
        }
        let sums: Vec<String> = counts.iter().map(|(cover, count)| format!("{} {count}", cover.ja())).collect();
        println!("{} → {}（{} 項目）: {}", args.from, args.to, items.len(), sums.join("、"));
    }
    Ok(if open == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// The organisation that was named, or the only one that has lined the two up, and its Mappings read from the first.
async fn judged_by(c: &mut Connection, args: &CoverageArgs) -> Result<(String, Vec<Mapping>)> {
    let mut found = Vec::new();
    let mut known = false;
    for organisation in registry::organisations(c).await? {
        if args.organisation.as_ref().is_none_or(|id| *id == organisation.id) {
            known = true;
            if let Some(mappings) = between(c, &organisation.id, &args.from, &args.to).await? {
                found.push((organisation, mappings));
            }
        }
    }
    if found.len() > 1 {
        let ids: Vec<String> = found.iter().map(|(o, _)| format!("  {}  {}", o.id, o.name)).collect();
        bail!("--organisation で組織を選んでください / choose one with --organisation:\n{}", ids.join("\n"));
    }
    let Some((organisation, mappings)) = found.pop() else {
        match &args.organisation {
            Some(id) if !known => {
                bail!("--organisation {id}: そのような組織はありません / there is no such organisation")
            }
            _ => bail!(
                "{} と {} の照合がまだありません。先に画面で照合を始めてください / {} and {} have not been lined up yet; start a crosswalk first",
                args.from,
                args.to,
                args.from,
                args.to
            ),
        }
    };
    Ok((organisation.id, mappings))
}

/// Places of what is judged: controls; where there are none, what has nothing below it.
fn judged_items(provisions: &[Provision]) -> Vec<usize> {
    let controls: Vec<usize> = (0..provisions.len()).filter(|at| provisions[*at].is_answerable()).collect();
    if !controls.is_empty() {
        return controls;
    }
    let parents: HashSet<&str> = provisions.iter().filter_map(|p| p.parent.as_deref()).collect();
    (0..provisions.len()).filter(|at| !parents.contains(provisions[*at].id.as_str())).collect()
}
