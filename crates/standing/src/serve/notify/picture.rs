//! What stands now as far as anybody is to be told of it, and what of it is news. Pure: it looks at no
//! clock and at no vault.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use standing_assess::assessment::Assessment;
use standing_assess::check::Verdict;
use standing_assess::index::Attempts;

use crate::config::{Config, Source};

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
}

impl News {
    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.turned.is_empty()
            && self.lapses.is_empty()
            && self.lost.is_empty()
            && self.found.is_empty()
    }
}

impl Now {
    /// From what was judged and from how sources were read.
    pub fn of(
        today: &Assessment,
        attempts: &BTreeMap<String, Attempts>,
        config: &Config,
        now: Timestamp,
    ) -> Self {
        Now {
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
                .collect(),
        }
    }

    /// What is kept of it.
    pub fn picture(&self) -> Picture {
        let items = self.items.iter();
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
        News {
            turned: turned.collect(),
            lapses: self.lapses.keys().filter(unknown).cloned().collect(),
            lost: lost.map(|(name, _)| name.clone()).collect(),
            found: found.cloned().collect(),
        }
    }

    /// Whether something of the news cannot wait for the digest: an item turned to *not met*.
    pub fn urgent(&self, news: &News) -> bool {
        news.turned
            .iter()
            .filter_map(|(item, _)| self.items.get(item))
            .any(|item| item.verdict == Verdict::NotMet)
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
    let silent = hours.zip(since).is_some_and(|(hours, since)| {
        now.duration_since(since) > SignedDuration::from_hours(hours)
    });
    let quiet = if silent {
        Quiet::Silent
    } else if attempts.failures >= IN_A_ROW {
        Quiet::Failing
    } else {
        return None;
    };
    Some(Lost {
        quiet,
        complete_at,
        failures: attempts.failures,
    })
}
