//! The tables of the index, from the declarations of facts.

use std::fmt::Write as _;

use rusqlite::types::Value as Sql;
use standing_facts::{Cell, ColumnKind, Table, tables};

use super::{RECORDS, reviews};

/// Raised whenever the projection changes; the schema itself is counted in by [`schema_number`].
const PROJECTION: u32 = 3;

/// Indexes that hold further columns: table, first column, the others. By this one every version of a
/// package that was ever installed is found, on however many assets, without a look at its rows.
const WIDER: [(&str, &str, &str); 1] = [("component", "name", ", \"ecosystem\", \"version\"")];

pub(super) fn text_of(value: &Sql) -> String {
    match value {
        Sql::Null => "\u{2205}".into(),
        Sql::Integer(n) => n.to_string(),
        Sql::Real(x) => x.to_string(),
        Sql::Text(text) => text.replace('\\', "\\\\").replace('\n', "\\n"),
        Sql::Blob(bytes) => format!("{} bytes", bytes.len()),
    }
}

pub(super) fn sql(cell: Cell) -> Sql {
    match cell {
        Cell::Null => Sql::Null,
        Cell::Integer(n) => Sql::Integer(n),
        Cell::Text(text) => Sql::Text(text),
    }
}

pub(super) fn cell(value: Sql) -> Cell {
    match value {
        Sql::Null => Cell::Null,
        Sql::Integer(n) => Cell::Integer(n),
        other => Cell::Text(text_of(&other)),
    }
}

/// The table's columns, quoted and joined by commas.
pub(crate) fn column_names(table: &Table) -> String {
    let names: Vec<String> = table
        .columns
        .iter()
        .map(|c| format!("\"{}\"", c.name))
        .collect();
    names.join(", ")
}

/// SQL type and collation of each column, from the declaration.
pub(crate) fn column_sql(table: &Table) -> String {
    table.columns.iter().fold(String::new(), |mut text, c| {
        let kind = match c.kind {
            ColumnKind::Integer | ColumnKind::Truth => "integer",
            ColumnKind::Text | ColumnKind::Date => "text",
        };
        let collate = if c.identity { " collate nocase" } else { "" };
        let null = if c.nullable { "" } else { " not null" };
        let _ = write!(text, "\"{}\" {kind}{collate}{null}, ", c.name);
        text
    })
}

/// Columns that have an index of their own: keys, identities and references.
pub(crate) fn indexed(table: &Table) -> impl Iterator<Item = &'static str> {
    table
        .columns
        .iter()
        .filter(|c| c.key || c.identity || c.refers.is_some())
        .map(|c| c.name)
}

/// A number that changes with any declared table: an index of another number is rebuilt.
pub(super) fn schema_number() -> i64 {
    let hash = schema_sql()
        .bytes()
        .fold(0x811c_9dc5_u32 ^ PROJECTION, |hash, byte| {
            (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
        });
    i64::from(hash >> 1)
}

pub(super) fn schema_sql() -> String {
    let mut sql = String::from(
        "create table position (size integer not null, root text not null);
         create table coverage (source_name text not null, entry_number integer not null,
           table_name text not null, scope text not null, outcome text not null,
           ended_at text not null, row_count integer not null);
         create index coverage_by_table on coverage (table_name, source_name, entry_number);
         create table configured (source_name text not null, kind text not null,
           table_names text not null, fresh_for_days integer not null,
           valid_from text not null, valid_to text);
         create table actor (id text not null, name text not null);
         create table heading (seq integer primary key, time text not null, actor text not null,
           kind text not null, about text not null);
         create index heading_by_kind on heading (kind, seq);
         create index heading_by_actor on heading (actor, seq);
         create table state (kind text not null, name text not null, entry integer not null,
           json text not null, primary key (kind, name)) without rowid;
         create table overlay (entry_number integer not null, valid_from text not null,
           edition text not null, json text not null);
         create table advisory_edition (entry_number integer not null, valid_from text not null,
           edition text not null, json text not null, compared integer not null);
         create table advisory_first_fix (advisory text not null, package text not null,
           fixed text not null, valid_from text not null,
           primary key (package, advisory, fixed)) without rowid;\n",
    );
    sql.push_str(reviews::SCHEMA);
    for table in tables::INDEX {
        let columns = column_sql(table);
        let _ = writeln!(
            sql,
            "create table {} ({});",
            table.name,
            columns.trim_end_matches(", ")
        );
    }
    for table in tables::ALL {
        let name = table.name;
        let _ = writeln!(
            sql,
            "create table history_{name} ({}source text not null, row_scope text not null,
               row_key text not null, valid_from text not null, valid_to text,
               entry integer not null);
             create index history_{name}_row on history_{name} (source, row_key, valid_to);
             create index history_{name}_record on history_{name} (entry)
               where source = '{RECORDS}' and valid_to is null;",
            column_sql(table)
        );
        for column in indexed(table) {
            let wider = WIDER.iter().find(|(t, c, _)| (*t, *c) == (name, column));
            let beside = wider.map_or("", |(_, _, beside)| beside);
            let _ = writeln!(
                sql,
                "create index history_{name}_{column} on history_{name} (\"{column}\"{beside});"
            );
        }
    }
    sql
}
