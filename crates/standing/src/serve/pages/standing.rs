//! The first page: what could truthfully be published, and what stands in the way.

use askama::Template;
use std::sync::Arc;

use super::frame::Frame;
use crate::serve::right::{Access, Right};
use crate::serve::routes::Route;
use crate::serve::snapshot::Snapshot;
use crate::serve::visit::{Answer, Reply, Visit};

/// Its routes.
pub const ROUTES: &[Route] = &[Route::get("/", Access::With(Right::Read), page)];

#[derive(Template)]
#[template(path = "standing.html")]
struct Page {
    frame: Frame,
    now: Arc<Snapshot>,
    headline: String,
}

fn page(visit: &Visit) -> Answer {
    let now = visit.app.snapshot()?;
    let headline = crate::status::headline(&now.terms, &now.today);
    let frame = Frame::of(visit, "/");
    let page = Page {
        frame,
        now,
        headline,
    };
    Ok(Reply::page(page.render()?))
}
