//! Several processes on one vault, and processes that are killed.

use std::process::{Command, Stdio};
use std::time::Duration;

use crate::home::{Home, run_in};

#[test]
fn several_processes_may_write_at_once() {
    let home = Home::new();
    let writers: Vec<_> = (0..4)
        .map(|w| {
            let path = home.path.clone();
            std::thread::spawn(move || {
                for i in 0..5 {
                    let title = format!("title=Risk {w}.{i}");
                    let done = run_in(&path, &["record", "risk", "add", &title, "level=low"]);
                    assert_eq!(done.code, 0, "{}", done.err);
                }
            })
        })
        .collect();
    for writer in writers {
        writer.join().unwrap();
    }
    let listed = home.run(&["record", "risk", "list"]);
    assert_eq!(listed.out.lines().count(), 20, "{}", listed.out);
    assert_eq!(home.run(&["vault", "fsck"]).code, 0);
}

#[test]
fn a_killed_collection_leaves_nothing_half_done() {
    let home = Home::empty();
    let parent = home.path.parent().unwrap().to_owned();
    let made = run_in(
        &parent,
        &["demo", "--quiet", "--dir", home.path.to_str().unwrap()],
    );
    assert_eq!(made.code, 0, "{}", made.err);
    let entries = |home: &Home| {
        let report = home.run(&["vault", "fsck", "--format", "json"]);
        assert_eq!(report.code, 0, "{}", report.out);
        report.json()["entries"].as_u64().unwrap()
    };
    let mut known = entries(&home);
    for round in 0..20u64 {
        let mut child = Command::new(env!("CARGO_BIN_EXE_standing"))
            .args(["collect", "--quiet"])
            .current_dir(&home.path)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Spread over the whole run: from the first instants to after its end.
        std::thread::sleep(Duration::from_millis(round * 17));
        let _ = child.kill();
        child.wait().unwrap();
        let now = entries(&home);
        assert!(now >= known, "acknowledged entries are lost");
        known = now;
        let status = home.run(&["status", "--quiet", "--format", "json"]);
        assert_eq!(status.code, 1, "{}", status.err);
        assert_eq!(status.json()["counts"]["binding"], 42);
    }
}
