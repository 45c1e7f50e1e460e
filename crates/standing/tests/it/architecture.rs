//! Dependencies point one way, and nothing comes in under a licence that we do not allow.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

/// Crates of the workspace and the crates of the workspace they may name.
const EDGES: &[(&str, &[&str])] = &[
    ("standing-facts", &[]),
    ("standing-vault", &[]),
    ("standing-mapped", &[]),
    ("standing-patching", &[]),
    (
        "standing-collectors",
        &["standing-facts", "standing-patching"],
    ),
    ("standing-demo", &["standing-facts"]),
    ("standing-assess", &["standing-facts", "standing-patching"]),
    (
        "standing",
        &[
            "standing-assess",
            "standing-collectors",
            "standing-demo",
            "standing-facts",
            "standing-mapped",
            "standing-patching",
            "standing-vault",
        ],
    ),
];

const LICENCES: &[&str] = &[
    "MIT",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "Zlib",
    "0BSD",
    "Unicode-3.0",
    "MPL-2.0",
    "CDLA-Permissive-2.0",
    "CC0-1.0",
    "Unlicense",
    "BSL-1.0",
    "MIT-0",
];

/// Crates that would bring a second TLS or another language's runtime into the tree.
const BANNED: &[&str] = &["openssl-sys", "aws-lc-sys", "native-tls"];

/// The machine's own platform: crates of other platforms were never downloaded.
fn platform() -> String {
    let out = Command::new("rustc").arg("-vV").output().unwrap();
    let text = String::from_utf8(out.stdout).unwrap();
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.unwrap().to_owned()
}

fn metadata() -> Value {
    let out = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline", "--locked"])
        .args(["--filter-platform", &platform()])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
        .output()
        .unwrap();
    assert!(
        out.status.success(),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    serde_json::from_slice(&out.stdout).unwrap()
}

#[test]
fn the_crates_of_the_workspace_depend_on_each_other_as_written_here() {
    let metadata = metadata();
    let mut found = 0;
    for package in metadata["packages"].as_array().unwrap() {
        let name = package["name"].as_str().unwrap();
        if !name.starts_with("standing") || !package["source"].is_null() {
            continue;
        }
        found += 1;
        let (_, allowed) = EDGES
            .iter()
            .find(|(crate_, _)| *crate_ == name)
            .unwrap_or_else(|| panic!("{name} is not in the list of edges"));
        for dependency in package["dependencies"].as_array().unwrap() {
            let to = dependency["name"].as_str().unwrap();
            let ordinary = dependency["kind"].is_null();
            assert!(
                !ordinary || !to.starts_with("standing") || allowed.contains(&to),
                "new edge {name} → {to}: write down in ARCHITECTURE.md why, then here"
            );
        }
    }
    assert_eq!(found, EDGES.len());
}

#[test]
fn the_pure_crates_have_no_means_of_talking_to_the_world() {
    let metadata = metadata();
    for package in metadata["packages"].as_array().unwrap() {
        let name = package["name"].as_str().unwrap();
        if !["standing-facts", "standing-patching", "standing-assess"].contains(&name) {
            continue;
        }
        let folder = std::path::Path::new(package["manifest_path"].as_str().unwrap())
            .parent()
            .unwrap()
            .join("src");
        let mut stack = vec![folder];
        while let Some(folder) = stack.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    stack.push(path);
                    continue;
                }
                let text = std::fs::read_to_string(&path).unwrap();
                for word in [
                    "std::fs",
                    "std::net",
                    "std::env",
                    "SystemTime",
                    "Timestamp::now",
                    "Instant::now",
                ] {
                    assert!(!text.contains(word), "{} uses {word}", path.display());
                }
            }
        }
    }
}

#[test]
fn every_dependency_has_a_licence_that_we_allow() {
    let metadata = metadata();
    let mut checked = 0;
    for package in metadata["packages"].as_array().unwrap() {
        let name = package["name"].as_str().unwrap();
        assert!(!BANNED.contains(&name), "{name} is banned");
        let licence = package["license"].as_str().unwrap_or_default();
        // Any one alternative of an `OR` will do; every part of an `AND` must.
        let allowed = licence
            .replace('/', " OR ")
            .split(" OR ")
            .any(|alternative| {
                let parts: BTreeSet<&str> = alternative
                    .trim_matches(|c| "() ".contains(c))
                    .split(" AND ")
                    .map(|p| p.trim_matches(|c| "() ".contains(c)))
                    .map(|p| p.split(" WITH ").next().unwrap_or(p))
                    .collect();
                parts.iter().all(|p| LICENCES.contains(p))
            });
        assert!(allowed, "{name}: licence {licence:?}");
        checked += 1;
    }
    assert!(checked > 20);
}
