//! Reading points: the list with its board, one point with everything around it, and what a new one starts with.

use std::collections::HashMap;

use sakimori_domain::crosswalk::Relation;
use sakimori_domain::identity::Permission;
use sakimori_domain::revision::{ChangeKind, EvidenceDocument, Wording};
use sakimori_domain::standards::{Level, NetworkClass};
use sakimori_store::edition::{self, EditionEntry, OutlineRow, ProvisionEntry};
use sakimori_store::revision::{self as store, Issue, Meeting, Note};
use sakimori_store::trail::{self, Event};
use sakimori_store::{Connection, crosswalk};

use super::IssueInput;
use crate::standards::whole_text;
use crate::{Actor, App, Refusal, Result};

/// A point of the list.
pub struct Line {
    pub issue: Issue,
    /// Short name of its Edition.
    pub edition: String,
    /// Number and title of the items concerned.
    pub items: Vec<(String, String)>,
    pub notes: Vec<Note>,
}

/// Everything that the list and the board show.
pub struct Overview {
    pub lines: Vec<Line>,
    /// Newest first.
    pub meetings: Vec<Meeting>,
}

/// One point with what surrounds it.
pub struct IssueView {
    pub issue: Issue,
    pub entry: EditionEntry,
    /// The items concerned, with their levels and, where loaded, their texts.
    pub items: Vec<ProvisionEntry>,
    pub notes: Vec<Note>,
    pub meetings: Vec<Meeting>,
    pub history: Vec<Event>,
    /// Confirmed counterparts of the items: short name of the Edition, its id, number, relation.
    pub neighbours: Vec<(String, String, String, Relation)>,
    /// The present wording: of the base Edition where loaded, else as typed.
    pub present: String,
    /// Title of the item that is changed; empty for a new one.
    pub present_title: String,
}

/// What the form needs beside the point itself.
pub struct Surroundings {
    /// Editions that can be revised; drafts cannot.
    pub editions: Vec<EditionEntry>,
    pub meetings: Vec<Meeting>,
    pub outline: Vec<OutlineRow>,
}

/// Every point of the organisation.
///
/// # Errors
/// A role that may not; a database error.
pub async fn list(app: &App, actor: &Actor) -> Result<Overview> {
    actor.require(Permission::ReadRevision)?;
    let mut c = app.read().await?;
    let organisation_id = &actor.organisation_id;
    let issues = store::issues(&mut c, organisation_id).await?;
    let editions = short_names(&mut c, organisation_id).await?;
    let mut titles: HashMap<(String, String), String> = HashMap::new();
    let mut read: Vec<&String> = Vec::new();
    for issue in &issues {
        if !read.contains(&&issue.edition_id) {
            read.push(&issue.edition_id);
            for row in edition::outline(&mut c, organisation_id, &issue.edition_id).await? {
                titles.insert((row.edition_id, row.number), row.title);
            }
        }
    }
    let mut notes: HashMap<String, Vec<Note>> = HashMap::new();
    for note in store::notes(&mut c, organisation_id, "").await? {
        notes.entry(note.issue_id.clone()).or_default().push(note);
    }
    let meetings = store::meetings(&mut c, organisation_id).await?;
    let line = |issue: Issue| {
        let title =
            |number: &String| titles.get(&(issue.edition_id.clone(), number.clone())).cloned().unwrap_or_default();
        Line {
            edition: editions.get(&issue.edition_id).cloned().unwrap_or_default(),
            items: issue.items.iter().map(|number| (number.clone(), title(number))).collect(),
            notes: notes.remove(&issue.id).unwrap_or_default(),
            issue,
        }
    };
    Ok(Overview { lines: issues.clone().into_iter().map(line).collect(), meetings })
}

async fn short_names(c: &mut Connection, organisation_id: &str) -> Result<HashMap<String, String>> {
    Ok(edition::editions(c, organisation_id).await?.into_iter().map(|e| (e.id, e.edition.short)).collect())
}

/// One point.
///
/// # Errors
/// No such point; a role that may not; a database error.
pub async fn view(app: &App, actor: &Actor, id: &str) -> Result<IssueView> {
    actor.require(Permission::ReadRevision)?;
    let mut c = app.read().await?;
    let organisation_id = &actor.organisation_id;
    let issue = super::of(&mut c, actor, id).await?;
    let entry = edition::edition(&mut c, organisation_id, &issue.edition_id).await?.ok_or_else(Refusal::not_found)?;
    let names = short_names(&mut c, organisation_id).await?;
    let (mut items, mut neighbours) = (Vec::new(), Vec::new());
    for number in &issue.items {
        items.extend(edition::provision(&mut c, organisation_id, &issue.edition_id, number).await?);
        for (other, at, relation) in crosswalk::neighbours(&mut c, organisation_id, &issue.edition_id, number).await? {
            neighbours.push((names.get(&other).cloned().unwrap_or_default(), other, at, relation));
        }
    }
    let changed = edition::provision(&mut c, organisation_id, &issue.edition_id, &issue.wording.number).await?;
    Ok(IssueView {
        notes: store::notes(&mut c, organisation_id, id).await?,
        meetings: store::meetings(&mut c, organisation_id).await?,
        history: trail::of_subject(&mut c, organisation_id, "revision-issue", id).await?,
        present: changed.as_ref().map(present_text).filter(|t| !t.is_empty()).unwrap_or(issue.wording.old_text.clone()),
        present_title: changed.map_or(String::new(), |p| p.provision.title),
        entry,
        items,
        neighbours,
        issue,
    })
}

/// An item as the table of points prints it.
pub struct TableItem {
    /// Empty where no text is loaded.
    pub text: String,
    pub levels: Vec<(NetworkClass, Level)>,
}

/// The items of an Edition by number, for the table of points.
///
/// # Errors
/// No such Edition; a role that may not; a database error.
pub async fn table_items(app: &App, actor: &Actor, edition_id: &str) -> Result<HashMap<String, TableItem>> {
    actor.require(Permission::ReadRevision)?;
    let mut c = app.read().await?;
    let organisation_id = &actor.organisation_id;
    edition::edition(&mut c, organisation_id, edition_id).await?.ok_or_else(Refusal::not_found)?;
    let entries = edition::provisions(&mut c, organisation_id, edition_id).await?;
    let item = |e: &ProvisionEntry| TableItem { text: present_text(e), levels: e.provision.levels.clone() };
    Ok(entries.iter().map(|e| (e.provision.id.clone(), item(e))).collect())
}

fn present_text(entry: &ProvisionEntry) -> String {
    if entry.has_text { whole_text(&entry.provision) } else { String::new() }
}

/// What the form needs; the outline is that of `edition_id`, empty where it is not readable.
///
/// # Errors
/// A role that may not; a database error.
pub async fn surroundings(app: &App, actor: &Actor, edition_id: &str) -> Result<Surroundings> {
    actor.require(Permission::EditRevision)?;
    let mut c = app.read().await?;
    let organisation_id = &actor.organisation_id;
    let editions = edition::editions(&mut c, organisation_id).await?;
    Ok(Surroundings {
        editions: editions.into_iter().filter(|e| !e.is_draft()).collect(),
        meetings: store::meetings(&mut c, organisation_id).await?,
        outline: if edition_id.is_empty() {
            Vec::new()
        } else {
            edition::outline(&mut c, organisation_id, edition_id).await?
        },
    })
}

/// What a new point starts with: raised from an item, and with `from` (`EDITION:NUMBER`) from what another document asks
/// beyond it. What is not there is left out, since the address may be old.
///
/// # Errors
/// A role that may not; a database error.
pub async fn prefill(app: &App, actor: &Actor, edition_id: &str, number: &str, from: &str) -> Result<IssueInput> {
    actor.require(Permission::EditRevision)?;
    let mut c = app.read().await?;
    let organisation_id = &actor.organisation_id;
    let mut input = IssueInput::default();
    if edition::edition(&mut c, organisation_id, edition_id).await?.is_some() {
        edition_id.clone_into(&mut input.edition_id);
        if let Some(item) = edition::provision(&mut c, organisation_id, edition_id, number).await? {
            input.items = vec![item.provision.id.clone()];
            input.title.clone_from(&item.provision.title);
            input.wording = Wording {
                kind: ChangeKind::Open,
                number: item.provision.id.clone(),
                new_text: present_text(&item),
                ..Wording::default()
            };
        }
    }
    if let Some((other, at)) = from.split_once(':')
        && let Some(entry) = edition::edition(&mut c, organisation_id, other).await?
        && let Some(item) = edition::provision(&mut c, organisation_id, other, at).await?
    {
        let p = &item.provision;
        let text = present_text(&item);
        let content = if text.is_empty() { p.title.clone() } else { text };
        input.evidence = vec![EvidenceDocument {
            title: format!("{} {}", entry.edition.title, entry.edition.label).trim().to_owned(),
            place: format!("{} {}", p.id, p.title).trim().to_owned(),
            content: content.chars().take(super::TEXT_MAX).collect(),
        }];
        input.title = p.title.clone();
        input.point = if input.items.is_empty() {
            format!("{}が求める「{}」にあたる項目がない。加えるかどうか。", entry.edition.short, p.title)
        } else {
            format!("{}が求める「{}」までは書かれていない。補うかどうか。", entry.edition.short, p.title)
        };
        input.origin = format!("{} {}", entry.edition.short, p.id);
    }
    Ok(input)
}
