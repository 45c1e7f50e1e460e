//! Records as they stood before: what was stated, replaced and ended.

use rusqlite::params;
use standing_facts::{Row, Table};

use super::schema::{cell, column_names};
use super::{Index, IndexError, RECORDS};

/// A record that stands or stood.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// Vault entry that said so.
    pub entry: u64,
    /// Instant from which it stood.
    pub from: String,
    /// Instant from which it stood no longer; `None` while it stands.
    pub to: Option<String>,
    /// What it says.
    pub row: Row,
}

impl Index {
    /// Every record of a table with this text in the column, standing or ended, newest first. What
    /// was erased is not among them. Empty if the table has no such column.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn records_ever(
        &self,
        table: &'static Table,
        column: &str,
        text: &str,
    ) -> Result<Vec<Kept>, IndexError> {
        if !table.columns.iter().any(|c| c.name == column) {
            return Ok(Vec::new());
        }
        let mut statement = self.connection.prepare_cached(&format!(
            "select entry, valid_from, valid_to, {} from history_{}
             where source = ?1 and \"{column}\" = ?2 order by entry desc",
            column_names(table),
            table.name
        ))?;
        let width = table.columns.len();
        let rows = statement.query_map(params![RECORDS, text], |row| {
            let cells = (3..3 + width)
                .map(|i| row.get(i).map(cell))
                .collect::<Result<_, _>>()?;
            Ok(Kept {
                entry: row.get::<_, i64>(0)?.cast_unsigned(),
                from: row.get(1)?,
                to: row.get(2)?,
                row: Row { table, cells },
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_replaced_or_ended_is_still_told_newest_first() {
        let index = Index::in_memory().unwrap();
        let row = |id: &str, answer: &str| {
            let line = format!(
                r#"{{"table":"attestation","id":"{id}","item":"4.2.4","answer":"{answer}","stated_on":"2026-01-01"}}"#
            );
            standing_facts::parse_line(&line).unwrap()
        };
        index
            .record(1, "2026-01-01T00:00:00.000Z", row("a", "no"))
            .unwrap();
        index
            .record(2, "2026-02-01T00:00:00.000Z", row("a", "yes"))
            .unwrap();
        index
            .record(3, "2026-03-01T00:00:00.000Z", row("b", "yes"))
            .unwrap();
        let table = row("a", "no").table;
        index
            .end_record("2026-04-01T00:00:00.000Z", table, 3)
            .unwrap();
        let told = index.records_ever(table, "item", "4.2.4").unwrap();
        let short: Vec<(u64, Option<&str>)> =
            told.iter().map(|k| (k.entry, k.to.as_deref())).collect();
        assert_eq!(
            short,
            [
                (3, Some("2026-04-01T00:00:00.000Z")),
                (2, None),
                (1, Some("2026-02-01T00:00:00.000Z")),
            ]
        );
        assert!(
            index
                .records_ever(table, "item", "4.2.5")
                .unwrap()
                .is_empty()
        );
        assert!(
            index
                .records_ever(table, "nothing", "x")
                .unwrap()
                .is_empty()
        );
    }
}
