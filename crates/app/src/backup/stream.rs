//! Rows on their way: out of a database, through hashes, into chunks or another database.

use sakimori_store::dump::{self, Piece, Table};
use sakimori_store::{Store, StoreError};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;

use super::Result;
use crate::identity::hex;

/// Pieces on their way.
pub type Pieces = mpsc::Receiver<std::result::Result<Piece, StoreError>>;

/// Everything in a database as it is now, read beside the receiver.
///
/// # Errors
/// The database gives no connection.
pub async fn out_of(store: &Store) -> Result<Pieces> {
    let mut snapshot = store.snapshot().await?;
    let (to, from) = mpsc::channel(4);
    tokio::spawn(async move {
        if let Err(error) = dump::read_all(&mut snapshot, &to).await {
            // Nobody listens any more: then nobody needs to know.
            let _ = to.send(Err(error)).await;
        }
    });
    Ok(from)
}

/// Rows and hash of one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digested {
    pub table: Table,
    pub rows: u64,
    pub hash: String,
}

/// Counts and hashes the pieces that pass.
#[derive(Default)]
pub struct Digests {
    done: Vec<Digested>,
    open: Option<(Table, u64, Sha256)>,
}

impl Digests {
    /// A piece passes.
    pub fn pass(&mut self, piece: &Piece) {
        match piece {
            Piece::Table(table) => {
                self.close();
                self.open = Some((table.clone(), 0, Sha256::new()));
            }
            Piece::Rows(bytes) => {
                if let Some((_, rows, hash)) = &mut self.open {
                    *rows += bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
                    hash.update(bytes);
                }
            }
        }
    }

    fn close(&mut self) {
        if let Some((table, rows, hash)) = self.open.take() {
            self.done.push(Digested { table, rows, hash: hex(&hash.finalize()) });
        }
    }

    /// All tables that passed.
    pub fn end(mut self) -> Vec<Digested> {
        self.close();
        self.done
    }
}

/// Rows and hash of every table of a database.
///
/// # Errors
/// A database error.
pub async fn digests(store: &Store) -> Result<Vec<Digested>> {
    let mut pieces = out_of(store).await?;
    let mut digests = Digests::default();
    while let Some(piece) = pieces.recv().await {
        digests.pass(&piece?);
    }
    Ok(digests.end())
}
