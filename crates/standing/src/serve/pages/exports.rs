//! Exports: what Standing knows as files, for spreadsheets and for other programs.
//!
//! What is about people is taken out in bulk only by somebody who proved a moment ago who they are,
//! and the log notes what was taken and how many rows.

use std::io::Write;

use askama::Template;
use jiff::civil::Date;
use rusqlite::types::Value as Sql;
use standing_assess::check::Verdict;
use standing_facts::{Cell as Fact, Row, Table, to_line};

use super::frame::Frame;
use super::words;
use crate::commands;
use crate::serve::csv::{self, Cell};
use crate::serve::personal::{TABLES as PERSONAL, is_personal, take_out};
use crate::serve::right::{Access, Right};
use crate::serve::routes::Route;
use crate::serve::visit::{Answer, Reply, Trouble, Visit};

/// Its routes.
pub const ROUTES: &[Route] = &[
    Route::get("/exports", Access::With(Right::Read), page),
    Route::get("/exports/status.json", Access::With(Right::Read), status),
    Route::get("/exports/items.csv", Access::With(Right::Read), items),
    Route::get("/exports/checks.csv", Access::With(Right::Read), checks),
    Route::get("/exports/forecast.csv", Access::With(Right::Read), forecast),
    Route::get("/exports/log.jsonl", Access::With(Right::Read), log),
    Route::get(
        "/exports/records/{file}",
        Access::With(Right::ReadPersonal),
        records,
    ),
    Route::form(
        "/exports/personal/{what}",
        Access::Proven(Right::ExportPersonal),
        personal,
    ),
];

/// A register that can be taken out.
struct Register {
    kind: &'static str,
    words: String,
    count: u64,
}

#[derive(Template)]
#[template(path = "exports.html")]
struct Page {
    frame: Frame,
    registers: Vec<Register>,
    entries: u64,
    items: u64,
    checks: u64,
    may_personal: bool,
    proven: bool,
}

fn page(visit: &Visit) -> Answer {
    let now = visit.app.snapshot()?;
    let home = visit.app.home();
    let index = home.index()?;
    let who = visit.who()?;
    let mut registers = Vec::new();
    let kinds = commands::KINDS.iter().filter(|kind| !is_personal(kind));
    for kind in kinds.filter(|_| who.may(Right::ReadPersonal)) {
        let table = commands::kind(kind)?;
        registers.push(Register {
            kind: table.name,
            words: kind.replace('_', " "),
            count: index.records(table)?.len() as u64,
        });
    }
    let page = Page {
        registers,
        entries: home.vault.size(),
        items: now.today.items.len() as u64,
        checks: now.today.checks.len() as u64,
        may_personal: who.may(Right::ExportPersonal),
        proven: who.proven(),
        frame: Frame::of(visit, "/settings"),
    };
    Ok(Reply::page(page.render()?))
}

fn status(visit: &Visit) -> Answer {
    let now = visit.app.snapshot()?;
    let personal = visit.who()?.may(Right::ReadPersonal);
    let whole = crate::status::to_json(&now.home, &now.terms, &now.today, &now.then, personal);
    let text = format!("{whole:#}\n");
    Ok(Reply::download(
        "application/json",
        &format!("standing-{}.json", now.day()),
        Box::new(move |out| out.write_all(text.as_bytes())),
    ))
}

fn day(day: Option<Date>) -> String {
    day.map_or(String::new(), |d| d.to_string())
}

fn items(visit: &Visit) -> Answer {
    let now = visit.app.snapshot()?;
    let name = format!("items-{}.csv", now.day());
    let personal = visit.who()?.may(Right::ReadPersonal);
    let headings = &[
        "item",
        "title",
        "verdict",
        "basis",
        "asked",
        "mandatory",
        "certainty",
        "reason",
        "turn",
        "lapses_on",
        "lapses_because",
        "stated_by",
        "stated_on",
        "expires_on",
        "statement",
    ];
    let write = move |out: &mut dyn Write| {
        let mut table = csv::Table::begin(out, headings)?;
        for item in &now.today.items {
            let said = item.statement.as_ref();
            table.texts(&[
                &item.item,
                &item.title,
                &item.verdict,
                &item.basis.as_str(),
                &item.asked,
                &item.mandatory,
                &item.certainty,
                &item.reason_for(personal),
                &item.turn.as_deref().unwrap_or_default(),
                &day(item.lapses_on),
                &item.lapses_because.as_deref().unwrap_or_default(),
                &said.map_or("", |s| &s.stated_by),
                &day(said.map(|s| s.stated_on)),
                &day(said.map(|s| s.expires_on)),
                &said.map_or("", |s| &s.statement),
            ])?;
        }
        Ok(())
    };
    Ok(Reply::download(csv::KIND, &name, Box::new(write)))
}

fn checks(visit: &Visit) -> Answer {
    let now = visit.app.snapshot()?;
    let name = format!("checks-{}.csv", now.day());
    let headings = &[
        "check",
        "claim",
        "verdict",
        "met",
        "not_met",
        "unknown",
        "not_applicable",
        "excepted",
        "cannot_see",
    ];
    let write = move |out: &mut dyn Write| {
        let mut table = csv::Table::begin(out, headings)?;
        for check in &now.terms.checks {
            let Some(result) = now.today.checks.get(&check.name) else {
                continue;
            };
            table.row(&[
                (&check.name).into(),
                (&check.claim).into(),
                result.verdict.as_str().into(),
                result.count(Verdict::Met).into(),
                result.count(Verdict::NotMet).into(),
                result.count(Verdict::Unknown).into(),
                result.count(Verdict::NotApplicable).into(),
                result.excepted.into(),
                (&check.cannot_see).into(),
            ])?;
        }
        Ok(())
    };
    Ok(Reply::download(csv::KIND, &name, Box::new(write)))
}

fn forecast(visit: &Visit) -> Answer {
    let now = visit.app.snapshot()?;
    let name = format!("forecast-{}.csv", now.day());
    let headings = &[
        "on",
        "what",
        "name",
        "detail",
        "lapsing",
        "of",
        "items",
        "renewed_by_reading",
    ];
    let write = move |out: &mut dyn Write| {
        let mut table = csv::Table::begin(out, headings)?;
        for lapse in &now.today.lapses {
            let (on, items) = (lapse.on.to_string(), lapse.items.join(" "));
            let renewed = if lapse.renewed_by_reading {
                "yes"
            } else {
                "no"
            };
            table.row(&[
                (&on).into(),
                lapse.what.into(),
                (&lapse.name).into(),
                (&lapse.detail).into(),
                lapse.subjects.map(|(lapsing, _)| lapsing).into(),
                lapse.subjects.map(|(_, of)| of).into(),
                (&items).into(),
                renewed.into(),
            ])?;
        }
        Ok(())
    };
    Ok(Reply::download(csv::KIND, &name, Box::new(write)))
}

/// The whole log, an entry a line, as it is hashed. Payloads are not in it.
fn log(visit: &Visit) -> Answer {
    let home = visit.app.home();
    let size = home.vault.refresh().map_err(Trouble::ours)?;
    let write = move |out: &mut dyn Write| {
        let entries = home.vault.entries(0..size).map_err(std::io::Error::other)?;
        for entry in entries {
            let entry = entry.map_err(std::io::Error::other)?;
            out.write_all(&entry.canonical().map_err(std::io::Error::other)?)?;
            out.write_all(b"\n")?;
        }
        Ok(())
    };
    Ok(Reply::download(
        "application/jsonl",
        &format!("log-{size}.jsonl"),
        Box::new(write),
    ))
}

/// A register as `KIND.csv` or `KIND.jsonl`.
fn records(visit: &Visit) -> Answer {
    let file = visit.parameter("file");
    let missing = || Trouble::missing(format!("There is no export {file:?}."));
    let (kind, form) = file.rsplit_once('.').ok_or_else(missing)?;
    let about = commands::kind(kind).map_err(|_| missing())?;
    if is_personal(about.name) {
        return Err(Trouble::forbidden(
            "This register is about people: it is taken out with a proof of who asks, on the page of exports.",
        ));
    }
    let rows: Vec<Row> = visit
        .app
        .home()
        .index()?
        .records(about)?
        .into_iter()
        .map(|(_, row)| row)
        .collect();
    match form {
        "csv" => Ok(Reply::download(
            csv::KIND,
            file,
            Box::new(move |out| write_rows(out, about, &rows)),
        )),
        "jsonl" => Ok(Reply::download(
            "application/jsonl",
            file,
            Box::new(move |out| {
                rows.iter()
                    .try_for_each(|row| writeln!(out, "{}", to_line(row)))
            }),
        )),
        _ => Err(missing()),
    }
}

fn write_rows(out: &mut dyn Write, about: &Table, rows: &[Row]) -> std::io::Result<()> {
    let headings: Vec<&str> = about.columns.iter().map(|c| c.name).collect();
    let mut table = csv::Table::begin(out, &headings)?;
    for row in rows {
        let cells: Vec<Cell<'_>> = row
            .cells
            .iter()
            .map(|cell| match cell {
                Fact::Null => Cell::Empty,
                Fact::Integer(n) => Cell::Number(*n),
                Fact::Text(text) => Cell::Text(text),
            })
            .collect();
        table.row(&cells)?;
    }
    Ok(())
}

/// Facts about people.
fn personal(visit: &Visit) -> Answer {
    let taken = take_out(visit, visit.parameter("what"))?;
    Ok(Reply::download(
        csv::KIND,
        &format!("{}-{}.csv", taken.about.name, taken.day),
        Box::new(move |out| write_facts(out, taken.about, &taken.rows)),
    ))
}

fn write_facts(out: &mut dyn Write, about: &Table, rows: &[Vec<Sql>]) -> std::io::Result<()> {
    let headings: Vec<&str> = about.columns.iter().map(|c| c.name).collect();
    let mut table = csv::Table::begin(out, &headings)?;
    for row in rows {
        let cells: Vec<Cell<'_>> = row
            .iter()
            .map(|cell| match cell {
                Sql::Integer(n) => Cell::Number(*n),
                Sql::Text(text) => Cell::Text(text),
                Sql::Null | Sql::Real(_) | Sql::Blob(_) => Cell::Empty,
            })
            .collect();
        table.row(&cells)?;
    }
    Ok(())
}
