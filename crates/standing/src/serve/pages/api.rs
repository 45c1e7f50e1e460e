//! `/api`: what programs can ask, for the people who write them.

use askama::Template;

use super::frame::Frame;
use crate::serve::api::{described_routes, wanted};
use crate::serve::right::Access;
use crate::serve::routes::Route;
use crate::serve::visit::{Answer, Reply, Visit};

/// Its routes.
pub const ROUTES: &[Route] = &[Route::get("/api", Access::Public, page)];

struct Line {
    method: &'static str,
    path: &'static str,
    summary: &'static str,
    about: String,
    wanted: String,
    query: Vec<&'static str>,
}

#[derive(Template)]
#[template(path = "api.html")]
struct Page {
    frame: Frame,
    lines: Vec<Line>,
    url: String,
}

fn page(visit: &Visit) -> Answer {
    let lines = described_routes().map(|(route, doc)| Line {
        method: route.method,
        path: route.path,
        summary: doc.summary,
        about: doc.about.replace('`', ""),
        wanted: wanted(route).replace('`', ""),
        query: doc.query.iter().map(|p| p.name).collect(),
    });
    let page = Page {
        frame: Frame::of(visit, "/settings"),
        lines: lines.collect(),
        url: visit.app.serve().public_url.clone(),
    };
    Ok(Reply::page(page.render()?))
}
