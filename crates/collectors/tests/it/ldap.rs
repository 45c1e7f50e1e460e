//! Directories asked over LDAP: a real OpenLDAP server, and a line to it that breaks.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use standing_collectors::{Root, Run, Settings, by_kind, run};
use standing_facts::{GapCode, Outcome};

use crate::cases::Memory;
use crate::slapd::server::{READER, Server};

use self::limits::Limits;

mod limits;
mod samba;
mod samba_server;

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

fn ask(url: &str, account: (&str, &str), base: &str, page_size: &str) -> Asked {
    ask_with(url, account, base, &[("page_size", page_size)])
}

fn ask_with(url: &str, (name, password): (&str, &str), base: &str, more: &[(&str, &str)]) -> Asked {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    std::fs::write(&file, password).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    let values = [
        ("url", url),
        ("bind_dn", name),
        ("password_file", "password"),
        ("base_dn", base),
    ];
    let values = values.iter().chain(more);
    let settings = Settings {
        source: "src".into(),
        values: values
            .map(|(name, value)| ((*name).into(), (*value).into()))
            .collect(),
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

/// What Active Directory allows, in small: 150 entries a page, 200 values an answer.
const SMALL: Limits = Limits {
    page: 150,
    values: 200,
    loses_ranges: false,
};

#[test]
fn pages_and_ranges_of_the_servers_own_are_followed_to_the_last() {
    let Some(server) = openldap(ALL) else { return };
    let (url, seen) = limits::between(&server.url, SMALL);
    let asked = ask(&url, READER, "dc=example,dc=org", "1000");
    assert_eq!(asked.run.outcome, Outcome::Complete, "{:?}", asked.run);
    let numbered = |fact: &&Value| fact["employee_number"].is_string();
    assert_eq!(asked.of("account").filter(numbered).count(), PEOPLE);
    let staff = asked.of("grant").filter(|fact| fact["resource"] == "staff");
    let members: BTreeSet<String> = staff.map(|grant| grant["account"].to_string()).collect();
    assert_eq!(members.len(), PEOPLE);
    let seen = seen.lock().unwrap();
    assert_eq!((seen.longest_page, seen.ranges), (150, 3));
}

#[test]
fn ranges_that_end_before_their_end_are_not_complete() {
    let Some(server) = openldap(ALL) else { return };
    let lost = Limits {
        loses_ranges: true,
        ..SMALL
    };
    let (url, _) = limits::between(&server.url, lost);
    let asked = ask(&url, READER, "dc=example,dc=org", "1000");
    assert_ne!(asked.run.outcome, Outcome::Complete, "{:?}", asked.run);
    assert!(asked.has_gap(GapCode::Truncated), "{:?}", asked.run);
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

/// A certificate of `localhost` that signs itself, and its key, made by OpenSSL.
fn certificate(folder: &Path, name: &str) -> Option<(PathBuf, PathBuf)> {
    let (key, pem) = (format!("{name}.key"), format!("{name}.pem"));
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-nodes", "-days", "2"])
        .args([
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-subj",
            "/CN=localhost",
        ])
        .args(["-addext", "subjectAltName=DNS:localhost"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .args(["-keyout", &key, "-out", &pem])
        .current_dir(folder)
        .stderr(Stdio::null())
        .status();
    if !made.is_ok_and(|made| made.success()) {
        eprintln!("skipped: openssl not found");
        return None;
    }
    Some((folder.join(key), folder.join(pem)))
}

#[test]
fn over_tls_the_password_is_told_only_to_a_server_that_is_vouched_for() {
    let folder = tempfile::tempdir().unwrap();
    let made = ["its", "another"].map(|name| certificate(folder.path(), name));
    let [Some((key, its)), Some((_, another))] = made else {
        return;
    };
    let more = format!(
        "{ALL}TLSCertificateFile {}\nTLSCertificateKeyFile {}\n",
        its.display(),
        key.display()
    );
    let Some(server) = openldap(&more) else {
        return;
    };
    let (its, another) = (its.to_str().unwrap(), another.to_str().unwrap());
    let started = server.url.replace("127.0.0.1", "localhost");
    for (url, starttls) in [(&server.secure_url, "no"), (&started, "yes")] {
        let over = |ca: &[(&str, &str)]| {
            let more = [&[("starttls", starttls), ("page_size", "500")], ca].concat();
            ask_with(url, READER, "dc=example,dc=org", &more)
        };
        let asked = over(&[("ca_file", its)]);
        assert_eq!(
            asked.run.outcome,
            Outcome::Complete,
            "{url}: {:?}",
            asked.run
        );
        assert_eq!(asked.of("grant").count(), PEOPLE);
        for untrusted in [&[][..], &[("ca_file", another)]] {
            let asked = over(untrusted);
            assert_eq!(asked.run.outcome, Outcome::Failed, "{url}: {:?}", asked.run);
            assert!(asked.facts.is_empty(), "{:?}", asked.facts);
            assert!(asked.has_gap(GapCode::Unreachable), "{:?}", asked.run);
        }
    }
    // Nor to one whose certificate is for another name.
    let elsewhere = server.secure_url.replace("localhost", "127.0.0.1");
    let more = [("page_size", "500"), ("ca_file", its)];
    let asked = ask_with(&elsewhere, READER, "dc=example,dc=org", &more);
    assert_eq!(asked.run.outcome, Outcome::Failed, "{:?}", asked.run);
    assert!(asked.has_gap(GapCode::Unreachable), "{:?}", asked.run);
}
