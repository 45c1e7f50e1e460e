//! How fast and how large: `cargo bench -p standing-assess`.
//!
//! A full assessment of 5,000 people, 20 systems, 60,000 accounts and 2,000,000 components with the
//! clocks of what advisories say of these, each phase in a process of its own so that its peak memory
//! is its own. `STANDING_BENCH_HOSTS` sets another number of hosts, of 500 packages each.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use standing_assess::advisories::Bytes;
use standing_assess::assessment::assess;
use standing_assess::catalogue::Catalogue;
use standing_assess::index::{AdvisoryEdition, CollectionMeta, ConfiguredSource, IndexError};
use standing_assess::{AsOf, Estate, Freshness, Index, checks};
use standing_facts::{Outcome, Row, parse_line, tables};
use standing_patching::Builder;

const PHASE: &str = "STANDING_ASSESS_BENCH_PHASE";
const PEOPLE: usize = 5_000;
const SYSTEMS: usize = 20;
const ACCOUNTS: usize = 60_000;
const PACKAGES: usize = 500;
const RUNS: usize = 5;

/// Each with as many packages as there are.
fn hosts() -> usize {
    let stated = std::env::var("STANDING_BENCH_HOSTS").ok();
    stated.and_then(|text| text.parse().ok()).unwrap_or(4_000)
}

fn main() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("assess-bench");
    let file = folder.join("index.sqlite");
    if let Ok(phase) = std::env::var(PHASE) {
        match phase.as_str() {
            "build" => build(&file),
            _ => measure(&file),
        }
        println!("  peak memory {} MiB", peak_mib());
        return;
    }
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder below target");
    println!(
        "estate: {PEOPLE} people, {SYSTEMS} systems, {ACCOUNTS} accounts, {} components",
        hosts() * PACKAGES
    );
    for phase in ["build", "assess"] {
        println!("{phase}:");
        let status = Command::new(std::env::current_exe().expect("own path"))
            .env(PHASE, phase)
            .status()
            .expect("a phase");
        assert!(status.success());
    }
    let _ = std::fs::remove_dir_all(&folder);
}

fn measure(file: &Path) {
    let mut index = Index::open(file).expect("the index");
    let edition: Arc<[u8]> = edition().into();
    index.advise(Arc::new(move |_| Ok(Bytes(Arc::new(edition.clone())))));
    let catalogue = Catalogue::builtin();
    let checks = checks::builtin();
    let mut times = Vec::new();
    for _ in 0..RUNS {
        let begun = Instant::now();
        let as_of = AsOf::end_of("2026-11-02".parse().expect("a day"));
        let estate = Estate::new(&mut index, as_of, Freshness::Measured, &catalogue.support)
            .expect("an estate");
        let laid_out = begun.elapsed();
        let assessment =
            assess(&estate, catalogue, "v8", "company-3", &checks).expect("an assessment");
        times.push((begun.elapsed(), laid_out));
        assert!(assessment.faulty.is_empty(), "{:?}", assessment.faulty);
        if times.len() == 1 {
            let judged: u64 = assessment
                .checks
                .values()
                .map(|r| r.counts.values().sum::<u64>())
                .sum();
            let count = "select count(*) from patch_clock";
            let clocks = estate.query(count, 100).expect("a count").rows;
            println!(
                "  {} checks, {judged} subjects judged, rows of clocks: {clocks:?}",
                assessment.checks.len(),
            );
        }
    }
    println!(
        "  first {:.2} s, of which views and derived tables {:.2} s",
        times[0].0.as_secs_f64(),
        times[0].1.as_secs_f64()
    );
    times.sort();
    println!(
        "  median of {RUNS}: {:.2} s ({:.2} to {:.2})",
        times[RUNS / 2].0.as_secs_f64(),
        times[0].0.as_secs_f64(),
        times[RUNS - 1].0.as_secs_f64()
    );
}

fn build(file: &Path) {
    let begun = Instant::now();
    let index = Index::open(file).expect("the index");
    let names: Vec<String> = tables::ALL
        .iter()
        .filter(|t| {
            ![
                "attestation",
                "exception",
                "link",
                "support",
                "advisory_finding",
            ]
            .contains(&t.name)
        })
        .map(|t| t.name.to_owned())
        .collect();
    let at = "2026-11-01T00:00:00.000Z";
    index
        .advance::<IndexError>(&(0, String::new()), &(2, "bench".into()), false, |index| {
            index.configured(
                at,
                &[ConfiguredSource {
                    name: "s".into(),
                    kind: "bench".into(),
                    tables: names.clone(),
                    fresh_for_days: 31,
                }],
            )?;
            let meta = CollectionMeta {
                entry: 1,
                source: "s".into(),
                kind: "bench".into(),
                scope: "all".into(),
                started_at: at.into(),
                ended_at: at.into(),
                outcome: Outcome::Complete,
                parts: 1,
                counts: names
                    .iter()
                    .map(|n| (n.clone(), 0))
                    .collect::<BTreeMap<_, _>>(),
                gaps: Vec::new(),
                problems: 0,
            };
            index.advisory_edition(&AdvisoryEdition {
                entry: 2,
                valid_from: at.into(),
                edition: "bench".into(),
                json: String::new(),
                compared: false,
            })?;
            index.collection(&meta, rows().map(|line| Ok(row(&line))))
        })
        .expect("the index filled");
    println!(
        "  {:.1} s, {} MiB on disk",
        begun.elapsed().as_secs_f64(),
        std::fs::metadata(file).map_or(0, |m| m.len() >> 20)
    );
}

fn row(line: &str) -> Row {
    parse_line(line).unwrap_or_else(|error| panic!("{error}: {line}"))
}

/// The estate, a line a fact.
fn rows() -> impl Iterator<Item = String> {
    people()
        .chain(accounts())
        .chain(machines())
        .chain(advisories())
}

fn people() -> impl Iterator<Item = String> {
    (0..PEOPLE).flat_map(|i| {
        let left = if i % 9 == 0 { r#","left_on":"2026-05-31""# } else { "" };
        [
            format!(
                r#"{{"table":"person","id":"s/p{i}","employee_number":"{i:05}","email":"p{i}@firm.test","department":"D{}","previous_department":"D{}","moved_on":"2026-09-01","job_title":"J","started_on":"2020-01-01"{left}}}"#,
                i % 40,
                (i + 1) % 40
            ),
            format!(
                r#"{{"table":"training_completion","id":"s/t{i}","employee_number":"{i:05}","course":"Data security awareness","completed_on":"2026-03-0{}","outcome":"passed"}}"#,
                1 + i % 9
            ),
        ]
    })
}

fn accounts() -> impl Iterator<Item = String> {
    let systems = (0..SYSTEMS).map(|i| {
        format!(
            r#"{{"table":"system","id":"s/s{i}","name":"System {i}","remote":true,"external":true,"personal_data":true,"importance":"high","depends_on":"none","rto_minutes":60,"rpo_minutes":1440,"reviewed_on":"2026-10-01"}}"#
        )
    });
    let accounts = (0..ACCOUNTS).flat_map(|i| {
        let person = i % PEOPLE;
        [
            format!(
                r#"{{"table":"account","id":"s/a{i}","system":"System {}","login":"p{person}","email":"P{person}@firm.test","enabled":{},"kind":"human","privileged":{},"mfa":true,"last_used_on":"2026-10-20"}}"#,
                i % SYSTEMS,
                !person.is_multiple_of(9),
                i % 50 == 0
            ),
            format!(
                r#"{{"table":"grant","id":"s/g{i}","account":"s/a{i}","system":"System {}","resource":"D{}","entitlement":"member","direct":true}}"#,
                i % SYSTEMS,
                person % 40
            ),
        ]
    });
    systems.chain(accounts)
}

fn machines() -> impl Iterator<Item = String> {
    (0..hosts()).flat_map(|host| {
        let asset = format!(
            r#"{{"table":"asset","id":"s/h{host}","name":"host{host}","kind":"server","owner":"p1@firm.test","os":"debian","os_version":"12","encrypted":true,"antimalware":true,"last_seen_on":"2026-11-01"}}"#
        );
        let components = (0..PACKAGES).map(move |package| {
            format!(
                r#"{{"table":"component","asset":"host{host}","ecosystem":"Debian:12","name":"package-{package}","version":"1.{}-{}+deb12u1"}}"#,
                package % 7,
                host % 3
            )
        });
        std::iter::once(asset).chain(components)
    })
}

/// One advisory for every fifth package; about a tenth of these components are affected.
fn advisories() -> impl Iterator<Item = String> {
    (0..PACKAGES).step_by(5).map(|package| {
        let fixed = if package % 50 == 0 { "1.9" } else { "1.0" };
        format!(
            r#"{{"table":"advisory","id":"BENCH-{package}","ecosystem":"Debian:12","package":"package-{package}","ordinal":0,"events":"[{{\"introduced\":\"0\"}},{{\"fixed\":\"{fixed}\"}}]","fixed":"{fixed}","severity":"high","published_on":"2026-10-30"}}"#
        )
    })
}

/// An edition with advisories for every tenth package, of which two of three hosts lack the fix of every
/// third, and no host that of the others.
fn edition() -> Vec<u8> {
    let mut builder = Builder::new();
    for package in (3..PACKAGES).step_by(10) {
        let (minor, fixed) = (package % 7, if package % 3 == 0 { 2 } else { 0 });
        let record = format!(
            r#"{{"id":"DSA-{package}-1","published":"2026-10-20T00:00:00Z","upstream":["CVE-2026-{package}"],"affected":[{{"package":{{"ecosystem":"Debian:12","name":"package-{package}"}},"ranges":[{{"type":"ECOSYSTEM","events":[{{"introduced":"0"}},{{"fixed":"1.{minor}-{fixed}+deb12u1"}}]}}],"database_specific":{{"severity":"high"}}}}]}}"#
        );
        builder.osv(&record).expect("a record");
    }
    builder.finish()
}

fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status
        .lines()
        .find(|l| l.starts_with("VmHWM:"))
        .unwrap_or_default();
    line.split_whitespace()
        .nth(1)
        .and_then(|n| n.parse::<u64>().ok())
        .unwrap_or(0)
        >> 10
}
