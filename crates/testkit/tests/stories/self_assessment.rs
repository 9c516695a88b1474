//! The product assesses itself: what `content/self-assessment` says is read in as a standard of the user's own, answered
//! through the product, counted by its report, and written to `docs/self-assessment`. `SAKIMORI_WRITE_DOCS=1` renews the
//! pages; without it they must be what the product makes of the answers, and everything they point at must exist.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use sakimori_app::answers::{self, Change, Saved};
use sakimori_app::assessment::{self, NewAssessment};
use sakimori_app::ingest::{self, Grammar, Options};
use sakimori_app::{Actor, report};
use sakimori_domain::assurance::{AnswerField, AnswerStatus};
use sakimori_testkit::people::terminal_profile;
use sakimori_testkit::{Database, TestApp};
use sakimori_web::ROUTES;

const PORT: &str = "port-guideline-2024-tos";

/// One line of the answers: what is asked, how far we are, why, and where that is shown.
struct Said {
    number: String,
    title: String,
    status: String,
    note: String,
    shown: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn said(file: &str) -> Vec<Said> {
    let mut reader = csv::Reader::from_path(root().join("content/self-assessment").join(file)).expect("the answers");
    let rows = reader.records().map(|row| {
        let row = row.expect("a row");
        let cell = |at: usize| row.get(at).expect("five columns").to_owned();
        Said { number: cell(0), title: cell(1), status: cell(2), note: cell(3), shown: cell(4) }
    });
    rows.collect()
}

/// The requirements as a library that the product reads: numbers are those of the standard, titles are ours.
fn library(requirements: &[Said]) -> String {
    let mut out = String::from(
        "urn: urn:sakimori:risk:library:asvs-5.0.0\nlocale: ja\nref_id: ASVS\nname: OWASP ASVS 5.0.0\nversion: 1\n\
         provider: OWASP\nobjects:\n  framework:\n    urn: urn:sakimori:risk:framework:asvs-5.0.0\n    ref_id: ASVS 5.0.0\n    \
         name: OWASP ASVS 5.0.0\n    requirement_nodes:\n",
    );
    for said in requirements {
        let chapter = said.number.split('.').next().unwrap_or_default();
        let is_chapter = said.status.is_empty();
        let _ = writeln!(out, "      - urn: urn:sakimori:risk:req_node:asvs:{}", said.number);
        if !is_chapter {
            let _ = writeln!(out, "        parent_urn: urn:sakimori:risk:req_node:asvs:{chapter}");
        }
        let _ = writeln!(out, "        assessable: {}\n        depth: {}", !is_chapter, if is_chapter { 1 } else { 2 });
        let _ = writeln!(out, "        ref_id: '{}'\n        name: {}", said.number, json(&said.title));
    }
    out
}

fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn status(sign: &str) -> AnswerStatus {
    *AnswerStatus::ALL.iter().find(|status| status.ja() == sign).expect("○ △ × or －")
}

/// Answers every row of the assessment as the file says; a row without an answer and an answer without a row fail.
async fn answer(test: &TestApp, officer: &Actor, assessment: &str, answers_given: &[Said]) {
    let given: HashMap<&str, &Said> = answers_given.iter().map(|said| (said.number.as_str(), said)).collect();
    let (_, rows) = assessment::rows(&test.app, officer, assessment).await.expect("the rows");
    let binding: Vec<_> = rows.iter().filter(|row| row.binds).collect();
    for row in &binding {
        let said = given.get(row.number.as_str()).unwrap_or_else(|| panic!("{} has no answer", row.number));
        let mut change = Change::default();
        let status = status(&said.status);
        change.set(AnswerField::Status, status.code()).expect("a status");
        let field = if status == AnswerStatus::NotApplicable { AnswerField::NaReason } else { AnswerField::Current };
        change.set(field, &said.note).expect("a note");
        let saved = answers::save(&test.app, officer, &row.id, row.version, change).await.expect("a save");
        assert!(matches!(saved, Saved::Done { .. }), "{} was contested", row.number);
    }
    let asked = answers_given.iter().filter(|said| !said.status.is_empty()).count();
    assert_eq!(asked, binding.len(), "an answer has no row");
}

async fn page(test: &TestApp, officer: &Actor, assessment: &str, given: &[Said], intro: &str) -> String {
    let report = report::gap(&test.app, officer, assessment, None).await.expect("the report");
    let total = report.total();
    let [yes, partly, no, out_of_scope, open] = total.in_order();
    assert_eq!(open, 0, "unanswered rows");
    let mut out = format!(
        "{intro}\n全{}項目: ○ {yes}、△ {partly}、× {no}、－ {out_of_scope}。この頁は、答えを製品に入れて製品の報告から作っています\
         （`stories::self_assessment`）。「示すもの」は、検査（`test:`）、頁（`page:`）、ファイルで、どれも実在することを検査します。\n",
        total.total()
    );
    let _ = writeln!(out, "\n| 章 | ○ | △ | × | － |\n|---|---|---|---|---|");
    for chapter in &report.chapters {
        let [yes, partly, no, out_of_scope, _] = chapter.counts.in_order();
        let _ = writeln!(out, "| {} {} | {yes} | {partly} | {no} | {out_of_scope} |", chapter.number, chapter.title);
    }
    let _ = writeln!(out, "\n| 番号 | 求めること（要約） | 答え | 現状・理由 | 示すもの |\n|---|---|---|---|---|");
    for said in given.iter().filter(|said| !said.status.is_empty()) {
        let shown: Vec<String> = said.shown.split_whitespace().map(link).collect();
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} |",
            said.number,
            said.title,
            said.status,
            said.note,
            shown.join("<br>")
        );
    }
    out
}

fn link(reference: &str) -> String {
    match reference.split_once(':') {
        Some(("file", path)) => format!("[{path}](../../{path})"),
        _ => format!("`{reference}`"),
    }
}

/// Every test, page and file that an answer points at.
fn check_references(given: &[Said]) {
    let mut sources = String::new();
    read_sources(&root().join("crates"), &mut sources);
    read_sources(&root().join("e2e"), &mut sources);
    for said in given {
        for reference in said.shown.split_whitespace() {
            let there = match reference.split_once(':') {
                Some(("file", path)) => root().join(path).is_file(),
                Some(("page", path)) => ROUTES.iter().any(|route| route.path == path),
                Some(("test", name)) => {
                    sources.contains(&format!("fn {name}(")) || sources.contains(&format!("test('{name}'"))
                }
                _ => false,
            };
            assert!(there, "{}: {reference} does not exist", said.number);
        }
        let claims = ["○", "△"].contains(&said.status.as_str());
        assert!(!claims || !said.shown.is_empty() || said.note.is_empty(), "{} claims and shows nothing", said.number);
    }
}

fn read_sources(folder: &Path, out: &mut String) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() && !path.ends_with("node_modules") && !path.ends_with("target") {
            read_sources(&path, out);
        } else if path.extension().is_some_and(|kind| kind == "rs" || kind == "mjs") {
            out.push_str(&std::fs::read_to_string(&path).expect("a source"));
        }
    }
}

fn compare_or_write(file: &str, page: &str) {
    let path = root().join("docs/self-assessment").join(file);
    if std::env::var_os("SAKIMORI_WRITE_DOCS").is_some() {
        std::fs::write(&path, page).expect("the page is written");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == page,
        "docs/self-assessment/{file} is not what the product makes; renew it with SAKIMORI_WRITE_DOCS=1"
    );
}

#[tokio::test]
async fn the_product_answers_the_standards_for_itself() {
    // One database: the pages are the same text on both, and the report's own stories run on both.
    let test = TestApp::new(Database::Sqlite).await;
    test.organisation("sakimori", terminal_profile()).await;
    let officer = test.officer("sakimori");
    let verification = said("asvs-5.0.0.csv");
    let port = said("port-guideline.csv");
    check_references(&verification);
    check_references(&port);
    let yaml = library(&verification);
    let read = ingest::recognise(test.app.program(), "asvs.yaml", yaml.as_bytes(), &Grammar::BestFit, &[]).await;
    let options = Options { edition: String::new(), replace: false };
    let kept = ingest::keep(&test.app, &officer, &read.expect("a library"), &options).await.expect("kept");
    let edition = kept.plan().target.entry().id.clone();
    let open = async |title: &str, edition: String| {
        let new = NewAssessment {
            title: title.to_owned(),
            fiscal_year: 2026,
            editions: vec![edition],
            previous_id: String::new(),
        };
        assessment::create(&test.app, &officer, new).await.expect("an assessment")
    };
    let first = open("ASVS", edition).await;
    answer(&test, &officer, &first, &verification).await;
    let second = open("004", PORT.to_owned()).await;
    answer(&test, &officer, &second, &port).await;
    let intro = "# 自己点検: OWASP ASVS 5.0.0\n\n水準1と2のすべての要求（WebRTC の章を除く）と、この製品にとって現実の危険である水準3の要求に答えます。\
                 要求の文は写さず、番号と、私たちの言葉による要約を載せます。\n";
    compare_or_write("asvs-5.0.0.md", &page(&test, &officer, &first, &verification, intro).await);
    let intro = "# 自己点検: 港湾ガイドライン 構築・運用者編\n\n製品が受け持つ範囲で答えます。組織が決めて行うことは「－」とし、製品が助けることを理由に書きます。\n";
    compare_or_write("port-guideline.md", &page(&test, &officer, &second, &port, intro).await);
}
