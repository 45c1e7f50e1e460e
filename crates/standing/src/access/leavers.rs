//! `standing access leavers`: when the accounts of those who left stopped working.

use std::fmt::Write as _;

use jiff::civil::Date;
use serde::Serialize;
use serde_json::json;
use standing_assess::Estate;

use super::{Cells, ask, gaps, wanted};
use crate::cli::{Format, When};
use crate::failure::Failure;
use crate::home::Home;
use crate::judge::Terms;
use crate::text::{self, Style, count};

/// An account of somebody who left within two years, or that is open still.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Ended {
    pub(crate) system: String,
    account: String,
    pub(crate) login: String,
    pub(crate) person: String,
    left_on: String,
    pub(crate) open: Option<bool>,
    earliest_on: Option<String>,
    latest_on: Option<String>,
    exact: bool,
    basis: String,
    /// Days from the last day until it was closed: at least, and at most. None where one is not known.
    days_at_least: Option<i64>,
    days_at_most: Option<i64>,
}

const SQL: &str = "
select system, account, login, person, left_on, open, earliest_on, latest_on, exact, basis,
       max(0, days_between(left_on, earliest_on)), max(0, days_between(left_on, latest_on))
from access_ended where ?1 is null or system = ?1
order by system collate nocase, left_on desc, login";

/// Runs the command. Exit code 0 if every account is closed, 1 if one is open, 2 if one is not known.
///
/// # Errors
/// When it could not tell.
pub fn leavers(
    home: &Home,
    when: &When,
    system: Option<&str>,
    format: Format,
) -> Result<u8, Failure> {
    let mut index = home.index()?;
    let terms = Terms::settle(home, &index, when)?;
    let estate = terms.estate(&mut index)?;
    let (ended, gaps) = found(&estate, system)?;
    match format {
        Format::Json => say!(
            "{:#}",
            json!({"as_of": terms.as_of.date, "accounts": ended, "gaps": gaps})
        ),
        Format::Text => put!(
            "{}",
            to_text(terms.as_of.date, &ended, &gaps, Style::stdout())
        ),
    }
    let open = ended.iter().any(|e| e.open == Some(true));
    let unknown = !gaps.is_empty() || ended.iter().any(|e| e.open.is_none());
    Ok(match (open, unknown) {
        (true, _) => 1,
        (false, true) => 2,
        (false, false) => 0,
    })
}

/// The accounts of one system, or of all, system by system, and what is not known of them.
///
/// # Errors
/// When SQLite refuses.
pub(crate) fn found(
    estate: &Estate<'_>,
    system: Option<&str>,
) -> Result<(Vec<Ended>, Vec<String>), Failure> {
    let rows = ask(estate, SQL, &[wanted(system)])?;
    let ended = rows.iter().map(|row| read(&Cells(row)));
    Ok((ended.collect(), gaps(estate, &["access_ended"])))
}

fn read(row: &Cells<'_>) -> Ended {
    let exact = row.truth(8).unwrap_or_default();
    let latest = row.text(7);
    Ended {
        system: row.word(0),
        account: row.word(1),
        login: row.word(2),
        person: row.word(3),
        left_on: row.word(4),
        open: row.truth(5),
        earliest_on: row.text(6),
        exact,
        basis: row.word(9),
        days_at_least: row.number(10),
        days_at_most: latest.is_some().then(|| row.number(11)).flatten(),
        latest_on: latest,
    }
}

fn to_text(as_of: Date, ended: &[Ended], gaps: &[String], style: Style) -> String {
    let title = format!("Accounts of leavers, as of {}", text::day(as_of));
    let mut out = format!("{}\n", style.strong(&title));
    for gap in gaps {
        let _ = writeln!(out, "? {}", style.fold(2, gap));
    }
    if ended.is_empty() {
        out.push_str("  None is known of.\n");
    }
    for these in by_system(ended) {
        out.push_str(&one_system(these, style));
    }
    out
}

/// Those of one system after another.
pub(crate) fn by_system(ended: &[Ended]) -> impl Iterator<Item = &[Ended]> {
    ended.chunk_by(|a, b| a.system.eq_ignore_ascii_case(&b.system))
}

/// `Directory: 3 accounts, 1 open, closed after 4 days at the latest`.
pub(crate) fn in_short(ended: &[Ended]) -> String {
    let system = ended.first().map_or("", |e| e.system.as_str());
    let open = ended.iter().filter(|e| e.open == Some(true)).count();
    let unknown = ended.iter().filter(|e| e.open.is_none()).count();
    let worst = ended.iter().filter(|e| e.earliest_on.is_some());
    let worst = worst.filter_map(|e| e.days_at_most).max();
    let mut short = format!("{system}: {}", count(ended.len() as u64, "account"));
    let _ = match open {
        0 => write!(short, ", none open"),
        n => write!(short, ", {n} open"),
    };
    if unknown > 0 {
        let _ = write!(short, ", {unknown} not known");
    }
    if let Some(days) = worst {
        let _ = write!(short, ", closed after {} at the latest", count_days(days));
    }
    short
}

fn one_system(ended: &[Ended], style: Style) -> String {
    let heading = text::plain(&in_short(ended));
    let mut out = format!("\n{}\n", style.strong(&heading));
    let rows: Vec<Vec<String>> = ended.iter().map(line).collect();
    out.push_str(&text::table(&rows));
    out
}

impl Ended {
    /// The last day, as people write it.
    pub(crate) fn left(&self) -> String {
        long(&self.left_on)
    }

    /// Since when it does not work, or that it does.
    pub(crate) fn when(&self) -> String {
        let day = |text: &Option<String>| text.as_deref().map_or_else(String::new, long);
        match (self.open, self.exact, &self.earliest_on) {
            (Some(true), ..) => "still works".into(),
            (None, ..) => "whether it works is not known".into(),
            (_, true, _) => format!("closed on {}", day(&self.latest_on)),
            (_, _, None) => format!(
                "closed when first read on {}; no reading saw it work",
                day(&self.latest_on)
            ),
            (_, _, Some(_)) => format!(
                "closed between {} and {}",
                day(&self.earliest_on),
                day(&self.latest_on)
            ),
        }
    }

    /// Days from the last day until it was closed; empty where they are not known.
    pub(crate) fn days(&self) -> String {
        match (self.days_at_least, self.days_at_most) {
            _ if self.open != Some(false) || self.earliest_on.is_none() => String::new(),
            (Some(least), Some(most)) if least == most => count_days(most),
            (Some(least), Some(most)) => format!("{least} to {}", count_days(most)),
            _ => String::new(),
        }
    }
}

fn line(one: &Ended) -> Vec<String> {
    vec![
        text::plain(&one.login),
        format!("left {}", one.left()),
        one.when(),
        one.days(),
    ]
}

fn long(day: &str) -> String {
    day.parse().map_or_else(|_| day.to_owned(), text::day)
}

fn count_days(days: i64) -> String {
    count(days.unsigned_abs(), "day")
}
