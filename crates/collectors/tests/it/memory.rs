//! Files far larger than memory should hold are read piece by piece: the peak of a child process
//! that reads some 60 MB stays far below them.

use std::collections::BTreeMap;
use std::io::{self, Read};

use standing_collectors::{Keeper, Kept, Root, Settings, by_kind, run};
use standing_facts::Outcome;

const BYTES: usize = 60 << 20;
const MAY_GROW_KIB: u64 = 40 << 10;
const ASKED: &str = "STANDING_MEMORY_OF";

/// Endless numbered pieces between a head and a tail, made as they are read.
struct Made {
    head: &'static str,
    piece: fn(usize) -> String,
    tail: &'static str,
    next: usize,
    made: usize,
    ready: io::Cursor<Vec<u8>>,
    ended: bool,
}

impl Read for Made {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        loop {
            let count = self.ready.read(room)?;
            if count > 0 || self.ended {
                return Ok(count);
            }
            let text = if self.next == 0 {
                self.head.to_owned()
            } else if self.made < BYTES {
                (self.piece)(self.next)
            } else {
                self.ended = true;
                self.tail.to_owned()
            };
            self.next += 1;
            self.made += text.len();
            self.ready = io::Cursor::new(text.into_bytes());
        }
    }
}

type Form = (
    &'static str,
    &'static str,
    fn(usize) -> String,
    &'static str,
);

fn form(kind: &str) -> Form {
    match kind {
        "hr" => (
            "people.csv",
            "Employee Number,Name,Email,Department,Start date,Leaving date\n",
            |n| {
                format!(
                    "{n:07},Person {n},p{n}@example.org,Department of Tests,2020-01-01,31/12/2025\n"
                )
            },
            "",
        ),
        "ldif" => (
            "all.ldif",
            "dn: cn=staff,dc=example,dc=test\nobjectClass: group\ncn: staff\n\n",
            |n| {
                format!(
                    "dn: cn=p{n},dc=example,dc=test\nobjectClass: user\nsAMAccountName: p{n}\n\
                     userAccountControl: 512\nmemberOf: cn=staff,dc=example,dc=test\n\
                     jpegPhoto:: AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n\n"
                )
            },
            "# numEntries: 1\n",
        ),
        "graph" => (
            "users.json",
            "{\"value\":[{\"id\":\"0\",\"userPrincipalName\":\"p0@example.org\"}",
            |n| {
                format!(
                    ",\n{{\"id\":\"{n}\",\"userPrincipalName\":\"p{n}@example.org\",\"accountEnabled\":true,\"displayName\":\"Person {n}\",\"userType\":\"Member\"}}"
                )
            },
            "]}",
        ),
        "unix" => (
            "web1/etc/passwd",
            "root:x:0:0:root:/root:/bin/sh\n",
            |n| format!("p{n}:x:{n}:{n}:Person {n} of the tests,,,:/home/people/p{n}:/bin/bash\n"),
            "",
        ),
        "scanner" => (
            "grype.json",
            "{\"matches\":[{\"vulnerability\":{\"id\":\"CVE-2026-0001\"},\"artifact\":{\"name\":\"p\",\"version\":\"0\"}}",
            |n| {
                format!(
                    ",\n{{\"vulnerability\":{{\"id\":\"CVE-2026-0001\",\"namespace\":\"debian:distro:debian:12\",\"severity\":\"High\",\"fix\":{{\"versions\":[\"2\"],\"state\":\"fixed\"}}}},\"artifact\":{{\"name\":\"p{n}\",\"version\":\"1\"}}}}"
                )
            },
            "],\"descriptor\":{\"name\":\"grype\"}}",
        ),
        other => panic!("no form for {other}"),
    }
}

struct Maker(Form);

impl Keeper for Maker {
    fn keep(&mut self, name: &str, _: &mut dyn Read) -> io::Result<Kept> {
        Ok(Kept {
            name: name.to_owned(),
            handle: name.to_owned(),
            bytes: BYTES as u64,
            sha256: String::new(),
        })
    }

    fn open(&self, _: &Kept) -> io::Result<Box<dyn Read + '_>> {
        let (_, head, piece, tail) = self.0;
        Ok(Box::new(Made {
            head,
            piece,
            tail,
            next: 0,
            made: 0,
            ready: io::Cursor::default(),
            ended: false,
        }))
    }
}

fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|l| l.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Runs only as the child of the tests below.
#[test]
fn child() {
    let Ok(kind) = std::env::var(ASKED) else {
        return;
    };
    let form = form(&kind);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("export").join(form.0);
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(&file, "").unwrap();
    let collector = by_kind(&kind).unwrap();
    let settings = Settings {
        source: "src".into(),
        path: "export".into(),
        ..Settings::default()
    };
    let before = peak_kib();
    let mut rows = 0u64;
    let done = run(
        collector,
        &settings,
        &Root::new(folder.path()),
        &mut Maker(form),
        &BTreeMap::new(),
        &mut |_| {},
        &mut |_| rows += 1,
    );
    assert_ne!(done.outcome, Outcome::Failed, "{:?}", done.gaps);
    assert!(rows > 200_000, "{rows} rows");
    println!("grew by {} KiB", peak_kib() - before);
}

fn growth_kib(kind: &str) -> u64 {
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "memory::child", "--nocapture"])
        .env(ASKED, kind)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let rest = text.split("grew by ").nth(1).expect("growth");
    rest.split_whitespace().next().unwrap().parse().unwrap()
}

#[test]
fn large_files_are_streamed() {
    if !std::path::Path::new("/proc/self/status").exists() {
        eprintln!("skipped: no /proc/self/status to tell the peak of memory");
        return;
    }
    std::thread::scope(|scope| {
        for kind in ["hr", "ldif", "graph", "unix", "scanner"] {
            scope.spawn(move || {
                let grew = growth_kib(kind);
                assert!(grew < MAY_GROW_KIB, "{kind} grew by {grew} KiB");
            });
        }
    });
}
