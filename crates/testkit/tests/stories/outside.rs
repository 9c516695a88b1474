//! What comes from outside and is read in crates with a database, where libFuzzer does not go (docs/testing.md): bodies and
//! addresses of requests, tokens, networks, the files of a backup. Sound input is bent at random; whatever it becomes is
//! answered in words, never with an error of our own, and what is accepted is what it says.
//!
//! On SQLite alone: what is looked at is over before a statement runs, or is the same on both.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use axum::http::StatusCode;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use sakimori_app::{allow_list, backup, evidence, key_check};
use sakimori_testkit::people::carrier_profile;
use sakimori_testkit::web::Browser;
use sakimori_testkit::{Database, TestApp};
use tokio::runtime::Runtime;

use crate::durable::{file, scene};

/// One thing that is done to bytes. Places are shares of the length, so that they fit whatever is there.
#[derive(Debug, Clone)]
enum Bend {
    Flip(u16, u8),
    Cut(u16, u16),
    Twice(u16, u16),
    Put(u16, Vec<u8>),
}

/// What means something to a reader of forms, of JSON or of parts.
const WORDS: &[&[u8]] = &[
    b"&",
    b"=",
    b"%",
    b"%00",
    b"%FF",
    b"%u3042",
    b"+",
    b"\0",
    b"\r\n",
    b"--sakimori-test-boundary",
    b"--",
    b"\"",
    b"\\",
    b"\\ud800",
    b"{",
    b"[[[[[[[[",
    b"]",
    b"1e999",
    b"-9223372036854775809",
    b"csrf=",
    b"version.",
    b"file",
    b"filename=\"",
    b"Content-Disposition: form-data; name=\"\"",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    "か\u{3099}\u{202e}".as_bytes(),
];

fn bends() -> impl Strategy<Value = Vec<Bend>> {
    let word = prop_oneof![
        6 => prop::sample::select(WORDS).prop_map(<[u8]>::to_vec),
        1 => prop::collection::vec(any::<u8>(), 1..40),
        1 => (any::<u8>(), 1000..9000_usize).prop_map(|(byte, times)| vec![byte; times]),
    ];
    let bend = prop_oneof![
        any::<(u16, u8)>().prop_map(|(at, byte)| Bend::Flip(at, byte)),
        any::<(u16, u16)>().prop_map(|(from, to)| Bend::Cut(from, to)),
        any::<(u16, u16)>().prop_map(|(from, to)| Bend::Twice(from, to)),
        (any::<u16>(), word).prop_map(|(at, word)| Bend::Put(at, word)),
    ];
    prop::collection::vec(bend, 1..5)
}

fn bent(sound: &[u8], bends: &[Bend]) -> Vec<u8> {
    let mut bytes = sound.to_vec();
    for bend in bends {
        let place = |share: u16| bytes.len() * usize::from(share) / usize::from(u16::MAX);
        let range = |one: u16, other: u16| place(one.min(other))..place(one.max(other));
        match bend {
            Bend::Flip(at, byte) => {
                let at = place(*at);
                if let Some(there) = bytes.get_mut(at) {
                    *there ^= byte;
                }
            }
            Bend::Cut(from, to) => drop(bytes.drain(range(*from, *to))),
            Bend::Twice(from, to) => {
                let range = range(*from, *to);
                let part = bytes[range.clone()].to_vec();
                bytes.splice(range.end..range.end, part);
            }
            Bend::Put(at, word) => {
                let at = place(*at);
                bytes.splice(at..at, word.iter().copied());
            }
        }
    }
    bytes
}

/// Runs a property over a scene that is built once: a database a case would take minutes.
fn check<S: Strategy>(
    cases: u32,
    strategy: &S,
    mut property: impl AsyncFnMut(S::Value) -> Result<(), TestCaseError>,
    runtime: &Runtime,
) {
    let config =
        ProptestConfig { cases, max_shrink_iters: 200, failure_persistence: None, ..ProptestConfig::default() };
    let property = std::cell::RefCell::new(&mut property);
    let outcome = TestRunner::new(config).run(strategy, |input| runtime.block_on((property.borrow_mut())(input)));
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// Method, address, and a body that is sound there; the session's token stands before it where a form is meant.
fn requests(answer: &str) -> Vec<(&'static str, String, &'static str, String)> {
    const FORM: &str = "application/x-www-form-urlencoded";
    const PARTS: &str = "multipart/form-data; boundary=sakimori-test-boundary";
    const JSON: &str = "application/json";
    let part = |name: &str, more: &str, value: &str| {
        format!("--sakimori-test-boundary\r\nContent-Disposition: form-data; name=\"{name}\"{more}\r\n\r\n{value}\r\n")
    };
    let file = part("title", "", "図面")
        + &part("file", "; filename=\"a.csv\"", "番号,対応状況\n1,○\n")
        + "--sakimori-test-boundary--\r\n";
    let form = |path: &str, body: String| ("POST", path.to_owned(), FORM, body);
    vec![
        form("/answers", format!("version.{answer}=1&current.{answer}=%E9%BB%9E%E6%A4%9C&status.{answer}=o&back=%2F")),
        form("/requests", format!("assessment=x&row={answer}&department=y&due=2026-12-24")),
        form(
            "/organisation",
            "version=1&name=%E6%9E%B6%E7%A9%BA&sector=information-communications&network=business".to_owned(),
        ),
        form("/revision/meetings", "body=b&round=1&held_on=2026-11-01&state=planned".to_owned()),
        form("/crosswalks/synonyms", "words=%E7%81%AF%E5%8F%B0%E3%80%81%E7%81%AF%E7%81%AB".to_owned()),
        form("/notices/read", "notice=x".to_owned()),
        ("POST", format!("/answers/{answer}/evidence"), PARTS, file.clone()),
        ("POST", "/standards/load".to_owned(), PARTS, file),
        (
            "PATCH",
            format!("/api/v1/answers/{answer}"),
            JSON,
            r#"{"version":1,"current":"点検","due":"2026-12-24"}"#.to_owned(),
        ),
        ("PATCH", "/assessments/x/presence".to_owned(), JSON, format!(r#"{{"row":"{answer}"}}"#)),
    ]
}

/// The body with the token that lets it come as far as its reader.
fn with_token(browser: &Browser, media_type: &str, body: Vec<u8>) -> Vec<u8> {
    let token = browser.csrf();
    let head = match media_type.split(';').next() {
        Some("multipart/form-data") => {
            format!("--sakimori-test-boundary\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n{token}\r\n")
        }
        Some("application/json") => String::new(),
        _ => format!("csrf={token}&"),
    };
    [head.into_bytes(), body].concat()
}

#[test]
fn whatever_is_sent_is_answered_in_words() {
    let runtime = runtime();
    let (test, officer, answer) = runtime.block_on(async {
        let test = TestApp::new(Database::Sqlite).await;
        let (_, answers) = scene(&test, "alpha").await;
        let officer = test.browser("alpha-security-officer").await;
        (test, officer, answers[0].clone())
    });
    let requests = requests(&answer);
    let sent = (0..requests.len(), bends());
    check(
        400,
        &sent,
        async |(at, bends)| {
            let (method, path, media_type, body) = &requests[at];
            let body = with_token(&officer, media_type, bent(body.as_bytes(), &bends));
            let answer = officer.raw(method, path, media_type, body).await;
            prop_assert!(!answer.status.is_server_error(), "{} {}: {}", method, path, answer.text());
            Ok(())
        },
        &runtime,
    );
    // The same as the query of a page: every byte that may stand in an address.
    const PAGES: &[&str] =
        &["/trail", "/search", "/members", "/requests/prepare", "/revision", "/sign-in", "/sign-in/single/back"];
    check(
        200,
        &(prop::sample::select(PAGES), bends()),
        async |(page, bends)| {
            let query = bent("q=点検&from=2026-11-01&page=2&format=xlsx&person=x&code=x&state=y".as_bytes(), &bends);
            let query: String = query
                .iter()
                .take(8000)
                .map(|byte| match byte {
                    b'&' | b'=' | b'+' | b'%' | b'0'..=b'9' | b'a'..=b'z' => char::from(*byte).to_string(),
                    byte => format!("%{byte:02X}"),
                })
                .collect();
            let answer = officer.get(&format!("{page}?{query}")).await;
            prop_assert!(!answer.status.is_server_error(), "{}?{}: {}", page, query, answer.text());
            Ok(())
        },
        &runtime,
    );
    let alive = runtime.block_on(officer.get("/me"));
    assert_eq!(alive.status, StatusCode::OK, "and the session is what it was");
    drop(test);
}

#[test]
fn a_token_that_is_none_opens_nothing_and_all_say_the_same() {
    let runtime = runtime();
    let (test, token) = runtime.block_on(async {
        let test = TestApp::new(Database::Sqlite).await;
        test.organisation("alpha", carrier_profile()).await;
        let officer = test.browser("alpha-security-officer").await;
        let fields = [("name", "集計"), ("days", "30"), ("scope", "read-standards")];
        let page = officer.post("/me/tokens", &fields).await.text();
        let token = page.split("sakimori_").nth(1).and_then(|rest| rest.split('"').next()).expect("a token");
        (test, format!("sakimori_{token}"))
    });
    let open = runtime.block_on(test.stranger().with_token(&token).get("/api/v1/standards"));
    assert_eq!(open.status, StatusCode::OK);
    let nothing = runtime.block_on(test.stranger().with_token("x").get("/api/v1/standards"));
    let near = bends().prop_map({
        let token = token.clone();
        move |bends| String::from_utf8_lossy(&bent(token.as_bytes(), &bends)).into_owned()
    });
    let any = prop_oneof![3 => near, 1 => "sakimori_[0-9a-fA-F]{60,68}", 1 => "[ -~]{0,90}"];
    check(
        300,
        &any,
        async |typed| {
            // A header takes no line breaks and no zero: the client could not send them.
            let typed: String = typed.chars().filter(|c| !c.is_control()).take(7000).collect();
            let answer = test.stranger().with_token(&typed).get("/api/v1/standards").await;
            if typed.trim() == token {
                return Ok(());
            }
            prop_assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{}", &typed);
            prop_assert_eq!(answer.bytes, nothing.bytes.clone());
            Ok(())
        },
        &runtime,
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    /// A network written around an address holds it, in each way of writing, and is kept in one form.
    #[test]
    fn a_network_holds_the_addresses_that_it_is_written_around(address: IpAddr, length in 0..=128_u8, mapped: bool) {
        let most = if address.is_ipv4() { 32 } else { 128 };
        let length = length.min(most);
        let typed = match address {
            IpAddr::V4(four) if mapped => format!("{}/{}", four.to_ipv6_mapped(), length + 96),
            _ => format!("{address}/{length}"),
        };
        // A wide network of IPv6 does not mean IPv4, though its numbers would hold the mapped addresses.
        prop_assume!(address.is_ipv4() || address.to_canonical().is_ipv6() || length >= 96);
        let network = allow_list::network(&typed);
        let network = network.ok_or_else(|| TestCaseError::fail(format!("{typed} is a network")))?;
        prop_assert!(network.contains(&address.to_canonical()), "{} is not in {}", address, network);
        prop_assert_eq!(allow_list::network(&network.to_string()), Some(network), "kept in one form");
        prop_assert!(allow_list::network(&address.to_string()).is_some_and(|one| one.contains(&address.to_canonical())));
    }

    #[test]
    fn what_is_accepted_as_a_network_is_one(typed in "[0-9a-f.:/ ]{0,24}|([0-9]{1,3}\\.){3}[0-9]{1,3}/[0-9]{1,3}|\\PC{0,12}") {
        if let Some(network) = allow_list::network(&typed) {
            prop_assert_eq!(network, network.trunc());
            prop_assert_eq!(allow_list::network(&network.to_string()), Some(network));
        }
    }
}

/// Every file below a folder.
fn files_below(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).expect("a folder").filter_map(Result::ok) {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files_below(&path));
        } else {
            found.insert(path.clone(), std::fs::read(&path).expect("a file"));
        }
    }
    found
}

#[test]
fn a_backup_that_was_bent_is_named_and_never_put_back() {
    let runtime = runtime();
    let (test, to) = runtime.block_on(async {
        let test = TestApp::new(Database::Sqlite).await;
        key_check::require(&test.app).await.expect("keys");
        let (officer, answers) = scene(&test, "alpha").await;
        evidence::add_file(&test.app, &officer, &answers[0], file(b"fictional record")).await.expect("evidence");
        let to = test.app.folder().join("backups");
        backup::create(&test.app, &to, &[]).await.expect("a generation");
        (test, to)
    });
    let keys = test.app.keys().clone();
    let sound = files_below(&to);
    assert!(backup::verify(&to, Some(&keys)).expect("a folder of backups").is_good());
    let manifest = sound.keys().find(|path| path.ends_with("manifest.age")).expect("a manifest").clone();
    let plain = keys.unseal(&sound[&manifest]).expect("opens");
    let paths: Vec<&PathBuf> = sound.keys().collect();
    // A file bent as it lies there, or the manifest bent inside its seal, which anybody can close who has the public key.
    check(
        150,
        &(prop::option::of(0..paths.len()), bends()),
        async |(at, bends)| {
            let (path, bytes) = match at {
                Some(at) => (paths[at], bent(&sound[paths[at]], &bends)),
                None => (&manifest, keys.seal(&bent(&plain, &bends)).expect("sealed")),
            };
            std::fs::write(path, &bytes).expect("written");
            let looked_at = backup::verify(&to, Some(&keys));
            let outside = backup::verify(&to, None);
            std::fs::write(path, &sound[path]).expect("written back");
            // The head of the folder is no secret and stands under no hash; a bent manifest may say the same.
            let is_same = bytes == sound[path] || at.is_none() || path.ends_with("repository.json");
            let named = looked_at.as_ref().map_or(true, |found| !found.is_good());
            prop_assert!(is_same || named, "{} was bent and nobody noticed", path.display());
            drop(outside);
            Ok(())
        },
        &runtime,
    );
    assert!(backup::verify(&to, Some(&keys)).expect("a folder of backups").is_good(), "as it was");
    // Names that lead elsewhere, numbers without a next one.
    let mut forged: serde_json::Value = serde_json::from_slice(&plain).expect("JSON");
    forged["tables"][0]["chunks"] = serde_json::json!(["../../../seal.key", "chunks/../../seal.key", "/etc/hostname"]);
    forged["evidence"] = serde_json::json!(["../../seal", ""]);
    std::fs::write(&manifest, keys.seal(forged.to_string().as_bytes()).expect("sealed")).expect("written");
    let found = backup::verify(&to, Some(&keys)).expect("a folder of backups");
    assert!(found.faults.iter().any(|fault| fault.contains("is no chunk of this folder")), "{:?}", found.faults);
    let target = test.app.folder().join("restored");
    let target = backup::Target {
        config: sakimori_store::StoreConfig::Folder(target.clone()),
        folder: target.clone(),
        shelf: None,
        write_keys: false,
    };
    assert!(runtime.block_on(backup::restore(&to, &keys, &target)).is_err());
    assert!(!target.folder.exists(), "nothing is left at the place");
    std::fs::create_dir_all(to.join("generations/18446744073709551615-never")).expect("a folder");
    std::fs::write(to.join("generations/18446744073709551615-never/manifest.age"), b"").expect("a file");
    assert_eq!(backup::verify(&to, Some(&keys)).expect("a folder of backups").generations, [1]);
}
