//! What a person states is checked before it is kept: that it says something, that somebody answers
//! for it, that what it is about exists, and that it does not reach further than it may.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use rusqlite::types::Value;
use standing_assess::catalogue::Ref;
use standing_assess::{AsOf, Estate, Freshness, Index};
use standing_facts::{Cell, Row};

use crate::config::nearest;
use crate::failure::Failure;
use crate::home::Home;
use crate::judge;
use crate::patch::{self, Of};

/// For how many months an exception may be granted: then it is looked at again.
pub const EXCEPTION_MONTHS: i64 = 12;
/// For how many months a list may be called complete: then it is looked at again.
const STATEMENT_MONTHS: i64 = 12;

/// The row as it may be kept.
///
/// # Errors
/// What is missing, unknown or reaches too far.
pub fn checked(home: &Home, index: &Index, mut row: Row) -> Result<Row, Failure> {
    match row.table.name {
        "attestation" => attestation(index, &mut row)?,
        "exception" => exception(home, &row)?,
        "asset_rename" => asset_rename(home, &row)?,
        "patch_exception" => patch_exception(home, &row)?,
        "fix_date" => {
            let needed = [
                "vulnerability",
                "component",
                "reason",
                "evidence",
                "stated_by",
            ];
            wanted(&row, &needed)?;
            not_in_the_future(&row, "released_on")?;
        }
        "patch_evidence" => {
            wanted(&row, &["vulnerability", "asset", "evidence", "done_by"])?;
            not_in_the_future(&row, "done_on")?;
        }
        "patch_policy" => patch_policy(&row)?,
        "link" => known(home, &row, &["account", "person"])?,
        "account_decision" => account_decision(home, &mut row)?,
        "completeness" => completeness(&row)?,
        _ => {}
    }
    Ok(row)
}

fn at(row: &Row, column: &str) -> Option<usize> {
    row.table.columns.iter().position(|c| c.name == column)
}

fn text<'r>(row: &'r Row, column: &str) -> &'r str {
    match at(row, column).map(|i| &row.cells[i]) {
        Some(Cell::Text(text)) => text.trim(),
        _ => "",
    }
}

fn set(row: &mut Row, column: &str, value: String) {
    if let Some(i) = at(row, column) {
        row.cells[i] = Cell::Text(value);
    }
}

fn day(row: &Row, column: &str) -> Option<Date> {
    text(row, column).parse().ok()
}

fn wanted(row: &Row, columns: &[&str]) -> Result<(), Failure> {
    let lacking: Vec<&str> = columns
        .iter()
        .copied()
        .filter(|column| text(row, column).is_empty())
        .collect();
    if lacking.is_empty() {
        return Ok(());
    }
    let kind = row.table.name;
    let mut failure = Failure::usage(format!("{kind} needs {}", lacking.join(", ")));
    let each = lacking.into_iter().map(str::to_owned);
    failure.fields = each
        .map(|name| (name.clone(), format!("{kind} needs {name}")))
        .collect();
    Err(failure.hint(
        "a statement says something, and somebody answers for it; docs/facts.md has the columns",
    ))
}

/// One of these words and no other.
fn one_of(row: &Row, column: &str, words: &[&str]) -> Result<(), Failure> {
    if words.contains(&text(row, column)) {
        return Ok(());
    }
    let what = format!("{column} is one of: {}", words.join(", "));
    Err(Failure::usage(what).at(column))
}

/// Nothing may be missing, nobody approves their own, and the last day is no earlier than the first.
/// On the day before a rename the former name is known and the new one is not: two machines that stood
/// beside each other are two.
/// On the day before a rename the former name is known and the new one is not: two machines that stood
/// beside each other are two.
fn asset_rename(home: &Home, row: &Row) -> Result<(), Failure> {
    wanted(row, &["former", "name", "evidence", "stated_by"])?;
    not_in_the_future(row, "renamed_on")?;
    let Some(eve) = day(row, "renamed_on").and_then(|day| day.yesterday().ok()) else {
        return Err(Failure::usage("renamed_on is no day").at("renamed_on"));
    };
    let mut index = home.index()?;
    let estate = Estate::new(&mut index, AsOf::end_of(eve), Freshness::Disregarded, &[])?;
    let is_known = |column: &str| {
        let of = Of {
            asset: Some(text(row, column).to_owned()),
            ..Of::default()
        };
        patch::known(&estate, &of).is_ok()
    };
    for (column, expected, why) in [
        ("former", true, "was not known"),
        ("name", false, "stood beside it already"),
    ] {
        if is_known(column) != expected {
            let what = format!("{:?} {why} on {}", text(row, column), crate::text::day(eve));
            return Err(Failure::usage(what)
                .at(column)
                .hint("renamed_on is the first day on which it bears the new name"));
        }
    }
    Ok(())
}

fn patch_exception(home: &Home, row: &Row) -> Result<(), Failure> {
    wanted(
        row,
        &["vulnerability", "policy", "reason", "owner", "approved_by"],
    )?;
    let grounds = [
        "accepted risk",
        "removed",
        "out of scope",
        "mitigated",
        "false positive",
    ];
    one_of(row, "ground", &grounds)?;
    if text(row, "ground") != "accepted risk" {
        wanted(row, &["evidence"])?;
    }
    if text(row, "owner").eq_ignore_ascii_case(text(row, "approved_by")) {
        let what = "whoever answers for an exception does not approve it";
        return Err(Failure::usage(what).at("approved_by"));
    }
    if day(row, "expires_on") < day(row, "from_on") {
        let what = "the last day is before the first";
        return Err(Failure::usage(what).at("expires_on"));
    }
    admitted(home, row)
}

/// Whether there is such a policy, and whether it lets a risk be accepted where that is the ground.
fn admitted(home: &Home, row: &Row) -> Result<(), Failure> {
    let policy = text(row, "policy").to_owned();
    let mut index = home.index()?;
    let as_of = AsOf::at(Timestamp::now());
    let estate = Estate::new(&mut index, as_of, Freshness::Disregarded, &[])?;
    let of = Of {
        policy: policy.clone(),
        ..Of::default()
    };
    patch::known(&estate, &of).map_err(|failure| failure.at("policy"))?;
    let admits = estate
        .query_with(
            "select 1 where ?1 = 'DSPT'
             union all select 1 from patch_policy where name = ?1 and accepts_risk",
            &[Value::Text(policy.clone())],
            100,
        )
        .map_err(Failure::integrity)?;
    if text(row, "ground") == "accepted risk" && admits.rows.is_empty() {
        let what = format!("{policy} admits no accepted risk, so its deadline would stand");
        return Err(Failure::usage(what).at("ground").hint(
            "removed, out of scope, mitigated or false positive, each with evidence; \
             an accepted risk may suspend the DSPT's",
        ));
    }
    Ok(())
}

/// A deadline of the firm's own, under a name that no rule has.
fn patch_policy(row: &Row) -> Result<(), Failure> {
    wanted(row, &["name"])?;
    let taken = ["Cyber Essentials", "DSPT", "KEV"];
    if taken
        .iter()
        .any(|name| name.eq_ignore_ascii_case(text(row, "name")))
    {
        let what = format!(
            "{:?} is a rule's own and cannot be changed",
            text(row, "name")
        );
        return Err(Failure::usage(what)
            .at("name")
            .hint("give the firm's policy a name of its own"));
    }
    one_of(row, "covers", &["grave", "all", "exploited"])?;
    one_of(row, "starts", &["fix", "seen", "listed"])?;
    let days = at(row, "days").map(|i| &row.cells[i]);
    if !matches!(days, Some(Cell::Integer(1..=3650))) {
        return Err(Failure::usage("days is a number from 1 to 3650").at("days"));
    }
    Ok(())
}

fn today() -> Date {
    AsOf::at(Timestamp::now()).date
}

fn not_in_the_future(row: &Row, column: &str) -> Result<(), Failure> {
    match day(row, column) {
        Some(day) if day > today() => {
            Err(Failure::usage(format!("{column}={day} lies in the future"))
                .hint("nobody can state today what they will find later")
                .at(column))
        }
        _ => Ok(()),
    }
}

fn not_beyond(row: &Row, from: &str, months: i64) -> Result<(), Failure> {
    let (Some(from_day), Some(until)) = (day(row, from), day(row, "expires_on")) else {
        return Ok(());
    };
    let most = from_day.saturating_add(months.months());
    if until < today() {
        return Err(Failure::usage(format!("expires_on={until} is past already")).at("expires_on"));
    }
    if until > most {
        return Err(Failure::usage(format!(
            "expires_on={until} is more than {months} months after {from}={from_day}"
        ))
        .hint(format!("the last day it may be relied upon is {most}"))
        .at("expires_on"));
    }
    Ok(())
}

fn attestation(index: &Index, row: &mut Row) -> Result<(), Failure> {
    wanted(row, &["item", "answer", "statement", "stated_by"])?;
    let answer = text(row, "answer").to_lowercase();
    if !["yes", "no", "not applicable"].contains(&answer.as_str()) {
        return Err(Failure::usage(format!(
            "answer={answer:?}: expected yes, no or \"not applicable\""
        ))
        .at("answer"));
    }
    set(row, "answer", answer);
    let item = text(row, "item").to_owned();
    let known = judge::catalogue(index, &AsOf::at(Timestamp::now()))?;
    let reference: Option<Ref> = item.parse().ok();
    let Some(found) = reference.and_then(|r| known.item(r)) else {
        return Err(
            Failure::usage(format!("item={item:?}: no such item is known"))
                .hint("`standing status --all` lists the items")
                .at("item"),
        );
    };
    set(row, "item", found.reference.to_string());
    not_in_the_future(row, "stated_on")?;
    not_beyond(row, "stated_on", i64::from(found.renew_months))
}

fn exception(home: &Home, row: &Row) -> Result<(), Failure> {
    wanted(row, &["check_name", "subject", "reason", "approved_by"])?;
    let name = text(row, "check_name");
    let (checks, _) = judge::all_checks(&home.folder, &home.config)?;
    let names: Vec<&str> = checks.iter().map(|c| c.name.as_str()).collect();
    if !names.contains(&name) {
        let failure =
            Failure::usage(format!("check_name={name:?}: no such check")).at("check_name");
        return Err(match nearest(name, &names) {
            Some(near) => failure.hint(format!("did you mean {near}?")),
            None => failure.hint("`standing check` lists them"),
        });
    }
    not_in_the_future(row, "approved_on")?;
    not_beyond(row, "approved_on", EXCEPTION_MONTHS)
}

fn completeness(row: &Row) -> Result<(), Failure> {
    wanted(row, &["table_name", "statement", "stated_by"])?;
    let name = text(row, "table_name");
    if standing_facts::tables::table(name).is_none() {
        return Err(
            Failure::usage(format!("table_name={name:?}: no such table"))
                .hint("`standing record kinds` lists what can be recorded")
                .at("table_name"),
        );
    }
    not_in_the_future(row, "stated_on")?;
    not_beyond(row, "stated_on", STATEMENT_MONTHS)
}

/// For how many months a contractor's or a shared account may be let be: then it is looked at again.
const DECISION_MONTHS: i64 = 12;
/// Kinds of account for which somebody else than its user answers.
const ANSWERED_FOR: &[&str] = &["break-glass", "contractor", "service", "shared"];

fn account_decision(home: &Home, row: &mut Row) -> Result<(), Failure> {
    wanted(row, &["account", "reason", "decided_by"])?;
    let kind = text(row, "kind").to_lowercase();
    let kinds = [ANSWERED_FOR, &["external", "human"]].concat();
    if !kind.is_empty() && !kinds.contains(&kind.as_str()) {
        return Err(Failure::usage(format!(
            "kind={kind:?}: expected one of {}",
            kinds.join(", ")
        ))
        .at("kind"));
    }
    if ANSWERED_FOR.contains(&kind.as_str()) {
        wanted(row, &["owner"])?;
    }
    if matches!(kind.as_str(), "contractor" | "shared") {
        wanted(row, &["expires_on"])?;
    }
    if !kind.is_empty() {
        set(row, "kind", kind);
    }
    not_in_the_future(row, "decided_on")?;
    not_beyond(row, "decided_on", DECISION_MONTHS)?;
    let person = !text(row, "person").is_empty();
    known(
        home,
        row,
        if person {
            &["account", "person"]
        } else {
            &["account"]
        },
    )
}

/// That what a record names was read from some source.
fn known(home: &Home, row: &Row, tables: &[&str]) -> Result<(), Failure> {
    let mut index = home.index()?;
    let as_of = AsOf::at(Timestamp::now());
    let estate = Estate::new(&mut index, as_of, Freshness::Disregarded, &[])?;
    for table in tables {
        let id = text(row, table);
        let sql = format!(
            "select 1 from {table} where id = '{}'",
            id.replace('\'', "''")
        );
        let found = estate.query(&sql, 100).map_err(Failure::integrity)?;
        if found.rows.is_empty() {
            return Err(
                Failure::usage(format!("{table}={id:?}: no such {table} was read"))
                    .hint(format!(
                        "`standing query \"select id from {table}\"` lists them"
                    ))
                    .at(table),
            );
        }
    }
    Ok(())
}
