//! Evidence in an S3-compatible store: a small one of our own, which answers as the protocol says and keeps what it got.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use sakimori_app::backup::{self, Target};
use sakimori_app::evidence::{self, Bucket, Shelf};
use sakimori_app::{key_check, upkeep};
use sakimori_store::StoreConfig;
use sakimori_testkit::{BOTH, TestApp};

use crate::durable::{code, file, scene, started_with};

type Kept = Arc<Mutex<BTreeMap<String, Vec<u8>>>>;

async fn answer(State(kept): State<Kept>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let mut kept = kept.lock().expect("the store");
    if !headers.contains_key("authorization") {
        return StatusCode::FORBIDDEN.into_response();
    }
    let key = uri.path().trim_start_matches('/').to_owned();
    match method {
        Method::PUT => {
            if headers.contains_key("if-none-match") && kept.contains_key(&key) {
                return StatusCode::PRECONDITION_FAILED.into_response();
            }
            kept.insert(key, body.to_vec());
            ([("etag", "\"1\"")], "").into_response()
        }
        Method::GET if uri.query().is_some_and(|query| query.contains("list-type=2")) => {
            let entries: String = kept
                .iter()
                .map(|(key, bytes)| {
                    let key = key.strip_prefix("box/").unwrap_or(key);
                    format!("<Contents><Key>{key}</Key><LastModified>2026-11-20T00:00:00.000Z</LastModified><ETag>\"1\"</ETag><Size>{}</Size></Contents>", bytes.len())
                })
                .collect();
            format!("<?xml version=\"1.0\"?><ListBucketResult><Name>box</Name><KeyCount>{}</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated>{entries}</ListBucketResult>", kept.len()).into_response()
        }
        Method::GET => match kept.get(&key) {
            Some(bytes) => {
                ([("etag", "\"1\""), ("last-modified", "Fri, 20 Nov 2026 00:00:00 GMT")], bytes.clone()).into_response()
            }
            None => (StatusCode::NOT_FOUND, "<Error><Code>NoSuchKey</Code></Error>").into_response(),
        },
        Method::DELETE => {
            kept.remove(&key);
            StatusCode::NO_CONTENT.into_response()
        }
        _ => StatusCode::METHOD_NOT_ALLOWED.into_response(),
    }
}

#[tokio::test]
async fn evidence_lies_in_a_bucket_and_is_scrubbed_backed_up_and_restored_from_there() {
    for database in BOTH {
        let kept = Kept::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let router = Router::new().fallback(answer).with_state(kept.clone());
        let serving = tokio::spawn(async move { axum::serve(listener, router).await });
        let bucket = Bucket {
            name: "box".to_owned(),
            prefix: "evidence".to_owned(),
            endpoint: format!("http://{address}"),
            region: String::new(),
            access_key_id: "fictional".to_owned(),
            secret_access_key: "fictional".to_owned(),
        };
        let mut test = TestApp::new(database).await;
        let shelf = Shelf::bucket(&bucket).expect("a bucket");
        test.app = Arc::new(started_with(&test, test.app.keys().clone()).with_shelf(shelf));
        key_check::require(&test.app).await.expect("keys");
        let (officer, rows) = scene(&test, "alpha").await;
        let id = evidence::add_file(&test.app, &officer, &rows[0], file(b"kept elsewhere")).await.expect("evidence");
        assert_eq!(evidence::read_file(&test.app, &officer, &id).await.expect("read").1, b"kept elsewhere");
        {
            let kept = kept.lock().expect("the store");
            let (key, bytes) = kept.iter().next().expect("one object");
            assert!(kept.len() == 1 && key.starts_with("box/evidence/"), "{key}");
            assert!(!bytes.windows(4).any(|part| part == b"kept"), "sealed before it leaves the machine");
        }
        let name = test.app.shelf().names().await.expect("names").remove(0);
        test.app.shelf().put(&name, b"another".to_vec()).await.expect("never written over");
        assert!(upkeep::scrub(&test.app).await.expect("a scrub").is_good());
        let to = test.app.folder().join("backups");
        backup::create(&test.app, &to, &[]).await.expect("a generation");
        let folder = test.app.folder().join("restored");
        let target = Target { config: StoreConfig::Folder(folder.clone()), folder, shelf: None, write_keys: true };
        assert_eq!(backup::restore(&to, test.app.keys(), &target).await.expect("restored").evidence, 1);
        for bytes in kept.lock().expect("the store").values_mut() {
            bytes[0] ^= 1;
        }
        assert_eq!(upkeep::scrub(&test.app).await.expect("a scrub").damaged.len(), 1);
        assert_eq!(code(evidence::read_file(&test.app, &officer, &id).await), "evidence-damaged");
        test.app.shelf().remove(&name).await.expect("removed");
        test.app.shelf().remove(&name).await.expect("nothing is there any more");
        evidence::add_file(&test.app, &officer, &rows[1], file(b"kept elsewhere"))
            .await
            .expect("the same file heals it");
        assert!(evidence::read_file(&test.app, &officer, &id).await.is_ok());
        serving.abort();
        assert!(
            evidence::add_file(&test.app, &officer, &rows[1], file(b"x")).await.is_err(),
            "an answer, not a wait without end"
        );
    }
}
