//! `/tokens`: what programs come in by.

use askama::Template;
use jiff::Timestamp;

use super::frame::Frame;
use super::words;
use crate::serve::members::{self, Members, Token};
use crate::serve::membership::{self, TOKEN_DAYS, for_tokens, in_days, line};
use crate::serve::right::{Access, Right};
use crate::serve::routes::Route;
use crate::serve::visit::{Answer, Reply, Trouble, Visit};

/// Its routes.
pub const ROUTES: &[Route] = &[
    Route::get("/tokens", Access::With(Right::Keys), list),
    Route::form("/tokens", Access::Proven(Right::Keys), make),
    Route::form("/tokens/{id}/end", Access::Proven(Right::Keys), end),
];

/// Days for which a token works if nothing is said.
const DAYS: &str = "30";

#[derive(Template)]
#[template(path = "tokens.html")]
struct List<'a> {
    frame: Frame,
    members: &'a Members,
    tokens: Vec<&'a Token>,
    now: Timestamp,
    scopes: Vec<Right>,
    chosen: Vec<&'a str>,
    label: &'a str,
    days: &'a str,
    proven: bool,
    errors: Vec<(&'static str, String)>,
}

#[derive(Template)]
#[template(path = "token.html")]
struct Made {
    frame: Frame,
    token: String,
    label: String,
    until: Timestamp,
}

/// What a scope is for, in a sentence.
fn meaning(scope: &Right) -> &'static str {
    match scope {
        Right::Read => "See standing, items, checks, sources and the log.",
        Right::ReadPersonal => "See people: who they are, their accounts and rights.",
        Right::Attest => "Attest items and grant exceptions.",
        Right::Record => "Keep registers.",
        Right::Collect => "Run sources now.",
        Right::Configure => "Add sources and change settings.",
        Right::Review => "Decide reviews.",
        Right::Metrics => "Read the figures of the server's own running, for monitoring.",
        Right::Own | Right::ExportPersonal | Right::Erase | Right::Members | Right::Keys => {
            "Only people can do this."
        }
    }
}

/// Owners see and end everybody's tokens, others their own.
fn may_see(visit: &Visit, token: &Token) -> bool {
    let who = visit.who.as_ref();
    who.is_some_and(|who| who.may(Right::Members) || who.member == token.member)
}

fn list(visit: &Visit) -> Answer {
    listed(visit, Vec::new())
}

fn listed(visit: &Visit, errors: Vec<(&'static str, String)>) -> Answer {
    let members = visit.app.members();
    let who = visit.who()?;
    let status = if errors.is_empty() { 200 } else { 422 };
    let tokens = members.tokens.values();
    let page = List {
        frame: Frame::of(visit, "/tokens"),
        members: &members,
        tokens: tokens.filter(|token| may_see(visit, token)).collect(),
        now: Timestamp::now(),
        scopes: for_tokens(who.role).collect(),
        chosen: chosen(visit),
        label: visit.field("label").unwrap_or_default(),
        days: visit.field("days").unwrap_or(DAYS),
        proven: who.proven(),
        errors,
    };
    Ok(Reply::page(page.render()?).status(status))
}

fn chosen(visit: &Visit) -> Vec<&str> {
    let fields = visit.fields().iter();
    let fields = fields.filter(|(name, _)| name == "scope");
    fields.map(|(_, value)| value.as_str()).collect()
}

fn make(visit: &Visit) -> Answer {
    let who = visit.who()?;
    let label = line("what it is for", visit.field("label").unwrap_or_default());
    let scopes = membership::scopes(who.role, chosen(visit));
    let days = visit.field("days").and_then(|days| days.parse().ok());
    let until = in_days(Timestamp::now(), days.unwrap_or(0), TOKEN_DAYS);
    match (label, scopes, until) {
        (Ok(label), Ok(scopes), Ok(until)) => made(visit, label, &scopes, until),
        (label, scopes, until) => {
            let wrong = [
                ("label", label.err()),
                ("scopes", scopes.err()),
                ("days", until.err()),
            ];
            let wrong = wrong.into_iter();
            let errors = wrong.filter_map(|(field, e)| e.map(|e| (field, e.message)));
            listed(visit, errors.collect())
        }
    }
}

/// Keeps the token's hash and shows the token, this once.
fn made(visit: &Visit, label: &str, scopes: &[Right], until: Timestamp) -> Answer {
    let who = visit.who()?;
    let mut token = None;
    let acted = visit.app.act(visit.by()?, |home, index| {
        let (shown, entries) = members::new_token(home, &who.member, label, scopes, until)?;
        token = Some(shown);
        members::keep(home, index, visit.by()?, entries).map_err(Trouble::from)
    })?;
    let token = token.ok_or_else(|| {
        Trouble::conflict("This form was sent before, and its token shown then, once.")
            .hint("end that token and make another")
    })?;
    let mut frame = Frame::of(visit, "/tokens");
    frame.kept = Some(acted.entry);
    let label = label.to_owned();
    let page = Made {
        frame,
        token,
        label,
        until,
    };
    Ok(Reply::page(page.render()?))
}

fn end(visit: &Visit) -> Answer {
    let id = visit.parameter("id");
    let acted = visit.app.act(visit.by()?, |home, index| {
        let members = Members::read(index)?;
        let token = members.tokens.get(id);
        if !token.is_some_and(|token| may_see(visit, token)) {
            return Err(Trouble::missing("There is no such token."));
        }
        let entries = vec![members::ends("token", id, "ended on its page")];
        Ok(members::keep(home, index, visit.by()?, entries)?)
    })?;
    Ok(Reply::see(format!("/tokens?kept={}", acted.entry)))
}
