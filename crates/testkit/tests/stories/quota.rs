//! How much evidence an organisation may keep: no more, even when many attach at once, and said in words.

use std::sync::Arc;

use axum::http::StatusCode;
use sakimori_app::evidence::quota::{self, Amount, GIB};
use sakimori_app::evidence::{self, NewFile};
use sakimori_domain::identity::Role;
use sakimori_store::trail;
use sakimori_testkit::{BOTH, TestApp};

use crate::durable::{code, file, scene, started_with};

#[tokio::test]
async fn an_organisation_keeps_as_much_evidence_as_it_may_and_no_more() {
    for database in BOTH {
        let mut test = TestApp::new(database).await;
        let (officer, rows) = scene(&test, "alpha").await;
        let (other, other_rows) = scene(&test, "beta").await;
        let five = Amount { bytes: GIB, files: 5 };
        test.app = Arc::new(started_with(&test, test.app.keys().clone()).with_evidence_limit(five));
        for (row, bytes) in rows.iter().zip([b"one", b"two", b"six"]) {
            evidence::add_file(&test.app, &officer, row, file(bytes)).await.expect("there is room");
        }
        let notices = async || test.browser("alpha-security-officer").await.get("/notices").await.text();
        assert!(!notices().await.contains("証跡の保管が上限の"), "{database:?}");

        // Eight at the same moment for the last two places.
        let mut uploads = tokio::task::JoinSet::new();
        for (number, row) in rows.iter().skip(3).take(8).cloned().enumerate() {
            let (app, officer) = (test.app.clone(), officer.clone());
            uploads.spawn(async move {
                let bytes = format!("file {number}").into_bytes();
                let new = NewFile { title: "記録", name: "r.txt", media_type: "text/plain", bytes };
                evidence::add_file(&app, &officer, &row, new).await
            });
        }
        let (mut taken, mut refused) = (0, 0);
        while let Some(done) = uploads.join_next().await {
            match done.expect("an upload") {
                Ok(_) => taken += 1,
                other => {
                    assert_eq!(code(other), "evidence-quota");
                    refused += 1;
                }
            }
        }
        assert_eq!((taken, refused), (2, 6), "{database:?}");
        let room = quota::room(&test.app, &mut test.app.read().await.expect("read"), "alpha").await.expect("room");
        assert_eq!((room.kept.files, room.percent(), room.is_own), (5, 100, false));
        assert_eq!(test.app.shelf().names().await.expect("names").len(), 5, "what was refused is not left on the disk");
        assert!(notices().await.contains("証跡の保管が上限の80%"), "{database:?}: told once, before it is full");

        // The same bytes take no more room, nor do links; the other organisation has its own.
        evidence::add_file(&test.app, &officer, &rows[20], file(b"one")).await.expect("it is there already");
        evidence::add_link(&test.app, &officer, &rows[20], "保管庫", "https://example.org/a").await.expect("a link");
        evidence::add_file(&test.app, &other, &other_rows[0], file(b"one")).await.expect("another's room");
        let browser = test.browser("alpha-security-officer").await;
        let path = format!("/answers/{}/evidence", rows[21]);
        let page = browser.upload(&path, &[("title", "x")], ("file", "x.txt", b"one too many")).await;
        assert_eq!(page.status, StatusCode::PAYLOAD_TOO_LARGE, "{}", page.text());
        let words = page.text();
        assert!(
            words.contains("1 GB・5件") && words.contains("添付していません") && words.contains("リンクを登録"),
            "{words}"
        );
    }
}

#[tokio::test]
async fn a_limit_of_ones_own_is_set_on_the_machine_and_shown_with_what_is_used() {
    for database in BOTH {
        let test = TestApp::new(database).await;
        let (officer, rows) = scene(&test, "alpha").await;
        let add = async |row: &str, bytes: &[u8]| evidence::add_file(&test.app, &officer, row, file(bytes)).await;
        add(&rows[0], &[7; 3000]).await.expect("the default is large");
        assert_eq!(code(quota::set(&test.app, "nobody", None).await), "not-found");
        assert_eq!(code(quota::set(&test.app, "alpha", Some(Amount { bytes: 0, files: 1 })).await), "quota");
        quota::set(&test.app, "alpha", Some(Amount { bytes: 5000, files: 50 })).await.expect("set");
        assert_eq!(code(add(&rows[1], &[8; 3000]).await), "evidence-quota", "{database:?}: bytes count too");
        add(&rows[1], &[8; 500]).await.expect("a small one fits");
        for role in [Role::SecurityOfficer, Role::Administrator] {
            let page = test.browser(&format!("alpha-{}", role.code())).await.get("/administration/upkeep").await;
            assert_eq!(page.status, StatusCode::OK);
            let words = page.text();
            assert!(
                words.contains("証跡の量") && words.contains("2 / 50 件") && words.contains("個別の上限"),
                "{words}"
            );
        }
        let page = test.browser("alpha-executive").await.get("/administration/upkeep").await;
        assert_eq!(page.status, StatusCode::FORBIDDEN);
        quota::set(&test.app, "alpha", None).await.expect("as everybody");
        add(&rows[2], &[9; 3000]).await.expect("there is room again");
        let mut c = test.app.read().await.expect("read");
        let events = trail::newest(&mut c, "alpha", i64::MAX, 50).await.expect("the trail");
        assert_eq!(events.iter().filter(|event| event.action == "evidence.quota").count(), 2);
        assert!(!quota::room(&test.app, &mut c, "alpha").await.expect("room").is_own);
    }
}
