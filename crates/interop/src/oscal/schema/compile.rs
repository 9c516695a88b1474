//! A JSON schema as far as NIST's OSCAL schemas use the language (draft 7), compiled for checking.
//!
//! Twelve keywords are all they use; a schema with another one is refused when it is loaded, so that nothing can be
//! passed over in silence.

use std::collections::HashMap;

use regex::Regex;
use serde_json::{Map, Value};

/// Why a schema cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    #[error("the schema is no JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("the schema uses the keyword \"{0}\", which is not known")]
    Keyword(String),
    #[error("the schema refers to \"{0}\", which it does not have")]
    Reference(String),
    #[error("the schema has a pattern that cannot be used: {0}")]
    Pattern(String),
    #[error("the schema has something unexpected in \"{0}\"")]
    Shape(&'static str),
}

/// What a place in a document must be.
#[derive(Debug, Default)]
pub(super) struct Node {
    pub kind: Option<Kind>,
    pub properties: HashMap<String, usize>,
    pub required: Vec<String>,
    /// Members beside `properties` are forbidden.
    pub is_closed: bool,
    pub items: Option<usize>,
    pub min_items: usize,
    pub all_of: Vec<usize>,
    pub any_of: Vec<usize>,
    pub values: Vec<Value>,
    pub pattern: Option<Regex>,
    pub is_uri_reference: bool,
    pub reference: Option<usize>,
}

/// Types of JSON values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Object,
    Array,
    String,
    Number,
    Integer,
    Boolean,
}

impl Kind {
    pub fn fits(self, value: &Value) -> bool {
        match self {
            Self::Object => value.is_object(),
            Self::Array => value.is_array(),
            Self::String => value.is_string(),
            Self::Number => value.is_number(),
            Self::Integer => value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|n| n.fract() == 0.0),
            Self::Boolean => value.is_boolean(),
        }
    }

    /// Japanese and English.
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Object => ("オブジェクト { }", "an object"),
            Self::Array => ("配列 [ ]", "an array"),
            Self::String => ("文字列", "a string"),
            Self::Number => ("数値", "a number"),
            Self::Integer => ("整数", "an integer"),
            Self::Boolean => ("true か false", "true or false"),
        }
    }
}

/// A compiled schema.
#[derive(Debug)]
pub struct Schema {
    pub(super) nodes: Vec<Node>,
    pub(super) root: usize,
}

impl Schema {
    /// Compiles the text of a schema.
    ///
    /// # Errors
    /// What this compiler does not know; never passed over.
    pub fn parse(text: &str) -> Result<Self, SchemaError> {
        let json: Value = serde_json::from_str(text)?;
        let mut compiler = Compiler { nodes: Vec::new(), names: HashMap::new(), open: Vec::new() };
        let root = compiler.node(&json)?;
        if let Some(definitions) = json.get("definitions").and_then(Value::as_object) {
            for (name, definition) in definitions {
                let at = compiler.node(definition)?;
                compiler.names.insert(format!("#/definitions/{name}"), at);
            }
        }
        for (at, name) in std::mem::take(&mut compiler.open) {
            let target = compiler.names.get(&name).copied().ok_or(SchemaError::Reference(name))?;
            compiler.nodes[at].reference = Some(target);
        }
        Ok(Self { nodes: compiler.nodes, root })
    }
}

struct Compiler {
    nodes: Vec<Node>,
    /// Where a reference leads: a pointer into the definitions or an `$id`.
    names: HashMap<String, usize>,
    /// References that still have to be joined.
    open: Vec<(usize, String)>,
}

impl Compiler {
    fn node(&mut self, json: &Value) -> Result<usize, SchemaError> {
        let at = self.nodes.len();
        self.nodes.push(Node::default());
        let json = json.as_object().ok_or(SchemaError::Shape("schema"))?;
        if let Some(id) = json.get("$id").and_then(Value::as_str) {
            self.names.insert(id.to_owned(), at);
        }
        // In draft 7 whatever stands beside a reference says nothing.
        if let Some(reference) = json.get("$ref") {
            let name = reference.as_str().ok_or(SchemaError::Shape("$ref"))?;
            self.open.push((at, name.to_owned()));
            return Ok(at);
        }
        let node = self.keywords(json)?;
        self.nodes[at] = node;
        Ok(at)
    }

    fn keywords(&mut self, json: &Map<String, Value>) -> Result<Node, SchemaError> {
        let mut node = Node::default();
        for (keyword, value) in json {
            match keyword.as_str() {
                "$schema" | "$id" | "$comment" | "title" | "description" | "definitions" | "contentEncoding" => {}
                "type" => node.kind = Some(kind(value)?),
                "properties" => {
                    for (name, inner) in value.as_object().ok_or(SchemaError::Shape("properties"))? {
                        let at = self.node(inner)?;
                        node.properties.insert(name.clone(), at);
                    }
                }
                "required" => node.required = strings(value, "required")?,
                "additionalProperties" => match value {
                    Value::Bool(is_open) => node.is_closed = !is_open,
                    _ => return Err(SchemaError::Shape("additionalProperties")),
                },
                "items" => node.items = Some(self.node(value)?),
                "minItems" => {
                    let least = value.as_u64().ok_or(SchemaError::Shape("minItems"))?;
                    node.min_items = usize::try_from(least).map_err(|_| SchemaError::Shape("minItems"))?;
                }
                "allOf" => node.all_of = self.list(value, "allOf")?,
                "anyOf" => node.any_of = self.list(value, "anyOf")?,
                "enum" => node.values = value.as_array().ok_or(SchemaError::Shape("enum"))?.clone(),
                "pattern" => {
                    let pattern = value.as_str().ok_or(SchemaError::Shape("pattern"))?;
                    let regex = Regex::new(pattern).map_err(|error| SchemaError::Pattern(error.to_string()))?;
                    node.pattern = Some(regex);
                }
                // The other formats of these schemas come with a pattern that says more.
                "format" => match value.as_str() {
                    Some("uri-reference") => node.is_uri_reference = true,
                    Some("date-time" | "date" | "email" | "uri") => {}
                    _ => return Err(SchemaError::Shape("format")),
                },
                other => return Err(SchemaError::Keyword(other.to_owned())),
            }
        }
        Ok(node)
    }

    fn list(&mut self, value: &Value, keyword: &'static str) -> Result<Vec<usize>, SchemaError> {
        value.as_array().ok_or(SchemaError::Shape(keyword))?.iter().map(|inner| self.node(inner)).collect()
    }
}

fn kind(value: &Value) -> Result<Kind, SchemaError> {
    Ok(match value.as_str() {
        Some("object") => Kind::Object,
        Some("array") => Kind::Array,
        Some("string") => Kind::String,
        Some("number") => Kind::Number,
        Some("integer") => Kind::Integer,
        Some("boolean") => Kind::Boolean,
        _ => return Err(SchemaError::Shape("type")),
    })
}

fn strings(value: &Value, keyword: &'static str) -> Result<Vec<String>, SchemaError> {
    let list = value.as_array().ok_or(SchemaError::Shape(keyword))?;
    list.iter().map(|one| one.as_str().map(str::to_owned).ok_or(SchemaError::Shape(keyword))).collect()
}
