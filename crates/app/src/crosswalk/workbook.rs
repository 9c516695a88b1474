//! The 対照表 to be filled in offline, and what it would change when it comes back.

use std::collections::HashMap;

use sakimori_domain::identity::Permission;
use sakimori_domain::trail_mark::TrailMark;
use sakimori_interop::workbook::{
    self as format, CellProblem, MappingBook, MappingRow, ReadMapping, Severity, TextEncoding,
};
use sakimori_store::crosswalk::{self as store, Crosswalk};
use sakimori_store::registry;

use super::coverage::coverage;
use super::exchange::{ImportedMapping, MappingPreview, preview_mappings};
use super::table::{edition_name, force_words};
use super::{Coverage, Direction, Reading};
use crate::{Actor, App, AppError, Refusal, Result, oscal, sandbox, trail};

/// The event of an export.
pub(crate) const EXPORT: &str = "crosswalk.export";
/// Candidates named in a row.
const NAMED: usize = 3;
/// Most rows with a change that one preview shows.
pub const CHANGES_MAX: usize = 2_000;

/// What a workbook would change.
pub struct BookPreview {
    /// The Crosswalk's source and target Edition.
    pub source_edition: String,
    pub target_edition: String,
    pub rows: Vec<ReadMapping>,
    /// Changes; `index` is the place in `rows`.
    pub preview: MappingPreview,
    /// Everything that cannot be taken, with its cell.
    pub problems: Vec<CellProblem>,
}

/// The rows of the workbook.
///
/// # Errors
/// A Crosswalk that is not the actor's; a role that may not; a database error.
pub async fn book(app: &App, actor: &Actor, id: &str) -> Result<MappingBook> {
    let coverage = coverage(app, actor, id, Direction::Forward).await?;
    let organisation = registry::organisation_by_id(&mut app.read().await?, &actor.organisation_id)
        .await?
        .ok_or_else(Refusal::not_found)?;
    let suggester = coverage.view.suggestions(app).exact().await?;
    let mut rows = Vec::new();
    for (place, entry) in coverage.view.own.provisions.iter().enumerate() {
        let number = entry.provision.id.as_str();
        let readings: Vec<&Reading> = coverage.view.of(number).collect();
        let item = coverage.view.own.items.contains(&place);
        if !item && readings.is_empty() {
            continue;
        }
        let named: Vec<String> = suggester.candidates(number, NAMED).into_iter().map(|c| c.id).collect();
        let blank = MappingRow {
            own: number.to_owned(),
            own_title: entry.provision.title.clone(),
            force: force_words(&entry.provision, false).join("、"),
            candidates: named.join("、"),
            ..MappingRow::default()
        };
        if readings.iter().all(|r| r.is_rejected()) {
            rows.push(blank.clone());
        }
        rows.extend(readings.into_iter().map(|r| row(&coverage, &blank, r)));
    }
    Ok(MappingBook {
        organisation: organisation.name,
        crosswalk_id: id.to_owned(),
        own_name: edition_name(&coverage.view.own.entry),
        other_name: edition_name(&coverage.view.other.entry),
        handling: organisation.marking,
        exported_at: crate::workbook::japan_time(app),
        checkpoint: TrailMark::default(),
        rows,
    })
}

fn row(coverage: &Coverage, blank: &MappingRow, reading: &Reading) -> MappingRow {
    let m = &reading.mapping;
    let who = |account: &str| coverage.names.get(account).cloned().unwrap_or_default();
    let word = match m.review.as_str() {
        "agreed" => "同意",
        "disagreed" => "異論",
        _ => "",
    };
    MappingRow {
        other: reading.other.clone(),
        other_title: coverage.other(reading).map_or(String::new(), |e| e.provision.title.clone()),
        relation: reading.is_confirmed().then_some(reading.relation),
        status: Some(m.status),
        rationale: m.rationale.clone(),
        decided_by: who(&m.decided_by),
        reviewed: [word, &who(&m.reviewed_by), &m.review_note].join(" ").trim().to_owned(),
        version: m.version,
        ..blank.clone()
    }
}

/// The workbook (.xlsx).
///
/// # Errors
/// As [`book`]; a text that no cell holds.
pub async fn xlsx(app: &App, actor: &Actor, id: &str) -> Result<(Vec<u8>, TrailMark)> {
    let mut book = book(app, actor, id).await?;
    let mark = trail::take_along(app, actor, EXPORT, ("crosswalk", id), &"xlsx").await?;
    book.checkpoint = mark.clone();
    let bytes = crate::workbook::blocking(move || format::write_mappings(&book)).await?;
    Ok((bytes.map_err(|error| AppError::Internal(format!("workbook: {error}")))?, mark))
}

/// The rows as CSV (UTF-8).
///
/// # Errors
/// As [`book`].
pub async fn csv(app: &App, actor: &Actor, id: &str, name: &str) -> Result<(Vec<u8>, TrailMark)> {
    let bytes = format::mappings_csv(&book(app, actor, id).await?, TextEncoding::Utf8).0;
    let mark = trail::take_bytes_along(app, actor, EXPORT, ("crosswalk", id), name, &bytes).await?;
    Ok((bytes, mark))
}

/// Reads a workbook, a CSV file or an OSCAL mapping collection and says what it would change. Nothing is written.
///
/// # Errors
/// A file that is none, without the columns, or with too many changes; a Crosswalk that is not the actor's.
pub async fn preview(app: &App, actor: &Actor, id: &str, name: &str, bytes: &[u8]) -> Result<BookPreview> {
    actor.require(Permission::EditCrosswalk)?;
    let crosswalk = sakimori_store::crosswalk::crosswalk(&mut app.read().await?, &actor.organisation_id, id)
        .await?
        .ok_or_else(Refusal::not_found)?;
    let (rows, mut problems) = match oscal_rows(app, actor, &crosswalk, bytes).await? {
        Some(read) => read,
        None => sheet_rows(app, id, name, bytes).await?,
    };
    let mappings: Vec<ImportedMapping> = rows.iter().map(imported).collect();
    let (source, target) = (crosswalk.source_edition, crosswalk.target_edition);
    let preview = preview_mappings(app, actor, &source, &target, &mappings).await?;
    if preview.changes.len() > CHANGES_MAX {
        return Err(Refusal::invalid(
            "crosswalk-import-size",
            format!("変わる行が{CHANGES_MAX}件を超えています。"),
            format!("More than {CHANGES_MAX} rows would change."),
        )
        .next("ブックを章ごとに分けて取り込んでください。", "Split the workbook by chapter.")
        .into());
    }
    problems.extend(preview.problems.iter().filter_map(|problem| {
        let row = rows.get(problem.index)?;
        Some(CellProblem {
            sheet: row.sheet.clone(),
            cell: row.cells.first().cloned().unwrap_or_default(),
            code: problem.code.to_owned(),
            severity: Severity::Error,
            message_ja: problem.ja.clone(),
            message_en: problem.en.clone(),
        })
    }));
    Ok(BookPreview { source_edition: source, target_edition: target, rows, preview, problems })
}

type Rows = (Vec<ReadMapping>, Vec<CellProblem>);

/// The rows of a workbook or CSV file, read in the child process.
async fn sheet_rows(app: &App, id: &str, name: &str, bytes: &[u8]) -> Result<Rows> {
    let sheets = sandbox::answers_in_child(app.program(), name, bytes).await.map_err(|error| {
        AppError::from(
            Refusal::invalid("crosswalk-workbook", error.ja(), error.to_string())
                .next(error.next_ja(), "Choose another file."),
        )
    })?;
    let read = format::read_mappings(id, &sheets).ok_or_else(|| {
        Refusal::invalid(
            "crosswalk-workbook-columns",
            "番号・相手の番号・関係の列が見つかりません。",
            "The columns 番号, 相手の番号 and 関係 were not found.",
        )
        .next("この画面から書き出したブックをお使いください。", "Use the workbook exported from this page.")
    })?;
    Ok(read)
}

/// The rows of an OSCAL mapping collection; `None` for any other file.
async fn oscal_rows(app: &App, actor: &Actor, crosswalk: &Crosswalk, bytes: &[u8]) -> Result<Option<Rows>> {
    let (source, target) = (crosswalk.source_edition.as_str(), crosswalk.target_edition.as_str());
    let mut codes = Vec::new();
    for id in [source, target] {
        let entry = sakimori_store::edition::edition(&mut app.read().await?, &actor.organisation_id, id).await?;
        codes.push(entry.ok_or_else(Refusal::not_found)?.edition.id);
    }
    let Some((set, is_reversed)) = oscal::mapped_between(bytes, &codes[0], &codes[1])? else { return Ok(None) };
    let editions = if is_reversed { (target, source) } else { (source, target) };
    let mappings = oscal::numbered(app, actor, editions, &set).await?;
    let standing = store::mappings(&mut app.read().await?, &actor.organisation_id, &crosswalk.id).await?;
    let mut reasons: HashMap<(String, String), String> =
        standing.into_iter().map(|m| ((m.source_number, m.target_number), m.rationale)).collect();
    let rows = mappings.into_iter().enumerate().map(|(at, mapping)| {
        // What the other direction says of no counterpart speaks of this Crosswalk's target.
        let turned = is_reversed && !mapping.target.is_empty();
        let (own, other) = if turned { (mapping.target, mapping.source) } else { (mapping.source, mapping.target) };
        // A gap summary has no room for reasons: none said leaves the one that stands.
        let kept = reasons.remove(&(own.clone(), other.clone())).unwrap_or_default();
        let rationale = if mapping.rationale.is_empty() { kept } else { mapping.rationale };
        ReadMapping {
            sheet: "OSCAL".to_owned(),
            row: u32::try_from(at).unwrap_or(u32::MAX),
            own,
            other,
            relation: if turned { mapping.relation.reversed() } else { mapping.relation },
            status: mapping.status,
            rationale,
            seen: mapping.seen,
            cells: [format!("maps/{at}"), String::new(), String::new()],
        }
    });
    let problems = set.problems.into_iter().map(|problem| CellProblem {
        sheet: "OSCAL".to_owned(),
        cell: problem.pointer,
        code: problem.code.to_owned(),
        severity: Severity::Error,
        message_ja: problem.ja,
        message_en: problem.en,
    });
    Ok(Some((rows.collect(), problems.collect())))
}

fn imported(row: &ReadMapping) -> ImportedMapping {
    ImportedMapping {
        source: row.own.clone(),
        target: row.other.clone(),
        relation: row.relation,
        status: row.status,
        rationale: row.rationale.clone(),
        seen: row.seen,
    }
}
