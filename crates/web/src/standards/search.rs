//! Full-text search over the standards.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use sakimori_app::Refusal;
use sakimori_app::standards::{self as app, HITS_MAX, HitGroup};
use sakimori_domain::text::highlights;
use serde::Deserialize;

use super::{edition_path, item_path};
use crate::error::WebError;
use crate::page::{Page, Room, render};
use crate::person::Person;
use crate::state::WebState;

/// Letters shown before the first hit of a text, and in all.
const BEFORE: usize = 30;
const SHOWN: usize = 160;
/// Hits shown per Edition before one asks for the rest.
const PER_EDITION: usize = 20;

/// A run of text and whether it is a hit.
struct Run {
    text: String,
    hit: bool,
}

struct Found {
    number: String,
    /// The title as it is.
    plain: String,
    path: String,
    title: Vec<Run>,
    text: Vec<Run>,
}

struct Group {
    short: String,
    path: String,
    total: usize,
    found: Vec<Found>,
}

#[derive(Template)]
#[template(path = "standards/search.html")]
struct SearchPage {
    p: Page,
    q: String,
    edition: String,
    groups: Vec<Group>,
    total: usize,
    refusal: Option<Refusal>,
}

impl SearchPage {
    fn is_cut(&self) -> bool {
        i64::try_from(self.total).is_ok_and(|total| total >= HITS_MAX)
    }

    /// The address of all hits.
    fn everywhere(&self) -> String {
        let query: String = form_urlencoded::Serializer::new(String::new()).append_pair("q", &self.q).finish();
        format!("/search?{query}")
    }

    /// The address of all hits of one Edition.
    fn all_of(&self, group: &Group) -> String {
        format!("{}&edition={}", self.everywhere(), group.path.trim_start_matches("/standards/"))
    }
}

/// What the page takes from its address.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct SearchQuery {
    q: String,
    /// Shows all hits of this Edition.
    edition: String,
}

/// GET /search
pub async fn show(
    State(state): State<WebState>,
    person: Person,
    Query(query): Query<SearchQuery>,
) -> Result<Response, WebError> {
    let q = query.q.trim().to_owned();
    let p = Page::new(&state, &person, Room::Standards, "/search");
    let (groups, total, refusal) = match app::search(&state.app, &person.actor, &q).await {
        Ok((groups, total)) => (groups, total, None),
        Err(error) => match error.refusal().cloned() {
            Some(refusal) => (Vec::new(), 0, Some(refusal)),
            None => return Err(error.into()),
        },
    };
    let status = if refusal.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let groups = groups
        .into_iter()
        .filter(|group| query.edition.is_empty() || group.entry.id == query.edition)
        .map(|hits| group(&hits, &q, query.edition.is_empty()))
        .collect();
    Ok((status, render(&SearchPage { p, q, edition: query.edition, groups, total, refusal })?).into_response())
}

fn group(group: &HitGroup, q: &str, is_short: bool) -> Group {
    let most = if is_short { PER_EDITION } else { usize::MAX };
    Group {
        short: group.entry.edition.short.clone(),
        path: edition_path(&group.entry.id),
        total: group.hits.len(),
        found: group
            .hits
            .iter()
            .take(most)
            .map(|hit| Found {
                path: item_path(&hit.scope, &hit.subject),
                title: runs(&hit.title, q),
                text: runs(&around(&hit.body, q), q),
                number: hit.subject.clone(),
                plain: hit.title.clone(),
            })
            .collect(),
    }
}

/// The part of a text around its first hit.
fn around(text: &str, q: &str) -> String {
    let text = text.replace('\n', " ");
    let first = highlights(&text, q).first().map_or(0, |range| range.start);
    let start = text[..first].char_indices().rev().take(BEFORE).last().map_or(first, |(at, _)| at);
    let mut shown: String = text[start..].chars().take(SHOWN).collect();
    if shown.len() < text.len() - start {
        shown.push('…');
    }
    if start > 0 { format!("…{shown}") } else { shown }
}

fn runs(text: &str, q: &str) -> Vec<Run> {
    let mut runs = Vec::new();
    let mut at = 0;
    for range in highlights(text, q) {
        if range.start > at {
            runs.push(Run { text: text[at..range.start].to_owned(), hit: false });
        }
        runs.push(Run { text: text[range.clone()].to_owned(), hit: true });
        at = range.end;
    }
    if at < text.len() {
        runs.push(Run { text: text[at..].to_owned(), hit: false });
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hits_are_marked_and_the_text_around_them_is_shown() {
        let long = format!("{}サーバーのｳｨﾙｽ対策{}", "前".repeat(100), "後".repeat(300));
        let shown = around(&long, "ウイルス");
        assert!(shown.starts_with('…') && shown.ends_with('…'));
        let marked: Vec<String> = runs(&shown, "ウイルス").into_iter().filter(|r| r.hit).map(|r| r.text).collect();
        assert_eq!(marked, ["ｳｨﾙｽ"]);
        let whole: String = runs("監査と監視", "監査").into_iter().map(|r| r.text).collect();
        assert_eq!(whole, "監査と監視");
    }
}
