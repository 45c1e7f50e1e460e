//! Directories asked over LDAP: a real OpenLDAP server, and a line to it that breaks.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;
use standing_collectors::{Root, Run, Settings, by_kind, run};
use standing_facts::{GapCode, Outcome};

use crate::cases::Memory;
use crate::slapd::server::{READER, Server};

mod samba;

const PEOPLE: usize = 520;
/// Without it the server gives nobody more than 500 entries, in pages or not.
const ALL: &str = "limits users size=unlimited\n";

/// One run: what it was worth, and its facts.
struct Asked {
    run: Run,
    facts: Vec<Value>,
}

impl Asked {
    fn of(&self, table: &str) -> impl Iterator<Item = &Value> {
        self.facts.iter().filter(move |fact| fact["table"] == table)
    }

    fn has_gap(&self, code: GapCode) -> bool {
        self.run.gaps.iter().any(|gap| gap.code == code)
    }
}

fn ask(url: &str, (name, password): (&str, &str), base: &str, page_size: &str) -> Asked {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    std::fs::write(&file, password).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    let values = [
        ("url", url),
        ("bind_dn", name),
        ("password_file", "password"),
        ("base_dn", base),
        ("page_size", page_size),
    ];
    let settings = Settings {
        source: "src".into(),
        values: BTreeMap::from(values.map(|(name, value)| (name.into(), value.into()))),
        ..Settings::default()
    };
    let mut facts = Vec::new();
    let run = run(
        by_kind("ldap").unwrap(),
        &settings,
        &Root::new(folder.path()),
        &mut Memory::default(),
        &BTreeMap::new(),
        &mut |_| {},
        &mut |row| facts.push(serde_json::from_str(&standing_facts::to_line(&row)).unwrap()),
    );
    Asked { run, facts }
}

fn people() -> String {
    let (reader, password) = READER;
    let mut text = format!(
        "dn: dc=example,dc=org\nobjectClass: dcObject\nobjectClass: organization\no: Example\n\n\
         dn: cn=policy,dc=example,dc=org\nobjectClass: device\nobjectClass: pwdPolicy\n\
         pwdAttribute: userPassword\n\n\
         dn: {reader}\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\n\
         userPassword: {password}\n\n"
    );
    for n in 1..=PEOPLE {
        write!(
            text,
            "dn: uid=p{n},dc=example,dc=org\nobjectClass: inetOrgPerson\n\
             cn: Zoë {n}\nsn: Person\nemployeeNumber: {n}\nuserPassword: of-p{n}\n\n"
        )
        .unwrap();
    }
    text.push_str("dn: cn=staff,dc=example,dc=org\nobjectClass: groupOfNames\n");
    for n in 1..=PEOPLE {
        writeln!(text, "member: uid=p{n},dc=example,dc=org").unwrap();
    }
    text
}

fn openldap(more: &str) -> Option<Server> {
    let server = Server::start_with(more)?;
    server.change("ldapadd", &people());
    Some(server)
}

fn ask_openldap(url: &str, password: &str) -> Asked {
    ask(url, (READER.0, password), "dc=example,dc=org", "100")
}

#[test]
fn a_directory_in_pages_is_read_to_the_last() {
    let Some(server) = openldap(ALL) else { return };
    let asked = ask_openldap(&server.url, READER.1);
    assert_eq!(asked.run.outcome, Outcome::Complete, "{:?}", asked.run);
    let numbered = |fact: &&Value| fact["employee_number"].is_string();
    assert_eq!(asked.of("account").filter(numbered).count(), PEOPLE);
    let staff = asked.of("grant").filter(|fact| fact["resource"] == "staff");
    assert_eq!(staff.count(), PEOPLE);
}

#[test]
fn a_wrong_password_is_a_refusal() {
    let Some(server) = openldap(ALL) else { return };
    let asked = ask_openldap(&server.url, "wr0ng-pass");
    assert_eq!(asked.run.outcome, Outcome::Failed, "{:?}", asked.run);
    assert!(asked.has_gap(GapCode::Denied), "{:?}", asked.run);
    assert!(!format!("{:?}", asked.run).contains("wr0ng-pass"));
}

#[test]
fn what_a_size_limit_cuts_off_is_not_complete() {
    let limit = "limits users size.soft=300 size.hard=300 size.prtotal=300\n";
    let Some(server) = openldap(limit) else {
        return;
    };
    let asked = ask_openldap(&server.url, READER.1);
    assert_ne!(asked.run.outcome, Outcome::Complete, "{:?}", asked.run);
    assert!(asked.has_gap(GapCode::Truncated), "{:?}", asked.run);
}

/// Passes one connection on, and cuts it after so many bytes from the server.
fn cut_after(url: &str, bytes: usize) -> (String, std::thread::JoinHandle<()>) {
    let server = url.strip_prefix("ldap://").unwrap().to_owned();
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let here = format!("ldap://{}", listener.local_addr().unwrap());
    let passing = std::thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        let mut server = TcpStream::connect(server).unwrap();
        let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
        let asking = std::thread::spawn(move || {
            let _ = std::io::copy(&mut from, &mut to);
        });
        let mut left = bytes;
        let mut some = [0; 1024];
        while left > 0 {
            let wanted = left.min(some.len());
            let Ok(count @ 1..) = server.read(&mut some[..wanted]) else {
                break;
            };
            left -= count;
            if client.write_all(&some[..count]).is_err() {
                break;
            }
        }
        let _ = client.shutdown(Shutdown::Both);
        let _ = server.shutdown(Shutdown::Both);
        asking.join().unwrap();
    });
    (here, passing)
}

#[test]
fn a_connection_that_breaks_leaves_a_named_gap() {
    let Some(server) = openldap(ALL) else { return };
    for bytes in [0, 5, 20, 2_000, 40_000, 90_000] {
        let (url, passing) = cut_after(&server.url, bytes);
        let asked = ask_openldap(&url, READER.1);
        passing.join().unwrap();
        let run = &asked.run;
        assert_ne!(run.outcome, Outcome::Complete, "after {bytes}: {run:?}");
        assert!(
            asked.has_gap(GapCode::Unreachable),
            "after {bytes}: {run:?}"
        );
    }
}
