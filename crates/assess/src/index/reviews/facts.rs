//! Campaigns as facts: for each system of each campaign, how far it has come as of a moment.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rusqlite::{Connection, params};

use super::proof::{self, RemovalState};
use crate::index::IndexError;
use crate::time::{AsOf, day_of};

/// One system of one campaign.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccessReview {
    /// The system.
    pub system: String,
    /// The campaign.
    pub campaign: String,
    /// Day of its opening.
    pub opened_on: Option<Date>,
    /// Day by which it is due.
    pub due_on: Option<Date>,
    /// Day on which it was closed.
    pub closed_on: Option<Date>,
    /// Day on which the last row of this system was decided and its last removal settled.
    pub finished_on: Option<Date>,
    /// Whether every source of the population was completely and freshly known.
    pub complete: bool,
    /// Rows of this system.
    pub rows: i64,
    /// Rows decided.
    pub reviewed: i64,
    /// Rows of which something is to go.
    pub removals: i64,
    /// Removals that a complete run has shown gone.
    pub proven: i64,
    /// Removals that an exception lets stay.
    pub excepted: i64,
    /// Removals that were gone and came back.
    pub came_back: i64,
}

/// Every system of every campaign that was open by then.
pub(crate) fn access_reviews(
    connection: &Connection,
    as_of: &AsOf,
) -> Result<Vec<AccessReview>, IndexError> {
    let mut statement = connection.prepare(
        "select id, opened_at, due_on, closed_at, complete from review_campaign
         where opened_at <= ?1 order by entry",
    )?;
    let campaigns = statement.query_map(params![as_of.instant], |row| {
        let closed: Option<String> = row.get(3)?;
        let closed = closed.filter(|at| *at <= as_of.instant);
        Ok(AccessReview {
            campaign: row.get(0)?,
            opened_on: day_of(&row.get::<_, String>(1)?),
            due_on: row.get::<_, String>(2)?.parse().ok(),
            closed_on: closed.and_then(|at| day_of(&at)),
            complete: row.get(4)?,
            ..AccessReview::default()
        })
    })?;
    let mut all = Vec::new();
    for campaign in campaigns {
        all.extend(systems(connection, as_of, &campaign?)?);
    }
    Ok(all)
}

fn systems(
    connection: &Connection,
    as_of: &AsOf,
    campaign: &AccessReview,
) -> Result<Vec<AccessReview>, IndexError> {
    let mut of_row: BTreeMap<u64, String> = BTreeMap::new();
    let mut found: BTreeMap<String, AccessReview> = BTreeMap::new();
    let mut last: BTreeMap<String, String> = BTreeMap::new();
    let mut statement = connection.prepare_cached(
        "select r.n, r.system, d.decision, d.at from review_row as r
         left join (select n, max(entry) as entry from review_decision
                    where campaign = ?1 and at <= ?2 group by n) as l on l.n = r.n
         left join review_decision as d
           on d.campaign = ?1 and d.n = l.n and d.entry = l.entry
         where r.campaign = ?1",
    )?;
    let mut rows = statement.query(params![campaign.campaign, as_of.instant])?;
    while let Some(row) = rows.next()? {
        let system: String = row.get(1)?;
        let decision: Option<String> = row.get(2)?;
        let at: Option<String> = row.get(3)?;
        let key = system.to_lowercase();
        let one = found.entry(key.clone()).or_insert_with(|| AccessReview {
            system: system.clone(),
            ..campaign.clone()
        });
        one.rows += 1;
        let decided = decision.as_deref();
        if matches!(decided, Some("keep" | "change" | "remove")) {
            one.reviewed += 1;
            later(&mut last, &key, at);
        }
        if matches!(decided, Some("change" | "remove")) {
            one.removals += 1;
            of_row.insert(row.get::<_, i64>(0)?.cast_unsigned(), key);
        }
    }
    for removal in proof::removals(connection, &campaign.campaign, &as_of.instant)? {
        let Some(key) = of_row.get(&removal.n) else {
            continue;
        };
        let Some(one) = found.get_mut(key) else {
            continue;
        };
        match removal.state() {
            RemovalState::Gone => one.proven += 1,
            RemovalState::CameBack => one.came_back += 1,
            RemovalState::Open => {}
        }
        one.excepted += i64::from(removal.excepted(as_of.date));
        later(&mut last, key, removal.steps.last().map(|s| s.at.clone()));
    }
    for (key, one) in &mut found {
        if one.reviewed == one.rows && one.proven + one.excepted == one.removals {
            one.finished_on = last.get(key).and_then(|at| day_of(at));
        }
    }
    Ok(found.into_values().collect())
}

fn later(last: &mut BTreeMap<String, String>, key: &str, at: Option<String>) {
    if let Some(at) = at {
        let known = last.entry(key.to_owned()).or_default();
        if at > *known {
            *known = at;
        }
    }
}
