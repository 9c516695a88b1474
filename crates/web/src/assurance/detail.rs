//! One answer: question, official text, reason, evidence, history; and the files behind it.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use sakimori_app::answers::{self, Detail, wire_name};
use sakimori_app::evidence::{self, NewFile};
use sakimori_domain::assurance::AnswerField;
use sakimori_domain::standards::Item;
use sakimori_store::trail::Event;

use super::told;
use super::view::status_mark;
use crate::error::WebError;
use crate::forms::{PersonForm, PersonUpload};
use crate::identity::{local_path, see_other};
use crate::page::{Page, Room, render};
use crate::person::Person;
use crate::report::put_mark;
use crate::state::WebState;

/// A list item with its depth: templates do not recurse.
struct Line<'a> {
    depth: usize,
    item: &'a Item,
}

/// One change in the history.
struct Moment {
    at: String,
    who: String,
    /// Field, before, after.
    changes: Vec<(String, String, String)>,
}

/// What both the page and the panel beside the sheet show.
struct Facts<'a> {
    detail: &'a Detail,
    items: Vec<Line<'a>>,
    history: Vec<Moment>,
    edition_href: String,
    /// Beside a sheet, below its heading.
    panel: bool,
    back: String,
}

#[derive(Template)]
#[template(path = "assurance/detail_page.html")]
struct DetailPage<'a> {
    p: Page,
    d: Facts<'a>,
}

#[derive(Template)]
#[template(path = "assurance/detail.html")]
struct DetailPanel<'a> {
    p: Page,
    d: Facts<'a>,
}

/// GET /answers/{id}: the panel when htmx asks, else the page.
pub async fn show(
    State(state): State<WebState>,
    person: Person,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, WebError> {
    let detail = answers::detail(&state.app, &person.actor, &id).await.map_err(told(&person))?;
    let p = Page::new(&state, &person, Room::Assurance, "/assessments");
    let mut items = Vec::new();
    flatten(&detail.provision.provision.items, 0, &mut items);
    let d = Facts {
        items,
        history: detail.history.iter().map(|event| moment(event, p.english)).collect(),
        back: format!("/answers/{id}"),
        edition_href: crate::standards::item_path(&detail.edition.id, &detail.row.number),
        panel: headers.contains_key("hx-request"),
        detail: &detail,
    };
    if d.panel { render(&DetailPanel { p, d }) } else { render(&DetailPage { p, d }) }
}

fn flatten<'a>(items: &'a [Item], depth: usize, out: &mut Vec<Line<'a>>) {
    for item in items {
        out.push(Line { depth: depth.min(3), item });
        flatten(&item.items, depth + 1, out);
    }
}

/// An event in words; an event whose JSON is not of fields (evidence) shows its title.
fn moment(event: &Event, english: bool) -> Moment {
    let parse =
        |text: &str| serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text).unwrap_or_default();
    let (before, after) = (parse(&event.before), parse(&event.after));
    let text = |map: &serde_json::Map<String, serde_json::Value>, key: &str| {
        map.get(key).and_then(|v| v.as_str()).unwrap_or("").to_owned()
    };
    let changes = if event.action == "evidence.add" {
        vec![(if english { "evidence" } else { "証跡" }.to_owned(), String::new(), text(&after, "title"))]
    } else {
        AnswerField::ALL
            .iter()
            // The department is kept by its id, which tells a reader nothing.
            .filter(|f| **f != AnswerField::Department && after.contains_key(wire_name(**f)))
            .map(|f| {
                let label = if english { f.en() } else { f.ja() }.to_owned();
                let shown = |map| shown(*f, text(map, wire_name(*f)), english);
                (label, shown(&before), shown(&after))
            })
            .collect()
    };
    Moment { at: event.at.clone(), who: event.actor_name.clone(), changes }
}

fn shown(field: AnswerField, text: String, english: bool) -> String {
    match (field, sakimori_domain::assurance::AnswerStatus::from_code(&text)) {
        (AnswerField::Status, Some(status)) => status_mark(&status, &english).to_owned(),
        _ => text,
    }
}

/// POST /answers/{id}/evidence: a file.
pub async fn add_file(
    State(state): State<WebState>,
    Path(id): Path<String>,
    mut form: PersonUpload,
) -> Result<Response, WebError> {
    let told = told(&form.person);
    let (name, media_type, bytes) = match form.files.remove("file") {
        Some(file) => (file.name, file.media_type, file.bytes.to_vec()),
        None => (String::new(), String::new(), Vec::new()),
    };
    let file = NewFile { title: form.fields.get("title"), name: &name, media_type: &media_type, bytes };
    evidence::add_file(&state.app, &form.person.actor, &id, file).await.map_err(told)?;
    see_other(&local_path(form.fields.get("back")), None)
}

/// POST /answers/{id}/links: a link.
pub async fn add_link(
    State(state): State<WebState>,
    Path(id): Path<String>,
    form: PersonForm,
) -> Result<Response, WebError> {
    let fields = &form.fields;
    evidence::add_link(&state.app, &form.person.actor, &id, fields.get("title"), fields.get("url"))
        .await
        .map_err(told(&form.person))?;
    see_other(&local_path(fields.get("back")), None)
}

/// GET /evidence/{id}: always as a download, never shown by the browser inside this site.
pub async fn download(
    State(state): State<WebState>,
    person: Person,
    Path(id): Path<String>,
) -> Result<Response, WebError> {
    let (found, bytes) = evidence::read_file(&state.app, &person.actor, &id).await.map_err(told(&person))?;
    let what = serde_json::json!({ "file": found.title, "sha256": found.file_hash });
    let subject = ("answer", found.answer_id.as_str());
    let mark = sakimori_app::trail::take_along(&state.app, &person.actor, "evidence.read", subject, &what).await?;
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    let value =
        HeaderValue::from_str(&disposition(&found.title)).map_err(|_| WebError::internal("content-disposition"))?;
    headers.insert(CONTENT_DISPOSITION, value);
    put_mark(&mut response, &mark);
    Ok(response)
}

/// `attachment` with a file name in ASCII and the real one as RFC 8187 wants it.
fn disposition(name: &str) -> String {
    use std::fmt::Write as _;
    let plain: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' }).take(100).collect();
    let mut encoded = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"._-".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}

#[cfg(test)]
mod tests {
    use super::disposition;

    #[test]
    fn a_file_name_cannot_write_headers_or_leave_its_quotes() {
        let value = disposition("証跡\"; x=\r\n.pdf");
        assert_eq!(
            value,
            "attachment; filename=\"_____x___.pdf\"; filename*=UTF-8''%E8%A8%BC%E8%B7%A1%22%3B%20x%3D%0D%0A.pdf"
        );
    }
}
