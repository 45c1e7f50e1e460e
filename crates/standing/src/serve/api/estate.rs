//! People and systems, with the rows of other tables that belong to them.

use std::collections::BTreeMap;

use rusqlite::types::Value as Sql;
use serde_json::{Value, json};
use standing_assess::Estate;
use standing_facts::{ColumnKind, Table, tables};

use super::doc::{Doc, of};
use super::forms::Whole;
use super::paging::{AFTER, LIMIT, Part};
use super::types::{Object, Page};
use crate::serve::right::{Access, Right};
use crate::serve::routes::Route;
use crate::serve::visit::{Answer, Reply, Trouble, Visit};

/// Millions of SQLite steps that one question may take.
const BUDGET: u64 = 200;
/// Rows of one table that belong to one thing, at most.
const RELATED: usize = 1_000;

/// Its routes.
pub const ROUTES: &[Route] = &[
    Route::get("/api/v1/people", Access::With(Right::ReadPersonal), people).described(&Doc {
        query: &[LIMIT, AFTER],
        ..Doc::get("People, as sources tell of them", of::<Page<Object>>)
    }),
    Route::get("/api/v1/people/{id}", Access::With(Right::ReadPersonal), person).described(
        &Doc {
            about: "With accounts, rights, training and devices.",
            ..Doc::get("One person", of::<Whole>)
        },
    ),
    Route::get("/api/v1/systems", Access::With(Right::Read), systems).described(&Doc {
        query: &[LIMIT, AFTER],
        ..Doc::get("Systems, as sources and records tell of them", of::<Page<Object>>)
    }),
    Route::get("/api/v1/systems/{id}", Access::With(Right::ReadPersonal), system).described(
        &Doc {
            about: "With accounts, stores of data, flows, backups and restores. `id` may also be its name.",
            ..Doc::get("One system", of::<Whole>)
        },
    ),
];

/// What belongs to a person, `?1` being the identifier.
const OF_PERSON: &[(&str, &str)] = &[
    (
        "account",
        "select * from account where id in (select account from link where person = ?1) order by id",
    ),
    (
        "grant",
        "select * from \"grant\" where account in (select account from link where person = ?1) order by id",
    ),
    (
        "training_completion",
        "select t.* from training_completion as t, person as p where p.id = ?1
           and (t.email = p.email or t.employee_number = p.employee_number) order by t.id",
    ),
    (
        "asset",
        "select a.* from asset as a, person as p where p.id = ?1
           and a.owner in (p.email, p.name, p.employee_number) order by a.id",
    ),
];

/// What belongs to a system, `?1` being its name.
const OF_SYSTEM: &[(&str, &str)] = &[
    (
        "account",
        "select * from account where system = ?1 order by id",
    ),
    ("store", "select * from store where system = ?1 order by id"),
    (
        "backup",
        "select * from backup where system = ?1 order by id",
    ),
    (
        "restore",
        "select * from restore where system = ?1 order by id",
    ),
    ("asset", "select * from asset where system = ?1 order by id"),
    (
        "flow",
        "select * from flow where origin = ?1 or destination = ?1 order by id",
    ),
];

/// A cell of a column of this kind; `None` where it is not known.
pub fn value(cell: Sql, kind: Option<ColumnKind>) -> Option<Value> {
    match (cell, kind) {
        (Sql::Integer(n), Some(ColumnKind::Truth)) => Some(json!(n != 0)),
        (Sql::Integer(n), _) => Some(json!(n)),
        (Sql::Text(text), _) => Some(json!(text)),
        _ => None,
    }
}

/// Rows as objects: truth values are true and false, and what is not known is left out.
fn objects(
    estate: &Estate<'_>,
    table: &'static Table,
    sql: &str,
    values: &[Sql],
) -> Result<Vec<Object>, Trouble> {
    let answer = estate
        .query_with(sql, values, BUDGET)
        .map_err(Trouble::ours)?;
    let of_kind = |name: &str| {
        table
            .columns
            .iter()
            .find(|c| c.name == name)
            .map(|c| c.kind)
    };
    let object = |row: Vec<Sql>| {
        let cells = answer.columns.iter().zip(row);
        let told =
            cells.filter_map(|(name, cell)| Some((name.clone(), value(cell, of_kind(name))?)));
        told.collect()
    };
    Ok(answer.rows.into_iter().map(object).collect())
}

fn table(name: &str) -> Result<&'static Table, Trouble> {
    tables::table(name).ok_or_else(|| Trouble::ours(format!("no table {name}")))
}

fn list(visit: &Visit, name: &'static str) -> Answer {
    let now = visit.app.snapshot()?;
    let part = Part::of(visit)?;
    let after = Sql::Text(part.after.clone().unwrap_or_default());
    let most = Sql::Integer(i64::try_from(part.limit + 1).unwrap_or(i64::MAX));
    let rows = visit.app.readers.ask(&now, move |estate| {
        let sql = format!("select * from {name} where id > ?1 order by id limit ?2");
        objects(estate, table(name)?, &sql, &[after, most])
    })?;
    let id = |row: &Object| {
        row.get("id")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    Ok(Reply::json(&part.page(rows, id)))
}

fn people(visit: &Visit) -> Answer {
    list(visit, "person")
}

fn systems(visit: &Visit) -> Answer {
    list(visit, "system")
}

/// The row of a thing and what belongs to it, asked by one of its columns.
fn whole(
    visit: &Visit,
    name: &'static str,
    found_by: &'static str,
    belongs: &'static [(&'static str, &'static str)],
    by: &'static str,
) -> Answer {
    let now = visit.app.snapshot()?;
    let id = visit.parameter("id").to_owned();
    let whole = visit.app.readers.ask(&now, move |estate| {
        let sql = format!("select * from {name} where {found_by} limit 1");
        let row = objects(estate, table(name)?, &sql, &[Sql::Text(id)])?.pop();
        let row = row.ok_or_else(|| Trouble::missing(format!("There is no such {name}.")))?;
        let key = row
            .get(by)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
        let mut related = BTreeMap::new();
        for (of, sql) in belongs {
            let sql = format!("{sql} limit {RELATED}");
            let rows = objects(estate, table(of)?, &sql, &[Sql::Text(key.clone())])?;
            related.insert((*of).to_owned(), rows);
        }
        Ok(Whole { row, related })
    })?;
    Ok(Reply::json(&whole))
}

fn person(visit: &Visit) -> Answer {
    whole(visit, "person", "id = ?1", OF_PERSON, "id")
}

fn system(visit: &Visit) -> Answer {
    whole(visit, "system", "id = ?1 or name = ?1", OF_SYSTEM, "name")
}
