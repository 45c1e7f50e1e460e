//! `standing access …`: who can get in, against who works here. One file a subcommand.

use rusqlite::types::Value as Sql;
use standing_assess::Estate;

use crate::cli::{AccessCommand, Format, RolesCommand};
use crate::failure::Failure;
use crate::home::Home;

mod decide;
pub(crate) mod leavers;
pub(crate) mod mfa;
mod population;
pub(crate) mod queue;
mod roles;
mod training;

/// Millions of steps that one question may take.
const BUDGET: u64 = 1_000;

/// Runs `standing access …`.
///
/// # Errors
/// What the subcommand says.
pub fn access(home: &Home, command: &AccessCommand, format: Format) -> Result<u8, Failure> {
    match command {
        AccessCommand::Queue { as_of, rows } => queue::queue(home, as_of.as_deref(), *rows, format),
        decide @ AccessCommand::Decide { .. } => decide::decide(home, decide, format),
        AccessCommand::Population { when } => population::population(home, when, format),
        AccessCommand::Leavers { when, system } => {
            leavers::leavers(home, when, system.as_deref(), format)
        }
        AccessCommand::Mfa { when, system, rows } => {
            mfa::mfa(home, when, system.as_deref(), *rows, format)
        }
        AccessCommand::Training { when, rows } => training::training(home, when, *rows, format),
        AccessCommand::Roles(RolesCommand::Propose { when }) => roles::propose(home, when),
    }
}

/// One row of an answer.
struct Cells<'r>(&'r [Sql]);

impl Cells<'_> {
    fn text(&self, at: usize) -> Option<String> {
        match self.0.get(at) {
            Some(Sql::Text(text)) => Some(text.clone()),
            _ => None,
        }
    }

    fn word(&self, at: usize) -> String {
        self.text(at).unwrap_or_default()
    }

    fn number(&self, at: usize) -> Option<i64> {
        match self.0.get(at) {
            Some(Sql::Integer(n)) => Some(*n),
            _ => None,
        }
    }

    fn count(&self, at: usize) -> u64 {
        self.number(at)
            .map_or(0, |n| u64::try_from(n).unwrap_or_default())
    }

    fn truth(&self, at: usize) -> Option<bool> {
        self.number(at).map(|n| n != 0)
    }
}

fn ask(estate: &Estate<'_>, sql: &str, values: &[Sql]) -> Result<Vec<Vec<Sql>>, Failure> {
    let answer = estate.query_with(sql, values, BUDGET);
    answer.map(|a| a.rows).map_err(Failure::integrity)
}

/// The sentence beside a number that rests on tables which are not completely known.
fn gaps(estate: &Estate<'_>, tables: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for gap in tables.iter().flat_map(|table| estate.gaps(table)) {
        if !found.contains(&gap.detail) {
            found.push(gap.detail);
        }
    }
    found
}

/// A name from the command line as SQL, or null for any.
fn wanted(name: Option<&str>) -> Sql {
    name.map_or(Sql::Null, |name| Sql::Text(name.to_owned()))
}
