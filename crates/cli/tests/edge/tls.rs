//! TLS in the program: a certificate of the test's own, replaced while the server runs.

use std::io::Write as _;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::server::{Server, folder, rest};

struct Pair {
    certificate: CertificateDer<'static>,
    certificate_pem: String,
    key_pem: String,
}

fn pair() -> Pair {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
    Pair {
        certificate: made.cert.der().clone(),
        certificate_pem: made.cert.pem(),
        key_pem: made.signing_key.serialize_pem(),
    }
}

/// Asks over TLS, trusting one certificate only; `None` when the server shows another.
fn ask(server: &Server, trusted: &Pair, version: &'static rustls::SupportedProtocolVersion) -> Option<String> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.certificate.clone()).expect("a root");
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_protocol_versions(&[version])
        .expect("a version")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = "localhost".try_into().expect("a name");
    let client = ClientConnection::new(Arc::new(config), name).expect("a client");
    let mut stream = StreamOwned::new(client, server.connect());
    stream.write_all(b"GET /sign-in HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").ok()?;
    Some(rest(&mut stream))
}

#[test]
fn tls_is_served_and_a_new_certificate_is_taken_without_a_restart() {
    let folder = folder();
    let (certificate, key) = (folder.join("certificate.pem"), folder.join("key.pem"));
    let write = |pair: &Pair| {
        std::fs::write(&certificate, &pair.certificate_pem).expect("written");
        std::fs::write(&key, &pair.key_pem).expect("written");
    };
    let (first, second) = (pair(), pair());
    write(&first);
    let paths = [certificate.display().to_string(), key.display().to_string()];
    let server = Server::start_in(folder.clone(), &["--tls-certificate", &paths[0], "--tls-key", &paths[1]]);
    for version in [&rustls::version::TLS13, &rustls::version::TLS12] {
        let answer = ask(&server, &first, version).expect("an answer over TLS").to_lowercase();
        assert!(answer.starts_with("http/1.1 200"), "{answer}");
        assert!(answer.contains("strict-transport-security: max-age=31536000; includesubdomains"), "{answer}");
    }
    assert!(ask(&server, &second, &rustls::version::TLS13).is_none());
    let plain = server.ask("GET /healthz HTTP/1.1", b"");
    assert!(!plain.starts_with("HTTP/1.1 2"), "plain HTTP on the TLS port: {plain}");

    // A key of another certificate: refused, the old pair stays, the log says so.
    std::fs::write(&key, &second.key_pem).expect("written");
    server.signal("HUP");
    wait_for(|| server.log().contains("the old one stays"));
    assert!(ask(&server, &first, &rustls::version::TLS13).is_some());

    write(&second);
    server.signal("HUP");
    wait_for(|| ask(&server, &second, &rustls::version::TLS13).is_some());
    assert!(ask(&server, &first, &rustls::version::TLS13).is_none());
}

/// Something that happens in the server's own time; it has a minute.
fn wait_for(happened: impl Fn() -> bool) {
    let came = (0..1200).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(50));
        happened()
    });
    assert!(came, "it did not happen");
}
