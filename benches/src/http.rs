//! A small HTTP/1.1 client with one kept-open connection: cheap enough not to be what is measured.

use anyhow::{Context, Result, bail, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Largest answer that is read, in bytes.
const ANSWER_MAX: usize = 64 << 20;

/// One kept-open connection with the session of one person.
pub struct Client {
    address: String,
    stream: TcpStream,
    /// Bytes of the last answer; its capacity is used again.
    bytes: Vec<u8>,
    /// Where the body of the last answer begins.
    body: usize,
    /// Header lines that go with every request.
    headers: String,
}

/// Who is signed in: what a browser would keep.
#[derive(Debug, Clone, Default)]
pub struct Session {
    cookie: String,
    csrf: String,
}

impl Session {
    /// A session whose cookie and token are known.
    pub fn of(cookie: &str, csrf: &str) -> Self {
        Self { cookie: cookie.to_owned(), csrf: csrf.to_owned() }
    }
}

impl Client {
    /// Connects.
    ///
    /// # Errors
    /// Nobody listens at the address.
    pub async fn connect(address: &str, session: &Session) -> Result<Self> {
        let stream = TcpStream::connect(address).await.with_context(|| format!("{address}: no connection"))?;
        stream.set_nodelay(true)?;
        let headers = match session.cookie.as_str() {
            "" => String::new(),
            cookie => format!("cookie: {cookie}\r\nx-csrf-token: {}\r\n", session.csrf),
        };
        Ok(Self { address: address.to_owned(), stream, bytes: Vec::with_capacity(1 << 20), body: 0, headers })
    }

    /// GET; the status is 200 or it is an error.
    ///
    /// # Errors
    /// Another status, or the connection broke.
    pub async fn get(&mut self, path: &str) -> Result<&[u8]> {
        let status = self.send("GET", path, "", "").await?;
        ensure!(status == 200, "GET {path}: status {status}: {}", self.text());
        Ok(self.body())
    }

    /// PATCH of JSON; the status is 200 or it is an error.
    ///
    /// # Errors
    /// Another status, or the connection broke.
    pub async fn patch(&mut self, path: &str, json: &str) -> Result<&[u8]> {
        let status = self.send("PATCH", path, "application/json", json).await?;
        ensure!(status == 200, "PATCH {path}: status {status}: {}", self.text());
        Ok(self.body())
    }

    /// Sends a request, reads the whole answer, gives its status.
    ///
    /// # Errors
    /// The connection broke or the answer is not HTTP.
    pub async fn send(&mut self, method: &str, path: &str, media_type: &str, body: &str) -> Result<u16> {
        let kind = if media_type.is_empty() { String::new() } else { format!("content-type: {media_type}\r\n") };
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\n{}{kind}content-length: {}\r\n\r\n{body}",
            self.address,
            self.headers,
            body.len()
        );
        self.stream.write_all(request.as_bytes()).await?;
        self.read_answer().await
    }

    /// Body of the last answer.
    pub fn body(&self) -> &[u8] {
        self.bytes.get(self.body..).unwrap_or_default()
    }

    /// Body of the last answer as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(self.body()).into_owned()
    }

    /// A header of the last answer; the name in lower case.
    pub fn header(&self, name: &str) -> Option<String> {
        let head = std::str::from_utf8(&self.bytes[..self.body]).ok()?;
        find_header(head, name).map(str::to_owned)
    }

    async fn read_answer(&mut self) -> Result<u16> {
        self.bytes.clear();
        self.body = loop {
            if let Some(end) = self.bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            self.more().await?;
        };
        let head = std::str::from_utf8(&self.bytes[..self.body]).context("a head in ASCII")?;
        let status = head.get(9..12).and_then(|code| code.parse().ok()).context("a status line")?;
        let length = find_header(head, "content-length").map(str::parse::<usize>).transpose()?;
        let chunked = find_header(head, "transfer-encoding").is_some_and(|value| value.contains("chunked"));
        match length {
            Some(length) => {
                ensure!(length <= ANSWER_MAX, "an answer of {length} bytes");
                while self.bytes.len() < self.body + length {
                    self.more().await?;
                }
            }
            None if chunked => self.read_chunks().await?,
            None => {}
        }
        Ok(status)
    }

    /// Reads a chunked body and takes the chunk heads out of it.
    async fn read_chunks(&mut self) -> Result<()> {
        let (mut at, mut joined) = (self.body, Vec::new());
        loop {
            let line_end = loop {
                if let Some(end) = self.bytes[at..].windows(2).position(|two| two == b"\r\n") {
                    break at + end;
                }
                self.more().await?;
            };
            let size = usize::from_str_radix(std::str::from_utf8(&self.bytes[at..line_end])?.trim(), 16)?;
            let end = line_end + 2 + size;
            while self.bytes.len() < end + 2 {
                self.more().await?;
            }
            joined.extend_from_slice(&self.bytes[line_end + 2..end]);
            at = end + 2;
            if size == 0 {
                self.bytes.truncate(self.body);
                self.bytes.extend_from_slice(&joined);
                return Ok(());
            }
        }
    }

    async fn more(&mut self) -> Result<()> {
        if self.stream.read_buf(&mut self.bytes).await? == 0 {
            bail!("the server closed the connection in the middle of an answer");
        }
        ensure!(self.bytes.len() <= ANSWER_MAX + (1 << 16), "an answer without end");
        // Large answers arrive in large pieces.
        if self.bytes.capacity() - self.bytes.len() < 1 << 16 {
            self.bytes.reserve(1 << 18);
        }
        Ok(())
    }
}

fn find_header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim())
}

/// Signs in as a browser does: the form, the cookie, the token of the next page.
///
/// # Errors
/// The server refuses, or its pages carry no token.
pub async fn sign_in(address: &str, login: &str, password: &str) -> Result<Session> {
    let mut client = Client::connect(address, &Session::default()).await?;
    let form = form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("login", login), ("password", password)])
        .finish();
    let status = client.send("POST", "/sign-in", "application/x-www-form-urlencoded", &form).await?;
    ensure!(status == 303, "sign-in: status {status}: {}", client.text());
    let cookie = client.header("set-cookie").context("sign-in gives a cookie")?;
    let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
    let mut session = Session { cookie, csrf: String::new() };
    let mut client = Client::connect(address, &session).await?;
    let page = String::from_utf8_lossy(client.get("/me").await?).into_owned();
    let token = page.split("name=\"csrf-token\" content=\"").nth(1).and_then(|rest| rest.split('"').next());
    session.csrf = token.context("a page with its token")?.to_owned();
    Ok(session)
}
