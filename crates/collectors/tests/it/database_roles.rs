//! Real database servers asked for their accounts, rights and people by users who may do no more.

use std::collections::BTreeMap;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::Value;
use standing_collectors::{Keeper as _, Root, Run, Settings, by_kind, run};
use standing_facts::{GapCode, Outcome};

use crate::cases::Memory;
use crate::databases::Server;

const PASSWORD: &str = "a-password-of-the-tests";

/// What a run came to.
struct Told {
    run: Run,
    facts: Vec<Value>,
}

/// Asks with these settings; nothing kept or told holds the password.
fn ask(kind: &str, server: &Server, user: &str, password: &str, more: &[(&str, &str)]) -> Told {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    std::fs::write(&file, password).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    let collector = by_kind(kind).unwrap();
    let url = server.url();
    let own = [
        ("url", url.as_str()),
        ("user", user),
        ("password_file", "password"),
    ];
    let defaults = collector.about().settings.iter();
    let mut values: BTreeMap<String, String> = defaults
        .map(|s| (s.name.to_owned(), s.default.to_owned()))
        .collect();
    for (name, value) in own.iter().chain(more) {
        values.insert((*name).to_owned(), (*value).to_owned());
    }
    let settings = Settings {
        source: "src".into(),
        values,
        ..Settings::default()
    };
    let mut keeper = Memory::default();
    let mut facts = Vec::new();
    let done = run(
        collector,
        &settings,
        &Root::new(folder.path()),
        &mut keeper,
        &BTreeMap::new(),
        &mut |_| {},
        &mut |row| {
            let line = standing_facts::to_line(&row);
            facts.push(serde_json::from_str(&line).unwrap());
        },
    );
    for part in &done.parts {
        let text = io::read_to_string(keeper.open(part).unwrap()).unwrap();
        assert!(!text.contains(password), "{} holds the password", part.name);
        for hash in ["SCRAM-SHA-256$", "authentication_string", "*2470C0C06"] {
            assert!(!text.contains(hash), "{} holds a hash", part.name);
        }
    }
    let told = format!("{:?} {:?}", done.gaps, done.problems);
    assert!(!told.contains(password), "{told}");
    Told { run: done, facts }
}

impl Told {
    fn account(&self, login: &str) -> &Value {
        let all = self.facts.iter();
        let mut found = all.filter(|f| f["table"] == "account" && f["login"] == login);
        let one = found.next();
        one.unwrap_or_else(|| panic!("no account {login} in {:#?}", self.facts))
    }

    fn has(&self, login: &str) -> bool {
        let mut all = self.facts.iter();
        all.any(|f| f["table"] == "account" && f["login"] == login)
    }

    /// `resource: entitlement`, with `+` where it makes an administrator and `>` where it comes
    /// through a role.
    fn grants(&self, account: &str) -> Vec<String> {
        let id = format!("src/{account}");
        let all = self.facts.iter();
        let mut found: Vec<String> = all
            .filter(|f| f["table"] == "grant" && f["account"] == id.as_str())
            .map(|f| {
                let word = |name: &str| f[name].as_str().unwrap_or_default().to_owned();
                let admin = if f["privileged"] == true { "+" } else { "" };
                let through = if f["direct"] == false { ">" } else { "" };
                format!(
                    "{through}{}: {}{admin}",
                    word("resource"),
                    word("entitlement")
                )
            })
            .collect();
        found.sort();
        found
    }

    fn gaps(&self) -> Vec<(GapCode, &str)> {
        let gaps = self.run.gaps.iter();
        gaps.map(|g| (g.code, g.detail.as_str())).collect()
    }
}

#[test]
fn postgresql_tells_its_roles_to_one_that_may_do_nothing() {
    let Some(server) = Server::postgresql() else {
        return;
    };
    server.does(
        "",
        &format!("create role standing login password '{PASSWORD}' connection limit 2"),
    );
    server.does("", "create database clinic");
    server.does("", "create database sealed");
    server.does("", "revoke connect on database sealed from public");
    server.does(
        "clinic",
        "create role reading; create role writing; create role leads in role writing; \
         create role ada login in role leads valid until '2027-01-01 00:00+00'; \
         create role bob login in role reading; \
         create role eve login createrole; \
         create role gone nologin in role writing; \
         create role shut login connection limit 0; \
         create role watcher login in role pg_read_all_data; \
         grant reading to writing; grant reading to bob with admin option; \
         create schema care; grant usage on schema care to reading; \
         create table care.visit (id int, note text); \
         create table care.staff (id int, name text); \
         grant select on care.visit to reading; \
         grant insert, update on care.visit to writing; \
         grant select (name) on care.staff to shut; \
         grant connect on database sealed to eve",
    );
    let databases = [("databases", "clinic, postgres")];
    let told = ask("postgresql", &server, "standing", PASSWORD, &databases);
    assert_eq!(told.gaps(), []);
    assert_eq!(told.run.outcome, Outcome::Complete);
    assert!(!told.has("gone") && !told.has("reading"));
    assert_eq!(told.account("ada")["enabled"], true);
    assert_eq!(told.account("ada")["expires_on"], "2026-12-31");
    assert_eq!(told.account("ada")["privileged"], false);
    assert_eq!(told.account("shut")["enabled"], false);
    assert_eq!(told.account("eve")["privileged"], true);
    assert_eq!(told.account("postgres")["kind"], "shared");
    assert_eq!(told.account("postgres")["privileged"], true);
    assert_eq!(told.account("watcher")["privileged"], true);
    assert_eq!(
        told.grants("ada"),
        [
            ">database clinic: read tables",
            ">database clinic: write tables",
            ">role reading: member",
            ">role writing: member",
            "role leads: member",
        ]
    );
    assert_eq!(
        told.grants("bob"),
        [
            ">database clinic: read tables",
            "role reading: admin+",
            "role reading: member",
        ]
    );
    assert_eq!(told.grants("shut"), ["database clinic: read some columns"]);
    assert_eq!(
        told.grants("eve"),
        ["database sealed: connect", "server: create role+"]
    );
    assert_eq!(told.grants("standing"), Vec::<String>::new());

    // Without a choice every open database is looked at, and the sealed one is a gap with its name.
    let told = ask("postgresql", &server, "standing", PASSWORD, &[]);
    assert_eq!(told.run.outcome, Outcome::Partial);
    assert_eq!(told.gaps()[0].0, GapCode::Denied);
    assert!(
        told.gaps()[0].1.contains("database sealed"),
        "{:?}",
        told.gaps()
    );
    let why = "the tables of 2 of 3 databases were looked at";
    assert_eq!(told.gaps()[1], (GapCode::Missing, why));

    // A right that is taken away is gone from the next reading.
    server.does("", "revoke leads from ada; alter role bob nologin");
    let told = ask("postgresql", &server, "standing", PASSWORD, &databases);
    assert_eq!(told.run.outcome, Outcome::Complete);
    assert_eq!(told.grants("ada"), Vec::<String>::new());
    assert!(!told.has("bob"));

    let told = ask(
        "postgresql",
        &server,
        "standing",
        "another-password",
        &databases,
    );
    assert_eq!(told.run.outcome, Outcome::Failed);
    assert_eq!(told.gaps()[0].0, GapCode::Denied);
    let told = ask(
        "postgresql",
        &server,
        "standing",
        PASSWORD,
        &[("database", "nowhere")],
    );
    assert_eq!(told.gaps()[0].0, GapCode::Missing);
}

#[test]
fn people_of_a_postgresql_database() {
    let Some(server) = Server::postgresql() else {
        return;
    };
    server.does(
        "",
        &format!(
            "create role standing login password '{PASSWORD}'; \
             create table staff (employee_number text, full_name text, work_email text, team text, \
               start_date date, leaving_date date, ni_number text); \
             insert into staff values \
               ('0041', 'Zoë Ångström', 'zoe@example.test', 'Platform', '2021-04-03', null, 'QQ123456C'), \
               ('0042', 'Otto Probe', 'otto@example.test', 'Platform', '2019-01-07', '2026-10-31', null); \
             grant select, insert, delete on staff to standing; \
             create function wipe() returns text volatile language sql \
               as 'delete from staff; select ''9''::text'"
        ),
    );
    let query = |query: &'static str| [("database", "postgres"), ("query", query)];
    let all = "select employee_number, full_name, work_email, team, start_date, leaving_date from staff \
               order by 1;";
    let told = ask("hr-sql", &server, "standing", PASSWORD, &query(all));
    assert_eq!(told.gaps(), []);
    assert_eq!(told.run.outcome, Outcome::Complete);
    assert_eq!(told.facts[0]["employee_number"], "0041");
    assert_eq!(told.facts[0]["name"], "Zoë Ångström");
    assert_eq!(told.facts[1]["left_on"], "2026-10-31");

    let active =
        "select employee_number, full_name, leaving_date from staff where leaving_date is null";
    let told = ask("hr-sql", &server, "standing", PASSWORD, &query(active));
    assert_eq!(told.run.outcome, Outcome::Partial);
    assert_eq!(told.gaps()[0].0, GapCode::NotAsked);

    let told = ask(
        "hr-sql",
        &server,
        "standing",
        PASSWORD,
        &query("select * from staff"),
    );
    assert_eq!(told.run.outcome, Outcome::Failed);
    assert!(told.gaps()[0].1.contains("ni_number"), "{:?}", told.gaps());
    assert!(told.run.parts.is_empty());

    // The session cannot write, whatever the query and the user's rights are.
    let writes = "select wipe() as employee_number, null as leaving_date";
    let told = ask("hr-sql", &server, "standing", PASSWORD, &query(writes));
    assert_eq!(told.run.outcome, Outcome::Failed);
    let told = ask(
        "hr-sql",
        &server,
        "standing",
        PASSWORD,
        &query("select * from pg_authid"),
    );
    assert_eq!(told.gaps()[0].0, GapCode::Denied);
    let told = ask("hr-sql", &server, "standing", PASSWORD, &query(all));
    assert_eq!(told.run.counts["person"], 2);
}

const VIEW: &str = "create database standing; \
    create sql security definer view standing.accounts as select Host as host, User as user, \
    json_value(Priv, '$.access') as access, json_value(Priv, '$.account_locked') as locked, \
    json_value(Priv, '$.is_role') as is_role, json_value(Priv, '$.password_last_changed') as changed \
    from mysql.global_priv; \
    grant select on standing.accounts to standing; grant select on mysql.roles_mapping to standing; \
    grant select on mysql.db to standing; grant select on mysql.tables_priv to standing";

#[test]
fn mariadb_tells_its_users_to_one_that_sees_no_hash() {
    let Some(server) = Server::mariadb() else {
        return;
    };
    server.does(
        "",
        &format!(
            "create user standing identified by '{PASSWORD}'; create database clinic; \
             create table clinic.visit (id int); create table clinic.note (id int); \
             create role reading; create role writing; create role leads; \
             grant select on clinic.* to reading; grant insert, update on clinic.* to writing; \
             grant reading to writing; grant writing to leads; \
             create user ada identified by 'x'; grant leads to ada; \
             create user bob@localhost identified by 'x'; grant select, delete on clinic.visit to bob@localhost; \
             create user shut identified by 'x' account lock; \
             create user eve identified by 'x'; grant create user, process on *.* to eve; \
             create user all_of_it identified by 'x'; grant all on *.* to all_of_it with grant option; \
             create user owner identified by 'x'; grant all on clinic.* to owner with grant option"
        ),
    );

    // Nothing is granted yet.
    let told = ask("mysql", &server, "standing", PASSWORD, &[]);
    assert_eq!(told.run.outcome, Outcome::Failed);
    assert_eq!(told.gaps()[0].0, GapCode::Denied);
    server.does("", VIEW);
    let told = ask("mysql", &server, "standing", PASSWORD, &[]);
    assert_eq!(told.gaps(), []);
    assert_eq!(told.run.outcome, Outcome::Complete);
    assert!(!told.has("reading") && !told.has("PUBLIC"));
    assert_eq!(told.account("ada")["id"], "src/ada@%");
    assert_eq!(told.account("ada")["enabled"], true);
    assert_eq!(told.account("ada")["privileged"], false);
    assert!(told.account("ada")["password_changed_on"].is_string());
    assert_eq!(told.account("shut")["enabled"], false);
    assert_eq!(told.account("eve")["privileged"], true);
    assert_eq!(told.account("all_of_it")["privileged"], true);
    assert_eq!(told.account("owner")["privileged"], false);
    assert_eq!(told.account("root")["kind"], "shared");
    assert_eq!(told.account("mariadb.sys")["enabled"], false);
    assert_eq!(
        told.grants("ada@%"),
        [
            ">database clinic: read",
            ">database clinic: write",
            ">role reading: member",
            ">role writing: member",
            "role leads: member",
        ]
    );
    assert_eq!(
        told.grants("bob@localhost"),
        [
            "database clinic: read (some tables)",
            "database clinic: write (some tables)",
        ]
    );
    assert_eq!(
        told.grants("eve@%"),
        ["server: create user+", "server: process"]
    );
    let all = told.grants("all_of_it@%");
    assert!(all.iter().any(|g| g == "server: super+"), "{all:?}");
    assert!(!all.iter().any(|g| g.contains("privilege ")), "{all:?}");
    let owner = told.grants("owner@%");
    assert!(
        owner.iter().any(|g| g == "database clinic: pass on rights"),
        "{owner:?}"
    );

    server.does("", "revoke writing from leads; alter user eve account lock");
    let told = ask("mysql", &server, "standing", PASSWORD, &[]);
    assert_eq!(told.grants("ada@%"), ["role leads: member"]);
    assert_eq!(told.account("eve")["enabled"], false);

    // What may no longer be read is a gap, and what rests on it is not known.
    server.does("", "revoke select on mysql.db from standing");
    let told = ask("mysql", &server, "standing", PASSWORD, &[]);
    assert_eq!(told.run.outcome, Outcome::Partial);
    assert_eq!(told.gaps()[0].0, GapCode::Denied);
    assert!(told.account("ada")["privileged"].is_null());
    assert_eq!(told.account("eve")["privileged"], true);

    let told = ask("mysql", &server, "standing", "another-password", &[]);
    assert_eq!(
        (told.run.outcome, told.gaps()[0].0),
        (Outcome::Failed, GapCode::Denied)
    );
}

#[test]
fn people_of_a_mariadb_database() {
    let Some(server) = Server::mariadb() else {
        return;
    };
    server.does(
        "",
        &format!(
            "create database hr; use hr; create user standing identified by '{PASSWORD}'; \
             create table staff (`Employee No` varchar(9), wer text, status text, ends date, active bool); \
             insert into staff values ('0041', 'Zoë Ångström', 'Active', null, true), \
               ('0042', 'Otto Probe', 'Leaver', '2026-10-31', false); \
             create sequence numbers; grant select, insert, delete on hr.* to standing"
        ),
    );
    let mut settings = vec![
        ("database", "hr"),
        (
            "query",
            "select `Employee No`, status, ends as left_on from staff",
        ),
    ];
    let told = ask("hr-sql", &server, "standing", PASSWORD, &settings);
    assert_eq!(told.gaps(), []);
    assert_eq!(told.run.outcome, Outcome::Complete);
    assert_eq!(told.facts[1]["left_on"], "2026-10-31");
    assert_eq!(told.facts[1]["employee_number"], "0042");
    settings[1].1 = "select x from nowhere";
    let told = ask("hr-sql", &server, "standing", PASSWORD, &settings);
    assert_eq!(told.run.outcome, Outcome::Failed);
    // The session cannot write.
    settings[1].1 = "select nextval(hr.numbers) as employee_number";
    let told = ask("hr-sql", &server, "standing", PASSWORD, &settings);
    assert_eq!(told.run.outcome, Outcome::Failed, "{:?}", told.facts);
    settings[1].1 = "delete from staff";
    let told = ask("hr-sql", &server, "standing", PASSWORD, &settings);
    assert_eq!(told.gaps()[0].0, GapCode::Malformed);
}

#[test]
fn a_server_that_is_not_there_is_unreachable() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = nobody.local_addr().unwrap().port();
    drop(nobody);
    for (kind, scheme) in [("postgresql", "postgresql"), ("mysql", "mysql")] {
        let collector = by_kind(kind).unwrap();
        let mut values = BTreeMap::new();
        values.insert("url".to_owned(), format!("{scheme}://127.0.0.1:{port}"));
        values.insert("user".to_owned(), "standing".to_owned());
        values.insert("accounts".to_owned(), "standing.accounts".to_owned());
        let settings = Settings {
            source: "src".into(),
            values,
            ..Settings::default()
        };
        let done = run(
            collector,
            &settings,
            &Root::new(Path::new("/")),
            &mut Memory::default(),
            &BTreeMap::new(),
            &mut |_| {},
            &mut |_| {},
        );
        assert_eq!(done.outcome, Outcome::Failed);
        assert_eq!(done.gaps[0].code, GapCode::Unreachable, "{:?}", done.gaps);
    }
}
