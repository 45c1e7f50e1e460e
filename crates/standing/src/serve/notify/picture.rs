//! What stands now as far as anybody is to be told of it, and what of it is news. Pure: it looks at no
//! clock and at no vault.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use standing_assess::advisories::FRESH_FOR_DAYS;
use standing_assess::assessment::Assessment;
use standing_assess::check::Verdict;
use standing_assess::index::Attempts;

use super::fixes::{Fix, Fixes, Step};
use crate::advisories;
use crate::config::{Config, Source};

/// The name by which the advisories stand among the sources; no source can have it.
pub const ADVISORIES: &str = "the advisories";

/// Runs in a row without a complete one, after which a source is told of.
pub const IN_A_ROW: u64 = 3;

/// What was told, or what would be: only names, words and days, so that two can be compared. It names
/// no person.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Picture {
    /// Verdict of each item that binds.
    pub items: BTreeMap<String, String>,
    /// What lapses soon, each by its day and name.
    pub lapses: BTreeSet<String>,
    /// Sources that are silent or fail, and which of it.
    pub sources: BTreeMap<String, Quiet>,
    /// Deadlines of fixes that are near or have passed.
    #[serde(default)]
    pub fixes: BTreeMap<String, Step>,
    /// How many open findings have no deadline that is known.
    #[serde(default)]
    pub unknown_fixes: u64,
}

/// What is wrong with a source that is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Quiet {
    /// No complete reading for too long.
    Silent,
    /// Several runs in a row were not complete.
    Failing,
}

/// An item as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Our own short title.
    pub title: String,
    /// Its verdict.
    pub verdict: Verdict,
    /// What the checks that carry it counted, in words.
    pub counts: String,
}

/// Something that lapses soon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Soon {
    /// The first day on which it no longer holds.
    pub on: Date,
    /// What, in one sentence.
    pub detail: String,
}

/// A source that is silent or fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// Which of it.
    pub quiet: Quiet,
    /// End of the last complete run.
    pub complete_at: Option<Timestamp>,
    /// Runs in a row that were not complete.
    pub failures: u64,
}

/// What stands now, with the words to tell of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// Items that bind.
    pub items: BTreeMap<String, Item>,
    /// What lapses soon, by the name that a [`Picture`] keeps.
    pub lapses: BTreeMap<String, Soon>,
    /// Sources that are silent or fail.
    pub sources: BTreeMap<String, Lost>,
    /// Fixes that are late or soon due.
    pub fixes: Fixes,
}

/// What is new since the last message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct News {
    /// Items whose verdict turned: item and what was told before, if anything was.
    pub turned: Vec<(String, Option<String>)>,
    /// What lapses soon and was not told.
    pub lapses: Vec<String>,
    /// Sources that went silent or began to fail.
    pub lost: Vec<String>,
    /// Sources that are read again.
    pub found: Vec<String>,
    /// Fixes that are late.
    pub late: Vec<Fix>,
    /// Fixes that are due.
    pub due: Vec<Fix>,
    /// Whether more findings than before have no deadline that is known.
    pub more_unknown: bool,
}

impl News {
    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        !self.of_fixes()
            && self.turned.is_empty()
            && self.lapses.is_empty()
            && self.lost.is_empty()
            && self.found.is_empty()
    }

    /// Whether any of it is about fixes.
    pub fn of_fixes(&self) -> bool {
        self.more_unknown || !self.late.is_empty() || !self.due.is_empty()
    }
}

impl Now {
    /// From what was judged and from how sources were read.
    pub fn of(
        today: &Assessment,
        attempts: &BTreeMap<String, Attempts>,
        taking_in: &advisories::Attempts,
        fixes: Fixes,
        config: &Config,
        now: Timestamp,
    ) -> Self {
        Now {
            fixes,
            items: items(today),
            lapses: lapses(today, config.notify.lapse_days),
            sources: config
                .sources
                .iter()
                .filter_map(|source| {
                    let name = source.settings.source.as_str();
                    let after = config.notify.silent_after_hours;
                    let lost = lost(source, attempts.get(name)?, after, now)?;
                    Some((name.to_owned(), lost))
                })
                .chain(without_advisories(config, taking_in, now))
                .collect(),
        }
    }

    /// What is kept of it.
    pub fn picture(&self) -> Picture {
        let (items, fixes) = (self.items.iter(), self.fixes.all.iter());
        Picture {
            items: items
                .map(|(item, i)| (item.clone(), i.verdict.as_str().to_owned()))
                .collect(),
            lapses: self.lapses.keys().cloned().collect(),
            sources: self
                .sources
                .iter()
                .map(|(name, lost)| (name.clone(), lost.quiet))
                .collect(),
            fixes: fixes.flat_map(|fix| fix.steps.clone()).collect(),
            unknown_fixes: self.fixes.unknown.all(),
        }
    }

    /// What of it was not told. An item that nobody was told of yet is news only where it is not met.
    pub fn news(&self, told: &Picture) -> News {
        let turned = self.items.iter().filter_map(|(item, now)| {
            let before = told.items.get(item);
            let news = match before {
                Some(before) => before != now.verdict.as_str(),
                None => now.verdict == Verdict::NotMet,
            };
            news.then(|| (item.clone(), before.cloned()))
        });
        let unknown = |name: &&String| !told.lapses.contains(*name);
        let lost = self
            .sources
            .iter()
            .filter(|(name, lost)| told.sources.get(*name) != Some(&lost.quiet));
        let found = told
            .sources
            .keys()
            .filter(|n| !self.sources.contains_key(*n));
        let fixes = self.fixes.all.iter().filter(|f| f.is_news(&told.fixes));
        let (late, due) = fixes.cloned().partition(|fix| fix.late);
        News {
            late,
            due,
            more_unknown: self.fixes.unknown.all() > told.unknown_fixes,
            turned: turned.collect(),
            lapses: self.lapses.keys().filter(unknown).cloned().collect(),
            lost: lost.map(|(name, _)| name.clone()).collect(),
            found: found.cloned().collect(),
        }
    }

    /// Whether something of the news cannot wait for the digest: an item turned to *not met*, or a
    /// deadline that nobody was told of in time for the digest ends today.
    pub fn urgent(&self, news: &News) -> bool {
        let mut items = news
            .turned
            .iter()
            .filter_map(|(item, _)| self.items.get(item));
        items.any(|item| item.verdict == Verdict::NotMet) || news.due.iter().any(|f| f.days == 0)
    }
}

fn items(today: &Assessment) -> BTreeMap<String, Item> {
    let binding = today.items.iter().filter(|i| i.binds());
    let item = binding.map(|i| {
        let counts = i.checks.iter().filter_map(|name| {
            let result = today.checks.get(name)?;
            let not_met = result.count(Verdict::NotMet);
            (not_met > 0).then(|| format!("{not_met} of {} not met", result.total()))
        });
        let item = Item {
            title: i.title.clone(),
            verdict: i.verdict,
            counts: counts.collect::<Vec<_>>().join(", "),
        };
        (i.item.clone(), item)
    });
    item.collect()
}

/// What lapses within so many days, but for what reading the sources again renews.
fn lapses(today: &Assessment, days: i64) -> BTreeMap<String, Soon> {
    let until = today.as_of.saturating_add(days.days());
    let soon = today
        .lapses
        .iter()
        .filter(|lapse| lapse.on <= until && !lapse.renewed_by_reading);
    soon.map(|lapse| {
        let detail = match lapse.subjects {
            Some((some, all)) => format!("{} ({some} of {all})", lapse.detail),
            None => lapse.detail.clone(),
        };
        let name = format!("{} {} {}", lapse.on, lapse.what, lapse.name);
        let on = lapse.on;
        (name, Soon { on, detail })
    })
    .collect()
}

/// Whether a source is silent or fails. One that nobody wants to be read by itself is silent only
/// where the settings say after how long.
fn lost(
    source: &Source,
    attempts: &Attempts,
    after_hours: Option<i64>,
    now: Timestamp,
) -> Option<Lost> {
    let parse = |text: &str| text.parse::<Timestamp>().ok();
    let complete_at = attempts.complete_at.as_deref().and_then(parse);
    let since = complete_at.or_else(|| parse(&attempts.first_at));
    let pace = (source.every_hours > 0).then_some(source.every_hours * 2);
    let hours = after_hours.or(pace);
    Some(Lost {
        quiet: quiet(since, hours, attempts.failures, now)?,
        complete_at,
        failures: attempts.failures,
    })
}

/// The advisories, where they are taken in no more: for twice their pace, or as soon as nobody may rely
/// upon them.
fn without_advisories(
    config: &Config,
    attempts: &advisories::Attempts,
    now: Timestamp,
) -> Option<(String, Lost)> {
    let every_hours = config.advisories.as_ref().map_or(0, |a| a.every_hours);
    let pace = (every_hours > 0).then_some(every_hours * 2);
    let relied_upon = FRESH_FOR_DAYS * 24;
    let hours = pace.map_or(relied_upon, |pace| pace.min(relied_upon));
    let complete_at = attempts.taken_in.map(|(_, at)| at);
    let failures = attempts.refused.as_ref().map_or(0, |r| r.failures);
    let hours = config.notify.silent_after_hours.unwrap_or(hours);
    let lost = Lost {
        quiet: quiet(complete_at, Some(hours), failures, now)?,
        complete_at,
        failures,
    };
    Some((ADVISORIES.to_owned(), lost))
}

fn quiet(
    since: Option<Timestamp>,
    hours: Option<i64>,
    failures: u64,
    now: Timestamp,
) -> Option<Quiet> {
    let silent = hours.zip(since).is_some_and(|(hours, since)| {
        now.duration_since(since) > SignedDuration::from_hours(hours)
    });
    if silent {
        return Some(Quiet::Silent);
    }
    (failures >= IN_A_ROW).then_some(Quiet::Failing)
}

#[cfg(test)]
mod tests {
    use super::*;
    use standing_assess::index::RunHeading;

    fn now(items: &[(&str, Verdict)]) -> Now {
        let item = |(name, verdict): &(&str, Verdict)| {
            let item = Item {
                title: "A title".into(),
                verdict: *verdict,
                counts: String::new(),
            };
            ((*name).to_owned(), item)
        };
        Now {
            items: items.iter().map(item).collect(),
            ..Now::default()
        }
    }

    #[test]
    fn what_stands_as_it_was_told_is_no_news() {
        let mut now = now(&[("1.1.1", Verdict::Met), ("2.1.1", Verdict::NotMet)]);
        let soon = Soon {
            on: jiff::civil::date(2026, 12, 1),
            detail: "A statement expires.".into(),
        };
        now.lapses.insert("2026-12-01 statement 1.1.1".into(), soon);
        assert!(now.news(&now.picture()).is_empty());
        assert_eq!(now.news(&Picture::default()).lapses.len(), 1);
    }

    #[test]
    fn a_turn_is_news_both_ways_and_only_the_bad_one_is_urgent() {
        let good = now(&[("1.1.1", Verdict::Met)]);
        let bad = now(&[("1.1.1", Verdict::NotMet)]);
        let news = bad.news(&good.picture());
        assert_eq!(news.turned, [("1.1.1".to_owned(), Some("met".to_owned()))]);
        assert!(bad.urgent(&news));
        let news = good.news(&bad.picture());
        assert_eq!(news.turned.len(), 1);
        assert!(!good.urgent(&news));
    }

    #[test]
    fn an_item_that_was_never_told_is_news_only_where_it_is_not_met() {
        let stands = now(&[("1.1.1", Verdict::Unknown), ("2.1.1", Verdict::NotMet)]);
        let news = stands.news(&Picture::default());
        assert_eq!(news.turned, [("2.1.1".to_owned(), None)]);
    }

    fn attempts(complete_at: Option<&str>, failures: u64) -> Attempts {
        let last = RunHeading {
            entry: 9,
            outcome: "failed".into(),
            started_at: String::new(),
            ended_at: "2026-11-20T09:00:00Z".into(),
            parts: 0,
            rows: 0,
            problems: 0,
        };
        Attempts {
            last,
            failures,
            complete_at: complete_at.map(str::to_owned),
            first_at: "2026-11-01T09:00:00Z".into(),
        }
    }

    fn quiet(every_hours: i64, after: Option<i64>, attempts: &Attempts) -> Option<Quiet> {
        let text = format!("[source.hr]\nkind = \"hr\"\npath = \"p\"\nevery_hours = {every_hours}");
        let config = Config::parse(&text).unwrap();
        let now = "2026-11-21T09:00:00Z".parse().unwrap();
        lost(&config.sources[0], attempts, after, now).map(|l| l.quiet)
    }

    #[test]
    fn a_source_is_silent_after_twice_its_pace_or_as_long_as_the_settings_say() {
        let yesterday = attempts(Some("2026-11-20T09:00:00Z"), 0);
        assert_eq!(quiet(24, None, &yesterday), None);
        assert_eq!(quiet(6, None, &yesterday), Some(Quiet::Silent));
        assert_eq!(quiet(6, Some(48), &yesterday), None);
        let long_ago = attempts(Some("2026-11-02T09:00:00Z"), 0);
        assert_eq!(quiet(24, None, &long_ago), Some(Quiet::Silent));
        assert_eq!(quiet(0, None, &long_ago), None);
        assert_eq!(quiet(0, Some(48), &long_ago), Some(Quiet::Silent));
        assert_eq!(quiet(24, None, &attempts(None, 1)), Some(Quiet::Silent));
    }

    #[test]
    fn advisories_are_missed_after_twice_their_pace_or_when_nobody_may_rely_upon_them() {
        let missed = |settings: &str, hours: i64, failures: u64| {
            let config = Config::parse(settings).unwrap();
            let now: Timestamp = "2026-11-21T09:00:00Z".parse().unwrap();
            let attempts = advisories::Attempts {
                taken_in: Some((1, now - SignedDuration::from_hours(hours))),
                refused: (failures > 0).then_some(advisories::Refusal {
                    entry: 2,
                    at: now,
                    failures,
                    why: None,
                }),
            };
            without_advisories(&config, &attempts, now).map(|(_, lost)| lost.quiet)
        };
        let (daily, weekly) = (
            "[advisories]\nfolder = \"mirror\"\n",
            "[advisories]\nfolder = \"mirror\"\nevery_hours = 168\n",
        );
        assert_eq!(missed(daily, 48, 2), None);
        assert_eq!(missed(daily, 48, 3), Some(Quiet::Failing));
        assert_eq!(missed(daily, 49, 0), Some(Quiet::Silent));
        assert_eq!(missed(weekly, 168, 0), None);
        assert_eq!(missed(weekly, 169, 0), Some(Quiet::Silent));
        assert_eq!(missed("", 169, 0), Some(Quiet::Silent), "taken in by hand");
        let nothing = advisories::Attempts::default();
        let config = Config::parse("").unwrap();
        assert_eq!(
            without_advisories(&config, &nothing, Timestamp::now()),
            None
        );
    }

    #[test]
    fn a_source_fails_after_three_runs_in_a_row() {
        let read = Some("2026-11-20T09:00:00Z");
        assert_eq!(quiet(24, None, &attempts(read, 2)), None);
        assert_eq!(quiet(24, None, &attempts(read, 3)), Some(Quiet::Failing));
    }
}
