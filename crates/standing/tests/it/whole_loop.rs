//! The whole loop on a real directory: a leaver is planted, found, decided upon, really disabled by the
//! directory's own tools, proven gone by asking the directory again, and seen when coming back.

use crate::home::Home;

#[path = "../../../collectors/tests/it/ldap/samba_server.rs"]
mod samba;
/// Shared with the tests of the collectors, which start the same servers.
#[allow(dead_code, reason = "the tests of the collectors use the rest")]
#[path = "../../../collectors/tests/it/slapd/server.rs"]
mod slapd;

use samba::ADMINISTRATOR;
use slapd::{READER, Server};

const HR: &str = "Employee Number,First Name,Last Name,Work Email,Department,Job Title,Manager,Start Date,Leaving Date\n\
    0001,Ada,Owner,ada@firm.test,Platform,Engineer,0003,01/02/2020,\n\
    0002,Bob,Leaver,bob@firm.test,Support,Agent,0001,03/04/2021,31/12/2025\n\
    0003,Cyd,Manager,cyd@firm.test,Platform,Head,,03/04/2019,\n\
    0004,Dee,Agent,dee@firm.test,Support,Agent,0001,03/04/2021,\n";
const PEOPLE: [&str; 4] = ["ada", "bob", "cyd", "dee"];

/// The firm in OpenLDAP.
fn in_openldap() -> String {
    let (reader, password) = READER;
    let mut text = format!(
        "dn: dc=example,dc=org\nobjectClass: dcObject\nobjectClass: organization\no: Example\n\n\
         dn: cn=policy,dc=example,dc=org\nobjectClass: device\nobjectClass: pwdPolicy\n\
         pwdAttribute: userPassword\npwdLockout: TRUE\n\n\
         dn: {reader}\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\n\
         userPassword: {password}\n\n\
         dn: ou=people,dc=example,dc=org\nobjectClass: organizationalUnit\n\n"
    );
    for (n, uid) in PEOPLE.iter().enumerate() {
        text.push_str(&format!(
            "dn: uid={uid},ou=people,dc=example,dc=org\nobjectClass: inetOrgPerson\ncn: {uid}\nsn: Person\n\
             employeeNumber: 000{}\nmail: {uid}@firm.test\nuserPassword: of-{uid}\n\n",
            n + 1
        ));
    }
    text.push_str(
        "dn: cn=staff,dc=example,dc=org\nobjectClass: groupOfNames\n\
         member: uid=bob,ou=people,dc=example,dc=org\nmember: uid=cyd,ou=people,dc=example,dc=org\n\
         member: uid=dee,ou=people,dc=example,dc=org\n\n\
         dn: cn=everybody,dc=example,dc=org\nobjectClass: groupOfNames\n\
         member: cn=staff,dc=example,dc=org\nmember: uid=ada,ou=people,dc=example,dc=org\n",
    );
    text
}

/// The firm in Active Directory.
fn in_active_directory() -> String {
    let base = "OU=Staff,DC=adtest,DC=local";
    let mut text = format!("dn: {base}\nobjectClass: organizationalUnit\n\n");
    for (n, uid) in PEOPLE.iter().enumerate() {
        text.push_str(&format!(
            "dn: CN={uid},{base}\nobjectClass: user\nsAMAccountName: {uid}\nemployeeID: 000{}\n\
             mail: {uid}@firm.test\nuserAccountControl: 512\n\n",
            n + 1
        ));
    }
    text.push_str(&format!(
        "dn: CN=Desk,{base}\nobjectClass: group\nsAMAccountName: Desk\nmember: CN=bob,{base}\n\
         member: CN=dee,{base}\n\n\
         dn: CN=Everybody,{base}\nobjectClass: group\nsAMAccountName: Everybody\nmember: CN=Desk,{base}\n\
         member: CN=ada,{base}\nmember: CN=cyd,{base}\n"
    ));
    text
}

fn configured(url: &str, (name, password): (&str, &str), base: &str) -> Home {
    let home = Home::new();
    home.write("people.csv", HR);
    home.write("systems.csv", "name,owner\nDirectory,ada@firm.test\n");
    home.secret("keys/directory", password);
    home.configure(&format!(
        "[source.hr]\nkind = \"hr\"\npath = \"people.csv\"\n\
         [source.directory]\nkind = \"ldap\"\nurl = \"{url}\"\nbind_dn = \"{name}\"\n\
         password_file = \"keys/directory\"\nbase_dn = \"{base}\"\nsystem = \"Directory\"\n\
         [source.systems]\nkind = \"register\"\npath = \"systems.csv\"\ntable = \"system\"\n\
         [review]\nlead = \"dee@firm.test\"\n"
    ));
    home
}

fn collect(home: &Home) {
    let read = home.run(&["collect"]);
    assert_eq!(read.code, 0, "{}{}", read.out, read.err);
}

/// The exit code of the campaign's proofs, the state of the one removal, and the campaign's stage.
fn standing_of(home: &Home, id: &str) -> (i32, String, String) {
    let proof = home.run(&["review", "proof", id, "--format", "json"]);
    let all = proof.json();
    assert_eq!(all.as_array().unwrap().len(), 1, "{}", proof.out);
    let show = home.run(&["review", "show", id, "--format", "json"]);
    (
        proof.code,
        all[0]["state"].as_str().unwrap().into(),
        show.json()["stage"].as_str().unwrap().into(),
    )
}

/// What the directory's own tools do about Bob.
struct Tools<'t> {
    disable: &'t dyn Fn(),
    enable: &'t dyn Fn(),
    /// Whether the directory lets him in.
    lets_in: &'t dyn Fn() -> bool,
}

/// From the first reading to *came back*; gives the campaign.
fn from_found_to_come_back(home: &Home, accounts: usize, tools: &Tools<'_>) -> String {
    collect(home);
    let found = home.run(&["access", "leavers"]).out;
    let open = found.contains("Directory: 1 account, 1 open") && found.contains("still works");
    assert!(open, "{found}");

    let open = home.run(&["review", "open", "--format", "json"]);
    assert_eq!(open.code, 0, "{}", open.err);
    let id = open.json()["campaign"].as_str().unwrap().to_owned();
    let rows = home
        .run(&["review", "rows", &id, "--format", "json"])
        .json();
    let rows = rows["rows"].as_array().unwrap();
    assert_eq!(rows.len(), accounts);
    for row in rows {
        let n = row["n"].to_string();
        let leaver = row["login"] == "bob";
        assert_eq!(row["suggestion"] == "remove", leaver, "{row}");
        let who = row["reviewer"].as_str().unwrap();
        let word = if leaver { "remove" } else { "keep" };
        let words = [
            "review",
            "decide",
            &id,
            word,
            "--reviewer",
            who,
            "--row",
            &n,
        ];
        let done = home.run(&[&words[..], &["--comment", "looked at"]].concat());
        assert_eq!(done.code, 0, "{row}: {}", done.err);
    }
    let is = |code, state: &str, stage: &str| {
        assert_eq!(standing_of(home, &id), (code, state.into(), stage.into()));
    };
    is(1, "open", "waiting for proof");
    // Decided is not done: asked again, the directory still lets Bob in.
    assert!((tools.lets_in)());
    collect(home);
    is(1, "open", "waiting for proof");

    (tools.disable)();
    assert!(!(tools.lets_in)(), "the directory lets Bob in");
    // Really disabled, and not asked yet.
    is(1, "open", "waiting for proof");
    collect(home);
    is(0, "gone", "closed");

    (tools.enable)();
    assert!((tools.lets_in)(), "the directory keeps Bob out");
    collect(home);
    is(1, "came back", "came back");
    id
}

#[test]
fn a_leaver_in_openldap_is_found_disabled_proven_gone_and_seen_again() {
    let Some(server) = Server::start_with("limits users size=unlimited\n") else {
        return;
    };
    server.change("ldapadd", &in_openldap());
    let home = configured(&server.url, READER, "dc=example,dc=org");
    let bob = "uid=bob,ou=people,dc=example,dc=org";
    let lock = |change: &str| {
        let change = format!("dn: {bob}\nchangetype: modify\n{change}");
        server.change("ldapmodify", &change);
    };
    let tools = Tools {
        disable: &|| lock("add: pwdAccountLockedTime\npwdAccountLockedTime: 000001010000Z\n"),
        enable: &|| lock("delete: pwdAccountLockedTime\n"),
        lets_in: &|| {
            let asked = server.search((bob, "of-bob"), &["-s", "base", "-b", ""]);
            asked.status.success()
        },
    };
    // The account that reads the directory is one of its accounts.
    let id = from_found_to_come_back(&home, PEOPLE.len() + 1, &tools);

    // A complete reading without the account proves that it is gone.
    server.change("ldapdelete", &format!("{bob}\n"));
    collect(&home);
    assert_eq!(standing_of(&home, &id), (0, "gone".into(), "closed".into()));
}

#[test]
fn a_leaver_in_active_directory_is_found_disabled_proven_gone_and_seen_again() {
    const ADDRESS: &str = "127.0.0.22";
    const PASSWORD: &str = "Of-Bob!2026";
    let folder = tempfile::tempdir().unwrap();
    let Some(server) = samba::start(folder.path(), ADDRESS, &in_active_directory()) else {
        return;
    };
    let file = folder.path().join("etc/smb.conf");
    let url = format!("ldap://{ADDRESS}");
    let tool = |words: &[&str]| {
        let settings = ["-s", file.to_str().unwrap()];
        samba::done("samba-tool", &[&["user"], words, &settings].concat());
    };
    tool(&["setpassword", "bob", "--newpassword", PASSWORD]);
    let home = configured(&url, ADMINISTRATOR, "OU=Staff,DC=adtest,DC=local");
    let tools = Tools {
        disable: &|| tool(&["disable", "bob"]),
        enable: &|| tool(&["enable", "bob"]),
        lets_in: &|| {
            let asked = std::process::Command::new("ldapsearch")
                .args(["-x", "-H", &url, "-D", "bob@adtest.local", "-w", PASSWORD])
                .args(["-s", "base", "-b", "DC=adtest,DC=local", "dn"])
                .env("LDAPNOINIT", "1")
                .output()
                .unwrap();
            asked.status.success()
        },
    };
    let id = from_found_to_come_back(&home, PEOPLE.len(), &tools);

    // A directory that does not answer proves nothing.
    drop(server);
    let unanswered = home.run(&["collect", "directory"]);
    assert_eq!(unanswered.code, 2, "{}", unanswered.out);
    let still = (1, "came back".into(), "came back".into());
    assert_eq!(standing_of(&home, &id), still);
}
