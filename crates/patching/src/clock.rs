//! The clock of one vulnerability in one component of one asset.
//!
//! It starts where the rule starts: on the day on which the fix could be had. Policies run beside each
//! other on the same dates. What keeps its key keeps its clock: the component without its version and
//! the class of the vulnerability, so that an upgrade that is still vulnerable, or a reopening, starts
//! nothing anew.
//!
//! *Architecture invariant:* the moment that is judged (`as_of`) is an input, and so is everything that
//! was known at it. What happened later plays no part.

mod day;
mod fix;
mod policy;
mod state;

pub use day::{after, day, read};
pub use fix::{Bound, Candidate, Chosen, FixDay, Source, choose};
pub use policy::{
    Covers, Exception, Fault, Ground, Policy, Request, Revision, Starts, cyber_essentials, dspt,
    kev,
};
pub use state::{Event, Remedy, Saw, State, UNOBSERVED_AFTER_DAYS};

use crate::severity::{Grade, Reading, Severity};
use jiff::Timestamp;
use jiff::civil::Date;
use policy::Outline;
use state::History;

/// Everything that is known of one vulnerability in one component of one asset.
#[derive(Clone, Debug, Default)]
pub struct Case {
    /// Every date that was ever given for the release of the fix.
    pub candidates: Vec<Candidate>,
    /// Where the asset gets its packages: `bookworm-security`. Fixes of other channels do not count.
    pub channel: Option<String>,
    /// What was said of how grave it is, each with the day from which it was known. Each policy
    /// makes its own of it.
    pub severities: Vec<(Date, Severity)>,
    /// The same of what its update mends beside it: an update is weighed whole.
    pub bundled: Vec<(Date, Severity)>,
    /// When it was listed as exploited.
    pub listed: Option<Date>,
    /// What mends it.
    pub remedy: Remedy,
    /// What was seen of it.
    pub events: Vec<Event>,
    /// What was decided about it.
    pub exceptions: Vec<Exception>,
}

/// The dates of a case, and what each policy makes of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Timeline {
    /// When the fix was released, and who says so.
    pub fix: FixDay,
    /// When we first saw it here.
    pub first_seen: Option<Date>,
    /// How it stands.
    pub state: State,
    /// How often it came back.
    pub reopened: u32,
    /// In the order of the policies.
    pub outcomes: Vec<Outcome>,
}

/// What one policy makes of a case.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// Its name.
    pub policy: String,
    /// From when the revision is in force that set the deadline.
    pub revision: Option<Date>,
    /// The last day on which the fix is in time; it ends with the day in London, see [`after`].
    pub due: Option<Date>,
    /// The same counted from the day on which we could have known, where that is later.
    pub knowable: Option<Date>,
    /// How the revision reads what is said of gravity.
    pub reads: Reading,
    /// How it stands.
    pub verdict: Verdict,
    /// Places in the case's list of those exceptions that this policy does not admit.
    pub refused: Vec<usize>,
}

/// How a deadline stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing was seen of the vulnerability on this asset.
    NotSeen,
    /// The policy does not cover it.
    NotCovered,
    /// There is no fix, so there is no deadline.
    NoFix,
    /// A fix is announced and cannot be had yet, so there is no deadline.
    Announced,
    /// How grave it is, is not known, and the deadline hangs on it.
    GradeNotKnown,
    /// Open, with so many days left after today.
    Open(i32),
    /// Open, and the deadline is suspended up to and including this day.
    Excepted(Date),
    /// Open, and the deadline passed so many days ago.
    Breached(i32),
    /// Mended, or the asset taken away, in time.
    Met,
    /// Mended, or the asset taken away, so many days late.
    Late(i32),
    /// Mended between two looks, one before the deadline and one behind it.
    Between,
}

/// Judges a case by each policy.
pub fn judge(case: &Case, policies: &[Policy], as_of: Timestamp) -> Timeline {
    let today = day(as_of);
    let history = History::up_to(today, case);
    let fix = choose(&case.candidates, case.channel.as_deref(), today);
    let outcomes = policies
        .iter()
        .map(|policy| outcome(case, policy, &history, &fix, today))
        .collect();
    Timeline {
        fix,
        first_seen: history.first_seen,
        state: history.state(today),
        reopened: history.reopened,
        outcomes,
    }
}

fn outcome(case: &Case, policy: &Policy, history: &History, fix: &FixDay, today: Date) -> Outcome {
    let listed = case.listed.filter(|on| *on <= today);
    let starts = |revision: &Revision| {
        let fixed = match fix {
            FixDay::Released(chosen) => Some(chosen.day),
            FixDay::Announced(_) | FixDay::None => None,
        };
        let start = match revision.starts {
            Starts::FixReleased => fixed,
            Starts::Listed => listed,
            Starts::FirstSeen => history.first_seen,
        }?;
        match history.reopened_on.filter(|_| revision.restarts) {
            Some(again) => Some(start.max(again)),
            None => Some(start),
        }
    };
    let mut outcome = Outcome {
        policy: policy.name.clone(),
        revision: None,
        due: None,
        knowable: None,
        reads: Reading::default(),
        verdict: Verdict::NotCovered,
        refused: Vec::new(),
    };
    let Some(outline) = policy.outline(starts) else {
        outcome.verdict = without_start(policy, listed, fix);
        return outcome;
    };
    let Outline { revision, start } = outline;
    let (grade, grave_since) = grade(case, revision.reads, today);
    let due = day::plus(start, revision.days);
    let known = [
        history.first_seen,
        grave_since,
        listed.filter(|_| revision.covers == Covers::Listed),
    ];
    let knowable = known.into_iter().flatten().fold(start, Date::max);
    outcome.revision = Some(revision.from);
    outcome.reads = revision.reads;
    outcome.due = Some(due);
    outcome.knowable = Some(day::plus(knowable, revision.days)).filter(|day| *day > due);
    let mut until = None;
    for (i, exception) in case.exceptions.iter().enumerate() {
        if exception.policy() == policy.name {
            match revision.admits(exception) {
                true if exception.holds_on(today) => until = until.max(Some(exception.expires())),
                true => {}
                false => outcome.refused.push(i),
            }
        }
    }
    let verdict = history.against(due, today, until);
    outcome.verdict = match (revision.covers, grade) {
        (Covers::Listed, _) if listed.is_none() => Verdict::NotCovered,
        (Covers::Grave, Grade::NotHigh) => Verdict::NotCovered,
        (Covers::Grave, Grade::NotKnown)
            if ![Verdict::Met, Verdict::NotSeen].contains(&verdict) =>
        {
            Verdict::GradeNotKnown
        }
        _ => verdict,
    };
    outcome
}

fn without_start(policy: &Policy, listed: Option<Date>, fix: &FixDay) -> Verdict {
    let only_listed = policy.revisions.iter().all(|r| r.covers == Covers::Listed);
    let waits_for_fix = policy
        .revisions
        .iter()
        .any(|r| r.starts == Starts::FixReleased);
    match fix {
        _ if only_listed && listed.is_none() => Verdict::NotCovered,
        FixDay::None if waits_for_fix => Verdict::NoFix,
        FixDay::Announced(_) if waits_for_fix => Verdict::Announced,
        _ => Verdict::NotSeen,
    }
}

/// The grade that is known on a day, and since when it has been high without a break.
fn grade(case: &Case, reads: Reading, today: Date) -> (Grade, Option<Date>) {
    let known = |list: &[(Date, Severity)]| {
        let known = list.iter().filter(|(from, _)| *from <= today);
        let mut known: Vec<_> = known.map(|(from, s)| (*from, s.grade(reads))).collect();
        known.sort_by_key(|(from, _)| *from);
        known
    };
    let high = |grade: &Grade| matches!(grade, Grade::High(_));
    let own = known(&case.severities);
    let last = own.last().map_or(Grade::NotKnown, |(_, grade)| *grade);
    if high(&last) {
        let run = own.iter().rev().take_while(|(_, grade)| high(grade));
        return (last, run.last().map(|(from, _)| *from));
    }
    let whole = known(&case.bundled);
    match whole.into_iter().find(|(_, grade)| high(grade)) {
        Some((from, grade)) => (grade, Some(from)),
        None => (last, None),
    }
}
