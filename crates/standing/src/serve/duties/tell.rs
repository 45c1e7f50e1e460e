//! Telling people of what waits for them, by e-mail, each of it once.
//!
//! *Architecture invariant:* the order is claim, send, settle, and no code moves across it. A kill
//! before the claim tells nothing and the next look finds the same duties; a kill between claim and
//! settling sends the same message again under the same name, as long as what it says still stands;
//! after it nothing is sent. What was not taken is tried again at growing intervals for as long as it
//! stands.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use lettre::message::Mailbox;
use serde::{Deserialize, Serialize};
use serde_json::json;
use standing_assess::{AsOf, Index};
use standing_vault::{Blob, Digest};

use super::super::notify::channel::Refused;
use super::super::notify::message::Message;
use super::super::schedule::due;
use super::letter::letter;
use crate::failure::Failure;
use crate::home::{By, Home, hold};
use crate::project;
use crate::review::{Duty, Reviewer, duties};

/// Longest wait between two tries; it doubles up to here from five minutes.
const RETRY: SignedDuration = SignedDuration::from_hours(6);

/// The way out: to whom, what, and under which name.
pub type Post<'a> = &'a dyn Fn(&[Mailbox], &Message, &str) -> Result<(), Refused>;

/// What came of telling.
#[derive(Clone, Debug, Default)]
pub struct Came {
    /// Messages taken.
    pub sent: u64,
    /// Messages not taken, or nobody can say.
    pub failed: u64,
    /// What the other side said, for whoever sits at the keyboard.
    pub said: Vec<String>,
    /// When to look again, if that is sooner than the hours say.
    pub again: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Claimed,
    Sent,
    Failed,
}

/// The last message to somebody about a campaign: the details of an entry `campaign-sent`.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Sent {
    to: Reviewer,
    campaign: String,
    duties: Vec<Duty>,
    status: Status,
    /// How often it was tried without being taken.
    attempt: u64,
    /// The message's name: the digest of what it says, which is salted.
    message: String,
    at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    code: Option<String>,
}

impl Sent {
    /// The last of each to whom anything was sent.
    fn last(index: &Index, campaign: &str) -> Result<BTreeMap<String, Sent>, Failure> {
        let batches = index.review_batches(campaign, "sent")?;
        let sent = batches.iter().filter_map(|batch| {
            // What a person noted by hand bears no status.
            let sent: Sent = serde_json::from_str(&batch.json).ok()?;
            Some((sent.to.email.clone(), sent))
        });
        Ok(sent.collect())
    }

    fn write(&self, home: &Home, index: &Index, by: By<'_>) -> Result<(), Failure> {
        let details = serde_json::to_vec(self).map_err(Failure::integrity)?;
        let kept = home.vault.put_blob(&details)?;
        let stages: Vec<&str> = self.duties.iter().map(|d| d.stage.as_str()).collect();
        let mut body = json!({
            "campaign": self.campaign,
            "stage": stages.join(", "),
            "status": self.status,
            "message": format!("blob:{}", self.message),
            "details": kept.digest.reference(),
        });
        if let Some(code) = &self.code {
            body["code"] = json!(code);
        }
        home.append(index, by, "campaign-sent", body)?;
        project::catch_up(&home.vault, index)?;
        Ok(())
    }

    /// What it says, to the letter; `None` where it was erased.
    fn message(&self, home: &Home) -> Result<Option<Message>, Failure> {
        let Some(digest) = Digest::from_reference(&format!("blob:{}", self.message)) else {
            return Ok(None);
        };
        match home.vault.blob(&digest)? {
            Blob::Present(reader) => Ok(serde_json::from_reader(reader).ok()),
            _ => Ok(None),
        }
    }

    fn retry_at(&self) -> Timestamp {
        let wait = due::wait(RETRY, self.attempt.max(1));
        self.at.saturating_add(wait).unwrap_or(Timestamp::MAX)
    }
}

/// What is to be told, and how.
pub struct Telling<'a> {
    /// The home.
    pub home: &'a Home,
    /// Its index.
    pub index: &'a Index,
    /// In whose name.
    pub by: By<'a>,
    /// As of when duties are looked up.
    pub as_of: &'a AsOf,
    /// Of this campaign only.
    pub only: Option<&'a str>,
    /// Whether somebody for whom nothing urgent waits is told nothing new.
    pub only_urgent: bool,
    /// The moment, by the clock.
    pub now: Timestamp,
    /// The way out.
    pub post: Post<'a>,
}

/// Tells everybody who is to be told and was not.
///
/// # Errors
/// When the vault refuses. What was not claimed was not sent.
pub fn tell(telling: &Telling<'_>) -> Result<Came, Failure> {
    let Telling {
        home, index, now, ..
    } = *telling;
    let mut came = Came::default();
    let Some(_held) = hold(&home.folder, "review-tell")? else {
        came.again = Some(now + SignedDuration::from_mins(1));
        return Ok(came);
    };
    project::catch_up(&home.vault, index)?;
    let mut waiting: BTreeMap<(String, String), Vec<Duty>> = BTreeMap::new();
    for duty in duties(index, telling.as_of)? {
        if telling.only.is_none_or(|only| only == duty.campaign) {
            let key = (duty.campaign.clone(), duty.to.email.clone());
            waiting.entry(key).or_default().push(duty);
        }
    }
    let mut last: BTreeMap<String, BTreeMap<String, Sent>> = BTreeMap::new();
    for ((campaign, email), duties) in waiting {
        if !last.contains_key(&campaign) {
            last.insert(campaign.clone(), Sent::last(index, &campaign)?);
        }
        let before = last.get(&campaign).and_then(|last| last.get(&email));
        let unsettled = before.filter(|sent| sent.status != Status::Sent);
        if let Some(sent) = unsettled.filter(|s| s.status == Status::Failed)
            && sent.retry_at() > now
        {
            came.again = came.again.into_iter().chain([sent.retry_at()]).min();
            continue;
        }
        let claimed = match again(home, unsettled, &duties)? {
            Some(claimed) => claimed,
            None if telling.only_urgent && !duties.iter().any(Duty::is_urgent) => continue,
            None => telling.claim(duties, unsettled)?,
        };
        telling.deliver(claimed, &mut came)?;
    }
    Ok(came)
}

/// A message without a good end, where all that it says still stands: it is sent again as it was.
fn again(
    home: &Home,
    unsettled: Option<&Sent>,
    duties: &[Duty],
) -> Result<Option<(Sent, Message)>, Failure> {
    let stands = |duty: &Duty| duties.iter().any(|now| now.key() == duty.key());
    let Some(sent) = unsettled.filter(|sent| sent.duties.iter().all(stands)) else {
        return Ok(None);
    };
    let message = sent.message(home)?;
    Ok(message.map(|message| (sent.clone(), message)))
}

impl Telling<'_> {
    /// Writes that a message is about to be sent.
    fn claim(&self, duties: Vec<Duty>, before: Option<&Sent>) -> Result<(Sent, Message), Failure> {
        let config = &self.home.config;
        let url = &config.serve.public_url;
        let message = letter(&config.organisation, url, &duties, self.now);
        let kept = serde_json::to_vec(&message).map_err(Failure::integrity)?;
        let kept = self.home.vault.put_blob(&kept)?;
        let first = &duties[0];
        let sent = Sent {
            to: first.to.clone(),
            campaign: first.campaign.clone(),
            status: Status::Claimed,
            attempt: before.map_or(0, |before| before.attempt),
            message: kept.digest.to_string(),
            at: self.now,
            code: None,
            duties,
        };
        sent.write(self.home, self.index, self.by)?;
        Ok((sent, message))
    }

    /// Sends what is claimed and writes what came of it.
    fn deliver(
        &self,
        (mut sent, message): (Sent, Message),
        came: &mut Came,
    ) -> Result<(), Failure> {
        let address = sent.to.email.parse().map_err(|_| {
            Refused::new("address", "a reviewer's e-mail is none that mail can go to")
        });
        let done = address.and_then(|address| {
            let name = Some(sent.to.name.clone()).filter(|name| !name.is_empty());
            (self.post)(&[Mailbox::new(name, address)], &message, &sent.message)
        });
        sent.at = self.now;
        match done {
            Ok(()) => {
                sent.status = Status::Sent;
                sent.code = None;
                came.sent += 1;
            }
            Err(refused) => {
                // What the other side said may name whom it was for.
                let code = refused.code.as_str();
                tracing::warn!(code, "a message about an access review was not taken");
                sent.status = Status::Failed;
                sent.attempt += 1;
                sent.code = Some(refused.code);
                came.failed += 1;
                came.said.push(refused.said);
                came.again = came.again.into_iter().chain([sent.retry_at()]).min();
            }
        }
        sent.write(self.home, self.index, self.by)
    }
}

/// Those whom no message about a campaign reaches: their e-mail and the code of the last refusal.
///
/// # Errors
/// When the index cannot be read.
pub fn unreached(index: &Index, campaign: &str) -> Result<Vec<(String, String)>, Failure> {
    let last = Sent::last(index, campaign)?;
    let failed = last
        .into_iter()
        .filter(|(_, sent)| sent.status == Status::Failed);
    Ok(failed
        .map(|(email, sent)| (email, sent.code.unwrap_or_default()))
        .collect())
}
