//! The declarations and what is made from them.

use proptest::prelude::*;
use standing_facts::{Cell, ColumnKind, Row, Table, parse_line, tables, to_line};

#[test]
fn the_reference_page_is_what_the_declarations_say() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/facts.md");
    let page = standing_facts::reference_page();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, &page).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        kept == page,
        "docs/facts.md is out of date: UPDATE=1 cargo test -p standing-facts"
    );
}

#[test]
fn names_are_unique_and_every_table_has_a_key() {
    let mut names: Vec<_> = tables::ALL.iter().map(|t| t.name).collect();
    names.sort_unstable();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count);
    for table in tables::ALL {
        assert!(table.columns.iter().any(|c| c.key), "{}", table.name);
        for column in table.columns {
            if let Some(other) = column.refers {
                assert!(
                    tables::table(other).is_some(),
                    "{}.{}",
                    table.name,
                    column.name
                );
            }
        }
    }
}

#[test]
fn a_line_that_does_not_fit_says_where() {
    let error = |line: &str| parse_line(line).unwrap_err().to_string();
    assert_eq!(error(r#"{"table":"persn"}"#), "no table named \"persn\"");
    assert_eq!(
        error(r#"{"table":"person","id":"a","colour":"red"}"#),
        "table person has no column \"colour\""
    );
    assert_eq!(
        error(r#"{"table":"person","id":"a","left_on":"31/12/2026"}"#),
        "table person, column left_on: expected a date as YYYY-MM-DD, found text"
    );
    assert_eq!(
        error(r#"{"table":"person"}"#),
        "table person, column id: expected text, found nothing"
    );
}

fn any_row() -> impl Strategy<Value = Row> {
    (0..tables::ALL.len()).prop_flat_map(|i| {
        let table: &'static Table = tables::ALL[i];
        let cells: Vec<BoxedStrategy<Cell>> = table
            .columns
            .iter()
            .map(|column| {
                let value = match column.kind {
                    ColumnKind::Text => any::<String>().prop_map(Cell::Text).boxed(),
                    ColumnKind::Integer => any::<i64>().prop_map(Cell::Integer).boxed(),
                    ColumnKind::Truth => (0..2i64).prop_map(Cell::Integer).boxed(),
                    ColumnKind::Date => (1900..2100i16, 1..13i8, 1..29i8)
                        .prop_map(|(y, m, d)| Cell::Text(jiff::civil::date(y, m, d).to_string()))
                        .boxed(),
                };
                if column.nullable {
                    prop_oneof![Just(Cell::Null), value].boxed()
                } else {
                    value
                }
            })
            .collect();
        cells.prop_map(move |cells| Row { table, cells })
    })
}

proptest! {
    #[test]
    fn every_row_survives_its_line(row in any_row()) {
        let line = to_line(&row);
        prop_assert!(!line.contains('\n'));
        prop_assert_eq!(parse_line(&line).unwrap(), row);
    }
}
