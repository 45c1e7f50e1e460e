//! `/calendar`: everything that is due, by month; and the same as a feed by secret link.

use std::sync::Arc;

use askama::Template;
use jiff::civil::Date;

use super::frame::Frame;
use super::words;
use crate::serve::calendar::{self, Due, Kind, ics};
use crate::serve::members::Feed;
use crate::serve::membership::acts;
use crate::serve::right::{Access, Right};
use crate::serve::routes::Route;
use crate::serve::visit::{Answer, Reply, Trouble, Visit};

/// Its routes.
pub const ROUTES: &[Route] = &[
    Route::get("/calendar", Access::With(Right::Read), page),
    Route::form("/calendar/feed", Access::With(Right::Own), make),
    Route::form("/calendar/feed/end", Access::With(Right::Own), withdraw),
    Route::get("/calendar/{feed}", Access::Public, feed),
];

#[derive(Template)]
#[template(path = "calendar.html")]
struct Page {
    frame: Frame,
    months: Vec<Month>,
    choices: Vec<Choice>,
    shown: usize,
    all: usize,
    feed: Option<Feed>,
    /// Whether whoever looks may have a feed.
    own: bool,
}

struct Month {
    name: String,
    dues: Vec<Due>,
}

struct Choice {
    href: String,
    name: &'static str,
    count: usize,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "calendar_feed.html")]
struct Made {
    frame: Frame,
    link: String,
}

/// Which things are shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    /// What somebody must do.
    ToDo,
    /// What reading renews, too.
    All,
    /// One kind.
    Of(Kind),
}

impl Shown {
    fn has(self, due: &Due) -> bool {
        match self {
            Shown::ToDo => !due.by_reading,
            Shown::All => true,
            Shown::Of(kind) => due.kind == kind,
        }
    }
}

fn page(visit: &Visit) -> Answer {
    let now = visit.app.snapshot()?;
    let who = visit.who()?;
    let shown = match visit.asked("kind") {
        None => Shown::ToDo,
        Some("all") => Shown::All,
        Some(word) => Shown::Of(Kind::parse(word).ok_or_else(|| {
            Trouble::unusable(format!("There is no kind {word:?} of things that are due."))
        })?),
    };
    let mut dues = calendar::due(&visit.app, &now, who.may(Right::Members))?;
    if !who.may(Right::ReadPersonal) {
        dues.iter_mut().for_each(|due| due.private = None);
    }
    let choices = choices(&dues, shown);
    let all = dues.len();
    let dues: Vec<Due> = dues.into_iter().filter(|due| shown.has(due)).collect();
    let members = visit.app.members();
    let page = Page {
        frame: Frame::of(visit, "/calendar"),
        shown: dues.len(),
        months: months(dues),
        choices,
        all,
        feed: members.feeds_of(&who.member).next().cloned(),
        own: who.may(Right::Own),
    };
    Ok(Reply::page(page.render()?))
}

fn choices(dues: &[Due], chosen: Shown) -> Vec<Choice> {
    let count = |shown: Shown| dues.iter().filter(|due| shown.has(due)).count();
    let choice = |shown: Shown, name, href: String| Choice {
        href,
        name,
        count: count(shown),
        chosen: shown == chosen,
    };
    let mut choices = vec![
        choice(Shown::ToDo, "To be done by somebody", "/calendar".into()),
        choice(Shown::All, "Everything", "/calendar?kind=all".into()),
    ];
    for kind in Kind::ALL {
        let href = format!("/calendar?kind={}", kind.as_str());
        choices.push(choice(Shown::Of(*kind), kind.plural(), href));
    }
    choices.retain(|choice| choice.count > 0 || choice.chosen);
    choices
}

fn months(dues: Vec<Due>) -> Vec<Month> {
    let mut months: Vec<Month> = Vec::new();
    for due in dues {
        let name = month(due.on);
        match months.last_mut() {
            Some(month) if month.name == name => month.dues.push(due),
            _ => months.push(Month {
                name,
                dues: vec![due],
            }),
        }
    }
    months
}

/// `November 2026`.
fn month(day: Date) -> String {
    let long = crate::text::day(day);
    long.split_once(' ')
        .map_or_else(String::new, |(_, month)| month.to_owned())
}

fn make(visit: &Visit) -> Answer {
    let shown = acts::make_feed(visit)?;
    let page = Made {
        frame: Frame::of(visit, "/calendar"),
        link: shown.secret,
    };
    Ok(Reply::page(page.render()?))
}

fn withdraw(visit: &Visit) -> Answer {
    let acted = acts::withdraw_feed(visit)?;
    Ok(Reply::see(format!("/calendar?kept={}", acted.entry)))
}

/// A link that is not known, was withdrawn, or whose member was ended or may no longer read: all
/// answered alike.
fn feed(visit: &Visit) -> Answer {
    let shown = visit
        .parameter("feed")
        .strip_suffix(".ics")
        .unwrap_or_default();
    let members = visit.app.members();
    let member = members
        .feed(shown)
        .filter(|member| member.role.may(Right::Read))
        .ok_or_else(|| Trouble::missing("There is no such calendar."))?;
    let now = visit.app.snapshot()?;
    let mut dues = calendar::due(&visit.app, &now, member.role.may(Right::Members))?;
    dues.retain(|due| !due.by_reading);
    let origin = calendar::origin(&now)?;
    let home = Arc::clone(&now.home);
    let about = ics::About {
        organisation: &home.config.organisation,
        at: now.at,
        origin: &origin,
        url: &visit.app.serve().public_url,
    };
    let text = ics::calendar(&about, &dues);
    Ok(Reply::bytes(
        "text/calendar; charset=utf-8",
        text.into_bytes(),
    ))
}
