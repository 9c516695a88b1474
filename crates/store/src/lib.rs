//! How everything is stored. The only crate that knows SQL.
//!
//! One statement text serves SQLite and PostgreSQL (`$1` parameters); full-text search is the one exception and lives
//! in [`search`]. Functions that read take a [`Connection`], functions that write take a [`Write`], which only
//! `sakimori-app` opens. Every function that touches an organisation's rows takes the organisation's id and has it in
//! its WHERE clause.

mod connection;
mod edition_rows;
mod migrations;
mod row;

pub mod assessment;
pub mod carry;
pub mod cover;
pub mod crosswalk;
pub mod edition;
pub mod identity;
pub mod incident_case;
pub mod job;
pub mod notice;
pub mod presence;
pub mod reading;
pub mod registry;
pub mod request;
pub mod revision;
pub mod search;
pub mod seat;
pub mod sector_standard;
pub mod testing;
pub mod trail;
pub mod upload;
pub mod workbook;

pub use connection::{Connection, Store, StoreConfig, Write};
pub use row::Row;

/// Why the store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the database refused a statement: {0}")]
    Database(#[from] sqlx::Error),
    #[error("the schema could not be brought up to date: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    #[error(
        "the database was written by a newer Sakimori (schema {found}, this program knows {known}); start the newer program, or restore a backup taken before the upgrade"
    )]
    NewerSchema { found: i64, known: i64 },
    #[error("SQLite {0} can lose committed writes in WAL mode; 3.51.3 or later is needed")]
    OldSqlite(String),
    #[error("row of {table} with key {key}: {what}")]
    Inconsistent { table: &'static str, key: String, what: String },
    #[error("column {column} holds what cannot be read: {source}")]
    Column { column: String, source: sqlx::Error },
    #[error("the data folder {path} cannot be used: {source}")]
    Folder { path: String, source: std::io::Error },
    #[error("somebody else changed the same {0} in the meantime")]
    Conflict(&'static str),
}

/// Result of a store function.
pub type Result<T> = std::result::Result<T, StoreError>;
