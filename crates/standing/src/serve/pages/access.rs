//! Who can get in, against who works here: the reconciled population, second factors, accounts of
//! leavers, and the accounts that wait for somebody to say whose they are.

use askama::Template;
use jiff::Timestamp;
use standing_assess::population::Population;
use standing_assess::{AsOf, Estate};

use super::form::Entered;
use super::frame::Frame;
use super::paging::{Paging, link};
use super::words;
use crate::access::leavers::{self, Ended};
use crate::access::mfa::{self, Cell, Coverage};
use crate::access::queue::{self, Waiting};
use crate::commands;
use crate::serve::right::{Access, Right};
use crate::serve::routes::Route;
use crate::serve::rows::{Told, told};
use crate::serve::visit::{Answer, Reply, Trouble, Visit};
use crate::text::count;

/// Their routes.
pub const ROUTES: &[Route] = &[
    Route::get("/access", Access::With(Right::Read), overview),
    Route::get("/access/queue", Access::With(Right::ReadPersonal), list),
    Route::get("/access/queue/decide", Access::With(Right::Record), ask),
    Route::form("/access/queue/decide", Access::With(Right::Record), decide),
];

/// Accounts on a page of the queue.
const ON_A_PAGE: usize = 25;
/// Rows of one kind on the overview.
const SOME: usize = 50;
/// The kinds of an account that is not somebody's own, each with what it is.
const KINDS: [(&str, &str); 5] = [
    ("service", "A program's: a service account"),
    ("shared", "Several people's: a shared account"),
    ("break-glass", "Kept for emergencies"),
    ("contractor", "A contractor's, who is in no list of people"),
    ("external", "Somebody's from outside"),
];

/// What the overview asks.
#[derive(Clone)]
struct Found {
    mfa: mfa::Found,
    ended: Vec<Ended>,
    gaps: Vec<String>,
    queue: u64,
}

fn found(estate: &Estate<'_>) -> Result<Found, Trouble> {
    let (ended, gaps) = leavers::found(estate, None)?;
    Ok(Found {
        mfa: mfa::found(estate, None)?,
        ended,
        gaps,
        queue: queue::waiting(estate)?.len() as u64,
    })
}

#[derive(Template)]
#[template(path = "access.html")]
struct Overview {
    frame: Frame,
    headline: String,
    as_of: String,
    people: Population,
    doubt: Option<String>,
    /// What keeps it from reconciling, for those who may see people.
    waiting: Vec<String>,
    queue: u64,
    coverage: Vec<Coverage>,
    whole: bool,
    mfa_gaps: Vec<String>,
    bare: Vec<Cell>,
    all_bare: u64,
    systems: Vec<String>,
    ended: Vec<Ended>,
    all_ended: u64,
    ended_gaps: Vec<String>,
    sees: bool,
}

fn overview(visit: &Visit) -> Answer {
    let now = visit.app.snapshot()?;
    let app = &visit.app;
    let found = app.memory.ask(&app.readers, &now, "access".into(), found)?;
    let sees = visit.who()?.may(Right::ReadPersonal);
    let people = found.mfa.people;
    let bare: Vec<Cell> = found.mfa.cells;
    let bare: Vec<Cell> = bare
        .into_iter()
        .filter(|c| c.answer != Some(true))
        .collect();
    // Whoever left and still gets in comes first.
    let mut ended = found.ended;
    let systems = leavers::by_system(&ended).map(leavers::in_short).collect();
    ended.sort_by_key(|one| one.open == Some(false));
    let open = ended.iter().filter(|one| one.open == Some(true)).count() as u64;
    let seen = |all: usize| if sees { all.min(SOME) } else { 0 };
    let page = Overview {
        frame: Frame::of(visit, "/people"),
        headline: match (open, people.denominator()) {
            (0, Some(people)) => format!("{} can be counted", words::count(&people, "person")),
            (0, None) => "Who works here is not settled".into(),
            (1, _) => "1 account of somebody who left still works".into(),
            (open, _) => format!("{} of people who left still work", count(open, "account")),
        },
        as_of: crate::text::day(now.day()),
        doubt: match (sees, people.gaps.is_empty()) {
            // It gives an example, and an example names somebody.
            (false, true) if !people.waiting.is_empty() => {
                Some(match people.waiting.len() as u64 {
                    1 => "1 person or account is not settled".into(),
                    n => format!("{} people and accounts are not settled", words::number(&n)),
                })
            }
            _ => people.doubt(),
        },
        waiting: people.waiting[..seen(people.waiting.len())]
            .iter()
            .map(|one| one.why.clone())
            .collect(),
        people,
        queue: found.queue,
        coverage: found.mfa.coverage.into(),
        whole: found.mfa.gaps.is_empty(),
        mfa_gaps: found.mfa.gaps,
        all_bare: bare.len() as u64,
        bare: bare[..seen(bare.len())].to_vec(),
        systems,
        all_ended: ended.len() as u64,
        ended: ended[..seen(ended.len())].to_vec(),
        ended_gaps: found.gaps,
        sees,
    };
    Ok(Reply::page(page.render()?))
}

#[derive(Template)]
#[template(path = "access_queue.html")]
struct Queue {
    frame: Frame,
    headline: String,
    system: String,
    systems: Vec<String>,
    rows: Vec<Waiting>,
    paging: Paging,
    told: Vec<Told>,
    may: bool,
    kept: bool,
}

/// Every account that waits, and what is known of the tables that say so.
fn all(visit: &Visit) -> Result<(Vec<Waiting>, Vec<Told>), Trouble> {
    let (app, now) = (&visit.app, visit.app.snapshot()?);
    app.memory
        .ask(&app.readers, &now, "access queue".into(), |estate| {
            let told = ["account", "person"].map(|table| told(estate, table));
            Ok((queue::waiting(estate)?, told.into()))
        })
}

fn place(account: &str) -> String {
    link("/access/queue/decide", &[("account", account)])
}

fn list(visit: &Visit) -> Answer {
    let (all, told) = all(visit)?;
    let system = visit.asked("system").unwrap_or_default().to_owned();
    let mut systems: Vec<String> = all.iter().map(|one| one.system.clone()).collect();
    systems.sort();
    systems.dedup();
    let page = visit.asked("page").and_then(|page| page.parse().ok());
    let page: u64 = page.unwrap_or(1).clamp(1, 1_000_000);
    let of = all
        .into_iter()
        .filter(|one| system.is_empty() || one.system == system);
    let of: Vec<Waiting> = of.collect();
    let total = of.len() as u64;
    let paging = Paging::new(page, ON_A_PAGE, total, "account", |page| {
        let page = page.to_string();
        link("/access/queue", &[("system", &system), ("page", &page)])
    });
    let from = usize::try_from(page - 1).unwrap_or(usize::MAX);
    let rows = of.into_iter().skip(from.saturating_mul(ON_A_PAGE));
    let page = Queue {
        frame: Frame::of(visit, "/people"),
        headline: match total {
            0 => "No account waits for somebody to say whose it is".into(),
            1 => "1 account waits for somebody to say whose it is".into(),
            n => format!(
                "{} wait for somebody to say whose they are",
                count(n, "account")
            ),
        },
        rows: rows.take(ON_A_PAGE).collect(),
        system,
        systems,
        paging,
        told,
        may: visit.who()?.may(Right::Record),
        kept: visit.asked("kept").is_some(),
    };
    Ok(Reply::page(page.render()?))
}

#[derive(Template)]
#[template(path = "access_decide.html")]
struct Decide {
    frame: Frame,
    row: Waiting,
    choices: Vec<(String, String)>,
    entered: Entered,
}

/// The account that is asked for. It need not wait any more: what was decided may be decided again.
fn account(visit: &Visit, id: &str) -> Result<Waiting, Trouble> {
    if !visit.who()?.may(Right::ReadPersonal) {
        return Err(Trouble::forbidden(
            "Whose an account is can be decided only by somebody who may see people.",
        ));
    }
    if let Some(waits) = all(visit)?.0.into_iter().find(|one| one.account == id) {
        return Ok(waits);
    }
    let (app, now, id) = (&visit.app, visit.app.snapshot()?, id.to_owned());
    let known = app
        .readers
        .ask(&now, move |estate| Ok(queue::account(estate, &id)?))?;
    known.ok_or_else(|| Trouble::missing("No source tells of such an account."))
}

fn ask(visit: &Visit) -> Answer {
    let row = account(visit, visit.asked("account").unwrap_or_default())?;
    show(visit, row, Entered::default())
}

fn show(visit: &Visit, row: Waiting, entered: Entered) -> Answer {
    let candidates = row.candidates.iter().map(|one| {
        let who = one.name.as_deref().unwrap_or("no name");
        let more = [one.email.clone().unwrap_or_default(), one.left()];
        let more = more.into_iter().filter(|text| !text.is_empty());
        let more: Vec<String> = more
            .chain([format!("alike in {}", one.keys.join(", "))])
            .collect();
        (
            format!("person:{}", one.person),
            format!("{who} ({})", more.join("; ")),
        )
    });
    let rest = [("other", "Somebody else who works or worked here")];
    let rest = rest.iter().chain(&KINDS);
    let rest = rest.map(|(word, label)| ((*word).to_owned(), (*label).to_owned()));
    let choices = candidates.chain(rest).collect();
    let status = if entered.is_right() { 200 } else { 422 };
    let page = Decide {
        frame: Frame::of(visit, "/people"),
        row,
        choices,
        entered,
    };
    Ok(Reply::page(page.render()?).status(status))
}

fn decide(visit: &Visit) -> Answer {
    let mut entered = Entered::sent(visit);
    let row = account(visit, entered.value("account"))?;
    entered.wanted("whose", "Choose whose it is");
    entered.wanted("reason", "Say how you know");
    let expires_on = entered.day("expires_on");
    let whose = entered.value("whose").to_owned();
    let (mut person, mut kind) = (String::new(), String::new());
    match whose.strip_prefix("person:") {
        Some(id) => person = id.to_owned(),
        None if whose == "other" => {
            let email = entered.value("person").to_lowercase();
            let known = visit.app.index()?.person_by_email(&email)?;
            match known {
                Some(id) => person = id,
                None => entered.wrong("person", "No source of people knows this e-mail"),
            }
        }
        None => kind = whose,
    }
    if entered.is_right() {
        let mut values = vec![
            ("account".to_owned(), row.account.clone()),
            ("decided_by".to_owned(), visit.who()?.name.clone()),
            (
                "decided_on".to_owned(),
                AsOf::at(Timestamp::now()).date.to_string(),
            ),
        ];
        let given = [
            ("person", person),
            ("kind", kind),
            ("owner", entered.value("owner").to_owned()),
            (
                "expires_on",
                expires_on.map_or_else(String::new, |d| d.to_string()),
            ),
            ("reason", entered.value("reason").to_owned()),
        ];
        let given = given.into_iter().filter(|(_, value)| !value.is_empty());
        values.extend(given.map(|(name, value)| (name.to_owned(), value)));
        let acted = entered.act(visit, |home, index, by| {
            let kept = commands::record(home, index, by, "account_decision", &values)?;
            Ok(kept.entry)
        })?;
        if acted.is_some() {
            return Ok(Reply::see(link("/access/queue", &[("kept", "yes")])));
        }
    }
    show(visit, row, entered)
}
