//! What people state: records, under a source of their own.

use rusqlite::params;
use rusqlite::types::Value as Sql;
use standing_facts::{Row, Table};

use super::schema::{cell, column_names, sql};
use super::{Index, IndexError};

/// Name of the source under which records (what people state) are stored.
pub const RECORDS: &str = "records";

impl Index {
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
}
