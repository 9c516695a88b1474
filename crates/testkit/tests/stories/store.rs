//! The store on both databases: migrations, conflicts, search, the trail.

use sakimori_store::search;
use sakimori_store::{StoreError, registry, trail};
use sakimori_testkit::people::carrier_profile;
use sakimori_testkit::{BOTH, TestApp};

#[tokio::test]
async fn two_writers_of_one_version_do_not_overwrite_each_other() {
    for database in BOTH {
        let test = TestApp::new(database).await;
        test.organisation("alpha", carrier_profile()).await;
        let seen = registry::organisation_by_id(&mut test.app.read().await.expect("read"), "alpha")
            .await
            .expect("row")
            .expect("there");
        let mut first = test.app.store().write().await.expect("write");
        let renamed = registry::Organisation { name: "先".to_owned(), ..seen.clone() };
        registry::update_organisation(&mut first, &renamed).await.expect("the first is taken");
        first.commit().await.expect("commit");
        let mut second = test.app.store().write().await.expect("write");
        let late = registry::Organisation { name: "後".to_owned(), ..seen };
        let refused = registry::update_organisation(&mut second, &late).await;
        assert!(matches!(refused, Err(StoreError::Conflict("organisation"))), "{database:?}");
    }
}

#[tokio::test]
async fn a_write_that_is_not_committed_leaves_nothing() {
    for database in BOTH {
        let test = TestApp::new(database).await;
        test.organisation("alpha", carrier_profile()).await;
        let mut read = test.app.read().await.expect("read");
        let before = trail::newest(&mut read, "alpha", i64::MAX, 100).await.expect("trail").len();
        drop(read);
        let officer = test.officer("alpha");
        let mut op =
            test.app.operate(&officer, sakimori_domain::identity::Permission::EditProfile).await.expect("operation");
        op.trail_new("test.write", ("organisation", "alpha"), &1).await.expect("event");
        drop(op);
        let mut read = test.app.read().await.expect("read");
        assert_eq!(
            trail::newest(&mut read, "alpha", i64::MAX, 100).await.expect("trail").len(),
            before,
            "{database:?}"
        );
    }
}

#[tokio::test]
async fn an_operation_without_a_trail_event_is_not_committed() {
    for database in BOTH {
        let test = TestApp::new(database).await;
        test.organisation("alpha", carrier_profile()).await;
        let officer = test.officer("alpha");
        let op =
            test.app.operate(&officer, sakimori_domain::identity::Permission::EditProfile).await.expect("operation");
        assert!(op.commit().await.is_err(), "{database:?}");
    }
}

#[tokio::test]
async fn words_are_found_whatever_their_spelling_and_only_those() {
    for database in BOTH {
        let test = TestApp::new(database).await;
        let entry = |subject: &str, body: &str| search::SearchEntry {
            owner: "alpha".to_owned(),
            kind: "note".to_owned(),
            scope: "test".to_owned(),
            subject: subject.to_owned(),
            title: String::new(),
            body: body.to_owned(),
        };
        let entries = [
            entry("a", "サーバーの内部監査を年1回行う"),
            entry("b", "ウィルス対策ソフトの更新"),
            entry("c", "監視室の査察"),
        ];
        let mut write = test.app.store().write().await.expect("write");
        search::replace(&mut write, "alpha", "note", "test", &entries).await.expect("index");
        write.commit().await.expect("commit");
        let mut read = test.app.read().await.expect("read");
        for (query, expected) in [
            ("監査", "a"),
            ("ｻｰﾊﾞ", "a"),
            ("ウイルス", "b"),
            ("監視", "c"),
            ("サーバ 監査", "a"),
            ("査", "ac"),
            ("監 視", "c"),
        ] {
            let mut found: Vec<String> = search::find(&mut read, "alpha", query, 50)
                .await
                .expect("search")
                .into_iter()
                .filter(|e| e.kind == "note")
                .map(|e| e.subject)
                .collect();
            found.sort();
            assert_eq!(found.concat(), expected, "{query} on {database:?}");
        }
        let foreign = search::find(&mut read, "beta", "監査", 50).await.expect("search");
        assert!(foreign.iter().all(|e| e.owner.is_empty()), "another organisation's entries stay unseen");
        for hostile in ["\" OR 1", "'; DROP TABLE trail; --", "監査*", "& | ! <->", "(", "監査\0"] {
            search::find(&mut read, "alpha", hostile, 50).await.expect("no query breaks the search");
        }
    }
}
