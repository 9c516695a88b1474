//! The edge: tokens of programs, and the networks from which people come.

use axum::http::StatusCode;
use sakimori_app::assessment::{self, NewAssessment};
use sakimori_app::{allow_list, api_token, seats};
use sakimori_domain::identity::{Role, TokenScope};
use sakimori_testkit::people::{PASSWORD, carrier_profile};
use sakimori_testkit::web::Browser;
use sakimori_testkit::{BOTH, TestApp};
use serde_json::{Value, json};

/// Makes a token on the page and reads it off.
async fn make(browser: &Browser, scopes: &[&str]) -> String {
    let mut fields = vec![("name", "集計プログラム"), ("days", "30")];
    fields.extend(scopes.iter().map(|scope| ("scope", *scope)));
    let answer = browser.post("/me/tokens", &fields).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let page = answer.text();
    let token = page.split(api_token::PREFIX).nth(1).and_then(|rest| rest.split('"').next()).expect("the token");
    format!("{}{token}", api_token::PREFIX)
}

#[tokio::test]
async fn a_token_opens_its_scope_of_the_api_and_nothing_else() {
    for database in BOTH {
        let test = TestApp::new(database).await;
        test.organisation("alpha", carrier_profile()).await;
        let officer = test.browser("alpha-security-officer").await;
        let token = make(&officer, &["read-standards"]).await;
        let program = test.stranger().with_token(&token);
        assert_eq!(program.get("/api/v1/standards").await.status, StatusCode::OK);
        assert_eq!(program.get("/api/v1/assessments").await.status, StatusCode::FORBIDDEN);
        for path in ["/", "/me", "/me/tokens", "/administration"] {
            assert_eq!(program.get(path).await.status, StatusCode::UNAUTHORIZED, "{path}");
        }
        let made_up = test.stranger().with_token(&format!("{}{}", api_token::PREFIX, "0".repeat(64)));
        assert_eq!(made_up.get("/api/v1/standards").await.status, StatusCode::UNAUTHORIZED);
        assert!(!officer.get("/me/tokens").await.text().contains(&token), "shown once");
        let beyond = test.browser("alpha-department-member").await;
        let refused = beyond.post("/me/tokens", &[("name", "x"), ("days", "30"), ("scope", "read-crosswalks")]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        for days in ["0", "366", "nonsense"] {
            let fields = [("name", "x"), ("days", days), ("scope", "read-standards")];
            assert_eq!(officer.post("/me/tokens", &fields).await.status, StatusCode::UNPROCESSABLE_ENTITY, "{days}");
        }
    }
}

#[tokio::test]
async fn a_write_through_a_token_names_it_in_the_trail() {
    for database in BOTH {
        let test = TestApp::new(database).await;
        test.organisation("alpha", carrier_profile()).await;
        let new = NewAssessment {
            title: "令和8年度".to_owned(),
            fiscal_year: 2026,
            editions: vec!["jt-x1051-2018".to_owned()],
            previous_id: String::new(),
        };
        let id = assessment::create(&test.app, &test.officer("alpha"), new).await.expect("an assessment");
        let officer = test.browser("alpha-security-officer").await;
        let token = make(&officer, &["read-answers", "write-answers"]).await;
        let program = test.stranger_from(Some("192.0.2.44")).with_token(&token);
        let rows: Value =
            serde_json::from_slice(&program.get(&format!("/api/v1/assessments/{id}/answers")).await.bytes)
                .expect("JSON");
        let url = format!("/api/v1/answers/{}", rows[0]["id"].as_str().expect("an id"));
        let change = json!({ "version": rows[0]["version"], "current": "プログラムからの回答" });
        let answer = program.json("PATCH", &url, &change).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        let mut c = test.app.read().await.expect("a connection");
        let events = sakimori_store::trail::newest(&mut c, "alpha", i64::MAX, 5).await.expect("a trail");
        assert!(events.iter().any(|e| e.address == "192.0.2.44 (token 集計プログラム)"), "{events:?}");
        let own = officer.get("/me/tokens").await.text();
        assert!(own.contains("192.0.2.44"), "the last use is shown");
    }
}

#[tokio::test]
async fn a_token_ends_with_its_time_its_revocation_and_its_holder() {
    for database in BOTH {
        let test = TestApp::new(database).await;
        test.organisation("alpha", carrier_profile()).await;
        test.organisation("beta", carrier_profile()).await;
        let status = async |token: &str| test.stranger().with_token(token).get("/api/v1/standards").await.status;
        let officer = test.browser("alpha-security-officer").await;
        let (first, second) = (make(&officer, &["read-standards"]).await, make(&officer, &["read-standards"]).await);

        let administrator = test.browser("alpha-administrator").await;
        let list = administrator.get("/administration/tokens").await.text();
        let id = list.split("/administration/tokens/").nth(1).and_then(|rest| rest.split('/').next()).expect("an id");
        let elsewhere = test.browser("beta-administrator").await;
        let foreign = elsewhere.post(&format!("/administration/tokens/{id}/revoke"), &[]).await;
        assert_eq!(foreign.status, StatusCode::NOT_FOUND);
        let member = test.browser("alpha-department-member").await;
        assert_eq!(member.post(&format!("/me/tokens/{id}/revoke"), &[]).await.status, StatusCode::NOT_FOUND);
        let revoked = administrator.post(&format!("/administration/tokens/{id}/revoke"), &[]).await;
        assert_eq!(revoked.status, StatusCode::SEE_OTHER);
        let statuses = [status(&first).await, status(&second).await];
        assert_eq!(statuses.iter().filter(|s| **s == StatusCode::OK).count(), 1, "one of the two is revoked at once");

        let live = if statuses[0] == StatusCode::OK { first } else { second };
        test.pass(20 * 86_400);
        assert_eq!(api_token::tell_of_ends(&test.app).await.expect("told"), 1);
        assert_eq!(api_token::tell_of_ends(&test.app).await.expect("told"), 0, "told once");
        assert_eq!(status(&live).await, StatusCode::OK);
        test.pass(11 * 86_400);
        assert_eq!(status(&live).await, StatusCode::UNAUTHORIZED, "it has ended");

        let auditor = test.browser("alpha-auditor").await;
        let token = make(&auditor, &["read-standards"]).await;
        assert_eq!(status(&token).await, StatusCode::OK);
        let mut c = test.app.read().await.expect("a connection");
        let account =
            sakimori_store::identity::account_by_login(&mut c, "alpha-auditor").await.expect("read").expect("one");
        drop(c);
        let administrator = test.actor("alpha", Role::Administrator, "");
        seats::set_state(&test.app, &administrator, &account.id, false).await.expect("suspended");
        assert_eq!(status(&token).await, StatusCode::UNAUTHORIZED, "who is suspended is so for programs too");
    }
}

#[tokio::test]
async fn people_come_from_the_networks_of_the_list_and_from_nowhere_else() {
    for database in BOTH {
        let test = TestApp::new(database).await;
        test.organisation("alpha", carrier_profile()).await;
        let administrator = test.browser_from("alpha-administrator", "192.0.2.10").await;
        let outside = test.browser_from("alpha-auditor", "203.0.113.9").await;
        let token = make(&outside, &["read-standards"]).await;

        let without_own = [("area", "members"), ("networks", "198.51.100.0/24")];
        let refused = administrator.post("/administration/networks", &without_own).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.text().contains("192.0.2.10"), "the page names the present address");
        let with_own = [("area", "members"), ("networks", "198.51.100.0/24\n192.0.2.0/24")];
        assert_eq!(administrator.post("/administration/networks", &with_own).await.status, StatusCode::SEE_OTHER);

        assert!(outside.get("/").await.location().starts_with("/sign-in"), "a session from elsewhere is none");
        let program = test.stranger_from(Some("203.0.113.9")).with_token(&token);
        assert_eq!(program.get("/api/v1/standards").await.status, StatusCode::UNAUTHORIZED);
        let right = [("login", "alpha-auditor"), ("password", PASSWORD)];
        let wrong = [("login", "alpha-auditor"), ("password", "wrong wrong wrong")];
        let stranger = test.stranger_from(Some("203.0.113.9"));
        let (right, wrong) =
            (stranger.send("POST", "/sign-in", &right).await, stranger.send("POST", "/sign-in", &wrong).await);
        assert_eq!((right.status, right.text()), (wrong.status, wrong.text()), "the outsider is not told why");
        let inside = outside.moved_to("198.51.100.1");
        assert_eq!(inside.get("/").await.status, StatusCode::OK);

        let narrower = [("area", "administration"), ("networks", "192.0.2.10")];
        assert_eq!(administrator.post("/administration/networks", &narrower).await.status, StatusCode::SEE_OTHER);
        assert_eq!(administrator.get("/administration").await.status, StatusCode::OK);
        let administrator = administrator.moved_to("192.0.2.11");
        assert_eq!(administrator.get("/").await.status, StatusCode::OK);
        assert_eq!(administrator.get("/administration").await.status, StatusCode::FORBIDDEN);

        allow_list::clear_on_machine(&test.app, "alpha").await.expect("cleared");
        assert_eq!(administrator.moved_to("203.0.113.9").get("/administration").await.status, StatusCode::OK);
    }
}

#[test]
fn no_scope_opens_administration() {
    use sakimori_domain::identity::Permission as P;
    for scope in TokenScope::ALL {
        for permission in [P::ManageAccounts, P::ReadTrail, P::LoadStandards, P::EditProfile, P::ManageAssessments] {
            assert!(!scope.permissions().contains(&permission), "{scope} {permission}");
        }
    }
}
