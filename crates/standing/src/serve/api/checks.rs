//! Checks and their subjects.

use super::doc::{Doc, Form, Parameter, of};
use super::paging::{AFTER, LIMIT, Part};
use super::types::{Check, Page, Subject};
use crate::serve::right::{Access, Right};
use crate::serve::routes::Route;
use crate::serve::snapshot::Snapshot;
use crate::serve::subjects::{ORDER, Subjects, Wanted};
use crate::serve::visit::{Answer, Reply, Trouble, Visit};
use standing_assess::check::{self, Verdict};

const VERDICT: Parameter = Parameter {
    name: "verdict",
    meaning: "Only those of this verdict",
    form: Form::Words(&["met", "not met", "unknown", "not applicable"]),
};
const WORDS: Parameter = Parameter {
    name: "q",
    meaning: "Only those in whose name, or in what was seen of them, these words stand",
    form: Form::Text,
};

/// Its routes.
pub const ROUTES: &[Route] = &[
    Route::get("/api/v1/checks", Access::With(Right::Read), all).described(&Doc {
        query: &[LIMIT, AFTER],
        ..Doc::get("The checks and how they came out", of::<Page<Check>>)
    }),
    Route::get("/api/v1/checks/{name}", Access::With(Right::Read), one)
        .described(&Doc::get("One check", of::<Check>)),
    Route::get(
        "/api/v1/checks/{name}/subjects",
        Access::With(Right::ReadPersonal),
        subjects,
    )
    .described(&Doc {
        about: "Worst first, then by name.",
        query: &[VERDICT, WORDS, LIMIT, AFTER],
        ..Doc::get("The subjects of a check", of::<Page<Subject>>)
    }),
];

fn told(now: &Snapshot, check: &check::Check) -> Option<Check> {
    let result = now.today.checks.get(&check.name)?;
    let items = &now.today.items;
    let items = items.iter().filter(|i| i.checks.contains(&check.name));
    let parameters = check.parameters.iter();
    Some(Check {
        name: check.name.clone(),
        revision: check.revision,
        claim: check.claim.clone(),
        cannot_see: check.cannot_see.clone(),
        matters: check.matters.clone(),
        verdict: result.verdict.as_str(),
        met: result.count(Verdict::Met),
        not_met: result.count(Verdict::NotMet),
        unknown: result.count(Verdict::Unknown),
        not_applicable: result.count(Verdict::NotApplicable),
        excepted: result.excepted,
        gaps: result.gaps.iter().map(|g| g.detail.clone()).collect(),
        items: items.map(|i| i.item.clone()).collect(),
        sql: check.sql.clone(),
        parameters: parameters
            .map(|(n, v)| (n.clone(), v.to_string()))
            .collect(),
    })
}

fn all(visit: &Visit) -> Answer {
    let now = visit.app.snapshot()?;
    let mut checks: Vec<Check> = now
        .terms
        .checks
        .iter()
        .filter_map(|c| told(&now, c))
        .collect();
    checks.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Reply::json(
        &Part::of(visit)?.take(checks, |c| c.name.clone()),
    ))
}

fn find<'s>(now: &'s Snapshot, name: &str) -> Result<&'s check::Check, Trouble> {
    let found = now.terms.checks.iter().find(|c| c.name == name);
    found.ok_or_else(|| Trouble::missing(format!("There is no check {name:?}.")))
}

fn one(visit: &Visit) -> Answer {
    let now = visit.app.snapshot()?;
    let check = find(&now, visit.parameter("name"))?;
    let told = told(&now, check)
        .ok_or_else(|| Trouble::conflict(format!("The check {} cannot be used.", check.name)))?;
    Ok(Reply::json(&told))
}

/// Subjects stand in the order of verdicts, then of names: so does this.
fn key(subject: &check::Subject) -> (usize, &str) {
    let rank = ORDER.iter().position(|v| *v == subject.verdict);
    (rank.unwrap_or(ORDER.len()), &subject.subject)
}

fn subjects(visit: &Visit) -> Answer {
    let now = visit.app.snapshot()?;
    let check = find(&now, visit.parameter("name"))?;
    let verdict = visit.asked("verdict").map(|word| {
        Verdict::parse(word)
            .ok_or_else(|| Trouble::malformed(format!("verdict={word:?}: no such verdict")))
    });
    let wanted = Wanted {
        verdict: verdict.transpose()?,
        words: visit.asked("q").unwrap_or_default().to_owned(),
    };
    let part = Part::of(visit)?;
    let all = Subjects::of(&visit.app, &now, check)?;
    let rest = after(&all, &wanted, &part)?;
    let page = part.page(rest, |s| {
        let (rank, name) = key(s);
        format!("{rank} {name}")
    });
    Ok(Reply::json(&Page {
        items: page.items.into_iter().map(subject).collect(),
        next: page.next,
    }))
}

/// One more than asked for of those after the cursor.
fn after(all: &Subjects, wanted: &Wanted, part: &Part) -> Result<Vec<check::Subject>, Trouble> {
    let Some(cursor) = &part.after else {
        return Ok(all.page(wanted, 0, part.limit + 1)?.subjects);
    };
    let shown = cursor.split_once(' ').and_then(|(rank, name)| {
        let rank: usize = rank.parse().ok()?;
        Some((rank, name))
    });
    let shown = shown.ok_or_else(|| Trouble::malformed("after: not a cursor of this list"))?;
    let mut rest = Vec::new();
    all.each(wanted, &mut |s| {
        if key(s) > shown {
            rest.push(s.clone());
        }
        rest.len() <= part.limit
    })?;
    Ok(rest)
}

fn subject(s: check::Subject) -> Subject {
    Subject {
        subject: s.subject,
        verdict: s.verdict.as_str(),
        observed: s.observed,
        rule: s.rule,
        lapses_on: s.lapses,
        excepted_until: s.excepted.map(|e| e.until),
    }
}
