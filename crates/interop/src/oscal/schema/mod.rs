//! NIST's JSON schemas of the documents we read, shipped in `content/oscal/schemas`, and checking against them.

mod check;
mod compile;

use std::sync::OnceLock;

pub use check::check;
pub use compile::{Schema, SchemaError};

use super::Kind;

/// The version of the shipped schemas.
pub const SCHEMA_VERSION: &str = "1.2.1";

/// The text of the schema of a kind of document.
pub const fn text(kind: Kind) -> &'static str {
    match kind {
        Kind::Catalog => include_str!("../../../../../content/oscal/schemas/catalog.json"),
        Kind::Profile => include_str!("../../../../../content/oscal/schemas/profile.json"),
        Kind::MappingCollection => include_str!("../../../../../content/oscal/schemas/mapping.json"),
    }
}

/// The compiled schema of a kind of document; compiled once.
///
/// # Errors
/// A shipped schema that cannot be used: a fault of ours.
pub fn of(kind: Kind) -> Result<&'static Schema, &'static SchemaError> {
    static SCHEMAS: [OnceLock<Result<Schema, SchemaError>>; 3] = [OnceLock::new(), OnceLock::new(), OnceLock::new()];
    let at = match kind {
        Kind::Catalog => 0,
        Kind::Profile => 1,
        Kind::MappingCollection => 2,
    };
    SCHEMAS[at].get_or_init(|| Schema::parse(text(kind))).as_ref()
}
