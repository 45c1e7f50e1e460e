//! The whole loop on a real directory: a leaver is planted, found, decided upon, really disabled by the
//! directory's own tools, proven gone by asking the directory again, and seen when coming back.

use crate::home::Home;

/// Shared with the tests of the collectors, which start the same server.
#[allow(dead_code, reason = "the tests of the collectors use the rest")]
#[path = "../../../collectors/tests/it/slapd/server.rs"]
mod server;

use server::{READER, Server};

const HR: &str = "Employee Number,First Name,Last Name,Work Email,Department,Job Title,Manager,Start Date,Leaving Date\n\
    0001,Ada,Owner,ada@example.org,Platform,Engineer,0003,01/02/2020,\n\
    0002,Bob,Leaver,bob@example.org,Support,Agent,0001,03/04/2021,31/12/2025\n\
    0003,Cyd,Manager,cyd@example.org,Platform,Head,,03/04/2019,\n\
    0004,Dee,Agent,dee@example.org,Support,Agent,0001,03/04/2021,\n";
const PEOPLE: [&str; 4] = ["ada", "bob", "cyd", "dee"];

/// The firm in its directory, and as many others as make a real one, who are nobody's staff.
fn planted() -> String {
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
             employeeNumber: 000{}\nmail: {uid}@example.org\nuserPassword: of-{uid}\n\n",
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

fn configured(server: &Server) -> Home {
    let home = Home::new();
    home.write("people.csv", HR);
    home.write("systems.csv", "name,owner\nDirectory,ada@example.org\n");
    home.secret("keys/directory", READER.1);
    home.configure(&format!(
        "[source.hr]\nkind = \"hr\"\npath = \"people.csv\"\n\
         [source.directory]\nkind = \"ldap\"\nurl = \"{}\"\nbind_dn = \"{}\"\n\
         password_file = \"keys/directory\"\nbase_dn = \"dc=example,dc=org\"\nsystem = \"Directory\"\n\
         [source.systems]\nkind = \"register\"\npath = \"systems.csv\"\ntable = \"system\"\n\
         [review]\nlead = \"dee@example.org\"\n",
        server.url, READER.0
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

fn leavers(home: &Home) -> String {
    home.run(&["access", "leavers"]).out
}

#[test]
fn a_leaver_in_a_real_directory_is_found_disabled_proven_gone_and_seen_again() {
    let Some(server) = Server::start_with("limits users size=unlimited\n") else {
        return;
    };
    server.change("ldapadd", &planted());
    let home = configured(&server);
    collect(&home);
    let found = leavers(&home);
    assert!(
        found.contains("Directory: 1 account, 1 open") && found.contains("still works"),
        "{found}"
    );

    let open = home.run(&["review", "open", "--format", "json"]);
    assert_eq!(open.code, 0, "{}", open.err);
    let id = open.json()["campaign"].as_str().unwrap().to_owned();
    let rows = home
        .run(&["review", "rows", &id, "--format", "json"])
        .json();
    let rows = rows["rows"].as_array().unwrap();
    // The account that reads the directory is one of its accounts.
    assert_eq!(rows.len(), PEOPLE.len() + 1);
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
        assert_eq!(standing_of(&home, &id), (code, state.into(), stage.into()));
    };
    is(1, "open", "waiting for proof");
    // Decided is not done: asked again, the directory still lets Bob in.
    collect(&home);
    is(1, "open", "waiting for proof");

    server.change(
        "ldapmodify",
        "dn: uid=bob,ou=people,dc=example,dc=org\nchangetype: modify\n\
         add: pwdAccountLockedTime\npwdAccountLockedTime: 000001010000Z\n",
    );
    let bob = ("uid=bob,ou=people,dc=example,dc=org", "of-bob");
    let refused = server.search(bob, &["-s", "base", "-b", ""]);
    assert_eq!(refused.status.code(), Some(49), "the directory lets Bob in");
    // Really disabled, and not asked yet.
    is(1, "open", "waiting for proof");
    collect(&home);
    is(0, "gone", "closed");

    server.change(
        "ldapmodify",
        "dn: uid=bob,ou=people,dc=example,dc=org\nchangetype: modify\n\
         delete: pwdAccountLockedTime\n",
    );
    let let_in = server.search(bob, &["-s", "base", "-b", ""]);
    assert!(let_in.status.success(), "the directory keeps Bob out");
    collect(&home);
    is(1, "came back", "came back");

    // A directory that does not answer proves nothing; one without the account does.
    let gone = server.url.clone();
    server.change("ldapdelete", "uid=bob,ou=people,dc=example,dc=org\n");
    collect(&home);
    is(0, "gone", "closed");
    drop(server);
    let unanswered = home.run(&["collect", "directory"]);
    assert_eq!(unanswered.code, 2, "{gone}: {}", unanswered.out);
    is(0, "gone", "closed");
}
