//! What the server says of itself, and how it ends.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use super::service::{Inbox, PATIENCE, Service};
use crate::home::Home;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

fn healthz(more: &str) -> String {
    format!("GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{more}\r\n")
}

#[test]
fn told_to_stop_it_finishes_what_has_begun_and_leaves_with_0() {
    let home = Home::new();
    let service = Service::start(&home.path);
    let mut line = TcpStream::connect(("127.0.0.1", service.port)).unwrap();
    line.set_read_timeout(Some(PATIENCE)).unwrap();
    let begun = "POST /nothing-here HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10\r\n\r\n";
    line.write_all(begun.as_bytes()).unwrap();
    line.write_all(b"12345").unwrap();
    assert!(service.ask(&healthz("")).starts_with("HTTP/1.1 200"));
    service.signal("-TERM");
    service.until("stopping: what has begun is finished", "");
    let _ = line.write_all(b"67890");
    let mut answer = String::new();
    line.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    assert_eq!(service.ended(), Some(0));
}

#[test]
fn the_log_is_json_and_names_no_path_and_no_query() {
    let home = Home::new();
    let service = Service::start(&home.path);
    let asked =
        "GET /items/somebody?who=somebody HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    service.ask(asked);
    let line = service.until("answered", "/items/{ref}");
    assert_eq!(line["span"]["http.route"], "/items/{ref}");
    assert!(!line.to_string().contains("somebody"), "{line}");
}

#[test]
fn traces_go_to_the_endpoint_and_join_whoever_asked() {
    let home = Home::new();
    let inbox = Inbox::new();
    let url = inbox.url();
    let service = Service::with(&home.path, &[("OTEL_EXPORTER_OTLP_ENDPOINT", &url)]);
    let parent = format!("traceparent: 00-{TRACE}-00f067aa0ba902b7-01\r\n");
    assert!(service.ask(&healthz(&parent)).starts_with("HTTP/1.1 200"));
    service.signal("-TERM");
    let received = inbox.next();
    assert!(
        received.head.starts_with("POST /v1/traces HTTP/1.1"),
        "{}",
        received.head
    );
    assert_eq!(received.header("content-type"), "application/x-protobuf");
    let has = |wanted: &[u8]| received.body.windows(wanted.len()).any(|w| w == wanted);
    assert!(has(b"GET /healthz"));
    let bytes: Vec<u8> = (0..TRACE.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&TRACE[at..at + 2], 16).unwrap())
        .collect();
    assert!(has(&bytes), "the trace that the request was part of");
    received.answer(200);
    assert_eq!(service.ended(), Some(0));
}

#[test]
fn a_collector_of_traces_that_never_answers_holds_up_nothing() {
    let home = Home::new();
    // It takes connections and says nothing.
    let inbox = Inbox::new();
    home.configure(&format!("[serve]\notlp_endpoint = \"{}\"\n", inbox.url()));
    let service = Service::start(&home.path);
    for _ in 0..20 {
        assert!(service.ask(&healthz("")).starts_with("HTTP/1.1 200"));
    }
    assert_eq!(service.stop(), Some(0));
    assert!(!inbox.is_quiet());
}
