//! Settings of the edge: flags win over `SAKIMORI_*` variables, these over the settings file.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Result, anyhow, bail};
use clap::Args;
use ipnet::IpNet;
use sakimori_web::Limits;

use crate::common::SettingsFile;

#[derive(Args, Default)]
pub struct EdgeArgs {
    /// Certificate chain (PEM) for TLS in the program itself; read anew when it changes.
    #[arg(long, env = "SAKIMORI_TLS_CERTIFICATE", requires = "tls_key")]
    pub tls_certificate: Option<PathBuf>,
    /// Private key (PEM) of the certificate.
    #[arg(long, env = "SAKIMORI_TLS_KEY", requires = "tls_certificate")]
    pub tls_key: Option<PathBuf>,
    /// A proxy in front of Sakimori does TLS: plain HTTP on an address that others reach.
    #[arg(long, env = "SAKIMORI_BEHIND_PROXY")]
    pub behind_proxy: bool,
    /// Network of a proxy whose X-Forwarded-For is believed, e.g. 10.0.0.0/24 (repeatable, or with commas).
    #[arg(long, env = "SAKIMORI_TRUSTED_PROXY", value_delimiter = ',')]
    pub trusted_proxy: Vec<String>,
    /// Network that may read /metrics beside this machine itself, e.g. 10.0.5.0/24 (repeatable, or with commas).
    #[arg(long, env = "SAKIMORI_METRICS_FROM", value_delimiter = ',')]
    pub metrics_from: Vec<String>,
    /// A limit as NAME=NUMBER (repeatable, or with commas); docs/settings.md lists them.
    #[arg(long = "limit", env = "SAKIMORI_LIMIT", value_delimiter = ',')]
    pub limits: Vec<String>,
    /// OpenTelemetry collector to send traces to (OTLP over HTTP), e.g. http://127.0.0.1:4318 [default: none are sent].
    #[arg(long, env = "SAKIMORI_OTLP_ENDPOINT", value_name = "URL")]
    pub otlp_endpoint: Option<String>,
}

/// The edge as it holds.
#[derive(Debug)]
pub struct Edge {
    /// Certificate and key.
    pub tls: Option<(PathBuf, PathBuf)>,
    pub behind_proxy: bool,
    pub trusted_proxies: Vec<IpNet>,
    pub metrics_from: Vec<IpNet>,
    pub limits: Limits,
    pub otlp_endpoint: Option<String>,
}

impl EdgeArgs {
    /// Joins flags and file.
    ///
    /// # Errors
    /// Half a pair, a network that is none, an unknown limit.
    pub fn settle(&self, file: &SettingsFile) -> Result<Edge> {
        let certificate = self.tls_certificate.clone().or_else(|| file.tls_certificate.clone());
        let key = self.tls_key.clone().or_else(|| file.tls_key.clone());
        let tls = match (certificate, key) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            _ => {
                bail!("tls-certificate と tls-key は両方指定してください / tls-certificate and tls-key belong together")
            }
        };
        let trusted_proxies = networks(&self.trusted_proxy, &file.trusted_proxies)?;
        let metrics_from = networks(&self.metrics_from, &file.metrics_from)?;
        let behind_proxy = self.behind_proxy || file.behind_proxy.unwrap_or(false);
        let otlp_endpoint = self.otlp_endpoint.clone().or_else(|| file.otlp_endpoint.clone());
        let limits = self.limits(&file.limits)?;
        Ok(Edge { tls, behind_proxy, trusted_proxies, metrics_from, limits, otlp_endpoint })
    }

    fn limits(&self, file: &BTreeMap<String, u32>) -> Result<Limits> {
        let mut limits = Limits::default();
        let unknown =
            |name: &str| anyhow!("{name} という上限はありません（docs/settings.md） / there is no limit {name}");
        for (name, value) in file {
            if !limits.set(name, *value) {
                return Err(unknown(name));
            }
        }
        for pair in &self.limits {
            let (name, value) = pair
                .split_once('=')
                .and_then(|(name, value)| Some((name.trim(), value.trim().parse().ok()?)))
                .ok_or_else(|| anyhow!("--limit は「名前=数」で指定してください: {pair} / NAME=NUMBER is expected"))?;
            if !limits.set(name, value) {
                return Err(unknown(name));
            }
        }
        Ok(limits)
    }
}

/// The networks of a flag, or of the file where the flag is not given.
fn networks(flag: &[String], file: &[String]) -> Result<Vec<IpNet>> {
    let named = if flag.is_empty() { file } else { flag };
    named.iter().map(|text| network(text)).collect()
}

/// A network, or a single address.
fn network(text: &str) -> Result<IpNet> {
    sakimori_app::allow_list::network(text.trim()).ok_or_else(|| {
        anyhow!("{text} はネットワークではありません（例 10.0.0.0/24） / is not a network, e.g. 10.0.0.0/24")
    })
}

impl Edge {
    /// Plain HTTP leaves the machine only where somebody has said so.
    ///
    /// # Errors
    /// Neither TLS nor loopback nor a proxy.
    pub fn check(&self, address: SocketAddr) -> Result<()> {
        if self.tls.is_some() || self.behind_proxy || address.ip().to_canonical().is_loopback() {
            return Ok(());
        }
        bail!(
            "{address} はほかの機械から届く番地ですが、TLS がありません。--tls-certificate と --tls-key を指定するか、\
             前段のプロキシが TLS を行うときは --behind-proxy を付けてください / {address} is reached by others and there is no \
             TLS: name --tls-certificate and --tls-key, or say --behind-proxy when a proxy in front does TLS"
        )
    }

    /// The lines of a settings file.
    pub fn to_toml(&self) -> String {
        let mut out = String::new();
        if let Some(endpoint) = &self.otlp_endpoint {
            out += &format!("otlp-endpoint = {}\n", quoted(endpoint));
        }
        if let Some((certificate, key)) = &self.tls {
            let (certificate, key) = (certificate.to_string_lossy(), key.to_string_lossy());
            out += &format!("tls-certificate = {}\ntls-key = {}\n", quoted(&certificate), quoted(&key));
        }
        let words = |nets: &[IpNet]| nets.iter().map(ToString::to_string).collect::<Vec<_>>();
        let (proxies, metrics) = (words(&self.trusted_proxies), words(&self.metrics_from));
        out += &format!("behind-proxy = {}\ntrusted-proxies = {proxies:?}\n", self.behind_proxy);
        out += &format!("metrics-from = {metrics:?}\n\n");
        out + &self.limits.to_toml()
    }
}

/// A text as TOML writes it, whatever is in it.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn whatever_holds_reads_back_from_what_is_printed(
            paths in prop::option::of((any::<String>(), "[ -~ぁ-ん\u{7f}-\u{a0}\u{200b}]{0,12}")),
            endpoint in prop::option::of(any::<String>()),
            behind_proxy: bool,
            networks in prop::collection::vec("([0-9]{1,3}\\.){3}[0-9]{1,3}(/[0-9]{1,2})?|::ffff:10\\.0\\.0\\.[0-9](/1[0-2][0-9])?|[0-9a-f:/]{2,12}", 0..4),
            limits in prop::collection::vec((0..Limits::ALL.len(), any::<u32>()), 0..4),
        ) {
            let args = EdgeArgs {
                tls_certificate: paths.as_ref().map(|(certificate, _)| PathBuf::from(certificate)),
                tls_key: paths.map(|(_, key)| PathBuf::from(key)),
                otlp_endpoint: endpoint,
                behind_proxy,
                trusted_proxy: networks.clone(),
                metrics_from: networks,
                limits: limits.iter().map(|(at, value)| format!("{} = {value}", Limits::ALL[*at].0)).collect(),
            };
            // What is no network is refused in words; what holds is printed and read as the same.
            if let Ok(edge) = args.settle(&SettingsFile::default()) {
                let file: SettingsFile = toml::from_str(&edge.to_toml()).expect("what is printed is a settings file");
                let again = EdgeArgs::default().settle(&file).expect("an edge");
                prop_assert_eq!(format!("{:?}", again), format!("{:?}", edge));
            }
        }

        #[test]
        fn a_settings_file_of_any_words_is_read_or_refused(
            text in "((listen|data|limits|trail|database|trusted-proxies|sinks|\\[|\\]|=|\"|\n|[0-9a-z.:/-]{1,6}| ){1,3}){0,12}"
        ) {
            if let Ok(file) = toml::from_str::<SettingsFile>(&text) {
                let _ = EdgeArgs::default().settle(&file);
            }
        }
    }

    #[test]
    fn plain_http_leaves_the_machine_only_where_somebody_says_so() {
        let edge = |args: &EdgeArgs| args.settle(&SettingsFile::default()).expect("an edge");
        let outside: SocketAddr = "0.0.0.0:8080".parse().expect("an address");
        let plain = edge(&EdgeArgs::default());
        assert!(plain.check("127.0.0.1:8080".parse().expect("an address")).is_ok());
        assert!(plain.check("[::1]:8080".parse().expect("an address")).is_ok());
        let error = plain.check(outside).expect_err("refused").to_string();
        assert!(error.contains("--behind-proxy") && error.contains("--tls-certificate"), "{error}");
        assert!(edge(&EdgeArgs { behind_proxy: true, ..EdgeArgs::default() }).check(outside).is_ok());
    }

    #[test]
    fn flags_win_over_the_file_and_what_is_printed_reads_back() {
        let file: SettingsFile =
            toml::from_str("trusted-proxies = [\"10.0.0.1\"]\n[limits]\nconnections = 10\nheader-kib = 16\n")
                .expect("a file");
        let args = EdgeArgs { limits: vec!["connections=20".to_owned()], ..EdgeArgs::default() };
        let edge = args.settle(&file).expect("an edge");
        assert_eq!((edge.limits.connections, edge.limits.header_kib), (20, 16));
        assert_eq!(edge.trusted_proxies[0].to_string(), "10.0.0.1/32");
        let again: SettingsFile = toml::from_str(&edge.to_toml()).expect("what is printed is a settings file");
        let again = EdgeArgs::default().settle(&again).expect("an edge");
        assert_eq!(again.limits, edge.limits);
    }

    #[test]
    fn every_setting_stands_in_the_documentation() {
        use clap::Args as _;
        let page = include_str!("../../../../docs/settings.md");
        let command = crate::serve::ServeArgs::augment_args(clap::Command::new("serve"));
        let mut names: Vec<String> =
            Limits::ALL.iter().map(|(name, default, _)| format!("| `{name}` | {default} |")).collect();
        for argument in command.get_arguments() {
            names.extend(argument.get_long().map(|name| format!("`--{name}`")));
            names.extend(argument.get_env().map(|name| format!("`{}`", name.to_string_lossy())));
        }
        let missing: Vec<&String> = names.iter().filter(|name| !page.contains(name.as_str())).collect();
        assert!(missing.is_empty(), "docs/settings.md lacks {missing:#?}");
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let file = SettingsFile::default();
        let refused = |args: EdgeArgs| args.settle(&file).is_err();
        assert!(refused(EdgeArgs { limits: vec!["nonsense=1".to_owned()], ..EdgeArgs::default() }));
        assert!(refused(EdgeArgs { limits: vec!["connections".to_owned()], ..EdgeArgs::default() }));
        assert!(refused(EdgeArgs { trusted_proxy: vec!["proxy.example".to_owned()], ..EdgeArgs::default() }));
        assert!(refused(EdgeArgs { tls_key: Some("key.pem".into()), ..EdgeArgs::default() }));
    }
}
