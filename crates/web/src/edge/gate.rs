//! How often and how long: refuses what comes too often, too large, too slowly, before a handler sees it.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::HttpBody as _;
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use sakimori_app::{Refusal, RefusalKind};

use super::body::paced;
use super::buckets::Buckets;
use super::client::ClientAddress;
use super::limits::Limits;
use crate::error::WebError;
use crate::forms::{FORM_MAX, UPLOAD_MAX, too_large};
use crate::person::{bearer, session_token};
use crate::state::WebState;

/// A body beyond this counts as large, as does every one with files; in bytes.
const LARGE: usize = 256 << 10;
/// Seconds to wait where too many large bodies come at once.
const LARGE_WAIT: u64 = 5;
/// Sessions remembered as real; twice as many at most.
const KNOWN_MAX: usize = 20_000;

/// What has been asked, and by whom; one per process.
pub struct Gate {
    limits: Limits,
    hasher: RandomState,
    /// Sessions that were looked up and found. A cookie by itself proves nothing: whoever makes cookies up is counted by
    /// address. Two generations, so that memory is bounded and who is here stays known.
    known: Mutex<(HashSet<u64>, HashSet<u64>)>,
    sessions: Buckets,
    addresses: Buckets,
    failures: Buckets,
    large: Mutex<Large>,
    uploads: Buckets,
    exports: Buckets,
    searches: Buckets,
}

impl Gate {
    /// A gate with these limits.
    pub fn new(limits: Limits) -> Self {
        let failures = limits.failures_per_minute;
        Self {
            limits,
            hasher: RandomState::new(),
            known: Mutex::default(),
            sessions: Buckets::per_second(limits.session_per_second),
            addresses: Buckets::per_second(limits.address_per_second),
            failures: Buckets::per_minute(failures, failures.saturating_mul(3)),
            large: Mutex::default(),
            uploads: Buckets::per_minute(limits.uploads_per_minute, limits.uploads_per_minute),
            exports: Buckets::per_minute(limits.exports_per_minute, limits.exports_per_minute),
            searches: Buckets::per_minute(limits.searches_per_minute, limits.searches_per_minute),
        }
    }

    /// A session (or another credential) was looked up and is real.
    pub fn know(&self, credential: &str) {
        let key = self.hasher.hash_one(credential);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.0.insert(key) && known.0.len() >= KNOWN_MAX {
            known.1 = std::mem::take(&mut known.0);
        }
    }

    fn knows(&self, key: u64) -> bool {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.0.contains(&key) || known.1.contains(&key)
    }

    /// An attempt to sign in. It counts as failed from here on, so that many at once are no way around the count.
    ///
    /// # Errors
    /// Too many attempts failed.
    pub fn sign_in_attempt(&self, parts: &Parts, now: Timestamp) -> Result<Attempt<'_>, TooOften> {
        let key = self.address_key(parts);
        self.failures.take(key, now).map_err(TooOften)?;
        Ok(Attempt { failures: &self.failures, key })
    }

    /// An IPv6 network of one customer counts as one address.
    fn address_key(&self, parts: &Parts) -> u64 {
        let address = parts.extensions.get::<ClientAddress>().map(|client| client.0);
        let network = match address {
            Some(IpAddr::V6(address)) => address.octets()[..8].to_vec(),
            Some(IpAddr::V4(address)) => address.octets().to_vec(),
            None => Vec::new(),
        };
        self.hasher.hash_one(network)
    }

    fn pass(&self, parts: &Parts, credential: Option<&str>, now: Timestamp) -> Result<(), TooOften> {
        let key = credential.map(|credential| self.hasher.hash_one(credential)).filter(|key| self.knows(*key));
        let Some(key) = key else {
            return self.addresses.take(self.address_key(parts), now).map_err(TooOften);
        };
        self.sessions.take(key, now).map_err(TooOften)?;
        let path = parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
        let stricter = match kind(parts, path) {
            Kind::Upload => &self.uploads,
            Kind::Export => &self.exports,
            Kind::Search => &self.searches,
            Kind::Page => return Ok(()),
        };
        stricter.take(key, now).map_err(TooOften)
    }

    /// A place for a large body. Only somebody signed in has bodies read beyond a few kilobytes, so others need none.
    fn receive(&self, credential: Option<&str>) -> Result<Option<LargePlace<'_>>, TooOften> {
        let key = credential.map(|credential| self.hasher.hash_one(credential)).filter(|key| self.knows(*key));
        let Some(key) = key else { return Ok(None) };
        let mut large = self.large.lock().unwrap_or_else(PoisonError::into_inner);
        let of_one = large.by_session.get(&key).copied().unwrap_or(0);
        if large.all >= self.limits.large_at_once_in_all || of_one >= self.limits.large_at_once {
            return Err(TooOften(LARGE_WAIT));
        }
        large.all += 1;
        large.by_session.insert(key, of_one + 1);
        Ok(Some(LargePlace { large: &self.large, key }))
    }

    /// How long a request may take: its body at the least rate, and then the handler.
    fn patience(&self, length: usize) -> Duration {
        let body = length as u64 / u64::from(self.limits.body_bytes_per_second.max(1));
        Duration::from_secs(u64::from(self.limits.request_seconds) + body)
    }
}

/// An attempt to sign in that was let through.
pub struct Attempt<'a> {
    failures: &'a Buckets,
    key: u64,
}

impl Attempt<'_> {
    /// It was none of the attempts that are counted: somebody came in, or it was not theirs that it failed.
    pub fn succeeded(self) {
        self.failures.give_back(self.key);
    }
}

/// Large bodies that are being received, by session.
#[derive(Default)]
struct Large {
    all: u32,
    by_session: HashMap<u64, u32>,
}

/// A large body's place; given back when its request ends.
struct LargePlace<'a> {
    large: &'a Mutex<Large>,
    key: u64,
}

impl Drop for LargePlace<'_> {
    fn drop(&mut self) {
        let mut large = self.large.lock().unwrap_or_else(PoisonError::into_inner);
        large.all = large.all.saturating_sub(1);
        if let Some(count) = large.by_session.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                large.by_session.remove(&self.key);
            }
        }
    }
}

/// What a request asks of the machine.
enum Kind {
    Upload,
    Export,
    Search,
    Page,
}

fn kind(parts: &Parts, path: &str) -> Kind {
    let is_export = [".pdf", ".xlsx", ".csv", ".json", ".jsonl", ".zip"].iter().any(|end| path.ends_with(end))
        || parts.uri.query().is_some_and(|query| query.split('&').any(|pair| pair.starts_with("format=")));
    if parts.method != Method::GET && is_multipart(parts) {
        Kind::Upload
    } else if is_export && !path.starts_with("/api/") {
        Kind::Export
    } else if path == "/search" {
        Kind::Search
    } else {
        Kind::Page
    }
}

fn is_multipart(parts: &Parts) -> bool {
    let media_type = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    media_type.starts_with("multipart/")
}

/// Too many requests; seconds until the next one is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooOften(pub u64);

impl TooOften {
    /// What the caller is told.
    pub fn refusal(self) -> Refusal {
        let seconds = self.0;
        Refusal::new(
            RefusalKind::TooOften,
            "too-often",
            "短い時間に多くの要求があったため、受け付けていません。",
            "Too many requests came in a short time; this one was not taken.",
        )
        .next(
            format!("{seconds}秒ほど待ってから、もう一度お試しください。続く場合は管理者に連絡してください。"),
            format!("Wait about {seconds} seconds and try again; if it goes on, tell your administrator."),
        )
    }

    /// 429 with `Retry-After`.
    pub fn answer(self, parts: &Parts) -> Response {
        let mut response = WebError::app(self.refusal().into(), parts).into_response();
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(self.0));
        response
    }
}

fn too_slow() -> Refusal {
    Refusal::new(
        RefusalKind::Invalid,
        "too-slow",
        "送信が遅すぎたため、受信を打ち切りました。保存していません。",
        "What was sent came too slowly; nothing was saved.",
    )
    .next("通信の状態を確かめて、もう一度送ってください。", "Check the connection and send it again.")
}

fn took_too_long() -> Refusal {
    Refusal::new(
        RefusalKind::Invalid,
        "took-too-long",
        "時間内に処理が終わらなかったため、打ち切りました。",
        "This took too long and was given up.",
    )
    .next("範囲を狭めるか、少し待ってからもう一度お試しください。", "Ask for less, or try again later.")
}

/// Health and assets cost nothing and must answer in a flood too.
fn is_free(path: &str) -> bool {
    path == "/healthz" || path.starts_with("/assets/")
}

/// Stands before every route.
pub async fn gate(State(state): State<WebState>, request: Request, next: Next) -> Response {
    if is_free(request.uri().path()) {
        return next.run(request).await;
    }
    let gate = &state.gate;
    let (parts, body) = request.into_parts();
    let credential = bearer(&parts).or_else(|| session_token(&parts, &state));
    if let Err(refused) = gate.pass(&parts, credential.as_deref(), state.app.now()) {
        return refused.answer(&parts);
    }
    let most = if is_multipart(&parts) { UPLOAD_MAX } else { FORM_MAX };
    let length = parts.headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    let length = length.map_or(Ok(most), str::parse::<usize>).unwrap_or(usize::MAX);
    if !body.is_end_stream() && length > most {
        return WebError::app(too_large().into(), &parts).into_response();
    }
    if body.is_end_stream() {
        let head = parts.clone();
        let answered = tokio::time::timeout(gate.patience(0), next.run(Request::from_parts(parts, body))).await;
        return answered.unwrap_or_else(|_| gave_up(took_too_long(), StatusCode::SERVICE_UNAVAILABLE, &head));
    }
    // Held until the answer: what was received lies in memory that long.
    let place = if length > LARGE || is_multipart(&parts) { gate.receive(credential.as_deref()) } else { Ok(None) };
    let _place = match place {
        Ok(place) => place,
        Err(refused) => return refused.answer(&parts),
    };
    let slow = Arc::new(AtomicBool::new(false));
    let body = paced(body, &gate.limits, slow.clone());
    let head = parts.clone();
    let answered = tokio::time::timeout(gate.patience(length), next.run(Request::from_parts(parts, body))).await;
    if slow.load(Ordering::Relaxed) {
        return gave_up(too_slow(), StatusCode::REQUEST_TIMEOUT, &head);
    }
    answered.unwrap_or_else(|_| gave_up(took_too_long(), StatusCode::SERVICE_UNAVAILABLE, &head))
}

fn gave_up(why: Refusal, status: StatusCode, parts: &Parts) -> Response {
    tracing::warn!(path = parts.uri.path(), code = why.code, "gave a request up");
    let mut response = WebError::app(why.into(), parts).into_response();
    *response.status_mut() = status;
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}
