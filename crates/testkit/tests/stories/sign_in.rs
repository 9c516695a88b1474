//! The safety of signing in: lock, history, unusual addresses, limits, confirmation, absence, unused accounts.

use axum::http::StatusCode;
use sakimori_app::{account_care, identity, notice};
use sakimori_domain::identity::{Permission, Role};
use sakimori_testkit::people::{PASSWORD, carrier_profile};
use sakimori_testkit::web::Browser;
use sakimori_testkit::{BOTH, Database, TestApp};

const DAY: i64 = 86_400;

async fn alpha(database: Database) -> TestApp {
    let test = TestApp::new(database).await;
    test.organisation("alpha", carrier_profile()).await;
    test
}

/// Id of an account, as the administrator's page knows it.
async fn id_of(test: &TestApp, login: &str) -> String {
    let mut c = test.app.read().await.expect("a connection");
    let found = sakimori_store::identity::account_by_login(&mut c, login).await.expect("a row");
    found.expect("an account").id
}

/// The rules of the organisation as the form sends them, with some changed.
async fn set_rules(administrator: &Browser, changed: &[(&str, &str)]) -> StatusCode {
    let page = administrator.get("/administration/sign-in-rules").await.text();
    let value = |name: &str| {
        let at = page.find(&format!("name=\"{name}\"")).expect("a field");
        page[at..].split("value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a value").to_owned()
    };
    let names = ["version", "idle_minutes", "session_hours", "password_days", "unused_days", "suspend_days"];
    let kept: Vec<(&str, String)> = names.iter().map(|name| (*name, value(name))).collect();
    let mut fields: Vec<(&str, &str)> = changed.to_vec();
    fields.extend(kept.iter().map(|(name, value)| (*name, value.as_str())));
    administrator.post("/administration/sign-in-rules", &fields).await.status
}

#[tokio::test]
async fn a_lock_is_told_to_the_person_and_the_security_officer() {
    for database in BOTH {
        let test = alpha(database).await;
        for _ in 0..5 {
            let _ = identity::sign_in(&test.app, "alpha-auditor", "wrong wrong wrong", "192.0.2.66").await;
        }
        let officer = test.browser("alpha-security-officer").await;
        let page = officer.get("/notices").await.text();
        assert!(page.contains("alpha-auditor") && page.contains("192.0.2.66"), "{database:?}: who and from where");
        test.pass(16 * 60);
        let auditor = test.browser("alpha-auditor").await;
        assert!(auditor.get("/notices").await.text().contains("続けて失敗"), "{database:?}: the person too");
        assert!(auditor.get("/me").await.text().contains("パスワードが違いました"), "{database:?}: and in the history");
        assert!(!test.browser("alpha-executive").await.get("/notices").await.text().contains("続けて失敗"));
    }
}

#[tokio::test]
async fn nobody_learns_which_names_exist() {
    for database in BOTH {
        let test = alpha(database).await;
        let administrator = test.browser("alpha-administrator").await;
        let id = id_of(&test, "alpha-executive").await;
        administrator.post("/administration/sign-in/suspend", &[("account", &id)]).await;
        let mut answers = Vec::new();
        for (login, password) in
            [("nobody", PASSWORD), ("alpha-auditor", "wrong wrong 1"), ("alpha-executive", PASSWORD)]
        {
            let answer = test.stranger().send("POST", "/sign-in", &[("login", login), ("password", password)]).await;
            answers.push((answer.status, answer.text().replace(login, "")));
        }
        assert!(answers.windows(2).all(|two| two[0] == two[1]), "{database:?}");
        assert_eq!(answers[0].0, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn an_unusual_address_is_told_and_a_usual_one_is_not() {
    for database in BOTH {
        let test = alpha(database).await;
        let sign_in = |address: &'static str| identity::sign_in(&test.app, "alpha-auditor", PASSWORD, address);
        let told = async || {
            let officer = test.browser("alpha-security-officer").await;
            officer.get("/notices").await.text().matches("いつもと違う場所").count() / 2
        };
        sign_in("192.0.2.7").await.expect("the first");
        sign_in("192.0.2.200").await.expect("the same network");
        assert_eq!(told().await, 0, "{database:?}: neither the first nor a neighbour");
        let signed = sign_in("198.51.100.9").await.expect("elsewhere");
        assert_eq!(told().await, 1, "{database:?}: another network");
        let own = notice::list(&test.app, &signed.actor, 10).await.expect("notices");
        assert!(own.iter().any(|(n, _)| n.ja.contains("198.51.100.9")), "{database:?}: the person is told from where");
        sign_in("198.51.100.10").await.expect("known by now");
        assert_eq!(told().await, 1);
        test.pass(80 * DAY);
        sign_in("192.0.2.7").await.expect("80 days later");
        assert_eq!(told().await, 1, "{database:?}: still known");
        test.pass(30 * DAY);
        sign_in("198.51.100.9").await.expect("110 days later");
        assert_eq!(told().await, 2, "{database:?}: forgotten after 90 days");
    }
}

#[tokio::test]
async fn the_last_sign_in_and_the_history_are_shown() {
    for database in BOTH {
        let test = alpha(database).await;
        identity::sign_in(&test.app, "alpha-auditor", PASSWORD, "192.0.2.7").await.expect("signed in");
        test.pass(3600);
        let browser = test.browser("alpha-auditor").await;
        let home = browser.get("/").await.text();
        assert!(home.contains("前回のサインイン 2026年11月20日 09:00") && home.contains("192.0.2.7"), "{database:?}");
        let page = browser.get("/me").await.text();
        assert_eq!(page.matches("サインインしました").count(), 2, "{database:?}");
    }
}

#[tokio::test]
async fn sessions_are_listed_and_ended() {
    for database in BOTH {
        let test = alpha(database).await;
        let (here, there) = (test.browser("alpha-auditor").await, test.browser("alpha-auditor").await);
        let third = test.browser("alpha-auditor").await;
        let page = here.get("/me").await.text();
        assert_eq!(page.matches("この端末").count(), 1);
        assert_eq!(page.matches("name=\"id\" value=\"").count(), 3, "{database:?}: two others, and all others");
        let ids: Vec<&str> =
            page.split("name=\"id\" value=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        let one = ids.iter().find(|id| !id.is_empty()).expect("an id");
        here.post("/me/sessions/end", &[("id", one)]).await;
        let alive = [there.get("/me").await.status, third.get("/me").await.status];
        assert_eq!(alive.iter().filter(|status| **status == StatusCode::OK).count(), 1, "{database:?}: one ended");
        here.post("/me/sessions/end", &[("id", "")]).await;
        assert_eq!(there.get("/me").await.status, StatusCode::SEE_OTHER);
        assert_eq!(third.get("/me").await.status, StatusCode::SEE_OTHER);
        assert_eq!(here.get("/me").await.status, StatusCode::OK, "{database:?}: this one stays");
        // Somebody else's session cannot be ended by its id.
        let other = test.browser("alpha-executive").await;
        let page = here.get("/me").await;
        assert_eq!(other.post("/me/sessions/end", &[("id", "0123456789abcdef")]).await.status, StatusCode::NOT_FOUND);
        assert_eq!(page.status, StatusCode::OK);
        let administrator = test.browser("alpha-administrator").await;
        let id = id_of(&test, "alpha-auditor").await;
        administrator.post(&format!("/administration/sign-in/{id}/sessions"), &[]).await;
        assert_eq!(here.get("/me").await.status, StatusCode::SEE_OTHER, "{database:?}: the administrator ended it");
        let again = test.browser("alpha-auditor").await;
        assert!(again.get("/notices").await.text().contains("サインインを終了させました"));
    }
}

#[tokio::test]
async fn another_organisations_administrator_reaches_nobody_here() {
    for database in BOTH {
        let test = alpha(database).await;
        test.organisation("beta", carrier_profile()).await;
        let beta = test.browser("beta-administrator").await;
        let auditor = test.browser("alpha-auditor").await;
        let id = id_of(&test, "alpha-auditor").await;
        for act in ["sessions", "factor", "keep"] {
            let answer = beta.post(&format!("/administration/sign-in/{id}/{act}"), &[]).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{database:?}: {act}");
        }
        let answer = beta.post("/administration/sign-in/suspend", &[("account", &id)]).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
        assert!(!beta.get("/administration/sign-in").await.text().contains("alpha-"));
        assert_eq!(auditor.get("/me").await.status, StatusCode::OK, "{database:?}: untouched");
    }
}

#[tokio::test]
async fn the_organisations_limits_hold_from_the_next_request_on() {
    for database in BOTH {
        let test = alpha(database).await;
        let administrator = test.browser("alpha-administrator").await;
        let auditor = test.browser("alpha-auditor").await;
        assert_eq!(set_rules(&administrator, &[("idle_minutes", "9999")]).await, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(
            set_rules(&administrator, &[("idle_minutes", "10"), ("session_hours", "1")]).await,
            StatusCode::SEE_OTHER
        );
        test.pass(11 * 60);
        assert_eq!(auditor.get("/me").await.status, StatusCode::SEE_OTHER, "{database:?}: idle for 11 minutes");
        let auditor = test.browser("alpha-auditor").await;
        for _ in 0..7 {
            assert_eq!(auditor.get("/me").await.status, StatusCode::OK);
            test.pass(9 * 60);
        }
        assert_eq!(auditor.get("/me").await.status, StatusCode::SEE_OTHER, "{database:?}: an hour at most");
        let officer = test.browser("alpha-security-officer").await;
        assert!(officer.get("/notices").await.text().contains("サインインの規則を変更"), "{database:?}: told");
        let trail = officer.get("/trail").await.text();
        assert!(trail.contains("サインインの規則を変更しました"), "{database:?}: in the trail");
        let executive = test.browser("alpha-executive").await;
        assert_eq!(executive.get("/administration/sign-in-rules").await.status, StatusCode::FORBIDDEN);
    }
}

#[tokio::test]
async fn a_dangerous_act_asks_who_it_is_and_loses_nothing() {
    for database in BOTH {
        let test = alpha(database).await;
        let administrator = test.browser("alpha-administrator").await;
        test.pass(16 * 60);
        let new = [
            ("name", "浜野 律子"),
            ("login", "hamano"),
            ("password", "灯台と二艘の曳船と三日月"),
            ("role", "auditor"),
            ("department", ""),
        ];
        let held = administrator.post("/administration/accounts", &new).await;
        assert_eq!(held.status, StatusCode::FORBIDDEN, "{database:?}: held");
        let page = held.text();
        assert!(
            page.contains("confirm-secret") && page.contains("value=\"hamano\""),
            "what was entered is carried along"
        );
        let with = |secret: &'static str| {
            let own =
                [("confirm-next", "/administration/accounts"), ("confirm-repeat", "1"), ("confirm-secret", secret)];
            own.into_iter().chain(new).collect::<Vec<_>>()
        };
        let wrong = administrator.post("/confirm", &with("wrong")).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(wrong.text().contains("value=\"hamano\"") && !wrong.text().contains("value=\"wrong\""));
        let right = administrator.post("/confirm", &with(PASSWORD)).await;
        assert_eq!(right.status, StatusCode::TEMPORARY_REDIRECT, "{database:?}: the browser repeats the form");
        assert_eq!(right.location(), "/administration/accounts");
        let fields = with(PASSWORD);
        assert_eq!(administrator.post(right.location(), &fields).await.status, StatusCode::SEE_OTHER);
        assert!(administrator.get("/administration").await.text().contains("hamano"), "{database:?}: done");
        let elsewhere = [("confirm-next", "//evil.example"), ("confirm-secret", PASSWORD)];
        assert_eq!(administrator.post("/confirm", &elsewhere).await.location(), "/", "only pages of this site");
        test.pass(16 * 60);
        let json = administrator.json("POST", "/administration/accounts", &serde_json::json!({})).await;
        assert_ne!(json.status, StatusCode::OK, "{database:?}: nothing passes unconfirmed");
    }
}

#[tokio::test]
async fn guessing_in_a_stolen_session_ends_it() {
    for database in BOTH {
        let test = alpha(database).await;
        let browser = test.browser("alpha-auditor").await;
        for _ in 0..4 {
            let answer = browser.post("/confirm", &[("confirm-secret", "a guess at it")]).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        }
        assert_eq!(
            browser.post("/confirm", &[("confirm-secret", "a guess at it")]).await.status,
            StatusCode::UNAUTHORIZED
        );
        assert_eq!(browser.get("/me").await.status, StatusCode::SEE_OTHER, "{database:?}: signed out");
        assert!(identity::sign_in(&test.app, "alpha-auditor", PASSWORD, "").await.is_err(), "and resting");
    }
}

#[tokio::test]
async fn a_password_does_not_come_back_and_an_old_one_is_mentioned_once() {
    for database in BOTH {
        let test = alpha(database).await;
        let phrases = ["霧笛と七つの係船柱と朝凪", "灯台守の古い手帳と羅針盤", "防波堤の猫と青い浮標三つ"];
        let mut present = PASSWORD;
        for new in phrases {
            let signed = identity::sign_in(&test.app, "alpha-auditor", present, "").await.expect("signed in");
            let change = |new: &'static str| {
                identity::change_own_password(&test.app, &signed.actor, &signed.token, present, new)
            };
            for old in [PASSWORD, present] {
                let refused = change(old).await.expect_err("used before");
                assert_eq!(refused.refusal().map(|r| r.code), Some("password-reused"), "{database:?}");
            }
            let own = change("alpha-auditor 灯台と二艘の曳船").await.expect_err("own data");
            assert_eq!(own.refusal().map(|r| r.code), Some("password-own-data"));
            change(new).await.expect("a new one");
            test.pass(60);
            present = new;
        }
        for _ in 0..5 {
            test.pass(80 * DAY);
            let _ = identity::sign_in(&test.app, "alpha-auditor", present, "192.0.2.1").await.expect("signed in");
        }
        let signed = identity::sign_in(&test.app, "alpha-auditor", present, "192.0.2.1").await.expect("signed in");
        let notices = notice::list(&test.app, &signed.actor, 50).await.expect("notices");
        assert_eq!(notices.iter().filter(|(n, _)| n.code == "account.password-old").count(), 1, "{database:?}");
    }
}

#[tokio::test]
async fn after_a_long_absence_one_says_who_one_is() {
    for database in BOTH {
        let test = alpha(database).await;
        test.pass(91 * DAY);
        let mut browser = test.stranger();
        let fields = [("login", "alpha-department-member"), ("password", PASSWORD), ("next", "/requests")];
        let answer = browser.send("POST", "/sign-in", &fields).await;
        assert_eq!(answer.location(), "/sign-in/return?next=%2Frequests", "{database:?}");
        assert!(browser.follow(&answer).await.text().contains("設備運用部"), "what is known of them");
        assert!(browser.get("/requests").await.location().starts_with("/sign-in/return"), "nothing else opens");
        assert_eq!(browser.get("/me/second-factor").await.status, StatusCode::SEE_OTHER);
        let back = |secret: &'static str| {
            vec![("contact", "内線 1234"), ("changed", "係が変わりました"), ("secret", secret), ("next", "/requests")]
        };
        assert_eq!(browser.post("/sign-in/return", &back("wrong")).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        let done = browser.post("/sign-in/return", &back(PASSWORD)).await;
        assert_eq!(done.location(), "/requests", "{database:?}: in");
        assert_eq!(browser.follow(&done).await.status, StatusCode::OK);
        // The administrator may let somebody in without the question.
        let system = sakimori_app::Actor::system("alpha");
        let administrator = sakimori_app::Actor { role: Role::Administrator, ..system };
        assert!(administrator.may(Permission::ManageAccounts));
        let id = id_of(&test, "alpha-auditor").await;
        account_care::keep(&test.app, &administrator, &id).await.expect("let in");
        let signed = identity::sign_in(&test.app, "alpha-auditor", PASSWORD, "").await.expect("signed in");
        assert!(signed.stage == identity::Stage::Done, "{database:?}: no question");
        let told = notice::list(&test.app, &administrator, 10).await.expect("notices");
        assert!(told.iter().any(|(n, _)| n.ja.contains("係が変わりました")), "{database:?}: the administrator is told");
    }
}

#[tokio::test]
async fn unused_accounts_are_listed_and_suspended() {
    for database in BOTH {
        let test = alpha(database).await;
        test.pass(89 * DAY);
        let administrator = test.browser("alpha-administrator").await;
        test.browser("alpha-security-officer").await;
        assert!(administrator.get("/administration/sign-in").await.text().contains("未使用の利用者はいません"));
        test.pass(2 * DAY);
        let administrator = test.browser("alpha-administrator").await;
        let page = administrator.get("/administration/sign-in").await.text();
        assert!(page.contains("未使用の利用者（6人）"), "{database:?}: all but administrator and officer");
        let (one, two) = (id_of(&test, "alpha-auditor").await, id_of(&test, "alpha-executive").await);
        administrator.post("/administration/sign-in/suspend", &[("account", &one), ("account", &two)]).await;
        assert!(identity::sign_in(&test.app, "alpha-auditor", PASSWORD, "").await.is_err(), "{database:?}: suspended");
        assert!(administrator.get("/administration/sign-in").await.text().contains("未使用の利用者（4人）"));
        test.pass(90 * DAY);
        assert_eq!(account_care::suspend_unused(&test.app).await.expect("the round"), 4, "{database:?}");
        assert_eq!(account_care::suspend_unused(&test.app).await.expect("again"), 0, "{database:?}: nobody twice");
        test.pass(200 * DAY);
        assert_eq!(account_care::suspend_unused(&test.app).await.expect("much later"), 1, "{database:?}: the officer");
        let mut browser = test.stranger();
        let fields = [("login", "alpha-administrator"), ("password", PASSWORD)];
        let answer = browser.send("POST", "/sign-in", &fields).await;
        assert_eq!(answer.location(), "/sign-in/return", "{database:?}: the last administrator is never suspended");
        browser.follow(&answer).await;
        let back = [("contact", "内線 1"), ("secret", PASSWORD)];
        let done = browser.post("/sign-in/return", &back).await;
        assert!(browser.follow(&done).await.text().contains("長く使われていないため"), "{database:?}: told");
        // Who was let in again is not suspended again at once.
        browser.post(&format!("/administration/accounts/{one}/state"), &[("state", "active")]).await;
        assert_eq!(account_care::suspend_unused(&test.app).await.expect("the round"), 0, "{database:?}");
        assert!(identity::sign_in(&test.app, "alpha-auditor", PASSWORD, "").await.is_ok());
    }
}
