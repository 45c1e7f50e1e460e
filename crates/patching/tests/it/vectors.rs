//! Lists of versions whose order is known: ours, always, and osv-scalibr's where it lies beside the
//! workspace.

use crate::shared;
use standing_patching::compare;
use std::cmp::Ordering;

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
    for (ecosystems, text) in [
        (&["PyPI", "pypi"][..], include_str!("vectors/pypi.txt")),
        (
            &[
                "Debian",
                "Debian:12",
                "Ubuntu:22.04:LTS",
                "Ubuntu:Pro:18.04:LTS",
                "deb",
            ],
            include_str!("vectors/debian.txt"),
        ),
        (
            &[
                "Red Hat:enterprise_linux:9::appstream",
                "AlmaLinux:9",
                "openSUSE:Leap 15.6",
                "rpm",
            ],
            include_str!("vectors/rpm.txt"),
        ),
        (
            &["Alpine:v3.20", "Wolfi", "apk"],
            include_str!("vectors/apk.txt"),
        ),
        (
            &["Maven", "Maven:https://maven.google.com", "maven"],
            include_str!("vectors/maven.txt"),
        ),
        (&["RubyGems", "gem"], include_str!("vectors/rubygems.txt")),
        (&["NuGet", "nuget"], include_str!("vectors/nuget.txt")),
        (
            &["Packagist:https://packages.drupal.org/8", "composer"],
            include_str!("vectors/packagist.txt"),
        ),
        (&["Pub", "pub"], include_str!("vectors/pub.txt")),
        (&["CRAN", "Hackage"], include_str!("vectors/counted.txt")),
        (&["Bitnami", "bitnami"], include_str!("vectors/bitnami.txt")),
    ] {
        for ecosystem in ecosystems {
            holds(ecosystem, text);
        }
    }
}

#[test]
fn what_one_ecosystem_reads_another_may_not() {
    assert_eq!(compare("crates.io", "v1.0.0", "1.0.0"), None);
    assert_eq!(compare("npm", "1.2", "1.2.0"), None);
    assert_eq!(compare("crates.io", "1", "1"), None);
    assert_eq!(compare("CRAN", "1-2", "1.2"), Some(Ordering::Equal));
    assert_eq!(compare("Hackage", "1-2", "1.2"), None);
    for unknown in [
        "GIT",
        "Julia",
        "Root:Debian:12",
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
    let text = shared(&format!("vectors/version-compare/osv-scalibr/{file}"))?;
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

/// The lines that stay unread hold what the ecosystem's own tool refuses: suffixes Alpine does not
/// know, PHP's `#`, and for PyPI what is no PEP 440 (`0.1-bulbasaur`, `0.7.10p1`, dates with a `T`).
#[test]
fn scalibr_lists_hold() {
    for (file, ecosystems, read, unread) in [
        ("alpine-versions", &["Alpine:v3.20", "apk"][..], 373, 16),
        ("alpine-versions-generated", &["Alpine"], 6990, 0),
        ("cran-versions", &["CRAN"], 11, 0),
        ("cran-versions-generated", &["CRAN"], 29, 0),
        ("debian-versions", &["Debian:12", "Ubuntu:24.04:LTS"], 15, 0),
        ("debian-versions-generated", &["Debian"], 7221, 0),
        ("hackage-versions", &["Hackage"], 6, 0),
        ("maven-versions", &["Maven"], 51, 0),
        ("maven-versions-generated", &["Maven"], 7376, 0),
        ("nuget-versions", &["NuGet"], 18, 0),
        ("packagist-versions", &["Packagist"], 45, 3),
        ("packagist-versions-generated", &["Packagist"], 5315, 0),
        ("pub-versions", &["Pub"], 50, 0),
        ("pypi-versions", &["PyPI"], 13, 6),
        ("pypi-versions-generated", &["PyPI"], 6155, 33),
        ("redhat-versions", &["Red Hat", "Rocky Linux:9"], 83, 0),
        ("rubygems-versions", &["RubyGems"], 13, 0),
        ("rubygems-versions-generated", &["RubyGems"], 2049, 0),
        ("semver-versions", &["npm", "Go"], 43, 0),
    ] {
        for ecosystem in ecosystems {
            let Some((checked, unreadable)) = scalibr(ecosystem, &format!("{file}.txt")) else {
                return;
            };
            let found = (checked, unreadable.len());
            assert_eq!(found, (read, unread), "{file}: {unreadable:#?}");
        }
    }
    // A crate's version has no leading `v`; every line without one is read.
    let Some((_, unreadable)) = scalibr("crates.io", "semver-versions.txt") else {
        return;
    };
    let plain = |line: &&String| !line.split(' ').any(|v| v.starts_with('v'));
    assert_eq!(unreadable.iter().find(plain), None);
}

/// Every ecosystem that OSV lists either has an order, or stands here as one without.
#[test]
fn every_ecosystem_of_osv_is_placed() {
    const WITHOUT: &[&str] = &[
        "Android",
        "Bioconductor",
        "CleanStart",
        "ConanCenter",
        "Docker Hardened Images",
        "Echo",
        "FreeBSD",
        "GHC",
        "Julia",
        "Linux",
        "OSS-Fuzz",
        "Root",
        "TuxCare",
        "VSCode",
        "opam",
    ];
    let Some(list) = shared("vectors/osv/ecosystems.json.gz") else {
        return;
    };
    let list: serde_json::Value = serde_json::from_str(&list).unwrap();
    let named: Vec<&String> = list.as_object().unwrap().keys().collect();
    assert!(named.len() > 40);
    for name in named {
        let ordered = compare(name, "1.0.0", "1.0.0").is_some();
        assert_ne!(ordered, WITHOUT.contains(&name.as_str()), "{name}");
    }
}
