//! Readers of lockfiles: any bytes, mangled files, and files of real size.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use proptest::prelude::*;
use standing_collectors::{LockfileReading, Reason, lockfile};

const NAMES: [&str; 19] = [
    "Cargo.lock",
    "package-lock.json",
    "npm-shrinkwrap.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "requirements.txt",
    "requirements/base.txt",
    "Pipfile.lock",
    "poetry.lock",
    "uv.lock",
    "go.mod",
    "go.sum",
    "gradle.lockfile",
    "dependency-list.txt",
    "dependency-tree.txt",
    "Gemfile.lock",
    "gems.locked",
    "composer.lock",
    "packages.lock.json",
];

fn read(name: &str, bytes: &[u8]) -> LockfileReading {
    lockfile(name, bytes).expect("a name of a format")
}

/// Every fixture that some format reads.
fn fixtures() -> Vec<(String, Vec<u8>)> {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lockfiles/testdata")];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if lockfile(&path.to_string_lossy(), b"").is_some() {
                let name = path.to_string_lossy().into_owned();
                found.push((name, std::fs::read(path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

/// What was refused has yielded nothing, and every component is a package URL with its version.
fn holds(reading: &LockfileReading) {
    for component in &reading.components {
        let purl = standing_patching::Purl::parse(&component.purl()).expect("a package URL");
        assert_eq!(purl.version.as_deref(), Some(component.version.as_str()));
    }
    assert!(reading.refused.is_none() || reading.components.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        for name in NAMES {
            holds(&read(name, &bytes));
        }
    }

    #[test]
    fn no_text_panics(text in "([a-zA-Z@/.]{0,4}(: |==| = |=|@| |\\(|\\)|:)|[\\[\\]{}\",#\n\t ']|  |\\PC|1\\.0|=> |\"\"\"){0,60}") {
        for name in NAMES {
            holds(&read(name, text.as_bytes()));
        }
    }

    /// A recorded file with one byte changed, and with its end cut off.
    #[test]
    fn no_damage_panics(which: prop::sample::Index, at in 0usize..100_000, byte: u8, cut in 0usize..100_000) {
        let fixtures = fixtures();
        let (name, bytes) = which.get(&fixtures);
        let mut bytes = bytes.clone();
        prop_assume!(!bytes.is_empty());
        let length = bytes.len();
        bytes[at % length] = byte;
        read(name, &bytes);
        read(name, &bytes[..cut % length]);
    }

    /// What is written into a Cargo.lock is what is read out of it.
    #[test]
    fn what_is_locked_is_read(packages in prop::collection::btree_map("[a-z][a-z0-9_-]{0,12}", "[0-9]\\.[0-9]{1,3}\\.[0-9]", 1..30)) {
        let found = read("Cargo.lock", cargo_lock(packages.iter().map(|(n, v)| (n.as_str(), v.as_str()))).as_bytes());
        let found: Vec<_> = found.components.iter().map(|c| (c.name.clone(), c.version.clone())).collect();
        prop_assert_eq!(found, packages.into_iter().collect::<Vec<_>>());
    }
}

fn cargo_lock<'a>(packages: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut text = String::from("version = 4\n");
    for (name, version) in packages {
        write!(
            text,
            "\n[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n\
             source = \"registry+https://github.com/rust-lang/crates.io-index\"\n\
             checksum = \"{:064}\"\ndependencies = [\n \"a\",\n \"b 1.0.0\",\n]\n",
            0
        )
        .unwrap();
    }
    text
}

#[test]
fn names_choose_formats_in_any_folder_and_others_none() {
    for name in NAMES {
        assert!(
            lockfile(&format!("some/folder/{name}"), b"").is_some(),
            "{name}"
        );
    }
    for name in [
        "Cargo.toml",
        "notes.txt",
        "pom.xml",
        "lock",
        "",
        "requirements.in",
    ] {
        assert!(lockfile(name, b"").is_none(), "{name}");
    }
}

/// Every package of this workspace's own lockfile is a component or counted among those left out.
#[test]
fn our_own_lockfile_is_read_to_the_last_package() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.lock");
    let text = std::fs::read_to_string(path).unwrap();
    let begun = Instant::now();
    let found = read("Cargo.lock", text.as_bytes());
    println!(
        "{} packages in {:?}",
        found.components.len(),
        begun.elapsed()
    );
    let left: u64 = found.left_out.iter().map(|l| l.count).sum();
    let all = text.lines().filter(|l| *l == "[[package]]").count();
    assert_eq!(found.components.len() + usize::try_from(left).unwrap(), all);
    assert_eq!(found.left_out.len(), 1);
    assert_eq!(found.left_out[0].why, Reason::OwnCode);
    assert!(found.unread.is_empty(), "{:?}", found.unread);
    for component in &found.components {
        let line = usize::try_from(component.line.unwrap()).unwrap();
        let named = text.lines().nth(line).unwrap();
        assert_eq!(named, format!("name = \"{}\"", component.name));
    }
}

/// As JSON is read elsewhere: of two members of one name the last counts, escapes are undone, and values
/// of another kind are none.
#[test]
fn members_of_one_name_escapes_and_other_kinds() {
    let text = r#"{"lockfileVersion":3,"packages":{
      "node_modules/b":{"version":"1.0.0"},
      "node_modules/a\u0062":{"version":"0.1.0","version":"1.1.0","engines":["x",1.5,-2,null]},
      "node_modules/c":{"version":7,"link":"true"},
      "node_modules/b":{"version":"2.0.0","link":false}}}"#;
    let reading = read("package-lock.json", text.as_bytes());
    let found: Vec<(&str, &str)> = reading
        .components
        .iter()
        .map(|c| (c.name.as_str(), c.version.as_str()))
        .collect();
    assert_eq!(found, [("ab", "1.1.0"), ("b", "2.0.0")]);
    assert_eq!(reading.unread.len(), 1, "{:?}", reading.unread);
    assert_eq!(reading.components[0].purl(), "pkg:npm/ab@1.1.0");
}
