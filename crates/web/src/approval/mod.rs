//! 承認: what waits for whom, and one approval with its three boxes and its history.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use sakimori_app::Refusal;
use sakimori_app::approval::{self as app, Entry, Subject, View};
use sakimori_domain::approval::{Kind, Step};

use crate::error::WebError;
use crate::forms::PersonForm;
use crate::identity::see_other;
use crate::page::{Page, Room, render};
use crate::person::Person;
use crate::state::WebState;

#[derive(Template)]
#[template(path = "approval/list.html")]
struct ListPage {
    p: Page,
    entries: Vec<Entry>,
}

/// GET /approvals
pub async fn list(State(state): State<WebState>, person: Person) -> Result<Response, WebError> {
    let entries = app::list(&state.app, &person.actor).await?;
    render(&ListPage { p: Page::new(&state, &person, Room::Home, "/approvals"), entries })
}

/// A subject with its newest approval, or one approval.
#[derive(Template)]
#[template(path = "approval/record.html")]
struct RecordPage {
    p: Page,
    kind: Kind,
    subject_id: String,
    title: String,
    href: String,
    view: Option<View>,
    /// The subject may be drafted anew.
    may_draft: bool,
    obstacle: Option<Refusal>,
}

impl RecordPage {
    fn boxes(&self) -> Vec<(Step, Option<&sakimori_store::approval::Taken>)> {
        let stamped = |step| self.view.as_ref().and_then(|view| view.stamped(step));
        [Step::Draft, Step::Check, Step::Approve].into_iter().map(|step| (step, stamped(step))).collect()
    }

    fn may(&self, step: &str) -> bool {
        Step::from_code(step).is_some_and(|step| self.view.as_ref().is_some_and(|view| view.may.contains(&step)))
    }
}

fn kind_of(code: &str) -> Result<Kind, WebError> {
    Ok(Kind::from_code(code).ok_or_else(Refusal::not_found)?)
}

/// GET /approvals/subject/{kind}/{id}
pub async fn subject(
    State(state): State<WebState>,
    Path((kind, id)): Path<(String, String)>,
    person: Person,
) -> Result<Response, WebError> {
    let kind = kind_of(&kind)?;
    let (Subject { title, hash, href, obstacle }, view) = app::of_subject(&state.app, &person.actor, kind, &id).await?;
    let free = view.as_ref().is_none_or(|view| {
        let a = &view.approval;
        !a.state.is_running() && (a.state != sakimori_domain::approval::State::Approved || a.subject_hash != hash)
    });
    let may_draft = free && kind.takers(Step::Draft).iter().any(|p| person.actor.may(*p));
    let p = Page::printed(&state, &person, Room::Home, "/approvals").await?;
    render(&RecordPage { p, kind, subject_id: id, title, href, view, may_draft, obstacle })
}

/// GET /approvals/{id}
pub async fn show(State(state): State<WebState>, Path(id): Path<String>, person: Person) -> Result<Response, WebError> {
    let view = app::view(&state.app, &person.actor, &id).await?;
    let a = view.approval.clone();
    render(&RecordPage {
        p: Page::printed(&state, &person, Room::Home, "/approvals").await?,
        kind: a.kind,
        subject_id: a.subject_id,
        title: a.title,
        href: view.href.clone(),
        view: Some(view),
        may_draft: false,
        obstacle: None,
    })
}

/// POST /approvals
pub async fn draft(State(state): State<WebState>, form: PersonForm) -> Result<Response, WebError> {
    let f = &form.fields;
    let Some(kind) = Kind::from_code(f.get("kind")) else {
        return Err(Refusal::invalid("kind", "起案するものを選んでください。", "Choose what to put forward.").into());
    };
    let id = app::draft(&state.app, &form.person.actor, kind, f.get("subject"), f.get("note")).await?;
    see_other(&format!("/approvals/{id}"), None)
}

/// POST /approvals/{id}/step
pub async fn step(
    State(state): State<WebState>,
    Path(id): Path<String>,
    form: PersonForm,
) -> Result<Response, WebError> {
    let f = &form.fields;
    let step = Step::from_code(f.get("step")).filter(|step| *step != Step::Void);
    let step = step.ok_or_else(|| Refusal::invalid("step", "操作を選んでください。", "Choose what to do."))?;
    let version = f.get("version").parse().unwrap_or(0);
    app::step(&state.app, &form.person.actor, &id, version, step, f.get("note")).await?;
    see_other(&format!("/approvals/{id}"), None)
}
