//! Answers as a workbook: what goes out to be filled in. What comes back is in [`import`].

pub mod import;
pub mod mappings;

use jiff::civil::DateTime;
use sakimori_domain::identity::Permission;
use sakimori_domain::trail_mark::TrailMark;
use sakimori_interop::workbook::{self as format, AssessmentSheetData, Language, StandardSheet, TextEncoding};
use sakimori_store::Connection;
use sakimori_store::assessment::{self as store, Assessment, SheetRow};
use sakimori_store::edition::{self, EditionEntry};
use sakimori_store::registry::{self, Organisation};
use sakimori_store::request::{self, AnswerRequest};
use serde_json::json;

use crate::{Actor, App, AppError, Refusal, Result, trail};

/// The event of an export.
const EXPORT: &str = "workbook.export";

/// Which rows: a whole Assessment, or what one request asked of a department.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Id of the Assessment.
    Assessment(String),
    /// Id of the request.
    Request(String),
}

impl Scope {
    /// As the trail names it.
    fn subject(&self) -> (&str, &str) {
        match self {
            Scope::Assessment(id) => ("assessment", id),
            Scope::Request(id) => ("request", id),
        }
    }
}

/// The rows of a scope, with everything that names them.
pub struct Part {
    pub organisation: Organisation,
    pub assessment: Assessment,
    /// The request, if the rows are those of one.
    pub request: Option<AnswerRequest>,
    pub rows: Vec<SheetRow>,
    /// The Editions of the Assessment in their order.
    pub editions: Vec<EditionEntry>,
    /// Whether the actor may write these rows now.
    pub may_import: bool,
}

/// A file to be sent to a person.
pub struct Export {
    /// Name with its ending, in Japanese.
    pub name: String,
    pub bytes: Vec<u8>,
    /// Checkpoint of the trail, over the event that says that it was taken along.
    pub checkpoint: TrailMark,
    /// Letters that the encoding could not hold; they stand as numeric references.
    pub lost: usize,
}

/// The rows that an actor may read.
///
/// # Errors
/// Not found for what is not there, of another organisation or of another department; a database error.
pub async fn part(app: &App, actor: &Actor, scope: &Scope) -> Result<Part> {
    read_part(&mut app.read_for_report(&actor.organisation_id).await?, actor, scope).await
}

pub(crate) async fn read_part(c: &mut Connection, actor: &Actor, scope: &Scope) -> Result<Part> {
    let organisation_id = &actor.organisation_id;
    let (assessment_id, asked) = match scope {
        Scope::Assessment(id) => {
            actor.require(Permission::ReadAssessments)?;
            (id.clone(), None)
        }
        Scope::Request(id) => {
            require_either(actor, Permission::ReadAssessments, Permission::ReadOwnRequests)?;
            let asked = request::request_by_id(c, organisation_id, id).await?.ok_or_else(Refusal::not_found)?;
            if !reads_request(actor, &asked) {
                return Err(Refusal::not_found().into());
            }
            (asked.assessment_id.clone(), Some(asked))
        }
    };
    let assessment =
        store::assessment_by_id(c, organisation_id, &assessment_id).await?.ok_or_else(Refusal::not_found)?;
    let organisation = registry::organisation_by_id(c, organisation_id).await?.ok_or_else(Refusal::not_found)?;
    let rows = match &asked {
        None => store::sheet(c, organisation_id, &assessment_id).await?,
        Some(asked) => store::sheet_of_request(c, organisation_id, &asked.id).await?,
    };
    let mut editions = Vec::new();
    for id in store::assessment_editions(c, &assessment_id).await? {
        editions.extend(edition::edition(c, organisation_id, &id).await?);
    }
    let may_write = match &asked {
        _ if actor.may(Permission::AnswerAll) => true,
        Some(asked) => actor.may(Permission::AnswerOwn) && asked.state == "asked" && is_of(actor, asked),
        None => false,
    };
    let may_import = may_write && assessment.state == "open";
    Ok(Part { organisation, assessment, request: asked, rows, editions, may_import })
}

/// Refuses unless the role carries one of two permissions.
pub(crate) fn require_either(actor: &Actor, one: Permission, other: Permission) -> Result<()> {
    if actor.may(one) { Ok(()) } else { actor.require(other) }
}

/// Whether a request was sent to the actor's department.
fn is_of(actor: &Actor, asked: &AnswerRequest) -> bool {
    !actor.department_id.is_empty() && actor.department_id == asked.department_id
}

fn reads_request(actor: &Actor, asked: &AnswerRequest) -> bool {
    let own = actor.may(Permission::ReadOwnRequests) && is_of(actor, asked) && asked.state != "withdrawn";
    actor.may(Permission::ReadAssessments) || own
}

/// The workbook (.xlsx) of a scope, last time's answers beside this time's.
///
/// # Errors
/// As [`part`]; a text that no workbook can hold.
pub async fn export_xlsx(app: &App, actor: &Actor, scope: &Scope) -> Result<Export> {
    let part = part(app, actor, scope).await?;
    let name = file_name(app, &part, "xlsx");
    let checkpoint = trail::take_along(app, actor, EXPORT, scope.subject(), &json!({ "file": name })).await?;
    let data = AssessmentSheetData { checkpoint: checkpoint.clone(), ..sheet_data(app, actor, &part) };
    let bytes = blocking(move || format::write_workbook(&data)).await?;
    let bytes = bytes.map_err(|error| AppError::Internal(format!("workbook: {error}")))?;
    Ok(Export { name, bytes, checkpoint, lost: 0 })
}

/// The same rows as CSV.
///
/// # Errors
/// As [`part`].
pub async fn export_csv(app: &App, actor: &Actor, scope: &Scope, encoding: TextEncoding) -> Result<Export> {
    let part = part(app, actor, scope).await?;
    let data = sheet_data(app, actor, &part);
    let (bytes, lost) = blocking(move || format::write_delimited(&data, encoding)).await?;
    let name = file_name(app, &part, "csv");
    let checkpoint = trail::take_bytes_along(app, actor, EXPORT, scope.subject(), &name, &bytes).await?;
    Ok(Export { name, bytes, checkpoint, lost })
}

/// Work that takes a while, off the threads that answer requests.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|error| AppError::Internal(format!("blocking work: {error}")))
}

pub(crate) fn japan_time(app: &App) -> DateTime {
    // Without fractions of seconds: a workbook's properties have none.
    let local = app.now().to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(9))).datetime();
    local.with().subsec_nanosecond(0).build().unwrap_or(local)
}

fn sheet_data(app: &App, actor: &Actor, part: &Part) -> AssessmentSheetData {
    let language = if actor.language == "en" { Language::En } else { Language::Ja };
    let sheets = part.editions.iter().map(|entry| StandardSheet {
        name: entry.edition.short.clone(),
        title: word(language, &entry.edition.title, &entry.edition.title_en),
        rows: part.rows.iter().filter(|row| row.edition_id == entry.id).map(|row| sheet_row(row, language)).collect(),
    });
    AssessmentSheetData {
        organisation_id: part.organisation.id.clone(),
        organisation_name: part.organisation.name.clone(),
        assessment_id: part.assessment.id.clone(),
        assessment_name: part_name(part),
        language,
        handling: part.organisation.marking.clone(),
        exported_at: japan_time(app),
        checkpoint: TrailMark::default(),
        sheets: sheets.filter(|sheet| !sheet.rows.is_empty()).collect(),
    }
}

/// The text in the workbook's language; the Japanese one where there is no other.
fn word(language: Language, ja: &str, en: &str) -> String {
    if en.is_empty() { ja } else { language.t(ja, en) }.to_owned()
}

/// Title of the Assessment, with the department whose part it is.
fn part_name(part: &Part) -> String {
    let department = part.request.as_ref().map_or(String::new(), |asked| format!("（{}）", asked.department_name));
    format!("{}{department}", part.assessment.title)
}

fn sheet_row(row: &SheetRow, language: Language) -> format::SheetRow {
    format::SheetRow {
        key: row.id.clone(),
        version: version(row),
        number: row.number.clone(),
        title: word(language, &row.title, &row.title_en),
        question: word(language, &row.question, &row.question_en),
        force: word(language, row.force.ja(), row.force.en()),
        reason: word(language, &row.reason, &row.reason_en),
        answer: row.answer.clone(),
        last: row.last.clone(),
        source: row
            .carried
            .as_deref()
            .map_or(String::new(), |carried| crate::carry::source_line(carried, language == Language::En)),
    }
}

pub(crate) fn version(row: &SheetRow) -> u64 {
    u64::try_from(row.version).unwrap_or(0)
}

/// `令和8年度 自己点検（設備運用部）_20261120.xlsx`; what no file system takes is replaced.
fn file_name(app: &App, part: &Part, ending: &str) -> String {
    let day = app.today().strftime("%Y%m%d");
    let name: String = part_name(part)
        .chars()
        .map(|c| if c.is_control() || "\\/:*?\"<>|".contains(c) { '_' } else { c })
        .take(100)
        .collect();
    format!("{name}_{day}.{ending}")
}
