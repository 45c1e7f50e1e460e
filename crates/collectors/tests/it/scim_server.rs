//! SCIM as a server that is not ours speaks it: `scim2-server` from PyPI, as `./test` fetches it.

use std::collections::BTreeMap;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use standing_collectors::{Root, Run, Settings, by_kind, run};
use standing_facts::{GapCode, Outcome, Row};

use crate::cases::Memory;

const TOKEN: &str = "t0ken-of-the-tests";
/// More than two pages.
const USERS: usize = 230;

struct Server {
    child: Child,
    base: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn program() -> Option<PathBuf> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target")),
        PathBuf::from,
    );
    let program = target.join("real/bin/scim2-server");
    if !program.is_file() {
        eprintln!("SKIPPED (scim2-server is not here; ./test fetches it): SCIM by a real server");
        return None;
    }
    Some(program)
}

impl Server {
    fn start() -> Option<Self> {
        let program = program()?;
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let mut child = Command::new(program)
            .args(["--port", &port.to_string(), "--bearer-token", TOKEN])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = child.try_wait().unwrap();
            assert!(ended.is_none(), "scim2-server ended: {ended:?}");
            std::thread::sleep(Duration::from_millis(50));
        }
        let base = format!("http://127.0.0.1:{port}/v2");
        Some(Server { child, base })
    }

    fn make(&self, what: &str, body: &Value) -> String {
        let mut answer = ureq::post(format!("{}/{what}", self.base))
            .header("authorization", format!("Bearer {TOKEN}"))
            .header("content-type", "application/scim+json")
            .send(body.to_string().as_bytes())
            .unwrap();
        let text = answer.body_mut().read_to_string().unwrap();
        let made: Value = serde_json::from_str(&text).unwrap();
        made["id"].as_str().unwrap().to_owned()
    }

    fn fill(&self) {
        const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
        const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
        let mut ids = Vec::new();
        for number in 0..USERS {
            let user = json!({
                "schemas": [USER, ENTERPRISE],
                "userName": format!("user{number:03}"),
                "name": { "givenName": "User", "familyName": format!("N{number:03}") },
                "emails": [{ "value": format!("user{number:03}@example.test"), "primary": true }],
                "active": number % 10 != 0,
                ENTERPRISE: { "employeeNumber": format!("{number:05}") },
            });
            ids.push(self.make("Users", &user));
        }
        let members = ids[..3].iter().map(|id| json!({ "value": id }));
        let group = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
            "displayName": "Desk",
            "members": members.collect::<Vec<_>>(),
        });
        self.make("Groups", &group);
    }

    fn collect(&self, token: &str) -> (Run, Vec<Row>) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        std::fs::write(&file, token).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        self.run(folder.path())
    }

    fn run(&self, folder: &Path) -> (Run, Vec<Row>) {
        let values = [
            ("url", self.base.as_str()),
            ("system", "Desk"),
            ("token_file", "token"),
        ];
        let values = values.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let settings = Settings {
            source: "desk".into(),
            values: BTreeMap::from(values),
            ..Settings::default()
        };
        let mut rows = Vec::new();
        let done = run(
            by_kind("scim").unwrap(),
            &settings,
            &Root::new(folder),
            &mut Memory::default(),
            &BTreeMap::new(),
            &mut |_| {},
            &mut |row| rows.push(row),
        );
        (done, rows)
    }
}

#[test]
fn what_a_real_scim_server_holds_is_read_to_its_end() {
    let Some(server) = Server::start() else {
        return;
    };
    server.fill();
    let (done, rows) = server.collect(TOKEN);
    assert_eq!(done.outcome, Outcome::Complete, "{:?}", done.gaps);
    assert_eq!(done.counts["account"], USERS as u64);
    assert_eq!(done.counts["grant"], 3);
    let lines: Vec<Value> = rows
        .iter()
        .map(|row| serde_json::from_str(&standing_facts::to_line(row)).unwrap())
        .collect();
    let account = |login: &str| {
        let mut all = lines.iter();
        all.find(|l| l["login"] == login)
            .unwrap_or_else(|| panic!("no {login}"))
    };
    assert_eq!(account("user000")["enabled"], false);
    assert_eq!(account("user229")["enabled"], true);
    assert_eq!(account("user229")["employee_number"], "00229");
    assert_eq!(account("user229")["email"], "user229@example.test");

    let (done, rows) = server.collect("another");
    assert_eq!(done.outcome, Outcome::Failed);
    assert_eq!(done.gaps[0].code, GapCode::Denied);
    assert!(rows.is_empty());
}
