//! The operation context: who, when, with which randomness, in which transaction, with which trail.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use rand_chacha::ChaCha20Rng;
use rand_core::Rng;
use sakimori_domain::identity::{Permission, Role};
use sakimori_store::trail::{self, Event};
use sakimori_store::{Connection, Store, Write};
use serde::Serialize;

use crate::codes::LETTERS;
use crate::evidence::{Shelf, quota};
use crate::keys::Keys;
use crate::trail::{TrailKey, Watch};
use crate::{AppError, Refusal, Result};

/// Looks at a read replica that is behind, a tenth of a second apart, before the primary is read instead.
const REPLICA_LOOKS: u32 = 10;

/// Where the time comes from. The program passes the machine's clock, a test a fixed one.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// What an installation is set up with.
pub struct AppConfig {
    pub store: Store,
    /// Folder of an embedded installation; evidence files live in it.
    pub folder: PathBuf,
    /// This program, to be started again as the child that reads foreign files.
    pub program: PathBuf,
    pub clock: Clock,
    /// What is sealed at rest opens with these.
    pub keys: Keys,
    /// Signs the checkpoints of the trail.
    pub trail_key: TrailKey,
    /// 32 random bytes.
    pub seed: [u8; 32],
}

/// The application: one per process.
pub struct App {
    store: Store,
    folder: PathBuf,
    program: PathBuf,
    clock: Clock,
    keys: Keys,
    trail_key: TrailKey,
    watch: Watch,
    shelf: Shelf,
    clock_watch: crate::clock::Watch,
    backup_to: Option<PathBuf>,
    evidence_limit: quota::Amount,
    rng: Mutex<ChaCha20Rng>,
    /// Password hashing takes 19 MiB each: at most two at a time.
    pub(crate) hashing: tokio::sync::Semaphore,
    /// Texts and suggesters of crosswalks.
    pub(crate) crosswalks: crate::crosswalk::Kept,
}

impl App {
    /// Puts an application together.
    pub fn new(config: AppConfig) -> Self {
        use rand_core::SeedableRng;
        Self {
            store: config.store,
            shelf: Shelf::Folder(config.folder.join("evidence")),
            clock_watch: crate::clock::Watch::default(),
            backup_to: None,
            evidence_limit: quota::DEFAULT,
            folder: config.folder,
            program: config.program,
            clock: config.clock,
            keys: config.keys,
            trail_key: config.trail_key,
            watch: Watch::default(),
            rng: Mutex::new(ChaCha20Rng::from_seed(config.seed)),
            hashing: tokio::sync::Semaphore::new(2),
            crosswalks: crate::crosswalk::Kept::default(),
        }
    }

    /// The same with its evidence elsewhere than in the folder.
    #[must_use]
    pub fn with_shelf(mut self, shelf: Shelf) -> Self {
        self.shelf = shelf;
        self
    }

    /// The same with a folder that gets a backup every night.
    #[must_use]
    pub fn with_backup_to(mut self, folder: Option<PathBuf>) -> Self {
        self.backup_to = folder;
        self
    }

    /// The folder that gets a backup every night.
    pub fn backup_to(&self) -> Option<&Path> {
        self.backup_to.as_deref()
    }

    /// The same with another limit of evidence for every organisation.
    #[must_use]
    pub fn with_evidence_limit(mut self, limit: quota::Amount) -> Self {
        self.evidence_limit = limit;
        self
    }

    /// How much evidence an organisation may keep for which nothing else was set.
    pub fn evidence_limit(&self) -> quota::Amount {
        self.evidence_limit
    }

    /// What the clock said when something was last written.
    pub(crate) fn clock_watch(&self) -> &crate::clock::Watch {
        &self.clock_watch
    }

    /// Where sealed evidence lies.
    pub fn shelf(&self) -> &Shelf {
        &self.shelf
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Today in Japan.
    pub fn today(&self) -> jiff::civil::Date {
        japan_date(self.now())
    }

    /// A connection for reading.
    ///
    /// # Errors
    /// The database is not reachable.
    pub async fn read(&self) -> Result<Connection> {
        Ok(self.store.read().await?)
    }

    /// A connection for reports and exports of an organisation: to the read replica when there is one and it has come as
    /// far as the organisation's trail, so that nobody misses what they have just written; else to the primary.
    ///
    /// # Errors
    /// The database is not reachable.
    pub async fn read_for_report(&self, organisation_id: &str) -> Result<Connection> {
        let mut replica = match self.store.replica().await {
            Ok(Some(replica)) => replica,
            Ok(None) => return self.read().await,
            Err(error) => {
                tracing::warn!(%error, "the read replica does not answer; reading from the primary");
                return self.read().await;
            }
        };
        let mut primary = self.read().await?;
        let wanted = trail::stamp(&mut primary, organisation_id).await?;
        for _ in 0..REPLICA_LOOKS {
            match trail::stamp(&mut replica, organisation_id).await {
                Ok(there) if there.own >= wanted.own && there.shared >= wanted.shared => return Ok(replica),
                Ok(_) => tokio::time::sleep(std::time::Duration::from_millis(100)).await,
                Err(error) => {
                    tracing::warn!(%error, "the read replica does not answer; reading from the primary");
                    return Ok(primary);
                }
            }
        }
        tracing::warn!(organisation = organisation_id, "the read replica is behind; reading from the primary");
        Ok(primary)
    }

    /// The store itself, for start-up and health checks.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Folder of the installation.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// This program, for the child that reads foreign files.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// Keys of what is sealed at rest.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// The key that signs the checkpoints of the trail.
    pub fn trail_key(&self) -> &TrailKey {
        &self.trail_key
    }

    /// What this process has seen of the trees of the trail.
    pub fn watch(&self) -> &Watch {
        &self.watch
    }

    /// Random bytes.
    pub fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.rng.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(&mut bytes);
        bytes
    }

    /// A new id: 26 characters, sorted by time, not guessable.
    pub fn new_id(&self) -> String {
        let random: [u8; 10] = self.random();
        let time = u64::try_from(self.now().as_millisecond()).unwrap_or(0) & 0xFFFF_FFFF_FFFF;
        let value =
            (u128::from(time) << 80) | random.iter().fold(0_u128, |value, byte| (value << 8) | u128::from(*byte));
        (0..26).rev().map(|i| char::from(LETTERS[((value >> (5 * i)) & 31) as usize])).collect()
    }

    /// Opens an operation of a person who may do it.
    ///
    /// # Errors
    /// [`Refusal::forbidden`] when the role does not carry `permission`; a database error.
    pub async fn operate<'a>(&'a self, actor: &'a Actor, permission: Permission) -> Result<Operation<'a>> {
        actor.require(permission)?;
        self.operate_as(actor).await
    }

    /// Opens an operation whose permission the caller has checked otherwise (signing in, one's own language).
    ///
    /// # Errors
    /// A database error.
    pub(crate) async fn operate_as<'a>(&'a self, actor: &'a Actor) -> Result<Operation<'a>> {
        Ok(Operation {
            app: self,
            actor,
            now: crate::clock::require(self).await?.to_string(),
            events: 0,
            write: self.store.write().await?,
        })
    }
}

/// The date in Japan at a moment.
pub fn japan_date(at: Timestamp) -> jiff::civil::Date {
    // Japan has had no summer time since 1951: a fixed offset is exact for every date this product handles.
    at.to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(9))).date()
}

/// Who does it, for which organisation, from where.
#[derive(Debug, Clone)]
pub struct Actor {
    pub account_id: String,
    pub login: String,
    pub name: String,
    pub organisation_id: String,
    pub organisation_name: String,
    pub role: Role,
    /// Empty when the person belongs to no single department.
    pub department_id: String,
    pub address: String,
    /// For whom a deputy acts: account id and name; both empty when a person acts for themselves.
    pub on_behalf_of: (String, String),
    /// What is left of the role's permissions: a deputy with some of them, a token with a scope. `None`: all.
    pub only: Option<Vec<Permission>>,
    /// `ja` or `en`.
    pub language: String,
}

impl Actor {
    /// The program itself: seeding, the command line on the machine of the installation.
    pub fn system(organisation_id: &str) -> Self {
        Self {
            account_id: "system".to_owned(),
            login: "system".to_owned(),
            name: "Sakimori".to_owned(),
            organisation_id: organisation_id.to_owned(),
            organisation_name: String::new(),
            role: Role::SecurityOfficer,
            department_id: String::new(),
            address: "local".to_owned(),
            on_behalf_of: (String::new(), String::new()),
            only: None,
            language: "ja".to_owned(),
        }
    }

    /// Whether the person may do something: the role carries it, and it was not left out.
    pub fn may(&self, permission: Permission) -> bool {
        self.role.may(permission) && self.only.as_ref().is_none_or(|only| only.contains(&permission))
    }

    /// Refuses unless the role carries a permission.
    ///
    /// # Errors
    /// [`Refusal::forbidden`].
    pub fn require(&self, permission: Permission) -> Result<()> {
        if self.may(permission) { Ok(()) } else { Err(Refusal::forbidden().into()) }
    }
}

/// One write operation: dropped without [`Operation::commit`] it leaves nothing behind.
pub struct Operation<'a> {
    pub app: &'a App,
    pub actor: &'a Actor,
    /// The moment of the operation: UTC, RFC 3339.
    pub now: String,
    events: u32,
    pub write: Write,
}

impl Operation<'_> {
    /// Notes what happened to a subject: JSON of what changed, before and after.
    ///
    /// # Errors
    /// A database error.
    pub async fn trail<B: Serialize, A: Serialize>(
        &mut self,
        action: &str,
        subject: (&str, &str),
        before: Option<&B>,
        after: Option<&A>,
    ) -> Result<()> {
        let organisation_id = &self.actor.organisation_id;
        let position = sakimori_store::trail::next_position(&mut self.write, organisation_id).await?;
        let event = Event {
            position,
            at: self.now.clone(),
            actor_id: self.actor.account_id.clone(),
            actor_name: self.actor.name.clone(),
            on_behalf_of_id: self.actor.on_behalf_of.0.clone(),
            on_behalf_of_name: self.actor.on_behalf_of.1.clone(),
            address: self.actor.address.clone(),
            action: action.to_owned(),
            subject_kind: subject.0.to_owned(),
            subject_id: subject.1.to_owned(),
            before: json(before)?,
            after: json(after)?,
        };
        let seal = crate::trail::seal(&event, &self.app.random());
        sakimori_store::trail::append(&mut self.write, organisation_id, &event, &seal).await?;
        self.events += 1;
        Ok(())
    }

    /// Notes something new.
    ///
    /// # Errors
    /// A database error.
    pub async fn trail_new<A: Serialize>(&mut self, action: &str, subject: (&str, &str), after: &A) -> Result<()> {
        self.trail::<(), A>(action, subject, None, Some(after)).await
    }

    /// Makes the operation durable. When this returns, it is on disk.
    ///
    /// # Errors
    /// A database error, or a write that left no trail (a fault of ours, so nothing is written).
    pub async fn commit(self) -> Result<()> {
        if self.events == 0 {
            return Err(AppError::Internal("an operation wrote without a trail event".to_owned()));
        }
        Ok(self.write.commit().await?)
    }
}

fn json<T: Serialize>(value: Option<&T>) -> Result<String> {
    value.map_or(Ok(String::new()), |value| {
        serde_json::to_string(value).map_err(|error| AppError::Internal(format!("trail event: {error}")))
    })
}
