//! Statements made at run time from the schema itself: only [`dump`](crate::dump) makes any, out of names of tables and
//! columns, never out of values.

use futures_util::TryStreamExt as _;
use sqlx::sqlite::SqlitePool;
use sqlx::{AssertSqlSafe, Postgres, Row as _, Sqlite};
use tokio::sync::mpsc;

use super::{Connection, Inner, Pools, Store};
use crate::row::Row;
use crate::{Result, StoreError};

/// A value of a column whose type is known at run time only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    Int(Option<i64>),
    Text(Option<String>),
    Blob(Option<Vec<u8>>),
}

macro_rules! bound {
    ($database:ty, $sql:expr, $values:expr) => {
        $values.into_iter().fold(sqlx::query::<$database>(AssertSqlSafe($sql)), |query, value| match value {
            Value::Int(value) => query.bind(value),
            Value::Text(value) => query.bind(value),
            Value::Blob(value) => query.bind(value),
        })
    };
}

impl Connection {
    /// Runs a statement made from the schema.
    pub(crate) async fn dynamic_run(&mut self, sql: String, values: Vec<Value>) -> Result<u64> {
        Ok(match &mut self.inner {
            Inner::Sqlite(c) => bound!(Sqlite, sql, values).execute(&mut **c).await?.rows_affected(),
            Inner::SqliteWrite(c) => bound!(Sqlite, sql, values).execute(&mut **c).await?.rows_affected(),
            Inner::Postgres(c) => bound!(Postgres, sql, values).execute(&mut **c).await?.rows_affected(),
            Inner::PostgresWrite(c) => bound!(Postgres, sql, values).execute(&mut **c).await?.rows_affected(),
        })
    }

    /// All rows of a short query made from the schema.
    pub(crate) async fn dynamic_all(&mut self, sql: String, values: Vec<Value>) -> Result<Vec<Row>> {
        macro_rules! all {
            ($database:ty, $connection:expr, $wrap:expr) => {{
                let query = bound!($database, sql, values).persistent(false);
                query.fetch_all(&mut **$connection).await?.into_iter().map($wrap).collect()
            }};
        }
        Ok(match &mut self.inner {
            Inner::Sqlite(c) => all!(Sqlite, c, Row::Sqlite),
            Inner::SqliteWrite(c) => all!(Sqlite, c, Row::Sqlite),
            Inner::Postgres(c) => all!(Postgres, c, Row::Postgres),
            Inner::PostgresWrite(c) => all!(Postgres, c, Row::Postgres),
        })
    }

    /// Every row of a query made from the schema, one after the other; what `take` makes of some of them is sent on.
    pub(crate) async fn dynamic_each<T: Send + 'static>(
        &mut self,
        sql: String,
        mut take: impl FnMut(&Row) -> Result<Option<T>> + Send,
        to: &mpsc::Sender<Result<T>>,
    ) -> Result<()> {
        macro_rules! each {
            ($database:ty, $connection:expr, $wrap:expr) => {{
                let mut rows = sqlx::query::<$database>(AssertSqlSafe(sql)).persistent(false).fetch(&mut **$connection);
                while let Some(row) = rows.try_next().await? {
                    if let Some(made) = take(&$wrap(row))?
                        && to.send(Ok(made)).await.is_err()
                    {
                        break;
                    }
                }
            }};
        }
        match &mut self.inner {
            Inner::Sqlite(c) => each!(Sqlite, c, Row::Sqlite),
            Inner::SqliteWrite(c) => each!(Sqlite, c, Row::Sqlite),
            Inner::Postgres(c) => each!(Postgres, c, Row::Postgres),
            Inner::PostgresWrite(c) => each!(Postgres, c, Row::Postgres),
        }
        Ok(())
    }
}

impl Row {
    /// Number, text or bytes of a column, or that there is none.
    pub(crate) fn value(&self, index: usize, like: &Value) -> Result<Value> {
        macro_rules! read {
            ($type:ty) => {
                match self {
                    Row::Sqlite(row) => row.try_get::<Option<$type>, _>(index),
                    Row::Postgres(row) => row.try_get::<Option<$type>, _>(index),
                }
                .map_err(|source| StoreError::Column { column: index.to_string(), source })?
            };
        }
        Ok(match like {
            Value::Int(_) => Value::Int(read!(i64)),
            Value::Text(_) => Value::Text(read!(String)),
            Value::Blob(_) => Value::Blob(read!(Vec<u8>)),
        })
    }
}

impl Store {
    /// A connection that sees the database as it is now, whatever is written meanwhile, until it is dropped.
    ///
    /// # Errors
    /// The pool has none to give in time.
    pub async fn snapshot(&self) -> Result<Connection> {
        let inner = match &self.pools {
            Pools::Sqlite { readers, .. } => Inner::SqliteWrite(readers.begin().await?),
            Pools::Postgres { primary, .. } => {
                Inner::PostgresWrite(primary.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?)
            }
        };
        let mut connection = Connection { inner, held: None };
        if connection.is_postgres() {
            // Reading a whole table takes longer than a page may.
            connection.run("SET LOCAL statement_timeout = 0", Vec::new()).await?;
            connection.run("SET LOCAL idle_in_transaction_session_timeout = 0", Vec::new()).await?;
        }
        // A SQLite read transaction begins with its first read.
        connection.one("SELECT COUNT(*) FROM organisation", Vec::new()).await?;
        Ok(connection)
    }

    /// The one connection that writes SQLite, for tests that hinder it.
    pub(crate) fn sqlite_writer(&self) -> Option<&SqlitePool> {
        match &self.pools {
            Pools::Sqlite { writer, .. } => Some(writer),
            Pools::Postgres { .. } => None,
        }
    }
}
