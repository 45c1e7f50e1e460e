//! Members, tokens and sessions on their pages: what ends with what, and what cannot end.

use super::harness::{Came, Served};
use crate::home::By;
use crate::serve::members::{self, NewMember};
use crate::serve::right::{Right, Role};

/// A member for whom an identity provider answers: an owner who can come in.
fn answered_for(served: &Served, role: Role) -> String {
    let mut id = String::new();
    let new = NewMember {
        name: "Test Answered",
        email: "answered@firm.test",
        identity: Some(("https://provider.test", "subject-1")),
    };
    let made = served.app.act(By::KEYBOARD, |home, index| {
        let (member, entries) = members::joins(home, &new, role)?;
        id = member;
        members::keep(home, index, By::KEYBOARD, entries)
    });
    made.unwrap();
    id
}

/// A passkey that nobody holds: enough for what only counts them.
fn passkey(served: &Served, member: &str) -> String {
    let mut id = String::new();
    let made = served.app.act(By::KEYBOARD, |home, index| {
        let credential = serde_json::json!({});
        let (name, entries) = members::passkey_added(home, member, "Test key", "", &credential)?;
        id = name;
        members::keep(home, index, By::KEYBOARD, entries)
    });
    made.unwrap();
    id
}

fn with_token(served: &Served, token: &str) -> Came {
    let request = axum::http::Request::builder()
        .uri("/checks")
        .header("authorization", format!("Bearer {token}"));
    served.send(request.body(axum::body::Body::empty()).unwrap())
}

const OWNER: Option<Role> = Some(Role::Owner);

#[test]
fn the_last_owner_can_neither_end_nor_be_given_another_role() {
    let served = Served::demo();
    let last = answered_for(&served, Role::Owner);
    let before = served.app.home().vault.refresh().unwrap();
    let demoted = served.post(OWNER, &format!("/members/{last}/role"), &[("role", "lead")]);
    assert_eq!(demoted.status, 409);
    assert!(demoted.text.contains("only owner who can come in"));
    let place = format!("/members/{last}/end");
    assert_eq!(served.get(OWNER, &place).status, 409);
    assert_eq!(served.post(OWNER, &place, &[]).status, 409);
    assert_eq!(served.app.home().vault.refresh().unwrap(), before);
    answered_for(&served, Role::Owner);
    assert_eq!(served.get(OWNER, &place).status, 200);
    assert_eq!(served.post(OWNER, &place, &[]).status, 303);
    assert!(!served.app.members().members.contains_key(&last));
}

#[test]
fn who_is_ended_is_out_at_once_with_session_and_token() {
    let served = Served::demo();
    let token = served.token(Role::Auditor, &[Right::Read]);
    let id = served.member(Role::Auditor).to_owned();
    passkey(&served, &id);
    assert_eq!(served.get(Some(Role::Auditor), "/me").status, 200);
    assert_eq!(with_token(&served, &token).status, 200);
    let came = served.post(OWNER, &format!("/members/{id}/end"), &[]);
    assert!(came.place().starts_with("/members?kept="), "{}", came.text);
    assert_eq!(served.get(Some(Role::Auditor), "/me").status, 303);
    assert_eq!(with_token(&served, &token).status, 401);
    let members = served.app.members();
    assert!(members.tokens.is_empty() && members.passkeys.is_empty());
    let index = served.app.home().index().unwrap();
    let newest = &index.headings(&Default::default(), 1).unwrap()[0];
    assert_eq!(newest.kind, "member-end");
    assert_eq!(
        newest.actor,
        served.member(Role::Owner),
        "in the name of who did it"
    );
}

#[test]
fn another_role_ends_sessions_and_tokens_and_keeps_the_rest() {
    let served = Served::demo();
    let id = answered_for(&served, Role::Engineer);
    let token = served.token(Role::Engineer, &[Right::Collect, Right::Read]);
    let engineer = served.member(Role::Engineer).to_owned();
    let change = |id: &str| {
        let place = format!("/members/{id}/role");
        served.post(OWNER, &place, &[("role", "lead")])
    };
    assert_eq!(change(&engineer).status, 303);
    assert_eq!(served.get(Some(Role::Engineer), "/me").status, 303);
    assert_eq!(with_token(&served, &token).status, 401);
    assert_eq!(change(&id).status, 303);
    let members = served.app.members();
    let changed = &members.members[&id];
    assert_eq!(changed.role, Role::Lead);
    assert_eq!(changed.name, "Test Answered");
    assert_eq!(changed.email, "answered@firm.test");
    assert!(changed.identity.is_some());
    let nonsense = served.post(OWNER, &format!("/members/{id}/role"), &[("role", "root")]);
    assert_eq!(nonsense.status, 422);
}

#[test]
fn a_link_is_shown_once_and_stands_in_no_entry() {
    let served = Served::demo();
    let fields = [
        ("name", "Test Guest"),
        ("role", "auditor"),
        ("days", "7"),
        ("once", "the-same-form"),
    ];
    let came = served.post(OWNER, "/members/invite", &fields);
    assert_eq!(came.status, 200, "{}", came.text);
    let link = came.text.split("/join/").nth(1).unwrap();
    let link = link.split('<').next().unwrap();
    assert_eq!(served.get(None, &format!("/join/{link}")).status, 200);
    let again = served.post(OWNER, "/members/invite", &fields);
    assert_eq!(again.status, 409, "the same form sent again");
    assert_eq!(served.app.members().invitations.len(), 1);
    let (id, secret) = link.split_once('.').unwrap();
    let home = served.app.home();
    for entry in home.vault.entries(0..home.vault.size()).unwrap() {
        let body = serde_json::to_string(&entry.unwrap().body).unwrap();
        assert!(
            !body.contains(secret) && !body.contains("Test Guest"),
            "{body}"
        );
    }
    let ended = served.post(OWNER, &format!("/invitations/{id}/end"), &[]);
    assert_eq!(ended.status, 303);
    assert_eq!(served.get(None, &format!("/join/{link}")).status, 404);
}

#[test]
fn mistakes_in_an_invitation_come_back_all_at_once() {
    let served = Served::demo();
    let fields = [("name", " "), ("email", "nowhere"), ("days", "31")];
    let came = served.post(OWNER, "/members/invite", &fields);
    assert_eq!(came.status, 422);
    for field in ["#name", "#email", "#role", "#days"] {
        assert!(came.text.contains(&format!("href=\"{field}\"")), "{field}");
    }
    assert!(
        came.text.contains("value=\"nowhere\""),
        "what was typed is kept"
    );
    assert!(served.app.members().invitations.is_empty());
}

#[test]
fn a_token_is_shown_once_works_within_its_scopes_and_ends() {
    let served = Served::demo();
    let lead = Some(Role::Lead);
    let fields = [("label", "nightly"), ("scope", "read"), ("days", "30")];
    let came = served.post(lead, "/tokens", &fields);
    assert_eq!(came.status, 200, "{}", came.text);
    let token = came.text.split("data-secret>").nth(1).unwrap();
    let token = token.split('<').next().unwrap();
    assert_eq!(with_token(&served, token).status, 200);
    let list = served.get(lead, "/tokens");
    assert!(list.text.contains("nightly") && !list.text.contains(token));
    let id = served.app.members().tokens.keys().next().unwrap().clone();
    assert_eq!(
        served.post(lead, &format!("/tokens/{id}/end"), &[]).status,
        303
    );
    assert_eq!(with_token(&served, token).status, 401);
}

#[test]
fn tokens_stay_within_role_and_time_and_leads_see_their_own() {
    let served = Served::demo();
    let lead = Some(Role::Lead);
    for (label, scope, days) in [
        ("", "read", "30"),
        ("x", "members", "30"),
        ("x", "metrics", "30"),
        ("x", "", "30"),
        ("x", "read", "367"),
        ("x", "read", "0"),
    ] {
        let fields = [("label", label), ("scope", scope), ("days", days)];
        let came = served.post(lead, "/tokens", &fields);
        assert_eq!(came.status, 422, "{label} {scope} {days}");
    }
    assert!(served.app.members().tokens.is_empty());
    served.token(Role::Owner, &[Right::Read]);
    let id = served.app.members().tokens.keys().next().unwrap().clone();
    let place = format!("/tokens/{id}/end");
    assert_eq!(served.post(lead, &place, &[]).status, 404);
    assert!(served.get(lead, "/tokens").text.contains("There are none"));
    assert_eq!(served.post(OWNER, &place, &[]).status, 303);
}

#[test]
fn the_last_passkey_stays_and_ending_one_signs_out_elsewhere() {
    let served = Served::demo();
    let auditor = Some(Role::Auditor);
    let id = served.member(Role::Auditor).to_owned();
    let first = passkey(&served, &id);
    let only = served.post(auditor, &format!("/me/passkeys/{first}/end"), &[]);
    assert_eq!(only.status, 409);
    let theirs = passkey(&served, served.member(Role::Lead));
    let other = served.post(auditor, &format!("/me/passkeys/{theirs}/end"), &[]);
    assert_eq!(other.status, 404, "somebody else's");
    passkey(&served, &id);
    let now = jiff::Timestamp::now();
    let sessions = &served.app.sessions;
    sessions.begin(&id, "passkey", "elsewhere", now).unwrap();
    let came = served.post(auditor, &format!("/me/passkeys/{first}/end"), &[]);
    assert!(came.place().starts_with("/me?kept="), "{}", came.text);
    assert_eq!(sessions.of(&id, now).unwrap().len(), 1);
    assert!(!served.app.members().passkeys.contains_key(&first));
}

#[test]
fn sessions_end_by_their_owner_alone_and_signing_out_takes_the_cookie() {
    let served = Served::demo();
    let auditor = Some(Role::Auditor);
    let theirs = served.session(Role::Lead).id;
    let place = format!("/me/sessions/{theirs}/end");
    assert_eq!(served.post(auditor, &place, &[]).status, 404);
    assert_eq!(served.get(Some(Role::Lead), "/me").status, 200);
    let out = served.post(auditor, "/sign-out", &[]);
    assert_eq!(out.place(), "/sign-in");
    assert!(
        out.headers["set-cookie"]
            .to_str()
            .unwrap()
            .ends_with("Max-Age=0")
    );
    assert_eq!(served.get(auditor, "/me").status, 303);
}

#[test]
fn signing_in_goes_on_only_within_this_server() {
    let served = Served::demo();
    for (next, goes) in [
        ("/log", "/log"),
        ("//evil.example", "/"),
        ("https://evil.example", "/"),
    ] {
        let query = crate::serve::door::encode(&[("next", next)]);
        let came = served.get(Some(Role::Auditor), &format!("/sign-in?{query}"));
        assert_eq!(came.place(), goes);
        let page = served.get(None, &format!("/sign-in?{query}")).text;
        assert!(
            page.contains(&format!("name=\"next\" value=\"{goes}\"")),
            "{page}"
        );
    }
    let reviewer = served.get(Some(Role::Reviewer), "/sign-in");
    assert_eq!(
        reviewer.place(),
        "/reviews",
        "who may not read does not begin with a refusal"
    );
}
