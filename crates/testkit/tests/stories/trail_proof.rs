//! The proof of the trail: what somebody with the whole database can do to it, and that it is found.

use std::collections::BTreeSet;

use sakimori_app::trail::verify::{Means, Outcome, verify};
use sakimori_app::trail::{self, TrailKey};
use sakimori_domain::identity::Permission;
use sakimori_interop::trail::export::{self, Demand};
use sakimori_interop::trail::{Finding, SignedCheckpoint, TlogProof};
use sakimori_store::testing::tamper;
use sakimori_store::trail::tree;
use sakimori_testkit::people::carrier_profile;
use sakimori_testkit::{BOTH, Database, TestApp};

/// An organisation with a trail of `n` events or a few more, signed every ten.
async fn trail_of(database: Database, n: u32) -> TestApp {
    let test = TestApp::new(database).await;
    test.organisation("alpha", carrier_profile()).await;
    write(&test, n).await;
    test
}

async fn write(test: &TestApp, n: u32) {
    let officer = test.officer("alpha");
    for number in 1..=n {
        let mut op = test.app.operate(&officer, Permission::EditProfile).await.expect("operation");
        op.trail_new("test.write", ("organisation", "alpha"), &number).await.expect("event");
        op.commit().await.expect("commit");
        if number.is_multiple_of(10) {
            trail::sign_what_is_new(&test.app).await.expect("signed");
        }
    }
    trail::sign_what_is_new(&test.app).await.expect("signed");
}

async fn verified(test: &TestApp, demand: &Demand) -> Outcome {
    let keys = test.app.trail_key().publics();
    let mut c = test.app.read().await.expect("read");
    verify(&mut c, &Means { keys: &keys, demand }, None).await.expect("verified")
}

/// Findings of alpha's trail.
async fn findings(test: &TestApp, demand: &Demand) -> Vec<Finding> {
    let outcome = verified(test, demand).await;
    let alpha = outcome.trails.into_iter().find(|trail| trail.organisation == "alpha").expect("alpha's trail");
    assert_eq!(outcome.valid, alpha.verdict.findings.is_empty());
    alpha.verdict.findings
}

async fn change(test: &TestApp, statements: &[&'static str]) {
    let mut w = test.app.store().write().await.expect("write");
    for statement in statements {
        tamper(&mut w, statement).await.expect("a statement");
    }
    w.commit().await.expect("commit");
}

#[tokio::test]
async fn a_trail_that_nobody_touched_is_valid_and_wholly_signed() {
    for database in BOTH {
        let test = trail_of(database, 25).await;
        let outcome = verified(&test, &Demand::default()).await;
        assert!(outcome.valid, "{database:?}: {outcome:?}");
        for trail in &outcome.trails {
            assert_eq!(trail.unsigned, 0, "{}", trail.organisation);
            assert!(trail.checkpoints > 0, "{}", trail.organisation);
        }
        // Two signers at once, on a trail that has grown: one checkpoint per size.
        let officer = test.officer("alpha");
        test.app.note_read(&officer, "test.read", ("organisation", "alpha"), &1).await.expect("noted");
        let (one, two) = tokio::join!(trail::checkpoint(&test.app, "alpha"), trail::checkpoint(&test.app, "alpha"));
        assert_eq!(one.expect("signed").note, two.expect("signed").note);
        assert!(verified(&test, &Demand::default()).await.valid);
    }
}

#[tokio::test]
async fn a_round_that_its_process_did_not_live_to_sign_is_signed_with_the_next() {
    for database in BOTH {
        let test = trail_of(database, 1).await;
        change(
            &test,
            &["INSERT INTO trail_round (position, round, organisation_id, size, root, salt, leaf)
               SELECT position + (SELECT MAX(position) FROM trail_round), round, organisation_id, size, root, salt, leaf
               FROM trail_round"],
        )
        .await;
        test.pass(3600);
        trail::sign_what_is_new(&test.app).await.expect("signed");
        let outcome = verified(&test, &Demand::default()).await;
        assert!(outcome.valid, "{database:?}: {outcome:?}");
        let installation = outcome.trails.last().expect("the installation's tree");
        assert_eq!(installation.organisation, tree::INSTALLATION);
        assert!(installation.unsigned == 0 && installation.checkpoints == 3, "{database:?}: {installation:?}");
    }
}

#[tokio::test]
async fn altered_removed_reordered_events_are_named() {
    for database in BOTH {
        let test = trail_of(database, 25).await;
        change(&test, &["UPDATE trail SET actor_name = 'だれか' WHERE organisation_id = 'alpha' AND position = 7"])
            .await;
        let altered = Finding::Altered { event: 7, fields: vec!["actor.name"] };
        assert_eq!(findings(&test, &Demand::default()).await, [altered], "{database:?}");

        let test = trail_of(database, 25).await;
        change(&test, &["DELETE FROM trail WHERE organisation_id = 'alpha' AND position = 8"]).await;
        assert_eq!(findings(&test, &Demand::default()).await, [Finding::Removed { first: 8, last: 8 }]);

        let test = trail_of(database, 25).await;
        let close_up = [
            "DELETE FROM trail WHERE organisation_id = 'alpha' AND position = 8",
            "UPDATE trail SET position = -position WHERE organisation_id = 'alpha' AND position > 8",
            "UPDATE trail SET position = -position - 1 WHERE organisation_id = 'alpha' AND position < 0",
            "UPDATE trail_head SET position = position - 1 WHERE organisation_id = 'alpha'",
        ];
        change(&test, &close_up).await;
        let found = findings(&test, &Demand::default()).await;
        assert_eq!(found[0], Finding::Removed { first: 8, last: 8 });
        assert!(matches!(found[1], Finding::RolledBack { .. }), "{found:?}");

        let test = trail_of(database, 25).await;
        let swap = [
            "UPDATE trail SET position = 0 WHERE organisation_id = 'alpha' AND position = 12",
            "UPDATE trail SET position = 12 WHERE organisation_id = 'alpha' AND position = 15",
            "UPDATE trail SET position = 15 WHERE organisation_id = 'alpha' AND position = 0",
        ];
        change(&test, &swap).await;
        assert_eq!(findings(&test, &Demand::default()).await, [Finding::Reordered { event: 12, with: 15 }]);
    }
}

/// Makes every hash of alpha's trail anew over what the rows say now, as the program itself would, and takes away every
/// signed checkpoint but those up to a size.
async fn forge(test: &TestApp, statements: &[&'static str]) {
    change(test, statements).await;
    change(
        test,
        &[
            "UPDATE trail SET salt = '', leaf = '', marks = '' WHERE organisation_id = 'alpha'",
            "DELETE FROM trail_tree WHERE tree = 'alpha'",
            "DELETE FROM trail_node WHERE tree = 'alpha'",
        ],
    )
    .await;
    trail::begin(&test.app).await.expect("leaves anew");
}

#[tokio::test]
async fn whoever_makes_all_hashes_anew_has_no_key() {
    for database in BOTH {
        let test = trail_of(database, 25).await;
        forge(&test, &["UPDATE trail SET after = '999' WHERE organisation_id = 'alpha' AND position = 14"]).await;
        let found = findings(&test, &Demand::default()).await;
        assert!(matches!(found[..], [Finding::Forked { .. }]), "{database:?}: {found:?}");
        // The running program does not sign it either.
        assert!(trail::checkpoint(&test.app, "alpha").await.is_err());
    }
}

#[tokio::test]
async fn a_trail_cut_back_to_an_old_checkpoint_is_found_by_one_given_out_later() {
    for database in BOTH {
        let test = trail_of(database, 25).await;
        let given = trail::checkpoint(&test.app, "alpha").await.expect("a checkpoint").note;
        let printed = SignedCheckpoint::parse(&given.to_text()).expect("as it was given out");
        let size = given.checkpoint.size;
        let back = [
            "DELETE FROM trail_round",
            "DELETE FROM trail_checkpoint WHERE tree = '*' OR (tree = 'alpha' AND size > 20)",
            "DELETE FROM trail_tree WHERE tree IN ('alpha', '*')",
            "DELETE FROM trail WHERE organisation_id = 'alpha' AND position > (SELECT MAX(size) FROM trail_checkpoint WHERE tree = 'alpha')",
            "UPDATE trail_head SET position = (SELECT MAX(size) FROM trail_checkpoint WHERE tree = 'alpha') WHERE organisation_id = 'alpha'",
        ];
        change(&test, &back).await;
        let alone = findings(&test, &Demand::default()).await;
        assert_eq!(alone, [], "{database:?}: within the database nothing is amiss");
        let demand = Demand { against: vec![printed.into()], ..Demand::default() };
        let found = findings(&test, &demand).await;
        assert!(matches!(found[..], [Finding::RolledBack { checkpoint, .. }] if checkpoint == size), "{found:?}");
        // Or goes on differently, with the same number of events.
        write(&test, 25).await;
        let found = findings(&test, &demand).await;
        assert!(matches!(found[..], [Finding::Forked { checkpoint, .. }] if checkpoint == size), "{found:?}");
    }
}

#[tokio::test]
async fn a_checkpoint_of_another_key_is_none() {
    for database in BOTH {
        let test = trail_of(database, 5).await;
        let other = TrailKey::from_secret("sakimori/test", [1; 32]).expect("a key").publics();
        let mut c = test.app.read().await.expect("read");
        let outcome =
            verify(&mut c, &Means { keys: &other, demand: &Demand::default() }, None).await.expect("verified");
        drop(c);
        assert!(!outcome.valid);
        assert!(
            outcome.trails.iter().any(|trail| matches!(trail.verdict.findings[..], [Finding::NotSigned { .. }, ..]))
        );
        // A process that comes with another key does not write.
        change(&test, &["UPDATE trail_key SET vkey = 'another'"]).await;
        let refused = trail::begin(&test.app).await.expect_err("refused");
        assert_eq!(refused.refusal().map(|refusal| refusal.code), Some("trail-key"), "{database:?}");
        trail::replace_key(&test.app).await.expect("replaced, on purpose");
        trail::begin(&test.app).await.expect("taken");
    }
}

#[tokio::test]
async fn an_exported_trail_is_verified_without_us() {
    for database in BOTH {
        let test = trail_of(database, 12).await;
        let auditor = test.actor("alpha", sakimori_domain::identity::Role::Auditor, "");
        let mut file = Vec::new();
        trail::export(&test.app, &auditor, &mut file).await.expect("exported");
        let demand = Demand { key: Some(test.app.trail_key().publics().remove(0)), ..Demand::default() };
        let verdict = export::verify(file.as_slice(), &demand).expect("read");
        assert_eq!(verdict.findings, [], "{database:?}");
        let text = String::from_utf8(file).expect("text");
        assert!(text.contains("trail.export"), "taking it along stands in it");

        let forged = text.replacen("test.write", "test.other", 1);
        let verdict = export::verify(forged.as_bytes(), &demand).expect("read");
        assert!(
            matches!(&verdict.findings[..], [Finding::Altered { fields, .. }] if fields == &["action"]),
            "{verdict:?}"
        );
        let shorter: String = text.lines().take(5).map(|line| format!("{line}\n")).collect();
        let verdict = export::verify(shorter.as_bytes(), &demand).expect("read");
        assert!(matches!(verdict.findings[..], [Finding::RolledBack { events: 4, .. }]), "{verdict:?}");
        let other = Demand { key: Some(demand.key.clone().expect("key").named("sakimori/other")), ..Demand::default() };
        assert!(!export::verify(text.as_bytes(), &other).expect("read").findings.is_empty());
        assert!(export::verify("{}".as_bytes(), &demand).is_err());

        // One event alone.
        let proof = trail::prove(&test.app, "alpha", 5).await.expect("a proof").to_text();
        assert_eq!(TlogProof::parse(&proof).expect("read").to_text(), proof);
        assert_eq!(export::verify(proof.as_bytes(), &demand).expect("read").findings, []);
        let moved = proof.replacen("index 4\n", "index 5\n", 1);
        assert!(!export::verify(moved.as_bytes(), &demand).expect("read").findings.is_empty());
    }
}

#[tokio::test]
async fn old_texts_are_forgotten_and_everything_still_fits() {
    for database in BOTH {
        let test = trail_of(database, 12).await;
        let given = trail::checkpoint(&test.app, "alpha").await.expect("a checkpoint").note;
        let five_years: jiff::Span = "5y".parse().expect("a span");
        assert!(trail::expire(&test.app, five_years, None).await.expect("nothing is that old").is_empty());
        assert!(trail::expire(&test.app, "1mo".parse().expect("a span"), None).await.is_err(), "a year at least");
        test.pass(6 * 366 * 86_400);
        let expired = trail::expire(&test.app, five_years, Some("alpha")).await.expect("forgotten");
        assert_eq!(expired[0].events, given.checkpoint.size);
        trail::sign_what_is_new(&test.app).await.expect("signed");
        let demand = Demand { against: vec![given.into()], ..Demand::default() };
        let outcome = verified(&test, &demand).await;
        assert!(outcome.valid, "{database:?}: {outcome:?}");
        let alpha = outcome.trails.iter().find(|trail| trail.organisation == "alpha").expect("alpha");
        assert_eq!(alpha.verdict.expired, expired[0].events);
        let mut c = test.app.read().await.expect("read");
        let events = sakimori_store::trail::newest(&mut c, "alpha", i64::MAX, 200).await.expect("events");
        drop(c);
        assert_eq!(events[0].action, "trail.expire");
        assert!(events[1..].iter().all(|event| event.actor_name.is_empty() && event.after.is_empty()));
        // What stays is proven as before, and what was forgotten cannot be filled in.
        change(&test, &["UPDATE trail SET actor_name = 'x' WHERE organisation_id = 'alpha' AND position = 3"]).await;
        assert!(matches!(findings(&test, &demand).await[..], [Finding::Altered { event: 3, .. }]));
    }
}

#[tokio::test]
async fn events_from_before_there_were_leaves_get_them_once() {
    for database in BOTH {
        let test = trail_of(database, 12).await;
        change(
            &test,
            &[
                "UPDATE trail SET salt = '', leaf = '', marks = ''",
                "DELETE FROM trail_tree",
                "DELETE FROM trail_checkpoint",
                "DELETE FROM trail_round",
                "DELETE FROM trail_key",
            ],
        )
        .await;
        let fresh = test.another_process();
        trail::begin(&fresh).await.expect("begun");
        trail::begin(&fresh).await.expect("begun once");
        trail::sign_what_is_new(&fresh).await.expect("signed");
        assert!(verified(&test, &Demand::default()).await.valid, "{database:?}");
        let mut c = test.app.read().await.expect("read");
        let events = sakimori_store::trail::newest(&mut c, "alpha", i64::MAX, 200).await.expect("events");
        assert_eq!(events.iter().filter(|event| event.action == "trail.begin").count(), 1);
    }
}

#[tokio::test]
async fn partners_cosign_what_continues_and_nothing_else() {
    for database in BOTH {
        let ours = trail_of(database, 5).await;
        let partner = TestApp::new(database).await;
        let key = ours.app.trail_key().publics().remove(0);
        let asked = trail::request_of(&ours.app, "alpha", 0).await.expect("a request");
        let asked = trail::asked(&asked.to_text()).expect("carried over");
        let line = trail::cosign(&partner.app, &asked, &key).await.expect("cosigned");
        let mut note = asked.note.clone();
        note.add(&line).expect("a line");
        let witness = partner.app.trail_key().signing().public.clone();
        let demand = Demand { witnesses: vec![witness.clone()], ..Demand::default() };
        let without = verified(&ours, &demand).await;
        assert!(!without.valid, "the witness is wanted");
        trail::add_cosignatures(&ours.app, &note, &witness).await.expect("taken over");
        assert!(verified(&ours, &demand).await.valid);
        let mut file = Vec::new();
        trail::export(&ours.app, &ours.officer("alpha"), &mut file).await.expect("exported");
        let offline = Demand { key: Some(key.clone()), ..demand };
        assert_eq!(export::verify(file.as_slice(), &offline).expect("read").findings, []);

        let seen = asked.note.checkpoint.size;
        write(&ours, 9).await;
        let next = trail::request_of(&ours.app, "alpha", seen).await.expect("a request");
        trail::cosign(&partner.app, &next, &key).await.expect("it continues what was seen");
        // Without the proof, or from another history, no line.
        let bare = sakimori_interop::trail::AddCheckpoint { proof: Vec::new(), old: seen, ..next };
        assert!(trail::cosign(&partner.app, &bare, &key).await.is_err());
        let other = trail_of(database, 40).await;
        let forked = trail::request_of(&other.app, "alpha", seen).await.expect("a request");
        assert!(trail::cosign(&partner.app, &forked, &key).await.is_err(), "{database:?}");
        let foreign = TrailKey::from_secret("sakimori/test", [1; 32]).expect("a key").publics().remove(0);
        assert!(trail::cosign(&partner.app, &asked, &foreign).await.is_err());
    }
}

#[tokio::test]
async fn the_installations_tree_does_not_tell_who_is_busy() {
    for database in BOTH {
        let test = trail_of(database, 30).await;
        test.organisation("beta", carrier_profile()).await;
        trail::sign_what_is_new(&test.app).await.expect("signed");
        let mut c = test.app.read().await.expect("read");
        let first = tree::rounds_after(&mut c, 0, 100).await.expect("a round");
        drop(c);
        write(&test, 20).await;
        test.pass(3600);
        trail::sign_what_is_new(&test.app).await.expect("signed");
        trail::sign_what_is_new(&test.app).await.expect("one round an hour");
        let mut c = test.app.read().await.expect("read");
        let all = tree::rounds_after(&mut c, 0, 100).await.expect("rounds");
        drop(c);
        let second: Vec<_> = all.iter().skip(first.len()).collect();
        let who: BTreeSet<&str> = second.iter().map(|leaf| leaf.organisation_id.as_str()).collect();
        assert_eq!(who.len(), second.len(), "each once, busy or not");
        assert!(who.contains("alpha") && who.contains("beta") && who.contains(""));
        assert!(verified(&test, &Demand::default()).await.valid, "{database:?}");
        change(&test, &["UPDATE trail_round SET size = size - 1 WHERE position = 1"]).await;
        assert!(!verified(&test, &Demand::default()).await.valid);
    }
}
