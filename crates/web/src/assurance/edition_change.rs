//! A new Edition reaches a running Assessment: what it would do to every row, and doing it.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use sakimori_app::carry::{self, Entry};
use sakimori_app::edition_change::{self as app, Preview, ReachedRow, Successor};
use sakimori_app::{AppError, Refusal, RefusalKind};
use sakimori_domain::assurance::carry::Reached;
use sakimori_domain::comparison::Side;
use sakimori_domain::identity::Permission;
use sakimori_report::{Piece, changed_pieces};
use sakimori_store::assessment::Assessment;
use serde::Deserialize;

use super::view::Chip;
use super::{query_string, told};
use crate::error::WebError;
use crate::forms::PersonForm;
use crate::identity::see_other;
use crate::page::{Page, Room, render};
use crate::person::Person;
use crate::state::WebState;

/// What the page takes from its address.
#[derive(Deserialize, Default, Clone)]
#[serde(default)]
pub struct ChangeQuery {
    old: String,
    new: String,
    /// Code of a [`Reached`]; empty for what needs a look.
    show: String,
    done: String,
    undone: String,
}

/// One row with the difference marked.
struct Line {
    row: ReachedRow,
    old: Vec<Piece>,
    new: Vec<Piece>,
}

#[derive(Template)]
#[template(path = "assurance/edition_change.html")]
struct ChangePage {
    p: Page,
    assessment: Assessment,
    refusal: Option<Refusal>,
    successors: Vec<Successor>,
    preview: Option<Preview>,
    lines: Vec<Line>,
    chips: Vec<Chip>,
    counts: Vec<(Reached, usize)>,
    entries: Vec<Entry>,
    may_apply: bool,
    done: bool,
    undone: Option<u32>,
}

impl ChangePage {
    fn badge(&self, reached: &Reached) -> &'static str {
        match reached {
            Reached::Kept => "badge--plain",
            Reached::Renumbered => "badge--consider",
            Reached::AskedAgain => "badge--recommended",
            Reached::New => "badge--good",
            Reached::Dropped => "badge--late",
        }
    }

    fn word(&self, reached: &Reached) -> &'static str {
        if self.p.english { reached.en() } else { reached.ja() }
    }
}

/// GET /assessments/{id}/edition-change
pub async fn show(
    State(state): State<WebState>,
    person: Person,
    Path(id): Path<String>,
    Query(query): Query<ChangeQuery>,
) -> Result<Response, WebError> {
    render(&page(&state, &person, &id, &query, None).await?)
}

async fn page(
    state: &WebState,
    person: &Person,
    id: &str,
    query: &ChangeQuery,
    refusal: Option<Refusal>,
) -> Result<ChangePage, WebError> {
    let told = told(person);
    let actor = &person.actor;
    let p = Page::printed(state, person, Room::Assurance, "/assessments").await?;
    let (assessment, successors) = app::successors(&state.app, actor, id).await.map_err(&told)?;
    let pair = match (query.old.as_str(), query.new.as_str()) {
        ("", _) | (_, "") => successors.first().map(|pair| (pair.old.id.clone(), pair.new.id.clone())),
        (old, new) => Some((old.to_owned(), new.to_owned())),
    };
    let preview = match &pair {
        Some((old, new)) => Some(app::preview(&state.app, actor, id, old, new).await.map_err(&told)?),
        None => None,
    };
    let all = carry::applications(&state.app, actor, id).await.map_err(&told)?;
    let (mut lines, mut chips, mut counts) = (Vec::new(), Vec::new(), Vec::new());
    if let Some(preview) = &preview {
        counts = Reached::ALL.iter().map(|reached| (*reached, preview.count(*reached))).collect();
        chips = show_chips(id, query, preview, p.english);
        let shown: Vec<ReachedRow> =
            preview.rows.iter().filter(|row| shows(row.reached, &query.show)).cloned().collect();
        lines = tokio::task::spawn_blocking(|| shown.into_iter().map(line).collect())
            .await
            .map_err(|error| WebError::internal(format!("differences: {error}")))?;
    }
    Ok(ChangePage {
        may_apply: assessment.state == "open" && actor.may(Permission::ManageAssessments),
        entries: all.into_iter().filter(|entry| entry.application.kind == "edition").collect(),
        done: !query.done.is_empty(),
        undone: query.undone.parse().ok(),
        assessment,
        refusal,
        successors,
        preview,
        lines,
        chips,
        counts,
        p,
    })
}

fn shows(reached: Reached, show: &str) -> bool {
    match show {
        "" => reached != Reached::Kept,
        "all" => true,
        code => reached.code() == code,
    }
}

fn show_chips(id: &str, query: &ChangeQuery, preview: &Preview, english: bool) -> Vec<Chip> {
    let mut shows_of: Vec<(&str, &str)> = vec![("", if english { "differences" } else { "変わる項目" })];
    shows_of.extend(Reached::ALL.iter().map(|r| (r.code(), if english { r.en() } else { r.ja() })));
    shows_of.push(("all", if english { "all" } else { "すべて" }));
    shows_of
        .into_iter()
        .map(|(code, label)| Chip {
            href: format!(
                "/assessments/{id}/edition-change{}",
                query_string(&[("old", &preview.old.id), ("new", &preview.new.id), ("show", code)])
            ),
            label: label.to_owned(),
            count: preview.rows.iter().filter(|row| shows(row.reached, code)).count(),
            on: query.show == code,
        })
        .collect()
}

/// Title and text of both sides, what differs marked.
fn line(row: ReachedRow) -> Line {
    let text = |side: &Option<Side>| {
        side.as_ref().map_or(String::new(), |side| format!("{}\n{}", side.title, side.text).trim().to_owned())
    };
    let (before, after) = (text(&row.old), text(&row.new));
    let plain = |text: String| match text.is_empty() {
        true => Vec::new(),
        false => vec![Piece { text, changed: false }],
    };
    let (old, new) = match row.reached {
        Reached::AskedAgain => changed_pieces(&before, &after),
        _ => (plain(before), plain(after)),
    };
    Line { row, old, new }
}

/// POST /assessments/{id}/edition-change
pub async fn apply(
    State(state): State<WebState>,
    Path(id): Path<String>,
    form: PersonForm,
) -> Result<Response, WebError> {
    let fields = &form.fields;
    let (old, new) = (fields.get("old"), fields.get("new"));
    match app::apply(&state.app, &form.person.actor, &id, (old, new), fields.get("seen")).await {
        Ok(_) => see_other(&format!("/assessments/{id}/edition-change?done=1"), None),
        Err(AppError::Refused(refusal)) if matches!(refusal.kind, RefusalKind::Invalid | RefusalKind::Conflict) => {
            let query = ChangeQuery { old: old.to_owned(), new: new.to_owned(), ..ChangeQuery::default() };
            let page = page(&state, &form.person, &id, &query, Some(*refusal)).await?;
            Ok((StatusCode::CONFLICT, render(&page)?).into_response())
        }
        Err(error) => Err(told(&form.person)(error)),
    }
}
