//! What ends by the passing of time: the forecast's raw material.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::Serialize;

use crate::assessment::{ItemStanding, day_after, sentence};
use crate::check::{Check, CheckResult};
use crate::estate::Estate;
use crate::time::long_date;

/// Something that ends by the passing of time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Lapse {
    /// The first day on which it no longer holds.
    pub on: Date,
    /// `source`, `check` or `statement`.
    pub what: &'static str,
    /// Whether reading the sources again renews it, with nobody doing anything out of the ordinary.
    pub renewed_by_reading: bool,
    /// Its name: a source, a check, an item.
    pub name: String,
    /// What no longer holds, in one plain sentence.
    pub detail: String,
    /// How many subjects lapse, of how many; `None` where there is but one thing.
    pub subjects: Option<(u64, u64)>,
    /// Items that rest on it.
    pub items: Vec<String>,
}

/// Everything that ends by the passing of time: what checks found, what people stated, and how long
/// each source's last reading is relied upon.
pub(crate) fn lapses(
    estate: &Estate<'_>,
    items: &[ItemStanding],
    results: &BTreeMap<String, CheckResult>,
    checks: &BTreeMap<&str, &Check>,
) -> Vec<Lapse> {
    let resting_on = |name: &str| -> Vec<String> {
        items
            .iter()
            .filter(|i| i.checks.iter().any(|c| c == name))
            .map(|i| i.item.clone())
            .collect()
    };
    let mut lapses = Vec::new();
    for result in results.values() {
        let check = checks.get(result.name.as_str());
        let claim = check.map_or("", |c| c.claim.as_str());
        for (day, count) in &result.lapses {
            if *day <= estate.as_of.date {
                continue;
            }
            lapses.push(Lapse {
                on: *day,
                what: "check",
                renewed_by_reading: check.is_some_and(|c| c.renewed_by_reading),
                subjects: Some((*count, result.total())),
                name: result.name.clone(),
                detail: sentence(claim),
                items: resting_on(&result.name),
            });
        }
    }
    for item in items {
        if let Some(s) = item
            .statement
            .as_ref()
            .filter(|s| s.expires_on >= estate.as_of.date)
        {
            lapses.push(Lapse {
                on: day_after(s.expires_on),
                what: "statement",
                renewed_by_reading: false,
                subjects: None,
                name: item.item.clone(),
                detail: format!(
                    "The statement of {} on {} expires.",
                    long_date(s.stated_on),
                    item.item
                ),
                items: vec![item.item.clone()],
            });
        }
    }
    lapses.extend(source_lapses(estate, items, checks));
    lapses.sort();
    lapses
}

fn source_lapses(
    estate: &Estate<'_>,
    items: &[ItemStanding],
    checks: &BTreeMap<&str, &Check>,
) -> Vec<Lapse> {
    let mut by_source: BTreeMap<(Date, String), BTreeSet<&str>> = BTreeMap::new();
    for table in standing_facts::tables::ALL {
        for state in estate.sources_of(table.name) {
            if let (None, Some(until)) = (&state.gap, state.fresh_until) {
                by_source
                    .entry((day_after(until), state.source.clone()))
                    .or_default()
                    .insert(table.name);
            }
        }
    }
    let rests = |item: &ItemStanding, tables: &BTreeSet<&str>| {
        item.checks
            .iter()
            .filter_map(|c| checks.get(c.as_str()))
            .flat_map(|c| c.tables())
            .flat_map(Estate::behind)
            .any(|t| tables.contains(t))
    };
    by_source
        .into_iter()
        .map(|((on, source), tables)| Lapse {
            on,
            what: "source",
            renewed_by_reading: true,
            subjects: None,
            items: items
                .iter()
                .filter(|i| rests(i, &tables))
                .map(|i| i.item.clone())
                .collect(),
            detail: format!("{source} must be read again before this day."),
            name: source,
        })
        .collect()
}
