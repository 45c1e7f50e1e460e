//! Advisories that are taken in with nobody at the keyboard, and the pages that say how that stands.

use axum::body::Body;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::harness::{Came, Served};
use crate::advisories::{self, attempts, by_itself};
use crate::home::By;
use crate::serve::right::{Right, Role};
use crate::serve::schedule::advisories::advisories_due;

const OWNER: Option<Role> = Some(Role::Owner);
const STATUS: &str = "Package: openssl\nStatus: install ok installed\nArchitecture: amd64\n\
    Version: 3.0.11-1~deb12u1\n\n";

/// A server that reads advisories from a folder, which holds this.
fn firm(mirror: &str) -> Served {
    let folder = tempfile::tempdir().unwrap();
    let settings = "[advisories]\nfolder = \"mirror\"\n[source.hosts]\nkind = \"dpkg\"\npath = \"hosts\"\n\
        [source.locks]\nkind = \"lockfiles\"\npath = \"locks\"\n";
    crate::init::make(folder.path(), settings, None).unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("mirror/all.jsonl", mirror);
    write("hosts/web1/var/lib/dpkg/status", STATUS);
    write(
        "hosts/web1/etc/os-release",
        "ID=debian\nVERSION_ID=\"12\"\n",
    );
    write("locks/go.sum", "example.org/m v1.0.0 h1:AAAA=\n");
    Served::of(folder)
}

fn good(served: &Served) {
    let path = served.app.home().folder.join("mirror/all.jsonl");
    std::fs::write(path, record()).unwrap();
}

fn record() -> String {
    json!({
        "id": "DSA-1-1", "modified": "2026-03-02T00:00:00Z", "affected": [{
            "package": {"ecosystem": "Debian:12", "name": "openssl"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}]}]}],
    })
    .to_string()
}

fn stands(served: &Served) -> advisories::Attempts {
    let index = served.app.home().index().unwrap();
    attempts(&index).unwrap()
}

fn tries(served: &Served) -> advisories::Came {
    by_itself(&served.app.home(), By::SCHEDULER, &|_, _| {}).unwrap()
}

/// How long after the last try the next one is.
fn waits(served: &Served) -> SignedDuration {
    let (stands, now) = (stands(served), Timestamp::now());
    let last = match (&stands.refused, stands.taken_in) {
        (Some(refused), _) => refused.at,
        (None, taken_in) => taken_in.unwrap().1,
    };
    let due = advisories_due(&served.app.home(), &stands, now).unwrap();
    due.duration_since(last)
}

fn api(served: &Served, scopes: &[Right], path: &str) -> Came {
    let token = served.token(Role::Owner, scopes);
    let request = served
        .request(None, "GET", path)
        .header("authorization", format!("Bearer {token}"));
    served.send(request.body(Body::empty()).unwrap())
}

#[test]
fn what_comes_to_nothing_is_kept_tried_later_and_said_where_people_look() {
    let served = firm("{\"id\":");
    let now = Timestamp::now();
    let due = advisories_due(&served.app.home(), &stands(&served), now);
    assert_eq!(due, Some(now), "never tried");
    for (failures, minutes) in [(1, 5), (2, 10), (3, 20)] {
        assert!(matches!(tries(&served), advisories::Came::Refused(_)));
        assert_eq!(stands(&served).refused.unwrap().failures, failures);
        let seconds = waits(&served).as_secs();
        assert!(
            (minutes * 54..=minutes * 60).contains(&seconds),
            "{seconds}"
        );
    }
    served.app.judge_now().unwrap();
    let sources = served.get(OWNER, "/sources").text;
    assert!(sources.contains("They were never taken in."), "{sources}");
    assert!(
        sources.contains("3 tries since came to nothing"),
        "{sources}"
    );
    let page = served.get(OWNER, "/patching/advisories").text;
    assert!(page.contains("<h1>No advisories are held</h1>"), "{page}");
    assert!(page.contains("all.jsonl: "), "the reason: {page}");
    let whole = api(
        &served,
        &[Right::Read, Right::ReadPersonal],
        "/api/v1/advisories",
    )
    .json();
    assert_eq!(
        (&whole["known"], &whole["failures"]),
        (&json!(false), &json!(3))
    );
    assert_eq!(whole["edition"], Value::Null);
    assert!(
        whole["why"].as_str().unwrap().contains("all.jsonl"),
        "{whole:#}"
    );
    let less = api(&served, &[Right::Read], "/api/v1/advisories").json();
    assert_eq!(less["why"], Value::Null);
    let figures = api(&served, &[Right::Metrics], "/metrics").text;
    assert!(
        figures.contains("standing_advisories_failures_in_a_row 3.0"),
        "{figures}"
    );

    good(&served);
    assert!(matches!(tries(&served), advisories::Came::TakenIn(_)));
    assert!(stands(&served).refused.is_none());
    let hours = waits(&served).as_hours();
    assert!((21..=24).contains(&hours), "{hours}");
    served.app.judge_now().unwrap();
    let sources = served.get(OWNER, "/sources").text;
    assert!(!sources.contains("came to nothing"), "{sources}");
    let log = served.get(OWNER, "/log?kind=advisories-refused").text;
    assert_eq!(log.matches("could not take in advisories").count(), 3);
}

#[test]
fn editions_are_shown_with_what_they_hold_of_what_is_installed() {
    let served = firm(&record());
    let home = served.app.home();
    let sources: Vec<_> = home.config.sources.iter().collect();
    crate::collect::collect(&home, By::KEYBOARD, &sources, false, &|_, _| {}).unwrap();
    assert!(matches!(tries(&served), advisories::Came::TakenIn(_)));
    assert!(matches!(tries(&served), advisories::Came::TakenIn(_)));
    served.app.judge_now().unwrap();
    let page = served.get(OWNER, "/patching/advisories").text;
    for words in [
        "<h1>Advisories of ",
        "is judged by them.",
        "<caption>1 file; ",
        "<caption>2 editions, newest first</caption>",
        "<th scope=\"row\">Debian</th><td data-label=\"Components installed\" class=\"number\">1</td>\
         <td data-label=\"Packages with advisories\">1</td>",
        "compared with nothing",
    ] {
        assert!(page.contains(words), "{words}\n{page}");
    }
    assert_eq!(page.matches("judges today").count(), 1);
    let one = api(&served, &[Right::Read], "/api/v1/advisories").json();
    assert_eq!(one["known"], true);
    let file = &one["edition"]["files"][0];
    assert_eq!(
        (&file["kind"], &file["records"]),
        (&json!("osv"), &json!(1))
    );
    let path = "/api/v1/advisories/editions?limit=1";
    let first = api(&served, &[Right::Read], path).json();
    assert_eq!(first["items"][0]["judges_today"], true);
    assert_eq!(
        first["items"][0]["entry"],
        one["edition"]["edition"]["entry"]
    );
    let next = format!("{path}&after={}", first["next"].as_str().unwrap());
    let second = api(&served, &[Right::Read], &next).json();
    assert_eq!(second["items"][0]["judges_today"], false);
    assert_eq!(
        (&second["items"][0]["osv"], &second["next"]),
        (&json!(1), &Value::Null)
    );
    let calls = served.get(OWNER, "/patching").text;
    assert!(calls.contains("href=\"/patching/advisories\""), "{calls}");
}
