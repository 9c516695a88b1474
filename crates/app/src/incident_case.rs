//! 事例: incidents that Standards are checked against, their causes, and which items cover them.

use std::collections::HashMap;

use sakimori_domain::crosswalk::MappingStatus;
use sakimori_domain::crosswalk::suggest::{Suggester, Synonyms};
use sakimori_domain::identity::Permission;
use sakimori_domain::standards::{Provision, Record};
use sakimori_store::Connection;
use sakimori_store::edition::{self, EditionEntry};
use sakimori_store::incident_case::{self as store, Case, Cover, Problem};
use serde_json::json;

use crate::texts::{self, Field};
use crate::{Actor, App, AppError, Operation, Refusal, Result, seen};

/// Candidates that are offered for a problem.
const CANDIDATES: usize = 5;
/// Cases of one organisation, and problems of one case.
const CASES_MAX: usize = 1_000;
const PROBLEMS_MAX: usize = 100;

const TITLE: Field = ("title", "題名", "The title");
const LABEL: Field = ("label", "番号", "The number");
const WHEN: Field = ("happened-on", "発生", "When it happened");
const NETWORK: Field = ("network", "対象", "What was hit");
const SUMMARY: Field = ("summary", "概要", "The summary");
const ACCIDENT: Field = ("accident", "事故", "What happened");
const PROBLEM: Field = ("problem", "問題点", "A problem");

/// How far a problem is covered by an Edition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// At least one item covers it.
    Covered,
    /// Somebody has said that no item does.
    Uncovered,
    /// Nobody has judged it yet.
    Open,
}

/// What was said of a problem and an item, with the item's title.
#[derive(Debug, Clone)]
pub struct CoverLine {
    pub cover: Cover,
    pub title: String,
}

/// An item that may cover a problem.
#[derive(Debug, Clone)]
pub struct Suggestion {
    pub number: String,
    pub title: String,
    /// Terms that both share.
    pub because: Vec<String>,
}

/// A problem with what covers it.
pub struct ProblemLine {
    pub problem: Problem,
    pub standing: Standing,
    pub covers: Vec<CoverLine>,
    /// What was said where no item covers it.
    pub none: Option<Cover>,
    pub suggestions: Vec<Suggestion>,
}

/// A case with its problems, against one Edition.
pub struct CaseView {
    pub case: Case,
    pub problems: Vec<ProblemLine>,
}

/// Cases against one Edition.
pub struct Overview {
    /// The Edition that they are checked against; `None` where there is none to read.
    pub entry: Option<EditionEntry>,
    /// Editions to choose from.
    pub editions: Vec<EditionEntry>,
    /// Editions whose document brings cases, and how many are not taken over yet.
    pub sources: Vec<(EditionEntry, usize)>,
    pub cases: Vec<CaseView>,
}

/// A case as a person entered it.
#[derive(Debug, Clone, Default)]
pub struct CaseInput {
    /// The version that the person saw; 0 for a new one.
    pub version: i64,
    pub label: String,
    pub title: String,
    pub happened_on: String,
    pub network: String,
    pub summary: String,
    /// One problem a line; `accident｜problem` names what happened through it.
    pub problems: String,
}

/// What a person says of a problem and an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Confirm,
    Reject,
    /// No item of the Edition covers it.
    Nothing,
    /// As if nobody had looked.
    Clear,
}

impl Verdict {
    /// The verdict of a form's code.
    pub fn from_code(code: &str) -> Option<Self> {
        match code {
            "confirm" => Some(Self::Confirm),
            "reject" => Some(Self::Reject),
            "nothing" => Some(Self::Nothing),
            "clear" => Some(Self::Clear),
            _ => None,
        }
    }
}

/// Every case against an Edition; the one that most was said of where `edition_id` is empty. With `suggest`, what may
/// cover the problems of the case `only` is offered.
///
/// # Errors
/// An Edition or case that is not there; a role that may not; a database error.
pub async fn list(app: &App, actor: &Actor, edition_id: &str, only: &str) -> Result<Overview> {
    actor.require(Permission::ReadRevision)?;
    let mut c = app.read().await?;
    let organisation_id = &actor.organisation_id;
    let editions = edition::editions(&mut c, organisation_id).await?;
    let entry = chosen(&mut c, actor, &editions, edition_id).await?;
    let mut cases = store::cases(&mut c, organisation_id).await?;
    let mut sources = Vec::new();
    for e in &editions {
        let records = edition::records(&mut c, organisation_id, &e.id).await?;
        let waiting = brought(&records).map(|r| source(&e.id, cell(r, "case")));
        let waiting = waiting.filter(|source| cases.iter().all(|case| case.source != *source)).count();
        if waiting > 0 {
            sources.push((e.clone(), waiting));
        }
    }
    if !only.is_empty() {
        cases.retain(|case| case.id == only);
        if cases.is_empty() {
            return Err(Refusal::not_found().into());
        }
    }
    let problems = store::problems(&mut c, organisation_id, only).await?;
    let (covers, provisions) = match &entry {
        Some(e) => (
            store::covers(&mut c, organisation_id, &e.id).await?,
            edition::provisions(&mut c, organisation_id, &e.id).await?,
        ),
        None => (Vec::new(), Vec::new()),
    };
    let provisions: Vec<Provision> = provisions.into_iter().map(|e| e.provision).collect();
    let titles: HashMap<String, String> = provisions.iter().map(|p| (p.id.clone(), p.title.clone())).collect();
    let mut lines: Vec<ProblemLine> = problems.into_iter().map(|p| line(p, &covers, &titles)).collect();
    if !only.is_empty() && entry.is_some() {
        let words = crate::crosswalk::synonyms(&mut c, organisation_id).await?;
        drop(c);
        lines = suggested(lines, provisions, words, titles).await?;
    }
    let mut by_case: HashMap<String, Vec<ProblemLine>> = HashMap::new();
    for line in lines {
        by_case.entry(line.problem.case_id.clone()).or_default().push(line);
    }
    let cases = cases
        .into_iter()
        .map(|case| CaseView { problems: by_case.remove(&case.id).unwrap_or_default(), case })
        .collect();
    Ok(Overview { entry, editions, sources, cases })
}

async fn chosen(
    c: &mut Connection,
    actor: &Actor,
    editions: &[EditionEntry],
    edition_id: &str,
) -> Result<Option<EditionEntry>> {
    if !edition_id.is_empty() {
        let found = editions.iter().find(|e| e.id == edition_id).cloned();
        return Ok(Some(found.ok_or_else(Refusal::not_found)?));
    }
    let mut most: Option<(usize, &EditionEntry)> = None;
    for id in store::judged_editions(c, &actor.organisation_id).await? {
        let said = store::covers(c, &actor.organisation_id, &id).await?.len();
        if let Some(e) = editions.iter().find(|e| e.id == id)
            && most.is_none_or(|(before, _)| said > before)
        {
            most = Some((said, e));
        }
    }
    let own = || editions.iter().find(|e| !e.owner.is_empty()).or_else(|| editions.first());
    Ok(most.map(|(_, e)| e).or_else(own).cloned())
}

fn line(problem: Problem, covers: &[Cover], titles: &HashMap<String, String>) -> ProblemLine {
    let own: Vec<&Cover> = covers.iter().filter(|cover| cover.problem_id == problem.id).collect();
    let none = own.iter().find(|cover| cover.number.is_empty()).map(|cover| (*cover).clone());
    let covers: Vec<CoverLine> = own
        .into_iter()
        .filter(|cover| !cover.number.is_empty())
        .map(|cover| CoverLine { title: titles.get(&cover.number).cloned().unwrap_or_default(), cover: cover.clone() })
        .collect();
    let is_covered = covers.iter().any(|line| line.cover.status == MappingStatus::Confirmed);
    let standing = match (is_covered, &none) {
        (true, _) => Standing::Covered,
        (false, Some(_)) => Standing::Uncovered,
        (false, None) => Standing::Open,
    };
    ProblemLine { problem, standing, covers, none, suggestions: Vec::new() }
}

/// Adds what may cover the problems that have not been judged pair by pair.
async fn suggested(
    mut lines: Vec<ProblemLine>,
    provisions: Vec<Provision>,
    words: Synonyms,
    titles: HashMap<String, String>,
) -> Result<Vec<ProblemLine>> {
    tokio::task::spawn_blocking(move || {
        let suggester = Suggester::new(&[], &provisions, &words, &[]);
        for line in &mut lines {
            let text = format!("{}\n{}", line.problem.problem, line.problem.accident);
            let judged = |number: &str| line.covers.iter().any(|c| c.cover.number == number);
            let candidates = suggester.candidates_for_text(&text, CANDIDATES * 2);
            let fresh = candidates.into_iter().filter(|candidate| !judged(&candidate.id)).take(CANDIDATES);
            line.suggestions = fresh
                .map(|candidate| Suggestion {
                    title: titles.get(&candidate.id).cloned().unwrap_or_default(),
                    number: candidate.id,
                    because: candidate.because,
                })
                .collect();
        }
        lines
    })
    .await
    .map_err(|error| AppError::Internal(format!("suggestions: {error}")))
}

/// The cases that a document brings with at least one problem in words: the shipped catalogues have only some of the words,
/// and become whole when the user's own document is loaded.
fn brought(records: &[Record]) -> impl Iterator<Item = &Record> {
    let has_words = |label: &str| {
        records.iter().any(|r| r.table == "incident" && cell(r, "case") == label && !cell(r, "problem").is_empty())
    };
    records.iter().filter(move |r| r.table == "case" && has_words(cell(r, "case")))
}

fn source(edition_id: &str, label: &str) -> String {
    format!("records:{edition_id}:{label}")
}

fn cell<'r>(record: &'r Record, name: &str) -> &'r str {
    record.cells.iter().find(|(column, _)| column == name).map_or("", |(_, text)| text.as_str())
}

/// Registers a case with its problems and returns its id.
///
/// # Errors
/// Texts that are missing or too long; too many cases or problems; a role that may not.
pub async fn add(app: &App, actor: &Actor, input: CaseInput) -> Result<String> {
    let mut op = app.operate(actor, Permission::EditRevision).await?;
    let id = app.new_id();
    let case = Case {
        id: id.clone(),
        source: String::new(),
        created_by: actor.name.clone(),
        created_at: op.now.clone(),
        version: 1,
        ..checked(&input)?
    };
    op.trail_new("case.add", ("incident-case", &id), &json!({ "label": case.label, "title": case.title })).await?;
    if store::cases(&mut op.write, &actor.organisation_id).await?.len() >= CASES_MAX {
        return Err(too_many().into());
    }
    store::insert_case(&mut op.write, &actor.organisation_id, &case).await?;
    add_lines(&mut op, &id, &input.problems).await?;
    op.commit().await?;
    Ok(id)
}

fn too_many() -> Refusal {
    Refusal::invalid(
        "too-many",
        format!("事例は{CASES_MAX}件、問題点は1事例につき{PROBLEMS_MAX}件までです。"),
        format!("At most {CASES_MAX} cases with {PROBLEMS_MAX} problems each."),
    )
}

fn checked(input: &CaseInput) -> Result<Case> {
    Ok(Case {
        id: String::new(),
        label: texts::line(LABEL, &input.label, 40)?,
        title: texts::needed(TITLE, &input.title, 200)?,
        happened_on: texts::line(WHEN, &input.happened_on, 40)?,
        network: texts::line(NETWORK, &input.network, 200)?,
        summary: texts::text(SUMMARY, &input.summary, 8_000)?,
        source: String::new(),
        created_by: String::new(),
        created_at: String::new(),
        version: input.version,
    })
}

async fn add_lines(op: &mut Operation<'_>, case_id: &str, typed: &str) -> Result<usize> {
    let organisation_id = op.actor.organisation_id.clone();
    let there = store::problems(&mut op.write, &organisation_id, case_id).await?.len();
    let mut position = there;
    for typed in typed.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (accident, problem) = typed.split_once(['｜', '|', '\t']).unwrap_or(("", typed));
        if position >= PROBLEMS_MAX {
            return Err(too_many().into());
        }
        let problem = Problem {
            id: op.app.new_id(),
            case_id: case_id.to_owned(),
            position: position as i64,
            accident: texts::line(ACCIDENT, accident, 500)?,
            problem: texts::needed(PROBLEM, problem, 2_000)?,
            version: 1,
        };
        let after = json!({ "problem": problem.problem });
        op.trail_new("case.problem", ("incident-case", case_id), &after).await?;
        store::insert_problem(&mut op.write, &organisation_id, &problem).await?;
        position += 1;
    }
    Ok(position - there)
}

/// Changes what a case says and adds the problems that were typed.
///
/// # Errors
/// As [`add`]; no such case; somebody was faster.
pub async fn change(app: &App, actor: &Actor, id: &str, input: CaseInput) -> Result<()> {
    let mut op = app.operate(actor, Permission::EditRevision).await?;
    let before = store::case(&mut op.write, &actor.organisation_id, id).await?.ok_or_else(Refusal::not_found)?;
    let after = Case { id: id.to_owned(), ..checked(&input)? };
    let said = |c: &Case| json!({ "label": c.label, "title": c.title, "on": c.happened_on, "text": c.summary });
    op.trail("case.change", ("incident-case", id), Some(&said(&before)), Some(&said(&after))).await?;
    store::update_case(&mut op.write, &actor.organisation_id, &after).await?;
    add_lines(&mut op, id, &input.problems).await?;
    op.commit().await
}

/// What a page showed of what was said of a problem, in whatever order.
fn covers_seen<'c>(covers: impl Iterator<Item = &'c Cover>) -> String {
    let mut said: Vec<String> =
        covers.map(|c| format!("{}\t{}\t{}\t{}", c.number, c.status.code(), c.decided_at, c.version)).collect();
    said.sort_unstable();
    seen::mark(said)
}

impl ProblemLine {
    /// What the page that shows this line saw; its forms send it back.
    pub fn seen(&self) -> String {
        covers_seen(self.covers.iter().map(|line| &line.cover).chain(&self.none))
    }
}

/// Says whether an item covers a problem. What was said before is replaced, if it is what the person saw
/// ([`ProblemLine::seen`]).
///
/// # Errors
/// A problem, Edition or item that is not there; somebody was faster; a role that may not.
pub async fn judge(
    app: &App,
    actor: &Actor,
    problem_id: &str,
    (edition_id, number): (&str, &str),
    verdict: Verdict,
    seen: Option<&str>,
) -> Result<()> {
    let mut op = app.operate(actor, Permission::EditRevision).await?;
    let organisation_id = &actor.organisation_id;
    let problem = store::problem(&mut op.write, organisation_id, problem_id).await?.ok_or_else(Refusal::not_found)?;
    edition::edition(&mut op.write, organisation_id, edition_id).await?.ok_or_else(Refusal::not_found)?;
    let number = if verdict == Verdict::Nothing { String::new() } else { sakimori_domain::text::number_id(number) };
    if !number.is_empty() && edition::provision(&mut op.write, organisation_id, edition_id, &number).await?.is_none() {
        return Err(
            Refusal::invalid("item", "その番号の項目はこの版にありません。", "This edition has no such item.").into()
        );
    }
    if number.is_empty() && matches!(verdict, Verdict::Confirm | Verdict::Reject) {
        return Err(Refusal::invalid("item", "項目の番号を入力してください。", "Give the number of the item.").into());
    }
    let word = match verdict {
        Verdict::Confirm => "confirmed",
        Verdict::Reject => "rejected",
        Verdict::Nothing => "none",
        Verdict::Clear => "cleared",
    };
    let after = json!({ "problem": problem.problem, "edition": edition_id, "number": number, "verdict": word });
    op.trail_new("case.judge", ("incident-case", &problem.case_id), &after).await?;
    let said = store::covers(&mut op.write, organisation_id, edition_id).await?;
    let own = |n: &str| said.iter().find(|cover| cover.problem_id == problem_id && cover.number == n);
    seen::require(&covers_seen(said.iter().filter(|cover| cover.problem_id == problem_id)), seen)?;
    if verdict == Verdict::Clear {
        let cover = own(&number).ok_or_else(Refusal::not_found)?;
        store::delete_cover(&mut op.write, organisation_id, cover).await?;
        return op.commit().await;
    }
    if verdict == Verdict::Confirm
        && let Some(none) = own("")
    {
        store::delete_cover(&mut op.write, organisation_id, none).await?;
    }
    let cover = Cover {
        problem_id: problem_id.to_owned(),
        edition_id: edition_id.to_owned(),
        status: if verdict == Verdict::Reject { MappingStatus::Rejected } else { MappingStatus::Confirmed },
        decided_by: actor.name.clone(),
        decided_at: op.now.clone(),
        version: own(&number).map_or(0, |cover| cover.version),
        number,
    };
    store::put_cover(&mut op.write, organisation_id, &cover).await?;
    op.commit().await
}

/// Takes over the cases that an Edition's document brings (its tables `case` and `incident`), with the items that the
/// document itself names. Cases that are there already stay as they are. Returns how many were new.
///
/// # Errors
/// No such Edition, or nothing to take over; a role that may not.
pub async fn take_over(app: &App, actor: &Actor, edition_id: &str) -> Result<usize> {
    let mut op = app.operate(actor, Permission::EditRevision).await?;
    let organisation_id = &actor.organisation_id;
    let entry = edition::edition(&mut op.write, organisation_id, edition_id).await?;
    let records = match entry {
        Some(_) => edition::records(&mut op.write, organisation_id, edition_id).await?,
        None => Vec::new(),
    };
    op.trail_new("case.take-over", ("edition", edition_id), &json!({ "edition": edition_id })).await?;
    let there = store::cases(&mut op.write, organisation_id).await?;
    let numbers: Vec<String> =
        edition::outline(&mut op.write, organisation_id, edition_id).await?.into_iter().map(|row| row.number).collect();
    let mut taken = 0;
    for record in brought(&records) {
        let label = cell(record, "case");
        let from = source(edition_id, label);
        if there.iter().any(|case| case.source == from) || there.len() + taken >= CASES_MAX {
            continue;
        }
        let case = Case {
            id: app.new_id(),
            label: label.to_owned(),
            title: cell(record, "title").to_owned(),
            happened_on: String::new(),
            network: cell(record, "network").to_owned(),
            summary: String::new(),
            source: from,
            created_by: actor.name.clone(),
            created_at: op.now.clone(),
            version: 1,
        };
        store::insert_case(&mut op.write, organisation_id, &case).await?;
        let of_case = |r: &&Record| r.table == "incident" && cell(r, "case") == label && !cell(r, "problem").is_empty();
        let rows: Vec<&Record> = records.iter().filter(of_case).collect();
        take_problems(&mut op, &case.id, edition_id, &rows, &numbers).await?;
        taken += 1;
    }
    if taken == 0 {
        return Err(Refusal::invalid(
            "nothing-to-take-over",
            "この基準の文書には、まだ取り込んでいない事例がありません。",
            "This document brings no case that is not there already.",
        )
        .next(
            "事例を含む文書を先に取り込むか、事例を手で登録してください。",
            "Load a document with cases first, or enter one.",
        )
        .into());
    }
    op.commit().await?;
    Ok(taken)
}

async fn take_problems(
    op: &mut Operation<'_>,
    case_id: &str,
    edition_id: &str,
    rows: &[&Record],
    numbers: &[String],
) -> Result<()> {
    let organisation_id = op.actor.organisation_id.clone();
    let mut taken: Vec<(String, String)> = Vec::new();
    for row in rows.iter().take(PROBLEMS_MAX) {
        let problem = cell(row, "problem");
        let id = match taken.iter().find(|(text, _)| text == problem) {
            Some((_, id)) => id.clone(),
            None => {
                let id = op.app.new_id();
                let new = Problem {
                    id: id.clone(),
                    case_id: case_id.to_owned(),
                    position: taken.len() as i64,
                    accident: cell(row, "accident").to_owned(),
                    problem: problem.to_owned(),
                    version: 1,
                };
                store::insert_problem(&mut op.write, &organisation_id, &new).await?;
                taken.push((problem.to_owned(), id.clone()));
                id
            }
        };
        let number = cell(row, "item");
        if numbers.iter().any(|n| n == number) {
            let cover = Cover {
                problem_id: id,
                edition_id: edition_id.to_owned(),
                number: number.to_owned(),
                status: MappingStatus::Confirmed,
                decided_by: op.actor.name.clone(),
                decided_at: op.now.clone(),
                version: 0,
            };
            // The same item may stand twice beside a problem.
            if !store::covers(&mut op.write, &organisation_id, edition_id)
                .await?
                .iter()
                .any(|c| c.problem_id == cover.problem_id && c.number == cover.number)
            {
                store::put_cover(&mut op.write, &organisation_id, &cover).await?;
            }
        }
    }
    Ok(())
}
