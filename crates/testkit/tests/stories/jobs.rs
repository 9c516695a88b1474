//! Jobs, presence and waiting files, as several processes on one database see them.

use sakimori_app::jobs::{self, Kind, LEASE_MS};
use sakimori_app::{App, Result, ingest, presence};
use sakimori_domain::identity::Permission;
use sakimori_store::job;
use sakimori_testkit::people::carrier_profile;
use sakimori_testkit::{BOTH, TestApp};

/// Notes in the trail that it ran, in the transaction that ends it.
async fn effect(app: &App, held: &jobs::Held) -> Result<String> {
    let system = sakimori_app::Actor::system("alpha");
    let mut op = app.operate(&system, Permission::EditProfile).await?;
    op.trail_new("test.job", ("job", &held.job.id), &held.job.payload).await?;
    held.finish_in(&mut op.write, app.now().as_millisecond(), "noted").await?;
    op.commit().await?;
    Ok("too late to say".to_owned())
}

const ONCE: Kind = Kind::once("test-once", |app, held| Box::pin(effect(app, held)));
const DAILY: Kind = Kind::periodic("test-daily", 86_400, |app, held| Box::pin(effect(app, held)));
const BROKEN: Kind = Kind::once("test-broken", |_, _| {
    Box::pin(async { Err(sakimori_app::AppError::Internal("it always breaks".to_owned())) })
});
const KINDS: &[Kind] = &[ONCE, DAILY, BROKEN];

async fn asked(test: &TestApp, kind: &Kind) {
    let officer = test.officer("alpha");
    let mut op = test.app.operate(&officer, Permission::EditProfile).await.expect("operation");
    op.trail_new("test.ask", ("organisation", "alpha"), &1).await.expect("event");
    jobs::ask(&mut op, kind.name, "", "what to do").await.expect("asked");
    op.commit().await.expect("commit");
}

async fn runs(test: &TestApp) -> usize {
    let mut c = test.app.read().await.expect("read");
    let events = sakimori_store::trail::newest(&mut c, "alpha", i64::MAX, 1000).await.expect("trail");
    events.iter().filter(|event| event.action == "test.job").count()
}

async fn state_of(test: &TestApp, kind: &Kind) -> job::Job {
    job::by_key(&mut test.app.read().await.expect("read"), kind.name, "").await.expect("row").expect("there")
}

#[tokio::test]
async fn a_job_runs_once_however_many_processes_look() {
    for database in BOTH {
        let test = TestApp::new(database).await;
        test.organisation("alpha", carrier_profile()).await;
        asked(&test, &ONCE).await;
        let (a, b, c) = tokio::join!(
            jobs::run_due(&test.app, KINDS, "a"),
            jobs::run_due(&test.app, KINDS, "b"),
            jobs::run_due(&test.app, KINDS, "c"),
        );
        assert_eq!(a.expect("a") + b.expect("b") + c.expect("c"), 1, "{database:?}");
        assert_eq!(runs(&test).await, 1, "{database:?}");
        let ended = state_of(&test, &ONCE).await;
        assert_eq!((ended.state.as_str(), ended.result.as_str()), ("done", "noted"), "{database:?}");
        assert_eq!(jobs::run_due(&test.app, KINDS, "a").await.expect("again"), 0);
    }
}

#[tokio::test]
async fn a_job_of_a_dead_process_is_taken_over_and_the_dead_cannot_finish_it() {
    for database in BOTH {
        let test = TestApp::new(database).await;
        test.organisation("alpha", carrier_profile()).await;
        asked(&test, &ONCE).await;
        // A process takes it and is not heard of again.
        let seen = state_of(&test, &ONCE).await;
        let now = test.app.now().as_millisecond();
        let mut write = test.app.store().write().await.expect("write");
        assert!(job::take(&mut write, &seen, "dead", now + LEASE_MS).await.expect("taken"));
        write.commit().await.expect("commit");
        assert_eq!(jobs::run_due(&test.app, KINDS, "b").await.expect("look"), 0, "its lease still holds");
        test.pass(LEASE_MS / 1000 + 1);
        assert_eq!(jobs::run_due(&test.app, KINDS, "b").await.expect("look"), 1, "{database:?}");
        assert_eq!(runs(&test).await, 1);
        // It was only slow, and comes back with what it held.
        let mut write = test.app.store().write().await.expect("write");
        assert!(!job::renew(&mut write, &seen.id, seen.fence + 1, now + 99_999).await.expect("asked"));
        let late = job::Outcome { state: "done", run_at: 0, attempts: 0, result: "late", finished_at: now };
        let refused = job::finish(&mut write, &seen.id, seen.fence + 1, &late).await;
        assert!(refused.is_err(), "{database:?}");
    }
}

#[tokio::test]
async fn a_periodic_job_runs_once_in_its_period_and_once_after_a_leap() {
    for database in BOTH {
        let test = TestApp::new(database).await;
        test.organisation("alpha", carrier_profile()).await;
        for _ in 0..3 {
            jobs::announce(&test.app, KINDS).await.expect("announced by three processes");
        }
        let look = async || jobs::run_due(&test.app, KINDS, "a").await.expect("look");
        assert_eq!((look().await, look().await), (1, 0));
        test.pass(86_399);
        assert_eq!(look().await, 0);
        test.pass(1);
        assert_eq!(look().await, 1);
        test.pass(86_400 * 3650);
        assert_eq!((look().await, look().await), (1, 0), "ten years are not 3,650 runs");
        test.pass(-86_400 * 3650);
        sakimori_app::clock::accept(&test.app).await.expect("who runs the machine says so");
        assert_eq!((look().await, look().await), (1, 0), "the clock was set right again");
        assert_eq!(runs(&test).await, 4, "{database:?}");
    }
}

#[tokio::test]
async fn a_job_that_breaks_is_tried_again_later_and_less_and_less() {
    for database in BOTH {
        let test = TestApp::new(database).await;
        test.organisation("alpha", carrier_profile()).await;
        asked(&test, &BROKEN).await;
        for attempt in 1..=8 {
            assert_eq!(jobs::run_due(&test.app, KINDS, "a").await.expect("look"), 1, "attempt {attempt}");
            assert_eq!(jobs::run_due(&test.app, KINDS, "a").await.expect("look"), 0, "not at once");
            test.pass(3_600);
        }
        let ended = state_of(&test, &BROKEN).await;
        assert_eq!((ended.state.as_str(), ended.attempts), ("failed", 8), "{database:?}");
        assert!(ended.result.contains("always breaks"));
    }
}

#[tokio::test]
async fn what_is_short_lived_is_the_same_for_every_process_and_goes() {
    for database in BOTH {
        let test = TestApp::new(database).await;
        test.organisation("alpha", carrier_profile()).await;
        let officer = test.officer("alpha");
        let choice = ingest::Choice { file_name: "指針.txt".to_owned(), ..Default::default() };
        let bytes: Vec<u8> = (0..2_000_000_u32).flat_map(u32::to_le_bytes).take(2_000_000).collect();
        let key = ingest::put_aside(&test.app, &officer, &choice, &bytes).await.expect("kept");
        let found = ingest::take_up(&test.app, &officer, &key).await.expect("there");
        assert!(found.choice == choice && found.bytes == bytes, "{database:?}");
        test.organisation("beta", carrier_profile()).await;
        assert!(ingest::take_up(&test.app, &test.officer("beta"), &key).await.is_err(), "another organisation's");
        ingest::discard(&test.app, &test.officer("beta"), &key).await.expect("nothing to do");
        ingest::take_up(&test.app, &officer, &key).await.expect("still there");
        test.pass(86_401);
        assert!(ingest::take_up(&test.app, &officer, &key).await.is_err(), "a day is over");
        jobs::announce(&test.app, jobs::KINDS).await.expect("announced");
        jobs::run_due(&test.app, jobs::KINDS, "a").await.expect("ran");
        let forgot = job::by_key(&mut test.app.read().await.expect("read"), "forget-short-lived", "").await;
        assert!(forgot.expect("row").expect("there").result.starts_with("uploads 1"), "{database:?}");
        let nobody = presence::report(&test.app, &officer, "none", "r1").await;
        assert!(nobody.is_err(), "a sheet that is not there has nobody in it");
    }
}
