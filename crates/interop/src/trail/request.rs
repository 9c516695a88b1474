//! What a witness is asked: the body of C2SP's tlog-witness `add-checkpoint`, that is the size that it saw last, a consistency
//! proof from there, and the checkpoint.

use std::fmt::Write as _;

use tlog_tiles::Hash;

use super::note::SignedCheckpoint;
use super::{TrailFault, hash_of};

/// A checkpoint on its way to a witness.
#[derive(Debug, Clone, PartialEq)]
pub struct AddCheckpoint {
    /// Size of the tree that the witness saw last.
    pub old: u64,
    pub proof: Vec<Hash>,
    pub note: SignedCheckpoint,
}

impl AddCheckpoint {
    /// Its text.
    pub fn to_text(&self) -> String {
        let mut text = format!("old {}\n", self.old);
        for hash in &self.proof {
            let _ = writeln!(text, "{hash}");
        }
        format!("{text}\n{}", self.note.to_text())
    }

    /// From its text; a bare checkpoint is one that nothing was seen of before.
    ///
    /// # Errors
    /// [`TrailFault::Request`] or [`TrailFault::Checkpoint`].
    pub fn parse(text: &str) -> Result<Self, TrailFault> {
        let fault = |why: &str| TrailFault::Request(why.to_owned());
        if !text.starts_with("old ") {
            return Ok(Self { old: 0, proof: Vec::new(), note: SignedCheckpoint::parse(text)? });
        }
        let (head, note) = text.split_once("\n\n").ok_or_else(|| fault("no blank line"))?;
        let mut lines = head.lines();
        let old = lines.next().and_then(|line| line.strip_prefix("old ")).and_then(|old| old.parse().ok());
        let proof = lines.map(hash_of).collect::<Result<_, _>>().map_err(|_| fault("a hash"))?;
        Ok(Self { old: old.ok_or_else(|| fault("no size"))?, proof, note: SignedCheckpoint::parse(note)? })
    }
}
