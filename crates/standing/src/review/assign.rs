//! Reassigning rows, with a note.

use serde_json::json;
use standing_assess::Index;

use super::campaign;
use super::decide::who;
use super::reviewers::is_own;
use super::rows::{Wanted, some};
use crate::failure::Failure;
use crate::home::{By, Home};
use crate::project;

/// Which rows are to be decided by whom from now on, and why.
#[derive(Clone, Debug, Default)]
pub struct Assigning<'a> {
    /// The campaign.
    pub campaign: &'a str,
    /// The rows; where none is named, every row of `from` that is not decided yet.
    pub rows: Vec<u64>,
    /// Whose rows, by e-mail.
    pub from: Option<&'a str>,
    /// To whom, by e-mail.
    pub to: &'a str,
    /// Why.
    pub note: &'a str,
}

/// Keeps a reassignment.
///
/// # Errors
/// When no note is given, or a row would be decided by the person it belongs to, or two people would
/// decide about each other's privileged access.
pub fn assign(
    home: &Home,
    index: &Index,
    by: By<'_>,
    asked: &Assigning<'_>,
) -> Result<u64, Failure> {
    let campaign = campaign(index, asked.campaign)?;
    let to = who(index, &campaign, asked.to).map_err(|_| {
        Failure::usage("to whom must be given by e-mail")
            .hint("--to E-MAIL")
            .at("to")
    })?;
    if asked.note.trim().is_empty() {
        return Err(Failure::usage("a note is needed: why somebody else is to decide").at("note"));
    }
    let numbers = match (&asked.rows[..], asked.from) {
        ([], Some(from)) => {
            let wanted = Wanted {
                reviewer: Some(from.to_lowercase()),
                decision: Some(String::new()),
                ..Wanted::default()
            };
            let open = index.review_rows(campaign.id(), &wanted, None, usize::MAX >> 1)?;
            open.into_iter().map(|row| row.n).collect()
        }
        ([], None) => Vec::new(),
        (rows, _) => rows.to_vec(),
    };
    if numbers.is_empty() {
        return Err(Failure::usage("no row is named that could be reassigned").at("row"));
    }
    let mut pairs = Vec::new();
    for row in some(index, campaign.id(), &numbers)? {
        if is_own(&row.line, &to) {
            return Err(Failure::usage(format!(
                "row {}: it is their own access, which somebody else decides",
                row.line.n
            ))
            .at("row"));
        }
        if row.line.is_privileged()
            && let (Some(person), Some(_)) = (&row.line.person, &to.person)
            && let Some(email) = &person.email
            && mutual(index, campaign.id(), email, &to)?
        {
            pairs.push(row.line.n);
        }
    }
    if let Some(n) = pairs.first() {
        return Err(Failure::usage(format!(
            "row {n}: each would decide about the other's privileged access"
        ))
        .at("row"));
    }
    let details =
        json!({ "to": to, "rows": numbers, "note": asked.note.trim(), "from": asked.from });
    let kept = home.vault.put_blob(details.to_string().as_bytes())?;
    let body = json!({
        "campaign": campaign.id(),
        "rows": numbers.len(),
        "details": kept.digest.reference(),
    });
    let entry = home.append(index, by, "campaign-assigned", body)?;
    project::catch_up(&home.vault, index)?;
    Ok(entry.seq)
}

/// Whether somebody decides about a privileged row of another.
fn mutual(
    index: &Index,
    campaign: &str,
    reviewer: &str,
    other: &super::Reviewer,
) -> Result<bool, Failure> {
    let wanted = Wanted {
        reviewer: Some(reviewer.to_lowercase()),
        ..Wanted::default()
    };
    let theirs = index.review_rows(campaign, &wanted, None, usize::MAX >> 1)?;
    let of = |row: &standing_assess::index::ReviewRow| {
        other.person.as_deref() == Some(row.person.as_str())
            || (!row.person_email.is_empty() && row.person_email.eq_ignore_ascii_case(&other.email))
    };
    Ok(theirs.iter().any(|row| row.privileged && of(row)))
}
