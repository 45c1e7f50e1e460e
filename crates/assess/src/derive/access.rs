//! Who is counted, when leavers' access ended, what is asked and known of second factors, and who has
//! to have learnt what: derived when an estate is looked at, after the links.
//!
//! What is made here rests on nothing but the tables as of the moment and, for the end of access, on
//! what complete readings saw before it. Nothing of it is kept.

use rusqlite::functions::FunctionFlags;
use rusqlite::{Connection, Result};

use crate::estate::Estate;
use crate::time::day_of;

/// The tables made here, in an order in which each finds those it is made from, and how.
const MADE: &[(&str, &str)] = &[
    ("population", include_str!("population.sql")),
    ("access_ended", include_str!("access_ended.sql")),
    ("mfa_cell", include_str!("mfa_cell.sql")),
    ("training_due", include_str!("training_due.sql")),
];

/// Fills the tables.
pub(crate) fn run(estate: &Estate<'_>) -> Result<()> {
    let connection = estate.connection();
    connection.create_scalar_function("london_day", 1, flags(), |context| {
        let instant: Option<String> = context.get(0)?;
        Ok(instant.and_then(|i| day_of(&i)).map(|day| day.to_string()))
    })?;
    let known: Vec<String> = estate.looked_at("account").map(quote).collect();
    let words = [
        (":as_of", quote(&estate.as_of.date.to_string())),
        (":at", quote(&estate.as_of.instant)),
        (":known", known.join(", ")),
    ];
    for (name, sql) in MADE {
        super::lay(connection, name)?;
        let made = words.iter().fold((*sql).to_owned(), |sql, (word, value)| {
            sql.replace(word, value)
        });
        connection.execute_batch(&made)?;
        count(connection, name)?;
    }
    connection.remove_function("london_day", 1)
}

/// Tells SQLite how large a table is, unless that would make it prefer a scan.
fn count(connection: &Connection, name: &str) -> Result<()> {
    let rows: i64 =
        connection.query_row(&format!("select count(*) from temp.{name}"), [], |r| {
            r.get(0)
        })?;
    if rows > 1_000 {
        connection.execute_batch(&format!("analyze temp.{name}"))?;
    }
    Ok(())
}

fn flags() -> FunctionFlags {
    FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC
}

fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
