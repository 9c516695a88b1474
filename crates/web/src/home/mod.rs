//! ホーム: what do I do now?

mod desks;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use sakimori_app::Actor;
use sakimori_app::tenancy::Member;
use sakimori_domain::assurance::applicability::Force;
use sakimori_domain::assurance::{AnswerStatus, Tally};
use sakimori_domain::identity::Permission;
use sakimori_store::assessment::{self, Assessment};
use sakimori_store::request::{self, AnswerRequest};
use sakimori_store::trail::{self, Event};
use sakimori_store::{Connection, edition, registry};

use self::desks::People;
use crate::error::WebError;
use crate::page::{Page, Room, render};
use crate::person::Person;
use crate::state::WebState;
use crate::trail::words::action;

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage {
    p: Page,
    tasks: Vec<Task>,
    /// Tasks beyond those shown.
    more: usize,
    assessment: Option<Assessment>,
    standards: Vec<StandardBar>,
    events: Vec<(Event, &'static str)>,
    steps: Option<Steps>,
    notices: Vec<crate::notice::Shown>,
    /// For who administers accounts.
    people: Option<People>,
    /// The first organisations below one's own, for the desks.
    members: Vec<Member>,
    /// The sign-in before this one: moment and address.
    last: Option<(String, String)>,
}

/// Tasks on the page, the most urgent first; the rest is behind a link, so that the page stays one look.
const TASKS_SHOWN: usize = 6;
/// Unread notices on the page.
const NOTICES_SHOWN: i64 = 5;

/// Something to do, with its deadline.
struct Task {
    title: String,
    href: String,
    note: String,
    due: String,
}

/// One bar of the state of things.
struct StandardBar {
    title: String,
    all: Tally,
    mandatory: Tally,
}

/// The four first steps of an installation; gone when all are done.
struct Steps {
    profile: bool,
    texts: bool,
    assessment: bool,
    requests: bool,
}

/// GET /
pub async fn show(State(state): State<WebState>, person: Person) -> Result<Response, WebError> {
    let p = Page::new(&state, &person, Room::Home, "/");
    let actor = &person.actor;
    let mut c = state.app.read().await?;
    let whole = actor.may(Permission::ReadAssessments);
    let assessment = if whole {
        assessment::assessments(&mut c, &actor.organisation_id).await?.into_iter().find(|a| a.state == "open")
    } else {
        None
    };
    let requests = open_requests(&mut c, actor).await?;
    let standards = match &assessment {
        Some(a) => standard_bars(&mut c, actor, a).await?,
        None => Vec::new(),
    };
    let events = if actor.may(Permission::ReadTrail) {
        let newest = trail::newest(&mut c, &actor.organisation_id, i64::MAX, 8).await?;
        newest.into_iter().map(|event| (event.clone(), action(&event.action, p.english))).collect()
    } else {
        Vec::new()
    };
    let steps =
        if actor.may(Permission::ManageAssessments) { first_steps(&mut c, actor, &requests).await? } else { None };
    drop(c);
    let people = People::of(&state, actor).await?;
    let members = desks::members(&state, actor).await?;
    let mut tasks: Vec<Task> = people.iter().flat_map(|people| people.tasks(&p)).collect();
    // Whoever only reads answers has none to check.
    if actor.may(Permission::AnswerAll) || actor.may(Permission::AnswerOwn) {
        let changed = sakimori_app::carry::to_review(&state.app, actor).await?;
        tasks.extend(changed.into_iter().map(|(id, title, rows)| review_task(&id, &title, rows, p.english)));
    }
    let waiting = sakimori_app::approval::waiting(&state.app, actor).await?;
    tasks.extend(waiting.iter().map(|entry| approval_task(entry, p.english)));
    tasks.extend(requests.iter().map(|r| task(r, &p)));
    let more = tasks.len().saturating_sub(TASKS_SHOWN);
    tasks.truncate(TASKS_SHOWN);
    let notices = if p.unread > 0 { crate::notice::unread(&state, actor, NOTICES_SHOWN).await? } else { Vec::new() };
    let last = sakimori_app::account_care::last_sign_in(&state.app, actor).await?.map(|last| (last.at, last.address));
    render(&HomePage { people, members, last, tasks, more, assessment, standards, events, steps, notices, p })
}

/// A department's open requests; the whole organisation's for those who manage them.
async fn open_requests(c: &mut Connection, actor: &Actor) -> Result<Vec<AnswerRequest>, WebError> {
    let all = if actor.may(Permission::ManageAssessments) {
        request::requests(c, &actor.organisation_id).await?
    } else if actor.may(Permission::ReadOwnRequests) && !actor.department_id.is_empty() {
        request::requests_of_department(c, &actor.organisation_id, &actor.department_id).await?
    } else {
        Vec::new()
    };
    Ok(all
        .into_iter()
        .filter(|r| r.state == "asked" || (r.state == "returned" && actor.may(Permission::ManageAssessments)))
        .collect())
}

fn task(r: &AnswerRequest, p: &Page) -> Task {
    let manages = p.actor.may(Permission::ManageAssessments);
    let title = match (manages, r.state == "returned", p.english) {
        (true, true, false) => format!("{}の回答を確かめる", r.department_name),
        (true, true, true) => format!("Check the answers of {}", r.department_name),
        (true, false, false) => format!("{}の回答を待つ", r.department_name),
        (true, false, true) => format!("Waiting for {}", r.department_name),
        (false, _, false) => format!("{}に回答する", r.assessment_title),
        (false, _, true) => format!("Answer {}", r.assessment_title),
    };
    let note = match (manages, p.english) {
        (true, true) => format!("{}, {} of {} answered", r.assessment_title, r.answered, r.rows),
        (true, false) => format!("{} ・ 回答済 {} / {}", r.assessment_title, r.answered, r.rows),
        (false, true) => format!("{} of {} answered", r.answered, r.rows),
        (false, false) => format!("回答済 {} / {}", r.answered, r.rows),
    };
    Task { title, href: format!("/requests/{}", r.id), note, due: r.due.clone() }
}

/// Something that was put forward and waits for this person.
fn approval_task(entry: &sakimori_app::approval::Entry, english: bool) -> Task {
    let a = &entry.approval;
    let (title, note) = match english {
        true => (format!("{}: {}", a.title, a.state.en()), format!("{}, drafted by {}", a.kind.en(), entry.drafter)),
        false => (format!("{}（{}）", a.title, a.state.ja()), format!("{} ・ 起案 {}", a.kind.ja(), entry.drafter)),
    };
    Task { title, href: format!("/approvals/{}", a.id), note, due: String::new() }
}

/// Answers that were carried over from ones that have changed since.
fn review_task(id: &str, assessment: &str, rows: usize, english: bool) -> Task {
    let (title, note) = match english {
        true => ("Check answers whose source has changed".to_owned(), format!("{assessment}, {rows} items")),
        false => ("元の回答が変わった項目を確かめる".to_owned(), format!("{assessment} ・ {rows}項目")),
    };
    Task { title, href: format!("/assessments/{id}?show=changed"), note, due: String::new() }
}

async fn standard_bars(c: &mut Connection, actor: &Actor, a: &Assessment) -> Result<Vec<StandardBar>, WebError> {
    let counts = assessment::counts(c, &actor.organisation_id, &a.id).await?;
    let mut bars = Vec::new();
    for edition_id in assessment::assessment_editions(c, &a.id).await? {
        let Some(entry) = edition::edition(c, &actor.organisation_id, &edition_id).await? else { continue };
        let tally = |keep: fn(Force) -> bool| {
            let mut tally = Tally::default();
            for (_, _, _, status, count) in counts.iter().filter(|(e, force, ..)| *e == edition_id && keep(*force)) {
                add(&mut tally, *status, *count);
            }
            tally
        };
        let title = if entry.edition.short.is_empty() { entry.edition.title } else { entry.edition.short };
        bars.push(StandardBar { title, all: tally(|_| true), mandatory: tally(|force| force <= Force::Required) });
    }
    Ok(bars)
}

fn add(tally: &mut Tally, status: AnswerStatus, count: i64) {
    for _ in 0..count {
        tally.add(status);
    }
}

async fn first_steps(c: &mut Connection, actor: &Actor, requests: &[AnswerRequest]) -> Result<Option<Steps>, WebError> {
    let organisation = registry::organisation_by_id(c, &actor.organisation_id).await?;
    let steps = Steps {
        profile: organisation.is_some_and(|o| !o.profile.sectors.is_empty()),
        texts: edition::editions(c, &actor.organisation_id).await?.iter().any(|e| e.texts > 0),
        assessment: !assessment::assessments(c, &actor.organisation_id).await?.is_empty(),
        requests: !requests.is_empty() || !request::requests(c, &actor.organisation_id).await?.is_empty(),
    };
    let done = steps.profile && steps.texts && steps.assessment && steps.requests;
    Ok((!done).then_some(steps))
}
