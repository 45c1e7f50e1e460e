//! endoflife.date: the lists of its API, the objects of its API's version 1, and the products as its
//! own repository keeps them, one on a line. Source: <https://endoflife.date/docs/api>.
//!
//! An end that is told as yes or no is no day. *No* is a row without a day: it was supported when it was
//! asked. *Yes* is no row, because a row without a day would say the opposite.

use std::collections::BTreeMap;

use serde_json::Value;
use standing_facts::Date;
use standing_facts::tables::Support;

use super::{Dates, row};
use crate::lines::{self, Line};
use crate::unpacked::{Document, Refusal};
use crate::{Sink, dates};

const SAID_BY: &str = "endoflife.date";
/// The longest document; all products together have some ten megabytes.
const BYTES: usize = 64 << 20;

/// Reads one document, or one on each line.
pub(super) fn read(
    document: &Document<'_>,
    product: &str,
    found: &mut Dates,
    sink: &mut Sink<'_>,
) -> Result<(), Refusal> {
    let mut first = None;
    let mut count = 0_u64;
    lines::each(document.text()?, BYTES, &mut |_, line| {
        if let Line::Text(text) = line {
            first.get_or_insert_with(|| serde_json::from_str::<Value>(text).is_ok());
            count += u64::from(!text.trim().is_empty());
        }
    })
    .map_err(|e| Refusal::io(&e))?;
    let unnamed = Some(product)
        .filter(|p| !p.is_empty())
        .unwrap_or(&document.stem);
    if first == Some(true) && count > 1 {
        return each_line(document, unnamed, found, sink);
    }
    let value = whole(document)?;
    if products(&value, unnamed, &document.part, None, found, sink) {
        return Ok(());
    }
    Err(Refusal::new("is none of the forms of endoflife.date"))
}

fn whole(document: &Document<'_>) -> Result<Value, Refusal> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    let read = document
        .text()?
        .take(BYTES as u64 + 1)
        .read_to_end(&mut bytes);
    read.map_err(|e| Refusal::io(&e))?;
    if bytes.len() > BYTES {
        return Err(Refusal::too_large("is longer than 64 MiB"));
    }
    serde_json::from_slice(&bytes).map_err(|e| Refusal::json(&e))
}

fn each_line(
    document: &Document<'_>,
    unnamed: &str,
    found: &mut Dates,
    sink: &mut Sink<'_>,
) -> Result<(), Refusal> {
    let part = document.part.as_str();
    let read = lines::each(document.text()?, BYTES, &mut |number, line| {
        let value = match line {
            Line::Text(text) if text.trim().is_empty() => return,
            Line::Text(text) => serde_json::from_str::<Value>(text).ok(),
            Line::TooLong => None,
        };
        let known = value.is_some_and(|v| products(&v, unnamed, part, Some(number), found, sink));
        if !known {
            sink.problem(
                part,
                Some(number),
                None,
                "expected one product with its releases",
            );
        }
    });
    read.map_err(|e| Refusal::io(&e))
}

/// The products of a document; whether it is of a known form.
fn products(
    value: &Value,
    unnamed: &str,
    part: &str,
    line: Option<u64>,
    found: &mut Dates,
    sink: &mut Sink<'_>,
) -> bool {
    let said = said_by(value);
    let place = Place { part, line, said };
    let result = value.get("result").unwrap_or(value);
    match result {
        Value::Array(all) if all.first().is_some_and(is_product) => {
            all.iter().for_each(|one| product(one, &place, found, sink));
        }
        Value::Array(all) if all.first().is_some_and(|one| one.get("cycle").is_some()) => {
            releases(unnamed, all, &place, found, sink);
        }
        one if is_product(one) => product(one, &place, found, sink),
        _ => return false,
    }
    true
}

/// Where a product stands, and who says it.
struct Place<'p> {
    part: &'p str,
    line: Option<u64>,
    said: String,
}

/// Version 1 of the API says when it was made.
fn said_by(value: &Value) -> String {
    let made = value.get("generated_at").or(value.get("last_modified"));
    let day = made.and_then(Value::as_str).and_then(dates::parse);
    day.map_or_else(|| SAID_BY.to_owned(), |day| format!("{SAID_BY} ({day})"))
}

fn is_product(value: &Value) -> bool {
    value["releases"].is_array() && name(value).is_some()
}

fn name(value: &Value) -> Option<&str> {
    let named = value["product"].as_str().or_else(|| value["name"].as_str());
    named.filter(|name| !name.trim().is_empty())
}

fn product(value: &Value, place: &Place<'_>, found: &mut Dates, sink: &mut Sink<'_>) {
    let (Some(name), Some(all)) = (name(value), value["releases"].as_array()) else {
        let what = "expected a product with its releases; left out";
        return sink.problem(place.part, place.line, None, what);
    };
    releases(name, all, place, found, sink);
}

fn releases(
    product: &str,
    all: &[Value],
    place: &Place<'_>,
    found: &mut Dates,
    sink: &mut Sink<'_>,
) {
    let mut rows = BTreeMap::new();
    for value in all {
        if let Some(mut row) = release(product, value, place, found, sink) {
            let open = "supported when it was asked; no end named";
            row.said_by = Some(match row.ends_on {
                Some(_) => place.said.clone(),
                None => format!("{}: {open}", place.said),
            });
            found.put(&row, sink);
            rows.insert(row.cycle.clone(), row);
        }
    }
    if product == "windows" {
        for row in editions(&rows, &place.said) {
            found.put(&row, sink);
        }
    }
}

fn release(
    product: &str,
    value: &Value,
    place: &Place<'_>,
    found: &mut Dates,
    sink: &mut Sink<'_>,
) -> Option<Support> {
    let cycle = ["releaseCycle", "cycle", "name"]
        .iter()
        .find_map(|n| text(&value[*n]));
    let Some(cycle) = cycle else {
        let what = "a release without a name; left out";
        sink.problem(place.part, place.line, Some(product), what);
        return None;
    };
    let mut day = |names: &[&str], open: &str| {
        let end = End::of(value, names, open);
        if end == End::Odd {
            let at = format!("{product} {cycle}");
            let what = "expected a day such as 2026-12-31, or true or false; left out";
            sink.problem(place.part, place.line, Some(&at), what);
        }
        end
    };
    let ends = day(&["eol", "eolFrom"], "isEol");
    let extended = day(&["eoes", "eoesFrom", "extendedSupport"], "isEoes").date();
    match ends {
        End::Day(day) => Some(row(product, &cycle, Some(day), extended)),
        End::No => {
            found.leave("releases that have no end yet, kept without a day");
            Some(row(product, &cycle, None, extended))
        }
        End::Yes => {
            found.leave("releases that have ended on a day that is not told, left out");
            None
        }
        End::NotTold => {
            found.leave("releases whose end is not told, left out");
            None
        }
        End::Odd => None,
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// What is told of an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Day(Date),
    Yes,
    No,
    NotTold,
    Odd,
}

impl End {
    /// Version 1 of the API tells the day and the yes or no apart.
    fn of(value: &Value, names: &[&str], open: &str) -> End {
        let told = names
            .iter()
            .map(|name| &value[*name])
            .find(|v| !v.is_null());
        match told.unwrap_or(&value[open]) {
            Value::Bool(true) => End::Yes,
            Value::Bool(false) => End::No,
            Value::Null => End::NotTold,
            Value::String(text) => dates::parse(text).map_or(End::Odd, End::Day),
            _ => End::Odd,
        }
    }

    fn date(self) -> Option<Date> {
        match self {
            End::Day(day) => Some(day),
            _ => None,
        }
    }
}

/// A release of Windows without its edition carries the earlier of the two days, as in the catalogue.
fn editions(rows: &BTreeMap<String, Support>, said: &str) -> Vec<Support> {
    let home = rows
        .iter()
        .filter_map(|(cycle, row)| Some((cycle.strip_suffix("-w")?, row)));
    let both = home.filter_map(|(base, home)| {
        let enterprise = rows.get(&format!("{base}-e"))?;
        let earlier = home.ends_on?.min(enterprise.ends_on?);
        let is_new = !rows.contains_key(base);
        is_new.then(|| Support {
            said_by: Some(format!("{said}: the first of its editions to end")),
            ..row("windows", base, Some(earlier), None)
        })
    });
    both.collect()
}
