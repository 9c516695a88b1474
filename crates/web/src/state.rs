//! What every handler can reach.

use std::sync::Arc;

use axum::extract::FromRef;
use sakimori_app::App;

use crate::api::kept::KeptSheets;
use crate::health::Metrics;

/// Settings of the pages.
#[derive(Debug, Clone)]
pub struct WebConfig {
    /// `Secure` on cookies. Browsers send such cookies over HTTPS and to the machine itself.
    pub secure_cookies: bool,
    /// This is the demonstration: pages say so.
    pub demo: bool,
}

/// State of the router.
#[derive(Clone)]
pub struct WebState {
    pub app: Arc<App>,
    pub config: Arc<WebConfig>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) sheets: Arc<KeptSheets>,
}

impl WebState {
    /// State for an application.
    pub fn new(app: Arc<App>, config: WebConfig) -> Self {
        Self {
            app,
            config: Arc::new(config),
            metrics: Arc::new(Metrics::default()),
            sheets: Arc::new(KeptSheets::default()),
        }
    }
}

impl FromRef<WebState> for Arc<App> {
    fn from_ref(state: &WebState) -> Self {
        state.app.clone()
    }
}
