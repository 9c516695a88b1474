//! Validation: NIST's documents are valid, broken ones are not, each fault with its place; round trips lose nothing.

use std::path::Path;

use sakimori_interop::oscal::model::{CatalogDocument, MappingDocument, ProfileDocument};
use sakimori_interop::oscal::resolve::Folder;
use sakimori_interop::oscal::schema::of;
use sakimori_interop::oscal::{Document, Fault, Kind, Severity, Validation, validate};
use serde_json::{Value, json};

use crate::data::{folder, json_of, scratch};

fn checked(path: &Path) -> Validation {
    let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    validate(&bytes, None).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn errors(validation: &Validation) -> Vec<&Fault> {
    validation.faults.iter().filter(|fault| fault.severity == Severity::Error).collect()
}

const PUBLISHED: [&str; 17] = [
    "rev5.0.1/catalog.json",
    "rev5.0.1/LOW_profile.json",
    "rev5.0.1/MODERATE_profile.json",
    "rev5.0.1/HIGH_profile.json",
    "rev5.0.1/PRIVACY_profile.json",
    "rev5.0.1/LOW_resolved.json",
    "rev5.0.1/HIGH_resolved.json",
    "rev4/catalog.json",
    "rev4/MODERATE_profile.json",
    "rev4/HIGH_profile.json",
    "rev4/MODERATE_resolved.json",
    "rev4/HIGH_resolved.json",
    "rev5.1.1/HIGH_profile.json",
    "rev5.1.1/HIGH_resolved.json",
    "examples/basic-catalog.json",
    "examples/mapping-collection_pci.json",
    "examples/mapping-collection_soc2.json",
];

#[test]
fn what_nist_publishes_is_valid() {
    for name in PUBLISHED {
        let validation = checked(&folder().join(name));
        assert!(validation.is_valid(), "{name}: {:#?}", &errors(&validation)[..errors(&validation).len().min(5)]);
    }
}

#[test]
fn profiles_of_the_requirement_tests_fit_the_corrected_schema() {
    for name in ["req-merge-keep1", "req-merge-usefirst1", "req-modify-alter-remove-match2", "req-import-by-resource"] {
        let validation = checked(&folder().join(format!("spec-tests/{name}.json")));
        assert!(validation.is_valid(), "{name}: {:?}", validation.faults);
    }
}

#[test]
fn reading_and_writing_loses_nothing() {
    for name in PUBLISHED {
        let path = folder().join(name);
        let before = json_of(&path);
        let bytes = std::fs::read(&path).expect("the file");
        let after = match Document::read(&bytes).unwrap_or_else(|error| panic!("{name}: {error}")) {
            Document::Catalog(catalog) => serde_json::to_value(CatalogDocument { catalog: *catalog }),
            Document::Profile(profile) => serde_json::to_value(ProfileDocument { profile: *profile }),
            Document::MappingCollection(collection) => {
                serde_json::to_value(MappingDocument { mapping_collection: *collection })
            }
        };
        assert!(after.expect("JSON") == before, "{name} is not the same after reading and writing");
    }
}

#[test]
fn unknown_props_links_and_members_survive() {
    let mut document = json_of(&folder().join("examples/basic-catalog.json"));
    document["catalog"]["x-own"] = json!({"deep": [1, {"a": null}]});
    document["catalog"]["groups"][0]["props"] = json!([{"name": "n", "value": "v", "ns": "https://a.example", "x": 1}]);
    document["catalog"]["metadata"]["links"] =
        json!([{"href": "#x", "rel": "y", "media-type": "z", "text": "t", "q": []}]);
    let Document::Catalog(catalog) = Document::read(document.to_string().as_bytes()).expect("reads") else {
        panic!("a catalogue")
    };
    assert_eq!(serde_json::to_value(CatalogDocument { catalog: *catalog }).expect("JSON"), document);
}

/// A small valid catalogue.
fn small() -> Value {
    json!({"catalog": {"uuid": "11111111-2222-4333-8444-555555555555", "metadata": {
        "title": "T", "last-modified": "2026-01-01T00:00:00Z", "version": "1", "oscal-version": "1.1.2"},
        "params": [{"id": "p", "label": "l"}],
        "groups": [{"id": "g", "title": "G", "controls": [
            {"id": "c", "title": "C", "parts": [{"name": "statement", "id": "c_s", "prose": "{{ insert: param, p }}"}]}]}]}})
}

#[test]
fn every_fault_is_told_with_its_place_and_a_next_step() {
    assert!(validate(small().to_string().as_bytes(), None).expect("reads").faults.is_empty());
    let cases: [(&str, Value, &str, &str); 13] = [
        ("/catalog/uuid", json!("no"), "pattern", "/catalog/uuid"),
        (
            "/catalog/metadata/last-modified",
            json!("2026-02-30T00:00:00Z"),
            "pattern",
            "/catalog/metadata/last-modified",
        ),
        ("/catalog/metadata/title", json!(5), "type", "/catalog/metadata/title"),
        ("/catalog/metadata/titel", json!("x"), "unknown-member", "/catalog/metadata/titel"),
        ("/catalog/groups/0/controls/0/id", json!("1.1"), "pattern", "/catalog/groups/0/controls/0/id"),
        ("/catalog/groups/0/controls/0/props", json!([]), "empty", "/catalog/groups/0/controls/0/props"),
        (
            "/catalog/groups/0/controls/0/props",
            json!([{"name": "a"}]),
            "required",
            "/catalog/groups/0/controls/0/props/0",
        ),
        (
            "/catalog/groups/0/controls/0/links",
            json!([{"href": "a b"}]),
            "uri-reference",
            "/catalog/groups/0/controls/0/links/0/href",
        ),
        ("/catalog/groups/0/id", json!("c"), "id-twice", "/catalog/groups/0"),
        (
            "/catalog/params",
            json!([{"id": "q", "label": "l"}]),
            "param-unknown",
            "/catalog/groups/0/controls/0/parts/0/prose",
        ),
        (
            "/catalog/metadata/links",
            json!([{"href": "#31111111-2222-4333-8444-555555555555"}]),
            "resource-unknown",
            "/catalog/metadata/links/0/href",
        ),
        (
            "/catalog/params",
            json!([{"id": "p", "values": ["a"], "select": {"choice": ["a"]}}]),
            "unknown-member",
            "/catalog/params/0/select",
        ),
        (
            "/catalog/back-matter",
            json!({"resources": [{"uuid": "11111111-2222-4333-8444-555555555555", "title": "x"}]}),
            "uuid-twice",
            "/catalog/back-matter/resources/0",
        ),
    ];
    for (place, value, code, pointer) in cases {
        let mut document = small();
        let (parent, name) = place.rsplit_once('/').expect("a place");
        document.pointer_mut(parent).expect("the parent")[name] = value;
        let validation = validate(document.to_string().as_bytes(), None).expect("reads");
        assert!(!validation.is_valid(), "{place}");
        let found = validation.faults.iter().find(|fault| fault.code == code);
        let found = found.unwrap_or_else(|| panic!("{place} {code}: {:?}", validation.faults));
        // Of two that clash, the one that comes second is named.
        assert!(found.pointer == pointer || code.ends_with("twice"), "{code}: {} {pointer}", found.pointer);
        assert!(!found.next().0.is_empty() && !found.ja.is_empty());
    }
}

#[test]
fn imports_and_references_to_other_files_are_followed() {
    let place = scratch("valid");
    let put = |name: &str, value: &Value| std::fs::write(place.join(name), value.to_string()).expect("written");
    put("c.json", &small());
    let metadata = &small()["catalog"]["metadata"];
    let profile = |href: &str| {
        json!({"profile": {"uuid": "21111111-2222-4333-8444-555555555555", "metadata": metadata,
               "imports": [{"href": href, "include-controls": [{"with-ids": ["c"]}]}]}})
    };
    put("good.json", &profile("c.json"));
    put("broken.json", &profile("none.json"));
    put("circle.json", &profile("circle.json"));
    put("far.json", &profile("https://example.com/c.json"));
    let map = |target: &str| {
        json!({"mapping-collection": {"uuid": "41111111-2222-4333-8444-555555555555", "metadata": metadata,
            "provenance": {"method": "human", "matching-rationale": "semantic", "status": "complete", "mapping-description": "d"},
            "mappings": [{"uuid": "51111111-2222-4333-8444-555555555555",
                "source-resource": {"type": "catalog", "href": "c.json"}, "target-resource": {"type": "profile", "href": "good.json"},
                "maps": [{"uuid": "61111111-2222-4333-8444-555555555555", "relationship": "equal-to",
                    "sources": [{"type": "control", "id-ref": "c"}], "targets": [{"type": "control", "id-ref": target}]}]}]}})
    };
    put("map.json", &map("c"));
    put("lost.json", &map("nowhere"));
    let files = Folder::new(&place).expect("the folder");
    for (name, code, pointer) in [
        ("good.json", "", ""),
        ("broken.json", "import-missing", "/profile/imports"),
        ("circle.json", "import-circular", "/profile/imports"),
        ("map.json", "", ""),
        ("lost.json", "item-unknown", "/mapping-collection/mappings/0/maps/0"),
    ] {
        let path = place.join(name).canonicalize().expect("the path");
        let validation = validate(&std::fs::read(&path).expect("the file"), Some((&files, &path))).expect(name);
        let found: Vec<(&str, &str)> = errors(&validation).iter().map(|f| (f.code, f.pointer.as_str())).collect();
        let expected: Vec<(&str, &str)> = if code.is_empty() { Vec::new() } else { vec![(code, pointer)] };
        assert_eq!(found, expected, "{name}: {:?}", validation.faults);
    }
    let path = place.join("far.json").canonicalize().expect("the path");
    let far = validate(&std::fs::read(&path).expect("the file"), Some((&files, &path))).expect("far");
    assert!(far.is_valid() && far.faults[0].code == "import-network", "a network is never asked: {:?}", far.faults);
}

#[test]
fn the_shipped_schemas_compile() {
    for kind in [Kind::Catalog, Kind::Profile, Kind::MappingCollection] {
        assert!(of(kind).is_ok(), "{kind:?}");
    }
}
