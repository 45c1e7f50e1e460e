//! Real PostgreSQL and MariaDB servers, each with a folder and a port of its own.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A server that lives as long as this.
pub struct Server {
    child: Child,
    folder: tempfile::TempDir,
    port: u16,
    client: PathBuf,
    stop: &'static str,
}

impl Drop for Server {
    fn drop(&mut self) {
        // Asked first: a server that is killed leaves shared memory behind.
        let id = self.child.id().to_string();
        let _ = Command::new("kill").args([self.stop, &id]).status();
        for _ in 0..500 {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Free a moment ago, and let go of.
fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap().port()
}

fn tool(name: &str, beside: &[PathBuf]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/usr/bin".into()])
        .chain(beside.iter().cloned())
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

/// Programs of PostgreSQL lie in a folder of their version.
fn postgresql_folders() -> Vec<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten();
    let mut found: Vec<PathBuf> = versions
        .filter_map(|v| Some(v.ok()?.path().join("bin")))
        .collect();
    found.sort();
    found.reverse();
    found
}

fn am_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout.trim_ascii() == b"0"
}

/// Neither server runs as root: the folder is given to a user that is there, and the program is run
/// as that user.
fn as_another(program: &Path, folder: &Path, users: &[&str]) -> Option<Command> {
    if !am_root() {
        return Some(Command::new(program));
    }
    let is_there = |user: &&&str| {
        let found = Command::new("id").args(["-u", user]).output();
        found.is_ok_and(|f| f.status.success())
    };
    let user = users.iter().find(is_there)?;
    let setpriv = tool("setpriv", &[])?;
    let given = Command::new("chown")
        .args(["-R", user])
        .arg(folder)
        .status();
    given.ok().filter(|s| s.success())?;
    let mut command = Command::new(setpriv);
    command
        .args([format!("--reuid={user}"), "--clear-groups".into()])
        .arg("--")
        .arg(program)
        .current_dir(folder);
    Some(command)
}

fn quiet(command: &mut Command, folder: &Path) -> Child {
    let log = std::fs::File::create(folder.join("log")).unwrap();
    command
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .unwrap()
}

impl Server {
    /// PostgreSQL, with passwords asked for over the network and nobody asked at the socket; `None`,
    /// loudly, where it is not installed.
    pub fn postgresql() -> Option<Self> {
        let beside = postgresql_folders();
        let mut tools = ["initdb", "postgres", "psql"].into_iter();
        let skip =
            || eprintln!("SKIPPED (postgresql is not here): roles and people of a real PostgreSQL");
        let found: Option<Vec<PathBuf>> = beside.first().and_then(|folder| {
            let folder = std::slice::from_ref(folder);
            // Programs of one version, not whichever the path has.
            tools.try_fold(Vec::new(), |mut all, name| {
                let own = folder[0].join(name);
                all.push(if own.is_file() {
                    own
                } else {
                    tool(name, folder)?
                });
                Some(all)
            })
        });
        let Some(found) = found else {
            skip();
            return None;
        };
        let users = ["postgres", "nobody"];
        for _ in 0..5 {
            let folder = tempfile::tempdir().unwrap();
            let data = folder.path().join("data");
            let Some(mut make) = as_another(&found[0], folder.path(), &users) else {
                skip();
                return None;
            };
            let made = make
                .args([
                    "--auth-local=trust",
                    "--auth-host=scram-sha-256",
                    "--username=postgres",
                ])
                .args(["--no-sync", "--encoding=UTF8", "--locale=C", "--pgdata"])
                .arg(&data)
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&made.stderr);
            assert!(made.status.success(), "initdb: {said}");
            let port = free_port();
            let mut run = as_another(&found[1], folder.path(), &users).unwrap();
            run.arg("-D")
                .arg(&data)
                .args(["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"])
                .args(["-c", &format!("port={port}"), "-c"])
                .arg(format!(
                    "unix_socket_directories={}",
                    folder.path().display()
                ));
            let child = quiet(&mut run, folder.path());
            let server = Server {
                child,
                folder,
                port,
                client: found[2].clone(),
                stop: "-INT",
            };
            if let Some(server) = server.ready("select 1") {
                return Some(server);
            }
        }
        panic!("PostgreSQL did not start");
    }

    /// MariaDB; `None`, loudly, where it is not installed.
    pub fn mariadb() -> Option<Self> {
        let names = ["mariadb-install-db", "mariadbd", "mariadb"];
        let skip = || {
            eprintln!("SKIPPED (mariadb-server is not here): users and people of a real MariaDB")
        };
        let found: Option<Vec<PathBuf>> = names.into_iter().map(|n| tool(n, &[])).collect();
        let Some(found) = found else {
            skip();
            return None;
        };
        let users = ["mysql", "nobody"];
        for _ in 0..5 {
            let folder = tempfile::tempdir().unwrap();
            let data = folder.path().join("data");
            std::fs::create_dir(&data).unwrap();
            let Some(mut make) = as_another(&found[0], folder.path(), &users) else {
                skip();
                return None;
            };
            let made = make
                .args(["--no-defaults", "--auth-root-authentication-method=normal"])
                .args(["--skip-test-db", "--skip-name-resolve"])
                .arg(format!("--datadir={}", data.display()))
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&made.stderr);
            assert!(made.status.success(), "mariadb-install-db: {said}");
            let port = free_port();
            let socket = folder.path().join("socket");
            let mut run = as_another(&found[1], folder.path(), &users).unwrap();
            run.args([
                "--no-defaults",
                "--bind-address=127.0.0.1",
                "--skip-name-resolve",
            ])
            .args([
                "--innodb-flush-log-at-trx-commit=0",
                "--innodb-buffer-pool-size=16M",
            ])
            .arg(format!("--datadir={}", data.display()))
            .arg(format!("--socket={}", socket.display()))
            .arg(format!(
                "--pid-file={}",
                folder.path().join("pid").display()
            ))
            .arg(format!("--port={port}"));
            let child = quiet(&mut run, folder.path());
            let server = Server {
                child,
                folder,
                port,
                client: found[2].clone(),
                stop: "-TERM",
            };
            if let Some(server) = server.ready("select 1") {
                return Some(server);
            }
        }
        panic!("MariaDB did not start");
    }

    fn ready(mut self, question: &str) -> Option<Self> {
        for _ in 0..1500 {
            if self.child.try_wait().unwrap().is_some() {
                let log = self.folder.path().join("log");
                eprintln!("{}", std::fs::read_to_string(log).unwrap());
                return None;
            }
            if self.said("", question).is_ok() {
                return Some(self);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        None
    }

    /// Where it answers over the network.
    pub fn url(&self) -> String {
        let scheme = if self.is_postgresql() {
            "postgresql"
        } else {
            "mysql"
        };
        format!("{scheme}://127.0.0.1:{}", self.port)
    }

    fn is_postgresql(&self) -> bool {
        self.stop == "-INT"
    }

    /// Does what its administrator says, at the socket.
    pub fn does(&self, database: &str, words: &str) {
        if let Err(said) = self.said(database, words) {
            panic!("{words}: {said}");
        }
    }

    fn said(&self, database: &str, words: &str) -> Result<(), String> {
        let mut client = Command::new(&self.client);
        let folder = self.folder.path();
        if self.is_postgresql() {
            let database = if database.is_empty() {
                "postgres"
            } else {
                database
            };
            client
                .args([
                    "-X",
                    "-q",
                    "-v",
                    "ON_ERROR_STOP=1",
                    "-U",
                    "postgres",
                    "-d",
                    database,
                ])
                .args(["-p", &self.port.to_string(), "-h"])
                .arg(folder)
                .args(["-c", words]);
        } else {
            client
                .args(["--no-defaults", "--user=root"])
                .arg(format!("--socket={}", folder.join("socket").display()))
                .args(["--execute", words]);
            if !database.is_empty() {
                client.arg(database);
            }
        }
        let done = client.stdin(Stdio::null()).output().unwrap();
        match done.status.success() {
            true => Ok(()),
            false => Err(String::from_utf8_lossy(&done.stderr).into_owned()),
        }
    }
}
