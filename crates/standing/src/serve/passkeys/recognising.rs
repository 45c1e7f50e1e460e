//! Recognising somebody by their passkey: to come in, and to prove again who they are.

use std::time::Instant;

use serde::Deserialize;
use serde_json::json;
use webauthn_rs::prelude::{AuthenticationResult, PublicKeyCredential};

use super::{Ceremony, Finished, begun, by_credential, public_part, session, too_late};
use crate::serve::entrance::{comes_in, first_page, local};
use crate::serve::members::{Members, Passkey};
use crate::serve::right::{Access, Right};
use crate::serve::routes::Route;
use crate::serve::visit::{Answer, Reply, Trouble, Visit};

/// Its routes.
pub const ROUTES: &[Route] = &[
    Route::json("POST", "/passkeys/sign-in/begin", Access::Public, sign_in),
    Route::json(
        "POST",
        "/passkeys/sign-in/finish",
        Access::Public,
        signed_in,
    ),
    Route::json(
        "POST",
        "/passkeys/prove/begin",
        Access::With(Right::Own),
        prove,
    ),
    Route::json(
        "POST",
        "/passkeys/prove/finish",
        Access::With(Right::Own),
        proved,
    ),
];

/// Unknown, ended, copied or not verified: one answer for all. The log says which.
fn not_recognised(log: impl std::fmt::Display) -> Trouble {
    Trouble::forbidden("This passkey does not let you in here.")
        .hint("use another one, or ask an owner for a new link")
        .log(log)
}

#[derive(Deserialize)]
struct Onward {
    #[serde(default)]
    next: String,
}

fn sign_in(visit: &Visit) -> Answer {
    let asked: Onward = visit.json()?;
    let passkeys = &visit.app.passkeys;
    let started = passkeys.webauthn.start_discoverable_authentication();
    let (challenge, state) = started.map_err(Trouble::ours)?;
    let mut options = serde_json::to_value(challenge).map_err(Trouble::ours)?;
    // The library means it for a list beside a field of text; ours is a button.
    if let Some(options) = options.as_object_mut() {
        options.remove("mediation");
    }
    let next = local(Some(&asked.next)).to_owned();
    let state = Box::new(state);
    let ceremony = passkeys.begin(Ceremony::SignIn { state, next }, Instant::now())?;
    Ok(begun(&ceremony, &options))
}

fn signed_in(visit: &Visit) -> Answer {
    let asked: Finished<PublicKeyCredential> = visit.json()?;
    let passkeys = &visit.app.passkeys;
    let Ceremony::SignIn { state, next } = passkeys.end(&asked.ceremony, Instant::now())? else {
        return Err(too_late());
    };
    let (user, credential) = passkeys
        .webauthn
        .identify_discoverable_authentication(&asked.credential)
        .map_err(not_recognised)?;
    let members = visit.app.members();
    let (passkey, public) = by_credential(&members, credential)
        .filter(|(passkey, _)| passkey.user == user.to_string())
        .ok_or_else(|| not_recognised("unknown passkey"))?;
    let member = members.members.get(&passkey.member);
    let member = member.ok_or_else(|| not_recognised("passkey of a member who was ended"))?;
    let result = passkeys
        .webauthn
        .finish_discoverable_authentication_v2(&asked.credential, *state, &public)
        .map_err(not_recognised)?;
    verified(visit, passkey, &result)?;
    let cookie = comes_in(visit, &member.id, "passkey")?;
    let next = match next.as_str() {
        "/" => first_page(member.role),
        next => next,
    };
    Ok(Reply::json(&json!({ "next": next })).header("set-cookie", cookie))
}

/// Whether the person was verified and the passkey is not a copy that lags behind.
fn verified(
    visit: &Visit,
    passkey: &Passkey,
    result: &AuthenticationResult,
) -> Result<(), Trouble> {
    if !result.user_verified() {
        return Err(not_recognised("the person was not verified"));
    }
    if !visit.app.sessions.counted(&passkey.id, result.counter())? {
        let log = format!("counter of passkey {} went back: a copy?", passkey.id);
        return Err(not_recognised(log));
    }
    Ok(())
}

fn prove(visit: &Visit) -> Answer {
    let asked: Onward = visit.json()?;
    let members = visit.app.members();
    let theirs = members.passkeys_of(&visit.who()?.member);
    let theirs: Vec<_> = theirs.filter_map(public_part).collect();
    if theirs.is_empty() {
        return Err(Trouble::conflict("You have no passkey here."));
    }
    let passkeys = &visit.app.passkeys;
    let started = passkeys.webauthn.start_passkey_authentication(&theirs);
    let (challenge, state) = started.map_err(Trouble::ours)?;
    let options = serde_json::to_value(challenge).map_err(Trouble::ours)?;
    let begin = Ceremony::Prove {
        session: session(visit)?.to_owned(),
        state: Box::new(state),
        next: local(Some(&asked.next)).to_owned(),
    };
    let ceremony = passkeys.begin(begin, Instant::now())?;
    Ok(begun(&ceremony, &options))
}

fn proved(visit: &Visit) -> Answer {
    let asked: Finished<PublicKeyCredential> = visit.json()?;
    let passkeys = &visit.app.passkeys;
    let ceremony = passkeys.end(&asked.ceremony, Instant::now())?;
    let session = session(visit)?;
    let (state, next) = match ceremony {
        Ceremony::Prove {
            session: of,
            state,
            next,
        } if of == session => (state, next),
        _ => return Err(too_late()),
    };
    let result = passkeys
        .webauthn
        .finish_passkey_authentication(&asked.credential, &state)
        .map_err(not_recognised)?;
    let members = visit.app.members();
    let passkey = own(&members, &visit.who()?.member, &result)?;
    verified(visit, passkey, &result)?;
    visit.app.sessions.prove(session, jiff::Timestamp::now())?;
    Ok(Reply::json(&json!({ "next": next })))
}

/// The passkey used, if it is still one of the member's.
fn own<'m>(
    members: &'m Members,
    member: &str,
    result: &AuthenticationResult,
) -> Result<&'m Passkey, Trouble> {
    by_credential(members, result.cred_id().as_ref())
        .map(|(passkey, _)| passkey)
        .filter(|passkey| passkey.member == member)
        .ok_or_else(|| not_recognised("a passkey that was ended meanwhile"))
}
