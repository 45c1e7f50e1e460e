//! The program serving, with its log read line by line: what a test waits for is a line, not a time.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::Value;

use crate::serving::free_port;

/// Long enough for the slowest machine; a test that waits for so long has failed.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// The program, serving; killed when dropped.
pub struct Service {
    /// Port on loopback.
    pub port: u16,
    child: Child,
    log: Receiver<Value>,
}

impl Service {
    /// Serves the home.
    pub fn start(home: &Path) -> Self {
        Service::with(home, &[])
    }

    /// The same with these variables of the environment.
    pub fn with(home: &Path, environment: &[(&str, &str)]) -> Self {
        let port = free_port();
        let mut child = Command::new(env!("CARGO_BIN_EXE_standing"))
            .args(["serve", "--log", "json"])
            .args(["--listen", &format!("127.0.0.1:{port}")])
            .current_dir(home)
            .env("STANDING_ACTOR", "Tester")
            .env("RUST_LOG", "standing=debug")
            .envs(environment.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (send, log) = channel();
        let err = BufReader::new(child.stderr.take().unwrap());
        std::thread::spawn(move || {
            for line in err.lines().map_while(Result::ok) {
                let line = serde_json::from_str(&line).unwrap_or(Value::String(line));
                if send.send(line).is_err() {
                    break;
                }
            }
        });
        // The address is held before this line is said.
        let mut said = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut said).unwrap();
        std::thread::spawn(move || std::io::copy(&mut out, &mut std::io::sink()));
        let service = Service { port, child, log };
        assert!(said.starts_with("Standing is at"), "{said}");
        service
    }

    /// Waits for a line of the log with this message whose text also has `with` somewhere.
    pub fn until(&self, message: &str, with: &str) -> Value {
        let mut seen = Vec::new();
        loop {
            let Ok(line) = self.log.recv_timeout(PATIENCE) else {
                panic!("no {message:?} with {with:?} in\n{}", seen.join("\n"));
            };
            let text = line.to_string();
            if line["fields"]["message"] == message && text.contains(with) {
                return line;
            }
            seen.push(text);
        }
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args([signal, &id]).status().unwrap();
        assert!(sent.success());
    }

    /// Kills it.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits for its end; its exit code.
    pub fn ended(mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }

    /// Tells it to stop, and waits; its exit code.
    pub fn stop(self) -> Option<i32> {
        self.signal("-TERM");
        self.ended()
    }

    /// Sends one request and gives the whole answer.
    pub fn ask(&self, request: &str) -> String {
        let mut line = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        line.set_read_timeout(Some(PATIENCE)).unwrap();
        line.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        line.read_to_string(&mut answer).unwrap();
        answer
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One request as a receiver of webhooks or traces sees it.
pub struct Received {
    line: TcpStream,
    /// `POST /path HTTP/1.1` and the headers, in lower case.
    pub head: String,
    /// The body.
    pub body: Vec<u8>,
}

impl Received {
    /// A header's value.
    pub fn header(&self, name: &str) -> &str {
        let start = format!("{name}: ");
        let found = self.head.lines().find_map(|l| l.strip_prefix(&start));
        found.unwrap_or_else(|| panic!("no {name} in {}", self.head))
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Answers with this status and ends the connection.
    pub fn answer(mut self, status: u16) {
        let answer =
            format!("HTTP/1.1 {status} x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        self.line.write_all(answer.as_bytes()).unwrap();
    }
}

/// Something that receives requests and answers none by itself.
pub struct Inbox {
    listener: TcpListener,
}

impl Inbox {
    /// On a port of its own.
    pub fn new() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        Inbox { listener }
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.listener.local_addr().unwrap())
    }

    /// Waits for the next request and reads it whole.
    pub fn next(&self) -> Received {
        let (line, _) = self.listener.accept().unwrap();
        line.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut reader = BufReader::new(line.try_clone().unwrap());
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert!(reader.read_line(&mut head).unwrap() > 0, "{head}");
        }
        let mut received = Received {
            line,
            head: head.replace("\r\n", "\n"),
            body: Vec::new(),
        };
        received.head = lower_names(&received.head);
        let length = received.header("content-length").parse().unwrap();
        received.body = vec![0; length];
        reader.read_exact(&mut received.body).unwrap();
        received
    }

    /// Whether nobody has come that was not met by [`Inbox::next`].
    pub fn is_quiet(&self) -> bool {
        self.listener.set_nonblocking(true).unwrap();
        let quiet = self.listener.accept().is_err();
        self.listener.set_nonblocking(false).unwrap();
        quiet
    }
}

fn lower_names(head: &str) -> String {
    let line = |line: &str| match line.split_once(": ") {
        Some((name, value)) => format!("{}: {value}\n", name.to_ascii_lowercase()),
        None => format!("{line}\n"),
    };
    head.lines().map(line).collect()
}
