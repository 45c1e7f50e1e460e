//! Access reviews from end to end: found, decided, really gone, proven by reading again.

use serde_json::{Value, json};
use standing::home::{By, Home as Opened};

use crate::home::{Done, Home};

const HEADINGS: &str = "Employee Number,First Name,Last Name,Work Email,Department,Job Title,Manager,Start Date,Leaving Date\n";

/// Ada owns the directory; Cyd is her manager; Bob left long ago; Dee, Eve and Fay are alike.
const PEOPLE: &str = "0001,Ada,Owner,ada@firm.test,Platform,Engineer,0003,01/02/2020,\n\
    0002,Bob,Leaver,bob@firm.test,Support,Agent,0001,03/04/2021,31/12/2025\n\
    0003,Cyd,Manager,cyd@firm.test,Platform,Head,,03/04/2019,\n\
    0004,Dee,Agent,dee@firm.test,Support,Agent,0001,03/04/2021,\n\
    0005,Eve,Agent,eve@firm.test,Support,Agent,0001,03/04/2021,\n\
    0006,Fay,Agent,fay@firm.test,Support,Agent,0001,03/04/2021,\n";

/// An account, with the number of whoever works here: one key alone links nobody.
fn account(uid: &str, more: &str) -> String {
    let number = EVERYBODY.iter().position(|known| *known == uid);
    let number = number.map_or(String::new(), |i| format!("employeeNumber: 000{}\n", i + 1));
    format!(
        "dn: uid={uid},ou=people,dc=firm,dc=test\nobjectClass: inetOrgPerson\nuid: {uid}\n\
         cn: {uid}\nmail: {uid}@firm.test\n{number}createTimestamp: 20210301080000Z\n{more}\n"
    )
}

fn group(name: &str, members: &[&str]) -> String {
    let members: String = members
        .iter()
        .map(|uid| format!("member: uid={uid},ou=people,dc=firm,dc=test\n"))
        .collect();
    format!(
        "dn: cn={name},ou=groups,dc=firm,dc=test\nobjectClass: groupOfNames\ncn: {name}\n{members}\n"
    )
}

const EVERYBODY: [&str; 6] = ["ada", "bob", "cyd", "dee", "eve", "fay"];

/// The directory with these accounts, Ada as its administrator, and the others as staff.
fn directory(accounts: &[&str]) -> String {
    let mut text: String = accounts.iter().map(|uid| account(uid, "")).collect();
    let staff: Vec<&str> = accounts
        .iter()
        .copied()
        .filter(|uid| *uid != "ada")
        .collect();
    text.push_str(&group("ldapadmins", &["ada"]));
    text.push_str(&group("staff", &staff));
    text
}

fn firm() -> Home {
    let home = Home::new();
    home.write("people.csv", format!("{HEADINGS}{PEOPLE}"));
    home.write("directory.ldif", directory(&EVERYBODY));
    home.write("systems.csv", "name,owner\nDirectory,ada@firm.test\n");
    home.configure(
        "[source.hr]\nkind = \"hr\"\npath = \"people.csv\"\n\
         [source.directory]\nkind = \"ldif\"\npath = \"directory.ldif\"\nsystem = \"Directory\"\n\
         [source.systems]\nkind = \"register\"\npath = \"systems.csv\"\ntable = \"system\"\n\
         [review]\nlead = \"fay@firm.test\"\n",
    );
    let read = home.run(&["collect"]);
    assert_eq!(read.code, 0, "{}{}", read.out, read.err);
    home
}

fn opened(home: &Home) -> String {
    let open = home.run(&["review", "open", "--format", "json"]);
    assert_eq!(open.code, 0, "{}", open.err);
    open.json()["campaign"].as_str().unwrap().to_owned()
}

/// The rows of a campaign by login.
fn rows(home: &Home, id: &str) -> std::collections::BTreeMap<String, Value> {
    let rows = home.run(&["review", "rows", id, "--format", "json"]).json();
    let rows = rows["rows"].as_array().unwrap().clone();
    rows.into_iter()
        .map(|row| (row["login"].as_str().unwrap().to_owned(), row))
        .collect()
}

fn number(row: &Value) -> String {
    row["n"].to_string()
}

fn decide(home: &Home, id: &str, words: &[&str]) -> Done {
    let mut all = vec!["review", "decide", id];
    all.extend(words);
    home.run(&all)
}

fn decided(home: &Home, id: &str, words: &[&str]) {
    let done = decide(home, id, words);
    assert_eq!(done.code, 0, "{words:?}: {}", done.err);
}

fn stage(home: &Home, id: &str) -> (i32, String) {
    let show = home.run(&["review", "show", id, "--format", "json"]);
    let stage = show.json()["stage"].as_str().unwrap().to_owned();
    (show.code, stage)
}

/// The state of the one removal.
fn proof(home: &Home, id: &str) -> (i32, String) {
    let proof = home.run(&["review", "proof", id, "--format", "json"]);
    let all = proof.json();
    assert_eq!(all.as_array().unwrap().len(), 1, "{}", proof.out);
    (proof.code, all[0]["state"].as_str().unwrap().to_owned())
}

/// Everything but Bob's row is kept, and Bob is to go.
fn all_decided(home: &Home, id: &str) {
    let rows = rows(home, id);
    let n = |login: &str| number(&rows[login]);
    let bob = n("bob");
    let remove = ["remove", "--reviewer", "ada@firm.test", "--row", &bob];
    decided(home, id, &remove);
    for login in ["cyd", "dee", "eve", "fay"] {
        let words = ["keep", "--reviewer", "ada@firm.test", "--row", &n(login)];
        decided(home, id, &words);
    }
    let words = [
        "keep",
        "--reviewer",
        "cyd@firm.test",
        "--row",
        &n("ada"),
        "--comment",
    ];
    decided(home, id, &[&words[..], &["runs the directory"]].concat());
}

fn dump(home: &Home) -> String {
    let mut text = String::new();
    let opened = Opened::open(&home.path).unwrap();
    let index = opened.index().unwrap();
    index.dump(&mut |piece| text.push_str(piece)).unwrap();
    text
}

#[test]
fn a_leaver_is_found_decided_gone_and_comes_back() {
    let home = firm();
    let id = opened(&home);
    let before = rows(&home, &id);
    assert_eq!(before.len(), 6);
    let bob = &before["bob"];
    assert_eq!(
        (&bob["n"], &bob["suggestion"]),
        (&json!(0), &json!("remove")),
        "{bob}"
    );
    assert_eq!(bob["reasons"][0]["code"], "leaver");
    assert_eq!(bob["reviewer"], "ada@firm.test");
    assert_eq!(bob["changed"], "first review");
    all_decided(&home, &id);
    assert_eq!(stage(&home, &id), (0, "waiting for proof".into()));
    let refused = home.run(&["review", "close", &id]);
    assert_eq!(refused.code, 1);
    assert!(
        refused.out.contains("1 removal that no complete reading"),
        "{}",
        refused.out
    );

    // Read again as it was: nothing is gone.
    assert_eq!(home.run(&["collect"]).code, 0);
    assert_eq!(proof(&home, &id), (1, "open".into()));
    // A run that could not read everything does not hold Bob, and proves nothing.
    let without = directory(&["ada", "cyd", "dee", "eve", "fay"]);
    home.write(
        "directory.ldif",
        format!("{without}dn: uid=x,dc=firm\nno colon here\n"),
    );
    assert_eq!(home.run(&["collect", "directory"]).code, 1);
    assert_eq!(proof(&home, &id), (1, "open".into()));
    // Nor does one that failed.
    std::fs::remove_file(home.path.join("directory.ldif")).unwrap();
    assert_eq!(home.run(&["collect", "directory"]).code, 2);
    assert_eq!(proof(&home, &id), (1, "open".into()));

    // Really gone, completely read: the campaign closes by itself.
    home.write("directory.ldif", &without);
    assert_eq!(home.run(&["collect", "directory"]).code, 0);
    assert_eq!(proof(&home, &id), (0, "gone".into()));
    assert_eq!(stage(&home, &id), (0, "closed".into()));
    let late = decide(
        &home,
        &id,
        &[
            "keep",
            "--reviewer",
            "ada@firm.test",
            "--row",
            &number(bob),
            "--comment",
            "back",
        ],
    );
    assert_eq!(late.code, 2, "{}", late.out);
    assert!(late.err.contains("has closed"), "{}", late.err);

    // There again: it says so, and is open again.
    home.write("directory.ldif", directory(&EVERYBODY));
    assert_eq!(home.run(&["collect", "directory"]).code, 0);
    assert_eq!(proof(&home, &id), (1, "came back".into()));
    assert_eq!(stage(&home, &id), (1, "came back".into()));
    // A partial run without Bob does not mend that either; a disabled account does.
    let locked = directory(&EVERYBODY).replace(
        "mail: bob@firm.test\n",
        "mail: bob@firm.test\npwdAccountLockedTime: 000001010000Z\n",
    );
    home.write("directory.ldif", &locked);
    assert_eq!(home.run(&["collect", "directory"]).code, 0);
    assert_eq!(proof(&home, &id), (0, "gone".into()));
    assert_eq!(stage(&home, &id), (0, "closed".into()));

    let step_by_step = dump(&home);
    assert!(step_by_step.contains("# review_row") && step_by_step.contains("runs the directory"));
    std::fs::remove_dir_all(home.path.join(".standing")).unwrap();
    assert!(step_by_step == dump(&home), "the index built anew differs");
    // Names, reasons and comments are in blobs; the log holds none of them.
    let vault = Opened::open(&home.path).unwrap().vault;
    for entry in vault.entries(0..vault.size()).unwrap() {
        let entry = entry.unwrap();
        let body = serde_json::to_string(&entry.body).unwrap();
        assert!(
            !body.contains("firm.test") && !body.contains("runs the"),
            "{body}"
        );
    }
}

#[test]
fn the_check_follows_the_campaign_from_never_to_came_back() {
    let home = firm();
    let check = |home: &Home| {
        let told = home.run(&["check", "access_is_reviewed_quarterly", "--format", "json"]);
        let subjects = told.json()["subjects"].clone();
        (
            subjects[0]["verdict"].as_str().unwrap().to_owned(),
            subjects[0]["observed"].as_str().unwrap().to_owned(),
        )
    };
    let (verdict, observed) = check(&home);
    assert_eq!(verdict, "not met");
    assert!(observed.ends_with("never reviewed"), "{observed}");
    let id = opened(&home);
    all_decided(&home, &id);
    let (verdict, observed) = check(&home);
    assert_eq!(verdict, "not met");
    assert!(
        observed.contains("6 of 6 rows reviewed, 0 of 1 removal proven"),
        "{observed}"
    );
    home.write(
        "directory.ldif",
        directory(&["ada", "cyd", "dee", "eve", "fay"]),
    );
    assert_eq!(home.run(&["collect"]).code, 0);
    let (verdict, observed) = check(&home);
    assert_eq!(verdict, "met", "{observed}");
    home.write("directory.ldif", directory(&EVERYBODY));
    assert_eq!(home.run(&["collect"]).code, 0);
    let (verdict, observed) = check(&home);
    assert_eq!(verdict, "not met");
    assert!(observed.contains("1 came back"), "{observed}");
}

#[test]
fn what_may_not_be_decided_is_refused_and_nothing_is_kept() {
    let home = firm();
    let id = opened(&home);
    let rows = rows(&home, &id);
    let n = |login: &str| number(&rows[login]);
    let size = Opened::open(&home.path).unwrap().vault.size();
    let refusals: &[(&[&str], &str)] = &[
        (
            &["keep", "--reviewer", "ada@firm.test", "--row", &n("ada")],
            "own access",
        ),
        (
            &["keep", "--reviewer", "ADA@firm.test", "--row", &n("bob")],
            "a comment is needed",
        ),
        (
            &["keep", "--reviewer", "cyd@firm.test", "--row", &n("ada")],
            "a comment is needed",
        ),
        (
            &[
                "cannot-tell",
                "--reviewer",
                "ada@firm.test",
                "--row",
                &n("dee"),
            ],
            "a comment is needed",
        ),
        (
            &[
                "keep",
                "--reviewer",
                "dee@firm.test",
                "--row",
                &n("bob"),
                "--comment",
                "x",
            ],
            "it is ada@firm.test who is to decide",
        ),
        (
            &[
                "change",
                "--reviewer",
                "ada@firm.test",
                "--row",
                &n("dee"),
                "--comment",
                "x",
            ],
            "names the rights",
        ),
        (
            &[
                "change",
                "--reviewer",
                "ada@firm.test",
                "--row",
                &n("dee"),
                "--comment",
                "x",
                "--right",
                "nothing",
            ],
            "holds no right",
        ),
        (
            &[
                "keep",
                "--reviewer",
                "ada@firm.test",
                "--row",
                &n("dee"),
                "--row",
                &n("eve"),
            ],
            "no earlier review",
        ),
        (
            &["keep", "--reviewer", "ada@firm.test", "--row", "99"],
            "no row 99",
        ),
        (
            &["keep", "--reviewer", "ada", "--row", "1"],
            "must be given by e-mail",
        ),
        (
            &["approve", "--reviewer", "ada@firm.test", "--row", "1"],
            "expected keep, change",
        ),
    ];
    for (words, wanted) in refusals {
        let done = decide(&home, &id, words);
        assert_eq!(done.code, 2, "{words:?}: {}", done.out);
        assert!(done.err.contains(wanted), "{words:?}: {}", done.err);
    }
    // The lead may decide what is somebody else's, and not their own.
    let own = decide(
        &home,
        &id,
        &["keep", "--reviewer", "fay@firm.test", "--row", &n("fay")],
    );
    assert!(own.err.contains("own access"), "{}", own.err);
    assert_eq!(Opened::open(&home.path).unwrap().vault.size(), size);
    decided(
        &home,
        &id,
        &["keep", "--reviewer", "fay@firm.test", "--row", &n("dee")],
    );
}

#[test]
fn an_account_that_may_be_a_reviewers_own_goes_to_somebody_else() {
    let home = firm();
    home.configure("[source.other]\nkind = \"ldif\"\npath = \"other.ldif\"\nsystem = \"Other\"\n");
    // One key alone, the login, points to Ada: it links nobody, and yet she does not decide about it.
    let stranger = account("stranger", "").replace("mail: stranger@firm.test\n", "");
    let hers = account("ada", "")
        .replace("employeeNumber: 0001\n", "")
        .replace("mail: ada@firm.test\n", "");
    home.write(
        "other.ldif",
        format!("{hers}{stranger}{}", group("desk", &["ada", "stranger"])),
    );
    home.write(
        "systems.csv",
        "name,owner\nDirectory,ada@firm.test\nOther,ada@firm.test\n",
    );
    let read = home.run(&["collect"]);
    assert_eq!(read.code, 0, "{}{}", read.out, read.err);
    let id = opened(&home);
    let found = home
        .run(&[
            "review", "rows", &id, "--system", "Other", "--format", "json",
        ])
        .json();
    let of = |login: &str| {
        let mut rows = found["rows"].as_array().unwrap().iter();
        rows.find(|row| row["login"] == login).unwrap().clone()
    };
    assert!(of("ada")["person"].is_null(), "{}", of("ada"));
    assert_eq!(of("ada")["reviewer"], "fay@firm.test", "{}", of("ada"));
    assert_eq!(of("stranger")["reviewer"], "ada@firm.test");
    let own = decide(
        &home,
        &id,
        &[
            "remove",
            "--reviewer",
            "ada@firm.test",
            "--row",
            &number(&of("ada")),
        ],
    );
    assert!(own.err.contains("own access"), "{}", own.err);
}

#[test]
fn a_source_that_cannot_be_relied_upon_keeps_the_campaign_shut_or_is_loud() {
    let home = firm();
    // Never read.
    home.configure("[source.other]\nkind = \"ldif\"\npath = \"other.ldif\"\nsystem = \"Other\"\n");
    let never = home.run(&["review", "open"]);
    assert_eq!(never.code, 2, "{}", never.out);
    assert!(
        never.err.contains("other: has never been read"),
        "{}",
        never.err
    );
    assert!(never.err.contains("--despite-gaps"), "{}", never.err);
    home.write("other.ldif", account("zoe", "") + &group("desk", &["zoe"]));
    assert_eq!(home.run(&["collect", "other"]).code, 0);
    // Read in part since.
    home.write(
        "people.csv",
        format!("{HEADINGS}{PEOPLE}0009,Hal,New,hal@firm.test,Support,Agent,0001,99/99/2021,\n"),
    );
    assert_eq!(home.run(&["collect", "hr"]).code, 1);
    let partial = home.run(&["review", "open"]);
    assert_eq!(partial.code, 2, "{}", partial.out);
    assert!(
        partial.err.contains("hr: the reading of"),
        "{}",
        partial.err
    );
    home.write("people.csv", format!("{HEADINGS}{PEOPLE}"));
    assert_eq!(home.run(&["collect", "hr"]).code, 0);
    assert_eq!(home.run(&["review", "open"]).code, 0);
    // Stale: its last complete run is a long time ago.
    let opened = Opened::open(&home.path).unwrap();
    let index = opened.index().unwrap();
    let long_ago = json!({ "source": "directory", "kind": "ldif", "scope": "", "outcome": "complete",
        "started_at": "2020-01-01T00:00:00.000Z", "ended_at": "2020-01-01T00:00:01.000Z",
        "counts": { "account": 0, "grant": 0 }, "gaps": [] });
    opened
        .append(&index, By::KEYBOARD, "collection", long_ago)
        .unwrap();
    drop((index, opened));
    let stale = home.run(&["review", "open"]);
    assert_eq!(stale.code, 2, "{}", stale.out);
    assert!(
        stale
            .err
            .contains("directory: last read completely on 1 January 2020"),
        "{}",
        stale.err
    );
    // Systems of other sources may be reviewed meanwhile.
    assert_eq!(home.run(&["review", "open", "--system", "other"]).code, 0);
    let loud = home.run(&[
        "review",
        "open",
        "--despite-gaps",
        "the auditor comes today",
        "--format",
        "json",
    ]);
    assert_eq!(loud.code, 0, "{}", loud.err);
    let id = loud.json()["campaign"].as_str().unwrap().to_owned();
    assert_eq!(loud.json()["complete"], false);
    for words in [
        &["review", "list"][..],
        &["review", "show", &id],
        &["review", "report", &id],
    ] {
        let told = home.run(words).out;
        assert!(told.contains("GAP"), "{words:?}: {told}");
    }
}

#[test]
fn what_is_alike_and_unchanged_is_kept_at_one_stroke_and_late_changes_are_listed() {
    let home = firm();
    let first = opened(&home);
    all_decided(&home, &first);
    home.write(
        "directory.ldif",
        directory(&["ada", "cyd", "dee", "eve", "fay"]),
    );
    assert_eq!(home.run(&["collect"]).code, 0);
    assert_eq!(stage(&home, &first), (0, "closed".into()));
    // Fay gets a right more, and Gus is new before the second review is opened.
    let more = format!(
        "{}{}{}",
        directory(&["ada", "cyd", "dee", "eve", "fay"]),
        account("gus", ""),
        group("backup", &["fay"])
    );
    home.write("directory.ldif", &more);
    assert_eq!(home.run(&["collect"]).code, 0);
    let second = opened(&home);
    let rows = rows(&home, &second);
    let changed = |login: &str| rows[login]["changed"].as_str().unwrap();
    assert_eq!(changed("dee"), "unchanged");
    assert_eq!(changed("fay"), "rights");
    assert_eq!(changed("gus"), "new");
    assert_eq!(rows["gus"]["reasons"][0]["code"], "orphan");
    let n = |login: &str| number(&rows[login]);
    for (a, b, wanted) in [
        ("dee", "fay", "looked at by itself"),
        ("cyd", "dee", "not like the first"),
        ("dee", "ada", "own access"),
    ] {
        let words = [
            "keep",
            "--reviewer",
            "ada@firm.test",
            "--row",
            &n(a),
            "--row",
            &n(b),
        ];
        let refused = decide(&home, &second, &words);
        assert_eq!(refused.code, 2);
        assert!(
            refused.err.contains(wanted) && refused.err.contains(&format!("row {}", n(b))),
            "{}",
            refused.err
        );
    }
    let words = [
        "keep",
        "--reviewer",
        "ada@firm.test",
        "--row",
        &n("dee"),
        "--row",
        &n("eve"),
    ];
    decided(&home, &second, &words);
    let one = home
        .run(&[
            "review",
            "rows",
            &second,
            "--row",
            &n("eve"),
            "--format",
            "json",
        ])
        .json();
    assert_eq!(one["history"][0]["bulk"], 2);

    // After the freezing: an account, and a right of one that was there.
    assert_eq!(home.run(&["review", "delta", &second]).code, 0);
    home.write(
        "directory.ldif",
        format!("{more}{}{}", account("ida", ""), group("vault", &["eve"])),
    );
    assert_eq!(home.run(&["collect"]).code, 0);
    let late = home.run(&["review", "delta", &second, "--format", "json"]);
    assert_eq!(late.code, 1);
    let told: Vec<(Value, Value)> = late
        .json()
        .as_array()
        .unwrap()
        .iter()
        .map(|l| (l["login"].clone(), l["right"].clone()))
        .collect();
    assert_eq!(
        told,
        [
            (json!("ida"), json!(null)),
            (json!("eve"), json!("member of vault"))
        ]
    );
}

#[test]
fn a_change_is_proven_by_the_right_that_went_and_an_exception_closes_for_a_time() {
    let home = firm();
    let id = opened(&home);
    let rows = rows(&home, &id);
    let n = |login: &str| number(&rows[login]);
    let right = rows["dee"]["rights"][0]["id"].as_str().unwrap().to_owned();
    let words = [
        "change",
        "--reviewer",
        "ada@firm.test",
        "--row",
        &n("dee"),
        "--right",
        &right,
    ];
    decided(
        &home,
        &id,
        &[&words[..], &["--comment", "does not need it"]].concat(),
    );
    assert_eq!(proof(&home, &id), (1, "open".into()));
    let without = directory(&EVERYBODY).replace("member: uid=dee,ou=people,dc=firm,dc=test\n", "");
    home.write("directory.ldif", &without);
    assert_eq!(home.run(&["collect"]).code, 0);
    assert_eq!(proof(&home, &id), (0, "gone".into()));
    // Decided again, the last word counts and the first is still told.
    decided(
        &home,
        &id,
        &["remove", "--reviewer", "ada@firm.test", "--row", &n("dee")],
    );
    assert_eq!(proof(&home, &id), (1, "open".into()));
    let one = home
        .run(&[
            "review",
            "rows",
            &id,
            "--row",
            &n("dee"),
            "--format",
            "json",
        ])
        .json();
    let words: Vec<&str> = one["history"]
        .as_array()
        .unwrap()
        .iter()
        .map(|h| h["decision"].as_str().unwrap())
        .collect();
    assert_eq!(words, ["change", "remove"]);
    let act = |more: &[&str]| {
        let row = n("dee");
        let words = ["review", "act", id.as_str(), "--row", &row];
        home.run(&[&words[..], more].concat())
    };
    let own = act(&[
        "--approved-by",
        "dee@firm.test",
        "--until",
        "2999-01-01",
        "--note",
        "x",
    ]);
    assert!(
        own.code == 2 && own.err.contains("own access"),
        "{}",
        own.err
    );
    let long = act(&[
        "--approved-by",
        "fay@firm.test",
        "--until",
        "2999-01-01",
        "--note",
        "x",
    ]);
    assert!(
        long.code == 2 && long.err.contains("at most"),
        "{}",
        long.err
    );
    assert_eq!(act(&["--ticket", "OPS-12"]).code, 0);
    assert_eq!(proof(&home, &id), (1, "open".into()));
    let soon = in_two_days();
    let granted = act(&[
        "--approved-by",
        "fay@firm.test",
        "--until",
        &soon,
        "--note",
        "until the hand-over",
    ]);
    assert_eq!(granted.code, 0, "{}", granted.err);
    assert_eq!(proof(&home, &id), (0, "open".into()));
}

/// An exception is granted as of now, so its last day is reckoned from now.
fn in_two_days() -> String {
    let done = std::process::Command::new("date")
        .args(["-d", "+2 days", "+%F"])
        .output()
        .unwrap();
    String::from_utf8(done.stdout).unwrap().trim().to_owned()
}

#[test]
fn rows_go_down_the_line_and_are_reassigned_with_a_note() {
    let home = firm();
    let id = opened(&home);
    let rows_before = rows(&home, &id);
    let n = |login: &str| number(&rows_before[login]);
    // Ada owns the system; her own row is her manager's, with the reason why.
    assert_eq!(rows_before["ada"]["reviewer"], "cyd@firm.test");
    let why = rows_before["ada"]["assigned"].to_string();
    assert!(
        why.contains("own access") && why.contains("the line manager"),
        "{why}"
    );
    decided(
        &home,
        &id,
        &[
            "not-mine",
            "--reviewer",
            "ada@firm.test",
            "--row",
            &n("dee"),
        ],
    );
    let after = rows(&home, &id);
    assert_eq!(after["dee"]["decision"], json!(null));
    assert_eq!(after["dee"]["reviewer"], "cyd@firm.test");
    let assign = |to: &str, note: &str| {
        let dee = n("dee");
        let words = [
            "review",
            "assign",
            id.as_str(),
            "--to",
            to,
            "--row",
            &dee,
            "--note",
            note,
        ];
        home.run(&words)
    };
    assert!(assign("dee@firm.test", "x").err.contains("own access"));
    assert!(
        assign("eve@firm.test", " ")
            .err
            .contains("a note is needed")
    );
    assert_eq!(assign("eve@firm.test", "knows the desk").code, 0);
    assert_eq!(rows(&home, &id)["dee"]["reviewer"], "eve@firm.test");
    decided(
        &home,
        &id,
        &["keep", "--reviewer", "eve@firm.test", "--row", &n("dee")],
    );
    // Everybody is told once.
    let told = home
        .run(&["review", "remind", "--told", "--format", "json"])
        .json();
    let to: Vec<&str> = told
        .as_array()
        .unwrap()
        .iter()
        .map(|d| d["to"]["email"].as_str().unwrap())
        .collect();
    assert_eq!(to, ["ada@firm.test", "cyd@firm.test"]);
    let again = home.run(&["review", "remind", "--format", "json"]).json();
    assert_eq!(again, json!([]));
    // Later it goes on: a reminder, then the next in line, then overdue to the lead as well.
    let whys = |days: &str| {
        let day = std::process::Command::new("date")
            .args(["-d", days, "+%F"])
            .output()
            .unwrap();
        let day = String::from_utf8(day.stdout).unwrap();
        let words = [
            "review",
            "remind",
            "--as-of",
            day.trim(),
            "--format",
            "json",
        ];
        let told = home.run(&words).json();
        let mut whys: Vec<String> = told
            .as_array()
            .unwrap()
            .iter()
            .map(|d| {
                format!(
                    "{} {}",
                    d["why"].as_str().unwrap(),
                    d["to"]["email"].as_str().unwrap()
                )
            })
            .collect();
        whys.sort();
        whys
    };
    assert_eq!(
        whys("+8 days"),
        ["reminder ada@firm.test", "reminder cyd@firm.test"]
    );
    assert_eq!(
        whys("+15 days"),
        // The next in line, the one who was to decide, and the lead.
        [
            "escalation ada@firm.test",
            "escalation cyd@firm.test",
            "escalation cyd@firm.test",
            "escalation fay@firm.test",
            "escalation fay@firm.test",
            "reminder ada@firm.test",
            "reminder cyd@firm.test"
        ]
    );
    assert!(whys("+30 days").contains(&"overdue fay@firm.test".to_owned()));
}

#[test]
fn a_report_is_checked_with_the_public_key_alone() {
    let home = firm();
    let id = opened(&home);
    all_decided(&home, &id);
    let elsewhere = tempfile::tempdir().unwrap();
    let checkpoint = std::fs::read_to_string(home.path.join("vault/vault.toml")).unwrap();
    let key = checkpoint
        .lines()
        .find_map(|line| line.strip_prefix("public_key = \""))
        .unwrap()
        .trim_end_matches('"')
        .to_owned();
    for name in ["report.json", "report.md"] {
        let path = elsewhere.path().join(name);
        let file = path.to_str().unwrap();
        let written = home.run(&["review", "report", &id, "--out", file]);
        assert_eq!(written.code, 0, "{}", written.err);
        let verify = |key: &[&str]| {
            crate::home::run_in(
                elsewhere.path(),
                &[&["review", "verify", name][..], key].concat(),
            )
        };
        let blind = verify(&[]);
        assert_eq!(blind.code, 2, "{}", blind.out);
        let good = verify(&["--public-key", &key]);
        assert_eq!(good.code, 0, "{}{}", good.out, good.err);
        assert!(good.out.contains(&id), "{}", good.out);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(
            text.contains("bob")
                && text.contains("left on 31 December 2025") == (name == "report.json")
        );
        for (from, to) in [("bob", "rob"), ("sha256 ", "sha256 0")] {
            std::fs::write(&path, text.replacen(from, to, 1)).unwrap();
            let bad = verify(&["--public-key", &key]);
            assert_eq!(bad.code, 1, "{name} {from}: {}{}", bad.out, bad.err);
        }
        std::fs::write(&path, &text).unwrap();
        let other = Home::new();
        let here = crate::home::run_in(&other.path, &["review", "verify", file]);
        assert_eq!(here.code, 1, "{}{}", here.out, here.err);
        assert_eq!(home.run(&["review", "verify", file]).code, 0);
    }
}
