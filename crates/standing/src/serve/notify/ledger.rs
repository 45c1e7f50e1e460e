//! What has been told, by channel, as the vault keeps it: entries of kind `notice`.
//!
//! A message is claimed before it is sent and settled afterwards. A claim without an outcome is sent
//! again under the same name, so that a crash between the two loses no message; whoever receives may
//! get it twice, and knows it by its name.

use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use standing_assess::Index;

use super::message::Message;
use super::picture::Picture;
use crate::failure::Failure;
use crate::home::{By, Home};
use crate::serve::app::App;
use crate::serve::visit::Trouble;

/// Kind of entry and of state.
const NOTICE: &str = "notice";

/// How far a channel's last message has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Nothing was sent: what stood when the channel was first seen counts as told.
    Baseline,
    /// It is about to be sent, or was, and nobody can say.
    Claimed,
    /// The other side took it.
    Sent,
    /// The other side did not take it, or did not say so.
    Failed,
    /// It was tried for too long, and what it said counts as not told.
    Abandoned,
}

/// A channel's last message.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Notice {
    /// The message's name: the digest of what it says, which is salted.
    pub message: String,
    /// How far it has come.
    pub status: Status,
    /// How often it was tried.
    pub attempt: u64,
    /// When it was claimed.
    pub claimed_at: Timestamp,
    /// When this was written.
    pub at: Timestamp,
    /// What it says; missing where somebody erased it.
    #[serde(default)]
    pub details: Details,
}

/// The sealed part of a notice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Details {
    /// What counts as told once the message is sent.
    pub told: Option<Picture>,
    /// What counted as told before.
    pub before: Option<Picture>,
    /// What is sent.
    pub message: Option<Message>,
}

impl Notice {
    /// What counts as told; `None` where nobody can say, because it was erased.
    pub fn told(&self) -> Option<&Picture> {
        match self.status {
            Status::Abandoned => self.details.before.as_ref(),
            _ => self.details.told.as_ref(),
        }
    }
}

/// A channel's last message, if it ever had one.
///
/// # Errors
/// When the index cannot be read.
pub fn last(index: &Index, channel: &str) -> Result<Option<Notice>, Failure> {
    let Some(state) = index.state(NOTICE, channel)? else {
        return Ok(None);
    };
    let odd = |error: serde_json::Error| {
        Failure::integrity(format!("entry {} (notice): {error}", state.entry))
    };
    let mut body: Value = serde_json::from_str(&state.json).map_err(odd)?;
    // What was erased is known by its name alone.
    if let Some(body) = body.as_object_mut().filter(|b| !b["details"].is_object()) {
        body.remove("details");
    }
    serde_json::from_value(body).map(Some).map_err(odd)
}

/// Writes that what stands counts as told, or that a message is about to be sent.
///
/// # Errors
/// When the vault refuses; nothing may be sent then.
pub fn begin(
    app: &App,
    channel: &str,
    details: Details,
    now: Timestamp,
) -> Result<Notice, Trouble> {
    let home = app.home();
    let sealed = serde_json::to_vec(&details).map_err(Trouble::ours)?;
    let blob = home.vault.put_blob(&sealed).map_err(Failure::from)?;
    let notice = Notice {
        message: blob.digest.to_string(),
        status: match details.message {
            Some(_) => Status::Claimed,
            None => Status::Baseline,
        },
        attempt: 0,
        claimed_at: now,
        at: now,
        details,
    };
    write(app, channel, &notice, None)?;
    Ok(notice)
}

/// Writes what a message came to.
///
/// # Errors
/// When the vault refuses.
pub fn settle(
    app: &App,
    channel: &str,
    notice: &Notice,
    status: Status,
    code: Option<&str>,
    now: Timestamp,
) -> Result<Notice, Trouble> {
    let settled = Notice {
        status,
        at: now,
        attempt: notice.attempt + u64::from(status != Status::Abandoned),
        ..notice.clone()
    };
    write(app, channel, &settled, code)?;
    Ok(settled)
}

fn write(app: &App, channel: &str, notice: &Notice, code: Option<&str>) -> Result<(), Trouble> {
    let mut body = json!({
        "notice": channel,
        "message": notice.message,
        "status": notice.status,
        "attempt": notice.attempt,
        "claimed_at": notice.claimed_at.to_string(),
        "at": notice.at.to_string(),
        "details": format!("blob:{}", notice.message),
    });
    if let Some(code) = code {
        body["code"] = Value::from(code);
    }
    app.act(By::NOTIFIER, |home: &Home, index| {
        let entry = home.append(index, By::NOTIFIER, NOTICE, body)?;
        Ok::<u64, Failure>(entry.seq)
    })?;
    Ok(())
}

/// Whether another process tells people of this vault; the handle is the right to.
///
/// # Errors
/// When the file cannot be made.
pub fn turn(folder: &Path) -> Result<Option<std::fs::File>, Failure> {
    Ok(crate::home::hold(folder, "notify")?)
}
