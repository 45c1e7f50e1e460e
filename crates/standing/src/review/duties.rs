//! Whose turn it is on a day: what is to be opened, who is to be told and of how much, and whose rows
//! go to the next in line because they work here no more.
//!
//! Nothing is sent here. Whoever sends notes it with [`told`], so that it is told once.

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::json;
use standing_assess::index::RemovalState;
use standing_assess::{AsOf, Index};

use super::entries::value;
use super::open::Opening;
use super::proof::{Proof, proof};
use super::rows::{MOST, Wanted, rows};
use super::state::{Stage, State, campaigns};
use super::{Assigning, Reviewer, assign};
use crate::failure::Failure;
use crate::home::{By, Home};
use crate::project;
use crate::text::day;

/// Days between two reminders.
const REMIND_EVERY: i32 = 7;

/// Why somebody is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// Rows wait for them, for the first time.
    Opened,
    /// Rows were given to somebody else than before.
    Assigned,
    /// Rows still wait for them.
    Reminder,
    /// Rows wait for somebody before them in line.
    Escalation,
    /// Rows still wait, and the day for them has passed.
    Overdue,
    /// Something that was to go is not gone, for longer than it should be.
    RemovalOverdue,
    /// Something that was gone came back.
    CameBack,
}

/// Somebody is to be told of something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Duty {
    /// The campaign.
    pub campaign: String,
    /// Its title.
    pub title: String,
    /// Why.
    pub why: Why,
    /// What makes it told once: the same campaign, stage and address are not told twice.
    pub stage: String,
    /// Who is to be told.
    pub to: Reviewer,
    /// Whose rows it is about, where somebody else is told too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<Reviewer>,
    /// How many rows or removals.
    pub rows: u64,
    /// Of them those against which something speaks.
    pub flagged: u64,
    /// Last day for deciding.
    pub due_on: Date,
}

impl Duty {
    /// What makes it told once within its campaign: stage, to whom, about whom.
    pub fn key(&self) -> (String, String, String) {
        let about = self.about.as_ref().map_or("", |r| r.email.as_str());
        (self.stage.clone(), self.to.email.clone(), about.to_owned())
    }

    /// Whether it waits for no hour of the day.
    pub fn is_urgent(&self) -> bool {
        matches!(self.why, Why::Opened | Why::Assigned | Why::CameBack)
    }
}

fn days(from: Date, to: Date) -> i32 {
    from.until(to).map_or(0, |span| span.get_days())
}

/// The campaign that the schedule is to open on a day, if one is due: none was opened for so many
/// months as `standing.toml` says.
///
/// # Errors
/// When the index cannot be read.
pub fn due(home: &Home, index: &Index, today: Date) -> Result<Option<Opening>, Failure> {
    let settings = &home.config.review;
    if settings.every_months == 0 {
        return Ok(None);
    }
    let wanted: BTreeSet<String> = settings.systems.iter().map(|s| s.to_lowercase()).collect();
    for head in index.review_campaigns()? {
        let opened = head.opened_at.parse().ok().map(|at| AsOf::at(at).date);
        let details = super::Campaign::of(head)?.details;
        let held: BTreeSet<String> = details.systems.iter().map(|s| s.to_lowercase()).collect();
        // A campaign by hand on some systems does not stand for one on all of them.
        let covers = match wanted.is_empty() {
            true => details.opened == "by schedule" || details.all,
            false => wanted.is_subset(&held),
        };
        let next = opened.map(|day| day.saturating_add(settings.every_months.months()));
        if covers && next.is_some_and(|next| next > today) {
            return Ok(None);
        }
    }
    Ok(Some(Opening {
        by_schedule: true,
        ..Opening::default()
    }))
}

/// Who is to be told of what on a day and has not been told yet.
///
/// # Errors
/// When the index cannot be read.
pub fn duties(index: &Index, as_of: &AsOf) -> Result<Vec<Duty>, Failure> {
    let mut duties = Vec::new();
    for state in campaigns(index, as_of)? {
        if state.stage == Stage::Closed {
            continue;
        }
        let told = Told::read(index, state.campaign.id())?;
        deciding(index, &state, as_of.date, &told, &mut duties)?;
        assigned(index, &state, as_of.date, &told, &mut duties)?;
        removing(index, &state, as_of, &told, &mut duties)?;
    }
    Ok(duties)
}

/// Notes that somebody was told.
///
/// # Errors
/// When the vault refuses.
pub fn told(home: &Home, index: &Index, by: By<'_>, duty: &Duty) -> Result<u64, Failure> {
    let details = serde_json::to_vec(duty).map_err(Failure::integrity)?;
    let kept = home.vault.put_blob(&details)?;
    let body = json!({
        "campaign": duty.campaign,
        "stage": duty.stage,
        "details": kept.digest.reference(),
    });
    let entry = home.append(index, by, "campaign-sent", body)?;
    project::catch_up(&home.vault, index)?;
    Ok(entry.seq)
}

/// What was told already: stage, to whom, about whom. A message that was claimed and whose outcome
/// nobody knows, or that was not taken, told nobody.
struct Told(BTreeSet<(String, String, String)>);

impl Told {
    fn read(index: &Index, id: &str) -> Result<Self, Failure> {
        let mut told = BTreeSet::new();
        for batch in index.review_batches(id, "sent")? {
            let details = value(&batch.json);
            if details["status"].as_str().unwrap_or("sent") != "sent" {
                continue;
            }
            // One by one as a person notes it, several as one message tells them.
            let several = details["duties"].as_array();
            for one in several.into_iter().flatten().chain([&details]) {
                let text = |pointer: &str| {
                    let text = one.pointer(pointer).and_then(|v| v.as_str());
                    text.unwrap_or_default().to_owned()
                };
                told.insert((text("/stage"), text("/to/email"), text("/about/email")));
            }
        }
        Ok(Told(told))
    }

    fn knows(&self, duty: &Duty) -> bool {
        self.0.contains(&duty.key())
    }
}

fn duty(state: &State, why: Why, stage: String, to: &Reviewer) -> Duty {
    Duty {
        campaign: state.campaign.id().to_owned(),
        title: state.campaign.details.title.clone(),
        why,
        stage,
        to: to.clone(),
        about: None,
        rows: 0,
        flagged: 0,
        due_on: state.campaign.details.due_on,
    }
}

fn deciding(
    index: &Index,
    state: &State,
    today: Date,
    told: &Told,
    duties: &mut Vec<Duty>,
) -> Result<(), Failure> {
    let details = &state.campaign.details;
    let opened = state.campaign.opened_on().unwrap_or(today);
    let age = days(opened, today);
    let late = days(details.due_on, today);
    for (reviewer, progress) in &state.by_reviewer {
        let waiting = progress.open + progress.cannot_tell;
        if waiting == 0 {
            continue;
        }
        let mut say = |why, stage: String, to: &Reviewer, about: Option<&Reviewer>, rows| {
            let duty = Duty {
                about: about.cloned(),
                rows,
                flagged: progress.open_flagged.min(rows),
                ..duty(state, why, stage, to)
            };
            if !duty.to.email.is_empty() && !told.knows(&duty) {
                duties.push(duty);
            }
        };
        let (why, stage) = match (late, age / REMIND_EVERY) {
            (1.., _) => (
                Why::Overdue,
                format!("overdue-{}", (late - 1) / REMIND_EVERY),
            ),
            (_, 0) => (Why::Opened, "opened".to_owned()),
            (_, nth) => (Why::Reminder, format!("reminder-{nth}")),
        };
        say(why, stage.clone(), reviewer, None, waiting);
        let lead = details
            .lead
            .as_ref()
            .filter(|lead| lead.email != reviewer.email);
        if let (Why::Overdue, Some(lead)) = (why, lead) {
            say(why, stage, lead, Some(reviewer), waiting);
        }
        if i64::from(age) >= details.escalate_after_days {
            let next = next_in_line(index, state, reviewer)?;
            let about = Some(reviewer);
            for (next, rows) in &next {
                let next = known(state, next);
                say(Why::Escalation, "escalation".into(), &next, about, *rows);
            }
            // The one who was to decide hears of it, and whoever leads.
            for to in [Some(reviewer), lead].into_iter().flatten() {
                if !next.is_empty() && !next.contains_key(&to.email) {
                    let stage = "escalation-told".to_owned();
                    say(Why::Escalation, stage, to, about, waiting);
                }
            }
        }
    }
    Ok(())
}

fn known(state: &State, email: &str) -> Reviewer {
    let known = state.campaign.known(email).cloned();
    known.unwrap_or(Reviewer {
        email: email.to_owned(),
        ..Reviewer::default()
    })
}

/// Rows that somebody gave to somebody else: the new one, the old one unless they have left, and the
/// lead are told, as long as any of the rows waits.
fn assigned(
    index: &Index,
    state: &State,
    today: Date,
    told: &Told,
    duties: &mut Vec<Duty>,
) -> Result<(), Failure> {
    let id = state.campaign.id();
    for batch in index.review_batches(id, "assigned")? {
        let details = value(&batch.json);
        let rows = details["rows"].as_array();
        let rows: Vec<u64> = rows
            .into_iter()
            .flatten()
            .filter_map(|n| n.as_u64())
            .collect();
        let new = known(state, &batch.reviewer);
        let wanted = Wanted {
            reviewer: Some(new.email.clone()),
            decision: Some(String::new()),
            ..Wanted::default()
        };
        let open = index.review_rows(id, &wanted, None, usize::MAX >> 1)?;
        let waiting = open.iter().filter(|row| rows.contains(&row.n)).count() as u64;
        if waiting == 0 || new.email.is_empty() {
            continue;
        }
        let old = details["from"].as_str().map(|email| known(state, email));
        let mut here = Vec::from_iter(state.campaign.details.lead.clone());
        if let Some(old) = old {
            let left = match &old.person {
                Some(person) => index.person_left_on(person)?,
                None => None,
            };
            let left = left.and_then(|day| day.parse::<Date>().ok());
            if left.is_none_or(|left| left >= today) {
                here.push(old);
            }
        }
        let others = here.into_iter().filter(|to| to.email != new.email);
        let about = others.map(|to| (to, Some(new.clone())));
        for (to, about) in std::iter::once((new.clone(), None)).chain(about) {
            let duty = Duty {
                about,
                rows: waiting,
                ..duty(
                    state,
                    Why::Assigned,
                    format!("assigned-{}", batch.entry),
                    &to,
                )
            };
            if !duty.to.email.is_empty() && !told.knows(&duty) && !duties.contains(&duty) {
                duties.push(duty);
            }
        }
    }
    Ok(())
}

/// Who comes next in line for a reviewer's open rows, and for how many: the lead where nobody does.
fn next_in_line(
    index: &Index,
    state: &State,
    reviewer: &Reviewer,
) -> Result<BTreeMap<String, u64>, Failure> {
    let lead = state
        .campaign
        .details
        .lead
        .as_ref()
        .map(|l| l.email.clone());
    let mut next: BTreeMap<String, u64> = BTreeMap::new();
    each_open(index, state.campaign.id(), &reviewer.email, |row| {
        let to = row
            .next_in_line()
            .map(str::to_owned)
            .or_else(|| lead.clone());
        if let Some(to) = to.filter(|to| *to != reviewer.email) {
            *next.entry(to).or_default() += 1;
        }
    })?;
    Ok(next)
}

fn each_open(
    index: &Index,
    id: &str,
    reviewer: &str,
    mut each: impl FnMut(&super::Row),
) -> Result<(), Failure> {
    let wanted = Wanted {
        reviewer: Some(reviewer.to_owned()),
        decision: Some(String::new()),
        ..Wanted::default()
    };
    let mut after = None;
    loop {
        let page = rows(index, id, &wanted, after, MOST)?;
        page.rows.iter().for_each(&mut each);
        after = page.next;
        if after.is_none() {
            return Ok(());
        }
    }
}

fn removing(
    index: &Index,
    state: &State,
    as_of: &AsOf,
    told: &Told,
    duties: &mut Vec<Duty>,
) -> Result<(), Failure> {
    if state.removals.overdue + state.removals.came_back == 0 {
        return Ok(());
    }
    let mut overdue: BTreeMap<Reviewer, (u64, i32)> = BTreeMap::new();
    for one in proof(index, state.campaign.id(), as_of)? {
        let to = answers_for(state, &one);
        if let (RemovalState::CameBack, Some(step)) =
            (one.removal.state(), one.removal.steps.last())
        {
            let duty = Duty {
                rows: 1,
                ..duty(
                    state,
                    Why::CameBack,
                    format!("came-back-{}-{}", one.removal.n, step.entry),
                    &to,
                )
            };
            if !duty.to.email.is_empty() && !told.knows(&duty) {
                duties.push(duty);
            }
        }
        if one.overdue {
            let since = one.overdue_from.map_or(0, |from| days(from, as_of.date));
            let kept = overdue.entry(to).or_default();
            *kept = (kept.0 + 1, kept.1.max(since));
        }
    }
    for (to, (rows, since)) in overdue {
        let stage = format!("removal-overdue-{}", since / REMIND_EVERY);
        let duty = Duty {
            rows,
            ..duty(state, Why::RemovalOverdue, stage, &to)
        };
        if !duty.to.email.is_empty() && !told.knows(&duty) {
            duties.push(duty);
        }
    }
    Ok(())
}

/// Who sees to it that something goes: the lead, or else whoever is in line for the row.
fn answers_for(state: &State, proof: &Proof) -> Reviewer {
    let lead = state.campaign.details.lead.clone();
    lead.unwrap_or_else(|| {
        let known = state.campaign.known(&proof.row.reviewer).cloned();
        known.unwrap_or(Reviewer {
            email: proof.row.reviewer.clone(),
            ..Reviewer::default()
        })
    })
}

/// Gives the open rows of reviewers who have left to the next in line, with a note. Gives how many.
///
/// # Errors
/// When the vault refuses.
pub fn fall_back(home: &Home, index: &Index, by: By<'_>, as_of: &AsOf) -> Result<u64, Failure> {
    let mut moved = 0;
    for state in campaigns(index, as_of)? {
        if state.stage == Stage::Closed {
            continue;
        }
        for (reviewer, progress) in &state.by_reviewer {
            let Some(person) = reviewer.person.as_deref().filter(|_| progress.open > 0) else {
                continue;
            };
            let Some(left) = index
                .person_left_on(person)?
                .and_then(|d| d.parse::<Date>().ok())
            else {
                continue;
            };
            if left >= as_of.date {
                continue;
            }
            let lead = state
                .campaign
                .details
                .lead
                .as_ref()
                .map(|l| l.email.clone());
            let mut to: BTreeMap<String, Vec<u64>> = BTreeMap::new();
            each_open(index, state.campaign.id(), &reviewer.email, |row| {
                let next = row
                    .next_in_line()
                    .map(str::to_owned)
                    .or_else(|| lead.clone());
                if let Some(next) = next.filter(|next| *next != reviewer.email) {
                    to.entry(next).or_default().push(row.line.n);
                }
            })?;
            for (next, rows) in to {
                moved += rows.len() as u64;
                let note = format!("{} left on {}", reviewer.shown(), day(left));
                let asked = Assigning {
                    campaign: state.campaign.id(),
                    rows,
                    from: Some(&reviewer.email),
                    to: &next,
                    note: &note,
                };
                assign(home, index, by, &asked)?;
            }
        }
    }
    Ok(moved)
}
