//! Readers at once: each holds one connection and asks for one page after another.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::net::TcpStream;

use super::program::{Server, run};
use super::size;

/// Requests of each reader with pauses, and without.
const PACED: usize = 30;
const UNPACED: usize = 100;
/// Shortest and longest pause of somebody who reads quickly.
const PAUSE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(3));

/// What is asked for, and how often among a hundred.
const MIX: &[(&str, usize)] = &[
    ("/", 16),
    ("/items", 12),
    ("/items/4.2.4", 8),
    ("/items/1.1.1", 6),
    ("/checks", 6),
    ("/checks/leavers_have_no_access", 8),
    ("/checks/leavers_have_no_access?q=a&page=2", 6),
    ("/sources", 6),
    ("/people", 6),
    ("/people/person?id=", 4),
    ("/systems", 4),
    ("/log", 6),
    ("/log/40", 4),
    ("/calendar", 3),
    ("/api/v1/standing", 5),
];

pub fn bench(folder: &Path) {
    let home = folder.join("load");
    let dir = home.to_str().expect("a path");
    let scale = size("STANDING_BENCH_SCALE", 50).to_string();
    let began = Instant::now();
    run(&["demo", "--quiet", "--scale", &scale, "--dir", dir]);
    println!(
        "the demonstration estate ×{scale}, made, collected and judged in {:.1} s",
        began.elapsed().as_secs_f64()
    );
    run(&[
        "member",
        "add",
        "--name",
        "Reader Bench",
        "--role",
        "lead",
        "--dir",
        dir,
    ]);
    let scopes = "read,read-personal";
    let made = run(&[
        "token",
        "add",
        "--member",
        "Reader Bench",
        "--scopes",
        scopes,
        "--dir",
        dir,
    ]);
    let token = made
        .split_whitespace()
        .find(|word| word.starts_with("st"))
        .unwrap_or_else(|| panic!("no token in {made:?}"));
    let mut server = Server::start(&home);
    let ready = server.until("/readyz");
    println!(
        "start: ready in {:.0} ms, memory {} MiB",
        ready.as_secs_f64() * 1000.0,
        server.memory("VmRSS:")
    );
    let readers = size("STANDING_BENCH_READERS", 200);
    let plan = Plan {
        port: server.address.port(),
        token: token.to_owned(),
        paths: paths(&server, token),
    };
    let plan = Arc::new(plan);
    read(&server, &plan, readers, PACED, Some(PAUSE));
    read(&server, &plan, readers, UNPACED, None);
    println!("peak memory of the server: {} MiB", server.memory("VmHWM:"));
}

struct Plan {
    port: u16,
    token: String,
    /// One hundred, as the mix says.
    paths: Vec<&'static str>,
}

/// The pages of the mix that this server has.
fn paths(server: &Server, token: &str) -> Vec<&'static str> {
    let runtime = runtime();
    let mut found = Vec::new();
    for &(path, times) in MIX {
        let plan = Plan {
            port: server.address.port(),
            token: token.to_owned(),
            paths: vec![path],
        };
        let path = if path.ends_with('=') {
            let listed = runtime.block_on(Reader::ask_once(&plan, "/people")).1;
            let Some(person) = first_link(&listed, path) else {
                println!("  no person is linked from /people: left out");
                continue;
            };
            // The mix names a page for as long as the program runs.
            Box::leak(person.into_boxed_str())
        } else {
            path
        };
        let (status, body) = runtime.block_on(Reader::ask_once(&plan, path));
        println!("  {path}: {status}, {} KiB", body.len() >> 10);
        if status == 200 {
            found.extend(std::iter::repeat_n(path, times));
        }
    }
    found
}

fn first_link(html: &str, below: &str) -> Option<String> {
    let rest = html.split(&format!("href=\"{below}")).nth(1)?;
    Some(format!("{below}{}", rest.split('"').next()?))
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

/// Lets readers read, and says how it went.
fn read(
    server: &Server,
    plan: &Arc<Plan>,
    readers: usize,
    each: usize,
    pause: Option<(Duration, Duration)>,
) {
    let used = server.processor();
    let began = Instant::now();
    let answers: Vec<Answered> = runtime().block_on(async {
        let all: Vec<_> = (0..readers)
            .map(|n| tokio::spawn(reader(Arc::clone(plan), n, each, pause)))
            .collect();
        let mut answers = Vec::new();
        for one in all {
            answers.extend(one.await.expect("a reader"));
        }
        answers
    });
    let took = began.elapsed();
    let used = server.processor() - used;
    let errors = answers.iter().filter(|a| a.status != 200).count();
    let times = |of: &str| -> Vec<Duration> {
        let those = answers.iter().filter(|a| of.is_empty() || a.path == of);
        let mut times: Vec<Duration> = those.map(|a| a.took).collect();
        times.sort();
        times
    };
    let kind = match pause {
        Some((least, most)) => format!("pauses of {} to {} s", least.as_secs(), most.as_secs()),
        None => "no pauses".to_owned(),
    };
    println!(
        "{readers} readers, {kind}: {} requests in {:.1} s, {:.0} requests/s, {errors} errors, server {:.2} processors",
        answers.len(),
        took.as_secs_f64(),
        answers.len() as f64 / took.as_secs_f64(),
        used / took.as_secs_f64(),
    );
    println!("  {:44} {}", "all", quantiles(&times("")));
    let paths: BTreeMap<&str, ()> = answers.iter().map(|a| (a.path, ())).collect();
    for path in paths.keys() {
        println!("  {path:44} {}", quantiles(&times(path)));
    }
}

fn quantiles(times: &[Duration]) -> String {
    let at = |share: f64| {
        let place = (times.len() as f64 * share).ceil() as usize;
        times[place.saturating_sub(1)].as_secs_f64() * 1000.0
    };
    format!(
        "p50 {:6.1}  p95 {:6.1}  p99 {:6.1}  max {:6.1} ms",
        at(0.5),
        at(0.95),
        at(0.99),
        at(1.0)
    )
}

struct Answered {
    path: &'static str,
    status: u16,
    took: Duration,
}

async fn reader(
    plan: Arc<Plan>,
    number: usize,
    each: usize,
    pause: Option<(Duration, Duration)>,
) -> Vec<Answered> {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15 ^ (number as u64 + 1));
    let mut answers = Vec::with_capacity(each);
    if let Some((_, most)) = pause {
        // Readers do not begin in step.
        tokio::time::sleep(most.mul_f64(dice.share())).await;
    }
    let mut reader = Reader::come(&plan).await;
    for _ in 0..each {
        let path = plan.paths[(dice.share() * plan.paths.len() as f64) as usize];
        let began = Instant::now();
        let (status, _) = reader.ask(&plan, path).await;
        let took = began.elapsed();
        answers.push(Answered { path, status, took });
        if let Some((least, most)) = pause {
            tokio::time::sleep(least + (most - least).mul_f64(dice.share())).await;
        }
    }
    answers
}

/// Chance that falls the same way in every run (SplitMix64).
struct Dice(u64);

impl Dice {
    /// From 0 to just below 1.
    fn share(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// One connection that stays open.
struct Reader {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Reader {
    async fn come(plan: &Plan) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", plan.port));
        let stream = stream.await.expect("a connection");
        stream.set_nodelay(true).expect("no delay");
        Reader {
            stream,
            read: Vec::new(),
        }
    }

    async fn ask_once(plan: &Plan, path: &str) -> (u16, String) {
        let mut reader = Reader::come(plan).await;
        let (status, body) = reader.ask(plan, path).await;
        let text = String::from_utf8_lossy(&reader.read[body..]);
        (status, text.into_owned())
    }

    /// Asks, reads the whole answer, and gives its status and where its body begins.
    async fn ask(&mut self, plan: &Plan, path: &str) -> (u16, usize) {
        let asked = format!(
            "GET {path} HTTP/1.1\r\nHost: localhost:{}\r\nAuthorization: Bearer {}\r\n\r\n",
            plan.port, plan.token
        );
        self.write(asked.as_bytes()).await;
        self.read.clear();
        let head = loop {
            if let Some(at) = self.read.windows(4).position(|w| w == b"\r\n\r\n") {
                break at + 4;
            }
            self.more().await;
        };
        let text = String::from_utf8_lossy(&self.read[..head]).to_ascii_lowercase();
        let status = text
            .get(9..12)
            .and_then(|s| s.parse().ok())
            .expect("status");
        let length = text.lines().find_map(|l| l.strip_prefix("content-length:"));
        let length: usize = length.and_then(|l| l.trim().parse().ok()).expect("length");
        while self.read.len() < head + length {
            self.more().await;
        }
        (status, head)
    }

    async fn write(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            self.stream.writable().await.expect("a connection");
            match self.stream.try_write(bytes) {
                Ok(n) => bytes = &bytes[n..],
                Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(e) => panic!("{e}"),
            }
        }
    }

    async fn more(&mut self) {
        self.stream.readable().await.expect("a connection");
        let mut piece = [0; 1 << 14];
        match self.stream.try_read(&mut piece) {
            Ok(0) => panic!("the server hung up"),
            Ok(n) => self.read.extend_from_slice(&piece[..n]),
            Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(e) => panic!("{e}"),
        }
    }
}
