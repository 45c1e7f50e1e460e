//! `/items/{ref}/attest` and `/items/{ref}/withdraw`: a person answers for an item, or no longer.

use askama::Template;
use jiff::ToSpan;
use jiff::civil::Date;
use standing_assess::assessment::ItemStanding;
use standing_assess::catalogue::Item;
use standing_assess::check::Verdict;

use super::form::Entered;
use super::frame::Frame;
use super::item::{Former, Found, find, former};
use super::words;
use crate::commands::{self, Attestation};
use crate::explain;
use crate::serve::right::{Access, Right, Role};
use crate::serve::routes::Route;
use crate::serve::snapshot::Snapshot;
use crate::serve::visit::{Answer, Reply, Trouble, Visit};

const MAY: Access = Access::With(Right::Attest);

/// Its routes.
pub const ROUTES: &[Route] = &[
    Route::get("/items/{ref}/attest", MAY, ask),
    Route::form("/items/{ref}/attest", MAY, attest),
    Route::get("/items/{ref}/withdraw", MAY, ask_withdraw),
    Route::form("/items/{ref}/withdraw", MAY, withdraw),
];

#[derive(Template)]
#[template(path = "attest.html")]
struct Page<'a> {
    frame: Frame,
    item: &'a ItemStanding,
    known: &'a Item,
    entered: Entered,
    choices: Vec<(&'static str, &'static str)>,
    /// What the checks find that a yes would be contradicted by: claim and tally.
    against: Vec<(&'a str, String)>,
    /// Whose word it will be.
    stated_by: &'a str,
    today: Date,
    expiry_help: String,
    statement_help: String,
}

#[derive(Template)]
#[template(path = "withdraw.html")]
struct Withdraw<'a> {
    frame: Frame,
    item: &'a ItemStanding,
    entered: Entered,
    /// Statement that would be the one in force then.
    then: Option<Former>,
}

fn ask(visit: &Visit) -> Answer {
    let now = visit.app.snapshot()?;
    let found = find(&now, visit.parameter("ref"))?;
    let (text, text_from) = text(visit, &now, &found)?;
    let entered = Entered::default()
        .with("statement", text)
        .with("role", role(visit, found.standing)?)
        .with("expires_on", most(&now, found.known).to_string());
    show(visit, &now, &found, entered, text_from)
}

/// The text that the form begins with, and where it came from.
fn text(
    visit: &Visit,
    now: &Snapshot,
    found: &Found<'_>,
) -> Result<(String, &'static str), Trouble> {
    if let Some(from) = visit.asked("from").and_then(|e| e.parse::<u64>().ok()) {
        let before = former(&visit.app, now, found.standing)?;
        if let Some(earlier) = before.into_iter().find(|f| f.entry == from) {
            let why = "This is the text of an earlier statement: prove every word of it again.";
            return Ok((earlier.statement, why));
        }
    }
    if let Some(s) = &found.standing.statement {
        let why = "This is the text of the last statement: change what is no longer so.";
        return Ok((s.statement.clone(), why));
    }
    let measured = found.known.checks.iter().any(|name| {
        let result = now.today.checks.get(name);
        result.is_some_and(|r| r.verdict == Verdict::Met)
    });
    if measured {
        let draft = explain::draft(&now.terms, &now.today, found.standing, found.known);
        return Ok((draft, "This is a draft made from what is measured."));
    }
    Ok((String::new(), ""))
}

/// The role in which the same person last stated this, or what their role here is for.
fn role(visit: &Visit, standing: &ItemStanding) -> Result<String, Trouble> {
    let who = visit.who()?;
    let last = standing.statement.as_ref();
    let same = last.filter(|s| s.stated_by == who.name && !s.role.is_empty());
    Ok(match (same, who.role) {
        (Some(s), _) => s.role.clone(),
        (None, Role::Owner) => "SIRO".into(),
        (None, Role::Lead) => "Security lead".into(),
        _ => String::new(),
    })
}

/// The last day on which a statement of today may be relied upon.
fn most(now: &Snapshot, known: &Item) -> Date {
    now.day()
        .saturating_add(i64::from(known.renew_months).months())
}

fn show(
    visit: &Visit,
    now: &Snapshot,
    found: &Found<'_>,
    entered: Entered,
    text_from: &'static str,
) -> Answer {
    let most = most(now, found.known);
    let failing = found.known.checks.iter().filter_map(|name| {
        let result = now.today.checks.get(name)?;
        (result.verdict == Verdict::NotMet)
            .then(|| (explain::claim(&now.terms, name), explain::tally(result)))
    });
    let mut choices = vec![
        ("yes", "Yes, it is so"),
        ("no", "No, it is not so, or not yet"),
    ];
    if found.known.not_applicable_allowed {
        choices.push(("not applicable", "It does not apply to us"));
    }
    let status = if entered.is_right() { 200 } else { 422 };
    let page = Page {
        frame: Frame::of(visit, "/items"),
        item: found.standing,
        known: found.known,
        entered,
        choices,
        against: failing.collect(),
        stated_by: &visit.who()?.name,
        today: now.day(),
        expiry_help: format!(
            "A statement about this item may be relied upon for {}, until {} at most. Then somebody \
             must look again. Choose an earlier day if you know that things will change.",
            words::count(&u64::from(found.known.renew_months), "month"),
            words::day(&most)
        ),
        statement_help: format!(
            "What is so, how you know it, and who was asked. If it does not apply: why. {text_from}"
        ),
    };
    Ok(Reply::page(page.render()?).status(status))
}

fn attest(visit: &Visit) -> Answer {
    let now = visit.app.snapshot()?;
    let found = find(&now, visit.parameter("ref"))?;
    let mut entered = Entered::sent(visit);
    entered.wanted("answer", "Choose an answer");
    let apart = entered.is("answer", "not applicable");
    if apart && !found.known.not_applicable_allowed {
        entered.wrong(
            "answer",
            "“Not applicable” is not known to be a permitted answer to this item",
        );
    }
    entered.wanted(
        "statement",
        if apart {
            "Give the reason why it does not apply"
        } else {
            "Say what is so and how you know it"
        },
    );
    entered.wanted("role", "Say in what role you answer for it");
    entered.wanted("expires_on", "Say until when it may be relied upon");
    let expires_on = entered.day("expires_on");
    entered.wanted("declared", "Tick that you answer for this");
    let acted = if entered.is_right() {
        let answered = entered.clone();
        let said = Attestation {
            item: &found.standing.item,
            answer: answered.value("answer"),
            statement: answered.value("statement"),
            stated_by: &visit.who()?.name,
            role: answered.value("role"),
            stated_on: None,
            expires_on,
        };
        entered.act(visit, |home, index, by| {
            commands::attest(home, index, by, &said)
        })?
    } else {
        None
    };
    match acted {
        Some(acted) => Ok(Reply::see(format!(
            "/items/{}?kept={}",
            found.standing.item, acted.entry
        ))),
        None => show(visit, &now, &found, entered, ""),
    }
}

fn ask_withdraw(visit: &Visit) -> Answer {
    let now = visit.app.snapshot()?;
    let found = find(&now, visit.parameter("ref"))?;
    show_withdraw(visit, &now, &found, Entered::default())
}

fn show_withdraw(visit: &Visit, now: &Snapshot, found: &Found<'_>, entered: Entered) -> Answer {
    if found.standing.statement.is_none() {
        return Err(Trouble::conflict(format!(
            "There is no statement about {} to withdraw.",
            found.standing.item
        )));
    }
    let before = former(&visit.app, now, found.standing)?;
    let status = if entered.is_right() { 200 } else { 422 };
    let page = Withdraw {
        frame: Frame::of(visit, "/items"),
        item: found.standing,
        entered,
        then: before.into_iter().find(|f| f.ended.is_none()),
    };
    Ok(Reply::page(page.render()?).status(status))
}

fn withdraw(visit: &Visit) -> Answer {
    let now = visit.app.snapshot()?;
    let found = find(&now, visit.parameter("ref"))?;
    let mut entered = Entered::sent(visit);
    let meant = entered.value("entry").parse::<u64>().ok();
    let standing = found.standing.statement.as_ref().map(|s| s.entry);
    if meant.is_none() || meant != standing {
        // The same form sent twice finds its statement gone: what it asked for has been done.
        return sent_again(visit, &found, meant).ok_or_else(|| {
            Trouble::conflict(
                "The statement that the form spoke of is not the one that stands now.",
            )
            .hint("look at the item again")
        });
    }
    entered.wanted("reason", "Say why you withdraw it");
    entered.wanted("sure", "Tick that you withdraw it");
    let reason = entered.value("reason").to_owned();
    let acted = match meant.filter(|_| entered.is_right()) {
        Some(entry) => entered.act(visit, |home, index, by| {
            commands::end_record(home, index, by, "attestation", entry, &reason)
        })?,
        None => None,
    };
    match acted {
        Some(acted) => Ok(Reply::see(format!(
            "/items/{}?kept={}",
            found.standing.item, acted.entry
        ))),
        None => show_withdraw(visit, &now, &found, entered),
    }
}

/// Where a form leads that was carried out before it was sent the second time.
fn sent_again(visit: &Visit, found: &Found<'_>, meant: Option<u64>) -> Option<Reply> {
    let now = visit.app.snapshot().ok()?;
    let before = former(&visit.app, &now, found.standing).ok()?;
    let ended = before
        .iter()
        .any(|f| Some(f.entry) == meant && f.ended.is_some());
    ended.then(|| Reply::see(format!("/items/{}", found.standing.item)))
}
