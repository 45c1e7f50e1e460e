//! Policies, which change with time, and exceptions from them.

use super::day;
use crate::severity::Reading;
use jiff::civil::{Date, date};

/// A rule with its revisions. A new revision never moves a deadline that began under an older one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// `Cyber Essentials`; exceptions name it.
    pub name: String,
    /// In any order.
    pub revisions: Vec<Revision>,
}

/// A rule as it holds from a day on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revision {
    /// The first day on which it is in force.
    pub from: Date,
    /// Calendar days from the start; the last counts whole.
    pub days: i32,
    /// What it covers.
    pub covers: Covers,
    /// Where its clock starts.
    pub starts: Starts,
    /// Whether somebody may accept the risk, and so stop the clock.
    pub accepts_risk: bool,
    /// Whether the clock starts anew when a vulnerability comes back.
    pub restarts: bool,
    /// What it takes for grave.
    pub reads: Reading,
}

/// What a revision covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Covers {
    /// What is graded high by the way in which the revision reads ratings: see
    /// [`Severity::grade`](crate::Severity::grade).
    Grave,
    /// Everything.
    All,
    /// What is listed as exploited.
    Listed,
}

/// Where a clock starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Starts {
    /// On the day on which the fix was released.
    FixReleased,
    /// On the day of the listing.
    Listed,
    /// On the day on which we first saw it.
    FirstSeen,
}

/// The revision that sets a deadline, and the day from which it counts.
pub(super) struct Outline {
    pub(super) revision: Revision,
    pub(super) start: Date,
}

impl Policy {
    /// The latest revision that was in force when its clock started. What started before the policy
    /// was there counts from its first day.
    pub(super) fn outline(&self, starts: impl Fn(&Revision) -> Option<Date>) -> Option<Outline> {
        let mut revisions = self.revisions.clone();
        revisions.sort_by_key(|revision| revision.from);
        let outlines = revisions.iter().filter_map(|revision| {
            let start = starts(revision)?;
            Some(Outline {
                revision: *revision,
                start,
            })
        });
        let outlines: Vec<Outline> = outlines.collect();
        let in_force = outlines.iter().rposition(|o| o.start >= o.revision.from);
        let mut outline = outlines.into_iter().nth(in_force.unwrap_or(0))?;
        outline.start = outline.start.max(outline.revision.from);
        Some(outline)
    }
}

impl Revision {
    /// Whether it lets an exception stop its clock. Only an accepted risk can be refused: all other
    /// grounds say that the vulnerability is not there, and bring evidence.
    pub(super) fn admits(&self, exception: &Exception) -> bool {
        exception.0.ground != Ground::AcceptedRisk || self.accepts_risk
    }
}

/// Cyber Essentials: fixes of grave vulnerabilities within 14 days of their release. There are no
/// compensating controls, and no accepted risks. The wording is that of version 3.1, of January 2023;
/// the same is told of 3.3.
pub fn cyber_essentials() -> Policy {
    Policy {
        name: "Cyber Essentials".into(),
        revisions: vec![Revision {
            from: date(2023, 1, 1),
            days: 14,
            covers: Covers::Grave,
            starts: Starts::FixReleased,
            accepts_risk: false,
            restarts: false,
            reads: Reading::default(),
        }],
    }
}

/// The DSPT: the same days, but a risk may be documented and accepted.
pub fn dspt() -> Policy {
    let mut policy = cyber_essentials();
    policy.name = "DSPT".into();
    for revision in &mut policy.revisions {
        revision.accepts_risk = true;
    }
    policy
}

/// What CISA lists as exploited: 21 days as most listings had it until BOD 26-04 of 10 June 2026; from
/// then on 3, the most urgent of its cases, which holds where the exposure of the asset is not known.
pub fn kev() -> Policy {
    let revision = |from, days| Revision {
        from,
        days,
        covers: Covers::Listed,
        starts: Starts::Listed,
        accepts_risk: false,
        restarts: false,
        reads: Reading::default(),
    };
    Policy {
        name: "KEV".into(),
        revisions: vec![
            revision(date(2021, 11, 3), 21),
            revision(date(2026, 6, 10), 3),
        ],
    }
}

/// Why a policy should not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ground {
    /// Somebody answers for the risk.
    AcceptedRisk,
    /// The component was removed.
    Removed,
    /// It is in a part of the network without traffic to and from the internet.
    OutOfScope,
    /// The vendor's own mitigation is in place.
    Mitigated,
    /// The vulnerability is not there.
    FalsePositive,
}

/// An exception as somebody asks for it. Everything is demanded; evidence is not for an accepted risk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The policy's name.
    pub policy: String,
    /// Why.
    pub ground: Ground,
    /// In words.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// Who allowed it.
    pub approver: String,
    /// The first day.
    pub from: String,
    /// The last day.
    pub expires: String,
    /// What shows it.
    pub evidence: String,
}

/// A part of a request that is missing or wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No policy is named.
    Policy,
    /// No reason is given.
    Reason,
    /// Nobody answers for it.
    Owner,
    /// Nobody allowed it.
    Approver,
    /// Whoever answers for it allowed it to themselves.
    OwnApproval,
    /// The first day is no day.
    From,
    /// The last day is no day, or lies before the first.
    Expires,
    /// Nothing shows it.
    Evidence,
}

/// An exception in which nothing is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception(Request, Date, Date);

impl Exception {
    /// Checks a request, and tells all that is wrong with it.
    pub fn new(request: Request) -> Result<Exception, Vec<Fault>> {
        let (from, expires) = (day::read(&request.from), day::read(&request.expires));
        let empty = |text: &String| text.trim().is_empty();
        let wrong = [
            (empty(&request.policy), Fault::Policy),
            (empty(&request.reason), Fault::Reason),
            (empty(&request.owner), Fault::Owner),
            (empty(&request.approver), Fault::Approver),
            (
                request.owner.trim() == request.approver.trim(),
                Fault::OwnApproval,
            ),
            (from.is_none(), Fault::From),
            (expires.is_none() || expires < from, Fault::Expires),
            (
                request.ground != Ground::AcceptedRisk && empty(&request.evidence),
                Fault::Evidence,
            ),
        ];
        let faults = wrong
            .into_iter()
            .filter_map(|(wrong, fault)| wrong.then_some(fault));
        let faults: Vec<Fault> = faults.collect();
        match (from, expires) {
            (Some(from), Some(expires)) if faults.is_empty() => {
                Ok(Exception(request, from, expires))
            }
            _ => Err(faults),
        }
    }

    /// What was asked for.
    pub fn request(&self) -> &Request {
        &self.0
    }

    /// The last day on which it holds.
    pub fn expires(&self) -> Date {
        self.2
    }

    pub(super) fn policy(&self) -> &str {
        &self.0.policy
    }

    pub(super) fn holds_on(&self, day: Date) -> bool {
        (self.1..=self.2).contains(&day)
    }
}
