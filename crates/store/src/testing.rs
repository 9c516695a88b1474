//! For tests and benches: databases of their own on a PostgreSQL server.

use std::str::FromStr;

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection as _, Executor};

use crate::Result;

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
