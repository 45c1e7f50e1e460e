//! The same questions put to the implementations that the ecosystems themselves use.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use standing_patching::compare;
use std::cmp::Ordering;
use std::io::Write;
use std::process::{Command, Stdio};

/// Sorts generated versions in our order and has dpkg confirm each neighbourhood: were any pair out
/// of place, some pair of neighbours would be too.
#[test]
fn dpkg_agrees() {
    if Command::new("dpkg").arg("--version").output().is_err() {
        println!("skipped: dpkg is not installed");
        return;
    }
    let mut runner = TestRunner::deterministic();
    let pattern = "([0-2]:)?[0-9][0-9aZ.+~-]{0,6}(-[0-9aZ.+~]{1,4})?";
    let mut versions: Vec<String> = (0..1500)
        .map(|_| pattern.new_tree(&mut runner).unwrap().current())
        .filter(|v| compare("Debian", v, v).is_some())
        .collect();
    assert!(versions.len() > 1000);
    versions.sort_by(|a, b| compare("Debian", a, b).unwrap());
    let mut questions = String::new();
    for pair in versions.windows(2) {
        let relation = match compare("Debian", &pair[0], &pair[1]) {
            Some(Ordering::Equal) => "eq",
            _ => "lt",
        };
        questions += &format!("{} {relation} {}\n", pair[0], pair[1]);
    }
    let denied = ask("dpkg --compare-versions \"$a\" \"$r\" \"$b\"", questions);
    assert_eq!(denied, "", "dpkg denies");
    println!("dpkg confirms the order of {} versions", versions.len());
}

/// The lines `a r b` for which `command` fails, from one shell for all of them.
fn ask(command: &str, questions: String) -> String {
    let script = format!("while read -r a r b; do {command} || echo \"$a $r $b\"; done");
    let mut shell = Command::new("sh")
        .args(["-c", &script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = shell.stdin.take().unwrap();
    let writer = std::thread::spawn(move || input.write_all(questions.as_bytes()));
    let output = shell.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn the_semver_crate_agrees(
        a in "[01]\\.[01]\\.(0|1|01|10)(-[01aB.-]{0,5})?(\\+[0a.]{0,3})?",
        b in "[01]\\.[01]\\.(0|1|01|10)(-[01aB.-]{0,5})?(\\+[0a.]{0,3})?",
    ) {
        let expected = match (semver::Version::parse(&a), semver::Version::parse(&b)) {
            (Ok(a), Ok(b)) => Some(a.cmp_precedence(&b)),
            _ => None,
        };
        prop_assert_eq!(compare("crates.io", &a, &b), expected);
    }
}
