//! Oneself: by which keys one comes in, where one is signed in, the calendar's link. For people alone.

use jiff::Timestamp;

use super::doc::{Doc, of};
use super::forms::{Member, Nothing};
use super::people::{Link, Me, Passkey, Session, SessionsEnded};
use crate::serve::membership::acts::{self, this_session};
use crate::serve::right::{Access, Right};
use crate::serve::routes::Route;
use crate::serve::visit::{Answer, Reply, Visit};

const OWN: Access = Access::With(Right::Own);

/// Its routes.
pub const ROUTES: &[Route] = &[
    Route::get("/api/v1/me", OWN, me).described(&Doc::get(
        "Who one is here, one's passkeys and sessions",
        of::<Me>,
    )),
    Route::delete(
        "/api/v1/me/passkeys/{id}",
        Access::Proven(Right::Own),
        end_passkey,
    )
    .described(&Doc {
        about: "One's other sessions end with it. The last way in stays: 409. A new passkey is registered in \
            a browser alone.",
        ..Doc::end("End a passkey of one's own")
    }),
    Route::delete("/api/v1/me/sessions/{id}", OWN, end_session).described(&Doc {
        answer: of::<SessionsEnded>,
        once: false,
        ..Doc::end("End a session of one's own")
    }),
    Route::delete("/api/v1/me/other-sessions", OWN, end_others).described(&Doc {
        answer: of::<SessionsEnded>,
        once: false,
        ..Doc::end("End every session of one's own but the one that asks")
    }),
    Route::json("POST", "/api/v1/me/feed", OWN, make_feed).described(&Doc {
        about: "A former link ends with it. It is told this once. Sent again under the same Idempotency-Key, \
            the request is refused with 409.",
        answer: of::<Link>,
        ..Doc::act("Make the link by which a calendar program reads what is due", of::<Nothing>)
    }),
    Route::delete("/api/v1/me/feed", OWN, withdraw_feed)
        .described(&Doc::end("Withdraw the calendar's link")),
];

fn me(visit: &Visit) -> Answer {
    let members = visit.app.members();
    let me = acts::me(visit, &members)?;
    let this = this_session(visit)?;
    let passkeys = members.passkeys_of(&me.id).map(|p| Passkey {
        id: p.id.clone(),
        label: p.label.clone(),
        entry: p.entry,
    });
    let passkeys: Vec<Passkey> = passkeys.collect();
    let sessions = visit.app.sessions.of(&me.id, Timestamp::now())?;
    let sessions = sessions.into_iter().map(|s| Session {
        this: s.id == this,
        id: s.id,
        means: s.means,
        label: s.label,
        began_at: s.began_at.to_string(),
        seen_at: s.seen_at.to_string(),
    });
    Ok(Reply::json(&Me {
        member: Member {
            id: me.id.clone(),
            name: me.name.clone(),
            email: me.email.clone(),
            role: me.role.as_str(),
            passkeys: passkeys.len() as u64,
            identity_provider: me.identity.is_some(),
            entry: me.entry,
        },
        proven: visit.who()?.proven(),
        passkeys,
        sessions: sessions.collect(),
        feed: members.feeds_of(&me.id).next().map(|feed| feed.entry),
    }))
}

fn end_passkey(visit: &Visit) -> Answer {
    let acted = acts::end_passkey(visit, visit.parameter("id"))?;
    Ok(super::ended(acted))
}

fn end_session(visit: &Visit) -> Answer {
    acts::end_session(visit, visit.parameter("id"))?;
    Ok(Reply::json(&SessionsEnded { ended: 1 }))
}

fn end_others(visit: &Visit) -> Answer {
    let ended = acts::end_other_sessions(visit)? as u64;
    Ok(Reply::json(&SessionsEnded { ended }))
}

fn make_feed(visit: &Visit) -> Answer {
    let _: Nothing = visit.json()?;
    Ok(Link::reply(acts::make_feed(visit)?, None))
}

fn withdraw_feed(visit: &Visit) -> Answer {
    Ok(super::ended(acts::withdraw_feed(visit)?))
}
