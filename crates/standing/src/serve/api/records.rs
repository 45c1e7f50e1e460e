//! Records: what people state and keep by hand.

use std::collections::BTreeMap;

use serde_json::Value;
use standing_facts::{ColumnKind, to_line};

use super::doc::{Doc, of};
use super::forms::{Column, NewRecord, Record, RecordKind};
use super::items::end;
use super::paging::{AFTER, LIMIT, Part};
use super::types::{End, Page};
use crate::commands;
use crate::serve::right::{Access, Right};
use crate::serve::routes::Route;
use crate::serve::visit::{Answer, Reply, Trouble, Visit};

/// Its routes.
pub const ROUTES: &[Route] = &[
    Route::get("/api/v1/record-kinds", Access::With(Right::Read), kinds).described(&Doc {
        query: &[LIMIT, AFTER],
        ..Doc::get("The kinds of record and their columns", of::<Page<RecordKind>>)
    }),
    Route::get(
        "/api/v1/records/{kind}",
        Access::With(Right::ReadPersonal),
        all,
    )
    .described(&Doc {
        query: &[LIMIT, AFTER],
        ..Doc::get("The records of a kind that have not ended", of::<Page<Record>>)
    }),
    Route::json(
        "POST",
        "/api/v1/records/{kind}",
        Access::With(Right::Record),
        add,
    )
    .described(&Doc {
        about: "A record about the same thing replaces the former. Kinds that verdicts rest on need the \
            right `attest` too, and `stated_by` or `approved_by` is whoever asks.",
        ..Doc::act("Keep a record", of::<NewRecord>)
    }),
    Route::json(
        "POST",
        "/api/v1/records/{kind}/{entry}/end",
        Access::With(Right::Record),
        end_one,
    )
    .described(&Doc {
        about: "It stays in the vault, and no longer counts.",
        ..Doc::act("End a record", of::<End>)
    }),
];

fn described(kind: &&'static str) -> Option<RecordKind> {
    let table = commands::kind(kind).ok()?;
    let columns = table.columns.iter().map(|column| Column {
        name: column.name,
        form: match column.kind {
            ColumnKind::Text => "text",
            ColumnKind::Integer => "integer",
            ColumnKind::Truth => "truth",
            ColumnKind::Date => "date",
        },
        // An identifier is made where none is given.
        required: !column.nullable && column.name != "id",
        meaning: column.doc.trim(),
    });
    Some(RecordKind {
        kind: table.name,
        meaning: table.doc.trim(),
        needs_attest: commands::needs_attesting(table.name),
        columns: columns.collect(),
    })
}

fn kinds(visit: &Visit) -> Answer {
    let kinds: Vec<RecordKind> = commands::KINDS.iter().filter_map(described).collect();
    Ok(Reply::json(
        &Part::of(visit)?.take(kinds, |k| k.kind.to_owned()),
    ))
}

/// The kind in the path.
fn kind(visit: &Visit) -> Result<&'static standing_facts::Table, Trouble> {
    commands::kind(visit.parameter("kind")).map_err(|failure| {
        let trouble = Trouble::missing(failure.message);
        match failure.hint {
            Some(hint) => trouble.hint(hint),
            None => trouble,
        }
    })
}

fn all(visit: &Visit) -> Answer {
    let about = kind(visit)?;
    let records = visit.app.index()?.records(about)?;
    let told: Result<Vec<Record>, Trouble> = records
        .iter()
        .map(|(entry, row)| {
            let row = serde_json::from_str(&to_line(row)).map_err(Trouble::ours)?;
            Ok(Record { entry: *entry, row })
        })
        .collect();
    let mut told = told?;
    told.sort_by_key(|r| r.entry);
    let page = Part::of(visit)?.take(told, |r| format!("{:020}", r.entry));
    Ok(Reply::json(&page))
}

/// Whether whoever asks may keep records of this kind.
fn may(visit: &Visit, kind: &str) -> Result<(), Trouble> {
    if commands::needs_attesting(kind) && !visit.who()?.may(Right::Attest) {
        return Err(Trouble::forbidden(format!(
            "Verdicts rest on {kind}s, so this needs the right \"attest\"."
        )));
    }
    Ok(())
}

/// The values as people write them.
fn written(cells: &BTreeMap<String, Value>) -> Result<Vec<(String, String)>, Trouble> {
    let mut wrong = Vec::new();
    let mut values = Vec::new();
    for (name, cell) in cells {
        match cell {
            Value::String(text) => values.push((name.clone(), text.clone())),
            Value::Bool(truth) => values.push((name.clone(), truth.to_string())),
            Value::Number(number) => values.push((name.clone(), number.to_string())),
            Value::Null | Value::Array(_) | Value::Object(_) => {
                let words = "expected text, a whole number, or true or false";
                wrong.push((name.clone(), words.to_owned()));
            }
        }
    }
    if wrong.is_empty() {
        return Ok(values);
    }
    let mut trouble = Trouble::unusable("Some values are of no form that a record can hold.");
    trouble.fields = wrong;
    Err(trouble)
}

fn add(visit: &Visit) -> Answer {
    let about = kind(visit)?;
    may(visit, about.name)?;
    let NewRecord(cells) = visit.json()?;
    let mut values = written(&cells)?;
    let who = ["stated_by", "approved_by", "decided_by"];
    let decides = about.columns.iter().any(|c| c.name == "decided_by");
    if commands::needs_attesting(about.name) || decides {
        values.retain(|(name, _)| !who.contains(&name.as_str()));
        let column = about.columns.iter().find(|c| who.contains(&c.name));
        let name = &visit.who()?.name;
        values.extend(column.map(|c| (c.name.to_owned(), name.clone())));
    }
    let by = visit.by()?;
    let attests = visit.who()?.may(Right::Attest);
    commands::within_rights(about.name, &values, attests)?;
    let acted = visit.app.act(by, |home, index| {
        commands::record(home, index, by, about.name, &values).map(|kept| kept.entry)
    })?;
    Ok(super::kept(acted))
}

fn end_one(visit: &Visit) -> Answer {
    let about = kind(visit)?;
    may(visit, about.name)?;
    end(visit, about.name)
}
