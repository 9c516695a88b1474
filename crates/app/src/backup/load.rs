//! Pieces into an empty database, and the proof that it then holds what they said.

use sakimori_store::dump::{self, Piece, Table};
use sakimori_store::{Store, StoreError};

use super::stream::{Digested, Digests, Pieces, digests};
use super::{BackupError, Result};

/// Not put back: a session that was ended after the backup must not live again.
pub const SESSIONS: &str = "session";

/// Puts everything in, in one transaction. Tables of `leave_out` stay empty.
pub async fn into(store: &Store, mut pieces: Pieces, leave_out: &[&str]) -> Result<Vec<Digested>> {
    if !dump::is_empty(&mut store.read().await?).await? {
        return Err(BackupError::refused(
            "戻す先のデータベースが空ではありません。空のフォルダーか、空のデータベースを指定してください",
            "the database to restore into is not empty; name an empty folder or an empty database",
        ));
    }
    let mut write = store.write().await?;
    dump::empty(&mut write).await?;
    let mut digests = Digests::default();
    let mut table: Option<Table> = None;
    while let Some(piece) = pieces.recv().await {
        let piece = piece?;
        digests.pass(&piece);
        match piece {
            Piece::Table(next) => table = Some(next),
            Piece::Rows(lines) => {
                let Some(table) = &table else { return Err(BackupError::Damaged("rows of no table".to_owned())) };
                if !leave_out.contains(&table.name.as_str()) {
                    dump::insert_lines(&mut write, table, &lines).await?;
                }
            }
        }
    }
    write.commit().await?;
    Ok(digests.end())
}

/// Reads the whole database again and compares every table: rows and hash of all values.
pub async fn prove(store: &Store, expected: &[Digested], leave_out: &[&str]) -> Result<u64> {
    let found = digests(store).await?;
    let mut rows = 0;
    for expected in expected.iter().filter(|digest| !leave_out.contains(&digest.table.name.as_str())) {
        let same = found.iter().find(|found| found.table.name == expected.table.name);
        match same {
            Some(same) if same.hash == expected.hash && same.rows == expected.rows => rows += same.rows,
            Some(same) => {
                return Err(BackupError::Damaged(format!(
                    "table {}: {} rows came back of {}, or not as they were",
                    expected.table.name, same.rows, expected.rows
                )));
            }
            None => return Err(BackupError::Damaged(format!("table {} is missing", expected.table.name))),
        }
    }
    let faults = dump::check(store).await?;
    if let Some(fault) = faults.first() {
        return Err(BackupError::Damaged(fault.clone()));
    }
    Ok(rows)
}

/// An error on its way through pieces.
pub(super) fn passed_on(error: &BackupError) -> StoreError {
    StoreError::Inconsistent { table: "backup", key: String::new(), what: error.to_string() }
}
