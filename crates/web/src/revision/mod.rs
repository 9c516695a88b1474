//! 改訂: points for the next Edition, the meetings that discuss them, drafts.

mod drafts;
mod form;
mod meetings;
mod print;
mod record;
pub mod words;

pub use drafts::{make as make_draft, show as drafts};
pub use form::{change, edit, new, raise};
pub use meetings::{keep as keep_meeting, list as meetings};
pub use print::{pdf, xlsx};
pub use record::{note, show, step};

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use sakimori_app::revision::{self as app, Line};
use sakimori_domain::revision::{Direction, Stage};
use sakimori_store::revision::Meeting;
use serde::Deserialize;

use crate::assurance::view::Chip;
use crate::assurance::{query_string, told};
use crate::error::WebError;
use crate::page::{Page, Room, render};
use crate::person::Person;
use crate::state::WebState;
use words::{English, Look, meeting_name};

/// What the list is narrowed to.
#[derive(Deserialize, Default, Clone)]
#[serde(default)]
pub struct ListQuery {
    /// `board` for the meetings side by side.
    view: String,
    /// Code of a stage.
    stage: String,
    /// Code of a direction.
    direction: String,
    /// Id of a meeting, `none` for points without one.
    meeting: String,
    edition: String,
}

impl ListQuery {
    fn shows(&self, line: &Line) -> bool {
        let i = &line.issue;
        let is = |wanted: &str, found: &str| wanted.is_empty() || wanted == found;
        let meeting = if i.meeting_id.is_empty() { "none" } else { &i.meeting_id };
        is(&self.stage, i.standing.stage().code())
            && is(&self.direction, i.standing.direction().code())
            && is(&self.meeting, meeting)
            && is(&self.edition, &i.edition_id)
    }

    /// The address of a page with this narrowing.
    fn at(&self, path: &str) -> String {
        let parts = [
            ("view", self.view.as_str()),
            ("stage", &self.stage),
            ("direction", &self.direction),
            ("meeting", &self.meeting),
            ("edition", &self.edition),
        ];
        format!("{path}{}", query_string(&parts))
    }

    fn is_narrowed(&self) -> bool {
        [&self.stage, &self.direction, &self.meeting, &self.edition].iter().any(|part| !part.is_empty())
    }
}

/// One meeting's points by stage: raised, discussing, decided, withdrawn.
struct Column<'a> {
    name: String,
    held_on: String,
    is_held: bool,
    cells: Vec<(Stage, Vec<&'a Line>)>,
}

#[derive(Template)]
#[template(path = "revision/list.html")]
struct ListPage<'a> {
    p: Page,
    lines: Vec<&'a Line>,
    total: usize,
    columns: Vec<Column<'a>>,
    chips: Vec<Chip>,
    query: ListQuery,
    meetings: &'a [Meeting],
}

impl ListPage<'_> {
    fn tab(&self) -> &'static str {
        if self.query.view == "board" { "board" } else { "list" }
    }

    fn meeting(&self, id: &str) -> String {
        self.meetings.iter().find(|m| m.id == id).map_or(String::new(), |m| meeting_name(m, self.p.english))
    }

    fn last_said<'l>(&self, line: &'l Line) -> &'l str {
        line.notes.last().map_or("", |note| note.text.as_str())
    }
}

/// GET /revision
pub async fn list(
    State(state): State<WebState>,
    person: Person,
    Query(query): Query<ListQuery>,
) -> Result<Response, WebError> {
    let all = app::list(&state.app, &person.actor).await.map_err(told(&person))?;
    let p = Page::new(&state, &person, Room::Standards, "/revision");
    let shown: Vec<&Line> = all.lines.iter().filter(|line| query.shows(line)).collect();
    render(&ListPage {
        columns: if query.view == "board" { board(&shown, &all.meetings, p.english) } else { Vec::new() },
        chips: chips(&all.lines, &query, p.english),
        total: all.lines.len(),
        lines: shown,
        query,
        meetings: &all.meetings,
        p,
    })
}

fn board<'a>(lines: &[&'a Line], meetings: &[Meeting], english: bool) -> Vec<Column<'a>> {
    let cells = |id: &str| {
        let of =
            |stage: Stage| lines.iter().filter(move |l| l.issue.meeting_id == id && l.issue.standing.stage() == stage);
        Stage::ALL.iter().map(|stage| (*stage, of(*stage).copied().collect())).collect()
    };
    let column = |m: &Meeting| Column {
        name: meeting_name(m, english),
        held_on: m.held_on.clone(),
        is_held: m.state == sakimori_domain::revision::MeetingState::Held,
        cells: cells(&m.id),
    };
    let without = Column {
        name: if english { "Without a meeting" } else { "会議未定" }.to_owned(),
        held_on: String::new(),
        is_held: false,
        cells: cells(""),
    };
    let filled = |column: &Column<'_>| column.cells.iter().any(|(_, lines)| !lines.is_empty());
    meetings.iter().map(column).chain(Some(without).filter(filled)).collect()
}

fn chips(lines: &[Line], query: &ListQuery, english: bool) -> Vec<Chip> {
    let none = ListQuery { view: query.view.clone(), ..ListQuery::default() };
    let chip = |label: &str, wanted: ListQuery, on: bool| Chip {
        count: lines.iter().filter(|line| wanted.shows(line)).count(),
        // A second click on a filter takes it off.
        href: if on { none.at("/revision") } else { wanted.at("/revision") },
        label: label.to_owned(),
        on,
    };
    let mut chips = vec![chip(if english { "all" } else { "すべて" }, none.clone(), !query.is_narrowed())];
    for stage in Stage::ALL {
        let wanted = ListQuery { stage: stage.code().to_owned(), ..none.clone() };
        chips.push(chip(if english { stage.en() } else { stage.ja() }, wanted, query.stage == stage.code()));
    }
    for direction in Direction::ALL {
        let wanted = ListQuery { direction: direction.code().to_owned(), ..none.clone() };
        let on = query.direction == direction.code();
        chips.push(chip(if english { direction.en() } else { direction.ja() }, wanted, on));
    }
    chips.retain(|chip| chip.count > 0 || chip.on);
    chips
}
