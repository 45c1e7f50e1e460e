//! `standing access …` at the keyboard: exit codes, what JSON holds, and what a decision must say.

use serde_json::Value;

use crate::home::Home;

const PEOPLE: &str = "Employee Number,First Name,Last Name,Work Email,Department,Job Title,Manager,Start Date,Leaving Date\n\
    0001,Ada,Owner,ada@firm.test,Platform,Engineer,,01/02/2020,\n\
    0002,Bob,Leaver,bob@firm.test,Support,Agent,0001,03/04/2021,31/12/2025\n";

fn account(uid: &str, more: &str) -> String {
    format!(
        "dn: uid={uid},ou=people,dc=firm,dc=test\nobjectClass: inetOrgPerson\ncreateTimestamp: 20210301080000Z\nuid: {uid}\ncn: {uid}\n{more}\n"
    )
}

fn directory(accounts: &[String]) -> String {
    let group = "dn: cn=staff,ou=groups,dc=firm,dc=test\nobjectClass: groupOfNames\ncn: staff\n\
        member: uid=ada,ou=people,dc=firm,dc=test\n";
    accounts.concat() + group
}

fn firm() -> Home {
    let home = Home::new();
    home.write("people.csv", PEOPLE);
    let two = |uid: &str, n: u8| {
        account(
            uid,
            &format!("mail: {uid}@firm.test\nemployeeNumber: 000{n}\n"),
        )
    };
    let accounts = [
        two("ada", 1),
        two("bob", 2),
        account("ada.owner", ""),
        account("zx81", ""),
    ];
    home.write("directory.ldif", directory(&accounts));
    home.configure(
        "[source.hr]\nkind = \"hr\"\npath = \"people.csv\"\n\
         [source.directory]\nkind = \"ldif\"\npath = \"directory.ldif\"\nsystem = \"Directory\"\n",
    );
    let read = home.run(&["collect"]);
    assert_eq!(read.code, 0, "{}{}", read.out, read.err);
    home
}

fn json(home: &Home, words: &[&str]) -> (i32, Value) {
    let done = home.run(&[&["access"], words, &["--format", "json"]].concat());
    (done.code, done.json())
}

#[test]
fn the_queue_holds_every_account_that_keeps_the_population_from_reconciling() {
    let home = firm();
    let (code, queue) = json(&home, &["queue"]);
    assert_eq!(code, 1);
    let queue = queue.as_array().unwrap();
    let accounts: Vec<&str> = queue
        .iter()
        .map(|w| w["account"].as_str().unwrap())
        .collect();
    assert_eq!(accounts, ["directory/ada.owner", "directory/zx81"]);
    assert_eq!(queue[0]["candidates"][0]["person"], "hr/0001");
    assert!(queue[1]["candidates"].as_array().unwrap().is_empty());
    assert!(queue[1]["why"].is_string(), "{}", queue[1]);
    let (code, population) = json(&home, &["population"]);
    assert_eq!(code, 1);
    assert_eq!(population["reconciles"], false);
    assert_eq!(population["waiting"].as_array().unwrap().len(), 2);
    let text = home.run(&["access", "queue"]);
    assert!(text.out.contains("no candidate: "), "{}", text.out);
}

#[test]
fn a_decision_says_what_its_kind_needs_and_settles_the_account() {
    let home = firm();
    let decide = |words: &[&str]| home.run(&[&["access", "decide"], words].concat());
    let hers = ["directory/ada.owner", "--person", "hr/0001", "--reason"];
    for (words, wanted) in [
        (&[&hers[..], &[" "]].concat()[..], "needs reason"),
        (
            &["directory/none", "--person", "hr/0001", "--reason", "so"],
            "directory/none",
        ),
        (
            &["directory/zx81", "--person", "hr/77", "--reason", "so"],
            "hr/77",
        ),
        (
            &["directory/zx81", "--kind", "service", "--reason", "so"],
            "owner",
        ),
        (
            &["directory/zx81", "--kind", "robot", "--reason", "so"],
            "expected one of",
        ),
        (
            &[
                "directory/zx81",
                "--kind",
                "shared",
                "--owner",
                "ada@firm.test",
                "--reason",
                "so",
            ],
            "expires_on",
        ),
    ] {
        let refused = decide(words);
        assert_eq!(refused.code, 2, "{words:?}: {}", refused.out);
        assert!(refused.err.contains(wanted), "{words:?}: {}", refused.err);
    }
    assert_eq!(json(&home, &["queue"]).1.as_array().unwrap().len(), 2);
    let kept = decide(&[&hers[..], &["asked her"]].concat());
    assert_eq!(kept.code, 0, "{}", kept.err);
    let service = [
        "directory/zx81",
        "--kind",
        "service",
        "--owner",
        "ada@firm.test",
        "--reason",
        "a scanner",
    ];
    assert_eq!(decide(&service).code, 0);
    let again = decide(&service);
    assert!(
        again.out.contains("it replaces entry"),
        "{}{}",
        again.out,
        again.err
    );
    assert_eq!(json(&home, &["queue"]).0, 0);
    let (code, population) = json(&home, &["population"]);
    assert_eq!(
        (code, &population["people"]),
        (0, &1.into()),
        "{population}"
    );
}

#[test]
fn leavers_and_second_factors_end_with_a_code_for_what_is_open() {
    let home = firm();
    let (code, leavers) = json(&home, &["leavers"]);
    assert_eq!(code, 1);
    assert_eq!(leavers["accounts"][0]["login"], "bob");
    assert_eq!(leavers["accounts"][0]["open"], true);
    let none = home.run(&["access", "leavers", "--system", "Elsewhere"]);
    assert_eq!(none.code, 0, "{}", none.out);
    // No register says of which systems a second factor is demanded: that is not known, and no pass.
    let (code, mfa) = json(&home, &["mfa"]);
    assert_eq!(code, 2, "{mfa}");
    assert!(
        mfa["coverage"]
            .as_array()
            .unwrap()
            .iter()
            .all(|c| c["per_mille"].is_null())
    );
    let two = |uid: &str, n: u8| {
        account(
            uid,
            &format!("mail: {uid}@firm.test\nemployeeNumber: 000{n}\n"),
        )
    };
    home.write("directory.ldif", directory(&[two("ada", 1)]));
    assert_eq!(home.run(&["collect"]).code, 0);
    assert_eq!(json(&home, &["leavers"]).0, 0);
}
