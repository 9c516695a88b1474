//! The review desk (照合の判定): one item, its candidates, what has been said of it.

use std::collections::HashMap;

use sakimori_domain::crosswalk::{Cover, Relation};
use sakimori_domain::text::fold;
use sakimori_store::crosswalk as store;
use sakimori_store::edition::ProvisionEntry;
use sakimori_store::trail::Event;

use super::derived::{Derived, derived};
use super::view::names;
use super::{Direction, Progress, Reading, View, judge, view};
use crate::{Actor, App, Refusal, Result};

/// Candidates on the desk: as many as there are digit keys.
pub const CANDIDATES: usize = 10;
/// Most hits of the search for another item.
const FOUND_MAX: usize = 20;
/// Longest search, in characters.
const FIND_MAX: usize = 100;

/// Which items the desk walks through.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeskFilter {
    /// Only items of which nothing has been said.
    pub open: bool,
    /// Only items with a Mapping that the second reviewer disagreed with.
    pub disputed: bool,
    /// Only items below this number; empty: all.
    pub chapter: String,
}

/// What the desk is asked for.
#[derive(Debug, Clone, Default)]
pub struct DeskQuery {
    pub direction: Direction,
    /// Empty: where the person stopped.
    pub at: String,
    pub filter: DeskFilter,
    /// Words or a number to look for among the other Edition's Provisions.
    pub find: String,
}

/// One line of candidates.
#[derive(Debug, Clone)]
pub struct DeskCandidate {
    /// Place in the other Edition.
    pub place: usize,
    /// 0 … 1; `None` for one that was looked for by hand.
    pub score: Option<f64>,
    /// Terms that both sides share.
    pub because: Vec<String>,
    /// The bullet that fits best.
    pub item: Option<String>,
    /// What has been said of the pair.
    pub reading: Option<Reading>,
    /// It follows from two other Crosswalks.
    pub derived: Option<Derived>,
}

/// The desk at one item.
pub struct Desk {
    pub view: View,
    pub filter: DeskFilter,
    /// Place of the item in the own Edition.
    pub at: usize,
    pub candidates: Vec<DeskCandidate>,
    /// What was judged and is not among the candidates, "no counterpart" too.
    pub judged: Vec<Reading>,
    /// What the search found that is not among the candidates.
    pub found: Vec<DeskCandidate>,
    pub find: String,
    pub progress: Progress,
    /// Of the items that the filter shows: the number of the present one (from 1, 0 where it is not among them), and all.
    pub position: (usize, usize),
    pub previous: Option<String>,
    pub next: Option<String>,
    /// The next item of which nothing has been said, from here round to the beginning.
    pub next_open: Option<String>,
    pub disputed: usize,
    pub history: Vec<Event>,
    /// Names of people by account.
    pub names: HashMap<String, String>,
}

impl Desk {
    /// The item.
    pub fn item(&self) -> Option<&ProvisionEntry> {
        self.view.own.provisions.get(self.at)
    }

    /// A Provision of the other Edition.
    pub fn other(&self, place: usize) -> Option<&ProvisionEntry> {
        self.view.other.provisions.get(place)
    }

    /// The standing "no counterpart", if it was said.
    pub fn without(&self) -> Option<&Reading> {
        self.judged.iter().find(|r| r.other.is_empty() && r.is_confirmed() && r.relation == Relation::None)
    }
}

/// Opens the desk at an item.
///
/// # Errors
/// A Crosswalk or an item that is not there; a search that is too long; a role that may not; a database error.
pub async fn desk(app: &App, actor: &Actor, id: &str, query: DeskQuery) -> Result<Desk> {
    if query.find.chars().count() > FIND_MAX {
        return Err(Refusal::invalid("query-too-long", "検索語が長すぎます。", "The search is too long.")
            .next("100文字以内にしてください。", "Use at most 100 characters.")
            .into());
    }
    let view = view(app, actor, id, query.direction).await?;
    let walk = walk(&view, &query.filter);
    let at = match query.at.as_str() {
        "" => start(app, actor, &view, &walk).await?,
        number => view.own.place(number).ok_or_else(Refusal::not_found)?,
    };
    let number = view.own.provisions.get(at).map_or(String::new(), |e| e.provision.id.clone());
    let candidates = candidates(app, actor, &view, &number).await?;
    let among = |other: &str| candidates.iter().any(|c| view.other.place(other) == Some(c.place));
    let judged = view.of(&number).filter(|r| r.other.is_empty() || !among(&r.other)).cloned().collect();
    let found = found(&view, &number, &query.find, &candidates);
    let mut history = Vec::new();
    for source in sources(&view, &number) {
        history.extend(judge::history(app, &actor.organisation_id, id, &source).await?);
    }
    history.retain(|event| concerns(event, &view, &number));
    history.sort_by_key(|event| std::cmp::Reverse(event.position));
    history.truncate(20);
    let around = Around::of(&view, &walk, at);
    Ok(Desk {
        candidates,
        judged,
        found,
        at,
        progress: view.progress(),
        position: around.position,
        previous: around.previous,
        next: around.next,
        next_open: next_open(&view, at),
        disputed: view.readings.iter().filter(|r| r.is_disputed()).count(),
        history,
        names: names(app, &actor.organisation_id).await?,
        filter: query.filter,
        find: query.find,
        view,
    })
}

/// Ten candidates: what follows from other Crosswalks, since people have judged that, then the suggestions.
async fn candidates(app: &App, actor: &Actor, view: &View, number: &str) -> Result<Vec<DeskCandidate>> {
    let suggester = view.suggestions(app).ready().await?;
    // Rejected ones leave the list at once, also before the suggester has learnt of them.
    let rejected = view.of(number).filter(|r| r.is_rejected()).count();
    let ways =
        derived(&mut app.read().await?, &actor.organisation_id, (&view.own.entry.id, number), &view.other.entry.id)
            .await?;
    let mut found: Vec<DeskCandidate> = suggester
        .candidates(number, CANDIDATES + rejected)
        .into_iter()
        .filter_map(|c| {
            Some(DeskCandidate {
                place: view.other.place(&c.id)?,
                reading: view.of(number).find(|r| r.other == c.id).cloned(),
                score: Some(c.score),
                because: c.because,
                item: c.item,
                derived: ways.iter().find(|way| way.other == c.id).cloned(),
            })
        })
        .collect();
    for way in ways {
        let Some(place) = view.other.place(&way.other) else { continue };
        if found.iter().all(|c| c.place != place) {
            found.push(DeskCandidate {
                place,
                score: None,
                because: Vec::new(),
                item: None,
                reading: view.of(number).find(|r| r.other == way.other).cloned(),
                derived: Some(way),
            });
        }
    }
    found.retain(|c| !c.reading.as_ref().is_some_and(Reading::is_rejected));
    // Stable: the order of the suggestions stays within both parts.
    found.sort_by_key(|c| c.derived.is_none());
    found.truncate(CANDIDATES);
    Ok(found)
}

/// Places of the items that a filter shows, in order.
fn walk(view: &View, filter: &DeskFilter) -> Vec<usize> {
    let below = |at: usize| {
        let Some(entry) = view.own.provisions.get(at) else { return false };
        let number = entry.provision.id.as_str();
        number == filter.chapter || view.own.path(number).iter().any(|up| up.provision.id == filter.chapter)
    };
    let disputed = |at: usize| {
        let number = view.own.provisions.get(at).map_or("", |e| e.provision.id.as_str());
        view.of(number).any(Reading::is_disputed)
    };
    let items = view.own.items.iter().copied();
    items
        .filter(|at| !filter.open || view.cover(*at) == Cover::Unjudged)
        .filter(|at| filter.chapter.is_empty() || below(*at))
        .filter(|at| !filter.disputed || disputed(*at))
        .collect()
}

/// Where the person stopped: the next open item after the last one judged; at first the first open one.
async fn start(app: &App, actor: &Actor, view: &View, walk: &[usize]) -> Result<usize> {
    let stopped = store::place(&mut app.read().await?, &view.crosswalk.id, &actor.account_id).await?;
    let after = view.own.place(&stopped);
    let open = |at: &&usize| view.cover(**at) == Cover::Unjudged;
    let onwards = walk.iter().filter(|at| after.is_none_or(|after| **at > after)).find(open);
    let found = onwards.or_else(|| walk.iter().find(open)).or(walk.first()).or(view.own.items.first());
    found.copied().ok_or_else(|| Refusal::not_found().into())
}

struct Around {
    position: (usize, usize),
    previous: Option<String>,
    next: Option<String>,
}

impl Around {
    fn of(view: &View, walk: &[usize], at: usize) -> Self {
        let number = |at: &usize| view.own.provisions.get(*at).map(|e| e.provision.id.clone());
        Self {
            position: (walk.iter().position(|place| *place == at).map_or(0, |p| p + 1), walk.len()),
            previous: walk.iter().rev().find(|place| **place < at).and_then(number),
            next: walk.iter().find(|place| **place > at).and_then(number),
        }
    }
}

fn next_open(view: &View, at: usize) -> Option<String> {
    let open = |place: &&usize| view.cover(**place) == Cover::Unjudged && **place != at;
    let items = &view.own.items;
    let found = items.iter().filter(|place| **place > at).find(open).or_else(|| items.iter().find(open))?;
    view.own.provisions.get(*found).map(|e| e.provision.id.clone())
}

/// Numbers of the source's Edition under which the trail keeps what was said of an own item.
fn sources(view: &View, number: &str) -> Vec<String> {
    match view.direction {
        Direction::Forward => vec![number.to_owned()],
        Direction::Reverse => {
            let mut all: Vec<String> = view.of(number).map(|r| r.mapping.source_number.clone()).collect();
            all.push(String::new());
            all.sort();
            all.dedup();
            all
        }
    }
}

fn concerns(event: &Event, view: &View, number: &str) -> bool {
    let field = if view.direction == Direction::Forward { "source" } else { "target" };
    judge::told(event).is_some_and(|told| told.get(field).and_then(|v| v.as_str()) == Some(number))
}

/// Provisions of the other Edition that hold every word, or whose number begins so.
fn found(view: &View, number: &str, find: &str, candidates: &[DeskCandidate]) -> Vec<DeskCandidate> {
    let words: Vec<String> = fold(find).split_whitespace().map(ToOwned::to_owned).collect();
    if words.is_empty() {
        return Vec::new();
    }
    let asked = sakimori_domain::text::number_id(find);
    let mut hits: Vec<(bool, usize)> = view
        .other
        .provisions
        .iter()
        .enumerate()
        .filter(|(place, _)| candidates.iter().all(|c| c.place != *place))
        .filter_map(|(place, entry)| {
            let by_number = entry.provision.id.starts_with(&asked);
            let text = || {
                let whole = crate::standards::whole_text(&entry.provision);
                fold(
                    &[&entry.provision.id, &entry.provision.title, &entry.guide.question, &whole]
                        .map(String::as_str)
                        .join(" "),
                )
            };
            (by_number || {
                let text = text();
                words.iter().all(|word| text.contains(word.as_str()))
            })
            .then_some((!by_number, place))
        })
        .collect();
    hits.sort_unstable();
    hits.into_iter()
        .take(FOUND_MAX)
        .filter_map(|(_, place)| {
            let other = view.other.provisions.get(place)?.provision.id.as_str();
            Some(DeskCandidate {
                place,
                score: None,
                because: vec![find.to_owned()],
                item: None,
                reading: view.of(number).find(|r| r.other == other).cloned(),
                derived: None,
            })
        })
        .collect()
}
