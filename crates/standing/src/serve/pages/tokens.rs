//! `/tokens`: what programs come in by.

use askama::Template;
use jiff::Timestamp;

use super::frame::Frame;
use super::words;
use crate::serve::members::{Members, Token};
use crate::serve::membership::acts::{self, USUAL_TOKEN_DAYS};
use crate::serve::membership::{TOKEN_DAYS, for_tokens};
use crate::serve::right::{Access, Right};
use crate::serve::routes::Route;
use crate::serve::visit::{Answer, Reply, Visit};

/// Its routes.
pub const ROUTES: &[Route] = &[
    Route::get("/tokens", Access::With(Right::Keys), list),
    Route::form("/tokens", Access::Proven(Right::Keys), make),
    Route::form("/tokens/{id}/end", Access::Proven(Right::Keys), end),
];

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
    days: String,
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
        Right::Attest => "Attest items, grant exceptions, say what binds the organisation.",
        Right::Record => "Keep registers.",
        Right::Collect => "Run sources now.",
        Right::Configure => "Add, change and remove sources.",
        Right::Review => "Decide reviews.",
        Right::Metrics => "Read the figures of the server's own running, for monitoring.",
        Right::Own | Right::ExportPersonal | Right::Erase | Right::Members | Right::Keys => {
            "Only people can do this."
        }
    }
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
        tokens: tokens.filter(|token| acts::sees(visit, token)).collect(),
        now: Timestamp::now(),
        scopes: for_tokens(who.role).collect(),
        chosen: chosen(visit),
        label: visit.field("label").unwrap_or_default(),
        days: visit
            .field("days")
            .map_or_else(|| USUAL_TOKEN_DAYS.to_string(), str::to_owned),
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
    let label = visit.field("label").unwrap_or_default();
    let days = visit.field("days").and_then(|days| days.parse().ok());
    let new = match acts::token(visit.who()?.role, label, chosen(visit), days.unwrap_or(0)) {
        Ok(new) => new,
        Err(mistakes) => return listed(visit, mistakes),
    };
    let shown = acts::make_token(visit, &new)?;
    let mut frame = Frame::of(visit, "/tokens");
    frame.kept = Some(shown.acted.entry);
    let page = Made {
        frame,
        token: shown.secret,
        label: label.to_owned(),
        until: new.expires_at,
    };
    Ok(Reply::page(page.render()?))
}

fn end(visit: &Visit) -> Answer {
    let acted = acts::end_token(visit, visit.parameter("id"))?;
    Ok(Reply::see(format!("/tokens?kept={}", acted.entry)))
}
