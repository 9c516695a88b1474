//! 操作記録: who did what, when, from where, from what to what; narrowed by person, kind and day, and taken along as a file.

mod codes;
mod proof;
pub mod words;

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use jiff::ToSpan;
use jiff::civil::Date;
use sakimori_domain::identity::Permission;
use sakimori_interop::workbook::{TextEncoding, write_records};
use sakimori_report::{Cell, ColumnKind};
use sakimori_store::trail::{self as store, Event, Filter};
use sakimori_store::{Connection, assessment, edition, identity, registry, request, workbook};
use serde::Deserialize;

use self::proof::Proof;
pub use self::proof::{checkpoint, event_proof, export};
use self::words::{Change, KINDS, Names};
use crate::assurance::query_string;
use crate::error::WebError;
use crate::page::{Page, Room, render};
use crate::person::Person;
use crate::report::{download, file_name, list_response, lists};
use crate::state::WebState;

const PATH: &str = "/trail";
/// Events a page.
const PAGE: i64 = 50;
/// Events of a file: those of some months of a large organisation.
const FILE_MAX: i64 = 10_000;

/// An event in words.
struct Entry {
    event: Event,
    word: &'static str,
    subject: String,
    /// Empty where there is no page of it.
    href: String,
    changes: Vec<Change>,
}

#[derive(Template)]
#[template(path = "trail/list.html")]
struct TrailPage {
    p: Page,
    query: TrailQuery,
    entries: Vec<Entry>,
    people: Vec<(String, String)>,
    /// Address of the older events; empty at the end.
    older: String,
    excel: String,
    csv: String,
    /// State of the proof.
    proof: Proof,
    /// Whether something is filtered out, and what, in words.
    narrowed: bool,
    filter: String,
}

/// Where to begin, and what to leave out.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct TrailQuery {
    /// Position; the newest events without it.
    before: Option<i64>,
    /// Account.
    person: String,
    /// First part of an action.
    kind: String,
    /// ISO date of the first day, in Japan.
    from: String,
    /// ISO date of the last day, in Japan.
    to: String,
    /// `xlsx` or `csv` for a file.
    format: String,
}

/// The beginning of a day in Japan, as the beginning of a moment in UTC; empty for no day.
fn moment(day: Option<Date>) -> String {
    let midnight =
        day.and_then(|day| jiff::tz::TimeZone::fixed(jiff::tz::offset(9)).to_timestamp(day.at(0, 0, 0, 0)).ok());
    // Without the Z, so that it stands before every fraction of its second.
    midnight.map_or(String::new(), |at| at.to_string().trim_end_matches('Z').to_owned())
}

impl TrailQuery {
    fn filter(&self) -> Filter {
        let day = |text: &str| text.parse::<Date>().ok();
        Filter {
            actor_id: self.person.clone(),
            kind: KINDS
                .iter()
                .find(|(code, ..)| *code == self.kind)
                .map_or(String::new(), |(code, ..)| (*code).to_owned()),
            from: moment(day(&self.from)),
            until: moment(day(&self.to).and_then(|day| day.checked_add(1.day()).ok())),
        }
    }

    fn address(&self, more: &[(&str, &str)]) -> String {
        let own = [("person", self.person.as_str()), ("kind", &self.kind), ("from", &self.from), ("to", &self.to)];
        format!("{PATH}{}", query_string(&[&own, more].concat()))
    }

    /// The filter in words, for the head of a file.
    fn in_words(&self, people: &[(String, String)], p: &Page) -> String {
        let mut parts = Vec::new();
        if let Some((_, name)) = people.iter().find(|(id, _)| *id == self.person) {
            parts.push(name.clone());
        }
        if let Some((_, ja, en)) = KINDS.iter().find(|(code, ..)| *code == self.kind) {
            parts.push(p.t(ja, en).to_owned());
        }
        if !self.from.is_empty() || !self.to.is_empty() {
            parts.push(format!("{} {} {}", p.date(&self.from), p.t("～", "to"), p.date(&self.to)).trim().to_owned());
        }
        parts.join(p.t("、", ", "))
    }
}

/// Names of everything whose id stands in events.
async fn names(c: &mut Connection, organisation_id: &str) -> Result<Names, WebError> {
    let mut names: Names = HashMap::new();
    names.extend(identity::members(c, organisation_id).await?.into_iter().map(|m| (m.account_id, m.display_name)));
    names.extend(registry::departments(c, organisation_id).await?.into_iter().map(|d| (d.id, d.name)));
    names.extend(edition::editions(c, organisation_id).await?.into_iter().map(|e| (e.id, e.edition.short)));
    names.extend(assessment::assessments(c, organisation_id).await?.into_iter().map(|a| (a.id, a.title)));
    let requests = request::requests(c, organisation_id).await?;
    names.extend(requests.into_iter().map(|r| (r.id, format!("{} {}", r.assessment_title, r.department_name))));
    names.extend(workbook::mappings(c, organisation_id).await?.into_iter().map(|m| (m.id, m.name)));
    names.extend(store::answer_labels(c, organisation_id).await?);
    Ok(names)
}

/// Name and page of what an event is about.
fn subject(event: &Event, names: &Names, p: &Page) -> (String, String) {
    let id = event.subject_id.as_str();
    let page = |room: &str| format!("/{room}/{id}");
    let name = || names.get(id).cloned();
    match event.subject_kind.as_str() {
        "assessment" => (name().unwrap_or_default(), page("assessments")),
        "request" => (name().unwrap_or_default(), page("requests")),
        "answer" => (name().unwrap_or_default(), page("answers")),
        "edition" => (name().unwrap_or_default(), page("standards")),
        "provision" => {
            let (of, number) = id.split_once('/').unwrap_or((id, ""));
            (format!("{} {number}", names.get(of).map_or("", String::as_str)).trim().to_owned(), page("standards"))
        }
        "organisation" => (p.actor.organisation_name.clone(), "/organisation".to_owned()),
        "column-mapping" => (name().unwrap_or_else(|| id.to_owned()), "/column-mappings".to_owned()),
        _ => (name().unwrap_or_default(), String::new()),
    }
}

fn entry(event: Event, names: &Names, p: &Page) -> Entry {
    let (subject, href) = subject(&event, names, p);
    // Whoever signs in is named once.
    let subject = if subject == event.actor_name { String::new() } else { subject };
    Entry {
        word: words::action(&event.action, p.english),
        changes: words::changes(&event.before, &event.after, names, p),
        // Without a name the thing is gone, or nobody's page.
        href: if subject.is_empty() { String::new() } else { href },
        subject,
        event,
    }
}

/// GET /trail
pub async fn list(
    State(state): State<WebState>,
    person: Person,
    Query(query): Query<TrailQuery>,
) -> Result<Response, WebError> {
    person.actor.require(Permission::ReadTrail)?;
    let p = Page::printed(&state, &person, Room::Administration, PATH).await?;
    let organisation = &person.actor.organisation_id;
    let is_file = matches!(query.format.as_str(), "xlsx" | "csv");
    let limit = if is_file { FILE_MAX } else { PAGE };
    // Once per look, not for every page of it. Of a file, the file's own event says it.
    if query.before.is_none() && !is_file {
        let what = serde_json::json!({ "filter": query.address(&[]) });
        state.app.note_read(&person.actor, "trail.read", ("trail", ""), &what).await?;
    }
    let proof = Proof::of(&state, &p).await?;
    let mut c = state.app.read().await?;
    let before = query.before.unwrap_or(i64::MAX);
    let events = store::filtered(&mut c, organisation, &query.filter(), before, limit).await?;
    let people = store::actors(&mut c, organisation).await?;
    let names = names(&mut c, organisation).await?;
    drop(c);
    let full = i64::try_from(events.len()).is_ok_and(|shown| shown == limit);
    let last = events.last().map(|event| event.position.to_string()).filter(|_| full);
    let entries: Vec<Entry> = events.into_iter().map(|event| entry(event, &names, &p)).collect();
    if is_file {
        let what = serde_json::json!({ "filter": query.address(&[]), "format": query.format });
        state.app.note_read(&person.actor, "trail.export", ("trail", ""), &what).await?;
        return file(&state, &p, &query, &people, &entries).await;
    }
    render(&TrailPage {
        proof,
        older: last.map_or(String::new(), |before| query.address(&[("before", &before)])),
        excel: query.address(&[("format", "xlsx")]),
        csv: query.address(&[("format", "csv")]),
        narrowed: query.address(&[]) != PATH,
        filter: query.in_words(&people, &p),
        entries,
        people,
        query,
        p,
    })
}

/// Who did it, and for whom. A name that was forgotten leaves the account's number.
fn who(e: &Event) -> String {
    let name = if e.actor_name.is_empty() { &e.actor_id } else { &e.actor_name };
    match e.on_behalf_of_name.as_str() {
        "" => name.clone(),
        principal => format!("{name}（{principal} の代理）"),
    }
}

/// Where an event came from: an address, or the machine itself.
fn from<'a>(e: &'a Event, p: &'a Page) -> &'a str {
    if e.address == "local" { p.t("サーバー", "server") } else { &e.address }
}

/// A row per event: position, when, who, what, subject, changes, from where.
fn texts(entry: &Entry, p: &Page) -> Vec<String> {
    let change = |c: &Change| match c.before.as_str() {
        "" => format!("{}: {}", c.field, c.after),
        before => format!("{}: {before} → {}", c.field, c.after),
    };
    let e = &entry.event;
    vec![
        e.position.to_string(),
        p.moment(&e.at),
        who(e),
        entry.word.to_owned(),
        entry.subject.clone(),
        entry.changes.iter().map(change).collect::<Vec<_>>().join("\n"),
        from(e, p).to_owned(),
    ]
}

async fn file(
    state: &WebState,
    p: &Page,
    query: &TrailQuery,
    people: &[(String, String)],
    entries: &[Entry],
) -> Result<Response, WebError> {
    let title = p.t("操作記録", "Trail");
    let columns = [
        ("番号", "No.", 6.0),
        ("日時", "When", 14.0),
        ("だれが", "Who", 14.0),
        ("何を", "What", 22.0),
        ("対象", "Subject", 22.0),
        ("変わったところ", "Changes", 50.0),
        ("どこから", "From", 12.0),
    ];
    if query.format == "csv" {
        let head = columns.iter().map(|(ja, en, _)| p.t(ja, en).to_owned()).collect();
        let rows = entries.iter().map(|entry| texts(entry, p));
        let (bytes, _) = write_records(std::iter::once(head).chain(rows), TextEncoding::Utf8);
        let name = file_name(title, p.today, "csv");
        let subject = ("trail", "");
        let mark =
            sakimori_app::trail::take_bytes_along(&state.app, &p.actor, "trail.export", subject, &name, &bytes).await?;
        return download(&name, "text/csv; charset=utf-8", bytes, &mark);
    }
    let columns = lists::columns(p, columns.map(|(ja, en, width)| (ja, en, width, ColumnKind::Text)));
    let rows = entries.iter().map(|entry| texts(entry, p).into_iter().map(Cell::Text).collect()).collect();
    list_response(state, p, title, &query.in_words(people, p), columns, rows).await
}
