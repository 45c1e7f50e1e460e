//! One run of one source, from what it said to the history of its facts.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use rusqlite::params;
use rusqlite::types::Value as Sql;
use standing_facts::{Gap, Outcome, Row, Table, tables};

use super::schema::{column_names, sql};
use super::{Index, IndexError};

/// What the vault says of one run of one source.
#[derive(Clone, Debug)]
pub struct CollectionMeta {
    /// Vault entry.
    pub entry: u64,
    /// Source name.
    pub source: String,
    /// Collector kind.
    pub kind: String,
    /// What was asked: rows are compared only with rows of the same scope.
    pub scope: String,
    /// Instant of its start, RFC 3339 UTC with milliseconds.
    pub started_at: String,
    /// Instant of its end in the same form: the `collected` date of its facts.
    pub ended_at: String,
    /// The runner's verdict.
    pub outcome: Outcome,
    /// Number of parts.
    pub parts: u64,
    /// Rows by table, for every table that the run speaks for.
    pub counts: BTreeMap<String, u64>,
    /// Why it is not complete.
    pub gaps: Vec<Gap>,
    /// Number of places not understood.
    pub problems: u64,
}

impl CollectionMeta {
    /// What the run was worth for one table: a gap that names another table does not touch it.
    pub fn outcome_for(&self, table: &str) -> Outcome {
        if self.outcome == Outcome::Failed {
            return Outcome::Failed;
        }
        let touched = self
            .gaps
            .iter()
            .any(|gap| gap.table.as_deref().is_none_or(|t| t == table));
        // A partial run whose reasons are not told is partial in everything.
        let untold = self.outcome == Outcome::Partial && self.gaps.is_empty();
        if touched || untold {
            Outcome::Partial
        } else {
            Outcome::Complete
        }
    }
}

impl Index {
    /// Projects one run of one source. `rows` are its facts in the order read.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn collection<E: From<IndexError>>(
        &self,
        meta: &CollectionMeta,
        rows: impl Iterator<Item = Result<Row, E>>,
    ) -> Result<(), E> {
        self.note_collection(meta)?;
        if meta.outcome == Outcome::Failed {
            return Ok(());
        }
        let staged = self.stage(rows)?;
        for table in tables::ALL {
            let spoken_for = meta.counts.contains_key(table.name);
            if !spoken_for && !staged.contains(&table.name) {
                continue;
            }
            self.reconcile(table, meta)?;
        }
        Ok(())
    }

    fn note_collection(&self, meta: &CollectionMeta) -> Result<(), IndexError> {
        let entry = meta.entry.cast_signed();
        self.connection.execute(
            "insert into collection values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            params![
                meta.source,
                entry,
                meta.kind,
                meta.outcome.as_str(),
                meta.started_at,
                meta.ended_at,
                meta.parts.cast_signed(),
                meta.counts.values().sum::<u64>().cast_signed(),
                meta.problems.cast_signed(),
            ],
        )?;
        for (ordinal, gap) in meta.gaps.iter().enumerate() {
            self.connection.execute(
                "insert into gap values (?1, ?2, ?3, ?4, ?5, ?6)",
                params![
                    meta.source,
                    entry,
                    i64::try_from(ordinal).unwrap_or(i64::MAX),
                    gap.table,
                    gap.code.as_str(),
                    gap.detail
                ],
            )?;
        }
        for (table, count) in &meta.counts {
            self.connection.execute(
                "insert into coverage values (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![
                    meta.source,
                    entry,
                    table,
                    meta.scope,
                    meta.outcome_for(table).as_str(),
                    meta.ended_at,
                    count.cast_signed(),
                ],
            )?;
        }
        Ok(())
    }

    /// Writes rows to one staging table per fact table; of two rows with one key the last counts.
    /// Staging tables live in the index's own file, not in memory: a run may be larger than that.
    fn stage<E: From<IndexError>>(
        &self,
        rows: impl Iterator<Item = Result<Row, E>>,
    ) -> Result<Vec<&'static str>, E> {
        let mut staged: Vec<&'static str> = Vec::new();
        for row in rows {
            let row = row?;
            let name = row.table.name;
            if !staged.contains(&name) {
                self.connection
                    .execute_batch(&format!(
                        "drop table if exists stage_{name};
                         create table stage_{name} (row_key text primary key, {}) without rowid",
                        column_names(row.table)
                    ))
                    .map_err(IndexError::from)?;
                staged.push(name);
            }
            let marks = vec!["?"; row.cells.len() + 1].join(", ");
            let mut values = vec![Sql::Text(row.key())];
            values.extend(row.cells.into_iter().map(sql));
            self.connection
                .prepare_cached(&format!(
                    "insert or replace into stage_{name} values ({marks})"
                ))
                .and_then(|mut statement| statement.execute(rusqlite::params_from_iter(values)))
                .map_err(IndexError::from)?;
        }
        Ok(staged)
    }

    /// Brings one table from its history to what the run said.
    fn reconcile(&self, table: &Table, meta: &CollectionMeta) -> Result<(), IndexError> {
        let name = table.name;
        let columns = column_names(table);
        self.connection.execute_batch(&format!(
            "create table if not exists stage_{name} (row_key text primary key, {columns}) without rowid"
        ))?;
        let same: String = table.columns.iter().fold(String::new(), |mut text, c| {
            let _ = write!(text, " and s.\"{0}\" is h.\"{0}\"", c.name);
            text
        });
        let entry = meta.entry.cast_signed();
        let only_new = match meta.outcome_for(name) {
            Outcome::Complete => {
                self.connection.execute(
                    &format!(
                        "update history_{name} as h set valid_to = ?1
                         where source = ?2 and valid_to is null and row_scope = ?3 and not exists
                           (select 1 from stage_{name} as s where s.row_key = h.row_key{same})"
                    ),
                    params![meta.ended_at, meta.source, meta.scope],
                )?;
                "and h.row_scope = ?2"
            }
            _ => "",
        };
        let insert = format!(
            "insert into history_{name} ({columns}, source, row_scope, row_key, valid_from, valid_to, entry)
             select {columns}, ?1, ?2, row_key, ?3, null, ?4 from stage_{name} as s
             where row_key > ?5 and row_key <= ?6
               and not exists (select 1 from history_{name} as h
                 where h.source = ?1 and h.row_key = s.row_key and h.valid_to is null {only_new})"
        );
        // In pieces, because SQLite keeps what one statement may have to undo in memory.
        let mut after = String::new();
        while let Some(last) = self.end_of_piece(name, &after)? {
            self.connection.prepare_cached(&insert)?.execute(params![
                meta.source,
                meta.scope,
                meta.ended_at,
                entry,
                after,
                last
            ])?;
            after = last;
        }
        self.connection
            .execute_batch(&format!("drop table stage_{name}"))?;
        Ok(())
    }

    /// The last key of the next piece of staged rows after a key; `None` when there are no more.
    fn end_of_piece(&self, name: &str, after: &str) -> Result<Option<String>, IndexError> {
        Ok(self
            .connection
            .prepare_cached(&format!(
                "select max(row_key) from (select row_key from stage_{name}
                 where row_key > ?1 order by row_key limit 20000)"
            ))?
            .query_row(params![after], |row| row.get(0))?)
    }
}
