//! One Provision: what is asked, how strongly and why, in whose words, and what we answered.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use sakimori_app::standards::{self as app, Citation, ItemView, Links, Run};
use sakimori_domain::standards::{Disposition, Item, ItemKind, NetworkClass};
use sakimori_store::edition::OutlineRow;

use super::item_path;
use super::words::English;
use crate::error::WebError;
use crate::page::{Page, Room, render};
use crate::person::Person;
use crate::state::WebState;

#[derive(Template)]
#[template(path = "standards/items.html")]
struct Items<'a> {
    p: &'a Page,
    links: &'a Links,
    items: &'a [Item],
}

impl Items<'_> {
    fn text(&self, text: &str) -> askama::Result<String> {
        linked(self.p, self.links, text)
    }

    fn below(&self, items: &[Item]) -> askama::Result<String> {
        Items { p: self.p, links: self.links, items }.render()
    }
}

#[derive(Template)]
#[template(path = "standards/runs.html")]
struct Runs<'a> {
    p: &'a Page,
    links: &'a Links,
    runs: Vec<Run>,
}

impl Runs<'_> {
    /// What a citation leads to, in words: the other document's short name, number and title.
    fn names(&self, row: &OutlineRow) -> String {
        let document = self.links.editions.get(&row.edition_id).map_or("", String::as_str);
        format!("{document} {} {}", row.number, self.p.t(&row.title, &row.title_en))
    }

    fn path(&self, row: &OutlineRow) -> String {
        item_path(&row.edition_id, &row.number)
    }
}

/// A text of a document as markup, its citations as links.
pub(super) fn linked(p: &Page, links: &Links, text: &str) -> askama::Result<String> {
    Runs { p, links, runs: links.runs(text) }.render()
}

#[derive(Template)]
#[template(path = "standards/item.html")]
struct ItemPage {
    p: Page,
    view: ItemView,
    /// What is asked stands before the explanation, examples and the rest after it, each kind under its head.
    asked: Vec<Part>,
    more: Vec<Part>,
}

/// Items of one kind in a row.
struct Part {
    kind: ItemKind,
    html: String,
}

/// The items in their order, those of one kind together.
fn parts(p: &Page, links: &Links, items: &[Item]) -> Result<Vec<Part>, WebError> {
    items
        .chunk_by(|a, b| a.kind == b.kind)
        .map(|chunk| {
            let html = Items { p, links, items: chunk }
                .render()
                .map_err(|error| WebError::internal(format!("template: {error}")))?;
            Ok(Part { kind: chunk.first().map_or(ItemKind::Note, |item| item.kind), html })
        })
        .collect()
}

impl ItemPage {
    fn path(&self, row: &OutlineRow) -> String {
        item_path(&row.edition_id, &row.number)
    }

    fn row_title<'a>(&'a self, row: &'a OutlineRow) -> &'a str {
        self.p.t(&row.title, &row.title_en)
    }

    /// Short name of the other document that a citation leads to.
    fn elsewhere(&self, citation: &Citation) -> &str {
        match &citation.target {
            Some(row) if row.edition_id != self.view.entry.id => {
                self.view.links.editions.get(&row.edition_id).map_or("", String::as_str)
            }
            _ => "",
        }
    }

    /// The level of a network class, `None` where the document gives none.
    fn level(&self, class: &NetworkClass) -> Option<&'static str> {
        let levels = &self.view.provision.provision.levels;
        levels.iter().find(|(of, _)| of == class).map(|(_, level)| level.code())
    }

    fn level_word(&self, class: &NetworkClass) -> &'static str {
        let levels = &self.view.provision.provision.levels;
        levels.iter().find(|(of, _)| of == class).map_or("", |(_, level)| level.ja())
    }

    fn text(&self, text: &str) -> askama::Result<String> {
        linked(&self.p, &self.view.links, text)
    }

    /// Paragraphs without the bare labels (【…】 〔…〕) that our heads stand for.
    fn paragraphs(&self) -> Vec<&str> {
        let is_label =
            |line: &str| line.starts_with(['【', '〔']) && line.ends_with(['】', '〕']) && line.chars().count() <= 16;
        self.view.provision.provision.text.lines().filter(|line| !is_label(line.trim())).collect()
    }

    /// Whether the document itself gives no text, loaded or not: it takes the control of another standard over unchanged.
    fn is_elsewhere(&self) -> bool {
        let is_unchanged = self.view.provision.provision.disposition == Some(Disposition::ReferenceOnly);
        is_unchanged && self.view.entry.texts > 0
    }

    /// Whether the official text is loaded but has nothing but the heading.
    fn is_heading_only(&self) -> bool {
        let provision = &self.view.provision.provision;
        provision.text.is_empty() && provision.items.is_empty()
    }
}

/// GET /standards/{id}/{*number}
pub async fn show(
    State(state): State<WebState>,
    person: Person,
    Path((id, number)): Path<(String, String)>,
) -> Result<Response, WebError> {
    let view = app::item(&state.app, &person.actor, &id, &number).await?;
    let p = Page::new(&state, &person, Room::Standards, "");
    let items = &view.provision.provision.items;
    let first = items.iter().position(|item| item.kind != ItemKind::Requirement).unwrap_or(items.len());
    let (asked, more) = items.split_at(first);
    let (asked, more) = (parts(&p, &view.links, asked)?, parts(&p, &view.links, more)?);
    render(&ItemPage { p, view, asked, more })
}
