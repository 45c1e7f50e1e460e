//! What is derived of access from readings at different times, and the population counted.

use std::collections::BTreeMap;

use rusqlite::types::Value;
use standing_assess::index::{CollectionMeta, ConfiguredSource, IndexError};
use standing_assess::population::Population;
use standing_assess::{AsOf, Estate, Freshness, Index, literate};
use standing_facts::{Gap, GapCode, Outcome};

/// One source that is read again and again.
struct Readings {
    index: Index,
    entries: u64,
}

const TABLES: [&str; 3] = ["person", "account", "training_completion"];

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
    fn read(&mut self, day: &str, outcome: Outcome, facts: &[&str]) {
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
        let rows = facts
            .iter()
            .map(|line| Ok::<_, IndexError>(literate::fact(line).unwrap()));
        self.index.collection(&meta, rows).unwrap();
    }

    fn record(&mut self, line: &str) {
        self.entries += 1;
        let row = literate::fact(line).unwrap();
        self.index
            .record(self.entries, "2026-01-02T00:00:00.000Z", row)
            .unwrap();
    }

    fn at(&mut self, day: &str) -> Estate<'_> {
        let as_of = AsOf::end_of(day.parse().unwrap());
        Estate::new(&mut self.index, as_of, Freshness::Measured, &[]).unwrap()
    }

    /// Each account of a leaver: open, earliest, latest, exact, basis.
    fn ended(&mut self, day: &str) -> BTreeMap<String, String> {
        let sql = "select account, coalesce(open, '?') || ' ' || coalesce(earliest_on, '-') || ' '
             || coalesce(latest_on, '-') || ' ' || exact || ' ' || basis from access_ended";
        let answer = self.at(day).query(sql, 100).unwrap();
        let pair = |row: &Vec<Value>| match row.as_slice() {
            [Value::Text(account), Value::Text(said)] => (account.clone(), said.clone()),
            other => panic!("{other:?}"),
        };
        answer.rows.iter().map(pair).collect()
    }
}

const GONE_BY: &str = "person id=s/p1 email=ada@firm.test left_on=2026-03-10";
const OPEN: &str = "account id=s/a1 system=S login=ada email=ada@firm.test enabled=true";
const CLOSED: &str = "account id=s/a1 system=S login=ada email=ada@firm.test enabled=false";
const LINK: &str = "link account=s/a1 person=s/p1 keys=decided";

#[test]
fn access_ends_between_the_last_reading_that_saw_it_and_the_first_that_did_not() {
    use Outcome::{Complete, Partial};
    type Runs<'a> = &'a [(&'a str, Outcome, &'a [&'a str])];
    let told = "account id=s/a1 system=S login=ada email=ada@firm.test enabled=false disabled_on=2026-03-12";
    let expiring =
        "account id=s/a1 system=S login=ada email=ada@firm.test enabled=true expires_on=2026-03-11";
    let cases: &[(&str, Runs<'_>, Option<&str>)] = &[
        (
            "disabled between two readings",
            &[
                ("2026-03-01", Complete, &[GONE_BY, OPEN]),
                ("2026-03-11", Complete, &[GONE_BY, OPEN]),
                ("2026-03-15", Complete, &[GONE_BY, CLOSED]),
                ("2026-03-18", Complete, &[GONE_BY, CLOSED]),
            ],
            Some("0 2026-03-11 2026-03-15 0 disabled"),
        ),
        (
            "gone in a complete reading",
            &[
                ("2026-03-11", Complete, &[GONE_BY, OPEN]),
                ("2026-03-15", Complete, &[GONE_BY]),
            ],
            Some("0 2026-03-11 2026-03-15 0 gone"),
        ),
        (
            "a partial reading shows no end",
            &[
                ("2026-03-11", Complete, &[GONE_BY, OPEN]),
                ("2026-03-15", Partial, &[GONE_BY]),
                ("2026-03-16", Partial, &[GONE_BY, CLOSED]),
            ],
            Some("1 2026-03-11 - 0 open"),
        ),
        (
            "a partial reading between does not narrow it",
            &[
                ("2026-03-11", Complete, &[GONE_BY, OPEN]),
                ("2026-03-13", Partial, &[GONE_BY, OPEN]),
                ("2026-03-15", Complete, &[GONE_BY, CLOSED]),
            ],
            Some("0 2026-03-11 2026-03-15 0 disabled"),
        ),
        (
            "the day that the source keeps",
            &[
                ("2026-03-01", Complete, &[GONE_BY, OPEN]),
                ("2026-03-15", Complete, &[GONE_BY, told]),
            ],
            Some("0 2026-03-12 2026-03-12 1 told"),
        ),
        (
            "ended by itself",
            &[("2026-03-15", Complete, &[GONE_BY, expiring])],
            Some("0 2026-03-12 2026-03-12 1 expired"),
        ),
        (
            "no reading saw it work",
            &[("2026-03-15", Complete, &[GONE_BY, CLOSED])],
            Some("0 - 2026-03-15 0 disabled"),
        ),
        (
            "opened again",
            &[
                ("2026-03-11", Complete, &[GONE_BY, OPEN]),
                ("2026-03-12", Complete, &[GONE_BY, CLOSED]),
                ("2026-03-16", Complete, &[GONE_BY, OPEN]),
                ("2026-03-17", Complete, &[GONE_BY, CLOSED]),
            ],
            Some("0 2026-03-16 2026-03-17 0 disabled"),
        ),
        (
            "somebody else's account that is gone",
            &[
                (
                    "2026-03-11",
                    Complete,
                    &[
                        GONE_BY,
                        "account id=s/a9 system=S login=bob email=bob@firm.test enabled=true",
                    ],
                ),
                ("2026-03-15", Complete, &[GONE_BY]),
            ],
            None,
        ),
    ];
    for (what, runs, expected) in cases {
        let mut readings = Readings::new();
        for (day, outcome, facts) in *runs {
            readings.read(day, *outcome, facts);
        }
        // Where the account is there its link is decided; of one that is gone nothing is.
        let there = runs.last().is_some_and(|(_, _, facts)| facts.len() > 1);
        if there || *what == "a partial reading shows no end" {
            readings.record(LINK);
        }
        let found = readings.ended("2026-03-20");
        assert_eq!(found.get("s/a1").map(String::as_str), *expected, "{what}");
        assert_eq!(found.len(), usize::from(expected.is_some()), "{what}");
    }
}

#[test]
fn the_end_of_access_is_seen_as_of_the_day() {
    let mut readings = Readings::new();
    readings.record(LINK);
    for (day, account) in [("2026-03-11", OPEN), ("2026-03-15", CLOSED)] {
        readings.read(day, Outcome::Complete, &[GONE_BY, account]);
    }
    let said = |found: BTreeMap<String, String>| found["s/a1"].clone();
    assert_eq!(said(readings.ended("2026-03-14")), "1 2026-03-11 - 0 open");
    assert_eq!(
        said(readings.ended("2026-03-15")),
        "0 2026-03-11 2026-03-15 0 disabled"
    );
}

#[test]
fn the_population_says_where_its_number_comes_from_and_what_stands_in_the_way() {
    let mut readings = Readings::new();
    let facts = [
        "person id=s/p1 email=ada@firm.test",
        "person id=s/p2 email=bob@firm.test",
        "person id=s/p3 email=cyn@firm.test left_on=2026-03-10",
        "account id=s/a1 system=S login=ada email=ada@firm.test enabled=true kind=human",
        "account id=s/a3 system=S login=cyn email=cyn@firm.test enabled=true kind=human",
        "account id=s/a4 system=S login=mona email=mona@partner.test enabled=true kind=external owner=ada@firm.test",
        "account id=s/a5 system=T login=mona email=mona@partner.test enabled=true kind=external owner=ada@firm.test",
        "account id=s/a6 system=T login=backup enabled=true kind=service",
        "training_completion id=s/t1 email=nobody@firm.test course=Safety completed_on=2026-01-01",
        "training_completion id=s/t2 email=ADA@firm.test course=Safety completed_on=2026-01-01",
    ];
    readings.read("2026-03-11", Outcome::Complete, &facts);
    for (account, person) in [("s/a1", "s/p1"), ("s/a3", "s/p3")] {
        readings.record(&format!(
            "link account={account} person={person} keys=decided"
        ));
    }
    let found = Population::of(&readings.at("2026-03-20")).unwrap();
    assert_eq!((found.denominator(), found.from_outside), (Some(3), 1));
    assert_eq!(found.doubt(), None);
    let list = &found.lists[0];
    assert_eq!(
        (list.source.as_str(), list.listed, list.counted, list.left),
        ("s", 3, 2, 1)
    );
    let systems: Vec<_> = found
        .systems
        .iter()
        .map(|s| {
            (
                s.system.as_str(),
                s.accounts,
                s.linked,
                s.of_leavers,
                s.from_outside,
            )
        })
        .collect();
    assert_eq!(systems, [("S", 3, 2, 1, 1), ("T", 2, 0, 0, 1)]);
    assert_eq!(found.systems[1].special_without_owner, 1);
    let without: Vec<_> = found
        .without_access
        .iter()
        .map(|s| s.person.as_str())
        .collect();
    assert_eq!(without, ["s/p2"]);
    let strangers: Vec<_> = found.strangers.iter().map(|s| s.who.as_str()).collect();
    assert_eq!(strangers, ["nobody@firm.test"]);
}

#[test]
fn one_account_of_nobody_or_one_stale_list_takes_the_denominator_away() {
    let ada = "person id=s/p1 email=ada@firm.test";
    let nobody = "account id=s/a1 system=S login=xavier enabled=true kind=human";
    let mut readings = Readings::new();
    readings.read("2026-03-11", Outcome::Complete, &[ada, nobody]);
    let found = Population::of(&readings.at("2026-03-20")).unwrap();
    assert_eq!(found.denominator(), None);
    assert_eq!(
        found.doubt().unwrap(),
        "the population does not reconcile: account xavier in S leads to nobody who is listed"
    );
    readings.record(
        "account_decision account=s/a1 kind=shared owner=Ada decided_by=m1 decided_on=2026-01-02",
    );
    let found = Population::of(&readings.at("2026-03-20")).unwrap();
    assert_eq!(found.denominator(), Some(1));
    let found = Population::of(&readings.at("2026-05-20")).unwrap();
    assert_eq!(found.denominator(), None);
    let doubt = found.doubt().unwrap();
    assert!(
        doubt.contains("last read completely on 11 March 2026"),
        "{doubt}"
    );
}

#[test]
fn two_lists_of_people_count_one_human_being_once_and_may_not_contradict_each_other() {
    let index = Index::in_memory().unwrap();
    let source = |name: &str| ConfiguredSource {
        name: name.into(),
        kind: "test".into(),
        tables: vec!["person".into(), "account".into()],
        fresh_for_days: 31,
    };
    let at = "2026-03-11T12:00:00.000Z";
    index
        .configured(at, &[source("agency"), source("hr")])
        .unwrap();
    let mut readings = Readings { index, entries: 0 };
    let read = |readings: &mut Readings, source: &str, facts: &[&str]| {
        readings.entries += 1;
        let meta = CollectionMeta {
            entry: readings.entries,
            source: source.into(),
            kind: "test".into(),
            scope: "all".into(),
            started_at: at.into(),
            ended_at: at.into(),
            outcome: Outcome::Complete,
            parts: 1,
            counts: [("person".to_owned(), 0), ("account".to_owned(), 0)].into(),
            gaps: Vec::new(),
            problems: 0,
        };
        let rows = facts
            .iter()
            .map(|line| Ok::<_, IndexError>(literate::fact(line).unwrap()));
        readings.index.collection(&meta, rows).unwrap();
    };
    let people = [
        "person id=hr/1 email=ada@firm.test",
        "person id=hr/2 email=bob@firm.test started_on=2026-01-01",
        "person id=hr/3 email=cyn@firm.test",
    ];
    read(&mut readings, "hr", &people);
    let others = [
        "person id=agency/1 email=Ada@firm.test",
        "person id=agency/2 email=bob@firm.test left_on=2025-12-31",
        "person id=agency/3 email=cyn@firm.test left_on=2026-02-01",
    ];
    read(&mut readings, "agency", &others);
    let found = Population::of(&readings.at("2026-03-20")).unwrap();
    assert_eq!((found.people, found.denominator()), (2, None));
    let waiting: Vec<_> = found.waiting.iter().map(|w| w.subject.as_str()).collect();
    assert_eq!(waiting, ["hr/3"]);
    assert_eq!(found.lists[1].double + found.lists[0].double, 1);
}
