//! A clock that jumped back: nothing is written with a time before what was written already.
//!
//! Times in the trail, the ends of sessions and locks, the rule of backups: all of them are compared with the clock. A few
//! minutes are what machines differ by and are let pass; the order of events is their position, not their time. More
//! than that is refused until the clock is right again, which needs no restart. Where it was wrong before (it had leapt
//! forward) and is right now, who runs the machine says so: `sakimori admin clock accept`.

use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};
use sakimori_domain::identity::LOCK_MINUTES;
use sakimori_store::clock::Bounds;
use serde_json::json;

use crate::issued_password::ISSUED_DAYS;
use crate::oidc::ATTEMPT_MINUTES;
use crate::second_factor::STEP_SECONDS;
use crate::tenancy::OFFER_DAYS;
use crate::{Actor, App, Refusal, RefusalKind, Result};

pub use sakimori_store::clock::BroughtBack;

/// Seconds that the clock may go back: machines of one installation differ, and are set right gently.
const TOLERANCE: i64 = 300;

/// The latest moment that this process has written with.
#[derive(Default)]
pub(crate) struct Watch {
    latest: AtomicI64,
    /// Position of the newest acceptance that this process knows.
    accepted: AtomicI64,
}

/// Refuses while the clock is behind what was written.
pub(crate) async fn require(app: &App) -> Result<Timestamp> {
    let now = app.now();
    let watch = app.clock_watch();
    let latest = watch.latest.load(Ordering::Relaxed);
    if latest == 0 {
        let written = newest_written(app).await?;
        watch.latest.fetch_max(written.max(1), Ordering::Relaxed);
        watch.accepted.store(newest_accepted(app).await?, Ordering::Relaxed);
    }
    let latest = watch.latest.fetch_max(now.as_second(), Ordering::Relaxed);
    if now.as_second() + TOLERANCE >= latest {
        return Ok(now);
    }
    let accepted = newest_accepted(app).await?;
    if watch.accepted.swap(accepted, Ordering::Relaxed) < accepted {
        watch.latest.store(now.as_second(), Ordering::Relaxed);
        return Ok(now);
    }
    tracing::error!(%now, seconds_behind = latest - now.as_second(), "the clock has jumped back; nothing is written");
    Err(Refusal::new(
        RefusalKind::Storage,
        "clock-back",
        "サーバーの時計が戻っているため、保存していません。",
        "The server's clock has jumped back; nothing was saved.",
    )
    .next(
        "入力した内容は控えておき、管理者に連絡してください。時計が正しくなれば、そのまま保存できるようになります。",
        "Keep what you typed and tell your administrator. Saving works again as soon as the clock is right.",
    )
    .into())
}

/// When the installation's trail was last written to.
async fn newest_written(app: &App) -> Result<i64> {
    let newest = sakimori_store::trail::newest(&mut app.read().await?, "", i64::MAX, 1).await?;
    Ok(newest.first().and_then(|event| event.at.parse::<Timestamp>().ok()).map_or(0, Timestamp::as_second))
}

async fn newest_accepted(app: &App) -> Result<i64> {
    let events = sakimori_store::trail::of_subject(&mut app.read().await?, "", "clock", "installation").await?;
    Ok(events.first().map_or(0, |event| event.position))
}

/// Says that the clock is right now and was wrong before: writing goes on, here and in every other process. What was
/// written while it was ahead and is compared with the clock is brought back: locks, sessions, last use.
///
/// # Errors
/// A database error.
pub async fn accept(app: &App) -> Result<BroughtBack> {
    let now = app.now();
    app.clock_watch().latest.store(now.as_second(), Ordering::Relaxed);
    let system = Actor::system("");
    let mut op = app.operate_as(&system).await?;
    let back = sakimori_store::clock::bring_back(&mut op.write, &bounds(now)).await?;
    let after = json!({
        "now": now.to_string(), "locks": back.locks, "sessions": back.sessions, "tokens": back.tokens,
        "codes": back.codes, "times": back.times
    });
    op.trail_new("clock.accept", ("clock", "installation"), &after).await?;
    op.commit().await?;
    Ok(back)
}

/// How far what a right clock wrote may reach, machines being a few minutes apart.
fn bounds(now: Timestamp) -> Bounds {
    let ahead = now + SignedDuration::from_secs(TOLERANCE);
    let days = |days: i64| (ahead + SignedDuration::from_hours(24 * days)).to_string();
    let minutes = |minutes: i64| (ahead + SignedDuration::from_mins(minutes)).to_string();
    Bounds {
        now: now.to_string(),
        now_ms: now.as_millisecond(),
        ahead: ahead.to_string(),
        ahead_ms: ahead.as_millisecond(),
        lock: minutes(LOCK_MINUTES),
        issued: days(ISSUED_DAYS),
        attempt: minutes(ATTEMPT_MINUTES),
        offer: days(OFFER_DAYS),
        // No code that a watcher may have seen a moment ago is taken again.
        step: now.as_second() / STEP_SECONDS + 1,
        step_ahead: ahead.as_second() / STEP_SECONDS,
    }
}
