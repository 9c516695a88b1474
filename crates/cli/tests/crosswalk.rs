//! `sakimori crosswalk` as other programs call it: JSON, lists, exit status, and what a bad call is told.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use sakimori_domain::crosswalk::{MappingStatus, Relation};
use sakimori_store::crosswalk::{Crosswalk, Mapping, insert_crosswalk, insert_mapping};
use sakimori_store::registry::{Organisation, insert_organisation};
use sakimori_store::{Store, StoreConfig};

const LIGHTHOUSE: &str = r#"[
 {"id": "1", "title": "灯室", "kind": "group"},
 {"id": "1.1", "title": "鍵の管理", "parent": "1", "kind": "control", "text": "灯室の鍵を台帳で管理すること。"},
 {"id": "1.2", "title": "当直の教育", "parent": "1", "kind": "control", "text": "当直者を年に一度は教育すること。"}]"#;
const HARBOUR: &str = r#"{"edition": {"id": "harbour"}, "nodes": [
 {"id": "A", "title": "岸壁", "kind": "group", "text": "岸壁を守るための対策が示されていること。"},
 {"id": "A/○錠", "title": "錠", "parent": "A", "kind": "control",
  "items": [{"label": "・", "text": "鍵の台帳の作成", "kind": "example", "strength": "none"},
            {"label": "・", "text": "合鍵の禁止", "kind": "example", "strength": "none"}]},
 {"id": "A/○人", "title": "人", "parent": "A", "kind": "control",
  "items": [{"label": "・", "text": "見張り番の訓練", "kind": "example", "strength": "none"}]}]}"#;

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("crosswalk-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("灯台.json"), LIGHTHOUSE).expect("a catalogue");
    std::fs::write(folder.join("港.json"), HARBOUR).expect("a catalogue");
    folder
}

fn sakimori(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output: Output = Command::new(env!("CARGO_BIN_EXE_sakimori"))
        .current_dir(folder)
        .env_remove("SAKIMORI_DATA")
        .env_remove("SAKIMORI_DATABASE_URL")
        .args(arguments)
        .output()
        .expect("the program starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

#[test]
fn two_files_give_suggestions_in_the_form_of_the_contract() {
    let folder = folder("files");
    let call = ["crosswalk", "suggest", "灯台.json", "港.json", "--format", "json"];
    let (status, stdout, stderr) = sakimori(&folder, &call);
    assert_eq!((status, stderr.as_str()), (0, ""));
    assert_eq!(sakimori(&folder, &call).1, stdout, "the same answer every time");
    let told: serde_json::Value = serde_json::from_str(&stdout).expect("JSON");
    assert_eq!((&told["from"], &told["to"]), (&serde_json::json!("灯台.json"), &serde_json::json!("港.json")));
    let suggestions = told["suggestions"].as_array().expect("a list");
    let of = |number: &str| suggestions.iter().find(|s| s["source"] == number).expect("the item");
    let first = &of("1.1")["targets"][0];
    assert_eq!((&first["id"], &first["item"]), (&serde_json::json!("A/○錠"), &serde_json::json!("・鍵の台帳の作成")));
    assert_eq!(first["because"], serde_json::json!(["台帳"]));
    assert!(first["score"].as_f64().is_some_and(|score| (0.0..=1.0).contains(&score)));
    assert_eq!(of("1.2")["targets"][0]["id"], "A/○人", "教育 and 訓練 are synonyms that ship");
    assert!(!folder.join("sakimori-data").exists(), "files need no installation");

    let (status, stdout, _) = sakimori(&folder, &["crosswalk", "suggest", "灯台.json", "港.json", "--top", "1"]);
    assert_eq!(status, 0);
    assert!(stdout.contains("1.1  鍵の管理") && stdout.contains("A/○錠  [台帳]  「・鍵の台帳の作成」"), "{stdout}");
    assert!(!stdout.contains("2. "), "{stdout}");
}

#[test]
fn a_table_of_ones_own_adds_synonyms() {
    let folder = folder("synonyms");
    std::fs::write(folder.join("表.toml"), "[[group]]\nwords = ['当直', '合鍵']\n").expect("a table");
    let call = ["crosswalk", "suggest", "灯台.json", "港.json", "--format", "json"];
    let (plain, own) = (sakimori(&folder, &call), sakimori(&folder, &[&call[..], &["--synonyms", "表.toml"]].concat()));
    assert!(!plain.1.contains("合鍵\"") && own.1.contains("合鍵\""), "{}", own.1);
    std::fs::write(folder.join("表.toml"), "[[group]]\nwords = ['当直']\n").expect("a table");
    let (status, stdout, stderr) = sakimori(&folder, &[&call[..], &["--synonyms", "表.toml"]].concat());
    assert_eq!((status, stdout.as_str()), (2, ""));
    assert!(stderr.contains("表.toml") && stderr.contains("group 1"), "{stderr}");
}

#[test]
fn bad_calls_are_told_what_to_do() {
    let folder = folder("bad");
    let refused = |arguments: &[&str], words: &[&str]| {
        let (status, stdout, stderr) = sakimori(&folder, arguments);
        assert_eq!((status, stdout.as_str()), (2, ""), "{arguments:?}: {stderr}");
        assert!(words.iter().all(|word| stderr.contains(word)), "{arguments:?}: {stderr}");
    };
    refused(&["crosswalk", "suggest", "ない.json", "港.json"], &["ない.json", "--data"]);
    std::fs::write(folder.join("壊.json"), "{").expect("a file");
    refused(&["crosswalk", "suggest", "壊.json", "港.json"], &["壊.json", "JSON"]);
    refused(&["crosswalk", "suggest", "灯台.json", "港.json", "--top", "0"], &["--top"]);
    refused(&["crosswalk", "coverage", "jt-x1051-2018", "nisc-measures-3", "--data", "ない"], &["ない", "--data"]);
    assert!(!folder.join("ない").exists());
    let (status, stdout, _) = sakimori(&folder, &["crosswalk", "suggest", "--help"]);
    assert!(status == 0 && stdout.contains("例: sakimori crosswalk suggest"), "{stdout}");
}

fn mapping(source: &str, target: &str, relation: Relation, status: MappingStatus) -> Mapping {
    Mapping {
        id: format!("{source}-{target}"),
        crosswalk_id: "c1".to_owned(),
        source_number: source.to_owned(),
        target_number: target.to_owned(),
        relation,
        status,
        rationale: "同じ内容".to_owned(),
        origin: "person".to_owned(),
        decided_by: String::new(),
        decided_at: "2026-11-20T00:00:00Z".to_owned(),
        review: String::new(),
        review_note: String::new(),
        reviewed_by: String::new(),
        reviewed_at: String::new(),
        version: 1,
    }
}

/// An organisation that has lined the harbour's standard up with the lighthouse's.
async fn line_up(data: &Path) {
    let store = Store::open(&StoreConfig::Folder(data.to_owned())).await.expect("the installation");
    let mut write = store.write().await.expect("a transaction");
    let organisation = Organisation {
        id: "misaki".to_owned(),
        name: "岬灯台".to_owned(),
        kind: "operator".to_owned(),
        profile: sakimori_domain::registry::OrganisationProfile::default(),
        marking: String::new(),
        is_demo: false,
        version: 1,
        created_at: "2026-11-20T00:00:00Z".to_owned(),
    };
    insert_organisation(&mut write, &organisation).await.expect("an organisation");
    let crosswalk = Crosswalk {
        id: "c1".to_owned(),
        source_edition: "harbour-1".to_owned(),
        target_edition: "lighthouse-1".to_owned(),
        created_by: String::new(),
        created_at: "2026-11-20T00:00:00Z".to_owned(),
    };
    insert_crosswalk(&mut write, "misaki", &crosswalk).await.expect("a crosswalk");
    for mapping in [
        mapping("2", "1", Relation::SupersetOf, MappingStatus::Confirmed),
        mapping("1", "2", Relation::Equal, MappingStatus::Rejected),
    ] {
        insert_mapping(&mut write, "misaki", &mapping).await.expect("a mapping");
    }
    write.commit().await.expect("committed");
    store.close().await;
}

#[test]
fn coverage_and_judgements_come_from_the_installation() {
    let folder = folder("store");
    let guide = |title: &str, first: &str, second: &str| {
        format!(
            "架空の{title}安全指針\n\n第1章 対策\n1 {first}\n{first}を台帳で管理すること。\n\n2 {second}\n{second}を年に一度は試すこと。\n"
        )
    };
    for (name, id, text) in [
        ("灯台.txt", "lighthouse-1", guide("灯台", "灯室の鍵", "予備の電源")),
        ("港.txt", "harbour-1", guide("港", "岸壁の鍵", "岸壁の照明")),
    ] {
        std::fs::write(folder.join(name), text).expect("a document");
        let (status, _, stderr) = sakimori(&folder, &["ingest", name, "--edition", id, "--into", "data"]);
        assert_eq!(status, 0, "{stderr}");
    }
    let data = ["--data", "data"];
    let call = |arguments: &[&str]| sakimori(&folder, &[&["crosswalk"], arguments, &data].concat());
    let (status, stdout, stderr) = call(&["suggest", "lighthouse-1", "harbour-1", "--format", "json"]);
    assert_eq!(status, 0, "{stderr}");
    let told: serde_json::Value = serde_json::from_str(&stdout).expect("JSON");
    let items = told["suggestions"].as_array().expect("a list").clone();
    let (status, _, stderr) = call(&["suggest", "lighthouse-9", "harbour-1"]);
    assert!(status == 2 && stderr.contains("lighthouse-9") && stderr.contains("harbour-1"), "{stderr}");
    let (status, _, stderr) = call(&["coverage", "lighthouse-1", "harbour-1"]);
    assert!(status == 2 && stderr.contains("start a crosswalk"), "{stderr}");

    tokio::runtime::Runtime::new().expect("a runtime").block_on(line_up(&folder.join("data")));
    let numbers: Vec<&str> = items.iter().filter_map(|item| item["source"].as_str()).collect();
    let (status, stdout, stderr) = call(&["coverage", "lighthouse-1", "harbour-1", "--format", "json"]);
    assert_eq!(status, 1, "{numbers:?} {stderr}");
    let told: serde_json::Value = serde_json::from_str(&stdout).expect("JSON");
    assert_eq!(told["organisation"], "misaki");
    let covered = told["items"].as_array().expect("items").iter().find(|item| item["source"] == "1").expect("item 1");
    assert_eq!(covered["cover"], "covered", "read from the other side: {stdout}");
    assert_eq!(covered["targets"], serde_json::json!([{ "id": "2", "relation": "subset-of" }]));
    assert_eq!(told["counts"]["unjudged"], told["total"].as_u64().expect("a number") - 1);
    let (status, stdout, _) = call(&["coverage", "lighthouse-1", "harbour-1"]);
    assert!(status == 1 && stdout.contains("未判定  2  予備の電源") && stdout.contains("カバー 1"), "{stdout}");

    let named = ["suggest", "lighthouse-1", "harbour-1", "--organisation", "misaki", "--format", "json"];
    let (status, stdout, stderr) = call(&named);
    assert_eq!(status, 0, "{stderr}");
    let told: serde_json::Value = serde_json::from_str(&stdout).expect("JSON");
    let targets = |number: &str| {
        let item = told["suggestions"].as_array().into_iter().flatten().find(|s| s["source"] == number);
        let targets = item.and_then(|item| item["targets"].as_array().cloned()).unwrap_or_default();
        targets.iter().filter_map(|target| target["id"].as_str().map(str::to_owned)).collect::<Vec<_>>()
    };
    assert_eq!(targets("1").first().map(String::as_str), Some("2"), "a confirmed pair comes first: {stdout}");
    assert!(!targets("2").contains(&"1".to_owned()), "a rejected pair is not offered again: {stdout}");
}
