//! A seam for tests: what may go wrong between the program and its database, at the moments at which it does.
//!
//! The simulation of crates/testkit puts a scheduler here, which decides whose turn it is and what fails. An installation
//! has none, and then every question here is answered at once.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// When something may fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// A connection for reading is wanted.
    Read,
    /// A write transaction is to begin.
    Begin,
    /// A write transaction is to be committed.
    Commit,
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The database has no connection to give in time.
    Busy,
    /// The connection is gone; of a commit nothing was kept.
    Lost,
    /// The commit was kept, but the connection was gone before it could say so.
    LostAfterwards,
}

/// Somebody who makes things go wrong.
pub trait Faults: Send + Sync {
    /// Waits for the turn; a fault, if there is to be one.
    fn turn(&self, moment: Moment) -> Pin<Box<dyn Future<Output = Option<Fault>> + Send + '_>>;
    /// A statement that writes is to run: whether the connection is gone.
    fn breaks_statement(&self) -> bool;
    /// A write transaction has ended; whether it was kept.
    fn ended(&self, kept: bool);
}

/// The present faults; none in an installation.
pub(crate) type Seam = Option<Arc<dyn Faults>>;

pub(crate) async fn turn(seam: &Seam, moment: Moment) -> Result<Option<Fault>, sqlx::Error> {
    let Some(faults) = seam else { return Ok(None) };
    match faults.turn(moment).await {
        Some(Fault::Busy) => Err(sqlx::Error::PoolTimedOut),
        Some(Fault::Lost) if moment != Moment::Commit => Err(gone()),
        fault => Ok(fault),
    }
}

/// A write transaction under way; tells when it has ended, however it did.
pub(crate) struct Held {
    faults: Arc<dyn Faults>,
    kept: bool,
}

impl Held {
    pub(crate) fn new(seam: &Seam) -> Option<Self> {
        seam.clone().map(|faults| Self { faults, kept: false })
    }

    pub(crate) fn seam(held: &Option<Self>) -> Seam {
        held.as_ref().map(|held| held.faults.clone())
    }

    pub(crate) fn kept(held: &mut Option<Self>) {
        if let Some(held) = held {
            held.kept = true;
        }
    }

    pub(crate) fn breaks_statement(held: &Option<Self>) -> bool {
        held.as_ref().is_some_and(|held| held.faults.breaks_statement())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.faults.ended(self.kept);
    }
}

/// What a driver says when the other side has gone.
pub(crate) fn gone() -> sqlx::Error {
    sqlx::Error::Io(std::io::ErrorKind::ConnectionReset.into())
}
