//! `/exceptions`: subjects that one check lets pass for a time, and who decided that.

use askama::Template;
use jiff::ToSpan;
use jiff::civil::Date;
use standing_assess::check::{Subject, Verdict};
use standing_facts::{Row, tables};

use super::form::Entered;
use super::frame::Frame;
use super::item::text;
use super::words;
use crate::commands::{self, Exception};
use crate::explain;
use crate::serve::right::{Access, Right};
use crate::serve::routes::Route;
use crate::serve::visit::{Answer, Reply, Trouble, Visit};
use crate::stated::EXCEPTION_MONTHS;

const MAY: Access = Access::With(Right::Attest);

/// Its routes.
pub const ROUTES: &[Route] = &[
    Route::get("/exceptions", Access::With(Right::ReadPersonal), list),
    Route::get("/exceptions/new", MAY, ask),
    Route::form("/exceptions/new", MAY, grant),
    Route::get("/exceptions/{entry}/end", MAY, ask_end),
    Route::form("/exceptions/{entry}/end", MAY, end),
];

/// One exception that stands in the records.
struct Line {
    entry: u64,
    check: String,
    claim: String,
    subject: String,
    reason: String,
    approved_by: String,
    approved_on: Option<Date>,
    until: Option<Date>,
    lapsed: bool,
}

#[derive(Template)]
#[template(path = "exceptions.html")]
struct List {
    frame: Frame,
    /// In force, the soonest to end first, then those that have lapsed.
    lines: Vec<Line>,
    in_force: u64,
}

#[derive(Template)]
#[template(path = "exception_new.html")]
struct New<'a> {
    frame: Frame,
    entered: Entered,
    claim: &'a str,
    /// What the check says of the subject today.
    found: Option<&'a Subject>,
    /// Each check: its name and its claim.
    names: Vec<(&'a str, &'a str)>,
    approved_by: &'a str,
    today: Date,
    expiry_help: String,
}

#[derive(Template)]
#[template(path = "exception_end.html")]
struct End {
    frame: Frame,
    line: Line,
    entered: Entered,
}

fn lines(visit: &Visit) -> Result<Vec<Line>, Trouble> {
    let now = visit.app.snapshot()?;
    let Some(table) = tables::table("exception") else {
        return Ok(Vec::new());
    };
    let records = visit.app.index()?.records(table)?;
    let line = |(entry, row): &(u64, Row)| {
        let day = |column| text(row, column).parse::<Date>().ok();
        let until = day("expires_on");
        Line {
            entry: *entry,
            check: text(row, "check_name").to_owned(),
            claim: explain::claim(&now.terms, text(row, "check_name")).to_owned(),
            subject: text(row, "subject").to_owned(),
            reason: text(row, "reason").to_owned(),
            approved_by: text(row, "approved_by").to_owned(),
            approved_on: day("approved_on"),
            until,
            lapsed: until.is_none_or(|u| u < now.day()),
        }
    };
    let mut lines: Vec<Line> = records.iter().map(line).collect();
    lines.sort_by_key(|line| (line.lapsed, line.until));
    Ok(lines)
}

fn list(visit: &Visit) -> Answer {
    let lines = lines(visit)?;
    let page = List {
        frame: Frame::of(visit, "/checks"),
        in_force: lines.iter().filter(|l| !l.lapsed).count() as u64,
        lines,
    };
    Ok(Reply::page(page.render()?))
}

fn ask(visit: &Visit) -> Answer {
    let asked = |name| visit.asked(name).unwrap_or_default();
    let entered = Entered::default()
        .with("check_name", asked("check"))
        .with("subject", asked("subject"));
    show(visit, entered)
}

fn show(visit: &Visit, entered: Entered) -> Answer {
    let now = visit.app.snapshot()?;
    let most = now.day().saturating_add(EXCEPTION_MONTHS.months());
    let result = now.today.checks.get(entered.value("check_name"));
    let status = if entered.is_right() { 200 } else { 422 };
    let page = New {
        frame: Frame::of(visit, "/checks"),
        claim: explain::claim(&now.terms, entered.value("check_name")),
        found: result.and_then(|r| {
            let wanted = entered.value("subject");
            r.subjects
                .iter()
                .find(|s| s.subject.eq_ignore_ascii_case(wanted))
        }),
        names: now
            .terms
            .checks
            .iter()
            .map(|c| (c.name.as_str(), c.claim.as_str()))
            .collect(),
        approved_by: &visit.who()?.name,
        today: now.day(),
        expiry_help: format!(
            "The last day on which it counts: until {} at most, and the shorter the better.",
            words::day(&most)
        ),
        entered,
    };
    Ok(Reply::page(page.render()?).status(status))
}

fn grant(visit: &Visit) -> Answer {
    let mut entered = Entered::sent(visit);
    entered.wanted("check_name", "Choose the check");
    entered.wanted("subject", "Name the subject as the check names it");
    entered.wanted("reason", "Say why it may pass for a time");
    entered.wanted("expires_on", "Say until when it counts");
    let until = entered.day("expires_on");
    let acted = match until.filter(|_| entered.is_right()) {
        Some(expires_on) => {
            let typed = entered.clone();
            let granted = Exception {
                check: typed.value("check_name"),
                subject: typed.value("subject"),
                reason: typed.value("reason"),
                approved_by: &visit.who()?.name,
                expires_on,
            };
            entered.act(visit, |home, index, by| {
                commands::grant_exception(home, index, by, &granted)
            })?
        }
        None => None,
    };
    match acted {
        Some(acted) => Ok(Reply::see(format!("/exceptions?kept={}", acted.entry))),
        None => show(visit, entered),
    }
}

/// The exception that the path names.
fn meant(visit: &Visit) -> Result<Line, Trouble> {
    let entry = visit.parameter("entry");
    let found = lines(visit)?
        .into_iter()
        .find(|l| l.entry.to_string() == entry);
    found.ok_or_else(|| {
        Trouble::missing(format!("No exception stands in entry {entry}."))
            .hint("the list of exceptions has those that stand")
    })
}

fn ask_end(visit: &Visit) -> Answer {
    show_end(visit, meant(visit)?, Entered::default())
}

fn show_end(visit: &Visit, line: Line, entered: Entered) -> Answer {
    let status = if entered.is_right() { 200 } else { 422 };
    let page = End {
        frame: Frame::of(visit, "/checks"),
        line,
        entered,
    };
    Ok(Reply::page(page.render()?).status(status))
}

fn end(visit: &Visit) -> Answer {
    let mut entered = Entered::sent(visit);
    let line = match meant(visit) {
        Ok(line) => line,
        // The same form sent twice finds its exception gone.
        Err(gone) => {
            let acted = visit
                .app
                .act(visit.by()?, |_, _| Err::<u64, Trouble>(gone))?;
            return Ok(Reply::see(format!("/exceptions?kept={}", acted.entry)));
        }
    };
    entered.wanted("reason", "Say why it is to count no longer");
    let reason = entered.value("reason").to_owned();
    let acted = if entered.is_right() {
        entered.act(visit, |home, index, by| {
            commands::end_record(home, index, by, "exception", line.entry, &reason)
        })?
    } else {
        None
    };
    match acted {
        Some(acted) => Ok(Reply::see(format!("/exceptions?kept={}", acted.entry))),
        None => show_end(visit, line, entered),
    }
}
