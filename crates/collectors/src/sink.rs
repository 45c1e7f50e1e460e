//! Where `read` puts what it understood and what it did not.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hasher as _};

use standing_facts::{Fact, Gap, GapCode, Problem, Row};

/// At most this many problems are kept one by one; the rest are counted.
pub(crate) const PROBLEMS_KEPT: usize = 1_000;

/// Takes facts, problems, gaps and announced counts from a collector.
pub struct Sink<'a> {
    source: &'a str,
    rows: &'a mut dyn FnMut(Row),
    pub(crate) counts: BTreeMap<&'static str, u64>,
    pub(crate) announced: BTreeMap<&'static str, u64>,
    distinct: BTreeMap<&'static str, Distinct>,
    pub(crate) problems: Vec<Problem>,
    pub(crate) problem_count: u64,
    pub(crate) lost_count: u64,
    pub(crate) gaps: Vec<Gap>,
    pub(crate) failure: Option<Gap>,
}

impl<'a> Sink<'a> {
    pub(crate) fn new(source: &'a str, rows: &'a mut dyn FnMut(Row)) -> Self {
        Sink {
            source,
            rows,
            counts: BTreeMap::new(),
            announced: BTreeMap::new(),
            distinct: BTreeMap::new(),
            problems: Vec::new(),
            problem_count: 0,
            lost_count: 0,
            gaps: Vec::new(),
            failure: None,
        }
    }

    /// The id, unique across sources, of the source's own `native` id.
    pub fn id(&self, native: &str) -> String {
        format!("{}/{native}", self.source)
    }

    /// One fact. Of two rows with the same key in one run the last one counts.
    pub fn fact(&mut self, fact: &impl Fact) {
        self.row(fact.row());
    }

    /// One row of a table chosen at run time.
    pub fn row(&mut self, row: Row) {
        *self.counts.entry(row.table.name).or_default() += 1;
        if let Some(distinct) = self.distinct.get_mut(row.table.name) {
            distinct.add(&row.key());
        }
        (self.rows)(row);
    }

    /// A place that could not be understood: something of the estate stays unknown, so the run is
    /// at best partial. `message` names what was expected, and never repeats a personal value.
    pub fn problem(
        &mut self,
        part: &str,
        line: Option<u64>,
        column: Option<&str>,
        message: impl Into<String>,
    ) {
        self.lost_count += 1;
        self.note(part, line, column, message.into(), true);
    }

    /// A place that was odd but understood: nothing is lost.
    pub fn notice(
        &mut self,
        part: &str,
        line: Option<u64>,
        column: Option<&str>,
        message: impl Into<String>,
    ) {
        self.note(part, line, column, message.into(), false);
    }

    fn note(
        &mut self,
        part: &str,
        line: Option<u64>,
        column: Option<&str>,
        message: String,
        lost: bool,
    ) {
        self.problem_count += 1;
        if self.problems.len() < PROBLEMS_KEPT {
            self.problems.push(Problem {
                part: part.to_owned(),
                line,
                column: column.map(str::to_owned),
                message,
                lost,
            });
        }
    }

    /// A reason why a table (or, with `None`, the whole source) is not completely known.
    pub fn gap(&mut self, table: Option<&str>, code: GapCode, detail: impl Into<String>) {
        self.gaps.push(Gap {
            table: table.map(str::to_owned),
            code,
            detail: detail.into(),
        });
    }

    /// Counts the different keys of a table's rows from here on, at eight bytes a row: asked for
    /// before reading a table whose number of rows may be announced, so that a page saved twice
    /// does not stand for one that is missing.
    pub fn count_distinct(&mut self, table: &'static str) {
        self.distinct.entry(table).or_default();
    }

    /// How many rows of a table the source itself says there are. The runner compares.
    pub fn announced(&mut self, table: &'static str, count: u64) {
        *self.announced.entry(table).or_default() += count;
    }

    /// How many rows of a table there are, and how many of them differ in their keys.
    pub(crate) fn found(&mut self, table: &str) -> (u64, u64) {
        let rows = self.counts.get(table).copied().unwrap_or_default();
        let distinct = self.distinct.get_mut(table).map(Distinct::count);
        (rows, distinct.unwrap_or(rows))
    }

    /// The input is not what it claims to be: the run fails and earlier facts stand.
    /// The first failure is kept.
    pub fn fail(&mut self, code: GapCode, detail: impl Into<String>) {
        let gap = Gap {
            table: None,
            code,
            detail: detail.into(),
        };
        self.failure.get_or_insert(gap);
    }

    /// Whether a failure was reported.
    pub fn failed(&self) -> bool {
        self.failure.is_some()
    }
}

/// Tells equal keys apart from different ones, at eight bytes a key. Two keys that fall together by
/// chance make the count too small, never too large.
#[derive(Debug, Default)]
pub(crate) struct Distinct(Vec<u64>);

impl Distinct {
    pub(crate) fn add(&mut self, key: &str) {
        let mut hash = DefaultHasher::new();
        hash.write(key.as_bytes());
        self.0.push(hash.finish());
    }

    pub(crate) fn count(&mut self) -> u64 {
        self.0.sort_unstable();
        self.0.dedup();
        self.0.len() as u64
    }
}
