//! What keeps a check off SQLite's cliffs: its plan is read before it is run.
//!
//! SQLite joins by nested loops only. Two scans nested in one another, or a correlated subquery
//! that scans, take hours on an estate where an indexed key takes milliseconds.

use std::collections::BTreeSet;

use crate::check::{Check, CheckError, guarded, is_table};
use crate::estate::Estate;

/// One line of SQLite's plan.
struct Step {
    id: i64,
    parent: i64,
    detail: String,
}

pub(crate) fn lint(check: &Check, estate: &Estate<'_>) -> Result<(), CheckError> {
    no_clock(check)?;
    let connection = estate.connection();
    let fault = |error: rusqlite::Error| {
        let (line, what) = place(check, &error);
        CheckError { line, what }
    };
    guarded(connection, check.budget, || {
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
    .map_err(fault)?;
    declared(check)?;
    let steps = plan(check, estate).map_err(fault)?;
    match cliff(&steps) {
        Some(table) => Err(CheckError {
            line: check.sql_line,
            what: advice(check, &table),
        }),
        None => Ok(()),
    }
}

/// A check that looks at the clock would give another verdict tomorrow on the same facts.
fn no_clock(check: &Check) -> Result<(), CheckError> {
    for (i, line) in check.sql.lines().enumerate() {
        let words = line.to_lowercase();
        let code = words.split("--").next().unwrap_or_default();
        for clock in [
            "'now'",
            "current_date",
            "current_time",
            "random",
            "date()",
            "datetime()",
        ] {
            if code.contains(clock) {
                return Err(CheckError {
                    line: check.sql_line + i,
                    what: format!("{clock} is not allowed: a check knows the day as :as_of"),
                });
            }
        }
    }
    Ok(())
}

/// Every table in the statement stands in the header, so that a gap in it is never overlooked.
fn declared(check: &Check) -> Result<(), CheckError> {
    let listed: BTreeSet<&str> = check.tables().collect();
    let mut before = String::new();
    let mut in_from = false;
    for (i, line) in check.sql.lines().enumerate() {
        for word in words(line) {
            let opens = matches!(before.as_str(), "from" | "join") || (before == "," && in_from);
            if opens && is_table(&word) && !listed.contains(word.as_str()) {
                return Err(CheckError {
                    line: check.sql_line + i,
                    what: format!("reads {word}, which is missing from `-- needs:` or `-- over:`"),
                });
            }
            match word.as_str() {
                "from" | "join" => in_from = true,
                "where" | "on" | "using" | "group" | "order" | "having" | "limit" | "union"
                | "select" => {
                    in_from = false;
                }
                _ => {}
            }
            before = word;
        }
    }
    Ok(())
}

/// Lower-case words, commas and full stops of one line, without comments and quoted text.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quoted = false;
    for c in line.split("--").next().unwrap_or_default().chars() {
        if c == '\'' {
            quoted = !quoted;
        }
        if !quoted && (c.is_alphanumeric() || c == '_') {
            word.extend(c.to_lowercase());
            continue;
        }
        if !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if !quoted && matches!(c, ',' | '.') {
            words.push(c.to_string());
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// The line and the words for SQLite's own complaint.
fn place(check: &Check, error: &rusqlite::Error) -> (usize, String) {
    match error {
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
        other => (check.sql_line, other.to_string()),
    }
}

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
    let words: Vec<String> = check.sql.lines().flat_map(words).collect();
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
