//! One row adapter over both databases.
//!
//! Every column is read as `Option` first: sqlx on SQLite decodes NULL into `String` as `""` and into `i64` as `0`
//! without an error, and a silent zero in a register of weak points is a lie.

use sqlx::Row as _;

use crate::{Result, StoreError};

/// A row of either database.
pub enum Row {
    Sqlite(sqlx::sqlite::SqliteRow),
    Postgres(sqlx::postgres::PgRow),
}

impl From<sqlx::sqlite::SqliteRow> for Row {
    fn from(row: sqlx::sqlite::SqliteRow) -> Self {
        Row::Sqlite(row)
    }
}
impl From<sqlx::postgres::PgRow> for Row {
    fn from(row: sqlx::postgres::PgRow) -> Self {
        Row::Postgres(row)
    }
}

impl Row {
    /// Text of column `index`.
    ///
    /// # Errors
    /// NULL or another type.
    pub fn text(&self, index: usize) -> Result<String> {
        self.read::<String>(index)
    }

    /// Whole number of column `index`.
    ///
    /// # Errors
    /// NULL or another type.
    pub fn int(&self, index: usize) -> Result<i64> {
        self.read::<i64>(index)
    }

    /// Truth value kept as 0 or 1.
    ///
    /// # Errors
    /// NULL or another type.
    pub fn flag(&self, index: usize) -> Result<bool> {
        Ok(self.int(index)? != 0)
    }

    fn read<T>(&self, index: usize) -> Result<T>
    where
        T: for<'r> sqlx::Decode<'r, sqlx::Sqlite>
            + sqlx::Type<sqlx::Sqlite>
            + for<'r> sqlx::Decode<'r, sqlx::Postgres>
            + sqlx::Type<sqlx::Postgres>,
    {
        let value = match self {
            Row::Sqlite(row) => row.try_get::<Option<T>, _>(index),
            Row::Postgres(row) => row.try_get::<Option<T>, _>(index),
        };
        match value {
            Ok(Some(value)) => Ok(value),
            Ok(None) => Err(StoreError::Column {
                column: index.to_string(),
                source: sqlx::Error::Decode("NULL where a value must stand".into()),
            }),
            Err(source) => Err(StoreError::Column { column: index.to_string(), source }),
        }
    }
}

/// A row shape as the text that is kept.
pub(crate) fn to_json<T: serde::Serialize>(table: &'static str, value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| StoreError::Inconsistent {
        table,
        key: String::new(),
        what: error.to_string(),
    })
}

/// The row shape of a kept text; a text that does not fit names its row.
pub(crate) fn from_json<T: serde::de::DeserializeOwned>(table: &'static str, key: &str, text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| StoreError::Inconsistent {
        table,
        key: key.to_owned(),
        what: error.to_string(),
    })
}
