//! One run of one source, and the judgement of what it was worth.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use standing_facts::{Gap, GapCode, Outcome, Problem, Row};

use crate::{Asks, Collector, FetchError, Keeper, Kept, Line, Parts, Root, Settings, Sink};

/// A table that shrinks by more than this since the last complete run needs an explanation.
const MAY_FALL_PERCENT: u64 = 50;
/// Below this many rows a fall says nothing, unless it is a fall to none.
const FALL_MATTERS_FROM: u64 = 10;

/// What one run of one source came to.
#[derive(Debug)]
pub struct Run {
    /// The verdict on the run.
    pub outcome: Outcome,
    /// Every part that was kept.
    pub parts: Vec<Kept>,
    /// Rows yielded, by table; every table the run speaks for is named, with 0 where none came.
    pub counts: BTreeMap<&'static str, u64>,
    /// Why the run is not complete; empty if it is. Of a failed run the first says why it failed.
    pub gaps: Vec<Gap>,
    /// Places not understood or odd, at most 1,000 of them.
    pub problems: Vec<Problem>,
    /// How many places there were in all.
    pub problem_count: u64,
}

/// Fetches and reads one source and decides how much of it is known.
///
/// `before` holds the row counts of the last complete run of the same scope; `rows` receives every
/// fact as it is read. The order of rows is the order of the input.
pub fn run(
    collector: &dyn Collector,
    settings: &Settings,
    root: &Root<'_>,
    keeper: &mut dyn Keeper,
    before: &BTreeMap<String, u64>,
    progress: &mut dyn FnMut(&str),
    rows: &mut dyn FnMut(Row),
) -> Run {
    let mut line = Line::new(root, settings, keeper, progress);
    let fetched = collector.fetch(&mut line);
    let (parts, mut gaps) = (line.kept, line.gaps);
    if let Err(error) = fetched {
        return failed(parts, gaps, &error, settings);
    }
    let mut sink = Sink::new(&settings.source, rows);
    let seen = Parts {
        kept: &parts,
        keeper,
    };
    // Answers of a system are often alike, above all the empty ones.
    if collector.about().asks == Asks::Files {
        kept_twice(&parts, &mut sink);
    }
    collector.read(settings, &seen, &mut sink);

    let tables = collector.tables(settings);
    let mut counts: BTreeMap<&'static str, u64> = tables.into_iter().map(|t| (t, 0)).collect();
    counts.extend(&sink.counts);
    gaps.append(&mut sink.gaps);
    let outcome = if let Some(failure) = sink.failure.take() {
        // Nothing of a failed run is kept, so there is nothing to compare it with.
        gaps.insert(0, failure);
        Outcome::Failed
    } else {
        gaps.extend(lost_rows(&sink));
        gaps.extend(short_of_announced(&mut sink));
        gaps.extend(fallen(&counts, before));
        if gaps.is_empty() {
            Outcome::Complete
        } else {
            Outcome::Partial
        }
    };
    Run {
        outcome,
        parts,
        counts,
        gaps,
        problems: sink.problems,
        problem_count: sink.problem_count,
    }
}

/// The error names the path as the user configured it, not where the machine keeps it.
fn failed(parts: Vec<Kept>, mut gaps: Vec<Gap>, error: &FetchError, settings: &Settings) -> Run {
    let path = settings.path.display();
    let detail = match error {
        FetchError::Missing(_) => format!("nothing at {path}"),
        FetchError::Denied(_) => format!("may not read {path}"),
        FetchError::Empty(_) => format!("no file of this kind in {path}"),
        FetchError::Io { error, .. } => format!("cannot read {path}: {error}"),
        FetchError::System { detail, .. } => detail.clone(),
    };
    let failure = Gap {
        table: None,
        code: error.code(),
        detail,
    };
    gaps.insert(0, failure);
    Run {
        outcome: Outcome::Failed,
        parts,
        counts: BTreeMap::new(),
        gaps,
        problems: Vec::new(),
        problem_count: 0,
    }
}

fn lost_rows(sink: &Sink<'_>) -> Option<Gap> {
    (sink.lost_count > 0).then(|| Gap {
        table: None,
        code: GapCode::Malformed,
        detail: format!(
            "{} place{} could not be understood; the rest was kept",
            sink.lost_count,
            if sink.lost_count == 1 { "" } else { "s" }
        ),
    })
}

fn short_of_announced(sink: &mut Sink<'_>) -> Vec<Gap> {
    let mut gaps = Vec::new();
    for (table, announced) in sink.announced.clone() {
        let (rows, distinct) = sink.found(table);
        if distinct < announced {
            let differ = if distinct < rows {
                format!(", of which {distinct} differ")
            } else {
                String::new()
            };
            gaps.push(Gap {
                table: Some(table.to_owned()),
                code: GapCode::Truncated,
                detail: format!(
                    "the source announced {announced} rows of {table} and gave {rows}{differ}"
                ),
            });
        }
    }
    gaps
}

/// Two files of one folder with the same bytes: the second was perhaps meant to be another.
fn kept_twice(parts: &[Kept], sink: &mut Sink<'_>) {
    let mut first: BTreeMap<(&str, &str), &str> = BTreeMap::new();
    for part in parts {
        if part.bytes == 0 || part.sha256.is_empty() {
            continue;
        }
        let (folder, file) = part.name.rsplit_once('/').unwrap_or(("", &part.name));
        match first.entry((folder, &part.sha256)) {
            Entry::Vacant(place) => {
                place.insert(file);
            }
            Entry::Occupied(other) => {
                let what = format!("holds the same bytes as {}", other.get());
                sink.notice(&part.name, None, None, what);
            }
        }
    }
}

fn fallen(counts: &BTreeMap<&'static str, u64>, before: &BTreeMap<String, u64>) -> Vec<Gap> {
    counts
        .iter()
        .filter_map(|(table, now)| {
            let then = *before.get(*table)?;
            let by_much = then >= FALL_MATTERS_FROM && now * 100 < then * (100 - MAY_FALL_PERCENT);
            let to_nothing = then > 0 && *now == 0;
            (by_much || to_nothing).then(|| Gap {
                table: Some((*table).to_owned()),
                code: GapCode::Truncated,
                detail: format!(
                    "{table} fell from {then} rows to {now}; accept it with \
                     `standing collect --accept-fall` if that is so"
                ),
            })
        })
        .collect()
}
