//! package-lock.json and npm-shrinkwrap.json, versions 1 to 3.
//!
//! Source: package-lock-json(5) of npm.

use super::json::{Members, Node};
use super::reading::{LockfileReading, Reason};

pub(super) fn read(text: &str, reading: &mut LockfileReading) {
    let lock: Node<'_> = match serde_json::from_str(text) {
        Ok(lock) => lock,
        Err(error) => return reading.refuse_json(&error),
    };
    let version = lock.get("lockfileVersion").and_then(Node::number);
    let map = |name: &str| lock.get(name).and_then(Node::object);
    match (version, map("packages"), map("dependencies")) {
        (None | Some(1..=3), Some(packages), _) => {
            for (place, entry) in packages {
                package(place, entry, reading);
            }
        }
        (Some(2 | 3), None, _) => reading.refuse(None, "names no packages, and its version must"),
        (None | Some(1), None, Some(all)) => dependencies(all, reading),
        (Some(1), None, None) => {}
        (None, None, None) => reading.refuse(None, "is no lockfile of npm: it names no version"),
        _ => reading.refuse(None, "is of a version that is not read; 1, 2 and 3 are"),
    }
    reading.once();
}

/// Versions 2 and 3: what lies at `place`, such as `node_modules/a/node_modules/@s/b`. The root and
/// the members of a workspace lie outside `node_modules`.
fn package(place: &str, entry: &Node<'_>, reading: &mut LockfileReading) {
    if place.is_empty() {
        return;
    }
    let text = |name: &str| entry.get(name).and_then(Node::text);
    let Some((_, name)) = place.rsplit_once("node_modules/") else {
        return reading.leave(Reason::OwnCode);
    };
    if entry.get("link").is_some_and(Node::is_true) {
        // The member itself has an entry of its own.
        return;
    }
    let Some(version) = text("version") else {
        let what = format!("{}: expected a version", short(place));
        return reading.odd(None, what);
    };
    match source(text("resolved").unwrap_or_default()) {
        Source::Git => reading.leave(Reason::Git),
        Source::Own => reading.leave(Reason::OwnCode),
        Source::Address | Source::Registry => {
            reading.take("npm", text("name").unwrap_or(name), version, None);
        }
    }
}

/// Version 1: the name is the key, and `version` may be an address. An alias is `npm:name@1.0.0`.
fn dependencies(all: &Members<'_>, reading: &mut LockfileReading) {
    for (name, entry) in all {
        match entry.get("version").and_then(Node::text) {
            None => reading.odd(None, format!("{}: expected a version", short(name))),
            Some(version) => match (source(version), alias(version)) {
                (_, Some((name, version))) => reading.take("npm", name, version, None),
                (Source::Git, _) => reading.leave(Reason::Git),
                (Source::Own, _) => reading.leave(Reason::OwnCode),
                (Source::Address, _) => reading.leave(Reason::Address),
                (Source::Registry, _) => reading.take("npm", name, version, None),
            },
        }
        if let Some(inner) = entry.get("dependencies").and_then(Node::object) {
            dependencies(inner, reading);
        }
    }
}

/// Names of packages are short; anything else is somebody's text and is not repeated.
fn short(name: &str) -> &str {
    match name.len() {
        0..=214 => name,
        _ => "a package of a long name",
    }
}

/// The real name and the rest of `npm:name@1.0.0`.
pub(super) fn alias(version: &str) -> Option<(&str, &str)> {
    split(version.strip_prefix("npm:")?)
}

/// A name, which may begin with `@`, and what follows the next `@`.
pub(super) fn split(text: &str) -> Option<(&str, &str)> {
    let at = text.char_indices().skip(1).find(|(_, c)| *c == '@')?.0;
    Some((&text[..at], &text[at + 1..]))
}

/// Where a package comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    Registry,
    Git,
    Address,
    Own,
}

/// What a version, a range or an address of JavaScript's package managers points to.
/// `name/repository` is a repository of GitHub's.
pub(super) fn source(text: &str) -> Source {
    let begins = |starts: &[&str]| starts.iter().any(|s| text.starts_with(s));
    let path = text.split('#').next().unwrap_or_default();
    if begins(&[
        "file:",
        "link:",
        "portal:",
        "workspace:",
        "./",
        "../",
        "/",
        "~/",
    ]) {
        Source::Own
    } else if begins(&["git", "bitbucket:", "gist:", "ssh:"]) || path.ends_with(".git") {
        Source::Git
    } else if text.contains("://") {
        Source::Address
    } else if path.contains('/') && !path.contains([' ', ':']) {
        Source::Git
    } else {
        Source::Registry
    }
}
