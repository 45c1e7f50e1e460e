//! `/prove`: to show again who one is, before what cannot be undone or lets people in.

use askama::Template;

use super::frame::Frame;
use super::sign_in::provider;
use crate::serve::entrance::local;
use crate::serve::right::{Access, Right};
use crate::serve::routes::Route;
use crate::serve::visit::{Answer, Reply, Visit};

/// Its routes.
pub const ROUTES: &[Route] = &[Route::get("/prove", Access::With(Right::Own), page)];

#[derive(Template)]
#[template(path = "prove.html")]
struct Page<'a> {
    frame: Frame,
    next: &'a str,
    has_passkey: bool,
    provider: Option<(String, String)>,
}

fn page(visit: &Visit) -> Answer {
    let next = local(visit.asked("next"));
    let members = visit.app.members();
    let id = &visit.who()?.member;
    let answered_for = members
        .members
        .get(id)
        .is_some_and(|member| member.identity.is_some());
    let onward = [("next", next), ("prove", "1")];
    let page = Page {
        frame: Frame::of(visit, ""),
        next,
        has_passkey: members.passkeys_of(id).next().is_some(),
        provider: provider(visit, &onward).filter(|_| answered_for),
    };
    Ok(Reply::page(page.render()?))
}
