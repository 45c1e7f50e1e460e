//! The ways by which people are told, and what can go wrong on them.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::message::Message;
use super::{email, webhook};
use crate::config::Notify;
use crate::config::notify::{Email, Webhook};

/// One way.
#[derive(Clone, Copy, Debug)]
pub enum Channel<'a> {
    /// E-mail.
    Email(&'a Email),
    /// A webhook.
    Webhook(&'a Webhook),
}

/// A message was not taken, or it is not known whether it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// A word or number for the log: `550`, `timeout`. It names nobody.
    pub code: String,
    /// What the other side or the system said, for whoever sits at the keyboard; it may name
    /// addresses.
    pub said: String,
}

impl Refused {
    /// By this code.
    pub fn new(code: impl ToString, said: impl ToString) -> Self {
        Refused {
            code: code.to_string(),
            said: said.to_string(),
        }
    }
}

/// Every way that is configured.
pub fn all(notify: &Notify) -> impl Iterator<Item = Channel<'_>> {
    let email = notify.email.iter().map(Channel::Email);
    email.chain(notify.webhooks.iter().map(Channel::Webhook))
}

impl Channel<'_> {
    /// Its name in the log.
    pub fn name(&self) -> &str {
        match self {
            Channel::Email(_) => "email",
            Channel::Webhook(webhook) => &webhook.name,
        }
    }

    /// Sends. `id` is the message's own name: the same message sent again bears the same.
    ///
    /// # Errors
    /// When the other side did not take it, or did not say so.
    pub fn send(&self, folder: &Path, message: &Message, id: &str) -> Result<(), Refused> {
        match self {
            Channel::Email(settings) => email::send(folder, settings, message, id),
            Channel::Webhook(settings) => webhook::send(folder, settings, message, id),
        }
    }
}

/// A secret from its file, which nobody but its owner may read.
///
/// # Errors
/// When it cannot be read, or can be by others.
pub fn secret(folder: &Path, file: &Path) -> Result<String, Refused> {
    let path = folder.join(file);
    let refused = |why: String| {
        Refused::new(
            "secret",
            format!("cannot use the file {}: {why}", path.display()),
        )
    };
    let mode = std::fs::metadata(&path)
        .map_err(|e| refused(e.to_string()))?
        .permissions()
        .mode();
    if mode & 0o077 != 0 {
        return Err(refused(format!(
            "others may read it (mode {:04o}): chmod 600",
            mode & 0o7777
        )));
    }
    let text = std::fs::read_to_string(&path).map_err(|e| refused(e.to_string()))?;
    let text = text.trim();
    if text.is_empty() {
        return Err(refused("it is empty".into()));
    }
    Ok(text.to_owned())
}
