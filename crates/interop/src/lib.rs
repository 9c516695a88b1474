//! Bytes to and from the domain. Every reader is bounded and returns what it read together with every problem it met,
//! each with its place; nothing here touches the store.
//!
//! A document is read in two steps: a file reader turns bytes into [`source::SourceLine`]s, then a grammar that is data
//! ([`grammar::Profile`]) turns lines into a catalogue.

pub mod ciso;
pub mod files;
pub mod grammar;
pub mod oscal;
pub mod simple;
pub mod source;
pub mod synonyms;
pub mod tabular;
pub mod trail;
pub mod workbook;

pub use grammar::{Fit, Profile, ProfileFault, Reading, best_fit, check, facts_only, read, suggest};
pub use source::SourceLine;
