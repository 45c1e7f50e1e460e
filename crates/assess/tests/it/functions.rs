//! The functions that checks use for their words, and the words themselves.

use standing_assess::check::Check;
use standing_assess::{AsOf, Estate, Freshness, Index, checks, literate};
use standing_facts::Row;

/// What an expression gives.
fn words(expression: &str) -> Option<String> {
    use rusqlite::types::Value;
    let mut index = Index::in_memory().unwrap();
    let as_of = AsOf::end_of("2026-11-02".parse().unwrap());
    let estate = Estate::new(&mut index, as_of, Freshness::Disregarded, &[]).unwrap();
    let answer = estate.query(&format!("select {expression}"), 10).unwrap();
    match &answer.rows[0][0] {
        Value::Text(text) => Some(text.clone()),
        Value::Null => None,
        other => panic!("{other:?}"),
    }
}

#[test]
fn things_are_counted_in_the_right_number() {
    for (expression, expected) in [
        ("counted(1, 'day')", "1 day"),
        ("counted(0, 'day')", "0 days"),
        ("counted(2, 'day')", "2 days"),
        ("counted(-1, 'day')", "-1 day"),
        ("counted(999, 'day')", "999 days"),
        ("counted(1234, 'day')", "1,234 days"),
        ("counted(-1234567, 'day')", "-1,234,567 days"),
        ("counted(1, 'entry', 'entries')", "1 entry"),
        ("counted(1000, 'entry', 'entries')", "1,000 entries"),
    ] {
        assert_eq!(words(expression).as_deref(), Some(expected), "{expression}");
    }
    assert_eq!(words("counted(null, 'day')"), None);
}

#[test]
fn days_are_written_for_people() {
    assert_eq!(
        words("long_day('2026-11-07')").as_deref(),
        Some("7 November 2026")
    );
    assert_eq!(words("long_day(null)"), None);
}

/// On every page of every check: something is observed, and no day stands there as a machine
/// writes it.
#[test]
fn what_is_observed_can_be_read() {
    for (name, sql, page) in checks::FILES {
        let check = Check::parse(name, sql).unwrap();
        for facts in facts(page) {
            let mut index = Index::in_memory().unwrap();
            for (i, row) in facts.iter().enumerate() {
                index
                    .record(i as u64, "2000-01-01T00:00:00.000Z", row.clone())
                    .unwrap();
            }
            let as_of = AsOf::end_of("2026-09-08".parse().unwrap());
            let estate = Estate::new(&mut index, as_of, Freshness::Disregarded, &[]).unwrap();
            for subject in check.run(&estate).subjects {
                for text in [&subject.observed, &subject.rule] {
                    assert!(!text.is_empty(), "{name}: {facts:?}");
                    assert!(!text.contains("(s)"), "{name}: {text}");
                    assert!(!has_machine_day(text), "{name}: {text}");
                }
            }
        }
    }
}

/// The rows of each block of facts on a page.
fn facts(page: &str) -> Vec<Vec<Row>> {
    let blocks = page.split("```facts\n").skip(1);
    blocks
        .map(|block| {
            block
                .lines()
                .take_while(|line| !line.starts_with("```"))
                .map(str::trim)
                .filter(|line| !line.is_empty() && !line.starts_with("unknown="))
                .map(|line| literate::fact(line).unwrap())
                .collect()
        })
        .collect()
}

/// Whether a day stands in the text as 2026-11-07.
fn has_machine_day(text: &str) -> bool {
    text.as_bytes().windows(10).any(|part| {
        part.iter().enumerate().all(|(i, byte)| match i {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        })
    })
}
