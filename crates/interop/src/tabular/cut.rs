//! Cells cut out of a [`Flow`] by their first and last words.
//!
//! A cell is written in the profile as
//! `first words` (up to the end of the block or the next cell), `first words…last words` (both inclusive), either with
//! `#2` behind for the second place where it stands, or `=value` for what the flattened text has lost and the reader adds.

use super::flow::{Flow, squeeze};

/// One cell as the profile writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cell {
    /// Not in the text: given by the profile.
    Given(String),
    Cut {
        first: Vec<char>,
        last: Vec<char>,
        nth: usize,
    },
}

impl Cell {
    pub fn parse(written: &str) -> Cell {
        if let Some(given) = written.strip_prefix('=') {
            return Cell::Given(given.to_owned());
        }
        let (cue, nth) = match written.rsplit_once('#') {
            Some((cue, nth)) if nth.parse::<usize>().is_ok() => (cue, nth.parse().unwrap_or(1)),
            _ => (written, 1),
        };
        let (first, last) = cue.split_once('…').unwrap_or((cue, ""));
        Cell::Cut { first: squeeze(first), last: squeeze(last), nth: nth.max(1) }
    }
}

/// A cell that was found: where it starts and, once known, where it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub from: usize,
    pub to: usize,
    /// The profile named the last words, so the end does not depend on the next cell.
    pub fixed: bool,
}

/// Finds where a cell starts and takes the cue, so that the next cell with the same cue is found behind it.
pub(crate) fn locate(flow: &mut Flow<'_>, cell: &Cell) -> Option<Place> {
    let Cell::Cut { first, last, nth } = cell else { return None };
    let mut from = 0;
    let mut found = None;
    for _ in 0..*nth {
        let at = flow.find(first, from, |_, _| true)?;
        found = Some(at);
        from = at + 1;
    }
    let at = found?;
    let end = at + first.len();
    let place = if last.is_empty() {
        Place { from: at, to: end, fixed: false }
    } else {
        let tail = flow.find(last, end, |_, _| true)?;
        Place { from: at, to: tail + last.len(), fixed: true }
    };
    flow.take(at, if place.fixed { place.to } else { end });
    Some(place)
}

/// Gives every open cell its end: the next character that something else has taken, or the end of its block.
pub(crate) fn close(flow: &mut Flow<'_>, place: &mut Place) {
    if place.fixed {
        return;
    }
    let block_end = flow.block_end(place.from);
    let to = (place.to..block_end).find(|&at| flow.is_used(at)).unwrap_or(block_end);
    flow.take(place.to, to);
    place.to = to;
}
