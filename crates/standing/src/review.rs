//! Access reviews: who can get in is frozen, somebody who knows decides each row, and what was to go
//! is followed until a complete reading shows it gone.
//!
//! Everything is an entry of the vault (see [`entries`]); what is here reads the index and appends
//! entries. The command line, the pages, the API and the scheduler all come here.
//!
//! *Architecture invariants:*
//! - a row without an answer is *not reviewed*, whatever day it is: nothing is ever kept by silence;
//! - nobody decides about an account of their own, whoever assigned it to them;
//! - a removal is *gone* only by a later complete run ([`proof`]); a campaign closes on proof.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use standing_assess::Index;
use standing_assess::index::ReviewCampaign;

use crate::failure::Failure;

mod assign;
mod command;
mod decide;
mod demonstrate;
mod duties;
pub mod entries;
mod freeze;
mod open;
mod peers;
mod proof;
mod refusal;
mod report;
mod reviewers;
mod rows;
mod signals;
mod state;
mod suggest;

pub use assign::{Assigning, assign};
pub use command::{command, past_json, row_json, state_json};
pub use decide::{Answers, Item, added, bulk_refusals, decide, is_added, needs_comment};
pub use demonstrate::demonstrate;
pub use duties::{Duty, Why, due, duties, fall_back, told};
pub use open::{Opened, Opening, open};
pub use proof::{
    Act, Acting, Proof, TicketState, act, close, obstacles, proof, settle, to_json as removal_json,
};
pub use refusal::{Refusal, refusal, refuse};
pub use report::{Checked, Report, keep_report, named_key, report, verify_report};
pub use rows::{MOST, Page, Past, Row, Wanted, delta, history, last_words, row, rows};
pub use signals::{Signals, signals};
pub use state::{Progress, Removals, Stage, State, campaigns, state};

/// Somebody who decides. E-mail is what they are known by.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Reviewer {
    /// E-mail, in lower case.
    pub email: String,
    /// Name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The person they are, where a source of people knows them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
}

impl Reviewer {
    /// The name, or the e-mail where there is none.
    pub fn shown(&self) -> &str {
        if self.name.is_empty() {
            &self.email
        } else {
            &self.name
        }
    }
}

/// What may be decided about a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Decision {
    /// It stays as it is.
    #[serde(rename = "keep")]
    Keep,
    /// Some of its rights are to go.
    #[serde(rename = "change")]
    Change,
    /// It is to go.
    #[serde(rename = "remove")]
    Remove,
    /// Somebody else knows: it goes to the next in line and is not decided.
    #[serde(rename = "not mine")]
    NotMine,
    /// Looked at, and not to be told: it stays open.
    #[serde(rename = "cannot tell")]
    CannotTell,
}

impl Decision {
    /// All of them.
    pub const ALL: [Decision; 5] = [
        Decision::Keep,
        Decision::Change,
        Decision::Remove,
        Decision::NotMine,
        Decision::CannotTell,
    ];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Decision::Keep => "keep",
            Decision::Change => "change",
            Decision::Remove => "remove",
            Decision::NotMine => "not mine",
            Decision::CannotTell => "cannot tell",
        }
    }

    /// Whether the row counts as reviewed with it.
    pub fn reviews(self) -> bool {
        matches!(self, Decision::Keep | Decision::Change | Decision::Remove)
    }
}

impl std::str::FromStr for Decision {
    type Err = Failure;

    fn from_str(word: &str) -> Result<Self, Failure> {
        let word = word.trim().replace(['-', '_'], " ");
        let found = Decision::ALL.into_iter().find(|d| d.as_str() == word);
        found.ok_or_else(|| {
            Failure::usage(format!(
                "decision {word:?}: expected keep, change, remove, not mine or cannot tell"
            ))
            .at("decision")
        })
    }
}

/// What is suggested for a row; the reviewer decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Suggestion {
    /// Nothing speaks against it.
    #[default]
    Keep,
    /// Something wants a look.
    Look,
    /// Something speaks for its going.
    Remove,
}

impl Suggestion {
    /// `keep`, `look`, `remove`.
    pub fn as_str(self) -> &'static str {
        match self {
            Suggestion::Keep => "keep",
            Suggestion::Look => "look",
            Suggestion::Remove => "remove",
        }
    }
}

/// Why something is suggested.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// `leaver`, `orphan`, `ownerless`, `dormant`, `no-mfa`, `outside-peers`, `moved`, `new`,
    /// `new-rights`, `not-decided-before`.
    pub code: String,
    /// In words.
    pub text: String,
}

/// The person behind an account, as they were when the campaign opened.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Their id.
    pub id: String,
    /// Name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// E-mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Job title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_title: Option<String>,
    /// Department.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub department: Option<String>,
    /// `employee`, `contractor` …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_on: Option<String>,
    /// Day of the last move.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved_on: Option<String>,
}

/// One right of an account, and how many others hold it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Right {
    /// The grant's id.
    pub id: String,
    /// The resource: a group, a role, a database.
    pub resource: String,
    /// What may be done with it.
    pub entitlement: String,
    /// Whether it makes an administrator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub privileged: Option<bool>,
    /// False where it comes through a group or another role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direct: Option<bool>,
    /// Day it was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub granted_on: Option<String>,
    /// Of how many others with the same job title how many hold it: `[held, of]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<[u32; 2]>,
    /// Of how many others in the department how many hold it: `[held, of]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub department: Option<[u32; 2]>,
    /// Whether the last review did not see it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub new: bool,
}

/// One frozen row: a line of the population's blob.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Its place, from 0: exceptions first.
    pub n: u64,
    /// The account's id.
    pub account: String,
    /// The system.
    pub system: String,
    /// Whether the system is the account's own; otherwise its rights there are reviewed.
    pub home: bool,
    /// The source that told of it.
    pub source: String,
    /// What was asked of that source.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub scope: String,
    /// What is typed to sign in.
    pub login: String,
    /// Display name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The account's own e-mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// `human`, `service`, `shared` …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Who answers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Whether it can sign in; null: not known.
    pub enabled: Option<bool>,
    /// The person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<Person>,
    /// The evidence that it is theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// Day on which a reading first held it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_seen: Option<String>,
    /// Day of its creation, where its source keeps it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_on: Option<String>,
    /// Day of its last sign-in as the source keeps it; null: not known.
    pub last_used_on: Option<String>,
    /// Day after which it cannot sign in by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_on: Option<String>,
    /// Whether it makes an administrator; null: not known.
    pub privileged: Option<bool>,
    /// Whether a second factor guards it; null: not known.
    pub mfa: Option<bool>,
    /// What that rests on: `registered`, `enforced`, `observed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mfa_basis: Option<String>,
    /// Its rights in the system.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rights: Vec<Right>,
    /// `first review`, `new`, `rights`, `moved`, `not decided` or `unchanged`: since the last review.
    pub changed: String,
    /// Rights that the last review saw and that are gone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gone: Vec<String>,
    /// What is suggested.
    pub suggestion: Suggestion,
    /// Why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<Reason>,
    /// Who is to decide, by e-mail; empty: nobody could be found.
    pub reviewer: String,
    /// Why they are: who came before them in line and why not they.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assigned: Vec<String>,
    /// Who comes after them in line, by e-mail.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub next: Vec<String>,
    /// People whose account it may be, by id and by e-mail, where nobody has said so yet: they do not
    /// decide about it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub maybe: Vec<String>,
    /// The same for rows of one system with the same rights and job title.
    pub alike: String,
    /// Digest of the rights.
    pub print: String,
    /// Digest of job title and department.
    pub role: String,
}

impl Line {
    /// Whether it makes an administrator of somebody, as far as is known.
    pub fn is_privileged(&self) -> bool {
        self.privileged == Some(true) || self.rights.iter().any(|r| r.privileged == Some(true))
    }
}

/// A run that a campaign is frozen on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// `person`, `account` or `grant`.
    pub table: String,
    /// The source.
    pub source: String,
    /// Entry of its last complete run; null: there was none.
    pub entry: Option<u64>,
    /// The instant of that run's end.
    pub collected_at: Option<String>,
    /// Why it could not be relied upon when the campaign opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gap: Option<String>,
}

/// What is kept of a campaign beside its rows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Details {
    /// A title for people.
    pub title: String,
    /// `by hand` or `by schedule`.
    pub opened: String,
    /// The systems reviewed.
    pub systems: Vec<String>,
    /// Whether these were all that there were.
    #[serde(default)]
    pub all: bool,
    /// Last day on which its rows should be decided.
    pub due_on: Date,
    /// Days after opening from which unanswered rows are told to the next in line too.
    pub escalate_after_days: i64,
    /// Days after a decision within which what is to go should be gone.
    pub remove_in_days: i64,
    /// Who leads it, where the file or whoever opened it says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lead: Option<Reviewer>,
    /// The runs it is frozen on.
    pub sources: Vec<Source>,
    /// What could not be known of the population.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<String>,
    /// Why it was opened all the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub despite_gaps: Option<String>,
    /// What is worth knowing beside every number.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<String>,
    /// The earlier campaigns that the rows are compared with, one a system.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<String>,
    /// Everybody who is in line for some row.
    #[serde(default)]
    pub reviewers: Vec<Reviewer>,
    /// Rows.
    pub rows: u64,
    /// Accounts among the rows.
    pub accounts: u64,
    /// Accounts of these systems left out because they cannot sign in.
    pub disabled: u64,
    /// People who work here on the day of opening: the reconciled population. `None` while it does not
    /// reconcile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub people: Option<u64>,
    /// Why it did not reconcile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub people_doubt: Option<String>,
    /// SHA-256 of the population's lines, hexadecimal.
    pub sha256: String,
}

/// A campaign with its details.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Campaign {
    /// As the index keeps it.
    pub head: ReviewCampaign,
    /// The rest; empty where it was erased.
    pub details: Details,
}

impl Details {
    /// How many people work here, or why that is not known; as the end of a sentence.
    pub fn people_in_words(&self) -> String {
        match (self.people, &self.people_doubt) {
            (Some(people), _) => format!(
                "{} work here by the reconciled population",
                match people {
                    1 => "1 person".into(),
                    many => format!("{} people", crate::text::number(many)),
                }
            ),
            (None, Some(doubt)) => format!("how many people work here is not known: {doubt}"),
            (None, None) => "how many people work here is not known".into(),
        }
    }
}

impl Campaign {
    fn of(head: ReviewCampaign) -> Result<Self, Failure> {
        let details = match head.json.as_str() {
            "" => Details::default(),
            json => serde_json::from_str(json).map_err(|e| {
                Failure::integrity(format!("the campaign of entry {}: {e}", head.entry))
            })?,
        };
        Ok(Campaign { head, details })
    }

    /// Its name: `review-2026-11-26`.
    pub fn id(&self) -> &str {
        &self.head.id
    }

    /// The day of its opening.
    pub fn opened_on(&self) -> Option<Date> {
        let at = self.head.opened_at.parse().ok()?;
        Some(standing_assess::AsOf::at(at).date)
    }

    /// Everybody who was ever in line for some row, by e-mail.
    pub fn known(&self, email: &str) -> Option<&Reviewer> {
        self.details
            .reviewers
            .iter()
            .chain(&self.details.lead)
            .find(|r| r.email.eq_ignore_ascii_case(email))
    }

    /// Whether they lead it.
    pub fn is_lead(&self, email: &str) -> bool {
        let lead = self.details.lead.as_ref();
        lead.is_some_and(|lead| lead.email.eq_ignore_ascii_case(email))
    }
}

/// The campaign of that name.
///
/// # Errors
/// When there is none.
pub fn campaign(index: &Index, id: &str) -> Result<Campaign, Failure> {
    let found = index.review_campaign(id)?;
    found.map(Campaign::of).transpose()?.ok_or_else(|| {
        Failure::usage(format!("no campaign {id:?}"))
            .hint("`standing review list` lists them")
            .at("campaign")
    })
}
