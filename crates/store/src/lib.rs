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
mod tuning;

pub mod access_review;
pub mod allowed_network;
pub mod api_token;
pub mod approval;
pub mod assessment;
pub mod carry;
pub mod clock;
pub mod cover;
pub mod crosswalk;
pub mod deputy;
pub mod dump;
pub mod durable;
pub mod edition;
pub mod faults;
pub mod handover;
pub mod identity;
pub mod incident_case;
pub mod job;
pub mod notice;
pub mod oidc;
pub mod presence;
pub mod quota;
pub mod reading;
pub mod registry;
pub mod request;
pub mod revision;
pub mod search;
pub mod seat;
pub mod second_factor;
pub mod sector_standard;
pub mod sign_in;
pub mod tenancy;
pub mod testing;
pub mod trail;
pub mod upload;
pub mod workbook;

pub use connection::{Connection, Store, StoreConfig, Write};
pub use row::Row;
pub use tuning::Tuning;

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

/// Why the disk under a database takes no writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Storage {
    Full,
    ReadOnly,
    Failing,
}

/// What a failed statement means for who asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The database undid the transaction because of another one at the same moment; the same again may go through.
    RolledBack,
    /// The database or its connections are away, or have no room. What was under way at a commit may have happened.
    Away,
    /// It took longer than a statement may.
    TooLong,
    /// Anything else: a fault of ours.
    Other,
}

impl StoreError {
    /// Whether it is the disk, not the statement.
    pub fn storage(&self) -> Option<Storage> {
        let StoreError::Database(sqlx::Error::Database(error)) = self else { return None };
        let code = error.code()?;
        // Five characters are PostgreSQL's SQLSTATE; SQLite gives a number whose low byte is the kind.
        match (code.len(), code.as_ref()) {
            (5, "53100") => Some(Storage::Full),
            (5, "58030") => Some(Storage::Failing),
            (1..5, number) => match number.parse::<u32>().ok()? & 0xFF {
                13 => Some(Storage::Full),
                8 => Some(Storage::ReadOnly),
                10 | 14 => Some(Storage::Failing),
                _ => None,
            },
            _ => None,
        }
    }

    /// What it means: by the codes that PostgreSQL and the engines that speak its language share.
    pub fn failure(&self) -> Failure {
        match self {
            StoreError::Database(error) => failure_of(error),
            _ => Failure::Other,
        }
    }

    /// Whether somebody else wrote the same key at the same moment: two requests that both saw it free.
    pub fn is_taken(&self) -> bool {
        match self {
            StoreError::Database(error) => error.as_database_error().is_some_and(|e| e.is_unique_violation()),
            _ => false,
        }
    }
}

fn failure_of(error: &sqlx::Error) -> Failure {
    match error {
        sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Io(_) | sqlx::Error::Tls(_) => Failure::Away,
        sqlx::Error::Database(database) => match database.code().as_deref().unwrap_or_default() {
            // Serialisation, deadlock, a lock not given in time; SQLite busy, with its two variants.
            "40001" | "40P01" | "55P03" | "5" | "261" | "517" => Failure::RolledBack,
            "57014" => Failure::TooLong,
            // A read-only server is a primary that has become a replica.
            "25006" => Failure::Away,
            code if ["08", "53", "57"].iter().any(|class| code.starts_with(class)) => Failure::Away,
            _ => Failure::Other,
        },
        _ => Failure::Other,
    }
}

/// Result of a store function.
pub type Result<T> = std::result::Result<T, StoreError>;
