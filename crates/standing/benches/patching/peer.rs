//! The peer: cargo-audit over the same lockfile and the same records.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Instant;

use serde_json::Value;
use standing_collectors::lockfile;
use standing_patching::Builder;

use crate::data::{self, Dice};
use crate::locks;
use crate::measure::{report, times};

/// Kind, advisory, package, version. The kind is `vulnerability`, or why it is none: `unmaintained`.
type Finding = (String, String, String, String);

/// Yanked versions are no advisories: they are asked of a registry, and the peer is told not to.
const NO_YANKED: &str = "[yanked]\nenabled = false\nupdate_index = false\n";

pub fn bench(folder: &Path) {
    let Some(version) = version() else {
        println!("cargo-audit is not here");
        return;
    };
    let mut shared = data::shared();
    shared.records.retain(|r| r.contains("\"RUSTSEC-"));
    let native = folder.join("native");
    let mut written = 0;
    for record in &shared.records {
        let value: Value = serde_json::from_str(record).expect("a record");
        for (name, text) in markdown(&value) {
            let file = native
                .join("crates")
                .join(name)
                .join(format!("{}.md", text.0));
            std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
            std::fs::write(file, text.1).expect("an advisory");
            written += 1;
        }
    }
    let crates = data::real(&shared, "crates.io");
    let text = locks::cargo(&crates, 900, &mut Dice(1));
    let path = folder.join("Cargo.lock");
    std::fs::write(&path, &text).expect("a lockfile");
    let settings = folder.join(".cargo");
    std::fs::create_dir_all(&settings).expect("a folder");
    std::fs::write(settings.join("audit.toml"), NO_YANKED).expect("settings");
    println!("{version}, {written} records written as it reads them");
    let audit = || audited(folder, &native, &path);
    let (ours, theirs) = (compiled(&shared.records, &text), told(&audit().stdout));
    let alone = |a: &BTreeSet<Finding>, b: &BTreeSet<Finding>| format!("{:?}", a - b);
    println!("here alone: {}", alone(&ours, &theirs));
    println!("there alone: {}", alone(&theirs, &ours));
    assert_eq!(ours, theirs, "the same records, other findings");
    let grave = ours.iter().filter(|(kind, ..)| kind == "vulnerability");
    let grave = grave.count();
    println!(
        "the same {} findings: {grave} vulnerabilities, {} informational, each of the same kind",
        ours.len(),
        ours.len() - grave
    );
    report("cargo-audit, whole process", times(11, || drop(audit())));
}

fn version() -> Option<String> {
    let asked = Command::new("cargo-audit")
        .args(["audit", "--version"])
        .output();
    let text = String::from_utf8(asked.ok()?.stdout).ok()?;
    Some(text.trim().to_owned())
}

fn audited(folder: &Path, native: &Path, lock: &Path) -> Output {
    let asked = Command::new("cargo-audit")
        .current_dir(folder)
        .args(["audit", "--json", "--no-fetch", "--db"])
        .arg(native)
        .arg("--file")
        .arg(lock)
        .output();
    asked.expect("cargo-audit")
}

/// What it found, vulnerabilities and warnings.
fn told(json: &[u8]) -> BTreeSet<Finding> {
    let value: Value = serde_json::from_slice(json).unwrap_or_default();
    let warnings = value["warnings"].as_object().into_iter().flatten();
    let warnings = warnings.map(|(kind, list)| (kind.as_str(), list));
    let grave = ("vulnerability", &value["vulnerabilities"]["list"]);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut found = BTreeSet::new();
    for (kind, list) in std::iter::once(grave).chain(warnings) {
        for one in list.as_array().into_iter().flatten() {
            let package = &one["package"];
            let id = text(&one["advisory"]["id"]);
            let (name, version) = (text(&package["name"]), text(&package["version"]));
            found.insert((kind.to_owned(), id, name, version));
        }
    }
    found
}

fn compiled(records: &[String], lock: &str) -> BTreeSet<Finding> {
    let begun = Instant::now();
    let mut builder = Builder::new();
    for record in records {
        builder.osv(record).expect("a record");
    }
    let database = standing_patching::Database::open(builder.finish()).expect("whole");
    println!("the same records compiled here in {:?}", begun.elapsed());
    let mut found = BTreeSet::new();
    let reading = lockfile("Cargo.lock", lock.as_bytes()).expect("a known name");
    for one in reading.components {
        let hits = database.judge(one.ecosystem, &one.name, &one.version);
        for hit in hits.expect("whole") {
            let entry = database.entry(hit.entry).expect("whole");
            let kind = entry.informational.unwrap_or("vulnerability").to_owned();
            let id = entry.advisory.id.to_owned();
            found.insert((kind, id, one.name.clone(), one.version.clone()));
        }
    }
    found
}

/// An OSV record in cargo-audit's own form: a table of TOML before the text. Package, then name of the
/// advisory and contents.
fn markdown(record: &Value) -> Vec<(String, (String, String))> {
    let id = record["id"].as_str().unwrap_or_default();
    let date = record["published"].as_str().and_then(|d| d.get(..10));
    if !record["withdrawn"].is_null() {
        return Vec::new();
    }
    let mut found = Vec::new();
    for affected in record["affected"].as_array().into_iter().flatten() {
        let package = affected["package"]["name"].as_str().unwrap_or_default();
        let (patched, unaffected) = requirements(affected);
        let mut text = format!(
            "```toml\n[advisory]\nid = {id:?}\npackage = {package:?}\ndate = {:?}\naliases = {}\n",
            date.unwrap_or("2020-01-01"),
            record["aliases"]
        );
        if let Some(word) = affected["database_specific"]["informational"].as_str() {
            let _ = writeln!(text, "informational = {word:?}");
        }
        let _ = write!(
            text,
            "\n[versions]\npatched = {patched:?}\nunaffected = {unaffected:?}\n```\n\n# {}\n\nA text.\n",
            record["summary"].as_str().unwrap_or("An advisory")
        );
        found.push((package.to_owned(), (id.to_owned(), text)));
    }
    found
}

/// What is mended and what was never touched, as requirements of versions.
fn requirements(affected: &Value) -> (Vec<String>, Vec<String>) {
    let (mut patched, mut unaffected) = (Vec::<String>::new(), Vec::new());
    let ranges = affected["ranges"].as_array().into_iter().flatten();
    for event in ranges.flat_map(|range| range["events"].as_array().into_iter().flatten()) {
        if let Some(fixed) = event["fixed"].as_str() {
            patched.push(format!(">= {fixed}"));
        }
        let introduced = event["introduced"].as_str();
        let Some(introduced) = introduced.filter(|v| *v != "0.0.0-0") else {
            continue;
        };
        match patched.last_mut() {
            Some(open) => open.push_str(&format!(", < {introduced}")),
            None => unaffected.push(format!("< {introduced}")),
        }
    }
    (patched, unaffected)
}
