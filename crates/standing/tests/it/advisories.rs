//! Advisories as whoever runs Standing meets them: over HTTP from a mirror that breaks off, lies or has
//! nothing new; from a folder; and as they were on an earlier day.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use standing::advisories;
use standing_assess::AsOf;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::home::{Done, Home};

/// One file of the mirror, and how it is sent.
#[derive(Clone, Default)]
struct Sent {
    body: Vec<u8>,
    etag: Option<&'static str>,
    /// Where the asker is sent instead.
    location: Option<String>,
    /// After so many bytes nothing more comes.
    breaks_after: Option<usize>,
    /// Whether the line stays open then.
    hangs: bool,
    /// Whether its length is announced.
    unannounced: bool,
}

/// A mirror of advisories on this machine.
struct Mirror {
    url: String,
    port: u16,
    files: Arc<Mutex<BTreeMap<String, Sent>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Mirror {
    fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let mirror = Mirror {
            url: format!("http://127.0.0.1:{port}"),
            port,
            files: Arc::default(),
            asked: Arc::default(),
        };
        let (files, asked) = (Arc::clone(&mirror.files), Arc::clone(&mirror.asked));
        std::thread::spawn(move || {
            for line in listener.incoming() {
                let (files, asked) = (Arc::clone(&files), Arc::clone(&asked));
                std::thread::spawn(move || answer(line.unwrap(), &files, &asked));
            }
        });
        mirror
    }

    fn put(&self, path: &str, sent: Sent) {
        self.files.lock().unwrap().insert(path.to_owned(), sent);
    }

    fn file(&self, path: &str, body: impl Into<Vec<u8>>, etag: &'static str) {
        let (body, etag) = (body.into(), Some(etag));
        self.put(
            path,
            Sent {
                body,
                etag,
                ..Sent::default()
            },
        );
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

fn answer(mut line: TcpStream, files: &Mutex<BTreeMap<String, Sent>>, asked: &Mutex<Vec<String>>) {
    let mut reader = BufReader::new(line.try_clone().unwrap());
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head).unwrap_or(0) > 0 {}
    let path = head.split(' ').nth(1).unwrap_or_default();
    let path = path.split('?').next().unwrap_or_default().to_owned();
    let head = head.to_lowercase();
    asked.lock().unwrap().push(head.clone());
    let sent = files.lock().unwrap().get(&path).cloned();
    let close = "connection: close\r\n\r\n";
    let Some(sent) = sent else {
        let _ = write!(line, "HTTP/1.1 404 X\r\ncontent-length: 0\r\n{close}");
        return;
    };
    if let Some(location) = sent.location {
        let _ = write!(
            line,
            "HTTP/1.1 302 X\r\nlocation: {location}\r\ncontent-length: 0\r\n{close}"
        );
        return;
    }
    let etag = sent.etag.unwrap_or_default();
    if !etag.is_empty() && head.contains(&format!("if-none-match: {etag}\r\n")) {
        let _ = write!(line, "HTTP/1.1 304 X\r\netag: {etag}\r\n{close}");
        return;
    }
    let length = match sent.unannounced {
        true => String::new(),
        false => format!("content-length: {}\r\n", sent.body.len()),
    };
    let _ = write!(line, "HTTP/1.1 200 X\r\netag: {etag}\r\n{length}{close}");
    let _ = line.write_all(&sent.body[..sent.breaks_after.unwrap_or(sent.body.len())]);
    let _ = line.flush();
    if sent.hangs {
        // Whoever waits for the rest is killed long before.
        std::thread::sleep(Duration::from_secs(60));
    }
}

fn record(n: usize) -> String {
    json!({
        "id": format!("EX-2026-{n}"), "modified": format!("2026-01-{:02}T00:00:00Z", n % 28 + 1),
        "affected": [{"package": {"ecosystem": "Debian:12", "name": format!("package-{n}")}}],
    })
    .to_string()
}

fn lines(numbers: std::ops::Range<usize>) -> String {
    numbers.map(|n| record(n) + "\n").collect()
}

fn zipped(numbers: std::ops::Range<usize>) -> Vec<u8> {
    let mut zip = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for n in numbers {
        zip.start_file(format!("EX-{n}.json"), SimpleFileOptions::default())
            .unwrap();
        zip.write_all(record(n).as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn kev(entries: usize) -> String {
    let all: Vec<Value> = (0..entries)
        .map(|n| json!({"cveID": format!("CVE-2026-{n:04}"), "dateAdded": "2026-02-01"}))
        .collect();
    json!({"catalogVersion": "2026.02.01", "dateReleased": "2026-02-01T10:00:00Z",
        "count": entries, "vulnerabilities": all})
    .to_string()
}

const EPSS: &str = "#model_version:v1,score_date:2026-02-03T00:00:00Z\ncve,epss,percentile\nCVE-2026-0001,0.5,0.9\n";

fn update(home: &Home, words: &[&str]) -> Done {
    home.run(&[&["advisories", "update", "--format", "json"][..], words].concat())
}

fn held(home: &Home) -> Value {
    home.run(&["advisories", "list", "--format", "json"]).json()
}

/// A home that asks the mirror for one feed of OSV records.
fn asking(mirror: &Mirror) -> Home {
    let home = Home::new();
    let url = format!("{}/Debian/all.zip", mirror.url);
    home.configure(&format!(
        "[advisories]\nosv = [{{ name = \"Debian\", url = \"{url}\" }}]"
    ));
    home
}

/// The same after a first edition of ten records.
fn with_ten(mirror: &Mirror) -> Home {
    mirror.file("/Debian/all.zip", zipped(0..10), "\"ten\"");
    let home = asking(mirror);
    let done = update(&home, &[]);
    assert_eq!(done.code, 0, "{}", done.err);
    mirror.take();
    home
}

/// That nothing was taken in, why, and that the edition before stays in force.
fn refused(home: &Home, words: &[&str], why: &str) {
    let before = held(home);
    let done = update(home, words);
    assert_eq!(done.code, 2, "{}", done.out);
    assert!(done.err.contains(why), "{why}: {}", done.err);
    assert_eq!(held(home)["entry"], before["entry"]);
    assert_eq!(held(home)["edition"], before["edition"]);
}

fn names(folder: &Path) -> Vec<String> {
    let Ok(list) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut names: Vec<String> = list
        .map(|e| e.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn blobs(home: &Home) -> usize {
    let all = home.path.join("vault/blobs");
    names(&all)
        .iter()
        .map(|dir| names(&all.join(dir)).len())
        .sum()
}

fn opened(home: &Home, as_of: &AsOf) -> Option<Vec<u8>> {
    let home = standing::home::Home::open(&home.path).unwrap();
    let index = home.index().unwrap();
    let edition = index.advisories_at(&as_of.instant).unwrap()?;
    let bytes = advisories::opens(&home.folder)(&edition).unwrap();
    Some(bytes.as_ref().to_vec())
}

fn now() -> AsOf {
    AsOf::at(Timestamp::now())
}

#[test]
fn what_is_unchanged_costs_one_request_and_is_not_kept_twice() {
    let mirror = Mirror::start();
    mirror.file("/Debian/all.zip", zipped(0..10), "\"a\"");
    mirror.file("/kev.json", kev(3), "\"b\"");
    mirror.file("/epss-2026-02-03.csv", EPSS, "\"c\"");
    mirror.put(
        "/epss-current.csv",
        Sent {
            location: Some("epss-2026-02-03.csv".into()),
            ..Sent::default()
        },
    );
    let home = Home::new();
    home.configure(&format!(
        "[advisories]\nosv = [{{ name = \"Debian\", url = \"{0}/Debian/all.zip?token=t0ken\" }}]\n\
         kev = \"{0}/kev.json\"\nepss = \"{0}/epss-current.csv\"",
        mirror.url
    ));
    let done = update(&home, &[]);
    assert_eq!(done.code, 0, "{}", done.err);
    let first = done.json();
    let told: Vec<_> = first["feeds"].as_array().unwrap().iter().collect();
    let short = |f: &Value| (f["name"].clone(), f["records"].clone(), f["as_of"].clone());
    assert_eq!(
        short(told[0]),
        (json!("Debian"), json!(10), json!("2026-01-10"))
    );
    assert_eq!(
        short(told[1]),
        (json!("kev"), json!(3), json!("2026-02-01"))
    );
    assert_eq!(
        short(told[2]),
        (json!("epss"), json!(1), json!("2026-02-03"))
    );
    assert!(told.iter().all(|f| f["changed"] == true));
    assert_eq!(mirror.take().len(), 4);

    let kept = blobs(&home);
    let second = update(&home, &[]).json();
    assert_eq!(second["edition"], first["edition"]);
    assert_eq!(second["entry"], first["entry"].as_u64().unwrap() + 1);
    assert!(
        second["feeds"]
            .as_array()
            .unwrap()
            .iter()
            .all(|f| f["changed"] == false)
    );
    // The list itself is new: it says when it was looked at.
    assert_eq!(blobs(&home), kept + 1);
    let asked = mirror.take();
    assert_eq!(asked.len(), 4);
    assert!(
        asked.iter().all(|head| head.contains("if-none-match: ")),
        "{asked:?}"
    );

    // Other words of the server for the same bytes are no other file.
    mirror.file("/kev.json", kev(3), "\"new\"");
    update(&home, &[]);
    assert_eq!(blobs(&home), kept + 2);

    // What was held long before is named again too.
    mirror.file("/kev.json", kev(4), "\"four\"");
    update(&home, &[]);
    mirror.file("/kev.json", kev(3), "\"three\"");
    let back = update(&home, &[]).json();
    assert_eq!(back["edition"], first["edition"]);
    assert_eq!(blobs(&home), kept + 5);

    // Neither the log nor what is printed repeats an address; the log has no names either.
    let shown = home.run(&["advisories", "list"]).out;
    assert!(
        shown.contains("Debian") && !shown.contains("t0ken"),
        "{shown}"
    );
    let mut log = String::new();
    let mut folders = vec![home.path.join("vault/log")];
    while let Some(folder) = folders.pop() {
        for name in names(&folder) {
            let path = folder.join(name);
            match path.is_dir() {
                true => folders.push(path),
                false => log += &String::from_utf8_lossy(&std::fs::read(path).unwrap()),
            }
        }
    }
    assert!(log.contains("\"kind\":\"advisories\""));
    for word in ["t0ken", "Debian", "127.0.0.1"] {
        assert!(!log.contains(word), "{word}");
    }
    assert_eq!(home.run(&["vault", "fsck"]).code, 0);
}

#[test]
fn a_file_that_breaks_off_or_is_damaged_leaves_the_edition_before_in_force() {
    let mirror = Mirror::start();
    let home = with_ten(&mirror);
    let zip = zipped(0..12);
    let put = |body: &[u8], breaks_after, unannounced| {
        let body = body.to_vec();
        mirror.put(
            "/Debian/all.zip",
            Sent {
                body,
                breaks_after,
                unannounced,
                ..Sent::default()
            },
        );
    };
    put(&zip, Some(zip.len() / 2), false);
    refused(&home, &[], "broke off before its end");
    put(&zip, Some(zip.len() / 2), true);
    refused(&home, &[], "damaged or cut zip");
    let mut flipped = zip.clone();
    flipped[60] ^= 0x10;
    put(&flipped, None, false);
    refused(&home, &[], "of the zip is damaged");
    put(kev(20).as_bytes(), None, false);
    refused(&home, &[], "expected OSV records");
    put(b"{\"an answer\": \"of another kind\"}", None, false);
    refused(&home, &[], "expected OSV records");
    mirror.files.lock().unwrap().clear();
    refused(&home, &[], "there is nothing there");
    assert_eq!(names(&home.path.join("vault/tmp")), Vec::<String>::new());
    assert_eq!(names(&home.path.join(".standing/advisories")).len(), 1);

    put(&zip, None, false);
    assert_eq!(update(&home, &[]).code, 0);
    assert_eq!(held(&home)["feeds"][0]["records"], 12);
}

#[test]
fn one_that_fails_keeps_the_others_out_unless_they_are_named() {
    let mirror = Mirror::start();
    mirror.file("/kev.json", kev(3), "\"b\"");
    let home = Home::new();
    home.configure(&format!(
        "[advisories]\nosv = [{{ name = \"Debian\", url = \"{0}/gone.zip\" }}]\nkev = \"{0}/kev.json\"",
        mirror.url
    ));
    refused(&home, &[], "Debian: ");
    assert_eq!(held(&home)["edition"], Value::Null);
    assert_eq!(home.run(&["advisories", "list"]).code, 1);
    assert_eq!(update(&home, &["kev"]).code, 0);
    refused(&home, &["kef"], "did you mean \"kev\"?");

    // What is not named stays as it was, and is not asked for.
    mirror.file("/gone.zip", zipped(0..4), "\"z\"");
    mirror.take();
    let checked = |held: &Value, name: &str| {
        let feeds = held["feeds"].as_array().unwrap().iter();
        let feed = feeds.clone().find(|f| f["name"] == name).unwrap();
        feed["checked_at"].clone()
    };
    let before = held(&home);
    assert_eq!(update(&home, &["Debian"]).code, 0);
    assert_eq!(mirror.take().len(), 1);
    let after = held(&home);
    assert_eq!(after["feeds"].as_array().unwrap().len(), 2);
    assert_eq!(checked(&after, "kev"), checked(&before, "kev"));
}

#[test]
fn an_edition_that_suddenly_holds_less_than_half_is_not_believed() {
    let mirror = Mirror::start();
    let home = with_ten(&mirror);
    mirror.file("/Debian/all.zip", zipped(0..4), "\"four\"");
    refused(&home, &[], "holds 4 records, and the last one held 10");
    assert!(update(&home, &[]).err.contains("--accept-smaller"));
    mirror.file("/Debian/all.zip", zipped(0..5), "\"five\"");
    assert_eq!(update(&home, &[]).code, 0);
    mirror.file("/Debian/all.zip", zipped(0..2), "\"two\"");
    assert_eq!(update(&home, &["--accept-smaller"]).code, 0);
    assert_eq!(held(&home)["feeds"][0]["records"], 2);

    // A folder that lacks most of what was held is no smaller loss for its other names.
    home.write("small/one.json", record(1));
    assert_eq!(update(&home, &["--from", "small"]).code, 0);
    assert_eq!(update(&home, &["--accept-smaller"]).code, 0);
    home.write("none/kev.json", kev(2));
    refused(
        &home,
        &["--from", "none"],
        "OSV records as a whole: holds 0 records",
    );
}

#[test]
fn a_redirect_is_followed_within_the_host_only() {
    let mirror = Mirror::start();
    let home = with_ten(&mirror);
    let to = |location: String| {
        let location = Some(location);
        mirror.put(
            "/Debian/all.zip",
            Sent {
                location,
                ..Sent::default()
            },
        );
    };
    mirror.file("/elsewhere.zip", zipped(0..11), "\"e\"");
    for other in [
        format!("http://localhost:{}/elsewhere.zip", mirror.port),
        format!("//localhost:{}/elsewhere.zip", mirror.port),
        format!("https://127.0.0.1:{}/elsewhere.zip", mirror.port),
    ] {
        to(other);
        mirror.take();
        refused(&home, &[], "sends us to another host");
        assert_eq!(mirror.take().len(), 1);
    }
    to("/Debian/all.zip".into());
    refused(&home, &[], "without end");
    to(format!("{}/elsewhere.zip", mirror.url));
    assert_eq!(update(&home, &[]).code, 0);
    assert_eq!(held(&home)["feeds"][0]["records"], 11);
}

#[test]
fn what_is_longer_than_allowed_or_has_another_digest_is_refused() {
    let mirror = Mirror::start();
    let long = "x".repeat((1 << 20) + 1);
    mirror.file("/long.json", long.clone(), "\"l\"");
    let section = |more: &str| format!("[advisories]\nlongest_mebibytes = 1\n{more}");
    let home = Home::new();
    home.configure(&section(&format!("kev = \"{}/long.json\"", mirror.url)));
    refused(&home, &[], "longer than 1 MiB");
    mirror.put(
        "/long.json",
        Sent {
            body: long.into_bytes(),
            unannounced: true,
            ..Sent::default()
        },
    );
    refused(&home, &[], "longer than 1 MiB");

    mirror.file("/kev.json", kev(3), "\"b\"");
    let digest: String = Sha256::digest(kev(3))
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect();
    let home = Home::new();
    let stated = |digest: &str| {
        section(&format!(
            "kev = {{ url = \"{}/kev.json\", sha256 = \"{digest}\" }}",
            mirror.url
        ))
    };
    let plain = std::fs::read_to_string(home.path.join("standing.toml")).unwrap();
    home.configure(&stated(&"0".repeat(64)));
    refused(&home, &[], &format!("has SHA-256 {digest}"));
    home.write("standing.toml", plain);
    home.configure(&stated(&digest.to_uppercase()));
    assert_eq!(update(&home, &[]).code, 0);
}

#[test]
fn killed_in_the_middle_the_edition_before_stays_and_nothing_is_left_behind() {
    let mirror = Mirror::start();
    let home = with_ten(&mirror);
    let body = zipped(0..12);
    mirror.put(
        "/Debian/all.zip",
        Sent {
            breaks_after: Some(body.len() / 2),
            hangs: true,
            body: body.clone(),
            ..Sent::default()
        },
    );
    let mut child = Command::new(env!("CARGO_BIN_EXE_standing"))
        .args(["advisories", "update"])
        .current_dir(&home.path)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    while mirror.asked.lock().unwrap().is_empty() {
        assert!(
            begun.elapsed() < Duration::from_secs(30),
            "nothing was asked"
        );
        std::thread::yield_now();
    }
    let busy = update(&home, &[]);
    assert_eq!(busy.code, 2);
    assert!(busy.err.contains("by another process"), "{}", busy.err);
    child.kill().unwrap();
    child.wait().unwrap();

    assert_eq!(held(&home)["feeds"][0]["records"], 10);
    assert_eq!(names(&home.path.join("vault/tmp")), Vec::<String>::new());
    let left = names(&home.path.join(".standing"));
    assert!(
        left.iter().all(|name| !name.starts_with(".tmp")),
        "{left:?}"
    );
    mirror.file("/Debian/all.zip", body, "\"twelve\"");
    assert_eq!(update(&home, &[]).code, 0);
    assert_eq!(held(&home)["feeds"][0]["records"], 12);
    assert_eq!(home.run(&["vault", "fsck"]).code, 0);
}

#[test]
fn a_folder_is_read_without_any_network() {
    let home = Home::new();
    home.write("mirror/debian.jsonl", lines(0..6));
    home.write("mirror/deep/all.zip", zipped(6..9));
    home.write("mirror/kev.json", kev(2));
    home.write("mirror/scores.csv", EPSS);
    home.write("mirror/README.md", "Not looked at.");
    home.configure("[advisories]\nfolder = \"mirror\"");
    let done = update(&home, &[]);
    assert_eq!(done.code, 0, "{}", done.err);
    let told = done.json();
    let told: Vec<_> = told["feeds"].as_array().unwrap().iter().collect();
    let short =
        |f: &Value| format!("{} {} {}", f["name"], f["kind"], f["records"]).replace('"', "");
    assert_eq!(
        told.iter().map(|f| short(f)).collect::<Vec<_>>(),
        [
            "debian.jsonl osv 6",
            "deep/all.zip osv 3",
            "kev.json kev 2",
            "scores.csv epss 1"
        ]
    );

    // Something of another kind is left aside and a line that is no record is named: both are said.
    home.write("mirror/other.json", "{\"gem\": \"x\"}");
    home.write("mirror/debian.jsonl", lines(0..3) + "{\n" + &lines(3..6));
    let done = home.run(&["advisories", "update"]);
    assert_eq!(done.code, 1, "{}", done.err);
    for words in [
        "other.json",
        "left aside",
        "debian.jsonl line 4: expected one JSON object",
    ] {
        assert!(done.out.contains(words), "{words}: {}", done.out);
    }
    home.write("mirror/debian.jsonl", &lines(0..6)[..100]);
    refused(&home, &[], "debian.jsonl: ends in the middle of line 1");
    refused(&home, &["--from", "nowhere"], "cannot read the folder");
    home.write("empty/README.md", "");
    refused(&home, &["--from", "empty"], "no file of advisories");
}

#[test]
fn an_earlier_day_has_the_edition_that_was_in_force_on_it() {
    let mirror = Mirror::start();
    let home = with_ten(&mirror);
    let at = |held: &Value| -> Timestamp { held["taken_in_at"].as_str().unwrap().parse().unwrap() };
    let first = at(&held(&home));
    let before = opened(&home, &now()).unwrap();
    mirror.file("/Debian/all.zip", zipped(0..20), "\"twenty\"");
    assert_eq!(update(&home, &[]).code, 0);
    assert!(at(&held(&home)) > first);

    let after = opened(&home, &now()).unwrap();
    assert_ne!(before, after);
    assert_eq!(opened(&home, &AsOf::at(first)).unwrap(), before);
    let eve = first - jiff::SignedDuration::from_millis(1);
    assert_eq!(opened(&home, &AsOf::at(eve)), None);
    let then = first.to_string();
    let listed = home.run(&["advisories", "list", "--as-of", &then, "--format", "json"]);
    assert_eq!(listed.json()["feeds"][0]["records"], 10);

    // All that is beside the vault can go, and comes back the same to the byte.
    std::fs::remove_dir_all(home.path.join(".standing")).unwrap();
    assert_eq!(opened(&home, &AsOf::at(first)).unwrap(), before);
    assert_eq!(opened(&home, &now()).unwrap(), after);

    // A compiled file of another format is made anew.
    let folder = home.path.join(".standing/advisories");
    for name in names(&folder) {
        std::fs::remove_file(folder.join(&name)).unwrap();
        std::fs::write(folder.join(&name), "of another format").unwrap();
    }
    assert_eq!(opened(&home, &now()).unwrap(), after);
}

#[test]
fn an_edition_says_which_fixes_it_is_the_first_to_name() {
    let fixed = |id: &str, fixed: &str| {
        json!({"id": id, "modified": "2026-02-01T00:00:00Z",
            "affected": [{"package": {"ecosystem": "Debian:12", "name": "openssl"},
                "ranges": [{"type": "ECOSYSTEM",
                    "events": [{"introduced": "0"}, {"fixed": fixed}]}]}]})
        .to_string()
    };
    let home = Home::new();
    let news = || {
        let held = standing::home::Home::open(&home.path).unwrap();
        let index = held.index().unwrap();
        let edition = index.advisories_at(&now().instant).unwrap().unwrap();
        advisories::List::of(&edition).unwrap().first_fixes
    };
    home.write("mirror/all.jsonl", fixed("EX-1", "1.0"));
    assert_eq!(update(&home, &["--from", "mirror"]).code, 0);
    assert_eq!(news(), None, "there was nothing before it");
    home.write(
        "mirror/all.jsonl",
        [fixed("EX-1", "1.1"), fixed("EX-2", "1.0")].join("\n"),
    );
    assert_eq!(update(&home, &["--from", "mirror"]).code, 0);
    let expected = [
        ["EX-1", "Debian\nopenssl", "1.1"],
        ["EX-2", "Debian\nopenssl", "1.0"],
    ];
    assert_eq!(
        news(),
        Some(expected.map(|fix| fix.map(str::to_owned)).to_vec())
    );
    assert_eq!(update(&home, &["--from", "mirror"]).code, 0);
    assert_eq!(news(), Some(Vec::new()), "nothing is new");
}

#[test]
fn only_the_last_three_compiled_files_are_kept() {
    let mirror = Mirror::start();
    let home = with_ten(&mirror);
    for n in 11..16 {
        mirror.put(
            "/Debian/all.zip",
            Sent {
                body: zipped(0..n),
                ..Sent::default()
            },
        );
        assert_eq!(update(&home, &[]).code, 0);
    }
    let folder = home.path.join(".standing/advisories");
    // What a killed writer left is swept away with them; what somebody else writes is not.
    let ours = format!("new-{}-x", std::process::id());
    std::fs::write(folder.join("new-4194305-x"), "").unwrap();
    std::fs::write(folder.join(&ours), "").unwrap();
    let edition = held(&home)["edition"].as_str().unwrap().to_owned();
    std::fs::remove_file(folder.join(format!("{edition}.index"))).unwrap();
    opened(&home, &now()).unwrap();
    let left = names(&folder);
    assert_eq!(left.len(), 4, "{left:?}");
    assert!(left.contains(&ours) && left.contains(&format!("{edition}.index")));
}

#[test]
fn what_was_erased_is_missed_by_name_and_taken_in_anew() {
    let mirror = Mirror::start();
    let home = with_ten(&mirror);
    let entry = held(&home)["entry"].as_u64().unwrap();
    let opened = standing::home::Home::open(&home.path).unwrap();
    let body = opened
        .vault
        .entries(entry..entry + 1)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .body;
    let blob = body["blobs"][0].as_str().unwrap().to_owned();
    let list = body["list"].as_str().unwrap().to_owned();
    let erase = |blob: &str| {
        home.run(&["vault", "erase", blob, "--reason", "a test", "--yes"])
            .code
    };
    assert_eq!(erase(&blob), 0);
    std::fs::remove_dir_all(home.path.join(".standing")).unwrap();
    let index = opened.index().unwrap();
    let edition = index.advisories_at(&now().instant).unwrap().unwrap();
    let error = advisories::opens(&opened.folder)(&edition).err().unwrap();
    assert!(error.contains("was erased by entry"), "{error}");
    // It is asked for without saying that we hold it, and kept.
    assert_eq!(update(&home, &[]).code, 0);
    assert!(!mirror.take()[0].contains("if-none-match"));
    let newer = home.run(&["advisories", "list", "--format", "json"]).json();
    assert_eq!(newer["feeds"][0]["records"], 10);

    let entry = newer["entry"].as_u64().unwrap();
    let again = standing::home::Home::open(&home.path).unwrap();
    let body = again
        .vault
        .entries(entry..entry + 1)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .body;
    assert_ne!(body["list"].as_str().unwrap(), list);
    assert_eq!(erase(body["list"].as_str().unwrap()), 0);
    let gone = home.run(&["advisories", "list"]);
    assert_eq!(gone.code, 2);
    assert!(gone.err.contains("was erased"), "{}", gone.err);
    assert_eq!(update(&home, &[]).code, 0);
}

#[test]
fn a_section_with_mistakes_says_which() {
    for (section, wanted) in [
        ("", "names nothing to read"),
        ("folder = \"x\"\nfeed = 1\n", "unknown field \"feed\""),
        ("osv = \"https://a.example\"\n", "osv: expected a list"),
        ("osv = [\"https://a.example\"]\n", "osv: expected a list"),
        ("osv = [{ url = \"https://a.example\" }]\n", "has no name"),
        ("osv = [{ name = \"A\" }]\n", "A has no url"),
        (
            "osv = [{ name = \"KEV\", url = \"https://a.example\" }]\n",
            "neither",
        ),
        (
            "osv = [{ name = \"A\", url = \"http://a.example\" }]\n",
            "expected https",
        ),
        ("kev = \"https://user@a.example\"\n", "expected https"),
        (
            "kev = { url = \"https://a.example\", sha256 = \"12\" }\n",
            "64 hexadecimal",
        ),
        ("epss = 1\n", "epss: expected an address"),
        ("folder = \"x\"\nlongest_mebibytes = 0\n", "from 1 to 16384"),
        (
            "osv = [{ name = \"A\", url = \"https://a.example\" }, { name = \"A\", url = \"https://b.example\" }]\n",
            "names \"A\" twice",
        ),
    ] {
        let home = Home::new();
        home.configure(&format!("[advisories]\n{section}"));
        let done = home.run(&["advisories", "update"]);
        assert_eq!(done.code, 2, "{section}: {}", done.out);
        assert!(done.err.contains(wanted), "{section}: {}", done.err);
        assert!(done.err.contains("standing.toml line"), "{}", done.err);
    }
    let none = Home::new().run(&["advisories", "update"]);
    assert!(none.err.contains("has no [advisories]"), "{}", none.err);
}

#[test]
fn the_example_of_a_new_home_is_understood_when_its_marks_are_taken_away() {
    let home = Home::new();
    let text = std::fs::read_to_string(home.path.join("standing.toml")).unwrap();
    let from = text
        .lines()
        .position(|line| line == "# [advisories]")
        .unwrap();
    let example = text.lines().skip(from).take_while(|line| !line.is_empty());
    let example: Vec<&str> = example
        .map(|line| line.strip_prefix("# ").unwrap())
        .collect();
    let config = standing::config::Config::parse(&example.join("\n")).unwrap();
    let settings = config.advisories.unwrap();
    assert!(settings.feeds.len() >= 3 && settings.folder.is_some());
}

#[test]
fn everything_in_the_shared_folder_is_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/advisories");
    if !folder.exists() {
        println!("skipped: ../shared/data not present");
        return;
    }
    let home = Home::new();
    let done = update(&home, &["--from", folder.to_str().unwrap()]);
    assert_eq!(done.code, 1, "{}", done.err);
    let told = done.json();
    let feeds = told["feeds"].as_array().unwrap();
    // Go's records do not say when they were modified.
    let undated = feeds.iter().filter(|f| f["as_of"].is_null());
    assert_eq!(
        undated.map(|f| &f["name"]).collect::<Vec<_>>(),
        ["go-osv.jsonl.gz"]
    );
    let records = |kind: &str| -> u64 {
        let of_kind = feeds.iter().filter(|f| f["kind"] == kind);
        of_kind.map(|f| f["records"].as_u64().unwrap()).sum()
    };
    let osv = feeds
        .iter()
        .filter(|f| f["name"].as_str().unwrap().ends_with(".jsonl.gz"));
    assert_eq!(osv.count(), 6);
    assert_eq!((records("osv"), records("kev")), (21_646, 1_662));
    assert!(feeds.iter().all(|f| f["unread"] == 0), "{told:#}");
    assert!(told["problems"].as_array().unwrap().is_empty());
}
