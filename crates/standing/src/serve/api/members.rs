//! Who may come in, and as what; what programs come in by.

use super::doc::{Doc, of};
use super::forms::{Invitation, Member, Nothing, Token};
use super::paging::{AFTER, LIMIT, Part};
use super::people::{Link, MemberChange, NewInvitation, NewToken, TokenMade};
use super::types::Page;
use crate::serve::membership::acts::{self, Change, LINK_DAYS, USUAL_TOKEN_DAYS, known};
use crate::serve::right::{Access, Right};
use crate::serve::routes::Route;
use crate::serve::visit::{Answer, Reply, Visit};

const MEMBERS: Access = Access::With(Right::Members);
const CHANGE: Access = Access::Proven(Right::Members);
/// What is told of a secret in an answer.
const ONCE: &str = "It is told this once. Sent again under the same Idempotency-Key, the request is refused \
    with 409.";

/// Its routes.
pub const ROUTES: &[Route] = &[
    Route::get("/api/v1/members", MEMBERS, members).described(&Doc {
        query: &[LIMIT, AFTER],
        ..Doc::get("Who may come in, and as what", of::<Page<Member>>)
    }),
    Route::json("PUT", "/api/v1/members/{id}", CHANGE, change).described(&Doc {
        about: "What is not given stays. A role, even the one they have, ends their sessions and tokens. \
            The only owner who can come in stays one: 409. Of whom an identity provider answers for, name, \
            e-mail and role are again what it says at the next sign-in.",
        ..Doc::act("Change a member", of::<MemberChange>)
    }),
    Route::delete("/api/v1/members/{id}", CHANGE, end).described(&Doc {
        about: "With their sessions, passkeys, tokens and links. The only owner who can come in stays: 409.",
        ..Doc::end("End a member")
    }),
    Route::json("POST", "/api/v1/members/{id}/invitations", CHANGE, new_key).described(&Doc {
        about: ONCE,
        answer: of::<Link>,
        ..Doc::act("Make a link by which a member registers another passkey", of::<Nothing>)
    }),
    Route::get("/api/v1/invitations", MEMBERS, invitations).described(&Doc {
        query: &[LIMIT, AFTER],
        ..Doc::get("Invitations that stand", of::<Page<Invitation>>)
    }),
    Route::json("POST", "/api/v1/invitations", CHANGE, invite).described(&Doc {
        about: ONCE,
        answer: of::<Link>,
        ..Doc::act("Make a link by which somebody becomes a member", of::<NewInvitation>)
    }),
    Route::delete("/api/v1/invitations/{id}", CHANGE, end_invitation)
        .described(&Doc::end("End an invitation")),
    Route::get("/api/v1/tokens", Access::With(Right::Keys), tokens).described(&Doc {
        about: "One's own; owners see everybody's.",
        query: &[LIMIT, AFTER],
        ..Doc::get("Tokens that stand", of::<Page<Token>>)
    }),
    Route::json("POST", "/api/v1/tokens", Access::Proven(Right::Keys), make_token).described(&Doc {
        about: ONCE,
        answer: of::<TokenMade>,
        ..Doc::act("Make a token that acts in one's own name", of::<NewToken>)
    }),
    Route::delete("/api/v1/tokens/{id}", Access::Proven(Right::Keys), end_token).described(&Doc {
        about: "One's own; owners end everybody's.",
        ..Doc::end("End a token")
    }),
];

fn members(visit: &Visit) -> Answer {
    let all = visit.app.members();
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

fn change(visit: &Visit) -> Answer {
    let new: MemberChange = visit.json()?;
    let change = Change {
        name: new.name.as_deref(),
        email: new.email.as_deref(),
        role: new.role.map(Into::into),
    };
    let acted = acts::change(visit, visit.parameter("id"), &change)?;
    Ok(super::kept(acted))
}

fn end(visit: &Visit) -> Answer {
    Ok(super::ended(acts::end(visit, visit.parameter("id"))?))
}

fn new_key(visit: &Visit) -> Answer {
    let _: Nothing = visit.json()?;
    let members = visit.app.members();
    let member = known(&members, visit.parameter("id"))?;
    let invited = acts::new_key(member)?;
    let shown = acts::invite(visit, &invited)?;
    Ok(Link::reply(shown, Some(invited.expires_at)))
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

fn invite(visit: &Visit) -> Answer {
    let new: NewInvitation = visit.json()?;
    let (email, days) = (new.email.as_deref(), new.days.unwrap_or(LINK_DAYS));
    let role = crate::serve::right::Role::from(new.role).as_str();
    let invited = acts::invitation(&new.name, email.unwrap_or_default(), role, days)
        .map_err(acts::unusable)?;
    let shown = acts::invite(visit, &invited)?;
    Ok(Link::reply(shown, Some(invited.expires_at)))
}

fn end_invitation(visit: &Visit) -> Answer {
    let acted = acts::end_invitation(visit, visit.parameter("id"))?;
    Ok(super::ended(acted))
}

fn tokens(visit: &Visit) -> Answer {
    let all = visit.app.members();
    let seen = all.tokens.values().filter(|t| acts::sees(visit, t));
    let told = seen.map(|t| Token {
        id: t.id.clone(),
        member: t.member.clone(),
        label: t.label.clone(),
        scopes: t.scopes.iter().map(|s| s.as_str()).collect(),
        expires_at: t.expires_at.to_string(),
        entry: t.entry,
    });
    Ok(Reply::json(&Part::of(visit)?.take(told, |t| t.id.clone())))
}

fn make_token(visit: &Visit) -> Answer {
    let new: NewToken = visit.json()?;
    let days = new.days.unwrap_or(USUAL_TOKEN_DAYS);
    let scopes = new.scopes.iter().map(String::as_str);
    let token = acts::token(visit.who()?.role, &new.label, scopes, days).map_err(acts::unusable)?;
    let shown = acts::make_token(visit, &token)?;
    Ok(TokenMade::reply(shown, token.expires_at))
}

fn end_token(visit: &Visit) -> Answer {
    let acted = acts::end_token(visit, visit.parameter("id"))?;
    Ok(super::ended(acted))
}
