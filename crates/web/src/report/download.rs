//! Files sent to be kept: their names in Japanese, and lists as workbooks.

use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use sakimori_domain::trail_mark::{TRAIL_MARK_HEADER, TrailMark};
use sakimori_report::{Cell, Lang, ListColumn, ListSheet, PrintHead};

use crate::error::WebError;
use crate::page::Page;
use crate::state::WebState;

/// Media type of .xlsx.
pub const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// Sends a file to be kept, with the checkpoint that it carries also as a header: of what has no room for it (CSV), that is
/// the only place beside the trail. The name may be Japanese: browsers take the UTF-8 form (RFC 5987), older ones the plain one.
///
/// # Errors
/// A fault of ours: a header that is none.
pub fn download(name: &str, media_type: &'static str, bytes: Vec<u8>, mark: &TrailMark) -> Result<Response, WebError> {
    let ending = name.rsplit_once('.').map_or("bin", |(_, ending)| ending);
    let ending: String = ending.chars().filter(char::is_ascii_alphanumeric).collect();
    let disposition = format!("attachment; filename=\"sakimori.{ending}\"; filename*=UTF-8''{}", encoded(name));
    let disposition = HeaderValue::from_str(&disposition).map_err(|_| WebError::internal("file name"))?;
    let headers = [(CONTENT_TYPE, HeaderValue::from_static(media_type)), (CONTENT_DISPOSITION, disposition)];
    let mut response = (StatusCode::OK, headers, bytes).into_response();
    put_mark(&mut response, mark);
    Ok(response)
}

/// Puts the line of a checkpoint into a header of a response.
pub fn put_mark(response: &mut Response, mark: &TrailMark) {
    if let (false, Ok(line)) = (mark.is_empty(), HeaderValue::from_str(&mark.line)) {
        response.headers_mut().insert(TRAIL_MARK_HEADER, line);
    }
}

/// Everything but the letters that RFC 5987 allows as they are, in per cent.
fn encoded(name: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(name.len() * 3);
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// A name that every file system takes.
pub fn file_name(title: &str, day: jiff::civil::Date, ending: &str) -> String {
    let title: String =
        title.chars().map(|c| if c.is_control() || "\\/:*?\"<>|".contains(c) { '_' } else { c }).take(100).collect();
    format!("{title}_{}.{ending}", day.strftime("%Y%m%d"))
}

/// Notes that something is printed or taken along, before it is, and gives the checkpoint that stands on it.
///
/// # Errors
/// A database error; then nothing is printed.
pub async fn printed(
    state: &WebState,
    actor: &sakimori_app::Actor,
    subject: (&str, &str),
    ending: &str,
) -> Result<TrailMark, WebError> {
    let what = serde_json::json!({ "format": ending });
    Ok(sakimori_app::trail::take_along(&state.app, actor, "report.print", subject, &what).await?)
}

/// What the Excel button of a list sends: the rows of the list as it is narrowed, with the organisation's marking.
/// `filter` says what the chips say; empty for everything.
///
/// # Errors
/// More rows than a workbook of ours may have; a database error.
pub async fn list_response(
    state: &WebState,
    p: &Page,
    title: &str,
    filter: &str,
    columns: Vec<ListColumn>,
    rows: Vec<Vec<Cell>>,
) -> Result<Response, WebError> {
    let mut c = state.app.read().await?;
    let organisation = sakimori_store::registry::organisation_by_id(&mut c, &p.actor.organisation_id).await?;
    drop(c);
    let head = PrintHead {
        lang: if p.english { Lang::En } else { Lang::Ja },
        organisation: p.actor.organisation_name.clone(),
        title: title.to_owned(),
        marking: organisation.map_or(String::new(), |organisation| organisation.marking),
        report_date: p.today,
        checkpoint: printed(state, &p.actor, ("list", title), "xlsx").await?,
    };
    let mark = head.checkpoint.clone();
    let sheet = ListSheet { head, filter: filter.to_owned(), columns, rows };
    let bytes = sakimori_app::report::list_xlsx(sheet).await?;
    download(&file_name(title, p.today, "xlsx"), XLSX, bytes, &mark)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_japanese_name_is_sent_in_both_forms_and_nothing_escapes_the_header() {
        let response =
            download("点検 \"表\"\r\n.xlsx", XLSX, Vec::new(), &TrailMark::default()).ok().expect("a response");
        let value = response.headers()[CONTENT_DISPOSITION].to_str().expect("ASCII");
        assert!(value.starts_with("attachment; filename=\"sakimori.xlsx\"; filename*=UTF-8''%E7%82%B9%E6%A4%9C%20%22"));
        assert!(!value.contains('\r') && value.matches('"').count() == 2);
    }

    #[test]
    fn a_name_has_nothing_that_a_file_system_refuses() {
        assert_eq!(file_name("a/b:c", jiff::civil::date(2026, 11, 20), "xlsx"), "a_b_c_20261120.xlsx");
    }
}
