//! `standing patch months`: in time or not by month, and what was open week by week.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::ToSpan;
use jiff::civil::Date;
use serde::Serialize;
use serde_json::json;

use super::{Line, Of, gaps, known, lines};
use crate::cli::{Format, When};
use crate::failure::Failure;
use crate::home::Home;
use crate::judge::Terms;
use crate::text::{self, Style, number, plain};

/// What came of the deadlines of one month.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Month {
    /// `2026-03`: the month in which they were due.
    pub(crate) month: String,
    /// Deadlines that have passed or were met: the denominator.
    pub(crate) settled: u64,
    /// Met.
    pub(crate) in_time: u64,
    /// Mended late, or still open.
    pub(crate) late: u64,
    /// Mended between two readings, one before the deadline and one after it: counted as neither.
    pub(crate) between: u64,
    /// Suspended by an exception.
    pub(crate) excepted: u64,
    /// Still running.
    pub(crate) running: u64,
    /// Not known whether a deadline holds, by the month in which it would; without one, of our first
    /// sight.
    pub(crate) unknown: u64,
    /// Days from the release of the fix to its installation: the middle one, and that which nine of
    /// ten do not exceed; of those that were mended.
    pub(crate) median_days: Option<i64>,
    /// As above.
    pub(crate) p90_days: Option<i64>,
}

impl Month {
    /// `41 of 43`.
    pub(crate) fn share(&self) -> String {
        if self.settled == 0 {
            return "none settled".into();
        }
        format!("{} of {}", number(self.in_time), number(self.settled))
    }
}

/// How many deadlines were running or over on one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Week {
    pub(crate) day: Date,
    pub(crate) open: u64,
    pub(crate) late: u64,
}

/// Runs the command. Exit code 0 if every deadline that has passed was met, 1 if not, 2 if that is not
/// known.
///
/// # Errors
/// When it could not tell.
pub fn months(home: &Home, when: &When, of: &Of, format: Format) -> Result<u8, Failure> {
    let mut index = home.index()?;
    let terms = Terms::settle(home, &index, when)?;
    let estate = terms.estate(&mut index)?;
    known(&estate, of)?;
    let (lines, gaps) = (lines(&estate, of, None)?, gaps(&estate));
    let known_from = estate.clocks_from()?;
    let months = by_month(&lines);
    let weeks = by_week(&lines, terms.as_of.date, known_from);
    match format {
        Format::Json => say!(
            "{:#}",
            json!({"as_of": terms.as_of.date, "policy": of.policy, "gaps": gaps,
                "months": months, "weeks": weeks, "known_from": known_from})
        ),
        Format::Text => {
            put!("{}", page(of, terms.as_of.date, &months, &gaps));
            put!("{}", burn_down(&weeks, known_from));
        }
    }
    let late = months.iter().any(|month| month.late > 0);
    let unknown = !gaps.is_empty() || months.iter().any(|month| month.unknown > 0);
    Ok(match (late, unknown) {
        (true, _) => 1,
        (false, true) => 2,
        (false, false) => 0,
    })
}

fn day(text: Option<&String>) -> Option<Date> {
    text.and_then(|text| text.parse().ok())
}

/// Deadlines by the month in which they fall.
pub(crate) fn by_month(lines: &[Line]) -> Vec<Month> {
    let mut months: BTreeMap<String, (Month, Vec<i64>)> = BTreeMap::new();
    for line in lines {
        let unknown = line.is_unknown();
        let of = match unknown {
            true => line.due_on.as_ref().or(line.first_seen_on.as_ref()),
            false => line
                .due_on
                .as_ref()
                .filter(|_| line.verdict != "not covered"),
        };
        let Some(key) = of.and_then(|day| day.get(..7)) else {
            continue;
        };
        let (month, took) = months.entry(key.to_owned()).or_default();
        month.month = key.to_owned();
        match line.verdict.as_str() {
            _ if unknown => month.unknown += 1,
            "met" => month.in_time += 1,
            "late" | "breached" => month.late += 1,
            "between" => month.between += 1,
            "excepted" => month.excepted += 1,
            "open" => month.running += 1,
            _ => {}
        }
        let fix = day(line.fix_released_on.as_ref());
        if let (Some(fix), Some(mended)) = (fix, day(line.mended_on.as_ref())) {
            took.push(i64::from((mended - fix).get_days()));
        }
    }
    let finish = |(mut month, mut took): (Month, Vec<i64>)| {
        took.sort_unstable();
        month.settled = month.in_time + month.late;
        let at = |per_cent: usize| took.get((took.len() * per_cent).div_ceil(100).max(1) - 1);
        (month.median_days, month.p90_days) = (at(50).copied(), at(90).copied());
        month
    };
    months.into_values().map(finish).collect()
}

/// How many weeks are looked back upon.
const WEEKS: i64 = 13;

/// Each of the last thirteen weeks since anything was read: from the later of fix and first sight until
/// it was mended. What is not known to have a deadline, and what an exception suspends today, is open and
/// never late.
pub(crate) fn by_week(lines: &[Line], as_of: Date, known_from: Option<Date>) -> Vec<Week> {
    let spans: Vec<(Date, Option<Date>, Option<Date>)> = lines
        .iter()
        .filter(|line| {
            !matches!(
                line.verdict.as_str(),
                "not covered" | "no fix" | "announced"
            )
        })
        .filter_map(|line| {
            let fix = day(line.fix_released_on.as_ref())?;
            let seen = day(line.first_seen_on.as_ref())?;
            Some((
                fix.max(seen),
                day(line.mended_on.as_ref()),
                day(line.due_on.as_ref())
                    .filter(|_| !line.is_unknown() && line.verdict != "excepted"),
            ))
        })
        .collect();
    let week = |ago: i64| {
        let day = as_of.saturating_sub((7 * ago).days());
        let open = spans
            .iter()
            .filter(|(from, to, _)| *from <= day && to.is_none_or(|to| to > day));
        let due: Vec<Option<Date>> = open.map(|(_, _, due)| *due).collect();
        Week {
            day,
            open: due.len() as u64,
            late: due
                .iter()
                .filter(|due| due.is_some_and(|due| due < day))
                .count() as u64,
        }
    };
    let read = |week: &Week| known_from.is_some_and(|from| from <= week.day);
    (0..WEEKS).rev().map(week).filter(read).collect()
}

/// Where the weeks that are known are fewer than were asked for: why.
pub(crate) fn not_before(weeks: &[Week], known_from: Option<Date>) -> Option<String> {
    if weeks.len() as i64 == WEEKS {
        return None;
    }
    Some(match known_from {
        Some(from) => format!(
            "What is installed was first read on {}: of the weeks before, nothing is known.",
            text::day(from)
        ),
        None => "What is installed was never read to the end: nothing is known of any week.".into(),
    })
}

fn page(of: &Of, as_of: Date, months: &[Month], gaps: &[String]) -> String {
    let style = Style::stdout();
    let title = format!(
        "{}, deadlines by month, as of {}",
        of.policy,
        text::day(as_of)
    );
    let mut text = format!("{}\n", style.strong(&title));
    for gap in gaps {
        let _ = writeln!(text, "  ? {}", style.fold(4, &plain(gap)));
    }
    let mut table = vec![
        [
            "  due in",
            "in time",
            "late",
            "between",
            "excepted",
            "running",
            "not known",
            "days (median, nine of ten)",
        ]
        .map(str::to_owned)
        .to_vec(),
    ];
    for month in months {
        let days = match (month.median_days, month.p90_days) {
            (Some(median), Some(p90)) => format!("{median}, {p90}"),
            _ => "–".into(),
        };
        table.push(vec![
            format!("  {}", month.month),
            month.share(),
            number(month.late),
            number(month.between),
            number(month.excepted),
            number(month.running),
            number(month.unknown),
            days,
        ]);
    }
    text.push_str(&text::table(&table));
    text
}

fn burn_down(weeks: &[Week], known_from: Option<Date>) -> String {
    let mut text =
        "\nOpen with a fix at hand, week by week; what is excepted today is not called late:\n"
            .to_owned();
    if let Some(why) = not_before(weeks, known_from) {
        let _ = writeln!(text, "  {}", Style::stdout().fold(2, &why));
    }
    let most = weeks
        .iter()
        .map(|week| week.open)
        .max()
        .unwrap_or_default()
        .max(1);
    for week in weeks {
        let width = usize::try_from(week.open * 40 / most).unwrap_or_default();
        let bar = "█".repeat(width);
        let line = format!(
            "  {}  {:>6} open, {:>6} late  {bar}",
            week.day, week.open, week.late
        );
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn what_is_not_known_stands_in_the_month_in_which_it_would_be_due() {
        let line = |due: Option<&str>| Line {
            verdict: "grade not known".into(),
            first_seen_on: Some("2026-01-05".into()),
            due_on: due.map(str::to_owned),
            ..Line::default()
        };
        let months = by_month(&[line(Some("2026-03-16")), line(None)]);
        let told: Vec<_> = months
            .iter()
            .map(|m| (m.month.as_str(), m.unknown, m.settled))
            .collect();
        assert_eq!(told, [("2026-01", 1, 0), ("2026-03", 1, 0)]);
    }

    #[test]
    fn a_week_counts_what_was_open_in_it_and_calls_late_what_is_known_to_be() {
        let line = |verdict: &str, due: &str, mended: Option<&str>| Line {
            verdict: verdict.into(),
            fix_released_on: Some("2026-03-02".into()),
            first_seen_on: Some("2026-03-05".into()),
            due_on: Some(due.into()),
            mended_on: mended.map(str::to_owned),
            ..Line::default()
        };
        let lines = [
            line("breached", "2026-03-16", None),
            line("late", "2026-03-16", Some("2026-03-20")),
            line("grade not known", "2026-03-16", None),
            line("excepted", "2026-03-16", None),
            line("not covered", "2026-03-16", None),
        ];
        let as_of = date(2026, 3, 24);
        let weeks = by_week(&lines, as_of, Some(date(2026, 3, 5)));
        let told: Vec<_> = weeks
            .iter()
            .map(|w| (w.day.to_string(), w.open, w.late))
            .collect();
        let expected = [
            ("2026-03-10".to_owned(), 4, 0),
            ("2026-03-17".to_owned(), 4, 2),
            ("2026-03-24".to_owned(), 3, 1),
        ];
        assert_eq!(told, expected);
        let why = not_before(&weeks, Some(date(2026, 3, 5))).unwrap();
        assert!(why.contains("5 March 2026"), "{why}");
        assert_eq!(by_week(&lines, as_of, None), []);
        assert_eq!(by_week(&lines, as_of, Some(date(2020, 1, 1))).len(), 13);
    }
}
