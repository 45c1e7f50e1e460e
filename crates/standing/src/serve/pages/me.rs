//! `/me`: who one is here, by which keys one comes in, and where one is signed in.

use askama::Template;
use jiff::Timestamp;

use super::frame::Frame;
use super::words;
use crate::serve::members::{Member, Passkey};
use crate::serve::membership::acts::{self, me, this_session};
use crate::serve::right::{Access, Right};
use crate::serve::routes::Route;
use crate::serve::session::Session;
use crate::serve::visit::{Answer, Reply, Visit};

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
        this: this_session(visit)?,
    };
    Ok(Reply::page(page.render()?))
}

fn end_passkey(visit: &Visit) -> Answer {
    let acted = acts::end_passkey(visit, visit.parameter("id"))?;
    Ok(Reply::see(format!("/me?kept={}", acted.entry)))
}

fn end_session(visit: &Visit) -> Answer {
    acts::end_session(visit, visit.parameter("id"))?;
    Ok(Reply::see("/me"))
}

fn end_others(visit: &Visit) -> Answer {
    acts::end_other_sessions(visit)?;
    Ok(Reply::see("/me"))
}
