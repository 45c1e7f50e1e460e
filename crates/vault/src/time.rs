//! Instants as the log writes them.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;

/// An instant in UTC, to the millisecond, in the years 0000 to 9999.
///
/// Written as `2026-11-07T09:30:00.000Z` and in no other way, so that an entry
/// read and written again is the same bytes ([RFC 3339](https://www.rfc-editor.org/rfc/rfc3339)).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Time(i64);

/// Milliseconds from 1970 to the start of year 0000 and of year 10000.
const RANGE: std::ops::Range<i64> = -62_167_219_200_000..253_402_300_800_000;

/// Why something is not a [`Time`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "cannot take {found:?} as a time: expected the form 2026-11-07T09:30:00.000Z, in the years 0000 to 9999"
)]
pub struct TimeError {
    /// What was offered.
    pub found: String,
}

impl Time {
    /// From milliseconds since 1970-01-01T00:00:00Z.
    pub fn from_milliseconds(milliseconds: i64) -> Result<Time, TimeError> {
        // jiff ends a day before the year does, so that every offset stays within it.
        if RANGE.contains(&milliseconds) && Timestamp::from_millisecond(milliseconds).is_ok() {
            Ok(Time(milliseconds))
        } else {
            Err(TimeError {
                found: format!("{milliseconds} ms"),
            })
        }
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub fn milliseconds(self) -> i64 {
        self.0
    }

    /// The same instant for calculations.
    pub fn timestamp(self) -> Timestamp {
        Timestamp::from_millisecond(self.0).expect("checked when the Time was made")
    }
}

/// Drops what is finer than a millisecond, towards the past.
impl TryFrom<Timestamp> for Time {
    type Error = TimeError;

    fn try_from(timestamp: Timestamp) -> Result<Time, TimeError> {
        let milliseconds = timestamp.as_nanosecond().div_euclid(1_000_000);
        // A jiff timestamp in nanoseconds spans far less than i64 milliseconds.
        Time::from_milliseconds(milliseconds as i64)
    }
}

impl FromStr for Time {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Time, TimeError> {
        let refused = || TimeError {
            found: text.chars().take(40).collect(),
        };
        let timestamp: Timestamp = text.parse().map_err(|_| refused())?;
        let time = Time::try_from(timestamp).map_err(|_| refused())?;
        if time.to_string() == text {
            Ok(time)
        } else {
            Err(refused())
        }
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}", self.timestamp())
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Time({self})")
    }
}
