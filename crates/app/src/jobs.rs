//! Work that nobody waits for: done once, whichever process does it, and taken over when a process dies.
//!
//! A job is a row. Who runs it holds a lease that a heartbeat renews; when the lease has run out, another process takes the
//! job with a higher fence. A holder that was only slow finds its fence gone: its heartbeat stops it, and what it would
//! still finish with [`Held::finish_in`] is refused together with its transaction. So the effect of a job happens once,
//! whatever the clocks and the network did.
//!
//! The rows leave no trail of their own: they are bookkeeping. What a job does to records does.

mod kinds;

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use sakimori_store::job as store;
use sakimori_store::{Connection, Write};

pub use kinds::{APPLICABILITY, KINDS};
pub use sakimori_store::job::Job;

use crate::{App, AppError, Operation, Result};

/// How long a silent holder keeps a job.
pub const LEASE_MS: i64 = 20_000;
/// Clocks of processes may differ by this much before a lease looks as if the clock had leapt.
const SKEW_MS: i64 = 120_000;
/// A job that failed this often has failed.
const ATTEMPTS_MAX: i64 = 8;
/// Between two attempts: doubled each time, up to an hour.
const FIRST_BACKOFF_MS: i64 = 15_000;
const BACKOFF_MAX_MS: i64 = 3_600_000;
/// Characters kept of what came of a job.
const RESULT_MAX: usize = 500;

/// What a job does. It returns a few words about what came of it.
pub type Work = for<'a> fn(&'a App, &'a Held) -> Pin<Box<dyn Future<Output = Result<String>> + Send + 'a>>;

/// A kind of job that this program knows.
#[derive(Clone, Copy)]
pub struct Kind {
    pub name: &'static str,
    /// Seconds between two runs; 0: it is asked for by [`ask`].
    pub every_seconds: i64,
    pub work: Work,
}

impl Kind {
    /// Work that is done again and again: once in the period over all processes, and once after a leap of the clock.
    pub const fn periodic(name: &'static str, every_seconds: i64, work: Work) -> Self {
        Self { name, every_seconds, work }
    }

    /// Work that is done when [`ask`] asks for it.
    pub const fn once(name: &'static str, work: Work) -> Self {
        Self { name, every_seconds: 0, work }
    }
}

/// A job in the hands of this process.
#[derive(Debug)]
pub struct Held {
    pub job: Job,
    fence: i64,
}

impl Held {
    /// Ends the job in the transaction of its effect: either both happen or none.
    ///
    /// # Errors
    /// The job was taken over meanwhile; then the transaction must be dropped.
    pub async fn finish_in(&self, write: &mut Write, now_ms: i64, result: &str) -> Result<()> {
        let (state, run_at) = self.next(now_ms);
        let outcome = store::Outcome { state, run_at, attempts: 0, result: &shortened(result), finished_at: now_ms };
        Ok(store::finish(write, &self.job.id, self.fence, &outcome).await?)
    }

    fn next(&self, now_ms: i64) -> (&'static str, i64) {
        if self.job.every > 0 { ("waiting", now_ms.saturating_add(self.job.every)) } else { ("done", self.job.run_at) }
    }
}

/// Asks for a job in the transaction of what makes it necessary. One of the same kind and key that waits or runs already
/// is begun afresh.
///
/// # Errors
/// A database error.
pub async fn ask(op: &mut Operation<'_>, kind: &str, key: &str, payload: &str) -> Result<()> {
    let now = op.app.now().as_millisecond();
    let mut job = blank(op.app.new_id(), kind, now);
    key.clone_into(&mut job.key);
    payload.clone_into(&mut job.payload);
    Ok(store::put(&mut op.write, &job).await?)
}

fn blank(id: String, kind: &str, now: i64) -> Job {
    Job {
        id,
        kind: kind.to_owned(),
        key: String::new(),
        payload: String::new(),
        state: "waiting".to_owned(),
        run_at: now,
        every: 0,
        lease_until: 0,
        owner: String::new(),
        fence: 0,
        attempts: 0,
        result: String::new(),
        created_at: now,
        finished_at: 0,
    }
}

/// Makes the periodic kinds known to the database.
///
/// # Errors
/// A database error.
pub async fn announce(app: &App, kinds: &[Kind]) -> Result<()> {
    let known = store::all(&mut app.read().await?).await?;
    for kind in kinds.iter().filter(|kind| kind.every_seconds > 0) {
        let every = kind.every_seconds.saturating_mul(1000);
        if known.iter().any(|job| job.kind == kind.name && job.every == every) {
            continue;
        }
        let job = Job { every, ..blank(app.new_id(), kind.name, app.now().as_millisecond()) };
        let mut write = app.store().write().await?;
        store::ensure(&mut write, &job).await?;
        write.commit().await?;
    }
    Ok(())
}

/// Whether somebody may take a job now.
fn is_due(job: &Job, now: i64) -> bool {
    // What lies further in the future than it ever can was written before the clock leapt back.
    if job.state == "running" {
        job.lease_until < now || job.lease_until > now + LEASE_MS + SKEW_MS
    } else {
        job.run_at <= now || job.run_at > now.saturating_add(job.every.max(BACKOFF_MAX_MS)) + SKEW_MS
    }
}

/// Runs what is due and known here, one after the other, and returns how many ran. `worker` names this process.
///
/// # Errors
/// A database error outside of the jobs themselves.
pub async fn run_due(app: &App, kinds: &[Kind], worker: &str) -> Result<usize> {
    let open = store::open(&mut app.read().await?).await?;
    let mut ran = 0;
    for job in open {
        let Some(kind) = kinds.iter().find(|kind| kind.name == job.kind) else { continue };
        if is_due(&job, app.now().as_millisecond()) && run(app, kind, job, worker).await? {
            ran += 1;
        }
    }
    Ok(ran)
}

/// Runs a job that was asked for at once, here, if no other process was faster.
///
/// # Errors
/// A database error, or what the job itself refuses; it is tried again later then.
pub async fn run_now(app: &App, kind: &Kind, key: &str) -> Result<()> {
    let job = store::by_key(&mut app.read().await?, kind.name, key).await?;
    if let Some(job) = job.filter(|job| job.state == "waiting") {
        run(app, kind, job, &app.new_id()).await?;
    }
    Ok(())
}

/// Takes a job and runs it; false when somebody was faster.
async fn run(app: &App, kind: &Kind, seen: Job, worker: &str) -> Result<bool> {
    let now = app.now().as_millisecond();
    let mut write = app.store().write().await?;
    if !store::take(&mut write, &seen, worker, now + LEASE_MS).await? {
        return Ok(false);
    }
    write.commit().await?;
    if seen.state == "running" {
        tracing::warn!(job = %seen.kind, key = %seen.key, from = %seen.owner, "job taken over from a silent process");
    }
    let held = Held { fence: seen.fence + 1, job: Job { attempts: seen.attempts + 1, ..seen } };
    // It took its process with it again and again.
    let outcome = if held.job.attempts > ATTEMPTS_MAX {
        Err(AppError::Internal(format!("given up after {ATTEMPTS_MAX} attempts")))
    } else {
        tokio::select! {
            outcome = (kind.work)(app, &held) => outcome,
            () = lost(app, &held) => {
                tracing::warn!(job = %held.job.kind, key = %held.job.key, "job lost to another process");
                return Ok(true);
            }
        }
    };
    settle(app, &held, outcome).await?;
    Ok(true)
}

/// Renews the lease; ends when the job is not this process's any more.
async fn lost(app: &App, held: &Held) {
    let pause = Duration::from_millis(u64::try_from(LEASE_MS / 4).unwrap_or(5_000));
    loop {
        tokio::time::sleep(pause).await;
        match renew(app, held).await {
            Ok(true) => {}
            Ok(false) => return,
            // The database is away: the work will notice by itself, and the fence protects what it does.
            Err(error) => tracing::warn!(job = %held.job.kind, %error, "the lease of a job could not be renewed"),
        }
    }
}

async fn renew(app: &App, held: &Held) -> Result<bool> {
    let mut write = app.store().write().await?;
    let ours = store::renew(&mut write, &held.job.id, held.fence, app.now().as_millisecond() + LEASE_MS).await?;
    write.commit().await?;
    Ok(ours)
}

/// Writes how it went, unless the work did so itself in its own transaction.
async fn settle(app: &App, held: &Held, outcome: Result<String>) -> Result<()> {
    let now = app.now().as_millisecond();
    let job = &held.job;
    let text = match &outcome {
        Ok(text) => shortened(text),
        Err(error) => shortened(&error.to_string()),
    };
    let backoff = (FIRST_BACKOFF_MS << job.attempts.clamp(0, 12)).min(BACKOFF_MAX_MS);
    let (state, run_at, attempts) = match &outcome {
        Ok(_) => {
            let (state, run_at) = held.next(now);
            (state, run_at, 0)
        }
        Err(_) if job.attempts < ATTEMPTS_MAX => ("waiting", now + backoff, job.attempts),
        Err(_) if job.every > 0 => ("waiting", now.saturating_add(job.every), 0),
        Err(_) => ("failed", job.run_at, job.attempts),
    };
    if let Err(error) = &outcome {
        tracing::error!(job = %job.kind, key = %job.key, %error, attempts = job.attempts, "job failed");
    }
    let mut write = app.store().write().await?;
    let outcome = store::Outcome { state, run_at, attempts, result: &text, finished_at: now };
    match store::finish(&mut write, &job.id, held.fence, &outcome).await {
        Ok(()) => Ok(write.commit().await?),
        // It ended itself with its effect, or somebody has it now.
        Err(sakimori_store::StoreError::Conflict(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(RESULT_MAX).collect()
}

/// How many jobs there are of each kind and state: for the operations centre.
///
/// # Errors
/// A database error.
pub async fn counts(c: &mut Connection) -> Result<Vec<(String, String, i64)>> {
    Ok(store::counts(c).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000_000;
    const DAY: i64 = 86_400_000;

    fn job(state: &str, run_at: i64, lease_until: i64) -> Job {
        Job { state: state.to_owned(), run_at, lease_until, every: DAY, ..blank("j".to_owned(), "test", NOW) }
    }

    #[test]
    fn a_job_is_due_at_its_time_and_when_its_holder_is_silent() {
        assert!(is_due(&job("waiting", NOW, 0), NOW));
        assert!(!is_due(&job("waiting", NOW + 1, 0), NOW));
        assert!(!is_due(&job("running", 0, NOW + LEASE_MS), NOW));
        assert!(is_due(&job("running", 0, NOW - 1), NOW));
    }

    #[test]
    fn a_clock_that_leaps_back_stops_nothing_and_one_that_differs_a_little_takes_nothing() {
        // Written when the clock stood a year ahead.
        assert!(is_due(&job("waiting", NOW + 365 * DAY, 0), NOW));
        assert!(is_due(&job("running", 0, NOW + 365 * DAY), NOW));
        // Another process whose clock is a minute ahead.
        assert!(!is_due(&job("running", 0, NOW + LEASE_MS + 60_000), NOW));
        assert!(!is_due(&job("waiting", NOW + DAY + 60_000, 0), NOW));
    }

    #[test]
    fn a_leap_forward_of_years_runs_a_periodic_job_once() {
        let held = Held { job: job("running", NOW, NOW), fence: 1 };
        let later = NOW + 3650 * DAY;
        assert_eq!(held.next(later), ("waiting", later + DAY), "not once for every day that was skipped");
    }
}
