//! A database's answer as it is kept: lines of JSON, the columns first, then the rows, then their count.
//!
//! A refused question is kept as one line that holds the server's code. So `read` can tell an empty
//! answer from a refused one and a whole one from one that was cut off.

use serde_json::{Value, json};
use standing_facts::GapCode;

use crate::{Parts, Sink};

/// An answer.
#[derive(Default)]
pub(crate) struct Rows {
    /// Names of the columns; none where there were no rows.
    pub(crate) columns: Vec<String>,
    /// The rows.
    pub(crate) rows: Vec<Vec<Option<String>>>,
    /// Whether all rows are here.
    pub(crate) whole: bool,
}

/// One row, its cells by their columns' names.
#[derive(Clone, Copy)]
pub(crate) struct Named<'r> {
    columns: &'r [String],
    cells: &'r [Option<String>],
}

impl<'r> Named<'r> {
    /// The text under a name, if there is such a column and its cell holds something.
    pub(crate) fn get(&self, name: &str) -> Option<&'r str> {
        let at = self.columns.iter().position(|c| c == name)?;
        self.cells.get(at)?.as_deref()
    }

    /// Whether the cell under a name says that something is so.
    pub(crate) fn says(&self, name: &str, text: &str) -> bool {
        self.get(name) == Some(text)
    }
}

impl Rows {
    /// The rows, one by one.
    pub(crate) fn each(&self) -> impl Iterator<Item = Named<'_>> {
        let rows = self.rows.iter();
        rows.map(|cells| Named {
            columns: &self.columns,
            cells,
        })
    }
}

/// The lines of an answer.
pub(crate) fn written(columns: &[String], rows: &[Vec<Option<String>>]) -> Vec<u8> {
    let mut text = format!("{}\n", json!({ "columns": columns }));
    for row in rows {
        text.push_str(&format!("{}\n", json!(row)));
    }
    text.push_str(&format!("{}\n", json!({ "rows": rows.len() })));
    text.into_bytes()
}

/// The line of a refused question.
pub(crate) fn refused(code: &str) -> Vec<u8> {
    format!("{}\n", json!({ "refused": code })).into_bytes()
}

/// What a server's code leaves: a SQLSTATE of PostgreSQL, or a number of MySQL.
pub(crate) fn code(code: &str) -> GapCode {
    match code {
        // Not there: a database, a table, a column, a function.
        "3D000" | "42P01" | "42703" | "42883" | "1049" | "1054" | "1146" => GapCode::Missing,
        // No longer answering: a time limit, shutting down, too many sessions.
        "57014" | "57P01" | "57P03" | "53300" | "1040" | "1053" | "1969" | "3024" => {
            GapCode::Unreachable
        }
        // Not a question: the syntax is another's.
        "42601" | "1064" | "1248" => GapCode::Malformed,
        _ => GapCode::Denied,
    }
}

/// The answer kept under a name, or a gap in `table` that says what is not known.
pub(crate) fn of(parts: &Parts<'_>, name: &str, table: &str, sink: &mut Sink<'_>) -> Option<Rows> {
    match read(parts, name, sink) {
        Ok(rows) => {
            if !rows.whole {
                let why = format!("{name} breaks off, or holds other rows than it counts");
                sink.gap(Some(table), GapCode::Truncated, why);
            }
            Some(rows)
        }
        Err((code, why)) => {
            sink.gap(Some(table), code, why);
            None
        }
    }
}

/// As [`of`], for what the source is nothing without: the run fails.
pub(crate) fn needed(parts: &Parts<'_>, name: &str, sink: &mut Sink<'_>) -> Option<Rows> {
    match read(parts, name, sink) {
        Ok(rows) if rows.whole => Some(rows),
        Ok(_) => {
            let why = format!("{name} breaks off, or holds other rows than it counts");
            sink.fail(GapCode::Truncated, why);
            None
        }
        Err((code, why)) => {
            sink.fail(code, why);
            None
        }
    }
}

fn read(parts: &Parts<'_>, name: &str, sink: &mut Sink<'_>) -> Result<Rows, (GapCode, String)> {
    let part = parts.list().iter().find(|p| p.name == name);
    let part = part.ok_or_else(|| (GapCode::Missing, format!("{name} was not kept")))?;
    let bytes = parts.whole(part, crate::http::LONGEST).ok().flatten();
    let bytes = bytes.ok_or_else(|| (GapCode::Malformed, format!("{name} cannot be read")))?;
    let text = String::from_utf8_lossy(&bytes);
    let mut found = Rows::default();
    let (mut counted, mut headed) = (None, false);
    for (number, line) in (1..).zip(text.lines()) {
        let value: Value = serde_json::from_str(line).unwrap_or_default();
        if let Some(refusal) = value["refused"].as_str() {
            let why = format!("{name}: the server refused the question with code {refusal}");
            return Err((code(refusal), why));
        }
        if let Some(columns) = value["columns"].as_array() {
            headed = true;
            found.columns = columns
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect();
        } else if let Some(count) = value["rows"].as_u64() {
            counted = Some(count);
        } else if let Some(row) = cells(&value).filter(|r| r.len() == found.columns.len()) {
            found.rows.push(row);
        } else {
            let what = "expected a row of the answer; left out";
            sink.problem(name, Some(number), None, what);
        }
    }
    if !headed {
        return Err((GapCode::Malformed, format!("{name} is not a kept answer")));
    }
    found.whole = counted == Some(found.rows.len() as u64);
    Ok(found)
}

fn cells(value: &Value) -> Option<Vec<Option<String>>> {
    let cells = value.as_array()?.iter();
    cells
        .map(|cell| match cell {
            Value::Null => Some(None),
            Value::String(text) => Some(Some(text.clone())),
            _ => None,
        })
        .collect()
}
