//! Whole OSV records: our own, the samples of the schema, and every record beside the workspace.

use crate::shared;
use Verdict::{Affected, CannotTell, NotAffected};
use standing_patching::{Doubt, Record, Verdict, compare};

fn record(affected: &str) -> Record {
    Record::read(&format!(r#"{{"id":"X-1","affected":[{affected}]}}"#)).unwrap()
}

fn entry(ecosystem: &str, rest: &str) -> String {
    format!(r#"{{"package":{{"ecosystem":"{ecosystem}","name":"lib"}},{rest}}}"#)
}

fn range(kind: &str, events: &str) -> String {
    format!(r#""ranges":[{{"type":"{kind}","events":[{events}]}}]"#)
}

const BEFORE_2: &str = r#"{"introduced":"0"},{"fixed":"2.0.0"}"#;

#[test]
fn package_and_ecosystem_must_be_the_same() {
    let npm = record(&entry("npm", &range("SEMVER", BEFORE_2)));
    for (ecosystem, name, version, expected) in [
        ("npm", "lib", "1.0.0", Affected),
        ("npm", "lib", "2.0.0", NotAffected),
        ("npm", "Lib", "1.0.0", NotAffected),
        ("npm", "other", "1.0.0", NotAffected),
        ("PyPI", "lib", "1.0.0", NotAffected),
        ("npm", "lib", "latest", CannotTell(Doubt::Version)),
    ] {
        assert_eq!(
            npm.judge(ecosystem, name, version),
            expected,
            "{ecosystem} {name} {version}"
        );
    }
}

#[test]
fn some_ecosystems_fold_names() {
    for (ecosystem, written, asked, same) in [
        ("PyPI", "Zope.Interface", "zope-interface", true),
        ("PyPI", "a__b", "A.b", true),
        ("NuGet", "Newtonsoft.Json", "newtonsoft.json", true),
        ("Packagist", "Laravel/Framework", "laravel/framework", true),
        ("crates.io", "serde_json", "serde-json", false),
        ("Debian", "libA", "liba", false),
    ] {
        let text = format!(
            r#"{{"package":{{"ecosystem":"{ecosystem}","name":"{written}"}},{}}}"#,
            range("ECOSYSTEM", r#"{"introduced":"0"}"#)
        );
        let expected = if same { Affected } else { NotAffected };
        assert_eq!(
            record(&text).judge(ecosystem, asked, "1.0.0"),
            expected,
            "{asked}"
        );
    }
}

#[test]
fn releases_of_distributions_are_kept_apart() {
    for (ours, theirs, expected) in [
        ("Debian:12", "Debian:12", Affected),
        ("Debian:12", "Debian:13", NotAffected),
        ("Debian:12", "Debian:1", NotAffected),
        ("Debian:12", "Debian", Affected),
        ("Debian", "Debian:12", CannotTell(Doubt::Release)),
        ("Debian:", "Debian:12", CannotTell(Doubt::Release)),
        ("Ubuntu:22.04", "Ubuntu:22.04:LTS", Affected),
        ("Ubuntu:22.04:LTS", "Ubuntu:22.04:LTS", Affected),
        ("Ubuntu:22.04:LTS", "Ubuntu:Pro:22.04:LTS", NotAffected),
        ("Ubuntu:Pro:22.04:LTS", "Ubuntu:Pro:22.04", Affected),
        ("Ubuntu:24.04:LTS", "Ubuntu:22.04:LTS", NotAffected),
        ("Alpine:v3.20", "Alpine:v3.2", NotAffected),
        (
            "Red Hat:enterprise_linux:9::appstream",
            "Red Hat:enterprise_linux:9::baseos",
            NotAffected,
        ),
        (
            "Maven",
            "Maven:https://repo.maven.apache.org/maven2",
            Affected,
        ),
        ("Maven", "Maven:https://maven.google.com", NotAffected),
        ("Packagist:https://packagist.org", "Packagist", Affected),
        (
            "Packagist:https://packages.drupal.org/8",
            "Packagist",
            NotAffected,
        ),
    ] {
        let record = record(&entry(theirs, &range("ECOSYSTEM", r#"{"introduced":"0"}"#)));
        assert_eq!(
            record.judge(ours, "lib", "1.0"),
            expected,
            "{ours} under {theirs}"
        );
    }
    // Which release it is does not matter where the version is behind the fix.
    let record = record(&entry(
        "Debian:12",
        &range("ECOSYSTEM", r#"{"introduced":"0"},{"fixed":"2"}"#),
    ));
    assert_eq!(record.judge("Debian", "lib", "3"), NotAffected);
}

#[test]
fn any_entry_and_any_range_will_do() {
    let two = record(&format!(
        "{},{}",
        entry(
            "Debian:12",
            &range("ECOSYSTEM", r#"{"introduced":"0"},{"fixed":"1.0-1"}"#)
        ),
        entry(
            "Debian:12",
            r#""ranges":[
            {"type":"ECOSYSTEM","events":[{"introduced":"2.0"},{"fixed":"2.1"}]},
            {"type":"ECOSYSTEM","events":[{"introduced":"3.0"},{"last_affected":"3.1"}]}],
            "versions":["5.0"]"#
        ),
    ));
    for (version, expected) in [
        ("0.9", Affected),
        ("1.0-1", NotAffected),
        ("2.0", Affected),
        ("2.1", NotAffected),
        ("3.1", Affected),
        ("3.1-1", NotAffected),
        ("0:5.0-0", Affected),
        ("!", CannotTell(Doubt::Version)),
    ] {
        assert_eq!(
            two.judge("Debian:12", "lib", version),
            expected,
            "{version}"
        );
    }
}

#[test]
fn withdrawn_records_concern_nothing() {
    let text = r#"{"id":"X-1","withdrawn":"2026-01-01T00:00:00Z","affected":[
        {"package":{"ecosystem":"npm","name":"lib"},"versions":["1.0.0"]}]}"#;
    assert_eq!(
        Record::read(text).unwrap().judge("npm", "lib", "1.0.0"),
        NotAffected
    );
    let text = text.replace("\"2026-01-01T00:00:00Z\"", "null");
    assert_eq!(
        Record::read(&text).unwrap().judge("npm", "lib", "1.0.0"),
        Affected
    );
}

#[test]
fn commits_alone_cannot_be_judged() {
    let git = r#"{"type":"GIT","repo":"https://code.example/lib","events":[{"introduced":"0"},{"fixed":"0123456789abcdef"}]}"#;
    let alone = record(&entry("PyPI", &format!(r#""ranges":[{git}]"#)));
    assert_eq!(
        alone.judge("PyPI", "lib", "1.0"),
        CannotTell(Doubt::Commits)
    );
    let listed = record(&entry(
        "PyPI",
        &format!(r#""ranges":[{git}],"versions":["1.0"]"#),
    ));
    assert_eq!(listed.judge("PyPI", "lib", "1.0.0"), Affected);
    assert_eq!(listed.judge("PyPI", "lib", "1.1"), NotAffected);
    let empty = record(&entry(
        "PyPI",
        &format!(r#""ranges":[{git}],"versions":[]"#),
    ));
    assert_eq!(
        empty.judge("PyPI", "lib", "1.0"),
        CannotTell(Doubt::Commits)
    );
    let ranged = record(&entry(
        "PyPI",
        &format!(
            r#""ranges":[{git},{{"type":"ECOSYSTEM","events":[{{"introduced":"0"}},{{"fixed":"2"}}]}}]"#
        ),
    ));
    assert_eq!(ranged.judge("PyPI", "lib", "1.0"), Affected);
    assert_eq!(ranged.judge("PyPI", "lib", "2.0"), NotAffected);
}

#[test]
fn a_semver_range_is_semver_in_every_ecosystem() {
    // By Maven's own order 1.0.0-sp comes behind the release, by SemVer before it.
    let events = r#"{"introduced":"1.0.0"},{"fixed":"1.1.0"}"#;
    let semver = record(&entry("Maven", &range("SEMVER", events)));
    assert_eq!(semver.judge("Maven", "lib", "1.0.0-sp"), NotAffected);
    let own = record(&entry("Maven", &range("ECOSYSTEM", events)));
    assert_eq!(own.judge("Maven", "lib", "1.0.0-sp"), Affected);
    let julia = record(&entry("Julia", &range("SEMVER", events)));
    assert_eq!(julia.judge("Julia", "lib", "1.0.5"), Affected);
    assert_eq!(julia.judge("Julia", "lib", "1.0"), CannotTell(Doubt::Order));
    let go = record(&entry("Go", &range("SEMVER", events)));
    assert_eq!(
        go.judge("Go", "lib", "v1.0.1-0.20260101000000-abcdef123456"),
        Affected
    );
    assert_eq!(go.judge("Go", "lib", "v1.1.0+incompatible"), NotAffected);
}

/// Bitnami's `-N` is a revision of the packaging in what is installed; in an advisory `-0` is where
/// a version begins.
#[test]
fn revisions_of_bitnami() {
    let record = record(&entry(
        "Bitnami",
        &range("SEMVER", r#"{"introduced":"1.22.0-0"},{"fixed":"1.22.5"}"#),
    ));
    for (version, expected) in [
        ("1.21.9", NotAffected),
        ("1.22.0", Affected),
        ("1.22.4", Affected),
        ("1.22.5", NotAffected),
        ("1.22.4-3", CannotTell(Doubt::Version)),
        ("1.22.0-0", CannotTell(Doubt::Version)),
    ] {
        assert_eq!(
            record.judge("Bitnami", "lib", version),
            expected,
            "{version}"
        );
    }
}

#[test]
fn what_cannot_be_read_is_said() {
    let version = "1.0.0";
    for (rest, expected) in [
        (
            range("ECOSYSTEM", r#"{"introduced":"0"},{"fixed":"?"}"#),
            CannotTell(Doubt::Record),
        ),
        (
            range("ECOSYSTEM", r#"{"introduced":"0","fixed":"1.0.0"}"#),
            CannotTell(Doubt::Record),
        ),
        (
            range("COLOUR", r#"{"introduced":"0"}"#),
            CannotTell(Doubt::Record),
        ),
        (
            r#""ranges":[{"events":[{"introduced":"0"}]}]"#.into(),
            CannotTell(Doubt::Record),
        ),
        (
            r#""ranges":[{"type":"SEMVER"}]"#.into(),
            CannotTell(Doubt::Record),
        ),
        (r#""versions":"1.0.0""#.into(), CannotTell(Doubt::Record)),
        (
            r#""versions":["1.0.0"],"ranges":[{"type":"SEMVER"}]"#.into(),
            Affected,
        ),
        // To the letter: nothing named is nothing affected.
        (r#""ranges":null,"versions":null"#.into(), NotAffected),
    ] {
        let found = record(&entry("npm", &rest)).judge("npm", "lib", version);
        assert_eq!(found, expected, "{rest}");
    }
    let unordered = record(&entry("Julia", &range("ECOSYSTEM", BEFORE_2)));
    assert_eq!(
        unordered.judge("Julia", "lib", "3"),
        CannotTell(Doubt::Order)
    );
    for text in ["", "[]", "{}", r#"{"id":1}"#, r#"{"id":"X","affected":{}}"#] {
        assert!(Record::read(text).is_err(), "{text}");
    }
    let bare = Record::read(r#"{"id":"X-1","aliases":null,"new":{}}"#).unwrap();
    assert_eq!(bare.judge("npm", "lib", "1.0.0"), NotAffected);
}

#[test]
fn samples_of_the_schema() {
    for (file, ecosystem, name, version, expected) in [
        (
            "CVE-2018-5407",
            "Alpine:v3.3",
            "openssl",
            "1.0.2p-r5",
            Affected,
        ),
        (
            "CVE-2018-5407",
            "Alpine:v3.3",
            "openssl",
            "1.0.2q-r0",
            NotAffected,
        ),
        (
            "CVE-2018-5407",
            "Alpine:v3.20",
            "openssl",
            "1.0.2p-r5",
            NotAffected,
        ),
        ("GHSA-9v2f-6vcg-3hgv", "PyPI", "gradio", "4.36.1", Affected),
        (
            "GHSA-9v2f-6vcg-3hgv",
            "PyPI",
            "gradio",
            "4.36.2",
            NotAffected,
        ),
        ("GO-2024-2963", "Go", "stdlib", "1.21.11", Affected),
        ("GO-2024-2963", "Go", "stdlib", "1.21.12", NotAffected),
        ("GO-2024-2963", "Go", "stdlib", "1.22.0-rc.1", Affected),
        ("GO-2024-2963", "Go", "stdlib", "1.22.5", NotAffected),
        ("PYSEC-2023-74", "PyPI", "requests", "2.30.0", Affected),
        ("PYSEC-2023-74", "PyPI", "requests", "2.31.0", NotAffected),
        ("PYSEC-2023-74", "PyPI", "requests", "2.2.1", NotAffected),
    ] {
        let Some(text) = shared(&format!("vectors/osv/linter-testdata/{file}.json")) else {
            return;
        };
        let found = Record::read(&text).unwrap().judge(ecosystem, name, version);
        assert_eq!(found, expected, "{file}: {name} {version}");
    }
}

/// Every record beside the workspace is read; each fix is behind what it fixes in the order of its
/// ecosystem, and the record can be judged at each of its own versions. The doubts are no versions of
/// their ecosystem: two of PyPI (`2019-09-12`), and revisions of Bitnami.
#[test]
fn every_record_is_read_and_can_be_judged() {
    for (file, records, withdrawn, doubts) in [
        ("rustsec", 1206, 13, 0),
        ("pypa", 2661, 10, 2),
        ("go", 4291, 17, 0),
        ("almalinux", 5680, 0, 0),
        ("bitnami", 7444, 0, 118),
    ] {
        let Some(text) = shared(&format!("advisories/{file}-osv.jsonl.gz")) else {
            return;
        };
        let (mut read, mut dead, mut doubtful) = (0, 0, Vec::new());
        for line in text.lines() {
            let record = Record::read(line).unwrap();
            read += 1;
            dead += usize::from(record.withdrawn.is_some());
            if record.withdrawn.is_some() {
                continue;
            }
            let value: serde_json::Value = serde_json::from_str(line).unwrap();
            for affected in value["affected"].as_array().unwrap() {
                let text = |name: &str| affected["package"][name].as_str().unwrap();
                let (ecosystem, name) = (text("ecosystem"), text("name"));
                let ranges = affected["ranges"].as_array().into_iter().flatten();
                for events in ranges.filter(|r| r["type"] != "GIT").map(|r| &r["events"]) {
                    for event in events.as_array().unwrap() {
                        let introduced = event["introduced"].as_str();
                        let Some(version) = introduced.or(event["fixed"].as_str()) else {
                            continue;
                        };
                        if version == "0" {
                            continue;
                        }
                        let found = record.judge(ecosystem, name, version);
                        let placed = compare(ecosystem, version, version).is_some();
                        if !placed || matches!(found, CannotTell(_)) {
                            doubtful.push(format!("{} {name} {version}: {found:?}", record.id));
                        }
                        let empty = events
                            .as_array()
                            .unwrap()
                            .iter()
                            .any(|e| e["fixed"] == version);
                        let told = placed && !matches!(found, CannotTell(_));
                        if introduced.is_some() && told && !empty {
                            assert_eq!(found, Affected, "{} {name} {version}", record.id);
                        }
                    }
                }
            }
        }
        println!(
            "{file}: {read} records, {dead} withdrawn, {} doubts",
            doubtful.len()
        );
        assert_eq!((read, dead), (records, withdrawn), "{file}");
        assert_eq!(doubtful.len(), doubts, "{file}: {doubtful:#?}");
    }
}
