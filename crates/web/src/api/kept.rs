//! Sheets as they were last sent, so that a list that many people have open is not put together anew for each of them.
//!
//! A sheet is kept under the stamp of the trail that was read *before* its rows. Every write moves the stamp in its own
//! transaction, on whichever process it happens, so a kept sheet is never older than the last write.

use std::sync::{Mutex, PoisonError};

use axum::body::Bytes;
use sakimori_app::assessment::{Stamp, View};

/// Bytes of all kept sheets together.
const BYTES_MAX: usize = 16 << 20;

/// What tells one sheet from another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SheetKey {
    pub organisation_id: String,
    pub assessment_id: String,
    pub view: View,
}

struct Kept {
    key: SheetKey,
    stamp: Stamp,
    bytes: Bytes,
}

/// The kept sheets, the one asked for last at the end.
#[derive(Default)]
pub struct KeptSheets(Mutex<Vec<Kept>>);

impl KeptSheets {
    /// The sheet of a key, if nothing has changed since.
    pub fn get(&self, key: &SheetKey, stamp: Stamp) -> Option<Bytes> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = kept.iter().position(|k| k.key == *key && k.stamp == stamp)?;
        let found = kept.remove(at);
        let bytes = found.bytes.clone();
        kept.push(found);
        Some(bytes)
    }

    /// Keeps a sheet in the place of an older state of it; those not asked for longest go when there are too many.
    pub fn put(&self, key: SheetKey, stamp: Stamp, bytes: Bytes) {
        if bytes.len() > BYTES_MAX {
            return;
        }
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|k| k.key != key);
        kept.push(Kept { key, stamp, bytes });
        while kept.iter().map(|k| k.bytes.len()).sum::<usize>() > BYTES_MAX {
            kept.remove(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(assessment_id: &str, view: View) -> SheetKey {
        SheetKey { organisation_id: "o".to_owned(), assessment_id: assessment_id.to_owned(), view }
    }

    fn stamp(own: i64) -> Stamp {
        Stamp { own, shared: 1 }
    }

    #[test]
    fn a_sheet_is_found_by_its_key_and_its_stamp_only() {
        let kept = KeptSheets::default();
        kept.put(key("a", View::Whole), stamp(3), Bytes::from_static(b"rows"));
        assert_eq!(kept.get(&key("a", View::Whole), stamp(3)).as_deref(), Some(b"rows".as_slice()));
        assert_eq!(kept.get(&key("a", View::Whole), stamp(4)), None);
        assert_eq!(kept.get(&key("b", View::Whole), stamp(3)), None);
        assert_eq!(kept.get(&key("a", View::Department("d".to_owned())), stamp(3)), None);
    }

    #[test]
    fn a_newer_state_takes_the_place_of_the_older_one() {
        let kept = KeptSheets::default();
        for own in 1..=2 {
            kept.put(key("a", View::Whole), stamp(own), Bytes::from_static(b"rows"));
        }
        assert_eq!(kept.get(&key("a", View::Whole), stamp(1)), None);
        assert!(kept.get(&key("a", View::Whole), stamp(2)).is_some());
    }

    #[test]
    fn the_kept_sheets_stay_small() {
        let kept = KeptSheets::default();
        let half = Bytes::from(vec![b' '; BYTES_MAX / 2]);
        for id in ["a", "b"] {
            kept.put(key(id, View::Whole), stamp(1), half.clone());
        }
        assert!(kept.get(&key("a", View::Whole), stamp(1)).is_some(), "asked for last, so it stays longest");
        kept.put(key("c", View::Whole), stamp(1), half.clone());
        assert!(kept.get(&key("b", View::Whole), stamp(1)).is_none());
        assert!(kept.get(&key("a", View::Whole), stamp(1)).is_some());
        kept.put(key("d", View::Whole), stamp(1), Bytes::from(vec![b' '; BYTES_MAX + 1]));
        assert!(kept.get(&key("d", View::Whole), stamp(1)).is_none());
    }
}
