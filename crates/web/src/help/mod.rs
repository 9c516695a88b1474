//! ヘルプ: the handbook of `docs/guide`, in the program itself, so that it is there without a network.

mod markdown;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use sakimori_app::Refusal;

use crate::error::WebError;
use crate::page::{Page, Room, render};
use crate::person::Person;
use crate::state::WebState;

/// Names and texts of the chapters, in their order.
macro_rules! chapters {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("../../../../docs/guide/", $name, ".md")))),+]
    };
}

const JAPANESE: &[(&str, &str)] = chapters![
    "01-start",
    "02-roles",
    "03-standards",
    "04-applicability",
    "05-assessment",
    "06-requests",
    "07-excel",
    "08-report",
    "09-trail",
    "10-backup",
    "11-troubles",
    "12-sign-in",
    "13-handover",
    "14-entrances",
];
const ENGLISH: &[(&str, &str)] = chapters!["en"];

struct Link {
    href: String,
    title: &'static str,
    is_here: bool,
}

#[derive(Template)]
#[template(path = "help/chapter.html")]
struct HelpPage {
    p: Page,
    title: &'static str,
    chapters: Vec<Link>,
    /// Language of the text.
    lang: &'static str,
    /// Our own text as HTML.
    html: String,
}

fn page(state: &WebState, person: &Person, name: Option<&str>) -> Result<Response, WebError> {
    let p = Page::new(state, person, Room::Help, "/help");
    let list = if p.english { ENGLISH } else { JAPANESE };
    let all = || JAPANESE.iter().chain(ENGLISH);
    let chosen = match name {
        None => list.first(),
        Some(name) => all().find(|(known, _)| *known == name),
    };
    let (here, text) = chosen.ok_or_else(Refusal::not_found)?;
    let link = |(name, text): &(&str, &'static str)| Link {
        href: format!("/help/{name}"),
        title: markdown::title(text),
        is_here: name == here,
    };
    render(&HelpPage {
        title: markdown::title(text),
        lang: if ENGLISH.iter().any(|(name, _)| name == here) { "en" } else { "ja" },
        chapters: list.iter().map(link).collect(),
        html: markdown::html(text),
        p,
    })
}

/// GET /help
pub async fn first(State(state): State<WebState>, person: Person) -> Result<Response, WebError> {
    page(&state, &person, None)
}

/// GET /help/{chapter}
pub async fn chapter(
    State(state): State<WebState>,
    person: Person,
    Path(name): Path<String>,
) -> Result<Response, WebError> {
    page(&state, &person, Some(&name)).map_err(|error| error.in_language(&person.actor.language))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_chapter_has_a_title_and_the_contents_name_it() {
        let contents = include_str!("../../../../docs/guide/README.md");
        for (name, text) in JAPANESE.iter().chain(ENGLISH) {
            assert!(!markdown::title(text).is_empty(), "{name}");
            assert!(contents.contains(&format!("({name}.md)")), "{name} is not in the contents");
        }
    }
}
