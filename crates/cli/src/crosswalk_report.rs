//! `sakimori report crosswalk`: the 対照表 without a browser.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Args;
use sakimori_app::crosswalk::{self as app, Coverage, Direction, RowFilter};
use sakimori_app::{Actor, App};
use sakimori_report::{FontSearch, Press};
use sakimori_store::crosswalk::{self as store, Crosswalk};
use sakimori_store::registry::{self, Organisation};
use serde_json::json;

use crate::common::{DataArgs, open_app};
use crate::report::{Language, OutFormat, pretty, refuse_missing_data, told};

#[derive(Args)]
pub struct CrosswalkArgs {
    /// File to write; its ending says what: .pdf, .xlsx or .json.
    #[arg(long)]
    out: PathBuf,
    #[command(flatten)]
    data: DataArgs,
    /// Id of the organisation; not needed when there is only one with crosswalks.
    #[arg(long)]
    organisation: Option<String>,
    /// Edition whose items are listed; not needed when there is only one crosswalk.
    #[arg(long)]
    from: Option<String>,
    /// Edition that they are compared with.
    #[arg(long)]
    to: Option<String>,
    /// Language of the printed words.
    #[arg(long, value_enum, default_value_t = Language::Ja)]
    language: Language,
}

/// Writes the table and says in one line what it found: exit status 1 when something is not covered.
///
/// # Errors
/// Bad use (exit status 2): no such data, organisation or crosswalk, a file that cannot be written, no font.
pub async fn run(args: CrosswalkArgs) -> Result<ExitCode> {
    let format = OutFormat::of(&args.out)?;
    refuse_missing_data(&args.data)?;
    let opened = open_app(&args.data).await?;
    let (organisation, crosswalk, direction) = choose(&opened, &args).await?;
    let actor = Actor {
        organisation_name: organisation.name.clone(),
        language: args.language.code().to_owned(),
        ..Actor::system(&organisation.id)
    };
    let english = args.language.code() == "en";
    let coverage = app::coverage(&opened, &actor, &crosswalk.id, direction).await?;
    let mut table = app::table(&opened, &actor, &coverage, &RowFilter::default()).await?;
    let what = json!({ "format": args.out.extension().and_then(|ending| ending.to_str()) });
    table.head.checkpoint =
        sakimori_app::trail::take_along(&opened, &actor, "report.print", ("crosswalk", &crosswalk.id), &what).await?;
    let bytes = match format {
        OutFormat::Pdf => table.pdf(&Press::here(FontSearch::from_environment())).map_err(|error| told(&error))?,
        OutFormat::Xlsx => table.xlsx().map_err(|error| told(&error))?,
        OutFormat::Json => pretty(&app::as_json(&coverage, &table.head.checkpoint, english))?,
    };
    std::fs::write(&args.out, bytes)
        .with_context(|| format!("{} に書き込めません / cannot be written", args.out.display()))?;
    opened.store().close().await;
    println!("{}", summary(&coverage, &args.out, english));
    let p = coverage.progress;
    Ok(if p.not + p.partly + p.unjudged == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn summary(coverage: &Coverage, out: &Path, english: bool) -> String {
    let (p, out) = (coverage.progress, out.display());
    if english {
        format!("covered {}, partly {}, not {}, not judged {}: {out}", p.covered, p.partly, p.not, p.unjudged)
    } else {
        format!("カバー {}件、一部 {}件、なし {}件、未判定 {}件: {out}", p.covered, p.partly, p.not, p.unjudged)
    }
}

/// The crosswalk that was named, or the only one that can be meant, and how it is to be read.
async fn choose(app: &App, args: &CrosswalkArgs) -> Result<(Organisation, Crosswalk, Direction)> {
    let mut c = app.read().await?;
    let mut found = Vec::new();
    for organisation in registry::organisations(&mut c).await? {
        if args.organisation.as_ref().is_some_and(|id| *id != organisation.id) {
            continue;
        }
        for crosswalk in store::crosswalks(&mut c, &organisation.id).await? {
            let fits = |from: &str, to: &str| {
                args.from.as_deref().is_none_or(|id| id == from) && args.to.as_deref().is_none_or(|id| id == to)
            };
            if fits(&crosswalk.source_edition, &crosswalk.target_edition) {
                found.push((organisation.clone(), crosswalk, Direction::Forward));
            } else if fits(&crosswalk.target_edition, &crosswalk.source_edition) {
                found.push((organisation.clone(), crosswalk, Direction::Reverse));
            }
        }
    }
    if found.len() > 1 {
        let lines: Vec<String> = found
            .iter()
            .map(|(o, x, _)| format!("  --organisation {} --from {} --to {}", o.id, x.source_edition, x.target_edition))
            .collect();
        bail!("どの照合かを選んでください / choose one of these:\n{}", lines.join("\n"));
    }
    let Some(only) = found.pop() else {
        bail!(
            "該当する照合がありません。画面の「照合」で始めてください / there is no such crosswalk; start one on the page 照合"
        );
    };
    Ok(only)
}
