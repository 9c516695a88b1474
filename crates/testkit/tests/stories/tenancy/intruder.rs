//! What the attacker's second hour found, so that it stays mended: steps of signing in, seats, and rights that change hands
//! (docs/security-review.md).

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::{Body, Bytes};
use axum::http::{Request, StatusCode};
use futures_util::StreamExt as _;
use sakimori_app::deputy::{self, NewDeputy};
use sakimori_app::identity::{self, NewAccount};
use sakimori_app::seats::{self, SeatChange};
use sakimori_app::sign_in_policy::{self, Policy};
use sakimori_app::{AppError, RefusalKind, second_factor};
use sakimori_domain::identity::Role;
use sakimori_store::identity as accounts;
use sakimori_testkit::people::{PASSWORD, carrier_profile};
use sakimori_testkit::web::Browser;
use sakimori_testkit::{BOTH, Database, TestApp};
use sakimori_web::{Limits, WebConfig};
use tower::ServiceExt as _;

const OTHER: &str = "青い浮標と十二羽の海鵜の帰り";

async fn two(database: Database) -> TestApp {
    let test = TestApp::new(database).await;
    test.organisation("alpha", carrier_profile()).await;
    test.organisation("beta", carrier_profile()).await;
    test
}

async fn id_of(test: &TestApp, login: &str) -> String {
    let mut c = test.app.read().await.expect("a connection");
    accounts::account_by_login(&mut c, login).await.expect("a query").expect("an account").id
}

/// From now on the role needs a second factor in an organisation.
async fn demand(test: &TestApp, organisation: &str, role: Role) {
    let policy = Policy { second_factor_roles: vec![role.code().to_owned()], ..Policy::default() };
    let administrator = test.actor(organisation, Role::Administrator, "");
    sign_in_policy::change(&test.app, &administrator, &policy, 0).await.expect("a rule");
}

fn refusal(error: &AppError) -> (&'static str, RefusalKind) {
    error.refusal().map_or(("", RefusalKind::Invalid), |refusal| (refusal.code, refusal.kind))
}

#[tokio::test]
async fn a_stolen_session_is_no_place_to_guess_the_password() {
    for database in BOTH {
        let test = two(database).await;
        let stolen = test.browser("alpha-auditor").await;
        for _ in 0..4 {
            let wrong = stolen.post("/me/password", &[("present", "推し量り"), ("new", OTHER)]).await;
            assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY, "{database:?}");
        }
        let fifth = stolen.post("/me/password", &[("present", "推し量り"), ("new", OTHER)]).await;
        assert_eq!(fifth.status, StatusCode::UNAUTHORIZED, "{database:?}: the last one");
        assert_eq!(stolen.get("/me").await.status, StatusCode::SEE_OTHER, "{database:?}: the session is gone");
    }
}

#[tokio::test]
async fn a_right_password_is_not_taken_while_the_account_rests() {
    for database in BOTH {
        let test = two(database).await;
        let own = test.browser("alpha-auditor").await;
        for _ in 0..5 {
            assert!(identity::sign_in(&test.app, "alpha-auditor", "推し量り", "").await.is_err());
        }
        let answer = own.post("/me/password", &[("present", PASSWORD), ("new", OTHER)]).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{database:?}");
        test.pass(16 * 60);
        assert!(identity::sign_in(&test.app, "alpha-auditor", PASSWORD, "").await.is_ok(), "{database:?}: unchanged");
    }
}

#[tokio::test]
async fn whoever_tries_codes_rests_longer_each_time() {
    for database in BOTH {
        let test = two(database).await;
        let own = test.browser("alpha-auditor").await;
        let begun = own.post("/me/second-factor/begin", &[]).await;
        let page = own.get(begun.location()).await.text();
        let secret = page.split("<code>").nth(1).and_then(|rest| rest.split('<').next()).expect("a secret");
        let secret = totp_rs::Secret::try_from_base32(secret.replace(' ', "")).expect("base32");
        let source = totp_rs::Builder::new().with_secret(secret).build().expect("a source");
        let now = u64::try_from(test.app.now().as_second()).expect("after 1970");
        let done = own.post("/me/second-factor/code", &[("code", &source.generate(now).to_string())]).await;
        assert_eq!(done.status, StatusCode::OK);
        let enters = || identity::sign_in(&test.app, "alpha-auditor", PASSWORD, "");
        // A quarter of an hour, half an hour, an hour.
        for minutes in [15, 30, 60] {
            for _ in 0..5 {
                let half = enters().await.expect("the password is known");
                let guess = sakimori_app::sign_in::second_step(&test.app, &half.token, "000000", "").await;
                assert!(guess.is_err());
            }
            test.pass((minutes - 1) * 60);
            assert!(enters().await.is_err(), "{database:?}: resting for {minutes} minutes");
            test.pass(61);
            assert!(enters().await.is_ok(), "{database:?}: {minutes} minutes have passed");
        }
    }
}

#[tokio::test]
async fn no_page_shows_a_password_that_was_typed_before_a_dangerous_act() {
    for database in BOTH {
        let test = two(database).await;
        let administrator = test.browser("alpha-administrator").await;
        let path = format!("/administration/accounts/{}/seat", id_of(&test, "alpha-auditor").await);
        let fields = [
            ("confirm-secret", PASSWORD),
            ("confirm-next", path.as_str()),
            ("confirm-repeat", "1"),
            ("password", OTHER),
            ("version", "99"),
            ("role", "executive"),
            ("department", ""),
        ];
        let stale = administrator.post(&path, &fields).await;
        assert_eq!(stale.status, StatusCode::CONFLICT, "{database:?}: {}", stale.text());
        let page = stale.text();
        assert!(page.contains("executive"), "{database:?}: what was typed is there");
        assert!(
            !page.contains(PASSWORD) && !page.contains(OTHER) && !page.contains("confirm-"),
            "{database:?}: {page}"
        );
    }
}

#[tokio::test]
async fn an_offered_seat_is_not_taken_by_a_login_that_was_registered_after_the_offer() {
    for database in BOTH {
        let test = two(database).await;
        let alpha = test.actor("alpha", Role::Administrator, "");
        seats::invite(&test.app, &alpha, "tanaka", Role::SecurityOfficer, "").await.expect("an offer");
        test.pass(60);
        let new = NewAccount {
            login: "tanaka".to_owned(),
            name: "別の人".to_owned(),
            password: PASSWORD.to_owned(),
            role: Role::Auditor,
            department_id: String::new(),
            is_issued: false,
        };
        let beta = test.actor("beta", Role::Administrator, "");
        identity::add_account(&test.app, &beta, new).await.expect("a free login");
        let intruder = test.browser("tanaka").await;
        assert!(!intruder.get("/seats").await.text().contains("/seats/alpha/invitation"), "{database:?}: not shown");
        let taken = intruder.post("/seats/alpha/invitation", &[("answer", "accept")]).await;
        assert_eq!(taken.status, StatusCode::NOT_FOUND, "{database:?}");
        // Offered again, alpha means whoever has the login now.
        test.pass(60);
        seats::invite(&test.app, &alpha, "tanaka", Role::Auditor, "").await.expect("an offer");
        let taken = intruder.post("/seats/alpha/invitation", &[("answer", "accept")]).await;
        assert_eq!(taken.status, StatusCode::SEE_OTHER, "{database:?}");
    }
}

#[tokio::test]
async fn one_organisation_does_not_reset_the_factors_of_anothers_person() {
    for database in BOTH {
        let test = two(database).await;
        let id = id_of(&test, "alpha-auditor").await;
        let mut write = test.app.store().write().await.expect("a transaction");
        accounts::put_membership(&mut write, &id, "beta", Role::SecurityOfficer, "").await.expect("a seat");
        write.commit().await.expect("a commit");
        let alpha = test.actor("alpha", Role::Administrator, "");
        let refused = second_factor::reset(&test.app, &alpha, &id).await.expect_err("refused");
        assert_eq!(refusal(&refused), ("account-of-several", RefusalKind::Conflict), "{database:?}");
        let beta = test.actor("beta", Role::Administrator, "");
        seats::set_state(&test.app, &beta, &id, false).await.expect("beta ends its seat");
        let refused = second_factor::reset(&test.app, &alpha, &id).await.expect_err("there is none");
        assert_eq!(refusal(&refused).0, "factor-none", "{database:?}: its own person again");
    }
}

#[tokio::test]
async fn a_deputy_without_a_second_factor_gets_no_role_that_demands_one() {
    for database in BOTH {
        let test = two(database).await;
        let deputy_id = id_of(&test, "alpha-department-member").await;
        let officer =
            identity::sign_in(&test.app, "alpha-security-officer", PASSWORD, "").await.expect("signed in").actor;
        let today = test.app.today().to_string();
        let new = NewDeputy { deputy_id, from_on: today.clone(), to_on: today, ..NewDeputy::default() };
        let row = deputy::name(&test.app, &officer, new).await.expect("a deputy");
        let before = test.browser("alpha-department-member").await;
        assert_eq!(before.post(&format!("/seats/deputies/{row}/act"), &[]).await.status, StatusCode::SEE_OTHER);
        assert_eq!(before.get("/assessments").await.status, StatusCode::OK, "{database:?}: for the officer");
        demand(&test, "alpha", Role::SecurityOfficer).await;
        assert_eq!(
            before.get("/assessments").await.location(),
            "/me/second-factor?next=%2Fassessments",
            "{database:?}"
        );
        let after = test.browser("alpha-department-member").await;
        let refused = after.post(&format!("/seats/deputies/{row}/act"), &[]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{database:?}");
        assert_eq!(after.get("/assessments").await.status, StatusCode::FORBIDDEN, "{database:?}: for themselves");
    }
}

/// Sets one-time codes up where the person may have to prove first who they are.
async fn set_up(test: &TestApp, browser: &Browser) {
    let held = browser.post("/me/second-factor/begin", &[]).await;
    assert_eq!(held.status, StatusCode::FORBIDDEN, "a quarter of an hour has passed: prove who you are");
    let proof = [("confirm-secret", PASSWORD), ("confirm-next", "/me/second-factor")];
    assert_eq!(browser.post("/confirm", &proof).await.location(), "/me/second-factor");
    let begun = browser.post("/me/second-factor/begin", &[]).await;
    let page = browser.get(begun.location()).await.text();
    let secret = page.split("<code>").nth(1).and_then(|rest| rest.split('<').next()).expect("the secret in letters");
    let secret = totp_rs::Secret::try_from_base32(secret.replace(' ', "")).expect("base32");
    let source = totp_rs::Builder::new().with_secret(secret).build().expect("a source");
    let now = u64::try_from(test.app.now().as_second()).expect("after 1970");
    let done = browser.post("/me/second-factor/code", &[("code", &source.generate(now).to_string())]).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text());
}

#[tokio::test]
async fn a_new_role_that_demands_a_factor_asks_for_it_in_the_running_session() {
    for database in BOTH {
        let test = two(database).await;
        demand(&test, "alpha", Role::SecurityOfficer).await;
        let person = test.browser("alpha-auditor").await;
        let id = id_of(&test, "alpha-auditor").await;
        test.pass(16 * 60);
        let administrator = test.actor("alpha", Role::Administrator, "");
        let version = seats::seat(&test.app, &administrator, &id).await.expect("a seat").version;
        let role = Role::SecurityOfficer;
        let change = SeatChange { version, role, department_id: String::new(), ends_on: String::new() };
        seats::change_seat(&test.app, &administrator, &id, change).await.expect("a new role");
        let sent = person.get("/assessments").await;
        assert_eq!(sent.location(), "/me/second-factor?next=%2Fassessments", "{database:?}: {}", sent.status);
        assert_eq!(person.get("/api/v1/assessments").await.status, StatusCode::UNAUTHORIZED, "{database:?}");
        set_up(&test, &person).await;
        assert_eq!(person.get("/assessments").await.status, StatusCode::OK, "{database:?}: let in");
    }
}

#[tokio::test]
async fn a_session_that_moves_lasts_no_longer_than_there() {
    for database in BOTH {
        let test = two(database).await;
        let administrator = test.actor("beta", Role::Administrator, "");
        let policy = Policy { session_hours: 1, idle_minutes: 240, ..Policy::default() };
        sign_in_policy::change(&test.app, &administrator, &policy, 0).await.expect("a rule");
        seats::invite(&test.app, &administrator, "alpha-auditor", Role::Auditor, "").await.expect("an offer");
        let person = test.browser("alpha-auditor").await;
        assert_eq!(person.post("/seats/beta/invitation", &[("answer", "accept")]).await.status, StatusCode::SEE_OTHER);
        test.pass(20 * 60);
        assert_eq!(person.post("/seats/beta/choose", &[]).await.status, StatusCode::SEE_OTHER, "{database:?}");
        assert_eq!(person.get("/").await.status, StatusCode::OK, "{database:?}");
        test.pass(41 * 60);
        assert_eq!(person.get("/").await.status, StatusCode::SEE_OTHER, "{database:?}: an hour from its beginning");
    }
}

#[tokio::test]
async fn a_new_token_is_told_to_its_holder() {
    for database in BOTH {
        let test = two(database).await;
        let officer = test.browser("alpha-security-officer").await;
        let fields = [("name", "夜間集計"), ("days", "30"), ("scope", "read-standards")];
        assert_eq!(officer.post("/me/tokens", &fields).await.status, StatusCode::OK);
        assert!(officer.get("/notices").await.text().contains("夜間集計"), "{database:?}");
    }
}

#[tokio::test]
async fn many_attempts_at_once_are_no_way_around_the_count_of_an_address() {
    let test = two(Database::Sqlite).await;
    let limits = Limits { failures_per_minute: 1, ..Limits::off() };
    let stranger = test.stranger_with(WebConfig { limits, ..WebConfig::default() });
    let attempt =
        || async { stranger.send("POST", "/sign-in", &[("login", "nobody"), ("password", "x")]).await.status };
    let all = tokio::join!(attempt(), attempt(), attempt(), attempt(), attempt(), attempt());
    let all = [all.0, all.1, all.2, all.3, all.4, all.5];
    let tried = all.iter().filter(|status| **status == StatusCode::UNAUTHORIZED).count();
    assert_eq!(tried, 3, "{all:?}: the burst and no more");
    assert!(all.iter().all(|status| [StatusCode::UNAUTHORIZED, StatusCode::TOO_MANY_REQUESTS].contains(status)));
}

#[tokio::test]
async fn whoever_comes_in_uses_up_no_attempt() {
    let test = two(Database::Sqlite).await;
    let limits = Limits { failures_per_minute: 1, ..Limits::off() };
    let stranger = test.stranger_with(WebConfig { limits, ..WebConfig::default() });
    let fields = [("login", "alpha-auditor"), ("password", PASSWORD)];
    for _ in 0..6 {
        assert_eq!(stranger.send("POST", "/sign-in", &fields).await.status, StatusCode::SEE_OTHER);
    }
}

#[tokio::test]
async fn metrics_are_for_this_machine_and_count_no_made_up_methods() {
    let test = TestApp::new(Database::Sqlite).await;
    let here = test.stranger_from(Some("127.0.0.1"));
    for number in 0..20 {
        here.send(&format!("MADEUP{number}"), "/sign-in", &[]).await;
    }
    let shown = here.get("/metrics").await;
    assert_eq!(shown.status, StatusCode::OK);
    assert!(!shown.text().contains("MADEUP") && shown.text().contains("method=\"other\""), "{}", shown.text());
    assert!(shown.text().contains("sakimori_requests_under_way 1\n"), "{}", shown.text());
    for elsewhere in ["192.0.2.9", "2001:db8::9"] {
        let refused = test.stranger_from(Some(elsewhere)).get("/metrics").await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{elsewhere}");
        assert!(!refused.text().contains("sakimori_"), "{elsewhere}");
    }
    let unknown = test.stranger().get("/metrics").await;
    assert_eq!(unknown.status, StatusCode::FORBIDDEN, "from nowhere");
}

#[tokio::test]
async fn a_form_of_a_stranger_is_not_received() {
    let test = two(Database::Sqlite).await;
    let asked = Arc::new(AtomicUsize::new(0));
    let asking = asked.clone();
    let parts = futures_util::stream::repeat_with(move || {
        asking.fetch_add(1, Ordering::Relaxed);
        Ok::<_, Infallible>(Bytes::from_static(&[b'a'; 1024]))
    });
    let request = Request::builder().method("POST").uri("/answers");
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let request = request.body(Body::from_stream(parts.take(1024))).expect("a request");
    let answer = test.router().oneshot(request).await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::SEE_OTHER, "to the sign-in page");
    assert_eq!(asked.load(Ordering::Relaxed), 0, "nothing was read of it");
}
