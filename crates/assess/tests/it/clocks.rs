//! Clocks of what readings saw at different times: dates in, verdicts out.

use std::sync::Arc;

use rusqlite::types::Value;
use standing_assess::advisories::Bytes;
use standing_assess::index::{AdvisoryEdition, CollectionMeta, ConfiguredSource, IndexError};
use standing_assess::{AsOf, Estate, Freshness, Index, literate};
use standing_facts::{Cell, Gap, GapCode, Outcome, Row};
use standing_patching::Builder;

/// One source of everything that is read again and again.
struct Readings {
    index: Index,
    entries: u64,
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
        let source = ConfiguredSource {
            name: "s".into(),
            kind: "test".into(),
            tables: TABLES.map(str::to_owned).to_vec(),
            fresh_for_days: 31,
        };
        index
            .configured("2026-01-01T00:00:00.000Z", &[source])
            .unwrap();
        Readings { index, entries: 0 }
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
            source: "s".into(),
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
        if *cell == Cell::Text("EVENTS".into()) {
            *cell = Cell::Text(r#"[{"introduced":"0"},{"fixed":"3.0.9"}]"#.into());
        } else if *cell == Cell::Text("LATER".into()) {
            *cell = Cell::Text(r#"[{"introduced":"4.0"},{"fixed":"4.0.9"}]"#.into());
        }
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
              "knownRansomwareCampaignUse":"Known"}]}"#,
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
