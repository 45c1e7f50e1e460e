//! When one looks whether there is something to tell: every quarter of an hour for what is urgent, and
//! at the hour of the digest for all the rest. Pure: it is given the time.

use jiff::Timestamp;
use jiff::civil::Time;
use jiff::tz::TimeZone;

/// Seconds of a quarter of an hour.
const QUARTER: i64 = 15 * 60;

/// What may be told at a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// Nothing: it is not time.
    No,
    /// Only if something is urgent, and then all of it.
    Urgent,
    /// Everything.
    Digest,
}

/// What may be told now, if the last look was then. Without a last look, which is so after a start,
/// today's digest counts as missed if its hour is over.
pub fn look(now: Timestamp, last: Option<Timestamp>, digest_at: Time, zone: &TimeZone) -> Look {
    let digest = last_digest(now, digest_at, zone);
    let Some(last) = last else {
        let today = now.to_zoned(zone.clone()).date();
        let passed = digest.is_some_and(|d| d.to_zoned(zone.clone()).date() == today);
        return if passed { Look::Digest } else { Look::Urgent };
    };
    let quarter = |t: Timestamp| t.as_second().div_euclid(QUARTER);
    if digest.is_some_and(|digest| last < digest) {
        Look::Digest
    } else if quarter(now) > quarter(last) {
        Look::Urgent
    } else {
        Look::No
    }
}

/// The last time that was the hour of the digest. Where clocks jump over it, the next moment counts.
fn last_digest(now: Timestamp, digest_at: Time, zone: &TimeZone) -> Option<Timestamp> {
    let today = now.to_zoned(zone.clone()).date();
    let on = |day: jiff::civil::Date| {
        let moment = zone.to_ambiguous_timestamp(day.to_datetime(digest_at));
        moment.compatible().ok()
    };
    on(today)
        .filter(|digest| *digest <= now)
        .or_else(|| on(today.yesterday().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn london() -> TimeZone {
        TimeZone::get("Europe/London").unwrap()
    }

    fn looked(now: &str, last: Option<&str>) -> Look {
        let eight = Time::constant(8, 0, 0, 0);
        look(at(now), last.map(at), eight, &london())
    }

    #[test]
    fn the_digest_goes_once_a_day_at_its_hour_in_london() {
        // In summer eight o'clock is seven in UTC.
        assert_eq!(
            looked("2026-07-01T06:59:59Z", Some("2026-07-01T06:59:00Z")),
            Look::No
        );
        assert_eq!(
            looked("2026-07-01T07:00:00Z", Some("2026-07-01T06:59:59Z")),
            Look::Digest
        );
        assert_eq!(
            looked("2026-07-01T07:05:00Z", Some("2026-07-01T07:00:00Z")),
            Look::No
        );
        // And in winter it is eight.
        assert_eq!(
            looked("2026-12-01T07:00:00Z", Some("2026-12-01T06:59:59Z")),
            Look::Urgent
        );
        assert_eq!(
            looked("2026-12-01T08:00:00Z", Some("2026-12-01T07:59:59Z")),
            Look::Digest
        );
    }

    #[test]
    fn a_server_that_slept_over_the_hour_tells_when_it_wakes() {
        assert_eq!(
            looked("2026-12-01T11:00:00Z", Some("2026-11-30T20:00:00Z")),
            Look::Digest
        );
        assert_eq!(looked("2026-12-01T11:00:00Z", None), Look::Digest);
        assert_eq!(looked("2026-12-01T07:00:00Z", None), Look::Urgent);
    }

    #[test]
    fn what_is_urgent_waits_for_the_next_quarter() {
        assert_eq!(
            looked("2026-12-01T11:14:59Z", Some("2026-12-01T11:01:00Z")),
            Look::No
        );
        assert_eq!(
            looked("2026-12-01T11:15:00Z", Some("2026-12-01T11:14:59Z")),
            Look::Urgent
        );
    }

    #[test]
    fn an_hour_that_the_clocks_jump_over_is_not_lost() {
        // On 29 March 2026 the hour from one to two does not exist.
        let half_past_one = Time::constant(1, 30, 0, 0);
        let found = look(
            at("2026-03-29T01:30:00Z"),
            Some(at("2026-03-29T00:50:00Z")),
            half_past_one,
            &london(),
        );
        assert_eq!(found, Look::Digest);
    }
}
