//! Settings of the connections to a PostgreSQL server.

use std::time::Duration;

use anyhow::Result;
use clap::Args;
use sakimori_store::Tuning;
use serde::Deserialize;

/// How a PostgreSQL server is used. Flags win over variables, these over the settings file.
#[derive(Args, Clone, Default)]
pub struct DatabaseArgs {
    /// Most connections of this process to PostgreSQL [default: 10].
    #[arg(long, env = "SAKIMORI_DATABASE_POOL")]
    pub database_pool: Option<u32>,
    /// Seconds that one statement may take on PostgreSQL [default: 30].
    #[arg(long, env = "SAKIMORI_STATEMENT_TIMEOUT")]
    pub statement_timeout: Option<u64>,
    /// A read replica of the PostgreSQL server: reports and exports are read from it.
    #[arg(long, env = "SAKIMORI_READ_REPLICA_URL", hide_env_values = true)]
    pub read_replica_url: Option<String>,
}

/// The same in a settings file.
#[derive(Deserialize, Default, Clone)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct DatabaseSettings {
    pub pool: Option<u32>,
    pub statement_timeout: Option<u64>,
    pub read_replica_url: Option<String>,
}

impl DatabaseArgs {
    /// What holds.
    ///
    /// # Errors
    /// A value that cannot be.
    pub fn tuning(&self, file: &DatabaseSettings) -> Result<Tuning> {
        let usual = Tuning::default();
        let connections = self.database_pool.or(file.pool).unwrap_or(usual.connections);
        // Two at least: a report that reads from a replica looks at the primary too.
        anyhow::ensure!(
            (2..=500).contains(&connections),
            "database-pool: 2〜500 を指定してください / give a number from 2 to 500"
        );
        let statement = self.statement_timeout.or(file.statement_timeout).map_or(usual.statement, Duration::from_secs);
        let replica = self.read_replica_url.clone().or_else(|| file.read_replica_url.clone());
        Ok(Tuning { connections, statement, replica, ..usual })
    }
}
