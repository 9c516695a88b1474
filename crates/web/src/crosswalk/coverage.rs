//! Coverage: what of one Edition the other has, as figures, picture and table; and the 対照表 as PDF and workbook.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use sakimori_app::crosswalk::{self as app, Chapter, Coverage, Direction, Progress, Reading, RowFilter};
use sakimori_domain::crosswalk::{Cover, Relation};
use sakimori_domain::identity::Permission;
use serde::Deserialize;

use super::list::{Parts, parts};
use super::page_path;
use super::words;
use crate::assurance::told;
use crate::assurance::view::Chip;
use crate::error::WebError;
use crate::page::{Page, Room, render};
use crate::person::Person;
use crate::report::{XLSX, download, file_name};
use crate::standards::item_path;
use crate::state::WebState;

/// Most rows that the page shows; the files have all of them.
const ROWS_MAX: usize = 600;

/// What the page takes from its address.
#[derive(Deserialize, Default, Clone)]
#[serde(default)]
pub struct Asked {
    direction: String,
    cover: String,
    strong: String,
    own: String,
    other: String,
}

impl Asked {
    fn filter(&self) -> RowFilter {
        RowFilter {
            cover: Cover::from_code(&self.cover),
            strong: !self.strong.is_empty(),
            own: self.own.clone(),
            other: self.other.clone(),
        }
    }

    fn address(&self, id: &str, page: &str) -> String {
        let strong = if self.strong.is_empty() { "" } else { "1" };
        let query = [("cover", self.cover.as_str()), ("strong", strong), ("own", &self.own), ("other", &self.other)];
        page_path(id, page, Direction::from_code(&self.direction), &query)
    }
}

/// A cell of the picture.
struct Square {
    items: usize,
    /// 0 … 5, of the share of the chapter's items.
    shade: usize,
    href: String,
    label: String,
}

struct MatrixRow {
    number: String,
    title: String,
    href: String,
    squares: Vec<Square>,
    sum: Progress,
    not_href: String,
    open_href: String,
}

struct Head {
    number: String,
    title: String,
}

struct Counterpart {
    sign: &'static str,
    words: &'static str,
    number: String,
    title: String,
    href: String,
    disputed: bool,
}

struct TableRow {
    number: String,
    title: String,
    desk: String,
    force: String,
    cover: &'static str,
    class: &'static str,
    counterparts: Vec<Counterpart>,
    remark: String,
    /// Where a gap becomes a point for the next edition; empty where there is none, or for who may not.
    raise: String,
}

struct Trouble {
    words: String,
    href: String,
}

#[derive(Template)]
#[template(path = "crosswalk/coverage.html")]
struct CoveragePage {
    p: Page,
    id: String,
    asked: Asked,
    own_name: String,
    other_name: String,
    progress: Progress,
    strong: Progress,
    parts: Parts,
    heads: Vec<Head>,
    lines: Vec<MatrixRow>,
    chips: Vec<Chip>,
    rows: Vec<TableRow>,
    more: usize,
    troubles: Vec<Trouble>,
    /// What the two headings of a clicked cell are; empty without.
    narrowed: String,
    may_edit: bool,
}

impl CoveragePage {
    fn to(&self, page: &str) -> String {
        self.asked.address(&self.id, page)
    }

    fn turned(&self) -> String {
        page_path(&self.id, "coverage", Direction::from_code(&self.asked.direction).turned(), &[])
    }

    fn all(&self) -> String {
        page_path(&self.id, "coverage", Direction::from_code(&self.asked.direction), &[])
    }

    fn desk(&self) -> String {
        page_path(&self.id, "desk", Direction::from_code(&self.asked.direction), &[])
    }
}

async fn read(state: &WebState, person: &Person, id: &str, asked: &Asked) -> Result<Coverage, WebError> {
    app::coverage(&state.app, &person.actor, id, Direction::from_code(&asked.direction)).await.map_err(told(person))
}

/// GET /crosswalks/{id}/coverage
pub async fn show(
    State(state): State<WebState>,
    person: Person,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, WebError> {
    let coverage = read(&state, &person, &id, &asked).await?;
    let p = Page::new(&state, &person, Room::Standards, "/crosswalks");
    render(&page(p, id, asked, &coverage))
}

fn page(p: Page, id: String, asked: Asked, coverage: &Coverage) -> CoveragePage {
    let filter = asked.filter();
    let all: Vec<&app::Row> = filter.rows(coverage).collect();
    let rows: Vec<TableRow> =
        all.iter().take(ROWS_MAX).filter_map(|row| table_row(&p, &id, &asked, coverage, row)).collect();
    let troubles = coverage
        .contradictions
        .iter()
        .map(|found| {
            let (own, number) = app::contradiction_place(found);
            let direction = Direction::from_code(&asked.direction);
            let direction = if own { direction } else { direction.turned() };
            Trouble {
                words: app::contradiction_words(found, p.english),
                href: page_path(&id, "desk", direction, &[("at", number)]),
            }
        })
        .collect();
    let title = |text: &app::EditionText, number: &str| {
        text.get(number).map_or(String::new(), |e| format!("{number} {}", words::title(&p, e)))
    };
    let narrowed = [title(&coverage.view.own, &asked.own), title(&coverage.view.other, &asked.other)];
    CoveragePage {
        own_name: app::edition_name(&coverage.view.own.entry),
        other_name: app::edition_name(&coverage.view.other.entry),
        progress: coverage.progress,
        strong: coverage.strong,
        parts: parts(&coverage.progress),
        heads: coverage.matrix.other.iter().map(|chapter| head(&p, &coverage.view.other, chapter)).collect(),
        lines: lines(&p, &id, &asked, coverage),
        chips: chips(&p, &id, &asked, coverage),
        more: all.len().saturating_sub(ROWS_MAX),
        rows,
        troubles,
        narrowed: narrowed.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" × "),
        may_edit: p.actor.may(Permission::EditCrosswalk),
        p,
        id,
        asked,
    }
}

fn head(p: &Page, text: &app::EditionText, chapter: &Chapter) -> Head {
    let entry = text.provisions.get(chapter.place);
    Head {
        number: entry.map_or(String::new(), |e| e.provision.id.clone()),
        title: entry.map_or(String::new(), |e| words::title(p, e).to_owned()),
    }
}

fn lines(p: &Page, id: &str, asked: &Asked, coverage: &Coverage) -> Vec<MatrixRow> {
    let matrix = &coverage.matrix;
    let to = |own: &str, other: &str, cover: &str| {
        let asked = Asked {
            direction: asked.direction.clone(),
            own: own.to_owned(),
            other: other.to_owned(),
            cover: cover.to_owned(),
            strong: String::new(),
        };
        format!("{}#rows", asked.address(id, "coverage"))
    };
    let others: Vec<Head> = matrix.other.iter().map(|chapter| head(p, &coverage.view.other, chapter)).collect();
    let line = |((chapter, cells), sum): ((&Chapter, &Vec<app::Cell>), &Progress)| {
        let own = head(p, &coverage.view.own, chapter);
        let total = chapter.items.len().max(1);
        let square = |(cell, other): (&app::Cell, &Head)| Square {
            items: cell.items,
            shade: (cell.items * 5).div_ceil(total).min(5),
            href: to(&own.number, &other.number, ""),
            label: format!("{} × {}: {} / {total}", own.number, other.number, cell.items),
        };
        MatrixRow {
            squares: cells.iter().zip(&others).map(square).collect(),
            href: to(&own.number, "", ""),
            not_href: to(&own.number, "", "not"),
            open_href: to(&own.number, "", "unjudged"),
            sum: *sum,
            number: own.number,
            title: own.title,
        }
    };
    matrix.own.iter().zip(&matrix.cells).zip(&matrix.sums).map(line).collect()
}

fn chips(p: &Page, id: &str, asked: &Asked, coverage: &Coverage) -> Vec<Chip> {
    let count = |cover: Option<Cover>, strong: bool| {
        let filter = RowFilter { cover, strong, ..asked.filter() };
        filter.rows(coverage).count()
    };
    let mut chips: Vec<Chip> = Cover::ALL
        .iter()
        .map(|cover| {
            let on = asked.cover == cover.code();
            let code = if on { "" } else { cover.code() };
            Chip {
                href: format!("{}#rows", Asked { cover: code.to_owned(), ..asked.clone() }.address(id, "coverage")),
                label: p.t(cover.ja(), cover.en()).to_owned(),
                count: count(Some(*cover), !asked.strong.is_empty()),
                on,
            }
        })
        .collect();
    let on = !asked.strong.is_empty();
    let strong = if on { String::new() } else { "1".to_owned() };
    chips.push(Chip {
        href: format!("{}#rows", Asked { strong, ..asked.clone() }.address(id, "coverage")),
        label: p.t("強く求める項目のみ", "Strongly asked only").to_owned(),
        count: count(Cover::from_code(&asked.cover), true),
        on,
    });
    chips
}

fn table_row(p: &Page, id: &str, asked: &Asked, coverage: &Coverage, row: &app::Row) -> Option<TableRow> {
    let entry = coverage.own(row)?;
    let number = entry.provision.id.clone();
    let counterpart = |reading: &Reading| {
        let other = coverage.other(reading)?;
        Some(Counterpart {
            sign: reading.relation.sign(),
            words: p.t(reading.relation.ja(), reading.relation.en()),
            number: reading.other.clone(),
            title: words::title(p, other).to_owned(),
            href: item_path(&coverage.view.other.entry.id, &reading.other),
            disputed: reading.is_disputed(),
        })
    };
    Some(TableRow {
        title: words::title(p, entry).to_owned(),
        desk: page_path(id, "desk", Direction::from_code(&asked.direction), &[("at", &number)]),
        force: app::force_words(&entry.provision, p.english).join("・"),
        cover: p.t(row.cover.ja(), row.cover.en()),
        class: words::cover_class(row.cover),
        counterparts: row.readings.iter().filter(|r| r.relation != Relation::None).filter_map(counterpart).collect(),
        remark: coverage.remark(row, p.english),
        raise: raise(p, coverage, row),
        number,
    })
}

/// What the other Edition lacks can be raised for its next one.
fn raise(p: &Page, coverage: &Coverage, row: &app::Row) -> String {
    let gap = matches!(row.cover, Cover::Not | Cover::Partly);
    let (Some(entry), true) = (coverage.own(row), gap && p.actor.may(Permission::EditRevision)) else {
        return String::new();
    };
    let from = format!("{}:{}", coverage.view.own.entry.id, entry.provision.id);
    let beside = row.readings.iter().find(|r| !r.other.is_empty()).map_or("", |r| r.other.as_str());
    let query = [
        ("edition", coverage.view.other.entry.id.as_str()),
        ("number", beside),
        ("from", &from),
        ("title", &entry.provision.title),
        ("point", &coverage.remark(row, false)),
    ];
    format!("/revision/new{}", crate::assurance::query_string(&query))
}

/// GET /crosswalks/{id}/table.pdf
pub async fn pdf(
    State(state): State<WebState>,
    person: Person,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, WebError> {
    let coverage = read(&state, &person, &id, &asked).await?;
    let mut table = app::table(&state.app, &person.actor, &coverage, &asked.filter()).await.map_err(told(&person))?;
    let mark = crate::report::printed(&state, &person.actor, ("crosswalk", &id), "pdf").await?;
    table.head.checkpoint = mark.clone();
    let bytes = sakimori_app::report::list_pdf(&state.app, table).await.map_err(told(&person))?;
    download(&file_name("対照表", state.app.today(), "pdf"), "application/pdf", bytes, &mark)
}

/// GET /crosswalks/{id}/table.xlsx
pub async fn xlsx(
    State(state): State<WebState>,
    person: Person,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, WebError> {
    let coverage = read(&state, &person, &id, &asked).await?;
    let mut table = app::table(&state.app, &person.actor, &coverage, &asked.filter()).await.map_err(told(&person))?;
    let mark = crate::report::printed(&state, &person.actor, ("crosswalk", &id), "xlsx").await?;
    table.head.checkpoint = mark.clone();
    let bytes = sakimori_app::report::list_xlsx(table).await.map_err(told(&person))?;
    download(&file_name("対照表", state.app.today(), "xlsx"), XLSX, bytes, &mark)
}
