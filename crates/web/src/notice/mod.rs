//! お知らせ: what the person was told, and what of it is still unread.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use sakimori_app::{Actor, notice as app};
use sakimori_domain::identity::Permission;
use sakimori_store::notice::Notice;

use crate::error::WebError;
use crate::forms::PersonForm;
use crate::identity::{local_path, see_other};
use crate::page::{Page, Room, render};
use crate::person::Person;
use crate::state::WebState;

/// Notices on the page; older ones that were read are of no more use.
const SHOWN: i64 = 200;

/// A notice as the page shows it.
pub struct Shown {
    pub id: String,
    pub text: String,
    pub at: String,
    /// Empty where there is no page, or none that this person reaches.
    pub href: String,
    pub is_read: bool,
}

impl Shown {
    fn new(notice: Notice, is_read: bool, actor: &Actor) -> Self {
        let href = href(&notice.subject_kind, &notice.subject_id, actor);
        let english = actor.language == "en" && !notice.en.is_empty();
        Self { id: notice.id, text: if english { notice.en } else { notice.ja }, at: notice.at, href, is_read }
    }
}

#[derive(Template)]
#[template(path = "notice/list.html")]
struct NoticesPage {
    p: Page,
    unread: Vec<Shown>,
    read: Vec<Shown>,
}

/// The page of a subject, if this person reaches it. The page asks for the right itself; a link that leads to a refusal
/// is only spared here.
fn href(kind: &str, id: &str, actor: &Actor) -> String {
    let sees_requests = actor.may(Permission::ReadAssessments) || actor.may(Permission::ReadOwnRequests);
    match kind {
        "account" if id == actor.account_id => "/me".to_owned(),
        "account" if actor.may(Permission::ManageAccounts) => "/administration/sign-in".to_owned(),
        "sign-in-policy" if actor.may(Permission::ManageSignIn) => "/administration/sign-in-rules".to_owned(),
        "assessment" if actor.may(Permission::ReadAssessments) => format!("/assessments/{id}"),
        "request" if sees_requests => format!("/requests/{id}"),
        "revision" if actor.may(Permission::ReadRevision) => format!("/revision/{id}"),
        "approval" => format!("/approvals/{id}"),
        "handover" => format!("/handovers/{id}"),
        "deputy" => "/seats".to_owned(),
        "upkeep" if actor.may(Permission::ManageAssessments) => "/administration/upkeep".to_owned(),
        "certificate" if actor.may(Permission::ManageAccounts) => "/administration/upkeep".to_owned(),
        "trail" if actor.may(Permission::ReadTrail) => "/trail".to_owned(),
        _ => String::new(),
    }
}

/// The unread notices for the home page.
///
/// # Errors
/// A database error.
pub async fn unread(state: &WebState, actor: &Actor, limit: i64) -> Result<Vec<Shown>, WebError> {
    let notices = app::list(&state.app, actor, limit).await?;
    Ok(notices.into_iter().filter(|(_, is_read)| !is_read).map(|(n, is_read)| Shown::new(n, is_read, actor)).collect())
}

/// GET /notices
pub async fn list(State(state): State<WebState>, person: Person) -> Result<Response, WebError> {
    let notices = app::list(&state.app, &person.actor, SHOWN).await?;
    let shown = notices.into_iter().map(|(notice, is_read)| Shown::new(notice, is_read, &person.actor));
    let (read, unread) = shown.partition(|notice| notice.is_read);
    render(&NoticesPage { p: Page::new(&state, &person, Room::Home, "/notices"), unread, read })
}

/// POST /notices/read
pub async fn mark_read(State(state): State<WebState>, form: PersonForm) -> Result<Response, WebError> {
    app::mark_read(&state.app, &form.person.actor, form.fields.get("id")).await?;
    let back = form.fields.get("back");
    see_other(&if back.is_empty() { "/notices".to_owned() } else { local_path(back) }, None)
}
