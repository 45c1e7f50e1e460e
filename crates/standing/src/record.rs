//! `standing record`: what a person states and answers for.

use standing_assess::Index;
use standing_facts::{Cell, Table, tables, to_line};

use crate::cli::{Format, RecordAction};
use crate::commands::{self, KINDS};
use crate::failure::Failure;
use crate::home::{By, Home};
use crate::text::table;

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
    let about = commands::kind(kind)?;
    let index = home.index()?;
    match action.unwrap_or(&RecordAction::List) {
        RecordAction::List => list(&index, about, format),
        RecordAction::Add { values } => {
            let values = parted(values)?;
            let kept = commands::record(home, &index, By::KEYBOARD, kind, &values)?;
            let entry = kept.entry;
            match kept.replaced {
                Some(before) => say!("entry {entry}: {kind} recorded; it replaces entry {before}"),
                None => say!("entry {entry}: {kind} recorded"),
            }
            Ok(0)
        }
        RecordAction::Show { entry } => {
            say!("{}", to_line(&commands::find(&index, about, *entry)?));
            Ok(0)
        }
        RecordAction::End { entry, reason } => {
            let ended = commands::end_record(home, &index, By::KEYBOARD, kind, *entry, reason)?;
            say!("entry {ended}: {kind} of entry {entry} ended");
            Ok(0)
        }
    }
}

fn list(index: &Index, about: &'static Table, format: Format) -> Result<u8, Failure> {
    let records = index.records(about)?;
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

/// `column=value` words, parted.
fn parted(values: &[String]) -> Result<Vec<(String, String)>, Failure> {
    let each = values.iter().map(|word| {
        word.split_once('=')
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .ok_or_else(|| Failure::usage(format!("{word:?}: expected column=value")))
    });
    each.collect()
}
