//! Coming in by a passkey, with an authenticator in software: what is written, what is refused, and
//! what nobody can tell from outside.

use axum::body::Body;
use axum::http::Request;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use standing_assess::index::{Heading, Wanted};

use super::authenticator::Authenticator;
use super::harness::{Came, Served};
use crate::home::By;
use crate::serve::members::{self, Invited};
use crate::serve::membership;
use crate::serve::right::Role;

/// A browser: the cookie it holds, if any.
#[derive(Default)]
struct Browser {
    cookie: String,
    csrf: String,
}

impl Browser {
    /// Sends JSON as our scripts do; keeps the cookie that comes back.
    fn send(&mut self, served: &Served, path: &str, body: &Value) -> Came {
        let request = Request::builder()
            .method("POST")
            .uri(path)
            .header("content-type", "application/json")
            .header("sec-fetch-site", "same-origin")
            .header("cookie", &self.cookie)
            .header("x-csrf", &self.csrf)
            .body(Body::from(body.to_string()))
            .unwrap();
        let came = served.send(request);
        if let Some(cookie) = came.headers.get("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            self.cookie = cookie.split(';').next().unwrap().to_owned();
            let page = self.get(served, "/me").text;
            let csrf = page.split("name=\"csrf\" content=\"").nth(1).unwrap();
            self.csrf = csrf.split('"').next().unwrap().to_owned();
        }
        came
    }

    fn get(&self, served: &Served, path: &str) -> Came {
        let request = Request::builder().uri(path).header("cookie", &self.cookie);
        served.send(request.body(Body::empty()).unwrap())
    }

    /// Begins a ceremony and gives what ends it.
    fn begin(
        &mut self,
        served: &Served,
        ceremony: &str,
        body: &Value,
        answers: impl FnOnce(&Value) -> Value,
    ) -> Result<Value, Box<Came>> {
        let begun = self.send(served, &format!("/passkeys/{ceremony}/begin"), body);
        if begun.status != 200 {
            return Err(Box::new(begun));
        }
        let begun = begun.json();
        Ok(json!({ "ceremony": begun["ceremony"], "credential": answers(&begun["options"]) }))
    }

    fn joins(&mut self, served: &Served, link: &str, device: &mut Authenticator) -> Came {
        let body = json!({ "link": link, "name": "Test Person", "label": "Test key" });
        let answers = |options: &Value| device.registers(options);
        match self.begin(served, "join", &body, answers) {
            Ok(end) => self.send(served, "/passkeys/join/finish", &end),
            Err(came) => *came,
        }
    }

    fn signs_in(&mut self, served: &Served, device: &mut Authenticator) -> Came {
        let answers = |options: &Value| device.recognised(options);
        let end = self.begin(served, "sign-in", &json!({ "next": "/items" }), answers);
        self.send(served, "/passkeys/sign-in/finish", &end.ok().unwrap())
    }
}

/// The link of an invitation.
fn invited(served: &Served, role: Role, member: Option<&str>, set_up: bool) -> String {
    let mut link = String::new();
    let invited = Invited {
        name: "",
        email: "",
        role,
        member,
        set_up,
        expires_at: Timestamp::now() + SignedDuration::from_hours(1),
    };
    let made = served.app.act(By::KEYBOARD, |home, index| {
        let (shown, entries) = members::invite(home, &invited)?;
        link = shown;
        members::keep(home, index, By::KEYBOARD, entries)
    });
    made.unwrap();
    link
}

fn newest(served: &Served, most: usize) -> Vec<Heading> {
    let index = served.app.home().index().unwrap();
    index.headings(&Wanted::default(), most).unwrap()
}

fn entries(served: &Served) -> u64 {
    served.app.home().vault.refresh().unwrap()
}

/// The member whom a device belongs to.
fn whose(served: &Served) -> String {
    let members = served.app.members();
    members.passkeys.values().next().unwrap().member.clone()
}

fn end(served: &Served, member: &str) {
    let members = served.app.members();
    let leaves = membership::leaves(&members, member, "test");
    let ended = served.app.act(By::KEYBOARD, |home, index| {
        members::keep(home, index, By::KEYBOARD, leaves)
    });
    ended.unwrap();
}

#[test]
fn an_invitation_becomes_member_key_and_session_in_one_append() {
    let served = Served::demo();
    let link = invited(&served, Role::Lead, None, false);
    let before = entries(&served);
    let (mut browser, mut device) = (Browser::default(), Authenticator::new(1));
    let opened = browser.get(&served, &format!("/join/{link}"));
    assert_eq!(opened.status, 200, "{}", opened.text);
    assert!(opened.text.contains("Leads the work"));
    assert_eq!(entries(&served), before, "opening the link uses nothing up");
    let came = browser.joins(&served, &link, &mut device);
    assert_eq!(came.status, 200, "{}", came.text);
    let cookie = came.headers["set-cookie"].to_str().unwrap();
    assert!(
        cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax"),
        "{cookie}"
    );
    let written = newest(&served, 4);
    let kinds: Vec<&str> = written.iter().rev().map(|h| h.kind.as_str()).collect();
    assert_eq!(kinds, ["actor", "member", "passkey", "invitation-end"]);
    assert_eq!(entries(&served), before + 4);
    let who = whose(&served);
    assert!(
        written
            .iter()
            .all(|h| h.actor == who && h.time == written[0].time)
    );
    let me = browser.get(&served, "/me");
    assert!(me.text.contains("<h1>Test Person</h1>"), "{}", me.text);
    assert!(me.text.contains("Test key"));
}

#[test]
fn used_expired_and_unknown_links_cannot_be_told_from_each_other() {
    let served = Served::demo();
    let link = invited(&served, Role::Auditor, None, false);
    let (mut browser, mut device) = (Browser::default(), Authenticator::new(1));
    assert_eq!(browser.joins(&served, &link, &mut device).status, 200);
    let stranger = Browser::default();
    let seen = |link: &str| {
        let came = stranger.get(&served, &format!("/join/{link}"));
        // The name of the request differs, as it must.
        let text = came.text.split("Request ").next().unwrap().to_owned();
        (came.status, text)
    };
    let unknown = seen("0123456789abcdef.AAAA");
    assert_eq!(unknown.0, 404);
    assert_eq!(seen(&link), unknown);
    assert_eq!(seen("nonsense"), unknown);
    let mut other = Browser::default();
    let again = other.joins(&served, &link, &mut Authenticator::new(2));
    assert_eq!(again.status, 404);
    assert!(other.cookie.is_empty());
}

#[test]
fn of_two_who_follow_one_link_one_comes_in() {
    let served = Served::demo();
    let link = invited(&served, Role::Lead, None, false);
    let (mut one, mut other) = (Browser::default(), Browser::default());
    let body = json!({ "link": link, "name": "Test Person" });
    let mut device = Authenticator::new(1);
    let begun = one.begin(&served, "join", &body, |o| device.registers(o));
    assert_eq!(
        other
            .joins(&served, &link, &mut Authenticator::new(2))
            .status,
        200
    );
    let before = entries(&served);
    let late = one.send(&served, "/passkeys/join/finish", &begun.ok().unwrap());
    assert_eq!(late.status, 404, "{}", late.text);
    assert_eq!(entries(&served), before);
}

#[test]
fn once_there_is_an_owner_no_set_up_link_works() {
    let served = Served::demo();
    let first = invited(&served, Role::Owner, None, true);
    let second = invited(&served, Role::Owner, None, true);
    let named = invited(&served, Role::Owner, None, false);
    let mut browser = Browser::default();
    let came = browser.joins(&served, &first, &mut Authenticator::new(1));
    assert_eq!(came.status, 200, "{}", came.text);
    let seen = |link: &str| browser.get(&served, &format!("/join/{link}")).status;
    assert_eq!(seen(&second), 404);
    assert_eq!(seen(&named), 200, "an owner may be invited by name");
    assert_eq!(newest(&served, 1)[0].kind, "invitation-end");
    let later = invited(&served, Role::Owner, None, true);
    assert_eq!(seen(&later), 404, "nor one that was made at the same time");
}

#[test]
fn a_link_for_a_member_gives_them_a_key_and_nothing_else() {
    let served = Served::demo();
    let id = served.member(Role::Engineer).to_owned();
    let link = invited(&served, Role::Engineer, Some(&id), false);
    let before = entries(&served);
    let mut browser = Browser::default();
    let came = browser.joins(&served, &link, &mut Authenticator::new(1));
    assert_eq!(came.status, 200, "{}", came.text);
    assert_eq!(entries(&served), before + 2);
    assert_eq!(whose(&served), id);
    assert!(browser.get(&served, "/me").text.contains("The engineer"));
    let link = invited(&served, Role::Engineer, Some(&id), false);
    end(&served, &id);
    assert_eq!(browser.get(&served, &format!("/join/{link}")).status, 404);
    let late = invited(&served, Role::Engineer, Some(&id), false);
    let came = browser.get(&served, &format!("/join/{late}"));
    assert_eq!(came.status, 404, "nor one that was made at the same time");
}

#[test]
fn signing_in_begins_a_new_session_and_ends_the_one_before() {
    let served = Served::demo();
    let link = invited(&served, Role::Lead, None, false);
    let (mut browser, mut device) = (Browser::default(), Authenticator::new(1));
    browser.joins(&served, &link, &mut device);
    let before = browser.cookie.clone();
    // Somebody planted a cookie in another browser.
    let mut other = Browser {
        cookie: "standing=planted".into(),
        csrf: String::new(),
    };
    let came = other.signs_in(&served, &mut device);
    assert_eq!(came.status, 200, "{}", came.text);
    assert_eq!(came.json()["next"], "/items");
    assert_ne!(other.cookie, "standing=planted");
    let held = other.cookie.clone();
    assert_eq!(other.signs_in(&served, &mut device).status, 200);
    assert_ne!(other.cookie, held);
    let old = Browser {
        cookie: held,
        csrf: String::new(),
    };
    assert_eq!(old.get(&served, "/me").status, 303, "it ended");
    let first = Browser {
        cookie: before,
        csrf: String::new(),
    };
    assert_eq!(
        first.get(&served, "/me").status,
        200,
        "another browser's stays"
    );
}

#[test]
fn ended_unknown_unverified_and_copied_keys_get_one_answer() {
    let served = Served::demo();
    let link = invited(&served, Role::Lead, None, false);
    let (mut browser, mut device) = (Browser::default(), Authenticator::new(1));
    browser.joins(&served, &link, &mut device);
    let refused = |device: &mut Authenticator| {
        let came = Browser::default().signs_in(&served, device);
        assert_eq!(came.status, 403, "{}", came.text);
        assert!(came.headers.get("set-cookie").is_none());
        came.json()["detail"].clone()
    };
    device.verifies = false;
    let unverified = refused(&mut device);
    device.verifies = true;
    device.origin = "https://evil.example".into();
    assert_eq!(
        refused(&mut device),
        unverified,
        "asked for by another site"
    );
    device.origin = "http://localhost:8080".into();
    assert_eq!(
        Browser::default().signs_in(&served, &mut device).status,
        200
    );
    device.counter -= 1;
    assert_eq!(
        refused(&mut device),
        unverified,
        "a counter that stood still"
    );
    device.counter = 2;
    assert_eq!(refused(&mut device), unverified, "a counter that went back");
    device.counter = 100;
    assert_eq!(
        Browser::default().signs_in(&served, &mut device).status,
        200
    );
    end(&served, &whose(&served));
    assert_eq!(refused(&mut device), unverified, "ended");
    assert_eq!(browser.get(&served, "/me").status, 303, "and out at once");
}

#[test]
fn a_ceremony_cannot_be_finished_twice_nor_as_another() {
    let served = Served::demo();
    let link = invited(&served, Role::Lead, None, false);
    let (mut browser, mut device) = (Browser::default(), Authenticator::new(1));
    browser.joins(&served, &link, &mut device);
    let onward = json!({ "next": "/" });
    let end = browser.begin(&served, "sign-in", &onward, |o| device.recognised(o));
    let end = end.ok().unwrap();
    let came = browser.send(&served, "/passkeys/sign-in/finish", &end);
    assert_eq!(came.status, 200, "{}", came.text);
    let again = browser.send(&served, "/passkeys/sign-in/finish", &end);
    assert_eq!(again.status, 409);
    let end = browser.begin(&served, "sign-in", &onward, |o| device.recognised(o));
    let other = browser.send(&served, "/passkeys/prove/finish", &end.ok().unwrap());
    assert_eq!(other.status, 409);
}

/// Lets the proof of every session of a member grow old.
fn grows_old(served: &Served, member: &str) {
    let now = Timestamp::now();
    for session in served.app.sessions.of(member, now).unwrap() {
        let before = now - SignedDuration::from_mins(6);
        served.app.sessions.prove(&session.id, before).unwrap();
    }
}

#[test]
fn a_fresh_proof_opens_what_an_old_one_does_not() {
    let served = Served::demo();
    let link = invited(&served, Role::Owner, None, false);
    let (mut browser, mut device) = (Browser::default(), Authenticator::new(1));
    browser.joins(&served, &link, &mut device);
    grows_old(&served, &whose(&served));
    let add = json!({ "label": "Second" });
    let refused = browser.send(&served, "/passkeys/add/begin", &add);
    assert_eq!(refused.status, 403);
    let mut stranger = Authenticator::new(2);
    let link = invited(&served, Role::Owner, None, false);
    Browser::default().joins(&served, &link, &mut stranger);
    let onward = json!({ "next": "//evil.example" });
    let end = browser.begin(&served, "prove", &onward, |o| stranger.recognised(o));
    let theirs = browser.send(&served, "/passkeys/prove/finish", &end.ok().unwrap());
    assert_eq!(theirs.status, 403, "somebody else's key proves nothing");
    let end = browser.begin(&served, "prove", &onward, |o| device.recognised(o));
    let proved = browser.send(&served, "/passkeys/prove/finish", &end.ok().unwrap());
    assert_eq!(proved.status, 200, "{}", proved.text);
    assert_eq!(proved.json()["next"], "/");
    let mut second = Authenticator::new(3);
    let end = browser.begin(&served, "add", &add, |o| second.registers(o));
    let added = browser.send(&served, "/passkeys/add/finish", &end.ok().unwrap());
    assert_eq!(added.status, 200, "{}", added.text);
    assert_eq!(
        Browser::default().signs_in(&served, &mut second).status,
        200
    );
    let mut other = Browser::default();
    other.signs_in(&served, &mut device);
    let end = other.begin(&served, "prove", &onward, |o| device.recognised(o));
    let elsewhere = browser.send(&served, "/passkeys/prove/finish", &end.ok().unwrap());
    assert_eq!(elsewhere.status, 409, "begun in another session");
    let end = browser.begin(&served, "prove", &onward, |o| second.recognised(o));
    let members = served.app.members();
    let key = members.passkeys.values().find(|k| k.label == "Second");
    let ends = vec![members::ends("passkey", &key.unwrap().id, "test")];
    let ended = served.app.act(By::KEYBOARD, |home, index| {
        members::keep(home, index, By::KEYBOARD, ends)
    });
    ended.unwrap();
    let late = browser.send(&served, "/passkeys/prove/finish", &end.ok().unwrap());
    assert_eq!(late.status, 403, "the key was ended meanwhile");
}

#[test]
fn one_key_cannot_belong_to_two() {
    let served = Served::demo();
    let mut device = Authenticator::new(1);
    for status in [200, 409] {
        let link = invited(&served, Role::Lead, None, false);
        let came = Browser::default().joins(&served, &link, &mut device);
        assert_eq!(came.status, status, "{}", came.text);
    }
}
