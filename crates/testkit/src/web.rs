//! Requests against the router, without a network.

use std::net::{IpAddr, SocketAddr};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, Request, StatusCode};
use sakimori_web::{Limits, WebConfig, WebState, router};
use tower::ServiceExt;

use crate::TestApp;
use crate::people::PASSWORD;

/// A browser of one person.
pub struct Browser {
    router: Router,
    cookie: String,
    csrf: String,
    /// Where the requests come from.
    address: Option<IpAddr>,
    /// The token of a program instead of a cookie.
    bearer: String,
}

/// An answer, read whole.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
}

impl Answer {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// Where a redirect leads; empty when it is none.
    pub fn location(&self) -> &str {
        self.headers.get(LOCATION).and_then(|value| value.to_str().ok()).unwrap_or("")
    }
}

impl TestApp {
    /// The router of this application.
    pub fn router(&self) -> Router {
        router(WebState::new(self.app.clone(), WebConfig { limits: Limits::off(), ..WebConfig::default() }))
    }

    /// A browser that nobody is signed in with.
    pub fn stranger(&self) -> Browser {
        self.stranger_from(None)
    }

    /// A browser in which somebody has signed in.
    ///
    /// # Panics
    /// Signing in fails.
    pub async fn browser(&self, login: &str) -> Browser {
        self.browser_with(login, PASSWORD).await
    }

    /// The same with another password than that of the test accounts.
    ///
    /// # Panics
    /// Signing in fails.
    pub async fn browser_with(&self, login: &str, password: &str) -> Browser {
        self.stranger().sign_in(login, password).await
    }

    /// As [`TestApp::browser`], from an address.
    ///
    /// # Panics
    /// Signing in fails, or it is no address.
    pub async fn browser_from(&self, login: &str, address: &str) -> Browser {
        self.stranger_from(Some(address)).sign_in(login, PASSWORD).await
    }

    /// A browser that nobody is signed in with, in front of other settings than those of the tests.
    pub fn stranger_with(&self, config: WebConfig) -> Browser {
        let router = router(WebState::new(self.app.clone(), config));
        Browser { router, ..self.stranger() }
    }

    /// A browser at an address that nobody is signed in with.
    ///
    /// # Panics
    /// It is no address.
    pub fn stranger_from(&self, address: Option<&str>) -> Browser {
        Browser {
            router: self.router(),
            cookie: String::new(),
            csrf: String::new(),
            address: address.map(|address| address.parse().expect("an address")),
            bearer: String::new(),
        }
    }
}

impl Browser {
    async fn sign_in(mut self, login: &str, password: &str) -> Self {
        let browser = &mut self;
        let answer = browser.send("POST", "/sign-in", &[("login", login), ("password", password)]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{login} signs in: {}", answer.text());
        let cookie = answer.headers.get(SET_COOKIE).and_then(|value| value.to_str().ok()).unwrap_or("");
        browser.cookie = cookie.split(';').next().unwrap_or("").to_owned();
        let page = browser.get("/me").await.text();
        let token = page.split("name=\"csrf-token\" content=\"").nth(1).and_then(|rest| rest.split('"').next());
        browser.csrf = token.expect("a page with its token").to_owned();
        self
    }

    /// The same browser somewhere else.
    ///
    /// # Panics
    /// It is no address.
    #[must_use]
    pub fn moved_to(mut self, address: &str) -> Self {
        self.address = Some(address.parse().expect("an address"));
        self
    }

    /// The same session at a process that is set up otherwise.
    #[must_use]
    pub fn at(mut self, router: Router) -> Self {
        self.router = router;
        self
    }

    /// A program with a token.
    #[must_use]
    pub fn with_token(mut self, token: &str) -> Self {
        token.clone_into(&mut self.bearer);
        self
    }

    /// Follows a redirect as a browser does: keeps the cookie, opens the page, takes the page's token for its forms.
    ///
    /// # Panics
    /// The page has no form and no token.
    pub async fn follow(&mut self, answer: &Answer) -> Answer {
        self.keep_cookie(answer);
        let page = self.get(answer.location()).await;
        self.take_token(&page.text());
        page
    }

    /// Keeps the cookie of an answer.
    pub fn keep_cookie(&mut self, answer: &Answer) {
        let cookie = answer.headers.get(SET_COOKIE).and_then(|value| value.to_str().ok()).unwrap_or("");
        if !cookie.is_empty() {
            self.cookie = cookie.split(';').next().unwrap_or("").to_owned();
        }
    }

    fn take_token(&mut self, page: &str) {
        let of = |mark: &str| page.split(mark).nth(1).and_then(|rest| rest.split('"').next()).map(ToOwned::to_owned);
        let token = of("name=\"csrf-token\" content=\"").or_else(|| of("name=\"csrf\" value=\""));
        self.csrf = token.expect("a page with its token");
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Answer {
        self.request("GET", path, "", Body::empty()).await
    }

    /// GET with a cookie beside those of the session.
    pub async fn get_with_cookie(&self, path: &str, cookie: &str) -> Answer {
        let own = if self.cookie.is_empty() { String::new() } else { format!("{}; ", self.cookie) };
        let request = Request::builder().uri(path).header(COOKIE, format!("{own}{cookie}")).body(Body::empty());
        self.answer(request.expect("a request")).await
    }

    /// POST of a form with the session's token.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut all = vec![("csrf", self.csrf.as_str())];
        all.extend_from_slice(fields);
        self.send("POST", path, &all).await
    }

    /// A form as it is, without a token.
    pub async fn send(&self, method: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body: String = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.request(method, path, "application/x-www-form-urlencoded", Body::from(body)).await
    }

    /// A form that a page of another site sends.
    pub async fn send_from(&self, origin: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body: String = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = Request::builder().method("POST").uri(path).header("origin", origin).header("host", "127.0.0.1");
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(Body::from(body));
        self.answer(request.expect("a request")).await
    }

    /// Bytes as they are, with the session's token in the header.
    pub async fn raw(&self, method: &str, path: &str, media_type: &str, bytes: Vec<u8>) -> Answer {
        self.request(method, path, media_type, Body::from(bytes)).await
    }

    /// JSON with the session's token.
    pub async fn json(&self, method: &str, path: &str, body: &serde_json::Value) -> Answer {
        self.request(method, path, "application/json", Body::from(body.to_string())).await
    }

    /// A form with one file.
    pub async fn upload(&self, path: &str, fields: &[(&str, &str)], file: (&str, &str, &[u8])) -> Answer {
        const BOUNDARY: &str = "sakimori-test-boundary";
        let mut body = Vec::new();
        let csrf = [("csrf", self.csrf.as_str())];
        for (name, value) in csrf.iter().chain(fields) {
            let part = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
            body.extend_from_slice(part.as_bytes());
        }
        let (field, name, bytes) = file;
        let head =
            format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"{name}\"\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
        self.request("POST", path, &format!("multipart/form-data; boundary={BOUNDARY}"), Body::from(body)).await
    }

    /// The session's token, for tests that send it wrongly.
    pub fn csrf(&self) -> &str {
        &self.csrf
    }

    async fn request(&self, method: &str, path: &str, media_type: &str, body: Body) -> Answer {
        let mut request = Request::builder().method(method).uri(path).header("x-csrf-token", &self.csrf);
        if !self.cookie.is_empty() {
            request = request.header(COOKIE, &self.cookie);
        }
        if !self.bearer.is_empty() {
            request = request.header(AUTHORIZATION, format!("Bearer {}", self.bearer));
        }
        if !media_type.is_empty() {
            request = request.header(CONTENT_TYPE, media_type);
        }
        self.answer(request.body(body).expect("a request")).await
    }

    async fn answer(&self, mut request: Request<Body>) -> Answer {
        if let Some(address) = self.address {
            request.extensions_mut().insert(ConnectInfo(SocketAddr::from((address, 4711))));
        }
        let response = self.router.clone().oneshot(request).await.expect("the router always answers");
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.expect("a whole body").to_vec();
        Answer { status: parts.status, headers: parts.headers, bytes }
    }
}
