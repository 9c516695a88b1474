//! Schema changes: the same numbers in two folders, since SQLite's STRICT tables and PostgreSQL name types differently.

use sqlx::migrate::{Migrate, Migration, MigrationType, Migrator};
use sqlx::{PgPool, SqlSafeStr, SqlitePool};

use crate::{Result, StoreError};

macro_rules! migrations {
    ($engine:literal: $($number:literal $name:literal),+ $(,)?) => {
        Migrator::with_migrations(vec![$(Migration::new(
            $number,
            $name.into(),
            MigrationType::Simple,
            include_str!(concat!("../migrations/", $engine, "/", $name, ".sql")).into_sql_str(),
            false,
        )),+])
    };
}

/// Number and name of every migration; the file of this name is in both folders.
macro_rules! of_engine {
    ($engine:literal) => {
        migrations!(
            $engine:
            1 "0001_core",
            2 "0002_search",
            3 "0003_crosswalk",
            5 "0005_revision",
            6 "0006_carry",
            7 "0007_reading",
            8 "0008_report_cover",
            11 "0011_identity",
            12 "0012_roles",
            15 "0015_scale",
        )
    };
}

fn sqlite() -> Migrator {
    of_engine!("sqlite")
}

fn postgres() -> Migrator {
    of_engine!("postgres")
}

pub(crate) async fn run_sqlite(pool: &SqlitePool) -> Result<()> {
    let mut connection = pool.acquire().await?;
    refuse_newer(&mut *connection, &sqlite()).await?;
    // The writer's pool has one connection; the migrator takes it next.
    drop(connection);
    sqlite().run(pool).await.map_err(StoreError::from)
}

pub(crate) async fn run_postgres(pool: &PgPool) -> Result<()> {
    let mut connection = pool.acquire().await?;
    refuse_newer(&mut *connection, &postgres()).await?;
    drop(connection);
    postgres().run(pool).await.map_err(StoreError::from)
}

/// A newer program's tables may mean something else: refuse before touching anything.
async fn refuse_newer<C: Migrate>(connection: &mut C, migrator: &Migrator) -> Result<()> {
    connection.ensure_migrations_table("_sqlx_migrations").await?;
    let applied = connection.list_applied_migrations("_sqlx_migrations").await?;
    let known = migrator.iter().map(|migration| migration.version).max().unwrap_or(0);
    let found = applied.iter().map(|migration| migration.version).max().unwrap_or(0);
    if found > known {
        return Err(StoreError::NewerSchema { found, known });
    }
    Ok(())
}
