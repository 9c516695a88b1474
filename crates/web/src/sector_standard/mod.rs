//! 基準一覧: every sector's Standards, their upkeep by half-year, and what they need not have.

mod print;

pub use print::{pdf, xlsx};

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use sakimori_app::Refusal;
use sakimori_app::sector_standard::{self as app, Register, RowInput};
use sakimori_domain::revision::CycleStep;
use sakimori_domain::standards::AuthorityClass;
use sakimori_store::sector_standard::{Exclusion, SectorStandard};

use crate::assurance::told;
use crate::error::WebError;
use crate::forms::{Fields, PersonForm, typed};
use crate::identity::see_other;
use crate::page::{Page, Room, render};
use crate::person::Person;
use crate::revision::words::English as CycleWords;
use crate::standards::English;
use crate::state::WebState;

/// A half-year of the calendar.
#[derive(Clone, Copy)]
struct Half {
    year: i64,
    half: i64,
}

/// The half-years that the calendar shows: last year's, this year's and the next.
fn halves(fiscal_year: i16) -> Vec<Half> {
    let first = i64::from(fiscal_year) - 1;
    (first..first + 3).flat_map(|year| [Half { year, half: 1 }, Half { year, half: 2 }]).collect()
}

impl Half {
    fn year_name(&self, english: &bool) -> String {
        let year = crate::page::era_year(i16::try_from(self.year).unwrap_or(0));
        if *english { format!("FY{}", self.year) } else { format!("{year}年度") }
    }

    fn months(&self, english: &bool) -> &'static str {
        match (*english, self.half) {
            (false, 1) => "4～9月",
            (false, _) => "10～3月",
            (true, 1) => "Apr–Sep",
            (true, _) => "Oct–Mar",
        }
    }

    fn name(&self, english: &bool) -> String {
        format!("{} {}", self.year_name(english), self.months(english))
    }
}

/// Steps of a Standard in a half-year, as one text: done ones carry a mark.
fn steps(register: &Register, standard_id: &str, half: &Half, english: bool) -> String {
    let own = register
        .steps
        .iter()
        .filter(|s| s.standard_id == standard_id && s.fiscal_year == half.year && s.half == half.half);
    let word = |s: &sakimori_store::sector_standard::Step| {
        let word = if english { CycleWords::en(s.step) } else { s.step.ja() };
        if s.is_done { format!("済 {word}") } else { word.to_owned() }
    };
    own.map(word).collect::<Vec<_>>().join("\n")
}

fn authority(class: AuthorityClass, english: bool) -> &'static str {
    if english { English::en(class) } else { class.ja() }
}

#[derive(Template)]
#[template(path = "sector_standard/list.html")]
struct ListPage {
    p: Page,
    all: Register,
    halves: Vec<Half>,
    refusal: Option<Refusal>,
}

impl ListPage {
    fn authority(&self, row: &SectorStandard) -> &'static str {
        authority(row.authority, self.p.english)
    }

    fn steps(&self, standard_id: &str, half: &Half) -> String {
        steps(&self.all, standard_id, half, self.p.english)
    }

    fn excluded(&self, row: &SectorStandard) -> usize {
        self.all.exclusions.iter().filter(|e| e.standard_id == row.id).count()
    }

    fn base(&self, row: &SectorStandard) -> &str {
        let base = self.all.rows.iter().find(|other| !row.supplement_of.is_empty() && other.id == row.supplement_of);
        base.map_or("", |base| base.title.as_str())
    }

    fn step_words(&self) -> Vec<(&'static str, &'static str)> {
        step_words(self.p.english)
    }
}

fn step_words(english: bool) -> Vec<(&'static str, &'static str)> {
    CycleStep::ALL.iter().map(|s| (s.code(), if english { CycleWords::en(*s) } else { s.ja() })).collect()
}

async fn list_page(state: &WebState, person: &Person, refusal: Option<Refusal>) -> Result<Response, WebError> {
    let all = app::list(&state.app, &person.actor).await.map_err(told(person))?;
    let p = Page::new(state, person, Room::Standards, "/sector-standards");
    let status = if refusal.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = render(&ListPage { halves: halves(p.fiscal_year), p, all, refusal })?;
    Ok((status, page).into_response())
}

/// GET /sector-standards
pub async fn list(State(state): State<WebState>, person: Person) -> Result<Response, WebError> {
    list_page(&state, &person, None).await
}

/// After a write of the list: the list anew, or with the refusal on it.
async fn done(state: &WebState, person: &Person, result: sakimori_app::Result<()>) -> Result<Response, WebError> {
    match typed(person, result)? {
        Ok(()) => see_other("/sector-standards", None),
        Err(refusal) => list_page(state, person, Some(refusal)).await,
    }
}

/// POST /sector-standards/take-over
pub async fn take_over(State(state): State<WebState>, form: PersonForm) -> Result<Response, WebError> {
    let result = app::take_over(&state.app, &form.person.actor, form.fields.get("edition")).await;
    done(&state, &form.person, result.map(|_| ())).await
}

/// POST /sector-standards/steps
pub async fn set_step(State(state): State<WebState>, form: PersonForm) -> Result<Response, WebError> {
    let fields = &form.fields;
    let (year, half) = fields.get("half").split_once('-').unwrap_or(("", ""));
    let half = (year.parse().unwrap_or(0), half.parse().unwrap_or(0));
    let (standard, step, action) = (fields.get("standard"), fields.get("step"), fields.get("action"));
    let result =
        app::set_step(&state.app, &form.person.actor, standard, half, step, action, Some(fields.get("seen"))).await;
    done(&state, &form.person, result).await
}

#[derive(Template)]
#[template(path = "sector_standard/record.html")]
struct RecordPage {
    p: Page,
    /// Empty for a new row.
    id: String,
    input: RowInput,
    all: Register,
    refusal: Option<Refusal>,
}

impl RecordPage {
    fn authorities(&self) -> Vec<(&'static str, &'static str)> {
        AuthorityClass::ALL.iter().map(|class| (class.code(), authority(*class, self.p.english))).collect()
    }

    fn exclusions(&self) -> Vec<&Exclusion> {
        self.all.exclusions.iter().filter(|e| !self.id.is_empty() && e.standard_id == self.id).collect()
    }

    fn edition(&self, id: &str) -> &str {
        self.all.editions.iter().find(|e| e.id == id).map_or("", |e| e.edition.short.as_str())
    }

    /// Crosswalks of the loaded Edition: id and the other Edition's name.
    fn crosswalks(&self) -> Vec<(&str, &str)> {
        let own = self.input.edition_id.as_str();
        let other = |(id, source, target): &'_ (String, String, String)| match own {
            "" => None,
            own if own == source => Some((id.clone(), target.clone())),
            own if own == target => Some((id.clone(), source.clone())),
            _ => None,
        };
        let found = self.all.crosswalks.iter().filter(|x| other(x).is_some());
        found.map(|x| (x.0.as_str(), self.edition(if x.1 == own { &x.2 } else { &x.1 }))).collect()
    }
}

fn input_of(fields: &Fields) -> RowInput {
    let text = |name: &str| fields.get(name).to_owned();
    RowInput {
        version: fields.get("version").parse().unwrap_or(0),
        sector: text("sector"),
        subsector: text("subsector"),
        title: text("title"),
        issuer: text("issuer"),
        authority: text("authority"),
        label: text("label"),
        edition_id: text("edition"),
        supplement_of: text("supplement_of"),
        cycle_months: text("cycle_months"),
        revised_on: text("revised_on"),
        next_review_on: text("next_review_on"),
        valid_from: text("valid_from"),
        valid_to: text("valid_to"),
        note: text("note"),
    }
}

async fn record(
    state: &WebState,
    person: &Person,
    id: &str,
    typed: Option<(RowInput, Refusal)>,
) -> Result<Response, WebError> {
    let all = app::list(&state.app, &person.actor).await.map_err(told(person))?;
    let row = all.rows.iter().find(|row| row.id == id);
    if !id.is_empty() && row.is_none() {
        return Err(told(person)(Refusal::not_found().into()));
    }
    let kept = row.map_or_else(RowInput::default, |r| RowInput {
        version: r.version,
        sector: r.sector.clone(),
        subsector: r.subsector.clone(),
        title: r.title.clone(),
        issuer: r.issuer.clone(),
        authority: r.authority.code().to_owned(),
        label: r.label.clone(),
        edition_id: r.edition_id.clone(),
        supplement_of: r.supplement_of.clone(),
        cycle_months: if r.cycle_months == 0 { String::new() } else { r.cycle_months.to_string() },
        revised_on: r.revised_on.clone(),
        next_review_on: r.next_review_on.clone(),
        valid_from: r.valid_from.clone(),
        valid_to: r.valid_to.clone(),
        note: r.note.clone(),
    });
    let status = if typed.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let (input, refusal) = typed.map_or((kept, None), |(input, refusal)| (input, Some(refusal)));
    let p = Page::new(state, person, Room::Standards, "/sector-standards");
    let page = render(&RecordPage { p, id: id.to_owned(), input, all, refusal })?;
    Ok((status, page).into_response())
}

/// GET /sector-standards/new
pub async fn new(State(state): State<WebState>, person: Person) -> Result<Response, WebError> {
    record(&state, &person, "", None).await
}

/// GET /sector-standards/{id}
pub async fn show(State(state): State<WebState>, person: Person, Path(id): Path<String>) -> Result<Response, WebError> {
    record(&state, &person, &id, None).await
}

/// POST /sector-standards
pub async fn keep(State(state): State<WebState>, form: PersonForm) -> Result<Response, WebError> {
    let (id, input) = (form.fields.get("id"), input_of(&form.fields));
    let done = app::keep(&state.app, &form.person.actor, id, input.clone()).await;
    match typed(&form.person, done)? {
        Ok(_) => see_other("/sector-standards", None),
        Err(refusal) => record(&state, &form.person, id, Some((input, refusal))).await,
    }
}

/// POST /sector-standards/{id}/exclusions
pub async fn exclude(
    State(state): State<WebState>,
    Path(id): Path<String>,
    form: PersonForm,
) -> Result<Response, WebError> {
    let fields = &form.fields;
    let item = (fields.get("edition"), fields.get("number"));
    app::exclude(&state.app, &form.person.actor, &id, item, fields.get("reason"), Some(fields.get("seen")))
        .await
        .map_err(told(&form.person))?;
    see_other(&format!("/sector-standards/{id}"), None)
}
