//! osqueryd's log of results: a snapshot of one table of one machine a line.
//!
//! Source: <https://osquery.readthedocs.io/en/stable/deployment/logging/#snapshot-logs>.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};
use standing_facts::GapCode;

use super::machine::{Left, Machine, day_of};
use super::table::Table;
use super::{no_software, tell_missing};
use crate::lines::{self, Line};
use crate::{Kept, Parts, Sink};

/// A snapshot of every package of a machine is one line.
const LONGEST: usize = 64 << 20;

/// Where the last snapshot of a table stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    at: i64,
    part: usize,
    line: u64,
}

#[derive(Default)]
struct Told {
    machine: Machine,
    last: BTreeMap<Table, Place>,
    /// Tables of software whose last snapshot has rows.
    filled: BTreeSet<Table>,
    seen: i64,
}

/// One line that is a snapshot.
struct Snapshot<'a> {
    machine: &'a str,
    table: Table,
    at: i64,
    rows: &'a [Value],
}

/// Reads every log twice: the last snapshot of a table may stand anywhere, and a machine's system
/// behind its packages.
pub(super) fn read(logs: &[&Kept], parts: &Parts<'_>, sink: &mut Sink<'_>) {
    let mut all: BTreeMap<String, Told> = BTreeMap::new();
    for (index, part) in logs.iter().enumerate() {
        let mut odd = Odd::default();
        each(
            parts,
            part,
            sink,
            &mut |line, value, sink| match snapshot(&value, &mut odd) {
                Some(found) => note(&mut all, &found, index, line),
                None if odd.is_none() => {
                    let what = "expected a result of osquery's with a host, a name and a snapshot";
                    sink.problem(&part.name, Some(line), None, what);
                }
                None => odd.count(),
            },
        );
        odd.tell(&part.name, sink);
    }
    for told in all.values() {
        let none = !told.last.keys().any(|table| table.is_software());
        tell_missing(&told.machine, none, sink);
        sink.fact(&told.machine.asset(sink));
        if !none && told.filled.is_empty() {
            let why = no_software(&told.machine.name);
            sink.gap(Some("component"), GapCode::Missing, why);
        }
    }
    for (index, part) in logs.iter().enumerate() {
        // What is odd has been told.
        let mut silent = Odd::default();
        again(parts, part, &mut |line, value| {
            let Some(found) = snapshot(&value, &mut silent) else {
                return;
            };
            let told = &all[found.machine];
            let is_last = told
                .last
                .get(&found.table)
                .is_some_and(|p| (p.part, p.line) == (index, line));
            if is_last && found.table.is_software() {
                give(&told.machine, &found, (&part.name, line), sink);
            }
        });
    }
}

/// Lines that are results and not read.
#[derive(Default)]
struct Odd {
    this: Option<bool>,
    differences: u64,
    others: u64,
}

impl Odd {
    fn is_none(&self) -> bool {
        self.this.is_none()
    }

    fn count(&mut self) {
        match self.this.take() {
            Some(true) => self.differences += 1,
            Some(false) => self.others += 1,
            None => {}
        }
    }

    fn tell(&self, part: &str, sink: &mut Sink<'_>) {
        if self.differences > 0 {
            let why = format!(
                "{part}: differences of tables that are read, which tell no whole state; log them as \
snapshots: {}",
                self.differences
            );
            sink.gap(Some("component"), GapCode::NotAsked, why);
        }
        if self.others > 0 {
            let what = format!("results of other queries, not read: {}", self.others);
            sink.notice(part, None, None, what);
        }
    }
}

fn snapshot<'a>(value: &'a Value, odd: &mut Odd) -> Option<Snapshot<'a>> {
    odd.this = None;
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    let machine = text("hostIdentifier").filter(|m| !m.trim().is_empty())?;
    let named = text("name").and_then(Table::by_name);
    let Some(rows) = value.get("snapshot").and_then(Value::as_array) else {
        let is_difference = value.get("columns").is_some() || value.get("diffResults").is_some();
        odd.this = is_difference.then_some(named.is_some());
        return None;
    };
    let first = || {
        rows.first()
            .and_then(Value::as_object)
            .and_then(Table::by_row)
    };
    let Some(table) = named.or_else(first) else {
        odd.this = Some(false);
        return None;
    };
    let at = value
        .get("unixTime")
        .and_then(|at| at.as_i64().or_else(|| at.as_str()?.parse().ok()));
    Some(Snapshot {
        machine,
        table,
        at: at.unwrap_or_default(),
        rows,
    })
}

fn note(all: &mut BTreeMap<String, Told>, found: &Snapshot<'_>, part: usize, line: u64) {
    let told = all.entry(found.machine.to_owned()).or_insert_with(|| Told {
        machine: Machine::named(found.machine),
        ..Told::default()
    });
    let place = Place {
        at: found.at,
        part,
        line,
    };
    let last = told.last.entry(found.table).or_insert(place);
    if place < *last {
        return;
    }
    *last = place;
    match found.table.is_software() && !found.rows.is_empty() {
        true => told.filled.insert(found.table),
        false => told.filled.remove(&found.table),
    };
    let row = found.rows.first().and_then(Value::as_object);
    match (found.table, row) {
        (Table::Os, Some(row)) => told.machine.runs_os(row),
        (Table::Kernel, Some(row)) => told.machine.runs_kernel(row),
        _ => {}
    }
    if found.at > told.seen {
        told.seen = found.at;
        told.machine.seen_on = day_of(found.at);
    }
}

fn give(machine: &Machine, found: &Snapshot<'_>, (part, line): (&str, u64), sink: &mut Sink<'_>) {
    let mut left = Left::default();
    for (position, row) in found.rows.iter().enumerate() {
        let row: Option<&Map<String, Value>> = row.as_object();
        let taken = row.and_then(|row| machine.software(found.table, row, &mut left, sink));
        if taken.is_none() {
            let place = format!("snapshot[{position}]");
            let what = "expected a row of the table; it was left out";
            sink.problem(part, Some(line), Some(&place), what);
        }
    }
    machine.finish(part, &left, sink);
}

/// Hands out every line that is JSON; tells of the others.
fn each(
    parts: &Parts<'_>,
    part: &Kept,
    sink: &mut Sink<'_>,
    take: &mut dyn FnMut(u64, Value, &mut Sink<'_>),
) {
    let read = parts.open(part).and_then(|bytes| {
        lines::each(bytes, LONGEST, &mut |number, line| match line {
            Line::TooLong => {
                let what = "expected a line of at most 64 MiB";
                sink.problem(&part.name, Some(number), None, what);
            }
            Line::Text(text) if text.trim().is_empty() => {}
            Line::Text(text) => match serde_json::from_str(text) {
                Ok(value) => take(number, value, sink),
                Err(_) => {
                    let what = "expected one whole object of JSON in the line";
                    sink.problem(&part.name, Some(number), None, what);
                }
            },
        })
    });
    if let Err(error) = read {
        let why = format!("cannot be read: {}", error.kind());
        sink.problem(&part.name, None, None, why);
    }
}

/// As [`each`], telling nothing a second time.
fn again(parts: &Parts<'_>, part: &Kept, take: &mut dyn FnMut(u64, Value)) {
    // An error has been told by the first reading.
    let _ = parts.open(part).and_then(|bytes| {
        lines::each(bytes, LONGEST, &mut |number, line| {
            let Line::Text(text) = line else { return };
            if let Ok(value) = serde_json::from_str(text) {
                take(number, value);
            }
        })
    });
}
