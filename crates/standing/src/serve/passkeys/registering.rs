//! Registering a passkey: by the link of an invitation, or beside those one has.

use std::time::Instant;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;
use webauthn_rs::prelude::{CredentialID, Passkey as Public, RegisterPublicKeyCredential, Uuid};

use super::{Ceremony, Finished, New, begun, by_credential, creation, public_part, too_late};
use crate::home::{By, Home};
use crate::serve::entrance::{comes_in, first_page};
use crate::serve::members::{self, Invitation, Members, NewMember};
use crate::serve::membership::{Entries, email, line};
use crate::serve::right::{Access, Right, Role};
use crate::serve::routes::Route;
use crate::serve::visit::{Answer, Reply, Trouble, Visit};

/// Its routes.
pub const ROUTES: &[Route] = &[
    Route::json("POST", "/passkeys/join/begin", Access::Public, join),
    Route::json("POST", "/passkeys/join/finish", Access::Public, joined),
    Route::json(
        "POST",
        "/passkeys/add/begin",
        Access::Proven(Right::Own),
        add,
    ),
    Route::json(
        "POST",
        "/passkeys/add/finish",
        Access::Proven(Right::Own),
        added,
    ),
];

/// Unknown, used, ended or expired: one answer for all, so that nobody learns which it was.
pub fn no_such_link() -> Trouble {
    Trouble::missing("This link does not work: it was used, it has expired, or it never was one.")
        .hint("ask whoever sent it for a new one")
}

#[derive(Deserialize)]
struct Joining {
    link: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    label: String,
}

fn join(visit: &Visit) -> Answer {
    let asked: Joining = visit.json()?;
    let members = visit.app.members();
    let invitation = members
        .invitation(&asked.link, Timestamp::now())
        .ok_or_else(no_such_link)?;
    let known = invitation.member.as_ref();
    let known = known.and_then(|id| members.members.get(id));
    let name = match known {
        Some(member) => member.name.as_str(),
        None if invitation.name.is_empty() => &asked.name,
        None => &invitation.name,
    };
    let name = line("your name", name)?.to_owned();
    let (options, new) = ask(
        visit,
        &members,
        known.map(|m| m.id.as_str()),
        name,
        &asked.label,
    )?;
    let email = match invitation.email.as_str() {
        "" => email(&asked.email)?,
        known => known,
    };
    let begin = Ceremony::Join {
        email: email.to_owned(),
        link: asked.link,
        new,
    };
    let ceremony = visit.app.passkeys.begin(begin, Instant::now())?;
    Ok(begun(&ceremony, &options))
}

fn joined(visit: &Visit) -> Answer {
    let asked: Finished<RegisterPublicKeyCredential> = visit.json()?;
    let ceremony = visit.app.passkeys.end(&asked.ceremony, Instant::now())?;
    let Ceremony::Join { link, email, new } = ceremony else {
        return Err(too_late());
    };
    let public = answered(visit, &asked.credential, &new)?;
    let mut joined = (String::new(), Role::Auditor);
    visit.app.act(By::KEYBOARD, |home, index| {
        // Looked at again by the only one who writes: two who follow one link do not both come in.
        let members = Members::read(index)?;
        let invitation = members
            .invitation(&link, Timestamp::now())
            .ok_or_else(no_such_link)?;
        unknown(&members, &public)?;
        let (id, entries) = comes_to_be(home, &members, invitation, &email, &new, &public)?;
        joined = (id, invitation.role);
        // One append: whoever is killed here leaves everything or nothing.
        Ok::<u64, Trouble>(members::keep(home, index, By::actor(&joined.0), entries)?)
    })?;
    let (id, role) = joined;
    let cookie = comes_in(visit, &id, "passkey")?;
    let next = first_page(role);
    Ok(Reply::json(&json!({ "next": next })).header("set-cookie", cookie))
}

/// Everything that an invitation brings about: the member, the passkey, and its own end.
fn comes_to_be(
    home: &Home,
    members: &Members,
    invitation: &Invitation,
    email: &str,
    new: &New,
    public: &Public,
) -> Result<(String, Entries), Trouble> {
    let (id, mut entries) = match &invitation.member {
        Some(id) => (id.clone(), Vec::new()),
        None => {
            let person = NewMember {
                name: &new.name,
                email,
                identity: None,
            };
            members::joins(home, &person, invitation.role)?
        }
    };
    entries.extend(key(home, &id, new, public)?);
    entries.push(members::ends("invitation", &invitation.id, "used"));
    if invitation.role == Role::Owner {
        let others = members.invitations.values();
        let others = others.filter(|i| i.set_up && i.id != invitation.id);
        entries.extend(others.map(|i| members::ends("invitation", &i.id, "there is an owner")));
    }
    Ok((id, entries))
}

#[derive(Deserialize)]
struct Adding {
    #[serde(default)]
    label: String,
}

fn add(visit: &Visit) -> Answer {
    let asked: Adding = visit.json()?;
    let who = visit.who()?;
    let members = visit.app.members();
    let (options, new) = ask(
        visit,
        &members,
        Some(&who.member),
        who.name.clone(),
        &asked.label,
    )?;
    let session = super::session(visit)?.to_owned();
    let begin = Ceremony::Add { session, new };
    let ceremony = visit.app.passkeys.begin(begin, Instant::now())?;
    Ok(begun(&ceremony, &options))
}

fn added(visit: &Visit) -> Answer {
    let asked: Finished<RegisterPublicKeyCredential> = visit.json()?;
    let who = visit.who()?;
    let ceremony = visit.app.passkeys.end(&asked.ceremony, Instant::now())?;
    let new = match ceremony {
        Ceremony::Add { session, new } if session == super::session(visit)? => new,
        _ => return Err(too_late()),
    };
    let public = answered(visit, &asked.credential, &new)?;
    let acted = visit.app.act(visit.by()?, |home, index| {
        unknown(&Members::read(index)?, &public)?;
        let entries = key(home, &who.member, &new, &public)?;
        Ok::<u64, Trouble>(members::keep(home, index, visit.by()?, entries)?)
    })?;
    Ok(Reply::json(
        &json!({ "next": format!("/me?kept={}", acted.entry) }),
    ))
}

/// What the authenticator is asked, and what is remembered of it. Keys of one member bear one name at
/// the authenticator, and one that holds a key of theirs already is not asked for another.
fn ask(
    visit: &Visit,
    members: &Members,
    member: Option<&str>,
    name: String,
    label: &str,
) -> Result<(serde_json::Value, New), Trouble> {
    let label = match label.trim() {
        "" => "Passkey",
        label => line("the passkey's name", label)?,
    };
    let theirs = member.into_iter().flat_map(|id| members.passkeys_of(id));
    let theirs: Vec<_> = theirs.collect();
    let user = theirs.iter().find_map(|k| k.user.parse().ok());
    let user = user.unwrap_or_else(Uuid::new_v4);
    let held = theirs.iter().filter_map(|k| public_part(k));
    let held: Vec<CredentialID> = held.map(|k| k.cred_id().clone()).collect();
    let (asked, state) = visit
        .app
        .passkeys
        .webauthn
        .start_passkey_registration(user, &name, &name, Some(held))
        .map_err(Trouble::ours)?;
    let new = New {
        state: Box::new(state),
        user,
        name,
        label: label.to_owned(),
    };
    Ok((creation(&asked)?, new))
}

/// What the authenticator answered, if it is what was asked.
fn answered(
    visit: &Visit,
    credential: &RegisterPublicKeyCredential,
    new: &New,
) -> Result<Public, Trouble> {
    visit
        .app
        .passkeys
        .webauthn
        .finish_passkey_registration(credential, &new.state)
        .map_err(|error| {
            Trouble::unusable("The passkey could not be registered. Nothing was changed.")
                .hint("try again, or with another device or browser")
                .log(error)
        })
}

/// A key belongs to one member only.
fn unknown(members: &Members, public: &Public) -> Result<(), Trouble> {
    match by_credential(members, public.cred_id().as_ref()) {
        None => Ok(()),
        Some(_) => Err(Trouble::conflict("This passkey is registered already.")),
    }
}

fn key(home: &Home, member: &str, new: &New, public: &Public) -> Result<Entries, Trouble> {
    let public = serde_json::to_value(public).map_err(Trouble::ours)?;
    let user = new.user.to_string();
    let (_, entries) = members::passkey_added(home, member, &new.label, &user, &public)?;
    Ok(entries)
}
