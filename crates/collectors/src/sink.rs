//! Where `read` puts what it understood and what it did not.

use std::collections::BTreeMap;

use standing_facts::{Fact, Gap, GapCode, Problem, Row};

/// At most this many problems are kept one by one; the rest are counted.
pub(crate) const PROBLEMS_KEPT: usize = 1_000;

/// Takes facts, problems, gaps and announced counts from a collector.
pub struct Sink<'a> {
    source: &'a str,
    rows: &'a mut dyn FnMut(Row),
    pub(crate) counts: BTreeMap<&'static str, u64>,
    pub(crate) announced: BTreeMap<&'static str, u64>,
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

    /// How many rows of a table the source itself says there are. The runner compares.
    pub fn announced(&mut self, table: &'static str, count: u64) {
        *self.announced.entry(table).or_default() += count;
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
