//! Which advisories were held at a moment: one row for each update, so that an assessment of an earlier
//! day is made again with what was known then.

use rusqlite::{OptionalExtension, Row, params};

use super::{Index, IndexError};

/// The advisories that one entry of the vault names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdvisoryEdition {
    /// The entry.
    pub entry: u64,
    /// Instant of its writing: from then on these are in force.
    pub valid_from: String,
    /// SHA-256 over what it is made of, hexadecimal.
    pub edition: String,
    /// The list of its feeds as JSON; empty where it was erased.
    pub json: String,
}

const COLUMNS: &str = "entry_number, valid_from, edition, json";

impl Index {
    /// Remembers the advisories that an entry names.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn advisory_edition(&self, edition: &AdvisoryEdition) -> Result<(), IndexError> {
        self.connection.execute(
            "insert into advisory_edition values (?1, ?2, ?3, ?4)",
            params![
                edition.entry.cast_signed(),
                edition.valid_from,
                edition.edition,
                edition.json
            ],
        )?;
        Ok(())
    }

    /// The advisories in force at an instant, if there were any.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn advisories_at(&self, instant: &str) -> Result<Option<AdvisoryEdition>, IndexError> {
        let sql = format!(
            "select {COLUMNS} from advisory_edition where valid_from <= ?1
             order by entry_number desc limit 1"
        );
        let found = self.connection.query_row(&sql, params![instant], edition);
        Ok(found.optional()?)
    }

    /// Every edition of the advisories, oldest first.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn advisory_editions(&self) -> Result<Vec<AdvisoryEdition>, IndexError> {
        let sql = format!("select {COLUMNS} from advisory_edition order by entry_number");
        let mut statement = self.connection.prepare(&sql)?;
        let rows = statement.query_map([], edition)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

fn edition(row: &Row<'_>) -> rusqlite::Result<AdvisoryEdition> {
    Ok(AdvisoryEdition {
        entry: row.get::<_, i64>(0)?.cast_unsigned(),
        valid_from: row.get(1)?,
        edition: row.get(2)?,
        json: row.get(3)?,
    })
}
