//! One large file over HTTP, from a server that asks for patience, is not there, or has nothing new.

use std::cell::RefCell;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use standing_collectors::FetchError;
use standing_collectors::download::{Download, Downloaded, Mark, download};

/// A server that gives these answers one after the other and tells what it was asked.
fn server(answers: &[&str]) -> (String, Receiver<String>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("http://{}/all.zip", listener.local_addr().unwrap());
    let (tell, told) = channel();
    let answers: Vec<String> = answers.iter().map(|a| (*a).to_owned()).collect();
    std::thread::spawn(move || {
        for answer in answers {
            let (mut line, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(line.try_clone().unwrap());
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head).unwrap() > 0 {}
            tell.send(head.to_lowercase()).unwrap();
            line.write_all(answer.as_bytes()).unwrap();
        }
    });
    (url, told)
}

/// What came, what was written, and how long was waited.
struct Got {
    came: Result<Downloaded, FetchError>,
    bytes: Vec<u8>,
    waited: Vec<u64>,
}

fn get(url: &str, held: Option<&Mark>) -> Got {
    let waited = RefCell::new(Vec::new());
    let mut bytes = Vec::new();
    let wanted = Download {
        url,
        ca_file: None,
        held,
        longest: 1 << 20,
        wait: &|pause: Duration| waited.borrow_mut().push(pause.as_secs()),
    };
    let came = download(&wanted, &mut bytes, &mut |_, _| {});
    Got {
        came,
        bytes,
        waited: waited.into_inner(),
    }
}

const WHOLE: &str =
    "HTTP/1.1 200 X\r\nlast-modified: then\r\ncontent-length: 3\r\nconnection: close\r\n\r\nabc";

#[test]
fn whoever_asks_for_patience_gets_it_within_bounds() {
    let later =
        "HTTP/1.1 503 X\r\nretry-after: 7\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let (url, _told) = server(&[later, WHOLE]);
    let got = get(&url, None);
    let mark = Mark {
        etag: None,
        last_modified: Some("then".into()),
    };
    assert_eq!(got.came.unwrap(), Downloaded::Whole(mark));
    assert_eq!((got.bytes.as_slice(), got.waited), (&b"abc"[..], vec![7]));

    let (url, _told) = server(&[&later.replace(": 7", ": 3600")]);
    let got = get(&url, None);
    assert!(got.came.unwrap_err().to_string().contains("status 503"));
    assert!(got.waited.is_empty());
}

#[test]
fn what_is_held_is_named_and_not_sent_again() {
    let mark = Mark {
        etag: Some("\"e\"".into()),
        last_modified: Some("then".into()),
    };
    let same = "HTTP/1.1 304 X\r\nconnection: close\r\n\r\n";
    let (url, told) = server(&[same, same]);
    assert_eq!(get(&url, Some(&mark)).came.unwrap(), Downloaded::Unchanged);
    let head = told.recv().unwrap();
    for line in ["if-none-match: \"e\"\r\n", "if-modified-since: then\r\n"] {
        assert!(head.contains(line), "{head}");
    }
    // Nobody said that anything is held.
    assert!(get(&url, None).came.is_err());
}

#[test]
fn no_error_says_more_of_an_address_than_its_host() {
    let (url, _told) =
        server(&["HTTP/1.1 403 X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"]);
    let refused = get(&format!("{url}?token=t0ken"), None).came.unwrap_err();
    let nobody = get("http://127.0.0.1:1/t0ken", None);
    assert_eq!(nobody.waited, [1, 2]);
    let plain = get("http://elsewhere.example/t0ken", None);
    for error in [refused, nobody.came.unwrap_err(), plain.came.unwrap_err()] {
        let words = error.to_string();
        assert!(
            !words.contains("t0ken") && !words.contains("all.zip"),
            "{words}"
        );
    }
}

#[test]
fn a_part_of_a_file_is_no_file() {
    let part = WHOLE.replace(" 200 ", " 206 ");
    let short = WHOLE.replace("length: 3", "length: 4");
    let chunked =
        "HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n3\r\nabc\r\n";
    for answer in [part.as_str(), short.as_str(), chunked] {
        let (url, _told) = server(&[answer]);
        let got = get(&url, None);
        assert!(got.came.is_err(), "{answer}");
    }
}
