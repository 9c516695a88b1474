//! What a page showed, as a short text that its form sends back: a change is written only over the state that its author
//! saw. For records with a version of their own the version does it; this is for what is kept row by row.

use crate::approval::hash_of;
use crate::{Refusal, Result};

/// The mark of a state; empty for nothing, so that a form that showed nothing need not say so.
pub fn mark<T: AsRef<str>>(parts: impl IntoIterator<Item = T>) -> String {
    let mut parts = parts.into_iter().peekable();
    if parts.peek().is_none() {
        return String::new();
    }
    hash_of(parts).chars().take(16).collect()
}

/// Refuses a change of somebody who saw another state. `None`: a program that has no page.
///
/// # Errors
/// [`Refusal::conflict`].
pub(crate) fn require(now: &str, seen: Option<&str>) -> Result<()> {
    if seen.is_none_or(|seen| seen == now) { Ok(()) } else { Err(Refusal::conflict().into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_differ_by_their_parts_and_nothing_is_empty() {
        assert_eq!(mark::<&str>([]), "");
        assert_ne!(mark(["a", "b"]), mark(["ab"]));
        assert_eq!(mark(["a", "b"]), mark(["a".to_owned(), "b".to_owned()]));
        assert!(require("x", Some("")).is_err() && require("x", Some("x")).is_ok() && require("x", None).is_ok());
    }
}
