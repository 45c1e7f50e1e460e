//! What is due as an iCalendar object: RFC 5545, with the names of RFC 7986.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::Due;
use crate::serve::members::hash;

/// Octets of a line without its end.
const LINE: usize = 75;

/// Around the events.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    /// The firm.
    pub organisation: &'a str,
    /// When this was found out.
    pub at: Timestamp,
    /// What tells this vault's events from another's.
    pub origin: &'a str,
    /// Scheme, host and port of the pages.
    pub url: &'a str,
}

/// A calendar of all-day events. What is `private` is left out.
pub fn calendar(about: &About<'_>, dues: &[Due]) -> String {
    let name = text(&format!("Standing – {}", about.organisation));
    let mut out = String::new();
    for content in [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Standing//Calendar//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        &format!("NAME:{name}"),
        &format!("X-WR-CALNAME:{name}"),
        "REFRESH-INTERVAL;VALUE=DURATION:PT6H",
    ] {
        line(&mut out, content);
    }
    for due in dues {
        event(&mut out, about, due);
    }
    line(&mut out, "END:VCALENDAR");
    out
}

fn event(out: &mut String, about: &About<'_>, due: &Due) {
    let kind = due.kind.as_str();
    let uid = hash(&format!("{}\n{kind}\n{}", about.origin, due.key));
    let until = due.on.checked_add(1.day()).unwrap_or(due.on);
    for content in [
        "BEGIN:VEVENT",
        &format!("UID:{}@standing", &uid[..32]),
        &format!("DTSTAMP:{}", stamp(about.at)),
        &format!("DTSTART;VALUE=DATE:{}", date(due.on)),
        &format!("DTEND;VALUE=DATE:{}", date(until)),
        &format!("SUMMARY:{}", text(&due.title)),
        &format!("DESCRIPTION:{}", text(&description(about, due))),
        &format!("URL:{}{}", about.url, due.href),
        &format!("CATEGORIES:{}", text(kind)),
        "CLASS:PRIVATE",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
    ] {
        line(out, content);
    }
}

fn description(about: &About<'_>, due: &Due) -> String {
    let mut lines = Vec::new();
    if let Some((n, of)) = due.subjects {
        let (n, of) = (crate::text::number(n), crate::text::number(of));
        lines.push(format!("{n} of {of} by the end of the month."));
    }
    if !due.items.is_empty() {
        lines.push(format!("Items: {}.", due.items.join(", ")));
    }
    lines.push(format!("{}{}", about.url, due.href));
    lines.join("\n")
}

/// `20261121`.
fn date(day: Date) -> String {
    format!("{:04}{:02}{:02}", day.year(), day.month(), day.day())
}

/// `20261121T090000Z`.
fn stamp(at: Timestamp) -> String {
    let at = at.to_zoned(TimeZone::UTC);
    format!(
        "{}T{:02}{:02}{:02}Z",
        date(at.date()),
        at.hour(),
        at.minute(),
        at.second()
    )
}

/// A value of type TEXT. Control characters have no place in it.
fn text(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '\\' | ';' | ',' => {
                out.push('\\');
                out.push(c);
            }
            '\n' => out.push_str("\\n"),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// Writes a content line, folded so that no line has more than 75 octets and no character is cut.
fn line(out: &mut String, content: &str) {
    let mut room = LINE;
    for c in content.chars() {
        if c.len_utf8() > room {
            out.push_str("\r\n ");
            room = LINE - 1;
        }
        out.push(c);
        room -= c.len_utf8();
    }
    out.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::super::Kind;
    use super::*;
    use jiff::civil;

    const ABOUT: About<'_> = About {
        organisation: "Test; Firm, Ltd",
        at: Timestamp::UNIX_EPOCH,
        origin: "root",
        url: "https://standing.example",
    };

    fn due(title: &str) -> Due {
        Due {
            private: Some("Test Person".into()),
            items: vec!["4.2.4".into()],
            ..Due::new(
                civil::date(2026, 12, 31),
                Kind::Check,
                title.into(),
                "/checks/x".into(),
                "x".into(),
            )
        }
    }

    /// Lines as a reader has them once they are unfolded.
    fn unfolded(ics: &str) -> Vec<String> {
        ics.replace("\r\n ", "")
            .split("\r\n")
            .map(str::to_owned)
            .collect()
    }

    #[test]
    fn long_lines_are_folded_between_characters_and_come_back() {
        let title = "ü–€".repeat(60);
        let ics = calendar(&ABOUT, &[due(&title)]);
        assert!(ics.split("\r\n").all(|l| l.len() <= 75), "{ics}");
        assert!(!ics.replace("\r\n", "").contains(['\r', '\n']), "{ics}");
        assert!(unfolded(&ics).contains(&format!("SUMMARY:{title}")));
    }

    #[test]
    fn what_would_end_a_value_is_escaped() {
        let ics = calendar(&ABOUT, &[due("a,b;c\\d\ne\r\nEND:VEVENT\u{7}")]);
        let lines = unfolded(&ics);
        let summary = lines.iter().find(|l| l.starts_with("SUMMARY")).unwrap();
        assert_eq!(summary, "SUMMARY:a\\,b\\;c\\\\d\\ne\\nEND:VEVENT");
        assert_eq!(lines.iter().filter(|l| *l == "END:VEVENT").count(), 1);
        assert!(lines.contains(&"NAME:Standing – Test\\; Firm\\, Ltd".to_owned()));
    }

    #[test]
    fn an_event_lasts_the_day_keeps_its_name_and_names_nobody() {
        let ics = calendar(&ABOUT, &[due("a")]);
        let lines = unfolded(&ics);
        assert!(lines.contains(&"DTSTART;VALUE=DATE:20261231".to_owned()));
        assert!(lines.contains(&"DTEND;VALUE=DATE:20270101".to_owned()));
        assert!(lines.contains(&"DTSTAMP:19700101T000000Z".to_owned()));
        assert!(!ics.contains("Test Person"));
        let uid = |ics: &str| unfolded(ics).into_iter().find(|l| l.starts_with("UID"));
        let later = About {
            at: Timestamp::MAX,
            ..ABOUT
        };
        let moved = Due {
            on: civil::date(2026, 12, 1),
            ..due("other words")
        };
        assert_eq!(uid(&ics), uid(&calendar(&later, &[moved])));
    }
}
