//! `standing query`: the facts in SQL, read-only and bounded.

use rusqlite::types::Value as Sql;
use serde_json::{Map, Value, json};
use standing_assess::{Estate, Freshness};

use crate::cli::RowFormat;
use crate::failure::Failure;
use crate::home::Home;
use crate::judge;
use crate::serve::csv;
use crate::text;

/// Shown below `standing query --help`.
pub const HELP: &str = "\
The tables are those of docs/facts.md as of the day, from every source whether it is fresh or not;
`collection` and `gap` tell how far each may be relied upon. Beside SQLite's own functions there are
days_between, add_days, add_months, fold, version_lt and osv_affects (docs/checks.md).

Examples:
  standing query \"select system, count(*) from account where enabled group by system\"
  standing query --as-of 2026-09-30 --output csv \"select login from account where privileged\"";

/// Millions of steps that a query may take.
const BUDGET: u64 = 1_000;

/// Runs one query. Exit code 0.
///
/// # Errors
/// When the statement is not one SELECT, or takes too long.
pub fn query(home: &Home, sql: &str, at: Option<&str>, output: RowFormat) -> Result<u8, Failure> {
    let mut index = home.index()?;
    let as_of = judge::as_of(at)?;
    let support = &standing_assess::catalogue::Catalogue::builtin().support;
    let estate = Estate::new(&mut index, as_of, Freshness::Disregarded, support)?;
    let answer = estate.query(sql, BUDGET).map_err(|why| {
        Failure::usage(format!("the query: {why}")).hint("docs/facts.md has the tables and columns")
    })?;
    match output {
        RowFormat::Table => print_table(&answer.columns, &answer.rows),
        RowFormat::Csv => print_csv(&answer.columns, &answer.rows),
        RowFormat::Json => {
            let rows: Vec<Value> = answer
                .rows
                .iter()
                .map(|row| {
                    let cells = answer.columns.iter().zip(row);
                    Value::Object(
                        cells
                            .map(|(c, v)| (c.clone(), value(v)))
                            .collect::<Map<_, _>>(),
                    )
                })
                .collect();
            say!("{:#}", Value::Array(rows));
        }
    }
    Ok(0)
}

fn value(cell: &Sql) -> Value {
    match cell {
        Sql::Null => Value::Null,
        Sql::Integer(n) => json!(n),
        Sql::Real(x) => json!(x),
        Sql::Text(text) => json!(text),
        Sql::Blob(bytes) => json!(format!("{} bytes", bytes.len())),
    }
}

fn plain(cell: &Sql) -> String {
    match value(cell) {
        Value::Null => String::new(),
        Value::String(text) => text,
        other => other.to_string(),
    }
}

fn print_table(columns: &[String], rows: &[Vec<Sql>]) {
    let columns: Vec<String> = columns.iter().map(|c| text::plain(c)).collect();
    let rule = columns.iter().map(|c| "─".repeat(c.chars().count()));
    let rule = rule.collect();
    let cells = |row: &Vec<Sql>| row.iter().map(|cell| text::plain(&plain(cell))).collect();
    let mut all = vec![columns, rule];
    all.extend(rows.iter().map(cells));
    put!("{}", text::table(&all));
    eprintln!("{}", text::count(rows.len() as u64, "row"));
}

/// As RFC 4180 has it: lines end in CR LF.
fn print_csv(columns: &[String], rows: &[Vec<Sql>]) {
    let line = |cells: Vec<String>| put!("{}\r\n", cells.join(","));
    line(columns.iter().map(|c| csv::cell(c)).collect());
    for row in rows {
        line(row.iter().map(|cell| csv::cell(&plain(cell))).collect());
    }
}
