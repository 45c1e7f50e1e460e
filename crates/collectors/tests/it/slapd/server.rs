//! A real OpenLDAP server with its own tools, on a port of its own.

use std::fmt::Write as _;
use std::io::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

/// The account that may do everything: name and password.
pub const ADMINISTRATOR: (&str, &str) = ("cn=admin,dc=example,dc=org", "of-the-tests");
/// The account that a directory is read by, once somebody has added it: name and password.
pub const READER: (&str, &str) = ("cn=reader,dc=example,dc=org", "may-read");
/// What asks for all that there is.
pub const EVERYTHING: [&str; 3] = ["(objectClass=*)", "*", "+"];

/// A server on a port and in a folder of its own, for as long as this lives.
pub struct Server {
    child: Child,
    folder: tempfile::TempDir,
    /// `ldap://127.0.0.1:port`.
    pub url: String,
    /// `ldaps://localhost:port`, of a server that has a certificate.
    pub secure_url: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn tool(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/usr/bin".into()])
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

fn folder_with(file: &str, folders: &[&str]) -> Option<PathBuf> {
    let mut folders = folders.iter().map(PathBuf::from);
    folders.find(|folder| folder.join(file).is_file())
}

/// Free a moment ago, and let go of.
fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap().port()
}

fn configuration(folder: &Path, schema: &Path, modules: Option<&Path>) -> String {
    let mut text = String::new();
    for name in ["core", "cosine", "inetorgperson", "nis"] {
        writeln!(text, "include {}/{name}.schema", schema.display()).unwrap();
    }
    if let Some(modules) = modules {
        writeln!(text, "modulepath {}", modules.display()).unwrap();
        for name in ["back_mdb", "memberof", "ppolicy"] {
            writeln!(text, "moduleload {name}").unwrap();
        }
    }
    let folder = folder.display();
    let (administrator, password) = ADMINISTRATOR;
    write!(
        text,
        "pidfile {folder}/slapd.pid\n\
         database mdb\n\
         maxsize 104857600\n\
         dbnosync\n\
         suffix \"dc=example,dc=org\"\n\
         rootdn \"{administrator}\"\n\
         rootpw {password}\n\
         directory {folder}/db\n\
         lastbind on\n\
         access to attrs=userPassword by anonymous auth by * none\n\
         access to * by users read by * none\n\
         overlay memberof\n\
         overlay ppolicy\n\
         ppolicy_default \"cn=policy,dc=example,dc=org\"\n"
    )
    .unwrap();
    text
}

impl Server {
    /// `None`, and says so, where the parts are not installed.
    pub fn start() -> Option<Server> {
        Self::start_with("")
    }

    /// As [`Server::start`], with further lines for the database's configuration.
    pub fn start_with(more: &str) -> Option<Server> {
        for name in ["ldapsearch", "ldapadd", "ldapmodify", "ldapdelete"] {
            if tool(name).is_none() {
                eprintln!("skipped: {name} not found");
                return None;
            }
        }
        let Some(slapd) = tool("slapd") else {
            eprintln!("skipped: slapd not found");
            return None;
        };
        let schema = ["/etc/ldap/schema", "/etc/openldap/schema"];
        let Some(schema) = folder_with("inetorgperson.schema", &schema) else {
            eprintln!("skipped: the schema files of slapd not found");
            return None;
        };
        let modules = [
            "/usr/lib/ldap",
            "/usr/lib/openldap",
            "/usr/lib64/openldap",
            "/usr/lib/openldap/modules",
        ];
        let modules = folder_with("memberof.so", &modules);
        // Another may take the port between our letting go of it and the server's asking for it.
        for _ in 0..5 {
            let folder = tempfile::tempdir().unwrap();
            std::fs::create_dir(folder.path().join("db")).unwrap();
            let file = folder.path().join("slapd.conf");
            let text = configuration(folder.path(), &schema, modules.as_deref()) + more;
            std::fs::write(&file, text).unwrap();
            let url = format!("ldap://127.0.0.1:{}", free_port());
            let secure_url = format!("ldaps://localhost:{}", free_port());
            let both = format!("{url} {secure_url}");
            let listens = if more.contains("TLSCertificateFile") {
                &both
            } else {
                &url
            };
            let log = std::fs::File::create(folder.path().join("log")).unwrap();
            let child = Command::new(&slapd)
                .args(["-d", "0", "-h", listens, "-f"])
                .arg(&file)
                .stdout(log.try_clone().unwrap())
                .stderr(log)
                .spawn()
                .unwrap();
            let mut server = Server {
                child,
                folder,
                url,
                secure_url,
            };
            if server.is_ready() {
                return Some(server);
            }
            let log = server.folder.path().join("log");
            eprintln!("{}", std::fs::read_to_string(log).unwrap());
        }
        panic!("slapd did not start");
    }

    /// The file is written once the port is ours: nobody else's server is ever asked.
    fn is_ready(&mut self) -> bool {
        let file = self.folder.path().join("slapd.pid");
        for _ in 0..500 {
            if self.child.try_wait().unwrap().is_some() {
                return false;
            }
            let written = std::fs::read_to_string(&file).unwrap_or_default();
            if written.trim() == self.child.id().to_string() {
                let asked = self.search(ADMINISTRATOR, &["-s", "base", "-b", ""]);
                if asked.status.success() {
                    return true;
                }
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        false
    }

    /// One search, as it prints it.
    pub fn search(&self, (name, password): (&str, &str), words: &[&str]) -> Output {
        Command::new(tool("ldapsearch").unwrap())
            .args(["-x", "-H", &self.url, "-D", name, "-w", password])
            .args(words)
            .env("LDAPNOINIT", "1")
            .output()
            .unwrap()
    }

    /// The whole directory as the account sees it.
    pub fn export(&self, account: (&str, &str), options: &[&str]) -> Output {
        let words = [options, &["-b", "dc=example,dc=org"], &EVERYTHING].concat();
        self.search(account, &words)
    }

    /// Lets a program of OpenLDAP's change the directory.
    pub fn change(&self, program: &str, ldif: &str) {
        let (name, password) = ADMINISTRATOR;
        let mut child = Command::new(tool(program).unwrap())
            .args(["-x", "-H", &self.url, "-D", name, "-w", password])
            .env("LDAPNOINIT", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        input.write_all(ldif.as_bytes()).unwrap();
        drop(input);
        let done = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{program}: {said}");
    }
}
