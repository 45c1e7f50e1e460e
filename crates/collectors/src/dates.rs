//! Calendar days as people and systems write them.

use jiff::civil::Date;

/// The day that `text` names, if it names one whole day beyond doubt.
///
/// Understood, with blanks around it ignored:
///
/// - ISO: `2026-12-31`, with or without a time: `2026-12-31T10:00:00`, `2026-12-31 10:00`
/// - RFC 3339 instants: `2026-12-31T23:30:00-05:00`; the day is the one in UTC
/// - numbers in the British order, day first: `31/12/2026`, `31-12-2026`, `31.12.2026`, with or
///   without a time after a blank; `03/04/2026` is 3 April
/// - words: `31 December 2026`, `31 Dec 2026`, `31-Dec-2026`, `31st December, 2026`,
///   `31st of December 2026`, `December 31, 2026`, with or without the day of the week before
///
/// Refused: two-digit years, years before 1900 or after 2200, months without a day
/// (`March 2026`), and days that do not exist (`31/02/2026`).
pub fn parse(text: &str) -> Option<Date> {
    let text = text.trim();
    let day = instant(text)
        .or_else(|| numbers(text))
        .or_else(|| words(text))?;
    (1900..=2200).contains(&day.year()).then_some(day)
}

/// The day of a spreadsheet's serial number: days since 30 December 1899, or since 1 January 1904
/// in workbooks that say so. Serials below 61 are refused: spreadsheets count a 29 February 1900
/// that never was, and no date of a member of staff lies there.
pub fn from_serial(serial: f64, since_1904: bool) -> Option<Date> {
    let epoch = if since_1904 {
        jiff::civil::date(1904, 1, 1)
    } else {
        jiff::civil::date(1899, 12, 30)
    };
    let plausible = serial.is_finite() && (61.0..110_000.0).contains(&serial);
    let days = plausible.then_some(serial.trunc() as i64)?;
    epoch.checked_add(jiff::Span::new().days(days)).ok()
}

fn instant(text: &str) -> Option<Date> {
    let instant: jiff::Timestamp = text.parse().ok()?;
    Some(instant.to_zoned(jiff::tz::TimeZone::UTC).date())
}

/// A date of three numbers, and perhaps a time of day after it.
fn numbers(text: &str) -> Option<Date> {
    let end = text.find(['T', ' ']).unwrap_or(text.len());
    let (date, time) = text.split_at(end);
    if !time.is_empty() && !is_time(&time[1..]) {
        return None;
    }
    let separator = date.chars().find(|c| "-/.".contains(*c))?;
    let parts: Vec<&str> = date.split(separator).collect();
    match parts[..] {
        [year, month, day] if year.len() == 4 => whole(year, number(month, 2)?, day),
        [day, month, year] if !time.starts_with('T') => whole(year, number(month, 2)?, day),
        _ => None,
    }
}

fn is_time(text: &str) -> bool {
    let text = text.trim().to_ascii_lowercase();
    let text = text
        .trim_end_matches("am")
        .trim_end_matches("pm")
        .trim_end();
    let text = text.strip_suffix('z').unwrap_or(text);
    text.contains(':')
        && text
            .chars()
            .all(|c| c.is_ascii_digit() || c == ':' || c == '.')
}

/// `31 December 2026` and its kin.
fn words(text: &str) -> Option<Date> {
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || c == '-' || c == ',' || c == '/')
        .filter(|w| !w.is_empty() && !is_passed_over(w))
        .collect();
    let words = match &words[..] {
        [first, rest @ ..] if rest.len() == 3 && is_weekday(first) => rest,
        all => all,
    };
    match *words {
        [first, second, year] => match month(second) {
            Some(m) => whole(year, m, ordinal(first)),
            None => whole(year, month(first)?, ordinal(second)),
        },
        _ => None,
    }
}

const ORDINALS: [&str; 4] = ["st", "nd", "rd", "th"];

/// `the 31 st of December`: words that say nothing. Raised letters come as words of their own.
fn is_passed_over(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    ["the", "of"].contains(&word.as_str()) || ORDINALS.contains(&word.as_str())
}

fn ordinal(day: &str) -> &str {
    let number = day.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let suffix = day[number.len()..].to_ascii_lowercase();
    if ORDINALS.contains(&suffix.as_str()) {
        number
    } else {
        day
    }
}

fn is_weekday(word: &str) -> bool {
    const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let word = word.trim_end_matches('.').to_ascii_lowercase();
    DAYS.iter().any(|day| word.starts_with(day))
}

fn month(word: &str) -> Option<i16> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let word = word.trim_end_matches('.').to_ascii_lowercase();
    let found = MONTHS
        .iter()
        .position(|m| *m == word || (*m)[..3] == word || (word == "sept" && m.starts_with("sept")));
    found.and_then(|i| i16::try_from(i + 1).ok())
}

/// A year of four digits and a day of one or two.
fn whole(year: &str, month: i16, day: &str) -> Option<Date> {
    let year = (year.len() == 4).then(|| number(year, 4)).flatten()?;
    let month = i8::try_from(month).ok()?;
    let day = i8::try_from(number(day, 2)?).ok()?;
    Date::new(year, month, day).ok()
}

fn number(text: &str, longest: usize) -> Option<i16> {
    let digits = (1..=longest).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn whole_days_are_understood() {
        for text in [
            "2026-12-31",
            " 2026-12-31 ",
            "2026-12-31T10:00:00",
            "2026-12-31 10:00",
            "2026-12-31T10:00:00Z",
            "2026-12-31 10:00:00.5+00:00",
            "31/12/2026",
            "31-12-2026",
            "31.12.2026",
            "31/12/2026 14:05",
            "31/12/2026 02:05:11 PM",
            "31 December 2026",
            "31 dec 2026",
            "31-Dec-2026",
            "31st December, 2026",
            "31ST December 2026",
            "31 st December 2026",
            "the 31st of December 2026",
            "Thursday 31 December 2026",
            "December 31, 2026",
        ] {
            assert_eq!(parse(text), Some(date(2026, 12, 31)), "{text}");
        }
    }

    #[test]
    fn ordinals_are_days() {
        for text in ["1st March 2020", "1st of March, 2020", "March 1st, 2020"] {
            assert_eq!(parse(text), Some(date(2020, 3, 1)), "{text}");
        }
        assert_eq!(parse("1stly March 2020"), None);
    }

    #[test]
    fn an_ambiguous_date_is_british() {
        assert_eq!(parse("03/04/2026"), Some(date(2026, 4, 3)));
        assert_eq!(parse("3/4/2026"), Some(date(2026, 4, 3)));
    }

    #[test]
    fn the_day_of_an_instant_is_the_one_in_utc() {
        assert_eq!(parse("2026-12-31T23:30:00-05:00"), Some(date(2027, 1, 1)));
    }

    #[test]
    fn what_is_not_one_whole_day_is_refused() {
        for text in [
            "",
            "March 2026",
            "2026",
            "2026-12",
            "31/12/26",
            "26-12-31",
            "12/31/2026",
            "31/02/2026",
            "1 Juni 2026",
            "0001-01-01T00:00:00Z",
            "soon",
            "45291",
            "31/12/2026 or later",
            "12 March 2026 approximately",
            "20261231",
            "٣١/١٢/٢٠٢٦",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn serials_of_both_epochs() {
        assert_eq!(from_serial(46387.0, false), Some(date(2026, 12, 31)));
        assert_eq!(from_serial(46387.75, false), Some(date(2026, 12, 31)));
        assert_eq!(from_serial(44925.0, true), Some(date(2026, 12, 31)));
        assert_eq!(from_serial(1.0, false), None);
        assert_eq!(from_serial(f64::NAN, false), None);
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,40}") {
            let _ = parse(&text);
        }

        #[test]
        fn every_day_is_read_back(days in 0i64..100_000) {
            let day = date(1900, 1, 1).saturating_add(jiff::Span::new().days(days));
            proptest::prop_assert_eq!(parse(&day.to_string()), Some(day));
            proptest::prop_assert_eq!(parse(&day.strftime("%d/%m/%Y").to_string()), Some(day));
            proptest::prop_assert_eq!(parse(&day.strftime("%d %B %Y").to_string()), Some(day));
            proptest::prop_assert_eq!(parse(&day.strftime("%d-%b-%Y").to_string()), Some(day));
        }
    }
}
