//! Sheets as they were last sent, so that a list that many people have open is not put together anew for each of them, and
//! that a saved answer costs one row and not a thousand.
//!
//! A sheet is kept under the stamp of the trail that was read *before* its rows. Every write moves the stamp in its own
//! transaction, on whichever process it happens, so a kept sheet is never older than the last write. Where only answers
//! were written since, the trail names them, and their rows alone are read and written anew.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

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

/// A list of rows as JSON text that knows where each row begins and ends.
#[derive(Debug, Clone)]
pub struct Pieces {
    bytes: Bytes,
    /// Id of each row in order, and where its text ends.
    ends: Vec<(Arc<str>, usize)>,
}

impl Pieces {
    /// Puts rows together: id and JSON of each.
    pub fn of(rows: &[(&str, Bytes)]) -> Self {
        Self::join(
            rows.iter().map(|(id, json)| (Arc::from(*id), json.as_ref())),
            rows.iter().map(|(_, j)| j.len()).sum(),
        )
    }

    /// The same rows, some of them with another text. What is not among the rows is left out.
    pub fn with(&self, changed: &[(&str, Bytes)]) -> Self {
        let changed: HashMap<&str, &Bytes> = changed.iter().map(|(id, json)| (*id, json)).collect();
        let mut start = 1;
        let rows = self.ends.iter().map(|(id, end)| {
            let kept = self.bytes.get(start..*end).unwrap_or_default();
            // A comma stands between two rows.
            start = end + 1;
            (id.clone(), changed.get(id.as_ref()).map_or(kept, |json| json.as_ref()))
        });
        Self::join(rows, self.bytes.len() + changed.values().map(|json| json.len()).sum::<usize>())
    }

    fn join<'a>(rows: impl Iterator<Item = (Arc<str>, &'a [u8])>, expected: usize) -> Self {
        let (least, _) = rows.size_hint();
        let mut bytes = Vec::with_capacity(expected + least + 2);
        let mut ends = Vec::with_capacity(least);
        bytes.push(b'[');
        for (id, json) in rows {
            if !ends.is_empty() {
                bytes.push(b',');
            }
            bytes.extend_from_slice(json);
            ends.push((id, bytes.len()));
        }
        bytes.push(b']');
        Self { bytes: bytes.into(), ends }
    }

    /// The whole list.
    pub fn bytes(&self) -> Bytes {
        self.bytes.clone()
    }
}

struct Kept {
    key: SheetKey,
    stamp: Stamp,
    pieces: Arc<Pieces>,
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
        let bytes = found.pieces.bytes();
        kept.push(found);
        Some(bytes)
    }

    /// The sheet of a key as it was at some moment, to be brought up to date.
    pub fn older(&self, key: &SheetKey) -> Option<(Stamp, Arc<Pieces>)> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().find(|k| k.key == *key).map(|k| (k.stamp, k.pieces.clone()))
    }

    /// Keeps a sheet in the place of an older state of it; those not asked for longest go when there are too many.
    pub fn put(&self, key: SheetKey, stamp: Stamp, pieces: Pieces) {
        if pieces.bytes.len() > BYTES_MAX {
            return;
        }
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|k| k.key != key);
        kept.push(Kept { key, stamp, pieces: Arc::new(pieces) });
        while kept.iter().map(|k| k.pieces.bytes.len()).sum::<usize>() > BYTES_MAX {
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

    fn rows() -> Pieces {
        Pieces::of(&[
            ("a", Bytes::from_static(b"1")),
            ("b", Bytes::from_static(b"22")),
            ("c", Bytes::from_static(b"3")),
        ])
    }

    #[test]
    fn a_row_takes_the_place_of_its_older_state() {
        assert_eq!(rows().bytes().as_ref(), b"[1,22,3]");
        let changed = rows().with(&[("b", Bytes::from_static(b"{}")), ("foreign", Bytes::from_static(b"9"))]);
        assert_eq!(changed.bytes().as_ref(), b"[1,{},3]");
        let again = changed.with(&[("a", Bytes::from_static(b"long")), ("c", Bytes::from_static(b"x"))]);
        assert_eq!(again.bytes().as_ref(), b"[long,{},x]");
        assert_eq!(again.with(&[]).bytes(), again.bytes());
        assert_eq!(Pieces::of(&[]).with(&[]).bytes().as_ref(), b"[]");
    }

    #[test]
    fn a_sheet_is_found_by_its_key_and_its_stamp_only() {
        let kept = KeptSheets::default();
        kept.put(key("a", View::Whole), stamp(3), rows());
        assert_eq!(kept.get(&key("a", View::Whole), stamp(3)).as_deref(), Some(b"[1,22,3]".as_slice()));
        assert_eq!(kept.get(&key("a", View::Whole), stamp(4)), None);
        assert_eq!(kept.get(&key("b", View::Whole), stamp(3)), None);
        assert_eq!(kept.get(&key("a", View::Department("d".to_owned())), stamp(3)), None);
        assert_eq!(kept.older(&key("a", View::Whole)).map(|(at, _)| at), Some(stamp(3)));
        assert!(kept.older(&key("a", View::Department("d".to_owned()))).is_none());
    }

    #[test]
    fn a_newer_state_takes_the_place_of_the_older_one() {
        let kept = KeptSheets::default();
        for own in 1..=2 {
            kept.put(key("a", View::Whole), stamp(own), rows());
        }
        assert_eq!(kept.get(&key("a", View::Whole), stamp(1)), None);
        assert!(kept.get(&key("a", View::Whole), stamp(2)).is_some());
    }

    #[test]
    fn the_kept_sheets_stay_small() {
        let kept = KeptSheets::default();
        let of = |bytes: usize| Pieces::of(&[("a", Bytes::from(vec![b' '; bytes]))]);
        for id in ["a", "b"] {
            kept.put(key(id, View::Whole), stamp(1), of(BYTES_MAX / 2 - 2));
        }
        assert!(kept.get(&key("a", View::Whole), stamp(1)).is_some(), "asked for last, so it stays longest");
        kept.put(key("c", View::Whole), stamp(1), of(BYTES_MAX / 2 - 2));
        assert!(kept.get(&key("b", View::Whole), stamp(1)).is_none());
        assert!(kept.get(&key("a", View::Whole), stamp(1)).is_some());
        kept.put(key("d", View::Whole), stamp(1), of(BYTES_MAX));
        assert!(kept.get(&key("d", View::Whole), stamp(1)).is_none());
    }
}
