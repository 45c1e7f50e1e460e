//! The one table of routes. Each module of pages or of the API lists its own; this lists the modules.

use super::api::Doc;
use super::right::Access;
use super::visit::{Answer, Visit};
use super::{api, assets, oidc, pages, passkeys, telemetry};

/// What a route takes beside its path and query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// Nothing: a body is not looked at.
    Nothing,
    /// A form.
    Form,
    /// JSON.
    Json,
}

/// One route.
pub struct Route {
    /// `GET`, `POST`, `PUT`, `DELETE`.
    pub method: &'static str,
    /// With `{name}` where a name stands.
    pub path: &'static str,
    /// Whom it lets in.
    pub access: Access,
    /// What it takes.
    pub takes: Takes,
    /// Whether those who did not say who they are are bounded in rate. Everything but the parts of
    /// the program that pages are made of, and the two questions of whoever watches over the server.
    pub limited: bool,
    /// What answers it.
    pub handle: fn(&Visit) -> Answer,
    /// What the API's description says of it. Every route of the API has one.
    pub api: Option<&'static Doc>,
}

impl Route {
    /// A page or an answer that is only read.
    pub const fn get(path: &'static str, access: Access, handle: fn(&Visit) -> Answer) -> Self {
        Route {
            method: "GET",
            path,
            access,
            takes: Takes::Nothing,
            limited: true,
            handle,
            api: None,
        }
    }

    /// A form sent.
    pub const fn form(path: &'static str, access: Access, handle: fn(&Visit) -> Answer) -> Self {
        Route {
            method: "POST",
            takes: Takes::Form,
            ..Route::get(path, access, handle)
        }
    }

    /// JSON sent.
    pub const fn json(
        method: &'static str,
        path: &'static str,
        access: Access,
        handle: fn(&Visit) -> Answer,
    ) -> Self {
        Route {
            method,
            takes: Takes::Json,
            ..Route::get(path, access, handle)
        }
    }

    /// Something ended, with no body.
    pub const fn delete(path: &'static str, access: Access, handle: fn(&Visit) -> Answer) -> Self {
        Route {
            method: "DELETE",
            ..Route::get(path, access, handle)
        }
    }

    /// The same, described for the API.
    #[must_use]
    pub const fn described(self, api: &'static Doc) -> Self {
        Route {
            api: Some(api),
            ..self
        }
    }

    /// The same, not bounded in rate.
    #[must_use]
    pub const fn unlimited(self) -> Self {
        Route {
            limited: false,
            ..self
        }
    }
}

/// Every module's routes: a new module is one line here.
pub static MODULES: &[&[Route]] = &[
    assets::ROUTES,
    telemetry::ROUTES,
    pages::standing::ROUTES,
    pages::calendar::ROUTES,
    pages::items::ROUTES,
    pages::item::ROUTES,
    pages::attest::ROUTES,
    pages::exceptions::ROUTES,
    pages::records::ROUTES,
    pages::checks::ROUTES,
    pages::sources::ROUTES,
    pages::source_form::ROUTES,
    pages::access::ROUTES,
    pages::patching::ROUTES,
    pages::advisories::ROUTES,
    pages::people::ROUTES,
    pages::systems::ROUTES,
    pages::reviews::ROUTES,
    pages::reviews_one::ROUTES,
    pages::reviews_mine::ROUTES,
    pages::reviews_row::ROUTES,
    pages::reviews_report::ROUTES,
    pages::log::ROUTES,
    pages::log_erase::ROUTES,
    pages::exports::ROUTES,
    pages::settings::ROUTES,
    pages::api::ROUTES,
    oidc::ROUTES,
    passkeys::recognising::ROUTES,
    passkeys::registering::ROUTES,
    pages::join::ROUTES,
    pages::me::ROUTES,
    pages::members::ROUTES,
    pages::prove::ROUTES,
    pages::sign_in::ROUTES,
    pages::tokens::ROUTES,
];

/// Every route.
pub fn all() -> impl Iterator<Item = &'static Route> {
    MODULES.iter().chain(api::PARTS).copied().flatten()
}
