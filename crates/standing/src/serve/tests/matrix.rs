//! Every route with every role, with none, with an old proof and with a token of all scopes, against
//! what is written down in `matrix.txt`. A new route fails until somebody has looked at its line:
//! `UPDATE=1` writes the file, and whoever commits it has read it.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU16, Ordering};

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use jiff::{SignedDuration, Timestamp};

use super::harness::{Came, Served};
use crate::serve::door::{CSRF, encode};
use crate::serve::right::{Access, Right, Role};
use crate::serve::routes::{Route, Takes, all};

const WRITTEN: &str = include_str!("matrix.txt");

/// Who comes.
#[derive(Clone, Copy, PartialEq)]
enum As<'a> {
    Nobody,
    /// Cookie and word of a session.
    Session(&'a str, &'a str),
    Token(&'a str),
}

/// How a request says where it comes from.
#[derive(Clone, Copy, PartialEq)]
enum From {
    Ourselves,
    /// Our page, as browsers say it that know no better.
    OurOrigin,
    AnotherSite,
    AnotherOrigin,
    Unsaid,
}

/// An address of its own, so that none is too frequent.
fn address() -> SocketAddr {
    static NEXT: AtomicU16 = AtomicU16::new(1);
    let [a, b] = NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    SocketAddr::from(([127, 1, a, b], 1))
}

fn request(route: &Route, who: As<'_>, from: From) -> Request<Body> {
    let path = route.path.replace(['{', '}'], "");
    let mut request = Request::builder().method(route.method).uri(path);
    let mut word = "";
    match who {
        As::Nobody => {}
        As::Session(cookie, csrf) => {
            word = csrf;
            request = request.header("cookie", format!("standing={cookie}"));
        }
        As::Token(token) => request = request.header("authorization", format!("Bearer {token}")),
    }
    request = match from {
        From::Ourselves => request.header("sec-fetch-site", "same-origin"),
        From::OurOrigin => request.header("origin", "http://localhost:8080"),
        From::AnotherSite => request.header("sec-fetch-site", "cross-site"),
        From::AnotherOrigin => request.header("origin", "http://localhost:8081"),
        From::Unsaid => request,
    };
    let body = match route.takes {
        Takes::Nothing => {
            request = request.header("x-csrf", word);
            Body::empty()
        }
        Takes::Form => {
            request = request.header("content-type", "application/x-www-form-urlencoded");
            Body::from(encode(&[(CSRF, word)]))
        }
        Takes::Json => {
            request = request.header("content-type", "application/json");
            request = request.header("x-csrf", word);
            Body::from("{\"nothing\":\"usable\"}")
        }
    };
    let request = request.extension(ConnectInfo(address()));
    request.body(body).unwrap()
}

/// What the door said; whatever it did not say, the handler did.
fn verdict(came: &Came) -> &'static str {
    let says = |words: &str| came.text.contains(words);
    match came.status {
        303 if came.place().starts_with("/sign-in?") => "sign in",
        303 if came.place().starts_with("/prove?") => "prove",
        401 => "sign in",
        403 if says("proof of who you are that is only a few minutes old") => "prove",
        403 if says("does not carry") => "no",
        403 if says("did not come from a page of this server") => "forged",
        429 => panic!("too many requests: {}", came.text),
        500.. => panic!("{} {}", came.status, came.text),
        _ => "in",
    }
}

/// A fresh session of somebody in the role; its proof may be old.
fn session(served: &Served, role: Role, proven: bool) -> (String, String) {
    let sessions = &served.app.sessions;
    let now = Timestamp::now();
    let member = served.member(role);
    let shown = sessions.begin(member, "passkey", "test", now).unwrap();
    let found = sessions.find(&shown, now).unwrap().unwrap();
    if !proven {
        let before = now - SignedDuration::from_mins(6);
        sessions.prove(&found.id, before).unwrap();
    }
    (shown, found.csrf)
}

/// `in`, `proof` where only a fresh proof opens it, or the door's refusal.
fn of_role(served: &Served, route: &Route, role: Role) -> &'static str {
    let ask = |proven| {
        let (cookie, csrf) = session(served, role, proven);
        let who = As::Session(&cookie, &csrf);
        verdict(&served.send(request(route, who, From::Ourselves)))
    };
    match ask(false) {
        "prove" => match ask(true) {
            "in" => "proof",
            other => panic!("{} {}: {other} with a proof", route.method, route.path),
        },
        other => other,
    }
}

fn all_scopes() -> Vec<Right> {
    let all = Right::ALL.iter().copied();
    all.filter(|right| right.for_tokens()).collect()
}

fn line(served: &Served, route: &Route, token: &str) -> String {
    let mut words = vec![verdict(&served.send(request(
        route,
        As::Nobody,
        From::Ourselves,
    )))];
    words.extend(Role::ALL.iter().map(|role| of_role(served, route, *role)));
    words.push(verdict(&served.send(request(
        route,
        As::Token(token),
        From::Unsaid,
    ))));
    let words: String = words.iter().map(|w| format!("{w:<9}")).collect();
    let place = format!("{:<6} {}", route.method, route.path);
    format!("{place:<44} {}\n", words.trim_end())
}

#[test]
fn every_route_lets_in_whom_it_is_written_to_let_in() {
    let served = Served::demo();
    let token = served.token(Role::Owner, &all_scopes());
    let mut columns = vec!["nobody".to_owned()];
    columns.extend(Role::ALL.iter().map(ToString::to_string));
    columns.push("token of an owner".to_owned());
    let columns: String = columns.iter().map(|w| format!("{w:<9}")).collect();
    let mut found = format!("{:<44} {}\n", "# route", columns.trim_end());
    for route in all() {
        found += &line(&served, route, &token);
    }
    if std::env::var_os("UPDATE").is_some() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/src/serve/tests/matrix.txt");
        std::fs::write(file, found).unwrap();
        return;
    }
    let (found, written): (Vec<&str>, Vec<&str>) =
        (found.lines().collect(), WRITTEN.lines().collect());
    let not_in = |lines: &[&str], others: &[&str]| {
        let missing = lines.iter().filter(|line| !others.contains(line));
        missing.copied().collect::<Vec<_>>().join("\n")
    };
    let (new, gone) = (not_in(&found, &written), not_in(&written, &found));
    assert!(
        new.is_empty() && gone.is_empty(),
        "read these lines, then write them down with UPDATE=1\nnot in matrix.txt:\n{new}\nno longer so:\n{gone}"
    );
}

/// The file agrees with what routes declare: nobody can write down more than the table of roles gives.
#[test]
fn what_is_written_down_agrees_with_the_table_of_rights() {
    for route in all() {
        let place = format!("{:<6} {} ", route.method, route.path);
        let line = WRITTEN.lines().find(|l| l.starts_with(&place));
        let line = line.unwrap_or_else(|| panic!("{place} is not in matrix.txt"));
        let words: Vec<&str> = line[place.len()..]
            .split("  ")
            .map(str::trim)
            .filter(|w| !w.is_empty())
            .collect();
        let expected = |may: bool, scoped: bool| match route.access {
            Access::Public => "in",
            Access::With(_) | Access::Either(..) if may => "in",
            Access::Proven(_) if may && scoped => "prove",
            Access::Proven(_) if may => "proof",
            _ => "no",
        };
        let rights = match route.access {
            Access::Public => vec![],
            Access::With(right) | Access::Proven(right) => vec![right],
            Access::Either(one, other) => vec![one, other],
        };
        let any = |may: &dyn Fn(Right) -> bool| {
            rights.is_empty() || rights.iter().any(|right| may(*right))
        };
        let nobody = if rights.is_empty() { "in" } else { "sign in" };
        assert_eq!(words[0], nobody, "{place}");
        for (role, word) in Role::ALL.iter().zip(&words[1..]) {
            let may = any(&|right| role.may(right));
            assert_eq!(*word, expected(may, false), "{place} {role}");
        }
        let may = any(&Right::for_tokens);
        assert_eq!(words[6], expected(may, true), "{place} token");
    }
}

#[test]
fn nothing_changes_by_a_request_from_elsewhere_or_without_its_word() {
    let served = Served::demo();
    let writes = || all().filter(|route| route.method != "GET");
    assert!(writes().count() > 10);
    for route in writes() {
        let place = format!("{} {}", route.method, route.path);
        let (cookie, csrf) = session(&served, Role::Owner, true);
        let ours = As::Session(&cookie, &csrf);
        let ask = |who, from| verdict(&served.send(request(route, who, from)));
        for from in [From::AnotherSite, From::AnotherOrigin, From::Unsaid] {
            assert_eq!(ask(ours, from), "forged", "{place}");
            if route.access == Access::Public {
                assert_eq!(ask(As::Nobody, from), "forged", "{place}");
            }
        }
        let (_, another) = session(&served, Role::Owner, true);
        for word in ["", "wrong", another.as_str()] {
            let who = As::Session(&cookie, word);
            assert_eq!(ask(who, From::Ourselves), "forged", "{place} {word:?}");
        }
        assert_eq!(ask(ours, From::OurOrigin), "in", "{place}");
    }
}

#[test]
fn every_answer_bears_the_headers_that_protect_it() {
    let served = Served::demo();
    let (cookie, csrf) = session(&served, Role::Auditor, false);
    let seen = |came: &Came, place: &str| {
        let has = |name: &str, part: &str| {
            let value = came.headers.get(name).map(|v| v.to_str().unwrap());
            let value = value.unwrap_or_else(|| panic!("{place}: no {name}"));
            assert!(value.contains(part), "{place}: {name}: {value}");
        };
        has("content-security-policy", "default-src 'none'");
        has("content-security-policy", "frame-ancestors 'none'");
        has("x-content-type-options", "nosniff");
        has("referrer-policy", "same-origin");
        has("cross-origin-opener-policy", "same-origin");
        has("permissions-policy", "camera=()");
        has("cache-control", "");
        let policy = came.headers["content-security-policy"].to_str().unwrap();
        assert!(!policy.contains("unsafe"), "{place}: {policy}");
    };
    for route in all() {
        let place = format!("{} {}", route.method, route.path);
        for who in [As::Nobody, As::Session(&cookie, &csrf)] {
            seen(&served.send(request(route, who, From::Ourselves)), &place);
        }
    }
    for (method, path) in [
        ("GET", "/nowhere"),
        ("PATCH", "/"),
        ("GET", "/api/v1/nowhere"),
    ] {
        let request = Request::builder().method(method).uri(path);
        seen(&served.send(request.body(Body::empty()).unwrap()), path);
    }
}

#[test]
fn what_asks_for_nobody_is_bounded_in_rate_and_members_are_not() {
    let served = Served::demo();
    let from: SocketAddr = ([127, 2, 0, 1], 1).into();
    let ask = |path: &str, header: (&str, &str)| {
        let request = Request::builder().uri(path).header(header.0, header.1);
        let request = request.extension(ConnectInfo(from));
        served.send(request.body(Body::empty()).unwrap())
    };
    let nothing = ("accept", "text/html");
    let limited = |path: &str, header| {
        let came = (0..200)
            .map(|_| ask(path, header))
            .find(|c| c.status == 429);
        let came = came.unwrap_or_else(|| panic!("{path} is not limited"));
        assert!(came.headers.contains_key("retry-after"));
    };
    for path in ["/sign-in", "/join/0123456789abcdef.AAAA", "/members"] {
        limited(path, nothing);
    }
    limited("/members", ("authorization", "Bearer standing_0_0"));
    let (cookie, _) = session(&served, Role::Auditor, false);
    let cookie = format!("standing={cookie}");
    for _ in 0..80 {
        assert_eq!(ask("/me", ("cookie", &cookie)).status, 200);
    }
}
