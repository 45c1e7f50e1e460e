//! The server killed in the middle of writing, again and again, while programs write by its API. What
//! was acknowledged is there, once; what was not is there whole or not at all.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use crate::home::Home;
use crate::serving::free_port;

const ROUNDS: usize = 40;
const CLIENTS: usize = 4;

/// One request of a client: its key, where it goes, and what it says. Asked again, it is the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Asked {
    key: String,
    path: &'static str,
    body: String,
}

impl Asked {
    fn new(client: usize, number: usize) -> Self {
        let key = format!("client {client} request {number}");
        let (path, body) = if number.is_multiple_of(6) {
            let words = format!("Stated as {key}.");
            let body = json!({"answer": "yes", "statement": words, "role": "SIRO"});
            ("/api/v1/items/1.1.1/attestations", body)
        } else {
            let body = json!({"id": format!("{client}-{number}"), "title": key, "level": "low"});
            ("/api/v1/records/risk", body)
        };
        Asked {
            key,
            path,
            body: body.to_string(),
        }
    }
}

/// What one client knows: what was acknowledged, by entry, and what it is still waiting to hear of.
#[derive(Default)]
struct Client {
    acknowledged: BTreeMap<u64, Asked>,
    waiting: Option<Asked>,
    asked: usize,
}

impl Client {
    /// Writes until the server is gone.
    fn write(&mut self, number: usize, server: &Server, token: &str, done: &AtomicUsize) {
        while let Some(entry) = self.write_one(number, server, token) {
            done.fetch_add(1, Ordering::SeqCst);
            assert!(entry > 0);
        }
    }

    /// Asks for what it waits for, or for something new; `None` where no whole answer came.
    fn write_one(&mut self, number: usize, server: &Server, token: &str) -> Option<u64> {
        let asked = self.waiting.take().unwrap_or_else(|| {
            self.asked += 1;
            Asked::new(number, self.asked)
        });
        let Some(entry) = server.ask(&asked, token) else {
            self.waiting = Some(asked);
            return None;
        };
        let before = self.acknowledged.insert(entry, asked);
        assert_eq!(before, None, "two requests acknowledged by one entry");
        Some(entry)
    }
}

struct Server {
    child: Child,
    port: u16,
    /// Open as long as it runs: it goes on talking.
    _said: BufReader<ChildStdout>,
}

impl Server {
    fn start(home: &Path) -> Self {
        let port = free_port();
        let mut child = Command::new(env!("CARGO_BIN_EXE_standing"))
            .args(["serve", "--listen", &format!("127.0.0.1:{port}")])
            .current_dir(home)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        said.read_line(&mut line).unwrap();
        assert!(line.contains("Standing is at"), "{line:?}");
        Server {
            child,
            port,
            _said: said,
        }
    }

    /// The entry that the server acknowledges; `None` where it was killed before it did.
    fn ask(&self, asked: &Asked, token: &str) -> Option<u64> {
        loop {
            let (status, told) = self.answer(asked, token)?;
            match status {
                // It has just started and has not judged yet what can be stated.
                503 => {}
                200 | 201 => return told["entry"].as_u64(),
                _ => panic!("{asked:?}: {status} {told}"),
            }
        }
    }

    fn answer(&self, asked: &Asked, token: &str) -> Option<(u16, Value)> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        let request = format!(
            "POST {} HTTP/1.1\r\nHost: localhost:{}\r\nAuthorization: Bearer {token}\r\n\
             Idempotency-Key: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n{}",
            asked.path,
            self.port,
            asked.key,
            asked.body.len(),
            asked.body
        );
        stream.write_all(request.as_bytes()).ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok()?;
        let answer = String::from_utf8(answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        // A body that broke off is no acknowledgement.
        let told = serde_json::from_str(body).ok()?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some((status, told))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Killed as by a cut of power to the process alone: nothing is finished first.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Lets the clients write until `enough` writes were acknowledged and a little longer, then kills the
/// server.
fn round(home: &Home, token: &str, clients: &mut [Client], enough: usize, longer: Duration) {
    let server = Server::start(&home.path);
    let done = AtomicUsize::new(0);
    let pid = server.child.id().to_string();
    std::thread::scope(|scope| {
        for (number, client) in clients.iter_mut().enumerate() {
            let (server, done) = (&server, &done);
            scope.spawn(move || client.write(number, server, token, done));
        }
        while done.load(Ordering::SeqCst) < enough {
            std::thread::yield_now();
        }
        // Not a wait for anything: where within a write the kill falls.
        std::thread::sleep(longer);
        let killed = Command::new("kill").args(["-9", &pid]).status().unwrap();
        assert!(killed.success());
    });
}

/// Every record entry of the vault, by what it answers to: one for each key.
fn kept(home: &Home) -> BTreeMap<u64, Value> {
    let opened = standing::home::Home::open(&home.path).unwrap();
    let entries = opened.vault.entries(0..opened.vault.size()).unwrap();
    entries
        .map(Result::unwrap)
        .filter(|entry| entry.kind == "record")
        .map(|entry| (entry.seq, Value::Object(entry.body)))
        .collect()
}

fn dump(home: &Home) -> String {
    let opened = standing::home::Home::open(&home.path).unwrap();
    let mut text = String::new();
    let index = opened.index().unwrap();
    index.dump(&mut |piece| text.push_str(piece)).unwrap();
    text
}

#[test]
fn killed_while_writing_it_loses_nothing_acknowledged_and_repeats_nothing() {
    let home = Home::new();
    let added = home.run(&["member", "add", "--name", "Test Lead", "--role", "lead"]);
    assert_eq!(added.code, 0, "{}", added.err);
    let scopes = "read,read-personal,attest,record";
    let made = home.run(&["token", "add", "--member", "Test Lead", "--scopes", scopes]);
    let token = made.out.trim().to_owned();
    let mut clients: Vec<Client> = (0..CLIENTS).map(|_| Client::default()).collect();
    for n in 0..ROUNDS {
        // From before the first acknowledgement to well into the work, spread over a write's length.
        let longer = Duration::from_micros((n as u64 * 7919) % 25_000);
        round(&home, &token, &mut clients, n % 8, longer);
        let fsck = home.run(&["vault", "fsck"]);
        assert_eq!(fsck.code, 0, "{}", fsck.out);
        let kept = kept(&home);
        for entry in clients.iter().flat_map(|c| c.acknowledged.keys()) {
            assert!(kept.contains_key(entry), "entry {entry} was acknowledged");
        }
    }

    // What nobody heard of is asked again, and so is everything that was acknowledged.
    let server = Server::start(&home.path);
    for (number, client) in clients.iter_mut().enumerate() {
        while client.waiting.is_some() {
            client.write_one(number, &server, &token).unwrap();
        }
        for (entry, asked) in &client.acknowledged {
            assert_eq!(server.ask(asked, &token), Some(*entry), "{asked:?}");
        }
    }
    drop(server);
    let kept = kept(&home);
    let names: BTreeSet<&str> = kept.values().filter_map(|b| b["once"].as_str()).collect();
    let asked: usize = clients.iter().map(|c| c.acknowledged.len()).sum();
    assert_eq!((kept.len(), names.len()), (asked, asked));
    assert!(asked > ROUNDS, "{asked} writes");

    let step_by_step = dump(&home);
    std::fs::remove_dir_all(home.path.join(".standing")).unwrap();
    assert!(
        step_by_step == dump(&home),
        "the index differs from one built anew"
    );
    assert_eq!(home.run(&["vault", "fsck"]).code, 0);
}
