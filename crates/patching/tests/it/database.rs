//! Compiled advisories: the same answers as the records, the same bytes in any order, and no answer
//! from bytes that do not hang together.

use crate::shared;
use proptest::prelude::*;
use standing_patching::{
    Author, Builder, Database, Doubt, Level, Rating, Record, Row, Verdict, is_distribution,
};
use std::collections::{BTreeMap, BTreeSet};

const LEFT: &str = r#"{"id":"GHSA-aaaa-bbbb-cccc","modified":"2026-02-02T00:00:00Z",
  "published":"2026-02-01T00:00:00Z","aliases":["CVE-2026-1"],"summary":"left falls over",
  "severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"}],
  "database_specific":{"severity":"HIGH"},
  "affected":[{"package":{"ecosystem":"npm","name":"left"},
    "ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"1.2.0"},
      {"introduced":"2.0.0"},{"fixed":"2.1.0"}]}],"versions":["9.9.9"]}]}"#;
const DISTRIBUTION: &str = r#"{"id":"DSA-1-1","published":"2026-03-01T00:00:00Z",
  "upstream":["CVE-2026-1","CVE-2026-2"],
  "affected":[{"package":{"ecosystem":"Debian:12","name":"left"},
    "ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"1.1-1+deb12u1"}]}]}]}"#;
const UNMAINTAINED: &str = r#"{"id":"RUSTSEC-2026-1",
  "affected":[{"package":{"ecosystem":"crates.io","name":"old"},
    "ranges":[{"type":"SEMVER","events":[{"introduced":"0.0.0-0"}]}],
    "database_specific":{"informational":"unmaintained"}}]}"#;
const KEV: &str = r#"{"catalogVersion":"2026.08.07","vulnerabilities":[
  {"cveID":"CVE-2026-2","dateAdded":"2026-03-05","dueDate":"2026-03-08",
   "knownRansomwareCampaignUse":"Known"},
  {"cveID":"CVE-2026-9","dateAdded":"2026-04-05","dueDate":"2026-04-26",
   "knownRansomwareCampaignUse":"Unknown"}]}"#;
const EPSS: &str = "#model_version:v2025.03.14,score_date:2026-07-15\ncve,epss,percentile\n\
  CVE-2026-2,0.12345,0.5\nCVE-2026-10,0.00001,1\n";

fn built(records: &[&str]) -> Database<Vec<u8>> {
    let mut builder = Builder::new();
    for record in records {
        builder.osv(record).unwrap();
    }
    assert_eq!(builder.kev(KEV), Ok(2));
    assert_eq!(builder.epss(EPSS), Ok(2));
    Database::open(builder.finish()).unwrap()
}

/// What is found, as `advisory verdict fixed`.
fn found(db: &Database<Vec<u8>>, ecosystem: &str, name: &str, version: &str) -> Vec<String> {
    let hits = db.judge(ecosystem, name, version).unwrap();
    let told = hits.iter().map(|hit| {
        let entry = db.entry(hit.entry).unwrap();
        let verdict = match hit.verdict {
            Verdict::Affected => "affected".to_owned(),
            Verdict::CannotTell(doubt) => format!("{doubt:?}"),
            Verdict::NotAffected => panic!("not affected is no hit"),
        };
        let fixed = hit.fixed.as_deref().unwrap_or("none");
        format!("{} {verdict} {fixed}", entry.advisory.id)
    });
    told.collect()
}

#[test]
fn fixes_are_told_apart_by_advisory_package_and_version() {
    let db = built(&[LEFT, DISTRIBUTION, UNMAINTAINED]);
    let mut told = BTreeSet::new();
    db.each_fix(&mut |fix| {
        told.insert(format!(
            "{} {} {}",
            fix.advisory,
            fix.package.replace('\n', "/"),
            fix.fixed
        ));
    })
    .unwrap();
    let expected = [
        "DSA-1-1 Debian/left 1.1-1+deb12u1",
        "GHSA-aaaa-bbbb-cccc npm/left 1.2.0",
        "GHSA-aaaa-bbbb-cccc npm/left 2.1.0",
    ];
    assert_eq!(
        told.iter().map(String::as_str).collect::<Vec<_>>(),
        expected
    );
    let before = built(&[DISTRIBUTION, &LEFT.replace("2.1.0", "2.2.0")]);
    let mut news = BTreeSet::new();
    db.each_fix(&mut |fix| {
        let held = before.fixes(fix.package).unwrap();
        if !held.contains(&(fix.advisory.to_owned(), fix.fixed.to_owned())) {
            news.insert(fix.fixed.to_owned());
        }
    })
    .unwrap();
    assert_eq!(news, BTreeSet::from(["2.1.0".to_owned()]));
}

#[test]
fn answers_with_the_fix_of_the_branch() {
    let db = built(&[LEFT, DISTRIBUTION, UNMAINTAINED]);
    let left = |version| found(&db, "npm", "left", version);
    assert_eq!(left("1.0.0"), ["GHSA-aaaa-bbbb-cccc affected 1.2.0"]);
    assert_eq!(left("2.0.5"), ["GHSA-aaaa-bbbb-cccc affected 2.1.0"]);
    assert_eq!(left("1.5.0"), Vec::<String>::new());
    assert_eq!(left("9.9.9"), ["GHSA-aaaa-bbbb-cccc affected none"]);
    assert_eq!(left("no version"), ["GHSA-aaaa-bbbb-cccc Version 1.2.0"]);
    assert_eq!(found(&db, "npm", "right", "1.0.0"), Vec::<String>::new());
    let debian = |ecosystem| found(&db, ecosystem, "left", "1.1-1");
    assert_eq!(debian("Debian:12"), ["DSA-1-1 affected 1.1-1+deb12u1"]);
    assert_eq!(debian("Debian:11"), Vec::<String>::new());
    assert_eq!(debian("Debian"), ["DSA-1-1 Release 1.1-1+deb12u1"]);
}

#[test]
fn tells_who_says_what_and_what_is_exploited() {
    let db = built(&[LEFT, DISTRIBUTION, UNMAINTAINED]);
    let entry = |e, n, v| {
        let hits = db.judge(e, n, v).unwrap();
        db.entry(hits[0].entry).unwrap()
    };
    let left = entry("npm", "left", "1.0.0");
    let said: Vec<_> = left
        .ratings
        .iter()
        .map(|r| (r.author, &*r.name, r.level))
        .collect();
    let database = (Author::Database, "GHSA", Level::High);
    assert_eq!(said, [database, database]);
    assert_eq!(left.advisory.summary, Some("left falls over"));
    assert_eq!(
        left.advisory.about[0].names,
        ["CVE-2026-1", "GHSA-aaaa-bbbb-cccc"]
    );
    assert_eq!(left.advisory.about[0].exploited, None);
    let debian = entry("Debian:12", "left", "1");
    assert!(debian.advisory.with_fix && debian.ratings.is_empty());
    let about: Vec<_> = debian.advisory.about.iter().map(|v| v.name).collect();
    assert_eq!(about, ["CVE-2026-1", "CVE-2026-2"]);
    let exploited = debian.advisory.about[1].exploited.unwrap();
    assert_eq!(
        (exploited.listed, exploited.ransomware),
        ("2026-03-05", true)
    );
    assert_eq!(
        entry("crates.io", "old", "1.0.0").informational,
        Some("unmaintained")
    );
    let names = |id| {
        let about = db.about(id).unwrap();
        about.iter().map(|v| v.name.to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names("GHSA-aaaa-bbbb-cccc"), ["CVE-2026-1"]);
    assert_eq!(names("DSA-1-1"), ["CVE-2026-1", "CVE-2026-2"]);
    assert_eq!(names("CVE-2026-9"), ["CVE-2026-9"]);
    assert_eq!(names("CVE-2026-8"), Vec::<String>::new());
    let epss = db.epss("CVE-2026-2").unwrap().unwrap();
    assert_eq!((epss.probability, epss.percentile), (1235, 5000));
    assert_eq!(db.epss("CVE-2026-3").unwrap(), None);
    assert_eq!(
        (db.advisories(), db.knows_exploited(), db.knows_epss()),
        (3, true, true)
    );
    assert_eq!(db.packages_of("Debian:12"), Ok(1));
    assert_eq!(db.packages_of("PyPI"), Ok(0));
    assert_eq!(
        (db.may_know("left"), db.may_know("right")),
        (Ok(true), Ok(false))
    );
    assert!(is_distribution("Debian:12") && !is_distribution("npm"));
}

#[test]
fn of_two_of_one_name_the_later_counts_and_what_was_withdrawn_says_nothing() {
    let early = LEFT
        .replace("2026-02-02", "2026-01-01")
        .replace("1.2.0", "1.1.9");
    for order in [[LEFT, early.as_str()], [early.as_str(), LEFT]] {
        let db = built(&order);
        let expected = ["GHSA-aaaa-bbbb-cccc affected 1.2.0"];
        assert_eq!(found(&db, "npm", "left", "1.0.0"), expected);
    }
    let gone = LEFT.replacen('{', r#"{"withdrawn":"2026-05-01T00:00:00Z","#, 1);
    let gone = gone.replace("2026-02-02", "2026-05-01");
    let db = built(&[&gone, LEFT]);
    assert_eq!(found(&db, "npm", "left", "1.0.0"), Vec::<String>::new());
    assert_eq!(db.advisories(), 0);
}

#[test]
fn rows_of_a_table_are_taken_too() {
    let mut builder = Builder::new();
    for (package, fixed) in [("left", "1.2"), ("right", "3")] {
        builder.row(&Row {
            id: "DSA-2-1",
            aliases: &["CVE-2026-5"],
            ecosystem: "Debian:12",
            package,
            events: Some(&format!(r#"[{{"introduced":"0"}},{{"fixed":"{fixed}"}}]"#)),
            severity: Some("high"),
            published: Some("2026-03-01"),
            ..Row::default()
        });
    }
    let db = Database::open(builder.finish()).unwrap();
    assert_eq!(
        found(&db, "Debian:12", "left", "1.0"),
        ["DSA-2-1 affected 1.2"]
    );
    assert_eq!(
        found(&db, "Debian:12", "right", "1.0"),
        ["DSA-2-1 affected 3"]
    );
    let hit = &db.judge("Debian:12", "left", "1.0").unwrap()[0];
    let entry = db.entry(hit.entry).unwrap();
    assert_eq!(entry.ratings[0].author, Author::Vendor);
    assert!(!db.knows_exploited() && !db.knows_epss());
}

#[test]
fn what_is_wrong_is_refused_whole() {
    let mut builder = Builder::new();
    assert!(builder.osv("{").is_err());
    assert!(builder.osv(r#"{"id":" "}"#).is_err());
    assert!(
        builder
            .kev(r#"{"vulnerabilities":[{"cveID":"CVE-1-1","dateAdded":"x"}]}"#)
            .is_err()
    );
    assert!(builder.epss("a,b\n").is_err());
    let wrong = builder.epss("cve,epss,percentile\nCVE-2026-1,0.1,0.2\nCVE-2026-2,1.5,0\n");
    assert_eq!(
        wrong.unwrap_err(),
        "line 3: expected a CVE and two numbers from 0 to 1"
    );
    let db = Database::open(builder.finish()).unwrap();
    assert!(!db.knows_exploited() && db.epss("CVE-2026-1").unwrap().is_none());
}

/// Every fifth record beside the workspace gives the same answer compiled as by itself, at versions
/// that it names.
#[test]
fn compiled_records_answer_as_they_do_by_themselves() {
    for file in [
        "rustsec-osv",
        "pypa-osv",
        "go-osv",
        "almalinux-osv",
        "osv-mixed-sample",
    ] {
        let Some(text) = shared(&format!("advisories/{file}.jsonl.gz")) else {
            return;
        };
        let mut builder = Builder::new();
        text.lines().for_each(|line| builder.osv(line).unwrap());
        let db = Database::open(builder.finish()).unwrap();
        let mut asked = 0;
        for line in text.lines().step_by(5) {
            let (record, value) = (
                Record::read(line).unwrap(),
                serde_json::from_str(line).unwrap(),
            );
            for (ecosystem, package, version) in versions(&value) {
                let alone = record.judge(&ecosystem, &package, &version);
                let mut compiled = Verdict::NotAffected;
                for hit in db.judge(&ecosystem, &package, &version).unwrap() {
                    if db.entry(hit.entry).unwrap().advisory.id == record.id {
                        compiled = compiled.min(hit.verdict);
                    }
                }
                assert_eq!(compiled, alone, "{} {package} {version}", record.id);
                asked += 1;
            }
        }
        assert!(asked > 100, "{file}: {asked}");
        println!("{file}: {asked} questions");
    }
}

/// Each package of a record with the versions that its ranges and the first of its lists name.
fn versions(record: &serde_json::Value) -> BTreeSet<(String, String, String)> {
    let mut found = BTreeSet::new();
    for affected in record["affected"].as_array().into_iter().flatten() {
        let text = |key| {
            affected["package"][key]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        };
        let listed = affected["versions"]
            .as_array()
            .into_iter()
            .flatten()
            .take(2);
        let ranges = affected["ranges"].as_array().into_iter().flatten().take(4);
        let events = ranges.flat_map(|r| r["events"].as_array().into_iter().flatten());
        let bounds = events.flat_map(|event| event.as_object().unwrap().values());
        for version in listed.chain(bounds).filter_map(|v| v.as_str()) {
            found.insert((text("ecosystem"), text("name"), version.to_owned()));
        }
    }
    found
}

/// What was scored when it was compiled is what scoring it anew gives, of whatever version and author.
#[test]
fn ratings_are_kept_as_they_were_read() {
    let texts = [
        "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N",
        "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H",
        "CVSS:3.0/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N",
        "AV:N/AC:M/Au:N/C:P/I:P/A:P",
        "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N",
    ];
    let scored = texts.map(|text| format!(r#"{{"type":"CVSS","score":"{text}"}}"#));
    let words = ["critical", "moderate", "unimportant"];
    let worded = words.map(|word| format!(r#"{{"type":"word","score":"{word}"}}"#));
    let stated = scored
        .into_iter()
        .chain(worded)
        .collect::<Vec<_>>()
        .join(",");
    let record = DISTRIBUTION.replacen('{', &format!(r#"{{"severity":[{stated}],"#), 1);
    let db = built(&[&record]);
    let hit = &db.judge("Debian:12", "left", "1").unwrap()[0];
    let vectors = texts.iter().map(|text| (*text, Author::Database));
    let words = words.iter().map(|word| (*word, Author::Vendor));
    let read = vectors.chain(words).map(|(text, author)| {
        let name = "Debian";
        Rating::read(text, author, name).unwrap()
    });
    assert_eq!(
        db.entry(hit.entry).unwrap().ratings,
        read.collect::<Vec<_>>()
    );
}

/// Files of the first format hold ratings otherwise; they are refused, and so compiled anew.
#[test]
fn another_format_is_refused() {
    let mut bytes = Builder::new().finish();
    assert!(Database::open(bytes.clone()).is_ok());
    bytes[15] = b'1';
    assert!(Database::open(bytes).is_err());
}

#[test]
fn a_doubtful_release_is_told() {
    let db = built(&[DISTRIBUTION]);
    let hit = &db.judge("Debian", "left", "1").unwrap()[0];
    assert_eq!(hit.verdict, Verdict::CannotTell(Doubt::Release));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_order_gives_the_same_bytes(order in Just(vec![LEFT, DISTRIBUTION, UNMAINTAINED]).prop_shuffle()) {
        let bytes = |records: &[&str]| {
            let mut builder = Builder::new();
            records.iter().for_each(|record| builder.osv(record).unwrap());
            builder.finish()
        };
        prop_assert_eq!(bytes(&order), bytes(&[LEFT, DISTRIBUTION, UNMAINTAINED]));
    }

    /// A record, a catalogue or a table of scores that was altered is refused or read, in the same way each
    /// time, and what is compiled from it opens. JSON that breaks off is refused.
    #[test]
    fn altered_texts_are_refused_or_read(
        which in 0..5usize,
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0..30usize), 0..4),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let whole = [LEFT, DISTRIBUTION, UNMAINTAINED, KEV, EPSS][which];
        let mut text: Vec<char> = whole.chars().collect();
        for (from, to, count) in &edits {
            let from = from.index(text.len());
            let moved = text[from..(from + count).min(text.len())].to_vec();
            let to = to.index(text.len());
            text.splice(to..to, moved);
        }
        if let Some(cut) = cut {
            text.truncate(cut.index(text.len()));
        }
        let text: String = text.into_iter().collect();
        let compiled = || {
            let mut builder = Builder::new();
            let read = match which {
                3 => builder.kev(&text).map(|_| ()),
                4 => builder.epss(&text).map(|_| ()),
                _ => builder.osv(&text),
            };
            (read, builder.finish())
        };
        let (read, bytes) = compiled();
        prop_assert_eq!((&read, &bytes), (&compiled().0, &compiled().1));
        let breaks_off = cut.is_some() && edits.is_empty() && which < 4;
        prop_assert!(!breaks_off || read.is_err());
        let db = Database::open(bytes).unwrap();
        for (ecosystem, name) in [("npm", "left"), ("Debian:12", "left"), ("crates.io", "old")] {
            for hit in db.judge(ecosystem, name, "1.0.0").unwrap() {
                prop_assert!(db.entry(hit.entry).is_ok());
            }
        }
    }

    /// Cut or altered bytes give an error or another answer, and never a panic or an endless search.
    #[test]
    fn damage_does_not_panic(at in 0usize..2000, to in any::<u8>(), cut in 0usize..4000) {
        let mut builder = Builder::new();
        for record in [LEFT, DISTRIBUTION, UNMAINTAINED] {
            builder.osv(record).unwrap();
        }
        builder.kev(KEV).unwrap();
        builder.epss(EPSS).unwrap();
        let mut bytes = builder.finish();
        let length = bytes.len();
        bytes[at % length] = to;
        if cut < length {
            let short = bytes[..cut].to_vec();
            prop_assert!(Database::open(short).is_err());
        }
        if let Ok(db) = Database::open(bytes) {
            let mut seen = BTreeMap::new();
            for (ecosystem, name) in [("npm", "left"), ("Debian:12", "left"), ("crates.io", "old")] {
                if let Ok(hits) = db.judge(ecosystem, name, "1.0.0") {
                    for hit in hits {
                        seen.insert(hit.entry, db.entry(hit.entry).is_ok());
                    }
                }
            }
            let _ = (db.epss("CVE-2026-2"), db.about("CVE-2026-2"));
        }
    }
}
