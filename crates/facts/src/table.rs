//! What a table is, and the one declaration from which SQL, JSON Lines and the reference page come.

use serde::{Serialize, de::DeserializeOwned};

/// How a column is stored and compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// UTF-8 text.
    Text,
    /// A whole number; its unit is in the column's name.
    Integer,
    /// `1`, `0`, or null for *unknown*.
    Truth,
    /// A calendar day, `YYYY-MM-DD`.
    Date,
}

/// One column of a table.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Name in SQL and in JSON.
    pub name: &'static str,
    /// Storage and comparison.
    pub kind: ColumnKind,
    /// Whether null (*not known*, or *not so*: the text says which) may stand here.
    pub nullable: bool,
    /// Part of the row's key within its source.
    pub key: bool,
    /// Names a person, account or thing: compared without regard to case, and indexed.
    pub identity: bool,
    /// The table whose key stands here, if any: indexed.
    pub refers: Option<&'static str>,
    /// What it means, from the declaration's doc comment.
    pub doc: &'static str,
}

/// One table of facts.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// Name in SQL and in JSON Lines.
    pub name: &'static str,
    /// What one row is, from the declaration's doc comment.
    pub doc: &'static str,
    /// Columns in their order.
    pub columns: &'static [Column],
}

impl PartialEq for Table {
    /// Tables are declared once, so their names decide.
    fn eq(&self, other: &Table) -> bool {
        self.name == other.name
    }
}

/// One value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cell {
    /// Not known (or, where the column says so, not applicable).
    Null,
    /// A whole number or a truth value (1, 0).
    Integer(i64),
    /// Text or a date.
    Text(String),
}

/// A row of any table: its table and one cell a column, in the table's order.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The table.
    pub table: &'static Table,
    /// One cell a column.
    pub cells: Vec<Cell>,
}

impl Row {
    /// The row's key within its source: the key columns joined by U+001F; never empty.
    pub fn key(&self) -> String {
        let mut key = String::new();
        for (column, cell) in self.table.columns.iter().zip(&self.cells) {
            if column.key {
                if !key.is_empty() {
                    key.push('\u{1f}');
                }
                match cell {
                    Cell::Null => {}
                    Cell::Integer(n) => key.push_str(&n.to_string()),
                    Cell::Text(text) => key.push_str(text),
                }
            }
        }
        if key.is_empty() {
            key.push('\u{1f}');
        }
        key
    }
}

/// A Rust type that may stand in a column.
pub trait Value {
    /// Storage.
    const KIND: ColumnKind;
    /// Whether it can be null.
    const NULLABLE: bool;
    /// The stored form.
    fn cell(&self) -> Cell;
}

impl Value for String {
    const KIND: ColumnKind = ColumnKind::Text;
    const NULLABLE: bool = false;
    fn cell(&self) -> Cell {
        Cell::Text(self.clone())
    }
}

impl Value for i64 {
    const KIND: ColumnKind = ColumnKind::Integer;
    const NULLABLE: bool = false;
    fn cell(&self) -> Cell {
        Cell::Integer(*self)
    }
}

impl Value for bool {
    const KIND: ColumnKind = ColumnKind::Truth;
    const NULLABLE: bool = false;
    fn cell(&self) -> Cell {
        Cell::Integer(i64::from(*self))
    }
}

impl Value for jiff::civil::Date {
    const KIND: ColumnKind = ColumnKind::Date;
    const NULLABLE: bool = false;
    fn cell(&self) -> Cell {
        Cell::Text(self.to_string())
    }
}

impl<V: Value> Value for Option<V> {
    const KIND: ColumnKind = V::KIND;
    const NULLABLE: bool = true;
    fn cell(&self) -> Cell {
        self.as_ref().map_or(Cell::Null, Value::cell)
    }
}

/// A typed row of one table.
pub trait Fact: Serialize + DeserializeOwned {
    /// The table it belongs to.
    const TABLE: &'static Table;
    /// The row's cells in the table's order.
    fn row(&self) -> Row;
}

/// Why a line of JSON is not a row.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum FactError {
    /// The line is not a JSON object.
    #[error("expected one JSON object a line, found {0}")]
    NotAnObject(String),
    /// The object lacks `"table"` or names one that does not exist.
    #[error("no table named {0:?}")]
    NoSuchTable(String),
    /// A column that the table does not have.
    #[error("table {table} has no column {column:?}")]
    NoSuchColumn {
        /// The table.
        table: &'static str,
        /// What was found.
        column: String,
    },
    /// A value that does not fit its column.
    #[error("table {table}, column {column}: expected {expected}, found {found}")]
    Misfit {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The form expected.
        expected: &'static str,
        /// The form found, never the value.
        found: &'static str,
    },
}

/// One row as a line of JSON Lines, without the line end: `{"table":"person","id":…}`, columns in
/// the table's order, null columns left out.
pub fn to_line(row: &Row) -> String {
    let mut line = format!("{{\"table\":\"{}\"", row.table.name);
    for (column, cell) in row.table.columns.iter().zip(&row.cells) {
        let value = match (cell, column.kind) {
            (Cell::Null, _) => continue,
            (Cell::Integer(n), ColumnKind::Truth) => (*n != 0).to_string(),
            (Cell::Integer(n), _) => n.to_string(),
            (Cell::Text(text), _) => serde_json::Value::from(text.as_str()).to_string(),
        };
        line.push_str(",\"");
        line.push_str(column.name);
        line.push_str("\":");
        line.push_str(&value);
    }
    line.push('}');
    line
}

/// Reads one line of JSON Lines back. The inverse of [`to_line`].
///
/// # Errors
/// Says which table or column does not fit; never repeats a value.
pub fn parse_line(line: &str) -> Result<Row, FactError> {
    let value: serde_json::Value =
        serde_json::from_str(line).map_err(|e| FactError::NotAnObject(e.to_string()))?;
    let object = value
        .as_object()
        .ok_or_else(|| FactError::NotAnObject(kind_of(&value).into()))?;
    let name = object
        .get("table")
        .and_then(serde_json::Value::as_str)
        .unwrap_or_default();
    let table =
        crate::tables::table(name).ok_or_else(|| FactError::NoSuchTable(name.to_owned()))?;
    if let Some(stranger) = object
        .keys()
        .find(|k| *k != "table" && !table.columns.iter().any(|c| c.name == k.as_str()))
    {
        return Err(FactError::NoSuchColumn {
            table: table.name,
            column: stranger.clone(),
        });
    }
    let cells = table
        .columns
        .iter()
        .map(|column| cell_of(table, column, object.get(column.name)))
        .collect::<Result<_, _>>()?;
    Ok(Row { table, cells })
}

fn cell_of(
    table: &'static Table,
    column: &'static Column,
    value: Option<&serde_json::Value>,
) -> Result<Cell, FactError> {
    use serde_json::Value as Json;
    let misfit = |expected| FactError::Misfit {
        table: table.name,
        column: column.name,
        expected,
        found: value.map_or("nothing", kind_of),
    };
    match (column.kind, value) {
        (_, None | Some(Json::Null)) if column.nullable => Ok(Cell::Null),
        (ColumnKind::Text, Some(Json::String(text))) => Ok(Cell::Text(text.clone())),
        (ColumnKind::Text, _) => Err(misfit("text")),
        (ColumnKind::Integer, Some(Json::Number(n))) => n
            .as_i64()
            .map(Cell::Integer)
            .ok_or_else(|| misfit("a whole number")),
        (ColumnKind::Integer, _) => Err(misfit("a whole number")),
        (ColumnKind::Truth, Some(Json::Bool(b))) => Ok(Cell::Integer(i64::from(*b))),
        (ColumnKind::Truth, _) => Err(misfit("true or false")),
        (ColumnKind::Date, Some(Json::String(text))) => text
            .parse::<jiff::civil::Date>()
            .map(|day| Cell::Text(day.to_string()))
            .map_err(|_| misfit("a date as YYYY-MM-DD")),
        (ColumnKind::Date, _) => Err(misfit("a date as YYYY-MM-DD")),
    }
}

fn kind_of(value: &serde_json::Value) -> &'static str {
    match value {
        serde_json::Value::Null => "null",
        serde_json::Value::Bool(_) => "a truth value",
        serde_json::Value::Number(_) => "a number",
        serde_json::Value::String(_) => "text",
        serde_json::Value::Array(_) => "a list",
        serde_json::Value::Object(_) => "an object",
    }
}

/// Declares tables. Each becomes a struct that implements [`Fact`], and a line in `ALL`.
///
/// Before a column may stand `@key`, `@identity`, `@key_identity` or `@refers(table)`.
macro_rules! declare {
    ($(
        $(#[doc = $doc:literal])+
        $name:ident = $table:literal {
            $(
                $(#[doc = $cdoc:literal])+
                $(@$mark:ident $(($refers:ident))?)? $column:ident : $type:ty,
            )+
        }
    )+) => {
        $(
            $(#[doc = $doc])+
            #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
            #[serde(deny_unknown_fields)]
            pub struct $name {
                $(
                    $(#[doc = $cdoc])+
                    pub $column: $type,
                )+
            }

            impl $crate::Fact for $name {
                const TABLE: &'static $crate::Table = &$crate::Table {
                    name: $table,
                    doc: concat!($($doc, "\n"),+),
                    columns: &[$(
                        $crate::table::column::<$type>(
                            stringify!($column),
                            concat!("", $(stringify!($mark))?),
                            concat!("", $($(stringify!($refers))?)?),
                            concat!($($cdoc, "\n"),+),
                        ),
                    )+],
                };

                fn row(&self) -> $crate::Row {
                    $crate::Row {
                        table: Self::TABLE,
                        cells: vec![$($crate::table::Value::cell(&self.$column)),+],
                    }
                }
            }
        )+

        /// Every table that a collector or a record may fill, in the order of the reference page.
        pub static ALL: &[&$crate::Table] = &[$(<$name as $crate::Fact>::TABLE),+];
    };
}
pub(crate) use declare;

/// Builds a column's description from its type and mark.
pub(crate) const fn column<V: Value>(
    name: &'static str,
    mark: &'static str,
    refers: &'static str,
    doc: &'static str,
) -> Column {
    let (key, identity) = match mark.as_bytes() {
        b"" | b"refers" => (false, false),
        b"key" => (true, false),
        b"identity" => (false, true),
        b"key_identity" => (true, true),
        _ => panic!("marks are key, identity, key_identity and refers(table)"),
    };
    Column {
        name,
        kind: V::KIND,
        nullable: V::NULLABLE,
        key,
        identity,
        refers: if refers.is_empty() {
            None
        } else {
            Some(refers)
        },
        doc,
    }
}
