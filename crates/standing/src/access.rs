//! `standing access …`: who can get in, against who works here. One file a subcommand.

use crate::cli::{AccessCommand, Format};
use crate::failure::Failure;
use crate::home::Home;

mod decide;
mod queue;

/// Runs `standing access …`.
///
/// # Errors
/// What the subcommand says.
pub fn access(home: &Home, command: &AccessCommand, format: Format) -> Result<u8, Failure> {
    match command {
        AccessCommand::Queue { as_of, rows } => queue::queue(home, as_of.as_deref(), *rows, format),
        decide @ AccessCommand::Decide { .. } => decide::decide(home, decide, format),
    }
}
