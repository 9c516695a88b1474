//! Backups (控え): generations of the whole installation in a folder, made while it runs; each is complete by itself,
//! and what did not change since the one before is kept once.
//!
//! The layout and why it is so: docs/adr/0014-evidence-and-backups.md.

mod create;
mod load;
mod repository;
mod restore;
mod rule;
mod stream;
mod verify;

use serde::{Deserialize, Serialize};

use crate::AppError;

pub use create::{Created, create, prune};
pub use repository::Generation;
pub use restore::{MoveReport, Restored, Target, compare, rehearse, restore, transfer};
pub use verify::{Verified, needing, note_verified, noted, verify, verify_against};

/// A table in a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableEntry {
    pub table: sakimori_store::dump::Table,
    pub rows: u64,
    /// SHA-256 of its lines.
    pub hash: String,
    /// Names of the chunks that hold the lines, in order.
    pub chunks: Vec<String>,
}

/// What a generation holds. Sealed; its own hash stands in the trail.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Manifest {
    pub format: u32,
    /// Version of the program that made it.
    pub product: String,
    /// Id of the folder.
    pub repository: String,
    pub sequence: u64,
    pub at: String,
    /// Hash of the manifest before it; '' for the first.
    pub previous: String,
    pub engine: String,
    /// Migrations that made the schema.
    pub migrations: Vec<i64>,
    pub tables: Vec<TableEntry>,
    /// Names of the sealed files of evidence.
    pub evidence: Vec<String>,
    /// Key that names the chunks of this folder, hex.
    pub name_key: String,
    /// Public halves of the installation's keys: what its evidence and secrets need.
    pub keys: Vec<String>,
    /// The keys themselves, only where the backup was made for somebody else's key too.
    pub key_text: String,
    /// The key that signs the trail: sealed with the rest, so that only the sealing key needs a safe.
    pub trail_key: String,
    /// Hash of the list of files.
    pub list_hash: String,
    /// Position of the installation's trail, and the newest positions of all trails as one hash.
    pub trail_position: i64,
}

/// Why a backup could not be made, read or put back.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("{what}: {source}")]
    Disk { what: String, source: std::io::Error },
    #[error("{0}")]
    Damaged(String),
    #[error("{ja} / {en}")]
    Refused { ja: String, en: String },
    #[error(transparent)]
    Store(#[from] sakimori_store::StoreError),
    #[error(transparent)]
    App(#[from] AppError),
}

impl BackupError {
    fn disk(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        move |source| BackupError::Disk { what: what.into(), source }
    }

    fn refused(ja: impl Into<String>, en: impl Into<String>) -> Self {
        BackupError::Refused { ja: ja.into(), en: en.into() }
    }
}

type Result<T> = std::result::Result<T, BackupError>;

/// Runs disk work beside the requests.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => Err(AppError::Internal(error.to_string()).into()),
    }
}
