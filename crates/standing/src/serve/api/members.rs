//! Who may come in: read by owners. Changes ask for a person at the keyboard.

use super::doc::{Doc, of};
use super::forms::{Invitation, Member, Token};
use super::paging::{AFTER, LIMIT, Part};
use super::types::Page;
use crate::serve::members::Members;
use crate::serve::right::{Access, Right};
use crate::serve::routes::Route;
use crate::serve::visit::{Answer, Reply, Visit};

const ABOUT: &str = "Members, roles, invitations and tokens are changed on the pages alone: each change asks \
    for a proof of who asks that is only minutes old.";

/// Its routes.
pub const ROUTES: &[Route] = &[
    Route::get("/api/v1/members", Access::With(Right::Members), members).described(&Doc {
        about: ABOUT,
        query: &[LIMIT, AFTER],
        ..Doc::get("Who may come in, and as what", of::<Page<Member>>)
    }),
    Route::get(
        "/api/v1/invitations",
        Access::With(Right::Members),
        invitations,
    )
    .described(&Doc {
        about: ABOUT,
        query: &[LIMIT, AFTER],
        ..Doc::get("Invitations that stand", of::<Page<Invitation>>)
    }),
    Route::get("/api/v1/tokens", Access::With(Right::Members), tokens).described(&Doc {
        about: ABOUT,
        query: &[LIMIT, AFTER],
        ..Doc::get("Tokens that stand", of::<Page<Token>>)
    }),
];

fn members(visit: &Visit) -> Answer {
    let all: &Members = &visit.app.members();
    let told = all.members.values().map(|m| Member {
        id: m.id.clone(),
        name: m.name.clone(),
        email: m.email.clone(),
        role: m.role.as_str(),
        passkeys: all.passkeys_of(&m.id).count() as u64,
        identity_provider: m.identity.is_some(),
        entry: m.entry,
    });
    Ok(Reply::json(&Part::of(visit)?.take(told, |m| m.id.clone())))
}

fn invitations(visit: &Visit) -> Answer {
    let all = visit.app.members();
    let told = all.invitations.values().map(|i| Invitation {
        id: i.id.clone(),
        name: i.name.clone(),
        role: i.role.as_str(),
        expires_at: i.expires_at.to_string(),
        entry: i.entry,
    });
    Ok(Reply::json(&Part::of(visit)?.take(told, |i| i.id.clone())))
}

fn tokens(visit: &Visit) -> Answer {
    let all = visit.app.members();
    let told = all.tokens.values().map(|t| Token {
        id: t.id.clone(),
        member: t.member.clone(),
        label: t.label.clone(),
        scopes: t.scopes.iter().map(|s| s.as_str()).collect(),
        expires_at: t.expires_at.to_string(),
        entry: t.entry,
    });
    Ok(Reply::json(&Part::of(visit)?.take(told, |t| t.id.clone())))
}
