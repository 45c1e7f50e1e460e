//! The one way by which collectors speak HTTP: to one host, politely, within bounds.
//!
//! *Architecture invariants:* a link in an answer is followed only to the host that the source's own
//! settings name; redirects are not followed at all; what a secret opens is asked over HTTPS, or on this
//! machine; a body longer than [`LONGEST`] is no answer; and a source that asks for patience gets it
//! within [`PATIENCE`], after which the run says so.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use standing_facts::GapCode;
use ureq::http::Uri;
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Proxy};

use crate::secret::Secret;
use crate::{FetchError, Line};

/// Longest answer, in bytes.
pub const LONGEST: u64 = 64 << 20;
/// Longest time that all waiting for one source may take.
pub const PATIENCE: Duration = Duration::from_secs(15 * 60);
/// Most requests that one run may make: what never ends is not read for ever.
const MOST_REQUESTS: u32 = 250_000;
/// Longest time for one request.
const TIME: Duration = Duration::from_secs(120);
/// Most tries of one request.
const TRIES: u32 = 8;
/// By how much a source's clock may differ from ours.
const SKEW: i64 = 300;

/// One question. It may hold a secret, so it cannot be printed.
#[derive(Clone)]
pub struct Question {
    method: &'static str,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    about: Option<String>,
}

impl Question {
    /// To read what lies at a path below the base, or at a whole address on the same host.
    pub fn get(target: impl Into<String>) -> Self {
        Question {
            method: "GET",
            target: target.into(),
            headers: Vec::new(),
            body: Vec::new(),
            about: None,
        }
    }

    /// To send JSON.
    pub fn post_json(target: impl Into<String>, body: &Value) -> Self {
        Question {
            method: "POST",
            body: body.to_string().into_bytes(),
            ..Question::get(target)
        }
        .header("content-type", "application/json")
    }

    /// To send a form; each value may be secret.
    pub fn post_form(target: impl Into<String>, fields: &[(&str, &str)]) -> Self {
        let mut form = form_urlencoded::Serializer::new(String::new());
        for (name, value) in fields {
            form.append_pair(name, value);
        }
        Question {
            method: "POST",
            body: form.finish().into_bytes(),
            ..Question::get(target)
        }
        .header("content-type", "application/x-www-form-urlencoded")
    }

    /// With one more header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// What it is about, in words: errors say these and not its address, which may hold somebody's id.
    #[must_use]
    pub fn about(mut self, what: &str) -> Self {
        self.about = Some(what.to_owned());
        self
    }

    /// Its body: what a signature is made over.
    pub fn body(&self) -> &[u8] {
        &self.body
    }
}

/// One answer, whatever its status.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Its headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Vec<u8>,
    pub(crate) what: String,
}

impl Answer {
    /// The first header of that name (lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut all = self.headers.iter();
        all.find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// When it is not JSON; the words hold nothing of it.
    pub fn json(&self) -> Result<Value, FetchError> {
        serde_json::from_slice(&self.body).map_err(|_| {
            let why = format!("{}: expected JSON in the answer", self.what);
            FetchError::system(GapCode::Malformed, why)
        })
    }

    /// The answer, if its status is 2xx.
    ///
    /// # Errors
    /// What the status means.
    pub fn good(self) -> Result<Answer, FetchError> {
        let what = &self.what;
        let (code, why) = match self.status {
            200..=299 => return Ok(self),
            401 => (
                GapCode::Denied,
                "the credential is wrong or has expired".to_owned(),
            ),
            403 => (
                GapCode::Denied,
                "the credential may not read this".to_owned(),
            ),
            404 | 410 => (GapCode::Missing, "there is nothing there".to_owned()),
            429 => (
                GapCode::Throttled,
                "it asks for more patience than we have".to_owned(),
            ),
            300..=399 => (
                GapCode::Malformed,
                "it answers with a redirect, which is not followed".to_owned(),
            ),
            400..=499 => (
                GapCode::Denied,
                format!("it refuses with status {}", self.status),
            ),
            500..=599 => (
                GapCode::Unreachable,
                format!("it fails with status {}", self.status),
            ),
            other => (
                GapCode::Malformed,
                format!("it answers with status {other}"),
            ),
        };
        Err(FetchError::system(code, format!("{what}: {why}")))
    }

    /// The address under `rel` in the `Link` header of RFC 8288.
    pub fn link(&self, rel: &str) -> Option<String> {
        let wanted = format!("rel=\"{rel}\"");
        let links = self.headers.iter().filter(|(n, _)| n == "link");
        links
            .flat_map(|(_, value)| value.split(','))
            .find(|link| link.split(';').skip(1).any(|p| p.trim() == wanted))
            .and_then(|link| Some(link.split_once('<')?.1.split_once('>')?.0.to_owned()))
    }
}

/// A line to one host.
pub struct Http<'l, 'a> {
    line: &'l mut Line<'a>,
    agent: Agent,
    base: Uri,
    headers: Vec<(String, Secret)>,
    waited: Duration,
    requests: u32,
    told_skew: bool,
}

impl<'a> Line<'a> {
    /// A line to the host of `base`. Where the source has a setting `ca_file`, its certificates are
    /// believed instead of the system's.
    ///
    /// # Errors
    /// When `base` is no address that may be asked, or the certificates cannot be read.
    pub fn http<'l>(&'l mut self, base: &str) -> Result<Http<'l, 'a>, FetchError> {
        let uri = may_be_asked(base)?;
        let ca = self.settings().value("ca_file").to_owned();
        let roots = roots(&self.root.folder.join(&ca), &ca)?;
        let agent = agent(&uri, roots, TIME);
        Ok(Http {
            line: self,
            agent,
            base: uri,
            headers: Vec::new(),
            waited: Duration::ZERO,
            requests: 0,
            told_skew: false,
        })
    }
}

impl<'a> Http<'_, 'a> {
    /// Sends this header with every question from here on.
    pub fn always(&mut self, name: &str, value: Secret) {
        self.headers.retain(|(n, _)| n != name);
        self.headers.push((name.to_owned(), value));
    }

    /// The line that this one goes over: for gaps, progress and keeping.
    pub fn line(&mut self) -> &mut Line<'a> {
        self.line
    }

    /// The address of a target: below the base, or whole and on the same host.
    ///
    /// # Errors
    /// When it leads to another host.
    pub fn address(&self, target: &str) -> Result<String, FetchError> {
        let base = self.base.to_string();
        let base = base.trim_end_matches('/');
        if !target.contains("://") {
            return Ok(match target {
                "" => base.to_owned(),
                _ if target.starts_with(['?', '/']) => format!("{base}{target}"),
                _ => format!("{base}/{target}"),
            });
        }
        let same = target
            .parse::<Uri>()
            .is_ok_and(|uri| same_place(&uri, &self.base));
        if same {
            return Ok(target.to_owned());
        }
        let host = self.base.host().unwrap_or_default();
        let why = format!("{host} names a next page on another host, which is not asked");
        Err(FetchError::system(GapCode::Truncated, why))
    }

    /// Asks until there is an answer that is worth having: 429 and passing failures are tried again
    /// after as long as the system asks for, or ever longer. Any other status is an answer.
    ///
    /// # Errors
    /// When the system cannot be reached, asks for too much patience, or answers without end.
    pub fn ask(&mut self, question: &Question) -> Result<Answer, FetchError> {
        let address = self.address(&question.target)?;
        let mut tries = 0;
        loop {
            tries += 1;
            self.requests += 1;
            if self.requests > MOST_REQUESTS {
                let why = format!("{}: more than {MOST_REQUESTS} requests", self.host());
                return Err(FetchError::system(GapCode::TooLarge, why));
            }
            let answer = self.once(question, &address);
            let pause = match &answer {
                Ok(answer) if asks_for_patience(answer) => {
                    asked_for(answer, self.line.now()).unwrap_or_else(|| doubling(tries))
                }
                Err(FetchError::System {
                    code: GapCode::Unreachable,
                    ..
                }) => doubling(tries),
                _ => return answer,
            };
            if tries >= TRIES || self.waited + pause > PATIENCE {
                return match answer {
                    Ok(answer) if is_throttled(&answer) => Err(FetchError::system(
                        GapCode::Throttled,
                        format!("{}: it asks for more patience than we have", answer.what),
                    )),
                    other => other,
                };
            }
            self.waited += pause;
            (self.line.root.wait)(pause);
        }
    }

    /// Asks, and takes nothing but 2xx for an answer.
    ///
    /// # Errors
    /// As [`Http::ask`], and what any other status means.
    pub fn good(&mut self, question: &Question) -> Result<Answer, FetchError> {
        self.ask(question)?.good()
    }

    /// Asks for JSON and keeps the answer as a part of this name.
    ///
    /// # Errors
    /// As [`Http::good`], and when the answer is not JSON or cannot be kept.
    pub fn keep(&mut self, name: &str, question: &Question) -> Result<Value, FetchError> {
        let answer = self.good(question)?;
        let value = answer.json()?;
        self.line.keep(name, &answer.body)?;
        Ok(value)
    }

    fn host(&self) -> &str {
        self.base.host().unwrap_or_default()
    }

    fn once(&mut self, question: &Question, address: &str) -> Result<Answer, FetchError> {
        let mut request = ureq::http::Request::builder()
            .method(question.method)
            .uri(address);
        for (name, value) in &self.headers {
            request = request.header(name, value.reveal());
        }
        for (name, value) in &question.headers {
            request = request.header(name, value);
        }
        // What was asked, without a query that may hold names and without a body that may be secret.
        let path = address.split(['?', '#']).next().unwrap_or_default();
        let what = match &question.about {
            Some(words) => words.clone(),
            None => format!("{} {}", question.method, path),
        };
        let bad = |_| FetchError::system(GapCode::Malformed, format!("{what}: not a question"));
        let sent = if question.method == "GET" {
            self.agent.run(request.body(()).map_err(bad)?)
        } else {
            self.agent
                .run(request.body(question.body.as_slice()).map_err(bad)?)
        };
        let unreachable = |error: &ureq::Error| {
            let why = format!("{what}: no answer ({})", brief(error));
            FetchError::system(GapCode::Unreachable, why)
        };
        let (head, mut body) = sent.map_err(|e| unreachable(&e))?.into_parts();
        let body = body.with_config().limit(LONGEST).read_to_vec();
        let body = body.map_err(|error| match error {
            ureq::Error::BodyExceedsLimit(_) => FetchError::system(
                GapCode::TooLarge,
                format!("{what}: an answer of more than {} MiB", LONGEST >> 20),
            ),
            // An answer that breaks off is no answer.
            other => unreachable(&other),
        })?;
        let headers = head.headers.iter().filter_map(|(name, value)| {
            Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
        });
        let answer = Answer {
            status: head.status.as_u16(),
            headers: headers.collect(),
            body,
            what: what.clone(),
        };
        self.compare_clocks(&answer);
        Ok(answer)
    }

    /// A source whose clock is far from ours gives days that cannot be compared with ours.
    fn compare_clocks(&mut self, answer: &Answer) {
        let Some(theirs) = answer.header("date").and_then(http_date) else {
            return;
        };
        let by = theirs.as_second() - self.line.now().as_second();
        if by.abs() > SKEW && !self.told_skew {
            self.told_skew = true;
            let way = if by > 0 { "ahead of" } else { "behind" };
            let (host, minutes) = (self.host().to_owned(), by.abs() / 60);
            let why = format!("the clock of {host} is {minutes} minutes {way} this machine's");
            self.line.gap(None, GapCode::ClockSkewed, why);
        }
    }
}

/// The address, if it may be asked: over HTTPS, or on this machine.
///
/// # Errors
/// When it is no address, or may not.
pub(crate) fn may_be_asked(base: &str) -> Result<Uri, FetchError> {
    let odd = |why: &str| FetchError::system(GapCode::Malformed, format!("{base}: {why}"));
    let uri: Uri = base
        .trim_end_matches('/')
        .parse()
        .map_err(|_| odd("expected an address as https://host/path"))?;
    let host = uri
        .host()
        .ok_or_else(|| odd("expected an address with a host"))?;
    match uri.scheme_str() {
        Some("https") => {}
        Some("http") if is_here(host) => {}
        _ => return Err(odd("expected https; plain http is for this machine only")),
    }
    Ok(uri)
}

/// Whose certificates are believed: the file's where one is configured, otherwise the system's.
pub(crate) fn roots(file: &Path, shown: &str) -> Result<RootCerts, FetchError> {
    if shown.is_empty() {
        return Ok(RootCerts::PlatformVerifier);
    }
    certificates(file, shown)
}

/// A client that asks one host, follows no redirect and gives up after a time.
pub(crate) fn agent(uri: &Uri, roots: RootCerts, time: Duration) -> Agent {
    let here = uri.host().is_some_and(is_here);
    let tls = TlsConfig::builder()
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .root_certs(roots)
        .build();
    Agent::config_builder()
        .tls_config(tls)
        .proxy((!here).then(Proxy::try_from_env).flatten())
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false)
        .timeout_global(Some(time))
        .timeout_connect(Some(Duration::from_secs(20)))
        .user_agent(concat!("standing/", env!("CARGO_PKG_VERSION")))
        .build()
        .new_agent()
}

/// Whether a host is this machine.
pub(crate) fn is_here(host: &str) -> bool {
    let plain = host.trim_matches(['[', ']']);
    plain == "localhost"
        || plain
            .parse::<std::net::IpAddr>()
            .is_ok_and(|ip| ip.is_loopback())
}

/// Whether two addresses are of one host, asked in one way.
pub(crate) fn same_place(uri: &Uri, base: &Uri) -> bool {
    uri.scheme_str() == base.scheme_str()
        && uri.host().map(str::to_ascii_lowercase) == base.host().map(str::to_ascii_lowercase)
        && port(uri) == port(base)
        && uri.authority().is_none_or(|a| !a.as_str().contains('@'))
}

fn port(uri: &Uri) -> u16 {
    uri.port_u16().unwrap_or(match uri.scheme_str() {
        Some("http") => 80,
        _ => 443,
    })
}

/// Whether the same question may be answered later. Some systems refuse with 403 whoever asks too often,
/// and say so in a header or by a word in the body.
pub(crate) fn asks_for_patience(answer: &Answer) -> bool {
    const WORDS: [&[u8]; 2] = [b"rateLimitExceeded", b"userRateLimitExceeded"];
    let spent = |name| answer.header(name) == Some("0");
    let says = |word: &[u8]| answer.body.windows(word.len()).any(|w| w == word);
    match answer.status {
        429 | 502 | 503 | 504 => true,
        403 => {
            answer.header("retry-after").is_some()
                || spent("x-ratelimit-remaining")
                || WORDS.into_iter().any(says)
        }
        _ => false,
    }
}

/// Whether it is patience that is asked for, rather than a system that fails.
fn is_throttled(answer: &Answer) -> bool {
    matches!(answer.status, 403 | 429) || answer.header("retry-after").is_some()
}

/// How long the system asks to be left alone.
pub(crate) fn asked_for(answer: &Answer, now: Timestamp) -> Option<Duration> {
    let seconds = |text: &str| text.trim().parse::<u64>().ok().map(Duration::from_secs);
    let until = |at: Timestamp| {
        let left = (at.as_second() - now.as_second()).max(1);
        Duration::from_secs(left.unsigned_abs())
    };
    if let Some(text) = answer.header("retry-after") {
        return seconds(text).or_else(|| http_date(text).map(until));
    }
    // The instant, in seconds of the epoch, from which questions are answered again.
    let reset = ["x-rate-limit-reset", "x-ratelimit-reset"]
        .iter()
        .find_map(|name| answer.header(name))?;
    let at = Timestamp::from_second(reset.trim().parse().ok()?).ok()?;
    Some(until(at))
}

pub(crate) fn doubling(tries: u32) -> Duration {
    Duration::from_secs(1 << tries.min(6).saturating_sub(1))
}

fn http_date(text: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::DateTimeParser::new()
        .parse_timestamp(text)
        .ok()
}

/// Why a request came to nothing, in a word that names neither address nor contents.
pub(crate) fn brief(error: &ureq::Error) -> &'static str {
    match error {
        ureq::Error::Timeout(_) => "timeout",
        ureq::Error::HostNotFound => "host not found",
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) => "its certificate is not believed",
        ureq::Error::Io(_) | ureq::Error::ConnectionFailed => "connection",
        ureq::Error::BadUri(_) | ureq::Error::InvalidProxyUrl => "address",
        _ => "not understood as HTTP",
    }
}

fn certificates(file: &Path, shown: &str) -> Result<RootCerts, FetchError> {
    let cannot = |why: &str| {
        FetchError::system(
            GapCode::Denied,
            format!("ca_file {shown}: {why}; expected a PEM file of certificates"),
        )
    };
    let pem = std::fs::read(file).map_err(|e| cannot(&e.kind().to_string()))?;
    let mut found = Vec::new();
    for item in parse_pem(&pem) {
        match item {
            Ok(PemItem::Certificate(certificate)) => found.push(certificate),
            Ok(_) => {}
            Err(_) => return Err(cannot("it cannot be read")),
        }
    }
    if found.is_empty() {
        return Err(cannot("there is no certificate in it"));
    }
    Ok(RootCerts::Specific(Arc::new(found)))
}
