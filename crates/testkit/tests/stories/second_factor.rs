//! Second factors: setting up, signing in, recovery, demanded by a rule, reset.

use axum::http::StatusCode;
use sakimori_app::identity::{self, Stage};
use sakimori_testkit::people::{PASSWORD, carrier_profile};
use sakimori_testkit::web::Browser;
use sakimori_testkit::{BOTH, Database, TestApp};
use totp_rs::{Builder, Secret};

async fn alpha(database: Database) -> TestApp {
    let test = TestApp::new(database).await;
    test.organisation("alpha", carrier_profile()).await;
    test
}

/// The code that an app with a secret shows, some steps from now.
fn code(test: &TestApp, secret: &str, steps: i64) -> String {
    let secret = Secret::try_from_base32(secret).expect("base32");
    let source = Builder::new().with_secret(secret).build().expect("a source");
    let at = test.app.now().as_second() + 30 * steps;
    source.generate(u64::try_from(at).expect("after 1970")).to_string()
}

/// Sets one-time codes up on the page: the secret and the recovery codes.
async fn set_up(test: &TestApp, browser: &mut Browser) -> (String, Vec<String>) {
    let begun = browser.post("/me/second-factor/begin", &[]).await;
    let page = browser.get(begun.location()).await.text();
    let shown = page.split("<code>").nth(1).and_then(|rest| rest.split('<').next()).expect("the secret in letters");
    let secret = shown.replace(' ', "");
    let picture = browser.get("/me/second-factor/qr.svg").await;
    assert!(picture.text().contains("<svg"), "a picture");
    let wrong = browser.post("/me/second-factor/code", &[("code", "000000")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let done = browser.post("/me/second-factor/code", &[("code", &code(test, &secret, 0))]).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text());
    browser.keep_cookie(&done);
    let page = done.text();
    let codes: Vec<String> =
        page.split("<code>").skip(1).filter_map(|rest| rest.split('<').next()).map(ToOwned::to_owned).collect();
    assert_eq!(codes.len(), 10, "ten recovery codes");
    (secret, codes)
}

/// A browser in which the password was given.
async fn half_way(test: &TestApp, login: &str) -> Browser {
    let mut browser = test.stranger();
    let fields = [("login", login), ("password", PASSWORD), ("next", "/me")];
    let answer = browser.send("POST", "/sign-in", &fields).await;
    assert_eq!(answer.location(), "/sign-in/second-factor?next=%2Fme", "{}", answer.text());
    browser.follow(&answer).await;
    browser
}

#[tokio::test]
async fn a_code_is_asked_for_and_taken_once() {
    for database in BOTH {
        let test = alpha(database).await;
        let mut browser = test.browser("alpha-auditor").await;
        let (secret, _) = set_up(&test, &mut browser).await;
        let used = code(&test, &secret, 0);
        let mut second = half_way(&test, "alpha-auditor").await;
        for path in ["/", "/me", "/me/second-factor", "/sign-in/return", "/api/v1/standards"] {
            let status = second.get(path).await.status;
            assert!(
                [StatusCode::SEE_OTHER, StatusCode::UNAUTHORIZED].contains(&status),
                "{database:?}: {path} {status}"
            );
        }
        assert_eq!(
            second.post("/sign-in/second-factor", &[("code", &used)]).await.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{database:?}: the code of the set-up was used up"
        );
        assert_eq!(
            second.post("/sign-in/second-factor", &[("code", &code(&test, &secret, 3))]).await.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{database:?}: a minute and a half ahead"
        );
        let fields = [("code", code(&test, &secret, 1)), ("next", "/me".to_owned())];
        let fields = fields.iter().map(|(name, value)| (*name, value.as_str())).collect::<Vec<_>>();
        let done = second.post("/sign-in/second-factor", &fields).await;
        assert_eq!(done.location(), "/me", "{database:?}: one step ahead is taken");
        assert_eq!(second.follow(&done).await.status, StatusCode::OK);
        let third = half_way(&test, "alpha-auditor").await;
        assert_eq!(
            third.post("/sign-in/second-factor", &fields).await.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{database:?}: never twice"
        );
        test.pass(60);
        let done = third.post("/sign-in/second-factor", &[("code", &code(&test, &secret, 0))]).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{database:?}: the next one is good");
    }
}

#[tokio::test]
async fn a_recovery_code_lets_in_once() {
    for database in BOTH {
        let test = alpha(database).await;
        let mut browser = test.browser("alpha-auditor").await;
        let (_, codes) = set_up(&test, &mut browser).await;
        let mut second = half_way(&test, "alpha-auditor").await;
        let done = second.post("/sign-in/second-factor", &[("code", &codes[3].to_uppercase())]).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{database:?}");
        second.keep_cookie(&done);
        assert!(second.get("/notices").await.text().contains("残りは9個"), "{database:?}: the person is told");
        let third = half_way(&test, "alpha-auditor").await;
        let again = third.post("/sign-in/second-factor", &[("code", &codes[3])]).await;
        assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY, "{database:?}: once");
    }
}

#[tokio::test]
async fn wrong_codes_count_as_wrong_passwords_do_and_the_password_does_not_clear_them() {
    for database in BOTH {
        let test = alpha(database).await;
        let mut browser = test.browser("alpha-auditor").await;
        let (secret, _) = set_up(&test, &mut browser).await;
        test.pass(60);
        for _ in 0..4 {
            let second = half_way(&test, "alpha-auditor").await;
            let wrong = second.post("/sign-in/second-factor", &[("code", "000000")]).await;
            assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        }
        let second = half_way(&test, "alpha-auditor").await;
        let fifth = second.post("/sign-in/second-factor", &[("code", "000000")]).await;
        assert_eq!(fifth.status, StatusCode::UNAUTHORIZED, "{database:?}: the fifth ends it");
        let answer = second.post("/sign-in/second-factor", &[("code", &code(&test, &secret, 0))]).await;
        assert!(answer.location().starts_with("/sign-in?"), "{database:?}: the session is gone");
        assert!(identity::sign_in(&test.app, "alpha-auditor", PASSWORD, "").await.is_err(), "resting");
        let officer = test.browser("alpha-security-officer").await;
        assert!(officer.get("/notices").await.text().contains("続けて失敗"), "{database:?}: told");
    }
}

#[tokio::test]
async fn an_unfinished_sign_in_ends_by_itself() {
    for database in BOTH {
        let test = alpha(database).await;
        let mut browser = test.browser("alpha-auditor").await;
        let (secret, _) = set_up(&test, &mut browser).await;
        let second = half_way(&test, "alpha-auditor").await;
        test.pass(16 * 60);
        let late = second.post("/sign-in/second-factor", &[("code", &code(&test, &secret, 0))]).await;
        assert!(late.location().starts_with("/sign-in?"), "{database:?}: {}", late.status);
    }
}

#[tokio::test]
async fn a_rule_demands_a_factor_before_anything_else() {
    for database in BOTH {
        let test = alpha(database).await;
        let administrator = test.browser("alpha-administrator").await;
        let rules = [
            ("second_factor", "auditor"),
            ("version", "0"),
            ("idle_minutes", "60"),
            ("session_hours", "12"),
            ("password_days", "365"),
            ("unused_days", "90"),
            ("suspend_days", "180"),
        ];
        assert_eq!(administrator.post("/administration/sign-in-rules", &rules).await.status, StatusCode::SEE_OTHER);
        let again = administrator.post("/administration/sign-in-rules", &[&rules[1..], &rules[..0]].concat()).await;
        assert_eq!(again.status, StatusCode::CONFLICT, "{database:?}: another version was read");
        let mut browser = test.stranger();
        let fields = [("login", "alpha-auditor"), ("password", PASSWORD), ("next", "/trail")];
        let answer = browser.send("POST", "/sign-in", &fields).await;
        assert_eq!(answer.location(), "/me/second-factor?next=%2Ftrail", "{database:?}");
        assert!(browser.follow(&answer).await.text().contains("先に進めます"));
        for path in ["/", "/trail", "/me", "/notices"] {
            assert!(browser.get(path).await.location().starts_with("/me/second-factor"), "{database:?}: {path}");
        }
        set_up(&test, &mut browser).await;
        let page = browser.get("/me/second-factor").await;
        assert_eq!(browser.get("/trail").await.status, StatusCode::OK, "{database:?}: in");
        let csrf = page
            .text()
            .split("csrf-token\" content=\"")
            .nth(1)
            .and_then(|rest| rest.split('"').next())
            .map(ToOwned::to_owned);
        let fields = [("csrf", csrf.as_deref().expect("a token")), ("which", "totp")];
        let removed = browser.send("POST", "/me/second-factor/remove", &fields).await;
        assert_eq!(removed.status, StatusCode::UNPROCESSABLE_ENTITY, "{database:?}: the last one stays");
        let executive = identity::sign_in(&test.app, "alpha-executive", PASSWORD, "").await.expect("signed in");
        assert!(executive.stage == Stage::Done, "{database:?}: other roles as before");
    }
}

#[tokio::test]
async fn the_administrator_resets_a_lost_factor_and_no_secret_is_in_the_trail() {
    for database in BOTH {
        let test = alpha(database).await;
        let mut browser = test.browser("alpha-auditor").await;
        let (secret, codes) = set_up(&test, &mut browser).await;
        let mut c = test.app.read().await.expect("a connection");
        let account = sakimori_store::identity::account_by_login(&mut c, "alpha-auditor").await.expect("a row");
        let id = account.expect("an account").id;
        let kept = sakimori_store::second_factor::totp(&mut c, &id).await.expect("a row").expect("a factor");
        assert!(!kept.secret.contains(&secret), "{database:?}: sealed");
        drop(c);
        let administrator = test.browser("alpha-administrator").await;
        let reset = format!("/administration/sign-in/{id}/factor");
        assert_eq!(administrator.post(&reset, &[]).await.status, StatusCode::SEE_OTHER);
        assert_eq!(browser.get("/me").await.status, StatusCode::SEE_OTHER, "{database:?}: sessions end");
        let signed = identity::sign_in(&test.app, "alpha-auditor", PASSWORD, "").await.expect("signed in");
        assert!(signed.stage == Stage::Done, "{database:?}: no code any more");
        let told = sakimori_app::notice::list(&test.app, &signed.actor, 10).await.expect("notices");
        assert!(told.iter().any(|(n, _)| n.code == "account.factor-reset"), "{database:?}: told");
        let mut c = test.app.read().await.expect("a connection");
        let events = sakimori_store::trail::newest(&mut c, "alpha", i64::MAX, 500).await.expect("the trail");
        assert!(events.iter().any(|event| event.action == "account.factor-reset"));
        for event in &events {
            let text = format!("{}{}", event.before, event.after);
            assert!(!text.contains(&secret) && !text.contains(&kept.secret), "{database:?}: {}", event.action);
            assert!(codes.iter().all(|code| !text.contains(code.as_str())), "{database:?}: {}", event.action);
        }
    }
}
