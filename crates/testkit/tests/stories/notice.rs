//! お知らせ: who is told, who is not, and what stays unread.

use axum::http::StatusCode;
use sakimori_app::Actor;
use sakimori_app::notice::{self, Audience};
use sakimori_domain::identity::{Permission, Role};
use sakimori_testkit::people::carrier_profile;
use sakimori_testkit::{BOTH, TestApp};

/// Tells the security officers of an organisation that an account was locked; `sentence` is the text.
async fn tell(test: &TestApp, organisation_id: &str, audience: Audience<'_>, sentence: &str) {
    let system = Actor::system(organisation_id);
    let mut op = test.app.operate(&system, Permission::ReadTrail).await.expect("an operation");
    notice::tell(&mut op, organisation_id, audience, "test.told", ("trail", ""), (sentence, sentence))
        .await
        .expect("told");
    op.trail_new("demo.seed", ("organisation", organisation_id), &"told").await.expect("an event");
    op.commit().await.expect("a commit");
}

#[tokio::test]
async fn a_notice_reaches_its_audience_and_nobody_else() {
    for database in BOTH {
        let test = TestApp::new(database).await;
        test.organisation("alpha", carrier_profile()).await;
        test.organisation("beta", carrier_profile()).await;
        tell(&test, "alpha", Audience::Role(Role::SecurityOfficer), "灯台の件").await;
        let officer = test.browser("alpha-security-officer").await;
        assert!(officer.get("/").await.text().contains("灯台の件"), "{database:?}: on the home page");
        let page = officer.get("/notices").await.text();
        assert!(
            page.contains("灯台の件") && page.contains("お知らせ 未読1件"),
            "{database:?}: in the list and the top bar"
        );
        for other in ["alpha-auditor", "alpha-administrator", "beta-security-officer"] {
            let browser = test.browser(other).await;
            let page = browser.get("/notices").await;
            assert_eq!(page.status, StatusCode::OK);
            assert!(!page.text().contains("灯台の件") && !page.text().contains("未読"), "{database:?}: not to {other}");
            assert!(page.text().contains("お知らせはまだありません"), "an empty list says so");
        }
    }
}

#[tokio::test]
async fn reading_is_each_readers_own() {
    for database in BOTH {
        let test = TestApp::new(database).await;
        test.organisation("alpha", carrier_profile()).await;
        tell(&test, "alpha", Audience::Role(Role::Auditor), "一つめ").await;
        tell(&test, "alpha", Audience::Role(Role::SecurityOfficer), "二つめ").await;
        let officer = test.browser("alpha-security-officer").await;
        let auditor = test.browser("alpha-auditor").await;
        let page = auditor.get("/notices").await.text();
        let id = page
            .split("name=\"id\" value=\"")
            .nth(1)
            .and_then(|rest| rest.split('"').next())
            .expect("an id")
            .to_owned();
        assert_eq!(officer.post("/notices/read", &[("id", &id)]).await.location(), "/notices");
        assert!(auditor.get("/notices").await.text().contains("未読1件"), "{database:?}: somebody else's stays unread");
        auditor.post("/notices/read", &[("id", &id)]).await;
        assert!(!auditor.get("/").await.text().contains("未読1件"), "{database:?}: read");
        assert!(officer.get("/").await.text().contains("二つめ"));
        officer.post("/notices/read", &[]).await;
        let page = officer.get("/notices").await.text();
        assert!(
            page.contains("未読のお知らせはありません") && page.contains("二つめ"),
            "{database:?}: all read, still listed"
        );
    }
}

#[tokio::test]
async fn what_a_job_finds_every_night_is_told_once() {
    for database in BOTH {
        let test = TestApp::new(database).await;
        test.organisation("alpha", carrier_profile()).await;
        let system = Actor::system("alpha");
        let mut told = Vec::new();
        for days in [0, 1, 9] {
            test.pass(days * 86_400);
            let mut op = test.app.operate(&system, Permission::ReadTrail).await.expect("an operation");
            let to = Audience::Role(Role::Administrator);
            let text = ("古いパスワード", "an old password");
            told.push(
                notice::tell_once(&mut op, "alpha", to, "test.old", ("account", "x"), text, 7).await.expect("told"),
            );
            op.trail_new("demo.seed", ("organisation", "alpha"), &"told").await.expect("an event");
            op.commit().await.expect("a commit");
        }
        assert_eq!(told, [true, false, true], "{database:?}");
    }
}
