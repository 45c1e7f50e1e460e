//! Who is who in the estate: decisions of people first, then what the matcher finds.
//!
//! A decision counts from its day to its last. One with a person links; one that makes an account a
//! service's, a shared one or another firm's links it to nobody; one that says neither keeps all
//! candidates away: it was looked at, and it is none of those. Kind and owner that were decided stand
//! in the view `account` in the place of what its source says.

use jiff::civil::Date;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Result, Row, params};

use crate::index::{column_names, column_sql, indexed};
use crate::matching::{Account, Band, Person, matches};

/// Lays the decided kinds and owners over the view `account`. Without such a decision the view stays
/// as it is; with one, a table with the same columns and indices takes its place, because a join in
/// the view would end up in the plan of every check.
pub(crate) fn overlay(connection: &Connection, day: Date) -> Result<()> {
    connection.execute_batch("drop table if exists temp.decided_account")?;
    connection.execute_batch(
        "create temp table decided_account (account text primary key, person text, kind text,
           owner text, expires_on text) without rowid",
    )?;
    connection.execute(
        "insert or ignore into temp.decided_account
         select account, nullif(trim(person), ''), nullif(trim(kind), ''), nullif(trim(owner), ''),
           expires_on
         from temp.account_decision
         where decided_on <= ?1 and coalesce(expires_on, ?1) >= ?1
         order by decided_on desc",
        [day.to_string()],
    )?;
    let changed: bool = connection.query_row(
        "select exists (select 1 from temp.decided_account where kind is not null or owner is not null)",
        [],
        |row| row.get(0),
    )?;
    let Some(table) = standing_facts::tables::table("account").filter(|_| changed) else {
        return Ok(());
    };
    let names = column_names(table);
    connection.execute_batch(&format!(
        "create temp table account_as_decided ({} source text, valid_from text, entry integer);
         insert into temp.account_as_decided select {names}, source, valid_from, entry
           from temp.account;
         drop view temp.account;
         alter table temp.account_as_decided rename to account;
         update temp.account set
           kind = coalesce((select kind from temp.decided_account where account = id), kind),
           owner = coalesce((select owner from temp.decided_account where account = id), owner)
         where id in (select account from temp.decided_account);",
        column_sql(table)
    ))?;
    for column in indexed(table) {
        connection.execute_batch(&format!(
            "create index temp.account_{column} on account ({column})"
        ))?;
    }
    Ok(())
}

/// Fills `link` and `link_candidate` beside what is stated there.
pub(crate) fn lay(connection: &Connection) -> Result<()> {
    connection.execute_batch(
        "update temp.link set band = 'decided' where band is null;
         insert or replace into temp.link (account, person, keys, band, expires_on)
           select account, person, 'decided', 'decided', expires_on
           from temp.decided_account where person is not null;",
    )?;
    let people = texts(
        connection,
        "select id, employee_number, name, email, started_on, left_on from temp.person order by id",
    )?;
    // Accounts that a person has decided about are not asked about again, but for one that they only
    // called a human being's.
    let accounts = texts(
        connection,
        "select id, login, name, email, employee_number, kind from temp.account
         where id not in (select account from temp.link)
           and id not in (select account from temp.decided_account where coalesce(kind, '') <> 'human')
         order by id",
    )?;
    let listed: Vec<Person<'_>> = people
        .iter()
        .map(
            |[id, employee_number, name, email, started_on, left_on]| Person {
                id,
                employee_number,
                name,
                email,
                started_on,
                left_on,
            },
        )
        .collect();
    let asked: Vec<Account<'_>> = accounts
        .iter()
        .map(|[id, login, name, email, employee_number, kind]| Account {
            id,
            login,
            name,
            email,
            employee_number,
            kind,
        })
        .collect();
    let mut link = connection.prepare(
        "insert or ignore into temp.link (account, person, keys, band) values (?1, ?2, ?3, ?4)",
    )?;
    let mut candidate = connection.prepare(
        "insert or ignore into temp.link_candidate (account, person, rank, keys, score, band)
         values (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    let mut rank = (u32::MAX, 0);
    for found in matches(&listed, &asked) {
        let account = asked[found.account as usize].id;
        let person = listed[found.person as usize].id;
        let (keys, band) = (found.keys.to_string(), found.band.as_str());
        if found.band == Band::Act {
            link.execute(params![account, person, keys, band])?;
            continue;
        }
        rank = match rank {
            (last, n) if last == found.account => (last, n + 1),
            _ => (found.account, 1),
        };
        candidate.execute(params![account, person, rank.1, keys, found.score, band])?;
    }
    connection.execute_batch("drop table temp.decided_account")
}

/// Rows of six texts; what is not known is empty.
fn texts(connection: &Connection, sql: &str) -> Result<Vec<[String; 6]>> {
    let mut statement = connection.prepare(sql)?;
    let text = |row: &Row<'_>, i: usize| -> Result<String> {
        Ok(match row.get_ref(i)? {
            ValueRef::Text(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            _ => String::new(),
        })
    };
    let rows = statement.query_map([], |row| {
        let mut cells: [String; 6] = Default::default();
        for (i, cell) in cells.iter_mut().enumerate() {
            *cell = text(row, i)?;
        }
        Ok(cells)
    })?;
    rows.collect()
}
