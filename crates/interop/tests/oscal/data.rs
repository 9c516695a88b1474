//! Where the test data is, and how results are compared.

use std::path::{Path, PathBuf};

use sakimori_interop::oscal::model::CatalogDocument;
use sakimori_interop::oscal::resolve::{Folder, Reading, ResolveError, Resolved, Settings, resolve};
use serde_json::{Value, json};

/// The folder of the test data.
pub fn folder() -> PathBuf {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/oscal");
    let folder = std::env::var_os("SAKIMORI_OSCAL_DATA").map_or_else(beside, PathBuf::from);
    assert!(folder.is_dir(), "NIST's files are needed: set SAKIMORI_OSCAL_DATA to their folder ({})", folder.display());
    folder
}

/// A folder of its own below the build's temporary one, empty.
pub fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("oscal-{name}"));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a temporary folder");
    folder
}

pub fn json_of(path: &Path) -> Value {
    let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub fn settings(reading: Reading) -> Settings {
    Settings { now: "2026-11-20T09:00:00Z".to_owned(), reading }
}

/// Resolves a profile whose imports lie in its own folder.
pub fn resolved(profile: &Path) -> Result<Resolved, ResolveError> {
    let folder = Folder::new(profile.parent().expect("a folder")).expect("the folder");
    resolve(&folder, profile, &settings(Reading::Published))
}

pub fn as_value(resolved: Resolved) -> Value {
    serde_json::to_value(CatalogDocument { catalog: resolved.catalog }).expect("JSON")["catalog"].take()
}

fn list(node: &Value, member: &str, each: impl Fn(&Value) -> Value) -> Value {
    node.get(member).and_then(Value::as_array).map_or(json!([]), |all| all.iter().map(each).collect())
}

fn copy(value: &Value) -> Value {
    value.clone()
}

/// What the README of the data says is to be compared: params, groups, controls with id, title, params, props, parts and
/// the order; `more` adds links and class.
pub fn comparable(node: &Value, more: bool) -> Value {
    let mut out = json!({
        "title": node.get("title"),
        "params": list(node, "params", copy),
        "props": list(node, "props", copy),
        "parts": list(node, "parts", copy),
        "controls": list(node, "controls", |control| {
            let mut inner = comparable(control, more);
            inner["id"] = control["id"].clone();
            inner
        }),
        "groups": list(node, "groups", |group| comparable(group, more)),
    });
    if more {
        out["links"] = list(node, "links", copy);
        out["class"] = node.get("class").cloned().unwrap_or_default();
    }
    out
}

/// Says where two trees differ first.
pub fn assert_same(name: &str, ours: &Value, theirs: &Value) {
    fn first(path: &str, a: &Value, b: &Value) -> Option<String> {
        match (a, b) {
            _ if a == b => None,
            (Value::Object(x), Value::Object(y)) => {
                let keys = x.keys().chain(y.keys());
                keys.into_iter().find_map(|key| {
                    first(
                        &format!("{path}/{key}"),
                        x.get(key).unwrap_or(&Value::Null),
                        y.get(key).unwrap_or(&Value::Null),
                    )
                })
            }
            (Value::Array(x), Value::Array(y)) => {
                let pairs = x.iter().zip(y).enumerate();
                let inner = pairs.into_iter().find_map(|(at, (p, q))| first(&format!("{path}/{at}"), p, q));
                Some(inner.unwrap_or_else(|| format!("{path}: {} entries, expected {}", x.len(), y.len())))
            }
            _ => Some(format!("{path}: {a}\n  expected {b}")),
        }
    }
    if let Some(difference) = first("", ours, theirs) {
        panic!("{name}: {difference}");
    }
}
