//! Lockfiles, judged as `standing patch gate` judges them: read, compared, and what is found looked up.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use standing_collectors::lockfile;
use standing_mapped::Mapped;
use standing_patching::Database;

use crate::data::{self, Dice, Real};
use crate::measure::{cpu, peak_mib, report, times};

/// Where `cargo` says that a crate comes from.
const INDEX: &str = "registry+https://github.com/rust-lang/crates.io-index";
const REPOSITORIES: usize = 1_000;

pub fn bench(folder: &Path) {
    let database = data::open(&folder.join("all.adv"));
    let shared = data::shared();
    let (crates, wheels) = (
        data::real(&shared, "crates.io"),
        data::real(&shared, "PyPI"),
    );
    drop(shared);
    let mut dice = Dice(1);
    let files = [
        ("Cargo.lock", cargo(&crates, 900, &mut dice)),
        ("package-lock.json", npm(900, &mut dice)),
        ("requirements.txt", requirements(&wheels, 75, &mut dice)),
    ];
    for (name, text) in &files {
        let (packages, found) = judge(&database, name, text.as_bytes());
        let size = text.len() / 1000;
        println!("{name}, {size} kB: {packages} packages, {found} vulnerabilities");
        let once = || {
            judge(&database, name, text.as_bytes());
        };
        cpu(&format!("  {name} judged, warm"), 200, once);
        let read = times(201, || assert!(lockfile(name, text.as_bytes()).is_some()));
        report("  of which read", read);
    }
    let (name, text) = &files[0];
    let thousand = times(7, || {
        for _ in 0..REPOSITORIES {
            judge(&database, name, text.as_bytes());
        }
    });
    report("1,000 of that Cargo.lock, one thread", thousand);
    repositories(folder, &database, &crates, &wheels);
    println!("peak memory {} MiB", peak_mib());
}

/// A thousand repositories of all sizes, their files on disk.
fn repositories(folder: &Path, database: &Database<Mapped>, crates: &[Real], wheels: &[Real]) {
    let mut dice = Dice(2);
    let (mut paths, mut size) = (Vec::new(), 0);
    for i in 0..REPOSITORIES {
        let packages = 50 + dice.below(850);
        let (name, text) = match i % 10 {
            0..4 => ("Cargo.lock", cargo(crates, packages, &mut dice)),
            4..8 => ("package-lock.json", npm(packages, &mut dice)),
            _ => (
                "requirements.txt",
                requirements(wheels, packages / 6, &mut dice),
            ),
        };
        let path = folder.join(format!("repository-{i}")).join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(&path, &text).expect("a lockfile");
        size += text.len();
        paths.push(path);
    }
    let mut sum = (0, 0);
    let all = times(7, || {
        sum = (0, 0);
        for path in &paths {
            let bytes = std::fs::read(path).expect("a lockfile");
            let one = judge(database, &path.to_string_lossy(), &bytes);
            sum = (sum.0 + one.0, sum.1 + one.1);
        }
    });
    let (packages, found) = sum;
    println!("1,000 repositories: {packages} packages, {found} vulnerabilities, {size} bytes");
    report("  read from disk and judged, one thread", all);
    let halves = times(7, || {
        std::thread::scope(|scope| {
            for half in paths.chunks(REPOSITORIES / 2) {
                scope.spawn(move || {
                    for path in half {
                        let bytes = std::fs::read(path).expect("a lockfile");
                        judge(database, &path.to_string_lossy(), &bytes);
                    }
                });
            }
        });
    });
    report("  the same on two threads", halves);
}

/// How many packages were compared, and how many vulnerabilities they have, each once a package.
fn judge(database: &Database<Mapped>, name: &str, bytes: &[u8]) -> (usize, usize) {
    let reading = lockfile(name, bytes).expect("a known name");
    assert!(
        reading.refused.is_none() && reading.unread.is_empty(),
        "{name}"
    );
    let mut found = 0;
    for one in &reading.components {
        let hits = database.judge(one.ecosystem, &one.name, &one.version);
        let mut of_name = BTreeMap::new();
        for hit in hits.expect("whole") {
            let entry = database.entry(hit.entry).expect("whole");
            for vulnerability in &entry.advisory.about {
                of_name.insert(vulnerability.name, hit.fixed.clone());
            }
        }
        found += of_name.len();
    }
    (reading.components.len(), found)
}

/// A third are crates that records name, every other one at a version before its fix; the rest are
/// invented.
pub fn cargo(real: &[Real], packages: usize, dice: &mut Dice) -> String {
    let mut all = BTreeMap::new();
    for i in 0..packages / 3 {
        let one = &real[dice.below(real.len())];
        let version = if i % 2 == 0 { &one.before } else { &one.fixed };
        all.insert(one.name.clone(), version.clone());
    }
    while all.len() < packages {
        let version = format!("{}.{}.{}", dice.below(3), dice.below(30), dice.below(9));
        all.insert(format!("invented-crate-{}", dice.below(9_000)), version);
    }
    let names: Vec<String> = all.keys().cloned().collect();
    let mut text = "# This file is automatically @generated by Cargo.\nversion = 4\n".to_owned();
    for (name, version) in &all {
        let hash = dice.hex(64);
        let _ = write!(
            text,
            "\n[[package]]\nname = \"{name}\"\nversion = \"{version}\"\nsource = \"{INDEX}\"\n\
             checksum = \"{hash}\"\ndependencies = [\n"
        );
        for _ in 0..dice.below(8) {
            let _ = writeln!(text, " \"{}\",", names[dice.below(names.len())]);
        }
        text.push_str("]\n");
    }
    text
}

/// A third have invented advisories, and half of these a version before the fix.
fn npm(packages: usize, dice: &mut Dice) -> String {
    let mut text =
        "{\n \"name\": \"clinic\",\n \"lockfileVersion\": 3,\n \"packages\": {\n".to_owned();
    for i in 0..packages {
        let of = if i % 3 == 0 {
            i % data::NPM
        } else {
            100_000 + i
        };
        let (version, hash) = (dice.below(4), dice.hex(86));
        let _ = writeln!(
            text,
            "  \"node_modules/npm-{of}\": {{\n   \"version\": \"1.{version}.0\",\n   \"resolved\": \
             \"https://npm.intern.example/npm-{of}/-/npm-{of}-1.{version}.0.tgz\",\n   \
             \"integrity\": \"sha512-{hash}==\",\n   \"license\": \"MIT\",\n   \"dependencies\": {{ \
             \"npm-{}\": \"^1.0.0\", \"npm-{}\": \"^1.2.0\" }}\n  }},",
            dice.below(900),
            dice.below(900)
        );
    }
    text.push_str("  \"\": { \"name\": \"clinic\" }\n }\n}\n");
    text
}

fn requirements(real: &[Real], packages: usize, dice: &mut Dice) -> String {
    let mut text = String::new();
    for i in 0..packages {
        let one = real
            .get(dice.below(real.len().max(1)))
            .filter(|_| i % 3 == 0);
        let _ = match one {
            Some(one) if i % 2 == 0 => writeln!(text, "{}=={}", one.name, one.before),
            Some(one) => writeln!(text, "{}=={}", one.name, one.fixed),
            None => writeln!(text, "invented-wheel-{i}==1.{}.0", dice.below(30)),
        };
    }
    text
}
