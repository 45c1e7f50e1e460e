//! The demonstration: every planted fault is found, none is found where none was planted, and the
//! forecast agrees with judging on the day itself.

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan as _;
use jiff::civil::Date;
use serde_json::{Value, json};
use standing_demo::{Expected, Shown};

use crate::home::{Home, run_in};

#[test]
fn every_planted_fault_is_found_and_the_vault_shows_a_flipped_byte() {
    for seed in ["1", "2", "77"] {
        let (home, done) = Home::demo(&["--seed", seed]);
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
    let failing: BTreeSet<String> = failing(&Home::demo(&["--no-faults"]).0);
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
    let (home, done) = Home::demo(&["--no-faults", "--seed", "5"]);
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
    let (home, _) = Home::demo(&["--no-faults"]);
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
    let (home, _) = Home::demo(&[]);
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

/// The clocks of a policy by asset, component and vulnerability, as the table has them.
fn clocks(home: &Home, policy: &str) -> Vec<Value> {
    let sql = format!(
        "select asset, component, vulnerability, state, verdict, days, due_on, fix_released_on, fix_bound, \
           grade, first_seen_on, mended_on, reopened from patch_clock where policy = '{policy}'"
    );
    let told = home.run(&["query", &sql, "--output", "json"]).json();
    told.as_array()
        .unwrap_or_else(|| panic!("{told:#}"))
        .clone()
}

/// What of a clock is otherwise than it should be.
fn astray(clock: &Value, shown: &Shown, expected: &Expected, today: Date) -> Vec<String> {
    let ago = |days: Option<i64>| {
        days.map_or(Value::Null, |n| {
            json!(today.saturating_sub(n.days()).to_string())
        })
    };
    let mut wanted = vec![
        ("state", json!(shown.state)),
        ("verdict", json!(expected.verdict)),
        ("days", json!(expected.days)),
        ("due_on", ago(expected.due)),
        ("fix_released_on", ago(shown.fix)),
        ("fix_bound", json!(shown.bound)),
        ("mended_on", ago(shown.mended)),
        ("reopened", json!(shown.reopened)),
    ];
    if shown.seen.is_some() {
        wanted.push(("first_seen_on", ago(shown.seen)));
    }
    let mut astray: Vec<String> = wanted
        .into_iter()
        .filter(|(name, value)| clock[name] != *value)
        .map(|(name, value)| format!("{name} is {} and not {value}", clock[name]))
        .collect();
    let grade = clock["grade"].as_str().unwrap_or_default();
    if !grade.starts_with(&shown.grade) {
        astray.push(format!("grade is {grade}"));
    }
    astray
}

#[test]
fn every_kind_of_clock_is_shown_and_stands_as_it_should() {
    let today = standing_assess::AsOf::at(jiff::Timestamp::now()).date;
    for planted in [true, false] {
        let words: &[&str] = if planted { &[] } else { &["--no-faults"] };
        let (home, done) = Home::demo(words);
        assert_eq!(done.code, 0, "{}\n{}", done.out, done.err);
        let all = standing_demo::shown();
        assert!(all.len() >= 24, "{}", all.len());
        let mut wrong = Vec::new();
        let of_policies: BTreeMap<&str, Vec<Value>> = ["Cyber Essentials", "DSPT", "KEV"]
            .map(|policy| (policy, clocks(&home, policy)))
            .into();
        for shown in &all {
            for (policy, expected) in &shown.policies {
                let is_it = |clock: &&Value| {
                    clock["asset"] == shown.asset.as_str()
                        && clock["component"] == shown.component.as_str()
                        && clock["vulnerability"] == shown.vulnerability.as_str()
                };
                let found = of_policies[policy.as_str()].iter().find(is_it);
                let is_planted = planted || shown.fault.is_none();
                match found {
                    None if is_planted => wrong.push(format!("{}: no clock", shown.what)),
                    Some(clock) if is_planted => {
                        let astray = astray(clock, shown, expected, today);
                        wrong.extend(
                            astray
                                .into_iter()
                                .map(|a| format!("{} ({policy}): {a}", shown.what)),
                        );
                    }
                    Some(clock) if clock["verdict"] == expected.verdict.as_str() => {
                        wrong.push(format!("{}: there without its fault", shown.what));
                    }
                    _ => {}
                }
            }
        }
        assert!(wrong.is_empty(), "planted {planted}: {wrong:#?}");
    }
}

#[test]
fn what_is_shown_is_what_the_commands_say() {
    let (home, _) = Home::demo(&[]);
    let next = home.run(&["patch", "next", "--rows", "200"]);
    assert_eq!(next.code, 1, "{}", next.err);
    for shown in standing_demo::shown() {
        let expected = &shown.policies["Cyber Essentials"];
        let listed = next
            .out
            .lines()
            .any(|line| line.contains(&shown.asset) && line.contains(&shown.vulnerability));
        let is_open =
            !["met", "late", "between", "not covered"].contains(&expected.verdict.as_str());
        assert_eq!(listed, is_open, "{}\n{}", shown.what, next.out);
        let words = [
            "patch",
            "show",
            &shown.asset,
            &shown.component,
            &shown.vulnerability,
        ];
        let told = home.run(&words);
        assert_eq!(told.code, 0, "{}: {}", shown.what, told.err);
        let line = format!("Cyber Essentials: {}", expected.verdict);
        assert!(told.out.contains(&line), "{}\n{}", shown.what, told.out);
    }
    let exploited = home.run(&["patch", "show", "lkf-web-03", "libxml2"]).out;
    assert!(exploited.contains("EPSS 83.21 %"), "{exploited}");
    let months = home.run(&["patch", "months", "--format", "json"]).json();
    assert!(
        months["months"].as_array().unwrap().len() >= 3,
        "{months:#}"
    );
}
