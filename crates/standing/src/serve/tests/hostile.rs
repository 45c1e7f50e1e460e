//! What somebody who means harm would try.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::Request;

use super::harness::{Came, Served};
use crate::home::By;
use crate::serve::app::App;
use crate::serve::members::{self, Members};
use crate::serve::right::{Right, Role};
use crate::serve::visit::Trouble;

fn by_token(served: &Served, token: &str, path: &str) -> Came {
    let request = Request::builder().uri(path);
    let request = request.header("authorization", format!("Bearer {token}"));
    served.send(request.body(Body::empty()).unwrap())
}

fn sent(token: &str, method: &str, path: &str, body: Body) -> Request<Body> {
    Request::builder()
        .method(method)
        .uri(path)
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json")
        .body(body)
        .unwrap()
}

#[test]
fn a_setting_of_a_source_takes_no_place_of_its_path() {
    let served = Served::demo();
    let file = || {
        let folder = &served.app.home().folder;
        std::fs::read_to_string(folder.join("standing.toml")).unwrap()
    };
    let before = file();
    let token = served.token(Role::Engineer, &[Right::Configure]);
    for (method, path, name, kind) in [
        ("POST", "/api/v1/sources", "other", "register"),
        ("PUT", "/api/v1/sources/hr", "hr", "hr"),
    ] {
        for secret in ["/etc/hostname", "keys/blobs.key"] {
            let body = serde_json::json!({
                "name": name,
                "kind": kind,
                "path": "estate/hr/people.csv",
                "settings": { "table": "asset", "path": secret },
            });
            let came = served.send(sent(&token, method, path, Body::from(body.to_string())));
            assert_eq!(came.status, 422, "{}", came.text);
            assert_eq!(file(), before);
        }
    }
}

#[test]
fn a_token_that_may_not_see_people_sees_none_on_items_and_exceptions() {
    let served = Served::demo();
    let now = served.app.snapshot().unwrap();
    let read = served.token(Role::Auditor, &[Right::Read]);
    let personal = served.token(Role::Auditor, &[Right::Read, Right::ReadPersonal]);
    let page = |token: &str| by_token(&served, token, "/items/4.5.3").text;
    let item = now.today.items.iter().find(|i| i.item == "4.5.3").unwrap();
    let results = item.checks.iter().filter_map(|c| now.today.checks.get(c));
    let wanting: Vec<_> = results.flat_map(crate::explain::wanting).take(1).collect();
    let list = "<ul class=\"worst\">";
    assert!(!wanting.is_empty() && page(&personal).contains(list));
    assert!(!page(&read).contains(list));
    assert_eq!(by_token(&served, &read, "/exceptions").status, 403);
    assert_eq!(by_token(&served, &personal, "/exceptions").status, 200);
}

#[test]
fn what_is_not_there_is_bounded_in_rate_too() {
    for (method, path, otherwise) in [
        ("GET", "/nowhere", 404),
        ("DELETE", "/sign-in", 405),
        ("GET", "/checks/%ff", 404),
    ] {
        let served = Served::demo();
        let ask = |role| {
            let request = served.request(role, method, path);
            served.send(request.body(Body::empty()).unwrap()).status
        };
        assert_eq!(ask(None), otherwise, "{path}");
        let all: Vec<u16> = (0..100).map(|_| ask(None)).collect();
        assert_eq!(all.last(), Some(&429), "{path}");
        assert_eq!(ask(Some(Role::Auditor)), otherwise, "not who is known");
    }
}

#[test]
fn a_name_that_is_no_text_is_answered_like_any_other() {
    let served = Served::demo();
    let came = served.get(Some(Role::Auditor), "/checks/%ff%fe");
    assert_eq!(came.status, 404);
    assert!(came.headers.contains_key("content-security-policy"));
    let came = served.get(Some(Role::Auditor), "/api/v1/checks/%ff");
    assert_eq!(came.status, 404);
    assert_eq!(came.headers["content-type"], "application/problem+json");
}

/// A body that ends a token when it is asked for its first part.
struct Ending(Option<(Arc<App>, String, Bytes)>);

impl futures_core::Stream for Ending {
    type Item = Result<Bytes, std::io::Error>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        std::task::Poll::Ready(self.0.take().map(|(app, token, body)| {
            let ends = vec![members::ends("token", &token, "test")];
            app.act(By::KEYBOARD, |home, index| {
                members::keep(home, index, By::KEYBOARD, ends)
            })
            .unwrap();
            Ok(body)
        }))
    }
}

#[test]
fn a_token_that_ends_while_the_body_arrives_writes_nothing() {
    let served = Served::demo();
    let record = r#"{"name": "Test system"}"#;
    let token = served.token(Role::Engineer, &[Right::Record]);
    let (path, size) = ("/api/v1/records/system", || served.app.home().vault.size());
    let kept = served.send(sent(&token, "POST", path, Body::from(record)));
    assert_eq!(kept.status, 201, "{}", kept.text);
    let before = size();
    let id = token.split('_').nth(1).unwrap().to_owned();
    let ending = Ending(Some((Arc::clone(&served.app), id, Bytes::from(record))));
    let came = served.send(sent(&token, "POST", path, Body::from_stream(ending)));
    assert_eq!(came.status, 401, "{}", came.text);
    assert_eq!(size(), before + 1, "the end of the token alone");
}

#[test]
fn what_was_seen_earlier_of_members_takes_nothing_back() {
    let served = Served::demo();
    let index = served.app.home().index().unwrap();
    let (position, _) = index.position().unwrap();
    served.app.know(position - 1, Members::default());
    assert!(!served.app.members().members.is_empty());
    served.app.know(position, Members::default());
    assert!(served.app.members().members.is_empty());
}

#[test]
fn a_question_that_panics_takes_no_reader_with_it() {
    let served = Served::demo();
    let now = served.app.snapshot().unwrap();
    for _ in 0..4 {
        let asked = served.app.readers.ask::<()>(&now, |_| panic!("test"));
        assert_eq!(asked.unwrap_err().status, 500);
    }
    let asked = served.app.readers.ask(&now, |_| Ok::<_, Trouble>(7));
    assert_eq!(asked.unwrap(), 7);
}

#[test]
fn the_link_of_a_calendar_ends_with_its_member() {
    let served = Served::demo();
    let made = served.post(Some(Role::Auditor), "/calendar/feed", &[]);
    assert_eq!(made.status, 200, "{}", made.text);
    let id = served.member(Role::Auditor).to_owned();
    assert_eq!(served.app.members().feeds_of(&id).count(), 1);
    let ended = served.post(Some(Role::Owner), &format!("/members/{id}/end"), &[]);
    assert_eq!(ended.status, 303, "{}", ended.text);
    let members = served.app.members();
    assert_eq!(
        members.feeds_of(&id).count(),
        0,
        "whoever comes back has none"
    );
}

#[test]
fn whoever_was_ended_while_waiting_to_write_writes_nothing() {
    let served = Served::demo();
    let size = || served.app.home().vault.size();
    let id = served.member(Role::Owner).to_owned();
    let write = || {
        served.app.act(By::actor(&id), |home, index| {
            let (_, made) = members::new_feed(&id)?;
            members::keep(home, index, By::actor(&id), made)
        })
    };
    assert!(write().is_ok());
    let ends = vec![members::ends("member", &id, "test")];
    let home = served.app.home();
    // Another process writes it, so that nobody here was told.
    members::keep(&home, &home.index().unwrap(), By::KEYBOARD, ends).unwrap();
    let before = size();
    assert_eq!(write().unwrap_err().status, 401);
    assert_eq!(size(), before);
}

#[test]
fn every_register_of_people_is_taken_out_only_by_who_proved_it() {
    let served = Served::demo();
    for table in ["agreement", "link", "person", "training_completion"] {
        let came = served.get(
            Some(Role::Auditor),
            &format!("/exports/records/{table}.csv"),
        );
        assert_eq!(came.status, 403, "{table}");
    }
}
