//! What the program says about itself while it runs: JSON lines on standard error, and, where an address is given,
//! OpenTelemetry traces. A trace holds the route's pattern, the method, the status and how long it took; no address, no
//! query, nobody's name.

use std::time::Duration;

use anyhow::{Context, Result};
use bytes::Bytes;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_http::{HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tokio::runtime::Handle;
use tracing_subscriber::filter::{EnvFilter, FilterFn, LevelFilter};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

/// Spans of this target are traces; `sakimori_web::health` makes them.
const TARGET: &str = "sakimori::trace";
const PATIENCE: Duration = Duration::from_secs(10);

/// Traces on their way; dropped or ended, what is left is sent.
pub struct Traces(Option<SdkTracerProvider>);

impl Traces {
    /// Sends what is left. The collector may be away: that holds nothing up for long.
    pub fn end(self) {
        if let Some(error) = self.0.and_then(|provider| provider.shutdown_with_timeout(PATIENCE).err()) {
            tracing::warn!(%error, "traces were not all sent");
        }
    }
}

/// Starts the log (`SAKIMORI_LOG` chooses what; default: info), and traces to `endpoint` where there is one.
///
/// # Errors
/// The endpoint is no address, or the client cannot be made.
pub fn start(endpoint: Option<&str>) -> Result<Traces> {
    let filter = EnvFilter::try_from_env("SAKIMORI_LOG").unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn"));
    // Spans are for traces; as long as none are sent, none are made.
    let filter = filter.add_directive(format!("{TARGET}=off").parse()?);
    let log = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_writer(std::io::stderr)
        .with_filter(filter);
    let provider = endpoint.map(provider).transpose()?;
    let traces = provider.as_ref().map(|provider| {
        tracing_opentelemetry::layer()
            .with_tracer(provider.tracer("sakimori"))
            .with_location(false)
            .with_threads(false)
            .with_filter(
                FilterFn::new(|meta| meta.is_span() && meta.target() == TARGET).with_max_level_hint(LevelFilter::INFO),
            )
    });
    tracing_subscriber::registry().with(log).with(traces).init();
    Ok(Traces(provider))
}

fn provider(endpoint: &str) -> Result<SdkTracerProvider> {
    let is_address = endpoint.starts_with("http://") || endpoint.starts_with("https://");
    anyhow::ensure!(
        is_address,
        "--otlp-endpoint {endpoint}: http:// か https:// で始まる番地を指定してください / an http(s) address is expected"
    );
    // A proxy from the environment would carry traces where nobody has said.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(PATIENCE)
        .build()
        .context("the client for traces cannot be made")?;
    let exporter = SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_http_client(OnRuntime { client, runtime: Handle::current() })
        .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
        .with_timeout(PATIENCE)
        .build()
        .context("traces cannot be sent")?;
    let resource = Resource::builder_empty().with_service_name("sakimori").build();
    Ok(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build())
}

/// The exporter has a thread of its own without tokio; its requests are made on ours.
#[derive(Debug)]
struct OnRuntime {
    client: reqwest::Client,
    runtime: Handle,
}

#[async_trait::async_trait]
impl HttpClient for OnRuntime {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let client = self.client.clone();
        self.runtime.spawn(async move { client.send_bytes(request).await }).await?
    }
}
