//! Bad input gets a clear error that names file, line and expectation; nothing is half-written.

use crate::home::Home;

#[test]
fn every_mistake_in_the_configuration_is_reported_at_once_with_its_line() {
    let home = Home::new();
    home.write(
        "standing.toml",
        "[organisation]\nname = \"Firm\"\nprofil = \"company-3\"\n\n[source.hr]\nkind = \"rh\"\npath = \"a.csv\"\n\n\
         [source.Bad]\nkind = \"hr\"\nfresh_for_days = 0\n",
    );
    let done = home.run(&["status"]);
    assert_eq!(done.code, 2);
    for part in [
        "line 3: unknown field \"profil\"",
        "line 5: source \"hr\": no kind \"rh\"",
        "line 9: source name \"Bad\"",
        "line 11: fresh_for_days: expected a whole number from 1 to 366",
        "source \"Bad\" has no path",
        "hint: did you mean",
    ] {
        assert!(done.err.contains(part), "{part}\n{}", done.err);
    }
}

#[test]
fn the_template_is_valid_as_it_stands_and_with_its_example_switched_on() {
    let home = Home::new();
    assert_eq!(home.run(&["source", "list"]).code, 0);
    let text = std::fs::read_to_string(home.path.join("standing.toml")).unwrap();
    let on: Vec<String> = text
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(rest) if rest.contains(" = ") || rest.starts_with('[') => rest.to_owned(),
            _ => line.to_owned(),
        })
        .collect();
    home.write("standing.toml", on.join("\n"));
    std::fs::create_dir(home.path.join("checks")).unwrap();
    let done = home.run(&["source", "list"]);
    assert_eq!(done.code, 0, "{}", done.err);
    assert!(done.out.contains("hr"));
}

#[test]
fn a_home_is_never_made_over_another() {
    let home = Home::new();
    let before = std::fs::read(home.path.join("vault/log/checkpoint")).unwrap();
    let again = home.run(&["init", "."]);
    assert_eq!(again.code, 2);
    assert!(again.err.contains("exists already"));
    assert_eq!(
        before,
        std::fs::read(home.path.join("vault/log/checkpoint")).unwrap()
    );
}

#[test]
fn outside_a_home_the_next_step_is_named() {
    let home = Home::empty();
    let done = home.run(&["status"]);
    assert_eq!(done.code, 2);
    assert!(done.err.contains("hint: `standing init`"), "{}", done.err);
}

#[test]
fn a_key_that_others_may_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    for key in ["keys/signing.key", "keys/blobs.key"] {
        let path = home.path.join(key);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        let done = home.run(&["status"]);
        assert_eq!(done.code, 2);
        assert!(
            done.err.contains(key) && done.err.contains("chmod 600"),
            "{}",
            done.err
        );
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
}

#[test]
fn words_nearly_right_are_helped() {
    let home = Home::new();
    home.configure("[source.hr]\nkind = \"hr\"\npath = \"people.csv\"\n");
    for (words, hint) in [
        (&["collect", "hx"][..], "did you mean \"hr\"?"),
        (
            &["check", "leavers_have_no_acces"],
            "did you mean leavers_have_no_access?",
        ),
        (&["record", "suplier", "list"], "did you mean \"supplier\"?"),
        (
            &["record", "supplier", "add", "nme=X"],
            "did you mean \"name\"?",
        ),
        (&["item", "99.1.1"], "lists the items"),
        (
            &["status", "--as-of", "yesterday"],
            "a day is written 2026-11-21",
        ),
        (
            &["status", "--publish-on", "2020-01-01"],
            "before the day judged",
        ),
        (&["query", "delete from person"], "docs/facts.md"),
        (
            &["query", "attach database 'x' as y"],
            "only reading is allowed",
        ),
        (&["source", "kinds", "grph"], "did you mean \"graph\"?"),
    ] {
        let done = home.run(words);
        assert_eq!(done.code, 2, "{words:?}\n{}", done.out);
        assert!(done.err.contains(hint), "{words:?}: {}", done.err);
    }
}

#[test]
fn adding_a_source_that_would_not_be_valid_changes_nothing() {
    let home = Home::new();
    let before = std::fs::read(home.path.join("standing.toml")).unwrap();
    let done = home.run(&[
        "source", "add", "x", "--kind", "register", "--path", "x.csv",
    ]);
    assert_eq!(done.code, 2);
    assert!(done.err.contains("lacks table"), "{}", done.err);
    assert_eq!(
        before,
        std::fs::read(home.path.join("standing.toml")).unwrap()
    );
}

#[test]
fn a_query_never_outlives_its_budget() {
    let home = Home::new();
    let endless =
        "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n";
    let done = home.run(&["query", endless]);
    assert_eq!(done.code, 2);
    assert!(done.err.contains("budget"), "{}", done.err);
}

#[test]
fn a_csv_cell_is_never_a_formula() {
    let home = Home::new();
    let done = home.run(&[
        "query",
        "--output",
        "csv",
        "select '=1+1' as a, '-5' as b, 'x,\"y' as c, ' =2' as d, char(9) || '@x' as e, ' -5' as f,
         'a' || char(10) || '=3' as g, char(160) || '+A4' as h",
    ]);
    assert_eq!(
        done.out,
        "a,b,c,d,e,f,g,h\r\n'=1+1,-5,\"x,\"\"y\",' =2,'\t@x, -5,\"a\n=3\",'\u{a0}+A4\r\n"
    );
}

#[test]
fn a_value_never_steers_the_terminal() {
    let home = Home::new();
    let nasty = "select 'a' || char(27) || ']0;x' || char(7) || char(155, 127, 8238) as a, \
                 'b' || char(10, 9) || char(27) || '[31;1mc' as b";
    let done = home.run(&["query", nasty]);
    let lines: Vec<&str> = done.out.lines().collect();
    assert_eq!(lines.len(), 3, "{}", done.out);
    assert_eq!(
        lines[2],
        "  a\u{fffd}]0;x\u{fffd}\u{fffd}\u{fffd}\u{fffd}  b  \u{fffd}[31;1mc"
    );
    let done = home.run(&["query", "--output", "csv", nasty]);
    assert!(
        !done.out.contains(['\u{1b}', '\u{7}', '\u{9b}']),
        "{:?}",
        done.out
    );
}

#[test]
fn a_statement_says_something_is_somebodys_and_reaches_no_further_than_it_may() {
    let home = Home::new();
    let good = [
        "item=1.1.1",
        "answer=Yes",
        "statement=Z1",
        "stated_by=Ada",
        "stated_on=2026-11-01",
    ];
    let with = |changed: &str| -> Vec<String> {
        let name = changed.split('=').next().unwrap();
        let kept = good.iter().filter(|w| !w.starts_with(&format!("{name}=")));
        kept.map(|w| (*w).to_owned())
            .chain([changed.to_owned()])
            .collect()
    };
    for (changed, says) in [
        ("statement=", "needs statement"),
        ("stated_by=", "needs stated_by"),
        ("answer=maybe", "expected yes, no or"),
        ("item=99.9.9", "no such item"),
        ("stated_on=2099-01-01", "lies in the future"),
        ("expires_on=2099-01-01", "more than 12 months after"),
        ("expires_on=2020-01-01", "is past already"),
    ] {
        let words = with(changed);
        let mut all = vec!["record", "attestation", "add"];
        all.extend(words.iter().map(String::as_str));
        let done = home.run(&all);
        assert_eq!(done.code, 2, "{changed}: {}", done.out);
        assert!(done.err.contains(says), "{changed}: {}", done.err);
    }
    let mut all = vec!["record", "attestation", "add"];
    all.extend(good);
    assert_eq!(home.run(&all).code, 0);
    assert_eq!(home.run(&["item", "1.1.1"]).code, 0, "Yes is yes");
    for (kind, words, says) in [
        (
            "exception",
            &[
                "check_name=nope",
                "subject=x",
                "reason=y",
                "approved_by=z",
                "approved_on=2026-11-01",
                "expires_on=2026-12-01",
            ][..],
            "no such check",
        ),
        ("link", &["account=a", "person=b"], "no such account"),
        (
            "completeness",
            &[
                "table_name=nope",
                "statement=x",
                "stated_by=y",
                "stated_on=2026-11-01",
            ],
            "no such table",
        ),
    ] {
        let mut all = vec!["record", kind, "add"];
        all.extend(words);
        let done = home.run(&all);
        assert!(
            done.code == 2 && done.err.contains(says),
            "{kind}: {}{}",
            done.out,
            done.err
        );
    }
}

#[test]
fn a_reader_that_goes_away_ends_the_program_quietly() {
    use std::process::{Command, Stdio};
    let home = Home::new();
    let mut child = Command::new(env!("CARGO_BIN_EXE_standing"))
        .args(["status", "--all"])
        .current_dir(&home.path)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let out = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&out.stderr);
    assert!(!said.contains("panicked"), "{said}");
    assert_eq!(out.status.code(), Some(0));
    let full = std::fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let out = Command::new(env!("CARGO_BIN_EXE_standing"))
        .args(["status"])
        .current_dir(&home.path)
        .stdout(full)
        .output()
        .unwrap();
    assert_eq!(out.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&out.stderr).starts_with("error: cannot write the result"));
}

#[test]
fn days_at_the_end_of_time_do_not_trip_it() {
    let home = Home::new();
    let done = home.run(&["status", "--as-of", "9999-12-31"]);
    assert!([1, 2].contains(&done.code), "{}", done.err);
    assert!(!done.err.contains("panicked"), "{}", done.err);
}

#[test]
fn trying_a_source_leaves_nothing_that_others_can_read() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    home.write("people.csv", "Employee Number,Name,Leaving Date\n1,Ada,\n");
    home.configure("[source.hr]\nkind = \"hr\"\npath = \"people.csv\"\n");
    home.run(&["source", "test", "hr"]);
    let cache = home.path.join(".standing");
    let mode = std::fs::metadata(&cache).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o700);
    let left = std::fs::read_dir(&cache).unwrap().flatten();
    assert_eq!(
        left.filter(|e| e.file_name().to_string_lossy().starts_with("test-"))
            .count(),
        0
    );
}

#[test]
fn json_is_refused_where_there_is_none() {
    let home = Home::new();
    let done = home.run(&["source", "kinds", "--format", "json"]);
    assert_eq!(done.code, 2);
    assert!(done.err.contains("has no JSON form"), "{}", done.err);
    let rows = home.run(&["query", "--format", "json", "select 1 as a"]);
    assert_eq!(rows.json()[0]["a"], 1);
}
