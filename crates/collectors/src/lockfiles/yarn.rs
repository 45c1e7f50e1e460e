//! yarn.lock: version 1, and Berry's.
//!
//! Source: `@yarnpkg/lockfile` and `@yarnpkg/parsers`, the readers of yarn itself. Both have a line of
//! descriptors for each package, and its particulars indented below.

use super::npm::{self, Source};
use super::reading::{LockfileReading, Reason};

#[derive(Default)]
struct Entry<'a> {
    line: u64,
    descriptors: &'a str,
    version: Option<&'a str>,
    resolution: Option<&'a str>,
}

pub(super) fn read(text: &str, reading: &mut LockfileReading) {
    let is_berry = text.lines().any(|line| line == "__metadata:");
    if !is_berry && !text.contains("# yarn lockfile v1") {
        return reading.refuse(None, "says of no version of yarn that it wrote it");
    }
    let mut entry: Option<Entry<'_>> = None;
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        if !line.starts_with(' ') {
            finish(entry.take(), is_berry, reading);
            match line.strip_suffix(':') {
                Some("__metadata") => {}
                Some(descriptors) => entry = Some(Entry::new(number, descriptors)),
                None => reading.odd(Some(number), "expected a line of descriptors and a colon"),
            }
        } else if let Some(entry) = &mut entry {
            entry.set(line);
        }
    }
    finish(entry, is_berry, reading);
    reading.once();
}

impl<'a> Entry<'a> {
    fn new(line: u64, descriptors: &'a str) -> Self {
        Entry {
            line,
            descriptors,
            ..Entry::default()
        }
    }

    fn set(&mut self, line: &'a str) {
        let Some(line) = line.strip_prefix("  ").filter(|l| !l.starts_with(' ')) else {
            return;
        };
        let (key, value) = line.split_once(' ').unwrap_or((line, ""));
        let value = value.trim().trim_matches('"');
        match key.trim_end_matches(':') {
            "version" => self.version = Some(value),
            "resolution" => self.resolution = Some(value),
            _ => {}
        }
    }
}

fn finish(entry: Option<Entry<'_>>, is_berry: bool, reading: &mut LockfileReading) {
    let Some(entry) = entry else { return };
    let Some(version) = entry.version.filter(|v| !v.is_empty()) else {
        return reading.odd(
            Some(entry.line),
            "expected a version below these descriptors",
        );
    };
    match is_berry {
        true => berry(&entry, version, reading),
        false => first(&entry, version, reading),
    }
}

/// Version 1: the first descriptor names the package and where it comes from.
fn first(entry: &Entry<'_>, version: &str, reading: &mut LockfileReading) {
    let line = Some(entry.line);
    let descriptor = entry.descriptors.split(", ").next().unwrap_or_default();
    let Some((name, range)) = npm::split(descriptor.trim_matches('"')) else {
        return reading.odd(line, "expected a name, @ and a range");
    };
    match (npm::source(range), range.strip_prefix("npm:")) {
        (_, Some(real)) => {
            let name = npm::split(real).map_or(real, |(name, _)| name);
            reading.take("npm", name, version, line);
        }
        (Source::Registry, _) => reading.take("npm", name, version, line),
        (source, _) => leave(source, reading),
    }
}

/// Berry: `resolution` is `name@npm:1.0.0`, `name@workspace:path`, `name@patch:…`. A patched package
/// is compared as what it was before.
fn berry(entry: &Entry<'_>, version: &str, reading: &mut LockfileReading) {
    let line = Some(entry.line);
    let Some((name, from)) = entry.resolution.and_then(npm::split) else {
        return reading.odd(
            line,
            "expected a resolution: a name, @ and where it comes from",
        );
    };
    let patched = from.starts_with("patch:") && from.contains("npm%3A");
    if from.starts_with("npm:") || patched {
        reading.take("npm", name, version, line);
    } else if from.contains(".git#") || from.contains("#commit=") {
        reading.leave(Reason::Git);
    } else {
        leave(npm::source(from), reading);
    }
}

pub(super) fn leave(source: Source, reading: &mut LockfileReading) {
    reading.leave(match source {
        Source::Git => Reason::Git,
        Source::Own => Reason::OwnCode,
        Source::Address | Source::Registry => Reason::Address,
    });
}
