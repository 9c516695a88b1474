//! Retention: names, addresses and what was written are forgotten after some years; that it happened, and the proof, stay.

use jiff::{Span, Timestamp};
use sakimori_store::trail::tree as store;
use serde_json::json;

use super::{entry, sign_what_is_new};
use crate::{Actor, App, Refusal, Result};

const PAGE: i64 = 500;

/// What was forgotten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expired {
    pub organisation_id: String,
    pub events: u64,
}

/// Forgets the texts of events that are older than a span, of one organisation or of all. The trail says so.
///
/// # Errors
/// A span of less than a year, or one that reaches before all time; a database error.
pub async fn expire(app: &App, older_than: Span, only: Option<&str>) -> Result<Vec<Expired>> {
    let japan = jiff::tz::TimeZone::fixed(jiff::tz::offset(9));
    let now = app.now().to_zoned(japan);
    let limit = now.checked_sub(older_than).ok().map(|at| at.timestamp());
    let year_ago = now.checked_sub(Span::new().years(1)).map_or(Timestamp::MIN, |at| at.timestamp());
    let Some(limit) = limit.filter(|limit| *limit <= year_ago) else {
        return Err(Refusal::invalid(
            "retention",
            "保存期間は1年以上にしてください（例: 5y）。",
            "Keep the texts for a year at least (e.g. 5y).",
        )
        .into());
    };
    // What is forgotten must have been signed before.
    sign_what_is_new(app).await?;
    let limit = limit.to_string();
    let mut c = app.read().await?;
    let mut trails = store::trails(&mut c).await?;
    drop(c);
    trails.retain(|trail| only.is_none_or(|only| only == trail));
    let mut expired = Vec::new();
    for organisation_id in trails {
        let events = expire_trail(app, &organisation_id, &limit).await?;
        if events > 0 {
            expired.push(Expired { organisation_id, events });
        }
    }
    Ok(expired)
}

async fn expire_trail(app: &App, organisation_id: &str, limit: &str) -> Result<u64> {
    let (mut count, mut after) = (0, 0);
    let actor = Actor::system(organisation_id);
    loop {
        let mut c = app.read().await?;
        let old = store::old(&mut c, organisation_id, limit, after, PAGE).await?;
        drop(c);
        let Some((last, _)) = old.last() else { return Ok(count) };
        let (first, end) = (old[0].0.position, last.position);
        after = end;
        let mut op = app.operate_as(&actor).await?;
        let mut forgotten = 0_u64;
        for (event, seal) in &old {
            let mut entry = entry(event, seal);
            // One whose salt cannot be read has been tampered with: its text is evidence.
            if entry.expire() {
                store::expire(&mut op.write, organisation_id, event.position, &entry.kept).await?;
                forgotten += 1;
            }
        }
        if forgotten > 0 {
            let what = json!({ "from": first, "to": end, "events": forgotten, "before": limit });
            op.trail_new("trail.expire", ("trail", organisation_id), &what).await?;
            op.commit().await?;
        }
        count += forgotten;
    }
}
