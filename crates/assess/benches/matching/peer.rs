//! The peer: links by two equal keys, as one would write them in SQL.

use rusqlite::{Connection, params};
use standing_assess::matching::{Account, Band, Keys, Match, Person};

const LINKS: &str = "
create index number on person (number); create index email on person (email);
create index local on person (local);
select account, min(person) from (
  select account, person from (
    select account.place as account, person.place as person, account.name = person.name as named
      from account join person on person.number = account.number where account.number <> ''
    union all
    select account.place, person.place, account.name = person.name
      from account join person on person.email = account.email where account.email <> ''
    union all
    select account.place, person.place, account.name = person.name
      from account join person on person.local = account.login where account.login <> '')
  group by account, person having count(*) + max(named) > 1)
group by account having count(*) = 1";

/// Accounts with the one person of whom two of number, e-mail, login and name are the same.
pub fn links(people: &[Person<'_>], accounts: &[Account<'_>]) -> Vec<Match> {
    let connection = Connection::open_in_memory().expect("SQLite");
    connection
        .execute_batch(
            "create table person (place integer, number text, email text, local text, name text);
             create table account (place integer, number text, email text, login text, name text);
             begin;",
        )
        .expect("tables");
    let local = |email: &str| email.split('@').next().unwrap_or_default().to_lowercase();
    let mut one = connection
        .prepare("insert into person values (?1, ltrim(?2, '0'), lower(?3), ?4, lower(?5))")
        .expect("a statement");
    for (i, p) in people.iter().enumerate() {
        one.execute(params![
            i as i64,
            p.employee_number,
            p.email,
            local(p.email),
            p.name
        ])
        .expect("a row");
    }
    let mut one = connection
        .prepare("insert into account values (?1, ltrim(?2, '0'), lower(?3), ?4, lower(?5))")
        .expect("a statement");
    for (i, a) in accounts.iter().enumerate() {
        let login = local(a.login);
        one.execute(params![i as i64, a.employee_number, a.email, login, a.name])
            .expect("a row");
    }
    let (indices, select) = LINKS.split_once("select account, min").expect("two parts");
    connection.execute_batch(indices).expect("indices");
    let mut select = connection
        .prepare(&format!("select account, min{select}"))
        .expect("a statement");
    let rows = select.query_map([], |row| {
        Ok(Match {
            account: row.get(0)?,
            person: row.get(1)?,
            keys: Keys::default(),
            score: 0,
            band: Band::Act,
        })
    });
    rows.expect("an answer")
        .map(|row| row.expect("a row"))
        .collect()
}
