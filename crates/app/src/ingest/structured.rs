//! Documents that say themselves what they are: OSCAL catalogues, and libraries in CISO Assistant's layouts. No grammar is
//! needed.

use std::path::Path;

use sakimori_domain::standards::{Catalogue, Problem};
use sakimori_interop::Fit;
use sakimori_interop::ciso::{self, CisoError, Library};
use sakimori_interop::files::Limits;
use sakimori_interop::oscal::convert::from_oscal;
use sakimori_interop::oscal::{self, Document, Severity};

use super::Recognised;
use crate::sandbox::workbook_in_child;
use crate::{AppError, Refusal, Result};

/// Faults of a document that are listed as problems.
const FAULTS_LISTED: usize = 20;

/// The catalogue in the bytes; `None` for anything that is read line by line.
///
/// # Errors
/// An OSCAL document of another kind, a library without one framework, or either of them broken.
pub(super) async fn recognise(
    program: &Path,
    file_name: &str,
    file_hash: &str,
    bytes: &[u8],
) -> Result<Option<Recognised>> {
    let found = match library(program, file_name, bytes).await? {
        Some(library) => return from_library(file_name, file_hash, library).map(Some),
        None if !looks_like_object(bytes) => return Ok(None),
        None => (file_name.to_owned(), file_hash.to_owned(), bytes.to_vec()),
    };
    tokio::task::spawn_blocking(move || from_json(&found.0, &found.1, &found.2))
        .await
        .map_err(|error| AppError::Internal(format!("reading: {error}")))?
}

/// The library in a YAML text or a workbook; `None` for any other file.
///
/// # Errors
/// A library that is broken.
pub async fn library(program: &Path, file_name: &str, bytes: &[u8]) -> Result<Option<Library>> {
    if bytes.starts_with(b"PK") {
        // What is wrong with a workbook is said where it is read as a document.
        let Ok(book) = workbook_in_child(program, file_name, bytes, &Limits::default()).await else { return Ok(None) };
        return ciso::from_cells(&book).map_err(|error| broken_library(&error).into());
    }
    let Ok(text) = std::str::from_utf8(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)) else { return Ok(None) };
    if looks_like_object(bytes) {
        return Ok(None);
    }
    let text = text.to_owned();
    tokio::task::spawn_blocking(move || ciso::from_yaml(&text))
        .await
        .map_err(|error| AppError::Internal(format!("reading: {error}")))?
        .map_err(|error| broken_library(&error).into())
}

fn broken_library(error: &CisoError) -> Refusal {
    Refusal::invalid("library-broken", error.ja(), error.to_string())
        .next("その場所を直して選び直してください。", "Correct that place and choose the file again.")
}

fn from_library(file_name: &str, file_hash: &str, library: Library) -> Result<Recognised> {
    let mut frameworks = library.frameworks.into_iter();
    match (frameworks.next(), frameworks.next()) {
        (Some(catalogue), None) => Ok(recognised(
            file_name,
            file_hash,
            catalogue,
            "CISO Assistant",
            ("ciso-assistant", "CISO Assistant のライブラリ"),
        )),
        (None, _) => Err(Refusal::invalid(
            "library-without-framework",
            "このライブラリには対応表だけがあり、基準（framework）がありません。",
            "This library has mappings only, no framework.",
        )
        .next(
            "`sakimori oscal import ファイル` で対応表を取り込んでください。",
            "Use `sakimori oscal import FILE` for its mappings.",
        )
        .into()),
        (Some(_), Some(_)) => Err(Refusal::invalid(
            "library-several",
            "このライブラリには基準（framework）が二つ以上あります。",
            "This library has more than one framework.",
        )
        .next("基準ごとのファイルに分けて取り込んでください。", "Split it into one file for each framework.")
        .into()),
    }
}

fn from_json(file_name: &str, file_hash: &str, bytes: &[u8]) -> Result<Option<Recognised>> {
    match Document::kind_of(bytes) {
        Ok(oscal::Kind::Catalog) => catalogue(file_name, file_hash, bytes).map(Some),
        Ok(kind) => Err(other_kind(kind).into()),
        // Other JSON, or text that begins like it: the grammars may know it.
        Err(_) => Ok(None),
    }
}

fn looks_like_object(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{')
}

fn catalogue(file_name: &str, file_hash: &str, bytes: &[u8]) -> Result<Recognised> {
    let checked = oscal::validate(bytes, None).map_err(|error| broken(&error.to_string()))?;
    let catalog = match Document::read(bytes) {
        Ok(Document::Catalog(catalog)) => catalog,
        Ok(other) => return Err(other_kind(other.kind()).into()),
        Err(error) => return Err(broken(&error.to_string()).into()),
    };
    let mut catalogue = from_oscal(&catalog).map_err(|error| {
        Refusal::invalid("oscal-empty", error.ja(), error.to_string())
            .next("管理策のあるカタログを選んでください。", "Choose a catalogue that has controls.")
    })?;
    let errors: Vec<_> = checked.faults.iter().filter(|fault| fault.severity == Severity::Error).collect();
    catalogue.problems.extend(errors.iter().take(FAULTS_LISTED).map(|fault| Problem {
        line: 0,
        code: format!("oscal-{}", fault.code),
        message: format!("{}: {}", fault.pointer, fault.ja),
    }));
    let format = format!("OSCAL {} (JSON)", catalog.metadata.oscal_version);
    Ok(recognised(file_name, file_hash, catalogue, &format, ("oscal", "OSCAL カタログ")))
}

fn recognised(
    file_name: &str,
    file_hash: &str,
    catalogue: Catalogue,
    format: &str,
    (profile, profile_title): (&str, &str),
) -> Recognised {
    let (title, matched) = (catalogue.edition.title.clone(), catalogue.provisions.len());
    Recognised {
        file_name: file_name.to_owned(),
        file_hash: file_hash.to_owned(),
        format: format.to_owned(),
        profile: profile.to_owned(),
        profile_title: profile_title.to_owned(),
        fit: Fit { share: 1.0, matched, found: 0, expected: 0 },
        fits: Vec::new(),
        catalogue,
        title,
    }
}

fn broken(reason: &str) -> Refusal {
    Refusal::invalid(
        "oscal-broken",
        format!("OSCAL カタログとして読めません（{reason}）。"),
        format!("This OSCAL catalogue cannot be read: {reason}."),
    )
    .next(
        "`sakimori oscal validate ファイル` で誤りの場所を確かめてください。",
        "`sakimori oscal validate FILE` tells the place of the fault.",
    )
}

fn other_kind(kind: oscal::Kind) -> Refusal {
    let (next_ja, next_en) = match kind {
        oscal::Kind::Profile => (
            "`sakimori oscal resolve プロファイル --out カタログ` で展開してから取り込んでください。",
            "Resolve it first: `sakimori oscal resolve PROFILE --out CATALOGUE`.",
        ),
        _ => ("`sakimori oscal import ファイル` で取り込んでください。", "Use `sakimori oscal import FILE`."),
    };
    Refusal::invalid(
        "oscal-kind",
        format!("この OSCAL 文書は{}で、カタログではありません。", kind.ja()),
        format!("This OSCAL document is a {kind}, not a catalogue."),
    )
    .next(next_ja, next_en)
}
