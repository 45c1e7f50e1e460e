//! What was known when: partial, failed and stale readings, time travel, and the index as a cache.

use standing::home::Home as Opened;

use crate::home::Home;

const PEOPLE: &str = "Employee Number,First Name,Last Name,Work Email,Department,Job Title,Start Date,Leaving Date\n\
    0001,Ada,Example,ada@firm.test,Platform,Engineer,01/02/2020,\n\
    0002,Bob,Sample,bob@firm.test,Support,Agent,03/04/2021,\n";

fn hr() -> Home {
    let home = Home::new();
    home.write("people.csv", PEOPLE);
    home.configure("[source.hr]\nkind = \"hr\"\npath = \"people.csv\"\nfresh_for_days = 7\n");
    home
}

fn dump(home: &Home) -> String {
    let mut text = String::new();
    let opened = Opened::open(&home.path).unwrap();
    opened
        .index()
        .unwrap()
        .dump(&mut |piece| text.push_str(piece))
        .unwrap();
    text
}

fn people(home: &Home) -> Vec<String> {
    let rows = home.run(&[
        "query",
        "--output",
        "json",
        "select email from person order by email",
    ]);
    rows.json()
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["email"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn the_index_built_anew_is_the_same_to_the_byte() {
    let home = hr();
    assert_eq!(home.run(&["collect"]).code, 0);
    home.write(
        "people.csv",
        PEOPLE.replace("03/04/2021,", "03/04/2021,30/09/2026"),
    );
    assert_eq!(home.run(&["collect"]).code, 0);
    home.write("people.csv", PEOPLE.replace("01/02/2020", "yesterday"));
    assert_eq!(home.run(&["collect"]).code, 1);
    std::fs::remove_file(home.path.join("people.csv")).unwrap();
    assert_eq!(home.run(&["collect"]).code, 2);
    for words in [
        &["record", "risk", "add", "title=Flood", "level=high"][..],
        &["record", "risk", "add", "title=Flood", "level=medium"],
        &["record", "supplier", "add", "name=Cindermoor"],
    ] {
        assert_eq!(home.run(words).code, 0);
    }
    let listed = home.run(&["record", "supplier", "list"]).out;
    let entry = listed.split_whitespace().nth(1).unwrap().to_owned();
    let ended = home.run(&["record", "supplier", "end", &entry, "--reason", "gone"]);
    assert_eq!(ended.code, 0, "{}", ended.err);

    let step_by_step = dump(&home);
    assert!(step_by_step.contains("Flood") && step_by_step.contains("bob@firm.test"));
    std::fs::remove_dir_all(home.path.join(".standing")).unwrap();
    let at_once = dump(&home);
    assert!(
        step_by_step == at_once,
        "--- step by step\n{step_by_step}\n--- at once\n{at_once}"
    );
}

#[test]
fn a_row_that_did_not_change_is_one_row() {
    let home = hr();
    for _ in 0..3 {
        assert_eq!(home.run(&["collect"]).code, 0);
    }
    let dump = dump(&home);
    assert_eq!(dump.matches("ada@firm.test").count(), 1);
}

#[test]
fn a_partial_run_resolves_nothing_and_regresses_nothing() {
    let home = hr();
    home.run(&["collect"]);
    // Bob's row is gone, Ada's has changed, and the row of a third person cannot be read whole.
    home.write(
        "people.csv",
        "Employee Number,First Name,Last Name,Work Email,Department,Job Title,Start Date,Leaving Date\n\
         0001,Ada,Example,ada@other.test,Platform,Engineer,01/02/2020,\n\
         0003,Cyd,Third,cyd@firm.test,Platform,Engineer,99/99/2020,\n",
    );
    let run = home.run(&["collect"]);
    assert_eq!(run.code, 1, "{}", run.out);
    assert!(
        run.out.contains("people.csv line 3, column Start Date"),
        "{}",
        run.out
    );
    assert_eq!(
        people(&home),
        ["ada@firm.test", "bob@firm.test", "cyd@firm.test"]
    );
    // It is shown, and it is not judged.
    let judged = home.run(&[
        "check",
        "people_are_recorded_with_their_roles",
        "--format",
        "json",
    ]);
    assert_eq!(judged.json()["met"], 2, "{}", judged.out);
    let status = home.run(&["status"]).out;
    assert!(status.contains("Mind: hr: the reading of"), "{status}");
    assert!(home.run(&["source", "list"]).out.contains("was partial"));
    // The next complete run speaks for all of them.
    home.write("people.csv", PEOPLE);
    assert_eq!(home.run(&["collect"]).code, 0);
    assert_eq!(people(&home), ["ada@firm.test", "bob@firm.test"]);
}

#[test]
fn a_failed_run_keeps_the_earlier_facts_and_says_so() {
    let home = hr();
    home.run(&["collect"]);
    home.write(
        "people.csv",
        b"PK\x03\x04 not a table at all \xff\xfe\x00\x01".as_slice(),
    );
    let run = home.run(&["collect"]);
    assert_eq!(run.code, 2, "{}", run.out);
    assert_eq!(people(&home), ["ada@firm.test", "bob@firm.test"]);
    let listed = home.run(&[
        "query",
        "--output",
        "csv",
        "select outcome from collection order by entry_number",
    ]);
    assert_eq!(listed.out, "outcome\r\ncomplete\r\nfailed\r\n");
}

#[test]
fn what_is_stale_is_unknown_and_yesterday_can_be_asked() {
    let home = hr();
    home.run(&["collect"]);
    let verdict = |as_of: &str| {
        let name = "people_are_recorded_with_their_roles";
        let done = home.run(&[
            "check",
            name,
            "--as-of",
            as_of,
            "--publish-on",
            "2099-06-30",
            "--format",
            "json",
        ]);
        done.json()["verdict"].as_str().unwrap().to_owned()
    };
    let today = jiff::Zoned::now().date();
    let later = |days: i64| {
        today
            .saturating_add(jiff::Span::new().days(days))
            .to_string()
    };
    assert_eq!(verdict(&later(0)), "met");
    assert_eq!(verdict(&later(6)), "met");
    assert_eq!(verdict(&later(8)), "unknown");
    assert_eq!(verdict(&later(-1)), "unknown");
}

#[test]
fn another_scope_is_not_compared() {
    let home = hr();
    home.run(&["collect"]);
    home.write(
        "narrow.csv",
        PEOPLE.lines().take(2).collect::<Vec<_>>().join("\n"),
    );
    let config = std::fs::read_to_string(home.path.join("standing.toml")).unwrap();
    home.write(
        "standing.toml",
        config.replace("\"people.csv\"", "\"narrow.csv\""),
    );
    assert_eq!(home.run(&["collect"]).code, 0);
    // Bob was not asked for: he has neither gone nor stayed, and the people judged are those read.
    let history = dump(&home);
    let bob = history
        .lines()
        .find(|l| l.contains("bob@firm.test"))
        .unwrap();
    assert!(bob.contains('\u{2205}'), "still without an end: {bob}");
    let judged = home.run(&[
        "check",
        "people_are_recorded_with_their_roles",
        "--format",
        "json",
    ]);
    assert_eq!(judged.json()["met"], 1, "{}", judged.out);
}

#[test]
fn an_unchanged_file_is_not_kept_twice() {
    let home = hr();
    home.run(&["collect"]);
    let blobs = || walk(&home.path.join("vault/blobs")).len();
    let before = blobs();
    home.run(&["collect"]);
    // Only the manifest of the second run is new.
    assert_eq!(blobs(), before + 1);
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(walk(&path));
        } else {
            found.push(path);
        }
    }
    found
}

#[test]
fn erasing_leaves_every_proof_and_says_who_and_why() {
    let home = hr();
    home.run(&["collect"]);
    let opened = Opened::open(&home.path).unwrap();
    let entry = opened
        .vault
        .entries(0..opened.vault.size())
        .unwrap()
        .map(Result::unwrap)
        .find(|e| e.kind == "collection")
        .unwrap();
    let facts = entry.body["facts"].as_str().unwrap().to_owned();
    drop(opened);
    let refused = home.run(&["vault", "erase", &facts, "--reason", "retention"]);
    assert_eq!(refused.code, 2);
    let erased = home.run(&["vault", "erase", &facts, "--reason", "retention", "--yes"]);
    assert_eq!(erased.code, 0, "{}", erased.err);
    let fsck = home.run(&["vault", "fsck", "--format", "json"]);
    assert_eq!(fsck.code, 0, "{}", fsck.out);
    assert_eq!(fsck.json()["blobs"]["erased"], 1);
    assert!(people(&home).is_empty());
    let check = home.run(&[
        "check",
        "people_are_recorded_with_their_roles",
        "--format",
        "json",
    ]);
    assert_eq!(check.json()["verdict"], "unknown");
    assert!(check.out.contains("erased"), "{}", check.out);
}

#[test]
fn a_partial_run_stays_partial_when_its_manifest_is_erased() {
    let home = hr();
    home.write("people.csv", PEOPLE.replace("01/02/2020", "yesterday"));
    assert_eq!(home.run(&["collect"]).code, 1);
    let manifest = body(&home, "collection")["manifest"]
        .as_str()
        .unwrap()
        .to_owned();
    let erased = home.run(&["vault", "erase", &manifest, "--reason", "x", "--yes"]);
    assert_eq!(erased.code, 0, "{}", erased.err);
    let check = home.run(&[
        "check",
        "people_are_recorded_with_their_roles",
        "--format",
        "json",
    ]);
    assert_eq!(check.json()["verdict"], "unknown", "{}", check.out);
}

/// The body of the newest entry of a kind.
fn body(home: &Home, kind: &str) -> serde_json::Map<String, serde_json::Value> {
    let opened = Opened::open(&home.path).unwrap();
    let entries = opened.vault.entries(0..opened.vault.size()).unwrap();
    let newest = entries
        .map(Result::unwrap)
        .filter(|e| e.kind == kind)
        .last();
    newest.unwrap().body
}

#[test]
fn erasing_a_newer_statement_does_not_revive_the_older_one() {
    let home = Home::new();
    let state = |answer: &str| {
        let words = format!("answer={answer}");
        let done = home.run(&[
            "record",
            "attestation",
            "add",
            "item=1.1.1",
            &words,
            "statement=Z1",
            "stated_by=Ada",
            "stated_on=2026-11-01",
        ]);
        assert_eq!(done.code, 0, "{}", done.err);
        done.out
    };
    let verdict =
        || home.run(&["item", "1.1.1", "--format", "json"]).json()["standing"]["verdict"].clone();
    state("yes");
    assert_eq!(verdict(), "met");
    assert!(state("no").contains("it replaces entry"));
    assert_eq!(verdict(), "not met");
    let blob = body(&home, "record")["row"].as_str().unwrap().to_owned();
    assert_eq!(
        home.run(&["vault", "erase", &blob, "--reason", "x", "--yes"])
            .code,
        0
    );
    assert_eq!(verdict(), "unknown");
    std::fs::remove_dir_all(home.path.join(".standing")).unwrap();
    assert_eq!(verdict(), "unknown");
}

#[test]
fn what_one_home_erases_is_gone_from_every_index_of_the_vault() {
    let home = hr();
    home.run(&["collect"]);
    let other = home.path.parent().unwrap().join("other");
    std::fs::create_dir(&other).unwrap();
    let config = std::fs::read_to_string(home.path.join("standing.toml")).unwrap();
    let shared = config
        .replace("\"vault\"", "\"../firm/vault\"")
        .replace("\"keys/", "\"../firm/keys/");
    std::fs::write(other.join("standing.toml"), shared).unwrap();
    let seen = || {
        crate::home::run_in(
            &other,
            &["query", "--output", "csv", "select email from person"],
        )
        .out
    };
    assert!(seen().contains("ada@firm.test"));
    let facts = body(&home, "collection")["facts"]
        .as_str()
        .unwrap()
        .to_owned();
    home.run(&["vault", "erase", &facts, "--reason", "x", "--yes"]);
    assert!(!seen().contains("ada@firm.test"));
    for file in walk(&other.join(".standing")) {
        let bytes = std::fs::read(&file).unwrap();
        assert!(
            !String::from_utf8_lossy(&bytes).contains("ada@firm.test"),
            "{}",
            file.display()
        );
    }
}

#[test]
fn a_source_that_was_added_and_never_read_is_not_overlooked() {
    let home = hr();
    home.run(&["collect"]);
    home.configure("[source.late]\nkind = \"hr\"\npath = \"late.csv\"\n");
    let status = home.run(&["status", "--format", "json"]).json();
    let gaps = status["gaps"].to_string();
    assert!(gaps.contains("late: has never been read"), "{gaps}");
}

#[test]
fn the_log_names_nobody() {
    let home = hr();
    std::fs::copy(
        home.path.join("people.csv"),
        home.path.join("ada-example.csv"),
    )
    .unwrap();
    home.configure("[source.other]\nkind = \"hr\"\npath = \"ada-example.csv\"\n");
    home.run(&["collect"]);
    home.run(&[
        "record",
        "attestation",
        "add",
        "item=1.1.5",
        "answer=yes",
        "statement=Ada Example owns it",
        "stated_by=Ada Example",
        "stated_on=2026-11-01",
    ]);
    for path in walk(&home.path.join("vault")) {
        let bytes = std::fs::read(&path).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        for word in [
            "Ada",
            "ada@firm.test",
            "ada-example",
            "Tester",
            "people.csv",
        ] {
            assert!(!text.contains(word), "{word} stands in {}", path.display());
        }
    }
}
