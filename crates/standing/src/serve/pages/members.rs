//! `/members`: who may come in, as what, and how they do.

use std::collections::BTreeMap;

use askama::Template;
use jiff::Timestamp;

use super::frame::Frame;
use super::words;
use crate::serve::app::Acted;
use crate::serve::members::{Invitation, Invited, Member, Members};
use crate::serve::membership::acts::{self, Change, LINK_DAYS, known, last_owner};
use crate::serve::membership::{INVITATION_DAYS, is_last_owner};
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
            days: field("days", &LINK_DAYS.to_string()),
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
    let days = given.days.parse().unwrap_or(0);
    match acts::invitation(&given.name, &given.email, &given.role, days) {
        Ok(invited) => show_link(visit, &invited),
        Err(mistakes) => listed(visit, mistakes),
    }
}

fn new_key(visit: &Visit) -> Answer {
    let members = visit.app.members();
    let member = known(&members, visit.parameter("id"))?;
    show_link(visit, &acts::new_key(member)?)
}

/// Keeps the invitation and shows its link, this once: it stands in no address of ours and no log.
fn show_link(visit: &Visit, invited: &Invited<'_>) -> Answer {
    let shown = acts::invite(visit, invited)?;
    let mut frame = Frame::of(visit, "/members");
    frame.kept = Some(shown.acted.entry);
    let page = Link {
        frame,
        name: invited.name.to_owned(),
        role: invited.role,
        new_key: invited.member.is_some(),
        link: shown.secret,
        until: invited.expires_at,
    };
    Ok(Reply::page(page.render()?))
}

fn change_role(visit: &Visit) -> Answer {
    let role: Role = visit
        .field("role")
        .and_then(|role| role.parse().ok())
        .ok_or_else(|| Trouble::unusable("Choose a role."))?;
    let change = Change {
        role: Some(role),
        ..Change::default()
    };
    kept(acts::change(visit, visit.parameter("id"), &change)?)
}

fn end(visit: &Visit) -> Answer {
    kept(acts::end(visit, visit.parameter("id"))?)
}

fn end_invitation(visit: &Visit) -> Answer {
    kept(acts::end_invitation(visit, visit.parameter("id"))?)
}

fn kept(acted: Acted) -> Answer {
    Ok(Reply::see(format!("/members?kept={}", acted.entry)))
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
