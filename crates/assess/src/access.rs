//! What a statement may touch, as SQLite itself understands it: tables and functions are refused
//! while the statement is compiled, however they are spelt.

use std::collections::BTreeSet;

use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use standing_facts::tables;

/// Whose statement it is.
#[derive(Clone, Debug)]
pub(crate) enum Access {
    /// A check's: the tables that its header declares, and no clock.
    Check(BTreeSet<String>),
    /// A person's: every table of `docs/facts.md`.
    Query,
}

/// What was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Denial {
    /// The name as SQLite knows it, for finding its line.
    pub name: String,
    /// What to tell the person who wrote the statement.
    pub what: String,
}

/// Functions that look at the clock.
const CLOCK: &[&str] = &[
    "current_date",
    "current_time",
    "current_timestamp",
    "date",
    "datetime",
    "julianday",
    "strftime",
    "time",
    "timediff",
    "unixepoch",
];

/// Functions whose value does not follow from the facts.
const CHANCE: &[&str] = &[
    "changes",
    "last_insert_rowid",
    "random",
    "randomblob",
    "sqlite_compileoption_get",
    "sqlite_compileoption_used",
    "sqlite_source_id",
    "sqlite_version",
    "total_changes",
];

/// Functions that reach beyond the facts, or whose cost no step budget bounds.
const CLOSED: &[&str] = &[
    "edit",
    "fts3_tokenizer",
    "json_patch",
    "jsonb_patch",
    "load_extension",
    "readfile",
    "sqlite_log",
    "writefile",
    "zeroblob",
];

/// The refused functions, for `docs/checks.md`.
pub(crate) fn refused() -> Vec<&'static str> {
    let mut all: Vec<&str> = [CLOCK, CHANCE, CLOSED].concat();
    all.sort_unstable();
    all
}

impl Access {
    /// The history behind a table may be named by nobody: only the view upon it knows the moment.
    /// SQLite tells the view by its name only, which a statement could take for a part of its own.
    pub(crate) fn history(sql: &str) -> Option<Denial> {
        let sql = sql.to_lowercase();
        let table = tables::ALL
            .iter()
            .filter(|t| sql.contains(&format!("history_{}", t.name)))
            .max_by_key(|t| t.name.len())?;
        Some(Denial {
            name: format!("history_{}", table.name),
            what: format!(
                "reads history_{0}, which is not open to statements: {0} has its rows as of the day",
                table.name
            ),
        })
    }

    /// SQLite's question, answered.
    pub(crate) fn answer(&self, context: &AuthContext<'_>) -> (Authorization, Option<Denial>) {
        let denial = match context.action {
            AuthAction::Select | AuthAction::Recursive => None,
            AuthAction::Read {
                table_name,
                column_name,
            } => self.read(table_name, column_name, context.accessor),
            AuthAction::Function { function_name } => self.function(function_name),
            _ => return (Authorization::Deny, None),
        };
        match denial {
            None => (Authorization::Allow, None),
            denied => (Authorization::Deny, denied),
        }
    }

    fn read(&self, table: &str, column: &str, accessor: Option<&str>) -> Option<Denial> {
        let table = table.to_lowercase();
        let behind = table.strip_prefix("history_").filter(|t| is_fact(t));
        if let Some(view) = behind {
            let through = accessor.unwrap_or_default().to_lowercase();
            if through == view {
                return self.fact(view);
            }
            if through.strip_prefix("stated_") == Some(view) {
                return Some(unknown(&through));
            }
        } else if is_fact(&table) {
            return self.fact(&table);
        }
        let open = matches!(table.as_str(), "json_each" | "json_tree")
            || matches!(self, Access::Query) && is_of_the_index(&table);
        // Part of a statement of which no column is used: `with part as (…)`.
        let part = column.is_empty() && !is_ours(&table);
        if behind.is_none() && (open || part) {
            return None;
        }
        Some(match self {
            Access::Check(_) if is_of_the_index(&table) => Denial {
                what: format!("reads {table}, which is not open to checks"),
                name: table,
            },
            _ => unknown(&table),
        })
    }

    fn fact(&self, table: &str) -> Option<Denial> {
        match self {
            Access::Check(declared) if !declared.contains(table) => Some(Denial {
                name: table.to_owned(),
                what: format!("reads {table}, which is missing from `-- needs:` or `-- over:`"),
            }),
            _ => None,
        }
    }

    fn function(&self, name: &str) -> Option<Denial> {
        let name = name.to_lowercase();
        let check = matches!(self, Access::Check(_));
        let denied = |why: &str| {
            let call = if name.starts_with("current_") {
                name.clone()
            } else {
                format!("{name}()")
            };
            Some(Denial {
                what: format!("{call} is not allowed{why}"),
                name: name.clone(),
            })
        };
        if check && CLOCK.contains(&name.as_str()) {
            denied(
                ": a check knows the day as :as_of, and reckons with days_between, add_days and \
                 add_months",
            )
        } else if check && CHANCE.contains(&name.as_str()) {
            denied(": a check says the same of the same facts every time")
        } else if CLOSED.contains(&name.as_str()) {
            denied("")
        } else {
            None
        }
    }
}

fn unknown(table: &str) -> Denial {
    Denial {
        name: table.to_owned(),
        what: format!("reads {table}, which is not a table of docs/facts.md"),
    }
}

fn is_fact(name: &str) -> bool {
    tables::table(name).is_some()
}

fn is_of_the_index(name: &str) -> bool {
    tables::INDEX.iter().any(|t| t.name == name)
}

/// Whether a name belongs to the index's own works, or to SQLite's.
fn is_ours(name: &str) -> bool {
    const WORKS: &[&str] = &["actor", "configured", "coverage", "overlay", "position"];
    const BEGIN: &[&str] = &[
        "bytecode",
        "dbstat",
        "fts",
        "history_",
        "pragma_",
        "review_",
        "rtree",
        "sqlite_",
        "stage_",
        "stated_",
        "tables_used",
    ];
    WORKS.contains(&name) || is_of_the_index(name) || BEGIN.iter().any(|b| name.starts_with(b))
}
