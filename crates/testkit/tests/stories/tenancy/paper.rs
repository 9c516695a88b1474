//! Everything that is printed or taken along carries the checkpoint of the organisation's trail, in the form that suits it,
//! and that checkpoint verifies. Walked from the router's table: a new export without it fails here.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::{Command, Stdio};

use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use sakimori_app::demo;
use sakimori_app::trail::{self, verify::Means};
use sakimori_domain::trail_mark::{TRAIL_MARK_HEADER, TrailMark};
use sakimori_interop::trail::export::{Demand, Head};
use sakimori_interop::trail::{Checkpoint, Remembered, TlogProof};
use sakimori_interop::workbook::{CellLimits, read_cells};
use sakimori_testkit::web::Answer;
use sakimori_testkit::{BOTH, TestApp};
use sakimori_web::{Access, ROUTES};
use sha2::{Digest as _, Sha256};

use super::forms::Whose;
use super::walk::address;
use super::world::{OPERATOR, World};

/// What is no file of the organisation and no page of its own.
const NOT_TAKEN_ALONG: [&str; 1] = [
    // A picture on a page.
    "/me/second-factor/qr.svg",
];

/// Who asks, and where they belong: between them they reach everything.
const ASKERS: [(&str, &str); 5] = [
    ("mm-ciso", OPERATOR),
    ("mm-admin", OPERATOR),
    ("mm-audit-head", OPERATOR),
    ("ct-desk-a", "ceptoar-telecom"),
    ("mn-desk-a", "ministry-desk"),
];

fn header(answer: &Answer, name: &str) -> String {
    answer.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("").to_owned()
}

/// The text of a PDF without blanks, as poppler reads it.
fn pdf_text(bytes: &[u8]) -> String {
    let mut child = Command::new("pdftotext")
        .args(["-", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("pdftotext reads the printed pages back: install the package poppler-utils");
    let mut stdin = child.stdin.take().expect("its input");
    let bytes = bytes.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&bytes));
    let out = child.wait_with_output().expect("its output");
    writer.join().expect("the writing thread").expect("the whole PDF is taken");
    String::from_utf8_lossy(&out.stdout).chars().filter(|c| !c.is_whitespace()).collect()
}

fn without_blanks(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

/// The checkpoint on the sheet of a workbook.
fn on_sheet(bytes: &[u8]) -> Option<Remembered> {
    let sheets = read_cells(bytes, &CellLimits::default()).expect("a workbook of ours");
    let sheet = sheets.iter().find(|s| [false, true].iter().any(|english| s.name == TrailMark::title(*english)))?;
    let mut lines: Vec<_> = sheet.cells.iter().filter(|cell| cell.col == 0 && cell.row >= 3).collect();
    lines.sort_by_key(|cell| cell.row);
    let text = lines.iter().map(|cell| cell.text.as_str()).collect::<Vec<_>>().join("\n");
    Remembered::parse(&text).ok()
}

/// The value of a member, wherever it stands.
fn find<'a>(value: &'a serde_json::Value, name: &str) -> Option<&'a str> {
    match value {
        serde_json::Value::Object(members) => {
            let prop = (members.get("name").and_then(|n| n.as_str()) == Some(name)).then(|| members.get("remarks"));
            let own = members.get(name).or(prop.flatten()).and_then(|v| v.as_str());
            own.or_else(|| members.values().find_map(|v| find(v, name)))
        }
        serde_json::Value::Array(list) => list.iter().find_map(|v| find(v, name)),
        _ => None,
    }
}

/// The checkpoint that a file carries in itself; `Err` says what is missing.
fn carried(answer: &Answer, events: &str) -> Result<Option<Remembered>, String> {
    let text = answer.text();
    let signed = |note: &str| Remembered::parse(note).map(Some).map_err(|fault| fault.to_string());
    let line = header(answer, TRAIL_MARK_HEADER);
    match header(answer, CONTENT_TYPE.as_str()).split(';').next().unwrap_or("") {
        "application/pdf" => {
            let text = pdf_text(&answer.bytes);
            let note = text.contains("—sakimori");
            let foot = text.contains(&without_blanks(&line));
            if note && foot { Ok(None) } else { Err(format!("note {note}, foot {foot}")) }
        }
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" => {
            on_sheet(&answer.bytes).map(Some).ok_or_else(|| "no sheet with it".to_owned())
        }
        // No room in the file: the event that the checkpoint covers says the hash of the bytes.
        "text/csv" | "application/octet-stream" => {
            let hash: String = Sha256::digest(&answer.bytes).iter().map(|byte| format!("{byte:02x}")).collect();
            if events.contains(&hash) { Ok(None) } else { Err("no event says its hash".to_owned()) }
        }
        "application/json" => {
            let value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
            signed(find(&value, "trail-checkpoint").ok_or("no member trail-checkpoint")?)
        }
        "application/jsonl" => {
            let head: Head = serde_json::from_str(text.lines().next().unwrap_or("")).map_err(|e| e.to_string())?;
            signed(&head.checkpoint)
        }
        "text/plain" => match TlogProof::parse(&text) {
            Ok(proof) => Ok(Some(proof.checkpoint.into())),
            Err(_) => signed(&text),
        },
        other => Err(format!("say in paper.rs how {other} carries it")),
    }
}

/// The line that a page prints at its foot.
fn printed(page: &str) -> Result<Remembered, String> {
    let foot = page.split("class=\"checkpoint print-only\">").nth(1).and_then(|rest| rest.split('<').next());
    let line = foot.and_then(|foot| foot.split_once(": ")).ok_or("no line at its foot")?.1;
    let line = line.replace("&#43;", "+").replace("&#x2b;", "+").replace("&#47;", "/").replace("&#61;", "=");
    Checkpoint::parse_line(&line).map(Remembered::Line).map_err(|fault| format!("{line}: {fault}"))
}

/// What the organisation's trail says, as one text.
async fn events(test: &TestApp, organisation: &str) -> String {
    let mut c = test.app.read().await.expect("a connection");
    let newest = sakimori_store::trail::newest(&mut c, organisation, i64::MAX, 5).await.expect("events");
    newest.iter().map(|event| event.after.as_str()).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn whatever_is_taken_along_or_printed_carries_the_checkpoint() {
    for database in BOTH {
        let world = World::new(database).await;
        trail::sign_what_is_new(&world.test.app).await.expect("signed");
        let (mut wrong, mut kept) = (Vec::new(), Vec::new());
        let mut sent: BTreeSet<&str> = BTreeSet::new();
        for (login, organisation) in ASKERS {
            let asker = world.test.browser_with(login, demo::PASSWORD).await;
            for route in ROUTES.iter().filter(|r| r.method == "GET" && r.access != Access::Anybody) {
                if NOT_TAKEN_ALONG.contains(&route.path) || sent.contains(route.path) {
                    continue;
                }
                let path = address(route, &world, organisation, Whose::Own);
                for asked in [path.clone(), format!("{path}?format=xlsx"), format!("{path}?format=csv")] {
                    let answer = asker.get(&asked).await;
                    let is_file = answer.headers.contains_key(CONTENT_DISPOSITION);
                    let is_page = header(&answer, CONTENT_TYPE.as_str()).starts_with("text/html");
                    if !answer.status.is_success() {
                        continue;
                    }
                    sent.insert(route.path);
                    let line = header(&answer, TRAIL_MARK_HEADER);
                    let found = if is_page {
                        // A part of a page is printed with the page.
                        if answer.text().starts_with("<!doctype html>") {
                            printed(&answer.text()).map(Some)
                        } else {
                            Ok(None)
                        }
                    } else if is_file {
                        carried(&answer, &events(&world.test, organisation).await)
                    } else {
                        Ok(None)
                    };
                    let head = Checkpoint::parse_line(&line);
                    match (found, head) {
                        (Err(why), _) => wrong.push(format!("{asked} as {login}: {why}")),
                        (Ok(_), Err(fault)) if !is_page => wrong.push(format!("{asked} as {login}: header: {fault}")),
                        (Ok(found), head) => {
                            let same = |at: &Checkpoint| found.as_ref().is_none_or(|f| f.checkpoint() == at);
                            if let Some(head) = head.ok().filter(|head| !same(head)) {
                                wrong.push(format!("{asked}: the header says {head:?}, the file something else"));
                            }
                            kept.extend(found);
                            kept.extend(Checkpoint::parse_line(&line).map(Remembered::Line));
                        }
                    }
                }
            }
        }
        assert!(wrong.is_empty(), "{database:?}\n{}", wrong.join("\n"));
        // A file that nobody here is given would not have been looked at.
        let files =
            ROUTES.iter().filter(|r| r.method == "GET" && r.path.rsplit('/').next().is_some_and(|l| l.contains('.')));
        for route in files.filter(|r| r.access != Access::Anybody && !NOT_TAKEN_ALONG.contains(&r.path)) {
            assert!(sent.contains(route.path), "{}: give one of the askers something to take along there", route.path);
        }
        assert!(kept.len() > 100, "{}", kept.len());
        let demand = Demand { against: kept, ..Demand::default() };
        let keys = world.test.app.trail_key().publics();
        let mut c = world.test.app.read().await.expect("a connection");
        let outcome =
            trail::verify::verify(&mut c, &Means { keys: &keys, demand: &demand }, None).await.expect("verified");
        assert!(outcome.valid, "{database:?}: {outcome:?}");
    }
}
