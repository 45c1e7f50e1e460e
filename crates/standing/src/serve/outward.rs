//! Going out: the one way by which the server itself speaks HTTP to others.

use std::sync::Arc;
use std::time::Duration;

use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, Proxy};

/// A client for addresses that the configuration names: bounded in time, verified by the system's
/// certificates, following no redirect. Addresses on this machine are reached without a proxy.
pub fn agent(url: &str, within: Duration) -> Agent {
    let tls = TlsConfig::builder()
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .root_certs(RootCerts::PlatformVerifier)
        .build();
    let proxy = url
        .starts_with("https://")
        .then(Proxy::try_from_env)
        .flatten();
    Agent::config_builder()
        .tls_config(tls)
        .proxy(proxy)
        .max_redirects(0)
        .http_status_as_error(false)
        .timeout_global(Some(within))
        .timeout_connect(Some(within / 2))
        .user_agent(concat!("standing/", env!("CARGO_PKG_VERSION")))
        .build()
        .new_agent()
}

/// Why a request came to nothing, in a word that names neither address nor contents.
pub fn brief(error: &ureq::Error) -> &'static str {
    match error {
        ureq::Error::Timeout(_) => "timeout",
        ureq::Error::HostNotFound => "host-not-found",
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) => "tls",
        ureq::Error::Io(_) | ureq::Error::ConnectionFailed => "connection",
        ureq::Error::BadUri(_) | ureq::Error::InvalidProxyUrl => "address",
        _ => "http",
    }
}
