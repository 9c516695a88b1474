//! Jobs: work that is done once, whichever process does it.
//!
//! No lock outlives a statement. Who wants a job names the fence that it saw; the first to raise it has the job, until the
//! lease runs out or the fence is raised again. That is one conditional UPDATE, which every database of this kind takes.

use crate::connection::params;
use crate::{Connection, Result, Row, StoreError, Write};

/// A job as it stands. Times are milliseconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    pub id: String,
    pub kind: String,
    /// Tells jobs of one kind apart; empty where there is one only.
    pub key: String,
    pub payload: String,
    /// `waiting`, `running`, `done` or `failed`.
    pub state: String,
    pub run_at: i64,
    /// 0: once.
    pub every: i64,
    pub lease_until: i64,
    /// The process that has it; empty: none.
    pub owner: String,
    pub fence: i64,
    pub attempts: i64,
    /// What came of it last: a word of its own, or why it failed.
    pub result: String,
    pub created_at: i64,
    pub finished_at: i64,
}

macro_rules! select_job {
    ($rest:literal) => {
        concat!(
            "SELECT id, kind, job_key, payload, state, run_at, every, lease_until, owner, fence, attempts, result, created_at, finished_at
             FROM job ",
            $rest
        )
    };
}

fn job(row: &Row) -> Result<Job> {
    Ok(Job {
        id: row.text(0)?,
        kind: row.text(1)?,
        key: row.text(2)?,
        payload: row.text(3)?,
        state: row.text(4)?,
        run_at: row.int(5)?,
        every: row.int(6)?,
        lease_until: row.int(7)?,
        owner: row.text(8)?,
        fence: row.int(9)?,
        attempts: row.int(10)?,
        result: row.text(11)?,
        created_at: row.int(12)?,
        finished_at: row.int(13)?,
    })
}

/// Jobs that wait or run, the one that has waited longest first.
pub async fn open(c: &mut Connection) -> Result<Vec<Job>> {
    c.map(select_job!("WHERE state IN ('waiting', 'running') ORDER BY state DESC, run_at LIMIT 500"), params![], job)
        .await
}

/// Every job that is kept, the one that ended last first.
pub async fn all(c: &mut Connection) -> Result<Vec<Job>> {
    c.map(select_job!("ORDER BY finished_at DESC, id LIMIT 1000"), params![], job).await
}

/// The job of a kind and key.
pub async fn by_key(c: &mut Connection, kind: &str, key: &str) -> Result<Option<Job>> {
    let row = c.one(select_job!("WHERE kind = $1 AND job_key = $2"), params![kind, key]).await?;
    row.as_ref().map(job).transpose()
}

/// How many jobs there are of each kind and state.
pub async fn counts(c: &mut Connection) -> Result<Vec<(String, String, i64)>> {
    let rows =
        c.all("SELECT kind, state, COUNT(*) FROM job GROUP BY kind, state ORDER BY kind, state", params![]).await?;
    rows.iter().map(|row| Ok((row.text(0)?, row.text(1)?, row.int(2)?))).collect()
}

/// Makes a job of a new id known; one of the same kind and key is made to run again, and whoever has it has lost it.
pub async fn put(w: &mut Write, j: &Job) -> Result<()> {
    w.run(
        "INSERT INTO job (id, kind, job_key, payload, state, run_at, every, lease_until, owner, fence, attempts, result, created_at, finished_at)
         VALUES ($1, $2, $3, $4, 'waiting', $5, $6, 0, '', 0, 0, '', $7, 0)
         ON CONFLICT (kind, job_key) DO UPDATE SET payload = excluded.payload, state = 'waiting', run_at = excluded.run_at,
             every = excluded.every, owner = '', fence = job.fence + 1, attempts = 0",
        params![&j.id, &j.kind, &j.key, &j.payload, j.run_at, j.every, j.created_at],
    )
    .await?;
    Ok(())
}

/// Makes a periodic job known where it is not yet, and its period what this program says.
pub async fn ensure(w: &mut Write, j: &Job) -> Result<()> {
    w.run(
        "INSERT INTO job (id, kind, job_key, payload, state, run_at, every, lease_until, owner, fence, attempts, result, created_at, finished_at)
         VALUES ($1, $2, $3, '', 'waiting', $4, $5, 0, '', 0, 0, '', $6, 0)
         ON CONFLICT (kind, job_key) DO UPDATE SET every = excluded.every",
        params![&j.id, &j.kind, &j.key, j.run_at, j.every, j.created_at],
    )
    .await?;
    Ok(())
}

/// Takes a job as it was seen: fence, owner and lease become the taker's. False: somebody was faster.
pub async fn take(w: &mut Write, seen: &Job, owner: &str, lease_until: i64) -> Result<bool> {
    let touched = w
        .run(
            "UPDATE job SET state = 'running', owner = $1, lease_until = $2, fence = fence + 1, attempts = attempts + 1
             WHERE id = $3 AND fence = $4 AND state = $5",
            params![owner, lease_until, &seen.id, seen.fence, &seen.state],
        )
        .await?;
    Ok(touched == 1)
}

/// Prolongs the lease. False: it is not the holder's any more.
pub async fn renew(w: &mut Write, id: &str, fence: i64, lease_until: i64) -> Result<bool> {
    let touched = w
        .run(
            "UPDATE job SET lease_until = $1 WHERE id = $2 AND fence = $3 AND state = 'running'",
            params![lease_until, id, fence],
        )
        .await?;
    Ok(touched == 1)
}

/// How a job goes on.
#[derive(Debug, Clone)]
pub struct Outcome<'a> {
    /// `waiting` (again), `done` or `failed`.
    pub state: &'a str,
    pub run_at: i64,
    pub attempts: i64,
    pub result: &'a str,
    pub finished_at: i64,
}

/// Writes how a job went.
///
/// # Errors
/// [`StoreError::Conflict`] when the fence is not the holder's any more: nothing of the transaction may be kept.
pub async fn finish(w: &mut Write, id: &str, fence: i64, o: &Outcome<'_>) -> Result<()> {
    let touched = w
        .run(
            "UPDATE job SET state = $1, run_at = $2, attempts = $3, result = $4, finished_at = $5, owner = '', lease_until = 0
             WHERE id = $6 AND fence = $7 AND state = 'running'",
            params![o.state, o.run_at, o.attempts, o.result, o.finished_at, id, fence],
        )
        .await?;
    if touched == 1 { Ok(()) } else { Err(StoreError::Conflict("job")) }
}

/// Forgets what ended before a moment.
pub async fn forget(w: &mut Write, before: i64) -> Result<u64> {
    w.run("DELETE FROM job WHERE state IN ('done', 'failed') AND finished_at < $1", params![before]).await
}
