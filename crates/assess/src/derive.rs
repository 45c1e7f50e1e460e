//! Tables that are computed when an estate is looked at: links, findings, support dates.

use rusqlite::{Connection, Result, params};
use standing_facts::tables;

use crate::index::{IndexError, access_reviews, column_sql, indexed};
use crate::time::AsOf;

/// Until when one release of a product is supported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SupportRow {
    /// `debian`, `ubuntu`, `windows` …
    pub product: String,
    /// The release.
    pub cycle: String,
    /// Last day of security support open to everybody.
    pub ends_on: Option<jiff::civil::Date>,
    /// Last day of extended support, where there is one.
    pub extended_until: Option<jiff::civil::Date>,
    /// Who says so.
    pub said_by: String,
}

/// Tables that are filled here.
const LAID: [&str; 4] = ["link", "advisory_finding", "access_review", "support"];

/// Fills `link`, `advisory_finding`, `access_review` and `support`: what is stated, then what follows
/// from it.
pub(crate) fn run(
    connection: &Connection,
    as_of: &AsOf,
    support: &[SupportRow],
) -> std::result::Result<(), IndexError> {
    for name in LAID {
        lay(connection, name)?;
    }
    links(connection)?;
    findings(connection)?;
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

/// Links accounts with people by employee number, e-mail and login. A key that leads to two people
/// links nobody; keys that disagree link nobody; names are never a key. Service, system, shared and
/// break-glass accounts belong to no single person. Of several rows for one person the current one
/// counts.
fn links(connection: &Connection) -> Result<()> {
    connection.execute_batch(
        "drop table if exists temp.person_key; drop table if exists temp.account_key;
         create temp table person_key (kind text, value text collate nocase, person text,
           current integer, left_on text);
         insert into person_key
           select 'employee number', ltrim(employee_number, '0'), id, left_on is null, left_on
             from person where ltrim(employee_number, '0') <> ''
           union all
           select 'e-mail', email, id, left_on is null, left_on from person where email <> ''
           union all
           select 'login', substr(email, 1, instr(email, '@') - 1), id, left_on is null, left_on
             from person where instr(email, '@') > 3;
         create index temp.person_key_value on person_key (value, kind);
         create temp table account_key (kind text, value text collate nocase, account text);
         insert into account_key
           select 'employee number', ltrim(employee_number, '0'), id from account
             where ltrim(employee_number, '0') <> '' and coalesce(kind, '') not in
               ('service', 'system', 'shared', 'break-glass')
           union all
           select 'e-mail', email, id from account where email <> '' and coalesce(kind, '') not in
               ('service', 'system', 'shared', 'break-glass')
           union all
           select 'e-mail', login, id from account
             where instr(login, '@') > 0 and login is not email and coalesce(kind, '') not in
               ('service', 'system', 'shared', 'break-glass')
           union all
           select 'login', case when login like 'adm-%' then substr(login, 5)
                                when login like 'admin-%' then substr(login, 7)
                                when login like '%.admin' then substr(login, 1, length(login) - 6)
                                when login like '%-admin' then substr(login, 1, length(login) - 6)
                                else login end, id from account
             where instr(login, '@') = 0 and coalesce(kind, '') not in
               ('service', 'system', 'shared', 'break-glass');
         -- One person a key: the current row, or the one who left last; a tie names nobody.
         drop table if exists temp.sole;
         create temp table sole (kind text, value text collate nocase, person text);
         insert into sole
           select kind, value, min(person) as person from (
             select kind, value, person,
               rank() over (partition by kind, value order by current desc, left_on desc) as place
             from person_key)
           where place = 1 group by kind, value having count(distinct person) = 1;
         create index temp.sole_value on sole (value, kind);
         insert or ignore into temp.link
           select account, min(person), group_concat(kind, '+') from (
             select distinct account_key.account, sole.person, account_key.kind
             from account_key join sole
               on sole.value = account_key.value and sole.kind = account_key.kind
             order by account_key.account, account_key.kind)
           group by account having count(distinct person) = 1;
         drop table temp.person_key; drop table temp.account_key; drop table temp.sole;",
    )
}

/// Compares components with advisories. The advisory is the outer loop on purpose: there are far
/// fewer of them, and components are indexed by name.
fn findings(connection: &Connection) -> Result<()> {
    connection.execute_batch(
        "insert or ignore into temp.advisory_finding
           (asset, component, advisory, version, affected, aliases, severity, fixed, fix_released_on)
         select asset, component, advisory, version, affected, aliases, severity, fixed, released
         from (
           select component.asset, component.name as component, advisory.id as advisory,
             component.version as version, advisory.aliases, advisory.severity, advisory.fixed,
             case when advisory.fixed is not null then advisory.published_on end as released,
             osv_affects(component.ecosystem, component.version, advisory.events,
               advisory.versions) as affected
           from advisory cross join component
             on component.name = advisory.package and component.ecosystem = advisory.ecosystem
           where advisory.withdrawn_on is null)
         where affected is not 0",
    )
}
