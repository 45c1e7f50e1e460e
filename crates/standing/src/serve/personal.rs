//! Facts about people taken out in bulk: only by somebody who proved a moment ago who they are, and the
//! log notes what was taken and how many rows.

use jiff::civil::Date;
use rusqlite::types::Value as Sql;
use standing_facts::{Table, tables};

use super::visit::{Trouble, Visit};
use crate::commands;

/// Tables of facts about people that can be taken out, with what each is called.
pub const TABLES: &[(&str, &str)] = &[
    ("person", "People"),
    ("account", "Accounts"),
    ("link", "Which account belongs to whom"),
    ("account_decision", "Decisions about accounts"),
    ("training_completion", "Training"),
    ("agreement", "Agreements of people"),
];

/// Millions of SQLite steps that one export may take.
const BUDGET: u64 = 2_000;

/// Whether a register is about people.
pub fn is_personal(table: &str) -> bool {
    TABLES.iter().any(|(name, _)| *name == table)
}

/// What was taken out.
pub struct Taken {
    /// The entry that notes it.
    pub entry: u64,
    /// The table.
    pub about: &'static Table,
    /// Its rows, with its columns in its order.
    pub rows: Vec<Vec<Sql>>,
    /// The day on which they were so.
    pub day: Date,
}

/// Takes out the facts of a table about people. The entry comes first: nothing is given out that the
/// log does not note.
///
/// # Errors
/// 404 where there is no such table about people, 409 where the same request was carried out before:
/// each time is noted.
pub fn take_out(visit: &Visit, table: &str) -> Result<Taken, Trouble> {
    let about = tables::table(table).filter(|about| is_personal(about.name));
    let about = about.ok_or_else(|| Trouble::missing(format!("There is no export {table:?}.")))?;
    let now = visit.app.snapshot()?;
    let columns = about.columns.iter().map(|c| format!("\"{}\"", c.name));
    let columns: Vec<String> = columns.collect();
    let sql = format!(
        "select {} from \"{}\" order by 1",
        columns.join(", "),
        about.name
    );
    let rows = visit.app.readers.ask(&now, move |estate| {
        let answer = estate.query_with(&sql, &[], BUDGET);
        Ok(answer.map_err(Trouble::ours)?.rows)
    })?;
    let by = visit.by()?;
    let count = rows.len() as u64;
    let acted = visit.app.act(by, |home, index| {
        commands::exported(home, index, by, about.name, count)
    })?;
    if acted.repeated {
        return Err(Trouble::conflict("This was sent before.")
            .hint("ask anew, under another name if it bears one: each time is noted in the log"));
    }
    Ok(Taken {
        entry: acted.entry,
        about,
        rows,
        day: now.day(),
    })
}
