//! `/reviews`: every access review with whose turn it is, and the opening of one.

use askama::Template;
use jiff::civil::Date;

use super::form::Entered;
use super::frame::Frame;
use super::words;
use crate::failure::Sort;
use crate::review::{self, Campaign, Opening, Stage, State};
use crate::serve::reviewing::{email, now, sees_all};
use crate::serve::right::{Access, Right};
use crate::serve::routes::Route;
use crate::serve::visit::{Answer, Reply, Trouble, Visit};
use crate::text::{count, number};

const LEADS: Access = Access::With(Right::Attest);

/// Its routes.
pub const ROUTES: &[Route] = &[
    Route::get(
        "/reviews",
        Access::Either(Right::ReadPersonal, Right::Review),
        list,
    ),
    Route::get("/reviews/new", LEADS, ask),
    Route::form("/reviews/new", LEADS, open),
];

/// Campaigns whose figures are counted for the list; of older ones the name stands there.
const COUNTED: usize = 12;

/// What stands above every page of a campaign.
pub struct Head {
    pub id: String,
    pub title: String,
    pub opened: String,
    pub entry: u64,
    pub due_on: Date,
    /// `in 14 days`, `3 days ago`.
    pub due_in: String,
    pub gaps: Vec<String>,
    pub despite: String,
    pub closed: Option<(String, u64)>,
}

impl Head {
    /// Of a campaign, as of today.
    pub fn of(campaign: &Campaign) -> Self {
        let details = &campaign.details;
        let due_on = campaign.head.due_on.parse().unwrap_or(details.due_on);
        Head {
            id: campaign.id().to_owned(),
            title: match details.title.as_str() {
                "" => campaign.id().to_owned(),
                title => title.to_owned(),
            },
            opened: format!(
                "{} on {}",
                details.opened,
                words::instant(&campaign.head.opened_at)
            ),
            entry: campaign.head.entry,
            due_on,
            due_in: distance(now().date, due_on),
            gaps: details.gaps.clone(),
            despite: details.despite_gaps.clone().unwrap_or_default(),
            closed: campaign
                .head
                .closed_at
                .as_deref()
                .map(words::instant)
                .zip(campaign.head.closed_entry),
        }
    }
}

fn distance(today: Date, due: Date) -> String {
    let days = today.until(due).map_or(0, |span| span.get_days());
    let words = count(u64::from(days.unsigned_abs()), "day");
    match days {
        0 => "today".into(),
        1.. => format!("in {words}"),
        _ => format!("{words} ago"),
    }
}

/// The class of a stage's tag.
pub fn class(stage: &Stage) -> &'static str {
    match stage {
        Stage::Open => "plain",
        Stage::Overdue | Stage::CameBack => "not-met",
        Stage::Proving => "unknown",
        Stage::Closed => "met",
    }
}

/// Its shape: never colour alone.
pub fn shape(stage: &Stage) -> &'static str {
    match stage {
        Stage::Open => "○",
        Stage::Overdue | Stage::CameBack => "✗",
        Stage::Proving => "?",
        Stage::Closed => "✓",
    }
}

/// Whose turn it is, in a sentence.
pub fn turn(state: &State) -> String {
    let waiting: Vec<_> = state
        .by_reviewer
        .iter()
        .filter(|(_, p)| p.open + p.cannot_tell > 0)
        .collect();
    let removals = &state.removals;
    match (waiting.as_slice(), state.stage) {
        (_, Stage::Closed) => "Nobody’s: it has closed.".into(),
        ([], _) => {
            let left = removals.open + removals.came_back - removals.excepted;
            format!(
                "Whoever keeps the systems: {} not proven gone.",
                count(left, "removal")
            )
        }
        ([(one, progress)], _) => format!(
            "{}: {} to decide.",
            match one.email.as_str() {
                "" => "Nobody’s, until the lead gives them to somebody",
                _ => one.shown(),
            },
            count(progress.open + progress.cannot_tell, "row")
        ),
        (several, _) => {
            let nobody = several.iter().find(|(r, _)| r.email.is_empty());
            let left: u64 = several.iter().map(|(_, p)| p.open + p.cannot_tell).sum();
            let given = several.len() - usize::from(nobody.is_some());
            let mut turn = format!(
                "{}: {} to decide",
                count(given as u64, "reviewer"),
                count(left, "row")
            );
            if let Some((_, of)) = nobody {
                turn += &format!(
                    ", {} of them given to nobody",
                    number(of.open + of.cannot_tell)
                );
            }
            turn + "."
        }
    }
}

/// One campaign in the list.
struct Line {
    head: Head,
    stage: Stage,
    /// Of all rows, or of those given to whoever looks.
    reviewed: u64,
    rows: u64,
    turn: String,
    removals: review::Removals,
    /// Rows that wait for whoever looks.
    mine: u64,
    /// Rows given to them.
    given: u64,
    href: String,
}

#[derive(Template)]
#[template(path = "reviews.html")]
struct List {
    frame: Frame,
    headline: String,
    sees_all: bool,
    email: String,
    lines: Vec<Line>,
    /// Older ones: name and title.
    older: Vec<Head>,
    /// When the schedule opens the next one.
    pace: String,
    /// Why it could not.
    refusal: Option<review::Refusal>,
}

fn list(visit: &Visit) -> Answer {
    let index = visit.app.index()?;
    let (email, sees_all) = (email(visit)?, sees_all(visit)?);
    let may_decide = visit.who()?.may(Right::Review);
    let mut lines = Vec::new();
    let mut older = Vec::new();
    for head in index.review_campaigns()? {
        let load = match email.as_str() {
            "" => Default::default(),
            _ => index.review_load(&head.id, &email)?,
        };
        let campaign = review::campaign(&index, &head.id)?;
        let added =
            review::added(&index, &campaign, &email, now().date, None, usize::MAX)?.len() as u64;
        if !sees_all && load.all() + added == 0 {
            continue;
        }
        if lines.len() >= COUNTED && campaign.head.closed_at.is_some() {
            older.push(Head::of(&campaign));
            continue;
        }
        let state = review::state(&index, &head.id, &now())?;
        let mine = if may_decide {
            load.open() + load.unsure + added
        } else {
            0
        };
        let (reviewed, rows) = match sees_all {
            true => (state.all.reviewed(), state.all.rows),
            false => (load.decided, load.all()),
        };
        lines.push(Line {
            head: Head::of(&campaign),
            stage: state.stage,
            reviewed,
            rows,
            turn: match sees_all {
                true => turn(&state),
                false if mine > 0 => format!("Yours: {} to decide.", count(mine, "row")),
                false => "Not yours: all of your rows are decided.".into(),
            },
            removals: state.removals,
            mine,
            given: load.all(),
            href: match sees_all {
                true => format!("/reviews/{}", words::url(&head.id)),
                false => format!("/reviews/{}/mine", words::url(&head.id)),
            },
        });
    }
    let settings = &visit.app.home().config.review;
    let page = List {
        frame: Frame::of(visit, "/reviews"),
        headline: headline(&lines),
        sees_all,
        email,
        lines,
        older,
        refusal: review::refusal(&index)?.filter(|_| sees_all),
        pace: match settings.every_months {
            0 => "Reviews are opened by hand.".into(),
            1 => "The schedule opens one every month.".into(),
            n => format!("The schedule opens one every {n} months."),
        },
    };
    Ok(Reply::page(page.render()?))
}

fn headline(lines: &[Line]) -> String {
    let mine: u64 = lines.iter().map(|l| l.mine).sum();
    let with = |stage| lines.iter().filter(|l| l.stage == stage).count() as u64;
    let overdue: u64 = lines.iter().map(|l| l.removals.overdue).sum();
    match () {
        () if mine > 0 => format!(
            "{} {} for you",
            count(mine, "row"),
            if mine == 1 { "waits" } else { "wait" }
        ),
        () if lines.is_empty() => "No access review yet".into(),
        () if with(Stage::CameBack) > 0 => {
            format!(
                "What was removed came back in {}",
                count(with(Stage::CameBack), "review")
            )
        }
        () if with(Stage::Overdue) > 0 => {
            format!("{} overdue", count(with(Stage::Overdue), "access review"))
        }
        () if overdue > 0 => format!("{} overdue", count(overdue, "removal")),
        () => match with(Stage::Open) + with(Stage::Proving) {
            0 => "Every access review has closed".into(),
            n => format!("{} open", count(n, "access review")),
        },
    }
}

/// A system that can be chosen.
struct Choice {
    name: String,
    sources: String,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "review_new.html")]
struct New {
    frame: Frame,
    entered: Entered,
    systems: Vec<Choice>,
    /// Why the population cannot be relied upon; empty as long as nobody tried.
    gaps: String,
    due_help: String,
    lead: String,
}

fn ask(visit: &Visit) -> Answer {
    let due = now().date;
    let days = visit.app.home().config.review.due_in_days;
    let due = due.checked_add(jiff::Span::new().days(days)).unwrap_or(due);
    show(
        visit,
        Entered::default().with("due_on", due.to_string()),
        "",
    )
}

/// Names of the chosen systems.
fn chosen(visit: &Visit) -> Vec<String> {
    let fields = visit.fields().iter();
    fields
        .filter(|(name, value)| name == "system" && !value.trim().is_empty())
        .map(|(_, value)| value.trim().to_owned())
        .collect()
}

fn show(visit: &Visit, entered: Entered, gaps: &str) -> Answer {
    let snapshot = visit.app.snapshot()?;
    let mut told: std::collections::BTreeMap<String, Vec<String>> = Default::default();
    let pairs = visit.app.readers.ask(&snapshot, |estate| {
        estate.sources_of_systems().map_err(Trouble::from)
    })?;
    for (system, source) in pairs {
        told.entry(system).or_default().push(source);
    }
    let chosen = chosen(visit);
    let right = entered.is_right() && gaps.is_empty();
    let settings = &visit.app.home().config.review;
    let page = New {
        frame: Frame::of(visit, "/reviews"),
        systems: told
            .into_iter()
            .map(|(name, sources)| Choice {
                chosen: chosen.contains(&name),
                sources: sources.join(", "),
                name,
            })
            .collect(),
        gaps: gaps.to_owned(),
        due_help: format!(
            "The last day for deciding. Removals should be gone {} after their decision.",
            count(
                u64::try_from(settings.remove_in_days).unwrap_or_default(),
                "day"
            )
        ),
        lead: settings.lead.clone().unwrap_or_default(),
        entered,
    };
    let page = Reply::page(page.render()?);
    Ok(page.status(if right { 200 } else { 422 }))
}

fn open(visit: &Visit) -> Answer {
    let mut entered = Entered::sent(visit);
    let due_on = entered.day("due_on");
    if !entered.is_right() {
        return show(visit, entered, "");
    }
    let text = |name: &str| match entered.value(name) {
        "" => None,
        text => Some(text.to_owned()),
    };
    let asked = Opening {
        systems: chosen(visit),
        title: entered.value("title").to_owned(),
        due_on,
        despite_gaps: text("despite_gaps"),
        lead: text("lead"),
        by_schedule: false,
    };
    let mut gaps = None;
    let acted = entered.act(visit, |home, index, by| {
        review::open(home, index, by, &asked)
            .map(|opened| opened.entry)
            .map_err(|mut failure| {
                // A gap is answered on the same form: by a reason, or by reading again.
                if failure.sort == Sort::Source {
                    gaps = Some(failure.message.clone());
                    failure.sort = Sort::Usage;
                }
                failure
            })
    })?;
    if let Some(gaps) = gaps {
        let mut entered = Entered::sent(visit);
        entered.wrong(
            "despite_gaps",
            "Read the sources first, or say here why it is opened all the same",
        );
        return show(visit, entered, &gaps);
    }
    let Some(acted) = acted else {
        return show(visit, entered, "");
    };
    // The same form sent twice leads to the campaign of the first time.
    let index = visit.app.index()?;
    let opened = index.review_campaigns()?;
    let opened = opened.iter().find(|head| head.entry == acted.entry);
    Ok(Reply::see(match opened {
        Some(head) => format!("/reviews/{}?kept={}", words::url(&head.id), acted.entry),
        None => format!("/reviews?kept={}", acted.entry),
    }))
}

/// Milliseconds as `2.4 s`.
pub fn seconds(ms: &u64) -> String {
    format!("{}.{} s", ms / 1000, ms % 1000 / 100)
}
