//! The control mapping model (since 1.2).

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::{BackMatter, Link, Metadata, Property, Rest};

/// A file that holds a mapping collection.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct MappingDocument {
    pub mapping_collection: MappingCollection,
}

/// Mappings with what holds for all of them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct MappingCollection {
    #[serde(default)]
    pub uuid: String,
    #[serde(default)]
    pub metadata: Metadata,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provenance: Option<MappingProvenance>,
    /// One, or a list of them: both are OSCAL. Written as a list.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "one_or_more")]
    pub mappings: Vec<Mapping>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back_matter: Option<BackMatter>,
    #[serde(flatten)]
    pub rest: Rest,
}

/// How the mapping was made.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct MappingProvenance {
    #[serde(default)]
    pub method: String,
    #[serde(default)]
    pub matching_rationale: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapping_description: Option<String>,
    #[serde(flatten)]
    pub rest: Rest,
}

/// The pairs between two resources.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Mapping {
    #[serde(default)]
    pub uuid: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matching_rationale: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    #[serde(default)]
    pub source_resource: ResourceReference,
    #[serde(default)]
    pub target_resource: ResourceReference,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub maps: Vec<Map>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub props: Vec<Property>,
    #[serde(flatten)]
    pub rest: Rest,
}

/// The catalogue or profile that one side refers to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ResourceReference {
    #[serde(default, rename = "type")]
    pub kind: String,
    #[serde(default)]
    pub href: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub props: Vec<Property>,
    #[serde(flatten)]
    pub rest: Rest,
}

/// One relation between items of the source and items of the target.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Map {
    #[serde(default)]
    pub uuid: String,
    /// A token; in some documents an object whose `type` is the token.
    #[serde(default)]
    pub relationship: Value,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<MappingItem>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<MappingItem>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence_score: Option<ConfidenceScore>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub props: Vec<Property>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<Link>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remarks: Option<String>,
    #[serde(flatten)]
    pub rest: Rest,
}

/// How sure somebody is of a relation.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ConfidenceScore {
    /// A decimal number (0 … 1 in what we write).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percentage: Option<Value>,
    #[serde(flatten)]
    pub rest: Rest,
}

/// A control or a statement of a control.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct MappingItem {
    /// `control` or `statement`.
    #[serde(default, rename = "type")]
    pub kind: String,
    #[serde(default)]
    pub id_ref: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub props: Vec<Property>,
    #[serde(flatten)]
    pub rest: Rest,
}

fn one_or_more<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Mapping>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Shape {
        Many(Vec<Mapping>),
        One(Box<Mapping>),
    }
    Ok(match Shape::deserialize(deserializer)? {
        Shape::Many(many) => many,
        Shape::One(one) => vec![*one],
    })
}
