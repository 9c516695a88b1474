//! 論点表: the table of points on paper and as a workbook, in the layout that ministries use.

use std::collections::HashMap;

use axum::extract::{Query, State};
use axum::response::Response;
use sakimori_app::revision::{self as app, Line, TableItem};
use sakimori_domain::standards::NetworkClass;
use sakimori_domain::trail_mark::TrailMark;
use sakimori_report::{IssueEvidence, IssueItem, IssueRow, IssueTable, Lang, PrintHead};
use sakimori_store::revision::Meeting;

use super::ListQuery;
use super::words::meeting_name;
use crate::assurance::told;
use crate::error::WebError;
use crate::person::Person;
use crate::report::{XLSX, download, file_name, printed};
use crate::state::WebState;

/// The short names under which the levels stand in tables.
const CLASSES: [&str; 4] = ["事業", "その他", "自営", "ユーザ"];

async fn table(state: &WebState, person: &Person, query: &ListQuery) -> Result<IssueTable, WebError> {
    let all = app::list(&state.app, &person.actor).await.map_err(told(person))?;
    let english = person.actor.language == "en";
    let lines: Vec<&Line> = all.lines.iter().filter(|line| query.shows(line)).collect();
    let mut editions: Vec<&str> = Vec::new();
    for line in &lines {
        if !editions.contains(&line.issue.edition_id.as_str()) {
            editions.push(&line.issue.edition_id);
        }
    }
    let mut items: HashMap<&str, HashMap<String, TableItem>> = HashMap::new();
    for edition in &editions {
        items.insert(edition, app::table_items(&state.app, &person.actor, edition).await.map_err(told(person))?);
    }
    let has_levels = lines.iter().any(|line| {
        let of = items.get(line.issue.edition_id.as_str());
        line.issue.items.iter().any(|n| of.and_then(|m| m.get(n)).is_some_and(|i| !i.levels.is_empty()))
    });
    let organisation = sakimori_app::registry::own(&state.app, &person.actor).await.map_err(told(person))?;
    let names: Vec<&str> = editions
        .iter()
        .filter_map(|id| lines.iter().find(|l| l.issue.edition_id == *id).map(|l| l.edition.as_str()))
        .collect();
    Ok(IssueTable {
        head: PrintHead {
            lang: if english { Lang::En } else { Lang::Ja },
            organisation: person.actor.organisation_name.clone(),
            title: all
                .meetings
                .iter()
                .find(|m| m.id == query.meeting)
                .map_or(String::new(), |m| meeting_name(m, english)),
            marking: organisation.marking,
            report_date: state.app.today(),
            checkpoint: TrailMark::default(),
        },
        edition: names.join("、"),
        classes: if has_levels { CLASSES.map(str::to_owned).to_vec() } else { Vec::new() },
        rows: lines
            .iter()
            .map(|line| row(line, items.get(line.issue.edition_id.as_str()), &all.meetings, english))
            .collect(),
    })
}

fn row(line: &Line, items: Option<&HashMap<String, TableItem>>, meetings: &[Meeting], english: bool) -> IssueRow {
    let issue = &line.issue;
    let item = |(number, title): &(String, String)| {
        let known = items.and_then(|items| items.get(number));
        let text = known.map(|i| i.text.clone()).filter(|text| !text.is_empty());
        let level = |class: &NetworkClass| {
            known
                .and_then(|i| i.levels.iter().find(|(of, _)| of == class))
                .map_or("", |(_, level)| level.code())
                .to_owned()
        };
        IssueItem {
            number: number.clone(),
            title: title.clone(),
            // The wording typed for the item that changes stands in where no text is loaded.
            text: text.unwrap_or_else(|| {
                if *number == issue.wording.number { issue.wording.old_text.clone() } else { String::new() }
            }),
            levels: if known.is_some_and(|i| !i.levels.is_empty()) {
                NetworkClass::ALL.iter().map(level).collect()
            } else {
                Vec::new()
            },
        }
    };
    let evidence = |d: &sakimori_domain::revision::EvidenceDocument| IssueEvidence {
        title: d.title.clone(),
        content: [d.place.as_str(), &d.content].into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>().join("\n"),
    };
    IssueRow {
        number: u32::try_from(issue.number).unwrap_or(0),
        items: line.items.iter().map(item).collect(),
        evidence: issue.evidence.iter().map(evidence).collect(),
        sign: issue.standing.direction().sign().to_owned(),
        point: point(line, meetings, english),
    }
}

fn point(line: &Line, meetings: &[Meeting], english: bool) -> String {
    let issue = &line.issue;
    let mut parts = vec![issue.title.clone()];
    parts.extend(Some(issue.point.clone()).filter(|text| !text.is_empty()));
    if let Some(decision) = issue.standing.decision() {
        let meeting = meetings.iter().find(|m| m.id == decision.meeting_id).map(|m| meeting_name(m, english));
        let head = if english { "Decided" } else { "決定" };
        let by = meeting.unwrap_or_else(|| decision.by.clone());
        parts.push(format!("【{head} {} {by}】{}", decision.on, decision.text));
    } else if let Some(note) = line.notes.last() {
        let head = if english { "Discussion" } else { "検討" };
        parts.push(format!("【{head} {} {}】{}", note.said_on, note.speaker, note.text));
    }
    if !issue.wording.new_text.is_empty() && issue.standing.is_accepted() {
        parts.push(format!("【{}】{}", if english { "Next wording" } else { "次の版" }, issue.wording.new_text));
    }
    parts.join("\n")
}

fn name(title: &str) -> String {
    if title.is_empty() { "論点表".to_owned() } else { format!("論点表_{title}") }
}

/// GET /revision/table.pdf
pub async fn pdf(
    State(state): State<WebState>,
    person: Person,
    Query(query): Query<ListQuery>,
) -> Result<Response, WebError> {
    let mut table = table(&state, &person, &query).await?;
    let title = name(&table.head.title);
    let mark = printed(&state, &person.actor, ("revision", ""), "pdf").await?;
    table.head.checkpoint = mark.clone();
    let bytes = sakimori_app::report::issues_pdf(&state.app, table).await.map_err(told(&person))?;
    download(&file_name(&title, state.app.today(), "pdf"), "application/pdf", bytes, &mark)
}

/// GET /revision/table.xlsx
pub async fn xlsx(
    State(state): State<WebState>,
    person: Person,
    Query(query): Query<ListQuery>,
) -> Result<Response, WebError> {
    let mut table = table(&state, &person, &query).await?;
    let title = name(&table.head.title);
    let mark = printed(&state, &person.actor, ("revision", ""), "xlsx").await?;
    table.head.checkpoint = mark.clone();
    let bytes = sakimori_app::report::issues_xlsx(table).await.map_err(told(&person))?;
    download(&file_name(&title, state.app.today(), "xlsx"), XLSX, bytes, &mark)
}
