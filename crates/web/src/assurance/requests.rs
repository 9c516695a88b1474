//! 回答依頼: the board, sending one, a department's own part, reminders.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use sakimori_app::assessment as assessments;
use sakimori_app::requests::{self as app, Desk, NewRequest, Stage, Step};
use sakimori_app::{Refusal, RefusalKind};
use sakimori_domain::identity::Permission;
use sakimori_store::assessment::{Assessment, SheetRow};
use sakimori_store::registry::Department;
use sakimori_store::request::AnswerRequest;
use serde::Deserialize;

use super::sheet::{Grid, grid_chapters, people, shows};
use super::view::Chip;
use super::{query_string, told};
use crate::error::WebError;
use crate::forms::PersonForm;
use crate::identity::see_other;
use crate::page::{Page, Room, render};
use crate::person::Person;
use crate::report::lists::{self, FormatQuery};
use crate::state::WebState;

const PATH: &str = "/requests";

/// What the board takes from its address.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct BoardQuery {
    stage: String,
}

/// A request on the board.
struct Entry {
    request: AnswerRequest,
    stage: Stage,
}

impl Entry {
    /// Modifier of `.badge`.
    fn class(&self) -> &'static str {
        match self.stage {
            Stage::Overdue => "late",
            Stage::Returned => "soon",
            Stage::Accepted => "good",
            _ => "plain",
        }
    }
}

#[derive(Template)]
#[template(path = "assurance/requests.html")]
struct BoardPage {
    p: Page,
    chips: Vec<Chip>,
    entries: Vec<Entry>,
    own_only: bool,
    none_at_all: bool,
    /// Where the Excel button leads.
    excel: String,
}

/// GET /requests
pub async fn board(
    State(state): State<WebState>,
    person: Person,
    Query(query): Query<BoardQuery>,
    Query(format): Query<FormatQuery>,
) -> Result<Response, WebError> {
    let list = app::list(&state.app, &person.actor).await.map_err(told(&person))?;
    let today = state.app.today();
    let mut entries: Vec<Entry> =
        list.into_iter().map(|request| Entry { stage: Stage::of(&request, today), request }).collect();
    entries.sort_by(|a, b| (a.stage, &a.request.due).cmp(&(b.stage, &b.request.due)));
    let english = person.actor.language == "en";
    let chips = Stage::ALL
        .iter()
        .map(|stage| Chip {
            href: format!(
                "{PATH}{}",
                query_string(&[("stage", if query.stage == stage.code() { "" } else { stage.code() })])
            ),
            label: if english { stage.en() } else { stage.ja() }.to_owned(),
            count: entries.iter().filter(|e| e.stage == *stage).count(),
            on: query.stage == stage.code(),
        })
        .filter(|chip| chip.count > 0 || chip.on)
        .collect();
    let none_at_all = entries.is_empty();
    entries.retain(|e| query.stage.is_empty() || e.stage.code() == query.stage);
    let own_only = !person.actor.may(Permission::ReadAssessments);
    let p = Page::new(&state, &person, Room::Assurance, PATH);
    if format.is_xlsx() {
        let filter =
            Stage::ALL.iter().find(|stage| stage.code() == query.stage).map_or("", |stage| p.t(stage.ja(), stage.en()));
        let list: Vec<_> = entries.iter().map(|e| (&e.request, p.t(e.stage.ja(), e.stage.en()))).collect();
        return lists::requests(&state, &p, filter, &list).await;
    }
    let excel = format!("{PATH}{}", query_string(&[("stage", &query.stage), ("format", "xlsx")]));
    render(&BoardPage { p, chips, entries, own_only, none_at_all, excel })
}

/// What the form takes from its address: the rows of a filter.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct NewQuery {
    assessment: String,
    edition: String,
    show: String,
}

/// A chapter to choose with its rows.
struct Part {
    title: String,
    rows: usize,
    ids: String,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "assurance/request_new.html")]
struct NewPage {
    p: Page,
    assessment: Assessment,
    /// Chapters to tick; empty when single rows were selected.
    parts: Vec<Part>,
    /// Selected rows: id, number, title.
    selected: Vec<(String, String, String)>,
    departments: Vec<Department>,
    form: NewRequest,
    today: String,
    refusal: Option<Refusal>,
}

/// The form for an Assessment: with `rows` those rows, else its chapters below the filter.
async fn new_page(state: &WebState, person: &Person, query: &NewQuery, rows: &[String]) -> Result<NewPage, WebError> {
    let told = told(person);
    person.actor.require(Permission::ManageAssessments).map_err(&told)?;
    let sheet = assessments::sheet(&state.app, &person.actor, &query.assessment).await.map_err(&told)?;
    let p = Page::new(state, person, Room::Assurance, PATH);
    let names: HashMap<String, String> =
        sheet.editions.iter().map(|e| (e.id.clone(), e.edition.short.clone())).collect();
    let mut parts = Vec::new();
    let mut selected = Vec::new();
    if rows.is_empty() {
        let chapters = assessments::chapters(&state.app, &sheet.rows).await.map_err(&told)?;
        let lets = |row: &SheetRow| {
            (query.edition.is_empty() || row.edition_id == query.edition) && shows(row, &query.show, person)
        };
        for chapter in grid_chapters(&sheet.rows, chapters, &names, p.english, lets) {
            let ids: Vec<&str> = chapter.rows.iter().map(|row| row.id.as_str()).collect();
            parts.push(Part {
                title: format!("{} {}", chapter.edition, chapter.title).trim().to_owned(),
                rows: ids.len(),
                ids: ids.join(" "),
                chosen: false,
            });
        }
    } else {
        let wanted = sheet.rows.iter().filter(|row| rows.contains(&row.id));
        selected.extend(wanted.map(|row| (row.id.clone(), row.number.clone(), row.title.clone())));
    }
    Ok(NewPage {
        departments: sakimori_app::registry::departments(&state.app, &person.actor).await.map_err(&told)?,
        form: NewRequest::default(),
        today: state.app.today().to_string(),
        assessment: sheet.assessment,
        refusal: None,
        parts,
        selected,
        p,
    })
}

/// GET /requests/new
pub async fn new(
    State(state): State<WebState>,
    person: Person,
    Query(query): Query<NewQuery>,
) -> Result<Response, WebError> {
    if query.assessment.is_empty() {
        // Rows are chosen in a sheet.
        return see_other("/assessments", None);
    }
    render(&new_page(&state, &person, &query, &[]).await?)
}

/// POST /requests/prepare: the form for the rows that were selected in the sheet.
pub async fn prepare(State(state): State<WebState>, form: PersonForm) -> Result<Response, WebError> {
    let query = NewQuery { assessment: form.fields.get("assessment").to_owned(), ..NewQuery::default() };
    if query.assessment.is_empty() {
        return see_other("/assessments", None);
    }
    render(&new_page(&state, &form.person, &query, &form.fields.all("row")).await?)
}

/// POST /requests
pub async fn ask(State(state): State<WebState>, form: PersonForm) -> Result<Response, WebError> {
    let fields = &form.fields;
    let parts = fields.all("part");
    let new = NewRequest {
        assessment_id: fields.get("assessment").to_owned(),
        answers: fields
            .all("row")
            .into_iter()
            .chain(parts.iter().flat_map(|ids| ids.split(' ').map(str::to_owned)))
            .collect(),
        department_id: fields.get("department").to_owned(),
        due: fields.get("due").to_owned(),
        message: fields.get("message").to_owned(),
    };
    match app::ask(&state.app, &form.person.actor, new.clone()).await {
        Ok(id) => see_other(&format!("{PATH}/{id}"), None),
        Err(error) => match error.refusal() {
            Some(refusal) if refusal.kind == RefusalKind::Invalid => {
                let refusal = Some(refusal.clone());
                let query = NewQuery { assessment: new.assessment_id.clone(), ..NewQuery::default() };
                let Ok(mut page) = new_page(&state, &form.person, &query, &fields.all("row")).await else {
                    return Err(told(&form.person)(error));
                };
                for part in &mut page.parts {
                    part.chosen = parts.contains(&part.ids);
                }
                let page = NewPage { refusal, form: new, ..page };
                Ok((StatusCode::UNPROCESSABLE_ENTITY, render(&page)?).into_response())
            }
            _ => Err(told(&form.person)(error)),
        },
    }
}

#[derive(Template)]
#[template(path = "assurance/request.html")]
struct RequestPage<'a> {
    p: Page,
    desk: &'a Desk,
    stage: Stage,
    grid: Grid<'a>,
    today: String,
    /// The department itself is looking.
    own: bool,
}

/// GET /requests/{id}
pub async fn show(State(state): State<WebState>, person: Person, Path(id): Path<String>) -> Result<Response, WebError> {
    let told = told(&person);
    let desk = app::desk(&state.app, &person.actor, &id).await.map_err(&told)?;
    let p = Page::new(&state, &person, Room::Assurance, PATH);
    let chapters = assessments::chapters(&state.app, &desk.rows).await.map_err(&told)?;
    let editions =
        sakimori_app::assessment::edition_names(&state.app, &person.actor, &desk.rows).await.map_err(&told)?;
    let grid = Grid {
        chapters: grid_chapters(&desk.rows, chapters, &editions, p.english, |_| true),
        action: "/answers".to_owned(),
        presence: format!("/assessments/{}/presence", desk.assessment.id),
        filtered: false,
        locked: !desk.may_answer,
        selectable: false,
        back: format!("{PATH}/{id}"),
        rows_url: String::new(),
        chapter_url: String::new(),
        people: people(&state, &person).await?,
    };
    let own = !person.actor.may(Permission::ReadAssessments);
    let today = state.app.today();
    render(&RequestPage { stage: Stage::of(&desk.request, today), today: today.to_string(), desk: &desk, grid, own, p })
}

/// POST /requests/{id}/step
pub async fn step(
    State(state): State<WebState>,
    Path(id): Path<String>,
    form: PersonForm,
) -> Result<Response, WebError> {
    let (fields, told) = (&form.fields, told(&form.person));
    let due = || fields.get("due").to_owned();
    let step = match fields.get("step") {
        "return" => Step::Return,
        "accept" => Step::Accept,
        "send-back" => Step::SendBack { reason: fields.get("reason").to_owned(), due: due() },
        "withdraw" => Step::Withdraw,
        "postpone" => Step::Postpone { due: due() },
        "delegate" => Step::Delegate { account_id: fields.get("person").to_owned() },
        _ => return Err(told(Refusal::invalid("step", "操作を選んでください。", "Choose what to do.").into())),
    };
    let version = fields.get("version").parse().unwrap_or(0);
    app::step(&state.app, &form.person.actor, &id, version, step).await.map_err(told)?;
    see_other(&format!("{PATH}/{id}"), None)
}

#[derive(Template)]
#[template(path = "assurance/reminders.html")]
struct RemindersPage {
    p: Page,
    list: Vec<(AnswerRequest, Vec<SheetRow>)>,
    total: usize,
}

/// GET /requests/reminders: 未回答一覧, to print and to remind from.
pub async fn reminders(State(state): State<WebState>, person: Person) -> Result<Response, WebError> {
    let list = app::unanswered(&state.app, &person.actor).await.map_err(told(&person))?;
    let total = list.iter().map(|(_, rows)| rows.len()).sum();
    let p = Page::printed(&state, &person, Room::Assurance, PATH).await?;
    render(&RemindersPage { p, list, total })
}

/// POST /requests/reminders
pub async fn remind(State(state): State<WebState>, form: PersonForm) -> Result<Response, WebError> {
    app::remind(&state.app, &form.person.actor, &form.fields.all("request")).await.map_err(told(&form.person))?;
    see_other("/requests/reminders", None)
}
