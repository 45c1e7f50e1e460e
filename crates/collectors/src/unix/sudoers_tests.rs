use super::*;

pub(super) const SAMPLE: &str = r#"
# a comment with = and : in it
Defaults env_reset, secure_path="/usr/sbin:/usr/bin"
Defaults:bob !authenticate
User_Alias OPS = ada, %platform, !carl : AUDIT = dora
Host_Alias WEB = web1, 192.0.2.0/24
Cmnd_Alias SERVICES = /usr/bin/systemctl restart web, \
                      /usr/bin/journalctl
Runas_Alias APP = www-data

root    ALL=(ALL:ALL) ALL
%sudo   ALL=(ALL:ALL) ALL
OPS     WEB = NOPASSWD: SERVICES, PASSWD: /usr/bin/apt update
bob     web1 = (APP) /usr/bin/id : db1 = (root) NOPASSWD: ALL
#1005   ALL = /usr/bin/less /var/log/syslog
AUDIT, erin ALL = NOEXEC: /usr/bin/less, !/bin/su
@includedir /etc/sudoers.d
"#;

pub(super) fn read(text: &str) -> Sudoers {
    let mut sudoers = Sudoers::default();
    sudoers.take(text, &mut |line, what| panic!("line {line}: {what}"));
    sudoers
}

fn may(sudoers: &Sudoers, login: &str, uid: &str, groups: &[&str], host: &str) -> Vec<String> {
    let groups = groups.iter().map(|g| (*g).to_owned()).collect();
    let who = Who {
        login,
        uid,
        groups: &groups,
    };
    let rules = sudoers.rules.iter();
    rules
        .filter(|r| sudoers.concerns(r, &who) && sudoers.holds_on(r, host))
        .flat_map(|r| {
            let free = if sudoers.asks_no_password(r) {
                "free "
            } else {
                ""
            };
            let root = if sudoers.as_root(r) { "root " } else { "" };
            sudoers
                .allowed(r)
                .into_iter()
                .map(move |c| format!("{free}{root}{c}"))
        })
        .collect()
}

#[test]
fn each_may_do_what_the_file_says() {
    let sudoers = read(SAMPLE);
    let services = "free root /usr/bin/systemctl restart web";
    let ada = may(&sudoers, "ada", "1001", &[], "web1.example.test");
    assert_eq!(
        ada,
        [
            services,
            "free root /usr/bin/journalctl",
            "root /usr/bin/apt update"
        ]
    );
    assert_eq!(
        may(&sudoers, "carl", "1002", &["platform"], "web1"),
        [""; 0]
    );
    assert_eq!(may(&sudoers, "x", "1003", &["sudo"], "db1"), ["root ALL"]);
    assert_eq!(may(&sudoers, "bob", "1004", &[], "web1"), ["/usr/bin/id"]);
    assert_eq!(may(&sudoers, "bob", "1004", &[], "db1"), ["free root ALL"]);
    assert_eq!(
        may(&sudoers, "y", "1005", &[], "db1"),
        ["root /usr/bin/less /var/log/syslog"]
    );
    assert_eq!(
        may(&sudoers, "erin", "1006", &[], "db1"),
        ["root /usr/bin/less"]
    );
    assert_eq!(
        may(&sudoers, "dora", "1007", &[], "db1"),
        ["root /usr/bin/less"]
    );
    assert_eq!(sudoers.includes.len(), 1);
}

#[test]
fn an_alias_of_itself_ends() {
    let sudoers = read("User_Alias A = B, x : B = A\nCmnd_Alias C = C, C\nA ALL = C\n");
    assert_eq!(may(&sudoers, "z", "1", &[], "h"), [""; 0]);
    assert!(!may(&sudoers, "x", "1", &[], "h").is_empty());
}

#[test]
fn what_is_no_rule_is_said() {
    for text in ["ada", "ada ALL", "ada ALL =", "= ALL", "ada ALL = (root"] {
        let mut odd = 0;
        Sudoers::default().take(text, &mut |_, _| odd += 1);
        assert_eq!(odd, 1, "{text}");
    }
}

/// `cvtsudoers` reads the same file, and both must find the same rules.
#[test]
fn rules_are_those_that_cvtsudoers_finds() {
    use std::io::Write as _;
    use std::process::{Command, Stdio};
    let spawned = Command::new("cvtsudoers")
        .args(["-f", "json", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut child) = spawned else {
        eprintln!("skipped: cvtsudoers not found");
        return;
    };
    let text = SAMPLE.replace("@includedir /etc/sudoers.d\n", "");
    child
        .stdin
        .take()
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let theirs: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut expected = Vec::new();
    for spec in theirs["User_Specs"].as_array().unwrap() {
        for commands in spec["Cmnd_Specs"].as_array().unwrap() {
            let options = commands["Options"].as_array();
            let free = options.is_some_and(|o| o.iter().any(|o| o["authenticate"] == false));
            for command in commands["Commands"].as_array().unwrap() {
                let users = items(&spec["User_List"]);
                let hosts = items(&spec["Host_List"]);
                let run_as = items(&commands["runasusers"]);
                expected.push((users, hosts, run_as, free, item(command)));
            }
        }
    }
    let ours = read(&text).rules.into_iter();
    let ours: Vec<_> = ours
        .map(|r| (r.users, r.hosts, r.run_as, r.no_password, r.command))
        .collect();
    assert_eq!(ours, expected);
}

fn items(list: &serde_json::Value) -> Vec<String> {
    list.as_array().into_iter().flatten().map(item).collect()
}

fn item(item: &serde_json::Value) -> String {
    let object = item.as_object().unwrap();
    let not = if object.get("negated").is_some_and(|n| n == true) {
        "!"
    } else {
        ""
    };
    let (kind, value) = object.iter().find(|(k, _)| *k != "negated").unwrap();
    let value = value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned);
    match kind.as_str() {
        "usergroup" => format!("{not}%{value}"),
        "userid" => format!("{not}#{value}"),
        _ => format!("{not}{value}"),
    }
}

proptest::proptest! {
    #[test]
    fn no_text_panics(text in "((User_Alias|Cmnd_Alias|Defaults|@include|ALL|%g|#1|A|é|!|=|:|,|\\(|\\)|\"|\\\\|\n| ){0,30})") {
        let mut sudoers = Sudoers::default();
        sudoers.take(&text, &mut |_, _| {});
        let groups = HashSet::new();
        let who = Who { login: "a", uid: "1", groups: &groups };
        for rule in &sudoers.rules {
            let _ = (sudoers.concerns(rule, &who), sudoers.holds_on(rule, "h"), sudoers.allowed(rule));
        }
    }
}
