//! The lists of the product as workbooks: what their Excel buttons send (`?format=xlsx`).

use axum::response::Response;
use jiff::civil::Date;
use sakimori_app::applicability::Line;
use sakimori_app::assessment::Summary;
use sakimori_report::{Cell, ColumnKind as Kind, ListColumn};
use sakimori_store::edition::EditionEntry;
use sakimori_store::request::AnswerRequest;
use serde::Deserialize;

use super::list_response;
use crate::error::WebError;
use crate::page::Page;
use crate::state::WebState;

/// Whether a list was asked for as a page or as a workbook.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct FormatQuery {
    format: String,
}

impl FormatQuery {
    /// As a workbook.
    pub fn is_xlsx(&self) -> bool {
        self.format == "xlsx"
    }
}

/// Columns of a list in the page's language: Japanese and English head, width, kind.
pub fn columns<const N: usize>(p: &Page, columns: [(&str, &str, f64, Kind); N]) -> Vec<ListColumn> {
    let column = |(ja, en, width, kind)| ListColumn { name: p.t(ja, en).to_owned(), width, kind };
    columns.into_iter().map(column).collect()
}

fn day(iso: &str) -> Cell {
    iso.get(..10).and_then(|day| day.parse::<Date>().ok()).into()
}

fn number(count: i64) -> Cell {
    u32::try_from(count).unwrap_or(0).into()
}

/// The list of standards.
pub async fn standards(state: &WebState, p: &Page, list: &[EditionEntry]) -> Result<Response, WebError> {
    let columns = columns(
        p,
        [
            ("基準", "Standard", 30.0, Kind::Text),
            ("版", "Edition", 8.0, Kind::Text),
            ("策定者", "Issuer", 14.0, Kind::Text),
            ("管理策", "Controls", 6.0, Kind::Number),
            ("項目", "Items", 6.0, Kind::Number),
            ("本文の取り込み", "Texts loaded", 6.0, Kind::Number),
            ("施行・発行", "Valid from", 8.0, Kind::Date),
        ],
    );
    let row = |e: &EditionEntry| {
        vec![
            p.t(&e.edition.title, &e.edition.title_en).into(),
            e.edition.label.as_str().into(),
            e.edition.issuer.as_str().into(),
            number(e.controls),
            number(e.provisions),
            number(e.texts),
            day(&e.edition.valid_from),
        ]
    };
    list_response(state, p, p.t("基準の一覧", "Standards"), "", columns, list.iter().map(row).collect()).await
}

/// What binds of one standard, as narrowed by `filter`.
pub async fn applicability(
    state: &WebState,
    p: &Page,
    standard: &str,
    filter: &str,
    list: &[&Line],
) -> Result<Response, WebError> {
    let columns = columns(
        p,
        [
            ("番号", "Number", 12.0, Kind::Text),
            ("項目", "Item", 26.0, Kind::Text),
            ("強さ", "Force", 10.0, Kind::Text),
            ("適用", "Binds", 5.0, Kind::Sign),
            ("理由", "Reason", 26.0, Kind::Text),
            ("個別判断の理由", "Justification", 20.0, Kind::Text),
            ("判断した人", "Decided by", 8.0, Kind::Text),
            ("判断した日", "Decided on", 8.0, Kind::Date),
        ],
    );
    let row = |line: &&Line| {
        let a = &line.applicability;
        let decision = line.tailoring.as_ref();
        vec![
            line.number.as_str().into(),
            p.t(&line.title, &line.title_en).into(),
            p.t(a.force.ja(), a.force.en()).into(),
            if a.binds { p.t("適用", "yes") } else { p.t("適用外", "no") }.into(),
            p.t(&a.reason, &a.reason_en).into(),
            decision.map_or("", |t| &t.justification).into(),
            decision.map_or("", |t| &t.decided_by).into(),
            decision.map_or(Cell::Empty, |t| day(&t.decided_at)),
        ]
    };
    let title = format!("{} {standard}", p.t("適用判定", "Applicability"));
    list_response(state, p, &title, filter, columns, list.iter().map(row).collect()).await
}

/// The assessments with their counts.
pub async fn assessments(state: &WebState, p: &Page, list: &[Summary]) -> Result<Response, WebError> {
    let columns = columns(
        p,
        [
            ("題名", "Title", 20.0, Kind::Text),
            ("年度", "Year", 5.0, Kind::Number),
            ("基準", "Standards", 24.0, Kind::Text),
            ("○", "○", 5.0, Kind::Number),
            ("△", "△", 5.0, Kind::Number),
            ("×", "×", 5.0, Kind::Number),
            ("－", "－", 5.0, Kind::Number),
            ("未回答", "Unanswered", 5.0, Kind::Number),
            ("計", "Total", 5.0, Kind::Number),
            ("うち強制", "Mandatory", 5.0, Kind::Number),
            ("強制の回答済み", "Mandatory answered", 5.0, Kind::Number),
            ("状態", "State", 6.0, Kind::Text),
        ],
    );
    let row = |s: &Summary| {
        let t = &s.tally;
        vec![
            s.assessment.title.as_str().into(),
            // A year is no amount: 2026, not 2,026.
            s.assessment.fiscal_year.to_string().into(),
            s.editions.join("、").into(),
            t.yes.into(),
            t.partly.into(),
            t.no.into(),
            t.not_applicable.into(),
            t.unanswered.into(),
            t.total().into(),
            s.mandatory.total().into(),
            s.mandatory.answered().into(),
            if s.assessment.state == "open" { p.t("実施中", "open") } else { p.t("締切済み", "closed") }.into(),
        ]
    };
    list_response(state, p, p.t("自己点検の一覧", "Assessments"), "", columns, list.iter().map(row).collect()).await
}

/// Requests with the word of their stage, as narrowed by `filter`.
pub async fn requests(
    state: &WebState,
    p: &Page,
    filter: &str,
    list: &[(&AnswerRequest, &str)],
) -> Result<Response, WebError> {
    let columns = columns(
        p,
        [
            ("依頼先", "Department", 14.0, Kind::Text),
            ("点検", "Assessment", 18.0, Kind::Text),
            ("状態", "State", 8.0, Kind::Text),
            ("回答済み", "Answered", 6.0, Kind::Number),
            ("項目", "Items", 6.0, Kind::Number),
            ("期限", "Due", 8.0, Kind::Date),
            ("担当", "Delegate", 10.0, Kind::Text),
            ("依頼した人", "Asked by", 10.0, Kind::Text),
            ("督促", "Reminded", 8.0, Kind::Date),
        ],
    );
    let row = |(r, stage): &(&AnswerRequest, &str)| {
        vec![
            r.department_name.as_str().into(),
            r.assessment_title.as_str().into(),
            (*stage).into(),
            number(r.answered),
            number(r.rows),
            day(&r.due),
            r.delegate_name.as_str().into(),
            r.asked_by.as_str().into(),
            day(&r.reminded_at),
        ]
    };
    list_response(state, p, p.t("回答依頼の一覧", "Requests"), filter, columns, list.iter().map(row).collect()).await
}
