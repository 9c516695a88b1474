//! Traces reach the collector that was named, and say nothing of people.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::time::Duration;

use crate::server::Server;

/// Takes one request and answers it; gives its head and body.
fn one_request(listener: &TcpListener) -> Vec<u8> {
    let (mut stream, _) = listener.accept().expect("the collector is called");
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout");
    let mut bytes = Vec::new();
    let mut part = [0; 8 << 10];
    loop {
        let count = stream.read(&mut part).expect("the request comes whole");
        bytes.extend_from_slice(&part[..count]);
        let text = String::from_utf8_lossy(&bytes).to_lowercase();
        let Some(head) = text.find("\r\n\r\n") else { continue };
        let length = text.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next());
        let length: usize = length.and_then(|text| text.parse().ok()).expect("a length");
        if bytes.len() >= length + head {
            break;
        }
    }
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").expect("an answer");
    bytes
}

#[test]
fn traces_name_the_route_and_nobody() {
    let collector = TcpListener::bind("127.0.0.1:0").expect("a port");
    let endpoint = format!("http://{}", collector.local_addr().expect("an address"));
    let server = Server::start(&["--otlp-endpoint", &endpoint]);
    assert!(server.ask("GET /healthz?who=hamano HTTP/1.1", b"").starts_with("HTTP/1.1 200"));
    assert!(server.ask("GET /standards/hamano HTTP/1.1", b"").starts_with("HTTP/1.1 "));
    // What was not sent yet is sent when the program ends.
    server.signal("TERM");
    let sent = one_request(&collector);
    let holds = |text: &str| sent.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(sent.starts_with(b"POST /v1/traces HTTP/1.1") && holds("GET /healthz") && holds("/standards/{id}"));
    assert!(holds("sakimori") && !holds("hamano") && !holds("127.0.0.1:0"));
    assert!(!server.log().contains("sakimori::trace"), "traces are no log lines");
}

#[test]
fn without_an_endpoint_nothing_is_sent_and_a_wrong_one_is_refused() {
    let refused = std::process::Command::new(env!("CARGO_BIN_EXE_sakimori"))
        .args(["serve", "--listen", "127.0.0.1:0", "--otlp-endpoint", "collector:4318", "--data"])
        .arg(crate::server::folder())
        .output()
        .expect("the program runs");
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("--otlp-endpoint collector:4318"));
}
