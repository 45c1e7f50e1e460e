//! Tickets for what is to go: each removal of a campaign is asked for once in the firm's own tracker, and
//! the ticket's state is followed.
//!
//! *Architecture invariant:* a ticket proves nothing. A removal is gone when a complete reading shows it
//! gone, whatever its ticket says. Unless the file allows logins, a ticket names a row and never whose it is.

mod command;
mod github;
mod jira;

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use serde_json::Value;
use standing_assess::index::RemovalState;
use standing_assess::{AsOf, Index};

use crate::config::tickets::{Tickets, Tracker};
use crate::failure::{Failure, Sort};
use crate::home::{By, Home, hold};
use crate::review::{self, Acting, Proof, TicketState};
use crate::serve::notify::channel::{Refused, secret};
use crate::text::day;

pub use command::command;

/// By which tickets of ours are found again in the tracker.
const LABEL: &str = "standing";
/// Pages of tickets that are asked for; one more is taken for a tracker that lost its way.
const PAGES: usize = 200;
/// The longest answer that is read.
const LONGEST: u64 = 16 << 20;

/// A ticket in the tracker.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Ticket {
    /// Its page.
    address: String,
    state: TicketState,
}

/// What a ticket says.
struct Wanted {
    /// The name by which it is found again: one a removal.
    mark: String,
    title: String,
    lines: Vec<String>,
}

/// What was done in one turn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// Tickets made.
    pub made: u64,
    /// Tickets that the tracker held already, of a turn that did not come to its end.
    pub found: u64,
    /// Tickets whose state is another than before.
    pub turned: u64,
    /// Removals that wait and have a ticket.
    pub waiting: u64,
}

/// A line to the tracker.
struct Line<'a> {
    settings: &'a Tickets,
    token: String,
}

impl Line<'_> {
    fn known(&self) -> Result<BTreeMap<String, Ticket>, Refused> {
        match &self.settings.tracker {
            Tracker::GitHub { repository } => github::known(self, repository),
            Tracker::Jira { project, user, .. } => jira::known(self, project, user),
        }
    }

    fn make(&self, wanted: &Wanted) -> Result<Ticket, Refused> {
        match &self.settings.tracker {
            Tracker::GitHub { repository } => github::make(self, repository, wanted),
            Tracker::Jira {
                project,
                issue_type,
                user,
            } => jira::make(self, project, issue_type, user, wanted),
        }
    }
}

/// Makes a ticket for each removal that waits without one and notes what became of the others.
///
/// # Errors
/// When no tracker is configured, it refuses or cannot be reached; what was made before stays noted.
pub fn turn(home: &Home, index: &Index, by: By<'_>, only: Option<&str>) -> Result<Done, Failure> {
    let Some(settings) = &home.config.tickets else {
        return Err(Failure::new(
            Sort::Configuration,
            "no tracker is configured: standing.toml has no [tickets]",
        )
        .hint("docs/server.md shows the section for GitHub and for Jira"));
    };
    let Some(_held) = hold(&home.folder, "tickets")? else {
        return Err(Failure::new(
            Sort::Configuration,
            "tickets are being made by somebody else at this moment",
        ));
    };
    let waiting = waiting(index, only)?;
    let mut done = Done::default();
    if waiting.is_empty() {
        return Ok(done);
    }
    let line = line(&home.folder, settings).map_err(refused)?;
    let known = line.known().map_err(refused)?;
    for (campaign, proof) in &waiting {
        let wanted = wanted(campaign, proof, settings, &home.config.serve.public_url);
        let noted = proof.acts.iter().rev().find(|act| act.state.is_some());
        let held = known.get(&wanted.mark);
        let ticket = match (noted, held) {
            (Some(noted), Some(held)) if noted.state == Some(held.state) => None,
            // Nobody knows what became of one that the tracker no longer shows us.
            (Some(_), None) => None,
            (Some(_), Some(held)) => {
                done.turned += 1;
                Some(held.clone())
            }
            (None, Some(held)) => {
                done.found += 1;
                Some(held.clone())
            }
            (None, None) => {
                done.made += 1;
                Some(line.make(&wanted).map_err(refused)?)
            }
        };
        done.waiting += 1;
        if let Some(ticket) = ticket {
            let acting = Acting {
                campaign,
                row: proof.row.line.n,
                ticket: &ticket.address,
                state: Some(ticket.state),
                ..Acting::default()
            };
            review::act(home, index, by, &acting)?;
        }
    }
    Ok(done)
}

/// What a turn would make a ticket for, without asking the tracker: title and text of each.
///
/// # Errors
/// As [`turn`].
pub fn preview(
    home: &Home,
    index: &Index,
    only: Option<&str>,
) -> Result<Vec<(String, String)>, Failure> {
    let Some(settings) = &home.config.tickets else {
        return turn(home, index, By::KEYBOARD, only).map(|_| Vec::new());
    };
    let waiting = waiting(index, only)?;
    let without = waiting
        .iter()
        .filter(|(_, proof)| proof.acts.iter().all(|act| act.state.is_none()));
    Ok(without
        .map(|(campaign, proof)| {
            let wanted = wanted(campaign, proof, settings, &home.config.serve.public_url);
            (wanted.title, wanted.lines.join("\n"))
        })
        .collect())
}

/// Every removal that is not gone and that nobody let stay.
fn waiting(index: &Index, only: Option<&str>) -> Result<Vec<(String, Proof)>, Failure> {
    let now = AsOf::at(Timestamp::now());
    if let Some(only) = only {
        review::campaign(index, only)?;
    }
    let mut waiting = Vec::new();
    for head in index.review_campaigns()? {
        if only.is_some_and(|only| only != head.id) {
            continue;
        }
        for proof in review::proof(index, &head.id, &now)? {
            if proof.removal.state() != RemovalState::Gone && !proof.excepted {
                waiting.push((head.id.clone(), proof));
            }
        }
    }
    Ok(waiting)
}

fn line<'a>(folder: &Path, settings: &'a Tickets) -> Result<Line<'a>, Refused> {
    Ok(Line {
        settings,
        token: secret(folder, &settings.token_file)?,
    })
}

fn refused(refused: Refused) -> Failure {
    Failure::new(
        Sort::Source,
        format!("the tracker: {} ({})", refused.said, refused.code),
    )
}

fn wanted(campaign: &str, proof: &Proof, settings: &Tickets, url: &str) -> Wanted {
    let line = &proof.row.line;
    let n = line.n;
    let what = match proof.removal.decision.as_str() {
        "change" => "Rights to be taken away",
        _ => "Access to be removed",
    };
    let whose = match settings.logins {
        true => format!("of {}", line.login),
        false => format!("row {n}"),
    };
    let by = proof.overdue_from.and_then(|day| day.yesterday().ok());
    let by = by.map_or_else(String::new, |by| {
        format!(" It should be gone by {}.", day(by))
    });
    Wanted {
        mark: format!("{LABEL}-{campaign}-row-{n}"),
        title: format!("{what} in {}: {whose}", line.system),
        lines: vec![
            format!("An access review decided on it.{by}"),
            format!("Which account and why, once you have signed in: {url}/reviews/{campaign}/rows/{n}"),
            "Closing this ticket proves nothing: the review is done when the next complete reading of the \
             system shows it gone."
                .into(),
            format!("Reference: {LABEL}-{campaign}-row-{n}"),
        ],
    }
}

/// The answer as JSON. No error repeats the address, the token or what was sent.
fn answered(sent: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<Value, Refused> {
    use crate::serve::outward::brief;
    let mut answer =
        sent.map_err(|error| Refused::new(brief(&error), "it could not be reached"))?;
    let status = answer.status().as_u16();
    if !(200..300).contains(&status) {
        let said = match status {
            401 => "the token is not taken",
            403 | 404 => "the token may not do this there, or there is no such place",
            429 => "it asks for patience",
            _ => "it refused",
        };
        return Err(Refused::new(status, said));
    }
    let read = answer.body_mut().with_config().limit(LONGEST).read_to_vec();
    let read = read.map_err(|error| Refused::new(brief(&error), "its answer broke off"))?;
    serde_json::from_slice(&read).map_err(|_| odd())
}

fn odd() -> Refused {
    Refused::new("json", "its answer is not understood")
}
