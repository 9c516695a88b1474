//! Nothing lost: evidence sealed at rest, the right keys or none, a disk that is full or closed.

use std::path::Path;
use std::sync::Arc;

use sakimori_app::answers;
use sakimori_app::assessment::{self, NewAssessment};
use sakimori_app::evidence::{self, NewFile};
use sakimori_app::keys::Keys;
use sakimori_app::{Actor, App, AppConfig, AppError, key_check, upkeep};
use sakimori_store::assessment::Evidence;
use sakimori_store::durable as store;
use sakimori_store::{Store, StoreConfig};
use sakimori_testkit::people::{PASSWORD, carrier_profile};
use sakimori_testkit::{BOTH, Database, TestApp};

/// Code of a refusal; fails for anything else.
pub(crate) fn code<T>(result: Result<T, AppError>) -> &'static str {
    match result {
        Err(AppError::Refused(refusal)) => refusal.code,
        Err(other) => panic!("broke: {other}"),
        Ok(_) => panic!("was not refused"),
    }
}

/// A carrier with an assessment: the officer and the answers' ids.
pub(crate) async fn scene(test: &TestApp, organisation: &str) -> (Actor, Vec<String>) {
    test.organisation(organisation, carrier_profile()).await;
    let officer = test.officer(organisation);
    let new = NewAssessment {
        title: "令和8年度".to_owned(),
        fiscal_year: 2026,
        editions: vec!["jt-x1051-2018".to_owned()],
        previous_id: String::new(),
    };
    let assessment = assessment::create(&test.app, &officer, new).await.expect("an assessment");
    let rows = assessment::rows(&test.app, &officer, &assessment).await.expect("rows").1;
    (officer, rows.into_iter().map(|row| row.id).collect())
}

pub(crate) fn file(bytes: &[u8]) -> NewFile<'static> {
    NewFile { title: "点検記録", name: "record.txt", media_type: "text/plain", bytes: bytes.to_vec() }
}

/// The same installation, started again with other keys.
pub(crate) fn started_with(test: &TestApp, keys: Keys) -> App {
    started_on(test, test.app.store().clone(), test.app.folder(), keys)
}

/// The same installation on another folder, to which it was restored.
pub(crate) async fn on_folder(test: &TestApp, folder: &Path) -> App {
    let store = Store::open(&StoreConfig::Folder(folder.to_owned())).await.expect("the restored data opens");
    started_on(test, store, folder, test.app.keys().clone())
}

fn started_on(test: &TestApp, store: Store, folder: &Path, keys: Keys) -> App {
    App::new(AppConfig {
        store,
        folder: folder.to_owned(),
        program: test.app.program().to_owned(),
        clock: Arc::new(|| sakimori_testkit::START.parse().expect("a timestamp")),
        keys,
        trail_key: test.app.trail_key().clone(),
        seed: [9; 32],
    })
}

#[tokio::test]
async fn what_an_older_program_kept_open_is_read_and_sealed() {
    for database in BOTH {
        let test = TestApp::new(database).await;
        let (alpha, alpha_rows) = scene(&test, "alpha").await;
        let (beta, beta_rows) = scene(&test, "beta").await;
        let bytes = b"the same open file in two organisations";
        let hash: String =
            <sha2::Sha256 as sha2::Digest>::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        let open = test.app.folder().join("evidence").join(&hash[..2]).join(&hash);
        std::fs::create_dir_all(open.parent().expect("a folder")).expect("a folder");
        std::fs::write(&open, bytes).expect("as an older program kept it");
        for (actor, row) in [(&alpha, &alpha_rows[0]), (&beta, &beta_rows[0])] {
            let mut write = test.app.store().write().await.expect("write");
            let evidence = Evidence {
                id: format!("old-{}", actor.organisation_id),
                answer_id: row.clone(),
                kind: "file".to_owned(),
                title: "古い記録".to_owned(),
                file_hash: hash.clone(),
                media_type: "text/plain".to_owned(),
                size: bytes.len() as i64,
                url: String::new(),
                added_by: actor.name.clone(),
                added_at: sakimori_testkit::START.to_owned(),
            };
            let organisation = &actor.organisation_id;
            sakimori_store::assessment::insert_evidence(&mut write, organisation, &evidence).await.expect("a row");
            write.commit().await.expect("commit");
        }
        assert_eq!(evidence::read_file(&test.app, &alpha, "old-alpha").await.expect("read open").1, bytes);
        let (sealed, damaged) = evidence::seal_the_open(&test.app).await.expect("sealed");
        assert_eq!((sealed, damaged.len()), (2, 0), "{database:?}");
        assert!(!open.exists(), "nobody reads the open file any more");
        for (actor, id) in [(&alpha, "old-alpha"), (&beta, "old-beta")] {
            assert_eq!(evidence::read_file(&test.app, actor, id).await.expect("read sealed").1, bytes);
        }
        let mut c = test.app.read().await.expect("read");
        let names: Vec<String> = store::all_sealed_files(&mut c, "", 10)
            .await
            .expect("rows")
            .into_iter()
            .map(|row| row.sealed_hash)
            .collect();
        assert!(names.len() == 2 && names[0] != names[1], "the disk does not say that both have the same file");
        assert_eq!(test.app.shelf().names().await.expect("names"), names);
        assert_eq!(evidence::seal_the_open(&test.app).await.expect("nothing left").0, 0);
    }
}

#[tokio::test]
async fn a_start_with_foreign_keys_is_refused_and_a_new_key_on_top_is_noted() {
    for database in BOTH {
        let test = TestApp::new(database).await;
        assert!(key_check::needed(test.app.store()).await.expect("keys").is_empty(), "a new database needs none");
        key_check::require(&test.app).await.expect("the first keys");
        key_check::require(&test.app).await.expect("the same keys");
        let right = test.app.keys().clone();
        assert_eq!(key_check::needed(test.app.store()).await.expect("keys"), [right.id()]);
        let foreign = started_with(&test, Keys::generate());
        assert_eq!(code(key_check::require(&foreign).await), "wrong-key");
        let newer = Keys::generate();
        let rotated = Keys::parse(&format!("{}{}", newer.to_text(), right.to_text())).expect("keys");
        key_check::require(&started_with(&test, rotated)).await.expect("the old key is still there");
        assert_eq!(
            code(key_check::require(&started_with(&test, newer)).await),
            "wrong-key",
            "the old one is still needed"
        );
    }
}

/// SQLite only: a PostgreSQL server's disk is its own, its answer (SQLSTATE 53100) is mapped the same way.
#[tokio::test]
async fn a_full_or_closed_disk_is_said_and_saving_goes_on_when_there_is_room() {
    let test = TestApp::new(Database::Sqlite).await;
    let (officer, rows) = scene(&test, "alpha").await;
    let long = "長い記録 ".repeat(60_000);
    let browser = test.browser("alpha-security-officer").await;
    let upload = async |title: &str| {
        let link = evidence::add_link(&test.app, &officer, &rows[0], title, "https://example.org/a").await;
        link.map(|_| ())
    };
    upload("前").await.expect("there is room");
    sakimori_store::testing::limit_growth(test.app.store(), true).await.expect("full");
    let big = sakimori_store::search::SearchEntry {
        owner: "alpha".to_owned(),
        kind: "note".to_owned(),
        scope: "t".to_owned(),
        subject: "s".to_owned(),
        title: String::new(),
        body: long.clone(),
    };
    let mut write = test.app.store().write().await.expect("write");
    let full = sakimori_store::search::replace(&mut write, "alpha", "note", "t", &[big]).await;
    assert_eq!(code(full.map_err(AppError::from)), "disk-full");
    drop(write);
    assert_eq!(browser.get("/assessments").await.status, 200, "reading goes on");
    sakimori_store::testing::limit_growth(test.app.store(), false).await.expect("room again");
    upload("空きができた後").await.expect("saving goes on without a restart");
    sakimori_store::testing::refuse_writes(test.app.store(), true).await.expect("closed");
    assert_eq!(code(upload("中").await), "disk-read-only");
    // The writer that was refused is opened anew; the disk is still closed.
    sakimori_store::testing::refuse_writes(test.app.store(), true).await.expect("closed");
    let page =
        browser.post(&format!("/answers/{}/links", rows[0]), &[("title", "x"), ("url", "https://example.org")]).await;
    assert_eq!(page.status, 507);
    assert!(page.text().contains("保存していません"), "{}", page.text());
    sakimori_store::testing::refuse_writes(test.app.store(), true).await.expect("closed");
    let right = [("login", "alpha-auditor"), ("password", PASSWORD)];
    let answer = test.stranger().send("POST", "/sign-in", &right).await;
    assert_eq!(answer.status, 507, "not a wrong password: {}", answer.text());
    sakimori_store::testing::refuse_writes(test.app.store(), false).await.expect("open");
    evidence::add_link(&test.app, &officer, &rows[1], "後", "https://example.org/b")
        .await
        .expect("saved without a restart");
}

#[tokio::test]
async fn the_scrub_finds_damage_tells_the_officers_and_takes_away_what_nobody_needs() {
    for database in BOTH {
        let test = TestApp::new(database).await;
        key_check::require(&test.app).await.expect("keys");
        let (officer, rows) = scene(&test, "alpha").await;
        for (row, bytes) in [(&rows[0], b"one".as_slice()), (&rows[1], b"two")] {
            evidence::add_file(&test.app, &officer, row, file(bytes)).await.expect("evidence");
        }
        test.app
            .shelf()
            .put(&"ab".repeat(32), b"a file whose row was never written".to_vec())
            .await
            .expect("an orphan");
        let found = upkeep::scrub(&test.app).await.expect("a scrub");
        assert!(found.is_good(), "{found:?}");
        assert_eq!((found.files, found.orphans.len(), found.removed), (2, 1, 0));
        assert_eq!(upkeep::scrub(&test.app).await.expect("the second").removed, 1, "an orphan twice in a row goes");
        let names = test.app.shelf().names().await.expect("names");
        let path = test.app.folder().join("evidence").join(&names[0][..2]).join(format!("{}.age", names[0]));
        std::fs::write(&path, b"somebody changes it").expect("changed");
        let found = upkeep::scrub(&test.app).await.expect("a scrub");
        assert_eq!((found.damaged.len(), found.damaged[0].what.as_str()), (1, "changed"));
        let page = test.browser("alpha-security-officer").await.get("/notices").await.text();
        assert!(page.contains("証跡のファイル1件"), "the officers are told: {page}");
        let report = test.browser("alpha-administrator").await.get("/administration/upkeep").await;
        assert_eq!(report.status, 200);
        assert!(report.text().contains("異常があります"), "{}", report.text());
    }
}

#[tokio::test]
async fn a_rotation_seals_everything_anew_and_the_old_key_may_go() {
    for database in BOTH {
        let mut test = TestApp::new(database).await;
        let path = test.app.folder().join("keys/seal.key");
        let keys = Keys::create(&path, None).expect("a key file");
        test.app = Arc::new(started_with(&test, keys));
        key_check::require(&test.app).await.expect("keys");
        let (officer, rows) = scene(&test, "alpha").await;
        let id = evidence::add_file(&test.app, &officer, &rows[0], file(b"sealed twice")).await.expect("evidence");
        let to = test.app.folder().join("backups");
        sakimori_app::backup::create(&test.app, &to, &[]).await.expect("a backup leaves a sealed value behind");
        let old = test.app.keys().id();
        // Another process of the same installation, which is told nothing.
        let other = started_with(&test, Keys::open(&path, None).expect("the same file"));
        assert_eq!(code(upkeep::retire(&test.app, &old).await), "key-needed");
        let state = upkeep::rotate(&test.app).await.expect("rotated");
        assert_ne!(state.sealing, old);
        assert_eq!((state.needed.len(), state.closed, state.free.as_slice()), (0, 0, [old.clone()].as_slice()));
        assert_eq!(
            evidence::read_file(&other, &officer, &id).await.expect("the other finds the key").1,
            b"sealed twice"
        );
        upkeep::retire(&test.app, &old).await.expect("nothing needs it");
        assert_eq!(Keys::open(&path, None).expect("the file").ids(), std::slice::from_ref(&state.sealing));
        let fresh = started_with(&test, Keys::open(&path, None).expect("the file"));
        key_check::require(&fresh).await.expect("a start with the new key alone");
        assert_eq!(evidence::read_file(&fresh, &officer, &id).await.expect("opens").1, b"sealed twice");
        sakimori_app::backup::create(&fresh, &to, &[]).await.expect("backups go on");
    }
}

#[tokio::test]
async fn a_clock_that_jumped_back_writes_nothing_and_recovers() {
    for database in BOTH {
        let test = TestApp::new(database).await;
        let (officer, rows) = scene(&test, "alpha").await;
        let link = async || evidence::add_link(&test.app, &officer, &rows[0], "x", "https://example.org/").await;
        link().await.expect("the clock is right");
        test.pass(-200);
        link().await.expect("machines differ by minutes");
        test.pass(-7200);
        assert_eq!(code(link().await), "clock-back");
        test.pass(7400);
        link().await.expect("right again, without a restart");
        test.pass(400 * 86_400);
        link().await.expect("a leap forward is not known for one");
        test.pass(-400 * 86_400);
        assert_eq!(code(link().await), "clock-back");
        let other = started_with(&test, test.app.keys().clone());
        sakimori_app::clock::accept(&other).await.expect("who runs the machine says that it is right");
        link().await.expect("the other process goes on");
    }
}

/// What a program of schema 8 left, with evidence that it kept open: crates/testkit/tests/fixtures.
#[tokio::test]
async fn a_data_folder_of_schema_8_is_brought_up_to_date_and_read() {
    let folder = std::env::temp_dir().join(format!("sakimori-schema-8-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/data-0008");
    const HASH: &str = "1407a061b4eb1f4bbadf8a2414118e6128a26136e6436c97a04837a858d2c98e";
    std::fs::create_dir_all(folder.join("evidence/14")).expect("a folder");
    std::fs::copy(fixture.join("evidence/14").join(HASH), folder.join("evidence/14").join(HASH)).expect("evidence");
    let packed = std::fs::File::open(fixture.join("sakimori.db.gz")).expect("the fixture");
    let mut database = std::fs::File::create(folder.join("sakimori.db")).expect("a file");
    std::io::copy(&mut flate2::read::GzDecoder::new(packed), &mut database).expect("unpacked");
    drop(database);

    let test = TestApp::on_folder(folder).await;
    key_check::require(&test.app).await.expect("the first keys");
    let mut c = test.app.read().await.expect("read");
    let organisation = sakimori_store::registry::organisations(&mut c).await.expect("rows").remove(0);
    assert_eq!(organisation.name, "架空の港湾ターミナル");
    let before = sakimori_store::trail::newest(&mut c, &organisation.id, i64::MAX, 500).await.expect("the trail");
    assert!(before.iter().any(|event| event.action == "evidence.add"));
    drop(c);
    let officer = test.actor(&organisation.id, sakimori_domain::identity::Role::SecurityOfficer, "");
    let assessment = {
        let mut c = test.app.read().await.expect("read");
        sakimori_store::assessment::assessments(&mut c, &organisation.id).await.expect("rows").remove(0)
    };
    let rows = assessment::rows(&test.app, &officer, &assessment.id).await.expect("rows").1;
    assert_eq!(rows.iter().filter(|row| answers::current_state(row).to_string().contains("架空の点検記録")).count(), 3);
    let id = {
        let mut c = test.app.read().await.expect("read");
        let row = rows.iter().find(|row| row.evidence > 0).expect("a row with evidence");
        sakimori_store::assessment::evidence_of(&mut c, &organisation.id, &row.id).await.expect("rows").remove(0).id
    };
    let text = "架空の港湾ターミナルの点検記録。2026年11月。\r\n".trim_end();
    assert_eq!(evidence::read_file(&test.app, &officer, &id).await.expect("read open").1, text.as_bytes());
    let found = upkeep::scrub(&test.app).await.expect("a scrub");
    assert!(found.is_good() && found.sealed == 1, "{found:?}");
    assert_eq!(evidence::read_file(&test.app, &officer, &id).await.expect("read sealed").1, text.as_bytes());
    let browser = test.browser("officer").await;
    assert_eq!(browser.get(&format!("/assessments/{}", assessment.id)).await.status, 200);
    assert_eq!(browser.get("/trail").await.status, 200);
}
