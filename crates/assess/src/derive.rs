//! Tables that are computed when an estate is looked at: links, clocks, support dates.

use jiff::civil::Date;
use rusqlite::{Connection, Result, params};
use standing_facts::tables;

use crate::index::{IndexError, access_reviews, column_sql, indexed};
use crate::time::AsOf;

pub(crate) mod access;
pub mod patching;

/// Until when one release of a product is supported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SupportRow {
    /// `debian`, `ubuntu`, `windows` …
    pub product: String,
    /// The release.
    pub cycle: String,
    /// Last day of security support open to everybody.
    pub ends_on: Option<Date>,
    /// Last day of extended support, where there is one.
    pub extended_until: Option<Date>,
    /// Who says so.
    pub said_by: String,
}

/// Tables that are filled here.
const LAID: [&str; 4] = ["link", "link_candidate", "access_review", "support"];

/// Fills the derived tables: what is stated, then what follows from it.
pub(crate) fn run(
    connection: &Connection,
    as_of: &AsOf,
    support: &[SupportRow],
) -> std::result::Result<(), IndexError> {
    crate::links::overlay(connection, as_of.date)?;
    for name in LAID {
        lay(connection, name)?;
    }
    crate::links::lay(connection)?;
    reviews(connection, as_of)?;
    for row in support {
        connection
            .prepare_cached("insert or ignore into temp.support values (?1, ?2, ?3, ?4, ?5)")?
            .execute(params![
                row.product,
                row.cycle,
                row.ends_on.map(|d| d.to_string()),
                row.extended_until.map(|d| d.to_string()),
                row.said_by
            ])?;
    }
    Ok(count(connection)?)
}

/// Every system of every campaign that had been opened by the moment, as far as it had come by then.
fn reviews(connection: &Connection, as_of: &AsOf) -> std::result::Result<(), IndexError> {
    let day = |date: Option<jiff::civil::Date>| date.map(|d| d.to_string());
    for one in access_reviews(connection, as_of)? {
        connection
            .prepare_cached(
                "insert or ignore into temp.access_review
                 values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
            )?
            .execute(params![
                one.system,
                one.campaign,
                day(one.opened_on),
                day(one.due_on),
                day(one.closed_on),
                day(one.finished_on),
                one.complete,
                one.rows,
                one.reviewed,
                one.removals,
                one.proven,
                one.excepted,
                one.came_back
            ])?;
    }
    Ok(())
}

/// Tells SQLite how large the derived tables are. Tables of a handful of rows are left out: for
/// those it would choose a scan over an index, which the plan lint takes for a cliff.
fn count(connection: &Connection) -> Result<()> {
    for name in LAID {
        let rows: i64 =
            connection.query_row(&format!("select count(*) from temp.{name}"), [], |r| {
                r.get(0)
            })?;
        if rows > 1_000 {
            connection.execute_batch(&format!("analyze temp.{name}"))?;
        }
    }
    Ok(())
}

/// A temporary table like the declared one, holding what sources and people stated.
fn lay(connection: &Connection, name: &str) -> Result<()> {
    let Some(table) = tables::table(name) else {
        return Ok(());
    };
    let keys: Vec<&str> = table
        .columns
        .iter()
        .filter(|c| c.key)
        .map(|c| c.name)
        .collect();
    let names: Vec<&str> = table.columns.iter().map(|c| c.name).collect();
    connection.execute_batch(&format!(
        "create temp table {name} ({} unique ({}));
         insert or ignore into temp.{name} select {} from temp.stated_{name};",
        column_sql(table),
        keys.join(", "),
        names.join(", ")
    ))?;
    for column in indexed(table) {
        connection.execute_batch(&format!(
            "create index temp.{name}_{column} on {name} ({column})"
        ))?;
    }
    Ok(())
}
