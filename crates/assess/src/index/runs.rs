//! When each source was read, what came of it, and how often in a row it went wrong.

use std::collections::BTreeMap;

use rusqlite::params;

use super::{Index, IndexError};

/// One run of one source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunHeading {
    /// Vault entry.
    pub entry: u64,
    /// `complete`, `partial` or `failed`.
    pub outcome: String,
    /// Instant of its start, RFC 3339 UTC.
    pub started_at: String,
    /// Instant of its end.
    pub ended_at: String,
    /// Number of files or pages read.
    pub parts: u64,
    /// Number of facts read.
    pub rows: u64,
    /// Number of places not understood.
    pub problems: u64,
}

/// Where a source stands with being read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempts {
    /// The last run, whatever it came to.
    pub last: RunHeading,
    /// Runs since the last complete one: none of them was complete. 0 if the last one was.
    pub failures: u64,
    /// Instant of the end of the last complete run, if there ever was one.
    pub complete_at: Option<String>,
    /// Instant of the end of the first run of all.
    pub first_at: String,
}

impl Index {
    /// Where each source that was ever read stands, by name.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn last_attempts(&self) -> Result<BTreeMap<String, Attempts>, IndexError> {
        let mut statement = self.connection.prepare_cached(
            "with complete as (
               select source_name, max(entry_number) as entry_number from collection
               where outcome = 'complete' group by source_name),
             edge as (
               select source_name, min(entry_number) as first, max(entry_number) as last
               from collection group by source_name)
             select last.source_name, last.entry_number, last.outcome, last.started_at, last.ended_at,
               last.parts, last.\"rows\", last.problems,
               (select count(*) from collection as c where c.source_name = last.source_name
                  and c.entry_number > coalesce(complete.entry_number, -1)),
               good.ended_at, first.ended_at
             from edge
             join collection as last on last.entry_number = edge.last
             join collection as first on first.entry_number = edge.first
             left join complete on complete.source_name = edge.source_name
             left join collection as good on good.entry_number = complete.entry_number",
        )?;
        let rows = statement.query_map([], |row| {
            let attempts = Attempts {
                last: heading(row, 1)?,
                failures: row.get::<_, i64>(8)?.cast_unsigned(),
                complete_at: row.get(9)?,
                first_at: row.get(10)?,
            };
            Ok((row.get(0)?, attempts))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The newest runs of a source, newest first, at most `most`.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn runs(&self, source: &str, most: usize) -> Result<Vec<RunHeading>, IndexError> {
        let mut statement = self.connection.prepare_cached(
            "select entry_number, outcome, started_at, ended_at, parts, \"rows\", problems
             from collection where source_name = ?1 order by entry_number desc limit ?2",
        )?;
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let rows = statement.query_map(params![source, most], |row| heading(row, 0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Entry number of the last run of a source, whatever it came to.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn last_run(&self, source: &str) -> Result<Option<u64>, IndexError> {
        let entry: Option<i64> = self.connection.query_row(
            "select max(entry_number) from collection where source_name = ?1",
            params![source],
            |row| row.get(0),
        )?;
        Ok(entry.map(i64::cast_unsigned))
    }

    /// Rows that the last complete run of a source yielded, by table.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn last_counts(&self, source: &str) -> Result<BTreeMap<String, u64>, IndexError> {
        let mut statement = self.connection.prepare(
            "select table_name, row_count, max(entry_number) from coverage
             where source_name = ?1 and outcome = 'complete' group by table_name",
        )?;
        let rows = statement.query_map(params![source], |row| {
            Ok((row.get(0)?, row.get::<_, i64>(1)?.cast_unsigned()))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

/// The seven columns of a run from `at` on.
fn heading(row: &rusqlite::Row<'_>, at: usize) -> rusqlite::Result<RunHeading> {
    let number = |i: usize| row.get::<_, i64>(at + i).map(i64::cast_unsigned);
    Ok(RunHeading {
        entry: number(0)?,
        outcome: row.get(at + 1)?,
        started_at: row.get(at + 2)?,
        ended_at: row.get(at + 3)?,
        parts: number(4)?,
        rows: number(5)?,
        problems: number(6)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::{CollectionMeta, IndexError};
    use standing_facts::Outcome;

    fn ran(index: &Index, entry: u64, source: &str, outcome: Outcome) {
        let meta = CollectionMeta {
            entry,
            source: source.into(),
            kind: "hr".into(),
            scope: "blob:scope".into(),
            started_at: format!("2026-11-{:02}T06:00:00.000Z", entry + 1),
            ended_at: format!("2026-11-{:02}T07:00:00.000Z", entry + 1),
            outcome,
            parts: entry,
            counts: BTreeMap::new(),
            gaps: Vec::new(),
            problems: 0,
        };
        index
            .collection::<IndexError>(&meta, std::iter::empty())
            .unwrap();
    }

    #[test]
    fn failures_are_counted_since_the_last_complete_run() {
        let index = Index::in_memory().unwrap();
        for (entry, source, outcome) in [
            (0, "hr", Outcome::Failed),
            (1, "hr", Outcome::Complete),
            (2, "mdm", Outcome::Failed),
            (3, "hr", Outcome::Partial),
            (4, "hr", Outcome::Failed),
        ] {
            ran(&index, entry, source, outcome);
        }
        let attempts = index.last_attempts().unwrap();
        let hr = &attempts["hr"];
        assert_eq!((hr.last.entry, hr.failures), (4, 2));
        assert_eq!(hr.last.outcome, "failed");
        assert_eq!(hr.complete_at.as_deref(), Some("2026-11-02T07:00:00.000Z"));
        assert_eq!(hr.first_at, "2026-11-01T07:00:00.000Z");
        let mdm = &attempts["mdm"];
        assert_eq!((mdm.failures, mdm.complete_at.as_deref()), (1, None));
        let runs = index.runs("hr", 2).unwrap();
        assert_eq!(runs.iter().map(|r| r.entry).collect::<Vec<_>>(), [4, 3]);
        assert_eq!(runs[0].parts, 4);
    }

    #[test]
    fn a_complete_run_ends_the_count() {
        let index = Index::in_memory().unwrap();
        ran(&index, 0, "hr", Outcome::Failed);
        ran(&index, 1, "hr", Outcome::Complete);
        assert_eq!(index.last_attempts().unwrap()["hr"].failures, 0);
        assert!(index.runs("none", 5).unwrap().is_empty());
    }
}
