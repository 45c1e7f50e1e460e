//! The firm's own checks work like ours; a faulty one is reported with its line and stops nothing.

use crate::home::Home;

const HEADER: &str = "-- claim:      Everybody has an e-mail address.\n-- cannot see: whether it works.\n\
    -- needs:      person\n-- revision:   1\n";

fn home() -> Home {
    let home = Home::new();
    home.configure(
        "[checks]\nfolder = \"own\"\n[source.hr]\nkind = \"hr\"\npath = \"people.csv\"\n",
    );
    home.write(
        "people.csv",
        "Employee Number,Name,Work Email,Start Date,Leaving Date\n1,Ada,ada@firm.test,01/02/2020,\n2,Bob,,01/02/2020,\n",
    );
    std::fs::create_dir(home.path.join("own")).unwrap();
    home
}

#[test]
fn an_own_check_is_judged() {
    let home = home();
    home.write(
        "own/everybody_has_email.sql",
        format!(
            "{HEADER}select id as subject, iif(email is null, 'not met', 'met') as verdict,\n\
             coalesce(email, 'none') as observed, 'one each' as rule from person\n"
        ),
    );
    home.run(&["collect"]);
    let done = home.run(&["check", "everybody_has_email", "--format", "json"]);
    assert_eq!(done.code, 1, "{}", done.err);
    assert_eq!(done.json()["met"], 1);
    assert_eq!(done.json()["not_met"], 1);
}

#[test]
fn faulty_checks_are_reported_with_their_line_and_stop_nothing() {
    let home = home();
    for (name, text, expected) in [
        (
            "no_header",
            "select 1\n".to_owned(),
            "line 1: the header lacks",
        ),
        (
            "bad_table",
            HEADER.replace("person", "persn") + "select 1",
            "line 3: there is no table \"persn\"",
        ),
        (
            "bad_sql",
            format!("{HEADER}select id as subject,\n  nonsense( from person"),
            "line 6: near \"from\"",
        ),
        (
            "bad_column",
            format!("{HEADER}select id as subject from person"),
            "line 5: the result has no column verdict",
        ),
        (
            "looks_at_clock",
            format!(
                "{HEADER}select id as subject, 'met' as verdict, '' as observed, '' as rule\nfrom person where left_on < date('now')"
            ),
            "line 6: date() is not allowed: a check knows the day as :as_of",
        ),
        (
            "undeclared",
            format!(
                "{HEADER}select p.id as subject, 'met' as verdict, '' as observed, '' as rule\nfrom person p join account a on a.id = p.id"
            ),
            "line 6: reads account, which is missing from",
        ),
        (
            "cliff",
            HEADER.replace("needs:      person", "needs:      person, account")
                + "select a.id as subject, 'met' as verdict, '' as observed, '' as rule\nfrom account a join person p on lower(a.email) = lower(p.email)",
            "compared by",
        ),
        (
            "writes",
            format!("{HEADER}delete from person"),
            "cannot modify person",
        ),
    ] {
        home.write(&format!("own/{name}.sql"), text);
        let done = home.run(&["check", name]);
        assert_eq!(done.code, 2, "{name}: {}", done.out);
        assert!(done.err.contains(expected), "{name}: {}", done.err);
    }
    home.run(&["collect"]);
    let status = home.run(&["status", "--format", "json"]);
    assert_eq!(status.json()["faulty_checks"].as_array().unwrap().len(), 8);
    let ours = home.run(&["check", "people_are_recorded_with_their_roles"]);
    assert_ne!(ours.code, 2);
}
