//! The rules of Sakimori: what a Provision is, what binds whom, what an answer means.
//!
//! Pure: no async, no IO, no clock of its own, no serde on entities. "Is it allowed?" is answered here; how it is
//! stored, drawn or sent is the question of the other crates.

pub mod approval;
pub mod assurance;
pub mod citation;
pub mod comparison;
pub mod crosswalk;
pub mod identity;
pub mod registry;
pub mod revision;
pub mod standards;
pub mod tenancy;
pub mod text;
pub mod trail_mark;
