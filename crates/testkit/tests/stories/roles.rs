//! Roles and seats: what a role gives, where it fits, and that a change holds at once.

use axum::http::StatusCode;
use sakimori_app::identity::{self as accounts, NewAccount};
use sakimori_app::seats::{self, SeatChange};
use sakimori_domain::identity::Role;
use sakimori_testkit::people::{PASSWORD, carrier_profile};
use sakimori_testkit::{BOTH, TestApp};

async fn account_id(test: &TestApp, login: &str) -> String {
    let mut c = test.app.read().await.expect("a connection");
    sakimori_store::identity::account_by_login(&mut c, login).await.expect("a query").expect("an account").id
}

/// Change of a seat to another role, as the page would send it.
async fn to_role(test: &TestApp, organisation: &str, login: &str, role: Role) -> sakimori_app::Result<()> {
    let administrator = test.actor(organisation, Role::Administrator, "");
    let id = account_id(test, login).await;
    let seat = seats::seat(&test.app, &administrator, &id).await?;
    let change = SeatChange { version: seat.version, role, department_id: seat.department_id, ends_on: String::new() };
    seats::change_seat(&test.app, &administrator, &id, change).await
}

#[tokio::test]
async fn a_changed_role_holds_from_the_next_request_on() {
    for database in BOTH {
        let test = TestApp::new(database).await;
        test.organisation("alpha", carrier_profile()).await;
        let officer = test.browser("alpha-security-officer").await;
        assert_eq!(officer.get("/assessments").await.status, StatusCode::OK);
        to_role(&test, "alpha", "alpha-security-officer", Role::DepartmentMember).await.expect("changed");
        assert_eq!(officer.get("/assessments").await.status, StatusCode::FORBIDDEN, "the same session, the new role");
        to_role(&test, "alpha", "alpha-security-officer", Role::Executive).await.expect("changed");
        assert_eq!(officer.get("/assessments").await.status, StatusCode::OK, "an executive reads");
        assert_eq!(officer.get("/assessments/new").await.status, StatusCode::FORBIDDEN, "and starts none");
    }
}

#[tokio::test]
async fn a_seat_ends_with_its_last_day() {
    for database in BOTH {
        let test = TestApp::new(database).await;
        test.organisation("alpha", carrier_profile()).await;
        let administrator = test.browser("alpha-administrator").await;
        let auditor = test.browser("alpha-auditor").await;
        let path = format!("/administration/accounts/{}", account_id(&test, "alpha-auditor").await);
        let fields = [("version", "1"), ("role", "auditor"), ("department", ""), ("ends_on", "2026-11-20")];
        let changed = administrator.post(&format!("{path}/seat"), &fields).await;
        assert_eq!(changed.location(), path, "{}", changed.text());
        assert_eq!(auditor.get("/me").await.status, StatusCode::OK, "the last day is a day with rights");
        // 16:00 in Japan is 07:00 UTC; the Japanese day ends at 15:00 UTC.
        test.pass(15 * 3600);
        assert!(accounts::sign_in(&test.app, "alpha-auditor", PASSWORD, "").await.is_err(), "the next day");
        let stale = administrator.post(&format!("{path}/seat"), &fields).await;
        assert_ne!(stale.location(), path, "a form over an old version writes nothing");
    }
}

#[tokio::test]
async fn desks_stand_where_they_belong_and_an_administrator_remains() {
    for database in BOTH {
        let test = TestApp::new(database).await;
        let alpha = test.organisation("alpha", carrier_profile()).await;
        let administrator = test.actor("alpha", Role::Administrator, "");
        let new = NewAccount {
            login: "alpha-desk".to_owned(),
            name: "窓口".to_owned(),
            password: PASSWORD.to_owned(),
            role: Role::MinistryDesk,
            department_id: alpha.department,
            is_issued: false,
        };
        let refused = accounts::add_account(&test.app, &administrator, new).await.expect_err("an operator's desk");
        assert_eq!(refused.refusal().map(|refusal| refusal.code), Some("role-kind"));
        let refused =
            to_role(&test, "alpha", "alpha-auditor", Role::NationalDesk).await.expect_err("the same by change");
        assert_eq!(refused.refusal().map(|refusal| refusal.code), Some("role-kind"));
        let refused = to_role(&test, "alpha", "alpha-administrator", Role::Auditor).await.expect_err("the last one");
        assert_eq!(refused.refusal().map(|refusal| refusal.code), Some("last-administrator"));
        let id = account_id(&test, "alpha-administrator").await;
        assert!(seats::set_state(&test.app, &administrator, &id, false).await.is_err(), "nor can it be suspended");
    }
}

#[tokio::test]
async fn one_person_in_two_organisations_chooses_and_the_trail_says_which() {
    for database in BOTH {
        let test = TestApp::new(database).await;
        test.organisation("alpha", carrier_profile()).await;
        test.organisation("beta", carrier_profile()).await;
        let person = test.browser("alpha-auditor").await;
        let beta = test.browser("beta-administrator").await;
        for login in ["alpha-auditor", "nobody-at-all"] {
            let fields = [("login", login), ("role", "executive"), ("department", "")];
            let answer = beta.post("/administration/invitations", &fields).await;
            assert_eq!(answer.status, StatusCode::SEE_OTHER, "{login}: whether there is such a login is not told");
        }
        let listed = beta.get("/administration").await.text();
        assert!(listed.contains("nobody-at-all") && listed.contains("alpha-auditor"));
        assert!(!listed.contains("alpha 監査人"), "nor the name behind a login");
        assert_eq!(person.post("/seats/beta/choose", &[]).await.status, StatusCode::NOT_FOUND);
        let taken = person.post("/seats/beta/invitation", &[("answer", "accept")]).await;
        assert_eq!(taken.status, StatusCode::SEE_OTHER);
        let moved = person.post("/seats/beta/choose", &[]).await;
        assert_eq!(moved.status, StatusCode::SEE_OTHER, "{}", moved.text());
        assert_eq!(person.get("/trail").await.status, StatusCode::FORBIDDEN, "an executive in beta");
        let mut c = test.app.read().await.expect("a connection");
        let newest = sakimori_store::trail::newest(&mut c, "beta", i64::MAX, 1).await.expect("the trail");
        assert_eq!(newest[0].action, "session.enter");
        drop(c);
        // beta ends its own seat; the one in alpha goes on.
        let id = account_id(&test, "alpha-auditor").await;
        let ended = beta.post(&format!("/administration/accounts/{id}/state"), &[("state", "suspended")]).await;
        assert_eq!(ended.status, StatusCode::SEE_OTHER);
        assert_eq!(person.get("/").await.status, StatusCode::SEE_OTHER, "out of beta at once");
        let again = test.browser("alpha-auditor").await;
        assert_eq!(again.get("/trail").await.status, StatusCode::OK, "still an auditor in alpha");
    }
}

#[tokio::test]
async fn roles_are_named_in_both_languages() {
    let test = TestApp::new(sakimori_testkit::Database::Sqlite).await;
    test.organisation("alpha", carrier_profile()).await;
    let administrator = test.browser("alpha-administrator").await;
    assert!(administrator.get("/administration").await.text().contains("経営層"));
    administrator.post("/language", &[("language", "en")]).await;
    let page = administrator.get("/administration").await.text();
    assert!(page.contains(">Executive</td>") && !page.contains(">executive</td>"));
    // The one who reads people without managing them gets the list without the forms.
    let auditor = test.browser("alpha-auditor").await.get("/administration").await;
    assert_eq!(auditor.status, StatusCode::OK);
    assert!(!auditor.text().contains("action=\"/administration/accounts\""));
}
