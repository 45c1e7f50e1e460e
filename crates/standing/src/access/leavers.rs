//! `standing access leavers`: when the accounts of those who left stopped working.

use std::fmt::Write as _;

use jiff::civil::Date;
use serde::Serialize;
use serde_json::json;

use super::{Cells, ask, gaps, wanted};
use crate::cli::{Format, When};
use crate::failure::Failure;
use crate::home::Home;
use crate::judge::Terms;
use crate::text::{self, Style, count};

/// An account of somebody who left within two years, or that is open still.
#[derive(Debug, Serialize)]
struct Ended {
    system: String,
    account: String,
    login: String,
    person: String,
    left_on: String,
    open: Option<bool>,
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
    let ended: Vec<Ended> = ask(&estate, SQL, &[wanted(system)])?
        .iter()
        .map(|row| read(&Cells(row)))
        .collect();
    let gaps = gaps(&estate, &["access_ended"]);
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
    let mut rest = ended;
    while let Some(first) = rest.first() {
        let end = rest
            .iter()
            .position(|e| !e.system.eq_ignore_ascii_case(&first.system))
            .unwrap_or(rest.len());
        let (these, later) = rest.split_at(end);
        out.push_str(&one_system(&first.system, these, style));
        rest = later;
    }
    out
}

fn one_system(system: &str, ended: &[Ended], style: Style) -> String {
    let open = ended.iter().filter(|e| e.open == Some(true)).count();
    let worst = ended.iter().filter(|e| e.earliest_on.is_some());
    let worst = worst.filter_map(|e| e.days_at_most).max();
    let mut heading = format!("{system}: {}", count(ended.len() as u64, "account"));
    let _ = match open {
        0 => write!(heading, ", none open"),
        n => write!(heading, ", {n} open"),
    };
    if let Some(days) = worst {
        let _ = write!(heading, ", closed after {} at the latest", count_days(days));
    }
    let mut out = format!("\n{}\n", style.strong(&text::plain(&heading)));
    let rows: Vec<Vec<String>> = ended.iter().map(line).collect();
    out.push_str(&text::table(&rows));
    out
}

fn line(one: &Ended) -> Vec<String> {
    let day = |text: &Option<String>| text.as_deref().map_or_else(String::new, long);
    let when = match (one.open, one.exact, &one.earliest_on) {
        (Some(true), ..) => "still works".into(),
        (None, ..) => "whether it works is not known".into(),
        (_, true, _) => format!("closed on {}", day(&one.latest_on)),
        (_, _, None) => format!(
            "closed when first read on {}; no reading saw it work",
            day(&one.latest_on)
        ),
        (_, _, Some(_)) => format!(
            "closed between {} and {}",
            day(&one.earliest_on),
            day(&one.latest_on)
        ),
    };
    let days = match (one.days_at_least, one.days_at_most) {
        _ if one.open != Some(false) || one.earliest_on.is_none() => String::new(),
        (Some(least), Some(most)) if least == most => count_days(most),
        (Some(least), Some(most)) => format!("{least} to {}", count_days(most)),
        _ => String::new(),
    };
    vec![
        text::plain(&one.login),
        format!("left {}", long(&one.left_on)),
        when,
        days,
    ]
}

fn long(day: &str) -> String {
    day.parse().map_or_else(|_| day.to_owned(), text::day)
}

fn count_days(days: i64) -> String {
    count(days.unsigned_abs(), "day")
}
