//! `standing access decide`: whose an account is, by somebody's word.

use jiff::Timestamp;
use serde_json::json;
use standing_assess::AsOf;

use crate::cli::{AccessCommand, Format};
use crate::commands;
use crate::failure::Failure;
use crate::home::{By, Home, whoami};

/// Runs `standing access decide`: keeps the decision as a record. Exit code 0.
///
/// # Errors
/// When the account or the person is not known, or the decision lacks what its kind needs.
pub fn decide(home: &Home, command: &AccessCommand, format: Format) -> Result<u8, Failure> {
    let AccessCommand::Decide {
        account,
        person,
        kind,
        owner,
        until,
        nobody: _,
        reason,
        by,
    } = command
    else {
        return Err(Failure::usage("not a decision"));
    };
    let mut values = vec![
        ("account".to_owned(), account.clone()),
        ("reason".to_owned(), reason.clone()),
        ("decided_by".to_owned(), by.clone().unwrap_or_else(whoami)),
        (
            "decided_on".to_owned(),
            AsOf::at(Timestamp::now()).date.to_string(),
        ),
    ];
    for (column, given) in [
        ("person", person),
        ("kind", kind),
        ("owner", owner),
        ("expires_on", until),
    ] {
        values.extend(given.iter().map(|v| (column.to_owned(), v.clone())));
    }
    let index = home.index()?;
    let kept = commands::record(home, &index, By::KEYBOARD, "account_decision", &values)?;
    if format == Format::Json {
        say!(
            "{:#}",
            json!({ "entry": kept.entry, "replaced": kept.replaced })
        );
        return Ok(0);
    }
    match kept.replaced {
        Some(before) => say!("entry {}: decided; it replaces entry {before}", kept.entry),
        None => say!("entry {}: decided", kept.entry),
    }
    Ok(0)
}
