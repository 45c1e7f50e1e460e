//! requirements.txt as pip reads it.
//!
//! Source: <https://pip.pypa.io/en/stable/reference/requirements-file-format/> and PEP 508.

use standing_patching::pypi_name;

use super::reading::{LockfileReading, Reason};

/// Options that name another file of requirements. One of constraints (`-c`) installs nothing.
const INCLUDES: [&str; 2] = ["-r", "--requirement"];
/// Options that name code of one's own, or a repository.
const EDITABLE: [&str; 2] = ["-e", "--editable"];

pub(super) fn read(text: &str, reading: &mut LockfileReading) {
    let mut whole = String::new();
    let mut begun = 1;
    for (number, line) in (1..).zip(text.lines()) {
        if whole.is_empty() {
            begun = number;
        }
        let line = uncommented(line);
        match line.trim_end().strip_suffix('\\') {
            Some(line) => {
                whole.push_str(line);
                whole.push(' ');
            }
            None => {
                whole.push_str(line);
                requirement(whole.trim(), begun, reading);
                whole.clear();
            }
        }
    }
    requirement(whole.trim(), begun, reading);
    reading.once();
}

/// A comment begins at the start of the line or behind a blank.
fn uncommented(line: &str) -> &str {
    let marks = line.char_indices().filter(|(_, c)| *c == '#');
    let mut begins = marks.map(|(at, _)| at);
    let begin = begins.find(|at| *at == 0 || line[..*at].ends_with([' ', '\t']));
    begin.map_or(line, |at| &line[..at])
}

fn requirement(line: &str, number: u64, reading: &mut LockfileReading) {
    if line.is_empty() {
        return;
    }
    if line.starts_with('-') {
        return option(line, reading);
    }
    let named = line.split([';', ' ']).next().unwrap_or_default();
    if is_address(named) || line.starts_with(['.', '/']) {
        return reading.leave(from(named));
    }
    let end = line.find(|c: char| !c.is_ascii_alphanumeric() && !"-_.".contains(c));
    let (name, rest) = line.split_at(end.unwrap_or(line.len()));
    if name.is_empty() {
        let what = "expected a requirement, an option or a comment";
        return reading.odd(Some(number), what);
    }
    let rest = rest.split(" --").next().unwrap_or_default();
    let rest = rest.split(';').next().unwrap_or_default().trim();
    let rest = match rest.strip_prefix('[') {
        Some(extras) => extras.split_once(']').map_or("", |(_, rest)| rest.trim()),
        None => rest,
    };
    if let Some(address) = rest.strip_prefix('@') {
        return reading.leave(from(address.trim()));
    }
    match pinned(rest) {
        Some(version) => reading.take("PyPI", &pypi_name(name), version, Some(number)),
        None if rest.is_empty() || rest.starts_with(['=', '<', '>', '~', '!', '(']) => {
            reading.leave(Reason::Unpinned);
        }
        None => reading.odd(
            Some(number),
            "expected a version, a range or nothing after the name",
        ),
    }
}

/// Options that say where and how pip looks name no package.
fn option(line: &str, reading: &mut LockfileReading) {
    let (name, value) = line.split_once([' ', '=']).unwrap_or((line, ""));
    if INCLUDES.contains(&name) {
        reading.includes.push(value.trim().to_owned());
    } else if EDITABLE.contains(&name) {
        reading.leave(from(value.trim()));
    }
}

/// The version of `== 1.0`; none where it has a wildcard or stands beside something else.
fn pinned(rest: &str) -> Option<&str> {
    let inner = rest.strip_prefix('(').and_then(|r| r.strip_suffix(')'));
    let version = inner.unwrap_or(rest).trim().strip_prefix("==")?;
    let version = version.strip_prefix('=').unwrap_or(version).trim();
    let whole = !version.is_empty() && !version.contains(['*', ',', ' ', '<', '>', '=', '!', '~']);
    whole.then_some(version)
}

fn is_address(text: &str) -> bool {
    text.contains("://") || text.starts_with("git+") || text.starts_with("file:")
}

/// Where something without a version comes from.
pub(super) fn from(address: &str) -> Reason {
    if address.starts_with("git+") || address.starts_with("hg+") || address.starts_with("svn+") {
        Reason::Git
    } else if is_address(address) && !address.starts_with("file:") {
        Reason::Address
    } else {
        Reason::OwnCode
    }
}
