//! Exports: files that a spreadsheet may open, and what about people is noted in the log.

use super::harness::Served;
use crate::home::By;
use crate::serve::right::Role;

#[test]
fn no_cell_of_an_export_runs_as_a_formula() {
    let served = Served::demo();
    let hostile = "=HYPERLINK(\"http://attacker.example\",\"a\")";
    served
        .app
        .act(By::KEYBOARD, |home, index| {
            let values = [("title", hostile), ("level", "low")];
            let values = values.map(|(n, v)| (n.to_owned(), v.to_owned()));
            crate::commands::record(home, index, By::KEYBOARD, "risk", &values).map(|r| r.entry)
        })
        .unwrap();
    let csv = served
        .get(Some(Role::Auditor), "/exports/records/risk.csv")
        .text;
    assert!(
        csv.contains("\"'=HYPERLINK(\"\"http://attacker.example\"\",\"\"a\"\")\""),
        "{csv}"
    );
    let lines = served
        .get(Some(Role::Auditor), "/exports/records/risk.jsonl")
        .text;
    assert!(lines.contains("\"title\":\"=HYPERLINK("), "{lines}");
}

#[test]
fn the_files_hold_what_is_judged() {
    let served = Served::demo();
    let now = served.app.snapshot().unwrap();
    let rows = |path: &str| served.get(Some(Role::Auditor), path).text;
    let items = rows("/exports/items.csv");
    assert_eq!(items.matches("\r\n").count(), now.today.items.len() + 1);
    let checks = rows("/exports/checks.csv");
    assert_eq!(checks.matches("\r\n").count(), now.today.checks.len() + 1);
    let forecast = rows("/exports/forecast.csv");
    assert_eq!(forecast.matches("\r\n").count(), now.today.lapses.len() + 1);
    let status = served
        .get(Some(Role::Auditor), "/exports/status.json")
        .json();
    assert_eq!(status["as_of"], now.day().to_string());
    let log = rows("/exports/log.jsonl");
    let vault = &served.app.home().vault;
    assert_eq!(log.lines().count() as u64, vault.size());
    let first = vault.entries(0..1).unwrap().next().unwrap().unwrap();
    assert_eq!(
        log.lines().next().unwrap().as_bytes(),
        first.canonical().unwrap()
    );
}

#[test]
fn taking_people_out_asks_for_a_proof_and_is_an_entry() {
    let served = Served::demo();
    let place = "/exports/personal/person";
    assert_eq!(served.post(Some(Role::Engineer), place, &[]).status, 403);
    assert_eq!(
        served
            .get(Some(Role::Auditor), "/exports/records/person.csv")
            .status,
        403
    );
    let session = served.session(Role::Lead);
    let old = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(1);
    served.app.sessions.prove(&session.id, old).unwrap();
    let size = served.app.home().vault.size();
    assert_eq!(served.post(Some(Role::Lead), place, &[]).status, 403);
    assert_eq!(served.app.home().vault.size(), size);
    served
        .app
        .sessions
        .prove(&session.id, jiff::Timestamp::now())
        .unwrap();
    let taken = served.post(Some(Role::Lead), place, &[("once", "a")]);
    assert_eq!(taken.status, 200, "{}", taken.text);
    let vault = &served.app.home().vault;
    let last = vault.size() - 1;
    let entry = vault
        .entries(last..last + 1)
        .unwrap()
        .next()
        .unwrap()
        .unwrap();
    assert_eq!(entry.kind, "export");
    assert_eq!(entry.actor, served.member(Role::Lead));
    let rows = taken.text.matches("\r\n").count() as u64 - 1;
    assert!(rows > 20);
    assert_eq!(entry.body["rows"].as_u64(), Some(rows));
    assert_eq!(entry.body["export"], "person");
    // The same form again would take out what no entry notes.
    assert_eq!(
        served
            .post(Some(Role::Lead), place, &[("once", "a")])
            .status,
        409
    );
}
