//! Words and numbers as pages write them, for templates.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use standing_assess::check::Verdict;

/// `7 November 2026`.
pub fn day(day: &Date) -> String {
    crate::text::day(*day)
}

/// `7 November 2026, 14:08`, as the clock stands in the United Kingdom.
pub fn moment(at: &Timestamp) -> String {
    let zone = TimeZone::get("Europe/London").unwrap_or(TimeZone::UTC);
    let at = at.to_zoned(zone);
    format!(
        "{}, {:02}:{:02}",
        crate::text::day(at.date()),
        at.hour(),
        at.minute()
    )
}

/// The same of an instant as the vault writes it; what is no instant is given back as it is.
pub fn instant(text: &str) -> String {
    text.parse()
        .map_or_else(|_| text.to_owned(), |at| moment(&at))
}

/// `1,234,567`.
pub fn number(n: &u64) -> String {
    crate::text::number(*n)
}

/// `1 file`, `2 files`.
pub fn count(n: &u64, one: &str) -> String {
    crate::text::count(*n, one)
}

/// The class of a verdict's tag.
pub fn class(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Met => "met",
        Verdict::NotMet => "not-met",
        Verdict::Unknown => "unknown",
        Verdict::NotApplicable => "not-applicable",
    }
}

/// A verdict's shape: never colour alone.
pub fn shape(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Met => "✓",
        Verdict::NotMet => "✗",
        Verdict::Unknown => "?",
        Verdict::NotApplicable => "–",
    }
}

/// Text as it may stand in the part of a URL after `?name=`, or as one step of its path.
pub fn url(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes())
        .collect::<String>()
        .replace('+', "%20")
}

/// The same beginning with a capital letter.
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_told_by_the_clock_of_the_united_kingdom() {
        assert_eq!(instant("2026-07-01T13:08:59.000Z"), "1 July 2026, 14:08");
        assert_eq!(
            instant("2026-11-07T23:59:59.000Z"),
            "7 November 2026, 23:59"
        );
        assert_eq!(instant("soon"), "soon");
    }

    #[test]
    fn hostile_text_stays_one_step_of_a_path() {
        assert_eq!(url("a/b?c&d e"), "a%2Fb%3Fc%26d%20e");
    }
}
