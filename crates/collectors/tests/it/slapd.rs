//! A real OpenLDAP server, filled and exported with its own tools, read as its operators read it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;
use standing_collectors::{Root, Run, Settings, by_kind, run};
use standing_facts::{GapCode, Outcome};

use crate::cases::Memory;
use server::{ADMINISTRATOR, READER, Server};

pub mod server;

const PEOPLE: usize = 50;
/// Long enough to be folded, plain or in base64.
const LONG_NAME: &str = "Zoë Ångström-Łukasik, who keeps the machines of the northern office";

impl Server {
    /// Fifty people, four groups of three kinds, two locked accounts, one that signed in.
    fn fill(&self) {
        self.change("ldapadd", &base());
        self.change("ldapadd", &groups());
        self.change(
            "ldapmodify",
            "dn: uid=p02,ou=people,dc=example,dc=org\n\
             changetype: modify\n\
             add: pwdAccountLockedTime\n\
             pwdAccountLockedTime: 000001010000Z\n",
        );
        let p03 = "uid=p03,ou=people,dc=example,dc=org";
        for _ in 0..3 {
            let refused = self.search((p03, "wrong"), &["-s", "base", "-b", ""]);
            assert_eq!(refused.status.code(), Some(49));
        }
        let p04 = "uid=p04,ou=people,dc=example,dc=org";
        let let_in = self.search((p04, "of-p04"), &["-s", "base", "-b", ""]);
        assert!(let_in.status.success());
    }
}

fn base() -> String {
    let (reader, password) = READER;
    let mut text = format!(
        "dn: dc=example,dc=org\nobjectClass: dcObject\nobjectClass: organization\no: Example\n\n\
         dn: ou=people,dc=example,dc=org\nobjectClass: organizationalUnit\n\n\
         dn: ou=groups,dc=example,dc=org\nobjectClass: organizationalUnit\n\n\
         dn: cn=policy,dc=example,dc=org\nobjectClass: device\nobjectClass: pwdPolicy\n\
         pwdAttribute: userPassword\npwdLockout: TRUE\npwdMaxFailure: 3\n\n\
         dn: {reader}\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\n\
         userPassword: {password}\n\n"
    );
    let long = "Looks after the machines of the northern office. ".repeat(12);
    for n in 1..=PEOPLE {
        let (name, family) = match n {
            1 => (LONG_NAME.to_owned(), "Ångström-Łukasik"),
            _ => (format!("Person {n:02}"), "Person"),
        };
        write!(
            text,
            "dn: uid=p{n:02},ou=people,dc=example,dc=org\nobjectClass: inetOrgPerson\n\
             cn: {name}\nsn: {family}\nmail: p{n:02}@example.org\nemployeeNumber: {n:04}\n\
             userPassword: of-p{n:02}\n"
        )
        .unwrap();
        if n == 5 {
            writeln!(text, "displayName: {}", plain_long_name()).unwrap();
        }
        if n % 10 == 0 {
            writeln!(text, "description: {}", long.trim()).unwrap();
        }
        text.push('\n');
    }
    text
}

fn plain_long_name() -> String {
    LONG_NAME.replace(|c: char| !c.is_ascii(), "-")
}

/// Added while the server runs: only then does it write `memberOf`.
fn groups() -> String {
    let person = |n: usize| format!("member: uid=p{n:02},ou=people,dc=example,dc=org\n");
    let members = |range: std::ops::RangeInclusive<usize>| range.map(person).collect::<String>();
    format!(
        "dn: cn=staff,ou=groups,dc=example,dc=org\nobjectClass: groupOfNames\n{}\n\
         dn: cn=admins,ou=groups,dc=example,dc=org\nobjectClass: groupOfNames\n{}\n\
         dn: cn=Büro\\, Süd,ou=groups,dc=example,dc=org\nobjectClass: groupOfNames\n\
         member: cn=admins,ou=groups,dc=example,dc=org\n{}\n\
         dn: cn=wheel,ou=groups,dc=example,dc=org\nobjectClass: posixGroup\ngidNumber: 10\n\
         memberUid: p50\n",
        members(1..=PEOPLE),
        members(1..=3),
        members(10..=10),
    )
}

/// One run over one export: what it was worth, and its facts by table.
struct Reading {
    run: Run,
    facts: Vec<Value>,
}

fn read(export: &[u8]) -> Reading {
    read_after(export, &BTreeMap::new())
}

fn read_after(export: &[u8], before: &BTreeMap<String, u64>) -> Reading {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("all.ldif"), export).unwrap();
    let settings = Settings {
        source: "src".into(),
        path: "all.ldif".into(),
        values: BTreeMap::from([("system".into(), "OpenLDAP".into())]),
        ..Settings::default()
    };
    let mut facts = Vec::new();
    let run = run(
        by_kind("ldif").unwrap(),
        &settings,
        &Root::new(folder.path()),
        &mut Memory::default(),
        before,
        &mut |_| {},
        &mut |row| facts.push(serde_json::from_str(&standing_facts::to_line(&row)).unwrap()),
    );
    Reading { run, facts }
}

impl Reading {
    fn of(&self, table: &str) -> impl Iterator<Item = &Value> {
        self.facts.iter().filter(move |fact| fact["table"] == table)
    }

    fn account(&self, login: &str) -> &Value {
        let mut found = self.of("account").filter(|fact| fact["login"] == login);
        let account = found.next().unwrap_or_else(|| panic!("no {login}"));
        assert_eq!(found.next(), None, "{login} twice");
        account
    }

    /// Groups of an account, those it is in through others marked.
    fn groups(&self, login: &str) -> Vec<String> {
        let id = &self.account(login)["id"];
        let mut groups: Vec<String> = (self.of("grant"))
            .filter(|grant| grant["account"] == *id)
            .map(|grant| {
                let mark = if grant["direct"] == true { "" } else { "~" };
                format!("{mark}{}", grant["resource"].as_str().unwrap())
            })
            .collect();
        groups.sort();
        groups
    }

    fn has_gap(&self, code: GapCode) -> bool {
        self.run.gaps.iter().any(|gap| gap.code == code)
    }
}

#[test]
fn an_export_of_everything_is_read_completely() {
    let Some(server) = Server::start() else {
        return;
    };
    server.fill();
    let export = server.export(READER, &[]);
    assert!(export.status.success());
    // What makes an export hard to read is really in it.
    let text = std::str::from_utf8(&export.stdout).unwrap();
    for hard in [
        "\ncn:: ",
        "\ndn:: ",
        "\nmemberOf:: ",
        "\n ern office",
        "\n# numEntries: 59\n",
    ] {
        assert!(text.contains(hard), "no {hard:?} in the export");
    }

    let read_ = read(&export.stdout);
    assert_eq!(read_.run.outcome, Outcome::Complete, "{:?}", read_.run);
    assert_eq!(read_.run.problem_count, 0, "{:?}", read_.run.problems);
    // Fifty people and the account that reads.
    assert_eq!(read_.run.counts["account"], 51);
    // staff 50, admins 3, the office 1 and 3 through admins, wheel 1.
    assert_eq!(read_.run.counts["grant"], 58);

    assert_eq!(read_.account("p01")["name"], LONG_NAME);
    assert_eq!(read_.account("p05")["name"], plain_long_name());
    assert_eq!(read_.groups("p01"), ["admins", "staff", "~Büro, Süd"]);
    assert_eq!(read_.groups("p10"), ["Büro, Süd", "staff"]);
    assert_eq!(read_.groups("p11"), ["staff"]);
    assert_eq!(read_.groups("p50"), ["staff", "wheel"]);
    assert!(read_.groups("reader").is_empty());
    let privileged = |login| &read_.account(login)["privileged"];
    assert!(
        ["p01", "p02", "p03", "p50"]
            .iter()
            .all(|p| *privileged(p) == true)
    );
    assert!(
        ["p04", "p10", "reader"]
            .iter()
            .all(|p| *privileged(p) == false)
    );
    let locked: Vec<&str> = (read_.of("account"))
        .filter(|account| account["enabled"] == false)
        .map(|account| account["login"].as_str().unwrap())
        .collect();
    assert_eq!(locked, ["p02", "p03"], "locked by hand, by wrong passwords");
    let used: Vec<&str> = (read_.of("account"))
        .filter(|account| !account["last_used_on"].is_null())
        .map(|account| account["login"].as_str().unwrap())
        .collect();
    assert_eq!(used, ["reader", "p04"]);
}

#[test]
fn the_summary_may_be_left_out_and_the_facts_are_the_same() {
    let Some(server) = Server::start() else {
        return;
    };
    server.fill();
    let with = read(&server.export(READER, &[]).stdout);
    let without = read(&server.export(READER, &["-LLL"]).stdout);
    assert_eq!(without.run.outcome, Outcome::Complete);
    assert_eq!(without.run.counts, with.run.counts);
    assert_eq!(without.facts.len(), 109);
    // Exporting is signing in, so the reader's own last use may have come a day further.
    let lasting = |reading: &Reading| -> Vec<Value> {
        let facts = reading.facts.iter();
        facts
            .filter(|fact| fact["login"] != "reader")
            .cloned()
            .collect()
    };
    assert_eq!(lasting(&without).len(), 108);
    assert_eq!(lasting(&without), lasting(&with));
}

#[test]
fn without_operational_attributes_locks_are_unknown_and_groups_speak_for_themselves() {
    let Some(server) = Server::start() else {
        return;
    };
    server.fill();
    let words = ["-b", "dc=example,dc=org", "(objectClass=*)", "*"];
    let export = server.search(READER, &words);
    assert!(!String::from_utf8_lossy(&export.stdout).contains("memberOf"));
    let read_ = read(&export.stdout);
    assert_eq!(read_.run.outcome, Outcome::Partial, "{:?}", read_.run);
    assert!(read_.has_gap(GapCode::NotAsked), "{:?}", read_.run.gaps);
    assert_eq!(read_.run.counts["account"], 51);
    assert_eq!(read_.run.counts["grant"], 58);
    assert_eq!(read_.groups("p01"), ["admins", "staff", "~Büro, Süd"]);
    assert!(
        read_
            .of("account")
            .all(|account| account["enabled"].is_null())
    );
}

#[test]
fn an_export_cut_off_by_a_size_limit_is_never_complete() {
    let Some(server) = Server::start() else {
        return;
    };
    server.fill();
    let whole = read(&server.export(READER, &[]).stdout);

    let cut = server.export(READER, &["-z", "10"]);
    assert_eq!(cut.status.code(), Some(4));
    let read_ = read(&cut.stdout);
    assert_eq!(read_.run.outcome, Outcome::Partial, "{:?}", read_.run);
    assert!(read_.has_gap(GapCode::Truncated), "{:?}", read_.run.gaps);
    assert!(read_.run.counts["account"] < 10);

    // Without a summary the tool says so on standard error only. Sent to the same file, it shows.
    let mut cut = server.export(READER, &["-LLL", "-z", "10"]);
    cut.stdout.append(&mut cut.stderr);
    let read_ = read(&cut.stdout);
    assert_eq!(read_.run.outcome, Outcome::Partial, "{:?}", read_.run);

    // Thrown away, what remains to show it is how much there was the last time.
    let cut = server.export(READER, &["-LLL", "-z", "10"]);
    let before = whole.run.counts.iter();
    let before = before
        .map(|(table, count)| ((*table).to_owned(), *count))
        .collect();
    let read_ = read_after(&cut.stdout, &before);
    assert_eq!(read_.run.outcome, Outcome::Partial, "{:?}", read_.run);
    assert!(read_.has_gap(GapCode::Truncated), "{:?}", read_.run.gaps);
}

#[test]
fn what_an_account_may_not_see_is_never_an_empty_directory() {
    let Some(server) = Server::start() else {
        return;
    };
    server.fill();
    let nobody = ("", "");
    let refused = server.export(nobody, &[]);
    let read_ = read(&refused.stdout);
    assert_eq!(read_.run.outcome, Outcome::Partial, "{:?}", read_.run);
    assert_eq!(read_.run.counts["account"], 0);

    let wrong = server.export((READER.0, "wrong"), &[]);
    assert_eq!(wrong.status.code(), Some(49));
    let read_ = read(&wrong.stdout);
    assert_eq!(read_.run.outcome, Outcome::Failed, "{:?}", read_.run);
}

#[test]
fn passwords_in_the_export_are_noticed_and_not_read() {
    let Some(server) = Server::start() else {
        return;
    };
    server.fill();
    let export = server.export(ADMINISTRATOR, &[]);
    let text = std::str::from_utf8(&export.stdout).unwrap();
    assert!(text.contains("\nuserPassword:: "));
    let read_ = read(&export.stdout);
    assert_eq!(read_.run.outcome, Outcome::Complete, "{:?}", read_.run);
    assert_eq!(read_.run.problem_count, 1);
    assert!(read_.run.problems[0].message.contains("password hashes"));
}

#[test]
fn an_export_in_pages_is_read_like_one_in_one_piece() {
    let Some(server) = Server::start() else {
        return;
    };
    server.fill();
    let paged = server.export(READER, &["-E", "pr=20/noprompt"]);
    let read_ = read(&paged.stdout);
    assert_eq!(read_.run.outcome, Outcome::Complete, "{:?}", read_.run);
    assert_eq!(read_.facts.len(), 109);
}

#[test]
fn a_group_that_only_its_members_name_keeps_its_comma() {
    let Some(server) = Server::start() else {
        return;
    };
    server.fill();
    let people = "(objectClass=inetOrgPerson)";
    let export = server.search(READER, &["-b", "dc=example,dc=org", people, "*", "+"]);
    assert_eq!(read(&export.stdout).groups("p10"), ["Büro, Süd", "staff"]);
}
