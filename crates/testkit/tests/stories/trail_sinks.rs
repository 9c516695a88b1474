//! The trail as it happens: to a file and to a syslog server over TLS, with nothing left out after an outage; what is
//! sensitive leaves its event when it is read.

use std::sync::Arc;

use axum::http::StatusCode;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use sakimori_app::trail::sinks::{Sink, Target, trusting};
use sakimori_interop::trail::export::{Demand, verify};
use sakimori_store::trail::{self, tree};
use sakimori_testkit::people::carrier_profile;
use sakimori_testkit::{BOTH, TestApp};
use serde_json::Value;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

async fn event(test: &TestApp, what: &str) {
    test.app.note_read(&test.officer("alpha"), what, ("organisation", "alpha"), &1).await.expect("noted");
}

#[tokio::test]
async fn a_file_gets_every_event_once_in_the_names_of_ecs() {
    for database in BOTH {
        let test = TestApp::new(database).await;
        test.organisation("alpha", carrier_profile()).await;
        event(&test, "test.one").await;
        let path = test.app.folder().join("trail.jsonl");
        let mut sink = Sink::new("file", Target::File(path.clone()), 10);
        sink.serve(&test.app).await.expect("served");
        // Another process, or this one after a restart, goes on where it ended.
        event(&test, "test.two").await;
        let mut again = Sink::new("file", Target::File(path.clone()), 10);
        again.serve(&test.app).await.expect("served");
        again.serve(&test.app).await.expect("nothing new");
        let text = std::fs::read_to_string(&path).expect("the file");
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        let of_alpha: Vec<&Value> = lines.iter().filter(|line| line["organization"]["id"] == "alpha").collect();
        let positions: Vec<i64> = of_alpha.iter().filter_map(|line| line["event"]["sequence"].as_i64()).collect();
        assert_eq!(positions, (1..=positions.len() as i64).collect::<Vec<_>>(), "{database:?}: each once, in order");
        let last = of_alpha.last().expect("events");
        assert_eq!((&last["event"]["action"], &last["source"]["ip"]), (&"test.two".into(), &"192.0.2.1".into()));
        assert!(last["@timestamp"].as_str().is_some_and(|at| at.ends_with('Z')));
    }
}

#[tokio::test]
async fn a_sink_that_takes_nothing_is_told_after_its_patience_and_loses_nothing() {
    for database in BOTH {
        let test = TestApp::new(database).await;
        test.organisation("alpha", carrier_profile()).await;
        let folder = test.app.folder().join("gone");
        let mut sink = Sink::new("file", Target::File(folder.join("trail.jsonl")), 10);
        sink.serve(&test.app).await.expect("tried");
        let told = async || {
            let mut c = test.app.read().await.expect("read");
            let events = trail::newest(&mut c, "alpha", i64::MAX, 100).await.expect("events");
            events.iter().filter(|event| event.action == "trail.sink").count()
        };
        assert_eq!(told().await, 0, "{database:?}: not at once");
        test.pass(11 * 60);
        sink.serve(&test.app).await.expect("tried");
        sink.serve(&test.app).await.expect("tried");
        assert_eq!(told().await, 1);
        let mut c = test.app.read().await.expect("read");
        assert!(!tree::sinks(&mut c, "alpha").await.expect("sinks")[0].fault.is_empty());
        drop(c);
        std::fs::create_dir_all(&folder).expect("a folder");
        sink.serve(&test.app).await.expect("served");
        let text = std::fs::read_to_string(folder.join("trail.jsonl")).expect("the file");
        assert!(text.contains("trail.sink"), "all of it, what was told too");
        let mut c = test.app.read().await.expect("read");
        assert!(tree::sinks(&mut c, "alpha").await.expect("sinks")[0].fault.is_empty());
    }
}

/// The messages of a stream, each with its length before it; `None` while one is not whole.
fn frames(text: &str) -> Option<Vec<&str>> {
    let mut rest = text;
    let mut messages = Vec::new();
    while !rest.is_empty() {
        let (length, after) = rest.split_once(' ')?;
        let (message, next) = after.split_at_checked(length.parse().ok()?)?;
        messages.push(message);
        rest = next;
    }
    Some(messages)
}

#[tokio::test]
async fn syslog_goes_over_tls_to_the_server_that_is_trusted_only() {
    let test = TestApp::new(BOTH[0]).await;
    test.organisation("alpha", carrier_profile()).await;
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["localhost".to_owned()]).expect("certificate");
    let ca = test.app.folder().join("ca.pem");
    std::fs::write(&ca, cert.pem()).expect("written");
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .expect("a server");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("localhost:{}", listener.local_addr().expect("an address").port());
    let received = tokio::spawn(async move {
        let acceptor = TlsAcceptor::from(Arc::new(config));
        loop {
            let (stream, _) = listener.accept().await.expect("a connection");
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            // Until the last event is there whole: whoever hangs up first may lose what is under way.
            let mut bytes = Vec::new();
            loop {
                stream.read_buf(&mut bytes).await.expect("received");
                let text = String::from_utf8_lossy(&bytes).into_owned();
                if frames(&text).is_some_and(|all| all.iter().any(|message| message.contains("test.one"))) {
                    return text;
                }
            }
        }
    });

    // Somebody else's certificate: nothing is sent, nothing counts as taken.
    let other = generate_simple_self_signed(["localhost".to_owned()]).expect("certificate");
    let foreign = test.app.folder().join("other.pem");
    std::fs::write(&foreign, other.cert.pem()).expect("written");
    let tls = trusting(&foreign).expect("certificates");
    let mut wrong = Sink::new("syslog", Target::Syslog { address: address.clone(), tls }, 10);
    wrong.serve(&test.app).await.expect("tried");
    let mut c = test.app.read().await.expect("read");
    assert!(tree::sinks(&mut c, "alpha").await.expect("sinks").is_empty());
    drop(c);

    let tls = trusting(&ca).expect("certificates");
    let mut sink = Sink::new("syslog", Target::Syslog { address, tls }, 10);
    event(&test, "test.one").await;
    sink.serve(&test.app).await.expect("served");
    let text = received.await.expect("received");
    let messages = frames(&text).expect("whole messages");
    assert!(messages.iter().all(|message| message.starts_with("<110>1 2026-11-20T00:00:00Z - sakimori - ")));
    let last = messages.iter().find(|message| message.contains(" test.one - \u{feff}{")).expect("the event");
    let json = last.split_once('\u{feff}').expect("a body").1;
    assert_eq!(serde_json::from_str::<Value>(json).expect("JSON")["organization"]["id"], "alpha");
}

#[tokio::test]
async fn the_page_shows_the_proof_and_gives_it_along() {
    for database in BOTH {
        let test = TestApp::new(database).await;
        test.organisation("alpha", carrier_profile()).await;
        test.organisation("beta", carrier_profile()).await;
        let auditor = test.browser("alpha-auditor").await;
        let key = test.app.trail_key().publics().remove(0);
        let demand = Demand { key: Some(key), ..Demand::default() };
        let checkpoint = auditor.get("/trail/checkpoint").await;
        assert!(checkpoint.text().starts_with("sakimori/test/o/alpha\n"), "{database:?}");
        let page = auditor.get("/trail").await.text();
        assert!(page.contains("sakimori/test/o/alpha") && page.contains("/trail/1/proof"));
        let proof = auditor.get("/trail/1/proof").await;
        assert_eq!(verify(proof.bytes.as_slice(), &demand).expect("a proof").findings, []);
        let whole = auditor.get("/trail/export.jsonl").await;
        let verdict = verify(whole.bytes.as_slice(), &demand).expect("an export");
        assert_eq!(verdict.findings, []);
        let text = whole.text();
        assert!(text.contains("trail.read") && text.contains("trail.export"), "looking is noted too");
        assert!(!text.contains("beta"));
        assert_eq!(auditor.get("/trail/100000/proof").await.status, StatusCode::NOT_FOUND);
        assert_eq!(auditor.get("/trail/x/proof").await.status, StatusCode::NOT_FOUND);
        let member = test.browser("alpha-department-member").await;
        assert_eq!(member.get("/trail/export.jsonl").await.status, StatusCode::FORBIDDEN);
        // What is printed carries the checkpoint, and its printing is in the trail.
        let list = auditor.get("/trail?format=xlsx").await;
        assert_eq!(list.status, StatusCode::OK);
        let printed = auditor.get("/trail/export.jsonl").await.text();
        assert!(printed.contains("report.print"));
    }
}
