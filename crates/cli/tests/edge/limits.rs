//! Slow, large and many: each is refused, and the server goes on answering the others.

use std::io::{Read as _, Write as _};
use std::process::Command;

use crate::server::{Server, folder, rest};

#[test]
fn a_header_that_never_ends_is_cut_off() {
    let server = Server::start(&["--limit", "header-seconds=1"]);
    let mut slow: Vec<_> = (0..50).map(|_| server.connect()).collect();
    for stream in &mut slow {
        stream.write_all(b"GET /sign-in HTTP/1.1\r\nHost: a\r\nX-A: ").expect("a beginning");
    }
    assert!(server.ask("GET /healthz HTTP/1.1", b"").starts_with("HTTP/1.1 200"), "others are served meanwhile");
    for stream in &mut slow {
        let answer = rest(stream);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
    }
    // A connection that says nothing at all ends too.
    assert_eq!(rest(&mut server.connect()), "");
}

#[test]
fn a_body_that_trickles_is_cut_off() {
    let server = Server::start(&["--limit", "body-grace-seconds=1"]);
    let mut stream = server.connect();
    stream.write_all(b"POST /sign-in HTTP/1.1\r\nHost: a\r\nContent-Length: 10000\r\n\r\nlogin=").expect("a beginning");
    let answer = rest(&mut stream);
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("送信が遅すぎた"), "{answer}");
}

#[test]
fn what_came_fast_buys_no_rest() {
    // At a byte a second, what comes at once here would be worth four hours.
    let server = Server::start(&["--limit", "body-grace-seconds=1,body-bytes-per-second=1"]);
    let mut stream = server.connect();
    let head = b"POST /sign-in HTTP/1.1\r\nHost: a\r\nContent-Length: 16000\r\n\r\nlogin=";
    stream.write_all(head).expect("a beginning");
    stream.write_all(&[b'a'; 15_000]).expect("most of it");
    let answer = rest(&mut stream);
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("送信が遅すぎた"), "{answer}");
}

#[test]
fn what_is_too_large_is_refused_before_it_is_read() {
    let server = Server::start(&["--limit", "header-kib=16"]);
    let many = format!("GET /sign-in HTTP/1.1\r\nX-Large: {}", "a".repeat(20_000));
    assert!(server.ask(&many, b"").starts_with("HTTP/1.1 431"));
    let names: String = (0..80).map(|n| format!("\r\nX-{n}: a")).collect();
    assert!(server.ask(&format!("GET /sign-in HTTP/1.1{names}"), b"").starts_with("HTTP/1.1 431"));
    let mut stream = server.connect();
    stream.write_all(b"POST /sign-in HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n").expect("a header");
    let mut first = [0; 12];
    stream.read_exact(&mut first).expect("an answer before the body");
    assert_eq!(&first, b"HTTP/1.1 413");
}

#[test]
fn a_flood_is_refused_with_the_time_to_wait() {
    let server = Server::start(&["--limit", "address-per-second=1,failures-per-minute=1"]);
    // Made-up sessions do not make a new somebody of each request.
    let answers: Vec<String> = (0..14)
        .map(|n| server.ask(&format!("GET /sign-in HTTP/1.1\r\nCookie: __Host-sakimori={n:064}"), b""))
        .collect();
    assert!(answers[0].starts_with("HTTP/1.1 200"), "{}", answers[0]);
    let last = answers.last().expect("answers").to_lowercase();
    assert!(last.starts_with("http/1.1 429") && last.contains("retry-after: "), "{last}");
    assert!(last.contains("少しお待ちください"), "{last}");
    let health = server.ask("GET /healthz HTTP/1.1", b"");
    assert!(health.starts_with("HTTP/1.1 200"), "{health}");
}

#[test]
fn guessing_from_one_address_ends_whatever_the_names() {
    let server = Server::start(&["--limit", "failures-per-minute=1"]);
    let attempt = |n: u32| {
        let form = "Content-Type: application/x-www-form-urlencoded";
        let body = format!("login=name{n}&password=nonsense");
        server.ask(&format!("POST /sign-in HTTP/1.1\r\n{form}"), body.as_bytes())
    };
    for n in 0..3 {
        assert!(attempt(n).starts_with("HTTP/1.1 401"));
    }
    let refused = attempt(4);
    assert!(refused.starts_with("HTTP/1.1 429"), "{refused}");
    assert!(server.ask("GET /sign-in HTTP/1.1", b"").starts_with("HTTP/1.1 200"), "pages still come");
}

#[test]
fn one_address_has_so_many_connections_and_gets_its_places_back() {
    let server = Server::start(&["--limit", "connections-per-address=4"]);
    let mut held: Vec<_> = (0..4).map(|_| server.connect()).collect();
    for stream in &mut held {
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n").expect("a request");
        let mut first = [0; 12];
        stream.read_exact(&mut first).expect("an answer");
    }
    assert_eq!(server.ask("GET /healthz HTTP/1.1", b""), "", "the fifth is closed at once");
    drop(held);
    // The server learns of the closed connections in its own time.
    let is_back = (0..1000).any(|_| server.ask("GET /healthz HTTP/1.1", b"").starts_with("HTTP/1.1 200"));
    assert!(is_back);
}

#[test]
fn an_answer_that_nobody_takes_is_given_up() {
    let server = Server::start(&["--limit", "answer-stall-seconds=1"]);
    let mut stream = server.connect();
    let requests = "GET /sign-in HTTP/1.1\r\nHost: a\r\n\r\n".repeat(200);
    let mut sent = 0;
    // Writes until the server, stuck on its answers, takes no more requests; then its patience ends.
    stream.set_write_timeout(Some(std::time::Duration::from_secs(30))).expect("a timeout");
    let broke = (0..100_000).find_map(|_| match stream.write(requests.as_bytes()) {
        Ok(count) => {
            sent += count;
            None
        }
        Err(error) => Some(error.kind()),
    });
    let broke = broke.expect("the server gives the connection up");
    assert!(broke != std::io::ErrorKind::WouldBlock && broke != std::io::ErrorKind::TimedOut, "{broke:?} after {sent}");
    assert!(server.ask("GET /healthz HTTP/1.1", b"").starts_with("HTTP/1.1 200"));
}

#[test]
fn plain_http_does_not_leave_the_machine_by_accident() {
    let folder = folder();
    let run = |arguments: &[&str]| {
        let data = folder.join("data");
        let mut command = Command::new(env!("CARGO_BIN_EXE_sakimori"));
        command.args(arguments).arg("--data").arg(data).output().expect("the program runs")
    };
    for (command, way) in [("serve", "--behind-proxy"), ("demo", "--plain-http")] {
        let refused = run(&[command, "--listen", "0.0.0.0:0"]);
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(!refused.status.success() && said.contains(way), "{said}");
    }
    let shown = run(&["serve", "--print-config", "--behind-proxy", "--limit", "header-kib=16"]);
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.contains("behind-proxy = true") && shown.contains("header-kib = 16"), "{shown}");
    std::fs::remove_dir_all(folder).expect("the folder goes");
}
