//! dpkg's log: on which day which version came. Source: dpkg(1), `--log`.
//!
//! A line is `2026-03-04 10:11:12 upgrade openssl:amd64 3.0.11-1 3.0.13-1`. Lines of `status installed`
//! come again whenever a trigger runs, so they do not say when a version came.

use std::collections::HashMap;
use std::io::{self, Read};

use flate2::read::MultiGzDecoder;
use standing_facts::Date;

use crate::lines::{self, Line};
use crate::{Kept, Parts, Sink};

const LOG: &str = "var/log/dpkg.log";
const LONGEST: usize = 4 << 10;
/// What one log may unpack to.
const UNPACKED: u64 = 256 << 20;

/// The host's folder and how many times the log was rotated: `dpkg.log`, `dpkg.log.1`, `dpkg.log.2.gz`.
pub(super) fn rotated(relative: &str) -> Option<(&str, u32)> {
    let (before, after) = relative.rsplit_once(LOG)?;
    let folder = before
        .strip_suffix('/')
        .or(before.is_empty().then_some(""))?;
    let number = after.strip_suffix(".gz").unwrap_or(after);
    match number {
        "" => Some((folder, 0)),
        number => Some((folder, number.strip_prefix('.')?.parse().ok()?)),
    }
}

/// What the logs of one host say.
#[derive(Default)]
pub(super) struct Log {
    /// The version that came last, by `package:architecture`.
    came: HashMap<String, (String, Date)>,
}

impl Log {
    /// Reads one log; the oldest must come first.
    pub(super) fn read(&mut self, parts: &Parts<'_>, part: &Kept, sink: &mut Sink<'_>) {
        let mut odd = 0;
        let read = parts.open(part).and_then(|bytes| {
            lines::each(unpacked(bytes, &part.name), LONGEST, &mut |_, line| {
                let told = match line {
                    Line::Text(text) => self.line(text),
                    Line::TooLong => None,
                };
                odd += u64::from(told.is_none());
            })
        });
        if odd > 0 {
            let what = format!("lines that are not a log's, passed over: {odd}");
            sink.notice(&part.name, None, None, what);
        }
        if let Err(error) = read {
            let what = format!("days are taken from what could be read: {}", error.kind());
            sink.notice(&part.name, None, None, what);
        }
    }

    /// Whether it is a line of a log.
    fn line(&mut self, line: &str) -> Option<()> {
        if line.trim().is_empty() {
            return Some(());
        }
        let mut words = line.split(' ');
        let day: Date = words.next()?.parse().ok()?;
        let words: Vec<&str> = words.skip(1).collect();
        match words[..] {
            ["install" | "upgrade", package, before, version] if before != version => {
                self.came
                    .insert(package.to_owned(), (version.to_owned(), day));
            }
            ["remove" | "purge", package, ..] => {
                self.came.remove(package);
            }
            [_, ..] => {}
            [] => return None,
        }
        Some(())
    }

    /// The day on which this version came, where a log says so.
    pub(super) fn day(&self, package: &str, architecture: &str, version: &str) -> Option<Date> {
        if self.came.is_empty() {
            return None;
        }
        let (came, day) = self.came.get(&format!("{package}:{architecture}"))?;
        (came == version).then_some(*day)
    }
}

fn unpacked<'a>(bytes: impl Read + 'a, name: &str) -> Box<dyn Read + 'a> {
    match name.ends_with(".gz") {
        true => Box::new(Capped(MultiGzDecoder::new(bytes), UNPACKED)),
        false => Box::new(bytes),
    }
}

/// Ends in an error where more comes than may.
struct Capped<R>(R, u64);

impl<R: Read> Read for Capped<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.0.read(into)?;
        self.1 = self
            .1
            .checked_sub(read as u64)
            .ok_or(io::ErrorKind::FileTooLarge)?;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_is_the_one_on_which_this_version_came() {
        let mut log = Log::default();
        for line in [
            "2026-01-05 10:00:00 install openssl:amd64 <none> 3.0.11-1",
            "2026-01-05 10:00:01 status installed openssl:amd64 3.0.11-1",
            "2026-02-06 10:00:00 upgrade openssl:amd64 3.0.11-1 3.0.13-1",
            "2026-03-07 10:00:00 status installed openssl:amd64 3.0.13-1",
            "2026-03-08 10:00:00 upgrade openssl:amd64 3.0.13-1 3.0.13-1",
            "2026-03-08 10:00:00 startup archives unpack",
            "2026-01-05 10:00:00 install gone:all <none> 1",
            "2026-01-06 10:00:00 remove gone:all 1 <none>",
        ] {
            assert!(log.line(line).is_some(), "{line}");
        }
        let day = |version| log.day("openssl", "amd64", version).map(|d| d.to_string());
        assert_eq!(day("3.0.13-1").as_deref(), Some("2026-02-06"));
        assert_eq!(day("3.0.11-1"), None);
        assert_eq!(log.day("gone", "all", "1"), None);
        assert!(log.line("no log at all").is_none());
    }

    #[test]
    fn logs_are_known_by_their_names() {
        assert_eq!(rotated("web1/var/log/dpkg.log"), Some(("web1", 0)));
        assert_eq!(rotated("var/log/dpkg.log.1"), Some(("", 1)));
        assert_eq!(rotated("a/b/var/log/dpkg.log.12.gz"), Some(("a/b", 12)));
        for other in [
            "var/log/dpkg.log.old",
            "xvar/log/dpkg.log",
            "var/log/dpkg.logs",
            "dpkg.log",
        ] {
            assert_eq!(rotated(other), None, "{other}");
        }
    }
}
