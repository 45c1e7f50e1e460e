//! pnpm-lock.yaml, versions 5 to 9. Source: <https://github.com/pnpm/spec/tree/master/lockfile>.
//!
//! The keys of `packages` name the package: `/name/1.0.0_peers` in version 5, `/name@1.0.0(peers)` in
//! version 6, `name@1.0.0` in version 9. pnpm writes one key a line, indented by two blanks.

use super::npm::{self, Source};
use super::reading::{LockfileReading, Reason};
use super::yarn::leave;

pub(super) fn read(text: &str, reading: &mut LockfileReading) {
    let stated = text
        .lines()
        .find_map(|l| l.strip_prefix("lockfileVersion:"));
    let Some(version) = stated.and_then(major) else {
        return reading.refuse(None, "states no lockfileVersion");
    };
    if !(5..=9).contains(&version) {
        return reading.refuse(None, "is of a version that is not read; 5 to 9 are");
    }
    let mut is_packages = false;
    for (number, line) in (1..).zip(text.lines()) {
        if !line.is_empty() && !line.starts_with([' ', '#']) {
            match line.contains(':') || line == "---" {
                true => is_packages = line.trim_end() == "packages:",
                false => reading.odd(Some(number), "expected a key and a colon"),
            }
        } else if let Some(key) = line.strip_prefix("  ").filter(|_| is_packages)
            && !key.is_empty()
            && !key.starts_with([' ', '#'])
        {
            match key.trim_end().strip_suffix(':') {
                Some(key) => package(key.trim_matches(['\'', '"']), version, number, reading),
                None => reading.odd(Some(number), "expected a package and a colon"),
            }
        }
    }
    reading.once();
}

fn major(stated: &str) -> Option<u32> {
    let stated = stated.trim().trim_matches(['\'', '"']);
    stated.split('.').next()?.parse().ok()
}

fn package(key: &str, version: u32, number: u64, reading: &mut LockfileReading) {
    let key = key.split('(').next().unwrap_or_default();
    let found = match (version, key.strip_prefix('/')) {
        (5, Some(key)) => key.rsplit_once('/'),
        (6..=8, Some(key)) => npm::split(key),
        (9, _) => npm::split(key),
        _ => return reading.leave(elsewhere(key)),
    };
    let Some((name, resolved)) = found else {
        return reading.odd(Some(number), "expected a name and a version");
    };
    let resolved = resolved.split('_').next().unwrap_or_default();
    if resolved.starts_with(|c: char| c.is_ascii_digit()) {
        return reading.take("npm", name, resolved, Some(number));
    }
    leave(npm::source(resolved), reading);
}

/// Of versions 5 to 8, a key without a slash at its start: a folder, or a host with a path.
fn elsewhere(key: &str) -> Reason {
    match npm::source(key) {
        Source::Own => Reason::OwnCode,
        Source::Git => Reason::Git,
        Source::Address | Source::Registry => Reason::Address,
    }
}
