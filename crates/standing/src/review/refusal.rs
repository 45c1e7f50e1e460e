//! A campaign that was due and could not be opened: why, so that whoever leads can see it.

use serde_json::json;
use standing_assess::Index;

use super::entries::value;
use crate::failure::Failure;
use crate::home::{By, Home};
use crate::project;

/// Why the schedule could not open a campaign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The entry.
    pub entry: u64,
    /// Instant of its writing.
    pub at: String,
    /// Why, in words.
    pub why: String,
}

/// The last refusal, unless a campaign was opened since.
///
/// # Errors
/// When the index cannot be read.
pub fn refusal(index: &Index) -> Result<Option<Refusal>, Failure> {
    let opened = index.review_campaigns()?.first().map(|head| head.entry);
    let last = index.review_batches("", "refused")?.pop();
    let last = last.filter(|last| opened.is_none_or(|opened| opened < last.entry));
    Ok(last.map(|last| Refusal {
        entry: last.entry,
        at: last.at,
        why: value(&last.json)["why"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
    }))
}

/// Keeps why a campaign could not be opened.
///
/// # Errors
/// When the vault refuses.
pub fn refuse(home: &Home, index: &Index, by: By<'_>, why: &str) -> Result<u64, Failure> {
    let details = json!({ "why": why }).to_string();
    let kept = home.vault.put_blob(details.as_bytes())?;
    let body = json!({ "details": kept.digest.reference() });
    let entry = home.append(index, by, "campaign-refused", body)?;
    project::catch_up(&home.vault, index)?;
    Ok(entry.seq)
}
