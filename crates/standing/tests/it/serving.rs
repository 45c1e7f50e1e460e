//! The server itself, run as its keeper runs it, and a browser that keeps cookies and follows nothing.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpListener;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::home::Home;

/// A port that nobody uses.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap().port()
}

/// The program, serving; ended when dropped.
pub struct Server {
    /// Its home.
    pub home: Home,
    /// Port on loopback.
    pub port: u16,
    child: Child,
    log: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
    _out: BufReader<ChildStdout>,
}

impl Server {
    /// Serves a new and empty home with `settings`, which are told the port.
    pub fn start(settings: impl FnOnce(&Home, u16) -> String) -> Self {
        let home = Home::new();
        let port = free_port();
        let settings = settings(&home, port);
        home.configure(&settings);
        Server::of(home, port)
    }

    /// Serves a home.
    pub fn of(home: Home, port: u16) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_standing"))
            .args(["serve", "--listen", &format!("127.0.0.1:{port}")])
            .current_dir(&home.path)
            .env("STANDING_ACTOR", "Tester")
            .env("RUST_LOG", "trace")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let mut err = BufReader::new(child.stderr.take().unwrap());
        let into = Arc::clone(&log);
        let reader = std::thread::spawn(move || {
            let mut line = Vec::new();
            while err.read_until(b'\n', &mut line).is_ok_and(|n| n > 0) {
                into.lock()
                    .unwrap()
                    .push_str(&String::from_utf8_lossy(&line));
                line.clear();
            }
        });
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let server = Server {
            home,
            port,
            child,
            log,
            reader: Some(reader),
            _out: out,
        };
        assert!(
            line.contains("Standing is at"),
            "{line}\n{}",
            server.log.lock().unwrap()
        );
        server
    }

    /// Its URL without TLS.
    pub fn url(&self) -> String {
        format!("http://localhost:{}", self.port)
    }

    /// Ends it and gives all that it logged.
    pub fn end(mut self) -> String {
        self.stop();
        self.log.lock().unwrap().clone()
    }

    fn stop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// What came back.
#[derive(Debug)]
pub struct Came {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: ureq::http::HeaderMap,
    /// The body as text.
    pub text: String,
}

impl Came {
    /// Where it sends.
    pub fn place(&self) -> &str {
        let place = self.headers.get("location");
        place.map_or("", |value| value.to_str().unwrap())
    }

    /// A value in the query of where it sends.
    pub fn sent(&self, name: &str) -> Option<String> {
        let query = self.place().split_once('?')?.1;
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        let found = pairs.find(|(n, _)| n == name);
        found.map(|(_, value)| value.into_owned())
    }
}

/// A browser: cookies by host and port, no redirects followed.
pub struct Browser {
    agent: ureq::Agent,
    /// By host and port, then name.
    pub cookies: BTreeMap<String, BTreeMap<String, String>>,
}

impl Browser {
    /// A new one.
    pub fn new() -> Self {
        Browser::with(ureq::config::Config::builder())
    }

    /// A new one that believes other certificates.
    pub fn with(config: ureq::config::ConfigBuilder<ureq::typestate::AgentScope>) -> Self {
        let config = config
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(20)));
        Browser {
            agent: config.build().new_agent(),
            cookies: BTreeMap::new(),
        }
    }

    /// Asks for a page.
    pub fn get(&mut self, url: &str) -> Came {
        self.send("GET", url, None)
    }

    /// Sends a form.
    pub fn post(&mut self, url: &str, fields: &[(&str, &str)]) -> Came {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(fields);
        self.send("POST", url, Some(form.finish()))
    }

    /// Asks, with a body of a form where there is one.
    pub fn send(&mut self, method: &str, url: &str, form: Option<String>) -> Came {
        let host = host(url);
        let cookies: Vec<String> = self
            .cookies
            .get(&host)
            .into_iter()
            .flatten()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let mut request = ureq::http::Request::builder().method(method).uri(url);
        if !cookies.is_empty() {
            request = request.header("cookie", cookies.join("; "));
        }
        let answer = match form {
            None => self.agent.run(request.body(()).unwrap()),
            Some(form) => {
                let kind = "application/x-www-form-urlencoded";
                self.agent
                    .run(request.header("content-type", kind).body(form).unwrap())
            }
        };
        let (head, mut body) = answer.unwrap().into_parts();
        for cookie in head.headers.get_all("set-cookie") {
            self.keep(&host, cookie.to_str().unwrap());
        }
        let mut text = String::new();
        body.as_reader().read_to_string(&mut text).unwrap();
        Came {
            status: head.status.as_u16(),
            headers: head.headers,
            text,
        }
    }

    fn keep(&mut self, host: &str, cookie: &str) {
        let pair = cookie.split(';').next().unwrap();
        let (name, value) = pair.split_once('=').unwrap();
        let jar = self.cookies.entry(host.to_owned()).or_default();
        jar.insert(name.to_owned(), value.to_owned());
    }
}

/// Host and port of a URL.
pub fn host(url: &str) -> String {
    let rest = url.split("://").nth(1).unwrap();
    rest.split(['/', '?']).next().unwrap().to_owned()
}
