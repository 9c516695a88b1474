//! Raising a point and changing what it says.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use sakimori_app::Refusal;
use sakimori_app::revision::{self as app, IssueInput, Surroundings};
use sakimori_domain::revision::{ChangeKind, EvidenceDocument, Wording};
use sakimori_store::edition::EditionEntry;
use serde::Deserialize;

use super::words::{English, meeting_name};
use crate::assurance::told;
use crate::error::WebError;
use crate::forms::{Fields, PersonForm, again, typed};
use crate::identity::see_other;
use crate::page::{Page, Room, render};
use crate::person::Person;
use crate::state::WebState;

/// Blank rows for documents under those that are there.
const BLANK_DOCUMENTS: usize = 2;

/// Where a new point comes from.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct NewQuery {
    edition: String,
    number: String,
    /// `EDITION:NUMBER` of what another document asks beyond it.
    from: String,
    /// What a case or a coverage page suggests as the title.
    title: String,
    /// What it suggests as the point.
    point: String,
    /// Where it comes from, if not from a gap.
    origin: String,
}

#[derive(Template)]
#[template(path = "revision/form.html")]
struct FormPage {
    p: Page,
    /// Empty for a new point.
    id: String,
    number: i64,
    input: IssueInput,
    items: String,
    around: Surroundings,
    /// The Edition that is revised, where it is known.
    edition: Option<EditionEntry>,
    refusal: Option<Refusal>,
}

impl FormPage {
    async fn new(state: &WebState, person: &Person, input: IssueInput) -> Result<Self, WebError> {
        let around = app::surroundings(&state.app, &person.actor, &input.edition_id).await.map_err(told(person))?;
        let mut input = input;
        let rows = (input.evidence.len() + BLANK_DOCUMENTS).max(3);
        input.evidence.resize(rows, EvidenceDocument::default());
        Ok(Self {
            p: Page::new(state, person, Room::Standards, "/revision"),
            id: String::new(),
            number: 0,
            items: input.items.join("\n"),
            edition: around.editions.iter().find(|e| e.id == input.edition_id).cloned(),
            input,
            around,
            refusal: None,
        })
    }

    fn meeting(&self, m: &sakimori_store::revision::Meeting) -> String {
        meeting_name(m, self.p.english)
    }
}

fn input_of(fields: &Fields) -> IssueInput {
    let (titles, places, contents) = (fields.all("document"), fields.all("place"), fields.all("content"));
    let part = |list: &[String], at: usize| list.get(at).cloned().unwrap_or_default();
    let evidence = (0..titles.len())
        .map(|at| EvidenceDocument { title: part(&titles, at), place: part(&places, at), content: part(&contents, at) })
        .filter(|d| *d != EvidenceDocument::default())
        .collect();
    IssueInput {
        version: fields.get("version").parse().unwrap_or(0),
        edition_id: fields.get("edition").to_owned(),
        items: fields
            .get("items")
            .split(['\n', '、', ','])
            .map(|number| number.trim().to_owned())
            .filter(|number| !number.is_empty())
            .collect(),
        title: fields.get("title").to_owned(),
        point: fields.get("point").to_owned(),
        evidence,
        meeting_id: fields.get("meeting").to_owned(),
        wording: Wording {
            kind: app::change_kind(fields.get("change")),
            number: fields.get("change_number").to_owned(),
            after: fields.get("change_after").to_owned(),
            title: fields.get("change_title").to_owned(),
            old_text: fields.get("old_text").to_owned(),
            new_text: fields.get("new_text").to_owned(),
        },
        origin: fields.get("origin").to_owned(),
    }
}

/// GET /revision/new
pub async fn new(
    State(state): State<WebState>,
    person: Person,
    Query(query): Query<NewQuery>,
) -> Result<Response, WebError> {
    let actor = &person.actor;
    let mut input =
        app::prefill(&state.app, actor, &query.edition, &query.number, &query.from).await.map_err(told(&person))?;
    for (given, into) in
        [(&query.title, &mut input.title), (&query.point, &mut input.point), (&query.origin, &mut input.origin)]
    {
        if !given.is_empty() {
            into.clone_from(given);
        }
    }
    render(&FormPage::new(&state, &person, input).await?)
}

fn refused(page: &FormPage) -> Result<Response, WebError> {
    Ok(again(render(page)?))
}

/// POST /revision
pub async fn raise(State(state): State<WebState>, form: PersonForm) -> Result<Response, WebError> {
    let input = input_of(&form.fields);
    let done = app::raise(&state.app, &form.person.actor, input.clone()).await;
    match typed(&form.person, done)? {
        Ok(id) => see_other(&format!("/revision/{id}"), None),
        Err(refusal) => {
            refused(&FormPage { refusal: Some(refusal), ..FormPage::new(&state, &form.person, input).await? })
        }
    }
}

/// GET /revision/{id}/edit
pub async fn edit(State(state): State<WebState>, person: Person, Path(id): Path<String>) -> Result<Response, WebError> {
    let issue = app::view(&state.app, &person.actor, &id).await.map_err(told(&person))?.issue;
    let input = IssueInput {
        version: issue.version,
        edition_id: issue.edition_id,
        items: issue.items,
        title: issue.title,
        point: issue.point,
        evidence: issue.evidence,
        meeting_id: issue.meeting_id,
        wording: issue.wording,
        origin: issue.origin,
    };
    render(&FormPage { id, number: issue.number, ..FormPage::new(&state, &person, input).await? })
}

/// POST /revision/{id}
pub async fn change(
    State(state): State<WebState>,
    Path(id): Path<String>,
    form: PersonForm,
) -> Result<Response, WebError> {
    let input = input_of(&form.fields);
    let done = app::change(&state.app, &form.person.actor, &id, input.clone()).await;
    match typed(&form.person, done)? {
        Ok(()) => see_other(&format!("/revision/{id}"), None),
        Err(refusal) => {
            let number = app::view(&state.app, &form.person.actor, &id).await.map_err(told(&form.person))?.issue.number;
            refused(&FormPage {
                id,
                number,
                refusal: Some(refusal),
                ..FormPage::new(&state, &form.person, input).await?
            })
        }
    }
}
