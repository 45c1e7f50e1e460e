//! The functions that a check may use beside SQLite's own. All are deterministic.

use std::sync::Arc;

use jiff::civil::Date;
use jiff::{Span, ToSpan};
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::{Connection, Result};

use crate::advisories::Edition;
use crate::time::long_date;

/// Name and meaning of each, for `standing query --help` and `docs/checks.md`.
pub const FUNCTIONS: &[(&str, &str)] = &[
    (
        "days_between(a, b)",
        "calendar days from a to b; null if either is null",
    ),
    ("add_days(day, n)", "the day n days later"),
    (
        "add_months(day, n)",
        "the day n months later, at most the month's last",
    ),
    (
        "fold(text)",
        "lower case without accents, for comparing names",
    ),
    (
        "counted(n, thing[, things])",
        "`1 day`, `2 days`, `1,234 days`: n and the word in the right number; null if n is null",
    ),
    (
        "long_day(day)",
        "`7 November 2026`: a day as prose writes it; null if it is null",
    ),
    (
        "advised_packages(ecosystem)",
        "packages of the ecosystem that the compiled advisories in force know; 0 without any",
    ),
    (
        "version_lt(ecosystem, a, b)",
        "1 if version a is before b; null where the order is not known",
    ),
    (
        "osv_affects(ecosystem, version, events, versions)",
        "1 if the version lies in the advisory's range; null where the order is not known",
    ),
];

/// Registers the one function that asks the advisories in force.
pub(crate) fn advised(connection: &Connection, edition: Option<Arc<Edition>>) -> Result<()> {
    connection.create_scalar_function("advised_packages", 1, flags(), move |c| {
        let (Some(ecosystem), Some(edition)) = (text(c, 0)?, edition.as_deref()) else {
            return Ok(0);
        };
        let known = edition.database().map(|db| db.packages_of(ecosystem));
        Ok(known.and_then(Result::ok).unwrap_or_default())
    })
}

/// Registers the others.
pub(crate) fn register(connection: &Connection) -> Result<()> {
    let add = |name: &str, n: i32, f: fn(&Context<'_>) -> Result<Option<i64>>| {
        connection.create_scalar_function(name, n, flags(), f)
    };
    add("days_between", 2, |c| {
        let (Some(a), Some(b)) = (day(c, 0)?, day(c, 1)?) else {
            return Ok(None);
        };
        Ok(Some(i64::from((b - a).get_days())))
    })?;
    add("version_lt", 3, |c| {
        let (Some(e), Some(a), Some(b)) = (text(c, 0)?, text(c, 1)?, text(c, 2)?) else {
            return Ok(None);
        };
        Ok(standing_patching::compare(e, a, b).map(|o| i64::from(o.is_lt())))
    })?;
    add("osv_affects", 4, |c| {
        let (Some(e), Some(version)) = (text(c, 0)?, text(c, 1)?) else {
            return Ok(None);
        };
        let affected = standing_patching::affects(e, version, text(c, 2)?, text(c, 3)?);
        Ok(affected.map(i64::from))
    })?;
    connection.create_scalar_function("add_days", 2, flags(), |c| later(c, |n| n.days()))?;
    connection.create_scalar_function("add_months", 2, flags(), |c| later(c, |n| n.months()))?;
    for arguments in [2, 3] {
        connection.create_scalar_function("counted", arguments, flags(), counted)?;
    }
    connection.create_scalar_function("long_day", 1, flags(), |c| Ok(day(c, 0)?.map(long_date)))?;
    connection.create_scalar_function("fold", 1, flags(), |c| Ok(text(c, 0)?.map(fold)))
}

fn flags() -> FunctionFlags {
    FunctionFlags::SQLITE_UTF8
        | FunctionFlags::SQLITE_DETERMINISTIC
        | FunctionFlags::SQLITE_INNOCUOUS
}

fn text<'a>(c: &'a Context<'_>, i: usize) -> Result<Option<&'a str>> {
    Ok(c.get_raw(i).as_str_or_null()?)
}

/// The calendar day at the beginning of a date or instant.
fn day(c: &Context<'_>, i: usize) -> Result<Option<Date>> {
    let Some(text) = text(c, i)? else {
        return Ok(None);
    };
    let head = text.get(..10).unwrap_or(text);
    head.parse()
        .map(Some)
        .map_err(|_| rusqlite::Error::UserFunctionError("expected a date as YYYY-MM-DD".into()))
}

fn later(c: &Context<'_>, span: fn(i64) -> Span) -> Result<Option<String>> {
    let Some(from) = day(c, 0)? else {
        return Ok(None);
    };
    let n: Option<i64> = c.get(1)?;
    Ok(n.filter(|n| n.abs() < 100_000)
        .and_then(|n| from.checked_add(span(n)).ok())
        .map(|to| to.to_string()))
}

/// `1 day`, `2 days`; the plural is the third argument, or the second with an s.
fn counted(c: &Context<'_>) -> Result<Option<String>> {
    let (Some(n), Some(one)) = (c.get::<Option<i64>>(0)?, text(c, 1)?) else {
        return Ok(None);
    };
    let number = grouped(n);
    let many = if c.len() > 2 { text(c, 2)? } else { None };
    Ok(Some(match many {
        _ if n.unsigned_abs() == 1 => format!("{number} {one}"),
        Some(many) => format!("{number} {many}"),
        None => format!("{number} {one}s"),
    }))
}

/// `1,234,567`.
fn grouped(n: i64) -> String {
    let digits = n.unsigned_abs().to_string();
    let mut text = String::from(if n < 0 { "-" } else { "" });
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Lower case, accents of Latin letters removed.
pub(crate) fn fold(text: &str) -> String {
    text.chars()
        .flat_map(char::to_lowercase)
        .filter_map(fold_letter)
        .collect()
}

/// A small letter without its accent; nothing for an accent that stands alone.
pub(crate) fn fold_letter(letter: char) -> Option<char> {
    match letter {
        'à'..='å' | 'ā' | 'ă' | 'ą' => Some('a'),
        'ç' | 'ć' | 'č' => Some('c'),
        'ď' | 'đ' => Some('d'),
        'è'..='ë' | 'ē' | 'ė' | 'ę' | 'ě' => Some('e'),
        'ì'..='ï' | 'ī' | 'į' | 'ı' => Some('i'),
        'ł' => Some('l'),
        'ñ' | 'ń' | 'ň' => Some('n'),
        'ò'..='ö' | 'ø' | 'ō' | 'ő' => Some('o'),
        'ř' => Some('r'),
        'ś' | 'š' | 'ş' | 'ș' => Some('s'),
        'ť' | 'ţ' | 'ț' => Some('t'),
        'ù'..='ü' | 'ū' | 'ů' | 'ű' | 'ų' => Some('u'),
        'ý' | 'ÿ' => Some('y'),
        'ź' | 'ż' | 'ž' => Some('z'),
        '\u{300}'..='\u{36f}' => None,
        other => Some(other),
    }
}
