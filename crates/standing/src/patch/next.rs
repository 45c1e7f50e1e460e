//! `standing patch next`: what breaches next.

use std::fmt::Write as _;

use serde_json::json;

use super::{Line, Of, gaps, known, lines};
use crate::cli::{Format, When};
use crate::failure::Failure;
use crate::home::Home;
use crate::judge::Terms;
use crate::text::{self, Style, count, plain};

/// Runs the command. Exit code 0 if nothing is late, 1 if something is, 2 if that is not known.
///
/// # Errors
/// When it could not tell.
pub fn next(home: &Home, when: &When, of: &Of, rows: usize, format: Format) -> Result<u8, Failure> {
    let mut index = home.index()?;
    let terms = Terms::settle(home, &index, when)?;
    let estate = terms.estate(&mut index)?;
    known(&estate, of)?;
    let (lines, gaps) = (lines(&estate, of, None)?, gaps(&estate));
    let open: Vec<&Line> = lines.iter().filter(|line| line.is_open()).collect();
    let sum = Sum::of(&open);
    match format {
        Format::Json => say!(
            "{:#}",
            json!({"as_of": terms.as_of.date, "policy": of.policy, "gaps": gaps,
                "open": sum, "clocks": open})
        ),
        Format::Text => put!("{}", page(of, terms.as_of.date, &open, &sum, &gaps, rows)),
    }
    Ok(match (sum.breached, sum.unknown > 0 || !gaps.is_empty()) {
        (1.., _) => 1,
        (0, true) => 2,
        (0, false) => 0,
    })
}

/// How what is open stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Sum {
    pub(crate) all: u64,
    pub(crate) breached: u64,
    pub(crate) due_within_seven_days: u64,
    pub(crate) running: u64,
    pub(crate) excepted: u64,
    pub(crate) without_fix: u64,
    pub(crate) unknown: u64,
    pub(crate) not_covered: u64,
}

impl Sum {
    pub(crate) fn of(open: &[&Line]) -> Sum {
        let mut sum = Sum::default();
        for line in open {
            sum.all += 1;
            match line.verdict.as_str() {
                "breached" => sum.breached += 1,
                "open" => {
                    sum.running += 1;
                    sum.due_within_seven_days += u64::from(line.days.is_some_and(|d| d <= 7));
                }
                "excepted" => sum.excepted += 1,
                "no fix" | "announced" => sum.without_fix += 1,
                "not covered" => sum.not_covered += 1,
                _ => sum.unknown += 1,
            }
        }
        sum
    }

    /// In words: `3 late, 5 in time (2 of them due within 7 days)`.
    pub(crate) fn words(&self) -> String {
        let mut parts = vec![format!("{} late", text::number(self.breached))];
        parts.push(format!(
            "{} in time ({} of them due within 7 days)",
            text::number(self.running),
            text::number(self.due_within_seven_days)
        ));
        for (n, what) in [
            (self.excepted, "excepted"),
            (self.without_fix, "without a fix that can be had"),
            (self.unknown, "not known"),
            (self.not_covered, "not covered by the policy"),
        ] {
            if n > 0 {
                parts.push(format!("{} {what}", text::number(n)));
            }
        }
        format!(
            "Of {} open: {}.",
            count(self.all, "finding"),
            parts.join(", ")
        )
    }
}

fn page(
    of: &Of,
    as_of: jiff::civil::Date,
    open: &[&Line],
    sum: &Sum,
    gaps: &[String],
    rows: usize,
) -> String {
    let style = Style::stdout();
    let mut text = format!(
        "{}\n",
        style.strong(&format!("{}, as of {}", of.policy, text::day(as_of)))
    );
    let _ = writeln!(text, "{}", style.fold(0, &sum.words()));
    for gap in gaps {
        let _ = writeln!(text, "  ? {}", style.fold(4, &plain(gap)));
    }
    let shown: Vec<&&Line> = open
        .iter()
        .filter(|line| line.verdict != "not covered")
        .collect();
    let table: Vec<Vec<String>> = shown.iter().take(rows).map(|line| row(line)).collect();
    text.push_str(&text::table(&table));
    if shown.len() > rows {
        let more = count((shown.len() - rows) as u64, "line");
        let _ = writeln!(text, "and {more} more: --rows {}", shown.len());
    }
    text
}

fn row(line: &Line) -> Vec<String> {
    let shape = match line.verdict.as_str() {
        "breached" => "✗",
        "open" | "excepted" => "✓",
        _ if line.is_unknown() => "?",
        _ => "–",
    };
    let exploited = match &line.exploited_on {
        Some(_) => ", exploited",
        None => "",
    };
    vec![
        format!("  {shape} {}", plain(&line.asset)),
        plain(&line.component),
        plain(&line.vulnerability),
        format!("{}{exploited}", line.deadline()),
    ]
}
