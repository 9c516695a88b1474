//! The assessment sheet: chapters, rows, filters in the address.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use sakimori_app::assessment::{self as app, Chapter};
use sakimori_domain::assurance::applicability::Force;
use sakimori_domain::assurance::{AnswerStatus, Change, Tally, compare};
use sakimori_domain::identity::Permission;
use sakimori_store::assessment::{Assessment, SheetRow};
use sakimori_store::identity::Membership;
use sakimori_store::registry::Department;
use serde::Deserialize;

use super::view::Chip;
use super::{query_string, told};
use crate::api::previous_json;
use crate::error::WebError;
use crate::page::{Page, Room, render};
use crate::person::Person;
use crate::state::WebState;

/// What the page takes from its address.
#[derive(Deserialize, Default, Clone)]
#[serde(default)]
pub struct SheetQuery {
    pub edition: String,
    /// Code of a [`Show`].
    pub show: String,
    /// Chapter to begin with in a sheet of many rows, e.g. `ch-3`.
    pub chapter: String,
    /// `1`: every row at once, for printing.
    all: String,
    added: String,
}

/// Up to this many rows a sheet is sent whole.
const WHOLE_MAX: usize = 200;
/// Rows sent at first of a longer one; the other chapters are sent when they come into sight.
const FIRST_ROWS: usize = 80;

/// Filters of the sheet, as people ask for them.
pub const SHOWS: [(&str, &str, &str); 9] = [
    ("", "すべて", "all"),
    ("blank", "未回答", "not answered"),
    ("mandatory", "強制", "mandatory"),
    ("mine", "私の担当", "mine"),
    ("worse", "前回から悪化", "worse than last"),
    ("gap", "△×", "△×"),
    ("carried", "引継ぎ（要確認）", "carried, to be confirmed"),
    ("changed", "元の回答が変わった", "source changed"),
    ("asked", "再確認", "asked again"),
];

/// Filters that only stand there when a row meets them.
const SELDOM: [&str; 3] = ["carried", "changed", "asked"];

/// Whether a filter lets a row through.
pub fn shows(row: &SheetRow, show: &str, person: &Person) -> bool {
    let actor = &person.actor;
    match show {
        "blank" => row.answer.status == AnswerStatus::Unanswered,
        "mandatory" => row.force == Force::Mandatory && row.binds,
        "mine" => {
            row.answer.owner == actor.name
                || (!actor.department_id.is_empty() && row.department_id == actor.department_id)
        }
        "worse" => row.last.as_ref().is_some_and(|last| compare(last, &row.answer) == Change::Worse),
        "gap" => matches!(row.answer.status, AnswerStatus::Partly | AnswerStatus::No),
        "carried" => row.carried.as_ref().is_some_and(|carried| !carried.confirmed),
        "changed" => row.carried.as_ref().is_some_and(|carried| carried.source_changed()),
        "asked" => row.asked_again.is_some(),
        _ => true,
    }
}

/// Rows in chapters, as both the sheet and a department's page show them.
pub struct Grid<'a> {
    pub chapters: Vec<GridChapter<'a>>,
    /// Where the form of a chapter is sent.
    pub action: String,
    /// `data-presence-url`; empty for none.
    pub presence: String,
    pub filtered: bool,
    pub locked: bool,
    /// Rows can be selected for what the page offers below.
    pub selectable: bool,
    /// Address of the page, to come back to.
    pub back: String,
    /// Address of the rows of a chapter, to which its id is added; empty when every row is there.
    pub rows_url: String,
    /// Address of the page, to which a chapter to begin with is added.
    pub chapter_url: String,
    /// Who can be in charge of a row, to choose from; another name can be typed all the same.
    pub people: Vec<String>,
}

/// The names that a reader may choose from: a department sees its own people.
pub async fn people(state: &WebState, person: &Person) -> Result<Vec<String>, WebError> {
    let actor = &person.actor;
    let all = sakimori_store::identity::members(&mut state.app.read().await?, &actor.organisation_id).await?;
    let whole = actor.may(Permission::ReadAssessments);
    let is_near =
        |seat: &Membership| whole || (!seat.department_id.is_empty() && seat.department_id == actor.department_id);
    let today = state.app.today();
    let near = all.into_iter().filter(|seat| seat.is_active_on(today) && is_near(seat));
    Ok(near.map(|seat| seat.display_name).collect())
}

/// A chapter with the rows that are shown.
pub struct GridChapter<'a> {
    pub id: String,
    /// Name of the Edition where it begins, if the sheet covers more than one.
    pub edition: String,
    pub title: String,
    /// Of the whole chapter, whatever is shown.
    pub tally: Tally,
    pub rows: Vec<&'a SheetRow>,
    /// Whether its rows are in the page; else they are sent when they come into sight.
    pub is_here: bool,
}

/// Leaves out the rows of what is out of sight in a sheet of many rows: what comes first is the chapter asked for, or the
/// first, and what follows it up to [`FIRST_ROWS`]. Returns whether anything was left out.
fn thin_out(chapters: &mut [GridChapter<'_>], first: &str) -> bool {
    if chapters.iter().map(|c| c.rows.len()).sum::<usize>() <= WHOLE_MAX {
        return false;
    }
    let start = chapters.iter().position(|c| c.id == first).unwrap_or(0);
    let mut sent = 0;
    for (place, chapter) in chapters.iter_mut().enumerate() {
        chapter.is_here = place == start || (place > start && sent + chapter.rows.len() <= FIRST_ROWS);
        // What does not fit ends it: a gap in what one reads would be odd.
        sent += if place >= start && !chapter.is_here {
            FIRST_ROWS
        } else {
            chapter.rows.len() * usize::from(chapter.is_here)
        };
    }
    true
}

/// Puts rows into chapters. `editions` names the Editions; the name is shown when there is more than one.
pub fn grid_chapters<'a>(
    rows: &'a [SheetRow],
    chapters: Vec<Chapter>,
    editions: &HashMap<String, String>,
    english: bool,
    lets: impl Fn(&SheetRow) -> bool,
) -> Vec<GridChapter<'a>> {
    let mut out: Vec<GridChapter<'a>> = Vec::new();
    let mut last_edition = String::new();
    for (place, chapter) in chapters.into_iter().enumerate() {
        let shown: Vec<&SheetRow> = chapter.rows.iter().map(|place| &rows[*place]).filter(|row| lets(row)).collect();
        if shown.is_empty() {
            continue;
        }
        let name = editions.get(&chapter.edition_id).map_or("", String::as_str);
        let title = if english && !chapter.title_en.is_empty() { &chapter.title_en } else { &chapter.title };
        let title = format!("{} {title}", chapter.number).trim().to_owned();
        let begins = editions.len() > 1 && chapter.edition_id != last_edition && !title.is_empty();
        out.push(GridChapter {
            id: format!("ch-{place}"),
            edition: if begins { name.to_owned() } else { String::new() },
            title: if title.is_empty() { name.to_owned() } else { title },
            tally: chapter.tally,
            rows: shown,
            is_here: true,
        });
        last_edition = chapter.edition_id;
    }
    out
}

/// Grey text beside a field, of the last Assessment.
pub fn last_json(row: &SheetRow) -> Option<String> {
    row.last.as_ref().filter(|last| last.status != AnswerStatus::Unanswered).map(|last| previous_json(last, row))
}

/// Everything that a sheet's filters and bulk forms need.
#[derive(Template)]
#[template(path = "assurance/sheet.html")]
struct SheetPage<'a> {
    p: Page,
    assessment: &'a Assessment,
    grid: Grid<'a>,
    tally: Tally,
    chips: Vec<Chip>,
    editions: Vec<Chip>,
    departments: Vec<Department>,
    ask_href: String,
    shown: usize,
    added: Option<u32>,
    /// A row waits to be confirmed.
    confirmable: bool,
    /// Every row at once, for printing; empty when they are there anyway.
    whole_href: String,
}

/// The rows of one chapter, to be put into a sheet that is open.
#[derive(Template)]
#[template(path = "assurance/rows.html")]
struct RowsPage<'a> {
    p: Page,
    grid: &'a Grid<'a>,
    rows: &'a [&'a SheetRow],
}

/// The chapters of a sheet as the filters of the address let them through.
async fn grid_of<'a>(
    state: &WebState,
    person: &Person,
    sheet: &'a app::Sheet,
    query: &SheetQuery,
) -> Result<Grid<'a>, WebError> {
    let chapters = app::chapters(&state.app, &sheet.rows).await.map_err(told(person))?;
    let names: HashMap<String, String> =
        sheet.editions.iter().map(|e| (e.id.clone(), e.edition.short.clone())).collect();
    let of_edition = |row: &SheetRow| query.edition.is_empty() || row.edition_id == query.edition;
    let english = person.actor.language == "en";
    let id = &sheet.assessment.id;
    let filters = [("edition", query.edition.as_str()), ("show", &query.show), ("chapter", "")];
    // The chapter's id is put behind the last `=`.
    let open = |path: String| format!("{path}{}chapter=", if query_string(&filters).is_empty() { "?" } else { "&" });
    Ok(Grid {
        chapters: grid_chapters(&sheet.rows, chapters, &names, english, |row| {
            of_edition(row) && shows(row, &query.show, person)
        }),
        action: "/answers".to_owned(),
        presence: format!("/assessments/{id}/presence"),
        filtered: !query.show.is_empty(),
        locked: sheet.assessment.state != "open" || !person.actor.may(Permission::AnswerAll),
        selectable: sheet.assessment.state == "open" && person.actor.may(Permission::ManageAssessments),
        back: address(id, query, &[("chapter", &query.chapter)]),
        rows_url: open(format!("/assessments/{id}/rows{}", query_string(&filters))),
        chapter_url: open(address(id, query, &[])),
        people: people(state, person).await?,
    })
}

/// GET /assessments/{id}/rows: the rows of one chapter.
pub async fn rows(
    State(state): State<WebState>,
    person: Person,
    Path(id): Path<String>,
    Query(query): Query<SheetQuery>,
) -> Result<Response, WebError> {
    let told = told(&person);
    person.actor.require(Permission::ReadAssessments).map_err(&told)?;
    let sheet = app::sheet(&state.app, &person.actor, &id).await.map_err(&told)?;
    let grid = grid_of(&state, &person, &sheet, &query).await?;
    // A chapter whose last row has left the filter meanwhile has no rows.
    let rows = grid.chapters.iter().find(|c| c.id == query.chapter).map_or(&[][..], |c| &c.rows);
    render(&RowsPage { p: Page::new(&state, &person, Room::Assurance, "/assessments"), grid: &grid, rows })
}

/// GET /assessments/{id}
pub async fn show(
    State(state): State<WebState>,
    person: Person,
    Path(id): Path<String>,
    Query(query): Query<SheetQuery>,
) -> Result<Response, WebError> {
    let told = told(&person);
    person.actor.require(Permission::ReadAssessments).map_err(&told)?;
    let sheet = app::sheet(&state.app, &person.actor, &id).await.map_err(&told)?;
    let p = Page::printed(&state, &person, Room::Assurance, "/assessments").await?;
    let mut grid = grid_of(&state, &person, &sheet, &query).await?;
    let is_long = thin_out(&mut grid.chapters, &query.chapter);
    if query.all == "1" || !is_long {
        grid.chapters.iter_mut().for_each(|chapter| chapter.is_here = true);
        grid.rows_url.clear();
    }
    let departments = sakimori_app::registry::departments(&state.app, &person.actor).await.map_err(&told)?;
    let page = SheetPage {
        assessment: &sheet.assessment,
        tally: sheet.rows.iter().map(|row| row.answer.status).collect(),
        chips: show_chips(&id, &query, &sheet.rows, &person, p.english),
        editions: edition_chips(&id, &query, &sheet, p.english),
        shown: grid.chapters.iter().map(|c| c.rows.len()).sum(),
        added: query.added.parse().ok(),
        confirmable: sheet.rows.iter().any(|row| shows(row, "carried", &person)),
        whole_href: if is_long { address(&id, &query, &[("all", "1")]) } else { String::new() },
        departments,
        ask_href: format!(
            "/requests/new{}",
            query_string(&[("assessment", &id), ("edition", &query.edition), ("show", &query.show)])
        ),
        p,
        grid,
    };
    render(&page)
}

/// Address of the sheet with the filters of now and `more`; a later word of a name takes the place of an earlier one.
fn address(id: &str, query: &SheetQuery, more: &[(&str, &str)]) -> String {
    let own = [("edition", query.edition.as_str()), ("show", query.show.as_str())];
    let kept = own.iter().filter(|(name, _)| more.iter().all(|(other, _)| other != name));
    format!("/assessments/{id}{}", query_string(&kept.chain(more).copied().collect::<Vec<_>>()))
}

fn show_chips(id: &str, query: &SheetQuery, rows: &[SheetRow], person: &Person, english: bool) -> Vec<Chip> {
    let of_edition = |row: &&SheetRow| query.edition.is_empty() || row.edition_id == query.edition;
    SHOWS
        .iter()
        .map(|(code, ja, en)| {
            let count = rows.iter().filter(of_edition).filter(|row| shows(row, code, person)).count();
            // A second click on a filter takes it off.
            let href = address(id, query, &[("show", if *code == query.show { "" } else { code })]);
            let label = if english { en } else { ja }.to_string();
            (*code, Chip { href, label, count, on: *code == query.show })
        })
        .filter(|(code, chip)| chip.count > 0 || chip.on || !SELDOM.contains(code))
        .map(|(_, chip)| chip)
        .collect()
}

fn edition_chips(id: &str, query: &SheetQuery, sheet: &app::Sheet, english: bool) -> Vec<Chip> {
    if sheet.editions.len() < 2 {
        return Vec::new();
    }
    let all = Chip {
        href: address(id, query, &[("edition", "")]),
        label: if english { "all standards" } else { "全ての基準" }.to_owned(),
        count: sheet.rows.len(),
        on: query.edition.is_empty(),
    };
    let each = sheet.editions.iter().map(|e| Chip {
        href: address(id, query, &[("edition", &e.id)]),
        label: e.edition.short.clone(),
        count: sheet.rows.iter().filter(|row| row.edition_id == e.id).count(),
        on: query.edition == e.id,
    });
    std::iter::once(all).chain(each).collect()
}
