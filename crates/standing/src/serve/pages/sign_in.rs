//! `/sign-in` and `/sign-out`.

use askama::Template;

use super::frame::Frame;
use crate::serve::door::encode;
use crate::serve::entrance::{first_page, local, no_cookie};
use crate::serve::oidc;
use crate::serve::right::{Access, Right};
use crate::serve::routes::Route;
use crate::serve::visit::{Answer, Means, Reply, Visit};

/// Its routes.
pub const ROUTES: &[Route] = &[
    Route::get("/sign-in", Access::Public, page),
    Route::form("/sign-out", Access::With(Right::Own), sign_out),
];

#[derive(Template)]
#[template(path = "sign_in.html")]
struct Page<'a> {
    frame: Frame,
    next: &'a str,
    /// Name of the identity provider and the link that leads there, where one is configured.
    provider: Option<(String, String)>,
}

/// The name of the identity provider and the link to it.
pub fn provider(visit: &Visit, onward: &[(&str, &str)]) -> Option<(String, String)> {
    let name = oidc::button(&visit.app)?;
    Some((name, format!("{}?{}", oidc::LEAVE, encode(onward))))
}

fn page(visit: &Visit) -> Answer {
    let next = local(visit.asked("next"));
    if let Some(who) = &visit.who {
        let first = first_page(who.role);
        return Ok(Reply::see(if next == "/" { first } else { next }));
    }
    let page = Page {
        frame: Frame::of(visit, ""),
        next,
        provider: provider(visit, &[("next", next)]),
    };
    Ok(Reply::page(page.render()?))
}

fn sign_out(visit: &Visit) -> Answer {
    let who = visit.who()?;
    if let Means::Session { id, .. } = &who.by {
        visit.app.sessions.end(&who.member, id)?;
    }
    let cookie = no_cookie(visit.app.serve());
    Ok(Reply::see("/sign-in").header("set-cookie", cookie))
}
