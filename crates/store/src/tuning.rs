//! How the product uses a PostgreSQL server: how many connections, how long anything may take, where reports are read.

use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, Executor};

use crate::Result;

/// Settings of the connections to a PostgreSQL server. SQLite has no use for them.
#[derive(Debug, Clone)]
pub struct Tuning {
    /// Most connections of this process, of each server.
    pub connections: u32,
    /// Longest wait for a free connection.
    pub acquire: Duration,
    /// Longest statement.
    pub statement: Duration,
    /// Longest wait for a row that somebody else holds.
    pub lock: Duration,
    /// Longest pause inside a transaction: a process that hangs does not hold up the others.
    pub idle_in_transaction: Duration,
    /// Address of a read replica that reports and exports are read from.
    pub replica: Option<String>,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            connections: 10,
            acquire: Duration::from_secs(10),
            statement: Duration::from_secs(30),
            lock: Duration::from_secs(10),
            idle_in_transaction: Duration::from_secs(60),
            replica: None,
        }
    }
}

impl Tuning {
    /// The pool of the server that is written to.
    pub(crate) async fn primary(&self, url: &str) -> Result<PgPool> {
        Ok(self.pool("sakimori").connect_with(options(url)?).await?)
    }

    /// The pool of the replica, if there is one. It need not be there when the product starts.
    pub(crate) fn replica(&self) -> Result<Option<PgPool>> {
        let Some(url) = &self.replica else { return Ok(None) };
        let pool = self.pool("sakimori-reports").acquire_timeout(Duration::from_secs(3));
        Ok(Some(pool.connect_lazy_with(options(url)?)))
    }

    fn pool(&self, name: &'static str) -> PgPoolOptions {
        let settings = self.settings(name);
        PgPoolOptions::new()
            .max_connections(self.connections.max(1))
            .acquire_timeout(self.acquire)
            // Every connection is made anew now and then, so that connections follow a server that has moved.
            .max_lifetime(Duration::from_secs(1800))
            .after_connect(move |connection, _| {
                let settings = settings.clone();
                Box::pin(async move { connection.execute(AssertSqlSafe(settings)).await.map(|_| ()) })
            })
    }

    /// Plain SET statements after connecting: start-up parameters do not pass every pooler and every engine. The isolation
    /// is named because the statements rely on it: a row that was waited for is read as it is then.
    fn settings(&self, name: &str) -> String {
        format!(
            "SET application_name = '{name}'; SET default_transaction_isolation = 'read committed'; \
             SET statement_timeout = {}; SET lock_timeout = {}; SET idle_in_transaction_session_timeout = {}",
            self.statement.as_millis(),
            self.lock.as_millis(),
            self.idle_in_transaction.as_millis()
        )
    }
}

/// The address as given; `sslmode` and `sslrootcert` in it say how the connection is protected.
pub(crate) fn options(url: &str) -> Result<PgConnectOptions> {
    Ok(PgConnectOptions::from_str(url)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_settings_are_plain_statements_in_milliseconds() {
        let text = Tuning::default().settings("sakimori");
        assert!(text.contains("statement_timeout = 30000") && text.contains("lock_timeout = 10000"), "{text}");
        assert!(text.contains("'read committed'") && text.contains("application_name = 'sakimori'"), "{text}");
    }
}
