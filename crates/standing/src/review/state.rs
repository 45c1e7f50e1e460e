//! How far a campaign has come: by reviewer, by system, and with what was to go.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::Date;
use serde::Serialize;
use standing_assess::index::{Removal, RemovalState, ReviewCount};
use standing_assess::{AsOf, Index};

use super::{Campaign, Reviewer, campaign};
use crate::failure::Failure;

/// Where a campaign stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Stage {
    /// Rows wait for decisions.
    #[serde(rename = "open")]
    Open,
    /// Rows wait for decisions, and the day for them has passed.
    #[serde(rename = "overdue")]
    Overdue,
    /// Every row is decided, and something that was to go is not proven gone.
    #[serde(rename = "waiting for proof")]
    Proving,
    /// It closed, and something that was gone came back since: it is open again.
    #[serde(rename = "came back")]
    CameBack,
    /// Every row is decided, and what was to go is gone or excepted.
    #[serde(rename = "closed")]
    Closed,
}

impl Stage {
    /// The words for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Stage::Open => "open",
            Stage::Overdue => "overdue",
            Stage::Proving => "waiting for proof",
            Stage::CameBack => "came back",
            Stage::Closed => "closed",
        }
    }
}

/// Rows in numbers. `rows` is the denominator of all the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// All of them.
    pub rows: u64,
    /// Kept.
    pub keep: u64,
    /// Of which some rights are to go.
    pub change: u64,
    /// To go.
    pub remove: u64,
    /// Looked at and not to be told.
    pub cannot_tell: u64,
    /// Not reviewed.
    pub open: u64,
    /// Not reviewed, and something speaks for a look or for their going.
    pub open_flagged: u64,
}

impl Progress {
    fn add(&mut self, count: &ReviewCount) {
        self.rows += count.rows;
        match count.decision.as_str() {
            "keep" => self.keep += count.rows,
            "change" => self.change += count.rows,
            "remove" => self.remove += count.rows,
            "cannot tell" => self.cannot_tell += count.rows,
            _ => {
                self.open += count.rows;
                if count.suggestion != "keep" {
                    self.open_flagged += count.rows;
                }
            }
        }
    }

    /// Rows that are reviewed.
    pub fn reviewed(&self) -> u64 {
        self.keep + self.change + self.remove
    }
}

/// What was to go, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Removals {
    /// All of them.
    pub all: u64,
    /// Not shown gone by any complete run since.
    pub open: u64,
    /// Shown gone.
    pub gone: u64,
    /// Shown gone, and there again.
    pub came_back: u64,
    /// Of those open or come back: let stay by an exception that stands.
    pub excepted: u64,
    /// Of those open or come back, without an exception: for longer than they should be.
    pub overdue: u64,
}

/// How far a campaign has come.
#[derive(Clone, Debug)]
pub struct State {
    /// The campaign.
    pub campaign: Campaign,
    /// Where it stands.
    pub stage: Stage,
    /// All rows.
    pub all: Progress,
    /// Rows by who is to decide them.
    pub by_reviewer: Vec<(Reviewer, Progress)>,
    /// Rows by system.
    pub by_system: Vec<(String, Progress)>,
    /// What was to go.
    pub removals: Removals,
}

/// Day from which a removal is overdue.
pub(super) fn overdue_from(campaign: &Campaign, removal: &Removal) -> Option<Date> {
    let from = match removal.steps.last() {
        // What came back is to go anew from the day it was seen.
        Some(step) if !step.gone => &step.at,
        _ => &removal.at,
    };
    let decided = AsOf::at(from.parse().ok()?).date;
    decided
        .checked_add((campaign.details.remove_in_days + 1).days())
        .ok()
}

fn tally(campaign: &Campaign, removals: &[Removal], today: Date) -> Removals {
    let mut tally = Removals::default();
    for removal in removals {
        tally.all += 1;
        match removal.state() {
            RemovalState::Open => tally.open += 1,
            RemovalState::Gone => tally.gone += 1,
            RemovalState::CameBack => tally.came_back += 1,
        }
        if removal.excepted(today) {
            tally.excepted += 1;
        } else if removal.state() != RemovalState::Gone
            && overdue_from(campaign, removal).is_some_and(|from| from <= today)
        {
            tally.overdue += 1;
        }
    }
    tally
}

/// How far the campaign of that name has come as of a moment. Decisions and assignments are those of
/// now; what was to go is followed up to the moment.
///
/// # Errors
/// When there is none.
pub fn state(index: &Index, id: &str, as_of: &AsOf) -> Result<State, Failure> {
    of(index, campaign(index, id)?, as_of)
}

/// How far every campaign has come, the newest first.
///
/// # Errors
/// When the index cannot be read.
pub fn campaigns(index: &Index, as_of: &AsOf) -> Result<Vec<State>, Failure> {
    let all = index.review_campaigns()?;
    all.into_iter()
        .map(|head| of(index, Campaign::of(head)?, as_of))
        .collect()
}

fn of(index: &Index, campaign: Campaign, as_of: &AsOf) -> Result<State, Failure> {
    let mut all = Progress::default();
    let mut by_reviewer: BTreeMap<String, Progress> = BTreeMap::new();
    let mut by_system: BTreeMap<String, Progress> = BTreeMap::new();
    for count in index.review_counts(campaign.id())? {
        all.add(&count);
        by_reviewer
            .entry(count.reviewer.clone())
            .or_default()
            .add(&count);
        by_system
            .entry(count.system.clone())
            .or_default()
            .add(&count);
    }
    let removals = index.review_removals(campaign.id(), &as_of.instant)?;
    let removals = tally(&campaign, &removals, as_of.date);
    let unsettled = removals.open + removals.came_back - removals.excepted;
    let due = campaign
        .head
        .due_on
        .parse()
        .unwrap_or(campaign.details.due_on);
    let stage = match (
        all.open + all.cannot_tell,
        campaign.head.closed_at.is_some(),
    ) {
        (_, true) if removals.came_back > 0 && unsettled > 0 => Stage::CameBack,
        (0, true) if unsettled == 0 => Stage::Closed,
        (0, _) => Stage::Proving,
        _ if due < as_of.date => Stage::Overdue,
        _ => Stage::Open,
    };
    let named = |email: String| {
        let known = campaign.known(&email).cloned();
        known.unwrap_or(Reviewer {
            email,
            ..Reviewer::default()
        })
    };
    Ok(State {
        stage,
        all,
        by_reviewer: by_reviewer
            .into_iter()
            .map(|(e, p)| (named(e), p))
            .collect(),
        by_system: by_system.into_iter().collect(),
        removals,
        campaign,
    })
}
