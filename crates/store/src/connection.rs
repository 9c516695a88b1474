//! The two databases behind one face: [`Store`] holds the pools, [`Connection`] reads, [`Write`] is a transaction.

pub(crate) mod dynamic;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::PgPool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection as _, Postgres, Sqlite, Transaction};

use crate::faults::{self, Fault, Faults, Held, Moment, Seam};
use crate::migrations;
use crate::row::Row;
use crate::tuning::Tuning;
use crate::{Result, StoreError};

/// Where the data lives.
#[derive(Debug, Clone)]
pub enum StoreConfig {
    /// Embedded SQLite in this folder (`sakimori.db`).
    Folder(PathBuf),
    /// A `postgres://` address.
    Postgres(String),
}

/// The open database.
#[derive(Clone)]
pub struct Store {
    pools: Pools,
    faults: Seam,
}

#[derive(Clone)]
enum Pools {
    /// One writer, because SQLite has one; readers beside it see the last committed state (WAL).
    Sqlite {
        writer: SqlitePool,
        readers: SqlitePool,
        /// The writer began no transaction: it is closed, and another is opened for the next write.
        suspect: Arc<AtomicBool>,
    },
    Postgres {
        primary: PgPool,
        /// Where reports are read, when there is one.
        replica: Option<PgPool>,
    },
}

/// A value bound to a statement.
#[derive(Debug, Clone)]
pub(crate) enum Param {
    Text(String),
    Int(i64),
}

impl From<&str> for Param {
    fn from(value: &str) -> Self {
        Param::from(value.to_owned())
    }
}
impl From<&String> for Param {
    fn from(value: &String) -> Self {
        Param::from(value.clone())
    }
}
impl From<String> for Param {
    fn from(value: String) -> Self {
        // PostgreSQL keeps no NUL in a text and refuses the statement; SQLite does. Both get the sign for "unreadable".
        Param::Text(if value.contains('\0') { value.replace('\0', "\u{fffd}") } else { value })
    }
}
impl From<i64> for Param {
    fn from(value: i64) -> Self {
        Param::Int(value)
    }
}
impl From<bool> for Param {
    fn from(value: bool) -> Self {
        Param::Int(i64::from(value))
    }
}

/// Collects parameters: `params![organisation, version]`.
macro_rules! params {
    ($($value:expr),* $(,)?) => { vec![$($crate::connection::Param::from($value)),*] };
}
pub(crate) use params;

/// Something that statements can be run on, for reading.
pub struct Connection {
    inner: Inner,
    /// Of a write transaction in a test with faults.
    held: Option<Held>,
}

enum Inner {
    Sqlite(PoolConnection<Sqlite>),
    Postgres(PoolConnection<Postgres>),
    SqliteWrite(Transaction<'static, Sqlite>),
    PostgresWrite(Transaction<'static, Postgres>),
}

/// A write transaction. Dropped without [`Write::commit`] it leaves nothing behind.
pub struct Write(Connection);

impl std::ops::Deref for Write {
    type Target = Connection;
    fn deref(&self) -> &Connection {
        &self.0
    }
}
impl std::ops::DerefMut for Write {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.0
    }
}

impl Write {
    /// Makes the writes durable; when this returns, they are on disk.
    ///
    /// # Errors
    /// The database could not commit; then nothing was written.
    pub async fn commit(self) -> Result<()> {
        let Connection { inner, mut held } = self.0;
        let fault = faults::turn(&Held::seam(&held), Moment::Commit).await?;
        if fault == Some(Fault::Lost) {
            return Err(faults::gone().into());
        }
        match inner {
            Inner::SqliteWrite(tx) => tx.commit().await?,
            Inner::PostgresWrite(tx) => tx.commit().await?,
            Inner::Sqlite(_) | Inner::Postgres(_) => unreachable!("a Write is opened on a transaction"),
        }
        Held::kept(&mut held);
        if fault == Some(Fault::LostAfterwards) { Err(faults::gone().into()) } else { Ok(()) }
    }
}

/// Binds the parameters and runs `$run` on whichever database this is.
macro_rules! on_either {
    ($self:expr, $sql:expr, $params:expr, |$query:ident, $executor:ident| $run:expr, $sqlite:expr, $postgres:expr) => {
        match &mut $self.inner {
            Inner::Sqlite(connection) => {
                let $executor = &mut **connection;
                let $query = bind_sqlite($sql, $params);
                $run.map($sqlite)
            }
            Inner::SqliteWrite(connection) => {
                let $executor = &mut **connection;
                let $query = bind_sqlite($sql, $params);
                $run.map($sqlite)
            }
            Inner::Postgres(connection) => {
                let $executor = &mut **connection;
                let $query = bind_postgres($sql, $params);
                $run.map($postgres)
            }
            Inner::PostgresWrite(connection) => {
                let $executor = &mut **connection;
                let $query = bind_postgres($sql, $params);
                $run.map($postgres)
            }
        }
    };
}

fn bind_sqlite(
    sql: &'static str,
    params: Vec<Param>,
) -> sqlx::query::Query<'static, Sqlite, sqlx::sqlite::SqliteArguments> {
    params.into_iter().fold(sqlx::query::<Sqlite>(sql), |query, param| match param {
        Param::Text(value) => query.bind(value),
        Param::Int(value) => query.bind(value),
    })
}

fn bind_postgres(
    sql: &'static str,
    params: Vec<Param>,
) -> sqlx::query::Query<'static, Postgres, sqlx::postgres::PgArguments> {
    params.into_iter().fold(sqlx::query::<Postgres>(sql), |query, param| match param {
        Param::Text(value) => query.bind(value),
        Param::Int(value) => query.bind(value),
    })
}

impl Connection {
    /// Whether this is PostgreSQL: only `search` may ask.
    pub(crate) fn is_postgres(&self) -> bool {
        matches!(self.inner, Inner::Postgres(_) | Inner::PostgresWrite(_))
    }

    /// All rows of a query.
    pub(crate) async fn all(&mut self, sql: &'static str, params: Vec<Param>) -> Result<Vec<Row>> {
        Ok(on_either!(
            self,
            sql,
            params,
            |query, executor| query.fetch_all(executor).await,
            |rows| rows.into_iter().map(Row::Sqlite).collect::<Vec<_>>(),
            |rows| rows.into_iter().map(Row::Postgres).collect::<Vec<_>>()
        )?)
    }

    /// All rows of a query, each read as it arrives: of a long list the database's own form is never in memory as a
    /// whole beside ours.
    pub(crate) async fn map<T: Send + Unpin>(
        &mut self,
        sql: &'static str,
        params: Vec<Param>,
        read: fn(&Row) -> Result<T>,
    ) -> Result<Vec<T>> {
        let rows = on_either!(
            self,
            sql,
            params,
            |query, executor| query.map(|row| read(&Row::from(row))).fetch_all(executor).await,
            |rows| rows,
            |rows| rows
        )?;
        rows.into_iter().collect()
    }

    /// The first row, if there is one.
    pub(crate) async fn one(&mut self, sql: &'static str, params: Vec<Param>) -> Result<Option<Row>> {
        Ok(on_either!(
            self,
            sql,
            params,
            |query, executor| query.fetch_optional(executor).await,
            |row| row.map(Row::Sqlite),
            |row| row.map(Row::Postgres)
        )?)
    }

    /// Runs a statement and returns how many rows it touched.
    pub(crate) async fn run(&mut self, sql: &'static str, params: Vec<Param>) -> Result<u64> {
        if Held::breaks_statement(&self.held) {
            return Err(faults::gone().into());
        }
        Ok(on_either!(
            self,
            sql,
            params,
            |query, executor| query.execute(executor).await,
            |done| done.rows_affected(),
            |done| done.rows_affected()
        )?)
    }
}

impl Store {
    /// Opens the database, brings its schema up to date and refuses one that a newer program wrote.
    ///
    /// # Errors
    /// [`StoreError::Folder`], [`StoreError::NewerSchema`], [`StoreError::OldSqlite`] or a database error.
    pub async fn open(config: &StoreConfig) -> Result<Self> {
        Self::open_with(config, &Tuning::default()).await
    }

    /// As [`Store::open`], with other settings of the connections.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub async fn open_with(config: &StoreConfig, tuning: &Tuning) -> Result<Self> {
        Self::open_how(config, tuning, None).await
    }

    /// Opens the database with these migrations alone, as it was when a backup was made of it.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub async fn open_at(config: &StoreConfig, only: &[i64]) -> Result<Self> {
        Self::open_how(config, &Tuning::default(), Some(only)).await
    }

    async fn open_how(config: &StoreConfig, tuning: &Tuning, only: Option<&[i64]>) -> Result<Self> {
        let pools = match config {
            StoreConfig::Folder(folder) => open_sqlite(folder, only).await?,
            StoreConfig::Postgres(url) => {
                migrations::run_postgres(url, only).await?;
                Pools::Postgres { primary: tuning.primary(url).await?, replica: tuning.replica()? }
            }
        };
        Ok(Self { pools, faults: None })
    }

    /// The same database with somebody who makes things go wrong: for tests.
    #[must_use]
    pub fn with_faults(self, faults: Arc<dyn Faults>) -> Self {
        Self { faults: Some(faults), ..self }
    }

    /// Numbers of the migrations that made this schema.
    ///
    /// # Errors
    /// A database error.
    pub async fn migrations(&self) -> Result<Vec<i64>> {
        let mut c = self.read().await?;
        c.map("SELECT version FROM _sqlx_migrations ORDER BY version", Vec::new(), |row| row.int(0)).await
    }

    /// A connection for reading.
    ///
    /// # Errors
    /// The pool has none to give in time.
    pub async fn read(&self) -> Result<Connection> {
        faults::turn(&self.faults, Moment::Read).await?;
        let inner = match &self.pools {
            Pools::Sqlite { readers, .. } => Inner::Sqlite(readers.acquire().await?),
            Pools::Postgres { primary, .. } => Inner::Postgres(primary.acquire().await?),
        };
        Ok(Connection { inner, held: None })
    }

    /// A connection to the read replica; `None` when there is none.
    ///
    /// # Errors
    /// It does not answer.
    pub async fn replica(&self) -> Result<Option<Connection>> {
        match &self.pools {
            Pools::Postgres { replica: Some(replica), .. } => {
                Ok(Some(Connection { inner: Inner::Postgres(replica.acquire().await?), held: None }))
            }
            _ => Ok(None),
        }
    }

    /// Connections of each pool: name, open, of these idle, and the most there may be.
    pub fn pools(&self) -> Vec<(&'static str, u32, usize, u32)> {
        let sqlite =
            |name, pool: &SqlitePool| (name, pool.size(), pool.num_idle(), pool.options().get_max_connections());
        let postgres = |name, pool: &PgPool| (name, pool.size(), pool.num_idle(), pool.options().get_max_connections());
        match &self.pools {
            Pools::Sqlite { writer, readers, .. } => vec![sqlite("writer", writer), sqlite("readers", readers)],
            Pools::Postgres { primary, replica } => std::iter::once(postgres("primary", primary))
                .chain(replica.as_ref().map(|pool| postgres("replica", pool)))
                .collect(),
        }
    }

    /// A write transaction. Only `sakimori-app` calls this (the tidy test checks it).
    ///
    /// # Errors
    /// The database is busy for longer than the time-out, or gone.
    pub async fn write(&self) -> Result<Write> {
        faults::turn(&self.faults, Moment::Begin).await?;
        let held = Held::new(&self.faults);
        let inner = match &self.pools {
            Pools::Sqlite { writer, suspect, .. } => match writer.begin_with("BEGIN IMMEDIATE").await {
                Ok(transaction) => Inner::SqliteWrite(transaction),
                Err(error) => {
                    suspect.store(true, Ordering::Release);
                    return Err(error.into());
                }
            },
            Pools::Postgres { primary, .. } => Inner::PostgresWrite(primary.begin().await?),
        };
        Ok(Write(Connection { inner, held }))
    }

    /// Name of the database, for pages and logs.
    pub fn engine(&self) -> &'static str {
        match self.pools {
            Pools::Sqlite { .. } => "SQLite",
            Pools::Postgres { .. } => "PostgreSQL",
        }
    }

    /// Closes the pools after the running statements.
    pub async fn close(&self) {
        match &self.pools {
            Pools::Sqlite { writer, readers, .. } => {
                readers.close().await;
                writer.close().await;
            }
            Pools::Postgres { primary, replica } => {
                if let Some(replica) = replica {
                    replica.close().await;
                }
                primary.close().await;
            }
        }
    }
}

async fn open_sqlite(folder: &Path, only: Option<&[i64]>) -> Result<Pools> {
    std::fs::create_dir_all(folder)
        .map_err(|source| StoreError::Folder { path: folder.display().to_string(), source })?;
    let options = SqliteConnectOptions::new()
        .filename(folder.join("sakimori.db"))
        .create_if_missing(true)
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(10))
        .statement_cache_capacity(256)
        // Rows that the database's thread may be ahead of the reader: a whole sheet of the usual size, so that it is not
        // stopped and woken again every 50 rows.
        .row_buffer_size(512);
    // A disk in trouble spoils connections for good, and they must not outlive the trouble. After a failed write SQLite
    // has ended the transaction by itself, the driver's rollback finds none, and it counts one as open for ever. And a
    // connection opened meanwhile is a reading one: SQLite tries that by itself where it may not write.
    let suspect = Arc::new(AtomicBool::new(false));
    let distrusted = suspect.clone();
    let writer = SqlitePoolOptions::new()
        .max_connections(1)
        .min_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .before_acquire(move |connection, _| {
            let fit = !connection.is_in_transaction() && !distrusted.swap(false, Ordering::AcqRel);
            Box::pin(async move { Ok(fit) })
        })
        .connect_with(options.clone())
        .await?;
    require_safe_sqlite(&writer).await?;
    migrations::run_sqlite(&writer, only).await?;
    // Checkpoints run on the writer's connection alone (automatic checkpoint 0 on the readers).
    let readers = SqlitePoolOptions::new()
        .max_connections(4)
        .min_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .connect_with(options.read_only(true).create_if_missing(false).pragma("wal_autocheckpoint", "0"))
        .await?;
    Ok(Pools::Sqlite { writer, readers, suspect })
}

/// The WAL-reset fix is in 3.51.3.
async fn require_safe_sqlite(pool: &SqlitePool) -> Result<()> {
    let version: String = sqlx::query_scalar("SELECT sqlite_version()").fetch_one(pool).await?;
    let parts: Vec<u32> = version.split('.').filter_map(|part| part.parse().ok()).collect();
    if parts.as_slice() < [3, 51, 3].as_slice() {
        return Err(StoreError::OldSqlite(version));
    }
    Ok(())
}

impl Connection {
    /// Whether this program may work on the schema as it stands: a newer one may have changed it meanwhile.
    ///
    /// # Errors
    /// [`StoreError::NewerSchema`]; a database error.
    pub async fn check_schema(&mut self) -> Result<()> {
        migrations::check(self).await
    }
}
