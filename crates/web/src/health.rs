//! For the operations centre: is it alive, is it ready, how is it doing.

use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::{MatchedPath, Request, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::state::WebState;

/// Counts of answered requests by route, method and status. Routes come from the router, so there are few of them.
#[derive(Default)]
pub struct Metrics {
    answered: Mutex<std::collections::BTreeMap<(String, String, u16), u64>>,
    under_way: AtomicU64,
}

/// Counts every request.
pub async fn count(State(state): State<WebState>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str).to_owned();
    let method = request.method().to_string();
    state.metrics.under_way.fetch_add(1, Ordering::Relaxed);
    let response = next.run(request).await;
    state.metrics.under_way.fetch_sub(1, Ordering::Relaxed);
    if let Ok(mut answered) = state.metrics.answered.lock() {
        *answered.entry((route, method, response.status().as_u16())).or_default() += 1;
    }
    response
}

/// `/healthz`: the process answers.
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// `/readyz`: the database answers too.
pub async fn readyz(State(state): State<WebState>) -> Response {
    match state.app.read().await {
        Ok(mut connection) => match connection.ping().await {
            Ok(()) => "ready\n".into_response(),
            Err(error) => not_ready(&error.to_string()),
        },
        Err(error) => not_ready(&error.to_string()),
    }
}

fn not_ready(why: &str) -> Response {
    tracing::warn!(error = why, "not ready");
    (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n").into_response()
}

/// `/metrics` in the Prometheus text format.
pub async fn metrics(State(state): State<WebState>) -> Response {
    let mut out =
        String::from("# HELP sakimori_requests_total Answered requests.\n# TYPE sakimori_requests_total counter\n");
    if let Ok(answered) = state.metrics.answered.lock() {
        for ((route, method, status), count) in answered.iter() {
            let _ = writeln!(
                out,
                "sakimori_requests_total{{route=\"{route}\",method=\"{method}\",status=\"{status}\"}} {count}"
            );
        }
    }
    let under_way = state.metrics.under_way.load(Ordering::Relaxed);
    let _ = writeln!(
        out,
        "# HELP sakimori_requests_under_way Requests being answered.\n# TYPE sakimori_requests_under_way gauge\nsakimori_requests_under_way {under_way}"
    );
    let until = state.config.certificate_until.load(Ordering::Relaxed);
    if until > 0 {
        let _ = writeln!(
            out,
            "# HELP sakimori_certificate_until_seconds When the TLS certificate ends.\n# TYPE sakimori_certificate_until_seconds gauge\nsakimori_certificate_until_seconds {until}"
        );
    }
    let _ = writeln!(
        out,
        "# HELP sakimori_info The database in use.\n# TYPE sakimori_info gauge\nsakimori_info{{version=\"{}\",database=\"{}\"}} 1",
        env!("CARGO_PKG_VERSION"),
        state.app.store().engine()
    );
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], out).into_response()
}
