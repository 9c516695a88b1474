//! Profiles that mean harm, and those that are merely odd.

use std::path::{Path, PathBuf};

use sakimori_interop::oscal::resolve::{Folder, Reading, ResolveError, resolve};
use serde_json::{Value, json};

use crate::data::{resolved, scratch, settings};

fn catalog(controls: &Value) -> Value {
    json!({"catalog": {"uuid": "11111111-2222-4333-8444-555555555555", "metadata": {
        "title": "T", "last-modified": "2026-01-01T00:00:00Z", "version": "1", "oscal-version": "1.1.2"},
        "groups": [{"id": "g", "title": "G", "params": [{"id": "g_p", "label": "g"}, {"id": "g_q", "label": "q"}], "controls": controls}]}})
}

fn profile(imports: &Value, more: &Value) -> Value {
    let mut profile = json!({"uuid": "21111111-2222-4333-8444-555555555555", "metadata": {"title": "P",
        "last-modified": "2026-01-01T00:00:00Z", "version": "1", "oscal-version": "1.0.0"}, "imports": imports});
    for (member, value) in more.as_object().into_iter().flatten() {
        profile[member] = value.clone();
    }
    json!({"profile": profile})
}

fn put(folder: &Path, name: &str, value: &Value) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, value.to_string()).expect("written");
    path
}

fn all_of(href: &str) -> Value {
    json!([{"href": href, "include-all": {}}])
}

fn refused(folder: &Path, href: &str) -> ResolveError {
    let path = put(folder, "p.json", &profile(&all_of(href), &json!({})));
    resolved(&path).expect_err(href)
}

#[test]
fn nothing_outside_of_the_folder_and_nothing_on_a_network_is_read() {
    let outer = scratch("outside");
    let inner = outer.join("inner");
    std::fs::create_dir_all(&inner).expect("a folder");
    put(&outer, "secret.json", &catalog(&json!([])));
    for href in ["../secret.json", "%2e%2e/secret.json", "x/../../secret.json", "/etc/hostname", "file:///etc/hostname"]
    {
        assert_eq!(refused(&inner, href).code(), "import-outside", "{href}");
    }
    for href in ["https://example.com/c.json", "http://127.0.0.1/c.json", "//host/c.json", "ftp://a/b", "HTTPS://a/b"] {
        assert_eq!(refused(&inner, href).code(), "import-network", "{href}");
    }
    for href in ["", "none.json", ".", "%00.json"] {
        assert_eq!(refused(&inner, href).code(), "import-missing", "{href}");
    }
    std::os::unix::fs::symlink(outer.join("secret.json"), inner.join("link.json")).expect("a link");
    assert_eq!(refused(&inner, "link.json").code(), "import-outside");
    let path = put(&inner, "p.json", &profile(&all_of("../secret.json"), &json!({})));
    let wide = Folder::new(&outer).expect("the folder");
    assert!(resolve(&wide, &path, &settings(Reading::Published)).is_ok());
}

#[test]
fn what_is_no_profile_is_refused_with_the_place() {
    let folder = scratch("shape");
    let path = folder.join("p.json");
    for (text, part) in [
        ("<profile/>", "not JSON"),
        ("{\"profile\": {\"imports\": [{}]}}", "href"),
        ("{\"system-security-plan\": {}}", "system-security-plan"),
    ] {
        std::fs::write(&path, text).expect("written");
        let error = resolved(&path).expect_err(text);
        assert!(error.code() == "not-oscal" && error.to_string().contains(part), "{error}");
    }
    put(&folder, "c.json", &catalog(&json!([])));
    assert_eq!(resolved(&folder.join("c.json")).expect_err("a catalogue").code(), "not-oscal");
    let two = profile(&all_of("c.json"), &json!({"merge": {"as-is": true, "flat": {}}}));
    assert_eq!(resolved(&put(&folder, "p.json", &two)).expect_err("two structures").code(), "merge-structure");
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    std::fs::write(&path, format!("{{\"profile\": {deep}}}")).expect("written");
    assert_eq!(resolved(&path).expect_err("deep").code(), "not-oscal");
}

#[test]
fn chains_and_repetitions_are_bounded() {
    let folder = scratch("chain");
    for at in 0..40 {
        put(&folder, &format!("p{at}.json"), &profile(&all_of(&format!("p{}.json", at + 1)), &json!({})));
    }
    assert_eq!(resolved(&folder.join("p0.json")).expect_err("a chain").code(), "limit");
    let controls: Vec<Value> = (0..2000).map(|n| json!({"id": format!("c{n}"), "title": "C"})).collect();
    put(&folder, "c.json", &catalog(&json!(controls)));
    let many: Vec<Value> = (0..200).map(|_| json!({"href": "c.json", "include-all": {}})).collect();
    let path = put(&folder, "many.json", &profile(&json!(many), &json!({})));
    assert_eq!(resolved(&path).expect_err("400,000 controls").code(), "limit");
    let own = put(&folder, "self.json", &profile(&all_of("self.json"), &json!({})));
    assert_eq!(resolved(&own).expect_err("itself").code(), "import-circular");
}

#[test]
fn a_structure_of_ones_own_and_all_the_ways_to_change() {
    let folder = scratch("custom");
    put(
        &folder,
        "c.json",
        &catalog(&json!([
            {"id": "c1", "title": "C1", "params": [{"id": "p1", "select": {"choice": ["a", "b"]}}],
             "props": [{"name": "label", "value": "1"}],
             "parts": [{"id": "c1_s", "name": "statement", "prose": "{{ insert: param, p1 }} and {{ insert: param, g_p }}"}],
             "controls": [{"id": "c1.1", "title": "C1.1", "x-own": {"kept": [1]}}]},
            {"id": "c2", "title": "C2"}
        ])),
    );
    let more = json!({
        "merge": {"custom": {"groups": [{"id": "g", "title": "Mine", "insert-controls": [
            {"order": "descending", "include-all": {}}]}]}},
        "modify": {
            "set-parameters": [{"param-id": "p1", "values": ["b"]}, {"param-id": "none", "values": ["x"]}],
            "alters": [
                {"control-id": "c1", "adds": [
                    {"position": "before", "by-id": "c1_s", "parts": [{"name": "before", "prose": "1"}]},
                    {"position": "after", "by-id": "c1_s", "parts": [{"name": "after", "prose": "3"}]},
                    {"by-id": "c1_s", "parts": [{"name": "item", "prose": "in"}]},
                    {"by-id": "c1.1", "props": [{"name": "from-outside", "value": "1"}]},
                    {"position": "starting", "title": "New", "props": [{"name": "first", "value": "1"}]},
                    {"props": [{"name": "last", "value": "1"}]}]},
                {"control-id": "gone", "removes": [{"by-name": "label"}]}]}});
    let path = put(&folder, "p.json", &profile(&all_of("c.json"), &more));
    let done = resolved(&path).expect("resolves");
    let codes: Vec<&str> = done.warnings.iter().map(|warning| warning.code).collect();
    assert_eq!(codes, ["set-parameter-unknown", "alter-unknown"]);
    let group = &done.catalog.groups[0];
    assert_eq!((group.title.as_str(), group.params.len()), ("Mine", 2), "contents of the imported group come along");
    assert!(done.catalog.params.is_empty(), "what stands in the group is not loose");
    assert_eq!(group.controls.iter().map(|control| control.id.as_str()).collect::<Vec<_>>(), ["c2", "c1"]);
    let control = &group.controls[1];
    assert_eq!((control.title.as_str(), control.params[0].values[0].as_str()), ("New", "b"));
    assert!(control.params[0].select.is_none());
    let names: Vec<&str> = control.props.iter().map(|prop| prop.name.as_str()).collect();
    assert_eq!(names, ["first", "label", "last"]);
    let parts: Vec<&str> = control.parts.iter().map(|part| part.name.as_str()).collect();
    assert_eq!(parts, ["before", "statement", "after"]);
    assert_eq!(control.parts[1].parts[0].name, "item");
    let inner = &control.controls[0];
    assert_eq!(inner.props[0].name, "from-outside");
    assert_eq!(inner.rest["x-own"], json!({"kept": [1]}), "members that OSCAL does not know survive");
}

#[test]
fn a_parent_that_another_import_brings_takes_its_child_back() {
    let folder = scratch("nest");
    put(
        &folder,
        "c.json",
        &catalog(
            &json!([{"id": "a", "title": "A"}, {"id": "c1", "title": "C1", "controls": [{"id": "c1.1", "title": "C1.1"}]}]),
        ),
    );
    let imports = json!([
        {"href": "c.json", "include-controls": [{"with-ids": ["c1.1"]}]},
        {"href": "c.json", "include-controls": [{"with-ids": ["c1", "a", "typo"]}]}]);
    let path = put(&folder, "p.json", &profile(&imports, &json!({"merge": {"as-is": true}})));
    let done = resolved(&path).expect("resolves");
    let controls = &done.catalog.groups[0].controls;
    assert_eq!(controls.iter().map(|control| control.id.as_str()).collect::<Vec<_>>(), ["a", "c1"]);
    assert_eq!(controls[1].controls[0].id, "c1.1");
    assert_eq!(done.warnings[0].code, "control-unknown");
}

#[test]
fn a_catalogue_carried_in_the_profile_itself_is_imported() {
    let folder = scratch("base64");
    // {"catalog": …} of one control, in base64.
    let inner = catalog(&json!([{"id": "z", "title": "Z"}])).to_string();
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut encoded = String::new();
    for three in inner.as_bytes().chunks(3) {
        let bits = (0..3).fold(0_u32, |bits, at| (bits << 8) | u32::from(*three.get(at).unwrap_or(&0)));
        for at in 0..4 {
            let letter = alphabet[((bits >> (18 - 6 * at)) & 63) as usize];
            encoded.push(if at <= three.len() { char::from(letter) } else { '=' });
        }
    }
    let uuid = "31111111-2222-4333-8444-555555555555";
    let more =
        json!({"back-matter": {"resources": [{"uuid": uuid, "base64": {"filename": "c.json", "value": encoded}}]}});
    let path = put(&folder, "p.json", &profile(&all_of(&format!("#{uuid}")), &more));
    let done = resolved(&path).expect("resolves");
    assert_eq!(done.catalog.controls[0].id, "z");
    assert!(done.catalog.back_matter.is_none(), "the resource that was imported is not needed any more");
}
