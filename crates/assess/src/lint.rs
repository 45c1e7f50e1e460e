//! What keeps a check off SQLite's cliffs: its plan is read before it is run.
//!
//! SQLite joins by nested loops only. Two scans nested in one another, or a correlated subquery
//! that scans, take hours on an estate where an indexed key takes milliseconds.

use std::collections::BTreeSet;

use crate::check::{Check, CheckError, Fault, explain, guarded};
use crate::estate::Estate;

/// One line of SQLite's plan.
struct Step {
    id: i64,
    parent: i64,
    detail: String,
}

pub(crate) fn lint(check: &Check, estate: &Estate<'_>) -> Result<(), CheckError> {
    let connection = estate.connection();
    let fault = |fault: Fault| {
        let (line, what) = place(check, &fault);
        CheckError { line, what }
    };
    let access = check.access();
    let steps = guarded(connection, check.budget, &access, &check.sql, || {
        let statement = connection.prepare(&check.sql)?;
        for name in ["subject", "verdict", "observed", "rule"] {
            statement.column_index(name)?;
        }
        for i in 1..=statement.parameter_count() {
            let name = statement.parameter_name(i).unwrap_or("?");
            if name != ":as_of"
                && !name
                    .get(1..)
                    .is_some_and(|n| check.parameters.contains_key(n))
            {
                return Err(rusqlite::Error::InvalidParameterName(format!(
                    "{name}: declare it as `-- parameter: {} = …`",
                    name.trim_start_matches(':')
                )));
            }
        }
        Ok(())
    })
    .and_then(|()| plan(check, estate).map_err(Fault::from))
    .map_err(fault)?;
    match cliff(&steps) {
        Some(table) => Err(CheckError {
            line: check.sql_line,
            what: advice(check, &table),
        }),
        None => Ok(()),
    }
}

/// Lower-case words, commas and full stops, each with its line from 0: without comments and quoted
/// text, but with names in quotes.
fn words(sql: &str) -> Vec<(usize, String)> {
    let mut words: Vec<(usize, String)> = Vec::new();
    let mut word = String::new();
    let mut line = 0;
    let mut rest = sql.chars().peekable();
    while let Some(c) = rest.next() {
        let plain = c.is_alphanumeric() || c == '_';
        if plain {
            word.extend(c.to_lowercase());
        }
        if !word.is_empty() && (!plain || rest.peek().is_none()) {
            words.push((line, std::mem::take(&mut word)));
        }
        // What closes the comment or the quoted part that begins here.
        let close = match (c, rest.peek()) {
            ('-', Some('-')) => "\n",
            ('/', Some('*')) => "*/",
            ('\'', _) => "'",
            ('"', _) => "\"",
            ('`', _) => "`",
            ('[', _) => "]",
            _ => "",
        };
        if matches!(c, ',' | '.') {
            words.push((line, c.to_string()));
        }
        line += usize::from(c == '\n');
        if close.is_empty() {
            continue;
        }
        if close == "*/" {
            rest.next();
        }
        let (begun, mut inner) = (line, String::new());
        for c in rest.by_ref() {
            line += usize::from(c == '\n');
            inner.extend(c.to_lowercase());
            if inner.ends_with(close) {
                break;
            }
        }
        if matches!(close, "\"" | "`" | "]") {
            inner.pop();
            words.push((begun, inner));
        }
    }
    words
}

/// The line and the words for what was refused, or for SQLite's own complaint.
fn place(check: &Check, fault: &Fault) -> (usize, String) {
    if let Some(denied) = &fault.denied {
        let found = words(&check.sql).into_iter().find(|w| w.1 == denied.name);
        let named = |line: &str| line.to_lowercase().contains(&denied.name);
        let line = found
            .map(|(line, _)| line)
            .or_else(|| check.sql.lines().position(named))
            .unwrap_or_default();
        return (check.sql_line + line, denied.what.clone());
    }
    match &fault.error {
        rusqlite::Error::SqlInputError { msg, offset, .. } => {
            let before = usize::try_from(*offset)
                .ok()
                .and_then(|o| check.sql.get(..o))
                .unwrap_or_default();
            (check.sql_line + before.matches('\n').count(), msg.clone())
        }
        rusqlite::Error::InvalidColumnName(name) => (
            check.sql_line,
            format!("the result has no column {name}; expected subject, verdict, observed, rule"),
        ),
        _ => (check.sql_line, explain(fault, check.budget)),
    }
}

/// SQLite's plan of a statement that was found to be in order.
fn plan(check: &Check, estate: &Estate<'_>) -> rusqlite::Result<Vec<Step>> {
    let mut statement = estate
        .connection()
        .prepare(&format!("explain query plan {}", check.sql))?;
    // Parameters stay unbound: a plan does not need them.
    let mut rows = statement.raw_query();
    let mut steps = Vec::new();
    while let Some(row) = rows.next()? {
        steps.push(Step {
            id: row.get(0)?,
            parent: row.get(1)?,
            detail: row.get(3)?,
        });
    }
    Ok(steps)
}

/// The table that is scanned again and again, if one is.
fn cliff(steps: &[Step]) -> Option<String> {
    let scanned = |step: &Step| {
        let rest = step.detail.strip_prefix("SCAN ")?;
        let name = rest.split(' ').next()?;
        let small = name == "CONSTANT" || rest.contains("VIRTUAL TABLE");
        (!small).then(|| name.trim_start_matches("history_").to_owned())
    };
    for (i, step) in steps.iter().enumerate() {
        let Some(table) = scanned(step) else { continue };
        let outer = steps[..i]
            .iter()
            .any(|s| s.parent == step.parent && scanned(s).is_some());
        if outer || within_correlated(steps, step) {
            return Some(table);
        }
    }
    None
}

fn within_correlated(steps: &[Step], step: &Step) -> bool {
    let mut parent = step.parent;
    while let Some(above) = steps.iter().find(|s| s.id == parent) {
        if above.detail.starts_with("CORRELATED") {
            return true;
        }
        parent = above.parent;
    }
    false
}

/// What to do instead, naming the columns of the table by which the statement compares.
fn advice(check: &Check, table: &str) -> String {
    let words: Vec<String> = words(&check.sql).into_iter().map(|w| w.1).collect();
    let aliases = aliases(&words, table);
    let columns: BTreeSet<String> = words
        .windows(3)
        .filter(|w| w[1] == "." && aliases.contains(&w[0]))
        .map(|w| format!("{}.{}", w[0], w[2]))
        .collect();
    let which = if columns.is_empty() {
        String::new()
    } else {
        let columns: Vec<String> = columns.into_iter().collect();
        format!(" (it is compared by {})", columns.join(", "))
    };
    format!(
        "scans all of {table} once for each row of another table{which}: compare an indexed column \
         as it stands, without a function around it; keys, identities and references are indexed, \
         see docs/facts.md"
    )
}

/// The names by which a statement speaks of a table: its own, and what stands behind it in FROM.
fn aliases(words: &[String], table: &str) -> BTreeSet<String> {
    const NOT_NAMES: &[&str] = &[
        "on", "where", "join", "left", "inner", "cross", "using", "group", "order", "union",
        "limit", ",",
    ];
    let mut aliases = BTreeSet::from([table.to_lowercase()]);
    for (i, pair) in words.windows(2).enumerate() {
        if pair[1] != table || !matches!(pair[0].as_str(), "from" | "join" | ",") {
            continue;
        }
        let rest = &words[i + 2..];
        let named = match rest.first().map(String::as_str) {
            Some("as") => rest.get(1),
            _ => rest.first(),
        };
        aliases.extend(named.filter(|n| !NOT_NAMES.contains(&n.as_str())).cloned());
    }
    aliases
}
