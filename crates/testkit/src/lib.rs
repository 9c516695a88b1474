//! What tests share: an application on a fresh database of either kind, a fixed clock, a seeded random source, people of
//! every role, and requests against the router.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use jiff::Timestamp;
use sakimori_app::{Actor, App, AppConfig};
use sakimori_domain::identity::Role;
use sakimori_store::{Store, StoreConfig};

pub mod people;
pub mod web;

/// The two databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Database {
    Sqlite,
    Postgres,
}

/// Both, for `for database in BOTH`. A test that runs on one only says why.
pub const BOTH: [Database; 2] = [Database::Sqlite, Database::Postgres];

/// The moment at which every test begins: 2026-11-20 09:00 in Japan.
pub const START: &str = "2026-11-20T00:00:00Z";

/// An application with a database of its own, empty but for the shipped catalogues.
pub struct TestApp {
    pub app: Arc<App>,
    pub database: Database,
    clock: Arc<AtomicI64>,
    folder: PathBuf,
}

static NUMBER: AtomicU32 = AtomicU32::new(0);

impl TestApp {
    /// A fresh application.
    ///
    /// # Panics
    /// PostgreSQL is asked for and `SAKIMORI_TEST_POSTGRES` does not name a server: `./x test` starts one. A test that
    /// quietly ran on one database would be worth nothing.
    pub async fn new(database: Database) -> Self {
        Self::with_store(database, |store| store).await
    }

    /// A fresh application on a store that was changed before: with faults, say.
    ///
    /// # Panics
    /// As [`TestApp::new`].
    pub async fn with_store(database: Database, change: impl FnOnce(Store) -> Store) -> Self {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("sakimori_test_{}_{number}", std::process::id());
        let folder = std::env::temp_dir().join(&name);
        // A run that was killed may have left one under the same number.
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).expect("a temporary folder");
        let config = match database {
            Database::Sqlite => StoreConfig::Folder(folder.clone()),
            Database::Postgres => StoreConfig::Postgres(fresh_postgres(&name).await),
        };
        Self::opened(database, config, folder, START, change).await
    }

    /// An application on what another program left in a folder, which goes away with it. It is two days later there.
    pub async fn on_folder(folder: PathBuf) -> Self {
        let config = StoreConfig::Folder(folder.clone());
        Self::opened(Database::Sqlite, config, folder, "2026-11-22T00:00:00Z", |store| store).await
    }

    async fn opened(
        database: Database,
        config: StoreConfig,
        folder: PathBuf,
        start: &str,
        change: impl FnOnce(Store) -> Store,
    ) -> Self {
        let store = change(Store::open(&config).await.expect("the test database opens"));
        let start: Timestamp = start.parse().expect("a timestamp");
        let clock = Arc::new(AtomicI64::new(start.as_second()));
        let reading = clock.clone();
        let app = Arc::new(App::new(AppConfig {
            store,
            folder: folder.clone(),
            program: program(),
            clock: Arc::new(move || {
                Timestamp::from_second(reading.load(Ordering::Relaxed)).unwrap_or(Timestamp::UNIX_EPOCH)
            }),
            keys: sakimori_app::keys::Keys::generate(),
            trail_key: sakimori_app::trail::TrailKey::from_secret("sakimori/test", [9; 32]).expect("a key"),
            seed: [7; 32],
        }));
        sakimori_app::content::seed(&app).await.expect("the shipped catalogues");
        sakimori_app::trail::begin(&app).await.expect("the trail's key");
        Self { app, database, clock, folder }
    }

    /// Another process on the same database, with the same keys of the trail and nothing in its memory.
    ///
    /// # Panics
    /// Never: the key is a fixed one.
    pub fn another_process(&self) -> Arc<App> {
        let reading = self.clock.clone();
        Arc::new(App::new(AppConfig {
            store: self.app.store().clone(),
            folder: self.folder.clone(),
            program: program(),
            clock: Arc::new(move || {
                Timestamp::from_second(reading.load(Ordering::Relaxed)).unwrap_or(Timestamp::UNIX_EPOCH)
            }),
            keys: self.app.keys().clone(),
            trail_key: self.app.trail_key().clone(),
            seed: [8; 32],
        }))
    }

    /// Lets time pass.
    pub fn pass(&self, seconds: i64) {
        self.clock.fetch_add(seconds, Ordering::Relaxed);
    }

    /// Somebody of an organisation, without an account behind: for tests of operations.
    pub fn actor(&self, organisation_id: &str, role: Role, department_id: &str) -> Actor {
        Actor {
            account_id: format!("{organisation_id}-{}", role.code()),
            login: role.code().to_owned(),
            name: role.ja().to_owned(),
            role,
            department_id: department_id.to_owned(),
            address: "192.0.2.1".to_owned(),
            ..Actor::system(organisation_id)
        }
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        // Best effort: a folder left in the temporary directory harms nobody.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The `sakimori` program beside the test binary, for the child that reads foreign files.
fn program() -> PathBuf {
    let test = std::env::current_exe().expect("the test's own path");
    let folder = test.parent().and_then(|deps| deps.parent()).expect("the target folder");
    folder.join("sakimori")
}

/// Address of a fresh PostgreSQL database.
///
/// # Panics
/// There is no server: see [`TestApp::new`].
pub async fn fresh_postgres(name: &str) -> String {
    let server = std::env::var("SAKIMORI_TEST_POSTGRES")
        .expect("SAKIMORI_TEST_POSTGRES names no PostgreSQL server; run the tests with ./x test, which starts one");
    sakimori_store::testing::create_database(&server, name).await.expect("a fresh PostgreSQL database")
}

/// The folder of the real documents.
///
/// # Panics
/// It is not there: the tests on the real documents fail rather than pass unseen.
pub fn seeds() -> PathBuf {
    let folder = std::env::var("SAKIMORI_SEEDS")
        .map_or_else(|_| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/seeds"), PathBuf::from);
    assert!(folder.is_dir(), "the real documents are not at {}; set SAKIMORI_SEEDS", folder.display());
    folder
}
