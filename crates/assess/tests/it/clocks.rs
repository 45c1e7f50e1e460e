//! Clocks of what readings saw at different times: dates in, verdicts out.

use std::sync::Arc;

use rusqlite::types::Value;
use standing_assess::advisories::Bytes;
use standing_assess::index::{
    AdvisoryEdition, CollectionMeta, ConfiguredSource, FirstFix, IndexError,
};
use standing_assess::{AsOf, Estate, Freshness, Index, literate};
use standing_facts::{Cell, Gap, GapCode, Outcome, Row};
use standing_patching::Builder;

mod traps;

/// Sources of everything that are read again and again.
struct Readings {
    index: Index,
    entries: u64,
    /// Whose turn it is: `s`, or `t`.
    source: &'static str,
}

const TABLES: [&str; 4] = ["asset", "component", "advisory", "advisory_finding"];
const WEB: &str = "asset id=s/web1 name=web1";
const OLD: &str = "component asset=web1 ecosystem=Debian:12 name=openssl version=3.0.1";
const STILL_OLD: &str = "component asset=web1 ecosystem=Debian:12 name=openssl version=3.0.2";
const MENDED: &str = "component asset=web1 ecosystem=Debian:12 name=openssl version=3.0.9";
const DSA: &str = "advisory id=DSA-1 ecosystem=Debian:12 package=openssl ordinal=0 aliases=CVE-2026-1 \
    events=EVENTS fixed=3.0.9 severity=high \
    published_on=2026-03-02";

impl Readings {
    fn new() -> Self {
        let index = Index::in_memory().unwrap();
        let sources = ["s", "t"].map(|name| ConfiguredSource {
            name: name.into(),
            kind: "test".into(),
            tables: TABLES.map(str::to_owned).to_vec(),
            fresh_for_days: 31,
        });
        index
            .configured("2026-01-01T00:00:00.000Z", &sources)
            .unwrap();
        Readings {
            index,
            entries: 0,
            source: "s",
        }
    }

    /// Reads these facts at noon of a day.
    fn read(&mut self, day: &str, outcome: Outcome, facts: &[&str]) -> &mut Self {
        self.entries += 1;
        let at = format!("{day}T12:00:00.000Z");
        let gap = Gap {
            table: None,
            code: GapCode::Truncated,
            detail: "the second page is not here".into(),
        };
        let meta = CollectionMeta {
            entry: self.entries,
            source: self.source.into(),
            kind: "test".into(),
            scope: "all".into(),
            started_at: at.clone(),
            ended_at: at,
            parts: 1,
            counts: TABLES.map(|t| (t.to_owned(), 0)).into(),
            gaps: match outcome {
                Outcome::Complete => Vec::new(),
                _ => vec![gap],
            },
            outcome,
            problems: 0,
        };
        let rows = facts.iter().map(|line| Ok::<_, IndexError>(fact(line)));
        self.index.collection(&meta, rows).unwrap();
        self
    }

    fn complete(&mut self, day: &str, facts: &[&str]) -> &mut Self {
        self.read(day, Outcome::Complete, facts)
    }

    fn record(&mut self, day: &str, line: &str) -> &mut Self {
        self.entries += 1;
        let row = fact(line);
        self.index
            .record(self.entries, &format!("{day}T09:00:00.000Z"), row)
            .unwrap();
        self
    }

    fn at(&mut self, day: &str) -> Estate<'_> {
        let as_of = AsOf::end_of(day.parse().unwrap());
        Estate::new(&mut self.index, as_of, Freshness::Measured, &[]).unwrap()
    }

    /// Each clock of a policy: component, vulnerability, state, fix, due, verdict and days.
    fn clocks(&mut self, day: &str, policy: &str) -> Vec<String> {
        let sql = "select component || ' ' || vulnerability || ' ' || state || ' fix '
             || coalesce(fix_released_on || ' ' || fix_bound, '-') || ' due ' || coalesce(due_on, '-')
             || ' ' || verdict || coalesce(' ' || days, '') from patch_clock where policy = ?1 order by 1";
        let values = [Value::Text(policy.into())];
        let answer = self.at(day).query_with(sql, &values, 100).unwrap();
        answer.rows.iter().map(|row| text(&row[0])).collect()
    }

    fn one(&mut self, day: &str) -> String {
        let clocks = self.clocks(day, "Cyber Essentials");
        assert_eq!(clocks.len(), 1, "{clocks:?}");
        clocks[0].clone()
    }
}

/// A fact of an example; the ranges of advisories would need quotes within quotes.
fn fact(line: &str) -> Row {
    let mut row = literate::fact(line).unwrap();
    for cell in &mut row.cells {
        let events = match cell {
            Cell::Text(text) => match text.as_str() {
                "EVENTS" => r#"[{"introduced":"0"},{"fixed":"3.0.9"}]"#,
                "LATER" => r#"[{"introduced":"4.0"},{"fixed":"4.0.9"}]"#,
                "FIRST" => r#"[{"introduced":"0"},{"fixed":"1.0.9"}]"#,
                "OPEN" => r#"[{"introduced":"2.0.0"}]"#,
                "SECOND" => r#"[{"introduced":"2.0.0"},{"fixed":"2.0.9"}]"#,
                _ => continue,
            },
            _ => continue,
        };
        *cell = Cell::Text(events.into());
    }
    row
}

fn text(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_clock_starts_with_the_fix_and_not_with_our_first_look() {
    let mut readings = Readings::new();
    readings.complete("2026-03-10", &[WEB, OLD, DSA]);
    let open = "openssl CVE-2026-1 open fix 2026-03-02 exact due 2026-03-16 open 0";
    assert_eq!(readings.one("2026-03-16"), open);
    let late = "openssl CVE-2026-1 open fix 2026-03-02 exact due 2026-03-16 breached 1";
    assert_eq!(readings.one("2026-03-17"), late);
    let dspt = readings.clocks("2026-03-17", "DSPT");
    assert_eq!(dspt, [late]);
    assert_eq!(readings.clocks("2026-03-17", "KEV"), Vec::<String>::new());
}

#[test]
fn an_upgrade_that_is_still_vulnerable_keeps_the_clock() {
    let mut readings = Readings::new();
    readings.complete("2026-03-03", &[WEB, OLD, DSA]);
    readings.complete("2026-03-10", &[WEB, STILL_OLD, DSA]);
    let expected = "openssl CVE-2026-1 open fix 2026-03-02 exact due 2026-03-16 breached 4";
    assert_eq!(readings.one("2026-03-20"), expected);
    readings.complete("2026-03-21", &[WEB, MENDED, DSA]);
    let expected = "openssl CVE-2026-1 mended fix 2026-03-02 exact due 2026-03-16 between";
    assert_eq!(readings.one("2026-03-21"), expected);
    readings.complete("2026-04-01", &[WEB, OLD, DSA]);
    let expected = "openssl CVE-2026-1 open fix 2026-03-02 exact due 2026-03-16 breached 16";
    assert_eq!(
        readings.one("2026-04-01"),
        expected,
        "the original clock goes on"
    );
}

#[test]
fn seen_after_the_deadline_and_gone_later_is_late() {
    let mut readings = Readings::new();
    readings.complete("2026-03-03", &[WEB, OLD, DSA]);
    readings.complete("2026-03-18", &[WEB, OLD, DSA]);
    readings.complete("2026-03-20", &[WEB, MENDED, DSA]);
    let expected = "openssl CVE-2026-1 mended fix 2026-03-02 exact due 2026-03-16 late 4";
    assert_eq!(readings.one("2026-03-20"), expected);
}

#[test]
fn the_log_of_the_package_manager_says_the_day() {
    let mut readings = Readings::new();
    readings.complete("2026-03-03", &[WEB, OLD, DSA]);
    let logged = format!("{MENDED} installed_on=2026-03-15");
    readings.complete("2026-03-25", &[WEB, &logged, DSA]);
    let expected = "openssl CVE-2026-1 mended fix 2026-03-02 exact due 2026-03-16 met";
    assert_eq!(readings.one("2026-03-25"), expected);
}

#[test]
fn a_partial_reading_and_a_vanished_machine_mend_nothing() {
    let mut readings = Readings::new();
    readings.complete("2026-03-03", &[WEB, OLD, DSA]);
    readings.read("2026-03-12", Outcome::Partial, &[WEB, DSA]);
    let expected = "openssl CVE-2026-1 open fix 2026-03-02 exact due 2026-03-16 breached 1";
    assert_eq!(readings.one("2026-03-17"), expected);
    readings.complete("2026-03-18", &[DSA]);
    let expected = "openssl CVE-2026-1 unobserved fix 2026-03-02 exact due 2026-03-16 breached 18";
    assert_eq!(readings.one("2026-04-03"), expected);
}

#[test]
fn removed_from_a_machine_that_is_still_read_is_mended_and_a_retired_machine_has_no_clock_left() {
    let mut readings = Readings::new();
    readings.complete("2026-03-03", &[WEB, OLD, DSA]);
    readings.complete("2026-03-09", &[WEB, DSA]);
    let expected = "openssl CVE-2026-1 mended fix 2026-03-02 exact due 2026-03-16 met";
    assert_eq!(readings.one("2026-03-20"), expected);
    let mut readings = Readings::new();
    let retired = format!("{WEB} retired_on=2026-03-12");
    readings.complete("2026-03-03", &[WEB, OLD, DSA]);
    readings.complete("2026-03-15", &[&retired, DSA]);
    let expected = "openssl CVE-2026-1 decommissioned fix 2026-03-02 exact due 2026-03-16 met";
    assert_eq!(readings.one("2026-03-20"), expected);
}

#[test]
fn an_installed_kernel_is_not_a_running_one() {
    let kernel = |version: &str, running: bool| {
        format!(
            "component asset=web1 ecosystem=Debian:12 name=openssl version={version} binary=k{version} \
             running={running}"
        )
    };
    let mut readings = Readings::new();
    readings.complete("2026-03-03", &[WEB, &kernel("3.0.1", true), DSA]);
    let both = [kernel("3.0.1", true), kernel("3.0.9", false)];
    readings.complete("2026-03-10", &[WEB, &both[0], &both[1], DSA]);
    let expected = "openssl CVE-2026-1 awaits restart fix 2026-03-02 exact due 2026-03-16 open 6";
    assert_eq!(readings.one("2026-03-10"), expected);
    let restarted = [kernel("3.0.1", false), kernel("3.0.9", true)];
    readings.complete("2026-03-12", &[WEB, &restarted[0], &restarted[1], DSA]);
    let expected = "openssl CVE-2026-1 mended fix 2026-03-02 exact due 2026-03-16 met";
    assert_eq!(readings.one("2026-03-12"), expected);
}

#[test]
fn what_people_state_counts_as_the_policies_admit() {
    let mut readings = Readings::new();
    readings.complete("2026-03-03", &[WEB, OLD, DSA]);
    readings.record(
        "2026-03-05",
        "patch_exception id=e vulnerability=DSA-1 policy=DSPT ground=\"accepted risk\" reason=r owner=a \
         approved_by=b from_on=2026-03-05 expires_on=2026-05-01",
    );
    readings.record(
        "2026-03-05",
        "patch_exception id=f vulnerability=CVE-2026-1 policy=\"Cyber Essentials\" \
         ground=\"accepted risk\" reason=r owner=a approved_by=b from_on=2026-03-05 \
         expires_on=2026-05-01",
    );
    let verdict = |readings: &mut Readings, policy: &str, day: &str| {
        let clocks = readings.clocks(day, policy);
        clocks[0].split(" due ").nth(1).unwrap().to_owned()
    };
    assert_eq!(
        verdict(&mut readings, "DSPT", "2026-03-20"),
        "2026-03-16 excepted"
    );
    let ce = verdict(&mut readings, "Cyber Essentials", "2026-03-20");
    assert_eq!(ce, "2026-03-16 breached 4");
    readings.complete("2026-05-01", &[WEB, OLD, DSA]);
    assert_eq!(
        verdict(&mut readings, "DSPT", "2026-05-02"),
        "2026-03-16 breached 47"
    );
    // A person's word on the fix goes before all.
    readings.record(
        "2026-03-06",
        "fix_date id=d vulnerability=CVE-2026-1 component=openssl released_on=2026-03-08 \
         reason=\"not in the channel before\" evidence=ticket stated_by=ada",
    );
    let ce = verdict(&mut readings, "Cyber Essentials", "2026-03-20");
    assert_eq!(ce, "2026-03-22 open 2");
}

#[test]
fn a_change_of_the_firms_own_policy_moves_no_deadline_that_was_set() {
    let mut readings = Readings::new();
    let policy = |id: &str, from: &str, days: u32| {
        format!(
            "patch_policy id={id} name=ours from_on={from} days={days} covers=grave starts=fix \
             accepts_risk=true restarts=false"
        )
    };
    readings.record("2026-01-05", &policy("p1", "2026-01-01", 7));
    readings.complete("2026-03-03", &[WEB, OLD, DSA]);
    let due = |readings: &mut Readings| readings.clocks("2026-03-20", "ours")[0].clone();
    let before = due(&mut readings);
    assert!(before.ends_with("due 2026-03-09 breached 11"), "{before}");
    // Backdated on purpose: it counts from the day of its recording.
    readings.record("2026-03-15", &policy("p2", "2026-02-01", 30));
    assert_eq!(due(&mut readings), before);
}

#[test]
fn a_fix_that_the_channel_does_not_hold_starts_no_clock() {
    let mut readings = Readings::new();
    readings.complete("2026-03-03", &[WEB, OLD, DSA]);
    let release = |id: &str| {
        format!("package_release ecosystem=Debian:12 package=openssl version={id} kind=channel")
    };
    readings.record("2026-03-04", &release("3.0.2"));
    let expected = "openssl CVE-2026-1 unobserved fix - due - announced";
    assert_eq!(readings.one("2026-03-20"), expected);
    readings.record("2026-03-05", &release("3.0.9"));
    let expected = "openssl CVE-2026-1 unobserved fix 2026-03-02 exact due 2026-03-16 breached 4";
    assert_eq!(readings.one("2026-03-20"), expected);
}

#[test]
fn a_registry_dates_what_an_advisory_only_publishes() {
    let mut readings = Readings::new();
    let ghsa = DSA.replace("DSA-1", "GHSA-1").replace("Debian:12", "npm");
    let left = OLD.replace("Debian:12", "npm");
    readings.complete("2026-03-03", &[WEB, &left, &ghsa]);
    let weak = "openssl CVE-2026-1 open fix 2026-03-02 weak due 2026-03-16 open 1";
    assert_eq!(readings.one("2026-03-15"), weak);
    readings.record(
        "2026-03-04",
        "package_release ecosystem=npm package=openssl version=3.0.9 kind=registry \
         released_on=2026-02-20",
    );
    let exact = "openssl CVE-2026-1 open fix 2026-02-20 exact due 2026-03-06 breached 9";
    assert_eq!(readings.one("2026-03-15"), exact);
    // A copy dates what it copied: the fix was there on that day at the latest.
    let mut readings = Readings::new();
    let undated = ghsa.replace(" published_on=2026-03-02", "");
    readings.complete("2026-03-03", &[WEB, &left, &undated]);
    readings.record(
        "2026-03-04",
        "package_release ecosystem=npm package=openssl version=3.0.9 kind=registry bound=upper \
         released_on=2026-02-20",
    );
    let upper = "openssl CVE-2026-1 open fix 2026-02-20 upper due 2026-03-06 breached 9";
    assert_eq!(readings.one("2026-03-15"), upper);
}

#[test]
fn a_scanner_and_an_advisory_about_the_same_are_one_clock() {
    let mut readings = Readings::new();
    let scan = "advisory_finding asset=WEB1 component=openssl advisory=CVE-2026-1 version=3.0.1 \
        affected=true severity=critical fixed=3.0.9 fix_released_on=2026-03-01 \
        fix_dated_by=\"grype fix.available\"";
    let alone = "advisory_finding asset=web1 component=tls advisory=nessus:1 version=\"\" affected=true \
        severity=high fix_released_on=2026-03-01 remedy=setting";
    readings.complete("2026-03-03", &[WEB, OLD, DSA, scan, alone]);
    let expected = [
        "openssl CVE-2026-1 open fix 2026-03-02 exact due 2026-03-16 open 1",
        "tls nessus:1 open fix 2026-03-01 exact due 2026-03-15 open 0",
    ];
    assert_eq!(readings.clocks("2026-03-15", "Cyber Essentials"), expected);
    // What is no package is mended by evidence alone.
    readings.complete("2026-03-14", &[WEB, OLD, DSA, scan]);
    let still = "tls nessus:1 awaits evidence fix 2026-03-01 exact due 2026-03-15 open 0";
    assert_eq!(readings.clocks("2026-03-15", "Cyber Essentials")[1], still);
    readings.record(
        "2026-03-14",
        "patch_evidence id=e vulnerability=nessus:1 asset=web1 done_on=2026-03-14 evidence=ticket \
         done_by=ada",
    );
    let met = "tls nessus:1 mended fix 2026-03-01 exact due 2026-03-15 met";
    assert_eq!(readings.clocks("2026-03-15", "Cyber Essentials")[1], met);
}

#[test]
fn the_compiled_edition_of_the_day_is_asked() {
    let mut readings = Readings::new();
    readings.complete("2026-03-10", &[WEB, OLD]);
    let none = readings.clocks("2026-03-20", "Cyber Essentials");
    assert_eq!(none, Vec::<String>::new());
    let mut builder = Builder::new();
    builder
        .osv(
            r#"{"id":"DSA-7-1","published":"2026-03-02T10:00:00Z","upstream":["CVE-2026-7"],
              "affected":[{"package":{"ecosystem":"Debian:12","name":"openssl"},
              "ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"3.0.9"}]}]}]}"#,
        )
        .unwrap();
    builder
        .kev(
            r#"{"vulnerabilities":[{"cveID":"CVE-2026-7","dateAdded":"2026-06-20",
              "dueDate":"2026-07-04","knownRansomwareCampaignUse":"Known"}]}"#,
        )
        .unwrap();
    let bytes = builder.finish();
    readings
        .index
        .advisory_edition(&AdvisoryEdition {
            entry: 9,
            valid_from: "2026-03-15T12:00:00.000Z".into(),
            edition: "abc".into(),
            json: "{}".into(),
            compared: false,
        })
        .unwrap();
    readings
        .index
        .advise(Arc::new(move |edition| match edition.entry {
            9 => Ok(Bytes(Arc::new(bytes.clone()))),
            _ => Err("cannot be read".into()),
        }));
    assert_eq!(
        readings.clocks("2026-03-12", "Cyber Essentials"),
        none,
        "yesterday's edition"
    );
    let expected = "openssl CVE-2026-7 open fix 2026-03-02 exact due 2026-03-16 breached 4";
    assert_eq!(readings.one("2026-03-20"), expected);
    assert!(
        readings
            .at("2026-03-20")
            .gaps("advisory")
            .iter()
            .all(|gap| gap.code != GapCode::Stale)
    );
    let stale = readings.at("2026-04-20").gaps("advisory");
    assert!(
        stale.iter().any(|gap| gap.code == GapCode::Stale),
        "{stale:?}"
    );
    let kev = readings.clocks("2026-06-25", "KEV");
    let expected = "openssl CVE-2026-7 unobserved fix 2026-03-02 exact due 2026-06-23 breached 2";
    assert_eq!(kev, [expected]);
    let clocks = readings.at("2026-06-25").clocks("web1", "openssl").unwrap();
    let own = clocks[0].listed_due.map(|day| day.to_string());
    assert_eq!(
        own.as_deref(),
        Some("2026-07-04"),
        "kept, and not taken over"
    );
}

#[test]
fn the_first_edition_that_named_a_fix_bounds_its_day() {
    let mut readings = Readings::new();
    readings.complete("2026-03-10", &[WEB, OLD]);
    let edition = |entry: u64, day: &str, compared| AdvisoryEdition {
        entry,
        valid_from: format!("{day}T12:00:00.000Z"),
        edition: "abc".into(),
        json: "{}".into(),
        compared,
    };
    let mut builder = Builder::new();
    // No day is given with it.
    let record = r#"{"id":"X-1","aliases":["CVE-2026-7"],
      "affected":[{"package":{"ecosystem":"Debian:12","name":"openssl"},
      "ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"3.0.9"}]}]}]}"#;
    builder.osv(record).unwrap();
    let bytes = builder.finish();
    let index = &mut readings.index;
    index.advise(Arc::new(move |_| Ok(Bytes(Arc::new(bytes.clone())))));
    index
        .advisory_edition(&edition(7, "2026-03-02", false))
        .unwrap();
    index
        .advisory_edition(&edition(8, "2026-03-05", true))
        .unwrap();
    let expected = "openssl CVE-2026-7 open fix 2026-03-02 upper due 2026-03-16 breached 4";
    assert_eq!(
        readings.one("2026-03-20"),
        expected,
        "by the first edition at the latest"
    );
    let fix = FirstFix {
        advisory: "X-1".into(),
        package: standing_patching::package_key("Debian:12", "openssl"),
        fixed: "3.0.9".into(),
    };
    let index = &mut readings.index;
    index
        .first_fixes("2026-03-05T12:00:00.000Z", std::slice::from_ref(&fix))
        .unwrap();
    index
        .first_fixes("2026-03-09T12:00:00.000Z", &[fix])
        .unwrap();
    let expected = "openssl CVE-2026-7 open fix 2026-03-05 upper due 2026-03-19 breached 1";
    assert_eq!(
        readings.one("2026-03-20"),
        expected,
        "as an edition says that was compared"
    );
}

#[test]
fn one_clock_is_told_with_every_date_and_its_source() {
    let mut readings = Readings::new();
    readings.complete("2026-03-10", &[WEB, OLD, DSA]);
    let estate = readings.at("2026-03-20");
    let clocks = estate.clocks("web1", "openssl").unwrap();
    assert_eq!(clocks.len(), 1);
    let sources: Vec<String> = clocks[0]
        .case
        .candidates
        .iter()
        .map(|c| format!("{:?} {} {}", c.source, c.name, c.day))
        .collect();
    let expected = [
        "Advisory DSA-1 2026-03-02",
        "FirstObserved DSA-1 2026-03-10",
    ];
    assert_eq!(sources, expected);
    assert_eq!(estate.clocks("web1", "bash").unwrap().len(), 0);
    assert_eq!(estate.clocks("web2", "openssl").unwrap().len(), 0);
}

const SSL: &str = "component asset=web1 ecosystem=Debian:12 name=libssl1 version=1.1.1";
const OTHER_SSL: &str = "component asset=web1 ecosystem=Debian:12 name=libssl3 version=3.0.1";
const DSA_OF_SSL: &str = "advisory id=DSA-1 ecosystem=Debian:12 package=libssl1 ordinal=0 \
    aliases=CVE-2026-1 events=EVENTS fixed=3.0.9 severity=high published_on=2026-03-02";
const DSA_OF_OTHER: &str = "advisory id=DSA-9 ecosystem=Debian:12 package=libssl3 ordinal=0 \
    aliases=CVE-2026-1 events=EVENTS fixed=3.0.9 severity=high published_on=2026-03-03";

#[test]
fn a_package_that_was_renamed_keeps_the_clock() {
    let mut readings = Readings::new();
    let told = [DSA_OF_SSL, DSA_OF_OTHER];
    readings.complete("2026-03-03", &[&[WEB, SSL], &told[..]].concat());
    readings.complete("2026-03-12", &[&[WEB, OTHER_SSL], &told[..]].concat());
    let expected = "libssl3 CVE-2026-1 open fix 2026-03-02 exact due 2026-03-16 breached 1";
    assert_eq!(
        readings.one("2026-03-17"),
        expected,
        "one clock, and the old one"
    );
    let sql = "select former || ' ' || first_seen_on || ' ' || reopened from patch_clock where policy = 'DSPT'";
    let answer = readings.at("2026-03-17").query_with(sql, &[], 10).unwrap();
    assert_eq!(text(&answer.rows[0][0]), "libssl1 2026-03-03 0");
    for name in ["libssl1", "libssl3"] {
        let clocks = readings.at("2026-03-17").clocks("web1", name).unwrap();
        assert_eq!(clocks.len(), 1, "{name} leads to it");
    }
    readings.complete("2026-03-18", &[&[WEB, OTHER_SSL], &told[..]].concat());
    readings.complete("2026-03-20", &[&[WEB], &told[..]].concat());
    let expected = "libssl3 CVE-2026-1 mended fix 2026-03-02 exact due 2026-03-16 late 4";
    assert_eq!(readings.one("2026-03-20"), expected);
}

#[test]
fn a_package_that_only_a_partial_reading_saw_come_keeps_the_clock_of_the_one_that_went() {
    let mut readings = Readings::new();
    let told = [DSA_OF_SSL, DSA_OF_OTHER];
    readings.complete("2026-03-03", &[&[WEB, SSL], &told[..]].concat());
    readings.read("2026-03-10", Outcome::Partial, &[WEB, OTHER_SSL]);
    readings.complete("2026-03-12", &[&[WEB, OTHER_SSL], &told[..]].concat());
    let expected = "libssl3 CVE-2026-1 open fix 2026-03-02 exact due 2026-03-16 breached 1";
    assert_eq!(readings.one("2026-03-17"), expected);
    readings.complete("2026-03-16", &[&[WEB, OTHER_SSL], &told[..]].concat());
    let clocks = readings.at("2026-03-17").clocks("web1", "libssl3").unwrap();
    assert_eq!(clocks[0].timeline.reopened, 0, "it was never gone");
}

#[test]
fn a_package_that_came_beside_another_or_without_the_vulnerability_has_its_own_clock() {
    let mut readings = Readings::new();
    let told = [DSA_OF_SSL, DSA_OF_OTHER];
    readings.complete("2026-03-03", &[&[WEB, SSL], &told[..]].concat());
    readings.complete("2026-03-12", &[&[WEB, SSL, OTHER_SSL], &told[..]].concat());
    let expected = [
        "libssl1 CVE-2026-1 open fix 2026-03-02 exact due 2026-03-16 open 0",
        "libssl3 CVE-2026-1 open fix 2026-03-03 exact due 2026-03-17 open 1",
    ];
    assert_eq!(readings.clocks("2026-03-16", "Cyber Essentials"), expected);
    readings.complete("2026-03-17", &[&[WEB, OTHER_SSL], &told[..]].concat());
    let expected = [
        "libssl1 CVE-2026-1 mended fix 2026-03-02 exact due 2026-03-16 between",
        "libssl3 CVE-2026-1 open fix 2026-03-03 exact due 2026-03-17 open 0",
    ];
    let both = readings.clocks("2026-03-17", "Cyber Essentials");
    assert_eq!(
        both, expected,
        "what was there beside it is no other name of it"
    );
    let mut readings = Readings::new();
    readings.complete("2026-03-03", &[&[WEB, SSL], &told[..]].concat());
    let mended = OTHER_SSL.replace("3.0.1", "3.0.9");
    readings.complete("2026-03-12", &[&[WEB, mended.as_str()], &told[..]].concat());
    let expected = "libssl1 CVE-2026-1 mended fix 2026-03-02 exact due 2026-03-16 met";
    assert_eq!(readings.one("2026-03-17"), expected);
}

#[test]
fn an_upgrade_to_another_release_of_the_distribution_keeps_the_clock() {
    let mut readings = Readings::new();
    let trixie = OLD.replace("Debian:12", "Debian:13");
    let of_trixie = DSA
        .replace("Debian:12", "Debian:13")
        .replace("DSA-1", "DSA-2");
    let of_trixie = of_trixie.replace("2026-03-02", "2026-03-30");
    readings.complete("2026-03-03", &[WEB, OLD, DSA, &of_trixie]);
    readings.complete("2026-03-12", &[WEB, &trixie, DSA, &of_trixie]);
    let expected = "openssl CVE-2026-1 open fix 2026-03-02 exact due 2026-03-16 breached 1";
    assert_eq!(readings.one("2026-03-17"), expected);
}

#[test]
fn a_machine_that_was_renamed_keeps_its_clocks_and_what_was_decided_of_them() {
    let mut readings = Readings::new();
    readings.complete("2026-03-03", &[WEB, OLD, DSA]);
    readings.record(
        "2026-03-04",
        "patch_exception id=r/1 vulnerability=CVE-2026-1 asset=web1 policy=DSPT ground=\"accepted risk\" \
         reason=soon owner=ada approved_by=siro from_on=2026-03-04 expires_on=2026-06-01",
    );
    let renamed = WEB.replace("name=web1", "name=front");
    let there = OLD.replace("asset=web1", "asset=front");
    readings.complete("2026-03-12", &[&renamed, &there, DSA]);
    let clocks = readings
        .at("2026-03-17")
        .clocks("front", "openssl")
        .unwrap();
    assert_eq!(clocks.len(), 1);
    let seen = clocks[0].timeline.first_seen.unwrap().to_string();
    assert_eq!(
        (clocks[0].asset.as_str(), seen.as_str()),
        ("front", "2026-03-03")
    );
    assert_eq!(
        readings
            .at("2026-03-17")
            .clocks("web1", "openssl")
            .unwrap()
            .len(),
        1
    );
    let expected = "openssl CVE-2026-1 open fix 2026-03-02 exact due 2026-03-16 breached 1";
    assert_eq!(
        readings.one("2026-03-17"),
        expected,
        "and none is left of the old name"
    );
    let dspt = readings.clocks("2026-03-17", "DSPT");
    assert!(dspt[0].ends_with("excepted"), "{dspt:?}");
    readings.complete("2026-03-18", &[&renamed, &there, DSA]);
    readings.complete("2026-03-20", &[&renamed, DSA]);
    let expected = "openssl CVE-2026-1 mended fix 2026-03-02 exact due 2026-03-16 late 4";
    assert_eq!(readings.one("2026-03-20"), expected);
}

#[test]
fn an_id_that_moves_to_a_machine_that_was_there_renames_nothing() {
    let mut readings = Readings::new();
    let two = "asset id=s/web2 name=web2";
    readings.complete("2026-03-03", &[WEB, two, OLD, DSA]);
    // As with numbers of lines: web1 is gone, and web2 stands on its line.
    let moved = two.replace("id=s/web2", "id=s/web1");
    readings.complete("2026-03-12", &[&moved, DSA]);
    let expected = "openssl CVE-2026-1 open fix 2026-03-02 exact due 2026-03-16 breached 1";
    assert_eq!(readings.one("2026-03-17"), expected);
    let clocks = readings.at("2026-03-17").clocks("web1", "openssl").unwrap();
    assert_eq!(clocks[0].asset, "web1");
}

#[test]
fn an_update_that_mends_something_grave_is_weighed_whole() {
    let mut readings = Readings::new();
    let minor = DSA
        .replace("DSA-1", "DSA-7")
        .replace("CVE-2026-1", "CVE-2026-7")
        .replace("severity=high", "severity=low");
    readings.complete("2026-03-03", &[WEB, OLD, &minor]);
    let expected = "openssl CVE-2026-7 open fix 2026-03-02 exact due 2026-03-16 not covered";
    assert_eq!(readings.one("2026-03-17"), expected);
    readings.complete("2026-03-04", &[WEB, OLD, DSA, &minor]);
    let both = readings.clocks("2026-03-17", "Cyber Essentials");
    assert_eq!(both.len(), 2);
    assert_eq!(
        both[1],
        "openssl CVE-2026-7 open fix 2026-03-02 exact due 2026-03-16 breached 1"
    );
    let sql =
        "select grade from patch_clock where vulnerability = 'CVE-2026-7' and policy = 'DSPT'";
    let answer = readings.at("2026-03-17").query_with(sql, &[], 10).unwrap();
    assert_eq!(
        text(&answer.rows[0][0]),
        "grave: the same update mends CVE-2026-1, which is"
    );
}

#[test]
fn a_policy_decides_what_missing_data_come_to() {
    let mut readings = Readings::new();
    let unsaid = DSA
        .replace("DSA-1", "GHSA-1")
        .replace("severity=high", "")
        .replace("ecosystem=Debian:12", "ecosystem=npm");
    let npm = OLD.replace("Debian:12", "npm");
    readings.complete("2026-03-03", &[WEB, &npm, &unsaid]);
    for (id, more) in [("p", ""), ("q", "missing_is_grave=true")] {
        let policy = format!(
            "patch_policy id={id} name={id} from_on=2026-01-01 days=14 covers=grave starts=fix \
             accepts_risk=false restarts=false {more}"
        );
        readings.record("2026-03-01", &policy);
    }
    let clock = |verdict: &str| {
        vec![format!(
            "openssl CVE-2026-1 open fix 2026-03-02 weak due 2026-03-16 {verdict}"
        )]
    };
    for policy in ["Cyber Essentials", "p"] {
        assert_eq!(
            readings.clocks("2026-03-17", policy),
            clock("grade not known")
        );
    }
    assert_eq!(readings.clocks("2026-03-17", "q"), clock("breached 1"));
    let sql = "select grade from patch_clock where policy in ('p', 'q') order by policy";
    let answer = readings.at("2026-03-17").query_with(sql, &[], 10).unwrap();
    let told: Vec<String> = answer.rows.iter().map(|row| text(&row[0])).collect();
    let expected = [
        "not known: our data hold neither the vendor's word nor a score",
        "grave: our data hold no level, and the policy takes that for grave",
    ];
    assert_eq!(told, expected);
}

#[test]
fn a_machine_whose_source_knows_its_name_alone_keeps_its_clocks_once_somebody_states_the_rename() {
    let mut readings = Readings::new();
    readings.complete("2026-03-03", &[WEB, OLD, DSA]);
    let renamed = "asset id=s/front name=front";
    let there = OLD.replace("asset=web1", "asset=front");
    readings.complete("2026-03-12", &[renamed, &there, DSA]);
    let both = readings.clocks("2026-03-17", "Cyber Essentials");
    assert_eq!(both.len(), 2, "{both:?}");
    readings.record(
        "2026-03-13",
        "asset_rename id=r former=web1 name=front renamed_on=2026-03-12 evidence=ticket stated_by=ada",
    );
    let expected = "openssl CVE-2026-1 open fix 2026-03-02 exact due 2026-03-16 breached 1";
    assert_eq!(readings.one("2026-03-17"), expected);
    let clocks = readings.at("2026-03-17").clocks("web1", "openssl").unwrap();
    let seen = clocks[0].timeline.first_seen.unwrap().to_string();
    assert_eq!(
        (clocks[0].asset.as_str(), seen.as_str()),
        ("front", "2026-03-03")
    );
    // Another machine takes the name later.
    let new = "asset id=s/web1 name=web1";
    readings.complete("2026-03-18", &[renamed, &there, new, OLD, DSA]);
    let both = readings.clocks("2026-03-18", "Cyber Essentials");
    assert_eq!(both.len(), 2, "{both:?}");
    let clocks = readings.at("2026-03-18").clocks("web1", "openssl").unwrap();
    let seen = clocks[0].timeline.first_seen.unwrap().to_string();
    assert_eq!(
        (clocks[0].asset.as_str(), seen.as_str()),
        ("web1", "2026-03-18")
    );
}

/// One column of the only clock of Cyber Essentials.
fn column(readings: &mut Readings, day: &str, name: &str) -> String {
    let sql =
        format!("select coalesce({name}, '-') from patch_clock where policy = 'Cyber Essentials'");
    let answer = readings.at(day).query_with(&sql, &[], 100).unwrap();
    assert_eq!(answer.rows.len(), 1, "{:?}", answer.rows);
    text(&answer.rows[0][0])
}

#[test]
fn the_fix_that_is_meant_is_that_of_the_version_last_installed() {
    let mut readings = Readings::new();
    let later = DSA
        .replace("ordinal=0", "ordinal=1")
        .replace("EVENTS", "LATER")
        .replace("fixed=3.0.9", "fixed=4.0.9");
    readings.complete("2026-03-03", &[WEB, OLD, DSA, &later]);
    let upgraded = OLD.replace("3.0.1", "4.0.1");
    readings.complete("2026-03-10", &[WEB, &upgraded, DSA, &later]);
    assert_eq!(column(&mut readings, "2026-03-10", "fixed"), "4.0.9");
}

#[test]
fn a_version_that_cannot_be_compared_now_is_not_known_whatever_was_before() {
    let mut readings = Readings::new();
    let ghsa = DSA.replace("DSA-1", "GHSA-1").replace("Debian:12", "npm");
    let old = OLD.replace("Debian:12", "npm");
    readings.complete("2026-03-03", &[WEB, &old, &ghsa]);
    let odd = old.replace("3.0.1", "latest");
    readings.complete("2026-03-10", &[WEB, &odd, &ghsa]);
    let verdict = column(&mut readings, "2026-03-12", "verdict");
    assert_eq!(verdict, "not compared");
}

#[test]
fn the_dates_of_a_scanner_that_cannot_tell_are_left_out_where_another_can() {
    let mut readings = Readings::new();
    let ghsa = DSA.replace("DSA-1", "GHSA-1").replace("Debian:12", "npm");
    let old = OLD.replace("Debian:12", "npm");
    let scan = "advisory_finding asset=web1 component=openssl advisory=CVE-2026-1 version=3.x \
        fixed=3.0.9 fix_released_on=2026-02-01";
    readings.complete("2026-03-03", &[WEB, &old, &ghsa, scan]);
    let expected = "openssl CVE-2026-1 open fix 2026-03-02 weak due 2026-03-16 open 1";
    assert_eq!(readings.one("2026-03-15"), expected);
}

#[test]
fn a_machine_that_was_to_go_and_stays_has_its_clock() {
    let mut readings = Readings::new();
    let retired = format!("{WEB} retired_on=2026-03-20");
    readings.complete("2026-03-09", &[&retired, OLD, DSA]);
    readings.complete("2026-03-14", &[WEB, OLD, DSA]);
    let expected = "openssl CVE-2026-1 open fix 2026-03-02 exact due 2026-03-16 breached 9";
    assert_eq!(readings.one("2026-03-25"), expected);
}

#[test]
fn a_channel_that_holds_a_later_version_holds_the_fix_and_other_versions_date_nothing() {
    let mut readings = Readings::new();
    readings.complete("2026-03-03", &[WEB, OLD, DSA]);
    let release = |version: &str, kind: &str| {
        format!("package_release ecosystem=Debian:12 package=openssl version={version} kind={kind}")
    };
    readings.record("2026-03-04", &release("3.1.0", "channel"));
    let dated = |version: &str| format!("{} released_on=2026-02-01", release(version, "registry"));
    readings.record("2026-03-04", &dated("3.0.8"));
    let sources = |readings: &mut Readings| {
        let clocks = readings.at("2026-03-15").clocks("web1", "openssl");
        let candidates = clocks.unwrap()[0].case.candidates.clone();
        let names = candidates.into_iter().map(|c| c.name);
        names.collect::<Vec<_>>().join(", ")
    };
    assert_eq!(sources(&mut readings), "DSA-1, DSA-1");
    let expected = "openssl CVE-2026-1 open fix 2026-03-02 exact due 2026-03-16 open 1";
    assert_eq!(readings.one("2026-03-15"), expected);
    readings.record("2026-03-05", &dated("3.0.9"));
    assert!(sources(&mut readings).contains("openssl 3.0.9"));
}

#[test]
fn a_leave_for_one_machine_is_none_for_another() {
    let mut readings = Readings::new();
    readings.complete("2026-03-03", &[WEB, OLD, DSA]);
    readings.record(
        "2026-03-05",
        "patch_exception id=e vulnerability=CVE-2026-1 asset=web2 policy=DSPT ground=\"accepted risk\" \
         reason=r owner=a approved_by=b from_on=2026-03-05 expires_on=2026-05-01",
    );
    let dspt = readings.clocks("2026-03-15", "DSPT");
    let expected = "openssl CVE-2026-1 open fix 2026-03-02 exact due 2026-03-16 open 1";
    assert_eq!(dspt, [expected]);
}

#[test]
fn a_vulnerability_was_published_when_the_first_advisory_was() {
    let mut readings = Readings::new();
    let earlier = DSA
        .replace("DSA-1", "DSA-0")
        .replace("2026-03-02", "2026-02-10");
    readings.complete("2026-03-03", &[WEB, OLD, DSA, &earlier]);
    let published = column(&mut readings, "2026-03-15", "published_on");
    assert_eq!(published, "2026-02-10");
}

#[test]
fn what_is_only_informational_has_no_clock_and_a_listing_counts_for_what_sources_tell() {
    let mut readings = Readings::new();
    readings.complete("2026-06-20", &[WEB, OLD, DSA]);
    let mut builder = Builder::new();
    builder
        .osv(
            r#"{"id":"RUSTSEC-2026-1","modified":"2026-03-02T10:00:00Z","affected":[{"package":
              {"ecosystem":"Debian:12","name":"openssl"},"ranges":[{"type":"ECOSYSTEM",
              "events":[{"introduced":"0"}]}],"database_specific":{"informational":"notice"}}]}"#,
        )
        .unwrap();
    builder
        .kev(r#"{"vulnerabilities":[{"cveID":"CVE-2026-1","dateAdded":"2026-06-20"}]}"#)
        .unwrap();
    builder
        .epss("cve,epss,percentile\nCVE-2026-1,0.1234,0.9\n")
        .unwrap();
    let bytes = builder.finish();
    readings
        .index
        .advisory_edition(&AdvisoryEdition {
            entry: 9,
            valid_from: "2026-06-20T12:00:00.000Z".into(),
            edition: "abc".into(),
            json: "{}".into(),
            compared: false,
        })
        .unwrap();
    let open = Arc::new(bytes);
    readings
        .index
        .advise(Arc::new(move |_| Ok(Bytes(open.clone()))));
    let expected = "openssl CVE-2026-1 open fix 2026-03-02 exact due 2026-06-23 open 1";
    assert_eq!(readings.clocks("2026-06-22", "KEV"), [expected]);
    let epss = column(&mut readings, "2026-06-22", "cast(epss as text)");
    assert_eq!(epss, "1234");
}

#[test]
fn what_somebody_recorded_stands_and_looking_ahead_sources_go_on_being_read() {
    let mut readings = Readings::new();
    readings.record(
        "2026-03-03",
        "advisory_finding asset=web1 component=tls advisory=X-1 version=\"\" affected=true \
         severity=high fix_released_on=2026-03-02",
    );
    assert_eq!(column(&mut readings, "2026-04-01", "state"), "open");
    let mut readings = Readings::new();
    readings.complete("2026-03-03", &[WEB, OLD, DSA]);
    assert_eq!(column(&mut readings, "2026-04-01", "state"), "unobserved");
    let since = "2026-03-03".parse().unwrap();
    let as_of = AsOf::end_of("2026-04-01".parse().unwrap());
    let goes_on = Freshness::KeepsBeingRead { since };
    let ahead = Estate::new(&mut readings.index, as_of, goes_on, &[]).unwrap();
    let answer = ahead.query_with("select state from patch_clock", &[], 100);
    assert_eq!(text(&answer.unwrap().rows[0][0]), "open");
}

#[test]
fn a_scanners_own_first_sight_and_a_silent_vendors_word_count() {
    let mut readings = Readings::new();
    let scan = "advisory_finding asset=web1 component=tls advisory=X-1 version=1 affected=true \
        severity_by=\"vendor Acme\" fixed=2 fix_released_on=2026-03-02 first_seen_on=2026-02-20";
    readings.complete("2026-03-03", &[WEB, scan]);
    let first = column(&mut readings, "2026-03-10", "first_seen_on");
    assert_eq!(first, "2026-02-20");
    let grade = column(&mut readings, "2026-03-10", "grade");
    assert_eq!(grade, "grave: the vendor gives no level");
}
