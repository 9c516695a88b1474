//! Libraries in CISO Assistant's layouts (YAML and Excel): frameworks become catalogues, requirement mappings become
//! crosswalks in plain terms. Users bring their own files; none ships.

mod build;
mod sheets;
mod yaml;

use std::collections::BTreeMap;

use serde::Deserialize;

use sakimori_domain::standards::Catalogue;

use crate::oscal::convert::MappedSet;

/// Why a library cannot be taken in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CisoError {
    #[error("line {line}: this is not YAML: {message}")]
    Yaml { line: usize, message: String },
    #[error("line {line}: {what} (limit {limit})")]
    Limit { line: usize, what: &'static str, limit: usize },
    #[error("the library does not have the shape expected: {0}")]
    Shape(String),
    #[error("requirement {urn}: its parent {parent} does not exist")]
    Parent { urn: String, parent: String },
    #[error("requirement {urn} is above itself")]
    Cycle { urn: String },
    #[error("the requirement {urn} occurs twice")]
    Twice { urn: String },
}

impl CisoError {
    /// What happened, in Japanese.
    pub fn ja(&self) -> String {
        match self {
            Self::Yaml { line, message } => format!("{line}行目: YAML として読めません（{message}）。"),
            Self::Limit { line, what, limit } => {
                format!("{line}行目: 扱える大きさを超えています（{what}、上限 {limit}）。")
            }
            Self::Shape(what) => format!("ライブラリの形式が違います（{what}）。"),
            Self::Parent { urn, parent } => format!("要求 {urn} の親 {parent} がありません。"),
            Self::Cycle { urn } => format!("要求 {urn} が自分の親の親になっています。"),
            Self::Twice { urn } => format!("要求 {urn} が二度現れます。"),
        }
    }
}

/// What a library holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Library {
    pub frameworks: Vec<Catalogue>,
    pub mappings: Vec<MappedSet>,
}

/// Reads a library in YAML; `None` for text that is no library at all.
///
/// # Errors
/// A library that is broken: nothing of it is taken.
pub fn from_yaml(text: &str) -> Result<Option<Library>, CisoError> {
    let has = |member: &str| text.lines().any(|line| line.starts_with(member));
    if !has("urn:") || !has("objects:") {
        return Ok(None);
    }
    let value = yaml::read(text)?;
    let file: LibraryFile = serde_json::from_value(value).map_err(|error| CisoError::Shape(error.to_string()))?;
    build::library(file).map(Some)
}

/// Reads a library in the Excel layout; `None` for a workbook that has no sheet `library_meta` or `library_content`.
///
/// # Errors
/// See [`from_yaml`].
pub fn from_cells(book: &crate::files::CellBook) -> Result<Option<Library>, CisoError> {
    sheets::library(book)?.map(build::library).transpose()
}

/// A library as it stands in YAML; what we have no use for is passed over.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct LibraryFile {
    pub ref_id: Option<String>,
    pub name: Option<String>,
    pub version: Option<String>,
    pub locale: Option<String>,
    pub provider: Option<String>,
    pub publication_date: Option<String>,
    pub objects: Objects,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Objects {
    pub framework: Option<Framework>,
    pub frameworks: Vec<Framework>,
    pub requirement_mapping_set: Option<MappingSet>,
    pub requirement_mapping_sets: Vec<MappingSet>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Framework {
    pub urn: Option<String>,
    pub ref_id: Option<String>,
    pub name: Option<String>,
    pub requirement_nodes: Vec<Node>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Node {
    pub urn: Option<String>,
    pub parent_urn: Option<String>,
    pub ref_id: Option<String>,
    pub name: Option<String>,
    pub description: Option<String>,
    pub annotation: Option<String>,
    pub typical_evidence: Option<String>,
    pub assessable: bool,
    pub translations: BTreeMap<String, Translation>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Translation {
    pub name: Option<String>,
    pub description: Option<String>,
    pub annotation: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct MappingSet {
    pub name: Option<String>,
    pub source_framework_urn: Option<String>,
    pub target_framework_urn: Option<String>,
    pub requirement_mappings: Vec<RequirementMapping>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct RequirementMapping {
    pub source_requirement_urn: Option<String>,
    pub target_requirement_urn: Option<String>,
    pub relationship: Option<String>,
    pub rationale: Option<String>,
    pub annotation: Option<String>,
}
