//! Lists of versions whose order is known: ours, always, and osv-scalibr's where it lies beside the
//! workspace.

use standing_patching::compare;
use std::cmp::Ordering;
use std::path::Path;

/// `A < B = C` lines as their versions, each with the sign before it; that of the first means nothing.
fn chains(text: &str) -> Vec<Vec<(Ordering, &str)>> {
    let chain = |line| {
        let mut words = str::split_whitespace(line);
        let mut found = vec![(Ordering::Less, words.next().unwrap())];
        while let Some(sign) = words.next() {
            let order = match sign {
                "<" => Ordering::Less,
                "=" => Ordering::Equal,
                ">" => Ordering::Greater,
                other => panic!("{other} is no sign in {line}"),
            };
            found.push((order, words.next().unwrap()));
        }
        found
    };
    text.lines().filter(|l| is_chain(l)).map(chain).collect()
}

fn is_chain(line: &str) -> bool {
    !line.trim().is_empty() && !line.starts_with(['#', '!'])
}

/// Every pair of every chain both ways, and every text behind `!` refused.
fn holds(ecosystem: &str, text: &str) {
    for chain in chains(text) {
        for (i, (_, a)) in chain.iter().enumerate() {
            let mut expected = Ordering::Equal;
            assert_eq!(compare(ecosystem, a, a), Some(expected), "{ecosystem}: {a}");
            for (sign, b) in &chain[i + 1..] {
                expected = expected.then(*sign);
                let (there, back) = (compare(ecosystem, a, b), compare(ecosystem, b, a));
                assert_eq!(there, Some(expected), "{ecosystem}: {a} {b}");
                assert_eq!(back, Some(expected.reverse()), "{ecosystem}: {b} {a}");
            }
        }
    }
    for line in text.lines().filter_map(|l| l.strip_prefix('!')) {
        let refused = line.strip_prefix(' ').unwrap_or(line);
        assert_eq!(
            compare(ecosystem, refused, refused),
            None,
            "{ecosystem}: {refused:?}"
        );
    }
}

#[test]
fn our_lists_hold() {
    let semver = include_str!("vectors/semver.txt");
    let without_v: String = semver
        .lines()
        .filter(|l| !l.starts_with('v'))
        .map(|l| format!("{l}\n"))
        .collect();
    holds("npm", semver);
    holds("Go", semver);
    holds("crates.io", &without_v);
    holds("Go", include_str!("vectors/go.txt"));
    holds("PyPI", include_str!("vectors/pypi.txt"));
    for ecosystem in [
        "Debian",
        "Debian:12",
        "Ubuntu:22.04:LTS",
        "Ubuntu:Pro:18.04:LTS",
    ] {
        holds(ecosystem, include_str!("vectors/debian.txt"));
    }
}

#[test]
fn what_one_ecosystem_reads_another_may_not() {
    assert_eq!(compare("crates.io", "v1.0.0", "1.0.0"), None);
    assert_eq!(compare("npm", "1.2", "1.2.0"), None);
    assert_eq!(compare("crates.io", "1", "1"), None);
    for unknown in [
        "Maven",
        "RubyGems",
        "Alpine:v3.20",
        "debian",
        "NPM",
        "",
        ":Debian",
        "Debian 12",
    ] {
        assert_eq!(compare(unknown, "1.0.0", "1.0.0"), None, "{unknown:?}");
    }
}

/// Checked and unreadable lines of `file`; `None` when the list does not lie beside the workspace.
fn scalibr(ecosystem: &str, file: &str) -> Option<(usize, Vec<String>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    if !root.exists() {
        println!("skipped: ../shared/data not present");
        return None;
    }
    let path = root.join("vectors/version-compare/osv-scalibr").join(file);
    let text = std::fs::read_to_string(path).unwrap();
    let (mut checked, mut unreadable, mut wrong) = (0, Vec::new(), Vec::new());
    for chain in chains(&text) {
        let [(_, a), (expected, b)] = chain[..] else {
            panic!("{file}: {chain:?}");
        };
        match compare(ecosystem, a, b) {
            Some(found) if found == expected => checked += 1,
            Some(found) => wrong.push(format!("{a} {b}: {found:?}, expected {expected:?}")),
            None => unreadable.push(format!("{a} {b}")),
        }
    }
    println!(
        "{file} as {ecosystem}: {checked} agree, {} differ, {} unreadable",
        wrong.len(),
        unreadable.len()
    );
    assert!(wrong.is_empty(), "{file}: {wrong:#?}");
    Some((checked, unreadable))
}

#[test]
fn scalibr_debian() {
    for ecosystem in ["Debian:12", "Ubuntu:24.04:LTS"] {
        for (file, lines) in [
            ("debian-versions.txt", 10),
            ("debian-versions-generated.txt", 7221),
        ] {
            let Some((checked, unreadable)) = scalibr(ecosystem, file) else {
                return;
            };
            assert!(unreadable.is_empty(), "{unreadable:#?}");
            assert!(checked >= lines, "{file}: only {checked} lines");
        }
    }
}

#[test]
fn scalibr_semver() {
    let file = "semver-versions.txt";
    for ecosystem in ["npm", "Go"] {
        let Some((checked, unreadable)) = scalibr(ecosystem, file) else {
            return;
        };
        assert!(unreadable.is_empty(), "{unreadable:#?}");
        assert!(checked >= 40, "{file}: only {checked} lines");
    }
    // A crate's version has no leading `v`; every line without one is read.
    let Some((_, unreadable)) = scalibr("crates.io", file) else {
        return;
    };
    let plain = |line: &&String| !line.split(' ').any(|v| v.starts_with('v'));
    assert_eq!(unreadable.iter().find(plain), None);
}

/// The lines that stay unread are no PEP 440: `0.1-bulbasaur`, `0.7.10p1`, dates with a `T`.
#[test]
fn scalibr_pypi() {
    for (file, read, unread) in [
        ("pypi-versions.txt", 13, 6),
        ("pypi-versions-generated.txt", 6155, 33),
    ] {
        let Some((checked, unreadable)) = scalibr("PyPI", file) else {
            return;
        };
        assert_eq!(
            (checked, unreadable.len()),
            (read, unread),
            "{unreadable:#?}"
        );
    }
}
