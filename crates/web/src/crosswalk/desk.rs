//! The review desk: left the item, right its candidates. What scripts make quick are plain forms without them.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use sakimori_app::crosswalk::{self as app, Desk, DeskCandidate, DeskFilter, DeskQuery, Direction, Judgement, Reading};
use sakimori_domain::crosswalk::{Cover, MappingStatus, Relation};
use sakimori_domain::identity::Permission;
use sakimori_domain::standards::Item;
use sakimori_store::edition::ProvisionEntry;
use sakimori_store::trail::Event;
use serde::Deserialize;

use super::list::{Parts, parts};
use super::page_path;
use super::words::{self, Piece};
use crate::assurance::told;
use crate::assurance::view::Chip;
use crate::error::WebError;
use crate::forms::{Fields, PersonForm};
use crate::identity::see_other;
use crate::page::{Page, Room, render};
use crate::person::Person;
use crate::standards::item_path;
use crate::state::WebState;

/// Letters of a Provision's text that a candidate shows where no bullet fits best.
const TEXT_SHOWN: usize = 140;

/// What the page takes from its address.
#[derive(Deserialize, Default, Clone)]
#[serde(default)]
pub struct Asked {
    direction: String,
    at: String,
    open: String,
    disputed: String,
    chapter: String,
    find: String,
}

impl Asked {
    fn of(fields: &Fields) -> Self {
        let text = |name: &str| fields.get(name).to_owned();
        Self {
            direction: text("direction"),
            at: text("at"),
            open: text("open"),
            disputed: text("disputed"),
            chapter: text("chapter"),
            find: text("find"),
        }
    }

    fn query(&self) -> DeskQuery {
        DeskQuery {
            direction: Direction::from_code(&self.direction),
            at: self.at.clone(),
            filter: DeskFilter {
                open: !self.open.is_empty(),
                disputed: !self.disputed.is_empty(),
                chapter: self.chapter.clone(),
            },
            find: self.find.clone(),
        }
    }

    fn address(&self, id: &str) -> String {
        let flag = |on: &str| if on.is_empty() { "" } else { "1" };
        let query = [
            ("at", self.at.as_str()),
            ("open", flag(&self.open)),
            ("disputed", flag(&self.disputed)),
            ("chapter", &self.chapter),
            ("find", &self.find),
        ];
        page_path(id, "desk", Direction::from_code(&self.direction), &query)
    }
}

/// A candidate or a judged pair as the page shows it.
struct Row {
    /// The digit that chooses it; empty beyond ten.
    key: String,
    number: String,
    href: String,
    path: String,
    title: Vec<Piece>,
    text: Vec<Piece>,
    force: String,
    /// Per cent.
    score: Option<u32>,
    because: String,
    /// `confirmed`, `rejected` or empty.
    status: &'static str,
    /// Code of the relation that was set, and its sign.
    relation: &'static str,
    sign: &'static str,
    relation_words: &'static str,
    rationale: String,
    version: i64,
    mapping: String,
    decided: String,
    imported: bool,
    review: Option<Review>,
    may_review: bool,
    /// The way of a derived Mapping and the relation that follows; empty for others.
    derived: String,
    derived_relation: &'static str,
}

struct Review {
    agreed: bool,
    note: String,
    by: String,
}

/// One line of the history.
struct Moment {
    at: String,
    who: String,
    what: String,
}

/// A line of the official text.
struct Line {
    depth: usize,
    label: String,
    text: String,
}

/// What is shown of the own item.
struct Shown {
    number: String,
    title: String,
    href: String,
    path: String,
    force: Vec<String>,
    question: String,
    explanation: String,
    paragraphs: Vec<String>,
    lines: Vec<Line>,
    has_text: bool,
    cover: &'static str,
    cover_class: &'static str,
    /// It takes over what was said of a heading above it.
    from_above: bool,
}

#[derive(Template)]
#[template(path = "crosswalk/desk.html")]
struct DeskPage {
    p: Page,
    id: String,
    asked: Asked,
    own_name: String,
    other_name: String,
    item: Shown,
    rows: Vec<Row>,
    judged: Vec<Row>,
    rejected: Vec<Row>,
    found: Vec<Row>,
    /// "No counterpart" as it stands: its version, who said it, the rationale; version 0 where nobody did.
    without: Option<Row>,
    without_version: i64,
    chips: Vec<Chip>,
    chapters: Vec<(String, String)>,
    parts: Parts,
    judged_count: usize,
    total: usize,
    position: (usize, usize),
    previous: String,
    next: String,
    next_open: String,
    history: Vec<Moment>,
    may_edit: bool,
}

/// The four relations: code, sign, key, and the word on the button.
const RELATIONS: [(&str, &str, &str, &str, &str); 4] = [
    ("equal", "＝", "=", "同等", "same"),
    ("subset-of", "⊂", "<", "含まれる", "lies in it"),
    ("superset-of", "⊃", ">", "含む", "holds it"),
    ("intersects", "∩", "~", "重なる", "overlaps"),
];

impl DeskPage {
    /// Code, sign, key, what it means, the word on the button.
    fn relations(&self) -> Vec<[&'static str; 5]> {
        let full = |code: &str| words::relation(&self.p, Relation::from_code(code).unwrap_or(Relation::Intersects));
        RELATIONS
            .iter()
            .map(|(code, sign, key, ja, en)| [*code, *sign, *key, full(code), if self.p.english { en } else { ja }])
            .collect()
    }

    fn is_set(&self, row: &Row, code: &str) -> bool {
        row.relation == code
    }

    fn follows(&self, row: &Row, code: &str) -> bool {
        row.derived_relation == code
    }

    fn coverage(&self) -> String {
        page_path(&self.id, "coverage", Direction::from_code(&self.asked.direction), &[])
    }

    fn turned(&self) -> String {
        let direction = Direction::from_code(&self.asked.direction).turned();
        page_path(&self.id, "desk", direction, &[])
    }
}

/// GET /crosswalks/{id}/desk
pub async fn show(
    State(state): State<WebState>,
    person: Person,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, WebError> {
    let desk = app::desk(&state.app, &person.actor, &id, asked.query()).await.map_err(told(&person))?;
    let p = Page::new(&state, &person, Room::Standards, "/crosswalks");
    render(&page(p, id, asked, &desk)?)
}

fn page(p: Page, id: String, asked: Asked, desk: &Desk) -> Result<DeskPage, WebError> {
    let entry = desk.item().ok_or_else(|| WebError::internal("desk without an item"))?;
    let asked = Asked { at: entry.provision.id.clone(), ..asked };
    let to = |number: &Option<String>| {
        number
            .as_ref()
            .map_or(String::new(), |n| Asked { at: n.clone(), find: String::new(), ..asked.clone() }.address(&id))
    };
    let rows = |list: &[DeskCandidate], keys: bool| -> Vec<Row> {
        list.iter()
            .enumerate()
            .filter_map(|(at, c)| row(&p, desk, c, if keys { key(at) } else { String::new() }))
            .collect()
    };
    let said = |rejected: bool| -> Vec<Row> {
        let these = desk.judged.iter().filter(|r| !r.other.is_empty() && r.is_rejected() == rejected);
        these.filter_map(|r| judged_row(&p, desk, r)).collect()
    };
    let standing = desk.judged.iter().find(|r| r.other.is_empty());
    let without = desk.without().map(|r| plain_row(&p, desk, r));
    Ok(DeskPage {
        own_name: app::edition_name(&desk.view.own.entry),
        other_name: app::edition_name(&desk.view.other.entry),
        item: shown(&p, desk, entry),
        rows: rows(&desk.candidates, true),
        judged: said(false),
        rejected: said(true),
        found: rows(&desk.found, false),
        without_version: standing.map_or(0, |r| r.mapping.version),
        without,
        chips: chips(&p, &id, &asked, desk),
        chapters: chapters(&p, desk),
        parts: parts(&desk.progress),
        judged_count: desk.progress.judged(),
        total: desk.progress.total(),
        position: desk.position,
        previous: to(&desk.previous),
        next: to(&desk.next),
        next_open: to(&desk.next_open),
        history: desk.history.iter().filter_map(|event| moment(&p, desk, event)).collect(),
        may_edit: p.actor.may(Permission::EditCrosswalk),
        p,
        id,
        asked,
    })
}

/// 1 … 9, 0.
fn key(at: usize) -> String {
    match at {
        0..=8 => (at + 1).to_string(),
        9 => "0".to_owned(),
        _ => String::new(),
    }
}

fn path_words(p: &Page, path: &[&ProvisionEntry]) -> String {
    path.iter().map(|e| words::title(p, e)).collect::<Vec<_>>().join(" › ")
}

fn shown(p: &Page, desk: &Desk, entry: &ProvisionEntry) -> Shown {
    let own = &desk.view.own;
    let provision = &entry.provision;
    let mut lines = Vec::new();
    flatten(&provision.items, 0, &mut lines);
    let cover = desk.view.cover(desk.at);
    Shown {
        number: provision.id.clone(),
        title: words::title(p, entry).to_owned(),
        href: item_path(&own.entry.id, &provision.id),
        path: path_words(p, &own.path(&provision.id)),
        force: words::force(p, provision),
        question: p.t(&entry.guide.question, &entry.guide.question_en).to_owned(),
        explanation: p.t(&entry.guide.explanation, &entry.guide.explanation_en).to_owned(),
        paragraphs: provision.text.lines().filter(|line| !line.trim().is_empty()).map(ToOwned::to_owned).collect(),
        lines,
        has_text: entry.has_text,
        cover: words::cover(p, cover),
        cover_class: words::cover_class(cover),
        from_above: cover != Cover::Unjudged && !desk.view.of(&provision.id).any(Reading::is_confirmed),
    }
}

fn flatten(items: &[Item], depth: usize, out: &mut Vec<Line>) {
    for item in items {
        out.push(Line { depth: depth.min(3), label: item.label.clone(), text: item.text.clone() });
        flatten(&item.items, depth + 1, out);
    }
}

fn row(p: &Page, desk: &Desk, c: &DeskCandidate, key: String) -> Option<Row> {
    let entry = desk.other(c.place)?;
    let number = entry.provision.id.clone();
    let mut row = match &c.reading {
        Some(reading) => plain_row(p, desk, reading),
        None => Row { may_review: false, ..empty_row() },
    };
    let text = c.item.clone().unwrap_or_else(|| beginning(entry));
    row.key = key;
    row.href = item_path(&desk.view.other.entry.id, &number);
    row.path = path_words(p, &desk.view.other.path(&number));
    row.title = words::marked(words::title(p, entry), &c.because);
    row.text = words::marked(&text, &c.because);
    row.force = words::force(p, &entry.provision).join("・");
    row.score = c.score.map(percent);
    row.because = c.because.join("・");
    if let Some(way) = &c.derived {
        row.derived = way.way();
        row.derived_relation = way.relation.code();
    }
    row.number = number;
    Some(row)
}

fn judged_row(p: &Page, desk: &Desk, reading: &Reading) -> Option<Row> {
    let place = desk.view.other.place(&reading.other)?;
    let candidate = DeskCandidate {
        place,
        score: None,
        because: Vec::new(),
        item: None,
        reading: Some(reading.clone()),
        derived: None,
    };
    row(p, desk, &candidate, String::new())
}

fn percent(score: f64) -> u32 {
    // Scores lie between 0 and 1; anything else would only make a wrong width.
    (score.clamp(0.0, 1.0) * 100.0).round() as u32
}

/// The beginning of what a Provision says: its text, else our question.
fn beginning(entry: &ProvisionEntry) -> String {
    let whole = sakimori_app::standards::whole_text(&entry.provision);
    let text = if entry.has_text && !whole.is_empty() { whole } else { entry.guide.question.clone() };
    let mut shown: String = text.chars().take(TEXT_SHOWN).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

fn empty_row() -> Row {
    Row {
        key: String::new(),
        number: String::new(),
        href: String::new(),
        path: String::new(),
        title: Vec::new(),
        text: Vec::new(),
        force: String::new(),
        score: None,
        because: String::new(),
        status: "",
        relation: "",
        sign: "",
        relation_words: "",
        rationale: String::new(),
        version: 0,
        mapping: String::new(),
        decided: String::new(),
        imported: false,
        review: None,
        may_review: false,
        derived: String::new(),
        derived_relation: "",
    }
}

/// What has been said of a pair.
fn plain_row(p: &Page, desk: &Desk, reading: &Reading) -> Row {
    let m = &reading.mapping;
    let who = |account: &str| desk.names.get(account).cloned().unwrap_or_else(|| p.t("取り込み", "import").to_owned());
    let status = match m.status {
        MappingStatus::Confirmed => "confirmed",
        MappingStatus::Rejected => "rejected",
        MappingStatus::Suggested => "",
    };
    let confirmed = reading.is_confirmed();
    Row {
        status,
        relation: if confirmed { reading.relation.code() } else { "" },
        sign: if confirmed { reading.relation.sign() } else { "" },
        relation_words: if confirmed { words::relation(p, reading.relation) } else { "" },
        rationale: m.rationale.clone(),
        version: m.version,
        mapping: m.id.clone(),
        decided: format!("{} {}", who(&m.decided_by), p.moment(&m.decided_at)),
        imported: m.origin == "import",
        review: (!m.review.is_empty()).then(|| Review {
            agreed: m.review == "agreed",
            note: m.review_note.clone(),
            by: format!("{} {}", who(&m.reviewed_by), p.moment(&m.reviewed_at)),
        }),
        may_review: !status.is_empty() && m.decided_by != p.actor.account_id,
        ..empty_row()
    }
}

fn chips(p: &Page, id: &str, asked: &Asked, desk: &Desk) -> Vec<Chip> {
    let chip = |label: &str, count: usize, on: bool, to: Asked| Chip {
        href: Asked { at: String::new(), find: String::new(), ..to }.address(id),
        label: label.to_owned(),
        count,
        on,
    };
    let toggled = |on: &str| if on.is_empty() { "1".to_owned() } else { String::new() };
    let open = Asked { open: toggled(&asked.open), ..asked.clone() };
    let disputed = Asked { disputed: toggled(&asked.disputed), ..asked.clone() };
    vec![
        chip(p.t("未判定", "Not judged"), desk.progress.unjudged, !asked.open.is_empty(), open),
        chip(p.t("異論あり", "Disagreed"), desk.disputed, !asked.disputed.is_empty(), disputed),
    ]
}

/// Numbers and titles of what has items below it, down to the second level: what one filters by.
fn chapters(p: &Page, desk: &Desk) -> Vec<(String, String)> {
    let own = &desk.view.own;
    let parents: std::collections::HashSet<&str> =
        own.provisions.iter().filter_map(|e| e.provision.parent.as_deref()).collect();
    own.provisions
        .iter()
        .filter(|e| e.depth < 2 && parents.contains(e.provision.id.as_str()))
        .map(|e| (e.provision.id.clone(), format!("{} {}", e.provision.id, words::title(p, e))))
        .collect()
}

fn moment(p: &Page, desk: &Desk, event: &Event) -> Option<Moment> {
    let side = if desk.view.direction == Direction::Forward { "target" } else { "source" };
    let read =
        |text: &str| serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text).unwrap_or_default();
    let (before, after) = (read(&event.before), read(&event.after));
    let now = if after.is_empty() { &before } else { &after };
    let text = |name: &str| now.get(name).and_then(|v| v.as_str()).unwrap_or("");
    let relation = Relation::from_code(text("relation"))?;
    let relation = if desk.view.direction == Direction::Forward { relation } else { relation.reversed() };
    let pair =
        if text(side).is_empty() { p.t("対応なし", "no counterpart").to_owned() } else { text(side).to_owned() };
    let status = MappingStatus::from_code(text("status"))?;
    let did = match (event.action.as_str(), status) {
        ("mapping.review", _) if text("review") == "agreed" => p.t("に同意", "agreed with"),
        ("mapping.review", _) => p.t("に異論", "disagreed with"),
        (_, _) if after.is_empty() => p.t("の判定を取り消し", "taken back"),
        ("mapping.undo", _) => p.t("を元に戻した", "put back"),
        (_, MappingStatus::Rejected) => p.t("を却下", "rejected"),
        (_, _) => p.t("を確定", "confirmed"),
    };
    let sign = if status == MappingStatus::Confirmed && !text(side).is_empty() { relation.sign() } else { "" };
    Some(Moment {
        at: p.moment(&event.at),
        who: event.actor_name.clone(),
        what: if p.english { format!("{did} {sign} {pair}") } else { format!("{sign} {pair} {did}") },
    })
}

/// POST /crosswalks/{id}/judge
pub async fn judge(
    State(state): State<WebState>,
    Path(id): Path<String>,
    form: PersonForm,
) -> Result<Response, WebError> {
    let PersonForm { person, fields } = form;
    let asked = Asked::of(&fields);
    let (status, relation) = match fields.get("verdict") {
        "reject" => (MappingStatus::Rejected, None),
        "clear" => (MappingStatus::Suggested, None),
        code => (MappingStatus::Confirmed, Relation::from_code(code)),
    };
    let judgement = Judgement {
        direction: Direction::from_code(&asked.direction),
        own: asked.at.clone(),
        other: fields.get("other").to_owned(),
        relation,
        status,
        rationale: fields.iter().any(|(name, _)| name == "rationale").then(|| fields.get("rationale").to_owned()),
        version: fields.get("version").parse().unwrap_or(0),
    };
    app::judge(&state.app, &person.actor, &id, &judgement).await.map_err(told(&person))?;
    see_other(&asked.address(&id), None)
}

/// POST /crosswalks/{id}/undo
pub async fn undo(
    State(state): State<WebState>,
    Path(id): Path<String>,
    form: PersonForm,
) -> Result<Response, WebError> {
    let PersonForm { person, fields } = form;
    let asked = Asked::of(&fields);
    let direction = Direction::from_code(&asked.direction);
    let own = app::undo(&state.app, &person.actor, &id, direction).await.map_err(told(&person))?;
    let at = if own.is_empty() { asked.at.clone() } else { own };
    see_other(&Asked { at, ..asked }.address(&id), None)
}

/// POST /crosswalks/{id}/review
pub async fn review(
    State(state): State<WebState>,
    Path(id): Path<String>,
    form: PersonForm,
) -> Result<Response, WebError> {
    let PersonForm { person, fields } = form;
    let asked = Asked::of(&fields);
    let version = fields.get("version").parse().unwrap_or(0);
    let agreed = fields.get("word") == "agree";
    app::review(&state.app, &person.actor, &id, (fields.get("mapping"), version), agreed, fields.get("note"))
        .await
        .map_err(told(&person))?;
    see_other(&asked.address(&id), None)
}
