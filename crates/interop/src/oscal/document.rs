//! Which OSCAL document is it? Told by its one outer member, never by the file's name.

use std::fmt;

use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};

use super::model::{Catalog, CatalogDocument, MappingCollection, MappingDocument, Profile, ProfileDocument};

/// The kinds of document that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Catalog,
    Profile,
    MappingCollection,
}

impl Kind {
    /// The outer member of the document.
    pub const fn member(self) -> &'static str {
        match self {
            Self::Catalog => "catalog",
            Self::Profile => "profile",
            Self::MappingCollection => "mapping-collection",
        }
    }

    /// The kind of a document by its outer member.
    pub fn of(member: &str) -> Option<Self> {
        [Self::Catalog, Self::Profile, Self::MappingCollection].into_iter().find(|kind| kind.member() == member)
    }

    /// In words.
    pub const fn ja(self) -> &'static str {
        match self {
            Self::Catalog => "カタログ",
            Self::Profile => "プロファイル",
            Self::MappingCollection => "対応表（mapping collection）",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.member())
    }
}

/// A document that was read.
#[derive(Debug, Clone, PartialEq)]
pub enum Document {
    Catalog(Box<Catalog>),
    Profile(Box<Profile>),
    MappingCollection(Box<MappingCollection>),
}

/// Why bytes are not an OSCAL document.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("not JSON: {0}")]
    Json(serde_json::Error),
    #[error("the outer member is \"{0}\"; catalog, profile and mapping-collection are read")]
    Kind(String),
    #[error("not a {kind}: {error}")]
    Shape { kind: Kind, error: serde_json::Error },
}

impl Document {
    /// Reads the JSON of a document.
    ///
    /// # Errors
    /// No JSON, another document, or a member of the wrong shape with its line and column.
    pub fn read(bytes: &[u8]) -> Result<Self, ReadError> {
        // A byte order mark is no JSON, yet editors write it.
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        fn whole<T: DeserializeOwned>(kind: Kind, bytes: &[u8]) -> Result<T, ReadError> {
            serde_json::from_slice(bytes).map_err(|error| ReadError::Shape { kind, error })
        }
        let kind = Self::kind_of(bytes)?;
        Ok(match kind {
            Kind::Catalog => Self::Catalog(Box::new(whole::<CatalogDocument>(kind, bytes)?.catalog)),
            Kind::Profile => Self::Profile(Box::new(whole::<ProfileDocument>(kind, bytes)?.profile)),
            Kind::MappingCollection => {
                Self::MappingCollection(Box::new(whole::<MappingDocument>(kind, bytes)?.mapping_collection))
            }
        })
    }

    /// The kind of a document without reading it whole; that the rest is sound is not said.
    ///
    /// # Errors
    /// No JSON, or another document.
    pub fn kind_of(bytes: &[u8]) -> Result<Kind, ReadError> {
        #[derive(Deserialize)]
        struct Outer {
            #[serde(default)]
            catalog: Option<IgnoredAny>,
            #[serde(default)]
            profile: Option<IgnoredAny>,
            #[serde(default, rename = "mapping-collection")]
            mapping_collection: Option<IgnoredAny>,
            #[serde(flatten)]
            other: std::collections::BTreeMap<String, IgnoredAny>,
        }
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        if let Some(kind) = first_member(bytes).and_then(Kind::of) {
            return Ok(kind);
        }
        let outer: Outer = serde_json::from_slice(bytes).map_err(ReadError::Json)?;
        if outer.catalog.is_some() {
            return Ok(Kind::Catalog);
        }
        if outer.profile.is_some() {
            return Ok(Kind::Profile);
        }
        if outer.mapping_collection.is_some() {
            return Ok(Kind::MappingCollection);
        }
        let mut names = outer.other.into_keys().filter(|name| name != "$schema");
        Err(ReadError::Kind(names.next().unwrap_or_default().chars().take(40).collect()))
    }

    /// Which kind it is.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Catalog(_) => Kind::Catalog,
            Self::Profile(_) => Kind::Profile,
            Self::MappingCollection(_) => Kind::MappingCollection,
        }
    }
}

/// The name of the first member, where it stands as it almost always does.
fn first_member(bytes: &[u8]) -> Option<&str> {
    let rest = bytes.trim_ascii_start().strip_prefix(b"{")?.trim_ascii_start().strip_prefix(b"\"")?;
    let end = rest.iter().take(64).position(|byte| matches!(byte, b'"' | b'\\'))?;
    let (name, after) = rest.split_at(end);
    after.strip_prefix(b"\"")?.trim_ascii_start().starts_with(b":").then_some(std::str::from_utf8(name).ok()?)
}

/// The JSON of a document, indented.
pub fn to_json<T: Serialize>(document: &T) -> String {
    let mut json = serde_json::to_string_pretty(document).unwrap_or_default();
    json.push('\n');
    json
}
