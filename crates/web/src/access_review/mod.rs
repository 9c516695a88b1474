//! 利用者の棚卸し: every seat is looked at once a year.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use sakimori_app::access_review::{self as app, Decision, Review};
use sakimori_app::{Refusal, seats};
use sakimori_domain::assurance::fiscal_year;
use sakimori_domain::identity::Role;
use sakimori_store::access_review::AccessReview;

use crate::error::WebError;
use crate::forms::{PersonForm, again, typed};
use crate::identity::see_other;
use crate::page::{Page, Room, render};
use crate::person::Person;
use crate::state::WebState;

/// Codes of what is odd about a seat, and their words.
const MARKS: [(&str, &str, &str); 5] = [
    ("unused", "90日以上使われていない", "not used for 90 days"),
    ("several", "複数の組織に所属", "in several organisations"),
    ("deputy", "代理を務めている", "stands in for somebody"),
    ("deputy-over", "期限を過ぎた代理が残っている", "a deputyship that is over"),
    ("ended", "停止中または期限終了", "suspended or ended"),
];

#[derive(Template)]
#[template(path = "access_review/list.html")]
struct ListPage {
    p: Page,
    reviews: Vec<AccessReview>,
    /// The running 年度 has none yet.
    may_open: bool,
    /// Its last day.
    year_end: String,
    refusal: Option<Refusal>,
}

async fn overview(state: &WebState, person: &Person, refusal: Option<Refusal>) -> Result<Response, WebError> {
    let reviews = app::list(&state.app, &person.actor).await?;
    let year = i64::from(fiscal_year(state.app.today()));
    let may_open = reviews.iter().all(|r| r.fiscal_year != year);
    let p = Page::new(state, person, Room::Administration, "/access-reviews");
    render(&ListPage { p, reviews, may_open, year_end: app::year_end(year), refusal })
}

/// GET /access-reviews
pub async fn list(State(state): State<WebState>, person: Person) -> Result<Response, WebError> {
    overview(&state, &person, None).await
}

/// POST /access-reviews
pub async fn open(State(state): State<WebState>, form: PersonForm) -> Result<Response, WebError> {
    let opened = app::open(&state.app, &form.person.actor, form.fields.get("due_on")).await;
    match typed(&form.person, opened)? {
        Ok(id) => see_other(&format!("/access-reviews/{id}"), None),
        Err(refusal) => Ok(again(overview(&state, &form.person, Some(refusal)).await?)),
    }
}

/// POST /access-reviews/{id}/due
pub async fn set_due(
    State(state): State<WebState>,
    Path(id): Path<String>,
    form: PersonForm,
) -> Result<Response, WebError> {
    let f = &form.fields;
    let version = f.get("version").parse().unwrap_or(0);
    let set = app::set_due(&state.app, &form.person.actor, &id, f.get("due_on"), version).await;
    match typed(&form.person, set)? {
        Ok(()) => see_other(&format!("/access-reviews/{id}"), None),
        Err(refusal) => Ok(again(page(&state, &form.person, &id, Some(refusal)).await?)),
    }
}

#[derive(Template)]
#[template(path = "access_review/record.html")]
struct RecordPage {
    p: Page,
    r: Review,
    roles: Vec<Role>,
    refusal: Option<Refusal>,
}

impl RecordPage {
    fn role(&self, code: &str) -> String {
        Role::from_code(code).map_or_else(String::new, |role| self.p.t(role.ja(), role.en()).to_owned())
    }

    fn marks(&self, codes: &str) -> Vec<&'static str> {
        let word = |code| MARKS.iter().find(|(known, ..)| *known == code);
        codes.split(' ').filter_map(word).map(|(_, ja, en)| self.p.t(ja, en)).collect()
    }

    fn decision(&self, code: &str) -> &'static str {
        let (ja, en) = match code {
            "keep" => ("維持", "keep"),
            "change" => ("変更", "change"),
            "remove" => ("削除", "remove"),
            _ => ("未判断", "open"),
        };
        self.p.t(ja, en)
    }

    fn year_end(&self) -> String {
        app::year_end(self.r.review.fiscal_year)
    }

    fn undecided(&self) -> usize {
        self.r.seats.iter().filter(|seat| seat.decision.is_empty()).count()
    }
}

async fn page(state: &WebState, person: &Person, id: &str, refusal: Option<Refusal>) -> Result<Response, WebError> {
    let r = app::review(&state.app, &person.actor, id).await?;
    let roles = seats::roles_of(&mut state.app.read().await?, &person.actor.organisation_id).await?;
    let p = Page::printed(state, person, Room::Administration, "/access-reviews").await?;
    render(&RecordPage { p, r, roles, refusal })
}

/// GET /access-reviews/{id}
pub async fn show(State(state): State<WebState>, Path(id): Path<String>, person: Person) -> Result<Response, WebError> {
    page(&state, &person, &id, None).await
}

/// POST /access-reviews/{id}/seats/{account}
pub async fn decide(
    State(state): State<WebState>,
    Path((id, account)): Path<(String, String)>,
    form: PersonForm,
) -> Result<Response, WebError> {
    let f = &form.fields;
    let decision = Decision {
        version: f.get("version").parse().unwrap_or(0),
        decision: f.get("decision").to_owned(),
        new_role: f.get("role").to_owned(),
        reason: f.get("reason").to_owned(),
    };
    let decided = app::decide(&state.app, &form.person.actor, &id, &account, decision).await;
    match typed(&form.person, decided)? {
        Ok(()) => see_other(&format!("/access-reviews/{id}#seat-{account}"), None),
        Err(refusal) => Ok(again(page(&state, &form.person, &id, Some(refusal)).await?)),
    }
}
