//! 自己点検: the list, opening one, closing one.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use sakimori_app::Refusal;
use sakimori_app::applicability;
use sakimori_app::assessment::{self as app, NewAssessment, Summary};

use super::told;
use crate::error::WebError;
use crate::forms::{PersonForm, again, typed};
use crate::identity::see_other;
use crate::page::{Page, Room, render};
use crate::person::Person;
use crate::report::lists::{self, FormatQuery};
use crate::state::WebState;

#[derive(Template)]
#[template(path = "assurance/assessments.html")]
struct ListPage {
    p: Page,
    list: Vec<Summary>,
}

/// GET /assessments
pub async fn list(
    State(state): State<WebState>,
    person: Person,
    Query(format): Query<FormatQuery>,
) -> Result<Response, WebError> {
    let list = app::list(&state.app, &person.actor).await.map_err(told(&person))?;
    let p = Page::new(&state, &person, Room::Assurance, "/assessments");
    if format.is_xlsx() {
        return lists::assessments(&state, &p, &list).await;
    }
    render(&ListPage { p, list })
}

/// An Edition to choose: id, name, items that bind.
struct Choice {
    id: String,
    name: String,
    binds: usize,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "assurance/assessment_new.html")]
struct NewPage {
    p: Page,
    form: NewAssessment,
    choices: Vec<Choice>,
    previous: Vec<Summary>,
    refusal: Option<Refusal>,
}

async fn new_page(state: &WebState, person: &Person, form: Option<NewAssessment>) -> Result<NewPage, WebError> {
    let p = Page::new(state, person, Room::Assurance, "/assessments");
    let previous = app::list(&state.app, &person.actor).await.map_err(told(person))?;
    let editions = applicability::list(&state.app, &person.actor, None).await.map_err(told(person))?;
    let chosen = form.as_ref().map(|f| f.editions.clone());
    let choices = editions
        .into_iter()
        .filter(|e| !e.lines.is_empty())
        .map(|e| {
            let binds = e.lines.iter().filter(|line| line.applicability.binds).count();
            let chosen = chosen.as_ref().map_or(binds > 0, |ids| ids.contains(&e.entry.id));
            Choice {
                chosen,
                binds,
                name: format!("{} {}", e.entry.edition.title, e.entry.edition.label),
                id: e.entry.id,
            }
        })
        .collect();
    let form = form.unwrap_or_else(|| NewAssessment {
        title: format!("令和{}年度 自己点検", p.fiscal_year - 2018),
        fiscal_year: i64::from(p.fiscal_year),
        editions: Vec::new(),
        previous_id: previous.first().map_or(String::new(), |s| s.assessment.id.clone()),
    });
    Ok(NewPage { p, form, choices, previous, refusal: None })
}

/// GET /assessments/new
pub async fn new(State(state): State<WebState>, person: Person) -> Result<Response, WebError> {
    person.actor.require(sakimori_domain::identity::Permission::ManageAssessments).map_err(told(&person))?;
    render(&new_page(&state, &person, None).await?)
}

/// POST /assessments
pub async fn create(State(state): State<WebState>, form: PersonForm) -> Result<Response, WebError> {
    let fields = &form.fields;
    let new = NewAssessment {
        title: fields.get("title").to_owned(),
        fiscal_year: fields.get("fiscal_year").parse().unwrap_or(0),
        editions: fields.all("edition"),
        previous_id: fields.get("previous").to_owned(),
    };
    let done = app::create(&state.app, &form.person.actor, new.clone()).await;
    match typed(&form.person, done)? {
        Ok(id) => see_other(&format!("/assessments/{id}"), None),
        Err(refusal) => {
            let page = NewPage { refusal: Some(refusal), ..new_page(&state, &form.person, Some(new)).await? };
            Ok(again(render(&page)?))
        }
    }
}

/// POST /assessments/{id}/state
pub async fn set_state(
    State(state): State<WebState>,
    Path(id): Path<String>,
    form: PersonForm,
) -> Result<Response, WebError> {
    let version = form.fields.get("version").parse().unwrap_or(0);
    let open = form.fields.get("state") == "open";
    app::set_open(&state.app, &form.person.actor, &id, version, open).await.map_err(told(&form.person))?;
    see_other(&format!("/assessments/{id}"), None)
}

/// POST /assessments/{id}/extend
pub async fn extend(
    State(state): State<WebState>,
    Path(id): Path<String>,
    form: PersonForm,
) -> Result<Response, WebError> {
    let made = app::add_missing_rows(&state.app, &form.person.actor, &id).await.map_err(told(&form.person))?;
    see_other(&format!("/assessments/{id}?added={made}"), None)
}
