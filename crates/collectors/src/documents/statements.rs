//! What a document says about itself: title, version, approval, next review.

use jiff::civil::Date;

use super::lint::{Fault, front_matter, place};
use super::text::{Form, Text, cells, plain};
use crate::dates;

const REVIEW: [&str; 17] = [
    "review date",
    "next review",
    "next review date",
    "next review due",
    "next review due date",
    "next review by",
    "review due",
    "review due date",
    "review by",
    "date of next review",
    "date for review",
    "date for next review",
    "due for review",
    "next scheduled review",
    "review on",
    "review_date",
    "next_review",
];
const REVIEW_KEYS: [&str; 3] = ["review_by", "review-by", "next-review"];
/// Keys behind which a day or a person may stand.
const REVIEW_OR_WHOM: [&str; 3] = ["to be reviewed by", "to be reviewed on", "reviewed next"];
const APPROVED: [&str; 11] = [
    "approved on",
    "date approved",
    "approval date",
    "date of approval",
    "approved date",
    "approved",
    "date ratified",
    "ratified on",
    "approved_on",
    "approval_date",
    "approved-on",
];
const VERSION: [&str; 6] = [
    "version",
    "version number",
    "version no",
    "document version",
    "version no.",
    "doc version",
];

/// Phrases in prose behind which the next review's day stands.
const PROSE: [&str; 9] = [
    "next review is due",
    "next review due",
    "next review date is",
    "next review is",
    "next review will be",
    "due for review",
    "be reviewed by",
    "be reviewed on",
    "be reviewed before",
];

#[derive(Default)]
pub(super) struct Statements {
    pub(super) title: Option<String>,
    pub(super) version: Option<String>,
    pub(super) approved_on: Option<Date>,
    pub(super) review_by: Option<Date>,
    pub(super) faults: Vec<Fault>,
}

/// Reads them from the lines without code and blanks. The first statement of each kind counts.
pub(super) fn read(text: &Text, visible: &[String]) -> Statements {
    let mut said = Statements {
        title: title(text, visible),
        ..Statements::default()
    };
    for (index, line) in visible.iter().enumerate() {
        let pairs = pairs(line);
        for (key, value) in &pairs {
            said.pair(key, value, visible, &text.lines, index);
        }
        if pairs.is_empty() {
            said.prose(line);
        }
    }
    said
}

impl Statements {
    fn pair(
        &mut self,
        key: &str,
        value: &str,
        visible: &[String],
        written: &[String],
        index: usize,
    ) {
        if REVIEW.contains(&key) || REVIEW_KEYS.contains(&key) {
            let below = || visible.get(index + 1).filter(|_| value.is_empty());
            let day = last_day(value).or_else(|| last_day(below()?));
            self.review_by = self.review_by.or(day);
            if day.is_none() {
                self.unreadable(value, written, index);
            }
        } else if REVIEW_OR_WHOM.contains(&key) {
            self.review_by = self.review_by.or(last_day(value));
        } else if APPROVED.contains(&key) || key.starts_with("approved by ") {
            self.approved_on = self.approved_on.or(find(value));
        } else if VERSION.contains(&key) {
            let word = value.split_whitespace().next().unwrap_or_default();
            let is_version = word.contains(|c: char| c.is_ascii_digit()) && word.len() <= 20;
            let version = is_version.then(|| word.trim_end_matches([',', ';', '.']).to_owned());
            self.version = self.version.take().or(version);
        }
    }

    /// A value that is there and is no day. Where nothing is left of it, blanks have been reported;
    /// where nothing ever stood, only a table's empty cell is a fault.
    fn unreadable(&mut self, value: &str, written: &[String], index: usize) {
        let line = &written[index];
        let never_stood = cells(line).is_some_and(|c| c.iter().any(String::is_empty));
        if value.is_empty() && !never_stood {
            return;
        }
        let column = line.find(value).map_or(0, |at| line[..at].chars().count());
        let is_short = !value.is_empty() && value.split_whitespace().count() <= 4;
        self.faults.push(Fault {
            rule: "unreadable date",
            line: place(index),
            column: place(if value.is_empty() { 0 } else { column }),
            found: is_short.then(|| value.chars().take(40).collect()),
        });
    }

    fn prose(&mut self, line: &str) {
        let line = plain(line);
        let lower = line.to_ascii_lowercase();
        if self.review_by.is_none()
            && let Some(rest) = PROSE.iter().find_map(|p| behind(&line, &lower, p))
        {
            self.review_by = find(rest);
        }
        if self.review_by.is_none()
            && let Some((before, rest)) = around(&line, &lower, "review by ")
            && !["last ", "previous "].iter().any(|w| before.ends_with(w))
        {
            self.review_by = at_once(rest);
        }
        if self.approved_on.is_none()
            && !lower.contains("not approved")
            && let Some(rest) =
                behind(&line, &lower, "approved by").or(behind(&line, &lower, "approved on"))
        {
            self.approved_on = find(rest);
        }
    }
}

/// What stands behind `phrase`. ASCII letters change neither length nor place when made small.
fn behind<'a>(line: &'a str, lower: &str, phrase: &str) -> Option<&'a str> {
    let at = lower.find(phrase)?;
    line.get(at + phrase.len()..)
}

/// What stands before the phrase, in small letters, and behind it.
fn around<'a>(line: &'a str, lower: &'a str, phrase: &str) -> Option<(&'a str, &'a str)> {
    let at = lower.find(phrase)?;
    Some((lower.get(..at)?, line.get(at + phrase.len()..)?))
}

/// Keys and values of a line: `Key: value`, or the cells of a table's row side by side.
pub(super) fn pairs(line: &str) -> Vec<(String, String)> {
    if let Some(cells) = cells(line) {
        let sides = cells.windows(2);
        return sides.map(|side| (key(&side[0]), side[1].clone())).collect();
    }
    let line = line.trim_start_matches([' ', '\t', '>', '-', '*', '#', '•', '+']);
    match line.split_once(':') {
        Some((before, after)) if before.split_whitespace().count() <= 8 => {
            vec![(key(before), plain(after.trim_start_matches('*')))]
        }
        _ => Vec::new(),
    }
}

fn key(text: &str) -> String {
    plain(text)
        .trim_end_matches([':', '*'])
        .trim()
        .to_lowercase()
}

/// The first day that is named in the text.
fn find(text: &str) -> Option<Date> {
    let words: Vec<&str> = text.split_whitespace().collect();
    (0..words.len())
        .take(30)
        .find_map(|start| begins(&words[start..]))
}

/// The day that the words begin with.
fn begins(words: &[&str]) -> Option<Date> {
    (1..=4).find_map(|length| {
        let words = words.get(..length)?.join(" ");
        dates::parse(words.trim_matches(['.', ',', ';', '(', ')', '*', '_', ':']))
    })
}

/// The day that the text begins with, or the last one of the month that it is: what stands further
/// on in the sentence is another day.
fn at_once(text: &str) -> Option<Date> {
    let words: Vec<&str> = text.split_whitespace().collect();
    begins(&words).or_else(|| last_day(text).filter(|_| words.len() == 2))
}

/// The first day that is named; a month without a day means its last one.
fn last_day(text: &str) -> Option<Date> {
    find(text).or_else(|| {
        let text = text.trim().trim_end_matches('.');
        let words = text.split_whitespace().count();
        let first = dates::parse(&format!("1 {text}")).filter(|_| words == 2)?;
        Some(first.last_of_month())
    })
}

fn title(text: &Text, visible: &[String]) -> Option<String> {
    let front = front_matter(&text.lines);
    let stated = visible.iter().take(front).find_map(|line| {
        let (key, value) = line.split_once(':')?;
        (key.trim() == "title").then(|| value.trim().trim_matches(['"', '\'']).to_owned())
    });
    let body = || visible.iter().skip(front);
    let heading = || {
        let marked = text.form == Form::Markdown;
        let heading = body().find_map(|l| l.trim_start().strip_prefix('#').filter(|_| marked));
        heading.map(|h| h.trim_matches('#').to_owned())
    };
    let first = || body().find(|l| l.contains(char::is_alphanumeric)).cloned();
    let title = stated
        .filter(|t| !t.is_empty())
        .or_else(heading)
        .or_else(first)?;
    let words: Vec<&str> = title.split_whitespace().collect();
    let title: String = plain(&words.join(" ")).chars().take(160).collect();
    (!title.is_empty()).then_some(title)
}

/// The kind by the title's words or, where those say nothing, the path's.
pub(super) fn kind(title: Option<&str>, path: &str) -> &'static str {
    const WORDS: [(&str, &str); 10] = [
        ("policy", "policy"),
        ("policies", "policy"),
        ("plan", "plan"),
        ("notice", "notice"),
        ("procedure", "procedure"),
        ("process", "procedure"),
        ("sop", "procedure"),
        ("playbook", "procedure"),
        ("register", "register"),
        ("log", "register"),
    ];
    let of = |text: &str| {
        let text = text.to_lowercase();
        let mut words = text.split(|c: char| !c.is_alphanumeric());
        let found = words.find_map(|w| WORDS.iter().find(|(word, _)| *word == w));
        found.map(|(_, kind)| *kind)
    };
    title.and_then(of).or_else(|| of(path)).unwrap_or("other")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Statements {
        let text = Text::new(Form::Markdown, text);
        let (_, visible) = super::super::lint::lint(&text);
        read(&text, &visible)
    }

    #[test]
    fn the_next_review_is_read_from_each_form() {
        let expected = Some(jiff::civil::date(2027, 3, 12));
        for text in [
            "Review date: 12 March 2027",
            "**Next review date:** 12/03/2027",
            "- Review by: 2027-03-12",
            "| Next review | 12 March 2027 |",
            "| Version | 1 | Review date | 12 March 2027 |",
            "Next review:\n12 March 2027",
            "This policy is due for review on 12 March 2027.",
            "It must be reviewed by the SIRO and be reviewed by 12 March 2027 at the latest.",
            "---\nreview_by: 2027-03-12\n---",
            "Review date: 12th March 2027 (annually)",
            "Review by 12/03/2027",
            "**Review by** 12th of March 2027.",
            "Version 3, review by 12 March 2027, then every year",
            "To be reviewed by 12 March 2027",
            "To be reviewed by: 12 March 2027",
            "| Review date | 12 March 2027 |\n|---|---|",
        ] {
            let said = said(text);
            assert_eq!(said.review_by, expected, "{text}");
            assert!(said.faults.is_empty(), "{text}: {:?}", said.faults);
        }
    }

    #[test]
    fn other_days_are_no_next_review() {
        for text in [
            "Last reviewed: 12 March 2027",
            "Last review date: 12 March 2027",
            "It was reviewed on 12 March 2027.",
            "Review frequency: every year",
            "Date: 12 March 2027",
            "Last review by 12 March 2027",
            "Subject to review by the board of 12 March 2027",
            "To be reviewed by: Jane Doe",
            "It was not approved by the board on 12 March 2027.",
        ] {
            let said = said(text);
            assert_eq!((said.review_by, said.approved_on), (None, None), "{text}");
            assert!(said.faults.is_empty(), "{text}: {:?}", said.faults);
        }
    }

    #[test]
    fn what_should_be_a_day_and_is_none_is_a_fault() {
        for (text, line, column, found) in [
            ("Review date: soon", 1, 14, Some("soon")),
            (
                "Text\n\n| Next review | Annually |",
                3,
                17,
                Some("Annually"),
            ),
            ("| Next review | |", 1, 1, None),
            ("Review date: 31/02/2027", 1, 14, Some("31/02/2027")),
            ("Review date: whenever Jane Doe finds the time", 1, 14, None),
        ] {
            let faults = said(text).faults;
            let expected = Fault {
                rule: "unreadable date",
                line,
                column,
                found: found.map(str::to_owned),
            };
            assert_eq!(faults, [expected], "{text}");
        }
        assert!(
            said("Review date: [TBC]").faults.is_empty(),
            "reported as a placeholder"
        );
    }

    #[test]
    fn title_version_approval_and_kind() {
        let said =
            said("# Backup **Plan** #\nVersion: 1.2, final\nApproved by the board on 3 May 2026.");
        assert_eq!(said.title.as_deref(), Some("Backup Plan"));
        assert_eq!(said.version.as_deref(), Some("1.2"));
        assert_eq!(said.approved_on, Some(jiff::civil::date(2026, 5, 3)));
        let by = self::said("Approved by the board: 3 May 2026\nApproved by: Jane Doe");
        assert_eq!(by.approved_on, Some(jiff::civil::date(2026, 5, 3)));
        for (title, path, expected) in [
            (Some("Backup Plan"), "policies/x.md", "plan"),
            (Some("Example Health"), "policies/x.md", "policy"),
            (Some("Planning"), "x.md", "other"),
            (None, "privacy-notice.md", "notice"),
        ] {
            assert_eq!(kind(title, path), expected);
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "(Review date|Version|approved by|[:|# \n*]|\\PC){0,40}") {
            said(&text);
        }
    }
}
