//! For tests and benches: databases of their own on a PostgreSQL server, and everything that a database holds.

use std::str::FromStr;

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection as _, Executor};

use crate::{Connection, Result};

/// Creates an empty database on a server and returns its address. `name` must be letters, digits and `_`.
///
/// # Errors
/// The server refuses.
///
/// # Panics
/// `name` holds something else.
pub async fn create_database(server: &str, name: &str) -> Result<String> {
    assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'), "a database name for tests: {name}");
    let options = PgConnectOptions::from_str(server)?;
    let mut connection = options.connect().await?;
    connection.execute(AssertSqlSafe(format!("DROP DATABASE IF EXISTS {name}"))).await?;
    connection.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await?;
    connection.close().await?;
    Ok(PgConnectOptions::from_str(server)?.database(name).to_url_lossy().to_string())
}

/// Runs statements as they are on a PostgreSQL database: to prepare what no operation would do, and masses of rows.
///
/// # Errors
/// The server refuses one of them.
pub async fn execute(url: &str, sql: &str) -> Result<()> {
    let mut connection = PgConnectOptions::from_str(url)?.connect().await?;
    connection.execute(AssertSqlSafe(sql.to_owned())).await?;
    Ok(connection.close().await?)
}

/// What somebody does who has the whole database and no scruples: any statement, in the transaction.
///
/// # Errors
/// The statement is wrong.
pub async fn tamper(w: &mut crate::Write, statement: &'static str) -> Result<u64> {
    w.run(statement, Vec::new()).await
}

/// A row of any table, every column as text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Record {
    pub table: String,
    /// Whose row it is; `None` in a table that names no organisation.
    pub owner: Option<String>,
    /// Column and text.
    pub cells: Vec<(String, String)>,
}

impl Record {
    /// The text of a column; empty where the table has none of that name.
    pub fn get(&self, column: &str) -> &str {
        self.cells.iter().find(|(name, _)| name == column).map_or("", |(_, text)| text.as_str())
    }
}

/// Columns that say whose a row is.
const OWNERS: [&str; 2] = ["organisation_id", "owner"];
/// Tables of the installation in which `owner` is a process.
const OF_PROCESSES: [&str; 1] = ["job"];

/// Tables whose rows belong to an organisation.
///
/// # Errors
/// The database refuses a statement.
pub async fn tables_of_organisations(c: &mut Connection) -> Result<Vec<String>> {
    let all = tables(c).await?.into_iter();
    Ok(all.filter(|(table, columns)| owner_column(table, columns.iter()).is_some()).map(|(table, _)| table).collect())
}

/// The column that says whose the rows of a table are.
fn owner_column<'a>(table: &str, mut columns: impl Iterator<Item = &'a String>) -> Option<&'a String> {
    columns.find(|name| OWNERS.contains(&name.as_str())).filter(|_| !OF_PROCESSES.contains(&table))
}

/// Every table with its columns of text and numbers.
async fn tables(c: &mut Connection) -> Result<Vec<(String, Vec<String>)>> {
    let columns = if c.is_postgres() {
        "SELECT table_name::text, column_name::text, data_type::text FROM information_schema.columns
         WHERE table_schema = 'public' ORDER BY table_name, ordinal_position"
    } else {
        "SELECT t.name, x.name, x.type FROM sqlite_master t, pragma_table_info(t.name) x
         WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%' ORDER BY t.name, x.cid"
    };
    let mut tables: Vec<(String, Vec<String>)> = Vec::new();
    for row in c.all(columns, Vec::new()).await? {
        let (table, column, kind) = (row.text(0)?, row.text(1)?, row.text(2)?.to_lowercase());
        // The full-text index keeps its own tables; bytes and the index of words are no texts.
        let no_text = ["blob", "bytea", "tsvector"].contains(&kind.as_str());
        if table.starts_with("search_entry_") || table == "_sqlx_migrations" || no_text {
            continue;
        }
        match tables.last_mut().filter(|(last, _)| *last == table) {
            Some((_, columns)) => columns.push(column),
            None => tables.push((table, vec![column])),
        }
    }
    Ok(tables)
}

/// Every row of every table, whatever tables there are: what a test about tenancy cannot forget to look at.
///
/// # Errors
/// The database refuses a statement.
pub async fn everything(c: &mut Connection) -> Result<Vec<Record>> {
    let mut out = Vec::new();
    for (table, columns) in tables(c).await? {
        let list: Vec<String> = columns.iter().map(|name| format!("COALESCE(CAST({name} AS TEXT), '')")).collect();
        // Leaked: statements live as long as the program, and a test asks a few dozen times.
        let sql: &'static str = Box::leak(format!("SELECT {} FROM {table}", list.join(", ")).into_boxed_str());
        for row in c.all(sql, Vec::new()).await? {
            let cells: Vec<(String, String)> =
                (0..).zip(&columns).map(|(at, name)| Ok((name.clone(), row.text(at)?))).collect::<Result<_>>()?;
            let whose = owner_column(&table, columns.iter());
            let owner = cells.iter().find(|(name, _)| Some(name) == whose).map(|(_, text)| text.clone());
            out.push(Record { table: table.clone(), owner, cells });
        }
    }
    out.sort();
    Ok(out)
}

/// Lets a SQLite database grow no further, as a full disk would, or lets it grow again.
///
/// # Errors
/// The database refuses.
///
/// # Panics
/// This is PostgreSQL.
pub async fn limit_growth(store: &crate::Store, limited: bool) -> Result<()> {
    let writer = store.sqlite_writer().expect("a SQLite store");
    let pages: i64 = sqlx::query_scalar("PRAGMA page_count").fetch_one(writer).await?;
    let most = if limited { pages } else { 4_294_967_294 };
    writer.execute(AssertSqlSafe(format!("PRAGMA max_page_count = {most}"))).await?;
    Ok(())
}

/// Lets a SQLite database take no writes, or take them again.
///
/// # Errors
/// The database refuses.
///
/// # Panics
/// This is PostgreSQL.
pub async fn refuse_writes(store: &crate::Store, refuse: bool) -> Result<()> {
    let writer = store.sqlite_writer().expect("a SQLite store");
    writer.execute(AssertSqlSafe(format!("PRAGMA query_only = {}", i32::from(refuse)))).await?;
    Ok(())
}
