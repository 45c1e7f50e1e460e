//! Signs that rows were decided without being looked at. They are reported and accuse nobody: a quick
//! reviewer may know every account by heart.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;
use standing_assess::Index;

use super::entries::value;
use super::{Reviewer, campaign};
use crate::failure::Failure;

/// So quick a median, in milliseconds a row, is told.
const QUICK_MS: u64 = 2_000;
/// With fewer rows nothing is concluded.
const ENOUGH: u64 = 20;
/// Rows of a page, for the last one.
const PAGE: usize = 20;
/// So many rows within so many seconds are one burst.
const BURST_SECONDS: i64 = 60;

/// How one reviewer decided.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Signals {
    /// Who.
    pub reviewer: Reviewer,
    /// Rows they decided (the last word on each counts).
    pub decided: u64,
    /// Rows of theirs against which something speaks.
    pub flagged: u64,
    /// Rows they kept.
    pub kept: u64,
    /// Rows that were decided in bulk.
    pub bulk: u64,
    /// Median time on screen, milliseconds a row; null: no screen told it.
    pub median_dwell_ms: Option<u64>,
    /// Rows a minute from the first to the last entry; null: there is one entry only.
    pub rows_a_minute: Option<u64>,
    /// What is worth a look, in words.
    pub signs: Vec<String>,
}

#[derive(Default)]
struct Seen {
    /// Milliseconds a row, once for each row.
    dwell: Vec<u64>,
    entries: BTreeMap<u64, (Option<Timestamp>, u64)>,
    unopened: BTreeSet<u64>,
    unshown: BTreeSet<u64>,
    bulk: BTreeSet<u64>,
    decided: BTreeSet<u64>,
}

/// How each reviewer of a campaign decided.
///
/// # Errors
/// When there is no such campaign.
pub fn signals(index: &Index, id: &str) -> Result<Vec<Signals>, Failure> {
    let campaign = campaign(index, id)?;
    let mut seen: BTreeMap<String, Seen> = BTreeMap::new();
    for batch in index.review_batches(id, "decided")? {
        let details = value(&batch.json);
        let of = seen.entry(batch.reviewer.clone()).or_default();
        let items = details["items"].as_array().map_or(&[][..], Vec::as_slice);
        let numbers: Vec<u64> = items.iter().filter_map(|i| i["row"].as_u64()).collect();
        let many = numbers.len().max(1) as u64;
        if let Some(ms) = details["dwell_ms"].as_u64() {
            of.dwell.extend(numbers.iter().map(|_| ms / many));
        }
        of.entries
            .insert(batch.entry, (batch.at.parse().ok(), many));
        if details["evidence"].as_bool() == Some(false) {
            of.unopened.extend(&numbers);
        }
        if details["shown_at"].is_null() {
            of.unshown.extend(&numbers);
        }
        if details["bulk"].as_u64().unwrap_or_default() > 1 {
            of.bulk.extend(&numbers);
        }
        of.decided.extend(&numbers);
    }
    let mut found = Vec::new();
    for (email, mut of) in seen {
        let known = campaign.known(&email).cloned();
        let reviewer = known.unwrap_or(Reviewer {
            email,
            ..Reviewer::default()
        });
        found.push(weigh(index, id, reviewer, &mut of)?);
    }
    Ok(found)
}

fn weigh(index: &Index, id: &str, reviewer: Reviewer, of: &mut Seen) -> Result<Signals, Failure> {
    let mut told = Signals {
        bulk: of.bulk.len() as u64,
        ..Signals::default()
    };
    let mut theirs: Vec<(u64, bool)> = Vec::new();
    for mark in index.review_marks(id, &reviewer.email)? {
        told.flagged += u64::from(mark.flagged);
        theirs.push((mark.n, mark.decision.is_some()));
        if of.decided.contains(&mark.n) && mark.decision.is_some() {
            told.decided += 1;
            told.kept += u64::from(mark.decision.as_deref() == Some("keep"));
        }
    }
    of.dwell.sort_unstable();
    told.median_dwell_ms = of.dwell.get(of.dwell.len() / 2).copied();
    told.rows_a_minute = pace(of);
    told.reviewer = reviewer;
    told.signs = signs(&told, of, &theirs);
    Ok(told)
}

fn pace(of: &Seen) -> Option<u64> {
    let times: Vec<Timestamp> = of.entries.values().filter_map(|(at, _)| *at).collect();
    let (first, last) = (times.iter().min()?, times.iter().max()?);
    let seconds = last.duration_since(*first).as_secs();
    // The rows of the first entry were decided before the clock began.
    let rows: u64 = of.entries.values().skip(1).map(|(_, rows)| rows).sum();
    (seconds > 0).then(|| rows * 60 / u64::try_from(seconds).unwrap_or(1).max(1))
}

fn signs(told: &Signals, of: &Seen, theirs: &[(u64, bool)]) -> Vec<String> {
    let mut signs = Vec::new();
    if told.decided >= ENOUGH && told.median_dwell_ms.is_some_and(|ms| ms < QUICK_MS) {
        signs.push(format!(
            "decided in {} ms a row (median), under {QUICK_MS} ms",
            told.median_dwell_ms.unwrap_or_default()
        ));
    }
    if told.decided >= ENOUGH && told.kept == told.decided && told.flagged > 0 {
        signs.push(format!(
            "kept all of {}, though something speaks against {}",
            told.decided, told.flagged
        ));
    }
    if let Some(sign) = last_page(of, theirs) {
        signs.push(sign);
    }
    if !of.unopened.is_empty() {
        signs.push(format!(
            "decided {} of {} before what lies behind them was opened",
            of.unopened.len(),
            of.decided.len()
        ));
    }
    if let Some(rows) = burst(of) {
        signs.push(format!(
            "decided {rows} rows within {BURST_SECONDS} seconds"
        ));
    }
    signs
}

/// Whether the last page was left, or decided without ever being on screen, while the rest was done.
fn last_page(of: &Seen, theirs: &[(u64, bool)]) -> Option<String> {
    if theirs.len() < 2 * PAGE {
        return None;
    }
    let (before, last) = theirs.split_at(theirs.len() - PAGE);
    let done = before.iter().filter(|(_, decided)| *decided).count();
    if done * 10 < before.len() * 9 {
        return None;
    }
    if last.iter().all(|(_, decided)| !decided) {
        return Some("the last page is untouched".into());
    }
    let shown = before.iter().any(|(n, _)| !of.unshown.contains(n));
    let unseen = last
        .iter()
        .all(|(n, decided)| *decided && of.unshown.contains(n));
    (shown && unseen).then(|| "the last page was decided without having been on screen".into())
}

/// The most rows within a minute, where nearly all were decided then and they are many.
fn burst(of: &Seen) -> Option<u64> {
    let times: Vec<(Timestamp, u64)> = of
        .entries
        .values()
        .filter_map(|(at, rows)| Some(((*at)?, *rows)))
        .collect();
    let all: u64 = times.iter().map(|(_, rows)| rows).sum();
    let most = times.iter().map(|(start, _)| {
        let within = times.iter().filter(|(at, _)| {
            let seconds = at.duration_since(*start).as_secs();
            (0..=BURST_SECONDS).contains(&seconds)
        });
        within.map(|(_, rows)| rows).sum::<u64>()
    });
    let most = most.max()?;
    (all >= 2 * ENOUGH && most * 10 >= all * 9).then_some(most)
}
