//! Rows of the estate for pages, and what the tables they come from are known from.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::types::Value;
use standing_assess::Estate;
use standing_assess::index::RECORDS;

use super::visit::Trouble;

/// Millions of SQLite steps that one question of a page may take.
const BUDGET: u64 = 200;

/// One row by the names of its columns.
#[derive(Clone, Debug)]
pub struct Row {
    columns: Arc<Vec<String>>,
    cells: Vec<Value>,
}

impl Row {
    fn cell(&self, name: &str) -> &Value {
        let at = self.columns.iter().position(|c| c == name);
        debug_assert!(at.is_some(), "no column {name}");
        at.and_then(|i| self.cells.get(i)).unwrap_or(&Value::Null)
    }

    /// Text; empty where it is not known.
    pub fn text(&self, name: &str) -> &str {
        match self.cell(name) {
            Value::Text(text) => text,
            _ => "",
        }
    }

    /// Whether anything is known.
    pub fn has(&self, name: &str) -> bool {
        !matches!(self.cell(name), Value::Null) && self.cell(name) != &Value::Text(String::new())
    }

    /// A count; 0 where it is not known.
    pub fn number(&self, name: &str) -> u64 {
        match self.cell(name) {
            Value::Integer(n) => u64::try_from(*n).unwrap_or_default(),
            _ => 0,
        }
    }

    /// A count as people write it: `1,234`.
    pub fn figure(&self, name: &str) -> String {
        crate::text::number(self.number(name))
    }

    /// A count of things: `1,234 rows`.
    pub fn count(&self, name: &str, one: &str) -> String {
        crate::text::count(self.number(name), one)
    }

    /// Yes, no or not known.
    pub fn truth(&self, name: &str) -> Option<bool> {
        match self.cell(name) {
            Value::Integer(n) => Some(*n != 0),
            _ => None,
        }
    }

    /// `yes`, `no` or `not known`.
    pub fn yes(&self, name: &str) -> &'static str {
        match self.truth(name) {
            Some(true) => "yes",
            Some(false) => "no",
            None => "not known",
        }
    }

    /// A day as people write it; empty where it is not known.
    pub fn day(&self, name: &str) -> String {
        let text = self.text(name);
        text.parse()
            .map_or_else(|_| text.to_owned(), |day: Date| crate::text::day(day))
    }

    /// The day of an instant, as people write it; empty where it is not known.
    pub fn day_of(&self, name: &str) -> String {
        self.text(name)
            .parse::<Timestamp>()
            .map_or_else(|_| String::new(), |at| crate::text::day(date(at)))
    }
}

/// The day of an instant in the United Kingdom.
pub fn date(at: Timestamp) -> Date {
    standing_assess::AsOf::at(at).date
}

/// The rows of one SELECT with values for `?1`, `?2` …
///
/// # Errors
/// When the statement is not as it should be or takes too long.
pub fn rows(estate: &Estate<'_>, sql: &str, values: &[Value]) -> Result<Vec<Row>, Trouble> {
    let answer = estate
        .query_with(sql, values, BUDGET)
        .map_err(Trouble::ours)?;
    let columns = Arc::new(answer.columns);
    let row = |cells| Row {
        columns: Arc::clone(&columns),
        cells,
    };
    Ok(answer.rows.into_iter().map(row).collect())
}

/// The first row, if there is one.
///
/// # Errors
/// As [`rows`].
pub fn one(estate: &Estate<'_>, sql: &str, values: &[Value]) -> Result<Option<Row>, Trouble> {
    Ok(rows(estate, sql, values)?.into_iter().next())
}

/// Text as a value to be bound.
pub fn text(value: &str) -> Value {
    Value::Text(value.to_owned())
}

/// A number as a value to be bound.
pub fn number(value: u64) -> Value {
    Value::Integer(i64::try_from(value).unwrap_or(i64::MAX))
}

/// A list of texts as one value, for `json_each`.
pub fn list<'a>(values: impl Iterator<Item = &'a str>) -> Value {
    Value::Text(serde_json::Value::from_iter(values).to_string())
}

/// A pattern for `like … escape '\'` that finds the words wherever they stand.
pub fn containing(words: &str) -> Value {
    let mut pattern = String::from("%");
    for c in words.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    Value::Text(pattern)
}

/// What one table is known from.
#[derive(Clone, Debug)]
pub struct Told {
    /// The table.
    pub table: String,
    /// Each source that tells of it.
    pub sources: Vec<Telling>,
    /// Why it is not completely and freshly known; empty if it is.
    pub gaps: Vec<String>,
}

/// What one source tells of one table.
#[derive(Clone, Debug)]
pub struct Telling {
    /// The source.
    pub source: String,
    /// Whether it is the records that people keep by hand.
    pub by_hand: bool,
    /// When it was last read completely.
    pub read_at: Option<Timestamp>,
    /// Last day on which that may be relied upon.
    pub until: Option<Date>,
    /// What went wrong since.
    pub warning: Option<String>,
}

impl Told {
    /// Last day on which all of it may be relied upon.
    pub fn until(&self) -> Option<Date> {
        self.sources.iter().filter_map(|s| s.until).min()
    }

    /// Whether it is completely and freshly known.
    pub fn known(&self) -> bool {
        self.gaps.is_empty()
    }
}

/// What a table is known from.
pub fn told(estate: &Estate<'_>, table: &str) -> Told {
    let telling = |s: &standing_assess::estate::SourceState| Telling {
        by_hand: s.source == RECORDS,
        source: s.source.clone(),
        read_at: s.collected_at.as_ref().and_then(|at| at.parse().ok()),
        until: s.fresh_until,
        warning: s.warning.clone(),
    };
    let mut seen = std::collections::BTreeSet::new();
    let mut sources: Vec<Telling> = Vec::new();
    for behind in Estate::behind(table).into_iter().chain([table]) {
        for state in estate.sources_of(behind) {
            if seen.insert(state.source.clone()) {
                sources.push(telling(state));
            }
        }
    }
    let mut gaps: Vec<String> = estate.gaps(table).into_iter().map(|g| g.detail).collect();
    gaps.dedup();
    Told {
        table: table.to_owned(),
        sources,
        gaps,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_of_like_are_letters() {
        assert_eq!(containing("50%_a\\"), text("%50\\%\\_a\\\\%"));
    }
}
