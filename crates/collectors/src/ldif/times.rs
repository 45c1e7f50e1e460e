//! The ways in which directories write days.

use jiff::civil::Date;

/// 100-nanosecond steps since 1601-01-01, as Active Directory writes them. 0 and the largest
/// number mean *never*, and never is no day.
pub(super) fn filetime(text: &str) -> Option<Date> {
    let steps: i64 = text.parse().ok()?;
    if steps <= 0 || steps == i64::MAX {
        return None;
    }
    let seconds = steps / 10_000_000 - 11_644_473_600;
    from_seconds(seconds)
}

/// `20261231100000Z` and `20261231100000.0Z` (RFC 4517). The day is the written one, in UTC.
pub(super) fn generalized(text: &str) -> Option<Date> {
    let day = text.get(..8)?;
    if !day.bytes().all(|b| b.is_ascii_digit()) || !text.ends_with('Z') {
        return None;
    }
    let number = |range: std::ops::Range<usize>| day[range].parse::<i16>().ok();
    let month = i8::try_from(number(4..6)?).ok()?;
    let date = i8::try_from(number(6..8)?).ok()?;
    Date::new(number(0..4)?, month, date).ok()
}

/// Days since 1970-01-01.
pub(super) fn unix_days(text: &str) -> Option<Date> {
    let days: i64 = text.parse().ok()?;
    from_seconds(days.checked_mul(86_400)?)
}

fn from_seconds(seconds: i64) -> Option<Date> {
    let instant = jiff::Timestamp::from_second(seconds).ok()?;
    Some(instant.to_zoned(jiff::tz::TimeZone::UTC).date())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn each_form_gives_its_day() {
        assert_eq!(filetime("134114688000000000"), Some(date(2025, 12, 29)));
        assert_eq!(filetime("0"), None);
        assert_eq!(filetime("9223372036854775807"), None);
        assert_eq!(generalized("20210301080000.0Z"), Some(date(2021, 3, 1)));
        assert_eq!(generalized("000001010000Z").map(|d| d.year()), Some(0));
        assert_eq!(generalized("2021"), None);
        assert_eq!(unix_days("20000"), Some(date(2024, 10, 4)));
    }
}
