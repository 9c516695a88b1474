//! NIST's requirement tests of profile resolution.

use std::path::Path;

use sakimori_interop::oscal::resolve::{Folder, Reading, resolve};
use serde_json::{Value, json};

use crate::data::{as_value, assert_same, comparable, folder, json_of, resolved, settings};

fn spec() -> std::path::PathBuf {
    folder().join("spec-tests")
}

fn without_own_title(mut tree: Value) -> Value {
    // The catalogue itself has no title of its own outside of the metadata.
    tree["title"] = Value::Null;
    tree
}

#[test]
fn all_23_usable_requirement_tests_are_exact() {
    let mut names: Vec<String> = std::fs::read_dir(spec().join("output-expected"))
        .expect("output-expected")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().replace("_RESOLVED.json", ""))
        .filter(|name| name != "req-circular_import")
        .collect();
    names.sort();
    assert_eq!(names.len(), 23, "{names:?}");
    for name in names {
        let ours = resolved(&spec().join(format!("{name}.json"))).unwrap_or_else(|error| panic!("{name}: {error}"));
        let expected = json_of(&spec().join(format!("output-expected/{name}_RESOLVED.json")));
        let theirs = without_own_title(comparable(&expected["catalog"], false));
        let ours = as_value(ours);
        assert_same(&name, &without_own_title(comparable(&ours, false)), &theirs);
        // The expected files were made before a resource could ask to be kept: ours have those besides.
        let asks_to_stay = |resource: &&Value| resource["props"] == json!([{"name": "keep", "value": "always"}]);
        let ours = ours["back-matter"]["resources"].as_array().into_iter().flatten().filter(|one| !asks_to_stay(one));
        let theirs = expected["catalog"]["back-matter"]["resources"].as_array();
        assert_eq!(ours.collect::<Vec<_>>(), theirs.into_iter().flatten().collect::<Vec<_>>(), "{name}");
    }
}

#[test]
fn the_three_that_must_fail_are_refused() {
    for (name, code) in [
        ("req-circular_import", "import-circular"),
        ("req-broken-import", "import-missing"),
        ("req-missing-resource", "import-missing"),
    ] {
        let error = resolved(&spec().join(format!("{name}.json"))).expect_err(name);
        assert_eq!(error.code(), code, "{error}");
        assert!(!error.next().0.is_empty() && error.ja().contains(name), "{}", error.ja());
    }
}

#[test]
fn the_two_merge_keep_profiles_keep_both() {
    for name in ["req-merge-keep1", "req-merge-keep2"] {
        let ours = resolved(&spec().join(format!("{name}.json"))).expect(name);
        let mut ids = 0;
        ours.catalog.groups.iter().for_each(|group| ids += group.controls.len());
        assert_eq!((ours.catalog.groups.len(), ids), (6, 18));
        assert!(ours.warnings.iter().any(|warning| warning.code == "ids-twice"), "{:?}", ours.warnings);
    }
}

#[test]
fn the_wording_of_the_specification_loses_nothing() {
    let text = |name: &str| {
        let folder = Folder::new(&spec()).expect("the folder");
        resolve(&folder, &spec().join(name), &settings(Reading::Text)).expect(name)
    };
    let first = text("req-merge-usefirst1.json");
    let ids: Vec<Vec<&str>> = first
        .catalog
        .groups
        .iter()
        .map(|group| group.controls.iter().map(|control| control.id.as_str()).collect())
        .collect();
    assert_eq!(ids, [["a1", "a2", "a3"], ["b1", "b2", "b3"], ["c1", "c2", "c3"]]);
    let group = &text("req-structure-asis1.json").catalog.groups[0];
    assert_eq!(group.params.iter().map(|param| param.id.as_str()).collect::<Vec<_>>(), ["param-A.a", "param-A.b"]);
    let published = resolved(&spec().join("req-merge-usefirst1.json")).expect("published");
    let lost = published.warnings.iter().filter(|warning| warning.code == "use-first-as-is").count();
    assert_eq!(lost, 6, "what is left out is said: {:?}", published.warnings);
}

#[test]
fn the_same_profile_gives_the_same_bytes_and_uuid() {
    let once = as_value(resolved(&spec().join("req-include-by-id.json")).expect("resolves"));
    let folder = Folder::new(&spec()).expect("the folder");
    let mut later = settings(Reading::Published);
    later.now = "2027-01-01T00:00:00Z".to_owned();
    let again = as_value(resolve(&folder, Path::new(&spec().join("req-include-by-id.json")), &later).expect("again"));
    assert_eq!(once["uuid"], again["uuid"]);
    assert_ne!(once["metadata"]["last-modified"], again["metadata"]["last-modified"]);
    let other = as_value(resolved(&spec().join("req-include-by-match.json")).expect("resolves"));
    assert_ne!(once["uuid"], other["uuid"]);
}
