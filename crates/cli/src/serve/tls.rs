//! TLS in the program itself: certificate and key from files, taken anew when they change.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use axum_server::tls_rustls::RustlsConfig;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use sakimori_app::{App, certificate};
use tokio::signal::unix::{SignalKind, signal};

use crate::common::machine_clock;

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// From then on the log says every day that the certificate ends.
const WARN_BEFORE_SECONDS: i64 = 30 * 86_400;

/// A certificate in use.
pub struct Tls {
    certificate: PathBuf,
    key: PathBuf,
    /// The bytes in use, or last refused: a bad pair is reported once, not every minute.
    seen: (Vec<u8>, Vec<u8>),
    config: RustlsConfig,
    /// When the certificate ends, in seconds since 1970.
    until: Arc<AtomicI64>,
    warned_at: i64,
    /// End and threshold that the administrators were told of by this process.
    told: Option<(i64, i64)>,
}

impl Tls {
    /// Reads the pair for the first time.
    ///
    /// # Errors
    /// A file that cannot be read, is not PEM, or a key of another certificate.
    pub fn open(certificate: PathBuf, key: PathBuf, until: Arc<AtomicI64>) -> Result<Self> {
        let seen = read(&certificate, &key)?;
        let (config, end) = pair(&seen.0, &seen.1).with_context(|| {
            format!(
                "証明書 {} と秘密鍵 {} を使えません / certificate and key cannot be used",
                certificate.display(),
                key.display()
            )
        })?;
        until.store(end, Ordering::Relaxed);
        let config = RustlsConfig::from_config(Arc::new(config));
        let mut tls = Self { certificate, key, seen, config, until, warned_at: 0, told: None };
        tls.warn_of_the_end();
        Ok(tls)
    }

    /// What the server takes its connections with.
    pub fn config(&self) -> RustlsConfig {
        self.config.clone()
    }

    /// Looks at the files each minute and on SIGHUP, for as long as the server runs.
    pub async fn watch(mut self, app: Arc<App>) {
        let mut hang_up = signal(SignalKind::hangup()).ok();
        loop {
            self.tell_of_the_end(&app).await;
            let told = async {
                match &mut hang_up {
                    Some(hang_up) => hang_up.recv().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                _ = told => {}
            }
            self.look();
            self.warn_of_the_end();
        }
    }

    /// Takes a new pair; a bad one is refused and the old one stays.
    fn look(&mut self) {
        let found = match read(&self.certificate, &self.key) {
            Ok(found) if found == self.seen => return,
            Ok(found) => found,
            Err(error) => {
                tracing::error!(error = format!("{error:#}"), "certificate files cannot be read; the old ones stay");
                return;
            }
        };
        match pair(&found.0, &found.1) {
            Ok((config, end)) => {
                self.config.reload_from_config(Arc::new(config));
                self.until.store(end, Ordering::Relaxed);
                self.warned_at = 0;
                tracing::info!(until = end, "a new certificate is in use");
            }
            Err(error) => {
                tracing::error!(
                    error = format!("{error:#}"),
                    "the new certificate or key is refused; the old one stays"
                );
            }
        }
        self.seen = found;
    }

    /// Tells those who administer, once per threshold; a database that is away is asked again in a minute.
    async fn tell_of_the_end(&mut self, app: &App) {
        let until = self.until.load(Ordering::Relaxed);
        let Some(threshold) = certificate::threshold(app.now(), until) else { return };
        if self.told == Some((until, threshold)) {
            return;
        }
        match certificate::tell_of_end(app, until).await {
            Ok(_) => self.told = Some((until, threshold)),
            Err(error) => tracing::warn!(%error, "the end of the certificate could not be told"),
        }
    }

    fn warn_of_the_end(&mut self) {
        let (now, end) = (machine_clock().as_second(), self.until.load(Ordering::Relaxed));
        if end - now < WARN_BEFORE_SECONDS && now - self.warned_at >= 86_400 {
            self.warned_at = now;
            tracing::warn!(days = (end - now) / 86_400, "the TLS certificate ends soon");
        }
    }
}

fn read(certificate: &Path, key: &Path) -> Result<(Vec<u8>, Vec<u8>)> {
    let read =
        |path: &Path| std::fs::read(path).with_context(|| format!("{} を読めません / cannot be read", path.display()));
    Ok((read(certificate)?, read(key)?))
}

/// TLS 1.2 and 1.3, HTTP/1.1; with the end of the first certificate.
fn pair(certificate: &[u8], key: &[u8]) -> Result<(ServerConfig, i64)> {
    let chain: Vec<CertificateDer> =
        CertificateDer::pem_slice_iter(certificate).collect::<Result<_, _>>().context("the certificate is not PEM")?;
    let first = chain.first().ok_or_else(|| anyhow!("the file holds no certificate"))?;
    let end = end_of(first).ok_or_else(|| anyhow!("the certificate does not say when it ends"))?;
    if end <= machine_clock().as_second() {
        return Err(anyhow!("the certificate has ended"));
    }
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| anyhow!("the key is not PEM of a private key"))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok((config, end))
}

/// `notAfter` of a certificate. Only this one field of our own certificate is wanted, so this walks to it:
/// Certificate { tbs { [0] version, serial, algorithm, issuer, validity { notBefore, notAfter } … } … }.
fn end_of(certificate: &[u8]) -> Option<i64> {
    let (_, certificate, _) = element(certificate)?;
    let (_, mut tbs, _) = element(certificate)?;
    let (tag, _, rest) = element(tbs)?;
    if tag == 0xa0 {
        tbs = rest;
    }
    for _ in 0..3 {
        tbs = element(tbs)?.2;
    }
    let (_, validity, _) = element(tbs)?;
    let (tag, end, _) = element(element(validity)?.2)?;
    let end = std::str::from_utf8(end).ok()?;
    // UTCTime has two digits of the year: 50 to 99 are of the last century (RFC 5280, 4.1.2.5.1).
    let full = match (tag, end.get(..2)?.parse::<u8>().ok()?) {
        (0x17, year) if year >= 50 => format!("19{end}"),
        (0x17, _) => format!("20{end}"),
        _ => end.to_owned(),
    };
    let at = jiff::civil::DateTime::strptime("%Y%m%d%H%M%SZ", full).ok()?;
    Some(at.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second())
}

/// The first DER element: its tag, its content, and what follows it.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
        if digits.len() > 4 {
            return None;
        }
        (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest)
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed() -> (String, String) {
        let made = rcgen::generate_simple_self_signed(vec!["sakimori.example".to_owned()]).expect("a certificate");
        (made.cert.pem(), made.signing_key.serialize_pem())
    }

    #[test]
    fn a_pair_is_taken_and_its_end_is_known() {
        let (certificate, key) = signed();
        let (_, end) = pair(certificate.as_bytes(), key.as_bytes()).expect("a pair");
        // rcgen's certificates end in the year 4096.
        assert_eq!(end, "4096-01-01T00:00:00Z".parse::<jiff::Timestamp>().expect("a moment").as_second());
    }

    #[test]
    fn a_key_of_another_certificate_and_files_that_are_none_are_refused() {
        let ((certificate, key), (_, other)) = (signed(), signed());
        assert!(pair(certificate.as_bytes(), other.as_bytes()).is_err());
        assert!(pair(b"", key.as_bytes()).is_err());
        assert!(pair(certificate.as_bytes(), certificate.as_bytes()).is_err());
        assert!(end_of(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]).is_none());
    }
}
