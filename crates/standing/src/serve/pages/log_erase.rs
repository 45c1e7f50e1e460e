//! Erasing payloads of an entry: what will be lost, why, and a word typed by hand.

use askama::Template;

use super::form::Entered;
use super::frame::Frame;
use crate::commands;
use crate::serve::api::forms::Line;
use crate::serve::log::{self, Fate, Names};
use crate::serve::right::{Access, Right};
use crate::serve::routes::Route;
use crate::serve::visit::{Answer, Reply, Trouble, Visit};

/// Its routes.
pub const ROUTES: &[Route] = &[
    Route::get("/log/{seq}/erase", Access::Proven(Right::Erase), form),
    Route::form("/log/{seq}/erase", Access::Proven(Right::Erase), erase),
];

/// What has to be typed.
const WORD: &str = "erase";
/// Payloads offered at once.
const PAYLOADS: usize = 100;

/// A payload that can be erased.
struct Choice {
    reference: String,
    role: &'static str,
    lost: &'static str,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "log_erase.html")]
struct Page {
    frame: Frame,
    line: Line,
    choices: Vec<Choice>,
    entered: Entered,
}

fn seq(visit: &Visit) -> Result<u64, Trouble> {
    let text = visit.parameter("seq");
    text.parse()
        .map_err(|_| Trouble::missing(format!("{text:?} is not the number of an entry.")))
}

fn show(visit: &Visit, entered: Entered) -> Answer {
    let home = visit.app.home();
    let entry = log::entry(&home, seq(visit)?)?;
    let names = Names::read(&*visit.app.index()?)?;
    let chosen: Vec<&str> = chosen(visit);
    let payloads = log::payloads(&home, &entry, PAYLOADS).into_iter();
    let choices: Vec<Choice> = payloads
        .filter(|p| matches!(p.fate, Fate::There))
        .map(|p| Choice {
            chosen: chosen.contains(&p.digest.reference().as_str()),
            reference: p.digest.reference(),
            role: log::spoken_role(&p.role),
            lost: log::lost(&entry.kind, &p.role),
        })
        .collect();
    if choices.is_empty() {
        return Err(Trouble::conflict(format!(
            "Entry {} names no payload that is still there.",
            entry.seq
        )));
    }
    let page = Page {
        frame: Frame::of(visit, "/log"),
        line: log::line_of(&entry, &names),
        choices,
        entered,
    };
    Ok(Reply::page(page.render()?))
}

fn form(visit: &Visit) -> Answer {
    show(visit, Entered::default())
}

fn chosen(visit: &Visit) -> Vec<&str> {
    let fields = visit.fields().iter();
    let chosen = fields.filter(|(name, _)| name == "blob");
    chosen.map(|(_, blob)| blob.as_str()).collect()
}

fn erase(visit: &Visit) -> Answer {
    let home = visit.app.home();
    let entry = log::entry(&home, seq(visit)?)?;
    let named: Vec<String> = entry.blobs().iter().map(|b| b.reference()).collect();
    let chosen = chosen(visit);
    let mut entered = Entered::sent(visit);
    if chosen.is_empty() {
        entered.wrong("blob", "Choose what is to be erased");
    } else if !chosen.iter().all(|blob| named.iter().any(|n| n == blob)) {
        return Err(Trouble::unusable("The entry does not name that payload."));
    }
    entered.wanted("reason", "Say why; it stays in the log");
    if entered.value("word") != WORD {
        entered.wrong("word", format!("Type the word {WORD}"));
    }
    let reason = entered.value("reason").to_owned();
    let acted = if entered.is_right() {
        entered.act(visit, |home, index, by| {
            let mut last = 0;
            for blob in &chosen {
                last = commands::erase(home, index, by, blob, &reason)?;
            }
            Ok(last)
        })?
    } else {
        None
    };
    match acted {
        Some(acted) => Ok(Reply::see(format!(
            "/log/{}?kept={}",
            entry.seq, acted.entry
        ))),
        None => show(visit, entered).map(|reply| reply.status(422)),
    }
}
