//! 他組織との関係 and 傘下の状況.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use sakimori_app::tenancy::{self as app, Member, OFFER_DAYS, Offer, Standing};
use sakimori_app::{AppError, Refusal, RefusalKind};
use sakimori_domain::tenancy::{self as rules, Given, RelationKind, Side, What};
use sakimori_report::{Cell, ColumnKind as Kind};

use crate::assurance::told;
use crate::error::WebError;
use crate::forms::PersonForm;
use crate::identity::see_other;
use crate::page::{Page, Room, bar, render};
use crate::person::Person;
use crate::report::list_response;
use crate::report::lists::{FormatQuery, columns};
use crate::state::WebState;

const PATH: &str = "/administration/relations";

fn kind_word(kind: RelationKind, english: bool) -> &'static str {
    match (kind, english) {
        (_, false) => kind.ja(),
        (RelationKind::Group, true) => "group of companies",
        (RelationKind::SectorBody, true) => "sector body (CEPTOAR)",
        (RelationKind::Supervision, true) => "supervision",
        (RelationKind::National, true) => "national office",
    }
}

/// Which side one is, in the words of the kind.
fn side_word(kind: RelationKind, side: Side, english: bool) -> &'static str {
    match (kind, side, english) {
        (RelationKind::Group, Side::Upper, false) => "グループの親会社",
        (RelationKind::Group, Side::Upper, true) => "head of the group",
        (RelationKind::Group, Side::Lower, false) => "グループの会社",
        (RelationKind::Group, Side::Lower, true) => "company of the group",
        (RelationKind::SectorBody, Side::Upper, false) => "分野の団体",
        (RelationKind::SectorBody, Side::Upper, true) => "sector body",
        (RelationKind::SectorBody, Side::Lower, false) => "会員",
        (RelationKind::SectorBody, Side::Lower, true) => "member",
        (RelationKind::Supervision, Side::Upper, false) => "所管省庁",
        (RelationKind::Supervision, Side::Upper, true) => "ministry in charge",
        (RelationKind::Supervision, Side::Lower, false) => "所管される組織",
        (RelationKind::Supervision, Side::Lower, true) => "supervised organisation",
        (RelationKind::National, Side::Upper, false) => "国の統括窓口",
        (RelationKind::National, Side::Upper, true) => "national office",
        (RelationKind::National, Side::Lower, false) => "統括される窓口",
        (RelationKind::National, Side::Lower, true) => "desk below it",
    }
}

fn what_word(what: What, english: bool) -> &'static str {
    match (what, english) {
        (_, false) => what.ja(),
        (What::Name, true) => "name of the organisation",
        (What::Sectors, true) => "sectors",
        (What::Totals, true) => "assessment counts (numbers per status only)",
    }
}

fn list_of(whats: &[What], english: bool) -> String {
    let words: Vec<&str> = whats.iter().map(|what| what_word(*what, english)).collect();
    match (words.is_empty(), english) {
        (true, false) => "何も見えません".to_owned(),
        (true, true) => "nothing".to_owned(),
        (false, false) => words.join("、"),
        (false, true) => words.join(", "),
    }
}

/// What a side sees by the rule, and what of it needs consent.
fn by_rule(kind: RelationKind, seer: Side, english: bool) -> (String, String) {
    let of = |given: Given| -> Vec<What> {
        What::ALL.iter().copied().filter(|what| rules::rule(kind, seer, *what) == Some(given)).collect()
    };
    let agreed = of(Given::IfShared);
    let agreed = if agreed.is_empty() { String::new() } else { list_of(&agreed, english) };
    (list_of(&of(Given::Always), english), agreed)
}

#[derive(Template)]
#[template(path = "tenancy/relations.html")]
struct RelationsPage {
    p: Page,
    list: Vec<Standing>,
    offers: Vec<(RelationKind, Side)>,
    /// Shown once, right after it was made.
    code: String,
    typed: String,
    offer: Option<Offer>,
    refusal: Option<Refusal>,
    days: i64,
}

impl RelationsPage {
    fn kind(&self, kind: &RelationKind) -> &'static str {
        kind_word(*kind, self.p.english)
    }

    fn side(&self, kind: &RelationKind, side: &Side) -> &'static str {
        side_word(*kind, *side, self.p.english)
    }

    /// Whoever may not is shown the list alone.
    fn manages(&self) -> bool {
        self.p.may("manage-relations")
    }

    fn words(&self, whats: &[What]) -> String {
        list_of(whats, self.p.english)
    }

    /// What the other would see by the rule: always, and with consent.
    fn shown(&self, offer: &Offer) -> (String, String) {
        by_rule(offer.kind, offer.side.other(), self.p.english)
    }

    fn shareable(&self, kind: &RelationKind, side: &Side) -> Vec<(What, &'static str)> {
        let all = rules::shareable(*kind).filter(|_| *side == Side::Lower);
        all.map(|what| (what, what_word(what, self.p.english))).collect()
    }
}

async fn page(state: &WebState, person: &Person) -> Result<RelationsPage, WebError> {
    let told = told(person);
    Ok(RelationsPage {
        list: app::list(&state.app, &person.actor).await.map_err(&told)?,
        offers: app::offers_of(&state.app, &person.actor).await.map_err(&told)?,
        code: String::new(),
        typed: String::new(),
        offer: None,
        refusal: None,
        days: OFFER_DAYS,
        p: Page::new(state, person, Room::Registry, PATH),
    })
}

/// A refusal is shown on the page with what was typed; anything else is an error page.
async fn refused(state: &WebState, person: &Person, error: AppError, typed: &str) -> Result<Response, WebError> {
    match error {
        AppError::Refused(refusal) if matches!(refusal.kind, RefusalKind::Invalid | RefusalKind::Conflict) => {
            let status = match refusal.kind {
                RefusalKind::Conflict => StatusCode::CONFLICT,
                _ => StatusCode::UNPROCESSABLE_ENTITY,
            };
            let page = page(state, person).await?;
            let page = RelationsPage { refusal: Some(*refusal), typed: typed.to_owned(), ..page };
            Ok((status, render(&page)?).into_response())
        }
        error => Err(told(person)(error)),
    }
}

/// GET /administration/relations
pub async fn list(State(state): State<WebState>, person: Person) -> Result<Response, WebError> {
    render(&page(&state, &person).await?)
}

/// POST /administration/relations: an offer; its code is shown here and never again.
pub async fn offer(State(state): State<WebState>, form: PersonForm) -> Result<Response, WebError> {
    let (kind, side) = form.fields.get("as").split_once('.').unwrap_or(("", ""));
    match app::offer(&state.app, &form.person.actor, kind, side).await {
        Ok(code) => render(&RelationsPage { code, ..page(&state, &form.person).await? }),
        Err(error) => refused(&state, &form.person, error, "").await,
    }
}

/// POST /administration/relations/look: what an offer says.
pub async fn look(State(state): State<WebState>, form: PersonForm) -> Result<Response, WebError> {
    let code = form.fields.get("code");
    match app::look(&state.app, &form.person.actor, code).await {
        Ok(offer) => {
            let page = page(&state, &form.person).await?;
            render(&RelationsPage { offer: Some(offer), typed: code.to_owned(), ..page })
        }
        Err(error) => refused(&state, &form.person, error, code).await,
    }
}

/// POST /administration/relations/accept
pub async fn accept(State(state): State<WebState>, form: PersonForm) -> Result<Response, WebError> {
    let code = form.fields.get("code");
    match app::accept(&state.app, &form.person.actor, code, &form.fields.all("share")).await {
        Ok(()) => see_other(PATH, None),
        Err(error) => refused(&state, &form.person, error, code).await,
    }
}

/// POST /administration/relations/{id}/sharing
pub async fn share(
    State(state): State<WebState>,
    Path(id): Path<String>,
    form: PersonForm,
) -> Result<Response, WebError> {
    let version = form.fields.get("version").parse().unwrap_or(0);
    match app::share(&state.app, &form.person.actor, &id, version, &form.fields.all("share")).await {
        Ok(()) => see_other(PATH, None),
        Err(error) => refused(&state, &form.person, error, "").await,
    }
}

/// POST /administration/relations/{id}/end
pub async fn end(
    State(state): State<WebState>,
    Path(id): Path<String>,
    form: PersonForm,
) -> Result<Response, WebError> {
    let version = form.fields.get("version").parse().unwrap_or(0);
    match app::end(&state.app, &form.person.actor, &id, version).await {
        Ok(()) => see_other(PATH, None),
        Err(error) => refused(&state, &form.person, error, "").await,
    }
}

#[derive(Template)]
#[template(path = "tenancy/members.html")]
struct MembersPage {
    p: Page,
    list: Vec<Member>,
}

impl MembersPage {
    fn kind(&self, kind: &RelationKind) -> &'static str {
        kind_word(*kind, self.p.english)
    }

    fn sectors(&self, member: &Member) -> String {
        sectors(member, &self.p)
    }

    fn bar(&self, member: &Member) -> String {
        member.totals.as_ref().map_or_else(String::new, |(_, tally)| bar(tally, &self.p))
    }

    fn year(&self, year: &i64) -> String {
        self.p.year(&i16::try_from(*year).unwrap_or(0))
    }
}

fn sectors(member: &Member, p: &Page) -> String {
    let (all, english) = (sakimori_app::registry::sectors(p.today).unwrap_or_default(), p.english);
    let word = |code: &String| {
        let found = all.iter().find(|sector| sector.id == *code);
        found.map_or_else(|| code.clone(), |s| if english { s.name_en.clone() } else { s.name.clone() })
    };
    member.sectors.iter().flatten().map(word).collect::<Vec<_>>().join(if english { ", " } else { "、" })
}

/// GET /members
pub async fn members(
    State(state): State<WebState>,
    person: Person,
    Query(format): Query<FormatQuery>,
) -> Result<Response, WebError> {
    let list = app::members(&state.app, &person.actor).await.map_err(told(&person))?;
    let p = Page::new(&state, &person, Room::Registry, "/members");
    if format.is_xlsx() {
        return members_xlsx(&state, &p, &list).await;
    }
    render(&MembersPage { p, list })
}

async fn members_xlsx(state: &WebState, p: &Page, list: &[Member]) -> Result<Response, WebError> {
    let columns = columns(
        p,
        [
            ("組織", "Organisation", 26.0, Kind::Text),
            ("関係", "Relation", 12.0, Kind::Text),
            ("分野", "Sectors", 16.0, Kind::Text),
            ("年度", "Year", 8.0, Kind::Text),
            ("○", "○", 6.0, Kind::Number),
            ("△", "△", 6.0, Kind::Number),
            ("×", "×", 6.0, Kind::Number),
            ("－", "－", 6.0, Kind::Number),
            ("未回答", "Open", 6.0, Kind::Number),
        ],
    );
    let row = |m: &Member| {
        let mut cells: Vec<Cell> =
            vec![m.name.as_str().into(), kind_word(m.kind, p.english).into(), sectors(m, p).into()];
        match &m.totals {
            Some((year, t)) => {
                cells.push(p.year(&i16::try_from(*year).unwrap_or(0)).into());
                cells.extend([t.yes, t.partly, t.no, t.not_applicable, t.unanswered].map(Cell::from));
            }
            None => {
                cells.push(p.t("共有されていません", "not shared").into());
                cells.extend((0..5).map(|_| Cell::Empty));
            }
        }
        cells
    };
    let title = p.t("傘下の状況", "Organisations below");
    list_response(state, p, title, "", columns, list.iter().map(row).collect()).await
}
