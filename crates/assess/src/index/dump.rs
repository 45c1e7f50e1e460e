//! The index as text, so that two of them can be compared to the byte.

use rusqlite::types::Value as Sql;
use standing_facts::tables;

use super::schema::text_of;
use super::{Index, IndexError};

impl Index {
    /// Everything in the index as text in one order that depends on the contents alone: two indexes
    /// of the same vault give the same bytes.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn dump(&self, out: &mut dyn FnMut(&str)) -> Result<(), IndexError> {
        let mut orders: Vec<(String, String)> = tables::ALL
            .iter()
            .map(|t| {
                let order = "source, row_scope, row_key, valid_from, entry".to_owned();
                (format!("history_{}", t.name), order)
            })
            .collect();
        orders.push(("collection".into(), "entry_number".into()));
        orders.push(("gap".into(), "entry_number, ordinal".into()));
        orders.push(("coverage".into(), "entry_number, table_name".into()));
        orders.push(("configured".into(), "valid_from, source_name".into()));
        orders.push(("actor".into(), "id".into()));
        orders.push(("overlay".into(), "entry_number".into()));
        orders.push(("advisory_edition".into(), "entry_number".into()));
        orders.push((
            "advisory_first_fix".into(),
            "package, advisory, fixed".into(),
        ));
        orders.push(("heading".into(), "seq".into()));
        orders.push(("state".into(), "kind, name".into()));
        for (table, order) in super::reviews::ORDERS {
            orders.push(((*table).to_owned(), (*order).to_owned()));
        }
        for (table, order) in orders {
            out(&format!("# {table}\n"));
            let mut statement = self
                .connection
                .prepare(&format!("select * from {table} order by {order}"))?;
            let width = statement.column_count();
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let cells: Vec<String> = (0..width)
                    .map(|i| row.get::<_, Sql>(i).map(|v| text_of(&v)))
                    .collect::<Result<_, _>>()?;
                out(&cells.join("\u{1f}"));
                out("\n");
            }
        }
        Ok(())
    }
}
