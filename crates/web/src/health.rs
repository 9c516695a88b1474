//! For the operations centre: is it alive, is it ready, how is it doing.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use sakimori_app::{App, Refusal, RefusalKind};
use tracing::Instrument as _;

use crate::edge::comes_from;
use crate::error::WebError;
use crate::state::WebState;

/// Upper ends of the durations that are told apart, in milliseconds.
const BUCKETS_MS: [u32; 10] = [5, 10, 25, 50, 100, 250, 500, 1000, 2500, 10_000];

/// Answered requests by route, method and status, and how long each route took. Routes come from the router, so there are
/// few of them.
#[derive(Default)]
pub struct Metrics {
    answered: Mutex<BTreeMap<(String, String, u16), u64>>,
    took: Mutex<BTreeMap<String, Took>>,
    under_way: AtomicU64,
}

#[derive(Default)]
struct Took {
    /// By upper end; what took longer than the last is in `count` only.
    buckets: [u64; BUCKETS_MS.len()],
    count: u64,
    milliseconds: f64,
}

impl Took {
    fn add(&mut self, milliseconds: f64) {
        if let Some(at) = BUCKETS_MS.iter().position(|end| milliseconds <= f64::from(*end)) {
            self.buckets[at] += 1;
        }
        self.count += 1;
        self.milliseconds += milliseconds;
    }
}

/// A method by its name; what no browser sends goes under one name, so that nobody fills the memory with made-up ones.
fn known_method(method: &Method) -> &'static str {
    let known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"];
    known.into_iter().find(|name| method.as_str() == *name).unwrap_or("other")
}

/// A request being answered, until its answer is there or its caller has gone.
struct UnderWay<'a>(&'a AtomicU64);

impl<'a> UnderWay<'a> {
    fn new(metrics: &'a Metrics) -> Self {
        metrics.under_way.fetch_add(1, Ordering::Relaxed);
        Self(&metrics.under_way)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Counts every request.
pub async fn count(State(state): State<WebState>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str).to_owned();
    let method = known_method(request.method());
    let under_way = UnderWay::new(&state.metrics);
    let began = state.app.now();
    // Target and fields are those that `cli` gives along as traces.
    let span = tracing::info_span!(
        target: "sakimori::trace",
        "request",
        otel.name = format!("{method} {route}"),
        otel.kind = "server",
        http.request.method = %method,
        http.route = %route,
        http.response.status_code = tracing::field::Empty,
    );
    let response = next.run(request).instrument(span.clone()).await;
    span.record("http.response.status_code", response.status().as_u16());
    drop(under_way);
    // The clock may be set while a request runs; a request never took less than nothing.
    let took = state.app.now().duration_since(began).as_millis_f64().max(0.0);
    if let Ok(mut all) = state.metrics.took.lock() {
        all.entry(route.clone()).or_default().add(took);
    }
    if let Ok(mut answered) = state.metrics.answered.lock() {
        *answered.entry((route, method.to_owned(), response.status().as_u16())).or_default() += 1;
    }
    response
}

/// `/healthz`: the process answers.
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// `/readyz`: the process wants requests, the database answers, and its schema is one that this program works on.
pub async fn readyz(State(state): State<WebState>) -> Response {
    if state.is_draining() {
        return (StatusCode::SERVICE_UNAVAILABLE, "ending\n").into_response();
    }
    match standing(&state.app).await {
        Ok(()) => "ready\n".into_response(),
        Err((said, why)) => {
            tracing::warn!(error = why, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, said).into_response()
        }
    }
}

/// What to say and what to log when this process cannot serve.
async fn standing(app: &App) -> Result<(), (&'static str, String)> {
    let away = |why: String| ("the database does not answer\n", why);
    let mut connection = app.store().read().await.map_err(|error| away(error.to_string()))?;
    connection.check_schema().await.map_err(|error| match error {
        sakimori_store::StoreError::NewerSchema { .. } => ("the database needs a newer program\n", error.to_string()),
        other => away(other.to_string()),
    })
}

/// A metric's two lines of introduction.
fn head(out: &mut String, name: &str, help: &str, kind: &str) {
    let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

fn metrics_elsewhere() -> Refusal {
    Refusal::new(
        RefusalKind::Forbidden,
        "metrics-from",
        "計測値は、この機械と、設定した番地だけに示します。",
        "Metrics are shown to this machine and to the networks in the settings only.",
    )
    .next(
        "監視する機械の番地を --metrics-from に加えてください。",
        "Name the network of the monitor with --metrics-from.",
    )
}

/// `/metrics` in the Prometheus text format, for this machine and the networks that the settings name.
pub async fn metrics(State(state): State<WebState>, request: Request) -> Response {
    if !comes_from(&request, &state.config.metrics_from, &state.config.trusted_proxies) {
        return WebError::from(metrics_elsewhere()).into_response();
    }
    let mut out = String::new();
    head(&mut out, "sakimori_requests_total", "Answered requests.", "counter");
    if let Ok(answered) = state.metrics.answered.lock() {
        for ((route, method, status), count) in answered.iter() {
            let _ = writeln!(
                out,
                "sakimori_requests_total{{route=\"{route}\",method=\"{method}\",status=\"{status}\"}} {count}"
            );
        }
    }
    durations(&mut out, &state.metrics);
    let under_way = state.metrics.under_way.load(Ordering::Relaxed);
    head(&mut out, "sakimori_requests_under_way", "Requests being answered.", "gauge");
    let _ = writeln!(out, "sakimori_requests_under_way {under_way}");
    pools(&mut out, &state.app);
    jobs(&mut out, &state.app).await;
    let until = state.config.certificate_until.load(Ordering::Relaxed);
    if until > 0 {
        head(&mut out, "sakimori_certificate_until_seconds", "When the TLS certificate ends.", "gauge");
        let _ = writeln!(out, "sakimori_certificate_until_seconds {until}");
    }
    head(&mut out, "sakimori_info", "The database in use.", "gauge");
    let _ = writeln!(
        out,
        "sakimori_info{{version=\"{}\",database=\"{}\"}} 1",
        env!("CARGO_PKG_VERSION"),
        state.app.store().engine()
    );
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], out).into_response()
}

fn durations(out: &mut String, metrics: &Metrics) {
    const NAME: &str = "sakimori_request_duration_seconds";
    head(out, NAME, "How long requests took.", "histogram");
    let Ok(took) = metrics.took.lock() else { return };
    for (route, took) in took.iter() {
        let mut below = 0;
        for (end, count) in BUCKETS_MS.iter().zip(took.buckets) {
            below += count;
            let end = f64::from(*end) / 1000.0;
            let _ = writeln!(out, "{NAME}_bucket{{route=\"{route}\",le=\"{end}\"}} {below}");
        }
        let _ = writeln!(out, "{NAME}_bucket{{route=\"{route}\",le=\"+Inf\"}} {}", took.count);
        let _ = writeln!(out, "{NAME}_sum{{route=\"{route}\"}} {}", took.milliseconds / 1000.0);
        let _ = writeln!(out, "{NAME}_count{{route=\"{route}\"}} {}", took.count);
    }
}

fn pools(out: &mut String, app: &App) {
    head(out, "sakimori_database_connections", "Connections to the database by pool.", "gauge");
    for (pool, open, idle, most) in app.store().pools() {
        let used = usize::try_from(open).unwrap_or(0).saturating_sub(idle);
        for (state, count) in [("used", used), ("idle", idle), ("most", usize::try_from(most).unwrap_or(0))] {
            let _ = writeln!(out, "sakimori_database_connections{{pool=\"{pool}\",state=\"{state}\"}} {count}");
        }
    }
}

/// Jobs as they are in the database: the same from every process.
async fn jobs(out: &mut String, app: &App) {
    let Ok(mut connection) = app.read().await else { return };
    let Ok(counts) = sakimori_app::jobs::counts(&mut connection).await else { return };
    head(out, "sakimori_jobs", "Jobs by kind and state.", "gauge");
    for (kind, state, count) in counts {
        let _ = writeln!(out, "sakimori_jobs{{kind=\"{kind}\",state=\"{state}\"}} {count}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_request_whose_caller_has_gone_is_not_under_way_any_more() {
        let metrics = Metrics::default();
        let mut request = Box::pin(async {
            let _under_way = UnderWay::new(&metrics);
            std::future::pending::<()>().await;
        });
        assert!(futures_util::poll!(&mut request).is_pending());
        assert_eq!(metrics.under_way.load(Ordering::Relaxed), 1);
        drop(request);
        assert_eq!(metrics.under_way.load(Ordering::Relaxed), 0);
    }
}
