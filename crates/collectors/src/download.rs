//! A large public file over HTTP, written as it comes: same rules as [`crate::http`], no size in memory.
//!
//! *Architecture invariants:* a redirect is followed only to the same host, asked in the same way; what
//! is longer than allowed, or ends before its announced end, is an error and no file; and no error says
//! more of the address than its host, because the rest may hold a secret.

use std::io::{Read, Write};
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use standing_facts::GapCode;
use ureq::http::{Response, Uri};
use ureq::{Agent, Body};

use crate::FetchError;
use crate::http::{
    Answer, agent, asked_for, asks_for_patience, brief, doubling, may_be_asked, roots, same_place,
};

/// Longest time for one file.
const TIME: Duration = Duration::from_secs(30 * 60);
/// Longest wait that a server may ask for before it is asked again.
const PATIENCE: Duration = Duration::from_secs(60);
/// Most tries before the first byte has come.
const TRIES: u32 = 3;
/// Most redirects within the host.
const REDIRECTS: u32 = 5;

/// What is wanted.
pub struct Download<'a> {
    /// Its address.
    pub url: &'a str,
    /// File of the certificates that are believed instead of the system's, and how messages name it.
    pub ca_file: Option<(&'a Path, &'a str)>,
    /// What the server said of the file that is held, where it may be sent again only if it changed.
    pub held: Option<&'a Mark>,
    /// Longest file, in bytes.
    pub longest: u64,
    /// Waits, when the server asks for patience.
    pub wait: &'a dyn Fn(Duration),
}

/// By what a server knows one state of a file again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// Its `ETag`.
    pub etag: Option<String>,
    /// Its `Last-Modified`, as it was said.
    pub last_modified: Option<String>,
}

/// What came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Downloaded {
    /// Nothing: the file is as it was.
    Unchanged,
    /// The whole file.
    Whole(Mark),
}

/// Gets one file. `progress` is told how many bytes have come and how many there are, if that is known.
///
/// # Errors
/// When it cannot be had whole; what was written to `out` is then worth nothing.
pub fn download(
    wanted: &Download<'_>,
    out: &mut dyn Write,
    progress: &mut dyn FnMut(u64, Option<u64>),
) -> Result<Downloaded, FetchError> {
    let start = may_be_asked(wanted.url).map_err(|_| odd_address())?;
    let roots = match wanted.ca_file {
        Some((file, shown)) => roots(file, shown)?,
        None => roots(Path::new(""), "")?,
    };
    let host = start.host().unwrap_or_default().to_owned();
    let agent = agent(&start, roots, TIME);
    let answer = follow(wanted, &agent, &host, start)?;
    if answer.status() == 304 && wanted.held.is_some() {
        return Ok(Downloaded::Unchanged);
    }
    let answer = whole(answer, &host)?;
    receive(wanted, answer, &host, out, progress).map(Downloaded::Whole)
}

fn odd_address() -> FetchError {
    let why = "expected an address as https://host/path; plain http is for this machine only";
    FetchError::system(GapCode::Malformed, why)
}

/// Asks, and asks again where the host sends us within itself.
fn follow(
    wanted: &Download<'_>,
    agent: &Agent,
    host: &str,
    start: Uri,
) -> Result<Response<Body>, FetchError> {
    let mut at = start;
    for _ in 0..=REDIRECTS {
        let answer = patiently(wanted, agent, host, &at)?;
        if !matches!(answer.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
            return Ok(answer);
        }
        at = next(&answer, &at).ok_or_else(|| {
            let why = format!("{host} sends us to another host, which is not asked");
            FetchError::system(GapCode::Malformed, why)
        })?;
    }
    let why = format!("{host} sends us from one place to another without end");
    Err(FetchError::system(GapCode::Malformed, why))
}

/// Where a redirect leads, if it is the same host.
fn next(answer: &Response<Body>, at: &Uri) -> Option<Uri> {
    let location = answer.headers().get("location")?.to_str().ok()?;
    let to = if location.contains("://") {
        location.to_owned()
    } else {
        let path = match location.strip_prefix('/') {
            Some(rest) if !rest.starts_with('/') => location.to_owned(),
            Some(_) => return None,
            None => format!("{}/{location}", at.path().rsplit_once('/')?.0),
        };
        format!("{}://{}{path}", at.scheme_str()?, at.authority()?)
    };
    to.parse().ok().filter(|to| same_place(to, at))
}

/// Asks until there is an answer that is worth having, within [`TRIES`].
fn patiently(
    wanted: &Download<'_>,
    agent: &Agent,
    host: &str,
    at: &Uri,
) -> Result<Response<Body>, FetchError> {
    let mut tries = 0;
    loop {
        tries += 1;
        let pause = match ask(wanted, agent, at) {
            Ok(answer) => match patience(&answer, host) {
                Some(pause) if tries < TRIES && pause.unwrap_or_default() <= PATIENCE => pause,
                _ => return Ok(answer),
            },
            Err(error) if tries >= TRIES => return Err(unreachable(host, &error)),
            Err(_) => None,
        };
        (wanted.wait)(pause.unwrap_or_else(|| doubling(tries)));
    }
}

fn ask(wanted: &Download<'_>, agent: &Agent, at: &Uri) -> Result<Response<Body>, Box<ureq::Error>> {
    let mut request = agent.get(at);
    if let Some(held) = wanted.held {
        if let Some(etag) = &held.etag {
            request = request.header("if-none-match", etag);
        }
        if let Some(day) = &held.last_modified {
            request = request.header("if-modified-since", day);
        }
    }
    request.call().map_err(Box::new)
}

/// Whether the server asks to be asked later, and after how long if it says so.
fn patience(answer: &Response<Body>, host: &str) -> Option<Option<Duration>> {
    let head = heading(answer, host);
    asks_for_patience(&head).then(|| asked_for(&head, Timestamp::now()))
}

/// The answer without its body, as the rest of the crate knows answers.
fn heading(answer: &Response<Body>, host: &str) -> Answer {
    let headers = answer.headers().iter().filter_map(|(name, value)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    });
    Answer {
        status: answer.status().as_u16(),
        headers: headers.collect(),
        body: Vec::new(),
        what: host.to_owned(),
    }
}

/// The answer, if it is the whole of a file.
fn whole(answer: Response<Body>, host: &str) -> Result<Response<Body>, FetchError> {
    heading(&answer, host).good()?;
    if answer.status() != 200 {
        let why = format!(
            "{host} answers with status {}, not with a file",
            answer.status()
        );
        return Err(FetchError::system(GapCode::Malformed, why));
    }
    Ok(answer)
}

fn receive(
    wanted: &Download<'_>,
    answer: Response<Body>,
    host: &str,
    out: &mut dyn Write,
    progress: &mut dyn FnMut(u64, Option<u64>),
) -> Result<Mark, FetchError> {
    let head = heading(&answer, host);
    let announced: Option<u64> = head.header("content-length").and_then(|n| n.parse().ok());
    let too_long = || {
        let why = format!(
            "{host}: the file is longer than {} MiB",
            wanted.longest >> 20
        );
        FetchError::system(GapCode::TooLarge, why)
    };
    if announced.is_some_and(|n| n > wanted.longest) {
        return Err(too_long());
    }
    let mut body = answer.into_body();
    let mut body = body.with_config().limit(u64::MAX).reader();
    let (mut buffer, mut come) = (vec![0; 1 << 16], 0);
    loop {
        let read = body.read(&mut buffer).map_err(|_| broken_off(host))?;
        if read == 0 {
            break;
        }
        come += read as u64;
        if come > wanted.longest {
            return Err(too_long());
        }
        out.write_all(&buffer[..read]).map_err(|error| {
            let why = format!("{host}: the file cannot be written here: {}", error.kind());
            FetchError::system(GapCode::TooLarge, why)
        })?;
        progress(come, announced);
    }
    if announced.is_some_and(|n| n != come) {
        return Err(broken_off(host));
    }
    Ok(Mark {
        etag: head.header("etag").map(str::to_owned),
        last_modified: head.header("last-modified").map(str::to_owned),
    })
}

fn broken_off(host: &str) -> FetchError {
    let why = format!("{host}: the file broke off before its end");
    FetchError::system(GapCode::Truncated, why)
}

fn unreachable(host: &str, error: &ureq::Error) -> FetchError {
    let why = format!("{host}: no answer ({})", brief(error));
    FetchError::system(GapCode::Unreachable, why)
}
