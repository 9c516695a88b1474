//! 読み取りの手直し: the document's lines beside the tree that was read from them; what is wrong is put right line by line.

use std::collections::HashSet;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use sakimori_app::Refusal;
use sakimori_app::ingest::{self as app, Desk, Said};
use sakimori_domain::standards::Problem;
use sakimori_interop::grammar::LineRole;
use sakimori_store::reading::CorrectionRow;
use serde::Deserialize;

use super::problems::problem_text;
use crate::error::WebError;
use crate::forms::PersonForm;
use crate::identity::see_other;
use crate::page::{Page, Room, render};
use crate::person::Person;
use crate::state::WebState;

/// Printed lines on one page.
const PER_PAGE: usize = 100;
/// Rows of the tree, and problems of one kind, that one page shows.
const TREE_MAX: usize = 240;
const PROBLEMS_MAX: usize = 60;
/// Letters of a line that the page shows, and of an example of a heading.
const SHOWN: usize = 300;
const EXAMPLE: usize = 16;

/// What the page takes from its address.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct DeskQuery {
    /// The line to put right, counted from 1 among the printed ones.
    at: usize,
    /// A line of the file; the page with it is shown.
    line: u32,
    page: usize,
}

/// One printed line.
struct Line {
    /// Counted from 1 among the printed ones.
    at: usize,
    /// Line of the file, and the page where one begins with it.
    line: u32,
    page: u32,
    text: String,
    role: LineRole,
    /// Number of the item, where the line is its heading.
    number: String,
    by_hand: bool,
    has_problem: bool,
}

/// One row of the tree.
struct Branch {
    number: String,
    title: String,
    depth: usize,
    line: u32,
    /// It has lines on this page.
    is_here: bool,
}

/// Problems of one kind.
struct Kind {
    text: String,
    count: usize,
    problems: Vec<(u32, String)>,
}

/// The form of the chosen line, as guessed or as it was sent.
struct Chosen {
    said: Said,
    /// Lines with the same letters.
    repeats: usize,
    kept: Option<CorrectionRow>,
    refusal: Option<Refusal>,
    /// Levels of headings with an example from the document.
    levels: Vec<(u32, String)>,
}

#[derive(Template)]
#[template(path = "standards/desk.html")]
struct DeskPage {
    p: Page,
    key: String,
    file_name: String,
    lines: Vec<Line>,
    page: usize,
    pages: usize,
    total: usize,
    tree: Vec<Branch>,
    items: usize,
    kinds: Vec<Kind>,
    problems: usize,
    corrections: Vec<CorrectionRow>,
    chosen: Option<Chosen>,
    /// Only lines that are not part of the text can be said where tables are read.
    tables: bool,
}

impl DeskPage {
    fn here(&self) -> String {
        format!("/standards/load/{}/desk", self.key)
    }

    fn chosen_at(&self, at: &usize) -> Option<&Chosen> {
        self.chosen.as_ref().filter(|chosen| chosen.said.at + 1 == *at)
    }

    /// What a line was read as: the sign and the word that stand beside its colour.
    fn sign(&self, role: &LineRole) -> (&'static str, &'static str) {
        let (sign, ja, en) = match role {
            LineRole::Heading => ("■", "見出し", "heading"),
            LineRole::Label => ("◇", "見出し語", "label"),
            LineRole::Item => ("・", "箇条", "list item"),
            LineRole::Note => ("※", "注", "note"),
            LineRole::Text => ("¶", "本文", "text"),
            LineRole::Joined => ("↳", "続き", "goes on"),
            LineRole::Table => ("▦", "表", "table"),
            LineRole::Removed => ("×", "外した", "taken out"),
        };
        (sign, self.p.t(ja, en))
    }

    fn role(&self, role: &LineRole) -> &'static str {
        match role {
            LineRole::Heading => "heading",
            LineRole::Label => "label",
            LineRole::Item => "item",
            LineRole::Note | LineRole::Text => "text",
            LineRole::Joined => "joined",
            LineRole::Table => "table",
            LineRole::Removed => "removed",
        }
    }

    /// What a kept correction says, in words.
    fn says(&self, row: &CorrectionRow) -> String {
        let p = &self.p;
        let mut says = match row.verdict.as_str() {
            "heading" => format!("{} {} {}", p.t("見出し", "heading"), row.number, row.title),
            "text" => p.t("本文（段落の始まり）", "text (begins a paragraph)").to_owned(),
            "joined" => p.t("前の行の続き", "goes on with the line before").to_owned(),
            "item" => format!("{} {}", p.t("箇条の始まり　深さ", "begins a list item, depth"), row.level),
            _ => p.t("本文でない（外す）", "not part of the text").to_owned(),
        };
        if !row.belongs_to.is_empty() {
            says.push_str(p.t("　入れる項目 ", ", belongs to "));
            says.push_str(&row.belongs_to);
        }
        if row.before_hash.is_empty() {
            says.push_str(p.t("　（同じ文字の行すべて）", " (every such line)"));
        }
        says
    }
}

/// GET /standards/load/{key}/desk
pub async fn show(
    State(state): State<WebState>,
    person: Person,
    Path(key): Path<String>,
    Query(query): Query<DeskQuery>,
) -> Result<Response, WebError> {
    let upload = app::take_up(&state.app, &person.actor, &key).await?;
    let desk = app::desk(&state.app, &person.actor, &upload).await?;
    let chosen = query.at.checked_sub(1).filter(|at| *at < desk.read.len()).map(|at| guess(&desk, at));
    let at = chosen.as_ref().map(|chosen| chosen.said.at).or_else(|| {
        let wanted = |line: &sakimori_interop::grammar::ReadLine| {
            desk.lines.get(line.source).is_some_and(|source| source.line >= query.line)
        };
        (query.line > 0).then(|| desk.read.iter().position(wanted)).flatten()
    });
    let page = at.map_or(query.page.max(1), |at| at / PER_PAGE + 1);
    render(&page_of(&state, &person, key, desk, page, chosen))
}

/// POST /standards/load/{key}/desk
pub async fn correct(
    State(state): State<WebState>,
    Path(key): Path<String>,
    form: PersonForm,
) -> Result<Response, WebError> {
    let actor = &form.person.actor;
    let upload = app::take_up(&state.app, actor, &key).await?;
    let desk = app::desk(&state.app, actor, &upload).await?;
    let number = |name: &str| form.fields.get(name).trim().parse().unwrap_or(0);
    let at: usize = form
        .fields
        .get("at")
        .trim()
        .parse()
        .ok()
        .and_then(|at: usize| at.checked_sub(1))
        .ok_or_else(Refusal::not_found)?;
    let said = Said {
        at,
        code: form.fields.get("as").to_owned(),
        level: number("level"),
        number: form.fields.get("number").to_owned(),
        title: form.fields.get("title").to_owned(),
        depth: number("depth"),
        to: form.fields.get("to").to_owned(),
        everywhere: form.fields.get("everywhere") == "yes",
    };
    match app::correct(&state.app, actor, &desk, &said).await {
        Ok(()) => see_other(&format!("/standards/load/{key}/desk?at={}#l{}", at + 1, at + 1), None),
        Err(error) => match error.refusal().cloned() {
            Some(refusal) if at < desk.read.len() => {
                let chosen = Chosen { said, refusal: Some(refusal), ..guess(&desk, at) };
                let page = page_of(&state, &form.person, key, desk, at / PER_PAGE + 1, Some(chosen));
                Ok((StatusCode::UNPROCESSABLE_ENTITY, render(&page)?).into_response())
            }
            _ => Err(error.into()),
        },
    }
}

/// POST /standards/load/{key}/desk/withdraw
pub async fn withdraw(
    State(state): State<WebState>,
    Path(key): Path<String>,
    form: PersonForm,
) -> Result<Response, WebError> {
    // The document must be the organisation's own before its page is named again.
    app::take_up(&state.app, &form.person.actor, &key).await?;
    app::withdraw(&state.app, &form.person.actor, form.fields.get("id")).await?;
    let at: usize = form.fields.get("at").trim().parse().unwrap_or(0);
    let place = if at > 0 { format!("?at={at}#l{at}") } else { "#corrections".to_owned() };
    see_other(&format!("/standards/load/{key}/desk{place}"), None)
}

/// The form of a line with what it was read as, and number and title as far as they can be told from its letters.
fn guess(desk: &Desk, at: usize) -> Chosen {
    let line = desk.read.get(at);
    let text = line.and_then(|line| desk.lines.get(line.source)).map_or("", |line| line.text.trim());
    let role = line.map_or(LineRole::Text, |line| line.role);
    let kept = desk.correction_of(at).cloned();
    let (number, title) = split_heading(text);
    let mut said = Said {
        at,
        code: match role {
            LineRole::Heading => "heading",
            LineRole::Item => "item",
            LineRole::Joined => "joined",
            LineRole::Removed => "noise",
            _ => "text",
        }
        .to_owned(),
        level: line.map_or(0, |line| line.level),
        number: number.chars().take(sakimori_interop::grammar::NUMBER_MAX).collect(),
        title: title.chars().take(sakimori_interop::grammar::TITLE_MAX).collect(),
        depth: 1,
        ..Said::default()
    };
    if said.level == 0 {
        let before = desk.read.get(..at).unwrap_or_default();
        let above = before.iter().rev().find(|line| line.role == LineRole::Heading);
        said.level = above.map_or_else(|| desk.levels.first().copied().unwrap_or(1), |line| line.level);
    }
    if let Some(row) = &kept {
        said.code.clone_from(&row.verdict);
        said.to.clone_from(&row.belongs_to);
        said.everywhere = row.before_hash.is_empty();
        let level = u32::try_from(row.level).unwrap_or(1);
        match row.verdict.as_str() {
            "heading" => {
                said.level = level;
                said.number.clone_from(&row.number);
                said.title.clone_from(&row.title);
            }
            "item" => said.depth = level,
            _ => {}
        }
    }
    Chosen { said, repeats: desk.repeats(at), kept, refusal: None, levels: levels(desk) }
}

/// `2.1 見張り` → number and title; a line without a number in front is all title.
fn split_heading(text: &str) -> (&str, &str) {
    let (first, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let counts =
        |c: char| c.is_numeric() || "第章節条項編部別紙表添附属書付録一二三四五六七八九十.．-－()（）".contains(c);
    let is_letter = first.chars().count() == 1 && !rest.is_empty();
    if is_letter || !first.is_empty() && first.chars().all(counts) {
        return (first, rest.trim());
    }
    // A number that stands right at its title: 2.1見張り.
    let end = text.find(|c: char| !(c.is_numeric() || "第章節条項.．-－()（）".contains(c))).unwrap_or(text.len());
    let number = &text[..end];
    if number.chars().any(char::is_numeric) { (number, text[end..].trim()) } else { ("", text) }
}

/// The grammar's levels, each with the first heading of the document that has it.
fn levels(desk: &Desk) -> Vec<(u32, String)> {
    let example = |level: u32| {
        let first = desk.read.iter().find(|line| line.role == LineRole::Heading && line.level == level);
        first.and_then(|line| desk.lines.get(line.source)).map_or(String::new(), |line| cut(line.text.trim(), EXAMPLE))
    };
    desk.levels.iter().map(|level| (*level, example(*level))).collect()
}

fn cut(text: &str, letters: usize) -> String {
    let shown: String = text.chars().take(letters).collect();
    if shown.len() < text.len() { format!("{shown}…") } else { shown }
}

fn page_of(
    state: &WebState,
    person: &Person,
    key: String,
    desk: Desk,
    page: usize,
    chosen: Option<Chosen>,
) -> DeskPage {
    let p = Page::new(state, person, Room::Standards, "/standards/load");
    let pages = desk.read.len().div_ceil(PER_PAGE).max(1);
    let page = page.clamp(1, pages);
    let from = (page - 1) * PER_PAGE;
    let to = (from + PER_PAGE).min(desk.read.len());
    let problems = &desk.recognised.catalogue.problems;
    let troubled: HashSet<u32> = problems.iter().filter(|p| is_doubtful(&p.code)).map(|p| p.line).collect();
    let lines = desk.read[from..to].iter().enumerate().map(|(index, _)| line(&desk, from + index, &troubled)).collect();
    DeskPage {
        kinds: kinds(&p, problems),
        problems: problems.len(),
        tree: branches(&desk, from, to),
        items: desk.recognised.catalogue.provisions.len(),
        total: desk.read.len(),
        tables: desk.levels.is_empty(),
        file_name: desk.recognised.file_name.clone(),
        corrections: desk.corrections.clone(),
        p,
        key,
        lines,
        page,
        pages,
        chosen,
    }
}

/// Whether a problem is a doubt that somebody should look at, and not a line taken out as it should be.
fn is_doubtful(code: &str) -> bool {
    const ORDINARY: [&str; 8] = [
        "running-head",
        "page-number",
        "table-of-contents",
        "front-matter",
        "back-matter",
        "noise-removed",
        "removed-by-hand",
        "link-target",
    ];
    !ORDINARY.contains(&code)
}

fn line(desk: &Desk, at: usize, troubled: &HashSet<u32>) -> Line {
    let read = &desk.read[at];
    let source = desk.lines.get(read.source);
    let line = source.map_or(0, |source| source.line);
    let node = read.node.filter(|_| read.role == LineRole::Heading);
    let number = node.and_then(|node| desk.recognised.catalogue.provisions.get(node));
    Line {
        at: at + 1,
        line,
        page: source.filter(|_| begins_page(desk, at)).map_or(0, |source| source.page),
        text: source.map_or(String::new(), |source| cut(source.text.trim(), SHOWN)),
        role: read.role,
        number: number.map_or(String::new(), |p| p.id.clone()),
        by_hand: read.by_hand,
        has_problem: troubled.contains(&line),
    }
}

fn begins_page(desk: &Desk, at: usize) -> bool {
    let page = |at: usize| desk.read.get(at).and_then(|line| desk.lines.get(line.source)).map(|line| line.page);
    at.checked_sub(1).is_none_or(|before| page(before) != page(at))
}

/// The top of the tree, and everything that has lines on this page with what is above it.
fn branches(desk: &Desk, from: usize, to: usize) -> Vec<Branch> {
    let provisions = &desk.recognised.catalogue.provisions;
    let index = |id: &str| provisions.iter().position(|p| p.id == id);
    let here: HashSet<usize> = desk.read[from..to].iter().filter_map(|line| line.node).collect();
    let mut shown: HashSet<usize> = here.clone();
    let mut depths = Vec::with_capacity(provisions.len());
    let places: std::collections::HashMap<&str, usize> =
        provisions.iter().enumerate().rev().map(|(at, p)| (p.id.as_str(), at)).collect();
    for (at, provision) in provisions.iter().enumerate() {
        let parent = provision.parent.as_deref().and_then(|parent| places.get(parent)).filter(|parent| **parent < at);
        depths.push(parent.and_then(|parent| depths.get(*parent)).map_or(0, |depth: &usize| depth + 1));
        if parent.is_none() {
            shown.insert(at);
        }
    }
    for at in &here {
        let mut above = provisions.get(*at).and_then(|p| p.parent.as_deref()).and_then(index);
        while let Some(parent) = above.filter(|parent| shown.insert(*parent)) {
            above = provisions[parent].parent.as_deref().and_then(index);
        }
    }
    let mut shown: Vec<usize> = shown.into_iter().filter(|at| *at < provisions.len()).collect();
    shown.sort_unstable();
    let branch = |at: usize| Branch {
        number: provisions[at].id.clone(),
        title: cut(&provisions[at].title, 40),
        depth: depths[at].min(5),
        line: provisions[at].line,
        is_here: here.contains(&at),
    };
    shown.into_iter().take(TREE_MAX).map(branch).collect()
}

/// Problems by kind, doubts first.
fn kinds(p: &Page, problems: &[Problem]) -> Vec<Kind> {
    let mut codes: Vec<&str> = Vec::new();
    for problem in problems {
        if !codes.contains(&problem.code.as_str()) {
            codes.push(&problem.code);
        }
    }
    codes.sort_by_key(|code| !is_doubtful(code));
    codes
        .into_iter()
        .map(|code| {
            let of: Vec<&Problem> = problems.iter().filter(|problem| problem.code == code).collect();
            Kind {
                text: super::problems::kind_text(p, code).to_owned(),
                count: of.len(),
                problems: of.iter().take(PROBLEMS_MAX).map(|one| (one.line, problem_text(p, one))).collect(),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::split_heading;

    #[test]
    fn number_and_title_of_a_heading_are_told_from_its_letters() {
        assert_eq!(split_heading("2.1 見張りの記録"), ("2.1", "見張りの記録"));
        assert_eq!(split_heading("第３章　備え"), ("第３章", "備え"));
        assert_eq!(split_heading("（１）灯火"), ("（１）", "灯火"));
        assert_eq!(split_heading("ア 灯火"), ("ア", "灯火"));
        assert_eq!(split_heading("見張りの記録"), ("", "見張りの記録"));
        assert_eq!(split_heading("灯火 の管理"), ("", "灯火 の管理"));
    }
}
