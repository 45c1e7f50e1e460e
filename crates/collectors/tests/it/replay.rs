//! A server on this machine that answers as a recorded system did.
//!
//! `http.txt` holds exchanges. A question begins with `> METHOD /path?query`; further lines that begin with
//! `> ` name headers that it must bear (`> authorization: Bearer t0ken`), or its whole body
//! (`> body: {…}`). The answer begins with `< 200`, its headers are `< name: value`, and the lines up to
//! the next question are its body. `{{server}}` stands for the server's own address. `< break` lets the
//! answer break off in the middle of its body, and `< hang up` gives none at all.
//!
//! The same question asked again is answered by the next exchange of the same words, where there is one.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// The time in every case, ours and the system's.
pub const NOW: &str = "2026-11-26T12:00:00Z";
const DATE: &str = "Thu, 26 Nov 2026 12:00:00 GMT";

#[derive(Clone, Default)]
struct Exchange {
    question: String,
    wanted: Vec<(String, String)>,
    asked_body: Option<String>,
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
    breaks: bool,
    hangs_up: bool,
}

/// How one recorded answer goes bad, each time that it is given.
#[derive(Clone, Copy, Debug)]
pub enum Spoil {
    /// It has this status and no body.
    Status(u16),
    /// It breaks off.
    Break,
    /// It asks for two hours of patience.
    Patience,
    /// It is a page for people.
    Page,
    /// It comes from a clock that is a day behind.
    Clock,
    /// It is JSON, and nothing that was asked for.
    Surprise,
    /// It says that there are more than it gives.
    Count,
}

impl Exchange {
    fn spoil(&mut self, how: Spoil) {
        match how {
            Spoil::Surprise => self.body = "\"a surprise\"".into(),
            Spoil::Count => self.body = more(&self.body).unwrap_or_default(),
            Spoil::Status(status) => {
                self.status = status;
                self.body = String::new();
            }
            Spoil::Break => {
                self.body.push_str("  ");
                self.breaks = true;
            }
            Spoil::Patience => {
                self.status = 429;
                self.headers.push(("retry-after".into(), "7200".into()));
            }
            Spoil::Page => self.body = "<!doctype html><title>Maintenance</title>".into(),
            Spoil::Clock => {
                let yesterday = "Wed, 25 Nov 2026 12:00:00 GMT";
                self.headers.push(("date".into(), yesterday.into()));
            }
        }
    }
}

/// The body with the number in it that counts rows, thirty higher.
fn more(body: &str) -> Option<String> {
    if let Ok(count) = body.parse::<u64>() {
        return Some((count + 30).to_string());
    }
    ["totalResults", "directMembersCount", "total_count"]
        .iter()
        .find_map(|name| {
            let (before, rest) = body.split_once(&format!("\"{name}\":"))?;
            let (quote, rest) = match rest.strip_prefix('"') {
                Some(rest) => ("\"", rest),
                None => ("", rest),
            };
            let end = rest.find(|c: char| !c.is_ascii_digit())?;
            let count: u64 = rest[..end].parse().ok()?;
            let after = &rest[end..];
            Some(format!("{before}\"{name}\":{quote}{}{after}", count + 30))
        })
}

/// The exchanges of a file that can go bad in this way.
pub fn spoilable(file: &Path, how: Spoil) -> Vec<usize> {
    let all = parse(&std::fs::read_to_string(file).unwrap());
    let can = |exchange: &Exchange| !matches!(how, Spoil::Count) || more(&exchange.body).is_some();
    (0..all.len()).filter(|i| can(&all[*i])).collect()
}

#[derive(Default)]
struct State {
    used: BTreeSet<usize>,
    odd: Vec<String>,
    stop: bool,
}

/// The server.
pub struct Replay {
    /// `http://127.0.0.1:port`.
    pub address: String,
    exchanges: Arc<Vec<Exchange>>,
    state: Arc<Mutex<State>>,
    thread: Option<JoinHandle<()>>,
}

impl Replay {
    /// Serves what the file holds, with one answer gone bad or none; `None` where there is no such file.
    pub fn spoilt(file: &Path, spoil: Option<(usize, Spoil)>) -> Option<Self> {
        let text = std::fs::read_to_string(file).ok()?;
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let mut exchanges = parse(&text.replace("{{server}}", &address));
        if let Some((exchange, how)) = spoil {
            exchanges[exchange].spoil(how);
        }
        let exchanges = Arc::new(exchanges);
        let state = Arc::new(Mutex::new(State::default()));
        let (theirs, ours) = (Arc::clone(&exchanges), Arc::clone(&state));
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if ours.lock().unwrap().stop {
                    return;
                }
                if let Ok(stream) = stream {
                    answer(&stream, &theirs, &ours);
                }
            }
        });
        Some(Replay {
            address,
            exchanges,
            state,
            thread: Some(thread),
        })
    }

    /// What was asked that the file does not hold, and what it holds that nobody asked.
    pub fn end(mut self) -> Vec<String> {
        self.state.lock().unwrap().stop = true;
        let _ = TcpStream::connect(self.address.trim_start_matches("http://"));
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
        let state = self.state.lock().unwrap();
        let unasked = (0..self.exchanges.len()).filter(|i| !state.used.contains(i));
        let unasked = unasked.map(|i| format!("never asked: {}", self.exchanges[i].question));
        let words = state.odd.iter().cloned().chain(unasked);
        words
            .map(|odd| odd.replace(&self.address, "{{server}}"))
            .collect()
    }
}

fn parse(text: &str) -> Vec<Exchange> {
    let mut all: Vec<Exchange> = Vec::new();
    for line in text.lines() {
        let head = line.strip_prefix("> ").filter(|l| {
            l.split_once(' ').is_some_and(|(m, p)| {
                ["GET", "POST", "PUT", "PATCH", "DELETE"].contains(&m) && p.starts_with('/')
            })
        });
        if let Some(question) = head {
            all.push(Exchange {
                question: question.to_owned(),
                ..Exchange::default()
            });
            continue;
        }
        let Some(exchange) = all.last_mut() else {
            assert!(line.is_empty() || line.starts_with('#'), "http.txt: {line}");
            continue;
        };
        let pair = |text: &str| {
            let (name, value) = text.split_once(':').expect("name: value");
            (name.trim().to_ascii_lowercase(), value.trim().to_owned())
        };
        if let Some(body) = line.strip_prefix("> body: ") {
            exchange.asked_body = Some(body.to_owned());
        } else if let Some(header) = line.strip_prefix("> ") {
            exchange.wanted.push(pair(header));
        } else if line == "< break" {
            exchange.breaks = true;
        } else if line == "< hang up" {
            exchange.hangs_up = true;
        } else if let Some(answer) = line.strip_prefix("< ") {
            match answer.trim().parse() {
                Ok(status) => exchange.status = status,
                Err(_) => exchange.headers.push(pair(answer)),
            }
        } else {
            exchange.body.push_str(line);
            exchange.body.push('\n');
        }
    }
    for exchange in &mut all {
        exchange.body = exchange.body.trim().to_owned();
    }
    all
}

fn answer(stream: &TcpStream, exchanges: &[Exchange], state: &Mutex<State>) {
    let mut reader = BufReader::new(stream);
    let mut first = String::new();
    if reader.read_line(&mut first).unwrap_or_default() == 0 {
        return;
    }
    let mut words = first.split_whitespace();
    let question = format!(
        "{} {}",
        words.next().unwrap_or_default(),
        words.next().unwrap_or_default()
    );
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        match line.trim_end().split_once(':') {
            Some((name, value)) => {
                headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
            }
            None => break,
        }
    }
    let length = headers
        .iter()
        .find(|(name, _)| name == "content-length")
        .map_or(0, |(_, value)| value.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let body = String::from_utf8_lossy(&body).into_owned();
    let exchange = {
        let mut state = state.lock().unwrap();
        let same = (0..exchanges.len()).filter(|i| {
            let e = &exchanges[*i];
            e.question == question && e.asked_body.as_ref().is_none_or(|b| *b == body)
        });
        let same: Vec<usize> = same.collect();
        let next = same.iter().find(|i| !state.used.contains(i));
        let Some(found) = next.or(same.last()).copied() else {
            let asked = if body.is_empty() {
                String::new()
            } else {
                format!(" with {body}")
            };
            state.odd.push(format!("unexpected: {question}{asked}"));
            drop(state);
            send(
                stream,
                &Exchange {
                    status: 418,
                    ..Exchange::default()
                },
            );
            return;
        };
        state.used.insert(found);
        for (name, value) in &exchanges[found].wanted {
            if !headers.iter().any(|(n, v)| n == name && v == value) {
                state.odd.push(format!("{question} lacks {name}: {value}"));
            }
        }
        exchanges[found].clone()
    };
    send(stream, &exchange);
}

fn send(mut stream: &TcpStream, exchange: &Exchange) {
    if exchange.hangs_up {
        return;
    }
    let mut head = format!(
        "HTTP/1.1 {} Recorded\r\nconnection: close\r\n",
        exchange.status
    );
    if !exchange.headers.iter().any(|(name, _)| name == "date") {
        head.push_str(&format!("date: {DATE}\r\n"));
    }
    for (name, value) in &exchange.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    let body = exchange.body.as_bytes();
    head.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
    let sent = if exchange.breaks {
        body.len() / 2
    } else {
        body.len()
    };
    // Whoever asked may have hung up already.
    let _ = stream
        .write_all(head.as_bytes())
        .and_then(|()| stream.write_all(&body[..sent]))
        .and_then(|()| stream.flush());
}
