//! Somebody was faster: nothing is saved, and nothing that was typed is lost. One layer does it for every form: a refusal
//! with 409 comes back as a page with the words that were sent, beside the way to what stands there now.

use askama::Template;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};

use crate::forms::{FORM_MAX, Fields};
use crate::identity::came_from;

/// Put on a plain refusal page by [`crate::error`]: the language of the reader. Pages that show both states themselves
/// (the sheet, plans of carrying over) do not carry it.
#[derive(Clone, Copy)]
pub struct Plain {
    pub english: bool,
}

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

#[derive(Template)]
#[template(path = "conflict.html")]
struct ConflictPage {
    english: bool,
    /// Name and words of each field.
    typed: Vec<(String, String)>,
    back: String,
}

impl ConflictPage {
    fn t<'a>(&self, ja: &'a str, en: &'a str) -> &'a str {
        if self.english { en } else { ja }
    }
}

/// The layer.
pub async fn keep_words(request: Request, next: Next) -> Response {
    let is_form = |headers: &HeaderMap| {
        let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
        kind.starts_with("application/x-www-form-urlencoded")
    };
    if request.method() != Method::POST || !is_form(request.headers()) {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let Ok(bytes) = to_bytes(body, FORM_MAX).await else {
        return crate::error::WebError::from(crate::forms::too_large()).into_response();
    };
    let back = came_from(&parts.headers);
    let response = next.run(Request::from_parts(parts, Body::from(bytes.clone()))).await;
    let plain = response.extensions().get::<Plain>().copied();
    match plain.filter(|_| response.status() == StatusCode::CONFLICT) {
        Some(plain) => page(&Fields::parse(&bytes), plain, back).unwrap_or(response),
        None => response,
    }
}

fn page(fields: &Fields, plain: Plain, back: String) -> Option<Response> {
    let word = |name: &str| {
        let known = NAMES.iter().find(|(field, ..)| *field == name);
        known.map_or(name, |(_, ja, en)| if plain.english { en } else { ja }).to_owned()
    };
    let typed = fields
        .iter()
        .filter(|(name, text)| !MACHINERY.contains(name) && !name.starts_with("version.") && !text.trim().is_empty())
        .map(|(name, text)| (word(name), text.to_owned()))
        .collect();
    let html = ConflictPage { english: plain.english, typed, back }.render().ok()?;
    Some((StatusCode::CONFLICT, Html(html)).into_response())
}
