//! From columns and values as people write them to a row that may be kept.

use standing_facts::{Cell, ColumnKind, Row, Table, tables};

use crate::config::nearest;
use crate::failure::Failure;
use crate::home::Home;

/// Tables that people may fill by hand. Everything else comes from sources alone.
pub const KINDS: &[&str] = &[
    "account_decision",
    "agreement",
    "asset",
    "asset_rename",
    "attestation",
    "backup",
    "certificate",
    "completeness",
    "data_element",
    "exception",
    "fix_date",
    "flow",
    "incident",
    "link",
    "patch_evidence",
    "patch_exception",
    "patch_policy",
    "person",
    "restore",
    "risk",
    "role_entitlement",
    "store",
    "supplier",
    "system",
    "training_completion",
    "training_need",
];

/// Whether a record of this kind is a statement that verdicts rest on, and not a line of a register.
pub fn needs_attesting(kind: &str) -> bool {
    matches!(kind, "attestation" | "completeness" | "exception")
}

/// The table of a kind of record.
///
/// # Errors
/// When people may not fill it by hand.
pub fn kind(name: &str) -> Result<&'static Table, Failure> {
    KINDS
        .contains(&name)
        .then(|| tables::table(name))
        .flatten()
        .ok_or_else(|| {
            let failure = Failure::usage(format!("no kind of record {name:?}")).at("kind");
            match nearest(name, KINDS) {
                Some(near) => failure.hint(format!("did you mean {near:?}?")),
                None => failure.hint(format!("known are {}", KINDS.join(", "))),
            }
        })
}

/// Columns and their values as a row; an id is made where none is given.
///
/// # Errors
/// Every column that is unknown, missing or does not fit, all at once.
pub fn row(
    home: &Home,
    about: &'static Table,
    values: &[(String, String)],
) -> Result<Row, Failure> {
    let mut cells: Vec<Option<Cell>> = vec![None; about.columns.len()];
    let names: Vec<&str> = about.columns.iter().map(|c| c.name).collect();
    let mut mistakes: Vec<(String, String)> = Vec::new();
    let mut hint = None;
    for (name, value) in values {
        let Some(at) = names.iter().position(|n| n == name) else {
            hint.get_or_insert_with(|| match nearest(name, &names) {
                Some(near) => format!("did you mean {near:?}?"),
                None => format!("columns are {}", names.join(", ")),
            });
            mistakes.push((
                name.clone(),
                format!("{} has no column {name:?}", about.name),
            ));
            continue;
        };
        match cell(about.columns[at].kind, value) {
            Ok(cell) => cells[at] = Some(cell),
            Err(expected) => {
                mistakes.push((
                    name.clone(),
                    format!("{name}={value:?}: expected {expected}"),
                ));
                // It was given: that it is missing too would be one mistake told twice.
                cells[at] = Some(Cell::Null);
            }
        }
    }
    let made_id = made_id(home, about, &cells);
    let mut lacking = Vec::new();
    let mut whole = Vec::new();
    for (column, given) in about.columns.iter().zip(cells) {
        whole.push(match given {
            Some(cell) => cell,
            None if column.name == "id" => Cell::Text(made_id.clone()),
            None => {
                if !column.nullable {
                    lacking.push(column.name);
                }
                Cell::Null
            }
        });
    }
    refuse(about, mistakes, &lacking, hint)?;
    Ok(Row {
        table: about,
        cells: whole,
    })
}

fn refuse(
    about: &Table,
    mistakes: Vec<(String, String)>,
    lacking: &[&str],
    hint: Option<String>,
) -> Result<(), Failure> {
    if mistakes.is_empty() && lacking.is_empty() {
        return Ok(());
    }
    let mut said: Vec<String> = mistakes.iter().map(|(_, what)| what.clone()).collect();
    let mut fields = mistakes;
    if !lacking.is_empty() {
        said.push(format!("{} needs {}", about.name, lacking.join(", ")));
        let each = lacking.iter().map(|name| (*name).to_owned());
        fields.extend(each.map(|name| (name.clone(), format!("{} needs {name}", about.name))));
    }
    let mut failure = Failure::usage(said.join("; "));
    failure.fields = fields;
    if !lacking.is_empty() {
        failure = failure.hint("docs/facts.md says what each column means");
    }
    failure.hint = hint.or(failure.hint);
    Err(failure)
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

/// A value as its column holds it; otherwise what was expected.
fn cell(kind: ColumnKind, value: &str) -> Result<Cell, &'static str> {
    Ok(match kind {
        ColumnKind::Text => Cell::Text(value.to_owned()),
        ColumnKind::Integer => Cell::Integer(value.parse().map_err(|_| "a whole number")?),
        ColumnKind::Truth => Cell::Integer(match value {
            "yes" | "true" | "1" => 1,
            "no" | "false" | "0" => 0,
            _ => return Err("yes or no"),
        }),
        ColumnKind::Date => {
            let day: jiff::civil::Date = value.parse().map_err(|_| "a day as 2026-11-21")?;
            Cell::Text(day.to_string())
        }
    })
}
