//! A real Active Directory domain controller.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use standing_facts::Outcome;

use super::limits::{self, Limits};

/// Its ports are fixed, so it has an address of its own.
const ADDRESS: &str = "127.0.0.21";
const ADMINISTRATOR: (&str, &str) = ("Administrator@adtest.local", "Passw0rd!Test");
const PEOPLE: usize = 510;

/// A server in a folder of its own, for as long as this lives.
struct Samba(Child);

impl Drop for Samba {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn done(program: &str, words: &[&str]) {
    let said = Command::new(program).args(words).output().unwrap();
    let why = String::from_utf8_lossy(&said.stderr);
    assert!(said.status.success(), "{program}: {why}");
}

/// Provisions a domain and fills it before it starts.
fn start(folder: &Path) -> Option<Samba> {
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
            &format!("--host-ip={ADDRESS}"),
        ],
    );
    let file = folder.join("etc/smb.conf");
    let ours = format!(
        "[global]\n\tlog file = {place}/log.%m\n\tinterfaces = {ADDRESS}/8\n\
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
    std::fs::write(&people, filling()).unwrap();
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
        if std::net::TcpStream::connect((ADDRESS, 389)).is_ok() {
            return Some(samba);
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("samba does not answer");
}

/// People, one of them disabled, a group in another that counts, and a group of everybody.
fn filling() -> String {
    let base = "OU=Staff,DC=adtest,DC=local";
    let mut text = format!("dn: {base}\nobjectClass: organizationalUnit\n\n");
    for n in 1..=PEOPLE {
        let control = if n == 7 { 514 } else { 512 };
        write!(
            text,
            "dn: CN=User {n},{base}\nobjectClass: user\nsAMAccountName: user{n}\n\
             employeeID: E{n:06}\nuserAccountControl: {control}\n\n"
        )
        .unwrap();
    }
    write!(
        text,
        "dn: CN=Operators,{base}\nobjectClass: group\nsAMAccountName: Operators\n\
         member: CN=User 1,{base}\n\n\
         dn: CN=Wardens,{base}\nobjectClass: group\nsAMAccountName: Wardens\n\
         member: CN=Operators,{base}\n\n\
         dn: CN=Everybody,{base}\nobjectClass: group\nsAMAccountName: Everybody\n"
    )
    .unwrap();
    for n in 1..=PEOPLE {
        writeln!(text, "member: CN=User {n},{base}").unwrap();
    }
    text
}

#[test]
fn a_domain_is_read_to_the_last_with_the_day_of_disabling() {
    let today = || jiff::Timestamp::now().to_string()[..10].to_owned();
    let folder = tempfile::tempdir().unwrap();
    let before = today();
    let Some(_samba) = start(folder.path()) else {
        return;
    };
    let url = format!("ldap://{ADDRESS}");
    let asked = super::ask(&url, ADMINISTRATOR, "DC=adtest,DC=local", "100");
    assert_eq!(asked.run.outcome, Outcome::Complete, "{:?}", asked.run);
    let staff = asked
        .of("account")
        .filter(|a| a["employee_number"].is_string());
    assert_eq!(staff.count(), PEOPLE);
    let account = |login: &str| asked.of("account").find(|a| a["login"] == login).unwrap();
    let disabled = account("user7");
    assert_eq!(disabled["enabled"], false);
    let day = disabled["disabled_on"].as_str().unwrap();
    assert!(day == before || day == today(), "{day}");
    assert!(account("user8")["disabled_on"].is_null());
    let first = &account("user1")["id"];
    let grants = asked.of("grant").filter(|g| g["account"] == *first);
    let mut grants: Vec<_> = grants
        .map(|g| (g["resource"].as_str().unwrap(), &g["direct"] == true))
        .collect();
    grants.sort_unstable();
    let groups = [("Everybody", true), ("Operators", true), ("Wardens", false)];
    assert_eq!(grants, groups);

    // As a domain of Microsoft's allows it: so many entries a page, and so many members an answer.
    let limits = Limits {
        page: 100,
        values: 150,
        loses_ranges: false,
    };
    let (url, seen) = limits::between(&format!("{url}:389"), limits);
    let limited = super::ask(&url, ADMINISTRATOR, "DC=adtest,DC=local", "1000");
    assert_eq!(limited.run.outcome, Outcome::Complete, "{:?}", limited.run);
    let held = |asked: &super::Asked| -> BTreeSet<String> {
        asked.of("grant").map(|g| g["id"].to_string()).collect()
    };
    assert_eq!(held(&limited), held(&asked));
    assert_eq!(limited.of("account").count(), asked.of("account").count());
    let seen = seen.lock().unwrap();
    assert_eq!((seen.longest_page, seen.ranges), (100, 4));
}
