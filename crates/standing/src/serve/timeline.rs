//! A year's time line: how the items stood at the end of each week, and how they will stand.
//!
//! Points are worked out by one thread, one at a time with a rest after each, so that no page waits
//! for them. What a past day came to does not change when entries are appended; it is kept in the
//! cache from one start to the next, under a hash of the rules (edition, profile, checks, plans,
//! erasures) and the root of the vault's log at which it was worked out. A day counts as past when a
//! whole day lies between it and today: what was read around midnight is written the day after.

mod kept;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::Span;
use jiff::civil::{Date, Weekday};
use standing_assess::AsOf;
use standing_assess::assessment::{Assessment, ItemStanding};
use standing_assess::check::Verdict;

use super::app::App;
use super::draw::{Known, Point, Tally};
use super::snapshot::{Judged, Snapshot};
use super::workers::Stop;
use crate::failure::Failure;
use kept::{Era, File};

/// How far the time line looks back.
const BACK: i64 = 52;
/// How far ahead where the day of publication lies further away than a year.
const AHEAD: i64 = 26;
/// Weeks from one forecast to the next.
const STEP: i64 = 2;
/// How often to look whether something is due.
const LOOK: Duration = Duration::from_secs(1);

/// The items of one day with their verdicts, in the order of the catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Items(Vec<(String, Verdict, bool)>);

impl Items {
    /// Of an assessment: item, verdict, whether it binds.
    pub fn of(assessment: &Assessment) -> Self {
        let one = |i: &ItemStanding| (i.item.clone(), i.verdict, i.binds());
        Items(assessment.items.iter().map(one).collect())
    }

    fn verdict(&self, item: &str) -> Option<Verdict> {
        self.0.iter().find(|(i, ..)| i == item).map(|(_, v, _)| *v)
    }

    /// Those that bind, by verdict.
    pub fn tally(&self) -> Tally {
        Tally::of(
            self.0
                .iter()
                .filter(|(.., binds)| *binds)
                .map(|(_, v, _)| *v),
        )
    }

    /// Whether nothing that binds stands in the way.
    fn ready(&self) -> bool {
        let tally = self.tally();
        tally.total() > 0 && tally.unknown + tally.not_met == 0
    }
}

/// Since when something has been as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// It turned after the first of these days, and not later than the second.
    Between(Date, Date),
    /// It has been so since the first day of which anything is known.
    First(Date),
    /// At least since then; what was before is still being worked out.
    AtLeast(Date),
}

impl std::fmt::Display for Since {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let day = crate::text::day;
        match self {
            Since::Between(after, by) if (*by - *after).get_days() <= 1 => {
                write!(f, "since {}", day(*by))
            }
            Since::Between(_, by) => write!(f, "since the week to {}", day(*by)),
            Since::First(first) => write!(f, "since {}, the first day on record", day(*first)),
            Since::AtLeast(by) => write!(f, "since {} at the latest", day(*by)),
        }
    }
}

#[derive(Default)]
struct State {
    era: Option<Era>,
    /// Day of the first entry; `None` while the vault is empty.
    first: Option<Date>,
    today: Option<Date>,
    past: BTreeMap<Date, Arc<Items>>,
    /// Today and the days to come, with the number of entries at which they were worked out.
    ahead: BTreeMap<Date, (u64, Arc<Items>)>,
    /// Days that could not be judged in this era: they are not tried again and again.
    failed: Vec<Date>,
}

/// The time line.
pub struct Timeline {
    file: File,
    state: Mutex<State>,
}

impl Timeline {
    /// With what an earlier start left in the cache.
    pub fn open(cache: &Path) -> Self {
        Timeline {
            file: File::at(cache),
            state: Mutex::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How an item stood on the days of the time line that are known, oldest first, today last.
    pub fn history(&self, item: &str) -> Vec<(Date, Verdict)> {
        let state = self.state();
        let today = state.today.and_then(|day| state.ahead.get_key_value(&day));
        let past = state.past.iter();
        past.chain(today.map(|(day, (_, items))| (day, items)))
            .filter_map(|(day, items)| Some((*day, items.verdict(item)?)))
            .collect()
    }

    /// Every day of the time line and what is known of it.
    pub fn points(&self, snapshot: &Snapshot) -> Vec<Point> {
        let state = self.state();
        let known = |day: &Date| {
            if state.first.is_some_and(|first| *day < first) {
                return Known::Nothing;
            }
            let items = state.past.get(day);
            let items = items.or_else(|| state.ahead.get(day).map(|(_, items)| items));
            items.map_or(Known::NotYet, |items| Known::Items(items.tally()))
        };
        days(snapshot.day(), snapshot.terms.publish_on)
            .into_iter()
            .map(|day| Point {
                day,
                known: if day == snapshot.day() {
                    Known::Items(Items::of(&snapshot.today).tally())
                } else {
                    known(&day)
                },
            })
            .collect()
    }

    /// Since when an item has had a verdict like today's: in the way, or not.
    pub fn item_since(&self, item: &str, now: Verdict) -> Option<Since> {
        let good = |v: Verdict| matches!(v, Verdict::Met | Verdict::NotApplicable);
        self.since(|items| Some(good(items.verdict(item)?) == good(now)))
    }

    /// Since when the firm has been ready, or not ready, as it is now.
    pub fn ready_since(&self, ready: bool) -> Option<Since> {
        self.since(|items| Some(items.ready() == ready))
    }

    /// Walks back from today as long as it is `same`.
    fn since(&self, same: impl Fn(&Items) -> Option<bool>) -> Option<Since> {
        let state = self.state();
        let (today, first) = (state.today?, state.first?);
        let mut earliest = today;
        for day in weeks_back(today) {
            if day < first {
                return Some(Since::First(first));
            }
            match state.past.get(&day) {
                None => return Some(Since::AtLeast(earliest)),
                Some(items) if same(items) == Some(true) => earliest = day,
                Some(_) => return Some(Since::Between(day, earliest)),
            }
        }
        Some(Since::AtLeast(earliest))
    }

    /// Works out one point if one is due; whether it did.
    ///
    /// # Errors
    /// When the index or the vault cannot be read.
    pub fn step(&self, app: &App) -> Result<bool, Failure> {
        let Some(snapshot) = app.snapshot_if_any() else {
            return Ok(false);
        };
        self.look(&snapshot)?;
        let Some(day) = self.due(&snapshot) else {
            return Ok(false);
        };
        let judged = snapshot
            .home
            .index()
            .and_then(|mut index| Judged::judge(&snapshot.home, &mut index, snapshot.day(), day));
        let judged = match judged {
            Ok(judged) => judged,
            Err(failure) => {
                tracing::warn!(%failure, %day, "a day of the time line could not be judged");
                self.state().failed.push(day);
                return Ok(true);
            }
        };
        let items = Arc::new(Items::of(&judged.assessment));
        let mut state = self.state();
        if settled(day, snapshot.day()) {
            state.past.insert(day, items);
            if let Some(era) = &state.era {
                self.file.write(era, &state.past);
            }
        } else {
            state.ahead.insert(day, (snapshot.entries, items));
        }
        Ok(true)
    }

    /// Takes up a snapshot: what it says of today and of the day of publication is known at once, and
    /// what was worked out by other rules is forgotten.
    fn look(&self, snapshot: &Snapshot) -> Result<(), Failure> {
        let era = Era::of(snapshot)?;
        let first = first_day(snapshot)?;
        let mut state = self.state();
        if state
            .era
            .as_ref()
            .is_none_or(|kept| kept.rules != era.rules)
        {
            state.past = self.file.read(&era, &snapshot.home.vault);
            state.ahead.clear();
            state.failed.clear();
        }
        state.era = Some(era);
        state.first = first;
        let (today, publish_on) = (snapshot.day(), snapshot.terms.publish_on);
        state.today = Some(today);
        state.ahead.retain(|day, _| *day >= today);
        let oldest = weeks_back(today).last().unwrap_or(today);
        state.past.retain(|day, _| *day >= oldest);
        for (day, assessment) in [(publish_on, &snapshot.then), (today, &snapshot.today)] {
            let known = state
                .ahead
                .get(&day)
                .is_some_and(|(n, _)| *n == snapshot.entries);
            if !known {
                let items = Arc::new(Items::of(assessment));
                state.ahead.insert(day, (snapshot.entries, items));
            }
        }
        Ok(())
    }

    /// The next day to work out: the past, newest first, then the days to come.
    fn due(&self, snapshot: &Snapshot) -> Option<Date> {
        let state = self.state();
        let (today, first) = (snapshot.day(), state.first?);
        let current = |day: &Date| {
            state
                .ahead
                .get(day)
                .is_some_and(|(entries, _)| *entries == snapshot.entries)
        };
        let past = weeks_back(today)
            .take_while(|day| *day >= first)
            .find(|day| {
                let known = if settled(*day, today) {
                    state.past.contains_key(day)
                } else {
                    current(day)
                };
                !known && !state.failed.contains(day)
            });
        past.or_else(|| {
            ahead(today, snapshot.terms.publish_on)
                .into_iter()
                .find(|day| !current(day) && !state.failed.contains(day))
        })
    }
}

/// Day of the vault's first entry: before it nothing was known.
///
/// # Errors
/// When the vault cannot be read.
pub fn first_day(snapshot: &Snapshot) -> Result<Option<Date>, Failure> {
    let first = 0..snapshot.entries.min(1);
    let Some(entry) = snapshot.home.vault.entries(first)?.next() else {
        return Ok(None);
    };
    Ok(Some(AsOf::at(entry?.time.timestamp()).date))
}

/// Works out what is due until told to stop.
pub fn keep(app: &App, stop: &Stop) {
    loop {
        let began = Instant::now();
        let rest = match app.timeline.step(app) {
            // As long a rest as the work took: half a core at most, and none while pages are slow.
            Ok(true) => began.elapsed(),
            Ok(false) => LOOK,
            Err(failure) => {
                tracing::error!(%failure, "the time line could not be worked out");
                LOOK * 60
            }
        };
        if stop.wait(rest) {
            return;
        }
    }
}

/// Whether what a day came to will not change any more.
fn settled(day: Date, today: Date) -> bool {
    (today - day).get_days() > 1
}

/// The ends of the weeks before today, newest first. They are the same days on every day of a week,
/// so that what was worked out yesterday serves today.
fn weeks_back(today: Date) -> impl Iterator<Item = Date> {
    let last = today.nth_weekday(-1, Weekday::Sunday).unwrap_or(today);
    (0..BACK).map(move |n| last.saturating_sub(Span::new().weeks(n)))
}

/// The days to come: every second Sunday to the day of publication, and that day.
fn ahead(today: Date, publish_on: Date) -> Vec<Date> {
    let next = today.nth_weekday(1, Weekday::Sunday).unwrap_or(today);
    let far = today.saturating_add(Span::new().weeks(BACK + 1));
    let end = if publish_on > far {
        today.saturating_add(Span::new().weeks(AHEAD))
    } else {
        publish_on
    };
    let mut days: Vec<Date> = (0..BACK)
        .map(|n| next.saturating_add(Span::new().weeks(n * STEP)))
        .take_while(|day| *day < end)
        .collect();
    if end > today {
        days.push(end);
    }
    days
}

/// Every day of the time line, oldest first.
fn days(today: Date, publish_on: Date) -> Vec<Date> {
    let mut days: Vec<Date> = weeks_back(today).collect();
    days.reverse();
    days.push(today);
    days.extend(ahead(today, publish_on));
    days.dedup();
    days
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn the_days_of_a_week_share_their_points() {
        let monday: Vec<Date> = weeks_back(date(2026, 11, 16)).collect();
        let saturday: Vec<Date> = weeks_back(date(2026, 11, 21)).collect();
        assert_eq!(monday, saturday);
        assert_eq!(monday[0], date(2026, 11, 15));
        assert_eq!(monday.len(), 52);
    }

    #[test]
    fn days_go_forward_and_end_with_the_publication() {
        for publish_on in [
            date(2026, 11, 21),
            date(2026, 11, 22),
            date(2027, 6, 30),
            date(2031, 1, 1),
        ] {
            let days = days(date(2026, 11, 21), publish_on);
            assert!(days.is_sorted_by(|a, b| a < b), "{days:?}");
            assert!(days.contains(&date(2026, 11, 21)));
        }
        assert_eq!(
            days(date(2026, 11, 21), date(2027, 6, 30)).last(),
            Some(&date(2027, 6, 30))
        );
    }

    #[test]
    fn yesterday_may_still_change() {
        let today = date(2026, 11, 21);
        assert!(!settled(date(2026, 11, 20), today));
        assert!(settled(date(2026, 11, 19), today));
    }
}
