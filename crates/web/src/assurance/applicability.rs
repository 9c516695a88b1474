//! 適用判定: what binds, how strongly and why, and the decisions that differ from the profile.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use sakimori_app::Refusal;
use sakimori_app::applicability::{self as app, Decision, EditionLines, Line};
use sakimori_domain::assurance::applicability::Force;
use serde::Deserialize;

use super::view::Chip;
use super::{query_string, told};
use crate::error::WebError;
use crate::forms::PersonForm;
use crate::identity::see_other;
use crate::page::{Page, Room, render};
use crate::person::Person;
use crate::report::lists::{self, FormatQuery};
use crate::state::WebState;

/// What the page takes from its address.
#[derive(Deserialize, Default, Clone)]
#[serde(default)]
pub struct ListQuery {
    edition: String,
    /// Code of a force, `binding`, `not-binding` or `tailored`.
    show: String,
}

#[derive(Template)]
#[template(path = "assurance/applicability.html")]
struct ApplicabilityPage<'a> {
    p: Page,
    editions: Vec<Chip>,
    chips: Vec<Chip>,
    title: String,
    lines: Vec<&'a Line>,
    show: String,
    profile_is_set: bool,
    /// Where the Excel button leads.
    excel: String,
}

/// GET /applicability
pub async fn list(
    State(state): State<WebState>,
    person: Person,
    Query(query): Query<ListQuery>,
    Query(format): Query<FormatQuery>,
) -> Result<Response, WebError> {
    let all = app::list(&state.app, &person.actor, None).await.map_err(told(&person))?;
    let english = person.actor.language == "en";
    let present = all.iter().find(|e| e.entry.id == query.edition).or_else(|| first(&all));
    if !query.edition.is_empty() && present.is_none_or(|e| e.entry.id != query.edition) {
        return Err(WebError::from(Refusal::not_found()).in_language(&person.actor.language));
    }
    let lines: &[Line] = present.map_or(&[], |e| &e.lines);
    let edition = present.map_or("", |e| e.entry.id.as_str());
    let organisation = sakimori_app::registry::own(&state.app, &person.actor).await.map_err(told(&person))?;
    let p = Page::new(&state, &person, Room::Assurance, "/applicability");
    if format.is_xlsx() {
        let title = present.map_or("", |e| &e.entry.edition.short);
        let filter =
            chips(lines, edition, &query.show, english).into_iter().find(|chip| chip.on && !query.show.is_empty());
        let shown: Vec<&Line> = lines.iter().filter(|line| shows(line, &query.show)).collect();
        return lists::applicability(&state, &p, title, &filter.map_or(String::new(), |chip| chip.label), &shown).await;
    }
    render(&ApplicabilityPage {
        excel: format!(
            "/applicability{}",
            query_string(&[("edition", edition), ("show", &query.show), ("format", "xlsx")])
        ),
        p,
        editions: all.iter().filter(|e| !e.lines.is_empty()).map(|e| edition_chip(e, edition)).collect(),
        chips: chips(lines, edition, &query.show, english),
        title: present.map_or(String::new(), |e| e.entry.edition.short.clone()),
        lines: lines.iter().filter(|line| shows(line, &query.show)).collect(),
        show: query.show.clone(),
        profile_is_set: !organisation.profile.sectors.is_empty(),
    })
}

/// The Edition that is shown first: the one of which most binds.
fn first(all: &[EditionLines]) -> Option<&EditionLines> {
    let binding = |e: &EditionLines| e.lines.iter().filter(|line| line.applicability.binds).count();
    all.iter().filter(|e| !e.lines.is_empty()).rev().max_by_key(|e| binding(e))
}

fn edition_chip(e: &EditionLines, present: &str) -> Chip {
    Chip {
        href: format!("/applicability{}", query_string(&[("edition", &e.entry.id)])),
        label: e.entry.edition.short.clone(),
        count: e.lines.iter().filter(|line| line.applicability.binds).count(),
        on: e.entry.id == present,
    }
}

fn shows(line: &Line, show: &str) -> bool {
    match show {
        "" => true,
        "binding" => line.applicability.binds,
        "not-binding" => !line.applicability.binds,
        "tailored" => line.tailoring.is_some(),
        code => line.applicability.binds && line.applicability.force.code() == code,
    }
}

fn chips(lines: &[Line], edition: &str, show: &str, english: bool) -> Vec<Chip> {
    let fixed = [
        ("", "すべて", "all"),
        ("binding", "適用", "binding"),
        ("not-binding", "適用外", "not binding"),
        ("tailored", "個別判断", "by decision"),
    ];
    let forces = Force::ALL.iter().map(|f| (f.code(), f.ja(), f.en()));
    fixed
        .into_iter()
        .chain(forces)
        .map(|(code, ja, en)| Chip {
            // A second click on a filter takes it off.
            href: format!(
                "/applicability{}",
                query_string(&[("edition", edition), ("show", if code == show { "" } else { code })])
            ),
            label: if english { en } else { ja }.to_owned(),
            count: lines.iter().filter(|line| shows(line, code)).count(),
            on: code == show,
        })
        .filter(|chip| chip.count > 0 || chip.on)
        .collect()
}

/// POST /applicability/tailor
pub async fn tailor(State(state): State<WebState>, form: PersonForm) -> Result<Response, WebError> {
    let fields = &form.fields;
    let told = told(&form.person);
    let decision = Decision::from_code(fields.get("decision"))
        .ok_or_else(|| told(Refusal::invalid("decision", "判断を選んでください。", "Choose a decision.").into()))?;
    let (edition, number) = (fields.get("edition"), fields.get("number"));
    app::tailor(
        &state.app,
        &form.person.actor,
        edition,
        number,
        decision,
        fields.get("justification"),
        Some(fields.get("seen")),
    )
    .await
    .map_err(told)?;
    see_other(&format!("/applicability{}", query_string(&[("edition", edition), ("show", fields.get("show"))])), None)
}
