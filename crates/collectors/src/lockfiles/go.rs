//! go.mod and go.sum. Source: <https://go.dev/ref/mod>.
//!
//! From go 1.17 on, go.mod lists every module that is needed to build. Before, it lists those that are
//! required directly, and go.sum lists the others among versions that were only considered.

use super::reading::{LockfileReading, Reason};

/// The first release whose go.mod lists everything.
const COMPLETE_FROM: (u32, u32) = (1, 17);

/// What one `go.mod` says.
#[derive(Default)]
struct Module<'a> {
    is_one: bool,
    release: (u32, u32),
    required: Vec<(&'a str, &'a str, u64)>,
    replaced: Vec<Replacement<'a>>,
    odd: Vec<(u64, &'static str)>,
}

struct Replacement<'a> {
    name: &'a str,
    version: Option<&'a str>,
    by: &'a str,
    /// None where it is replaced by a folder.
    by_version: Option<&'a str>,
}

pub(super) fn module(text: &str, reading: &mut LockfileReading) {
    both(text, None, reading);
}

/// `go.mod`, and `go.sum` where it lies beside it.
pub(super) fn both(text: &str, sums: Option<&str>, reading: &mut LockfileReading) {
    let module = parse(text);
    if !module.is_one {
        return reading.refuse(None, "names no module: it is no go.mod");
    }
    for (line, what) in &module.odd {
        reading.odd(Some(*line), *what);
    }
    if let Some(sums) = sums.filter(|_| module.release < COMPLETE_FROM) {
        return self::sums(sums, reading);
    }
    if module.release < COMPLETE_FROM && !module.required.is_empty() {
        reading.leave(Reason::GoModAlone);
    }
    for (name, version, line) in &module.required {
        let replaced = module.replaced.iter().filter(|r| r.name == *name);
        let replaced = replaced.filter(|r| r.version.is_none_or(|v| v == *version));
        match replaced.max_by_key(|r| r.version.is_some()) {
            None => reading.take("Go", name, version, Some(*line)),
            Some(Replacement {
                by,
                by_version: Some(version),
                ..
            }) => {
                reading.take("Go", by, version, Some(*line));
            }
            Some(_) => reading.leave(Reason::OwnCode),
        }
    }
    reading.once();
}

fn parse(text: &str) -> Module<'_> {
    let mut module = Module::default();
    let mut block: Option<&str> = None;
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.split("//").next().unwrap_or_default().trim();
        let mut words = line.split_whitespace().map(|w| w.trim_matches(['"', '`']));
        if line.is_empty() {
            continue;
        }
        if line == ")" {
            block = None;
            continue;
        }
        let word = match block {
            Some(word) => word,
            None => words.next().unwrap_or_default(),
        };
        let rest: Vec<&str> = words.collect();
        if rest == ["("] {
            block = Some(word);
        } else if let Err(what) = module.say(word, &rest, number) {
            module.odd.push((number, what));
        }
    }
    if block.is_some() {
        let last = u64::try_from(text.lines().count()).unwrap_or_default();
        module.odd.push((last, "ends in the middle of a block"));
    }
    module
}

impl<'a> Module<'a> {
    fn say(&mut self, word: &str, rest: &[&'a str], line: u64) -> Result<(), &'static str> {
        match (word, rest) {
            ("module", [_, ..]) => self.is_one = true,
            ("go", [release]) => self.release = numbers(release),
            ("require", [name, version]) => self.required.push((name, version, line)),
            ("replace", _) => self.replace(rest)?,
            ("exclude" | "retract" | "toolchain" | "tool" | "godebug" | "ignore", _) => {}
            _ => return Err("expected a directive of go.mod"),
        }
        Ok(())
    }

    fn replace(&mut self, rest: &[&'a str]) -> Result<(), &'static str> {
        let (name, version, by, by_version) = match *rest {
            [name, "=>", by] => (name, None, by, None),
            [name, "=>", by, by_version] => (name, None, by, Some(by_version)),
            [name, version, "=>", by] => (name, Some(version), by, None),
            [name, version, "=>", by, by_version] => (name, Some(version), by, Some(by_version)),
            _ => return Err("expected a module, => and what replaces it"),
        };
        self.replaced.push(Replacement {
            name,
            version,
            by,
            by_version,
        });
        Ok(())
    }
}

/// `1.21.3` and `1.22rc1` are (1, 21) and (1, 22).
fn numbers(release: &str) -> (u32, u32) {
    let mut parts = release.split('.').map(|part| {
        let digits = part
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(part.len());
        part[..digits].parse().unwrap_or_default()
    });
    let mut next = || parts.next().unwrap_or_default();
    (next(), next())
}

/// Versions whose contents go.sum has the hash of; of others it has only the go.mod's.
pub(super) fn sums(text: &str, reading: &mut LockfileReading) {
    let mut is_one = text.trim().is_empty();
    for (number, line) in (1..).zip(text.lines()) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            [] => {}
            [_, version, hash] if version.ends_with("/go.mod") && hash.starts_with("h1:") => {
                is_one = true;
            }
            [name, version, hash] if hash.starts_with("h1:") => {
                is_one = true;
                reading.leave(Reason::GoSum);
                reading.take("Go", name, version, Some(number));
            }
            _ => reading.odd(Some(number), "expected a module, a version and a hash"),
        }
    }
    if !is_one {
        reading.refuse(None, "has no line with a hash: it is no go.sum");
    }
    reading.once();
}
