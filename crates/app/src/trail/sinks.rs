//! The trail as it happens, to where a security operations centre collects: a file of JSON Lines, or syslog over TLS.
//!
//! How far a sink has come is kept in the database per organisation, so that nothing is left out after a restart or an
//! outage. What was sent may be sent once more after one (syslog has no receipts): `event.id` tells doubles apart.

use std::collections::HashMap;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use sakimori_domain::identity::Role;
use sakimori_store::trail::tree::{self as store, SinkState};
use sakimori_store::trail::{Event, Seal, sealed_after};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::notice::{Audience, tell_once};
use crate::{Actor, App, Result};

/// Events sent at once.
const BATCH: i64 = 200;
/// Longest wait for a connection or for a batch to be taken.
const WAIT: Duration = Duration::from_secs(10);
/// `log audit`, informational.
const PRIORITY: u8 = 13 * 8 + 6;

/// Where events go.
pub enum Target {
    /// Lines are added to this file; it may be taken away and begun anew at any time.
    File(PathBuf),
    /// RFC 5424 messages in TLS (RFC 5425).
    Syslog { address: String, tls: Arc<rustls::ClientConfig> },
}

/// Trusts the certificates of a file, and nobody else.
///
/// # Errors
/// The file cannot be read or holds no certificate.
pub fn trusting(certificates: &std::path::Path) -> io::Result<Arc<rustls::ClientConfig>> {
    let mut roots = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(certificates).map_err(io::Error::other)? {
        roots.add(certificate.map_err(io::Error::other)?).map_err(io::Error::other)?;
    }
    if roots.is_empty() {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the file holds no certificate"));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// A sink under way.
pub struct Sink {
    name: String,
    target: Target,
    /// How long it may stand still before somebody is told.
    patience: SignedDuration,
    connection: Option<TlsStream<TcpStream>>,
    /// Where the last batch of each organisation began: sent once more over a new connection.
    unsure: HashMap<String, i64>,
    failing_since: Option<Timestamp>,
    told: bool,
}

impl Sink {
    /// A sink with a name, under which its position is kept.
    pub fn new(name: &str, target: Target, patience_minutes: i64) -> Self {
        Self {
            name: name.to_owned(),
            target,
            patience: SignedDuration::from_mins(patience_minutes),
            connection: None,
            unsure: HashMap::new(),
            failing_since: None,
            told: false,
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Passes on what is new. A sink that takes nothing is tried again the next time; when that lasts, the security
    /// officers are told.
    ///
    /// # Errors
    /// A database error.
    pub async fn serve(&mut self, app: &App) -> Result<()> {
        let mut c = app.read().await?;
        let waiting = store::to_serve(&mut c, &self.name).await?;
        drop(c);
        for (organisation_id, taken) in &waiting {
            if let Err(fault) = self.serve_trail(app, organisation_id, *taken).await? {
                self.connection = None;
                return self.failed(app, &waiting, &fault.to_string()).await;
            }
        }
        if self.failing_since.take().is_some() {
            tracing::info!(sink = self.name, "the sink of the trail takes events again");
        }
        self.told = false;
        Ok(())
    }

    async fn serve_trail(&mut self, app: &App, organisation_id: &str, taken: i64) -> Result<io::Result<()>> {
        let mut after = taken;
        if self.connection.is_none()
            && let Some(first) = self.unsure.remove(organisation_id)
        {
            after = after.min(first);
        }
        loop {
            let mut c = app.read().await?;
            let events = sealed_after(&mut c, organisation_id, after, BATCH).await?;
            drop(c);
            let Some((last, _)) = events.last() else { return Ok(Ok(())) };
            let lines: Vec<String> =
                events.iter().map(|(event, seal)| ecs(organisation_id, event, seal).to_string()).collect();
            if let Err(fault) = self.send(&events, &lines).await {
                return Ok(Err(fault));
            }
            self.unsure.insert(organisation_id.to_owned(), after);
            after = last.position;
            let now = app.now().to_string();
            self.note(app, organisation_id, after, &now, "").await?;
        }
    }

    async fn note(&self, app: &App, organisation_id: &str, position: i64, at: &str, fault: &str) -> Result<()> {
        let state = SinkState {
            sink: self.name.clone(),
            organisation_id: organisation_id.to_owned(),
            position,
            served_at: at.to_owned(),
            fault: fault.to_owned(),
        };
        let mut w = app.store().write().await?;
        store::put_sink(&mut w, &state).await?;
        Ok(w.commit().await?)
    }

    async fn send(&mut self, events: &[(Event, Seal)], lines: &[String]) -> io::Result<()> {
        match &self.target {
            Target::File(path) => {
                let path = path.clone();
                let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
                let written = tokio::task::spawn_blocking(move || {
                    let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path)?;
                    file.write_all(text.as_bytes())?;
                    file.sync_data()
                });
                written.await.map_err(io::Error::other)?
            }
            Target::Syslog { address, tls } => {
                let connection = match &mut self.connection {
                    Some(connection) => connection,
                    none => none.insert(connect(address, tls).await?),
                };
                let messages: Vec<u8> =
                    events.iter().zip(lines).flat_map(|((event, _), line)| framed(event, line)).collect();
                let sending = async {
                    connection.write_all(&messages).await?;
                    connection.flush().await
                };
                tokio::time::timeout(WAIT, sending).await.map_err(io::Error::other)?
            }
        }
    }

    async fn failed(&mut self, app: &App, waiting: &[(String, i64)], fault: &str) -> Result<()> {
        let since = *self.failing_since.get_or_insert(app.now());
        if self.told || app.now().duration_since(since) < self.patience {
            return Ok(());
        }
        self.told = true;
        tracing::error!(sink = self.name, fault, "the sink of the trail takes nothing");
        for (organisation_id, position) in waiting {
            self.note(app, organisation_id, *position, &since.to_string(), fault).await?;
            if organisation_id.is_empty() {
                continue;
            }
            let actor = Actor::system(organisation_id);
            let mut op = app.operate_as(&actor).await?;
            let ja = format!(
                "操作記録の転送先「{}」が受け取っていません（{fault}）。転送先の空き容量と接続を確かめてください。",
                self.name
            );
            let en = format!(
                "The sink {} of the trail takes nothing ({fault}). Look at its disk and its connection.",
                self.name
            );
            let subject = ("trail", self.name.as_str());
            let audience = Audience::Role(Role::SecurityOfficer);
            tell_once(&mut op, organisation_id, audience, "trail.sink", subject, (&ja, &en), 1).await?;
            op.trail_new("trail.sink", subject, &json!({ "sink": self.name, "fault": fault })).await?;
            op.commit().await?;
        }
        Ok(())
    }
}

async fn connect(address: &str, tls: &Arc<rustls::ClientConfig>) -> io::Result<TlsStream<TcpStream>> {
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host).trim_matches(['[', ']']);
    let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
    let connecting = async {
        let stream = TcpStream::connect(address).await?;
        TlsConnector::from(tls.clone()).connect(name, stream).await
    };
    tokio::time::timeout(WAIT, connecting).await.map_err(io::Error::other)?
}

/// One message of RFC 5424 with its length before it (RFC 5425). The text is the same JSON as in the file.
fn framed(event: &Event, line: &str) -> Vec<u8> {
    let id: String = event.action.chars().filter(char::is_ascii_graphic).take(32).collect();
    let message = format!("<{PRIORITY}>1 {} - sakimori - {id} - \u{feff}{line}", event.at);
    format!("{} {message}", message.len()).into_bytes()
}

/// An event in the names of the Elastic Common Schema; what it has no name for stands under `sakimori`.
pub fn ecs(organisation_id: &str, e: &Event, seal: &Seal) -> Value {
    let source = match e.address.parse::<std::net::IpAddr>() {
        Ok(ip) => json!({ "ip": ip, "address": e.address }),
        Err(_) => json!({ "address": e.address }),
    };
    json!({
        "@timestamp": e.at,
        "ecs": { "version": "8.11.0" },
        "event": {
            "kind": "event",
            "provider": "sakimori",
            "dataset": "sakimori.trail",
            "action": e.action,
            "id": format!("{organisation_id}/{}", e.position),
            "sequence": e.position,
        },
        "organization": { "id": organisation_id },
        "user": { "id": e.actor_id, "name": e.actor_name },
        "source": source,
        "sakimori": {
            "on_behalf_of": { "id": e.on_behalf_of_id, "name": e.on_behalf_of_name },
            "subject": { "kind": e.subject_kind, "id": e.subject_id },
            "before": e.before,
            "after": e.after,
            "leaf": seal.leaf,
        },
    })
}
