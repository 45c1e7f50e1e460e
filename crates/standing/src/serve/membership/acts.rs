//! What members do about themselves and each other: the pages and the API both call this, so that one
//! rule holds for both. Each act looks at members as they stand under the writer's lock.

use jiff::Timestamp;

use super::{
    Entries, INVITATION_DAYS, TOKEN_DAYS, email, in_days, is_last_owner, leaves, line, scopes,
    tokens_end,
};
use crate::failure::Failure;
use crate::home::Home;
use crate::serve::app::Acted;
use crate::serve::members::{self, Invited, Member, Members, NewMember, Passkey, Token};
use crate::serve::right::{Right, Role};
use crate::serve::visit::{Means, Trouble, Visit};

/// Days for which a link to come in works if nothing is said.
pub const LINK_DAYS: i64 = 7;
/// Days for which a token works if nothing is said.
pub const USUAL_TOKEN_DAYS: i64 = 30;

/// Fields that cannot be used, each with what is wrong with it.
pub type Mistakes = Vec<(&'static str, String)>;

/// Something that is told this once: it stands in no entry.
pub struct Shown {
    /// The entry that says so.
    pub acted: Acted,
    /// The name under which it can be ended.
    pub id: String,
    /// The link or token itself.
    pub secret: String,
}

/// The member of this identifier.
///
/// # Errors
/// 404 where there is none.
pub fn known<'m>(members: &'m Members, id: &str) -> Result<&'m Member, Trouble> {
    let missing = || Trouble::missing("There is no such member; perhaps they were ended.");
    members.members.get(id).ok_or_else(missing)
}

/// The member who comes.
///
/// # Errors
/// 401 where they were ended a moment ago.
pub fn me<'m>(visit: &Visit, members: &'m Members) -> Result<&'m Member, Trouble> {
    let id = &visit.who()?.member;
    members.members.get(id).ok_or_else(Trouble::nobody)
}

/// Name of the session that comes.
///
/// # Errors
/// 403 for a token.
pub fn this_session(visit: &Visit) -> Result<&str, Trouble> {
    match &visit.who()?.by {
        Means::Session { id, .. } => Ok(id),
        Means::Token { .. } => Err(Trouble::forbidden("This is for people, not for tokens.")),
    }
}

/// An invitation of somebody new, if everything about it can be used.
///
/// # Errors
/// Every mistake there is.
pub fn invitation<'a>(
    name: &'a str,
    address: &'a str,
    role: &str,
    days: i64,
) -> Result<Invited<'a>, Mistakes> {
    let name = line("name", name);
    let address = email(address);
    let role: Result<Role, Failure> = role
        .parse()
        .map_err(|_| Failure::usage("choose a role: owner, lead, engineer, reviewer or auditor"));
    let until = in_days(Timestamp::now(), days, INVITATION_DAYS);
    match (name, address, role, until) {
        (Ok(name), Ok(email), Ok(role), Ok(expires_at)) => Ok(Invited {
            name,
            email,
            role,
            member: None,
            set_up: false,
            expires_at,
        }),
        (name, address, role, until) => Err(mistakes([
            ("name", name.err()),
            ("email", address.err()),
            ("role", role.err()),
            ("days", until.err()),
        ])),
    }
}

fn mistakes(found: impl IntoIterator<Item = (&'static str, Option<Failure>)>) -> Mistakes {
    let found = found.into_iter();
    let wrong = found.filter_map(|(field, failure)| Some((field, failure?.message)));
    wrong.collect()
}

/// An invitation that gives a new key to a member who is here.
///
/// # Errors
/// Never, with the days it has.
pub fn new_key(member: &Member) -> Result<Invited<'_>, Failure> {
    Ok(Invited {
        name: &member.name,
        email: &member.email,
        role: member.role,
        member: Some(&member.id),
        set_up: false,
        expires_at: in_days(Timestamp::now(), LINK_DAYS, INVITATION_DAYS)?,
    })
}

/// Keeps an invitation; its link is told this once.
///
/// # Errors
/// 409 where the same request was carried out before: the link was told then.
pub fn invite(visit: &Visit, invited: &Invited<'_>) -> Result<Shown, Trouble> {
    let shown = once(visit, "its link", "invitation", |home, _| {
        Ok(members::invite(home, invited)?)
    })?;
    Ok(Shown {
        secret: format!("{}/join/{}", visit.app.serve().public_url, shown.secret),
        ..shown
    })
}

/// Keeps what `make` gives, and tells its secret if it was kept just now.
fn once(
    visit: &Visit,
    what: &str,
    kind: &str,
    make: impl FnOnce(&Home, &Members) -> Result<members::Named, Trouble>,
) -> Result<Shown, Trouble> {
    let by = visit.by()?;
    let mut made = None;
    let acted = visit.app.act(by, |home, index| {
        let (secret, entries) = make(home, &Members::read(index)?)?;
        let last = entries.last();
        let id = last.and_then(|(_, body)| body[kind].as_str());
        made = Some((id.unwrap_or_default().to_owned(), secret));
        members::keep(home, index, by, entries).map_err(Trouble::from)
    })?;
    let (id, secret) = made.ok_or_else(|| {
        Trouble::conflict(format!(
            "This was sent before, and {what} shown then, once."
        ))
        .hint(format!("end that {kind} and make another"))
    })?;
    Ok(Shown { acted, id, secret })
}

/// Ends an invitation.
///
/// # Errors
/// 404 where there is none.
pub fn end_invitation(visit: &Visit, id: &str) -> Result<Acted, Trouble> {
    write(visit, |_, members| {
        if !members.invitations.contains_key(id) {
            return Err(Trouble::missing("There is no such invitation any more."));
        }
        Ok(vec![members::ends(
            "invitation",
            id,
            "withdrawn by an owner",
        )])
    })
}

/// Keeps the entries that follow from members as they stand.
fn write(
    visit: &Visit,
    entries: impl FnOnce(&Home, &Members) -> Result<Entries, Trouble>,
) -> Result<Acted, Trouble> {
    let by = visit.by()?;
    visit.app.act(by, |home, index| {
        let entries = entries(home, &Members::read(index)?)?;
        members::keep(home, index, by, entries).map_err(Trouble::from)
    })
}

/// What is to be otherwise about a member; what is `None` stays.
#[derive(Default)]
pub struct Change<'a> {
    /// Name.
    pub name: Option<&'a str>,
    /// E-mail.
    pub email: Option<&'a str>,
    /// Role.
    pub role: Option<Role>,
}

impl Change<'_> {
    /// What stands in it cannot be used.
    fn mistakes(&self) -> Mistakes {
        mistakes([
            ("name", self.name.and_then(|name| line("name", name).err())),
            ("email", self.email.and_then(|text| email(text).err())),
        ])
    }
}

/// Changes a member. Another role ends their sessions and tokens: these were given for the old one.
///
/// # Errors
/// 404 where there is no such member, 409 where they are the last owner, 422 with each mistake.
pub fn change(visit: &Visit, id: &str, change: &Change<'_>) -> Result<Acted, Trouble> {
    let wrong = change.mistakes();
    if !wrong.is_empty() {
        return Err(unusable(wrong));
    }
    let acted = write(visit, |home, members| {
        let member = known(members, id)?;
        let role = change.role.unwrap_or(member.role);
        if role != Role::Owner && is_last_owner(members, id) {
            return Err(last_owner());
        }
        let identity = member.identity.as_ref();
        let new = NewMember {
            name: change.name.map_or(member.name.as_str(), str::trim),
            email: change.email.map_or(member.email.as_str(), str::trim),
            identity: identity.map(|(i, s)| (i.as_str(), s.as_str())),
        };
        let mut entries = match change.role {
            Some(_) => tokens_end(members, id, "the role was changed"),
            None => Vec::new(),
        };
        entries.push(members::becomes(home, id, &new, role)?);
        Ok(entries)
    })?;
    if change.role.is_some() {
        visit.app.sessions.end_all(id)?;
    }
    Ok(acted)
}

/// Several mistakes at once, for programs.
pub fn unusable(mistakes: Mistakes) -> Trouble {
    let mut trouble = Trouble::unusable("Some of what was given cannot be used.");
    let fields = mistakes.into_iter();
    trouble.fields = fields.map(|(f, words)| (f.to_owned(), words)).collect();
    trouble
}

/// Ends a member, with everything by which they could come in.
///
/// # Errors
/// 404 where there is no such member, 409 where they are the last owner.
pub fn end(visit: &Visit, id: &str) -> Result<Acted, Trouble> {
    let acted = write(visit, |_, members| {
        known(members, id)?;
        if is_last_owner(members, id) {
            return Err(last_owner());
        }
        Ok(leaves(members, id, "ended by an owner"))
    })?;
    visit.app.sessions.end_all(id)?;
    Ok(acted)
}

/// 409: without this member nobody could be let in any more.
pub fn last_owner() -> Trouble {
    Trouble::conflict("This is the only owner who can come in: without them nobody could.")
        .hint("make somebody else an owner first, and let them come in once")
}

/// A token that can be made.
pub struct NewToken<'a> {
    label: &'a str,
    scopes: Vec<Right>,
    /// Until when it works.
    pub expires_at: Timestamp,
}

/// A token of whoever comes, if everything about it can be used.
///
/// # Errors
/// Every mistake there is.
pub fn token<'a>(
    role: Role,
    label: &'a str,
    words: impl IntoIterator<Item = &'a str>,
    days: i64,
) -> Result<NewToken<'a>, Mistakes> {
    let label = line("what it is for", label);
    let scopes = scopes(role, words);
    let until = in_days(Timestamp::now(), days, TOKEN_DAYS);
    match (label, scopes, until) {
        (Ok(label), Ok(scopes), Ok(expires_at)) => Ok(NewToken {
            label,
            scopes,
            expires_at,
        }),
        (label, scopes, until) => Err(mistakes([
            ("label", label.err()),
            ("scopes", scopes.err()),
            ("days", until.err()),
        ])),
    }
}

/// Keeps a token's hash; the token is told this once.
///
/// # Errors
/// 409 where the same request was carried out before: the token was told then.
pub fn make_token(visit: &Visit, new: &NewToken<'_>) -> Result<Shown, Trouble> {
    let who = visit.who()?;
    once(visit, "its token", "token", |home, _| {
        let until = new.expires_at;
        let made = members::new_token(home, &who.member, new.label, &new.scopes, until);
        made.map_err(Trouble::from)
    })
}

/// Whether whoever comes sees this token and may end it: owners everybody's, others their own.
pub fn sees(visit: &Visit, token: &Token) -> bool {
    let who = visit.who.as_ref();
    who.is_some_and(|who| who.may(Right::Members) || who.member == token.member)
}

/// Ends a token.
///
/// # Errors
/// 404 where there is none that whoever comes may see.
pub fn end_token(visit: &Visit, id: &str) -> Result<Acted, Trouble> {
    write(visit, |_, members| {
        let token = members.tokens.get(id);
        if !token.is_some_and(|token| sees(visit, token)) {
            return Err(Trouble::missing("There is no such token."));
        }
        Ok(vec![members::ends("token", id, "ended by a member")])
    })
}

/// Ends a passkey of whoever comes, and their other sessions: whoever had the key may have one by it.
///
/// # Errors
/// 404 where they have no such passkey, 409 where it is their last way in.
pub fn end_passkey(visit: &Visit, id: &str) -> Result<Acted, Trouble> {
    let acted = write(visit, |_, members| {
        let me = me(visit, members)?;
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
        Ok(vec![members::ends("passkey", id, "ended by its owner")])
    })?;
    end_other_sessions(visit)?;
    Ok(acted)
}

/// Ends a session of whoever comes.
///
/// # Errors
/// 404 where they have no such session.
pub fn end_session(visit: &Visit, id: &str) -> Result<(), Trouble> {
    if visit.app.sessions.end(&visit.who()?.member, id)? {
        return Ok(());
    }
    Err(Trouble::missing("You have no such session."))
}

/// Ends every session of whoever comes but the one they come with; how many there were.
///
/// # Errors
/// 403 for a token.
pub fn end_other_sessions(visit: &Visit) -> Result<usize, Trouble> {
    let member = &visit.who()?.member;
    let ended = visit.app.sessions.end_others(member, this_session(visit)?);
    Ok(ended?)
}

/// Makes the link by which the calendar of whoever comes is read, in the place of one there may be.
///
/// # Errors
/// 403 where they see no calendar; 409 where the same request was carried out before.
pub fn make_feed(visit: &Visit) -> Result<Shown, Trouble> {
    let who = visit.who()?;
    if !who.may(Right::Read) {
        return Err(Trouble::forbidden("Your role does not see the calendar."));
    }
    let shown = once(visit, "its link", "feed", |_, members| {
        let (link, made) = members::new_feed(&who.member)?;
        let ended = members.feeds_of(&who.member);
        let ended = ended.map(|feed| members::ends("feed", &feed.id, "replaced by a new link"));
        Ok((link, ended.chain(made).collect()))
    })?;
    let public = &visit.app.serve().public_url;
    Ok(Shown {
        secret: format!("{public}/calendar/{}.ics", shown.secret),
        ..shown
    })
}

/// Withdraws the calendar's link of whoever comes.
///
/// # Errors
/// 404 where they have none.
pub fn withdraw_feed(visit: &Visit) -> Result<Acted, Trouble> {
    let who = visit.who()?;
    write(visit, |_, members| {
        let feeds = members.feeds_of(&who.member);
        let ended: Entries = feeds
            .map(|feed| members::ends("feed", &feed.id, "withdrawn"))
            .collect();
        if ended.is_empty() {
            return Err(Trouble::missing("You have no link to withdraw."));
        }
        Ok(ended)
    })
}
