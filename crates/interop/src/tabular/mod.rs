//! Documents whose substance is in flattened tables: readers that a profile selects with `reader = "<name>"`.

use sakimori_domain::standards::Catalogue;

use crate::grammar::Profile;
use crate::source::SourceLine;

/// The names that `reader` may have besides `grammar`.
pub const READERS: &[&str] = &[];

/// Reads a document with the table reader that its profile names; `None` where there is no such reader.
pub fn read(_profile: &Profile, _lines: &[SourceLine]) -> Option<Catalogue> {
    None
}
