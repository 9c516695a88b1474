//! A started `sakimori serve` on a free port, and raw requests against it.

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// A server of one test; it ends with it.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
    pub folder: PathBuf,
    log: Arc<Mutex<String>>,
}

/// A folder of its own for a test.
pub fn folder() -> PathBuf {
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("sakimori_edge_{}_{number}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a temporary folder");
    folder
}

impl Server {
    /// Starts with a fresh database and waits until it listens.
    pub fn start(arguments: &[&str]) -> Self {
        Self::start_in(folder(), arguments)
    }

    pub fn start_in(folder: PathBuf, arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_sakimori"))
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(folder.join("data"))
            .args(arguments)
            .stderr(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let mut lines = BufReader::new(child.stderr.take().expect("its log")).lines();
        let log = Arc::new(Mutex::new(String::new()));
        let mut address = None;
        for line in lines.by_ref().map_while(Result::ok) {
            if line.contains("\"listening\"") {
                let said: serde_json::Value = serde_json::from_str(&line).expect("a line of JSON");
                address = said["address"].as_str().and_then(|text| text.parse().ok());
                break;
            }
            log.lock().expect("unpoisoned").push_str(&line);
        }
        let address = address.unwrap_or_else(|| panic!("no address: {}", log.lock().expect("unpoisoned")));
        let writing = log.clone();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                writing.lock().expect("unpoisoned").push_str(&line);
            }
        });
        Self { child, address, folder, log }
    }

    /// What the server has logged.
    pub fn log(&self) -> String {
        self.log.lock().expect("unpoisoned").clone()
    }

    /// Sends a signal by name.
    pub fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().expect("kill runs").success());
    }

    /// A connection; a server that never answers fails the test after a while.
    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a timeout");
        stream
    }

    /// One request on a connection of its own; the whole answer.
    pub fn ask(&self, head: &str, body: &[u8]) -> String {
        let mut stream = self.connect();
        let head = format!("{head}\r\nHost: {}\r\nConnection: close\r\n", self.address);
        let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
        // The server may have answered and closed before everything is sent.
        let _ = stream.write_all(format!("{head}{length}\r\n").as_bytes());
        let _ = stream.write_all(body);
        rest(&mut stream)
    }
}

/// Everything until the other side closes.
pub fn rest(stream: &mut impl Read) -> String {
    let mut bytes = Vec::new();
    let mut part = [0; 16 << 10];
    loop {
        match stream.read(&mut part) {
            Ok(0) => break,
            Ok(count) => bytes.extend_from_slice(&part[..count]),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                panic!("the server neither answers nor closes")
            }
            Err(_) => break,
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
