//! The index: SQLite, a cache of the vault's facts with their history. It can be deleted and built
//! anew at any time, and its [canonical dump](Index::dump) is then the same to the byte.
//!
//! Each fact table `t` is stored as `history_t`: the declared columns and `source`, `row_scope`,
//! `row_key`, `valid_from`, `valid_to`, `entry`. A row that did not change between two collections
//! is one row, so *first seen* is free and *as of* is a view.
//!
//! *Architecture invariant:* a `partial` run changes no row and ends none; it only adds rows whose
//! key was not there. A run compares itself only with rows of the same scope (like for like).

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use rusqlite::types::Value as Sql;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use standing_facts::{Cell, ColumnKind, Gap, Outcome, Row, Table, tables};

use crate::advisories::{Edition, Opens};
use crate::time::AsOf;

mod advisories;
mod dump;
mod former;
mod reviews;
mod runs;
mod state;

pub use advisories::{AdvisoryEdition, FirstFix};
pub use former::Kept;
pub(crate) use reviews::access_reviews;
pub use reviews::{
    AccessReview, Late, Removal, RemovalState, ReviewBatch, ReviewCampaign, ReviewCount,
    ReviewDecision, ReviewGroup, ReviewLoad, ReviewMark, ReviewPart, ReviewRow, ReviewWanted,
    ReviewedBefore, Step,
};
pub use runs::{Attempts, RunHeading};
pub use state::{Heading, State, Wanted};

/// Raised whenever the projection changes; the schema itself is counted in by [`schema_number`].
const PROJECTION: u32 = 3;

/// Name of the source under which records (what people state) are stored.
pub const RECORDS: &str = "records";

/// Why the index could not do something.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// SQLite's own word.
    #[error("index: {}", brief(.0))]
    Sql(#[from] rusqlite::Error),
}

/// Switches to write-ahead logging. SQLite does not wait for other processes when it switches, so this
/// does: at most four seconds in all.
fn write_ahead(connection: &Connection) -> Result<(), IndexError> {
    let mut tries = 0;
    loop {
        match connection.pragma_update(None, "journal_mode", "WAL") {
            Err(error)
                if tries < 400
                    && error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy) =>
            {
                tries += 1;
                std::thread::sleep(std::time::Duration::from_millis(10));
            }
            done => return Ok(done?),
        }
    }
}

/// SQLite's message without the statement, which may be long and may hold values.
fn brief(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
        other => other.to_string(),
    }
}

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

/// A source as the vault knows it to be configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfiguredSource {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: String,
    /// The tables it speaks for.
    pub tables: Vec<String>,
    /// How many days a complete reading may be relied upon.
    pub fresh_for_days: i64,
}

/// The index of one vault.
pub struct Index {
    connection: Connection,
    opens: Option<Opens>,
}

impl Index {
    /// Opens the index at `path`, or makes an empty one where there is none or where it has another
    /// schema number.
    ///
    /// # Errors
    /// When SQLite cannot open or prepare the file.
    pub fn open(path: &Path) -> Result<Self, IndexError> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(std::time::Duration::from_secs(30))?;
        write_ahead(&connection)?;
        connection.pragma_update(None, "synchronous", "OFF")?;
        connection.pragma_update(None, "cache_size", -65_536)?;
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        let index = Index {
            connection,
            opens: None,
        };
        if index.schema()? != schema_number() {
            // Another process may be about the same: whoever comes second finds it done.
            let transaction = index.immediate()?;
            if index.schema()? != schema_number() {
                index.clear()?;
            }
            transaction.commit()?;
        }
        Ok(index)
    }

    /// Bounds what SQLite keeps in memory for all connections of this process: from there on, caches
    /// of pages give up old pages for new ones. Rows laid out for an estate stay, so it can be exceeded.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn bound_memory(&self, bytes: i64) -> Result<(), IndexError> {
        let pragma = format!("pragma soft_heap_limit = {bytes}");
        self.connection.query_row(&pragma, [], |_| Ok(()))?;
        Ok(())
    }

    /// An index in memory: for tests and literate checks.
    ///
    /// # Errors
    /// When SQLite cannot prepare it.
    pub fn in_memory() -> Result<Self, IndexError> {
        let index = Index {
            connection: Connection::open_in_memory()?,
            opens: None,
        };
        index.clear()?;
        Ok(index)
    }

    /// Says how compiled advisories are opened; without it there are none.
    pub fn advise(&mut self, opens: Opens) {
        self.opens = Some(opens);
    }

    /// The compiled advisories in force at a moment.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn edition(&self, as_of: &AsOf) -> Result<Option<Arc<Edition>>, IndexError> {
        let Some(opens) = &self.opens else {
            return Ok(None);
        };
        let edition = self.advisories_at(&as_of.instant)?;
        let edition = edition.and_then(|edition| Edition::new(&edition, opens));
        Ok(edition.map(Arc::new))
    }

    /// A transaction that holds the writer's lock from its beginning.
    fn immediate(&self) -> Result<Transaction<'_>, IndexError> {
        Ok(Transaction::new_unchecked(
            &self.connection,
            TransactionBehavior::Immediate,
        )?)
    }

    /// The connection, for the parts of this crate that query.
    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    fn schema(&self) -> Result<i64, IndexError> {
        Ok(self
            .connection
            .pragma_query_value(None, "user_version", |row| row.get(0))?)
    }

    /// Empties the index and lays its tables anew.
    fn clear(&self) -> Result<(), IndexError> {
        let names: Vec<String> = self
            .connection
            .prepare(
                "select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'",
            )?
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        for name in names {
            self.connection
                .execute_batch(&format!("drop table \"{name}\""))?;
        }
        self.connection.execute_batch(&schema_sql())?;
        self.connection
            .pragma_update(None, "user_version", schema_number())?;
        Ok(())
    }

    /// How far the vault has been projected: number of entries and the tree's root, hexadecimal.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn position(&self) -> Result<(u64, String), IndexError> {
        Ok(self
            .connection
            .query_row("select size, root from position", [], |row| {
                Ok((row.get::<_, i64>(0)?.cast_unsigned(), row.get(1)?))
            })
            .optional()?
            .unwrap_or_default())
    }

    /// Runs `work` in one transaction which also moves the position; with `anew` the index is
    /// emptied first. Where another process has moved it away from `from` in the meantime, nothing is
    /// done, and false is given.
    ///
    /// # Errors
    /// What `work` returns; nothing is kept then.
    pub fn advance<E: From<IndexError>>(
        &self,
        from: &(u64, String),
        to: &(u64, String),
        anew: bool,
        work: impl FnOnce(&Index) -> Result<(), E>,
    ) -> Result<bool, E> {
        let transaction = self.immediate()?;
        if self.position()? != *from {
            return Ok(false);
        }
        if anew {
            self.clear()?;
        }
        work(self)?;
        self.connection
            .execute("delete from position", [])
            .and_then(|_| {
                self.connection.execute(
                    "insert into position values (?1, ?2)",
                    params![to.0.cast_signed(), to.1],
                )
            })
            .map_err(IndexError::from)?;
        transaction.commit().map_err(IndexError::from)?;
        Ok(true)
    }

    /// Rewrites the file, so that nothing of what was removed stays in its free pages.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn wipe_free_pages(&self) -> Result<(), IndexError> {
        self.connection
            .execute_batch("vacuum; pragma wal_checkpoint(truncate)")?;
        Ok(())
    }

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

    /// Projects one record: what a person states, under [`RECORDS`]. A record of the same key
    /// replaces the former.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn record(&self, entry: u64, at: &str, row: Row) -> Result<(), IndexError> {
        self.connection.execute(
            &format!(
                "update history_{} set valid_to = ?1
                 where source = ?2 and row_key = ?3 and valid_to is null",
                row.table.name
            ),
            params![at, RECORDS, row.key()],
        )?;
        let columns = column_names(row.table);
        let marks = vec!["?"; row.cells.len() + 6].join(", ");
        let mut values: Vec<Sql> = Vec::new();
        let key = row.key();
        values.extend(row.cells.into_iter().map(sql));
        values.extend([
            Sql::Text(RECORDS.into()),
            Sql::Text(String::new()),
            Sql::Text(key),
            Sql::Text(at.into()),
            Sql::Null,
            Sql::Integer(entry.cast_signed()),
        ]);
        self.connection.execute(
            &format!(
                "insert into history_{} ({columns}, source, row_scope, row_key, valid_from, valid_to, entry)
                 values ({marks})",
                row.table.name
            ),
            rusqlite::params_from_iter(values),
        )?;
        Ok(())
    }

    /// Projects the end of a record.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn end_record(&self, at: &str, table: &Table, entry: u64) -> Result<bool, IndexError> {
        let ended = self.connection.execute(
            &format!(
                "update history_{} set valid_to = ?1
                 where source = '{RECORDS}' and entry = ?2 and valid_to is null",
                table.name
            ),
            params![at, entry.cast_signed()],
        )?;
        Ok(ended > 0)
    }

    /// The records of one table that have not ended: entry number and row.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn records(&self, table: &'static Table) -> Result<Vec<(u64, Row)>, IndexError> {
        let mut statement = self.connection.prepare(&format!(
            "select entry, {} from history_{} where source = '{RECORDS}' and valid_to is null order by entry",
            column_names(table),
            table.name
        ))?;
        let width = table.columns.len();
        let rows = statement.query_map([], |row| {
            let cells = (1..=width)
                .map(|i| row.get(i).map(cell))
                .collect::<Result<_, _>>()?;
            Ok((row.get::<_, i64>(0)?.cast_unsigned(), Row { table, cells }))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Projects the list of configured sources as it stands from `at` on.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn configured(&self, at: &str, sources: &[ConfiguredSource]) -> Result<(), IndexError> {
        self.connection.execute(
            "update main.configured set valid_to = ?1 where valid_to is null",
            params![at],
        )?;
        for source in sources {
            self.connection.execute(
                "insert into main.configured values (?1, ?2, ?3, ?4, ?5, null)",
                params![
                    source.name,
                    source.kind,
                    source.tables.join(" "),
                    source.fresh_for_days,
                    at
                ],
            )?;
        }
        Ok(())
    }

    /// Takes these sources to be configured, whatever the vault says, for as long as this index is
    /// open: a source that was just added and never read is then not overlooked.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn suppose_configured(&self, sources: &[ConfiguredSource]) -> Result<(), IndexError> {
        self.connection.execute_batch(
            "drop table if exists temp.configured;
             create temp table configured (source_name text, kind text, table_names text,
               fresh_for_days integer, valid_from text, valid_to text)",
        )?;
        for source in sources {
            self.connection.execute(
                "insert into temp.configured values (?1, ?2, ?3, ?4, '', null)",
                params![
                    source.name,
                    source.kind,
                    source.tables.join(" "),
                    source.fresh_for_days
                ],
            )?;
        }
        Ok(())
    }

    /// The sources that the vault holds to be configured now.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn configured_sources(&self) -> Result<Vec<ConfiguredSource>, IndexError> {
        let mut statement = self.connection.prepare(
            "select source_name, kind, table_names, fresh_for_days from main.configured
             where valid_to is null order by source_name",
        )?;
        let rows = statement.query_map([], |row| {
            Ok(ConfiguredSource {
                name: row.get(0)?,
                kind: row.get(1)?,
                tables: row
                    .get::<_, String>(2)?
                    .split_whitespace()
                    .map(str::to_owned)
                    .collect(),
                fresh_for_days: row.get(3)?,
            })
        })?;
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

    /// Remembers which name an opaque actor stands for.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn introduce(&self, actor: &str, name: &str) -> Result<(), IndexError> {
        self.connection
            .execute("insert into actor values (?1, ?2)", params![actor, name])?;
        Ok(())
    }

    /// The opaque identifier of a name, if it was introduced.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn actor(&self, name: &str) -> Result<Option<String>, IndexError> {
        Ok(self
            .connection
            .query_row(
                "select id from actor where name = ?1 order by rowid limit 1",
                params![name],
                |row| row.get(0),
            )
            .optional()?)
    }

    /// Remembers an imported edition.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn overlay(
        &self,
        entry: u64,
        at: &str,
        edition: &str,
        json: &str,
    ) -> Result<(), IndexError> {
        self.connection.execute(
            "insert into overlay values (?1, ?2, ?3, ?4)",
            params![entry.cast_signed(), at, edition, json],
        )?;
        Ok(())
    }

    /// Imported editions as of an instant, oldest first: entry and overlay as JSON.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn overlays(&self, instant: &str) -> Result<Vec<(u64, String)>, IndexError> {
        let mut statement = self.connection.prepare(
            "select entry_number, json from overlay where valid_from <= ?1 order by entry_number",
        )?;
        let rows = statement.query_map(params![instant], |row| {
            Ok((row.get::<_, i64>(0)?.cast_unsigned(), row.get(1)?))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
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

fn text_of(value: &Sql) -> String {
    match value {
        Sql::Null => "\u{2205}".into(),
        Sql::Integer(n) => n.to_string(),
        Sql::Real(x) => x.to_string(),
        Sql::Text(text) => text.replace('\\', "\\\\").replace('\n', "\\n"),
        Sql::Blob(bytes) => format!("{} bytes", bytes.len()),
    }
}

fn sql(cell: Cell) -> Sql {
    match cell {
        Cell::Null => Sql::Null,
        Cell::Integer(n) => Sql::Integer(n),
        Cell::Text(text) => Sql::Text(text),
    }
}

fn cell(value: Sql) -> Cell {
    match value {
        Sql::Null => Cell::Null,
        Sql::Integer(n) => Cell::Integer(n),
        other => Cell::Text(text_of(&other)),
    }
}

/// The table's columns, quoted and joined by commas.
pub(crate) fn column_names(table: &Table) -> String {
    let names: Vec<String> = table
        .columns
        .iter()
        .map(|c| format!("\"{}\"", c.name))
        .collect();
    names.join(", ")
}

/// SQL type and collation of each column, from the declaration.
pub(crate) fn column_sql(table: &Table) -> String {
    table.columns.iter().fold(String::new(), |mut text, c| {
        let kind = match c.kind {
            ColumnKind::Integer | ColumnKind::Truth => "integer",
            ColumnKind::Text | ColumnKind::Date => "text",
        };
        let collate = if c.identity { " collate nocase" } else { "" };
        let null = if c.nullable { "" } else { " not null" };
        let _ = write!(text, "\"{}\" {kind}{collate}{null}, ", c.name);
        text
    })
}

/// Columns that have an index of their own: keys, identities and references.
pub(crate) fn indexed(table: &Table) -> impl Iterator<Item = &'static str> {
    table
        .columns
        .iter()
        .filter(|c| c.key || c.identity || c.refers.is_some())
        .map(|c| c.name)
}

/// A number that changes with any declared table: an index of another number is rebuilt.
fn schema_number() -> i64 {
    let hash = schema_sql()
        .bytes()
        .fold(0x811c_9dc5_u32 ^ PROJECTION, |hash, byte| {
            (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
        });
    i64::from(hash >> 1)
}

fn schema_sql() -> String {
    let mut sql = String::from(
        "create table position (size integer not null, root text not null);
         create table coverage (source_name text not null, entry_number integer not null,
           table_name text not null, scope text not null, outcome text not null,
           ended_at text not null, row_count integer not null);
         create index coverage_by_table on coverage (table_name, source_name, entry_number);
         create table configured (source_name text not null, kind text not null,
           table_names text not null, fresh_for_days integer not null,
           valid_from text not null, valid_to text);
         create table actor (id text not null, name text not null);
         create table heading (seq integer primary key, time text not null, actor text not null,
           kind text not null, about text not null);
         create index heading_by_kind on heading (kind, seq);
         create index heading_by_actor on heading (actor, seq);
         create table state (kind text not null, name text not null, entry integer not null,
           json text not null, primary key (kind, name)) without rowid;
         create table overlay (entry_number integer not null, valid_from text not null,
           edition text not null, json text not null);
         create table advisory_edition (entry_number integer not null, valid_from text not null,
           edition text not null, json text not null, compared integer not null);
         create table advisory_first_fix (advisory text not null, package text not null,
           fixed text not null, valid_from text not null,
           primary key (package, advisory, fixed)) without rowid;\n",
    );
    sql.push_str(reviews::SCHEMA);
    for table in tables::INDEX {
        let columns = column_sql(table);
        let _ = writeln!(
            sql,
            "create table {} ({});",
            table.name,
            columns.trim_end_matches(", ")
        );
    }
    for table in tables::ALL {
        let name = table.name;
        let _ = writeln!(
            sql,
            "create table history_{name} ({}source text not null, row_scope text not null,
               row_key text not null, valid_from text not null, valid_to text,
               entry integer not null);
             create index history_{name}_row on history_{name} (source, row_key, valid_to);
             create index history_{name}_record on history_{name} (entry)
               where source = '{RECORDS}' and valid_to is null;",
            column_sql(table)
        );
        for column in indexed(table) {
            let _ = writeln!(
                sql,
                "create index history_{name}_{column} on history_{name} (\"{column}\");"
            );
        }
    }
    sql
}
