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
    /// Whether it was compared with the one before, so that it is known which fixes it names first.
    pub compared: bool,
}

/// A fix that an edition is the first to name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirstFix {
    /// The advisory.
    pub advisory: String,
    /// The package, as [`standing_patching::package_key`] gives it.
    pub package: String,
    /// The version.
    pub fixed: String,
}

const COLUMNS: &str = "entry_number, valid_from, edition, json, compared";

impl Index {
    /// Remembers the advisories that an entry names.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn advisory_edition(&self, edition: &AdvisoryEdition) -> Result<(), IndexError> {
        self.connection.execute(
            "insert into advisory_edition values (?1, ?2, ?3, ?4, ?5)",
            params![
                edition.entry.cast_signed(),
                edition.valid_from,
                edition.edition,
                edition.json,
                edition.compared
            ],
        )?;
        Ok(())
    }

    /// Remembers which fixes an edition is the first to name. What an earlier one named first, and
    /// another no longer did, keeps its day.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn first_fixes(&self, valid_from: &str, fixes: &[FirstFix]) -> Result<(), IndexError> {
        let mut insert = self
            .connection
            .prepare("insert or ignore into advisory_first_fix values (?1, ?2, ?3, ?4)")?;
        for fix in fixes {
            insert.execute(params![fix.advisory, fix.package, fix.fixed, valid_from])?;
        }
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
        compared: row.get(4)?,
    })
}
