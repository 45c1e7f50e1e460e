//! The line to the provider: one synchronous HTTP client with bounds on everything.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use openidconnect::url::Url;
use openidconnect::{HttpRequest, HttpResponse};
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};

use crate::config::may_be_asked;
use crate::failure::Failure;

/// Longest answer.
const ANSWER: u64 = 1 << 20;
/// Longest time for one question, all in all: shorter than a page's own.
const TIME: Duration = Duration::from_secs(8);

/// Why there was no answer.
#[derive(Debug, thiserror::Error)]
pub enum NoAnswer {
    /// The provider names a place that could be overheard.
    #[error("{0} is not asked: expected https")]
    Open(String),
    /// It could not be reached, or did not answer in time or within bounds.
    #[error("{0}")]
    Line(#[from] ureq::Error),
}

/// The client.
pub struct Line {
    agent: ureq::Agent,
}

impl Line {
    /// A client that believes the system's certificates, or those in the file alone.
    ///
    /// # Errors
    /// When the file cannot be read or holds no certificate.
    pub fn new(ca_file: Option<&Path>) -> Result<Self, Failure> {
        let roots = match ca_file {
            None => RootCerts::PlatformVerifier,
            Some(file) => certificates(file)?,
        };
        let tls = TlsConfig::builder()
            .root_certs(roots)
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .build();
        let agent = ureq::Agent::config_builder()
            .tls_config(tls)
            .timeout_global(Some(TIME))
            .timeout_connect(Some(TIME / 2))
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .user_agent("standing")
            .build();
        Ok(Line {
            agent: agent.new_agent(),
        })
    }

    /// Asks. A redirection is an answer like any other: nothing is followed.
    ///
    /// # Errors
    /// When there is no answer within the bounds.
    pub fn ask(&self, request: HttpRequest) -> Result<HttpResponse, NoAnswer> {
        let place = request.uri().to_string();
        if !Url::parse(&place).is_ok_and(|url| may_be_asked(&url)) {
            let host = request.uri().host().unwrap_or_default().to_owned();
            return Err(NoAnswer::Open(host));
        }
        let (head, body) = request.into_parts();
        let answer = if body.is_empty() {
            self.agent.run(ureq::http::Request::from_parts(head, ()))?
        } else {
            self.agent
                .run(ureq::http::Request::from_parts(head, body))?
        };
        let (head, mut body) = answer.into_parts();
        let bytes = body.with_config().limit(ANSWER).read_to_vec()?;
        Ok(HttpResponse::from_parts(head, bytes))
    }
}

fn certificates(file: &Path) -> Result<RootCerts, Failure> {
    let cannot = |why: String| {
        Failure::configuration(format!("cannot use ca_file {}: {why}", file.display()))
            .hint("a PEM file of the certificates by which the identity provider is known")
    };
    let pem = std::fs::read(file).map_err(|error| cannot(error.to_string()))?;
    let mut found = Vec::new();
    for item in parse_pem(&pem) {
        match item {
            Ok(PemItem::Certificate(certificate)) => found.push(certificate),
            Ok(_) => {}
            Err(error) => return Err(cannot(error.to_string())),
        }
    }
    if found.is_empty() {
        return Err(cannot("there is no certificate in it".into()));
    }
    Ok(RootCerts::Specific(Arc::new(found)))
}
