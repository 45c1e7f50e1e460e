//! Fixes that are late or soon due, as far as anybody is to be told of it: one line a vulnerability,
//! however many assets have it. No asset is named: what a machine is called may name a person.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use rusqlite::types::Value;
use serde::{Deserialize, Serialize};
use serde_json::json;
use standing_assess::Estate;

use crate::config::Notify;
use crate::patch::{Of, gaps, known};
use crate::serve::app::App;
use crate::serve::rows::{one, rows};
use crate::serve::snapshot::Snapshot;
use crate::serve::visit::Trouble;
use crate::text::{count, counted, day, number};

/// The step of a deadline that has passed; the others are days left.
const LATE: i64 = -1;

/// How far a deadline had come, and on how many assets, when it was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The days of the settings within which it was due, or [`LATE`].
    pub step: i64,
    /// Assets.
    pub assets: u64,
}

impl Step {
    /// Whether nothing is left to tell once `told` was told.
    fn is_in(self, told: Option<&Step>) -> bool {
        told.is_some_and(|told| told.step <= self.step && told.assets >= self.assets)
    }
}

/// One vulnerability whose fix is late, or one whose fix is due; the same can be both, by two policies
/// or on two assets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fix {
    /// Its name.
    pub vulnerability: String,
    /// Whether the deadlines here have passed.
    pub late: bool,
    /// The earliest of them.
    pub due: Date,
    /// Whether there are later ones.
    pub several: bool,
    /// Days left until the earliest, or days over.
    pub days: u64,
    /// The policies that set the earliest.
    pub policies: Vec<String>,
    /// One component that it is in.
    pub component: String,
    /// How many there are.
    pub components: u64,
    /// Assets with such a deadline.
    pub assets: u64,
    /// Of these, how many were not looked at for too long.
    pub unobserved: u64,
    /// Whether the day of the fix is anything but exact somewhere.
    pub vague: bool,
    /// How far each of its deadlines has come, by vulnerability, day and policy: a deadline that moves
    /// is another one.
    pub steps: BTreeMap<String, Step>,
}

impl Fix {
    /// Whether something of it was not told.
    pub fn is_news(&self, told: &BTreeMap<String, Step>) -> bool {
        let mut steps = self.steps.iter();
        steps.any(|(deadline, step)| !step.is_in(told.get(deadline)))
    }

    /// In one sentence, of so many assets that are known.
    pub fn words(&self, of: u64) -> String {
        let first = if self.several { "first " } else { "" };
        let (day, days) = (day(self.due), count(self.days, "day"));
        let when = match (self.late, self.days) {
            (true, _) => format!("was {first}due {day}, {days} over"),
            (false, 0) => format!("{first}due {day}, the day of this message"),
            (false, _) => format!("{first}due {day}, {days} left"),
        };
        let more = match self.components {
            0 | 1 => String::new(),
            n => format!(" and {}", counted(n - 1, "other", "others")),
        };
        let unobserved = match self.unobserved {
            0 => String::new(),
            n => format!(", {} of them not looked at lately", number(n)),
        };
        let vague = match self.vague {
            true => "; the day of the fix is not exact",
            false => "",
        };
        format!(
            "{} in {}{more}: {when}, by {}; open on {} of {}{unobserved}{vague}",
            self.vulnerability,
            self.component,
            self.policies.join(", "),
            number(self.assets),
            count(of, "asset"),
        )
    }
}

/// Findings that are open and of which nobody can say whether they are late.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unknown {
    /// How grave they are, is not known.
    pub grade: u64,
    /// There is a fix, and nobody dates it.
    pub date: u64,
    /// No order of versions tells whether they are affected.
    pub compared: u64,
    /// All that are open, known or not.
    pub open: u64,
}

impl Unknown {
    /// How many.
    pub fn all(self) -> u64 {
        self.grade + self.date + self.compared
    }

    /// In one sentence.
    pub fn words(self) -> String {
        let parts = [
            (self.grade, "not known how grave"),
            (self.date, "the fix has no date"),
            (self.compared, "not known whether affected"),
        ];
        let parts = parts.iter().filter(|(n, _)| *n > 0);
        let parts: Vec<String> = parts
            .map(|(n, why)| format!("{} {why}", number(*n)))
            .collect();
        format!(
            "Of {}, {}: {}",
            counted(self.open, "finding that is open", "findings that are open"),
            counted(
                self.all(),
                "has no deadline that is known",
                "have no deadline that is known"
            ),
            parts.join(", ")
        )
    }
}

/// What stands of fixes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fixes {
    /// Those late or due, the earliest first.
    pub all: Vec<Fix>,
    /// Those of which it is not known.
    pub unknown: Unknown,
    /// Assets of whose software anything is known.
    pub assets: u64,
    /// Reasons for which the clocks are not completely known.
    pub gaps: u64,
    /// Policies of the settings that do not exist.
    pub strangers: Vec<String>,
}

/// What stands of fixes in a snapshot.
///
/// # Errors
/// When the estate cannot be read.
pub fn of(app: &App, snapshot: &Arc<Snapshot>) -> Result<Fixes, Trouble> {
    let notify = snapshot.home.config.notify.clone();
    let question = format!(
        "notify fixes {:?} {:?}",
        notify.fix_policies, notify.fix_days
    );
    let ask = move |estate: &Estate<'_>| in_estate(estate, &notify);
    app.memory.ask(&app.readers, snapshot, question, ask)
}

/// What stands of fixes in an estate that is laid out.
///
/// # Errors
/// When it cannot be read.
pub fn in_estate(estate: &Estate<'_>, notify: &Notify) -> Result<Fixes, Trouble> {
    let policies = notify.fix_policies.as_ref();
    let named = policies.map_or(Value::Null, |names| Value::Text(json!(names).to_string()));
    let within = notify.fix_days.first().copied().unwrap_or(LATE);
    let asked = [named.clone(), Value::Integer(within)];
    let mut all = deadlines(estate, &asked, &notify.fix_days)?;
    places(estate, &asked, &mut all)?;
    let mut all: Vec<Fix> = all.into_values().collect();
    all.sort_by(|a, b| (a.due, &a.vulnerability).cmp(&(b.due, &b.vulnerability)));
    let strangers = policies.into_iter().flatten().filter(|policy| {
        let of = Of {
            policy: (*policy).clone(),
            ..Of::default()
        };
        known(estate, &of).is_err()
    });
    Ok(Fixes {
        all,
        strangers: strangers.cloned().collect(),
        gaps: gaps(estate).len() as u64,
        ..counted_of(estate, named)?
    })
}

/// By vulnerability, and whether they have passed.
type ByVulnerability = BTreeMap<(String, bool), Fix>;

/// Deadlines that have passed or come within the days of the settings.
fn deadlines(
    estate: &Estate<'_>,
    asked: &[Value],
    days: &[i64],
) -> Result<ByVulnerability, Trouble> {
    let found = rows(
        estate,
        "select vulnerability, policy, due_on, verdict = 'breached' as late, days,
                count(distinct lower(asset)) as assets
         from patch_clock
         where (verdict = 'breached' or verdict = 'open' and days <= ?2) and due_on is not null
           and (?1 is null or policy in (select value from json_each(?1)))
         group by vulnerability, policy, due_on, late, days order by due_on, policy",
        asked,
    )?;
    let mut all = ByVulnerability::new();
    for row in found {
        let (late, left) = (row.truth("late") == Some(true), row.number("days"));
        let Ok(due) = row.text("due_on").parse::<Date>() else {
            continue;
        };
        let vulnerability = row.text("vulnerability").to_owned();
        let fix = all.entry((vulnerability.clone(), late)).or_insert(Fix {
            vulnerability,
            late,
            due,
            days: left,
            ..Fix::default()
        });
        match fix.due == due {
            true => fix.policies.push(row.text("policy").to_owned()),
            false => fix.several = true,
        }
        let mut reached = days.iter().rev().filter(|n| left <= n.unsigned_abs());
        let step = Step {
            step: match late {
                true => LATE,
                false => reached.next().copied().unwrap_or_default(),
            },
            assets: row.number("assets"),
        };
        let deadline = format!("{} {due} {}", fix.vulnerability, row.text("policy"));
        fix.steps.insert(deadline, step);
    }
    Ok(all)
}

/// Where those vulnerabilities are.
fn places(estate: &Estate<'_>, asked: &[Value], all: &mut ByVulnerability) -> Result<(), Trouble> {
    let found = rows(
        estate,
        "select vulnerability, verdict = 'breached' as late, min(component) as component,
                count(distinct component) as components, count(distinct lower(asset)) as assets,
                count(distinct case when state = 'unobserved' then lower(asset) end) as unobserved,
                max(coalesce(fix_bound, 'exact') <> 'exact') as vague
         from patch_clock
         where (verdict = 'breached' or verdict = 'open' and days <= ?2) and due_on is not null
           and (?1 is null or policy in (select value from json_each(?1)))
         group by vulnerability, late",
        asked,
    )?;
    for row in found {
        let late = row.truth("late") == Some(true);
        let Some(fix) = all.get_mut(&(row.text("vulnerability").to_owned(), late)) else {
            continue;
        };
        row.text("component").clone_into(&mut fix.component);
        fix.components = row.number("components");
        fix.assets = row.number("assets");
        fix.unobserved = row.number("unobserved");
        fix.vague = row.truth("vague") == Some(true);
    }
    Ok(())
}

/// The denominators, and what has no deadline that is known. A finding counts once, whatever policies
/// make of it.
fn counted_of(estate: &Estate<'_>, policies: Value) -> Result<Fixes, Trouble> {
    let row = one(
        estate,
        "with open as (
           select min(verdict) filter (where verdict in
                    ('grade not known', 'fix not dated', 'not compared')) as unknown
           from patch_clock
           where state not in ('mended', 'decommissioned')
             and (?1 is null or policy in (select value from json_each(?1)))
           group by asset, ecosystem, component, vulnerability)
         select count(*) as open, count(*) filter (where unknown = 'grade not known') as grade,
                count(*) filter (where unknown = 'fix not dated') as date,
                count(*) filter (where unknown = 'not compared') as compared,
                (select count(*) from (select asset from component union select asset from patch_clock))
                  as assets
         from open",
        &[policies],
    )?;
    Ok(row.map_or_else(Fixes::default, |row| Fixes {
        assets: row.number("assets"),
        unknown: Unknown {
            grade: row.number("grade"),
            date: row.number("date"),
            compared: row.number("compared"),
            open: row.number("open"),
        },
        ..Fixes::default()
    }))
}

#[cfg(test)]
#[path = "fixes_tests.rs"]
mod tests;
