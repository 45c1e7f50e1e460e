//! The organisation's settings, and erasing.

use standing_assess::catalogue::Catalogue;

use super::doc::{Doc, of};
use super::forms::{NewErasure, NewSettings, Settings};
use crate::commands::{self, fingerprint};
use crate::config::{Config, FILE};
use crate::serve::right::{Access, Right};
use crate::serve::routes::Route;
use crate::serve::visit::{Answer, Reply, Trouble, Visit};

/// Its routes.
pub const ROUTES: &[Route] = &[
    Route::get("/api/v1/settings", Access::With(Right::Read), settings)
        .described(&Doc::get("The organisation's settings", of::<Settings>)),
    Route::json(
        "PUT",
        "/api/v1/settings",
        Access::With(Right::Attest),
        change,
    )
    .described(&Doc {
        about: "Written to standing.toml, whose comments and order stay.",
        ..Doc::act("Change the organisation's settings", of::<NewSettings>)
    }),
    Route::json(
        "POST",
        "/api/v1/erasures",
        Access::Proven(Right::Erase),
        erase,
    )
    .described(&Doc {
        about: "The log, every other payload and every proof stay. Copies and backups of the vault are \
            not reached.",
        ..Doc::act("Erase a payload for good", of::<NewErasure>)
    }),
];

fn settings(visit: &Visit) -> Answer {
    let text =
        std::fs::read_to_string(visit.app.home().folder.join(FILE)).map_err(Trouble::ours)?;
    let config = Config::parse(&text)?;
    let profiles = Catalogue::builtin().profiles.iter().map(|p| p.id.clone());
    Ok(Reply::json(&Settings {
        profiles: profiles.collect(),
        seen: fingerprint(&text),
        organisation: config.organisation,
        profile: config.profile,
        edition: config.edition,
        publish_on: config.publish_on,
        version: env!("CARGO_PKG_VERSION"),
    }))
}

fn change(visit: &Visit) -> Answer {
    let new: NewSettings = visit.json()?;
    let wanted = commands::Settings {
        organisation: new.organisation,
        profile: new.profile,
        edition: new.edition,
        publish_on: new.publish_on,
    };
    let by = visit.by()?;
    let acted = visit.app.act(by, |home, index| {
        commands::change_settings(home, index, by, &new.seen, &wanted)
    })?;
    Ok(super::kept(acted))
}

fn erase(visit: &Visit) -> Answer {
    let new: NewErasure = visit.json()?;
    let by = visit.by()?;
    let acted = visit.app.act(by, |home, index| {
        commands::erase(home, index, by, &new.blob, &new.reason)
    })?;
    Ok(super::kept(acted))
}
