//! The rows of a campaign as a reviewer sees them, page by page, with what was decided before; and the
//! late changes that came after the freezing.

use std::collections::BTreeMap;
use std::str::FromStr;

use serde_json::Value;
use standing_assess::Index;
use standing_assess::index::{Late, ReviewDecision, ReviewRow, ReviewWanted};

use super::entries::value;
use super::{Decision, Line, campaign};
use crate::failure::Failure;

/// Which rows are wanted; what is not said is not asked.
pub type Wanted = ReviewWanted;

/// Most rows of one page.
pub const MOST: usize = 1_000;

/// One row as it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// What was frozen.
    pub line: Line,
    /// Who is to decide now, by e-mail; empty: nobody.
    pub reviewer: String,
    /// What was last decided; `None`: not reviewed.
    pub decision: Option<Decision>,
    /// The entry that says so.
    pub decided_entry: Option<u64>,
}

/// Some rows, and behind which to go on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// Rows in their order.
    pub rows: Vec<Row>,
    /// Give it as `after` for the next page; `None`: there are no more.
    pub next: Option<u64>,
}

/// One decision about a row, earlier or last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Past {
    /// The entry.
    pub entry: u64,
    /// Instant of its writing.
    pub at: String,
    /// The word for it.
    pub decision: String,
    /// Who decided, by e-mail; empty where it was erased.
    pub reviewer: String,
    /// What they wrote.
    pub comment: String,
    /// The rights that were to go.
    pub rights: Vec<String>,
    /// To whom *not mine* sent it.
    pub to: String,
    /// Instant at which it was on screen.
    pub shown_at: Option<String>,
    /// Number of rows decided at one stroke with it; 0: it was decided by itself.
    pub bulk: u64,
}

impl Row {
    fn of(row: ReviewRow) -> Result<Self, Failure> {
        let line: Line = serde_json::from_str(&row.json)
            .map_err(|e| Failure::integrity(format!("row {}: {e}", row.n)))?;
        Ok(Row {
            line,
            reviewer: row.reviewer,
            decision: row.decision.and_then(|word| Decision::from_str(&word).ok()),
            decided_entry: row.decided_entry,
        })
    }

    /// Who comes after the present reviewer in line, if anybody does.
    pub fn next_in_line(&self) -> Option<&str> {
        let line = std::iter::once(&self.line.reviewer).chain(&self.line.next);
        let mut after = line.skip_while(|email| !email.eq_ignore_ascii_case(&self.reviewer));
        after.next()?;
        after.next().map(String::as_str)
    }
}

/// A page of a campaign's rows that are wanted, behind the row `after`.
///
/// # Errors
/// When there is no such campaign.
pub fn rows(
    index: &Index,
    id: &str,
    wanted: &Wanted,
    after: Option<u64>,
    most: usize,
) -> Result<Page, Failure> {
    campaign(index, id)?;
    let most = most.clamp(1, MOST);
    let mut found = index.review_rows(id, wanted, after, most + 1)?;
    let more = found.len() > most;
    found.truncate(most);
    let rows = found
        .into_iter()
        .map(Row::of)
        .collect::<Result<Vec<_>, _>>()?;
    let next = rows.last().filter(|_| more).map(|row| row.line.n);
    Ok(Page { rows, next })
}

/// One row.
///
/// # Errors
/// When there is no such campaign or row.
pub fn row(index: &Index, id: &str, n: u64) -> Result<Row, Failure> {
    some(index, id, &[n])?.pop().ok_or_else(|| missing(id, n))
}

fn missing(id: &str, n: u64) -> Failure {
    Failure::usage(format!("no row {n} in {id}"))
        .hint(format!("`standing review rows {id}` lists them"))
        .at("row")
}

/// Exactly these rows.
///
/// # Errors
/// When there is no such campaign, or one of the rows is not there.
pub(super) fn some(index: &Index, id: &str, wanted: &[u64]) -> Result<Vec<Row>, Failure> {
    campaign(index, id)?;
    let mut found = Vec::new();
    for piece in wanted.chunks(MOST) {
        let wanted = Wanted {
            rows: Some(piece.to_vec()),
            ..Wanted::default()
        };
        let rows = index.review_rows(id, &wanted, None, MOST)?;
        for row in rows {
            found.push(Row::of(row)?);
        }
    }
    match wanted
        .iter()
        .find(|n| !found.iter().any(|row| row.line.n == **n))
    {
        Some(n) => Err(missing(id, *n)),
        None => Ok(found),
    }
}

/// Every decision about one row, the oldest first: the last counts, and none is lost.
///
/// # Errors
/// When the index cannot be read.
pub fn history(index: &Index, id: &str, n: u64) -> Result<Vec<Past>, Failure> {
    let mut past = Vec::new();
    for decided in index.review_history(id, n)? {
        let batch = index.review_entry(decided.entry)?;
        let details = batch.map_or(Value::Null, |batch| value(&batch.json));
        past.push(told(decided, &details));
    }
    Ok(past)
}

/// The last decision about each of some rows. An entry that decided many of them is read once.
///
/// # Errors
/// When the index cannot be read.
pub fn last_words(
    index: &Index,
    id: &str,
    numbers: &[u64],
) -> Result<BTreeMap<u64, Past>, Failure> {
    let mut entries: BTreeMap<u64, Value> = BTreeMap::new();
    let mut last = BTreeMap::new();
    for n in numbers {
        let Some(decided) = index.review_history(id, *n)?.pop() else {
            continue;
        };
        if let std::collections::btree_map::Entry::Vacant(place) = entries.entry(decided.entry) {
            let batch = index.review_entry(decided.entry)?;
            place.insert(batch.map_or(Value::Null, |batch| value(&batch.json)));
        }
        let details = entries.get(&decided.entry).unwrap_or(&Value::Null);
        last.insert(*n, told(decided, details));
    }
    Ok(last)
}

/// A decision with what its entry says of the row.
fn told(decided: ReviewDecision, details: &Value) -> Past {
    let items = details["items"].as_array();
    let of = |i: &&Value| i["row"].as_u64() == Some(decided.n);
    let item = items.and_then(|items| items.iter().find(of));
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    let rights = item.and_then(|i| i["rights"].as_array());
    Past {
        entry: decided.entry,
        at: decided.at,
        decision: decided.decision,
        reviewer: text(details.pointer("/reviewer/email")).unwrap_or_default(),
        comment: text(item.and_then(|i| i.get("comment"))).unwrap_or_default(),
        rights: rights
            .into_iter()
            .flatten()
            .filter_map(|r| r.as_str().map(str::to_owned))
            .collect(),
        to: text(item.and_then(|i| i.get("to"))).unwrap_or_default(),
        shown_at: text(details.get("shown_at")),
        bulk: details["bulk"].as_u64().unwrap_or_default(),
    }
}

/// Accounts and rights that came into the reviewed systems after the campaign was frozen: nobody has
/// reviewed them.
///
/// # Errors
/// When there is no such campaign.
pub fn delta(index: &Index, id: &str) -> Result<Vec<Late>, Failure> {
    let campaign = campaign(index, id)?;
    Ok(index.review_late(id, &campaign.head.opened_at, &campaign.details.systems)?)
}
