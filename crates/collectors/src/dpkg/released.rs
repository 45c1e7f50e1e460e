//! From when versions could be had, as hosts know it: what changelogs beside installed packages date, and
//! what the lists of apt hold.
//!
//! A line of `changelogs.txt` is `openssl 3.0.11-1 Mon, 23 Oct 2023 17:52:22 +0000`: source, version, and
//! the day on which it was signed. Names of people are left out by the command that writes it.
//!
//! `channel.txt` has stanzas of three sorts: `Printed:`, when the host wrote it; `Suite:`, `Codename:` and
//! `Date:` of each archive; and those of `apt-cache show`.
//!
//! *Invariant:* lists that are old name no version. Whoever forgot to renew them would otherwise not have
//! the newest fixes in the channel, and clocks would wait for what is there.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use standing_facts::tables::PackageRelease;
use standing_facts::{Date, GapCode};

use super::installed::Installed;
use super::stanzas::{self, Piece, Stanza};
use crate::distribution::Release;
use crate::lines::{self, Line};
use crate::{Kept, Parts, Sink};

pub(super) const CHANGELOGS: &str = "changelogs.txt";
pub(super) const CHANNEL: &str = "channel.txt";
/// A line of a changelog's is shorter.
const LONGEST: usize = 4 << 10;
/// By how many hours an archive's lists may be older than the host's clock.
const LISTS_HOURS: i64 = 72;

/// What all hosts of a run say, each version of a distribution's release once.
#[derive(Default)]
pub(super) struct Released(BTreeMap<[String; 4], Option<Date>>);

impl Released {
    fn put(&mut self, of: &Release, package: &str, version: &str, kind: &str, on: Option<Date>) {
        let version = version.to_owned();
        let key = [of.ecosystem(), package.to_owned(), version, kind.to_owned()];
        self.0.insert(key, on);
    }

    pub(super) fn changelogs(
        &mut self,
        parts: &Parts<'_>,
        part: &Kept,
        of: &Release,
        sink: &mut Sink<'_>,
    ) {
        let read = parts.open(part).and_then(|bytes| {
            lines::each(bytes, LONGEST, &mut |number, line| match line {
                Line::Text(text) if text.trim().is_empty() => {}
                Line::Text(text) if self.entry(text, of).is_some() => {}
                _ => {
                    let what = "expected a source, a version and the day on which it was signed";
                    sink.problem(&part.name, Some(number), None, what);
                }
            })
        });
        report(read, part, sink);
    }

    fn entry(&mut self, line: &str, of: &Release) -> Option<()> {
        let mut words = line.trim().splitn(3, ' ');
        let (package, version) = (words.next()?, words.next()?);
        let on = at(words.next()?)?.to_zoned(TimeZone::UTC).date();
        self.put(of, package, version, "changelog", Some(on));
        Some(())
    }

    /// Takes the versions that apt can install, where its lists are not old.
    pub(super) fn channel(
        &mut self,
        parts: &Parts<'_>,
        part: &Kept,
        of: &Release,
        sink: &mut Sink<'_>,
    ) {
        let (mut lists, mut held) = (Lists::default(), Vec::new());
        let read = parts.open(part).and_then(|bytes| {
            stanzas::read(bytes, &mut |piece| match piece {
                Piece::Odd(line, what) => sink.problem(&part.name, Some(line), None, what),
                Piece::Stanza(stanza) if stanza.package.is_some() => held.push(stanza),
                Piece::Stanza(stanza) => lists.take(&stanza),
            })
        });
        report(read, part, sink);
        if let Err(why) = lists.are_fresh() {
            let why = format!("{}: {why}; what it lists is not taken", part.name);
            return sink.gap(Some("package_release"), GapCode::Stale, why);
        }
        for stanza in &held {
            match (&stanza.package, &stanza.version) {
                (Some(package), Some(version)) => {
                    let installed = Installed {
                        package,
                        version,
                        source: stanza.source.as_deref(),
                        architecture: stanza.architecture.as_deref(),
                    };
                    let (source, version) = installed.source(of);
                    self.put(of, &source, version, "channel", None);
                }
                _ => {
                    let what = "expected a version; the stanza was left out";
                    sink.problem(&part.name, Some(stanza.line), Some("Version"), what);
                }
            }
        }
    }

    pub(super) fn give(self, sink: &mut Sink<'_>) {
        for ([ecosystem, package, version, kind], released_on) in self.0 {
            sink.fact(&PackageRelease {
                ecosystem,
                package,
                version,
                kind,
                released_on,
                bound: None,
            });
        }
    }
}

fn report(read: std::io::Result<()>, part: &Kept, sink: &mut Sink<'_>) {
    if let Err(error) = read {
        let why = format!("cannot be read: {}", error.kind());
        sink.problem(&part.name, None, None, why);
    }
}

/// An instant of a changelog or an archive. Some maintainers write the wrong day of the week, so it is not
/// read.
fn at(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let text = text.split_once(", ").map_or(text, |(_, rest)| rest);
    let text = match text.strip_suffix(" UTC") {
        Some(text) => &format!("{text} +0000"),
        None => text,
    };
    let parser = jiff::fmt::rfc2822::DateTimeParser::new();
    parser.parse_timestamp(text).ok()
}

/// How old the lists of apt are.
#[derive(Default)]
struct Lists {
    printed: Option<Timestamp>,
    /// Of the archive of security fixes, the oldest where a host has several.
    security: Option<Timestamp>,
}

impl Lists {
    fn take(&mut self, stanza: &Stanza) {
        let date = stanza.date.as_deref().and_then(at);
        let printed = stanza.printed.as_deref();
        self.printed = self.printed.or(printed.and_then(|at| at.parse().ok()));
        let mut named = [&stanza.suite, &stanza.codename].into_iter().flatten();
        if named.any(|name| name.ends_with("-security"))
            && let Some(date) = date
        {
            let oldest = self.security.map_or(date, |known| known.min(date));
            self.security = Some(oldest);
        }
    }

    /// Only the archive of security fixes is renewed every day, and only it is asked.
    fn are_fresh(&self) -> Result<(), String> {
        let printed = self.printed.ok_or("does not say when it was printed")?;
        let security = self
            .security
            .ok_or("names no archive of security fixes with its date")?;
        let hours = (printed.as_second() - security.as_second()) / 3600;
        match hours <= LISTS_HOURS {
            true => Ok(()),
            false => Err(format!(
                "the lists of security fixes are {} days old (apt-get update renews them)",
                hours / 24
            )),
        }
    }
}
