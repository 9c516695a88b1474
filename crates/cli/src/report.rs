//! `sakimori report`: printed products without a browser.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow, bail};
use clap::{Args, Subcommand, ValueEnum};
use sakimori_app::report as app;
use sakimori_app::{Actor, App};
use sakimori_report::{Counts, FontSearch, GapReport, Lang, Press, ReportError, Status};
use sakimori_store::StoreConfig;
use sakimori_store::assessment::{self, Assessment};
use sakimori_store::registry::{self, Organisation};
use serde_json::{Value, json};

use crate::common::{DataArgs, open_app};

#[derive(Args)]
pub struct ReportArgs {
    #[command(subcommand)]
    kind: Kind,
}

#[derive(Subcommand)]
enum Kind {
    /// Where the organisation falls short: exit status 1 when it does, 0 when it does not.
    #[command(
        after_help = "例: sakimori report gap --out gap.pdf\n    sakimori report gap --out gap.json --organisation minato --assessment minato-2026"
    )]
    Gap(GapArgs),
    /// The comparison table (対照表) of two standards: exit status 1 when something is not covered.
    #[command(
        after_help = "例: sakimori report crosswalk --out taishohyo.pdf\n    sakimori report crosswalk --out taishohyo.json --from nisc-measures-3 --to jt-x1051-2018"
    )]
    Crosswalk(crate::crosswalk_report::CrosswalkArgs),
}

#[derive(Args)]
struct GapArgs {
    /// File to write; its ending says what: .pdf, .xlsx or .json.
    #[arg(long)]
    out: PathBuf,
    #[command(flatten)]
    data: DataArgs,
    /// Id of the organisation; not needed when there is only one with assessments.
    #[arg(long)]
    organisation: Option<String>,
    /// Id of the assessment; the newest of the organisation when left out.
    #[arg(long)]
    assessment: Option<String>,
    /// Handling marking on every page; that of the stored cover, else the organisation's own, when left out.
    #[arg(long)]
    marking: Option<String>,
    /// Language of the printed words.
    #[arg(long, value_enum, default_value_t = Language::Ja)]
    language: Language,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Language {
    Ja,
    En,
}

impl Language {
    /// `ja` or `en`.
    pub const fn code(self) -> &'static str {
        match self {
            Language::Ja => "ja",
            Language::En => "en",
        }
    }
}

#[derive(Clone, Copy)]
pub enum OutFormat {
    Pdf,
    Xlsx,
    Json,
}

impl OutFormat {
    /// By the ending of the file's name.
    ///
    /// # Errors
    /// Another ending.
    pub fn of(path: &Path) -> Result<Self> {
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or("").to_ascii_lowercase();
        match ending.as_str() {
            "pdf" => Ok(Self::Pdf),
            "xlsx" => Ok(Self::Xlsx),
            "json" => Ok(Self::Json),
            _ => bail!(
                "--out {}: ファイル名の末尾を .pdf、.xlsx、.json のいずれかにしてください / end the name in .pdf, .xlsx or .json",
                path.display()
            ),
        }
    }
}

/// Writes the report and says in one line what it found.
///
/// # Errors
/// Bad use (exit status 2): no such data, organisation or assessment, a file that cannot be written, no font.
pub async fn run(args: ReportArgs) -> Result<ExitCode> {
    match args.kind {
        Kind::Gap(args) => gap(args).await,
        Kind::Crosswalk(args) => crate::crosswalk_report::run(args).await,
    }
}

/// Refuses a folder without data: opening would make a new, empty installation where somebody mistyped it.
///
/// # Errors
/// There is no data.
pub fn refuse_missing_data(data: &DataArgs) -> Result<()> {
    if let StoreConfig::Folder(folder) = data.store_config()?
        && !folder.join("sakimori.db").exists()
    {
        bail!(
            "{} にデータがありません。--data で場所を指定してください / holds no data; name the folder with --data",
            folder.display()
        );
    }
    Ok(())
}

async fn gap(args: GapArgs) -> Result<ExitCode> {
    let format = OutFormat::of(&args.out)?;
    refuse_missing_data(&args.data)?;
    let app = open_app(&args.data).await?;
    let (organisation, assessment) = choose(&app, args.organisation.as_deref(), args.assessment.as_deref()).await?;
    let actor = Actor {
        organisation_name: organisation.name.clone(),
        language: args.language.code().to_owned(),
        ..Actor::system(&organisation.id)
    };
    let mut report = app::gap(&app, &actor, &assessment.id, args.marking).await?;
    let what = json!({ "format": args.out.extension().and_then(|ending| ending.to_str()) });
    report.head.checkpoint =
        sakimori_app::trail::take_along(&app, &actor, "report.print", ("assessment", &assessment.id), &what).await?;
    let bytes = match format {
        OutFormat::Pdf => report.pdf(&Press::here(FontSearch::from_environment())).map_err(|error| told(&error))?,
        OutFormat::Xlsx => report.xlsx().map_err(|error| told(&error))?,
        OutFormat::Json => pretty(&as_json(&report, &organisation, &assessment))?,
    };
    std::fs::write(&args.out, bytes)
        .with_context(|| format!("{} に書き込めません / cannot be written", args.out.display()))?;
    app.store().close().await;
    println!("{}", summary(&report, &args.out));
    Ok(if report.gaps.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// A report's fault in both languages.
pub fn told(error: &ReportError) -> anyhow::Error {
    anyhow!("{} / {error}", error.ja())
}

/// What the hidden subcommand does: one job from standard input, its PDF on standard output.
pub fn make_pdf() -> ExitCode {
    match sakimori_report::run_worker(std::io::stdin().lock(), std::io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

/// JSON for people, with a line's end.
///
/// # Errors
/// Never for a JSON value.
pub fn pretty(value: &Value) -> Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec_pretty(value)?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn summary(report: &GapReport, out: &Path) -> String {
    let (gaps, unanswered) = (report.gaps.len(), report.total().unanswered);
    match report.head.lang {
        Lang::Ja => format!("{}（課題 {gaps}件、未回答 {unanswered}件）: {}", report.head.title, out.display()),
        Lang::En => format!("{} ({gaps} gaps, {unanswered} unanswered): {}", report.head.title, out.display()),
    }
}

/// The organisation and the assessment that were named, or the only ones that can be meant.
async fn choose(app: &App, organisation: Option<&str>, assessment: Option<&str>) -> Result<(Organisation, Assessment)> {
    let mut c = app.read().await?;
    let mut candidates = Vec::new();
    for found in registry::organisations(&mut c).await? {
        let assessments = assessment::assessments(&mut c, &found.id).await?;
        if organisation.map_or(!assessments.is_empty(), |id| id == found.id) {
            candidates.push((found, assessments));
        }
    }
    if candidates.len() > 1 {
        let ids: Vec<String> = candidates.iter().map(|(o, _)| format!("  {}  {}", o.id, o.name)).collect();
        bail!("--organisation で組織を選んでください / choose one with --organisation:\n{}", ids.join("\n"));
    }
    let Some((found, assessments)) = candidates.pop() else {
        match organisation {
            Some(id) => bail!("--organisation {id}: そのような組織はありません / there is no such organisation"),
            None => {
                bail!("点検がまだありません。先に点検を作成してください / there is no assessment yet; open one first")
            }
        }
    };
    // Newest first, so that the one of this year is meant when none is named.
    let chosen = assessments.iter().find(|a| assessment.is_none_or(|id| id == a.id)).cloned();
    let Some(chosen) = chosen else {
        let ids: Vec<String> = assessments.iter().map(|a| format!("  {}  {}", a.id, a.title)).collect();
        bail!("--assessment でこの中から選んでください / choose one of these with --assessment:\n{}", ids.join("\n"));
    };
    Ok((found, chosen))
}

fn counts(counts: Counts) -> Value {
    json!({
        "done": counts.met, "partly": counts.partly, "not-done": counts.unmet, "not-applicable": counts.excluded,
        "unanswered": counts.unanswered, "total": counts.total(),
    })
}

/// The codes of the domain, as the rest of the interface has them.
const fn code(status: Status) -> &'static str {
    match status {
        Status::Met => "o",
        Status::Partly => "triangle",
        Status::Unmet => "x",
        Status::Excluded => "na",
        Status::Unanswered => "blank",
    }
}

fn as_json(report: &GapReport, organisation: &Organisation, assessment: &Assessment) -> Value {
    let standards = report.standards.iter().map(|line| {
        json!({ "short": line.short, "title": line.title, "edition": line.edition, "issuer": line.issuer,
                "counts": counts(line.counts), "achieved": line.achieved })
    });
    let chapters = report.chapters.iter().map(|line| {
        json!({ "standard": line.standard, "number": line.number, "title": line.title, "counts": counts(line.counts),
                "achieved": line.achieved, "achieved-last": line.achieved_last })
    });
    let forces = report.forces.iter().map(|line| json!({ "force": line.force, "counts": counts(line.counts) }));
    let gaps = report.gaps.iter().map(|line| {
        json!({ "standard": line.standard, "number": line.number, "title": line.title, "force": line.force,
                "reason": line.force_reason, "status": code(line.status), "maturity": line.maturity,
                "current": line.current, "plan": line.plan, "due": line.deadline.map(|due| due.to_string()),
                "department": line.department })
    });
    let exclusions = report.exclusions.iter().map(|line| {
        json!({ "standard": line.standard, "number": line.number, "title": line.title, "reason": line.reason,
                "department": line.department })
    });
    let unanswered = report.unanswered.iter().map(|line| {
        json!({ "standard": line.standard, "number": line.number, "title": line.title, "force": line.force,
                "department": line.department, "asked-until": line.asked_until.map(|due| due.to_string()) })
    });
    json!({
        "organisation": { "id": organisation.id, "name": organisation.name },
        "assessment": { "id": assessment.id, "title": assessment.title, "fiscal-year": assessment.fiscal_year },
        "report-date": report.head.report_date.to_string(),
        "marking": report.head.marking,
        "approval": report.approval_record.as_ref().map(|kept| json!({
            "state": kept.state, "hash": kept.hash,
            "steps": kept.steps.iter().map(|s| json!({ "step": s.step, "person": s.person, "at": s.at })).collect::<Vec<_>>(),
        })),
        "checkpoint": report.checkpoint,
        "trail-checkpoint": report.head.checkpoint.note,
        "counts": counts(report.total()),
        "standards": standards.collect::<Vec<_>>(),
        "chapters": chapters.collect::<Vec<_>>(),
        "forces": forces.collect::<Vec<_>>(),
        "gaps": gaps.collect::<Vec<_>>(),
        "exclusions": exclusions.collect::<Vec<_>>(),
        "unanswered": unanswered.collect::<Vec<_>>(),
    })
}
