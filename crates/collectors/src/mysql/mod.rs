//! Users and roles of a MySQL or MariaDB server and what they may do.

mod questions;
mod words;

use std::collections::BTreeSet;

use standing_facts::GapCode;
use standing_facts::tables::Account;

use crate::rights::Rights;
use crate::rows::{self, Rows};
use crate::sql::{CA_FILE, Engine, PASSWORD_ENV, PASSWORD_FILE, URL, USER, engine};
use crate::{About, Asks, Collector, FetchError, Line, Parts, Setting, Settings, Sink, dates};

/// Asks a MySQL or MariaDB server for its users and roles.
pub struct MySql;

static ABOUT: About = About {
    kind: "mysql",
    summary: "users and roles of a MySQL or MariaDB server and their rights by database",
    revision: 1,
    asks: Asks::System,
    tables: &["account", "grant"],
    settings: &[
        URL,
        USER,
        PASSWORD_FILE,
        PASSWORD_ENV,
        CA_FILE,
        Setting {
            name: "system",
            meaning: "the name under which other sources know this server; the source's own otherwise",
            default: "",
            required: false,
        },
        Setting {
            name: "accounts",
            meaning: "MariaDB: the view that shows its accounts without their password hashes",
            default: "standing.accounts",
            required: false,
        },
    ],
    how: "Make a user for this alone. MariaDB (10.4 or later) keeps everything about an account, its \
password hash included, in one column, so let the user see a view without it: create database \
standing; create sql security definer view standing.accounts as select Host as host, User as user, \
json_value(Priv, '$.access') as access, json_value(Priv, '$.account_locked') as locked, \
json_value(Priv, '$.is_role') as is_role, json_value(Priv, '$.password_last_changed') as changed \
from mysql.global_priv; grant select on standing.accounts to standing; then grant select on \
mysql.roles_mapping, on mysql.db and on mysql.tables_priv. MySQL 8: grant select on \
mysql.role_edges, mysql.global_grants, mysql.db and mysql.tables_priv, and on these columns of \
mysql.user and no others: Host, User, account_locked, password_last_changed, and the 29 that end in \
_priv. Nothing else, and never a column that holds a hash. Sessions are read-only and every question \
has a time limit. Put the password in a file (mode 0600). The server keeps neither the day an account \
was made nor its last sign-in. Not seen: rights on single routines, and proxies.",
};

impl Collector for MySql {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn fetch(&self, line: &mut Line<'_>) -> Result<(), FetchError> {
        let settings = line.settings();
        if engine(settings.value("url"))? != Engine::MySql {
            let why = "url: expected mysql://HOST:PORT";
            return Err(FetchError::system(GapCode::Malformed, why));
        }
        let view = settings.value("accounts").to_owned();
        if !is_name(&view) {
            let why = "accounts: expected the name of a view, as standing.accounts";
            return Err(FetchError::system(GapCode::Malformed, why));
        }
        let mut sql = line.sql("")?;
        let server = sql.keep(line, "server.jsonl", questions::SERVER)?;
        let cell = |at: usize| server.first().and_then(|row| row.get(at)?.as_deref());
        sql.compare_clocks(line, cell(0));
        let maria = cell(1).is_some_and(|v| v.contains("MariaDB"));
        for (part, question) in questions::of(maria, &view) {
            sql.keep(line, part, &question)?;
        }
        Ok(())
    }

    fn read(&self, settings: &Settings, parts: &Parts<'_>, sink: &mut Sink<'_>) {
        let Some(accounts) = rows::needed(parts, "accounts.jsonl", sink) else {
            return;
        };
        if accounts.rows.is_empty() {
            let why = "no server is without accounts, and this one shows none";
            sink.fail(GapCode::Denied, why);
            return;
        }
        let system = match settings.value("system") {
            "" => settings.source.as_str(),
            name => name,
        };
        let roles = Roles::of(&accounts, parts, sink);
        let mut whole = roles.whole;
        let rights = roles.rights(&accounts, parts, sink, &mut whole);
        for (place, row) in (1..).zip(accounts.each()) {
            let (Some(user), Some(host)) = (row.get("user"), row.get("host")) else {
                let what = "expected a user and a host; left out";
                sink.problem("accounts.jsonl", Some(place), None, what);
                continue;
            };
            let id = name(user, host);
            if roles.is_role(&id, row.get("is_role")) {
                continue;
            }
            let privileged = rights.give(system, &id, sink);
            sink.fact(&Account {
                id: sink.id(&id),
                system: system.to_owned(),
                login: login(user).to_owned(),
                name: None,
                email: None,
                employee_number: None,
                enabled: Some(!is_yes(row.get("locked"))),
                kind: kind(user).map(str::to_owned),
                privileged: (privileged || whole).then_some(privileged),
                mfa: None,
                mfa_basis: None,
                created_on: None,
                last_used_on: None,
                password_changed_on: row.get("changed").and_then(changed),
                owner: None,
                disabled_on: None,
                expires_on: None,
            });
        }
    }
}

/// `view` or `database.view`, of letters, digits and underscores.
fn is_name(text: &str) -> bool {
    let word = |w: &str| {
        let mut letters = w.chars();
        !w.is_empty() && letters.all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    text.split('.').count() <= 2 && text.split('.').all(word)
}

fn name(user: &str, host: &str) -> String {
    format!("{user}@{host}")
}

/// An account without a name lets in whoever comes.
fn login(user: &str) -> &str {
    if user.is_empty() { "(anybody)" } else { user }
}

fn kind(user: &str) -> Option<&'static str> {
    match user {
        "" | "root" => Some("shared"),
        "mariadb.sys" | "mysql.sys" | "mysql.session" | "mysql.infoschema" => Some("system"),
        _ => None,
    }
}

fn is_yes(text: Option<&str>) -> bool {
    text.is_some_and(|t| ["1", "y", "true"].contains(&t.to_ascii_lowercase().as_str()))
}

/// Seconds of the epoch (MariaDB, where 0 asks for a new password) or an instant (MySQL).
fn changed(text: &str) -> Option<jiff::civil::Date> {
    match text.parse::<i64>() {
        Ok(0) => None,
        Ok(seconds) => {
            let at = jiff::Timestamp::from_second(seconds).ok()?;
            Some(at.to_zoned(jiff::tz::TimeZone::UTC).date())
        }
        Err(_) => dates::parse(text),
    }
}

/// Which of the accounts are roles, and who has them.
struct Roles {
    named: BTreeSet<String>,
    members: Rows,
    whole: bool,
}

impl Roles {
    fn of(accounts: &Rows, parts: &Parts<'_>, sink: &mut Sink<'_>) -> Self {
        let members = rows::of(parts, "members.jsonl", "grant", sink);
        let whole = members.as_ref().is_some_and(|m| m.whole);
        let members = members.unwrap_or_default();
        let said = accounts.each().filter(|a| is_yes(a.get("is_role")));
        let said = said.filter_map(|a| Some(name(a.get("user")?, a.get("host")?)));
        let mut named: BTreeSet<String> = said.collect();
        // MySQL marks no role: an account that was given to another is one.
        let given = members.each();
        named.extend(given.filter_map(|m| Some(name(m.get("role")?, m.get("role_host")?))));
        Roles {
            named,
            members,
            whole,
        }
    }

    fn is_role(&self, id: &str, said: Option<&str>) -> bool {
        is_yes(said) || self.named.contains(id)
    }

    fn rights(
        &self,
        accounts: &Rows,
        parts: &Parts<'_>,
        sink: &mut Sink<'_>,
        whole: &mut bool,
    ) -> Rights {
        let mut rights = Rights::default();
        for account in accounts.each() {
            let (Some(user), Some(host)) = (account.get("user"), account.get("host")) else {
                continue;
            };
            let privileges = match account.get("access").map(str::parse) {
                Some(Ok(bits)) => words::of_bits(bits),
                _ => words::listed(account.get("privileges")),
            };
            for (on, to, privileged) in words::everywhere(&privileges) {
                put(&mut rights, (user, host), &on, &to, privileged);
            }
        }
        for member in self.members.each() {
            let all = (
                member.get("user"),
                member.get("host"),
                member.get("role"),
                member.get("role_host"),
            );
            if let (Some(user), Some(host), Some(role), Some(at)) = all {
                rights.member(
                    &name(user, host),
                    &name(role, at),
                    is_yes(member.get("admin")),
                );
            }
        }
        for part in ["databases.jsonl", "tables.jsonl", "global-grants.jsonl"] {
            let expected =
                part != "global-grants.jsonl" || accounts.columns.iter().any(|c| c == "privileges");
            if !expected {
                continue;
            }
            let found = rows::of(parts, part, "grant", sink);
            *whole &= found.as_ref().is_some_and(|f| f.whole);
            for row in found.unwrap_or_default().each() {
                let (Some(user), Some(host)) = (row.get("user"), row.get("host")) else {
                    continue;
                };
                let privileges = words::listed(row.get("privileges"));
                let found = match row.get("db") {
                    Some(db) => words::within(db, part == "tables.jsonl", &privileges),
                    None => words::everywhere(&privileges),
                };
                for (on, to, privileged) in found {
                    put(&mut rights, (user, host), &on, &to, privileged);
                }
            }
        }
        rights
    }
}

/// What MariaDB's role PUBLIC holds, everybody holds.
fn put(rights: &mut Rights, (user, host): (&str, &str), on: &str, to: &str, privileged: bool) {
    if user == "PUBLIC" && host.is_empty() {
        rights.add_for_everybody(on, to, privileged);
    } else {
        rights.add(&name(user, host), on, to, privileged);
    }
}
