//! The editions of the advisories that are held: how old, made of what, and which of them judges today.

use askama::Template;
use jiff::Timestamp;

use super::frame::Frame;
use super::paging::{Paging, link};
use super::words::{self, moment};
use crate::advisories::{Feed, Kind};
use crate::serve::editions::{Edition, Holds, Taking, all, holds, taking};
use crate::serve::right::{Access, Right};
use crate::serve::routes::Route;
use crate::serve::schedule::State;
use crate::serve::visit::{Answer, Reply, Visit};

/// Its routes.
pub const ROUTES: &[Route] = &[Route::get(
    "/patching/advisories",
    Access::With(Right::Read),
    page,
)];

/// Editions on a page.
const ON_A_PAGE: usize = 30;
/// Seconds after which a page that shows something going on is asked for again.
const AGAIN: u16 = 3;

#[derive(Template)]
#[template(path = "patching_advisories.html")]
struct Page {
    frame: Frame,
    headline: String,
    as_of: jiff::civil::Date,
    /// The edition that judges today, or else the newest.
    newest: Option<usize>,
    editions: Vec<Edition>,
    from: usize,
    to: usize,
    paging: Paging,
    taking: Option<Taking>,
    holds: Holds,
}

fn page(visit: &Visit) -> Answer {
    let now = visit.app.snapshot()?;
    let editions = all(&*visit.app.index()?, &now)?;
    let taking = taking(&visit.app, &now, visit.who()?);
    let mut frame = Frame::of(visit, "/patching");
    if taking.as_ref().is_some_and(|t| t.state != State::Idle) {
        frame.again = Some(AGAIN);
    }
    let asked = visit.asked("page").and_then(|text| text.parse().ok());
    let page = asked.unwrap_or(1_u64).max(1);
    let total = editions.len();
    let paging = Paging::new(page, ON_A_PAGE, total as u64, "edition", |page| {
        let page = page.to_string();
        link("/patching/advisories", &[("page", &page)])
    });
    let skipped = usize::try_from(page - 1).unwrap_or(usize::MAX);
    let from = skipped.saturating_mul(ON_A_PAGE).min(total);
    let judging = editions.iter().position(|edition| edition.judges);
    let newest = judging.or((total > 0).then_some(0));
    let page = Page {
        frame,
        headline: headline(newest.and_then(|at| editions.get(at)), now.day()),
        as_of: now.day(),
        newest,
        to: (from + ON_A_PAGE).min(total),
        from,
        editions,
        paging,
        taking,
        holds: holds(&visit.app, &now)?,
    };
    Ok(Reply::page(page.render()?))
}

fn headline(edition: Option<&Edition>, today: jiff::civil::Date) -> String {
    match edition {
        None => "No advisories are held".into(),
        Some(edition) if edition.fresh_until < today => {
            format!("The advisories are {} old", days(edition.age_days))
        }
        Some(edition) => format!("Advisories of {}", words::day(&edition.day)),
    }
}

fn days(days: i32) -> String {
    crate::text::count(u64::from(days.unsigned_abs()), "day")
}

impl Page {
    fn edition(&self) -> Option<&Edition> {
        self.editions.get(self.newest?)
    }

    fn shown(&self) -> &[Edition] {
        self.editions.get(self.from..self.to).unwrap_or_default()
    }

    fn age(&self, feed: &Feed) -> String {
        feed.age_days(self.as_of)
            .map_or_else(|| "not known".into(), days)
    }
}

impl Edition {
    /// Records of a kind, as people write them.
    fn figure(&self, kind: Kind) -> String {
        self.records(kind)
            .map_or_else(|| "not known: erased".into(), |n| words::number(&n))
    }

    /// Places that were not understood.
    fn unread(&self) -> u64 {
        self.list
            .as_ref()
            .map_or(0, crate::advisories::List::unread)
    }

    fn files(&self) -> &[Feed] {
        self.list.as_ref().map_or(&[], |list| &list.feeds)
    }
}

impl Taking {
    /// How it stands, in sentences.
    pub fn sentences(&self) -> Vec<String> {
        let mut said = vec![match &self.taken_in {
            Some(at) => format!("They were last taken in on {}.", moment(at)),
            None => "They were never taken in.".into(),
        }];
        if let Some(at) = &self.failed_at {
            let tries = crate::text::counted(self.failures, "try", "tries");
            said.push(format!(
                "{tries} since came to nothing, the last on {}.",
                moment(at)
            ));
        }
        said.push(match (&self.state, self.due_at) {
            (State::Running { since, .. }, _) => {
                format!("They are being taken in since {}.", moment(since))
            }
            (_, None) => "They are taken in only by hand.".into(),
            (_, Some(at)) if at <= Timestamp::now() => "They are due now.".into(),
            (_, Some(at)) => format!("Next: {}.", moment(&at)),
        });
        said
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn the_heading_says_when_they_can_be_relied_upon_no_more() {
        let edition = Edition {
            entry: 1,
            taken_in_at: "2026-11-02T09:00:00.000Z".into(),
            day: date(2026, 11, 2),
            edition: "ab".into(),
            fresh_until: date(2026, 11, 9),
            age_days: 8,
            judges: true,
            list: None,
        };
        let on = |day| headline(Some(&edition), day);
        assert_eq!(on(date(2026, 11, 9)), "Advisories of 2 November 2026");
        assert_eq!(on(date(2026, 11, 10)), "The advisories are 8 days old");
        assert_eq!(headline(None, date(2026, 11, 9)), "No advisories are held");
        assert_eq!(edition.figure(Kind::Osv), "not known: erased");
    }
}
