//! The files for containers against the program that they start: they cannot be run where the tests run, but what they
//! name must be there.

use std::path::{Path, PathBuf};
use std::process::Command;

use saphyr_parser::Parser;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(repository().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

const FILES: [&str; 6] = [
    "Dockerfile",
    "compose.yaml",
    "deploy/kubernetes/network.yaml",
    "deploy/kubernetes/postgres.yaml",
    "deploy/kubernetes/sakimori.yaml",
    "deploy/kubernetes/secrets.example.yaml",
];

fn help() -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_sakimori")).args(["serve", "--help"]).output().expect("it runs");
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn the_files_are_yaml() {
    for file in FILES.iter().filter(|file| file.ends_with(".yaml")) {
        let text = read(file);
        for event in Parser::new_from_str(&text) {
            event.unwrap_or_else(|error| panic!("{file}: {error}"));
        }
    }
}

#[test]
fn every_variable_and_flag_that_they_name_is_one_of_the_program() {
    let help = help();
    let mut named = 0;
    for file in FILES {
        let text = read(file);
        for (line, word) in text.lines().flat_map(|line| words(line).map(move |word| (line, word))) {
            if word.starts_with("SAKIMORI_") {
                assert!(help.contains(&format!("[env: {word}")), "{file}: {word} is no variable of sakimori serve");
                named += 1;
            }
            if word.starts_with("--") && line.contains("serve") && !line.trim_start().starts_with('#') {
                assert!(help.contains(word), "{file}: {word} is no flag of sakimori serve");
                named += 1;
            }
        }
    }
    assert!(named > 12, "the files name settings: {named}");
}

fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-')).filter(|word| !word.is_empty())
}

#[test]
fn probes_ask_where_the_program_answers_and_ports_agree() {
    let text = read("deploy/kubernetes/sakimori.yaml");
    for probe in ["startupProbe", "readinessProbe", "livenessProbe"] {
        let after = text.split(probe).nth(1).unwrap_or_else(|| panic!("{probe} is missing"));
        let path = after.split("path: ").nth(1).and_then(|rest| rest.split(',').next()).expect("a path");
        let route = sakimori_web::ROUTES.iter().find(|route| route.path == path && route.method == "GET");
        assert_eq!(route.map(|route| route.access), Some(sakimori_web::Access::Anybody), "{probe}: {path}");
    }
    assert!(text.contains("containerPort: 8080") && text.contains("0.0.0.0:8080"));
    assert!(
        read("Dockerfile").contains("0.0.0.0:8080") && read("deploy/kubernetes/network.yaml").contains("port: 8080")
    );
    // The pod lives longer than it drains and finishes what is under way.
    assert!(text.contains("terminationGracePeriodSeconds: 60") && text.contains("\"--drain-seconds\", \"10\""));
    for word in ["runAsNonRoot: true", "readOnlyRootFilesystem: true", "drop: [ALL]", "allowPrivilegeEscalation: false"]
    {
        assert!(text.contains(word), "{word}");
    }
}

#[test]
fn the_settings_in_the_example_are_settings_of_the_program() {
    let text = read("deploy/kubernetes/secrets.example.yaml");
    let settings = text.split("sakimori.toml: |\n").nth(1).and_then(|rest| rest.split("  postgres-ca.pem").next());
    let settings: String = settings.expect("the settings").lines().map(|line| format!("{}\n", line.trim())).collect();
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("deploy-{}.toml", std::process::id()));
    std::fs::write(&file, settings).expect("a file");
    let output = Command::new(env!("CARGO_BIN_EXE_sakimori"))
        .args(["serve", "--listen", "0.0.0.0:8080", "--print-config", "--config"])
        .arg(&file)
        .output()
        .expect("it runs");
    let _ = std::fs::remove_file(&file);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
