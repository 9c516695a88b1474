//! `sakimori oscal` as other programs call it: exit status, output, nothing written on a refusal.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("oscal-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

fn sakimori(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output: Output = Command::new(env!("CARGO_BIN_EXE_sakimori"))
        .current_dir(folder)
        .args(arguments)
        .output()
        .expect("the program starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

fn put(folder: &Path, name: &str, value: &Value) {
    std::fs::write(folder.join(name), value.to_string()).expect("written");
}

fn metadata() -> Value {
    json!({"title": "Lighthouse rules", "last-modified": "2026-01-01T00:00:00Z", "version": "1", "oscal-version": "1.1.2"})
}

fn catalog() -> Value {
    json!({"catalog": {"uuid": "11111111-2222-4333-8444-555555555555", "metadata": metadata(),
        "groups": [{"id": "g", "title": "Lamps", "controls": [
            {"id": "g-1", "title": "Clean", "props": [{"name": "label", "value": "G-1"}],
             "params": [{"id": "g-1_p", "label": "how often"}],
             "parts": [{"id": "g-1_s", "name": "statement", "prose": "Clean it {{ insert: param, g-1_p }}."}]},
            {"id": "g-2", "title": "Replace", "props": [{"name": "label", "value": "G-2"}]}]}]}})
}

fn profile(href: &str) -> Value {
    json!({"profile": {"uuid": "21111111-2222-4333-8444-555555555555", "metadata": metadata(),
        "imports": [{"href": href, "include-controls": [{"with-ids": ["g-1"]}]}],
        "modify": {"set-parameters": [{"param-id": "g-1_p", "values": ["daily"]}]}}})
}

#[test]
fn valid_and_not_valid_are_told_by_the_exit_status() {
    let folder = folder("validate");
    put(&folder, "good.json", &catalog());
    let (status, stdout, stderr) = sakimori(&folder, &["oscal", "validate", "good.json"]);
    assert!(status == 0 && stdout.contains("valid"), "{stdout}{stderr}");
    let mut broken = catalog();
    broken["catalog"]["groups"][0]["controls"][0]["id"] = json!("1 1");
    put(&folder, "bad.json", &broken);
    let (status, stdout, _) = sakimori(&folder, &["oscal", "validate", "bad.json", "--format", "json"]);
    assert_eq!(status, 1);
    let answer: Value = serde_json::from_str(&stdout).expect("JSON alone on standard output");
    assert_eq!(answer["valid"], false);
    assert_eq!(answer["faults"][0]["pointer"], "/catalog/groups/0/controls/0/id");
    for (name, text) in
        [("none.json", None), ("text.json", Some("<catalog/>")), ("ssp.json", Some("{\"system-security-plan\": {}}"))]
    {
        if let Some(text) = text {
            std::fs::write(folder.join(name), text).expect("written");
        }
        let (status, stdout, stderr) = sakimori(&folder, &["oscal", "validate", name]);
        assert_eq!((status, stdout.as_str()), (2, ""), "{name}");
        assert!(stderr.contains(name), "the message names the file: {stderr}");
    }
}

#[test]
fn a_profile_is_resolved_and_what_cannot_be_resolved_leaves_nothing() {
    let folder = folder("resolve");
    put(&folder, "c.json", &catalog());
    put(&folder, "p.json", &profile("c.json"));
    let (status, stdout, stderr) =
        sakimori(&folder, &["oscal", "resolve", "p.json", "--out", "r.json", "--format", "json"]);
    assert_eq!(status, 0, "{stderr}");
    assert_eq!(serde_json::from_str::<Value>(&stdout).expect("JSON")["controls"], 1);
    let written: Value =
        serde_json::from_str(&std::fs::read_to_string(folder.join("r.json")).expect("the result")).expect("JSON");
    assert_eq!(written["catalog"]["controls"][0]["params"][0]["values"], json!(["daily"]));
    assert_eq!(sakimori(&folder, &["oscal", "validate", "r.json"]).0, 0);
    for href in ["none.json", "https://example.com/c.json", "../c.json", "p2.json"] {
        put(&folder, "p2.json", &profile(href));
        let (status, _, stderr) = sakimori(&folder, &["oscal", "resolve", "p2.json", "--out", "no.json"]);
        assert_eq!(status, 2, "{href}");
        assert!(stderr.contains("p2.json") && !folder.join("no.json").exists(), "{stderr}");
    }
    let (status, ..) = sakimori(&folder, &["oscal", "resolve", "p.json", "--out", "p.json"]);
    assert_eq!(status, 2, "the profile itself is not overwritten");
}

#[test]
fn a_catalogue_goes_in_and_comes_out_again() {
    let folder = folder("import");
    put(&folder, "c.json", &catalog());
    let (status, stdout, stderr) = sakimori(&folder, &["oscal", "import", "c.json", "--into", "data"]);
    assert!(status == 0 && stdout.contains("stored") && stdout.contains("lighthouse-rules"), "{stdout}{stderr}");
    let (status, _, stderr) = sakimori(
        &folder,
        &["oscal", "export", "catalog", "--edition", "lighthouse-rules", "--data", "data", "--out", "out.json"],
    );
    assert_eq!(status, 0, "{stderr}");
    assert_eq!(sakimori(&folder, &["oscal", "validate", "out.json"]).0, 0);
    let written = std::fs::read_to_string(folder.join("out.json")).expect("the export");
    assert!(written.contains("Clean it \\\\[Assignment: how often\\\\]."), "{written}");
    // What was exported is recognised by its content and read back as the same edition.
    let (status, stdout, stderr) = sakimori(&folder, &["ingest", "out.json", "--into", "data", "--dry-run"]);
    assert!(status == 0 && stdout.contains("lighthouse-rules"), "{stdout}{stderr}");
    let (status, stdout, _) = sakimori(&folder, &["ingest", "out.json", "--format", "oscal"]);
    assert_eq!(status, 0);
    let again: Value = serde_json::from_str(&stdout).expect("JSON alone on standard output");
    let before: Value = serde_json::from_str(&written).expect("JSON");
    assert_eq!(again["catalog"]["groups"], before["catalog"]["groups"]);
    let (status, _, stderr) =
        sakimori(&folder, &["oscal", "export", "catalog", "--edition", "none", "--data", "data", "--out", "x.json"]);
    assert!(status == 2 && stderr.contains("lighthouse-rules"), "the editions to choose from are named: {stderr}");
    put(&folder, "p.json", &profile("c.json"));
    assert_eq!(sakimori(&folder, &["oscal", "import", "p.json", "--into", "data"]).0, 2, "a profile is resolved first");
}

#[test]
fn a_library_in_yaml_is_taken_in_and_its_mappings_are_shown() {
    let folder = folder("library");
    let library = "urn: urn:k:risk:library:x\nname: Lamp library\nobjects:\n  framework:\n    urn: urn:k:risk:framework:lamp\n    name: Lamp rules\n    \
                   requirement_nodes:\n      - {urn: 'urn:k:risk:req_node:lamp:1', ref_id: 1.10, name: Clean, assessable: true}\n";
    std::fs::write(folder.join("x.yaml"), library).expect("written");
    let (status, stdout, stderr) = sakimori(&folder, &["oscal", "import", "x.yaml", "--into", "data"]);
    assert!(status == 0 && stdout.contains("stored") && stdout.contains("lamp"), "{stdout}{stderr}");
    let mappings = "urn: urn:k:risk:library:m\nobjects:\n  requirement_mapping_set:\n    source_framework_urn: urn:k:risk:framework:lamp\n    \
                    target_framework_urn: urn:k:risk:framework:other\n    requirement_mappings:\n      \
                    - {source_requirement_urn: 'urn:k:n:1.10', target_requirement_urn: 'urn:k:n:2', relationship: superset}\n";
    std::fs::write(folder.join("m.yaml"), mappings).expect("written");
    let (status, stdout, stderr) = sakimori(&folder, &["oscal", "import", "m.yaml", "--format", "json"]);
    assert_eq!(status, 0, "{stderr}");
    let answer: Value = serde_json::from_str(&stdout).expect("JSON alone on standard output");
    assert_eq!(answer[0]["mappings"][0]["relation"], "superset-of");
    std::fs::write(folder.join("bad.yaml"), library.replace("1.10, name", "1.10, nodes: [")).expect("written");
    let (status, _, stderr) = sakimori(&folder, &["oscal", "import", "bad.yaml", "--into", "data"]);
    assert!(status == 2 && stderr.contains("bad.yaml"), "{stderr}");
}
