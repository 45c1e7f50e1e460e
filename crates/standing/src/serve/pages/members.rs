//! `/members`: who may come in, as what, and how they do.

use std::collections::BTreeMap;

use askama::Template;
use jiff::Timestamp;

use super::frame::Frame;
use super::words;
use crate::failure::Failure;
use crate::home::Home;
use crate::serve::members::{self, Invitation, Invited, Member, Members, NewMember};
use crate::serve::membership::{
    self, Entries, INVITATION_DAYS, email, in_days, is_last_owner, line,
};
use crate::serve::right::{Access, Right, Role};
use crate::serve::routes::Route;
use crate::serve::visit::{Answer, Reply, Trouble, Visit};

/// Its routes.
pub const ROUTES: &[Route] = &[
    Route::get("/members", Access::With(Right::Members), list),
    Route::form("/members/invite", Access::Proven(Right::Members), invite),
    Route::get("/members/{id}", Access::With(Right::Members), one),
    Route::form(
        "/members/{id}/role",
        Access::Proven(Right::Members),
        change_role,
    ),
    Route::form("/members/{id}/key", Access::Proven(Right::Members), new_key),
    Route::get("/members/{id}/end", Access::Proven(Right::Members), ask_end),
    Route::form("/members/{id}/end", Access::Proven(Right::Members), end),
    Route::form(
        "/invitations/{id}/end",
        Access::Proven(Right::Members),
        end_invitation,
    ),
];

/// Days for which a link works if nothing is said.
const DAYS: i64 = 7;

#[derive(Template)]
#[template(path = "members.html")]
struct List<'a> {
    frame: Frame,
    members: &'a Members,
    seen: BTreeMap<String, Timestamp>,
    open: Vec<&'a Invitation>,
    proven: bool,
    errors: Vec<(&'static str, String)>,
    given: Given,
}

/// What was typed into the form, given back where it did not do.
struct Given {
    name: String,
    email: String,
    role: String,
    days: String,
}

impl Given {
    fn of(visit: &Visit) -> Self {
        let field = |name, default: &str| visit.field(name).unwrap_or(default).to_owned();
        Given {
            name: field("name", ""),
            email: field("email", ""),
            role: field("role", ""),
            days: field("days", &DAYS.to_string()),
        }
    }
}

#[derive(Template)]
#[template(path = "member.html")]
struct One<'a> {
    frame: Frame,
    member: &'a Member,
    ways: String,
    seen: Option<Timestamp>,
    tokens: usize,
    last_owner: bool,
    proven: bool,
    /// Path of the page.
    here: String,
}

#[derive(Template)]
#[template(path = "member_end.html")]
struct End<'a> {
    frame: Frame,
    member: &'a Member,
    passkeys: usize,
    tokens: usize,
}

#[derive(Template)]
#[template(path = "member_link.html")]
struct Link {
    frame: Frame,
    name: String,
    role: Role,
    new_key: bool,
    link: String,
    until: Timestamp,
}

fn list(visit: &Visit) -> Answer {
    listed(visit, Vec::new())
}

fn listed(visit: &Visit, errors: Vec<(&'static str, String)>) -> Answer {
    let members = visit.app.members();
    let now = Timestamp::now();
    let open = members.invitations.values();
    let status = if errors.is_empty() { 200 } else { 422 };
    let page = List {
        frame: Frame::of(visit, "/members"),
        members: &members,
        seen: visit.app.sessions.seen()?,
        open: open.filter(|i| i.expires_at > now).collect(),
        proven: visit.who()?.proven(),
        errors,
        given: Given::of(visit),
    };
    Ok(Reply::page(page.render()?).status(status))
}

/// How a member comes in, in words.
fn ways(members: &Members, member: &Member) -> String {
    let passkeys = members.passkeys_of(&member.id).count() as u64;
    match (passkeys, member.identity.is_some()) {
        (0, false) => "no way in yet".to_owned(),
        (0, true) => "identity provider".to_owned(),
        (n, false) => words::count(&n, "passkey"),
        (n, true) => format!("{}, identity provider", words::count(&n, "passkey")),
    }
}

fn tokens(members: &Members, id: &str) -> usize {
    members.tokens.values().filter(|t| t.member == id).count()
}

fn known<'m>(members: &'m Members, id: &str) -> Result<&'m Member, Trouble> {
    let missing = || Trouble::missing("There is no such member; perhaps they were ended.");
    members.members.get(id).ok_or_else(missing)
}

fn one(visit: &Visit) -> Answer {
    let members = visit.app.members();
    let member = known(&members, visit.parameter("id"))?;
    let page = One {
        frame: Frame::of(visit, "/members"),
        member,
        ways: ways(&members, member),
        seen: visit.app.sessions.seen()?.remove(&member.id),
        tokens: tokens(&members, &member.id),
        last_owner: is_last_owner(&members, &member.id),
        proven: visit.who()?.proven(),
        here: visit.path.clone(),
    };
    Ok(Reply::page(page.render()?))
}

fn invite(visit: &Visit) -> Answer {
    let given = Given::of(visit);
    let now = Timestamp::now();
    let mut errors = Vec::new();
    let mut mistake = |field: &'static str, failure: Failure| errors.push((field, failure.message));
    if let Err(failure) = line("name", &given.name) {
        mistake("name", failure);
    }
    if let Err(failure) = email(&given.email) {
        mistake("email", failure);
    }
    let role = given.role.parse::<Role>();
    if role.is_err() {
        mistake("role", Failure::usage("choose a role"));
    }
    let until = in_days(now, given.days.parse().unwrap_or(0), INVITATION_DAYS);
    match (role, until) {
        (Ok(role), Ok(expires_at)) if errors.is_empty() => {
            let invited = Invited {
                name: &given.name,
                email: &given.email,
                role,
                member: None,
                set_up: false,
                expires_at,
            };
            give_link(visit, &invited)
        }
        (_, until) => {
            errors.extend(until.err().map(|failure| ("days", failure.message)));
            listed(visit, errors)
        }
    }
}

fn new_key(visit: &Visit) -> Answer {
    let members = visit.app.members();
    let member = known(&members, visit.parameter("id"))?;
    let invited = Invited {
        name: &member.name,
        email: &member.email,
        role: member.role,
        member: Some(&member.id),
        set_up: false,
        expires_at: in_days(Timestamp::now(), DAYS, INVITATION_DAYS)?,
    };
    give_link(visit, &invited)
}

/// Keeps the invitation and shows its link, this once: it stands in no address of ours and no log.
fn give_link(visit: &Visit, invited: &Invited<'_>) -> Answer {
    let mut link = None;
    let acted = visit.app.act(visit.by()?, |home, index| {
        let (shown, entries) = members::invite(home, invited)?;
        link = Some(shown);
        members::keep(home, index, visit.by()?, entries).map_err(Trouble::from)
    })?;
    let link = link.ok_or_else(|| {
        Trouble::conflict("This form was sent before, and its link shown then, once.")
            .hint("end that invitation and make another")
    })?;
    let mut frame = Frame::of(visit, "/members");
    frame.kept = Some(acted.entry);
    let page = Link {
        frame,
        name: invited.name.to_owned(),
        role: invited.role,
        new_key: invited.member.is_some(),
        link: format!("{}/join/{link}", visit.app.serve().public_url),
        until: invited.expires_at,
    };
    Ok(Reply::page(page.render()?))
}

fn change_role(visit: &Visit) -> Answer {
    let role: Role = visit
        .field("role")
        .and_then(|role| role.parse().ok())
        .ok_or_else(|| Trouble::unusable("Choose a role."))?;
    changed(visit, |home, members, member| {
        if role != Role::Owner && is_last_owner(members, &member.id) {
            return Err(last_owner());
        }
        let identity = member.identity.as_ref();
        let same = NewMember {
            name: &member.name,
            email: &member.email,
            identity: identity.map(|(i, s)| (i.as_str(), s.as_str())),
        };
        let mut entries = membership::tokens_end(members, &member.id, "the role was changed");
        entries.push(members::becomes(home, &member.id, &same, role)?);
        Ok(entries)
    })
}

fn end(visit: &Visit) -> Answer {
    changed(visit, |_, members, member| {
        if is_last_owner(members, &member.id) {
            return Err(last_owner());
        }
        Ok(membership::leaves(members, &member.id, "ended by an owner"))
    })
}

/// Changes a member, as they stand when it is written, and ends their sessions.
fn changed(
    visit: &Visit,
    entries: impl FnOnce(&Home, &Members, &Member) -> Result<Entries, Trouble>,
) -> Answer {
    let id = visit.parameter("id");
    let acted = visit.app.act(visit.by()?, |home, index| {
        let members = Members::read(index)?;
        let entries = entries(home, &members, known(&members, id)?)?;
        members::keep(home, index, visit.by()?, entries).map_err(Trouble::from)
    })?;
    visit.app.sessions.end_all(id)?;
    Ok(Reply::see(format!("/members?kept={}", acted.entry)))
}

fn last_owner() -> Trouble {
    Trouble::conflict("This is the only owner who can come in: without them nobody could.")
        .hint("make somebody else an owner first, and let them come in once")
}

fn ask_end(visit: &Visit) -> Answer {
    let members = visit.app.members();
    let member = known(&members, visit.parameter("id"))?;
    if is_last_owner(&members, &member.id) {
        return Err(last_owner());
    }
    let page = End {
        frame: Frame::of(visit, "/members"),
        member,
        passkeys: members.passkeys_of(&member.id).count(),
        tokens: tokens(&members, &member.id),
    };
    Ok(Reply::page(page.render()?))
}

fn end_invitation(visit: &Visit) -> Answer {
    let id = visit.parameter("id");
    let acted = visit.app.act(visit.by()?, |home, index| {
        if !Members::read(index)?.invitations.contains_key(id) {
            return Err(Trouble::missing("There is no such invitation any more."));
        }
        let entries = vec![members::ends("invitation", id, "withdrawn by an owner")];
        Ok(members::keep(home, index, visit.by()?, entries)?)
    })?;
    Ok(Reply::see(format!("/members?kept={}", acted.entry)))
}
