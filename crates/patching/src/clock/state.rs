//! What was seen, and how it stands.

use super::{Case, Verdict, day};
use jiff::civil::Date;
use std::collections::BTreeSet;

/// After so many days without a look, what is open is open and unobserved.
pub const UNOBSERVED_AFTER_DAYS: i32 = 14;

/// What mends a vulnerability.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Remedy {
    /// A package.
    #[default]
    Package,
    /// A setting, a registry key, a script: seen by evidence alone.
    Other,
    /// Both; the update takes effect with the setting.
    Both,
}

/// One look at the component, or one thing done to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The day in London.
    pub on: Date,
    /// Who looked.
    pub source: String,
    /// What was seen.
    pub saw: Saw,
}

/// What was seen or done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Saw {
    /// A vulnerable version, in this version.
    Vulnerable(String),
    /// The fixed version is installed and the old one still runs, as kernels do.
    NotRunning(String),
    /// A version that is not vulnerable.
    Mended(String),
    /// The log of the package manager says that the fixed version was installed on this day.
    Installed(String),
    /// No word of it, in a look at everything.
    Absent,
    /// No word of it, in a look at some things.
    AbsentFromPart,
    /// Evidence that what is no package was done.
    Evidence(String),
    /// The asset was taken away, with evidence.
    Decommissioned(String),
}

/// How a vulnerability stands on an asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing was seen.
    NotSeen,
    /// It is there.
    Open,
    /// The package is fixed and the old one runs.
    AwaitsRestart,
    /// The package is fixed, and something else remains to be shown.
    AwaitsEvidence,
    /// It was there when last looked at, too long ago.
    Unobserved,
    /// It is gone: by `by` at the latest, and after `since` if that is given and earlier.
    Mended {
        /// When it was last seen.
        since: Option<Date>,
        /// When it was first seen to be gone.
        by: Date,
    },
    /// The asset is gone.
    Decommissioned(Date),
}

/// A thing done between two days; both are the same where a log says when.
#[derive(Clone, Copy)]
struct Done {
    since: Option<Date>,
    by: Date,
}

/// The events of a case up to a day, walked through.
#[derive(Default)]
pub(super) struct History {
    pub(super) first_seen: Option<Date>,
    pub(super) reopened: u32,
    pub(super) reopened_on: Option<Date>,
    last_vulnerable: Option<Date>,
    last_look: Option<Date>,
    awaits_restart: bool,
    seers: BTreeSet<String>,
    remedy: Remedy,
    package: Option<Done>,
    evidence: Option<Done>,
    gone: Option<Date>,
}

impl History {
    pub(super) fn up_to(today: Date, case: &Case) -> History {
        let mut events: Vec<&Event> = case.events.iter().filter(|e| e.on <= today).collect();
        events.sort_by_key(|event| event.on);
        let mut history = History {
            remedy: case.remedy,
            ..History::default()
        };
        for event in events {
            history.take(event);
        }
        history
    }

    fn take(&mut self, event: &Event) {
        let on = event.on;
        let seen = Done {
            since: self.last_vulnerable,
            by: on,
        };
        let logged = Done {
            since: Some(on),
            by: on,
        };
        match &event.saw {
            Saw::Vulnerable(_) | Saw::NotRunning(_) => {
                let restarts_only = matches!(event.saw, Saw::NotRunning(_));
                if self.done().is_some() && !restarts_only {
                    self.reopened += 1;
                    self.reopened_on = Some(on);
                    self.evidence = None;
                }
                self.package = None;
                self.awaits_restart = restarts_only;
                self.gone = None;
                self.first_seen.get_or_insert(on);
                self.last_vulnerable = Some(on);
                self.seers.insert(event.source.clone());
            }
            Saw::Mended(_) => self.mend(seen),
            Saw::Installed(_) => self.mend(logged),
            // Only who saw it can miss it, and only having looked at everything.
            Saw::Absent if self.seers.contains(&event.source) => self.mend(seen),
            Saw::Absent | Saw::AbsentFromPart => return,
            Saw::Evidence(_) => {
                self.evidence.get_or_insert(logged);
            }
            Saw::Decommissioned(_) => {
                self.gone.get_or_insert(on);
            }
        }
        self.last_look = Some(on);
    }

    fn mend(&mut self, done: Done) {
        self.awaits_restart = false;
        self.package.get_or_insert(done);
    }

    /// When everything was done that mends it.
    fn done(&self) -> Option<Done> {
        match self.remedy {
            Remedy::Package => self.package,
            Remedy::Other => self.evidence,
            Remedy::Both => {
                let (package, evidence) = (self.package?, self.evidence?);
                Some(match evidence.by > package.by {
                    true => evidence,
                    false => package,
                })
            }
        }
    }

    pub(super) fn state(&self, today: Date) -> State {
        let unobserved = |last| day::between(last, today) > UNOBSERVED_AFTER_DAYS;
        match (self.gone, self.done()) {
            _ if self.first_seen.is_none() => State::NotSeen,
            (Some(on), _) => State::Decommissioned(on),
            (None, Some(Done { since, by })) => State::Mended { since, by },
            (None, None) if self.last_look.is_some_and(unobserved) => State::Unobserved,
            (None, None) if self.awaits_restart => State::AwaitsRestart,
            (None, None) if self.package.is_some() => State::AwaitsEvidence,
            (None, None) => State::Open,
        }
    }

    /// How the deadline stands; `until` is the last day of an exception that holds.
    pub(super) fn against(&self, due: Date, today: Date, until: Option<Date>) -> Verdict {
        let closed = match (self.gone, self.done()) {
            (Some(on), _) => Some(Done {
                since: Some(on),
                by: on,
            }),
            (None, done) => done,
        };
        match closed {
            _ if self.first_seen.is_none() => Verdict::NotSeen,
            Some(Done { by, .. }) if by <= due => Verdict::Met,
            // Seen on the last day it may still have been mended on it, later than that not.
            Some(Done {
                since: Some(since), ..
            }) if since <= due => Verdict::Between,
            Some(Done { by, .. }) => Verdict::Late(day::between(due, by)),
            None => match until {
                Some(until) => Verdict::Excepted(until),
                None if today <= due => Verdict::Open(day::between(today, due)),
                None => Verdict::Breached(day::between(due, today)),
            },
        }
    }
}
