//! `/reviews/{id}/rows/{n}`: one row with everything that is known of it, what was decided about it,
//! and what was done since.

use askama::Template;

use super::form::Entered;
use super::frame::Frame;
use super::reviews::Head;
use super::reviews_one::Going;
use super::reviews_rows::{Earlier, Shown, earlier};
use super::words;
use crate::review::{self, Acting, Stage};
use crate::serve::reviewing::{campaign, email, now, opens, row, sees_all, stamp};
use crate::serve::right::{Access, Right};
use crate::serve::routes::Route;
use crate::serve::visit::{Answer, Reply, Trouble, Visit};
use crate::stated::EXCEPTION_MONTHS;

/// Its routes.
pub const ROUTES: &[Route] = &[
    Route::get(
        "/reviews/{id}/rows/{n}",
        Access::Either(Right::ReadPersonal, Right::Review),
        page,
    ),
    Route::get(
        "/reviews/{id}/rows/{n}/act",
        Access::With(Right::Record),
        ask,
    ),
    Route::form(
        "/reviews/{id}/rows/{n}/act",
        Access::With(Right::Record),
        act,
    ),
];

/// A reading that the row rests on.
struct Rests {
    table: String,
    source: String,
    entry: Option<u64>,
    at: String,
    gap: Option<String>,
}

#[derive(Template)]
#[template(path = "review_row.html")]
struct Page {
    frame: Frame,
    head: Head,
    row: Shown,
    sees_all: bool,
    /// Whether it is theirs to decide, and can be decided.
    mine: bool,
    stamp: String,
    account: String,
    link: String,
    assigned: Vec<String>,
    next_in_line: String,
    rests: Vec<Rests>,
    past: Vec<Earlier>,
    going: Option<Going>,
}

fn page(visit: &Visit) -> Answer {
    let index = visit.app.index()?;
    let campaign = campaign(visit, &index)?;
    let id = campaign.id();
    let row = row(visit, &index, &campaign)?;
    let n = row.line.n;
    opens(visit, id, n)?;
    let email = email(visit)?;
    let state = review::state(&index, id, &now())?;
    let mine = visit.who()?.may(Right::Review)
        && !email.is_empty()
        && row.reviewer.eq_ignore_ascii_case(&email)
        && state.stage != Stage::Closed;
    let sources = campaign.details.sources.iter();
    let rests = sources
        .filter(|s| s.source == row.line.source || s.table == "person")
        .map(|s| Rests {
            table: s.table.clone(),
            source: s.source.clone(),
            entry: s.entry,
            at: s
                .collected_at
                .as_deref()
                .map_or_else(String::new, words::instant),
            gap: s.gap.clone(),
        });
    let sees_all = sees_all(visit)?;
    let going = match sees_all {
        true => proof_of(&index, id, n)?,
        false => None,
    };
    let all = review::history(&index, id, n)?;
    let shown = Shown::of(&row).with_earlier(all.last());
    let mut past: Vec<Earlier> = all.iter().map(earlier).collect();
    past.reverse();
    let page = Page {
        frame: Frame::of(visit, "/reviews"),
        head: Head::of(&campaign),
        row: shown,
        stamp: stamp(visit, id, &[n])?,
        account: row.line.account.clone(),
        link: row.line.link.clone().unwrap_or_default(),
        assigned: match sees_all {
            true => row.line.assigned.clone(),
            false => Vec::new(),
        },
        next_in_line: match sees_all {
            true => row.next_in_line().unwrap_or_default().to_owned(),
            false => String::new(),
        },
        rests: rests.collect(),
        past,
        going,
        sees_all,
        mine,
    };
    Ok(Reply::page(page.render()?))
}

fn proof_of(index: &standing_assess::Index, id: &str, n: u64) -> Result<Option<Going>, Trouble> {
    let proofs = review::proof(index, id, &now())?;
    Ok(proofs.iter().find(|p| p.row.line.n == n).map(Going::of))
}

#[derive(Template)]
#[template(path = "review_act.html")]
struct ActPage {
    frame: Frame,
    head: Head,
    row: Shown,
    entered: Entered,
    /// Whether they may let it stay for a time.
    may_except: bool,
    email: String,
    until_help: String,
}

fn ask(visit: &Visit) -> Answer {
    show(visit, Entered::default())
}

fn show(visit: &Visit, entered: Entered) -> Answer {
    let index = visit.app.index()?;
    let campaign = campaign(visit, &index)?;
    let row = row(visit, &index, &campaign)?;
    let latest = now()
        .date
        .saturating_add(jiff::Span::new().months(EXCEPTION_MONTHS));
    let status = if entered.is_right() { 200 } else { 422 };
    let email = email(visit)?;
    let page = ActPage {
        frame: Frame::of(visit, "/reviews"),
        head: Head::of(&campaign),
        row: Shown::of(&row),
        may_except: visit.who()?.may(Right::Attest) && !email.is_empty(),
        email,
        until_help: format!(
            "Only to let it stay for a time: the last day of that, {} at most.",
            words::day(&latest)
        ),
        entered,
    };
    Ok(Reply::page(page.render()?).status(status))
}

fn act(visit: &Visit) -> Answer {
    let mut entered = Entered::sent(visit);
    let expires_on = entered.day("expires_on");
    let email = email(visit)?;
    if expires_on.is_some() && !visit.who()?.may(Right::Attest) {
        return Err(Trouble::forbidden(
            "To let something stay is an exception: it needs the right \"attest\".",
        ));
    }
    let (id, n) = {
        let index = visit.app.index()?;
        let campaign = campaign(visit, &index)?;
        let row = row(visit, &index, &campaign)?;
        (campaign.id().to_owned(), row.line.n)
    };
    let acted = if entered.is_right() {
        let typed = entered.clone();
        let asked = Acting {
            campaign: &id,
            row: n,
            ticket: typed.value("ticket"),
            state: None,
            note: typed.value("note"),
            // Whoever grants it is whoever sends the form.
            approved_by: if expires_on.is_some() { &email } else { "" },
            expires_on,
        };
        entered.act(visit, |home, index, by| {
            review::act(home, index, by, &asked)
        })?
    } else {
        None
    };
    match acted {
        Some(acted) => Ok(Reply::see(format!(
            "/reviews/{}/rows/{n}?kept={}",
            words::url(&id),
            acted.entry
        ))),
        None => show(visit, entered),
    }
}
