//! 本文の取り込み: choose a file → look at what was recognised → confirm. Nothing is stored before the confirmation.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use sakimori_app::ingest::{self as app, Choice, Options, Outcome, Plan, Recognised, Upload};
use sakimori_app::{Actor, App, Refusal};
use sakimori_domain::identity::Permission;
use sakimori_domain::standards::Provision;
use sakimori_interop::Profile;

use super::edition_path;
use super::problems::problem_text;
use crate::error::WebError;
use crate::forms::{PersonForm, PersonUpload};
use crate::identity::see_other;
use crate::page::{Page, Room, render};
use crate::person::Person;
use crate::state::WebState;

/// Provisions that the preview shows.
const FIRST: usize = 12;
/// Letters of a text that the preview shows.
const LETTERS: usize = 80;
/// Problems that the preview lists.
const PROBLEMS_MAX: usize = 300;

#[derive(Template)]
#[template(path = "standards/load.html")]
struct LoadPage {
    p: Page,
    grammars: &'static [Profile],
    choice: Choice,
    refusal: Option<Refusal>,
}

/// GET /standards/load
pub async fn form(State(state): State<WebState>, person: Person) -> Result<Response, WebError> {
    load_page(&state, &person, Choice::default(), None)
}

fn load_page(
    state: &WebState,
    person: &Person,
    choice: Choice,
    refusal: Option<Refusal>,
) -> Result<Response, WebError> {
    let p = Page::new(state, person, Room::Standards, "/standards/load");
    let status = if refusal.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok((status, render(&LoadPage { p, grammars: Profile::built_in(), choice, refusal })?).into_response())
}

/// POST /standards/load
pub async fn upload(State(state): State<WebState>, form: PersonUpload) -> Result<Response, WebError> {
    let actor = &form.person.actor;
    actor.require(Permission::LoadStandards)?;
    let file = form.files.get("file");
    let own = form.files.get("own").map_or(String::new(), |file| String::from_utf8_lossy(&file.bytes).into_owned());
    let choice = Choice {
        file_name: file.map_or(String::new(), |file| file.name.clone()),
        grammar: form.fields.get("grammar").to_owned(),
        own_grammar: own,
        edition: form.fields.get("edition").trim().to_owned(),
    };
    let Some(file) = file else {
        let refusal = Refusal::invalid("no-file", "ファイルが選ばれていません。", "No file was chosen.")
            .next("文書のファイルを選んでください。", "Choose the document.");
        return load_page(&state, &form.person, choice, Some(refusal));
    };
    let key = match take_in(&state.app, actor, &choice, &file.bytes).await {
        Ok(key) => key,
        Err(error) => match error.refusal().cloned() {
            Some(refusal) => return load_page(&state, &form.person, choice, Some(refusal)),
            None => return Err(error),
        },
    };
    see_other(&format!("/standards/load/{key}"), None)
}

/// Reads once, so that a file that cannot be taken is not even put aside.
async fn take_in(state: &App, actor: &Actor, choice: &Choice, bytes: &[u8]) -> Result<String, WebError> {
    let upload = Upload { choice: choice.clone(), bytes: bytes.to_vec() };
    app::desk(state, actor, &upload).await?;
    Ok(app::put_aside(state, actor, choice, bytes).await?)
}

#[derive(Template)]
#[template(path = "standards/preview.html")]
struct PreviewPage {
    p: Page,
    key: String,
    read: Recognised,
    /// Corrections by hand that hold for the document.
    corrections: usize,
    plan: Option<Plan>,
    edition: String,
    refusal: Option<Refusal>,
}

impl PreviewPage {
    fn first(&self) -> &[Provision] {
        let all = &self.read.catalogue.provisions;
        &all[..all.len().min(FIRST)]
    }

    fn beginning(&self, provision: &Provision) -> String {
        let text = sakimori_app::standards::whole_text(provision).replace('\n', " ");
        let shown: String = text.chars().take(LETTERS).collect();
        if shown.len() < text.len() { format!("{shown}…") } else { shown }
    }

    fn controls(&self) -> usize {
        self.read.catalogue.provisions.iter().filter(|p| p.is_answerable()).count()
    }

    fn problem(&self, problem: &sakimori_domain::standards::Problem) -> String {
        problem_text(&self.p, problem)
    }

    fn problems(&self) -> &[sakimori_domain::standards::Problem] {
        let all = self.plan.as_ref().map_or(&self.read.catalogue.problems, |plan| &plan.problems);
        &all[..all.len().min(PROBLEMS_MAX)]
    }

    fn problem_count(&self) -> usize {
        self.plan.as_ref().map_or(self.read.catalogue.problems.len(), |plan| plan.problems.len())
    }

    fn is_new(&self) -> bool {
        self.plan.as_ref().is_some_and(|plan| matches!(plan.target, app::Target::New(_)))
    }
}

/// GET /standards/load/{key}
pub async fn preview(
    State(state): State<WebState>,
    person: Person,
    Path(key): Path<String>,
) -> Result<Response, WebError> {
    let upload = app::take_up(&state.app, &person.actor, &key).await?;
    let edition = upload.choice.edition.clone();
    let desk = app::desk(&state.app, &person.actor, &upload).await?;
    preview_page(&state, &person, key, (desk.recognised, desk.corrections.len()), edition, None).await
}

async fn preview_page(
    state: &WebState,
    person: &Person,
    key: String,
    (read, corrections): (Recognised, usize),
    edition: String,
    refusal: Option<Refusal>,
) -> Result<Response, WebError> {
    let options = Options { edition: edition.clone(), replace: false };
    let mut c = state.app.read().await?;
    let now = state.app.now().to_string();
    let planned = app::plan(&mut c, &person.actor.organisation_id, &now, &read, &options).await;
    let (plan, refusal) = match planned {
        Ok(plan) => (Some(plan), refusal),
        Err(error) => match error.refusal().cloned() {
            Some(found) => (None, refusal.or(Some(found))),
            None => return Err(error.into()),
        },
    };
    let status = if refusal.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let p = Page::new(state, person, Room::Standards, "/standards/load");
    Ok((status, render(&PreviewPage { p, key, read, corrections, plan, edition, refusal })?).into_response())
}

/// POST /standards/load/{key}
pub async fn confirm(
    State(state): State<WebState>,
    Path(key): Path<String>,
    form: PersonForm,
) -> Result<Response, WebError> {
    let actor = &form.person.actor;
    let upload = app::take_up(&state.app, actor, &key).await?;
    let options =
        Options { edition: form.fields.get("edition").trim().to_owned(), replace: form.fields.get("replace") == "yes" };
    let desk = app::desk(&state.app, actor, &upload).await?;
    let (read, corrections) = (desk.recognised, desk.corrections.len());
    let outcome = match app::keep(&state.app, actor, &read, &options).await {
        Ok(outcome) => outcome,
        Err(error) => match error.refusal().cloned() {
            Some(refusal) => {
                let read = (read, corrections);
                return preview_page(&state, &form.person, key, read, options.edition, Some(refusal)).await;
            }
            None => return Err(error.into()),
        },
    };
    app::discard(&state.app, actor, &key).await?;
    let done = if matches!(outcome, Outcome::Unchanged(_)) { "unchanged" } else { "stored" };
    see_other(&format!("{}?done={done}", edition_path(&outcome.plan().target.entry().id)), None)
}

/// POST /standards/load/{key}/cancel
pub async fn cancel(
    State(state): State<WebState>,
    Path(key): Path<String>,
    form: PersonForm,
) -> Result<Response, WebError> {
    app::discard(&state.app, &form.person.actor, &key).await?;
    see_other("/standards/load", None)
}
