//! The proof of the trail (操作記録): what an event's leaf is, the tree over the leaves, signed checkpoints, and the
//! walk that finds what was altered, removed, moved, rolled back or forked.
//!
//! Every byte of it is described in `docs/trail.md`, so that an auditor can check an export with another program.

pub mod audit;
pub mod export;
pub mod leaf;
pub mod note;
pub mod proof;
pub mod request;
pub mod tree;

pub use audit::{Anchor, Finding, Walk};
pub use leaf::Entry;
pub use note::{Checkpoint, PublicKey, Remembered, SignedCheckpoint, SigningKey};
pub use proof::TlogProof;
pub use request::AddCheckpoint;
pub use tlog_tiles::Hash;
pub use tree::Edge;

/// Why something that should be of the trail cannot be read.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum TrailFault {
    #[error("not a verifier key of the form name+hash+key: {0}")]
    Key(String),
    #[error("not a checkpoint in the C2SP format: {0}")]
    Checkpoint(String),
    #[error("not a tlog-proof: {0}")]
    Proof(String),
    #[error("not a request for a cosignature: {0}")]
    Request(String),
    #[error("not an exported trail: {0}")]
    Export(String),
    #[error("the key does not sign")]
    Signing,
    #[error("hashes of the tree are missing or cannot be read")]
    Tree,
}

/// The hash that a text of 44 characters stands for.
///
/// # Errors
/// [`TrailFault::Tree`] for another text.
pub fn hash_of(text: &str) -> Result<Hash, TrailFault> {
    Hash::parse_hash(text).map_err(|_| TrailFault::Tree)
}
