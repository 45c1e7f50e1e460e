//! The index: SQLite, a cache of the vault's facts with their history. It can be deleted and built
//! anew at any time, and its [canonical dump](Index::dump) is then the same to the byte.
//!
//! Each fact table `t` is stored as `history_t`: the declared columns and `source`, `row_scope`,
//! `row_key`, `valid_from`, `valid_to`, `entry`. A row that did not change between two collections
//! is one row, so *first seen* is free and *as of* is a view.
//!
//! *Architecture invariant:* a `partial` run changes no row and ends none; it only adds rows whose
//! key was not there. A run compares itself only with rows of the same scope (like for like).

use std::path::Path;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use crate::advisories::{Edition, Opens};
use crate::time::AsOf;

mod advisories;
mod collection;
mod dump;
mod former;
mod records;
mod reviews;
mod runs;
mod schema;
mod sources;
mod state;

pub use advisories::{AdvisoryEdition, FirstFix};
pub use collection::CollectionMeta;
pub use former::Kept;
pub use records::RECORDS;
pub(crate) use reviews::access_reviews;
pub use reviews::{
    AccessReview, Late, Removal, RemovalState, ReviewBatch, ReviewCampaign, ReviewCount,
    ReviewDecision, ReviewGroup, ReviewLoad, ReviewMark, ReviewPart, ReviewRow, ReviewWanted,
    ReviewedBefore, Step,
};
pub use runs::{Attempts, RunHeading};
pub(crate) use schema::{column_names, column_sql, indexed};
use schema::{schema_number, schema_sql};
pub use sources::ConfiguredSource;
pub use state::{Heading, State, Wanted};

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
}
