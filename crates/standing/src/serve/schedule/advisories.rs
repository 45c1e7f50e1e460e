//! The advisories, taken in at their own pace beside the sources and in no source's place.

use std::time::Instant;

use jiff::Timestamp;

use super::due::{Last, due_at};
use super::{App, LEFT_ALONE, Running, Schedule, State};
use crate::advisories::{Attempts, Came, by_itself};
use crate::home::{By, Home};

/// By which the waits are spread.
const NAME: &str = "advisories";

/// What goes on with them.
#[derive(Default)]
pub(super) struct Taking {
    pub(super) running: Option<Running>,
    /// They are left alone until then.
    alone: Option<Instant>,
}

/// When they are due; `None` where nothing is configured, or only when somebody asks for it.
pub fn advisories_due(home: &Home, attempts: &Attempts, now: Timestamp) -> Option<Timestamp> {
    let every_hours = home.config.advisories.as_ref()?.every_hours;
    let last = match (&attempts.refused, attempts.taken_in) {
        (Some(refused), _) => Some(Last {
            entry: refused.entry,
            ended_at: refused.at,
            failures: refused.failures,
        }),
        (None, Some((entry, ended_at))) => Some(Last {
            entry,
            ended_at,
            failures: 0,
        }),
        (None, None) => None,
    };
    due_at(NAME, every_hours, last, now)
}

impl Taking {
    /// Whether they are to be taken in now; they count as running from here on.
    pub(super) fn begin(&mut self, home: &Home, attempts: &Attempts, now: Timestamp) -> bool {
        let alone = self.alone.is_some_and(|until| until > Instant::now());
        let due = advisories_due(home, attempts, now).is_some_and(|due| due <= now);
        let begins = due && !alone && self.running.is_none();
        if begins {
            self.running = Some(Running {
                since: now,
                part: None,
                kept: false,
            });
        }
        begins
    }
}

impl Schedule {
    /// What goes on with the advisories just now.
    pub fn advisories(&self) -> State {
        match &self.lock().advisories.running {
            Some(running) => State::Running {
                since: running.since,
                part: running.part.clone(),
            },
            None => State::Idle,
        }
    }

    /// Takes them in, on a thread of its own.
    pub(super) fn take_in(&self, app: &App) {
        let _over = Over(self);
        let span = tracing::info_span!("advisories", outcome = tracing::field::Empty);
        let _in = span.enter();
        let came = by_itself(&app.home(), By::SCHEDULER, &|name, how_far| {
            let part = how_far.map_or_else(|| name.to_owned(), |far| format!("{name}, {far}"));
            self.taking(|running| running.part = Some(part));
        });
        let outcome = match came {
            Ok(Came::TakenIn(updated)) => {
                let (entry, unread) = (updated.entry, updated.list.unread());
                tracing::info!(entry, unread, "advisories taken in");
                self.taking(|running| running.kept = true);
                "taken in"
            }
            Ok(Came::Refused(refusal)) => {
                let (entry, failures) = (refusal.entry, refusal.failures);
                tracing::warn!(entry, failures, "advisories not taken in");
                self.taking(|running| running.kept = true);
                "refused"
            }
            Ok(Came::Busy) => {
                tracing::info!("advisories are being taken in by another process");
                "busy"
            }
            Err(failure) => {
                tracing::error!(%failure, "advisories could not be taken in");
                "failed"
            }
        };
        span.record("outcome", outcome);
        app.wake_judge();
    }

    fn taking(&self, change: impl FnOnce(&mut Running)) {
        if let Some(running) = &mut self.lock().advisories.running {
            change(running);
        }
    }

    /// It is over.
    pub(super) fn advisories_over(&self) {
        let mut inner = self.lock();
        let taking = &mut inner.advisories;
        if !taking.running.take().is_some_and(|running| running.kept) {
            taking.alone = Some(Instant::now() + LEFT_ALONE);
        }
        self.sign.notify_all();
    }
}

/// Notes the end, even where the run panics.
struct Over<'a>(&'a Schedule);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.advisories_over();
    }
}
