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

/// The number by which Active Directory knows `userAccountControl`.
pub(super) const USER_ACCOUNT_CONTROL: u32 = 0x9_0008;

/// The day on which an attribute was last changed, out of `replPropertyMetaData`: a head of 16 bytes, whose
/// third number counts the records, and records of 48 bytes: attribute, version, seconds since
/// 1601-01-01, and who changed it.
pub(super) fn changed(metadata: &[u8], attribute: u32) -> Option<Date> {
    let number = |bytes: &[u8]| Some(u32::from_le_bytes(bytes.try_into().ok()?));
    let (head, records) = metadata.split_at_checked(16)?;
    let count = usize::try_from(number(&head[8..12])?).ok()?;
    if number(&head[..4])? != 1 || records.len() != count.checked_mul(48)? {
        return None;
    }
    let mut records = records.chunks_exact(48);
    let record = records.find(|r| number(&r[..4]) == Some(attribute))?;
    let seconds = u64::from_le_bytes(record[8..16].try_into().ok()?);
    from_seconds(i64::try_from(seconds).ok()?.checked_sub(11_644_473_600)?)
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
    fn the_day_of_a_change_out_of_the_metadata() {
        let mut bytes = Vec::new();
        for number in [1_u32, 0, 2, 0] {
            bytes.extend(number.to_le_bytes());
        }
        for (attribute, seconds) in [(3_u32, 1_u64), (USER_ACCOUNT_CONTROL, 13_411_468_800)] {
            bytes.extend(attribute.to_le_bytes());
            bytes.extend(7_u32.to_le_bytes());
            bytes.extend(seconds.to_le_bytes());
            bytes.extend([0; 32]);
        }
        let day = Some(date(2025, 12, 29));
        assert_eq!(changed(&bytes, USER_ACCOUNT_CONTROL), day);
        assert_eq!(changed(&bytes, 4), None);
        for end in 0..bytes.len() {
            assert_eq!(changed(&bytes[..end], USER_ACCOUNT_CONTROL), None);
        }
    }

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
