//! `/me`: who one is here, by which keys one comes in, and where one is signed in.

use askama::Template;
use jiff::Timestamp;

use super::frame::Frame;
use super::words;
use crate::serve::members::{self, Member, Members, Passkey};
use crate::serve::right::{Access, Right};
use crate::serve::routes::Route;
use crate::serve::session::Session;
use crate::serve::visit::{Answer, Means, Reply, Trouble, Visit};

/// Its routes.
pub const ROUTES: &[Route] = &[
    Route::get("/me", Access::With(Right::Own), page),
    Route::form(
        "/me/passkeys/{id}/end",
        Access::Proven(Right::Own),
        end_passkey,
    ),
    Route::form(
        "/me/sessions/{id}/end",
        Access::With(Right::Own),
        end_session,
    ),
    Route::form(
        "/me/other-sessions/end",
        Access::With(Right::Own),
        end_others,
    ),
];

#[derive(Template)]
#[template(path = "me.html")]
struct Page<'a> {
    frame: Frame,
    me: &'a Member,
    proven: bool,
    passkeys: Vec<&'a Passkey>,
    /// Whether a passkey may be ended: the last way in may not.
    may_end: bool,
    sessions: Vec<Session>,
    /// Name of this session.
    this: &'a str,
}

/// The member who comes; one who was ended a moment ago is nobody.
fn me<'m>(visit: &Visit, members: &'m Members) -> Result<&'m Member, Trouble> {
    let id = &visit.who()?.member;
    members.members.get(id).ok_or_else(Trouble::nobody)
}

fn this(visit: &Visit) -> Result<&str, Trouble> {
    match &visit.who()?.by {
        Means::Session { id, .. } => Ok(id),
        Means::Token { .. } => Err(Trouble::forbidden("This is for people, not for tokens.")),
    }
}

fn page(visit: &Visit) -> Answer {
    let members = visit.app.members();
    let me = me(visit, &members)?;
    let passkeys: Vec<&Passkey> = members.passkeys_of(&me.id).collect();
    let page = Page {
        frame: Frame::of(visit, "/me"),
        me,
        proven: visit.who()?.proven(),
        may_end: passkeys.len() > 1 || me.identity.is_some(),
        passkeys,
        sessions: visit.app.sessions.of(&me.id, Timestamp::now())?,
        this: this(visit)?,
    };
    Ok(Reply::page(page.render()?))
}

fn end_passkey(visit: &Visit) -> Answer {
    let id = visit.parameter("id");
    let acted = visit.app.act(visit.by()?, |home, index| {
        let members = Members::read(index)?;
        let me = me(visit, &members)?;
        let mine: Vec<&Passkey> = members.passkeys_of(&me.id).collect();
        if !mine.iter().any(|passkey| passkey.id == id) {
            return Err(Trouble::missing("You have no such passkey."));
        }
        if mine.len() == 1 && me.identity.is_none() {
            return Err(Trouble::conflict(
                "This is your only passkey: without it you could not come in again.",
            )
            .hint("add another one first"));
        }
        let entries = vec![members::ends("passkey", id, "ended by its owner")];
        Ok(members::keep(home, index, visit.by()?, entries)?)
    })?;
    // Whoever had the key may have a session by it.
    visit
        .app
        .sessions
        .end_others(&visit.who()?.member, this(visit)?)?;
    Ok(Reply::see(format!("/me?kept={}", acted.entry)))
}

fn end_session(visit: &Visit) -> Answer {
    let who = visit.who()?;
    if !visit.app.sessions.end(&who.member, visit.parameter("id"))? {
        return Err(Trouble::missing("You have no such session."));
    }
    Ok(Reply::see("/me"))
}

fn end_others(visit: &Visit) -> Answer {
    let who = visit.who()?;
    visit.app.sessions.end_others(&who.member, this(visit)?)?;
    Ok(Reply::see("/me"))
}
