//! What keeps checks off SQLite's cliffs, each shown on 100,000 rows.

use std::collections::BTreeMap;

use standing_assess::check::{Check, Reason, Verdict};
use standing_assess::index::{CollectionMeta, ConfiguredSource, IndexError};
use standing_assess::{AsOf, Estate, Freshness, Index, checks};
use standing_facts::{Outcome, Row};

const ROWS: usize = 100_000;

/// An index with as many people as accounts.
fn large() -> Index {
    let index = Index::in_memory().unwrap();
    let tables = ["person", "account"];
    index
        .configured(
            "2026-11-01T00:00:00.000Z",
            &[ConfiguredSource {
                name: "s".into(),
                kind: "test".into(),
                tables: tables.map(str::to_owned).to_vec(),
                fresh_for_days: 31,
            }],
        )
        .unwrap();
    let meta = CollectionMeta {
        entry: 1,
        source: "s".into(),
        kind: "test".into(),
        scope: "all".into(),
        started_at: "2026-11-01T00:00:00.000Z".into(),
        ended_at: "2026-11-01T00:00:01.000Z".into(),
        outcome: Outcome::Complete,
        parts: 1,
        counts: BTreeMap::from([
            ("person".into(), ROWS as u64),
            ("account".into(), ROWS as u64),
        ]),
        gaps: Vec::new(),
        problems: 0,
    };
    let rows = (0..ROWS).flat_map(|i| {
        [
            format!(r#"{{"table":"person","id":"s/p{i}","email":"person{i}@firm.test","name":"P {i}"}}"#),
            format!(
                r#"{{"table":"account","id":"s/a{i}","system":"S","login":"l{i}","email":"PERSON{i}@firm.test","name":"P {i}","enabled":true}}"#
            ),
        ]
    });
    index
        .collection(
            &meta,
            rows.map(|line| Ok::<Row, IndexError>(standing_facts::parse_line(&line).unwrap())),
        )
        .unwrap();
    index
}

fn check(sql: &str) -> Check {
    let header = "-- claim: A claim.\n-- cannot see: anything else.\n-- needs: person, account\n\
                  -- budget: 20\n-- when empty: met\n-- revision: 1\n";
    Check::parse("own", &format!("{header}{sql}")).unwrap()
}

const NAIVE_JOIN: &str = "select a.id as subject, 'met' as verdict, 'x' as observed, 'y' as rule
    from account a join person s on lower(a.email) = lower(s.email)";
const NAIVE_NOT_EXISTS: &str =
    "select a.id as subject, 'not met' as verdict, 'x' as observed, 'y' as rule
    from account a where not exists (select 1 from person p where p.name = a.name)";
const GOOD_JOIN: &str = "select a.id as subject, 'met' as verdict, 'x' as observed, 'y' as rule
    from account a join person s on a.email = s.email";
const GOOD_NOT_EXISTS: &str =
    "select a.id as subject, 'not met' as verdict, 'x' as observed, 'y' as rule
    from account a where not exists (select 1 from person p where p.email = a.email)";

#[test]
fn slow_forms_are_refused_when_loaded_and_cut_off_when_run() {
    let mut index = large();
    let as_of = AsOf::end_of("2026-11-02".parse().unwrap());
    let estate = Estate::new(&mut index, as_of, Freshness::Measured, &[]).unwrap();
    for (naive, column) in [(NAIVE_JOIN, "s.email"), (NAIVE_NOT_EXISTS, "p.name")] {
        let check = check(naive);
        let refused = check.lint(&estate).unwrap_err().to_string();
        assert!(refused.contains(column), "{refused}");
        // Without the lint, the budget ends it, and what was not judged is unknown.
        let result = check.run(&estate);
        assert_eq!(result.verdict, Verdict::Unknown);
        assert!(matches!(&result.reason, Reason::Faulty(why) if why.contains("budget")));
        assert_eq!(result.total(), 0, "nothing half-judged is left");
    }
    for (good, met, verdict) in [
        (GOOD_JOIN, 100_000, Verdict::Met),
        (GOOD_NOT_EXISTS, 0, Verdict::Met),
    ] {
        let check = check(good);
        check.lint(&estate).unwrap();
        let result = check.run(&estate);
        assert_eq!(result.verdict, verdict, "{:?}", result.reason);
        assert_eq!(result.count(Verdict::Met), met);
    }
    // Nothing of one check's guard stays behind for the next.
    for check in checks::builtin() {
        check
            .lint(&estate)
            .unwrap_or_else(|e| panic!("{}: {e}", check.name));
        let result = check.run(&estate);
        assert!(
            !matches!(result.reason, Reason::Faulty(_)),
            "{}: {:?}",
            check.name,
            result.reason
        );
    }
}

#[test]
fn a_check_can_only_read() {
    let mut index = Index::in_memory().unwrap();
    let as_of = AsOf::end_of("2026-11-02".parse().unwrap());
    let estate = Estate::new(&mut index, as_of, Freshness::Disregarded, &[]).unwrap();
    for statement in [
        "insert into history_person (id) values ('x')",
        "update history_person set id = 'x'",
        "delete from history_person",
        "drop table history_person",
        "create table t (a)",
        "create temp table t (a)",
        "attach database ':memory:' as other",
        "pragma user_version = 7",
        "vacuum",
        "select load_extension('x')",
    ] {
        assert!(estate.query(statement, 10).is_err(), "{statement}");
    }
    assert!(estate.query("select count(*) from person", 10).is_ok());
}

#[test]
fn a_check_knows_no_clock() {
    let mut index = Index::in_memory().unwrap();
    let as_of = AsOf::end_of("2026-11-02".parse().unwrap());
    let estate = Estate::new(&mut index, as_of, Freshness::Disregarded, &[]).unwrap();
    for clock in [
        "date('now')",
        "current_date",
        "CURRENT_TIMESTAMP",
        "random()",
        "datetime()",
    ] {
        let check = check(&format!(
            "select id as subject, 'met' as verdict, {clock} as observed, '' as rule from person"
        ));
        let error = check.lint(&estate).unwrap_err();
        assert!(error.what.contains("not allowed"), "{error}");
    }
}
