//! `sakimori ingest` and `sakimori profile` as other programs call them: exit status, output, nothing stored on a refusal.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const GUIDE: &str = "架空の灯台安全指針\n\n第1章 総則\n1 目的\nこの指針は灯台の運用を安全に保つ。\n\n2 体制\n灯台守は責任者を定めること。\n\n\
第2章 対策\n1 灯火の管理\n灯火の交換を記録すること。\n\n2 停電への備え\n予備の電源を年に一度試すこと。\n";

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

fn sakimori(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sakimori"))
        .current_dir(folder)
        .args(arguments)
        .output()
        .expect("the program starts")
}

fn ended(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

#[test]
fn a_document_becomes_a_catalogue_on_standard_output_or_in_a_file() {
    let folder = folder("catalogue");
    std::fs::write(folder.join("灯台.txt"), GUIDE).expect("a document");
    let (status, stdout, stderr) = ended(&sakimori(&folder, &["ingest", "灯台.txt", "--format", "simple"]));
    assert_eq!(status, 0, "{stderr}");
    let printed: serde_json::Value = serde_json::from_str(&stdout).expect("JSON alone on standard output");
    assert_eq!(printed["edition"]["title"], "架空の灯台安全指針");
    assert!(printed["nodes"].as_array().is_some_and(|nodes| nodes.len() >= 6), "{stdout}");
    assert!(stderr.contains("generic"), "the summary names the grammar: {stderr}");

    let (status, stdout, stderr) = ended(&sakimori(&folder, &["ingest", "灯台.txt", "--out", "灯台.json"]));
    assert_eq!(status, 0, "{stderr}");
    assert!(stdout.contains("灯台.txt") && stdout.contains("generic"), "{stdout}");
    let written = std::fs::read_to_string(folder.join("灯台.json")).expect("the catalogue");
    assert_eq!(serde_json::from_str::<serde_json::Value>(&written).expect("JSON")["nodes"], printed["nodes"]);
}

#[test]
fn a_document_is_stored_once_and_a_different_one_is_refused() {
    let folder = folder("into");
    std::fs::write(folder.join("灯台.txt"), GUIDE).expect("a document");
    let store = ["ingest", "灯台.txt", "--edition", "lighthouse-1", "--into", "data"];
    let (status, stdout, stderr) = ended(&sakimori(&folder, &store));
    assert_eq!(status, 0, "{stderr}");
    assert!(stdout.contains("stored") && stdout.contains("lighthouse-1"), "{stdout}");
    let (status, stdout, _) = ended(&sakimori(&folder, &store));
    assert_eq!(status, 0);
    assert!(stdout.contains("unchanged"), "{stdout}");
    std::fs::write(folder.join("灯台.txt"), GUIDE.replace("年に一度", "毎月")).expect("a document");
    let (status, stdout, stderr) = ended(&sakimori(&folder, &store));
    assert_eq!((status, stdout.as_str()), (2, ""));
    assert!(stderr.contains("灯台.txt") && stderr.contains("--edition") && stderr.contains("--replace"), "{stderr}");
    let (status, stdout, _) = ended(&sakimori(&folder, &[&store[..], &["--dry-run"]].concat()));
    assert_eq!(status, 0, "a dry run tells what would happen");
    assert!(stdout.contains("texts differ"), "{stdout}");
    let (status, ..) = ended(&sakimori(&folder, &[&store[..], &["--replace"]].concat()));
    assert_eq!(status, 0);
}

#[test]
fn bad_use_and_bad_input_end_with_two_and_one_message() {
    let folder = folder("bad");
    std::fs::write(folder.join("灯台.txt"), GUIDE).expect("a document");
    std::fs::write(folder.join("空.txt"), "").expect("an empty file");
    let huge = std::fs::File::create(folder.join("巨大.txt")).expect("a file");
    huge.set_len(200 << 20).expect("200 MB");
    let cases: [(&[&str], &str); 7] = [
        (&["ingest", "ない.txt"], "ない.txt"),
        (&["ingest", "空.txt"], "空.txt"),
        (&["ingest", "巨大.txt"], "巨大.txt"),
        (&["ingest", "灯台.txt", "空.txt", "--into", "never"], "空.txt"),
        (&["ingest", "灯台.txt", "--profile", "004-port-guideline"], "generic"),
        (&["ingest", "灯台.txt", "--profile", "no-such"], "002-jt-x1051"),
        (&["ingest", "灯台.txt", "--format", "xml"], "oscal"),
    ];
    for (arguments, says) in cases {
        let (status, stdout, stderr) = ended(&sakimori(&folder, arguments));
        assert_eq!((status, stdout.as_str()), (2, ""), "{arguments:?}: {stderr}");
        assert!(stderr.contains(says), "{arguments:?}: {stderr}");
    }
    assert!(!folder.join("never").exists(), "one bad document of several stores nothing");
}

#[test]
fn grammars_are_listed_checked_and_suggested() {
    let folder = folder("profile");
    std::fs::write(folder.join("灯台.txt"), GUIDE).expect("a document");
    let (status, stdout, _) = ended(&sakimori(&folder, &["profile", "list", "--format", "json"]));
    let list: serde_json::Value = serde_json::from_str(&stdout).expect("JSON");
    assert_eq!(status, 0);
    assert!(list.as_array().is_some_and(|list| list.iter().any(|p| p["name"] == "generic")), "{stdout}");

    let (status, suggested, stderr) = ended(&sakimori(&folder, &["profile", "suggest", "灯台.txt"]));
    assert_eq!(status, 0, "{stderr}");
    std::fs::write(folder.join("my.toml"), &suggested).expect("a grammar");
    assert_eq!(ended(&sakimori(&folder, &["profile", "check", "my.toml"])).0, 0, "{suggested}");
    let (status, _, stderr) = ended(&sakimori(&folder, &["ingest", "灯台.txt", "--profile", "my.toml", "--dry-run"]));
    assert_eq!(status, 0, "{stderr}");

    std::fs::write(
        folder.join("bad.toml"),
        "name = \"x\"\n[[heading]]\nname = \"a\"\nlevel = 1\nkind = \"clause\"\npattern = '('\n",
    )
    .expect("a grammar");
    let (status, stdout, _) = ended(&sakimori(&folder, &["profile", "check", "bad.toml"]));
    assert_eq!(status, 1);
    assert!(stdout.contains("bad.toml:6"), "the fault and its line: {stdout}");
    let (status, _, stderr) = ended(&sakimori(&folder, &["ingest", "灯台.txt", "--profile", "bad.toml"]));
    assert_eq!(status, 2);
    assert!(stderr.contains("bad.toml"), "{stderr}");
}
