//! The API: writing once, paging, problems, and what tokens may do.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::Request;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::harness::{Came, Served};
use crate::serve::app::App;
use crate::serve::door;
use crate::serve::right::{Right, Role};

const SCOPES: &[Right] = &[
    Right::Read,
    Right::ReadPersonal,
    Right::Attest,
    Right::Record,
    Right::Configure,
    Right::Collect,
];

fn asked(method: &str, token: &str, path: &str, key: &str, body: Option<&Value>) -> Request<Body> {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header("authorization", format!("Bearer {token}"));
    if !key.is_empty() {
        request = request.header("idempotency-key", key);
    }
    match body {
        Some(body) => request
            .header("content-type", "application/json")
            .body(Body::from(body.to_string())),
        None => request.body(Body::empty()),
    }
    .unwrap()
}

fn get(served: &Served, token: &str, path: &str) -> Came {
    served.send(asked("GET", token, path, "", None))
}

fn post(served: &Served, token: &str, path: &str, key: &str, body: &Value) -> Came {
    served.send(asked("POST", token, path, key, Some(body)))
}

fn statement(words: &str) -> Value {
    json!({ "answer": "yes", "statement": words, "role": "SIRO" })
}

/// The same request at a server that was started anew on the same home.
fn after_restart(served: &Served, request: Request<Body>) -> (u16, bool, Value) {
    let app = Arc::new(App::open(&served.app.home().folder, None).unwrap());
    app.judge_now().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let answer = door::router(app).oneshot(request).await.unwrap();
        let (head, body) = answer.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        let replayed = head.headers.contains_key("idempotency-replayed");
        let json = serde_json::from_slice(&bytes).unwrap();
        (head.status.as_u16(), replayed, json)
    })
}

#[test]
fn a_write_with_a_key_is_carried_out_once_even_after_a_restart() {
    let served = Served::demo();
    let token = served.token(Role::Lead, SCOPES);
    let (place, body) = ("/api/v1/items/1.1.1/attestations", statement("It is so."));
    let first = post(&served, &token, place, "one", &body);
    assert_eq!(first.status, 201, "{}", first.text);
    let entry = first.json()["entry"].as_u64().unwrap();
    assert!(!first.headers.contains_key("idempotency-replayed"));

    let again = post(&served, &token, place, "one", &body);
    assert_eq!(again.json(), json!({ "entry": entry, "replayed": true }));
    assert_eq!(again.headers["idempotency-replayed"], "true");
    let size = served.app.home().vault.size();

    let request = asked("POST", &token, place, "one", Some(&body));
    let (status, replayed, json) = after_restart(&served, request);
    assert_eq!((status, replayed), (201, true));
    assert_eq!(json["entry"], entry);
    assert_eq!(served.app.home().vault.refresh().unwrap(), size);

    let other = post(&served, &token, place, "one", &statement("It is not so."));
    assert_eq!(other.status, 422, "{}", other.text);
    let another_key = post(&served, &token, place, "two", &body);
    assert!(another_key.json()["entry"].as_u64().unwrap() > entry);
}

#[test]
fn a_statement_is_made_in_the_name_of_whoever_asks_and_counts() {
    let served = Served::demo();
    let token = served.token(Role::Lead, SCOPES);
    let made = post(
        &served,
        &token,
        "/api/v1/items/1.1.1/attestations",
        "",
        &statement("Seen in the register today."),
    );
    let entry = made.json()["entry"].as_u64().unwrap();
    served.app.judge_now().unwrap();
    let item = get(&served, &token, "/api/v1/items/1.1.1").json();
    assert_eq!(item["standing"]["statement"]["stated_by"], "The lead");
    assert_eq!(item["standing"]["statement"]["entry"], entry);
    let line = get(&served, &token, &format!("/api/v1/log/{entry}")).json();
    assert_eq!(line["line"]["actor"], served.member(Role::Lead));

    // By the way of records too nobody can state something in another's name.
    let body = json!({ "item": "1.1.1", "answer": "yes", "statement": "So.", "stated_by": "Somebody else",
        "stated_on": "2026-01-05" });
    let made = post(&served, &token, "/api/v1/records/attestation", "", &body);
    assert_eq!(made.status, 201, "{}", made.text);
    let records = get(&served, &token, "/api/v1/records/attestation?limit=500").json();
    let rows = records["items"].as_array().unwrap();
    let newest = rows.last().unwrap();
    assert_eq!(newest["row"]["stated_by"], "The lead");

    let ended = post(
        &served,
        &token,
        &format!("/api/v1/attestations/{}/end", newest["entry"]),
        "",
        &json!({ "reason": "A trial." }),
    );
    assert_eq!(ended.status, 201, "{}", ended.text);
    let records = get(&served, &token, "/api/v1/records/attestation?limit=500").json();
    assert!(!records["items"].as_array().unwrap().contains(newest));
}

#[test]
fn a_token_does_no_more_than_its_scopes_and_its_member_may() {
    let served = Served::demo();
    let reader = served.token(Role::Owner, &[Right::Read]);
    let place = "/api/v1/items/1.1.1/attestations";
    assert_eq!(
        post(&served, &reader, place, "", &statement("So.")).status,
        403
    );
    assert_eq!(get(&served, &reader, "/api/v1/people").status, 403);
    let engineer = served.token(Role::Engineer, SCOPES);
    assert_eq!(
        post(&served, &engineer, place, "", &statement("So.")).status,
        403
    );
    for kind in ["attestation", "exception", "completeness"] {
        let place = format!("/api/v1/records/{kind}");
        let refused = post(&served, &engineer, &place, "", &json!({}));
        assert_eq!(refused.status, 403, "{kind}: {}", refused.text);
    }
    let kept = post(
        &served,
        &engineer,
        "/api/v1/records/risk",
        "",
        &json!({ "title": "Flood", "level": "low" }),
    );
    assert_eq!(kept.status, 201, "{}", kept.text);
    // What asks for a person at the keyboard, no token does.
    let erase = json!({ "blob": format!("blob:{}", "0".repeat(64)), "reason": "none" });
    let owner = served.token(Role::Owner, Right::ALL);
    for refused in [
        post(&served, &owner, "/api/v1/erasures", "", &erase),
        get(&served, &owner, "/api/v1/members"),
        get(&served, &owner, "/api/v1/tokens"),
    ] {
        assert_eq!(refused.status, 403, "{}", refused.text);
    }
    assert_eq!(served.get(Some(Role::Owner), "/api/v1/members").status, 200);
    assert_eq!(served.get(Some(Role::Lead), "/api/v1/members").status, 403);
}

#[test]
fn every_mistake_is_told_with_its_place() {
    let served = Served::demo();
    let token = served.token(Role::Lead, SCOPES);
    let body = json!({ "titel": "x", "reviewed_on": "soon" });
    let came = post(&served, &token, "/api/v1/records/risk", "", &body);
    assert_eq!(came.status, 422, "{}", came.text);
    assert_eq!(came.headers["content-type"], "application/problem+json");
    let problem = came.json();
    assert_eq!(problem["status"], 422);
    let errors = problem["errors"].as_array().unwrap();
    let places: Vec<&str> = errors
        .iter()
        .map(|e| e["pointer"].as_str().unwrap())
        .collect();
    for place in ["#/titel", "#/reviewed_on", "#/title"] {
        assert!(places.contains(&place), "{place}: {places:?}");
    }
    assert_eq!(get(&served, &token, "/api/v1/items/99.9.9").status, 404);
    assert_eq!(get(&served, &token, "/api/v1/items?limit=0").status, 400);
    assert_eq!(get(&served, &token, "/api/v1/items?after=%21").status, 400);
    assert_eq!(
        get(&served, &token, "/api/v1/standing?day=never").status,
        400
    );
    assert_eq!(
        get(&served, &token, "/api/v1/standing?day=9999-12-31").status,
        422
    );
}

/// Every thing of a list, page by page.
fn whole(served: &Served, token: &str, path: &str, between: &dyn Fn()) -> Vec<Value> {
    let mut all = Vec::new();
    let mut next = String::new();
    loop {
        let sign = if path.contains('?') { '&' } else { '?' };
        let page = get(served, token, &format!("{path}{sign}limit=7{next}")).json();
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= 7);
        all.extend(items.iter().cloned());
        match page["next"].as_str() {
            Some(cursor) => next = format!("&after={cursor}"),
            None => return all,
        }
        between();
    }
}

#[test]
fn pages_hide_nothing_and_show_nothing_twice() {
    let served = Served::demo();
    let token = served.token(Role::Lead, SCOPES);
    let size = served.app.home().vault.size();
    // Entries that are written meanwhile come before the first page.
    let write = || {
        let body = json!({ "title": "Flood", "level": "low" });
        assert_eq!(
            post(&served, &token, "/api/v1/records/risk", "", &body).status,
            201
        );
    };
    let log = whole(&served, &token, "/api/v1/log", &write);
    let numbers: Vec<u64> = log.iter().map(|l| l["seq"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (0..size).rev().collect::<Vec<_>>());

    let now = served.app.snapshot().unwrap();
    let items = whole(&served, &token, "/api/v1/items", &|| {});
    let names: Vec<&str> = items.iter().map(|i| i["item"].as_str().unwrap()).collect();
    let expected: Vec<&str> = now.today.items.iter().map(|i| i.item.as_str()).collect();
    assert_eq!(names, expected);
    let (name, result) = now
        .today
        .checks
        .iter()
        .max_by_key(|(_, r)| r.subjects.len())
        .unwrap();
    let subjects = whole(
        &served,
        &token,
        &format!("/api/v1/checks/{name}/subjects"),
        &|| {},
    );
    assert!(subjects.len() > 7);
    let told: Vec<&str> = subjects
        .iter()
        .map(|s| s["subject"].as_str().unwrap())
        .collect();
    let mut expected: Vec<&str> = result.subjects.iter().map(|s| s.subject.as_str()).collect();
    let mut sorted = told.clone();
    sorted.sort_unstable();
    expected.sort_unstable();
    assert_eq!(sorted, expected);
    let people = whole(&served, &token, "/api/v1/people", &|| {});
    let id = people[0]["id"].as_str().unwrap().replace('/', "%2F");
    let one = get(&served, &token, &format!("/api/v1/people/{id}")).json();
    assert_eq!(one["row"], people[0]);
    assert!(!one["related"]["account"].as_array().unwrap().is_empty());
}

#[test]
fn a_source_is_added_with_its_comments_kept_and_reaches_no_secret() {
    let served = Served::demo();
    let token = served.token(Role::Engineer, SCOPES);
    let home = served.app.home();
    let file = home.folder.join("standing.toml");
    let before = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("# A comment of ours.\n{before}")).unwrap();
    let source = |name: &str, path: &str| {
        json!({ "name": name, "kind": "register", "path": path,
        "settings": { "table": "supplier" } })
    };
    for path in [
        "keys",
        "keys/signing.key",
        "vault",
        ".standing",
        ".",
        "/etc/passwd",
        "../x",
        "standing.toml",
    ] {
        let refused = post(
            &served,
            &token,
            "/api/v1/sources",
            "",
            &source("other", path),
        );
        assert_eq!(refused.status, 422, "{path}: {}", refused.text);
    }
    let forged = source("x]\nkind = \"hr\"\n[serve", "estate");
    assert_eq!(
        post(&served, &token, "/api/v1/sources", "", &forged).status,
        409
    );
    let made = post(
        &served,
        &token,
        "/api/v1/sources",
        "k",
        &source("other", "estate/suppliers.csv"),
    );
    assert_eq!(made.status, 201, "{}", made.text);
    let after = std::fs::read_to_string(&file).unwrap();
    assert!(after.starts_with("# A comment of ours.\n"));
    assert!(after.contains("[source.other]\n"), "{after}");
    let again = post(
        &served,
        &token,
        "/api/v1/sources",
        "k",
        &source("other", "estate/suppliers.csv"),
    );
    assert_eq!(again.json()["entry"], made.json()["entry"]);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), after);
    let twice = post(
        &served,
        &token,
        "/api/v1/sources",
        "",
        &source("other", "estate/suppliers.csv"),
    );
    assert_eq!(twice.status, 422, "{}", twice.text);
}
