//! Roles of a PostgreSQL server and what they may do.

mod questions;
mod words;

use std::collections::{BTreeMap, HashMap};

use standing_facts::GapCode;
use standing_facts::tables::Account;

use crate::rights::Rights;
use crate::rows::{self, Rows};
use crate::sql::{CA_FILE, Engine, PASSWORD_ENV, PASSWORD_FILE, URL, USER, engine};
use crate::{About, Asks, Collector, FetchError, Line, Parts, Setting, Settings, Sink, dates};

/// Asks a PostgreSQL server for its roles.
pub struct Postgresql;

static ABOUT: About = About {
    kind: "postgresql",
    summary: "login roles of a PostgreSQL server, their memberships and rights by database",
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
            name: "database",
            meaning: "the database to connect to first",
            default: "postgres",
            required: false,
        },
        Setting {
            name: "databases",
            meaning: "the databases whose tables are looked at, separated by commas; otherwise all \
                      that let anybody connect and are no templates",
            default: "",
            required: false,
        },
    ],
    how: "Make a role that may sign in and nothing else: create role standing login password '…' \
connection limit 2. It needs to be granted nothing: the catalogue pg_roles and the lists of rights \
are open to every role, and password hashes (pg_authid) are never asked. It must be able to \
connect to each database that is looked at (grant connect where it was revoked from public). \
Sessions are read-only and every question has a time limit. Put the password in a file (mode 0600), \
or connect over the socket as a user of the machine. PostgreSQL keeps neither the day a role was \
made nor its last sign-in. Not seen: pg_hba.conf, which also decides who may connect, rights on \
functions and types, and whether a role has a password at all.",
};

impl Collector for Postgresql {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn fetch(&self, line: &mut Line<'_>) -> Result<(), FetchError> {
        if engine(line.settings().value("url"))? != Engine::Postgres {
            let why = "url: expected postgresql://HOST:PORT";
            return Err(FetchError::system(GapCode::Malformed, why));
        }
        let first = line.settings().value("database").to_owned();
        let wanted = list(line.settings().value("databases"));
        let mut sql = line.sql(&first)?;
        let server = sql.keep(line, "server.jsonl", questions::SERVER)?;
        let clock = server
            .first()
            .and_then(|row| row.first().cloned().flatten());
        sql.compare_clocks(line, clock.as_deref());
        sql.keep(line, "roles.jsonl", questions::ROLES)?;
        sql.keep(line, "members.jsonl", questions::MEMBERS)?;
        let databases = sql.keep(line, "databases.jsonl", questions::DATABASES)?;
        sql.keep(line, "database-rights.jsonl", questions::DATABASE_RIGHTS)?;
        let open = databases.into_iter().filter_map(|row| {
            let mut cells = row.into_iter();
            let name = cells.next()??;
            let open = cells.next()?? == "true";
            let chosen = if wanted.is_empty() {
                open
            } else {
                wanted.contains(&name)
            };
            chosen.then_some(name)
        });
        for (number, name) in (1..).zip(open.collect::<Vec<_>>()) {
            let mut inside = match line.sql(&name) {
                Ok(inside) => inside,
                Err(error) => {
                    let why = format!("database {name}: its tables were not looked at: {error}");
                    line.gap(Some("grant"), error.code(), why);
                    continue;
                }
            };
            inside.keep(
                line,
                &format!("rights-{number:03}.jsonl"),
                questions::RIGHTS,
            )?;
        }
        Ok(())
    }

    fn read(&self, settings: &Settings, parts: &Parts<'_>, sink: &mut Sink<'_>) {
        let Some(roles) = rows::needed(parts, "roles.jsonl", sink) else {
            return;
        };
        if roles.rows.is_empty() {
            let why = "no server is without roles, and this one shows none";
            sink.fail(GapCode::Denied, why);
            return;
        }
        let system = match settings.value("system") {
            "" => settings.source.as_str(),
            name => name,
        };
        reader(parts, sink);
        let names = Names::of(&roles);
        let (rights, whole) = rights(&roles, &names, settings, parts, sink);
        for (place, role) in (1..).zip(roles.each()) {
            if role.says("login", "false") {
                continue;
            }
            let Some(name) = role.get("name") else {
                let what = "expected the name of a role; left out";
                sink.problem("roles.jsonl", Some(place), None, what);
                continue;
            };
            let privileged = rights.give(system, name, sink);
            let superuser = role.says("super", "true");
            let closed = role.says("limit", "0") && !superuser;
            let until = role.get("until").and_then(dates::parse);
            sink.fact(&Account {
                id: sink.id(name),
                system: system.to_owned(),
                login: name.to_owned(),
                name: None,
                email: None,
                employee_number: None,
                enabled: role.get("login").map(|_| !closed),
                // The first superuser belongs to whoever may become it.
                kind: (role.says("oid", "10")).then(|| "shared".to_owned()),
                privileged: (privileged || whole).then_some(privileged),
                mfa: None,
                mfa_basis: None,
                created_on: None,
                last_used_on: None,
                password_changed_on: None,
                owner: None,
                disabled_on: None,
                expires_on: until,
            });
        }
    }
}

fn list(text: &str) -> Vec<String> {
    let names = text.split(',').map(str::trim);
    names.filter(|n| !n.is_empty()).map(str::to_owned).collect()
}

/// Whoever asks needs no rights; one that has all of them is worth saying.
fn reader(parts: &Parts<'_>, sink: &mut Sink<'_>) {
    let Some(server) = rows::of(parts, "server.jsonl", "account", sink) else {
        return;
    };
    if server.each().any(|row| row.says("reader_super", "true")) {
        let what = "the role that asks is a superuser; one that may do nothing suffices";
        sink.notice("server.jsonl", None, None, what);
    }
}

/// Names of roles by their number in the catalogue.
struct Names(HashMap<String, String>);

impl Names {
    fn of(roles: &Rows) -> Self {
        let pairs = roles.each();
        let pairs =
            pairs.filter_map(|r| Some((r.get("oid")?.to_owned(), r.get("name")?.to_owned())));
        Names(pairs.collect())
    }

    fn get(&self, oid: Option<&str>) -> Option<&str> {
        self.0.get(oid?).map(String::as_str)
    }
}

/// What every role holds, and whether all of it is known.
fn rights(
    roles: &Rows,
    names: &Names,
    settings: &Settings,
    parts: &Parts<'_>,
    sink: &mut Sink<'_>,
) -> (Rights, bool) {
    let mut rights = Rights::default();
    for role in roles.each() {
        let Some(name) = role.get("name") else {
            continue;
        };
        for (attribute, word, privileged) in words::ATTRIBUTES {
            if role.says(attribute, "true") {
                rights.add(name, "server", word, privileged);
            }
        }
        if let Some((on, to)) = words::predefined(name) {
            rights.add(name, on, to, true);
        }
    }
    let mut whole = true;
    let mut answer = |name: &str, sink: &mut Sink<'_>| {
        let rows = rows::of(parts, name, "grant", sink);
        whole &= rows.as_ref().is_some_and(|r| r.whole);
        rows.unwrap_or_default()
    };
    for member in answer("members.jsonl", sink).each() {
        // Where a membership neither inherits nor may be taken on, it gives nothing but itself.
        let idle = member.says("inherit", "false") && member.says("set", "false");
        let pair = (
            names.get(member.get("member")),
            names.get(member.get("role")),
        );
        let admin = member.says("admin", "true");
        match pair {
            (Some(holder), Some(role)) if !idle || admin => rights.member(holder, role, admin),
            _ => {}
        }
    }
    let databases = answer("databases.jsonl", sink);
    for database in databases.each() {
        if let (Some(owner), Some(name)) = (names.get(database.get("owner")), database.get("name"))
        {
            let template = database.says("template", "true");
            rights.add(owner, &format!("database {name}"), "owner", !template);
        }
    }
    let mut of_all: BTreeMap<String, ()> = BTreeMap::new();
    let mut take = |row: rows::Named<'_>| {
        let (Some(name), Some(kind)) = (row.get("database"), row.get("kind")) else {
            return;
        };
        let on = format!("database {name}");
        let mut all: Vec<&str> = words::of(kind, row.get("privilege").unwrap_or_default())
            .into_iter()
            .collect();
        if row.says("grantable", "true") && !all.is_empty() {
            all.push("pass on rights");
        }
        for word in all {
            match (row.get("grantee"), names.get(row.get("grantee"))) {
                (Some("0"), _) if word == "connect" => {
                    of_all.insert(name.to_owned(), ());
                }
                (Some("0"), _) => rights.add_for_everybody(&on, word, false),
                (_, Some(holder)) => rights.add(holder, &on, word, false),
                _ => {}
            }
        }
    };
    for row in answer("database-rights.jsonl", sink).each() {
        take(row);
    }
    let all = parts.list().iter().map(|p| p.name.as_str());
    let inside: Vec<&str> = all.filter(|n| n.starts_with("rights-")).collect();
    for name in &inside {
        for row in answer(name, sink).each() {
            take(row);
        }
    }
    if !of_all.is_empty() {
        let all: Vec<&str> = of_all.keys().map(String::as_str).collect();
        let what = format!("every role may connect to: {}", all.join(", "));
        sink.notice("database-rights.jsonl", None, None, what);
    }
    let wanted = list(settings.value("databases"));
    let looked = databases.each().filter(|d| {
        let name = d.get("name").unwrap_or_default();
        if wanted.is_empty() {
            d.says("open", "true")
        } else {
            wanted.iter().any(|w| w == name)
        }
    });
    let expected = if wanted.is_empty() {
        looked.count()
    } else {
        wanted.len()
    };
    if expected > inside.len() {
        let why = format!(
            "the tables of {} of {expected} databases were looked at",
            inside.len()
        );
        sink.gap(Some("grant"), GapCode::Missing, why);
        whole = false;
    }
    (rights, whole)
}
