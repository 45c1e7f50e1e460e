//! Text for people: colour only on a terminal, dates as people write them, lines that fit.

use std::io::IsTerminal;

use standing_assess::check::Verdict;
pub use standing_assess::long_date as day;

/// How to write for whoever reads.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    colour: bool,
    /// Columns of the terminal, or 100.
    pub width: usize,
}

impl Style {
    /// For standard output as it is: colour on a terminal unless `NO_COLOR` is set.
    pub fn stdout() -> Self {
        let terminal = std::io::stdout().is_terminal();
        let plain = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
        let width = std::env::var("COLUMNS").ok().and_then(|c| c.parse().ok());
        Style {
            colour: terminal && !plain,
            width: width.unwrap_or(100).clamp(60, 140),
        }
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.colour {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }

    /// Strong.
    pub fn strong(self, text: &str) -> String {
        self.paint("1", text)
    }

    /// In the background.
    pub fn faint(self, text: &str) -> String {
        self.paint("2", text)
    }

    /// A verdict's shape: never colour alone.
    pub fn shape(self, verdict: Verdict) -> String {
        match verdict {
            Verdict::Met => self.paint("32", "✓"),
            Verdict::NotMet => self.paint("31;1", "✗"),
            Verdict::Unknown => self.paint("33;1", "?"),
            Verdict::NotApplicable => self.faint("–"),
        }
    }

    /// Text in the colour of good or bad news.
    pub fn news(self, good: bool, text: &str) -> String {
        self.paint(if good { "32;1" } else { "31;1" }, text)
    }

    /// Folds text at the width, later lines indented.
    pub fn fold(self, indent: usize, text: &str) -> String {
        let mut lines = vec![String::new()];
        for word in harmless(text).split_whitespace() {
            let line = lines.last_mut().map_or(0, |l| l.chars().count());
            if line > 0 && indent + line + 1 + word.chars().count() > self.width {
                lines.push(String::new());
            }
            if let Some(line) = lines.last_mut() {
                if !line.is_empty() {
                    line.push(' ');
                }
                line.push_str(word);
            }
        }
        lines.join(&format!("\n{}", " ".repeat(indent)))
    }
}

/// `1 file`, `2 files`, `1,234 files`.
pub fn count(n: u64, one: &str) -> String {
    format!("{} {one}{}", number(n), if n == 1 { "" } else { "s" })
}

/// The same with the word for several.
pub fn counted(n: u64, one: &str, several: &str) -> String {
    match n {
        1 => format!("1 {one}"),
        n => format!("{} {several}", number(n)),
    }
}

/// `1,234,567`.
pub fn number(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Numbers as runs: `3–5, 9`.
pub fn ranges(numbers: &[u64]) -> String {
    let mut runs: Vec<(u64, u64)> = Vec::new();
    for n in numbers {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == *n => *last = *n,
            _ => runs.push((*n, *n)),
        }
    }
    let runs: Vec<String> = runs
        .into_iter()
        .map(|(a, b)| match b - a {
            0 => a.to_string(),
            1 => format!("{a}, {b}"),
            _ => format!("{a}–{b}"),
        })
        .collect();
    runs.join(", ")
}

/// Rows as columns, each as wide as its widest cell; the last one is not padded.
pub fn table(rows: &[Vec<String>]) -> String {
    let rows: Vec<Vec<String>> = rows
        .iter()
        .map(|row| row.iter().map(|cell| harmless(cell)).collect())
        .collect();
    let mut widths: Vec<usize> = Vec::new();
    for row in &rows {
        for (i, cell) in row.iter().enumerate() {
            let width = visible(cell);
            match widths.get_mut(i) {
                Some(known) => *known = (*known).max(width),
                None => widths.push(width),
            }
        }
    }
    let mut text = String::new();
    for row in &rows {
        let mut line = String::from(" ");
        for (i, cell) in row.iter().enumerate() {
            line.push(' ');
            line.push_str(cell);
            if i + 1 < row.len() {
                line.push_str(&" ".repeat(widths[i] - visible(cell) + 1));
            }
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// A value from outside as one line that cannot steer a terminal: white space becomes blanks, other
/// control characters and those that turn the direction of writing become U+FFFD.
pub fn plain(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_whitespace() { ' ' } else { shown(c) })
        .collect()
}

/// A character as it may reach a terminal.
pub fn shown(c: char) -> char {
    match c {
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        c if c.is_control() => '\u{fffd}',
        c => c,
    }
}

/// As [`plain`], but the colours that [`Style`] gives stay.
fn harmless(text: &str) -> String {
    const OURS: &[&str] = &["[0m", "[1m", "[2m", "[32m", "[31;1m", "[33;1m", "[32;1m"];
    let mut parts = text.split('\u{1b}');
    let mut safe = plain(parts.next().unwrap_or_default());
    for part in parts {
        match OURS.iter().find(|code| part.starts_with(**code)) {
            Some(code) => {
                safe.push('\u{1b}');
                safe.push_str(code);
                safe.push_str(&plain(&part[code.len()..]));
            }
            None => {
                safe.push('\u{fffd}');
                safe.push_str(&plain(part));
            }
        }
    }
    safe
}

/// Characters that show: escape sequences do not.
fn visible(text: &str) -> usize {
    let mut shown = 0;
    let mut escaped = false;
    for c in text.chars() {
        match c {
            '\u{1b}' => escaped = true,
            'm' if escaped => escaped = false,
            _ if escaped => {}
            _ => shown += 1,
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::{Style, table};

    #[test]
    fn values_steer_no_terminal_and_our_colours_stay() {
        let style = Style {
            colour: true,
            width: 60,
        };
        let nasty = "a\u{1b}]0;x\u{7}\u{1b}[2J\nb\tc\u{9b}\u{7f}\u{202e}";
        let safe = "a\u{fffd}]0;x\u{fffd}\u{fffd}[2J b c\u{fffd}\u{fffd}\u{fffd}";
        let rows = [vec![style.strong("x"), nasty.to_owned()]];
        assert_eq!(table(&rows), format!("  \u{1b}[1mx\u{1b}[0m  {safe}\n"));
        assert_eq!(style.fold(0, nasty), safe);
    }
}
