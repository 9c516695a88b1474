//! The register on paper and as a workbook.

use axum::extract::State;
use axum::response::Response;
use sakimori_app::sector_standard as app;
use sakimori_domain::trail_mark::TrailMark;
use sakimori_report::{Cell, ColumnKind as Kind, Lang, ListSheet, PrintHead};

use super::{authority, halves, steps};
use crate::assurance::told;
use crate::error::WebError;
use crate::page::{Page, Room};
use crate::person::Person;
use crate::report::lists::columns;
use crate::report::{XLSX, download, file_name};
use crate::state::WebState;

async fn sheet(state: &WebState, person: &Person) -> Result<ListSheet, WebError> {
    let all = app::list(&state.app, &person.actor).await.map_err(told(person))?;
    let organisation = sakimori_app::registry::own(&state.app, &person.actor).await.map_err(told(person))?;
    let p = Page::new(state, person, Room::Standards, "/sector-standards");
    let day = |iso: &str| -> Cell { iso.parse::<jiff::civil::Date>().ok().into() };
    let rows = all
        .rows
        .iter()
        .map(|row| {
            let calendar: Vec<String> = halves(p.fiscal_year)
                .iter()
                .filter_map(|half| {
                    let own = steps(&all, &row.id, half, p.english).replace('\n', "・");
                    (!own.is_empty()).then(|| format!("{}: {own}", half.name(&p.english)))
                })
                .collect();
            let not_needed = all.exclusions.iter().filter(|e| e.standard_id == row.id);
            let not_needed: Vec<String> = not_needed.map(|e| format!("{}: {}", e.number, e.reason)).collect();
            let cycle = match row.cycle_months {
                0 => String::new(),
                months if p.english => format!("{months} months"),
                months => format!("{months}か月"),
            };
            vec![
                [row.sector.as_str(), &row.subsector].join(" ").trim().into(),
                format!("{} {}", row.title, row.label).trim().into(),
                row.issuer.as_str().into(),
                authority(row.authority, p.english).into(),
                cycle.into(),
                day(&row.revised_on),
                day(&row.next_review_on),
                calendar.join("\n").into(),
                not_needed.join("\n").into(),
            ]
        })
        .collect();
    Ok(ListSheet {
        head: PrintHead {
            lang: if p.english { Lang::En } else { Lang::Ja },
            organisation: person.actor.organisation_name.clone(),
            title: p.t("分野別の安全基準等の一覧", "Sector standards").to_owned(),
            marking: organisation.marking,
            report_date: state.app.today(),
            checkpoint: TrailMark::default(),
        },
        filter: String::new(),
        columns: columns(
            &p,
            [
                ("分野", "Sector", 9.0, Kind::Text),
                ("名称・版", "Name, edition", 24.0, Kind::Text),
                ("策定者", "Issuer", 11.0, Kind::Text),
                ("位置づけ", "Authority", 9.0, Kind::Text),
                ("周期", "Cycle", 5.0, Kind::Sign),
                ("直近の改定", "Last revised", 7.0, Kind::Date),
                ("次の見直し", "Next review", 7.0, Kind::Date),
                ("半期ごとの予定", "By half-year", 20.0, Kind::Text),
                ("不要とした項目と理由", "Not needed, and why", 18.0, Kind::Text),
            ],
        ),
        rows,
    })
}

/// GET /sector-standards/table.pdf
pub async fn pdf(State(state): State<WebState>, person: Person) -> Result<Response, WebError> {
    let mut sheet = sheet(&state, &person).await?;
    let mark = crate::report::printed(&state, &person.actor, ("sector-standard", ""), "pdf").await?;
    sheet.head.checkpoint = mark.clone();
    let bytes = sakimori_app::report::list_pdf(&state.app, sheet).await.map_err(told(&person))?;
    download(&file_name("安全基準等の一覧", state.app.today(), "pdf"), "application/pdf", bytes, &mark)
}

/// GET /sector-standards/table.xlsx
pub async fn xlsx(State(state): State<WebState>, person: Person) -> Result<Response, WebError> {
    let mut sheet = sheet(&state, &person).await?;
    let mark = crate::report::printed(&state, &person.actor, ("sector-standard", ""), "xlsx").await?;
    sheet.head.checkpoint = mark.clone();
    let bytes = sakimori_app::report::list_xlsx(sheet).await.map_err(told(&person))?;
    download(&file_name("安全基準等の一覧", state.app.today(), "xlsx"), XLSX, bytes, &mark)
}
