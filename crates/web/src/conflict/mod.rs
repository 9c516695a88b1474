//! Somebody was faster: nothing is saved, and nothing that was typed is lost. One layer does it for every form: a refusal
//! with 409 comes back as a page with what stands there now beside the words that were sent, ready to be sent again.
//!
//! What stands there now is read from the page that the form stood on, asked for anew as the same person, so that nobody
//! is shown what they may not see.

mod form;

use std::sync::{Arc, Mutex, PoisonError};

use askama::Template;
use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use futures_util::TryStreamExt as _;
use tower::ServiceExt as _;

use self::form::{Choice, Control, Kind, forms_to};
use crate::forms::Fields;
use crate::identity::{came_from, confirm};

/// Put on a plain refusal page by [`crate::error`]: the language of the reader. Pages that show both states themselves
/// (the sheet, plans of carrying over) do not carry it.
#[derive(Clone, Copy)]
pub struct Plain {
    pub english: bool,
}

/// Fields that hold a secret, or are of the page that asks for one: a form may come here by way of `/confirm`, with the
/// password that was typed there.
const SECRETS: [&str; 9] =
    [confirm::SECRET, confirm::NEXT, confirm::REPEAT, "password", "present", "new", "again", "secret", "code"];

/// Fields that are no words of a person.
const MACHINERY: [&str; 9] = ["csrf", "version", "seen", "id", "back", "show", "problem", "usual-title", "direction"];

/// Japanese and English of the commonest fields; others go by their own name.
const NAMES: &[(&str, &str, &str)] = &[
    ("action", "操作", "action"),
    ("authority", "位置づけ", "authority"),
    ("body", "会議", "body"),
    ("change", "改訂の内容", "change"),
    ("decision", "判断", "decision"),
    ("due", "期限", "due"),
    ("edition", "版", "edition"),
    ("happened_on", "発生", "happened on"),
    ("held_on", "開催日", "held on"),
    ("issuer", "策定者", "issuer"),
    ("justification", "理由", "justification"),
    ("label", "番号・版", "label"),
    ("marking", "取扱区分", "marking"),
    ("minutes", "議事", "minutes"),
    ("name", "名称", "name"),
    ("network", "対象", "network"),
    ("new_text", "新しい文案", "new text"),
    ("note", "備考", "note"),
    ("number", "項目の番号", "number"),
    ("point", "論点", "point"),
    ("ports", "港", "ports"),
    ("problems", "問題点", "problems"),
    ("rationale", "判定の理由", "rationale"),
    ("reason", "理由", "reason"),
    ("round", "回", "round"),
    ("sector", "分野", "sector"),
    ("state", "状態", "state"),
    ("step", "操作", "step"),
    ("summary", "概要", "summary"),
    ("text", "本文", "text"),
    ("title", "題名", "title"),
    ("verdict", "判定", "verdict"),
    ("words", "語", "words"),
];

/// Largest page that is read for what stands now, in bytes.
const PAGE_MAX: usize = 4 << 20;

/// The pages of the product, to ask one of them anew.
#[derive(Clone)]
pub struct Pages(pub Router);

/// A field as it stands and as it was sent.
struct Field {
    name: String,
    label: String,
    /// What stands there now, in words.
    now: String,
    /// What was sent, in words.
    mine: String,
    /// What was sent, to send it again.
    values: Vec<String>,
    kind: Kind,
}

impl Field {
    fn differs(&self) -> bool {
        self.now.replace('\r', "").trim() != self.mine.replace('\r', "").trim()
    }

    fn holds(&self, value: &str) -> bool {
        self.values.iter().any(|held| held == value)
    }

    fn value(&self) -> &str {
        self.values.first().map_or("", String::as_str)
    }

    /// What there is to choose; nothing where one writes.
    fn choices(&self) -> &[Choice] {
        match &self.kind {
            Kind::One(choices) | Kind::Any(choices) => choices,
            _ => &[],
        }
    }

    fn is_any(&self) -> bool {
        matches!(self.kind, Kind::Any(_))
    }

    /// The type of a field of one line.
    fn line(&self) -> Option<&str> {
        match &self.kind {
            Kind::Line(kind) => Some(if kind.is_empty() { "text" } else { kind }),
            _ => None,
        }
    }
}

/// The form as it stands now, filled with what was sent.
struct Again {
    action: String,
    hidden: Vec<(String, String)>,
    fields: Vec<Field>,
    /// Name, value and words of the button that was pressed; no name where the form has but one.
    button: Option<(String, String, String)>,
}

#[derive(Template)]
#[template(path = "conflict.html")]
struct ConflictPage {
    english: bool,
    /// Empty where the form is not there any more.
    again: Option<Again>,
    /// Name and words of each field, where the form is not there any more.
    typed: Vec<(String, String)>,
    back: String,
}

impl ConflictPage {
    fn t<'a>(&self, ja: &'a str, en: &'a str) -> &'a str {
        if self.english { en } else { ja }
    }
}

/// The layer.
pub async fn keep_words(State(pages): State<Pages>, request: Request, next: Next) -> Response {
    let is_form = |headers: &HeaderMap| {
        let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
        kind.starts_with("application/x-www-form-urlencoded")
    };
    if request.method() != Method::POST || !is_form(request.headers()) {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let head = parts.clone();
    // Noted while the handler reads it, not read before: a form of somebody who is not signed in is never received.
    let noted = Arc::new(Mutex::new(Vec::<Bytes>::new()));
    let notes = noted.clone();
    let body = Body::from_stream(body.into_data_stream().inspect_ok(move |bytes| {
        notes.lock().unwrap_or_else(PoisonError::into_inner).push(bytes.clone());
    }));
    let response = next.run(Request::from_parts(parts, body)).await;
    let Some(plain) = response.extensions().get::<Plain>().copied() else { return response };
    if response.status() != StatusCode::CONFLICT {
        return response;
    }
    let bytes = noted.lock().unwrap_or_else(PoisonError::into_inner).concat();
    let (fields, back) = (Fields::parse(&bytes), came_from(&head.headers));
    let (back, now) = present(pages, &head, &back, &fields).await;
    page(&fields, plain, back, now.map(|form| again(form, head.uri.path(), &fields))).unwrap_or(response)
}

/// The form as its page shows it now, and that page: the one that it came from, or one above where it was sent to (a form
/// that was confirmed comes from the page that asks for the password).
async fn present(pages: Pages, head: &Parts, back: &str, fields: &Fields) -> (String, Option<Vec<Control>>) {
    let action = head.uri.path();
    let above = action.match_indices('/').skip(1).map(|(at, _)| &action[..at]);
    let mut places: Vec<&str> = above.chain([action]).collect();
    places.push(back);
    for place in places.into_iter().rev() {
        let Some(html) = ask(&pages, head, place).await else { continue };
        if let Some(form) = forms_to(&html, action).into_iter().find(|form| is_same(form, fields)) {
            return (place.to_owned(), Some(form));
        }
    }
    (back.to_owned(), None)
}

/// A page as the same person would get it now.
async fn ask(pages: &Pages, head: &Parts, place: &str) -> Option<String> {
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = place.parse::<Uri>().ok()?;
    *request.headers_mut() = head.headers.clone();
    request.headers_mut().remove(CONTENT_TYPE);
    request.headers_mut().remove(CONTENT_LENGTH);
    *request.extensions_mut() = head.extensions.clone();
    let answer = pages.0.clone().oneshot(request).await.ok().filter(|answer| answer.status() == StatusCode::OK)?;
    let kind = answer.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    if !kind.starts_with("text/html") {
        return None;
    }
    String::from_utf8(to_bytes(answer.into_body(), PAGE_MAX).await.ok()?.to_vec()).ok()
}

/// Whether a form of the page is the one that was sent: of several with one address (a row each), what they carry along
/// tells them apart.
fn is_same(form: &[Control], fields: &Fields) -> bool {
    let tells = |control: &&Control| control.kind == Kind::Hidden && !is_state(&control.name);
    form.iter().filter(tells).all(|control| control.now.first().is_some_and(|now| now == fields.get(&control.name)))
}

/// Fields that say which state was seen.
fn is_state(name: &str) -> bool {
    ["csrf", "version", "seen"].contains(&name) || name.starts_with("version.")
}

/// The form with what was sent in it.
fn again(form: Vec<Control>, action: &str, fields: &Fields) -> Again {
    let mut again = Again { action: action.to_owned(), hidden: Vec::new(), fields: Vec::new(), button: None };
    let is_button = |control: &&Control| control.kind == Kind::Button;
    let buttons: Vec<Control> = form.iter().filter(is_button).cloned().collect();
    let pressed = |b: &&Control| b.now.first().is_some_and(|value| fields.all(&b.name).contains(value));
    again.button = match buttons.iter().find(pressed) {
        Some(b) => Some((b.name.clone(), b.now.first().cloned().unwrap_or_default(), b.label.clone())),
        // The step that was taken is not there any more.
        None if !buttons.is_empty() => None,
        None => Some((String::new(), String::new(), String::new())),
    };
    let mut seen: std::collections::HashMap<String, usize> = std::collections::HashMap::new();
    for control in form.into_iter().filter(|control| control.kind != Kind::Button) {
        let now = control.now;
        if control.kind == Kind::Hidden {
            again.hidden.push((control.name, now.into_iter().next().unwrap_or_default()));
            continue;
        }
        let place = seen.entry(control.name.clone()).or_default();
        let values = match &control.kind {
            // A secret is typed again.
            _ if SECRETS.contains(&control.name.as_str()) => Vec::new(),
            Kind::Any(_) => fields.all(&control.name),
            // Several fields of one name stand in the order in which they were sent.
            _ => fields.all(&control.name).into_iter().skip(*place).take(1).collect(),
        };
        *place += 1;
        let words = |values: &[String]| in_words(&control.kind, values);
        let label = if control.label.is_empty() { control.name.clone() } else { control.label };
        again.fields.push(Field {
            label,
            now: words(&now),
            mine: words(&values),
            values,
            name: control.name,
            kind: control.kind,
        });
    }
    again
}

/// Values as the page words them.
fn in_words(kind: &Kind, values: &[String]) -> String {
    let choices: &[Choice] = match kind {
        Kind::One(choices) | Kind::Any(choices) => choices,
        _ => &[],
    };
    let word = |value: &String| {
        choices.iter().find(|(known, _)| known == value).map_or_else(|| value.clone(), |(_, words)| words.clone())
    };
    values.iter().map(word).collect::<Vec<_>>().join(" / ")
}

fn page(fields: &Fields, plain: Plain, back: String, again: Option<Again>) -> Option<Response> {
    let word = |name: &str| {
        let known = NAMES.iter().find(|(field, ..)| *field == name);
        known.map_or(name, |(_, ja, en)| if plain.english { en } else { ja }).to_owned()
    };
    let is_shown = |name: &str| again.as_ref().is_none_or(|again| again.fields.iter().all(|field| field.name != name));
    let is_button = |name: &str| again.as_ref().is_some_and(|a| a.button.as_ref().is_some_and(|(own, ..)| own == name));
    let is_carried = |name: &str| again.as_ref().is_some_and(|a| a.hidden.iter().any(|(own, _)| own == name));
    let typed = fields
        .iter()
        .filter(|(name, _)| !MACHINERY.contains(name) && !SECRETS.contains(name))
        .filter(|(name, text)| !name.starts_with("version.") && !text.trim().is_empty())
        .filter(|(name, _)| is_shown(name) && !is_button(name) && !is_carried(name))
        .map(|(name, text)| (word(name), text.to_owned()))
        .collect();
    let html = ConflictPage { english: plain.english, again, typed, back }.render().ok()?;
    Some((StatusCode::CONFLICT, Html(html)).into_response())
}
