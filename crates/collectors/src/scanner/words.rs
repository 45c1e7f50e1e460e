//! Words of reports: texts, days and levels.

use jiff::civil::Date;
use serde_json::Value;
use standing_patching::Level;

use crate::dates;

/// The text of a member, if it says something.
pub(super) fn text<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    let text = value.get(name)?.as_str()?.trim();
    (!text.is_empty()).then_some(text)
}

/// The first of several members that says something.
pub(super) fn first<'v>(value: &'v Value, names: &[&str]) -> Option<&'v str> {
    names.iter().find_map(|name| text(value, name))
}

/// The elements of a member that is a list.
pub(super) fn list<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    let list = value.get(name).and_then(Value::as_array);
    list.map(Vec::as_slice).unwrap_or_default()
}

/// The texts of a member that is a list of texts.
pub(super) fn texts(value: &Value, name: &str) -> Vec<String> {
    let texts = list(value, name).iter().filter_map(Value::as_str);
    texts.map(str::to_owned).collect()
}

/// A number, written as one or as text, in tenths.
pub(super) fn tenths(text: &str) -> Option<i64> {
    let number: f64 = text.trim().parse().ok()?;
    (0.0..=10.0)
        .contains(&number)
        .then_some((number * 10.0).round() as i64)
}

/// How a level is written.
pub(super) fn name(level: Level) -> &'static str {
    match level {
        Level::Critical => "critical",
        Level::High => "high",
        Level::Medium => "medium",
        Level::Low => "low",
        Level::None => "none",
    }
}

/// What stands where a day is expected.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Told {
    Day(Date),
    /// Nothing, a word for nothing, or a day that stands for nothing.
    Nothing,
    Odd,
}

/// The day in a text, as scanners write it: see [`dates::parse`]; also words with a time and the
/// name of a time zone behind them: `Jan 5, 2021 10:24:08 MST`. The zone is passed over.
pub(super) fn day(text: &str) -> Told {
    let text = text.trim();
    let words: Vec<&str> = text.split_whitespace().collect();
    let found = dates::parse(text).or_else(|| match words[..] {
        [month, day, year, time, ..] if time.contains(':') => {
            dates::parse(&format!("{month} {day} {year}"))
        }
        _ => None,
    });
    weigh(text, found)
}

/// The same with the month first where the day is written in numbers: `05/13/2021 07:08:28`.
pub(super) fn day_month_first(text: &str) -> Told {
    let date = text.split_whitespace().next().unwrap_or_default();
    let parts: Vec<&str> = date.split('/').collect();
    match parts[..] {
        [month, day, year] if year.len() == 4 => {
            weigh(text, dates::parse(&format!("{day}/{month}/{year}")))
        }
        _ => self::day(text),
    }
}

/// No vulnerability was dated before 1988; what lies there or beyond the century stands for nothing.
fn weigh(text: &str, found: Option<Date>) -> Told {
    const NOTHING: [&str; 10] = [
        "", "-", "'-", "n/a", "na", "none", "null", "never", "0", "unknown",
    ];
    match found {
        Some(day) if is_plausible(day) => Told::Day(day),
        Some(_) => Told::Nothing,
        None if NOTHING.contains(&text.trim().to_ascii_lowercase().as_str()) => Told::Nothing,
        None => {
            let start = text.trim().get(..10).and_then(|t| t.parse::<Date>().ok());
            match start {
                Some(day) if !is_plausible(day) => Told::Nothing,
                _ => Told::Odd,
            }
        }
    }
}

fn is_plausible(day: Date) -> bool {
    (1988..2100).contains(&day.year())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn days_as_scanners_write_them() {
        for text in [
            "2021-01-05",
            "2021/01/05",
            "2021-01-05T10:24:08.895Z",
            "2021-01-05 14:21:44.742000+01:00",
            "2021-01-05T16:30:33.045000+01:00",
            "Jan 5, 2021 10:24:08 MST",
            "Jan 05, 2021 12:00 PM",
        ] {
            assert_eq!(day(text), Told::Day(date(2021, 1, 5)), "{text}");
        }
        assert_eq!(
            day_month_first("05/13/2021 07:08:28"),
            Told::Day(date(2021, 5, 13))
        );
        assert_eq!(day_month_first("13/05/2021 07:08:28"), Told::Odd);
        assert_eq!(day_month_first("2021-05-13"), Told::Day(date(2021, 5, 13)));
    }

    #[test]
    fn days_that_stand_for_nothing_are_none() {
        for text in [
            "",
            "N/A",
            "'-",
            "0001-01-01T00:00:00Z",
            "1970-01-01",
            "1970-01-01T00:00:00Z",
            "1987-12-31",
            "9999-12-31T23:59:59Z",
            "2100-01-01",
        ] {
            assert_eq!(day(text), Told::Nothing, "{text}");
        }
        for text in ["soon", "2026-13-01", "1990-1sdfsdfsdfZ", "12/31/2026"] {
            assert_eq!(day(text), Told::Odd, "{text}");
        }
    }
}
