//! Access reviews that go on by themselves: a campaign is opened when one is due, rows of those who
//! left go to the next in line, and whoever is to act is told by e-mail.
//!
//! All of it is derived from the vault: what is due, who was told of what ([`tell`]), what was refused.
//! A restart forgets nothing, and of two processes one does it.

mod letter;
mod opening;
mod tell;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use standing_assess::{AsOf, Index};

pub use tell::{Came, unreached};
use tell::{Telling, tell};

use super::app::App;
use super::notify::email;
use super::notify::hours::{self, Look};
use super::workers::Stop;
use crate::failure::Failure;
use crate::home::{By, Home, hold};
use crate::{review, tickets};

/// Time between two looks at the clock.
const TICK: Duration = Duration::from_secs(2);

/// Whether people can be told by e-mail. Where they cannot, whoever leads has to be shown so.
pub fn review_mail_configured(home: &Home) -> bool {
    home.config.notify.email.is_some()
}

/// Tells everybody by e-mail who is to be told as of a moment and was not, of one campaign only where
/// it is named; `None` where the settings name no way.
///
/// # Errors
/// When the vault refuses. What was not claimed was not sent.
pub fn remind(
    home: &Home,
    index: &Index,
    by: By<'_>,
    as_of: &AsOf,
    only: Option<&str>,
) -> Result<Option<Came>, Failure> {
    let settings = home.config.notify.email.as_ref();
    settings
        .map(|settings| {
            tell(&Telling {
                home,
                index,
                by,
                as_of,
                only,
                only_urgent: false,
                now: Timestamp::now(),
                post: &|to, message, id| email::send_to(&home.folder, settings, to, message, id),
            })
        })
        .transpose()
}

/// Does what is to be done whenever it is time, until stopped.
pub fn keep(app: &Arc<App>, stop: &Stop) {
    let zone = TimeZone::get("Europe/London").unwrap_or(TimeZone::UTC);
    let mut last = None;
    let mut again: Option<Timestamp> = None;
    loop {
        let now = Timestamp::now();
        let home = app.home();
        let look = hours::look(now, last, home.config.notify.digest_at, &zone);
        last = Some(now);
        if look != Look::No || again.is_some_and(|again| again <= now) {
            again = match turn(&home, look, now) {
                Ok(then) => then,
                Err(failure) => {
                    tracing::error!(%failure, "could not look whose turn it is in access reviews");
                    Some(now + SignedDuration::from_mins(5))
                }
            };
            app.wake_judge();
        }
        if stop.wait(TICK) {
            return;
        }
    }
}

/// One look. Gives when to look again, if that is sooner than the hours say.
fn turn(home: &Home, look: Look, now: Timestamp) -> Result<Option<Timestamp>, Failure> {
    let Some(_held) = hold(&home.folder, "review-turn")? else {
        return Ok(Some(now + SignedDuration::from_mins(1)));
    };
    let index = home.index()?;
    let as_of = AsOf::at(now);
    if let Some(id) = opening::open_if_due(home, &index, By::SCHEDULER, now)? {
        tracing::info!(campaign = id, "an access review was opened");
    }
    let moved = review::fall_back(home, &index, By::SCHEDULER, &as_of)?;
    if moved > 0 {
        tracing::info!(
            rows = moved,
            "rows of those who left went to the next in line"
        );
    }
    if home.config.tickets.is_some() {
        // A tracker that refuses keeps nobody from being told.
        match tickets::turn(home, &index, By::NOTIFIER, None) {
            Ok(done) if done.made + done.found + done.turned > 0 => tracing::info!(
                made = done.made,
                found = done.found,
                turned = done.turned,
                "asked for what is to go by tickets"
            ),
            Ok(_) => {}
            Err(failure) => tracing::warn!(%failure, "could not ask for what is to go by tickets"),
        }
    }
    let Some(settings) = &home.config.notify.email else {
        return Ok(None);
    };
    let came = tell(&Telling {
        home,
        index: &index,
        by: By::NOTIFIER,
        as_of: &as_of,
        only: None,
        // What is urgent takes the rest of the same message with it.
        only_urgent: look != Look::Digest,
        now,
        post: &|to, message, id| email::send_to(&home.folder, settings, to, message, id),
    })?;
    tracing::info!(
        sent = came.sent,
        failed = came.failed,
        "told whose turn it is in access reviews"
    );
    Ok(came.again)
}
