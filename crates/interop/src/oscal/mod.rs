//! OSCAL, NIST's format for catalogues, profiles and control mappings (1.0.0 – 1.2.1, JSON).
//!
//! [`model`] is the wire format; everything that does something with it stands beside it.

pub mod convert;
pub mod model;
pub mod resolve;
pub mod schema;
pub mod uuid;

mod constraints;
mod document;
mod fault;
mod validate;

pub use document::{Document, Kind, ReadError, to_json};
pub use fault::{Fault, Pointer, Severity};
pub use validate::{FAULTS_MAX, ValidateError, Validation, validate};

/// The namespace of our own props.
pub const NS: &str = "https://sakimori.example/ns/oscal";
