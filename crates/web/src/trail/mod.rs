//! 操作記録: who did what, when, from where, from what to what.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use sakimori_domain::identity::Permission;
use sakimori_store::trail::{self as store, Event};
use serde::Deserialize;

use crate::error::WebError;
use crate::page::{Page, Room, render};
use crate::person::Person;
use crate::state::WebState;

/// Events a page.
const PAGE: i64 = 100;

#[derive(Template)]
#[template(path = "trail/list.html")]
struct TrailPage {
    p: Page,
    events: Vec<(Event, &'static str)>,
    /// Position to go on from; `None` at the end.
    older: Option<i64>,
}

/// Where to begin.
#[derive(Deserialize)]
pub struct TrailQuery {
    #[serde(default = "newest")]
    before: i64,
}

fn newest() -> i64 {
    i64::MAX
}

/// GET /trail
pub async fn list(
    State(state): State<WebState>,
    person: Person,
    Query(query): Query<TrailQuery>,
) -> Result<Response, WebError> {
    person.actor.require(Permission::ReadTrail)?;
    let p = Page::new(&state, &person, Room::Administration, "/trail");
    let events = store::newest(&mut state.app.read().await?, &person.actor.organisation_id, query.before, PAGE).await?;
    let older = events.last().map(|e| e.position).filter(|position| *position > 1);
    let events = events.into_iter().map(|event| (event.clone(), words(&event.action, p.english))).collect();
    render(&TrailPage { p, events, older })
}

/// What an action's code means; a new code falls back to a general word, so that no event is ever hidden.
pub fn words(action: &str, english: bool) -> &'static str {
    let (ja, en) = match action {
        "session.start" => ("サインインしました", "signed in"),
        "session.end" => ("サインアウトしました", "signed out"),
        "session.refuse" => ("サインインに失敗しました", "failed to sign in"),
        "account.lock" => ("続けて失敗したため受付を止めました", "was locked out after repeated failures"),
        "account.add" => ("利用者を登録しました", "registered a person"),
        "account.password" => ("パスワードを変更しました", "changed the password"),
        "account.language" => ("表示の言語を変更しました", "changed the language"),
        "account.state" => ("利用者の利用可否を変更しました", "changed whether a person may sign in"),
        "department.add" => ("部署を登録しました", "registered a department"),
        "organisation.change" | "organisation.profile" => {
            ("組織の属性を変更しました", "changed the organisation's profile")
        }
        "edition.seed" => ("組み込みの基準を用意しました", "prepared a built-in catalogue"),
        "demo.seed" => ("デモのデータを用意しました", "prepared the demonstration"),
        other if other.starts_with("edition.") || other.starts_with("ingest") => {
            ("基準の本文を取り込みました", "loaded a standard's text")
        }
        other if other.starts_with("tailoring") => ("適用範囲を変更しました", "changed the tailoring"),
        other if other.starts_with("assessment.") => ("自己点検を変更しました", "changed an assessment"),
        other if other.starts_with("answer") => ("回答を変更しました", "changed an answer"),
        other if other.starts_with("evidence") => ("証跡を追加しました", "added evidence"),
        other if other.starts_with("request") => ("回答依頼を変更しました", "changed a request"),
        other if other.starts_with("workbook") || other.starts_with("mapping") => {
            ("Excel を取り込みました", "took over a workbook")
        }
        other if other.starts_with("report") => ("報告書を出力しました", "made a report"),
        _ => ("操作しました", "did something"),
    };
    if english { en } else { ja }
}
