//! Schema changes: the same numbers in two folders, since SQLite's STRICT tables and PostgreSQL name types differently.

use std::collections::BTreeSet;

use sqlx::migrate::{Migrate, Migration, MigrationType, Migrator};
use sqlx::{ConnectOptions, Connection as _, Executor, PgConnection, SqlSafeStr, SqlitePool};

use crate::tuning::options;
use crate::{Connection, Result, StoreError};

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
            10 "0010_trail_proof",
            11 "0011_identity",
            12 "0012_roles",
            13 "0013_edge",
            14 "0014_durable",
            15 "0015_scale",
            16 "0016_tenancy",
            18 "0018_issued_password",
            19 "0019_evidence_quota",
        )
    };
}

fn sqlite() -> Migrator {
    of_engine!("sqlite")
}

fn postgres() -> Migrator {
    of_engine!("postgres")
}

/// Those of the numbers, or all; a number that nobody knows is a newer program's.
fn chosen(all: Migrator, only: Option<&[i64]>) -> Result<Migrator> {
    let Some(only) = only else { return Ok(all) };
    let known = all.iter().map(|migration| migration.version).max().unwrap_or(0);
    if let Some(found) = only.iter().find(|number| all.iter().all(|migration| migration.version != **number)) {
        return Err(StoreError::NewerSchema { found: *found, known });
    }
    Ok(Migrator::with_migrations(all.iter().filter(|m| only.contains(&m.version)).cloned().collect()))
}

pub(crate) async fn run_sqlite(pool: &SqlitePool, only: Option<&[i64]>) -> Result<()> {
    let mut connection = pool.acquire().await?;
    let mut migrator = sqlite();
    let applied = applied(&mut *connection).await?;
    let needs = sqlx::query_scalar::<_, i64>(NEEDS).fetch_one(&mut *connection).await.ok();
    // The writer's pool has one connection; the migrator takes it next.
    drop(connection);
    refuse_newer(&applied, &migrator, needs)?;
    migrator = chosen(migrator, only)?;
    migrator.set_ignore_missing(true);
    migrator.run(pool).await.map_err(StoreError::from)
}

/// Brings a PostgreSQL schema up to date. Processes that start together queue at a row, which the server lets go of when
/// the one that holds it dies; no advisory lock, since not every engine has them.
pub(crate) async fn run_postgres(url: &str, only: Option<&[i64]>) -> Result<()> {
    let mut connection = options(url)?.connect().await?;
    let mut migrator = postgres();
    let before = applied(&mut connection).await?;
    let needs = sqlx::query_scalar::<_, i64>(NEEDS).fetch_one(&mut connection).await.ok();
    refuse_newer(&before, &migrator, needs)?;
    migrator = chosen(migrator, only)?;
    if migrator.iter().all(|migration| before.contains(&migration.version)) {
        return Ok(connection.close().await?);
    }
    let mut queue = options(url)?.connect().await?;
    make_queue(&mut queue).await?;
    let mut turn = queue.begin().await?;
    turn.execute("SELECT id FROM schema_lock WHERE id = 1 FOR UPDATE").await?;
    // Somebody may have done it while this process waited; what is there already is left alone.
    migrator.set_locking(false);
    migrator.set_ignore_missing(true);
    let done = migrator.run(&mut connection).await;
    turn.rollback().await?;
    connection.close().await?;
    queue.close().await?;
    done.map_err(StoreError::from)
}

/// The one row that processes queue at. Two that create the table in the same moment may both be refused once.
async fn make_queue(connection: &mut PgConnection) -> Result<()> {
    let mut last = Ok(());
    for _ in 0..5 {
        last = connection
            .execute("CREATE TABLE IF NOT EXISTS schema_lock (id BIGINT PRIMARY KEY); INSERT INTO schema_lock (id) VALUES (1) ON CONFLICT (id) DO NOTHING")
            .await
            .map(|_| ());
        if last.is_ok() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    Ok(last?)
}

const NEEDS: &str = "SELECT needs FROM schema_rule WHERE id = 1";

async fn applied<C: Migrate>(connection: &mut C) -> Result<BTreeSet<i64>> {
    // IF NOT EXISTS is no lock: of processes that create it in the same moment, PostgreSQL refuses some once.
    for _ in 0..5 {
        if connection.ensure_migrations_table("_sqlx_migrations").await.is_ok() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let applied = connection.list_applied_migrations("_sqlx_migrations").await?;
    Ok(applied.iter().map(|migration| migration.version).collect())
}

/// The newest migration that this program knows.
fn newest(migrator: &Migrator) -> i64 {
    migrator.iter().map(|migration| migration.version).max().unwrap_or(0)
}

/// A newer program's tables may mean something else: refuse before touching anything, unless the newer program says that
/// this one may go on (a rolling upgrade under way).
fn refuse_newer(applied: &BTreeSet<i64>, migrator: &Migrator, needs: Option<i64>) -> Result<()> {
    let (found, known) = (applied.last().copied().unwrap_or(0), newest(migrator));
    if found > known && needs.is_none_or(|needs| needs > known) {
        return Err(StoreError::NewerSchema { found, known });
    }
    Ok(())
}

/// Whether this program may still work on the schema as it is now, while it runs.
///
/// # Errors
/// [`StoreError::NewerSchema`]; a database error.
pub(crate) async fn check(c: &mut Connection) -> Result<()> {
    let known = newest(&if c.is_postgres() { postgres() } else { sqlite() });
    let row = c.one("SELECT needs FROM schema_rule WHERE id = 1", Vec::new()).await?;
    let needs = row.map_or(Ok(0), |row| row.int(0))?;
    if needs > known { Err(StoreError::NewerSchema { found: needs, known }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_folders_have_the_same_migrations() {
        let of = |migrator: Migrator| migrator.iter().map(|m| (m.version, m.description.clone())).collect::<Vec<_>>();
        assert_eq!(of(sqlite()), of(postgres()));
    }

    #[test]
    fn a_newer_schema_is_refused_unless_it_says_that_this_program_may_go_on() {
        let migrator = postgres();
        let known = newest(&migrator);
        let newer = BTreeSet::from([known, known + 1]);
        assert!(refuse_newer(&BTreeSet::from([known]), &migrator, None).is_ok());
        assert!(refuse_newer(&newer, &migrator, None).is_err());
        assert!(refuse_newer(&newer, &migrator, Some(known + 1)).is_err());
        assert!(refuse_newer(&newer, &migrator, Some(known)).is_ok(), "the new schema only adds");
    }

    /// Processes of two versions work on one schema while an upgrade rolls: a migration adds, with a default, or it
    /// raises `schema_rule.needs` and is not rolled. See docs/scale.md.
    #[test]
    fn migrations_only_add_or_say_that_older_programs_must_stop() {
        for migration in postgres().iter().filter(|m| m.version > 16) {
            let sql = migration.sql.as_str().to_uppercase();
            let stops = sql.contains("UPDATE SCHEMA_RULE");
            let takes_away = ["DROP TABLE", "DROP COLUMN", "RENAME", "ALTER COLUMN", "SET NOT NULL"];
            assert!(stops || !takes_away.iter().any(|word| sql.contains(word)), "{} takes away", migration.description);
            let bare =
                sql.split(';').any(|s| s.contains("ADD COLUMN") && s.contains("NOT NULL") && !s.contains("DEFAULT"));
            assert!(stops || !bare, "{}: a new column needs a default", migration.description);
        }
    }

    /// What engines that speak PostgreSQL's language but are not PostgreSQL lack, by their documentation.
    #[test]
    fn migrations_keep_to_what_distributed_engines_take() {
        for migration in postgres().iter() {
            let sql = migration.sql.as_str().to_uppercase();
            for word in [
                "ADVISORY",
                "LISTEN ",
                "NOTIFY",
                "CREATE EXTENSION",
                "INHERITS",
                "EXCLUDE USING",
                "CREATE RULE",
                "LOCK TABLE",
                "UNLOGGED",
            ] {
                assert!(!sql.contains(word), "{}: {word}", migration.description);
            }
        }
    }
}
