//! Everything the pages do can be done by the API: for each page that writes, the route of the API that
//! does the same, or why there is none. A new form fails here until somebody has written down which.

use std::collections::BTreeSet;

use crate::serve::routes::{Route, all};

/// What answers for a page's form in the API.
enum Twin {
    /// This route: method and path.
    Api(&'static str, &'static str),
    /// None, and why.
    None(&'static str),
}
use Twin::{Api, None};

const CEREMONY: &str = "a passkey answers to a browser alone: WebAuthn has no other client";
const SESSION: &str = "a session begins and ends with the cookie of a browser; programs come with a token, \
    and DELETE /api/v1/me/sessions/{id} ends any session";

/// Paths of pages that take a form, and their twins.
const TWINS: &[(&str, Twin)] = &[
    ("/calendar/feed", Api("POST", "/api/v1/me/feed")),
    ("/calendar/feed/end", Api("DELETE", "/api/v1/me/feed")),
    (
        "/items/{ref}/attest",
        Api("POST", "/api/v1/items/{ref}/attestations"),
    ),
    (
        "/items/{ref}/withdraw",
        Api("POST", "/api/v1/attestations/{entry}/end"),
    ),
    ("/exceptions/new", Api("POST", "/api/v1/exceptions")),
    (
        "/exceptions/{entry}/end",
        Api("POST", "/api/v1/exceptions/{entry}/end"),
    ),
    (
        "/access/queue/decide",
        Api("POST", "/api/v1/records/{kind}"),
    ),
    ("/records/{kind}/new", Api("POST", "/api/v1/records/{kind}")),
    (
        "/records/{kind}/{entry}/change",
        Api("POST", "/api/v1/records/{kind}"),
    ),
    (
        "/records/{kind}/{entry}/end",
        Api("POST", "/api/v1/records/{kind}/{entry}/end"),
    ),
    (
        "/sources/{name}/read",
        Api("POST", "/api/v1/sources/{name}/runs"),
    ),
    (
        "/sources/{name}/try",
        Api("POST", "/api/v1/sources/{name}/trials"),
    ),
    ("/sources/new/{kind}", Api("POST", "/api/v1/sources")),
    (
        "/sources/{name}/change",
        Api("PUT", "/api/v1/sources/{name}"),
    ),
    (
        "/sources/{name}/remove",
        Api("DELETE", "/api/v1/sources/{name}"),
    ),
    ("/log/{seq}/erase", Api("POST", "/api/v1/erasures")),
    (
        "/exports/personal/{what}",
        Api("POST", "/api/v1/exports/{table}"),
    ),
    ("/reviews/new", Api("POST", "/api/v1/reviews")),
    (
        "/reviews/{id}/mine",
        Api("POST", "/api/v1/reviews/{id}/decisions"),
    ),
    (
        "/reviews/{id}/keep",
        Api("POST", "/api/v1/reviews/{id}/decisions"),
    ),
    (
        "/reviews/{id}/assign",
        Api("POST", "/api/v1/reviews/{id}/assignments"),
    ),
    (
        "/reviews/{id}/rows/{n}/act",
        Api("POST", "/api/v1/reviews/{id}/rows/{n}/acts"),
    ),
    (
        "/reviews/{id}/close",
        Api("POST", "/api/v1/reviews/{id}/close"),
    ),
    (
        "/reviews/{id}/report",
        Api("POST", "/api/v1/reviews/{id}/reports"),
    ),
    ("/settings/organisation", Api("PUT", "/api/v1/settings")),
    ("/passkeys/sign-in/begin", None(CEREMONY)),
    ("/passkeys/sign-in/finish", None(CEREMONY)),
    ("/passkeys/prove/begin", None(CEREMONY)),
    ("/passkeys/prove/finish", None(CEREMONY)),
    ("/passkeys/join/begin", None(CEREMONY)),
    ("/passkeys/join/finish", None(CEREMONY)),
    ("/passkeys/add/begin", None(CEREMONY)),
    ("/passkeys/add/finish", None(CEREMONY)),
    (
        "/me/passkeys/{id}/end",
        Api("DELETE", "/api/v1/me/passkeys/{id}"),
    ),
    (
        "/me/sessions/{id}/end",
        Api("DELETE", "/api/v1/me/sessions/{id}"),
    ),
    (
        "/me/other-sessions/end",
        Api("DELETE", "/api/v1/me/other-sessions"),
    ),
    ("/members/invite", Api("POST", "/api/v1/invitations")),
    ("/members/{id}/role", Api("PUT", "/api/v1/members/{id}")),
    (
        "/members/{id}/key",
        Api("POST", "/api/v1/members/{id}/invitations"),
    ),
    ("/members/{id}/end", Api("DELETE", "/api/v1/members/{id}")),
    (
        "/invitations/{id}/end",
        Api("DELETE", "/api/v1/invitations/{id}"),
    ),
    ("/sign-out", None(SESSION)),
    ("/tokens", Api("POST", "/api/v1/tokens")),
    ("/tokens/{id}/end", Api("DELETE", "/api/v1/tokens/{id}")),
];

fn of_pages() -> impl Iterator<Item = &'static Route> {
    all().filter(|r| r.method != "GET" && !r.path.starts_with("/api/"))
}

#[test]
fn every_page_that_writes_has_its_twin_in_the_api_or_a_reason_for_none() {
    let pages: BTreeSet<&str> = of_pages().map(|route| route.path).collect();
    let written: BTreeSet<&str> = TWINS.iter().map(|(page, _)| *page).collect();
    assert_eq!(written.len(), TWINS.len(), "a page stands here twice");
    let new: Vec<_> = pages.difference(&written).collect();
    let gone: Vec<_> = written.difference(&pages).collect();
    assert!(
        new.is_empty() && gone.is_empty(),
        "without a twin or a reason: {new:?}; no page any more: {gone:?}"
    );
}

/// Whoever may do it on the page may do it by the API, asked for the same proof, and nobody else.
#[test]
fn a_twin_is_there_and_lets_in_whom_its_page_lets_in() {
    let mut wrong = Vec::new();
    for (path, twin) in TWINS {
        let page = of_pages().find(|route| route.path == *path);
        match twin {
            None(why) => assert!(!why.is_empty(), "{path}"),
            Api(method, place) => {
                let found = all().find(|r| r.method == *method && r.path == *place);
                match found.zip(page) {
                    Option::None => wrong.push(format!("{path}: there is no {method} {place}")),
                    Some((api, page)) if api.access != page.access => wrong.push(format!(
                        "{path} asks {:?}, {method} {place} asks {:?}",
                        page.access, api.access
                    )),
                    Some(_) => {}
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
