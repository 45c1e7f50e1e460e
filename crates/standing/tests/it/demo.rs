//! The demonstration: every planted fault is found, none is found where none was planted, and the
//! forecast agrees with judging on the day itself.

use std::collections::BTreeSet;

use crate::home::{Home, run_in};

fn demo(words: &[&str]) -> (Home, crate::home::Done) {
    let home = Home::empty();
    let parent = home.path.parent().unwrap().to_owned();
    let mut all = vec!["demo", "--quiet", "--dir", home.path.to_str().unwrap()];
    all.extend(words);
    let done = run_in(&parent, &all);
    (home, done)
}

#[test]
fn every_planted_fault_is_found_and_the_vault_shows_a_flipped_byte() {
    for seed in ["1", "2", "77"] {
        let (home, done) = demo(&["--seed", seed]);
        assert_eq!(done.code, 0, "{}\n{}", done.out, done.err);
        let faults = standing_demo::faults();
        assert!(faults.len() >= 15, "{}", faults.len());
        assert_eq!(
            done.out.matches("  found ").count(),
            faults.len(),
            "{}",
            done.out
        );
        assert!(!done.out.contains("MISSED"));
        assert!(done.out.contains("VERIFIED") && done.out.contains("NOT VERIFIED"));
        let named = done
            .out
            .lines()
            .any(|l| l.contains("✗ entry ") && l.contains("was changed"));
        assert!(named, "{}", done.out);
        assert_eq!(home.run(&["status"]).code, 1);
        assert_eq!(home.run(&["verify", "."]).code, 0);
        assert_eq!(home.run(&["verify", "vault-with-one-byte-flipped"]).code, 1);
    }
}

#[test]
fn without_faults_no_check_fails_and_none_is_unknown() {
    let failing: BTreeSet<String> = failing(&demo(&["--no-faults"]).0);
    assert!(failing.is_empty(), "{failing:?}");
}

/// Names of checks that are neither met nor not applicable.
fn failing(home: &Home) -> BTreeSet<String> {
    let checks = home.run(&["check", "--format", "json"]);
    checks.json()["checks"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|c| !["met", "not applicable"].contains(&c["verdict"].as_str().unwrap()))
        .map(|c| format!("{} {}", c["name"], c["verdict"]))
        .collect()
}

#[test]
fn without_faults_the_firm_is_ready_and_says_what_it_does_not_know_of_the_rules() {
    let (home, done) = demo(&["--no-faults", "--seed", "5"]);
    assert_eq!(done.code, 0, "{}\n{}", done.out, done.err);
    let status = home.run(&["status"]);
    assert_eq!(status.code, 0, "{}", status.out);
    assert!(
        status
            .out
            .contains("READY to publish truthfully, as far as Standing knows the rules")
    );
    assert!(
        status.out.contains("Its items are not known to Standing"),
        "{}",
        status.out
    );
    let listed = home.run(&["source", "list"]).out;
    assert!(!listed.contains('?'), "{listed}");
}

#[test]
fn the_forecast_agrees_with_judging_on_the_day() {
    let (home, _) = demo(&["--no-faults"]);
    let lapsed = |day: &str| -> BTreeSet<String> {
        let status = home.run(&["status", "--format", "json", "--publish-on", day]);
        let list = status.json()["on_publication"]["lapsed_by_then"].clone();
        serde_json::from_value(list).unwrap()
    };
    let status = home
        .run(&["status", "--format", "json", "--publish-on", "2028-12-31"])
        .json();
    let mut days: Vec<(String, String)> = status["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|i| i["mandatory"] != "no" && i["asked"] == "yes")
        .filter_map(|i| {
            Some((
                i["lapses_on"].as_str()?.to_owned(),
                i["item"].as_str()?.to_owned(),
            ))
        })
        .collect();
    days.sort();
    days.dedup_by(|a, b| a.0 == b.0);
    assert!(days.len() >= 3, "{days:?}");
    for (day, item) in days {
        let on: jiff::civil::Date = day.parse().unwrap();
        assert!(lapsed(&day).contains(&item), "{item} stands on {day}");
        let eve = on.yesterday().unwrap().to_string();
        assert!(
            !lapsed(&eve).contains(&item),
            "{item} does not stand on {eve}"
        );
    }
}

#[test]
fn the_same_vault_gives_the_same_assessment() {
    let (home, _) = demo(&[]);
    let at = jiff::Timestamp::now().to_string();
    let once = home
        .run(&["status", "--format", "json", "--as-of", &at])
        .out;
    std::fs::remove_dir_all(home.path.join(".standing")).unwrap();
    let again = home
        .run(&["status", "--format", "json", "--as-of", &at])
        .out;
    assert!(once == again);
    let before = home.run(&[
        "status",
        "--format",
        "json",
        "--as-of",
        "2020-01-01",
        "--publish-on",
        "2020-06-30",
    ]);
    assert_eq!(before.json()["counts"]["met"], 0);
}

#[test]
fn it_never_writes_into_a_folder_that_holds_something() {
    let home = Home::empty();
    home.write("mine.txt", "keep");
    let done = run_in(&home.path, &["demo", "--dir", "."]);
    assert_eq!(done.code, 2);
    assert!(done.err.contains("is not empty"));
    assert_eq!(std::fs::read_dir(&home.path).unwrap().count(), 1);
}
