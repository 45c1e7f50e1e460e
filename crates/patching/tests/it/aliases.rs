//! Names of vulnerabilities.

use crate::shared;
use proptest::prelude::*;
use standing_patching::{Classes, Record};

fn record(id: &str, aliases: &[&str], upstream: &[&str]) -> Record {
    Record::read(
        &serde_json::json!({"id": id, "aliases": aliases, "upstream": upstream}).to_string(),
    )
    .unwrap()
}

fn classes(records: &[Record]) -> Classes {
    let mut classes = Classes::default();
    for record in records {
        classes.add(record);
    }
    classes
}

#[test]
fn names_that_name_each_other_are_one() {
    let told = [
        record("PYSEC-2024-7", &["GHSA-aaaa-bbbb-cccc"], &[]),
        record("RUSTSEC-2024-0001", &["CVE-2024-1000"], &[]),
        record("GHSA-aaaa-bbbb-cccc", &["CVE-2024-1000", "GO-2024-5"], &[]),
        record("CVE-2024-2000", &[], &[]),
    ];
    let classes = classes(&told);
    for name in [
        "PYSEC-2024-7",
        "RUSTSEC-2024-0001",
        "GHSA-aaaa-bbbb-cccc",
        "GO-2024-5",
        "CVE-2024-1000",
    ] {
        assert_eq!(classes.name(name), "CVE-2024-1000", "{name}");
    }
    assert_eq!(classes.name("CVE-2024-2000"), "CVE-2024-2000");
    assert_eq!(classes.name("CVE-never-heard-of"), "CVE-never-heard-of");
}

#[test]
fn the_name_is_the_least_cve_by_number() {
    for (names, expected) in [
        (&["CVE-2024-10000", "CVE-2024-9999"][..], "CVE-2024-9999"),
        (
            &["CVE-2025-1", "CVE-2024-9999", "GHSA-aaaa-bbbb-cccc"],
            "CVE-2024-9999",
        ),
        (
            &["PYSEC-2020-1", "GHSA-zzzz-bbbb-cccc", "GHSA-aaaa-bbbb-cccc"],
            "GHSA-aaaa-bbbb-cccc",
        ),
        (
            &["RUSTSEC-2020-0002", "GO-2021-10", "GO-2021-9"],
            "GO-2021-9",
        ),
        (&["CVE-1", "CVE-01"], "CVE-01"),
    ] {
        let mut classes = Classes::default();
        for pair in names.windows(2) {
            classes.join(pair[0], pair[1]);
        }
        for name in names {
            assert_eq!(classes.name(name), expected);
        }
    }
}

#[test]
fn an_advisory_of_a_distribution_joins_nothing() {
    let told = [
        record("DSA-5000-1", &[], &["CVE-2024-1", "CVE-2024-2"]),
        record("USN-7000-1", &[], &["UBUNTU-CVE-2024-2"]),
        record("UBUNTU-CVE-2024-2", &[], &["CVE-2024-2"]),
        record("GHSA-aaaa-bbbb-cccc", &["CVE-2024-2"], &[]),
    ];
    let classes = classes(&told);
    let about = |id| classes.about(id).into_iter().collect::<Vec<_>>();
    assert_eq!(classes.name("CVE-2024-1"), "CVE-2024-1");
    assert_eq!(classes.name("DSA-5000-1"), "DSA-5000-1");
    assert_eq!(about("DSA-5000-1"), ["CVE-2024-1", "CVE-2024-2"]);
    assert_eq!(about("USN-7000-1"), ["CVE-2024-2"]);
    assert_eq!(about("GHSA-aaaa-bbbb-cccc"), ["CVE-2024-2"]);
    assert_eq!(about("CVE-2024-3"), ["CVE-2024-3"]);
}

#[test]
fn a_circle_of_upstreams_ends() {
    let told = [
        record("A-1", &[], &["B-1"]),
        record("B-1", &[], &["A-1"]),
        record("C-1", &[], &["C-1"]),
    ];
    let classes = classes(&told);
    assert!(classes.about("A-1").contains("A-1"));
    assert!(classes.about("C-1").contains("C-1"));
}

#[test]
fn withdrawn_records_join_nothing() {
    let text = r#"{"id":"GHSA-1","aliases":["CVE-1"],"withdrawn":"2026-01-01T00:00:00Z"}"#;
    let classes = classes(&[Record::read(text).unwrap()]);
    assert_eq!(classes.name("GHSA-1"), "GHSA-1");
}

#[test]
fn advisories_beside_the_workspace_share_names() {
    let mut classes = Classes::default();
    for file in ["rustsec", "pypa", "go", "bitnami"] {
        let Some(text) = shared(&format!("advisories/{file}-osv.jsonl.gz")) else {
            return;
        };
        for line in text.lines() {
            classes.add(&Record::read(line).unwrap());
        }
    }
    assert_eq!(classes.name("PYSEC-2023-74"), "CVE-2023-32681");
    assert_eq!(classes.name("GHSA-j8r2-6x86-q33q"), "CVE-2023-32681");
    assert_eq!(classes.name("GO-2021-0097"), "CVE-2020-29242");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// The union-find against reachability, told in two orders.
    #[test]
    fn classes_do_not_hang_on_the_order_of_telling(
        joins in proptest::collection::vec((0..12_usize, 0..12_usize), 0..14)
    ) {
        let names = ["CVE-2024-9", "CVE-2024-10", "CVE-2023-100", "GHSA-1", "GHSA-2", "GO-1",
            "RUSTSEC-1", "PYSEC-1", "PYSEC-2", "PYSEC-10", "DSA-1", "USN-1"];
        let (mut there, mut back) = (Classes::default(), Classes::default());
        let mut near = [[false; 12]; 12];
        for (i, row) in near.iter_mut().enumerate() {
            row[i] = true;
        }
        for (a, b) in &joins {
            there.join(names[*a], names[*b]);
            near[*a][*b] = true;
            near[*b][*a] = true;
        }
        for (a, b) in joins.iter().rev() {
            back.join(names[*b], names[*a]);
        }
        for k in 0..12 {
            for i in 0..12 {
                for j in 0..12 {
                    near[i][j] |= near[i][k] && near[k][j];
                }
            }
        }
        for i in 0..12 {
            prop_assert_eq!(there.name(names[i]), back.name(names[i]));
            for j in 0..12 {
                let same = there.name(names[i]) == there.name(names[j]);
                prop_assert_eq!(same, near[i][j], "{} {}", names[i], names[j]);
            }
        }
    }
}
