//! What all answers together say of each package, and which of their days can be believed.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use standing_facts::Date;
use standing_facts::tables::PackageRelease;

use crate::{Sink, dates};

/// So many versions of one package are not released in the same second.
const SAME_SECOND: usize = 3;
/// Nor so many on the same day, where they are half of all.
const SAME_DAY: usize = 5;

/// What one answer says of one package.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Answer {
    /// Ecosystem in OSV's words.
    pub(crate) ecosystem: &'static str,
    pub(crate) package: String,
    /// Versions and their instants as written.
    pub(crate) versions: Vec<(String, String)>,
    /// Versions for which it gives none.
    pub(crate) undated: u64,
    /// Places where a version was expected.
    pub(crate) odd: u64,
    /// Versions that it has no longer.
    pub(crate) withdrawn: u64,
    /// The address of this page, and those of pages that it names and does not hold.
    pub(crate) page: Option<String>,
    pub(crate) pages: Vec<String>,
}

/// When a version was released, by one answer. A copy's instant yields to any other, and of two alike the
/// earlier counts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Instant {
    is_copy: bool,
    at: Timestamp,
}

/// Every version by package, with the best instant that any answer gives for it.
#[derive(Default)]
pub(crate) struct Releases {
    packages: BTreeMap<(&'static str, String), BTreeMap<String, Instant>>,
    here: BTreeSet<String>,
    named: BTreeSet<String>,
}

impl Releases {
    /// Takes what the part `part` says.
    pub(crate) fn take(&mut self, part: &str, answers: Vec<Answer>, sink: &mut Sink<'_>) {
        for answer in answers {
            self.here.extend(answer.page.clone());
            self.named.extend(answer.pages.iter().cloned());
            let (count, odd) = self.one(&answer);
            let package = &answer.package;
            if odd > 0 {
                let what = format!(
                    "{package}: expected versions with instants as 2026-12-31T10:00:00Z: {odd}"
                );
                sink.problem(part, None, None, what);
            }
            for (what, left) in [
                ("versions without a day", answer.undated),
                ("versions that were taken back", answer.withdrawn),
            ] {
                if left > 0 {
                    sink.notice(part, None, None, format!("{package}: {what}: {left}"));
                }
            }
            if count == 0 && odd + answer.undated + answer.withdrawn == 0 && answer.pages.is_empty()
            {
                sink.notice(part, None, None, format!("{package}: has no version"));
            }
        }
    }

    /// How many versions were understood, and how many not.
    fn one(&mut self, answer: &Answer) -> (u64, u64) {
        let mut told: BTreeMap<&str, Timestamp> = BTreeMap::new();
        let mut odd = answer.odd;
        for (version, instant) in &answer.versions {
            let plausible = dates::parse(instant).is_some();
            match instant.parse::<Timestamp>() {
                Ok(at) if plausible => {
                    let earliest = told.entry(version).or_insert(at);
                    *earliest = at.min(*earliest);
                }
                _ => odd += 1,
            }
        }
        let copied = copied(&told);
        let key = (answer.ecosystem, answer.package.clone());
        let versions = self.packages.entry(key).or_default();
        for (version, at) in &told {
            let is_copy = copied.contains(version);
            let instant = Instant { is_copy, at: *at };
            let best = versions.entry((*version).to_owned()).or_insert(instant);
            *best = instant.min(*best);
        }
        (told.len() as u64, odd)
    }

    /// Pages that others name and that nobody took.
    pub(crate) fn missing_pages(&self) -> impl Iterator<Item = &String> {
        self.named.difference(&self.here)
    }

    /// Every release as a row.
    pub(crate) fn give(self, sink: &mut Sink<'_>) {
        for ((ecosystem, package), versions) in self.packages {
            for (version, Instant { is_copy, at }) in versions {
                let bound = match ecosystem {
                    "Go" | "Packagist" => Some("lower"),
                    _ if is_copy => Some("upper"),
                    _ => None,
                };
                sink.fact(&PackageRelease {
                    ecosystem: ecosystem.to_owned(),
                    package: package.clone(),
                    version,
                    kind: "registry".into(),
                    released_on: Some(day(at)),
                    bound: bound.map(str::to_owned),
                });
            }
        }
    }
}

fn day(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

/// The versions of one answer whose instants are those of a copy: a proxy dates what it fetches by the day
/// on which it fetched it.
fn copied<'v>(versions: &BTreeMap<&'v str, Timestamp>) -> BTreeSet<&'v str> {
    let (mut seconds, mut days) = (BTreeMap::new(), BTreeMap::new());
    for at in versions.values() {
        *seconds.entry(at.as_second()).or_insert(0) += 1;
        *days.entry(day(*at)).or_insert(0) += 1;
    }
    let is_copy = |at: Timestamp| {
        let same_day = days[&day(at)];
        seconds[&at.as_second()] >= SAME_SECOND
            || (same_day >= SAME_DAY && same_day * 2 >= versions.len())
    };
    let copies = versions.iter().filter(|(_, at)| is_copy(**at));
    copies.map(|(version, _)| *version).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(instants: &[&str]) -> Vec<usize> {
        let numbers: Vec<String> = (0..instants.len()).map(|n| n.to_string()).collect();
        let all = numbers.iter().map(String::as_str).zip(instants);
        let found = copied(&all.map(|(n, at)| (n, at.parse().unwrap())).collect());
        found.iter().map(|n| n.parse().unwrap()).collect()
    }

    #[test]
    fn a_second_shared_by_three_is_a_copys_and_by_two_is_not() {
        let (one, other) = ("2024-02-23T10:00:00.1Z", "2024-02-23T10:00:00.9Z");
        assert_eq!(of(&[one, other, "2021-02-20T10:00:00Z", other]), [0, 1, 3]);
        assert!(of(&[one, other, "2021-02-20T10:00:00Z"]).is_empty());
    }

    #[test]
    fn a_day_shared_by_half_of_all_is_a_copys_and_by_few_is_not() {
        let same: Vec<String> = (0..5).map(|h| format!("2024-02-23T1{h}:00:00Z")).collect();
        let years: Vec<String> = (0..6).map(|y| format!("201{y}-02-23T10:00:00Z")).collect();
        let all = |other: usize| -> Vec<&str> {
            let all = same.iter().chain(&years[..other]);
            all.map(String::as_str).collect()
        };
        assert_eq!(of(&all(5)), [0, 1, 2, 3, 4]);
        assert!(of(&all(6)).is_empty());
        assert!(of(&all(0)[1..]).is_empty());
    }
}
