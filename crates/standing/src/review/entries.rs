//! What the entries of access reviews mean, and how they get into the index.
//!
//! | kind | body | details (a blob) |
//! |---|---|---|
//! | `campaign` | `campaign`, `opened_on`, `due_on`, `rows`, `complete`, `population` (a blob: a line a row) | [`super::Details`] |
//! | `campaign-assigned` | `campaign`, `rows`: how many | to whom, which rows, why |
//! | `campaign-decided` | `campaign`, `rows`: how many | who, each row's decision, comment, what was on screen |
//! | `campaign-sent` | `campaign`, `stage`, `status`, `message` (a blob: what it says) | who was told of how many rows |
//! | `campaign-refused` | nothing | why a campaign that was due could not be opened |
//! | `campaign-acted` | `campaign` | of which row: a ticket, a note, an exception with its last day |
//! | `campaign-closed` | `campaign` | the figures on which it closed |
//! | `campaign-reported` | `campaign`, `report` and `text` (blobs) | nothing |
//!
//! The log says how many rows and never whose.

use std::io::{BufRead, BufReader};

use serde_json::{Map, Value};
use standing_assess::Index;
use standing_assess::index::{ReviewBatch, ReviewCampaign, ReviewDecision, ReviewRow};
use standing_vault::{Blob, Digest, Entry, Vault};

use super::{Decision, Line};
use crate::failure::Failure;
use crate::project;

/// Projects an entry of an access review.
///
/// # Errors
/// When the vault or the index cannot be read or written.
pub fn project(vault: &Vault, index: &Index, entry: &Entry) -> Result<(), Failure> {
    let at = entry.time.to_string();
    match entry.kind.strip_prefix("campaign") {
        Some("") => opened(vault, index, entry, &at),
        Some(rest) if rest.starts_with('-') => about(vault, index, entry, &at, &rest[1..]),
        _ => Ok(()),
    }
}

fn text<'b>(body: &'b Map<String, Value>, name: &str) -> &'b str {
    body.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn opened(vault: &Vault, index: &Index, entry: &Entry, at: &str) -> Result<(), Failure> {
    let details = project::blob_text(vault, &entry.body, "details")?.unwrap_or_default();
    let campaign = ReviewCampaign {
        id: text(&entry.body, "campaign").to_owned(),
        entry: entry.seq,
        opened_at: at.to_owned(),
        due_on: text(&entry.body, "due_on").to_owned(),
        closed_at: None,
        closed_entry: None,
        complete: entry.body.get("complete") == Some(&Value::Bool(true)),
        json: details,
    };
    let population = Digest::from_reference(text(&entry.body, "population"));
    let lines = match population.map(|digest| vault.blob(&digest)).transpose()? {
        Some(Blob::Present(reader)) => Some(BufReader::with_capacity(1 << 16, reader).lines()),
        _ => None,
    };
    let rows = lines.into_iter().flatten().map(|line| {
        let line = line.map_err(Failure::integrity)?;
        frozen(line)
            .map_err(|e| Failure::integrity(format!("the population of entry {}: {e}", entry.seq)))
    });
    index.open_review(&campaign, rows)
}

/// A line of the population as the index keeps it.
fn frozen(json: String) -> Result<ReviewRow, serde_json::Error> {
    let line: Line = serde_json::from_str(&json)?;
    let privileged = line.is_privileged();
    let in_line = std::iter::once(&line.reviewer).chain(&line.next);
    let in_line: String = in_line.map(|e| format!("\n{}", e.to_lowercase())).collect();
    let (person, person_email) = match line.person {
        Some(person) => (person.id, person.email.unwrap_or_default()),
        None => (String::new(), String::new()),
    };
    Ok(ReviewRow {
        n: line.n,
        account: line.account,
        system: line.system,
        source: line.source,
        scope: line.scope,
        home: line.home,
        person,
        person_email,
        reviewer: line.reviewer,
        line: format!("{in_line}\n"),
        privileged,
        suggestion: line.suggestion.as_str().to_owned(),
        changed: line.changed,
        alike: line.alike,
        rights: line.print,
        role: line.role,
        decision: None,
        decided_entry: None,
        json,
    })
}

fn about(vault: &Vault, index: &Index, entry: &Entry, at: &str, kind: &str) -> Result<(), Failure> {
    let campaign = text(&entry.body, "campaign");
    let json = project::blob_text(vault, &entry.body, "details")?.unwrap_or_default();
    let details: Value = match json.as_str() {
        "" => Value::Null,
        json => serde_json::from_str(json).map_err(|e| {
            Failure::integrity(format!("entry {} ({}): {e}", entry.seq, entry.kind))
        })?,
    };
    let email = |of: &str| details[of]["email"].as_str().unwrap_or_default().to_owned();
    let reviewer = match kind {
        "decided" => email("reviewer"),
        _ => email("to"),
    };
    match kind {
        "decided" => decisions(index, campaign, entry.seq, at, &details)?,
        "assigned" => {
            for n in details["rows"].as_array().into_iter().flatten() {
                index.review_assigned(campaign, n.as_u64().unwrap_or(u64::MAX), &reviewer)?;
            }
        }
        _ => {}
    }
    index.review_batch(&ReviewBatch {
        entry: entry.seq,
        campaign: campaign.to_owned(),
        at: at.to_owned(),
        kind: kind.to_owned(),
        reviewer,
        json,
    })?;
    Ok(())
}

fn decisions(
    index: &Index,
    campaign: &str,
    entry: u64,
    at: &str,
    details: &Value,
) -> Result<(), Failure> {
    for item in details["items"].as_array().into_iter().flatten() {
        let word = item["decision"].as_str().unwrap_or_default();
        let n = item["row"].as_u64().unwrap_or(u64::MAX);
        let not_mine = word == Decision::NotMine.as_str();
        // Beside the word only what proof needs: which rights are to go.
        let rights = item
            .get("rights")
            .filter(|r| r.as_array().is_some_and(|r| !r.is_empty()));
        let decided = ReviewDecision {
            n,
            entry,
            at: at.to_owned(),
            decision: word.to_owned(),
            item: rights.map_or_else(String::new, |r| format!("{{\"rights\":{r}}}")),
        };
        index.review_decided(campaign, &decided, !not_mine)?;
        if let Some(to) = item["to"].as_str().filter(|_| not_mine) {
            index.review_assigned(campaign, n, to)?;
        }
    }
    Ok(())
}

/// The details of an entry about a campaign, as JSON.
pub(super) fn value(json: &str) -> Value {
    serde_json::from_str(json).unwrap_or_default()
}
