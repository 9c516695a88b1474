//! 事例: incidents that Standards are checked against, and the causes that no item covers.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use sakimori_app::Refusal;
use sakimori_app::incident_case::{self as app, CaseInput, Overview, ProblemLine, Standing, Verdict};
use sakimori_domain::crosswalk::MappingStatus;
use sakimori_domain::trail_mark::TrailMark;
use sakimori_report::{Cell, ColumnKind as Kind, Lang, ListSheet, PrintHead};
use serde::Deserialize;

use crate::assurance::view::Chip;
use crate::assurance::{query_string, told};
use crate::error::WebError;
use crate::forms::{Fields, PersonForm, again, typed};
use crate::identity::see_other;
use crate::page::{Page, Room, render};
use crate::person::Person;
use crate::report::lists::columns;
use crate::report::{XLSX, download, file_name};
use crate::state::WebState;

/// What the pages take from their address.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct CaseQuery {
    /// Key of the Edition that the cases are checked against.
    edition: String,
    /// `uncovered` or `open` on the list of causes.
    show: String,
}

/// Problems of cases by how far they are covered.
fn counts(cases: &[app::CaseView]) -> [usize; 3] {
    let of = |standing| cases.iter().flat_map(|c| &c.problems).filter(|p| p.standing == standing).count();
    [of(Standing::Covered), of(Standing::Uncovered), of(Standing::Open)]
}

fn word(standing: Standing, english: bool) -> &'static str {
    match (standing, english) {
        (Standing::Covered, false) => "該当あり",
        (Standing::Covered, true) => "covered",
        (Standing::Uncovered, false) => "該当なし",
        (Standing::Uncovered, true) => "not covered",
        (Standing::Open, false) => "未判定",
        (Standing::Open, true) => "not judged",
    }
}

/// How a problem stands, for templates.
trait Look {
    fn word(&self, english: &bool) -> &'static str;
    fn badge(&self) -> &'static str;
    fn is_uncovered(&self) -> bool;
    fn confirmed(&self) -> Vec<&app::CoverLine>;
    fn rejected(&self) -> Vec<&app::CoverLine>;
}

impl Look for ProblemLine {
    fn word(&self, english: &bool) -> &'static str {
        word(self.standing, *english)
    }

    fn badge(&self) -> &'static str {
        match self.standing {
            Standing::Covered => "good",
            Standing::Uncovered => "late",
            Standing::Open => "consider",
        }
    }

    fn is_uncovered(&self) -> bool {
        self.standing == Standing::Uncovered
    }

    fn confirmed(&self) -> Vec<&app::CoverLine> {
        self.covers.iter().filter(|line| line.cover.status == MappingStatus::Confirmed).collect()
    }

    fn rejected(&self) -> Vec<&app::CoverLine> {
        self.covers.iter().filter(|line| line.cover.status == MappingStatus::Rejected).collect()
    }
}

#[derive(Template)]
#[template(path = "incident_case/list.html")]
struct ListPage {
    p: Page,
    all: Overview,
    typed: CaseInput,
    refusal: Option<Refusal>,
}

impl ListPage {
    fn counts_of(&self, case: &app::CaseView) -> [usize; 3] {
        counts(std::slice::from_ref(case))
    }

    fn edition(&self) -> &str {
        self.all.entry.as_ref().map_or("", |e| e.id.as_str())
    }

    fn at(&self, path: &str) -> String {
        format!("{path}{}", query_string(&[("edition", self.edition())]))
    }
}

/// GET /cases
pub async fn list(
    State(state): State<WebState>,
    person: Person,
    Query(query): Query<CaseQuery>,
) -> Result<Response, WebError> {
    let all = app::list(&state.app, &person.actor, &query.edition, "").await.map_err(told(&person))?;
    let p = Page::new(&state, &person, Room::Standards, "/cases");
    render(&ListPage { p, all, typed: CaseInput::default(), refusal: None })
}

fn input_of(fields: &Fields) -> CaseInput {
    CaseInput {
        version: fields.get("version").parse().unwrap_or(0),
        label: fields.get("label").to_owned(),
        title: fields.get("title").to_owned(),
        happened_on: fields.get("happened_on").to_owned(),
        network: fields.get("network").to_owned(),
        summary: fields.get("summary").to_owned(),
        problems: fields.get("problems").to_owned(),
    }
}

async fn refused_list(
    state: &WebState,
    person: &Person,
    typed: CaseInput,
    refusal: Refusal,
) -> Result<Response, WebError> {
    let all = app::list(&state.app, &person.actor, "", "").await.map_err(told(person))?;
    let p = Page::new(state, person, Room::Standards, "/cases");
    let page = render(&ListPage { p, all, typed, refusal: Some(refusal) })?;
    Ok(again(page))
}

/// POST /cases
pub async fn add(State(state): State<WebState>, form: PersonForm) -> Result<Response, WebError> {
    let input = input_of(&form.fields);
    let done = app::add(&state.app, &form.person.actor, input.clone()).await;
    match typed(&form.person, done)? {
        Ok(id) => see_other(&format!("/cases/{id}"), None),
        Err(refusal) => refused_list(&state, &form.person, input, refusal).await,
    }
}

/// POST /cases/take-over
pub async fn take_over(State(state): State<WebState>, form: PersonForm) -> Result<Response, WebError> {
    let edition = form.fields.get("edition");
    let done = app::take_over(&state.app, &form.person.actor, edition).await;
    match typed(&form.person, done)? {
        Ok(_) => see_other(&format!("/cases{}", query_string(&[("edition", edition)])), None),
        Err(refusal) => refused_list(&state, &form.person, CaseInput::default(), refusal).await,
    }
}

#[derive(Template)]
#[template(path = "incident_case/record.html")]
struct RecordPage {
    p: Page,
    all: Overview,
    view: app::CaseView,
    refusal: Option<Refusal>,
}

impl RecordPage {
    fn edition(&self) -> &str {
        self.all.entry.as_ref().map_or("", |e| e.id.as_str())
    }

    /// Where a point about a problem that nothing covers is raised.
    fn raise(&self, line: &ProblemLine) -> String {
        raise(self.edition(), &self.view.case.title, line)
    }
}

fn raise(edition: &str, case: &str, line: &ProblemLine) -> String {
    let first: String = line.problem.problem.lines().next().unwrap_or("").chars().take(80).collect();
    let point = format!("事例「{case}」の問題点「{first}」にあたる項目がない。加えるかどうか。");
    let origin = format!("事例「{case}」");
    let parts = [("edition", edition), ("title", &first), ("point", &point), ("origin", &origin)];
    format!("/revision/new{}", query_string(&parts))
}

async fn record(
    state: &WebState,
    person: &Person,
    id: &str,
    edition: &str,
    refusal: Option<Refusal>,
) -> Result<Response, WebError> {
    let mut all = app::list(&state.app, &person.actor, edition, id).await.map_err(told(person))?;
    let view = all.cases.pop().ok_or_else(|| told(person)(Refusal::not_found().into()))?;
    let is_refused = refusal.is_some();
    let p = Page::new(state, person, Room::Standards, "/cases");
    let mut page = render(&RecordPage { p, all, view, refusal })?;
    if is_refused {
        *page.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(page)
}

/// GET /cases/{id}
pub async fn show(
    State(state): State<WebState>,
    person: Person,
    Path(id): Path<String>,
    Query(query): Query<CaseQuery>,
) -> Result<Response, WebError> {
    record(&state, &person, &id, &query.edition, None).await
}

/// The record after a write: anew, or with the refusal on it.
async fn done(
    state: &WebState,
    person: &Person,
    (id, edition, anchor): (&str, &str, &str),
    result: sakimori_app::Result<()>,
) -> Result<Response, WebError> {
    match typed(person, result)? {
        Ok(()) => see_other(&format!("/cases/{id}{}{anchor}", query_string(&[("edition", edition)])), None),
        Err(refusal) => record(state, person, id, edition, Some(refusal)).await,
    }
}

/// POST /cases/{id}
pub async fn change(
    State(state): State<WebState>,
    Path(id): Path<String>,
    form: PersonForm,
) -> Result<Response, WebError> {
    let result = app::change(&state.app, &form.person.actor, &id, input_of(&form.fields)).await;
    done(&state, &form.person, (&id, form.fields.get("edition"), ""), result).await
}

/// POST /cases/{id}/judge
pub async fn judge(
    State(state): State<WebState>,
    Path(id): Path<String>,
    form: PersonForm,
) -> Result<Response, WebError> {
    let fields = &form.fields;
    let (problem, edition) = (fields.get("problem"), fields.get("edition"));
    let result = match Verdict::from_code(fields.get("verdict")) {
        Some(verdict) => {
            let item = (edition, fields.get("number"));
            app::judge(&state.app, &form.person.actor, problem, item, verdict, Some(fields.get("seen"))).await
        }
        None => Err(Refusal::invalid("verdict", "判定を選び直してください。", "Choose the verdict again.").into()),
    };
    let plain = problem.bytes().all(|b| b.is_ascii_alphanumeric());
    let anchor = if plain { format!("#p-{problem}") } else { String::new() };
    done(&state, &form.person, (&id, edition, &anchor), result).await
}

#[derive(Template)]
#[template(path = "incident_case/causes.html")]
struct CausesPage {
    p: Page,
    all: Overview,
    chips: Vec<Chip>,
    show: String,
}

impl CausesPage {
    fn edition(&self) -> &str {
        self.all.entry.as_ref().map_or("", |e| e.id.as_str())
    }

    fn shown<'v>(&self, case: &'v app::CaseView) -> Vec<&'v ProblemLine> {
        case.problems.iter().filter(|line| shows(line, &self.show)).collect()
    }

    fn raise(&self, case: &app::CaseView, line: &ProblemLine) -> String {
        raise(self.edition(), &case.case.title, line)
    }

    fn at(&self, path: &str) -> String {
        format!("{path}{}", query_string(&[("edition", self.edition()), ("show", &self.show)]))
    }
}

fn shows(line: &ProblemLine, show: &str) -> bool {
    match show {
        "open" => line.standing == Standing::Open,
        "covered" => line.standing == Standing::Covered,
        "all" => true,
        _ => line.standing == Standing::Uncovered,
    }
}

/// GET /cases/causes
pub async fn causes(
    State(state): State<WebState>,
    person: Person,
    Query(query): Query<CaseQuery>,
) -> Result<Response, WebError> {
    let all = app::list(&state.app, &person.actor, &query.edition, "").await.map_err(told(&person))?;
    let p = Page::new(&state, &person, Room::Standards, "/cases");
    let edition = all.entry.as_ref().map_or("", |e| e.id.as_str());
    let [covered, uncovered, open] = counts(&all.cases);
    let chip = |show: &str, ja: &str, en: &str, count: usize| Chip {
        href: format!("/cases/causes{}", query_string(&[("edition", edition), ("show", show)])),
        label: p.t(ja, en).to_owned(),
        count,
        on: query.show == show,
    };
    let chips = vec![
        chip("", "該当なし", "not covered", uncovered),
        chip("open", "未判定", "not judged", open),
        chip("covered", "該当あり", "covered", covered),
        chip("all", "すべて", "all", covered + uncovered + open),
    ];
    render(&CausesPage { chips, show: query.show, p, all })
}

async fn sheet(state: &WebState, person: &Person, query: &CaseQuery) -> Result<ListSheet, WebError> {
    let all = app::list(&state.app, &person.actor, &query.edition, "").await.map_err(told(person))?;
    let organisation = sakimori_app::registry::own(&state.app, &person.actor).await.map_err(told(person))?;
    let p = Page::new(state, person, Room::Standards, "/cases");
    let show = if query.show.is_empty() { "all" } else { &query.show };
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    for view in &all.cases {
        for line in view.problems.iter().filter(|line| shows(line, show)) {
            let name = format!("{} {}", view.case.label, view.case.title);
            let head = |item: String| {
                vec![
                    name.trim().into(),
                    line.problem.accident.as_str().into(),
                    line.problem.problem.as_str().into(),
                    item.into(),
                    word(line.standing, p.english).into(),
                ]
            };
            let covers = line.confirmed();
            let items: Vec<String> =
                covers.iter().map(|c| format!("{} {}", c.cover.number, c.title).trim().to_owned()).collect();
            rows.push(head(items.join("\n")));
        }
    }
    let standard = all.entry.as_ref().map_or(String::new(), |e| format!("{} {}", e.edition.short, e.edition.label));
    Ok(ListSheet {
        head: PrintHead {
            lang: if p.english { Lang::En } else { Lang::Ja },
            organisation: person.actor.organisation_name.clone(),
            title: p.t("事例と基準の対応", "Incident cases and what covers them").to_owned(),
            marking: organisation.marking,
            report_date: state.app.today(),
            checkpoint: TrailMark::default(),
        },
        filter: standard,
        columns: columns(
            &p,
            [
                ("事例", "Case", 14.0, Kind::Text),
                ("事故", "What happened", 14.0, Kind::Text),
                ("問題点", "Problem", 26.0, Kind::Text),
                ("該当箇所", "Items", 24.0, Kind::Text),
                ("判定", "Verdict", 6.0, Kind::Sign),
            ],
        ),
        rows,
    })
}

/// GET /cases/table.pdf
pub async fn pdf(
    State(state): State<WebState>,
    person: Person,
    Query(query): Query<CaseQuery>,
) -> Result<Response, WebError> {
    let mut sheet = sheet(&state, &person, &query).await?;
    let mark = crate::report::printed(&state, &person.actor, ("case", ""), "pdf").await?;
    sheet.head.checkpoint = mark.clone();
    let bytes = sakimori_app::report::list_pdf(&state.app, sheet).await.map_err(told(&person))?;
    download(&file_name("事例対応表", state.app.today(), "pdf"), "application/pdf", bytes, &mark)
}

/// GET /cases/table.xlsx
pub async fn xlsx(
    State(state): State<WebState>,
    person: Person,
    Query(query): Query<CaseQuery>,
) -> Result<Response, WebError> {
    let mut sheet = sheet(&state, &person, &query).await?;
    let mark = crate::report::printed(&state, &person.actor, ("case", ""), "xlsx").await?;
    sheet.head.checkpoint = mark.clone();
    let bytes = sakimori_app::report::list_xlsx(sheet).await.map_err(told(&person))?;
    download(&file_name("事例対応表", state.app.today(), "xlsx"), XLSX, bytes, &mark)
}
