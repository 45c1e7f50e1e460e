//! Taking in advisories with nobody at the keyboard. What comes to nothing is kept too, so that when it is
//! tried again follows from the vault, and people can see why there is nothing new.

use jiff::Timestamp;
use serde_json::{Value, json};
use standing_assess::{AsOf, Index};

use super::update::{Progress, Updated, Wanted, update_if_free};
use crate::failure::{Failure, Sort};
use crate::home::{By, Home};
use crate::project;

/// Kind of the entry, and of the state that it leaves.
pub const REFUSED: &str = "advisories-refused";
/// There is one such state.
const NAME: &str = "update";

/// How taking in stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attempts {
    /// The last edition: its entry, and when it was taken in.
    pub taken_in: Option<(u64, Timestamp)>,
    /// The last try, where it came to nothing and nothing was taken in since.
    pub refused: Option<Refusal>,
}

/// A try that came to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The entry that tells of it.
    pub entry: u64,
    /// When it ended.
    pub at: Timestamp,
    /// Tries in a row that came to nothing.
    pub failures: u64,
    /// Why; it may name files and hosts. `None` where it was erased.
    pub why: Option<String>,
}

/// What came of a try.
pub enum Came {
    /// An edition.
    TakenIn(Updated),
    /// Nothing, and why.
    Refused(Refusal),
    /// Another process is about it.
    Busy,
}

/// How taking in stands, by what the index knows.
///
/// # Errors
/// When the index cannot be read.
pub fn attempts(index: &Index) -> Result<Attempts, Failure> {
    let edition = index.advisories_at(&AsOf::at(Timestamp::MAX).instant)?;
    let taken_in = match edition {
        Some(edition) => Some((edition.entry, instant(&edition.valid_from)?)),
        None => None,
    };
    let refused = match index.state(REFUSED, NAME)? {
        Some(state) if taken_in.is_none_or(|(entry, _)| entry < state.entry) => {
            let body: Value = serde_json::from_str(&state.json).map_err(Failure::integrity)?;
            Some(Refusal {
                entry: state.entry,
                at: instant(body["at"].as_str().unwrap_or_default())?,
                failures: body["failures"].as_u64().unwrap_or(1),
                why: body["details"]["why"].as_str().map(str::to_owned),
            })
        }
        _ => None,
    };
    Ok(Attempts { taken_in, refused })
}

fn instant(text: &str) -> Result<Timestamp, Failure> {
    text.parse().map_err(Failure::integrity)
}

/// Takes in all that is configured, and keeps it where nothing comes.
///
/// # Errors
/// When the vault or the index refuses.
pub fn by_itself(home: &Home, by: By<'_>, progress: Progress<'_>) -> Result<Came, Failure> {
    let index = home.index()?;
    match update_if_free(home, &index, by, &Wanted::default(), progress) {
        Ok(Some(updated)) => Ok(Came::TakenIn(updated)),
        Ok(None) => Ok(Came::Busy),
        Err(failure) if matches!(failure.sort, Sort::Source | Sort::Configuration) => {
            refuse(home, &index, by, failure.message).map(Came::Refused)
        }
        Err(failure) => Err(failure),
    }
}

fn refuse(home: &Home, index: &Index, by: By<'_>, why: String) -> Result<Refusal, Failure> {
    project::catch_up(&home.vault, index)?;
    let before = attempts(index)?
        .refused
        .map_or(0, |refused| refused.failures);
    let (at, failures) = (Timestamp::now(), before + 1);
    let blob = home
        .vault
        .put_blob(json!({ "why": why }).to_string().as_bytes())?;
    let body = json!({
        REFUSED: NAME,
        "at": at.to_string(),
        "failures": failures,
        "details": blob.digest.reference(),
    });
    let entry = home.append(index, by, REFUSED, body)?.seq;
    project::catch_up(&home.vault, index)?;
    Ok(Refusal {
        entry,
        at,
        failures,
        why: Some(why),
    })
}
