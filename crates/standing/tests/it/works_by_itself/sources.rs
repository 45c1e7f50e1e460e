//! Sources are read at their pace, one at a time, whatever ends the process.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::process::Command;

use super::service::Service;
use crate::home::{Home, run_in};

const PEOPLE: &str = "Employee Number,Name,Leaving Date\n1,Test Person,\n";

fn source(name: &str, path: &str) -> String {
    format!("[source.{name}]\nkind = \"hr\"\npath = \"{path}\"\n")
}

/// A source that is in the middle of being read for as long as its pipe is open: whoever opens it for
/// writing waits until somebody reads.
fn pipe(home: &Home, name: &str) {
    let made = Command::new("mkfifo").arg(home.path.join(name)).status();
    assert!(made.unwrap().success());
    home.configure(&source("hr", name));
}

/// Returns when somebody has begun to read.
fn being_read(home: &Home, name: &str) -> File {
    let path = home.path.join(name);
    OpenOptions::new().write(true).open(path).unwrap()
}

fn runs(home: &Home) -> Vec<(String, String)> {
    let sql = "select source_name, outcome from collection order by entry_number";
    let done = home.run(&["query", sql, "--output", "json"]);
    assert_eq!(done.code, 0, "{}", done.err);
    let rows = done.json();
    let text = |row: &serde_json::Value, name: &str| row[name].as_str().unwrap().to_owned();
    rows.as_array()
        .unwrap()
        .iter()
        .map(|row| (text(row, "source_name"), text(row, "outcome")))
        .collect()
}

fn complete(source: &str) -> (String, String) {
    (source.to_owned(), "complete".to_owned())
}

fn sound(home: &Home) {
    let done = home.run(&["vault", "fsck"]);
    assert_eq!(done.code, 0, "{}", done.out);
}

#[test]
fn what_is_due_is_read_and_after_a_restart_only_what_is_due() {
    let home = Home::new();
    home.write("people.csv", PEOPLE);
    home.configure(&source("hr", "people.csv"));
    let service = Service::start(&home.path);
    service.until("collected", "\"hr\"");
    assert_eq!(service.stop(), Some(0));
    assert_eq!(runs(&home), [complete("hr")]);

    // The one read just now is not due; the new one is, and the one that is read by hand never.
    home.configure(&source("more", "people.csv"));
    home.configure(&format!(
        "{}every_hours = 0\n",
        source("hand", "people.csv")
    ));
    let service = Service::start(&home.path);
    service.until("collected", "\"more\"");
    assert_eq!(service.stop(), Some(0));
    assert_eq!(runs(&home), [complete("hr"), complete("more")]);
    sound(&home);
}

fn editions(home: &Home) -> usize {
    let home = standing::home::Home::open(&home.path).unwrap();
    let editions = home.index().unwrap().advisory_editions();
    editions.unwrap().len()
}

#[test]
fn advisories_are_taken_in_when_they_are_due_and_by_one_process_at_a_time() {
    let home = Home::new();
    home.configure("[advisories]\nfolder = \"mirror\"\n");
    home.write(
        "mirror/all.jsonl",
        r#"{"id":"EX-1","modified":"2026-03-04T05:06:07Z","affected":[]}"#,
    );
    std::fs::create_dir_all(home.path.join(".standing")).unwrap();
    let held = File::create(home.path.join(".standing/advisories.lock")).unwrap();
    held.lock().unwrap();
    let service = Service::start(&home.path);
    service.until("advisories are being taken in by another process", "");
    assert_eq!(service.stop(), Some(0));
    drop(held);

    let service = Service::start(&home.path);
    service.until("advisories taken in", "");
    assert_eq!(service.stop(), Some(0));

    // What was taken in just now is not due; a source that is shows that it looked.
    home.write("people.csv", PEOPLE);
    home.configure(&source("hr", "people.csv"));
    let service = Service::start(&home.path);
    service.until("collected", "\"hr\"");
    assert_eq!(service.stop(), Some(0));
    assert_eq!(editions(&home), 1);
    sound(&home);
}

#[test]
fn a_source_added_while_it_serves_is_read() {
    let home = Home::new();
    home.write("people.csv", PEOPLE);
    let service = Service::start(&home.path);
    home.configure(&source("hr", "people.csv"));
    service.until("collected", "\"hr\"");
}

#[test]
fn killed_while_it_collects_it_collects_again() {
    let home = Home::new();
    pipe(&home, "people.csv");
    let service = Service::start(&home.path);
    let mut half = being_read(&home, "people.csv");
    half.write_all(b"Employee Number,Na").unwrap();
    service.kill();
    drop(half);
    sound(&home);

    let service = Service::start(&home.path);
    let mut whole = being_read(&home, "people.csv");
    whole.write_all(PEOPLE.as_bytes()).unwrap();
    drop(whole);
    service.until("collected", "\"hr\"");
    assert_eq!(service.stop(), Some(0));
    assert_eq!(runs(&home), [complete("hr")]);
    sound(&home);
}

#[test]
fn told_to_stop_while_it_collects_it_ends_the_run_and_begins_no_other() {
    let home = Home::new();
    pipe(&home, "people.csv");
    let service = Service::start(&home.path);
    let mut whole = being_read(&home, "people.csv");
    service.signal("-TERM");
    service.until("stopping: what has begun is finished", "");
    whole.write_all(PEOPLE.as_bytes()).unwrap();
    drop(whole);
    assert_eq!(service.ended(), Some(0));
    assert_eq!(runs(&home), [complete("hr")]);
    sound(&home);
}

#[test]
fn two_processes_do_not_read_one_source_at_once() {
    let home = Home::new();
    pipe(&home, "people.csv");
    let service = Service::start(&home.path);
    let mut whole = being_read(&home, "people.csv");
    let second = run_in(&home.path, &["collect", "hr"]);
    assert_eq!(second.code, 2, "{}", second.out);
    assert!(
        second.err.contains("hr is being read by another process"),
        "{}",
        second.err
    );
    whole.write_all(PEOPLE.as_bytes()).unwrap();
    drop(whole);
    service.until("collected", "\"hr\"");
    assert_eq!(service.stop(), Some(0));
    assert_eq!(runs(&home), [complete("hr")]);
}

#[test]
fn the_server_leaves_a_source_to_whoever_reads_it() {
    let home = Home::new();
    home.write("people.csv", PEOPLE);
    home.configure(&source("hr", "people.csv"));
    home.run(&["status"]);
    let held = File::create(home.path.join(".standing/source-hr.lock")).unwrap();
    held.lock().unwrap();
    let service = Service::start(&home.path);
    service.until("is being read by another process", "\"hr\"");
    assert_eq!(service.stop(), Some(0));
    assert!(runs(&home).is_empty());
}
