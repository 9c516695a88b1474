//! Is a document valid: the official schema, then what the schema cannot say, then what it imports.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use serde_json::Value;

use super::model::MappingCollection;
use super::resolve::{Folder, Reading, ResolveError, Settings, resolve};
use super::{Document, Fault, Kind, Pointer, Severity, constraints, schema};

/// Most faults that are told.
pub const FAULTS_MAX: usize = 200;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Validation {
    pub kind: Kind,
    /// Errors first, each in the order of the places.
    pub faults: Vec<Fault>,
}

impl Validation {
    /// Whether nothing makes it invalid.
    pub fn is_valid(&self) -> bool {
        self.faults.iter().all(|fault| fault.severity == Severity::Warning)
    }
}

/// Why a file could not be checked at all.
#[derive(Debug, thiserror::Error)]
pub enum ValidateError {
    #[error(transparent)]
    Read(#[from] super::ReadError),
    #[error("the shipped schema cannot be used: {0}")]
    Schema(&'static schema::SchemaError),
}

/// Checks one document; with `place` (its folder and file) also what it refers to outside of itself.
///
/// # Errors
/// Bytes that are no OSCAL document of a kind we read.
pub fn validate(bytes: &[u8], place: Option<(&Folder, &Path)>) -> Result<Validation, ValidateError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let json: Value = serde_json::from_slice(bytes).map_err(super::ReadError::Json)?;
    let kind = kind_of(&json)?;
    let schema = schema::of(kind).map_err(ValidateError::Schema)?;
    let mut faults = schema::check(schema, &json, FAULTS_MAX);
    let is_shaped = faults.is_empty();
    faults.extend(constraints::check(kind, &json, FAULTS_MAX));
    drop(json);
    // What is imported is looked at only when the document itself can be understood.
    if let (true, Some((folder, path))) = (is_shaped, place) {
        match kind {
            Kind::Catalog => {}
            Kind::Profile => profile(folder, path, &mut faults),
            Kind::MappingCollection => mapping(bytes, folder, path, &mut faults)?,
        }
    }
    faults.sort_by_key(|fault| fault.severity); // errors first
    faults.truncate(FAULTS_MAX);
    Ok(Validation { kind, faults })
}

fn kind_of(json: &Value) -> Result<Kind, super::ReadError> {
    let members = json.as_object();
    let mut names = members.into_iter().flat_map(|members| members.keys()).filter(|name| *name != "$schema");
    let first = names.clone().next().map_or("", String::as_str);
    names.find_map(|name| Kind::of(name)).ok_or_else(|| super::ReadError::Kind(first.chars().take(40).collect()))
}

/// Imports exist, are OSCAL, and are not circular: found out by resolving.
fn profile(folder: &Folder, path: &Path, faults: &mut Vec<Fault>) {
    let mut at = Pointer::default();
    at.push_name("profile");
    let settings = Settings { now: "1970-01-01T00:00:00Z".to_owned(), reading: Reading::Text };
    match resolve(folder, path, &settings) {
        Ok(resolved) => {
            for warning in resolved.warnings {
                faults.push(Fault::warning(&at, warning.code, warning.ja, warning.en));
            }
        }
        Err(error) => {
            at.push_name(if matches!(error, ResolveError::Structure { .. }) { "merge" } else { "imports" });
            let (ja, en) = error.next();
            let (ja, en) = (format!("{}{ja}", error.ja()), format!("{error}. {en}"));
            // An address on a network cannot be judged from here.
            let is_unseen = matches!(error, ResolveError::Network { .. } | ResolveError::Outside { .. });
            faults.push(if is_unseen {
                Fault::warning(&at, error.code(), ja, en)
            } else {
                Fault::new(&at, error.code(), ja, en)
            });
        }
    }
}

/// What both sides of each mapping refer to exists, as far as the catalogues are at hand.
fn mapping(bytes: &[u8], folder: &Folder, path: &Path, faults: &mut Vec<Fault>) -> Result<(), super::ReadError> {
    let Document::MappingCollection(collection) = Document::read(bytes)? else { return Ok(()) };
    let mut catalogues: HashMap<String, Option<HashSet<String>>> = HashMap::new();
    let mut at = Pointer::default();
    at.push_name("mapping-collection");
    at.push_name("mappings");
    for (index, mapping) in collection.mappings.iter().enumerate() {
        at.push_index(index);
        for (side, resource) in [("sources", &mapping.source_resource), ("targets", &mapping.target_resource)] {
            let known = catalogues.entry(resource.href.clone()).or_insert_with(|| {
                let href = href_of(&collection, &resource.href)?;
                ids_of(folder, path, &href)
            });
            let Some(known) = known else {
                let (ja, en) = (
                    format!("「{}」が手元にないため、{side} の参照先は確かめていません。", resource.href),
                    format!("\"{}\" is not at hand: the {side} were not checked.", resource.href),
                );
                faults.push(Fault::warning(&at, "resource-not-at-hand", ja, en));
                continue;
            };
            at.push_name("maps");
            for (number, map) in mapping.maps.iter().enumerate() {
                let items = if side == "sources" { &map.sources } else { &map.targets };
                for item in items.iter().filter(|item| !known.contains(&item.id_ref)) {
                    at.push_index(number);
                    let (ja, en) = (
                        format!("「{}」に「{}」がありません。", resource.href, item.id_ref),
                        format!("\"{}\" has no \"{}\".", resource.href, item.id_ref),
                    );
                    faults.push(Fault::new(&at, "item-unknown", ja, en));
                    at.pop();
                }
            }
            at.pop();
        }
        at.pop();
    }
    Ok(())
}

/// The file that a resource reference means: itself, or the first JSON link of the back matter.
fn href_of(collection: &MappingCollection, href: &str) -> Option<String> {
    let Some(uuid) = href.strip_prefix('#') else { return Some(href.to_owned()) };
    let mut resources = collection.back_matter.iter().flat_map(|back| &back.resources);
    let resource = resources.find(|resource| resource.uuid.eq_ignore_ascii_case(uuid))?;
    resource.rlinks.iter().map(|link| &link.href).find(|href| href.to_ascii_lowercase().ends_with(".json")).cloned()
}

/// The ids of controls, groups and parts of a catalogue or of what a profile selects.
fn ids_of(folder: &Folder, from: &Path, href: &str) -> Option<HashSet<String>> {
    let path = folder.locate(from, href).ok()?;
    let mut known = HashSet::new();
    let json = match Document::read(&folder.read(&path).ok()?).ok()? {
        Document::Catalog(catalog) => serde_json::to_value(*catalog).ok()?,
        Document::Profile(_) => {
            let resolved = resolve(folder, &path, &Settings::default()).ok()?;
            serde_json::to_value(resolved.catalog).ok()?
        }
        Document::MappingCollection(_) => return None,
    };
    ids(&json, &mut known);
    Some(known)
}

fn ids(value: &Value, known: &mut HashSet<String>) {
    match value {
        Value::Object(members) => {
            if let Some(id) = members.get("id").and_then(Value::as_str) {
                known.insert(id.to_owned());
            }
            members.values().for_each(|inner| ids(inner, known));
        }
        Value::Array(items) => items.iter().for_each(|inner| ids(inner, known)),
        _ => {}
    }
}
