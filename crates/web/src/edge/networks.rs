//! 接続元の制限: from which networks an organisation's people come.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use sakimori_app::Refusal;
use sakimori_app::allow_list::{self as app, Area};

use crate::error::WebError;
use crate::forms::{PersonForm, again, typed};
use crate::identity::see_other;
use crate::page::{Page, Room, render};
use crate::person::Person;
use crate::state::WebState;

#[derive(Template)]
#[template(path = "edge/networks.html")]
struct NetworksPage {
    p: Page,
    members: String,
    administration: String,
    refusal: Option<Refusal>,
}

/// GET /administration/networks
pub async fn show(State(state): State<WebState>, person: Person) -> Result<Response, WebError> {
    let (members, administration) = app::lists(&state.app, &person.actor).await?;
    let p = Page::new(&state, &person, Room::Administration, "/administration/networks");
    render(&NetworksPage { p, members: members.join("\n"), administration: administration.join("\n"), refusal: None })
}

/// POST /administration/networks
pub async fn change(State(state): State<WebState>, form: PersonForm) -> Result<Response, WebError> {
    let area = Area::from_code(form.fields.get("area")).ok_or_else(|| {
        Refusal::invalid("area", "全員のものか管理のものかを選んでください。", "Choose whom the list is for.")
    })?;
    let networks = form.fields.get("networks");
    match typed(&form.person, app::change(&state.app, &form.person.actor, area, networks).await)? {
        Ok(()) => see_other("/administration/networks", None),
        Err(refusal) => {
            let (members, administration) = app::lists(&state.app, &form.person.actor).await?;
            let (mut members, mut administration) = (members.join("\n"), administration.join("\n"));
            match area {
                Area::Members => networks.clone_into(&mut members),
                Area::Administration => networks.clone_into(&mut administration),
            }
            let p = Page::new(&state, &form.person, Room::Administration, "/administration/networks");
            Ok(again(render(&NetworksPage { p, members, administration, refusal: Some(refusal) })?))
        }
    }
}
