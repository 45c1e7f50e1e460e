//! Gemfile.lock. Source: <https://bundler.io/guides/gemfile.html>, and bundler's own
//! `Bundler::LockfileParser`.

use super::reading::{LockfileReading, Reason};

pub(super) fn read(text: &str, reading: &mut LockfileReading) {
    let mut section = "";
    let (mut is_one, mut is_whole) = (false, false);
    for (number, line) in (1..).zip(text.lines()) {
        if line.starts_with(|c: char| c.is_ascii_uppercase()) {
            section = line.trim_end();
            is_whole |= section == "DEPENDENCIES";
            is_one |= ["GEM", "GIT", "PATH", "DEPENDENCIES", "PLATFORMS"].contains(&section);
            continue;
        }
        if line.starts_with(['<', '=', '>']) {
            reading.odd(
                Some(number),
                "expected no mark of a merge that was not settled",
            );
        }
        // Below a gem stands what it depends on, two blanks further in.
        let Some(gem) = line.strip_prefix("    ").filter(|l| !l.starts_with(' ')) else {
            continue;
        };
        match section {
            "GEM" => one(gem, number, reading),
            "GIT" | "PLUGIN SOURCE" => reading.leave(Reason::Git),
            "PATH" => reading.leave(Reason::OwnCode),
            _ => {}
        }
    }
    if !is_one {
        reading.refuse(None, "has none of the sections of a Gemfile.lock");
    }
    if is_one && !is_whole {
        reading.odd(
            None,
            "expected a section of dependencies: the file was cut off",
        );
    }
    reading.once();
}

/// `name (1.0.0)`, with the platform behind a hyphen.
fn one(gem: &str, number: u64, reading: &mut LockfileReading) {
    let parsed = gem.split_once(" (");
    let parsed = parsed.and_then(|(name, rest)| Some((name, rest.trim_end().strip_suffix(')')?)));
    match parsed {
        Some((name, version)) => {
            let version = version.split('-').next().unwrap_or_default();
            reading.take("RubyGems", name, version, Some(number));
        }
        None => reading.odd(Some(number), "expected a name and a version in brackets"),
    }
}
