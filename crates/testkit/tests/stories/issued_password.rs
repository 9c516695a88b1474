//! Passwords that somebody else knows: the first one, and the one for whoever forgot theirs.

use axum::http::StatusCode;
use sakimori_app::{RefusalKind, issued_password};
use sakimori_domain::identity::Role;
use sakimori_store::identity as store;
use sakimori_testkit::people::{PASSWORD, carrier_profile};
use sakimori_testkit::{BOTH, TestApp};

const OWN: &str = "紫の梯子と十七匹の鯨と古い羅針盤";

async fn id_of(test: &TestApp, login: &str) -> String {
    let mut c = test.app.read().await.expect("a connection");
    store::account_by_login(&mut c, login).await.expect("a query").expect("an account").id
}

#[tokio::test]
async fn an_issued_password_is_replaced_at_the_first_sign_in() {
    for database in BOTH {
        let test = TestApp::new(database).await;
        test.organisation("alpha", carrier_profile()).await;
        let id = id_of(&test, "alpha-auditor").await;
        let working = test.browser("alpha-auditor").await;
        let administrator = test.browser("alpha-administrator").await;
        let page = administrator.post(&format!("/administration/sign-in/{id}/password"), &[]).await.text();
        let issued = page.split("<code>").nth(2).and_then(|rest| rest.split('<').next()).expect("the password");
        assert_eq!(issued.len(), 23, "{database:?}: {page}");
        assert!(working.get("/me").await.location().starts_with("/sign-in"), "{database:?}: sessions end");
        let mut browser = test.stranger();
        let old = browser.send("POST", "/sign-in", &[("login", "alpha-auditor"), ("password", PASSWORD)]).await;
        assert_eq!(old.status, StatusCode::UNAUTHORIZED, "{database:?}: the old one is gone");
        let fields = [("login", "alpha-auditor"), ("password", issued), ("next", "/trail")];
        let step = browser.send("POST", "/sign-in", &fields).await;
        assert_eq!(step.location(), "/sign-in/new-password?next=%2Ftrail", "{database:?}");
        browser.follow(&step).await;
        assert!(browser.get("/trail").await.location().starts_with("/sign-in/new-password"), "nothing else opens");
        for (new, again) in [(OWN, "another"), (issued, issued), (PASSWORD, PASSWORD), ("short", "short")] {
            let refused = browser.post("/sign-in/new-password", &[("new", new), ("again", again)]).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{database:?}: {new}");
        }
        let done = browser.post("/sign-in/new-password", &[("new", OWN), ("again", OWN), ("next", "/trail")]).await;
        assert_eq!(done.location(), "/trail", "{database:?}");
        let page = browser.follow(&done).await;
        assert_eq!(page.status, StatusCode::OK, "{database:?}");
        assert!(!page.text().contains(issued) && !page.text().contains(OWN), "no password in the trail");
        assert!(sakimori_app::identity::sign_in(&test.app, "alpha-auditor", OWN, "192.0.2.1").await.is_ok());
    }
}

#[tokio::test]
async fn a_password_of_ones_own_does_not_hold_the_name_of_ones_department() {
    for database in BOTH {
        let test = TestApp::new(database).await;
        test.organisation("alpha", carrier_profile()).await;
        let administrator = test.actor("alpha", Role::Administrator, "");
        let id = id_of(&test, "alpha-department-member").await;
        let issued = issued_password::issue(&test.app, &administrator, &id).await.expect("a password");
        let signed = sakimori_app::identity::sign_in(&test.app, "alpha-department-member", &issued, "192.0.2.1").await;
        let token = signed.expect("as far as the step").token;
        let replaced = async |new| issued_password::replace(&test.app, &token, new, "192.0.2.1").await.map(|_| ());
        let refused = replaced("設備運用部の灯台と二艘の曳船").await.expect_err("the department's name");
        assert_eq!(refused.refusal().map(|refusal| refusal.code), Some("password-own-data"), "{database:?}");
        replaced(OWN).await.expect("one's own");
    }
}

#[tokio::test]
async fn an_issued_password_runs_out_and_opens_no_other_organisation() {
    for database in BOTH {
        let test = TestApp::new(database).await;
        test.organisation("alpha", carrier_profile()).await;
        test.organisation("beta", carrier_profile()).await;
        let administrator = test.actor("alpha", Role::Administrator, "");
        let id = id_of(&test, "alpha-auditor").await;
        let issued = issued_password::issue(&test.app, &administrator, &id).await.expect("a password");
        test.pass((issued_password::ISSUED_DAYS * 24 + 1) * 3600);
        let late = sakimori_app::identity::sign_in(&test.app, "alpha-auditor", &issued, "192.0.2.1").await;
        assert!(late.is_err(), "{database:?}: it has run out");
        let foreign = test.actor("beta", Role::Administrator, "");
        let refused = issued_password::issue(&test.app, &foreign, &id).await.expect_err("refused");
        assert!(
            matches!(&refused, sakimori_app::AppError::Refused(r) if r.kind == RefusalKind::NotFound),
            "{refused:?}"
        );
        // A seat in a second organisation: its data must not open by a password that the first's administrator knows.
        let mut write = test.app.store().write().await.expect("a transaction");
        store::put_membership(&mut write, &id, "beta", Role::Auditor, "").await.expect("a seat");
        write.commit().await.expect("a commit");
        let refused = issued_password::issue(&test.app, &administrator, &id).await.expect_err("refused");
        assert!(
            matches!(&refused, sakimori_app::AppError::Refused(r) if r.code == "account-of-several"),
            "{database:?}: {refused:?}"
        );
    }
}
