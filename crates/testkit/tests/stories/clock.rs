//! A machine's clock jumps back and is put right: reading goes on, writing is refused in words, nothing is lost.

use axum::http::StatusCode;
use sakimori_app::AppError;
use sakimori_app::answers::{self, Change, Saved};
use sakimori_app::api_token::{self, NewToken};
use sakimori_app::assessment::{self, NewAssessment};
use sakimori_domain::assurance::AnswerField;
use sakimori_domain::identity::TokenScope;
use sakimori_store::{second_factor, trail};
use sakimori_testkit::people::{PASSWORD, carrier_profile};
use sakimori_testkit::{BOTH, TestApp};

const DAY: i64 = 86_400;

async fn save(test: &TestApp, answer: &str, seen: i64, text: &str) -> i64 {
    let mut change = Change::default();
    change.set(AnswerField::Current, text).expect("a text");
    match answers::save(&test.app, &test.officer("alpha"), answer, seen, change).await.expect("a save") {
        Saved::Done { row, .. } => row.version,
        Saved::Conflict { fields, .. } => panic!("a conflict in {fields:?}"),
    }
}

#[tokio::test]
async fn a_clock_that_jumps_back_is_refused_in_words_and_nothing_is_lost_when_it_is_right() {
    for database in BOTH {
        let test = TestApp::new(database).await;
        test.organisation("alpha", carrier_profile()).await;
        let officer = test.officer("alpha");
        let new = NewAssessment {
            title: "令和8年度".to_owned(),
            fiscal_year: 2026,
            editions: vec!["jt-x1051-2018".to_owned()],
            previous_id: String::new(),
        };
        let sheet = assessment::create(&test.app, &officer, new).await.expect("an assessment");
        let answer = assessment::rows(&test.app, &officer, &sheet).await.expect("rows").1[0].id.clone();
        let login = format!("alpha-{}", officer.role.code());
        let before = test.browser(&login).await;
        let version = save(&test, &answer, 1, "前").await;

        test.pass(-3 * DAY);
        assert_eq!(before.get("/assessments").await.status, StatusCode::OK, "who was signed in stays signed in");
        let fields = [("login", login.as_str()), ("password", PASSWORD)];
        let refused = test.stranger().send("POST", "/sign-in", &fields).await;
        assert_eq!(refused.status, StatusCode::INSUFFICIENT_STORAGE, "{database:?}: nobody is let in");
        assert!(refused.text().contains("時計"), "{}", refused.text());
        let mut change = Change::default();
        change.set(AnswerField::Current, "間").expect("a text");
        let refused = answers::save(&test.app, &officer, &answer, version, change).await;
        assert!(matches!(refused, Err(AppError::Refused(refusal)) if refusal.code == "clock-back"), "{database:?}");

        // What machines differ by is let pass.
        test.pass(3 * DAY - 60);
        let version = save(&test, &answer, version, "間").await;
        assert_eq!(version, 3);
        test.pass(60);
        let after = test.browser(&login).await;
        assert_eq!(after.get(&format!("/assessments/{sheet}")).await.status, StatusCode::OK);
        save(&test, &answer, version, "後").await;

        // The trail is in the order in which things happened, whatever the clock said.
        let mut c = test.app.read().await.expect("a connection");
        let mut events = trail::of_subject(&mut c, "alpha", "answer", &answer).await.expect("its history");
        events.sort_by_key(|event| event.position);
        let said: Vec<&str> = ["前", "間", "後"].into_iter().collect();
        let changes: Vec<_> =
            events.iter().filter(|event| said.iter().any(|text| event.after.contains(text))).collect();
        assert_eq!(changes.len(), 3);
        for (event, text) in changes.iter().zip(&said) {
            assert!(event.after.contains(text), "{} at {}", event.after, event.position);
        }
        assert!(changes[1].at < changes[0].at, "and it says what the clock said");
    }
}

/// The clock was ten days ahead for a while: what was locked, opened and noted then must not last for ten days.
#[tokio::test]
async fn what_a_clock_far_ahead_left_is_brought_back_when_it_is_accepted() {
    for database in BOTH {
        let test = TestApp::new(database).await;
        test.organisation("alpha", carrier_profile()).await;
        let (officer, auditor) = (test.officer("alpha"), "alpha-auditor");
        let login = format!("alpha-{}", officer.role.code());
        let mut c = test.app.read().await.expect("read");
        let account = sakimori_store::identity::account_by_login(&mut c, &login).await.expect("a row").expect("there");
        drop(c);
        let officer = sakimori_app::Actor { account_id: account.id, ..officer };
        let token = NewToken { name: "集計".to_owned(), scopes: vec![TokenScope::ReadStandards], days: 30 };
        test.pass(10 * DAY);
        let ahead = test.browser(&login).await;
        assert_eq!(ahead.get("/assessments").await.status, StatusCode::OK);
        for _ in 0..5 {
            let fields = [("login", auditor), ("password", "これは違う合言葉です")];
            assert!(test.stranger().send("POST", "/sign-in", &fields).await.status.is_client_error());
        }
        api_token::create(&test.app, &officer, token).await.expect("a token");
        let mut write = test.app.store().write().await.expect("write");
        second_factor::put_totp(&mut write, &officer.account_id, "sealed", "").await.expect("a source of codes");
        let step = test.app.now().as_second() / 30;
        assert!(second_factor::take_step(&mut write, &officer.account_id, step, "").await.expect("a code"));
        write.commit().await.expect("commit");

        test.pass(-10 * DAY);
        let back = sakimori_app::clock::accept(&test.app).await.expect("the clock is right now");
        assert_eq!((back.locks, back.sessions, back.tokens, back.codes), (1, 1, 1, 1), "{database:?}: {back:?}");
        assert!(back.times > 5, "{database:?}: last use, attempts, notices: {back:?}");
        let again = sakimori_app::clock::accept(&test.app).await.expect("once more");
        assert_eq!(again, sakimori_app::clock::BroughtBack::default(), "{database:?}: nothing is ahead any more");

        assert_ne!(ahead.get("/assessments").await.status, StatusCode::OK, "a session of the future has ended");
        let mut c = test.app.read().await.expect("read");
        let kept = second_factor::totp(&mut c, &officer.account_id).await.expect("a row").expect("there");
        let now = test.app.now().as_second();
        assert!(kept.last_step <= now / 30 + 1, "{database:?}: the next code is taken");
        assert!(
            sakimori_store::api_token::live(&mut c, "alpha", "", &test.app.now().to_string())
                .await
                .expect("rows")
                .is_empty()
        );
        let event = trail::newest(&mut c, "", i64::MAX, 5).await.expect("the trail");
        let event = event.iter().rfind(|event| event.action == "clock.accept").expect("the first of the two");
        assert!(event.after.contains("\"locks\":1") && event.after.contains("\"sessions\":1"), "{}", event.after);
        drop(c);
        let mut write = test.app.store().write().await.expect("write");
        second_factor::delete_totp(&mut write, &officer.account_id).await.expect("without a factor again");
        write.commit().await.expect("commit");
        assert_eq!(test.browser(auditor).await.get("/assessments").await.status, StatusCode::OK, "the lock has ended");
    }
}
