//! When a source is due: a function of its pace and of what the vault says of its last run. It knows
//! no clock, so that a restart, another process and a test come to the same answer.

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};
use standing_assess::index::Attempts;

/// Wait after the first run that was not complete; it doubles with each further one, up to the pace.
const FIRST_RETRY: SignedDuration = SignedDuration::from_mins(5);

/// The share of a wait by which sources are spread, so that those that were read together are not
/// read together for ever.
const SPREAD: f64 = 0.1;

/// What the vault says of a source's last run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Last {
    /// Its entry.
    pub entry: u64,
    /// When it ended.
    pub ended_at: Timestamp,
    /// Runs in a row that were not complete.
    pub failures: u64,
}

impl Last {
    /// From the index; `None` where the time cannot be understood, as if it had never run.
    pub fn of(attempts: &Attempts) -> Option<Self> {
        Some(Last {
            entry: attempts.last.entry,
            ended_at: attempts.last.ended_at.parse().ok()?,
            failures: attempts.failures,
        })
    }
}

/// When the source is due; `None` where it is read only when somebody asks for it. Never later than
/// its pace after its last run, and now where it never ran or where its last run lies in the future:
/// then the clock was wrong, and what it said is not to be relied upon.
pub fn due_at(
    source: &str,
    every_hours: i64,
    last: Option<Last>,
    now: Timestamp,
) -> Option<Timestamp> {
    if every_hours <= 0 {
        return None;
    }
    let Some(last) = last.filter(|last| last.ended_at <= now) else {
        return Some(now);
    };
    let wait = wait(SignedDuration::from_hours(every_hours), last.failures);
    let spread = wait.as_secs_f64() * SPREAD * fraction(source, last.entry);
    let wait = wait - SignedDuration::from_secs_f64(spread);
    Some(last.ended_at.saturating_add(wait).unwrap_or(Timestamp::MAX))
}

/// The wait after so many failures in a row, before it is spread.
pub fn wait(pace: SignedDuration, failures: u64) -> SignedDuration {
    if failures == 0 {
        return pace;
    }
    let doublings = u32::try_from(failures - 1).unwrap_or(u32::MAX).min(16);
    FIRST_RETRY
        .checked_mul(1 << doublings)
        .map_or(pace, |wait| wait.min(pace))
}

/// A number from 0 to 1 that is the same whenever and wherever it is asked for.
pub fn fraction(name: &str, entry: u64) -> f64 {
    let hash = Sha256::digest(format!("{name}\n{entry}"));
    let first = [hash[0], hash[1], hash[2], hash[3]];
    f64::from(u32::from_be_bytes(first)) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn last(failures: u64) -> Last {
        Last {
            entry: 7,
            ended_at: "2026-11-21T09:00:00Z".parse().unwrap(),
            failures,
        }
    }

    fn after(source: &str, every_hours: i64, last: Last) -> SignedDuration {
        let due = due_at(source, every_hours, Some(last), last.ended_at).unwrap();
        due.duration_since(last.ended_at)
    }

    #[test]
    fn a_source_that_never_ran_is_due_now_and_one_by_hand_never() {
        let now = "2026-11-21T09:00:00Z".parse().unwrap();
        assert_eq!(due_at("hr", 24, None, now), Some(now));
        assert_eq!(due_at("hr", 0, None, now), None);
        assert_eq!(due_at("hr", 0, Some(last(3)), now), None);
    }

    #[test]
    fn a_run_that_lies_in_the_future_does_not_silence_the_source() {
        let now = "2020-01-01T00:00:00Z".parse().unwrap();
        assert_eq!(due_at("hr", 24, Some(last(0)), now), Some(now));
    }

    #[test]
    fn retries_double_up_to_the_pace() {
        let pace = SignedDuration::from_hours(1);
        let waits: Vec<i64> = (0..7).map(|n| wait(pace, n).as_mins()).collect();
        assert_eq!(waits, [60, 5, 10, 20, 40, 60, 60]);
        assert_eq!(wait(pace, u64::MAX), pace);
    }

    #[test]
    fn sources_that_were_read_together_are_spread() {
        assert_ne!(after("hr", 24, last(0)), after("mdm", 24, last(0)));
    }

    proptest! {
        #[test]
        fn never_later_than_the_pace_and_never_much_earlier_than_the_wait(
            source in "[a-z-]{1,12}", entry in 0u64..1_000_000, failures in 0u64..40, hours in 1i64..8784,
        ) {
            let last = Last { entry, failures, ..last(0) };
            let pace = SignedDuration::from_hours(hours);
            let found = after(&source, hours, last);
            let full = wait(pace, failures);
            prop_assert!(found <= full && full <= pace);
            prop_assert!(found.as_secs_f64() >= full.as_secs_f64() * 0.9 - 1.0);
            prop_assert_eq!(found, after(&source, hours, last));
        }
    }
}
