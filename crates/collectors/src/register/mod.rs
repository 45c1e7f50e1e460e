//! A register that people keep in a spreadsheet: any table of the facts whose headings it has.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use standing_facts::{Cell, Column, ColumnKind, GapCode, Row, Table, tables};

use crate::tabular::{self, Columns, Record, Wanted};
use crate::{About, Asks, Collector, Parts, Setting, Settings, Sink};

/// Reads one table of facts from a kept list.
pub struct Register;

static ABOUT: About = About {
    kind: "register",
    summary: "a register kept as CSV or Excel: suppliers, certificates, assets, stores, risks …",
    revision: 1,
    asks: Asks::Files,
    tables: &[
        "account",
        "agreement",
        "asset",
        "backup",
        "certificate",
        "data_element",
        "flow",
        "incident",
        "restore",
        "risk",
        "store",
        "supplier",
        "support",
        "system",
    ],
    settings: &[Setting {
        name: "table",
        meaning: "the table of facts that the register fills, for example supplier",
        default: "",
        required: true,
    }],
    how: "Save the register as CSV or .xlsx with one row a thing and one heading a column. \
Headings are the table's columns as the reference of facts lists them, in any case, with blanks or \
underscores; others are named under [columns]. Days are British or ISO, truth values are yes and \
no, and a blank or the word unknown means that it is not known. An id column keeps ids stable; \
without one the name is the id. Nothing but reading the file is needed.",
};

impl Collector for Register {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn tables(&self, settings: &Settings) -> Vec<&'static str> {
        table(settings).map(|t| t.name).into_iter().collect()
    }

    fn wants(&self, relative: &str) -> bool {
        tabular::is_table(relative)
    }

    fn read(&self, settings: &Settings, parts: &Parts<'_>, sink: &mut Sink<'_>) {
        let Some(table) = table(settings) else {
            let known = ABOUT.tables.join(", ");
            let why = format!("the setting table must be one of: {known}");
            sink.fail(GapCode::Malformed, why);
            return;
        };
        let plainly: Vec<String> = table
            .columns
            .iter()
            .map(|c| tabular::plain(c.name))
            .collect();
        let known: Vec<[&str; 1]> = plainly.iter().map(|p| [p.as_str()]).collect();
        let wanted: Vec<Wanted<'_>> = table
            .columns
            .iter()
            .zip(&known)
            .map(|(column, known)| (column.name, known.as_slice()))
            .collect();
        let mut ids = HashMap::new();
        for part in parts.list() {
            let wanted = (table.name, wanted.as_slice(), settings);
            let columns = tabular::read(parts, part, wanted, sink, &mut |columns, record, sink| {
                row(table, &mut ids, columns, record, sink);
            });
            if let Some(columns) = columns {
                account_for(table, &columns, &part.name, sink);
            }
        }
    }
}

fn table(settings: &Settings) -> Option<&'static Table> {
    let name = settings.value("table");
    tables::table(name).filter(|t| ABOUT.tables.contains(&t.name))
}

/// Every heading is accounted for, and every column that may not be null is there.
fn account_for(table: &Table, columns: &Columns, part: &str, sink: &mut Sink<'_>) {
    for heading in columns.strangers() {
        let what = format!("not a column of {}; not read", table.name);
        sink.notice(part, None, Some(heading), what);
    }
    let telling = telling(table);
    if !columns.has("id") && !telling.iter().any(|c| columns.has(c)) {
        let (names, table) = (telling.join(" or "), table.name);
        let why = format!("{part} has no column {names}, which tells the rows of {table} apart");
        sink.fail(GapCode::Malformed, why);
    }
    let needed = table
        .columns
        .iter()
        .filter(|c| !c.nullable && c.name != "id");
    for column in needed.filter(|c| !columns.has(c.name) && default(c).is_none()) {
        let (name, table) = (column.name, table.name);
        let why = format!("{part} has no column {name}, which every row of {table} needs");
        sink.fail(GapCode::Malformed, why);
    }
}

/// Somebody wrote the register, so what it says is registered unless it says otherwise.
fn default(column: &Column) -> Option<Cell> {
    (column.name == "basis").then(|| Cell::Text("registered".into()))
}

fn row(
    table: &'static Table,
    ids: &mut HashMap<String, (u64, u64)>,
    columns: &Columns,
    record: &Record<'_>,
    sink: &mut Sink<'_>,
) {
    let mut cells = Vec::with_capacity(table.columns.len());
    for column in table.columns {
        let cell = if column.name == "id" {
            native_id(table, columns, record).map(|id| Cell::Text(sink.id(&id)))
        } else {
            cell(column, columns, record, sink)
        };
        let Some(cell) = cell.or_else(|| default(column)) else {
            if !column.nullable {
                let mut names = telling(table).iter().copied();
                let name = match column.name {
                    "id" => names.find(|c| columns.has(c)),
                    name => Some(name),
                };
                // A file without any of those columns is refused as a whole.
                let Some(name) = name else { return };
                let what = "a value must stand here; the row was left out";
                sink.problem(record.part, Some(record.line), Some(name), what);
                return;
            }
            cells.push(Cell::Null);
            continue;
        };
        cells.push(cell);
    }
    let row = Row { table, cells };
    let place = (record.part, Some(record.line));
    match ids.get(&row.key()) {
        Some((line, same)) if *same == digest(&row) => {
            let what = format!("the same row as line {line}");
            sink.notice(place.0, place.1, None, what);
        }
        Some((line, _)) => {
            let what = format!("the same id as line {line} with other particulars; left out");
            sink.problem(place.0, place.1, None, what);
        }
        None => {
            ids.insert(row.key(), (record.line, digest(&row)));
            sink.row(row);
        }
    }
}

fn digest(row: &Row) -> u64 {
    let mut hasher = DefaultHasher::new();
    row.cells.hash(&mut hasher);
    hasher.finish()
}

/// The id column, or the texts of the columns that tell one row of the table from another.
fn native_id(table: &Table, columns: &Columns, record: &Record<'_>) -> Option<String> {
    if let Some(id) = columns.owned(record, "id") {
        return Some(id);
    }
    let telling = telling(table);
    let texts = telling.iter().filter_map(|c| columns.text(record, c));
    let id = texts.collect::<Vec<_>>().join("/").to_lowercase();
    (!id.is_empty()).then_some(id)
}

/// The columns that tell one row of the table from another where there is no id.
fn telling(table: &Table) -> &'static [&'static str] {
    match table.name {
        "account" => &["system", "login"],
        "agreement" => &["employee_number", "email", "kind", "signed_on"],
        "backup" => &["target", "taken_on", "outcome"],
        "certificate" => &["holder", "scheme", "number"],
        "data_element" => &["store", "name"],
        "flow" => &["origin", "destination", "protocol"],
        "incident" => &["title", "found_on"],
        "restore" => &["target", "tested_on", "outcome"],
        "risk" => &["title", "about"],
        _ => &["name"],
    }
}

fn cell(
    column: &Column,
    columns: &Columns,
    record: &Record<'_>,
    sink: &mut Sink<'_>,
) -> Option<Cell> {
    let text = columns.text(record, column.name)?;
    if text.eq_ignore_ascii_case("unknown") {
        return None;
    }
    let (cell, expected) = match column.kind {
        ColumnKind::Text => (Some(Cell::Text(text.to_owned())), ""),
        ColumnKind::Date => {
            let day = columns.date(record, column.name, sink)?;
            (Some(Cell::Text(day.to_string())), "")
        }
        ColumnKind::Truth => (truth(text), "expected yes, no or unknown"),
        ColumnKind::Integer => (
            text.parse().ok().map(Cell::Integer),
            "expected a whole number",
        ),
    };
    if cell.is_none() {
        let heading = columns.heading(column.name);
        sink.problem(record.part, Some(record.line), heading, expected);
    }
    cell
}

fn truth(text: &str) -> Option<Cell> {
    match text.to_lowercase().as_str() {
        "yes" | "y" | "true" | "1" => Some(Cell::Integer(1)),
        "no" | "n" | "false" | "0" => Some(Cell::Integer(0)),
        _ => None,
    }
}
