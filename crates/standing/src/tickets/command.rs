//! `standing review tickets`.

use serde_json::json;
use standing_assess::Index;

use super::{preview, turn};
use crate::cli::Format;
use crate::failure::Failure;
use crate::home::{By, Home};
use crate::text::{count, number, plain};

/// Runs the command. Exit code 0.
///
/// # Errors
/// As [`turn`].
pub fn command(
    home: &Home,
    index: &Index,
    only: Option<&str>,
    dry_run: bool,
    format: Format,
) -> Result<u8, Failure> {
    match dry_run {
        true => show(home, index, only, format),
        false => take(home, index, only, format),
    }
}

fn show(home: &Home, index: &Index, only: Option<&str>, format: Format) -> Result<u8, Failure> {
    let would = preview(home, index, only)?;
    match format {
        Format::Json => {
            let each = would
                .iter()
                .map(|(title, text)| json!({ "title": title, "text": text }));
            say!("{:#}", json!(each.collect::<Vec<_>>()));
        }
        Format::Text => {
            for (title, text) in &would {
                say!("{}", plain(title));
                for line in text.lines() {
                    say!("  {}", plain(line));
                }
            }
            eprintln!("{} would be made", count(would.len() as u64, "ticket"));
        }
    }
    Ok(0)
}

fn take(home: &Home, index: &Index, only: Option<&str>, format: Format) -> Result<u8, Failure> {
    let done = turn(home, index, By::KEYBOARD, only)?;
    match format {
        Format::Json => say!(
            "{}",
            json!({ "made": done.made, "found": done.found, "turned": done.turned, "waiting": done.waiting })
        ),
        Format::Text => say!(
            "{} made, {} found, {} turned; {} that no complete reading has shown gone",
            count(done.made, "ticket"),
            number(done.found),
            number(done.turned),
            count(done.waiting, "removal")
        ),
    }
    Ok(0)
}
