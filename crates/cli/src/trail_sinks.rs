//! Where the trail goes as it happens: settings of `serve`.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;
use sakimori_app::App;
use sakimori_app::trail::sinks::{Sink, Target, trusting};
use serde::Deserialize;

/// Minutes that a sink may stand still before somebody is told.
const PATIENCE_MINUTES: i64 = 10;

#[derive(Args, Clone, Default)]
pub struct SinkArgs {
    /// Adds every event of the trail to this file (JSON Lines, names of the Elastic Common Schema).
    #[arg(long, env = "SAKIMORI_TRAIL_FILE")]
    pub trail_file: Option<PathBuf>,
    /// Sends every event of the trail to this syslog server (HOST:PORT; RFC 5424 over TLS).
    #[arg(long, env = "SAKIMORI_TRAIL_SYSLOG")]
    pub trail_syslog: Option<String>,
    /// Certificates (PEM) that the syslog server's is checked against.
    #[arg(long, env = "SAKIMORI_TRAIL_SYSLOG_CA")]
    pub trail_syslog_ca: Option<PathBuf>,
    /// Minutes that a sink may take nothing before the security officers are told [default: 10].
    #[arg(long, env = "SAKIMORI_TRAIL_ALARM_MINUTES")]
    pub trail_alarm_minutes: Option<i64>,
}

/// `[trail]` of the settings file.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct TrailSettings {
    pub file: Option<PathBuf>,
    pub syslog: Option<String>,
    pub syslog_ca: Option<PathBuf>,
    pub alarm_minutes: Option<i64>,
}

impl SinkArgs {
    /// The sinks that were asked for.
    ///
    /// # Errors
    /// A syslog server without certificates to check it against.
    pub fn open(&self, settings: &TrailSettings) -> Result<Vec<Sink>> {
        let minutes = self.trail_alarm_minutes.or(settings.alarm_minutes).unwrap_or(PATIENCE_MINUTES);
        let mut sinks = Vec::new();
        if let Some(path) = self.trail_file.clone().or_else(|| settings.file.clone()) {
            sinks.push(Sink::new("file", Target::File(path), minutes));
        }
        if let Some(address) = self.trail_syslog.clone().or_else(|| settings.syslog.clone()) {
            let Some(path) = self.trail_syslog_ca.clone().or_else(|| settings.syslog_ca.clone()) else {
                bail!(
                    "--trail-syslog {address}: サーバー証明書を確かめる CA を --trail-syslog-ca で指定してください / name the certificates to check it against with --trail-syslog-ca"
                );
            };
            let tls = trusting(&path).with_context(|| {
                format!("{} を証明書（PEM）として読めません / cannot be read as certificates (PEM)", path.display())
            })?;
            sinks.push(Sink::new("syslog", Target::Syslog { address, tls }, minutes));
        }
        Ok(sinks)
    }
}

/// Serves each sink by itself, each second, until the process ends: a sink that hangs holds up no other.
pub fn start(app: Arc<App>, sinks: Vec<Sink>) {
    for mut sink in sinks {
        let app = app.clone();
        tokio::spawn(async move {
            let mut second = tokio::time::interval(Duration::from_secs(1));
            second.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            loop {
                second.tick().await;
                if let Err(error) = sink.serve(&app).await {
                    tracing::warn!(sink = sink.name(), %error, "the trail could not be read for a sink");
                }
            }
        });
    }
}
