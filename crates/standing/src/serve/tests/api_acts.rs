//! What the API does about members, keys, links, sources and exports, as the pages do it.

use axum::body::Body;
use serde_json::{Value, json};

use super::harness::{Came, Served};
use crate::home::By;
use crate::serve::members::{self, NewMember};
use crate::serve::right::{Right, Role};

/// Asks as a page's script would: with the session's word.
fn ask(served: &Served, role: Role, method: &str, path: &str, body: Option<&Value>) -> Came {
    keyed(served, role, method, path, body, "")
}

fn keyed(
    served: &Served,
    role: Role,
    method: &str,
    path: &str,
    body: Option<&Value>,
    key: &str,
) -> Came {
    let mut request = served
        .request(Some(role), method, path)
        .header("sec-fetch-site", "same-origin")
        .header("x-csrf", served.session(role).csrf);
    if !key.is_empty() {
        request = request.header("idempotency-key", key);
    }
    let request = match body {
        Some(body) => request
            .header("content-type", "application/json")
            .body(Body::from(body.to_string())),
        None => request.body(Body::empty()),
    };
    served.send(request.unwrap())
}

fn owner(served: &Served, method: &str, path: &str, body: Option<&Value>) -> Came {
    ask(served, Role::Owner, method, path, body)
}

/// An owner for whom an identity provider answers, so that they can come in.
fn answered_for(served: &Served, subject: &str) -> String {
    let mut id = String::new();
    let name = format!("Test {subject}");
    let new = NewMember {
        name: &name,
        email: "answered@firm.test",
        identity: Some(("https://provider.test", subject)),
    };
    let made = served.app.act(By::KEYBOARD, |home, index| {
        let (member, entries) = members::joins(home, &new, Role::Owner)?;
        id = member;
        members::keep(home, index, By::KEYBOARD, entries)
    });
    made.unwrap();
    id
}

fn passkey(served: &Served, member: &str) -> String {
    let mut id = String::new();
    let made = served.app.act(By::KEYBOARD, |home, index| {
        let (name, entries) = members::passkey_added(home, member, "Test key", "", &json!({}))?;
        id = name;
        members::keep(home, index, By::KEYBOARD, entries)
    });
    made.unwrap();
    id
}

/// Kind and actor of the entry that an answer names.
fn entry(served: &Served, came: &Came) -> (String, String) {
    let seq = came.json()["entry"].as_u64().unwrap();
    assert_eq!(came.place(), format!("/api/v1/log/{seq}"));
    let vault = &served.app.home().vault;
    let entry = vault.entries(seq..seq + 1).unwrap().next().unwrap();
    let entry = entry.unwrap();
    (entry.kind, entry.actor)
}

#[test]
fn somebody_is_invited_by_a_link_told_once_that_can_be_ended() {
    let served = Served::demo();
    let body = json!({ "name": "Test Guest", "role": "auditor" });
    let place = "/api/v1/invitations";
    let made = keyed(&served, Role::Owner, "POST", place, Some(&body), "one");
    assert_eq!(made.status, 201, "{}", made.text);
    let by = served.member(Role::Owner).to_owned();
    assert_eq!(entry(&served, &made), ("invitation".into(), by));
    let link = made.json()["link"].as_str().unwrap().to_owned();
    let (_, path) = link.split_once("8080").unwrap();
    assert_eq!(served.get(None, path).status, 200, "{link}");
    let again = keyed(&served, Role::Owner, "POST", place, Some(&body), "one");
    assert_eq!(again.status, 409, "its link was told before");
    assert_eq!(served.app.members().invitations.len(), 1);
    let id = format!("{place}/{}", made.json()["id"].as_str().unwrap());
    let ended = owner(&served, "DELETE", &id, None);
    assert_eq!(ended.status, 200, "{}", ended.text);
    assert_eq!(entry(&served, &ended).0, "invitation-end");
    assert_eq!(served.get(None, path).status, 404);
    assert_eq!(owner(&served, "DELETE", &id, None).status, 404);

    let wrong = json!({ "name": " ", "email": "nowhere", "role": "lead", "days": 31 });
    let refused = owner(&served, "POST", place, Some(&wrong));
    assert_eq!(refused.status, 422);
    let errors = refused.json()["errors"].as_array().unwrap().len();
    assert_eq!(errors, 3, "{}", refused.text);
    for key in ["a\tb", &"a".repeat(201)] {
        let refused = keyed(&served, Role::Owner, "POST", place, Some(&body), key);
        assert_eq!(refused.status, 400, "a name of no form: {key:?}");
    }
}

#[test]
fn a_member_is_changed_in_what_is_given_and_ended() {
    let served = Served::demo();
    let id = answered_for(&served, "a");
    let place = format!("/api/v1/members/{id}");
    let last = owner(&served, "PUT", &place, Some(&json!({ "role": "lead" })));
    assert_eq!(last.status, 409, "the last owner who can come in");
    assert_eq!(owner(&served, "DELETE", &place, None).status, 409);
    answered_for(&served, "b");

    let auditor = served.member(Role::Auditor).to_owned();
    let theirs = format!("/api/v1/members/{auditor}");
    let change = json!({ "name": "Test Renamed", "email": "renamed@firm.test" });
    let changed = owner(&served, "PUT", &theirs, Some(&change));
    assert_eq!(changed.status, 201, "{}", changed.text);
    let members = served.app.members();
    let member = &members.members[&auditor];
    assert_eq!(
        (member.name.as_str(), member.role),
        ("Test Renamed", Role::Auditor)
    );
    assert_eq!(member.email, "renamed@firm.test");
    assert_eq!(
        served.get(Some(Role::Auditor), "/me").status,
        200,
        "still in"
    );
    let wrong = json!({ "name": "", "email": "nowhere" });
    let refused = owner(&served, "PUT", &theirs, Some(&wrong));
    assert_eq!(refused.json()["errors"].as_array().unwrap().len(), 2);

    let role = owner(
        &served,
        "PUT",
        &theirs,
        Some(&json!({ "role": "engineer" })),
    );
    assert_eq!(role.status, 201, "{}", role.text);
    assert_eq!(served.app.members().members[&auditor].name, "Test Renamed");
    assert_eq!(
        served.get(Some(Role::Auditor), "/me").status,
        303,
        "sessions end with a role"
    );
    let key = owner(
        &served,
        "POST",
        &format!("{theirs}/invitations"),
        Some(&json!({})),
    );
    assert_eq!(key.status, 201, "{}", key.text);
    let ended = owner(&served, "DELETE", &theirs, None);
    assert_eq!(entry(&served, &ended).0, "member-end");
    let members = served.app.members();
    assert!(!members.members.contains_key(&auditor) && members.invitations.is_empty());
    assert_eq!(owner(&served, "DELETE", &theirs, None).status, 404);
}

#[test]
fn tokens_are_made_seen_and_ended_by_whose_they_are_and_by_owners() {
    let served = Served::demo();
    let place = "/api/v1/tokens";
    let body = json!({ "label": "nightly", "scopes": ["read"] });
    let made = ask(&served, Role::Lead, "POST", place, Some(&body));
    assert_eq!(made.status, 201, "{}", made.text);
    let made = made.json();
    let token = made["token"].as_str().unwrap();
    let with_it = |path: &str| {
        let request = axum::http::Request::builder().uri(path);
        let request = request.header("authorization", format!("Bearer {token}"));
        served.send(request.body(Body::empty()).unwrap()).status
    };
    assert_eq!(with_it("/api/v1/standing"), 200);
    served.token(Role::Owner, &[Right::Read]);
    let seen = |role| {
        let list = served.get(Some(role), place).json();
        list["items"].as_array().unwrap().len()
    };
    assert_eq!((seen(Role::Lead), seen(Role::Owner)), (1, 2));
    let of_owner = served.app.members();
    let of_owner = of_owner.tokens.values().find(|t| t.label == "test");
    let theirs = format!("{place}/{}", of_owner.unwrap().id);
    let refused = ask(&served, Role::Lead, "DELETE", &theirs, None);
    assert_eq!(refused.status, 404);
    let mine = format!("{place}/{}", made["id"].as_str().unwrap());
    assert_eq!(owner(&served, "DELETE", &mine, None).status, 200);
    assert_eq!(with_it("/api/v1/standing"), 401);
    let wrong = json!({ "label": "", "scopes": ["members"], "days": 0 });
    let refused = ask(&served, Role::Lead, "POST", place, Some(&wrong));
    assert_eq!(refused.json()["errors"].as_array().unwrap().len(), 3);
}

#[test]
fn what_is_for_people_with_a_fresh_proof_is_for_nobody_else() {
    let served = Served::demo();
    let everything = served.token(Role::Owner, Right::ALL);
    let session = served.session(Role::Owner);
    let old = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(1);
    served.app.sessions.prove(&session.id, old).unwrap();
    let size = served.app.home().vault.size();
    let id = served.member(Role::Lead).to_owned();
    for (method, path) in [
        ("DELETE", format!("/api/v1/members/{id}")),
        ("POST", "/api/v1/exports/person".into()),
        ("POST", "/api/v1/tokens".into()),
    ] {
        let body = (method == "POST").then(|| json!({}));
        let stale = owner(&served, method, &path, body.as_ref());
        assert_eq!(stale.status, 403, "{path}: {}", stale.text);
        assert!(stale.text.contains("only a few minutes old"), "{path}");
        let request = axum::http::Request::builder()
            .method(method)
            .uri(&path)
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {everything}"));
        let by_token = served.send(request.body(Body::from("{}")).unwrap());
        assert_eq!(by_token.status, 403, "{path}: {}", by_token.text);
    }
    assert_eq!(served.app.home().vault.refresh().unwrap(), size);
}

#[test]
fn one_sees_and_ends_ones_own_keys_and_sessions() {
    let served = Served::demo();
    let id = served.member(Role::Auditor).to_owned();
    let mine = |method: &str, path: &str| {
        let path = format!("/api/v1/me{path}");
        ask(&served, Role::Auditor, method, &path, None)
    };
    let first = passkey(&served, &id);
    let key = format!("/passkeys/{first}");
    assert_eq!(mine("DELETE", &key).status, 409, "the last way in");
    passkey(&served, &id);
    let now = jiff::Timestamp::now();
    let sessions = &served.app.sessions;
    sessions.begin(&id, "passkey", "elsewhere", now).unwrap();
    let me = mine("GET", "").json();
    assert_eq!(me["passkeys"].as_array().unwrap().len(), 2);
    assert_eq!(me["member"]["id"], id.as_str());
    let listed = me["sessions"].as_array().unwrap();
    let other = listed.iter().find(|s| s["this"] == false).unwrap();
    let place = format!("/sessions/{}", other["id"].as_str().unwrap());
    assert_eq!(mine("DELETE", &place).json(), json!({ "ended": 1 }));
    assert_eq!(mine("DELETE", &place).status, 404);
    for label in ["a", "b"] {
        sessions.begin(&id, "passkey", label, now).unwrap();
    }
    let ended = mine("DELETE", "/other-sessions");
    assert_eq!(ended.json(), json!({ "ended": 2 }));
    sessions.begin(&id, "passkey", "elsewhere", now).unwrap();
    assert_eq!(entry(&served, &mine("DELETE", &key)).0, "passkey-end");
    assert_eq!(sessions.of(&id, now).unwrap().len(), 1);
}

#[test]
fn the_calendars_link_is_told_replaced_and_withdrawn() {
    let served = Served::demo();
    let make = || {
        let made = ask(
            &served,
            Role::Auditor,
            "POST",
            "/api/v1/me/feed",
            Some(&json!({})),
        );
        assert_eq!(made.status, 201, "{}", made.text);
        let link = made.json()["link"].as_str().unwrap().to_owned();
        link.split_once("8080").unwrap().1.to_owned()
    };
    let (first, second) = (make(), make());
    assert_eq!(served.get(None, &first).status, 404, "replaced");
    assert_eq!(served.get(None, &second).status, 200);
    let end = || ask(&served, Role::Auditor, "DELETE", "/api/v1/me/feed", None);
    assert_eq!(entry(&served, &end()).0, "feed-end");
    assert_eq!(served.get(None, &second).status, 404);
    assert_eq!(end().status, 404);
}

#[test]
fn a_source_is_tried_out_with_nothing_kept_and_taken_out() {
    let served = Served::demo();
    let now = served.app.snapshot().unwrap();
    let name = now.sources[0].name.clone();
    let size = served.app.home().vault.size();
    let place = format!("/api/v1/sources/{name}");
    let trials = format!("{place}/trials");
    let token = served.token(Role::Engineer, &[Right::Collect, Right::Configure]);
    let by_token = |method: &str, path: &str, body: &'static str| {
        let request = axum::http::Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/json");
        served.send(request.body(Body::from(body)).unwrap())
    };
    let tried = by_token("POST", &trials, "{}");
    assert_eq!(tried.status, 200, "{}", tried.text);
    let tried = tried.json();
    assert_eq!(tried["outcome"], "complete", "{tried}");
    assert!(tried["rows"].as_object().unwrap().values().any(|n| *n != 0));
    let unchanged = served.app.home().vault.refresh().unwrap();
    assert_eq!(unchanged, size + 1, "the token alone");
    assert_eq!(
        by_token("POST", "/api/v1/sources/none/trials", "{}").status,
        404
    );
    let gone = by_token("DELETE", &place, "");
    assert_eq!(gone.status, 200, "{}", gone.text);
    let file = served.app.home().folder.join("standing.toml");
    let text = std::fs::read_to_string(file).unwrap();
    assert!(!text.contains(&format!("[source.{name}]")), "{text}");
}

#[test]
fn people_are_taken_out_row_by_row_and_the_log_notes_it() {
    let served = Served::demo();
    let take = |table: &str, key: &str| {
        let place = format!("/api/v1/exports/{table}");
        keyed(&served, Role::Lead, "POST", &place, Some(&json!({})), key)
    };
    for table in ["person", "account", "link", "training_completion"] {
        let taken = take(table, table);
        assert_eq!(taken.status, 201, "{}", taken.text);
        let by = served.member(Role::Lead).to_owned();
        assert_eq!(entry(&served, &taken), ("export".into(), by));
        let taken = taken.json();
        assert_eq!(taken["table"], table);
        let rows = taken["rows"].as_array().unwrap();
        assert!(rows.len() > 20, "{table}");
        assert!(rows[0].as_object().unwrap().len() > 1, "{:?}", rows[0]);
        assert_eq!(take(table, table).status, 409, "each time is noted");
    }
    let people = served.get(Some(Role::Lead), "/api/v1/people?limit=500");
    let person = take("person", "").json();
    let (rows, people) = (person["rows"].as_array().unwrap(), people.json());
    let people = people["items"].as_array().unwrap();
    assert_eq!(rows.len(), people.len());
    for (row, told) in rows.iter().zip(people) {
        for (column, value) in row.as_object().unwrap() {
            assert!(told[column] == *value, "{column} of {}", row["id"]);
        }
    }
    assert_eq!(take("supplier", "").status, 404);
}
