//! Signing in: lock, idle limit, CSRF, sites of others, one's own password.

use axum::http::StatusCode;
use sakimori_app::identity;
use sakimori_app::setup::{Founding, found};
use sakimori_domain::identity::{LOCK_MINUTES, SESSION_IDLE_MINUTES};
use sakimori_testkit::people::{PASSWORD, carrier_profile};
use sakimori_testkit::{BOTH, TestApp};

#[tokio::test]
async fn five_wrong_passwords_rest_the_account_and_the_answer_never_tells_why() {
    for database in BOTH {
        let test = TestApp::new(database).await;
        test.organisation("alpha", carrier_profile()).await;
        let unknown =
            identity::sign_in(&test.app, "nobody-at-all", PASSWORD, "").await.err().expect("refused").to_string();
        for _ in 0..5 {
            let wrong = identity::sign_in(&test.app, "alpha-auditor", "wrong wrong wrong", "").await;
            assert_eq!(wrong.err().expect("refused").to_string(), unknown);
        }
        assert!(
            identity::sign_in(&test.app, "alpha-auditor", PASSWORD, "").await.is_err(),
            "resting, even with the right one"
        );
        test.pass(LOCK_MINUTES * 60 + 1);
        assert!(identity::sign_in(&test.app, "alpha-auditor", PASSWORD, "").await.is_ok(), "rested");
    }
}

#[tokio::test]
async fn attempts_at_the_same_moment_are_counted_one_by_one() {
    for database in BOTH {
        let test = TestApp::new(database).await;
        test.organisation("alpha", carrier_profile()).await;
        let guess = |password: &'static str| identity::sign_in(&test.app, "alpha-auditor", password, "");
        let wrong =
            tokio::join!(guess("wrong 1"), guess("wrong 2"), guess("wrong 3"), guess("wrong 4"), guess("wrong 5"));
        assert!([wrong.0, wrong.1, wrong.2, wrong.3, wrong.4].iter().all(Result::is_err));
        assert!(guess(PASSWORD).await.is_err(), "{database:?}: five at once are five");
    }
}

#[tokio::test]
async fn an_idle_session_ends() {
    for database in BOTH {
        let test = TestApp::new(database).await;
        test.organisation("alpha", carrier_profile()).await;
        let browser = test.browser("alpha-auditor").await;
        test.pass((SESSION_IDLE_MINUTES - 1) * 60);
        assert_eq!(browser.get("/me").await.status, StatusCode::OK, "a request keeps it alive");
        test.pass((SESSION_IDLE_MINUTES - 1) * 60);
        assert_eq!(browser.get("/me").await.status, StatusCode::OK);
        test.pass((SESSION_IDLE_MINUTES + 1) * 60);
        assert_eq!(browser.get("/me").await.location(), "/sign-in?next=%2Fme");
    }
}

#[tokio::test]
async fn a_form_without_the_token_writes_nothing() {
    for database in BOTH {
        let test = TestApp::new(database).await;
        test.organisation("alpha", carrier_profile()).await;
        let browser = test.browser("alpha-auditor").await;
        for token in ["", "0", &browser.csrf().replace(char::is_numeric, "x")] {
            let answer = browser.send("POST", "/language", &[("csrf", token), ("language", "en")]).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN);
        }
        assert!(browser.get("/me").await.text().contains("lang=\"ja\""));
        assert_eq!(browser.post("/language", &[("language", "en")]).await.status, StatusCode::SEE_OTHER);
        assert!(browser.get("/me").await.text().contains("<html lang=\"en\""));
    }
}

#[tokio::test]
async fn a_suspended_person_is_out_at_once() {
    for database in BOTH {
        let test = TestApp::new(database).await;
        test.organisation("alpha", carrier_profile()).await;
        let auditor = test.browser("alpha-auditor").await;
        let administrator = test.browser("alpha-administrator").await;
        let page = administrator.get("/administration").await.text();
        let row = page.split("<tr").find(|row| row.contains("alpha-auditor")).expect("the auditor's row");
        let action = row.split("action=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a form");
        assert_eq!(administrator.post(action, &[("state", "suspended")]).await.status, StatusCode::SEE_OTHER);
        assert_eq!(auditor.get("/").await.status, StatusCode::SEE_OTHER, "to the sign-in page");
        assert!(identity::sign_in(&test.app, "alpha-auditor", PASSWORD, "").await.is_err());
    }
}

#[tokio::test]
async fn signing_in_leads_only_to_pages_of_this_site() {
    for database in BOTH {
        let test = TestApp::new(database).await;
        test.organisation("alpha", carrier_profile()).await;
        for (next, expected) in
            [("/me", "/me"), ("//evil.example", "/"), ("https://evil.example", "/"), ("/\\evil.example", "/")]
        {
            let fields = [("login", "alpha-auditor"), ("password", PASSWORD), ("next", next)];
            assert_eq!(test.stranger().send("POST", "/sign-in", &fields).await.location(), expected, "{next}");
        }
    }
}

#[tokio::test]
async fn an_installation_is_set_up_once() {
    for database in BOTH {
        let test = TestApp::new(database).await;
        let new = |login: &str| Founding {
            organisation: "みなと荷役（架空）".to_owned(),
            login: login.to_owned(),
            name: "システム管理者".to_owned(),
        };
        assert!(found(&test.app, new("a")).await.is_err(), "a login has three letters");
        let founded = found(&test.app, new("Admin")).await.expect("set up");
        assert!(identity::sign_in(&test.app, "admin", &founded.password, "").await.is_ok());
        let again = found(&test.app, new("second")).await.err().expect("refused");
        assert_eq!(again.refusal().map(|refusal| refusal.code), Some("already-set-up"));
        assert!(identity::sign_in(&test.app, "second", &founded.password, "").await.is_err(), "nothing is left of it");
    }
}
