//! What pages are made of beside their words: styles, scripts, the mark. Part of the program.

use super::right::Access;
use super::routes::Route;
use super::visit::{Answer, Reply, Trouble, Visit};

struct Asset {
    name: &'static str,
    kind: &'static str,
    bytes: &'static [u8],
}

const ASSETS: &[Asset] = &[
    Asset {
        name: "standing.css",
        kind: "text/css; charset=utf-8",
        bytes: include_bytes!("../../../../web/assets/standing.css"),
    },
    Asset {
        name: "standing.js",
        kind: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../../../web/assets/standing.js"),
    },
    Asset {
        name: "mark.svg",
        kind: "image/svg+xml",
        bytes: include_bytes!("../../../../web/assets/mark.svg"),
    },
];

/// The route to all of them.
pub const ROUTES: &[Route] =
    &[Route::get("/assets/{version}/{name}", Access::Public, asset).unlimited()];

/// What stands in the path of every asset, so that browsers may keep one as long as they like: it
/// changes with the contents.
pub fn version() -> &'static str {
    static VERSION: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    VERSION.get_or_init(|| {
        let all: Vec<u8> = ASSETS.iter().flat_map(|a| a.bytes).copied().collect();
        super::members::hash(&String::from_utf8_lossy(&all))[..12].to_owned()
    })
}

fn asset(visit: &Visit) -> Answer {
    let name = visit.parameter("name");
    let asset = ASSETS
        .iter()
        .find(|a| a.name == name)
        .ok_or_else(|| Trouble::missing("There is no such part."))?;
    let reply = Reply::part(asset.kind, asset.bytes);
    // An old page may still ask for an old version: it gets the new part, and must not keep it.
    Ok(if visit.parameter("version") == version() {
        reply.header("cache-control", "public, max-age=31536000, immutable")
    } else {
        reply
    })
}
