//! `standing record`: what a person states and answers for.

use serde_json::json;
use standing_facts::{Cell, ColumnKind, Row, Table, tables, to_line};

use crate::cli::{Format, RecordAction};
use crate::config::nearest;
use crate::failure::Failure;
use crate::home::{By, Home};
use crate::project;
use crate::text::table;

/// Tables that people may fill by hand. Everything else comes from sources alone.
const KINDS: &[&str] = &[
    "agreement",
    "asset",
    "attestation",
    "backup",
    "certificate",
    "completeness",
    "data_element",
    "exception",
    "flow",
    "incident",
    "link",
    "person",
    "restore",
    "risk",
    "store",
    "supplier",
    "system",
    "training_completion",
];

/// Runs `standing record KIND …`.
///
/// # Errors
/// When the kind or a column is unknown, or a value does not fit.
pub fn record(
    home: &Home,
    kind: &str,
    action: Option<&RecordAction>,
    format: Format,
) -> Result<u8, Failure> {
    if kind == "kinds" {
        for kind in KINDS {
            let about = tables::table(kind).map_or("", |t| t.doc.lines().next().unwrap_or(""));
            say!("  {kind:<20} {}", about.trim());
        }
        return Ok(0);
    }
    let about = KINDS
        .contains(&kind)
        .then(|| tables::table(kind))
        .flatten()
        .ok_or_else(|| {
            let failure = Failure::usage(format!("no kind of record {kind:?}"));
            match nearest(kind, KINDS) {
                Some(near) => failure.hint(format!("did you mean {near:?}?")),
                None => failure.hint(format!("known are {}", KINDS.join(", "))),
            }
        })?;
    match action.unwrap_or(&RecordAction::List) {
        RecordAction::List => list(home, about, format),
        RecordAction::Add { values } => {
            let (entry, replaced) = add(home, about, values)?;
            match replaced {
                Some(before) => say!("entry {entry}: {kind} recorded; it replaces entry {before}"),
                None => say!("entry {entry}: {kind} recorded"),
            }
            Ok(0)
        }
        RecordAction::Show { entry } => {
            let (_, row) = find(home, about, *entry)?;
            say!("{}", to_line(&row));
            Ok(0)
        }
        RecordAction::End { entry, reason } => end(home, about, *entry, reason),
    }
}

fn list(home: &Home, about: &'static Table, format: Format) -> Result<u8, Failure> {
    let records = home.index()?.records(about)?;
    if format == Format::Json {
        for (_, row) in &records {
            say!("{}", to_line(row));
        }
        return Ok(0);
    }
    let rows: Vec<Vec<String>> = records
        .iter()
        .map(|(entry, row)| {
            let cells = row.cells.iter().zip(about.columns);
            let told: Vec<String> = cells
                .filter(|(cell, _)| **cell != Cell::Null)
                .map(|(cell, column)| match cell {
                    Cell::Integer(n) => format!("{}={n}", column.name),
                    Cell::Text(text) => format!("{}={text:?}", column.name),
                    Cell::Null => String::new(),
                })
                .collect();
            vec![format!("entry {entry}"), told.join(" ")]
        })
        .collect();
    put!("{}", table(&rows));
    eprintln!("{}", crate::text::count(rows.len() as u64, "record"));
    Ok(0)
}

fn find(home: &Home, about: &'static Table, entry: u64) -> Result<(u64, Row), Failure> {
    let records = home.index()?.records(about)?;
    records
        .into_iter()
        .find(|(e, _)| *e == entry)
        .ok_or_else(|| {
            Failure::usage(format!("no {} stands in entry {entry}", about.name)).hint(format!(
                "`standing record {} list` lists those that do",
                about.name
            ))
        })
}

fn add(home: &Home, about: &'static Table, values: &[String]) -> Result<Appended, Failure> {
    let row = row(home, about, values)?;
    let row = crate::stated::checked(home, row)?;
    append(home, By::KEYBOARD, &[row])?
        .pop()
        .ok_or_else(|| Failure::integrity("the vault acknowledged no record"))
}

/// A record in the vault: its entry, and the entry of the record that it replaces.
type Appended = (u64, Option<u64>);

/// Appends records, all or none.
///
/// # Errors
/// When the vault refuses.
pub fn append(home: &Home, by: By<'_>, rows: &[Row]) -> Result<Vec<Appended>, Failure> {
    let index = home.index()?;
    let mut bodies = Vec::new();
    let mut replaced = Vec::new();
    for row in rows {
        let blob = home.vault.put_blob(to_line(row).as_bytes())?;
        let before = index.records(row.table)?;
        let same = before.iter().find(|(_, r)| r.key() == row.key());
        let same = same.map(|(entry, _)| *entry);
        replaced.push(same);
        let body = json!({
            "table": row.table.name,
            "row": blob.digest.reference(),
            "replaces": same,
        });
        bodies.push(("record".to_owned(), body));
    }
    let entries = home.append_all(&index, by, bodies)?;
    project::catch_up(&home.vault, &index)?;
    let records = entries.iter().filter(|e| e.kind == "record").map(|e| e.seq);
    Ok(records.zip(replaced).collect())
}

fn end(home: &Home, about: &'static Table, entry: u64, reason: &str) -> Result<u8, Failure> {
    find(home, about, entry)?;
    let index = home.index()?;
    let kept = home.vault.put_blob(reason.as_bytes())?;
    let body = json!({ "table": about.name, "record": entry, "reason": kept.digest.reference() });
    let ended = home.append(&index, By::KEYBOARD, "record-end", body)?;
    say!("entry {}: {} of entry {entry} ended", ended.seq, about.name);
    Ok(0)
}

/// `column=value` words as a row; an id is made where none is given.
fn row(home: &Home, about: &'static Table, values: &[String]) -> Result<Row, Failure> {
    let mut cells: Vec<Option<Cell>> = vec![None; about.columns.len()];
    let names: Vec<&str> = about.columns.iter().map(|c| c.name).collect();
    for word in values {
        let (name, value) = word
            .split_once('=')
            .ok_or_else(|| Failure::usage(format!("{word:?}: expected column=value")))?;
        let Some(at) = names.iter().position(|n| *n == name) else {
            let failure = Failure::usage(format!("{} has no column {name:?}", about.name));
            return Err(match nearest(name, &names) {
                Some(near) => failure.hint(format!("did you mean {near:?}?")),
                None => failure.hint(format!("columns are {}", names.join(", "))),
            });
        };
        cells[at] = Some(cell(about.columns[at].kind, name, value)?);
    }
    let made_id = made_id(home, about, &cells);
    let mut lacking = Vec::new();
    let cells = about
        .columns
        .iter()
        .zip(cells)
        .map(|(column, given)| match given {
            Some(cell) => cell,
            None if column.name == "id" => Cell::Text(made_id.clone()),
            None => {
                if !column.nullable {
                    lacking.push(column.name);
                }
                Cell::Null
            }
        })
        .collect();
    if !lacking.is_empty() {
        return Err(
            Failure::usage(format!("{} needs {}", about.name, lacking.join(", ")))
                .hint("docs/facts.md says what each column means"),
        );
    }
    Ok(Row {
        table: about,
        cells,
    })
}

/// An id from the columns that say what the record is about, so that the same thing stated anew
/// replaces what was stated before. Events (a restore, an incident) are each their own.
fn made_id(home: &Home, about: &Table, cells: &[Option<Cell>]) -> String {
    let names: &[&str] = match about.name {
        "attestation" => &["item"],
        "completeness" => &["table_name"],
        "exception" => &["check_name", "subject"],
        "supplier" | "system" | "asset" | "store" => &["name"],
        "certificate" => &["holder", "scheme"],
        "data_element" => &["store", "name"],
        "flow" => &["origin", "destination"],
        "risk" => &["title"],
        _ => return format!("records/{}-{}", about.name, home.vault.size()),
    };
    let parts: Vec<String> = about
        .columns
        .iter()
        .zip(cells)
        .filter(|(column, _)| names.contains(&column.name))
        .filter_map(|(_, cell)| match cell {
            Some(Cell::Text(text)) => Some(text.to_lowercase()),
            _ => None,
        })
        .collect();
    format!("records/{}/{}", about.name, parts.join("/"))
}

fn cell(kind: ColumnKind, name: &str, value: &str) -> Result<Cell, Failure> {
    let expected = |what: &str| Failure::usage(format!("{name}={value:?}: expected {what}"));
    Ok(match kind {
        ColumnKind::Text => Cell::Text(value.to_owned()),
        ColumnKind::Integer => {
            Cell::Integer(value.parse().map_err(|_| expected("a whole number"))?)
        }
        ColumnKind::Truth => Cell::Integer(match value {
            "yes" | "true" | "1" => 1,
            "no" | "false" | "0" => 0,
            _ => return Err(expected("yes or no")),
        }),
        ColumnKind::Date => {
            let day: jiff::civil::Date =
                value.parse().map_err(|_| expected("a day as 2026-11-21"))?;
            Cell::Text(day.to_string())
        }
    })
}
