//! Opening what is due; where that is refused, why is kept once a day and tried again.

use jiff::Timestamp;
use standing_assess::{AsOf, Index};

use crate::failure::Failure;
use crate::home::{By, Home};
use crate::project;
use crate::review;

/// Opens a campaign if one is due, and gives its name. What was refused today is tried again once
/// something was read since; what is refused again for the same reason is not kept twice in a day.
///
/// # Errors
/// When the vault or the index refuses.
pub(super) fn open_if_due(
    home: &Home,
    index: &Index,
    by: By<'_>,
    now: Timestamp,
) -> Result<Option<String>, Failure> {
    let today = AsOf::at(now).date;
    // Where no source of accounts is configured there is nothing that could be reviewed.
    let accounts = |source: &crate::config::Source| {
        source
            .collector
            .tables(&source.settings)
            .contains(&"account")
    };
    if !home.config.sources.iter().any(accounts) {
        return Ok(None);
    }
    let Some(opening) = review::due(home, index, today)? else {
        return Ok(None);
    };
    let refused = review::refusal(index)?.filter(|refused| {
        let at = refused.at.parse::<Timestamp>();
        at.is_ok_and(|at| AsOf::at(at).date == today)
    });
    if let Some(refused) = &refused {
        let read = index.last_attempts()?;
        if !read.values().any(|run| run.last.entry > refused.entry) {
            return Ok(None);
        }
    }
    match review::open(home, index, by, &opening) {
        Ok(opened) => Ok(Some(opened.id)),
        Err(failure) => {
            // Somebody else may have opened one in the meantime.
            project::catch_up(&home.vault, index)?;
            if review::due(home, index, today)?.is_none() {
                return Ok(None);
            }
            tracing::warn!(
                why = failure.message,
                "an access review is due and cannot be opened"
            );
            if refused.is_none_or(|refused| refused.why != failure.message) {
                review::refuse(home, index, by, &failure.message)?;
            }
            Ok(None)
        }
    }
}
