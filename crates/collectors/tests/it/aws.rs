//! AWS as a program that is not ours plays it: `moto` from PyPI, as `./test` fetches it, which checks
//! signatures and policies.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use standing_collectors::{Root, Run, Settings, by_kind, run};
use standing_facts::{GapCode, Outcome};

use crate::cases::Memory;

struct Server {
    child: Child,
    url: String,
    /// The id and the secret of a key, by whose it is.
    keys: Value,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    fn start() -> Option<Self> {
        let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let target = std::env::var_os("CARGO_TARGET_DIR");
        let target = target.map_or_else(|| here.join("../../target"), PathBuf::from);
        let real = target.join("real/bin");
        if !real.join("moto_server").is_file() {
            eprintln!("SKIPPED (moto is not here; ./test fetches it): AWS by a program not ours");
            return None;
        }
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let mut child = Command::new(real.join("python"))
            .arg(here.join("../standing/tests/real/aws.py"))
            .arg(port.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut said = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        while !said.trim_start().starts_with('{') {
            said.clear();
            assert!(out.read_line(&mut said).unwrap() > 0, "moto ended");
        }
        Some(Server {
            child,
            url: format!("http://127.0.0.1:{port}"),
            keys: serde_json::from_str(&said).unwrap(),
        })
    }

    fn collect(&self, id: &str, secret: &str) -> (Run, Vec<Value>) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        std::fs::write(&file, secret).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        let values = [
            ("url", self.url.as_str()),
            ("access_key_id", id),
            ("secret_key_file", "key"),
        ];
        let settings = Settings {
            source: "cloud".into(),
            values: BTreeMap::from(values.map(|(name, value)| (name.into(), value.into()))),
            ..Settings::default()
        };
        let mut rows = Vec::new();
        let no_wait = |_: Duration| {};
        let root = Root {
            wait: &no_wait,
            ..Root::new(folder.path())
        };
        let done = run(
            by_kind("aws").unwrap(),
            &settings,
            &root,
            &mut Memory::default(),
            &BTreeMap::new(),
            &mut |_| {},
            &mut |row| rows.push(serde_json::from_str(&standing_facts::to_line(&row)).unwrap()),
        );
        (done, rows)
    }

    fn key(&self, whose: &str) -> (&str, &str) {
        let key = |n: usize| self.keys[whose][n].as_str().unwrap();
        (key(0), key(1))
    }
}

#[test]
fn what_is_planted_in_an_account_is_read_with_a_signature_that_is_checked() {
    let Some(server) = Server::start() else {
        return;
    };
    let (id, secret) = server.key("reader");
    let (done, rows) = server.collect(id, secret);
    // moto says of every report that it was made in 2015, and leaves the root account out of it.
    assert_eq!(done.outcome, Outcome::Partial, "{done:?}");
    let gaps: Vec<_> = done.gaps.iter().map(|gap| gap.code).collect();
    assert_eq!(gaps, [GapCode::Stale, GapCode::Missing], "{done:?}");

    let of = |table: &str| {
        rows.iter()
            .filter(|row| row["table"] == table)
            .collect::<Vec<_>>()
    };
    assert_eq!(of("account").len(), 42);
    let account = |login: &str| {
        let all = of("account");
        (*all.iter().find(|row| row["login"] == login).unwrap()).clone()
    };
    let first = account("user01");
    assert_eq!(first["privileged"], true, "{first}");
    assert_eq!(first["mfa"], true, "{first}");
    assert_eq!(first["enabled"], true, "{first}");
    let second = account("user02");
    assert_eq!(
        (&second["privileged"], &second["mfa"]),
        (&false.into(), &false.into())
    );
    assert_eq!(account("user03")["enabled"], false);
    let mut grants: Vec<_> = of("grant")
        .into_iter()
        .map(|row| {
            let name = row["account"].as_str().unwrap().rsplit('/').next().unwrap();
            (
                name.to_owned(),
                row["resource"].as_str().unwrap().to_owned(),
                row["direct"] == true,
            )
        })
        .collect();
    grants.sort();
    let wanted = [
        ("standing", "inline reads", true),
        ("user01", "everything", false),
        ("user01", "group operators", true),
        ("user02", "inline bucket", true),
    ];
    let wanted = wanted.map(|(who, what, direct)| (who.to_owned(), what.to_owned(), direct));
    assert_eq!(grants, wanted);
}

#[test]
fn a_wrong_secret_and_a_key_without_rights_are_refusals() {
    let Some(server) = Server::start() else {
        return;
    };
    let (id, _) = server.key("reader");
    let (without, theirs) = server.key("nobody");
    for (id, secret) in [
        (id, "not-the-secret-of-it"),
        (without, theirs),
        ("AKIAUNKNOWN", "x"),
    ] {
        let (done, rows) = server.collect(id, secret);
        assert_eq!(done.outcome, Outcome::Failed, "{done:?}");
        assert!(rows.is_empty());
        assert!(
            done.gaps.iter().any(|gap| gap.code == GapCode::Denied),
            "{done:?}"
        );
        assert!(
            !format!("{done:?}").contains(secret) || secret == "x",
            "{done:?}"
        );
    }
}
