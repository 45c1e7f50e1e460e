//! `/items/{ref}`: one item whole: how it stands, what to do next, what it rests on.

use std::sync::Arc;

use askama::Template;
use jiff::civil::Date;
use standing_assess::assessment::{ItemStanding, Statement};
use standing_assess::catalogue::{Binding, Item, Ref};
use standing_assess::check::{CheckResult, Reason, Subject, Verdict};
use standing_assess::index::{Kept, RECORDS};
use standing_facts::{Cell, Row, tables};

use super::frame::Frame;
use super::words;
use crate::explain;
use crate::serve::app::App;
use crate::serve::right::{Access, Right};
use crate::serve::routes::Route;
use crate::serve::snapshot::Snapshot;
use crate::serve::timeline::Since;
use crate::serve::visit::{Answer, Reply, Trouble, Visit};

/// Its routes.
pub const ROUTES: &[Route] = &[Route::get("/items/{ref}", Access::With(Right::Read), page)];

/// How many subjects of a check are shown; the check's own page shows all.
const SUBJECTS: usize = 4;

/// A history in runs, newest first.
fn runs(history: &[(Date, Verdict)]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for (day, verdict) in history {
        match runs.last_mut() {
            Some(run) if run.verdict == *verdict => run.to = *day,
            _ => runs.push(Run {
                verdict: *verdict,
                from: *day,
                to: *day,
            }),
        }
    }
    runs.reverse();
    runs
}

/// One item of the snapshot and what the catalogue knows of it.
pub struct Found<'a> {
    /// As it stands.
    pub standing: &'a ItemStanding,
    /// What the catalogue says.
    pub known: &'a Item,
}

/// The item of this number.
///
/// # Errors
/// 404 where the edition and profile judged by have none.
pub fn find<'a>(now: &'a Snapshot, reference: &str) -> Result<Found<'a>, Trouble> {
    let missing = || {
        Trouble::missing(format!(
            "There is no item {reference:?} for {} in {}.",
            now.terms.profile, now.terms.edition
        ))
        .hint("the list of items has those that there are")
    };
    let wanted: Ref = reference.parse().map_err(|_| missing())?;
    let word = wanted.to_string();
    let standing = now.today.items.iter().find(|i| i.item == word);
    let known = now.terms.catalogue.item(wanted);
    let (standing, known) = standing.zip(known).ok_or_else(missing)?;
    Ok(Found { standing, known })
}

/// Something to do next, and where.
struct Step {
    words: String,
    place: Option<String>,
}

/// A check that speaks for the item.
struct Measured<'a> {
    name: &'a str,
    claim: &'a str,
    tally: String,
    result: &'a CheckResult,
    worst: Vec<&'a Subject>,
    /// How many are not met or cannot be judged.
    wanting: u64,
}

/// One line of evidence.
struct Line {
    entry: u64,
    what: String,
    place: String,
    at: String,
    fresh_until: Option<Date>,
    warning: Option<String>,
}

/// A statement that was made before, whatever became of it.
pub struct Former {
    /// Vault entry.
    pub entry: u64,
    /// `yes`, `no` or `not applicable`.
    pub answer: String,
    /// What was stated.
    pub statement: String,
    /// By whom, in what role.
    pub by: String,
    /// Day of the statement.
    pub on: Option<Date>,
    /// Instant from which it stood no longer.
    pub ended: Option<String>,
}

#[derive(Template)]
#[template(path = "item.html")]
struct Page<'a> {
    frame: Frame,
    now: &'a Snapshot,
    item: &'a ItemStanding,
    known: &'a Item,
    binding: Option<&'a Binding>,
    standard: (u16, &'a str),
    assertion: (String, &'a str),
    steps: Vec<Step>,
    checks: Vec<Measured<'a>>,
    unusable: Vec<&'a str>,
    lines: Vec<Line>,
    draft: String,
    former: Vec<Former>,
    lapsed: bool,
    since: Option<Since>,
    /// Days looked at, oldest first, and how it stood then.
    history: Vec<(Date, Verdict)>,
}

/// Days in a row on which an item stood alike.
#[derive(Debug, PartialEq)]
struct Run {
    verdict: Verdict,
    from: Date,
    to: Date,
}

impl Page<'_> {
    /// The newest of the statements made before: its text may be proven again and stated anew.
    fn again(&self) -> Option<&Former> {
        self.former.iter().find(|f| f.answer != "no")
    }

    fn official(&self) -> Option<&str> {
        let official = self.binding?.official.as_ref()?;
        official.evidence_text.as_deref()
    }

    fn tooltip(&self) -> Option<&str> {
        let official = self.binding?.official.as_ref()?;
        official.tooltip.as_deref()
    }
}

fn page(visit: &Visit) -> Answer {
    let now = visit.app.snapshot()?;
    let Found { standing, known } = find(&now, visit.parameter("ref"))?;
    let frame = Frame::of(visit, "/items");
    let catalogue = &now.terms.catalogue;
    let (standard, assertion) = (known.reference.standard, known.reference.assertion());
    let html = Page {
        steps: steps(&now, standing, frame.may("attest")),
        binding: known.binding(&now.terms.edition, &now.terms.profile),
        standard: (
            standard,
            catalogue.standard(standard).map_or("", |s| &s.title),
        ),
        assertion: (
            assertion.to_string(),
            catalogue.assertion(assertion).map_or("", |a| &a.title),
        ),
        checks: measured(&now, known, visit.who()?.may(Right::ReadPersonal)),
        unusable: known
            .checks
            .iter()
            .filter(|name| !now.today.checks.contains_key(*name))
            .map(String::as_str)
            .collect(),
        lines: lines(&now, standing)?,
        draft: explain::draft(&now.terms, &now.today, standing, known),
        former: former(&visit.app, &now, standing)?,
        lapsed: standing
            .statement
            .as_ref()
            .is_some_and(|s| s.expires_on < now.today.as_of),
        since: visit
            .app
            .timeline
            .item_since(&standing.item, standing.verdict),
        history: visit.app.timeline.history(&standing.item),
        frame,
        now: &now,
        item: standing,
        known,
    }
    .render()?;
    Ok(Reply::page(html))
}

fn steps(now: &Snapshot, standing: &ItemStanding, may_attest: bool) -> Vec<Step> {
    let attest = || may_attest.then(|| format!("/items/{}/attest", standing.item));
    let step = |words: String, place| Step { words, place };
    let mut steps = Vec::new();
    for result in standing
        .checks
        .iter()
        .filter_map(|n| now.today.checks.get(n))
    {
        let claim = explain::claim(&now.terms, &result.name).trim_end_matches('.');
        let of = |verdict: Verdict| {
            format!(
                "/checks/{}?verdict={}",
                result.name,
                words::url(verdict.as_str())
            )
        };
        match (result.verdict, &result.reason) {
            (Verdict::NotMet, _) => steps.push(step(
                format!(
                    "Put right what fails ({} of {}): {claim}",
                    words::number(&(result.count(Verdict::NotMet) - result.excepted)),
                    words::number(&result.total())
                ),
                Some(of(Verdict::NotMet)),
            )),
            (Verdict::Unknown, Reason::Gap) => steps.push(step(
                format!("Make complete and fresh what this is read from: {claim}"),
                Some("/sources".into()),
            )),
            (Verdict::Unknown, Reason::Faulty(_)) => steps.push(step(
                format!("Mend the check {}", result.name),
                Some(format!("/checks/{}", result.name)),
            )),
            (Verdict::Unknown, Reason::Subjects) => steps.push(step(
                format!("Find out what could not be judged: {claim}"),
                Some(of(Verdict::Unknown)),
            )),
            _ => {}
        }
    }
    let stated = standing.statement.as_ref();
    let contradicted = standing.basis == standing_assess::assessment::Basis::Contradicted;
    if contradicted {
        let words = "Or correct the statement, so that it says what is so";
        steps.push(step(words.into(), attest()));
    } else if steps.is_empty() && standing.verdict == Verdict::Unknown {
        let words = match stated {
            Some(_) => "Look again whether it is so, and state it anew",
            None => "State whether it is so, and answer for it",
        };
        steps.push(step(words.into(), attest()));
    } else if steps.is_empty() && standing.verdict == Verdict::NotMet {
        let words = "Make it so, then state it anew";
        steps.push(step(words.into(), attest()));
    }
    steps
}

/// The checks that speak for an item; their subjects, who may be people, only where `open`.
fn measured<'a>(now: &'a Snapshot, known: &'a Item, open: bool) -> Vec<Measured<'a>> {
    let shown = if open { SUBJECTS } else { 0 };
    let results = known.checks.iter().filter_map(|n| now.today.checks.get(n));
    results
        .map(|result| Measured {
            name: &result.name,
            claim: explain::claim(&now.terms, &result.name),
            tally: explain::tally(result),
            result,
            worst: explain::wanting(result).take(shown).collect(),
            wanting: result.count(Verdict::NotMet) + result.count(Verdict::Unknown),
        })
        .collect()
}

fn lines(now: &Arc<Snapshot>, standing: &ItemStanding) -> Result<Vec<Line>, Trouble> {
    let evidence = explain::evidence(&now.home, standing)?;
    let lines = evidence.into_iter().map(|e| {
        let read = e.kind == "collection";
        let states = now
            .sources
            .iter()
            .filter(|s| read && s.name == e.about)
            .flat_map(|s| &s.states)
            .filter(|(_, state)| state.source != RECORDS && state.entry == Some(e.seq));
        let fresh_until = states.clone().filter_map(|(_, s)| s.fresh_until).min();
        let warning = states.clone().find_map(|(_, s)| {
            let gap = s.gap.as_ref().map(|gap| gap.detail.clone());
            gap.or_else(|| s.warning.clone())
        });
        let collected = states.clone().find_map(|(_, s)| s.collected_at.clone());
        Line {
            entry: e.seq,
            place: if read {
                format!("/sources/{}", words::url(&e.about))
            } else {
                register(&e.about, &standing.item)
            },
            what: if read {
                format!("{} ({}), read: {}", e.about, e.collector, e.outcome)
            } else {
                format!("recorded: {}", e.about.replace('_', " "))
            },
            at: words::instant(&collected.unwrap_or(e.time)),
            fresh_until: match standing.statement.as_ref() {
                Some(s) if s.entry == e.seq => Some(s.expires_on),
                _ => fresh_until,
            },
            warning,
        }
    });
    Ok(lines.collect())
}

/// Where the records of a table are looked at.
fn register(table: &str, item: &str) -> String {
    match table {
        "attestation" => format!("/items/{item}#statement"),
        "exception" => "/exceptions".into(),
        table => format!("/records/{table}"),
    }
}

/// Every statement about the item but the one that stands, newest first.
///
/// # Errors
/// When the index cannot be read.
pub fn former(app: &App, now: &Snapshot, standing: &ItemStanding) -> Result<Vec<Former>, Trouble> {
    let Some(table) = tables::table("attestation") else {
        return Ok(Vec::new());
    };
    let current = standing.statement.as_ref().map(|s: &Statement| s.entry);
    let index = app.index()?;
    let kept = index.records_ever(table, "item", &standing.item)?;
    let before = kept
        .into_iter()
        // What was stated after the snapshot is not yet judged: the next page shows it.
        .filter(|k| Some(k.entry) != current && k.entry < now.entries);
    Ok(before.map(Former::of).collect())
}

impl Former {
    fn of(kept: Kept) -> Self {
        let row = &kept.row;
        let by = match (text(row, "stated_by"), text(row, "role")) {
            (name, "") => name.to_owned(),
            (name, role) => format!("{name} ({role})"),
        };
        Former {
            entry: kept.entry,
            answer: text(row, "answer").to_owned(),
            statement: text(row, "statement").to_owned(),
            by,
            on: text(row, "stated_on").parse().ok(),
            ended: kept.to,
        }
    }
}

/// The text in a column of a row; empty where there is none.
pub fn text<'r>(row: &'r Row, column: &str) -> &'r str {
    let at = row.table.columns.iter().position(|c| c.name == column);
    match at.map(|i| &row.cells[i]) {
        Some(Cell::Text(text)) => text.trim(),
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_history_is_told_in_runs_newest_first() {
        let day = |d: i8| jiff::civil::date(2026, 11, d);
        let history = [
            (day(1), Verdict::Met),
            (day(8), Verdict::Met),
            (day(15), Verdict::NotMet),
            (day(22), Verdict::Met),
        ];
        let told: Vec<(Verdict, i8, i8)> = runs(&history)
            .iter()
            .map(|run| (run.verdict, run.from.day(), run.to.day()))
            .collect();
        assert_eq!(
            told,
            [
                (Verdict::Met, 22, 22),
                (Verdict::NotMet, 15, 15),
                (Verdict::Met, 1, 8),
            ]
        );
        assert_eq!(runs(&[]), []);
    }
}
