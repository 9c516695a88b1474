//! One event's proof as a file: the C2SP tlog-proof format, with the event itself as its extra data.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tlog_tiles::{Hash, check_record};

use super::note::SignedCheckpoint;
use super::{PublicKey, TrailFault, hash_of};

/// First line of the format.
pub const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";

/// A proof that a leaf is in the tree of a checkpoint.
#[derive(Debug, Clone, PartialEq)]
pub struct TlogProof {
    /// The event as a line of an export.
    pub extra: String,
    pub index: u64,
    pub hashes: Vec<Hash>,
    pub checkpoint: SignedCheckpoint,
}

impl TlogProof {
    /// Its text.
    pub fn to_text(&self) -> String {
        let mut text = format!("{FIRST_LINE}\nextra {}\nindex {}\n", STANDARD.encode(&self.extra), self.index);
        for hash in &self.hashes {
            let _ = writeln!(text, "{hash}");
        }
        format!("{text}\n{}", self.checkpoint.to_text())
    }

    /// From its text.
    ///
    /// # Errors
    /// [`TrailFault::Proof`] or [`TrailFault::Checkpoint`].
    pub fn parse(text: &str) -> Result<Self, TrailFault> {
        let fault = |why: &str| TrailFault::Proof(why.to_owned());
        let (head, checkpoint) = text.split_once("\n\n").ok_or_else(|| fault("no blank line"))?;
        let mut lines = head.lines().peekable();
        if lines.next() != Some(FIRST_LINE) {
            return Err(fault("its first line is another"));
        }
        let extra = match lines.next_if(|line| line.starts_with("extra ")) {
            Some(line) => {
                let bytes = STANDARD.decode(&line["extra ".len()..]).map_err(|_| fault("the extra line"))?;
                String::from_utf8(bytes).map_err(|_| fault("the extra line"))?
            }
            None => String::new(),
        };
        let index = lines.next().and_then(|line| line.strip_prefix("index ")).and_then(|n| n.parse().ok());
        let hashes: Vec<Hash> = lines.map(hash_of).collect::<Result<_, _>>().map_err(|_| fault("a hash"))?;
        Ok(Self {
            extra,
            index: index.ok_or_else(|| fault("no index"))?,
            hashes,
            checkpoint: SignedCheckpoint::parse(checkpoint)?,
        })
    }

    /// Whether the leaf is where the proof says, in a tree that the key signed.
    pub fn holds(&self, leaf: Hash, key: &PublicKey) -> bool {
        let head = &self.checkpoint.checkpoint;
        self.checkpoint.signed_by(key) && check_record(&self.hashes, head.size, head.root, self.index, leaf).is_ok()
    }
}
