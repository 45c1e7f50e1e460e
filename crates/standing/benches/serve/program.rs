//! The program: run to its end, or serving.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

fn program() -> PathBuf {
    let other = std::env::var_os("STANDING_BIN").map(PathBuf::from);
    other.unwrap_or_else(|| env!("CARGO_BIN_EXE_standing").into())
}

/// Runs the program and gives what it printed.
pub fn run(words: &[&str]) -> String {
    let done = Command::new(program())
        .args(words)
        .stdin(Stdio::null())
        .output()
        .expect("the program");
    assert!(
        done.status.code().is_some_and(|code| code < 2),
        "{words:?}: {}",
        String::from_utf8_lossy(&done.stderr)
    );
    String::from_utf8_lossy(&done.stdout).into_owned()
}

/// The program, serving; killed when dropped.
pub struct Server {
    child: Child,
    /// Where.
    pub address: SocketAddr,
    /// When it was started.
    pub began: Instant,
}

impl Server {
    /// Starts it, and waits for nothing.
    pub fn start(home: &Path) -> Self {
        let free = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let address = free.local_addr().expect("its number");
        drop(free);
        let began = Instant::now();
        let child = Command::new(program())
            .args(["serve", "--listen", &address.to_string()])
            .current_dir(home)
            .env("RUST_LOG", "warn")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("the program");
        Server {
            child,
            address,
            began,
        }
    }

    /// Time from the start until a path is answered with 200.
    pub fn until(&mut self, path: &str) -> Duration {
        while !self.answers(path) {
            assert!(self.began.elapsed() < Duration::from_secs(120), "{path}");
            let ended = self.child.try_wait().expect("the program's state");
            assert!(ended.is_none(), "the server ended: {ended:?}");
            std::thread::sleep(Duration::from_millis(1));
        }
        self.began.elapsed()
    }

    fn answers(&self, path: &str) -> bool {
        let Ok(mut stream) = TcpStream::connect(self.address) else {
            return false;
        };
        let port = self.address.port();
        let asked =
            format!("GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n");
        let mut answer = Vec::new();
        let sent = stream.write_all(asked.as_bytes());
        sent.and_then(|()| stream.read_to_end(&mut answer)).is_ok()
            && answer.starts_with(b"HTTP/1.1 200")
    }

    /// A line of `/proc/PID/status` in MiB: `VmHWM` is the peak of memory, `VmRSS` what it has now.
    pub fn memory(&self, line: &str) -> u64 {
        let file = format!("/proc/{}/status", self.child.id());
        let text = std::fs::read_to_string(file).unwrap_or_default();
        let found = text.lines().find_map(|l| l.strip_prefix(line));
        let words = found.unwrap_or_default().split_whitespace();
        words.filter_map(|w| w.parse::<u64>().ok()).sum::<u64>() >> 10
    }

    /// Seconds of processor that it has used.
    pub fn processor(&self) -> f64 {
        let file = format!("/proc/{}/stat", self.child.id());
        let text = std::fs::read_to_string(file).unwrap_or_default();
        // utime and stime are the 12th and 13th after the name in brackets, in hundredths.
        let after = text.rsplit(')').next().unwrap_or_default();
        let ticks = after.split_whitespace().skip(11).take(2);
        ticks.filter_map(|t| t.parse::<f64>().ok()).sum::<f64>() / 100.0
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
