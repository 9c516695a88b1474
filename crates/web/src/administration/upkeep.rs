//! 保全: whether everything is whole, and the state of the backups.

use std::sync::atomic::Ordering;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};
use sakimori_app::evidence::quota::{self, Room};
use sakimori_app::upkeep::Scrub;
use sakimori_app::{Refusal, certificate};
use sakimori_domain::identity::Permission;
use sakimori_store::durable::{self as store, UpkeepRun};

use crate::error::WebError;
use crate::page::{self, Page, render};
use crate::person::Person;
use crate::state::WebState;

/// A backup that is older than this is said to be old.
const BACKUP_OLD_HOURS: i64 = 48;
/// Restoring is to be tried once a year.
const REHEARSAL_OLD_HOURS: i64 = 366 * 24;

/// A run as the page shows it.
struct Shown {
    at: String,
    is_good: bool,
    sequence: i64,
    rows: u64,
    evidence: u64,
    new_kb: u64,
    faults: Vec<String>,
}

impl Shown {
    fn new(run: &UpkeepRun) -> Self {
        let report: serde_json::Value = serde_json::from_str(&run.report).unwrap_or_default();
        let number = |name: &str| report[name].as_u64().unwrap_or(0);
        let faults = report["faults"].as_array().into_iter().flatten().filter_map(|fault| fault.as_str());
        Self {
            at: run.ended_at.clone(),
            is_good: run.is_good,
            sequence: run.sequence,
            rows: number("rows"),
            evidence: number("evidence"),
            new_kb: number("new_bytes") / 1024,
            faults: faults.map(str::to_owned).take(20).collect(),
        }
    }
}

#[derive(Template)]
#[template(path = "administration/upkeep.html")]
struct UpkeepPage {
    p: Page,
    scrub: Option<Shown>,
    /// Faults of the database, which all organisations share; files, of one's own organisation only.
    database: usize,
    /// The trail of one's own organisation, or the shared one, is not as it was signed.
    trail_is_broken: bool,
    damaged: Vec<String>,
    files: u64,
    backups: Vec<Shown>,
    backup_is_old: bool,
    verified: Option<Shown>,
    rehearsed: Option<Shown>,
    rehearsal_is_old: bool,
    key: String,
    older_keys: usize,
    room: Room,
    kept: String,
    limit: String,
    /// Width of the bar, of 100.
    bar: i64,
    /// The server's own certificate: when it ends, days left. `None` where something else speaks TLS.
    certificate: Option<(String, i64)>,
    certificate_ends: bool,
}

/// GET /administration/upkeep
pub async fn show(State(state): State<WebState>, person: Person) -> Result<Response, WebError> {
    let actor = &person.actor;
    if !actor.may(Permission::ManageAccounts) && !actor.may(Permission::ManageAssessments) {
        return Err(Refusal::forbidden().into());
    }
    let mut c = state.app.read().await?;
    let room = quota::room(&state.app, &mut c, &actor.organisation_id).await?;
    let scrubs = store::upkeep_runs(&mut c, "scrub", 1).await?;
    let backups = store::upkeep_runs(&mut c, "backup", 10).await?;
    let verified = store::upkeep_runs(&mut c, "verify", 1).await?;
    let rehearsed = store::upkeep_runs(&mut c, "rehearsal", 1).await?;
    let keys = store::seal_keys(&mut c).await?;
    drop(c);
    let found: Scrub = scrubs.first().and_then(|run| serde_json::from_str(&run.report).ok()).unwrap_or_default();
    let own_trail = person.actor.organisation_id.clone();
    let trail_is_broken = found.trails.iter().any(|trail| *trail == own_trail || trail.is_empty() || trail == "*");
    let own = found.damaged.into_iter().filter(|file| file.organisation == person.actor.organisation_id);
    let now = state.app.now();
    let old = |runs: &[UpkeepRun], hours: i64| {
        let at = runs.first().and_then(|run| run.ended_at.parse::<Timestamp>().ok());
        at.is_none_or(|at| now.duration_since(at) > SignedDuration::from_hours(hours))
    };
    let until = state.config.certificate_until.load(Ordering::Relaxed);
    let end = Timestamp::from_second(until).ok().filter(|_| until > 0);
    let page = UpkeepPage {
        certificate: end.map(|end| (end.to_string(), certificate::days_left(now, until))),
        certificate_ends: end.is_some() && certificate::threshold(now, until).is_some(),
        p: Page::new(&state, &person, page::Room::Administration, "/administration/upkeep"),
        scrub: scrubs.first().map(Shown::new),
        database: found.database.len(),
        trail_is_broken,
        damaged: own.map(|file| file.file_hash).collect(),
        files: found.files,
        backup_is_old: old(&backups, BACKUP_OLD_HOURS),
        backups: backups.iter().map(Shown::new).collect(),
        verified: verified.first().map(Shown::new),
        rehearsal_is_old: old(&rehearsed, REHEARSAL_OLD_HOURS),
        rehearsed: rehearsed.first().map(Shown::new),
        key: keys.iter().find(|key| key.state == "sealing").map(|key| key.key_id.clone()).unwrap_or_default(),
        older_keys: keys.iter().filter(|key| key.state == "kept").count(),
        kept: quota::size(room.kept.bytes),
        limit: quota::size(room.limit.bytes),
        bar: room.percent().min(100),
        room,
    };
    render(&page)
}
