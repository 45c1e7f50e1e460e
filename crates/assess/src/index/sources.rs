//! Which sources were configured, from when to when.

use rusqlite::params;

use super::{Index, IndexError};

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

impl Index {
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
}
