//! The gap report: on the screen, on paper, as a workbook.

mod cover;
mod download;
pub mod lists;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use sakimori_app::Refusal;
use sakimori_app::report::{self as app, StoredCover};
use sakimori_app::workbook::{self, Scope};
use sakimori_domain::assurance::AnswerStatus;
use sakimori_domain::assurance::applicability::Force;
use sakimori_report::{Counts, GapLine, GapReport, Lang, radar_svg};
use sakimori_store::assessment::{Assessment, SheetRow};

use serde::Deserialize;

pub use cover::save as save_cover;
pub use download::{XLSX, download, file_name, list_response, printed, put_mark};

use self::cover::CoverForm;
use crate::assurance::told;
use crate::error::WebError;
use crate::page::{Page, Room, render};
use crate::person::Person;
use crate::state::WebState;

/// What the page takes from its address.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct GapQuery {
    /// `stored` right after the cover was stored.
    cover: String,
}

/// A standard with its chapters and its chart.
struct StandardPart {
    short: String,
    title: String,
    edition: String,
    achieved: String,
    radar: String,
    chapters: Vec<ChapterRow>,
}

struct ChapterRow {
    name: String,
    counts: Counts,
    achieved: String,
    last: String,
}

struct GapRow {
    answer_id: String,
    force: Force,
    status: AnswerStatus,
    line: GapLine,
    overdue: bool,
}

#[derive(Template)]
#[template(path = "report/gap.html")]
struct GapPage {
    p: Page,
    assessment: Assessment,
    report: GapReport,
    total: Counts,
    achieved: String,
    overdue: usize,
    standards: Vec<StandardPart>,
    gaps: Vec<GapRow>,
    cover: CoverForm,
    /// Why the cover was not stored.
    refusal: Option<Refusal>,
    stored_now: bool,
}

/// GET /assessments/{id}/report
pub async fn gap(
    State(state): State<WebState>,
    person: Person,
    Path(id): Path<String>,
    Query(query): Query<GapQuery>,
) -> Result<Response, WebError> {
    page(&state, &person, id, query.cover == "stored", None).await
}

/// The page; with what was typed when the cover could not be stored.
async fn page(
    state: &WebState,
    person: &Person,
    id: String,
    stored_now: bool,
    refused: Option<(StoredCover, Refusal)>,
) -> Result<Response, WebError> {
    let actor = &person.actor;
    let part = workbook::part(&state.app, actor, &Scope::Assessment(id)).await.map_err(told(person))?;
    let report = app::gap_of(&state.app, actor, &part, None).await.map_err(told(person))?;
    let (stored, refusal) = match refused {
        Some((typed, refusal)) => (typed, Some(refusal)),
        None => (app::cover(&state.app, actor, &part.assessment.id).await.map_err(told(person))?, None),
    };
    let mut p = Page::new(state, person, Room::Assurance, "/assessments");
    p.marking.clone_from(&report.head.marking);
    let gaps = gap_rows(&part.rows, &report);
    let tally = part.rows.iter().map(|row| row.answer.status).collect();
    let status = if refusal.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let html = render(&GapPage {
        cover: CoverForm::new(stored, &report, &part),
        refusal,
        stored_now,
        total: report.total(),
        achieved: percent(app::achieved(&tally)),
        overdue: gaps.iter().filter(|gap| gap.overdue).count(),
        standards: standards(&report),
        gaps,
        assessment: part.assessment,
        report,
        p,
    })?;
    Ok((status, html).into_response())
}

fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "－".to_owned(), |share| format!("{:.0}%", share * 100.0))
}

fn standards(report: &GapReport) -> Vec<StandardPart> {
    let part = |line: &sakimori_report::StandardLine| StandardPart {
        short: line.short.clone(),
        title: line.title.clone(),
        edition: line.edition.clone(),
        achieved: percent(line.achieved),
        radar: radar_svg(&report.radar(&line.short)),
        chapters: report
            .chapters
            .iter()
            .filter(|chapter| chapter.standard == line.short)
            .map(|chapter| ChapterRow {
                name: format!("{} {}", chapter.number, chapter.title).trim().to_owned(),
                counts: chapter.counts,
                achieved: percent(chapter.achieved),
                last: percent(chapter.achieved_last),
            })
            .collect(),
    };
    report.standards.iter().filter(|line| line.counts.total() > 0).map(part).collect()
}

/// The gaps as the paper orders them: strongest force first, then by deadline, those without one last.
fn gap_rows(rows: &[SheetRow], report: &GapReport) -> Vec<GapRow> {
    let short = rows.iter().filter(|row| matches!(row.answer.status, AnswerStatus::Partly | AnswerStatus::No));
    let mut gaps: Vec<GapRow> = short
        .zip(&report.gaps)
        .map(|(row, line)| GapRow {
            answer_id: row.id.clone(),
            force: row.force,
            status: row.answer.status,
            overdue: line.deadline.is_some_and(|due| due < report.head.report_date),
            line: line.clone(),
        })
        .collect();
    gaps.sort_by_key(|gap| (gap.force, gap.line.deadline.is_none(), gap.line.deadline));
    gaps
}

/// GET /assessments/{id}/report.pdf
pub async fn gap_pdf(
    State(state): State<WebState>,
    person: Person,
    Path(id): Path<String>,
) -> Result<Response, WebError> {
    let mut report = app::gap(&state.app, &person.actor, &id, None).await.map_err(told(&person))?;
    let mark = printed(&state, &person.actor, ("assessment", &id), "pdf").await?;
    report.head.checkpoint = mark.clone();
    let name = report_name(&report, "pdf");
    let bytes = app::pdf(&state.app, report).await.map_err(told(&person))?;
    download(&name, "application/pdf", bytes, &mark)
}

/// GET /assessments/{id}/report.xlsx
pub async fn gap_xlsx(
    State(state): State<WebState>,
    person: Person,
    Path(id): Path<String>,
) -> Result<Response, WebError> {
    let mut report = app::gap(&state.app, &person.actor, &id, None).await.map_err(told(&person))?;
    let mark = printed(&state, &person.actor, ("assessment", &id), "xlsx").await?;
    report.head.checkpoint = mark.clone();
    let name = report_name(&report, "xlsx");
    let bytes = app::xlsx(report).await.map_err(told(&person))?;
    download(&name, XLSX, bytes, &mark)
}

fn report_name(report: &GapReport, ending: &str) -> String {
    let kind = match report.head.lang {
        Lang::Ja => "課題報告書",
        Lang::En => "gap report",
    };
    file_name(&format!("{} {kind}", report.head.title), report.head.report_date, ending)
}
