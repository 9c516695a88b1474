//! The OSCAL documents as they stand in JSON (1.0.0 – 1.2.1): types only, no behaviour.
//!
//! What these types do not name is kept in `rest` and written back, so that unknown props, links and members survive a
//! round trip. Empty lists are not written: OSCAL forbids them.

mod catalog;
mod mapping;
mod profile;

pub use catalog::{Catalog, CatalogDocument, Control, Group, Parameter, Part, Select};
pub use mapping::{
    ConfidenceScore, Map, Mapping, MappingCollection, MappingDocument, MappingItem, MappingProvenance,
    ResourceReference,
};
pub use profile::{
    Add, Alter, Combine, Custom, CustomGroup, Import, InsertControls, Matching, Merge, Modify, Profile,
    ProfileDocument, Remove, SelectControls, SetParameter,
};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Members that a type does not name.
pub type Rest = serde_json::Map<String, Value>;

/// Facts about the document itself.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Metadata {
    #[serde(default)]
    pub title: String,
    /// RFC 3339 with an offset.
    #[serde(default)]
    pub last_modified: String,
    #[serde(default)]
    pub version: String,
    #[serde(default)]
    pub oscal_version: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub props: Vec<Property>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<Link>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<Value>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parties: Vec<Value>,
    #[serde(flatten)]
    pub rest: Rest,
}

/// A name with a value, in a namespace.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Property {
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uuid: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ns: Option<String>,
    #[serde(default)]
    pub value: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    #[serde(flatten)]
    pub rest: Rest,
}

/// A reference to something inside (`#…`) or outside of the document.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Link {
    #[serde(default)]
    pub href: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rel: Option<String>,
    #[serde(flatten)]
    pub rest: Rest,
}

/// What the document cites or carries along.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct BackMatter {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<Resource>,
    #[serde(flatten)]
    pub rest: Rest,
}

/// One thing of the back matter.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Resource {
    #[serde(default)]
    pub uuid: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub props: Vec<Property>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rlinks: Vec<ResourceLink>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base64: Option<Base64>,
    #[serde(flatten)]
    pub rest: Rest,
}

/// Where a resource can be had.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ResourceLink {
    #[serde(default)]
    pub href: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    #[serde(flatten)]
    pub rest: Rest,
}

/// A resource carried in the document itself.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Base64 {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filename: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    #[serde(default)]
    pub value: String,
    #[serde(flatten)]
    pub rest: Rest,
}
