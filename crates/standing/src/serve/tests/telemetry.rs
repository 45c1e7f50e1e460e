//! What whoever watches over the server may ask.

use axum::body::Body;
use axum::http::Request;
use tower::ServiceExt as _;

use super::harness::{Came, Served};
use crate::serve::app::App;
use crate::serve::door;
use crate::serve::right::{Right, Role};
use crate::serve::schedule::State;

fn metrics(served: &Served, token: &str) -> Came {
    let request = served
        .request(None, "GET", "/metrics")
        .header("authorization", format!("Bearer {token}"))
        .body(Body::empty())
        .unwrap();
    served.send(request)
}

/// The value of a line of figures.
fn figure(text: &str, line: &str) -> f64 {
    let found = text.lines().find_map(|l| l.strip_prefix(line));
    found
        .unwrap_or_else(|| panic!("{line}\n{text}"))
        .trim()
        .parse()
        .unwrap()
}

#[test]
fn it_is_alive_and_ready_without_details() {
    let served = Served::demo();
    for (path, says) in [("/healthz", "alive\n"), ("/readyz", "ready\n")] {
        let came = served.get(None, path);
        assert_eq!((came.status, came.text.as_str()), (200, says));
    }
}

#[test]
fn before_anything_is_judged_it_is_alive_and_not_ready() {
    let folder = tempfile::tempdir().unwrap();
    crate::demo::make(folder.path(), 1).unwrap();
    let app = std::sync::Arc::new(App::open(folder.path(), None).unwrap());
    let router = door::router(app);
    let status = |path: &str| {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let answer = router.clone().oneshot(request);
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(answer).unwrap().status().as_u16()
    };
    assert_eq!(status("/healthz"), 200);
    assert_eq!(status("/readyz"), 503);
}

#[test]
fn figures_are_for_those_who_may_read_them() {
    let served = Served::demo();
    assert_eq!(served.get(None, "/metrics").status, 401);
    let without = served.token(Role::Owner, &[Right::Read]);
    assert_eq!(metrics(&served, &without).status, 403);
    let with = served.token(Role::Owner, &[Right::Metrics]);
    let came = metrics(&served, &with);
    assert_eq!(came.status, 200);
    let kind = came.headers["content-type"].to_str().unwrap();
    assert!(kind.starts_with("application/openmetrics-text"), "{kind}");
}

#[test]
fn figures_tell_what_stands() {
    let served = Served::demo();
    let token = served.token(Role::Owner, &[Right::Metrics]);
    served.app.judge_now().unwrap();
    served.get(None, "/healthz");
    let text = metrics(&served, &token).text;
    assert!(text.ends_with("# EOF\n"), "{text}");
    let snapshot = served.app.snapshot().unwrap();
    let met = snapshot
        .today
        .binding_with(standing_assess::check::Verdict::Met);
    assert_eq!(
        figure(&text, "standing_items{verdict=\"met\"} "),
        met as f64
    );
    let entries = served.app.home().vault.size();
    assert_eq!(figure(&text, "standing_vault_entries "), entries as f64);
    let failures = "standing_source_failures_in_a_row{source=\"entra-partner\"} ";
    assert_eq!(figure(&text, failures), 1.0);
    assert_eq!(
        figure(&text, "standing_source_running{source=\"hr\"} "),
        0.0
    );
    assert!(figure(&text, "standing_resident_memory_bytes ") > 1e6);
    let asked = "standing_http_requests_total{method=\"GET\",route=\"/healthz\",status=\"2xx\"} ";
    assert!(figure(&text, asked) >= 1.0);
}

#[test]
fn figures_name_patterns_and_never_what_was_asked() {
    let served = Served::demo();
    served.get(Some(Role::Owner), "/items/4.2.4?who=somebody-in-the-query");
    served.get(None, "/nowhere/somebody-in-the-path");
    let token = served.token(Role::Owner, &[Right::Metrics]);
    let text = metrics(&served, &token).text;
    assert!(text.contains("route=\"/items/{ref}\""), "{text}");
    assert!(text.contains("route=\"none\",status=\"4xx\""), "{text}");
    assert!(!text.contains("somebody"), "{text}");
}

#[test]
fn a_source_is_asked_for_once() {
    let served = Served::demo();
    let (app, member) = (&served.app, served.member(Role::Owner));
    let home = app.home();
    assert_eq!(app.schedule.state("hr"), State::Idle);
    for _ in 0..2 {
        let state = app.schedule.run_now(&home, "hr", member);
        assert_eq!(state.unwrap(), State::Waiting);
    }
    assert_eq!(
        app.schedule
            .run_now(&home, "none", member)
            .unwrap_err()
            .status,
        404
    );
    let snapshot = app.snapshot().unwrap();
    let plan = app.schedule.plan(&home, &snapshot.attempts, snapshot.at);
    let hr = plan.iter().find(|p| p.source == "hr").unwrap();
    assert_eq!(hr.state, State::Waiting);
    let hours = hr.due_at.unwrap().duration_since(snapshot.at).as_hours();
    assert!((21..24).contains(&hours), "{hours}");
    // What was read in part is tried again much sooner.
    let partner = plan.iter().find(|p| p.source == "entra-partner").unwrap();
    assert!(partner.due_at.unwrap() < hr.due_at.unwrap());
}
