//! A real Active Directory domain controller in a folder of its own.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Who may do everything: name and password.
pub const ADMINISTRATOR: (&str, &str) = ("Administrator@adtest.local", "Passw0rd!Test");

/// The server, for as long as this lives.
pub struct Samba(Child);

impl Drop for Samba {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs a program to its good end.
pub fn done(program: &str, words: &[&str]) {
    let said = Command::new(program).args(words).output().unwrap();
    let why = String::from_utf8_lossy(&said.stderr);
    assert!(said.status.success(), "{program}: {why}");
}

/// Provisions a domain and fills it before it starts. Its ports are fixed, so each server has an address
/// of its own. `None`, and says so, where the parts are not installed.
pub fn start(folder: &Path, address: &str, filling: &str) -> Option<Samba> {
    let root = std::fs::metadata("/proc/self").is_ok_and(|m| m.uid() == 0);
    let tools = ["/usr/sbin/samba", "/usr/bin/samba-tool", "/usr/bin/ldbadd"];
    let here = |tool: &&str| Path::new(tool).is_file();
    let templates = Path::new("/usr/share/samba/setup").is_dir();
    if !root || !templates || !tools.iter().all(here) {
        eprintln!("SKIPPED (samba is not here, or not root): a real Active Directory domain");
        return None;
    }
    let place = folder.to_str().unwrap();
    done(
        "samba-tool",
        &[
            "domain",
            "provision",
            "--realm=ADTEST.LOCAL",
            "--domain=ADTEST",
            "--server-role=dc",
            "--dns-backend=NONE",
            &format!("--adminpass={}", ADMINISTRATOR.1),
            &format!("--targetdir={place}"),
            "--host-name=dc1",
            &format!("--host-ip={address}"),
        ],
    );
    let file = folder.join("etc/smb.conf");
    let ours = format!(
        "[global]\n\tlog file = {place}/log.%m\n\tinterfaces = {address}/8\n\
         \tbind interfaces only = yes\n\tldap server require strong auth = no\n\
         \tpid directory = {place}/run\n\tncalrpc dir = {place}/run/ncalrpc\n\
         \tserver services = ldap, kdc, rpc, cldap\n"
    );
    let theirs = std::fs::read_to_string(&file).unwrap();
    let theirs = theirs.lines().filter(|line| {
        !line.contains("server services =") && !line.contains("log file =") && *line != "[global]"
    });
    let theirs = theirs.collect::<Vec<_>>().join("\n");
    std::fs::write(&file, format!("{ours}{theirs}\n")).unwrap();
    for name in ["run", "cache"] {
        std::fs::create_dir_all(folder.join(name)).unwrap();
    }
    let people = folder.join("people.ldif");
    std::fs::write(&people, filling).unwrap();
    let database = folder.join("private/sam.ldb");
    let database = database.to_str().unwrap();
    done(
        "ldbadd",
        &["--nosync", "-H", database, people.to_str().unwrap()],
    );
    let log = std::fs::File::create(folder.join("samba.log")).unwrap();
    let child = Command::new("samba")
        .arg("-s")
        .arg(&file)
        .args(["--foreground", "--no-process-group", "-M", "single"])
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .unwrap();
    let mut samba = Samba(child);
    for _ in 0..600 {
        assert_eq!(samba.0.try_wait().unwrap(), None, "samba did not start");
        if std::net::TcpStream::connect((address, 389)).is_ok() {
            return Some(samba);
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("samba does not answer");
}
