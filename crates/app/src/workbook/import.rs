//! What comes back filled in: read in a child process, shown cell by cell, taken over by one decision.
//!
//! What was read is kept, not what would change: the difference is worked out anew at every look and once more inside the
//! transaction that applies it, so nobody ever confirms a stale one. Until then no answer is touched.

use std::collections::{BTreeMap, HashMap, HashSet};

use sakimori_domain::assurance::AnswerField;
use sakimori_domain::identity::Permission;
use sakimori_interop::workbook::value::{fold, parse_status};
use sakimori_interop::workbook::{
    CellChange, CellProblem, ColumnMapping, CurrentAnswer, ImportDiff, KnownRow, MappingError, Severity, SheetCells,
    apply_mapping, diff, guess_mapping, read_workbook,
};
use sakimori_store::assessment::SheetRow;
use sakimori_store::registry::{self, Department};
use sakimori_store::workbook::{self as store, SavedMapping, WorkbookImport};
use sakimori_store::{Connection, StoreError};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Part, Scope, mappings, read_part, require_either, version};
use crate::answers::{self, Change};
use crate::{Actor, App, AppError, Operation, Refusal, RefusalKind, Result, sandbox};

/// Most bytes of what is kept of one file: a workbook of 5,000 rows, ten times the largest sheet, takes half of it.
const KEPT_MAX: usize = 24 << 20;

/// What is kept of a file until its import ends.
#[derive(Serialize, Deserialize)]
struct Kept {
    /// The request whose part it is; empty for the whole Assessment.
    request: String,
    /// How a layout that is not ours is to be read.
    mapping: Option<ColumnMapping>,
    /// What was chosen before, to start from when the columns are explained anew.
    #[serde(default)]
    draft: Option<ColumnMapping>,
    sheets: Vec<SheetCells>,
}

/// A file on its way in.
pub struct Import {
    pub id: String,
    pub file_name: String,
    /// `waiting`, `applied` or `dropped`.
    pub state: String,
    pub part: Part,
    pub stage: Stage,
}

/// How far an import is.
pub enum Stage {
    /// The layout is not ours: its columns have to be explained first.
    Mapping(Box<Layout>),
    /// The changes wait for a decision.
    Review(Box<Review>),
    /// Applied or dropped.
    Ended,
}

/// A foreign layout.
pub struct Layout {
    pub sheets: Vec<SheetCells>,
    /// The mapping chosen last, else our proposal.
    pub proposal: Option<ColumnMapping>,
    pub saved: Vec<ColumnMapping>,
    /// Why the chosen mapping does not fit.
    pub fault: Option<MappingError>,
}

/// What an import would change.
pub struct Review {
    pub changes: Vec<CellChange>,
    pub problems: Vec<CellProblem>,
    /// Rows that were recognised and change nothing.
    pub unchanged: usize,
    /// Keys of rows that the file does not have: they stay as they are.
    pub missing: Vec<String>,
    /// Rows of the file that belong to no item, as `sheet!A1`.
    pub unknown: Vec<String>,
    /// Whether a column mapping read it.
    pub mapped: bool,
}

impl Review {
    /// Changes that may be taken without a person's choice.
    pub fn ready(&self) -> usize {
        self.changes.iter().filter(|change| !change.conflict && !change.blocked).count()
    }
}

/// One ticked cell, as the page showed it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Tick {
    /// Key of the answer.
    pub key: String,
    pub field: AnswerField,
    /// Version of the answer with which the change was shown.
    pub version: u64,
}

impl Tick {
    /// The tick of a change.
    pub fn of(change: &CellChange) -> Self {
        Self { key: change.row_id.clone(), field: change.field, version: change.version }
    }

    /// As a form sends it.
    pub fn print(&self) -> String {
        format!("{}|{}|{}", self.key, self.field.code(), self.version)
    }

    /// Reads what a form sent.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('|');
        let (key, field, version) = (parts.next()?, parts.next()?, parts.next()?);
        let field = AnswerField::from_code(field)?;
        let tick = Self { key: key.to_owned(), field, version: version.parse().ok()? };
        parts.next().is_none().then_some(tick)
    }
}

fn may_not_import(part: &Part, actor: &Actor) -> AppError {
    if part.assessment.state != "open" {
        return match crate::assessment::require_open(&part.assessment) {
            Err(error) => error,
            Ok(()) => Refusal::forbidden().into(),
        };
    }
    if actor.may(Permission::AnswerOwn) {
        return Refusal::new(
            RefusalKind::Forbidden,
            "request-closed",
            "この依頼への回答は提出済みのため、取り込めません。",
            "This part has been returned; nothing can be imported.",
        )
        .next(
            "直すところがあるときは、依頼した人に差戻しを頼んでください。",
            "Ask the person who sent the request to send it back.",
        )
        .into();
    }
    Refusal::forbidden().into()
}

/// Reads a file and keeps what was read; a person's earlier waiting file for the same Assessment is dropped. Returns the
/// id of the import. No answer is touched.
///
/// # Errors
/// Not allowed to write the scope, or a file that cannot be read (one message says why and what to do).
pub async fn upload(app: &App, actor: &Actor, scope: &Scope, file_name: &str, bytes: &[u8]) -> Result<String> {
    match scope {
        Scope::Assessment(_) => actor.require(Permission::AnswerAll)?,
        Scope::Request(_) => require_either(actor, Permission::AnswerAll, Permission::AnswerOwn)?,
    }
    let part = super::part(app, actor, scope).await?;
    if !part.may_import {
        return Err(may_not_import(&part, actor));
    }
    let sheets = sandbox::answers_in_child(app.program(), file_name, bytes).await.map_err(unreadable)?;
    let request = part.request.as_ref().map_or(String::new(), |asked| asked.id.clone());
    let kept = Kept { request, mapping: None, draft: None, sheets };
    let row = WorkbookImport {
        id: app.new_id(),
        assessment_id: part.assessment.id.clone(),
        file_name: file_name.to_owned(),
        state: "waiting".to_owned(),
        difference: kept_text(&kept)?,
        created_by: actor.account_id.clone(),
        created_at: app.now().to_string(),
    };
    let mut op = app.operate_as(actor).await?;
    store::drop_waiting(&mut op.write, &actor.organisation_id, &row.assessment_id, &actor.account_id).await?;
    store::insert_import(&mut op.write, &actor.organisation_id, &row).await?;
    let after =
        json!({ "file": file_name, "bytes": bytes.len(), "assessment": row.assessment_id, "request": kept.request });
    op.trail_new("workbook.read", ("workbook-import", &row.id), &after).await?;
    op.commit().await?;
    Ok(row.id)
}

fn unreadable(error: sandbox::SandboxError) -> AppError {
    if let sandbox::SandboxError::Start(_) | sandbox::SandboxError::Answer(_) = error {
        return AppError::Internal(error.to_string());
    }
    Refusal::invalid(error.code(), error.ja(), error.to_string())
        .next(error.next_ja(), "Save it anew and send it again.")
        .into()
}

fn kept_text(kept: &Kept) -> Result<String> {
    let text = serde_json::to_string(kept).map_err(|error| AppError::Internal(format!("import: {error}")))?;
    if text.len() <= KEPT_MAX {
        return Ok(text);
    }
    Err(Refusal::new(
        RefusalKind::Limit,
        "workbook-too-large",
        "ブックの内容が多すぎます。",
        "The workbook holds too much.",
    )
    .next(
        "点検表のシートだけを残して、もう一度選んでください。",
        "Keep the sheets of the assessment only and send it again.",
    )
    .into())
}

/// The import with its file's content, if the actor sent it and may still write the rows.
async fn read_import(c: &mut Connection, actor: &Actor, id: &str) -> Result<(WorkbookImport, Option<Kept>, Part)> {
    require_either(actor, Permission::AnswerAll, Permission::AnswerOwn)?;
    let row = store::import_by_id(c, &actor.organisation_id, id).await?;
    let row = row.filter(|row| row.created_by == actor.account_id).ok_or_else(Refusal::not_found)?;
    let kept: Option<Kept> = match row.state.as_str() {
        "waiting" => Some(
            serde_json::from_str(&row.difference)
                .map_err(|error| AppError::Internal(format!("workbook_import {id}: {error}")))?,
        ),
        _ => None,
    };
    let request = kept.as_ref().map_or("", |kept| kept.request.as_str());
    let scope = match request {
        // An ended import only says where to go next; the part itself is asked for again there.
        "" if !actor.may(Permission::ReadAssessments) => return Err(Refusal::not_found().into()),
        "" => Scope::Assessment(row.assessment_id.clone()),
        request => Scope::Request(request.to_owned()),
    };
    let part = read_part(c, actor, &scope).await?;
    if !part.may_import {
        return Err(may_not_import(&part, actor));
    }
    Ok((row, kept, part))
}

/// An import as it stands: its columns to be explained, or its changes against the answers of this moment.
///
/// # Errors
/// Not the actor's own import, ended, or no longer allowed; a database error.
pub async fn look(app: &App, actor: &Actor, id: &str) -> Result<Import> {
    let mut c = app.read().await?;
    let (row, kept, part) = read_import(&mut c, actor, id).await?;
    let departments = registry::departments(&mut c, &actor.organisation_id).await?;
    let saved = read_mappings(&mut c, actor).await?;
    drop(c);
    let (WorkbookImport { id, file_name, state, .. }, assigns) = (row, actor.may(Permission::ManageAssessments));
    let Some(kept) = kept else { return Ok(Import { id, file_name, state, part, stage: Stage::Ended }) };
    // Comparing a thousand rows takes a while; the threads that answer requests do not wait for it.
    let (part, stage) = super::blocking(move || {
        let stage = match review(&part, &departments, assigns, &kept) {
            Found::Review(review) => Stage::Review(Box::new(review)),
            Found::Foreign(fault) => {
                let proposal = kept.mapping.clone().or(kept.draft).or_else(|| guess_mapping(&kept.sheets));
                Stage::Mapping(Box::new(Layout { sheets: kept.sheets, proposal, saved, fault }))
            }
        };
        (part, stage)
    })
    .await?;
    Ok(Import { id, file_name, state, part, stage })
}

/// What came of comparing.
enum Found {
    Review(Review),
    /// Not our layout; with the fault of the mapping that was tried.
    Foreign(Option<MappingError>),
}

fn review(part: &Part, departments: &[Department], assigns: bool, kept: &Kept) -> Found {
    let recognition = match &kept.mapping {
        Some(mapping) => match apply_mapping(&kept.sheets, mapping, &known(part)) {
            Ok(recognition) => recognition,
            Err(fault) => return Found::Foreign(Some(fault)),
        },
        None => {
            let recognition = read_workbook(&kept.sheets);
            if !recognition.is_ours() {
                return Found::Foreign(None);
            }
            recognition
        }
    };
    let current: Vec<CurrentAnswer> = part.rows.iter().map(|row| current(part, row)).collect();
    let mut found = diff(&current, &recognition);
    check_departments(&mut found, departments, assigns);
    let ImportDiff { changes, problems, unchanged, missing_rows, unknown_rows } = found;
    Found::Review(Review {
        changes,
        problems,
        unchanged,
        missing: missing_rows,
        unknown: unknown_rows,
        mapped: kept.mapping.is_some(),
    })
}

/// What the rows of a foreign layout may mean.
fn known(part: &Part) -> Vec<KnownRow> {
    let known = |row: &SheetRow| KnownRow { key: row.id.clone(), number: row.number.clone(), title: row.title.clone() };
    part.rows.iter().map(known).collect()
}

fn current(part: &Part, row: &SheetRow) -> CurrentAnswer {
    CurrentAnswer {
        organisation: part.organisation.id.clone(),
        assessment: part.assessment.id.clone(),
        key: row.id.clone(),
        version: version(row),
        provision: row.number.clone(),
        answer: row.answer.clone(),
    }
}

/// A department is given by its name and must exist; only who runs the Assessment gives rows to departments.
fn check_departments(found: &mut ImportDiff, departments: &[Department], assigns: bool) {
    let mut problems = Vec::new();
    found.changes.retain(|change| {
        if change.field != AnswerField::Department {
            return true;
        }
        let (severity, code, ja, en) = if !assigns {
            (
                Severity::Notice,
                "department-fixed",
                "担当部署の変更は取り込みません。変えるには、セキュリティ責任者に依頼してください。".to_owned(),
                "the department is not taken over: ask the security officer to change it".to_owned(),
            )
        } else if department_id(departments, &change.new).is_none() {
            (
                Severity::Error,
                "department-unknown",
                format!(
                    "「{}」という部署は登録されていません。登録済みの名称にするか、管理者に登録を依頼してください。",
                    change.new
                ),
                format!("there is no department “{}”: use a registered name", change.new),
            )
        } else {
            return true;
        };
        problems.push(CellProblem {
            sheet: change.sheet.clone(),
            cell: change.cell.clone(),
            code: code.to_owned(),
            severity,
            message_ja: ja,
            message_en: en,
        });
        false
    });
    found.problems.append(&mut problems);
}

/// The id of a department by its name, whatever its width and blanks; empty for an empty name.
fn department_id<'a>(departments: &'a [Department], name: &str) -> Option<&'a str> {
    if name.is_empty() {
        return Some("");
    }
    let folded = fold(name);
    departments.iter().find(|d| fold(&d.name) == folded).map(|d| d.id.as_str())
}

/// Saved mappings of the organisation, by name.
async fn read_mappings(c: &mut Connection, actor: &Actor) -> Result<Vec<ColumnMapping>> {
    let rows = store::mappings(c, &actor.organisation_id).await?;
    // One that an older version wrote and this one cannot read is left out, not a reason to refuse the page.
    Ok(rows.iter().filter_map(|row| serde_json::from_str(&row.mapping).ok()).collect())
}

/// Says how a foreign layout is to be read, and saves that under a name if one is given.
///
/// # Errors
/// A mapping without a key or an answer column, a name that is too long, or one that does not fit the file.
pub async fn choose_mapping(
    app: &App,
    actor: &Actor,
    id: &str,
    mut mapping: ColumnMapping,
    save_as: &str,
) -> Result<()> {
    let refused = |error: MappingError| Refusal::invalid("mapping", error.ja(), error.to_string());
    mapping.check().map_err(refused)?;
    let name = mappings::checked_name(save_as)?;
    let mut op = app.operate_as(actor).await?;
    let (_, kept, part) = read_import(&mut op.write, actor, id).await?;
    let Some(mut kept) = kept else { return Err(ended().into()) };
    if !name.is_empty() {
        mapping.name.clone_from(&name);
        let text = serde_json::to_string(&mapping).map_err(|error| AppError::Internal(format!("mapping: {error}")))?;
        let row = SavedMapping { id: app.new_id(), name: name.clone(), mapping: text, version: 1 };
        store::put_mapping(&mut op.write, &actor.organisation_id, &row).await?;
        op.trail_new(
            "mapping.save",
            ("column-mapping", &name),
            &json!({ "sheet": mapping.sheet, "fields": mapping.fields }),
        )
        .await?;
    }
    apply_mapping(&kept.sheets, &mapping, &known(&part)).map_err(refused)?;
    let after = json!({ "mapping": mapping.name, "sheet": mapping.sheet });
    kept.mapping = Some(mapping);
    store::update_import(&mut op.write, &actor.organisation_id, id, &kept_text(&kept)?).await?;
    op.trail_new("workbook.map", ("workbook-import", id), &after).await?;
    op.commit().await
}

/// Lets the columns of a foreign layout be explained anew, starting from what was chosen.
///
/// # Errors
/// Not the actor's own import, or ended before.
pub async fn explain_again(app: &App, actor: &Actor, id: &str) -> Result<()> {
    let mut op = app.operate_as(actor).await?;
    let (_, kept, _) = read_import(&mut op.write, actor, id).await?;
    let Some(mut kept) = kept else { return Err(ended().into()) };
    if let Some(mapping) = kept.mapping.take() {
        kept.draft = Some(mapping);
    }
    store::update_import(&mut op.write, &actor.organisation_id, id, &kept_text(&kept)?).await?;
    op.trail_new("workbook.map", ("workbook-import", id), &json!({ "mapping": null })).await?;
    op.commit().await
}

fn ended() -> Refusal {
    Refusal::new(RefusalKind::Conflict, "import-ended", "この取り込みは終わっています。", "This import has ended.")
        .next("もう一度取り込むときは、ファイルを選び直してください。", "To import again, choose the file again.")
}

/// What was applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Applied {
    pub cells: usize,
    pub rows: usize,
}

/// Takes over the ticked cells: all of them in one transaction, or none.
///
/// # Errors
/// Nothing ticked; a ticked cell whose answer has moved on since it was shown, or that cannot be taken; an answer that
/// would be left as it may not be kept (－ without its reason). Nothing is written then.
pub async fn apply(app: &App, actor: &Actor, id: &str, ticks: &[Tick]) -> Result<Applied> {
    if ticks.is_empty() {
        return Err(Refusal::invalid("nothing-ticked", "取り込むセルが選ばれていません。", "No cell is chosen.")
            .next("取り込むセルに印を付けてください。", "Tick the cells to take over.")
            .into());
    }
    let mut op = app.operate_as(actor).await?;
    let (row, kept, part) = read_import(&mut op.write, actor, id).await?;
    let Some(kept) = kept else { return Err(ended().into()) };
    let departments = registry::departments(&mut op.write, &actor.organisation_id).await?;
    let Found::Review(review) = review(&part, &departments, actor.may(Permission::ManageAssessments), &kept) else {
        return Err(ended().into());
    };
    let chosen = chosen(&review, ticks)?;
    let mut rows: HashMap<String, SheetRow> = part.rows.into_iter().map(|row| (row.id.clone(), row)).collect();
    let applied = Applied { cells: chosen.values().map(Vec::len).sum(), rows: chosen.len() };
    for (key, changes) in chosen {
        let row = rows.remove(key).ok_or_else(Refusal::not_found)?;
        write_row(&mut op, row, &changes, &departments).await?;
    }
    store::end_import(&mut op.write, &actor.organisation_id, id, "applied").await?;
    let after =
        json!({ "file": row.file_name, "assessment": row.assessment_id, "cells": applied.cells, "rows": applied.rows });
    op.trail_new("workbook.apply", ("workbook-import", id), &after).await?;
    op.commit().await?;
    Ok(applied)
}

/// The ticked changes by answer; every tick must stand for a change that is still the one that was shown.
fn chosen<'a>(review: &'a Review, ticks: &[Tick]) -> Result<BTreeMap<&'a str, Vec<&'a CellChange>>> {
    let wanted: HashSet<&Tick> = ticks.iter().collect();
    let mut found: BTreeMap<&str, Vec<&CellChange>> = BTreeMap::new();
    let mut count = 0;
    for change in review.changes.iter().filter(|change| wanted.contains(&Tick::of(change))) {
        if change.blocked {
            let place = format!("{}!{}", change.sheet, change.cell);
            return Err(Refusal::invalid(
                "blocked",
                format!("{place} の行には直すべき誤りがあり、取り込めません。"),
                format!("The row of {place} has an error that has to be put right first."),
            )
            .next(
                "上の問題を表の側で直して、もう一度読み込んでください。",
                "Put the problem right in the workbook and send it again.",
            )
            .into());
        }
        count += 1;
        found.entry(&change.row_id).or_default().push(change);
    }
    if count == wanted.len() { Ok(found) } else { Err(moved_on().into()) }
}

fn moved_on() -> Refusal {
    Refusal::new(
        RefusalKind::Conflict,
        "import-moved-on",
        "確認している間に、ほかの人が同じ項目を更新しました。何も取り込んでいません。",
        "Somebody changed the same items while you were looking; nothing was taken over.",
    )
    .next(
        "いまの内容と比べ直しました。もう一度確かめて取り込んでください。",
        "The comparison is made anew; look again and take over.",
    )
}

async fn write_row(
    op: &mut Operation<'_>,
    row: SheetRow,
    changes: &[&CellChange],
    departments: &[Department],
) -> Result<()> {
    let mut change = Change::default();
    for cell in changes {
        let text = match cell.field {
            AnswerField::Status => parse_status(&cell.new).map_or("", |status| status.code()),
            AnswerField::Department => department_id(departments, &cell.new).unwrap_or(""),
            _ => cell.new.as_str(),
        };
        change.set(cell.field, text)?;
    }
    let place = changes.first().map_or(String::new(), |cell| format!("{}!{}（{}）", cell.sheet, cell.cell, row.number));
    let versions = answers::field_versions(&row)?;
    answers::write(op, row, change, versions).await.map_err(|error| match error {
        AppError::Store(StoreError::Conflict(_)) => moved_on().into(),
        other => answers::at_row(other, &place),
    })?;
    Ok(())
}

/// Ends an import without taking anything over.
///
/// # Errors
/// Not the actor's own import, or ended before.
pub async fn give_up(app: &App, actor: &Actor, id: &str) -> Result<Scope> {
    let mut op = app.operate_as(actor).await?;
    let (row, kept, part) = read_import(&mut op.write, actor, id).await?;
    if kept.is_none() {
        return Err(ended().into());
    }
    store::end_import(&mut op.write, &actor.organisation_id, id, "dropped").await?;
    op.trail_new("workbook.drop", ("workbook-import", id), &json!({ "file": row.file_name })).await?;
    op.commit().await?;
    Ok(match part.request {
        Some(asked) => Scope::Request(asked.id),
        None => Scope::Assessment(part.assessment.id),
    })
}
