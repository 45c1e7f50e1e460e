//! A fleet answers as its packages do when each is asked about by itself.

use proptest::prelude::*;
use standing_patching::{
    Builder, Changed, Damaged, Database, Fleet, FleetFinding, Package, Record, Tally, Verdict,
};
use std::collections::BTreeMap;

const ECOSYSTEMS: [&str; 3] = ["Debian:12", "AlmaLinux:9", "PyPI"];
const NAMES: [&str; 4] = ["left", "right", "Le_ft", "none"];
const VERSIONS: [&str; 4] = ["1.0", "1.5", "2.0", "no version"];

fn record(id: &str, ecosystem: &str, name: &str, fixed: &str, informational: bool) -> String {
    let word = if informational { "\"notice\"" } else { "null" };
    format!(
        r#"{{"id":"{id}","affected":[{{"package":{{"ecosystem":"{ecosystem}","name":"{name}"}},
        "ranges":[{{"type":"ECOSYSTEM","events":[{{"introduced":"0"}},{{"fixed":"{fixed}"}}]}}],
        "database_specific":{{"informational":{word}}}}}]}}"#
    )
}

fn records() -> Vec<String> {
    vec![
        record("DSA-1-1", "Debian:12", "left", "1.2", false),
        record("DSA-2-1", "Debian:12", "left", "1.9", false),
        record("ALSA-1", "AlmaLinux:9", "right", "2.0", false),
        record("PYSEC-1", "PyPI", "le-ft", "1.5", false),
        record("PYSEC-2", "PyPI", "right", "9", true),
    ]
}

fn built(records: &[String]) -> Database<Vec<u8>> {
    let mut builder = Builder::new();
    for record in records {
        builder.osv(record).unwrap();
    }
    Database::open(builder.finish()).unwrap()
}

fn package<'a>(ecosystem: &'a str, name: &'a str, version: &'a str) -> Package<'a> {
    Package {
        ecosystem,
        name,
        version,
    }
}

fn everything() -> Vec<Package<'static>> {
    let of = |e| NAMES.iter().map(move |n| (e, *n));
    let named = ECOSYSTEMS.iter().flat_map(|e| of(*e));
    named
        .flat_map(|(e, n)| VERSIONS.iter().map(move |v| package(e, n, v)))
        .collect()
}

/// What a host has found against it, as `package advisory verdict fixed`.
fn found(fleet: &Fleet<Vec<u8>>, host: &str) -> Vec<String> {
    let found = fleet.findings(host).unwrap();
    found.iter().map(|(p, f)| told(p, f)).collect()
}

fn told(package: &Package<'_>, finding: &FleetFinding) -> String {
    format!("{package:?} {finding:?}")
}

/// The same, each package asked about by itself.
fn one_by_one(db: &Database<Vec<u8>>, packages: &[Package<'_>]) -> Vec<String> {
    let mut packages = packages.to_vec();
    packages.sort_unstable();
    packages.dedup();
    let mut told_of = Vec::new();
    for one in packages {
        let mut of_advisory = BTreeMap::new();
        for hit in db.judge(one.ecosystem, one.name, one.version).unwrap() {
            let entry = db.entry(hit.entry).unwrap();
            let finding = FleetFinding {
                advisory: entry.advisory.id.into(),
                verdict: hit.verdict,
                fixed: hit.fixed.map(Into::into),
                informational: entry.informational.is_some(),
            };
            of_advisory.insert(entry.advisory.id, finding);
        }
        told_of.extend(of_advisory.values().map(|f| told(&one, f)));
    }
    told_of
}

fn tallies(fleet: &Fleet<Vec<u8>>) -> Vec<(String, Tally)> {
    let told = fleet.tallies();
    told.map(|(host, tally)| (host.to_owned(), tally)).collect()
}

#[test]
fn counts_what_affects_what_is_unknown_and_what_is_not_compared() {
    let mut fleet = Fleet::new(built(&records()));
    let installed = [
        package("Debian:12", "left", "1.0"),
        package("Debian:12", "left", "1.0"),
        package("Debian:12", "left", "1.5"),
        package("PyPI", "LE.FT", "no version"),
        package("PyPI", "right", "1.0"),
        package("Debian:12", "none", "1.0"),
        package("Alpine:v3.20", "left", "1.0"),
    ];
    fleet.put("web1", installed).unwrap();
    let expected = Tally {
        packages: 6,
        not_compared: 1,
        affected: 3,
        cannot_tell: 1,
        informational: 1,
    };
    assert_eq!(tallies(&fleet), [("web1".to_owned(), expected)]);
    assert_eq!(fleet.findings("web2"), None);
    let (of, finding) = fleet.findings("web1").unwrap()[0];
    assert_eq!(of, package("Debian:12", "left", "1.0"));
    assert_eq!(&*finding.advisory, "DSA-1-1");
    assert_eq!(finding.fixed.as_deref(), Some("1.2"));
}

#[test]
fn several_entries_of_one_advisory_are_one_finding() {
    let entry = |version: &str| {
        format!(
            r#"{{"package":{{"ecosystem":"AlmaLinux:9","name":"left"}},"ranges":[{{"type":
            "ECOSYSTEM","events":[{{"introduced":"0"}},{{"fixed":"{version}"}}]}}]}}"#
        )
    };
    let unclear = r#"{"package":{"ecosystem":"AlmaLinux:9","name":"left"},"versions":7}"#;
    let affected = [unclear.to_owned(), entry("1.2"), entry("1.4")].join(",");
    let mut fleet = Fleet::new(built(&[format!(
        r#"{{"id":"ALSA-1","affected":[{affected}]}}"#
    )]));
    fleet
        .put("web1", [package("AlmaLinux:9", "left", "1.0")])
        .unwrap();
    let found = fleet.findings("web1").unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].1.verdict, Verdict::Affected);
    assert_eq!(found[0].1.fixed.as_deref(), Some("1.2"));
}

#[test]
fn a_host_put_down_again_is_as_it_is_now() {
    let mut fleet = Fleet::new(built(&records()));
    for version in ["1.0", "2.0"] {
        fleet
            .put("web1", [package("Debian:12", "left", version)])
            .unwrap();
    }
    assert_eq!(found(&fleet, "web1"), Vec::<String>::new());
    assert_eq!(fleet.packages(), 2);
    assert!(fleet.remove("web1") && !fleet.remove("web1"));
    assert_eq!(fleet.findings("web1"), None);
}

#[test]
fn other_advisories_are_asked_about_what_they_name_alone() {
    let mut now = records();
    let mut fleet = Fleet::new(built(&now));
    fleet.put("web1", everything()).unwrap();
    let mut changed = Changed::new();
    for other in [
        record("DSA-2-1", "Debian:12", "right", "1.2", false),
        record("DSA-3-1", "Debian:13", "none", "1.2", false),
    ] {
        let as_it_is = Record::read(&other).unwrap();
        let before = now.iter().position(|r| r.contains(&as_it_is.id));
        if let Some(at) = before {
            changed.add(&Record::read(&now.remove(at)).unwrap());
        }
        changed.add(&as_it_is);
        now.push(other);
    }
    // Three names of Debian, at four versions each.
    assert_eq!(fleet.renew(built(&now), &changed), Ok(12));
    let mut anew = Fleet::new(built(&now));
    anew.put("web1", everything()).unwrap();
    assert_eq!(found(&fleet, "web1"), found(&anew, "web1"));
    assert_eq!(tallies(&fleet), tallies(&anew));
    assert_eq!(fleet.database().advisories(), 6);
}

#[test]
fn an_ecosystem_is_compared_from_the_day_on_which_it_has_advisories() {
    let mut fleet = Fleet::new(built(&[]));
    fleet
        .put("web1", [package("Debian:12", "none", "1.0")])
        .unwrap();
    assert_eq!(tallies(&fleet)[0].1.not_compared, 1);
    let asked = fleet.renew(built(&records()), &Changed::new());
    assert_eq!(asked, Ok(0));
    assert_eq!(tallies(&fleet)[0].1.not_compared, 0);
}

#[test]
fn a_damaged_database_leaves_everything_as_it_was() {
    let mut fleet = Fleet::new(built(&records()));
    fleet.put("web1", everything()).unwrap();
    let before = (found(&fleet, "web1"), tallies(&fleet));
    let mut builder = Builder::new();
    let mut changed = Changed::new();
    for record in records() {
        builder.osv(&record).unwrap();
        changed.add(&Record::read(&record).unwrap());
    }
    // Behind the head, every place lies beyond the end.
    let mut bytes = builder.finish();
    bytes[48..].fill(0x7f);
    let damaged = Database::open(bytes.clone()).unwrap();
    assert_eq!(fleet.renew(damaged, &changed), Err(Damaged));
    assert_eq!((found(&fleet, "web1"), tallies(&fleet)), before);
    let mut broken = Fleet::new(Database::open(bytes).unwrap());
    assert_eq!(broken.put("web1", everything()), Err(Damaged));
    assert_eq!(broken.findings("web1"), None);
}

fn hosts() -> impl Strategy<Value = Vec<Vec<Package<'static>>>> {
    let packages = prop::collection::vec(prop::sample::select(everything()), 0..12);
    prop::collection::vec(packages, 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the hosts, and in whatever order they come.
    #[test]
    fn a_fleet_finds_what_asking_one_by_one_finds(hosts in hosts()) {
        let db = built(&records());
        let mut forwards = Fleet::new(built(&records()));
        let mut backwards = Fleet::new(built(&records()));
        let named: Vec<_> = hosts.iter().enumerate().map(|(i, h)| (format!("web{i}"), h)).collect();
        for (name, packages) in &named {
            forwards.put(name, packages.iter().copied()).unwrap();
        }
        for (name, packages) in named.iter().rev() {
            backwards.put(name, packages.iter().rev().copied()).unwrap();
        }
        for (name, packages) in &named {
            prop_assert_eq!(found(&forwards, name), one_by_one(&db, packages));
            prop_assert_eq!(found(&backwards, name), found(&forwards, name));
        }
        prop_assert_eq!(tallies(&forwards), tallies(&backwards));
    }
}
