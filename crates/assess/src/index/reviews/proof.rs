//! What became of what was to go, by the runs that were made since: *open*, *gone*, *came back*.
//!
//! Only complete runs count. A run that failed or was partial, and a run that asked something else,
//! proves no absence; that an account is there proves every complete run that shows it.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rusqlite::{Connection, OptionalExtension, params};
use serde_json::Value;

use crate::index::{Index, IndexError};

/// What a complete run turned: the removed access was no longer there, or was there again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Whether it was gone; otherwise it had come back.
    pub gone: bool,
    /// The entry of the run.
    pub entry: u64,
    /// The instant of its end.
    pub at: String,
}

/// One decision by which something is to go, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removal {
    /// The row.
    pub n: u64,
    /// `remove` or `change`.
    pub decision: String,
    /// The entry that first asked for it.
    pub entry: u64,
    /// Instant of that entry: the clock runs from here.
    pub at: String,
    /// What complete runs turned since, in their order.
    pub steps: Vec<Step>,
    /// The entry and last day of an exception by which it may stay for a time.
    pub exception: Option<(u64, Date)>,
}

/// Where a removal stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RemovalState {
    /// No complete run since has shown it gone.
    Open,
    /// The first later complete run without it has been made, and none since has shown it.
    Gone,
    /// It was gone, and a later complete run shows it again.
    CameBack,
}

impl RemovalState {
    /// `open`, `gone`, `came back`.
    pub fn as_str(self) -> &'static str {
        match self {
            RemovalState::Open => "open",
            RemovalState::Gone => "gone",
            RemovalState::CameBack => "came back",
        }
    }
}

impl Removal {
    /// Where it stands.
    pub fn state(&self) -> RemovalState {
        match self.steps.last() {
            None => RemovalState::Open,
            Some(step) if step.gone => RemovalState::Gone,
            Some(_) => RemovalState::CameBack,
        }
    }

    /// Whether it needs nobody's hand on that day: it is gone, or an exception stands.
    pub fn settled(&self, on: Date) -> bool {
        self.state() == RemovalState::Gone || self.excepted(on)
    }

    /// Whether an exception lets it stay on that day.
    pub fn excepted(&self, on: Date) -> bool {
        self.state() != RemovalState::Gone && self.exception.is_some_and(|(_, until)| until >= on)
    }
}

/// What is to go: the account, or these rights of it.
struct Target {
    source: String,
    scope: String,
    account: String,
    rights: Vec<String>,
}

/// A complete run of one table of a source.
struct Run {
    entry: u64,
    at: String,
    scope: String,
}

/// From when to when a row of the history was so.
struct Span {
    from: String,
    to: Option<String>,
    scope: String,
    /// Whether it lets somebody in; not known counts as yes.
    open: bool,
}

impl Span {
    fn holds(&self, at: &str) -> bool {
        self.from.as_str() <= at && self.to.as_deref().is_none_or(|to| to > at)
    }
}

/// Whether what is to go was there, as each complete run since an instant tells it.
fn seen(runs: &[Run], spans: &[Span], scope: &str, since: &str) -> Vec<(String, u64, bool)> {
    let mut told = Vec::new();
    for run in runs.iter().filter(|run| run.at.as_str() > since) {
        let here = |s: &&Span| s.scope == run.scope && s.holds(&run.at);
        let there = spans.iter().filter(here).any(|s| s.open);
        if there || run.scope == scope {
            told.push((run.at.clone(), run.entry, there));
        }
    }
    told
}

/// The runs of one source and table, read once for all removals that ask for them.
type Runs = BTreeMap<(String, &'static str), Vec<Run>>;

fn runs<'r>(
    connection: &Connection,
    known: &'r mut Runs,
    source: &str,
    table: &'static str,
    until: &str,
) -> Result<&'r [Run], IndexError> {
    let key = (source.to_owned(), table);
    if !known.contains_key(&key) {
        let mut statement = connection.prepare_cached(
            "select entry_number, ended_at, scope from coverage
             where source_name = ?1 and table_name = ?2 and outcome = 'complete' and ended_at <= ?3
             order by ended_at, entry_number",
        )?;
        let found = statement.query_map(params![source, table, until], |row| {
            Ok(Run {
                entry: row.get::<_, i64>(0)?.cast_unsigned(),
                at: row.get(1)?,
                scope: row.get(2)?,
            })
        })?;
        let found = found.collect::<Result<_, _>>()?;
        known.insert(key.clone(), found);
    }
    Ok(known.get(&key).map_or(&[], Vec::as_slice))
}

fn spans(
    connection: &Connection,
    table: &str,
    source: &str,
    id: &str,
) -> Result<Vec<Span>, IndexError> {
    let open = match table {
        "account" => "coalesce(enabled, 1)",
        _ => "1",
    };
    let mut statement = connection.prepare_cached(&format!(
        "select valid_from, valid_to, row_scope, {open} from history_{table}
         where source = ?1 and id = ?2 order by valid_from"
    ))?;
    let found = statement.query_map(params![source, id], |row| {
        Ok(Span {
            from: row.get(0)?,
            to: row.get(1)?,
            scope: row.get(2)?,
            open: row.get(3)?,
        })
    })?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// What complete runs turned for one target since an instant.
fn follow(
    connection: &Connection,
    known: &mut Runs,
    target: &Target,
    since: &str,
    until: &str,
) -> Result<Vec<Step>, IndexError> {
    let (source, scope) = (target.source.as_str(), target.scope.as_str());
    // Place 0 is the account, the others are its rights.
    let mut told: Vec<(String, u64, usize, bool)> = Vec::new();
    let held = spans(connection, "account", source, &target.account)?;
    let account_runs = runs(connection, known, source, "account", until)?;
    for (at, entry, there) in seen(account_runs, &held, scope, since) {
        told.push((at, entry, 0, there));
    }
    for (place, right) in target.rights.iter().enumerate() {
        let held = spans(connection, "grant", source, right)?;
        let grant_runs = runs(connection, known, source, "grant", until)?;
        for (at, entry, there) in seen(grant_runs, &held, scope, since) {
            told.push((at, entry, place + 1, there));
        }
    }
    told.sort();
    let mut there = vec![true; target.rights.len() + 1];
    let mut steps: Vec<Step> = Vec::new();
    let mut told = told.into_iter().peekable();
    while let Some((at, entry, place, seen)) = told.next() {
        if let Some(there) = there.get_mut(place) {
            *there = seen;
        }
        // A run speaks for all it has read before it is weighed.
        if told.peek().is_some_and(|next| next.1 == entry) {
            continue;
        }
        let rights_gone = there.len() > 1 && !there[1..].contains(&true);
        let gone = !there[0] || rights_gone;
        let before = steps.last().is_some_and(|step| step.gone);
        if gone != before {
            steps.push(Step { gone, entry, at });
        }
    }
    Ok(steps)
}

/// The removals of a campaign as of an instant: the last decision of a row by then counts.
pub(super) fn removals(
    connection: &Connection,
    campaign: &str,
    instant: &str,
) -> Result<Vec<Removal>, IndexError> {
    let mut statement = connection.prepare_cached(
        "select d.n, d.entry, d.at, d.decision, d.item, r.source, r.scope, r.account, r.home, r.json
         from (select n, max(entry) as entry from review_decision
               where campaign = ?1 and at <= ?2 group by n) as last
         join review_decision as d on d.campaign = ?1 and d.n = last.n and d.entry = last.entry
         join review_row as r on r.campaign = ?1 and r.n = d.n
         where d.decision in ('remove', 'change') order by d.n",
    )?;
    let mut found = statement.query(params![campaign, instant])?;
    let mut known = Runs::new();
    let mut removals = Vec::new();
    while let Some(row) = found.next()? {
        let n = row.get::<_, i64>(0)?.cast_unsigned();
        let decision: String = row.get(3)?;
        let item: String = row.get(4)?;
        let home: bool = row.get(8)?;
        let target = Target {
            source: row.get(5)?,
            scope: row.get(6)?,
            account: row.get(7)?,
            rights: match (decision.as_str(), home) {
                ("change", _) => named(&item, "/rights"),
                (_, true) => Vec::new(),
                (_, false) => named(&row.get::<_, String>(9)?, "/rights"),
            },
        };
        let (entry, at) = first_asked(connection, campaign, n, instant)?
            .unwrap_or((row.get::<_, i64>(1)?.cast_unsigned(), row.get(2)?));
        let steps = follow(connection, &mut known, &target, &at, instant)?;
        removals.push(Removal {
            n,
            decision,
            entry,
            at,
            steps,
            exception: None,
        });
    }
    for (entry, n, until) in exceptions(connection, campaign, instant)? {
        if let Some(removal) = removals.iter_mut().find(|r| r.n == n) {
            removal.exception = Some((entry, until));
        }
    }
    Ok(removals)
}

/// The first of the unbroken row of decisions up to an instant that asked for the same: deciding once
/// more does not set the clock back.
fn first_asked(
    connection: &Connection,
    campaign: &str,
    n: u64,
    instant: &str,
) -> Result<Option<(u64, String)>, IndexError> {
    let mut statement = connection.prepare_cached(
        "with mine as (select entry, at, decision, item from review_decision
           where campaign = ?1 and n = ?2 and at <= ?3),
         last as (select decision, item from mine order by entry desc limit 1)
         select mine.entry, mine.at from mine, last
         where mine.decision = last.decision and mine.item = last.item
           and mine.entry > (select coalesce(max(entry), -1) from mine, last
             where mine.decision <> last.decision or mine.item <> last.item)
         order by mine.entry limit 1",
    )?;
    let found = statement.query_row(params![campaign, n.cast_signed(), instant], |row| {
        Ok((row.get::<_, i64>(0)?.cast_unsigned(), row.get(1)?))
    });
    Ok(found.optional()?)
}

/// The ids below a place of a JSON text: texts, or objects with an `id`.
fn named(json: &str, place: &str) -> Vec<String> {
    let value: Value = serde_json::from_str(json).unwrap_or_default();
    let list = value.pointer(place).and_then(Value::as_array);
    let id = |one: &Value| {
        let text = one
            .as_str()
            .or_else(|| one.get("id").and_then(Value::as_str));
        text.map(str::to_owned)
    };
    list.into_iter().flatten().filter_map(id).collect()
}

/// Exceptions in the order in which they were granted: entry, row, last day.
fn exceptions(
    connection: &Connection,
    campaign: &str,
    instant: &str,
) -> Result<Vec<(u64, u64, Date)>, IndexError> {
    let mut statement = connection.prepare_cached(
        "select entry, json from review_batch
         where campaign = ?1 and kind = 'acted' and at <= ?2 order by entry",
    )?;
    let found = statement.query_map(params![campaign, instant], |row| {
        Ok((row.get::<_, i64>(0)?.cast_unsigned(), row.get(1)?))
    })?;
    let mut exceptions = Vec::new();
    for one in found {
        let (entry, json): (u64, String) = one?;
        let value: Value = serde_json::from_str(&json).unwrap_or_default();
        let until = value["expires_on"].as_str().and_then(|d| d.parse().ok());
        if let (Some(n), Some(until)) = (value["row"].as_u64(), until) {
            exceptions.push((entry, n, until));
        }
    }
    Ok(exceptions)
}

impl Index {
    /// What a campaign's decisions were to end, and what became of each as of an instant.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn review_removals(
        &self,
        campaign: &str,
        instant: &str,
    ) -> Result<Vec<Removal>, IndexError> {
        removals(&self.connection, campaign, instant)
    }
}
