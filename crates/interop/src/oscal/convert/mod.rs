//! Ours to OSCAL and back: catalogues, an organisation's tailoring as a profile, crosswalks as mapping collections.

mod export;
mod import;
mod mapping;
mod mark;
mod names;
mod params;
mod prose;
mod table;
mod tailoring;
mod token;

pub use export::to_oscal;
pub use import::{ImportError, from_oscal, numbers};
pub use mapping::{MappedPair, MappedSet, MappedSide, MappingProblem, from_mapping_collection, to_mapping_collection};
pub use mark::put_mark;
pub use table::to_csv;
pub use tailoring::{TailoredItem, TailoredSet, to_profile};
pub use token::{number, token};
