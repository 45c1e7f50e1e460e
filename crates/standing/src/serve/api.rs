//! The API under `/api/v1`: what the pages show and do, for programs.
//!
//! Each route is declared with its description ([`Doc`]); the OpenAPI document is made from these.

mod advisories;
mod checks;
mod doc;
mod estate;
mod exports;
pub mod forms;
mod history;
mod items;
mod me;
mod members;
pub mod paging;
mod people;
mod records;
mod reviews;
mod settings;
mod sources;
mod standing;
pub mod types;

pub use doc::{Doc, described_routes, document, wanted};

use serde::Serialize;

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
    advisories::ROUTES,
    estate::ROUTES,
    records::ROUTES,
    reviews::ROUTES,
    history::ROUTES,
    members::ROUTES,
    me::ROUTES,
    exports::ROUTES,
    settings::ROUTES,
];

/// The answer to a write.
fn kept(acted: Acted) -> Reply {
    let kept = Kept {
        entry: acted.entry,
        replayed: acted.repeated,
    };
    let reply = made(&kept, acted.entry);
    if acted.repeated {
        reply.header("idempotency-replayed", "true")
    } else {
        reply
    }
}

/// The answer to something ended.
fn ended(acted: Acted) -> Reply {
    kept(acted).status(200)
}

/// The answer to a write that has more to tell than its entry.
fn made(told: &impl Serialize, entry: u64) -> Reply {
    told_of(Reply::json(told), entry)
}

/// The same answer, saying where its entry is.
fn told_of(reply: Reply, entry: u64) -> Reply {
    let place = format!("/api/v1/log/{entry}");
    reply.status(201).header("location", place)
}
