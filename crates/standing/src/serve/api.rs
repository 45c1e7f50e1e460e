//! The API under `/api/v1`: what the pages show and do, for programs.
//!
//! Each route is declared with its description ([`Doc`]); the OpenAPI document is made from these.

mod checks;
mod doc;
mod estate;
pub mod forms;
mod history;
mod items;
mod members;
pub mod paging;
mod records;
mod settings;
mod sources;
mod standing;
pub mod types;

pub use doc::{Doc, described_routes, document, wanted};

use super::app::Acted;
use super::routes::Route;
use super::visit::Reply;
use types::Kept;

/// Its routes, a list for each part.
pub const PARTS: &[&[Route]] = &[
    standing::ROUTES,
    items::ROUTES,
    checks::ROUTES,
    sources::ROUTES,
    estate::ROUTES,
    records::ROUTES,
    history::ROUTES,
    members::ROUTES,
    settings::ROUTES,
];

/// The answer to a write.
fn kept(acted: Acted) -> Reply {
    let reply = Reply::json(&Kept {
        entry: acted.entry,
        replayed: acted.repeated,
    })
    .status(201)
    .header("location", format!("/api/v1/log/{}", acted.entry));
    if acted.repeated {
        reply.header("idempotency-replayed", "true")
    } else {
        reply
    }
}
