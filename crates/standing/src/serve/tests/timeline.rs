//! The time line: worked out point by point, kept, and thrown away when the past itself changes.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use standing_assess::check::Verdict;
use standing_vault::{Draft, Time};

use super::harness::Served;
use crate::home::{By, Home};
use crate::serve::app::App;
use crate::serve::draw::Known;
use crate::serve::timeline::Since;

const ITEM: &str = "1.1.5";

fn ago(days: i64) -> Time {
    let at = Timestamp::now() - SignedDuration::from_hours(24 * days);
    Time::from_milliseconds(at.as_millisecond()).unwrap()
}

fn append(home: &Home, kind: &str, body: Value, time: Time) {
    let Value::Object(body) = body else {
        unreachable!("bodies are objects")
    };
    let draft = Draft {
        actor: "test".into(),
        kind: kind.into(),
        body,
        time,
    };
    home.vault.append(&[draft]).unwrap();
}

/// A firm without sources that began thirty days ago, and stated something sixteen days ago.
fn firm() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let config = "[organisation]\nname = \"Test Firm\"\nprofile = \"company-3\"\n";
    crate::init::make(folder.path(), config, None).unwrap();
    let home = Home::open(folder.path()).unwrap();
    append(&home, "test", Value::Object(Map::new()), ago(30));
    let row = json!({
        "table": "attestation", "id": "records/1", "item": ITEM, "answer": "yes",
        "statement": "It is so.", "stated_by": "Test Person", "role": "SIRO",
        "stated_on": ago(16).timestamp().to_string()[..10],
    });
    let blob = home.vault.put_blob(row.to_string().as_bytes()).unwrap();
    let body = json!({ "table": "attestation", "row": blob.digest.reference() });
    append(&home, "record", body, ago(16));
    folder
}

fn all(app: &App) -> usize {
    let mut steps = 0;
    while app.timeline.step(app).unwrap() {
        steps += 1;
        assert!(steps < 100, "it never ends");
    }
    steps
}

#[test]
fn every_point_is_worked_out_once_and_the_past_shows_what_was_known_then() {
    let served = Served::of(firm());
    let app = &served.app;
    let now = app.snapshot().unwrap();
    let before = app.timeline.points(&now);
    assert!(before.iter().any(|p| p.known == Known::NotYet));
    assert!(all(app) > 0);
    assert_eq!(all(app), 0, "nothing is due any more");
    let points = app.timeline.points(&now);
    assert!(
        points.iter().all(|p| p.known != Known::NotYet),
        "{points:?}"
    );
    assert_eq!(points[0].known, Known::Nothing, "a year ago");
    let history = app.timeline.history(ITEM);
    let first = history.first().unwrap();
    let last = history.last().unwrap();
    assert_eq!(last.0, now.day());
    assert_ne!(first.1, Verdict::Met, "{history:?}");
    let today = now.today.items.iter().find(|i| i.item == ITEM).unwrap();
    assert_eq!(last.1, today.verdict);
    assert!(matches!(
        app.timeline.ready_since(false),
        Some(Since::First(_))
    ));
}

#[test]
fn what_was_worked_out_of_the_past_survives_a_restart_and_new_entries() {
    let served = Served::of(firm());
    let days = |app: &App| app.timeline.history(ITEM);
    let steps = all(&served.app);
    let known = days(&served.app);
    served
        .app
        .act(By::KEYBOARD, |home, index| {
            home.append(index, By::KEYBOARD, "test", json!({}))
                .map(|e| e.seq)
        })
        .unwrap();
    let again = App::open(&served.app.home().folder, None).unwrap();
    again.judge_now().unwrap();
    let anew = all(&again);
    assert_eq!(days(&again), known);
    assert!(anew < steps, "{anew} of {steps} steps: the past was kept");
}

#[test]
fn an_erasure_reaches_into_the_past() {
    let served = Served::of(firm());
    all(&served.app);
    let known = served.app.timeline.history(ITEM).len();
    let home = served.app.home();
    let entry = home.vault.entries(1..2).unwrap().next().unwrap().unwrap();
    let row = entry.body["row"].as_str().unwrap();
    let row = standing_vault::Digest::from_reference(row).unwrap();
    home.vault.erase(&row, "test", "test", ago(0)).unwrap();
    served.app.judge_now().unwrap();
    served.app.timeline.step(&served.app).unwrap();
    let left = served.app.timeline.history(ITEM).len();
    assert!(left < known, "{left} of {known} points stand still");
}
