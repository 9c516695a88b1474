//! Assessments (自己点検): opening one, its sheet with chapters, closing it.

use std::collections::{HashMap, HashSet};

use sakimori_domain::approval::Kind;
use sakimori_domain::assurance::{Answer, AnswerStatus, Tally};
use sakimori_domain::identity::Permission;
use sakimori_store::assessment::{self as store, Assessment, Heading, NewAnswer, SheetRow};
use sakimori_store::edition::{self, EditionEntry};
pub use sakimori_store::trail::Stamp;
use sakimori_store::{Connection, registry, trail};
use serde_json::json;

use crate::{Actor, App, Operation, Refusal, Result, applicability};

/// Longest title, in characters.
const TITLE_MAX: usize = 100;
/// More rows than this and a chapter is shown by its sections.
const CHAPTER_ROWS: usize = 60;

/// What is needed to open an Assessment.
#[derive(Debug, Clone, Default)]
pub struct NewAssessment {
    pub title: String,
    /// The year in which the 年度 begins.
    pub fiscal_year: i64,
    /// Editions in the order of the sheet.
    pub editions: Vec<String>,
    /// The Assessment whose answers are shown beside; empty for none.
    pub previous_id: String,
}

/// An Assessment as the list shows it.
#[derive(Debug, Clone)]
pub struct Summary {
    pub assessment: Assessment,
    /// Short names of the Editions.
    pub editions: Vec<String>,
    pub tally: Tally,
    /// Mandatory rows apart.
    pub mandatory: Tally,
}

/// A sheet: everything that an actor may see of an Assessment.
pub struct Sheet {
    pub assessment: Assessment,
    pub editions: Vec<EditionEntry>,
    pub rows: Vec<SheetRow>,
}

/// A chapter of a sheet.
#[derive(Debug, Clone)]
pub struct Chapter {
    pub edition_id: String,
    /// Number of the heading; empty for rows that stand below none.
    pub number: String,
    pub title: String,
    pub title_en: String,
    /// Places of the rows in the sheet.
    pub rows: Vec<usize>,
    pub tally: Tally,
}

/// Opens an Assessment: one blank row for every control that binds.
///
/// # Errors
/// A bad title or year, no or an unknown Edition, nothing that binds, or a role that may not.
pub async fn create(app: &App, actor: &Actor, new: NewAssessment) -> Result<String> {
    let title = checked_title(&new.title)?;
    if !(2000..=2100).contains(&new.fiscal_year) {
        return Err(Refusal::invalid(
            "fiscal-year",
            "年度は2000から2100の西暦で入力してください。",
            "Enter a year from 2000 to 2100.",
        )
        .into());
    }
    if new.editions.is_empty() {
        return Err(Refusal::invalid(
            "editions",
            "点検する基準を1つ以上選んでください。",
            "Choose at least one standard.",
        )
        .into());
    }
    let mut op = app.operate(actor, Permission::ManageAssessments).await?;
    let org = actor.organisation_id.clone();
    if !new.previous_id.is_empty() && store::assessment_by_id(&mut op.write, &org, &new.previous_id).await?.is_none() {
        return Err(Refusal::not_found().into());
    }
    let mut seen = HashSet::new();
    let mut editions = new.editions.clone();
    editions.retain(|id| seen.insert(id.clone()));
    let row = Assessment {
        id: app.new_id(),
        organisation_id: org,
        title,
        fiscal_year: new.fiscal_year,
        state: "open".to_owned(),
        previous_id: new.previous_id,
        created_at: op.now.clone(),
        version: 1,
    };
    for edition_id in &editions {
        make_decided(&mut op, edition_id).await?;
    }
    store::insert_assessment(&mut op.write, &row, &editions).await?;
    let rows = insert_binding(&mut op, &row, &editions, &HashSet::new(), 0).await?;
    if rows == 0 {
        return Err(Refusal::invalid(
            "nothing-binds",
            "選んだ基準に、適用される項目がありません。",
            "Nothing in the chosen standards binds you.",
        )
        .next(
            "適用判定で、組織の属性と個別の判断を確かめてください。",
            "Check the profile and the tailoring under Applicability.",
        )
        .into());
    }
    let after = json!({ "title": row.title, "fiscal_year": row.fiscal_year, "editions": editions, "previous": row.previous_id, "rows": rows });
    op.trail_new("assessment.open", ("assessment", &row.id), &after).await?;
    op.commit().await?;
    Ok(row.id)
}

fn checked_title(title: &str) -> Result<String> {
    let title = title.trim();
    let fits = !title.is_empty() && title.chars().count() <= TITLE_MAX && !title.chars().any(char::is_control);
    if fits {
        return Ok(title.to_owned());
    }
    Err(Refusal::invalid(
        "title",
        format!("題名を{TITLE_MAX}文字以内で入力してください。"),
        format!("Enter a title of at most {TITLE_MAX} characters."),
    )
    .into())
}

/// Refuses an Edition that is not readable or only a draft, and works out what binds of it where nobody has yet.
pub(crate) async fn make_decided(op: &mut Operation<'_>, edition_id: &str) -> Result<()> {
    let org = op.actor.organisation_id.clone();
    let entry = edition::edition(&mut op.write, &org, edition_id).await?.filter(|entry| !entry.is_draft());
    let entry = entry.ok_or_else(Refusal::not_found)?;
    if store::applicability(&mut op.write, &org, edition_id).await?.is_empty() {
        let organisation = registry::organisation_by_id(&mut op.write, &org).await?.ok_or_else(Refusal::not_found)?;
        applicability::recompute_edition(op, &organisation, &entry).await?;
    }
    Ok(())
}

/// Adds a blank row for every binding control that has none; returns how many.
async fn insert_binding(
    op: &mut Operation<'_>,
    assessment: &Assessment,
    editions: &[String],
    present: &HashSet<(String, String)>,
    mut position: i64,
) -> Result<i64> {
    let (org, blank, mut made) = (assessment.organisation_id.as_str(), Answer::default(), 0);
    for edition_id in editions {
        let binding: HashSet<String> = store::applicability(&mut op.write, org, edition_id)
            .await?
            .into_iter()
            .filter_map(|(number, a)| a.binds.then_some(number))
            .collect();
        for control in store::controls(&mut op.write, edition_id).await? {
            if !binding.contains(&control.number) || present.contains(&(edition_id.clone(), control.number.clone())) {
                continue;
            }
            let id = op.app.new_id();
            let row = NewAnswer {
                id: &id,
                edition_id,
                number: &control.number,
                position,
                department_id: "",
                answer: &blank,
                updated_at: "",
                updated_by: "",
            };
            store::insert_answer(&mut op.write, &assessment.id, org, &row).await?;
            position += 1;
            made += 1;
        }
    }
    Ok(made)
}

/// Adds rows for what has come to bind since the Assessment was opened (a changed profile, a tailoring, a new reading).
/// Rows that no longer bind stay, with their answers; the sheet says so. Returns how many rows were added.
///
/// # Errors
/// A closed Assessment, or a role that may not.
pub async fn add_missing_rows(app: &App, actor: &Actor, id: &str) -> Result<i64> {
    let mut op = app.operate(actor, Permission::ManageAssessments).await?;
    let org = actor.organisation_id.as_str();
    let row = store::assessment_by_id(&mut op.write, org, id).await?.ok_or_else(Refusal::not_found)?;
    require_open(&row)?;
    let rows = store::sheet(&mut op.write, org, id).await?;
    let editions = store::assessment_editions(&mut op.write, id).await?;
    let next = rows.iter().map(|r| r.position + 1).max().unwrap_or(0);
    let present = rows.into_iter().map(|r| (r.edition_id, r.number)).collect();
    let made = insert_binding(&mut op, &row, &editions, &present, next).await?;
    if made > 0 {
        op.trail_new("assessment.extend", ("assessment", id), &json!({ "rows": made })).await?;
        op.commit().await?;
    }
    Ok(made)
}

/// Refuses changes to a closed Assessment.
pub(crate) fn require_open(assessment: &Assessment) -> Result<()> {
    if assessment.state == "open" {
        return Ok(());
    }
    Err(Refusal::invalid(
        "assessment-closed",
        "この点検は締め切られているため、変更できません。",
        "This assessment is closed; nothing can be changed.",
    )
    .next(
        "変更が必要なときは、セキュリティ責任者に再開を依頼してください。",
        "If it must be changed, ask the security officer to reopen it.",
    )
    .into())
}

/// Closes an Assessment or opens it again.
///
/// # Errors
/// Not of this organisation, somebody was faster, or a role that may not.
pub async fn set_open(app: &App, actor: &Actor, id: &str, version: i64, open: bool) -> Result<()> {
    let mut op = app.operate(actor, Permission::ManageAssessments).await?;
    let before =
        store::assessment_by_id(&mut op.write, &actor.organisation_id, id).await?.ok_or_else(Refusal::not_found)?;
    if open {
        // An approval under way comes first, or waits.
        store::hold_assessment(&mut op.write, &actor.organisation_id, id).await?;
        crate::approval::require_not_approved(&mut op, Kind::AssessmentResult, id).await?;
    }
    let state = if open { "open" } else { "closed" };
    let after = Assessment { state: state.to_owned(), version, ..before.clone() };
    store::update_assessment(&mut op.write, &after).await?;
    op.trail("assessment.state", ("assessment", id), Some(&before.state), Some(&after.state)).await?;
    op.commit().await
}

/// The Assessments of the actor's organisation, newest first, with their counts.
///
/// # Errors
/// A role that may not read assessments.
pub async fn list(app: &App, actor: &Actor) -> Result<Vec<Summary>> {
    actor.require(Permission::ReadAssessments)?;
    let org = actor.organisation_id.as_str();
    let mut c = app.read().await?;
    let names: HashMap<String, String> =
        edition::editions(&mut c, org).await?.into_iter().map(|e| (e.id, e.edition.short)).collect();
    let mut out = Vec::new();
    for assessment in store::assessments(&mut c, org).await? {
        let (mut tally, mut mandatory) = (Tally::default(), Tally::default());
        for (_, force, _, status, count) in store::counts(&mut c, org, &assessment.id).await? {
            let count = u32::try_from(count).unwrap_or(u32::MAX);
            add_many(&mut tally, status, count);
            if force == sakimori_domain::assurance::applicability::Force::Mandatory {
                add_many(&mut mandatory, status, count);
            }
        }
        let editions = store::assessment_editions(&mut c, &assessment.id).await?;
        let editions = editions.into_iter().map(|id| names.get(&id).cloned().unwrap_or(id)).collect();
        out.push(Summary { assessment, editions, tally, mandatory });
    }
    Ok(out)
}

fn add_many(tally: &mut Tally, status: AnswerStatus, count: u32) {
    let field = match status {
        AnswerStatus::Yes => &mut tally.yes,
        AnswerStatus::Partly => &mut tally.partly,
        AnswerStatus::No => &mut tally.no,
        AnswerStatus::NotApplicable => &mut tally.not_applicable,
        AnswerStatus::Unanswered => &mut tally.unanswered,
    };
    *field = field.saturating_add(count);
}

/// The rows of an Assessment that the actor may see: all of them, or those that were asked of the actor's department.
///
/// # Errors
/// No such Assessment, or nothing of it was asked of the actor's department.
pub async fn rows(app: &App, actor: &Actor, id: &str) -> Result<(Assessment, Vec<SheetRow>)> {
    let mut c = app.read().await?;
    visible(&mut c, actor, id).await
}

/// Whether the actor may have the sheet, or part of it, open.
///
/// # Errors
/// No such Assessment, or nothing of it was asked of the actor's department.
pub async fn may_open(app: &App, actor: &Actor, id: &str) -> Result<()> {
    let org = actor.organisation_id.as_str();
    let mut c = app.read().await?;
    let known = store::assessment_by_id(&mut c, org, id).await?.is_some();
    let asked = actor.may(Permission::ReadAssessments)
        || (actor.may(Permission::ReadOwnRequests)
            && sakimori_store::request::requests_of_department(&mut c, org, &actor.department_id)
                .await?
                .iter()
                .any(|r| r.assessment_id == id && r.state != "withdrawn"));
    if known && asked { Ok(()) } else { Err(Refusal::not_found().into()) }
}

/// Which part of every sheet of the organisation an actor sees: all of it, or what was asked of one department. Actors of
/// one organisation with the same view see the same rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum View {
    Whole,
    /// Id of the department.
    Department(String),
}

/// The view of an actor.
///
/// # Errors
/// A role that reads no sheets.
pub fn view(actor: &Actor) -> Result<View> {
    if actor.may(Permission::ReadAssessments) {
        return Ok(View::Whole);
    }
    actor.require(Permission::ReadOwnRequests)?;
    Ok(View::Department(actor.department_id.clone()))
}

/// Stays the same as long as nothing that the actor's organisation can read has changed.
///
/// # Errors
/// A database error.
pub async fn stamp(app: &App, actor: &Actor) -> Result<Stamp> {
    Ok(trail::stamp(&mut app.read().await?, &actor.organisation_id).await?)
}

/// Most events after which a sheet is brought up to date row by row; with more, it is read anew.
const EVENTS_FOLLOWED: i64 = 64;

/// The rows of a sheet that show something of what happened between two stamps, as they are now; `None` where the sheet
/// has to be read anew: something else than single answers changed, or too much. The caller has shown the whole sheet to
/// this view before, and leaves out rows that were not in it.
///
/// # Errors
/// A database error.
pub async fn rows_since(
    app: &App,
    actor: &Actor,
    assessment_id: &str,
    (from, to): (Stamp, Stamp),
) -> Result<Option<Vec<SheetRow>>> {
    if from.shared != to.shared || to.own < from.own || to.own - from.own > EVENTS_FOLLOWED {
        return Ok(None);
    }
    let org = actor.organisation_id.as_str();
    let mut c = app.read().await?;
    let mut answers = HashSet::new();
    for (action, kind, id) in trail::between(&mut c, org, from.own, to.own).await? {
        match (kind.as_str(), action.as_str()) {
            ("answer", "answer.change" | "answer.carry-confirm" | "evidence.add") => _ = answers.insert(id),
            // Who signs in or out changes no sheet.
            (_, session) if session.starts_with("session.") => {}
            _ => return Ok(None),
        }
    }
    let mut touched = HashSet::new();
    for id in &answers {
        touched.extend(sakimori_store::carry::rows_showing(&mut c, org, assessment_id, id).await?);
    }
    let mut rows = Vec::with_capacity(touched.len());
    for id in &touched {
        match store::sheet_row_alone(&mut c, org, id).await? {
            Some(row) => rows.push(row),
            None => return Ok(None),
        }
    }
    Ok(Some(rows))
}

async fn visible(c: &mut Connection, actor: &Actor, id: &str) -> Result<(Assessment, Vec<SheetRow>)> {
    let org = actor.organisation_id.as_str();
    let view = view(actor)?;
    let assessment = store::assessment_by_id(c, org, id).await?.ok_or_else(Refusal::not_found)?;
    match view {
        View::Whole => Ok((assessment, store::sheet(c, org, id).await?)),
        View::Department(department_id) => {
            let rows = store::sheet_of_department(c, org, id, &department_id).await?;
            if rows.is_empty() { Err(Refusal::not_found().into()) } else { Ok((assessment, rows)) }
        }
    }
}

/// The sheet with the Editions that it covers.
///
/// # Errors
/// As [`rows`].
pub async fn sheet(app: &App, actor: &Actor, id: &str) -> Result<Sheet> {
    let mut c = app.read().await?;
    let (assessment, rows) = visible(&mut c, actor, id).await?;
    let ids = store::assessment_editions(&mut c, id).await?;
    let mut all: HashMap<String, EditionEntry> =
        edition::editions(&mut c, &actor.organisation_id).await?.into_iter().map(|e| (e.id.clone(), e)).collect();
    Ok(Sheet { assessment, editions: ids.iter().filter_map(|id| all.remove(id)).collect(), rows })
}

/// Short names of the Editions that rows belong to, by id.
///
/// # Errors
/// A database error.
pub async fn edition_names(app: &App, actor: &Actor, rows: &[SheetRow]) -> Result<HashMap<String, String>> {
    let used: HashSet<&str> = rows.iter().map(|row| row.edition_id.as_str()).collect();
    let all = edition::editions(&mut app.read().await?, &actor.organisation_id).await?;
    Ok(all.into_iter().filter(|e| used.contains(e.id.as_str())).map(|e| (e.id, e.edition.short)).collect())
}

/// The chapters of rows, in the order of their first row.
///
/// # Errors
/// A database error.
pub async fn chapters(app: &App, rows: &[SheetRow]) -> Result<Vec<Chapter>> {
    let mut c = app.read().await?;
    let mut headings: HashMap<String, HashMap<String, Heading>> = HashMap::new();
    for row in rows {
        if !headings.contains_key(&row.edition_id) {
            let of_edition =
                store::headings(&mut c, &row.edition_id).await?.into_iter().map(|h| (h.number.clone(), h)).collect();
            headings.insert(row.edition_id.clone(), of_edition);
        }
    }
    Ok(group(rows, &headings))
}

/// Groups rows by their outermost heading; a heading with more than [`CHAPTER_ROWS`] rows gives way to those below it.
fn group(rows: &[SheetRow], headings: &HashMap<String, HashMap<String, Heading>>) -> Vec<Chapter> {
    /// Deeper than any document; a parent chain that loops ends here.
    const DEPTH_MAX: usize = 32;
    // Headings above each row, outermost first.
    let above: Vec<Vec<&Heading>> = rows
        .iter()
        .map(|row| {
            let of_edition = headings.get(&row.edition_id);
            let find = |number: &str| of_edition.and_then(|h| h.get(number));
            let mut chain: Vec<&Heading> =
                std::iter::successors(find(&row.parent), |h| find(&h.parent)).take(DEPTH_MAX).collect();
            chain.reverse();
            chain
        })
        .collect();
    let mut below: HashMap<(&str, &str), usize> = HashMap::new();
    for (row, chain) in rows.iter().zip(&above) {
        for heading in chain {
            *below.entry((&row.edition_id, &heading.number)).or_default() += 1;
        }
    }
    let mut chapters: Vec<Chapter> = Vec::new();
    let mut places: HashMap<(&str, &str), usize> = HashMap::new();
    for (index, (row, chain)) in rows.iter().zip(&above).enumerate() {
        let small =
            |h: &&&Heading| below.get(&(row.edition_id.as_str(), h.number.as_str())).is_none_or(|n| *n <= CHAPTER_ROWS);
        let heading = chain.iter().find(small).or(chain.last()).copied();
        let number = heading.map_or("", |h| h.number.as_str());
        let place = *places.entry((&row.edition_id, number)).or_insert_with(|| {
            chapters.push(Chapter {
                edition_id: row.edition_id.clone(),
                number: number.to_owned(),
                title: heading.map_or(String::new(), |h| h.title.clone()),
                title_en: heading.map_or(String::new(), |h| h.title_en.clone()),
                rows: Vec::new(),
                tally: Tally::default(),
            });
            chapters.len() - 1
        });
        chapters[place].rows.push(index);
        chapters[place].tally.add(row.answer.status);
    }
    chapters
}

/// Whether an actor may change a row of an open Assessment: everything, or what is asked of the department just now.
pub(crate) async fn may_answer(c: &mut Connection, actor: &Actor, answer_id: &str) -> Result<bool> {
    if actor.may(Permission::AnswerAll) {
        return Ok(true);
    }
    if !actor.may(Permission::AnswerOwn) || actor.department_id.is_empty() {
        return Ok(false);
    }
    Ok(sakimori_store::request::is_open_for(c, &actor.organisation_id, answer_id, &actor.department_id).await?)
}

/// Whether an actor may see a row.
pub(crate) async fn may_see(c: &mut Connection, actor: &Actor, answer_id: &str) -> Result<bool> {
    if actor.may(Permission::ReadAssessments) {
        return Ok(true);
    }
    if !actor.may(Permission::ReadOwnRequests) || actor.department_id.is_empty() {
        return Ok(false);
    }
    Ok(sakimori_store::request::is_asked_of(c, &actor.organisation_id, answer_id, &actor.department_id).await?)
}
