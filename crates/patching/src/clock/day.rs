//! Days in London.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan};
use std::sync::LazyLock;

/// Europe/London as a rule instead of a database: right since 1996, and the same on every machine.
static LONDON: LazyLock<TimeZone> = LazyLock::new(|| {
    let rule = TimeZone::posix("GMT0BST,M3.5.0/1,M10.5.0");
    rule.unwrap_or(TimeZone::UTC)
});

/// The day in London at a moment.
pub fn day(at: Timestamp) -> Date {
    at.to_zoned(LONDON.clone()).date()
}

/// The first moment behind a day in London: a deadline of that day has passed from here on.
pub fn after(day: Date) -> Timestamp {
    let midnight = plus(day, 1).to_zoned(LONDON.clone());
    midnight.map_or(Timestamp::MAX, |at| at.timestamp())
}

/// The day of a date as advisories write it: a day, or a moment with its offset, which counts by
/// London's calendar. `None` where it is neither.
pub fn read(text: &str) -> Option<Date> {
    let text = text.trim();
    if text.len() > 10 {
        return text.parse::<Timestamp>().ok().map(day);
    }
    text.parse().ok()
}

/// So many calendar days later; the last day there is, if there is none.
pub(super) fn plus(day: Date, days: i32) -> Date {
    let span: Span = i64::from(days).days();
    day.checked_add(span).unwrap_or(Date::MAX)
}

/// Calendar days from one day to another.
pub(super) fn between(from: Date, to: Date) -> i32 {
    (to - from).get_days()
}
