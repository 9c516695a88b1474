//! Backups: made while people work, put back into either database, and every way in which they could be less than whole.

use std::path::{Path, PathBuf};

use sakimori_app::backup::{self, BackupError, Target};
use sakimori_app::evidence;
use sakimori_app::{App, key_check};
use sakimori_store::{Store, StoreConfig, assessment as rows};
use sakimori_testkit::{BOTH, Database, TestApp};

use crate::durable::{file, scene};

/// A folder that goes away with the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("sakimori-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).expect("a folder");
        Self(folder)
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn into_folder(folder: &Path) -> Target {
    Target { config: StoreConfig::Folder(folder.to_owned()), folder: folder.to_owned(), shelf: None, write_keys: true }
}

/// An empty database of the other kind, and its target.
async fn other_kind(database: Database, scratch: &Scratch, name: &str) -> Target {
    let folder = scratch.at(name);
    match database {
        Database::Postgres => into_folder(&folder),
        Database::Sqlite => Target {
            config: StoreConfig::Postgres(
                sakimori_testkit::fresh_postgres(&format!("{name}_{}", std::process::id())).await,
            ),
            ..into_folder(&folder)
        },
    }
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder").filter_map(Result::ok) {
        let path = entry.path();
        if path.is_dir() { found.extend(files_below(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

async fn with_evidence(test: &TestApp) -> String {
    key_check::require(&test.app).await.expect("keys");
    let (officer, answers) = scene(test, "alpha").await;
    evidence::add_file(&test.app, &officer, &answers[0], file(b"fictional record one")).await.expect("evidence")
}

fn keys(app: &App) -> sakimori_app::keys::Keys {
    app.keys().clone()
}

#[tokio::test]
async fn a_backup_goes_back_into_both_databases_value_by_value_with_its_evidence() {
    for database in BOTH {
        let test = TestApp::new(database).await;
        let scratch = Scratch::new(&format!("back{database:?}").to_lowercase());
        let evidence_id = with_evidence(&test).await;
        let to = scratch.at("backups");
        let created = backup::create(&test.app, &to, &[]).await.expect("a generation");
        assert_eq!((created.sequence, created.evidence), (1, 1));
        let plain = files_below(&to).iter().all(|path| {
            let bytes = std::fs::read(path).expect("a file");
            !bytes.windows(6).any(|part| part == "架空".as_bytes())
                && !bytes.windows(9).any(|part| part == b"fictional")
        });
        assert!(plain, "nothing of the content is readable in the folder");
        for target in [
            into_folder(&scratch.at("same")),
            other_kind(database, &scratch, &format!("other{database:?}").to_lowercase()).await,
        ] {
            let restored = backup::restore(&to, &keys(&test.app), &target).await.expect("restored");
            assert_eq!((restored.evidence, restored.evidence_unopened), (1, 0));
            let store = Store::open(&target.config).await.expect("opens");
            let differ = backup::compare(test.app.store(), &store).await.expect("compared");
            // What was written after the backup, and nothing else: its own event.
            let after = ["backup_repository", "trail", "trail_head", "upkeep_run", "session"];
            assert!(
                differ.iter().all(|table| after.contains(&table.as_str()) || table.starts_with("trail")),
                "{differ:?}"
            );
            let mut c = store.read().await.expect("read");
            let found = rows::evidence_by_id(&mut c, "alpha", &evidence_id).await.expect("row").expect("there");
            drop(c);
            store.close().await;
            let sealed = files_below(&target.folder.join("evidence"));
            assert_eq!(sealed.len(), 1);
            let opened = keys(&test.app).unseal(&std::fs::read(&sealed[0]).expect("a file")).expect("opens");
            assert_eq!((opened.as_slice(), found.size), (b"fictional record one".as_slice(), 20));
            assert!(target.folder.join("keys/seal.key").exists(), "the keys that opened it are in place");
            assert!(backup::restore(&to, &keys(&test.app), &target).await.is_err(), "never over something");
        }
    }
}

#[tokio::test]
async fn the_second_generation_keeps_only_what_changed_and_the_trail_notices_a_missing_one() {
    for database in BOTH {
        let test = TestApp::new(database).await;
        let scratch = Scratch::new(&format!("second{database:?}").to_lowercase());
        with_evidence(&test).await;
        let to = scratch.at("backups");
        let first = backup::create(&test.app, &to, &[]).await.expect("first");
        let second = backup::create(&test.app, &to, &[]).await.expect("second");
        assert_eq!(second.sequence, 2);
        assert!(second.new_bytes * 4 < first.new_bytes, "{} of {}", second.new_bytes, first.new_bytes);
        let mut found = backup::verify(&to, Some(&keys(&test.app))).expect("verified");
        backup::verify_against(&test.app, &to, &mut found).await.expect("compared");
        assert!(found.is_good() && found.generations == [1, 2], "{:?}", found.faults);
        assert!(backup::verify(&to, None).expect("without keys").is_good());

        let generations = to.join("generations");
        let newest = std::fs::read_dir(&generations).expect("a folder").filter_map(Result::ok).map(|e| e.path()).max();
        std::fs::remove_dir_all(newest.expect("the second")).expect("somebody takes it away");
        let mut found = backup::verify(&to, Some(&keys(&test.app))).expect("what is left is whole");
        assert!(found.is_good());
        backup::verify_against(&test.app, &to, &mut found).await.expect("compared");
        assert!(found.faults.len() == 1 && found.faults[0].contains("taken away"), "{:?}", found.faults);
        let third = backup::create(&test.app, &to, &[]).await.expect("third");
        assert_eq!(third.sequence, 3, "a number is never given twice");
    }
}

/// Every file of a small backup, changed or taken away, is a fault that verify finds, and restore leaves nothing behind.
#[tokio::test]
async fn whatever_is_missing_or_changed_is_found_and_nothing_half_is_restored() {
    let test = TestApp::new(Database::Sqlite).await;
    let scratch = Scratch::new("damage");
    with_evidence(&test).await;
    let to = scratch.at("backups");
    backup::create(&test.app, &to, &[]).await.expect("a generation");
    let target = into_folder(&scratch.at("data"));
    for (number, path) in files_below(&to).into_iter().enumerate() {
        let whole = std::fs::read(&path).expect("a file");
        if number % 2 == 0 {
            let mut changed = whole.clone();
            let middle = changed.len() / 2;
            changed[middle] ^= 1;
            std::fs::write(&path, &changed).expect("changed");
        } else {
            std::fs::remove_file(&path).expect("taken away");
        }
        let found = backup::verify(&to, Some(&keys(&test.app)));
        assert!(!found.is_ok_and(|found| found.is_good()), "{}", path.display());
        assert!(
            backup::restore(&to, &keys(&test.app), &target).await.is_err() || path.ends_with("repository.json"),
            "{}",
            path.display()
        );
        if !path.ends_with("repository.json") {
            assert!(!target.folder.exists(), "nothing half: {}", path.display());
        }
        let _ = std::fs::remove_dir_all(&target.folder);
        std::fs::write(&path, &whole).expect("mended");
    }
    assert!(backup::verify(&to, Some(&keys(&test.app))).expect("verified").is_good());
    let foreign = sakimori_app::keys::Keys::generate();
    assert!(matches!(backup::restore(&to, &foreign, &target).await, Err(BackupError::Refused { .. })));
}

#[tokio::test]
async fn a_deposited_backup_opens_with_the_other_key_alone_and_a_rehearsal_leaves_only_its_report() {
    let test = TestApp::new(Database::Sqlite).await;
    let scratch = Scratch::new("deposit");
    with_evidence(&test).await;
    let depositary = sakimori_app::keys::Keys::generate();
    let to = scratch.at("backups");
    backup::create(&test.app, &to, &[depositary.id()]).await.expect("a generation");
    let target = into_folder(&scratch.at("data"));
    let restored = backup::restore(&to, &depositary, &target).await.expect("restored");
    assert_eq!(restored.evidence_unopened, 0, "the installation's keys came along");
    let rehearsed = backup::rehearse(Some(&test.app), &to, &keys(&test.app), &scratch.0).await.expect("rehearsed");
    assert_eq!(rehearsed.rows, restored.rows);
    let again = backup::rehearse(Some(&test.app), &to, &keys(&test.app), &scratch.0).await.expect("again");
    assert_eq!(again.rows, restored.rows);
    let mut c = test.app.read().await.expect("read");
    let runs = sakimori_store::durable::upkeep_runs(&mut c, "rehearsal", 5).await.expect("runs");
    assert!(runs.len() == 2 && runs.iter().all(|run| run.is_good));
    let mut names: Vec<_> =
        std::fs::read_dir(&scratch.0).expect("a folder").filter_map(Result::ok).map(|e| e.file_name()).collect();
    names.sort();
    assert_eq!(names, ["backups", "data"], "the scratch folder is gone");
}

#[tokio::test]
async fn everything_moves_to_the_other_database_and_back() {
    for database in BOTH {
        let test = TestApp::new(database).await;
        let scratch = Scratch::new(&format!("move{database:?}").to_lowercase());
        with_evidence(&test).await;
        let browser = test.browser("alpha-security-officer").await;
        assert_eq!(browser.get("/").await.status, 200);
        let there = other_kind(database, &scratch, &format!("there{database:?}").to_lowercase()).await;
        let moved = backup::transfer(test.app.store(), &there.config, None).await.expect("moved");
        assert!(moved.rows > 1000 && moved.tables > 40, "{moved:?}");
        let other = Store::open(&there.config).await.expect("opens");
        assert_eq!(backup::compare(test.app.store(), &other).await.expect("compared"), Vec::<String>::new());
        let back = match database {
            Database::Sqlite => StoreConfig::Folder(scratch.at("back")),
            Database::Postgres => {
                StoreConfig::Postgres(sakimori_testkit::fresh_postgres(&format!("back_{}", std::process::id())).await)
            }
        };
        backup::transfer(&other, &back, None).await.expect("moved back");
        let again = Store::open(&back).await.expect("opens");
        assert_eq!(backup::compare(test.app.store(), &again).await.expect("compared"), Vec::<String>::new());
        let mut c = again.read().await.expect("read");
        let hits = sakimori_store::search::find(&mut c, "alpha", "監査", 5).await.expect("the search index came along");
        assert!(!hits.is_empty());
        assert!(backup::transfer(&other, &back, None).await.is_err(), "never into something");
    }
}

/// A generation cannot hold its own event: after a restore the trail does not know it, although it is this installation's.
#[tokio::test]
async fn what_is_restored_knows_its_own_backups_and_no_foreign_one() {
    for database in BOTH {
        let test = TestApp::new(database).await;
        let scratch = Scratch::new(&format!("adopt{database:?}").to_lowercase());
        with_evidence(&test).await;
        let to = scratch.at("backups");
        for _ in 0..2 {
            backup::create(&test.app, &to, &[]).await.expect("a generation");
        }
        let target = into_folder(&scratch.at("data"));
        backup::restore(&to, &keys(&test.app), &target).await.expect("restored");
        let restored = crate::durable::on_folder(&test, &target.folder).await;
        let mut found = backup::verify(&to, Some(&keys(&test.app))).expect("verified");
        backup::verify_against(&restored, &to, &mut found).await.expect("compared");
        assert!(found.is_good(), "{database:?}: {:?}", found.faults);
        let mut c = restored.read().await.expect("read");
        let events = sakimori_store::trail::newest(&mut c, "", i64::MAX, 50).await.expect("the trail");
        assert_eq!(
            events.iter().filter(|event| event.action == "backup.adopt").count(),
            1,
            "the second; the first it knew"
        );
        drop(c);
        assert_eq!(backup::create(&restored, &to, &[]).await.expect("goes on").sequence, 3);

        // Another installation seals one for our public key and puts it between ours.
        let other = TestApp::new(database).await;
        // The random sources of tests begin alike.
        let _: [u8; 32] = other.app.random();
        with_evidence(&other).await;
        let foreign = scratch.at("foreign");
        std::fs::create_dir_all(&foreign).expect("a folder");
        std::fs::copy(to.join("repository.json"), foreign.join("repository.json")).expect("the same id");
        for _ in 0..4 {
            backup::create(&other.app, &foreign, &[test.app.keys().id()]).await.expect("a foreign generation");
        }
        for path in files_below(&foreign).iter().filter(|path| path.to_string_lossy().contains("/generations/000004")) {
            let there = to.join(path.strip_prefix(&foreign).expect("below"));
            std::fs::create_dir_all(there.parent().expect("a folder")).expect("a folder");
            std::fs::copy(path, there).expect("put there");
        }
        let mut found = backup::verify(&to, None).expect("verified");
        backup::verify_against(&restored, &to, &mut found).await.expect("compared");
        let unknown = found.faults.iter().filter(|fault| fault.contains("does not know generation 4")).count();
        assert_eq!(unknown, 1, "{database:?}: {:?}", found.faults);
    }
}

#[tokio::test]
async fn the_generations_that_need_a_key_are_named_before_it_goes() {
    let mut test = TestApp::new(Database::Sqlite).await;
    let scratch = Scratch::new("needing");
    let path = test.app.folder().join("keys/seal.key");
    let ring = sakimori_app::keys::Keys::create(&path, None).expect("a key file");
    test.app = std::sync::Arc::new(crate::durable::started_with(&test, ring));
    with_evidence(&test).await;
    let to = scratch.at("backups");
    backup::create(&test.app, &to, &[]).await.expect("with the first key");
    let old = test.app.keys().id();
    sakimori_app::upkeep::rotate(&test.app).await.expect("rotated");
    backup::create(&test.app, &to, &[]).await.expect("with the second key");
    let need = |key: &str| backup::needing(&to, test.app.keys(), key).expect("looked at");
    assert_eq!(need(&old), [1]);
    assert_eq!(need(&test.app.keys().id()), [2]);
    assert_eq!(backup::noted(&test.app).await.expect("noted"), 2);

    // What is sealed with the key that went is whole and closed; it is no damage, unless somebody changed it.
    sakimori_app::upkeep::retire(&test.app, &old).await.expect("it is in the safe");
    let look = async || {
        let mut found = backup::verify(&to, Some(test.app.keys())).expect("verified");
        backup::verify_against(&test.app, &to, &mut found).await.expect("compared");
        found
    };
    let found = look().await;
    assert!(found.is_good() && found.unopened == [1], "{:?}", found.faults);
    let manifest = files_below(&to).into_iter().find(|path| path.ends_with("manifest.age")).expect("the first");
    let mut bytes = std::fs::read(&manifest).expect("a file");
    *bytes.last_mut().expect("bytes") ^= 1;
    std::fs::write(&manifest, bytes).expect("changed");
    assert!(!look().await.is_good());
}
