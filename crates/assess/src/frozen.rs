//! Who can get in, as rows to be frozen for an access review: accounts, rights, people and systems of
//! an estate, and since when each was seen.

use std::collections::HashMap;

use rusqlite::Row;

use crate::estate::Estate;
use crate::index::IndexError;

/// An account as the estate holds it.
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// Its id.
    pub id: String,
    /// Its own system.
    pub system: String,
    /// What is typed to sign in.
    pub login: String,
    /// Display name.
    pub name: Option<String>,
    /// E-mail.
    pub email: Option<String>,
    /// Whether it can sign in.
    pub enabled: Option<bool>,
    /// `human`, `service`, `shared` …
    pub kind: Option<String>,
    /// Whether it makes an administrator.
    pub privileged: Option<bool>,
    /// Whether a second factor guards it.
    pub mfa: Option<bool>,
    /// What that rests on.
    pub mfa_basis: Option<String>,
    /// Day of creation.
    pub created_on: Option<String>,
    /// Day of the last sign-in.
    pub last_used_on: Option<String>,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Day after which it cannot sign in by itself.
    pub expires_on: Option<String>,
    /// The source that tells of it.
    pub source: String,
    /// The person it is linked to.
    pub person: Option<String>,
    /// The evidence for that.
    pub keys: Option<String>,
    /// Where it is linked to nobody: the people to whom some evidence points.
    pub maybe: Vec<String>,
}

/// A right of an account.
#[derive(Clone, Debug, Default)]
pub struct Right {
    /// Its id.
    pub id: String,
    /// The account that holds it.
    pub account: String,
    /// The system it is a right in.
    pub system: String,
    /// The resource.
    pub resource: String,
    /// What may be done with it.
    pub entitlement: String,
    /// Whether it makes an administrator.
    pub privileged: Option<bool>,
    /// False where it comes through a group or another role.
    pub direct: Option<bool>,
    /// Day it was given.
    pub granted_on: Option<String>,
}

/// Somebody who works or worked here.
#[derive(Clone, Debug, Default)]
pub struct Somebody {
    /// Their id.
    pub id: String,
    /// Employee number.
    pub number: Option<String>,
    /// Name.
    pub name: Option<String>,
    /// Work e-mail.
    pub email: Option<String>,
    /// Job title.
    pub job_title: Option<String>,
    /// Department.
    pub department: Option<String>,
    /// Line manager, as the source writes them.
    pub manager: Option<String>,
    /// `employee`, `contractor` …
    pub kind: Option<String>,
    /// First day.
    pub started_on: Option<String>,
    /// Last day.
    pub left_on: Option<String>,
    /// Day of the last move.
    pub moved_on: Option<String>,
}

/// Everything that an access review freezes.
#[derive(Clone, Debug, Default)]
pub struct Population {
    /// Accounts with their links.
    pub accounts: Vec<Account>,
    /// Rights.
    pub rights: Vec<Right>,
    /// People.
    pub people: Vec<Somebody>,
    /// Systems and who answers for them.
    pub systems: Vec<(String, Option<String>)>,
    /// The instant at which each account was first read.
    pub first_seen: HashMap<String, String>,
}

/// What each source last told of a table completely.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frozen {
    /// The table.
    pub table: String,
    /// The source.
    pub source: String,
    /// The entry of its last complete run.
    pub entry: Option<u64>,
    /// The instant of that run's end.
    pub collected_at: Option<String>,
    /// What it was asked.
    pub scope: String,
    /// Why it may not be relied upon.
    pub gap: Option<String>,
}

impl Estate<'_> {
    /// The accounts, rights, people and systems as of the moment, from sources that are known.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn population(&self) -> Result<Population, IndexError> {
        Ok(Population {
            accounts: self.all(
                "select account.id, system, login, name, email, enabled, kind, privileged, mfa,
                   mfa_basis, created_on, last_used_on, owner, account.expires_on, account.source,
                   link.person, link.keys,
                   case when link.person is null then (select group_concat(person, char(10))
                     from link_candidate where link_candidate.account = account.id) end
                 from account left join link on link.account = account.id",
                account,
            )?,
            rights: self.all(
                "select id, account, system, resource, entitlement, privileged, direct, granted_on
                 from grant",
                right,
            )?,
            people: self.all(
                "select id, employee_number, name, email, job_title, department, manager, kind,
                   started_on, left_on, moved_on from person order by id",
                somebody,
            )?,
            systems: self.all("select name, owner from system order by name, id", |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?,
            first_seen: self
                .all(
                    "select id, min(valid_from) from main.history_account group by id",
                    |row| Ok((row.get(0)?, row.get(1)?)),
                )?
                .into_iter()
                .collect(),
        })
    }

    /// What the sources of some tables last told completely, and why each may not be relied upon: a
    /// later run that went wrong counts too.
    pub fn frozen(&self, tables: &[&str]) -> Vec<Frozen> {
        let each = tables.iter().flat_map(|table| {
            self.sources_of(table).iter().map(|state| {
                let gap = state.gap.as_ref().map(|gap| gap.detail.clone());
                Frozen {
                    table: (*table).to_owned(),
                    source: state.source.clone(),
                    entry: state.entry,
                    collected_at: state.collected_at.clone(),
                    scope: state.scope().to_owned(),
                    gap: gap.or_else(|| state.warning.clone()),
                }
            })
        });
        each.collect()
    }

    /// Every system that a source ever told an account or right of, with the source, also where it
    /// may not be relied upon now.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn sources_of_systems(&self) -> Result<Vec<(String, String)>, IndexError> {
        self.all(
            "select distinct system, source from main.history_account
             union select distinct system, source from main.history_grant",
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
    }

    fn all<T>(
        &self,
        sql: &str,
        of: impl Fn(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, IndexError> {
        let mut statement = self.connection().prepare(sql)?;
        let found = statement.query_map([], |row| of(row))?;
        Ok(found.collect::<Result<_, _>>()?)
    }
}

fn account(row: &Row<'_>) -> rusqlite::Result<Account> {
    Ok(Account {
        id: row.get(0)?,
        system: row.get(1)?,
        login: row.get(2)?,
        name: row.get(3)?,
        email: row.get(4)?,
        enabled: row.get(5)?,
        kind: row.get(6)?,
        privileged: row.get(7)?,
        mfa: row.get(8)?,
        mfa_basis: row.get(9)?,
        created_on: row.get(10)?,
        last_used_on: row.get(11)?,
        owner: row.get(12)?,
        expires_on: row.get(13)?,
        source: row.get(14)?,
        person: row.get(15)?,
        keys: row.get(16)?,
        maybe: row
            .get::<_, Option<String>>(17)?
            .map_or_else(Vec::new, |people| {
                people.lines().map(str::to_owned).collect()
            }),
    })
}

fn right(row: &Row<'_>) -> rusqlite::Result<Right> {
    Ok(Right {
        id: row.get(0)?,
        account: row.get(1)?,
        system: row.get(2)?,
        resource: row.get(3)?,
        entitlement: row.get(4)?,
        privileged: row.get(5)?,
        direct: row.get(6)?,
        granted_on: row.get(7)?,
    })
}

fn somebody(row: &Row<'_>) -> rusqlite::Result<Somebody> {
    Ok(Somebody {
        id: row.get(0)?,
        number: row.get(1)?,
        name: row.get(2)?,
        email: row.get(3)?,
        job_title: row.get(4)?,
        department: row.get(5)?,
        manager: row.get(6)?,
        kind: row.get(7)?,
        started_on: row.get(8)?,
        left_on: row.get(9)?,
        moved_on: row.get(10)?,
    })
}
