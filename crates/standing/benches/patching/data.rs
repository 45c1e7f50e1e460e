//! Advisories: those beside the repository, and invented ones for ecosystems of which there are none.

use std::fmt::Write as _;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use standing_mapped::Mapped;
use standing_patching::{Builder, Database};

/// Invented Debian packages with advisories, and their advisories.
pub const DEBIAN: usize = 1_000;
/// Invented npm packages with advisories.
pub const NPM: usize = 1_000;
/// Advisories that are invented where there are none beside the repository.
const INSTEAD: usize = 21_000;

/// Records as they lie beside the repository; none where they do not.
pub struct Shared {
    pub records: Vec<String>,
    pub kev: Option<String>,
}

/// The sample data beside the repository, if it is there.
pub fn folder() -> Option<PathBuf> {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let mut folders = above.map(|folder| folder.join("shared/data"));
    folders.find(|folder| folder.is_dir())
}

pub fn unpacked(path: &Path) -> String {
    let bytes = std::fs::read(path).expect("a file of the sample data");
    let mut text = String::new();
    let mut packed = flate2::read::GzDecoder::new(&bytes[..]);
    packed.read_to_string(&mut text).expect("packed text");
    text
}

/// All OSV records and CISA's catalogue; invented ones where the folder is absent.
pub fn shared() -> Shared {
    let Some(folder) = folder().map(|folder| folder.join("advisories")) else {
        let records = (0..INSTEAD).map(|i| cargo(i, INSTEAD / 3)).collect();
        return Shared { records, kev: None };
    };
    let listed = std::fs::read_dir(&folder).expect("the advisories");
    let mut files: Vec<PathBuf> = listed.map(|f| f.expect("a file").path()).collect();
    files.retain(|file| {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        name.contains("-osv") && name.ends_with(".jsonl.gz")
    });
    files.sort();
    let texts = files.iter().map(|file| unpacked(file));
    let records = texts.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>());
    Shared {
        records: records.collect(),
        kev: Some(unpacked(&folder.join("kev.json.gz"))),
    }
}

/// The shared records with invented ones of Debian and npm.
pub fn all() -> Shared {
    let mut shared = shared();
    shared.records.extend((0..2 * DEBIAN).map(debian));
    shared.records.extend((0..2 * NPM).map(npm));
    shared
}

pub fn build(shared: &Shared) -> Vec<u8> {
    let mut builder = Builder::new();
    for record in &shared.records {
        builder.osv(record).expect("a record");
    }
    if let Some(kev) = &shared.kev {
        builder.kev(kev).expect("the catalogue");
    }
    builder.finish()
}

/// Writes the two databases that the parts open.
pub fn write(folder: &Path) {
    if self::folder().is_none() {
        println!(
            "../shared/data is not present: {INSTEAD} invented advisories stand in, none real"
        );
    }
    std::fs::write(folder.join("shared.adv"), build(&shared())).expect("the database");
    std::fs::write(folder.join("all.adv"), build(&all())).expect("the database");
}

pub fn open(path: &Path) -> Database<Mapped> {
    let mapped = standing_mapped::open(path).expect("the database");
    Database::open(mapped).expect("whole")
}

/// Every hundredth record another: withdrawn, with a later fix, or with a new one beside it. Gives the
/// records as they are now, and those that are new, gone or another, as they were and as they are.
pub fn a_day_later(shared: &Shared) -> (Shared, Vec<String>) {
    let mut records = Vec::new();
    let mut changed = Vec::new();
    for (i, record) in shared.records.iter().enumerate() {
        if i % 100 != 37 {
            records.push(record.clone());
            continue;
        }
        changed.push(record.clone());
        let now = another(record, i / 100);
        changed.extend(now.iter().cloned());
        records.extend(now);
    }
    let kev = shared.kev.clone();
    (Shared { records, kev }, changed)
}

fn another(record: &str, how: usize) -> Vec<String> {
    let mut value: Value = serde_json::from_str(record).expect("a record");
    value["modified"] = "2099-01-01T00:00:00Z".into();
    match how % 3 {
        0 => value["withdrawn"] = "2026-11-20T00:00:00Z".into(),
        1 => later_fixes(&mut value),
        _ => {
            value["id"] = format!("{}-b", value["id"].as_str().unwrap_or("X")).into();
            return vec![record.to_owned(), value.to_string()];
        }
    }
    vec![value.to_string()]
}

fn later_fixes(value: &mut Value) {
    match value {
        Value::Object(members) => {
            if let Some(fixed) = members.get_mut("fixed") {
                *fixed = "999.0.0".into();
            }
            members.values_mut().for_each(later_fixes);
        }
        Value::Array(list) => list.iter_mut().for_each(later_fixes),
        _ => {}
    }
}

/// Package `i` has two advisories, with fixes in the versions that the fleet's pool has.
fn debian(i: usize) -> String {
    let (package, fixed) = (i % DEBIAN, 1 + i / DEBIAN);
    let mut affected = Vec::new();
    for release in [12, 13] {
        affected.push(json!({
            "package": {"ecosystem": format!("Debian:{release}"), "name": format!("deb-{package}")},
            "ranges": [{"type": "ECOSYSTEM",
                "events": [{"introduced": "0"}, {"fixed": debian_version(fixed)}]}],
        }));
    }
    json!({
        "id": format!("DSA-{}-1", 10_000 + i), "upstream": [format!("CVE-2098-{}", 10_000 + i)],
        "published": "2026-05-04T10:00:00Z", "summary": "An invented advisory.", "affected": affected,
    })
    .to_string()
}

pub fn debian_version(i: usize) -> String {
    format!("1:2.{i}.4-{}+deb12u{i}", 1 + i % 3)
}

fn npm(i: usize) -> String {
    let name = format!("npm-{}", i % NPM);
    semver(&format!("GHSA-npm-{i:05}"), "npm", &name, 1 + i / NPM)
}

fn cargo(i: usize, packages: usize) -> String {
    let name = format!("crate-{}", i % packages);
    semver(
        &format!("RUSTSEC-2098-{i:05}"),
        "crates.io",
        &name,
        1 + i / packages,
    )
}

fn semver(id: &str, ecosystem: &str, name: &str, fixed: usize) -> String {
    json!({
        "id": id, "aliases": [format!("CVE-2097-{id}")], "published": "2026-05-04T10:00:00Z",
        "summary": "An invented advisory.",
        "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"}],
        "affected": [{"package": {"ecosystem": ecosystem, "name": name},
            "ranges": [{"type": "SEMVER",
                "events": [{"introduced": "0.0.0-0"}, {"fixed": format!("1.{fixed}.0")}]}]}],
    })
    .to_string()
}

/// A package of an ecosystem with a version before a fix and the fixed one, as its record names them.
pub struct Real {
    pub name: String,
    pub before: String,
    pub fixed: String,
}

/// Packages of an ecosystem that records name, each once.
pub fn real(shared: &Shared, ecosystem: &str) -> Vec<Real> {
    let mut seen = std::collections::BTreeSet::new();
    let mut found = Vec::new();
    for record in &shared.records {
        let value: Value = serde_json::from_str(record).expect("a record");
        for affected in value["affected"].as_array().into_iter().flatten() {
            if affected["package"]["ecosystem"] == ecosystem {
                found.extend(one(affected).filter(|real| seen.insert(real.name.clone())));
            }
        }
    }
    found
}

fn one(affected: &Value) -> Option<Real> {
    let ranges = affected["ranges"].as_array()?.iter();
    let mut ranges = ranges.filter(|range| range["type"] != "GIT");
    let events = ranges.next()?["events"].as_array()?;
    let event = |name: &str| events.iter().find_map(|e| e[name].as_str());
    let before = event("introduced").filter(|v| !v.starts_with("0.0.0-0") && *v != "0");
    Some(Real {
        name: affected["package"]["name"].as_str()?.to_owned(),
        before: before.unwrap_or("0.0.1").to_owned(),
        fixed: event("fixed")?.to_owned(),
    })
}

/// Numbers that look like chance and are the same in every run: SplitMix64.
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % end as u64) as usize
    }

    /// So many hexadecimal digits.
    pub fn hex(&mut self, digits: usize) -> String {
        let mut text = String::new();
        for _ in 0..digits {
            let _ = write!(text, "{:x}", self.below(16));
        }
        text
    }
}
