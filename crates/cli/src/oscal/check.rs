//! `oscal validate` and `oscal resolve`: files only, no installation needed.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow, bail};
use clap::{Args, ValueEnum};
use sakimori_interop::oscal::model::CatalogDocument;
use sakimori_interop::oscal::resolve::{Folder, Reading, ResolveError, Resolved, Settings};
use sakimori_interop::oscal::{self, Fault, Severity, Validation};
use serde_json::{Value, json};

use super::root_of;
use crate::common::machine_clock;
use crate::ingest::bytes_of;

#[derive(Args)]
pub struct ValidateArgs {
    /// Catalogue, profile or mapping collection (JSON).
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Folder under which the files it refers to may be read [default: the file's own].
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
    /// How the answer is printed.
    #[arg(long, value_enum, default_value = "text")]
    format: AnswerFormat,
}

#[derive(Args)]
pub struct ResolveArgs {
    /// Profile (JSON).
    #[arg(value_name = "PROFILE")]
    profile: PathBuf,
    /// Where the catalogue is written; `-` is standard output.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Folder under which imports may be read [default: the profile's own].
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
    /// Where NIST's published results and the wording of the specification differ: follow which?
    #[arg(long, value_enum, default_value = "published")]
    reading: ReadingArg,
    /// How the summary is printed.
    #[arg(long, value_enum, default_value = "text")]
    format: AnswerFormat,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AnswerFormat {
    Text,
    Json,
}

#[derive(Clone, Copy, ValueEnum)]
enum ReadingArg {
    /// As NIST's published test results have it.
    Published,
    /// As the wording has it: nothing is left out.
    Text,
}

/// Checks a file.
///
/// # Errors
/// A file that cannot be read or is no OSCAL document.
pub fn validate(args: &ValidateArgs) -> Result<ExitCode> {
    let name = args.file.display().to_string();
    let bytes = bytes_of(&args.file)?;
    let folder = folder(&args.file, args.root.as_ref())?;
    let path = args.file.canonicalize().with_context(|| cannot_read(&name))?;
    let answer = oscal::validate(&bytes, Some((&folder, &path))).map_err(|error| {
        anyhow!(
            "{name}: OSCAL の文書として読めません（{error}）。OSCAL 1.x のカタログ・プロファイル・対応表を JSON で指定してください / this cannot be read as OSCAL: {error}; give a catalogue, profile or mapping collection in JSON"
        )
    })?;
    match args.format {
        AnswerFormat::Json => println!("{}", serde_json::to_string_pretty(&as_json(&name, &answer))?),
        AnswerFormat::Text => print!("{}", as_text(&name, &answer)),
    }
    Ok(if answer.is_valid() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn as_text(name: &str, answer: &Validation) -> String {
    let mut out = String::new();
    for fault in &answer.faults {
        let word = match fault.severity {
            Severity::Error => "誤り/error",
            Severity::Warning => "注意/warning",
        };
        let (ja, en) = fault.next();
        let Fault { pointer, code, .. } = fault;
        out.push_str(&format!("{name}#{pointer}: {word} {code}: {}{ja} / {} {en}\n", fault.ja, fault.en));
    }
    let count = |severity| answer.faults.iter().filter(|fault| fault.severity == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    let (ja, en) =
        if answer.is_valid() { ("妥当です", "valid") } else { ("妥当ではありません", "not valid") };
    let more = if answer.faults.len() >= oscal::FAULTS_MAX { " …" } else { "" };
    let schema = oscal::schema::SCHEMA_VERSION;
    out.push_str(&format!(
        "{name}: {}（{}）: {ja} / {en}（誤り/errors {errors}, 注意/warnings {warnings}{more}; schema {schema}）\n",
        answer.kind.ja(),
        answer.kind,
    ));
    out
}

fn as_json(name: &str, answer: &Validation) -> Value {
    let faults = answer.faults.iter().map(|fault| {
        let (next_ja, next) = fault.next();
        json!({"severity": fault.severity.code(), "pointer": fault.pointer, "code": fault.code, "message": fault.en,
               "message-ja": fault.ja, "next": next, "next-ja": next_ja})
    });
    json!({"file": name, "kind": answer.kind.member(), "schema": oscal::schema::SCHEMA_VERSION,
           "valid": answer.is_valid(), "faults": faults.collect::<Vec<_>>()})
}

/// Resolves a profile.
///
/// # Errors
/// A profile or an import that cannot be taken; then nothing is written.
pub fn resolve(args: &ResolveArgs) -> Result<ExitCode> {
    let folder = folder(&args.profile, args.root.as_ref())?;
    let settings = Settings {
        now: machine_clock().to_string(),
        reading: match args.reading {
            ReadingArg::Published => Reading::Published,
            ReadingArg::Text => Reading::Text,
        },
    };
    let resolved = oscal::resolve::resolve(&folder, &args.profile, &settings).map_err(|error| told(&error))?;
    for warning in &resolved.warnings {
        eprintln!("{warning}");
    }
    let text = oscal::to_json(&CatalogDocument { catalog: resolved.catalog.clone() });
    if args.out == Path::new("-") {
        print!("{text}");
        return Ok(ExitCode::SUCCESS);
    }
    let source = std::fs::canonicalize(&args.profile).ok();
    if source.is_some() && source == std::fs::canonicalize(&args.out).ok() {
        bail!(
            "--out がプロファイル自身を指しています。別の名前にしてください / --out is the profile itself; name another file"
        );
    }
    std::fs::write(&args.out, text).with_context(|| {
        format!("{} に書けません。場所と権限を確かめてください / cannot be written", args.out.display())
    })?;
    print!("{}", summary(args, &resolved)?);
    Ok(ExitCode::SUCCESS)
}

fn summary(args: &ResolveArgs, resolved: &Resolved) -> Result<String> {
    let (controls, groups) = counts(&resolved.catalog);
    let out = args.out.display();
    Ok(match args.format {
        AnswerFormat::Json => {
            let warnings: Vec<Value> = resolved
                .warnings
                .iter()
                .map(|w| json!({"file": w.file, "code": w.code, "message": w.en, "message-ja": w.ja}))
                .collect();
            let answer = json!({"out": out.to_string(), "uuid": resolved.catalog.uuid, "controls": controls,
                                "groups": groups, "warnings": warnings});
            format!("{}\n", serde_json::to_string_pretty(&answer)?)
        }
        AnswerFormat::Text => format!(
            "{out}: 管理策/controls {controls}, グループ/groups {groups}, 注意/warnings {}\n",
            resolved.warnings.len()
        ),
    })
}

fn counts(catalog: &oscal::model::Catalog) -> (usize, usize) {
    fn controls(list: &[oscal::model::Control]) -> usize {
        list.iter().map(|control| 1 + controls(&control.controls)).sum()
    }
    fn groups(list: &[oscal::model::Group]) -> (usize, usize) {
        list.iter().fold((0, 0), |(c, g), group| {
            let (inner_c, inner_g) = groups(&group.groups);
            (c + controls(&group.controls) + inner_c, g + 1 + inner_g)
        })
    }
    let (inside, groups) = groups(&catalog.groups);
    (inside + controls(&catalog.controls), groups)
}

fn folder(file: &Path, root: Option<&PathBuf>) -> Result<Folder> {
    let root = root_of(file, root);
    Folder::new(&root).with_context(|| cannot_read(&root.display().to_string()))
}

fn cannot_read(name: &str) -> String {
    format!("{name} を読めません。パスと権限を確かめてください / {name} cannot be read; check the path and permissions")
}

/// A refusal as the one message of the command line.
pub fn told(error: &ResolveError) -> anyhow::Error {
    let (ja, en) = error.next();
    anyhow!("{}{ja} / {error}. {en}", error.ja())
}
