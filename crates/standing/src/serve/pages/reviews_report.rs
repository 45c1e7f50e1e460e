//! `/reviews/{id}/report`: the report as a page to read or print, and the signed files of it.
//!
//! The files hold everybody's names and every decision, so taking one out asks for a fresh proof of who
//! asks, and the log notes it.

use std::io::Write;

use askama::Template;
use standing_assess::index::Late;

use super::frame::Frame;
use super::reviews::Head;
use super::reviews_one::{Figures, Going, going};
use super::words;
use crate::review::{self, Signals, Source, State};
use crate::serve::reviewing::{campaign, now};
use crate::serve::right::{Access, Right};
use crate::serve::routes::Route;
use crate::serve::visit::{Answer, Reply, Trouble, Visit};

/// Its routes.
pub const ROUTES: &[Route] = &[
    Route::get(
        "/reviews/{id}/report",
        Access::With(Right::ReadPersonal),
        page,
    ),
    Route::form(
        "/reviews/{id}/report",
        Access::Proven(Right::ExportPersonal),
        take,
    ),
];

/// Late changes that stand in the report's page.
const LATE: usize = 200;

#[derive(Template)]
#[template(path = "review_report.html")]
struct Page {
    frame: Frame,
    head: Head,
    state: State,
    as_of: String,
    lead: String,
    reviewers: Vec<Figures>,
    systems: Vec<Figures>,
    obstacles: Vec<String>,
    removals: Vec<Going>,
    signals: Vec<Signals>,
    late: Vec<Late>,
    all_late: u64,
    sources: Vec<Source>,
    may_take: bool,
    proven: bool,
}

impl Page {
    /// Figures by reviewer, then by system.
    fn lists(&self) -> [&[Figures]; 2] {
        [&self.reviewers, &self.systems]
    }
}

fn page(visit: &Visit) -> Answer {
    let index = visit.app.index()?;
    let campaign = campaign(visit, &index)?;
    let id = campaign.id().to_owned();
    let at = now();
    let state = review::state(&index, &id, &at)?;
    let mut late = review::delta(&index, &id)?;
    let all_late = late.len() as u64;
    late.truncate(LATE);
    let who = visit.who()?;
    let page = Page {
        frame: Frame::of(visit, "/reviews"),
        head: Head::of(&campaign),
        as_of: words::day(&at.date),
        lead: campaign
            .details
            .lead
            .as_ref()
            .map_or_else(|| "nobody is named".into(), |lead| lead.shown().to_owned()),
        reviewers: Figures::of_reviewers(&state),
        systems: Figures::of_systems(&state),
        obstacles: review::obstacles(&state),
        removals: going(&index, &id)?,
        signals: review::signals(&index, &id)?,
        late,
        all_late,
        sources: campaign.details.sources,
        may_take: who.may(Right::ExportPersonal),
        proven: who.proven(),
        state,
    };
    Ok(Reply::page(page.render()?))
}

/// A signed report, kept in the vault before it is given out.
pub struct Taken {
    /// The entry that keeps it.
    pub entry: u64,
    /// The files.
    pub report: review::Report,
    /// A name for them, without what follows the dot.
    pub name: String,
}

/// Makes and keeps a report.
///
/// # Errors
/// 404 where there is no such campaign, 409 where the same request was carried out before.
pub fn take_out(visit: &Visit) -> Result<Taken, Trouble> {
    let id = {
        let index = visit.app.index()?;
        campaign(visit, &index)?.id().to_owned()
    };
    let by = visit.by()?;
    let mut made = None;
    let acted = visit.app.act(by, |home, index| {
        let report = review::report(home, index, &id, &now())?;
        let entry = review::keep_report(home, index, by, &id, &report)?;
        made = Some(report);
        Ok::<u64, Trouble>(entry)
    })?;
    let report = made.ok_or_else(|| {
        Trouble::conflict("This was sent before.").hint("ask anew: each time is noted in the log")
    })?;
    Ok(Taken {
        entry: acted.entry,
        name: format!("{id}-report"),
        report,
    })
}

fn take(visit: &Visit) -> Answer {
    let taken = take_out(visit)?;
    let (kind, ending, text) = match visit.field("form") {
        Some("text") => ("text/markdown; charset=utf-8", "md", taken.report.text),
        _ => ("application/json", "json", taken.report.json),
    };
    Ok(Reply::download(
        kind,
        &format!("{}.{ending}", taken.name),
        Box::new(move |out: &mut dyn Write| out.write_all(text.as_bytes())),
    ))
}
