//! What the attacker's hour found, so that it stays mended (docs/security-review.md).

use axum::http::StatusCode;
use sakimori_testkit::people::carrier_profile;
use sakimori_testkit::{BOTH, TestApp};

#[tokio::test]
async fn a_zero_byte_is_no_error() {
    for database in BOTH {
        let test = TestApp::new(database).await;
        test.organisation("alpha", carrier_profile()).await;
        let officer = test.browser("alpha-security-officer").await;
        for path in [
            "/answers/%00",
            "/requests/x%00",
            "/evidence/%00",
            "/standards/x%00/1",
            "/trail?person=%00",
            "/search?q=a%00b",
        ] {
            let status = officer.get(path).await.status;
            assert!(!status.is_server_error(), "{path} on {database:?}: {status}");
        }
        let login = [("login", "alpha-auditor\0"), ("password", "some other password")];
        let refused = test.stranger().send("POST", "/sign-in", &login).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{database:?}");
    }
}

#[tokio::test]
async fn no_form_leads_elsewhere() {
    let test = TestApp::new(BOTH[0]).await;
    test.organisation("alpha", carrier_profile()).await;
    let officer = test.browser("alpha-security-officer").await;
    for back in ["//evil.example", "/..//evil.example", "/\\evil.example", "https://evil.example", "/\t/evil.example"] {
        let answer = officer.post("/language", &[("language", "ja"), ("back", back)]).await;
        assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/"), "{back:?}");
    }
}

#[tokio::test]
async fn one_login_is_registered_once() {
    for database in BOTH {
        let test = TestApp::new(database).await;
        test.organisation("alpha", carrier_profile()).await;
        let administrator = test.browser("alpha-administrator").await;
        let fields = [
            ("login", "at-once"),
            ("name", "同時"),
            ("password", "灯台と二艘の曳船と四日月"),
            ("role", "auditor"),
            ("department", ""),
        ];
        let register = || administrator.post("/administration/accounts", &fields);
        let all = tokio::join!(register(), register(), register(), register());
        let all = [all.0.status, all.1.status, all.2.status, all.3.status];
        let refused = [StatusCode::CONFLICT, StatusCode::UNPROCESSABLE_ENTITY];
        assert_eq!(all.iter().filter(|status| **status == StatusCode::SEE_OTHER).count(), 1, "{database:?}: {all:?}");
        let others = all.iter().filter(|status| **status != StatusCode::SEE_OTHER);
        assert!(others.clone().all(|status| refused.contains(status)), "{database:?}: {all:?}");
    }
}
