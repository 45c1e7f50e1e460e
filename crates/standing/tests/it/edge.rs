//! The server's outer edge: TLS by the firm's own certificate, plain HTTP on loopback only, and
//! patience with a bound. Nothing here waits for longer than the bound that it sets.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use ureq::tls::{Certificate, RootCerts, TlsConfig};

use crate::home::Home;
use crate::serving::{Browser, Server, free_port};

/// Makes `keys/tls.pem` and `keys/tls.key` for localhost; false, and says so, without `openssl`.
pub fn certify(home: &Home) -> bool {
    let made = Command::new("openssl")
        .args("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2".split(' '))
        .args([
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost",
            "-addext",
            "basicConstraints=critical,CA:FALSE",
        ])
        .args(["-keyout", "keys/tls.key", "-out", "keys/tls.pem"])
        .current_dir(&home.path)
        .output();
    let Ok(made) = made else {
        eprintln!("skipped: openssl not found");
        return false;
    };
    assert!(made.status.success(), "{made:?}");
    true
}

/// The lines of `[serve]` that take it up.
pub const TLS: &str = "tls_certificate = \"keys/tls.pem\"\ntls_key = \"keys/tls.key\"\n";

/// A browser that believes the certificate of a home alone.
pub fn believing(home: &Path) -> Browser {
    let pem = std::fs::read(home.join("keys/tls.pem")).unwrap();
    let root = Certificate::from_pem(&pem).unwrap();
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::Specific(Arc::new(vec![root])))
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .build();
    Browser::with(ureq::Agent::config_builder().tls_config(tls))
}

fn over_tls() -> Option<Server> {
    let home = Home::new();
    if !certify(&home) {
        return None;
    }
    let port = free_port();
    home.configure(&format!("[serve]\n{TLS}"));
    Some(Server::of(home, port))
}

/// Sends bytes as they are, and gives what comes until the connection ends.
fn raw(port: u16, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    stream.write_all(bytes).unwrap();
    let mut came = Vec::new();
    match stream.read_to_end(&mut came) {
        Ok(_) => came,
        Err(error) if error.kind() == ErrorKind::ConnectionReset => came,
        Err(error) => panic!("the connection did not end: {error}"),
    }
}

#[test]
fn by_certificate_the_browser_is_bound_to_tls() {
    let Some(server) = over_tls() else {
        return;
    };
    let mut browser = believing(&server.home.path);
    let came = browser.get(&format!("https://localhost:{}/", server.port));
    assert_eq!(came.status, 303);
    let bound = came.headers.get("strict-transport-security").unwrap();
    assert_eq!(bound, "max-age=31536000");
    let came = raw(server.port, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert!(!came.starts_with(b"HTTP"), "plain HTTP was answered");
}

/// A greeting of TLS that offers this version at most, with one cipher suite that every version has.
fn greeting(minor: u8) -> Vec<u8> {
    let mut body = vec![3, minor];
    body.extend([7; 32]);
    // No session; TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA and …_GCM_SHA256; no compression.
    body.extend([0, 0, 4, 0xc0, 0x09, 0xc0, 0x2b, 1, 0]);
    // Groups: P-256. Points: uncompressed. Signatures: ECDSA with P-256 and SHA-256. Extended secret.
    body.extend([0, 26, 0, 10, 0, 4, 0, 2, 0, 23, 0, 11, 0, 2, 1, 0]);
    body.extend([0, 13, 0, 4, 0, 2, 4, 3, 0, 23, 0, 0]);
    let length = u16::try_from(body.len()).unwrap().to_be_bytes();
    let mut greeting = vec![22, 3, 1];
    greeting.extend((u16::from_be_bytes(length) + 4).to_be_bytes());
    greeting.extend([1, 0, length[0], length[1]]);
    greeting.extend(body);
    greeting
}

#[test]
fn versions_of_tls_before_1_2_are_refused() {
    let Some(server) = over_tls() else {
        return;
    };
    for minor in [1, 2] {
        let came = raw(server.port, &greeting(minor));
        assert_eq!(came.first(), Some(&21), "an alert: {came:?}");
        assert_eq!(&came[5..7], [2, 70], "fatal, the version of the protocol");
    }
    let mut stream = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    stream.write_all(&greeting(3)).unwrap();
    let mut first = [0];
    stream.read_exact(&mut first).unwrap();
    assert_eq!(first, [22], "1.2 shakes hands");
}

#[test]
fn a_key_that_cannot_be_used_is_told_before_anything_is_written() {
    let (home, other) = (Home::new(), Home::new());
    if !certify(&home) || !certify(&other) {
        return;
    }
    home.configure(&format!("[serve]\n{TLS}"));
    let before = std::fs::read(home.path.join("vault/log/checkpoint")).unwrap();
    let key = home.path.join("keys/tls.key");
    std::fs::copy(other.path.join("keys/tls.key"), &key).unwrap();
    let serve = || {
        let port = free_port();
        home.run(&["serve", "--listen", &format!("127.0.0.1:{port}")])
    };
    let done = serve();
    assert_eq!(done.code, 2);
    assert!(done.err.contains("it is not the key of"), "{}", done.err);
    std::fs::remove_file(&key).unwrap();
    let done = serve();
    assert_eq!(done.code, 2);
    assert!(done.err.contains("cannot use tls_key"), "{}", done.err);
    assert!(done.err.contains("hint:"), "{}", done.err);
    let after = std::fs::read(home.path.join("vault/log/checkpoint")).unwrap();
    assert_eq!(before, after);
}

#[test]
fn plain_http_beyond_loopback_is_refused_unless_a_proxy_has_the_tls() {
    let home = Home::new();
    let done = home.run(&["serve", "--listen", "0.0.0.0:0"]);
    assert_eq!(done.code, 2);
    assert!(
        done.err.contains("plain HTTP is served on loopback only"),
        "{}",
        done.err
    );
    assert!(done.err.contains("hint: set tls_certificate and tls_key"));
    home.configure("[serve]\ntrusted_proxies = [\"10.0.0.1\"]\n");
    let done = home.run(&["serve", "--listen", "0.0.0.0:0"]);
    assert_eq!(done.code, 2, "the address that people type has no TLS");
}

#[test]
fn a_head_that_does_not_come_to_its_end_is_not_waited_for() {
    let server = Server::start(|_, _| "[serve]\nheader_seconds = 1\n".into());
    let came = raw(
        server.port,
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
    );
    let came = String::from_utf8_lossy(&came);
    assert!(!came.contains(" 200 ") && !came.contains(" 303 "), "{came}");
}

#[test]
fn a_head_beyond_bounds_is_refused() {
    let server = Server::start(|_, _| String::new());
    let long = format!(
        "GET / HTTP/1.1\r\nHost: localhost\r\nX: {}",
        "x".repeat(1 << 17)
    );
    let mut stream = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    // The server may have hung up before everything is written.
    let _ = stream.write_all(long.as_bytes());
    let mut came = Vec::new();
    let _ = stream.read_to_end(&mut came);
    let came = String::from_utf8_lossy(&came);
    assert!(
        came.is_empty() || came.starts_with("HTTP/1.1 431"),
        "{came}"
    );
}

fn head(server: &Server, length: usize) -> String {
    let origin = server.url();
    format!(
        "POST /passkeys/sign-in/begin HTTP/1.1\r\nHost: localhost:{}\r\nOrigin: {origin}\r\n\
         Content-Type: application/json\r\nConnection: close\r\n\
         Content-Length: {length}\r\n\r\n",
        server.port
    )
}

#[test]
fn a_body_that_does_not_come_is_not_waited_for() {
    let server = Server::start(|_, _| "[serve]\nbody_seconds = 1\n".into());
    let came = raw(server.port, format!("{}abc", head(&server, 10)).as_bytes());
    let came = String::from_utf8_lossy(&came);
    assert!(came.starts_with("HTTP/1.1 408"), "{came}");
}

#[test]
fn a_body_beyond_bounds_is_refused() {
    let server = Server::start(|_, _| String::new());
    let long = "x".repeat((1 << 20) + 1);
    let came = raw(
        server.port,
        format!("{}{long}", head(&server, long.len())).as_bytes(),
    );
    let came = String::from_utf8_lossy(&came);
    assert!(came.starts_with("HTTP/1.1 413"), "{came}");
}
