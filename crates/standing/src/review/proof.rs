//! What was to go, followed until a complete reading shows it gone; what was done about it meanwhile;
//! and the closing of a campaign, which rests on nothing else.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use standing_assess::index::{Removal, RemovalState};
use standing_assess::{AsOf, Index};

use super::decide::who;
use super::entries::value;
use super::reviewers::is_own;
use super::rows::{Row, row, some};
use super::state::{self, State, overdue_from};
use super::{Campaign, campaign};
use crate::failure::Failure;
use crate::home::{By, Home};
use crate::project;
use crate::stated::EXCEPTION_MONTHS;
use crate::text::count;

/// One removal with its row and what was done about it.
#[derive(Clone, Debug)]
pub struct Proof {
    /// The row.
    pub row: Row,
    /// What complete runs turned.
    pub removal: Removal,
    /// Whether an exception lets it stay now.
    pub excepted: bool,
    /// Day from which it is overdue.
    pub overdue_from: Option<Date>,
    /// Whether it is overdue.
    pub overdue: bool,
    /// What was done about it.
    pub acts: Vec<Act>,
}

/// What was done about a row: a ticket, a note, an exception.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Act {
    /// The entry.
    pub entry: u64,
    /// Instant of its writing.
    pub at: String,
    /// Name or address of the ticket by which it was asked for.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub ticket: String,
    /// What had become of that ticket, where the tracker was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<TicketState>,
    /// A note.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// Who approved that it stays for a time.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub approved_by: String,
    /// Last day of that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_on: Option<Date>,
}

/// What has become of a ticket. It proves nothing of what it asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TicketState {
    /// Somebody is to see to it.
    Open,
    /// Somebody says that it is done.
    Closed,
}

impl Act {
    /// The ticket with what has become of it, as far as it is known.
    pub fn ticket_in_words(&self) -> String {
        let state = self.state.map_or("", |state| match state {
            TicketState::Open => " (open)",
            TicketState::Closed => " (closed, which proves nothing)",
        });
        format!("ticket {}{state}", self.ticket)
    }
}

/// What is to be noted of a row.
#[derive(Clone, Debug, Default)]
pub struct Acting<'a> {
    /// The campaign.
    pub campaign: &'a str,
    /// The row.
    pub row: u64,
    /// Name or address of a ticket.
    pub ticket: &'a str,
    /// What has become of it, where the tracker was asked.
    pub state: Option<TicketState>,
    /// A note; for an exception its reason.
    pub note: &'a str,
    /// For an exception: who approves it, by e-mail.
    pub approved_by: &'a str,
    /// For an exception: its last day.
    pub expires_on: Option<Date>,
}

/// Every removal of a campaign as of a moment, with its row.
///
/// # Errors
/// When there is no such campaign.
pub fn proof(index: &Index, id: &str, as_of: &AsOf) -> Result<Vec<Proof>, Failure> {
    let campaign = campaign(index, id)?;
    let removals = index.review_removals(id, &as_of.instant)?;
    let numbers: Vec<u64> = removals.iter().map(|r| r.n).collect();
    let rows = some(index, id, &numbers)?;
    let acts = acts(index, id)?;
    let proofs = rows.into_iter().zip(removals).map(|(row, removal)| {
        let overdue_from = overdue_from(&campaign, &removal);
        let excepted = removal.excepted(as_of.date);
        let waits = removal.state() != RemovalState::Gone && !excepted;
        let mine = acts.iter().filter(|(n, _)| *n == row.line.n);
        Proof {
            excepted,
            overdue: waits && overdue_from.is_some_and(|from| from <= as_of.date),
            overdue_from,
            acts: mine.map(|(_, act)| act.clone()).collect(),
            row,
            removal,
        }
    });
    Ok(proofs.collect())
}

fn acts(index: &Index, id: &str) -> Result<Vec<(u64, Act)>, Failure> {
    let batches = index.review_batches(id, "acted")?;
    let acts = batches.into_iter().filter_map(|batch| {
        let details = value(&batch.json);
        let text = |name: &str| details[name].as_str().unwrap_or_default().to_owned();
        Some((
            details["row"].as_u64()?,
            Act {
                entry: batch.entry,
                at: batch.at,
                ticket: text("ticket"),
                state: serde_json::from_value(details["state"].clone()).ok(),
                note: text("note"),
                approved_by: text("approved_by"),
                expires_on: text("expires_on").parse().ok(),
            },
        ))
    });
    Ok(acts.collect())
}

/// Notes a ticket or a note about a row, or lets what was to go stay for a time.
///
/// # Errors
/// When nothing is said, nothing of the row was to go, or an exception lacks a reason, its last day or
/// an approver other than the person whose access it is.
pub fn act(home: &Home, index: &Index, by: By<'_>, asked: &Acting<'_>) -> Result<u64, Failure> {
    let campaign = campaign(index, asked.campaign)?;
    let row = row(index, campaign.id(), asked.row)?;
    let mut details = json!({ "row": asked.row });
    for (name, text) in [("ticket", asked.ticket), ("note", asked.note)] {
        if !text.trim().is_empty() {
            details[name] = json!(text.trim());
        }
    }
    if let Some(state) = asked.state {
        details["state"] = json!(state);
    }
    if !asked.approved_by.is_empty() || asked.expires_on.is_some() {
        let until = excepted(index, &campaign, &row, asked)?;
        details["approved_by"] = json!(asked.approved_by.trim().to_lowercase());
        details["expires_on"] = json!(until.to_string());
    } else if details.as_object().is_none_or(|o| o.len() < 2) {
        return Err(Failure::usage("nothing is said: a ticket, a note or an exception").at("note"));
    }
    let kept = home.vault.put_blob(details.to_string().as_bytes())?;
    let body = json!({ "campaign": campaign.id(), "details": kept.digest.reference() });
    let entry = home.append(index, by, "campaign-acted", body)?;
    project::catch_up(&home.vault, index)?;
    let closed = settle_one(home, index, by, campaign.id())?;
    Ok(closed.unwrap_or(entry.seq))
}

/// The last day of an exception that may be granted.
fn excepted(
    index: &Index,
    campaign: &Campaign,
    row: &Row,
    asked: &Acting<'_>,
) -> Result<Date, Failure> {
    use jiff::ToSpan;
    let today = AsOf::at(Timestamp::now()).date;
    let removal = index
        .review_removals(campaign.id(), &AsOf::at(Timestamp::now()).instant)?
        .into_iter()
        .find(|r| r.n == asked.row);
    if removal.is_none_or(|r| r.state() == RemovalState::Gone) {
        return Err(Failure::usage(format!("nothing of row {} is to go", asked.row)).at("row"));
    }
    let approver = who(index, campaign, asked.approved_by).map_err(|_| {
        Failure::usage("an exception needs who approves it, by e-mail").at("approved_by")
    })?;
    if is_own(&row.line, &approver) {
        return Err(
            Failure::usage("nobody approves that their own access stays").at("approved_by"),
        );
    }
    if asked.note.trim().is_empty() {
        return Err(Failure::usage("an exception needs a reason").at("note"));
    }
    let latest = today.saturating_add(EXCEPTION_MONTHS.months());
    match asked.expires_on {
        Some(until) if until < today => {
            Err(Failure::usage(format!("{until} is past already")).at("expires_on"))
        }
        Some(until) if until > latest => Err(Failure::usage(format!(
            "an exception lasts until {latest} at most"
        ))
        .at("expires_on")),
        Some(until) => Ok(until),
        None => Err(Failure::usage("an exception needs its last day").at("expires_on")),
    }
}

/// What stands between a campaign and its closing, in words; empty: nothing.
pub fn obstacles(state: &State) -> Vec<String> {
    let mut obstacles = Vec::new();
    let mut say = |n: u64, one: &str, what: &str| {
        if n > 0 {
            obstacles.push(format!("{} {what}", count(n, one)));
        }
    };
    say(state.all.open, "row", "not reviewed");
    say(state.all.cannot_tell, "row", "that could not be told");
    let removals = &state.removals;
    let waiting = removals.open + removals.came_back - removals.excepted;
    say(
        waiting.saturating_sub(removals.came_back),
        "removal",
        "that no complete reading has shown gone",
    );
    say(removals.came_back.min(waiting), "removal", "that came back");
    obstacles
}

/// Closes a campaign.
///
/// # Errors
/// When something stands in the way, and what; when it is closed already.
pub fn close(home: &Home, index: &Index, by: By<'_>, id: &str) -> Result<u64, Failure> {
    let state = state::state(index, id, &AsOf::at(Timestamp::now()))?;
    let obstacles = obstacles(&state);
    if !obstacles.is_empty() {
        return Err(
            Failure::usage(format!("{id} cannot close: {}", obstacles.join("; "))).hint(
                "it closes by itself once every row is decided and each removal is proven gone",
            ),
        );
    }
    match state.campaign.head.closed_entry {
        Some(entry) => Err(Failure::usage(format!(
            "{id} closed already, by entry {entry}"
        ))),
        None => end(home, index, by, &state),
    }
}

fn end(home: &Home, index: &Index, by: By<'_>, state: &State) -> Result<u64, Failure> {
    let details = json!({ "rows": state.all, "removals": state.removals });
    let kept = home.vault.put_blob(details.to_string().as_bytes())?;
    let body = json!({ "campaign": state.campaign.id(), "details": kept.digest.reference() });
    let entry = home.append(index, by, "campaign-closed", body)?;
    project::catch_up(&home.vault, index)?;
    Ok(entry.seq)
}

/// Closes one campaign if nothing stands in its way.
///
/// # Errors
/// When the vault refuses.
pub(super) fn settle_one(
    home: &Home,
    index: &Index,
    by: By<'_>,
    id: &str,
) -> Result<Option<u64>, Failure> {
    let state = state::state(index, id, &AsOf::at(Timestamp::now()))?;
    if state.campaign.head.closed_entry.is_some() || !obstacles(&state).is_empty() {
        return Ok(None);
    }
    end(home, index, by, &state).map(Some)
}

/// Closes every campaign in whose way nothing stands: called after each collection, for a campaign
/// closes on proof.
///
/// # Errors
/// When the vault refuses.
pub fn settle(home: &Home, index: &Index, by: By<'_>) -> Result<Vec<String>, Failure> {
    let mut closed = Vec::new();
    for head in index.review_campaigns()? {
        if head.closed_entry.is_none() && settle_one(home, index, by, &head.id)?.is_some() {
            closed.push(head.id);
        }
    }
    Ok(closed)
}

/// A removal as JSON.
pub fn to_json(proof: &Proof) -> Value {
    let line = &proof.row.line;
    let steps = proof.removal.steps.iter().map(|step| {
        let word = if step.gone { "gone" } else { "came back" };
        json!({ "state": word, "entry": step.entry, "at": step.at })
    });
    json!({
        "row": line.n,
        "account": line.account,
        "login": line.login,
        "system": line.system,
        "person": line.person.as_ref().and_then(|p| p.name.clone()),
        "decision": proof.removal.decision,
        "decided_at": proof.removal.at,
        "entry": proof.removal.entry,
        "state": proof.removal.state().as_str(),
        "steps": steps.collect::<Vec<_>>(),
        "excepted": proof.excepted,
        "overdue": proof.overdue,
        "overdue_from": proof.overdue_from.map(|day| day.to_string()),
        "acts": proof.acts,
    })
}
