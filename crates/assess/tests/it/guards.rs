//! What keeps checks off SQLite's cliffs, each shown on 100,000 rows.

use std::collections::BTreeMap;

use rusqlite::types::Value as Sql;
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
fn a_check_knows_no_clock_and_no_chance() {
    let mut index = Index::in_memory().unwrap();
    let as_of = AsOf::end_of("2026-11-02".parse().unwrap());
    let estate = Estate::new(&mut index, as_of, Freshness::Disregarded, &[]).unwrap();
    for clock in [
        "date('now')",
        "date( )",
        "date /**/ ('now')",
        "DATE('N' || 'OW')",
        "'--' || date('now')",
        "strftime('%s')",
        "julianday()",
        "unixepoch()",
        "time()",
        "current_date",
        "CURRENT_TIMESTAMP",
        "random()",
        "hex(randomblob(4))",
        "total_changes()",
        "datetime()",
    ] {
        let check = Check::parse(
            "own",
            &format!(
                "-- claim: A.\n-- cannot see: B.\n-- needs: exception\n-- revision: 1\n\
                 select id as subject, 'met' as verdict,\n '--' || {clock} as observed, '' as rule \
                 from exception"
            ),
        )
        .unwrap();
        let error = check.lint(&estate).unwrap_err();
        assert!(error.what.contains("not allowed"), "{clock}: {error}");
        assert_eq!(error.line, 6, "{clock}: {error}");
        let Reason::Faulty(why) = check.run(&estate).reason else {
            panic!("{clock} ran");
        };
        assert!(why.contains("not allowed"), "{clock}: {why}");
    }
    // The words alone do no harm, and a person's query may look at the clock.
    check("select 'now' as subject, 'met' as verdict, 'random' as observed, '' as rule")
        .lint(&estate)
        .unwrap();
    estate.query("select date('now')", 10).unwrap();
    let header = "-- claim: A.\n-- cannot see: B.\n-- needs: person\n-- revision: 1\n";
    let error =
        Check::parse("own", &format!("{header}-- parameter: as_of = 5\nselect 1")).unwrap_err();
    assert_eq!(error.line, 5, "{error}");
}

#[test]
fn a_check_reads_what_it_declares_however_it_is_spelt() {
    let mut index = Index::in_memory().unwrap();
    let as_of = AsOf::end_of("2026-11-02".parse().unwrap());
    let estate = Estate::new(&mut index, as_of, Freshness::Disregarded, &[]).unwrap();
    let own = |from: &str| {
        Check::parse(
            "own",
            &format!(
                "-- claim: A.\n-- cannot see: B.\n-- needs: exception\n-- revision: 1\n\
                 select 'x' as subject, 'met' as verdict, '--' as observed, '' as rule\nfrom {from}"
            ),
        )
        .unwrap()
    };
    for from in [
        "account",
        "ACCOUNT",
        "temp.account",
        "/*x*/account",
        "\"account\"",
        "[account]",
        "'account'",
        "exception, (select count(*) from account)",
        "exception e where exists (select 1 from account a where a.id = e.id)",
        "history_account",
        "main.history_person",
        "\"HISTORY_person\"",
        "(with person as (select * from main.history_person) select id from person)",
        "link",
        "stated_link",
        "actor",
        "(select count(*) from overlay)",
        "position",
        "configured",
        "coverage",
        "stage_account",
        "gap",
        "collection",
        "sqlite_schema",
        "temp.sqlite_schema",
        "pragma_table_list",
        "(select count(*) from pragma_table_list)",
        "(select count(*) from dbstat)",
    ] {
        let check = own(from);
        let error = check.lint(&estate).expect_err(from);
        let missing = from == "stage_account";
        assert!(
            error.what.contains("reads ") || missing && error.what.contains("no such table"),
            "{from}: {error}"
        );
        assert!(error.line == 6 || missing, "{from}: {error}");
        let ran = check.run(&estate).reason;
        assert!(matches!(ran, Reason::Faulty(_)), "{from}: {ran:?}");
    }
    for from in [
        "exception",
        "(select count(*) from exception)",
        "(with part as (select 1 as n) select count(*) from part)",
        "exception, json_each('[1]') as j",
    ] {
        own(from).lint(&estate).expect(from);
    }
}

#[test]
fn a_query_reads_the_documented_tables_only() {
    let mut index = Index::in_memory().unwrap();
    let as_of = AsOf::end_of("2026-11-02".parse().unwrap());
    let estate = Estate::new(&mut index, as_of, Freshness::Disregarded, &[]).unwrap();
    for table in standing_facts::tables::ALL
        .iter()
        .chain(standing_facts::tables::INDEX)
    {
        for what in ["*", "count(*)"] {
            let sql = format!("select {what} from {}", table.name);
            estate
                .query(&sql, 10)
                .unwrap_or_else(|e| panic!("{sql}: {e}"));
        }
    }
    for table in [
        "actor",
        "overlay",
        "position",
        "configured",
        "coverage",
        "history_person",
        "stated_link",
        "sqlite_schema",
        "dbstat",
    ] {
        for what in ["*", "count(*)"] {
            let error = estate.query(&format!("select {what} from {table}"), 10);
            let error = error.expect_err(table);
            assert!(error.contains(table) || table == "sqlite_schema", "{error}");
            assert!(error.contains("reads "), "{error}");
        }
    }
    for call in [
        "load_extension('x')",
        "zeroblob(9)",
        "fts3_tokenizer('simple')",
    ] {
        let error = estate.query(&format!("select {call}"), 10).unwrap_err();
        assert!(error.contains("not allowed"), "{call}: {error}");
    }
}

/// A statement that yields `rows` subjects, each with `observed`.
fn yielding(rows: usize, observed: &str) -> Check {
    Check::parse(
        "own",
        &format!(
            "-- claim: A.\n-- cannot see: B.\n-- needs: exception\n-- revision: 1\n\
             with recursive n(i) as (select 1 union all select i + 1 from n where i < {rows})\n\
             select i as subject, 'not met' as verdict, {observed} as observed, '' as rule from n"
        ),
    )
    .unwrap()
}

#[test]
fn long_values_stop_their_check_and_nothing_else() {
    let mut index = Index::in_memory().unwrap();
    let as_of = AsOf::end_of("2026-11-02".parse().unwrap());
    let estate = Estate::new(&mut index, as_of, Freshness::Disregarded, &[]).unwrap();
    let fifteen =
        "replace(hex(char(1)) || printf('%.*c', 3000, 'x'), 'x', printf('%.*c', 5000, 'y'))";
    let result = yielding(400, fifteen).run(&estate);
    assert_eq!(result.verdict, Verdict::Unknown);
    assert!(matches!(&result.reason, Reason::Faulty(why) if why.contains("too big")));
    // What is shown of a long value is its beginning.
    let result = yielding(40, "printf('%.*c', 1000000, 'é')").run(&estate);
    assert_eq!(result.count(Verdict::NotMet), 40);
    for subject in &result.subjects {
        assert_eq!(subject.observed.len(), 2_000 + "…".len());
    }
    let many = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 300)
                select printf('%.*c', 1000000, 'x') from n";
    let error = estate.query(many, 100).unwrap_err();
    assert!(error.contains("256 MB"), "{error}");
    let many = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 1000001)
                select i from n";
    let error = estate.query(many, 1_000).unwrap_err();
    assert!(error.contains("1,000,000 rows"), "{error}");
}

#[test]
fn one_step_is_never_long() {
    let mut index = Index::in_memory().unwrap();
    let as_of = AsOf::end_of("2026-11-02".parse().unwrap());
    let estate = Estate::new(&mut index, as_of, Freshness::Disregarded, &[]).unwrap();
    for slow in [
        "instr(printf('%.*c', 4000000, 'x'), printf('%.*c', 2000000, 'x') || 'y')",
        "length(replace(printf('%.*c', 4000000, 'x'), printf('%.*c', 2000000, 'x') || 'y', ''))",
        "length(rtrim(printf('%.*c', 4000000, 'x'), printf('%.*c', 4000000, 'y') || 'x'))",
    ] {
        let answer = estate.query(&format!("select {slow}"), 10).unwrap();
        assert_eq!(answer.rows.len(), 1);
    }
    let like = "select printf('%.*c', 1000000, 'x') like '%' || printf('%.*c', 500000, 'x') || 'y'";
    assert!(estate.query(like, 10).unwrap_err().contains("too complex"));
}

#[test]
fn functions_over_again_answer_as_before() {
    let plain = rusqlite::Connection::open_in_memory().unwrap();
    let mut index = Index::in_memory().unwrap();
    let as_of = AsOf::end_of("2026-11-02".parse().unwrap());
    let estate = Estate::new(&mut index, as_of, Freshness::Disregarded, &[]).unwrap();
    let values = [
        "''",
        "'a'",
        "'aé€b'",
        "'€'",
        "'aaa'",
        "'aa'",
        "12",
        "1.5",
        "null",
        "x'6162'",
        "x'62'",
        "'/a/b.c'",
    ];
    for a in values {
        for b in values {
            for call in [
                format!("instr({a}, {b})"),
                format!("replace({a}, {b}, 'zz')"),
                format!("trim({a}, {b})"),
                format!("ltrim({a}, {b})"),
                format!("rtrim({a}, {b})"),
            ] {
                let expected: Sql = plain
                    .query_row(&format!("select {call}"), [], |row| row.get(0))
                    .unwrap();
                let answer = estate.query(&format!("select {call}"), 10).unwrap();
                assert_eq!(answer.rows[0][0], expected, "{call}");
            }
        }
    }
}

#[test]
fn what_a_check_says_is_one_line_that_steers_nothing() {
    let mut index = Index::in_memory().unwrap();
    let as_of = AsOf::end_of("2026-11-02".parse().unwrap());
    let estate = Estate::new(&mut index, as_of, Freshness::Disregarded, &[]).unwrap();
    let nasty = "'a' || char(10) || 'b' || char(9) || 'c' || char(27) || ']0;x' || char(7) || char(155) || char(8238)";
    let result = yielding(1, nasty).run(&estate);
    assert_eq!(
        result.subjects[0].observed,
        "a b c\u{fffd}]0;x\u{fffd}\u{fffd}\u{fffd}"
    );
}

#[test]
fn every_subject_is_given_however_many_there_are() {
    let mut index = Index::in_memory().unwrap();
    let as_of = AsOf::end_of("2026-11-02".parse().unwrap());
    let estate = Estate::new(&mut index, as_of, Freshness::Disregarded, &[]).unwrap();
    let check = yielding(3_000, "'seen'");
    let result = check.run(&estate);
    let mut given = BTreeMap::new();
    check
        .subjects(&estate, &mut |subject| {
            *given.entry(subject.verdict).or_insert(0) += 1;
        })
        .unwrap();
    assert!(result.subjects.len() < 3_000, "not all are kept");
    assert_eq!(given, result.counts);
}

#[test]
fn a_query_takes_values_and_only_as_many_as_it_has_places() {
    let mut index = Index::in_memory().unwrap();
    let as_of = AsOf::end_of("2026-11-02".parse().unwrap());
    let estate = Estate::new(&mut index, as_of, Freshness::Disregarded, &[]).unwrap();
    let one = [Sql::Text("' or 1 --".into())];
    let sql = "select count(*) from person where id = ?1";
    let answer = estate.query_with(sql, &one, 10).unwrap();
    assert_eq!(answer.rows, [[Sql::Integer(0)]]);
    assert!(estate.query_with(sql, &[], 10).is_err());
    assert!(
        estate
            .query_with(
                "select history_person.id from history_person where id = ?1",
                &one,
                10
            )
            .is_err()
    );
}
