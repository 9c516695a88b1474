//! What every handler can reach.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use axum::extract::FromRef;
use ipnet::IpNet;
use sakimori_app::App;
use sakimori_app::passkeys::Site;

use crate::api::kept::KeptSheets;
use crate::edge::{Gate, Limits};
use crate::health::Metrics;

/// Settings of the pages.
#[derive(Debug, Clone, Default)]
pub struct WebConfig {
    /// `Secure` on cookies. Browsers send such cookies over HTTPS and to the machine itself.
    pub secure_cookies: bool,
    /// This is the demonstration: pages say so.
    pub demo: bool,
    /// How much, how often and how slowly.
    pub limits: Limits,
    /// Address under which browsers reach us, e.g. `https://sakimori.example.jp`; passkeys are bound to it. Empty: unknown.
    pub public_url: String,
    /// Proxies whose word on the client's address is taken.
    pub trusted_proxies: Vec<IpNet>,
    /// Networks beside this machine itself to which `/metrics` is shown.
    pub metrics_from: Vec<IpNet>,
    /// When the certificate in use ends, in seconds since 1970; 0 without one.
    pub certificate_until: Arc<AtomicI64>,
    /// After being told to end: how long to go on answering while `/readyz` says no.
    pub drain: Duration,
}

/// State of the router.
#[derive(Clone)]
pub struct WebState {
    pub app: Arc<App>,
    pub config: Arc<WebConfig>,
    pub(crate) gate: Arc<Gate>,
    pub(crate) metrics: Arc<Metrics>,
    /// Told to end: still answering, but no new work is wanted.
    draining: Arc<AtomicBool>,
    /// What passkeys are bound to; `None` without an address that has a name.
    pub(crate) site: Option<Arc<Site>>,
    pub(crate) sheets: Arc<KeptSheets>,
}

impl WebState {
    /// State for an application.
    pub fn new(app: Arc<App>, config: WebConfig) -> Self {
        Self {
            app,
            gate: Arc::new(Gate::new(config.limits)),
            site: Site::new(&config.public_url).ok().map(Arc::new),
            config: Arc::new(config),
            metrics: Arc::new(Metrics::default()),
            draining: Arc::default(),
            sheets: Arc::new(KeptSheets::default()),
        }
    }
}

impl WebState {
    /// From now on `/readyz` says no, so that a load balancer sends its requests elsewhere.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }
}

impl FromRef<WebState> for Arc<App> {
    fn from_ref(state: &WebState) -> Self {
        state.app.clone()
    }
}
