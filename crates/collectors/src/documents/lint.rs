//! Places that show a document unfinished.

use std::collections::BTreeSet;

use super::text::{Form, Text, cells};
use super::{blanks, marks};

/// One such place.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) rule: &'static str,
    pub(super) line: i64,
    pub(super) column: i64,
    /// The marks themselves, never the prose around them.
    pub(super) found: Option<String>,
}

/// Longest copy of the marks that is kept.
const FOUND: usize = 80;

/// Phrases that forms and filler texts leave behind.
const PHRASES: [&str; 3] = [
    "lorem ipsum",
    "click or tap here to enter",
    "click here to enter",
];

/// The faults, and the lines with code, comments and blanks taken out.
pub(super) fn lint(text: &Text) -> (Vec<Fault>, Vec<String>) {
    let mut lines = match text.form {
        Form::Markdown => marks::visible(&text.lines),
        Form::Plain => text.lines.iter().map(|l| l.chars().collect()).collect(),
    };
    let labels = marks::labels(&lines);
    let front = front_matter(&text.lines);
    let mut faults = Vec::new();
    for (number, chars) in lines.iter_mut().enumerate() {
        let mut line = Line {
            chars,
            number: place(number),
            faults: &mut faults,
        };
        line.templates();
        line.brackets(&labels, number < front);
        line.angles();
        line.words(text.form);
    }
    let visible: Vec<String> = lines.iter().map(|l| l.iter().collect()).collect();
    empty_tables(&visible, &text.lines, &mut faults);
    faults.sort_by_key(|f| (f.line, f.column));
    (faults, visible)
}

/// One-based, as people count.
pub(super) fn place(index: usize) -> i64 {
    i64::try_from(index + 1).unwrap_or(i64::MAX)
}

/// How many lines the YAML at the head takes.
pub(super) fn front_matter(lines: &[String]) -> usize {
    if lines.first().map(|l| l.trim_end()) != Some("---") {
        return 0;
    }
    let end = lines.iter().skip(1).position(|l| l.trim_end() == "---");
    end.map_or(0, |end| end + 2)
}

struct Line<'a> {
    chars: &'a mut Vec<char>,
    number: i64,
    faults: &'a mut Vec<Fault>,
}

impl Line<'_> {
    /// Notes a fault and blanks its marks out, so that they are not found twice.
    fn fault(&mut self, rule: &'static str, from: usize, until: usize) {
        let found: String = self.chars[from..until].iter().take(FOUND).collect();
        self.faults.push(Fault {
            rule,
            line: self.number,
            column: place(from),
            found: Some(found.trim().to_owned()),
        });
        self.chars[from..until].fill(' ');
    }

    /// Where `mark` stands at or behind `from`.
    fn find(&self, mark: &[char], from: usize) -> Option<usize> {
        let rest = self.chars.get(from..)?;
        rest.windows(mark.len())
            .position(|w| w == mark)
            .map(|p| p + from)
    }

    fn inner(&self, from: usize, until: usize) -> String {
        self.chars[from..until].iter().collect()
    }

    fn templates(&mut self) {
        const PAIRS: [(&str, &str); 6] = [
            ("{{", "}}"),
            ("{%", "%}"),
            ("<%", "%>"),
            ("${", "}"),
            ("%%", "%%"),
            ("«", "»"),
        ];
        for (open, close) in PAIRS {
            let open: Vec<char> = open.chars().collect();
            let close: Vec<char> = close.chars().collect();
            let mut from = 0;
            while let Some(start) = self.find(&open, from) {
                let inside = start + open.len();
                let Some(end) = self.find(&close, inside) else {
                    break;
                };
                let name = self.inner(inside, end);
                // Shells' and batch files' marks stand in prose too; there a name must follow.
                let named = !name.trim().is_empty()
                    && (!matches!(open[0], '$' | '%')
                        || name
                            .trim()
                            .chars()
                            .all(|c| c.is_alphanumeric() || "_.-:".contains(c)));
                from = inside;
                if named {
                    from = end + close.len();
                    self.fault("template variable", start, from);
                }
            }
        }
    }

    fn brackets(&mut self, labels: &BTreeSet<String>, in_front_matter: bool) {
        let mut at = 0;
        while let Some(start) = self.find(&['['], at) {
            at = start + 1;
            let Some(end) = self.find(&[']'], at) else {
                return;
            };
            if self.chars[at..end].contains(&'[') {
                continue;
            }
            let text = self.inner(start + 1, end);
            let after = self.chars.get(end + 1).copied();
            let before = start
                .checked_sub(1)
                .and_then(|b| self.chars.get(b))
                .copied();
            if after == Some('(') || after == Some(']') || matches!(before, Some('!' | '[')) {
                at = end + 1;
                continue;
            }
            if labels.contains(&text.trim().to_lowercase()) {
                at = end + 1;
                continue;
            }
            if after == Some('[')
                && let Some(close) = self.find(&[']'], end + 2)
                && labels.contains(&self.inner(end + 2, close).trim().to_lowercase())
            {
                at = close + 1;
                continue;
            }
            let is_list = in_front_matter && text.contains(',');
            if !is_list && blanks::is_blank(&text) {
                self.fault("placeholder", start, end + 1);
            }
            at = end + 1;
        }
    }

    fn angles(&mut self) {
        let mut at = 0;
        while let Some(start) = self.find(&['<'], at) {
            at = start + 1;
            let Some(end) = self.find(&['>'], at) else {
                return;
            };
            let text = self.inner(at, end);
            let is_markup = text.contains(['=', '/', ':', '@', '<', '"'])
                || text.starts_with(char::is_whitespace)
                || blanks::is_element(&text);
            if !is_markup && blanks::is_blank(&text) {
                self.fault("placeholder", start, end + 1);
            }
        }
    }

    fn words(&mut self, form: Form) {
        let lower: Vec<char> = self.chars.iter().map(|c| c.to_ascii_lowercase()).collect();
        for phrase in PHRASES {
            let phrase: Vec<char> = phrase.chars().collect();
            let mut from = 0;
            while let Some(found) = lower
                .get(from..)
                .and_then(|l| l.windows(phrase.len()).position(|w| w == phrase))
            {
                from += found + phrase.len();
                self.fault("placeholder", from - phrase.len(), from);
            }
        }
        let is_rule =
            form == Form::Markdown && self.chars.iter().all(|c| *c == '_' || c.is_whitespace());
        let mut at = 0;
        while at < self.chars.len() {
            let in_word = |c: &char| c.is_alphanumeric() || matches!(c, '/' | '.' | '-' | '_');
            let length = self.chars[at..].iter().take_while(|c| in_word(c)).count();
            let word = self.inner(at, at + length);
            let trimmed = word.trim_end_matches(['.', '-', '/']);
            let end = at + trimmed.chars().count();
            if ["TBC", "TBD"].contains(&trimmed)
                || (blanks::is_masked(trimmed) && !trimmed.contains('x'))
            {
                self.fault("placeholder", at, end);
            } else if !is_rule {
                self.lines_to_write_on(at, at + length);
            }
            at += length.max(1);
        }
    }

    /// Four underscores or more in a row: a line that somebody should have written on.
    fn lines_to_write_on(&mut self, from: usize, until: usize) {
        let mut at = from;
        while at < until {
            let run = self.chars[at..until]
                .iter()
                .take_while(|c| **c == '_')
                .count();
            if run >= 4 {
                self.fault("placeholder", at, at + run);
            }
            at += run.max(1);
        }
    }
}

/// A table with a head and nothing, or only empty rows, below it. A row whose cells hold blanks has
/// been reported for those, so the lines as written count. A head such as `| Review date | 1 March
/// 2027 |` is itself a key and its value: Word's first rows become heads.
fn empty_tables(visible: &[String], written: &[String], faults: &mut Vec<Fault>) {
    for (index, line) in visible.iter().enumerate().skip(1) {
        let head = visible[index - 1].trim();
        if !is_delimiter(line) || !head.contains('|') || is_delimiter(head) {
            continue;
        }
        let has_words = |text: &str| text.contains(char::is_alphanumeric);
        let rows = visible.iter().zip(written).skip(index + 1);
        let mut rows = rows.take_while(|(line, _)| line.contains('|'));
        let is_empty = has_words(head)
            && !is_pair(head)
            && !rows.any(|(_, row)| has_words(&row.replace("&nbsp;", "").replace("<br>", "")));
        if is_empty {
            faults.push(Fault {
                rule: "empty table",
                line: place(index - 1),
                column: 1,
                found: None,
            });
        }
    }
}

/// Two cells, of which the second holds a figure or an address and the first does not: headings
/// are words.
fn is_pair(row: &str) -> bool {
    let is_value = |cell: &str| cell.contains(|c: char| c.is_ascii_digit() || c == '@');
    match cells(row).as_deref() {
        Some([key, value]) => !is_value(key) && is_value(value),
        _ => false,
    }
}

/// `|---|:--:|`, the line below a table's head.
pub(super) fn is_delimiter(line: &str) -> bool {
    let line = line.trim();
    let cell = |c: &str| {
        let dashes = c.trim().trim_matches(':');
        !dashes.is_empty() && dashes.chars().all(|c| c == '-')
    };
    match cells(line) {
        Some(_) => {
            let inner = line.trim_matches('|');
            inner.split('|').all(cell)
        }
        None => line.contains('|') && line.split('|').all(cell),
    }
}

#[cfg(test)]
#[path = "lint_tests.rs"]
mod tests;
