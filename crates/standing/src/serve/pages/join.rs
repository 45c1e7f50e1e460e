//! `/join/{link}`: where an invitation leads. The link works once; opening it uses nothing up.

use askama::Template;
use jiff::Timestamp;

use super::frame::Frame;
use super::words;
use crate::serve::members::Invitation;
use crate::serve::passkeys::registering::no_such_link;
use crate::serve::right::Access;
use crate::serve::routes::Route;
use crate::serve::visit::{Answer, Reply, Visit};

/// Its routes.
pub const ROUTES: &[Route] = &[Route::get("/join/{link}", Access::Public, page)];

#[derive(Template)]
#[template(path = "join.html")]
struct Page<'a> {
    frame: Frame,
    link: &'a str,
    invitation: &'a Invitation,
    /// For whom, where that is known.
    name: &'a str,
    firm: String,
}

fn page(visit: &Visit) -> Answer {
    let link = visit.parameter("link");
    let members = visit.app.members();
    let invitation = members
        .invitation(link, Timestamp::now())
        .ok_or_else(no_such_link)?;
    let known = invitation.member.as_ref();
    let known = known.and_then(|id| members.members.get(id));
    let page = Page {
        frame: Frame::of(visit, ""),
        link,
        invitation,
        name: known.map_or(&invitation.name, |member| &member.name),
        firm: visit.app.home().config.organisation.clone(),
    };
    Ok(Reply::page(page.render()?))
}
