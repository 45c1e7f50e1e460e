//! The as-of date: an input, never the wall clock.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan, tz::TimeZone};

/// The moment an assessment speaks of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AsOf {
    /// The instant, RFC 3339 UTC with milliseconds: compares as text with the index's instants.
    pub instant: String,
    /// The calendar day of that instant in Europe/London.
    pub date: Date,
}

impl AsOf {
    /// The end of a calendar day in Europe/London.
    pub fn end_of(date: Date) -> Self {
        let next = date.saturating_add(1.day());
        let start = next
            .to_zoned(london())
            .map_or(Timestamp::MAX, |zoned| zoned.timestamp());
        AsOf {
            instant: text(start.saturating_sub(1.millisecond()).unwrap_or(start)),
            date,
        }
    }

    /// An instant.
    pub fn at(instant: Timestamp) -> Self {
        AsOf {
            instant: text(instant),
            date: instant.to_zoned(london()).date(),
        }
    }
}

/// The calendar day, in Europe/London, of an instant as the index keeps it.
pub(crate) fn day_of(instant: &str) -> Option<Date> {
    let instant: Timestamp = instant.parse().ok()?;
    Some(instant.to_zoned(london()).date())
}

fn london() -> TimeZone {
    TimeZone::get("Europe/London").unwrap_or(TimeZone::UTC)
}

fn text(instant: Timestamp) -> String {
    format!("{instant:.3}")
}

/// `7 November 2026`: how days are written for people.
pub fn long_date(date: Date) -> String {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let month = usize::try_from(date.month() - 1).unwrap_or_default();
    format!("{} {} {}", date.day(), MONTHS[month], date.year())
}
