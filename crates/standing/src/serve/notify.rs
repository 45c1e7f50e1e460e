//! Telling people: what turned, what lapses, which fixes are late or due, what went silent, by e-mail and
//! webhook, in a digest.
//!
//! What was told is derived from the vault ([`ledger`]), so that nothing is told twice and a restart
//! forgets nothing. Each channel has its own account: a new one begins with what stands.
//!
//! *Architecture invariant:* the order is claim, send, settle, and no code moves across it. A kill
//! before the claim tells nothing and the next look finds the same news; a kill between claim and
//! settling sends the same message again under the same name; after it nothing is sent.

pub(crate) mod channel;
pub(super) mod email;
mod fixes;
pub(super) mod hours;
mod ledger;
pub(super) mod message;
mod picture;
mod preview;
mod webhook;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use standing_assess::Index;
use standing_assess::check::Verdict;

use super::app::App;
use super::schedule::due;
use super::snapshot::Snapshot;
use super::telemetry;
use super::visit::Trouble;
use super::workers::Stop;
use crate::cli::NotifyCommand;
use crate::failure::Failure;
use crate::home::Home;
use channel::{Channel, Refused};
use hours::Look;
use ledger::{Details, Notice, Status};
use message::{Frame, Message};
use picture::Now;

/// Time between two looks at the clock.
const TICK: Duration = Duration::from_secs(2);
/// Longest wait between two tries of one message; it doubles up to here from five minutes.
const RETRY: SignedDuration = SignedDuration::from_hours(6);
/// How long one message is tried. Then what it said is told anew, with what is new since.
const GIVE_UP: SignedDuration = SignedDuration::from_hours(72);

/// The way out: a channel, what is sent and its name.
type Send<'a> = &'a dyn Fn(&Channel<'_>, &Message, &str) -> Result<(), Refused>;

/// Tells people whenever it is time, until stopped.
pub fn keep(app: &Arc<App>, stop: &Stop) {
    let zone = TimeZone::get("Europe/London").unwrap_or(TimeZone::UTC);
    let mut last = None;
    let mut again: Option<Timestamp> = None;
    loop {
        if let Some(snapshot) = app.snapshot_if_any() {
            let now = Timestamp::now();
            let digest_at = snapshot.home.config.notify.digest_at;
            let look = hours::look(now, last, digest_at, &zone);
            last = Some(now);
            if look != Look::No || again.is_some_and(|again| again <= now) {
                let folder = snapshot.home.folder.clone();
                let send: Send<'_> = &|channel, message, id| channel.send(&folder, message, id);
                again = turn(app, &snapshot, look, now, send).unwrap_or_else(|trouble| {
                    let log = trouble.log.unwrap_or(trouble.detail);
                    tracing::error!(log, "could not look up what was told");
                    Some(now + SignedDuration::from_mins(5))
                });
            }
        }
        if stop.wait(TICK) {
            return;
        }
    }
}

/// One look at every channel. Gives when to look again, if that is sooner than the hours say.
///
/// # Errors
/// When the vault refuses. What was not claimed was not sent.
fn turn(
    app: &App,
    snapshot: &Arc<Snapshot>,
    look: Look,
    now: Timestamp,
    send: Send<'_>,
) -> Result<Option<Timestamp>, Trouble> {
    if channel::all(&snapshot.home.config.notify).next().is_none() {
        return Ok(None);
    }
    let fixes = fixes::of(app, snapshot)?;
    for policy in &fixes.strangers {
        tracing::warn!(policy, "fix_policies names a policy that does not exist");
    }
    let stands = Now::of(
        &snapshot.today,
        &snapshot.attempts,
        &snapshot.advisories,
        fixes,
        &snapshot.home.config,
        now,
    );
    tell_all(app, snapshot, stands, look, now, send)
}

/// Tells every channel what it was not told of what stands.
fn tell_all(
    app: &App,
    snapshot: &Snapshot,
    stands: Now,
    look: Look,
    now: Timestamp,
    send: Send<'_>,
) -> Result<Option<Timestamp>, Trouble> {
    let home = &snapshot.home;
    let notify = &home.config.notify;
    let Some(_held) = ledger::turn(&home.folder)? else {
        return Ok(Some(now + SignedDuration::from_mins(1)));
    };
    let index = home.index()?;
    let teller = Teller {
        app,
        snapshot,
        index: &index,
        stands,
        look,
        now,
        send,
    };
    let mut again = None;
    for channel in channel::all(notify) {
        let then = teller.tell(&channel)?;
        again = again.into_iter().chain(then).min();
    }
    Ok(again)
}

struct Teller<'a> {
    app: &'a App,
    snapshot: &'a Snapshot,
    index: &'a Index,
    stands: Now,
    look: Look,
    now: Timestamp,
    send: Send<'a>,
}

impl Teller<'_> {
    /// One channel. Gives when to look again.
    fn tell(&self, channel: &Channel<'_>) -> Result<Option<Timestamp>, Trouble> {
        let name = channel.name();
        let last = ledger::last(self.index, name)?;
        let Some((last, told)) = last.as_ref().and_then(|n| Some((n, n.told()?))) else {
            return self.baseline(name).map(|()| None);
        };
        match last.status {
            Status::Claimed => return self.deliver(channel, last),
            Status::Failed if self.now.duration_since(last.claimed_at) > GIVE_UP => {
                tracing::error!(channel = name, "a message was tried for too long");
                ledger::settle(self.app, name, last, Status::Abandoned, None, self.now)?;
                return Ok(Some(self.now));
            }
            Status::Failed => {
                let then = retry_at(name, last);
                return if then <= self.now {
                    self.deliver(channel, last)
                } else {
                    Ok(Some(then))
                };
            }
            Status::Baseline | Status::Sent | Status::Abandoned => {}
        }
        let news = self.stands.news(told);
        let time = match self.look {
            Look::No => false,
            Look::Urgent => self.stands.urgent(&news) || last.status == Status::Abandoned,
            Look::Digest => true,
        };
        if news.is_empty() || !time {
            tracing::debug!(channel = name, "nothing to tell");
            return Ok(None);
        }
        let details = Details {
            told: Some(self.stands.picture()),
            before: Some(told.clone()),
            message: Some(Message::digest(&self.frame(), &self.stands, &news)),
        };
        let claimed = ledger::begin(self.app, name, details, self.now)?;
        self.deliver(channel, &claimed)
    }

    /// What stands counts as told, once every source that is read by itself has been tried: before
    /// that, all that is known is that nothing is.
    fn baseline(&self, name: &str) -> Result<(), Trouble> {
        let sources = self.snapshot.home.config.sources.iter();
        let tried = |name: &String| self.snapshot.attempts.contains_key(name);
        let mut by_themselves = sources.filter(|s| s.every_hours > 0);
        if !by_themselves.all(|s| tried(&s.settings.source)) {
            return Ok(());
        }
        let details = Details {
            told: Some(self.stands.picture()),
            ..Details::default()
        };
        ledger::begin(self.app, name, details, self.now)?;
        tracing::info!(channel = name, "what stands counts as told");
        Ok(())
    }

    /// Sends what is claimed and writes what came of it. Gives when to try again.
    fn deliver(
        &self,
        channel: &Channel<'_>,
        notice: &Notice,
    ) -> Result<Option<Timestamp>, Trouble> {
        let name = channel.name();
        let Some(message) = &notice.details.message else {
            return Ok(None);
        };
        let span = tracing::info_span!("notice", channel = name, code = tracing::field::Empty);
        let _in = span.enter();
        let settle = |status, code| ledger::settle(self.app, name, notice, status, code, self.now);
        match (self.send)(channel, message, &notice.message) {
            Ok(()) => {
                telemetry::noticed(name, true);
                tracing::info!("sent");
                settle(Status::Sent, None)?;
                Ok(None)
            }
            Err(refused) => {
                telemetry::noticed(name, false);
                span.record("code", &refused.code);
                // What the other side said may name whom it was for.
                tracing::warn!(code = refused.code, "could not be sent");
                let settled = settle(Status::Failed, Some(&refused.code))?;
                Ok(Some(retry_at(name, &settled)))
            }
        }
    }

    fn frame(&self) -> Frame<'_> {
        let today = &self.snapshot.today;
        Frame {
            organisation: &self.snapshot.home.config.organisation,
            url: &self.app.serve().public_url,
            met: (today.binding_with(Verdict::Met), today.binding()),
            now: self.now,
        }
    }
}

/// When a message that was not taken is tried again.
fn retry_at(channel: &str, notice: &Notice) -> Timestamp {
    let wait = due::wait(RETRY, notice.attempt.max(1));
    let spread = wait.as_secs_f64() * 0.1 * due::fraction(channel, notice.attempt);
    let wait = wait - SignedDuration::from_secs_f64(spread);
    notice.at.saturating_add(wait).unwrap_or(Timestamp::MAX)
}

/// Runs `standing notify …`.
///
/// # Errors
/// When no channel is configured, or the vault cannot be read.
pub fn command(home: &Home, command: &NotifyCommand) -> Result<u8, Failure> {
    match command {
        NotifyCommand::Test => test(home),
        NotifyCommand::Preview { all, as_of } => preview::preview(home, *all, as_of.as_deref()),
    }
}

/// Nobody is told anything by these settings.
fn nobody() -> Failure {
    Failure::configuration("nobody is told anything")
        .hint("[notify.email] or [[notify.webhook]] in standing.toml says who is")
}

/// Sends a test by every channel and says what came of it. Nothing is written to the vault. Exit code
/// 1 if one of them did not take it.
fn test(home: &Home) -> Result<u8, Failure> {
    let mut channels = channel::all(&home.config.notify).peekable();
    if channels.peek().is_none() {
        return Err(nobody());
    }
    let now = Timestamp::now();
    let frame = Frame {
        organisation: &home.config.organisation,
        url: &home.config.serve.public_url,
        met: (0, 0),
        now,
    };
    let message = Message::test(&frame);
    let mut code = 0;
    for channel in channels {
        let id = format!("test-{}-{}", channel.name(), now.as_millisecond());
        match channel.send(&home.folder, &message, &id) {
            Ok(()) => say!("{}: taken", channel.name()),
            Err(refused) => {
                say!(
                    "{}: NOT taken ({}): {}",
                    channel.name(),
                    refused.code,
                    refused.said
                );
                code = 1;
            }
        }
    }
    Ok(code)
}
