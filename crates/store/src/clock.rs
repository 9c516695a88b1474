//! What was written while the clock was far ahead, brought back: without that, a lock made then would last for as long as
//! the clock was wrong. Over the whole installation, since the clock is the machine's; no page calls it.
//!
//! Records keep the time that they were given: only what the program compares with its clock is touched.

use serde::Serialize;

use crate::connection::params;
use crate::{Result, Write};

/// The moments that matter, as the clock stands now. Beyond its bound, nothing of a kind was written by a right clock.
#[derive(Debug, Clone)]
pub struct Bounds {
    pub now: String,
    pub now_ms: i64,
    /// Whatever is said to have happened after this was written while the clock was ahead.
    pub ahead: String,
    pub ahead_ms: i64,
    /// The last ends of a lock, of an issued password, of a single sign-on under way, of an offer to another organisation.
    pub lock: String,
    pub issued: String,
    pub attempt: String,
    pub offer: String,
    /// The step of one-time codes that counts as taken, and the last that a right clock may have taken.
    pub step: i64,
    pub step_ahead: i64,
}

/// What was brought back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct BroughtBack {
    /// Locks of accounts that were ended.
    pub locks: u64,
    pub sessions: u64,
    /// API tokens that were made while the clock was ahead, revoked.
    pub tokens: u64,
    /// One-time codes that would have been refused for as long as the clock was ahead.
    pub codes: u64,
    /// Times of last use, notices, runs of upkeep and the like that now say the present.
    pub times: u64,
}

/// Brings back what lies beyond its bound.
pub async fn bring_back(w: &mut Write, b: &Bounds) -> Result<BroughtBack> {
    Ok(BroughtBack {
        locks: w
            .run("UPDATE account SET locked_until = '', failures = 0 WHERE locked_until > $1", params![&b.lock])
            .await?,
        // One that was only used then would not end for being idle, nor ask for the password again.
        sessions: w
            .run("DELETE FROM session WHERE created_at > $1 OR seen_at > $1 OR confirmed_at > $1", params![&b.ahead])
            .await?,
        tokens: w
            .run(
                "UPDATE api_token SET revoked_at = $1 WHERE created_at > $2 AND revoked_at = ''",
                params![&b.now, &b.ahead],
            )
            .await?,
        codes: w.run("UPDATE totp SET last_step = $1 WHERE last_step > $2", params![b.step, b.step_ahead]).await?,
        times: times(w, b).await?,
    })
}

async fn times(w: &mut Write, b: &Bounds) -> Result<u64> {
    let past = || params![&b.now, &b.ahead];
    let mut touched = 0;
    touched += w.run("UPDATE account SET created_at = $1 WHERE created_at > $2", past()).await?;
    touched += w.run("UPDATE account SET password_at = $1 WHERE password_at > $2", past()).await?;
    touched += w.run("UPDATE account SET used_at = $1 WHERE used_at > $2", past()).await?;
    touched += w.run("UPDATE account SET kept_at = $1 WHERE kept_at > $2", past()).await?;
    touched += w.run("UPDATE account SET issued_until = $1 WHERE issued_until > $1", params![&b.issued]).await?;
    touched += w.run("UPDATE sign_in SET at = $1 WHERE at > $2", past()).await?;
    touched += w.run("UPDATE api_token SET used_at = $1 WHERE used_at > $2", past()).await?;
    touched += w.run("UPDATE notice SET at = $1 WHERE at > $2", past()).await?;
    touched += w.run("UPDATE upkeep_run SET started_at = $1, ended_at = $1 WHERE ended_at > $2", past()).await?;
    touched += w.run("DELETE FROM oidc_attempt WHERE expires_at > $1", params![&b.attempt]).await?;
    touched += w
        .run(
            "UPDATE organisation_relation SET offer_until = $1 WHERE state = 'offered' AND offer_until > $1",
            params![&b.offer],
        )
        .await?;
    let past = || params![b.now_ms, b.ahead_ms];
    touched += w.run("UPDATE job SET finished_at = $1 WHERE finished_at > $2", past()).await?;
    touched += w.run("UPDATE upload SET at = $1 WHERE at > $2", past()).await?;
    touched += w.run("DELETE FROM presence WHERE at > $1", params![b.ahead_ms]).await?;
    Ok(touched)
}
