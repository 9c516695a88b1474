//! A balancer in miniature: it sends each request to the next process that takes the connection.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What came of a request.
#[derive(Debug)]
pub enum Answer {
    Done {
        status: u16,
        head: String,
        body: String,
    },
    /// The connection broke after the request had gone out: nobody knows whether it was done.
    Broken,
}

/// The addresses behind the balancer.
pub struct Balancer {
    pub addresses: Vec<String>,
    next: AtomicUsize,
    /// Number of the process that said it is leaving; none: `usize::MAX`.
    pub leaving: AtomicUsize,
}

/// What a browser keeps.
#[derive(Default, Clone)]
pub struct Session {
    pub cookie: String,
    pub csrf: String,
}

impl Balancer {
    pub fn new(addresses: Vec<String>) -> Self {
        Self { addresses, next: AtomicUsize::new(0), leaving: AtomicUsize::new(usize::MAX) }
    }

    /// Sends a request to the next process; one that takes no connection is passed over, as a balancer does.
    pub async fn send(&self, session: &Session, method: &str, path: &str, kind: &str, body: &str) -> Answer {
        for _ in 0..200 {
            let at = self.next.fetch_add(1, Ordering::Relaxed) % self.addresses.len();
            if at == self.leaving.load(Ordering::Relaxed) {
                continue;
            }
            if let Ok(stream) = TcpStream::connect(&self.addresses[at]).await {
                return request(stream, &self.addresses[at], session, (method, path, kind, body)).await;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("no process takes a connection");
    }

    /// To one process only.
    pub async fn send_to(&self, at: usize, session: &Session, path: &str) -> Option<Answer> {
        let stream = TcpStream::connect(&self.addresses[at]).await.ok()?;
        Some(request(stream, &self.addresses[at], session, ("GET", path, "", "")).await)
    }
}

async fn request(
    mut stream: TcpStream,
    host: &str,
    session: &Session,
    (method, path, kind, body): (&str, &str, &str, &str),
) -> Answer {
    let cookie = if session.cookie.is_empty() { String::new() } else { format!("cookie: {}\r\n", session.cookie) };
    let text = format!(
        "{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{cookie}x-csrf-token: {}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n{body}",
        session.csrf,
        body.len()
    );
    let mut bytes = Vec::new();
    let exchanged = async {
        stream.write_all(text.as_bytes()).await?;
        stream.read_to_end(&mut bytes).await
    };
    if exchanged.await.is_err() {
        return Answer::Broken;
    }
    let answer = String::from_utf8_lossy(&bytes).into_owned();
    let Some((head, body)) = answer.split_once("\r\n\r\n") else { return Answer::Broken };
    let status = head.get(9..12).and_then(|code| code.parse().ok()).unwrap_or(0);
    Answer::Done { status, head: head.to_owned(), body: body.to_owned() }
}

/// Signs in as a browser does.
pub async fn sign_in(balancer: &Balancer, login: &str, password: &str) -> Session {
    let form: String = [("login", login), ("password", password)].map(|(k, v)| format!("{k}={}", escaped(v))).join("&");
    let kind = "application/x-www-form-urlencoded";
    let Answer::Done { status, head, body } = balancer.send(&Session::default(), "POST", "/sign-in", kind, &form).await
    else {
        panic!("signing in broke")
    };
    assert_eq!(status, 303, "{body}");
    let cookie = head.lines().find_map(|line| line.strip_prefix("set-cookie: ")).expect("a cookie");
    let mut session = Session { cookie: cookie.split(';').next().unwrap_or("").to_owned(), csrf: String::new() };
    // The next page comes from another process.
    let Answer::Done { status: 200, body, .. } = balancer.send(&session, "GET", "/me", "", "").await else {
        panic!("the session is not known to another process")
    };
    let token = body.split("name=\"csrf-token\" content=\"").nth(1).and_then(|rest| rest.split('"').next());
    token.expect("a page with its token").clone_into(&mut session.csrf);
    session
}

fn escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
